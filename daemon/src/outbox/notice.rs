//! What time makes of a letter that waits for an answer, pure: which silence is noticed, and when. It changes when a term
//! does.
//!
//! A notice is a reminder, written down once, and perhaps a task for a person. Never an outcome: only a verified receipt, or
//! a person, says what became of a letter (reliability.md §3.6, P11).

use crate::store::rows::ItemRow;
use casework::decision::Lane;
use casework::receipts::{Outcome, accepted_at, outcome};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::schedule::{Shown, State};

/// What is noticed of an item. The words of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// The provider said 250, and its acceptance has not come within the term of the contract.
    AcceptanceOverdue,
    /// Nor has it long after.
    AcceptanceMissing,
    /// Accepted 12 hours ago; neither delivered nor said to be late.
    DeliveryLate,
    /// Accepted 25 hours ago; neither delivered nor said to have failed, which the rules want within 24 (RFC 6109 §3.1.6).
    DeliverySilent,
    /// Perhaps taken, and nothing will tell: all evidence is in, or the term of the dossier is near.
    Unresolved,
    /// Not taken yet, and the term of the dossier is near.
    TermNear,
}

impl Notice {
    /// Stable English word, as in the journal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AcceptanceOverdue => "acceptance-overdue",
            Self::AcceptanceMissing => "acceptance-missing",
            Self::DeliveryLate => "delivery-late",
            Self::DeliverySilent => "delivery-silent",
            Self::Unresolved => "unresolved",
            Self::TermNear => "term-near",
        }
    }
    /// In Italian, for administrators.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::AcceptanceOverdue => "il gestore l'ha presa e non manda l'accettazione",
            Self::AcceptanceMissing => {
                "l'accettazione non è mai arrivata: non si sa se è partita, va cercata nella webmail del gestore"
            }
            Self::DeliveryLate => "accettata da 12 ore, non ancora consegnata",
            Self::DeliverySilent => {
                "accettata da più di un giorno e nessuna notizia: non si sa se è consegnata, va cercata nella webmail del gestore"
            }
            Self::Unresolved => {
                "incerta, e nessuna prova la chiarisce: decide una persona (sportello outbox show, resend, withdraw)"
            }
            Self::TermNear => "non parte, e il termine della pratica è vicino: va spedita su carta",
        }
    }
    /// A person gets a task about it.
    #[must_use]
    pub fn makes_a_task(self) -> bool {
        !matches!(self, Self::AcceptanceOverdue | Self::DeliveryLate)
    }
    /// It still says something of an item that is shown so.
    #[must_use]
    pub fn holds(self, shown: Shown) -> bool {
        match self {
            Self::AcceptanceOverdue | Self::AcceptanceMissing => shown == Shown::Submitted,
            Self::DeliveryLate => shown == Shown::Accepted,
            Self::DeliverySilent => matches!(shown, Shown::Accepted | Shown::Delayed),
            Self::Unresolved => shown == Shown::Unknown,
            Self::TermNear => matches!(shown, Shown::Held | Shown::Queued | Shown::Submitting),
        }
    }
}

/// Longest lawful outage of a provider is under three hours (DM 2 Nov 2005 art. 12): an acceptance that takes longer is lost.
pub const ACCEPTANCE_MISSING: SignedDuration = SignedDuration::from_hours(3);
/// The provider owes a first notice by then (RFC 6109 §3.1.6).
pub const DELIVERY_LATE: SignedDuration = SignedDuration::from_hours(12);
/// The second notice comes between 22 and 24 hours, and an hour is given for its way (P11).
pub const DELIVERY_SILENT: SignedDuration = SignedDuration::from_hours(25);
/// An uncertain letter is waited for so many times as an acceptance (reliability.md §4.4).
pub const UNKNOWN_TERMS: i32 = 3;

/// What an item waits for, and since when: the row of the index that the timers read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Its acceptance.
    Acceptance(Timestamp),
    /// Its delivery.
    Delivery(Timestamp),
    /// Any evidence at all.
    Evidence(Timestamp),
}

/// What this item waits for, if time can still make something of it.
#[must_use]
pub fn wait(row: &ItemRow) -> Option<Wait> {
    if row.outgoing.lane != Lane::Pec || row.canary.is_some() {
        return None; // on the road to offices a 250 is the end; of a canary its own alarm tells
    }
    let noticed = |notice| row.notices.contains_key(&notice);
    match outcome(&row.facts) {
        Outcome::Waiting => match row.state {
            State::Submitted if !noticed(Notice::AcceptanceMissing) => Some(Wait::Acceptance(row.moved_at)),
            State::Unknown if !noticed(Notice::Unresolved) => Some(Wait::Evidence(row.dot_at.unwrap_or(row.moved_at))),
            _ => None,
        },
        Outcome::Accepted | Outcome::Delayed if !noticed(Notice::DeliverySilent) => {
            accepted_at(&row.facts).or(row.first_attempt).map(Wait::Delivery)
        }
        _ => None,
    }
}

/// What is to be noticed of an item that has waited so long for its acceptance or its delivery; the gravest, once each.
#[must_use]
pub fn silence(row: &ItemRow, waits: Wait, age: SignedDuration, acceptance_term: SignedDuration) -> Option<Notice> {
    let due: &[(Notice, SignedDuration)] = match waits {
        Wait::Acceptance(_) => &[
            (Notice::AcceptanceMissing, ACCEPTANCE_MISSING.max(acceptance_term.saturating_mul(2))),
            (Notice::AcceptanceOverdue, acceptance_term),
        ],
        Wait::Delivery(_) => &[(Notice::DeliverySilent, DELIVERY_SILENT), (Notice::DeliveryLate, DELIVERY_LATE)],
        Wait::Evidence(_) => &[],
    };
    let (notice, _) = due.iter().find(|(_, term)| age >= *term)?;
    let is_news = !row.notices.contains_key(notice) && notice.holds(row.shown());
    is_news.then_some(*notice)
}

/// What is known about an uncertain letter, from outside of it.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// When every watched folder had last been read to its end.
    pub inbox_read: Option<Timestamp>,
    /// A letter whose dot was written at this instant was accepted: its Message-ID and the instant.
    pub accepted: Option<(Timestamp, &'a str)>,
    /// From when a person must know, because of the dossier's term.
    pub last_call: Option<Timestamp>,
}

/// What may be done about an uncertain letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Wait: evidence may still come.
    Wait,
    /// All the evidence there can be is in, and it says nothing: nobody will tell any more.
    Overtaken,
    /// Evidence may come, but a person must know now: the term of the dossier is near.
    TermNear,
}

/// Judges an uncertain letter whose dot was written at `since`, `age` ago. It is overtaken when three acceptance terms have
/// passed, the inbox was read to its end after them, and a letter that left later by the same road was accepted.
#[must_use]
pub fn doubt(
    since: Timestamp,
    age: SignedDuration,
    acceptance_term: SignedDuration,
    now: Timestamp,
    evidence: &Evidence<'_>,
) -> Doubt {
    let terms = acceptance_term.saturating_mul(UNKNOWN_TERMS);
    let read = evidence.inbox_read.is_some_and(|read| read.duration_since(since) >= terms);
    if age >= terms && read && evidence.accepted.is_some_and(|(dot, _)| dot > since) {
        Doubt::Overtaken
    } else if age >= acceptance_term && evidence.last_call.is_some_and(|call| now >= call) {
        Doubt::TermNear
    } else {
        Doubt::Wait
    }
}

#[cfg(test)]
#[path = "notice_tests.rs"]
mod tests;

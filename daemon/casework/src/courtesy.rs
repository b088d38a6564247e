//! The courtesy notice: an ordinary e-mail which says that a PEC letter has come, or could not be delivered (functions S2.19, S3.34).
//! It changes when somebody else is told, of something else, or more often.
//!
//! PEC alone has legal effect (CAD art. 3-bis c. 4), so the notice is made by what a verified receipt says of a letter, and nothing of
//! the letter waits for it. It says neither who is written to nor what about: anybody may read ordinary mail (law.md §6).

use crate::address;
use crate::decide::is_ours;
use crate::decision::{Outgoing, Reason};
use crate::desk::Desk;
use crate::effect::KEY_VERSION;
use crate::known::Known;
use crate::letters::courtesy as letter;
use crate::person::{Asked, Person, Strength};
use crate::receipts::{Awaited, Fact, Outcome};
use crate::refused::Refused;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Notices that come back within [`RETURNED_WITHIN`] before the address is written to no more.
pub const RETURNED_MAX: usize = 3;
/// Longer ago they count no more: a mailbox that was full for a week is no dead one.
const RETURNED_WITHIN: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How much of a delivery report is searched for the notice that it returns, bytes: what it encloses stands near its end, and ours
/// is short.
const REPORT_BYTES_MAX: usize = 256 * 1024;

/// Where somebody wants the notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Courtesy {
    /// The ordinary address, as [`address::key`].
    pub address: String,
    /// The message that asks for it; none: an office wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// When notices came back, lately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<Timestamp>,
    /// Since when none is sent, because too many came back. Whoever gives the address again begins anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Timestamp>,
}

impl Courtesy {
    /// From now on, this address.
    pub(crate) fn new(address: &str, asked: Option<Asked>) -> Self {
        Self { address: address::key(address), asked, returned: Vec::new(), stopped: None }
    }

    /// A notice came back.
    pub(crate) fn came_back(&mut self, at: Timestamp) {
        self.returned.retain(|was| at.duration_since(*was) < RETURNED_WITHIN);
        if self.stopped.is_none() {
            self.returned.push(at);
            self.stopped = (self.returned.len() >= RETURNED_MAX).then_some(at);
        }
    }

    /// Why none is sent there any more; empty: they are sent.
    #[must_use]
    pub fn stopped_words(&self) -> &'static str {
        if self.stopped.is_some() { ": fermi, perché sono tornati indietro" } else { "" }
    }
}

/// What was sent to an address in the last 24 hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lately {
    /// How many.
    pub made: usize,
    /// The templates of those that have not left yet.
    pub waiting: Vec<String>,
}

/// A notice that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Where it was sent.
    pub address: String,
    /// Whose address it is, where somebody has it still (id).
    pub person: Option<String>,
    /// The report says that it failed; else it is only late, or the report says nothing.
    pub failed: bool,
}

/// What a delivery report may return, as far as its text shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Message-IDs of ours that stand in it.
    pub ids: Vec<String>,
    /// A recipient failed (`Action: failed`, RFC 3464 §2.3.3).
    pub failed: bool,
}

/// Reads a delivery report. The message it encloses is never encoded (RFC 2046 §5.2.1), so its Message-ID stands there as we wrote it.
#[must_use]
pub fn report(raw: &[u8], desk: &Desk) -> Report {
    let (open, close) = (format!("<{KEY_VERSION}."), format!("@{}>", desk.domain()));
    let mut report = Report::default();
    let text = raw.get(raw.len().saturating_sub(REPORT_BYTES_MAX)..).unwrap_or_default();
    for line in text.split(|b| *b == b'\n').map(String::from_utf8_lossy) {
        let lower = line.trim().to_ascii_lowercase();
        report.failed |= lower.strip_prefix("action:").is_some_and(|action| action.trim() == "failed");
        let id = line.find(&open).and_then(|at| line.get(at..)).and_then(|rest| rest.split_inclusive('>').next());
        if let Some(id) = id.filter(|id| id.ends_with(&close) && !report.ids.iter().any(|known| known == id)) {
            report.ids.push(id.to_string());
        }
        if report.ids.len() >= RETURNED_MAX {
            break;
        }
    }
    report
}

/// The address to which somebody may want the notices. `people`: who has it as a domicile, among others.
///
/// # Errors
/// Why not. Of what is ours and of what is another's the words are the same: nobody learns whose PEC the register has.
pub(crate) fn check(
    written: &str,
    person: &Person,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) -> Result<String, Refused> {
    let key = address::key(written);
    let is_domicile_of = |person: &Person| {
        person.domiciles.iter().any(|domicile| !domicile.has_ended(now) && address::same(&domicile.address, &key))
    };
    if key.is_empty() {
        return Err(Refused::new("no-address", "manca l'indirizzo: scrivilo sulla stessa riga"));
    }
    if !address::is_plausible(&key) || address::is_machine(&key) {
        let text = format!("«{}» non è un indirizzo di posta elettronica di una persona", short(written));
        return Err(Refused::new("not-an-address", text));
    }
    if is_domicile_of(person) {
        return Err(Refused::new("own-domicile", "è già una Pec dove arrivano le lettere: serve un altro indirizzo"));
    }
    let is_senders = desk.entity.courtesy.as_ref().is_some_and(|courtesy| address::same(&courtesy.from, &key));
    if is_senders
        || is_ours(&key, desk)
        || address::same(&desk.entity.task_sender, &key)
        || people.iter().any(is_domicile_of)
    {
        let text = "a questo indirizzo non possiamo mandare avvisi: serve la tua casella di posta ordinaria";
        return Err(Refused::new("not-for-notices", text));
    }
    Ok(key)
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// What has become of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// It is in the mailbox.
    Delivered(Timestamp),
    /// It is not, and will not be.
    Failed(Timestamp),
}

impl Became {
    /// What a receipt makes known for the first time, if it is one of these. Not that our own provider refused it: nothing was sent.
    pub(crate) fn of(fact: &Fact, before: Outcome, after: Outcome) -> Option<Self> {
        match (after, before) {
            (Outcome::Delivered, Outcome::Delivered) | (Outcome::Failed, Outcome::Failed) => None,
            (Outcome::Delivered, _) => Some(Self::Delivered(fact.at())),
            (Outcome::Failed, _) => Some(Self::Failed(fact.at())),
            _ => None,
        }
    }
}

/// The notice about a letter, if somebody wants it; else perhaps why there is none.
///
/// # Errors
/// Why none goes out though it is wanted.
pub(crate) fn notice(
    became: Became,
    awaited: &Awaited,
    known: &Known,
    desk: &Desk,
) -> Result<Option<Outgoing>, Reason> {
    let (Some(road), false) = (&desk.entity.courtesy, awaited.is_task || awaited.is_canary) else { return Ok(None) };
    let Some(courtesy) = whose(awaited, known).and_then(|person| person.courtesy.as_ref()) else { return Ok(None) };
    let no = |text: &str| Err(Reason::new("no-courtesy", text.to_string()));
    let template = letter::template(became);
    let lately = known.courtesies.get(&courtesy.address);
    if courtesy.stopped.is_some() {
        return no("nessun avviso di cortesia: gli ultimi sono tornati indietro");
    }
    if lately.is_some_and(|lately| lately.waiting.iter().any(|waiting| waiting == template)) {
        return no("nessun altro avviso di cortesia: uno uguale deve ancora partire");
    }
    if lately.is_some_and(|lately| lately.made >= road.a_day as usize) {
        return no("nessun avviso di cortesia: oggi ne sono già partiti tanti quanti se ne mandano");
    }
    letter::notice(became, awaited, &courtesy.address, known, desk).map(Some)
}

/// Whose letter it is: of the one person who has its address as a safe domicile. Where an index gives several the same address, of the
/// one among them whom its dossier is about; of nobody, if that is not one alone.
fn whose<'a>(awaited: &Awaited, known: &'a Known) -> Option<&'a Person> {
    let is_safe = |person: &&Person| {
        person.strength_of(&awaited.recipient, known.now).is_some_and(|strength| strength >= Strength::Enabled)
    };
    let holders: Vec<&Person> = known.people.iter().filter(is_safe).collect();
    if let [one] = holders.as_slice() {
        return Some(one);
    }
    let case = known.awaited_dossier.as_deref().and_then(|number| known.dossier(number))?;
    let is_party = |person: &&&Person| case.cover.people.iter().any(|party| party.person == person.id);
    let mut about = holders.iter().filter(is_party);
    about.next().filter(|_| about.next().is_none()).copied()
}

#[cfg(test)]
mod tests;

//! The life of an outgoing item, pure: states, lawful moves, and when to try again (DESIGN, outbound table).

use casework::receipts::{Fact, Outcome, outcome};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where an item stands towards our own provider. What the recipient's side says is in its facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Waits out the hold; a person may stop it.
    Held {
        /// Until when.
        until: Timestamp,
    },
    /// Due.
    Queued {
        /// From when.
        due: Timestamp,
    },
    /// Dialogue up to the last byte before the final dot. A failure here: certainly not taken.
    Submitting,
    /// Durable before the final dot is written: the only ambiguous write.
    InDot,
    /// The provider may have taken it. Never sent again by the machine.
    Unknown,
    /// The provider said 250.
    Submitted,
    /// The provider refused it for good.
    Refused,
    /// A person stopped it.
    Withdrawn,
}

/// One move of an item, as the journal says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Move {
    /// An attempt begins: durable before the socket opens.
    Claimed {
        /// Which attempt, from 1.
        n: u32,
    },
    /// The final dot is about to be written.
    InDot,
    /// 250.
    Submitted {
        /// The provider's words.
        reply: String,
    },
    /// Not taken; to be tried again.
    Requeued {
        /// From when.
        due: Timestamp,
        /// Why.
        why: String,
    },
    /// Not tried at all: its road is closed. The message is not to blame, the attempt does not count.
    Postponed {
        /// From when.
        due: Timestamp,
        /// Why.
        why: String,
    },
    /// Refused for good.
    Refused {
        /// Why.
        why: String,
    },
    /// Nobody knows whether it was taken.
    Unknown {
        /// Why.
        why: String,
    },
    /// A person stopped it for good.
    Withdrawn {
        /// Why.
        why: String,
        /// Who.
        #[serde(default)]
        by: String,
    },
    /// A person holds it back until a person releases it.
    Stopped {
        /// Why.
        why: String,
        /// Who.
        by: String,
    },
    /// A person lets it go now: out of the hold, or ahead of its next try.
    Released {
        /// From when.
        due: Timestamp,
        /// Who.
        by: String,
    },
    /// Uncertain and overtaken, and of a template that the administrator lets be sent again: the same bytes, once.
    ResentByRule {
        /// From when.
        due: Timestamp,
        /// The evidence.
        why: String,
    },
    /// A person has the same bytes sent again, under the same Message-ID.
    Resent {
        /// From when.
        due: Timestamp,
        /// Why.
        why: String,
        /// Who.
        by: String,
    },
}

/// Attempts before an item is given up and shown to a person.
pub const ATTEMPTS_MAX: u32 = 40;
/// First pause after a failure.
const PAUSE_FIRST: SignedDuration = SignedDuration::from_secs(60);
/// Longest pause. With [`ATTEMPTS_MAX`]: about a day and a half of trying, longer than the outage which a provider may
/// lawfully have (DM 2 Nov 2005 art. 12: under three hours).
const PAUSE_MAX: SignedDuration = SignedDuration::from_secs(3600);
/// Without an acceptance this long after the provider's 250 it is overdue, where the contract says nothing else
/// (`accettazione_minuti`; DM 2 Nov 2005 art. 12 leaves the term to the contract; pec.md §7: «within minutes»).
pub const ACCEPTANCE_OVERDUE: SignedDuration = SignedDuration::from_secs(30 * 60);

impl State {
    /// The state after a move.
    ///
    /// # Errors
    /// The move is not lawful from here: a fault of the program, or a journal of another program.
    pub fn after(&self, step: &Move) -> Result<State, Illegal> {
        use State::{Held, InDot, Queued, Refused, Submitted, Submitting, Unknown, Withdrawn};
        let next = match (self, step) {
            (Held { .. } | Queued { .. }, Move::Claimed { .. }) => Submitting,
            (Held { .. } | Queued { .. } | Unknown, Move::Withdrawn { .. }) => Withdrawn,
            // Until a person says so, and not before.
            (Held { .. } | Queued { .. }, Move::Stopped { .. }) => Held { until: Timestamp::MAX },
            (Held { .. } | Queued { .. }, Move::Released { due, .. }) => Queued { due: *due },
            // The machine does this only where the administrator said so beforehand, of that template (reliability.md §4.4).
            (Unknown, Move::ResentByRule { due, .. }) => Queued { due: *due },
            // A person may, who has looked at what evidence there is (P4).
            (Unknown | Submitted | Refused, Move::Resent { due, .. }) => Queued { due: *due },
            (Submitting, Move::InDot) => InDot,
            (Submitting | InDot, Move::Requeued { due, .. } | Move::Postponed { due, .. }) => Queued { due: *due },
            (Submitting | InDot, Move::Refused { .. }) => Refused,
            (InDot, Move::Submitted { .. }) => Submitted,
            (InDot, Move::Unknown { .. }) => Unknown,
            _ => return Err(Illegal { from: self.clone(), step: step.clone() }),
        };
        Ok(next)
    }

    /// The move that a restart makes of an attempt which the last run left open.
    #[must_use]
    pub fn recovery(&self, now: Timestamp) -> Option<Move> {
        match self {
            State::Submitting => Some(Move::Requeued {
                due: now,
                why: "arresto prima del punto finale: certamente non presa in carico".into(),
            }),
            State::InDot => Some(Move::Unknown { why: "arresto mentre il gestore rispondeva".into() }),
            _ => None,
        }
    }
}

/// A move that is not lawful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Illegal {
    /// From here.
    pub from: State,
    /// With this.
    pub step: Move,
}

impl std::fmt::Display for Illegal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mossa non ammessa da {:?}: {:?}", self.from, self.step)
    }
}

/// When to try again after the `n`-th failure: 1, 2, 4 … minutes, at most an hour; spread by up to a quarter, by the
/// item's own id, so that a thousand items refused together do not come back together.
#[must_use]
pub fn next_attempt(now: Timestamp, n: u32, item: &str) -> Timestamp {
    let doubled = PAUSE_FIRST.as_secs().saturating_mul(1i64 << n.saturating_sub(1).min(10));
    let pause = doubled.min(PAUSE_MAX.as_secs());
    let spread = item.bytes().fold(0i64, |sum, b| sum * 31 % 997 + i64::from(b)) % (pause / 4 + 1);
    now.checked_add(SignedDuration::from_secs(pause + spread)).unwrap_or(now)
}

/// What people are shown of an item: a pure function of its state and the *set* of its facts. A verified receipt outweighs
/// whatever we believe of the submission.
#[must_use]
pub fn shown(state: &State, facts: &BTreeSet<Fact>, awaits_receipts: bool) -> Shown {
    match outcome(facts) {
        Outcome::Accepted => Shown::Accepted,
        Outcome::NotPec => Shown::NotPec,
        Outcome::Delayed => Shown::Delayed,
        Outcome::Delivered => Shown::Delivered,
        Outcome::Failed => Shown::Failed,
        Outcome::Refused => Shown::Refused,
        Outcome::Waiting => match state {
            State::Held { .. } => Shown::Held,
            State::Queued { .. } => Shown::Queued,
            State::Submitting | State::InDot => Shown::Submitting,
            State::Unknown => Shown::Unknown,
            State::Submitted if awaits_receipts => Shown::Submitted,
            State::Submitted => Shown::Sent,
            State::Refused => Shown::Refused,
            State::Withdrawn => Shown::Withdrawn,
        },
    }
}

/// An item's state as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// Waits out the hold.
    Held,
    /// Due.
    Queued,
    /// An attempt is running.
    Submitting,
    /// Perhaps taken: a receipt or a person decides.
    Unknown,
    /// Taken by our provider; its acceptance is awaited.
    Submitted,
    /// Taken, on a road that gives no receipts.
    Sent,
    /// *accettazione* in hand.
    Accepted,
    /// Accepted; the recipient is outside the circuit.
    NotPec,
    /// Not delivered within 12 h.
    Delayed,
    /// *avvenuta-consegna* in hand.
    Delivered,
    /// Not delivered, finally.
    Failed,
    /// Refused by our provider.
    Refused,
    /// Stopped by a person.
    Withdrawn,
}

impl Shown {
    /// In Italian.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Held => "in attesa",
            Self::Queued => "in coda",
            Self::Submitting => "in invio",
            Self::Unknown => "incerta",
            Self::Submitted => "inviata",
            Self::Sent => "inviata (senza ricevute)",
            Self::Accepted => "accettata",
            Self::NotPec => "accettata (destinatario non Pec)",
            Self::Delayed => "in ritardo",
            Self::Delivered => "consegnata",
            Self::Failed => "non consegnata",
            Self::Refused => "rifiutata",
            Self::Withdrawn => "ritirata",
        }
    }
    /// Nothing more will happen to it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Sent | Self::NotPec | Self::Delivered | Self::Failed | Self::Refused | Self::Withdrawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn only_the_dot_can_be_ambiguous_and_unknown_is_never_sent_again() {
        let claimed = State::Queued { due: t(0) }.after(&Move::Claimed { n: 1 }).unwrap();
        assert!(claimed.after(&Move::Unknown { why: String::new() }).is_err(), "before the dot nothing is ambiguous");
        assert!(claimed.after(&Move::Submitted { reply: String::new() }).is_err(), "no 250 without a recorded dot");
        let in_dot = claimed.after(&Move::InDot).unwrap();
        let unknown = in_dot.after(&Move::Unknown { why: String::new() }).unwrap();
        for step in [Move::Claimed { n: 2 }, Move::Requeued { due: t(1), why: String::new() }, Move::InDot] {
            assert!(unknown.after(&step).is_err(), "{step:?}");
        }
        // Only a person's word opens that door, and it is a word of its own in the journal.
        let resent = Move::Resent { due: t(9), why: "nessuna ricevuta".into(), by: "anna".into() };
        assert_eq!(unknown.after(&resent), Ok(State::Queued { due: t(9) }));
    }

    #[test]
    fn a_person_stops_and_releases_only_what_waits() {
        let stop = Move::Stopped { why: String::new(), by: String::new() };
        let release = Move::Released { due: t(7), by: String::new() };
        let resend = Move::Resent { due: t(7), why: String::new(), by: String::new() };
        let stopped = State::Queued { due: t(0) }.after(&stop).unwrap();
        assert_eq!(stopped, State::Held { until: Timestamp::MAX });
        assert_eq!(stopped.after(&release), Ok(State::Queued { due: t(7) }));
        // What is under way, and what has ended, obeys nobody.
        for state in [State::Submitting, State::InDot, State::Withdrawn] {
            for step in [&stop, &release, &resend] {
                assert!(state.after(step).is_err(), "{state:?} {step:?}");
            }
        }
        assert!(stopped.after(&resend).is_err(), "what was never sent cannot be sent again");
    }

    #[test]
    fn a_restart_retries_before_the_dot_and_only_doubts_after_it() {
        assert!(matches!(State::Submitting.recovery(t(5)), Some(Move::Requeued { .. })));
        assert!(matches!(State::InDot.recovery(t(5)), Some(Move::Unknown { .. })));
        assert_eq!(State::Submitted.recovery(t(5)), None);
        assert_eq!(State::Queued { due: t(0) }.recovery(t(5)), None);
    }

    #[test]
    fn pauses_grow_to_an_hour_and_are_spread() {
        let pause = |n, item: &str| next_attempt(t(0), n, item).as_second();
        assert!((60..=75).contains(&pause(1, "a")));
        assert!((120..=150).contains(&pause(2, "a")));
        for n in [7, 20, u32::MAX] {
            assert!((3600..=4500).contains(&pause(n, "a")), "{n}");
        }
        let distinct: BTreeSet<i64> = (0..50).map(|i| pause(9, &format!("item-{i}"))).collect();
        assert!(distinct.len() > 25, "{distinct:?}");
    }

    #[test]
    fn a_receipt_outweighs_what_we_believe() {
        let accepted = Fact::Accepted { at: t(1), pec_id: "p".into(), esterno: false };
        let facts = BTreeSet::from([accepted]);
        assert_eq!(shown(&State::Unknown, &facts, true), Shown::Accepted);
        assert_eq!(shown(&State::Unknown, &BTreeSet::new(), true), Shown::Unknown);
        assert_eq!(shown(&State::Submitted, &BTreeSet::new(), false), Shown::Sent);
    }
}

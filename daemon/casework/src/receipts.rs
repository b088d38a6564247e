//! Receipts of what we sent: facts about one item, in any order, any number of times; the outcome is a function of the set.
//!
//! Whether a receipt is about the item at all is judged by `pec` (§9.12), which asks for [`Awaited::sending`].

use crate::address;
use crate::language::Language;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use jiff::Timestamp;
use pec::kind::{LAST_NOTICE_AFTER, is_last_notice};
use pec::wire::Tipo;
use pec::{Daticert, Sending};
use serde::{Deserialize, Serialize};

/// One verified fact about an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// *accettazione*.
    Accepted {
        /// Certified instant.
        at: Timestamp,
        /// PEC id minted by our provider.
        pec_id: String,
        /// The recipient is outside the circuit: no delivery receipt will come.
        esterno: bool,
    },
    /// *non-accettazione*.
    NotAccepted {
        /// Certified instant.
        at: Timestamp,
        /// Error text.
        why: String,
    },
    /// *avvenuta-consegna*.
    Delivered {
        /// Certified instant.
        at: Timestamp,
        /// PEC id.
        pec_id: String,
    },
    /// *errore-consegna*.
    NotDelivered {
        /// Certified instant.
        at: Timestamp,
        /// Error text.
        why: String,
    },
    /// *preavviso-errore-consegna*: at 12 h, or (`last`) at 24 h.
    Delayed {
        /// Certified instant.
        at: Timestamp,
        /// It says that it is the second, final notice.
        last: bool,
        /// It came so long after the first attempt that it is the final one, if nobody knows when the provider accepted.
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        late: bool,
    },
}

impl Fact {
    /// The kind of receipt that stated it.
    #[must_use]
    pub fn tipo(&self) -> Tipo {
        match self {
            Self::Accepted { .. } => Tipo::Accettazione,
            Self::NotAccepted { .. } => Tipo::NonAccettazione,
            Self::Delivered { .. } => Tipo::AvvenutaConsegna,
            Self::NotDelivered { .. } => Tipo::ErroreConsegna,
            Self::Delayed { .. } => Tipo::PreavvisoErroreConsegna,
        }
    }
    /// Certified instant.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Accepted { at, .. }
            | Self::NotAccepted { at, .. }
            | Self::Delivered { at, .. }
            | Self::NotDelivered { at, .. }
            | Self::Delayed { at, .. } => *at,
        }
    }
}

/// What the set of facts amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No receipt yet.
    Waiting,
    /// Our provider has it.
    Accepted,
    /// Accepted; the recipient is outside the circuit, nothing more will come.
    NotPec,
    /// Accepted; not delivered within 12 h.
    Delayed,
    /// In the recipient's mailbox.
    Delivered,
    /// Not delivered, finally.
    Failed,
    /// Our provider refused it: nothing was sent.
    Refused,
}

/// The outcome of a set of facts: order and repetition do not matter (pec.md §7; reliability.md P7).
///
/// A delivery outweighs every failure: a late *avvenuta-consegna* after the 24 h notice is a delivery in law, and the
/// notice stays visible among the facts.
#[must_use]
pub fn outcome(facts: &BTreeSet<Fact>) -> Outcome {
    let any = |test: fn(&Fact) -> bool| facts.iter().any(test);
    if any(|f| matches!(f, Fact::Delivered { .. })) {
        Outcome::Delivered
    } else if any(|f| matches!(f, Fact::NotDelivered { .. })) || last_notice(facts).is_some() {
        Outcome::Failed
    } else if any(|f| matches!(f, Fact::Delayed { .. })) {
        Outcome::Delayed
    } else if any(|f| matches!(f, Fact::Accepted { esterno: true, .. })) {
        Outcome::NotPec
    } else if any(|f| matches!(f, Fact::Accepted { .. })) {
        Outcome::Accepted
    } else if any(|f| matches!(f, Fact::NotAccepted { .. })) {
        Outcome::Refused
    } else {
        Outcome::Waiting
    }
}

/// The second, final notice of delay: it says so, or it came 22 h after acceptance (RFC 6109 §3.1.6; pec.md §7). While the
/// acceptance is not known, the first attempt stands for it.
fn last_notice(facts: &BTreeSet<Fact>) -> Option<&Fact> {
    let accepted = accepted_at(facts);
    facts.iter().find(|fact| match fact {
        Fact::Delayed { last: true, .. } => true,
        Fact::Delayed { at, late, .. } => {
            accepted.map_or(*late, |accepted| at.duration_since(accepted) >= LAST_NOTICE_AFTER)
        }
        _ => false,
    })
}

/// When our provider accepted it: the earliest, should it have been sent twice.
#[must_use]
pub fn accepted_at(facts: &BTreeSet<Fact>) -> Option<Timestamp> {
    facts.iter().filter(|fact| matches!(fact, Fact::Accepted { .. })).map(Fact::at).min()
}

/// The fact by which an item failed, to be told to a person: not always the one that came last.
#[must_use]
pub fn failure(facts: &BTreeSet<Fact>) -> Option<&Fact> {
    facts
        .iter()
        .find(|fact| matches!(fact, Fact::NotDelivered { .. }))
        .or_else(|| last_notice(facts))
        .or_else(|| facts.iter().find(|fact| matches!(fact, Fact::NotAccepted { .. })))
}

/// Different PEC ids: we were sent twice. An incident for a person, never hidden (§4.5). A delivery may bear the second one
/// before its acceptance comes.
#[must_use]
pub fn sent_twice(facts: &BTreeSet<Fact>) -> bool {
    pec_ids(facts, |_| true).len() > 1
}

/// The PEC ids that facts of some kind taught us.
fn pec_ids(facts: &BTreeSet<Fact>, of: impl Fn(&Fact) -> bool) -> BTreeSet<&str> {
    let ids = facts.iter().filter(|fact| of(fact)).filter_map(|fact| match fact {
        Fact::Accepted { pec_id, .. } | Fact::Delivered { pec_id, .. } => Some(pec_id.as_str()),
        _ => None,
    });
    ids.collect()
}

/// What the matcher must know of the item that a receipt names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Effect id.
    pub item: String,
    /// Its one recipient.
    pub recipient: String,
    /// The mailbox it was sent from.
    pub sender: String,
    /// When its first attempt began; a receipt cannot be older.
    pub first_attempt: Option<Timestamp>,
    /// How often it may have been accepted: once, and more if it was sent again.
    pub times: u32,
    /// Its Message-ID.
    pub message_id: String,
    /// Its subject.
    pub subject: String,
    /// Its text: what goes on paper when it cannot be delivered.
    pub text: String,
    /// Its language.
    pub language: Language,
    /// The template that made it: what its delivery starts depends on what it says.
    pub template: String,
    /// It is itself a task to an office, or no letter at all: its failure makes no other task.
    pub is_task: bool,
    /// It is a letter to ourselves, which nobody but us waits for: its failure is an alarm, and no task.
    pub is_canary: bool,
    /// Facts known so far.
    pub facts: BTreeSet<Fact>,
}

impl Awaited {
    /// Its delivery is known already.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.facts.iter().any(|fact| matches!(fact, Fact::Delivered { .. }))
    }

    /// What `pec` holds a receipt against.
    #[must_use]
    pub fn sending(&self) -> Sending {
        let accepted = pec_ids(&self.facts, |fact| matches!(fact, Fact::Accepted { .. }));
        // Of one that was sent once the acceptance outweighs what a delivery said before it.
        let ids = if accepted.is_empty() || self.times > 1 { pec_ids(&self.facts, |_| true) } else { accepted };
        Sending {
            mailbox: self.sender.clone(),
            recipients: vec![self.recipient.clone()],
            submitted: self.first_attempt,
            accepted: accepted_at(&self.facts),
            pec_ids: ids.into_iter().map(String::from).collect(),
            times: self.times,
        }
    }
}

/// Longest PEC id, bytes: real ones have under a hundred.
pub const PEC_ID_BYTES_MAX: usize = 500;
/// Text of a provider's error that is kept, characters.
pub const WHY_CHARS_MAX: usize = 500;
/// Reads a receipt, of which `pec` has judged that it is about `awaited` and contradicts it in nothing, as a fact.
///
/// # Errors
/// Why it states nothing about an item, in Italian: it is kept and never changes a state.
pub fn fact(daticert: &Daticert, awaited: &Awaited) -> Result<Fact, String> {
    let pec_id = daticert.identificativo.clone();
    if pec_id.len() > PEC_ID_BYTES_MAX {
        return Err(String::from("l'identificativo è troppo lungo"));
    }
    let at = daticert.data;
    let why = || {
        let text = daticert.errore_esteso.as_deref().unwrap_or_else(|| daticert.errore.word());
        text.chars().filter(|c| !c.is_control()).take(WHY_CHARS_MAX).collect::<String>()
    };
    match &daticert.tipo {
        Tipo::Accettazione => {
            let listed = daticert.destinatari.iter().find(|d| address::same(&d.address, &awaited.recipient));
            Ok(Fact::Accepted { at, pec_id, esterno: listed.is_some_and(|d| d.esterno) })
        }
        Tipo::NonAccettazione => Ok(Fact::NotAccepted { at, why: why() }),
        Tipo::AvvenutaConsegna => Ok(Fact::Delivered { at, pec_id }),
        Tipo::ErroreConsegna => Ok(Fact::NotDelivered { at, why: why() }),
        Tipo::PreavvisoErroreConsegna => Ok(Fact::Delayed {
            at,
            last: is_last_notice(daticert, None) == Some(true),
            late: awaited.first_attempt.is_some_and(|first| at.duration_since(first) >= LAST_NOTICE_AFTER),
        }),
        // Between providers only: must never reach a user (RFC 6109 §3.2.1, §3.2.3).
        Tipo::PresaInCarico | Tipo::RilevazioneVirus | Tipo::PostaCertificata | Tipo::Other(_) => {
            Err(format!("il tipo «{}» non riguarda i messaggi inviati", daticert.tipo.word()))
        }
    }
}

#[cfg(test)]
#[path = "receipts_tests.rs"]
mod tests;

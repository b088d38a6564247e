//! Receipts of what we sent: facts about one item, in any order, any number of times; the outcome is a function of the set.

use crate::address;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use jiff::{Span, Timestamp};
use pec::Daticert;
use pec::wire::{Errore, Tipo};
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
        /// It is the second, final notice.
        last: bool,
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
    } else if any(|f| matches!(f, Fact::NotDelivered { .. } | Fact::Delayed { last: true, .. })) {
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

/// Different PEC ids among the acceptances: we were sent twice. An incident for a person, never hidden (§4.5).
#[must_use]
pub fn sent_twice(facts: &BTreeSet<Fact>) -> bool {
    let ids: BTreeSet<&str> = facts
        .iter()
        .filter_map(|f| if let Fact::Accepted { pec_id, .. } = f { Some(pec_id.as_str()) } else { None })
        .collect();
    ids.len() > 1
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
    /// Its Message-ID.
    pub message_id: String,
    /// Its subject.
    pub subject: String,
    /// Its text: what goes on paper when it cannot be delivered.
    pub text: String,
    /// It is itself a task to an office: its failure makes no other task.
    pub is_task: bool,
    /// Facts known so far.
    pub facts: BTreeSet<Fact>,
}

/// How much older than the first attempt a receipt may be: two clocks never agree to the second (§4.4).
pub const SKEW_MINUTES: i64 = 5;
/// Longest PEC id, bytes: real ones have under a hundred.
pub const PEC_ID_BYTES_MAX: usize = 500;
/// Text of a provider's error that is kept, characters.
pub const WHY_CHARS_MAX: usize = 500;
/// A second notice comes between 22 h and 24 h after acceptance (RFC 6109 §3.1.6); the first at 12 h.
pub const LAST_NOTICE_HOURS: i64 = 22;

/// Reads a certified receipt as a fact about `awaited`.
///
/// # Errors
/// Why the receipt is an orphan (pec.md §9.12), in Italian: it is kept and never changes a state.
pub fn fact(daticert: &Daticert, awaited: &Awaited) -> Result<Fact, String> {
    if !address::same(&daticert.mittente, &awaited.sender) {
        return Err(format!(
            "il mittente certificato è {}, il messaggio era partito da {}",
            daticert.mittente, awaited.sender
        ));
    }
    let listed = daticert.destinatari.iter().find(|d| address::same(&d.address, &awaited.recipient));
    let Some(listed) = listed else {
        return Err(format!("{} non è tra i destinatari certificati", awaited.recipient));
    };
    if let Some(consegna) = &daticert.consegna
        && !address::same(consegna, &awaited.recipient)
    {
        return Err(format!("riguarda {consegna}, il messaggio era per {}", awaited.recipient));
    }
    let earliest = awaited.first_attempt.and_then(|t| t.checked_sub(Span::new().minutes(SKEW_MINUTES)).ok());
    match earliest {
        None => return Err(String::from("il messaggio non era ancora stato inviato")),
        Some(earliest) if daticert.data < earliest => return Err(String::from("è più vecchia dell'invio")),
        Some(_) => {}
    }
    let pec_id = daticert.identificativo.clone();
    if pec_id.len() > PEC_ID_BYTES_MAX {
        return Err(String::from("l'identificativo è troppo lungo"));
    }
    let learned = awaited.facts.iter().find_map(|f| match f {
        Fact::Accepted { pec_id, .. } => Some(pec_id.as_str()),
        _ => None,
    });
    let at = daticert.data;
    let why = || {
        let text = daticert.errore_esteso.as_deref().unwrap_or_else(|| daticert.errore.word());
        text.chars().filter(|c| !c.is_control()).take(WHY_CHARS_MAX).collect::<String>()
    };
    // Every receipt after the acceptance must name the PEC id which the acceptance taught us (§6.4).
    if daticert.tipo != Tipo::Accettazione
        && let Some(learned) = learned
        && learned != pec_id
    {
        return Err(format!("l'identificativo {pec_id} non è quello dell'accettazione"));
    }
    match &daticert.tipo {
        Tipo::Accettazione => Ok(Fact::Accepted { at, pec_id, esterno: listed.esterno }),
        Tipo::NonAccettazione => Ok(Fact::NotAccepted { at, why: why() }),
        Tipo::AvvenutaConsegna if daticert.consegna.is_none() => {
            Err(String::from("non dice a chi è stata fatta la consegna"))
        }
        Tipo::AvvenutaConsegna => Ok(Fact::Delivered { at, pec_id }),
        Tipo::ErroreConsegna => Ok(Fact::NotDelivered { at, why: why() }),
        Tipo::PreavvisoErroreConsegna => Ok(Fact::Delayed { at, last: is_last_notice(daticert, awaited) }),
        // Between providers only: must never reach a user (RFC 6109 §3.2.1, §3.2.3).
        Tipo::PresaInCarico | Tipo::RilevazioneVirus | Tipo::PostaCertificata | Tipo::Other(_) => {
            Err(format!("il tipo «{}» non riguarda i messaggi inviati", daticert.tipo.word()))
        }
    }
}

/// Both notices have one `tipo`: told apart by the `5.4.1` text, else by the time since acceptance (pec.md §7).
fn is_last_notice(daticert: &Daticert, awaited: &Awaited) -> bool {
    if daticert.errore_esteso.as_deref().is_some_and(|t| t.trim_start().starts_with("5.4.1")) {
        return true;
    }
    let sent =
        awaited.facts.iter().find_map(|f| matches!(f, Fact::Accepted { .. }).then(|| f.at())).or(awaited.first_attempt);
    sent.and_then(|t| t.checked_add(Span::new().hours(LAST_NOTICE_HOURS)).ok())
        .is_some_and(|limit| daticert.data >= limit)
        && daticert.errore != Errore::Nessuno
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use pec::Destinatario;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + hours * 3600).unwrap()
    }

    fn daticert(tipo: Tipo, hours: i64) -> Daticert {
        Daticert {
            tipo,
            errore: Errore::Nessuno,
            mittente: "ente@pec.example".into(),
            destinatari: vec![Destinatario { address: "MARIO@pec.example".into(), esterno: false }],
            risposte: String::new(),
            oggetto: String::new(),
            gestore_emittente: "X".into(),
            data: at(hours),
            identificativo: "p1@gestore.example".into(),
            msgid: Some("<v1.a@pec.example>".into()),
            ricevuta: None,
            consegna: Some("mario@pec.example".into()),
            ricezione: vec![],
            errore_esteso: None,
            repaired: false,
        }
    }

    fn awaited(facts: &[Fact]) -> Awaited {
        Awaited {
            item: "a".into(),
            recipient: "mario@pec.example".into(),
            sender: "Ente@pec.example".into(),
            first_attempt: Some(at(0)),
            message_id: "<v1.a@pec.example>".into(),
            subject: String::new(),
            text: String::new(),
            is_task: false,
            facts: facts.iter().cloned().collect(),
        }
    }

    fn accepted() -> Fact {
        Fact::Accepted { at: at(0), pec_id: "p1@gestore.example".into(), esterno: false }
    }

    #[test]
    fn a_receipt_for_another_is_an_orphan() {
        let good = daticert(Tipo::AvvenutaConsegna, 1);
        assert!(fact(&good, &awaited(&[accepted()])).is_ok());
        let mut other_sender = good.clone();
        other_sender.mittente = "altro@pec.example".into();
        let mut other_recipient = good.clone();
        other_recipient.consegna = Some("anna@pec.example".into());
        let mut unlisted = good.clone();
        unlisted.destinatari.clear();
        let mut other_id = good.clone();
        other_id.identificativo = "p2@gestore.example".into();
        let mut nobody = good.clone();
        nobody.consegna = None;
        let old = daticert(Tipo::AvvenutaConsegna, -1);
        let inner = daticert(Tipo::PresaInCarico, 1);
        for d in [other_sender, other_recipient, unlisted, other_id, nobody, old, inner] {
            assert!(fact(&d, &awaited(&[accepted()])).is_err(), "{d:?}");
        }
        let mut unsent = awaited(&[]);
        unsent.first_attempt = None;
        assert!(fact(&good, &unsent).is_err());
    }

    #[test]
    fn the_two_notices_are_told_apart_by_text_or_by_time() {
        let last = |d: &Daticert| matches!(fact(d, &awaited(&[accepted()])), Ok(Fact::Delayed { last: true, .. }));
        let mut notice = daticert(Tipo::PreavvisoErroreConsegna, 12);
        notice.errore = Errore::Altro;
        assert!(!last(&notice));
        notice.errore_esteso = Some("5.4.1 - X - non consegnato nelle ventiquattro ore".into());
        assert!(last(&notice));
        let mut late = daticert(Tipo::PreavvisoErroreConsegna, 23);
        late.errore = Errore::Altro;
        assert!(last(&late));
    }

    /// Every order of seven facts, each once, gives the outcome of the set: here the set is built in every order.
    #[test]
    fn order_and_repetition_do_not_matter() {
        let facts = [
            accepted(),
            Fact::NotAccepted { at: at(1), why: "x".into() },
            Fact::Delayed { at: at(12), last: false },
            Fact::Delayed { at: at(24), last: true },
            Fact::NotDelivered { at: at(25), why: "x".into() },
            Fact::Delivered { at: at(26), pec_id: "p1@gestore.example".into() },
            Fact::Accepted { at: at(2), pec_id: "p2@gestore.example".into(), esterno: false },
        ];
        let expected = [
            Outcome::Accepted,
            Outcome::Accepted,
            Outcome::Delayed,
            Outcome::Failed,
            Outcome::Failed,
            Outcome::Delivered,
            Outcome::Delivered,
        ];
        for (n, expected) in expected.iter().enumerate() {
            let forward: BTreeSet<Fact> = facts[..=n].iter().cloned().collect();
            let mut doubled: Vec<Fact> = facts[..=n].iter().rev().cloned().collect();
            doubled.extend_from_slice(&facts[..=n]);
            assert_eq!(outcome(&forward), *expected, "{n}");
            assert_eq!(outcome(&doubled.into_iter().collect()), *expected, "{n} reversed and doubled");
        }
        assert!(sent_twice(&facts.iter().cloned().collect()));
        assert!(!sent_twice(&facts[..1].iter().cloned().collect()));
    }

    #[test]
    fn a_recipient_outside_the_circuit_ends_at_acceptance() {
        let mut d = daticert(Tipo::Accettazione, 0);
        d.consegna = None;
        d.destinatari[0].esterno = true;
        let f = fact(&d, &awaited(&[])).unwrap();
        assert_eq!(outcome(&[f].into_iter().collect()), Outcome::NotPec);
    }
}

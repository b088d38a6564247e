//! Changes when the simulated circuit behaves differently towards a recipient: the plot of one sending, without any transport.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::Result;
use crate::access::domain_of;
use crate::carriage::{Carriage, Directory};
use crate::provider::{Provider, Submission};
use crate::receipts::{Delay, Failure};
use crate::seal::Sealed;

/// What a special recipient address brings about. The local part decides, in any domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `mancata-consegna@`: accepted, then *avviso di mancata consegna* (no-dest).
    MancataConsegna,
    /// `non-accettata@`: the whole message is refused at the access point.
    NonAccettata,
    /// `senza-ricevute@`: delivered, and no receipt of any kind comes back, not even acceptance.
    SenzaRicevute,
    /// `lenta@`: accepted, then the notice of 12 hours; not delivered.
    Lenta,
    /// `scaduta@`: accepted, then the notices of 12 and of 24 hours; not delivered.
    Scaduta,
    /// `esterna@`: not a certified mailbox: delivered, `esterno` in every list, no delivery receipt.
    Esterna,
    /// `virus@`: accepted, then *avviso di mancata consegna per virus*.
    Virus,
}

impl Fault {
    /// Every fault with its local part, for documentation.
    pub const ALL: [(&'static str, Fault); 7] = [
        ("mancata-consegna", Fault::MancataConsegna),
        ("non-accettata", Fault::NonAccettata),
        ("senza-ricevute", Fault::SenzaRicevute),
        ("lenta", Fault::Lenta),
        ("scaduta", Fault::Scaduta),
        ("esterna", Fault::Esterna),
        ("virus", Fault::Virus),
    ];

    /// The fault that an address asks for.
    #[must_use]
    pub fn of(address: &str) -> Option<Fault> {
        let (local, _) = address.rsplit_once('@')?;
        Fault::ALL.into_iter().find(|(name, _)| local.eq_ignore_ascii_case(name)).map(|(_, fault)| fault)
    }
}

/// The providers of the simulated circuit and the domains each one manages.
#[derive(Clone, Debug, Default)]
pub struct Network {
    providers: BTreeMap<String, Provider>,
}

/// One delivery to make and what follows from it.
#[derive(Clone, Debug)]
pub struct Leg {
    /// The message to deliver.
    pub letter: Letter,
    /// What to deliver once it was.
    pub then: Option<Letter>,
    /// What to deliver instead if the mailbox refuses it for good.
    pub otherwise: Option<Letter>,
}

/// A message on its way to one mailbox.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The mailbox.
    pub to: String,
    /// SMTP MAIL FROM.
    pub mail_from: String,
    /// The bytes.
    pub raw: Vec<u8>,
}

/// Everything one sending brings about.
#[derive(Clone, Debug, Default)]
pub struct Plot {
    /// The PEC identifier, if the message was accepted.
    pub identificativo: Option<String>,
    /// The deliveries, in the order in which they happen.
    pub legs: Vec<Leg>,
}

impl Network {
    /// A network in which each `(domain, provider)` is certified.
    #[must_use]
    pub fn new(domains: impl IntoIterator<Item = (String, Provider)>) -> Network {
        let domains: Vec<(String, Provider)> =
            domains.into_iter().map(|(domain, provider)| (domain.to_ascii_lowercase(), provider)).collect();
        let names: Arc<BTreeSet<String>> = Arc::new(domains.iter().map(|(domain, _)| domain.clone()).collect());
        let knows = |provider: Provider| provider.with_directory(Directory::Domains(names.clone()));
        Network { providers: domains.into_iter().map(|(domain, provider)| (domain, knows(provider))).collect() }
    }

    /// The provider of an address, if it is in the circuit.
    #[must_use]
    pub fn provider_of(&self, address: &str) -> Option<&Provider> {
        self.providers.get(&domain_of(address))
    }

    /// The domains and their providers.
    pub fn domains(&self) -> impl Iterator<Item = (&str, &Provider)> {
        self.providers.iter().map(|(domain, provider)| (domain.as_str(), provider))
    }

    /// A message sent by `from` to `recipients`: from inside the circuit it is sealed, from outside it becomes an anomaly.
    ///
    /// # Errors
    /// When a signature cannot be made.
    pub fn carry(&self, from: &str, recipients: &[String], raw: &[u8], at: Timestamp) -> Result<Plot> {
        let Some(sender) = self.provider_of(from) else {
            return self.anomalies(from, recipients, raw, at);
        };
        match sender.submit(raw, from, recipients, at)? {
            Submission::Refused(notice) => {
                Ok(Plot { identificativo: None, legs: vec![Leg::of(letter(&notice, from))] })
            }
            Submission::Accepted { carriage, acceptance, envelope } => {
                let mut legs = Vec::new();
                // Acceptance is about the whole message: one recipient `senza-ricevute@` silences it.
                if !recipients.iter().any(|address| Fault::of(address) == Some(Fault::SenzaRicevute)) {
                    legs.push(Leg::of(letter(&acceptance, from)));
                }
                for recipient in recipients {
                    legs.extend(self.towards(sender, &carriage, &envelope, from, recipient, at)?);
                }
                Ok(Plot { identificativo: Some(carriage.identificativo), legs })
            }
        }
    }

    fn towards(
        &self,
        sender: &Provider,
        carriage: &Carriage,
        envelope: &Sealed,
        from: &str,
        recipient: &str,
        at: Timestamp,
    ) -> Result<Vec<Leg>> {
        let delivered = Leg::of(letter(envelope, recipient));
        let Some(receiver) = self.provider_of(recipient) else {
            return Ok(vec![delivered]);
        };
        let back = |sealed: Sealed| letter(&sealed, from);
        let late = |delay, hours: i64| {
            let when = at.checked_add(jiff::SignedDuration::from_hours(hours)).unwrap_or(at);
            sender.delay_notice(carriage, recipient, delay, when).map(back).map(Leg::of)
        };
        Ok(match Fault::of(recipient) {
            None | Some(Fault::NonAccettata) => vec![Leg {
                then: Some(back(receiver.delivery(carriage, recipient, at)?)),
                otherwise: Some(back(receiver.non_delivery(carriage, recipient, Failure::NoDest, at)?)),
                ..delivered
            }],
            Some(Fault::MancataConsegna) => {
                vec![Leg::of(back(receiver.non_delivery(carriage, recipient, Failure::NoDest, at)?))]
            }
            Some(Fault::SenzaRicevute | Fault::Esterna) => vec![delivered],
            Some(Fault::Lenta) => vec![late(Delay::TwelveHours, 12)?],
            Some(Fault::Scaduta) => vec![late(Delay::TwelveHours, 12)?, late(Delay::TwentyFourHours, 24)?],
            Some(Fault::Virus) => vec![Leg::of(back(sender.non_delivery_virus(carriage, recipient, at)?))],
        })
    }

    fn anomalies(&self, from: &str, recipients: &[String], raw: &[u8], at: Timestamp) -> Result<Plot> {
        let mut legs = Vec::new();
        for recipient in recipients {
            if let Some(receiver) = self.provider_of(recipient) {
                let envelope = receiver.anomaly(raw, from, std::slice::from_ref(recipient), at)?;
                legs.push(Leg::of(letter(&envelope, recipient)));
            }
        }
        Ok(Plot { identificativo: None, legs })
    }
}

impl Leg {
    fn of(letter: Letter) -> Leg {
        Leg { letter, then: None, otherwise: None }
    }
}

fn letter(sealed: &Sealed, to: &str) -> Letter {
    Letter { to: to.to_string(), mail_from: sealed.mail_from.clone(), raw: sealed.raw.clone() }
}

//! The registering in the protocol, as it is done: numbers that come back, the emergency register, documents that are handed over.
//! It changes when one of these does.

use super::clerk::Clerk;
use super::{Caseload, Deed};
use crate::config::Protocol;
use crate::digest::flow;
use crate::events;
use crate::exchange::{Exchange, Sheet};
use crate::failpoint;
use crate::health::Health;
use crate::store::Trouble;
use casework::Disposition;
use casework::protocol::{self, Fact, Flow, Order, Registration};
use casework::refused::Refused;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// Documents that lie in the folder at most: the others wait in the register.
const LYING_MAX: usize = 500;
/// Documents of one line of the register: handed over together, or numbered together in an emergency.
const TOGETHER_MAX: usize = 100;
/// Documents numbered in one reading of what waits, with the store in hand: a line of the register for each hundred.
const NUMBERED_MAX: usize = 10 * TOGETHER_MAX;
/// Fewest characters of a digest that name a document.
const PREFIX_MIN: usize = 8;

/// How documents get their numbers.
#[derive(Debug, Clone)]
pub struct Registering {
    /// Where they are handed over, and numbers come back.
    pub exchange: Exchange,
    /// A document that waits longer raises an alarm.
    pub patience: SignedDuration,
    /// Where it is marked.
    pub health: Arc<Health>,
}

impl Registering {
    /// As it is configured; the folder is prepared.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(protocol: &Protocol, health: Arc<Health>) -> io::Result<Self> {
        Ok(Self { exchange: Exchange::open(&protocol.folder)?, patience: protocol.patience, health })
    }
}

/// The mark of documents that wait for their number.
pub const WAITING: &str = "protocol_waiting";
/// The mark: 1, one of them has waited for too long, and the emergency register is not open.
pub const OVERDUE: &str = "protocol_overdue";

impl Caseload<'_> {
    /// Does what is ordered of the registering.
    pub(super) fn protocol(&mut self, order: &Order) -> Result<Result<String, Refused>, Trouble> {
        let standing = self.store.protocol()?;
        let done = match order {
            Order::Number { document, number, annulled, by } => {
                let (document, held) = match self.named(document)? {
                    Ok(found) => found,
                    Err(why) => return Ok(Err(why)),
                };
                let holder = self.store.registered(number)?.filter(|holder| *holder != document);
                protocol::numbered(&document, &held, holder.as_deref(), (*number, *annulled, by), self.now)
            }
            Order::OpenEmergency { by, why } => protocol::open_emergency(&standing, by, why, self.now).map(|fact| {
                let said = format!(
                    "registro di emergenza aperto: il primo numero è {}. Chi protocolla va avvisato; oltre {} ore serve un \
                     provvedimento (DPR 445/2000 art. 63 c. 2)",
                    standing.next(self.now),
                    protocol::EMERGENCY_HOURS
                );
                (Some(fact), said)
            }),
            Order::CloseEmergency { by } => protocol::close_emergency(&standing, by).map(|fact| {
                let said = "registro di emergenza chiuso: i documenti restano in attesa del numero di protocollo, che si \
                            aggiunge a quello di emergenza";
                (Some(fact), said.into())
            }),
        };
        Ok(match done {
            Ok((fact, said)) => {
                if let Some(fact) = fact {
                    failpoint::at("exchange.number").map_err(|e| Trouble::Io("protocollo".into(), e))?;
                    self.store.write_protocol(fact, self.now)?;
                }
                Ok(said)
            }
            Err(why) => Err(why),
        })
    }

    /// The one document whose digest begins so.
    fn named(&self, prefix: &str) -> Result<Result<(String, Registration), Refused>, Trouble> {
        let prefix = prefix.trim().to_ascii_lowercase();
        if prefix.len() < PREFIX_MIN || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            let text = format!("«{prefix}» non è l'impronta di un documento: almeno {PREFIX_MIN} cifre esadecimali");
            return Ok(Err(Refused::new("no-document", text)));
        }
        let mut found = self.store.registrations_like(&prefix, 2)?;
        Ok(match (found.len(), found.pop()) {
            (1, Some(one)) => Ok(one),
            (0, _) => {
                let text = format!("nessun documento da protocollare ha l'impronta «{prefix}»");
                Err(Refused::new("no-document", text))
            }
            _ => {
                let text = format!("«{prefix}» indica più documenti: scrivi qualche carattere in più");
                Err(Refused::new("no-document", text))
            }
        })
    }

    /// Numbers what waits, in the emergency register, while it is open; whether more may wait.
    pub(super) fn number_in_emergency(&mut self) -> Result<bool, Trouble> {
        if self.store.protocol()?.emergency.is_none() {
            return Ok(false);
        }
        let documents = self.store.unregistered(NUMBERED_MAX, |waiting| !waiting.emergency)?;
        for documents in documents.chunks(TOGETHER_MAX) {
            let first = self.store.protocol()?.next(self.now);
            self.store.write_protocol(Fact::EmergencyNumbered { documents: documents.to_vec(), first }, self.now)?;
        }
        Ok(documents.len() == NUMBERED_MAX)
    }

    /// Those of these documents that have their number.
    fn numbered(&self, documents: &BTreeSet<String>) -> Result<Vec<String>, Trouble> {
        let mut numbered = Vec::new();
        for document in documents {
            if self.store.registration(document)?.is_some_and(|held| held.number.is_some()) {
                numbered.push(document.clone());
            }
        }
        Ok(numbered)
    }

    /// What is said of the documents that are to be handed over now, at most so many.
    pub(super) fn sheets(&self, max: usize) -> Result<Vec<Sheet>, Trouble> {
        let documents = self.store.unregistered(max, |waiting| !waiting.asked)?;
        let sheets = documents.into_iter().map(|document| self.sheet(document));
        Ok(sheets.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn sheet(&self, digest: String) -> Result<Option<Sheet>, Trouble> {
        let Some(registration) = self.store.registration(&digest)? else { return Ok(None) };
        let dossier = registration.dossier.as_deref().map(|number| self.store.dossier(number)).transpose()?.flatten();
        let mut sheet = Sheet {
            digest,
            from: String::new(),
            to: String::new(),
            subject: String::new(),
            office: String::new(),
            classification: String::new(),
            grade: String::new(),
            registration,
        };
        match sheet.registration.flow {
            Flow::E => {
                if let Some(row) = self.store.message(&sheet.digest)? {
                    if let Disposition::Request { office, .. } | Disposition::ToPerson { office, .. } = &row.disposition
                    {
                        sheet.office.clone_from(office);
                    }
                    (sheet.from, sheet.subject, sheet.grade) = (row.sender, row.subject, row.grade);
                }
            }
            Flow::U => {
                if let Some(row) = self.store.item(&sheet.registration.item)? {
                    let of = row.outgoing;
                    (sheet.from, sheet.to, sheet.subject) = (of.from, of.to, of.subject);
                }
            }
        }
        if let Some(dossier) = dossier {
            let neutral = if dossier.cover.subject.is_empty() { dossier.title } else { dossier.cover.subject };
            sheet.subject = format!("{neutral} {}", casework::dossier::tag(&dossier.number));
            sheet.office = dossier.office;
            sheet.classification = dossier.cover.classification;
        }
        Ok(Some(sheet))
    }
}

impl Deed {
    /// Whether it is about the registering, and nothing else.
    #[must_use]
    pub fn is_protocol(&self) -> bool {
        matches!(self, Self::Protocol { .. })
    }
}

impl Clerk {
    /// One look at the exchange with whoever keeps the register: numbers that came, the emergency register, documents to hand over.
    /// A fault of the folder is told to the operator and tried again.
    ///
    /// # Errors
    /// The store, or the disk under it, cannot go on.
    pub fn register(&self, registering: &Registering) -> Result<(), Trouble> {
        let exchange = &registering.exchange;
        self.at_work(|caseload| caseload.drop_folder(&exchange.answers(), Deed::is_protocol))?;
        while self.at_work(|caseload| caseload.number_in_emergency())? {}
        if let Err(e) = self.exchange(exchange)? {
            events::protocol_failed(&e);
        }
        let (now, seen) = self.at_work(|caseload| Ok((caseload.now, caseload.store.protocol_overview()?)))?;
        // Whoever opened the emergency register knows.
        let since = seen.oldest.filter(|_| seen.standing.emergency.is_none());
        let is_overdue = since.is_some_and(|since| now.duration_since(since) > registering.patience);
        registering.health.mark(WAITING, i64::try_from(seen.waiting).unwrap_or(i64::MAX));
        registering.health.mark(OVERDUE, i64::from(is_overdue));
        Ok(())
    }

    /// Inside: the folder.
    fn exchange(&self, exchange: &Exchange) -> Result<io::Result<()>, Trouble> {
        let mut lying = match exchange.lying() {
            Ok(lying) => lying,
            Err(e) => return Ok(Err(e)),
        };
        for document in self.at_work(|caseload| caseload.numbered(&lying))? {
            if let Err(e) = exchange.take_away(&document) {
                return Ok(Err(e));
            }
            lying.remove(&document);
        }
        let room = LYING_MAX.saturating_sub(lying.len()).min(TOGETHER_MAX);
        let mut documents = Vec::new();
        // What leaves is durable first, and that it was sent is too. The bytes are copied without the store in hand: a large
        // message must not keep others from being decided.
        let sheets = self.at_work(|caseload| caseload.store.seal_moves().and_then(|()| caseload.sheets(room)))?;
        for sheet in sheets {
            match exchange.hand_over(&sheet, &self.archive) {
                Ok(()) => documents.push(sheet.digest),
                // Of one document: the others go on, and this one is tried again.
                Err(e) => events::protocol_failed(&format!("{}: {e}", flow(&sheet.digest))),
            }
        }
        if !documents.is_empty() {
            failpoint::at("exchange.asked").map_err(|e| Trouble::Io("protocollo".into(), e))?;
            let fact = Fact::Asked { documents };
            self.at_work(|caseload| caseload.store.write_protocol(fact, caseload.now))?;
        }
        Ok(Ok(()))
    }
}

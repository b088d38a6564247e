//! What somebody brings into a procedure, and how the office weighs it. It changes when taking part does.
//!
//! The office must evaluate what is pertinent (L. 241/1990 art. 10 c. 1 b), and a refusal must say why observations were not
//! followed (art. 10-bis): so no outcome goes out while one is unanswered ([`outcome_gate`]), and the outcome quotes how each was
//! weighed ([`quotes_all`]). What the law excludes is still a message that is kept.

use crate::address;
use crate::calendar::{long, of_day, rome};
use crate::refused::{NAME_BYTES_MAX, REASON_BYTES_MAX, Refused, digest, filled};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Documents of one contribution.
pub const DOCUMENTS_MAX: usize = 200;
/// Contributions to one dossier: a square that protests; beyond, a person opens another dossier.
pub const CONTRIBUTIONS_MAX: usize = 2_000;

/// One contribution to a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    /// Ordinal in the dossier.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// Who: the address, as [`address::key`].
    pub by: String,
    /// Code of the writer's grade.
    pub standing: String,
    /// Certified instant, to the second (Cons. Stato VI 8546/2024).
    pub filed_at: Timestamp,
    /// SHA-256 of the message.
    pub message: String,
    /// Its documents.
    pub documents: Vec<Document>,
    /// Whether it came in time; `None` when no term was open.
    pub in_time: Option<Timing>,
    /// Where it stands.
    pub state: State,
}

/// What a contribution is (function S0.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A written statement (art. 10 c. 1 b).
    #[serde(rename = "memoria")]
    Memoria,
    /// The answer to an announced refusal (art. 10-bis).
    #[serde(rename = "osservazioni-10-bis")]
    Osservazioni10Bis,
    /// Of somebody who is not a party, and whom the measure may harm (art. 9).
    #[serde(rename = "intervento-di-terzo")]
    InterventoDiTerzo,
    /// A proposal of another content, or of an agreement (art. 11).
    #[serde(rename = "proposta")]
    Proposta,
    /// Documents.
    #[serde(rename = "documenti")]
    Documenti,
}

impl Kind {
    /// In Italian, at the beginning of a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Memoria => "Memoria",
            Self::Osservazioni10Bis => "Osservazioni sul preavviso di rifiuto",
            Self::InterventoDiTerzo => "Intervento di un terzo",
            Self::Proposta => "Proposta",
            Self::Documenti => "Documenti",
        }
    }
}

/// One document, and who may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// SHA-256.
    pub digest: String,
    /// Its name, as the sender wrote it.
    pub name: String,
    /// Who may see it.
    pub visibility: Visibility,
}

/// Who may see a document of a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everybody.
    Pubblico,
    /// The parties, and whoever intervenes (art. 10 c. 1 a).
    Parti,
    /// The office alone: kept from access (art. 24).
    Riservato,
}

/// Who wants to see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Nobody in particular.
    Anyone,
    /// A third person who intervened and was admitted.
    Intervener,
    /// A party.
    Party,
    /// The office.
    Office,
}

impl Visibility {
    /// Whether a reader sees it. An intervener sees the acts, minus what is reserved (art. 10; function S4.05).
    #[must_use]
    pub fn is_open_to(self, reader: Reader) -> bool {
        match self {
            Self::Pubblico => true,
            Self::Parti => reader != Reader::Anyone,
            Self::Riservato => reader == Reader::Office,
        }
    }
}

/// Whether it came in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "timing", rename_all = "kebab-case")]
pub enum Timing {
    /// Yes.
    InTime {
        /// Why, in Italian.
        why: String,
    },
    /// No. It is kept, and weighed all the same: the office says what it makes of it.
    Late {
        /// Why, in Italian.
        why: String,
    },
}

/// The term that is open for contributions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Last day, to its last second in Rome.
    pub ends: Date,
    /// What the term is for, in Italian, with its article: «le osservazioni».
    pub name: String,
}

/// Whether the procedure is open to contributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission<'a> {
    /// As the law has it.
    Open,
    /// Excluded: planning, general and tax acts (art. 13).
    Excluded {
        /// By which law.
        law: &'a str,
    },
}

/// Where a contribution stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Filed, and not yet weighed.
    Filed,
    /// Weighed.
    Weighed {
        /// What came of it.
        weight: Weight,
        /// How, in the office's words: the outcome quotes them.
        how: String,
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
}

/// What came of a contribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Followed.
    Accolta,
    /// Followed in part.
    AccoltaInParte,
    /// Not followed.
    NonAccolta,
    /// Not about the object of the procedure (art. 10 c. 1 b).
    NonPertinente,
}

impl Weight {
    /// In Italian.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Accolta => "ne abbiamo tenuto conto",
            Self::AccoltaInParte => "ne abbiamo tenuto conto in parte",
            Self::NonAccolta => "non ne abbiamo tenuto conto",
            Self::NonPertinente => "fuori dall'oggetto del procedimento",
        }
    }
}

/// What happened to a contribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "participation", rename_all = "kebab-case")]
pub enum Entry {
    /// It is filed.
    Filed {
        /// Ordinal in the dossier.
        id: u32,
        /// What it is.
        kind: Kind,
        /// Who.
        by: String,
        /// Code of the writer's grade.
        standing: String,
        /// Certified instant.
        filed_at: Timestamp,
        /// SHA-256 of the message.
        message: String,
        /// Its documents.
        documents: Vec<Document>,
        /// Whether in time.
        in_time: Option<Timing>,
    },
    /// Somebody looked and changed who may see a document.
    Shown {
        /// The document.
        digest: String,
        /// Who may see it.
        visibility: Visibility,
    },
    /// It is weighed.
    Weighed {
        /// What came of it.
        weight: Weight,
        /// How.
        how: String,
        /// Who.
        by: String,
    },
}

/// What is filed.
#[derive(Debug, Clone, Copy)]
pub struct Contribution<'a> {
    /// Ordinal in the dossier.
    pub id: u32,
    /// What it is.
    pub kind: Kind,
    /// The certified sender.
    pub by: &'a str,
    /// Code of the writer's grade.
    pub standing: &'a str,
    /// Certified instant.
    pub filed_at: Timestamp,
    /// SHA-256 of the message.
    pub message: &'a str,
    /// Its documents.
    pub documents: &'a [Document],
}

/// Files a contribution; `known` are those which the dossier has.
///
/// A refusal is never the end of the message: its caller files that in the dossier all the same, and the office sees why it is
/// no contribution (`participation-excluded`, `already-filed`).
pub fn file(
    new: Contribution<'_>,
    admission: Admission<'_>,
    term: Option<&Term>,
    known: &[Participation],
) -> Result<Entry, Refused> {
    if let Admission::Excluded { law } = admission {
        let text =
            format!("questo procedimento non prevede la partecipazione ({law}): il messaggio resta nel fascicolo");
        return Err(Refused::new("participation-excluded", text));
    }
    let message = digest(new.message)?;
    if known.iter().any(|other| other.message == message) {
        return Err(Refused::new("already-filed", "questo messaggio è già fra i contributi del fascicolo"));
    }
    if known.iter().any(|other| other.id == new.id) {
        return Err(Refused::new("number-taken", "c'è già un contributo con questo numero"));
    }
    if new.documents.len() > DOCUMENTS_MAX || known.len() >= CONTRIBUTIONS_MAX {
        return Err(Refused::new("too-many", "i documenti o i contributi sono troppi per questo fascicolo"));
    }
    let mut documents = Vec::with_capacity(new.documents.len());
    for document in new.documents {
        let digest = digest(&document.digest)?;
        // One file enclosed twice is one document.
        if !documents.iter().any(|known: &Document| known.digest == digest) {
            let name: String = document.name.chars().filter(|c| !c.is_control()).take(NAME_BYTES_MAX).collect();
            documents.push(Document { digest, name, visibility: document.visibility });
        }
    }
    Ok(Entry::Filed {
        id: new.id,
        kind: new.kind,
        by: filled(&address::key(new.by), "chi ha scritto", NAME_BYTES_MAX)?,
        standing: filled(new.standing, "il grado di chi ha scritto", NAME_BYTES_MAX)?,
        filed_at: new.filed_at,
        message,
        documents,
        in_time: term.map(|term| timing(new.filed_at, term)),
    })
}

/// The day ends at its last second in Rome, office hours notwithstanding, and nothing is rounded (law.md §4).
fn timing(filed_at: Timestamp, term: &Term) -> Timing {
    let there = rome(filed_at);
    let (hour, minute, second) = (there.hour(), there.minute(), there.second());
    let filed = format!("arrivo: {}, ore {hour:02}:{minute:02}:{second:02}", long(there.date()));
    let why = format!("{filed}; ultimo giorno per {}: {}", term.name, long(term.ends));
    if there.date() <= term.ends { Timing::InTime { why } } else { Timing::Late { why } }
}

impl Entry {
    /// In Italian, for the office.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Filed { kind, by, .. } => format!("{} di {by}, da valutare", kind.words()),
            Self::Shown { .. } => String::from("cambia chi può vedere un documento"),
            Self::Weighed { weight, how, by } => format!("{} ({by}): {how}", weight.words()),
        }
    }
}

impl Participation {
    /// The contribution that an entry begins; `None` for an entry that begins none.
    #[must_use]
    pub fn begin(entry: &Entry) -> Option<Self> {
        let Entry::Filed { id, kind, by, standing, filed_at, message, documents, in_time } = entry.clone() else {
            return None;
        };
        Some(Self { id, kind, by, standing, filed_at, message, documents, in_time, state: State::Filed })
    }

    /// The contribution after an entry. Total; what was weighed stays as it was weighed: a letter may have quoted it.
    pub fn apply(&mut self, entry: &Entry, at: Timestamp) {
        match entry {
            Entry::Filed { .. } => {}
            Entry::Shown { digest, visibility } => {
                let these = self.documents.iter_mut().filter(|document| document.digest == *digest);
                these.for_each(|document| document.visibility = *visibility);
            }
            Entry::Weighed { weight, how, by } => {
                if self.state == State::Filed {
                    self.state = State::Weighed { weight: *weight, how: how.clone(), by: by.clone(), at };
                }
            }
        }
    }

    /// The office weighs it.
    pub fn weigh(&self, weight: Weight, how: &str, by: &str) -> Result<Entry, Refused> {
        if self.state != State::Filed {
            return Err(Refused::new("already-weighed", "questo contributo è già stato valutato"));
        }
        let how = filled(how, "come è stato valutato", REASON_BYTES_MAX)?;
        Ok(Entry::Weighed { weight, how, by: filled(by, "chi lo ha valutato", NAME_BYTES_MAX)? })
    }

    /// The office says who may see a document.
    pub fn show(&self, document: &str, visibility: Visibility) -> Result<Entry, Refused> {
        let digest = digest(document)?;
        if !self.documents.iter().any(|known| known.digest == digest) {
            return Err(Refused::new("no-such-document", "questo documento non è fra quelli del contributo"));
        }
        Ok(Entry::Shown { digest, visibility })
    }

    /// The documents that a reader sees.
    pub fn open_to(&self, reader: Reader) -> impl Iterator<Item = &Document> {
        self.documents.iter().filter(move |document| document.visibility.is_open_to(reader))
    }

    /// How it was weighed, as the outcome quotes it; `None` while it is not. Who wrote is not named: an outcome has other readers.
    #[must_use]
    pub fn weighed_in_words(&self) -> Option<String> {
        let State::Weighed { weight, how, .. } = &self.state else { return None };
        let late = if matches!(self.in_time, Some(Timing::Late { .. })) { ", oltre il termine" } else { "" };
        let filed = of_day(rome(self.filed_at).date());
        Some(format!("{} n. {} {filed}{late}: {}. {how}", self.kind.words(), self.id, weight.words()))
    }
}

/// Whether an outcome may be sent: not while a contribution is unanswered (art. 10 c. 1 b, 10-bis). Late ones count: to say that it
/// came late is an answer too, and silence is none.
pub fn outcome_gate(contributions: &[Participation]) -> Result<(), Refused> {
    let open = |one: &&Participation| one.state == State::Filed;
    let Some(first) = contributions.iter().find(open) else { return Ok(()) };
    let count = contributions.iter().filter(open).count();
    let more = match count {
        0 | 1 => String::new(),
        2 => String::from(" e un altro"),
        more => format!(" e altri {}", more - 1),
    };
    let filed = of_day(rome(first.filed_at).date());
    let which = format!("{} n. {} {filed}{more}", first.kind.words(), first.id);
    let text = format!("prima della decisione va valutato quello che è arrivato: {which}");
    Err(Refused::new("participation-unanswered", text))
}

/// How each was weighed, in the order in which they came: for the outcome.
#[must_use]
pub fn weighed_in_words(contributions: &[Participation]) -> Vec<String> {
    let mut sorted: Vec<&Participation> = contributions.iter().collect();
    sorted.sort_by_key(|one| (one.filed_at, one.id));
    sorted.into_iter().filter_map(Participation::weighed_in_words).collect()
}

/// Whether the text of an outcome quotes how each was weighed, however its lines are broken.
pub fn quotes_all(text: &str, contributions: &[Participation]) -> Result<(), Refused> {
    outcome_gate(contributions)?;
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = flat(text);
    match weighed_in_words(contributions).into_iter().find(|words| !text.contains(&flat(words))) {
        None => Ok(()),
        Some(words) => {
            let head: String = words.split(':').next().unwrap_or_default().to_string();
            Err(Refused::new("not-quoted", format!("la decisione non dice come è stato valutato: {head}")))
        }
    }
}

#[cfg(test)]
mod tests;

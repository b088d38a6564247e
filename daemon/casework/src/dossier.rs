//! A dossier (*fascicolo*): its number, its parties, its state.

pub mod check;

use crate::address;
use crate::advice::Advice;
use crate::around::Waiting;
use crate::data_change::DataChange;
use crate::enablement::Enablement;
use crate::language::Language;
use crate::participation::Participation;
use crate::ranking::Ranking;
use crate::rating;
use crate::rules::Kind;
use crate::term::{ClockFact, Plan, Reminder};
use crate::validity::Validity;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// States of a dossier (law.md §10). The slug is the wire name, in the journal and in procedure files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Verified, not yet answered.
    Ricevuta,
    /// Receipt and start notice are in the outbox.
    Protocollata,
    /// Something that a valid request must have is missing (CAD art. 65).
    DaRegolarizzare,
    /// A person of the office is responsible.
    Assegnata,
    /// The office works on it.
    InLavorazione,
    /// The term is suspended, once and at most 30 days, for what the citizen was asked (L. 241/1990 art. 2 c. 7).
    InAttesaIntegrazioni,
    /// What was asked has come; the term runs again.
    Integrata,
    /// Another body must give advice or assent (L. 241/1990 art. 16-17-bis).
    InAttesaEnteTerzo,
    /// A payment is due before it goes on.
    InAttesaPagamento,
    /// A refusal was announced; the citizen may answer (L. 241/1990 art. 10-bis).
    PreavvisoDiniego,
    /// Granted. Final.
    Accolta,
    /// Granted by the end of the term, with its attestation (L. 241/1990 art. 20). Final.
    AccoltaPerSilenzio,
    /// Refused with reasons. Final.
    Respinta,
    /// Manifestly inadmissible, with reasons (L. 241/1990 art. 2 c. 1). Final.
    Irricevibile,
    /// The citizen took it back. Final.
    Ritirata,
    /// Sent to the body that is competent. Final here.
    TrasmessaAltroEnte,
    /// A measure that was taken back (L. 241/1990 art. 21-novies). Final.
    AnnullataAutotutela,
}

impl State {
    /// All of them, in the order in which a dossier may meet them.
    pub const ALL: [Self; 17] = [
        Self::Ricevuta,
        Self::Protocollata,
        Self::DaRegolarizzare,
        Self::Assegnata,
        Self::InLavorazione,
        Self::InAttesaIntegrazioni,
        Self::Integrata,
        Self::InAttesaEnteTerzo,
        Self::InAttesaPagamento,
        Self::PreavvisoDiniego,
        Self::Accolta,
        Self::AccoltaPerSilenzio,
        Self::Respinta,
        Self::Irricevibile,
        Self::Ritirata,
        Self::TrasmessaAltroEnte,
        Self::AnnullataAutotutela,
    ];

    /// Slug.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ricevuta => "ricevuta",
            Self::Protocollata => "protocollata",
            Self::DaRegolarizzare => "da_regolarizzare",
            Self::Assegnata => "assegnata",
            Self::InLavorazione => "in_lavorazione",
            Self::InAttesaIntegrazioni => "in_attesa_integrazioni",
            Self::Integrata => "integrata",
            Self::InAttesaEnteTerzo => "in_attesa_ente_terzo",
            Self::InAttesaPagamento => "in_attesa_pagamento",
            Self::PreavvisoDiniego => "preavviso_diniego",
            Self::Accolta => "accolta",
            Self::AccoltaPerSilenzio => "accolta_per_silenzio",
            Self::Respinta => "respinta",
            Self::Irricevibile => "irricevibile",
            Self::Ritirata => "ritirata",
            Self::TrasmessaAltroEnte => "trasmessa_altro_ente",
            Self::AnnullataAutotutela => "annullata_autotutela",
        }
    }
    /// In words, for citizens.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ricevuta => "ricevuta, in attesa di assegnazione",
            Self::Protocollata => "ricevuta e assegnata all'ufficio",
            Self::DaRegolarizzare => "da completare: se hai già mandato i dati, l'ufficio li controlla",
            Self::Assegnata => "assegnata a una persona dell'ufficio",
            Self::InLavorazione => "in lavorazione",
            Self::InAttesaIntegrazioni => "ferma: aspettiamo da te i documenti o i dati che ti abbiamo chiesto",
            Self::Integrata => "di nuovo in lavorazione: hai mandato quello che mancava",
            Self::InAttesaEnteTerzo => "in attesa della risposta di un altro ente",
            Self::InAttesaPagamento => "in attesa del pagamento",
            Self::PreavvisoDiniego => "stiamo per rifiutarla: puoi rispondere entro il termine che ti abbiamo scritto",
            Self::Accolta => "accolta",
            Self::AccoltaPerSilenzio => "accolta perché è scaduto il termine per rispondere",
            Self::Respinta => "respinta",
            Self::Irricevibile => "non ammessa",
            Self::Ritirata => "ritirata da chi l'ha fatta",
            Self::TrasmessaAltroEnte => "mandata all'ente competente",
            Self::AnnullataAutotutela => "annullata dall'ufficio dopo la decisione",
        }
    }
    /// What happened when it came to this, for the list of events.
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::Ricevuta => "Richiesta registrata",
            Self::Protocollata => "Richiesta assegnata all'ufficio",
            Self::DaRegolarizzare => "Richiesta da completare",
            Self::Assegnata => "Assegnata a una persona dell'ufficio",
            Self::InLavorazione => "Presa in lavorazione",
            Self::InAttesaIntegrazioni => "Chiesti documenti o dati che mancano",
            Self::Integrata => "Arrivato quello che mancava",
            Self::InAttesaEnteTerzo => "Chiesto un parere a un altro ente",
            Self::InAttesaPagamento => "Chiesto il pagamento",
            Self::PreavvisoDiniego => "Mandato il preavviso di rifiuto",
            Self::Accolta => "Richiesta accolta",
            Self::AccoltaPerSilenzio => "Accolta perché è scaduto il termine",
            Self::Respinta => "Richiesta respinta",
            Self::Irricevibile => "Richiesta non ammessa",
            Self::Ritirata => "Richiesta ritirata",
            Self::TrasmessaAltroEnte => "Mandata all'ente competente",
            Self::AnnullataAutotutela => "Decisione annullata dall'ufficio",
        }
    }
    /// What was asked was granted, and stands.
    #[must_use]
    pub fn is_granted(self) -> bool {
        matches!(self, Self::Accolta | Self::AccoltaPerSilenzio)
    }
    /// Nothing more is decided in it; only self-protection may come after ([`Self::AnnullataAutotutela`]).
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Accolta
                | Self::AccoltaPerSilenzio
                | Self::Respinta
                | Self::Irricevibile
                | Self::Ritirata
                | Self::TrasmessaAltroEnte
                | Self::AnnullataAutotutela
        )
    }
}

impl core::str::FromStr for State {
    type Err = ();
    fn from_str(code: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.code() == code).ok_or(())
    }
}

/// One dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// `AAAA/NNNNNN`.
    pub number: String,
    /// What it is about.
    pub kind: Kind,
    /// Title of the rule that opened it.
    pub title: String,
    /// Owning office (id).
    pub office: String,
    /// State.
    pub state: State,
    /// Since when the state holds.
    pub state_since: Timestamp,
    /// Certified arrival of the request that opened it: the clock starts here (L. 241/1990 art. 2 c.6).
    pub opened_at: Timestamp,
    /// Last day of the term, `AAAA-MM-GG`, when the rule sets one.
    pub due: Option<jiff::civil::Date>,
    /// Addresses that are parties. The first is the special digital domicile elected for this dossier (CAD art. 65).
    pub parties: Vec<String>,
    /// What stands on its cover besides (CAD art. 41 c. 2-ter).
    #[serde(default)]
    pub cover: Cover,
    /// What has happened in it.
    #[serde(default)]
    pub life: Life,
}

/// What a dossier bears by CAD art. 41 c. 2-ter, besides its number, owning office, dates and parties.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// Id of its procedure; empty in registers of before there were any.
    #[serde(default)]
    pub procedure: String,
    /// Entry of the classification plan (*titolario*), as the office writes it.
    #[serde(default)]
    pub classification: String,
    /// What it is about, in neutral words: unmodifiable once registered (DPR 445/2000 art. 53).
    #[serde(default)]
    pub subject: String,
    /// Who is responsible; empty = the head of the unit (L. 241/1990 art. 5 c. 3).
    #[serde(default)]
    pub responsible: String,
    /// Other offices, and other bodies, that take part.
    #[serde(default)]
    pub others: Vec<String>,
    /// Who is concerned, with the part that each has.
    #[serde(default)]
    pub people: Vec<Party>,
    /// The message that opened it; empty where the office did so by itself.
    #[serde(default)]
    pub origin: String,
    /// Version of the privacy notice that its procedure had when it began (GDPR art. 13): a record of what was shown, no consent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub privacy: String,
    /// Dossiers of other requests that came in the same message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked: Vec<Linked>,
    /// Reserved: nothing of it is told by a machine.
    #[serde(default)]
    pub reserved: bool,
    /// The protocol numbers of its messages and letters, as people read them, by digest: at most [`PROTOCOLS_MAX`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub protocol: BTreeMap<String, String>,
    /// The language of the request that opened it: letters about it are in that one, where they exist (DPR 574/1988 art. 7).
    #[serde(default, skip_serializing_if = "Language::is_italian")]
    pub language: Language,
}

/// Protocol numbers that a dossier's cover bears: one of years has some hundred messages.
pub const PROTOCOLS_MAX: usize = 1_000;

impl Cover {
    /// The protocol number of the request that opened it; empty: it has none yet, or the office opened it by itself.
    #[must_use]
    pub fn registered(&self) -> &str {
        self.protocol.get(&self.origin).map_or("", String::as_str)
    }

    /// Bears the number of one of its documents.
    pub fn register(&mut self, document: &str, shown: String) {
        if shown.is_empty() {
            self.protocol.remove(document);
        } else if self.protocol.len() < PROTOCOLS_MAX || self.protocol.contains_key(document) {
            self.protocol.insert(document.into(), shown);
        }
    }
}

/// Another dossier, as this one names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// Its number.
    pub number: String,
    /// What it is about.
    pub title: String,
}

/// Somebody whom a dossier concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Id in the register of persons; empty where only the address is known.
    #[serde(default)]
    pub person: String,
    /// Where this party is written to in this dossier.
    #[serde(default)]
    pub address: String,
    /// The part.
    pub role: PartyRole,
}

/// The part that somebody has in a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartyRole {
    /// *Richiedente*: who asks.
    Applicant,
    /// *Beneficiario*: for whom it is asked.
    Beneficiary,
    /// *Delegato*: who acts for the applicant.
    Delegate,
    /// *Interveniente*: who joined with an interest of their own (L. 241/1990 art. 9).
    Intervener,
    /// *Destinatario*: towards whom the office acts by itself (L. 241/1990 art. 7).
    Addressee,
}

impl PartyRole {
    /// In Italian.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Applicant => "richiedente",
            Self::Beneficiary => "beneficiario",
            Self::Delegate => "delegato",
            Self::Intervener => "interveniente",
            Self::Addressee => "destinatario",
        }
    }
}

/// A document of a dossier. Its bytes are in the archive, within the message or by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// SHA-256 of its bytes, lower-case hex; empty for an attachment, whose bytes are those of its message.
    #[serde(default)]
    pub digest: String,
    /// Name, as its author gave it.
    pub name: String,
    /// Type, as its author says.
    #[serde(default)]
    pub media: String,
    /// The message that brought it; empty: an office put it there.
    #[serde(default)]
    pub message: String,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Visibility,
}

impl Document {
    /// It is a whole message, by its own digest.
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.message.is_empty() && self.media == "message/rfc822"
    }
}

/// Who may see a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// The parties.
    #[default]
    Parties,
    /// Everybody who asks.
    Public,
    /// The office alone.
    Reserved,
}

/// What has happened in a dossier, as far as what happens next depends on it. All of it is in the entries of the register.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Entries so far.
    #[serde(default)]
    pub entries: u32,
    /// Documents so far.
    #[serde(default)]
    pub documents: u32,
    /// When an office last did something in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched_at: Option<Timestamp>,
    /// When it came to a final state.
    #[serde(default)]
    pub closed_at: Option<Timestamp>,
    /// The term that its procedure set when it began; none in registers of before there were procedures.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// What moved its clock, in order.
    #[serde(default)]
    pub facts: Vec<ClockFact>,
    /// How many of them there were when the newest refusal was announced: an earlier notice does not stand for it.
    #[serde(default)]
    pub announced_after: usize,
    /// Of what somebody was told already.
    #[serde(default)]
    pub reminded: Vec<Reminder>,
    /// Changes of data that were asked in it.
    #[serde(default)]
    pub changes: Vec<DataChange>,
    /// What was asked of offices of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
    /// What the machine has still to do around a step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// What parties and others filed in it, to be weighed.
    #[serde(default)]
    pub filings: Vec<Participation>,
    /// The address that was asked to be enabled in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enablement: Option<Enablement>,
    /// The addresses of who follows it, where its procedure is public.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followers: Vec<String>,
    /// To whom of these news did not come lately, by the key of the address: how many, one after the other.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unheard: BTreeMap<String, u32>,
    /// Somebody has said how it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<rating::Step>,
    /// Until when what was granted in it holds, where its procedure's file said so on that day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// Where it stands in a ranking, and the place that was given in it.
    #[serde(default, skip_serializing_if = "Ranking::is_empty")]
    pub ranking: Ranking,
    /// Until when its term is suspended, while it is.
    #[serde(default)]
    pub suspended_until: Option<jiff::civil::Date>,
    /// The next day on which its term must be looked at.
    #[serde(default)]
    pub look: Option<jiff::civil::Date>,
}

impl Dossier {
    /// Whether the address is of somebody who asked for what is decided in it: not of one who joined, nor of one whom the office
    /// wrote to by itself.
    #[must_use]
    pub fn was_asked_by(&self, who: &str) -> bool {
        let mut roles =
            self.cover.people.iter().filter(|party| address::same(&party.address, who)).map(|party| party.role);
        match roles.next() {
            None => !self.cover.origin.is_empty(),
            Some(first) => core::iter::once(first)
                .chain(roles)
                .any(|role| !matches!(role, PartyRole::Intervener | PartyRole::Addressee)),
        }
    }

    /// Whether the address is a party.
    #[must_use]
    pub fn has_party(&self, who: &str) -> bool {
        self.parties.iter().any(|p| address::same(p, who))
    }
}

/// The number of the `ordinal`-th dossier of a year.
#[must_use]
pub fn number(year: i16, ordinal: u32) -> String {
    format!("{year:04}/{ordinal:06}")
}

/// The tag by which a reply is recognised in a subject: `[Fascicolo 2026/000123-MK]`.
#[must_use]
pub fn tag(number: &str) -> String {
    format!("[Fascicolo {}]", check::shown(number))
}

/// The number in the first tag of a text, as [`tag`] writes it, or wrote it when numbers had no check letters.
#[must_use]
pub fn tagged(text: &str) -> Option<Result<String, check::NoNumber>> {
    let (_, rest) = text.split_once("[Fascicolo ")?;
    let (number, _) = rest.split_once(']')?;
    Some(check::read(number))
}

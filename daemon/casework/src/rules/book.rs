//! The rulebook: offices, rules and their parts, as they stand after every check.

use super::cases::Case;
use super::clues::Clues;
use super::extract::Extractor;
use super::normal::Normal;
use super::pattern::{Expression, Expressions};
use super::phrase::Phrase;
use super::place::Place;
use super::problem::{Problem, Spot};
use super::score::Index;
use crate::language::Language;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A set of rules that passed every check. Made only by [`load`](super::load).
#[derive(Debug)]
pub struct Rulebook {
    pub(super) digest: String,
    pub(super) accept: i32,
    pub(super) margin: i32,
    /// Points of its matter that an office needs, and its lead over the next.
    pub(super) accept_office: i32,
    pub(super) margin_office: i32,
    pub(super) offices: BTreeMap<String, Office>,
    pub(super) bodies: BTreeMap<String, Body>,
    /// What each office works on, by id: all offices.
    pub(super) matters: BTreeMap<String, Vec<Signal>>,
    pub(super) extractors: BTreeMap<String, Extractor>,
    /// Their expressions.
    pub(super) readers: Expressions,
    /// The rules that score, by id.
    pub(super) rules: BTreeMap<String, Rule>,
    /// The rule for messages no rule recognises: it has no signals and is not in `rules`.
    pub(super) fallback: Rule,
    /// The office of `fallback`.
    pub(super) desk: String,
    pub(super) index: Index,
    /// What single words say of the kind and of the office.
    pub(super) clues: Clues,
    pub(super) cases: Vec<Case>,
    pub(super) warnings: Vec<Problem>,
    pub(super) files: Vec<String>,
}

impl Rulebook {
    /// The same rules as part of a set of more files: its digest is theirs from now on.
    #[must_use]
    pub fn of_set(self, digest: String) -> Self {
        Self { digest, ..self }
    }

    /// The same rules without what their expressions keep of the texts they have seen: megabytes after the tests of the rules, which
    /// are of every kind, and of which a service that waits has no use.
    #[must_use]
    pub fn rested(mut self) -> Self {
        self.index.rest();
        self.readers.rest();
        self
    }

    /// SHA-256 (lower-case hex) of the files in the order given: for each its name, a zero byte, its length as
    /// eight big-endian bytes, its text.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Points a rule needs to be chosen.
    #[must_use]
    pub fn accept(&self) -> i32 {
        self.accept
    }

    /// The lead over the runner-up a rule needs to be chosen.
    #[must_use]
    pub fn margin(&self) -> i32 {
        self.margin
    }

    /// The rule for messages no rule recognises.
    #[must_use]
    pub fn otherwise(&self) -> &Rule {
        &self.fallback
    }

    /// The office with this id.
    #[must_use]
    pub fn office(&self, id: &str) -> Option<&Office> {
        self.offices.get(id)
    }

    /// As if an office had been taken out of the rules after a file named it.
    #[cfg(test)]
    pub(crate) fn drop_office(&mut self, id: &str) {
        self.offices.remove(id);
    }

    /// All offices, by id.
    pub fn offices(&self) -> impl Iterator<Item = &Office> {
        self.offices.values()
    }

    /// The other bodies to which a request is sent on, by id.
    pub fn bodies(&self) -> impl Iterator<Item = &Body> {
        self.bodies.values()
    }

    /// The other body that somebody means by its id, its name or its IPA code.
    #[must_use]
    pub fn body(&self, said: &str) -> Option<&Body> {
        let said = Normal::of(said);
        let same = |name: &str| !name.is_empty() && Normal::of(name).text() == said.text();
        self.bodies().find(|body| same(&body.id) || same(&body.title) || same(&body.ipa))
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id).or_else(|| Some(&self.fallback).filter(|rule| rule.id == id))
    }

    /// All rules, by id; the `otherwise` rule last.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values().chain([&self.fallback])
    }

    /// The names of the tests, with the file each is in.
    pub fn tests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cases.iter().map(|case| (case.name.as_str(), self.file(case.at)))
    }

    /// What deserves attention but does not stop the rules.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Rules whose `review_by` is past on this day, as warnings. Apart from [`warnings`](Self::warnings)
    /// because loading knows no clock.
    #[must_use]
    pub fn past_review(&self, today: Date) -> Vec<Problem> {
        let late = |rule: &Rule| {
            let by = rule.review_by.filter(|by| *by < today)?;
            let owner = rule.owner.as_deref().map_or(String::new(), |owner| format!(" ({owner})"));
            Some(Problem {
                file: self.file(rule.at).into(),
                line: Some(rule.at.line),
                text: format!("regola `{}`: era da rivedere entro il {by}{owner}", rule.id),
                warning: true,
            })
        };
        self.rules().filter_map(late).collect()
    }

    pub(super) fn file(&self, at: Spot) -> &str {
        self.files.get(at.file).map_or("", String::as_str)
    }
}

/// An office that receives tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    /// Id in the rules files.
    pub id: String,
    /// Name as people read it.
    pub title: String,
    /// Its mailbox: the only kind of recipient a rules file can name.
    pub mail: String,
    /// As what an order counts that comes from the mailbox, which several people may share: `operatore`, `responsabile`,
    /// `coordinatore`.
    pub role: String,
    /// Who may give orders from a mailbox of their own.
    pub people: Vec<Officer>,
    /// The web page where its requests are made too (SUAP): receipts name it; empty: there is none.
    pub portal: String,
}

/// Another body, to which a request goes that is its competence (L. 241/1990 art. 18-bis c. 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Id in the rules files.
    pub id: String,
    /// Name as citizens read it.
    pub title: String,
    /// Its digital domicile: a PEC address of the public index (IPA).
    pub pec: String,
    /// Its code in that index; empty where nobody wrote it down.
    pub ipa: String,
}

/// A person of an office, with a mailbox of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// Name and surname: they stand in the register beside what this person ordered.
    pub name: String,
    /// The mailbox.
    pub mail: String,
    /// As what: `operatore`, `responsabile`, `coordinatore`.
    pub role: String,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Unique id: lower case, digits, hyphens.
    pub id: String,
    /// What offices read.
    pub title: String,
    /// The same for citizens who write in another language.
    pub titles: BTreeMap<Language, String>,
    /// The kind of request.
    pub kind: Kind,
    /// Who gets the task.
    pub office: OfficeChoice,
    /// The term, counted from the arrival of the request (L. 241/1990 art. 2 c.6).
    pub deadline: Option<Deadline>,
    /// What must be present before the normal reply.
    pub needs: Vec<String>,
    /// Template asking for what is missing.
    pub missing: Option<String>,
    /// Template of the normal reply; `None` = never answer.
    pub reply: Option<String>,
    /// How far the machine may act alone.
    pub mode: Mode,
    /// Who looks after the rule.
    pub owner: Option<String>,
    /// When it must be looked at again.
    pub review_by: Option<Date>,
    /// Why it exists.
    pub why: Option<String>,
    /// First day it applies.
    pub valid_from: Option<Date>,
    /// Last day it applies.
    pub valid_to: Option<Date>,
    pub(super) signals: Vec<Signal>,
    pub(super) at: Spot,
}

impl Rule {
    /// Whether the rule applies on this day.
    #[must_use]
    pub fn valid_on(&self, today: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= today) && self.valid_to.is_none_or(|to| today <= to)
    }
}

/// Who gets the task: the first of these that there is. An address can never be written here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeChoice {
    /// The office that owns the dossier.
    pub from_dossier: bool,
    /// The office whose matter the message is about.
    pub by_matter: bool,
    /// This office; without one, the office of the `otherwise` rule.
    pub id: Option<String>,
}

impl OfficeChoice {
    /// As a rules file writes it.
    #[must_use]
    pub fn written(&self) -> String {
        let how = match (self.from_dossier, self.by_matter) {
            (true, true) => "from-dossier-or-matter",
            (true, false) => "from-dossier",
            (false, true) => "by-matter",
            (false, false) => return self.id.clone().unwrap_or_default(),
        };
        self.id.as_ref().map_or_else(|| how.into(), |id| format!("{how}-or:{id}"))
    }
}

/// Points for one thing seen in a message.
#[derive(Debug)]
pub(super) struct Signal {
    pub(super) score: i32,
    pub(super) look: Look,
}

/// What a signal looks for.
#[derive(Debug)]
pub(super) enum Look {
    /// Any of these phrases in any of these places.
    Words(Vec<Place>, Vec<Arc<Phrase>>),
    /// This regular expression in any of these places.
    Regex(Vec<Place>, Expression),
    /// A fact about the message: `identity`, `attachment`, `thread`, `dossier`, or a usable field.
    Has(String),
}

/// The term of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Length in days.
    pub days: u32,
    /// Which days count.
    pub calendar: Calendar,
    /// The norm that sets it, as cited to citizens.
    pub law: String,
}

/// Which days a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// Working days only (*giorni lavorativi*), when the norm says so.
    Working,
    /// Every day.
    Solar,
}

/// How far the machine may act alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// On trial: its points are recorded, but it has no part in the choice.
    Shadow,
    /// A person confirms before anything is sent.
    Suggest,
    /// The machine answers.
    Auto,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A citizen declares or asks to change data held about them.
    DataChange,
    /// Observations and documents in an open procedure (L. 241/1990 art. 9, 10, 10-bis).
    Participation,
    /// Where a case stands.
    StatusEnquiry,
    /// The data held about the writer (GDPR art. 15).
    OwnDataRequest,
    /// Enabling an address to receive personal data.
    Enablement,
    /// A new request that opens a procedure.
    NewApplication,
    /// The answer to a request for integration (L. 241/1990 art. 2 c.7).
    IntegrationReply,
    /// Access to records (L. 241/1990 art. 22; d.lgs. 33/2013 art. 5).
    AccessToRecords,
    /// A complaint or a report of a fault.
    Complaint,
    /// A question about a payment.
    PaymentQuery,
    /// Mail of another public body.
    OtherPa,
    /// Invoices, which belong to the exchange system (SdI).
    Invoice,
    /// Advertising.
    Spam,
    /// Anything else: a person reads it.
    Other,
}

impl Kind {
    /// Every kind: code in the rules files, and what offices read.
    pub const ALL: [(Kind, &'static str, &'static str); 14] = [
        (Kind::DataChange, "data_change", "Variazione di dati"),
        (Kind::Participation, "participation", "Memorie e documenti in un procedimento"),
        (Kind::StatusEnquiry, "status_enquiry", "Richiesta sullo stato di una pratica"),
        (Kind::OwnDataRequest, "own_data_request", "Richiesta dei propri dati"),
        (Kind::Enablement, "enablement", "Abilitazione di un indirizzo"),
        (Kind::NewApplication, "new_application", "Nuova istanza"),
        (Kind::IntegrationReply, "integration_reply", "Risposta a una richiesta di integrazione"),
        (Kind::AccessToRecords, "access_to_records", "Accesso agli atti"),
        (Kind::Complaint, "complaint", "Reclamo o segnalazione"),
        (Kind::PaymentQuery, "payment_query", "Domanda su un pagamento"),
        (Kind::OtherPa, "other_pa", "Comunicazione di un'altra amministrazione"),
        (Kind::Invoice, "invoice", "Fattura"),
        (Kind::Spam, "spam", "Pubblicità"),
        (Kind::Other, "other", "Altro"),
    ];

    /// The code written in rules files and stored in decisions.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("other", |(_, code, _)| code)
    }

    /// What offices and citizens read, in Italian.
    #[must_use]
    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("Altro", |(.., title)| title)
    }
}

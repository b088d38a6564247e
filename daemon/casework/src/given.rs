//! What a known person who writes has given already, so that a new request asks for none of it again (L. 241/1990 art. 18 c. 2;
//! functions S2.13). It changes when something else counts as given, or may be told to whom.
//!
//! It is looked at only for whoever writes from an address that proves a person, and about that person alone; it is told there only
//! where the table of identities grants own data, and for documents the list of own dossiers.

use crate::act::once::{self, Held};
use crate::application::{self, CODE, NAME};
use crate::calendar::rome;
use crate::data_change::fields;
use crate::decision::Reason;
use crate::desk::Desk;
use crate::filing;
use crate::known::Known;
use crate::letters::About;
use crate::person::Person;
use crate::procedure::{Document, Procedure};
use crate::rules::normal::Normal;
use crate::rules::{AtHand, Classification, Kind, quote};
use crate::standing::{Acting, Permit, Right, Standing};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::{Span, Timestamp};
use pec::Content;

/// Data that a person has one of: what the register holds is the one that is meant. Of a car or a house one may have two.
const ONE_EACH: [&str; 7] = [NAME, CODE, "iban", "telefono", "email", "pec", "cap"];
/// A need of the rules: any file.
const ATTACHMENT: &str = "attachment";
/// By these words, as [`Normal`] writes them, somebody says that what is held is still the right one.
const STILL_RIGHT: [&str; 4] = ["gia agli atti", "gia in vostro possesso", "avete gia", "gia inviato"];

/// What is held of who writes.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    person: &'a Person,
    documents: &'a [Held],
    names: BTreeSet<String>,
    may_be_told: bool,
    documents_may_be_told: bool,
    now: Timestamp,
}

impl<'a> Given<'a> {
    /// None: no address proves a person, or it writes for somebody else.
    pub(crate) fn of(standing: &Standing, known: &'a Known, desk: &Desk) -> Option<Self> {
        let id = standing.writer.as_deref().filter(|_| standing.grade.is_safe())?;
        let is_own = standing.facets.acting == Acting::ForSelf && standing.about.as_deref() == Some(id);
        let person = known.people.iter().find(|person| is_own && person.id == id)?;
        let is_granted = |right| standing.permit(&desk.entity.entitlements, right) == Permit::Yes;
        let may_be_told = is_granted(Right::DatiPropri);
        Some(Self {
            person,
            documents: known.given.get(id).map(Vec::as_slice).unwrap_or_default(),
            names: once::names(&[person]),
            may_be_told,
            documents_may_be_told: may_be_told && is_granted(Right::ElencoFascicoli),
            now: known.now,
        })
    }

    /// Of the writer of a message.
    pub(crate) fn of_writer(about: &About<'a>) -> Option<Self> {
        let standing = filing::standing(about.class, about.daticert, about.message, None, about.known);
        Self::of(&standing, about.known, about.desk)
    }

    /// A document that a procedure asks for, given in another dossier: the newest.
    fn document(&self, asked: &Document) -> Option<AtHand> {
        let documents = if self.documents_may_be_told { self.documents } else { &[] };
        let newest = once::documents(&asked.name, documents, &self.names).max_by_key(|held| held.at)?;
        let since = rome(newest.at).date();
        let until = asked.again_months.and_then(|months| since.checked_add(Span::new().months(i64::from(months))).ok());
        Some(AtHand {
            need: asked.name.clone(),
            what: newest.name.clone(),
            dossier: Some(newest.dossier.clone()),
            since,
            counts: until.is_some_and(|until| until >= rome(self.now).date()),
        })
    }

    /// A datum of the register on which all sources agree. The address of what is asked may be another than the person's.
    fn datum(&self, name: &str) -> Option<AtHand> {
        let held = |what: String, since| AtHand {
            need: name.to_string(),
            what,
            dossier: None,
            since,
            counts: ONE_EACH.contains(&name),
        };
        let person = self.person;
        let known = match name {
            _ if !self.may_be_told => return None,
            NAME => person.names.first(),
            CODE => person.codice_fiscale.as_ref(),
            "indirizzo" => return None,
            _ => {
                let of = person.held(name, &[], self.now).filter(|held| !held.conflict)?;
                let newest = of.by.iter().map(|by| by.datum.at).max()?;
                return Some(held(fields::title(name), rome(newest).date()));
            }
        };
        let since = person.domiciles_at(self.now).into_iter().map(|domicile| domicile.since).min()?;
        known.map(|_| held(application::title(name), rome(since).date()))
    }

    /// What a form of this service asks for, and is held; the name and the code stand in its lines.
    pub(crate) fn for_form(&self, procedure: &Procedure) -> Vec<AtHand> {
        let lines = application::names(procedure).into_iter().filter(|line| ![NAME, CODE].contains(line));
        let data = lines.filter_map(|line| {
            let of = self.datum(line)?;
            Some(AtHand { need: application::title(line), ..of })
        });
        procedure.asked().filter_map(|document| self.document(document)).chain(data).collect()
    }

    /// Takes from what is missing what is held and counts, and notes beside the rest where it is.
    pub(crate) fn relieve(
        &self,
        class: &mut Classification,
        procedure: Option<&Procedure>,
        message: &Content,
    ) -> Option<Reason> {
        let is_said = is_still_right(message);
        let mut held: Vec<AtHand> = Vec::new();
        let wrong = |name: &str| class.fields.iter().any(|field| field.name == name);
        // What changes is what is not held.
        let changes = |name: &str| class.kind == Kind::DataChange && ![NAME, CODE].contains(&name);
        for need in &class.missing {
            let of = |at: AtHand| AtHand { need: need.clone(), counts: at.counts || is_said, ..at };
            let asked = procedure.into_iter().flat_map(Procedure::asked);
            if need == ATTACHMENT {
                let required: Vec<&Document> = asked.filter(|document| document.required).collect();
                let found: Vec<AtHand> = required.iter().filter_map(|document| self.document(document)).collect();
                let all = !required.is_empty() && found.len() == required.len();
                let all_count = all && found.iter().all(|at| at.counts || is_said);
                held.extend(found.into_iter().map(|at| AtHand { counts: all_count, ..of(at) }));
                continue;
            }
            let name = application::named_by(need).unwrap_or(need);
            let document = asked.filter(|document| document.name == *need).find_map(|document| self.document(document));
            // What is written and wrong is asked for: nobody knows what was meant.
            let datum = || if wrong(name) || changes(name) { None } else { self.datum(name) };
            held.extend(document.or_else(datum).map(of));
        }
        class.missing.retain(|need| !held.iter().any(|at| at.counts && at.need == *need));
        class.held = held;
        let counted: Vec<String> =
            class.held.iter().filter(|at| at.counts).map(|at| application::title(&at.need)).collect();
        let text = format!("già agli atti di chi scrive, non si chiede: {}", counted.join(", "));
        (!counted.is_empty()).then(|| Reason::new("held-already", text))
    }

    /// For the office that works on it: what it need not ask, whoever may be told.
    pub(crate) fn facts(&self, class: &Classification) -> Vec<String> {
        let shown = |at: &AtHand| {
            let how = if at.counts { "conta come presente" } else { "chi scrive deve solo confermarlo" };
            format!("Già agli atti, {}: {}; {how}", application::title(&at.need), in_words(at))
        };
        class.held.iter().map(shown).chain(once::beside(self.documents, "")).collect()
    }
}

/// Where it is, in Italian.
pub(crate) fn in_words(at: &AtHand) -> String {
    let day = crate::calendar::long(at.since);
    match &at.dossier {
        Some(number) => format!("«{}», fascicolo {}, {day}", at.what, crate::dossier::check::shown(number)),
        None => format!("nel registro dal {day}"),
    }
}

/// Whether the writer says, in words of now, that what is held is still the right one.
fn is_still_right(message: &Content) -> bool {
    let own = Normal::of(&quote::split(&message.text).new).text().to_string();
    STILL_RIGHT.iter().any(|words| own.contains(words))
}

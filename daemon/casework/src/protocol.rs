//! The register of protocol (*registro di protocollo*, DPR 445/2000 artt. 53-57) and the emergency register (art. 63): what must be
//! registered, what a number is, and when an answer of whoever keeps that register may be believed.
//!
//! The numbers are given by the body's own system, never here. The one exception is the emergency register, which a person opens
//! while that system cannot be used: its numbers are ours, run on through the year, and are told to that system when it is back.

use crate::calendar::rome;
use crate::decision::Disposition;
use crate::refused::{self, NAME_BYTES_MAX, REASON_BYTES_MAX, Refused};
use crate::rules::Kind;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Largest number of a year: art. 57 wants seven digits at least, and a column of a table has ten.
pub const NUMBER_MAX: u32 = 999_999_999;
/// Numbers of one document that were annulled, at most: a second one is a mistake of a mistake.
pub const ANNULLED_MAX: usize = 8;
/// After this an emergency register needs the authority of a measure, for a week at most each (art. 63 c. 2), in hours.
pub const EMERGENCY_HOURS: i64 = 24;

/// Whether a message that came is registered (CAD art. 40-bis). Receipts belong to the registration of their letter; a message that
/// came twice is one; orders of our own offices, and the mail of machines, are the exceptions of art. 53 c. 5, as is advertising.
/// What is in quarantine is not known to be anything yet: a person says what it is, and has it registered.
#[must_use]
pub fn is_registered(disposition: &Disposition) -> bool {
    match disposition {
        Disposition::Request { kind, .. } => *kind != Kind::Spam,
        Disposition::Answered { .. } | Disposition::ToPerson { .. } => true,
        Disposition::Receipt { .. }
        | Disposition::Orphan { .. }
        | Disposition::Duplicate { .. }
        | Disposition::Noted { .. }
        | Disposition::Order { .. }
        | Disposition::Quarantine { .. } => false,
    }
}

/// The years in which a number may have been given that is cited without one or with one: the year, else this one and the last.
pub fn years(year: Option<i16>, now: Timestamp) -> impl Iterator<Item = i16> {
    let this = rome(now).year();
    let (first, second) = year.map_or((this, Some(this - 1)), |year| (year, None));
    core::iter::once(first).chain(second)
}

/// Which way a document went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flow {
    /// It came (*entrata*).
    E,
    /// It left (*uscita*).
    U,
}

impl Flow {
    /// In Italian.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::E => "entrata",
            Self::U => "uscita",
        }
    }
}

/// A number of a register and its day: both are of the act of registering, and never change (art. 53 c. 1 a, b).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// From 1, each year anew (art. 57).
    pub number: u32,
    /// The day, in Rome.
    pub on: Date,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:07}/{}", self.number, self.on.year())
    }
}

/// What is known of the registration of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Which way it went.
    pub flow: Flow,
    /// When it came; when our provider took it.
    pub at: Timestamp,
    /// Journal line from which on it waits.
    pub seq: u64,
    /// Its dossier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<String>,
    /// For a letter of ours, the item of the outbox.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub item: String,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Number>,
    /// Its number in the emergency register: it stays beside the other (art. 63 c. 5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Number>,
    /// Numbers that were annulled (art. 54), the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annulled: Vec<Number>,
}

impl Registration {
    /// Of a document that waits for its number.
    #[must_use]
    pub fn waiting(flow: Flow, at: Timestamp, seq: u64) -> Self {
        Self { flow, at, seq, dossier: None, item: String::new(), number: None, emergency: None, annulled: Vec::new() }
    }

    /// What a line of the journal changes of it.
    pub fn apply(&mut self, document: &str, fact: &Fact) {
        match fact {
            Fact::Numbered { number, .. } => self.number = Some(*number),
            Fact::Annulled { .. } => self.annulled.extend(self.number.take()),
            Fact::EmergencyNumbered { documents, first } => {
                let mut numbers = documents.iter().zip(first.number..);
                let own = numbers.find(|(of, _)| *of == document).map(|(_, n)| Number { number: n, ..*first });
                self.emergency = own.or(self.emergency);
            }
            Fact::Began | Fact::Ended | Fact::Asked { .. } => {}
            Fact::EmergencyOpened(_) | Fact::EmergencyClosed { .. } => {}
        }
    }

    /// As people read it; empty: it has no number yet.
    #[must_use]
    pub fn shown(&self) -> String {
        match (self.number, self.emergency) {
            (Some(number), _) => number.to_string(),
            (None, Some(number)) => format!("{number} del registro di emergenza"),
            (None, None) => String::new(),
        }
    }
}

/// The emergency register, while it is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    /// Since when (art. 63 c. 1).
    pub since: Timestamp,
    /// Who opened it.
    pub by: String,
    /// The cause, and the measure that allows it where there is one.
    pub why: String,
}

/// How the registering stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What comes and goes is registered.
    pub is_on: bool,
    /// The emergency register is open.
    #[serde(default)]
    pub emergency: Option<Emergency>,
    /// The last number of the emergency register, and its year: they run on through later interruptions (art. 63 c. 4).
    #[serde(default)]
    pub last: Option<(i16, u32)>,
    /// When a number came last.
    #[serde(default)]
    pub answered: Option<Timestamp>,
}

impl Standing {
    /// The number that the next document gets in the emergency register.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Number {
        let on = rome(now).date();
        let number = self.last.filter(|(year, _)| *year == on.year()).map_or(1, |(_, last)| last.saturating_add(1));
        Number { number, on }
    }
}

/// What happened to the registering: a line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Fact {
    /// From here on what comes and goes is registered.
    Began,
    /// From here on it is not.
    Ended,
    /// These documents (digests) were handed to whoever keeps the register.
    Asked {
        /// Which.
        documents: Vec<String>,
    },
    /// A document has its number.
    Numbered {
        /// Which.
        document: String,
        /// The number.
        number: Number,
        /// Who says so.
        by: String,
    },
    /// The number of a document was annulled where it was given (art. 54): it is no other's, and the document waits for a new one.
    Annulled {
        /// Which.
        document: String,
        /// Who says so.
        by: String,
    },
    /// The emergency register was opened.
    EmergencyOpened(Emergency),
    /// These documents have numbers of the emergency register, one after the other.
    EmergencyNumbered {
        /// Which.
        documents: Vec<String>,
        /// That of the first.
        first: Number,
    },
    /// It was closed.
    EmergencyClosed {
        /// Who.
        by: String,
    },
}

impl Fact {
    /// The documents (digests) that it is about.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::Numbered { document, .. } | Self::Annulled { document, .. } => (Some(document.as_str()), &[][..]),
            Self::Asked { documents } | Self::EmergencyNumbered { documents, .. } => (None, documents.as_slice()),
            Self::Began | Self::Ended | Self::EmergencyOpened(_) | Self::EmergencyClosed { .. } => (None, &[][..]),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }
}

/// What a person, or the system that keeps the register, orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// A document has this number; or had it, and it is annulled.
    Number {
        /// Digest of the document, or its beginning.
        document: String,
        /// The number.
        number: Number,
        /// It is annulled.
        annulled: bool,
        /// Who says so.
        by: String,
    },
    /// The emergency register is to be opened.
    OpenEmergency {
        /// Who.
        by: String,
        /// The cause.
        why: String,
    },
    /// The emergency register is to be closed.
    CloseEmergency {
        /// Who.
        by: String,
    },
}

impl Order {
    /// The name of who orders it.
    pub fn by_mut(&mut self) -> &mut String {
        match self {
            Self::Number { by, .. } | Self::OpenEmergency { by, .. } | Self::CloseEmergency { by } => by,
        }
    }
    /// The name of who orders it.
    #[must_use]
    pub fn by(&self) -> &str {
        match self {
            Self::Number { by, .. } | Self::OpenEmergency { by, .. } | Self::CloseEmergency { by } => by,
        }
    }
}

/// Whether a document has this number. `holder`: the document (digest) that the register knows under it. What is written, or
/// nothing where it is known already; and what is said.
///
/// # Errors
/// Why the answer cannot be true.
pub fn numbered(
    document: &str,
    held: &Registration,
    holder: Option<&str>,
    order: (Number, bool, &str),
    now: Timestamp,
) -> Result<(Option<Fact>, String), Refused> {
    let (number, annulled, by) = order;
    let by = refused::filled(by, "il nome di chi lo dice", NAME_BYTES_MAX)?;
    let no = |text: String| Err(Refused::new("protocol-number", text));
    if !(1..=NUMBER_MAX).contains(&number.number) {
        return no(format!("{} non è un numero di protocollo", number.number));
    }
    let document = document.to_string();
    if annulled {
        return match held.number {
            Some(own) if own == number && held.annulled.len() < ANNULLED_MAX => {
                let said = format!("annullato il protocollo {number}: il documento aspetta un numero nuovo");
                Ok((Some(Fact::Annulled { document, by }), said))
            }
            Some(own) if own == number => {
                no(format!("ne sono stati annullati già {ANNULLED_MAX}: guarda il documento"))
            }
            _ if held.annulled.contains(&number) => Ok((None, format!("{number} era già annullato"))),
            _ => no(format!("il documento non ha il protocollo {number}: non si può annullare")),
        };
    }
    match held.number {
        Some(own) if own == number => return Ok((None, format!("ha già il protocollo {number}"))),
        // A number does not change (art. 53 c. 1): it is annulled, and another one given.
        Some(own) => return no(format!("ha già il protocollo {own} del {}: prima va annullato quello", own.on)),
        None => {}
    }
    if held.annulled.contains(&number) {
        return no(format!("il protocollo {number} di questo documento è annullato: non si dà un'altra volta"));
    }
    if let Some(other) = holder {
        let other = other.get(..12).unwrap_or(other);
        return no(format!("il protocollo {number} è già del documento {other}: un numero è di un documento solo"));
    }
    let came = rome(held.at).date();
    if number.on < came {
        return no(format!("la data {} viene prima del documento, che è del {came}", number.on));
    }
    let today = rome(now).date();
    if number.on > today {
        return no(format!("la data {} deve ancora venire", number.on));
    }
    Ok((Some(Fact::Numbered { document, number, by }), format!("protocollo {number}")))
}

/// Opens the emergency register.
///
/// # Errors
/// It is open; nothing is registered; no name, no cause.
pub fn open_emergency(standing: &Standing, by: &str, why: &str, now: Timestamp) -> Result<Fact, Refused> {
    let by = refused::filled(by, "il nome di chi lo apre", NAME_BYTES_MAX)?;
    let why = refused::filled(why, "la causa, che va scritta nel registro (DPR 445/2000 art. 63)", REASON_BYTES_MAX)?;
    if !standing.is_on {
        return Err(Refused::new("no-protocol", "manca `[protocollo]` nella configurazione: niente si protocolla"));
    }
    match &standing.emergency {
        Some(open) => {
            let text = format!("è già aperto, da {}: {}", crate::calendar::stamp(open.since), open.why);
            Err(Refused::new("emergency-open", text))
        }
        None => Ok(Fact::EmergencyOpened(Emergency { since: now, by, why })),
    }
}

/// Closes it.
///
/// # Errors
/// It is not open; no name.
pub fn close_emergency(standing: &Standing, by: &str) -> Result<Fact, Refused> {
    let by = refused::filled(by, "il nome di chi lo chiude", NAME_BYTES_MAX)?;
    match standing.emergency {
        Some(_) => Ok(Fact::EmergencyClosed { by }),
        None => Err(Refused::new("emergency-closed", "il registro di emergenza non è aperto")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use jiff::civil::date;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn waiting() -> Registration {
        Registration::waiting(Flow::E, at("2026-02-03T23:30:00Z"), 7) // 00:30 of the 4th, in Rome
    }

    fn number(n: u32, day: i8) -> Number {
        Number { number: n, on: date(2026, 2, day) }
    }

    fn says(held: &Registration, holder: Option<&str>, n: Number, annulled: bool) -> Result<String, String> {
        let answer = numbered("abc", held, holder, (n, annulled, "protocollo"), at("2026-02-05T09:00:00Z"));
        answer.map(|(fact, said)| format!("{}{said}", if fact.is_some() { "" } else { "= " })).map_err(|why| why.text)
    }

    #[test]
    fn a_number_is_of_one_document_and_does_not_change() {
        let mut held = waiting();
        assert_eq!(says(&held, None, number(4567, 4), false), Ok("protocollo 0004567/2026".into()));
        assert!(says(&held, Some("def"), number(4567, 4), false).unwrap_err().contains("è già del documento def"));
        assert!(says(&held, None, number(0, 4), false).unwrap_err().contains("non è un numero"));
        // The day is Rome's: the message came on the 4th.
        assert!(says(&held, None, number(4567, 3), false).unwrap_err().contains("viene prima del documento"));
        assert!(says(&held, None, number(4567, 6), false).unwrap_err().contains("deve ancora venire"));
        held.number = Some(number(4567, 4));
        assert_eq!(says(&held, Some("abc"), number(4567, 4), false), Ok("= ha già il protocollo 0004567/2026".into()));
        assert!(says(&held, None, number(4568, 4), false).unwrap_err().contains("prima va annullato"));
    }

    #[test]
    fn an_annulled_number_is_given_to_nobody_again() {
        let mut held = Registration { number: Some(number(4567, 4)), ..waiting() };
        assert!(says(&held, Some("abc"), number(4567, 4), true).unwrap().starts_with("annullato"));
        assert!(says(&held, None, number(9, 4), true).unwrap_err().contains("non ha il protocollo"));
        held = Registration { annulled: vec![number(4567, 4)], ..waiting() };
        assert!(says(&held, Some("abc"), number(4567, 4), false).unwrap_err().contains("è annullato"));
        assert_eq!(says(&held, None, number(4567, 4), true), Ok("= 0004567/2026 era già annullato".into()));
        assert_eq!(says(&held, None, number(4570, 5), false), Ok("protocollo 0004570/2026".into()));
    }

    #[test]
    fn the_emergency_register_runs_on_and_begins_anew_with_the_year() {
        let mut standing = Standing { is_on: true, ..Standing::default() };
        let night = at("2026-12-31T22:59:00Z");
        assert_eq!(standing.next(night).to_string(), "0000001/2026");
        standing.last = Some((2026, 12));
        assert_eq!(standing.next(night).to_string(), "0000013/2026");
        assert_eq!(standing.next(at("2026-12-31T23:00:00Z")).to_string(), "0000001/2027", "midnight is Rome's");
        let opened = open_emergency(&standing, "Ada Neri", "server fermo", night).unwrap();
        let Fact::EmergencyOpened(emergency) = opened else { panic!() };
        assert_eq!(close_emergency(&standing, "Ada Neri").unwrap_err().code, "emergency-closed");
        standing.emergency = Some(emergency);
        assert_eq!(open_emergency(&standing, "Ada Neri", "ancora", night).unwrap_err().code, "emergency-open");
        assert!(close_emergency(&standing, "Ada Neri").is_ok());
        assert_eq!(open_emergency(&Standing::default(), "Ada Neri", "x", night).unwrap_err().code, "no-protocol");
        standing.emergency = None;
        assert_eq!(open_emergency(&standing, "Ada Neri", " ", night).unwrap_err().code, "empty");
    }

    #[test]
    fn both_numbers_are_kept_and_the_lasting_one_is_shown() {
        let mut held = waiting();
        assert_eq!(held.shown(), "");
        held.emergency = Some(number(12, 4));
        assert_eq!(held.shown(), "0000012/2026 del registro di emergenza");
        held.number = Some(number(4567, 5));
        assert_eq!(held.shown(), "0004567/2026");
    }
}

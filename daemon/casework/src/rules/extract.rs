//! Extractors: values found in a message by a pattern, put in canonical form, and checked.

use super::checksum::{codice_fiscale_ok, iban_ok, partita_iva_ok};
use super::engine::Match;
use super::normal::Normal;
use super::outcome::{Field, FieldCheck};
use super::pattern::{Expression, Expressions, Spelled};
use super::phrase::Phrase;
use super::place::{DossierBrief, Place, World};
use super::view::View;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// Matches one extractor judges in one message; the first good one is taken, so more are never needed in earnest.
const CANDIDATES_MAX: usize = 16;
/// Longest value, in bytes; a longer match is no value.
const VALUE_BYTES_MAX: usize = 200;
/// Widest zero padding of `{numero:06}`.
const PAD_MAX: usize = 20;
/// How far before a value the words may stand that call it the new or the old one, in bytes.
const SAID_BEFORE_BYTES: usize = 80;

/// `[extract.ID]`.
#[derive(Debug)]
pub(super) struct Extractor {
    pub(super) places: Vec<Place>,
    pub(super) patterns: Vec<Expression>,
    pub(super) value: Template,
    pub(super) check: Option<Check>,
    /// What follows these words is the new value, what follows those the old one.
    pub(super) new_after: Vec<Phrase>,
    pub(super) old_after: Vec<Phrase>,
}

/// What must hold for a value to be usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    DossierExists,
    CodiceFiscale,
    Iban,
    PartitaIva,
    Date,
}

impl Check {
    pub(super) const ALL: [(&'static str, Check); 5] = [
        ("dossier-exists", Check::DossierExists),
        ("codice-fiscale", Check::CodiceFiscale),
        ("iban", Check::Iban),
        ("partita-iva", Check::PartitaIva),
        ("date", Check::Date),
    ];
}

/// The canonical form: `{anno}/{numero:06}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Group(String, Format),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    AsIs,
    Upper,
    Lower,
    /// Upper case, letters and digits only: `it60 x054 …` → `IT60X054…`.
    Compact,
    /// A number on this many digits.
    Padded(usize),
    /// The number of a month, also from its name: `3` and `marzo` → `03`.
    Month,
    /// An amount of money: `1.250,5` → `1250.50`.
    Amount,
    /// With this sign before it, or nothing at all.
    Optional(char),
}

impl Template {
    /// Reads `{group}`, `{group:upper}`, `{group:06}` and the others that [`Format::parse`] knows; the error is Italian.
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = written;
        while let Some((text, after)) = rest.split_once('{') {
            if !text.is_empty() {
                pieces.push(Piece::Text(text.to_owned()));
            }
            let (inside, after) = after.split_once('}').ok_or_else(|| format!("`{written}`: manca `}}`"))?;
            let (name, format) = inside.split_once(':').map_or((inside, None), |(name, format)| (name, Some(format)));
            pieces.push(Piece::Group(name.to_owned(), Format::parse(format)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The groups it needs.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Group(name, _) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    fn fill(&self, found: &Match<'_, '_>) -> String {
        let mut value = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => value.push_str(text),
                Piece::Group(name, format) => value.push_str(&format.apply(found.group(name))),
            }
        }
        value
    }
}

impl Format {
    fn parse(written: Option<&str>) -> Result<Self, String> {
        match written {
            None => Ok(Format::AsIs),
            Some("upper") => Ok(Format::Upper),
            Some("lower") => Ok(Format::Lower),
            Some("compact") => Ok(Format::Compact),
            Some("month") => Ok(Format::Month),
            Some("amount") => Ok(Format::Amount),
            Some(other) => {
                if let Some(sign) = other.strip_prefix('?').and_then(|sign| sign.chars().next()) {
                    return Ok(Format::Optional(sign));
                }
                let width = other
                    .strip_prefix('0')
                    .and_then(|digits| digits.parse().ok())
                    .filter(|n| (1..=PAD_MAX).contains(n));
                width.map(Format::Padded).ok_or_else(|| {
                    format!("formato sconosciuto `{other}` (valori noti: upper, lower, compact, month, amount, ?/ per mettere `/` solo se c'è, e 06 per sei cifre, fino a 0{PAD_MAX})")
                })
            }
        }
    }

    fn apply(self, text: &str) -> String {
        match self {
            Format::AsIs => text.trim().to_owned(),
            Format::Upper => text.trim().to_uppercase(),
            Format::Lower => text.trim().to_lowercase(),
            Format::Compact => text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect(),
            // `0000123` and `123` are the same number.
            Format::Padded(width) => format!("{:0>width$}", text.trim().trim_start_matches('0')),
            Format::Month => {
                let number = text.trim().parse().ok().or_else(|| crate::reference::month(text.trim()));
                number.map_or_else(String::new, |month: u8| format!("{month:02}"))
            }
            Format::Amount => amount(text),
            Format::Optional(_) if text.trim().is_empty() => String::new(),
            Format::Optional(sign) => format!("{sign}{}", text.trim()),
        }
    }
}

/// What an extractor found: the field, and the dossier if that is what it names.
pub(super) struct Found {
    pub(super) field: Field,
    pub(super) dossier: Option<DossierBrief>,
}

impl Extractor {
    /// The first value that passes the check, in the order of the places and of the patterns; if none does, the first
    /// value with the reason why it is not usable, so that the reply can name it. A value that the text calls the old one is
    /// kept beside the new one, and never taken for it.
    pub(super) fn run(
        &self,
        name: &str,
        expressions: &Expressions,
        view: &View<'_>,
        spelled: &mut Spelled,
        world: &dyn World,
    ) -> Option<Found> {
        let (mut good, mut first, mut old): (Option<Found>, Option<Found>, Option<String>) = (None, None, None);
        let mut left = CANDIDATES_MAX;
        let values = view.values(&self.places);
        'all: for (value, pattern) in values.flat_map(|value| self.patterns.iter().map(move |pattern| (value, pattern)))
        {
            let (place, _, text) = value;
            for found in expressions.matches(pattern, value, spelled) {
                let is_old = self.is_old(text, found.start);
                if let Some(found) = self.read(name, place, &found, world) {
                    let is_good = !matches!(found.field.check, FieldCheck::Failed(_));
                    if is_old {
                        old.get_or_insert(found.field.value);
                    } else if is_good {
                        good.get_or_insert(found);
                    } else {
                        first.get_or_insert(found);
                    }
                }
                left -= 1;
                if left == 0 || (good.is_some() && (old.is_some() || self.old_after.is_empty())) {
                    break 'all;
                }
            }
        }
        let mut found = good.or(first)?;
        found.field.old = old.filter(|old| *old != found.field.value);
        Some(found)
    }

    /// Whether the last words before a value that say which it is call it the old one.
    fn is_old(&self, text: &str, start: usize) -> bool {
        if self.old_after.is_empty() {
            return false;
        }
        let from = text.floor_char_boundary(start.saturating_sub(SAID_BEFORE_BYTES));
        let before = Normal::of(text.get(from..start).unwrap_or_default());
        let last = |phrases: &[Phrase]| {
            let ends = phrases.iter().filter_map(|phrase| phrase.last_end(&before));
            ends.max()
        };
        last(&self.old_after) > last(&self.new_after)
    }

    fn read(&self, name: &str, place: Place, found: &Match<'_, '_>, world: &dyn World) -> Option<Found> {
        let value = self.value.fill(found);
        if value.is_empty() || value.len() > VALUE_BYTES_MAX || found.whole.len() > VALUE_BYTES_MAX {
            return None;
        }
        let (check, dossier) = self.judge(&value, world);
        let field = Field { name: name.to_owned(), value, place, matched: found.whole.to_owned(), check, old: None };
        Some(Found { field, dossier })
    }

    fn judge(&self, value: &str, world: &dyn World) -> (FieldCheck, Option<DossierBrief>) {
        let failed = |why: &str| FieldCheck::Failed(why.to_owned());
        match self.check {
            None => (FieldCheck::None, None),
            Some(Check::CodiceFiscale) if codice_fiscale_ok(value) => (FieldCheck::Ok, None),
            Some(Check::CodiceFiscale) => (failed("il carattere di controllo non corrisponde"), None),
            Some(Check::Iban) if iban_ok(value) => (FieldCheck::Ok, None),
            Some(Check::Iban) => (failed("le cifre di controllo non corrispondono"), None),
            Some(Check::PartitaIva) if partita_iva_ok(value) => (FieldCheck::Ok, None),
            Some(Check::PartitaIva) => (failed("la cifra di controllo non corrisponde"), None),
            Some(Check::Date) if value.parse::<Date>().is_ok() => (FieldCheck::Ok, None),
            Some(Check::Date) => (failed("questo giorno nel calendario non c'è"), None),
            Some(Check::DossierExists) => match world.dossier(value) {
                Some(dossier) => (FieldCheck::Ok, Some(dossier)),
                None => (failed("nessun fascicolo con questo numero"), None),
            },
        }
    }
}

/// Euro with a point and two decimals; nothing when it is no amount.
fn amount(text: &str) -> String {
    let text: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, ',' | '.')).collect();
    // The last comma, or a point before two digits at the end, is the decimal one; every other sign groups thousands.
    let decimal = text.rfind(',').or_else(|| text.rfind('.').filter(|at| text.len() - at == 3));
    let (whole, cents) = decimal.map_or((text.as_str(), ""), |at| (&text[..at], &text[at + 1..]));
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    if whole.is_empty() || cents.len() > 2 {
        return String::new();
    }
    format!("{}.{cents:0<2}", whole.trim_start_matches('0').parse::<u64>().unwrap_or_default())
}

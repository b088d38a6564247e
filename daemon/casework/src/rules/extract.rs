//! Extractors: values found in a message by a pattern, put in canonical form, and checked.

use super::checksum::{codice_fiscale_ok, iban_ok};
use super::outcome::{Field, FieldCheck};
use super::pattern::{Match, Pattern};
use super::place::{DossierBrief, Place, World};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Matches one extractor judges in one message; the first good one is taken, so more are never needed in earnest.
const CANDIDATES_MAX: usize = 16;
/// Longest value, in bytes; a longer match is no value.
const VALUE_BYTES_MAX: usize = 200;
/// Widest zero padding of `{numero:06}`.
const PAD_MAX: usize = 20;

/// `[extract.ID]`.
#[derive(Debug)]
pub(super) struct Extractor {
    pub(super) places: Vec<Place>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) value: Template,
    pub(super) check: Option<Check>,
}

/// What must hold for a value to be usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    DossierExists,
    CodiceFiscale,
    Iban,
}

impl Check {
    pub(super) const ALL: [(&'static str, Check); 3] =
        [("dossier-exists", Check::DossierExists), ("codice-fiscale", Check::CodiceFiscale), ("iban", Check::Iban)];
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
}

impl Template {
    /// Reads `{group}`, `{group:upper}`, `{group:lower}`, `{group:compact}`, `{group:06}`; the error is Italian.
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

    fn fill(&self, found: &Match<'_>) -> String {
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
            Some(other) => {
                let width = other
                    .strip_prefix('0')
                    .and_then(|digits| digits.parse().ok())
                    .filter(|n| (1..=PAD_MAX).contains(n));
                width.map(Format::Padded).ok_or_else(|| {
                    format!("formato sconosciuto `{other}` (valori noti: upper, lower, compact, e 06 per sei cifre, fino a 0{PAD_MAX})")
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
    /// value with the reason why it is not usable, so that the reply can name it.
    pub(super) fn run<'t>(
        &self,
        name: &str,
        texts: impl Fn(Place) -> &'t [&'t str],
        world: &dyn World,
    ) -> Option<Found> {
        let mut first = None;
        let mut tried = 0;
        for place in &self.places {
            for text in texts(*place) {
                for found in self.patterns.iter().flat_map(|pattern| pattern.matches(text)) {
                    tried += 1;
                    if tried > CANDIDATES_MAX {
                        return first;
                    }
                    let Some(found) = self.read(name, *place, &found, world) else {
                        continue;
                    };
                    if !matches!(found.field.check, FieldCheck::Failed(_)) {
                        return Some(found);
                    }
                    first.get_or_insert(found);
                }
            }
        }
        first
    }

    fn read(&self, name: &str, place: Place, found: &Match<'_>, world: &dyn World) -> Option<Found> {
        let value = self.value.fill(found);
        if value.is_empty() || value.len() > VALUE_BYTES_MAX || found.whole().len() > VALUE_BYTES_MAX {
            return None;
        }
        let (check, dossier) = self.judge(&value, world);
        let field = Field { name: name.to_owned(), value, place, matched: found.whole().to_owned(), check };
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
            Some(Check::DossierExists) => match world.dossier(value) {
                Some(dossier) => (FieldCheck::Ok, Some(dossier)),
                None => (failed("nessun fascicolo con questo numero"), None),
            },
        }
    }
}

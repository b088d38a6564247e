//! References to dossiers and acts, as people write them: changes when an office's way of numbering is to be understood.
//!
//! Numbers first: each number of a text is read with its series, year or date (`number`), then what stands to its left says
//! what it counts (`context`): a dossier of ours, the writer's own protocol, a law, an invoice, a telephone. Only the first
//! kind is a reference. Linear in the text; nothing here knows the register: a reference is a candidate until somebody who
//! knows the dossiers and their parties says otherwise (rules.md §7 C6).

mod context;
mod nouns;
mod number;
mod resolve;
mod tokens;

pub(crate) use number::month;
pub use resolve::Register;

use crate::rules::Place;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use serde::{Deserialize, Serialize};

/// References taken from one value of a place; a list of more is a register, not a letter.
pub const REFERENCES_MAX: usize = 50;

/// What a number counts. The code is the wire name in canonical forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The words are the offices' own.
pub enum RefKind {
    Pratica,
    Prot,
    Fasc,
    Suap,
    Token,
    Procedimento,
    Istanza,
    Domanda,
    Verbale,
    Avviso,
    Cartella,
    Determina,
    Delibera,
    Ordinanza,
    Permesso,
    Concessione,
    Autorizzazione,
    Licenza,
    Scia,
    Cila,
    Bando,
    Segnalazione,
    Contratto,
    Mandato,
    Atto,
    Contrassegno,
    Sinistro,
}

impl RefKind {
    /// Every kind, with the fact by which a rule may ask for it.
    pub const ALL: [(RefKind, &'static str); 27] = [
        (Self::Pratica, "reference:pratica"),
        (Self::Prot, "reference:prot"),
        (Self::Fasc, "reference:fasc"),
        (Self::Suap, "reference:suap"),
        (Self::Token, "reference:token"),
        (Self::Procedimento, "reference:procedimento"),
        (Self::Istanza, "reference:istanza"),
        (Self::Domanda, "reference:domanda"),
        (Self::Verbale, "reference:verbale"),
        (Self::Avviso, "reference:avviso"),
        (Self::Cartella, "reference:cartella"),
        (Self::Determina, "reference:determina"),
        (Self::Delibera, "reference:delibera"),
        (Self::Ordinanza, "reference:ordinanza"),
        (Self::Permesso, "reference:permesso"),
        (Self::Concessione, "reference:concessione"),
        (Self::Autorizzazione, "reference:autorizzazione"),
        (Self::Licenza, "reference:licenza"),
        (Self::Scia, "reference:scia"),
        (Self::Cila, "reference:cila"),
        (Self::Bando, "reference:bando"),
        (Self::Segnalazione, "reference:segnalazione"),
        (Self::Contratto, "reference:contratto"),
        (Self::Mandato, "reference:mandato"),
        (Self::Atto, "reference:atto"),
        (Self::Contrassegno, "reference:contrassegno"),
        (Self::Sinistro, "reference:sinistro"),
    ];

    /// The fact by which a rule may ask for it: `reference:verbale`.
    #[must_use]
    pub fn fact(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("reference", |(_, fact)| fact)
    }

    /// Wire name.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.fact().trim_start_matches("reference:")
    }
}

/// One reference found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The exact text, from the noun to the end of the number.
    pub raw: String,
    /// Where.
    pub place: Place,
    /// Which value, from 0, of a place that has many.
    #[serde(default)]
    pub item: usize,
    /// First byte in that value.
    pub start: usize,
    /// What it counts; for a number without a noun the default, [`RefKind::Pratica`].
    pub kind: RefKind,
    /// Letters before or after the number, upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// The number without leading zeros and dots; for a SUAP code, the whole code.
    pub number: String,
    /// The year, in four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// The date that stands in place of a year, `MM-GG`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// No noun says what it counts: only a dossier of the sender's makes it one.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub bare: bool,
    /// Check letters that are not those of its number (`2026/000132-MK`): it names nothing.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub slip: bool,
}

impl Reference {
    /// `kind:[SERIES/]NUMBER[/YEAR[-MM-DD]]`.
    #[must_use]
    pub fn canonical(&self) -> String {
        let series = self.series.as_ref().map_or(String::new(), |series| format!("{series}/"));
        let year = match (self.year, &self.day) {
            (Some(year), Some(day)) => format!("/{year:04}-{day}"),
            (Some(year), None) => format!("/{year:04}"),
            (None, _) => String::new(),
        };
        format!("{}:{series}{}{year}", self.kind.code(), self.number)
    }

    /// The dossier number to which wrong check letters were added: what somebody has written, and not what is meant.
    pub(crate) fn slipped(&self) -> Option<String> {
        let ordinal = self.number.parse().ok().filter(|_| self.slip)?;
        Some(crate::dossier::number(self.year?, ordinal))
    }

    /// A protocol number of ours, and its year if it says one, if this can be one.
    #[must_use]
    pub fn protocol(&self) -> Option<(u32, Option<i16>)> {
        let number = self.number.parse().ok().filter(|_| self.kind == RefKind::Prot && self.series.is_none())?;
        Some((number, self.year))
    }

    /// Our own dossier number (`AAAA/NNNNNN`), if this can be one.
    #[must_use]
    pub fn dossier_number(&self) -> Option<String> {
        let is_dossier = matches!(
            self.kind,
            RefKind::Token
                | RefKind::Fasc
                | RefKind::Pratica
                | RefKind::Procedimento
                | RefKind::Istanza
                | RefKind::Domanda
        );
        let ordinal: u32 = self.number.parse().ok()?;
        (is_dossier && !self.slip && self.series.is_none() && self.day.is_none()).then_some(())?;
        Some(crate::dossier::number(self.year?, ordinal))
    }
}

/// Every reference of one text, first to last.
#[must_use]
pub fn find(text: &str, place: Place, item: usize) -> Vec<Reference> {
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let tokens = tokens::split(text);
    let mut found: Vec<Reference> = Vec::new();
    let mut at = 0;
    let mut before: Option<(usize, RefKind)> = None; // where the last reference ended, and its kind: «nn. 12/2026 e 13/2026»
    while at < tokens.len() && found.len() < REFERENCES_MAX {
        let Some(number) = number::read(text, &tokens, at) else {
            at += 1;
            continue;
        };
        let (start, end) = (number.tokens.start, number.tokens.end);
        at = end.max(at + 1);
        let Some(number) = number.value else { continue };
        let listed = before.and_then(|before| context::listed(text, &tokens, before, start, &number));
        let noun = listed.or_else(|| context::noun(text, &tokens, start, &number));
        let Some(noun) = noun else { continue };
        let whole =
            tokens.get(noun.start).map_or(0, |t| t.at.start)..tokens.get(end.saturating_sub(1)).map_or(0, |t| t.at.end);
        let whole = closing_bracket(text, noun.kind, whole);
        let Some(raw) = text.get(whole.clone()) else { continue };
        before = Some((end, noun.kind));
        found.push(Reference {
            raw: raw.into(),
            place,
            item,
            start: whole.start,
            kind: if number.is_suap { RefKind::Suap } else { noun.kind },
            series: number.series.or(noun.series),
            number: number.number,
            year: number.year,
            day: number.day,
            bare: noun.bare,
            slip: number.slip,
        });
    }
    found
}

/// Our reply token is the bracket with its content.
fn closing_bracket(text: &str, kind: RefKind, whole: Range<usize>) -> Range<usize> {
    let rest = text.get(whole.end..).unwrap_or_default();
    if kind == RefKind::Token && rest.starts_with(']') { whole.start..whole.end + 1 } else { whole }
}

#[cfg(test)]
#[path = "reference/reference_tests.rs"]
mod tests;

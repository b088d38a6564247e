//! What can be asked of a person's record: where to write, what is held and by whom, who acts. It changes with the questions.

use super::{Datum, Domicile, Mandate, Over, Person, Scope, Strength};
use crate::address;
use crate::dossier::Dossier;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;

/// One field, with all that is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<'a> {
    /// The field.
    pub field: &'a str,
    /// What each source says, the one that goes before first.
    pub by: Vec<Holding<'a>>,
    /// The sources do not agree: it is shown, and no value is taken for the true one.
    pub conflict: bool,
}

/// What one source says, and how old that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding<'a> {
    /// What it says.
    pub datum: &'a Datum,
    /// Its place in the order of the sources, from 0; `None` when the order does not name it.
    pub rank: Option<usize>,
    /// Whole days since it said so.
    pub days: i64,
}

impl Person {
    /// The domiciles that hold, strongest first; of one strength, the newest first.
    #[must_use]
    pub fn domiciles_at(&self, at: Timestamp) -> Vec<&Domicile> {
        let mut holding: Vec<&Domicile> = self.domiciles.iter().filter(|d| d.holds(at)).collect();
        holding.sort_by_key(|d| (core::cmp::Reverse(d.source.strength()), core::cmp::Reverse(d.since)));
        holding
    }

    /// How strong an address is for this person; `None` when it is no domicile of theirs.
    #[must_use]
    pub fn strength_of(&self, who: &str, at: Timestamp) -> Option<Strength> {
        let held = self.domiciles.iter().filter(|d| d.holds(at) && address::same(&d.address, who));
        held.map(|d| d.source.strength()).max()
    }

    /// The domicile to which personal data may go: listed, else enabled (law.md §6).
    #[must_use]
    pub fn safe_domicile(&self, at: Timestamp) -> Option<&Domicile> {
        self.domiciles_at(at).into_iter().find(|d| d.source.strength() >= Strength::Enabled)
    }

    /// Where letters about a dossier go: to the domicile in an index, the only one by law (CAD art. 3-bis c. 4); else to the
    /// address that was elected for this dossier by writing from it (art. 65 c. 1 c-bis); else to what the person has here.
    #[must_use]
    pub fn write_to<'a>(&'a self, dossier: &'a Dossier, at: Timestamp) -> Option<&'a str> {
        let own = self.domiciles_at(at);
        let first = dossier.parties.first().map(alloc::string::String::as_str);
        // Who has several wrote from one of them, and is answered there.
        let wrote_from = first.and_then(|first| own.iter().find(|d| address::same(&d.address, first)));
        let listed = own.iter().find(|d| d.source.strength() == Strength::Listed);
        match (wrote_from, listed) {
            (Some(d), None) => Some(&d.address),
            (Some(d), Some(_)) if d.source.strength() == Strength::Listed => Some(&d.address),
            (_, Some(listed)) => Some(&listed.address),
            (None, None) => first.or_else(|| own.first().map(|d| d.address.as_str())),
        }
    }

    /// What is held of a field. `order` names the sources that go before, the first one first.
    #[must_use]
    pub fn held<'a>(&'a self, field: &str, order: &[&str], at: Timestamp) -> Option<Held<'a>> {
        let (field, data) = self.data.get_key_value(field)?;
        let mut by: Vec<Holding<'a>> = data
            .iter()
            .map(|datum| Holding {
                datum,
                rank: order.iter().position(|source| *source == datum.source),
                days: at.duration_since(datum.at).as_hours() / 24,
            })
            .collect();
        by.sort_by_key(|h| (h.rank.unwrap_or(usize::MAX), core::cmp::Reverse(h.datum.at)));
        let conflict = by.iter().any(|h| by.first().is_some_and(|first| first.datum.value != h.datum.value));
        Some(Held { field, by, conflict })
    }

    /// The fields on which sources disagree.
    #[must_use]
    pub fn conflicts<'a>(&'a self, order: &[&str], at: Timestamp) -> Vec<Held<'a>> {
        self.data.keys().filter_map(|field| self.held(field, order, at)).filter(|held| held.conflict).collect()
    }

    /// What one source says of a field.
    #[must_use]
    pub fn datum(&self, field: &str, source: &str) -> Option<&Datum> {
        self.data.get(field)?.iter().find(|datum| datum.source == source)
    }

    /// The scopes of the grants that hold.
    #[must_use]
    pub fn scopes(&self, today: Date) -> Vec<&Scope> {
        self.grants.iter().filter(|grant| grant.holds(today)).map(|grant| &grant.scope).collect()
    }

    /// The mandates that this person has given to another, the widest and longest first.
    #[must_use]
    pub fn mandates_of(&self, delegate: &str) -> Vec<&Mandate> {
        let mut given: Vec<&Mandate> = self.mandates.iter().filter(|m| m.delegate == delegate).collect();
        given.sort_by_key(|m| (m.over != Over::All, core::cmp::Reverse(m.until)));
        given
    }

    /// Whether a code is this person's.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.codice_fiscale.as_deref() == Some(code) || self.partita_iva.as_deref() == Some(code) || self.id == code
    }
}

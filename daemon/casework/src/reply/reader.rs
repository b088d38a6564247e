//! Who a letter is written to, and which file is written for whom: `presa-in-carico.ente.hbs` (functions S4.07). It changes when a
//! kind of reader gets letters of its own.
//!
//! It is the same letter, with the same facts and the same words that the law wants: only its tone is another. So it is chosen when
//! it is written, and everything else knows it by its one name.

use crate::dossier::{Dossier, PartyRole};
use crate::rules::{self, Rulebook};
use crate::{address, nearest};
use alloc::format;
use alloc::string::String;

/// Whom a letter is written to, as far as the address, and the part in the dossier, tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Another body of the administration (CAD art. 47).
    Body,
    /// A member of a professional order.
    Professional,
    /// Whoever acts for another in this dossier.
    Delegate,
    /// A company.
    Business,
}

impl Kind {
    /// All of them: who is several of them is the first.
    pub const ALL: [Self; 4] = [Self::Body, Self::Professional, Self::Delegate, Self::Business];

    /// The word in the name of a file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Body => "ente",
            Self::Professional => "professionista",
            Self::Delegate => "delegato",
            Self::Business => "impresa",
        }
    }

    /// For administrators.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Body => "a un altro ente pubblico",
            Self::Professional => "a un professionista",
            Self::Delegate => "a chi agisce per un altro",
            Self::Business => "a un'impresa",
        }
    }

    /// For whom a template is written, by its name.
    #[must_use]
    pub fn of_template(name: &str) -> Option<Self> {
        let (_, last) = name.rsplit_once('.')?;
        Self::ALL.into_iter().find(|kind| kind.word() == last)
    }

    /// Who has this address, in this dossier. None: anybody.
    pub(crate) fn of_reader(to: &str, case: Option<&Dossier>, book: &Rulebook) -> Option<Self> {
        let by_address = match rules::kind_of_sender(book, to) {
            "public_body" => Some(Self::Body),
            "professional" => Some(Self::Professional),
            "business" => Some(Self::Business),
            _ => None,
        };
        let parties = || case.into_iter().flat_map(|case| &case.cover.people);
        let is_delegate = parties().any(|party| party.role == PartyRole::Delegate && address::same(&party.address, to));
        [by_address, is_delegate.then_some(Self::Delegate)].into_iter().flatten().min()
    }
}

/// A slip of the pen in the word of a kind: such a file would be written to nobody, and nobody would notice.
pub(super) fn slip(name: &str) -> Option<String> {
    let (_, last) = name.rsplit_once('.')?;
    let known = Kind::ALL.map(Kind::word);
    let near = nearest::nearest(last, &known).filter(|near| *near != last)?;
    Some(format!(
        "`.{last}` non è un tipo di chi legge: forse `.{near}`? I tipi sono {}. Se è il nome di una tua variante, scegline uno meno simile",
        known.join(", ")
    ))
}

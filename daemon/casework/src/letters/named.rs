//! The number of a dossier as a citizen has written it. It changes when a number that names nothing is told in other words.

use super::words;
use crate::dossier::check;
use crate::language::Language;
use crate::reference::Reference;
use crate::rules::Classification;
use alloc::format;
use alloc::string::String;

/// The number of a dossier, or what was written in its place: to be compared with the writer's own.
pub(super) fn number(reference: &Reference) -> String {
    match reference.dossier_number() {
        Some(number) => number,
        None if reference.slip => check::in_one_form(&reference.raw),
        None => reference.number.clone(),
    }
}

/// What was written, when it could not be used. Of a slip of the pen that is said, whatever the register holds.
pub(super) fn shown(class: &Classification, language: Language) -> String {
    let named = class.citations.iter().find(|cited| cited.dossier.is_none());
    match named.map(|cited| &cited.reference) {
        None => String::from(words::NO_NUMBER.in_language(language)),
        Some(cited) if cited.slip => format!("{} ({})", cited.raw, words::SLIP.in_language(language)),
        Some(cited) => cited.raw.clone(),
    }
}

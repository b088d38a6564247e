//! Once only: what whoever is asked has given already is not asked again without a word (L. 241/1990 art. 18 c. 2; functions S2.13).
//! It changes when something else counts as held, or as the same thing.
//!
//! A machine compares names, and a name may deceive: so it stops an order and says where to look, and a person who still needs the
//! thing says why. That is written down, and the citizen reads it.

use crate::calendar::{long, rome};
use crate::data_change::fields;
use crate::dossier::{Dossier, PartyRole, check};
use crate::person::Person;
use crate::rules::normal::Normal;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::Timestamp;

/// Things already held that one answer names: an office looks at some, nobody reads fifty.
const NAMED_MAX: usize = 8;
/// The stem of «indirizzo»: of residence, of mail, of a place; it names none of them.
const ADDRESS: &str = "indirizz";
/// The stem of «residenza»: other things are of a residence too.
const RESIDENCE: &str = "residenz";
/// Fewest letters of a word that tells one document from another.
const LETTERS_MIN: usize = 3;

/// Words that stand in the name of any document, or between the words of one, as [`stems`] leaves them.
const EVERYWHERE: &[&str] = &[
    "all",
    "agl",
    "anch",
    "allegat",
    "att",
    "che",
    "con",
    "copi",
    "cors",
    "cui",
    "dal",
    "dall",
    "dei",
    "del",
    "dell",
    "degl",
    "doc",
    "docx",
    "document",
    "domand",
    "fil",
    "firmat",
    "fot",
    "gli",
    "img",
    "integral",
    "istanz",
    "jpeg",
    "jpg",
    "leggibil",
    "modul",
    "nell",
    "non",
    "nuov",
    "original",
    "pdf",
    "pec",
    "per",
    "png",
    "pratic",
    "richiest",
    "scan",
    "scansion",
    "scannerizzat",
    "sua",
    "suo",
    "sul",
    "sull",
    "una",
    "valid",
    "validit",
];

/// Something that whoever is asked has given, and that is in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its name: of the file as its author gave it, or of what an office had asked for and was given.
    pub name: String,
    /// The dossier in which it is.
    pub dossier: String,
    /// Since when.
    pub at: Timestamp,
}

/// Something asked that is held, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Again {
    /// Which of the points, from 0.
    pub(super) point: usize,
    /// What is held, and where.
    pub(super) what: String,
}

/// Whether what a party gives counts as given by who asks: not what a delegate brought for others, nor what an intervener said.
#[must_use]
pub fn gives(role: PartyRole) -> bool {
    matches!(role, PartyRole::Applicant | PartyRole::Beneficiary | PartyRole::Addressee)
}

/// A document that is held, in words.
#[must_use]
pub fn in_words(held: &Held) -> String {
    format!("«{}», fascicolo {}, {}", held.name, check::shown(&held.dossier), long(rome(held.at).date()))
}

/// Which points ask for something that the archive or the register holds.
pub(super) fn again(points: &[String], held: &[Held], dossier: &Dossier, people: &[Person]) -> Vec<Again> {
    let own: Vec<&Person> = people
        .iter()
        .filter(|person| dossier.cover.people.iter().any(|party| party.person == person.id && gives(party.role)))
        .collect();
    let names = names(&own);
    let data: Vec<(BTreeSet<String>, String)> = own.iter().flat_map(|person| of_person(person)).collect();
    let mut found = Vec::new();
    for (point, text) in points.iter().enumerate() {
        let asked = telling(text, &names);
        let documents = documents(text, held, &names).map(in_words);
        let data = data.iter().filter(|(words, _)| is_of(words, &asked)).map(|(_, what)| what.clone());
        found.extend(documents.chain(data).map(|what| Again { point, what }));
    }
    found
}

/// Everybody's files bear their own name: it tells no document from another.
pub(crate) fn names(own: &[&Person]) -> BTreeSet<String> {
    own.iter().flat_map(|person| &person.names).flat_map(|name| stems(name)).collect()
}

/// The words that tell one document from another.
fn telling(text: &str, names: &BTreeSet<String>) -> BTreeSet<String> {
    stems(text).filter(|stem| !names.contains(stem) && !EVERYWHERE.contains(&stem.as_str())).collect()
}

/// The documents that are held of those that such a text asks for. `names`: see [`names`].
pub(crate) fn documents<'h>(text: &str, held: &'h [Held], names: &BTreeSet<String>) -> impl Iterator<Item = &'h Held> {
    let asked = telling(text, names);
    held.iter().filter(move |held| is_same(&asked, &telling(stem_of_file(&held.name), names)))
}

/// What is said of it to who ordered.
pub(super) fn told(again: &[Again], points: &[String]) -> String {
    let named: Vec<String> = again
        .iter()
        .take(NAMED_MAX)
        .map(|one| format!("«{}»: {}", points.get(one.point).map_or("", String::as_str), one.what))
        .collect();
    let more = again.len().saturating_sub(NAMED_MAX);
    let more = if more == 0 { String::new() } else { format!("; e altri {more}") };
    format!("{}{more}", named.join("; "))
}

/// What whoever takes a dossier in hand need not ask: given in others. None: nothing.
pub(crate) fn beside(held: &[Held], own: &str) -> Option<String> {
    let mut elsewhere = held.iter().filter(|held| held.dossier != own);
    let named: Vec<String> = elsewhere.by_ref().take(NAMED_MAX).map(in_words).collect();
    let more = match elsewhere.count() {
        0 => String::new(),
        more => format!("; e altri {more}"),
    };
    let text = format!("Già agli atti della stessa persona, da non chiedere di nuovo: {}{more}", named.join("; "));
    (!named.is_empty()).then_some(text)
}

/// One is named within the other: «Contratto di affitto registrato» and `contratto-affitto.pdf`.
fn is_same(asked: &BTreeSet<String>, held: &BTreeSet<String>) -> bool {
    !asked.is_empty() && !held.is_empty() && (asked.is_subset(held) || held.is_subset(asked))
}

/// A datum of the register is asked for by its name alone, or with a word before it: «Certificato di residenza». A name of one
/// word, as Iban or Targa, means nothing else wherever it stands.
fn is_of(datum: &BTreeSet<String>, asked: &BTreeSet<String>) -> bool {
    let is_named = !datum.is_empty() && datum.is_subset(asked);
    is_named && (datum.len() == 1 && !datum.contains(RESIDENCE) || asked.len() <= datum.len() + 1)
}

/// What the register holds of a person: the words that ask for it, and where it is.
fn of_person(person: &Person) -> Vec<(BTreeSet<String>, String)> {
    let mut data: Vec<(BTreeSet<String>, String)> = person
        .data
        .iter()
        .filter_map(|(field, values)| {
            let newest = values.iter().max_by_key(|datum| datum.at)?;
            let title = fields::title(field);
            let what = format!("{title}, nel registro dal {} (da {})", long(rome(newest.at).date()), newest.source);
            Some((stems(&title).filter(|stem| stem != ADDRESS).collect(), what))
        })
        .collect();
    if let Some(code) = &person.codice_fiscale {
        data.push((stems("codice fiscale").collect(), format!("codice fiscale {code}, nel registro")));
    }
    data
}

/// A file's name without its endings.
fn stem_of_file(name: &str) -> &str {
    let mut name = name;
    while let Some((before, ending)) = name.rsplit_once('.') {
        if before.is_empty() || ending.len() > 4 || ending.contains(' ') {
            break;
        }
        name = before;
    }
    name
}

/// The words of a text that can tell something, each without its last vowel: Italian says one and several by it.
fn stems(text: &str) -> impl Iterator<Item = String> {
    let normal = Normal::of(text);
    let words: Vec<String> = normal.words().map(ToString::to_string).collect();
    words.into_iter().filter(|word| word.len() >= LETTERS_MIN && !word.bytes().all(|b| b.is_ascii_digit())).map(
        |mut word| {
            if word.len() > LETTERS_MIN && word.ends_with(['a', 'e', 'i', 'o', 'u']) {
                word.pop();
            }
            word
        },
    )
}

#[cfg(test)]
mod tests;

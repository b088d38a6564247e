//! How dossiers and persons are found by what a person at the counter knows of them: a tax code, a surname, a term that is past.
//! It changes when they are looked for by another thing.

use super::index::{Batch, Index};
use super::rows::key;
use super::{Store, Trouble};
use casework::calendar;
use casework::dossier::Dossier;
use casework::person::Person;
use casework::rules::normal::Normal;
use casework::rules::{Classification, FieldCheck};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::io;

/// Words of one name by which a person is found: a company's may be a sentence.
const NAME_WORDS_MAX: usize = 12;
/// Longest of them, bytes.
const NAME_WORD_BYTES_MAX: usize = 40;
/// Rows of one word that are looked through: a Comune has some thousand of its commonest surname.
const NAMED_SCANNED_MAX: usize = 10_000;
/// Shortest beginning of a name that is looked for, letters.
pub const NAME_CHARS_MIN: usize = 2;

/// The words of a name, without case and accents: «D'Angelò» is `d angelo`.
fn words(name: &str) -> BTreeSet<String> {
    let normal = Normal::of(name);
    let short = |word: &&str| word.len() <= NAME_WORD_BYTES_MAX;
    normal.words().take(NAME_WORDS_MAX).filter(short).map(str::to_owned).collect()
}

/// The rows of a person's names. A name that is held no more keeps its row: whoever looks reads the person.
pub(super) fn person(batch: &mut Batch, before: Option<&Person>, after: &Person) {
    let of = |person: &Person| person.names.iter().flat_map(|name| words(name)).collect::<BTreeSet<_>>();
    let was = before.map(of).unwrap_or_default();
    of(after).difference(&was).for_each(|word| batch.put(&key::named(word, &after.id), &()));
}

/// The rows of a dossier: whose data change in it, whose the code is of who asks to be enabled, and its term while it is open.
pub(super) fn dossier(batch: &mut Batch, before: Option<&Dossier>, after: &Dossier) {
    let codes = |of: &Dossier| {
        let changes = of.life.changes.iter().map(|change| change.person.to_ascii_uppercase());
        let asked = of.life.enablement.iter().map(|asked| asked.code.to_ascii_uppercase());
        changes.chain(asked).filter(|code| is_code(code)).collect::<BTreeSet<String>>()
    };
    let was = before.map(codes).unwrap_or_default();
    codes(after).difference(&was).for_each(|code| batch.put(&key::of_code(code, &after.number), &()));
    let ends = |of: &Dossier| {
        let runs = !of.state.is_final() && of.life.suspended_until.is_none();
        of.due.filter(|_| runs).map(|day| key::ends(day, &of.number))
    };
    let (was, is) = (before.and_then(ends), ends(after));
    if was != is {
        was.iter().for_each(|name| batch.remove(name));
        is.iter().for_each(|name| batch.put(name, &()));
    }
}

/// The row of the code that an applicant has written in a message of a dossier, check characters and all: whoever writes may have no
/// record.
pub(super) fn message(batch: &mut Batch, class: &Classification, number: &str) {
    let is_right = |name: &str, check: &FieldCheck| {
        matches!(name, "codice_fiscale" | "partita_iva") && matches!(check, FieldCheck::Ok)
    };
    for field in class.fields.iter().filter(|field| is_right(&field.name, &field.check)) {
        let code = field.value.to_ascii_uppercase();
        if is_code(&code) {
            batch.put(&key::of_code(&code, number), &());
        }
    }
}

/// What may stand in the name of a row: a code, or a person's id.
fn is_code(code: &str) -> bool {
    !code.is_empty() && code.len() <= NAME_WORD_BYTES_MAX && !code.contains('/')
}

impl Store {
    /// The numbers of the dossiers in which a code stands, or of which its person is a party, in order; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn dossiers_of_code(&self, code: &str, max: usize) -> Result<Vec<String>, Trouble> {
        let code = code.trim().to_ascii_uppercase();
        let mut found: BTreeSet<String> = BTreeSet::new();
        let mut names = BTreeSet::from([code.clone()]);
        if let Some(person) = self.person(&code)? {
            found.extend(self.dossiers_of_person(&person.id, max)?);
            names.extend(person.codice_fiscale.into_iter().chain(person.partita_iva).chain([person.id]));
        }
        for name in names.iter().filter(|name| is_code(name)) {
            found.extend(self.numbers(&key::of_code(name, ""), max)?);
        }
        Ok(found.into_iter().take(max).collect())
    }

    /// The persons of whose names each word of `name` begins one, without regard to case and accents; at most `max`, by id.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn people_named(&self, name: &str, max: usize) -> Result<Vec<Person>, Trouble> {
        let wanted = words(name);
        // The longest word is that of the fewest people.
        let Some(longest) = wanted.iter().max_by_key(|word| word.len()) else { return Ok(vec![]) };
        let prefix = key::named_prefix(longest);
        let mut ids = BTreeSet::new();
        for row in self.index.scan::<()>(&prefix, &prefix).take(NAMED_SCANNED_MAX) {
            ids.extend(row?.0.rsplit_once('/').map(|(_, id)| id.to_owned()));
        }
        let mut found = Vec::new();
        for id in ids {
            let Some(person) = self.person(&id)? else { continue };
            let is_called = |name: &String| {
                let held = words(name);
                wanted.iter().all(|wanted| held.iter().any(|word| word.starts_with(wanted.as_str())))
            };
            if person.names.iter().any(is_called) {
                found.push(person);
            }
            if found.len() >= max {
                break;
            }
        }
        Ok(found)
    }

    /// The numbers of the open dossiers whose term has its last day by a day and does not stand still, the earliest first; at most
    /// `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn ending_dossiers(&self, by: Date, max: usize) -> Result<Vec<(Date, String)>, Trouble> {
        by_day(&self.index, key::ENDS, by, max)
    }
}

/// Rows that are named by a day and a number, up to a day.
pub(super) fn by_day(index: &Index, prefix: &str, by: Date, max: usize) -> Result<Vec<(Date, String)>, Trouble> {
    let mut found = Vec::new();
    for row in index.scan::<()>(prefix, prefix).take(max) {
        let (name, ()) = row.map_err(|e: io::Error| e)?;
        let Some((day, number)) = name.get(prefix.len()..).and_then(|rest| rest.split_once('/')) else { continue };
        let Ok(day) = day.parse::<Date>() else { continue };
        if day > by {
            break;
        }
        found.push((day, number.to_owned()));
    }
    Ok(found)
}

/// How many days a term is past on the day of an instant; none where it is not, stands still, or nothing is decided any more.
#[must_use]
pub fn days_late(dossier: &Dossier, now: jiff::Timestamp) -> Option<i32> {
    let due = dossier.due.filter(|_| !dossier.state.is_final() && dossier.life.suspended_until.is_none())?;
    let days = calendar::rome(now).date().since(due).ok()?.get_days();
    (days > 0).then_some(days)
}

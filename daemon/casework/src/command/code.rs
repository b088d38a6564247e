//! The code of a task: who gives it back has read the task. It changes when a code is made of something else.

use super::Object;
use crate::desk::Desk;
use alloc::format;
use alloc::string::{String, ToString};

/// Characters of its keyed half: 80 bits, which nobody guesses by mail.
const KEYED_CHARS: usize = 16;
/// Digits of its first half: how often something was done with what it is about.
const COUNT_DIGITS_MAX: usize = 6;

/// The code that a task about something, as it stands, bears for an office. It is keyed, so that only our tasks have one, and is
/// good for one order: the register keeps those that are spent.
pub(crate) fn of(object: Object<'_>, office: &str, desk: &Desk) -> String {
    made(object, office, object.count(), desk)
}

/// Whether a code is one of ours, for this and for this office.
pub(crate) fn is_for(code: &str, object: Object<'_>, office: &str, desk: &Desk) -> bool {
    let count = code.split_once('-').and_then(|(count, _)| count.parse::<u32>().ok());
    count.is_some_and(|count| count <= object.count() && made(object, office, count, desk) == code)
}

fn made(object: Object<'_>, office: &str, count: u32, desk: &Desk) -> String {
    let keyed = desk.key.effect_id(object.name(), "codice-compito", office, count);
    format!("{count}-{}", keyed.get(..KEYED_CHARS).unwrap_or(&keyed))
}

/// Whatever in a text looks like one, lower case.
pub(crate) fn all(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| has_form(word)).map(|word| word.to_ascii_lowercase().to_string())
}

fn has_form(word: &str) -> bool {
    let Some((count, keyed)) = word.split_once('-') else { return false };
    (1..=COUNT_DIGITS_MAX).contains(&count.len())
        && count.bytes().all(|b| b.is_ascii_digit())
        && keyed.len() == KEYED_CHARS
        && keyed.bytes().all(|b| b.is_ascii_alphabetic() || (b'2'..=b'7').contains(&b))
}

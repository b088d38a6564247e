//! "Forse intendevi": the known word closest to a mistyped one, and how the known words are listed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// How many known words an error lists.
const LISTED_MAX: usize = 30;
/// Longest word compared letter by letter, in characters; a longer one gets no suggestion.
const COMPARED_CHARS_MAX: usize = 64;

/// ` (forse intendevi `x`? valori noti: …)`, to be put after the name of the unknown word.
#[must_use]
pub fn hint<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    hint_meant(unknown, known, None)
}

/// The same, where it may be known which one is `meant`, though it is spelled otherwise.
#[must_use]
pub(crate) fn hint_meant<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
    meant: Option<&'static str>,
) -> String {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    if known.is_empty() {
        return String::from(" (non ce n'è nessuno)");
    }
    let near = nearest(unknown, &known).or(meant);
    let near = near.map_or(String::new(), |near| format!("forse intendevi `{near}`? "));
    let more = if known.len() > LISTED_MAX { ", …" } else { "" };
    known.truncate(LISTED_MAX);
    format!(" ({near}valori noti: {}{more})", known.join(", "))
}

/// The closest known word, if a third of its letters or fewer are wrong.
#[must_use]
pub fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = |word: &&'a str| {
        let wrong = distance(unknown, word)?;
        (wrong * 3 <= word.chars().count()).then_some((wrong, *word))
    };
    known.iter().filter_map(near).min().map(|(_, word)| word)
}

/// Letters to change, add, drop, or swap with their neighbour.
fn distance(a: &str, b: &str) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().max(b.len()) > COMPARED_CHARS_MAX {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], i: usize| row.get(i).copied().unwrap_or(usize::MAX / 2);
    for (i, x) in a.iter().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            let swap = if swapped { at(&before, j - 1) + 1 } else { usize::MAX };
            next.push((at(&row, j) + usize::from(x != y)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1).min(swap));
        }
        before = core::mem::replace(&mut row, next);
    }
    row.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_word_that_was_meant_and_no_far_one() {
        assert_eq!(nearest("anagraffe", &["anagrafe", "suap"]), Some("anagrafe"));
        assert_eq!(nearest("mising", &["missing", "mode"]), Some("missing"));
        assert_eq!(nearest("upr", &["suap", "urp"]), Some("urp"));
        assert_eq!(nearest("tributi", &["anagrafe", "suap"]), None);
    }

    #[test]
    fn lists_what_is_known() {
        assert_eq!(hint("x", ["b", "a"]), " (valori noti: a, b)");
        assert_eq!(hint("x", []), " (non ce n'è nessuno)");
    }
}

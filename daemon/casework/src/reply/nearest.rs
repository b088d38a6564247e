//! The known name closest to a mistyped one.

use alloc::vec::Vec;

/// The closest known name, if a third of its letters or fewer are wrong.
pub(super) fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = |word: &&'a str| {
        let wrong = distance(unknown.as_bytes(), word.as_bytes());
        (wrong * 3 <= word.len().max(3)).then_some((wrong, *word))
    };
    known.iter().filter_map(near).min().map(|(_, word)| word)
}

/// Letters to change, add or drop (Levenshtein). Names are ASCII, and a template is short.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = Vec::from([i + 1]);
        for ((y, above), pair) in b.iter().zip(row.iter().skip(1)).zip(row.iter()) {
            let left = next.last().copied().unwrap_or_default();
            next.push((pair + usize::from(x != y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

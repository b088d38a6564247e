//! What is staged, laid over the rows that are written. It changes when a walk over both must do something else.

use super::run::Row;
use super::{Changes, Rows};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::io;
use std::iter::Peekable;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

/// Staged changes that are copied at a time for who walks over them.
const STAGED_AT_ONCE: usize = 16;

/// Staged changes of a range, some at a time: who wants the first few must not pay for thousands.
pub(super) struct Staged {
    all: Arc<Mutex<Changes>>,
    from: String,
    end: String,
    /// The last one that was taken from there.
    after: Option<String>,
    is_back: bool,
    next: VecDeque<Row>,
}

impl Staged {
    pub(super) fn of(all: Arc<Mutex<Changes>>, from: &str, end: &str, is_back: bool) -> Self {
        let (from, end) = (from.to_owned(), end.to_owned());
        Self { all, from, end, after: None, is_back, next: VecDeque::new() }
    }
}

impl Iterator for Staged {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.next.is_empty() {
            let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut from, mut end) = (Bound::Included(self.from.as_str()), Bound::Excluded(self.end.as_str()));
            match &self.after {
                Some(after) if self.is_back => end = Bound::Excluded(after),
                Some(after) => from = Bound::Excluded(after),
                None => {}
            }
            let range = all.range::<str, _>((from, end)).map(|(key, value)| (key.clone(), value.clone()));
            if self.is_back {
                self.next.extend(range.rev().take(STAGED_AT_ONCE));
            } else {
                self.next.extend(range.take(STAGED_AT_ONCE));
            }
        }
        let row = self.next.pop_front()?;
        if self.next.is_empty() {
            self.after = Some(row.0.clone());
        }
        Some(row)
    }
}

/// Rows with staged changes over them; both are in one order, whose next key compares as `before`.
pub(super) struct Over {
    rows: Peekable<Rows>,
    staged: Peekable<Staged>,
    before: Ordering,
}

impl Over {
    pub(super) fn of(rows: Rows, staged: Staged) -> Self {
        let before = if staged.is_back { Ordering::Greater } else { Ordering::Less };
        Self { rows: rows.peekable(), staged: staged.peekable(), before }
    }
}

impl Iterator for Over {
    type Item = io::Result<(String, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.rows.peek(), self.staged.peek()) {
                (_, None) | (Some(Err(_)), _) => return self.rows.next(),
                (None, Some(_)) => self.before.reverse(),
                (Some(Ok((row, _))), Some((staged, _))) => row.cmp(staged),
            };
            if order == self.before {
                return self.rows.next();
            }
            if order == Ordering::Equal {
                self.rows.next(); // it has another value now, or none
            }
            if let Some((key, Some(json))) = self.staged.next() {
                return Some(Ok((key, json)));
            }
        }
    }
}

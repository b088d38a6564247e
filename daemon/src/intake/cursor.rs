//! Which UIDs of a folder are still to be fetched: pure. It changes when our reading of IMAP's promises about UIDs changes.
//!
//! The cursor is neither truth nor proof (the archive and the journal are): losing it costs a re-fetch, never a message.
//! It is a set of finished UIDs, not a high-water mark, so that a UID is skipped only when the server has told us, again
//! and again while [`LATE_UIDS`] newer ones came, that there is no such message (reliability §3.1, T02 and T04).

use std::{fmt, str::FromStr};

/// How far below the newest UID an absent UID is still asked for, in UIDs. RFC 3501 §2.3.1.1 promises ascending UIDs, not
/// that a lower one cannot become *visible* after a higher one, nor that a listing answered OK is complete. Beyond: the
/// gap is taken for a message that somebody removed.
pub const LATE_UIDS: u32 = 1_000;
/// Most separate ranges kept. Beyond: the lowest finished range is forgotten, so its messages are fetched again.
pub const RANGES_MAX: usize = 10_000;
/// First width of a listing window, in UIDs: a few round trips for a day's mail, a bounded answer for a first run.
pub const WINDOW_UIDS: u32 = 500;

/// What SELECT or EXAMINE said of the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selected {
    /// UIDVALIDITY; absent when the server offers no lasting UIDs (RFC 3501 §6.3.1).
    pub uidvalidity: Option<u32>,
    /// The UID the next message will get; absent on some servers.
    pub uidnext: Option<u32>,
    /// Messages in the folder.
    pub exists: u32,
}

/// What is finished of one folder under one UIDVALIDITY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    uidvalidity: u32,
    /// Highest UIDNEXT ever seen: it may only grow (RFC 3501 §2.3.1.1).
    uidnext: u32,
    /// Nothing is left to fetch below this UID.
    settled: u32,
    /// Finished UIDs at or above `settled`: inclusive ranges, ascending, neither touching nor overlapping.
    done: Vec<(u32, u32)>,
}

impl Cursor {
    /// Nothing finished yet.
    pub fn new(uidvalidity: u32) -> Self {
        Self { uidvalidity, uidnext: 1, settled: 1, done: Vec::new() }
    }

    /// The UIDVALIDITY it speaks of.
    pub fn uidvalidity(&self) -> u32 {
        self.uidvalidity
    }

    /// The lowest UID that may still have to be fetched: where a listing begins.
    pub fn scan_from(&self) -> u32 {
        self.settled
    }

    /// Still to be fetched?
    pub fn wants(&self, uid: u32) -> bool {
        uid >= self.settled && !self.holds(uid)
    }

    fn holds(&self, uid: u32) -> bool {
        let after = self.done.partition_point(|&(from, _)| from <= uid);
        after.checked_sub(1).and_then(|i| self.done.get(i)).is_some_and(|&(_, to)| uid <= to)
    }

    /// Records that the message is durable.
    pub fn finish(&mut self, uid: u32) {
        self.uidnext = self.uidnext.max(uid.saturating_add(1));
        if !self.wants(uid) {
            return;
        }
        let at = self.done.partition_point(|&(from, _)| from <= uid);
        let before =
            at.checked_sub(1).filter(|&i| self.done.get(i).is_some_and(|&(_, to)| to.saturating_add(1) == uid));
        let after = self.done.get(at).copied().filter(|&(from, _)| uid.saturating_add(1) == from);
        match (before, after) {
            (Some(i), Some((_, to))) => {
                self.done.remove(at);
                self.end_range(i, to);
            }
            (Some(i), None) => self.end_range(i, uid),
            (None, Some((_, to))) => {
                if let Some(range) = self.done.get_mut(at) {
                    *range = (uid, to);
                }
            }
            (None, None) => self.done.insert(at, (uid, uid)),
        }
        if self.done.len() > RANGES_MAX {
            self.done.remove(0);
        }
    }

    fn end_range(&mut self, index: usize, to: u32) {
        if let Some(range) = self.done.get_mut(index) {
            range.1 = to;
        }
    }

    /// Takes back that these UIDs (ascending) are finished, and that anything at or above `uidnext` is: the register knows
    /// nothing of them, and it outweighs a cursor (reliability.md §3.1, T09).
    pub fn reopen(&mut self, uids: &[u32], uidnext: u32) {
        let lowest = uids.first().copied().unwrap_or(u32::MAX).min(uidnext).max(1);
        if lowest < self.settled {
            // What lies between is finished all the same.
            self.done.insert(0, (lowest, self.settled - 1));
            self.settled = lowest;
            self.join_first();
        }
        let mut kept: Vec<(u32, u32)> = Vec::with_capacity(self.done.len());
        let mut again = uids.iter().copied().chain([uidnext]).peekable();
        for &(mut from, to) in &self.done {
            let to = to.min(uidnext.saturating_sub(1));
            while let Some(uid) = again.next_if(|&uid| uid <= to) {
                if uid > from {
                    kept.push((from, uid - 1));
                }
                from = from.max(uid.saturating_add(1));
            }
            if from <= to {
                kept.push((from, to));
            }
        }
        let beyond = kept.len().saturating_sub(RANGES_MAX);
        kept.drain(..beyond);
        self.done = kept;
    }

    /// Two ranges that touch are one.
    fn join_first(&mut self) {
        if let [(_, end), (from, to), ..] = self.done.as_mut_slice()
            && end.saturating_add(1) == *from
        {
            *end = *to;
            self.done.remove(1);
        }
    }

    /// Moves the floor after a listing that the server ended with OK.
    ///
    /// `listed_to`: every UID from [`Cursor::scan_from`] up to and including this one has been listed.
    /// `waiting`: the lowest UID that was listed and is not finished. `newest`: the highest UID known to exist.
    /// The floor passes neither a waiting message nor the newest [`LATE_UIDS`].
    pub fn settle(&mut self, listed_to: u32, waiting: Option<u32>, newest: u32) {
        let floor = listed_to.saturating_add(1).min(newest.saturating_sub(LATE_UIDS)).min(waiting.unwrap_or(u32::MAX));
        if floor <= self.settled {
            return;
        }
        self.settled = floor;
        self.done.retain(|&(_, to)| to >= floor);
        if let Some(first) = self.done.first_mut() {
            first.0 = first.0.max(floor);
        }
    }
}

/// Why the listing begins where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No cursor: the folder is new to us.
    First,
    /// The same folder as before.
    Continue,
    /// Another UIDVALIDITY: old UIDs mean nothing; everything is fetched again and recognised by content.
    ValidityChanged {
        /// The one we knew.
        was: u32,
    },
    /// UIDNEXT went back under the same UIDVALIDITY (a server restored from backup): as above.
    UidnextFell {
        /// The highest we had seen.
        was: u32,
    },
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The cursor to work with.
    pub cursor: Cursor,
    /// Why.
    pub why: Why,
}

/// Decides, from what we know and what SELECT said, what is left to fetch.
///
/// `None`: the server names no UIDVALIDITY, so its UIDs cannot be relied on.
pub fn plan(known: Option<&Cursor>, selected: &Selected) -> Option<Plan> {
    let uidvalidity = selected.uidvalidity.filter(|&v| v != 0)?;
    let mut cursor;
    let why;
    match known {
        None => (cursor, why) = (Cursor::new(uidvalidity), Why::First),
        Some(k) if k.uidvalidity != uidvalidity => {
            (cursor, why) = (Cursor::new(uidvalidity), Why::ValidityChanged { was: k.uidvalidity });
        }
        // A floor above UIDNEXT was never reached honestly: with it all that comes would be passed over in silence.
        Some(k) if selected.uidnext.is_some_and(|next| next < k.uidnext.max(k.settled)) => {
            (cursor, why) = (Cursor::new(uidvalidity), Why::UidnextFell { was: k.uidnext.max(k.settled) });
        }
        Some(k) => (cursor, why) = (k.clone(), Why::Continue),
    }
    cursor.uidnext = cursor.uidnext.max(selected.uidnext.unwrap_or(1));
    Some(Plan { cursor, why })
}

/// A stretch of UIDs to list with one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First UID.
    pub from: u32,
    /// Last UID; `None` is `*`, the newest whatever its UID.
    pub to: Option<u32>,
}

impl Window {
    /// The stretch of `width` UIDs at `from`; open-ended when it reaches the end, or when no end is known.
    pub fn at(from: u32, width: u32, uidnext: Option<u32>) -> Self {
        let to = from.saturating_add(width.max(1) - 1);
        Self { from, to: uidnext.is_some_and(|next| to < next).then_some(to) }
    }
}

impl fmt::Display for Window {
    /// As an IMAP sequence-set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Some(to) => write!(f, "{}:{to}", self.from),
            None => write!(f, "{}:*", self.from),
        }
    }
}

/// The text is not a cursor. What follows is the same as having none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACursor;

impl fmt::Display for Cursor {
    /// One line, for the disk: `v1 UIDVALIDITY UIDNEXT SETTLED FROM:TO,FROM:TO…` (`-` when nothing is finished above).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1 {} {} {} ", self.uidvalidity, self.uidnext, self.settled)?;
        if self.done.is_empty() {
            return f.write_str("-");
        }
        for (i, (from, to)) in self.done.iter().enumerate() {
            write!(f, "{}{from}:{to}", if i == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let number = |word: &str| word.parse::<u32>().map_err(|_| NotACursor);
        let words: Vec<&str> = text.split_whitespace().collect();
        let ["v1", uidvalidity, uidnext, settled, ranges] = words.as_slice() else {
            return Err(NotACursor);
        };
        let mut cursor = Self {
            uidvalidity: number(uidvalidity)?,
            uidnext: number(uidnext)?.max(1),
            settled: number(settled)?.max(1),
            done: Vec::new(),
        };
        if *ranges == "-" {
            return Ok(cursor);
        }
        for range in ranges.split(',') {
            let (from, to) = range.split_once(':').ok_or(NotACursor)?;
            let (from, to) = (number(from)?, number(to)?);
            let floor = cursor.done.last().map_or(cursor.settled, |&(_, end)| end.saturating_add(2));
            if from < floor || to < from || cursor.done.len() == RANGES_MAX {
                return Err(NotACursor);
            }
            cursor.done.push((from, to));
        }
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests;

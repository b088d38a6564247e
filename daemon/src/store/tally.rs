//! How many of everything, and what a person must look at: kept beside the rows as they change, so that nobody has to read
//! a million of them to say how the service stands. It changes when another thing is counted.
//!
//! The counts are a function of the rows that a batch changes, taken in one place: no writer of rows can forget them.

use super::index::{Batch, Index};
use super::rows::{ItemRow, MessageRow, is_stopped, key};
use crate::outbox::notice::Notice;
use crate::outbox::schedule::{Shown, State, shown};
use casework::decision::Lane;
use casework::receipts::Fact;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Messages by grade (code; empty = not examined), then by disposition (code).
    pub messages: BTreeMap<String, BTreeMap<String, u64>>,
    /// Items of the outbox by what people see of them.
    pub items: BTreeMap<Shown, u64>,
    /// Courtesy notices, likewise: they are no letters, and nobody waits for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub courtesies: BTreeMap<Shown, u64>,
    /// Items that a person must look at, or holds back.
    pub attention: u64,
    /// Incidents by code.
    pub incidents: BTreeMap<String, u64>,
    /// Dossiers.
    pub dossiers: u64,
}

impl Tally {
    /// All messages.
    #[must_use]
    pub fn all_messages(&self) -> u64 {
        self.messages.values().flat_map(BTreeMap::values).sum()
    }
    /// Messages with this disposition (code).
    #[must_use]
    pub fn disposed(&self, code: &str) -> u64 {
        self.messages.values().filter_map(|of| of.get(code)).sum()
    }
    /// All incidents.
    #[must_use]
    pub fn all_incidents(&self) -> u64 {
        self.incidents.values().sum()
    }

    /// Letters and tasks of which more is to come.
    #[must_use]
    pub fn open_items(&self) -> u64 {
        self.items.iter().filter(|(state, _)| !state.is_final()).map(|(_, n)| n).sum()
    }

    fn message(&mut self, row: &MessageRow) {
        let of_grade = self.messages.entry(row.grade.clone()).or_default();
        *of_grade.entry(row.disposition.code().to_owned()).or_default() += 1;
    }

    fn item(&mut self, before: Option<&Counted>, after: &Counted) {
        let is_courtesy = after.outgoing.lane == Lane::Courtesy;
        let items = if is_courtesy { &mut self.courtesies } else { &mut self.items };
        if let Some(before) = before {
            if let Some(n) = items.get_mut(&before.shown()) {
                *n = n.saturating_sub(1);
            }
            self.attention = self.attention.saturating_sub(u64::from(before.needs_a_person()));
        }
        *items.entry(after.shown()).or_default() += 1;
        items.retain(|_, n| *n > 0);
        self.attention += u64::from(after.needs_a_person());
    }
}

/// What of an item's row is counted: the rest of it, its text above all, need not be copied for that.
#[derive(Deserialize)]
struct Counted {
    outgoing: CountedOutgoing,
    state: State,
    facts: BTreeSet<Fact>,
    #[serde(default)]
    notices: BTreeMap<Notice, IgnoredAny>,
    #[serde(default)]
    canary: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct CountedOutgoing {
    id: String,
    lane: Lane,
}

impl Counted {
    fn shown(&self) -> Shown {
        shown(&self.state, &self.facts, self.outgoing.lane == Lane::Pec)
    }
    fn needs_a_person(&self) -> bool {
        let shown = self.shown();
        let silent = self.notices.keys().copied().filter(|notice| notice.holds(shown));
        calls(shown, self.canary.is_some() || self.outgoing.lane == Lane::Courtesy, is_stopped(&self.state), silent)
    }
}

fn calls(shown: Shown, is_nobodys: bool, is_stopped: bool, mut silent: impl Iterator<Item = Notice>) -> bool {
    let ended_badly = !is_nobodys && matches!(shown, Shown::Unknown | Shown::Refused | Shown::Failed);
    ended_badly || is_stopped || silent.any(Notice::makes_a_task)
}

/// Whether a person must act on an item, or has it in hand. Of a canary that did not come home an alarm tells, until one does:
/// nobody has to close it. Whatever becomes of a courtesy notice, the letter that it tells of went by PEC.
#[must_use]
pub fn needs_a_person(item: &ItemRow) -> bool {
    let is_nobodys = item.canary.is_some() || item.outgoing.lane == Lane::Courtesy;
    calls(item.shown(), is_nobodys, item.is_stopped(), item.silent())
}

/// Adds to a batch what its rows change of the counts.
///
/// # Errors
/// Those of the disk; a row that is not of the expected form.
pub(super) fn settle(index: &Index, batch: &mut Batch) -> io::Result<()> {
    let counted = [key::MESSAGES, key::ITEMS, key::INCIDENTS, key::DOSSIERS];
    let last = batch.last_values();
    let is_moot = !last.keys().any(|name| counted.iter().any(|prefix| name.starts_with(prefix)));
    if is_moot && index.has(key::TALLY)? {
        return Ok(());
    }
    let mut tally = index.get::<Tally>(key::TALLY)?.unwrap_or_default();
    let mut marks = Vec::new();
    // A row that is set twice counts as it stands in the end.
    for (name, json) in last {
        if name.starts_with(key::MESSAGES) {
            if !index.has(name)? {
                tally.message(&serde_json::from_slice(json)?);
            }
        } else if name.starts_with(key::ITEMS) {
            let (before, after) = (index.get::<Counted>(name)?, serde_json::from_slice::<Counted>(json)?);
            tally.item(before.as_ref(), &after);
            let was_marked = before.is_some_and(|row| row.needs_a_person());
            if was_marked != after.needs_a_person() {
                marks.push((key::attention(&after.outgoing.id), !was_marked));
            }
        } else if name.starts_with(key::INCIDENTS) {
            let (_, code, ..): (Timestamp, String, String, String) = serde_json::from_slice(json)?;
            *tally.incidents.entry(code).or_default() += 1;
        } else if name.starts_with(key::DOSSIERS) && !index.has(name)? {
            tally.dossiers += 1;
        }
    }
    for (mark, is_set) in marks {
        if is_set { batch.put(&mark, &()) } else { batch.remove(&mark) }
    }
    batch.put(key::TALLY, &tally);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// The index of an earlier program, which kept no counts and no version, is made again from the journal.
    #[test]
    fn an_index_without_counts_is_rebuilt() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        drop(Store::open(dir.path(), now).unwrap());
        let index = Index::open(&dir.path().join("index")).unwrap();
        let mut batch = Batch::default();
        batch.remove(key::TALLY);
        batch.remove(key::FORMAT);
        index.stage(batch).unwrap();
        index.write().unwrap();
        drop(index);
        let store = Store::open(dir.path(), now).unwrap();
        assert_eq!(store.index.get::<Tally>(key::TALLY).unwrap(), Some(Tally::default()));
        assert_eq!(store.seq(), 1, "no line was written for it");
        let aside = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("index-damaged-");
        assert!(std::fs::read_dir(dir.path()).unwrap().any(|entry| aside(&entry.unwrap())), "nothing is deleted");
    }
}

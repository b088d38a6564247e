//! What people are shown of the register: everything, read beside a running service, or a summary that costs the same with
//! a million messages as with ten. It changes when they are shown something else.

use super::canary::{self, CanaryRow};
use super::index::Index;
use super::project::project;
use super::rows::{ItemRow, MessageRow, key};
use super::tally::Tally;
use super::{Store, Trouble};
use crate::journal::{Head, Journal, Place};
use casework::dossier::Dossier;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Items that are read to choose those which a person sees first.
const CHOICE_MAX: usize = 1000;
/// How much of a long register is read for its last messages, bytes: some ten thousand of them, at several times this in memory.
pub const RECENT_BYTES: u64 = 32 * 1024 * 1024;

/// Everything the index holds, for people.
#[derive(Debug, Default)]
pub struct Overview {
    /// First journal line that it knows: 1, or the register was so long that only its end was read.
    pub from: u64,
    /// Last journal line.
    pub seq: u64,
    /// Its hash.
    pub head: String,
    /// In order of decision.
    pub messages: Vec<MessageRow>,
    /// By number.
    pub dossiers: Vec<Dossier>,
    /// In order of creation.
    pub items: Vec<ItemRow>,
    /// The oldest first.
    pub incidents: Vec<Incident>,
    /// How the canaries of each mailbox fared.
    pub canaries: Vec<CanaryRow>,
    /// The counts, and what a person must look at.
    pub summary: Summary,
}

/// When, code, text, message.
pub type Incident = (Timestamp, String, String, String);

/// How the register stands.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Summary {
    /// The counts.
    pub tally: Tally,
    /// Items that a person must look at: those that moved last come first. At most as many as were asked for.
    pub items: Vec<ItemRow>,
    /// Incidents: the last comes first. At most as many as were asked for.
    pub incidents: Vec<Incident>,
}

impl Summary {
    fn of(index: &Index, most: usize) -> io::Result<Self> {
        let mut items: Vec<ItemRow> = Vec::new();
        for mark in index.scan::<()>(key::ATTENTION, key::ATTENTION).take(CHOICE_MAX) {
            let id = mark?.0;
            let row = id.strip_prefix(key::ATTENTION).map(|id| index.get(&key::item(id))).transpose()?;
            items.extend(row.flatten());
        }
        items.sort_by_key(|item| std::cmp::Reverse((item.moved_at, item.outgoing.message_id.clone())));
        items.truncate(most);
        let incidents = index.scan_back::<Incident>(key::INCIDENTS, key::INCIDENTS).take(most);
        Ok(Self {
            tally: index.get(key::TALLY)?.unwrap_or_default(),
            items,
            incidents: incidents.map(|row| row.map(|(_, incident)| incident)).collect::<io::Result<_>>()?,
        })
    }
}

impl Store {
    /// A copy of everything, for people.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn overview(&self) -> Result<Overview, Trouble> {
        Overview::of(&self.index, &self.head())
    }

    /// How many of everything.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn tally(&self) -> Result<Tally, Trouble> {
        Ok(self.index.get(key::TALLY)?.unwrap_or_default())
    }

    /// How a register stands that no service has in hand, from its index, which is where the last run left it: what came after is
    /// laid over it in memory, and nothing is written. `None` where that cannot be: the index is another user's, for whom what we
    /// would leave in it could not be written any more; or is in use, or damaged. The register says it then.
    #[must_use]
    pub fn stopped(data: &Path, most: usize) -> Option<(Summary, Head)> {
        let dir = data.join("index");
        let owner = std::fs::metadata(&dir).ok()?.uid();
        if owner != rustix::process::geteuid().as_raw() {
            return None;
        }
        let _lock = super::open::lock(data).ok()?;
        let index = Index::open(&dir).ok()?;
        let (place, seen) = (index.get::<Place>(key::PLACE).ok()??, index.get::<(u64, String)>(key::WATERMARK).ok()??);
        let mut is_sound = place.seq <= seen.0;
        let head = Journal::after(data, &place, |record, head| {
            is_sound &= record.seq != seen.0 || head.hash == seen.1;
            is_sound &= record.seq <= seen.0 || project(&index, record, head).is_ok();
        });
        let head = head.ok().filter(|head| is_sound && head.seq >= seen.0)?;
        Some((Summary::of(&index, most).ok()?, head))
    }

    /// How the register stands, with at most `most` of each list.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn summary(&self, most: usize) -> Result<Summary, Trouble> {
        Ok(Summary::of(&self.index, most)?)
    }
}

impl Overview {
    /// Reads the state of `data` from its journal alone: beside a running daemon too, changing nothing.
    ///
    /// # Errors
    /// Those of the disk; a broken journal.
    pub fn read(data: &Path) -> Result<(Self, String), Trouble> {
        Self::read_watched(data, |_| {})
    }

    /// As [`read`](Self::read); `at` is told the number of each line that was read.
    ///
    /// # Errors
    /// Those of the disk; a broken journal.
    pub fn read_watched(data: &Path, at: impl FnMut(u64)) -> Result<(Self, String), Trouble> {
        let (overview, index) = Self::replayed(data, u64::MAX, at)?;
        Ok((overview, index.state_digest(key::CURSORS)?))
    }

    /// The end of the register alone, in whole segments, where it is longer than [`RECENT_BYTES`]: what it counts is then of no
    /// use, nor does it know what began before. With the digest of the state, if all of it was read.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn recent(data: &Path, at: impl FnMut(u64)) -> Result<(Self, Option<String>), Trouble> {
        let (overview, index) = Self::replayed(data, RECENT_BYTES, at)?;
        let digest = overview.is_whole().then(|| index.state_digest(key::CURSORS)).transpose()?;
        Ok((overview, digest))
    }

    /// All of the register was read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.from == 1
    }

    fn replayed(data: &Path, bytes: u64, mut at: impl FnMut(u64)) -> Result<(Self, Index), Trouble> {
        let index = Index::memory();
        let mut fault = None;
        let (from, head) = Journal::recent(data, bytes, |record, head| {
            at(head.seq);
            if fault.is_none() {
                fault = project(&index, record, head).and_then(|()| Ok(index.write()?)).err();
            }
        })?;
        if let Some(fault) = fault {
            return Err(fault.into());
        }
        Ok((Self { from, ..Self::of(&index, &head)? }, index))
    }

    fn of(index: &Index, head: &Head) -> Result<Self, Trouble> {
        let mut all = Self { from: 1, seq: head.seq, head: head.hash.clone(), ..Self::default() };
        all.summary = Summary::of(index, usize::MAX)?;
        all.canaries = canary::all(index)?;
        for row in index.scan(key::MESSAGES, key::MESSAGES) {
            all.messages.push(row?.1);
        }
        for row in index.scan(key::DOSSIERS, key::DOSSIERS) {
            all.dossiers.push(row?.1);
        }
        for row in index.scan(key::ITEMS, key::ITEMS) {
            all.items.push(row?.1);
        }
        for row in index.scan(key::INCIDENTS, key::INCIDENTS) {
            all.incidents.push(row?.1);
        }
        all.messages.sort_by_key(|m| m.seq);
        all.items.sort_by_key(|i| (i.created_at, i.outgoing.message_id.clone()));
        Ok(all)
    }
}

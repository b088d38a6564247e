//! What people are shown of the register: everything, read beside a running service, or a summary that costs the same with
//! a million messages as with ten. It changes when they are shown something else.

use super::canary::{self, CanaryRow};
use super::index::Index;
use super::project::project;
use super::rows::{ItemRow, MessageRow, key};
use super::tally::Tally;
use super::{Store, Trouble};
use crate::journal::{Head, Journal, Tail};
use casework::dossier::Dossier;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// Items that are read to choose those which a person sees first.
const CHOICE_MAX: usize = 1000;

/// Everything the index holds, for people.
#[derive(Debug, Default)]
pub struct Overview {
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
        Overview::of(&self.index, self.journal.head())
    }

    /// How many of everything.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn tally(&self) -> Result<Tally, Trouble> {
        Ok(self.index.get(key::TALLY)?.unwrap_or_default())
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
    pub fn read_watched(data: &Path, mut at: impl FnMut(u64)) -> Result<(Self, String), Trouble> {
        let index = Index::memory();
        let mut fault = None;
        let head = Journal::verify(data, Tail::Open, |record, head| {
            at(head.seq);
            if fault.is_none() {
                fault = project(&index, record, head).and_then(|()| Ok(index.settle()?)).err();
            }
        })?;
        if let Some(fault) = fault {
            return Err(fault.into());
        }
        Ok((Self::of(&index, &head)?, index.state_digest(key::CURSORS)?))
    }

    fn of(index: &Index, head: &Head) -> Result<Self, Trouble> {
        let mut all = Self { seq: head.seq, head: head.hash.clone(), ..Self::default() };
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

//! How far the talk with the back office came: a file of its own in the data folder, since the index is thrown away and built again.
//! It changes when something else must outlive a restart.

use super::Answer;
use crate::disk::DiskRef;
use crate::journal::Place;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What outlives a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The last line of which all is told.
    pub(super) told: Option<Place>,
    /// From where on it is asked what it says.
    pub(super) heard: String,
    /// What came of the last page, until the back office has it.
    pub(super) answer: Option<Answer>,
}

/// The file.
#[derive(Debug)]
pub(super) struct Memory {
    disk: DiskRef,
    file: PathBuf,
}

impl Memory {
    pub(super) fn new(disk: DiskRef, data: &Path) -> Self {
        Self { disk, file: data.join("gestionale.json") }
    }

    /// What was kept; none: nothing yet.
    ///
    /// # Errors
    /// Those of the disk; `InvalidData`: it is there and cannot be read.
    pub(super) fn read(&self) -> io::Result<Option<State>> {
        if self.disk.meta(&self.file)?.is_none() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&self.disk.read(&self.file)?)?))
    }

    /// Keeps it, durably.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn keep(&self, state: &State) -> io::Result<()> {
        let fresh = self.file.with_extension("tmp");
        let mut file = self.disk.create(&fresh)?;
        file.write_all(&serde_json::to_vec(state)?)?;
        file.sync()?;
        self.disk.rename(&fresh, &self.file)?;
        self.disk.sync_dir(self.file.parent().unwrap_or(Path::new(".")))
    }
}

//! The proof that server = archive = register = disposition, every few hours and when somebody asks. It changes when there is
//! another thing that must agree.
//!
//! Every other guard trusts something that it wrote itself; this one trusts nothing but the server's list and the register
//! (reliability.md §3.1, T09). What it finds it heals by the normal way of a message: the watcher is told to fetch again.

pub mod compare;
pub mod report;
pub mod shelves;
pub mod task;

use crate::disk::Disk;
use crate::intake::cursor::Cursor;
use crate::intake::imap::{self, Holdings};
use crate::journal::record::Event;
use crate::journal::{Journal, Tail, Trouble};
use compare::{Register, Side, compare};
use futures_util::FutureExt;
use report::{Difference, FolderReport, Kind, Report};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// Most messages of one folder that are fetched again after one reconciliation: the next one takes the others.
pub const AGAIN_MAX: usize = 1_000;
/// Longest listing of one folder.
const SURVEY_MAX: Duration = Duration::from_secs(30 * 60);

/// One folder, and what the server said of it.
pub struct Surveyed {
    /// How it is watched.
    pub settings: imap::Settings,
    /// What it holds; or why it could not be listed.
    pub holdings: Result<Holdings, imap::Trouble>,
}

/// Lists the folders, one after the other. The register is read afterwards: then it knows all that a cursor calls finished.
pub async fn survey(folders: impl IntoIterator<Item = imap::Settings>) -> Vec<Surveyed> {
    let mut surveyed = Vec::new();
    for settings in folders {
        // As in a watcher, a panic of the protocol's crate is a folder that was not listed; and no list has no end.
        let listing = AssertUnwindSafe(timeout(SURVEY_MAX, imap::survey(&settings))).catch_unwind().await;
        let holdings = match listing {
            Ok(Ok(holdings)) => holdings,
            Ok(Err(_)) => Err(imap::Trouble::Silence),
            Err(_) => Err(imap::Trouble::Panicked),
        };
        surveyed.push(Surveyed { settings, holdings });
    }
    surveyed
}

/// How the register names the messages of a folder, up to the UID.
fn prefix(settings: &imap::Settings, uidvalidity: u32) -> String {
    format!("{}/imap:{};uidvalidity={uidvalidity};uid=", settings.account, settings.folder)
}

/// Reads the register: what it decided, and what it knows of these folders; and how many lines it has.
///
/// # Errors
/// Its chain is broken, or the disk cannot be read.
pub fn read_register(disk: &dyn Disk, data: &Path, surveyed: &[Surveyed]) -> Result<(Register, u64), Trouble> {
    let prefixes = surveyed.iter().map(|s| match &s.holdings {
        Ok(holdings) => prefix(&s.settings, holdings.uidvalidity),
        Err(_) => String::new(),
    });
    let mut register = Register::new(prefixes.collect());
    let head = Journal::lines_on(disk, data, Tail::Open, |line| match &line.record.event {
        Event::Decided(decided) => register.decided(&decided.digest, &decided.place),
        Event::SeenAgain { place, .. } => register.seen(place),
        _ => {}
    })?;
    register.close();
    Ok((register, head.seq))
}

/// What must be fetched again of one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// Which of the folders surveyed.
    pub index: usize,
    /// UIDVALIDITY.
    pub uidvalidity: u32,
    /// Nothing at or above it can be finished.
    pub uidnext: u32,
    /// UIDs, ascending.
    pub uids: Vec<u32>,
}

/// Holds the folders against the register: differences into the report, and what is to be fetched again.
///
/// `cursor`: what was finished of a folder, as saved before the register was read. `looked`: it was listed to its end by its
/// watcher after the survey, so whatever is still wanted cannot be had.
pub fn folders(
    report: &mut Report,
    surveyed: &[Surveyed],
    register: &Register,
    cursor: impl Fn(usize) -> Option<Cursor>,
    looked: impl Fn(usize) -> bool,
) -> Vec<Again> {
    let mut again = Vec::new();
    for (index, one) in surveyed.iter().enumerate() {
        let name = format!("{}/{}", one.settings.account, one.settings.folder);
        let holdings = match &one.holdings {
            Ok(holdings) => holdings,
            Err(trouble) => {
                report.folders.push(FolderReport {
                    name,
                    trouble: Some(trouble.to_string()),
                    ..FolderReport::default()
                });
                continue;
            }
        };
        let cursor = cursor(index);
        let side = Side { holdings, cursor: cursor.as_ref(), looked: looked(index) };
        let found = compare(&side, register.folder(index));
        for &uid in &found.lost {
            report.add(Difference::new(Kind::Lost, format!("{name} uid {uid}")));
        }
        for &uid in &found.stuck {
            report.add(Difference::new(Kind::Stuck, format!("{name} uid {uid}")));
        }
        if found.ahead {
            report.add(Difference::new(Kind::CursorAhead, name.clone()));
        }
        report.folders.push(FolderReport { name, listed: holdings.uids.len(), waiting: found.waiting, trouble: None });
        if found.ahead || !found.lost.is_empty() {
            let mut uids = found.lost;
            uids.truncate(AGAIN_MAX);
            again.push(Again { index, uidvalidity: holdings.uidvalidity, uidnext: holdings.uidnext, uids });
        }
    }
    again
}

#[cfg(test)]
mod tests;

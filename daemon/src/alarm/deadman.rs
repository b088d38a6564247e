//! Silence is loud: a folder that has not been read for too long is an alarm (reliability.md P22). It changes when what
//! counts as silence changes.

use super::{Alarms, Code};
use crate::health::{Folder, Health};
use jiff::Timestamp;
use std::time::Duration;

/// Raises an alarm for each folder that is quiet, and clears those of the others.
pub fn look(health: &Health, alarms: &Alarms, silence: Duration, now: Timestamp) {
    for folder in health.snapshot().folders {
        let about = format!("{}/{}", folder.mailbox, folder.folder);
        let quiet = folder.quiet_seconds >= silence.as_secs();
        alarms.set(quiet, Code::IntakeDead, &about, &text(&folder), now);
    }
}

fn text(folder: &Folder) -> String {
    let why = folder.trouble.as_ref().map_or("nessuna risposta", |(_, what)| what.as_str());
    format!(
        "casella «{}», cartella «{}»: non si riesce a leggerla da {} minuti ({why}). Finché dura, i messaggi che arrivano \
         restano sul server e nessuno li protocolla",
        folder.mailbox,
        folder.folder,
        folder.quiet_seconds / 60
    )
}

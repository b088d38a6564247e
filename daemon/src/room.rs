//! Whether there is room to take mail in: below a floor nothing is taken, it stays on the server, and what is taken already goes
//! on. It changes when what a message may need of the disk changes.
//!
//! Postfix refuses mail below 1.5 times the largest message; one message of ours is a file, letters and journal lines, and a
//! disk that fills in the middle of a commit stops the service (reliability.md §3.2, T10).

use crate::alarm::{Alarms, Code};
use crate::clock::Clock;
use crate::disk::DiskRef;
use crate::events;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The lowest floor without a word of the administrator, bytes.
pub const FLOOR_MIN: u64 = 2 * 1024 * 1024 * 1024;
/// Without a word of the administrator there is room for this many messages of the largest size.
pub const FLOOR_MESSAGES: u64 = 20;
/// What the alarm is about.
const ABOUT: &str = "disco";

/// The brake of an installation.
#[derive(Debug)]
pub struct Room {
    /// The disk of the data folder.
    pub disk: DiskRef,
    /// The data folder.
    pub data: PathBuf,
    /// Bytes that must stay free.
    pub floor: u64,
    /// Where it is told.
    pub alarms: Arc<Alarms>,
    /// The time.
    pub clock: Clock,
    is_low: AtomicBool,
}

impl Room {
    /// Of a data folder.
    #[must_use]
    pub fn new(disk: DiskRef, data: PathBuf, floor: u64, alarms: Arc<Alarms>, clock: Clock) -> Self {
        Self { disk, data, floor, alarms, clock, is_low: AtomicBool::new(false) }
    }

    /// Whether mail may be taken in. Told once when it may not any more, and once when it may again.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn is_enough(&self) -> io::Result<bool> {
        let free = self.disk.free(&self.data)?;
        let is_low = free < self.floor;
        if self.is_low.swap(is_low, Ordering::Relaxed) != is_low {
            events::disk_low(is_low, free, self.floor);
            let text = format!(
                "sul disco dei dati restano {} MB, meno dei {} che servono: la posta resta sul server. Libera spazio: si riprende da soli",
                free / 1_000_000,
                self.floor / 1_000_000
            );
            self.alarms.set(is_low, Code::DiskLow, ABOUT, &text, self.clock.now());
        }
        Ok(!is_low)
    }
}

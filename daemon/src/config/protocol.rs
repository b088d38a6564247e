//! `[protocollo]`: through which folder documents get their protocol numbers.

use super::reader::{Mistakes, Table};
use jiff::SignedDuration;
use std::path::PathBuf;

/// How documents get their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// The folder of the exchange.
    pub folder: PathBuf,
    /// A document that waits longer raises an alarm.
    pub patience: SignedDuration,
}

/// Reads the table.
pub(super) fn read(root: &mut Table<'_, '_>, m: &mut Mistakes) -> Option<Protocol> {
    let mut table = root.table("protocollo", m);
    let is_there = table.is_there();
    let protocol = is_there.then(|| Protocol {
        folder: PathBuf::from(table.required("cartella", m)),
        patience: SignedDuration::from_mins(table.number("allarme_minuti", 240, 5..=10_080, m) as i64),
    });
    table.finish(m);
    protocol
}

//! The archive held against the register: every decision has its bytes, all bytes have one decision. It changes with the
//! archive's layout.

use super::compare::{Digest, Register, digest_of};
use super::report::{Difference, Kind, Report};
use crate::archive::{Archive, Shelf};
use crate::digest;
use crate::disk::Disk;
use std::collections::BTreeSet;
use std::io;

/// Messages whose bytes are read back and hashed at a time, unless all are asked for. The weekly scrub reads the others.
pub const SAMPLE_MAX: usize = 200;

/// Holds the archive of messages that came against the register. Returns the digests that have bytes and no decision: in hand
/// just now, or left by a stop.
///
/// # Errors
/// Those of the disk.
pub fn check(
    report: &mut Report,
    disk: &dyn Disk,
    archive: &Archive,
    register: &Register,
    all: bool,
) -> io::Result<Vec<String>> {
    let decided = register.decisions();
    let mut undecided = Vec::new();
    let mut from = 0;
    for group in 0..=u8::MAX {
        let length = decided.get(from..).map_or(0, |rest| rest.partition_point(|d| d.first() <= Some(&group)));
        let here = decided.get(from..from + length).unwrap_or_default();
        from += length;
        let kept = kept(disk, archive, group)?;
        for twice in here.windows(2).filter(|two| two.first() == two.last()) {
            report.add(difference(Kind::DecidedTwice, twice.first()));
        }
        for missing in here.iter().filter(|digest| !kept.contains(*digest)) {
            report.add(difference(Kind::NoBytes, Some(missing)));
        }
        undecided.extend(kept.iter().filter(|d| here.binary_search(d).is_err()).map(|d| digest::hex(d)));
    }
    report.messages = decided.len();
    // Others each time: where it begins moves with the register.
    let step = if all { 1 } else { decided.len().div_ceil(SAMPLE_MAX).max(1) };
    let first = report.lines as usize % step;
    for digest in decided.iter().skip(first).step_by(step) {
        match archive.read(Shelf::In, &digest::hex(digest)) {
            Ok(_) => report.read_back += 1,
            Err(e) if e.kind() == io::ErrorKind::InvalidData => report.add(difference(Kind::BadBytes, Some(digest))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {} // told above
            Err(e) => return Err(e),
        }
    }
    Ok(undecided)
}

fn difference(kind: Kind, digest: Option<&Digest>) -> Difference {
    Difference::new(kind, digest.map(|d| digest::hex(d)).unwrap_or_default())
}

/// The digests whose first byte is `group`.
fn kept(disk: &dyn Disk, archive: &Archive, group: u8) -> io::Result<BTreeSet<Digest>> {
    let path = archive.path(Shelf::In, &format!("{group:02x}"));
    let Some(dir) = path.parent() else { return Ok(BTreeSet::new()) };
    match disk.list(dir) {
        Ok(entries) => Ok(entries.iter().filter_map(|e| digest_of(e.name.split('.').next()?)).collect()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(e) => Err(e),
    }
}

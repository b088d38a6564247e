//! What citizens filed in a dossier, for who sends it on to another body. It changes when something else counts as filed.

use crate::archive::{self, Archive, Shelf};
use crate::store::rows::MessageRow;
use crate::store::{Store, Trouble};
use casework::act::{HANDED_MAX, HANDED_ON_MAX, Mailed};
use casework::decision::Disposition;
use pec::reread;
use std::{fs, io};

/// Messages of one dossier that are looked through: orders of offices are among them.
const MESSAGES_MAX: usize = 500;

/// The citizens' messages of a dossier, the oldest first; one more than a letter carries, so that who counts them sees that they
/// are too many.
///
/// # Errors
/// The store, or the disk, cannot go on.
pub fn filed(store: &Store, archive: &Archive, number: &str) -> Result<Vec<Mailed>, Trouble> {
    let messages = store.messages_of(number, MESSAGES_MAX)?;
    let is_filed =
        |row: &MessageRow| matches!(row.disposition, Disposition::Request { .. } | Disposition::ToPerson { .. });
    let of_citizens = messages.into_iter().rev().filter(is_filed);
    let mut filed = Vec::new();
    for row in of_citizens.take(HANDED_ON_MAX + 1) {
        let bytes = match fs::metadata(archive.path(Shelf::In, &row.digest)) {
            Ok(file) => Some(file.len()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None, // the scrub tells it; an order must not stop the service
            Err(e) => return Err(Trouble::Io("archive".into(), e)),
        };
        filed.push(Mailed { message: row.digest, bytes });
    }
    Ok(filed)
}

/// Names and types of what is attached to a decided message; of one that could not be examined nothing is read.
///
/// # Errors
/// The store, or the disk, cannot go on.
pub fn attached(store: &Store, archive: &Archive, digest: &str) -> Result<Vec<(String, String)>, Trouble> {
    let is_examined = store.message(digest)?.is_some_and(|row| !row.grade.is_empty());
    if !is_examined {
        return Ok(Vec::new());
    }
    match archive.read(Shelf::In, digest) {
        Ok(raw) => Ok(reread::attachments(&raw).into_iter().take(HANDED_MAX).collect()),
        // The scrub tells it; an order must not stop the service.
        Err(e) if archive::is_of_one_copy(&e) => Ok(Vec::new()),
        Err(e) => Err(Trouble::Io("archive".into(), e)),
    }
}

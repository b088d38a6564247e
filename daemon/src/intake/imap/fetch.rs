//! One message from the server into a spool file. It changes when the proof that it came whole changes.
//!
//! Memory stays flat: at most one piece of [`PIECE_BYTES`] at a time.

use std::{io, path::Path};

use super::{
    super::{HEAD_BYTES_MAX, cursor::Window},
    commands::{Listed, Part},
    driver::{Driver, Wire},
    trouble::Trouble,
};
use crate::disk::Disk;

/// Size of one piece: above it a message is fetched in pieces (measured: 30 MB in 6 MB of memory, stack.md §3).
const PIECE_BYTES: u32 = 1 << 20;
/// A message announced small may be this much longer than announced before it is refused; then it is fetched in pieces.
const SLACK_BYTES: u64 = 1 << 20;
/// Times a message is fetched when its length is not the one announced.
const SIZE_TRIES: u32 = 2;

/// What is in the spool file now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fetched {
    /// Nothing: the server has no such message any more.
    Gone,
    /// The whole message.
    Whole { bytes: u64, date: Option<String>, size_mismatch: bool },
    /// Its headers; it is announced at more than the maximum.
    Headers { bytes: u64, date: Option<String> },
}

/// Fetches one listed message into `spool`, which is created or emptied.
///
/// `first_try`: the plain way. Later ones do without INTERNALDATE, which is not worth a message, and ask in pieces.
pub(super) async fn fetch<S: Wire>(
    driver: &mut Driver<S>,
    listed: Listed,
    message_bytes_max: u64,
    disk: &dyn Disk,
    spool: &Path,
    first_try: bool,
) -> Result<Fetched, Trouble> {
    let size = u64::from(listed.size);
    if size > message_bytes_max {
        let part = Part::Headers { length: u32::try_from(HEAD_BYTES_MAX).unwrap_or(PIECE_BYTES) };
        let Some(piece) = driver.part(listed.uid, part, first_try).await? else {
            return gone(driver, listed.uid).await;
        };
        let mut file = disk.create(spool).map_err(unwritable)?;
        file.write_all(&piece.bytes).map_err(unwritable)?;
        file.flush().map_err(unwritable)?;
        return Ok(Fetched::Headers { bytes: piece.bytes.len() as u64, date: piece.date });
    }
    let mut tries = 1;
    loop {
        // The second time in pieces whatever the size announced: another way to the same bytes.
        let in_pieces = size > u64::from(PIECE_BYTES) || tries > 1 || !first_try;
        let Some((bytes, date)) =
            pour(driver, listed.uid, in_pieces, message_bytes_max, disk, spool, first_try).await?
        else {
            return gone(driver, listed.uid).await;
        };
        if bytes == size || tries == SIZE_TRIES {
            return Ok(Fetched::Whole { bytes, date, size_mismatch: bytes != size });
        }
        tries += 1;
    }
}

/// All the bytes of a message, up to its true end, which is not where RFC822.SIZE says but where nothing more comes.
async fn pour<S: Wire>(
    driver: &mut Driver<S>,
    uid: u32,
    in_pieces: bool,
    message_bytes_max: u64,
    disk: &dyn Disk,
    spool: &Path,
    with_date: bool,
) -> Result<Option<(u64, Option<String>)>, Trouble> {
    let mut file = disk.create(spool).map_err(unwritable)?;
    let (mut total, mut date) = (0_u64, None);
    loop {
        let first = total == 0;
        let part = match u32::try_from(total) {
            _ if !in_pieces => Part::Whole { most: u64::from(PIECE_BYTES) + SLACK_BYTES },
            Ok(from) => Part::Slice { from, length: PIECE_BYTES },
            Err(_) => return Err(Trouble::TooMuch("un messaggio oltre i 4 GiB")),
        };
        let Some(piece) = driver.part(uid, part, with_date && first).await? else {
            return Ok(None);
        };
        if first {
            date = piece.date;
        }
        total += piece.bytes.len() as u64;
        if total > message_bytes_max {
            return Err(Trouble::TooMuch("un messaggio più grande di quanto annunciato"));
        }
        file.write_all(&piece.bytes).map_err(unwritable)?;
        if !in_pieces || piece.bytes.is_empty() {
            file.flush().map_err(unwritable)?;
            return Ok(Some((total, date)));
        }
    }
}

/// No content came: is the message gone, or is the server refusing it in silence? Only a listing without it settles that.
async fn gone<S: Wire>(driver: &mut Driver<S>, uid: u32) -> Result<Fetched, Trouble> {
    let listed = driver.list(Window { from: uid, to: Some(uid) }).await?;
    if listed.iter().any(|l| l.uid == uid) {
        return Err(Trouble::Strange("un messaggio elencato ma non dato"));
    }
    Ok(Fetched::Gone)
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn unwritable(why: io::Error) -> Trouble {
    Trouble::Spool(why.to_string())
}

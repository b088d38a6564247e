//! The end of the register, noted outside of it once a day: what a hash chain cannot prove by itself (reliability.md §3.9).
//!
//! Whoever can rewrite the data folder can rewrite the chain, or cut its end. A line in a file elsewhere, and one in the
//! system's log, tell on a register that was changed before it.

use crate::clock::Clock;
use crate::events;
use crate::journal::Head;
use crate::store::Store;
use casework::calendar;
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often the day is looked at.
const LOOK: Duration = Duration::from_secs(600);
/// Largest file of notes that is read, bytes: centuries of days.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Longest line, with room.
const LINE_BYTES_MAX: u64 = 256;

/// One note: the register ended like this then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// When it was written.
    pub at: Timestamp,
    /// Number of the last line.
    pub seq: u64,
    /// Its SHA-256.
    pub hash: String,
}

impl Note {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let note =
            Self { at: words.next()?.parse().ok()?, seq: words.next()?.parse().ok()?, hash: words.next()?.to_owned() };
        let is_digest = note.hash.len() == 64 && note.hash.bytes().all(|b| b.is_ascii_hexdigit());
        (words.next().is_none() && is_digest).then_some(note)
    }
}

/// Whether a line is the beginning of a note that a full disk or a power cut broke off.
fn is_torn(line: &str) -> bool {
    Note::read(line).is_none() && line.bytes().all(|b| b.is_ascii_hexdigit() || b" TZ:.-".contains(&b))
}

/// Reads all notes. One that was broken off says nothing, and the others hold.
///
/// # Errors
/// Those of the disk; another line that is no note, with its number.
pub fn read(file: &Path) -> io::Result<Vec<Note>> {
    let mut text = String::new();
    File::open(file)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    let note = |(n, line): (usize, &str)| {
        let why =
            || io::Error::new(io::ErrorKind::InvalidData, format!("la riga {} non è un'impronta annotata", n + 1));
        Note::read(line).ok_or_else(why)
    };
    text.lines().enumerate().filter(|(_, line)| !is_torn(line)).map(note).collect()
}

/// The last note, if the file has one.
fn last(file: &mut File) -> io::Result<Option<Note>> {
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(end.saturating_sub(LINE_BYTES_MAX)))?;
    let mut tail = Vec::new();
    file.take(LINE_BYTES_MAX).read_to_end(&mut tail)?;
    Ok(String::from_utf8_lossy(&tail).lines().last().and_then(Note::read))
}

/// The last note of a file of notes. `None`: it has none, or there is no file.
///
/// # Errors
/// Those of the disk.
pub fn last_of(path: &Path) -> io::Result<Option<Note>> {
    match File::open(path) {
        Ok(mut file) => last(&mut file),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Notes this end of the register, unless one of the same day (in Rome) is there. Whether it did.
///
/// # Errors
/// Those of the disk.
pub fn note(path: &Path, head: &Head, now: Timestamp) -> io::Result<bool> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    let day = |at| calendar::rome(at).date();
    if last(&mut file)?.is_some_and(|note| day(note.at) == day(now)) {
        return Ok(false);
    }
    // What a full disk or a power cut left of a note before stays a line of its own, and only that one is no note.
    let before = file.seek(SeekFrom::End(0))?;
    let mut is_whole = [b'\n'];
    if before > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut is_whole)?;
    }
    let end = if is_whole == *b"\n" { "" } else { "\n" };
    let written = file.write_all(format!("{end}{now} {} {}\n", head.seq, head.hash).as_bytes());
    if let Err(e) = written.and_then(|()| file.sync_all()) {
        let _ = file.set_len(before);
        return Err(e);
    }
    Ok(true)
}

/// Notes the register's end once a day until `stop`: in the log, and in `file` where one is set.
pub async fn keep(store: Arc<Mutex<Store>>, file: Option<PathBuf>, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut logged = None;
    while !*stop.borrow() {
        let (now, head) = (clock.now(), store.lock().unwrap_or_else(PoisonError::into_inner).head());
        let today = calendar::rome(now).date();
        if logged != Some(today) {
            events::register_head(head.seq, &head.hash);
            logged = Some(today);
        }
        if let Some(file) = &file
            && let Err(e) = note(file, &head, now)
        {
            // The mail goes on: an outside disk that is away must not stop it. The next look tries again.
            events::register_head_not_noted(&e);
        }
        tokio::select! {
            biased;
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_note_a_day_and_never_one_lost() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("impronte.txt");
        let head = |seq: u64| Head { seq, hash: format!("{seq:064x}") };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(note(&file, &head(7), at("2026-02-03T10:00:00Z")).unwrap());
        assert!(!note(&file, &head(8), at("2026-02-03T22:59:59Z")).unwrap(), "still the third of February in Rome");
        assert!(note(&file, &head(9), at("2026-02-03T23:00:00Z")).unwrap(), "the fourth");
        let seqs: Vec<u64> = read(&file).unwrap().iter().map(|n| n.seq).collect();
        assert_eq!(seqs, [7, 9]);
        std::fs::write(&file, "2026-02-03T10:00:00Z 7 un'altra cosa\n").unwrap();
        assert!(read(&file).unwrap_err().to_string().contains("riga 1"));
    }

    /// A start that asks the notes must not fail for weeks because the disk was full for a moment.
    #[test]
    fn a_note_that_was_broken_off_spoils_none_that_comes_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("impronte.txt");
        let head = |seq: u64| Head { seq, hash: format!("{seq:064x}") };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        note(&file, &head(7), at("2026-02-03T10:00:00Z")).unwrap();
        note(&file, &head(8), at("2026-02-04T10:00:00Z")).unwrap();
        let whole = std::fs::read(&file).unwrap();
        let first = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
        for cut in first..whole.len() {
            std::fs::write(&file, &whole[..cut]).unwrap();
            let seqs = || read(&file).unwrap().iter().map(|n| n.seq).collect::<Vec<_>>();
            let before = seqs();
            assert!(note(&file, &head(9), at("2026-02-05T10:00:00Z")).unwrap(), "{cut}");
            assert_eq!(seqs(), [before, vec![9]].concat(), "{cut}");
        }
    }
}

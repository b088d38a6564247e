//! A Maildir folder as a source of messages: looked at every few seconds, never deleted from.
//!
//! A message that is kept moves from `new/` to `cur/`, with the flags that Maildir wants (`:2,`, no `S`: nobody has read it).

use super::arrival::{Arrival, Delivery, Filed, Place};
use crate::pipeline::BATCH_MESSAGES_MAX;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Messages handed over between two looks at the clock; the rest waits for the next round.
const ROUND_MAX: usize = 1000;

/// Settings of one folder.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name in journal and logs.
    pub account: String,
    /// Holds `new`, `cur`, `tmp`.
    pub dir: PathBuf,
    /// Pause between two looks.
    pub poll: Duration,
    /// Larger files are not read: a person is told.
    pub message_bytes_max: u64,
}

/// Watches the folder until `stop`.
pub async fn watch(
    settings: Settings,
    deliveries: mpsc::Sender<Delivery>,
    spool: PathBuf,
    mut stop: watch::Receiver<bool>,
    report: impl Fn(io::Result<u64>),
) {
    loop {
        let round = look(&settings, &deliveries, &spool).await;
        let pause = match &round {
            // A full round may have left some: look again at once.
            Ok(n) if *n >= ROUND_MAX as u64 => Duration::ZERO,
            _ => settings.poll,
        };
        report(round);
        if *stop.borrow() {
            return;
        }
        tokio::select! {
            biased;
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Hands over what is in `new/`, oldest name first. Returns how many messages were kept.
async fn look(settings: &Settings, deliveries: &mpsc::Sender<Delivery>, spool: &Path) -> io::Result<u64> {
    let is_file = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    let entries = fs::read_dir(settings.dir.join("new"))?.filter_map(Result::ok).filter(is_file);
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files.truncate(ROUND_MAX);
    let (mut kept, mut fault) = (0, None);
    // Those that wait go together, as from a server: what is made durable for a group costs once.
    for group in files.chunks(BATCH_MESSAGES_MAX) {
        let mut handed = Vec::new();
        for path in group {
            let arrival = match arrival(settings, path, spool) {
                Ok(arrival) => arrival,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue, // somebody else took it
                // One file that cannot be read must not hold up those behind it.
                Err(e) => {
                    fault = Some(e);
                    continue;
                }
            };
            let spooled = arrival.spool.clone();
            let (done, answer) = oneshot::channel();
            if deliveries.send(Delivery { arrival, done }).await.is_err() {
                break; // the answers of those before it are still to be heard
            }
            handed.push((path, spooled, answer));
        }
        let mut all_kept = true;
        for (path, spooled, answer) in handed {
            let filed = answer.await.unwrap_or(Filed::NotKept);
            let _ = fs::remove_file(spooled); // the archive has its own name for the bytes
            match filed {
                Filed::Kept => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    let flagged = if name.contains(":2,") { name } else { format!("{name}:2,") };
                    match fs::rename(path, settings.dir.join("cur").join(flagged)) {
                        Ok(()) => kept += 1,
                        Err(e) => fault = Some(e),
                    }
                }
                Filed::NotKept => all_kept = false,
            }
        }
        if !all_kept {
            return Err(io::Error::other("il messaggio non è stato registrato: si riprova"));
        }
        if deliveries.is_closed() {
            return Ok(kept);
        }
    }
    fault.map_or(Ok(kept), Err)
}

/// Copies a file into the spool: the archive links from there, and a Maildir may be on another file system.
fn arrival(settings: &Settings, path: &Path, spool: &Path) -> io::Result<Arrival> {
    let meta = fs::metadata(path)?;
    let spooled = spool.join(format!("maildir-{}.tmp", crate::digest::sha256(path.as_os_str().as_encoded_bytes())));
    let oversized = (meta.len() > settings.message_bytes_max).then_some(meta.len());
    match oversized {
        None => drop(fs::copy(path, &spooled)?),
        Some(_) => fs::write(&spooled, head(path)?)?,
    }
    let received = meta.modified().ok().and_then(|t| jiff::Timestamp::try_from(t).ok());
    Ok(Arrival {
        account: settings.account.clone(),
        place: Place::Maildir { path: path.to_owned() },
        received,
        bytes: fs::metadata(&spooled)?.len(),
        spool: spooled,
        oversized,
        size_mismatch: false,
    })
}

/// The headers of a file too large to be kept whole.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read;
    let mut start = Vec::new();
    fs::File::open(path)?.take(super::HEAD_BYTES_MAX).read_to_end(&mut start)?;
    start.truncate(super::headers_end(&start).unwrap_or(start.len()));
    Ok(start)
}

//! Changes when messages are written into a Maildir another way.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Error, Result};

/// Delivers `raw` as it is into `maildir`, which is made if it is missing: written to `tmp`, synced, renamed into `new`, the
/// directory synced. Answers the path in `new`. Safe against other processes that deliver at the same time.
///
/// # Errors
/// When the disk refuses.
pub fn deliver(maildir: &Path, raw: &[u8]) -> Result<PathBuf> {
    for folder in ["tmp", "new", "cur"] {
        let path = maildir.join(folder);
        fs::create_dir_all(&path).map_err(Error::io(&path))?;
    }
    let name = unique_name();
    let (written, delivered) = (maildir.join("tmp").join(&name), maildir.join("new").join(&name));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&written).map_err(Error::io(&written))?;
    file.write_all(raw).map_err(Error::io(&written))?;
    file.sync_all().map_err(Error::io(&written))?;
    fs::rename(&written, &delivered).map_err(Error::io(&delivered))?;
    let new = maildir.join("new");
    File::open(&new).and_then(|directory| directory.sync_all()).map_err(Error::io(&new))?;
    Ok(delivered)
}

/// Time, process and a count within the process, so that two names never meet and names sort by delivery.
fn unique_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}.M{:06}P{}Q{count:06}.gestore", now.as_secs(), now.subsec_micros(), std::process::id())
}

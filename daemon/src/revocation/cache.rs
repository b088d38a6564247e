//! The lists at hand, as files that anybody can read. It changes when their names or their bound change.
//!
//! `<dati>/revoca/liste/<source>-<thisUpdate>.der`: the newest of each source, and no other. It is a cache: what a decision rested on
//! is in the archive, under its digest, for ever (`Shelf::Status`). A person's own folder is read beside it and never written.

use crate::archive::sync_dir;
use crate::digest::sha256;
use casework::rules::Problem;
use jiff::Timestamp;
use pec::revocation::{Filed, LIST_BYTES_MAX, StatusLists};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Most lists that are fetched and held. One for the authority of all providers, and an OCSP answer for each of them at most.
pub const LISTS_MAX: usize = 150;
/// Most files of a person's folder that are read.
pub const HAND_FILES_MAX: usize = 50;

/// The lists at hand, at one time.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// What `pec` judges by.
    pub status: StatusLists,
    /// What they are, for people and for the schedule.
    pub held: Vec<Held>,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The source that it was fetched from; `None` = a person supplied it.
    pub source: Option<String>,
    /// Its file.
    pub file: PathBuf,
    /// A CRL; else an OCSP answer.
    pub is_crl: bool,
    /// Who says that it is theirs.
    pub issuer: String,
    /// When it was true.
    pub this_update: Timestamp,
    /// When the next is due.
    pub next_update: Option<Timestamp>,
    /// When it came.
    pub came: Timestamp,
    /// SHA-256 of its DER, hex.
    pub sha256: String,
}

impl Lists {
    /// The list of a source.
    #[must_use]
    pub fn of(&self, source: &str) -> Option<&Held> {
        self.held.iter().find(|held| held.source.as_deref() == Some(source))
    }
}

/// A short name for a question, the same at every start.
#[must_use]
pub fn source_name(url: &str, about: Option<&[u8]>) -> String {
    let mut text = url.as_bytes().to_vec();
    if let Some(certificate) = about {
        text.push(b'\n');
        text.extend_from_slice(sha256(certificate).as_bytes());
    }
    sha256(&text).get(..16).unwrap_or_default().to_owned()
}

/// The folder of a data folder.
#[must_use]
pub fn folder(data: &Path) -> PathBuf {
    data.join("revoca")
}

/// Makes the folders.
///
/// # Errors
/// Those of the disk.
pub fn open(revoca: &Path) -> io::Result<()> {
    fs::create_dir_all(revoca.join("liste"))?;
    revoca.parent().map_or(Ok(()), sync_dir)
}

/// Everything at hand: what was fetched, and what a person put into `hand`. Files that are no lists are named.
#[must_use]
pub fn read(revoca: &Path, hand: Option<&Path>) -> (Lists, Vec<Problem>) {
    let mut lists = Lists::default();
    let mut problems = Vec::new();
    let fetched = files(&revoca.join("liste"), LISTS_MAX).unwrap_or_default();
    for (path, came) in fetched {
        // An unfinished or damaged file is fetched again.
        let _ = take(&mut lists, &path, source_of(&path), came);
    }
    let Some(hand) = hand else { return (lists, problems) };
    let mut add = |path: &Path, text: String| {
        problems.push(Problem { file: path.display().to_string(), line: None, text, warning: true });
    };
    match files(hand, HAND_FILES_MAX) {
        Ok(files) => {
            for (path, came) in files {
                if let Err(why) = take(&mut lists, &path, None, came) {
                    add(&path, why);
                }
            }
        }
        Err(e) => add(hand, format!("non riesco a leggere le liste di revoca: {e}")),
    }
    (lists, problems)
}

fn take(lists: &mut Lists, path: &Path, source: Option<String>, came: Timestamp) -> Result<(), String> {
    // PEM takes a third more than DER.
    if fs::metadata(path).map_err(|e| e.to_string())?.len() > 2 * LIST_BYTES_MAX as u64 {
        return Err("è troppo grande per una lista di revoca".into());
    }
    let bytes = fs::read(path).map_err(|e| e.to_string())?;
    let filed = lists.status.add(&bytes).map_err(|why| why.text)?;
    lists.held.push(Held {
        source,
        file: path.to_owned(),
        is_crl: filed.is_crl,
        issuer: filed.issuer,
        this_update: filed.this_update,
        next_update: filed.next_update,
        came,
        sha256: crate::digest::hex(&filed.sha256),
    });
    Ok(())
}

/// Plain files, by name, with their times; at most `most`, the newest names first to go.
fn files(dir: &Path, most: usize) -> io::Result<Vec<(PathBuf, Timestamp)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        let name = entry.file_name();
        let hidden = name.to_str().is_none_or(|n| n.starts_with('.') || n.ends_with(".tmp"));
        if meta.is_file() && !hidden {
            let came = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            found.push((entry.path(), Timestamp::try_from(came).unwrap_or(Timestamp::UNIX_EPOCH)));
        }
    }
    found.sort();
    found.truncate(most);
    Ok(found)
}

fn source_of(path: &Path) -> Option<String> {
    let (source, _) = path.file_stem()?.to_str()?.split_once('-')?;
    Some(source.to_owned())
}

/// Keeps the list of a source in place of its older one.
///
/// # Errors
/// Those of the disk.
pub fn keep(revoca: &Path, source: &str, filed: &Filed) -> io::Result<()> {
    let dir = revoca.join("liste");
    let name = format!("{source}-{}.der", filed.this_update.as_second());
    let new = dir.join(format!("{name}.tmp"));
    let mut file = File::create(&new)?;
    file.write_all(&filed.der)?;
    file.sync_all()?;
    fs::rename(&new, dir.join(&name))?;
    sync_dir(&dir)?;
    let mut all = files(&dir, usize::MAX)?;
    all.retain(|(path, _)| path.file_name().is_none_or(|n| n != name.as_str()));
    for (path, _) in all.extract_if(.., |(path, _)| source_of(path).as_deref() == Some(source)) {
        fs::remove_file(path)?;
    }
    // More than can be read: those that came first make room.
    all.sort_by_key(|(_, came)| *came);
    for (path, _) in all.iter().take((all.len() + 1).saturating_sub(LISTS_MAX)) {
        fs::remove_file(path)?;
    }
    Ok(())
}

//! The sets of rules, and of the procedures beside them, that were in force, kept by their digest in the data folder, and the pointer to the one that is. It
//! changes when they are kept in another form.
//!
//! `<dati>/regole/<digest>/*.toml` and `…/procedures/*.toml` are the files of one set; `<dati>/regole/in-vigore.json` names the one in force since the
//! first `rules deploy`. A set is written whole beside its place and renamed, and so is the pointer: a crash leaves what was.

use crate::archive::sync_dir;
use crate::config::Config;
use crate::office::{PROCEDURES, draft_files, is_procedure};
use casework::rules::SourceFile;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Name of the pointer.
const POINTER: &str = "in-vigore.json";
/// Fewest characters that name a set.
pub(super) const PREFIX_MIN: usize = 4;

/// The set in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// Its digest.
    pub hash: String,
    /// Since when.
    pub at: Timestamp,
    /// Who put it in force.
    pub by: String,
    /// What they said of it.
    pub note: String,
}

/// Where the sets of a data folder are.
#[must_use]
pub fn folder(data: &Path) -> PathBuf {
    data.join("regole")
}

/// The set that was put in force by `rules deploy` or `rules rollback`; `None` before the first.
///
/// # Errors
/// Those of the disk; a pointer that cannot be read.
pub fn current(data: &Path) -> io::Result<Option<Pointer>> {
    match fs::read(folder(data).join(POINTER)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Puts a set in force: from the next reading on.
///
/// # Errors
/// Those of the disk.
pub fn point(data: &Path, pointer: &Pointer) -> io::Result<()> {
    let folder = folder(data);
    fs::create_dir_all(&folder)?;
    let mut text = serde_json::to_vec_pretty(pointer)?;
    text.push(b'\n');
    let new = folder.join(format!("{POINTER}.tmp"));
    write(&new, &text)?;
    fs::rename(&new, folder.join(POINTER))?;
    sync_dir(&folder)
}

/// Keeps a set; one that is there already is left alone.
///
/// # Errors
/// Those of the disk.
pub fn keep(data: &Path, hash: &str, files: &[SourceFile]) -> io::Result<()> {
    let shelf = folder(data);
    let place = shelf.join(hash);
    if place.is_dir() {
        return Ok(());
    }
    let new = shelf.join(format!("{hash}.tmp"));
    if new.exists() {
        fs::remove_dir_all(&new)?; // a crash left it, half written
    }
    fs::create_dir_all(&new)?;
    if files.iter().any(|file| is_procedure(&file.name)) {
        fs::create_dir_all(new.join(PROCEDURES))?;
    }
    for file in files {
        write(&new.join(&file.name), file.text.as_bytes())?;
    }
    if new.join(PROCEDURES).is_dir() {
        sync_dir(&new.join(PROCEDURES))?;
    }
    sync_dir(&new)?;
    fs::rename(&new, &place)?;
    sync_dir(&shelf)
}

/// The digests of all sets that are kept.
///
/// # Errors
/// Those of the disk.
pub fn kept(data: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder(data)) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() && name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The whole digest of the set that begins like this; or why not, in Italian.
///
/// # Errors
/// None begins so, or several do.
pub fn find(data: &Path, prefix: &str) -> Result<String, String> {
    if prefix.len() < PREFIX_MIN {
        return Err(format!("«{prefix}»: scrivi almeno {PREFIX_MIN} caratteri dell'impronta"));
    }
    let all = kept(data).map_err(|e| format!("{}: {e}", folder(data).display()))?;
    match &all.iter().filter(|hash| hash.starts_with(prefix)).collect::<Vec<_>>()[..] {
        [hash] => Ok((*hash).clone()),
        [] => Err(format!(
            "nessuna versione delle regole che si tiene ha l'impronta «{prefix}»: guarda con «sportello rules history» \
                 (dove `tenuta` dice `no` i file non ci sono più: erano della cartella, o di un programma più vecchio, e nessun servizio è partito con quelle)"
        )),
        several => Err(format!("«{prefix}» indica {} versioni: scrivi qualche carattere in più", several.len())),
    }
}

/// The files of a set, by the first characters of its digest; or why not, in Italian.
///
/// # Errors
/// See [`find`]; it cannot be read.
pub fn read(data: &Path, prefix: &str) -> Result<Vec<SourceFile>, String> {
    let place = folder(data).join(find(data, prefix)?);
    // The procedures behind the rules, as in the folder: the digest is of this order.
    let fault = |e: io::Error| format!("{}: {e}", place.display());
    let mut files = files_in(&place, "").map_err(fault)?;
    let procedures = place.join(PROCEDURES);
    if procedures.is_dir() {
        files.extend(files_in(&procedures, &format!("{PROCEDURES}/")).map_err(fault)?);
    }
    Ok(files)
}

/// The files of one folder, by name; folders in it are passed over.
fn files_in(folder: &Path, before: &str) -> io::Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(SourceFile { name: format!("{before}{name}"), text: fs::read_to_string(&path)? });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// After the first deploy: whether the folder of the configuration says something else than the set in force.
#[must_use]
pub fn is_behind(config: &Config, in_force: &str) -> bool {
    let draft = || Some(casework::rules::digest(&draft_files(config).ok()?));
    config.rules.is_some()
        && matches!(current(&config.data), Ok(Some(_)))
        && draft().is_none_or(|hash| hash != in_force)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_by_its_beginning_and_pointed_to() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path();
        let files = [
            SourceFile { name: "b.toml".into(), text: "due".into() },
            SourceFile { name: "z.toml".into(), text: "uno".into() },
            SourceFile { name: "procedures/a.toml".into(), text: "tre".into() },
        ];
        let (one, two) = (format!("abcd{:060}", 1), format!("abcd{:060}", 2));
        assert_eq!(current(data).unwrap(), None);
        assert!(find(data, "abcd").unwrap_err().contains("nessuna versione"));
        fs::create_dir_all(folder(data).join(format!("{one}.tmp/half"))).unwrap();
        keep(data, &one, &files).unwrap();
        keep(data, &one, &[]).unwrap();
        let names: Vec<String> = read(data, &one[..64]).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["b.toml", "z.toml", "procedures/a.toml"], "in the order that their digest needs");
        keep(data, &two, &files).unwrap();
        assert!(find(data, "abcd").unwrap_err().contains("indica 2 versioni"));
        let pointer = Pointer { hash: two, at: Timestamp::UNIX_EPOCH, by: "Ada".into(), note: String::new() };
        point(data, &pointer).unwrap();
        assert_eq!(current(data).unwrap(), Some(pointer));
        assert_eq!(kept(data).unwrap().len(), 2, "the pointer is no set");
    }
}

//! The drop folder: tables that an office leaves there are worked, each with a report beside it. It changes when such a file is
//! handled in another way.
//!
//! A row is done once: the register knows it by the digest of its file and its line, so that a stop in the middle, or the same file
//! left again, does nothing twice. Nothing is deleted: a worked file moves to `fatti/`.

use super::{Caseload, Deed, rows};
use crate::caseload::rows::Mandate;
use crate::digest::sha256;
use crate::events;
use crate::failpoint;
use crate::journal::record::Channel;
use crate::outbox::orders::Answer;
use crate::shared;
use crate::store::Trouble;
use casework::calendar;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Where worked files go, within the folder.
pub const DONE: &str = "fatti";
/// Files worked in one round.
const FILES_MAX: usize = 20;
/// How old a file must be: a program that still writes it touches it.
const SETTLED: Duration = Duration::from_secs(2);

/// What came of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Rows done, and rows that were done before.
    pub done: usize,
    /// Refused rows: line, and why.
    pub refused: Vec<(u64, String)>,
    /// What was said of each row that was done.
    pub said: Vec<(u64, String)>,
    /// The names of the rows that have one.
    pub named: Vec<(u64, String)>,
}

/// Hands the rows of one file to whoever carries them out, each with the name by which it is done once: the one that the back
/// office gave it, else the file's digest and its line.
///
/// # Errors
/// That one cannot go on. Inside: the file as a whole cannot be read.
pub fn work<E>(
    name: &str,
    bytes: &[u8],
    by: &str,
    mandate: Option<&Mandate>,
    mut carry: impl FnMut(&Deed, &str) -> Result<Answer, E>,
) -> Result<Result<Outcome, String>, E> {
    let read = match rows::read(name, bytes, by, mandate) {
        Ok(read) => read,
        Err(why) => return Ok(Err(why)),
    };
    let file = sha256(bytes);
    let mut outcome = Outcome { done: 0, refused: Vec::new(), said: Vec::new(), named: Vec::new() };
    for rows::Row { line, id, deed } in read {
        let key = if id.is_empty() { format!("{file}/{line}") } else { format!("gestionale/{id}") };
        outcome.named.extend(Some((line, id)).filter(|(_, id)| !id.is_empty()));
        match deed.map(|deed| carry(&deed, &key)) {
            Ok(Ok(Answer::Done(said))) => {
                outcome.done += 1;
                outcome.said.push((line, said));
            }
            Ok(Ok(Answer::No(why))) | Err(why) => outcome.refused.push((line, why)),
            Ok(Err(stop)) => return Err(stop),
        }
    }
    Ok(Ok(outcome))
}

impl Caseload<'_> {
    /// Works what lies in the folder. How many files. `admits`: what may be ordered from there.
    ///
    /// # Errors
    /// The store cannot go on. A fault of the folder is told to the operator and tried again.
    pub fn drop_folder(&mut self, folder: &Path, admits: impl Fn(&Deed) -> bool) -> Result<usize, Trouble> {
        let files = match waiting(folder) {
            Ok(files) => files,
            Err(why) => {
                events::drop_failed(&why);
                return Ok(0);
            }
        };
        let mut worked = 0;
        for path in files {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = match read(&path) {
                Ok(bytes) => bytes,
                Err(why) => {
                    events::drop_failed(&why);
                    continue;
                }
            };
            let by = format!("deposito: {name}");
            let outcome = work(&name, &bytes, &by, None, |deed, key| match admits(deed) {
                true => self.carry_out_once(deed, Channel::Drop, key),
                false => Ok(Answer::No("in questa cartella questo non si può lasciare".into())),
            })?;
            match &outcome {
                Ok(outcome) => events::drop_read(outcome.done, outcome.refused.len()),
                Err(_) => events::drop_read(0, 1),
            }
            if let Some(why) = refused(&outcome) {
                let text = format!("deposito, {name}: {why}. I motivi sono in {DONE}, nel file .esito.txt");
                self.note_rows(&text, &by, Channel::Drop, &bytes)?;
            }
            let at = calendar::stamp(self.now).replace([' ', ':'], "-");
            if let Err(why) = put_away(folder, &path, &format!("{at}-{name}"), &report(&name, &outcome)) {
                events::drop_failed(&why);
                continue;
            }
            worked += 1;
        }
        Ok(worked)
    }
}

/// Tables that nobody writes any more, in the order of their names.
pub(crate) fn waiting(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let now = SystemTime::now();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_table =
            path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv") || end.eq_ignore_ascii_case("json"));
        let about = entry.metadata()?;
        let is_settled = about.modified().is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age >= SETTLED));
        if is_table && about.is_file() && is_settled {
            files.push(path);
        }
    }
    files.sort();
    files.truncate(FILES_MAX);
    Ok(files)
}

/// Its bytes; of a file that is too large one more than it may have, so that it is refused without being held in memory.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(rows::FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// First the report, then the file: a stop between them works the file again, and its rows answer «già fatta».
pub(crate) fn put_away(folder: &Path, file: &Path, name: &str, report: &str) -> io::Result<()> {
    let done = folder.join(DONE);
    shared::dir(&done)?;
    shared::file(&done.join(format!("{name}.esito.txt")), report.as_bytes())?;
    failpoint::at("exchange.away")?;
    fs::rename(file, done.join(name))
}

/// What was refused of a file; none: nothing.
pub(crate) fn refused(outcome: &Result<Outcome, String>) -> Option<String> {
    match outcome {
        Err(_) => Some("nessuna riga letta".into()),
        // The reasons may quote what a row says of somebody: they stand in the report alone.
        Ok(outcome) => {
            let (line, _) = outcome.refused.first()?;
            Some(format!("righe rifiutate {}, la prima è la {line}", outcome.refused.len()))
        }
    }
}

/// For whoever left the file: how many rows, and every refused one with its line.
#[must_use]
pub fn report(name: &str, outcome: &Result<Outcome, String>) -> String {
    let mut text = String::new();
    match outcome {
        Err(why) => {
            let _ = writeln!(text, "{name}: nessuna riga letta. {why}");
        }
        Ok(outcome) => {
            let _ = writeln!(text, "{name}: righe fatte {}, righe rifiutate {}.", outcome.done, outcome.refused.len());
            for (line, why) in &outcome.refused {
                let _ = writeln!(text, "RIFIUTATA  {name}:{line}  {why}");
            }
            for (line, said) in &outcome.said {
                let _ = writeln!(text, "fatta      {name}:{line}  {said}");
            }
        }
    }
    text
}

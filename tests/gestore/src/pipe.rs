//! Changes when the way Postfix hands messages to the simulated circuit changes.
//!
//! Postfix runs one process for each submitted message and runs it again if it exits with 75. What a message brings about is
//! therefore first written down as a *job* and then worked off step by step, so that a second run goes on where the first one
//! stopped and makes no second acceptance:
//!
//! ```text
//! jobs/<SHA-256 of sender, recipients and bytes>/NNN/{letter,then,otherwise}
//! ```
//!
//! Each file is `mail_from LF to LF` and the message. Postfix never runs the same message twice at once.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::codec::hex;
use crate::lmtp::Client;
use crate::scene::{Letter, Plot};
use crate::style::Digest;
use crate::{Error, Result, crypto, state};

const LETTER: &str = "letter";
const THEN: &str = "then";
const OTHERWISE: &str = "otherwise";

/// Seals and delivers one submitted message by the state in `directory`, through the LMTP server at `lmtp`.
///
/// # Errors
/// [`Error::exit_code`] tells Postfix whether to try again.
pub fn run(directory: &Path, lmtp: &str, sender: &str, recipients: &[String], raw: &[u8]) -> Result<()> {
    let job = job_directory(directory, sender, recipients, raw);
    if !job.exists() {
        let plot = state::network(directory)?.carry(sender, recipients, raw, Timestamp::now())?;
        write_job(&job, &plot)?;
    }
    let mut client = Client::connect(lmtp)?;
    for step in steps(&job)? {
        work_off(&step, &mut client)?;
    }
    fs::remove_dir(&job).map_err(Error::io(&job))
}

fn job_directory(directory: &Path, sender: &str, recipients: &[String], raw: &[u8]) -> PathBuf {
    let head = format!("{sender}\n{}\n", recipients.join("\n"));
    directory.join("jobs").join(hex(&crypto::digest(Digest::Sha256, &[head.as_bytes(), raw].concat())))
}

/// The job appears whole or not at all: written under another name, synced and renamed.
fn write_job(job: &Path, plot: &Plot) -> Result<()> {
    let jobs = job.parent().unwrap_or(job);
    fs::create_dir_all(jobs).map_err(Error::io(jobs))?;
    let draft = tempfile::Builder::new().prefix("draft.").tempdir_in(jobs).map_err(Error::io(jobs))?;
    for (number, leg) in plot.legs.iter().enumerate() {
        let step = draft.path().join(format!("{number:05}"));
        fs::create_dir(&step).map_err(Error::io(&step))?;
        for (name, letter) in
            [(LETTER, Some(&leg.letter)), (THEN, leg.then.as_ref()), (OTHERWISE, leg.otherwise.as_ref())]
        {
            if let Some(letter) = letter {
                write_letter(&step.join(name), letter)?;
            }
        }
    }
    fs::rename(draft.path(), job).map_err(Error::io(job))?;
    let _renamed_away = draft.keep();
    Ok(())
}

fn steps(job: &Path) -> Result<Vec<PathBuf>> {
    let mut steps = Vec::new();
    for entry in fs::read_dir(job).map_err(Error::io(job))? {
        steps.push(entry.map_err(Error::io(job))?.path());
    }
    steps.sort();
    Ok(steps)
}

/// Delivers the letter, then the answer that its fate calls for. What is done is removed, in an order that a crash can only
/// make repeat, never skip.
fn work_off(step: &Path, client: &mut Client) -> Result<()> {
    let letter = step.join(LETTER);
    if letter.exists() {
        let fate = deliver(&letter, client)?;
        remove(&step.join(if fate == Fate::Taken { OTHERWISE } else { THEN }))?;
        remove(&letter)?;
    }
    for answer in [step.join(THEN), step.join(OTHERWISE)] {
        if answer.exists() {
            deliver(&answer, client)?; // a refused receipt has nobody to be reported to
            remove(&answer)?;
        }
    }
    fs::remove_dir(step).map_err(Error::io(step))
}

#[derive(PartialEq)]
enum Fate {
    Taken,
    Refused,
}

fn deliver(file: &Path, client: &mut Client) -> Result<Fate> {
    let letter = read_letter(file)?;
    match client.deliver(&letter.mail_from, &letter.to, &letter.raw) {
        Ok(()) => Ok(Fate::Taken),
        Err(Error::LmtpNever(_)) => Ok(Fate::Refused),
        Err(other) => Err(other),
    }
}

fn write_letter(path: &Path, letter: &Letter) -> Result<()> {
    let mut file = fs::File::create(path).map_err(Error::io(path))?;
    let head = format!("{}\n{}\n", letter.mail_from, letter.to);
    file.write_all(&[head.as_bytes(), &letter.raw].concat()).map_err(Error::io(path))?;
    file.sync_all().map_err(Error::io(path))
}

fn read_letter(path: &Path) -> Result<Letter> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    let mut pieces = bytes.splitn(3, |byte| *byte == b'\n');
    let mut text = || pieces.next().map(|piece| String::from_utf8_lossy(piece).to_string()).unwrap_or_default();
    let (mail_from, to) = (text(), text());
    Ok(Letter { mail_from, to, raw: pieces.next().unwrap_or_default().to_vec() })
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(Error::Io(path.to_path_buf(), why)),
        _ => Ok(()),
    }
}

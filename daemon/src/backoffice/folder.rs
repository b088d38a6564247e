//! A back office that reads and writes files. It changes when the folders are used in another way.
//!
//! `uscita/`: one JSON file for each thing that happened, there whole or not at all; the back office takes it away. `entrata/`:
//! tables, worked as the drop folder's are, then in `entrata/fatti/`, each with what came of it.

use super::{Answer, BackOffice, Event, Fault, Page, Work};
use crate::caseload::drop;
use crate::digest::sha256;
use crate::shared;
use casework::calendar;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where it is told.
const OUT: &str = "uscita";
/// Where it says something.
const IN: &str = "entrata";
/// Files that may wait to be taken away. Beyond: nobody does, and no more are written.
const WAITING_MAX: usize = 10_000;

/// A back office on a folder.
#[derive(Debug)]
pub struct Folder {
    /// The folder, which must be there: a mount that is missing is no empty folder.
    pub dir: PathBuf,
}

impl BackOffice for Folder {
    fn tell<'a>(&'a self, event: &'a Event) -> Work<'a, ()> {
        Box::pin(async move { self.write(event) })
    }

    fn hear<'a>(&'a self, after: &'a str) -> Work<'a, Option<Page>> {
        Box::pin(async move {
            let folder = self.part(IN)?;
            let Some(path) = drop::waiting(&folder).map_err(|e| lost(&folder, &e))?.into_iter().next() else {
                return Ok(None);
            };
            let bytes = drop::read(&path).map_err(|e| lost(&path, &e))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Some(Page { name, bytes, next: after.to_owned() }))
        })
    }

    fn answer<'a>(&'a self, answer: &'a Answer) -> Work<'a, ()> {
        Box::pin(async move {
            let folder = self.part(IN)?;
            let path = folder.join(&answer.page);
            match drop::read(&path) {
                Ok(bytes) if sha256(&bytes) == answer.digest => {}
                // Put away before a stop, and another one under its name.
                Ok(_) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(e) => return Err(lost(&path, &e)),
            }
            let at = calendar::stamp(answer.at).replace([' ', ':'], "-");
            let report = drop::report(&answer.page, &answer.outcome);
            let name = format!("{at}-{}", answer.page);
            drop::put_away(&folder, &path, &name, &report).map_err(|e| lost(&path, &e))
        })
    }
}

impl Folder {
    fn write(&self, event: &Event) -> Result<(), Fault> {
        let folder = self.part(OUT)?;
        let waiting = fs::read_dir(&folder).map_err(|e| lost(&folder, &e))?.take(WAITING_MAX).count();
        if waiting == WAITING_MAX {
            return Err(Fault::Closed(format!(
                "in {} ci sono già {WAITING_MAX} file che nessuno ritira",
                folder.display()
            )));
        }
        let (whole, fresh) = (folder.join(format!("{}.json", event.id)), folder.join(format!("{}.tmp", event.id)));
        let keep = || -> io::Result<()> {
            shared::file(&fresh, &serde_json::to_vec(event)?)?;
            fs::rename(&fresh, &whole)?;
            File::open(&folder)?.sync_all()
        };
        keep().map_err(|e| lost(&whole, &e))
    }

    /// One of the two, made where it is missing; never the folder itself.
    fn part(&self, name: &str) -> Result<PathBuf, Fault> {
        let part = self.dir.join(name);
        shared::dir(&part).map_err(|e| lost(&part, &e))?;
        Ok(part)
    }
}

fn lost(path: &Path, why: &io::Error) -> Fault {
    Fault::Unreachable(format!("{}: {why}", path.display()))
}

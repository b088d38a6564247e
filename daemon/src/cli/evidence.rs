//! `sportello evidence`: all that proves what a message is, in one file that needs none of us to be checked again.

mod bundle;
mod find;
mod readme;
mod register;

use super::{CANNOT_START, FOUND, OK, print_problems};
use crate::archive::{Archive, Shelf};
use crate::config::Config;
use crate::supervise::own_mailboxes;
use crate::trust::Trust;
use bundle::Bundle;
use casework::rules::Problem;
use jiff::Timestamp;
use pec::revocation::{LISTS_MAX, StatusLists};
use pec::{OwnMailbox, Policy};
use register::Extract;
use std::fs::{self, OpenOptions};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Un file .eml, oppure un messaggio dell'archivio: impronta (anche solo l'inizio), Message-ID, identificativo Pec,
    /// numero di fascicolo o di invio
    #[arg(value_name = "MESSAGGIO")]
    message: String,
    /// Il file da scrivere; non sovrascrive mai
    #[arg(long, value_name = "FILE.zip")]
    out: PathBuf,
    /// La configurazione: dice cartella dei dati, caselle e fiducia
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// La cartella dei dati, senza configurazione
    #[arg(long, value_name = "CARTELLA", conflicts_with = "config")]
    data: Option<PathBuf>,
    /// Cartella con ancore.toml, al posto della fiducia fornita
    #[arg(long, value_name = "CARTELLA", conflicts_with = "config")]
    trust: Option<PathBuf>,
    /// L'istante in cui il messaggio è arrivato (2026-02-03T10:00:00Z); se manca, quello del registro
    #[arg(long, value_name = "ISTANTE")]
    arrived: Option<Timestamp>,
}

pub(super) fn main(args: &Args) -> u8 {
    let world = match World::read(args) {
        Ok(world) => world,
        Err(problems) => {
            print_problems(&problems);
            return CANNOT_START;
        }
    };
    match world.collect(&args.message).and_then(|bundle| write(&bundle, &args.out).map(|()| bundle)) {
        Ok(bundle) => {
            say!("{}\nScritto {}: {} file.", bundle.top(), args.out.display(), bundle.files().len());
            for missing in bundle.missing() {
                say!("  manca: {missing}");
            }
            say!("Chi lo riceve comincia da LEGGIMI.md: bastano sha256sum e openssl.");
            OK
        }
        Err(why) => {
            eprintln!("{why}");
            FOUND
        }
    }
}

/// What evidence is collected with.
struct World {
    trust: Trust,
    data: Option<PathBuf>,
    mailboxes: Vec<OwnMailbox>,
    sha1_until: Option<Timestamp>,
    arrived: Option<Timestamp>,
}

impl World {
    fn read(args: &Args) -> Result<Self, Vec<Problem>> {
        let trust = |dir: Option<&Path>| dir.map_or_else(|| Ok(Trust::shipped()), Trust::read);
        let Some(path) = &args.config else {
            let trust = trust(args.trust.as_deref())?;
            return Ok(Self {
                trust,
                data: args.data.clone(),
                mailboxes: Vec::new(),
                sha1_until: None,
                arrived: args.arrived,
            });
        };
        let config = Config::read(path)?;
        let (trust, mailboxes) = (trust(config.anchors.as_deref())?, own_mailboxes(&config));
        Ok(Self {
            trust,
            mailboxes,
            sha1_until: config.sha1_until,
            arrived: args.arrived,
            data: Some(config.data).filter(|data| data.join("journal").is_dir()), // before the first start there is no register
        })
    }

    /// Finds the message, examines it again, and gathers what proves it.
    ///
    /// # Errors
    /// In Italian: no such message, several, a disk that does not answer, a register that is not sound.
    fn collect(&self, message: &str) -> Result<Bundle, String> {
        let found = find::message(message, self.data.as_deref())?;
        let register = self.data.as_deref().map(|data| register::extract(data, &found.digest)).transpose()?.flatten();
        let status = self.data.as_deref().zip(register.as_ref()).map(|(data, r)| lists(data, r)).unwrap_or_default();
        let policy = Policy {
            mailboxes: &self.mailboxes,
            arrival: self.arrived.or(register.as_ref().and_then(|r| r.received)),
            sha1_until: self.sha1_until,
            status: Some(&status).filter(|lists| !lists.is_empty()),
            ..Policy::new(&self.trust.anchors)
        };
        let seen = pec::examine(&found.bytes, &policy);
        Bundle::new(found, &seen, &self.trust, register)
    }
}

/// The revocation lists and answers by which the message was judged. One that does not read is left out: a list that nobody
/// has blocks nothing.
fn lists(data: &Path, register: &Extract) -> StatusLists {
    let archive = Archive::at(data);
    let mut lists = StatusLists::new();
    for digest in register.status.iter().take(LISTS_MAX) {
        let _ = archive.read(Shelf::Status, digest).map(|der| lists.add(&der));
    }
    lists
}

/// Writes the file, or leaves none.
fn write(bundle: &Bundle, out: &Path) -> Result<(), String> {
    let trouble = |e: &dyn std::fmt::Display| format!("{}: non riesco a scriverlo: {e}", out.display());
    let file = OpenOptions::new().write(true).create_new(true).open(out).map_err(|e| trouble(&e))?;
    bundle.write(BufWriter::new(file)).map_err(|why| {
        let _ = fs::remove_file(out); // half a bundle proves nothing
        trouble(&why)
    })
}

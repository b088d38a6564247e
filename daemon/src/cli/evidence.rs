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
use pec::{Examined, OwnMailbox, Policy};
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Cursor};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Un file .eml, oppure un messaggio dell'archivio: impronta (anche solo l'inizio), Message-ID, identificativo Pec,
    /// numero di fascicolo, di protocollo («prot. 4567/2026») o di invio
    #[arg(value_name = "MESSAGGIO")]
    message: String,
    /// Il file da scrivere; non sovrascrive mai
    #[arg(long, value_name = "FILE.zip")]
    out: PathBuf,
    #[command(flatten)]
    place: Where,
    /// L'istante in cui il messaggio è arrivato (2026-02-03T10:00:00Z); se manca, quello del registro
    #[arg(long, value_name = "ISTANTE")]
    arrived: Option<Timestamp>,
}

/// Where register and archive are, and whom we trust.
#[derive(clap::Args)]
pub(super) struct Where {
    /// La configurazione: dice cartella dei dati, caselle e fiducia
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// La cartella dei dati, senza configurazione
    #[arg(long, value_name = "CARTELLA", conflicts_with = "config")]
    data: Option<PathBuf>,
    /// Cartella con ancore.toml, al posto della fiducia fornita
    #[arg(long, value_name = "CARTELLA", conflicts_with = "config")]
    trust: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> u8 {
    let world = match World::read(&args.place) {
        Ok(world) => world,
        Err(problems) => {
            print_problems(&problems);
            return CANNOT_START;
        }
    };
    match world.collect(&args.message, args.arrived).and_then(|bundle| write(&bundle, &args.out).map(|()| bundle)) {
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
pub(super) struct World {
    /// Name of the public body; empty without configuration.
    entity: String,
    trust: Trust,
    data: Option<PathBuf>,
    mailboxes: Vec<OwnMailbox>,
    sha1_until: Option<Timestamp>,
}

impl World {
    /// # Errors
    /// Every mistake of the configuration, or of the trust.
    pub(super) fn read(args: &Where) -> Result<Self, Vec<Problem>> {
        let trust = |dir: Option<&Path>| dir.map_or_else(|| Ok(Trust::shipped()), Trust::read);
        let Some(path) = &args.config else {
            let trust = trust(args.trust.as_deref())?;
            let (entity, mailboxes) = (String::new(), Vec::new());
            return Ok(Self { entity, trust, data: args.data.clone(), mailboxes, sha1_until: None });
        };
        let config = Config::read(path)?;
        let (trust, mailboxes) = (trust(config.anchors.as_deref())?, own_mailboxes(&config));
        Ok(Self {
            entity: config.entity.name,
            trust,
            mailboxes,
            sha1_until: config.sha1_until,
            data: Some(config.data).filter(|data| data.join("journal").is_dir()), // before the first start there is no register
        })
    }

    /// The data folder, if there is one.
    pub(super) fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// The name of the public body; empty without configuration.
    pub(super) fn entity(&self) -> &str {
        &self.entity
    }

    /// Finds the message, examines it again, and gathers what proves it.
    ///
    /// # Errors
    /// In Italian: no such message, several, a disk that does not answer, a register that is not sound.
    fn collect(&self, message: &str, arrived: Option<Timestamp>) -> Result<Bundle, String> {
        let found = find::message(message, self.data())?;
        let register = self.data().map(|data| register::extract(data, &found.digest)).transpose()?.flatten();
        let arrival = arrived.or(register.as_ref().and_then(|r| r.received));
        let judged: Vec<&String> = register.iter().flat_map(|r| &r.status).collect();
        let status = self.lists(&judged);
        let seen = self.examine(&found.bytes, arrival, &status);
        Bundle::new(found, &seen, &self.trust, register)
    }

    /// The bundle of a message whose lines of the register are told elsewhere, as a zip. `status`: the lists that judged it.
    ///
    /// # Errors
    /// As [`collect`](Self::collect).
    pub(super) fn prove(
        &self,
        bytes: Vec<u8>,
        digest: &str,
        arrival: Option<Timestamp>,
        status: &[String],
    ) -> Result<Vec<u8>, String> {
        let status = self.lists(&status.iter().collect::<Vec<_>>());
        let seen = self.examine(&bytes, arrival, &status);
        let found = find::Found { bytes, digest: digest.to_owned() };
        let mut zip = Cursor::new(Vec::new());
        let bundle = Bundle::new(found, &seen, &self.trust, None)?;
        bundle.write(&mut zip).map_err(|e| format!("{digest}: {e}"))?;
        Ok(zip.into_inner())
    }

    fn examine(&self, bytes: &[u8], arrival: Option<Timestamp>, status: &StatusLists) -> Examined {
        let policy = Policy {
            mailboxes: &self.mailboxes,
            arrival,
            sha1_until: self.sha1_until,
            status: Some(status).filter(|lists| !lists.is_empty()),
            ..Policy::new(&self.trust.anchors)
        };
        pec::examine(bytes, &policy)
    }

    /// The revocation lists and answers by which a message was judged. One that does not read is left out: a list that nobody
    /// has blocks nothing.
    fn lists(&self, digests: &[&String]) -> StatusLists {
        let mut lists = StatusLists::new();
        let Some(archive) = self.data().map(Archive::at) else { return lists };
        for digest in digests.iter().take(LISTS_MAX) {
            let _ = archive.read(Shelf::Status, digest).map(|der| lists.add(&der));
        }
        lists
    }
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

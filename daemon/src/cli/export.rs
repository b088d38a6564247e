//! `sportello export`: all of one dossier in one place, for preservation or for another office. It changes when an export holds
//! something else.
//!
//! CAD art. 41 and 44. Made from register and archive alone, beside a service or without one; every file with its hash, so that
//! ordinary tools check it in thirty years.

mod gather;
mod metadata;
mod readme;

use super::counter::{ReadBy, look, number};
use super::evidence::{self, Where};
use super::zipped::Zipped;
use super::{CANNOT_START, FOUND, OK, print_problems};
use crate::archive::{Archive, Shelf};
use crate::caseload::looked::named_in;
use crate::digest::{flow, sha256};
use casework::access::What;
use casework::calendar::rome;
use gather::{Gathered, gather};
use jiff::Timestamp;
use metadata::Filed;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
  sportello export 2026/12 --out fascicolo-2026-12.zip --config sportello.toml
  sportello export 2026/12 --out cartella/nuova        --config sportello.toml
  cd cartella/nuova && sha256sum --check impronte.sha256

Ci sono i messaggi, le lettere con le ricevute, le prove, le righe del registro e i metadati; di altri fascicoli non c'è niente.
Dentro ci sono dati personali: il file e la cartella si aprono solo con il tuo utente.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    /// Il numero del fascicolo: 2026/000012, o 2026/12
    #[arg(value_name = "NUMERO", value_parser = number)]
    number: String,
    /// Il file .zip da scrivere, o la cartella da creare; non sovrascrive mai
    #[arg(long, value_name = "CARTELLA|FILE.zip")]
    out: PathBuf,
    /// Anche se il fascicolo è riservato
    #[arg(long)]
    riservato: bool,
    #[command(flatten)]
    reader: ReadBy,
    #[command(flatten)]
    place: Where,
}

pub(super) fn main(args: &Args) -> u8 {
    let world = match evidence::World::read(&args.place) {
        Ok(world) => world,
        Err(problems) => {
            print_problems(&problems);
            return CANNOT_START;
        }
    };
    match export(args, &world) {
        Ok(said) => {
            say!("{said}");
            OK
        }
        Err(why) => {
            eprintln!("{why}");
            FOUND
        }
    }
}

fn export(args: &Args, world: &evidence::World) -> Result<String, String> {
    let data = world.data().ok_or("serve --config, o --data: non so dov'è il registro")?;
    let found = gather(data, &args.number)?;
    let gathered = found.ok_or_else(|| format!("il fascicolo {} non c'è", args.number))?;
    if gathered.dossier.cover.reserved && !args.riservato {
        return Err(format!("il fascicolo {} è riservato: per esportarlo serve --riservato", args.number));
    }
    let (people, dossiers) = (named_in(&gathered.dossier), vec![args.number.clone()]);
    look(data, args.reader.reader().looks(What::Export, people, dossiers, String::new()))?;
    let mut out = Out::create(&args.out, gathered.dossier.opened_at)?;
    let filed = fill(&mut out, &gathered, data, world).and_then(|()| out.end());
    let files = filed.inspect_err(|_| out_of_the_way(&args.out))?;
    let (messages, letters) = (gathered.messages.len(), gathered.letters.len());
    let receipts: usize = gathered.letters.iter().map(|letter| letter.receipts.len()).sum();
    Ok(format!(
        "Scritto {}: {files} file. Messaggi {messages}, lettere {letters}, ricevute {receipts}, righe del registro {}.\n\
         Chi lo riceve comincia da LEGGIMI.md: bastano sha256sum, unzip e openssl.",
        args.out.display(),
        gathered.lines.count
    ))
}

/// Half an export looks like a whole one. What is there was made by this command.
fn out_of_the_way(path: &Path) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

/// One file after the other, of which one is in memory.
fn fill(out: &mut Out, gathered: &Gathered, data: &Path, world: &evidence::World) -> Result<(), String> {
    let archive = Archive::at(data);
    let read = |shelf, digest: &str| archive.read(shelf, digest).map_err(|e| format!("archivio, {digest}: {e}"));
    for (n, message) in gathered.messages.iter().enumerate() {
        let name = format!("{:04}-{}-{}", n + 1, day(message.received.unwrap_or(message.at)), flow(&message.digest));
        let bytes = read(Shelf::In, &message.digest)?;
        out.add(&format!("messaggi/{name}.eml"), &bytes)?;
        let proof = world.prove(bytes, &message.digest, message.arrival, &message.status)?;
        out.add(&format!("prove/{name}.zip"), &proof)?;
    }
    for (n, letter) in gathered.letters.iter().enumerate() {
        let name = format!("{:04}-{}-{}", n + 1, day(letter.at), flow(&letter.frozen));
        out.add(&format!("lettere/{name}.eml"), &read(Shelf::Out, &letter.frozen)?)?;
        for receipt in &letter.receipts {
            let path = format!("lettere/{name}/{}-{}.eml", receipt.fact.tipo().word(), flow(&receipt.digest));
            out.add(&path, &read(Shelf::In, &receipt.digest)?)?;
        }
    }
    for (n, digest) in beside(gathered).iter().enumerate() {
        // Put there by an office, or handed over at the counter: of one's own, or of another conversation.
        let shelf = if archive.path(Shelf::In, digest).exists() { Shelf::In } else { Shelf::Out };
        out.add(&format!("documenti/{:04}-{}.eml", n + 1, flow(digest)), &read(shelf, digest)?)?;
    }
    out.add("registro/righe.jsonl", &gathered.lines.text)?;
    out.add("registro/impronte.txt", gathered.lines.hashes.as_bytes())?;
    out.add("registro/catena.json", &pretty(&gathered.lines.chain()))?;
    let tree = metadata::tree(gathered, world.entity(), &out.files);
    out.add("metadati.xml", tree.xml().as_bytes())?;
    out.add("metadati.json", &pretty(&tree.json()))?;
    out.add("LEGGIMI.md", readme::write(gathered, &out.files).as_bytes())?;
    let sums: String = out.files.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
    out.add("impronte.sha256", sums.as_bytes())
}

fn day(at: Timestamp) -> String {
    rome(at).date().to_string()
}

fn pretty(value: &serde_json::Value) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Where files go: a new folder, or a new zip.
struct Out {
    path: PathBuf,
    zip: Option<Zipped<BufWriter<File>>>,
    files: Vec<Filed>,
}

impl Out {
    fn create(path: &Path, at: Timestamp) -> Result<Self, String> {
        let trouble = |e: io::Error| trouble(path, &e);
        let zip = if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip")) {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(trouble)?;
            Some(Zipped::new(BufWriter::new(file), Some(at)))
        } else {
            DirBuilder::new().mode(0o700).create(path).map_err(trouble)?;
            None
        };
        Ok(Self { path: path.to_owned(), zip, files: Vec::new() })
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let written = match &mut self.zip {
            Some(zip) => zip.add(name, bytes),
            None => {
                let path = self.path.join(name);
                path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes))
            }
        };
        written.map_err(|e| trouble(&self.path.join(name), &e))?;
        self.files.push((name.to_owned(), sha256(bytes)));
        Ok(())
    }

    /// How many files there are.
    fn end(&mut self) -> Result<usize, String> {
        let ended = self.zip.take().map_or(Ok(()), |zip| zip.end().map(drop));
        ended.map_err(|e| trouble(&self.path, &e))?;
        Ok(self.files.len())
    }
}

fn trouble(path: &Path, why: &dyn Display) -> String {
    format!("{}: non riesco a scriverlo: {why}", path.display())
}

/// The messages that hold documents of the dossier and are no messages of its own.
fn beside(gathered: &Gathered) -> BTreeSet<String> {
    let is_own = |digest: &str| gathered.messages.iter().any(|message| message.digest == digest);
    let holders = gathered.documents.iter().map(|document| match document.is_message() {
        true => document.digest.clone(),
        false => document.message.clone(),
    });
    holders.filter(|digest| !digest.is_empty() && !is_own(digest)).collect()
}

//! `sportello verify-journal`.

use super::{CANNOT_START, DataArg, FOUND, OK};
use crate::anchor;
use crate::archive::{Archive, Shelf};
use crate::journal::record::Event;
use crate::journal::{Journal, Tail};
use crate::store::restored::is_acknowledged;
use casework::life::Entry;
use casework::{Change, calendar};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataArg,
    /// Rilegge anche ogni messaggio dell'archivio e ne ricalcola l'impronta
    #[arg(long)]
    archive: bool,
    /// Confronta il registro con le impronte annotate giorno per giorno in questo file (`dati.impronte_file`)
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    let data = match args.data.folder() {
        Ok(data) => data,
        Err(code) => return code,
    };
    let journal = data.join("journal");
    if let Err(e) = std::fs::read_dir(&journal) {
        let dir = data.display();
        eprintln!("{dir}: non è una cartella dei dati di Sportello, o non si può leggere: journal/: {e}");
        return CANNOT_START;
    }
    let mut notes = match args.against.as_deref().map(anchor::read).transpose() {
        Ok(notes) => notes.unwrap_or_default(),
        Err(e) => {
            eprintln!("{}: {e}", args.against.as_deref().unwrap_or(&data).display());
            return CANNOT_START;
        }
    };
    let noted = notes.len();
    if let Some(file) = args.against.as_deref().filter(|_| notes.is_empty()) {
        eprintln!(
            "{}: non contiene nessuna annotazione: non c'è niente con cui confrontare il registro",
            file.display()
        );
        return FOUND;
    }
    let (mut gaps, mut looked) = (Vec::new(), 0u64);
    let head = Journal::verify(&data, Tail::Closed, |record, head| {
        notes.retain(|note| note.seq != record.seq || note.hash != head.hash);
        looked += u64::from(matches!(record.event, Event::Looked(_)));
        if let Event::Restored(said) = &record.event {
            // Lines that were lost, and of which the register says so, are missing from it lawfully.
            let restored = Some((record.at, record.seq));
            gaps.push(format!(
                "Alla riga {} {} dichiara che è stato ripristinato da una copia più vecchia ({}): le righe perse non ci sono",
                record.seq, said.by, said.why
            ));
            notes.retain(|note| !is_acknowledged(restored, note));
        }
    });
    let head = match head {
        Ok(head) => head,
        Err(trouble) => {
            if args.json {
                say!("{}", serde_json::json!({ "sound": false, "why": trouble.to_string() }));
            } else {
                eprintln!("IL REGISTRO NON È INTEGRO\n{trouble}");
            }
            return FOUND;
        }
    };
    if head.seq == 0 {
        eprintln!("{}: il registro è vuoto: non ha nemmeno la riga con cui comincia", data.display());
        return FOUND;
    }
    if let Some(note) = notes.first() {
        let why = format!(
            "il {} la riga {} aveva l'impronta {}: ora manca o è un'altra ({} annotazioni su {noted} non corrispondono)",
            calendar::stamp(note.at),
            note.seq,
            note.hash,
            notes.len()
        );
        if args.json {
            say!("{}", serde_json::json!({ "sound": false, "why": why }));
        } else {
            eprintln!("IL REGISTRO NON È QUELLO ANNOTATO\n{why}");
        }
        return FOUND;
    }
    // Once more: a list of all that a register of years names would not fit in memory.
    let (mut damaged, mut files) = (Vec::new(), 0u64);
    if args.archive {
        let archive = Archive::at(&data);
        let mut look = |shelf, digest: &String| {
            files += 1;
            if let Err(e) = archive.verify(shelf, digest) {
                damaged.push(format!("{digest}: {e}"));
            }
        };
        if let Err(trouble) = Journal::verify(&data, Tail::Open, |record, _| named(&record.event, &mut look)) {
            eprintln!("{trouble}");
            return CANNOT_START;
        }
    }
    if args.json {
        let read = args.archive.then_some(files);
        say!(
            "{}",
            serde_json::json!({ "sound": true, "lines": head.seq, "head": head.hash, "notes_compared": noted, "archive_read": read, "archive_damaged": damaged, "restored": gaps.len(), "looked": looked })
        );
    } else {
        say!("Registro integro: {} righe, ultima impronta {}", head.seq, head.hash);
        say!(
            "La catena prova che nessuna riga è stata cambiata o tolta fra le altre. Per la fine, confronta l'ultima impronta con quella annotata."
        );
        if looked > 0 {
            say!("Letture di dati annotate: {looked}");
        }
        if noted > 0 {
            say!("Annotazioni esterne: {noted}, tutte corrispondono");
        }
        if args.archive {
            say!("Archivio: {files} messaggi riletti, {} danneggiati o mancanti", damaged.len());
        }
        for gap in &gaps {
            say!("{gap}");
        }
        for line in &damaged {
            eprintln!("{line}");
        }
    }
    if damaged.is_empty() { OK } else { FOUND }
}

/// The files of the archive that an event names.
fn named(event: &Event, each: &mut impl FnMut(Shelf, &String)) {
    match event {
        Event::Decided(decided) => {
            each(Shelf::In, &decided.digest);
            decided.frozen.iter().for_each(|digest| each(Shelf::Out, digest));
            decided.findings.status.iter().for_each(|digest| each(Shelf::Status, digest));
        }
        Event::RevokedLater { status, .. } => status.iter().for_each(|digest| each(Shelf::Status, digest)),
        Event::Tasked { frozen, .. } | Event::Canary { frozen, .. } => each(Shelf::Out, frozen),
        Event::Acted(acted) => {
            acted.frozen.iter().for_each(|digest| each(Shelf::Out, digest));
            // Documents of one order are in one message: handed over at the counter.
            let handed = acted.changes.iter().filter_map(|change| match change {
                Change::Entered { entry: Entry::Deposited { document }, .. } => Some(&document.message),
                _ => None,
            });
            handed
                .filter(|message| !message.is_empty())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .for_each(|message| each(Shelf::Out, message));
        }
        _ => {}
    }
}

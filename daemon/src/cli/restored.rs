//! `sportello restored`: after an old copy was put back, in writing, so that nothing is sent twice.

use super::{CANNOT_START, ConfigArg, FOUND, OK};
use crate::anchor;
use crate::clock::Clock;
use crate::config::Config;
use crate::outbox::orders::WORDS_BYTES_MAX;
use crate::store::{Store, Trouble};
use casework::calendar;

const AFTER_HELP: &str = "\
Da dare a servizio fermo, dopo aver rimesso journal/, archive/ e effect.key da una copia, e prima di riavviare (daemon/OPERATIONS.md).
Le lettere che nella copia non erano partite diventano incerte: forse erano partite dopo. I messaggi arrivati fin qui si decidono di
nuovo, ma quello che ne esce nasce incerto. Di ciascuna decide una ricevuta, oppure tu: sportello outbox list, resend, withdraw.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Chi lo dichiara (nome e cognome)
    #[arg(long, value_name = "NOME")]
    by: String,
    /// Che cosa è successo, e di quando è la copia
    #[arg(long, value_name = "MOTIVO")]
    why: String,
}

pub(super) fn main(args: &Args) -> u8 {
    let config = match args.config.read() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let (by, why) = (args.by.trim(), args.why.trim());
    if by.is_empty() || why.is_empty() {
        eprintln!("servono il nome di chi lo dichiara (--by) e il motivo (--why): restano nel registro per sempre");
        return FOUND;
    }
    if by.len().max(why.len()) > WORDS_BYTES_MAX {
        eprintln!("nome e motivo possono avere al massimo {WORDS_BYTES_MAX} byte");
        return FOUND;
    }
    if !config.data.join("journal").is_dir() {
        eprintln!("{}: non è una cartella dei dati di Sportello", config.data.display());
        return CANNOT_START;
    }
    // The last note of all: how far the lost register is known to have come.
    let noted = match config.notes.as_ref().filter(|file| file.exists()).map(|file| anchor::read(file)).transpose() {
        Ok(notes) => notes.and_then(|notes| notes.into_iter().max_by_key(|note| note.seq)),
        Err(e) => {
            eprintln!("impronte_file: {e}");
            return CANNOT_START;
        }
    };
    match acknowledge(&config, noted.as_ref(), by, why) {
        Ok((line, in_doubt)) => {
            say!("Scritto nel registro, alla riga {line}. Lettere e compiti ora incerti: {in_doubt}.");
            if let Some(note) = noted.filter(|note| note.seq >= line) {
                say!(
                    "Il registro perso arrivava almeno alla riga {} ({}): quelle righe non ci sono più.",
                    note.seq,
                    calendar::stamp(note.at)
                );
            }
            say!(
                "Ora puoi avviare il servizio. Quando ogni cartella è stata letta fino in fondo (sportello status), decidi delle incerte."
            );
            OK
        }
        Err(trouble) => {
            eprintln!("{trouble}");
            CANNOT_START
        }
    }
}

fn acknowledge(config: &Config, noted: Option<&anchor::Note>, by: &str, why: &str) -> Result<(u64, u64), Trouble> {
    let now = Clock::System.now();
    Store::forget_index(&config.data, now)?;
    let mut store = Store::open(&config.data, now)?;
    let in_doubt = store.restored(noted, by, why, now)?;
    Ok((store.seq(), in_doubt))
}

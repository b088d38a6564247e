//! `sportello correct`: a person writes down what a decided message really was. It changes when something else can be corrected.

use super::{CANNOT_START, ConfigArg, FOUND, OK, print_problems};
use crate::clock::Clock;
use crate::config::Config;
use crate::control;
use crate::outbox::orders::Answer;
use crate::rulebook::Set;
use crate::rulebook::orders::{Correct, correct};
use crate::store::Store;

const AFTER_HELP: &str = "\
La decisione resta com'è: la correzione è una riga del registro, con nome e motivo. I conti delle regole («rules replay»,
«rules promote») ne tengono conto, e «rules record» ne fa una prova. Funziona mentre il servizio lavora e quando è fermo.
Si correggono le richieste, anche quelle a cui ha risposto la macchina o che sono andate a una persona; non le ricevute, gli ordini
degli uffici, le copie e la posta nostra: di quelle non decide nessuna regola.

  sportello correct 3fa8c1 --kind data_change --office anagrafe --by \"Anna Neri\" --why \"chiede la residenza\"";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    /// L'impronta del messaggio (i primi caratteri: «sportello status --messaggi»)
    #[arg(value_name = "MESSAGGIO")]
    message: String,
    #[command(flatten)]
    config: ConfigArg,
    /// Il tipo giusto (data_change, complaint, …)
    #[arg(long, value_name = "TIPO")]
    kind: Option<String>,
    /// L'ufficio giusto
    #[arg(long, value_name = "UFFICIO")]
    office: Option<String>,
    /// Il fascicolo giusto
    #[arg(long, value_name = "NUMERO", value_parser = super::counter::number)]
    dossier: Option<String>,
    /// Chi corregge (nome e cognome)
    #[arg(long, value_name = "NOME")]
    by: String,
    /// Perché
    #[arg(long, value_name = "MOTIVO")]
    why: String,
}

pub(super) fn main(args: &Args) -> u8 {
    let config = match args.config.read() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let order = Correct {
        message: args.message.to_ascii_lowercase(),
        kind: args.kind.clone(),
        office: args.office.clone(),
        dossier: args.dossier.clone(),
        by: args.by.clone(),
        why: args.why.clone(),
    };
    let answer = match control::correct(&config.data, &order) {
        Ok(Some(answer)) => answer,
        Ok(None) => match without_service(&config, &order) {
            Ok(answer) => answer,
            Err(code) => return code,
        },
        Err(e) => {
            eprintln!(
                "il servizio non ha risposto: {e}. La correzione può essere stata scritta: guarda con «sportello status»"
            );
            return FOUND;
        }
    };
    match answer {
        Answer::Done(text) => {
            say!("{text}");
            OK
        }
        Answer::No(why) => {
            eprintln!("{why}");
            FOUND
        }
    }
}

/// Nobody is at the counter: the command takes the service's place for a moment.
fn without_service(config: &Config, order: &Correct) -> Result<Answer, u8> {
    let set = Set::in_force(config).map_err(|problems| {
        print_problems(&problems);
        CANNOT_START
    })?;
    if !config.data.join("journal").is_dir() {
        return Ok(Answer::No(format!("{}: non è una cartella dei dati di Sportello", config.data.display())));
    }
    let now = Clock::System.now();
    let own = &config.entity.own_addresses;
    let done = Store::open(&config.data, now).and_then(|mut store| correct(&mut store, order, &set.book, own, now));
    done.map_err(|trouble| {
        eprintln!("{trouble}");
        CANNOT_START
    })
}

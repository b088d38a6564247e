//! `sportello register`: tables of persons and dossiers read into the register. It changes when they come in another way.

use super::counter::{Hand, wrong};
use super::{ConfigArg, FOUND, OK};
use crate::caseload::drop::{report, work};
use crate::caseload::rows::{DOSSIERS_EXAMPLE, FILE_BYTES_MAX, PEOPLE_EXAMPLE};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
  sportello register template persone > persone.csv      un esempio da riempire
  sportello register import persone.csv --by \"Ada Neri\"
  sportello register import fascicoli.json --by \"Ada Neri\"

Una riga con un «procedimento» è un fascicolo, le altre sono persone. In JSON: un elenco di oggetti con gli stessi nomi.
Una riga sbagliata è rifiutata da sola, con il suo numero; le altre si fanno. Lo stesso file dato due volte non fa niente due volte:
si correggono le righe rifiutate e lo si ridà. Da soli, accanto al servizio: la cartella `[dati] deposito`.

Codice d'uscita 1 se qualcosa è stato rifiutato.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Legge un file CSV o JSON, e dice che cosa è venuto di ogni riga
    Import(ImportArgs),
    /// Un file d'esempio, con tutte le colonne
    Template(TemplateArgs),
}

#[derive(clap::Args)]
struct ImportArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Il file: .csv (con ; o ,) o .json
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Chi lo porta: nome e cognome
    #[arg(long, value_name = "NOME")]
    by: String,
}

#[derive(clap::Args)]
struct TemplateArgs {
    /// Di che cosa
    #[arg(value_name = "persone|fascicoli")]
    of: Of,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Of {
    Persone,
    Fascicoli,
}

pub(super) fn main(args: &Args) -> u8 {
    match &args.action {
        Action::Import(args) => import(args).unwrap_or_else(|code| code),
        Action::Template(args) => {
            let text = match args.of {
                Of::Persone => PEOPLE_EXAMPLE,
                Of::Fascicoli => DOSSIERS_EXAMPLE,
            };
            say!("{}", text.trim_end());
            OK
        }
    }
}

fn import(args: &ImportArgs) -> Result<u8, u8> {
    let config = args.config.read()?;
    let path = args.file.display();
    let length = std::fs::metadata(&args.file).map_err(|e| wrong(format!("{path}: {e}")))?.len();
    if length > FILE_BYTES_MAX {
        return Err(wrong(format!("{path}: il file supera {FILE_BYTES_MAX} byte: dividilo")));
    }
    let bytes = std::fs::read(&args.file).map_err(|e| wrong(format!("{path}: {e}")))?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut hand = Hand::of(&config);
    let outcome = work(&name, &bytes, &args.by, None, |deed, key| hand.carry_out(deed, key))?;
    say!("{}", report(&name, &outcome).trim_end());
    Ok(if outcome.is_ok_and(|outcome| outcome.refused.is_empty()) { OK } else { FOUND })
}

//! `sportello rebuild`: the index made again from the register, and proof that it is the same.

use super::{CANNOT_START, DataArg, FOUND, OK};
use crate::clock::Clock;
use crate::store::Store;
use serde_json::json;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataArg,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    let data = match args.data.folder() {
        Ok(data) => data,
        Err(code) => return code,
    };
    if !data.join("journal").is_dir() {
        eprintln!("{}: non è una cartella dei dati di Sportello: manca journal/", data.display());
        return CANNOT_START;
    }
    let rebuilt = match Store::rebuild(&data, Clock::System.now()) {
        Ok(rebuilt) => rebuilt,
        Err(trouble) => {
            eprintln!("{trouble}");
            return CANNOT_START;
        }
    };
    let is_same = rebuilt.before == rebuilt.after;
    if args.json {
        say!(
            "{}",
            json!({
                "lines": rebuilt.lines, "before": rebuilt.before, "after": rebuilt.after, "equal": is_same,
                "aside": rebuilt.aside.as_ref().map(|aside| aside.display().to_string()),
            })
        );
    } else {
        say!("Indice rifatto da {} righe del registro: stato {}", rebuilt.lines, rebuilt.after);
        if is_same {
            say!("È uguale a quello di prima.");
        } else {
            let before = &rebuilt.before;
            say!("ATTENZIONE: prima era {before}. Vale quello nuovo: il registro è la verità, l'indice no.");
        }
        if let Some(aside) = &rebuilt.aside {
            say!("Quello vecchio è in {}: si può togliere.", aside.display());
        }
    }
    if is_same { OK } else { FOUND }
}

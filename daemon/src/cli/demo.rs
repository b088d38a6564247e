//! `sportello demo`.

use super::status::messages_table;
use super::{FOUND, OK};
use crate::clock::Clock;
use crate::demo;
use crate::trial::Trial;
use std::path::PathBuf;
use std::time::Instant;

#[derive(clap::Args)]
pub(super) struct Args {
    /// La cartella in cui lavorare; un secondo giro sulla stessa cartella riprende da dove si era fermato
    #[arg(long, value_name = "CARTELLA")]
    keep: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> u8 {
    let root = args.keep.clone().unwrap_or_else(|| {
        let name = format!("sportello-demo-{}", Clock::System.now().as_millisecond());
        std::env::temp_dir().join(name)
    });
    if let Err(e) = std::fs::create_dir_all(&root) {
        eprintln!("{}: {e}", root.display());
        return FOUND;
    }
    say!(
        "Sportello, dimostrazione. Gestori Pec, cittadini e messaggi sono SIMULATI e inventati; tutto il resto è il servizio vero."
    );
    let start = Instant::now();
    let shown = match demo::play(&root, Trial::by_ourselves(), |line| say!("{line}")) {
        Ok(shown) => shown,
        Err(why) => {
            eprintln!("\n{why}\nLa cartella è {}: si può riprendere con --keep.", root.display());
            return FOUND;
        }
    };
    say!("\n{}", messages_table(&shown.overview, usize::MAX));
    let earlier = shown.steps - shown.played;
    let resumed = if earlier == 0 { String::new() } else { format!(" ({earlier} erano già state fatte)") };
    say!(
        "{} scene{resumed}, {} messaggi, {} fascicoli, {} messaggi in uscita, {:.1} secondi.",
        shown.steps,
        shown.overview.messages.len(),
        shown.overview.dossiers.len(),
        shown.overview.items.len(),
        start.elapsed().as_secs_f64()
    );
    let dir = root.display();
    say!(
        "\nDa guardare:\n  {dir}/risposte             le risposte ai cittadini, un file .eml ciascuna\n  {dir}/compiti              i compiti agli uffici\n  {dir}/servizio/archive     i messaggi ricevuti e inviati, per impronta\n  {dir}/servizio/journal     il registro, una riga per fatto\n\nE poi:\n  sportello status {dir}/servizio\n  sportello verify-journal {dir}/servizio --archive\n  sportello demo --keep {dir}"
    );
    OK
}

//! `sportello trust`: of whom we trust, what that means, and how it is changed.

mod add;
mod show;

use super::{CANNOT_START, FOUND, OK, print_problems};
use crate::clock::Clock;
use crate::config::Config;
use crate::revocation::cache;
use crate::revocation::survey::Survey;
use crate::trust::{Trust, check};
use casework::rules::Problem;
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// Where the service looks for its configuration.
const USUAL_CONFIG: &str = "/etc/sportello/sportello.toml";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Mostra di chi ci si fida, per che cosa, fino a quando e perché; e lo stato delle liste di revoca
    #[command(after_help = SHOW_HELP)]
    Show(ShowArgs),
    /// Controlla la cartella: file leggibili, impronte, scadenze, doppioni, simulazioni
    Check(CheckArgs),
    /// Aggiunge un'autorità alla cartella, dopo averne confrontato l'impronta
    #[command(after_help = ADD_HELP)]
    Add(Box<add::Args>),
}

const SHOW_HELP: &str = "\
Un messaggio PEC è autentico solo se chi l'ha firmato ha un certificato emesso da una di queste autorità, alle condizioni mostrate.
La versione è un'impronta di tutto questo: il registro la scrive accanto a ogni decisione.";

const ADD_HELP: &str = "\
Un'autorità in più può far sembrare autentico qualunque messaggio: prima di aggiungerla procurati la sua impronta SHA-256 per una strada
diversa da quella del file (il sito di AgID, una PEC, il telefono) e scrivila in --impronta. Se non è quella del file, non si aggiunge niente.
  sportello trust add agidca2.pem --impronta 12:34:… --nome \"AgID CA2\" --politica 1.3.76.16.3.1.1 --nota \"dal 2030\"";

/// Which trust.
#[derive(clap::Args)]
struct Which {
    /// La configurazione; se manca, quella del servizio, e se non c'è, la fiducia fornita con il programma
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// La cartella con ancore.toml, senza configurazione
    #[arg(long, value_name = "CARTELLA", conflicts_with = "config")]
    trust: Option<PathBuf>,
}

#[derive(clap::Args)]
struct ShowArgs {
    #[command(flatten)]
    which: Which,
    /// Anche l'elenco dei nomi per cui ogni autorità può garantire
    #[arg(long)]
    long: bool,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    which: Which,
}

impl Which {
    /// The configuration, if there is one.
    fn config(&self) -> Result<Option<Config>, Vec<Problem>> {
        match (&self.config, &self.trust) {
            (Some(path), _) => Config::read(path).map(Some),
            (None, None) if Path::new(USUAL_CONFIG).exists() => Config::read(Path::new(USUAL_CONFIG)).map(Some),
            (None, _) => Ok(None),
        }
    }

    /// The folder; `None` = what is shipped.
    fn folder(&self, config: Option<&Config>) -> Option<PathBuf> {
        self.trust.clone().or_else(|| config.and_then(|c| c.anchors.clone()))
    }
}

pub(super) fn main(args: &Args) -> u8 {
    let which = match &args.command {
        Command::Show(args) => &args.which,
        Command::Check(args) => &args.which,
        Command::Add(args) => &args.which,
    };
    let config = match which.config() {
        Ok(config) => config,
        Err(problems) => {
            print_problems(&problems);
            return CANNOT_START;
        }
    };
    let folder = which.folder(config.as_ref());
    if let Command::Add(args) = &args.command {
        return add::main(args, folder.as_deref(), config.as_ref());
    }
    let trust = match folder.as_deref().map_or_else(|| Ok(Trust::shipped()), Trust::read) {
        Ok(trust) => trust,
        Err(problems) => {
            print_problems(&problems);
            return FOUND;
        }
    };
    match &args.command {
        Command::Show(args) if args.json => {
            say!("{}", show::json(&trust, config.as_ref(), Clock::System.now()));
            OK
        }
        Command::Show(args) => {
            say!("{}", show::text(&trust, config.as_ref(), args.long, Clock::System.now()));
            OK
        }
        Command::Check(_) | Command::Add(_) => judge(&trust, config.as_ref()),
    }
}

/// Says what is wrong with a trust that reads, and that it is in order when nothing is.
pub(super) fn judge(trust: &Trust, config: Option<&Config>) -> u8 {
    let now = Clock::System.now();
    // Without a configuration nobody says what it is for: a simulation is shown, and is not an error.
    let trial = config.is_none_or(|c| c.trial);
    let mut problems = check::look(trust, now, trial);
    if let Some(config) = config {
        let hand = config.revocation.folder.as_deref();
        // Files that are no lists, then what the lists do not say.
        problems.extend(cache::read(&cache::folder(&config.data), hand).1);
        let warnings = Survey::of(&config.data, hand).warnings(now);
        let of_lists = |text| Problem { file: "revoca".into(), line: None, text, warning: true };
        problems.extend(warnings.into_iter().map(of_lists));
    }
    let (many, simulated) = (trust.anchors.list.len(), trust.anchors.list.iter().filter(|a| a.simulation).count());
    let warning = if simulated > 0 { "   ATTENZIONE: c'è una SIMULAZIONE, non usarla in servizio" } else { "" };
    say!("Fiducia: {many} autorità ({}){warning}", trust.source());
    print_problems(&problems);
    if problems.iter().all(|p| p.warning) { OK } else { FOUND }
}

//! The command line: arguments → configuration → run. What people read is Italian; `--json` keys are stable English.

/// Prints a line for people. A reader that went away (`sportello status | head`) ends the command in peace.
macro_rules! say {
    ($($arg:tt)*) => {{
        use std::io::Write;
        if writeln!(std::io::stdout(), $($arg)*).is_err() {
            std::process::exit(i32::from($crate::cli::OK));
        }
    }};
}

mod check;
mod correct;
mod counter;
mod deadline;
#[cfg(feature = "demo")]
mod demo;
mod dossier;
mod evidence;
pub mod explain;
mod export;
mod init;
mod italian;
mod outbox;
mod paint;
mod person;
mod procedures;
mod protocol;
mod rebuild;
mod reconcile;
mod register;
mod report;
mod restored;
mod rules;
mod run;
mod stats;
mod status;
mod templates;
mod trial;
mod trust;
mod verify_journal;
mod zipped;

#[cfg(feature = "demo")]
pub(crate) use status::grade as status_grade;

use crate::config::Config;
use casework::rules::Problem;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// All went well.
const OK: u8 = 0;
/// It ran, and found something wrong.
const FOUND: u8 = 1;
// 2 is `italian`'s: the command was not understood.
/// It could not start: configuration, rules, data folder.
const CANNOT_START: u8 = 3;

const AFTER_HELP: &str = "\
Per cominciare:
  sportello demo                          una scena completa, senza server e senza configurazione
  sportello init sportello.toml           scrive una configurazione commentata
  sportello check --config sportello.toml --connect
  sportello run --config sportello.toml

Codici di uscita: 0 tutto bene; 1 trovato qualcosa che non va; 2 comando scritto male;
3 non può partire (configurazione, regole, cartella dei dati, altro processo sugli stessi dati).";

/// Tiene la casella Pec di un ente: verifica, classifica, fascicola, smista e risponde.
#[derive(Parser)]
#[command(name = "sportello", version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Segue le caselle e lavora, finché non lo si ferma (SIGTERM). SIGHUP rilegge regole e modelli
    Run(run::Args),
    /// Mostra tutto il lavoro su una scena di messaggi finti, in una cartella che poi si può guardare
    #[cfg(feature = "demo")]
    Demo(demo::Args),
    /// Controlla configurazione, regole, modelli e ancore di fiducia; con --connect anche i server
    Check(check::Args),
    /// Spiega messaggi salvati: ogni verifica, i punti delle regole, i dati trovati, che cosa partirebbe
    Explain(explain::Args),
    /// Le regole: controllarle, provarle, misurarle sulla posta passata, metterle in vigore, tornare indietro
    Rules(rules::Args),
    /// I procedimenti: controllarli, vederli come scheda del servizio, disegnarne i passi
    Procedures(procedures::Args),
    /// Le lettere: vederle tutte con dati d'esempio, come arrivano e come si stampano
    Templates(templates::Args),
    /// Le pratiche: vederle, aprirle, fare un passo del procedimento, valutare, approvare, decidere
    Dossier(dossier::Args),
    /// I termini: come è contato quello di una pratica, e quali vanno guardati
    Deadline(deadline::Args),
    /// Le persone: dati per fonte, domicili digitali, storia
    Person(person::Args),
    /// I tempi veri contro quelli di legge, per procedimento; con --ritardi le decisioni in ritardo, una per una
    Stats(stats::Args),
    /// Il protocollo: che cosa aspetta un numero, i numeri scritti a mano, il registro di emergenza
    Protocol(protocol::Args),
    /// Porta nel registro tabelle di persone e di fascicoli
    Register(register::Args),
    /// Scrive nel registro che un messaggio deciso era altro: tipo, ufficio o fascicolo giusti, con nome e motivo
    Correct(correct::Args),
    /// Raccoglie le prove su un messaggio in un file .zip, che chiunque può verificare senza Sportello
    Evidence(evidence::Args),
    /// Porta via un fascicolo intero: messaggi, lettere con le ricevute, prove, righe del registro, metadati, impronte
    Export(export::Args),
    /// Mostra messaggi, fascicoli e risposte; funziona anche mentre il servizio lavora
    Status(status::Args),
    /// Guarda le lettere in uscita e, con nome e motivo, le ferma, le libera, le ritira o le rispedisce
    Outbox(outbox::Args),
    /// Dopo aver rimesso una copia vecchia dei dati: lo scrive nel registro, e niente parte due volte
    Restored(restored::Args),
    /// Di chi ci si fida: mostra, controlla, aggiunge le autorità che garantiscono i gestori PEC
    Trust(trust::Args),
    /// Prova che server, archivio, registro e decisioni coincidono; dice le differenze e rimette a posto quello che può
    Reconcile(reconcile::Args),
    /// Verifica la catena del registro e dice se qualcuno l'ha toccato
    VerifyJournal(verify_journal::Args),
    /// Rifà l'indice dal registro, a servizio fermo, e dice se è uguale a prima
    Rebuild(rebuild::Args),
    /// Scrive una configurazione commentata da completare
    Init(init::Args),
    /// Esamina un messaggio per conto del servizio, che ne limita memoria e tempo
    #[command(name = crate::trial::COMMAND, hide = true)]
    Trial(trial::Args),
}

/// Which configuration.
#[derive(clap::Args)]
struct ConfigArg {
    /// Il file di configurazione
    #[arg(long, short, value_name = "FILE", default_value = "/etc/sportello/sportello.toml")]
    config: PathBuf,
}

impl ConfigArg {
    /// The configuration; in error, its mistakes were said, and this is the exit code.
    fn read(&self) -> Result<Config, u8> {
        config(&self.config)
    }
}

/// Which data folder: itself, or that of a configuration, as of every other command.
#[derive(clap::Args)]
struct DataArg {
    /// La cartella dei dati; se manca, quella della configurazione
    #[arg(value_name = "CARTELLA", conflicts_with = "config")]
    data: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArg,
}

impl DataArg {
    /// The folder; in error, the mistakes of the configuration were said, and this is the exit code.
    fn folder(&self) -> Result<PathBuf, u8> {
        self.data.clone().map_or_else(|| self.config.read().map(|config| config.data), Ok)
    }
}

/// The configuration of a file; in error, its mistakes were said, and this is the exit code.
fn config(path: &Path) -> Result<Config, u8> {
    Config::read(path).map_err(|problems| {
        print_problems(&problems);
        CANNOT_START
    })
}

/// Runs the command of this process.
#[must_use]
pub fn main() -> ExitCode {
    let command = match italian::spoken(Cli::command()).try_get_matches() {
        Ok(matches) => Cli::from_arg_matches(&matches),
        Err(error) => Err(error),
    };
    let command = match command {
        Ok(cli) => cli.command,
        Err(error) => return ExitCode::from(italian::told(&error)),
    };
    let code = match command {
        Command::Run(args) => run::main(&args),
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::main(&args),
        Command::Check(args) => check::main(&args),
        Command::Explain(args) => explain::main(&args),
        Command::Dossier(args) => dossier::main(&args),
        Command::Deadline(args) => deadline::main(&args),
        Command::Person(args) => person::main(&args),
        Command::Protocol(args) => protocol::main(&args),
        Command::Register(args) => register::main(&args),
        Command::Stats(args) => stats::main(&args),
        Command::Correct(args) => correct::main(&args),
        Command::Evidence(args) => evidence::main(&args),
        Command::Export(args) => export::main(&args),
        Command::Status(args) => status::main(&args),
        Command::Outbox(args) => outbox::main(&args),
        Command::Restored(args) => restored::main(&args),
        Command::Trust(args) => trust::main(&args),
        Command::Rules(args) => rules::main(&args),
        Command::Procedures(args) => procedures::main(&args),
        Command::Templates(args) => templates::main(&args),
        Command::Reconcile(args) => reconcile::main(&args),
        Command::VerifyJournal(args) => verify_journal::main(&args),
        Command::Rebuild(args) => rebuild::main(&args),
        Command::Init(args) => init::main(&args),
        Command::Trial(args) => trial::main(&args),
    };
    ExitCode::from(code)
}

/// Prints every problem, errors before warnings, and a count.
fn print_problems(problems: &[Problem]) {
    let (warnings, errors): (Vec<_>, Vec<_>) = problems.iter().partition(|p| p.warning);
    for problem in errors.iter().chain(&warnings) {
        eprintln!("{problem}");
    }
    let count = errors.len();
    if count > 0 {
        eprintln!("{count} {}", if count == 1 { "errore" } else { "errori" });
    }
}

/// Starts the technical log on standard error.
fn start_log(log: &crate::config::Log) -> Result<(), String> {
    let filter = log_filter(&log.filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if log.json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_ansi(false).init();
    }
    Ok(())
}

/// What the administrator asks, except from the libraries below us: at TRACE they log what passes through them, the password
/// too (stack.md §3, §4).
fn log_filter(asked: &str) -> Result<tracing_subscriber::EnvFilter, String> {
    let directives = format!("{asked},async_imap=off,imap_proto=off,lettre=off,sled=warn,rustls=warn");
    tracing_subscriber::EnvFilter::try_new(&directives).map_err(|e| format!("`registro_tecnico.filtro`: {e}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_filter_makes_the_libraries_log_what_passes_through_them() {
        for asked in ["trace", "async_imap=trace,lettre=trace", "info"] {
            let filter = super::log_filter(asked).unwrap().to_string();
            assert!(filter.contains("async_imap=off") && filter.contains("lettre=off"), "{asked}: {filter}");
            assert!(!filter.contains("async_imap=trace") && !filter.contains("lettre=trace"), "{asked}: {filter}");
        }
        assert!(super::log_filter("info=").is_err() || super::log_filter("=[").is_err());
    }
}

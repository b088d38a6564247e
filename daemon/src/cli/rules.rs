//! `sportello rules`: the rules read, tried, measured on past mail, put in force and taken back. It changes when an
//! administrator can do another thing with them.

pub(super) mod check;
mod deploy;
mod edit;
mod eval;
mod explain;
mod learn;
mod record;
mod replay;

use super::{config, print_problems};
use crate::rulebook::Set;
use casework::rules::Problem;
pub(super) use explain::corrected;
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Una modifica, dall'inizio alla fine:
  sportello rules check  CARTELLA                        errori con file e riga, tutti insieme
  sportello rules test   CARTELLA                        le prove, e i segnali che nessuna prova fa scattare
  sportello rules replay --config F --with CARTELLA      che cosa sarebbe cambiato con la posta già arrivata
  sportello rules deploy --config F --from CARTELLA --note \"…\"
  sportello rules history --config F                     le versioni; per tornare indietro: rules rollback IMPRONTA";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Controlla le regole: ogni errore con file, riga e il nome noto più vicino; poi che cosa merita uno sguardo
    Check(check::CheckArgs),
    /// Fa le prove scritte accanto alle regole, e dice quali segnali nessuna prova fa scattare
    Test(check::TestArgs),
    /// I punti di ogni regola su un messaggio: frase e posto, dati, testo come lo leggono le regole; con --why-not, perché non una
    Explain(explain::Args),
    /// Ripassa la posta già arrivata con altre regole, senza fare niente: che cosa sarebbe stato deciso diversamente
    Replay(replay::Args),
    /// Prova le regole su messaggi già etichettati, e dice quanto ci prendono
    Eval(eval::Args),
    /// Che cosa nessuna regola riconosce: le frasi più frequenti
    Unmatched(replay::UnmatchedArgs),
    /// Mette in vigore delle regole: controllo, prove, posta passata, poi tutte insieme
    Deploy(deploy::Args),
    /// Le versioni delle regole: da quando, chi, perché, quanti messaggi hanno deciso
    History(deploy::HistoryArgs),
    /// Che cosa cambia fra due versioni, a parole
    Diff(deploy::DiffArgs),
    /// Rimette in vigore una versione di prima, ed elenca i messaggi che avrebbe deciso diversamente
    Rollback(deploy::RollbackArgs),
    /// Fa una prova da un messaggio in archivio e dalla sua correzione, con nomi, codici e numeri sostituiti
    Record(record::Args),
    /// Da shadow a suggest, da suggest ad auto: se le decisioni sono abbastanza, e le persone non le correggono
    Promote(edit::PromoteArgs),
    /// Riscrive i file nella forma canonica; i commenti restano
    Fmt(edit::FmtArgs),
    /// Conta che cosa dicono le singole parole, da messaggi etichettati o corretti: scrive il file degli indizi, non cambia niente
    Learn(learn::Args),
    /// Le frasi che avrebbero deciso bene i messaggi corretti; non cambia niente
    Suggest(record::SuggestArgs),
}

pub(super) fn main(args: &Args) -> u8 {
    let ended = match &args.action {
        Action::Check(args) => check::check(args),
        Action::Test(args) => check::test(args),
        Action::Explain(args) => explain::main(args),
        Action::Replay(args) => replay::main(args),
        Action::Eval(args) => Ok(eval::main(args)),
        Action::Unmatched(args) => replay::unmatched(args),
        Action::Deploy(args) => deploy::main(args),
        Action::History(args) => deploy::history(args),
        Action::Diff(args) => deploy::diff(args),
        Action::Rollback(args) => deploy::rollback(args),
        Action::Record(args) => record::main(args),
        Action::Promote(args) => edit::promote(args),
        Action::Fmt(args) => edit::fmt(args),
        Action::Learn(args) => learn::main(args),
        Action::Suggest(args) => record::suggest(args),
    };
    ended.unwrap_or_else(|code| code)
}

/// The exit code of a command; in error, of one that could not do its work and has said why.
type Ended = Result<u8, u8>;

/// Which rules are meant.
#[derive(clap::Args)]
struct Which {
    /// La cartella delle regole; se manca: quella della configurazione, o le regole fornite con il programma
    #[arg(value_name = "CARTELLA")]
    folder: Option<PathBuf>,
    /// La configurazione, che dice dove sono regole e modelli
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// La cartella dei modelli, al posto di quelli forniti
    #[arg(long, value_name = "CARTELLA", conflicts_with = "config")]
    templates: Option<PathBuf>,
}

impl Which {
    fn read(&self) -> Result<Result<Set, Vec<Problem>>, u8> {
        let config = self.config.as_deref().map(config).transpose()?;
        let folder = self.folder.as_deref().or_else(|| config.as_ref()?.rules.as_deref());
        let templates = self.templates.as_deref().or_else(|| config.as_ref()?.templates.as_deref());
        Ok(Set::read(folder, templates))
    }
}

/// Says mistakes, and that there are some.
fn refused(problems: &[Problem]) -> u8 {
    print_problems(problems);
    super::FOUND
}

/// Says one thing that is wrong.
fn wrong(why: impl std::fmt::Display) -> u8 {
    eprintln!("{why}");
    super::FOUND
}

/// `90d`, `12h`, `2w`.
fn span(text: &str) -> Result<SignedDuration, String> {
    let fault = || format!("«{text}»: serve un numero seguito da h (ore), d (giorni) o w (settimane), per esempio 90d");
    let (number, hours) = match text.char_indices().next_back() {
        Some((at, 'h')) => (text.get(..at), 1),
        Some((at, 'd')) => (text.get(..at), 24),
        Some((at, 'w')) => (text.get(..at), 7 * 24),
        _ => (None, 0),
    };
    let number: i64 =
        number.and_then(|number| number.parse().ok()).filter(|n| (1..=100_000).contains(n)).ok_or_else(fault)?;
    Ok(SignedDuration::from_hours(number * hours))
}

/// The instant from which past mail counts.
fn from(since: SignedDuration) -> Timestamp {
    crate::clock::Clock::System.now().checked_sub(since).unwrap_or(Timestamp::MIN)
}

/// Who gives an order, if nobody is named: the user of this process.
pub(super) fn by(named: Option<&str>) -> String {
    let user = || std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).ok().filter(|name| !name.is_empty());
    named.map(str::to_owned).or_else(user).unwrap_or_else(|| "riga di comando".into())
}

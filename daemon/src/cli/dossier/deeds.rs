//! What somebody of an office does with a dossier, from the command line. It changes when an act asks for something else.

use super::super::counter::give;
use super::super::{ConfigArg, FOUND};
use super::Number;
use crate::caseload::{Deed, paper};
use crate::clock::Clock;
use casework::act::{Act, Order};
use casework::decision::ENCLOSED_BYTES_MAX;
use casework::nearest::hint;
use casework::participation::Weight;
use casework::ranking::Answer;
use casework::verb::Verb;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const DO_HELP: &str = "\
  sportello dossier do 2026/12 prendi_in_carico --by \"Ugo Verdi\" --office tributi
  sportello dossier do 2026/12 chiedi_integrazione --point \"La planimetria\" --not-held --by \"Ugo Verdi\" --office tributi
  sportello dossier do 2026/12 preavviso_diniego --point \"Manca il requisito …\" --by \"Ada Neri\" --office tributi --role responsabile
  sportello dossier do 2026/12 accogli --point \"Ecco il permesso\" --file permesso.pdf.p7m --by \"Ada Neri\" --office tributi --role responsabile
  sportello dossier do 2026/12 chiedi_parere --to gestore_mensa --point \"La dieta si può fare?\" --by \"Ada Neri\" --office istruzione
  sportello dossier do 2026/12 chiedi_pagamento --point \"Avviso pagoPA 3010…\" --by \"Ugo Verdi\" --office mobilita
  sportello dossier do 2026/12 trasmetti_altro_ente --to \"Provincia di Esempio\" --by \"Ada Neri\" --office tributi

--not-held: chi chiede dice che nessun ufficio pubblico ha già quello che chiede (L. 241/1990 art. 18).
I passi possibili da ogni stato: sportello procedures graph PROCEDIMENTO";

/// Which dossier, and who.
#[derive(clap::Args)]
struct Who {
    #[command(flatten)]
    config: ConfigArg,
    #[command(flatten)]
    dossier: Number,
}

/// As whom.
#[derive(clap::Args)]
struct AsWhom {
    /// Chi agisce: nome e cognome
    #[arg(long, value_name = "NOME")]
    by: String,
    /// Per quale ufficio (il suo nome nelle regole)
    #[arg(long, value_name = "UFFICIO")]
    office: String,
    /// Come: operatore, responsabile, coordinatore
    #[arg(long, value_name = "RUOLO", default_value = "operatore")]
    role: String,
}

/// What goes with it.
#[derive(clap::Args)]
struct Files {
    /// Un file che va con l'ordine: parte con la lettera, e resta nel fascicolo. Si può ripetere
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(clap::Args)]
#[command(after_help = DO_HELP)]
pub(super) struct DoArgs {
    #[command(flatten)]
    who: Who,
    /// Che cosa fare
    #[arg(value_name = "VERBO", value_parser = verb)]
    verb: Verb,
    /// Un motivo, o una cosa che si chiede. Si può ripetere
    #[arg(long, value_name = "TESTO")]
    point: Vec<String>,
    /// L'altro ente, per i pareri e le trasmissioni
    #[arg(long, value_name = "ENTE", default_value = "")]
    to: String,
    /// Nessun ufficio pubblico ha già quello che si chiede
    #[arg(long)]
    not_held: bool,
    /// Serve di nuovo, benché già agli atti: perché. Il cittadino lo legge
    #[arg(long, value_name = "PERCHÉ", default_value = "")]
    again: String,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct AssignArgs {
    #[command(flatten)]
    who: Who,
    /// A quale ufficio; se manca, resta dov'è
    #[arg(long, value_name = "UFFICIO", default_value = "")]
    to_office: String,
    /// A quale persona, che ne diventa responsabile (L. 241/1990 art. 5)
    #[arg(long, value_name = "NOME", default_value = "")]
    responsible: String,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct NoteArgs {
    #[command(flatten)]
    who: Who,
    /// La nota
    #[arg(value_name = "TESTO")]
    text: String,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct WeighArgs {
    #[command(flatten)]
    who: Who,
    /// Quale atto di parte: il suo numero in «dossier show»
    #[arg(value_name = "N")]
    n: u32,
    /// L'esito: accolta, accolta-in-parte, non-accolta, non-pertinente
    #[arg(long, value_name = "ESITO", value_parser = weight)]
    weight: Weight,
    /// Come è stato valutato, con parole che il cittadino legge
    #[arg(long, value_name = "TESTO")]
    how: String,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct ReclassifyArgs {
    #[command(flatten)]
    who: Who,
    /// Il procedimento giusto: il suo nome nei file
    #[arg(value_name = "PROCEDIMENTO")]
    procedure: String,
    /// Perché quello di adesso era sbagliato
    #[arg(long, value_name = "MOTIVO")]
    why: String,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct RankArgs {
    #[command(flatten)]
    who: Who,
    /// La posizione, da 1
    #[arg(value_name = "N")]
    position: u32,
    /// Una cosa che chi legge deve sapere. Si può ripetere
    #[arg(long, value_name = "TESTO")]
    point: Vec<String>,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct PlaceArgs {
    #[command(flatten)]
    who: Who,
    /// Che cosa ha detto: accettato, rinunciato
    #[arg(value_name = "RISPOSTA", value_parser = answer)]
    answer: Answer,
    /// Come lo ha detto: è la prova
    #[arg(long, value_name = "TESTO")]
    how: String,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    who: Who,
    /// Quale modifica: il suo numero in «dossier show»
    #[arg(value_name = "N")]
    n: u32,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct RefuseArgs {
    #[command(flatten)]
    change: ChangeArgs,
    /// Un motivo. Si può ripetere
    #[arg(long, value_name = "TESTO", required = true)]
    point: Vec<String>,
}

#[derive(clap::Args)]
pub(super) struct ConfirmArgs {
    #[command(flatten)]
    change: ChangeArgs,
    /// SHA-256 del documento mostrato o firmato (`sha256sum FILE`)
    #[arg(long, value_name = "SHA256")]
    evidence: String,
}

#[derive(clap::Args)]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    change: ChangeArgs,
    /// Perché
    #[arg(long, value_name = "MOTIVO")]
    why: String,
}

#[derive(clap::Args)]
pub(super) struct ExtendArgs {
    #[command(flatten)]
    who: Who,
    /// Perché servono altri due mesi. Si può ripetere
    #[arg(long, value_name = "TESTO", required = true)]
    point: Vec<String>,
    #[command(flatten)]
    whom: AsWhom,
}

#[derive(clap::Args)]
pub(super) struct SubstituteArgs {
    #[command(flatten)]
    who: Who,
    /// Chi lo ha chiesto, o perché comincia da solo
    #[arg(long, value_name = "MOTIVO")]
    why: String,
    #[command(flatten)]
    whom: AsWhom,
}

fn verb(text: &str) -> Result<Verb, String> {
    text.parse().map_err(|()| format!("il verbo «{text}» non c'è{}", hint(text, Verb::ALL.map(Verb::code))))
}

fn weight(text: &str) -> Result<Weight, String> {
    const ALL: [(&str, Weight); 4] = [
        ("accolta", Weight::Accolta),
        ("accolta-in-parte", Weight::AccoltaInParte),
        ("non-accolta", Weight::NonAccolta),
        ("non-pertinente", Weight::NonPertinente),
    ];
    let found = ALL.into_iter().find(|(code, _)| *code == text).map(|(_, weight)| weight);
    found.ok_or_else(|| format!("«{text}» non è un esito: {}", ALL.map(|(code, _)| code).join(", ")))
}

fn answer(text: &str) -> Result<Answer, String> {
    match text {
        "accettato" => Ok(Answer::Taken),
        "rinunciato" => Ok(Answer::GivenUp),
        _ => Err(String::from("si scrive accettato o rinunciato")),
    }
}

fn order(who: &Who, whom: &AsWhom, act: Act) -> Result<u8, u8> {
    let config = who.config.read()?;
    let order =
        Order::new(who.dossier.number.as_str(), act, whom.by.as_str(), whom.office.as_str(), whom.role.as_str());
    Ok(give(&config, &Deed::Act { order }))
}

/// An order, with files where there are any.
fn hand(who: &Who, whom: &AsWhom, act: Act, files: &Files) -> Result<u8, u8> {
    if files.files.is_empty() {
        return order(who, whom, act);
    }
    let config = who.config.read()?;
    let read = files.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>();
    let paper =
        read.and_then(|files| paper::compose(files, &config.entity.pec, Clock::System.now())).map_err(|why| {
            eprintln!("{why}");
            FOUND
        })?;
    let order =
        Order::new(who.dossier.number.as_str(), act, whom.by.as_str(), whom.office.as_str(), whom.role.as_str());
    Ok(give(&config, &Deed::Hand { order, paper }))
}

/// The name and the bytes of a file; of one that is too large no more than tells so.
fn read(path: &Path) -> Result<(String, Vec<u8>), String> {
    let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| wrong(&"non ha un nome che si legga"))?;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| wrong(&e))?;
    file.take(ENCLOSED_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|e| wrong(&e))?;
    Ok((name.to_owned(), bytes))
}

pub(super) fn act(args: &DoArgs) -> Result<u8, u8> {
    let act = Act::Do {
        verb: args.verb,
        points: args.point.clone(),
        to: args.to.clone(),
        not_held: args.not_held,
        again: args.again.clone(),
    };
    hand(&args.who, &args.whom, act, &args.files)
}

pub(super) fn assign(args: &AssignArgs) -> Result<u8, u8> {
    if args.to_office.is_empty() && args.responsible.is_empty() {
        eprintln!("a chi? --to-office UFFICIO, --responsible NOME, o tutti e due");
        return Err(FOUND);
    }
    let act = Act::Assign { office: args.to_office.clone(), responsible: args.responsible.clone() };
    order(&args.who, &args.whom, act)
}

pub(super) fn note(args: &NoteArgs) -> Result<u8, u8> {
    hand(&args.who, &args.whom, Act::Note { text: args.text.clone() }, &args.files)
}

pub(super) fn weigh(args: &WeighArgs) -> Result<u8, u8> {
    order(&args.who, &args.whom, Act::Weigh { filing: args.n, weight: args.weight, how: args.how.clone() })
}

pub(super) fn reclassify(args: &ReclassifyArgs) -> Result<u8, u8> {
    order(&args.who, &args.whom, Act::Reclassify { procedure: args.procedure.clone(), why: args.why.clone() })
}

pub(super) fn rank(args: &RankArgs) -> Result<u8, u8> {
    order(&args.who, &args.whom, Act::Rank { position: args.position, points: args.point.clone() })
}

pub(super) fn place(args: &PlaceArgs) -> Result<u8, u8> {
    order(&args.who, &args.whom, Act::Place { answer: args.answer, how: args.how.clone() })
}

pub(super) fn approve(args: &ChangeArgs) -> Result<u8, u8> {
    order(&args.who, &args.whom, Act::Approve { change: args.n })
}

pub(super) fn refuse(args: &RefuseArgs) -> Result<u8, u8> {
    let change = &args.change;
    order(&change.who, &change.whom, Act::Refuse { change: change.n, points: args.point.clone() })
}

pub(super) fn confirm(args: &ConfirmArgs) -> Result<u8, u8> {
    let change = &args.change;
    let evidence = args.evidence.trim().to_ascii_lowercase();
    order(&change.who, &change.whom, Act::ConfirmInPerson { change: change.n, evidence })
}

pub(super) fn ask_again(args: &ChangeArgs) -> Result<u8, u8> {
    order(&args.who, &args.whom, Act::AskAgain { change: args.n })
}

pub(super) fn extend(args: &ExtendArgs) -> Result<u8, u8> {
    order(&args.who, &args.whom, Act::Extend { points: args.point.clone() })
}

pub(super) fn substitute(args: &SubstituteArgs) -> Result<u8, u8> {
    order(&args.who, &args.whom, Act::Substitute { why: args.why.clone() })
}

pub(super) fn roll_back(args: &RollbackArgs) -> Result<u8, u8> {
    let change = &args.change;
    order(&change.who, &change.whom, Act::RollBack { change: change.n, why: args.why.clone() })
}

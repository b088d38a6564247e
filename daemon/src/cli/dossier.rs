//! `sportello dossier`: the dossiers of the office, and what its people do with them. It changes when they can do another thing.

mod deeds;
mod open;
pub(super) mod show;

use super::counter::{ReadBy, ask, by_day, json, number};
use super::paint::table;
use super::{ConfigArg, FOUND, OK};
use crate::caseload::ask::{Ask, LISTED_MAX, Row, Told, Which};
use casework::calendar::stamp;
use jiff::civil::Date;

/// Widest column.
const COLUMN: usize = 44;

const AFTER_HELP: &str = "\
Una pratica, dall'inizio alla fine:
  sportello dossier open --procedure richiesta --subject \"Verifica della superficie\" \\
      --party \"BNCNNA80A41H501R,Anna Bianchi,anna@pec.example\" --by \"Ada Neri\"
  sportello dossier assign 2026/12 --responsible \"Ugo Verdi\" --by \"Ada Neri\" --office tributi --role responsabile
  sportello dossier do 2026/12 prendi_in_carico --by \"Ugo Verdi\" --office tributi
  sportello dossier do 2026/12 chiedi_integrazione --point \"La planimetria\" --not-held --by \"Ugo Verdi\" --office tributi
  sportello dossier show 2026/12
  sportello deadline explain 2026/12

Ogni atto resta nel registro con nome e cognome di chi lo fa. I comandi lavorano accanto al servizio, e anche quando è fermo.
Chi può fare che cosa lo dicono i procedimenti: sportello procedures show PROCEDIMENTO";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// I fascicoli: gli ultimi, quelli di una persona, di un indirizzo, o quelli da guardare entro un giorno
    List(ListArgs),
    /// Tutto di un fascicolo, su una schermata: copertina, stato, termine, parti, modifiche, atti, documenti, fatti
    Show(show::Args),
    /// Apre un fascicolo d'ufficio, e manda la comunicazione di avvio
    Open(open::Args),
    /// Fa un passo del procedimento: prende in carico, chiede, decide …
    Do(deeds::DoArgs),
    /// Lo dà a un ufficio, o nomina il responsabile
    Assign(deeds::AssignArgs),
    /// Scrive una nota
    Note(deeds::NoteArgs),
    /// Dice come è stato valutato un atto di parte: la decisione lo riporta
    Weigh(deeds::WeighArgs),
    /// Dà il fascicolo al procedimento giusto: il termine si conta dallo stesso giorno, e chi è parte lo legge
    Reclassify(deeds::ReclassifyArgs),
    /// Dice a chi è in graduatoria la sua posizione
    Rank(deeds::RankArgs),
    /// Scrive che cosa ha detto del suo posto chi lo ha avuto in graduatoria
    Place(deeds::PlaceArgs),
    /// Approva una modifica di dati
    Approve(deeds::ChangeArgs),
    /// Rifiuta una modifica di dati, con i motivi
    Refuse(deeds::RefuseArgs),
    /// Scrive che il cittadino ha confermato di persona, allo sportello
    Confirm(deeds::ConfirmArgs),
    /// Manda al cittadino un codice nuovo per confermare una modifica
    Askagain(deeds::ChangeArgs),
    /// Annulla una modifica già fatta: tornano i dati di prima
    Rollback(deeds::RollbackArgs),
    /// Proroga di due mesi la risposta sui dati personali, con i motivi (Gdpr art. 12)
    Extend(deeds::ExtendArgs),
    /// Comincia il potere sostitutivo: metà del termine da oggi (L. 241/1990 art. 2 c. 9-ter)
    Substitute(deeds::SubstituteArgs),
}

#[derive(clap::Args)]
struct ListArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Quelli di una persona: ne è parte, sono suoi i dati da cambiare, o ha scritto il suo codice
    #[arg(long, value_name = "CF", group = "which")]
    person: Option<String>,
    /// Quelli di chi si chiama così: il cognome, o nome e cognome, anche solo l'inizio; maiuscole e accenti non contano
    #[arg(long, value_name = "COGNOME", group = "which")]
    name: Option<String>,
    /// Quelli in cui si scrive a questo indirizzo
    #[arg(long, value_name = "INDIRIZZO", group = "which")]
    address: Option<String>,
    /// Quelli aperti, con un termine da guardare o che finisce entro questo giorno: 2026-07-31, o fra quanti giorni
    #[arg(long, value_name = "GIORNO", value_parser = by_day, group = "which")]
    due: Option<Date>,
    /// Quanti al massimo
    #[arg(long, value_name = "N", default_value_t = 50)]
    max: usize,
    #[command(flatten)]
    reader: ReadBy,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    let ended = match &args.action {
        Action::List(args) => list(args),
        Action::Show(args) => show::main(args),
        Action::Open(args) => open::main(args),
        Action::Do(args) => deeds::act(args),
        Action::Assign(args) => deeds::assign(args),
        Action::Note(args) => deeds::note(args),
        Action::Weigh(args) => deeds::weigh(args),
        Action::Reclassify(args) => deeds::reclassify(args),
        Action::Rank(args) => deeds::rank(args),
        Action::Place(args) => deeds::place(args),
        Action::Approve(args) => deeds::approve(args),
        Action::Refuse(args) => deeds::refuse(args),
        Action::Confirm(args) => deeds::confirm(args),
        Action::Askagain(args) => deeds::ask_again(args),
        Action::Rollback(args) => deeds::roll_back(args),
        Action::Extend(args) => deeds::extend(args),
        Action::Substitute(args) => deeds::substitute(args),
    };
    ended.unwrap_or_else(|code| code)
}

fn list(args: &ListArgs) -> Result<u8, u8> {
    let config = args.config.read()?;
    let which = match (&args.person, &args.name, &args.address, args.due) {
        (Some(code), ..) => Which::Person { code: code.clone() },
        (_, Some(name), ..) => Which::Named { name: name.clone() },
        (_, _, Some(address), _) => Which::Address { address: address.clone() },
        (.., Some(by)) => Which::Due { by },
        _ => Which::All,
    };
    let told = ask(&config, &Ask::Dossiers { which, max: args.max.min(LISTED_MAX) }, &args.reader.reader())?;
    listed(&told, args.json)
}

/// Dossiers as a table, or for programs.
pub(super) fn listed(told: &Told, as_json: bool) -> Result<u8, u8> {
    let Told::Dossiers { rows, more } = told else { return Err(FOUND) };
    if as_json {
        return Ok(json(&serde_json::json!({ "dossiers": rows, "more": more })));
    }
    if rows.is_empty() {
        say!("Nessun fascicolo.");
        return Ok(OK);
    }
    let shown: Vec<Vec<String>> = rows.iter().map(row).collect();
    let head = ["fascicolo", "stato", "dal", "ultimo giorno", "da guardare", "ufficio", "oggetto", "a chi si scrive"];
    say!("{}", table(&head, &shown, COLUMN));
    if *more {
        say!("Ce ne sono altri: --max");
    }
    Ok(OK)
}

fn row(row: &Row) -> Vec<String> {
    let day = |day: Option<Date>| day.map_or_else(|| "–".into(), |day| day.to_string());
    let due = match (row.state.is_final(), row.suspended_until, row.late) {
        (true, ..) => "conclusa".into(),
        (false, Some(until), _) => format!("fermo fino al {until}"),
        (false, None, Some(1)) => format!("{}, scaduto da un giorno", day(row.due)),
        (false, None, Some(late)) => format!("{}, scaduto da {late} giorni", day(row.due)),
        (false, None, None) => day(row.due),
    };
    vec![
        row.number.clone(),
        row.state.code().into(),
        stamp(row.state_since).chars().take(10).collect(),
        due,
        day(row.look.filter(|_| !row.state.is_final())),
        row.office.clone(),
        row.subject.clone(),
        row.parties.join(", "),
    ]
}

/// The number of a dossier, as an argument.
#[derive(clap::Args)]
struct Number {
    /// Il numero del fascicolo: 2026/000012, o 2026/12
    #[arg(value_name = "NUMERO", value_parser = number)]
    number: String,
}

//! `sportello protocol`: which documents wait for a protocol number, numbers written by hand, and the emergency register. It changes
//! when more of the registering is done or shown here. No names stand in it: a document is its digest and its dossier.

use super::counter::{ask, day, give, json, user};
use super::paint::table;
use super::{ConfigArg, OK};
use crate::caseload::ask::{Ask, Documents, LISTED_MAX, Told};
use crate::caseload::{Deed, rows};
use crate::digest::flow;
use crate::store::protocol::{Interruption, Overview};
use casework::calendar::{rome, stamp};
use casework::protocol::{EMERGENCY_HOURS, Order, Registration};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Widest column.
const COLUMN: usize = 44;

const AFTER_HELP: &str = "\
I numeri li dà il sistema di protocollo dell'ente, attraverso la cartella `[protocollo] cartella`:
in «da-protocollare» trova i documenti, in «protocollati» lascia le tabelle con i numeri.
Qui si guarda come va, e si scrive un numero a mano.

  sportello protocol status
  sportello protocol list
  sportello protocol set 3f9a2b7c 0004567 --date 2026-02-03 --by \"Ada Neri\"
  sportello protocol annul 3f9a2b7c 0004567 --date 2026-02-03 --by \"Ada Neri\"

Quando il sistema di protocollo è fermo (DPR 445/2000 art. 63):
  sportello protocol emergency open --by \"Ada Neri\" --why \"guasto del server, provvedimento n. 12\"
  sportello protocol emergency close --by \"Ada Neri\"
  sportello protocol emergency list";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Quanti documenti aspettano un numero, da quando, e se è aperto il registro di emergenza
    Status(ShowArgs),
    /// I documenti che aspettano un numero, il più vecchio per primo
    List(ShowArgs),
    /// Scrive il numero che il sistema di protocollo ha dato a un documento
    Set(NumberArgs),
    /// Scrive che quel numero è stato annullato nel sistema di protocollo: il documento ne aspetta un altro
    Annul(NumberArgs),
    /// Il registro di emergenza: aprirlo, chiuderlo, vederlo
    Emergency(EmergencyArgs),
}

#[derive(clap::Args)]
struct ShowArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct NumberArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Il documento: la sua impronta, o i suoi primi caratteri (almeno 8), come li mostra «list»
    #[arg(value_name = "DOCUMENTO")]
    document: String,
    /// Il numero: 0004567, o 0004567/2026
    #[arg(value_name = "NUMERO")]
    number: String,
    /// Il giorno della registrazione: 2026-02-03 o 03/02/2026
    #[arg(long, value_name = "GIORNO", value_parser = day)]
    date: Date,
    /// Chi lo scrive: nome e cognome
    #[arg(long, value_name = "NOME")]
    by: String,
}

#[derive(clap::Args)]
struct EmergencyArgs {
    #[command(subcommand)]
    action: Emergency,
}

#[derive(clap::Subcommand)]
enum Emergency {
    /// Lo apre: da qui i documenti che aspettano hanno un numero di emergenza, finché non si chiude
    Open {
        #[command(flatten)]
        config: ConfigArg,
        /// Chi lo autorizza: nome e cognome
        #[arg(long, value_name = "NOME")]
        by: String,
        /// La causa, e gli estremi del provvedimento dove serve
        #[arg(long, value_name = "CAUSA")]
        why: String,
    },
    /// Lo chiude: il sistema di protocollo è tornato
    Close {
        #[command(flatten)]
        config: ConfigArg,
        /// Chi lo chiude: nome e cognome
        #[arg(long, value_name = "NOME")]
        by: String,
    },
    /// Tutto il registro: interruzioni con causa e orari, operazioni di ogni giorno, numeri
    List(ShowArgs),
}

pub(super) fn main(args: &Args) -> u8 {
    let ended = match &args.action {
        Action::Status(args) => status(args),
        Action::List(args) => list(args),
        Action::Set(args) => set(args, false),
        Action::Annul(args) => set(args, true),
        Action::Emergency(args) => match &args.action {
            Emergency::Open { config, by, why } => {
                order(config, Order::OpenEmergency { by: by.clone(), why: why.clone() })
            }
            Emergency::Close { config, by } => order(config, Order::CloseEmergency { by: by.clone() }),
            Emergency::List(args) => register(args),
        },
    };
    ended.unwrap_or_else(|code| code)
}

fn order(config: &ConfigArg, order: Order) -> Result<u8, u8> {
    Ok(give(&config.read()?, &Deed::Protocol { order }))
}

fn set(args: &NumberArgs, annulled: bool) -> Result<u8, u8> {
    let number = rows::protocol_number(&args.number, args.date).map_err(super::counter::wrong)?;
    let (document, by) = (args.document.clone(), args.by.clone());
    order(&args.config, Order::Number { document, number, annulled, by })
}

/// What was asked of the registering.
struct Seen {
    overview: Overview,
    rows: Vec<(String, Registration)>,
    interruptions: Vec<Interruption>,
}

fn seen(args: &ShowArgs, which: Documents) -> Result<Seen, u8> {
    match ask(&args.config.read()?, &Ask::Protocol { which }, &user())? {
        Told::Protocol { overview, rows, interruptions } => Ok(Seen { overview, rows, interruptions }),
        _ => Err(super::counter::wrong("risposta a un'altra domanda")),
    }
}

fn status(args: &ShowArgs) -> Result<u8, u8> {
    let Seen { overview, .. } = seen(args, Documents::None)?;
    if args.json {
        return Ok(json(&overview));
    }
    say!("{}", line(&overview, crate::clock::Clock::System.now()));
    Ok(OK)
}

fn list(args: &ShowArgs) -> Result<u8, u8> {
    let Seen { overview, rows, .. } = seen(args, Documents::Waiting)?;
    if args.json {
        return Ok(json(&rows));
    }
    if rows.is_empty() {
        say!("Nessun documento aspetta un numero di protocollo.");
        return Ok(OK);
    }
    say!("{}", documents(&rows));
    if overview.waiting > rows.len() as u64 {
        say!("… e altri: sono {} in tutto, qui i primi {LISTED_MAX}", overview.waiting);
    }
    Ok(OK)
}

fn documents(rows: &[(String, Registration)]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(digest, of)| {
            let emergency = of.emergency.map(|number| number.to_string()).unwrap_or_default();
            let number = of.number.map(|number| format!("{number} del {}", number.on)).unwrap_or_default();
            let dossier = of.dossier.clone().unwrap_or_default();
            vec![flow(digest).into(), of.flow.title().into(), stamp(of.at), dossier, emergency, number]
        })
        .collect();
    table(&["DOCUMENTO", "VERSO", "QUANDO", "FASCICOLO", "EMERGENZA", "PROTOCOLLO"], &cells, COLUMN)
}

fn register(args: &ShowArgs) -> Result<u8, u8> {
    let Seen { rows, interruptions, .. } = seen(args, Documents::InEmergency)?;
    if args.json {
        return Ok(json(&serde_json::json!({ "interruptions": interruptions, "documents": rows })));
    }
    if interruptions.is_empty() {
        say!("Il registro di emergenza non è mai stato aperto.");
        return Ok(OK);
    }
    say!("Registro di emergenza (DPR 445/2000 art. 63)\n");
    for one in &interruptions {
        let opened = &one.opened;
        let closed = match &one.closed {
            Some((at, by)) => format!("chiuso {} da {by}", stamp(*at)),
            None => "ancora aperto".into(),
        };
        say!("aperto {} da {}, {closed}\n  causa: {}", stamp(opened.since), opened.by, opened.why);
    }
    // Art. 63 c. 3: of each day how many operations there were.
    let mut days: BTreeMap<Date, u64> = BTreeMap::new();
    for number in rows.iter().filter_map(|(_, of)| of.emergency) {
        *days.entry(number.on).or_default() += 1;
    }
    let mut totals = String::from("\nOperazioni di ogni giorno\n");
    for (on, count) in days {
        let _ = writeln!(totals, "  {on}: {count}"); // writing to a string cannot fail
    }
    say!("{totals}\n{}", documents(&rows));
    Ok(OK)
}

/// How the registering stands, in a line or two.
pub(super) fn line(seen: &Overview, now: Timestamp) -> String {
    if !seen.standing.is_on {
        return "Protocollo: non configurato ([protocollo] in sportello.toml)".into();
    }
    let waiting = match (seen.waiting, seen.oldest) {
        (0, _) | (_, None) => "nessun documento aspetta un numero".into(),
        (1, Some(since)) => format!("1 documento aspetta un numero, dal {}", stamp(since)),
        (n, Some(since)) => format!("{n} documenti aspettano un numero, il più vecchio dal {}", stamp(since)),
    };
    let answered = match seen.standing.answered {
        Some(at) => format!("; ultimo numero arrivato {}", stamp(at)),
        None => "; nessun numero è mai arrivato".into(),
    };
    let emergency = seen.standing.emergency.as_ref().map(|open| {
        let is_long = now.duration_since(open.since) > SignedDuration::from_hours(EMERGENCY_HOURS);
        let long =
            if is_long { ". Oltre 24 ore serve un provvedimento, al più una settimana (art. 63 c. 2)" } else { "" };
        let last = seen.standing.last.filter(|(year, _)| *year == rome(now).year()).map_or(0, |(_, last)| last);
        format!(
            "\n  REGISTRO DI EMERGENZA aperto dal {}, {last} numeri dati quest'anno: {}{long}",
            stamp(open.since),
            open.why
        )
    });
    format!("Protocollo: {waiting}{answered}{}", emergency.unwrap_or_default())
}

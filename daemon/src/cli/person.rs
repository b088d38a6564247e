//! `sportello person`: whom the office knows, and what it holds of each. It changes when something else is held.

mod contacts;
mod entrust;

use super::counter::{ReadBy, ask, give, json};
use super::paint::{cut, table, wrap};
use super::{ConfigArg, FOUND, OK};
use crate::caseload::ask::{Ask, NAMED_MAX, PersonEntry, PersonRow, PersonSheet, Told};
use crate::caseload::contact::{CONTACTS_MAX, What};
use crate::caseload::{Deed, rows};
use crate::clock::Clock;
use crate::digest::flow;
use casework::access::Access;
use casework::act::{Act, Order};
use casework::calendar::{rome, stamp};
use casework::courtesy::Courtesy;
use casework::data_change::fields;
use casework::open::NewPerson;
use casework::person::{Asked, Domicile, Over, Person, Scope, Source, Strength};
use jiff::Timestamp;
use std::fmt::Write;

/// Widest column.
const COLUMN: usize = 50;
/// Width of the names of lines.
const NAME: usize = 16;

const AFTER_HELP: &str = "\
  sportello person add --cf BNCNNA80A41H501R --name \"Anna Bianchi\" --address anna@pec.example --source inad --by \"Ada Neri\"
  sportello person add --cf BNCNNA80A41H501R --name \"Anna Bianchi\" --data telefono=055000001 --office anagrafe --by \"Ada Neri\"
  sportello person show BNCNNA80A41H501R
  sportello person mandate BNCNNA80A41H501R --to RSSMRA80A01H501U --evidence SHA256 --until 2027-12-31 \\
      --by \"Ada Neri\" --office urp --role responsabile
  sportello person list --address anna@pec.example
  sportello person list --name bianchi
  sportello person accesses BNCNNA80A41H501R
  sportello person contacts BNCNNA80A41H501R --csv --by \"Ada Neri\" --office urp > contatti.csv

Sotto un codice fiscale c'è una persona sola. Quello che due uffici dicono in modo diverso resta tutto, e si vede come conflitto.
Molte insieme: sportello register import FILE";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Tutto di una persona: dati per fonte, conflitti, domicili, deleghe, fascicoli, storia
    Show(ShowArgs),
    /// Scrive nel registro una persona, o quello che un ufficio sa di lei
    Add(AddArgs),
    /// Scrive una delega, o la fa finire: chi può agire per la persona
    Mandate(entrust::MandateArgs),
    /// Scrive un'abilitazione, o la fa finire: che cosa la persona può chiedere per Pec
    Grant(entrust::GrantArgs),
    /// Toglie gli avvisi prima delle scadenze a chi dice di non volerli più. Solo la persona li chiede, dalla sua Pec
    Quiet(entrust::QuietArgs),
    /// Scrive l'indirizzo di posta ordinaria a cui la persona vuole sapere che le è arrivata una Pec, o lo toglie
    Courtesy(entrust::CourtesyArgs),
    /// Di chi è, o è stato, un indirizzo; chi si chiama così
    List(ListArgs),
    /// Chi ha visto i suoi dati e le sue pratiche: quando, chi, che cosa
    Accesses(ShowArgs),
    /// Tutti i contatti con lei, in ordine: Pec, compiti, note. Con --csv o --json, per un altro programma (CRM)
    Contacts(contacts::Args),
    /// Abilita la Pec che un cittadino ha chiesto di usare, e gli scrive l'esito
    Enable(EnableArgs),
    /// Dice di no a chi lo ha chiesto, e gli scrive i motivi
    Deny(DenyArgs),
}

#[derive(clap::Args)]
struct ShowArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Codice fiscale, partita IVA, o il suo numero nel registro
    #[arg(value_name = "CODICE")]
    code: String,
    #[command(flatten)]
    reader: ReadBy,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct AddArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Codice fiscale
    #[arg(long, value_name = "CF", default_value = "")]
    cf: String,
    /// Partita IVA
    #[arg(long, value_name = "PIVA", default_value = "")]
    piva: String,
    /// Nome e cognome, o denominazione
    #[arg(long, value_name = "NOME")]
    name: String,
    /// Un suo domicilio digitale (Pec)
    #[arg(long, value_name = "PEC", default_value = "")]
    address: String,
    /// Chi dice che è il suo domicilio: inad, ini-pec, ipa, abilitato, dichiarato
    #[arg(long, value_name = "FONTE", default_value = "dichiarato", value_parser = rows::source)]
    source: Source,
    /// Un dato: CAMPO=VALORE. Si può ripetere
    #[arg(long, value_name = "CAMPO=VALORE", value_parser = datum)]
    data: Vec<(String, String)>,
    /// L'ufficio che lo dice (il suo nome nelle regole)
    #[arg(long, value_name = "UFFICIO", default_value = "")]
    office: String,
    /// Chi scrive: nome e cognome
    #[arg(long, value_name = "NOME")]
    by: String,
}

#[derive(clap::Args)]
struct ListArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// L'indirizzo
    #[arg(long, value_name = "INDIRIZZO", required_unless_present = "name", conflicts_with = "name")]
    address: Option<String>,
    /// Il cognome, o nome e cognome, anche solo l'inizio; maiuscole e accenti non contano
    #[arg(long, value_name = "COGNOME")]
    name: Option<String>,
    #[command(flatten)]
    reader: ReadBy,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

/// Chi decide di una richiesta di abilitazione, e di quale.
#[derive(clap::Args)]
struct Decides {
    #[command(flatten)]
    config: ConfigArg,
    /// Il numero del fascicolo della richiesta: 2026/000012, o 2026/12
    #[arg(value_name = "NUMERO", value_parser = super::counter::number)]
    number: String,
    /// Chi agisce: nome e cognome
    #[arg(long, value_name = "NOME")]
    by: String,
    /// Per quale ufficio (il suo nome nelle regole)
    #[arg(long, value_name = "UFFICIO")]
    office: String,
    /// Come: operatore, responsabile, coordinatore
    #[arg(long, value_name = "RUOLO", default_value = "responsabile")]
    role: String,
}

#[derive(clap::Args)]
struct EnableArgs {
    #[command(flatten)]
    decides: Decides,
    /// Il motivo: che documento hai visto. Si può ripetere
    #[arg(long, value_name = "TESTO", required = true)]
    point: Vec<String>,
    /// Che cosa può chiedere da lì: dati, fascicoli. Si può ripetere; senza, tutti e due
    #[arg(long, value_name = "COSA", value_parser = entrust::scope)]
    scope: Vec<Scope>,
    /// Ultimo giorno: AAAA-MM-GG. Se manca, finché non si revoca
    #[arg(long, value_name = "GIORNO", value_parser = super::counter::day)]
    until: Option<jiff::civil::Date>,
}

#[derive(clap::Args)]
struct DenyArgs {
    #[command(flatten)]
    decides: Decides,
    /// Il motivo, che il cittadino legge. Si può ripetere
    #[arg(long, value_name = "TESTO", required = true)]
    point: Vec<String>,
}

fn datum(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').map(|(field, value)| (field.trim(), value.trim()));
    let (field, value) = pair
        .filter(|(field, value)| !field.is_empty() && !value.is_empty())
        .ok_or_else(|| format!("«{text}»: si scrive CAMPO=VALORE, per esempio telefono=055000001"))?;
    Ok((field.into(), value.into()))
}

pub(super) fn main(args: &Args) -> u8 {
    let ended = match &args.action {
        Action::Show(args) => show(args),
        Action::Add(args) => add(args),
        Action::Mandate(args) => entrust::mandate(args),
        Action::Grant(args) => entrust::grant(args),
        Action::Quiet(args) => entrust::quiet(args),
        Action::Courtesy(args) => entrust::courtesy(args),
        Action::List(args) => list(args),
        Action::Accesses(args) => accesses(args),
        Action::Contacts(args) => contacts::main(args),
        Action::Enable(args) => {
            let (scopes, until, points) = (args.scope.clone(), args.until, args.point.clone());
            decide(&args.decides, Act::Enable { scopes, until, points })
        }
        // Nobody knows whose the address is, so the request is not admitted (CAD art. 65); that somebody has no right is said
        // with a notice before, as of any request: `dossier do`.
        Action::Deny(args) => decide(&args.decides, Act::Deny { points: args.point.clone() }),
    };
    ended.unwrap_or_else(|code| code)
}

fn add(args: &AddArgs) -> Result<u8, u8> {
    let config = args.config.read()?;
    let person = NewPerson {
        codice_fiscale: args.cf.clone(),
        partita_iva: args.piva.clone(),
        name: args.name.clone(),
        address: args.address.clone(),
        source: Some(args.source),
        data: args.data.iter().cloned().collect(),
        office: args.office.clone(),
        by: args.by.clone(),
    };
    Ok(give(&config, &Deed::Enter { person }))
}

fn decide(decides: &Decides, act: Act) -> Result<u8, u8> {
    let config = decides.config.read()?;
    let order =
        Order::new(decides.number.as_str(), act, decides.by.as_str(), decides.office.as_str(), decides.role.as_str());
    Ok(give(&config, &Deed::Act { order }))
}

fn list(args: &ListArgs) -> Result<u8, u8> {
    let config = args.config.read()?;
    let question = match (&args.address, &args.name) {
        (Some(address), _) => Ask::People { address: address.clone() },
        (None, name) => Ask::Named { name: name.clone().unwrap_or_default() },
    };
    let Told::People { people } = ask(&config, &question, &args.reader.reader())? else { return Err(FOUND) };
    if args.json {
        return Ok(json(&serde_json::json!({ "people": people })));
    }
    if people.is_empty() {
        say!(
            "{}",
            match args.address {
                Some(_) => "Nessuna persona ha, o ha avuto, questo indirizzo.",
                None => "Nessuna persona nel registro si chiama così.",
            }
        );
        return Ok(OK);
    }
    let now = Clock::System.now();
    let row = |person: &PersonRow| {
        let own: Vec<String> = person
            .domiciles
            .iter()
            .filter(|domicile| {
                args.address.as_ref().is_none_or(|wanted| casework::address::same(&domicile.address, wanted))
            })
            .map(|domicile| match args.address {
                Some(_) => standing(domicile, now),
                None => format!("{}, {}", domicile.address, standing(domicile, now)),
            })
            .collect();
        vec![person.id.clone(), person.name.clone(), person.kind.words().into(), own.join("; ")]
    };
    let rows: Vec<Vec<String>> = people.iter().map(row).collect();
    if people.len() >= NAMED_MAX {
        say!("Ce ne possono essere altri: scrivi anche il nome, o il codice fiscale.");
    }
    say!(
        "{}",
        table(
            &["persona", "nome", "tipo", if args.address.is_some() { "l'indirizzo" } else { "i suoi indirizzi" }],
            &rows,
            COLUMN
        )
    );
    Ok(OK)
}

fn show(args: &ShowArgs) -> Result<u8, u8> {
    let config = args.config.read()?;
    let question = Ask::Person { code: args.code.clone() };
    let Told::Person { sheet: Some(sheet) } = ask(&config, &question, &args.reader.reader())? else {
        eprintln!("la persona «{}» non è nel registro", args.code);
        return Err(FOUND);
    };
    if args.json {
        return Ok(json(&sheet));
    }
    say!("{}", screen(&sheet, Clock::System.now()).trim_end());
    Ok(OK)
}

fn accesses(args: &ShowArgs) -> Result<u8, u8> {
    let config = args.config.read()?;
    let question = Ask::Accesses { code: args.code.clone() };
    let Told::Accesses { seen: Some(seen) } = ask(&config, &question, &args.reader.reader())? else {
        eprintln!("la persona «{}» non è nel registro", args.code);
        return Err(FOUND);
    };
    if args.json {
        return Ok(json(&seen));
    }
    say!("Chi ha visto i dati di {} ({}), dalla volta più recente", seen.name, seen.person);
    let row = |access: &Access| {
        let what = format!("{} {}", access.what.command(), access.dossier);
        vec![stamp(access.at), access.by.clone(), access.office.clone(), what.trim_end().into()]
    };
    let rows: Vec<Vec<String>> = seen.rows.iter().map(row).collect();
    if rows.is_empty() {
        say!("Nessuno, da quando il registro lo annota.");
        return Ok(OK);
    }
    say!("{}", table(&["quando", "chi", "ufficio", "che cosa"], &rows, COLUMN));
    if seen.more {
        say!("Ce ne sono altre, meno recenti: sono nel registro.");
    }
    Ok(OK)
}

/// Writing to a string cannot fail.
fn screen(sheet: &PersonSheet, now: Timestamp) -> String {
    let person = &sheet.person;
    let mut out = format!("{} ({})\n", person.names.first().map_or("", String::as_str), person.id);
    let lines = [
        ("tipo", person.kind.words().to_owned()),
        ("codice fiscale", person.codice_fiscale.clone().unwrap_or_default()),
        ("partita IVA", person.partita_iva.clone().unwrap_or_default()),
        ("altri nomi", person.names.iter().skip(1).cloned().collect::<Vec<_>>().join(", ")),
        ("fascicoli", sheet.dossiers.join(", ")),
        ("avvisi", if person.notices.are_all() { String::new() } else { person.notices.words().to_owned() }),
        ("scadenze", person.expiries.as_ref().map(asked).unwrap_or_default()),
        ("avvisi e-mail", person.courtesy.as_ref().map(courtesy).unwrap_or_default()),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&wrap(&format!("{name:<NAME$}{value}"), 2, NAME + 2));
    }
    domiciles(&mut out, person, now);
    data(&mut out, sheet, now);
    permits(&mut out, person);
    contacts(&mut out, sheet);
    let _ = writeln!(out, "\nStoria");
    for entry in &sheet.entries {
        history(&mut out, entry);
    }
    out
}

/// That notices before the end of what was granted were asked for, and by which message.
fn asked(asked: &Asked) -> String {
    format!("vuole un avviso prima, chiesto il {} (messaggio {})", asked.day(), flow(&asked.message))
}

/// Where it is told by ordinary mail that a PEC letter has come, and since when.
fn courtesy(own: &Courtesy) -> String {
    let asked =
        own.asked.as_ref().map(|asked| format!(", chiesto il {} (messaggio {})", asked.day(), flow(&asked.message)));
    format!("{}{}{}", own.address, asked.unwrap_or_default(), own.stopped_words())
}

fn domiciles(out: &mut String, person: &Person, now: Timestamp) {
    if person.domiciles.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nDomicili digitali");
    let holding = person.domiciles_at(now);
    let ended = person.domiciles.iter().filter(|domicile| !domicile.holds(now));
    for domicile in holding.into_iter().chain(ended) {
        let _ = writeln!(out, "  {}  {}", domicile.address, standing(domicile, now));
    }
}

/// What an address is worth.
fn standing(domicile: &Domicile, now: Timestamp) -> String {
    let strength = match domicile.source.strength() {
        Strength::Listed => "forte: vi si mandano dati personali",
        Strength::Enabled => "abilitato: vi si mandano dati personali",
        Strength::Declared => "debole: nessun dato personale",
    };
    let since = stamp(domicile.since).chars().take(10).collect::<String>();
    match domicile.until {
        Some(until) if until <= now => {
            format!("{}, dal {since} al {}: finito", domicile.source.words(), rome(until).date())
        }
        _ => format!("{}, dal {since} ({strength})", domicile.source.words()),
    }
}

/// By field and source; no value is taken for the true one.
fn data(out: &mut String, sheet: &PersonSheet, now: Timestamp) {
    if sheet.person.data.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nDati, per fonte");
    let order: Vec<&str> = sheet.order.iter().map(String::as_str).collect();
    for field in sheet.person.data.keys() {
        let Some(held) = sheet.person.held(field, &order, now) else { continue };
        let conflict = if held.conflict { "  ⚠ CONFLITTO: le fonti non dicono lo stesso" } else { "" };
        let _ = writeln!(out, "  {}{conflict}", fields::title(field));
        for by in &held.by {
            let evidence = by.datum.evidence.as_deref().map(|it| format!(", prova {}", flow(it))).unwrap_or_default();
            let at = rome(by.datum.at).date();
            let rank = by.rank.map(|rank| format!(", precedenza {}", rank + 1)).unwrap_or_default();
            out.push_str(&wrap(
                &format!("«{}» secondo {}{rank}, dal {at}{evidence}", by.datum.value, by.datum.source),
                4,
                6,
            ));
        }
    }
}

fn permits(out: &mut String, person: &Person) {
    if person.grants.is_empty() && person.mandates.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nAbilitazioni e deleghe");
    for grant in &person.grants {
        let what = match &grant.scope {
            Scope::OwnData => "i propri dati".to_owned(),
            Scope::OwnDossiers => "i propri fascicoli".to_owned(),
            Scope::DelegateOf { person } => format!("agire per {person}"),
        };
        let until = grant.until.map(|until| format!(" al {until}")).unwrap_or_default();
        let _ = writeln!(out, "  {what}, dal {}{until} ({})", grant.from, grant.by);
    }
    for mandate in &person.mandates {
        let over = match &mandate.over {
            Over::All => "per tutto".to_owned(),
            Over::Dossier { number } => format!("per il fascicolo {number}"),
        };
        let _ = writeln!(out, "  delega a {} {over}, dal {} al {}", mandate.delegate, mandate.from, mandate.until);
    }
}

/// What went to and fro, in one line of time.
fn contacts(out: &mut String, sheet: &PersonSheet) {
    if sheet.contacts.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nContatti");
    if sheet.contacts.len() == CONTACTS_MAX {
        let _ = writeln!(out, "  gli ultimi {CONTACTS_MAX}; gli altri con «sportello dossier show»");
    }
    for contact in &sheet.contacts {
        let what = match &contact.what {
            What::Message { digest } => format!("scrive (messaggio {})", flow(digest)),
            What::Letter { state } => format!("lettera ({})", state.title()),
            What::Task { to } => format!("compito a {to}"),
            What::Note { by } => format!("nota di {by}"),
        };
        let at = rome(contact.at).strftime("%Y-%m-%d %H:%M");
        out.push_str(&wrap(&format!("{at}  {}  {what}: {}", contact.dossier, cut(&contact.text, COLUMN * 4)), 2, 20));
    }
}

fn history(out: &mut String, entry: &PersonEntry) {
    let Some(words) = entry.entry.words() else { return };
    let who = match (entry.by.as_str(), entry.message.as_str()) {
        ("", "") => "il servizio".to_owned(),
        ("", message) => format!("messaggio {}", flow(message)),
        (by, _) => by.to_owned(),
    };
    out.push_str(&wrap(&format!("{}  {who}: {words}", rome(entry.at).strftime("%Y-%m-%d %H:%M")), 2, 20));
}

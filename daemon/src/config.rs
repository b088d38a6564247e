//! The configuration: typed, every mistake reported at once with its line, secrets only as files.

mod alarms;
mod backoffice;
mod courtesy;
mod monitoring;
mod offices;
mod passwords;
mod protocol;
pub(crate) mod reader;
mod revocation;
mod sigillo;
mod sources;

use crate::outbox::Rates;
use crate::room::{FLOOR_MESSAGES, FLOOR_MIN};
pub use alarms::{Alarms, Entrance};
pub use backoffice::{BackOffice, Side};
use casework::desk::OfficeBox;
use casework::rules::Problem;
use casework::standing::Entitlements;
use casework::{Entity, address};
pub use courtesy::Courtesy;
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
pub use protocol::Protocol;
use reader::{Mistakes, Table};
pub use revocation::Revocation;
pub use sigillo::Sigillo;
pub use sources::{SqlPlace, SqlSource};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;

/// Largest configuration file, bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Largest message examined, bytes: the market's limit of 100 MB, grown by base64, and some room (reliability.md §3.3).
pub const MESSAGE_BYTES_DEFAULT: u64 = 160 * 1024 * 1024;

/// Largest floor that may be set, megabytes.
const FLOOR_MEGA_MAX: u64 = 10_000_000;
/// Most folders watched in one mailbox: each has a connection of its own, and providers allow about ten.
pub const FOLDERS_MAX: usize = 8;

/// Everything an administrator sets.
#[derive(Debug, Clone)]
pub struct Config {
    /// The public body.
    pub entity: Entity,
    /// Archive, journal, index.
    pub data: PathBuf,
    /// Bytes that must stay free on its disk: below, mail stays on the server.
    pub floor: u64,
    /// File, best on another disk, in which the register's end is noted each day.
    pub notes: Option<PathBuf>,
    /// Folder in which offices leave tables of persons and dossiers.
    pub deposit: Option<PathBuf>,
    /// How documents get their protocol numbers; `None` = by hand, and nothing here knows them.
    pub protocol: Option<Protocol>,
    /// What seals the sheets that leave; `None` = nothing does.
    pub sigillo: Option<Sigillo>,
    /// The body's back office; `None` = none is talked with.
    pub back_office: Option<BackOffice>,
    /// Views of other offices from which data of persons are read.
    pub sources: Vec<SqlSource>,
    /// Folder of rules; `None` = those shipped.
    pub rules: Option<PathBuf>,
    /// A trial: addresses of examples are allowed.
    pub trial: bool,
    /// Folder of templates; `None` = those shipped.
    pub templates: Option<PathBuf>,
    /// Folder with `ancore.toml`; `None` = the keys that are shipped.
    pub anchors: Option<PathBuf>,
    /// SHA-1 is refused for events after this instant.
    pub sha1_until: Option<Timestamp>,
    /// Revocation lists.
    pub revocation: Revocation,
    /// Mailboxes to watch; the first one answers.
    pub mailboxes: Vec<Mailbox>,
    /// Road of citizens' letters.
    pub pec: Road,
    /// Road of tasks; `None` = by PEC.
    pub offices: Option<Road>,
    /// Road of courtesy notices; `None` = none are sent.
    pub courtesy: Option<Courtesy>,
    /// How long a letter to a citizen waits.
    pub hold: SignedDuration,
    /// Brake: automatic letters in ten minutes.
    pub brake: u32,
    /// The hour of the offices' morning mail, by the clock in Rome; `None` = none is sent.
    pub morning: Option<Time>,
    /// Within this the provider accepts what it took, by the contract.
    pub acceptance_term: SignedDuration,
    /// Templates of which an uncertain letter may be sent again, once.
    pub resend_if_overtaken: BTreeSet<String>,
    /// Everything runs and nothing is sent.
    pub observe: bool,
    /// Who is told when something is wrong.
    pub alarms: Alarms,
    /// Where metrics and health are served; a loopback address.
    pub listen: Option<SocketAddr>,
    /// Technical log.
    pub log: Log,
}

/// A mailbox to watch.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// Name in logs and journal.
    pub name: String,
    /// Its PEC address.
    pub address: String,
    /// Host of its provider's service address.
    pub provider_host: Option<String>,
    /// Larger messages stay on the server.
    pub message_bytes_max: u64,
    /// The mailbox to which offices answer, no PEC: the name of the server which says there who wrote.
    pub offices: Option<String>,
    /// Where it is.
    pub source: Source,
}

/// Where a mailbox is.
#[derive(Debug, Clone)]
pub enum Source {
    /// On an IMAP server.
    Imap(Server, ImapFolders),
    /// A Maildir folder.
    Maildir {
        /// The folder that holds `new`, `cur`, `tmp`.
        dir: PathBuf,
        /// How often it is looked at.
        poll: Duration,
    },
}

/// A server and how to enter.
#[derive(Debug, Clone)]
pub struct Server {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// STARTTLS rather than TLS from the first byte.
    pub starttls: bool,
    /// User.
    pub user: String,
    /// File with the password.
    pub password_file: PathBuf,
    /// More authorities for TLS.
    pub ca_file: Option<PathBuf>,
    /// Name in the server's certificate, if not `host`.
    pub tls_name: Option<String>,
}

/// What is watched on an IMAP server.
#[derive(Debug, Clone)]
pub struct ImapFolders {
    /// The folders, as people write their names; one at least.
    pub folders: Vec<String>,
    /// Looked at least this often.
    pub poll: Duration,
    /// Longest IDLE.
    pub idle: Duration,
    /// Where kept messages are moved.
    pub move_to: Option<String>,
}

/// A road by which messages leave.
#[derive(Debug, Clone)]
pub struct Road {
    /// The submission server.
    pub server: Server,
    /// The sender.
    pub from: String,
    /// The provider's limits.
    pub rates: Rates,
}

/// The technical log.
#[derive(Debug, Clone)]
pub struct Log {
    /// JSON lines rather than text.
    pub json: bool,
    /// Directives of tracing.
    pub filter: String,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Every mistake, with file and line.
    pub fn read(path: &Path) -> Result<Self, Vec<Problem>> {
        let file = path.display().to_string();
        let fail = |text: String| vec![Problem { file: file.clone(), line: None, text, warning: false }];
        let length =
            std::fs::metadata(path).map_err(|e| fail(format!("non riesco a leggere la configurazione: {e}")))?.len();
        if length > FILE_BYTES_MAX {
            return Err(fail(format!("il file è di {length} byte: una configurazione non supera i {FILE_BYTES_MAX}")));
        }
        let text =
            std::fs::read_to_string(path).map_err(|e| fail(format!("non riesco a leggere la configurazione: {e}")))?;
        Self::parse(&file, &text)
    }

    /// Files that the configuration names and that cannot be used, in Italian: passwords and TLS authorities.
    #[must_use]
    pub fn unreadable_files(&self) -> Vec<String> {
        let of_server = |server: &Server| {
            let authority = server.ca_file.as_ref().and_then(|path| {
                std::fs::metadata(path)
                    .err()
                    .map(|e| format!("{}: non riesco a leggere le autorità: {e}", path.display()))
            });
            [server.password().err(), authority]
        };
        let mut all: Vec<String> = self.servers().flat_map(of_server).flatten().collect();
        all.extend(self.back_office.iter().filter_map(|other| other.token().err()));
        all.extend(self.sources.iter().filter_map(|source| source.password().err()));
        all.sort();
        all.dedup();
        all
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Every mistake, with file and line.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut mistakes = Mistakes::new(file, text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            mistakes.add(error.span().map(|s| s.start), format!("non è TOML: {}", error.message()));
        }
        // With a broken syntax, keys that seem missing may only be unreadable: no follow-on errors.
        if !errors.is_empty() {
            return Err(mistakes.into_result().err().unwrap_or_default());
        }
        let mut root = Table::root(document.get_ref());
        let mut config = read(&mut root, &mut mistakes);
        config.entity.entitlements = entitlements(&mut root, text, &mut mistakes);
        root.finish(&mut mistakes);
        mistakes.into_result()?;
        Ok(config)
    }
}

/// What each grade of identity obtains: `[identita.GRADE]`.
fn entitlements(root: &mut Table<'_, '_>, text: &str, m: &mut Mistakes) -> Entitlements {
    let table = root.table("identita", m);
    let (at, is_there) = (table.at(), table.is_there());
    let read = is_there.then(|| toml::from_str::<toml::Table>(text).ok()).flatten();
    match read.as_ref().and_then(|all| all.get("identita")?.as_table()).map(Entitlements::read) {
        None => Entitlements::default(),
        Some(Ok(table)) => table,
        Some(Err(wrong)) => {
            wrong.into_iter().for_each(|why| m.add(at, why));
            Entitlements::default()
        }
    }
}

fn read(root: &mut Table<'_, '_>, m: &mut Mistakes) -> Config {
    let mut ente = needed(root, "ente", m);
    let mut entity = Entity {
        name: ente.required("nome", m),
        contact: ente.required("contatto", m),
        responsible: ente.required("responsabile", m),
        substitute: ente.required("potere_sostitutivo", m),
        privacy_url: ente.required("informativa_privacy", m),
        own_addresses: ente.texts("indirizzi_propri", m).unwrap_or_default(),
        ..Entity::default()
    };
    if let Some((text, at)) = ente.located("patrono", m) {
        entity.patron = month_and_day(&text);
        if entity.patron.is_none() {
            m.add(Some(at), "`ente.patrono` deve essere mese-giorno, per esempio \"06-24\"".into());
        }
    }
    ente.finish(m);

    let mut dati = needed(root, "dati", m);
    let data = PathBuf::from(dati.required("cartella", m));
    let notes = dati.text("impronte_file", m).map(PathBuf::from);
    let rules = dati.text("regole", m).map(PathBuf::from);
    let deposit = dati.text("deposito", m).map(PathBuf::from);
    let templates = dati.text("modelli", m).map(PathBuf::from);
    let trial = dati.flag("prova", false, m);
    let floor_mega = Some(dati.number("spazio_minimo_mb", u64::MAX, 0..=FLOOR_MEGA_MAX, m)).filter(|n| *n != u64::MAX);
    entity.fallback_office = dati.text("ufficio_smistamento", m).unwrap_or_else(|| "protocollo".into());
    entity.in_service_since =
        dati.located("in_servizio_dal", m).and_then(|(text, at)| start_of_day(&text, "dati.in_servizio_dal", at, m));
    dati.finish(m);

    let mut mailboxes: Vec<Mailbox> = Vec::new();
    for mut table in root.tables("casella", m) {
        let at = table.at();
        let mailbox = mailbox(&mut table, m);
        if mailboxes.iter().any(|other| other.name == mailbox.name) {
            m.add(at, format!("due caselle si chiamano `{}`: il nome deve essere unico", mailbox.name));
        }
        table.finish(m);
        mailboxes.push(mailbox);
    }
    let mut for_offices = mailboxes.iter().filter_map(|mailbox| {
        mailbox.offices.clone().map(|server| OfficeBox { address: mailbox.address.clone(), server })
    });
    entity.office_box = for_offices.next();
    if for_offices.next().is_some() {
        m.add(None, "una sola casella può avere `uffici`: è quella a cui rispondono tutti gli uffici".into());
    }
    match mailboxes.first() {
        Some(first) if first.offices.is_some() => {
            m.add(None, "la prima [[casella]] è la Pec che risponde ai cittadini: `uffici` va in un'altra".into());
        }
        Some(first) => entity.pec.clone_from(&first.address),
        None => m.add(None, "manca la casella da seguire: [[casella]]".into()),
    }
    entity.own_addresses.extend(mailboxes.iter().map(|b| b.address.clone()));

    let mut invio = needed(root, "invio", m);
    let observe = match invio.located("modo", m) {
        None => false,
        Some((mode, _)) if mode == "invia" => false,
        Some((mode, _)) if mode == "osserva" => true,
        Some((_, at)) => {
            m.add(Some(at), "`invio.modo` può essere \"invia\" o \"osserva\"".into());
            false
        }
    };
    let mut pec_table = needed(&mut invio, "pec", m);
    let pec =
        Road { server: server(&mut pec_table, true, m), from: entity.pec.clone(), rates: rates(&mut pec_table, m) };
    let hold = SignedDuration::from_secs(pec_table.number("attesa_secondi", 600, 0..=86_400, m) as i64);
    let brake = pec_table.number("automatici_in_10_minuti", 30, 1..=10_000, m) as u32;
    let acceptance = pec_table.number("accettazione_minuti", 30, 5..=1440, m) as i64;
    let resend_if_overtaken = pec_table.texts("rispedisci_se_superata", m).unwrap_or_default().into_iter().collect();
    pec_table.finish(m);
    let mut offices_table = invio.table("uffici", m);
    let offices = offices_table.is_there().then(|| Road {
        server: server(&mut offices_table, true, m),
        from: address_of(&mut offices_table, "mittente", m),
        rates: rates(&mut offices_table, m),
    });
    offices_table.finish(m);
    let courtesy = courtesy::read(&mut invio, &mailboxes, m);
    invio.finish(m);
    entity.courtesy = courtesy.as_ref().map(Courtesy::desk);
    entity.task_sender = offices.as_ref().map_or_else(|| entity.pec.clone(), |road| road.from.clone());

    let mut fiducia = root.table("fiducia", m);
    let anchors = fiducia.text("ancore", m).map(PathBuf::from);
    let sha1_until = fiducia
        .located("sha1_fino_al", m)
        .and_then(|(text, at)| start_of_day(&text, "fiducia.sha1_fino_al", at, m))
        .map(|start| start.saturating_add(SignedDuration::from_hours(24)).unwrap_or(start));
    fiducia.finish(m);
    let revocation = revocation::read(root, m);
    let morning;
    (morning, entity.idle, entity.precedence) = offices::read(root, m);

    let protocol = protocol::read(root, m);
    let alarms = alarms::read(root, m);
    let back_office = backoffice::read(root, m);
    let sigillo = sigillo::read(root, m);
    let sources = sources::read(root, m);

    let listen = monitoring::listen(root, m);
    let mut registro = root.table("registro_tecnico", m);
    let json = match registro.located("formato", m) {
        None => false,
        Some((format, _)) if format == "testo" => false,
        Some((format, _)) if format == "json" => true,
        Some((_, at)) => {
            m.add(Some(at), "`registro_tecnico.formato` può essere \"testo\" o \"json\"".into());
            false
        }
    };
    let filter = registro.text("filtro", m).unwrap_or_else(|| "info".into());
    registro.finish(m);
    let largest = mailboxes.iter().map(|mailbox| mailbox.message_bytes_max).max().unwrap_or(0);
    // A trial runs on whatever disk there is.
    let floor_unset = if trial { 0 } else { FLOOR_MIN.max(largest.saturating_mul(FLOOR_MESSAGES)) };
    let floor = floor_mega.map_or(floor_unset, |mega| mega * 1_000_000);

    Config {
        entity,
        data,
        floor,
        notes,
        sigillo,
        back_office,
        sources,
        rules,
        deposit,
        protocol,
        trial,
        templates,
        anchors,
        sha1_until,
        revocation,
        mailboxes,
        pec,
        offices,
        courtesy,
        hold,
        brake,
        morning,
        acceptance_term: SignedDuration::from_mins(acceptance),
        resend_if_overtaken,
        observe,
        alarms,
        listen,
        log: Log { json, filter },
    }
}

/// A table without which nothing works.
fn needed<'t, 'a>(parent: &mut Table<'t, 'a>, key: &'static str, m: &mut Mistakes) -> Table<'t, 'a> {
    let table = parent.table(key, m);
    if !table.is_there() && parent.is_there() {
        let hint = if key == "pec" { "invio.pec" } else { key };
        m.add(None, format!("manca la tabella [{hint}]"));
    }
    table
}

fn mailbox(table: &mut Table<'_, '_>, m: &mut Mistakes) -> Mailbox {
    let name = table.required("nome", m);
    let address = address_of(table, "indirizzo", m);
    let provider_host = table.text("dominio_gestore", m);
    let message_bytes_max = table.number("byte_massimi", MESSAGE_BYTES_DEFAULT, 1_000_000..=MESSAGE_BYTES_DEFAULT, m);
    let offices = table.located("uffici", m).map(|(server, at)| {
        if server.is_empty() || server.contains([' ', ';', '/', '@']) {
            m.add(Some(at), format!("`uffici` è il nome che il server scrive in Authentication-Results, come \"mx.comune.example\": «{server}» non lo è"));
        }
        server
    });
    let at = table.at();
    let mut imap = table.table("imap", m);
    let mut maildir = table.table("maildir", m);
    let source = if maildir.is_there() {
        if imap.is_there() {
            m.add(at, "una casella è `imap` o `maildir`, non tutte e due".into());
        }
        Source::Maildir {
            dir: PathBuf::from(maildir.required("cartella", m)),
            poll: seconds(&mut maildir, "poll_secondi", 5, 1..=3600, m),
        }
    } else {
        if !imap.is_there() {
            m.add(at, "manca dove si trova la casella: [casella.imap] oppure [casella.maildir]".into());
        }
        let folders = ImapFolders {
            folders: folders(&mut imap, m),
            poll: seconds(&mut imap, "poll_secondi", 300, 5..=3600, m),
            idle: seconds(&mut imap, "idle_secondi", 540, 30..=540, m),
            move_to: imap.text("sposta_in", m),
        };
        if folders.move_to.as_ref().is_some_and(|to| folders.folders.iter().any(|f| same_folder(f, to))) {
            m.add(at, "`sposta_in` è una delle cartelle seguite: i messaggi girerebbero in tondo".into());
        }
        Source::Imap(server(&mut imap, false, m), folders)
    };
    imap.finish(m);
    maildir.finish(m);
    Mailbox { name, address, provider_host, message_bytes_max, offices, source }
}

/// `cartelle`, or `cartella`, or the inbox.
fn folders(imap: &mut Table<'_, '_>, m: &mut Mistakes) -> Vec<String> {
    let at = imap.at();
    let one = imap.text("cartella", m);
    let Some(several) = imap.texts("cartelle", m) else { return vec![one.unwrap_or_else(|| "INBOX".into())] };
    if one.is_some() {
        m.add(at, "si scrive `cartella` oppure `cartelle`, non tutte e due".into());
    }
    if several.is_empty() || several.len() > FOLDERS_MAX {
        m.add(at, format!("`cartelle` elenca da 1 a {FOLDERS_MAX} cartelle: ognuna tiene aperto un collegamento"));
    }
    for (i, folder) in several.iter().enumerate() {
        if several.iter().take(i).any(|other| same_folder(other, folder)) {
            m.add(at, format!("`cartelle` nomina due volte «{folder}»"));
        }
    }
    several
}

/// INBOX is the same in any case (RFC 3501 §5.1); whether other names are, each server decides.
fn same_folder(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("INBOX") && b.eq_ignore_ascii_case("INBOX"))
}

fn server(table: &mut Table<'_, '_>, submission: bool, m: &mut Mistakes) -> Server {
    let at = table.at();
    let host = table.required("server", m);
    if host.contains(['/', ':', ' ']) {
        m.add(at, format!("`server` è solo il nome, senza «://» e senza porta: «{host}» non lo è"));
    }
    let starttls = submission
        && match table.located("sicurezza", m) {
            None => false,
            Some((word, _)) if word == "tls" => false,
            Some((word, _)) if word == "starttls" => true,
            Some((_, at)) => {
                m.add(Some(at), "`sicurezza` può essere \"tls\" o \"starttls\": in chiaro non si invia".into());
                false
            }
        };
    let usual = match (submission, starttls) {
        (false, _) => 993,
        (true, false) => 465,
        (true, true) => 587,
    };
    Server {
        host,
        starttls,
        port: table.number("porta", usual, 1..=65_535, m) as u16,
        user: table.required("utente", m),
        password_file: PathBuf::from(table.required("password_file", m)),
        ca_file: table.text("autorita_file", m).map(PathBuf::from),
        tls_name: table.text("nome_tls", m),
    }
}

/// A provider's limits; 0, or no key, is none.
fn rates(table: &mut Table<'_, '_>, m: &mut Mistakes) -> Rates {
    let read = |n: u64| Some(n as u32).filter(|n| *n > 0);
    Rates {
        minute: read(table.number("messaggi_al_minuto", 0, 0..=10_000, m)),
        hour: read(table.number("messaggi_all_ora", 0, 0..=100_000, m)),
        day: read(table.number("messaggi_al_giorno", 0, 0..=1_000_000, m)),
    }
}

fn address_of(table: &mut Table<'_, '_>, key: &'static str, m: &mut Mistakes) -> String {
    let at = table.at();
    let text = table.required(key, m);
    if !text.is_empty() && !address::is_plausible(&text) {
        m.add(at, format!("`{key}` deve essere un indirizzo di posta: «{text}» non lo è"));
    }
    text
}

fn seconds(
    table: &mut Table<'_, '_>,
    key: &'static str,
    default: u64,
    bounds: std::ops::RangeInclusive<u64>,
    m: &mut Mistakes,
) -> Duration {
    Duration::from_secs(table.number(key, default, bounds, m))
}

/// The first instant of a day, read as UTC: these keys part years of mail, not hours.
fn start_of_day(text: &str, key: &str, at: usize, m: &mut Mistakes) -> Option<Timestamp> {
    let day = text.parse::<jiff::civil::Date>().ok().and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
    if day.is_none() {
        m.add(Some(at), format!("`{key}` deve essere una data, per esempio \"2026-12-31\""));
    }
    day.map(|zoned| zoned.timestamp())
}

fn month_and_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // A leap year, so that 29 February is a day.
    jiff::civil::Date::new(2024, month, day).ok().map(|_| (month, day))
}

#[cfg(test)]
mod tests;

//! Changes when a view of another office's database is read in another way. A real PostgreSQL, in a folder of its own.

use super::world::runtime;
use crate::support::{House, ask, secret_file, wait};
use jiff::Timestamp;
use serde_json::{Value, json};
use sportello::caseload::Deed;
use sportello::clock::Clock;
use sportello::config::Config;
use sportello::journal::record::{Channel, Event};
use sportello::journal::{Journal, Tail};
use sportello::outbox::orders::Answer;
use sportello::sources::Pace;
use sportello::supervise::Service;
use sportello::trial::Trial;
use sportello::world::World;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ANNA: &str = "BNCNNA80A41H501R";
const MARIO: &str = "RSSMRA80A01H501U";

/// A PostgreSQL of its own, with a database `tributi` and a reader who may read one view.
struct Postgres {
    bin: PathBuf,
    dir: tempfile::TempDir,
    port: u16,
}

impl Postgres {
    /// Starts it. `None`, and a word about it, unless `SPORTELLO_SERVERS=1`.
    fn up() -> Option<Self> {
        if std::env::var("SPORTELLO_SERVERS").is_err() {
            println!("skipped: SPORTELLO_SERVERS=1 asks for the real servers (tests/servers/README.md)");
            return None;
        }
        let versions = fs::read_dir("/usr/lib/postgresql").expect("Debian's package postgresql is missing");
        let newest = versions.map(|entry| entry.unwrap().path()).max().expect("no version of PostgreSQL");
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let it = Self { bin: newest.join("bin"), dir, port };
        let cluster = it.cluster();
        fs::create_dir(&cluster).unwrap();
        it.certificates();
        assert!(Command::new("chown").arg("-R").arg("postgres").arg(&cluster).status().unwrap().success());
        fs::set_permissions(&cluster, Permissions::from_mode(0o700)).unwrap();
        let data = cluster.join("data");
        it.runs("initdb", &["-D", data.to_str().unwrap(), "-E", "UTF8", "--locale=C.UTF-8", "-A", "peer", "-N"]);
        let hba = "local all postgres peer\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), hba).unwrap();
        it.starts();
        it.sql("postgres", "CREATE DATABASE tributi");
        it.sql(
            "tributi",
            "CREATE ROLE lettura LOGIN PASSWORD 'segreta';
             CREATE SCHEMA sportello;
             CREATE TABLE contribuenti (codice text, nome text, telefono text, indirizzo text, pec text);
             CREATE VIEW sportello.persone AS SELECT codice AS codice_fiscale, nome, pec, telefono AS dato_telefono,
               indirizzo AS \"dato.residenza\" FROM contribuenti;
             GRANT USAGE ON SCHEMA sportello TO lettura; GRANT SELECT ON sportello.persone TO lettura",
        );
        Some(it)
    }

    fn cluster(&self) -> PathBuf {
        self.dir.path().join("postgres")
    }

    /// An authority, and a certificate for `localhost`.
    fn certificates(&self) {
        let made = Command::new("sh").current_dir(self.cluster()).args(["-ec", "
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -days 30 -out ca.pem \
              -subj '/CN=throwaway CA' -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout srv.key -subj /CN=localhost -out srv.csr
            printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\nextendedKeyUsage=serverAuth\\n' >ext
            openssl x509 -req -in srv.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -sha256 -extfile ext -out srv.pem
            chmod 600 srv.key; cp ca.pem ..; chmod 644 ../ca.pem
        "]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(made.unwrap().success(), "openssl");
    }

    /// One of its programs, as its user: it refuses root.
    fn runs(&self, program: &str, args: &[&str]) {
        let said = self.dir.path().join("said.txt");
        let out = File::create(&said).unwrap();
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(self.bin.join(program)).args(args).current_dir("/");
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        assert!(command.status().unwrap().success(), "{program}: {}", fs::read_to_string(&said).unwrap());
    }

    fn starts(&self) {
        let cluster = self.cluster();
        let [data, dir] = [cluster.join("data"), cluster.clone()].map(|path| path.display().to_string());
        let options = format!(
            "-p {} -k {dir} -c listen_addresses=127.0.0.1 -c fsync=off -c ssl=on -c ssl_cert_file={dir}/srv.pem \
             -c ssl_key_file={dir}/srv.key",
            self.port
        );
        self.runs("pg_ctl", &["-D", &data, "-w", "-l", &format!("{dir}/log"), "-o", &options, "start"]);
    }

    fn stops(&self) {
        self.runs("pg_ctl", &["-D", self.cluster().join("data").to_str().unwrap(), "-w", "-m", "immediate", "stop"]);
    }

    fn sql(&self, database: &str, text: &str) {
        let (port, socket) = (self.port.to_string(), self.cluster());
        self.runs(
            "psql",
            &["-q", "-v", "ON_ERROR_STOP=1", "-h", socket.to_str().unwrap(), "-p", &port, "-d", database, "-c", text],
        );
    }

    fn holds(&self, rows: &str) {
        self.sql("tributi", &format!("TRUNCATE contribuenti; INSERT INTO contribuenti VALUES {rows}"));
    }

    /// The keys of a source, over TLS.
    fn source(&self, name: &str, password: &Path) -> String {
        format!(
            "[[fonte_sql]]\nnome = \"{name}\"\nufficio = \"tributi\"\nserver = \"localhost\"\nporta = {}\n\
             autorita_file = \"{}\"\nbanca_dati = \"tributi\"\nutente = \"lettura\"\npassword_file = \"{}\"\n\
             vista = \"sportello.persone\"\n",
            self.port,
            self.dir.path().join("ca.pem").display(),
            password.display()
        )
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = Command::new("runuser");
        stop.args(["-u", "postgres", "--"]).arg(self.bin.join("pg_ctl")).current_dir("/");
        stop.arg("-D").arg(self.cluster().join("data")).args(["-m", "immediate", "stop"]);
        let _ = stop.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A Comune with one source; a dossier of Anna's is open.
struct Office {
    root: tempfile::TempDir,
    house: House,
    plain: String,
}

impl Office {
    fn new(postgres: &Postgres) -> Self {
        let root = tempfile::tempdir().unwrap();
        let authority = gestore::Authority::create(gestore::Timestamp::now()).unwrap();
        let maildir = root.path().join("posta");
        let house = House::build(root.path(), "protocollo@pec.comune.test", &maildir, authority.certificate_der());
        let plain = fs::read_to_string(&house.file).unwrap();
        secret_file(&root.path().join("tributi.password"), "segreta\n");
        let office = Self { root, house, plain };
        office.keys(&postgres.source("catasto", &office.root.path().join("tributi.password")));
        office.at("2026-03-02T09:00:00Z", |day| {
            day.does(json!({ "deed": "open", "dossier": {
                "procedure": "richiesta", "subject": "Verifica della superficie", "office": "tributi",
                "parties": [{ "code": ANNA, "name": "Anna Bianchi", "address": "anna@cittadini.test" }],
                "by": "Ada Neri",
            } }));
        });
        office
    }

    fn keys(&self, tables: &str) {
        fs::write(&self.house.file, format!("{}\n{tables}", self.plain)).unwrap();
    }

    fn at<T>(&self, instant: &str, work: impl FnOnce(&mut Day<'_>) -> T) -> T {
        let config = Config::read(&self.house.file).unwrap();
        let now: Timestamp = instant.parse().unwrap();
        let world = World { clock: Clock::At(now), ..World::real() };
        let service = Service::open(config, Trial::skipped(), world).unwrap();
        work(&mut Day { service: &service, pace: Pace::default() })
    }

    fn report(&self) -> String {
        fs::read_to_string(self.house.data.join("fonti/catasto.esito.txt")).unwrap_or_default()
    }

    /// How many lines of the register came from a source.
    fn lines(&self) -> usize {
        let mut lines = 0;
        Journal::verify(&self.house.data, Tail::Closed, |record, _| {
            lines += usize::from(matches!(&record.event, Event::Acted(acted) if acted.channel == Channel::Source));
        })
        .unwrap();
        lines
    }

    fn check(&self) -> String {
        let (_, out, err) = ask(&["check", "--connect", "--config", self.house.file.to_str().unwrap()]);
        format!("{out}{err}")
    }
}

/// A service at an instant.
struct Day<'a> {
    service: &'a Service,
    pace: Pace,
}

impl Day<'_> {
    fn does(&self, deed: Value) -> String {
        let deed: Deed = serde_json::from_value(deed).unwrap();
        match self.service.clerk().serve(&deed, Channel::Command, "").unwrap() {
            Answer::Done(said) => said,
            Answer::No(why) => panic!("{why}"),
        }
    }

    /// Reads the source once.
    fn looks(&mut self) {
        let source = self.service.sources().unwrap().remove(0);
        runtime().block_on(source.look(&mut self.pace)).unwrap();
    }

    /// What is held of a field of somebody: value, source, since when.
    fn held(&self, code: &str, field: &str) -> Vec<(String, String, String)> {
        let person = self.service.store().lock().unwrap().person(code).unwrap();
        let data = person.and_then(|person| person.data.get(field).cloned()).unwrap_or_default();
        data.into_iter().map(|datum| (datum.value, datum.source, datum.at.to_string())).collect()
    }

    fn knows(&self, code: &str) -> bool {
        self.service.store().lock().unwrap().person(code).unwrap().is_some()
    }

    fn alarm(&self) -> String {
        self.service
            .alarms()
            .open()
            .into_values()
            .map(|alarm| format!("{} {}", alarm.code.word(), alarm.text))
            .collect()
    }

    fn refusals(&self) -> Vec<String> {
        let overview = self.service.store().lock().unwrap().overview().unwrap();
        overview
            .incidents
            .into_iter()
            .filter(|(_, code, ..)| code == "refused-rows")
            .map(|(_, _, text, _)| text)
            .collect()
    }
}

/// Function S1.01: what a view says comes with its source and since when; what another office says stays beside it, and that they do
/// not agree is shown. Of whoever has asked nothing here nothing is read.
#[test]
fn a_view_is_one_source_among_others() {
    let Some(postgres) = Postgres::up() else { return };
    let office = Office::new(&postgres);
    postgres.holds(&format!(
        "('{ANNA}', 'Anna Bianchi', '055 1', 'Via Po 2', NULL), ('{MARIO}', 'Mario Rossi', '055 2', 'Via Roma 1', NULL)"
    ));
    assert!(
        office.check().contains("Fonte catasto: risponde (TLS, la vista sportello.persone ha 5 colonne"),
        "{}",
        office.check()
    );
    let of = |value: &str, source: &str, at: &str| (value.to_owned(), source.to_owned(), at.to_owned());
    let seen = "2026-03-03T09:00:00Z";
    let keys = fs::read_to_string(&office.house.file).unwrap();
    fs::write(&office.house.file, format!("{keys}[uffici]\nprecedenza_dati = [\"tributi\"]\n")).unwrap();
    office.at(seen, |day| {
        day.does(
            json!({ "deed": "enter", "person": { "codice_fiscale": ANNA, "name": "Anna Bianchi", "office": "anagrafe",
            "data": { "residenza": "Via delle Rose 10" }, "by": "Ada Neri" } }),
        );
        day.looks();
        assert_eq!(day.held(ANNA, "telefono"), [of("055 1", "tributi", seen)]);
        assert_eq!(
            day.held(ANNA, "residenza"),
            [of("Via delle Rose 10", "anagrafe", seen), of("Via Po 2", "tributi", seen)]
        );
        assert!(!day.knows(MARIO));
        assert_eq!((day.alarm(), day.refusals()), (String::new(), vec![]));
    });
    let (code, sheet, _) = ask(&[
        "person",
        "show",
        ANNA,
        "--by",
        "Ada Neri",
        "--office",
        "tributi",
        "--config",
        office.house.file.to_str().unwrap(),
    ]);
    assert_eq!(code, Some(0), "{sheet}");
    assert!(sheet.contains("CONFLITTO") && sheet.contains("secondo tributi, precedenza 1, dal 2026-03-03"), "{sheet}");
    assert!(sheet.contains("«Via delle Rose 10» secondo anagrafe"), "{sheet}");
    assert!(office.report().contains("righe fatte 1, righe rifiutate 0"), "{}", office.report());

    // Said again it writes nothing; said anew it takes the place of what this source said, and of nothing else, also back and forth.
    let lines = office.lines();
    office.at("2026-03-04T09:00:00Z", |day| (0..2).for_each(|_| day.looks()));
    assert_eq!(office.lines(), lines);
    for (at, value) in [("2026-03-05T09:00:00Z", "Via Arno 3"), ("2026-03-06T09:00:00Z", "Via Po 2")] {
        postgres.holds(&format!("(lower('{ANNA}'), 'Anna Bianchi', '055 1', '{value}', NULL)"));
        office.at(at, |day| {
            day.looks();
            assert_eq!(
                day.held(ANNA, "residenza"),
                [of("Via delle Rose 10", "anagrafe", seen), of(value, "tributi", at)]
            );
        });
    }
    assert_eq!(office.lines(), lines + 2);
    let whole: Vec<u8> = fs::read_dir(office.house.data.join("journal"))
        .unwrap()
        .flat_map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let whole = String::from_utf8_lossy(&whole).to_uppercase();
    assert!(
        !whole.contains("RSSMRA") && !whole.contains("VIA ROMA"),
        "somebody who asked nothing stands in the register"
    );

    // A body that has a title for everybody.
    postgres.holds(&format!("('{MARIO}', 'Mario Rossi', '055 2', 'Via Roma 1', NULL)"));
    let everybody = postgres.source("catasto", &office.root.path().join("tributi.password"));
    office.keys(&format!("{everybody}importa_persone = true\n"));
    office.at("2026-03-07T09:00:00Z", |day| {
        day.looks();
        assert!(day.knows(MARIO));
    });
}

/// Whatever is wrong on the other side is said in words that help, holds up nothing, and loses nothing.
#[test]
fn a_view_that_cannot_be_read_is_told_and_nothing_is_lost() {
    let Some(postgres) = Postgres::up() else { return };
    let office = Office::new(&postgres);
    postgres.holds(&format!("('{ANNA}', 'Anna Bianchi', '055 1', 'Via Po 2', NULL)"));
    office.at("2026-03-03T09:00:00Z", |day| day.looks());
    let password = office.root.path().join("tributi.password");
    let good = postgres.source("catasto", &password);
    let wrong = office.root.path().join("sbagliata");
    secret_file(&wrong, "altra\n");
    let view = |sql: &str| {
        let sql = format!(
            "DROP VIEW sportello.persone; CREATE VIEW sportello.persone AS {sql}; GRANT SELECT ON sportello.persone TO lettura"
        );
        postgres.sql("tributi", &sql);
    };
    let says = |what: &str, keys: &str, words: &str, at_once: bool| {
        office.keys(keys);
        let found = office.check();
        assert!(found.contains("Fonte catasto: NON risponde") && found.contains(words), "{what}: {found}");
        office.at("2026-03-03T10:00:00Z", |day| {
            day.looks();
            let alarm = day.alarm();
            assert_eq!(
                alarm.starts_with("source-late fonte «catasto»") && alarm.contains(words),
                at_once,
                "{what}: {alarm}"
            );
            assert!(!alarm.contains("segreta") && !alarm.contains("Anna"), "{what}: {alarm}");
            assert_eq!(day.held(ANNA, "telefono").len(), 1, "{what}");
            assert_eq!(day.service.health().snapshot().marks["sources_failing"], 1, "{what}");
        });
    };
    says("a wrong password", &postgres.source("catasto", &wrong), "non accetta l'utente o la password (28P01)", true);
    says(
        "no such database",
        &good.replace("banca_dati = \"tributi\"", "banca_dati = \"altra\""),
        "la banca dati non c'è",
        true,
    );
    says("no such view", &good.replace("sportello.persone", "sportello.altra"), "la vista non c'è", true);
    says("no right", &good.replace("sportello.persone", "contribuenti"), "GRANT SELECT", true);
    says(
        "another authority",
        &good.replace(&*postgres.dir.path().join("ca.pem").display().to_string(), "/etc/ssl/certs/ca-certificates.crt"),
        "TLS",
        false,
    );
    view("SELECT nome, pec FROM contribuenti");
    says("no column to join on", &good, "manca la colonna `codice_fiscale`", true);
    view("SELECT codice AS codice_fiscale, telefono AS \"dato.telefono\" FROM contribuenti");
    says("no name", &good, "manca la colonna `nome`", true);
    view("SELECT codice AS codice_fiscale, nome, telefono FROM contribuenti");
    says("a column nobody reads", &good, "la colonna «telefono» non si conosce", true);
    view("SELECT codice AS codice_fiscale, nome, '2026/000001' AS fascicolo, 'accogli' AS azione FROM contribuenti");
    says("an order", &good, "la colonna «fascicolo» non si conosce", true);
    view("SELECT codice AS codice_fiscale, nome, (telefono::int)::text AS \"dato.telefono\" FROM contribuenti");
    office.keys(&good);
    office.at("2026-03-03T11:00:00Z", |day| {
        day.looks();
        let alarm = day.alarm();
        assert!(alarm.contains("un errore SQL (22P02)") && !alarm.contains("055"), "{alarm}");
    });

    // Down: not at once an alarm, then one; and it goes on by itself.
    view("SELECT codice AS codice_fiscale, nome, telefono AS \"dato.telefono\" FROM contribuenti");
    postgres.holds(&format!("('{ANNA}', 'Anna Bianchi', '055 9', 'Via Po 2', NULL)"));
    postgres.stops();
    let since = office.at("2026-03-03T12:00:00Z", |day| {
        day.looks();
        assert_eq!(day.alarm(), "", "a restart of the other side is no alarm");
        std::mem::take(&mut day.pace)
    });
    office.at("2026-03-03T13:30:00Z", |day| {
        day.pace = since;
        day.looks();
        let alarm = day.alarm();
        assert!(alarm.contains("non si raggiunge") && alarm.contains("I dati già letti restano"), "{alarm}");
        postgres.starts();
        day.looks();
        assert_eq!(day.alarm(), "");
        assert_eq!(day.held(ANNA, "telefono")[0].0, "055 9");
    });
}

/// Cells that somebody made to do harm stay cells; a row that is none is refused by itself, once, and the others come in.
#[test]
fn hostile_cells_do_no_harm() {
    let Some(postgres) = Postgres::up() else { return };
    let office = Office::new(&postgres);
    let [long, huge] = ["repeat('x', 3000)", "repeat('y', 100000)"];
    let hostile = "E'\\'; DROP TABLE contribuenti; --\\n\\\\\"],[{\"fascicolo\": 1}\\u202e\\u0007'";
    let bruno = "VRDBRN70B02F205X";
    postgres.holds(&format!("('{ANNA}', 'Anna Bianchi', {hostile}, {hostile}, NULL)"));
    office.at("2026-03-03T09:00:00Z", |day| {
        day.looks();
        let held = day.held(ANNA, "telefono");
        assert!(held[0].0.starts_with("'; DROP TABLE contribuenti; --\n\\\"],[{\"fascicolo\": 1}"), "{held:?}");
        for (code, name) in [(MARIO, "Mario Rossi"), (bruno, "Bruno Verdi")] {
            day.does(json!({ "deed": "open", "dossier": { "procedure": "richiesta", "subject": "Verifica", "office": "tributi",
                "parties": [{ "code": code, "name": name, "address": format!("{code}@cittadini.test") }], "by": "Ada Neri" } }));
        }
    });
    // Too long a value, too long a row, one person twice with different words, another's name: each by itself.
    postgres.holds(&format!(
        "('{ANNA}', 'Anna Bianchi', '055 1', {long}, NULL), ('{MARIO}', 'Mario Rossi', '055 2', {huge}, NULL), \
         ('{bruno}', 'Bruno Verdi', '1', '', NULL), ('{bruno}', 'Bruno Verdi', '2', '', NULL)"
    ));
    office.at("2026-03-04T09:00:00Z", |day| {
        (0..2).for_each(|_| day.looks());
        let told = day.refusals();
        assert_eq!(told.len(), 1, "once for the same rows: {told:?}");
        assert!(told[0].contains("righe rifiutate 3") && !told[0].contains(ANNA), "{told:?}");
        assert_eq!(day.held(bruno, "telefono"), []);
    });
    let report = office.report();
    for words in [
        &*format!("{ANNA}: il testo è troppo lungo"),
        "una riga supera 65536 byte",
        &format!("{bruno}: 2 righe diverse"),
    ] {
        assert!(report.contains(words), "«{words}»: {report}");
    }
    postgres.holds(&format!("('{MARIO}', 'Altro Nome', '055 2', '', NULL), ('{bruno}', 'Bruno Verdi', '2', '', NULL)"));
    office.at("2026-03-05T09:00:00Z", |day| {
        day.looks();
        assert!(day.held(MARIO, "telefono").is_empty(), "another's name under this code");
        assert_eq!(day.held(bruno, "telefono")[0].0, "2");
        assert_eq!(day.refusals().len(), 2);
    });
}

/// The running program reads by itself, on a socket too, and shows it.
#[test]
fn the_service_reads_by_itself() {
    let Some(postgres) = Postgres::up() else { return };
    let office = Office::new(&postgres);
    postgres.holds(&format!("('{ANNA}', 'Anna Bianchi', '055 1', 'Via Po 2', NULL)"));
    fs::set_permissions(postgres.cluster(), Permissions::from_mode(0o755)).unwrap();
    let over_tls = postgres.source("catasto", &office.root.path().join("tributi.password"));
    let authority = format!("autorita_file = \"{}\"\n", postgres.dir.path().join("ca.pem").display());
    let socket = format!("socket = \"{}\"", postgres.cluster().display());
    office.keys(&over_tls.replace(&authority, "").replace("server = \"localhost\"", &socket));
    let mut service = crate::support::Daemon::run(&office.house.file, &office.root.path().join("log"));
    service.wait_logged(1, &["event=\"source_read\"", "done=1", "refused=0"]);
    let data = office.house.data.to_str().unwrap();
    let shown = wait("the status", || {
        let (_, out, _) = ask(&["status", data]);
        out.contains("Fonti di dati: 1, si leggono; righe lette dall'avvio 1, rifiutate 0").then_some(out)
    });
    assert!(!shown.contains("source-late"), "{shown}");
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    assert!(!service.log().contains("segreta") && !service.log().contains(ANNA), "{}", service.log());
}

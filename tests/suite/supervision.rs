//! Changes when what an administrator, or a program for him, can see of a running service changes.

use crate::support::{DEADLINE, Daemon, House, Recorder, ask, real_trial, wait, wait_or};
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use serde_json::Value;
use sportello::alarm::Code;
use sportello::config::Config;
use sportello::supervise::Service;
use sportello::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

const OFFICE: &str = "protocollo@pec.comune.test";

/// A house that shows itself on a port, and the citizens' circuit.
struct Shown {
    house: House,
    circuit: Circuit,
    port: u16,
}

impl Shown {
    fn build(root: &Path) -> Self {
        let now = Timestamp::now();
        let authority = Authority::create(now).unwrap();
        let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
        let beta = authority.provider("Beta", "pec.beta.test", Style::legalmail_like(), now).unwrap();
        let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
        let circuit = Circuit::new(&root.join("caselle"), domains);
        let house = House::build(root, OFFICE, &circuit.maildir(OFFICE).unwrap(), authority.certificate_der());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let rules = root.join("regole");
        assert_eq!(
            ask(&["init", root.join("altro.toml").to_str().unwrap(), "--rules", rules.to_str().unwrap()]).0,
            Some(0)
        );
        let text = fs::read_to_string(&house.file).unwrap();
        let text = text.replace("prova = true", &format!("prova = true\nregole = \"{}\"", rules.display()));
        fs::write(&house.file, format!("{text}[sorveglianza]\nascolto = \"127.0.0.1:{port}\"\n")).unwrap();
        Self { house, circuit, port }
    }

    fn citizen_writes(&self) {
        let letter = Mail::new("anna.bianchi@cittadini.test").to(OFFICE).subject("Cambio di residenza");
        let letter = letter.text("Mi sono trasferita in via Po 1. Codice fiscale BNCNNA80A41H501R\n");
        let letter = letter.compose(Timestamp::now()).unwrap();
        self.circuit.send(&letter.mail_from, &letter.rcpt_to, &letter.raw).unwrap();
    }

    fn status(&self) -> (Option<i32>, String) {
        let (code, out, said) = ask(&["status", self.house.data.to_str().unwrap()]);
        (code, format!("{out}{said}"))
    }

    fn get(&self, path: &str) -> (u16, String) {
        http(self.port, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port))
    }

    fn metrics(&self) -> BTreeMap<String, f64> {
        let (code, page) = self.get("/metrics");
        assert_eq!(code, 200, "{page}");
        figures(&page)
    }
}

/// What a server says to these bytes: status and body. 0: it closed without a word.
fn http(port: u16, question: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(question.as_bytes()).unwrap();
    let mut said = String::new();
    let _ = stream.read_to_string(&mut said);
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    (status, body.to_owned())
}

/// Reads Prometheus' text format as its specification says, and refuses what it forbids.
fn figures(page: &str) -> BTreeMap<String, f64> {
    let (mut found, mut kinds, mut done) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    let mut current = String::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["gauge", "counter", "histogram"].contains(&kind), "{line}");
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "two types: {line}");
            done.insert(std::mem::replace(&mut current, name.to_owned()));
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        assert!(name.starts_with(&current) && !done.contains(name), "{line}: outside of its group");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{line}");
        assert!(kinds[&current] != "counter" || name.ends_with("_total"), "{line}: a counter's name");
        assert!(found.insert(series.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
    }
    found
}

#[test]
fn status_metrics_and_health_tell_of_a_running_service_and_of_one_that_is_not() {
    let root = tempfile::tempdir().unwrap();
    let shown = Shown::build(root.path());
    let log = root.path().join("log");
    let mut daemon = Daemon::run(&shown.house.file, &log);
    daemon.wait_logged(1, &["sportello started"]);
    shown.citizen_writes();
    // An office's mail server that nobody answers at: the task waits, which is no fault of the service.
    let metrics =
        wait_or(|| daemon.log(), || Some(shown.metrics()).filter(|m| m.get("sportello_dossiers_total") == Some(&1.0)));
    let genuine = "sportello_messages_total{grade=\"genuine\",disposition=\"request\"}";
    assert_eq!(metrics.get(genuine), Some(&1.0), "{metrics:#?}");
    assert_eq!(metrics["sportello_double_submission_total"], 0.0);
    assert_eq!(metrics["sportello_rules_reload_ok"], 1.0);
    assert!(metrics["sportello_disk_free_bytes"] > 0.0);
    assert!(metrics["sportello_folder_looks_total{mailbox=\"protocollo\",folder=\"new\"}"] >= 1.0);
    let items: f64 =
        metrics.iter().filter(|(name, _)| name.starts_with("sportello_outbox_items")).map(|(_, n)| n).sum();
    for timed in ["examination", "commit"] {
        assert!(metrics[&format!("sportello_{timed}_seconds_count")] >= 1.0, "{timed}: {metrics:#?}");
    }
    assert_eq!(items, 2.0, "a reply and a task: {metrics:#?}");
    let (code, health) = shown.get("/health");
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!((code, &health["status"]), (200, &Value::from("ok")), "{health}");

    let (code, said) = shown.status();
    assert_eq!(code, Some(0), "{said}");
    for part in
        ["in funzione dal", "protocollo/new: letta fino in fondo", "Messaggi: 1   Fascicoli: 1", "In vigore dal"]
    {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(!said.contains("cittadini.test"), "the tables are for those who ask for them:\n{said}");
    let (_, table, _) = ask(&["status", "--messaggi", shown.house.data.to_str().unwrap()]);
    assert!(table.contains("autentico") && table.contains("in funzione dal"), "{table}");

    // A rule that is broken: what is in force stays, and everybody who looks is told.
    fs::write(root.path().join("regole/rotta.toml"), "questo non è TOML").unwrap();
    daemon.signal("HUP");
    daemon.wait_logged(1, &["reload_refused"]);
    assert_eq!(shown.metrics()["sportello_rules_reload_ok"], 0.0);
    let (code, health) = shown.get("/health");
    assert!(code == 200 && health.contains("reload-refused") && health.contains("\"warning\""), "{health}");
    let (code, said) = shown.status();
    assert!(code == Some(1) && said.contains("è stata rifiutata"), "{said}");

    daemon.kill();
    let (code, said) = shown.status();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("Il servizio NON è in funzione") && said.contains("Messaggi: 1   Fascicoli: 1"), "{said}");
}

#[test]
fn whoever_asks_is_bounded_and_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let shown = Shown::build(root.path());
    let daemon = Daemon::run(&shown.house.file, &root.path().join("log"));
    daemon.wait_logged(1, &["sportello started"]);
    let port = shown.port;
    assert_eq!(shown.get("/").0, 200);
    assert_eq!(shown.get("/altro").0, 404);
    assert_eq!(http(port, "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").0, 405);
    // A page in a browser, whose name was made to point here.
    assert_eq!(http(port, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n").0, 421);
    assert_eq!(http(port, "GET /metrics HTTP/1.1\r\n\r\n").0, 421);
    assert_eq!(http(port, "GET /health HTTP/1.1\r\nHost: [::1]:1\r\n\r\n").0, 200);
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024));
    assert!(matches!(http(port, &long).0, 0 | 431));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: x\r\n".repeat(100));
    assert!(matches!(http(port, &many).0, 0 | 431));
    assert!(matches!(http(port, "\x16\x03\x01 this is no HTTP\r\n\r\n").0, 0 | 400));
    // Those who connect and say nothing hold their place for a while, not for ever.
    let silent: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    assert_eq!(shown.get("/health").0, 200);
    drop(silent);
    let (code, said) = shown.status();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_port_that_is_taken_keeps_no_mail_from_being_read() {
    let root = tempfile::tempdir().unwrap();
    let shown = Shown::build(root.path());
    let _taken = TcpListener::bind(("127.0.0.1", shown.port)).unwrap();
    let daemon = Daemon::run(&shown.house.file, &root.path().join("log"));
    daemon.wait_logged(1, &["monitor_failed"]);
    shown.citizen_writes();
    wait("the message to be read", || shown.house.is_read().then_some(()));
}

/// The service as it is before it runs: its folders are what the test says of them, its time is the test's.
fn still(root: &Path) -> Service {
    let shown = Shown::build(root);
    Service::open(Config::read(&shown.house.file).unwrap(), real_trial(), World::real()).unwrap()
}

#[test]
fn an_alarm_that_stops_the_work_is_ill_health_and_another_is_a_warning() {
    let root = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let service = still(root.path());
        let (alarms, now) = (service.alarms(), sportello::clock::Clock::System.now());
        alarms.raise(Code::LetterOverdue, "", "una lettera", now);
        let report = service.monitor().report().await.unwrap().unwrap();
        assert_eq!((report.reasons(), report.warnings()), (vec![], vec!["letter-overdue".to_owned()]));
        alarms.raise(Code::IntakeDead, "protocollo/INBOX", "nessuno la legge", now);
        let report = service.monitor().report().await.unwrap().unwrap();
        assert_eq!(report.reasons(), ["intake-dead protocollo/INBOX"]);
        alarms.clear(Code::IntakeDead, "protocollo/INBOX");
        assert!(service.monitor().report().await.unwrap().unwrap().reasons().is_empty());
    });
}

#[test]
fn a_store_that_is_stuck_is_told_and_not_waited_for() {
    let root = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let service = still(root.path());
        let store = service.store();
        let (free, freed) = std::sync::mpsc::channel::<()>();
        let (held, is_held) = std::sync::mpsc::channel();
        let stuck = std::thread::spawn(move || {
            let _held = store.lock().unwrap();
            held.send(()).unwrap();
            let _ = freed.recv();
        });
        is_held.recv().unwrap();
        assert!(service.monitor().report().await.unwrap().is_none());
        drop(free);
        stuck.join().unwrap();
        assert!(service.monitor().report().await.unwrap().is_some());
    });
}

/// Everything that a summary says comes from the counts; a service of this process, with a road that takes everything.
#[test]
fn a_summary_agrees_with_the_register_when_letters_move() {
    let root = tempfile::tempdir().unwrap();
    let shown = Shown::build(root.path());
    let running = shown.house.start(Recorder::default().roads());
    for _ in 0..3 {
        shown.citizen_writes();
    }
    wait("all to be submitted", || {
        let all = running.overview(); // holds the counts against the rows
        (all.messages.len() == 3 && crate::support::all_submitted(&all)).then_some(())
    });
    running.stop();
}

//! Changes when a citizen's words could reach another place: log, metrics, health, alarms, panics (P16, T39).
//!
//! The suite's own watch is in `support.rs`: every log of a daemon, in every test, is searched for the words of the scenes.

use crate::fixtures;
use crate::support::{Daemon, House, ask, secret_file, wait_or};
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

const OFFICE: &str = "protocollo@pec.comune.test";
/// Words that stand nowhere but in what citizens write, and in our secrets.
const CANARIES: &[&str] =
    &["canarina", "CANARINO", "BNCNNA80A41H501R", "gabbia-aperta", "cittadini.test", "piume-e-becco", "posta.example"];

struct Scene {
    house: House,
    port: u16,
    messages: usize,
}

/// A house whose inbox holds messages of every kind, each full of canaries; it logs at INFO in this format.
fn scene(root: &Path, format: &str) -> Scene {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let beta = authority.provider("Beta", "pec.beta.test", Style::legalmail_like(), now).unwrap();
    let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
    let circuit = Circuit::new(&root.join("caselle"), domains);
    let house = House::build(root, OFFICE, &circuit.maildir(OFFICE).unwrap(), authority.certificate_der());
    let citizen = || {
        Mail::new("canarina.gialli@cittadini.test")
            .display_name("Canarina Gialli")
            .to(OFFICE)
            .attach("canarino-gabbia-aperta.pdf", "application/pdf", b"%PDF canarino")
            .message_id("canarino@cittadini.test")
    };
    let send = |mail: Mail| {
        let mail = mail.compose(now).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    };
    // Genuine: answered; to a person; of an autoresponder; from outside, in an anomaly envelope.
    let residence = "CANARINO: dichiarazione di cambio di residenza";
    send(
        citizen().subject(residence).text("Mi sono trasferita con la gabbia-aperta. Codice fiscale BNCNNA80A41H501R\n"),
    );
    send(citizen().subject("CANARINO smarrito").text("Ha piume-e-becco.\n"));
    send(citizen().subject("CANARINO fuori sede").header("Auto-Submitted", "auto-replied").text("Canarina è via.\n"));
    send(Mail::new("canarina@posta.example").to(OFFICE).subject("CANARINO da fuori").text("piume-e-becco\n"));
    // Receipts of what was not sent from here: our own clerk wrote in the provider's page.
    send(
        Mail::new(OFFICE)
            .to("canarina.gialli@cittadini.test")
            .subject("CANARINO")
            .text("Torni con la gabbia-aperta.\n"),
    );
    // Changed after it was signed, cut, with headers that break, and bytes that are nothing.
    let sealed: Vec<_> = fs::read_dir(house.maildir.join("new")).unwrap().map(|f| f.unwrap().path()).collect();
    for (n, path) in sealed.iter().enumerate() {
        let raw = fs::read(path).unwrap();
        let drop = |name: &str, raw: &[u8]| {
            fs::write(house.maildir.join("new").join(format!("canarino-{name}-{n}")), raw).unwrap();
        };
        drop("forged", &gestore::forge::with_header(&raw, "From", "\"CANARINO\" <canarina@posta.example>"));
        drop("changed", &gestore::forge::with_bytes(&raw, b"CANARINO", b"CANARINO2"));
        drop("cut", &raw[..raw.len() / 2]);
    }
    let head = "From: canarina@posta.example\r\nSubject: CANARINO\r\n";
    let strange = [
        format!("{head}\r\nCodice fiscale BNCNNA80A41H501R\r\n"),
        format!("{head}X-Ricevuta: canarina\r\nX-Trasporto: CANARINO\r\n\r\n"),
        format!("{head}Content-Type: text/plain; charset=canarina\r\n\r\nè\r\n"),
        format!("{head}Message-ID: <{}@posta.example>\r\n\r\n", "canarina".repeat(9000)),
        format!("{head}\r\n{}", "canarina piume-e-becco\r\n".repeat(60_000)), // too large
        format!("canarina\nCANARINO\r{head}"),
    ];
    for (n, text) in strange.iter().enumerate() {
        fs::write(house.maildir.join("new").join(format!("canarino-{n}")), text).unwrap();
    }
    // Everything that the fixtures know: forgeries, broken structures, statements that contradict themselves. Once is enough.
    for name in fixtures::names().into_iter().filter(|_| format == "testo") {
        let raw = fs::read(fixtures::root().join("mail").join(&name).join("message.eml")).unwrap();
        let raw = gestore::forge::with_header(&raw, "X-Canarino", "CANARINO canarina gabbia-aperta");
        fs::write(house.maildir.join("new").join(&name), raw).unwrap();
    }
    secret_file(&root.join("password"), "piume-e-becco\n");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = fs::read_to_string(&house.file).unwrap();
    let text = text.replace("[casella.maildir]", "byte_massimi = 1_000_000\n[casella.maildir]");
    let more = format!(
        "[sorveglianza]\nascolto = \"127.0.0.1:{port}\"\n[registro_tecnico]\nformato = \"{format}\"\nfiltro = \"info\"\n"
    );
    fs::write(&house.file, format!("{text}{more}")).unwrap();
    let messages = fs::read_dir(house.maildir.join("new")).unwrap().count();
    Scene { house, port, messages }
}

#[track_caller]
fn holds_no_canary(what: &str, text: &str) {
    let lower = text.to_lowercase();
    for canary in CANARIES {
        if let Some(at) = lower.find(&canary.to_lowercase()) {
            let line = text[..at].lines().count();
            panic!("{what} holds {canary}: {}", text.lines().nth(line.saturating_sub(1)).unwrap_or_default());
        }
    }
    assert!(!text.is_empty(), "{what} says nothing: nothing is proven");
}

fn page(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

fn nothing_of_a_citizen_is_told(format: &str) {
    let root = tempfile::tempdir().unwrap();
    let scene = scene(root.path(), format);
    let log = root.path().join("log");
    let mut daemon = Daemon::run(&scene.house.file, &log);
    let data = scene.house.data.to_str().unwrap();
    // The road to citizens leads nowhere: every letter is tried, fails, and is told of as well.
    wait_or(|| daemon.log(), || (scene.house.is_read() && daemon.logged(&["item_moved", "attempt"]) > 0).then_some(()));
    // A reload that is refused, and an order that cannot be read.
    daemon.signal("HUP");
    daemon.wait_logged(1, &["reloaded"]);
    for what in ["/metrics", "/health"] {
        holds_no_canary(what, &page(scene.port, what));
    }
    let text = daemon.log();
    holds_no_canary("the log", &text);
    assert!(
        daemon.logged(&["message_decided"]) * 10 > scene.messages * 8,
        "{} of {}",
        daemon.logged(&["message_decided"]),
        scene.messages
    );
    assert!(daemon.logged(&["incident"]) + daemon.logged(&["receipt_orphan"]) > 0, "{text}");
    if format == "json" {
        for line in text.lines() {
            let event: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            let name = event["event"].as_str().unwrap_or_else(|| panic!("an event without a name: {line}"));
            if name.starts_with("message_") || name.starts_with("item_") || name == "incident" {
                let flow = event["flow"].as_str().unwrap_or_default();
                assert!(flow.len() == 12 && flow.bytes().all(|b| b.is_ascii_hexdigit()), "{line}");
            }
        }
    }
    // The canaries were there to be found: people see them, at their own command.
    daemon.kill();
    let (_, out, _) = ask(&["status", "--json", data]);
    for canary in ["canarina", "canarino", "cittadini.test", "posta.example"] {
        assert!(out.to_lowercase().contains(canary), "{canary}");
    }
}

#[test]
fn nothing_of_a_citizen_is_in_the_log_the_metrics_or_the_health() {
    nothing_of_a_citizen_is_told("testo");
}

#[test]
fn nothing_of_a_citizen_is_in_the_json_log_and_every_line_about_a_message_has_its_flow() {
    nothing_of_a_citizen_is_told("json");
}

//! Bad input through the whole service: each leaves a register entry that reaches a person, and the next message goes on.

use crate::support::{House, Recorder, all_submitted, wait_or};
use casework::Disposition;
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use std::fs;
use std::path::Path;

const ENTITY: &str = "protocollo@pec.comune.test";

/// Hostile bytes, each with a name. None of them is PEC; anybody can send them.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let mail = |head: String, body: &str| format!("From: a@b.example\r\nTo: {ENTITY}\r\n{head}\r\n{body}").into_bytes();
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(30_000);
    let levels = |n: usize| -> String {
        (0..n).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n")).collect()
    };
    vec![
        ("empty", Vec::new()),
        ("not mail", vec![0, 159, 146, 150, 10, 0, 255]),
        ("a subject of 54 KB that JSON doubles", mail(format!("Subject: {}\r\n", "\"".repeat(54_000)), "x\r\n")),
        ("an id of 60 KB", mail(format!("Message-ID: <{}@x.example>\r\n", "a".repeat(60_000)), "x\r\n")),
        ("references without end", mail(format!("References: {}\r\n", "<a@b.example> ".repeat(20_000)), "x\r\n")),
        ("a sender of 60 KB", format!("From: {}@x.example\r\n\r\n\r\n", "a".repeat(60_000)).into_bytes()),
        ("30,000 messages in one another", mail(String::from("MIME-Version: 1.0\r\n") + &nested, "x\r\n")),
        ("a megabyte of text", mail(String::new(), &"parola ".repeat(150_000))),
        ("an unknown charset", mail("Content-Type: text/plain; charset=x-klingon\r\n".into(), "\u{e8}\r\n")),
        ("claims to be a receipt", mail("X-Ricevuta: avvenuta-consegna\r\n".into(), "x\r\n")),
        ("parts in one another", mail(levels(51), "x\r\n")),
        (
            "too many parts",
            mail("Content-Type: multipart/mixed; boundary=b\r\n".into(), &"--b\r\n\r\nx\r\n".repeat(1001)),
        ),
        ("too many fields", mail("A: b\r\n".repeat(1001), "x\r\n")),
        ("a field of a megabyte", mail(format!("A: {}\r\n", "b".repeat(1 << 20)), "x\r\n")),
        ("two markers", mail("X-Trasporto: errore\r\nX-Ricevuta: accettazione\r\n".into(), "x\r\n")),
    ]
}

fn deliver(dir: &Path, name: &str, bytes: &[u8]) {
    fs::write(dir.join("new").join(name), bytes).unwrap();
}

#[test]
fn every_bad_input_reaches_a_person_and_the_next_message_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let beta = authority.provider("Beta", "pec.beta.test", Style::legalmail_like(), now).unwrap();
    let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
    let circuit = Circuit::new(&dir.path().join("caselle"), domains);
    let house = House::build(dir.path(), ENTITY, &circuit.maildir(ENTITY).unwrap(), authority.certificate_der());
    let hostile = hostile();
    for (n, (_, bytes)) in hostile.iter().enumerate() {
        deliver(&house.maildir, &format!("{n:02}"), bytes);
    }
    fs::create_dir(house.maildir.join("new/a-folder")).unwrap();
    let letter = Mail::new("anna.bianchi@cittadini.test")
        .to(ENTITY)
        .subject("Cambio di residenza")
        .text("Mi sono trasferita in via Po 1. Codice fiscale BNCNNA80A41H501R\n");
    let letter = letter.compose(now).unwrap();
    circuit.send(&letter.mail_from, &letter.rcpt_to, &letter.raw).unwrap();

    let sent = Recorder::default();
    let running = house.start(sent.roads());
    let all = wait_or(
        || format!("{:#?}", running.overview().messages),
        || {
            let all = running.overview();
            (all.messages.len() == hostile.len() + 1 && all_submitted(&all)).then_some(all)
        },
    );
    let digest = running.state_digest();
    running.stop();
    for (name, bytes) in &hostile {
        let row = all.messages.iter().find(|m| m.digest == sportello::digest::sha256(bytes)).expect(name);
        let reaches_a_person = matches!(row.disposition, Disposition::ToPerson { .. } | Disposition::Quarantine { .. })
            && row.items.len() == 1;
        assert!(reaches_a_person, "{name}: {row:?}");
    }
    let good = all.messages.iter().find(|m| matches!(m.disposition, Disposition::Request { .. })).unwrap();
    assert_eq!(good.items.len(), 2, "the task and the reply: {good:?}");

    // It starts again, and a register rebuilt from nothing but the journal is the same.
    fs::remove_dir_all(house.data.join("index")).unwrap();
    let again = house.start(Recorder::default().roads());
    assert_eq!(again.state_digest(), digest);
    again.stop();
}

//! Changes when what the circuit brings about for a sender and its recipients changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{OFFICE, SENDER, attribute, datum, header, mail, world};
use gestore::{Circuit, Mail, Timestamp};

fn circuit(root: &Path) -> Circuit {
    let providers = &world().providers;
    Circuit::new(root, [("cittadini.test".into(), providers[1].clone()), ("ente.test".into(), providers[0].clone())])
}

/// The kinds of the messages in a mailbox, in order of delivery.
fn kinds(circuit: &Circuit, mailbox: &str) -> Vec<String> {
    messages(circuit, mailbox)
        .iter()
        .map(|raw| header(raw, "X-Ricevuta").or_else(|| header(raw, "X-Trasporto")).unwrap_or("ordinary".into()))
        .collect()
}

fn messages(circuit: &Circuit, mailbox: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(circuit.maildir(mailbox).unwrap().join("new")) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn a_sending_leaves_envelope_and_receipts_in_the_right_mailboxes() {
    let root = tempfile::tempdir().unwrap();
    let circuit = circuit(root.path());
    let mail = mail().cc("ufficio@ente.test").compose(Timestamp::now()).unwrap();

    let sent = circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();

    assert_eq!(kinds(&circuit, SENDER), ["accettazione", "avvenuta-consegna", "avvenuta-consegna"]);
    assert_eq!(kinds(&circuit, OFFICE), ["posta-certificata"]);
    assert_eq!(kinds(&circuit, "ufficio@ente.test"), ["posta-certificata"]);
    assert_eq!(sent.written.len(), 5);
    let envelope = &messages(&circuit, OFFICE)[0];
    assert_eq!(datum(envelope, "identificativo"), sent.identificativo);
    assert_eq!(header(envelope, "Return-Path"), Some(format!("<{SENDER}>")));
    // Acceptance by the sender's provider, delivery by the recipient's.
    let issuers: Vec<_> =
        messages(&circuit, SENDER).iter().map(|raw| datum(raw, "gestore-emittente").unwrap()).collect();
    assert!(issuers[0].contains("legalmail") && issuers[1].contains("aruba"), "{issuers:?}");
    assert!(std::fs::read_dir(circuit.maildir(OFFICE).unwrap().join("tmp")).unwrap().next().is_none());
}

#[test]
fn each_fault_address_makes_its_fault() {
    for (local, at_sender, at_recipient) in [
        ("mancata-consegna", &["accettazione", "errore-consegna"][..], &[][..]),
        ("non-accettata", &["non-accettazione"], &[]),
        ("senza-ricevute", &[], &["posta-certificata"]),
        ("lenta", &["accettazione", "preavviso-errore-consegna"], &[]),
        ("scaduta", &["accettazione", "preavviso-errore-consegna", "preavviso-errore-consegna"], &[]),
        ("esterna", &["accettazione"], &["posta-certificata"]),
        ("virus", &["accettazione", "errore-consegna"], &[]),
        ("chiunque", &["accettazione", "avvenuta-consegna"], &["posta-certificata"]),
    ] {
        let root = tempfile::tempdir().unwrap();
        let circuit = circuit(root.path());
        let to = format!("{local}@ente.test");
        let mail = Mail::new(SENDER).to(&to).subject("x").compose(Timestamp::now()).unwrap();
        let sent = circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
        assert_eq!(kinds(&circuit, SENDER), at_sender, "{local}");
        assert_eq!(kinds(&circuit, &to), at_recipient, "{local}");
        assert_eq!(sent.identificativo.is_none(), local == "non-accettata");
    }
}

#[test]
fn the_two_delay_notices_can_be_told_apart() {
    let root = tempfile::tempdir().unwrap();
    let circuit = circuit(root.path());
    let mail = Mail::new(SENDER).to("scaduta@ente.test").compose(Timestamp::now()).unwrap();
    circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    let notices = messages(&circuit, SENDER);
    let text = |place: usize| datum(&notices[place], "errore-esteso").unwrap();
    assert!(!text(1).starts_with("5.4.1") && text(2).starts_with("5.4.1"), "{} / {}", text(1), text(2));
    assert_ne!(
        datum(&notices[1], "ora").zip(datum(&notices[1], "giorno")),
        datum(&notices[2], "ora").zip(datum(&notices[2], "giorno"))
    );
}

#[test]
fn mail_from_outside_arrives_as_an_anomaly_of_the_recipients_provider_and_mail_to_outside_as_esterno() {
    let root = tempfile::tempdir().unwrap();
    let circuit = circuit(root.path());
    let foreign = Mail::new("qualcuno@posta.example").to(OFFICE).subject("x").compose(Timestamp::now()).unwrap();
    circuit.send(&foreign.mail_from, &foreign.rcpt_to, &foreign.raw).unwrap();
    assert_eq!(kinds(&circuit, OFFICE), ["errore"]);
    assert!(header(&messages(&circuit, OFFICE)[0], "From").unwrap().contains("posta-certificata@pec.aruba.test"));
    assert!(messages(&circuit, "qualcuno@posta.example").is_empty());

    let outgoing = Mail::new(OFFICE).to("qualcuno@posta.example").subject("x").compose(Timestamp::now()).unwrap();
    circuit.send(&outgoing.mail_from, &outgoing.rcpt_to, &outgoing.raw).unwrap();
    assert_eq!(kinds(&circuit, OFFICE), ["errore", "accettazione"]);
    assert_eq!(attribute(&messages(&circuit, OFFICE)[1], "destinatari", "tipo").as_deref(), Some("esterno"));
}

#[test]
fn to_oneself_both_sides_are_one_mailbox() {
    let root = tempfile::tempdir().unwrap();
    let circuit = circuit(root.path());
    let mail = Mail::new(OFFICE).to(OFFICE).subject("x").compose(Timestamp::now()).unwrap();
    circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    assert_eq!(kinds(&circuit, OFFICE), ["accettazione", "posta-certificata", "avvenuta-consegna"]);
}

#[test]
fn addresses_cannot_leave_the_root() {
    let root = tempfile::tempdir().unwrap();
    let circuit = circuit(root.path());
    for address in ["../x@ente.test", "a/b@ente.test", "..@ente.test", "nobody", ""] {
        assert!(circuit.drop_raw(address, b"x").is_err(), "{address}");
    }
    circuit.drop_raw("MAIUSCOLO@ente.test", b"x").unwrap();
    assert_eq!(messages(&circuit, "maiuscolo@ente.test"), [b"x"]);
}

//! Changes when what the simulated provider says in its messages changes: read by readers that are not ours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{
    Accepted, OFFICE, SENDER, accepted, attribute, datum, every_kind, header, mail, part, past, subject, world,
};
use gestore::style::Controls;
use gestore::{Mail, Provider, Style, Submission};

fn provider() -> &'static Provider {
    &world().providers[0]
}

#[test]
fn each_kind_says_itself_in_headers_and_daticert() {
    let expected = [
        ("accettazione", "X-Ricevuta", "accettazione", "ACCETTAZIONE: ", "nessuno"),
        ("posta-certificata", "X-Trasporto", "posta-certificata", "POSTA CERTIFICATA: ", "nessuno"),
        ("non-accettazione", "X-Ricevuta", "non-accettazione", "AVVISO DI NON ACCETTAZIONE: ", "altro"),
        ("avvenuta-consegna", "X-Ricevuta", "avvenuta-consegna", "CONSEGNA: ", "nessuno"),
        ("avvenuta-consegna breve", "X-Ricevuta", "avvenuta-consegna", "CONSEGNA: ", "nessuno"),
        ("errore-consegna", "X-Ricevuta", "errore-consegna", "AVVISO DI MANCATA CONSEGNA: ", "no-dest"),
        (
            "preavviso-errore-consegna",
            "X-Ricevuta",
            "preavviso-errore-consegna",
            "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ",
            "altro",
        ),
        (
            "preavviso-errore-consegna 24",
            "X-Ricevuta",
            "preavviso-errore-consegna",
            "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ",
            "altro",
        ),
        ("non-accettazione virus", "X-Ricevuta", "non-accettazione", "AVVISO DI NON ACCETTAZIONE PER VIRUS: ", "virus"),
        ("errore-consegna virus", "X-Ricevuta", "errore-consegna", "AVVISO DI MANCATA CONSEGNA PER VIRUS: ", "virus"),
        ("rilevazione-virus", "X-Ricevuta", "rilevazione-virus", "PROBLEMA DI SICUREZZA: ", "virus"),
        ("presa-in-carico", "X-Ricevuta", "presa-in-carico", "PRESA IN CARICO: ", "nessuno"),
    ];
    for provider in &world().providers {
        for ((kind, sealed), (name, marker, value, prefix, errore)) in every_kind(provider, past()).iter().zip(expected)
        {
            let raw = &sealed.raw;
            assert_eq!(*kind, name);
            assert_eq!(header(raw, marker).as_deref(), Some(value), "{kind}");
            let other = if marker == "X-Ricevuta" { "X-Trasporto" } else { "X-Ricevuta" };
            assert_eq!(header(raw, other), None, "{kind}: exactly one marker");
            assert_eq!(subject(raw), format!("{prefix}Richiesta perché <urgente> & \"altro\""), "{kind}");
            assert_eq!(attribute(raw, "postacert", "tipo").as_deref(), Some(value), "{kind}");
            assert_eq!(attribute(raw, "postacert", "errore").as_deref(), Some(errore), "{kind}");
            assert_eq!(datum(raw, "oggetto").as_deref(), Some("Richiesta perché <urgente> & \"altro\""), "{kind}");
            assert!(datum(raw, "gestore-emittente").unwrap().starts_with("SIMULAZIONE"), "{kind}");
            assert_eq!(attribute(raw, "data", "zona").as_deref(), Some("+0100"), "{kind}");
            assert_eq!(datum(raw, "ora").as_deref(), Some("10:10:11"), "{kind}");
            assert_eq!(header(raw, "Date").as_deref(), Some("Mon, 2 Mar 2026 10:10:11 +0100"), "{kind}");
            in_the_order_of_the_dtd(raw);
        }
    }
}

/// dati: gestore-emittente, data, identificativo, msgid?, ricevuta?, consegna?, ricezione*, errore-esteso? (pec.md §4).
fn in_the_order_of_the_dtd(raw: &[u8]) {
    let xml = String::from_utf8(part(raw, "daticert.xml").unwrap()).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    let names = |node: roxmltree::Node<'_, '_>| {
        node.children()
            .filter(|child| child.is_element())
            .map(|child| child.tag_name().name().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(root), ["intestazione", "dati"]);
    let orders: [&[&str]; 2] = [
        &["mittente", "destinatari", "risposte", "oggetto"],
        &["gestore-emittente", "data", "identificativo", "msgid", "ricevuta", "consegna", "ricezione", "errore-esteso"],
    ];
    for (child, order) in root.children().filter(|child| child.is_element()).zip(orders) {
        let places: Vec<usize> =
            names(child).iter().map(|name| order.iter().position(|known| known == name).unwrap()).collect();
        assert!(places.is_sorted(), "{xml}");
    }
}

#[test]
fn the_two_identifiers_stand_where_a_reader_looks_for_them() {
    for provider in &world().providers {
        let submitted = mail().compose(past()).unwrap();
        let Accepted { carriage, acceptance, envelope } = accepted(provider, &submitted, past());
        let (p, m) = (format!("<{}>", carriage.identificativo), submitted.message_id.clone());
        assert!(carriage.identificativo.ends_with(&format!("@{}", provider.host)));
        let inner = part(&envelope.raw, "postacert.eml").unwrap();

        assert_eq!(header(&envelope.raw, "Message-ID"), Some(p.clone()));
        assert_eq!(header(&inner, "Message-ID"), Some(p.clone()));
        for raw in [&envelope.raw, &acceptance.raw, &provider.delivery(&carriage, OFFICE, past()).unwrap().raw] {
            assert_eq!(datum(raw, "identificativo").as_ref(), Some(&carriage.identificativo));
            assert_eq!(datum(raw, "msgid").as_ref(), Some(&m));
            assert_eq!(header(raw, "X-Riferimento-Message-ID").as_ref(), Some(&m));
        }
        assert_eq!(header(&inner, "X-Riferimento-Message-ID"), Some(m));
        assert_ne!(header(&acceptance.raw, "Message-ID"), Some(p));
    }
}

#[test]
fn a_mail_without_message_id_has_no_msgid_anywhere() {
    let submitted = mail().message_id("").compose(past()).unwrap();
    let Accepted { envelope, .. } = accepted(provider(), &submitted, past());
    assert_eq!(datum(&envelope.raw, "msgid"), None);
    assert_eq!(header(&envelope.raw, "X-Riferimento-Message-ID"), None);
}

#[test]
fn the_envelope_speaks_for_the_sender_and_keeps_the_original_to_the_byte() {
    let submitted =
        mail().header("Reply-To", "studio@cittadini.test").eight_bit().cc("altri@ente.test").compose(past()).unwrap();
    for provider in &world().providers {
        let Accepted { envelope, .. } = accepted(provider, &submitted, past());
        let raw = &envelope.raw;
        assert_eq!(
            header(raw, "From").unwrap(),
            format!("\"Per conto di: {SENDER}\" <posta-certificata@{}>", provider.host)
        );
        assert_eq!(header(raw, "Reply-To").as_deref(), Some("studio@cittadini.test"));
        assert_eq!(datum(raw, "risposte").as_deref(), Some("studio@cittadini.test"));
        assert_eq!(header(raw, "To").as_deref(), Some(OFFICE));
        assert_eq!(header(raw, "Cc").as_deref(), Some("altri@ente.test"));
        assert_eq!(envelope.mail_from, SENDER);
        let body = |raw: &[u8]| {
            let cut = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
            raw[cut..].to_vec()
        };
        assert_eq!(body(&part(raw, "postacert.eml").unwrap()), body(&submitted.raw));
    }
}

#[test]
fn delivery_receipts_are_of_the_type_asked_for_and_short_for_copies() {
    let ask = |tipo: &str| {
        mail()
            .cc("copia@ente.test")
            .header("X-TipoRicevuta", tipo)
            .attach("a.bin", "application/octet-stream", &[1; 90])
            .compose(past())
            .unwrap()
    };
    let receipt = |tipo: &str, to: &str| {
        let Accepted { carriage, envelope, .. } = accepted(provider(), &ask(tipo), past());
        if !tipo.is_empty() {
            assert_eq!(header(&envelope.raw, "X-TipoRicevuta").as_deref(), Some(tipo));
        }
        provider().delivery(&carriage, to, past()).unwrap().raw
    };
    let asked = |raw: &[u8]| attribute(raw, "ricevuta", "tipo").unwrap();

    let complete = receipt("", OFFICE);
    assert_eq!(asked(&complete), "completa");
    assert!(String::from_utf8(part(&complete, "postacert.eml").unwrap()).unwrap().contains("a.bin"));

    let brief = receipt("breve", OFFICE);
    let text = String::from_utf8(part(&brief, "postacert.eml").unwrap()).unwrap();
    // The content as transferred: 120 letters of base64 in two lines, the line break before the boundary not counted.
    let transferred = format!("{}\r\n{}", "AQEB".repeat(19), "AQEB".repeat(11));
    assert!(text.contains("a.bin.hash") && text.contains(&sha1(transferred.as_bytes())), "{text}");
    assert!(!text.contains("AQEBAQEB"), "{text}");

    assert_eq!(part(&receipt("sintetica", OFFICE), "postacert.eml"), None);
    let copy = receipt("completa", "copia@ente.test");
    assert_eq!(part(&copy, "postacert.eml"), None);
    assert_eq!((asked(&copy).as_str(), datum(&copy, "consegna").as_deref()), ("completa", Some("copia@ente.test")));
}

/// By another implementation than the one under test.
fn sha1(bytes: &[u8]) -> String {
    match common::openssl(&["dgst", "-sha1", "-r"], bytes) {
        Some((_, out, _)) => String::from_utf8(out).unwrap()[..40].to_string(),
        None => String::new(), // contained in anything: skipped, loudly
    }
}

#[test]
fn the_access_point_refuses_what_the_rules_refuse() {
    let right = mail().compose(past()).unwrap();
    let refused = |raw: &[u8], from: &str, to: &[&str]| {
        let to: Vec<String> = to.iter().map(|to| (*to).to_string()).collect();
        match provider().submit(raw, from, &to, past()).unwrap() {
            Submission::Refused(notice) => Some(datum(&notice.raw, "errore-esteso").unwrap()),
            Submission::Accepted { .. } => None,
        }
    };
    assert_eq!(refused(&right.raw, SENDER, &[OFFICE]), None);
    assert_eq!(refused(&right.raw, &SENDER.to_uppercase(), &[&OFFICE.to_uppercase()]), None, "case does not matter");
    let why = |raw: &[u8], from: &str, to: &[&str]| refused(raw, from, to).expect("should be refused");
    assert!(why(&right.raw, "altri@cittadini.test", &[OFFICE]).contains("From"));
    assert!(why(&right.raw, SENDER, &[OFFICE, "segreto@ente.test"]).contains("To e Cc"));
    let without_to = Mail::new(SENDER).cc(OFFICE).compose(past()).unwrap();
    assert!(why(&without_to.raw, SENDER, &[OFFICE]).contains("To"));
    let hidden = mail().header("Bcc", "segreto@ente.test").compose(past()).unwrap();
    assert!(why(&hidden.raw, SENDER, &[OFFICE]).contains("nascosta"));
    let marked = Mail::new(SENDER).to("non-accettata@ente.test").compose(past()).unwrap();
    assert!(why(&marked.raw, SENDER, &["non-accettata@ente.test"]).contains("simulato"));
    let mut large = right.raw.clone();
    large.resize(gestore::access::MOST_BYTES_CARRIED + 1, b'x');
    assert!(why(&large, SENDER, &[OFFICE]).contains("dimensione"));
}

#[test]
fn an_anomaly_envelope_holds_the_whole_mail_and_certifies_nothing() {
    let ordinary = Mail::new("qualcuno@posta.example")
        .to(OFFICE)
        .subject("Sollecito")
        .text("a")
        .eight_bit()
        .compose(past())
        .unwrap();
    for provider in &world().providers {
        let envelope = provider.anomaly(&ordinary.raw, "qualcuno@posta.example", &[OFFICE.into()], past()).unwrap();
        assert_eq!(header(&envelope.raw, "X-Trasporto").as_deref(), Some("errore"));
        assert_eq!(header(&envelope.raw, "X-Ricevuta"), None);
        assert_eq!(part(&envelope.raw, "daticert.xml"), None);
        assert_eq!(part(&envelope.raw, "postacert.eml"), Some(ordinary.raw.clone()));
        assert_eq!(header(&envelope.raw, "Message-ID").as_ref(), Some(&ordinary.message_id));
        assert_eq!(subject(&envelope.raw), "ANOMALIA MESSAGGIO: Sollecito");
    }
}

#[test]
fn an_anomaly_around_a_genuine_envelope_of_the_same_message_id_can_be_taken_apart() {
    let Accepted { envelope, .. } = accepted(provider(), &mail().compose(past()).unwrap(), past());
    let around = provider().anomaly(&envelope.raw, SENDER, &[OFFICE.into()], past()).unwrap();
    let around = provider().anomaly(&around.raw, SENDER, &[OFFICE.into()], past()).unwrap();
    let inner = part(&around.raw, "postacert.eml").unwrap();
    assert_eq!(part(&inner, "postacert.eml"), Some(envelope.raw));
}

#[test]
fn control_characters_of_a_subject_are_each_providers_own_affair() {
    let xml = |controls: Controls| {
        let provider = provider().clone().with_style(Style { controls, ..Style::aruba_like() });
        let submitted = Mail::new(SENDER).to(OFFICE).subject("dell\u{12}arte").compose(past()).unwrap();
        String::from_utf8(part(&accepted(&provider, &submitted, past()).envelope.raw, "daticert.xml").unwrap()).unwrap()
    };
    assert!(xml(Controls::Dropped).contains("<oggetto>dellarte</oggetto>"));
    for (controls, text) in [(Controls::Raw, "dell\u{12}arte"), (Controls::Reference, "dell&#18;arte")] {
        assert!(xml(controls).contains(text));
        assert!(roxmltree::Document::parse(&xml(controls)).is_err());
    }
}

#[test]
fn outsiders_are_marked_esterno() {
    let submitted = mail().cc("esterna@ente.test").compose(past()).unwrap();
    let Accepted { acceptance, .. } = accepted(provider(), &submitted, past());
    let xml = String::from_utf8(part(&acceptance.raw, "daticert.xml").unwrap()).unwrap();
    assert!(xml.contains(&format!("<destinatari tipo=\"certificato\">{OFFICE}</destinatari>")), "{xml}");
    assert!(xml.contains("<destinatari tipo=\"esterno\">esterna@ente.test</destinatari>"), "{xml}");
}

#[test]
fn a_repeatable_provider_repeats_itself_and_any_other_does_not() {
    let submitted = mail().message_id("<a@cittadini.test>").compose(past()).unwrap();
    let sealed = |provider: Provider| accepted(&provider, &submitted, past()).envelope.raw;
    assert_eq!(sealed(provider().clone().repeatable(7)), sealed(provider().clone().repeatable(7)));
    assert_ne!(sealed(provider().clone().repeatable(7)), sealed(provider().clone().repeatable(8)));
    assert_ne!(sealed(provider().clone()), sealed(provider().clone()));
}

#[test]
fn what_other_offices_attach_is_xml_and_says_who_and_which() {
    use gestore::office::{
        Registration, Segnatura, aggiornamento_conferma, annullamento, conferma_ricezione, notifica_eccezione,
    };
    let theirs = Registration {
        amministrazione: "c_x001".into(),
        aoo: "AOO<1>".into(),
        registro: None,
        numero: 42,
        data: "2026-03-02".into(),
    };
    let ours = Registration { registro: Some("REG".into()), numero: 12_345_678, ..theirs.clone() };
    let segnatura = Segnatura {
        registration: theirs.clone(),
        origine: "protocollo@altro.test".into(),
        denominazione: "Comune & Co".into(),
        destinazione: OFFICE.into(),
        conferma_ricezione: true,
        oggetto: "Parere \"urgente\"".into(),
        documento: "a \"b\".pdf".into(),
    };
    for (xml, root, numbers) in [
        (segnatura.xml(), "Segnatura", &["0000042"][..]),
        (conferma_ricezione(&theirs, &ours), "ConfermaRicezione", &["0000042", "12345678"]),
        (aggiornamento_conferma(&theirs, &ours), "AggiornamentoConferma", &["0000042", "12345678"]),
        (notifica_eccezione(Some(&ours), "", "motivo"), "NotificaEccezione", &["12345678"]),
        (notifica_eccezione(None, "Oggetto & c.", "motivo"), "NotificaEccezione", &[]),
        (annullamento(&theirs, "errore", "n. 1"), "AnnullamentoProtocollazione", &["0000042"]),
    ] {
        let xml = String::from_utf8(xml).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap_or_else(|why| panic!("{why}: {xml}"));
        assert!(document.root_element().has_tag_name(root), "{xml}");
        let found: Vec<&str> = document
            .descendants()
            .filter(|node| node.has_tag_name("NumeroRegistrazione"))
            .filter_map(|node| node.text())
            .collect();
        assert_eq!(found, numbers, "{xml}");
    }
}

//! `daticert.xml` by the rules, by habit, and by attackers.

use super::*;
use alloc::format;
use alloc::string::ToString;
use proptest::prelude::*;

const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="avvenuta-consegna" errore="nessuno"><intestazione><mittente>protocollo@ente.test</mittente>
<destinatari tipo="certificato">Mario.Rossi@Cittadini.test</destinatari><destinatari tipo="esterno">x@altrove.example</destinatari>
<risposte></risposte><oggetto>Perch&#232; &lt;urgente&gt;</oggetto></intestazione>
<dati><gestore-emittente>Prova S.p.A.</gestore-emittente><data zona="+0200"><giorno>10/04/2026</giorno><ora>10:57:21</ora></data>
<identificativo>opec1.2.3@pec.prova.test</identificativo><msgid>&lt;m@ente.test&gt;</msgid><ricevuta tipo="completa"/>
<consegna>mario.rossi@<!-- x -->cittadini.test</consegna></dati></postacert>"#;

fn read(xml: &str) -> Result<Daticert, &'static str> {
    Daticert::read(xml.as_bytes()).map_err(|why| why.code)
}

#[test]
fn every_field_is_read() {
    let data = read(GOOD).unwrap();
    assert_eq!((data.tipo, data.errore), (Tipo::AvvenutaConsegna, Errore::Nessuno));
    assert_eq!(data.destinatari.iter().map(|d| d.esterno).collect::<Vec<_>>(), [false, true]);
    assert_eq!(data.risposte, "");
    assert_eq!(data.oggetto, "Perchè <urgente>");
    assert_eq!(data.data, "2026-04-10T08:57:21Z".parse().unwrap());
    assert_eq!(data.msgid.as_deref(), Some("<m@ente.test>"));
    assert_eq!(data.ricevuta, Some(TipoRicevuta::Completa));
    assert_eq!(data.consegna.as_deref(), Some("mario.rossi@cittadini.test"), "a comment cuts no address");
    assert!(!data.repaired);
}

#[test]
fn unknown_words_are_kept() {
    let data = read(&GOOD.replace("avvenuta-consegna", "nuovo-tipo").replace("nessuno", "nuovo")).unwrap();
    assert_eq!((data.tipo.word(), data.errore.word()), ("nuovo-tipo", "nuovo"));
}

#[test]
fn characters_that_xml_forbids_are_dropped_once_and_noted() {
    for bad in ["&#18;", "\u{16}", "&#x1F;", "&#xFFFF;"] {
        let data = read(&GOOD.replace("urgente", &format!("urg{bad}ente"))).unwrap();
        assert_eq!((data.oggetto.as_str(), data.repaired), ("Perchè <urgente>", true), "{bad:?}");
    }
    assert_eq!(read(&GOOD.replace("urgente", "&#18;&bogus;")).unwrap_err(), "daticert-xml");
}

#[test]
fn cardinalities_are_those_of_the_dtd() {
    for (name, change) in [
        ("mittente", ("<mittente>protocollo@ente.test</mittente>", "")),
        ("two senders", ("<risposte>", "<mittente>a@b.test</mittente><risposte>")),
        ("markup in an address", ("protocollo@ente.test", "protocollo@<b>ente</b>.test")),
        ("zone", ("+0200", "CEST")),
        ("day", ("10/04/2026", "31/02/2026")),
        ("root", ("postacert", "altro")),
        ("tipo", (" tipo=\"avvenuta-consegna\"", "")),
        ("no recipient at all", ("destinatari", "destinatario")),
        ("an empty recipient", ("x@altrove.example", " ")),
        ("an empty sender", ("protocollo@ente.test", "<!-- -->")),
        ("an empty id", ("opec1.2.3@pec.prova.test", "")),
        ("no reply address", ("<risposte></risposte>", "")),
        ("two subjects", ("<oggetto>", "<oggetto/><oggetto>")),
        ("two deliveries", ("<consegna>", "<consegna>x@y.test</consegna><consegna>")),
        ("two receipts", ("<ricevuta", "<ricevuta tipo='breve'/><ricevuta")),
        ("a receipt of no type", (" tipo=\"completa\"", "")),
        ("two headings", ("<dati>", "<intestazione/><dati>")),
        ("no data", ("dati>", "dato>")),
        ("two ids", ("<msgid>", "<identificativo>y</identificativo><msgid>")),
    ] {
        assert_eq!(read(&GOOD.replace(change.0, change.1)).unwrap_err(), "daticert-content", "{name}");
    }
}

#[test]
fn what_the_rules_do_not_know_is_kept_as_data() {
    let odd = GOOD
        .replace("<postacert ", "<postacert versione=\"2\" ")
        .replace("tipo=\"esterno\"", "tipo=\"sospeso\" da=\"ieri\"")
        .replace("<consegna>", "<firma a=\"1\"> uno<x>due</x> tre </firma><consegna>");
    let data = read(&odd).unwrap();
    let others: Vec<_> = data.others.iter().map(|o| (o.path.as_str(), o.value.as_str())).collect();
    let wanted = [
        ("@versione", "2"),
        ("intestazione/destinatari/@tipo", "sospeso"),
        ("intestazione/destinatari/@da", "ieri"),
        ("dati/firma", "uno tre"),
        ("dati/firma/@a", "1"),
        ("dati/firma/x", "due"),
    ];
    assert_eq!(others, wanted);
    assert!(!data.destinatari[1].esterno, "a word that nobody knows takes no receipt away");
    assert_eq!(Daticert { others: Vec::new(), ..data }.consegna, read(GOOD).unwrap().consegna);
    assert!(read(GOOD).unwrap().others.is_empty());
    let many = GOOD
        .replace("<consegna>", &format!("<{0}/><consegna>", "n".repeat(2000)).repeat(1))
        .replace("<oggetto>", &format!("{}<oggetto>", "<nuovo/>".repeat(500)));
    let data = read(&many).unwrap();
    assert_eq!(data.others.len(), OTHERS_MAX);
    assert!(data.others.iter().all(|o| o.path.len() <= OTHER_PATH_BYTES_MAX));
}

#[test]
fn text_is_read_however_it_is_written() {
    for (name, subject) in [
        ("CDATA", "<![CDATA[Perchè <urgente>]]>"),
        ("cut by a comment", "Perchè &lt;ur<!-- x -->gente&gt;"),
        ("cut by an instruction", "Perchè &lt;ur<?php x?>gente&gt;"),
        ("references", "&#x50;erch&#xE8;&#32;&lt;urgente&#62;"),
        ("blanks around", "\n\t Perchè &lt;urgente&gt; \n"),
    ] {
        assert_eq!(
            read(&GOOD.replace("Perch&#232; &lt;urgente&gt;", subject)).unwrap().oggetto,
            "Perchè <urgente>",
            "{name}"
        );
    }
    let good = read(GOOD).unwrap();
    // A namespace, a prefix: the names stay what they are.
    assert_eq!(read(&GOOD.replace("<postacert ", "<postacert xmlns=\"urn:x\" ")).unwrap(), good);
    let prefixed = GOOD.replace("<dati>", "<p:dati xmlns:p=\"urn:x\">").replace("</dati>", "</p:dati>");
    assert_eq!(read(&prefixed).unwrap(), good);

    let accents = GOOD.replace("&#232;", "è");
    let declared = accents.replace("UTF-8", "ISO-8859-1");
    let latin1: Vec<u8> = declared.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(Daticert::read(&latin1).unwrap(), good);
    for (order, unit) in [([0xfe, 0xff], u16::to_be_bytes as fn(u16) -> [u8; 2]), ([0xff, 0xfe], u16::to_le_bytes)] {
        let wide: Vec<u8> = order.into_iter().chain(accents.encode_utf16().flat_map(unit)).collect();
        assert_eq!(Daticert::read(&wide).unwrap(), good);
        assert_eq!(Daticert::read(&wide[..wide.len() - 1]).unwrap_err().code, "daticert-charset");
    }
    assert_eq!(Daticert::read(&[b"\xef\xbb\xbf", accents.as_bytes()].concat()).unwrap(), good);
    assert_eq!(
        Daticert::read(&latin1.iter().map(|b| if *b == b'-' { b'_' } else { *b }).collect::<Vec<u8>>())
            .unwrap_err()
            .code,
        "daticert-charset"
    );
}

#[test]
fn the_instant_is_the_one_of_its_zone() {
    let at = |zona: &str, giorno: &str, ora: &str| {
        let xml = GOOD.replace("+0200", zona).replace("10/04/2026", giorno).replace("10:57:21", ora);
        read(&xml).ok().map(|d| d.data.to_string())
    };
    for (zona, giorno, ora, wanted) in [
        ("+0100", "03/02/2026", "10:10:11", Some("2026-02-03T09:10:11Z")),
        (" +01:00 ", "3/2/2026", "10:10:11", Some("2026-02-03T09:10:11Z")),
        ("-0330", "31/12/2025", "23:59:59", Some("2026-01-01T03:29:59Z")),
        // The hour that summer time skips and the one that it doubles, each with its zone.
        ("+0100", "29/03/2026", "02:30:00", Some("2026-03-29T01:30:00Z")),
        ("+0200", "25/10/2026", "02:30:00", Some("2026-10-25T00:30:00Z")),
        ("+0100", "25/10/2026", "02:30:00", Some("2026-10-25T01:30:00Z")),
        ("+0100", "29/02/2028", "00:00:60", Some("2028-02-28T23:00:59Z")),
        ("+0100", "29/02/2026", "00:00:00", None),
        ("+0100", "03/02/26", "10:10:11", None),
        ("+0100", "+3/02/2026", "10:10:11", None),
        ("+0100", "2026/02/03", "10:10:11", None),
        ("+0100", "03/02/2026/1", "10:10:11", None),
        ("+0100", "03/02/2026", "24:00:00", None),
        ("+0100", "03/02/2026", "10:10:61", None),
        ("+0100", "03/02/2026", "10:10", None),
        ("+0160", "03/02/2026", "10:10:11", None),
        ("+1500", "03/02/2026", "10:10:11", None),
        ("0100", "03/02/2026", "10:10:11", None),
        ("+01000", "03/02/2026", "10:10:11", None),
        ("", "03/02/2026", "10:10:11", None),
    ] {
        assert_eq!(at(zona, giorno, ora).as_deref(), wanted, "{giorno} {ora} {zona}");
    }
}

#[test]
fn a_list_of_recipients_is_as_long_as_fits() {
    let listed = |n: usize| {
        let more: alloc::string::String =
            (0..n).map(|i| format!("<destinatari>casella-{i:05}@comune-{i:05}.test</destinatari>")).collect();
        read(&GOOD.replace("<risposte>", &format!("{more}<risposte>")))
    };
    assert_eq!(listed(4000).unwrap().destinatari.len(), 4002);
    assert_eq!(listed(5000).unwrap_err(), "daticert-too-large");
}

#[test]
fn bombs_are_refused_before_a_tree_is_built() {
    let inside = |xml: &str| GOOD.replace("<risposte>", &format!("{xml}<risposte>"));
    let attributes: alloc::string::String = (0..20_000).map(|i| format!(" a{i}=''")).collect();
    for (name, bomb) in [
        ("entities", GOOD.replace("<postacert", "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><postacert")),
        ("external", GOOD.replace("<postacert", "<!DOCTYPE x SYSTEM 'file:///x'><postacert")),
        ("depth", inside(&"<a>".repeat(1000))),
        ("attributes", inside(&format!("<a{attributes}/>"))),
        // The comment ends sooner once the forbidden character is gone (found by fuzzing).
        ("attributes behind a comment", inside(&format!("<!-- --\u{1}><a{attributes}/> -->"))),
        ("elements", inside(&"<a/>".repeat(30_000))),
    ] {
        assert_eq!(read(&bomb).unwrap_err(), "daticert-too-complex", "{name}");
    }
    assert_eq!(read(&inside(&"x".repeat(DATICERT_BYTES_MAX))).unwrap_err(), "daticert-too-large");
    assert_eq!(read(&"&#".repeat(100_000)).unwrap_err(), "daticert-xml");
    assert_eq!(Daticert::read(b"\xff<x>").unwrap_err().code, "daticert-charset");
}

/// Prints what [`Daticert::read`] reads, as one of several programs would.
fn print(data: &Daticert, zone: i32, habit: u8) -> String {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let text = |text: &str| match habit {
        0 => escaped(text),
        1 => format!("\n  <![CDATA[{}]]>\n", text.replace("]]>", "]]]]><![CDATA[>")),
        2 => text.chars().map(|c| format!("&#{};", u32::from(c))).collect(),
        _ => format!("<!-- a -->{}<!-- b -->", escaped(text)),
    };
    let leaf = |name: &str, value: &str| format!("<{name}>{}</{name}>", text(value));
    let maybe = |name: &str, value: &Option<String>| value.as_ref().map(|v| leaf(name, v)).unwrap_or_default();
    let many = |all: &[String]| all.concat();
    let to: Vec<String> = data
        .destinatari
        .iter()
        .map(|d| {
            format!(
                "<destinatari tipo='{}'>{}</destinatari>",
                if d.esterno { "esterno" } else { "certificato" },
                text(&d.address)
            )
        })
        .collect();
    let ricezione: Vec<String> = data.ricezione.iter().map(|r| leaf("ricezione", r)).collect();
    let others: Vec<String> =
        data.others.iter().map(|o| leaf(o.path.strip_prefix("dati/").unwrap(), &o.value)).collect();
    let ricevuta = data.ricevuta.as_ref().map(|r| format!("<ricevuta tipo=\"{}\"/>", escaped(r.word())));
    let local = Offset::from_seconds(zone * 60).unwrap().to_datetime(data.data);
    format!(
        "<postacert tipo=\"{}\" errore=\"{}\"><intestazione>{}{}{}{}</intestazione><dati>{}\
         <data zona=\"{}{:02}{:02}\"><giorno>{:02}/{:02}/{:04}</giorno><ora>{:02}:{:02}:{:02}</ora></data>{}{}{}{}{}{}{}</dati></postacert>",
        escaped(data.tipo.word()),
        escaped(data.errore.word()),
        leaf("mittente", &data.mittente),
        many(&to),
        leaf("risposte", &data.risposte),
        leaf("oggetto", &data.oggetto),
        leaf("gestore-emittente", &data.gestore_emittente),
        if zone < 0 { '-' } else { '+' },
        zone.abs() / 60,
        zone.abs() % 60,
        local.day(),
        local.month(),
        local.year(),
        local.hour(),
        local.minute(),
        local.second(),
        leaf("identificativo", &data.identificativo),
        maybe("msgid", &data.msgid),
        ricevuta.unwrap_or_default(),
        maybe("consegna", &data.consegna),
        many(&ricezione),
        maybe("errore-esteso", &data.errore_esteso),
        many(&others),
    )
}

fn any_daticert() -> impl Strategy<Value = Daticert> {
    let text = || "[ -~àèìòù€😀]{0,30}".prop_map(|t| t.trim().to_string());
    let full = || text().prop_filter("not empty", |t| !t.is_empty());
    let word = || prop_oneof!["(accettazione|no-dest|virus|breve|completa|posta-certificata)", "[a-z-]{1,12}"];
    let recipient = || (full(), any::<bool>()).prop_map(|(address, esterno)| Destinatario { address, esterno });
    let others = prop::collection::vec(full(), 0..4).prop_map(|values| {
        values.into_iter().enumerate().map(|(n, value)| Other { path: format!("dati/nuovo-{n}"), value }).collect()
    });
    (
        (word(), word(), full(), prop::collection::vec(recipient(), 1..5), text(), text(), text()),
        (0i64..4_000_000_000, full(), prop::option::of(full()), prop::option::of(word())),
        (prop::option::of(full()), prop::collection::vec(full(), 0..4), prop::option::of(full()), others),
    )
        .prop_map(|((tipo, errore, mittente, destinatari, risposte, oggetto, gestore_emittente), event, rest)| {
            Daticert {
                tipo: Tipo::read(&tipo),
                errore: Errore::read(&errore),
                mittente,
                destinatari,
                risposte,
                oggetto,
                gestore_emittente,
                data: Timestamp::from_second(event.0).unwrap(),
                identificativo: event.1,
                msgid: event.2,
                ricevuta: event.3.map(|r| TipoRicevuta::read(&r)),
                consegna: rest.0,
                ricezione: rest.1,
                errore_esteso: rest.2,
                others: rest.3,
                repaired: false,
            }
        })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(data in any_daticert(), zone in -720i32..=840, habit in 0u8..4) {
        let printed = print(&data, zone, habit);
        prop_assert_eq!(Daticert::read(printed.as_bytes()).map_err(|why| why.text), Ok(data), "{}", printed);
    }

    #[test]
    fn any_change_is_answered(at in 0..GOOD.len(), byte in any::<u8>(), cut in 0usize..20) {
        let mut bytes = GOOD.as_bytes().to_vec();
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, [byte]);
        let _ = Daticert::read(&bytes);
    }
}

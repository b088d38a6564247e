//! `daticert.xml` by the rules, by habit, and by attackers.

use super::*;
use alloc::format;
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
        ("two ids", ("<msgid>", "<identificativo>y</identificativo><msgid>")),
    ] {
        assert_eq!(read(&GOOD.replace(change.0, change.1)).unwrap_err(), "daticert-content", "{name}");
    }
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
    assert_eq!(Daticert::read(b"\xff\xfe<\0").unwrap_err().code, "daticert-charset");
}

proptest! {
    #[test]
    fn any_change_is_answered(at in 0..GOOD.len(), byte in any::<u8>(), cut in 0usize..20) {
        let mut bytes = GOOD.as_bytes().to_vec();
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, [byte]);
        let _ = Daticert::read(&bytes);
    }
}

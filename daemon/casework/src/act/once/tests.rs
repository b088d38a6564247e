//! What is the same thing under another name, and what is not.

use super::*;
use crate::act::{AGAIN, Act};
use crate::dossier::State;
use crate::scene::{START, Scene, at, flat, the};
use crate::verb::Verb;

fn held(name: &str) -> Held {
    Held { name: name.into(), dossier: "2025/000012".into(), at: at(START) }
}

fn found(point: &str, names: &[&str]) -> usize {
    let scene = Scene::of("richiesta", "urp");
    let held: Vec<Held> = names.iter().map(|name| held(name)).collect();
    again(&[point.to_string()], &held, &scene.dossier, &scene.people).len()
}

#[test]
fn a_document_is_known_by_what_its_name_says_and_no_other_by_its_generic_words() {
    for (point, name) in [
        ("Copia del contratto di affitto registrato", "contratto-affitto.pdf"),
        ("Il contratto d'affitto", "Contratto_Affitto_Rossi_Mario.pdf.p7m"),
        ("La planimetria", "planimetria catastale via Roma 12.pdf"),
        ("Le planimetrie", "PLANIMETRIA.PDF"),
        ("Documento di identità in corso di validità", "carta_identità_fronte.jpg"),
        ("La planimetria", "La planimetria"),
    ] {
        assert_eq!(found(point, &[name]), 1, "{point} / {name}");
    }
    for (point, name) in [
        ("Il contratto di affitto", "documento.pdf"),
        ("Il contratto di affitto", "IMG_20260302.jpg"),
        ("Il contratto di affitto", "scansione 3.pdf"),
        ("Il contratto di affitto", "Mario Rossi.pdf"),
        ("Il contratto di affitto", "contratto-lavoro.pdf"),
        ("Certificato di nascita", "certificato-morte.pdf"),
        ("Documento", "documento.pdf"),
    ] {
        assert_eq!(found(point, &[name]), 0, "{point} / {name}");
    }
    assert_eq!(found("Il contratto di affitto", &["contratto-affitto.pdf", "contratto.pdf", "visura.pdf"]), 2);
}

/// The groups of data that a public body may not ask twice: each that the register holds has a name, and is asked for by it.
#[test]
fn what_the_register_holds_of_a_person_is_not_asked_twice() {
    let mut scene = Scene::of("richiesta", "urp");
    let asked = |scene: &Scene, point: &str| {
        let told = again(&[point.to_string()], &[], &scene.dossier, &scene.people);
        told.first().map(|one| one.what.clone()).unwrap_or_default()
    };
    assert!(asked(&scene, "Il codice IBAN su cui accreditare la somma").starts_with("IBAN, nel registro"));
    assert!(asked(&scene, "Codice fiscale").starts_with("codice fiscale"));
    for (field, point) in [
        ("telefono", "Un numero di telefono"),
        ("email", "L'indirizzo mail"),
        ("indirizzo", "Certificato di residenza"),
        ("targa", "La targa dell'auto"),
        ("dati_catastali", "I dati catastali"),
        ("nucleo_familiare", "Composizione del nucleo familiare"),
        ("isee", "L'attestazione Isee"),
    ] {
        assert_eq!(asked(&scene, point), "", "nobody holds it yet: {point}");
        let entry = scene.people[0].record(field, "x", "anagrafe", at(START), None).expect("it fits");
        scene.people[0].apply(&entry, at(START));
        let told = asked(&scene, point);
        assert!(told.contains("nel registro dal 2 marzo 2026 (da anagrafe)"), "{point}: {told}");
    }
    assert_eq!(asked(&scene, "Il contratto di affitto della casa in cui hai la residenza"), "");
    scene.dossier.cover.people[0].role = PartyRole::Delegate;
    assert_eq!(asked(&scene, "Codice IBAN"), "", "a delegate's own data are not those of who asks");
}

#[test]
fn what_is_held_is_asked_again_only_with_a_reason_which_the_register_and_the_citizen_read() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    scene.held = alloc::vec![held("contratto-affitto.pdf")];
    let ask = |again: &str| Act::Do {
        verb: Verb::ChiediIntegrazione,
        points: ["La planimetria".to_string(), "Il contratto di affitto".to_string()].into(),
        to: String::new(),
        not_held: true,
        again: again.into(),
    };
    let before = scene.entries().count();
    let office = scene.office();
    let why = scene.try_as(&office, "operatore", "Anna Verdi", ask("")).unwrap_err();
    assert_eq!(why.code, "held-already");
    for part in ["«Il contratto di affitto»: «contratto-affitto.pdf»", "2025/000012", "2 marzo 2026", AGAIN, "--again"]
    {
        assert!(why.text.contains(part), "{part} in {}", why.text);
    }
    assert!(!why.text.contains("planimetria"), "{}", why.text);
    assert_eq!((scene.dossier.state, scene.entries().count()), (State::InLavorazione, before), "nothing happened");
    assert_eq!(scene.act(ask("   ")), Err("held-already"), "blanks are no reason");

    let letters = scene.act(ask("la copia non si legge")).unwrap();
    let letter = flat(the(&letters, "richiesta-integrazione"));
    assert!(letter.contains("Lo abbiamo già, ma ci serve di nuovo: la copia non si legge."), "{letter}");
    assert_eq!(
        letter.matches("Non lo possiamo avere da un altro ufficio pubblico").count(),
        1,
        "the other one: {letter}"
    );
    assert_eq!(scene.dossier.state, State::InAttesaIntegrazioni);
    let noted = scene.entries().find_map(|entry| match entry {
        crate::life::Entry::Noted { text } => Some(text.clone()),
        _ => None,
    });
    let noted = noted.expect("it is written down");
    assert!(noted.contains("contratto-affitto.pdf") && noted.contains("la copia non si legge"), "{noted}");
}

#[test]
fn who_takes_a_dossier_in_hand_reads_what_was_given_in_others() {
    let mut scene = Scene::of("richiesta", "urp");
    let own = Held { dossier: scene.dossier.number.clone(), ..held("domanda.pdf") };
    scene.held = alloc::vec![own, held("contratto-affitto.pdf")];
    let office = scene.office();
    let take =
        Act::Do { verb: Verb::Prendi, points: Vec::new(), to: String::new(), not_held: false, again: String::new() };
    let done = scene.try_as(&office, "operatore", "Anna Verdi", take).unwrap();
    assert!(
        done.said.contains("Già agli atti della stessa persona, da non chiedere di nuovo: «contratto-affitto.pdf»")
    );
    assert!(!done.said.contains("domanda.pdf"), "{}", done.said);
}

//! What a citizen's message writes, and what it never does. It changes when a message can do something else to a dossier.

use super::*;
use crate::participation::Kind as Filing;
use crate::person::{Over, Source};
use crate::scene::{MARIO, Mail, NEW_IBAN, SAFE, START, STRANGER, Scene, at, iban, mario, new, party, the};

const LAWYER: &str = "avvocato@pec.example";
const LAWYER_CODE: &str = "RSSMRA80A01H50MM";

fn has(trail: &[String], code: &str) -> bool {
    trail.iter().any(|it| it == code)
}

#[test]
fn everything_is_filed_and_files_are_documents() {
    let mut scene = Scene::of("richiesta", "urp");
    scene.write(&Mail { files: true, placed: false, ..Mail::of(SAFE, Kind::Other) });
    assert_eq!(scene.dossier.life.documents, 1);
    assert_eq!(scene.dossier.state, State::Protocollata);
}

#[test]
fn a_stranger_changes_nothing_but_may_take_part() {
    let mut scene = Scene::of("richiesta", "tributi").worked_on();
    let (state, parties) = (scene.dossier.state, scene.dossier.parties.clone());
    let mut mail = iban(STRANGER);
    mail.fields.push(("codice_fiscale", MARIO.into()));
    let (letters, _) = scene.write(&mail);
    assert_eq!(letters, [], "nothing leaks");
    scene.write(&Mail { files: true, ..Mail::of(STRANGER, Kind::IntegrationReply) });
    scene.write(&Mail::confirming(STRANGER, "abcdefghijklmnopqrstuvwxyz234567"));
    assert_eq!((scene.dossier.state, &scene.dossier.parties), (state, &parties));
    assert!(scene.dossier.life.changes.is_empty() && scene.dossier.life.facts.is_empty());
    // Whoever may be harmed may intervene (L. 241/1990 art. 9): it is weighed, and makes nobody a party.
    scene.write(&Mail::of(STRANGER, Kind::Participation));
    assert_eq!(scene.dossier.life.filings[0].kind, Filing::InterventoDiTerzo);
    assert_eq!(scene.dossier.parties, parties);
}

#[test]
fn a_stranger_answers_for_nobody() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let letters = scene.verb(Verb::PreavvisoDiniego).unwrap();
    scene.deliver(the(&letters, "preavviso-diniego"));
    scene.write(&Mail { files: true, ..Mail::of(STRANGER, Kind::IntegrationReply) });
    assert_eq!(scene.verb(Verb::Respingi), Err("notice-running"), "the citizen's days are the citizen's");
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    scene.verb(Verb::ChiediIntegrazione).unwrap();
    scene.write(&Mail { files: true, ..Mail::of(STRANGER, Kind::IntegrationReply) });
    assert_eq!(scene.dossier.state, State::InAttesaIntegrazioni);
}

/// A delegate asks for a change of Mario's data, from the dossier of which the delegate is the party.
#[test]
fn a_delegate_needs_a_mandate() {
    let lawyer = |mandate: bool| {
        let mut opening = new("richiesta", "tributi");
        opening.parties = vec![party("", LAWYER, PartyRole::Delegate)];
        let mut scene = Scene::opened(&opening).worked_on();
        let before = at(jiff::civil::Date::constant(2025, 1, 1));
        let made = person::change::NewPerson {
            codice_fiscale: Some(LAWYER_CODE),
            partita_iva: None,
            name: "Lea Legale",
            kind: person::Kind::Professionista,
        };
        let mut lawyer = Person::begin(&person::change::register(made, &[], 0).unwrap()).unwrap();
        let entry = lawyer.add_domicile(LAWYER, Source::IniPec, before, &[]).unwrap();
        lawyer.apply(&entry, before);
        let mut mario = mario();
        if mandate {
            let until = START.checked_add(jiff::Span::new().days(90)).unwrap();
            let entry = mario.mandate(&lawyer, Over::All, &"ab".repeat(32), START, until).unwrap();
            mario.apply(&entry, before);
        }
        scene.people = vec![mario, lawyer];
        let mut mail = iban(LAWYER);
        mail.fields.push(("codice_fiscale", MARIO.into()));
        let (letters, trail) = scene.write(&mail);
        (scene, letters, trail)
    };
    let (scene, letters, trail) = lawyer(false);
    assert!(has(&trail, "no-mandate"), "{trail:?}");
    assert!(letters.is_empty() && scene.dossier.life.changes.is_empty());
    let (scene, letters, _) = lawyer(true);
    assert_eq!(the(&letters, "conferma-modifica").to, SAFE, "Mario confirms, not the delegate");
    assert_eq!(scene.dossier.life.changes.len(), 1);
}

#[test]
fn two_values_in_one_mail_are_two_requests_that_nobody_guesses() {
    let mut scene = Scene::of("richiesta", "tributi").worked_on();
    let mut mail = iban(SAFE);
    mail.fields.push(("iban", "IT31B0300203280000400162854".into()));
    let (letters, trail) = scene.write(&mail);
    assert!(letters.is_empty() && scene.dossier.life.changes.is_empty(), "{trail:?}");
    assert!(has(&trail, "two-values") || has(&trail, "iban-wrong"), "{trail:?}");
}

#[test]
fn one_change_at_a_time_and_an_unplaced_mail_asks_for_none() {
    let mut scene = Scene::of("richiesta", "tributi").worked_on();
    scene.write(&Mail { placed: false, ..iban(SAFE) });
    assert!(scene.dossier.life.changes.is_empty());
    scene.write(&iban(SAFE));
    let (letters, trail) = scene.write(&iban(SAFE));
    assert!(letters.is_empty() && has(&trail, "already-open"), "{trail:?}");
    assert_eq!(scene.dossier.life.changes.len(), 1);
    assert_ne!(scene.iban("tributi"), NEW_IBAN);
}

#[test]
fn a_closed_dossier_keeps_what_comes_and_changes_nothing() {
    let mut scene = Scene::of("richiesta", "tributi").worked_on();
    scene.verb(Verb::Accogli).unwrap();
    let mut before = scene.dossier.clone();
    for mail in [
        iban(SAFE),
        Mail::of(SAFE, Kind::Participation),
        Mail { files: true, ..Mail::of(SAFE, Kind::IntegrationReply) },
        Mail::confirming(SAFE, "abcdefghijklmnopqrstuvwxyz234567"),
    ] {
        assert_eq!(scene.write(&mail).0, [], "{mail:?}");
    }
    before.life.entries = scene.dossier.life.entries;
    before.life.documents = scene.dossier.life.documents;
    assert_eq!(scene.dossier, before);
    assert_eq!(scene.dossier.life.documents, 1);
    scene.verb(Verb::Annulla).unwrap();
}

#[test]
fn a_procedure_without_participation_keeps_the_message_and_awaits_nothing() {
    let mut scene = Scene::of("tributi", "").worked_on();
    let (_, trail) = scene.write(&Mail::of(SAFE, Kind::Participation));
    assert!(has(&trail, "participation-excluded"), "{trail:?}");
    scene.verb(Verb::Accogli).unwrap();
}

#[test]
fn an_answer_in_words_alone_to_another_question_integrates_nothing() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let letters = scene.verb(Verb::ChiediIntegrazione).unwrap();
    scene.deliver(the(&letters, "richiesta-integrazione"));
    scene.write(&Mail::of(SAFE, Kind::StatusEnquiry));
    scene.write(&Mail { answers: false, placed: false, files: true, ..Mail::of(SAFE, Kind::Other) });
    assert_eq!(scene.dossier.state, State::InAttesaIntegrazioni);
    scene.write(&Mail { placed: false, files: true, ..Mail::of(SAFE, Kind::Other) });
    assert_eq!(scene.dossier.state, State::Integrata);
}

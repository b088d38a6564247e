//! Who may write which permission, and what it then obtains. It changes with what an office may write down.

use super::*;
use crate::person::{self, Person};
use crate::scene::{DESK, MARIO, START, at, later, mario};

const ANNA: &str = "BNCNNA80A41H501R";

fn anna() -> Person {
    let entry = person::change::register(
        person::change::NewPerson {
            codice_fiscale: Some(ANNA),
            partita_iva: None,
            name: "Anna Bianchi",
            kind: person::Kind::PersonaFisica,
        },
        &[],
        0,
    );
    Person::begin(&entry.unwrap()).unwrap()
}

fn order(what: Entrust, role: &str) -> Entrusting {
    Entrusting { person: MARIO.into(), what, by: "Ada Neri".into(), office: "urp".into(), role: role.into() }
}

fn mandate(dossier: &str) -> Entrust {
    Entrust::Mandate {
        delegate: ANNA.to_lowercase(),
        dossier: dossier.into(),
        evidence: "ab".repeat(32),
        until: later(START, 90),
    }
}

fn done(mario: &mut Person, what: Entrust) -> Result<(), &'static str> {
    let people = [mario.clone(), anna()];
    let done = entrust(&order(what, "responsabile"), &people, &DESK, at(START)).map_err(|why| why.code)?;
    for change in done.changes {
        let Change::Person { id, entry } = change else { panic!("{change:?}") };
        assert_eq!(id, mario.id, "it stands in the record of who gives it");
        mario.apply(&entry, at(START));
    }
    Ok(())
}

#[test]
fn a_mandate_is_given_and_ended_and_holds_in_between() {
    let mut mario = mario();
    done(&mut mario, mandate("2026/000012")).unwrap();
    let holds = |mario: &Person| mario.mandates.iter().any(|one| one.delegate == ANNA && one.holds(START));
    assert!(holds(&mario));
    let end = |dossier: &str| Entrust::EndMandate { delegate: ANNA.into(), dossier: dossier.into() };
    assert_eq!(done(&mut mario, end("")), Err("no-such-mandate"), "it was for one dossier");
    done(&mut mario, end("2026/000012")).unwrap();
    assert!(!holds(&mario), "from today on");
    assert_eq!(done(&mut mario, end("2026/000012")), Err("no-such-mandate"));
}

#[test]
fn a_grant_is_given_and_ended() {
    let mut mario = mario();
    done(&mut mario, Entrust::Grant { scope: Scope::OwnData, until: None }).unwrap();
    assert!(mario.grants.iter().any(|grant| grant.holds(START)));
    done(&mut mario, Entrust::EndGrant { scope: Scope::OwnData }).unwrap();
    assert!(!mario.grants.iter().any(|grant| grant.holds(START)));
    assert_eq!(done(&mut mario, Entrust::EndGrant { scope: Scope::OwnDossiers }), Err("no-such-grant"));
}

#[test]
fn who_writes_it_is_known_and_answers_for_it() {
    let people = [mario(), anna()];
    let code =
        |order: &Entrusting| entrust(order, &people, &DESK, at(START)).map(|done| done.said).map_err(|why| why.code);
    assert_eq!(code(&order(mandate(""), "operatore")), Err("not-lawful"));
    assert_eq!(code(&order(mandate(""), "sindaco")), Err("no-role"));
    assert_eq!(code(&Entrusting { by: " ".into(), ..order(mandate(""), "responsabile") }), Err("no-name"));
    assert_eq!(code(&Entrusting { office: "urpp".into(), ..order(mandate(""), "responsabile") }), Err("no-office"));
    assert_eq!(
        code(&Entrusting { person: "VRDLGU80A01H501X".into(), ..order(mandate(""), "responsabile") }),
        Err("no-person")
    );
    let own = Entrust::Mandate {
        delegate: MARIO.into(),
        dossier: "".into(),
        evidence: "ab".repeat(32),
        until: later(START, 9),
    };
    assert_eq!(code(&order(own, "responsabile")), Err("own-delegate"));
    let unseen =
        Entrust::Mandate { delegate: ANNA.into(), dossier: "".into(), evidence: "".into(), until: later(START, 9) };
    assert!(code(&order(unseen, "responsabile")).is_err(), "a mandate rests on a document");
}

/// Anybody of an office may silence notices that are a favour; nobody of one can ask for them.
#[test]
fn an_office_may_stop_the_notices_of_what_ends_and_no_more() {
    let mut mario = mario();
    let quiet =
        |mario: &Person, role| entrust(&order(Entrust::Quiet, role), &[mario.clone(), anna()], &DESK, at(START));
    assert_eq!(quiet(&mario, "operatore").unwrap_err().code, "not-asked");
    let asked = crate::person::Asked { at: at(START), message: "ab".repeat(32) };
    mario.apply(&crate::person::Entry::ExpiriesChosen { asked: Some(asked) }, at(START));
    let changes = quiet(&mario, "operatore").unwrap().changes;
    let [Change::Person { entry, .. }] = &changes[..] else { panic!("{changes:?}") };
    mario.apply(entry, at(START));
    assert_eq!(mario.expiries, None);
}

/// Who writes an address down opens a road to somebody; anybody of an office may close it.
#[test]
fn an_office_gives_an_address_for_courtesy_notices_and_takes_it_away() {
    let here = |courtesy| Desk {
        entity: crate::Entity { courtesy, fallback_office: "urp".into(), ..Default::default() },
        ..crate::scene::desk()
    };
    let road = crate::desk::CourtesyRoad { from: "avvisi@comune.example".into(), a_day: 3 };
    let (with, without) = (here(Some(road)), here(None));
    let mut mario = mario();
    let give = |person: &Person, address: &str, role: &str, desk: &Desk| {
        let what = Entrust::Courtesy { address: address.into() };
        entrust(&order(what, role), &[person.clone(), anna()], desk, at(START)).map_err(|why| why.code)
    };
    assert_eq!(give(&mario, "m@posta.example", "operatore", &with).unwrap_err(), "not-lawful");
    assert_eq!(give(&mario, "m@posta.example", "responsabile", &without).unwrap_err(), "no-courtesy-road");
    assert_eq!(give(&mario, crate::scene::SAFE, "responsabile", &with).unwrap_err(), "own-domicile");
    assert_eq!(give(&mario, "", "operatore", &with).unwrap_err(), "not-asked");
    let nowhere = Person { domiciles: vec![], ..mario.clone() };
    assert_eq!(give(&nowhere, "m@posta.example", "responsabile", &with).unwrap_err(), "no-safe-domicile");
    for (address, role, desk, held) in
        [("M@posta.example", "responsabile", &with, Some("m@posta.example")), ("", "operatore", &without, None)]
    {
        let changes = give(&mario, address, role, desk).unwrap().changes;
        let [Change::Person { entry, .. }] = &changes[..] else { panic!("{changes:?}") };
        mario.apply(entry, at(START));
        assert_eq!(mario.courtesy.as_ref().map(|own| own.address.as_str()), held);
    }
}

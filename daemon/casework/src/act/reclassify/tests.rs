//! A dossier goes on by another procedure, or does not. It changes when that is sound in other cases.

use super::*;
use crate::act::Act;
use crate::act::random_tests::{a_deed, happen};
use crate::scene::{DESK, Mail, SAFE, START, Scene, flat, iban, new, the};
use crate::term::reckon;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::date;
use proptest::prelude::*;

extern crate std;

fn to(procedure: &str) -> Act {
    Act::Reclassify { procedure: procedure.into(), why: "chiedeva un'altra cosa".into() }
}

#[test]
fn the_term_is_the_new_one_from_the_same_start_and_the_citizen_reads_it() {
    let mut scene = Scene::of("richiesta", "edilizia").worked_on();
    let before = scene.dossier.due;
    scene.days(20);
    let letters = scene.act(to("nido")).expect("it is open");
    let is = &scene.dossier;
    assert_eq!((is.cover.procedure.as_str(), is.office.as_str()), ("nido", "istruzione"));
    // Ninety days from the 2nd of March, not from today.
    assert_eq!((before, is.due), (Some(date(2026, 4, 1)), Some(date(2026, 6, 1))), "the 31st of May is a Sunday");
    assert_eq!((is.state, is.opened_at), (State::InLavorazione, crate::scene::at(START)));
    let notice = the(&letters, "avvio-procedimento");
    assert_eq!(notice.to, SAFE);
    let text = flat(notice);
    let old = DESK.procedures.get("richiesta").expect("it is there").title.clone();
    for part in ["lunedì 1° giugno 2026", "Iscrizione al nido", &format!("prima era «{old}», ed era un errore")] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let task = the(&letters, "compito-pratica");
    assert_eq!(task.to, DESK.rules.office("istruzione").expect("an office").mail, "the office that is competent now");
    assert!(flat(task).contains("chiedeva un'altra cosa"), "{}", task.text);
    // Both stand in the register, and it is read again as it was written.
    let words: Vec<String> = scene.entries().filter_map(Entry::words).collect();
    assert!(words.iter().any(|one| one == "procedimento corretto: da «richiesta» a «nido»"), "{words:?}");
    assert_eq!(scene.replayed(), scene.dossier);
}

#[test]
fn a_suspension_that_was_counts_in_the_new_term_too() {
    let mut scene = Scene::of("richiesta", "edilizia").worked_on();
    let asked = scene.verb(Verb::ChiediIntegrazione).expect("it is asked");
    scene.deliver(the(&asked, "richiesta-integrazione"));
    assert_eq!(scene.act(to("nido")).expect_err("it waits"), "waits");
    scene.days(5);
    scene.write(&Mail { files: true, ..Mail::of(SAFE, crate::rules::Kind::IntegrationReply) });
    scene.act(to("nido")).expect("it waits no more");
    let fresh = reckon(START, &clockwork::plan(DESK.procedures.get("nido").expect("it"), &DESK), &[]).last_day;
    assert!(scene.dossier.due > fresh, "{:?} after {fresh:?}", scene.dossier.due);
}

#[test]
fn what_would_be_unsound_is_refused_and_says_what_to_do() {
    let text = |scene: &Scene, procedure: &str| {
        let office = scene.office();
        scene.try_as(&office, "coordinatore", "Anna Verdi", to(procedure)).expect_err("it is unsound")
    };
    let mut scene = Scene::of("richiesta", "edilizia").worked_on();
    assert_eq!(text(&scene, "richiesta").code, "same-procedure");
    assert_eq!(text(&scene, "nidi").code, "no-procedure");
    scene.verb(Verb::PreavvisoDiniego).expect("it is announced");
    let why = text(&scene, "nido");
    assert!(why.code == "waits" && why.text.contains("prima scrivi RIPRENDO"), "{}", why.text);
    scene.verb(Verb::Riprendi).expect("it goes on");
    scene.act(to("nido")).expect("it waits no more");
    let mut asked = Scene::of("richiesta", "edilizia").worked_on();
    asked.write(&iban(SAFE));
    assert_eq!(text(&asked, "nido").code, "change-open");
    let mut decided = Scene::of("richiesta", "edilizia").worked_on();
    decided.verb(Verb::DichiaraIrricevibile).expect("it is decided");
    assert_eq!(text(&decided, "nido").code, "closed");
    let worked = Scene::of("richiesta", "edilizia").worked_on();
    let weak = worked.try_as("edilizia", "operatore", "Anna Verdi", to("nido")).expect_err("who decides");
    assert_eq!(weak.code, "not-lawful");
}

#[test]
fn a_correction_makes_no_silence_and_unmakes_none() {
    let assent = |procedure: &&Procedure| clockwork::meaning(procedure) == Silence::Assenso;
    let granting = DESK.procedures.all().find(assent).expect("one grants by silence").id.clone();
    let mut late = Scene::of("richiesta", "edilizia").worked_on();
    late.days(200);
    assert_eq!(late.act(to(&granting)).expect_err("it would be granted at once"), "term-over");
    let unit = DESK.procedures.get(&granting).and_then(|one| one.unit.clone()).expect("a unit");
    let mut formed = Scene::opened(&new(&granting, &unit)).worked_on();
    formed.days(200);
    assert_eq!(formed.act(to("richiesta")).expect_err("the law has granted it"), "silence-decided");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Wherever a dossier stands: either nothing changes, or what it is by the new procedure could have come about under it, and it
    /// can still be decided.
    #[test]
    fn a_dossier_is_never_left_where_its_procedure_has_no_way_out(
        first in prop::sample::select(vec!["richiesta", "cambio-residenza", "accesso-atti", "tributi", "ztl"]),
        second in prop::sample::select(DESK.procedures.all().map(|one| one.id.clone()).collect::<Vec<_>>()),
        before in prop::collection::vec(a_deed(), 0..20),
        after in prop::collection::vec(a_deed(), 0..20),
    ) {
        let mut scene = Scene::of(first, "tributi");
        before.iter().for_each(|deed| happen(&mut scene, deed));
        let was = scene.dossier.clone();
        if scene.act(to(&second)).is_err() {
            prop_assert_eq!(&was, &scene.dossier);
            return Ok(());
        }
        let procedure = clockwork::procedure_of(&scene.dossier, &DESK).expect("it is there");
        let is = &scene.dossier;
        prop_assert_eq!(&procedure.id, &second);
        prop_assert_eq!((is.state, is.opened_at), (was.state, was.opened_at));
        prop_assert!(!was.state.is_final() && procedure.can_be_decided().contains(&is.state), "{:?}", is.state);
        let fresh = reckon(rome(was.opened_at).date(), &clockwork::plan(procedure, &DESK), &is.life.facts).last_day;
        prop_assert_eq!(is.due, fresh);
        after.iter().for_each(|deed| happen(&mut scene, deed));
        prop_assert_eq!(scene.replayed(), scene.dossier);
    }
}

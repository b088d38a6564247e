//! Days that come: who is told, once, and that no day decides. It changes when time may do something else.

use super::*;
use crate::act::Act;
use crate::calendar;
use crate::dossier::Life;
use crate::rules::Kind;
use crate::scene::{Mail, SAFE, START, Scene, at, desk, iban, later, the, verb_with};

/// Looks every day until a date; each letter with its day.
fn until(scene: &mut Scene, last: Date) -> Vec<(Date, Outgoing)> {
    let mut all = vec![];
    while rome(scene.now).date() < last {
        scene.days(1);
        let today = rome(scene.now).date();
        let look = scene.dossier.life.look;
        let letters = scene.look();
        assert!(scene.dossier.life.look.is_none_or(|next| next > today), "the next look is to come");
        if look.is_none_or(|look| look > today) {
            assert_eq!(letters, [], "nobody looks before the day that was said");
        }
        all.extend(letters.into_iter().map(|letter| (today, letter)));
    }
    all
}

fn days_of(told: &[(Date, Outgoing)], words: &str) -> Vec<Date> {
    told.iter().filter(|(_, letter)| letter.subject.contains(words)).map(|(day, _)| *day).collect()
}

#[test]
fn an_office_is_reminded_once_ten_and_three_days_before_and_after_the_end() {
    let mut scene = Scene::of("richiesta", "tributi");
    let due = scene.dossier.due.unwrap();
    assert_eq!(due.to_string(), "2026-04-01");
    let told = until(&mut scene, later(START, 400));
    assert_eq!(days_of(&told, "mancano 10 giorni"), [later(due, 0).checked_sub(jiff::Span::new().days(10)).unwrap()]);
    assert_eq!(days_of(&told, "mancano 3 giorni"), [due.checked_sub(jiff::Span::new().days(3)).unwrap()]);
    let over = days_of(&told, "termine scaduto");
    assert_eq!(over, [later(due, 1), later(due, 1)], "the office, and who tells the substitute");
    let to: Vec<&str> = told.iter().rev().take(2).map(|(_, letter)| letter.to.as_str()).collect();
    assert!(to.contains(&"tributi@comune.example") && to.contains(&"urp@comune.example"), "{to:?}");
    assert_eq!(told.len(), 4);
    assert_eq!(scene.dossier.state, State::Protocollata, "no timer closes it");
    assert_eq!(scene.dossier.life.look, None);
}

#[test]
fn a_second_look_on_one_day_writes_nothing() {
    let mut scene = Scene::of("richiesta", "tributi");
    scene.days(25);
    assert!(!scene.look().is_empty());
    let before = scene.dossier.clone();
    assert_eq!(look(&scene.dossier, &scene.people, &[], scene.desk, scene.now), None);
    assert_eq!(scene.dossier, before);
}

#[test]
fn after_months_without_service_all_is_told_in_one_task() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let letters = scene.act(verb_with(Verb::ChiediIntegrazione, &["x"])).unwrap();
    scene.deliver(the(&letters, "richiesta-integrazione"));
    scene.days(300);
    let letters = scene.look();
    let task = the(&letters, "compito-pratica");
    assert_eq!(letters.len(), 1, "nothing to the citizen, whose day is long past: {letters:?}");
    assert!(task.text.contains("tempo per le integrazioni") && task.text.contains("Il termine è finito"));
    assert_eq!(scene.dossier.state, State::InLavorazione);
}

#[test]
fn the_time_to_integrate_ends_by_itself_and_the_citizen_is_reminded_before() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    scene.days(9);
    let letters = scene.act(verb_with(Verb::ChiediIntegrazione, &["x"])).unwrap();
    scene.days(1);
    scene.deliver(the(&letters, "richiesta-integrazione"));
    let asked = rome(scene.now).date();
    let told = until(&mut scene, later(asked, 29));
    let reminders: Vec<&(Date, Outgoing)> = told.iter().filter(|(_, letter)| letter.template == "promemoria").collect();
    assert_eq!(reminders.len(), 1);
    assert_eq!(scene.dossier.state, State::InAttesaIntegrazioni);
    until(&mut scene, later(asked, 30));
    assert_eq!(scene.dossier.state, State::InLavorazione);
    assert_eq!(scene.dossier.life.suspended_until, None);
    assert_eq!(scene.dossier.due.unwrap().to_string(), "2026-05-02", "vector V8");
}

#[test]
fn nobody_is_reminded_of_what_the_office_gave_up() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let letters = scene.verb(Verb::PreavvisoDiniego).unwrap();
    scene.deliver(the(&letters, "preavviso-diniego"));
    let mut waiting = scene.clone();
    let day = later(START, 20);
    assert_eq!(until(&mut waiting, day).iter().filter(|(_, l)| l.template == "promemoria").count(), 1);
    scene.verb(Verb::Riprendi).unwrap();
    assert_eq!(until(&mut scene, day).iter().filter(|(_, l)| l.template == "promemoria").count(), 0);
    assert_eq!(waiting.dossier.state, State::PreavvisoDiniego, "a person weighs, no day does");
}

/// Vectors V9 and V10 of the law, through the dossier.
#[test]
fn an_announced_refusal_moves_the_end_and_the_suspension_ends_by_itself() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    scene.days(18);
    let letters = scene.verb(Verb::PreavvisoDiniego).unwrap();
    scene.deliver(the(&letters, "preavviso-diniego"));
    let mut answered = scene.clone();
    assert_eq!(scene.dossier.due.unwrap().to_string(), "2026-04-11");
    answered.days(7);
    answered.write(&Mail::of(SAFE, Kind::Participation));
    assert_eq!(answered.dossier.due.unwrap().to_string(), "2026-04-18");
    assert_eq!(answered.dossier.life.suspended_until.unwrap().to_string(), "2026-04-06");
    until(&mut answered, Date::constant(2026, 4, 6));
    assert_eq!(answered.dossier.life.suspended_until, None, "it runs again from that day on");
}

#[test]
fn advice_that_does_not_come_leaves_no_clock_standing() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let act = Act::Do {
        verb: Verb::ChiediParere,
        points: vec![],
        to: "Soprintendenza".into(),
        not_held: false,
        again: String::new(),
    };
    scene.act(act).unwrap();
    let until_when = scene.dossier.life.suspended_until.unwrap();
    until(&mut scene, until_when);
    assert_eq!(scene.dossier.life.suspended_until, None);
    assert_eq!(scene.dossier.state, State::InAttesaEnteTerzo, "that the office goes on, a person says");
}

/// A change of residence, of which the file says that the machine attests its silence.
fn residence() -> Scene {
    Scene::of("cambio-residenza", "").worked_on()
}

#[test]
fn silence_is_attested_by_the_machine_only_where_the_file_says_so_and_after_the_last_day() {
    let mut scene = residence();
    let due = scene.dossier.due.unwrap();
    until(&mut scene, due);
    assert_eq!(scene.dossier.state, State::InLavorazione, "the last day is the office's");
    let told = until(&mut scene, later(due, 1));
    assert_eq!(scene.dossier.state, State::AccoltaPerSilenzio);
    let outcome = told.iter().find(|(_, letter)| letter.template == "esito").expect("the attestation");
    assert!(outcome.1.text.contains("silenzio assenso"));
    assert!(!outcome.1.text.contains("abbiamo deciso"), "nobody decided late: {}", outcome.1.text);
    assert_eq!(until(&mut scene, later(due, 300)), [], "it is closed");
}

#[test]
fn no_silence_is_attested_over_a_memoria_an_open_change_or_a_suspension() {
    let due = |scene: &Scene| scene.dossier.due.unwrap();
    let mut unweighed = residence();
    unweighed.write(&Mail::of(SAFE, Kind::Participation));
    let mut open = residence();
    open.write(&iban(SAFE));
    assert_eq!(open.dossier.life.changes.len(), 1);
    let mut incomplete = Scene::of("cambio-residenza", "");
    incomplete.verb(Verb::ChiediRegolarizzazione).unwrap();
    for scene in [&mut unweighed, &mut open, &mut incomplete] {
        let (state, last) = (scene.dossier.state, later(due(scene), 200));
        let told = until(scene, last);
        assert_eq!(scene.dossier.state, state);
        assert!(scene.of_template("esito").is_empty());
        assert!(!days_of(&told, "silenzio assenso da attestare").is_empty(), "a person is told");
    }
    unweighed.weigh(1);
    unweighed.verb(Verb::AttestaSilenzio).unwrap();
    assert_eq!(open.verb(Verb::AttestaSilenzio), Err("change-open"));
}

/// Found by the simulation (seed 27): whoever was responsible could attest a silence on the first day.
#[test]
fn nobody_attests_a_silence_before_the_term_is_over() {
    let mut scene = residence();
    let due = scene.dossier.due.unwrap();
    assert_eq!(scene.verb(Verb::AttestaSilenzio), Err("too-early"));
    while rome(scene.now).date() < due {
        scene.days(1);
    }
    assert_eq!(scene.verb(Verb::AttestaSilenzio), Err("too-early"), "the last day is still the office's");
    scene.days(1);
    scene.verb(Verb::AttestaSilenzio).unwrap();
    assert_eq!(scene.dossier.state, State::AccoltaPerSilenzio);
}

#[test]
fn a_silence_whose_letter_cannot_be_written_is_left_to_a_person() {
    let mut scene = residence();
    let broken = alloc::boxed::Box::leak(alloc::boxed::Box::new(desk()));
    broken.entity.contact = String::new();
    scene.desk = broken;
    scene.days(46);
    scene.look();
    assert_eq!(scene.dossier.state, State::InLavorazione);
    assert!(scene.incidents.iter().any(|code| code == "template"), "{:?}", scene.incidents);
}

/// An office that the rules no longer have: its tasks go to the same mailbox as those of the fallback office.
#[test]
fn two_tasks_that_reach_one_mailbox_are_two_effects() {
    let mut scene = Scene::of("richiesta", "tributi");
    scene.dossier.office = "ufficio-sparito".into();
    scene.days(40);
    let letters = scene.look();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].to, letters[1].to);
    assert_ne!(letters[0].id, letters[1].id);
    assert_ne!(letters[0].message_id, letters[1].message_id);
}

#[test]
fn more_reminders_than_are_remembered_come_to_rest() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    for n in 0..120 {
        let clock = ClockFact::IntegrationAsked { at: at(later(START, n)), days: None };
        scene.dossier.apply(&Entry::Clock { clock }, scene.now);
    }
    scene.days(500);
    scene.look();
    assert_eq!(look(&scene.dossier, &scene.people, &[], scene.desk, scene.now), None);
    scene.days(1);
    assert_eq!(look(&scene.dossier, &scene.people, &[], scene.desk, scene.now), None, "nor the day after");
}

#[test]
fn a_closed_dossier_and_one_of_an_old_register_are_left_in_peace() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    scene.verb(Verb::DichiaraIrricevibile).unwrap();
    scene.days(400);
    assert_eq!(look(&scene.dossier, &scene.people, &[], scene.desk, scene.now), None);
    let mut old = Scene::of("richiesta", "urp");
    old.dossier.life = Life::default();
    old.dossier.cover.procedure.clear();
    old.days(400);
    assert_eq!(old.look().len(), 1, "told once, in one task");
    assert_eq!(look(&old.dossier, &old.people, &[], old.desk, old.now), None);
}

/// Counted with its own days, a month, or working days: no letter says another number than the clock.
#[test]
fn a_term_is_said_as_it_is_counted() {
    for (procedure, wanted) in
        [("richiesta", (30, false)), ("cambio-residenza", (45, false)), ("dati-personali", (31, false))]
    {
        let scene = Scene::of(procedure, "urp");
        assert_eq!(term_in_days(&scene.dossier), Some(wanted), "{procedure}");
        let last = calendar::last_day(START, wanted.0, crate::rules::Calendar::Solar, None);
        assert_eq!(scene.dossier.due, Some(last), "{procedure}");
    }
}

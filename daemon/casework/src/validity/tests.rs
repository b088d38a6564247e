//! Who is told that what was granted ends: who asked, once, on the day, while it holds. It changes when others may be told.

use super::*;
use crate::act::Act;
use crate::dossier::{Life, State};
use crate::person::{Entry as Of, Source};
use crate::scene::{MARIO, SAFE, START, Scene, at, desk_where, flat, later, new, party};
use crate::verb::Verb;
use alloc::string::ToString;
use jiff::civil::date;
use proptest::prelude::*;

extern crate std;

const LETTER: &str = "avviso-scadenza";

fn asked() -> Of {
    Of::ExpiriesChosen { asked: Some(Asked { at: at(START), message: "ab".repeat(32) }) }
}

fn choose(scene: &mut Scene, entry: Of) {
    scene.take(vec![Change::Person { id: MARIO.into(), entry }], vec![]);
}

/// Granted on a day: twelve months, told thirty days before.
fn granted(day: Date) -> Scene {
    let mut scene = Scene::opened_at(&crate::scene::DESK, &new("ztl", "mobilita"), at(day)).worked_on();
    scene.verb(Verb::Accogli).expect("it is granted");
    scene
}

fn untold(scene: &Scene) -> Vec<Untold> {
    let why = |entry: &Entry| match entry {
        Entry::Validity { step: Step::Untold { why, .. } } => Some(*why),
        _ => None,
    };
    scene.entries().filter_map(why).collect()
}

#[test]
fn who_asked_is_told_once_on_the_day_why_and_how_to_stop() {
    let mut scene = granted(START);
    choose(&mut scene, asked());
    let outcome = flat(scene.of_template("esito")[0]);
    assert!(
        outcome.contains("vale fino a martedì 2 marzo 2027. Se vuoi un avviso prima, scrivi nell'oggetto AVVISAMI"),
        "{outcome}"
    );
    assert_eq!(scene.dossier.life.look, Some(date(2027, 1, 31)), "a Sunday: no term, so it moves nothing");
    let told = scene.live(date(2028, 6, 1));
    let [(day, letter)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*day, letter.template.as_str(), letter.to.as_str()), (date(2027, 1, 31), LETTER, SAFE));
    let text = flat(letter);
    for part in [
        "Permesso per la zona a traffico limitato.",
        "Ultimo giorno: martedì 2 marzo 2027",
        &format!("Fascicolo: {}", scene.dossier.number),
        "Ricevi questo avviso perché lunedì 2 marzo 2026 hai scritto AVVISAMI DELLE SCADENZE.",
        "mailto:comune@pec.example?subject=NUOVA%20Permesso%20per%20la%20zona%20a%20traffico%20limitato",
        "NUOVA Permesso per la zona a traffico limitato",
        "mailto:comune@pec.example?subject=NON%20AVVISARMI",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!letter.subject.contains("[Fascicolo"), "an answer is a new request, not a paper of the old one");
    assert_eq!(scene.dossier.life.look, None);
    assert_eq!(scene.replayed(), scene.dossier, "what was told is in the register");
}

#[test]
fn the_last_day_is_that_of_the_calendar_in_leap_years_too() {
    for (day, until, tell_on) in [
        (date(2028, 2, 29), date(2029, 2, 28), date(2029, 1, 29)),
        (date(2027, 2, 28), date(2028, 2, 28), date(2028, 1, 29)),
        (date(2027, 3, 1), date(2028, 3, 1), date(2028, 1, 31)),
        (date(2026, 12, 31), date(2027, 12, 31), date(2027, 12, 1)),
    ] {
        assert_eq!(
            granted(day).dossier.life.validity,
            Some(Validity { until, tell_on: Some(tell_on), rate: None }),
            "{day}"
        );
    }
    assert_eq!(months_after(date(2026, 1, 31), 1), date(2026, 2, 28));
    // Half past eleven of the evening in London is tomorrow in Rome.
    let mut scene = Scene::of("ztl", "mobilita").worked_on();
    scene.now = "2026-05-04T22:30:00Z".parse().unwrap();
    scene.verb(Verb::Accogli).unwrap();
    assert_eq!(scene.dossier.life.validity.unwrap().until, date(2027, 5, 5));
}

#[test]
fn after_a_long_stop_he_is_told_once_while_it_holds_and_not_when_it_is_over() {
    let mut scene = granted(START);
    choose(&mut scene, asked());
    let mut late = scene.clone();
    scene.days(365); // the last day
    assert_eq!(scene.look().len(), 1);
    assert_eq!(scene.live(date(2028, 1, 1)), []);
    late.days(366);
    assert_eq!((late.look(), untold(&late)), (vec![], vec![Untold::Over]));
    assert_eq!(late.live(date(2028, 1, 1)), []);
}

#[test]
fn nobody_else_is_told_and_the_register_says_why() {
    let scene = granted(START);
    let mut all: Vec<(&str, Scene, Untold)> = vec![("he never asked", scene.clone(), Untold::Unasked)];
    let mut add = |name, why, change: &dyn Fn(&mut Scene)| {
        let mut scene = scene.clone();
        choose(&mut scene, asked());
        change(&mut scene);
        all.push((name, scene, why));
    };
    add("he asked, and stopped it", Untold::Unasked, &|scene| choose(scene, Of::ExpiriesChosen { asked: None }));
    add("he wants essential notices alone", Untold::Unasked, &|scene| {
        choose(scene, Of::NoticesChosen { notices: crate::person::Notices::Essential });
    });
    add("the mailbox is his no more", Untold::NoAddress, &|scene| {
        choose(scene, Of::DomicileEnded { address: SAFE.into(), source: Source::Inad });
    });
    add("he acted for another", Untold::Unasked, &|scene| {
        scene.dossier.cover.people[0].role = PartyRole::Delegate;
    });
    add("nothing of it is told", Untold::Reserved, &|scene| scene.dossier.cover.reserved = true);
    add("he renews it", Untold::Renewing, &|scene| scene.others = vec![renewal(scene)]);
    let silent = std::boxed::Box::leak(std::boxed::Box::new(desk_where(|name, text| match name {
        "ztl.toml" => {
            let (before, after) = text.split_once("[validita]").expect("it has one");
            let (_, after) = after.split_once("[scheda]").expect("and a card");
            format!("{before}[scheda]{after}")
        }
        _ => text,
    })));
    add("the file is silent now", Untold::NoRenewal, &|scene| scene.desk = silent);
    for (name, mut scene, why) in all {
        assert_eq!(scene.live(date(2028, 1, 1)), [], "{name}");
        assert_eq!((untold(&scene), scene.dossier.life.look), (vec![why], None), "{name}");
        assert!(
            Entry::Validity { step: Step::Untold { why, rate: None } }.words().unwrap().starts_with("nessun avviso")
        );
    }
}

/// Another dossier of his, of the same service, open.
fn renewal(scene: &Scene) -> Dossier {
    let life = Life::default();
    Dossier { number: "2027/000009".into(), state: State::Protocollata, life, ..scene.dossier.clone() }
}

#[test]
fn what_does_not_stand_for_a_renewal_silences_nothing() {
    for change in [
        |other: &mut Dossier| other.state = State::Respinta,
        |other: &mut Dossier| other.cover.procedure = "mensa".into(),
        |other: &mut Dossier| other.cover.people[0].person = "BNCNNA80A41H501R".into(),
    ] {
        let mut scene = granted(START);
        choose(&mut scene, asked());
        let mut other = renewal(&scene);
        change(&mut other);
        scene.others = vec![other];
        assert_eq!(scene.live(date(2028, 1, 1)).len(), 1);
    }
}

#[test]
fn an_annulled_grant_and_one_of_before_the_file_said_anything_end_in_silence() {
    let mut annulled = granted(START);
    choose(&mut annulled, asked());
    annulled.verb(Verb::Annulla).unwrap();
    assert_eq!((annulled.dossier.life.look, annulled.live(date(2028, 1, 1)).len()), (None, 0));
    let mut old = granted(START);
    choose(&mut old, asked());
    (old.dossier.life.validity, old.dossier.life.look) = (None, None);
    old.act(Act::Note { text: "ha telefonato".into() }).unwrap();
    assert_eq!((old.dossier.life.validity, old.dossier.life.look), (None, None), "nothing begins afterwards");
    old.days(340);
    assert_eq!(crate::clockwork::look(&old.dossier, &old.people, &[], old.desk, old.now), None);
    let mut mensa = Scene::of("mensa", "istruzione").worked_on();
    mensa.verb(Verb::Accogli).unwrap();
    assert_eq!(mensa.dossier.life.validity, None, "its file says nothing");
    assert!(!flat(mensa.of_template("esito")[0]).contains("Vale fino"));
}

#[test]
fn each_applicant_who_asked_is_told_and_a_mailbox_once() {
    let mut joint = new("ztl", "mobilita");
    joint.parties.push(party("", "vicina@pec.example", PartyRole::Intervener));
    let mut scene = Scene::opened(&joint).worked_on();
    scene.verb(Verb::Accogli).unwrap();
    choose(&mut scene, asked());
    let again = scene.dossier.cover.people[0].clone();
    scene.dossier.cover.people.push(again);
    let told = scene.live(date(2028, 1, 1));
    assert_eq!(told.iter().map(|(_, letter)| letter.to.to_string()).collect::<Vec<_>>(), [SAFE]);
}

#[derive(Debug, Clone)]
enum Happens {
    Asks,
    Stops,
    Essential,
    All,
    Leaves,
    Renews,
    Ends,
    /// Days with the service.
    Lives(i64),
    /// Days without it.
    Sleeps(i64),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => Just(Happens::Asks),
        1 => Just(Happens::Stops),
        1 => Just(Happens::Essential),
        1 => Just(Happens::All),
        1 => Just(Happens::Leaves),
        1 => Just(Happens::Renews),
        1 => Just(Happens::Ends),
        4 => (0_i64..200).prop_map(Happens::Lives),
        1 => (0_i64..60).prop_map(Happens::Sleeps),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Against the few words that say it: on the first day on which the service looks from the day on, if he wants it then, if it
    /// holds still, if the mailbox is his, and nothing renews it.
    #[test]
    fn no_life_tells_who_did_not_ask_nor_twice_nor_late(day in 0_u32..1_500, life in prop::collection::vec(happens(), 1..25)) {
        let day = later(START, day);
        let mut scene = granted(day);
        let (until, on) = (months_after(day, 12), days_before(months_after(day, 12), 30));
        let (mut wants, mut his, mut settled) = (false, true, false);
        let mut today = day;
        for event in life {
            match event {
                Happens::Asks => { choose(&mut scene, asked()); wants = true; }
                Happens::Stops => { choose(&mut scene, Of::ExpiriesChosen { asked: None }); wants = false; }
                Happens::Essential => {
                    choose(&mut scene, Of::NoticesChosen { notices: crate::person::Notices::Essential });
                    wants = false;
                }
                Happens::All => choose(&mut scene, Of::NoticesChosen { notices: crate::person::Notices::All }),
                Happens::Leaves => {
                    choose(&mut scene, Of::DomicileEnded { address: SAFE.into(), source: Source::Inad });
                    his = false;
                }
                Happens::Renews => scene.others = vec![renewal(&scene)],
                Happens::Ends => scene.others.iter_mut().for_each(|other| other.state = State::Accolta),
                Happens::Sleeps(days) => { scene.days(days); today = later(today, days.unsigned_abs() as u32); }
                Happens::Lives(days) => for _ in 0..=days {
                    scene.days(1);
                    today = later(today, 1);
                    let is_due = scene.dossier.life.look.is_some_and(|look| look <= today);
                    let told = if is_due { scene.look() } else { vec![] };
                    let is_renewing = scene.others.iter().any(|other| !other.state.is_final());
                    let wanted = !settled && on <= today && today <= until && wants && his && !is_renewing;
                    settled |= on <= today;
                    let to: Vec<(&str, &str)> = told.iter().map(|it| (it.template.as_str(), it.to.as_str())).collect();
                    prop_assert_eq!(to, if wanted { vec![(LETTER, SAFE)] } else { vec![] }, "{}", today);
                },
            }
            prop_assert_eq!(rome(scene.now).date(), today);
        }
        prop_assert_eq!(scene.replayed(), scene.dossier);
    }
}

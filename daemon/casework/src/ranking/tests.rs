//! A place is offered, reminded of, taken, given up, left without an answer; no day decides. It changes when a place is given
//! otherwise.

use super::*;
use crate::act::Act;
use crate::calendar::midnight;
use crate::dossier::State;
use crate::scene::{DESK, SAFE, Scene, flat, new, the};
use crate::verb::Verb;
use jiff::civil::date;
use proptest::prelude::*;

extern crate std;

/// Asked for while the ranking took requests, taken in charge, and come to the day after its closing.
fn ranked() -> Scene {
    let mut scene = Scene::opened_at(&DESK, &new("nido", "istruzione"), midnight(date(2027, 3, 10))).worked_on();
    scene.now = midnight(date(2027, 4, 6));
    scene
}

fn placed() -> Scene {
    let mut scene = ranked();
    scene.verb(Verb::Accogli).expect("it is granted");
    scene
}

fn steps(scene: &Scene) -> Vec<Step> {
    let step = |entry: &Entry| match entry {
        Entry::Ranking { step } => Some(step.clone()),
        _ => None,
    };
    scene.entries().filter_map(step).collect()
}

#[test]
fn the_letter_that_gives_a_place_says_until_when_and_with_which_words_it_is_taken() {
    let scene = placed();
    let outcome = scene.of_template("esito")[0];
    let text = flat(outcome);
    // Ten days from the 6th, the day of the decision left out.
    assert!(text.contains("Rispondi entro venerdì 16 aprile 2027."), "{text}");
    for word in ["ACCETTO", "RINUNCIO"] {
        assert!(text.contains(&format!("- {word} 2026/000001-CF")) || text.contains(&format!("- {word} 20")), "{text}");
        assert!(outcome.text.contains(&format!("subject={word}%20")), "{}", outcome.text);
    }
    assert!(text.contains("il posto non si perde da solo"), "{text}");
    // What is granted without a ranking asks for no answer.
    let mut other = Scene::of("richiesta", "tributi").worked_on();
    other.verb(Verb::Accogli).expect("it is granted");
    assert!(!flat(other.of_template("esito")[0]).contains("ACCETTO"));
    let mut refused = ranked();
    refused.verb(Verb::Respingi).expect("it is refused");
    assert!(!flat(refused.of_template("esito")[0]).contains("ACCETTO") && place(&refused.dossier).is_none());
}

#[test]
fn silence_reminds_once_tells_the_office_once_and_decides_nothing() {
    let mut scene = placed();
    let told = scene.live(date(2028, 4, 6));
    let days: Vec<(Date, &str, &str)> =
        told.iter().map(|(day, letter)| (*day, letter.template.as_str(), letter.to.as_str())).collect();
    let office = DESK.rules.office("istruzione").expect("an office").mail.as_str();
    assert_eq!(
        days,
        [(date(2027, 4, 13), "promemoria", SAFE), (date(2027, 4, 17), "compito-pratica", office)],
        "and nothing more in a year"
    );
    assert!(flat(&told[0].1).contains("rispondi entro venerdì 16 aprile 2027"), "{}", told[0].1.text);
    assert!(flat(&told[1].1).contains("Il silenzio non vale rinuncia"), "{}", told[1].1.text);
    assert_eq!(scene.dossier.state, State::Accolta);
    assert_eq!(place(&scene.dossier).expect("it is there").answer, None);
    assert_eq!(scene.replayed(), scene.dossier);
}

#[test]
fn a_service_that_stood_still_reminds_nobody_of_a_day_that_is_past() {
    let mut scene = placed();
    scene.now = midnight(date(2027, 5, 1));
    let told = scene.look();
    assert_eq!(told.iter().map(|letter| letter.template.as_str()).collect::<Vec<_>>(), ["compito-pratica"]);
    assert_eq!(steps(&scene).last(), Some(&Step::Unanswered));
}

#[test]
fn an_answer_ends_the_waiting_and_giving_up_may_follow_taking() {
    let at = midnight(date(2027, 4, 16));
    let mut scene = placed();
    let taken = answered(&scene.dossier, Answer::Taken, SAFE, at).expect("in time").expect("it is new");
    let number = scene.dossier.number.clone();
    let enter = |scene: &mut Scene, step: Step| {
        scene.take(vec![Change::Entered { dossier: number.clone(), entry: Entry::Ranking { step } }], vec![]);
    };
    enter(&mut scene, taken);
    assert_eq!(answered(&scene.dossier, Answer::Taken, SAFE, at), Ok(None), "said already");
    assert!(scene.live(date(2027, 6, 1)).is_empty(), "nobody is reminded");
    let up = answered(&scene.dossier, Answer::GivenUp, SAFE, scene.now).expect("late too").expect("it is new");
    enter(&mut scene, up);
    let back = answered(&scene.dossier, Answer::Taken, SAFE, scene.now);
    assert_eq!(back.expect_err("another may have it").code, "given-up");
    // After the last day the acceptance is weighed by a person, the renunciation is not.
    let scene = placed();
    let late = midnight(date(2027, 4, 17));
    assert_eq!(answered(&scene.dossier, Answer::Taken, SAFE, late).expect_err("late").code, "late-answer");
    assert!(answered(&scene.dossier, Answer::GivenUp, SAFE, late).is_ok());
    assert!(answered(&scene.dossier, Answer::Taken, SAFE, at).is_ok(), "the whole last day counts");
    let none = Scene::of("richiesta", "tributi");
    assert_eq!(answered(&none.dossier, Answer::Taken, SAFE, at).expect_err("no place").code, "no-place");
}

#[test]
fn the_office_tells_a_position_once_the_ranking_is_closed_and_decides_nothing_by_it() {
    let mut scene = ranked();
    let rank = |position| Act::Rank { position, points: vec!["Davanti a te ci sono 11 domande.".into()] };
    scene.now = midnight(date(2027, 3, 31));
    assert_eq!(scene.act(rank(12)).expect_err("it takes requests"), "too-early");
    scene.now = midnight(date(2027, 4, 1));
    assert_eq!(scene.act(rank(0)).expect_err("no such position"), "bad-position");
    let letters = scene.act(rank(12)).expect("it is told");
    let text = flat(the(&letters, "posizione-graduatoria"));
    assert!(text.contains("è al numero 12 della graduatoria") && text.contains("- Davanti a te"), "{text}");
    assert_eq!((scene.dossier.state, scene.dossier.life.ranking.position), (State::InLavorazione, Some(12)));
    let mut other = Scene::of("richiesta", "tributi").worked_on();
    assert_eq!(other.act(rank(1)).expect_err("no ranking"), "no-ranking");
    scene.verb(Verb::Respingi).expect("it is refused");
    assert_eq!(scene.act(rank(3)).expect_err("it is decided"), "closed");
}

#[test]
fn the_office_writes_down_what_was_said_otherwise_and_the_citizen_reads_it() {
    let mut scene = placed();
    let say = |answer, how: &str| Act::Place { answer, how: how.into() };
    assert_eq!(scene.act(say(Answer::GivenUp, " ")).expect_err("how?"), "empty");
    let letters = scene.act(say(Answer::GivenUp, "al telefono, il 7 aprile")).expect("it is written");
    let letter = the(&letters, "posto-graduatoria");
    assert!(flat(letter).contains("la rinuncia al posto") && letter.to == SAFE, "{}", letter.text);
    assert!(flat(letter).contains("Stato: accolta, con rinuncia al posto"), "{}", letter.text);
    assert!(is_given_up(&scene.dossier));
    assert_eq!(scene.act(say(Answer::GivenUp, "di nuovo")).expect_err("twice"), "said-already");
    let words: Vec<String> = scene.entries().filter_map(Entry::words).collect();
    assert!(words.iter().any(|one| one.contains("scritto da Anna Verdi: al telefono, il 7 aprile")), "{words:?}");
    let mut other = Scene::of("richiesta", "tributi").worked_on();
    other.verb(Verb::Accogli).expect("it is granted");
    assert_eq!(other.act(say(Answer::Taken, "al telefono")).expect_err("no place"), "no-place");
}

#[test]
fn what_is_annulled_gives_no_place_any_more() {
    let mut scene = placed();
    scene.verb(Verb::Annulla).expect("it is annulled");
    assert!(place(&scene.dossier).is_none() && scene.dossier.life.look.is_none());
    assert!(scene.live(date(2027, 6, 1)).iter().all(|(_, letter)| letter.template != "promemoria"));
}

fn a_step() -> impl Strategy<Value = Step> {
    let day = |days: i64| date(2027, 4, 6).saturating_add(jiff::Span::new().days(days));
    let answer = prop_oneof![Just(Answer::Taken), Just(Answer::GivenUp)];
    prop_oneof![
        (1..9u32).prop_map(|position| Step::Ranked { position }),
        (0..20i64, 0..20i64).prop_map(move |(until, look)| Step::Offered { until: day(until), look: day(look) }),
        Just(Step::Reminded),
        Just(Step::Unanswered),
        answer.prop_map(|answer| Step::Said { answer, by: "x".into() }),
    ]
}

proptest! {
    /// Whatever a register says one after the other: it is added up, and only an answer is an answer.
    #[test]
    fn only_what_was_said_is_an_answer(steps in prop::collection::vec(a_step(), 0..12)) {
        let mut ranking = Ranking::default();
        let mut said = None;
        for step in &steps {
            ranking.apply(step);
            match step {
                Step::Offered { .. } => said = None,
                Step::Said { answer, .. } if ranking.place.is_some() => said = Some(*answer),
                _ => {}
            }
            prop_assert_eq!(ranking.place.as_ref().and_then(|place| place.answer), said);
            let kept = serde_json::to_string(step).expect("it is written");
            prop_assert_eq!(&serde_json::from_str::<Step>(&kept).expect("it is read"), step);
        }
        prop_assert_eq!(ranking.is_empty(), ranking == Ranking::default());
    }
}

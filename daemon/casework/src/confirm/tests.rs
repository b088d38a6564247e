//! The code ends by itself, and a new one may be asked for. It changes when that does.

use super::*;
use crate::act::Act;
use crate::data_change::State;
use crate::scene::{Mail, NEW_IBAN, OLD_IBAN, SAFE, STRANGER, Scene, code_of, flat, iban, the};
use jiff::SignedDuration;

fn asked() -> (Scene, String) {
    let mut scene = Scene::of("richiesta", "tributi").worked_on();
    let (letters, _) = scene.write(&iban(SAFE));
    let code = code_of(the(&letters, "conferma-modifica"));
    (scene, code)
}

fn expired() -> (Scene, String) {
    let (mut scene, code) = asked();
    scene.days(6);
    let letters = scene.look();
    let task = the(&letters, "compito-pratica");
    assert!(task.subject.contains("una modifica non è stata confermata in tempo"), "{}", task.subject);
    assert!(flat(task).contains("niente è cambiato"), "{}", task.text);
    assert_eq!(scene.dossier.life.changes[0].state, State::Expired);
    (scene, code)
}

#[test]
fn a_code_ends_on_its_day_and_nothing_else_moves() {
    let (mut scene, _) = asked();
    scene.days(5);
    assert_eq!(scene.look(), [], "the last day is the citizen's until midnight");
    let (mut scene, _) = expired();
    assert_eq!((scene.iban("tributi"), scene.dossier.state.is_final()), (OLD_IBAN, false));
    assert_eq!(scene.look(), [], "once");
    assert_eq!(scene.act(Act::Approve { change: 1 }), Err("not-confirmed"));
    assert_eq!(scene.replayed(), scene.dossier);
}

#[test]
fn the_word_alone_and_an_old_code_bring_a_new_one_to_the_safe_domicile() {
    for old in [false, true] {
        let (mut scene, code) = expired();
        let mail = Mail::confirming(SAFE, if old { &code } else { "" });
        let (letters, trail) = scene.write(&mail);
        assert!(trail.contains(&"asked-again".to_string()), "{trail:?}");
        let letter = the(&letters, "conferma-modifica");
        assert_eq!(letter.to, SAFE);
        let new = code_of(letter);
        assert_ne!(new, code);
        scene.write(&Mail::confirming(SAFE, &new));
        assert_eq!(scene.dossier.life.changes[0].state, State::Confirmed);
        assert_eq!(scene.iban("tributi"), OLD_IBAN, "two people approve it still");
    }
}

#[test]
fn nobody_else_gets_a_new_one_and_not_without_end() {
    let (mut scene, _) = expired();
    let (letters, trail) = scene.write(&Mail::confirming(STRANGER, ""));
    assert!(letters.is_empty() && !trail.contains(&"asked-again".to_string()), "{trail:?}");
    let mut sent = 0;
    for _ in 0..10 {
        let (letters, _) = scene.write(&Mail::confirming(SAFE, ""));
        assert!(letters.iter().all(|letter| letter.to == SAFE));
        sent += letters.len();
    }
    assert_eq!(sent, crate::data_change::CONFIRMATIONS_MAX);
}

#[test]
fn the_office_may_ask_again_too() {
    let (mut scene, code) = expired();
    let letters = scene.act(Act::AskAgain { change: 1 }).unwrap();
    let new = code_of(the(&letters, "conferma-modifica"));
    scene.write(&Mail::confirming(SAFE, &code));
    assert!(
        matches!(scene.dossier.life.changes[0].state, State::AwaitingConfirmation { .. }),
        "the old one is worth nothing"
    );
    scene.write(&Mail::confirming(SAFE, &new));
    assert_eq!(scene.dossier.life.changes[0].state, State::Confirmed);
    assert_eq!(scene.act(Act::AskAgain { change: 1 }), Err("not-asked"));
    assert_eq!(scene.act(Act::AskAgain { change: 2 }), Err("no-change"));
    for by in ["Anna Verdi", "Bruno Gialli"] {
        scene.act_by(by, Act::Approve { change: 1 }).unwrap();
    }
    assert_eq!(scene.iban("tributi"), NEW_IBAN);
}

/// Certified in time, read after midnight: whoever answered in time was in time.
#[test]
fn what_was_certified_in_time_confirms() {
    let (mut scene, code) = asked();
    scene.days(6);
    let late = Mail { late: SignedDuration::from_hours(36), ..Mail::confirming(SAFE, &code) };
    scene.write(&late);
    assert_eq!(scene.dossier.life.changes[0].state, State::Confirmed);
}

//! Changes when a place that a ranking gave is taken or given up otherwise (function S3.19).

use crate::decide::{ANNA, bench, decide, decide_at, has_reason, mail, nothing};
use crate::enquiry::{STRANGER, flat, letters, tasks, world};
use casework::dossier::{Dossier, Party, PartyRole, State};
use casework::life::Entry;
use casework::ranking::{Answer, Step};
use casework::{Change, Decision, Disposition, Known};
use jiff::civil::{Date, date};

const MINE: &str = "2026/000007";
/// The tag in the subject of the letter that gave the place.
const REPLY: &str = "Re: La decisione sulla tua richiesta [Fascicolo 2026/000007-CN]";

/// Anna's request for a place, granted, and a neighbour who joined it.
fn dossier(until: Date) -> Dossier {
    let now = bench().now;
    let mut dossier = crate::enquiry::dossier(MINE, ANNA);
    dossier.cover.procedure = "nido".into();
    dossier.state = State::Accolta;
    dossier.life.closed_at = Some(now);
    let other = Party { person: String::new(), address: "padre@cittadini.test".into(), role: PartyRole::Intervener };
    dossier.apply(&Entry::Joined { party: other }, now);
    dossier.apply(&Entry::Ranking { step: Step::Offered { until, look: until } }, now);
    dossier
}

fn open() -> Dossier {
    dossier(date(2026, 2, 13))
}

fn said(decision: &Decision) -> Vec<Answer> {
    let answer = |change: &Change| match change {
        Change::Entered { entry: Entry::Ranking { step: Step::Said { answer, by } }, dossier } => {
            assert!(dossier == MINE && by.starts_with(ANNA), "{by}");
            Some(*answer)
        }
        _ => None,
    };
    decision.changes.iter().filter_map(answer).collect()
}

fn after(decision: &Decision) -> Dossier {
    let mut dossier = open();
    for change in &decision.changes {
        if let Change::Entered { entry, .. } = change {
            dossier.apply(entry, bench().now);
        }
    }
    dossier
}

#[test]
fn a_place_is_taken_by_its_link_and_by_a_plain_answer() {
    for (subject, text) in [
        ("ACCETTO 2026/000007-CN", ""),
        (REPLY, "Accetto\n"),
        (REPLY, "Buongiorno,\naccetto il posto.\nCordiali saluti\nAnna Bianchi\n"),
    ] {
        let decision = decide(mail(ANNA, subject, text), world(vec![open()]));
        assert_eq!(said(&decision), [Answer::Taken], "{subject} / {text}: {:?}", decision.trail);
        let to: Vec<&str> = letters(&decision).iter().map(|letter| letter.to.as_str()).collect();
        assert_eq!(to, [ANNA, "padre@cittadini.test"], "every party hears of it");
        assert!(letters(&decision).iter().all(|letter| letter.template == "posto-graduatoria"));
        assert!(flat(letters(&decision)[0]).contains("il posto è accettato"));
        assert_eq!(tasks(&decision), 1, "the office too");
        assert!(decision.changes.iter().any(|change| matches!(change, Change::Filed { dossier } if dossier == MINE)));
        let after = after(&decision);
        assert_eq!((after.state, after.life.look), (State::Accolta, None), "nobody is reminded any more");
        // A second time it is confirmed, and nothing is written or tasked twice.
        let again = decide(mail(ANNA, subject, text), world(vec![after]));
        assert!(said(&again).is_empty() && tasks(&again) == 0 && letters(&again).len() == 2, "{:?}", again.trail);
    }
}

#[test]
fn a_place_that_is_given_up_is_free_for_the_next() {
    let decision = decide(mail(ANNA, REPLY, "Rinuncio al posto\n"), world(vec![open()]));
    assert_eq!(said(&decision), [Answer::GivenUp]);
    let task = decision.outgoing.iter().find(|letter| letter.template == "compito-pratica").expect("a task");
    assert!(flat(task).contains("Il posto è libero: puoi darlo a chi segue"), "{}", task.text);
    let gone = after(&decision);
    let status = decide(mail(ANNA, &format!("STATO {MINE}"), ""), world(vec![gone.clone()]));
    let told = flat(letters(&status)[0]);
    assert!(told.contains("con rinuncia al posto") && !told.contains("il posto è tuo"), "{told}");
    // Who wants it back asks a person: another may have it.
    let back = decide(mail(ANNA, REPLY, "Accetto\n"), world(vec![gone]));
    assert!(said(&back).is_empty() && has_reason(&back, "given-up"), "{:?}", back.trail);
    assert!(matches!(back.disposition, Disposition::ToPerson { .. }));
}

#[test]
fn what_is_late_or_under_a_condition_or_of_another_is_a_persons() {
    let late = decide(mail(ANNA, REPLY, "Accetto\n"), world(vec![dossier(date(2026, 2, 2))]));
    assert!(said(&late).is_empty() && has_reason(&late, "late-answer"), "{:?}", late.trail);
    assert_eq!(
        letters(&late).iter().map(|letter| letter.template.as_str()).collect::<Vec<_>>(),
        ["risponde-una-persona"]
    );
    let on_the_day = "2026-02-13T22:59:59Z".parse().expect("an instant");
    let last = decide_at(mail(ANNA, REPLY, "Accetto\n"), world(vec![open()]), on_the_day);
    assert_eq!(said(&last), [Answer::Taken], "the last second of the last day: {:?}", last.trail);
    for text in [
        "Accetto solo se mio figlio può entrare al mattino presto e uscire dopo pranzo.\n",
        "Accetto\nma vorrei sapere prima se la retta cambia quando cambia il mio Isee e di quanto\n",
    ] {
        let decision = decide(mail(ANNA, REPLY, text), world(vec![open()]));
        assert!(said(&decision).is_empty() && tasks(&decision) == 1, "{text}: {:?}", decision.trail);
    }
    let father = decide(mail("padre@cittadini.test", REPLY, "Rinuncio\n"), world(vec![open()]));
    assert!(said(&father).is_empty() && has_reason(&father, "not-the-applicant"), "{:?}", father.trail);
    // Of somebody else's nobody learns anything.
    let there = decide(mail(STRANGER, "ACCETTO 2026/000007", ""), Known { dossiers: vec![open()], ..nothing() });
    let nowhere = decide(mail(STRANGER, "ACCETTO 2026/000007", ""), nothing());
    assert_eq!(letters(&there)[0].text, letters(&nowhere)[0].text);
    assert!(said(&there).is_empty() && tasks(&there) == 0);
}

#[test]
fn the_word_alone_says_nothing_where_no_place_waits() {
    let mut other = crate::enquiry::dossier(MINE, ANNA);
    other.state = State::InLavorazione;
    let decision = decide(mail(ANNA, REPLY, "Accetto\n"), world(vec![other]));
    assert!(said(&decision).is_empty() && !has_reason(&decision, "command"), "{:?}", decision.trail);
    let machine = mail(ANNA, REPLY, "Accetto\n").header("Auto-Submitted", "auto-replied");
    let machine = decide(machine, world(vec![open()]));
    assert!(said(&machine).is_empty() && letters(&machine).is_empty());
}

//! What is asked of bodies and citizens, and what it does to the clock: the numbers are those of law.md §5. It changes with the law.

use super::*;
use crate::act::Act;
use crate::decision::Outgoing;
use crate::dossier::State;
use crate::rules::Kind;
use crate::scene::{MARIO, Mail, SAFE, START, Scene, end, flat, later, new, the, verb_with};
use crate::term::ReminderKind;

fn canteen() -> Scene {
    Scene::opened(&new("mensa", "istruzione")).worked_on()
}

fn ask_body(to: &str) -> Act {
    let points = vec!["La dieta senza glutine si può fare?".to_string()];
    Act::Do { verb: Verb::ChiediParere, points, to: to.into(), not_held: false, again: String::new() }
}

#[test]
fn a_body_of_the_file_gets_the_reference_the_question_and_the_days_and_nothing_else() {
    for to in ["", "gestore_mensa", "gestore della mensa"] {
        let mut scene = canteen();
        let letters = scene.act(ask_body(to)).unwrap();
        let letter = the(&letters, "richiesta-parere");
        assert_eq!((letter.to.as_str(), letter.lane), ("diete@mensa.example", crate::Lane::Pec));
        let text = flat(letter);
        for said in ["La dieta senza glutine si può fare?", "entro 5 giorni", "Iscrizione alla mensa scolastica"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(letter.subject.contains("[Fascicolo 2026/000001-CF]"));
        for secret in ["Mario", "Rossi", SAFE, MARIO, "Richiesta di prova"] {
            assert!(!text.contains(secret) && !letter.subject.contains(secret), "{secret}: {text}");
        }
    }
    let mut scene = canteen();
    let nothing =
        Act::Do { verb: Verb::ChiediParere, points: vec![], to: String::new(), not_held: false, again: String::new() };
    assert_eq!(scene.act(nothing), Err("no-points"), "a letter that asks nothing");
}

#[test]
fn its_own_clock_runs_from_the_delivery_and_late_advice_is_told_once_and_shown() {
    let mut scene = canteen();
    let letters = scene.act(ask_body("")).unwrap();
    scene.days(3);
    assert_eq!(scene.dossier.life.advice[0].by, None, "not delivered yet");
    scene.deliver(the(&letters, "richiesta-parere"));
    let by = end(START, 8);
    assert_eq!(scene.dossier.life.advice[0].by, Some(by));
    scene.days(5);
    assert_eq!(scene.look(), [], "its last day");
    scene.days(1);
    let letters = scene.look();
    let task = the(&letters, "compito-pratica");
    assert!(task.subject.contains("un parere non è arrivato in tempo"), "{}", task.subject);
    assert!(flat(task).contains("Non ha risposto: Gestore della mensa."), "{}", task.text);
    assert!(scene.dossier.life.advice[0].is_overdue(later(by, 1)));
    assert_eq!(scene.look(), [], "once");
    // It comes after all, by the name of the file or by none.
    let letters = scene.act(Act::Do {
        verb: Verb::RiceviParere,
        points: vec![],
        to: "gestore_mensa".into(),
        not_held: false,
        again: String::new(),
    });
    assert_eq!((letters.unwrap(), scene.dossier.state), (vec![], State::InLavorazione));
    assert!(!scene.dossier.life.advice[0].is_awaited());
    assert_eq!(scene.replayed(), scene.dossier);
}

#[test]
fn whoever_goes_on_without_advice_is_not_told_of_it_any_more() {
    let mut scene = canteen();
    let letters = scene.act(ask_body("")).unwrap();
    scene.deliver(the(&letters, "richiesta-parere"));
    scene.days(2);
    scene.verb(Verb::Riprendi).unwrap();
    scene.days(6);
    assert_eq!(scene.look(), []);
}

#[test]
fn a_payment_says_how_much_how_and_by_when_and_stops_nothing() {
    let mut scene = Scene::opened(&new("ztl", "mobilita")).worked_on();
    let due = scene.dossier.due;
    assert_eq!(scene.act(verb_with(Verb::ChiediPagamento, &[])), Err("no-points"));
    let letters = scene.act(verb_with(Verb::ChiediPagamento, &["Avviso pagoPA 301000000000000012"])).unwrap();
    let text = flat(the(&letters, "richiesta-pagamento"));
    for said in
        ["permesso: secondo la tariffa in vigore", "Avviso pagoPA 301000000000000012", "mercoledì 1° aprile 2026"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!((scene.dossier.state, scene.dossier.due), (State::InAttesaPagamento, due));
    // Nothing to pay in the file: nobody invents it.
    let mut free = Scene::opened(&new("tributi", "tributi")).worked_on();
    assert!(free.act(verb_with(Verb::ChiediPagamento, &["pago"])).is_err());
}

fn irregular(scene: &mut Scene) -> Outgoing {
    let letters = scene.act(verb_with(Verb::ChiediRegolarizzazione, &["Manca la firma"])).unwrap();
    the(&letters, "richiesta-regolarizzazione").clone()
}

#[test]
fn access_starts_again_from_the_regular_request_and_the_letter_says_how() {
    // DPR 184/2006 art. 6 c. 5: thirty days from the regular request.
    let mut scene = Scene::opened(&new("accesso-atti", "urp"));
    scene.days(4);
    let letter = irregular(&mut scene);
    let text = flat(&letter);
    for said in ["Manca la firma", "firma digitale", "documento di identità", "ricomincia da capo"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(scene.dossier.due, Some(end(START, 30)), "not delivered: it runs");
    scene.deliver(&letter);
    scene.days(10);
    let (_, trail) = scene.write(&Mail { files: true, ..Mail::of(SAFE, Kind::IntegrationReply) });
    assert!(trail.contains(&"made-regular".to_string()), "{trail:?}");
    assert_eq!((scene.dossier.state, scene.dossier.due), (State::Protocollata, Some(end(START, 44))));
    assert_eq!(scene.replayed(), scene.dossier);
    // Or the office says so, after a paper at the counter.
    let mut scene = Scene::opened(&new("accesso-atti", "urp"));
    let letter = irregular(&mut scene);
    scene.deliver(&letter);
    scene.days(7);
    scene.verb(Verb::Prendi).unwrap();
    assert_eq!(scene.dossier.due, Some(end(START, 37)));
}

#[test]
fn an_irregular_request_of_another_kind_stops_nothing() {
    let mut scene = Scene::opened(&new("richiesta", "urp"));
    let letter = irregular(&mut scene);
    assert!(flat(&letter).contains("non si ferma"), "{}", letter.text);
    scene.deliver(&letter);
    scene.days(7);
    scene.write(&Mail { files: true, ..Mail::of(SAFE, Kind::IntegrationReply) });
    assert_eq!((scene.dossier.state, scene.dossier.due), (State::Protocollata, Some(end(START, 30))));
}

fn extend(why: &[&str]) -> Act {
    Act::Extend { points: why.iter().map(|why| (*why).to_string()).collect() }
}

#[test]
fn two_months_more_are_said_within_the_first_and_count_from_the_delivery() {
    // One month from the 2nd of March is the 2nd of April; three are the 2nd of June, a holiday: the 3rd.
    let mut scene = Scene::opened(&new("dati-personali", ""));
    assert_eq!(scene.dossier.due.map(|due| due.to_string()), Some("2026-04-02".into()));
    assert_eq!(scene.act(extend(&[])), Err("no-points"));
    let mut unheard = scene.clone();
    scene.days(20);
    let letters = scene.act(extend(&["I dati sono in sei archivi"])).unwrap();
    let letter = the(&letters, "proroga").clone();
    let text = flat(&letter);
    for said in ["I dati sono in sei archivi", "3 giugno 2026", "reclamo al Garante"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert_eq!(scene.dossier.due.map(|due| due.to_string()), Some("2026-04-02".into()), "not heard yet");
    scene.deliver(&letter);
    assert_eq!(scene.dossier.due.map(|due| due.to_string()), Some("2026-06-03".into()));
    assert_eq!(scene.act(extend(&["ancora"])), Err("again"));
    assert_eq!(scene.replayed(), scene.dossier);
    // Too late to be said, and not where days are counted.
    unheard.days(40);
    assert_eq!(unheard.act(extend(&["tardi"])), Err("too-late"));
    assert_eq!(Scene::opened(&new("richiesta", "urp")).act(extend(&["perché no"])), Err("not-here"));
}

#[test]
fn a_notice_that_arrives_after_the_month_extends_nothing() {
    let mut scene = Scene::opened(&new("dati-personali", ""));
    scene.days(30);
    let letters = scene.act(extend(&["I dati sono in sei archivi"])).unwrap();
    scene.days(5);
    scene.deliver(the(&letters, "proroga"));
    assert_eq!(scene.dossier.due.map(|due| due.to_string()), Some("2026-04-02".into()));
}

#[test]
fn the_substitute_has_half_of_the_term() {
    let starts = |why: &str| Act::Substitute { why: why.into() };
    let mut scene = Scene::opened(&new("richiesta", "urp")).worked_on();
    assert_eq!(scene.act(starts("lo chiede il cittadino")), Err("too-early"));
    // V12: half of thirty is fifteen, from the day on which it starts.
    scene.days(63);
    assert_eq!(scene.now, crate::scene::at(jiff::civil::date(2026, 5, 4)));
    scene.look();
    assert_eq!(scene.act(starts(" ")), Err("empty"));
    let letters = scene.act(starts("lo chiede il cittadino")).unwrap();
    assert!(flat(the(&letters, "compito-pratica")).contains("il segretario generale"));
    let counted = clockwork::count(&scene.dossier, scene.desk).unwrap();
    assert_eq!(counted.substitute.map(|it| it.last_day), Some(jiff::civil::date(2026, 5, 19)));
    assert_eq!(scene.act(starts("di nuovo")), Err("again"));
    scene.days(16);
    let letters = scene.look();
    assert!(letters.iter().any(|letter| letter.subject.contains("scaduto anche il termine")), "{letters:?}");
    assert!(scene.dossier.life.reminded.iter().any(|it| it.what == ReminderKind::SubstituteOverdue));
    // Where silence has decided there is nothing to substitute.
    let mut access = Scene::opened(&new("accesso-atti", "urp"));
    access.days(63);
    assert_eq!(access.act(starts("lo chiede il cittadino")), Err("not-here"));
}

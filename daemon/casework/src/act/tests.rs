//! What an office may do with a dossier, and what it may not. It changes when an office may do something else.

use super::*;
use crate::data_change;
use crate::participation::Weight;
use crate::rules::Kind;
use crate::scene::{
    Mail, NEW_IBAN, OLD_IBAN, OTHER, SAFE, START, STRANGER, Scene, code_of, end, flat, iban, later, new, party, the,
    verb_with,
};
use jiff::SignedDuration;

fn ask(held_nowhere: bool) -> Act {
    Act::Do {
        verb: Verb::ChiediIntegrazione,
        points: vec!["La planimetria".into()],
        to: String::new(),
        not_held: held_nowhere,
        again: String::new(),
    }
}

fn code(refused: Result<Done, Refused>) -> &'static str {
    refused.map(|done| done.said).unwrap_err().code
}

/// Announced, and the notice delivered.
fn announced() -> Scene {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let letters = scene.verb(Verb::PreavvisoDiniego).unwrap();
    scene.deliver(the(&letters, "preavviso-diniego"));
    scene
}

#[test]
fn what_a_public_body_holds_is_not_asked() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    assert_eq!(scene.act(ask(false)), Err("perhaps-held"));
    assert_eq!(scene.act(verb_with(Verb::ChiediIntegrazione, &[])), Err("no-points"));
    assert_eq!(scene.act(verb_with(Verb::ChiediIntegrazione, &[" ", "\n"])), Err("no-points"));
    assert_eq!(scene.dossier.state, State::InLavorazione);
}

/// Vectors V7 and V8 of the law: asked on the tenth day, answered on the thirtieth.
#[test]
fn the_first_request_stops_the_clock_from_its_delivery_and_the_second_does_not() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let due = scene.dossier.due;
    scene.days(9);
    let letters = scene.act(ask(true)).unwrap();
    let letter = the(&letters, "richiesta-integrazione").clone();
    assert!(letter.text.contains("La planimetria"), "{}", letter.text);
    assert_eq!((scene.dossier.due, scene.dossier.life.suspended_until), (due, None), "sent is not delivered");
    scene.days(1);
    scene.deliver(&letter);
    assert_eq!(scene.dossier.due.unwrap().to_string(), "2026-05-02", "as if nothing came");
    assert_eq!(scene.dossier.life.suspended_until.unwrap().to_string(), "2026-04-11");
    let entries = scene.dossier.life.entries;
    scene.deliver(&letter);
    assert_eq!(scene.dossier.life.entries, entries, "a second receipt writes nothing");
    scene.days(20);
    scene.write(&Mail { files: true, ..Mail::of(SAFE, Kind::IntegrationReply) });
    assert_eq!(scene.dossier.state, State::Integrata);
    assert_eq!(scene.dossier.due.unwrap().to_string(), "2026-04-21");
    let letters = scene.act(ask(true)).unwrap();
    let second = the(&letters, "richiesta-integrazione");
    assert!(!second.text.contains("sospeso"), "{}", second.text);
    scene.deliver(second);
    assert_eq!(scene.dossier.due.unwrap().to_string(), "2026-04-21", "the second stops nothing");
    assert_eq!(scene.dossier.life.suspended_until, None);
}

#[test]
fn a_late_request_for_more_promises_no_suspension() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    scene.days(60);
    let letters = scene.act(ask(true)).unwrap();
    let letter = the(&letters, "richiesta-integrazione").clone();
    assert!(!letter.text.contains("sospeso"), "{}", letter.text);
    assert!(letter.text.contains("maggio 2026"), "a day to come: {}", letter.text);
    scene.deliver(&letter);
    assert_eq!(scene.dossier.life.suspended_until, None);
}

#[test]
fn an_office_that_goes_on_by_itself_starts_its_clock_again() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let due = scene.dossier.due.unwrap();
    let letters = scene.act(ask(true)).unwrap();
    scene.deliver(the(&letters, "richiesta-integrazione"));
    scene.days(4);
    scene.verb(Verb::Riprendi).unwrap();
    assert_eq!(scene.dossier.life.suspended_until, None);
    assert_eq!(scene.dossier.due.unwrap(), end(due, 4));
}

#[test]
fn advice_stops_the_clock_until_it_comes_by_whatever_name() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let due = scene.dossier.due.unwrap();
    assert_eq!(scene.verb(Verb::ChiediParere), Err("no-body"));
    let of = |verb, to: &str| Act::Do { verb, points: vec![], to: to.into(), not_held: false, again: String::new() };
    scene.act(of(Verb::ChiediParere, "Soprintendenza")).unwrap();
    assert!(scene.dossier.life.suspended_until.is_some());
    scene.days(5);
    assert_eq!(scene.act(of(Verb::RiceviParere, "Regione")), Err("no-body"), "nobody asked it");
    scene.act(of(Verb::RiceviParere, "")).unwrap();
    assert_eq!((scene.dossier.life.suspended_until, scene.dossier.due.unwrap()), (None, end(due, 5)));
}

#[test]
fn a_refusal_waits_for_the_delivery_of_its_notice_and_ten_days() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    assert_eq!(scene.verb(Verb::Respingi), Err("not-lawful"));
    let letters = scene.verb(Verb::PreavvisoDiniego).unwrap();
    let notice = the(&letters, "preavviso-diniego").clone();
    assert!(notice.text.contains("un motivo chiaro"));
    scene.days(30);
    assert_eq!(scene.verb(Verb::Respingi), Err("notice-not-delivered"), "sent is not delivered");
    scene.deliver(&notice);
    assert_eq!(scene.verb(Verb::Respingi), Err("notice-running"));
    scene.days(10);
    assert_eq!(scene.verb(Verb::Respingi), Err("notice-running"), "the citizen has the whole last day");
    scene.days(3); // 10 days from the 1st of April end at Easter's eve; a Saturday is a working day
    let letters = scene.verb(Verb::Respingi).unwrap();
    assert_eq!(scene.dossier.state, State::Respinta);
    let text = flat(the(&letters, "esito"));
    assert!(text.contains("un motivo chiaro") && text.contains("60 giorni"), "{text}");
}

#[test]
fn a_refusal_may_follow_observations_once_they_are_weighed_and_says_how() {
    let mut scene = announced();
    scene.days(2);
    let (_, trail) = scene.write(&Mail::of(SAFE, Kind::Participation));
    assert!(trail.contains(&"to-weigh".to_string()) && trail.contains(&"observations".to_string()), "{trail:?}");
    assert_eq!(scene.verb(Verb::Respingi), Err("participation-unanswered"));
    assert_eq!(scene.verb(Verb::Accogli), Err("participation-unanswered"));
    scene.weigh(1);
    let letters = scene.verb(Verb::Respingi).unwrap();
    let text = flat(the(&letters, "esito"));
    assert!(text.contains("Osservazioni sul preavviso di rifiuto n. 1"), "{text}");
    assert!(text.contains("non ne abbiamo tenuto conto. i fatti non cambiano"), "{text}");
}

/// Files, or words that no rule knows, in answer to the notice: they are observations that nobody may pass over.
#[test]
fn an_answer_to_the_notice_is_weighed_whatever_the_rules_make_of_it() {
    for mail in [
        Mail { files: true, placed: false, ..Mail::of(SAFE, Kind::Other) },
        Mail { placed: false, ..Mail::of(SAFE, Kind::Other) },
        Mail { files: true, ..Mail::of(SAFE, Kind::IntegrationReply) },
    ] {
        let mut scene = announced();
        scene.days(2);
        scene.write(&mail);
        assert_eq!(scene.dossier.life.filings.len(), 1, "{mail:?}");
        scene.days(30);
        assert_eq!(scene.verb(Verb::Respingi), Err("participation-unanswered"), "{mail:?}");
    }
    let mut scene = announced();
    scene.write(&Mail::of(SAFE, Kind::StatusEnquiry));
    assert_eq!(scene.dossier.life.filings.len(), 0, "a question is no observation");
}

#[test]
fn a_second_notice_needs_its_own_delivery_and_its_own_ten_days() {
    let mut scene = announced();
    let first = scene.of_template("preavviso-diniego")[0].clone();
    scene.days(20);
    scene.verb(Verb::Riprendi).unwrap();
    scene.days(1);
    let letters = scene.verb(Verb::PreavvisoDiniego).unwrap();
    assert_eq!(scene.verb(Verb::Respingi), Err("notice-not-delivered"), "the first one is no second one");
    scene.days(1);
    scene.deliver(&first);
    assert_eq!(scene.verb(Verb::Respingi), Err("notice-not-delivered"), "a receipt of the first one");
    scene.deliver(the(&letters, "preavviso-diniego"));
    assert_eq!(scene.verb(Verb::Respingi), Err("notice-running"));
    scene.days(12);
    scene.verb(Verb::Respingi).unwrap();
}

/// The receipt of the first notice comes only after the second one was announced.
#[test]
fn a_late_receipt_of_an_older_letter_stands_for_no_newer_one() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let first = scene.verb(Verb::PreavvisoDiniego).unwrap();
    let sent = scene.now;
    scene.days(1);
    scene.verb(Verb::Riprendi).unwrap();
    scene.verb(Verb::PreavvisoDiniego).unwrap();
    scene.days(1);
    scene.deliver_at(the(&first, "preavviso-diniego"), sent);
    scene.days(30);
    assert_eq!(scene.verb(Verb::Respingi), Err("notice-not-delivered"));
}

#[test]
fn no_outcome_goes_while_a_memoria_is_unanswered_be_it_by_transfer_or_annulment() {
    let transfer =
        Act::Do { verb: Verb::Trasmetti, points: vec![], to: "Regione".into(), not_held: false, again: String::new() };
    for act in
        [verb_with(Verb::Accogli, &["sì"]), verb_with(Verb::DichiaraIrricevibile, &["manca tutto"]), transfer.clone()]
    {
        let mut scene = Scene::of("richiesta", "urp").worked_on();
        scene.write(&Mail::of(SAFE, Kind::Participation));
        assert_eq!(scene.act(act.clone()), Err("participation-unanswered"), "{act:?}");
        scene.weigh(1);
        let letters = scene.act(act).unwrap();
        assert!(flat(the(&letters, "esito")).contains("Memoria n. 1"));
    }
}

#[test]
fn a_transfer_needs_a_body() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let to = |to: &str| Act::Do {
        verb: Verb::Trasmetti,
        points: vec![],
        to: to.into(),
        not_held: false,
        again: String::new(),
    };
    assert_eq!(scene.act(to("  ")), Err("no-body"));
    assert_eq!(scene.act(to(&"x".repeat(400))), Err("no-body"));
    let letters = scene.act(to("Regione Lazio")).unwrap();
    assert_eq!(scene.dossier.state, State::TrasmessaAltroEnte);
    assert!(flat(the(&letters, "esito")).contains("Regione Lazio"));
}

#[test]
fn a_measure_has_reasons_and_a_late_one_says_so() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    assert_eq!(scene.act(verb_with(Verb::Accogli, &[])), Err("no-points"));
    let mut in_time = scene.clone();
    let letters = in_time.verb(Verb::Accogli).unwrap();
    assert!(!flat(the(&letters, "esito")).contains("abbiamo deciso"));
    scene.days(40);
    let letters = scene.verb(Verb::Accogli).unwrap();
    let text = flat(the(&letters, "esito"));
    assert!(text.contains("1 aprile 2026: abbiamo deciso 10 giorni dopo"), "{text}");
    scene.days(100);
    let letters = scene.verb(Verb::Annulla).unwrap();
    assert!(!flat(the(&letters, "esito")).contains("abbiamo deciso"), "an annulment is no late decision");
}

#[test]
fn who_acts_is_known_and_may() {
    let scene = Scene::of("cambio-residenza", "");
    let take = verb_with(Verb::Prendi, &[]);
    let refused = scene.try_as("anagrafe", "responsabil", "Anna", take.clone()).unwrap_err();
    assert!(refused.code == "no-role" && refused.text.contains("responsabile"), "{}", refused.text);
    let refused = scene.try_as("anagraf", "operatore", "Anna", take.clone()).unwrap_err();
    assert!(refused.code == "no-office" && refused.text.contains("anagrafe"), "{}", refused.text);
    assert_eq!(code(scene.try_as("anagrafe", "operatore", " ", take.clone())), "no-name");
    assert_eq!(code(scene.try_as("tributi", "coordinatore", "Anna", take.clone())), "not-lawful");
    assert_eq!(code(scene.try_as("anagrafe", "operatore", "Anna", verb_with(Verb::Trasmetti, &["x"]))), "not-lawful");
    assert!(scene.try_as("anagrafe", "operatore", "Anna", take).is_ok());
}

#[test]
fn an_assignment_is_told_to_the_new_office_and_a_closed_dossier_has_none() {
    let mut scene = Scene::of("richiesta", "urp");
    let to = |office: &str, who: &str| Act::Assign { office: office.into(), responsible: who.into() };
    assert_eq!(scene.act(to("", " ")), Err("nobody"));
    assert_eq!(scene.act(to("tribut", "")), Err("no-office"));
    assert_eq!(code(scene.try_as("urp", "operatore", "Anna", to("", "Luca Bianchi"))), "not-lawful");
    assert_eq!(scene.act(to("", "Luca Bianchi")).unwrap(), [], "the office knows");
    assert_eq!((scene.dossier.state, scene.dossier.cover.responsible.as_str()), (State::Assegnata, "Luca Bianchi"));
    let letters = scene.act(to("tributi", "")).unwrap();
    assert_eq!(the(&letters, "compito-pratica").to, "tributi@comune.example");
    assert_eq!((scene.dossier.office.as_str(), scene.dossier.cover.responsible.as_str()), ("tributi", ""));
    scene.verb(Verb::Prendi).unwrap();
    scene.verb(Verb::Accogli).unwrap();
    assert_eq!(scene.act(to("urp", "")), Err("closed"));
}

#[test]
fn a_closed_dossier_is_closed() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    scene.write(&iban(SAFE));
    scene.verb(Verb::DichiaraIrricevibile).unwrap();
    assert_eq!(scene.dossier.life.look, None);
    for verb in Verb::ALL {
        assert!(scene.verb(verb).is_err(), "{verb:?}");
    }
    assert_eq!(scene.act(Act::Approve { change: 1 }), Err("closed"));
    let evidence = "ab".repeat(32);
    assert_eq!(scene.act(Act::ConfirmInPerson { change: 1, evidence }), Err("closed"));
    scene.act(Act::Note { text: "archiviata".into() }).unwrap();
    assert_eq!(scene.act(Act::Note { text: " \n".into() }), Err("no-text"));
    assert_eq!(scene.act(Act::Note { text: "x".repeat(POINT_BYTES_MAX + 1) }), Err("too-long"));
}

/// Asked, with the code that went to the safe domicile.
fn asked_from(from: &str) -> (Scene, String) {
    let mut scene = Scene::of("richiesta", "tributi").worked_on();
    let (letters, _) = scene.write(&iban(from));
    let letter = the(&letters, "conferma-modifica");
    assert_eq!(letter.to, SAFE);
    let code = code_of(letter);
    (scene, code)
}

#[test]
fn an_iban_changes_after_the_citizens_code_and_two_people() {
    let (mut scene, code) = asked_from(SAFE);
    let approve = Act::Approve { change: 1 };
    assert_eq!(scene.act(approve.clone()), Err("not-confirmed"));
    assert_eq!(scene.verb(Verb::Accogli), Err("change-open"));
    scene.write(&Mail::confirming(SAFE, &code));
    assert_eq!(scene.dossier.life.changes[0].state, data_change::State::Confirmed);
    scene.act_by("Anna Verdi", approve.clone()).unwrap();
    assert_eq!(scene.iban("tributi"), OLD_IBAN, "one is not enough");
    for same in ["anna verdi", "Verdi Anna", " Anna  Verdi"] {
        assert_eq!(scene.act_by(same, approve.clone()), Err("same-person"), "{same}");
    }
    assert_eq!(scene.verb(Verb::Accogli), Err("change-open"));
    scene.act_by("Bruno Gialli", approve.clone()).unwrap();
    assert_eq!(scene.iban("tributi"), NEW_IBAN, "in the same act");
    assert_eq!(scene.iban("anagrafe"), OLD_IBAN, "what another office holds is its own");
    assert_eq!(scene.act_by("Carla Blu", approve), Err("wrong-state"));
    let letters = scene.verb(Verb::Accogli).unwrap();
    assert!(flat(the(&letters, "esito")).contains(NEW_IBAN));
    // A fraud is undone also after the end.
    let undo = |why: &str| Act::RollBack { change: 1, why: why.into() };
    assert_eq!(scene.act(undo(" ")), Err("empty"));
    scene.act(undo("truffa")).unwrap();
    assert_eq!(scene.iban("tributi"), OLD_IBAN);
    assert_eq!(scene.act(undo("truffa")), Err("wrong-state"));
}

/// Whoever writes from another mailbox is asked at the domicile that was safe before, and answers from there.
#[test]
fn the_code_comes_back_from_the_safe_domicile_alone() {
    let mut opening = new("richiesta", "tributi");
    opening.parties = vec![party("RSSMRA80A01H501U", OTHER, crate::dossier::PartyRole::Applicant)];
    let mut scene = Scene::opened(&opening).worked_on();
    let mut mail = iban(OTHER);
    mail.fields.push(("codice_fiscale", "RSSMRA80A01H501U".into()));
    let (letters, _) = scene.write(&mail);
    let letter = the(&letters, "conferma-modifica").clone();
    assert_eq!(letter.to, SAFE, "never to the mailbox that asks");
    let code = code_of(&letter);
    scene.write(&Mail::confirming(STRANGER, &code));
    assert!(matches!(scene.dossier.life.changes[0].state, data_change::State::AwaitingConfirmation { .. }));
    scene.write(&Mail::confirming(SAFE, &code));
    assert_eq!(scene.dossier.life.changes[0].state, data_change::State::Confirmed);
}

#[test]
fn a_wrong_a_used_and_an_expired_code_confirm_nothing() {
    let (mut scene, code) = asked_from(SAFE);
    let awaiting =
        |scene: &Scene| matches!(scene.dossier.life.changes[0].state, data_change::State::AwaitingConfirmation { .. });
    let (_, trail) = scene.write(&Mail::confirming(SAFE, "abcdefghijklmnopqrstuvwxyz234567"));
    assert!(trail.contains(&"token-wrong".to_string()) && awaiting(&scene), "{trail:?}");
    let (_, trail) = scene.write(&Mail { text: format!("Il codice è {code}"), ..Mail::confirming(SAFE, "") });
    assert!(trail.is_empty() && awaiting(&scene), "{trail:?}");
    let mut expired = scene.clone();
    expired.days(6);
    let (_, trail) = expired.write(&Mail::confirming(SAFE, &code));
    assert!(trail.contains(&"token-expired".to_string()), "{trail:?}");
    assert_eq!(expired.act(Act::Approve { change: 1 }), Err("not-confirmed"));
    scene.write(&Mail::confirming(SAFE, &code));
    assert_eq!(scene.dossier.life.changes[0].state, data_change::State::Confirmed);
    let (_, trail) = scene.write(&Mail::confirming(SAFE, &code));
    assert!(trail.contains(&"token-used".to_string()), "{trail:?}");
    // Five wrong ones, and the right one is worth nothing.
    let (mut guessed, code) = asked_from(SAFE);
    for _ in 0..data_change::WRONG_TOKENS_MAX {
        guessed.write(&Mail::confirming(SAFE, "abcdefghijklmnopqrstuvwxyz234567"));
    }
    guessed.write(&Mail::confirming(SAFE, &code));
    assert!(awaiting(&guessed), "a new one is on its way");
    assert_eq!(guessed.act(Act::Approve { change: 1 }), Err("not-confirmed"));
}

#[test]
fn a_refused_change_lets_the_dossier_be_decided() {
    let (mut scene, _) = asked_from(SAFE);
    assert_eq!(scene.act(Act::Refuse { change: 1, points: vec![] }), Err("no-points"));
    assert_eq!(scene.act(Act::Refuse { change: 2, points: vec!["x".into()] }), Err("no-change"));
    scene.act(Act::Refuse { change: 1, points: vec!["l'IBAN non è suo".into()] }).unwrap();
    scene.verb(Verb::Accogli).unwrap();
    assert_eq!(scene.iban("tributi"), OLD_IBAN);
}

#[test]
fn what_is_weighed_is_there_and_weighed_once() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let weigh = |filing, how: &str| Act::Weigh { filing, weight: Weight::Accolta, how: how.into() };
    assert_eq!(scene.act(weigh(1, "sì")), Err("no-filing"));
    scene.write(&Mail::of(SAFE, Kind::Participation));
    assert_eq!(scene.act(weigh(0, "sì")), Err("no-filing"));
    assert_eq!(scene.act(weigh(1, " ")), Err("empty"));
    scene.act(weigh(1, "sì")).unwrap();
    assert_eq!(scene.act(weigh(1, "no")), Err("already-weighed"));
}

/// An old register's dossier knows neither procedure nor plan.
#[test]
fn a_dossier_of_before_there_were_procedures_keeps_its_last_day() {
    let mut scene = Scene::of("richiesta", "urp");
    scene.dossier.life = crate::dossier::Life::default();
    scene.dossier.cover.procedure.clear();
    scene.dossier.due = Some(later(START, 45));
    scene.verb(Verb::Prendi).unwrap();
    assert_eq!(scene.dossier.due, Some(later(START, 45)));
    assert_eq!(scene.dossier.life.look, Some(later(START, 35)));
    let letters = scene.act(ask(true)).unwrap();
    scene.deliver(the(&letters, "richiesta-integrazione"));
    scene.days(3);
    scene.write(&Mail { files: true, ..Mail::of(SAFE, Kind::IntegrationReply) });
    assert_eq!(scene.dossier.due, Some(end(START, 48)));
    scene.act(Act::Note { text: "x".into() }).unwrap();
    assert_eq!(scene.dossier.due, Some(end(START, 48)), "counted once");
}

/// The clock looks before the mail of an earlier day is read: the term ran from the arrival all the same.
#[test]
fn an_answer_that_the_clock_overtook_counts_from_its_arrival() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    let due = scene.dossier.due.unwrap();
    let letters = scene.act(ask(true)).unwrap();
    scene.deliver(the(&letters, "richiesta-integrazione"));
    scene.days(60);
    scene.look();
    assert_eq!((scene.dossier.state, scene.dossier.due.unwrap()), (State::InLavorazione, end(due, 30)));
    scene.write(&Mail {
        files: true,
        late: SignedDuration::from_hours(24 * 50),
        ..Mail::of(SAFE, Kind::IntegrationReply)
    });
    assert_eq!((scene.dossier.state, scene.dossier.due.unwrap()), (State::InLavorazione, end(due, 10)));
}

#[test]
fn a_silence_that_a_person_attests_needs_its_procedure() {
    let mut scene = Scene::of("richiesta", "urp").worked_on();
    assert_eq!(scene.verb(Verb::AttestaSilenzio), Err("not-lawful"));
}

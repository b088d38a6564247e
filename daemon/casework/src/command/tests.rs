//! What an office may order by mail, and what comes of it: who is believed, what is done, what is answered.

extern crate std;

use super::{Author, Object, answers, by_mail, by_pec, code};
use crate::correction::Correction;
use crate::decision::{Change, Decision, Disposition, Enclosure, Lane, Outgoing};
use crate::desk::{Desk, OfficeBox};
use crate::dossier::{Document, State, Visibility};
use crate::enablement;
use crate::known::{Known, Spent, Wrote};
use crate::life::Entry;
use crate::participation;
use crate::person::Strength;
use crate::rules::Kind;
use crate::scene::{self, Mail, SAFE, Scene};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use pec::{Anchors, Content, Examined, Policy, Verdict};
use std::sync::LazyLock;

mod common;
mod exofficio;
mod lives;
mod offered;

use common::{documents, wrote};

const SERVER: &str = "mx.comune.example";
/// The mailbox that the office shares.
const SHARED: &str = "edilizia@comune.example";
/// Who decides there, from a mailbox of her own.
const MARIA: &str = "m.bianchi@comune.example";

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let shipped =
        "people  = [{ name = \"Paolo Gialli\", mail = \"p.gialli@comune.example\", role = \"responsabile\" }]";
    let people = format!(
        "people = [{{ name = \"Maria Bianchi\", mail = \"{MARIA}\", role = \"responsabile\" }}, \
         {{ name = \"Luca Verdi\", mail = \"l.verdi@comune.example\", role = \"responsabile\" }}]"
    );
    let mut desk = scene::desk_where(|_, text| text.replace(shipped, &people));
    desk.entity.office_box = Some(OfficeBox { address: "sportello@comune.example".into(), server: SERVER.into() });
    desk
});

/// A dossier of the office, on the desk with the mailbox of the offices.
fn scene() -> Scene {
    let mut scene = Scene::of("richiesta", "edilizia");
    scene.desk = &DESK;
    scene
}

/// A mail of somebody, as it lies in the mailbox.
struct Sent<'a> {
    from: &'a str,
    subject: String,
    text: &'a str,
    /// What the server says of who wrote.
    vouched: &'a str,
    more: &'a str,
    /// Attached: name, content.
    files: &'a [(&'a str, &'a str)],
}

impl<'a> Sent<'a> {
    /// Of the office, vouched for, with the code of a task that was written now.
    fn to(scene: &Scene, from: &'a str, text: &'a str) -> Self {
        let subject =
            format!("Re: {} prova", super::answers::reference(Object::Dossier(&scene.dossier), "edilizia", &DESK));
        Self { from, subject, text, vouched: "dmarc=pass header.from=comune.example", more: "", files: &[] }
    }

    fn seen(&self) -> (Examined, Content) {
        let Self { from, subject, text, vouched, more, files } = self;
        let mut raw = format!(
            "Authentication-Results: {SERVER}; {vouched}\r\n{more}From: Ufficio <{from}>\r\nMessage-ID: <r1@comune.example>\r\n\
             Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
        );
        for (name, content) in *files {
            raw.push_str(&format!(
                "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n\
                 {content}\r\n"
            ));
        }
        raw.push_str("--b--\r\n");
        let anchors = Anchors::default();
        let seen = pec::examine(raw.as_bytes(), &Policy::new(&anchors));
        let Verdict::Unproven(unproven) = &seen.verdict else { panic!("nobody signed it") };
        let content = unproven.content.clone().expect("it is read");
        (seen, content)
    }
}

fn known(scene: &Scene) -> Known {
    Known {
        dossiers: [scene.dossier.clone()].into(),
        people: scene.people.clone(),
        digest: "d".repeat(64),
        is_from_offices: true,
        ..Known::nothing(scene.now)
    }
}

fn decided(scene: &Scene, sent: &Sent<'_>, known: &Known) -> Option<Decision> {
    let (seen, content) = sent.seen();
    let _ = scene;
    by_mail(&seen, &content, known, &DESK)
}

/// Sends it, writes what comes of it, and gives back the answer and the codes of the trail.
fn send(scene: &mut Scene, sent: &Sent<'_>, spent: &[(&str, Spent)]) -> (Outgoing, Vec<String>) {
    let known =
        Known { spent: spent.iter().map(|(code, it)| (code.to_string(), it.clone())).collect(), ..known(scene) };
    let decision = decided(scene, sent, &known).expect("it is an office's");
    let answer =
        decision.outgoing.iter().find(|letter| letter.template.starts_with("ordine-")).expect("an answer").clone();
    assert_eq!((answer.to.as_str(), answer.lane), (sent.from, Lane::Internal), "to who gave it, and nobody else");
    let trail = decision.trail.iter().map(|reason| reason.code.clone()).collect();
    scene.take(decision.changes, decision.outgoing);
    (answer, trail)
}

fn code_in(answer: &Outgoing) -> String {
    super::codes(&answer.subject).next().expect("a code")
}

#[test]
fn an_office_works_a_dossier_from_the_first_task_to_the_outcome_by_mail_alone() {
    let mut scene = scene();
    let sent = Sent::to(&scene, SHARED, "PRENDO IN CARICO");
    let (answer, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "order-done"]);
    assert_eq!(scene.dossier.state, State::InLavorazione);
    assert!(answer.text.contains("Fatto: fascicolo 2026/000001"), "{}", answer.text);
    assert!(
        answer
            .text
            .contains("mailto:sportello@comune.example?subject=%5BFascicolo%202026%2F000001-CF%5D%20%5BCodice%20")
    );
    assert!(!answer.text.contains("- ACCOLGO"), "the shared mailbox does not decide: {}", answer.text);

    let sent = Sent::to(&scene, MARIA, "CHIEDO INTEGRAZIONE\n- la pianta\n\nNessun ente pubblico lo ha già: sì");
    let (_, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "order-done"]);
    assert_eq!(scene.dossier.state, State::InAttesaIntegrazioni);
    let asked = scene.of_template("richiesta-integrazione");
    assert!(asked.first().is_some_and(|letter| letter.lane == Lane::Pec && letter.text.contains("la pianta")));

    scene.write(&Mail { files: true, ..Mail::of(SAFE, Kind::IntegrationReply) });
    let sent = Sent::to(&scene, MARIA, "ACCOLGO: la domanda è completa");
    let (answer, _) = send(&mut scene, &sent, &[]);
    assert_eq!(scene.dossier.state, State::Accolta, "{}", answer.text);
    let outcome = scene.of_template("esito");
    assert!(outcome.first().is_some_and(|letter| letter.text.contains("la domanda è completa")));
    assert!(answer.text.contains("Stato adesso: accolta"), "{}", answer.text);
}

#[test]
fn who_shares_a_mailbox_does_not_decide_and_is_told_why() {
    let mut scene = scene().worked_on();
    let before = scene.dossier.clone();
    let sent = Sent::to(&scene, SHARED, "ACCOLGO: va bene");
    let (answer, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "not-lawful"]);
    assert_eq!(answer.template, "ordine-non-eseguito");
    assert_eq!(scene.dossier, before);
    assert_eq!(scene.incidents, [crate::refused::ATTEMPT], "a person sees that it was tried");
}

#[test]
fn a_reason_that_the_law_wants_is_wanted_by_mail_too() {
    let mut scene = scene().worked_on();
    for (text, code) in [
        ("PREAVVISO DI RIGETTO", "no-points"),
        ("RESPINGO: non si può", "not-lawful"),
        ("ACCOLGO", "no-points"),
        ("CHIEDO INTEGRAZIONE\n- la pianta", "perhaps-held"),
        ("ci penso io", "no-order"),
        ("ACCOLGO: sì\nRESPINGO: no", "several-orders"),
        ("NOTA:", "no-text"),
    ] {
        let before = scene.dossier.clone();
        let sent = Sent::to(&scene, MARIA, text);
        let (answer, trail) = send(&mut scene, &sent, &[]);
        assert_eq!(trail, ["office", code], "{text}");
        assert_eq!(answer.template, "ordine-non-eseguito");
        assert!(answer.text.contains("- NOTA"), "what can be done is shown: {}", answer.text);
        assert_eq!(scene.dossier, before, "{text}");
    }
}

#[test]
fn of_two_officers_one_wins_and_the_other_is_told() {
    let mut scene = scene();
    let first = Sent::to(&scene, MARIA, "PRENDO IN CARICO");
    let second = Sent::to(&scene, "l.verdi@comune.example", "PRENDO IN CARICO");
    let code = code::of(Object::Dossier(&scene.dossier), "edilizia", &DESK);
    send(&mut scene, &first, &[]);
    let after = scene.dossier.clone();
    let spent = Spent { at: scene.now, by: "Maria Bianchi".into(), said: "presa in lavorazione".into() };
    let (answer, trail) = send(&mut scene, &second, &[(&code, spent)]);
    assert_eq!(trail, ["office", "code-spent"]);
    assert!(scene::flat(&answer).contains("ha già risposto Maria Bianchi"), "{}", answer.text);
    assert!(answer.text.contains("Stato adesso: in lavorazione"));
    assert_ne!(code_in(&answer), code, "the next order has a code of its own");
    assert_eq!(scene.dossier, after);
}

#[test]
fn a_code_is_of_one_dossier_one_office_and_ours() {
    let mut scene = scene();
    let other =
        Scene::opened(&crate::open::NewDossier { subject: "Altra".into(), ..scene::new("richiesta", "edilizia") });
    let mut elsewhere = other.dossier.clone();
    elsewhere.number = "2026/000002".into();
    let foreign = code::of(Object::Dossier(&elsewhere), "edilizia", &DESK);
    let of_others = code::of(Object::Dossier(&scene.dossier), "tributi", &DESK);
    let made_up = format!("1-{}", "a".repeat(16));
    let mut future = scene.dossier.clone();
    future.life.entries += 1;
    let not_yet = code::of(Object::Dossier(&future), "edilizia", &DESK);
    for (subject, wanted) in [
        ("Re: [Fascicolo 2026/000001] prova".to_string(), "no-code"),
        (format!("Re: [Fascicolo 2026/000001] [Codice {foreign}]"), "wrong-code"),
        (format!("Re: [Fascicolo 2026/000001] [Codice {of_others}]"), "wrong-code"),
        (format!("Re: [Fascicolo 2026/000001] [Codice {made_up}]"), "wrong-code"),
        (format!("Re: [Fascicolo 2026/000001] [Codice {not_yet}]"), "wrong-code"),
        (format!("Re: [Fascicolo 2026/000099] [Codice {foreign}]"), "wrong-code"),
        (format!("Re: [Fascicolo 2026/000001-MK] [Codice {foreign}]"), "slip"),
        (format!("Re: [Fascicolo 2026/000099-MK] [Codice {foreign}]"), "slip"),
        ("Re: [Fascicolo 2026/000001-CG]".to_string(), "slip"),
    ] {
        let before = scene.dossier.clone();
        let sent = Sent { subject, ..Sent::to(&scene, MARIA, "PRENDO IN CARICO") };
        let (answer, trail) = send(&mut scene, &sent, &[]);
        assert_eq!(trail, ["office", wanted]);
        assert!(!answer.text.contains("Stato adesso"), "nothing of the dossier is told: {}", answer.text);
        assert_eq!(scene.dossier, before);
    }
}

#[test]
fn a_forged_address_orders_nothing_and_is_not_answered() {
    let scene = scene();
    for vouched in ["none", "dmarc=fail header.from=comune.example", "spf=pass smtp.mailfrom=ladro.example"] {
        let sent = Sent { vouched, ..Sent::to(&scene, MARIA, "PRENDO IN CARICO") };
        let decision = decided(&scene, &sent, &known(&scene)).expect("somebody must look at it");
        assert!(matches!(decision.disposition, Disposition::ToPerson { .. }));
        assert!(decision.changes.is_empty());
        let to: Vec<&str> = decision.outgoing.iter().map(|letter| letter.template.as_str()).collect();
        assert_eq!(to, ["compito-verifica"]);
        assert!(decision.outgoing.iter().all(|letter| letter.to != MARIA));
    }
}

#[test]
fn only_the_mailbox_of_the_offices_is_listened_to_and_only_for_people() {
    let scene = scene();
    let sent = Sent::to(&scene, MARIA, "PRENDO IN CARICO");
    let elsewhere = Known { is_from_offices: false, ..known(&scene) };
    assert!(decided(&scene, &sent, &elsewhere).is_none(), "by another road it is any other mail");
    let machine = Sent { more: "Auto-Submitted: auto-replied\r\n", ..Sent::to(&scene, SHARED, "PRENDO IN CARICO") };
    assert!(decided(&scene, &machine, &known(&scene)).is_none(), "an absence is no order, and is not answered");
    let stranger = Sent { from: "chiunque@altro.example", ..Sent::to(&scene, MARIA, "PRENDO IN CARICO") };
    assert!(decided(&scene, &stranger, &known(&scene)).is_none());
}

#[test]
fn the_own_pec_of_an_office_needs_no_code() {
    let mut scene = scene();
    let sent = Sent { subject: "[Fascicolo 2026/000001]".into(), ..Sent::to(&scene, SHARED, "PRENDO IN CARICO") };
    let (seen, content) = sent.seen();
    let decision = by_pec(SHARED, &seen, &content, &known(&scene), &DESK).expect("it orders something");
    assert!(decision.changes.iter().any(|change| matches!(change, Change::Ordered { code, .. } if code.is_empty())));
    scene.take(decision.changes, decision.outgoing);
    assert_eq!(scene.dossier.state, State::InLavorazione);

    let sent = Sent { subject: "prova".into(), ..Sent::to(&scene, SHARED, "NOTA: visto") };
    let (seen, content) = sent.seen();
    let decision = by_pec(SHARED, &seen, &content, &known(&scene), &DESK).expect("it orders something");
    assert!(decision.trail.iter().any(|reason| reason.code == "no-dossier"));
    let sent = Sent { subject: "[Fascicolo 2026/000001]".into(), ..Sent::to(&scene, SHARED, "ecco la planimetria") };
    let (seen, content) = sent.seen();
    assert!(
        by_pec(SHARED, &seen, &content, &known(&scene), &DESK).is_none(),
        "a letter that orders nothing is as before"
    );
}

#[test]
fn an_office_weighs_what_was_filed_and_assigns_and_passes_on_by_mail() {
    let mut scene = scene().worked_on();
    scene.write(&Mail::of(SAFE, Kind::Participation));
    let sent = Sent::to(&scene, MARIA, "ACCOLGO: sì");
    let (_, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "participation-unanswered"]);
    let sent = Sent::to(&scene, MARIA, "VALUTO 1 NON ACCOLTA: i fatti non cambiano");
    let (_, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "order-done"]);
    let sent = Sent::to(&scene, MARIA, "ASSEGNO A Luca Verdi");
    send(&mut scene, &sent, &[]);
    assert_eq!(scene.dossier.cover.responsible, "Luca Verdi");
    let sent = Sent::to(&scene, MARIA, "NON COMPETENZA: tributi");
    let (answer, _) = send(&mut scene, &sent, &[]);
    assert_eq!(scene.dossier.office, "tributi", "{}", answer.text);
    assert!(scene.of_template("compito-pratica").iter().any(|task| task.subject.contains("[Codice ")));
}

/// What an order about that message brings.
fn about(scene: &Scene, wrote: &Wrote, text: &str) -> Decision {
    let subject = format!("Re: {}", super::answers::reference(Object::Message(wrote), "edilizia", &DESK));
    let sent = Sent { subject, ..Sent::to(scene, MARIA, text) };
    let (seen, content) = sent.seen();
    let interest = crate::interest(&seen, &DESK.rules);
    assert!(wrote.digest.starts_with(interest.messages.first().expect("the store is asked for it")));
    let stranger = Sent { from: "chiunque@altro.example", ..sent };
    assert!(crate::interest(&stranger.seen().0, &DESK.rules).messages.is_empty(), "nobody else looks anything up");
    let known = Known { wrote: vec![wrote.clone()], next_ordinal: 7, ..known(scene) };
    by_mail(&seen, &content, &known, &DESK).expect("it is an office's")
}

fn corrected(decision: &Decision) -> Vec<(&str, &Correction)> {
    let found = decision.changes.iter().filter_map(|change| match change {
        Change::Corrected { message, correction } => Some((message.as_str(), correction)),
        _ => None,
    });
    found.collect()
}

#[test]
fn a_message_that_no_rule_knew_gets_its_dossier_by_mail() {
    let scene = scene();
    let wrote = wrote(&scene);
    let decision = about(&scene, &wrote, "APRI PRATICA: richiesta");
    let Some(Change::Opened { dossier }) =
        decision.changes.iter().find(|change| matches!(change, Change::Opened { .. }))
    else {
        panic!("{decision:?}")
    };
    assert_eq!((dossier.number.as_str(), dossier.opened_at), ("2026/000007", wrote.at), "its term runs since it came");
    assert_eq!(dossier.cover.origin, wrote.digest);
    let start = decision.outgoing.iter().find(|letter| letter.template == "avvio-procedimento").expect("it is told");
    assert_eq!((start.to.as_str(), start.lane), (SAFE, Lane::Pec));
    assert!(start.text.contains("2026/000007"), "{}", start.text);
    let learnt = corrected(&decision);
    assert_eq!(learnt.len(), 1);
    assert_eq!((learnt[0].0, learnt[0].1.dossier.as_deref()), (wrote.digest.as_str(), Some("2026/000007")));
    assert!(decision.changes.iter().any(|change| matches!(change, Change::Entered { entry, .. }
        if matches!(entry, crate::life::Entry::Joined { party } if party.person == scene::MARIO))));
    let answer = decision.outgoing.first().expect("an answer");
    assert_eq!(answer.template, "ordine-eseguito");
    assert!(answer.subject.contains("[Fascicolo 2026/000007-CN] [Codice "), "{}", answer.subject);
    assert!(answer.text.contains("PRENDO IN CARICO"), "the next order is offered: {}", answer.text);

    // Whoever comes second, with a code of another mailbox or the same, is told where it is.
    let there = Wrote { dossier: Some("2026/000007".into()), corrections: 1, ..wrote.clone() };
    let decision = about(&scene, &there, "APRI PRATICA: richiesta");
    assert_eq!(decision.trail.last().expect("a reason").code, "has-dossier");
    let decision = about(&scene, &Wrote { proven: None, ..wrote.clone() }, "APRI PRATICA: richiesta");
    assert_eq!(decision.trail.last().expect("a reason").code, "not-certified");
    for (text, code) in [
        ("APRI PRATICA: richesta", "no-procedure"),
        ("APRI PRATICA", "no-procedure"),
        ("PRENDO IN CARICO", "no-dossier"),
        ("CHIEDO PEC", "certified"),
        ("METTI NEL FASCICOLO", "no-number"),
        ("METTI NEL FASCICOLO 2026/000099", "no-dossier"),
        ("NON COMPETENZA: edilizia", "same-office"),
    ] {
        let decision = about(&scene, &wrote, text);
        assert_eq!(decision.trail.last().expect("a reason").code, code, "{text}");
        assert!(decision.changes.is_empty(), "{text}");
        let answer = decision.outgoing.first().expect("an answer");
        assert!(answer.text.contains("- APRI PRATICA"), "what can be done is shown: {}", answer.text);
    }
}

#[test]
fn an_office_corrects_the_procedure_by_mail_and_the_citizen_reads_the_new_one() {
    let mut scene = scene().worked_on();
    scene.dossier.cover.origin = "e".repeat(64);
    let sent = Sent::to(&scene, MARIA, "CORREGGI: è un'iscrizione\n- procedimento: Iscrizione al nido\n");
    let decision = decided(&scene, &sent, &known(&scene)).expect("it is an office's");
    let learnt = corrected(&decision);
    let [(_, said)] = learnt.as_slice() else { panic!("{decision:?}") };
    assert_eq!((said.procedure.as_deref(), said.why.as_str()), (Some("nido"), "è un'iscrizione"));
    scene.take(decision.changes, decision.outgoing);
    assert_eq!((scene.dossier.cover.procedure.as_str(), scene.dossier.office.as_str()), ("nido", "istruzione"));
    assert_eq!(scene.of_template("avvio-procedimento").len(), 1);
    let message = wrote(&scene);
    let decision = about(&scene, &message, "CORREGGI: è un'iscrizione\n- procedimento: nido\n");
    assert_eq!(decision.trail.last().expect("a reason").code, "no-dossier", "a message alone has none");
}

#[test]
fn an_office_says_what_a_message_was_and_the_dossier_follows() {
    let mut scene = scene().worked_on();
    scene.dossier.cover.origin = "e".repeat(64);
    let text =
        "CORREGGI: chiede la residenza\n- tipo: Variazione di dati\n- ufficio: Ufficio tributi\n- pratica:\n\nGrazie";
    let sent = Sent::to(&scene, MARIA, text);
    let decision = decided(&scene, &sent, &known(&scene)).expect("it is an office's");
    let learnt = corrected(&decision);
    let [(message, said)] = learnt.as_slice() else { panic!("{decision:?}") };
    assert_eq!(*message, "e".repeat(64));
    assert_eq!((said.kind, said.office.as_deref()), (Some(Kind::DataChange), Some("tributi")));
    assert_eq!((said.by.as_str(), said.why.as_str()), ("Maria Bianchi", "chiede la residenza"));
    let before = code::of(Object::Dossier(&scene.dossier), "edilizia", &DESK);
    scene.take(decision.changes, decision.outgoing);
    assert_eq!(scene.dossier.office, "tributi", "it goes where it belongs");
    assert_eq!(scene.of_template("compito-pratica").len(), 1, "and that office hears of it");
    assert_ne!(code_in(scene.of_template("ordine-eseguito")[0]), before);

    for (text, code) in [
        ("CORREGGI", "empty"),
        ("CORREGGI: è sbagliato", "nothing-corrected"),
        ("CORREGGI: sì\n- tipo: multa", "no-kind"),
        ("CORREGGI: sì\n- ufficio: cosmesi", "no-office"),
        ("CORREGGI: sì\n- pratica: 2026/000099", "no-dossier"),
        ("CORREGGI: sì\n- procedimento: nidi", "no-procedure"),
        ("CORREGGI: sì\n- colore: rosso", "not-understood"),
        ("CORREGGI: sì\n- tipo: altro\n- messaggio: 0123456789ab", "no-message"),
    ] {
        let before = scene.dossier.clone();
        let sent = Sent::to(&scene, MARIA, text);
        let (answer, trail) = send(&mut scene, &sent, &[]);
        assert_eq!(trail, ["office", code], "{text}");
        assert_eq!(answer.template, "ordine-non-eseguito");
        assert_eq!(scene.dossier, before, "{text}");
    }
}

#[test]
fn a_message_without_a_dossier_is_corrected_and_offered_on() {
    let scene = scene();
    let wrote = wrote(&scene);
    let decision = about(&scene, &wrote, "CORREGGI: è della pratica che c'è già\n- pratica: 2026/000001");
    assert_eq!(corrected(&decision)[0].1.dossier.as_deref(), Some("2026/000001"));
    assert!(
        decision
            .changes
            .iter()
            .any(|change| matches!(change, Change::Entered { dossier, .. } if dossier == "2026/000001")),
        "the dossier shows it"
    );
    let answer = decision.outgoing.first().expect("an answer");
    assert!(answer.subject.contains("[Messaggio eeeeeeeeeeee] [Codice 1-"), "{}", answer.subject);
    // The code of another message is not good for this one.
    let other = Wrote { digest: "f".repeat(64), ..wrote.clone() };
    let subject =
        format!("[Messaggio {}] [Codice {}]", "f".repeat(12), code::of(Object::Message(&wrote), "edilizia", &DESK));
    let sent = Sent { subject, ..Sent::to(&scene, MARIA, "APRI PRATICA: richiesta") };
    let (seen, content) = sent.seen();
    let known = Known { wrote: vec![wrote, other], ..known(&scene) };
    let decision = by_mail(&seen, &content, &known, &DESK).expect("it is an office's");
    assert_eq!(decision.trail.last().expect("a reason").code, "wrong-code");
    assert!(decision.changes.is_empty());
}

#[test]
fn documents_go_with_the_letter_and_pictures_stay_in_the_dossier() {
    let files = [("logo.png", "x"), ("Provvedimento 12.pdf", "%PDF"), ("firma.p7s", "x")];
    let mut scene = scene().worked_on();
    let sent = Sent { files: &files, ..Sent::to(&scene, MARIA, "ACCOLGO: va bene") };
    let decision = decided(&scene, &sent, &known(&scene)).expect("it is an office's");
    let outcome = decision.outgoing.iter().find(|letter| letter.template == "esito").expect("an outcome");
    let [Enclosure::Document { message, nth: 1, name }] = outcome.enclosures.as_slice() else {
        panic!("{:?}", outcome.enclosures)
    };
    assert_eq!((message.as_str(), name.as_str()), ("d".repeat(64).as_str(), "Provvedimento 12.pdf"));
    assert!(outcome.text.contains("In allegato\n\n- Provvedimento 12.pdf\n"), "{}", outcome.text);
    let kept: Vec<(&str, Visibility)> = decision
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Entered { entry: Entry::Deposited { document }, .. } => {
                Some((document.name.as_str(), document.visibility))
            }
            _ => None,
        })
        .collect();
    let shown = [Visibility::Reserved, Visibility::Parties, Visibility::Reserved];
    assert_eq!(kept, files.map(|(name, _)| name).into_iter().zip(shown).collect::<Vec<_>>());
    let answer = decision.outgoing.first().expect("an answer");
    assert!(scene::flat(answer).contains("tenuti nel fascicolo: «logo.png», «firma.p7s»"), "{}", answer.text);

    // So does the form that is to be sent back.
    let sent = Sent {
        files: &[("Modulo.pdf", "%PDF")],
        ..Sent::to(&scene, MARIA, "CHIEDO INTEGRAZIONE\n- il modulo firmato\n\nNessun ente pubblico lo ha già: sì")
    };
    let decision = decided(&scene, &sent, &known(&scene)).expect("it is an office's");
    let asked = decision.outgoing.iter().find(|letter| letter.template == "richiesta-integrazione").expect("a request");
    assert!(matches!(asked.enclosures.as_slice(), [Enclosure::Document { name, .. }] if name == "Modulo.pdf"));
    assert!(asked.text.contains("I documenti che ti mandiamo\n\n- Modulo.pdf\n"), "{}", asked.text);

    // What goes to nobody is the office's alone.
    let sent = Sent { files: &files, ..Sent::to(&scene, MARIA, "NOTA: il rilievo") };
    let decision = decided(&scene, &sent, &known(&scene)).expect("it is an office's");
    assert!(decision.changes.iter().all(|change| !matches!(change,
        Change::Entered { entry: Entry::Deposited { document }, .. } if document.visibility != Visibility::Reserved)));
    assert!(decision.outgoing.iter().all(|letter| letter.enclosures.is_empty()));

    // A letter never leaves with an empty measure.
    let sent = Sent { files: &[("esito.pdf", "")], ..Sent::to(&scene, MARIA, "ACCOLGO: va bene") };
    let (_, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "document-empty"]);
    assert_eq!(scene.dossier.state, State::InLavorazione);
}

/// What an order must name stands in the task, and in its link where it is one thing.
#[test]
fn a_task_names_the_numbers_that_its_orders_want() {
    let scene = scene();
    let mut dossier = scene.dossier.clone();
    let mut file = |id: u32| {
        let step = participation::Entry::Filed {
            id,
            kind: participation::Kind::Memoria,
            by: SAFE.into(),
            standing: "party".into(),
            filed_at: scene.now,
            message: "a".repeat(64),
            documents: vec![],
            in_time: None,
        };
        dossier.apply(&Entry::Filing { n: id, step }, scene.now);
        dossier.clone()
    };
    let weigh = |dossier: &crate::dossier::Dossier| {
        let reader = Author { office: &dossier.office, name: "Maria Bianchi", role: "responsabile" };
        let all = answers::of(Object::Dossier(dossier), "", reader, &scene.people, scene.desk, scene.now);
        all.answers.into_iter().find(|answer| answer.words == "VALUTO").expect("there is something to weigh")
    };
    let one = weigh(&file(1));
    assert!(one.with.starts_with("e il numero dell'atto di parte (1), poi"), "{}", one.with);
    assert!(one.link.ends_with("&body=VALUTO%201%20"), "{}", one.link);
    let two = weigh(&file(2));
    assert!(two.with.contains("(1, 2)") && two.link.ends_with("&body=VALUTO%20"), "{} {}", two.with, two.link);
}

/// An address is enabled by mail too, by who decides there and once its code has come back (functions S0.07).
#[test]
fn an_address_that_was_confirmed_is_enabled_by_mail() {
    let mut scene = scene();
    let asked = enablement::Step::Asked {
        address: scene::OTHER.into(),
        code: scene::MARIO.into(),
        name: "Mario Rossi".into(),
        hash: String::new(),
        until: scene.now,
    };
    let entered = |step: enablement::Step| {
        let (dossier, entry) = ("2026/000001".to_string(), Entry::Enabling { step });
        [Change::Entered { dossier, entry }].into_iter().collect::<Vec<_>>()
    };
    scene.take(entered(asked), Vec::new());
    let good = "ABILITO FINO AL 31/12/2027: vista la carta d'identità";
    let sent = Sent::to(&scene, MARIA, good);
    let (answer, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "not-confirmed"]);
    assert!(!answer.text.contains("- ABILITO"), "{}", answer.text);
    scene.take(entered(enablement::Step::Confirmed), Vec::new());
    for (from, text, code) in [
        (SHARED, good, "not-lawful"),
        (MARIA, "ABILITO", "no-points"),
        (MARIA, "ABILITO FINO A QUANDO SERVE: visto", "no-day"),
        (MARIA, "ABILITO FINO AL 31/02/2027: visto", "no-day"),
        (MARIA, "ACCOLGO: va bene", "not-lawful"),
    ] {
        let sent = Sent::to(&scene, from, text);
        let (answer, trail) = send(&mut scene, &sent, &[]);
        assert_eq!(trail, ["office", code], "{text}");
        assert_eq!(answer.text.contains("- ABILITO, e i due punti"), from == MARIA, "{}", answer.text);
    }
    let sent = Sent::to(&scene, MARIA, good);
    let (_, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "order-done"]);
    assert_eq!(scene.dossier.state, State::Accolta);
    let mario = scene.people.first().expect("Mario");
    assert_eq!(mario.strength_of(scene::OTHER, scene.now), Some(Strength::Enabled));
    let ends: Vec<_> = mario.grants.iter().map(|grant| grant.until).collect();
    assert_eq!(ends, [Some(jiff::civil::date(2027, 12, 31)); 2]);
    let warned = scene.of_template("avviso-pratica");
    assert!(warned.first().is_some_and(|letter| letter.to == SAFE && letter.text.contains(scene::OTHER)));
}

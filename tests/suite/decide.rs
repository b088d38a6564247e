//! Decisions on genuine messages against every kind of past: the register is given, so each case is one line of it.

use casework::decision::Lane;
use casework::dossier::{Dossier, State};
use casework::effect::EffectKey;
use casework::known::Earlier;
use casework::rules::Kind;
use casework::{Change, Decision, Desk, Disposition, Entity, Known};
use gestore::{Authority, Mail, Provider, Style, Submission};
use jiff::Timestamp;
use pec::{Anchor, Anchors, Examined, Policy};
use std::sync::OnceLock;

pub(crate) const ENTITY: &str = "protocollo@pec.comune.test";
pub(crate) const ANNA: &str = "anna.bianchi@cittadini.test";
pub(crate) const NUMBER: &str = "2026/000007";

pub(crate) struct Bench {
    pub(crate) provider: Provider,
    pub(crate) anchors: Anchors,
    pub(crate) desk: Desk,
    pub(crate) now: Timestamp,
}

pub(crate) fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let now: Timestamp = "2026-02-03T10:00:00Z".parse().unwrap();
        let authority = Authority::create(now).unwrap();
        let provider = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap().repeatable(1);
        let anchor = Anchor::from_certificate(authority.certificate_der(), "SIMULAZIONE", &[], true).unwrap();
        let entity = Entity {
            name: "Comune di Prova".into(),
            pec: ENTITY.into(),
            task_sender: "sportello@comune.example".into(),
            own_addresses: vec![ENTITY.into(), "seconda@pec.comune.test".into()],
            contact: "tel. 0".into(),
            responsible: "Ada Neri".into(),
            substitute: "Segretario".into(),
            privacy_url: "https://www.comune.example/privacy".into(),
            fallback_office: "protocollo".into(),
            ..Entity::default()
        };
        let desk = sportello::office::desk(entity, None, None, EffectKey::new(&[3; 32])).unwrap();
        Bench { provider, anchors: Anchors { list: vec![anchor] }, desk, now }
    })
}

pub(crate) fn mail(from: &str, subject: &str, text: &str) -> Mail {
    Mail::new(from).to(ENTITY).subject(subject).text(text)
}

fn change(from: &str) -> Mail {
    mail(from, "Cambio di residenza", "Mi sono trasferita in via Roma 1. Codice fiscale BNCNNA80A41H501R\n")
}

fn seen(mail: Mail, at: Timestamp) -> Examined {
    let bench = bench();
    let mail = mail.compose(at).unwrap();
    let sealed = match bench.provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at).unwrap() {
        Submission::Accepted { envelope, .. } => envelope.raw,
        Submission::Refused(_) => panic!("refused"),
    };
    let policy = Policy::new(&bench.anchors);
    let seen = pec::examine(&sealed, &policy);
    assert_eq!(seen.grade, pec::Grade::Genuine, "{:?}", seen.report.failures().collect::<Vec<_>>());
    seen
}

pub(crate) fn decide(mail: Mail, known: Known) -> Decision {
    decide_at(mail, known, bench().now)
}

/// As [`decide`], of a message that was certified at another time.
pub(crate) fn decide_at(mail: Mail, known: Known, at: Timestamp) -> Decision {
    casework::decide(&seen(mail, at), &known, &bench().desk)
}

/// As [`decide`], at another desk.
pub(crate) fn decide_at_desk(mail: Mail, known: Known, desk: &Desk) -> Decision {
    casework::decide(&seen(mail, bench().now), &known, desk)
}

pub(crate) fn nothing() -> Known {
    Known { digest: "d".repeat(64), ..Known::nothing(bench().now) }
}

/// A register that holds Anna's dossier.
pub(crate) fn with_dossier() -> Known {
    let now = bench().now;
    let dossier = Dossier {
        number: NUMBER.into(),
        kind: Kind::DataChange,
        title: "Dichiarazione di cambio di residenza".into(),
        office: "anagrafe".into(),
        state: State::Protocollata,
        state_since: now,
        opened_at: now,
        due: Some("2026-02-05".parse().unwrap()),
        parties: vec![ANNA.into()],
        cover: Default::default(),
        life: Default::default(),
    };
    Known { dossiers: vec![dossier], ..nothing() }
}

fn reply(decision: &Decision) -> Option<&str> {
    decision.outgoing.iter().find(|o| o.lane == Lane::Pec).map(|o| o.template.as_str())
}

pub(crate) fn has_reason(decision: &Decision, code: &str) -> bool {
    decision.trail.iter().any(|r| r.code == code)
}

#[test]
fn a_complete_request_opens_a_dossier_tasks_its_office_and_is_answered_once() {
    let decision = decide(change(ANNA), nothing());
    let Some(Change::Opened { dossier }) = decision.changes.first() else { panic!("{decision:?}") };
    assert_eq!((dossier.number.as_str(), dossier.office.as_str()), ("2026/000001", "anagrafe"));
    assert_eq!(dossier.state, State::Protocollata);
    assert!(dossier.has_party("ANNA.BIANCHI@cittadini.test"));
    assert_eq!(reply(&decision), Some("presa-in-carico"));
    assert_eq!(decision.outgoing.len(), 2);
    let again = decide(change(ANNA), nothing());
    let ids = |d: &Decision| d.outgoing.iter().map(|o| o.message_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&decision), ids(&again), "the same cause mints the same ids");
}

#[test]
fn the_reply_goes_to_the_certified_sender_whatever_reply_to_says() {
    let decision = decide(change(ANNA).header("Reply-To", "ladro@altrove.test"), nothing());
    let to: Vec<&str> = decision.outgoing.iter().filter(|o| o.lane == Lane::Pec).map(|o| o.to.as_str()).collect();
    assert_eq!(to, [ANNA]);
}

#[test]
fn a_party_learns_the_state_and_a_stranger_does_not_learn_that_the_dossier_exists() {
    let ask = |from: &str, number: &str| mail(from, &format!("A che punto è la pratica {number}?"), "Grazie\n");
    let party = decide(ask(ANNA, NUMBER), with_dossier());
    assert_eq!(reply(&party), Some("stato-pratica"));
    let stranger = decide(ask("curioso@imprese.test", NUMBER), with_dossier());
    let nowhere = decide(ask("curioso@imprese.test", "2026/009999"), with_dossier());
    assert_eq!(reply(&stranger), Some("fascicolo-non-trovato"));
    let text = |d: &Decision, number: &str| {
        let letter = d.outgoing.iter().find(|o| o.lane == Lane::Pec).unwrap();
        format!("{}\n{}", letter.subject, letter.text).replace(number, "N")
    };
    assert_eq!(
        text(&stranger, NUMBER),
        text(&nowhere, "2026/009999"),
        "the two answers differ only in the number given"
    );
    assert!(stranger.changes.is_empty());
}

#[test]
fn whoever_holds_one_of_our_letters_may_answer_it_but_is_told_nothing() {
    let known = Known { thread: Some(NUMBER.into()), answers_ours: true, ..with_dossier() };
    let text = "Allego la documentazione integrativa che avete chiesto. A che punto è la pratica?\n";
    let decision = decide(mail("avvocato@imprese.test", "Re: la vostra Pec", text), known);
    assert!(matches!(decision.changes.first(), Some(Change::Filed { dossier }) if dossier == NUMBER));
    assert_eq!(reply(&decision), None);
}

#[test]
fn machines_are_not_answered_and_do_not_feed_on_tasks() {
    let auto = || change(ANNA).header("Auto-Submitted", "auto-replied");
    let spontaneous = decide(auto(), nothing());
    assert_eq!(reply(&spontaneous), None);
    assert!(has_reason(&spontaneous, "autoresponse"));
    assert!(spontaneous.changes.is_empty(), "a holiday notice opens nothing");
    let known = Known { answers_ours: true, thread: Some(NUMBER.into()), ..with_dossier() };
    let answering = decide(auto(), known);
    assert!(matches!(answering.disposition, Disposition::Noted { .. }));
    assert!(answering.outgoing.is_empty(), "a task for each would feed the other automaton");
}

#[test]
fn our_own_addresses_are_never_answered() {
    for own in [ENTITY, "Seconda@PEC.comune.test", "anagrafe@comune.example"] {
        let decision = decide(change(own), nothing());
        assert!(matches!(decision.disposition, Disposition::Noted { .. }), "{own}");
        assert!(decision.outgoing.is_empty(), "{own}");
    }
}

#[test]
fn mail_older_than_the_service_is_kept_and_nothing_else() {
    let after = |hours| bench().now.checked_add(jiff::SignedDuration::from_hours(hours)).unwrap();
    let old = decide(change(ANNA), Known { began: after(73), ..nothing() });
    assert!(matches!(old.disposition, Disposition::Noted { .. }));
    assert!(old.outgoing.is_empty() && old.changes.is_empty());
    let on_its_way = decide(change(ANNA), Known { began: after(1), ..nothing() });
    assert!(matches!(on_its_way.disposition, Disposition::Request { .. }), "it may have been on its way");
    assert_eq!(reply(&on_its_way), None, "or have been answered already");
    let current = decide(change(ANNA), Known { began: bench().now, ..nothing() });
    assert_eq!(reply(&current), Some("presa-in-carico"), "a clock a few seconds apart does not make it old");
}

#[test]
fn a_certified_message_again_has_no_effect_and_another_under_its_name_reaches_a_person() {
    let same = decide(change(ANNA), Known { earlier: Earlier::Same { digest: "a".repeat(64) }, ..nothing() });
    assert!(matches!(same.disposition, Disposition::Duplicate { .. }));
    assert!(same.outgoing.is_empty() && same.changes.is_empty());
    let other = decide(change(ANNA), Known { earlier: Earlier::Other { digest: "a".repeat(64) }, ..nothing() });
    assert!(matches!(other.disposition, Disposition::Quarantine { .. }));
    assert!(other.changes.iter().any(|c| matches!(c, Change::Incident { .. })));
    assert_eq!(reply(&other), None);
}

#[test]
fn the_brakes_stop_the_answer_and_never_the_task() {
    let mut known = nothing();
    known.traffic.to_sender = vec![("x".into(), None); casework::guard::SENDER_A_DAY_MAX as usize];
    let decision = decide(change(ANNA), known);
    assert_eq!(reply(&decision), None);
    assert!(has_reason(&decision, "brake-sender"));
    let Some(Change::Opened { dossier }) = decision.changes.first() else { panic!("the request is lawful on arrival") };
    assert_eq!(dossier.state, State::Ricevuta, "without its receipt it is only received");
    assert_eq!(decision.outgoing.len(), 1, "the office's task");
}

/// Each file by its name, and what becomes of it (functions S0.14): whoever sent one that nobody can open hears it in time.
#[test]
fn the_receipt_says_of_each_file_whether_it_can_be_opened() {
    let mail = change(ANNA)
        .attach("carta.pdf", "application/pdf", b"%PDF-1.7\ntrailer << /Size 3 >>\n")
        .attach("visura.pdf", "application/pdf", b"%PDF-1.7\ntrailer << /Size 3 /Encrypt 5 0 R >>\n")
        .attach("foto.zip", "application/zip", b"PK\x03\x04\x14\x00\x01\x00\x08\x00")
        .attach("fattura.pdf.exe", "application/octet-stream", b"MZ")
        .attach("vuoto.pdf", "application/pdf", b"");
    let decision = decide(mail, nothing());
    assert_eq!(decision.outgoing.len(), 2, "the receipt and the task");
    for letter in &decision.outgoing {
        let text = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (name, outcome) in [
            ("carta.pdf", "ricevuto"),
            ("visura.pdf", "ricevuto, ma ha una password e non lo possiamo leggere"),
            ("foto.zip", "ricevuto, ma ha una password e non lo possiamo leggere"),
            ("fattura.pdf.exe", "ricevuto, ma è un programma e non lo apriamo"),
            ("vuoto.pdf", "ricevuto, ma è vuoto"),
        ] {
            assert!(text.contains(&format!("- {name}: {outcome}")), "{name} in the {}: {text}", letter.template);
        }
        assert!(!text.contains("carta.pdf: ricevuto, ma"), "{text}");
    }
}

#[test]
fn what_nobody_recognises_goes_to_a_person_with_its_candidates() {
    let decision = decide(mail(ANNA, "Buongiorno", "Due parole.\n"), nothing());
    assert!(matches!(&decision.disposition, Disposition::ToPerson { office, .. } if office == "protocollo"));
    assert_eq!(reply(&decision), None);
    assert_eq!(decision.outgoing.len(), 1);
}

#[test]
fn a_machine_that_sends_documents_is_heard_and_a_bounce_makes_no_task() {
    let known = || Known { answers_ours: true, thread: Some(NUMBER.into()), ..with_dossier() };
    let file = change(ANNA).header("Auto-Submitted", "auto-replied").attach("cf.pdf", "application/pdf", b"%PDF");
    assert_eq!(decide(file, known()).outgoing.len(), 1, "documents reach the office");
    let weak = decide(change(ANNA).header("Precedence", "bulk"), known());
    assert_eq!(weak.outgoing.len(), 1, "so does a letter with a weak mark");
    assert_eq!(reply(&weak), None);

    let policy = Policy::new(&bench().anchors);
    let bounce = b"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\n\r\nno\r\n";
    let decision = casework::decide(&pec::examine(bounce, &policy), &nothing(), &bench().desk);
    assert!(decision.outgoing.is_empty(), "its task could bounce too");
    assert!(decision.changes.iter().any(|c| matches!(c, Change::Incident { .. })), "a person is shown it");
}

#[test]
fn a_new_request_in_an_old_conversation_is_a_new_request() {
    let known = Known { thread: Some(NUMBER.into()), answers_ours: true, ..with_dossier() };
    let text = "Chiedo l'accesso agli atti della gara e il rilascio di copia dei documenti. C.F. BNCNNA80A41H501R\n";
    let other = decide(mail(ANNA, "Richiesta di accesso agli atti", text), known.clone());
    let opened = |d: &Decision| d.changes.iter().any(|c| matches!(c, Change::Opened { .. }));
    assert!(opened(&other), "{:?}", other.trail);
    // The same form again may be the same request: it joins, and a person answers.
    let same = decide(change(ANNA), known);
    assert!(!opened(&same));
    assert_eq!(reply(&same), None);
}

#[test]
fn past_its_term_a_person_answers() {
    let mut known = with_dossier();
    known.dossiers[0].opened_at = "2026-01-02T09:00:00Z".parse().unwrap();
    known.dossiers[0].due = Some("2026-02-02".parse().unwrap());
    let decision = decide(mail(ANNA, &format!("A che punto è la pratica {NUMBER}?"), "Grazie\n"), known);
    assert_eq!(reply(&decision), None);
    assert!(has_reason(&decision, "past-due"));
}

/// Functions S2.02: each request has its dossier and its task, and one receipt names all of them.
#[test]
fn requests_that_stand_apart_in_one_message_are_worked_apart_under_one_receipt() {
    let text = "Dichiaro il cambio di residenza: mi sono trasferita in via Roma 1.\n\n\
                Chiedo l'accesso agli atti del condono di via Po 3, come previsto dalla legge 241.\n\n\
                Codice fiscale BNCNNA80A41H501R\n";
    let decision = decide(mail(ANNA, "Cambio di residenza; accesso agli atti", text), nothing());
    let opened = |change: &Change| match change {
        Change::Opened { dossier } => Some((dossier.number.clone(), dossier.kind, dossier.cover.linked.len())),
        _ => None,
    };
    let opened: Vec<_> = decision.changes.iter().filter_map(opened).collect();
    assert_eq!(opened.len(), 2, "{:#?}", decision.trail);
    assert!(opened.iter().all(|(_, _, linked)| *linked == 1), "each names the other: {opened:?}");
    assert_ne!(opened[0].1, opened[1].1);
    let receipts: Vec<_> = decision.outgoing.iter().filter(|letter| letter.lane == Lane::Pec).collect();
    let [receipt] = receipts[..] else { panic!("{receipts:#?}") };
    assert!(opened.iter().all(|(number, ..)| receipt.text.contains(number.as_str())), "{}", receipt.text);
    let tasks: Vec<_> = decision.outgoing.iter().filter(|letter| letter.template == "compito").collect();
    assert_eq!(tasks.len(), 2);
    assert_ne!((&tasks[0].id, &tasks[0].dossier), (&tasks[1].id, &tasks[1].dossier));
}

/// One request in many words is one.
#[test]
fn a_request_that_only_mentions_another_thing_is_one() {
    let text = "Mi sono trasferita in via Roma 1, come risulta dagli atti. Codice fiscale BNCNNA80A41H501R\n";
    let decision = decide(mail(ANNA, "Cambio di residenza", text), nothing());
    assert_eq!(decision.changes.iter().filter(|change| matches!(change, Change::Opened { .. })).count(), 1);
}

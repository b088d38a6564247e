//! Changes when a receipt of what we sent means something else to the office, or when the register answers otherwise.

use crate::decide::{ANNA, ENTITY, bench, has_reason, nothing};
use crate::store::{Bench, at, letter, sending};
use casework::decision::Lane;
use casework::receipts::{Awaited, Fact};
use casework::{Change, Decision, Disposition, Known};
use gestore::{Carriage, Delay, Failure, Mail, Sealed, Submission};
use jiff::{SignedDuration, Timestamp};
use pec::{Grade, Policy, Sending, Sent};
use sportello::archive::{Archive, Shelf};
use sportello::sent::Register;
use std::sync::Mutex;

const ID: &str = "<v1.lettera@pec.comune.test>";

fn after(hours: i64) -> Timestamp {
    bench().now + SignedDuration::from_hours(hours)
}

/// A letter of ours to Anna, as its frozen bytes are.
fn ours() -> Mail {
    Mail::new(ENTITY).to(ANNA).message_id(ID).subject("Ricevuta").text("Abbiamo ricevuto la richiesta.\n")
}

fn accepted(letter: &Mail) -> (Box<Carriage>, Sealed) {
    let mail = letter.compose(bench().now).unwrap();
    match bench().provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, bench().now).unwrap() {
        Submission::Accepted { carriage, acceptance, .. } => (carriage, acceptance),
        Submission::Refused(_) => panic!("refused"),
    }
}

/// The item of that letter, with what is known of it.
#[derive(Debug)]
struct Item(Awaited);

impl Item {
    fn with(facts: &[Fact]) -> Self {
        Self(Awaited {
            item: "a".into(),
            recipient: ANNA.into(),
            sender: ENTITY.into(),
            first_attempt: Some(bench().now),
            times: 1,
            message_id: ID.into(),
            subject: "Ricevuta".into(),
            text: "Abbiamo ricevuto la richiesta.\n".into(),
            language: casework::language::Language::It,
            template: "presa-in-carico".into(),
            is_task: false,
            is_canary: false,
            facts: facts.iter().cloned().collect(),
        })
    }

    /// What comes of a receipt.
    fn hears(&self, raw: &[u8]) -> (Grade, Decision) {
        let seen = pec::examine(raw, &Policy { sent: Some(self), ..Policy::new(&bench().anchors) });
        let known = Known { awaited: Some(self.0.clone()), ..nothing() };
        (seen.grade, casework::decide(&seen, &known, &bench().desk))
    }
}

impl Sent for Item {
    fn sending(&self, msgid: &str) -> Option<Sending> {
        (msgid == ID).then(|| self.0.sending())
    }
    fn bytes(&self, _: &str) -> Option<Vec<u8>> {
        Some(ours().compose(bench().now).unwrap().raw)
    }
}

fn learned(decision: &Decision) -> Option<&Fact> {
    decision.changes.iter().find_map(|change| match change {
        Change::Learned { fact, .. } => Some(fact),
        _ => None,
    })
}

fn templates(decision: &Decision) -> Vec<&str> {
    assert!(decision.outgoing.iter().all(|o| o.lane == Lane::Internal), "nobody outside is written to");
    decision.outgoing.iter().map(|o| o.template.as_str()).collect()
}

#[test]
fn a_receipt_of_ours_is_a_fact_and_one_that_nobody_could_hold_against_anything_is_not() {
    let (carriage, acceptance) = accepted(&ours());
    let item = Item::with(&[]);
    let (grade, decision) = item.hears(&acceptance.raw);
    assert_eq!(grade, Grade::Genuine);
    assert!(matches!(decision.disposition, Disposition::Receipt { .. }), "{decision:?}");
    assert!(matches!(learned(&decision), Some(Fact::Accepted { .. })));
    let delivery = bench().provider.delivery(&carriage, ANNA, bench().now).unwrap().raw;
    let (_, decision) = item.hears(&delivery);
    assert!(matches!(learned(&decision), Some(Fact::Delivered { .. })) && decision.outgoing.is_empty(), "{decision:?}");

    let unasked = pec::examine(&delivery, &Policy::new(&bench().anchors));
    let known = Known { awaited: Some(item.0), ..nothing() };
    let decision = casework::decide(&unasked, &known, &bench().desk);
    assert!(matches!(decision.disposition, Disposition::Orphan { .. }) && decision.changes.is_empty(), "{decision:?}");
}

#[test]
fn an_orphan_is_kept_and_changes_nothing_however_old() {
    let (_, webmail) = accepted(&ours().message_id("<webmail@pec.comune.test>"));
    let item = Item::with(&[]);
    let (grade, decision) = item.hears(&webmail.raw);
    assert_eq!(grade, Grade::Orphan);
    assert!(matches!(decision.disposition, Disposition::Orphan { .. }) && has_reason(&decision, "orphan"));
    assert!(decision.changes.is_empty() && decision.outgoing.is_empty());
    let seen = pec::examine(&webmail.raw, &Policy { sent: Some(&item), ..Policy::new(&bench().anchors) });
    let old = Known { received: Some(after(-9000)), began: bench().now, ..nothing() };
    let decision = casework::decide(&seen, &old, &bench().desk);
    assert!(matches!(decision.disposition, Disposition::Orphan { .. }), "{decision:?}");
}

#[test]
fn a_receipt_that_contradicts_its_sending_reaches_a_person() {
    let (carriage, _) = accepted(&ours());
    let learnt = Fact::Accepted { at: bench().now, pec_id: "altro@pec.alfa.test".into(), esterno: false };
    let delivery = bench().provider.delivery(&carriage, ANNA, bench().now).unwrap().raw;
    let (grade, decision) = Item::with(&[learnt]).hears(&delivery);
    assert_eq!(grade, Grade::Mismatch);
    assert!(matches!(decision.disposition, Disposition::Quarantine { .. }), "{decision:?}");
    assert_eq!((learned(&decision), templates(&decision)), (None, vec!["compito-verifica"]));
}

#[test]
fn two_acceptances_are_an_incident_and_both_ids_are_ours_from_then_on() {
    let (_, first) = accepted(&ours());
    let (again, second) = accepted(&ours());
    let (_, decision) = Item::with(&[]).hears(&first.raw);
    let one = learned(&decision).unwrap().clone();
    let (grade, decision) = Item::with(std::slice::from_ref(&one)).hears(&second.raw);
    assert_eq!(grade, Grade::Genuine);
    assert!(decision.changes.iter().any(|c| matches!(c, Change::Incident { code, .. } if code == "sent-twice")));
    let two = learned(&decision).unwrap().clone();
    let delivery = bench().provider.delivery(&again, ANNA, bench().now).unwrap().raw;
    let (_, decision) = Item::with(&[one, two]).hears(&delivery);
    assert!(matches!(learned(&decision), Some(Fact::Delivered { .. })), "{decision:?}");
}

/// The delivery holds in law; that the copy it encloses is another is shown, and a person gets a task (pec.md §9.14).
#[test]
fn a_delivery_with_another_copy_is_recorded_and_told() {
    let (mut carriage, _) = accepted(&ours());
    carriage.original = ours().text("Tutto un altro testo.\n").compose(bench().now).unwrap().raw;
    let delivery = bench().provider.delivery(&carriage, ANNA, bench().now).unwrap().raw;
    let (grade, decision) = Item::with(&[]).hears(&delivery);
    assert_eq!(grade, Grade::Genuine);
    assert!(matches!(learned(&decision), Some(Fact::Delivered { .. })));
    assert!(matches!(decision.disposition, Disposition::Receipt { .. }));
    assert!(decision.changes.iter().any(|c| matches!(c, Change::Incident { code, .. } if code == "returned-differs")));
    assert_eq!(templates(&decision), ["compito-verifica"]);
}

/// The second notice means paper, once; in whatever order the receipts are read, and a late delivery hides nothing.
#[test]
fn the_last_notice_makes_one_task_in_any_order() {
    let (carriage, acceptance) = accepted(&ours());
    let notice = |hours| bench().provider.delay_notice(&carriage, ANNA, Delay::TwelveHours, after(hours)).unwrap().raw;
    let delivery = bench().provider.delivery(&carriage, ANNA, after(30)).unwrap().raw;
    let all = [acceptance.raw, notice(12), notice(23), delivery];
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [2, 1, 0, 3], [0, 2, 1, 3], [2, 0, 1, 3], [3, 2, 1, 0], [0, 1, 3, 2]] {
        let mut facts: Vec<Fact> = Vec::new();
        let mut tasks = 0;
        for n in order {
            let (grade, decision) = Item::with(&facts).hears(&all[n]);
            assert_eq!(grade, Grade::Genuine, "{order:?} {n}: {decision:?}");
            tasks += templates(&decision).iter().filter(|t| **t == "compito-mancata-consegna").count();
            let late = matches!(learned(&decision), Some(Fact::Delivered { .. })) && tasks > 0;
            assert_eq!(has_reason(&decision, "late-delivery"), late, "{order:?} {n}");
            facts.push(learned(&decision).unwrap().clone());
        }
        assert_eq!(facts.len(), 4);
        let delivered_first = order.iter().position(|n| *n == 3) < order.iter().position(|n| *n == 2);
        assert_eq!(tasks, usize::from(!delivered_first), "{order:?}");
        let set = facts.into_iter().collect();
        assert_eq!(casework::receipts::outcome(&set), casework::receipts::Outcome::Delivered);
        assert_eq!(set.iter().filter(|f| matches!(f, Fact::Delayed { .. })).count(), 2, "both notices are kept");
    }
}

/// Of a full mailbox providers say `altro`: the letter goes by paper; of a task whoever looks after the service is told, for a task
/// about it could fail as well.
#[test]
fn a_full_mailbox_is_paper_for_a_letter_and_seen_for_a_task() {
    let (carriage, acceptance) = accepted(&ours());
    let full = bench().provider.non_delivery(&carriage, ANNA, Failure::Altro, after(1)).unwrap().raw;
    let (_, decision) = Item::with(&[]).hears(&acceptance.raw);
    let taken = learned(&decision).unwrap().clone();
    // Before or after the acceptance, in whatever order they are read.
    for facts in [&[][..], &[taken]] {
        let (grade, decision) = Item::with(facts).hears(&full);
        assert_eq!(grade, Grade::Genuine, "{decision:?}");
        let Some(Fact::NotDelivered { why, .. }) = learned(&decision) else { panic!("{decision:?}") };
        assert_eq!(templates(&decision), ["compito-mancata-consegna"]);
        let task = &decision.outgoing[0];
        assert!(
            task.text.contains(why.as_str()) && task.text.contains("Abbiamo ricevuto la richiesta."),
            "{}",
            task.text
        );
        assert!(has_reason(&decision, "not-delivered"));
        let again = Item::with(&[learned(&decision).unwrap().clone()]).hears(&full).1;
        assert!(again.outgoing.is_empty(), "once");

        // Who only follows a public case is owed nothing: neither paper nor a task, and it is said why.
        let news = Item(Awaited { template: "segui-novita".into(), ..Item::with(facts).0 });
        let (_, decision) = news.hears(&full);
        assert!(decision.outgoing.is_empty() && has_reason(&decision, "news-not-delivered"), "{decision:?}");
        assert!(!has_reason(&decision, "not-delivered"), "{decision:?}");

        let item = Item(Awaited { is_task: true, ..Item::with(facts).0 });
        let (_, decision) = item.hears(&full);
        assert!(decision.outgoing.is_empty());
        let incidents = decision.changes.iter().filter_map(|change| match change {
            Change::Incident { code, text } => Some((code.as_str(), text.as_str())),
            _ => None,
        });
        let incidents: Vec<_> = incidents.collect();
        let [(code, text)] = incidents[..] else { panic!("{incidents:?}") };
        assert!(code == "task-not-delivered" && text.contains(ANNA), "{code} {text}");
    }
}

#[test]
fn the_register_answers_for_what_was_sent_and_for_nothing_else() {
    let mut bench = Bench::new();
    bench.decide("uno", at(0), vec![], vec![letter("a", Lane::Pec, None)], 0);
    let archive = Archive::open(bench.data()).unwrap();
    let frozen = archive.keep(Shelf::Out, b"From: x\r\n\r\nlettera\r\n").unwrap().digest().to_owned();
    bench.add_task("b", &frozen);
    let before = Mutex::new(bench.store);
    let ask = |store: &Mutex<_>, id: &str| Register::new(store, &archive).sending(id);
    let sending_of_a = ask(&before, "<v1.a@pec.comune.test>").unwrap();
    assert_eq!((sending_of_a.submitted, sending_of_a.recipients), (None, vec![ANNA.to_owned()]));
    assert_eq!(ask(&before, "<opec1.2@pec.alfa.test>"), None);
    let mut store = before.into_inner().unwrap();
    for step in sending() {
        store.move_item("a", step, at(5)).unwrap();
    }
    let store = Mutex::new(store);
    assert_eq!(ask(&store, "<v1.a@pec.comune.test>").unwrap().submitted, Some(at(5)));

    let register = Register::new(&store, &archive);
    assert_eq!(register.bytes("<v1.b@pec.comune.test>").as_deref(), Some(&b"From: x\r\n\r\nlettera\r\n"[..]));
    std::fs::write(archive.path(Shelf::Out, &frozen), b"rotten").unwrap();
    assert_eq!(register.bytes("<v1.b@pec.comune.test>"), None);
    assert_eq!(register.bytes("<v1.a@pec.comune.test>"), None, "not in the archive");
    assert!(register.trouble().is_none(), "our own copy is gone: no reason to stop");
}

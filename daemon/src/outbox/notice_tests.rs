//! When silence is noticed, and what an uncertain letter may become.

use super::*;
use casework::Outgoing;
use casework::receipts::Fact;
use std::collections::{BTreeMap, BTreeSet};

const TERM: SignedDuration = SignedDuration::from_mins(30);

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + 60 * minutes).unwrap()
}

fn item(state: State, facts: &[Fact], noticed: &[Notice]) -> ItemRow {
    ItemRow {
        outgoing: Outgoing {
            id: "a".into(),
            message_id: "<v1.a@pec.example>".into(),
            lane: Lane::Pec,
            from: "ente@pec.example".into(),
            to: "anna@pec.example".into(),
            template: "presa-in-carico".into(),
            dossier: None,
            references: vec![],
            with_original: false,
            enclosures: vec![],
            language: Default::default(),
            subject: String::new(),
            text: String::new(),
        },
        cause: String::new(),
        frozen: String::new(),
        created_at: at(0),
        state,
        attempts: 1,
        first_attempt: Some(at(0)),
        moved_at: at(0),
        last: String::new(),
        facts: facts.iter().cloned().collect(),
        dot_at: Some(at(0)),
        notices: noticed.iter().map(|notice| (*notice, at(0))).collect::<BTreeMap<_, _>>(),
        again: 0,
        resent_by_rule: false,
        restored: false,
        canary: None,
    }
}

fn accepted(esterno: bool) -> Fact {
    Fact::Accepted { at: at(1), pec_id: "p".into(), esterno }
}

fn first_notice() -> Fact {
    Fact::Delayed { at: at(721), last: false, late: false }
}

fn last_notice() -> Fact {
    Fact::Delayed { at: at(1441), last: true, late: false }
}

fn delivered() -> Fact {
    Fact::Delivered { at: at(1500), pec_id: "p".into() }
}

fn noticed(row: &ItemRow, minutes: i64) -> Option<Notice> {
    silence(row, wait(row)?, SignedDuration::from_mins(minutes), TERM)
}

/// Each term, a minute before it and at it, and each once.
#[test]
fn every_silence_is_noticed_at_its_term_and_once() {
    use Notice::{AcceptanceMissing, AcceptanceOverdue, DeliveryLate, DeliverySilent};
    let taken = |noticed: &[Notice]| item(State::Submitted, &[], noticed);
    assert_eq!(noticed(&taken(&[]), 29), None);
    assert_eq!(noticed(&taken(&[]), 30), Some(AcceptanceOverdue));
    assert_eq!(noticed(&taken(&[AcceptanceOverdue]), 179), None);
    assert_eq!(noticed(&taken(&[AcceptanceOverdue]), 180), Some(AcceptanceMissing));
    assert_eq!(noticed(&taken(&[AcceptanceOverdue, AcceptanceMissing]), 9000), None);
    assert_eq!(noticed(&taken(&[]), 9000), Some(AcceptanceMissing), "after a long stop only the gravest is told");

    let under_way = |facts: &[Fact], noticed: &[Notice]| item(State::Submitted, facts, noticed);
    for state in [State::Submitted, State::Unknown, State::Withdrawn] {
        let row = item(state, &[accepted(false)], &[]);
        assert_eq!(
            (noticed(&row, 719), noticed(&row, 720)),
            (None, Some(DeliveryLate)),
            "a receipt outweighs the state"
        );
    }
    let facts = [accepted(false), first_notice()];
    assert_eq!(noticed(&under_way(&facts, &[]), 1499), None, "the provider said itself that it is late");
    assert_eq!(noticed(&under_way(&facts, &[]), 1500), Some(DeliverySilent));
    assert_eq!(noticed(&under_way(&facts, &[DeliverySilent]), 9000), None);
    assert_eq!(noticed(&under_way(&[first_notice()], &[]), 1500), Some(DeliverySilent), "its acceptance was lost");
}

/// What has an end is silent lawfully.
#[test]
fn what_has_ended_is_waited_for_no_longer() {
    let ends: [&[Fact]; 5] = [
        &[accepted(false), delivered()],
        &[accepted(true)],
        &[accepted(false), first_notice(), last_notice()],
        &[accepted(false), Fact::NotDelivered { at: at(9), why: String::new() }],
        &[Fact::NotAccepted { at: at(9), why: String::new() }],
    ];
    for facts in ends {
        assert_eq!(wait(&item(State::Submitted, facts, &[])), None, "{facts:?}");
        assert_eq!(wait(&item(State::Unknown, facts, &[])), None, "{facts:?}");
    }
    for state in [State::Held { until: at(0) }, State::Queued { due: at(0) }, State::Refused, State::Withdrawn] {
        assert_eq!(wait(&item(state, &[], &[])), None);
    }
    let mut task = item(State::Submitted, &[], &[]);
    task.outgoing.lane = Lane::Internal;
    assert_eq!(wait(&task), None, "an ordinary road gives no receipts");
    // A notice says nothing any more of what was delivered after it.
    let late = item(State::Submitted, &[accepted(false), delivered()], &[Notice::DeliveryLate, Notice::DeliverySilent]);
    assert_eq!(late.silent().count(), 0);
}

/// All the evidence, and each piece of it missing in turn (reliability.md §4.4).
#[test]
fn an_uncertain_letter_is_given_up_only_when_all_the_evidence_is_in() {
    let all = Evidence { inbox_read: Some(at(90)), accepted: Some((at(1), "<v1.b@x>")), last_call: None };
    let judge = |minutes: i64, evidence: &Evidence<'_>| {
        doubt(at(0), SignedDuration::from_mins(minutes), TERM, at(minutes), evidence)
    };
    assert_eq!(judge(90, &all), Doubt::Overtaken);
    assert_eq!(judge(89, &all), Doubt::Wait, "three terms have not passed");
    assert_eq!(judge(900, &Evidence { inbox_read: None, ..all }), Doubt::Wait);
    assert_eq!(judge(900, &Evidence { inbox_read: Some(at(89)), ..all }), Doubt::Wait, "read before they had passed");
    assert_eq!(judge(900, &Evidence { accepted: None, ..all }), Doubt::Wait);
    assert_eq!(judge(900, &Evidence { accepted: Some((at(0), "x")), ..all }), Doubt::Wait, "not a later one");
    // The term of the dossier does not wait for evidence, but for as long as an acceptance takes it does.
    let near = Evidence { inbox_read: None, accepted: None, last_call: Some(at(40)) };
    assert_eq!((judge(39, &near), judge(40, &near)), (Doubt::Wait, Doubt::TermNear));
    assert_eq!((judge(29, &Evidence { last_call: Some(at(-500)), ..near })), Doubt::Wait);
    assert_eq!(judge(90, &Evidence { last_call: Some(at(1)), ..all }), Doubt::Overtaken);
}

#[test]
fn every_notice_has_words_of_its_own() {
    use Notice::{AcceptanceMissing, AcceptanceOverdue, DeliveryLate, DeliverySilent, TermNear, Unresolved};
    let all = [AcceptanceOverdue, AcceptanceMissing, DeliveryLate, DeliverySilent, Unresolved, TermNear];
    assert_eq!(all.map(Notice::title).into_iter().collect::<BTreeSet<_>>().len(), all.len());
    for notice in all {
        assert_eq!(serde_json::to_value(notice).unwrap(), notice.code(), "the journal's word");
    }
}

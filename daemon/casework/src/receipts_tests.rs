//! Facts in every order.

use super::*;
use alloc::vec::Vec;
use pec::Destinatario;
use pec::wire::Errore;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + hours * 3600).unwrap()
}

fn daticert(tipo: Tipo, hours: i64) -> Daticert {
    Daticert {
        tipo,
        errore: Errore::Nessuno,
        mittente: "ente@pec.example".into(),
        destinatari: vec![Destinatario { address: "MARIO@pec.example".into(), esterno: false }],
        risposte: String::new(),
        oggetto: String::new(),
        gestore_emittente: "X".into(),
        data: at(hours),
        identificativo: "p1@gestore.example".into(),
        msgid: Some("<v1.a@pec.example>".into()),
        ricevuta: None,
        consegna: Some("mario@pec.example".into()),
        ricezione: vec![],
        errore_esteso: None,
        others: vec![],
        repaired: false,
    }
}

fn awaited(facts: &[Fact]) -> Awaited {
    Awaited {
        item: "a".into(),
        recipient: "mario@pec.example".into(),
        sender: "Ente@pec.example".into(),
        first_attempt: Some(at(0)),
        message_id: "<v1.a@pec.example>".into(),
        subject: String::new(),
        text: String::new(),
        is_task: false,
        facts: facts.iter().cloned().collect(),
    }
}

fn accepted(hours: i64, pec_id: &str) -> Fact {
    Fact::Accepted { at: at(hours), pec_id: pec_id.into(), esterno: false }
}

fn delivered(hours: i64, pec_id: &str) -> Fact {
    Fact::Delivered { at: at(hours), pec_id: pec_id.into() }
}

/// A notice of delay as it is read: `text` is its `errore-esteso`.
fn notice(hours: i64, text: Option<&str>) -> Fact {
    let data = Daticert { errore_esteso: text.map(Into::into), ..daticert(Tipo::PreavvisoErroreConsegna, hours) };
    fact(&data, &awaited(&[])).unwrap()
}

/// Every order of the facts: the outcome of each set must be this one, however it was come to.
fn in_every_order(facts: &[Fact], wanted: Outcome) {
    fn permute(taken: &mut Vec<Fact>, left: &[Fact], wanted: Outcome) {
        if left.is_empty() {
            let set: BTreeSet<Fact> = taken.iter().chain(taken.iter()).cloned().collect();
            assert_eq!(outcome(&set), wanted, "{taken:?}");
        }
        for n in 0..left.len() {
            let mut rest = left.to_vec();
            taken.push(rest.remove(n));
            permute(taken, &rest, wanted);
            taken.pop();
        }
    }
    permute(&mut Vec::new(), facts, wanted);
}

#[test]
fn what_is_between_providers_states_nothing_of_ours() {
    for tipo in [Tipo::PresaInCarico, Tipo::RilevazioneVirus, Tipo::Other("nuovo".into())] {
        assert!(fact(&daticert(tipo.clone(), 1), &awaited(&[])).is_err(), "{tipo:?}");
    }
    let long = Daticert { identificativo: "x".repeat(501), ..daticert(Tipo::Accettazione, 1) };
    assert!(fact(&long, &awaited(&[])).is_err());
}

#[test]
fn the_two_notices_are_told_apart_by_text_or_by_time() {
    let (text, twelve) = (Some("5.4.1 - X - non consegnato nelle ventiquattro ore"), Some("4.4.7 - X - dodici ore"));
    for (hours, text, wanted) in [
        (12, None, Outcome::Delayed),
        (12, twelve, Outcome::Delayed),
        (12, Some("5.4.10 - X"), Outcome::Delayed),
        (12, text, Outcome::Failed),
        (21, None, Outcome::Delayed),
        (22, None, Outcome::Failed),
        (24, twelve, Outcome::Failed),
    ] {
        in_every_order(&[accepted(0, "p"), notice(hours, text)], wanted);
        // No acceptance: the first attempt stands for it.
        in_every_order(&[notice(hours, text)], wanted);
    }
    // Tried for ten hours before it was accepted: the first notice is the first, whenever the acceptance is read.
    in_every_order(&[notice(22, None)], Outcome::Failed);
    in_every_order(&[notice(22, None), accepted(10, "p")], Outcome::Delayed);
    in_every_order(&[notice(22, None), accepted(10, "p"), notice(33, None)], Outcome::Failed);
}

/// Both notices and a delivery after them: all are kept, and the delivery holds.
#[test]
fn a_late_delivery_outweighs_both_notices_and_hides_neither() {
    let facts = [accepted(0, "p"), notice(12, None), notice(24, Some("5.4.1 - X")), delivered(30, "p")];
    in_every_order(&facts[..2], Outcome::Delayed);
    in_every_order(&facts[..3], Outcome::Failed);
    in_every_order(&facts, Outcome::Delivered);
    let set: BTreeSet<Fact> = facts.iter().cloned().collect();
    assert_eq!(set.len(), 4);
    assert_eq!(failure(&set), Some(&facts[2]), "what failed can still be told");
}

#[test]
fn order_and_repetition_do_not_matter() {
    let facts = [
        accepted(0, "p1"),
        Fact::NotAccepted { at: at(1), why: "x".into() },
        notice(12, None),
        Fact::NotDelivered { at: at(25), why: "x".into() },
        delivered(26, "p1"),
        accepted(2, "p2"),
    ];
    let wanted = [
        Outcome::Accepted,
        Outcome::Accepted,
        Outcome::Delayed,
        Outcome::Failed,
        Outcome::Delivered,
        Outcome::Delivered,
    ];
    for (n, wanted) in wanted.into_iter().enumerate() {
        in_every_order(&facts[..=n], wanted);
    }
    in_every_order(&facts[1..2], Outcome::Refused);
}

#[test]
fn two_pec_ids_of_one_item_are_seen_and_both_are_learnt() {
    let twice = |facts: &[Fact]| sent_twice(&facts.iter().cloned().collect());
    assert!(!twice(&[accepted(0, "p1"), delivered(1, "p1")]));
    assert!(twice(&[accepted(0, "p1"), accepted(1, "p2")]));
    assert!(twice(&[delivered(1, "p2"), accepted(0, "p1")]), "a delivery of the other one came first");
    let sending = |facts: &[Fact]| awaited(facts).sending();
    assert_eq!(sending(&[]).pec_ids, [""; 0]);
    assert_eq!(sending(&[delivered(1, "p2")]).pec_ids, ["p2"]);
    let both = sending(&[delivered(1, "p2"), accepted(3, "p3"), accepted(0, "p1")]);
    assert_eq!((both.pec_ids, both.accepted), (vec!["p1".into(), "p3".into()], Some(at(0))), "the acceptance teaches");
    assert_eq!((both.submitted, both.mailbox.as_str()), (Some(at(0)), "Ente@pec.example"));
}

#[test]
fn a_recipient_outside_the_circuit_ends_at_acceptance() {
    let mut d = daticert(Tipo::Accettazione, 0);
    d.consegna = None;
    d.destinatari[0].esterno = true;
    let f = fact(&d, &awaited(&[])).unwrap();
    assert_eq!(outcome(&[f].into_iter().collect()), Outcome::NotPec);
}

#[test]
fn facts_of_older_registers_are_read() {
    let old: Fact = serde_json::from_str(r#"{"fact":"delayed","at":"2026-02-03T10:00:00Z","last":true}"#).unwrap();
    assert!(matches!(old, Fact::Delayed { last: true, late: false, .. }));
    assert!(!serde_json::to_string(&old).unwrap().contains("late"));
}

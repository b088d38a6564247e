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
        times: 1,
        message_id: "<v1.a@pec.example>".into(),
        subject: String::new(),
        text: String::new(),
        language: crate::language::Language::It,
        template: "presa-in-carico".into(),
        is_task: false,
        is_canary: false,
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
    let again = Awaited { times: 2, ..awaited(&[accepted(0, "p1"), delivered(1, "p2")]) }.sending();
    assert_eq!(
        (again.pec_ids, again.times),
        (vec!["p1".into(), "p2".into()], 2),
        "of two both, whose acceptance came or not"
    );
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

/// All 5,040 orders of the seven facts there are, each said one to three times: what is known after each step is a function
/// of the set, and so is everything that is asked of it (reliability.md §6, T32).
#[test]
fn seven_facts_in_every_order_each_said_up_to_three_times() {
    let facts = [
        accepted(0, "p1"),
        accepted(2, "p2"),
        Fact::NotAccepted { at: at(1), why: "x".into() },
        notice(12, None),
        notice(24, Some("5.4.1 - X")),
        Fact::NotDelivered { at: at(25), why: "x".into() },
        delivered(26, "p1"),
    ];
    /// Everything that is asked of a set.
    fn asked(set: &BTreeSet<Fact>) -> (Outcome, Option<Fact>, bool, Vec<String>) {
        let mut ids = awaited(&set.iter().cloned().collect::<Vec<_>>()).sending().pec_ids;
        ids.sort();
        (outcome(set), failure(set).cloned(), sent_twice(set), ids)
    }
    // What each set amounts to, from its members alone: bit n stands for fact n.
    let of_set: Vec<_> = (0..1u32 << facts.len())
        .map(|bits| asked(&(0..facts.len()).filter(|n| bits >> n & 1 == 1).map(|n| facts[n].clone()).collect()))
        .collect();
    let mut orders = 0;
    let mut stack: Vec<Vec<usize>> = vec![vec![]];
    while let Some(order) = stack.pop() {
        if order.len() < facts.len() {
            stack.extend((0..facts.len()).filter(|n| !order.contains(n)).map(|n| [order.as_slice(), &[n]].concat()));
            continue;
        }
        orders += 1;
        let (mut set, mut bits) = (BTreeSet::new(), 0u32);
        for (step, &n) in order.iter().enumerate() {
            bits |= 1 << n;
            for _ in 0..1 + (step + n) % 3 {
                set.insert(facts[n].clone());
                // An earlier one is heard again too.
                set.insert(facts[order[step / 2]].clone());
            }
            assert_eq!(asked(&set), of_set[bits as usize], "{order:?} at step {step}");
        }
        assert_eq!((set.len(), outcome(&set)), (7, Outcome::Delivered));
    }
    assert_eq!(orders, 5040);
}

/// Facts that contradict one another, and which holds (T33).
#[test]
fn of_facts_that_contradict_one_another_the_better_for_the_citizen_holds() {
    let refused = || Fact::NotAccepted { at: at(1), why: "virus".into() };
    let failed = |hours| Fact::NotDelivered { at: at(hours), why: "casella piena".into() };
    let outside = || Fact::Accepted { at: at(0), pec_id: "p".into(), esterno: true };
    let last = || notice(24, Some("5.4.1 - X"));
    let table: [(&str, Vec<Fact>, Outcome); 12] = [
        ("refused and accepted", vec![refused(), accepted(2, "p")], Outcome::Accepted),
        ("refused and delivered", vec![refused(), delivered(2, "p")], Outcome::Delivered),
        ("refused, and failed further on", vec![refused(), failed(2)], Outcome::Failed),
        ("failed, then delivered", vec![accepted(0, "p"), failed(2), delivered(3, "p")], Outcome::Delivered),
        ("delivered, then failed", vec![accepted(0, "p"), delivered(2, "p"), failed(3)], Outcome::Delivered),
        ("delivered before it was accepted", vec![delivered(1, "p"), accepted(2, "p")], Outcome::Delivered),
        ("delivered, never accepted", vec![delivered(1, "p")], Outcome::Delivered),
        ("delivered after the last notice", vec![accepted(0, "p"), last(), delivered(30, "p")], Outcome::Delivered),
        ("late after the failure", vec![failed(2), notice(12, None)], Outcome::Failed),
        ("outside the circuit, and delivered all the same", vec![outside(), delivered(1, "p")], Outcome::Delivered),
        ("outside the circuit, and failed", vec![outside(), failed(1)], Outcome::Failed),
        ("outside the circuit", vec![outside()], Outcome::NotPec),
    ];
    for (what, facts, wanted) in table {
        assert_eq!(outcome(&facts.iter().cloned().collect()), wanted, "{what}");
        in_every_order(&facts, wanted);
    }
}

/// A second PEC id, whenever it comes among everything else, is seen at once and never unseen (T31).
#[test]
fn a_second_acceptance_is_seen_whenever_it_comes() {
    let failed = Fact::NotDelivered { at: at(14), why: "x".into() };
    let others = [accepted(0, "p1"), notice(12, None), delivered(13, "p1"), failed];
    for place in 0..=others.len() {
        let mut facts = others.to_vec();
        facts.insert(place, accepted(1, "p2"));
        let mut set = BTreeSet::new();
        for fact in facts {
            set.insert(fact);
            let both = set.contains(&accepted(0, "p1")) && set.contains(&accepted(1, "p2"));
            assert_eq!(sent_twice(&set), both, "{place}");
        }
    }
}

//! Contributions: in time to the second, weighed before the outcome, quoted in it.

use super::*;
use alloc::vec;
use proptest::prelude::*;

const BY: &str = "Comitato@pec.example";

fn hex(n: u32) -> String {
    format!("{n:064x}")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn document(n: u32, visibility: Visibility) -> Document {
    Document { digest: hex(n), name: format!("atto{n}.pdf"), visibility }
}

fn contribution<'a>(id: u32, message: &'a str, documents: &'a [Document]) -> Contribution<'a> {
    let filed_at = at("2026-03-10T11:00:00Z");
    Contribution { id, kind: Kind::Memoria, by: BY, standing: "listed-domicile", filed_at, message, documents }
}

fn filed(id: u32) -> Participation {
    let entry = file(contribution(id, &hex(id), &[]), Admission::Open, None, &[]).unwrap();
    Participation::begin(&entry).unwrap()
}

fn weighed(id: u32, weight: Weight) -> Participation {
    let mut one = filed(id);
    let entry = one.weigh(weight, "Il parere del 3 marzo dice il contrario.", "anna").unwrap();
    one.apply(&entry, at("2026-03-20T10:00:00Z"));
    one
}

fn code<T: core::fmt::Debug>(refused: Result<T, Refused>) -> &'static str {
    refused.unwrap_err().code
}

fn term() -> Term {
    Term { ends: "2026-03-10".parse().unwrap(), name: "le osservazioni".into() }
}

/// Cons. Stato VI 8546/2024: the certified second counts, and the day ends at 23:59:59 in Rome.
#[test]
fn in_time_to_the_last_second_of_the_day_in_rome() {
    let timing = |filed_at| {
        let message = hex(1);
        let new = Contribution { filed_at: at(filed_at), ..contribution(1, &message, &[]) };
        let entry = file(new, Admission::Open, Some(&term()), &[]).unwrap();
        Participation::begin(&entry).unwrap().in_time.unwrap()
    };
    assert!(matches!(timing("2026-03-10T22:59:59Z"), Timing::InTime { .. }));
    let Timing::Late { why } = timing("2026-03-10T23:00:00Z") else { panic!("a second late") };
    assert_eq!(why, "arrivo: 11 marzo 2026, ore 00:00:00; ultimo giorno per le osservazioni: 10 marzo 2026");
    assert_eq!(filed(1).in_time, None, "no term was open");
}

#[test]
fn what_the_procedure_excludes_is_named_and_kept() {
    let excluded = Admission::Excluded { law: "L. 241/1990 art. 13" };
    let refused = file(contribution(1, &hex(1), &[]), excluded, None, &[]).unwrap_err();
    assert_eq!(refused.code, "participation-excluded");
    assert!(refused.text.contains("resta nel fascicolo") && refused.text.contains("art. 13"));
}

#[test]
fn a_message_is_one_contribution() {
    let known = [filed(1)];
    assert_eq!(code(file(contribution(2, &hex(1), &[]), Admission::Open, None, &known)), "already-filed");
    assert_eq!(code(file(contribution(1, &hex(2), &[]), Admission::Open, None, &known)), "number-taken");
    assert_eq!(code(file(contribution(2, "x", &[]), Admission::Open, None, &known)), "not-a-digest");
    let twice = [document(7, Visibility::Parti), document(7, Visibility::Parti)];
    let entry = file(contribution(2, &hex(2), &twice), Admission::Open, None, &known).unwrap();
    assert_eq!(Participation::begin(&entry).unwrap().documents.len(), 1);
    let many: Vec<_> = (0..=DOCUMENTS_MAX as u32).map(|n| document(n, Visibility::Parti)).collect();
    assert_eq!(code(file(contribution(2, &hex(2), &many), Admission::Open, None, &known)), "too-many");
}

#[test]
fn no_outcome_while_one_is_unanswered() {
    assert_eq!(outcome_gate(&[]), Ok(()));
    let mut all = vec![weighed(1, Weight::NonAccolta), filed(2), filed(3)];
    let refused = outcome_gate(&all).unwrap_err();
    assert_eq!(refused.code, "participation-unanswered");
    assert!(refused.text.ends_with("Memoria n. 2 del 10 marzo 2026 e un altro"), "{refused}");
    all.truncate(1);
    assert_eq!(outcome_gate(&all), Ok(()));
}

#[test]
fn the_outcome_quotes_how_each_was_weighed() {
    let all = [weighed(1, Weight::AccoltaInParte), weighed(2, Weight::NonPertinente)];
    let words = weighed_in_words(&all);
    assert_eq!(
        words[0],
        "Memoria n. 1 del 10 marzo 2026: ne abbiamo tenuto conto in parte. Il parere del 3 marzo dice il contrario."
    );
    assert!(words.iter().all(|words| !words.contains('@')), "an outcome names no third person");
    let letter = format!("Decisione.\n\n{}\n\n{}\n", words[0].replace(' ', "\n"), words[1]);
    assert_eq!(quotes_all(&letter, &all), Ok(()));
    let refused = quotes_all(&words[1], &all).unwrap_err();
    assert_eq!((refused.code, refused.text.contains("Memoria n. 1")), ("not-quoted", true));
    assert_eq!(code(quotes_all(&letter, &[filed(9)])), "participation-unanswered");
}

#[test]
fn what_was_weighed_stays() {
    let mut one = weighed(1, Weight::Accolta);
    assert_eq!(code(one.weigh(Weight::NonAccolta, "x", "bruno")), "already-weighed");
    let before = one.clone();
    one.apply(
        &Entry::Weighed { weight: Weight::NonAccolta, how: "x".into(), by: "b".into() },
        at("2026-04-01T00:00:00Z"),
    );
    assert_eq!(one, before);
    assert_eq!(code(filed(1).weigh(Weight::Accolta, " ", "anna")), "empty");
}

/// L. 241/1990 art. 10 c. 1 a, art. 24.
#[test]
fn an_intervener_sees_the_acts_minus_what_is_reserved() {
    let documents =
        [document(1, Visibility::Pubblico), document(2, Visibility::Parti), document(3, Visibility::Riservato)];
    let entry = file(contribution(1, &hex(9), &documents), Admission::Open, None, &[]).unwrap();
    let mut one = Participation::begin(&entry).unwrap();
    let count = |one: &Participation, reader| one.open_to(reader).count();
    for (reader, seen) in [(Reader::Anyone, 1), (Reader::Intervener, 2), (Reader::Party, 2), (Reader::Office, 3)] {
        assert_eq!(count(&one, reader), seen, "{reader:?}");
    }
    let entry = one.show(&hex(2), Visibility::Riservato).unwrap();
    one.apply(&entry, at("2026-03-11T00:00:00Z"));
    assert_eq!(count(&one, Reader::Intervener), 1);
    assert_eq!(code(one.show(&hex(8), Visibility::Pubblico)), "no-such-document");
}

#[test]
fn an_entry_reads_back_as_it_was_written() {
    let message = hex(1);
    let new = Contribution { kind: Kind::Osservazioni10Bis, ..contribution(1, &message, &[]) };
    let entry = file(new, Admission::Open, Some(&term()), &[]).unwrap();
    let text = serde_json::to_string(&entry).unwrap();
    assert!(text.contains(r#""participation":"filed""#) && text.contains(r#""kind":"osservazioni-10-bis""#), "{text}");
    assert!(text.contains(r#""by":"comitato@pec.example""#), "{text}");
    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
}

proptest! {
    /// Whatever comes, in any order: the first weighing stands, and the gate opens when, and only when, all are weighed.
    #[test]
    fn the_gate_opens_when_all_are_weighed(marks in proptest::collection::vec((0..6_u32, "\\PC{0,12}", any::<bool>()), 0..30)) {
        let mut all: Vec<Participation> = (0..6).map(filed).collect();
        for (n, how, checked) in &marks {
            let one = &mut all[*n as usize];
            let made = one.weigh(Weight::Accolta, how, "anna");
            let entry = match made {
                Ok(entry) => entry,
                Err(_) if *checked => continue,
                Err(_) => Entry::Shown { digest: how.clone(), visibility: Visibility::Pubblico },
            };
            let was = one.state.clone();
            one.apply(&entry, at("2026-03-20T10:00:00Z"));
            prop_assert!(was == State::Filed || was == one.state);
        }
        let open = all.iter().any(|one| one.state == State::Filed);
        prop_assert_eq!(outcome_gate(&all).is_err(), open);
        prop_assert_eq!(weighed_in_words(&all).len(), all.iter().filter(|one| one.state != State::Filed).count());
        prop_assert_eq!(quotes_all(&weighed_in_words(&all).join("\n"), &all).is_ok(), !open);
    }
}

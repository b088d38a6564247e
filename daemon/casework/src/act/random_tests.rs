//! Random lives of dossiers: whatever is ordered, written, delivered or waited for, the law holds. It changes with the law.

use super::*;
use crate::calendar::rome;
use crate::clockwork;
use crate::participation;
use crate::procedure::Notice;
use crate::rules::Kind;
use crate::scene::{DESK, Mail, OTHER, SAFE, STRANGER, Scene, code_of, iban};
use alloc::collections::BTreeSet;
use jiff::SignedDuration;
use proptest::prelude::*;

/// Something that happens.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// An order: of an office and a role, the second of two people.
    Order { act: Act, office: usize, role: usize, second: bool },
    /// A message: from whom, of what kind, with files, answering us, as sure as the rules were, hours late.
    Mail { from: usize, kind: usize, files: bool, answers: bool, placed: bool, late: i64 },
    /// A new IBAN is asked.
    Iban { from: usize },
    /// The newest code comes back.
    Confirm { from: usize, wrong: bool },
    /// The delivery receipt of one of the letters, hours late.
    Receipt { letter: usize, late: i64 },
    /// Hours go by.
    Wait { hours: i64 },
    /// The clock looks.
    Look,
}

const PROCEDURES: [&str; 6] = ["richiesta", "cambio-residenza", "accesso-atti", "dati-personali", "tributi", "ztl"];
const OFFICES: [&str; 5] = ["tributi", "anagrafe", "urp", "polizia_locale", "nessuno"];
const SENDERS: [&str; 3] = [SAFE, OTHER, STRANGER];
const KINDS: [Kind; 6] = [
    Kind::Participation,
    Kind::IntegrationReply,
    Kind::StatusEnquiry,
    Kind::Other,
    Kind::NewApplication,
    Kind::DataChange,
];

fn an_act() -> impl Strategy<Value = Act> {
    let points = prop::collection::vec(prop::sample::select(vec!["un motivo", "  ", "", "- {{x}}\r\nè"]), 0..3)
        .prop_map(|points| points.into_iter().map(String::from).collect::<Vec<_>>());
    let to = prop::sample::select(vec!["", "Regione", "Asl"]).prop_map(String::from);
    let n = 0..4u32;
    prop_oneof![
        12 => (prop::sample::select(Verb::ALL.to_vec()), points.clone(), to.clone(), prop::bool::weighted(0.8))
            .prop_map(|(verb, points, to, not_held)| Act::Do { verb, points, to, not_held, again: String::new() }),
        1 => (prop::sample::select(OFFICES.to_vec()), to.clone())
            .prop_map(|(office, who)| Act::Assign { office: office.into(), responsible: who }),
        1 => to.prop_map(|text| Act::Note { text }),
        3 => n.clone().prop_map(|filing| Act::Weigh {
            filing, weight: participation::Weight::NonAccolta, how: "perché no".into()
        }),
        2 => n.clone().prop_map(|change| Act::Approve { change }),
        1 => (n.clone(), points).prop_map(|(change, points)| Act::Refuse { change, points }),
        1 => n.clone().prop_map(|change| Act::ConfirmInPerson { change, evidence: "ab".repeat(32) }),
        1 => n.clone().prop_map(|change| Act::RollBack { change, why: "truffa".into() }),
        1 => n.prop_map(|change| Act::AskAgain { change }),
        1 => points_of_one().prop_map(|points| Act::Extend { points }),
        1 => Just(Act::Substitute { why: "lo chiede chi ha scritto".into() }),
        1 => points_of_one().prop_map(|points| Act::Deny { points }),
        1 => points_of_one().prop_map(|points| Act::Enable { scopes: vec![], until: None, points }),
    ]
}

fn points_of_one() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(Just(String::from("un motivo")), 0..2)
}

pub(crate) fn a_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        10 => (an_act(), 0..OFFICES.len() + 8, 0..4usize, any::<bool>())
            .prop_map(|(act, office, role, second)| Deed::Order { act, office, role, second }),
        4 => (0..SENDERS.len(), 0..KINDS.len(), any::<bool>(), any::<bool>(), any::<bool>(), 0..200i64)
            .prop_map(|(from, kind, files, answers, placed, late)| Deed::Mail { from, kind, files, answers, placed, late }),
        1 => (0..SENDERS.len()).prop_map(|from| Deed::Iban { from }),
        1 => (0..SENDERS.len(), any::<bool>()).prop_map(|(from, wrong)| Deed::Confirm { from, wrong }),
        5 => (0..8usize, 0..100i64).prop_map(|(letter, late)| Deed::Receipt { letter, late }),
        5 => prop_oneof![1..72i64, 24..400i64, 2000..5000i64].prop_map(|hours| Deed::Wait { hours }),
        4 => Just(Deed::Look),
    ]
}

pub(crate) fn happen(scene: &mut Scene, deed: &Deed) {
    match deed {
        Deed::Order { act, office, role, second } => {
            let own = scene.office();
            let office = OFFICES.get(*office).copied().unwrap_or(&own);
            let role = ["operatore", "responsabile", "coordinatore", "capo"][*role];
            let by = if *second { "Bruno Gialli" } else { "Anna Verdi" };
            if let Ok(done) = scene.try_as(office, role, by, act.clone()) {
                assert!(!done.said.is_empty());
                scene.take(done.changes, done.outgoing);
            }
        }
        Deed::Mail { from, kind, files, answers, placed, late } => {
            let late = SignedDuration::from_hours(*late);
            let (files, answers, placed) = (*files, *answers, *placed);
            scene.write(&Mail { files, answers, placed, late, ..Mail::of(SENDERS[*from], KINDS[*kind]) });
        }
        Deed::Iban { from } => {
            scene.write(&iban(SENDERS[*from]));
        }
        Deed::Confirm { from, wrong } => {
            let code = scene.of_template("conferma-modifica").last().map(|letter| code_of(letter));
            let code = code.filter(|_| !wrong).unwrap_or_else(|| "abcdefghijklmnopqrstuvwxyz234567".into());
            scene.write(&Mail::confirming(SENDERS[*from], &code));
        }
        Deed::Receipt { letter, late } => {
            // Of those that go whatever somebody chose to hear: the same life is lived with both choices (`told_tests`).
            let counts = |letter: &&Outgoing| {
                letter.lane == crate::decision::Lane::Pec && letter.template != crate::procedure::model::NEWS
            };
            let mut pec = scene.letters.iter().rev().filter(counts);
            if let Some(letter) = pec.nth(*letter).cloned() {
                let at = scene.now.checked_sub(SignedDuration::from_hours(*late)).expect("an instant");
                scene.deliver_at(&letter, at);
            }
        }
        Deed::Wait { hours } => {
            scene.now = scene.now.checked_add(SignedDuration::from_hours(*hours)).expect("an instant");
        }
        Deed::Look => {
            scene.look();
        }
    }
}

/// What holds after each step.
fn lawful(before: &Scene, after: &Scene, deed: &Deed) {
    let procedure = clockwork::procedure_of(&after.dossier, &DESK).expect("a procedure");
    let (was, is) = (&before.dossier, &after.dossier);
    let written: Vec<&Entry> = after.entries().skip(before.entries().count()).collect();
    assert_eq!(is.life.entries as usize, after.entries().count(), "each entry counts");
    let letters = &after.letters[before.letters.len()..];
    let outcome = letters.iter().any(|letter| letter.template == "esito");
    // The machine, move by move.
    let mut state = was.state;
    for entry in &written {
        let Entry::Moved { verb, to, points } = entry else { continue };
        assert_eq!(procedure.next(state, *verb).as_ref(), Ok(to), "{deed:?}");
        match deed {
            Deed::Look => {
                assert!(!to.is_final() || *to == State::AccoltaPerSilenzio, "a day closes nothing");
                assert!(procedure.act(state, *verb, Actor::Timer, &was.office).is_ok());
                assert!(*to != State::AccoltaPerSilenzio || was.due.is_some_and(|due| rome(after.now).date() > due));
            }
            Deed::Mail { .. } => assert_eq!(*verb, Verb::Integra),
            Deed::Order { .. } => {}
            _ => panic!("{deed:?} moves nothing"),
        }
        if to.is_final() && *verb != Verb::Ritira {
            assert!(outcome, "a measure is told");
            assert!(matches!(deed, Deed::Look) || !points.is_empty(), "with its reasons");
        }
        if *verb == Verb::Respingi && procedure.notice == Notice::Due {
            let newest = was.life.facts.get(was.life.announced_after..).unwrap_or_default();
            let notice =
                newest.iter().find(|fact| matches!(fact, ClockFact::RefusalAnnounced { .. })).expect("delivered");
            let answered = newest.iter().any(|fact| matches!(fact, ClockFact::ObservationsFiled { .. }));
            let days = after.now.duration_since(notice.at()).as_hours() / 24;
            assert!(answered || days >= 10, "{days} days");
        }
        state = *to;
    }
    assert_eq!(state, is.state);
    assert!(is.state == State::Protocollata || procedure.reachable().contains(&is.state), "{:?}", is.state);
    if outcome {
        assert!(participation::outcome_gate(&was.life.filings).is_ok(), "an unanswered memoria");
        for filing in &was.life.filings {
            let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = flat(&letters.iter().find(|letter| letter.template == "esito").expect("it").text);
            let quoted = format!("{} n. {}", filing.kind.words(), filing.id);
            assert!(text.contains(&quoted), "{quoted} in {text}");
        }
    }
    if was.state.is_final() {
        assert_eq!((was.life.filings.len(), was.life.changes.len()), (is.life.filings.len(), is.life.changes.len()));
    }
    // The term: never before its days, and the next look is to come once the clock has looked.
    let counted = clockwork::count(is, &DESK).expect("a count");
    let raw = crate::term::reckon(rome(is.opened_at).date(), &counted.plan, &[]).last_day;
    assert!(counted.last_day.is_none() || counted.last_day >= raw, "{:?} before {raw:?}", counted.last_day);
    let today = rome(after.now).date();
    if matches!(deed, Deed::Look) {
        assert!(is.life.look.is_none_or(|look| look > today));
        assert!(is.life.suspended_until.is_none_or(|until| until > today));
        assert_eq!(clockwork::look(is, &after.people, &[], &DESK, after.now), None, "a second look writes nothing");
    }
    assert!(!is.state.is_final() || is.life.look == crate::validity::look(is));
    // Data change by two people, and go back.
    for change in is.life.changes.iter().filter(|change| change.applied.is_some() && change.is_risky()) {
        assert!(change.confirmation.is_some());
    }
    let mut ids = BTreeSet::new();
    for letter in &after.letters {
        assert!(ids.insert(&letter.id), "{} to {} twice: {deed:?}", letter.template, letter.to);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_deeds_leaves_the_law(
        procedure in 0..PROCEDURES.len(),
        deeds in prop::collection::vec(a_deed(), 1..60),
    ) {
        let mut scene = Scene::of(PROCEDURES[procedure], "tributi");
        for deed in &deeds {
            let before = scene.clone();
            happen(&mut scene, deed);
            lawful(&before, &scene, deed);
        }
        prop_assert_eq!(scene.replayed(), scene.dossier);
    }
}

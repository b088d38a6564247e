//! Changes when the contract of the store changes: what a commit makes known, and that the index is the sum of the register.

use casework::decision::{Change, Decision, Disposition, Lane, Outgoing};
use casework::known::{Earlier, Identity};
use casework::receipts::Fact;
use casework::{Interest, Known};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;
use sportello::archive::{Archive, Sealed, Shelf};
use sportello::journal::record::{Decided, Findings, Inputs, Task};
use sportello::outbox::notice::{self, Notice};
use sportello::outbox::schedule::{Move, Shown, State};
use sportello::store::{Overview, Store, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tempfile::TempDir;

const ANNA: &str = "anna.bianchi@cittadini.test";

/// A store, its archive, and an hour of its own.
pub(crate) struct Bench {
    pub(crate) store: Store,
    archive: Archive,
    dir: TempDir,
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    // A working day in the middle of a year: the ordinals of dossiers do not turn over.
    Timestamp::from_second(1_780_000_000 + seconds).unwrap()
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), at(0)).unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        Self { store, archive, dir }
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        self.dir.path()
    }

    /// The store, and the folder that must outlive it.
    pub(crate) fn into_parts(self) -> (Store, TempDir) {
        (self.store, self.dir)
    }

    /// A task that no message caused.
    pub(crate) fn add_task(&mut self, id: &str, frozen: &str) {
        self.store.add_task("uno", letter(id, Lane::Internal, None), frozen, at(0)).unwrap();
    }

    fn seal(&self, text: &str) -> Sealed {
        self.archive.keep(Shelf::In, text.as_bytes()).unwrap()
    }

    /// Decides a message: whatever it is, these changes and these letters.
    pub(crate) fn decide(
        &mut self,
        text: &str,
        now: Timestamp,
        changes: Vec<Change>,
        outgoing: Vec<Outgoing>,
        hold: i64,
    ) -> Sealed {
        self.decide_with(text, now, changes, outgoing, hold, Findings { sender: ANNA.into(), ..Findings::default() })
    }

    fn decide_with(
        &mut self,
        text: &str,
        now: Timestamp,
        changes: Vec<Change>,
        outgoing: Vec<Outgoing>,
        hold: i64,
        findings: Findings,
    ) -> Sealed {
        let sealed = self.seal(text);
        let known = self.store.known(sealed.digest(), &Interest::default(), now).unwrap();
        let decided = decided(&sealed, now, changes, outgoing, hold, findings);
        assert!(self.store.commit(&sealed, &known, decided).unwrap().is_new());
        sealed
    }

    fn known(&self, interest: &Interest, now: Timestamp) -> Known {
        self.store.known("another", interest, now).unwrap()
    }

    pub(crate) fn shown(&self, item: &str) -> Shown {
        self.store.item(item).unwrap().unwrap().shown()
    }

    pub(crate) fn moves(&mut self, item: &str, steps: impl IntoIterator<Item = Move>) {
        for step in steps {
            self.store.move_item(item, step, at(0)).unwrap();
        }
    }

    /// The register alone, and an index built anew from it, tell the same as the index in use.
    fn rebuild_is_equal(self) {
        let digest = self.store.state_digest().unwrap();
        assert_eq!(Overview::read(self.dir.path()).unwrap().1, digest);
        let data = self.dir.path().to_owned();
        drop(self.store);
        // An opening settles what was in hand: only a second one changes nothing.
        let settled = Store::open(&data, at(9)).unwrap().state_digest().unwrap();
        std::fs::remove_dir_all(data.join("index")).unwrap();
        assert_eq!(Store::open(&data, at(9)).unwrap().state_digest().unwrap(), settled);
    }
}

/// Decides a message in a store that others hold too.
pub(crate) fn decide_on(store: &mut Store, archive: &Archive, text: &str, now: Timestamp, changes: Vec<Change>) {
    let sealed = archive.keep(Shelf::In, format!("{text} {now}").as_bytes()).unwrap();
    let known = store.known(sealed.digest(), &Interest::default(), now).unwrap();
    store.commit(&sealed, &known, decided(&sealed, now, changes, vec![], 0, Findings::default())).unwrap();
}

fn decided(
    sealed: &Sealed,
    now: Timestamp,
    changes: Vec<Change>,
    outgoing: Vec<Outgoing>,
    hold_seconds: i64,
    findings: Findings,
) -> Decided {
    let disposition = Disposition::Noted { why: "prova".into() };
    Decided {
        digest: sealed.digest().into(),
        bytes: sealed.bytes().len() as u64,
        place: "protocollo/maildir:1".into(),
        received: None,
        decided_at: now,
        findings,
        frozen: outgoing.iter().map(|o| format!("{:064}", o.id)).collect(),
        decision: Decision { disposition, changes, outgoing, trail: vec![], classification: None },
        hold_seconds,
        observed: false,
        after_restore: false,
        inputs: Inputs::default(),
    }
}

pub(crate) fn letter(id: &str, lane: Lane, dossier: Option<&str>) -> Outgoing {
    Outgoing {
        id: id.into(),
        message_id: format!("<v1.{id}@pec.comune.test>"),
        lane,
        from: "protocollo@pec.comune.test".into(),
        to: if lane == Lane::Pec { ANNA.into() } else { "anagrafe@comune.test".into() },
        template: "presa-in-carico".into(),
        dossier: dossier.map(str::to_owned),
        references: vec![],
        with_original: false,
        enclosures: vec![],
        language: Default::default(),
        subject: "Ricevuta".into(),
        text: "Abbiamo ricevuto la richiesta.\n".into(),
    }
}

pub(crate) fn sending() -> [Move; 3] {
    [Move::Claimed { n: 1 }, Move::InDot, Move::Submitted { reply: "250".into() }]
}

pub(crate) fn accepted(second: i64) -> Fact {
    Fact::Accepted { at: at(second), pec_id: "opec1.2@pec.alfa.test".into(), esterno: false }
}

pub(crate) fn learned(item: &str, fact: Fact) -> Vec<Change> {
    vec![Change::Learned { item: item.into(), fact }]
}

#[test]
fn a_decision_stands_on_the_revision_it_was_taken_on() {
    let mut bench = Bench::new();
    let (one, other) = (bench.seal("uno"), bench.seal("due"));
    let known = bench.store.known(one.digest(), &Interest::default(), at(0)).unwrap();
    let plain = |sealed: &Sealed| decided(sealed, at(0), vec![], vec![], 0, Findings::default());
    assert!(matches!(bench.store.commit(&other, &known, plain(&other)), Err(Trouble::Program(_))), "another message");
    assert!(matches!(bench.store.commit(&one, &known, plain(&other)), Err(Trouble::Program(_))), "another decision");
    bench.store.attempt(&[other.digest()], at(0)).unwrap();
    assert!(matches!(bench.store.commit(&one, &known, plain(&one)), Err(Trouble::Program(_))), "the store has moved");
    let seq = bench.store.seq();
    let known = bench.store.known(one.digest(), &Interest::default(), at(0)).unwrap();
    bench.store.commit(&one, &known, plain(&one)).unwrap();
    assert_eq!(bench.store.seq(), seq + 1, "a commit is one line, a refused one is none");
}

/// What the index of a service that was killed says, with what it had not seen yet laid over it, is what the register says;
/// nothing is written.
#[test]
fn the_counts_of_a_service_that_was_killed_come_from_its_index() {
    let mut bench = Bench::new();
    bench.decide("uno", at(0), vec![], vec![letter("a", Lane::Pec, None)], 0);
    bench.store.sync_index().unwrap();
    bench.decide("due", at(1), vec![], vec![letter("b", Lane::Internal, None)], 0);
    bench.moves("a", [Move::Claimed { n: 1 }, Move::Refused { why: "550".into() }]);
    let killed = tempfile::tempdir().unwrap();
    crate::support::copy_folder(bench.data(), killed.path());
    let counted = bench.store.summary(10).unwrap();
    for _ in 0..2 {
        let (told, head) = Store::stopped(killed.path(), 10).unwrap();
        assert_eq!(head, bench.store.head());
        assert_eq!((told.tally, told.items.len()), (counted.tally.clone(), 1));
    }
    assert_eq!(Overview::read(killed.path()).unwrap().0.seq, bench.store.seq());
    // Without its index it says nothing.
    std::fs::remove_dir_all(killed.path().join("index")).unwrap();
    assert!(Store::stopped(killed.path(), 10).is_none());
}

#[test]
fn the_same_bytes_at_two_places_are_one_message_in_two_places() {
    let mut bench = Bench::new();
    let sealed = bench.decide("uno", at(0), vec![], vec![], 0);
    assert!(bench.store.already(&bench.seal("due"), "x/1", at(1)).unwrap().is_none());
    for _ in 0..3 {
        let done = bench.store.already(&sealed, "secondo/maildir:2", at(1)).unwrap().unwrap();
        assert!(!bench.store.seal_all(vec![done]).unwrap()[0].is_new());
    }
    let seq = bench.store.seq();
    assert!(bench.store.already(&sealed, "protocollo/maildir:1", at(1)).unwrap().is_some());
    assert_eq!(bench.store.seq(), seq, "a place that is known is no news");
    let row = bench.store.message(sealed.digest()).unwrap().unwrap();
    assert_eq!(row.places, ["protocollo/maildir:1", "secondo/maildir:2"]);
    bench.rebuild_is_equal();
}

#[test]
fn a_certified_identity_is_known_again_with_the_same_content_or_another() {
    let mut bench = Bench::new();
    let identity = |signed: &str| Identity { key: "alfa|posta-certificata|1".into(), signed_sha256: signed.into() };
    let ask = |signed: &str| Interest { identity: Some(identity(signed)), ..Interest::default() };
    assert_eq!(bench.known(&ask("aa"), at(0)).earlier, Earlier::No);
    let findings = |signed: &str| Findings {
        identity: Some((identity(signed).key, identity(signed).signed_sha256)),
        ..Findings::default()
    };
    let first = bench.decide_with("uno", at(0), vec![], vec![], 0, findings("aa"));
    let digest = first.digest().to_owned();
    assert_eq!(bench.known(&ask("aa"), at(1)).earlier, Earlier::Same { digest: digest.clone() });
    assert_eq!(bench.known(&ask("bb"), at(1)).earlier, Earlier::Other { digest: digest.clone() });
    // A second content under the identity does not take the first one's place.
    bench.decide_with("due", at(2), vec![], vec![], 0, findings("bb"));
    assert_eq!(bench.known(&ask("bb"), at(3)).earlier, Earlier::Other { digest });
    bench.rebuild_is_equal();
}

/// What an item is shown as depends on the set of its facts, not on their order, their repetition, or on whether the
/// provider's 250 was slower than its receipt.
#[test]
fn receipts_in_any_order_come_to_the_same() {
    let delivered = Fact::Delivered { at: at(3), pec_id: "c".into() };
    let notice = Fact::Delayed { at: at(2), last: false, late: false };
    let facts = [accepted(1), notice, delivered];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut bench = Bench::new();
        bench.decide("uno", at(0), vec![], vec![letter("a", Lane::Pec, Some("2026/000001"))], 0);
        let interest = Interest { msgid: Some("<v1.a@pec.comune.test>".into()), ..Interest::default() };
        assert_eq!(bench.known(&interest, at(0)).awaited.unwrap().facts.len(), 0);
        bench.moves("a", [Move::Claimed { n: 1 }, Move::InDot]);
        for (n, fact) in order.into_iter().enumerate() {
            bench.decide(&format!("ricevuta {n}"), at(4), learned("a", facts[fact].clone()), vec![], 0);
            bench.decide(&format!("ancora {n}"), at(4), learned("a", facts[fact].clone()), vec![], 0);
        }
        bench.moves("a", [Move::Submitted { reply: "250".into() }]);
        assert_eq!(bench.shown("a"), Shown::Delivered, "{order:?}");
        let known = bench.known(&interest, at(5));
        assert_eq!(known.awaited.unwrap().facts.len(), 3);
        assert_eq!(known.awaited_dossier.as_deref(), Some("2026/000001"));
        assert!(bench.store.waiting().unwrap().is_empty(), "it is delivered: nothing is waited for");
        bench.rebuild_is_equal();
    }
}

/// A citizen's mail program answers the PEC id, which the acceptance taught us, not the Message-ID that we chose.
#[test]
fn an_answer_to_the_pec_id_finds_the_conversation() {
    let mut bench = Bench::new();
    bench.decide("uno", at(0), vec![], vec![letter("a", Lane::Pec, Some("2026/000001"))], 0);
    let answer = Interest { answers: vec!["<opec1.2@pec.alfa.test>".into()], ..Interest::default() };
    assert!(!bench.known(&answer, at(1)).answers_ours);
    bench.moves("a", sending());
    bench.decide("ricevuta", at(1), learned("a", accepted(1)), vec![], 0);
    let known = bench.known(&answer, at(2));
    assert!(known.answers_ours);
    assert_eq!(known.thread.as_deref(), Some("2026/000001"));
    // A receipt names the id that we chose: the PEC id in its place is of somebody else.
    let forged = Interest { msgid: Some("<opec1.2@pec.alfa.test>".into()), ..Interest::default() };
    assert!(bench.known(&forged, at(2)).awaited.is_none());
}

#[test]
fn the_brakes_see_one_day_and_one_correspondent() {
    let mut bench = Bench::new();
    let outgoing = vec![letter("a", Lane::Pec, Some("2026/000001")), letter("t", Lane::Internal, Some("2026/000001"))];
    bench.decide("uno", at(0), vec![Change::Filed { dossier: "2026/000001".into() }], outgoing, 0);
    let traffic = |who: &str, hours: i64| {
        let now = at(0).checked_add(SignedDuration::from_hours(hours)).unwrap();
        bench.known(&Interest { sender: who.into(), ..Interest::default() }, now).traffic.to_sender
    };
    let sent = vec![("presa-in-carico".to_owned(), Some("2026/000001".to_owned()))];
    assert_eq!(traffic(ANNA, 0), sent, "letters count, tasks do not");
    assert_eq!(traffic(ANNA, 23), sent);
    assert!(traffic(ANNA, 25).is_empty());
    for other in ["bianchi@cittadini.test", "anna.bianchi@cittadini.test.example", "anna", ""] {
        assert!(traffic(other, 1).is_empty(), "{other}");
    }
}

#[test]
fn what_is_due_comes_in_order_and_each_road_by_itself() {
    let mut bench = Bench::new();
    bench.decide(
        "uno",
        at(0),
        vec![],
        vec![letter("late", Lane::Pec, None), letter("task", Lane::Internal, None)],
        600,
    );
    bench.decide("due", at(10), vec![], vec![letter("soon", Lane::Pec, None)], 60);
    let due = |store: &Store, lane, second, max| {
        let (items, next) = store.due(lane, at(second), max).unwrap();
        (items.into_iter().map(|i| i.outgoing.id).collect::<Vec<_>>(), next)
    };
    assert_eq!(due(&bench.store, Lane::Internal, 0, 9), (vec!["task".into()], None), "a task does not wait");
    assert_eq!(due(&bench.store, Lane::Pec, 69, 9), (vec![], Some(at(70))), "a letter waits out its hold");
    assert_eq!(due(&bench.store, Lane::Pec, 70, 9), (vec!["soon".into()], Some(at(600))));
    assert_eq!(due(&bench.store, Lane::Pec, 600, 9).0, ["soon", "late"]);
    assert_eq!(due(&bench.store, Lane::Pec, 600, 1), (vec!["soon".into()], Some(at(600))));
    bench.moves("soon", [Move::Claimed { n: 1 }]);
    assert_eq!(due(&bench.store, Lane::Pec, 600, 9).0, ["late"], "what is in hand is not due");
    bench.moves("soon", [Move::Requeued { due: at(900), why: "450".into() }]);
    assert_eq!(due(&bench.store, Lane::Pec, 900, 9).0, ["late", "soon"]);
    bench.moves("late", [Move::Withdrawn { why: "errore".into(), by: "Ada".into() }]);
    assert_eq!(due(&bench.store, Lane::Pec, 900, 9).0, ["soon"]);
    bench.rebuild_is_equal();
}

/// What waits for an answer is found until it has one, or until nothing more is to be noticed of it; a notice is written
/// down once, with its task, and changes no state.
#[test]
fn what_waits_is_found_and_noticed_once() {
    let mut bench = Bench::new();
    bench.decide("uno", at(0), vec![], vec![letter("a", Lane::Pec, None), letter("t", Lane::Internal, None)], 0);
    bench.moves("a", sending());
    bench.moves("t", sending());
    let waiting = |store: &Store| store.waiting().unwrap().into_iter().map(|i| i.outgoing.id).collect::<Vec<_>>();
    assert_eq!(waiting(&bench.store), ["a"], "offices send no receipts");
    let queued = |store: &Store| {
        let due = store.due(Lane::Internal, at(60), 9).unwrap().0;
        due.into_iter().map(|i| i.outgoing.id).collect::<Vec<_>>()
    };
    let notice = |bench: &mut Bench, notice, task: Option<&str>| {
        let (before, lines) = (bench.shown("a"), bench.store.seq());
        let task = task.map(|id| Task { outgoing: letter(id, Lane::Internal, None), frozen: format!("{id:064}") });
        let told = bench.store.notice("a", notice, "nessuna ricevuta".into(), task, at(60)).unwrap();
        assert_eq!((bench.shown("a"), bench.store.seq()), (before, lines + u64::from(told)), "a reminder, no outcome");
        told
    };
    assert!(notice(&mut bench, Notice::AcceptanceOverdue, None));
    assert!(!notice(&mut bench, Notice::AcceptanceOverdue, None), "once");
    assert_eq!(waiting(&bench.store), ["a"], "its acceptance may still be found missing");
    assert!(notice(&mut bench, Notice::AcceptanceMissing, Some("carta")));
    assert!(waiting(&bench.store).is_empty(), "nothing more is to be noticed");
    assert_eq!(bench.store.item("a").unwrap().unwrap().silent().last(), Some(Notice::AcceptanceMissing));
    assert_eq!(queued(&bench.store), ["carta"]);
    bench.decide("ricevuta", at(61), learned("a", accepted(61)), vec![], 0);
    assert_eq!(waiting(&bench.store), ["a"], "accepted after all: now its delivery is waited for");
    assert_eq!(bench.store.item("a").unwrap().unwrap().silent().count(), 0, "the notice no longer holds");
    assert!(notice(&mut bench, Notice::DeliverySilent, Some("carta")), "the same task is not made twice");
    assert_eq!(queued(&bench.store), ["carta"]);
    assert!(waiting(&bench.store).is_empty());
    bench.rebuild_is_equal();
}

/// What a road carried and whether it is closed outlive a restart; what is older than a day does not count.
#[test]
fn the_register_remembers_what_each_road_carried() {
    let mut bench = Bench::new();
    let letters = (0..12).map(|n| letter(&format!("{n:02}"), Lane::Pec, None)).collect();
    bench.decide("uno", at(0), vec![], letters, 0);
    for n in 0..12 {
        let id = format!("{n:02}");
        bench.store.move_item(&id, Move::Claimed { n: 1 }, at(n * 10_000)).unwrap();
        bench.store.move_item(&id, Move::Requeued { due: at(900_000), why: "450".into() }, at(n * 10_000)).unwrap();
    }
    let since = |bench: &Bench, second| bench.store.attempts_since(Lane::Pec, at(second)).unwrap().len();
    assert_eq!((since(&bench, 0), since(&bench, 100_000)), (9, 2), "of the last day before the last attempt: 9");
    assert_eq!(bench.store.attempts_since(Lane::Internal, at(0)).unwrap().len(), 0);
    assert_eq!(bench.store.closed_until(Lane::Pec).unwrap(), None);
    bench.store.move_item("00", Move::Claimed { n: 2 }, at(120_000)).unwrap();
    bench.store.move_item("00", Move::Postponed { due: at(120_300), why: "535".into() }, at(120_001)).unwrap();
    assert_eq!(bench.store.closed_until(Lane::Pec).unwrap(), Some(at(120_300)));
    bench.rebuild_is_equal();
}

/// Which letter may speak for an uncertain one that left before it: the accepted one whose dot came last.
#[test]
fn the_last_accepted_letter_is_known() {
    let mut bench = Bench::new();
    let letters = vec![letter("a", Lane::Pec, None), letter("b", Lane::Pec, None)];
    bench.decide("uno", at(0), vec![], letters, 0);
    for (id, second) in [("a", 10), ("b", 20)] {
        for step in sending() {
            bench.store.move_item(id, step, at(second)).unwrap();
        }
    }
    assert_eq!(bench.store.accepted_last().unwrap(), None);
    bench.decide("ricevuta b", at(30), learned("b", accepted(25)), vec![], 0);
    bench.decide("ricevuta a", at(31), learned("a", accepted(26)), vec![], 0);
    assert_eq!(bench.store.accepted_last().unwrap(), Some((at(20), "<v1.b@pec.comune.test>".into())));
    bench.rebuild_is_equal();
}

/// An uncertain letter goes once more by its template's leave, and no second time.
#[test]
fn a_template_sends_an_uncertain_letter_again_once() {
    let mut bench = Bench::new();
    bench.decide("uno", at(0), vec![], vec![letter("a", Lane::Pec, None)], 0);
    let doubt = || [Move::Claimed { n: 1 }, Move::InDot, Move::Unknown { why: "silenzio".into() }];
    let again = || Move::ResentByRule { due: at(0), why: "superata".into() };
    assert!(bench.store.move_item("a", again(), at(0)).is_err(), "what was never sent is not sent again");
    bench.moves("a", doubt());
    bench.moves("a", [again()]);
    bench.moves("a", doubt());
    assert!(bench.store.move_item("a", again(), at(0)).is_err(), "a second time only by a person");
    bench.moves("a", [Move::Resent { due: at(0), why: "persona".into(), by: "Ada".into() }]);
    bench.rebuild_is_equal();
}

/// Anything that a run can write down.
#[derive(Debug, Clone)]
enum Act {
    Arrives { letters: u8, hold: i64 },
    Moves { item: u8, step: Move },
    Receipt { item: u8, fact: u8 },
    Silence { item: u8, notice: Notice, task: bool },
    Again { message: u8 },
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let step = prop_oneof![
        4 => (1..40u32).prop_map(|n| Move::Claimed { n }),
        4 => proptest::strategy::Just(Move::InDot),
        3 => proptest::strategy::Just(Move::Submitted { reply: "250".into() }),
        2 => (0..2000i64).prop_map(|s| Move::Requeued { due: at(s), why: "450".into() }),
        1 => proptest::strategy::Just(Move::Refused { why: "550".into() }),
        1 => proptest::strategy::Just(Move::Unknown { why: "?".into() }),
        1 => proptest::strategy::Just(Move::Withdrawn { why: "persona".into(), by: "Ada".into() }),
        1 => proptest::strategy::Just(Move::Stopped { why: "persona".into(), by: "Ada".into() }),
        1 => (0..2000i64).prop_map(|s| Move::Released { due: at(s), by: "Ada".into() }),
        1 => (0..2000i64).prop_map(|s| Move::ResentByRule { due: at(s), why: "superata".into() }),
        1 => (0..2000i64).prop_map(|s| Move::Postponed { due: at(s), why: "535".into() }),
        1 => (0..2000i64).prop_map(|s| Move::Resent { due: at(s), why: "persona".into(), by: "Ada".into() }),
    ];
    let act = prop_oneof![
        3 => (0..4u8, 0..700i64).prop_map(|(letters, hold)| Act::Arrives { letters, hold }),
        8 => (any::<u8>(), step).prop_map(|(item, step)| Act::Moves { item, step }),
        2 => (any::<u8>(), 0..5u8).prop_map(|(item, fact)| Act::Receipt { item, fact }),
        1 => (any::<u8>(), 0..6usize, any::<bool>())
            .prop_map(|(item, n, task)| Act::Silence { item, notice: NOTICES[n], task }),
        1 => any::<u8>().prop_map(|message| Act::Again { message }),
        1 => proptest::strategy::Just(Act::Restart),
    ];
    proptest::collection::vec(act, 1..40)
}

const NOTICES: [Notice; 6] = [
    Notice::AcceptanceOverdue,
    Notice::AcceptanceMissing,
    Notice::DeliveryLate,
    Notice::DeliverySilent,
    Notice::Unresolved,
    Notice::TermNear,
];

fn fact(n: u8) -> Fact {
    match n {
        0 => accepted(1),
        1 => Fact::Delivered { at: at(2), pec_id: "c".into() },
        2 => Fact::NotDelivered { at: at(3), why: "no-dest".into() },
        3 => Fact::Delayed { at: at(4), last: false, late: false },
        _ => Fact::NotAccepted { at: at(5), why: "no".into() },
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    /// Whatever happens, in whatever order: an unlawful move changes nothing, what may have been taken is never tried
    /// again, what is due is what waits for its turn, and the index is the sum of the register.
    #[test]
    fn any_history_can_be_built_again(acts in acts()) {
        let mut bench = Bench::new();
        let (mut items, mut messages): (Vec<String>, Vec<Sealed>) = (vec![], vec![]);
        let mut uncertain: BTreeMap<String, u32> = BTreeMap::new();
        for (n, act) in acts.into_iter().enumerate() {
            let pick = |item: u8| items.get(usize::from(item) % items.len().max(1)).cloned();
            match act {
                Act::Arrives { letters, hold } => {
                    let lane = |l: u8| if l.is_multiple_of(2) { Lane::Pec } else { Lane::Internal };
                    let outgoing: Vec<Outgoing> = (0..letters).map(|l| letter(&format!("{n}-{l}"), lane(l), None)).collect();
                    items.extend(outgoing.iter().map(|o| o.id.clone()));
                    messages.push(bench.decide(&format!("messaggio {n}"), at(n as i64), vec![], outgoing, hold));
                }
                Act::Moves { item, step } => {
                    let Some(item) = pick(item) else { continue };
                    let (seq, before) = (bench.store.seq(), bench.store.item(&item).unwrap().unwrap());
                    let moved = bench.store.move_item(&item, step.clone(), at(n as i64));
                    let after = bench.store.item(&item).unwrap().unwrap();
                    if moved.is_err() {
                        assert_eq!((bench.store.seq(), &after.state), (seq, &before.state), "a refused move is no line");
                    }
                    if matches!(step, Move::Resent { .. } | Move::ResentByRule { .. }) && moved.is_ok() {
                        assert!(matches!(step, Move::Resent { .. }) || !before.resent_by_rule);
                        uncertain.remove(&item); // a person's word, or once the administrator's: nothing else sends it again
                    } else if after.state == State::Unknown {
                        let attempts = *uncertain.entry(item).or_insert(after.attempts);
                        assert_eq!(after.attempts, attempts);
                    } else {
                        assert!(!uncertain.contains_key(&item) || after.state == State::Withdrawn, "{step:?}");
                    }
                }
                Act::Receipt { item, fact: n_fact } => {
                    let Some(item) = pick(item) else { continue };
                    bench.decide(&format!("ricevuta {n}"), at(n as i64), learned(&item, fact(n_fact)), vec![], 0);
                }
                Act::Silence { item, notice, task } => {
                    let Some(item) = pick(item) else { continue };
                    let before = bench.store.item(&item).unwrap().unwrap();
                    let id = format!("compito-{n}");
                    let made = task.then(|| Task { outgoing: letter(&id, Lane::Internal, None), frozen: format!("{n:064}") });
                    let told = bench.store.notice(&item, notice, "silenzio".into(), made, at(n as i64)).unwrap();
                    let after = bench.store.item(&item).unwrap().unwrap();
                    assert_eq!((told, &after.state), (!before.notices.contains_key(&notice), &before.state));
                    if told && task {
                        items.push(id);
                    }
                }
                Act::Again { message } => {
                    let Some(sealed) = messages.get(usize::from(message) % messages.len().max(1)) else { continue };
                    let done = bench.store.already(sealed, &format!("altrove/{n}"), at(n as i64)).unwrap().unwrap();
                    bench.store.seal_all(vec![done]).unwrap();
                }
                Act::Restart => {
                    let Bench { store, archive, dir } = bench;
                    drop(store);
                    let store = Store::open(dir.path(), at(n as i64)).unwrap();
                    bench = Bench { store, archive, dir };
                    for row in bench.store.overview().unwrap().items {
                        assert!(!matches!(row.state, State::Submitting | State::InDot), "left in hand: {row:?}");
                        if row.state == State::Unknown {
                            uncertain.entry(row.outgoing.id).or_insert(row.attempts);
                        }
                    }
                }
            }
        }
        let mut waiting = 0;
        for lane in [Lane::Pec, Lane::Internal] {
            let (due, next) = bench.store.due(lane, Timestamp::MAX, usize::MAX).unwrap();
            assert!(next.is_none() && due.iter().all(|i| i.outgoing.lane == lane && i.due().is_some()));
            assert!(due.is_sorted_by_key(|i| i.due()));
            waiting += due.len();
        }
        let rows = bench.store.overview().unwrap().items;
        assert_eq!(rows.iter().filter(|i| i.due().is_some()).count(), waiting);
        let found: BTreeSet<String> = bench.store.waiting().unwrap().into_iter().map(|i| i.outgoing.id).collect();
        let wanted = rows.iter().filter(|i| notice::wait(i).is_some()).map(|i| i.outgoing.id.clone()).collect();
        assert_eq!(found, wanted, "what waits for an answer is what the timers find");
        assert_eq!(rows.len(), items.len());
        bench.rebuild_is_equal();
    }
}

//! Changes when a road that fails may hold up other letters, or another road, otherwise; or when a letter that does not leave makes
//! another task.

use super::{Desk, Road, Runs, busy, frozen, minutes, taken};
use crate::store::{at, decide_on, letter};
use casework::decision::Enclosure;
use casework::receipts::Fact;
use casework::{Change, Lane, Outgoing};
use jiff::SignedDuration;
use sportello::archive::Shelf;
use sportello::clock::Clock;
use sportello::outbox::schedule::{Shown, State};
use sportello::outbox::{Answer, Courier, Gate, Rates};
use sportello::submit::Outcome;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn refused(_: usize) -> Outcome {
    Outcome::Never { why: "550 no".into(), code: Some(550) }
}

/// A message that opens a dossier is the cause of every letter in it.
#[tokio::test(start_paused = true)]
async fn every_refused_letter_of_one_cause_has_its_paper_task_and_no_start_makes_another() {
    let desk = Desk::new(at(0), &[("a", None), ("b", None)], |_| {});
    for _ in 0..3 {
        let runs = desk.run(&Road::new(refused));
        minutes(2).await;
        runs.stop().await;
    }
    let tasks = desk.tasks();
    assert_eq!(tasks.len(), 2);
    for id in ["a", "b"] {
        let letter = desk.item(id).outgoing.message_id;
        assert_eq!(tasks.iter().filter(|task| task.outgoing.encloses(&letter)).count(), 1, "{id}");
    }
    let groups = desk.archive.groups(Shelf::Out).unwrap();
    let frozen = groups.iter().map(|group| desk.archive.digests_in(Shelf::Out, group).unwrap().len());
    assert_eq!(frozen.sum::<usize>(), 4, "two letters, two tasks");
}

/// An earlier version gave that task another id.
#[tokio::test(start_paused = true)]
async fn a_paper_task_of_an_earlier_version_is_not_made_again() {
    let desk = Desk::new(at(0), &[("a", None), ("b", None)], |_| {});
    let rules = &desk.office.desk.rules;
    let to = rules.office(&desk.office.desk.entity.fallback_office).unwrap().mail.clone();
    let template = "compito-mancata-consegna".to_owned();
    let id = desk.office.desk.key.effect_id("causa", &template, &to, 0);
    let of = desk.item("a").outgoing;
    let (subject, text, message_id) = (of.subject, of.text, of.message_id);
    let sheet = Enclosure::Letter { name: "a.pdf".into(), to: of.to, subject, text, language: of.language, message_id };
    let earlier = Outgoing { id, to, template, enclosures: vec![sheet], ..letter("vecchio", Lane::Internal, None) };
    let frozen = desk.item("a").frozen;
    desk.store.lock().unwrap().add_task("causa", earlier, &frozen, at(0)).unwrap();
    let runs = desk.run(&Road::new(refused));
    minutes(2).await;
    runs.stop().await;
    assert_eq!(desk.tasks().len(), 2, "that of the first letter as it was, and one of the second");
}

/// The server said 4xx, and had it all the same: its receipt is in hand before the next try.
#[tokio::test(start_paused = true)]
async fn a_letter_of_which_a_receipt_came_is_not_sent_again() {
    let desk = Desk::new(at(0), &[("a", None)], |_| {});
    let (first, second) = (Road::new(busy), Road::new(taken));
    let runs = desk.run(&first);
    tokio::time::sleep(Duration::from_secs(10)).await;
    runs.stop().await;
    assert!(matches!(desk.item("a").state, State::Queued { .. }));
    let fact = Fact::Accepted { at: at(9), pec_id: "opec1.prova@pec.test".into(), esterno: false };
    let learned = vec![Change::Learned { item: "a".into(), fact }];
    decide_on(&mut desk.store.lock().unwrap(), &desk.archive, "ricevuta", at(10), learned);
    let runs = desk.run(&second);
    minutes(60).await;
    runs.stop().await;
    assert_eq!((first.given().len(), second.given().len()), (1, 0));
    assert_eq!((desk.item("a").state, desk.item("a").shown()), (State::Withdrawn, Shown::Accepted));
    assert_eq!(desk.tasks().len(), 0);
}

/// A server that greets nobody.
struct Silent;

impl Courier for Silent {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, _: &'a [u8], _: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(300)).await;
            Outcome::Later { why: "nessun saluto".into(), code: None }
        })
    }
}

/// Twenty tasks for offices whose server hangs, then letters to citizens.
#[tokio::test(start_paused = true)]
async fn a_road_that_hangs_keeps_the_other_waiting_for_one_letter_only() {
    let ids: Vec<String> = (0..20).map(|n| format!("compito-{n}")).collect();
    let tasks = ids.iter().map(|id| frozen(letter(id, Lane::Internal, None)));
    let letters = ["a", "b", "c"].map(|id| frozen(letter(id, Lane::Pec, None)));
    let desk = Desk::with(at(0), tasks.chain(letters).collect(), |_| {});
    let road = Road::new(taken);
    let mut outbox = desk.outbox(Box::new(road.clone()), Clock::Simulated(desk.clock.clone()));
    outbox.roads.offices = Some(Box::new(Silent));
    let runs = Runs::of(outbox);
    minutes(6).await;
    assert_eq!(road.given().len(), 3);
    let tried = || ids.iter().map(|id| desk.item(id).attempts).sum::<u32>();
    assert_eq!(tried(), 1, "the others lose no attempt to it");
    minutes(60).await;
    assert!((5..=8).contains(&tried()), "it goes on, half of the time: {}", tried());
    runs.stop().await;
}

/// What it was given, and how often it was let rest.
#[derive(Clone, Default)]
struct Counts(Arc<[AtomicUsize; 2]>);

impl Courier for Counts {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, _: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        self.0[0].fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            gate().await.unwrap();
            taken(0)
        })
    }
    fn rest(&self) -> Answer<'_, ()> {
        self.0[1].fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }
}

/// More notices than are looked at together, each due and none to leave yet: the road sleeps, and is not asked a thousand times a second.
#[tokio::test(start_paused = true)]
async fn many_notices_that_wait_are_slept_over() {
    let ids: Vec<String> = (0..45).map(|n| format!("avviso-{n}")).collect();
    let notices = ids.iter().map(|id| frozen(letter(id, Lane::Courtesy, None)));
    let desk = Desk::with(at(0), notices.collect(), |_| {});
    let road = Counts::default();
    let mut outbox = desk.outbox(Box::new(Road::new(taken)), Clock::Simulated(desk.clock.clone()));
    outbox.roads.courtesy = Some(Box::new(road.clone()));
    outbox.courtesy = (Rates::default(), SignedDuration::from_mins(10));
    let runs = Runs::of(outbox);
    minutes(5).await;
    let counts = || road.0.each_ref().map(|count| count.load(Ordering::Relaxed));
    let [given, rests] = counts();
    assert!(given == 0 && (1..=20).contains(&rests), "{given} given, {rests} rests");
    minutes(10).await;
    assert_eq!(counts()[0], 45);
    runs.stop().await;
    assert!(ids.iter().all(|id| desk.item(id).state == State::Submitted));
}

//! Changes when the matrix of failpoints and faults changes (reliability.md §6, T26; P5).

use super::house::{House, Sums, person, servers};
use super::{number, seeds, spread};
use crate::support::{Daemon, wait_or};
use sportello::failpoint::{POINTS, WRITING};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Houses at work at once.
const HOUSES: usize = 6;
/// A fault at a step that a story passes several times comes at one of so many passages.
const PASSAGES: u64 = 6;
/// How long a service that met an error may go on by itself, before it is killed.
const GRACE: Duration = Duration::from_millis(400);

/// One run.
#[derive(Debug)]
struct Case {
    number: usize,
    point: &'static str,
    fault: String,
    /// The first passage: it must come.
    must_fire: bool,
}

/// The steps that a letter passes. Those of the exchange with a protocol system are faulted in `../protocol.rs`, where there is one.
fn steps() -> impl Iterator<Item = &'static str> {
    POINTS.iter().copied().filter(|point| !point.starts_with("exchange."))
}

/// Every step × every fault, for a seed. Seed 0 is the first passage.
fn cases(seed: u64) -> VecDeque<Case> {
    let mut cases = VecDeque::new();
    // To look at some steps alone.
    let only = std::env::var("SPORTELLO_FAULT_ONLY").unwrap_or_default();
    for point in steps().filter(|point| point.starts_with(&only)) {
        let delay = format!("delay:{}", 100 + spread(seed, point, "delay") % 300);
        let faults = ["kill", "error", &delay, "short"];
        for fault in faults.into_iter().filter(|fault| *fault != "short" || WRITING.contains(&point)) {
            let passage = if seed == 0 { 1 } else { 1 + spread(seed, point, fault) % PASSAGES };
            let fault = format!("{point}={fault}@{passage}");
            cases.push_back(Case { number: cases.len(), point, fault, must_fire: seed == 0 });
        }
    }
    cases
}

/// Whatever fails, wherever: every message is kept and decided once, every letter goes once or is a person's.
#[test]
fn every_step_may_fail_in_every_way() {
    let seeds = seeds("SPORTELLO_FAULT_SEEDS", 1);
    let (mut sums, mut total, mut fired) = (Sums::default(), 0, 0);
    let since = Instant::now();
    for seed in 0..seeds {
        let cases = cases(seed);
        let Some(world) = servers(HOUSES, cases.len()) else { return };
        total += cases.len();
        let cases = Mutex::new(cases);
        thread::scope(|scope| {
            let house = |n| {
                let (world, cases) = (&world, &cases);
                scope.spawn(move || {
                    let mut house = House::build(world, n);
                    let mut fired = 0;
                    while let Some(case) = { cases.lock().unwrap().pop_front() } {
                        fired += usize::from(story(&mut house, &case));
                    }
                    (house.judge(), fired)
                })
            };
            let houses: Vec<_> = (0..HOUSES).map(house).collect();
            for house in houses {
                let (sum, came) = house.join().unwrap_or_else(|why| std::panic::resume_unwind(why));
                sums += sum;
                fired += came;
            }
        });
    }
    println!(
        "failpoints: {} steps, {seeds} seeds, {total} cases, {fired} faults injected, {} messages in, lost 0, {} letters, {} delivered once, {} uncertain and received by nobody, doubled 0; {} kept messages left in the inbox; {} s",
        steps().count(),
        sums.messages,
        sums.letters,
        sums.delivered,
        sums.uncertain,
        sums.not_moved,
        since.elapsed().as_secs()
    );
    assert_eq!(sums.letters, total);
}

/// A citizen writes; the service meets the fault; a sound one goes on. Whether the fault came.
fn story(house: &mut House<'_>, case: &Case) -> bool {
    let what = format!("{}: {}", case.number, case.fault);
    // More than one piece, so that there is a step between two.
    let document = if case.point == "imap.fetch_mid" { vec![b'x'; 1_200_000] } else { number(case.number) };
    house.receives(person(case.number), &document);
    let person = house.people[house.people.len() - 1..].to_vec();
    let log = house.log(&format!("caso-{}", case.number));
    let mut service = house.run(&case.fault, &log);
    if case.point == "reload.swap" {
        let ready = |service: &mut Daemon| service.has_ended() || service.logged(&["event=\"started\""]) > 0;
        wait_or(|| what.clone(), || ready(&mut service).then_some(()));
        service.signal("HUP");
    }
    let is_kill = case.fault.contains("=kill");
    let fires = |service: &Daemon| service.logged(&["event=\"fault_injected\""]) > 0;
    if case.must_fire {
        let text = || std::fs::read_to_string(&log).unwrap();
        wait_or(
            || format!("{what} never came:\n{}", text()),
            || (fires(&service) || service.has_ended()).then_some(()),
        );
        assert!(fires(&service), "{what}: it ended for another reason:\n{}", service.log());
        if is_kill {
            wait_or(|| format!("{what}: it lives"), || service.has_ended().then_some(()));
        }
    }
    if case.must_fire && case.fault.contains("=delay") {
        house.finish(&person, &what, &service);
    } else {
        let since = Instant::now();
        while !service.has_ended() && since.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(10));
        }
    }
    let came = fires(&service);
    service.kill();
    if !(case.must_fire && case.fault.contains("=delay")) {
        let service = house.run("", &log);
        house.finish(&person, &what, &service);
    }
    came
}

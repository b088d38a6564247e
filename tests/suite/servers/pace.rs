//! Changes when how fast letters must leave changes: the outbox and `smtp-source`, one connection each, to the same Postfix.

use super::world::{OFFICE, World, citizen, runtime};
use crate::store::{at, letter};
use crate::support::DEADLINE;
use crate::timers::Desk;
use casework::{Lane, Outgoing};
use sportello::clock::Clock;
use sportello::outbox::schedule::State;
use sportello::submit::{Line, Outcome, Security, SmtpSettings};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// Letters of a run.
const LETTERS: usize = 200;
/// Runs of each, in turns; the best counts: the machine does other things too.
const RUNS: usize = 2;
/// Bytes of a letter.
const BYTES: usize = 4000;
/// How fast the outbox must be, of what `smtp-source` reaches: it records every step on disk, and encrypts.
const RATIO_MIN: f64 = 0.7;

/// The bytes of a letter.
fn text(to: &str, message_id: &str) -> String {
    let head = format!("From: {OFFICE}\r\nTo: {to}\r\nMessage-ID: {message_id}\r\n\r\n");
    let line = "Una riga come tante altre, lunga quanto basta per riempire una lettera.\r\n";
    format!("{head}{}", line.repeat(BYTES / line.len()))
}

/// The outbox, from the first letter due to the last one written down as submitted. Letters in a second.
pub fn ours(world: &World, port: u16, count: usize) -> f64 {
    let letters = (0..count)
        .map(|n| {
            let letter = letter(&format!("{n:04}"), Lane::Pec, None);
            let letter = Outgoing { from: OFFICE.into(), to: citizen(n % 20), ..letter };
            let bytes = text(&letter.to, &letter.message_id);
            (letter, bytes)
        })
        .collect();
    let runtime = runtime();
    let _inside = runtime.enter();
    let desk = Desk::with(at(0), letters, |_| {});
    let line = Line::new(SmtpSettings { port, ..world.smtp(OFFICE, Security::Implicit) });
    let outbox = desk.outbox(Box::new(line), Clock::System);
    let (stop, stopped) = watch::channel(false);
    world.wait_at_rest();
    let began = Instant::now();
    let running = runtime.spawn(outbox.run(Arc::new(Notify::new()), stopped));
    let last = format!("{:04}", count - 1);
    while desk.store.lock().unwrap().item(&last).unwrap().unwrap().state != State::Submitted {
        assert!(began.elapsed() < DEADLINE, "the letters do not leave");
        runtime.block_on(tokio::time::sleep(Duration::from_millis(2)));
    }
    let took = began.elapsed();
    let _ = stop.send(true);
    runtime.block_on(running).unwrap().unwrap();
    let items = desk.store.lock().unwrap().overview().unwrap().items;
    assert!(items.iter().all(|item| item.state == State::Submitted && item.attempts == 1));
    count as f64 / took.as_secs_f64()
}

/// `smtp-source`, on one connection that stays open. Messages in a second.
pub fn theirs(world: &World, port: u16, count: usize) -> f64 {
    world.wait_at_rest();
    let began = Instant::now();
    let status = Command::new("smtp-source")
        .args(["-d", "-s", "1", "-m", &count.to_string(), "-l", &BYTES.to_string(), "-f", OFFICE, "-t", &citizen(0)])
        .arg(format!("127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    count as f64 / began.elapsed().as_secs_f64()
}

/// The road alone, with TLS and the password but with no outbox behind it: nothing is written down. Letters in a second.
pub fn bare(world: &World, port: u16, count: usize) -> f64 {
    world.wait_at_rest();
    let line = Line::new(SmtpSettings { port, ..world.smtp(OFFICE, Security::Implicit) });
    let began = Instant::now();
    runtime().block_on(async {
        for n in 0..count {
            let to = citizen(n % 20);
            let bytes = text(&to, &format!("<{n}@pec.comune.test>"));
            let outcome = line.attempt(OFFICE, &to, bytes.as_bytes(), || async { Ok(()) }).await;
            assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
        }
    });
    count as f64 / began.elapsed().as_secs_f64()
}

/// Every step of ours is on disk before the next, and still a round of letters leaves at the pace of one connection. The
/// figure is printed; it is demanded of the program as it is shipped.
#[test]
fn letters_leave_at_the_pace_of_one_connection() {
    let Some(world) = World::up() else { return };
    let [plain, door] = world.open_bare_doors();
    let (mut best_ours, mut best_theirs) = (0f64, 0f64);
    for _ in 0..RUNS {
        best_theirs = best_theirs.max(theirs(&world, plain, LETTERS));
        best_ours = best_ours.max(ours(&world, door, LETTERS));
    }
    let ratio = best_ours / best_theirs;
    println!("submission: outbox {best_ours:.0}/s, smtp-source {best_theirs:.0}/s, ratio {ratio:.2}");
    assert!(cfg!(debug_assertions) || ratio >= RATIO_MIN, "{ratio:.2} of smtp-source's pace");
    let log = std::fs::read_to_string(world.servers.join("postfix/log/mail.log")).unwrap();
    let connections = log.lines().filter(|line| line.contains("postfix/bare/") && line.contains("]: connect from"));
    let wanted = RUNS * LETTERS.div_ceil(100);
    // One more is of whoever looked whether the door is open.
    assert!((wanted..=wanted + RUNS).contains(&connections.count()), "letters of a round share a connection");
}

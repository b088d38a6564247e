//! What a test has armed, and what then happens. It changes when there is another step, or another way to fail.
//!
//! `SPORTELLO_FAULTS="archive.fsync=error;outbox.dot=kill@2;imap.login=delay:500"`: at the first (or the `@n`-th) passage
//! of a step. Read once, at the start.

use crate::events;
use rustix::process::{Signal, getpid, kill_process};
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// The variable that arms.
const VARIABLE: &str = "SPORTELLO_FAULTS";
/// Longest delay.
const DELAY_MAX: Duration = Duration::from_secs(30);

/// Every step (`reference` reliability.md §3 names 48; ARCHITECTURE.md says which of those this service does not have).
pub const POINTS: &[&str] = &[
    "archive.create",
    "archive.dirsync",
    "archive.fsync",
    "archive.readback",
    "archive.rename",
    "archive.write",
    "classify.eval",
    "classify.panic",
    "commit.after",
    "commit.apply",
    "commit.begin",
    "commit.unknown",
    "exchange.asked",
    "exchange.away",
    "exchange.copy",
    "exchange.number",
    "exchange.take",
    "exchange.whole",
    "imap.connect",
    "imap.fetch_before_ok",
    "imap.fetch_first",
    "imap.fetch_mid",
    "imap.fetch_no",
    "imap.login",
    "imap.search",
    "imap.select",
    "imap.tls",
    "index.flush",
    "index.fsync",
    "index.insert",
    "journal.fsync",
    "journal.write",
    "mark.flag",
    "mark.watermark",
    "outbox.auth",
    "outbox.body",
    "outbox.claim",
    "outbox.connect",
    "outbox.data",
    "outbox.dot",
    "outbox.freeze",
    "outbox.mail",
    "outbox.rcpt",
    "outbox.record",
    "outbox.reply",
    "receipt.match",
    "receipt.timer",
    "reload.swap",
    "verify.attempt_inc",
    "verify.crash",
    "verify.spawn",
    "verify.timeout",
    "verify.verdict",
];
/// The steps that write to the disk, and can write half.
pub const WRITING: &[&str] = &["archive.write", "journal.write"];

/// What happens at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// SIGKILL: no destructor runs, nothing is flushed.
    Kill,
    /// An error of the system.
    Error,
    /// It takes its time.
    Delay(Duration),
    /// Half is written, then an error.
    Short,
}

#[derive(Debug)]
struct Armed {
    point: &'static str,
    action: Action,
    /// The passage at which it happens, from 1.
    passage: u64,
    passed: AtomicU64,
}

static ARMED: OnceLock<Vec<Armed>> = OnceLock::new();

/// Reads what is armed.
///
/// # Errors
/// A step or an action that does not exist: a test that means another one would prove nothing.
pub fn arm() -> Result<(), String> {
    let text = std::env::var(VARIABLE).unwrap_or_default();
    let armed = parse(&text)?;
    if !armed.is_empty() {
        events::faults_armed(&text);
    }
    ARMED.set(armed).map_err(|_| format!("{VARIABLE}: letta due volte"))
}

fn parse(text: &str) -> Result<Vec<Armed>, String> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
}

fn one(text: &str) -> Result<Armed, String> {
    let wrong = || format!("{VARIABLE}: «{text}» non si capisce");
    let (name, action) = text.split_once('=').ok_or_else(wrong)?;
    let point = *POINTS.iter().find(|point| **point == name).ok_or_else(wrong)?;
    let (action, passage) = action.split_once('@').unwrap_or((action, "1"));
    let action = match action.split_once(':') {
        None if action == "kill" => Action::Kill,
        None if action == "error" => Action::Error,
        None if action == "short" && WRITING.contains(&point) => Action::Short,
        Some(("delay", ms)) => Action::Delay(Duration::from_millis(ms.parse().map_err(|_| wrong())?).min(DELAY_MAX)),
        _ => return Err(wrong()),
    };
    let passage = passage.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
    Ok(Armed { point, action, passage, passed: AtomicU64::new(0) })
}

/// A step.
///
/// # Errors
/// What is armed.
pub fn at(point: &'static str) -> io::Result<()> {
    match fired(point) {
        Some(Action::Error | Action::Short) => Err(error(point)),
        _ => Ok(()),
    }
}

/// A step whose fault is a panic.
pub fn panic_at(point: &'static str) {
    if let Err(why) = at(point) {
        std::panic::resume_unwind(Box::new(why.to_string()));
    }
}

/// Counts a passage; what happens at it, if the process lives on.
pub(super) fn fired(point: &'static str) -> Option<Action> {
    let armed = ARMED.get()?.iter().filter(|armed| armed.point == point);
    let due = armed.filter(|armed| armed.passed.fetch_add(1, Ordering::SeqCst) + 1 == armed.passage);
    let action = due.map(|armed| armed.action).last()?;
    events::fault_injected(point, &action);
    match action {
        Action::Kill => loop {
            let _ = kill_process(getpid(), Signal::KILL);
        },
        Action::Delay(time) => thread::sleep(time),
        Action::Error | Action::Short => {}
    }
    Some(action)
}

pub(super) fn error(point: &str) -> io::Error {
    io::Error::other(format!("guasto di prova: {point}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_armed_is_read_or_refused() {
        let armed =
            parse(" archive.fsync=error ;outbox.dot=kill@2; imap.login=delay:500;journal.write=short@7;").unwrap();
        let seen: Vec<_> = armed.iter().map(|a| (a.point, a.action, a.passage)).collect();
        let delay = Action::Delay(Duration::from_millis(500));
        assert_eq!(
            seen,
            [
                ("archive.fsync", Action::Error, 1),
                ("outbox.dot", Action::Kill, 2),
                ("imap.login", delay, 1),
                ("journal.write", Action::Short, 7)
            ]
        );
        for wrong in [
            "archive.fsynk=error",
            "archive.fsync",
            "archive.fsync=kil",
            "imap.login=short",
            "imap.login=kill@0",
            "imap.login=delay:x",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(one("imap.login=delay:99999999").unwrap().action, Action::Delay(DELAY_MAX));
    }
}

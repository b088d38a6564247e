//! The trial: a message is first examined in a process of its own, and only what that process survived is examined here.
//!
//! `pec::examine` is pure: what it does once to some bytes under a policy, it does again. So a child, which is this same
//! program, examines first, within limits of memory and time that its parent sets from outside. If it ends well the parent
//! calls the same function, on a stack of the same size, and compares the two results. A child that returned the findings
//! themselves would cost half the work, and would need a way to make a `pec::Certified` out of bytes: there must be none.

mod order;
mod shut;

use crate::digest::sha256;
use crate::failpoint;
use crate::paths::Verdicts;
use jiff::Timestamp;
use order::Order;
use pec::{Examined, Outcome, Policy};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process_group, prlimit};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, fs, thread};

/// Name of the hidden command by which this program is its own child.
pub const COMMAND: &str = "trial";
/// Our own file as it was when we started, even if an upgrade has replaced it since: parent and child are one version.
const OURSELVES: &str = "/proc/self/exe";
/// Address space of a trial, bytes (`reference` reliability.md §3.3).
const MEMORY_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Processor time of a trial, seconds. One more, and a program that ignores the signal is killed.
const CPU_SECONDS_MAX: u64 = 5;
/// Time of a trial by the clock: a disk may stall, a machine may be busy.
const WALL_MAX: Duration = Duration::from_secs(30);
/// Files that a trial may have open: its three channels, the message, and what the loader needs.
const FILES_MAX: u64 = 16;
/// Stack of an examination, bytes, in the trial and here.
const STACK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Messages of one trial that are examined at once, in it and here: the memory of a trial bears so many, and more processors are rare.
const AT_ONCE_MAX: usize = 4;
/// First line of the answer of a trial that could not shut itself in; why follows. Of the others it is empty.
const OPEN: &str = "open: ";
/// What is read of a trial's answer for each message, and for its first line, bytes: a digest is 64.
const ANSWER_BYTES_MAX: u64 = 256;
/// Pause between two looks at a trial.
const LOOK: Duration = Duration::from_millis(1);

/// What one trial may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space, bytes.
    pub memory: u64,
    /// Processor time, seconds.
    pub cpu: u64,
    /// Time by the clock.
    pub wall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: MEMORY_BYTES_MAX, cpu: CPU_SECONDS_MAX, wall: WALL_MAX }
    }
}

/// How trials are held: which program, within which limits.
#[derive(Debug, Clone)]
pub struct Trial {
    program: PathBuf,
    args: Vec<OsString>,
    limits: Limits,
    /// No child: a simulation, whose messages are its own, examines thousands in one process.
    is_skipped: bool,
    /// One at a time, with the examination after it: the unit has memory for one.
    turn: Arc<Mutex<()>>,
}

/// One message of a trial.
#[derive(Debug, Clone)]
pub struct Tried<'a> {
    /// Where the child reads it.
    pub file: PathBuf,
    /// Its bytes, the same.
    pub raw: &'a [u8],
    /// Their SHA-256, lower-case hex.
    pub digest: &'a str,
    /// When it arrived: the one thing in which the policies of a trial differ.
    pub arrival: Option<Timestamp>,
}

/// Whether a trial could reach anything but its messages (`shut`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shut {
    /// It could not.
    In,
    /// The system did not let it shut itself in, and why: it has its limits alone.
    Open(String),
}

/// Why a message was not examined to the end.
#[derive(Debug)]
pub enum Failed {
    /// The trial could not be held: the machine's fault, not the message's.
    NotHeld(io::Error),
    /// It took longer than it may.
    TooLong,
    /// It ended by a signal (memory, processor time, a crash), or said that it could not.
    Ended(ExitStatus),
    /// The examination panicked here, and had not in the trial.
    Panicked,
    /// Trial and examination found different things.
    Differs,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHeld(e) => write!(f, "l'esame di prova non si può fare: {e}"),
            Self::TooLong => f.write_str("l'esame di prova non finiva"),
            Self::Ended(status) => write!(f, "l'esame di prova è finito male: {status}"),
            Self::Panicked => f.write_str("l'esame si è fermato, la prova no"),
            Self::Differs => f.write_str("l'esame e la prova non concordano"),
        }
    }
}

impl Trial {
    /// By this program.
    #[must_use]
    pub fn by_ourselves() -> Self {
        Self::by(OURSELVES, [COMMAND.into()], Limits::default())
    }

    /// By any program that takes the file of a message after `args` and a policy from standard input: tests run this one's
    /// binary, or one that misbehaves.
    #[must_use]
    pub fn by(program: impl Into<PathBuf>, args: impl Into<Vec<OsString>>, limits: Limits) -> Self {
        Self { program: program.into(), args: args.into(), limits, is_skipped: false, turn: Arc::default() }
    }

    /// No trial at all: for simulations, whose messages are their own. An office's service never skips it.
    #[must_use]
    pub fn skipped() -> Self {
        Self { is_skipped: true, ..Self::by_ourselves() }
    }

    /// Examines `raw`, the content of `file`, after a trial that ended well.
    ///
    /// # Errors
    /// See [`Failed`].
    pub fn examine(&self, file: &Path, raw: &[u8], policy: &Policy<'_>) -> Result<Examined, Failed> {
        let one = Tried { file: file.to_owned(), raw, digest: &sha256(raw), arrival: policy.arrival };
        self.examine_all(&[one], policy)?.pop().ok_or(Failed::Differs)
    }

    /// As [`examine`](Self::examine), several messages in one trial. When it fails, nobody knows which of them is to blame.
    ///
    /// # Errors
    /// See [`Failed`].
    pub fn examine_all(&self, all: &[Tried<'_>], policy: &Policy<'_>) -> Result<Vec<Examined>, Failed> {
        self.examined(all, policy).map(|(seen, _)| seen)
    }

    /// As [`examine_all`](Self::examine_all), and whether the trial was shut in.
    fn examined(&self, all: &[Tried<'_>], policy: &Policy<'_>) -> Result<(Vec<Examined>, Shut), Failed> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if self.is_skipped { Vec::new() } else { self.hold(all, policy)? };
        failpoint::at("verify.verdict").map_err(|_| Failed::Differs)?;
        let seen = each_on_a_stack(all, |one| pec::examine(one.raw, &Policy { arrival: one.arrival, ..*policy }))?;
        let mut tried = answer.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        let first = String::from_utf8_lossy(tried.next().unwrap_or_default()).into_owned();
        let shut = first.strip_prefix(OPEN).map_or(Shut::In, |why| Shut::Open(why.to_owned()));
        let is_same = |(one, seen): (&Tried<'_>, _)| tried.next() == Some(fingerprint(one.digest, seen).as_bytes());
        if self.is_skipped || all.iter().zip(&seen).all(is_same) { Ok((seen, shut)) } else { Err(Failed::Differs) }
    }

    /// Whether trials work under a policy: one of an empty message. If it fails, no message is to blame.
    ///
    /// # Errors
    /// As [`examine`](Self::examine).
    pub fn check(&self, policy: &Policy<'_>) -> Result<Shut, Failed> {
        let nothing = Tried { file: "/dev/null".into(), raw: b"", digest: &sha256(b""), arrival: policy.arrival };
        self.examined(&[nothing], policy).map(|(_, shut)| shut)
    }

    /// Holds a trial to its end: what it answers.
    fn hold(&self, all: &[Tried<'_>], policy: &Policy<'_>) -> Result<Vec<u8>, Failed> {
        failpoint::at("verify.spawn").map_err(Failed::NotHeld)?;
        let answer_max = ANSWER_BYTES_MAX.saturating_mul(all.len() as u64 + 1);
        let order =
            Order::of(policy, all.iter().map(|one| one.arrival).collect()).to_bytes().map_err(Failed::NotHeld)?;
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .args(all.iter().map(|one| &one.file))
            .env_clear() // no credentials, no socket of systemd's
            .process_group(0) // so that it can be killed whole, and a ^C meant for us does not reach it
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()) // a panic would quote the message
            .spawn()
            .map_err(Failed::NotHeld)?;
        // It waits for its order until it is confined.
        if let Err(e) = confine(&child, self.limits) {
            end(&mut child);
            return Err(Failed::NotHeld(e));
        }
        if failpoint::at("verify.crash").is_err() {
            let _ = child.kill();
        }
        if failpoint::at("verify.timeout").is_err() {
            end(&mut child);
            return Err(Failed::TooLong);
        }
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        thread::scope(|scope| {
            let talk = thread::Builder::new().spawn_scoped(scope, move || {
                // A child that does not listen has failed already, and its end says how.
                let _ = stdin.map(|mut stdin| stdin.write_all(&order));
                let mut answer = Vec::new();
                let _ = stdout.map(|stdout| stdout.take(answer_max).read_to_end(&mut answer));
                answer
            });
            let ended = wait(&mut child, self.limits.wall);
            let answer = talk.map(|talk| talk.join().unwrap_or_default()).map_err(Failed::NotHeld);
            match ended? {
                status if status.success() => answer,
                status => Err(Failed::Ended(status)),
            }
        })
    }
}

/// Waits for the end of a child, and makes it come. Nothing of its group is left.
fn wait(child: &mut Child, wall: Duration) -> Result<ExitStatus, Failed> {
    let since = Instant::now();
    let ended = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if since.elapsed() < wall => thread::sleep(LOOK),
            Ok(None) => break Err(Failed::TooLong),
            Err(e) => break Err(Failed::NotHeld(e)),
        }
    };
    if ended.is_err() {
        end(child);
    }
    ended
}

/// Kills a child with all that it started.
fn end(child: &mut Child) {
    if let Some(group) = pid(child) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

fn pid(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// Sets the limits of a child from outside: then they hold whatever program it is.
fn confine(child: &Child, limits: Limits) -> io::Result<()> {
    let pid = pid(child).ok_or(io::ErrorKind::InvalidInput)?;
    let bounds = [
        (Resource::As, limits.memory, limits.memory),
        (Resource::Cpu, limits.cpu, limits.cpu + 1),
        (Resource::Core, 0, 0),  // a core would hold the message
        (Resource::Fsize, 0, 0), // it writes no file
        (Resource::Nofile, FILES_MAX, FILES_MAX),
    ];
    for (resource, soft, hard) in bounds {
        // An administrator may have set less already.
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) };
        prlimit(Some(pid), resource, limit)?;
    }
    // Where memory is short, it goes before the daemon. Not everywhere allowed, and nothing depends on it.
    let _ = fs::write(format!("/proc/{}/oom_score_adj", child.id()), "1000");
    Ok(())
}

/// The child's side: examines the messages in `files` under the policy that `order` gives. What it answers: whether it is shut in, then a
/// line for each message.
///
/// # Errors
/// Those of the disk; `InvalidData` for an order that does not read; `Other` for a panic.
pub fn stand(files: &[PathBuf], order: &mut impl Read) -> io::Result<String> {
    let mut text = Vec::new();
    order.read_to_end(&mut text)?;
    let order = Order::from_bytes(&text)?;
    let messages = files.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
    // Whoever wrote them has not been listened to yet. From here on there is nothing but them.
    let first = shut::shut().map_or_else(|why| format!("{OPEN}{why}\n"), |()| "\n".to_owned());
    order.with_policies(|policies| {
        if policies.len() != messages.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let verdicts = Verdicts::default(); // those who wait together often have one provider
        let each: Vec<_> = messages.iter().zip(policies).collect();
        let found = each_on_a_stack(&each, |(raw, policy)| {
            let policy = Policy { paths: Some(&verdicts), ..**policy };
            fingerprint(&sha256(raw), &pec::examine(raw, &policy)) + "\n"
        });
        match found {
            Ok(lines) => Ok(first + &lines.concat()),
            Err(Failed::NotHeld(e)) => Err(e),
            Err(why) => Err(io::Error::other(why.to_string())),
        }
    })
}

/// Examines here what a trial survived, perhaps under a policy that knows more.
///
/// # Errors
/// `NotHeld` and `Panicked` of [`Failed`].
pub fn once_more(raw: &[u8], policy: &Policy<'_>) -> Result<Examined, Failed> {
    each_on_a_stack(&[raw], |raw| pec::examine(raw, policy))?.pop().ok_or(Failed::Differs)
}

/// Does the work for each item, in their order, on new stacks of [`STACK_BYTES_MAX`]: as many at once as there are processors.
///
/// # Errors
/// `NotHeld` and `Panicked` of [`Failed`].
fn each_on_a_stack<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Result<Vec<T>, Failed> {
    let at_once = thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE_MAX);
    thread::scope(|scope| {
        let parts = items.chunks(items.len().div_ceil(at_once).max(1)).map(|part| {
            let (work, thread) = (&work, thread::Builder::new().stack_size(STACK_BYTES_MAX));
            thread.spawn_scoped(scope, move || part.iter().map(work).collect::<Vec<_>>()).map_err(Failed::NotHeld)
        });
        let threads: Vec<_> = parts.collect();
        // Each is waited for before the first failure is told: of one that is not, the scope itself would panic.
        let ended: Vec<_> = threads.into_iter().map(|thread| thread?.join().map_err(|_| Failed::Panicked)).collect();
        ended.into_iter().collect::<Result<Vec<_>, _>>().map(|parts| parts.into_iter().flatten().collect())
    })
}

/// Digest of what must be equal in a trial and in the examination after it: the bytes, the grade, and every check.
fn fingerprint(digest: &str, seen: &Examined) -> String {
    let mut text = format!("{digest}\n{}\n", seen.grade.code());
    for entry in &seen.report.entries {
        let outcome = match &entry.outcome {
            Outcome::Pass => "pass",
            Outcome::Moot => "moot",
            Outcome::Fail(why) => why.code,
        };
        text.push_str(&format!("{} {outcome}\n", entry.check.code()));
    }
    sha256(text.as_bytes())
}

//! Changes when something else is read of a running program: its time, its memory, what it has logged.

use super::patiently;
use crate::support::{Daemon, sportello};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Clock ticks of `/proc` in a second: always 100 on Linux.
const TICKS: f64 = 100.0;
/// A service is idle that has used no more than so many ticks in [`QUIET`].
const IDLE_TICKS: f64 = 3.0;
const QUIET: Duration = Duration::from_secs(5);
/// Pause between two looks at the trials, which live for milliseconds.
const CLOSE_LOOK: Duration = Duration::from_millis(10);

/// A number of `/proc/PID/status`, megabytes (a million bytes).
fn megabytes(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).map_or(0.0, |kib| kib * 1024.0 / 1e6)
}

/// Most memory that a process has held.
pub fn peak(pid: u32) -> f64 {
    megabytes(pid, "VmHWM")
}

/// Memory that a process holds.
pub fn held(pid: u32) -> f64 {
    megabytes(pid, "VmRSS")
}

/// Processor time of a process and of its children that have ended, seconds.
pub fn processor(pid: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = |n: usize| fields.split(' ').nth(n).unwrap().parse::<f64>().unwrap();
    (11..15).map(ticks).sum::<f64>() / TICKS
}

/// Processor time of the children of this test that have ended, seconds.
pub fn processor_of_ended() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    (13..15).map(|n| fields.split(' ').nth(n).unwrap().parse::<f64>().unwrap()).sum::<f64>() / TICKS
}

/// Waits until a process has next to nothing to do for a while. How long it was busy before, seconds.
pub fn wait_idle(pid: u32) -> f64 {
    let (began, mut last) = (Instant::now(), (Instant::now(), processor(&pid.to_string())));
    patiently("an idle service", || {
        let now = processor(&pid.to_string());
        if now > last.1 + IDLE_TICKS / TICKS {
            last = (Instant::now(), now);
        }
        (last.0.elapsed() >= QUIET).then(|| (last.0 - began).as_secs_f64())
    })
}

/// Watches the trials of a service: the most memory that one of them was seen with.
pub struct Trials {
    most: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

impl Trials {
    /// Of the service with this number.
    pub fn of(service: u32) -> Self {
        let (most, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (kept, stop) = (most.clone(), ended.clone());
        let watcher = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                for child in children(service) {
                    let line = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
                    // Between its birth and its first own instruction a child is still its parent.
                    if line.split(|b| *b == 0).any(|word| word == b"trial") {
                        kept.fetch_max((peak(child) * 1e6) as u64, Ordering::Relaxed);
                    }
                }
                std::thread::sleep(CLOSE_LOOK);
            }
        });
        Self { most, ended, watcher: Some(watcher) }
    }

    /// Megabytes.
    pub fn peak(&self) -> f64 {
        self.most.load(Ordering::Relaxed) as f64 / 1e6
    }
}

impl Drop for Trials {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = self.watcher.take().map(JoinHandle::join);
    }
}

fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let of = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).unwrap_or_default();
    tasks.flat_map(|task| of(task).split_whitespace().filter_map(|n| n.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Reads a log as it grows, each line once.
pub struct Log(BufReader<File>);

impl Log {
    /// From its beginning.
    pub fn of(path: &Path) -> Self {
        Self(BufReader::new(File::open(path).unwrap()))
    }

    /// Waits for `n` more lines that hold `mark`.
    pub fn wait(&mut self, service: &mut Daemon, n: usize, mark: &str) {
        let (mut seen, mut line) = (0, String::new());
        patiently(mark, || {
            while self.0.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
                seen += usize::from(line.contains(mark));
                line.clear();
            }
            assert!(seen >= n || !service.has_ended(), "the service ended after {seen} of {n} {mark}");
            (seen >= n).then_some(())
        });
    }
}

/// A command of the program, to its end.
pub struct Run {
    /// How long it took.
    pub seconds: f64,
    /// Most memory that it held, megabytes.
    pub peak: f64,
    /// How it ended.
    pub code: Option<i32>,
    /// Bytes that it said.
    pub said: u64,
}

impl Run {
    /// Runs it. What it says is counted, and kept by nobody.
    pub fn of(args: &[&str]) -> Self {
        let began = Instant::now();
        let mut child = sportello().args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let counter = std::thread::spawn(move || io::copy(&mut out, &mut io::sink()).unwrap());
        let mut most = 0f64;
        let status = patiently("the end of a command", || {
            most = most.max(peak(child.id()));
            child.try_wait().unwrap()
        });
        Self { seconds: began.elapsed().as_secs_f64(), peak: most, code: status.code(), said: counter.join().unwrap() }
    }
}

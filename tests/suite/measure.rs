//! Changes when another figure of the service is measured. Run by `tests/bench`, which reads `tests/measure/SERVICE.md`.
//!
//! Nothing here fails because it is slow: a figure is printed as a ratio within one run, beside what was asked of it.

#[path = "measure/backlog.rs"]
mod backlog;
#[path = "measure/dossiers.rs"]
mod dossiers;
#[path = "measure/gauge.rs"]
mod gauge;
#[path = "measure/given.rs"]
mod given;
#[path = "measure/intake.rs"]
mod intake;
#[path = "measure/large.rs"]
mod large;
#[path = "measure/latency.rs"]
mod latency;
#[path = "measure/post.rs"]
mod post;
#[path = "measure/register.rs"]
mod register;
#[path = "measure/submission.rs"]
mod submission;

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

/// Pause between two looks at what is being measured: looking takes time from it.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for anything that is measured.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Whether this run measures. The suite of every day does not.
fn is_wanted() -> bool {
    std::env::var("SPORTELLO_MEASURE").is_ok_and(|on| on == "1")
}

/// A size that `tests/bench` was given.
fn size(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// What was asked of a figure.
enum Asked {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing: it explains another.
    Nothing,
}

/// Prints a figure, and adds it to the table with which the bench ends.
fn figure(what: &str, value: f64, unit: &str, asked: &Asked) {
    let (bound, verdict) = match asked {
        Asked::AtLeast(least) => (format!("≥ {least}"), if value >= *least { "met" } else { "short of" }),
        Asked::AtMost(most) => (format!("≤ {most}"), if value <= *most { "met" } else { "short of" }),
        Asked::Nothing => ("–".into(), ""),
    };
    let shown = if value.abs() < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") };
    println!("figure: {what}: {shown} {unit}  asked {bound}  {verdict}");
    if let Some(table) = std::env::var_os("SPORTELLO_MEASURE_TABLE") {
        let mut table = OpenOptions::new().create(true).append(true).open(table).unwrap();
        writeln!(table, "{what}|{shown} {unit}|{bound}|{verdict}").unwrap();
    }
}

/// Looks until there is something to see, patiently.
fn patiently<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain: {what}");
        std::thread::sleep(LOOK);
    }
}

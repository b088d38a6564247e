//! Changes when the real program is faulted in another way: at a step, at a random moment, by its disk, by its servers.
//!
//! Quick tiers run in `tests/run`; `tests/nightly` sets the figures higher by environment variables.

#[path = "faults/full.rs"]
mod full;
#[path = "faults/hostile_imap.rs"]
mod hostile_imap;
#[path = "faults/hostile_smtp.rs"]
mod hostile_smtp;
#[path = "faults/house.rs"]
mod house;
#[path = "faults/kills.rs"]
mod kills;
#[path = "faults/loopback.rs"]
mod loopback;
#[path = "faults/matrix.rs"]
mod matrix;
#[path = "faults/medium.rs"]
mod medium;
#[path = "faults/power.rs"]
mod power;

use std::hash::{DefaultHasher, Hash, Hasher};

/// How many: of the environment, or the quick tier's.
fn seeds(variable: &str, quick: u64) -> u64 {
    std::env::var(variable).map_or(quick, |text| text.parse().unwrap())
}

/// A number that looks like chance, and is the same in every run.
fn spread(seed: u64, a: &str, b: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, a, b).hash(&mut hasher);
    hasher.finish()
}

/// A document that is like no other.
fn number(n: usize) -> Vec<u8> {
    format!("%PDF-1.4 finta {n}\n").into_bytes()
}

/// A step without a place in the program proves nothing, and one without a name cannot be armed.
#[test]
fn every_failpoint_has_its_place() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut text) = (vec![root], String::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("failpoint/armed.rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    for point in sportello::failpoint::POINTS {
        assert!(text.contains(&format!("\"{point}\"")), "{point} is nowhere");
    }
    for part in text.split("failpoint::at(\"").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(sportello::failpoint::POINTS.contains(&name), "{name} has no name in the list");
    }
}

//! Runs over real messages that cannot be committed: a folder of `.eml` files named by `SPORTELLO_REAL_MESSAGES`.
//!
//! Prints one line a file, its failures below it; nothing of what a message says. Every message is judged under the
//! pinned key of AgID CA1, at its own time. A file `expected.tsv` in the folder (name, tab, grade) is held against
//! the outcome where there is one.
#![allow(clippy::unwrap_used, clippy::panic)]

use pec::{Anchors, Check, Policy, examine};
use std::collections::BTreeMap;

#[test]
fn every_real_message_is_answered() {
    let Some(folder) = std::env::var_os("SPORTELLO_REAL_MESSAGES") else {
        println!("skipped: SPORTELLO_REAL_MESSAGES names no folder");
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    let expected: BTreeMap<String, String> = std::fs::read_to_string(folder.join("expected.tsv"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('\t').map(|(name, grade)| (name.into(), grade.trim().into())))
        .collect();
    let anchors = Anchors::agid();
    let policy = Policy::new(&anchors);
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    names.sort();
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".eml") {
            continue;
        }
        let seen = examine(&std::fs::read(&path).unwrap(), &policy);
        let order: Vec<Check> = seen.report.entries.iter().map(|e| e.check).collect();
        assert_eq!(order, Check::ALL, "{name}");
        println!("{:<13} {name}", seen.grade.code());
        for (check, why) in seen.report.failures() {
            println!("              {}: {} {}", check.code(), why.code, why.text);
        }
        for note in &seen.report.notes {
            println!("              note: {note}");
        }
        if let Some(grade) = expected.get(&name) {
            assert_eq!(seen.grade.code(), grade, "{name}");
        }
    }
}

//! What is fsynced, in which order, seen from outside with strace: sled's own `flush` is not an fsync on Linux.

use crate::support::program;
use std::path::Path;
use std::process::Command;

/// Runs the demonstration under strace and returns every fsync, in order, as the path it was for.
fn fsyncs(dir: &Path) -> Option<Vec<String>> {
    let trace = dir.join("trace");
    let status = Command::new("strace")
        .args(["-f", "-y", "-qq", "-e", "trace=fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(program())
        .args(["demo", "--keep"])
        .arg(dir.join("demo"))
        .stdout(std::process::Stdio::null())
        .status();
    match status {
        Ok(status) => assert!(status.success(), "the demonstration failed under strace"),
        Err(e) => {
            println!("SKIPPED: strace cannot run here ({e}); install it to see what is fsynced");
            return None;
        }
    }
    let text = std::fs::read_to_string(trace).unwrap();
    let finished = text.lines().filter(|line| line.contains(" = 0") || line.contains("<unfinished"));
    Some(finished.filter_map(|line| Some(line.split_once('<')?.1.split_once('>')?.0.to_owned())).collect())
}

#[test]
fn a_message_is_fsynced_before_its_line_and_every_dot_and_the_index_after_their_lines() {
    let dir = tempfile::tempdir().unwrap();
    let Some(fsyncs) = fsyncs(dir.path()) else { return };
    let count = |part: &str| fsyncs.iter().filter(|path| path.contains(part)).count();
    let journal = std::fs::read_to_string(dir.path().join("demo/servizio/journal/000001.jsonl")).unwrap();
    // Decisions may share an fsync; a final dot waits for its own.
    let dots = journal.lines().filter(|line| line.contains(r#""step":"in-dot""#)).count();
    assert!(dots > 0 && count("/journal/000001.jsonl") > dots, "{} for {dots}", count("/journal/000001.jsonl"));
    assert!(count("/index/conf") >= 1, "sled never fsyncs its own conf");
    // The first message: its bytes, then its directory entry, then the first line about it.
    let first = |part: &str| fsyncs.iter().position(|path| path.contains(part)).unwrap();
    let second_line = fsyncs.iter().enumerate().filter(|(_, p)| p.contains("/journal/000001.jsonl")).nth(1).unwrap().0;
    let shelf = first("/archive/in/");
    assert!(first("/spool/") < shelf && shelf < second_line, "{fsyncs:#?}");
    // The index is made durable by our own descriptor, when the journal it tells of is.
    let last = |part: &str| fsyncs.iter().rposition(|path| path.contains(part)).unwrap();
    assert!(last("/journal/000001.jsonl") < last("/index/db"), "{fsyncs:#?}");
}

//! Registers of past releases are read by this one, and one of a later release is left as it is. It changes with a release.

use crate::support::copy_folder;
use jiff::Timestamp;
use sportello::journal::{Journal, Tail};
use sportello::outbox::schedule::Shown;
use sportello::store::overview::Overview;
use sportello::store::{Store, Trouble};
use std::fs;
use std::path::Path;

#[test]
fn every_past_register_comes_to_its_state_and_goes_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/upgrade");
    let mut releases = 0;
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        releases += 1;
        let expected: serde_json::Value =
            serde_json::from_slice(&fs::read(entry.path().join("expected.json")).unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        copy_folder(&entry.path(), dir.path());
        let (then, digest) = Overview::read(dir.path()).unwrap();
        let shown = |state: Shown| then.items.iter().filter(|item| item.shown() == state).count() as u64;
        for (what, found) in [
            ("lines", then.seq),
            ("messages", then.messages.len() as u64),
            ("dossiers", then.dossiers.len() as u64),
            ("items", then.items.len() as u64),
            ("delivered", shown(Shown::Delivered)),
            ("failed", shown(Shown::Failed)),
        ] {
            assert_eq!(expected[what].as_u64(), Some(found), "{what} of {:?}", entry.file_name());
        }
        assert_eq!(expected["head"].as_str(), Some(then.head.as_str()));
        let mut store = Store::open(dir.path(), Timestamp::now()).unwrap();
        assert_eq!(store.state_digest().unwrap(), digest);
        store.attempt(&["f".repeat(64).as_str()], Timestamp::now()).unwrap();
        drop(store);
        let head = Journal::verify(dir.path(), Tail::Closed, |_, _| {}).unwrap();
        assert_eq!(head.seq, then.seq + 1);
        let rebuilt = Store::rebuild(dir.path(), Timestamp::now()).unwrap();
        assert_eq!(rebuilt.before, rebuilt.after);
        let running = Store::open(dir.path(), Timestamp::now()).unwrap();
        assert!(matches!(Store::rebuild(dir.path(), Timestamp::now()), Err(Trouble::Locked(_))));
        assert!(dir.path().join("index").is_dir(), "never from under a running service");
        drop(running);
        assert!(rebuilt.aside.is_some_and(|old| old.is_dir()), "nothing is deleted");
    }
    assert!(releases > 0);
}

#[test]
fn a_register_of_a_later_release_is_refused_and_left_as_it_is() {
    let zeros = "0".repeat(64);
    let begun = |format: u32| {
        format!(
            "{{\"seq\":1,\"at\":\"2026-02-03T10:00:00Z\",\"prev\":\"{zeros}\",\"event\":\"begun\",\"format\":{format},\"version\":\"9\"}}\n"
        )
    };
    let unknown = format!(
        "{{\"seq\":1,\"at\":\"2026-02-03T10:00:00Z\",\"prev\":\"{zeros}\",\"event\":\"what-nobody-knows-yet\"}}\n"
    );
    for text in [begun(99), unknown] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("journal/000001.jsonl");
        fs::create_dir(dir.path().join("journal")).unwrap();
        fs::write(&file, &text).unwrap();
        let refused = Store::open(dir.path(), Timestamp::now()).unwrap_err();
        assert!(matches!(refused, Trouble::Newer(99) | Trouble::Journal(_)), "{refused}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), Timestamp::now()).unwrap());
}

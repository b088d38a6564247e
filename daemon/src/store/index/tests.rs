//! Changes when the index, or the runs that hold its old rows, must hold under something else.

use super::*;
use proptest::prelude::*;
use std::fs;

#[test]
fn a_batch_is_one_and_a_scan_keeps_to_its_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let both = [Index::open(&dir.path().join("i")).unwrap(), Index::memory()];
    for index in &both {
        let mut batch = Batch::default();
        for key in ["a/1", "a/2", "ab/1", "b/1"] {
            batch.put(key, &key);
        }
        batch.remove("a/1");
        index.stage(batch).unwrap();
        index.write().unwrap();
        let rows: Vec<String> = index.scan::<String>("a/", "a/").map(|r| r.unwrap().1).collect();
        assert_eq!(rows, ["a/2"]);
        let back: Vec<String> = index.scan_back::<String>("a", "a/2").map(|r| r.unwrap().1).collect();
        assert_eq!(back, ["ab/1", "a/2"]);
        assert_eq!(index.get::<String>("a/1").unwrap(), None);
    }
    for index in &both {
        // Staged changes are read as if they were written: added, replaced, removed, in both directions.
        let mut batch = Batch::default();
        batch.put("a/3", &"three");
        batch.put("a/2", &"two");
        batch.put("a/0", &"zero");
        batch.remove("ab/1");
        index.stage(batch).unwrap();
        let read = |index: &Index| {
            let there: Vec<String> = index.scan::<String>("a/", "a/").map(|r| r.unwrap().1).collect();
            let back: Vec<String> = index.scan_back::<String>("a", "a/2").map(|r| r.unwrap().1).collect();
            (there, back, index.get::<String>("ab/1").unwrap(), index.state_digest("x").unwrap())
        };
        let before = read(index);
        assert_eq!(before.0, ["zero", "two", "three"]);
        assert_eq!(before.1, ["three", "two"]);
        assert_eq!(before.2, None);
        index.write().unwrap();
        assert_eq!(read(index), before);
    }
    assert_eq!(both[0].state_digest("x").unwrap(), both[1].state_digest("x").unwrap());
}

/// A value of 64 KiB or more would go to a blob file, which our fsync does not cover (reliability.md §7).
#[test]
fn a_row_of_the_largest_size_stays_in_the_file_we_fsync() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("i");
    let index = Index::open(&path).unwrap();
    let mut batch = Batch::default();
    batch.put("largest", &"x".repeat(ROW_BYTES_MAX));
    index.stage(batch).unwrap();
    index.sync().unwrap();
    assert_eq!(std::fs::read_dir(path.join("blobs")).map(Iterator::count).unwrap_or(0), 0);
}

/// An index that pours long before it must.
fn hasty(dir: &Path, pour_bytes: u64) -> io::Result<Index> {
    Ok(Index::of(Backend::Disk(Kept::open(dir, pour_bytes, LEAVING_ROWS_MAX)?)))
}

/// One that lets so few rows leave sled at a time.
fn reluctant(dir: &Path, pour_bytes: u64, leaving_rows: usize) -> io::Result<Index> {
    Ok(Index::of(Backend::Disk(Kept::open(dir, pour_bytes, leaving_rows)?)))
}

fn runs_of(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir.join("runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[derive(Debug, Clone)]
enum Step {
    Put(String, usize),
    Remove(String),
    Write,
    Sync,
    Discard,
    Reopen,
    Scan(String, String),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || {
        let kind = prop::sample::select(vec![
            "item/",
            "message/",
            "due/pec/",
            "meta/",
            "ours/<è",
            "signed/aa/",
            "signed/b/",
            "signed/è/1/",
        ]);
        (kind, 0..40u32).prop_map(|(kind, n)| format!("{kind}{n:03}"))
    };
    prop_oneof![
        20 => (key(), prop_oneof![9 => 0..300usize, 1 => 0..ROW_BYTES_MAX]).prop_map(|(key, length)| Step::Put(key, length)),
        10 => key().prop_map(Step::Remove),
        6 => Just(Step::Write),
        2 => Just(Step::Sync),
        1 => Just(Step::Discard),
        1 => Just(Step::Reopen),
        3 => (key(), 0..40u32).prop_map(|(key, from)| Step::Scan(key, format!("{from:03}"))),
    ]
}

/// All that can be asked of an index.
/// Rows as they were read.
type Listed = Vec<(String, String)>;

fn asked(index: &Index, prefix: &str, from: &str) -> ([Listed; 2], Option<String>, bool) {
    (
        [
            index.scan::<String>(prefix, from).map(Result::unwrap).collect(),
            index.scan_back::<String>(prefix, from).map(Result::unwrap).collect(),
        ],
        index.get(from).unwrap(),
        index.has(from).unwrap(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    /// Whatever is put, removed, poured, merged and opened again: it is the map in memory, from either end.
    #[test]
    fn an_index_on_disk_is_the_map_in_memory(steps in prop::collection::vec(step(), 1..600), pour in 1..6000u64, leaving in 1..60usize) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("i");
        let (mut disk, memory) = (reluctant(&path, pour, leaving).unwrap(), Index::memory());
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Put(key, length) => {
                    for index in [&disk, &memory] {
                        let mut batch = Batch::default();
                        batch.put(&key, &format!("{n}{}", "x".repeat(length.min(ROW_BYTES_MAX - 8))));
                        index.stage(batch).unwrap();
                    }
                }
                Step::Remove(key) => {
                    for index in [&disk, &memory] {
                        let mut batch = Batch::default();
                        batch.remove(&key);
                        index.stage(batch).unwrap();
                    }
                }
                Step::Write => [&disk, &memory].iter().for_each(|index| index.write().unwrap()),
                Step::Sync => [&disk, &memory].iter().for_each(|index| index.sync().unwrap()),
                Step::Discard => [&disk, &memory].iter().for_each(|index| index.discard()),
                Step::Reopen => {
                    [&disk, &memory].iter().for_each(|index| index.sync().unwrap());
                    drop(disk);
                    disk = reluctant(&path, pour, leaving).unwrap();
                }
                Step::Scan(key, from) => {
                    for (at, _) in key.match_indices('/') {
                        let prefix = &key[..=at];
                        prop_assert_eq!(asked(&disk, prefix, prefix), asked(&memory, prefix, prefix));
                        let from = format!("{prefix}{from}");
                        prop_assert_eq!(asked(&disk, prefix, &from), asked(&memory, prefix, &from));
                    }
                    prop_assert_eq!(asked(&disk, &key, &key), asked(&memory, &key, &key));
                }
            }
        }
        prop_assert_eq!(disk.state_digest("cursor/").unwrap(), memory.state_digest("cursor/").unwrap());
        [&disk, &memory].iter().for_each(|index| index.sync().unwrap());
        drop(disk);
        let disk = reluctant(&path, pour, leaving).unwrap();
        prop_assert_eq!(disk.state_digest("cursor/").unwrap(), memory.state_digest("cursor/").unwrap());
    }
}

/// What is lost with a write that failed stands in no index, so nothing may stand over it: not a note that another part keeps, of which
/// a failure is only reported, nor a later line's place in the journal.
#[test]
fn after_a_write_that_failed_nothing_is_written_over_the_hole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("i");
    let index = hasty(&path, 100).unwrap();
    let put = |key: &str, value: &str| {
        let mut batch = Batch::default();
        batch.put(key, &value);
        index.stage(batch)
    };
    put("item/1", "here").unwrap();
    index.sync().unwrap();
    let (runs, away) = (path.join("runs"), dir.path().join("away"));
    fs::rename(&runs, &away).unwrap();
    put("item/2", &"lost".repeat(100)).unwrap();
    put("meta/last", "2").unwrap();
    assert!(index.sync().is_err(), "a run cannot be made");
    fs::rename(&away, &runs).unwrap();
    assert!(
        put("meta/last", "3").is_err() && index.write().is_err() && index.sync().is_err(),
        "the disk is well again"
    );
    drop(index);
    let found = hasty(&path, 100).unwrap();
    assert_eq!(found.get::<String>("item/1").unwrap().as_deref(), Some("here"));
    assert_eq!(found.get::<String>("item/2").unwrap(), None);
    assert_eq!(found.get::<String>("meta/last").unwrap(), None, "it says of itself that it is behind");
}

/// A register that grows: few runs, none of what is removed, nothing left of what was merged, and the same after a crash at any
/// write, which leaves what was last durable or what came after it.
#[test]
fn runs_are_merged_and_a_crash_leaves_one_of_two_states() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("i");
    let (index, memory) = (hasty(&path, 2000).unwrap(), Index::memory());
    let (mut durable, mut most) = (String::new(), 0);
    for n in 0..400u32 {
        for index in [&index, &memory] {
            let mut batch = Batch::default();
            for key in [n, n.wrapping_mul(7919) % 400] {
                batch.put(&format!("item/{key:04}"), &format!("{n} {}", "y".repeat(200)));
            }
            batch.put("meta/last", &n);
            batch.remove(&format!("item/{:04}", n / 2));
            index.stage(batch).unwrap();
            index.write().unwrap();
        }
        // Of two levels there are runs, and of each as many again beside those being merged.
        most = most.max(index.runs());
        assert!(index.runs() < 2 * 2 * levels::FAN + levels::FAN, "{} runs after {n} writes", index.runs());
        if n % 37 == 0 {
            // A copy of the directory is what a kill leaves: sled may have written the last batch or not.
            let copy = dir.path().join(format!("copy-{n}"));
            fs::create_dir_all(copy.join("runs")).unwrap();
            for from in [path.clone(), path.join("runs")] {
                for entry in
                    fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
                {
                    fs::copy(&entry, copy.join(entry.strip_prefix(&path).unwrap())).unwrap();
                }
            }
            let found = hasty(&copy, 2000).unwrap();
            let last = found.get::<u32>("meta/last").unwrap();
            let state = found.state_digest("cursor/").unwrap();
            if last == Some(n) {
                assert_eq!(state, memory.state_digest("cursor/").unwrap());
            } else if !durable.is_empty() && last == Some(n - 1 - n % 2) {
                assert_eq!(state, durable);
            }
            let named = runs_of(&copy);
            assert_eq!(named.len(), found.runs(), "what no list names is gone");
        }
        if n % 2 == 1 {
            index.sync().unwrap();
            durable = index.state_digest("cursor/").unwrap();
            assert_eq!(durable, memory.state_digest("cursor/").unwrap());
            assert!(runs_of(&path).len() <= index.runs() + 2, "besides the runs there is what two merges are writing");
        }
    }
    assert!(most > levels::FAN, "{most} runs at most: none was merged");
}

/// Nobody waits for a merge, so what went wrong in it is told by a later write: at the latest by the one that would make too many runs.
#[test]
fn a_merge_that_failed_stops_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("i");
    let index = hasty(&path, 1).unwrap();
    let write = |n: usize| {
        let mut batch = Batch::default();
        batch.put(&format!("item/{n:03}"), &"z".repeat(150));
        index.stage(batch).and_then(|()| index.sync())
    };
    (1..levels::FAN).for_each(|n| write(n).unwrap());
    let run = runs_of(&path).pop().unwrap();
    let mut bytes = fs::read(&run).unwrap();
    bytes[20] ^= 1;
    fs::write(&run, bytes).unwrap();
    let why = (levels::FAN..3 * levels::FAN).find_map(|n| write(n).err()).expect("a run that is damaged was merged");
    assert!(is_damage(&why), "{why}");
    drop(index);
    assert!(hasty(&path, 1).is_err(), "the next start makes the index again");
}

/// The filter of a run of the first format knows no groups, so such a run is asked for the rows of each.
#[test]
fn a_run_of_the_first_format_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("i");
    let index = hasty(&path, 1).unwrap();
    let mut batch = Batch::default();
    ["signed/aa/1", "signed/cc/1"].iter().for_each(|key| batch.put(key, key));
    index.stage(batch).unwrap();
    index.sync().unwrap();
    drop(index);
    let run = runs_of(&path).pop().unwrap();
    let mut bytes = fs::read(&run).unwrap();
    for (version, knows_groups) in [(2, true), (1, false)] {
        *bytes.last_mut().unwrap() = version;
        fs::write(&run, &bytes).unwrap();
        let read = run::Run::open(&run, 1, 0).unwrap();
        let may_have = ["signed/aa/", "signed/bb/"].map(|group| read.may_have_group(run::sum(group.as_bytes())));
        assert_eq!(may_have, [true, !knows_groups], "version {version}");
        let index = hasty(&path, 1).unwrap();
        let rows: Vec<_> = index.scan::<String>("signed/cc/", "signed/cc/").map(|row| row.unwrap().0).collect();
        assert_eq!(rows, ["signed/cc/1"]);
    }
}

/// A byte that is another one is seen when it is read, at the latest; and then the next start makes the whole index again.
#[test]
fn a_damaged_run_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("i");
    let index = hasty(&path, 1).unwrap();
    let mut batch = Batch::default();
    (0..300).for_each(|n| batch.put(&format!("item/{n:03}"), &"z".repeat(150)));
    index.stage(batch).unwrap();
    index.sync().unwrap();
    let state = index.state_digest("cursor/").unwrap();
    drop(index);
    let run = runs_of(&path).pop().unwrap();
    let good = fs::read(&run).unwrap();
    for at in (0..good.len()).step_by(211).chain(good.len() - 60..good.len()) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&run, &bad).unwrap();
        let read = hasty(&path, 1).and_then(|index| index.state_digest("cursor/"));
        match read {
            Ok(same) => assert!(at >= good.len() - 60 && same == state, "byte {at}"), // how many rows there are is a hint
            Err(e) => assert!(is_damage(&e), "{e}"),
        }
        let mark = path.join("runs/damaged");
        if mark.exists() {
            fs::write(&run, &good).unwrap();
            assert!(hasty(&path, 1).is_err(), "a block that was found damaged once is not trusted again");
            fs::remove_file(mark).unwrap();
        }
    }
    for length in [0, 39, 40, good.len() / 2, good.len() - 1] {
        fs::write(&run, &good[..length]).unwrap();
        assert!(is_damage(&hasty(&path, 1).unwrap_err()));
    }
    fs::remove_file(&run).unwrap();
    assert!(is_damage(&hasty(&path, 1).unwrap_err()));
}

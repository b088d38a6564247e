//! Changes when what a journal must survive changes.

use super::*;
use std::fs::{self, OpenOptions};
use std::io::Write;

fn attempted(n: u32) -> Event {
    Event::Attempted { digest: format!("{n:064}"), n }
}

fn journal(dir: &Path) -> Journal {
    Journal::open::<Trouble>(disk::real(), dir, None, |_, _| Ok(())).unwrap()
}

fn three(dir: &Path) -> Head {
    let mut journal = journal(dir);
    for n in 0..3 {
        journal.append(Timestamp::UNIX_EPOCH, attempted(n)).unwrap();
    }
    journal.head().clone()
}

/// Two lines in one write, the first page of which never reached the disk while the second did.
#[test]
fn a_hole_in_the_last_write_is_a_torn_tail_and_a_changed_line_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let head = three(dir.path());
    let path = dir.path().join("journal/000001.jsonl");
    let sound = fs::read(&path).unwrap();
    let mut again = journal(dir.path());
    for n in 3..5 {
        again.stage(Timestamp::UNIX_EPOCH, attempted(n)).unwrap();
    }
    again.sync().unwrap();
    let whole = fs::read(&path).unwrap();
    let mut holed = whole.clone();
    holed[sound.len()..sound.len() + 40].fill(0);
    fs::write(&path, &holed).unwrap();
    assert!(matches!(Journal::verify(dir.path(), Tail::Closed, |_, _| {}), Err(Trouble::Broken { line: 4, .. })));
    assert_eq!(journal(dir.path()).head(), &head);
    assert_eq!(fs::read(&path).unwrap(), sound);
    let aside = fs::read_dir(dir.path().join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let aside: Vec<_> = aside.filter(|path| path.to_string_lossy().contains("torn-")).collect();
    assert_eq!(fs::read(&aside[0]).unwrap(), holed[sound.len()..], "kept as it was");
    // What somebody changed is no hole.
    let mut changed = whole;
    changed[sound.len() + 3] = b'x';
    fs::write(&path, &changed).unwrap();
    let opened = Journal::open::<Trouble>(disk::real(), dir.path(), None, |_, _| Ok(()));
    assert!(matches!(opened, Err(Trouble::Broken { line: 4, .. })));
}

#[test]
fn it_goes_on_where_it_stopped_and_replays_after_the_watermark() {
    let dir = tempfile::tempdir().unwrap();
    let head = three(dir.path());
    let mut replayed = Vec::new();
    let whole = Journal::open::<Trouble>(disk::real(), dir.path(), None, |record, _| {
        replayed.push(record.seq);
        Ok(())
    });
    assert_eq!(replayed, [1, 2, 3]);
    let place = whole.unwrap().place().unwrap().clone();
    assert_eq!(place.seq, 3);
    let mut again = Journal::open::<Trouble>(disk::real(), dir.path(), Some(&place), |_, _| panic!()).unwrap();
    assert_eq!(again.head(), &head);
    for n in 3..5 {
        again.stage(Timestamp::UNIX_EPOCH, attempted(n)).unwrap();
    }
    again.sync().unwrap();
    let mut rest = Vec::new();
    let last = Journal::open::<Trouble>(disk::real(), dir.path(), Some(&place), |record, _| {
        rest.push(record.seq);
        Ok(())
    });
    assert_eq!((rest, last.unwrap().place()), (vec![4, 5], again.place()));
    for wrong in [
        Place { hash: NO_LINE.into(), ..place.clone() },
        Place { offset: 0, ..place.clone() },
        Place { offset: 1, ..place.clone() },
        Place { segment: 2, ..place.clone() },
        Place { offset: 1 << 40, ..place },
    ] {
        let opened = Journal::open::<Trouble>(disk::real(), dir.path(), Some(&wrong), |_, _| Ok(()));
        assert!(matches!(opened, Err(Trouble::Broken { .. })), "{wrong:?}");
    }
}

/// A new segment is made before its first line is written: a stop between the two leaves it empty.
#[test]
fn an_empty_last_segment_moves_no_place() {
    let dir = tempfile::tempdir().unwrap();
    three(dir.path());
    let place = journal(dir.path()).place().unwrap().clone();
    fs::write(dir.path().join("journal/000002.jsonl"), b"").unwrap();
    assert_eq!(journal(dir.path()).place(), Some(&place));
    let mut again = Journal::open::<Trouble>(disk::real(), dir.path(), Some(&place), |_, _| panic!()).unwrap();
    again.append(Timestamp::UNIX_EPOCH, attempted(3)).unwrap();
    let end = again.place().unwrap().clone();
    assert_eq!((end.seq, end.segment, end.offset), (4, 2, 0));
    assert_eq!(journal(dir.path()).place(), Some(&end));
}

#[test]
fn a_torn_tail_is_cut_and_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let head = three(dir.path());
    let path = dir.path().join("journal/000001.jsonl");
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"seq\":4,\"at\":").unwrap();
    assert!(Journal::verify(dir.path(), Tail::Closed, |_, _| {}).is_err());
    assert_eq!(journal(dir.path()).head(), &head);
    assert_eq!(Journal::verify(dir.path(), Tail::Closed, |_, _| {}).unwrap(), head);
    let kept = fs::read_dir(dir.path().join("journal"))
        .unwrap()
        .any(|e| e.unwrap().file_name().to_string_lossy().starts_with("torn-"));
    assert!(kept);
}

/// Pages of a last write that never reached the disk read as zeros; the rest of it may have reached it.
#[test]
fn what_a_power_cut_left_of_the_last_write_is_cut_off_whole() {
    for lost in [1, 40, 90] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal/000001.jsonl");
        let mut first = journal(dir.path());
        first.append(Timestamp::UNIX_EPOCH, attempted(0)).unwrap();
        let head = first.head().clone();
        let durable = fs::metadata(&path).unwrap().len() as usize;
        for n in 1..3 {
            first.stage(Timestamp::UNIX_EPOCH, attempted(n)).unwrap();
        }
        first.sync().unwrap();
        drop(first);
        let mut torn = fs::read(&path).unwrap();
        torn[durable..][..lost].fill(0);
        fs::write(&path, &torn).unwrap();
        assert!(Journal::verify(dir.path(), Tail::Closed, |_, _| {}).is_err());
        assert_eq!(journal(dir.path()).head(), &head, "{lost}");
        assert_eq!(Journal::verify(dir.path(), Tail::Closed, |_, _| {}).unwrap(), head);
    }
}

/// Every single-byte change, every removed line and every swap of lines is seen.
#[test]
fn tampering_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let head = three(dir.path());
    let path = dir.path().join("journal/000001.jsonl");
    let good = fs::read(&path).unwrap();
    let is_sound = || matches!(Journal::verify(dir.path(), Tail::Closed, |_, _| {}), Ok(found) if found == head);
    assert!(is_sound());
    for i in 0..good.len() {
        let mut bad = good.clone();
        bad[i] ^= 1;
        fs::write(&path, &bad).unwrap();
        assert!(!is_sound(), "byte {i}");
    }
    let lines: Vec<&[u8]> = good.split_inclusive(|b| *b == b'\n').collect();
    for order in [[0, 2].as_slice(), &[1, 2], &[0, 1], &[0, 2, 1], &[0, 1, 1, 2]] {
        let bad: Vec<u8> = order.iter().flat_map(|&i| lines[i].to_vec()).collect();
        fs::write(&path, &bad).unwrap();
        assert!(!is_sound(), "{order:?}");
    }
}

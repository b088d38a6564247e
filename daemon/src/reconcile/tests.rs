//! Each difference is found, named once, and told in words that say what to do.

use super::compare::{Found, digest_of};
use super::report::DIFFERENCES_MAX;
use super::*;
use crate::archive::{Archive, Shelf};
use crate::digest::sha256;
use crate::disk;
use jiff::Timestamp;

fn holdings(uids: &[u32], uidnext: u32) -> Holdings {
    Holdings { uidvalidity: 7, uidnext, uids: uids.to_vec() }
}

fn cursor(text: &str) -> Cursor {
    text.parse().unwrap()
}

#[test]
fn a_message_that_nobody_knows_is_lost_stuck_or_on_its_way() {
    let holdings = holdings(&[1, 2, 3, 4], 5);
    let found = |cursor: Option<&Cursor>, looked: bool, registered: &[u32]| {
        compare(&Side { holdings: &holdings, cursor, looked }, registered)
    };
    let all = cursor("v1 7 5 1 1:4");
    assert_eq!(found(Some(&all), true, &[1, 2, 3, 4]), Found::default());
    assert_eq!(found(Some(&all), true, &[1, 3]).lost, [2, 4]);
    let some = cursor("v1 7 5 1 1:1,3:4");
    assert_eq!(found(Some(&some), true, &[1, 3, 4]).stuck, [2]);
    assert_eq!(found(Some(&some), false, &[1, 3, 4]).waiting, 1);
    // No cursor, or one of another UIDVALIDITY: everything is on its way.
    assert_eq!(found(None, false, &[]).waiting, 4);
    assert_eq!(found(Some(&cursor("v1 6 5 1 1:4")), false, &[]).waiting, 4);
    // T09: the floor a thousand ahead.
    let ahead = found(Some(&cursor("v1 7 5 1001 -")), true, &[1, 2, 3]);
    assert_eq!((ahead.lost.as_slice(), ahead.ahead), (&[4][..], true));
}

#[test]
fn the_register_knows_a_message_by_its_place_and_by_nothing_that_only_begins_like_it() {
    let mut register = Register::new(vec![
        "protocollo/imap:INBOX;uidvalidity=7;uid=".into(),
        String::new(),
        "protocollo/imap:INBOX;uidvalidity=70;uid=".into(),
    ]);
    let digest = |n: u8| sha256(&[n]);
    register.decided(&digest(1), "protocollo/imap:INBOX;uidvalidity=7;uid=12");
    register.decided(&digest(2), "protocollo/imap:INBOX;uidvalidity=70;uid=3");
    register.decided(&digest(3), "archivio");
    register.seen("protocollo/imap:INBOX;uidvalidity=7;uid=5");
    register.seen("protocollo/imap:INBOX;uidvalidity=7;uid=12");
    register.seen("altra/imap:INBOX;uidvalidity=7;uid=99");
    register.close();
    assert_eq!((register.folder(0), register.folder(1), register.folder(2)), (&[5, 12][..], &[][..], &[3][..]));
    assert_eq!(register.decisions().len(), 3);
}

#[test]
fn the_archive_is_held_against_the_decisions_both_ways() {
    let data = tempfile::tempdir().unwrap();
    let archive = Archive::open(data.path()).unwrap();
    let mut register = Register::new(Vec::new());
    let messages: Vec<Vec<u8>> = (0..600_u32).map(|n| format!("Subject: {n}\r\n\r\n").into_bytes()).collect();
    for bytes in &messages {
        register.decided(archive.keep(Shelf::In, bytes).unwrap().digest(), "archivio");
    }
    let undecided = archive.keep(Shelf::In, b"Subject: in mano\r\n\r\n").unwrap().digest().to_owned();
    register.close();
    let check = |register: &Register, all: bool| {
        let mut report = Report::new(Timestamp::UNIX_EPOCH);
        let left = shelves::check(&mut report, &disk::Real, &archive, register, all).unwrap();
        assert_eq!(left, std::slice::from_ref(&undecided));
        report
    };
    let sound = check(&register, false);
    assert_eq!((sound.messages, sound.found), (600, 0));
    assert!((150..=shelves::SAMPLE_MAX).contains(&sound.read_back), "{}", sound.read_back);
    assert_eq!(check(&register, true).read_back, 600);

    let (gone, torn, twice) = (sha256(&messages[0]), sha256(&messages[1]), sha256(&messages[2]));
    std::fs::remove_file(archive.path(Shelf::In, &gone)).unwrap();
    let path = archive.path(Shelf::In, &torn);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"Subject: 2\r\n\r\n").unwrap();
    register.decided(&twice, "archivio");
    register.close();
    let mut found: Vec<(Kind, String)> =
        check(&register, true).differences.into_iter().map(|d| (d.kind, d.place)).collect();
    found.sort_by_key(|(kind, _)| kind.word());
    assert_eq!(found, [(Kind::BadBytes, torn), (Kind::DecidedTwice, twice), (Kind::NoBytes, gone)]);
}

#[test]
fn a_report_names_a_page_of_differences_and_counts_the_others() {
    let mut report = Report::new(Timestamp::UNIX_EPOCH);
    assert!(report.is_clean());
    for uid in 1..=60 {
        report.add(Difference::new(Kind::Lost, format!("protocollo/INBOX uid {uid}")));
    }
    assert_eq!((report.found, report.differences.len()), (60, DIFFERENCES_MAX));
    let text = report.text();
    assert!(text.contains("Differenze: 60") && text.contains("- e altre 10"), "{text}");
    assert!(!text.contains("coincidono"));
    // A folder that could not be listed is no proof.
    let folder = FolderReport { name: "p/X".into(), trouble: Some("non si apre".into()), ..FolderReport::default() };
    let unproven = Report { folders: vec![folder], ..Report::new(Timestamp::UNIX_EPOCH) };
    assert!(!unproven.is_clean() && unproven.text().contains("NON controllata"));
}

#[test]
fn digests_are_read_or_refused() {
    assert_eq!(digest_of(&"0a".repeat(32)), Some([10; 32]));
    for bad in ["", "0a", &"0g".repeat(32), &"è".repeat(32)] {
        assert_eq!(digest_of(bad), None);
    }
}

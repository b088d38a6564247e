//! What may take the place of a list, and what may not.

use super::*;
use gestore::revocation::{Crl, Ocsp, Status};
use gestore::{Authority, LeafProfile};
use jiff::SignedDuration;

fn at(hours: i64) -> Timestamp {
    "2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

struct World {
    authority: Authority,
    impostor: Authority,
    about: Pair,
}

fn world() -> World {
    let (authority, impostor) = (Authority::create(at(0)).unwrap(), Authority::create(at(0)).unwrap());
    let signer = authority.leaf(&LeafProfile::of_provider("Alfa", "pec.alfa.test", at(0))).unwrap();
    let about = Pair { certificate: signer.certificate_der().to_vec(), issuer: authority.certificate_der().to_vec() };
    World { authority, impostor, about }
}

#[test]
fn only_a_newer_list_of_the_right_authority_within_its_time_takes_the_place_of_another() {
    let World { authority, impostor, about } = world();
    let list = |hours| authority.crl(&Crl::issued(at(hours))).unwrap();
    let take = |bytes: &[u8], held: Option<&Held>, now| accepted(bytes, true, &about, held, at(now));
    let first = take(&list(10), None, 11).unwrap();
    let held = Held {
        source: None,
        file: PathBuf::new(),
        is_crl: true,
        issuer: first.issuer.clone(),
        this_update: first.this_update,
        next_update: first.next_update,
        came: at(11),
        sha256: String::new(),
    };
    assert!(take(&list(10), Some(&held), 11).is_ok(), "the same one");
    assert!(take(&list(12), Some(&held), 12).is_ok());
    let answer = authority.ocsp(&Ocsp::about(&about.certificate, Status::Good, at(10))).unwrap();
    for (name, bytes, now, expected) in [
        ("older than the one held", list(9), 12, "è più vecchia"),
        ("past its time", list(10), 40, "è già scaduta"),
        ("of the future", list(20), 12, "è datata nel futuro"),
        ("of an impostor", impostor.crl(&Crl::issued(at(10))).unwrap(), 12, "non è firmata da chi ha emesso"),
        ("a page", b"<html><body>Accedi alla rete</body></html>".to_vec(), 12, ""),
        ("nothing", Vec::new(), 12, ""),
        ("an answer where a list is asked for", answer.clone(), 12, "un altro tipo"),
    ] {
        let why = take(&bytes, Some(&held), now).expect_err(name);
        assert!(why.contains(expected) && !why.is_empty(), "{name}: {why}");
    }
    assert!(accepted(&answer, false, &about, None, at(11)).is_ok());
    let other = world().about;
    assert!(accepted(&answer, false, &other, None, at(11)).unwrap_err().contains("non è firmata"), "about another");
}

#[test]
fn the_cache_holds_the_newest_of_each_source_and_what_a_person_adds() {
    let World { authority, about, .. } = world();
    let dir = tempfile::tempdir().unwrap();
    let (folder, hand) = (dir.path().join("revoca"), dir.path().join("a-mano"));
    std::fs::create_dir(&hand).unwrap();
    let desk = Desk::open(dir.path(), Some(&hand)).unwrap();
    let put = |source: &str, hours| {
        let filed = accepted(&authority.crl(&Crl::issued(at(hours))).unwrap(), true, &about, None, at(hours)).unwrap();
        cache::keep(&folder, source, &filed).unwrap();
    };
    put("aaaaaaaaaaaaaaaa", 1);
    put("aaaaaaaaaaaaaaaa", 2);
    put("bbbbbbbbbbbbbbbb", 1);
    std::fs::write(hand.join("mia.crl"), authority.crl(&Crl::issued(at(3))).unwrap()).unwrap();
    std::fs::write(hand.join("leggimi.txt"), "non è una lista").unwrap();
    std::fs::write(folder.join("liste/cccccccccccccccc-1.der.tmp"), "half").unwrap();
    assert!(desk.read_again());
    assert!(!desk.read_again(), "nothing new");
    let lists = desk.now();
    assert_eq!(lists.of("aaaaaaaaaaaaaaaa").unwrap().this_update, at(2));
    assert_eq!(lists.held.iter().filter(|h| h.source.is_none()).count(), 1, "{:?}", lists.held);
    assert_eq!((lists.held.len(), lists.status.len()), (3, 3));
    // A restart finds the same, and the file that is none is named.
    let again = Desk::open(dir.path(), Some(&hand)).unwrap();
    assert_eq!(again.now().status.version(), lists.status.version());
    let (_, problems) = cache::read(&folder, Some(&hand));
    assert!(problems.len() == 1 && problems[0].file.ends_with("leggimi.txt"), "{problems:?}");
}

#[test]
fn the_cache_is_bounded() {
    let World { authority, about, .. } = world();
    let dir = tempfile::tempdir().unwrap();
    cache::open(dir.path()).unwrap();
    let filed = accepted(&authority.crl(&Crl::issued(at(1))).unwrap(), true, &about, None, at(1)).unwrap();
    for n in 0..cache::LISTS_MAX + 5 {
        cache::keep(dir.path(), &format!("{n:016x}"), &filed).unwrap();
    }
    let files = std::fs::read_dir(dir.path().join("liste")).unwrap().count();
    assert_eq!(files, cache::LISTS_MAX);
}

//! Lists of `testdata/ca`, made with OpenSSL: one certificate, the middle of 2018, each list alone. What `gestore` can
//! make is in `tests/revocation.rs`; NIST's in `pkits_tests.rs`.

use super::*;
use crate::chain::trace;
use crate::{Anchor, Anchors};
use std::{fs, path::Path};

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ca").join(name)).unwrap()
}

#[test]
fn what_each_list_says_of_june_2018() {
    let (leaf, sub) = (file("v_std.der"), file("sub.der"));
    let anchors = Anchors { list: Vec::from([Anchor::from_certificate(&sub, "Prova", &[], false).unwrap()]) };
    let embedded = [Cert::read(&leaf).unwrap(), Cert::read(&sub).unwrap()];
    let world = World::new(crate::anchors::Purpose::FirmaPec, &embedded, &[], &anchors, None);
    let at: Timestamp = "2018-06-15T00:00:00Z".parse().unwrap();
    for (name, wanted) in [
        ("sub_empty.crl", "good"),
        // The certificate expired in 2019, the list is of 2020: it may have dropped it (RFC 5280 §3.3).
        ("sub_issued_later_empty.crl", "unknown"),
        ("sub_rev_before.crl", "revoked"),
        ("sub_rev_later.crl", "good"),
        ("sub_stale.crl", "unknown"),
        ("root_ok.crl", "unknown"),
    ] {
        let mut lists = StatusLists::new();
        lists.add(&file(name)).unwrap();
        let moment = Moment::new(at.as_second());
        let trusted = trace(&embedded[0], &world, &moment).unwrap();
        let (standing, evidence) = Witness::new(&world, &lists).standing(&trusted, &moment);
        let said = match standing {
            Standing::Good(_) => "good",
            Standing::Revoked(_) => "revoked",
            Standing::Unknown(_) => "unknown",
        };
        assert_eq!((said, evidence.len()), (wanted, usize::from(wanted != "unknown")), "{name}");
    }
}

#[test]
fn a_changed_copy_of_the_pinned_authority_silences_no_list() {
    let (leaf, mut sub) = (file("v_std.der"), file("sub.der"));
    let anchors = Anchors { list: Vec::from([Anchor::from_certificate(&sub, "Prova", &[], false).unwrap()]) };
    // keyUsage keyCertSign and cRLSign becomes keyCertSign alone.
    let at = sub.windows(4).position(|bytes| bytes == [3, 2, 1, 6]).unwrap();
    sub[at..at + 4].copy_from_slice(&[3, 2, 2, 4]);
    let embedded = [Cert::read(&leaf).unwrap(), Cert::read(&sub).unwrap()];
    assert!(!embedded[1].key_usage.unwrap().signs_lists());
    let world = World::new(crate::anchors::Purpose::FirmaPec, &embedded, &[], &anchors, None);
    let mut lists = StatusLists::new();
    lists.add(&file("sub_rev_before.crl")).unwrap();
    let moment = Moment::new("2018-06-15T00:00:00Z".parse::<Timestamp>().unwrap().as_second());
    let trusted = trace(&embedded[0], &world, &moment).unwrap();
    assert!(matches!(Witness::new(&world, &lists).standing(&trusted, &moment).0, Standing::Revoked(_)));
}

#[test]
fn a_longer_number_is_greater_whatever_its_digits() {
    assert!(not_less(&[1, 0], &[0xff]) && !not_less(&[0xff], &[1, 0]));
    assert!(not_less(&[0, 0x80], &[0x80]) && not_less(&[], &[0]));
}

//! What an anchor admits, and the name of a set of them.

use super::*;
use alloc::format;
use std::{fs, path::Path};

fn der(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ca").join(format!("{name}.der"))).unwrap()
}

#[test]
fn hosts_are_exact_or_below_a_dot() {
    let cases = [
        ("a@pec.gestore.test", "pec.gestore.test", true),
        ("a@PEC.gestore.test", "pec.Gestore.test", true),
        ("a@x.pec.gestore.test", "pec.gestore.test", false),
        ("a@x.pec.gestore.test", ".gestore.test", true),
        ("a@gestore.test", ".gestore.test", false),
        ("a@evilgestore.test", ".gestore.test", false),
        ("a@gestore.test@evil.test", "gestore.test", false),
        ("no-at-sign", "no-at-sign", false),
        ("a@any.test", "", false),
    ];
    for (address, permitted, inside) in cases {
        assert_eq!(host_within(address, permitted), inside, "{address} in {permitted:?}");
    }
}

#[test]
fn a_signer_outside_the_permitted_hosts_is_not_vouched_for() {
    let at = "2018-06-15T00:00:00Z".parse().unwrap();
    let (signed, nameless) = (der("v_std"), der("v_nosan"));
    let (leaf, nameless) = (Cert::read(&signed).unwrap(), Cert::read(&nameless).unwrap());
    let host = leaf.emails().next().unwrap().rsplit_once('@').unwrap().1;
    let mut anchor = Anchor::pin("Prova", [0; 32], Purpose::FirmaPec);
    assert!(anchor.admits(&leaf, at).is_ok());
    assert!(anchor.admits(&nameless, at).is_ok());
    anchor.hosts = Vec::from([host.into()]);
    assert!(anchor.admits(&leaf, at).is_ok());
    assert_eq!(anchor.admits(&nameless, at).unwrap_err().code, "anchor-host");
    anchor.hosts = Vec::from(["altro.test".into()]);
    assert_eq!(anchor.admits(&leaf, at).unwrap_err().code, "anchor-host");
}

#[test]
fn a_version_does_not_depend_on_order_and_depends_on_all_else() {
    let mut anchors = Anchors::agid();
    let version = anchors.version();
    anchors.list.reverse();
    assert_eq!(anchors.version(), version);
    let mut seen = std::collections::BTreeSet::from([version]);
    let changes: [fn(&mut Anchor); 9] = [
        |a| a.name.push('x'),
        |a| a.spki_sha256[0] ^= 1,
        |a| a.from = None,
        |a| a.until = None,
        |a| a.policies.clear(),
        |a| a.hosts.push("pec.test".into()),
        |a| a.purpose = Purpose::Elenco,
        |a| a.certificates.push(Vec::from([1])),
        |a| a.simulation = true,
    ];
    for change in changes {
        let mut other = Anchors::agid();
        change(&mut other.list[1]);
        assert!(seen.insert(other.version()), "{:?}", other.list[1]);
    }
    // Nor may two lists run into one another.
    let mut split = Anchors::agid();
    split.list[0].policies = Vec::from(["1.2".into(), "3".into()]);
    let mut joined = Anchors::agid();
    joined.list[0].policies = Vec::from(["1.23".into()]);
    assert_ne!(split.version(), joined.version());
}

#[test]
fn the_archive_authority_vouches_in_its_years_only() {
    let window = Anchor::digitpa_ca1();
    assert_eq!(window.from.unwrap().to_string(), "2011-01-14T16:29:56Z");
    assert_eq!(window.until.unwrap().to_string(), "2018-01-14T16:28:50Z");
}

#[test]
fn every_purpose_has_its_word() {
    for purpose in Purpose::ALL {
        assert_eq!(Purpose::read(purpose.word()), Some(purpose));
    }
    assert_eq!(Purpose::read("tutto"), None);
}

//! One certificate wrong in one way each (`testdata/ca`, made for this project with OpenSSL).

use super::*;
use crate::anchors::Anchor;
use alloc::format;
use std::{fs, path::Path};

fn der(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ca").join(format!("{name}.der"))).unwrap()
}

/// Judges `leaf`, issued by `issuer`, whose key is pinned (the root's, if it is no authority): the code of the failure, or whether the chain is weak.
fn judged(leaf: &str, issuer: &str, year: i16) -> String {
    let (leaf_der, issuer_der, root_der) = (der(leaf), der(issuer), der("root"));
    let Ok(leaf) = Cert::read(&leaf_der) else {
        return "unreadable".into();
    };
    let issuer = Cert::read(&issuer_der).unwrap();
    let pinned = |der: &[u8]| Anchor::from_certificate(der, "Prova", &[], false);
    let anchor = pinned(&issuer_der).unwrap_or_else(|_| pinned(&root_der).unwrap());
    let at: Timestamp = format!("{year}-06-15T00:00:00Z").parse().unwrap();
    let (anchors, embedded) =
        (Anchors { list: Vec::from([anchor]) }, [leaf.clone(), issuer, Cert::read(&root_der).unwrap()]);
    let world = World::new(crate::anchors::Purpose::FirmaPec, &embedded, &[], &anchors, None);
    match trace(&leaf, &world, &Moment::new(at.as_second())) {
        Ok(trusted) => if trusted.weak { "weak" } else { "good" }.into(),
        Err(why) => why.code.into(),
    }
}

#[test]
fn each_fault_of_a_certificate_has_its_name() {
    let cases = [
        ("v_std", "sub", 2018, "good"),
        ("v_noeku", "sub", 2018, "good"),
        ("v_anyeku", "sub", 2018, "good"),
        ("v_critpol", "sub", 2018, "good"),
        ("v_qc", "sub", 2018, "good"),
        ("v_dnenc", "sub", 2018, "good"),
        ("v_noaki", "sub", 2018, "good"),
        ("v_pss", "sub", 2018, "good"),
        ("v_sha512", "sub", 2018, "good"),
        ("v_gentime", "sub", 2018, "good"),
        ("v_p256", "sub", 2018, "good"),
        ("v_sha1", "sub", 2027, "weak"),
        ("v_emailnc", "subnc", 2018, "good"),
        ("v_dnnc", "subdn", 2018, "good"),
        ("v_emailncbad", "subnc", 2018, "name-constraint"),
        ("v_noCertSign", "subku", 2018, "not-a-ca"),
        ("v_critunk", "sub", 2018, "critical-extension"),
        ("v_critqc", "sub", 2018, "critical-extension"),
        ("v_clientauth", "sub", 2018, "extended-key-usage"),
        // RFC 6109 §5.5 wants digitalSignature: stricter than S/MIME, which lets these two pass.
        ("v_noku", "sub", 2018, "key-usage"),
        ("v_nr", "sub", 2018, "key-usage"),
        ("v_ke", "sub", 2018, "key-usage"),
        ("v_caee", "sub", 2018, "leaf-is-ca"),
        ("v_v1", "sub", 2026, "key-usage"),
        ("v_std", "sub", 2020, "expired"),
        ("v_std", "sub", 2015, "not-yet-valid"),
        ("v_std", "subnc", 2018, "issuer-missing"),
        ("v_serial25", "sub", 2027, "good"),
        ("v_serial21", "sub", 2027, "good"),
        ("v_serial0", "sub", 2027, "good"),
        ("v_serialneg", "sub", 2027, "good"),
        ("v_now", "sub", 2027, "good"),
        ("v_now2", "sub", 2027, "good"),
        ("v_now_p256", "sub", 2027, "good"),
        ("v_now_p384", "sub", 2027, "good"),
        // What follows is wrong or weak in the signer's own key or names: other checks look at those.
        ("v_p384", "sub", 2018, "good"),
        ("v_p521", "sub", 2018, "good"),
        ("v_r4096", "sub", 2018, "good"),
        ("v_r1024", "sub", 2018, "good"),
        ("v_bp256", "sub", 2018, "good"),
        ("v_nosan", "sub", 2018, "good"),
        ("v_two", "sub", 2018, "good"),
    ];
    for (leaf, issuer, year, wanted) in cases {
        assert_eq!(judged(leaf, issuer, year), wanted, "{leaf} by {issuer} in {year}");
    }
}

#[test]
fn the_search_for_an_issuer_is_bounded() {
    let (leaf, sub) = (der("v_std"), der("sub"));
    let (leaf, sub) = (Cert::read(&leaf).unwrap(), Cert::read(&sub).unwrap());
    let many: Vec<Cert<'_>> = (0..20).map(|_| sub.clone()).collect();
    let at: Timestamp = "2018-06-15T00:00:00Z".parse().unwrap();
    let anchors = Anchors::agid();
    let world = World::new(crate::anchors::Purpose::FirmaPec, &many, &[], &anchors, None);
    let failed = trace(&leaf, &world, &Moment::new(at.as_second())).unwrap_err();
    assert_eq!(failed.code, "no-anchor");
}

//! Changes when what the simulated authority says of its certificates changes: judged by the `openssl` command.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{openssl, past, world, write_trust};
use gestore::{Crl, LeafProfile, Ocsp, Revoked, Scope, Status, Timestamp};
use jiff::SignedDuration;

fn hours(count: i64) -> Timestamp {
    past() + SignedDuration::from_hours(count)
}

fn der_to_pem(what: &str, der: &[u8]) -> Option<Vec<u8>> {
    openssl(&[what, "-inform", "DER"], der).map(|(success, pem, why)| {
        assert!(success, "{why}");
        pem
    })
}

#[test]
fn openssl_believes_the_lists_and_finds_the_entries() {
    let folder = tempfile::tempdir().unwrap();
    write_trust(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let leaf = world().providers[0].signer().certificate_der();
    let other = world().providers[1].signer().certificate_der();
    let Some(pem) = der_to_pem("x509", leaf) else {
        return;
    };
    std::fs::write(file("leaf.pem"), pem).unwrap();
    let verify = |list: &Crl| {
        let crl = der_to_pem("crl", &world().authority.crl(list).unwrap()).unwrap();
        std::fs::write(file("list.pem"), crl).unwrap();
        let (root, authority, list, leaf) =
            (file("root.pem"), file("authority.pem"), file("list.pem"), file("leaf.pem"));
        let at = past().as_second().to_string();
        let arguments = ["verify", "-crl_check", "-attime", &at, "-CAfile", &root, "-untrusted", &authority];
        let (success, _, why) = openssl(&[&arguments[..], &["-CRLfile", &list, &leaf]].concat(), b"").unwrap();
        (success, why)
    };
    let fresh = Crl::issued(hours(-1));
    let cases = [
        (fresh.clone(), ""),
        (fresh.clone().with(Revoked::certificate(other, hours(-2))), ""),
        (Crl { scope: Some(Scope::Users), ..fresh.clone() }, ""),
        (fresh.clone().with(Revoked::certificate(leaf, hours(-2))), "certificate revoked"),
        (
            fresh.clone().with(Revoked { reason: Some(1), ..Revoked::certificate(leaf, hours(-2)) }),
            "certificate revoked",
        ),
        (Crl::issued(hours(-48)), "CRL has expired"),
        (Crl { scope: Some(Scope::Authorities), ..fresh.clone() }, "different CRL scope"),
        (Crl { unknown_critical: true, ..fresh }, "unhandled critical CRL extension"),
    ];
    for (list, wanted) in cases {
        let (success, why) = verify(&list);
        assert!(success == wanted.is_empty() && why.contains(wanted), "wanted {wanted:?} of {list:?}\n{why}");
    }
}

#[test]
fn openssl_reads_the_answers_of_the_authority_and_of_its_delegate() {
    let folder = tempfile::tempdir().unwrap();
    write_trust(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let leaf = world().providers[0].signer().certificate_der();
    let Some(pem) = der_to_pem("x509", leaf) else {
        return;
    };
    std::fs::write(file("leaf.pem"), pem).unwrap();
    // `openssl ocsp` knows no other time than now.
    let now = Timestamp::now();
    let delegate = LeafProfile {
        ocsp_signing: true,
        policy: None,
        email_protection: false,
        ..LeafProfile::of_provider("Risponditore", "ocsp.alfa.test", "2026-01-01T00:00:00Z".parse().unwrap())
    };
    let delegate = world().authority.leaf(&delegate).unwrap();
    let plain = world().providers[1].signer();
    let revoked = Status::Revoked(now - SignedDuration::from_hours(2), Some(1));
    for (status, word) in [(Status::Good, "good"), (revoked, "revoked"), (Status::Unknown, "unknown")] {
        let answer = Ocsp::about(leaf, status, now);
        let authority = &world().authority;
        for (bytes, believed) in [
            (authority.ocsp(&answer).unwrap(), true),
            (authority.ocsp_by(&answer, &delegate).unwrap(), true),
            (authority.ocsp_by(&answer, plain).unwrap(), false),
        ] {
            std::fs::write(file("answer.der"), bytes).unwrap();
            let (root, issuer, leaf, answer) =
                (file("root.pem"), file("authority.pem"), file("leaf.pem"), file("answer.der"));
            let arguments = ["ocsp", "-respin", &answer, "-CAfile", &root, "-issuer", &issuer, "-cert", &leaf];
            let arguments = [&arguments[..], &["-verify_other", &issuer, "-no_nonce"]].concat();
            let (_, out, why) = openssl(&arguments, b"").unwrap();
            let out = String::from_utf8_lossy(&out).to_string();
            assert_eq!(why.contains("Response verify OK"), believed, "{word}: {why} {out}");
            assert!(out.contains(&format!(": {word}")), "{out}");
        }
    }
}

//! What CRLs and OCSP answers made by `gestore` do to a genuine envelope, and that a kept verdict never outlives them.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{at, envelope, policy, provider, world};
use gestore::{Authority, Crl, LeafProfile, Ocsp, Revoked, Scope, Status, Timestamp};
use jiff::SignedDuration;
use pec::revocation::{StatusLists, ocsp_request, sources};
use pec::verdict::{PathVerdict, Paths};
use pec::{Anchors, Check, Grade, Outcome, Policy, examine};
use std::collections::HashMap;
use std::process::Command;
use std::sync::Mutex;

fn hours(count: i64) -> Timestamp {
    at() + SignedDuration::from_hours(count)
}

fn leaf() -> &'static [u8] {
    provider().signer().certificate_der()
}

fn crl(list: &Crl) -> Vec<u8> {
    world().authority.crl(list).unwrap()
}

fn revoked(at: Timestamp, reason: Option<u8>) -> Revoked {
    Revoked { reason, ..Revoked::certificate(leaf(), at) }
}

fn lists(all: &[Vec<u8>]) -> StatusLists {
    let mut lists = StatusLists::new();
    for list in all {
        lists.add(list).unwrap();
    }
    lists
}

/// «good», «unknown» or the code of the failure.
fn said(raw: &[u8], policy: &Policy<'_>) -> &'static str {
    let seen = examine(raw, policy);
    let seal = seen.seal.unwrap();
    assert_eq!(seal.path, [leaf(), world().authority.certificate_der()]);
    match seen.report.outcome(Check::Revocation).unwrap() {
        Outcome::Pass => {
            assert!(seen.grade == Grade::Genuine && !seal.status.is_empty());
            "good"
        }
        Outcome::Moot => {
            assert!(seen.grade == Grade::Genuine && seal.status.is_empty(), "what is not known blocks nothing");
            "unknown"
        }
        Outcome::Fail(why) => {
            assert!(seen.grade == Grade::Suspect && !seal.status.is_empty());
            why.code
        }
    }
}

#[test]
fn a_list_answers_for_the_time_of_the_event() {
    let raw = envelope();
    let fresh = Crl::issued(hours(-1));
    let later = Crl::issued(hours(3));
    let on_hold = fresh.clone().with(revoked(hours(-2), Some(6)));
    let stale = Crl::issued(hours(-30));
    let delta = Crl { number: 2, delta_of: Some(1), ..fresh.clone() };
    let lost = Revoked { invalid_since: Some(hours(-2)), ..revoked(hours(2), Some(1)) };
    let other = Revoked::certificate(world().providers[1].signer().certificate_der(), hours(-2));
    let cases: [(&str, &str, Vec<Crl>); 22] = [
        ("none", "unknown", vec![]),
        ("fresh", "good", vec![fresh.clone()]),
        ("stale", "unknown", vec![stale.clone()]),
        ("without an end, before", "unknown", vec![Crl { next_update: None, ..fresh.clone() }]),
        ("without an end, after", "good", vec![Crl { next_update: None, ..later.clone() }]),
        ("another's entry", "good", vec![fresh.clone().with(other)]),
        ("revoked before", "revoked", vec![fresh.clone().with(revoked(hours(-2), None))]),
        ("revoked before, stale list", "revoked", vec![stale.clone().with(revoked(hours(-40), None))]),
        (
            "revoked before, silent later",
            "revoked",
            vec![fresh.clone().with(revoked(hours(-2), Some(4))), later.clone()],
        ),
        ("revoked after", "good", vec![later.clone().with(revoked(hours(2), None))]),
        ("revoked after, lost before", "revoked", vec![later.clone().with(lost)]),
        ("on hold", "revoked", vec![on_hold.clone()]),
        ("hold lifted later", "good", vec![on_hold.clone(), later.clone()]),
        ("unknown extension", "unknown", vec![Crl { unknown_critical: true, ..fresh.clone() }]),
        ("of users", "good", vec![Crl { scope: Some(Scope::Users), ..fresh.clone() }]),
        ("of authorities", "unknown", vec![Crl { scope: Some(Scope::Authorities), ..fresh.clone() }]),
        (
            "of another point",
            "unknown",
            vec![Crl { scope: Some(Scope::Point("http://x.test/c".into())), ..fresh.clone() }],
        ),
        ("delta", "good", vec![stale.clone(), delta.clone()]),
        ("delta without its base", "unknown", vec![delta.clone()]),
        ("revoked in the delta", "revoked", vec![stale.clone(), delta.clone().with(revoked(hours(-2), None))]),
        (
            "hold taken back by the delta",
            "good",
            vec![stale.clone().with(revoked(hours(-40), Some(6))), delta.with(revoked(hours(-2), Some(8)))],
        ),
        ("issued when it had expired", "unknown", vec![Crl::issued(hours(24 * 365 * 4))]),
    ];
    for (name, wanted, all) in cases {
        let lists = lists(&all.iter().map(crl).collect::<Vec<_>>());
        assert_eq!(said(&raw, &Policy { status: Some(&lists), ..policy() }), wanted, "{name}");
    }
    let impostor = Authority::create("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let forged = lists(&[impostor.crl(&fresh.with(revoked(hours(-2), None))).unwrap()]);
    assert_eq!(said(&raw, &Policy { status: Some(&forged), ..policy() }), "unknown", "an impostor's");
}

#[test]
fn an_answer_counts_if_the_issuer_or_its_delegate_signed_it() {
    let raw = envelope();
    let authority = &world().authority;
    let about = |status| Ocsp::about(leaf(), status, hours(-1));
    let profile = LeafProfile::of_provider("Risponditore", "ocsp.gestore.test", hours(-100));
    let delegate = authority.leaf(&LeafProfile { ocsp_signing: true, ..profile.clone() }).unwrap();
    let nobody = authority.leaf(&profile).unwrap();
    let impostor = Authority::create(hours(-100)).unwrap();
    let foreign = impostor.leaf(&LeafProfile { ocsp_signing: true, ..profile }).unwrap();
    let gone = Revoked::certificate(delegate.certificate_der(), hours(-2));
    let gone = crl(&Crl { scope: Some(Scope::Authorities), ..Crl::issued(hours(-1)) }.with(gone));
    let good = about(Status::Good);
    let by_delegate = authority.ocsp_by(&good, &delegate).unwrap();
    let cases = [
        ("good", "good", vec![authority.ocsp(&good).unwrap()]),
        ("revoked", "revoked", vec![authority.ocsp(&about(Status::Revoked(hours(-2), Some(1)))).unwrap()]),
        ("revoked after", "good", vec![authority.ocsp(&about(Status::Revoked(hours(2), None))).unwrap()]),
        ("not known there", "unknown", vec![authority.ocsp(&about(Status::Unknown)).unwrap()]),
        ("stale", "unknown", vec![authority.ocsp(&Ocsp::about(leaf(), Status::Good, hours(-30))).unwrap()]),
        ("by a delegate", "good", vec![by_delegate.clone()]),
        ("by a revoked delegate", "unknown", vec![by_delegate, gone]),
        ("by a provider", "unknown", vec![authority.ocsp_by(&good, &nobody).unwrap()]),
        ("by an impostor's delegate", "unknown", vec![authority.ocsp_by(&good, &foreign).unwrap()]),
        ("by an impostor", "unknown", vec![impostor.ocsp(&good).unwrap()]),
        (
            "good, and revoked by a list",
            "revoked",
            vec![authority.ocsp(&good).unwrap(), crl(&Crl::issued(hours(-1)).with(revoked(hours(-2), None)))],
        ),
    ];
    for (name, wanted, all) in cases {
        assert_eq!(said(&raw, &Policy { status: Some(&lists(&all)), ..policy() }), wanted, "{name}");
    }
}

#[test]
fn who_stole_a_key_gains_nothing_by_dating_back() {
    let raw = envelope();
    let lists = lists(&[crl(&Crl::issued(hours(3)).with(revoked(hours(1), Some(1))))]);
    let arrived = |arrival| said(&raw, &Policy { arrival, status: Some(&lists), ..policy() });
    assert_eq!(arrived(Some(at())), "good");
    assert_eq!(arrived(Some(hours(2))), "revoked");
    assert_eq!(arrived(None), "good", "a file: nothing but its own time is known");
}

#[test]
fn a_certificate_says_where_to_ask_and_openssl_asks_the_same() {
    let authority = &world().authority;
    let profile = LeafProfile {
        crl_url: Some("http://ca.test/lista.crl".into()),
        ocsp_url: Some("http://ca.test/ocsp".into()),
        ..LeafProfile::of_provider("Indirizzi", "pec.indirizzi.test", at())
    };
    let signer = authority.leaf(&profile).unwrap();
    let found = sources(signer.certificate_der());
    assert_eq!((found.crl, found.ocsp), (vec!["http://ca.test/lista.crl".into()], vec!["http://ca.test/ocsp".into()]));
    assert_eq!(sources(b"no certificate"), Default::default());
    let request = ocsp_request(leaf(), authority.certificate_der()).unwrap();
    assert_eq!(ocsp_request(leaf(), leaf()), None);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    for (name, der) in [("leaf", leaf()), ("issuer", authority.certificate_der())] {
        std::fs::write(file(name), der).unwrap();
    }
    let arguments =
        ["ocsp", "-no_nonce", "-issuer", &file("issuer"), "-cert", &file("leaf"), "-reqout", &file("request")];
    let Ok(asked) = Command::new("openssl").args(arguments).output() else { return };
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    assert_eq!(std::fs::read(file("request")).unwrap(), request);
}

#[derive(Debug, Default)]
struct Memory(Mutex<HashMap<[u8; 32], PathVerdict>>);

impl Paths for Memory {
    fn recall(&self, key: &[u8; 32]) -> Option<PathVerdict> {
        self.0.lock().unwrap().get(key).cloned()
    }
    fn keep(&self, key: [u8; 32], verdict: PathVerdict) {
        self.0.lock().unwrap().insert(key, verdict);
    }
}

#[test]
fn a_kept_verdict_outlives_neither_a_list_nor_trust_nor_its_time() {
    let raw = envelope();
    let memory = Memory::default();
    let (none, good) = (lists(&[]), lists(&[crl(&Crl::issued(hours(-1)))]));
    let bad = lists(&[crl(&Crl::issued(hours(3)).with(revoked(hours(1), None)))]);
    let with =
        |status, arrival| Policy { status: Some(status), arrival: Some(arrival), paths: Some(&memory), ..policy() };
    for _ in 0..2 {
        assert_eq!(said(&raw, &with(&none, at())), "unknown");
        assert_eq!(said(&raw, &with(&good, at())), "good");
        assert_eq!(said(&raw, &with(&bad, at())), "good");
        assert_eq!(said(&raw, &with(&bad, hours(2))), "revoked", "the same key, another time");
        assert_eq!(said(&raw, &with(&bad, at())), "good", "and back");
        assert_eq!(said(&raw, &with(&good, hours(30))), "unknown", "past nextUpdate");
    }
    assert_eq!(memory.0.lock().unwrap().len(), 3);
    let mut later = world().anchors.clone();
    later.list[0].until = Some(hours(-1));
    for anchors in [&later, &Anchors::agid()] {
        let seen = examine(&raw, &Policy { anchors, paths: Some(&memory), status: Some(&good), ..policy() });
        assert_eq!(seen.grade, Grade::Suspect, "what was trusted is no more");
    }
    assert_eq!(memory.0.lock().unwrap().len(), 5);
}

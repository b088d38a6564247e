//! What an outside review asked: attacks by who holds an old key, and honest mail that must not be refused.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{accepted, at, envelope, mail, policy, provider, said, world};
use gestore::authority::KeyKind;
use gestore::{Authority, Crl, LeafProfile, Provider, Revoked, Shape, Style, Submission, Timestamp, forge};
use jiff::SignedDuration;
use pec::revocation::StatusLists;
use pec::{Anchor, Anchors, Policy, examine};

fn hours(count: i64) -> Timestamp {
    at() + SignedDuration::from_hours(count)
}

/// The list that revokes the provider's certificate an hour after the event.
fn revoking() -> StatusLists {
    let entry = Revoked { reason: Some(1), ..Revoked::certificate(provider().signer().certificate_der(), hours(1)) };
    let mut lists = StatusLists::new();
    lists.add(&world().authority.crl(&Crl::issued(hours(3)).with(entry)).unwrap()).unwrap();
    lists
}

/// The later the forgery comes, the farther back it is dated: no distance helps.
#[test]
fn a_stolen_key_gains_nothing_by_dating_back_far() {
    let (raw, lists) = (envelope(), revoking());
    for late in [2, 47, 49, 24 * 30] {
        let seen = examine(&raw, &Policy { arrival: Some(hours(late)), status: Some(&lists), ..policy() });
        assert!(said(&seen).starts_with("suspect revocation:revoked"), "{late} h: {}", said(&seen));
    }
}

fn of_years_ago(key: KeyKind) -> (Anchors, Provider) {
    let authority = Authority::create("2012-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let from = "2015-01-10T00:00:00Z".parse().unwrap();
    let profile = LeafProfile { key, ..LeafProfile::of_provider("Antico", "pec.antico.test", from) };
    let signer = authority.leaf(&profile).unwrap();
    let anchor = Anchor::from_certificate(authority.certificate_der(), "Antica", &[common::POLICY_PEC], true).unwrap();
    (Anchors { list: vec![anchor] }, Provider::new("Antico", "pec.antico.test", Style::aruba_like(), signer))
}

#[test]
fn an_old_key_signs_nothing_today() {
    let then: Timestamp = "2015-06-01T10:00:00Z".parse().unwrap();
    for key in [KeyKind::Rsa1024, KeyKind::Rsa2048] {
        let (anchors, old) = of_years_ago(key);
        let mail = mail().compose(then).unwrap();
        let Submission::Accepted { envelope, .. } =
            old.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, then).unwrap()
        else {
            panic!("refused")
        };
        let grade = if key == KeyKind::Rsa1024 { "genuine-weak" } else { "genuine" };
        let moved: Timestamp = "2017-06-01T10:00:00Z".parse().unwrap();
        for (arrival, wanted) in [
            (None, grade.to_owned()),
            (Some(then), grade.to_owned()),
            (Some(moved), format!("{grade} time:arrival-differs")),
            (Some(at()), "mismatch time:arrival-after-key".to_owned()),
        ] {
            let seen = |raw: &[u8]| said(&examine(raw, &Policy { arrival, ..Policy::new(&anchors) }));
            assert_eq!(seen(&envelope.raw), wanted, "{key:?} {arrival:?}");
            // The Date that is shown, which nobody signed, must not hide it.
            let dated = forge::with_header(&envelope.raw, "Date", "Mon, 2 Mar 2026 10:10:11 +0100");
            assert_eq!(seen(&dated).starts_with("mismatch"), wanted.starts_with("mismatch"), "{key:?} {arrival:?}");
        }
    }
}

/// An unquoted comma makes two of one author, and the certified one is still the only address.
#[test]
fn a_comma_in_the_authors_name_makes_no_second_author() {
    for (from, wanted) in [
        ("Rossi, Mario <mario.rossi@cittadini.test>", "genuine"),
        ("mario.rossi@cittadini.test (Mario Rossi)", "genuine"),
        ("Comune di: X <mario.rossi@cittadini.test>", "genuine"),
        ("Rossi <altri@cittadini.test>, mario.rossi@cittadini.test", "mismatch sender:inner-sender-differs"),
    ] {
        let mail = mail().compose(at()).unwrap();
        let raw = forge::with_header(&mail.raw, "From", from);
        match provider().submit(&raw, &mail.mail_from, &mail.rcpt_to, at()).unwrap() {
            Submission::Accepted { envelope, .. } => {
                assert_eq!(said(&examine(&envelope.raw, &policy())), wanted, "{from}");
            }
            Submission::Refused(_) => assert_ne!(wanted, "genuine", "{from}"),
        }
    }
}

/// The night the hour changes, a provider that forgot it writes a zone that is an hour off.
#[test]
fn a_zone_that_is_an_hour_off_is_no_forgery() {
    let host = "pec.ora.test";
    let profile = LeafProfile::of_provider("Ora", host, "2026-01-01T00:00:00Z".parse().unwrap());
    for (seconds, wanted) in [(3609, "genuine"), (-3609, "genuine"), (8000, "mismatch time:times-differ")] {
        let shape = Shape { signing_time: Some(at() + SignedDuration::from_secs(seconds)), ..Shape::default() };
        let signer = world().authority.leaf(&profile).unwrap().shaped(shape);
        let provider = Provider::new("Ora", host, Style::aruba_like(), signer);
        assert_eq!(said(&examine(&accepted(&provider, mail()).envelope.raw, &policy())), wanted, "{seconds}");
    }
}

/// Where a delimiter may stand is looked for once; of a message in which it may stand nearly everywhere, few levels are read.
#[test]
fn lines_of_hyphens_in_a_deep_nest_cost_no_look_for_each_level() {
    let nest = |levels: usize| {
        let mut raw = String::from("X-Trasporto: posta-certificata\r\n");
        for n in 0..levels {
            raw += &format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
        }
        raw + "\r\n" + &"--\r\n".repeat(1 << 20)
    };
    let time = |raw: &str| {
        let begin = std::time::Instant::now();
        (said(&examine(raw.as_bytes(), &policy())), begin.elapsed())
    };
    let (flat, deep) = (time(&nest(1)), time(&nest(49)));
    assert_eq!(deep.0, "suspect bytes:too-deep structure:not-signed", "{}", flat.0);
    assert!(deep.1 < 20 * flat.1, "{flat:?} {deep:?}");
}

//! Every forgery of `reference` pec.md §10 that one message can show.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Accepted, CITIZEN, OFFICE, accepted, at, envelope, expect, judge, mail, provider, said, world};
use gestore::{Authority, Draft, Failure, LeafProfile, Submission, forge};
use pec::{Grade, Verdict};

#[test]
fn what_is_not_signed_proves_nothing() {
    expect(&mail().compose(at()).unwrap().raw, "not-pec marker:no-marker");
    let genuine = envelope();
    expect(&forge::unsigned(&genuine).unwrap(), "suspect structure:not-signed");
    let dressed = forge::ordinary_dressed_as_pec(mail(), ("X-Ricevuta", "accettazione"), b"<postacert/>");
    expect(&dressed.compose(at()).unwrap().raw, "suspect structure:not-signed");
    // A genuine PEC within an unsigned mail: never searched for.
    let forwarded = mail().attach("busta.eml", "message/rfc822", &genuine).header("X-Trasporto", "posta-certificata");
    expect(&forwarded.compose(at()).unwrap().raw, "suspect structure:not-signed");
}

#[test]
fn the_marker_must_be_one_and_known() {
    let genuine = envelope();
    let two = forge::with_second_header(&genuine, "X-Ricevuta", "avvenuta-consegna");
    expect(&two, "suspect marker:two-markers");
    expect(&forge::with_second_header(&genuine, "X-Trasporto", "posta-certificata"), "suspect marker:two-markers");
    expect(&forge::with_header(&genuine, "X-Trasporto", "posta"), "suspect marker:unknown-marker");
    let encoded = forge::with_header(&genuine, "X-Trasporto", "=?utf-8?q?posta-certificata?=");
    expect(&encoded, "suspect marker:unknown-marker");
    expect(&forge::with_header(&genuine, "X-Trasporto", "\r\n posta-certificata "), "genuine");
    expect(&forge::without_header(&genuine, "X-Trasporto"), "not-pec marker:no-marker");
}

#[test]
fn edited_headers_contradict_the_signed_data() {
    let genuine = envelope();
    let cases = [
        ("X-Trasporto", "errore", "mismatch parts:anomaly-with-daticert"),
        ("Message-ID", "<altro@pec.altro.test>", "mismatch identifiers:message-id-differs"),
        ("X-Riferimento-Message-ID", "<altro@cittadini.test>", "mismatch identifiers:reference-differs"),
        ("Reply-To", "ladro@altro.test", "mismatch sender:reply-to-differs"),
        ("From", "\"Per conto di: sindaco@ente.test\" <posta-certificata@HOST>", "mismatch sender:sender-differs"),
        ("From", "\"Per conto di: x\" <posta-certificata@altro.test>", "suspect signer:signer-differs"),
        ("From", "posta-certificata@HOST, altri@altro.test", "suspect signer:from-not-one"),
        ("Subject", "un altro oggetto", "genuine"),
        ("To", "altri@ente.test", "genuine"),
    ];
    for (name, value, wanted) in cases {
        let value = value.replace("HOST", &provider().host);
        let seen = expect(&forge::with_header(&genuine, name, &value), wanted);
        if let (Grade::Mismatch, Verdict::Unproven(unproven)) = (seen.grade, &seen.verdict) {
            assert_eq!(unproven.daticert.as_ref().map(|d| d.mittente.as_str()), Some(CITIZEN), "{name}");
            assert!(unproven.content.as_ref().is_some_and(|c| c.text.contains("Buongiorno")), "{name}");
        }
    }
    expect(&forge::with_second_header(&genuine, "From", "altri@altro.test"), "suspect signer:from-not-one");
}

#[test]
fn a_receipt_relabelled_is_seen() {
    let Accepted { carriage, acceptance, .. } = accepted(provider(), mail());
    let failed = provider().non_delivery(&carriage, OFFICE, Failure::NoDest, at()).unwrap();
    expect(&forge::with_header(&failed.raw, "X-Ricevuta", "avvenuta-consegna"), "mismatch kind:kind-differs");
    let dressed = forge::without_header(&acceptance.raw, "X-Ricevuta");
    let dressed = forge::with_header(&dressed, "X-Trasporto", "posta-certificata");
    expect(&dressed, "mismatch kind:kind-differs");
    // An anomaly relabelled as an envelope has no daticert.xml.
    let anomaly = provider().anomaly(&mail().compose(at()).unwrap().raw, CITIZEN, &[OFFICE.into()], at()).unwrap();
    expect(&forge::with_header(&anomaly.raw, "X-Trasporto", "posta-certificata"), "suspect parts:no-daticert");
}

#[test]
fn a_touched_message_is_suspect_and_a_bare_lf_one_is_not() {
    let genuine = envelope();
    expect(&forge::with_bytes(&genuine, b"daticert.xml", b"Daticert.xml"), "suspect signature:digest-differs");
    let other = accepted(provider(), mail().subject("altro")).envelope.raw;
    expect(&forge::with_signed_part_of(&genuine, &other).unwrap(), "suspect signature:digest-differs");
    let seen = expect(&forge::with_bare_lf(&genuine), "genuine");
    assert!(seen.report.notes.iter().any(|n| n.contains("LF")));
    for permille in [0, 1, 100, 500, 900, 999] {
        let seen = judge(&forge::truncated(&genuine, permille));
        assert!(seen.grade >= Grade::Suspect, "{permille}: {}", said(&seen));
    }
}

#[test]
fn only_the_pinned_authority_and_the_right_certificate_count() {
    let made = "2026-01-01T00:00:00Z".parse().unwrap();
    let host = provider().host.as_str();
    let right = LeafProfile::of_provider("Prova S.p.A.", host, made);
    let by = |authority: &Authority, profile: LeafProfile| {
        let provider = provider().clone().with_signer(authority.leaf(&profile).unwrap());
        accepted(&provider.repeatable(1), mail()).envelope.raw
    };
    let authority = &world().authority;
    expect(&by(authority, right.clone()), "genuine");
    // Same names, other keys.
    let impostor = Authority::create(made).unwrap();
    let codes = said(&judge(&by(&impostor, right.clone())));
    assert!(codes.starts_with("suspect chain:"), "{codes}");
    let wrong = |change: fn(&mut LeafProfile)| {
        let mut profile = right.clone();
        change(&mut profile);
        by(authority, profile)
    };
    expect(&wrong(|p| p.policy = None), "suspect chain:policy-missing");
    expect(&wrong(|p| p.digital_signature = false), "suspect chain:key-usage");
    expect(&wrong(|p| p.is_ca = true), "suspect chain:leaf-is-ca");
    expect(&wrong(|p| p.email_protection = false), "genuine");
    expect(&wrong(|p| p.address = None), "suspect signer:signer-no-address");
    expect(&wrong(|p| p.from = "2026-04-01T00:00:00Z".parse().unwrap()), "suspect chain:not-yet-valid");
    let later = wrong(|p| p.address = Some("protocollo@pec.aruba-like.test".into()));
    assert_eq!(judge(&later).grade, Grade::Suspect);
}

#[test]
fn signed_nonsense_is_not_taken_for_sense() {
    let seal = |headers: &[(&str, &str)], daticert: Option<&[u8]>, postacert: Option<&[u8]>| {
        let from = ("From".to_string(), provider().address());
        let draft = Draft {
            inherited: Vec::new(),
            headers: headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).chain([from]).collect(),
            text: "testo".into(),
            html: "<p>testo</p>".into(),
            daticert: daticert.map(Into::into),
            postacert: postacert.map(Into::into),
        };
        provider().seal(draft, CITIZEN, &[OFFICE.into()], at()).unwrap().raw
    };
    let envelope = [("X-Trasporto", "posta-certificata")];
    expect(
        &seal(&envelope, Some(b"<!DOCTYPE a [<!ENTITY b 'c'>]><postacert/>"), None),
        "suspect daticert:daticert-too-complex",
    );
    expect(&seal(&envelope, Some(b"<postacert>"), None), "suspect daticert:daticert-xml");
    expect(&seal(&envelope, Some(b"<postacert tipo='posta-certificata'/>"), None), "suspect daticert:daticert-content");
    expect(&seal(&envelope, None, Some(b"Subject: x\r\n\r\ny")), "suspect parts:no-daticert");
    expect(&seal(&[("X-Trasporto", "errore")], None, None), "mismatch parts:no-postacert");
}

#[test]
fn an_original_that_is_a_bomb_is_certified_to_nobody() {
    let mut bomb = b"From: mario.rossi@cittadini.test\r\nTo: protocollo@ente.test\r\nMIME-Version: 1.0\r\n".to_vec();
    for depth in 0..60 {
        bomb.extend_from_slice(
            format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n").as_bytes(),
        );
    }
    let mail = provider().submit(&bomb, CITIZEN, &[OFFICE.into()], at()).unwrap();
    let Submission::Accepted { envelope, .. } = mail else { panic!("refused") };
    expect(&envelope.raw, "mismatch bytes:too-deep");
}

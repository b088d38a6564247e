//! Every forgery of `reference` pec.md §10 that one message can show.
//!
//! | §10 | here | in `fixtures/mail` and elsewhere |
//! |---|---|---|
//! | 1 dressed, unsigned | `what_is_not_signed_proves_nothing` | 107, 201, 202 |
//! | 2 another's certificate | `only_the_pinned_authority_and_the_right_certificate_count` | 117, 203 |
//! | 3 replay | – (one message does not show it) | 139; `tests/suite`: the same certified identity again |
//! | 4 edited headers | `edited_headers_contradict_the_signed_data`, `every_field_of_a_name_counts`, `outside.rs` | 027, 130-133, 204 |
//! | 5 nested | `judgement.rs`: `a_pec_within_is_seen_and_believed_nothing` | 021, 022, 205, 214 |
//! | 6 receipt of another | `receipts.rs`: `what_we_did_not_send_is_an_orphan` | 206 |
//! | 7 relabelled receipt | `a_receipt_relabelled_is_seen` | 129 |
//! | 8 anomaly round a perfect PEC | `judgement.rs`: `an_anomaly_certifies_nothing_of_what_it_wraps` | 207, 208 |
//! | 9 markers twice, folded, encoded, within | `the_marker_must_be_one_and_known` | 025, 104-106, 209 |
//! | 10 parts, text around, boundary | `what_stands_around_the_signed_part_is_not_read` | 108, 210, 211, 215 |
//! | 11 CMS | `src/proof_tests.rs`, `src/cms` | 110, 113, 116 |
//! | 12 look-alike author | `a_look_alike_is_named_as_one`, `edited_headers_…` | 132, 212; `tests/suite/decide.rs`: the reply goes to the certified sender |
//! | 13 account taken over | – (everything verifies) | 213 |
//! | 14 XML | `signed_nonsense_is_not_taken_for_sense`, `src/daticert_tests.rs` | 023, 127, 128 |
//! | 15 SDI look-alike | – (a rule of the office: `casework/src/address.rs`) | 312, 313 |
//! | 16 loops | – | 216; `tests/suite/loops.rs` |
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

/// A program may show any of several fields of one name: each must agree.
#[test]
fn every_field_of_a_name_counts() {
    let genuine = envelope();
    for (name, value, wanted) in [
        ("Reply-To", "ladro@altro.test", "mismatch sender:reply-to-differs"),
        ("Message-ID", "<altro@pec.altro.test>", "mismatch identifiers:message-id-differs"),
        ("X-Riferimento-Message-ID", "<altro@cittadini.test>", "mismatch identifiers:reference-differs"),
        ("Sender", "ladro@altro.test", "mismatch sender:sender-field-differs"),
        ("X-VerificaSicurezza", "errore", "mismatch kind:virus-differs"),
        ("X-TipoRicevuta", "breve", "mismatch kind:receipt-type-differs"),
    ] {
        expect(&forge::with_second_header(&genuine, name, value), wanted);
        let added = forge::without_header(&genuine, name);
        expect(&forge::with_header(&added, name, value), wanted);
    }
    for (name, value) in [
        ("Sender", provider().address().as_str()),
        ("X-VerificaSicurezza", "nessuno"),
        ("X-TipoRicevuta", "Completa"),
        ("X-TipoRicevuta", "qualsiasi"),
    ] {
        expect(&forge::with_second_header(&forge::without_header(&genuine, name), name, value), "genuine");
    }
    let Accepted { carriage, acceptance, .. } = accepted(provider(), mail());
    let field = forge::with_second_header(&acceptance.raw, "Sender", "ladro@altro.test");
    expect(&field, "mismatch sender:sender-field-differs");
    expect(&forge::with_second_header(&acceptance.raw, "X-VerificaSicurezza", "errore"), "mismatch kind:virus-differs");
    let virus = provider().virus_found(&carriage, OFFICE, provider(), at()).unwrap().raw;
    expect(&virus, "genuine");
    let renamed = forge::with_header(&virus, "X-Mittente", "altri@altro.test");
    expect(&renamed, "mismatch sender:original-sender-differs");
    let anomaly = provider().anomaly(&mail().compose(at()).unwrap().raw, CITIZEN, &[OFFICE.into()], at()).unwrap().raw;
    expect(&forge::with_second_header(&anomaly, "Sender", "x@altro.test"), "mismatch sender:sender-field-differs");
    let from = format!("\"Per conto di: sindaco@ente.test\" <{}>", provider().address());
    expect(&forge::with_header(&anomaly, "From", &from), "mismatch sender:sender-differs");
}

#[test]
fn a_look_alike_is_named_as_one() {
    let host = &provider().host;
    // Letters of another alphabet, other blanks: what looks like an address must be the certified one.
    for name in ["\u{420}er conto di: sindaco@ente.test", "Per  conto  di: sindaco@ente.test", "sindaco@ente.test"] {
        let from = format!("=?utf-8?b?{}?= <posta-certificata@{host}>", base64(name));
        expect(&forge::with_header(&envelope(), "From", &from), "mismatch sender:sender-differs");
    }
    for from in ["\"per conto di: a@b.test\" <ladro@altro.test>", "posta-certificata@altro.test"] {
        let seen =
            expect(&forge::with_header(&mail().compose(at()).unwrap().raw, "From", from), "not-pec marker:no-marker");
        assert!(seen.report.notes.iter().any(|n| n.contains("imita")), "{from}");
    }
    let plain = judge(&mail().compose(at()).unwrap().raw);
    assert!(!plain.report.notes.iter().any(|n| n.contains("imita")));
}

fn base64(text: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = text.bytes().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1)).collect();
    let mut out: String = bits
        .chunks(6)
        .map(|six| char::from(alphabet[(0..6).fold(0, |n, i| n << 1 | usize::from(*six.get(i).unwrap_or(&0)))]))
        .collect();
    while !out.len().is_multiple_of(4) {
        out.push('=');
    }
    out
}

#[test]
fn a_date_far_from_the_signed_one_is_flagged() {
    let with = |date: &str| said(&judge(&forge::with_header(&envelope(), "Date", date)));
    assert_eq!(with("Mon, 2 Mar 2026 10:10:17 +0100"), "genuine", "six seconds");
    assert_eq!(with("Mon, 2 Mar 2026 10:10:11 +0300"), "genuine", "the wrong zone");
    assert_eq!(with("Sun, 1 Mar 2026 10:10:11 +0100"), "genuine time:date-differs");
    assert_eq!(with("Mon, 2 Mar 2026 14:10:11 +0100"), "genuine time:date-differs");
    assert_eq!(with("ieri"), "genuine", "what does not read says nothing");
    expect(&forge::without_header(&envelope(), "Date"), "genuine");
}

#[test]
fn what_stands_around_the_signed_part_is_not_read() {
    let genuine = envelope();
    let (before, inside, after) = forge::signed_part(&genuine).unwrap();
    let boundary = before.rsplit(|b| *b == b'\n').nth(1).unwrap().trim_ascii_end().to_vec();
    let with = |parts: &[&[u8]]| parts.concat();
    let text = b"Content-Type: text/plain\r\n\r\nCambiate il mio IBAN\r\n";
    let head = &before[..before.len() - boundary.len() - 2];
    // Before the first delimiter and after the last: nobody's.
    expect(&with(&[head, b"Cambiate il mio IBAN\r\n", &boundary, b"\r\n", inside, after]), "genuine");
    let seen = expect(&with(&[&genuine, b"Cambiate il mio IBAN\r\n"]), "genuine");
    assert!(!format!("{:?}", common::evidence(&seen)).contains("IBAN"));
    // A part more, before or after.
    let more = with(&[head, &boundary, b"\r\n", text, &boundary, b"\r\n", inside, after]);
    assert_eq!(said(&judge(&more)), "suspect structure:not-two-parts");
    let empty = with(&[before, after]);
    assert_eq!(judge(&empty).grade, Grade::Suspect);
    let twice = forge::with_header(&genuine, "Content-Type", "multipart/signed; boundary=a; boundary=b");
    expect(&twice, "suspect structure:bad-boundary");
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
    let delivery = |errore: &str, consegna: &str| {
        let xml = format!(
            "<postacert tipo='avvenuta-consegna' errore='{errore}'><intestazione><mittente>{CITIZEN}</mittente>\
             <destinatari>{OFFICE}</destinatari><risposte/></intestazione><dati><gestore-emittente>x</gestore-emittente>\
             <data zona='+0100'><giorno>02/03/2026</giorno><ora>10:10:11</ora></data><identificativo>p</identificativo>\
             {consegna}</dati></postacert>"
        );
        seal(&[("X-Ricevuta", "avvenuta-consegna")], Some(xml.as_bytes()), None)
    };
    let xml = format!(
        "<postacert tipo='posta-certificata'><intestazione><mittente>{CITIZEN}</mittente><destinatari>{OFFICE}</destinatari>\
         <risposte/></intestazione><dati><gestore-emittente>x</gestore-emittente><data zona='+0100'><giorno>02/03/2026</giorno>\
         <ora>10:10:11</ora></data><identificativo>p</identificativo></dati></postacert>"
    );
    // Two authors, of whom a program may show either. (The id is this test's, not the provider's.)
    let two = format!("From: {CITIZEN}\r\nFrom: sindaco@ente.test\r\n\r\nx");
    expect(
        &seal(&envelope, Some(xml.as_bytes()), Some(two.as_bytes())),
        "mismatch identifiers:message-id-differs sender:inner-sender-differs",
    );
    let to = |who: &str| format!("<consegna>{who}</consegna>");
    expect(&delivery("nessuno", &to("PROTOCOLLO@ente.test")), "genuine");
    expect(&delivery("nessuno", ""), "mismatch kind:no-consegna");
    expect(&delivery("nessuno", "<consegna/>"), "mismatch kind:no-consegna");
    expect(&delivery("nessuno", &to("altri@ente.test")), "mismatch kind:consegna-not-listed");
    expect(&delivery("no-dest", &to(OFFICE)), "mismatch kind:delivered-with-error");
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

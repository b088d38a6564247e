//! Each bound of `reference` reliability.md §3.3, reached and passed: at it all is read, beyond it the report says why not.
//! daemon/LIMITS.md names these tests.

use crate::ber::{self, CONTEXT_0, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, element};
use crate::cms::{CERTIFICATES_MAX, SignedData};
use crate::content::{Content, DEPTH_MAX, PARTS_MAX};
use crate::crypto::{Key, RSA_BITS_MAX, RSA_EXPONENT_BITS_MAX};
use crate::daticert::{DATICERT_BYTES_MAX, Daticert};
use crate::examine::{MESSAGE_BYTES_MAX, Policy, examine};
use crate::excerpt::Excerpt;
use crate::mime::{Dashes, HEADER_BYTES_MAX, HEADER_FIELDS_MAX, MediaType, PARAMETERS_MAX};
use crate::proof::P7S_BYTES_MAX;
use crate::{Anchors, Check, Outcome, Verdict, xml};
use alloc::format;
use alloc::string::{String, ToString};

/// The code of the failed check of a message; empty where it did not fail. Nobody certifies any of these.
fn fails(message: &[u8], check: Check) -> String {
    let anchors = Anchors::agid();
    let seen = examine(message, &Policy::new(&anchors));
    assert!(matches!(seen.verdict, Verdict::Unproven(_)));
    match seen.report.outcome(check) {
        Some(Outcome::Fail(why)) => why.code.into(),
        _ => String::new(),
    }
}

fn limit(message: &str) -> String {
    let dashes = Dashes::find(message.as_bytes());
    let (_, limit) = Content::read(message.as_bytes(), &dashes, Excerpt::whole(message.as_bytes()));
    limit.map(|reason| reason.why().code.into()).unwrap_or_default()
}

#[test]
fn a_message_has_a_size() {
    let mut message = b"Subject: x\r\n\r\n".to_vec();
    message.resize(MESSAGE_BYTES_MAX, b'x');
    assert_eq!(fails(&message, Check::Bytes), "");
    message.push(b'x');
    assert_eq!(fails(&message, Check::Bytes), "too-large");
}

#[test]
fn parts_lie_in_one_another_to_a_depth() {
    let nested = |levels: usize| -> String {
        (0..levels).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n")).collect()
    };
    assert_eq!(limit(&nested(DEPTH_MAX)), "");
    assert_eq!(limit(&nested(DEPTH_MAX + 1)), "too-deep");
    assert_eq!(fails(nested(DEPTH_MAX + 1).as_bytes(), Check::Bytes), "too-deep");
}

#[test]
fn parts_are_counted() {
    let wide = |parts: usize| {
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", "--b\r\n\r\nx\r\n".repeat(parts))
    };
    // The multipart is one of them.
    assert_eq!(limit(&wide(PARTS_MAX - 1)), "");
    assert_eq!(limit(&wide(PARTS_MAX)), "too-many-parts");
    assert_eq!(fails(wide(PARTS_MAX).as_bytes(), Check::Bytes), "too-many-parts");
}

#[test]
fn header_fields_are_counted_and_measured() {
    let many = |fields: usize| format!("{}\r\nx", "A: b\r\n".repeat(fields));
    assert_eq!(fails(many(HEADER_FIELDS_MAX).as_bytes(), Check::Bytes), "");
    assert_eq!(fails(many(HEADER_FIELDS_MAX + 1).as_bytes(), Check::Bytes), "headers-too-large");
    let long = |bytes: usize| format!("A: {}\r\n\r\nx", "b".repeat(bytes - "A: \r\n".len()));
    assert_eq!(fails(long(HEADER_BYTES_MAX).as_bytes(), Check::Bytes), "");
    assert_eq!(fails(long(HEADER_BYTES_MAX + 1).as_bytes(), Check::Bytes), "headers-too-large");
}

/// A boundary that stands behind too many parameters is not found: the message is not signed, whatever it claims.
#[test]
fn parameters_are_counted() {
    let value = |before: usize| format!("multipart/signed{}; boundary=b", "; a=b".repeat(before));
    let boundary = |before| MediaType::read(value(before).as_bytes()).unwrap().boundary().map(<[u8]>::to_vec);
    assert_eq!(boundary(PARAMETERS_MAX - 1).as_deref(), Some(&b"b"[..]));
    assert_eq!(boundary(PARAMETERS_MAX), None);
    let message = format!("X-Trasporto: posta-certificata\r\nContent-Type: {}\r\n\r\n", value(PARAMETERS_MAX));
    assert_eq!(fails(message.as_bytes(), Check::Structure), "bad-boundary");
}

const DATICERT: &str = include_str!("../../../tests/fuzz/seeds/daticert/busta.xml");

#[test]
fn the_signed_statement_has_a_size() {
    let padded = |bytes: usize| DATICERT.to_string() + &" ".repeat(bytes - DATICERT.len());
    assert!(Daticert::read(padded(DATICERT_BYTES_MAX).as_bytes()).is_ok());
    assert_eq!(Daticert::read(padded(DATICERT_BYTES_MAX + 1).as_bytes()).unwrap_err().code, "daticert-too-large");
}

#[test]
fn the_signed_statement_has_a_depth_and_declares_nothing() {
    // An unknown element within `postacert`, which is the first level.
    let deep = |levels: usize| {
        let levels = levels - 1;
        let bomb = "<a>".repeat(levels) + &"</a>".repeat(levels);
        Daticert::read(DATICERT.replace("<intestazione>", &(bomb + "<intestazione>")).as_bytes())
    };
    assert!(deep(xml::DEPTH_MAX).is_ok());
    assert_eq!(deep(xml::DEPTH_MAX + 1).unwrap_err().code, "daticert-too-complex");
    let doctype = DATICERT.replace("<postacert", "<!DOCTYPE postacert SYSTEM \"daticert.dtd\"><postacert");
    assert_eq!(Daticert::read(doctype.as_bytes()).unwrap_err().code, "daticert-too-complex");
}

#[test]
fn a_signature_has_a_size() {
    let message = |bytes: usize| {
        let junk = "A".repeat(bytes);
        format!(
            "X-Trasporto: posta-certificata\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\
             Content-Type: application/pkcs7-signature\r\n\r\n{junk}\r\n--b--\r\n"
        )
    };
    assert_eq!(fails(message(P7S_BYTES_MAX).as_bytes(), Check::Cms), "cms-unreadable");
    assert_eq!(fails(message(P7S_BYTES_MAX + 1).as_bytes(), Check::Cms), "p7s-too-large");
}

#[test]
fn certificates_are_counted() {
    let oid = |end: u8| element(OID, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, end]);
    let object = |certificates: usize| {
        let signed = [
            element(INTEGER, &[1]),
            element(SET, &[]),
            element(SEQUENCE, &oid(1)),
            element(CONTEXT_0, &element(SEQUENCE, &[]).repeat(certificates)),
            element(SET, &[]),
        ];
        let signed = element(CONTEXT_0, &element(SEQUENCE, &signed.concat()));
        element(SEQUENCE, &[oid(2), signed].concat())
    };
    assert_eq!(SignedData::read(&object(CERTIFICATES_MAX)).unwrap().certificates.len(), CERTIFICATES_MAX);
    let refused = SignedData::read(&object(CERTIFICATES_MAX + 1)).unwrap_err();
    assert_eq!(refused.why().code, "cms-certificates");
}

#[test]
fn a_signature_has_a_depth() {
    let nested = |levels: usize| (1..levels).fold(element(OCTET_STRING, &[]), |inner, _| element(SEQUENCE, &inner));
    // The first level is not in another.
    assert!(ber::normalise(&nested(ber::DEPTH_MAX + 1)).is_some());
    assert_eq!(ber::normalise(&nested(ber::DEPTH_MAX + 2)), None);
}

#[test]
fn rsa_keys_have_a_size() {
    let key = |modulus: usize, exponent: usize| {
        // So many bits, and odd.
        let number = |bits: usize| {
            let mut digits = [0u8].repeat(bits.div_ceil(8) + 1);
            digits[(bits.div_ceil(8) * 8 - bits) / 8 + 1] |= 1 << ((bits - 1) % 8);
            *digits.last_mut().unwrap() |= 1;
            element(INTEGER, &digits)
        };
        let numbers = [number(modulus), number(exponent)].concat();
        Key::new("1.2.840.113549.1.1.1", None, &element(SEQUENCE, &numbers)).admitted()
    };
    assert!(key(RSA_BITS_MAX, 17) && key(2048, RSA_EXPONENT_BITS_MAX));
    assert!(!key(RSA_BITS_MAX + 1, 17), "a longer modulus");
    assert!(!key(2048, RSA_EXPONENT_BITS_MAX + 1), "a longer exponent");
}

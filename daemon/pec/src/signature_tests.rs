//! Every shape of opaque signature; what is refused, and by which rule.

use super::*;
use std::{fs, path::Path};

fn testdata(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cms").join(name)).unwrap()
}

/// Each signer: «good» or the code of what is wrong.
fn outcomes(signed: &Signed<'_>) -> Vec<&'static str> {
    let each = signed.signers.iter().map(|s| match &s.outcome {
        Outcome::Pass => "good",
        Outcome::Moot => "moot",
        Outcome::Fail(why) => why.code,
    });
    each.collect()
}

#[test]
fn the_content_is_what_openssl_says_it_is() {
    // Lengths and beginnings as `openssl cms -verify` writes them.
    for (name, length, begin) in [
        ("att.p7m", 287, &b"Content-Type: multipart/mixed;"[..]),
        ("attber.p7m", 287, b"Content-Type: multipart/mixed;"),
        ("bc_att.p7m", 34, b"Content-Type: text/plain\r\n\r\nciao"),
        ("bc_att_der.p7m", 34, b"Content-Type: text/plain\r\n\r\nciao"),
        ("bc_stream.p7m", 5000, &[0; 64]),
    ] {
        let file = testdata(name);
        let signed = read(&file, None).unwrap();
        assert_eq!(outcomes(&signed), ["good"], "{name}");
        assert_eq!((signed.content.len(), signed.trailing), (length, 0), "{name}");
        assert!(signed.content.starts_with(begin), "{name}");
    }
    // DER is not copied; BER is.
    assert!(matches!(read(&testdata("att.p7m"), None).map(|s| matches!(s.content, Cow::Borrowed(_))), Ok(true)));
    assert!(matches!(read(&testdata("attber.p7m"), None).map(|s| matches!(s.content, Cow::Owned(_))), Ok(true)));
}

/// The rows of `testdata/made/expected.tsv` for files that end so: name, what we say, what OpenSSL said.
fn made(ending: &str) -> Vec<[String; 3]> {
    let table = String::from_utf8(testdata("../made/expected.tsv")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<_> = line.split('\t').map(String::from).collect();
        <[String; 3]>::try_from(fields).unwrap()
    });
    rows.filter(|[name, ..]| name.ends_with(ending)).collect()
}

/// In the words of the table: each signer's outcome; `!` and the code where the object is refused; «weak», «unsorted».
fn said(object: &[u8]) -> String {
    let signed = match read(object, None) {
        Ok(signed) => signed,
        Err(why) => return format!("! {}", why.code),
    };
    let mut words = outcomes(&signed);
    let noted = |word: &str| signed.signers.iter().flat_map(|s| &s.notes).any(|note| note.contains(word));
    words.extend(noted("oggi debole").then_some("weak"));
    words.extend(noted("ordine DER").then_some("unsorted"));
    if words.is_empty() { "-".into() } else { words.join(" ") }
}

#[test]
fn every_signature_that_was_made_wrong_is_refused_by_its_rule() {
    let rows = made(".p7m");
    assert!(rows.len() > 80);
    for [name, wanted, _] in rows {
        assert_eq!(said(&testdata(&format!("../made/{name}"))), wanted, "{name}");
    }
}

#[test]
fn what_is_accepted_openssl_accepts_too_or_there_is_a_reason() {
    let reasons = [
        ("attributes-unsorted-hashed-sorted.p7m", "RFC 5652 §5.4 wants DER hashed, and signers send them unsorted"),
        ("odd-certificate-beside.p7m", "a certificate that nobody names does not spoil the rest"),
        ("pss-key-pss.p7m", "RFC 4055 §1.2 lets the parameters of a PSS key be absent; here they are NULL"),
    ];
    for [name, said, openssl] in made(".p7m") {
        if said.starts_with("good") && !said.contains("differs") && openssl == "refuses" {
            assert!(reasons.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}

#[test]
fn attributes_passed_off_as_content_are_refused() {
    // OpenSSL says «Verification successful» to this one (`reference` signatures.md §6).
    let forged = testdata("forged-attributes.p7m");
    assert_eq!(said(&forged), "cms-forged-attributes");
    // Also with the content apart.
    let content = read(&forged, None).unwrap().content.into_owned();
    assert!(looks_like_attributes(&content));
    assert!(!looks_like_attributes(&[&content[..], &[0]].concat()), "what follows makes it another content");
}

#[test]
fn a_content_in_two_places_or_in_none_is_refused() {
    let attached = testdata("att.p7m");
    assert_eq!(read(&attached, Some(b"other")).unwrap_err().code, "cms-attached");
    let message = String::from_utf8_lossy(&testdata("../made/genuine.eml")).into_owned();
    let (_, boundary) = message.split_once("boundary=\"").unwrap();
    let delimiter = format!("\r\n--{}", boundary.split_once('"').unwrap().0);
    let parts: Vec<&str> = message.split(&delimiter).collect();
    let (_, base64) = parts[2].split_once("\r\n\r\n").unwrap();
    let (p7s, _) = crate::decode::whole(base64.as_bytes(), crate::mime::Encoding::Base64);
    let content = parts[1].strip_prefix("\r\n").unwrap().as_bytes();
    assert_eq!(read(&p7s, None).unwrap_err().code, "cms-content");
    let signed = read(&p7s, Some(content)).unwrap();
    assert_eq!((outcomes(&signed), signed.content.as_ref()), (["good"].to_vec(), content));
    assert_eq!(outcomes(&read(&p7s, Some(b"other")).unwrap()), ["digest-differs"]);
}

#[test]
fn signatures_one_inside_the_other_are_opened_up_to_a_bound() {
    let file = testdata("nested.p7m.p7m");
    let outer = read(&file, None).unwrap();
    let inner = outer.inner().unwrap().unwrap();
    assert_eq!((outcomes(&outer), outcomes(&inner)), (["good"].to_vec(), ["good"].to_vec()));
    assert!(inner.content.starts_with(b"Content-Type"));
    assert!(inner.inner().is_none());

    let file = testdata("../made/six-layers.p7m");
    let mut object = read(&file, None).unwrap().into_owned();
    for _ in 1..LAYERS_MAX {
        object = object.inner().unwrap().unwrap().into_owned();
    }
    assert_eq!(object.inner().unwrap().unwrap_err().code, "cms-layers");
}

#[test]
fn the_bytes_after_the_object_are_counted() {
    let file = [&testdata("att.p7m")[..], b"more"].concat();
    assert_eq!(read(&file, None).unwrap().trailing, 4);
    let file = [&testdata("attber.p7m")[..], &[0; 7]].concat();
    assert_eq!(read(&file, None).unwrap().trailing, 7);
}

#[test]
fn objects_that_crash_others_are_answered() {
    let sample = testdata("bc_att.p7m");
    let content = read(&sample, None).unwrap().content.into_owned();
    for cut in 0..sample.len() {
        assert!(read(&sample[..cut], None).is_err(), "{cut}");
    }
    for at in 0..sample.len() {
        for bit in [1, 0x80] {
            let mut changed = sample.clone();
            changed[at] ^= bit;
            // Whatever it says, the content of a good signature is the one that was signed.
            if let Ok(signed) = read(&changed, None)
                && outcomes(&signed).contains(&"good")
            {
                assert_eq!(signed.content, content, "{at}");
            }
        }
    }
}

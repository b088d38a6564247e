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

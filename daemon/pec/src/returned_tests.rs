//! Copies as providers return them, and as nobody should.

use super::*;
use proptest::prelude::*;

/// printf 'QUJD' | sha1sum; printf 'ABC' | sha1sum; printf 'QUJD' | sha256sum
const SHA1_OF_QUJD: &str = "b7eceac98410d063105b40aaeea98ae29db56953";
const SHA1_OF_ABC: &str = "3c01bdbb26f358bab27f267924aa2c9a03fcfdb8";
const SHA256_OF_QUJD: &str = "d9cae0dbdbf078b2020e2abe5fcd74bc1edba83c35f6b8a86d638ed9b8d3d1f9";

const SENT: &str = "From: Comune <ente@pec.test>\r\nTo: Mario@cittadini.test\r\nSubject: =?utf-8?q?Perch=C3=A9?= no\r\n\
    Message-ID: <v1.a@pec.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
    Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain\r\n\r\nciao\r\n--c\r\n\
    Content-Type: text/html\r\n\r\n<p>ciao</p>\r\n--c--\r\n--b\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b--\r\n";

fn hash_part(digest: &str) -> String {
    format!("Content-Type: text/plain; name=\"a.pdf.hash\"\r\n\r\n{digest}")
}

const FILE: &str = "Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD";

fn judge(returned: &str) -> Result<(usize, usize), &'static str> {
    same_message(SENT.as_bytes(), returned.as_bytes()).map(|t| (t.whole, t.hashed)).map_err(|why| why.code)
}

#[test]
fn a_copy_with_the_fields_of_the_provider_is_the_same_message() {
    let copy = SENT
        .replace("<v1.a@pec.test>", "<opec.1@gestore.test>\r\nX-Riferimento-Message-ID: <v1.a@pec.test>")
        .replace("=?utf-8?q?Perch=C3=A9?= no", "=?iso-8859-1?q?Perch=E9?=\r\n no")
        .replace("Mario@", "\"Mario Rossi\" <MARIO@")
        .replace("cittadini.test\r\n", "cittadini.test>\r\n");
    assert_eq!(judge(&format!("Received: from a by b\r\n{copy}")), Ok((3, 0)));
    // Encoded anew, cut from its multipart without the last line break, stored with LF.
    let anew =
        SENT.replace("text/plain\r\n\r\nciao", "text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nY2lhbw==");
    assert_eq!(judge(&anew), Ok((3, 0)));
    assert_eq!(judge(SENT.trim_end()), Ok((3, 0)));
    assert_eq!(judge(&SENT.replace("\r\n", "\n")), Ok((3, 0)));
}

#[test]
fn another_message_is_another_message() {
    for (what, from, to) in [
        ("subject", "no\r\n", "forse\r\n"),
        ("author", "ente@pec.test", "altro@pec.test"),
        ("recipient", "Mario@cittadini", "anna@cittadini"),
        ("one more recipient", "To: Mario@", "To: x@y.test, Mario@"),
        ("a copy to another", "To: ", "Cc: x@y.test\r\nTo: "),
        ("text", "\r\n\r\nciao", "\r\n\r\naddio"),
        ("text that is only seen by some", "<p>ciao</p>", "<p>addio</p>"),
        ("file", "QUJD", "QUJE"),
        ("name of the file", "name=\"a.pdf\"", "name=\"b.pdf\""),
        ("type of the file", "application/pdf", "application/zip"),
        ("a part more", "--b--", "--b\r\n\r\nx\r\n--b--"),
        ("the tree", "multipart/alternative", "multipart/mixed"),
        ("not a tree", "Content-Type: multipart/mixed; boundary=b\r\n", ""),
    ] {
        assert_eq!(judge(&SENT.replace(from, to)), Err("returned-differs"), "{what}");
    }
    assert_eq!(judge(""), Err("returned-differs"));
}

#[test]
fn a_brief_copy_holds_digests_of_what_was_sent() {
    let upper = SHA1_OF_QUJD.to_ascii_uppercase();
    let brief = |digest: &str| judge(&SENT.replace(FILE, &hash_part(digest)));
    for digest in [SHA1_OF_QUJD, SHA1_OF_ABC, SHA256_OF_QUJD, upper.as_str()] {
        assert_eq!(brief(digest), Ok((2, 1)), "{digest}");
    }
    for digest in [
        "",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        SHA1_OF_QUJD.trim_start_matches('b'),
        &SHA256_OF_QUJD.replace('d', "e"),
    ] {
        assert_eq!(brief(digest), Err("returned-hash-differs"), "{digest}");
    }
    assert_eq!(brief("non è un'impronta"), Err("returned-differs"));
    // The text has no name: it must be there itself.
    let text = SENT.replace("text/plain\r\n\r\nciao", &format!("text/plain; name=t.hash\r\n\r\n{SHA1_OF_QUJD}"));
    assert_eq!(judge(&text), Err("returned-hash-differs"));
}

#[test]
fn a_message_attached_is_hashed_whole_and_a_signed_one_keeps_its_signature() {
    let inner = "Subject: y\r\n\r\nQUJD";
    let digest = Hash::Sha1.of_pieces(|sink| sink(inner.as_bytes()));
    let sent = SENT.replace(FILE, &format!("Content-Type: message/rfc822; name=m.eml\r\n\r\n{inner}"));
    let brief = SENT.replace(FILE, &format!("Content-Type: text/plain; name=m.eml.hash\r\n\r\n{digest}"));
    assert_eq!(same_message(sent.as_bytes(), brief.as_bytes()), Ok(Tally { whole: 2, hashed: 1 }));

    let signed = SENT.replace("multipart/mixed;", "multipart/signed; protocol=\"application/pkcs7-signature\";");
    let signature = "--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nU0lH\r\n--b--";
    let signed = signed.replace(&format!("--b\r\n{FILE}\r\n--b--"), signature);
    assert_eq!(same_message(signed.as_bytes(), signed.as_bytes()), Ok(Tally { whole: 3, hashed: 0 }));

    let enveloped = "Subject: x\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nQUJD\r\n";
    assert_eq!(same_message(enveloped.as_bytes(), enveloped.as_bytes()), Ok(Tally { whole: 1, hashed: 0 }));
}

#[test]
fn a_copy_too_deep_or_too_wide_is_not_compared_for_ever() {
    let deep: String =
        (0..2000).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n")).collect();
    let wide = String::from("Content-Type: multipart/mixed; boundary=b\r\n\r\n") + &"--b\r\n\r\n".repeat(5000);
    for bomb in [deep, wide] {
        let why = same_message(bomb.as_bytes(), bomb.as_bytes()).map_err(|why| why.code);
        assert!(matches!(why, Ok(Tally { whole: 1, .. }) | Err("returned-differs")), "{why:?}");
    }
}

proptest! {
    #[test]
    fn any_change_of_any_content_is_seen(content in prop::sample::select(&["ciao\r\n--c\r\n", "<p>ciao</p>", "QUJD"][..]), at in 0usize..4, byte in 0x21u8..0x7f) {
        let at = SENT.find(content).unwrap() + at;
        let mut copy = SENT.as_bytes().to_vec();
        copy[at] = byte;
        prop_assert_eq!(same_message(SENT.as_bytes(), &copy).is_ok(), byte == SENT.as_bytes()[at]);
    }

    #[test]
    fn any_bytes_are_answered(ours in proptest::collection::vec(any::<u8>(), 0..300), theirs in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = same_message(&ours, &theirs);
        prop_assert!(same_message(&ours, &ours).is_ok());
    }
}

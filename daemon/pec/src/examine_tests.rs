//! `examine` answers anything, on a small stack.

use super::*;
use crate::anchors::Anchor;
use crate::report::Outcome;
use proptest::prelude::*;
use std::string::ToString;
use std::{fs, path::Path, thread};

/// tokio's worker has 2 MiB; debug frames are several times those of a release.
const SMALL_STACK: usize = 256 * 1024;

fn testdata(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap()
}

/// Examines under the authority of the vectors, and looks at the form of the answer.
fn answered(raw: &[u8]) -> Examined {
    let anchor = Anchor::from_certificate(&testdata("ca/sub.der"), "Prova", &[], false).unwrap();
    let anchors = Anchors { list: Vec::from([anchor]) };
    let policy = Policy::new(&anchors);
    let seen = examine(raw, &policy);
    let order: Vec<Check> = seen.report.entries.iter().map(|e| e.check).collect();
    assert_eq!(order, Check::ALL);
    let certified = matches!(seen.verdict, Verdict::Certified(_));
    assert_eq!(certified, seen.grade <= Grade::GenuineWeak);
    assert_eq!(certified, seen.report.failures().next().is_none());
    seen
}

fn on_a_small_stack(raw: Vec<u8>) -> (Grade, Option<Outcome>) {
    let thread = thread::Builder::new().stack_size(SMALL_STACK).spawn(move || {
        let seen = answered(&raw);
        (seen.grade, seen.report.outcome(Check::Bytes).cloned())
    });
    thread.unwrap().join().unwrap()
}

#[test]
fn bombs_are_answered() {
    let many = 1_000_000;
    let nested = |n: usize| (0..n).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n"));
    let multiparts: String = nested(100_000).collect();
    let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(many);
    let wide = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_string() + &"--b\r\n\r\n".repeat(many);
    let digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n".repeat(many / 4);
    for bomb in [multiparts, messages, wide, digest, "\n".repeat(many), "a".repeat(many), "a:\n".repeat(many)] {
        for marker in ["", "X-Trasporto: posta-certificata\r\n"] {
            on_a_small_stack([marker.as_bytes(), bomb.as_bytes()].concat());
        }
    }
    let (grade, bytes) = on_a_small_stack(nested(1000).collect::<String>().into_bytes());
    assert_eq!(grade, Grade::NotPec);
    assert!(matches!(bytes, Some(Outcome::Fail(why)) if why.code == "too-deep"));
}

#[test]
fn a_signature_that_nests_is_answered() {
    let bomb = "MIAwgDCA".repeat(80_000);
    let raw = format!(
        "X-Trasporto: posta-certificata\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n\
         Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n{bomb}\r\n--b--\r\n"
    );
    assert_eq!(on_a_small_stack(raw.into_bytes()).0, Grade::Suspect);
}

#[test]
fn size_has_an_end() {
    let mut raw = b"Subject: x\r\n\r\n".to_vec();
    assert_eq!(answered(&[]).grade, Grade::NotPec);
    raw.resize(100 * 1024 * 1024, b'x');
    assert_eq!(answered(&raw).grade, Grade::NotPec);
    raw.resize(MESSAGE_BYTES_MAX + 1, b'x');
    let seen = answered(&raw);
    assert!(matches!(seen.report.outcome(Check::Bytes), Some(Outcome::Fail(why)) if why.code == "too-large"));
}

#[test]
fn a_header_without_end_may_claim_anything() {
    let raw = [b"A: ".as_slice(), &alloc::vec![b'x'; 2 << 20], b"\r\nX-Trasporto: errore\r\n\r\n"].concat();
    let seen = answered(&raw);
    assert_eq!(seen.grade, Grade::Suspect);
    assert_eq!(seen.report.failures().map(|(_, why)| why.code).collect::<Vec<_>>(), ["headers-too-large"]);
}

#[test]
fn two_content_types_or_two_froms_never_choose_one() {
    let base = [b"X-Trasporto: posta-certificata\r\n".to_vec(), testdata("mime/11-dup-content-type.eml")].concat();
    let seen = answered(&base);
    assert_eq!(seen.report.failures().next().map(|(_, why)| why.code), Some("duplicate-content-type"));
}

fn seeds() -> impl Strategy<Value = Vec<u8>> {
    let names = ["mime/00-base.eml", "mime/35-nested-multipart-same-prefix.eml", "cms/bc_smime.eml", "cms/pss.eml"];
    proptest::sample::select(names.to_vec())
        .prop_map(|name| [b"X-Trasporto: posta-certificata\r\n".to_vec(), testdata(name)].concat())
}

proptest! {
    #[test]
    fn random_bytes_are_answered(raw in proptest::collection::vec(any::<u8>(), 0..600)) {
        answered(&raw);
    }

    #[test]
    fn random_mail_is_answered(raw in "(X-Trasporto: (errore|posta-certificata)\r\n)?([A-Za-z-]{1,12}:[ -~]{0,30}\r?\n){0,8}\r\n[ -~\r\n]{0,200}") {
        answered(raw.as_bytes());
    }

    #[test]
    fn mutated_messages_are_answered(
        seed in seeds(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..40, proptest::collection::vec(any::<u8>(), 0..6)), 1..6),
    ) {
        let mut raw = seed;
        for (at, cut, put) in changes {
            let at = at.index(raw.len().max(1));
            let end = (at + cut).min(raw.len());
            raw.splice(at.min(end)..end, put);
        }
        answered(&raw);
    }
}

//! The vectors of `testdata/` (made for this project with OpenSSL and Bouncy Castle): relays' and attackers' changes to
//! a signed message, and every shape of CMS.

use super::*;
use crate::anchors::{Anchor, Anchors};
use crate::report::Report;
use std::string::ToString;
use std::{fs, path::Path};

fn testdata(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap()
}

/// Whether it is proven, and the report.
fn judged(message: &[u8], anchors: &Anchors) -> (bool, Grade, Report) {
    let mut sheet = Sheet::new();
    let policy = Policy::new(anchors);
    let head = Entity::read(message);
    let proof = prove(&head, &Dashes::find(message), &policy, &mut sheet, &mut None, |_| None);
    let (grade, report) = sheet.close();
    (proof.is_some(), grade, report)
}

/// «proven», or the first check that failed with its code.
fn outcome(message: &[u8], anchors: &Anchors) -> String {
    let (proven, grade, report) = judged(message, anchors);
    let failure = report.failures().next().map(|(check, why)| format!("{} {}", check.code(), why.code));
    assert_eq!(proven, failure.is_none(), "a proof and a failure exclude each other");
    assert_eq!(proven, grade != Grade::Suspect);
    failure.unwrap_or_else(|| if grade == Grade::GenuineWeak { "weak" } else { "proven" }.to_string())
}

fn vectors_authority() -> Anchors {
    let anchor = Anchor::from_certificate(&testdata("ca/sub.der"), "Prova", &[], false).unwrap();
    Anchors { list: Vec::from([anchor]) }
}

#[test]
fn every_vector_has_its_outcome() {
    // «signer from-not-one»: the message has no From, so all before that held.
    let cases = [
        ("mime/00-base.eml", "proven"),
        ("mime/01-all-LF.eml", "proven"),
        ("mime/02-trailing-ws-stripped.eml", "signature digest-differs"),
        ("mime/03-8bit-to-qp.eml", "signature digest-differs"),
        ("mime/04-boundary-trailing-ws.eml", "proven"),
        ("mime/05-epilogue.eml", "proven"),
        ("mime/06-big-preamble.eml", "proven"),
        ("mime/07-third-part.eml", "structure not-two-parts"),
        ("mime/08-extra-part-first.eml", "structure not-two-parts"),
        ("mime/09-no-close-delim.eml", "structure not-closed"),
        ("mime/10-close-no-eol.eml", "proven"),
        ("mime/11-dup-content-type.eml", "structure duplicate-content-type"),
        ("mime/12-boundary-unquoted-comment.eml", "proven"),
        ("mime/13-boundary-dup-param.eml", "structure bad-boundary"),
        ("mime/14-header-folded-ct.eml", "proven"),
        ("mime/15-upper-ct.eml", "proven"),
        ("mime/16-x-pkcs7.eml", "proven"),
        ("mime/17-b64-junk.eml", "proven"),
        ("mime/18-b64-garbage-tail.eml", "cms p7s-encoding"),
        ("mime/19-one-byte.eml", "signature digest-differs"),
        ("mime/20-extra-crlf-before-boundary.eml", "signature digest-differs"),
        ("mime/21-missing-crlf-before-boundary.eml", "signature digest-differs"),
        ("mime/22-dot-unstuffed.eml", "signature digest-differs"),
        ("mime/23-From-escaped.eml", "signature digest-differs"),
        ("mime/24-boundary-prefix-inside.eml", "proven"),
        ("mime/25-nul-in-preamble.eml", "proven"),
        ("mime/26-bom.eml", "proven"),
        ("mime/27-cr-only-in-preamble.eml", "proven"),
        ("mime/29-empty-body-part.eml", "proven"),
        ("mime/30-headers-only-no-blank.eml", "proven"),
        ("mime/31-body-ends-crlf.eml", "proven"),
        ("mime/32-no-headers-part.eml", "proven"),
        ("mime/33-lf-inside-signed-as-is.eml", "proven"),
        ("mime/34-lone-cr-inside.eml", "proven"),
        ("mime/35-nested-multipart-same-prefix.eml", "proven"),
        ("mime/36-message-rfc822-inside.eml", "proven"),
        ("mime/37-nul-and-binary.eml", "proven"),
        ("cms/bc_smime.eml", "proven"),
        ("cms/binary.eml", "proven"),
        ("cms/cades.eml", "proven"),
        ("cms/ecp256.eml", "signer from-not-one"),
        ("cms/ecp384.eml", "signer from-not-one"),
        ("cms/keyid.eml", "proven"),
        ("cms/lfonly.eml", "signer from-not-one"),
        ("cms/noattr.eml", "cms cms-no-attributes"),
        ("cms/nocerts.eml", "cms cms-no-certificate"),
        ("cms/nointer.eml", "signer from-not-one"),
        ("cms/opaque.eml", "structure not-signed"),
        ("cms/opaquenoattr.eml", "structure not-signed"),
        ("cms/opaquestream.eml", "structure not-signed"),
        ("cms/pss.eml", "proven"),
        ("cms/pss20.eml", "proven"),
        ("cms/pssmax.eml", "proven"),
        ("cms/sha1.eml", "weak"),
        ("cms/sha256.eml", "proven"),
        ("cms/sha384.eml", "proven"),
        ("cms/sha512.eml", "proven"),
        ("cms/smimecmd.eml", "signer from-not-one"),
        ("cms/stream.eml", "proven"),
        ("cms/twosign.eml", "cms cms-signers"),
    ];
    let anchors = vectors_authority();
    for (name, wanted) in cases {
        assert_eq!(outcome(&testdata(name), &anchors), wanted, "{name}");
    }
}

#[test]
fn attributes_passed_off_as_content_are_refused() {
    // OpenSSL says «Verification successful» to this one (`reference` signatures.md §6).
    let forged = testdata("cms/forged-attributes.p7m");
    let (der, _) = ber::normalise(&forged).unwrap();
    assert_eq!(detached(&der).err().map(|why| why.code), Some("cms-attached"));
}

#[test]
fn a_pinned_key_vouches_only_for_what_it_signed() {
    let other = Anchor::from_certificate(&testdata("ca/subnc.der"), "Altra", &[], false).unwrap();
    let anchors = Anchors { list: Vec::from([other]) };
    assert_eq!(outcome(&testdata("cms/sha256.eml"), &anchors), "chain no-anchor");
    assert_eq!(outcome(&testdata("cms/sha256.eml"), &Anchors::agid()), "chain no-anchor");
    // The root vouches by way of the issuer that the message carries.
    let root = Anchor::from_certificate(&testdata("ca/root.der"), "Radice", &[], false).unwrap();
    assert_eq!(outcome(&testdata("cms/sha256.eml"), &Anchors { list: Vec::from([root]) }), "proven");
}

#[test]
fn every_message_that_was_made_wrong_is_refused_by_its_rule() {
    let table = String::from_utf8(testdata("made/expected.tsv")).unwrap();
    let anchors = vectors_authority();
    let mut count = 0;
    for line in table.lines().filter(|line| line.contains(".eml\t")) {
        let [name, wanted, openssl] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let (message, wanted) = (testdata(&format!("made/{name}")), wanted.strip_suffix(" noted").unwrap_or(wanted));
        assert_eq!(outcome(&message, &anchors), wanted, "{name}");
        // Whatever is proven, OpenSSL verifies, with one exception: attributes that were sorted only to be hashed.
        assert!(wanted != "proven" || openssl == "accepts" || name == "unsorted-hashed-sorted.eml", "{name}");
        count += 1;
    }
    assert!(count > 20);
}

#[test]
fn what_follows_the_signature_is_said_unless_it_is_padding() {
    let notes = |name: &str| judged(&testdata(name), &vectors_authority()).2.notes;
    assert_eq!(notes("made/trailing-zeros.eml"), notes("made/genuine.eml"));
    assert!(notes("made/trailing-bytes.eml").iter().any(|note| note.contains("5 byte")));
    assert!(notes("made/unsorted-hashed-sorted.eml").iter().any(|note| note.contains("ordine DER")));
}

#[test]
fn the_report_says_how_many_signers_there_are() {
    let (_, _, report) = judged(&testdata("made/two-signers-good-bad.eml"), &vectors_authority());
    let said: Vec<String> = report.failures().map(|(_, why)| why.text.clone()).collect();
    assert!(said.iter().any(|text| text.contains("ne ha 2")), "{said:?}");
}

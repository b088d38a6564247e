//! What must hold of every input, however hostile: run on the seeds by the tests, on their mutants by `tests/fuzz`.
//!
//! Each function panics where its property fails. Not part of the library: behind the feature `fuzzing`.

use crate::anchors::{Anchor, Anchors};
use crate::content::{self, ATTACHMENTS_MAX, Content, PARTS_MAX, TEXT_BYTES_MAX};
use crate::crypto::{hex, sha256};
use crate::daticert::{DATICERT_BYTES_MAX, Daticert};
use crate::decode;
use crate::examine::{Examined, Policy, Verdict, examine as examine_message};
use crate::excerpt::Excerpt;
use crate::mime::{self, Dashes, Encoding, Entity, MediaType, Multipart};
use crate::report::{Check, Grade, Outcome};
use crate::signature::{self, LAYERS_MAX, Signatory, Signed};
use crate::{ber, html, xml};
use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

/// The authority of a certificate in PEM, as the only one that is trusted.
pub fn authority(pem: &str) -> Anchors {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let (der, _) = decode::whole(body.as_bytes(), Encoding::Base64);
    Anchors { list: Anchor::from_certificate(&der, "SIMULAZIONE", &[], true).into_iter().collect() }
}

/// The digests (SHA-256, hex) of all that the providers of the authority really signed in these messages. Also where the
/// message around it is out of order, and so proves nothing: a mutant may set that right, and is then rightly believed.
pub fn signed<'m>(messages: impl Iterator<Item = &'m [u8]> + Clone, anchors: &Anchors) -> BTreeSet<String> {
    let keys: BTreeSet<String> = messages
        .clone()
        .filter_map(|message| match examine_message(message, &Policy::new(anchors)).verdict {
            Verdict::Certified(certified) => Some(certified.signer().certificate_sha256.clone()),
            Verdict::Unproven(_) => None,
        })
        .collect();
    let is_known = |signer: &Signatory| {
        let certificate = signer.certificate.as_ref().map(|der| hex(&sha256(der)));
        signer.outcome == Outcome::Pass && certificate.is_some_and(|digest| keys.contains(&digest))
    };
    let mut digests = BTreeSet::new();
    for message in messages {
        each_signed_pair(message, &mut |part, object| {
            for bytes in [Cow::Borrowed(part), Cow::Owned(mime::with_crlf(part))] {
                if signature::read(object, Some(&bytes)).is_ok_and(|signed| signed.signers.iter().any(is_known)) {
                    digests.insert(hex(&sha256(&bytes)));
                }
            }
        });
    }
    digests
}

/// Every part of a message with every part after it that may be its signature, whatever headers say: by each boundary that
/// is named anywhere.
fn each_signed_pair(message: &[u8], visit: &mut impl FnMut(&[u8], &[u8])) {
    const NAME: &[u8] = b"boundary=";
    let named = message.windows(NAME.len()).enumerate().filter(|(_, bytes)| bytes.eq_ignore_ascii_case(NAME));
    let boundaries: BTreeSet<&[u8]> = named
        .filter_map(|(at, _)| message.get(at + NAME.len()..))
        .filter_map(|rest| match rest.strip_prefix(b"\"") {
            Some(quoted) => quoted.split(|byte| *byte == b'"').next(),
            None => rest.split(|byte| byte.is_ascii_whitespace() || *byte == b';').next(),
        })
        .collect();
    for boundary in boundaries {
        let parts = Multipart::read(message, &Dashes::default(), boundary, PARTS_MAX).parts;
        for (at, part) in parts.iter().enumerate() {
            for other in parts.iter().skip(at + 1) {
                let entity = Entity::read(other);
                visit(part, &decode::whole(entity.body, entity.encoding()).0);
            }
        }
    }
}

/// A message: the answer is total, the same twice, and nobody is believed who did not sign. `is_genuine` knows what [`signed`]
/// found.
pub fn examine(message: &[u8], anchors: &Anchors, is_genuine: impl Fn(&str) -> bool) -> Examined {
    let policy = Policy::new(anchors);
    let seen = examine_message(message, &policy);
    assert_eq!(format!("{seen:?}"), format!("{:?}", examine_message(message, &policy)), "examined twice");
    let checks = seen.report.entries.iter().map(|entry| entry.check);
    assert!(checks.eq(Check::ALL), "every check, once, in order");
    let is_believed = matches!(seen.grade, Grade::Genuine | Grade::GenuineWeak);
    match &seen.verdict {
        Verdict::Certified(certified) => {
            assert!(is_believed, "certified, and {:?}", seen.grade);
            assert!(is_genuine(&certified.signer().signed_sha256), "nobody signed this");
            // The two checks whose failure is a flag: unsigned times (§9.15), another copy returned (§9.14).
            let is_flag = |check: Check| matches!(check, Check::Time | Check::Returned);
            let failed: alloc::vec::Vec<_> = seen.report.failures().filter(|(check, _)| !is_flag(*check)).collect();
            assert!(failed.is_empty(), "certified, and failed: {failed:?}");
        }
        Verdict::Unproven(_) => assert!(!is_believed, "not certified, and {:?}", seen.grade),
    }
    seen
}

/// A signature object, beside some content.
pub fn cms(object: &[u8]) {
    if let Some((normal, taken)) = ber::normalise(object) {
        assert!(taken <= object.len(), "more than there was");
        let Some((again, all)) = ber::normalise(&normal) else { unreachable!("the normal form is read") };
        assert!(matches!(again, Cow::Borrowed(_)) && all == normal.len(), "the normal form is its own");
        assert!(ber::read(&normal).is_some_and(|(tlv, rest)| tlv.whole == &*normal && rest.is_empty()), "one element");
    }
    for content in [None, Some(&b"Content-Type: text/plain\r\n\r\nciao\r\n"[..])] {
        let read = signature::read(object, content);
        assert_eq!(read, signature::read(object, content), "read twice");
        if let Ok(signed) = &read {
            assert!(signed.trailing <= object.len(), "more trails than there was");
            layers(signed, 1);
        }
    }
}

/// A signature, and those that it lies around.
fn layers(signed: &Signed<'_>, depth: usize) {
    assert!(depth <= LAYERS_MAX, "deeper than it may be");
    for signer in &signed.signers {
        assert!(signer.outcome != Outcome::Pass || signer.certificate.is_some(), "proven by a key that is not there");
    }
    if let Some(Ok(inner)) = signed.inner() {
        layers(&inner, depth + 1);
    }
}

/// The signed statement.
pub fn daticert(bytes: &[u8]) {
    let read = Daticert::read(bytes);
    assert_eq!(read, Daticert::read(bytes), "read twice");
    if let Ok(data) = read {
        assert!(bytes.len() <= DATICERT_BYTES_MAX && !data.destinatari.is_empty());
        let text = xml::text(bytes).unwrap_or_default();
        let read = if data.repaired { Cow::Owned(xml::without_forbidden_characters(&text)) } else { text };
        assert!(xml::is_simple(&read), "what was read was not bounded");
        assert!(!data.repaired || *read != *xml::text(bytes).unwrap_or_default(), "repaired for nothing");
    }
}

/// A message, as anybody may write it: cut into lines, fields, parts, texts.
pub fn mime(message: &[u8]) {
    let dashes = Dashes::find(message);
    let within = |piece: &[u8], whole: &[u8]| piece.is_empty() || mime::range_in(whole, piece).is_some();
    let head = Entity::read(message);
    assert!(within(head.body, message) && head.fields.iter().all(|field| within(field.value, message)));
    assert!(head.fields.len() <= mime::HEADER_FIELDS_MAX);
    if let Some(boundary) = head.media_type().as_ref().and_then(MediaType::boundary) {
        let parts = Multipart::read(head.body, &dashes, boundary, PARTS_MAX).parts;
        assert!(parts.len() <= PARTS_MAX && parts.iter().all(|part| within(part, head.body)));
        assert!(parts.is_sorted_by(|a, b| a.as_ptr_range().end <= b.as_ptr()), "parts overlap");
        // One pass over the message finds the delimiters that a pass over the body does.
        assert_eq!(parts, Multipart::read(head.body, &Dashes::default(), boundary, PARTS_MAX).parts);
    }
    let canonical = mime::with_crlf(message);
    assert!(!mime::has_bare_lf(None, &canonical) && mime::with_crlf(&canonical) == canonical, "CRLF once is CRLF");
    assert_eq!(mime::has_bare_lf(None, message), canonical != message, "a line end that was not seen");
    for encoding in [Encoding::Identity, Encoding::Base64, Encoding::QuotedPrintable] {
        assert!(decode::whole(message, encoding).0.len() <= message.len(), "decoding makes no more");
    }
    let (content, _) = Content::read(message, &dashes, Excerpt::whole(message));
    assert_eq!(&*content.source.of(message), message, "the message is not found again");
    assert!(content.text.len() <= TEXT_BYTES_MAX && content.attachments.len() <= ATTACHMENTS_MAX);
    for file in &content.attachments {
        let measured = file.measure(message);
        assert!(measured.size <= message.len() as u64 && (measured.size == 0) == file.empty, "{file:?}: {measured:?}");
    }
    assert!(is_one_line(&content.subject) && content.attachments.iter().all(|file| is_one_line(&file.name)));
    let most = message.len() / 2;
    assert!(html::to_text(&String::from_utf8_lossy(message), most).len() <= most, "text longer than asked");
}

/// A header value that should be addresses, or ids, or a date, or words.
pub fn addresses(value: &[u8]) {
    let all = content::mailboxes(value);
    assert_eq!(all, content::mailboxes(value), "read twice");
    assert!(all.iter().all(|one| is_one_line(&one.name) && is_one_line(&one.address)), "a line break in {all:?}");
    assert!(is_one_line(&content::unstructured(value)));
    let _ = content::date(value);
    let message = [b"From: ", value, b"\r\nReferences: ", value, b"\r\nReturn-Path: ", value, b"\r\n\r\n"].concat();
    let (content, _) = Content::read(&message, &Dashes::find(&message), Excerpt::whole(&message));
    assert!(content.references.iter().all(|id| id.starts_with('<') && id.ends_with('>')));
    assert!(content.return_path.iter().all(|path| !path.contains(['\r', '\n'])));
}

/// Nothing that breaks a line elsewhere.
fn is_one_line(text: &str) -> bool {
    !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::vec::Vec;

    fn files(folder: &str) -> Vec<PathBuf> {
        let mut folders = Vec::from([Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)]);
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        assert!(!files.is_empty());
        files
    }

    /// Every seed keeps every property, whatever it was meant for; so the targets are right, and the seeds reach their ends.
    #[test]
    fn they_hold_on_every_seed() {
        let anchors = authority(include_str!("../../../fixtures/trust/simulazione/SIMULAZIONE.pem"));
        let seeds: Vec<Vec<u8>> = ["testdata", "../../fixtures/mail", "../../tests/fuzz/seeds"]
            .iter()
            .flat_map(|folder| files(folder))
            .map(|file| fs::read(file).unwrap())
            .collect();
        let signed = signed(seeds.iter().map(Vec::as_slice), &anchors);
        for bytes in &seeds {
            examine(bytes, &anchors, |digest| signed.contains(digest));
            mime(bytes);
            cms(bytes);
            daticert(bytes);
            addresses(bytes);
        }
        assert!(signed.len() > 10, "the seeds do not reach a certificate: {}", signed.len());
        let seeds = files("../../tests/fuzz/seeds/daticert");
        assert!(seeds.iter().any(|f| Daticert::read(&fs::read(f).unwrap()).is_ok()));
    }
}

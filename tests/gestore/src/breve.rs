//! Changes when the reading of the brief delivery receipt changes (RFC 6109 §3.3.2.2, pec.md §5).
//!
//! The MIME tree stays; each part that has a name is replaced by a text part `<name>.hash` with the SHA-1, in hex, of the part's
//! content as it was transferred (base64 and all).

use crate::codec::{header_text, hex};
use crate::crypto;
use crate::reading::{Message, parameter};
use crate::style::Digest;

/// Multiparts deeper than this keep their attachments whole: nobody composes such a message by hand.
const DEEPEST: usize = 20;

/// The original with its named parts replaced by hashes.
pub(crate) fn shorten(original: &[u8]) -> Vec<u8> {
    part(original, DEEPEST, Place::Top)
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// The message itself.
    Top,
    /// A part of a multipart.
    Inside,
}

fn part(raw: &[u8], depth: usize, place: Place) -> Vec<u8> {
    let message = Message::read(raw);
    let content_type = message.text("Content-Type").unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();

    // An enveloped original is left intact (§3.3.2.2): its attachments cannot be seen.
    if place == Place::Top && matches!(kind.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime") {
        return raw.to_vec();
    }
    let boundary = parameter(&content_type, "boundary").filter(|_| kind.starts_with("multipart/") && depth > 0);
    if let Some(boundary) = boundary {
        let header = raw.get(..raw.len() - message.body.len()).unwrap_or_default();
        return [header, &multipart(message.body, &boundary, kind == "multipart/signed", depth - 1)].concat();
    }
    let disposition = message.text("Content-Disposition").unwrap_or_default();
    match parameter(&disposition, "filename").or_else(|| parameter(&content_type, "name")) {
        Some(name) if place == Place::Inside => hashed(&name, message.body),
        _ => raw.to_vec(),
    }
}

fn hashed(name: &str, content: &[u8]) -> Vec<u8> {
    let name = header_text(&format!("{name}.hash")).replace('"', "'");
    let digest = hex(&crypto::digest(Digest::Sha1, content));
    format!(
        "Content-Type: text/plain; charset=\"us-ascii\"; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{digest}"
    )
    .into_bytes()
}

/// Goes through the parts; `signed` keeps the second one, the signature, as it is (it fails afterwards, by design).
fn multipart(body: &[u8], boundary: &str, signed: bool, depth: usize) -> Vec<u8> {
    let delimiter = format!("--{boundary}");
    let mut out = Vec::with_capacity(body.len());
    let (mut inside, mut count) = (None::<Vec<u8>>, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let ends = text.strip_suffix(b"--").is_some_and(|start| start == delimiter.as_bytes());
        if ends || text == delimiter.as_bytes() {
            if let Some(raw) = inside.take() {
                // The line break before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
                let raw = raw.strip_suffix(b"\n").map_or(&raw[..], |raw| raw.strip_suffix(b"\r").unwrap_or(raw));
                count += 1;
                let new = if signed && count == 2 { raw.to_vec() } else { part(raw, depth, Place::Inside) };
                out.extend(new);
                out.extend(b"\r\n");
            }
            out.extend_from_slice(line);
            inside = (!ends).then(Vec::new);
        } else {
            match &mut inside {
                Some(raw) => raw.extend_from_slice(line),
                None => out.extend_from_slice(line),
            }
        }
    }
    out.extend(inside.unwrap_or_default()); // never closed: kept as it came
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// printf 'QUJD' | sha1sum
    const SHA1_OF_QUJD: &str = "b7eceac98410d063105b40aaeea98ae29db56953";

    fn mixed(part: &str) -> String {
        format!(
            "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nciao\r\n--b\r\n{part}\r\n--b--\r\n"
        )
    }

    #[test]
    fn a_named_part_becomes_the_hash_of_its_transferred_bytes() {
        let original =
            mixed("Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD");
        let brief = String::from_utf8(shorten(original.as_bytes())).unwrap();
        assert!(brief.contains("ciao") && !brief.contains("QUJD"), "{brief}");
        assert!(brief.contains("name=\"a.pdf.hash\"") && brief.contains(SHA1_OF_QUJD), "{brief}");
        assert!(brief.ends_with("\r\n--b--\r\n"));
    }

    #[test]
    fn a_forwarded_message_is_hashed_whole_and_nested_parts_are_found() {
        let inner = "Content-Type: multipart/related; boundary=c\r\n\r\n--c\r\nContent-Type: message/rfc822; name=m.eml\r\n\r\nSubject: y\r\n\r\nQUJD\r\n--c--\r\n";
        let brief = String::from_utf8(shorten(mixed(inner).as_bytes())).unwrap();
        assert!(brief.contains("m.eml.hash") && !brief.contains("Subject: y"), "{brief}");
        assert!(brief.contains("--c--"), "the tree stays: {brief}");
    }

    #[test]
    fn a_signed_original_keeps_its_signature_and_an_enveloped_one_everything() {
        let signed = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nQUJD\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nU0lH\r\n--b--\r\n";
        let brief = String::from_utf8(shorten(signed.as_bytes())).unwrap();
        assert!(brief.contains(SHA1_OF_QUJD) && brief.contains("U0lH"), "{brief}");
        let enveloped = b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nQUJD";
        assert_eq!(shorten(enveloped), enveloped);
    }

    #[test]
    fn broken_trees_are_kept() {
        for raw in [
            "",
            "Content-Type: multipart/mixed\r\n\r\nno boundary",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nnever closed",
        ] {
            assert_eq!(shorten(raw.as_bytes()), raw.as_bytes());
        }
    }
}

//! What whoever receives a file must know before opening it. It changes when another form of file is told apart.
//!
//! No promise: what is not seen here is not thereby harmless. It is said to who sent the file, so that a better one comes in time.

use crate::decode;
use crate::mime::Encoding;

/// Bytes at the head of a file that are looked at.
const HEAD_BYTES_MAX: usize = 1024;
/// Largest Pdf that is read for a password, bytes as it is written: the mark stands at its end.
const PDF_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Endings of files that a double click runs.
const PROGRAMS: [&str; 22] = [
    "apk", "bat", "cmd", "com", "cpl", "dll", "exe", "hta", "jar", "js", "jse", "lnk", "msi", "msp", "pif", "ps1",
    "reg", "scr", "vbe", "vbs", "wsf", "wsh",
];
/// Endings of office documents that are archives, unless a password was put on them.
const PACKED: [&str; 6] = ["docx", "odp", "ods", "odt", "pptx", "xlsx"];
/// The head of the older office formats, in which a newer document with a password lies.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// What a Pdf with a password has in its trailer (ISO 32000-1 §7.6.1).
const ENCRYPT: &[u8] = b"/Encrypt";

/// How a file can be opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Opens {
    /// As any document, for all that is seen.
    #[default]
    Plainly,
    /// It would run: nobody should open it.
    AsProgram,
    /// With a password that is not in it.
    WithPassword,
}

/// How the file with this name opens.
pub(crate) fn opens(name: &str, body: &[u8], encoding: Encoding) -> Opens {
    let ending = name.trim().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let (head, ..) = decode::at_most(body, encoding, HEAD_BYTES_MAX);
    let is_windows = head.starts_with(b"MZ") && head.get(..64).is_some_and(|head| head.contains(&0));
    if PROGRAMS.contains(&ending.as_str()) || is_windows || head.starts_with(b"\x7fELF") {
        return Opens::AsProgram;
    }
    // The first file of an archive tells: whoever sets a password sets it on all.
    let is_locked_zip = head.starts_with(b"PK\x03\x04") && head.get(6).is_some_and(|flags| flags & 1 == 1);
    let is_locked_office = head.starts_with(COMPOUND) && PACKED.contains(&ending.as_str());
    let is_pdf = memchr::memmem::find(&head, b"%PDF-").is_some() && body.len() <= PDF_BYTES_MAX;
    if is_locked_zip || is_locked_office || is_pdf && is_locked_pdf(body, encoding) {
        return Opens::WithPassword;
    }
    Opens::Plainly
}

/// Whether the mark stands in it, followed by what it must be followed by: a reference, or the dictionary itself.
fn is_locked_pdf(body: &[u8], encoding: Encoding) -> bool {
    let (mut found, mut last) = (false, alloc::vec::Vec::new());
    decode::each_piece(body, encoding, &mut |piece| {
        if found {
            return;
        }
        last.extend_from_slice(piece);
        found = memchr::memmem::find_iter(&last, ENCRYPT).any(|at| {
            let after = last.get(at + ENCRYPT.len()..).unwrap_or_default();
            after.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| b.is_ascii_digit() || *b == b'<')
        });
        // The mark may lie across two pieces.
        let kept = last.len().saturating_sub(ENCRYPT.len() + 8);
        last.drain(..kept);
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, body: &[u8]) -> Opens {
        opens(name, body, Encoding::Identity)
    }

    #[test]
    fn what_runs_and_what_is_locked_is_told_from_documents() {
        let pdf = |trailer: &str| {
            alloc::format!("%PDF-1.7\n{}trailer << {trailer} >>\n%%EOF", "x".repeat(70_000)).into_bytes()
        };
        for (name, body) in [("visura.pdf", pdf("/Size 3 /Encrypt 5 0 R")), ("a.pdf", pdf("/Encrypt<< /V 1 >>"))] {
            assert_eq!(of(name, &body), Opens::WithPassword, "{name}");
        }
        assert_eq!(of("atti.zip", b"PK\x03\x04\x14\x00\x01\x00"), Opens::WithPassword);
        assert_eq!(of("atti.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Opens::WithPassword);
        let exe = [&b"MZ\x90\0"[..], &[0; 80]].concat();
        for (name, body) in [("fattura.pdf", &exe[..]), ("fattura.pdf.exe", b""), ("Apri.JS", b"1"), ("a", b"\x7fELF")]
        {
            assert_eq!(of(name, body), Opens::AsProgram, "{name}");
        }
        for (name, body) in [
            ("visura.pdf", &pdf("/Size 3")[..]),
            ("visura.pdf", &pdf("/EncryptMetadata true")),
            ("atti.zip", b"PK\x03\x04\x14\x00\x00\x00"),
            ("vecchio.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
            ("mz.txt", b"MZ is a text of more than sixty-four letters, which nobody would ever take for a program"),
            ("", b""),
        ] {
            assert_eq!(of(name, body), Opens::Plainly, "{name}");
        }
    }

    #[test]
    fn an_encoded_file_is_read_as_it_decodes() {
        assert_eq!(opens("a.zip", b"UEsDBBQAAQA=", Encoding::Base64), Opens::WithPassword);
        assert_eq!(opens("a.zip", b"UEsDBBQAAAA=", Encoding::Base64), Opens::Plainly);
    }
}

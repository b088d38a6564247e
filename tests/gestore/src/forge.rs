//! Changes when another way of making a message false is to be tried (pec.md §10).
//!
//! Each function takes genuine bytes and answers false ones. Certificates that are wrong come from
//! [`crate::Authority::leaf`], a false authority from a second [`crate::Authority::create`], nonsense properly signed from
//! [`crate::Provider::seal`], a replay from delivering the same bytes twice.

use crate::mail::Mail;
use crate::reading::{Message, parameter};

/// The message with the top-level header `name` set to `value`: the first one replaced, or added where there is none. The
/// signature, which covers no top-level header, stays right.
#[must_use]
pub fn with_header(raw: &[u8], name: &str, value: &str) -> Vec<u8> {
    let message = Message::read(raw);
    let field = format!("{name}: {value}\r\n");
    let mut out = Vec::with_capacity(raw.len() + field.len());
    let mut replaced = false;
    for known in &message.fields {
        if known.is(name) && !replaced {
            out.extend_from_slice(field.as_bytes());
            replaced = true;
        } else {
            out.extend_from_slice(known.raw);
        }
    }
    if !replaced {
        out.extend_from_slice(field.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(message.body);
    out
}

/// The message with one more header, even if there is one of that name already: two `X-Ricevuta`, for instance.
#[must_use]
pub fn with_second_header(raw: &[u8], name: &str, value: &str) -> Vec<u8> {
    [format!("{name}: {value}\r\n").as_bytes(), raw].concat()
}

/// The message without any top-level header of that name.
#[must_use]
pub fn without_header(raw: &[u8], name: &str) -> Vec<u8> {
    let message = Message::read(raw);
    let kept = message.fields.iter().filter(|field| !field.is(name));
    let mut out: Vec<u8> = kept.flat_map(|field| field.raw.iter().copied()).collect();
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(message.body);
    out
}

/// Every occurrence of `from` replaced, in the signed bytes too: the signature breaks if it occurs there.
#[must_use]
pub fn with_bytes(raw: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(from) {
            Some(after) if !from.is_empty() => {
                out.extend_from_slice(to);
                rest = after;
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// The first `permille` thousandths of the bytes, as a broken transfer leaves them.
#[must_use]
pub fn truncated(raw: &[u8], permille: usize) -> Vec<u8> {
    raw.get(..raw.len().saturating_mul(permille.min(1000)) / 1000).unwrap_or(raw).to_vec()
}

/// Line ends as a program that "fixes" text files leaves them: LF alone.
#[must_use]
pub fn with_bare_lf(raw: &[u8]) -> Vec<u8> {
    with_bytes(raw, b"\r\n", b"\n")
}

/// Blanks before line ends removed, as hooks and editors do: breaks the signature of Java-like providers.
#[must_use]
pub fn without_trailing_blanks(raw: &[u8]) -> Vec<u8> {
    let mut out = raw.to_vec();
    loop {
        let shorter = with_bytes(&with_bytes(&out, b" \r\n", b"\r\n"), b"\t\r\n", b"\r\n");
        if shorter.len() == out.len() {
            return out;
        }
        out = shorter;
    }
}

/// The outside and the signature of `genuine` around the signed part of `other`. `None` if either is not signed.
#[must_use]
pub fn with_signed_part_of(genuine: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let (_, foreign, _) = signed_part(other)?;
    let (before, _, after) = signed_part(genuine)?;
    Some([before, foreign, after].concat())
}

/// The message without its signature: top-level headers kept, the signed part alone as its content.
#[must_use]
pub fn unsigned(raw: &[u8]) -> Option<Vec<u8>> {
    let (_, inside, _) = signed_part(raw)?;
    let message = Message::read(raw);
    let kept = message.fields.iter().filter(|field| !field.is("Content-Type") && !field.is("MIME-Version"));
    let mut out: Vec<u8> = kept.flat_map(|field| field.raw.iter().copied()).collect();
    if !inside.windows(13).any(|bytes| bytes.eq_ignore_ascii_case(b"MIME-Version:")) {
        out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    out.extend_from_slice(inside);
    Some(out)
}

/// An ordinary mail dressed up as a PEC: right-looking headers and a `daticert.xml` that anybody can write, no signature.
#[must_use]
pub fn ordinary_dressed_as_pec(mail: Mail, header: (&str, &str), daticert: &[u8]) -> Mail {
    mail.header(header.0, header.1).attach("daticert.xml", "application/xml", daticert)
}

/// What stands before the signed part, the signed part with its headers, what stands after. `None` if the message is not a
/// `multipart/signed` with something after its first part.
#[must_use]
pub fn signed_part(raw: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let content_type = Message::read(raw).text("Content-Type")?;
    let boundary = parameter(&content_type, "boundary")?;
    let first = format!("\n--{boundary}\r\n");
    let start = find(raw, first.as_bytes())? + first.len();
    let (before, rest) = raw.split_at(start);
    let (inside, after) = rest.split_at(find(rest, format!("\r\n--{boundary}\r\n").as_bytes())?);
    Some((before, inside, after))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

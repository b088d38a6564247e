//! ASN.1 envelopes: reads definite-length TLVs in place, and rewrites BER so that nothing else is needed.
//!
//! Five of eight providers send indefinite lengths (`reference` pec.md §8). Only indefinite lengths and constructed
//! OCTET STRINGs are rewritten; everything else is copied byte for byte, so an embedded certificate keeps the bytes
//! that its authority signed.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Deepest nesting read. A CMS signature of a provider has about 15 levels.
pub(crate) const DEPTH_MAX: usize = 48;

/// BOOLEAN … SET: the tags that this crate looks for.
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// `[0]` and `[1]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
pub(crate) const CONTEXT_1: u8 = 0xa1;
/// OCTET STRING in pieces.
const OCTET_STRING_CONSTRUCTED: u8 = 0x24;
const CONSTRUCTED: u8 = 0x20;

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tlv<'a> {
    /// Identifier octet; tags above 30 are not read.
    pub(crate) tag: u8,
    /// Contents.
    pub(crate) content: &'a [u8],
    /// Identifier, length and contents.
    pub(crate) whole: &'a [u8],
}

/// Reads one element of definite length; the rest follows.
pub(crate) fn read(input: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (tag, length, header) = header(input)?;
    let end = header.checked_add(length?)?;
    let (whole, rest) = input.split_at_checked(end)?;
    Some((Tlv { tag, content: whole.get(header..)?, whole }, rest))
}

/// Reads one element that must have this tag.
pub(crate) fn expect(input: &[u8], tag: u8) -> Option<(Tlv<'_>, &[u8])> {
    read(input).filter(|(tlv, _)| tlv.tag == tag)
}

/// The elements of a content, each whole; `None` once if it does not end where it should.
pub(crate) fn each(mut input: &[u8]) -> impl Iterator<Item = Option<Tlv<'_>>> {
    core::iter::from_fn(move || {
        if input.is_empty() {
            return None;
        }
        let element = read(input);
        input = element.map_or(&[], |(_, rest)| rest);
        Some(element.map(|(tlv, _)| tlv))
    })
}

/// Tag, length (`None` = indefinite) and size of the header. Lengths of more than four octets are refused.
fn header(input: &[u8]) -> Option<(u8, Option<usize>, usize)> {
    let (tag, first) = (*input.first()?, *input.get(1)?);
    if tag & 0x1f == 0x1f {
        return None;
    }
    match first {
        0x80 => (tag & CONSTRUCTED != 0).then_some((tag, None, 2)),
        0..0x80 => Some((tag, Some(usize::from(first)), 2)),
        _ => {
            let count = usize::from(first & 0x7f);
            let octets = input.get(2..2 + count).filter(|o| o.len() <= 4)?;
            let length = octets.iter().fold(0usize, |sum, octet| sum << 8 | usize::from(*octet));
            Some((tag, Some(length), 2 + count))
        }
    }
}

/// The first element of `input` with definite lengths only, and how many bytes of `input` it took.
/// `None` if it is not BER, or nests deeper than [`DEPTH_MAX`].
pub(crate) fn normalise(input: &[u8]) -> Option<(Cow<'_, [u8]>, usize)> {
    let mut out = Vec::new();
    let taken = copy(input, &mut out, 0)?;
    let original = input.get(..taken)?;
    Some((if out == original { Cow::Borrowed(original) } else { Cow::Owned(out) }, taken))
}

/// Appends the normal form of the first element of `input` to `out`; returns the bytes taken.
fn copy(input: &[u8], out: &mut Vec<u8>, depth: usize) -> Option<usize> {
    if depth > DEPTH_MAX {
        return None;
    }
    let (tag, length, header) = header(input)?;
    if tag & CONSTRUCTED == 0 {
        let end = header.checked_add(length?)?;
        out.extend_from_slice(input.get(..end)?);
        return Some(end);
    }
    let mut children = Vec::new();
    let mut changed = length.is_none();
    let mut at = header;
    let end = match length {
        Some(length) => header.checked_add(length)?,
        None => input.len(),
    };
    let body = input.get(..end)?;
    loop {
        let rest = body.get(at..)?;
        if length.is_none() && rest.starts_with(&[0, 0]) {
            at += 2;
            break;
        }
        if rest.is_empty() {
            length?;
            break;
        }
        let mark = children.len();
        let taken = copy(rest, &mut children, depth + 1)?;
        changed |= children.get(mark..)? != rest.get(..taken)?;
        at += taken;
    }
    if tag == OCTET_STRING_CONSTRUCTED {
        put_header(out, OCTET_STRING, joined_length(&children)?);
        for piece in each(&children) {
            out.extend_from_slice(piece?.content);
        }
    } else if changed {
        put_header(out, tag, children.len());
        out.extend_from_slice(&children);
    } else {
        out.extend_from_slice(input.get(..at)?);
    }
    Some(at)
}

/// Sum of the pieces of a constructed OCTET STRING, which are primitive by now.
fn joined_length(pieces: &[u8]) -> Option<usize> {
    each(pieces).try_fold(0usize, |sum, piece| {
        let piece = piece.filter(|p| p.tag == OCTET_STRING)?;
        sum.checked_add(piece.content.len())
    })
}

fn put_header(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        out.push(short);
        return;
    }
    let octets = length.to_be_bytes();
    let octets = octets.iter().position(|o| *o != 0).and_then(|first| octets.get(first..)).unwrap_or_default();
    out.push(0x80 | octets.len() as u8);
    out.extend_from_slice(octets);
}

/// One element in DER.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    put_header(&mut out, tag, content.len());
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
#[path = "ber_tests.rs"]
mod tests;

//! ASN.1 envelopes: reads definite-length TLVs in place, and rewrites BER so that nothing else is needed.
//!
//! Five of eight providers send indefinite lengths (`reference` pec.md §8). Only indefinite lengths and constructed
//! OCTET STRINGs are rewritten; everything else is copied byte for byte, so an embedded certificate keeps the bytes
//! that its authority signed.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Deepest nesting read. A CMS signature of a provider has about 15 levels.
pub(crate) const DEPTH_MAX: usize = 32;
/// Most elements rewritten in one object. A CMS signature has about ten of indefinite length.
pub(crate) const CHANGES_MAX: usize = 65_536;

/// BOOLEAN … SET: the tags that this crate looks for.
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// `[0]` and `[1]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
pub(crate) const CONTEXT_1: u8 = 0xa1;
/// NULL, whole.
pub(crate) const NULL: &[u8] = &[0x05, 0];
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

/// The first element of `input` with definite lengths only, and how many bytes of `input` it took; borrowed where nothing
/// had to change. `None` if it is not BER, nests deeper than [`DEPTH_MAX`], or has more to rewrite than [`CHANGES_MAX`].
///
/// Two passes, and one copy at most: the first finds what must be rewritten and how long it will be.
pub(crate) fn normalise(input: &[u8]) -> Option<(Cow<'_, [u8]>, usize)> {
    let mut changes = Vec::new();
    let first = measure(input, 0, 0, &mut changes)?;
    let original = input.get(..first.taken)?;
    if changes.is_empty() {
        return Some((Cow::Borrowed(original), first.taken));
    }
    changes.sort_unstable();
    let mut out = Vec::with_capacity(first.whole);
    let mut changes = changes.into_iter().peekable();
    write(original, 0, &mut changes, &mut out)?;
    Some((Cow::Owned(out), first.taken))
}

/// An element, as it will be.
struct Measured {
    tag: u8,
    /// Bytes that it takes as it is.
    taken: usize,
    /// Contents in normal form; of a string in pieces, the pieces joined.
    content: usize,
    /// All of it in normal form.
    whole: usize,
    changed: bool,
}

/// Measures the element at `at`. What must be rewritten is entered in `changes`: where it begins, its new contents' length.
fn measure(input: &[u8], at: usize, depth: usize, changes: &mut Vec<(usize, usize)>) -> Option<Measured> {
    if depth > DEPTH_MAX {
        return None;
    }
    let rest = input.get(at..)?;
    let (tag, length, header) = header(rest)?;
    if tag & CONSTRUCTED == 0 {
        let (content, taken) = (length?, header.checked_add(length?)?);
        rest.get(..taken)?;
        return Some(Measured { tag, taken, content, whole: taken, changed: false });
    }
    let in_pieces = tag == OCTET_STRING_CONSTRUCTED;
    let (mut content, mut changed) = (0usize, length.is_none() || in_pieces);
    let mut children = Children::of(input, at, header, length)?;
    while let Some(child) = children.next()? {
        let child = measure(children.input, child, depth + 1, changes)?;
        if in_pieces && !matches!(child.tag, OCTET_STRING | OCTET_STRING_CONSTRUCTED) {
            return None;
        }
        content = content.checked_add(if in_pieces { child.content } else { child.whole })?;
        changed |= child.changed;
        children.at = children.at.checked_add(child.taken)?;
    }
    let taken = children.at - at;
    if changed {
        if changes.len() >= CHANGES_MAX {
            return None;
        }
        changes.push((at, content));
    }
    let whole = if changed { content.checked_add(header_length(content))? } else { taken };
    Some(Measured { tag, taken, content, whole, changed })
}

/// Walks the elements within a constructed one.
struct Children<'a> {
    /// Up to the end of the constructed element, where that is known.
    input: &'a [u8],
    at: usize,
    indefinite: bool,
}

impl<'a> Children<'a> {
    fn of(input: &'a [u8], at: usize, header: usize, length: Option<usize>) -> Option<Self> {
        let begin = at.checked_add(header)?;
        let input = match length {
            Some(length) => input.get(..begin.checked_add(length)?)?,
            None => input,
        };
        Some(Self { input, at: begin, indefinite: length.is_none() })
    }

    /// Where the next child begins, inner `None` after the last; the caller moves `at` past it.
    fn next(&mut self) -> Option<Option<usize>> {
        let rest = self.input.get(self.at..)?;
        if self.indefinite && rest.starts_with(&[0, 0]) {
            self.at += 2;
            return Some(None);
        }
        // Bytes that end before the end-of-contents are no element: `measure` says so.
        Some((self.indefinite || !rest.is_empty()).then_some(self.at))
    }
}

/// What `measure` entered, in the order of the input.
type Changes = core::iter::Peekable<alloc::vec::IntoIter<(usize, usize)>>;

/// Appends the normal form of the element at `at` to `out`; returns where the element ends.
fn write(input: &[u8], at: usize, changes: &mut Changes, out: &mut Vec<u8>) -> Option<usize> {
    let (tag, length, header) = header(input.get(at..)?)?;
    let Some((_, content)) = changes.next_if(|(begin, _)| *begin == at) else {
        let end = at.checked_add(header)?.checked_add(length?)?;
        out.extend_from_slice(input.get(at..end)?);
        return Some(end);
    };
    let mut children = Children::of(input, at, header, length)?;
    if tag == OCTET_STRING_CONSTRUCTED {
        put_header(out, OCTET_STRING, content);
        return join(children, changes, out);
    }
    put_header(out, tag, content);
    while let Some(child) = children.next()? {
        children.at = write(children.input, child, changes, out)?;
    }
    Some(children.at)
}

/// Appends the contents of the pieces of a string; returns where the last ends.
fn join(mut pieces: Children<'_>, changes: &mut Changes, out: &mut Vec<u8>) -> Option<usize> {
    while let Some(piece) = pieces.next()? {
        let (tag, length, header) = header(pieces.input.get(piece..)?)?;
        pieces.at = if tag == OCTET_STRING_CONSTRUCTED {
            changes.next_if(|(begin, _)| *begin == piece)?;
            join(Children::of(pieces.input, piece, header, length)?, changes, out)?
        } else {
            let begin = piece.checked_add(header)?;
            let end = begin.checked_add(length?)?;
            out.extend_from_slice(pieces.input.get(begin..end)?);
            end
        };
    }
    Some(pieces.at)
}

/// Bytes of tag and length of an element with this much in it.
fn header_length(length: usize) -> usize {
    let octets = (usize::BITS - length.leading_zeros()).div_ceil(8) as usize;
    if length < 0x80 { 2 } else { 2 + octets }
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

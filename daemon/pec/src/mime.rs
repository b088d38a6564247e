//! Cuts a message into header fields and parts by exact lines, and never changes a byte: what is signed must stay.
//!
//! One slicer for the whole crate, so that the bytes that were verified are the bytes that are read. A line ends with
//! CRLF or with a bare LF (files that passed through a text tool). No recursion anywhere: depth is the caller's loop.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use memchr::{memchr, memchr_iter, memmem};

/// Longest header block read, in bytes (Postfix stops at 102,400; long recipient lists need more).
pub(crate) const HEADER_BYTES_MAX: usize = 1024 * 1024;
/// Most fields of one header block.
pub(crate) const HEADER_FIELDS_MAX: usize = 1_000;
/// Most parameters of one Content-Type; later ones are not read.
pub(crate) const PARAMETERS_MAX: usize = 256;
/// Most lines that begin with two hyphens kept in mind; beyond, each level of nesting looks for its own.
const DASHES_MAX: usize = 262_144;
/// Longest type with its subtype; RFC 6838 §4.2 allows 127 each. A longer one is not read.
const TYPE_BYTES_MAX: usize = 254;
/// Longest boundary; RFC 2046 §5.1.1 allows 70.
const BOUNDARY_BYTES_MAX: usize = 256;

/// One header field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    name: &'a [u8],
    /// All after the colon, folds included.
    pub(crate) value: &'a [u8],
}

impl Field<'_> {
    /// The field has this name, in any case (RFC 5322 §1.2.2).
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The name, lower case.
    pub(crate) fn name(&self) -> String {
        lossy(self.name).to_ascii_lowercase()
    }

    /// The value unfolded and trimmed, nothing decoded.
    pub(crate) fn text(&self) -> String {
        lossy(self.value).chars().filter(|c| !matches!(c, '\r' | '\n')).collect::<String>().trim().into()
    }
}

/// UTF-8 as it is, anything else as Latin-1: raw 8-bit headers occur, and no byte may be lost to the reader.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()),
    }
}

/// A message or a part: its header fields and its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entity<'a> {
    /// In order.
    pub(crate) fields: Vec<Field<'a>>,
    /// All after the empty line.
    pub(crate) body: &'a [u8],
    /// A limit was met: fields and body are not all.
    pub(crate) cut: bool,
    /// Lines of the header that are neither a field nor its continuation; they were left out.
    pub(crate) odd_lines: usize,
}

impl<'a> Entity<'a> {
    /// Reads the header of `bytes`.
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        let mut entity = Self::default();
        let mut at = 0;
        // (name, start of value) of the field whose lines are being read.
        let mut open: Option<(&'a [u8], usize)> = None;
        while let Some(rest) = bytes.get(at..).filter(|r| !r.is_empty()) {
            let length = memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
            let line = rest.get(..length).unwrap_or_default();
            let folded = matches!(line.first(), Some(b' ' | b'\t'));
            if !folded {
                entity.push(bytes, open.take(), at);
            }
            if matches!(line, b"\n" | b"\r\n") {
                entity.body = bytes.get(at + length..).unwrap_or_default();
                return entity;
            }
            if at + length > HEADER_BYTES_MAX || entity.fields.len() >= HEADER_FIELDS_MAX {
                entity.cut = true;
                return entity;
            }
            if !folded {
                match field_name(line) {
                    Some((name, colon)) => open = Some((name, at + colon + 1)),
                    None => entity.odd_lines += 1,
                }
            }
            at += length;
        }
        entity.push(bytes, open, bytes.len());
        entity
    }

    fn push(&mut self, bytes: &'a [u8], open: Option<(&'a [u8], usize)>, end: usize) {
        if let Some((name, start)) = open {
            self.fields.push(Field { name, value: bytes.get(start..end).unwrap_or_default() });
        }
    }

    /// All fields of a name, in order.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(move |f| f.is(name))
    }

    /// The first field of a name.
    pub(crate) fn first(&self, name: &str) -> Option<&Field<'a>> {
        self.all(name).next()
    }

    /// The field, only if it occurs exactly once.
    pub(crate) fn only(&self, name: &str) -> Option<&Field<'a>> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// Content-Type, if it occurs and reads (the first one).
    pub(crate) fn media_type(&self) -> Option<MediaType> {
        MediaType::read(self.first("Content-Type")?.value)
    }

    /// Content-Transfer-Encoding.
    pub(crate) fn encoding(&self) -> Encoding {
        match self.first("Content-Transfer-Encoding").map(|f| f.text().to_ascii_lowercase()).as_deref() {
            Some("base64") => Encoding::Base64,
            Some("quoted-printable") => Encoding::QuotedPrintable,
            _ => Encoding::Identity,
        }
    }
}

/// Name of the field that `line` begins, and where its colon is (RFC 5322 §2.2, obsolete blanks before the colon too).
fn field_name(line: &[u8]) -> Option<(&[u8], usize)> {
    let colon = memchr(b':', line)?;
    let name = line.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some((name, colon))
}

/// How the body of a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// 7bit, 8bit, binary, none, or a word that nobody knows.
    #[default]
    Identity,
    /// RFC 2045 §6.8.
    Base64,
    /// RFC 2045 §6.7.
    QuotedPrintable,
}

/// A Content-Type value (RFC 2045 §5.1), read by hand: boundaries must not be guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType {
    /// `type/subtype`, lower case.
    pub(crate) kind: String,
    /// Names lower case; values unquoted, not decoded.
    pub(crate) parameters: Vec<(String, Vec<u8>)>,
}

impl MediaType {
    /// Reads a header value; `None` if it does not begin with `type/subtype`.
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let mut scan = Scan { bytes: value, at: 0 };
        let main = scan.token();
        scan.expect(b'/')?;
        let sub = scan.token();
        if main.is_empty() || sub.is_empty() || main.len() + sub.len() > TYPE_BYTES_MAX {
            return None;
        }
        let mut kind = lossy(main).to_ascii_lowercase();
        kind.push('/');
        kind.push_str(&lossy(sub).to_ascii_lowercase());
        let mut parameters = Vec::new();
        while parameters.len() < PARAMETERS_MAX && scan.skip_to(b';') {
            let name = lossy(scan.token()).to_ascii_lowercase();
            if !name.is_empty() && scan.expect(b'=').is_some() {
                parameters.push((name, scan.value()));
            }
        }
        Some(Self { kind, parameters })
    }

    /// `multipart/…`.
    pub(crate) fn is_multipart(&self) -> bool {
        self.kind.starts_with("multipart/")
    }

    /// The first parameter of a name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&[u8]> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// The boundary, only if there is one and one reading of it: not twice, not in the pieces of RFC 2231.
    pub(crate) fn boundary(&self) -> Option<&[u8]> {
        let mut all = self.parameters.iter().filter(|(n, _)| n == "boundary" || n.starts_with("boundary*"));
        match (all.next(), all.next()) {
            (Some((name, value)), None)
                if name == "boundary" && !value.is_empty() && value.len() <= BOUNDARY_BYTES_MAX =>
            {
                Some(value)
            }
            _ => None,
        }
    }
}

/// A cursor over a structured header value.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips blanks, folds and comments, which may nest and hold quoted characters.
    fn skip_blanks(&mut self) {
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'\\' if depth > 0 => self.at += 1,
                _ if depth > 0 => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    fn token(&mut self) -> &'a [u8] {
        self.skip_blanks();
        let start = self.at;
        while self.peek().is_some_and(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b';' | b'=' | b'(' | b'"'))
        {
            self.at += 1;
        }
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip_blanks();
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    /// Goes past the next `byte` that is outside quotes and comments; false at the end.
    fn skip_to(&mut self, byte: u8) -> bool {
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return false,
                Some(found) if found == byte => {
                    self.at += 1;
                    return true;
                }
                Some(b'"') => drop(self.value()),
                Some(_) => self.at += 1,
            }
        }
    }

    /// A quoted string without its quotes, or a bare word (which real mail writes with `/` and `=` in it).
    fn value(&mut self) -> Vec<u8> {
        self.skip_blanks();
        let mut out = Vec::new();
        if self.peek() != Some(b'"') {
            while let Some(byte) = self.peek().filter(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(')) {
                out.push(byte);
                self.at += 1;
            }
            return out;
        }
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    out.extend(self.peek());
                    self.at += 1;
                }
                b'\r' | b'\n' => {}
                _ => out.push(byte),
            }
        }
        out
    }
}

/// Where `inner` stands in `outer`, if it is a slice of it.
pub(crate) fn range_in(outer: &[u8], inner: &[u8]) -> Option<Range<usize>> {
    let start = inner.as_ptr().addr().checked_sub(outer.as_ptr().addr())?;
    let end = start.checked_add(inner.len())?;
    (end <= outer.len()).then_some(start..end)
}

/// Where lines begin with two hyphens, which is where a delimiter may stand: found in one pass over the whole message, so
/// that no level of nesting costs another. In bytes that are no slice of it, it looks again.
#[derive(Debug, Default)]
pub(crate) struct Dashes<'a> {
    text: &'a [u8],
    /// As 32 bits, which a message that is examined fits: there may be many.
    at: Vec<u32>,
    /// From here on they were not counted any more.
    end: usize,
}

impl<'a> Dashes<'a> {
    /// Looks at every line of `text`.
    pub(crate) fn find(text: &'a [u8]) -> Self {
        let mut at = Vec::new();
        for dash in Self::scan(text) {
            match u32::try_from(dash) {
                Ok(dash) if at.len() < DASHES_MAX => at.push(dash),
                _ => return Self { text, at, end: dash },
            }
        }
        Self { text, at, end: text.len() }
    }

    /// There were too many to count: every level of nesting looks for its own.
    pub(crate) fn crowded(&self) -> bool {
        self.end < self.text.len()
    }

    /// `bytes` are a slice of what was looked at.
    pub(crate) fn know(&self, bytes: &[u8]) -> bool {
        range_in(self.text, bytes).is_some()
    }

    /// Where, in `text`, a line other than the first begins with two hyphens.
    fn scan(text: &[u8]) -> impl Iterator<Item = usize> {
        memmem::find_iter(text, b"\n--").map(|at| at + 1)
    }

    /// Those of `body`, counted from its start, in order.
    fn within(&self, body: &[u8]) -> impl Iterator<Item = usize> {
        let range = range_in(self.text, body);
        let start = range.as_ref().map_or(0, |r| r.start);
        let known = range.as_ref().and_then(|range| {
            let from = self.at.partition_point(|at| *at as usize <= range.start);
            self.at.get(from..self.at.partition_point(|at| (*at as usize) < range.end))
        });
        // What was not counted, with the line end before it.
        let counted = match range {
            Some(range) if range.end <= self.end => body.len(),
            Some(range) => self.end.saturating_sub(range.start + 1),
            None => 0,
        };
        let rest = body.get(counted..).unwrap_or_default();
        let first = body.starts_with(b"--").then_some(0);
        let known = known.unwrap_or_default().iter().map(move |at| *at as usize - start);
        first.into_iter().chain(known).chain(Self::scan(rest).map(move |at| at + counted))
    }
}

/// The parts of a multipart body, cut at exact delimiter lines (RFC 2046 §5.1.1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Multipart<'a> {
    /// From the byte after a delimiter line to the byte before the line break that belongs to the next.
    pub(crate) parts: Vec<&'a [u8]>,
    /// The closing delimiter is there.
    pub(crate) closed: bool,
    /// There are more parts than asked for.
    pub(crate) cut: bool,
}

impl<'a> Multipart<'a> {
    /// Cuts `body`, up to `most` parts. What comes before the first delimiter and after the last is nobody's.
    pub(crate) fn read(body: &'a [u8], dashes: &Dashes<'_>, boundary: &[u8], most: usize) -> Self {
        let mut out = Self::default();
        let mut start: Option<usize> = None;
        for hit in dashes.within(body) {
            let Some((closing, next)) = delimiter_line(body, hit, boundary) else {
                continue;
            };
            if let Some(start) = start {
                if out.parts.len() == most {
                    out.cut = true;
                    return out;
                }
                out.parts.push(body.get(start..before_break(body, hit).max(start)).unwrap_or_default());
            }
            if closing {
                out.closed = start.is_some();
                return out;
            }
            start = Some(next);
        }
        if let Some(rest) = start.and_then(|start| body.get(start..)) {
            if out.parts.len() == most {
                out.cut = true;
            } else {
                out.parts.push(rest);
            }
        }
        out
    }
}

/// Whether the line at `hit`, which begins with two hyphens, is a delimiter: (it is the closing one, first byte after it).
fn delimiter_line(body: &[u8], hit: usize, boundary: &[u8]) -> Option<(bool, usize)> {
    let mut at = hit + 2;
    if !body.get(at..)?.starts_with(boundary) {
        return None;
    }
    at += boundary.len();
    let closing = body.get(at..).is_some_and(|r| r.starts_with(b"--"));
    if closing {
        at += 2;
    }
    while matches!(body.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    match body.get(at..).unwrap_or_default() {
        [] => Some((closing, at)),
        [b'\n', ..] => Some((closing, at + 1)),
        [b'\r', b'\n', ..] => Some((closing, at + 2)),
        _ => None,
    }
}

/// Where the line break before `at` begins: it belongs to the delimiter, not to the part.
fn before_break(body: &[u8], at: usize) -> usize {
    match body.get(..at) {
        Some([.., b'\r', b'\n']) => at - 2,
        Some([.., b'\n']) => at - 1,
        _ => at,
    }
}

/// The bytes hold a line end without CR, or begin with one after `before` that is none.
pub(crate) fn has_bare_lf(before: Option<u8>, bytes: &[u8]) -> bool {
    let Some((first, after)) = bytes.split_first() else {
        return false;
    };
    // Without a branch inside, so that the compiler can take many bytes at a time.
    (*first == b'\n' && before != Some(b'\r'))
        || bytes.chunks(4096).zip(after.chunks(4096)).any(|(before, after)| {
            let pairs = before.iter().zip(after);
            pairs.fold(false, |found, (a, b)| found | ((*b == b'\n') & (*a != b'\r')))
        })
}

/// Bare LF made CRLF, as S/MIME signs it (RFC 8551 §3.1.1).
pub(crate) fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    // Room for as many as there may be: to grow later would copy it all, and hold it twice.
    let mut out = Vec::with_capacity(bytes.len() + memchr_iter(b'\n', bytes).count());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match line {
            [text @ .., b'\n'] if text.last() != Some(&b'\r') => {
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
            _ => out.extend_from_slice(line),
        }
    }
    out
}

#[cfg(test)]
#[path = "mime_tests.rs"]
mod tests;

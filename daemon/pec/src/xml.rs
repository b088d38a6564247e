//! Small, distrusted XML: bounded before a tree is built, no DTD, no entities. The only file that names roxmltree.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use roxmltree::{Document, Node, ParsingOptions};

/// Deepest element. `daticert.xml` needs four.
pub(crate) const DEPTH_MAX: usize = 16;
/// Most tags, closing ones included.
pub(crate) const TAGS_MAX: usize = 20_000;
/// Most attributes of one tag: the parser compares each with all the others.
pub(crate) const ATTRIBUTES_MAX: usize = 16;
/// Longest character reference looked for when repairing, with its `;`.
const REFERENCE_MAX: usize = 12;

/// The text of a document: UTF-8; UTF-16 where its first bytes say so (XML 1.0 §4.3.3); Latin-1 where the declaration does.
pub(crate) fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some((order, rest)) = bytes.split_first_chunk::<2>()
        && matches!(order, b"\xfe\xff" | b"\xff\xfe")
    {
        let (pairs, odd) = rest.as_chunks::<2>();
        let unit = if order == b"\xfe\xff" { u16::from_be_bytes } else { u16::from_le_bytes };
        let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
        return text.ok().filter(|_| odd.is_empty()).map(Cow::Owned);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = core::str::from_utf8(bytes) {
        return Some(Cow::Borrowed(text));
    }
    let declaration = bytes.split(|b| *b == b'>').next()?.to_ascii_lowercase();
    let latin1 = declaration.starts_with(b"<?xml") && memchr::memmem::find(&declaration, b"iso-8859-1").is_some();
    latin1.then(|| bytes.iter().map(|b| char::from(*b)).collect())
}

/// The document keeps within the bounds and declares nothing: one pass, no tree.
pub(crate) fn is_simple(text: &str) -> bool {
    let mut rest = text;
    let (mut depth, mut tags) = (0usize, 0usize);
    while let Some((_, after)) = rest.split_once('<') {
        tags += 1;
        if tags > TAGS_MAX {
            return false;
        }
        let skip_past =
            |start: &str, end: &str| after.strip_prefix(start).map(|r| r.split_once(end).map_or("", |x| x.1));
        if let Some(next) =
            skip_past("!--", "-->").or_else(|| skip_past("![CDATA[", "]]>")).or_else(|| skip_past("?", "?>"))
        {
            rest = next;
            continue;
        }
        if after.starts_with('!') {
            return false; // DOCTYPE and the like
        }
        let Some((length, attributes, empty)) = tag(after) else {
            return true;
        }; // left to the parser
        if attributes > ATTRIBUTES_MAX {
            return false;
        }
        if after.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !empty {
            depth += 1;
        }
        if depth > DEPTH_MAX {
            return false;
        }
        rest = after.get(length..).unwrap_or_default();
    }
    true
}

/// Length of a tag after its `<`, its attributes, and whether it closes itself; `None` if it does not end.
fn tag(after: &str) -> Option<(usize, usize, bool)> {
    let (mut quote, mut attributes, mut last) = (None, 0, b' ');
    for (at, byte) in after.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'>') => return Some((at + 1, attributes, last == b'/')),
            (None, _) => {}
        }
        last = byte;
    }
    None
}

/// A parsed document.
pub(crate) struct Xml<'a>(Document<'a>);

/// Parses; entities other than the five of XML and character references are errors, and so is a DTD.
pub(crate) fn parse(text: &str) -> Result<Xml<'_>, roxmltree::Error> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 4 * TAGS_MAX as u32, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map(Xml)
}

impl Xml<'_> {
    /// The document element.
    pub(crate) fn root(&self) -> Element<'_> {
        Element(self.0.root_element())
    }
}

/// An element. Names are compared without their namespace: `daticert.xml` has none.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a>(Node<'a, 'a>);

impl<'a> Element<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    /// The children of this name, in order.
    pub(crate) fn all(self, name: &str) -> impl Iterator<Item = Element<'a>> {
        self.0.children().filter(move |n| n.is_element() && n.tag_name().name() == name).map(Element)
    }

    /// The child of this name, if there is exactly one.
    pub(crate) fn only(self, name: &str) -> Option<Element<'a>> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// All its text, trimmed: a comment must not cut an address in two. `None` if it holds elements.
    pub(crate) fn text(self) -> Option<String> {
        let mut text = String::new();
        for child in self.0.children() {
            if child.is_element() {
                return None;
            }
            if child.is_text() {
                text.push_str(child.text().unwrap_or_default());
            }
        }
        Some(text.trim().into())
    }

    /// This element and all within it, in document order.
    pub(crate) fn descendants(self) -> impl Iterator<Item = Element<'a>> {
        self.0.descendants().filter(|n| n.is_element()).map(Element)
    }

    /// Names from the document element down to this one, that of the document element left out.
    pub(crate) fn path(self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.0.ancestors().filter(|n| n.is_element()).map(|n| n.tag_name().name()).collect();
        names.pop();
        names.reverse();
        names
    }

    /// The text directly in it, elements left out.
    pub(crate) fn own_text(self) -> String {
        let texts = self.0.children().filter(|n| n.is_text()).filter_map(|n| n.text());
        texts.collect::<String>().trim().into()
    }

    /// Name and value of its attributes.
    pub(crate) fn attributes(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.attributes().map(|a| (a.name(), a.value()))
    }

    pub(crate) fn attribute(self, name: &str) -> Option<&'a str> {
        self.0.attribute(name)
    }
}

/// XML 1.0 §2.2.
fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The text without the characters that XML 1.0 forbids, raw or as character references: 2 of 22 real envelopes have
/// them in `oggetto` (`reference` pec.md §4).
pub(crate) fn without_forbidden_characters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        out.extend(before.chars().filter(|c| allowed(*c)));
        let end = after.bytes().take(REFERENCE_MAX).position(|b| b == b';');
        let reference = end.and_then(|end| Some((code(after.get(..end)?)?, after.get(end + 1..)?)));
        match reference {
            Some((code, next)) if !char::from_u32(code).is_some_and(allowed) => rest = next,
            _ => {
                out.push_str("&#");
                rest = after;
            }
        }
    }
    out.extend(rest.chars().filter(|c| allowed(*c)));
    out
}

/// The number of a character reference.
fn code(digits: &str) -> Option<u32> {
    match digits.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

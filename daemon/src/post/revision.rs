//! A PDF with a place for a signature: an incremental update over what our own sheet writer makes (ISO 32000-1 §7.5.6, §12.8). It
//! changes when that writer lays its file out in another way. Pure.
//!
//! Read is only what must be changed: the table of the objects, the catalogue, the first page. A file that is written otherwise is
//! refused, not guessed at.
//!
//! The field keeps PDF/A-2 and PDF/UA-1: it prints (ISO 19005-2 §6.3.2), has no area and so needs no appearance (§6.3.3), lies
//! outside the page and so needs no place in the structure (ISO 14289-1 §7.18.1), and has a name for people (`TU`).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::ops::Range;

/// Digits of a number in `ByteRange`, whose place must be known before its value.
const WIDTH: usize = 10;

/// A file whose signature is still missing.
pub(super) struct Revision {
    bytes: Vec<u8>,
    /// Where the signature goes, with its two brackets: all else is signed.
    hole: Range<usize>,
}

impl Revision {
    /// Adds a field and a dictionary with room for a signature of exactly `length` bytes, made at `at`. `None`: the file is not
    /// written as this reads.
    pub(super) fn of(pdf: &[u8], length: usize, at: Timestamp) -> Option<Self> {
        let old = File::read(pdf)?;
        let catalogue = old.dictionary(old.root)?;
        let first = reference(after(old.dictionary(number(after(catalogue, b"/Pages ")?)?)?, b"/Kids[")?)?;
        let page = old.dictionary(first)?;
        if find(page, b"/Type/Page/").is_none() || find(catalogue, b"/AcroForm").is_some() {
            return None;
        }
        let (field, signature) = (old.size, old.size.checked_add(1)?);
        let mut new = Writer { bytes: pdf.to_vec(), offsets: BTreeMap::new() };
        if !new.bytes.ends_with(b"\n") {
            new.bytes.push(b'\n');
        }
        let form = format!("/AcroForm<</Fields[{field} 0 R]/SigFlags 3>>");
        new.object(old.root, &with(catalogue, form.as_bytes())?);
        new.object(first, &annotated(page, field)?);
        let widget = format!(
            "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sigillo)/TU(Sigillo elettronico)/F 132/Rect[-1 -1 -1 -1]/P {first} 0 R/V {signature} 0 R>>"
        );
        new.object(field, widget.as_bytes());
        let (range, hole) = new.signature(signature, length, at);
        new.table(&old, signature.checked_add(1)?);
        let mut bytes = new.bytes;
        let spans = [0, hole.start, hole.end, bytes.len().checked_sub(hole.end)?];
        let text = spans.map(|n| n.to_string()).join(" ");
        let place = bytes.get_mut(range.clone())?;
        place.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, hole })
    }

    /// What is signed: all that stands before the signature, and all that stands after it.
    pub(super) fn signed(&self) -> [&[u8]; 2] {
        let (before, rest) = self.bytes.split_at(self.hole.start.min(self.bytes.len()));
        [before, rest.get(self.hole.len()..).unwrap_or_default()]
    }

    /// The whole file. `None`: the signature is not as long as its room.
    pub(super) fn with(mut self, signature: &[u8]) -> Option<Vec<u8>> {
        let hex: Vec<u8> = signature.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect();
        let place = self.bytes.get_mut(self.hole.start + 1..self.hole.end - 1)?;
        (place.len() == hex.len()).then(|| place.copy_from_slice(&hex))?;
        Some(self.bytes)
    }
}

/// A file as it was.
struct File<'a> {
    bytes: &'a [u8],
    /// Where its table stands.
    table: usize,
    /// The entries of the table: 20 bytes an object.
    entries: &'a [u8],
    /// How many numbers it gave out.
    size: usize,
    /// Number of the catalogue.
    root: usize,
    /// The trailer's entries after `Size`.
    trailer: &'a [u8],
}

impl<'a> File<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(9).rposition(|window| window == b"startxref")?;
        let table = number(bytes.get(end + 10..)?)?;
        let entries = bytes.get(table..)?.strip_prefix(b"xref\n0 ")?;
        let size = number(entries)?;
        let entries = entries.get(size.to_string().len() + 1..)?;
        let trailer = entries.get(size.checked_mul(20)?..)?.strip_prefix(b"trailer\n<</Size ")?;
        (number(trailer)? == size).then_some(())?;
        let trailer = trailer.get(size.to_string().len()..find(trailer, b">>\nstartxref")?)?;
        let root = reference(after(trailer, b"/Root ")?)?;
        // A file that was updated before would have objects that this table does not name.
        find(trailer, b"/Prev").is_none().then_some(())?;
        Some(Self { bytes, table, entries, size, root, trailer })
    }

    /// The text of an object that is a dictionary.
    fn dictionary(&self, object: usize) -> Option<&'a [u8]> {
        let entry = self.entries.get(object.checked_mul(20)?..)?.get(..20)?;
        (entry.get(17) == Some(&b'n')).then_some(())?;
        let offset: usize = std::str::from_utf8(entry.get(..10)?).ok()?.parse().ok()?;
        let text = self.bytes.get(offset..)?.strip_prefix(format!("{object} 0 obj\n").as_bytes())?;
        let text = text.get(..find(text, b"\nendobj")?)?;
        (text.starts_with(b"<<") && text.ends_with(b">>")).then_some(text)
    }
}

struct Writer {
    bytes: Vec<u8>,
    offsets: BTreeMap<usize, usize>,
}

impl Writer {
    fn object(&mut self, object: usize, text: &[u8]) {
        self.offsets.insert(object, self.bytes.len());
        self.bytes.extend(format!("{object} 0 obj\n").bytes());
        self.bytes.extend(text);
        self.bytes.extend(b"\nendobj\n");
    }

    /// The dictionary of the signature (ETSI EN 319 142-1 §5.3): where the spans of what is signed are written, and the hole.
    fn signature(&mut self, object: usize, length: usize, at: Timestamp) -> (Range<usize>, Range<usize>) {
        self.offsets.insert(object, self.bytes.len());
        let when = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S").to_string();
        let head = format!(
            "{object} 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:{when}Z)/ByteRange["
        );
        self.bytes.extend(head.bytes());
        let range = self.blank(4 * WIDTH, b' ');
        self.bytes.extend(b"]/Contents");
        let start = self.bytes.len();
        self.bytes.push(b'<');
        self.blank(length * 2, b'0');
        self.bytes.push(b'>');
        let hole = start..self.bytes.len();
        self.bytes.extend(b">>\nendobj\n");
        (range, hole)
    }

    fn blank(&mut self, length: usize, with: u8) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.resize(start + length, with);
        start..self.bytes.len()
    }

    fn table(&mut self, old: &File<'_>, size: usize) {
        let start = self.bytes.len();
        self.bytes.extend(b"xref\n");
        for (object, offset) in &self.offsets {
            self.bytes.extend(format!("{object} 1\n{offset:010} 00000 n\r\n").bytes());
        }
        self.bytes.extend(format!("trailer\n<</Size {size}").bytes());
        self.bytes.extend(old.trailer);
        self.bytes.extend(format!("/Prev {}>>\nstartxref\n{start}\n%%EOF\n", old.table).bytes());
    }
}

/// A dictionary with more entries.
fn with(dictionary: &[u8], entries: &[u8]) -> Option<Vec<u8>> {
    Some([dictionary.strip_suffix(b">>")?, entries, b">>"].concat())
}

/// A page with one more annotation.
fn annotated(page: &[u8], field: usize) -> Option<Vec<u8>> {
    const ANNOTATIONS: &[u8] = b"/Annots[";
    match find(page, ANNOTATIONS) {
        None => with(page, format!("/Annots[{field} 0 R]").as_bytes()),
        Some(at) => {
            let (before, others) = page.split_at_checked(at + ANNOTATIONS.len())?;
            Some([before, format!("{field} 0 R ").as_bytes(), others].concat())
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn after<'a>(text: &'a [u8], what: &[u8]) -> Option<&'a [u8]> {
    text.get(find(text, what)? + what.len()..)
}

/// The number that a text begins with.
fn number(text: &[u8]) -> Option<usize> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

/// The number of the object that a text begins by naming.
fn reference(text: &[u8]) -> Option<usize> {
    let object = number(text)?;
    text.get(object.to_string().len()..)?.starts_with(b" 0 R").then_some(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// It reads our own files only; whatever else comes is refused.
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400), tail in 0usize..500) {
            prop_assert!(Revision::of(&bytes, 10, Timestamp::UNIX_EPOCH).is_none());
            let file = [bytes, format!("xref\n0 9\ntrailer\n<</Size 9/Root 1 0 R>>\nstartxref\n{tail}\n%%EOF").into_bytes()];
            let _ = Revision::of(&file.concat(), 10, Timestamp::UNIX_EPOCH);
        }
    }
}

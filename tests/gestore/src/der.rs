//! Changes never, one hopes: the little of DER (X.690) that the embedded signer writes and reads.

/// One element: tag, definite length, content.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.extend(u8::try_from(length));
    } else {
        let bytes = length.to_be_bytes();
        let significant: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        out.extend(u8::try_from(significant.len()).map(|count| 0x80 | count));
        out.extend_from_slice(&significant);
    }
    out.extend_from_slice(content);
    out
}

/// SEQUENCE of the elements given.
pub(crate) fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(0x30, &elements.concat())
}

/// The content of a SET OF in DER: the encodings in ascending order (X.690 §11.6).
pub(crate) fn sorted(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    elements.concat()
}

/// OBJECT IDENTIFIER from its dotted form (X.690 §8.19); arcs that are not numbers count as 0.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.').map(|arc| arc.parse::<u32>().unwrap_or(0));
    let first = arcs.next().unwrap_or(0) * 40 + arcs.next().unwrap_or(0);
    let mut content = Vec::new();
    for arc in std::iter::once(first).chain(arcs) {
        let septets = (1..5).rev().map(|place| (arc >> (7 * place)) & 0x7f).skip_while(|septet| *septet == 0);
        content.extend(septets.filter_map(|septet| u8::try_from(septet | 0x80).ok()));
        content.extend(u8::try_from(arc & 0x7f));
    }
    element(0x06, &content)
}

/// Reads elements one after another from a slice; every method answers `None` on anything unexpected.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// The next element whole: its tag, all its bytes, its content alone.
    pub(crate) fn next(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&tag, after_tag) = self.rest.split_first()?;
        let (&first, after_length) = after_tag.split_first()?;
        let (length, header) = if first < 0x80 {
            (usize::from(first), 2)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > size_of::<usize>() {
                return None; // indefinite lengths are BER: not ours to read
            }
            let digits = after_length.get(..count)?;
            (digits.iter().fold(0, |sum: usize, digit| (sum << 8) | usize::from(*digit)), 2 + count)
        };
        let whole = self.rest.get(..header.checked_add(length)?)?;
        self.rest = self.rest.get(whole.len()..)?;
        Some((tag, whole, whole.get(header..)?))
    }

    /// The content of the next element, if its tag is `tag`.
    pub(crate) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, ..)| *found == tag).map(|(_, _, content)| content)
    }

    /// A reader inside the next element, if its tag is `tag`.
    pub(crate) fn enter(&mut self, tag: u8) -> Option<Reader<'a>> {
        self.take(tag).map(Reader::new)
    }
}

/// What the signer needs out of a certificate (RFC 5280 §4.1), each as its whole encoding.
pub(crate) struct Fields<'a> {
    /// serialNumber, an INTEGER.
    pub(crate) serial: &'a [u8],
    /// issuer, a Name.
    pub(crate) issuer: &'a [u8],
    /// subject, a Name.
    pub(crate) subject: &'a [u8],
    /// subjectPublicKeyInfo.
    pub(crate) spki: &'a [u8],
}

/// Reads them; `None` if it is not a certificate.
pub(crate) fn certificate_fields(der: &[u8]) -> Option<Fields<'_>> {
    let mut tbs = Reader::new(der).enter(0x30)?.enter(0x30)?;
    tbs.take(0xa0)?; // version
    let (_, serial, _) = tbs.next()?;
    tbs.take(0x30)?; // signature
    let (_, issuer, _) = tbs.next()?;
    tbs.take(0x30)?; // validity
    let (_, subject, _) = tbs.next()?;
    let (_, spki, _) = tbs.next()?;
    Some(Fields { serial, issuer, subject, spki })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_short_form_as_long_as_they_can() {
        assert_eq!(element(0x04, &[7; 127])[..3], [0x04, 0x7f, 7]);
        assert_eq!(element(0x04, &[7; 128])[..4], [0x04, 0x81, 0x80, 7]);
        assert_eq!(element(0x04, &[7; 256])[..5], [0x04, 0x82, 0x01, 0x00, 7]);
    }

    #[test]
    fn damaged_elements_are_none_and_never_a_panic() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x05, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(Reader::new(bytes).next().is_none(), "{bytes:02x?}");
        }
    }
}

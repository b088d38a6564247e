//! Distinguished names: compared as RFC 5280 §7.1 wants, and read for people.

use crate::asn1::Fields;
use crate::ber::{self, Tlv};
use alloc::string::String;
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;

const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const UNIVERSAL_STRING: u8 = 0x1c;
const BMP_STRING: u8 = 0x1e;

pub(crate) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
pub(crate) const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
pub(crate) const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");

/// A name, as encoded. Equal (`==`) when the encodings are; [`Dn::same`] when the names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dn<'a> {
    /// The whole SEQUENCE.
    pub(crate) der: &'a [u8],
}

/// Attributes of one RDN, made comparable and sorted: (type, value).
type Rdn<'a> = Vec<(&'a [u8], Vec<u8>)>;

impl<'a> Dn<'a> {
    /// Reads a Name, to its last attribute.
    pub(crate) fn read(element: Tlv<'a>) -> Option<Self> {
        (element.tag == ber::SEQUENCE).then_some(())?;
        let name = Self { der: element.whole };
        for rdn in ber::each(element.content) {
            let rdn = rdn.filter(|r| r.tag == ber::SET && !r.content.is_empty())?;
            ber::each(rdn.content).try_for_each(|pair| attribute(pair?).map(drop))?;
        }
        Some(name)
    }

    /// No attribute at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.rdns().next().is_none()
    }

    /// RFC 5280 §7.1: the same attributes in the same order, text without regard to case, blanks and string type.
    pub(crate) fn same(&self, other: &Dn<'_>) -> bool {
        self.der == other.der || self.rdns().map(comparable).eq(other.rdns().map(comparable))
    }

    /// This name lies in the subtree of `base`: it begins with all of it.
    pub(crate) fn within(&self, base: &Dn<'_>) -> bool {
        let mut own = self.rdns();
        base.rdns().all(|wanted| own.next().is_some_and(|rdn| comparable(rdn) == comparable(wanted)))
    }

    /// This name is `base` and one more RDN, whose contents are given (nameRelativeToCRLIssuer).
    pub(crate) fn is_below(&self, base: &Dn<'_>, last: &[u8]) -> bool {
        let (depth, all) = (base.rdns().count(), self.rdns().count());
        all == depth + 1 && self.within(base) && self.rdns().last().is_some_and(|r| comparable(r) == comparable(last))
    }

    /// The texts of one type of attribute, in order.
    pub(crate) fn texts(&self, wanted: ObjectIdentifier) -> impl Iterator<Item = String> + use<'a> {
        let pairs = self.rdns().flat_map(|rdn| ber::each(rdn).flatten());
        pairs.filter_map(attribute).filter(move |(kind, _)| *kind == wanted.as_bytes()).filter_map(|(_, v)| text(v))
    }

    /// As RFC 4514 writes it.
    pub(crate) fn rfc4514(&self) -> Option<String> {
        use der::Decode;
        x509_cert::name::Name::from_der(self.der).ok().map(|name| alloc::format!("{name}"))
    }

    /// CN, else O, else nothing.
    pub(crate) fn for_people(&self) -> String {
        self.texts(COMMON_NAME).next().or_else(|| self.texts(ORGANISATION).next()).unwrap_or_default()
    }

    /// Contents of each RDN.
    fn rdns(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let content = ber::read(self.der).map_or(&[][..], |(name, _)| name.content);
        ber::each(content).flatten().map(|rdn| rdn.content)
    }
}

/// AttributeTypeAndValue.
fn attribute(pair: Tlv<'_>) -> Option<(&[u8], Tlv<'_>)> {
    (pair.tag == ber::SEQUENCE).then_some(())?;
    let mut fields = Fields::of(pair.content);
    let (kind, value) = (fields.take(ber::OID)?, fields.any()?);
    fields.end()?;
    Some((kind.content, value))
}

fn comparable(rdn: &[u8]) -> Rdn<'_> {
    let mut set: Rdn<'_> = ber::each(rdn)
        .flatten()
        .filter_map(attribute)
        .map(|(kind, value)| (kind, text(value).map_or_else(|| value.whole.to_vec(), |t| prepared(&t).into_bytes())))
        .collect();
    set.sort();
    set
}

/// Two RDNs, by their contents, are one.
pub(crate) fn same_rdn(a: &[u8], b: &[u8]) -> bool {
    comparable(a) == comparable(b)
}

/// RFC 4518 as far as names of authorities need it: case folded, blanks at the ends dropped and inside made one.
fn prepared(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// A directory string of any kind.
fn text(value: Tlv<'_>) -> Option<String> {
    let units = || value.content.chunks_exact(2).filter_map(|c| <[u8; 2]>::try_from(c).ok()).map(u16::from_be_bytes);
    Some(match value.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING => core::str::from_utf8(value.content).ok()?.into(),
        // T.61 is written as Latin-1 by all who still write it.
        TELETEX_STRING => value.content.iter().copied().map(char::from).collect(),
        BMP_STRING => char::decode_utf16(units()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
        UNIVERSAL_STRING => {
            let codes = value.content.chunks_exact(4).filter_map(|c| <[u8; 4]>::try_from(c).ok());
            codes.map(|c| char::from_u32(u32::from_be_bytes(c)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(rdns: &[&[(&str, u8, &str)]]) -> Vec<u8> {
        let rdn = |pairs: &[(&str, u8, &str)]| {
            let pairs = pairs.iter().flat_map(|(oid, tag, value)| {
                let oid = ber::element(ber::OID, ObjectIdentifier::new_unwrap(oid).as_bytes());
                ber::element(ber::SEQUENCE, &[oid, ber::element(*tag, value.as_bytes())].concat())
            });
            ber::element(ber::SET, &pairs.collect::<Vec<_>>())
        };
        ber::element(ber::SEQUENCE, &rdns.iter().flat_map(|r| rdn(r)).collect::<Vec<_>>())
    }

    fn read(der: &[u8]) -> Dn<'_> {
        Dn::read(ber::read(der).unwrap().0).unwrap()
    }

    #[test]
    fn case_blanks_and_string_type_do_not_matter_and_order_does() {
        let a = name(&[&[("2.5.4.6", PRINTABLE_STRING, "IT")], &[("2.5.4.10", PRINTABLE_STRING, "Gestore  Uno")]]);
        let b = name(&[&[("2.5.4.6", UTF8_STRING, "it")], &[("2.5.4.10", UTF8_STRING, " GESTORE uno ")]]);
        let c = name(&[&[("2.5.4.10", UTF8_STRING, "gestore uno")], &[("2.5.4.6", UTF8_STRING, "it")]]);
        let d = name(&[&[("2.5.4.6", PRINTABLE_STRING, "IT")], &[("2.5.4.10", PRINTABLE_STRING, "GestoreUno")]]);
        assert!(read(&a).same(&read(&b)));
        assert!(!read(&a).same(&read(&c)) && !read(&a).same(&read(&d)));
    }

    #[test]
    fn a_name_lies_in_the_subtree_that_it_begins_with() {
        let base = name(&[&[("2.5.4.6", PRINTABLE_STRING, "IT")]]);
        let two = name(&[
            &[("2.5.4.6", PRINTABLE_STRING, "IT")],
            &[("2.5.4.3", UTF8_STRING, "a"), ("2.5.4.10", UTF8_STRING, "b")],
        ]);
        let swapped = name(&[
            &[("2.5.4.6", PRINTABLE_STRING, "IT")],
            &[("2.5.4.10", UTF8_STRING, "b"), ("2.5.4.3", UTF8_STRING, "a")],
        ]);
        assert!(read(&two).within(&read(&base)) && !read(&base).within(&read(&two)));
        assert!(read(&two).same(&read(&swapped)), "an RDN is a set");
        let empty = name(&[]);
        assert!(read(&two).within(&read(&empty)) && read(&empty).is_empty());
    }
}

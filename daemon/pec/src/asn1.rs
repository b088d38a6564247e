//! The values that certificates, revocation lists and OCSP answers are made of, read in place (X.690, DER).

use crate::ber::{self, Tlv};
use der::asn1::ObjectIdentifier;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;

/// The elements of a content, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Over the contents of an element.
    pub(crate) fn of(content: &'a [u8]) -> Self {
        Self(content)
    }

    /// Over the one SEQUENCE that `der` is.
    pub(crate) fn sequence(der: &'a [u8]) -> Option<Self> {
        let mut outer = Self(der);
        let sequence = outer.take(ber::SEQUENCE)?;
        outer.end()?;
        Some(Self(sequence.content))
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Option<Tlv<'a>> {
        let (element, rest) = ber::read(self.0)?;
        self.0 = rest;
        Some(element)
    }

    /// The next element, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Option<Tlv<'a>> {
        (self.peek() == Some(tag)).then(|| self.any())?
    }

    /// The next element if it has this tag; outer `None` = it has, and does not read.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<Tlv<'a>>> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Some(None) }
    }

    /// Tag of the next element.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Nothing is left.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    /// What is left, as bytes.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// BOOLEAN: DER knows two.
pub(crate) fn boolean(element: Tlv<'_>) -> Option<bool> {
    match element.content {
        [0xff] => Some(true),
        [0x00] => Some(false),
        _ => None,
    }
}

/// A small number that is not negative (INTEGER, ENUMERATED).
pub(crate) fn number(content: &[u8]) -> Option<u32> {
    match content {
        [] | [0x80..=0xff, ..] => None,
        _ => content.iter().try_fold(0u32, |n, octet| n.checked_mul(256)?.checked_add(u32::from(*octet))),
    }
}

/// BIT STRING of whole octets: a key, a signature.
pub(crate) fn octets(bits: Tlv<'_>) -> Option<&[u8]> {
    match bits.content {
        [0, octets @ ..] if bits.tag == BIT_STRING => Some(octets),
        _ => None,
    }
}

/// Named bits: bit 0 of the ASN.1 is bit 0 of the result. Later than the 16th are left out.
pub(crate) fn named_bits(content: &[u8]) -> Option<u16> {
    let (unused, octets) = content.split_first()?;
    (*unused < 8 && (*unused == 0 || !octets.is_empty())).then_some(())?;
    let octet = |at: usize| octets.get(at).map_or(0, |o| u16::from(o.reverse_bits()));
    Some(octet(0) | octet(1) << 8)
}

/// UTCTime or GeneralizedTime in the only form of RFC 5280 §4.1.2.5, to the second and in Z, as seconds since 1970.
/// `99991231235959Z`, «no end», has its place: no type of time holds it.
pub(crate) fn time(element: Tlv<'_>) -> Option<i64> {
    let (year, rest) = match (element.tag, element.content.len()) {
        (UTC_TIME, 13) => {
            let (year, rest) = element.content.split_at_checked(2)?;
            let year = digits(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (GENERALIZED_TIME, 15) => {
            let (year, rest) = element.content.split_at_checked(4)?;
            (digits(year)?, rest)
        }
        _ => return None,
    };
    let (fields, zone) = rest.split_at_checked(10)?;
    let mut fields = fields.chunks_exact(2).map(digits);
    let mut next = || fields.next().flatten();
    let (month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?);
    let date = jiff::civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    (zone == b"Z" && hour < 24 && minute < 60 && second < 60).then_some(())?;
    Some(days(date.ok()?) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days from 1970-01-01 to a date.
fn days(date: jiff::civil::Date) -> i64 {
    const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);
    i64::from(date.since(EPOCH).map(|span| span.get_days()).unwrap_or_default())
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |n, octet| octet.is_ascii_digit().then(|| n * 10 + i64::from(octet - b'0')))
}

/// An OBJECT IDENTIFIER as people write it.
pub(crate) fn dotted(oid: &[u8]) -> alloc::string::String {
    ObjectIdentifier::from_bytes(oid).map(|oid| alloc::format!("{oid}")).unwrap_or_else(|_| crate::crypto::hex(oid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tag: u8, text: &str) -> Option<i64> {
        let der = ber::element(tag, text.as_bytes());
        time(ber::read(&der)?.0)
    }

    #[test]
    fn times_before_1970_and_after_2049_are_read() {
        assert_eq!(at(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(at(UTC_TIME, "500101120000Z"), Some(-631_108_800), "1950, as openssl counts");
        assert_eq!(at(UTC_TIME, "491231235959Z"), Some(2_524_607_999), "2049");
        assert_eq!(at(GENERALIZED_TIME, "20500101000000Z"), Some(2_524_608_000));
        assert_eq!(at(GENERALIZED_TIME, "99991231235959Z"), Some(253_402_300_799));
    }

    #[test]
    fn times_in_any_other_form_are_not() {
        for (tag, text) in [
            (UTC_TIME, "7001010000Z"),
            (UTC_TIME, "700101000000+0100"),
            (UTC_TIME, "700230000000Z"),
            (UTC_TIME, "700101240000Z"),
            (UTC_TIME, "20500101000000Z"),
            (GENERALIZED_TIME, "20500101000000.5Z"),
            (GENERALIZED_TIME, "500101000000Z"),
        ] {
            assert_eq!(at(tag, text), None, "{text}");
        }
    }

    #[test]
    fn bits_are_counted_from_the_first() {
        assert_eq!(named_bits(&[5, 0b1010_0000]), Some(0b101));
        assert_eq!(named_bits(&[7, 0, 0x80]), Some(1 << 8));
        assert_eq!((named_bits(&[]), named_bits(&[3])), (None, None));
    }
}

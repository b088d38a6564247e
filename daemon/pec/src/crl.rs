//! Certificate revocation lists, read in place (RFC 5280 §5). Nothing is proven here.

use crate::asn1::{self, Fields};
use crate::ber::{self, Tlv};
use crate::cert::{Signed, each_extension};
use crate::crypto::{Key, Scheme};
use crate::dn::Dn;
use crate::names::General;
use alloc::vec::Vec;

/// ReasonFlags: every reason but `unused`, which is the first bit.
pub(crate) const ALL_REASONS: u16 = 0x1fe;
/// CRLReason certificateHold: the one that may be taken back.
pub(crate) const CERTIFICATE_HOLD: u32 = 6;
/// CRLReason removeFromCRL: an entry of a delta that takes one back.
pub(crate) const REMOVE_FROM_CRL: u32 = 8;

/// DistributionPointName.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PointName<'a> {
    Full(Vec<General<'a>>),
    /// Contents of one RDN, below the issuer's name.
    Relative(&'a [u8]),
}

/// DistributionPoint of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Point<'a> {
    pub(crate) name: Option<PointName<'a>>,
    pub(crate) reasons: Option<u16>,
    pub(crate) crl_issuer: Vec<General<'a>>,
}

/// issuingDistributionPoint: of what a list speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Scope<'a> {
    pub(crate) name: Option<PointName<'a>>,
    pub(crate) only_users: bool,
    pub(crate) only_authorities: bool,
    pub(crate) only_attributes: bool,
    pub(crate) reasons: Option<u16>,
    pub(crate) indirect: bool,
}

/// A list, read.
#[derive(Debug, Clone)]
pub(crate) struct Crl<'a> {
    /// As it came.
    pub(crate) der: &'a [u8],
    tbs: &'a [u8],
    scheme: Option<Scheme>,
    signature: &'a [u8],
    pub(crate) issuer: Dn<'a>,
    /// Seconds since 1970.
    pub(crate) this_update: i64,
    pub(crate) next_update: Option<i64>,
    pub(crate) authority_key_id: Option<&'a [u8]>,
    /// cRLNumber.
    pub(crate) number: Option<&'a [u8]>,
    /// deltaCRLIndicator: number of the base that this list changes.
    pub(crate) base: Option<&'a [u8]>,
    /// issuingDistributionPoint.
    pub(crate) scope: Option<Scope<'a>>,
    /// expiredCertsOnCRL: certificates that expired since then are still listed (X.509 §9.5.2.9).
    pub(crate) keeps_expired_since: Option<i64>,
    /// It has a critical extension that nobody here understands: it decides nothing.
    pub(crate) unknown_critical: bool,
    /// Contents of revokedCertificates.
    entries: &'a [u8],
}

/// What a list says of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// revocationDate, seconds since 1970.
    pub(crate) at: i64,
    /// invalidityDate.
    pub(crate) invalid_since: Option<i64>,
    /// CRLReason; 0 = not said.
    pub(crate) reason: u32,
}

impl Entry {
    /// From when the certificate was not good: it may have been so before anybody said it (RFC 5280 §5.3.2).
    pub(crate) fn effective(&self) -> i64 {
        self.invalid_since.map_or(self.at, |since| since.min(self.at))
    }
}

impl<'a> Crl<'a> {
    /// Reads DER, except the entries.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let signed = Signed::read(der)?;
        let mut fields = Fields::of(signed.content);
        fields.optional(ber::INTEGER)?;
        (fields.take(ber::SEQUENCE)?.whole == signed.algorithm.whole).then_some(())?;
        let issuer = Dn::read(fields.any()?)?;
        let this_update = asn1::time(fields.any()?)?;
        let next_update = match fields.peek() {
            Some(asn1::UTC_TIME | asn1::GENERALIZED_TIME) => Some(asn1::time(fields.any()?)?),
            _ => None,
        };
        let entries = fields.optional(ber::SEQUENCE)?.map_or(&[][..], |list| list.content);
        let extensions = fields.optional(ber::CONTEXT_0)?;
        fields.end()?;
        let mut crl = Self {
            der,
            tbs: signed.tbs,
            scheme: signed.scheme(),
            signature: signed.signature,
            issuer,
            this_update,
            next_update,
            authority_key_id: None,
            number: None,
            base: None,
            scope: None,
            keeps_expired_since: None,
            unknown_critical: false,
            entries,
        };
        if let Some(explicit) = extensions {
            each_extension(explicit.content, |oid, critical, value| crl.extension(oid, critical, value))?;
        }
        Some(crl)
    }

    fn extension(&mut self, oid: &[u8], critical: bool, value: &'a [u8]) -> Option<()> {
        match oid {
            [0x55, 0x1d, 20] => self.number = Some(Fields::of(value).take(ber::INTEGER)?.content),
            [0x55, 0x1d, 27] => self.base = Some(Fields::of(value).take(ber::INTEGER)?.content),
            [0x55, 0x1d, 28] => self.scope = Some(Scope::read(value)?),
            [0x55, 0x1d, 35] => {
                self.authority_key_id = Fields::sequence(value)?.optional(0x80)?.map(|id| id.content);
            }
            [0x55, 0x1d, 60] => self.keeps_expired_since = Some(asn1::time(Fields::of(value).any()?)?),
            _ => self.unknown_critical |= critical,
        }
        Some(())
    }

    /// `key` signed this list.
    pub(crate) fn is_signed_by(&self, key: &Key) -> bool {
        self.scheme.is_some_and(|scheme| key.verifies(scheme, self.tbs, self.signature))
    }

    /// The algorithm of the signature, if admitted.
    pub(crate) fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// The entry of a certificate; the last, where there are several. Scanned from end to end, without a copy: `None` =
    /// the list does not read, or has somewhere a critical entry extension that nobody understands (RFC 5280 §5.3).
    pub(crate) fn find(&self, issuer: &Dn<'_>, serial: &[u8]) -> Option<Option<Entry>> {
        // Entries speak of the certificates of the list's issuer, until one names another (§5.3.3).
        let mut of_issuer = self.issuer.same(issuer);
        let mut found = None;
        for entry in ber::each(self.entries) {
            let entry = entry.filter(|e| e.tag == ber::SEQUENCE)?;
            let mut fields = Fields::of(entry.content);
            let (number, at) = (fields.take(ber::INTEGER)?.content, fields.any()?);
            let mut said = Details { issuer: None, reason: 0, invalid_since: None };
            if let Some(extensions) = fields.optional(ber::SEQUENCE)? {
                said.read(extensions)?;
            }
            fields.end()?;
            if let Some(names) = said.issuer {
                of_issuer = names_issuer(names, issuer)?;
            }
            if of_issuer && same_number(number, serial) {
                found = Some(Entry { at: asn1::time(at)?, invalid_since: said.invalid_since, reason: said.reason });
            }
        }
        Some(found)
    }
}

/// The extensions of an entry.
struct Details<'a> {
    issuer: Option<&'a [u8]>,
    reason: u32,
    invalid_since: Option<i64>,
}

impl<'a> Details<'a> {
    fn read(&mut self, extensions: Tlv<'a>) -> Option<()> {
        // Not `each_extension`: a list has a million entries, and this one allocates nothing.
        for extension in ber::each(extensions.content) {
            let mut fields = Fields::of(extension.filter(|e| e.tag == ber::SEQUENCE)?.content);
            let oid = fields.take(ber::OID)?.content;
            let critical = fields.optional(asn1::BOOLEAN)?.map_or(Some(false), asn1::boolean)?;
            let value = fields.take(ber::OCTET_STRING)?.content;
            match oid {
                [0x55, 0x1d, 21] => self.reason = asn1::number(Fields::of(value).take(asn1::ENUMERATED)?.content)?,
                [0x55, 0x1d, 24] => self.invalid_since = Some(asn1::time(Fields::of(value).any()?)?),
                [0x55, 0x1d, 29] => self.issuer = Some(value),
                _ if critical => return None,
                _ => {}
            }
        }
        Some(())
    }
}

/// certificateIssuer names `issuer`.
fn names_issuer(names: &[u8], issuer: &Dn<'_>) -> Option<bool> {
    let mut found = false;
    for name in ber::each(Fields::sequence(names)?.rest()) {
        found |= matches!(General::read(name?)?, General::Directory(name) if name.same(issuer));
    }
    Some(found)
}

/// Two INTEGERs are one number, even where one was written with octets that DER leaves out.
pub(crate) fn same_number(a: &[u8], b: &[u8]) -> bool {
    fn least(mut n: &[u8]) -> &[u8] {
        while let [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] = n {
            n = n.get(1..).unwrap_or_default();
        }
        n
    }
    a == b || least(a) == least(b)
}

/// `a` is not a lesser number than `b` (both not negative).
pub(crate) fn not_less(a: &[u8], b: &[u8]) -> bool {
    fn digits(n: &[u8]) -> &[u8] {
        n.iter().position(|octet| *octet != 0).and_then(|at| n.get(at..)).unwrap_or_default()
    }
    let (a, b) = (digits(a), digits(b));
    (a.len(), a) >= (b.len(), b)
}

impl<'a> PointName<'a> {
    fn read(element: Tlv<'a>) -> Option<Self> {
        let inner = Fields::of(element.content).any()?;
        match inner.tag {
            0xa0 => General::all(inner.content).map(Self::Full),
            0xa1 => Some(Self::Relative(inner.content)),
            _ => None,
        }
    }
}

impl<'a> Point<'a> {
    /// Reads cRLDistributionPoints.
    pub(crate) fn all(value: &'a [u8]) -> Option<Vec<Self>> {
        let read = |point: Tlv<'a>| {
            let mut fields = Fields::of(point.content);
            let name = fields.optional(0xa0)?.map_or(Some(None), |name| PointName::read(name).map(Some))?;
            let reasons = fields.optional(0x81)?.map_or(Some(None), |r| asn1::named_bits(r.content).map(Some))?;
            let crl_issuer = fields.optional(0xa2)?.map_or(Some(Vec::new()), |names| General::all(names.content))?;
            fields.end()?;
            Some(Self { name, reasons, crl_issuer })
        };
        ber::each(Fields::sequence(value)?.rest()).map(|point| read(point?)).collect()
    }
}

impl<'a> Scope<'a> {
    fn read(value: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::sequence(value)?;
        let name = fields.optional(0xa0)?.map_or(Some(None), |name| PointName::read(name).map(Some))?;
        let flag = |element: Option<Tlv<'_>>| element.map_or(Some(false), asn1::boolean);
        let scope = Self {
            name,
            only_users: flag(fields.optional(0x81)?)?,
            only_authorities: flag(fields.optional(0x82)?)?,
            reasons: fields.optional(0x83)?.map_or(Some(None), |r| asn1::named_bits(r.content).map(Some))?,
            indirect: flag(fields.optional(0x84)?)?,
            only_attributes: flag(fields.optional(0x85)?)?,
        };
        fields.end()?;
        Some(scope)
    }
}

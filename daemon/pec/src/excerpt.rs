//! Bytes of the examined message that are found again when somebody asks for them, instead of being kept.

use crate::decode;
use crate::mime::{self, Encoding};
use alloc::borrow::Cow;
use core::ops::Range;

/// Where a message stands in the bytes that were examined.
///
/// An envelope of 100 MB is nearly all one inner message: a copy of it would be most of the memory of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    /// The signed part in the examined bytes; all of them where nothing is signed.
    signed: Range<usize>,
    /// Its signature holds for CRLF, and it came with bare LF.
    crlf: bool,
    /// The body in the signed part, and how it is written.
    body: Range<usize>,
    encoding: Encoding,
}

impl Excerpt {
    /// All of the examined bytes.
    pub(crate) fn whole(raw: &[u8]) -> Self {
        Self { signed: 0..raw.len(), body: 0..raw.len(), ..Self::default() }
    }

    /// `body`, a slice of `verified`: the bytes of `signed` as they were verified (`crlf`: after their bare LF were made
    /// CRLF), `signed` being a slice of `raw`.
    pub(crate) fn new(raw: &[u8], signed: &[u8], crlf: bool, verified: &[u8], body: &[u8], encoding: Encoding) -> Self {
        Self {
            signed: mime::range_in(raw, signed).unwrap_or_default(),
            crlf,
            body: mime::range_in(verified, body).unwrap_or_default(),
            encoding,
        }
    }

    /// The bytes, from `raw`, which must be what was examined. Copied only where they were sent encoded, which RFC 2046
    /// §5.2.1 forbids, or with bare LF.
    pub fn of<'a>(&self, raw: &'a [u8]) -> Cow<'a, [u8]> {
        let signed = raw.get(self.signed.clone()).unwrap_or_default();
        let body = self.body.clone();
        if self.crlf {
            let lines = mime::with_crlf(signed);
            let body = lines.get(body).unwrap_or_default();
            return Cow::Owned(decode::whole(body, self.encoding).0);
        }
        let body = signed.get(body).unwrap_or_default();
        match self.encoding {
            Encoding::Identity => Cow::Borrowed(body),
            encoding => Cow::Owned(decode::whole(body, encoding).0),
        }
    }
}

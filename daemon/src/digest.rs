//! SHA-256 as this crate uses it: names of archived bytes, links of the journal.

use aws_lc_rs::digest::{Context, SHA256, digest};
use std::io::{self, Read};

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// SHA-256 of pieces, one after the other, as bytes.
#[must_use]
pub fn sha256_bytes(pieces: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    pieces.iter().for_each(|piece| context.update(piece));
    context.finish().as_ref().try_into().unwrap_or_default()
}

/// SHA-256 of what is added, piece by piece.
#[derive(Clone)]
pub struct Hasher(Context);

impl Default for Hasher {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Hasher {
    /// Adds a piece.
    pub fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }
    /// The digest, in lower-case hex.
    #[must_use]
    pub fn end(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

/// SHA-256 and length of a stream, read in pieces.
///
/// # Errors
/// Those of reading.
pub fn sha256_of(mut from: impl Read) -> io::Result<(String, u64)> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0u8; 64 * 1024];
    let mut length = 0u64;
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            return Ok((hex(context.finish().as_ref()), length));
        }
        length += n as u64;
        context.update(buffer.get(..n).unwrap_or_default());
    }
}

/// The first 12 hex digits: the `flow` of logs and of what people read.
#[must_use]
pub fn flow(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        out.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        out
    })
}

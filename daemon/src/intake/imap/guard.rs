//! What a server may send before the parser sees it. It changes when the parser's weaknesses, or our bounds, change.
//!
//! async-imap has no bound of its own short of 512 MiB, allocates a literal when it is announced, re-parses a growing line
//! from its start, recurses on parentheses and panics on 8-bit text after a response code (stack.md §3, measured). This
//! stream stands between TLS and that parser and ends the connection first. It never touches the bytes of a literal.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest response outside its literals, in bytes (reliability §3.1, T07). Nothing we ask for comes near.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Deepest nesting of parentheses. What we ask for nests twice.
const DEPTH_MAX: u32 = 16;

/// How much may come in answer to one command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Largest literal, in bytes.
    pub(super) literal: u64,
    /// All bytes together.
    pub(super) total: u64,
}

/// A stream that fails as soon as the server goes beyond the [`Room`] given to it.
pub(super) struct Guard<S> {
    inner: S,
    room: Room,
    scan: Scan,
    tripped: Option<&'static str>,
}

impl<S> Guard<S> {
    pub(super) fn new(inner: S, room: Room) -> Self {
        Self { inner, room, scan: Scan::default(), tripped: None }
    }

    /// Sets the room for the next answer.
    pub(super) fn allow(&mut self, room: Room) {
        self.room = room;
    }

    /// Why the connection was ended here, if it was.
    pub(super) fn tripped(&self) -> Option<&'static str> {
        self.tripped
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        let fresh = buf.filled_mut().get_mut(before..).unwrap_or_default();
        let passed = match this.room.total.checked_sub(fresh.len() as u64) {
            Some(left) => {
                this.room.total = left;
                this.scan.pass(fresh, this.room.literal)
            }
            None => Err("una risposta troppo lunga"),
        };
        if let Err(what) = passed {
            // An error means that nothing was read (contract of AsyncRead).
            buf.set_filled(before);
            this.tripped = Some(what);
            return Poll::Ready(Err(io::Error::other(what)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S> fmt::Debug for Guard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

/// Where in the server's grammar the next byte stands.
#[derive(Debug, Default)]
struct Scan {
    /// Bytes of a literal still to come.
    literal: u64,
    /// Length of the response so far, literals not counted.
    length: usize,
    depth: u32,
    /// `* ` and a digit: message data, where literals occur. Elsewhere a `{n}` at a line's end is somebody's prose.
    data: bool,
    announced: Announced,
}

/// How much of `{n}` CRLF the line ends with.
#[derive(Debug, Default, Clone, Copy)]
enum Announced {
    #[default]
    No,
    Digits(u64),
    Closed(u64),
    Cr(u64),
}

impl Scan {
    /// Follows `bytes`, and makes 8-bit bytes outside literals harmless.
    fn pass(&mut self, bytes: &mut [u8], literal_max: u64) -> Result<(), &'static str> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.literal > 0 {
                let skip = usize::try_from(self.literal).unwrap_or(usize::MAX).min(rest.len());
                self.literal -= skip as u64;
                rest = rest.get_mut(skip..).unwrap_or_default();
                continue;
            }
            let Some((byte, tail)) = rest.split_first_mut() else {
                break;
            };
            self.step(byte, literal_max)?;
            rest = tail;
        }
        Ok(())
    }

    fn step(&mut self, byte: &mut u8, literal_max: u64) -> Result<(), &'static str> {
        if !byte.is_ascii() {
            *byte = b'?';
        }
        self.length += 1;
        if self.length > LINE_BYTES_MAX {
            return Err("una riga senza fine");
        }
        match (self.length, *byte) {
            (1, b'*') | (2, b' ') => self.data = true,
            (3, b'0'..=b'9') => {}
            (1..=3, _) => self.data = false,
            _ => {}
        }
        match *byte {
            b'(' => self.depth += 1,
            b')' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEPTH_MAX {
            return Err("troppe parentesi annidate");
        }
        self.announced = match (self.announced, *byte) {
            (_, b'{') => Announced::Digits(0),
            (Announced::Digits(n), d @ b'0'..=b'9') => {
                Announced::Digits(n.saturating_mul(10).saturating_add(u64::from(d - b'0')))
            }
            (Announced::Digits(n), b'}') => Announced::Closed(n),
            (Announced::Closed(n), b'\r') => Announced::Cr(n),
            (Announced::Cr(n), b'\n') if n > literal_max => {
                return Err("un blocco più grande di quanto annunciato");
            }
            (Announced::Cr(n), b'\n') if self.data => {
                self.literal = n;
                Announced::No
            }
            (_, b'\n') => {
                *self = Self::default();
                Announced::No
            }
            _ => Announced::No,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests;

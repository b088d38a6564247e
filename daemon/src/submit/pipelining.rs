//! Whether a server takes commands in one write (RFC 2920). It changes when the crate below tells so itself: lettre reads the reply to
//! EHLO, and of its extensions keeps those that it uses.

use std::{
    fmt, io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is listened to of a server at most, bytes: its greeting and its reply to EHLO. An offer beyond is not heard.
const HEARD_BYTES_MAX: usize = 4_096;

/// What a server has said; `None` when nobody listens any more.
type Heard = Arc<Mutex<Option<Vec<u8>>>>;

/// A stream whose first words are listened to as they pass.
pub(super) struct Listened<S> {
    inner: S,
    heard: Heard,
}

/// The listener's side.
pub(super) struct Ear(Heard);

/// Listens to a stream.
pub(super) fn listen<S>(inner: S) -> (Listened<S>, Ear) {
    let heard = Heard::new(Mutex::new(Some(Vec::new())));
    (Listened { inner, heard: heard.clone() }, Ear(heard))
}

impl Ear {
    /// Whether the server offers it, by what it has said; from now on nothing is listened to.
    pub(super) fn hears_pipelining(self) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        let offers = |line: &[u8]| {
            let line = line.strip_prefix(b"250").and_then(|rest| rest.strip_prefix(b"-").or(rest.strip_prefix(b" ")));
            line.is_some_and(|word| word.trim_ascii().eq_ignore_ascii_case(b"PIPELINING"))
        };
        heard.split(|b| *b == b'\n').any(offers)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Listened<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let already = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        if let Some(heard) = &mut *this.heard.lock().unwrap_or_else(PoisonError::into_inner) {
            let room = HEARD_BYTES_MAX.saturating_sub(heard.len());
            heard.extend(buf.filled().iter().skip(already).take(room));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Listened<S> {
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

impl<S> fmt::Debug for Listened<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listened")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    async fn hears(said: &str) -> bool {
        let (mut stream, ear) = listen(tokio::io::join(said.as_bytes(), tokio::io::sink()));
        let mut read = String::new();
        stream.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, said, "what passes is not touched");
        ear.hears_pipelining()
    }

    #[tokio::test]
    async fn an_offer_is_a_line_of_its_own() {
        for offer in
            ["250-PIPELINING\r\n250 SIZE", "220 a\r\n250-a\r\n250 pipelining\r\n", "250-Pipelining \r\n250 a\r\n"]
        {
            assert!(hears(offer).await, "{offer}");
        }
        for none in
            ["", "250 SIZE\r\n", "250-XPIPELINING\r\n250 PIPELININGS\r\n", "220 PIPELINING\r\n", "PIPELINING\r\n"]
        {
            assert!(!hears(none).await, "{none}");
        }
        let late = format!("250-{}\r\n250 PIPELINING\r\n", "x".repeat(HEARD_BYTES_MAX));
        assert!(!hears(&late).await);
    }
}

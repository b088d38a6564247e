//! The stream under lettre that stops before the final dot. It changes when the way we make `InDot` durable changes.
//!
//! lettre writes the dot-stuffed body, then exactly `CRLF.CRLF` as a write of its own, then reads the reply
//! (`AsyncSmtpConnection::message_iter`). A stuffed body cannot contain that sequence, so the write is recognised by its
//! bytes. Before it the message is certainly not taken; after it only the reply can tell (reliability §4.3).

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{mpsc, oneshot},
    time::{Instant, Sleep},
};

/// What ends a message (RFC 5321 §4.1.1.4), as lettre writes it.
const TERMINATOR: &[u8] = b"\r\n.\r\n";

/// The two ends that meet at the dot: the stream says it is there, the attempt lets it pass.
#[derive(Debug)]
struct Armed {
    at_dot: Option<oneshot::Sender<()>>,
    go: oneshot::Receiver<()>,
}

/// Where the gate stands. Closed is its rest: every dot needs a leave of its own.
#[derive(Debug)]
enum Pass {
    Closed,
    Asked(Armed),
    /// This one dot may pass, in as many writes as it takes.
    Open,
}

/// Readies the gate for the next letter of a connection.
#[derive(Debug)]
pub(super) struct Arming(mpsc::UnboundedSender<Armed>);

impl Arming {
    /// The leave for one dot.
    pub(super) fn arm(&self) -> Keeper {
        let (at_dot, dot_seen) = oneshot::channel();
        let (let_go, go) = oneshot::channel();
        // A stream that is gone drops its end: the attempt then sees that its dot never comes.
        let _ = self.0.send(Armed { at_dot: Some(at_dot), go });
        Keeper { at_dot: dot_seen, go: let_go }
    }
}

/// The attempt's side of the gate.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Resolves when the next byte to write is the first of the final dot.
    pub(super) at_dot: oneshot::Receiver<()>,
    /// Sending lets the dot through; dropping it makes the write fail without a byte on the wire.
    pub(super) go: oneshot::Sender<()>,
}

/// A stream with a gate at the final dot and a limit on how long a write may stand still.
pub(super) struct Gated<S> {
    inner: S,
    /// Bytes to read before the stream's own: the greeting lettre expects, when STARTTLS has used up the real one.
    replay: &'static [u8],
    pass: Pass,
    arms: mpsc::UnboundedReceiver<Armed>,
    stall: Pin<Box<Sleep>>,
    stall_after: Duration,
    waiting: bool,
}

impl<S> Gated<S> {
    pub(super) fn new(inner: S, replay: &'static [u8], stall_after: Duration) -> (Self, Arming) {
        let (arming, arms) = mpsc::unbounded_channel();
        let stall = Box::pin(tokio::time::sleep(stall_after));
        (Self { inner, replay, pass: Pass::Closed, arms, stall, stall_after, waiting: false }, Arming(arming))
    }

    /// Ready when the next dot may pass.
    fn leave_for_the_dot(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.pass, Pass::Closed) {
            let Ok(armed) = self.arms.try_recv() else {
                return Poll::Ready(Err(io::Error::other("punto finale non previsto")));
            };
            self.pass = Pass::Asked(armed);
        }
        if let Pass::Asked(armed) = &mut self.pass {
            if let Some(at_dot) = armed.at_dot.take() {
                let _ = at_dot.send(());
            }
            let go = ready!(Pin::new(&mut armed.go).poll(cx));
            self.pass = if go.is_ok() { Pass::Open } else { Pass::Closed };
            go.map_err(|_| io::Error::other("punto finale non autorizzato"))?;
        }
        Poll::Ready(Ok(()))
    }

    /// A write that has to wait may wait `stall_after`, counted from the last progress.
    fn guard<T>(&mut self, poll: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.waiting = false;
            return poll;
        }
        if !self.waiting {
            self.waiting = true;
            self.stall.as_mut().reset(Instant::now() + self.stall_after);
        }
        ready!(self.stall.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "scrittura ferma")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gated<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if bytes.ends_with(TERMINATOR) {
            // A body and its dot in one write is not what lettre does today; if it ever did, nothing may pass.
            if bytes != TERMINATOR {
                return Poll::Ready(Err(io::Error::other("il punto finale non è una scrittura a sé")));
            }
            ready!(this.leave_for_the_dot(cx))?;
        }
        let poll = Pin::new(&mut this.inner).poll_write(cx, bytes);
        if poll.is_ready() && matches!(this.pass, Pass::Open) {
            this.pass = Pass::Closed;
        }
        this.guard(poll, cx)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.inner).poll_flush(cx);
        this.guard(poll, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gated<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.replay.is_empty() {
            let (now, later) = this.replay.split_at(this.replay.len().min(buf.remaining()));
            buf.put_slice(now);
            this.replay = later;
            return Poll::Ready(Ok(()));
        }
        let already = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        // lettre gives up on a reply that is not UTF-8, even a 250 after the dot; the words do not matter, the code does.
        for byte in buf.filled_mut().iter_mut().skip(already).filter(|b| !b.is_ascii()) {
            *byte = b'?';
        }
        Poll::Ready(Ok(()))
    }
}

impl<S> fmt::Debug for Gated<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gated")
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> AsyncTokioStream for Gated<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

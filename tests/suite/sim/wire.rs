//! The wires of the simulated world: every byte passes the switch, and a wire may be cut at any of them. Changes when there
//! is another way to lose a connection.

use super::plan::Dice;
use super::power::Power;
use sportello::net::{DialTrouble, Dialling, Encrypted, Net, Stream};
use std::fmt;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// Bytes in flight each way.
const IN_FLIGHT: usize = 64 * 1024;
/// Longest dialogue that a cut is drawn for, bytes.
const DIALOGUE: u64 = 60_000;

/// What listens at the other end of a dial.
pub trait Listener: Send + Sync {
    /// Takes one connection, its own end of the wire; false: nobody listens now.
    fn serve(&self, host: &str, stream: DuplexStream, number: u64) -> bool;
    /// Misfortunes still happen.
    fn is_mean(&self) -> bool;
}

/// How a wire ends when its time has come.
#[derive(Debug, Clone, Copy)]
enum End {
    Eof,
    Reset,
    /// Nothing more comes, and nobody says so.
    Silence,
}

/// One end of a connection, the service's.
pub struct Wire {
    inner: Option<DuplexStream>,
    power: Power,
    number: u64,
    /// Bytes that may still go each way.
    up: u64,
    down: u64,
    end: End,
    is_dead: bool,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    fn die(&mut self) {
        if !self.is_dead {
            self.is_dead = true;
            self.power.count("connections cut");
            if !matches!(self.end, End::Silence) {
                self.inner = None;
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.down == 0 {
            this.die();
        }
        if this.is_dead {
            return match this.end {
                End::Eof => Poll::Ready(Ok(())),
                End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                End::Silence => Poll::Pending,
            };
        }
        let Some(inner) = &mut this.inner else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        let room = buf.remaining().min(usize::try_from(this.down).unwrap_or(usize::MAX));
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
        ready!(Pin::new(inner).poll_read(cx, &mut part))?;
        let came = part.filled().len();
        let number = this.number;
        this.power.wire_op(|| format!("wire {number} < {came}"))?;
        this.down -= came as u64;
        buf.advance(came);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.up == 0 {
            this.die();
        }
        if this.is_dead {
            return match this.end {
                End::Silence => Poll::Ready(Ok(bytes.len())), // into the void
                End::Eof | End::Reset => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
        }
        let number = this.number;
        this.power.wire_op(|| format!("wire {number} > {}", bytes.len()))?;
        let Some(inner) = &mut this.inner else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        let part = bytes.len().min(usize::try_from(this.up).unwrap_or(usize::MAX));
        let went = ready!(Pin::new(inner).poll_write(cx, &bytes[..part]))?;
        this.up -= went as u64;
        Poll::Ready(Ok(went))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner = None;
        Poll::Ready(Ok(()))
    }
}

/// The network.
pub struct SimNet {
    power: Power,
    listener: Arc<dyn Listener>,
    seed: u64,
    cuts: u64,
    connections: AtomicU64,
}

impl fmt::Debug for SimNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimNet")
    }
}

impl SimNet {
    /// A network on which `cuts` of a thousand connections do not live out their lives.
    pub fn new(seed: u64, cuts: u64, power: Power, listener: Arc<dyn Listener>) -> Self {
        Self { power, listener, seed, cuts, connections: AtomicU64::new(0) }
    }
}

impl Net for SimNet {
    fn connect<'a>(&'a self, host: &'a str, _: u16) -> Dialling<'a, Stream> {
        Box::pin(async move {
            let number = self.connections.fetch_add(1, Ordering::Relaxed);
            let mut dice = Dice::of(self.seed, 1000 + number);
            tokio::time::sleep(Duration::from_millis(dice.between(1, 80))).await;
            self.power.wire_op(|| format!("dial {number} {host}")).map_err(DialTrouble::Unreachable)?;
            let (ours, theirs) = tokio::io::duplex(IN_FLIGHT);
            if !self.listener.serve(host, theirs, number) {
                self.power.count("dials refused");
                return Err(DialTrouble::Unreachable(io::ErrorKind::ConnectionRefused.into()));
            }
            let mut wire = Wire {
                inner: Some(ours),
                power: self.power.clone(),
                number,
                up: u64::MAX,
                down: u64::MAX,
                end: *dice.pick(&[End::Eof, End::Reset, End::Silence]),
                is_dead: false,
            };
            if self.listener.is_mean() && dice.permille(self.cuts) {
                let at = dice.spread(DIALOGUE);
                *(if dice.permille(500) { &mut wire.up } else { &mut wire.down }) = at;
            }
            Ok(Box::new(wire) as Stream)
        })
    }

    fn encrypt<'a>(&'a self, stream: Stream, _: &'a str, _: Option<&'a Path>) -> Dialling<'a, Encrypted> {
        Box::pin(async move { Ok(Encrypted { stream, version: "TLSv1_3".into() }) })
    }
}

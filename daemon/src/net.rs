//! The network under IMAP and SMTP: a connection, and its encryption. It changes when what we need of a network changes.
//!
//! A trait, so that a simulation can put its own servers at the other end of the wire.

use crate::tls;
pub use crate::tls::DialTrouble;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// A network, shared by all parts of the service.
pub type NetRef = Arc<dyn Net>;
/// What a dial returns, sooner or later.
pub type Dialling<'a, T> = Pin<Box<dyn Future<Output = Result<T, DialTrouble>> + Send + 'a>>;

/// A connection.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug> Wire for S {}
/// A connection, whatever is at its other end.
pub type Stream = Box<dyn Wire>;

/// An encrypted connection.
#[derive(Debug)]
pub struct Encrypted {
    /// The stream.
    pub stream: Stream,
    /// The TLS version in force, for a person (`TLSv1_3`).
    pub version: String,
}

/// What the service asks of a network.
pub trait Net: Send + Sync + fmt::Debug {
    /// Opens a connection in clear.
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Dialling<'a, Stream>;
    /// Opens a socket of this machine; a network that has none says so.
    fn local<'a>(&'a self, socket: &'a Path) -> Dialling<'a, Stream> {
        let why = format!("{}: nessun socket", socket.display());
        Box::pin(
            async move { Err(DialTrouble::Unreachable(std::io::Error::new(std::io::ErrorKind::Unsupported, why))) },
        )
    }
    /// Encrypts it. `name` is what the certificate must carry; `ca_file` adds authorities to the system's.
    fn encrypt<'a>(&'a self, stream: Stream, name: &'a str, ca_file: Option<&'a Path>) -> Dialling<'a, Encrypted>;
}

/// The machine's own network.
#[must_use]
pub fn real() -> NetRef {
    Arc::new(Real)
}

/// TCP, and TLS over it.
#[derive(Debug, Clone, Copy)]
pub struct Real;

impl Net for Real {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Dialling<'a, Stream> {
        Box::pin(async move { Ok(Box::new(tls::connect(host, port).await?) as Stream) })
    }

    fn local<'a>(&'a self, socket: &'a Path) -> Dialling<'a, Stream> {
        Box::pin(async move { Ok(Box::new(tls::local(socket).await?) as Stream) })
    }

    fn encrypt<'a>(&'a self, stream: Stream, name: &'a str, ca_file: Option<&'a Path>) -> Dialling<'a, Encrypted> {
        Box::pin(async move {
            let stream = tls::encrypt(stream, name, ca_file).await?;
            let version = tls::version(&stream);
            Ok(Encrypted { stream: Box::new(stream), version })
        })
    }
}

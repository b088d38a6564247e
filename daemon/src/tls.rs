//! TLS to the provider's servers. It changes when the TLS library, or what we trust for transport, changes.
//!
//! The only file naming tokio-rustls and rustls-native-certs. Transport trust says which server we talk to; it says
//! nothing about a message (that is `trust.rs` and crate `pec`).

use std::{fmt, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use crate::net;
use tokio::net::{TcpSocket, TcpStream, UnixStream, lookup_host};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, RootCertStore,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

/// An encrypted stream.
pub(crate) type TlsStream<S> = tokio_rustls::client::TlsStream<S>;

/// Longest wait for one address to answer. Beyond: the next address, or unreachable.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for the TLS handshake.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);
/// Most addresses of one host tried in one attempt.
pub(crate) const ADDRESSES_MAX: usize = 4;

const PEM_MARK: &[u8] = b"-----BEGIN";

/// Why there is no encrypted connection.
#[derive(Debug)]
pub enum DialTrouble {
    /// No address, refused, or no answer.
    Unreachable(io::Error),
    /// Handshake, certificate, name, or authority file.
    Tls(String),
}

impl fmt::Display for DialTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "{why}"),
            Self::Tls(why) => f.write_str(why),
        }
    }
}

/// The certificates of a file, as DER: a DER file holds one, a PEM file as many as it likes.
///
/// # Errors
/// Italian text for the administrator.
pub(crate) fn certificates(bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, String> {
    if !bytes.windows(PEM_MARK.len()).any(|window| window == PEM_MARK) {
        return Ok(vec![bytes]);
    }
    CertificateDer::pem_slice_iter(&bytes)
        .map(|der| der.map(|der| der.to_vec()).map_err(|e| format!("non è un certificato PEM: {e}")))
        .collect()
}

/// The RSA key of a PEM file, as DER: `true` when it is PKCS#8, else PKCS#1.
///
/// # Errors
/// Italian text for the administrator.
pub(crate) fn rsa_key(pem: &[u8]) -> Result<(Vec<u8>, bool), String> {
    match PrivateKeyDer::from_pem_slice(pem) {
        Ok(PrivateKeyDer::Pkcs8(key)) => Ok((key.secret_pkcs8_der().to_vec(), true)),
        Ok(PrivateKeyDer::Pkcs1(key)) => Ok((key.secret_pkcs1_der().to_vec(), false)),
        Ok(_) => Err("la chiave non è RSA: serve una chiave RSA di almeno 2048 bit".to_owned()),
        Err(_) if pem.windows(9).any(|window| window == b"ENCRYPTED") => Err(
            "la chiave è cifrata con una password, e il servizio parte da solo: `openssl pkey -in CIFRATA.pem -out CHIAVE.pem` la \
             scrive in chiaro; poi `chmod 600`"
                .to_owned(),
        ),
        Err(_) => Err("non c'è una chiave privata PEM («BEGIN PRIVATE KEY»)".to_owned()),
    }
}

/// Opens a TCP connection without Nagle's delay (lettre writes the final dot apart: stack.md §4) and with keepalive.
pub(crate) async fn connect(host: &str, port: u16) -> Result<TcpStream, DialTrouble> {
    connect_to(&resolve(host, port).await?).await
}

/// The addresses of a name, [`ADDRESSES_MAX`] at most.
pub(crate) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialTrouble> {
    let addresses = tokio::time::timeout(CONNECT_TIMEOUT, lookup_host((host, port)))
        .await
        .unwrap_or_else(|_| Err(timed_out()))
        .map_err(DialTrouble::Unreachable)?;
    Ok(addresses.take(ADDRESSES_MAX).collect())
}

/// As [`connect`], to the first of these addresses that answers.
pub(crate) async fn connect_to(addresses: &[SocketAddr]) -> Result<TcpStream, DialTrouble> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "nessun indirizzo per questo nome");
    for address in addresses {
        let attempt = async {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_keepalive(true)?;
            let stream = socket.connect(*address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, attempt).await.unwrap_or_else(|_| Err(timed_out())) {
            Ok(stream) => return Ok(stream),
            Err(why) => last = why,
        }
    }
    Err(DialTrouble::Unreachable(last))
}

/// Opens a socket of this machine.
pub(crate) async fn local(socket: &Path) -> Result<UnixStream, DialTrouble> {
    let opened = tokio::time::timeout(CONNECT_TIMEOUT, UnixStream::connect(socket)).await;
    opened.unwrap_or_else(|_| Err(timed_out())).map_err(DialTrouble::Unreachable)
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "tempo scaduto")
}

/// Encrypts an open connection. `name` is what the certificate must carry; `ca_file` adds authorities to the system's.
pub(crate) async fn encrypt<S: net::Wire>(
    tcp: S,
    name: &str,
    ca_file: Option<&Path>,
) -> Result<TlsStream<S>, DialTrouble> {
    let tls = |why: String| DialTrouble::Tls(why);
    let server = ServerName::try_from(name.to_owned()).map_err(|_| tls(format!("«{name}» non è un nome di server")))?;
    let connector = TlsConnector::from(Arc::new(client_config(ca_file).map_err(tls)?));
    match tokio::time::timeout(HANDSHAKE_TIMEOUT, connector.connect(server, tcp)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(why)) => Err(tls(why.to_string())),
        Err(_) => Err(tls("tempo scaduto durante la negoziazione".to_owned())),
    }
}

/// TLS 1.2 or later, the system's authorities and those of `ca_file`.
fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    // A broken certificate in the system's store must not stop the service: what loads, counts.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unreadable = |why: &dyn fmt::Display| format!("autorità in {}: {why}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|why| unreadable(&why))? {
            let certificate = certificate.map_err(|why| unreadable(&why))?;
            roots.add(certificate).map_err(|why| unreadable(&why))?;
        }
    }
    if roots.is_empty() {
        return Err("nessuna autorità di certificazione: installare ca-certificates o indicare un file".to_owned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The TLS version in force, for a person (`TLSv1_3`).
pub(crate) fn version<S>(stream: &TlsStream<S>) -> String {
    stream.get_ref().1.protocol_version().map_or_else(|| "?".to_owned(), |v| format!("{v:?}"))
}

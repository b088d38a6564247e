//! Changes when the scripted servers on the loopback are started, encrypted or reached in another way.

use std::fs;
use std::net::TcpListener as StdListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs};

/// The server's side of an encrypted connection.
pub type Encrypted = tokio_rustls::server::TlsStream<TcpStream>;

/// An authority, and a certificate of it for `localhost`.
pub struct Tls {
    /// What a client trusts.
    pub authority: PathBuf,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Makes both in `dir`.
    pub fn make(dir: &Path) -> Self {
        let script = "set -e\n\
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -days 2 -out ca.pem \
              -subj /CN=throwaway -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign\n\
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout srv.key -subj /CN=localhost -out srv.csr\n\
            printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' >ext\n\
            openssl x509 -req -in srv.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -sha256 -extfile ext -out srv.pem\n";
        let made = Command::new("sh").args(["-c", script]).current_dir(dir).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let certificate = CertificateDer::from_pem_slice(&fs::read(dir.join("srv.pem")).unwrap()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(&fs::read(dir.join("srv.key")).unwrap()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate], key).unwrap();
        Self { authority: dir.join("ca.pem"), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// Encrypts a connection that was accepted.
    pub async fn accept(&self, tcp: TcpStream) -> Option<Encrypted> {
        tcp.set_nodelay(true).ok()?;
        self.acceptor.accept(tcp).await.ok()
    }
}

/// A free port of the loopback.
pub fn listen(runtime: &tokio::runtime::Runtime) -> (TcpListener, u16) {
    let listener = StdListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let _inside = runtime.enter();
    (TcpListener::from_std(listener).unwrap(), port)
}

/// Most memory that a process has had, KB.
pub fn most_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

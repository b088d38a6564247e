//! Changes when the tool that signs changes: `openssl` where there is one, the embedded writer where there is not.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use jiff::Timestamp;
use tempfile::TempDir;

use crate::codec::pem;
use crate::style::{Digest, Encoding};
use crate::{Error, Result, Shape, ber, cms};

/// `openssl cms` can only sign "now"; a wished signing time further off than this takes the embedded signer.
const NOW_MEANS_WITHIN_SECONDS: i64 = 60;

/// Which tool made a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The `openssl` command line: nothing of the signature is ours.
    OpenSsl,
    /// The DER writer of this crate.
    Embedded,
}

/// Makes detached signatures in one provider's name.
#[derive(Clone, Debug)]
pub struct Signer {
    pub(crate) leaf: Vec<u8>,
    pub(crate) issuing: Vec<u8>,
    pub(crate) pkcs8: Vec<u8>,
    /// Whether `openssl` is not to be asked even where there is one.
    embedded: bool,
    /// What is odd about its signatures.
    shape: Option<Box<Shape>>,
}

impl Signer {
    /// A signer with the certificate `leaf`, issued by `issuing`, all in DER. Takes `openssl` if it is on the PATH.
    pub(crate) fn new(leaf: Vec<u8>, issuing: Vec<u8>, pkcs8: Vec<u8>) -> Signer {
        Signer { leaf, issuing, pkcs8, embedded: false, shape: None }
    }

    /// The same signer, held to the embedded writer: signatures then depend on nothing outside this crate and repeat byte for byte.
    #[must_use]
    pub fn embedded(mut self) -> Signer {
        self.embedded = true;
        self
    }

    /// The same signer making signatures of that shape, by the embedded writer.
    #[must_use]
    pub fn shaped(mut self, shape: Shape) -> Signer {
        self.shape = Some(Box::new(shape));
        self.embedded()
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape.as_deref().cloned().unwrap_or_default()
    }

    /// A sentence for a person: what signs.
    #[must_use]
    pub fn describe(&self) -> String {
        match (self.embedded, openssl_version()) {
            (false, Some(version)) => format!(
                "{version} (`openssl cms -sign`); the embedded CMS writer for times more than {NOW_MEANS_WITHIN_SECONDS} s from now"
            ),
            (true, Some(_)) => "embedded CMS writer (by choice)".into(),
            (_, None) => "embedded CMS writer (no `openssl` command found)".into(),
        }
    }

    /// The certificate that signs, in DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.leaf
    }

    /// Its certificates, its own first, and its key, in PEM: for other programs that sign.
    #[must_use]
    pub fn pem(&self) -> (String, String) {
        let certificates = [&self.leaf, &self.issuing].map(|der| pem("CERTIFICATE", der)).concat();
        (certificates, pem("PRIVATE KEY", &self.pkcs8))
    }

    /// A detached signature over exactly `content`, and the tool that made it.
    ///
    /// # Errors
    /// When neither tool can sign.
    pub fn sign(&self, content: &[u8], digest: Digest, encoding: Encoding, at: Timestamp) -> Result<(Vec<u8>, Tool)> {
        let is_now = at.duration_since(Timestamp::now()).as_secs().abs() <= NOW_MEANS_WITHIN_SECONDS;
        // An `openssl` that refuses (a policy against SHA-1, as some systems have) falls back as if absent.
        let by_openssl = (is_now && !self.embedded && openssl_version().is_some())
            .then(|| self.sign_with_openssl(content, digest).ok())
            .flatten();
        let (der, tool) = match by_openssl {
            Some(der) => (der, Tool::OpenSsl),
            None => (cms::sign(self, content, digest, at)?, Tool::Embedded),
        };
        match encoding {
            Encoding::Der => Ok((der, tool)),
            Encoding::BerIndefinite => {
                let ber = ber::indefinite(&der)
                    .ok_or_else(|| Error::Signature("the signature made is not a SignedData".into()))?;
                Ok((ber, tool))
            }
        }
    }

    fn sign_with_openssl(&self, content: &[u8], digest: Digest) -> Result<Vec<u8>> {
        let failed = |why: String| Error::Signature(format!("openssl cms: {why}"));
        let files = key_files(self)?;
        let mut child = Command::new("openssl")
            .args(["cms", "-sign", "-binary", "-outform", "DER"])
            .args(["-md", md(digest)])
            .arg("-signer")
            .arg(files.path().join(LEAF))
            .arg("-inkey")
            .arg(files.path().join(KEY))
            .arg("-certfile")
            .arg(files.path().join(ISSUING))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|why| failed(why.to_string()))?;
        // A detached signature is small: openssl reads all of its input before it writes, so one thread is enough.
        let written = child.stdin.take().map(|mut input| input.write_all(content));
        let output = child.wait_with_output().map_err(|why| failed(why.to_string()))?;
        let whole = output.status.success() && matches!(written, Some(Ok(())));
        if whole && output.stdout.first() == Some(&0x30) {
            Ok(output.stdout)
        } else {
            Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_string()))
        }
    }
}

/// What `openssl` calls it.
fn md(digest: Digest) -> &'static str {
    match digest {
        Digest::Md5 => "md5",
        Digest::Sha1 => "sha1",
        Digest::Sha256 => "sha256",
        Digest::Sha384 => "sha384",
        Digest::Sha512 => "sha512",
    }
}

/// What `openssl version` answers, asked once; `None` without OpenSSL (LibreSSL is not asked to sign).
fn openssl_version() -> Option<&'static str> {
    static VERSION: OnceLock<Option<String>> = OnceLock::new();
    VERSION
        .get_or_init(|| {
            let output = Command::new("openssl").arg("version").stdin(Stdio::null()).output().ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            (words.first() == Some(&"OpenSSL")).then(|| words.join(" "))
        })
        .as_deref()
}

/// A directory that only its owner can read, with the certificates and the key as `openssl` wants them; removed when dropped.
fn key_files(signer: &Signer) -> Result<TempDir> {
    let directory = TempDir::new().map_err(|cause| Error::Io(std::env::temp_dir(), cause))?;
    for (name, label, der) in [
        (LEAF, "CERTIFICATE", &signer.leaf),
        (ISSUING, "CERTIFICATE", &signer.issuing),
        (KEY, "PRIVATE KEY", &signer.pkcs8),
    ] {
        let path = directory.path().join(name);
        std::fs::write(&path, pem(label, der)).map_err(Error::io(&path))?;
    }
    Ok(directory)
}

const LEAF: &str = "leaf.pem";
const ISSUING: &str = "issuing.pem";
const KEY: &str = "key.pem";

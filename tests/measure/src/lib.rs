//! Changes when other work is to be measured: the messages, the floor, OpenSSL, and the clock.
//!
//! Everything runs on the same bytes, in the same process and on the same thread. The clock is the CPU time of the thread,
//! so what else the machine does counts little.

use aws_lc_rs::{digest, signature};
use gestore::{Authority, Mail, Style, Submission, Timestamp};
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::x509::X509;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use pec::verdict::{PathVerdict, Paths};
use pec::{Anchor, Anchors, Policy};
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// The sizes of the issue, and how many bytes of attachment make an envelope of that size.
pub const SIZES: [(&str, usize); 4] =
    [("26 KB", 11_500), ("1 MB", 725_000), ("30 MB", 21_900_000), ("100 MB", 72_500_000)];

/// A simulated provider and who trusts it.
pub struct World {
    authority: Authority,
    anchors: Anchors,
    store: X509Store,
    kept: Kept,
}

/// Verdicts on paths, as the service keeps them.
#[derive(Debug, Default)]
struct Kept(Mutex<HashMap<[u8; 32], PathVerdict>>);

impl Paths for Kept {
    fn recall(&self, key: &[u8; 32]) -> Option<PathVerdict> {
        self.0.lock().expect("a lock").get(key).cloned()
    }
    fn keep(&self, key: [u8; 32], verdict: PathVerdict) {
        self.0.lock().expect("a lock").insert(key, verdict);
    }
}

/// The instant of every message: the embedded signer makes the same bytes every time from the same keys.
fn at() -> Timestamp {
    "2026-03-02T09:10:11Z".parse().expect("an instant")
}

impl World {
    /// Makes the keys.
    pub fn new() -> Self {
        let authority = Authority::create(at()).expect("an authority");
        let anchor =
            Anchor::from_certificate(authority.certificate_der(), "Prova", &[pec::anchors::POLICY_FIRMA_PEC], true);
        let mut store = X509StoreBuilder::new().expect("a store");
        store.add_cert(X509::from_der(authority.root_der()).expect("a certificate")).expect("an anchor");
        Self { anchors: Anchors { list: vec![anchor.expect("an anchor")] }, store: store.build(), authority, kept: Kept::default() }
    }

    /// The policy of an examination.
    pub fn policy(&self) -> Policy<'_> {
        Policy { arrival: Some(at()), ..Policy::new(&self.anchors) }
    }

    /// The same, with verdicts on paths kept from one examination to the next, as the service keeps them.
    pub fn policy_with_kept_paths(&self) -> Policy<'_> {
        Policy { paths: Some(&self.kept), ..self.policy() }
    }

    /// A transport envelope whose inner message has an attachment of `attachment` bytes.
    pub fn envelope(&self, attachment: usize) -> Vec<u8> {
        let provider = self.authority.provider("Prova S.p.A.", "pec.prova.test", Style::aruba_like(), at());
        // Bytes that do not repeat soon, as those of a compressed document.
        let mut state = 1u64;
        let content = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        let mail = Mail::new("mario.rossi@cittadini.test")
            .display_name("Mario Rossi")
            .to("protocollo@ente.test")
            .subject("Istanza di accesso agli atti")
            .text(&"Si allega l'istanza di accesso, con i documenti che la legge chiede.\n".repeat(20))
            .attach("istanza.pdf", "application/pdf", &content.take(attachment).collect::<Vec<u8>>());
        let mail = mail.compose(at()).expect("a message");
        let provider = provider.expect("a provider").repeatable(1);
        match provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at()).expect("an answer") {
            Submission::Accepted { envelope, .. } => envelope.raw,
            Submission::Refused(_) => unreachable!("the simulated provider takes it"),
        }
    }

    /// OpenSSL in process: `SMIME_read_CMS` and `CMS_verify`, the path to the root included.
    ///
    /// The binding gives away the content that `SMIME_read_CMS` cut out, so `signed` brings it: see [`signed_part`].
    pub fn openssl(&self, raw: &[u8], signed: &[u8]) {
        let mut cms = CmsContentInfo::smime_read_cms(raw).expect("an S/MIME message");
        cms.verify(None, Some(&self.store), Some(signed), None, CMSOptions::empty()).expect("a good signature");
    }
}

/// The signed part of a message that the simulated provider made.
pub fn signed_part(raw: &[u8]) -> &[u8] {
    let find = |from: usize, what: &[u8]| raw[from..].windows(what.len()).position(|w| w == what).map(|at| from + at);
    let name = find(0, b"boundary=\"").expect("a boundary") + 10;
    let name = &raw[name..find(name, b"\"").expect("a quote")];
    let line = [b"--", name, b"\r\n"].concat();
    let start = find(0, &line).expect("a part") + line.len();
    &raw[start..find(start, &line).expect("another part") - 2]
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// What nobody can do without: SHA-256 of the bytes and one RSA-2048 verification.
pub struct Floor {
    key: Vec<u8>,
    signature: Vec<u8>,
}

impl Floor {
    /// Makes the key and a signature.
    pub fn new() -> Self {
        use aws_lc_rs::rand::SystemRandom;
        use aws_lc_rs::rsa::{KeyPair, KeySize};
        use aws_lc_rs::signature::KeyPair as _;
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let mut made = vec![0; pair.public_modulus_len()];
        pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), b"attributes", &mut made).expect("a signature");
        Self { key: pair.public_key().as_ref().to_vec(), signature: made }
    }

    /// Does it.
    pub fn run(&self, raw: &[u8]) -> [u8; 32] {
        let key = signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &self.key);
        key.verify(b"attributes", &self.signature).expect("a good signature");
        let digest = digest::digest(&digest::SHA256, raw);
        digest.as_ref().try_into().expect("32 bytes")
    }
}

impl Default for Floor {
    fn default() -> Self {
        Self::new()
    }
}

/// CPU time of this thread.
pub fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

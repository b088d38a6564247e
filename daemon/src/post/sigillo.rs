//! The electronic seal of the body on the sheets that leave (eIDAS art. 3 n. 25-27, 35, 36): a PDF signed as PAdES B-B. It changes
//! when the key is kept, or used, in another way.
//!
//! A letter never waits for its seal: what cannot be sealed leaves without, and an alarm says so. Nor is a sheet sealed with a
//! certificate that has ended: whoever checks it would read «not valid», which is worse than no seal.

use super::cades::Identity;
use super::revision::Revision;
use super::{Sheet, pdf};
use crate::config;
use crate::digest::sha256_bytes;
use crate::tls;
use crate::trust::check::day;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use casework::language::Language;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

/// Most certificates beside that of the seal: they travel in every sheet.
pub const CERTIFICATES_MAX: usize = 8;
/// Largest file of certificates, bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// A certificate that ends within this is announced by `check` and `status`: a new one takes weeks to get.
pub const ENDING: SignedDuration = SignedDuration::from_hours(24 * 30);
/// And within this it is an alarm.
pub const ENDING_SOON: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What seals sheets.
#[derive(Debug, Default)]
pub enum Sigillo {
    /// Nothing: none is configured.
    #[default]
    Off,
    /// One that is in order, but for its days.
    Ready(Box<Seal>),
    /// One is configured, and cannot be used: why, and what to do, in Italian.
    Unfit(String),
}

/// A key with its certificate.
#[derive(Debug)]
pub struct Seal {
    key: KeyPair,
    identity: Identity,
    /// First and last instant of its validity.
    from: Timestamp,
    until: Timestamp,
}

impl Sigillo {
    /// Reads the files of the configuration, and tries the seal on a sheet.
    #[must_use]
    pub fn read(config: Option<&config::Sigillo>) -> Self {
        match config.map(Seal::read) {
            None => Self::Off,
            Some(Ok(seal)) => Self::Ready(Box::new(seal)),
            Some(Err(why)) => Self::Unfit(why),
        }
    }

    /// Seals a sheet that is written at `at`. Inside: why it stays as it is, in Italian.
    pub(super) fn seal(&self, pdf: Vec<u8>, at: Timestamp) -> (Vec<u8>, Option<String>) {
        if let Some(why) = self.fault(at) {
            return (pdf, Some(why));
        }
        match self {
            Self::Ready(seal) => match seal.put(&pdf, at) {
                Some(sealed) => (sealed, None),
                None => (pdf, Some(FAILED.to_owned())),
            },
            Self::Off | Self::Unfit(_) => (pdf, None),
        }
    }

    /// Why sheets leave without the seal that is configured, in Italian; `None` where none is configured, or it is in order.
    #[must_use]
    pub fn fault(&self, now: Timestamp) -> Option<String> {
        match self {
            Self::Off => None,
            Self::Unfit(why) => Some(why.clone()),
            Self::Ready(seal) if now > seal.until => Some(format!(
                "il certificato del sigillo è scaduto il {}: chiedine uno nuovo, mettilo in `sigillo.certificato` con la sua chiave",
                day(seal.until)
            )),
            Self::Ready(seal) if now < seal.from => {
                Some(format!("il certificato del sigillo vale solo dal {}", day(seal.from)))
            }
            Self::Ready(_) => None,
        }
    }

    /// What an alarm says of it, in Italian.
    #[must_use]
    pub fn alarm(&self, now: Timestamp) -> Option<String> {
        let ends = self.ending(now, ENDING_SOON).map(|ends| format!("{ends}; da allora i fogli partono senza sigillo"));
        let fault = self.fault(now).map(|why| format!("i fogli partono senza sigillo: {why}"));
        fault.or(ends).map(|text| format!("{text}. Poi SIGHUP, o un riavvio"))
    }

    /// That it ends within `span`, in Italian.
    #[must_use]
    pub fn ending(&self, now: Timestamp, span: SignedDuration) -> Option<String> {
        let Self::Ready(seal) = self else { return None };
        let left = seal.until.duration_since(now);
        let is_near = !left.is_negative() && left <= span;
        is_near.then(|| format!("il certificato del sigillo scade il {}: chiedine uno nuovo adesso", day(seal.until)))
    }

    /// Its state in one line, in Italian; `None` where none is configured.
    #[must_use]
    pub fn line(&self, now: Timestamp) -> Option<String> {
        let fault = self.fault(now).map(|why| format!("Sigillo: NON si usa, i fogli partono senza: {why}"));
        let Self::Ready(seal) = self else { return fault };
        let kind = if seal.identity.is_of_seals() { "" } else { ", che non è un certificato qualificato per sigilli" };
        let ends = self.ending(now, ENDING).map(|ends| format!("\n  attenzione: {ends}")).unwrap_or_default();
        let until = day(seal.until);
        fault.or_else(|| Some(format!("Sigillo: «{}»{kind}, fino al {until}{ends}", seal.identity.name())))
    }
}

/// The writer of sheets and this reader of them no longer fit together.
const FAILED: &str = "il sigillo non si può mettere sui fogli che questo programma scrive: avvisa chi lo mantiene";

impl Seal {
    fn read(config: &config::Sigillo) -> Result<Self, String> {
        let shown = config.key_file.display();
        let key = config.key()?;
        let (der, is_pkcs8) = tls::rsa_key(key.expose().as_bytes()).map_err(|why| format!("{shown}: {why}"))?;
        let read = if is_pkcs8 { KeyPair::from_pkcs8(&der) } else { KeyPair::from_der(&der) };
        let key =
            read.map_err(|_| format!("{shown}: la chiave non si può usare: serve una chiave RSA da 2048 a 8192 bit"))?;
        let mut certificates = certificates(&config.certificate_file)?;
        if let Some(file) = &config.others_file {
            certificates.extend(self::certificates(file)?);
        }
        let shown = config.certificate_file.display();
        if certificates.len() > CERTIFICATES_MAX + 1 {
            return Err(format!("{shown}: {} certificati, al massimo {}", certificates.len(), CERTIFICATES_MAX + 1));
        }
        let identity = Identity::of(key.public_key().as_ref(), &certificates)
            .map_err(|why| format!("{shown}: {why}; la chiave è {}", config.key_file.display()))?;
        let (from, until) = identity.validity();
        let seal = Self { key, identity, from, until };
        let sample = Sheet {
            from: "Sportello",
            to: "",
            title: "Prova",
            text: "Prova",
            language: Language::It,
            date: Timestamp::UNIX_EPOCH,
            id: "",
        };
        pdf(&sample)
            .ok()
            .and_then(|sheet| seal.put(&sheet, Timestamp::UNIX_EPOCH))
            .map_or(Err(FAILED.into()), |_| Ok(seal))
    }

    /// The sealed file. The same file, at the same instant, gives the same bytes: RSA PKCS#1 v1.5 has no chance in it.
    fn put(&self, pdf: &[u8], at: Timestamp) -> Option<Vec<u8>> {
        // Every part of the signature has a length of its own, whatever is signed.
        let blank = self.identity.signed([0; 32], |_| Some(vec![0; self.key.public_modulus_len()]))?;
        let revision = Revision::of(pdf, blank.len(), at)?;
        let digest = sha256_bytes(&revision.signed());
        let signature = self.identity.signed(digest, |bytes| {
            let mut signature = vec![0; self.key.public_modulus_len()];
            self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).ok()?;
            Some(signature)
        })?;
        revision.with(&signature)
    }
}

fn certificates(file: &Path) -> Result<Vec<Vec<u8>>, String> {
    let shown = file.display();
    let unreadable = |e| format!("{shown}: non riesco a leggere il certificato del sigillo: {e}");
    let length = std::fs::metadata(file).map_err(unreadable)?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("{shown}: {length} byte, al massimo {FILE_BYTES_MAX}: non è un file di certificati"));
    }
    tls::certificates(std::fs::read(file).map_err(unreadable)?).map_err(|why| format!("{shown}: {why}"))
}

//! The files of a bundle, and the zip that holds them. It changes when a bundle holds something else.
//!
//! The same message, trust and register give the same bytes: fixed order, the time of the event on every file, nothing of the
//! machine.

use super::find::Found;
use super::readme;
use super::register::Extract;
use crate::cli::report;
use crate::cli::zipped::Zipped;
use crate::digest::sha256;
use crate::trust::Trust;
use casework::calendar;
use jiff::Timestamp;
use pec::revocation::StatusLists;
use pec::{Examined, Seal, describe};
use serde_json::Value;
use std::io::{self, Seek, Write};

/// All files of a bundle.
pub(super) struct Bundle {
    files: Vec<(String, Vec<u8>)>,
    at: Option<Timestamp>,
    top: String,
    missing: Vec<String>,
}

/// What is said of the files in `LEGGIMI.md`.
pub(super) struct Told<'a> {
    pub(super) seen: &'a Examined,
    pub(super) digest: &'a str,
    /// When the certificate was judged.
    pub(super) at: Option<Timestamp>,
    /// Names of the certificates: of the signer, of issuers between, of the authority in whose key the trust is.
    pub(super) signer: Option<String>,
    pub(super) between: Vec<String>,
    pub(super) authority: Option<String>,
    /// The serial number of the signer's certificate and the pin of the authority's key, lower-case hex.
    pub(super) serial: String,
    pub(super) pin: String,
    /// Names of the CRLs and OCSP answers.
    pub(super) status: Vec<String>,
    pub(super) trust_version: String,
    pub(super) register: Option<&'a Extract>,
    pub(super) missing: &'a [String],
}

impl Bundle {
    /// Gathers the files.
    ///
    /// # Errors
    /// In Italian: the manifest of the trust cannot be read again.
    pub(super) fn new(found: Found, seen: &Examined, trust: &Trust, register: Option<Extract>) -> Result<Self, String> {
        let facts = report::Facts::of(seen);
        // Of what is not certified, the signature's own time: it is what a third party would judge the certificate by.
        let seal = seen.seal.as_ref();
        let at = facts.signer.map(|s| s.at).or(seal.and_then(|s| s.signing_time)).or(facts.daticert.map(|d| d.data));
        let measured = facts.content.map(|content| content.measure(&found.bytes)).unwrap_or_default();
        let text = report::text::write("message.eml", &found.digest, found.bytes.len(), &measured, seen);
        let json = Value::Object(report::json::write("message.eml", &found.digest, found.bytes.len(), seen));
        let top = report::text::top(seen);
        let mut files = vec![
            ("report.txt".to_owned(), text.into_bytes()),
            ("report.json".to_owned(), pretty(&json)),
            ("fiducia/ancore.toml".to_owned(), trust.manifest()?.into_bytes()),
            ("fiducia/versione.txt".to_owned(), format!("{}\n", trust.digest()).into_bytes()),
        ];
        let mut told = Told {
            seen,
            digest: &found.digest,
            at,
            signer: None,
            between: Vec::new(),
            authority: None,
            serial: String::new(),
            pin: String::new(),
            status: Vec::new(),
            trust_version: trust.digest(),
            register: register.as_ref(),
            missing: &[],
        };
        if let Some(seal) = seal {
            certificates(seal, trust, &mut told, &mut files);
        }
        for (n, der) in seal.into_iter().flat_map(|seal| &seal.status).enumerate() {
            let is_crl = StatusLists::new().add(der).is_ok_and(|filed| filed.is_crl);
            let name = format!("revoche/{}.{}", n + 1, if is_crl { "crl" } else { "ocsp" });
            files.push((name.clone(), der.clone()));
            told.status.push(name);
        }
        let anchors = trust.anchors.list.iter().flat_map(|anchor| &anchor.certificates);
        files.extend(
            anchors.enumerate().filter_map(|(n, der)| {
                Some((format!("fiducia/ancora-{}.pem", n + 1), describe::pem(der)?.into_bytes()))
            }),
        );
        if let Some(register) = &register {
            files.push(("registro/righe.jsonl".into(), register.text()));
            files.push(("registro/impronte.txt".into(), register.hashes().into_bytes()));
            files.push(("registro/catena.json".into(), pretty(&register.chain())));
        }
        let missing = missing(seen, &told);
        let leggimi = readme::write(&Told { missing: &missing, ..told });
        files.insert(0, ("LEGGIMI.md".into(), leggimi.into_bytes()));
        files.insert(1, ("message.eml".into(), found.bytes));
        let sums = files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes))).collect::<String>();
        files.push(("SHA256SUMS".into(), sums.into_bytes()));
        Ok(Self { files, at, top, missing })
    }

    /// The first lines of the report.
    pub(super) fn top(&self) -> &str {
        self.top.trim_end()
    }

    pub(super) fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// What is not in it, in Italian.
    pub(super) fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Writes the zip.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn write(&self, out: impl Write + Seek) -> io::Result<()> {
        let mut zip = Zipped::new(out, self.at);
        self.files.iter().try_for_each(|(name, bytes)| zip.add(name, bytes))?;
        zip.end().map(drop)
    }
}

/// The certificates of a signature, each in a file: the path that held, then what else the signature carries.
fn certificates(seal: &Seal, trust: &Trust, told: &mut Told<'_>, files: &mut Vec<(String, Vec<u8>)>) {
    let others = seal.certificates.iter().filter(|der| !seal.path.contains(der));
    for (n, der) in seal.path.iter().chain(others).enumerate() {
        let Some(pem) = describe::pem(der) else { continue };
        let described = describe::Description::read(der).ok();
        let is_authority = described.as_ref().is_some_and(|d| d.is_authority);
        // Where no path held, an authority may be there all the same: of an expired certificate, say.
        let is_pinned = described
            .as_ref()
            .is_some_and(|d| trust.anchors.list.iter().any(|anchor| anchor.spki_sha256 == d.spki_sha256));
        let (on_path, is_last) = (n < seal.path.len(), n + 1 == seal.path.len());
        let role = match () {
            () if n == 0 && !is_authority => "firmatario",
            () if is_last || (seal.path.is_empty() && is_pinned && told.authority.is_none()) => "autorita",
            () if on_path => "emittente",
            () => "altro",
        };
        let name = format!("certificati/{}-{role}.pem", n + 1);
        match role {
            "firmatario" => {
                told.serial = described.map(|d| d.serial).unwrap_or_default();
                told.signer = Some(name.clone());
            }
            "autorita" => {
                told.pin = described.map(|d| crate::digest::hex(&d.spki_sha256)).unwrap_or_default();
                told.authority = Some(name.clone());
            }
            "emittente" => told.between.push(name.clone()),
            _ => {}
        }
        files.push((name, pem.into_bytes()));
    }
}

/// What a third party will look for and not find.
fn missing(seen: &Examined, told: &Told<'_>) -> Vec<String> {
    let mut missing = Vec::new();
    match &seen.seal {
        None => missing.push("una firma: nel messaggio non ce n'è una che si legga".to_owned()),
        Some(_) if told.authority.is_none() => {
            missing.push("un'autorità: nessuna catena di certificati porta a una di quelle fidate".into());
        }
        Some(_) => {}
    }
    if told.signer.is_some() && told.status.is_empty() {
        missing.push(
            "liste di revoca: il registro non ne ha per questo messaggio, quindi qui la revoca del certificato non si controlla".into(),
        );
    }
    if told.register.is_none() {
        missing.push(
            "il registro: non è stato indicato (--config, --data), non parla di questo messaggio, o le sue righe sono fuori da \
             questa raccolta, nell'esportazione del fascicolo"
                .into(),
        );
    }
    missing
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

/// The event, as people say it.
pub(super) fn spoken(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "in un'ora che non si sa".to_owned(), calendar::spoken)
}

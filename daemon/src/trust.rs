//! Whom this installation trusts: the shipped pins, or the anchors of a folder that the administrator keeps.
//!
//! A second source of anchors (the EU trusted list, for REM) would be read beside the manifest in [`Trust::read`], into the same
//! [`Anchors`]: an anchor is a key, a window, policies, hosts and a purpose, wherever it comes from.

pub mod check;
pub mod manifest;

use crate::clock::Clock;
use casework::rules::Problem;
use jiff::Timestamp;
use manifest::{Manifest, Written, WrittenDirectory};
use pec::directory::DIRECTORY_BYTES_MAX;
use pec::{Anchor, Anchors, Description, Directory};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the authority that is shipped publishes CRLs and answers OCSP (`reference` pec.md §8).
pub const STATUS_HOST: &str = "ca1.agid.gov.it";
/// Name of the manifest in the folder.
pub const MANIFEST: &str = "ancore.toml";
/// The shipped manifest: the manual, and the same anchors as [`Anchors::agid`].
pub const SHIPPED: &str = include_str!("../ancore.toml");
/// Largest certificate file, bytes.
pub const CERTIFICATE_BYTES_MAX: u64 = 64 * 1024;
/// Largest manifest, bytes.
const MANIFEST_BYTES_MAX: u64 = 256 * 1024;

/// The anchors in force, and where each was written.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The anchors.
    pub anchors: Anchors,
    /// For people: one for each anchor, in the same order.
    pub entries: Vec<Entry>,
    /// The providers' directory, for a body that has it.
    pub directory: Option<Providers>,
    /// The folder; `None` = what is shipped.
    pub folder: Option<PathBuf>,
}

/// The providers' directory (IGPEC), and what the file was.
#[derive(Debug, Clone)]
pub struct Providers {
    /// As it reads.
    pub directory: Arc<Directory>,
    /// Its file, beside the manifest.
    pub file: String,
    /// SHA-256 of the file.
    pub digest: String,
}

/// What people are told of an anchor besides what it decides.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Line of the manifest.
    pub line: usize,
    /// Why it is there.
    pub note: Option<String>,
    /// Its certificates, with the file of each.
    pub certificates: Vec<(String, Description)>,
}

impl Trust {
    /// The pinned keys of the authorities of the PEC circuit and nothing else.
    #[must_use]
    pub fn shipped() -> Self {
        let mut trust = Self::of(Anchors::agid());
        // The same words, by a test: if they did not read, the anchors would hold all the same.
        if let Ok(manifest) = Manifest::parse(MANIFEST, SHIPPED) {
            for (entry, written) in trust.entries.iter_mut().zip(manifest.anchors) {
                (entry.line, entry.note) = (written.line, written.note);
            }
        }
        trust
    }

    /// These anchors, of no file.
    #[must_use]
    pub fn of(anchors: Anchors) -> Self {
        let entries = anchors.list.iter().map(|_| Entry { line: 0, note: None, certificates: Vec::new() }).collect();
        Self { anchors, entries, directory: None, folder: None }
    }

    /// Reads a folder.
    ///
    /// # Errors
    /// Every mistake, with file and line.
    pub fn read(dir: &Path) -> Result<Self, Vec<Problem>> {
        let path = dir.join(MANIFEST);
        let text = read_text(&path).map_err(|why| {
            let text = format!("non riesco a leggere le ancore: {why}");
            vec![Problem { file: path.display().to_string(), line: None, text, warning: false }]
        })?;
        Self::parse(dir, &text)
    }

    /// Reads this text as the manifest of a folder.
    ///
    /// # Errors
    /// Every mistake, with file and line.
    pub fn parse(dir: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let file = dir.join(MANIFEST).display().to_string();
        let problem = |line, text: String| Problem { file: file.clone(), line, text, warning: false };
        let manifest = Manifest::parse(&file, text)?;
        let mut problems = Vec::new();
        let mut trust = Self { directory: None, folder: Some(dir.to_owned()), ..Self::of(Anchors::default()) };
        for written in manifest.anchors {
            match anchor(dir, &written) {
                Ok((anchor, certificates)) => {
                    trust.anchors.list.push(anchor);
                    trust.entries.push(Entry { line: written.line, note: written.note, certificates });
                }
                Err(why) => problems.push(problem(Some(written.line), format!("ancora «{}»: {why}", written.name))),
            }
        }
        if let Some(written) = manifest.directory {
            match providers(dir, &written, &trust.anchors) {
                Ok(providers) => trust.directory = Some(providers),
                Err(why) => problems.push(problem(Some(written.line), format!("[elenco_gestori]: {why}"))),
            }
        }
        problems.extend(trust.duplicates(&file));
        if problems.is_empty() { Ok(trust) } else { Err(problems) }
    }

    /// The version of what is trusted, for the journal: SHA-256 over everything that decides a verdict.
    #[must_use]
    pub fn digest(&self) -> String {
        match &self.directory {
            None => self.anchors.version(),
            Some(providers) => {
                crate::digest::sha256(format!("{}\n{}", self.anchors.version(), providers.digest).as_bytes())
            }
        }
    }

    /// Each anchor with what people are told of it.
    pub fn each(&self) -> impl Iterator<Item = (&Anchor, &Entry)> {
        self.anchors.list.iter().zip(&self.entries)
    }

    /// The manifest, as people call it.
    #[must_use]
    pub fn source(&self) -> String {
        self.folder
            .as_ref()
            .map_or_else(|| "fornita con il programma".to_owned(), |dir| dir.join(MANIFEST).display().to_string())
    }

    /// The manifest as it stands.
    ///
    /// # Errors
    /// In Italian: it cannot be read any more.
    pub fn manifest(&self) -> Result<String, String> {
        match &self.folder {
            None => Ok(SHIPPED.to_owned()),
            Some(dir) => read_text(&dir.join(MANIFEST)).map_err(|why| format!("{}: {why}", self.source())),
        }
    }

    /// The first anchor of a key is the one that counts: a second one would be read by people and by nobody else.
    fn duplicates(&self, file: &str) -> Vec<Problem> {
        let mut found = Vec::new();
        for (n, (anchor, entry)) in self.each().enumerate() {
            let before: Vec<_> = self.each().take(n).filter(|(a, _)| a.purpose == anchor.purpose).collect();
            let mut add = |text: String| {
                found.push(Problem { file: file.to_owned(), line: Some(entry.line), text, warning: false });
            };
            if let Some((_, other)) = before.iter().find(|(a, _)| a.spki_sha256 == anchor.spki_sha256) {
                add(format!(
                    "ancora «{}»: ha la stessa chiave di quella alla riga {}: aggiungi il file al suo `certificato`, che può essere un elenco",
                    anchor.name, other.line
                ));
            } else if let Some((_, other)) = before.iter().find(|(a, _)| a.name == anchor.name) {
                add(format!(
                    "due ancore si chiamano «{}» (riga {}): chi legge non le distingue",
                    anchor.name, other.line
                ));
            }
        }
        found
    }
}

/// A manifest entry as an anchor, with its certificates.
#[allow(clippy::type_complexity)]
fn anchor(dir: &Path, written: &Written) -> Result<(Anchor, Vec<(String, Description)>), String> {
    let mut certificates = Vec::new();
    let mut pinned = written.pin;
    let mut list = Vec::new();
    for file in &written.files {
        for der in read_certificates(&dir.join(file))? {
            let said = Description::read(&der).map_err(|why| format!("{file}: {why}"))?;
            if !said.is_authority {
                return Err(format!("{file}: non è il certificato di un'autorità, ma di «{}»", said.subject));
            }
            match pinned {
                Some(pin) if pin == said.spki_sha256 => {}
                Some(_) if written.pin.is_some() => {
                    return Err(format!(
                        "{file}: la sua chiave non è quella di `chiave_sha256`: è {}",
                        crate::digest::hex(&said.spki_sha256)
                    ));
                }
                Some(_) => {
                    return Err(format!(
                        "{file}: ha un'altra chiave rispetto ai file prima: ogni chiave vuole la sua [[ancora]]"
                    ));
                }
                None => pinned = Some(said.spki_sha256),
            }
            list.push(der);
            certificates.push((file.clone(), said));
        }
    }
    let pin = pinned.ok_or("`certificato` non contiene nessun certificato")?;
    let anchor = Anchor {
        from: written.from,
        until: written.until,
        policies: written.policies.clone(),
        hosts: written.hosts.clone(),
        certificates: list,
        simulation: written.simulation,
        ..Anchor::pin(&written.name, pin, written.purpose)
    };
    Ok((anchor, certificates))
}

/// The providers' directory: a `.p7m` that an anchor for it vouches for, or a bare LDIF on the administrator's word.
fn providers(dir: &Path, written: &WrittenDirectory, anchors: &Anchors) -> Result<Providers, String> {
    let path = dir.join(&written.file);
    let shown = path.display();
    let cannot = |e: std::io::Error| format!("{shown}: non riesco a leggerlo: {e}");
    let facts = std::fs::metadata(&path).map_err(cannot)?;
    if facts.len() > DIRECTORY_BYTES_MAX as u64 {
        return Err(format!("{shown}: {} byte: un elenco dei gestori non supera i {DIRECTORY_BYTES_MAX}", facts.len()));
    }
    let bytes = std::fs::read(&path).map_err(cannot)?;
    let read = if written.signed {
        Directory::read(&bytes, anchors, Clock::System.now())
    } else {
        // Without a signature nothing in it says of when it is: the file's own time does.
        Directory::unsigned(&bytes, facts.modified().ok().and_then(|at| Timestamp::try_from(at).ok()))
    };
    let directory = Arc::new(read.map_err(|why| format!("{shown}: {why}"))?);
    Ok(Providers { directory, file: written.file.clone(), digest: crate::digest::sha256(&bytes) })
}

/// The certificates of a file, PEM or DER.
///
/// # Errors
/// In Italian, with the file.
pub fn read_certificates(path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let shown = path.display();
    let length = std::fs::metadata(path).map_err(|e| format!("{shown}: non riesco a leggerlo: {e}"))?.len();
    if length > CERTIFICATE_BYTES_MAX {
        return Err(format!("{shown}: {length} byte sono troppi per un certificato"));
    }
    let bytes = std::fs::read(path).map_err(|e| format!("{shown}: non riesco a leggerlo: {e}"))?;
    crate::tls::certificates(bytes).map_err(|why| format!("{shown}: {why}"))
}

/// The text of a manifest.
///
/// # Errors
/// In Italian.
pub fn read_text(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if length > MANIFEST_BYTES_MAX {
        return Err(format!("{length} byte: un elenco di ancore non supera i {MANIFEST_BYTES_MAX}"));
    }
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}

#[cfg(test)]
#[path = "trust/trust_tests.rs"]
mod tests;

//! Whom this installation trusts: the shipped pin, or the anchors of a folder that the administrator keeps.

use casework::rules::Problem;
use jiff::{SignedDuration, Timestamp};
use pec::{Anchor, Anchors};
use serde::Deserialize;
use std::path::Path;

/// Where the authority that is shipped publishes CRLs and answers OCSP (`reference` pec.md §8).
pub const STATUS_HOST: &str = "ca1.agid.gov.it";
/// Name of the manifest in the folder.
pub const MANIFEST: &str = "ancore.toml";
/// Largest certificate file, bytes.
const CERTIFICATE_BYTES_MAX: u64 = 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    ancora: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    nome: String,
    /// File of a certificate of the authority, PEM or DER, beside the manifest.
    certificato: String,
    /// Policies of which a provider's certificate must carry one.
    #[serde(default)]
    politiche: Vec<String>,
    dal: Option<String>,
    al: Option<String>,
    /// A simulated authority: every report says so.
    #[serde(default)]
    simulazione: bool,
}

/// The anchors in force, and their digest for the journal.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The anchors.
    pub anchors: Anchors,
}

impl Trust {
    /// The pinned keys of AgID CA1 and, for its years, DigitPA CA1.
    #[must_use]
    pub fn shipped() -> Self {
        Self { anchors: Anchors::agid() }
    }

    /// Reads a folder.
    ///
    /// # Errors
    /// Every mistake.
    pub fn read(dir: &Path) -> Result<Self, Vec<Problem>> {
        let path = dir.join(MANIFEST);
        let file = path.display().to_string();
        let problem = |text: String| Problem { file: file.clone(), line: None, text, warning: false };
        let text = std::fs::read_to_string(&path)
            .map_err(|e| vec![problem(format!("non riesco a leggere le ancore: {e}"))])?;
        let manifest: Manifest = toml::from_str(&text).map_err(|e| {
            let line = e.span().map(|s| text.get(..s.start).unwrap_or_default().matches('\n').count() + 1);
            vec![Problem { line, ..problem(e.message().to_owned()) }]
        })?;
        let mut problems = Vec::new();
        let mut list = Vec::new();
        for entry in manifest.ancora {
            match anchor(dir, &entry) {
                Ok(anchor) => list.push(anchor),
                Err(why) => problems.push(problem(format!("ancora «{}»: {why}", entry.nome))),
            }
        }
        if list.is_empty() && problems.is_empty() {
            problems.push(problem("non c'è nessuna [[ancora]]: nessun messaggio potrebbe essere autentico".into()));
        }
        if problems.is_empty() { Ok(Self { anchors: Anchors { list } }) } else { Err(problems) }
    }

    /// SHA-256 over what is trusted.
    #[must_use]
    pub fn digest(&self) -> String {
        self.anchors.version()
    }
}

fn anchor(dir: &Path, entry: &Entry) -> Result<Anchor, String> {
    let path = dir.join(&entry.certificato);
    let shown = path.display();
    let length = std::fs::metadata(&path).map_err(|e| format!("{shown}: {e}"))?.len();
    if length > CERTIFICATE_BYTES_MAX {
        return Err(format!("{shown}: {length} byte sono troppi per un certificato"));
    }
    let bytes = std::fs::read(&path).map_err(|e| format!("{shown}: {e}"))?;
    let policies: Vec<&str> = entry.politiche.iter().map(String::as_str).collect();
    let mut anchor = Anchor::from_certificate(&der(bytes)?, &entry.nome, &policies, entry.simulazione)
        .map_err(|why| format!("{shown}: {why}"))?;
    anchor.from = instant(entry.dal.as_deref())?;
    // To the end of the day that is named.
    let until = instant(entry.al.as_deref())?;
    anchor.until = until.map(|start| start.saturating_add(SignedDuration::from_hours(24)).unwrap_or(start));
    Ok(anchor)
}

/// The certificate of a file, PEM or DER.
fn der(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.starts_with(b"-----BEGIN") { crate::tls::certificate_of_pem(&bytes) } else { Ok(bytes) }
}

fn instant(text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let Some(text) = text else { return Ok(None) };
    let day: jiff::civil::Date = text.parse().map_err(|_| format!("«{text}» non è una data come 2026-12-31"))?;
    let start = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|e| e.to_string())?;
    Ok(Some(start.timestamp()))
}

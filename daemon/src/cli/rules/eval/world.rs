//! The dossiers that labelled messages may cite: changes with the form of the file that lists them.

use casework::reference::{Reference, Register};
use casework::rules::{self, DossierBrief};
use serde::Deserialize;
use std::path::Path;

/// Largest file, bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    dossier: Vec<Dossier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dossier {
    id: String,
    office: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    parties: Vec<String>,
}

#[derive(Default)]
pub(in super::super) struct World(Register);

impl World {
    /// Without a file, no dossier exists.
    pub(in super::super) fn read(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::default()) };
        let at = path.display();
        let cannot = |e: std::io::Error| format!("{at}: non riesco a leggerlo: {e}");
        if std::fs::metadata(path).map_err(cannot)?.len() > FILE_BYTES_MAX {
            return Err(format!("{at}: più di {} MiB", FILE_BYTES_MAX / 1024 / 1024));
        }
        let text = std::fs::read_to_string(path).map_err(cannot)?;
        let written: Written = toml::from_str(&text).map_err(|e| format!("{at}: {e}"))?;
        let mut register = Register::default();
        for dossier in &written.dossier {
            register.add(&dossier.id, &dossier.office, &dossier.references, &dossier.parties).map_err(|bad| {
                format!("{at}: fascicolo {}: «{bad}» non ha la forma tipo:[SERIE/]NUMERO[/ANNO[-MM-GG]]", dossier.id)
            })?;
        }
        Ok(Self(register))
    }

    /// As a sender may see it.
    pub(in super::super) fn seen_by<'w>(&'w self, sender: &'w str) -> SeenBy<'w> {
        SeenBy { world: self, sender }
    }
}

pub(in super::super) struct SeenBy<'w> {
    world: &'w World,
    sender: &'w str,
}

impl rules::World for SeenBy<'_> {
    fn dossier(&self, _: &str) -> Option<DossierBrief> {
        None
    }
    fn resolve(&self, reference: &Reference) -> Result<DossierBrief, &'static str> {
        let (id, office) = self.world.0.resolve(reference, self.sender)?;
        Ok(DossierBrief { number: id.into(), office: office.into() })
    }
    fn identity(&self) -> bool {
        true
    }
    fn thread(&self) -> Option<DossierBrief> {
        None
    }
}

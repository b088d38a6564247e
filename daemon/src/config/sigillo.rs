//! `[sigillo]`: the key that seals the sheets which leave. It changes when there is another place to keep such a key.

use super::passwords::secret;
use super::reader::{Mistakes, Table};
use crate::secret::Secret;
use std::path::PathBuf;

/// Where the seal's files are. Whether they can be used is said when they are read: a letter must leave all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sigillo {
    /// The certificate, PEM or DER; those of its authorities may stand in the same file.
    pub certificate_file: PathBuf,
    /// The key, PEM.
    pub key_file: PathBuf,
    /// More certificates, for who must find the way to an authority.
    pub others_file: Option<PathBuf>,
}

impl Sigillo {
    /// Reads the key.
    ///
    /// # Errors
    /// The file cannot be read, or is empty; in Italian.
    pub fn key(&self) -> Result<Secret, String> {
        secret(&self.key_file, "la chiave del sigillo")
    }
}

/// Reads the table.
pub(super) fn read(root: &mut Table<'_, '_>, m: &mut Mistakes) -> Option<Sigillo> {
    let mut table = root.table("sigillo", m);
    let sigillo = table.is_there().then(|| Sigillo {
        certificate_file: PathBuf::from(table.required("certificato", m)),
        key_file: PathBuf::from(table.required("chiave_file", m)),
        others_file: table.text("intermedi", m).map(PathBuf::from),
    });
    table.finish(m);
    sigillo
}

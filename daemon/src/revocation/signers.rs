//! The certificates whose status is asked for: those of paths that held, and no others. It changes when more of a path is kept.
//!
//! Where to ask stands in a certificate. One that a stranger made would choose where this machine connects; so only
//! certificates that an anchor vouches for are kept here, each beside its issuer.

use crate::archive::sync_dir;
use crate::digest::sha256;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Most certificates kept. There are some thirty providers, each with a new certificate every three years.
pub const SIGNERS_MAX: usize = 500;
/// Largest certificate kept, bytes.
const CERTIFICATE_BYTES_MAX: u64 = 64 * 1024;

/// A certificate and its issuer's (DER).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate whose status is asked for.
    pub certificate: Vec<u8>,
    /// The one that issued it.
    pub issuer: Vec<u8>,
}

/// The folder of certificates that were seen in paths that held.
#[derive(Debug)]
pub struct Signers {
    dir: PathBuf,
    known: Mutex<BTreeSet<String>>,
}

impl Signers {
    /// Opens the folder below `revoca`, making it if need be.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(revoca: &Path) -> io::Result<Self> {
        let signers = Self { dir: revoca.join("firmatari"), known: Mutex::default() };
        fs::create_dir_all(&signers.dir)?;
        *signers.known.lock().unwrap_or_else(PoisonError::into_inner) = names(&signers.dir)?;
        Ok(signers)
    }

    /// Keeps the certificates of a path that held: signer first, issuer that an anchor pins last. True when there is a new one.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn saw(&self, path: &[Vec<u8>]) -> io::Result<bool> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_new = false;
        for link in path.windows(2) {
            let [certificate, issuer] = link else { continue };
            let name = sha256(certificate);
            if known.contains(&name) || known.len() >= SIGNERS_MAX {
                continue;
            }
            // The issuer first: a certificate is there only when its issuer is.
            self.put(&format!("{name}.issuer.der"), issuer)?;
            self.put(&format!("{name}.der"), certificate)?;
            is_new |= known.insert(name);
        }
        Ok(is_new)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let new = self.dir.join(format!("{name}.tmp"));
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, self.dir.join(name))?;
        sync_dir(&self.dir)
    }

    /// All of them, by digest of the certificate.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn all(&self) -> io::Result<Vec<(String, Pair)>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(known.into_iter().filter_map(|name| Some((name.clone(), pair(&self.dir, &name)?))).collect())
    }
}

/// All of a data folder, read only: beside a running service too.
#[must_use]
pub fn read(revoca: &Path) -> Vec<(String, Pair)> {
    let dir = revoca.join("firmatari");
    let known = names(&dir).unwrap_or_default();
    known.into_iter().filter_map(|name| Some((name.clone(), pair(&dir, &name)?))).collect()
}

fn names(dir: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let digest = name.to_str().and_then(|n| n.strip_suffix(".der")).filter(|n| n.len() == 64);
        names.extend(digest.map(str::to_owned));
    }
    Ok(names.into_iter().take(SIGNERS_MAX).collect())
}

/// A pair whose certificate still has its digest: a file that somebody put there is not one that was seen.
fn pair(dir: &Path, name: &str) -> Option<Pair> {
    let read = |file: String| {
        let path = dir.join(file);
        if fs::metadata(&path).ok()?.len() > CERTIFICATE_BYTES_MAX { None } else { fs::read(path).ok() }
    };
    let certificate = read(format!("{name}.der"))?;
    (sha256(&certificate) == name).then_some(())?;
    Some(Pair { certificate, issuer: read(format!("{name}.issuer.der"))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_link_of_a_path_is_kept_once_and_found_again_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = [b"leaf".to_vec(), b"middle".to_vec(), b"top".to_vec()];
        let signers = Signers::open(dir.path()).unwrap();
        assert!(signers.saw(&path).unwrap());
        assert!(!signers.saw(&path).unwrap(), "known");
        assert!(!signers.saw(&path[..1]).unwrap(), "a path of one has no issuer to ask of");
        let pairs = |all: Vec<(String, Pair)>| -> BTreeSet<_> {
            all.into_iter().map(|(_, pair)| (pair.certificate, pair.issuer)).collect()
        };
        let expected: BTreeSet<_> = path.windows(2).map(|l| (l[0].clone(), l[1].clone())).collect();
        assert_eq!(pairs(signers.all().unwrap()), expected);
        let again = Signers::open(dir.path()).unwrap();
        assert!(!again.saw(&path).unwrap());
        assert_eq!(pairs(again.all().unwrap()), expected);
        // A file changed by hand is not the certificate that was seen.
        fs::write(dir.path().join("firmatari").join(format!("{}.der", sha256(b"leaf"))), b"other").unwrap();
        assert_eq!(read(dir.path()).len(), 1);
    }
}

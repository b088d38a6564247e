//! What is made in a folder where others work too: its group may use it, whatever mask the service itself has. It changes when who may
//! do what there changes.
//!
//! The unit's mask is 0077, as the data folder's letters want it; a report that its reader may not open would be no report. Who is in
//! the group is the administrator's choice: the folder's own, with the set-group-id bit (OPERATIONS.md, «Il deposito»). Nothing that
//! lies there already is written through: a name may lead elsewhere.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A folder, made where it is missing.
///
/// # Errors
/// Those of the disk; its parent is missing.
pub fn dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => admit(path, 0o070),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(e),
    }
}

/// A file, durable when this returns, in place of what had its name: a stop in the middle left it.
///
/// # Errors
/// Those of the disk.
pub fn file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    admit(path, 0o060)?;
    file.sync_all()
}

/// Lets the group of a file or folder do this with it.
///
/// # Errors
/// Those of the disk.
pub fn admit(path: &Path, bits: u32) -> io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, Permissions::from_mode(mode | bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_may_use_it_and_nothing_is_written_through_what_lies_there() {
        let root = tempfile::tempdir().unwrap();
        let may = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o070;
        let (folder, name) = (root.path().join("fatti"), root.path().join("fatti/esito.txt"));
        dir(&folder).unwrap();
        dir(&folder).unwrap();
        file(&name, b"uno").unwrap();
        assert_eq!((may(&folder), may(&name)), (0o070, 0o060));
        file(&name, b"due").unwrap();
        assert_eq!(fs::read(&name).unwrap(), b"due");
        let (secret, link) = (root.path().join("registro"), folder.join("altro.txt"));
        fs::write(&secret, "nostro").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        file(&link, b"tre").unwrap();
        assert_eq!((fs::read(&secret).unwrap(), fs::read(&link).unwrap()), (b"nostro".to_vec(), b"tre".to_vec()));
        fs::write(root.path().join("un file"), "").unwrap();
        assert!(dir(&root.path().join("un file")).is_err());
    }
}

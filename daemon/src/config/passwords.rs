//! Where passwords are read from: files, or systemd's credentials, and nowhere else (reliability.md §3.9, T42).
//!
//! Never from the environment: children inherit it, and whoever may read `/proc` sees it.

use super::{Config, Server, Source};
use crate::secret::Secret;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What the permissions let the users of the machine do who are neither the owner nor of its group. The group is the
/// administrator's choice, and systemd shows a credential as readable by it (the mask of its access list).
const OTHERS: u32 = 0o007;

impl Server {
    /// Reads the password.
    ///
    /// # Errors
    /// The file cannot be read, or is empty; in Italian.
    pub fn password(&self) -> Result<Secret, String> {
        secret(&self.password_file, "la password")
    }
}

/// Reads a secret. `what` it is, in Italian.
pub(super) fn secret(file: &Path, what: &str) -> Result<Secret, String> {
    let path = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| format!("{path}: non riesco a leggere {what}: {e}"))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err(format!("{path}: il file con {what} è vuoto")) } else { Ok(Secret::new(password)) }
}

impl Config {
    /// The servers that are entered with a password.
    pub(super) fn servers(&self) -> impl Iterator<Item = &Server> {
        let imap = self.mailboxes.iter().filter_map(|mailbox| match &mailbox.source {
            Source::Imap(server, _) => Some(server),
            Source::Maildir { .. } => None,
        });
        let alarms = self.alarms.mail.iter().map(|(road, _)| road);
        let courtesy = self.courtesy.iter().map(|courtesy| &courtesy.road);
        let roads = std::iter::once(&self.pec).chain(&self.offices).chain(courtesy).chain(alarms);
        imap.chain(roads.map(|road| &road.server))
    }

    /// Files of passwords that any user of the machine can read or change, in Italian, one line each.
    #[must_use]
    pub fn exposed_passwords(&self) -> Vec<String> {
        let mut files: Vec<&Path> = self.servers().map(|server| server.password_file.as_path()).collect();
        files.extend(self.back_office.as_ref().and_then(|other| other.token_file()));
        files.extend(self.sources.iter().filter_map(|source| source.password_file.as_deref()));
        files.sort_unstable();
        files.dedup();
        let key = self.sigillo.iter().filter_map(|sigillo| exposed(&sigillo.key_file, "la chiave del sigillo"));
        files.into_iter().filter_map(|file| exposed(file, "la password")).chain(key).collect()
    }
}

fn exposed(file: &Path, what: &str) -> Option<String> {
    // A file that is not there is told of by `unreadable_files`.
    let mode = std::fs::metadata(file).ok()?.permissions().mode() & 0o777;
    (mode & OTHERS != 0).then(|| {
        format!(
            "{}: chiunque su questa macchina può leggere o cambiare {what} (permessi {mode:03o}): `chmod 600`, e proprietario chi fa girare il servizio",
            file.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_others_can_read_is_told_and_a_group_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pec.password");
        std::fs::write(&file, "segreta\n").unwrap();
        for (mode, is_exposed) in [(0o600, false), (0o400, false), (0o640, false), (0o644, true), (0o602, true)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let told = exposed(&file, "la password");
            assert_eq!(told.is_some(), is_exposed, "{mode:o}: {told:?}");
            assert!(!told.unwrap_or_default().contains("segreta"));
        }
    }

    #[test]
    fn a_password_written_in_the_configuration_is_refused_and_not_repeated() {
        let text = include_str!("../../sportello.toml");
        let with = text.replacen("password_file = \"/etc/sportello/pec.password\"", "password = \"s3gr3ta\"", 1);
        assert_ne!(with, text);
        let told: String = Config::parse("s.toml", &with).unwrap_err().iter().map(|p| p.text.clone()).collect();
        assert!(told.contains("`casella.imap.password`") && told.contains("password_file"), "{told}");
        assert!(!told.contains("s3gr3ta"), "{told}");
    }
}

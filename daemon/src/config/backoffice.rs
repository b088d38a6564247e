//! `[gestionale]`: the body's back office, and what it may order. It changes when there is another way to talk with one.

use super::Entrance;
use super::passwords::secret;
use super::reader::{Mistakes, Table};
use crate::caseload::rows::Mandate;
use crate::secret::Secret;
use casework::procedure::Role;
use jiff::SignedDuration;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often it is looked for, seconds.
const EVERY_SECONDS: u64 = 30;
/// How long something may wait before it is an alarm, minutes.
const LATE_MINUTES: u64 = 60;

/// A back office.
#[derive(Debug, Clone)]
pub struct BackOffice {
    /// Where it is.
    pub side: Side,
    /// What it may order.
    pub mandate: Mandate,
    /// It brings also persons who have asked nothing here: the body has a title for that.
    pub imports: bool,
    /// Ids of the procedures that it works on; empty: all.
    pub procedures: Vec<String>,
    /// How often it is looked for.
    pub every: Duration,
    /// How long something may wait before it is an alarm.
    pub late: SignedDuration,
}

/// Where it is.
#[derive(Debug, Clone)]
pub enum Side {
    /// On a folder.
    Folder(PathBuf),
    /// Behind HTTP.
    Web {
        /// Where.
        url: Entrance,
        /// File with the token by which it knows us.
        token_file: Option<PathBuf>,
        /// More authorities for TLS.
        ca_file: Option<PathBuf>,
    },
}

impl BackOffice {
    /// The file of the token.
    #[must_use]
    pub fn token_file(&self) -> Option<&Path> {
        match &self.side {
            Side::Web { token_file, .. } => token_file.as_deref(),
            Side::Folder(_) => None,
        }
    }

    /// Reads the token, where there is one.
    ///
    /// # Errors
    /// The file cannot be read, or is empty; in Italian.
    pub fn token(&self) -> Result<Option<Secret>, String> {
        self.token_file().map(|file| secret(file, "il gettone")).transpose()
    }
}

/// Reads the table.
pub(super) fn read(root: &mut Table<'_, '_>, m: &mut Mistakes) -> Option<BackOffice> {
    let mut table = root.table("gestionale", m);
    if !table.is_there() {
        return None;
    }
    let at = table.at();
    let folder = table.text("cartella", m).map(PathBuf::from);
    let url = table.located("indirizzo", m).and_then(|(url, at)| match Entrance::read(&url) {
        Ok(url) => Some(url),
        Err(why) => {
            m.add(Some(at), format!("`gestionale.indirizzo` {why}"));
            None
        }
    });
    let token_file = table.text("gettone_file", m).map(PathBuf::from);
    let ca_file = table.text("autorita_file", m).map(PathBuf::from);
    if table.has("cartella") == table.has("indirizzo") {
        m.add(at, "`gestionale` ha una `cartella` oppure un `indirizzo`, uno dei due".into());
    }
    let offices = table.texts("uffici", m).unwrap_or_default();
    if offices.is_empty() {
        m.add(
            at,
            "`gestionale.uffici` elenca gli uffici (delle regole) per cui il gestionale lavora: almeno uno".into(),
        );
    }
    let (role, role_at) = table.located("ruolo", m).unwrap_or(("operatore".into(), 0));
    if Role::of(&role).is_none() {
        let hint = casework::nearest::hint(&role, Role::ALL.iter().map(|(code, _)| *code));
        m.add(Some(role_at), format!("`gestionale.ruolo`: «{role}» non si conosce{hint}"));
    }
    let procedures = table.texts("procedimenti", m).unwrap_or_default();
    let imports = table.flag("importa_persone", false, m);
    let every = Duration::from_secs(table.number("ogni_secondi", EVERY_SECONDS, 5..=3600, m));
    let late = SignedDuration::from_mins(table.number("ritardo_minuti", LATE_MINUTES, 5..=10_080, m) as i64);
    table.finish(m);
    let side = match (folder, url) {
        (Some(folder), _) => Side::Folder(folder),
        (None, Some(url)) => Side::Web { url, token_file, ca_file },
        (None, None) => return None,
    };
    Some(BackOffice { side, mandate: Mandate { offices, role }, imports, procedures, every, late })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn with(table: &str) -> Result<Option<BackOffice>, Vec<String>> {
        let text = format!("{}\n{table}", include_str!("../../sportello.toml"));
        let read = Config::parse("s.toml", &text).map(|config| config.back_office);
        read.map_err(|wrong| wrong.into_iter().map(|problem| problem.text).collect())
    }

    #[test]
    fn it_is_off_until_it_has_one_place_and_its_offices() {
        assert!(with("").unwrap().is_none());
        let read = with("[gestionale]\ncartella = \"/srv/g\"\nuffici = [\"tributi\"]").unwrap().unwrap();
        assert!(matches!(&read.side, Side::Folder(dir) if dir == Path::new("/srv/g")));
        assert!(!read.imports, "only whoever has asked something");
        assert_eq!((&*read.mandate.role, read.every.as_secs(), read.late.as_mins()), ("operatore", 30, 60));
        let web =
            "[gestionale]\nindirizzo = \"https://g.example/eventi\"\nuffici = [\"tributi\"]\nruolo = \"responsabile\"";
        assert!(matches!(with(web).unwrap().unwrap().side, Side::Web { url, .. } if url.host == "g.example"));
        for (table, why) in [
            ("[gestionale]\nuffici = [\"tributi\"]", "uno dei due"),
            ("[gestionale]\ncartella = \"/g\"\nindirizzo = \"https://g.example/\"\nuffici = [\"t\"]", "uno dei due"),
            ("[gestionale]\ncartella = \"/g\"", "almeno uno"),
            ("[gestionale]\nindirizzo = \"http://g.example/\"\nuffici = [\"t\"]", "serve https"),
            ("[gestionale]\ncartella = \"/g\"\nuffici = [\"t\"]\nruolo = \"responsabil\"", "`responsabile`"),
            ("[gestionale]\ncartella = \"/g\"\nuffici = [\"t\"]\nritardo = 3", "ritardo_minuti"),
        ] {
            let told = with(table).unwrap_err();
            assert!(told.iter().any(|text| text.contains(why)), "{table}: {told:?}");
        }
    }
}

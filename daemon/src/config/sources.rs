//! `[[fonte_sql]]`: views of other offices' databases from which data of persons are read. It changes when there is more to say of
//! one.

use super::passwords::secret;
use super::reader::{Mistakes, Table};
use crate::secret::Secret;
use jiff::SignedDuration;
use std::path::PathBuf;
use std::time::Duration;

/// Views that may be read.
const SOURCES_MAX: usize = 16;
/// Longest name of a source, bytes: it becomes a file's.
const NAME_BYTES_MAX: usize = 40;
/// Longest name in a database, bytes: what PostgreSQL tells apart.
const IDENTIFIER_BYTES_MAX: usize = 63;
/// How often one is read, seconds.
const EVERY_SECONDS: u64 = 3600;
/// How long one may be out of reach before it is an alarm, minutes.
const LATE_MINUTES: u64 = 60;

/// A view, and how to reach it.
#[derive(Debug, Clone)]
pub struct SqlSource {
    /// Its name here.
    pub name: String,
    /// The office (id) whose data they are: the source that is shown beside each.
    pub office: String,
    /// Where its server is.
    pub place: SqlPlace,
    /// The database.
    pub database: String,
    /// As whom.
    pub user: String,
    /// File with the password; none: the server asks for none.
    pub password_file: Option<PathBuf>,
    /// Schema and name of the view, each a plain identifier.
    pub view: (String, String),
    /// Rows of persons who have asked nothing here come too: the body has a title for that.
    pub imports: bool,
    /// How often it is read.
    pub every: Duration,
    /// How long it may be out of reach before it is an alarm.
    pub late: SignedDuration,
}

/// Where a database is.
#[derive(Debug, Clone)]
pub enum SqlPlace {
    /// On the network; encrypted unless it is this machine.
    Host {
        /// Host.
        host: String,
        /// Port.
        port: u16,
        /// Name in its certificate; none: in clear, on this machine.
        tls_name: Option<String>,
        /// More authorities for TLS.
        ca_file: Option<PathBuf>,
    },
    /// A socket of this machine.
    Socket(PathBuf),
}

impl SqlSource {
    /// Reads the password, where there is one.
    ///
    /// # Errors
    /// The file cannot be read, or is empty; in Italian.
    pub fn password(&self) -> Result<Option<Secret>, String> {
        self.password_file.as_deref().map(|file| secret(file, "la password")).transpose()
    }
}

/// Reads the tables.
pub(super) fn read(root: &mut Table<'_, '_>, m: &mut Mistakes) -> Vec<SqlSource> {
    let mut sources: Vec<SqlSource> = Vec::new();
    for mut table in root.tables("fonte_sql", m) {
        let at = table.at();
        let source = one(&mut table, m);
        table.finish(m);
        if sources.iter().any(|other| other.name == source.name) {
            m.add(at, format!("due fonti si chiamano `{}`: il nome deve essere unico", source.name));
        }
        if sources.iter().any(|other| other.office == source.office) {
            let text =
                "due fonti sono dello stesso ufficio: ciascuna sovrascriverebbe l'altra. Una vista sola, che le unisce";
            m.add(at, format!("{text} (`{}`)", source.office));
        }
        sources.push(source);
        if sources.len() > SOURCES_MAX {
            m.add(at, format!("più di {SOURCES_MAX} [[fonte_sql]]"));
            break;
        }
    }
    sources
}

fn one(table: &mut Table<'_, '_>, m: &mut Mistakes) -> SqlSource {
    let at = table.at();
    let name = table.required("nome", m);
    let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !name.is_empty() && (name.len() > NAME_BYTES_MAX || !is_word(&name)) {
        m.add(
            at,
            format!("`fonte_sql.nome`: «{name}» non va, solo lettere minuscole, cifre e trattini ({NAME_BYTES_MAX})"),
        );
    }
    let office = table.required("ufficio", m);
    let server = table.text("server", m);
    let socket = table.text("socket", m).map(PathBuf::from);
    let port = table.number("porta", 5432, 1..=65_535, m) as u16;
    let tls_name = table.text("nome_tls", m);
    let ca_file = table.text("autorita_file", m).map(PathBuf::from);
    if server.is_some() == socket.is_some() {
        m.add(at, "`fonte_sql` ha un `server` oppure un `socket` (la cartella), uno dei due".into());
    }
    let place = match (socket, server) {
        (Some(dir), _) => SqlPlace::Socket(dir.join(format!(".s.PGSQL.{port}"))),
        (None, server) => {
            let host = server.unwrap_or_default();
            if host.contains(['/', ':', ' ', '@']) && host != "::1" {
                m.add(at, format!("`server` è solo il nome, senza «://», utente o porta: «{host}» non lo è"));
            }
            // In clear only where nobody else is on the wire.
            let is_here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
            let named = tls_name.or_else(|| (!is_here || ca_file.is_some()).then(|| host.clone()));
            SqlPlace::Host { host, port, tls_name: named, ca_file }
        }
    };
    let database = table.required("banca_dati", m);
    let user = table.required("utente", m);
    let password_file = table.text("password_file", m).map(PathBuf::from);
    let view = match table.located("vista", m) {
        None => {
            m.add(at, "manca `fonte_sql.vista`: la vista da leggere, come \"sportello.persone\"".into());
            (String::new(), String::new())
        }
        Some((written, at)) => view(&written).unwrap_or_else(|| {
            let rule = "lettere minuscole, cifre e `_`, con lo schema davanti se non è `public`";
            m.add(Some(at), format!("`fonte_sql.vista`: «{written}» non è il nome di una vista ({rule})"));
            (String::new(), String::new())
        }),
    };
    SqlSource {
        name,
        office,
        place,
        database,
        user,
        password_file,
        view,
        imports: table.flag("importa_persone", false, m),
        every: Duration::from_secs(table.number("ogni_secondi", EVERY_SECONDS, 30..=86_400, m)),
        late: SignedDuration::from_mins(table.number("ritardo_minuti", LATE_MINUTES, 5..=10_080, m) as i64),
    }
}

/// `schema.view`, or `view` of the schema `public`. Nothing else than a plain name ever stands in a question.
fn view(written: &str) -> Option<(String, String)> {
    let (schema, view) = written.split_once('.').unwrap_or(("public", written));
    let is_plain = |name: &str| {
        name.len() <= IDENTIFIER_BYTES_MAX
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
    };
    (is_plain(schema) && is_plain(view)).then(|| (schema.to_owned(), view.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const GOOD: &str = "[[fonte_sql]]\nnome = \"tributi\"\nufficio = \"tributi\"\nserver = \"db.comune.example\"\n\
                        banca_dati = \"tributi\"\nutente = \"lettura\"\nvista = \"sportello.persone\"\n";

    fn with(tables: &str) -> Result<Vec<SqlSource>, Vec<String>> {
        let text = format!("{}\n{tables}", include_str!("../../sportello.toml"));
        let read = Config::parse("s.toml", &text).map(|config| config.sources);
        read.map_err(|wrong| wrong.into_iter().map(|problem| problem.text).collect())
    }

    #[test]
    fn a_source_is_encrypted_unless_it_is_this_machine() {
        assert!(with("").unwrap().is_empty());
        let read = with(GOOD).unwrap().remove(0);
        assert_eq!((&*read.view.0, &*read.view.1, read.imports), ("sportello", "persone", false));
        let SqlPlace::Host { port: 5432, tls_name: Some(name), .. } = &read.place else { panic!("{:?}", read.place) };
        assert_eq!(name, "db.comune.example");
        let here = with(&GOOD.replace("db.comune.example", "localhost")).unwrap().remove(0);
        assert!(matches!(here.place, SqlPlace::Host { tls_name: None, .. }));
        let socket = GOOD.replace("server = \"db.comune.example\"", "socket = \"/run/postgresql\"\nporta = 5433");
        let socket = with(&socket).unwrap().remove(0);
        assert!(matches!(&socket.place, SqlPlace::Socket(path) if path.ends_with("postgresql/.s.PGSQL.5433")));
    }

    #[test]
    fn what_is_no_name_of_a_view_never_reaches_a_question() {
        for hostile in ["a;drop table x", "a\\\"b", "a.b.c", "A", "", ".", "a.", "1a", "vista degli abitanti", "è"] {
            let told = with(&GOOD.replace("sportello.persone", hostile)).unwrap_err();
            assert!(told.iter().any(|text| text.contains("vista")), "{hostile}: {told:?}");
        }
        assert!(with(&GOOD.replace("sportello.persone", &"a".repeat(64))).is_err());
        assert_eq!(with(&GOOD.replace("sportello.persone", "abitanti_2")).unwrap()[0].view.0, "public");
    }

    #[test]
    fn what_is_missing_or_twice_there_is_told() {
        for (tables, why) in [
            (GOOD.replace("server = \"db.comune.example\"\n", ""), "uno dei due"),
            (GOOD.replace("nome = \"tributi\"", "nome = \"../tributi\""), "lettere minuscole"),
            (GOOD.replace("db.comune.example", "postgres://u:p@db"), "solo il nome"),
            (GOOD.replace("utente", "user"), "chiave sconosciuta"),
            (format!("{GOOD}{GOOD}"), "deve essere unico"),
            (format!("{GOOD}{}", GOOD.replace("nome = \"tributi\"", "nome = \"altra\"")), "dello stesso ufficio"),
            (format!("{GOOD}password = \"segreta\"\n"), "password_file"),
        ] {
            let told = with(&tables).unwrap_err();
            assert!(told.iter().any(|text| text.contains(why)), "{tables}: {told:?}");
            assert!(told.iter().all(|text| !text.contains("segreta")), "{told:?}");
        }
    }
}

//! One look at a view of a PostgreSQL database. The only file naming tokio-postgres; it changes when that library does.
//!
//! The server is not trusted more than a table left in a folder: what it says is bounded in bytes, rows and time, and its error
//! texts are not repeated, since they may quote a cell. Nothing is written: the transaction is read-only. In a question stand only
//! names that the configuration has checked; codes and addresses are parameters.

use super::wanted::Wanted;
use crate::backoffice::Fault;
use crate::caseload::rows;
use crate::config::{SqlPlace, SqlSource};
use crate::net::{NetRef, Stream};
use crate::secret::Secret;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage};

/// Longest that one look may take, all questions together.
pub(crate) const LOOK_TIMEOUT: Duration = Duration::from_secs(300);
/// Longest that the server may work on one question, seconds.
const QUESTION_SECONDS: u64 = 60;
/// Longest that a question may wait for a lock, seconds.
const LOCK_SECONDS: u64 = 5;
/// Bytes read from the server in one look.
const LOOK_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Longest row, bytes of JSON. A longer one stays where it is.
pub(super) const ROW_BYTES_MAX: usize = 64 * 1024;
/// Persons asked for in one question.
pub(super) const ASKED_MAX: usize = 500;
/// Columns of a view.
const COLUMNS_MAX: usize = 120;

/// What one look gave: for each row its JSON object; none: it is longer than a row may be.
pub(super) type Rows = Vec<Option<String>>;

/// A view, and what is needed to look at it.
pub(super) struct View<'a> {
    pub(super) source: &'a SqlSource,
    pub(super) password: Option<&'a Secret>,
    pub(super) net: &'a NetRef,
}

/// An open connection; what drives it ends with it.
struct Open {
    client: Client,
    _driver: JoinSet<()>,
    is_encrypted: bool,
}

impl View<'_> {
    /// The rows of these persons; of everybody, where the body has a title for that.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) async fn rows(&self, wanted: &Wanted) -> Result<Rows, Fault> {
        let looked = async {
            let open = self.open().await?;
            let columns = self.begin(&open).await?;
            let mut rows = Vec::new();
            match wanted {
                Wanted::Everybody => self.ask(&open, &columns, None, rows::ROWS_MAX, &mut rows).await?,
                Wanted::These { codes, addresses } => {
                    for some in codes.chunks(ASKED_MAX) {
                        self.ask(&open, &columns, Some((some, &[])), rows::ROWS_MAX, &mut rows).await?;
                    }
                    for some in addresses.chunks(ASKED_MAX).filter(|_| columns.iter().any(|name| name == "pec")) {
                        self.ask(&open, &columns, Some((&[], some)), rows::ROWS_MAX, &mut rows).await?;
                    }
                }
            }
            Ok(rows)
        };
        self.in_time(looked).await
    }

    /// Whether it can be read, in a few words: for `check`.
    ///
    /// # Errors
    /// Why not.
    pub(super) async fn probe(&self) -> Result<String, Fault> {
        let looked = async {
            let open = self.open().await?;
            let columns = self.begin(&open).await?;
            let how = if open.is_encrypted { "TLS" } else { "in chiaro, su questa macchina" };
            let (schema, view) = &self.source.view;
            Ok(format!("{how}, la vista {schema}.{view} ha {} colonne che si conoscono", columns.len()))
        };
        self.in_time(looked).await
    }

    async fn in_time<T>(&self, look: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::time::timeout(LOOK_TIMEOUT, look).await.unwrap_or(Err(Fault::Silent(LOOK_TIMEOUT.as_secs())))
    }

    async fn open(&self) -> Result<Open, Fault> {
        let lost = |why: &dyn std::fmt::Display| Fault::Unreachable(why.to_string());
        let mut config = Config::new();
        config.user(&self.source.user).dbname(&self.source.database).application_name("sportello");
        if let Some(password) = self.password {
            config.password(password.expose());
        }
        let (wire, tls) = match &self.source.place {
            SqlPlace::Socket(path) => (self.net.local(path).await.map_err(|why| lost(&why))?, None),
            SqlPlace::Host { host, port, tls_name, ca_file } => {
                let wire = self.net.connect(host, *port).await.map_err(|why| lost(&why))?;
                (wire, tls_name.as_ref().map(|name| (name.clone(), ca_file.clone())))
            }
        };
        // Never «prefer»: somebody on the wire could say that the server has no TLS.
        config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        let is_encrypted = tls.is_some();
        let tls = Ours { net: self.net.clone(), tls };
        let wire = Bounded { wire, left: LOOK_BYTES_MAX };
        let (client, connection) = config.connect_raw(wire, tls).await.map_err(|why| fault(&why))?;
        let mut driver = JoinSet::new();
        // What goes wrong with it, the question that waits hears.
        driver.spawn(async move { drop(connection.await) });
        Ok(Open { client, _driver: driver, is_encrypted })
    }

    /// Begins a transaction that writes nothing, and looks which columns there are.
    async fn begin(&self, open: &Open) -> Result<Vec<String>, Fault> {
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; \
             SET LOCAL statement_timeout = '{QUESTION_SECONDS}s'; SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"
        );
        open.client.batch_execute(&begin).await.map_err(|why| fault(&why))?;
        let look = format!("SELECT * FROM {} LIMIT 0", self.quoted());
        let said = open.client.simple_query(&look).await.map_err(|why| fault(&why))?;
        let columns = said.into_iter().find_map(|message| match message {
            SimpleQueryMessage::RowDescription(columns) => {
                Some(columns.iter().map(|column| column.name().to_owned()).collect::<Vec<_>>())
            }
            _ => None,
        });
        let columns = columns.unwrap_or_default();
        let unfit = |why: String| Fault::Nonsense(format!("la vista {}: {why}", self.source.view.1));
        if columns.len() > COLUMNS_MAX {
            return Err(unfit(format!("ha {} colonne, al massimo {COLUMNS_MAX}", columns.len())));
        }
        rows::of_persons(columns.iter().map(|name| super::column(name))).map_err(unfit)?;
        Ok(columns)
    }

    /// Asks for rows, `max` at most.
    async fn ask(
        &self,
        open: &Open,
        columns: &[String],
        of: Option<(&[String], &[String])>,
        max: usize,
        rows: &mut Rows,
    ) -> Result<(), Fault> {
        let has = |name: &str| columns.iter().any(|column| column == name);
        let mut holds: Vec<String> = Vec::new();
        if of.is_some() {
            // As people write codes: the case and blanks do not matter.
            let codes = ["codice_fiscale", "partita_iva"].into_iter().filter(|name| has(name));
            holds.extend(codes.map(|name| format!("upper(btrim(v.\"{name}\"::text)) = ANY($1)")));
            holds.extend(has("pec").then(|| "lower(btrim(v.\"pec\"::text)) = ANY($2)".to_owned()));
        }
        let holds = if holds.is_empty() { String::new() } else { format!("WHERE {}", holds.join(" OR ")) };
        let question = format!(
            "SELECT CASE WHEN octet_length(j) <= {ROW_BYTES_MAX} THEN j END FROM \
             (SELECT row_to_json(v)::text AS j FROM {} v {holds} LIMIT {}) AS t",
            self.quoted(),
            max + 1
        );
        let (codes, addresses) = of.unwrap_or_default();
        let asked = match (of, has("pec")) {
            (None, _) => open.client.query_typed(&question, &[]).await,
            (Some(_), true) => {
                let given = [&codes as &(dyn tokio_postgres::types::ToSql + Sync), &addresses];
                open.client.query_typed(&question, &given.map(|list| (list, Type::TEXT_ARRAY))).await
            }
            (Some(_), false) => open.client.query_typed(&question, &[(&codes, Type::TEXT_ARRAY)]).await,
        };
        let asked = asked.map_err(|why| fault(&why))?;
        if asked.len() > max {
            return Err(Fault::Nonsense(format!("la vista {} dà più di {max} righe", self.source.view.1)));
        }
        for row in &asked {
            rows.push(row.try_get::<_, Option<String>>(0).map_err(|why| fault(&why))?);
        }
        Ok(())
    }

    /// Plain names, as the configuration has checked; quoted all the same.
    fn quoted(&self) -> String {
        let (schema, view) = &self.source.view;
        format!("\"{}\".\"{}\"", schema.replace('"', ""), view.replace('"', ""))
    }
}

/// What went wrong, in words of ours.
fn fault(why: &Error) -> Fault {
    let Some(code) = why.code() else {
        // The causes are of the wire, or of TLS: none quotes a cell.
        let cause = std::error::Error::source(why).map(|cause| format!(": {cause}")).unwrap_or_default();
        return Fault::Unreachable(format!("{why}{cause}"));
    };
    let is = |those: &[&SqlState]| those.contains(&code);
    let state = code.code();
    if is(&[&SqlState::INVALID_PASSWORD, &SqlState::INVALID_AUTHORIZATION_SPECIFICATION]) {
        return Fault::Closed(format!("il server non accetta l'utente o la password ({state})"));
    }
    if is(&[&SqlState::INVALID_CATALOG_NAME]) {
        return Fault::Closed(format!("la banca dati non c'è ({state})"));
    }
    if is(&[&SqlState::UNDEFINED_TABLE, &SqlState::INVALID_SCHEMA_NAME]) {
        return Fault::Nonsense(format!("la vista non c'è: nome o schema sbagliati, o è stata tolta ({state})"));
    }
    if is(&[&SqlState::INSUFFICIENT_PRIVILEGE]) {
        return Fault::Closed(format!(
            "l'utente non può leggere la vista: serve GRANT SELECT, e USAGE sullo schema ({state})"
        ));
    }
    if is(&[&SqlState::QUERY_CANCELED, &SqlState::LOCK_NOT_AVAILABLE]) {
        return Fault::Silent(QUESTION_SECONDS);
    }
    match state.get(..2) {
        // Connections, resources, an operator who stops it: it comes back.
        Some("08" | "53" | "57") => Fault::Unreachable(format!("il server ora non serve ({state})")),
        _ => Fault::Nonsense(format!("la vista dà un errore SQL ({state}): lo spiega il registro del database")),
    }
}

/// Encryption as everywhere in the service; none: in clear, which the configuration lets only on this machine.
struct Ours {
    net: NetRef,
    tls: Option<(String, Option<PathBuf>)>,
}

impl TlsConnect<Bounded> for Ours {
    type Stream = Encrypted;
    type Error = String;
    type Future = Pin<Box<dyn Future<Output = Result<Encrypted, String>> + Send>>;

    fn connect(self, stream: Bounded) -> Self::Future {
        Box::pin(async move {
            let Some((name, ca_file)) = self.tls else { return Err("senza nome TLS".to_owned()) };
            let encrypted = self.net.encrypt(Box::new(stream), &name, ca_file.as_deref()).await;
            encrypted.map(|done| Encrypted(done.stream)).map_err(|why| why.to_string())
        })
    }
}

/// An encrypted stream.
struct Encrypted(Stream);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none() // the certificate and the name are checked: nobody stands between
    }
}

/// A stream from which no more than so many bytes are read: the library takes a message of any length into memory.
#[derive(Debug)]
struct Bounded {
    wire: Stream,
    left: u64,
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.wire).poll_read(cx, buf);
        let read = buf.filled().len().saturating_sub(before) as u64;
        let Some(left) = self.left.checked_sub(read) else {
            return Poll::Ready(Err(io::Error::other(format!("risponde più di {LOOK_BYTES_MAX} byte"))));
        };
        self.left = left;
        polled
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

/// What is written goes on as it is.
macro_rules! writes_to {
    ($stream:ty, $inner:tt) => {
        impl AsyncWrite for $stream {
            fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.$inner).poll_write(cx, buf)
            }
            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.$inner).poll_flush(cx)
            }
            fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.$inner).poll_shutdown(cx)
            }
        }
    };
}
writes_to!(Bounded, wire);
writes_to!(Encrypted, 0);

//! One attempt to submit one message to the provider, and what may be concluded from it. It changes when the dialogue,
//! or the meaning of a reply, changes.

use std::{error::Error as _, fmt, path::PathBuf, time::Duration};

use lettre::transport::smtp::{
    Error as SmtpError,
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    commands::{Data, Mail, Rcpt},
    extension::{ClientId, Extension},
    response::{Response, Severity},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use super::{
    compose::{address, well_formed},
    gate::{Arming, Gated, Keeper},
    letter::HeaderText,
    pipelining, starttls,
};
use crate::{
    failpoint,
    net::{DialTrouble, Encrypted, NetRef},
    secret::Secret,
};

/// Wait for the greeting and the answer to EHLO together (RFC 5321 §4.5.3.2.1 asks 5 minutes). Beyond: later.
const GREETING_TIMEOUT: Duration = Duration::from_secs(300);
/// Wait for the whole AUTH exchange. Beyond: later.
const AUTH_TIMEOUT: Duration = Duration::from_secs(120);
/// Wait for the answer to MAIL, and to RCPT (RFC 5321 §4.5.3.2.2, .3). Beyond: later.
const ENVELOPE_TIMEOUT: Duration = Duration::from_secs(300);
/// Wait for 354 (RFC 5321 §4.5.3.2.4). Beyond: later.
const DATA_TIMEOUT: Duration = Duration::from_secs(120);
/// Longest stand-still of a write (RFC 5321 §4.5.3.2.5). Beyond: later.
const STALL_TIMEOUT: Duration = Duration::from_secs(180);
/// Longest time for the whole body, before the dot: 100 MB at 30 kB/s. Beyond: later.
const BODY_TIMEOUT: Duration = Duration::from_secs(3_600);
/// Wait for the answer to the final dot (RFC 5321 §4.5.3.2.6; Postfix `smtp_data_done_timeout`). Beyond: unknown.
const DOT_TIMEOUT: Duration = Duration::from_secs(600);
/// Wait for the answer to QUIT, which changes nothing.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);

/// How the connection is encrypted. There is no third way: the password never travels in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (port 465, RFC 8314 §3.3).
    Implicit,
    /// STARTTLS (port 587); a server that does not offer it is refused.
    StartTls,
}

/// The provider's submission service.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Host name or address to connect to.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// The name the certificate must carry, when it is not `host`.
    pub server_name: Option<String>,
    /// A PEM file of further authorities to trust, besides the system's.
    pub ca_file: Option<PathBuf>,
    /// User name.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Our name in EHLO, e.g. `pec.ente.test`.
    pub hello: String,
    /// The network.
    pub net: NetRef,
}

/// What one attempt proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider said 2xx to the message.
    Taken {
        /// Its words, bounded and made safe for a header or a log.
        reply: String,
    },
    /// Certainly not taken; try again later.
    Later {
        /// Italian, for a person.
        why: String,
        /// SMTP code, when the server gave one.
        code: Option<u16>,
    },
    /// Certainly not taken, and never will be as it is.
    Never {
        /// Italian, for a person.
        why: String,
        /// SMTP code, when the server gave one.
        code: Option<u16>,
    },
    /// The final dot was written and no answer came: it may have been taken. Never resend blindly (reliability §4.3).
    Unknown {
        /// Italian, for a person.
        why: String,
    },
    /// Certainly not taken, and no message would be: the account or the sender is refused. Stop the lane, tell the
    /// administrator, do not hammer (reliability §3.5).
    LaneStopped {
        /// Italian, for a person.
        why: String,
    },
}

impl Outcome {
    fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), code: None }
    }

    fn never(why: impl Into<String>) -> Self {
        Self::Never { why: why.into(), code: None }
    }
}

/// What `check --connect` learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeReport {
    /// The TLS version agreed.
    pub tls: String,
    /// Largest message the server takes, in bytes (SIZE, RFC 1870); `None`: it does not say.
    pub size_max: Option<u64>,
    /// It offers 8BITMIME (we send ASCII only; its absence is worth knowing, not a fault).
    pub eight_bit: bool,
}

/// Connects, encrypts, greets, authenticates, leaves: sends nothing.
///
/// # Errors
/// Italian text for the administrator.
pub async fn probe(settings: &SmtpSettings) -> Result<ProbeReport, String> {
    let (Encrypted { stream, version: tls }, replay) = dial(settings).await.map_err(Outcome::into_why)?;
    let Open { mut connection, .. } = open(stream, replay, settings).await.map_err(Outcome::into_why)?;
    let eight_bit = connection.server_info().supports_feature(Extension::EightBitMime);
    // lettre does not keep SIZE: ask once more.
    let hello = format!("EHLO {}\r\n", settings.hello);
    let size_max = match timeout(ENVELOPE_TIMEOUT, connection.command(hello)).await {
        Ok(Ok(response)) => response.message().find_map(|line| line.strip_prefix("SIZE ")?.trim().parse().ok()),
        _ => None,
    };
    leave(connection).await;
    Ok(ProbeReport { tls, size_max, eight_bit })
}

/// One message, checked.
pub(super) struct Job<'a> {
    from: lettre::Address,
    to: lettre::Address,
    /// Without the last CRLF: lettre writes `CRLF.CRLF`, whose first CRLF is the message's last one. So what the server
    /// stores is what was frozen.
    body: &'a [u8],
}

impl<'a> Job<'a> {
    /// Checks `bytes`, which are what [`super::compose`] made: ASCII, CRLF line ends.
    pub(super) fn check(from: &str, to: &str, bytes: &'a [u8]) -> Result<Self, Outcome> {
        let from = address(from).ok_or_else(|| Outcome::never("l'indirizzo del mittente non è utilizzabile"))?;
        let to = address(to).ok_or_else(|| Outcome::never("l'indirizzo del destinatario non è utilizzabile"))?;
        match bytes.strip_suffix(b"\r\n") {
            Some(body) if bytes.is_ascii() && well_formed(bytes) => Ok(Self { from, to, body }),
            _ => Err(Outcome::never(
                "errore di programma: il messaggio congelato non è ASCII con righe CRLF di lunghezza ammessa; segnalarlo a chi sviluppa",
            )),
        }
    }
}

pub(super) async fn dial(settings: &SmtpSettings) -> Result<(Encrypted, &'static [u8]), Outcome> {
    // It is written into EHLO as it stands.
    if settings.hello.is_empty() || !settings.hello.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Outcome::LaneStopped {
            why: "il nome con cui ci si presenta al server SMTP non è valido".to_owned(),
        });
    }
    let unreachable = |why: DialTrouble| match why {
        DialTrouble::Unreachable(why) => Outcome::later(format!("il server SMTP non è raggiungibile ({why})")),
        DialTrouble::Tls(why) => Outcome::later(format!("la connessione cifrata col server SMTP non riesce ({why})")),
    };
    let name = settings.server_name.as_deref().unwrap_or(&settings.host);
    step("outbox.connect")?;
    let mut tcp = settings.net.connect(&settings.host, settings.port).await.map_err(unreachable)?;
    let replay: &[u8] = match settings.security {
        Security::Implicit => b"",
        Security::StartTls => {
            let asked = timeout(GREETING_TIMEOUT, starttls::ask(&mut tcp, &settings.hello)).await;
            asked.unwrap_or(Err("il server SMTP non risponde in tempo prima di STARTTLS")).map_err(Outcome::later)?;
            starttls::GREETING_USED_UP
        }
    };
    let stream = settings.net.encrypt(tcp, name, settings.ca_file.as_deref()).await.map_err(unreachable)?;
    Ok((stream, replay))
}

/// A connection that the server has let us in on.
pub(super) struct Open {
    pub(super) connection: AsyncSmtpConnection,
    arming: Arming,
    /// It takes several commands in one write.
    pub(super) pipelines: bool,
}

/// Greeting, EHLO, AUTH, over a stream that is already encrypted.
pub(super) async fn open<S>(stream: S, replay: &'static [u8], settings: &SmtpSettings) -> Result<Open, Outcome>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    let (stream, ear) = pipelining::listen(stream);
    let (gated, arming) = Gated::new(stream, replay, STALL_TIMEOUT);
    let hello = ClientId::Domain(settings.hello.clone());
    let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(gated), &hello);
    let mut connection = answer(Phase::Greeting, timeout(GREETING_TIMEOUT, greeting).await)?;
    let pipelines = ear.hears_pipelining();
    step("outbox.auth")?;
    let credentials = Credentials::new(settings.user.clone(), settings.password.expose().to_owned());
    let auth = timeout(AUTH_TIMEOUT, connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)).await;
    match answer(Phase::Auth, auth) {
        Ok(_) => Ok(Open { connection, arming, pipelines }),
        Err(outcome) => {
            leave(connection).await;
            Err(outcome)
        }
    }
}

/// MAIL, RCPT, DATA. After an error nothing of the message has been sent.
pub(super) async fn envelope(connection: &mut AsyncSmtpConnection, job: &Job<'_>) -> Result<(), Outcome> {
    step("outbox.mail")?;
    let mail = Mail::new(Some(job.from.clone()), Vec::new());
    answer(Phase::Mail, timeout(ENVELOPE_TIMEOUT, connection.command(mail)).await)?;
    step("outbox.rcpt")?;
    let rcpt = Rcpt::new(job.to.clone(), Vec::new());
    answer(Phase::Rcpt, timeout(ENVELOPE_TIMEOUT, connection.command(rcpt)).await)?;
    step("outbox.data")?;
    let data = answer(Phase::Data, timeout(DATA_TIMEOUT, connection.command(Data)).await)?;
    go_ahead(&data)
}

/// As [`envelope`], in one write: on a network each answer that is not waited for is a way there and back. Whatever is not the three
/// answers of an envelope that is taken says nothing of this letter but that nothing of it was sent; what the server then still says is
/// not listened to.
pub(super) async fn envelope_at_once(connection: &mut AsyncSmtpConnection, job: &Job<'_>) -> Result<(), Outcome> {
    for point in ["outbox.mail", "outbox.rcpt", "outbox.data"] {
        step(point)?;
    }
    let commands = (Mail::new(Some(job.from.clone()), Vec::new()), Rcpt::new(job.to.clone(), Vec::new()), Data);
    let all = format!("{}{}{}", commands.0, commands.1, commands.2);
    answer(Phase::Mail, timeout(ENVELOPE_TIMEOUT, connection.command(all)).await)?;
    answer(Phase::Rcpt, timeout(ENVELOPE_TIMEOUT, connection.read_response()).await)?;
    let data = answer(Phase::Data, timeout(DATA_TIMEOUT, connection.read_response()).await)?;
    go_ahead(&data)
}

/// lettre takes any 2xx or 3xx for a yes.
fn go_ahead(data: &Response) -> Result<(), Outcome> {
    if data.has_code(354) { Ok(()) } else { Err(Outcome::later("il server SMTP ha risposto a DATA in modo inatteso")) }
}

/// The body, the gate, the dot, the answer (reliability §4.3).
pub(super) async fn content<G, F>(open: &mut Open, job: &Job<'_>, gate: G) -> Outcome
where
    G: FnOnce() -> F,
    F: Future<Output = Result<(), String>>,
{
    if let Err(outcome) = step("outbox.body") {
        return outcome;
    }
    let Keeper { mut at_dot, go } = open.arming.arm();
    let message = open.connection.message(job.body);
    tokio::pin!(message);
    tokio::select! {
       biased;
        seen = &mut at_dot => if seen.is_err() {
            return Outcome::later("la connessione col server SMTP si è chiusa durante l'invio");
        },
        ended = &mut message => return match ended {
            Err(_) => Outcome::later("la connessione col server SMTP si è interrotta prima del punto finale"),
            // The whole message went out without passing the gate: not as lettre is today. Assume the worst.
            Ok(_) => Outcome::Unknown { why: "errore di programma: messaggio inviato senza passare dal varco; segnalarlo a chi sviluppa".to_owned() },
        },
        () = tokio::time::sleep(BODY_TIMEOUT) => return Outcome::later("il server SMTP riceve troppo lentamente"),
    }
    if let Err(why) = gate().await {
        return Outcome::later(format!(
            "lo stato dell'invio non è stato registrato ({why}): il punto finale non è stato scritto"
        ));
    }
    if let Err(outcome) = step("outbox.dot") {
        return outcome; // the dot is not written
    }
    if go.send(()).is_err() {
        return Outcome::later("la connessione col server SMTP si è chiusa prima del punto finale");
    }
    let replied = timeout(DOT_TIMEOUT, message).await;
    if let Err(why) = failpoint::at("outbox.reply") {
        return Outcome::Unknown { why: why.to_string() };
    }
    match answer(Phase::Dot, replied) {
        Ok(reply) if reply.code().severity == Severity::PositiveCompletion => Outcome::Taken { reply: words(&reply) },
        Ok(_) => Outcome::Unknown { why: "il server SMTP ha risposto al punto finale in modo inatteso".to_owned() },
        Err(outcome) => outcome,
    }
}

/// A step before the dot: if it fails, the message is certainly not taken.
fn step(point: &'static str) -> Result<(), Outcome> {
    failpoint::at(point).map_err(|why| Outcome::later(why.to_string()))
}

/// QUIT, for politeness.
pub(super) async fn leave(mut connection: AsyncSmtpConnection) {
    let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
}

/// Where in the dialogue an answer was awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Greeting,
    Auth,
    Mail,
    Rcpt,
    Data,
    Dot,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "al saluto",
            Self::Auth => "all'autenticazione",
            Self::Mail => "al mittente (MAIL)",
            Self::Rcpt => "al destinatario (RCPT)",
            Self::Data => "a DATA",
            Self::Dot => "al punto finale",
        })
    }
}

/// What an answer, or its absence, proves in each phase.
fn answer<T>(phase: Phase, answered: Result<Result<T, SmtpError>, tokio::time::error::Elapsed>) -> Result<T, Outcome> {
    let error = match answered {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error,
        Err(_) if phase == Phase::Dot => {
            return Err(Outcome::Unknown { why: "il server SMTP non ha risposto in tempo al punto finale".to_owned() });
        }
        Err(_) => {
            return Err(Outcome::later(format!("il server SMTP non ha risposto in tempo {phase}")));
        }
    };
    let Some(code) = error.status().map(u16::from) else {
        return Err(match phase {
            Phase::Dot => Outcome::Unknown {
                why: "la connessione col server SMTP si è interrotta dopo il punto finale".to_owned(),
            },
            Phase::Auth if error.is_client() => Outcome::LaneStopped {
                why: "il server SMTP non offre un'autenticazione con utente e password (PLAIN o LOGIN)".to_owned(),
            },
            _ => Outcome::later(format!("la connessione col server SMTP si è interrotta {phase}")),
        });
    };
    let text = error.source().map(|said| HeaderText::new(&said.to_string()).to_string()).unwrap_or_default();
    let why = format!("il server SMTP ha risposto {phase}: {code} {text}");
    Err(verdict(phase, code, why))
}

/// The table: phase and code of a negative reply → outcome.
fn verdict(phase: Phase, code: u16, why: String) -> Outcome {
    let permanent = (500..600).contains(&code);
    match phase {
        // A greeting speaks of the server, never of the message.
        Phase::Greeting => Outcome::Later { why, code: Some(code) },
        _ if !permanent => Outcome::Later { why, code: Some(code) },
        // 530 (RFC 4954 §6): authentication required, whatever was asked.
        Phase::Auth => Outcome::LaneStopped { why },
        Phase::Mail | Phase::Rcpt | Phase::Data if code == 530 => Outcome::LaneStopped { why },
        // MAIL names only our own mailbox, the same for every message: a refusal is about the account
        // (`553 … not owned by user`, rules.md §3). Except 552: this message is too large.
        Phase::Mail if code != 552 => Outcome::LaneStopped { why },
        // Postfix, and providers built on it, say so only at RCPT (`smtpd_delay_reject`).
        Phase::Rcpt if why.to_ascii_lowercase().contains("sender address rejected") => Outcome::LaneStopped { why },
        Phase::Mail | Phase::Rcpt | Phase::Data | Phase::Dot => Outcome::Never { why, code: Some(code) },
    }
}

fn words(reply: &Response) -> String {
    let text: Vec<&str> = reply.message().collect();
    HeaderText::new(&format!("{} {}", reply.code(), text.join(" "))).to_string()
}

impl Outcome {
    fn into_why(self) -> String {
        match self {
            Self::Taken { reply } => reply,
            Self::Later { why, .. } | Self::Never { why, .. } | Self::Unknown { why } | Self::LaneStopped { why } => {
                why
            }
        }
    }
}

#[cfg(test)]
mod tests;

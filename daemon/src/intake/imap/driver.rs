//! One IMAP connection: commands out, answers in, nothing taken for granted. It changes when the outside crate does.
//!
//! With `commands.rs` the only file naming async-imap, and of it only the transport and the parser: its own command
//! methods turn a refusal or a cut into success (stack.md §3, measured). Here an answer counts when it ends with OK under
//! the tag of the command; NO, BAD, BYE, the end of the stream, silence and excess are troubles.
//! After any trouble but a refusal the connection is of no use: a future dropped in mid-answer leaves half of it unread.

use std::{io, time::Duration};

use async_imap::{
    Authenticator, Client, Session,
    error::Error as ImapError,
    imap_proto::{MailboxDatum, RequestId, Response, Status},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
    time::{Instant, timeout, timeout_at},
};

use super::{
    guard::{Guard, Room},
    trouble::Trouble,
};
use crate::{failpoint, secret::Secret};

/// Longest silence while an answer is due (reliability §3.1: idle 60 s). Beyond: reconnect.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest time for the whole answer to one command. Beyond: reconnect.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Wait for the answer to LOGOUT, which changes nothing.
const LOGOUT_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest literal where we asked for none (a server may quote a folder name this way).
const SMALL_LITERAL: u64 = 4 * 1024;
/// Unasked-for bytes tolerated with any answer: another client may be flagging ten thousand messages meanwhile.
const UNASKED_BYTES: u64 = 16 * 1024 * 1024;
/// Most responses to one command, besides one for each message of the folder. Beyond: reconnect.
const RESPONSES_MAX: u64 = 100_000;

/// The room for an answer without bodies in a folder of `exists` messages.
pub(super) fn small_room(exists: u32) -> Room {
    Room { literal: SMALL_LITERAL, total: UNASKED_BYTES + u64::from(exists) * 200 }
}

/// The room for an answer with one literal of at most `bytes`.
pub(super) fn body_room(bytes: u64) -> Room {
    Room { literal: bytes, total: UNASKED_BYTES + bytes }
}

/// What a transport must be.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Wire for S {}

/// How a command ended when the connection is still sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tagged {
    Ok,
    No,
    Bad,
}

impl Tagged {
    /// A refusal becomes a trouble that names the command.
    pub(super) fn ok(self, command: &'static str) -> Result<(), Trouble> {
        if self == Self::Ok { Ok(()) } else { Err(Trouble::Refused(command)) }
    }
}

/// A logged-in connection.
#[derive(Debug)]
pub(super) struct Driver<S: Wire> {
    session: Session<Guard<S>>,
    /// Messages in the folder, as last said.
    pub(super) exists: u32,
    /// The server has said EXISTS since the caller last cleared this. It says so once, in the answer to any command, and
    /// not again when IDLE begins (RFC 3501 §5.2): a message that comes while others are fetched would wait for the poll.
    pub(super) has_grown: bool,
}

impl<S: Wire> Driver<S> {
    /// Reads the greeting and logs in.
    pub(super) async fn login(stream: S, user: &str, password: &Secret) -> Result<Self, Trouble> {
        let mut client = Client::new(Guard::new(stream, small_room(0)));
        let greeting = match timeout(READ_TIMEOUT, client.read_response()).await {
            Ok(greeting) => greeting,
            Err(_) => return Err(Trouble::Silence),
        };
        match greeting {
            Ok(Some(greeting)) if matches!(greeting.parsed(), Response::Data { status: Status::Ok, .. }) => {}
            // PREAUTH too: we mean to be known by our password.
            Ok(Some(_)) => return Err(Trouble::Unwelcome),
            Ok(None) => return Err(Trouble::Cut),
            Err(why) => return Err(cut_or_strange(&why, client.get_ref().tripped())),
        }
        failpoint::at("imap.login").map_err(|_| Trouble::Cut)?;
        let login = async {
            // A quoted string is 7-bit (RFC 3501 §4.3); PLAIN carries UTF-8 (RFC 4616 §2).
            if user.is_ascii() && password.expose().is_ascii() {
                client.login(user, password.expose()).await
            } else {
                client.authenticate("PLAIN", Plain { user, password }).await
            }
        };
        match timeout(READ_TIMEOUT, login).await {
            Ok(Ok(session)) => Ok(Self { session, exists: 0, has_grown: false }),
            Ok(Err((why, client))) => Err(login_trouble(&why, client.get_ref().tripped())),
            Err(_) => Err(Trouble::Silence),
        }
    }

    /// Sends one command and reads to the end of its answer; `on` sees every response, the tagged one included.
    pub(super) async fn command(
        &mut self,
        text: &str,
        room: Room,
        mut on: impl FnMut(&Response<'_>) -> Result<(), Trouble>,
    ) -> Result<Tagged, Trouble> {
        let end = Instant::now() + COMMAND_TIMEOUT;
        let tag = self.send(text, room).await?;
        let limit = RESPONSES_MAX + u64::from(self.exists);
        for _ in 0..limit {
            let due = end.min(Instant::now() + READ_TIMEOUT);
            let seen = self.read(due, |response| on(response).and_then(|()| ended(&tag, response))).await?;
            if let Some(ended) = seen.ok_or(Trouble::Silence)?? {
                return Ok(ended);
            }
        }
        Err(Trouble::TooMuch("troppe risposte a un comando"))
    }

    /// Waits for news of the folder until `end`: news, or not, the caller looks. One EXISTS is enough, even one that came
    /// before the server agreed to IDLE (RFC 2177).
    /// `wake` ends it too.
    pub(super) async fn idle(&mut self, end: Instant, wake: &Notify) -> Result<(), Trouble> {
        if self.has_grown {
            return Ok(());
        }
        let tag = self.send("IDLE", small_room(self.exists)).await?;
        let (mut idling, mut news) = (false, false);
        let agreed = Instant::now() + READ_TIMEOUT;
        for _ in 0..RESPONSES_MAX {
            if idling && news {
                break;
            }
            // A server that says `* OK still here` does not move the end, nor by when it must agree.
            let due = if idling { end } else { agreed };
            let may_end = idling;
            let seen = self.read(due, |response| {
                idling |= matches!(response, Response::Continue(_));
                news |= matches!(response, Response::MailboxData(MailboxDatum::Exists(_) | MailboxDatum::Recent(_)));
                ended(&tag, response)
            });
            let seen = tokio::select! {
                biased;
                () = wake.notified(), if may_end => break,
                seen = seen => seen?,
            };
            match seen {
                Some(seen) => match seen? {
                    None => {}
                    // The server ended it itself: a refusal, or a hurry to say OK.
                    Some(ended) => return ended.ok("IDLE"),
                },
                None if idling => break,
                None => return Err(Trouble::Silence),
            }
        }
        let done = timeout(READ_TIMEOUT, self.session.run_command_untagged("DONE")).await;
        done.map_err(|_| Trouble::Silence)?.map_err(|_| Trouble::Cut)?;
        let end = Instant::now() + READ_TIMEOUT;
        for _ in 0..RESPONSES_MAX {
            let seen = self.read(end, |response| ended(&tag, response)).await?;
            if let Some(ended) = seen.ok_or(Trouble::Silence)?? {
                return ended.ok("IDLE");
            }
        }
        Err(Trouble::TooMuch("troppe risposte a un comando"))
    }

    /// LOGOUT, for politeness: whatever happens, the connection is over.
    pub(super) async fn logout(mut self) {
        let _ = timeout(LOGOUT_TIMEOUT, self.session.run_command_and_check_ok("LOGOUT")).await;
    }

    async fn send(&mut self, text: &str, room: Room) -> Result<RequestId, Trouble> {
        self.session.get_mut().allow(room);
        let sent = timeout(READ_TIMEOUT, self.session.run_command(text)).await;
        sent.map_err(|_| Trouble::Silence)?.map_err(|_| Trouble::Cut)
    }

    /// Shows the next response to `on`; `None` when `due` came first (the connection is still sound: reading is
    /// cancel-safe).
    async fn read<T>(&mut self, due: Instant, on: impl FnOnce(&Response<'_>) -> T) -> Result<Option<T>, Trouble> {
        let Ok(read) = timeout_at(due, self.session.read_response()).await else {
            return Ok(None);
        };
        let response = match read {
            Ok(Some(response)) => response,
            Ok(None) => return Err(Trouble::Cut),
            Err(why) => return Err(cut_or_strange(&why, self.session.get_ref().tripped())),
        };
        match response.parsed() {
            Response::Data { status: Status::Bye, .. } => return Err(Trouble::Goodbye),
            Response::MailboxData(MailboxDatum::Exists(n)) => {
                self.exists = *n;
                self.has_grown = true;
            }
            _ => {}
        }
        Ok(Some(on(response.parsed())))
    }
}

/// Is this the end of the command with this tag?
fn ended(tag: &RequestId, response: &Response<'_>) -> Result<Option<Tagged>, Trouble> {
    match response {
        Response::Done { tag: other, .. } if other != tag => Err(Trouble::Strange("etichetta di un altro comando")),
        Response::Done { status: Status::Ok, .. } => Ok(Some(Tagged::Ok)),
        Response::Done { status: Status::No, .. } => Ok(Some(Tagged::No)),
        Response::Done { .. } => Ok(Some(Tagged::Bad)),
        _ => Ok(None),
    }
}

/// Never look into `why` for its text: a parse error holds the buffer, message and all (stack.md §3).
fn cut_or_strange(why: &io::Error, tripped: Option<&'static str>) -> Trouble {
    match (tripped, why.kind()) {
        (Some(what), _) => Trouble::TooMuch(what),
        (None, io::ErrorKind::Other) => Trouble::Strange("risposta illeggibile"),
        (None, _) => Trouble::Cut,
    }
}

fn login_trouble(why: &ImapError, tripped: Option<&'static str>) -> Trouble {
    match why {
        // RFC 5530 §3: the back end is down, the password may well be right.
        ImapError::No(text) if text.contains("UNAVAILABLE") => Trouble::Refused("LOGIN"),
        ImapError::No(_) | ImapError::Bad(_) => Trouble::LoginRefused,
        ImapError::Io(why) => cut_or_strange(why, tripped),
        ImapError::ConnectionLost => Trouble::Cut,
        ImapError::Validate(_) => Trouble::Name("l'utente o la password"),
        _ => Trouble::Strange("risposta all'autenticazione"),
    }
}

/// SASL PLAIN (RFC 4616).
struct Plain<'a> {
    user: &'a str,
    password: &'a Secret,
}

impl Authenticator for Plain<'_> {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password.expose())
    }
}

//! The counter of a running service: one order or question a connection, over a socket that only its own user can reach.
//!
//! The service alone has the store in hand; a command beside it cannot write. Where no service runs, the command opens the
//! store itself: there is always exactly one writer.

use crate::caseload::Deed;
use crate::caseload::ask::{Ask, Told};
use crate::caseload::clerk::Clerk;
use crate::caseload::looked::Reader;
use crate::clock::Clock;
use crate::events;
use crate::journal::record::{Channel, Looked};
use crate::monitor::Monitor;
use crate::monitor::report::Report;
use crate::outbox::orders::{Answer, Order, carry_out};
use crate::reconcile::report::Report as Reconciled;
use crate::reconcile::task::Bench;
use crate::rulebook::orders::{Correct, Enter};
use crate::store::{Store, Trouble};
use crate::supervise::reload::Reloader;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, watch};

/// Longest answer to an order, bytes.
const LINE_BYTES_MAX: u64 = 128 * 1024;
/// Longest line that comes, bytes: an order with the files of a letter, which base64 grows by 37 %.
const REQUEST_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Longest answer to a question, bytes: [`Report`] has a few lists, all of them bounded.
const REPORT_BYTES_MAX: u64 = 1024 * 1024;
/// Longest answer about the register, bytes: the largest dossier, with the entries that are shown of it.
const TOLD_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// How long one connection may take: orders are served one at a time.
const TURN_MAX: Duration = Duration::from_secs(10);

/// The line that comes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Request {
    Question {
        ask: Question,
    },
    Reconcile {
        reconcile: Wish,
    },
    Correct {
        correct: Correct,
    },
    Enter {
        enter: Enter,
    },
    Deed {
        deed: Box<Deed>,
        /// Names what must not be done twice; empty for what may be.
        #[serde(default)]
        key: String,
    },
    Register {
        register: Ask,
        #[serde(default)]
        reader: Reader,
    },
    Look {
        look: Looked,
    },
    Order(Order),
}

/// What is wanted of the reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// To begin one.
    Begin,
    /// To begin one that reads all bytes back.
    BeginWhole,
    /// Its result, if it has one by now.
    Result,
}

/// What may be asked. It changes nothing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Question {
    /// How the service is.
    Health,
}

/// The line that goes back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Reply {
    Health {
        health: Box<Report>,
    },
    Busy {
        busy: String,
    },
    Answer(Answer),
    Told {
        register: Box<Told>,
    },
    Unreadable {
        unreadable: String,
    },
    /// The last: what is absent in it may be `None`, so it would take the others for itself.
    Reconciled {
        reconciled: Option<Box<Reconciled>>,
    },
}

/// Where the socket of a data folder is.
#[must_use]
pub fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// What the counter needs.
pub struct Counter {
    /// Shared with everybody.
    pub store: Arc<Mutex<Store>>,
    /// The outbox looks at once.
    pub wake: Arc<Notify>,
    /// Where a reconciliation is asked for.
    pub bench: Arc<Bench>,
    /// The time.
    pub clock: Clock,
    /// Answers questions.
    pub monitor: Arc<Monitor>,
    /// Puts rules in force, and writes corrections down.
    pub reloader: Reloader,
    /// Works on dossiers and persons.
    pub clerk: Clerk,
}

impl Counter {
    /// Opens the socket. The caller holds the lock of the data folder: a socket that is there is a dead one's.
    ///
    /// # Errors
    /// Those of the disk; a path longer than a socket's may be (107 bytes).
    pub fn listen(data: &Path) -> io::Result<UnixListener> {
        let path = socket(data);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        // The folder is for its owner alone already; the socket says it too.
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(listener)
    }

    /// Serves until `stop`.
    ///
    /// # Errors
    /// The store cannot go on.
    pub async fn run(self, listener: UnixListener, mut stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        while !*stop.borrow() {
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                stream = listener.accept() => match stream {
                    Ok((stream, _)) => {
                        // Whoever is slow, or goes away, loses this turn and nothing else.
                        if let Ok(served) = tokio::time::timeout(TURN_MAX, self.serve(stream)).await {
                            served?;
                        }
                    }
                    Err(e) => {
                        events::control_failed(&e);
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                },
            }
        }
        Ok(())
    }

    async fn serve(&self, stream: UnixStream) -> Result<(), Trouble> {
        let user = stream.peer_cred().map(|c| c.uid()).ok();
        let mut stream = tokio::io::BufReader::new(stream);
        let mut line = Vec::new();
        let _ = (&mut stream).take(REQUEST_BYTES_MAX).read_until(b'\n', &mut line).await;
        // The store cannot go on; who asked is told why before the service ends.
        let mut stopped: Option<Trouble> = None;
        let reply = match serde_json::from_slice::<Request>(&line) {
            Ok(Request::Question { ask: Question::Health }) => match self.monitor.report().await? {
                Some(report) => Reply::Health { health: Box::new(report) },
                None => Reply::Busy { busy: "il servizio è occupato".into() },
            },
            Ok(Request::Reconcile { reconcile }) => {
                if reconcile != Wish::Result {
                    self.bench.ask(reconcile == Wish::BeginWhole);
                }
                Reply::Reconciled { reconciled: self.bench.result().map(Box::new) }
            }
            Ok(Request::Correct { mut correct }) => {
                correct.by = named(&correct.by, user);
                let answer = self.reloader.correct(&correct)?;
                if matches!(answer, Answer::Done(_)) {
                    events::corrected();
                }
                Reply::Answer(answer)
            }
            Ok(Request::Enter { mut enter }) => {
                enter.by = named(&enter.by, user);
                Reply::Answer(self.reloader.enter(&enter)?)
            }
            Ok(Request::Deed { mut deed, key }) => {
                *deed.by_mut() = named(deed.by_mut(), user);
                Reply::Answer(self.clerk.serve(&deed, Channel::Command, &key)?)
            }
            Ok(Request::Register { register, mut reader }) => {
                reader.by = reading(&reader.by, user);
                match self.clerk.tell(&register, &reader) {
                    Ok(told) => Reply::Told { register: Box::new(told) },
                    Err(trouble) => unwritten(stopped.insert(trouble)),
                }
            }
            Ok(Request::Look { mut look }) => {
                look.by = reading(&look.by, user);
                match self.clerk.look(look) {
                    Ok(()) => Reply::Answer(Answer::Done(String::new())),
                    Err(trouble) => unwritten(stopped.insert(trouble)),
                }
            }
            Ok(Request::Order(mut order)) => {
                order.by = named(&order.by, user);
                let now = self.clock.now();
                let answer = carry_out(&mut self.store.lock().unwrap_or_else(PoisonError::into_inner), &order, now)?;
                if matches!(answer, Answer::Done(_)) {
                    events::order_carried_out(order.act);
                    self.wake.notify_one();
                }
                Reply::Answer(answer)
            }
            Err(e) => Reply::Unreadable { unreadable: e.to_string() },
        };
        if let Ok(mut text) = serde_json::to_vec(&reply) {
            text.push(b'\n');
            let _ = stream.get_mut().write_all(&text).await;
        }
        stopped.map_or(Ok(()), Err)
    }
}

/// Gives an order to the service that runs on `data`. `None` = nobody is at the counter.
///
/// # Errors
/// Somebody is, and the conversation broke: the order may have been carried out.
pub fn order(data: &Path, order: &Order) -> io::Result<Option<Answer>> {
    answered(converse(data, &Request::Order(order.clone()), LINE_BYTES_MAX)?)
}

/// Hands a correction to the service that runs on `data`. `None` = nobody is at the counter.
///
/// # Errors
/// As [`order`].
pub fn correct(data: &Path, correct: &Correct) -> io::Result<Option<Answer>> {
    answered(converse(data, &Request::Correct { correct: correct.clone() }, LINE_BYTES_MAX)?)
}

/// Has the service that runs on `data` put a set of rules in force. `None` = nobody is at the counter.
///
/// # Errors
/// As [`order`].
pub fn enter(data: &Path, enter: &Enter) -> io::Result<Option<Answer>> {
    answered(converse(data, &Request::Enter { enter: enter.clone() }, LINE_BYTES_MAX)?)
}

/// Has the service that runs on `data` do something with a dossier or a person. `None` = nobody is at the counter.
///
/// # Errors
/// As [`order`].
pub fn deed(data: &Path, deed: &Deed) -> io::Result<Option<Answer>> {
    deed_once(data, deed, "")
}

/// As [`deed`], of something that must not be done twice; `key` names it.
///
/// # Errors
/// As [`order`].
pub fn deed_once(data: &Path, deed: &Deed, key: &str) -> io::Result<Option<Answer>> {
    let request = Request::Deed { deed: Box::new(deed.clone()), key: key.to_owned() };
    answered(converse(data, &request, LINE_BYTES_MAX)?)
}

/// Asks the service that runs on `data` about dossiers or persons. `None` = nobody is at the counter.
///
/// # Errors
/// Somebody is, and the conversation broke.
pub fn register(data: &Path, ask: &Ask, reader: &Reader) -> io::Result<Option<Told>> {
    match converse(data, &Request::Register { register: ask.clone(), reader: reader.clone() }, TOLD_BYTES_MAX)? {
        None => Ok(None),
        Some(Reply::Told { register }) => Ok(Some(*register)),
        Some(Reply::Unreadable { unreadable }) => Err(io::Error::other(unreadable)),
        Some(_) => Err(io::Error::other("risposta a un'altra domanda")),
    }
}

/// Has the service that runs on `data` write down that somebody is about to read. `None` = nobody is at the counter.
///
/// # Errors
/// Somebody is, and it could not be written down, or the conversation broke.
pub fn look(data: &Path, look: &Looked) -> io::Result<Option<Answer>> {
    answered(converse(data, &Request::Look { look: look.clone() }, LINE_BYTES_MAX)?)
}

fn answered(reply: Option<Reply>) -> io::Result<Option<Answer>> {
    match reply {
        None => Ok(None),
        Some(Reply::Answer(answer)) => Ok(Some(answer)),
        Some(Reply::Unreadable { unreadable }) => Err(io::Error::other(unreadable)),
        Some(Reply::Health { .. } | Reply::Busy { .. } | Reply::Told { .. } | Reply::Reconciled { .. }) => {
            Err(io::Error::other("risposta a un'altra domanda"))
        }
    }
}

/// Asks the service that runs on `data` how it is. `None` = nobody is at the counter.
///
/// # Errors
/// Somebody is, and does not answer: stuck, or of another version.
pub fn health(data: &Path) -> io::Result<Option<Report>> {
    match converse(data, &Request::Question { ask: Question::Health }, REPORT_BYTES_MAX)? {
        None => Ok(None),
        Some(Reply::Health { health }) => Ok(Some(*health)),
        Some(Reply::Busy { busy: why } | Reply::Unreadable { unreadable: why }) => Err(io::Error::other(why)),
        Some(Reply::Answer(_) | Reply::Told { .. } | Reply::Reconciled { .. }) => {
            Err(io::Error::other("risposta a un'altra domanda"))
        }
    }
}

/// Asks the service that runs on `data` for a reconciliation, or for its result. `None` = nobody is at the counter.
///
/// # Errors
/// Somebody is, and the conversation broke.
pub fn reconcile(data: &Path, wish: Wish) -> io::Result<Option<Option<Box<Reconciled>>>> {
    match converse(data, &Request::Reconcile { reconcile: wish }, REPORT_BYTES_MAX)? {
        None => Ok(None),
        Some(Reply::Reconciled { reconciled }) => Ok(Some(reconciled)),
        Some(Reply::Unreadable { unreadable }) => Err(io::Error::other(unreadable)),
        Some(_) => Err(io::Error::other("risposta a un'altra domanda")),
    }
}

/// The name is what its writer says; the user is what the system knows.
fn named(by: &str, user: Option<u32>) -> String {
    match user {
        Some(user) if !by.trim().is_empty() => format!("{} (utente {user})", by.trim()),
        _ => by.to_owned(),
    }
}

/// As [`named`], of who reads: a reading always has somebody.
fn reading(by: &str, user: Option<u32>) -> String {
    match user {
        Some(user) if by.trim().is_empty() => format!("utente {user}"),
        _ => named(by, user),
    }
}

/// What is read is not shown unless it is written down that it was.
fn unwritten(trouble: &Trouble) -> Reply {
    Reply::Unreadable {
        unreadable: format!("la lettura non si può scrivere nel registro, e non si mostra niente: {trouble}"),
    }
}

fn converse(data: &Path, request: &Request, answer_bytes_max: u64) -> io::Result<Option<Reply>> {
    let mut stream = match StdStream::connect(socket(data)) {
        Ok(stream) => stream,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => return Ok(None),
        Err(e) => return Err(e),
    };
    stream.set_read_timeout(Some(TURN_MAX))?;
    stream.set_write_timeout(Some(TURN_MAX))?;
    let mut text = serde_json::to_vec(request)?;
    text.push(b'\n');
    stream.write_all(&text)?;
    let mut line = String::new();
    BufReader::new(stream.take(answer_bytes_max)).read_line(&mut line)?;
    Ok(Some(serde_json::from_str(&line)?))
}

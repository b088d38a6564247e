//! The line to the provider: one connection that carries several letters, one after the other. It changes when the way we
//! keep, trust or leave a connection changes.
//!
//! What is certain of a letter does not depend on it: each has its own envelope, its own gate and its own answer. A
//! connection is kept only after an answer that says «taken»; after anything else the next letter has a fresh one. And a
//! kept one is never believed when it says no: the server may only have tired of it (idle too long, too many letters), so
//! the same letter, of which nothing was sent yet, is offered once more on a fresh one, whose word counts.

use std::{fmt, time::Duration};

use tokio::{sync::Mutex, time::Instant};

use super::attempt::{Job, Open, Outcome, SmtpSettings, content, dial, envelope, envelope_at_once, leave, open};
use crate::net::Encrypted;

/// Letters on one connection. Postfix reuses one for as long; servers that take fewer say so, and are asked afresh.
const LETTERS_MAX: u32 = 100;
/// A connection that has rested longer is not used again: servers and firewalls forget it (RFC 5321 §4.5.3.2.7 gives 5
/// minutes, many servers less).
const REST_MAX: Duration = Duration::from_secs(20);

/// The line of one account at one server.
pub struct Line {
    settings: SmtpSettings,
    kept: Mutex<Option<Kept>>,
}

/// A connection whose last letter was taken: its server waits for the next MAIL (RFC 5321 §4.1.1.4: the end of data clears
/// the buffers, so no RSET is needed).
struct Kept {
    open: Open,
    letters: u32,
    since: Instant,
}

impl Line {
    /// A line that is not connected yet.
    #[must_use]
    pub fn new(settings: SmtpSettings) -> Self {
        Self { settings, kept: Mutex::default() }
    }

    /// Hands the frozen `bytes` to the provider for one recipient.
    ///
    /// `gate` runs at most once: after the whole body is written and before the first byte of the final dot. It must make
    /// `InDot` durable. If it fails, the dot is not written and the outcome is [`Outcome::Later`]. If this future is dropped
    /// after the gate ran, the truth is that of [`Outcome::Unknown`].
    ///
    /// `bytes` are what [`super::compose`] made: ASCII, CRLF line ends; the server receives them unchanged.
    pub async fn attempt<G, F>(&self, from: &str, to: &str, bytes: &[u8], gate: G) -> Outcome
    where
        G: FnOnce() -> F,
        F: Future<Output = Result<(), String>>,
    {
        // Before the socket opens: a message that cannot be sent costs no login.
        let job = match Job::check(from, to, bytes) {
            Ok(job) => job,
            Err(outcome) => return outcome,
        };
        // Taken out while it is used: a future that is dropped half-way takes its connection with it.
        let mut kept = self.kept.lock().await;
        let (mut open, letters) = match ready(kept.take(), &job).await {
            Some(Kept { open, letters, .. }) => (open, letters),
            None => match self.fresh(&job).await {
                Ok(open) => (open, 0),
                Err(outcome) => return outcome,
            },
        };
        let outcome = content(&mut open, &job, gate).await;
        if !matches!(outcome, Outcome::Taken { .. }) {
            return outcome; // the server may be in the middle of the body, where QUIT would be text: just close
        }
        if letters + 1 < LETTERS_MAX {
            *kept = Some(Kept { open, letters: letters + 1, since: Instant::now() });
        } else {
            leave(open.connection).await;
        }
        outcome
    }

    /// Whether the next letter goes on the connection of the last one, unless its server has tired of it meanwhile.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let kept = self.kept.try_lock();
        kept.is_ok_and(|kept| kept.as_ref().is_some_and(|kept| kept.since.elapsed() <= REST_MAX))
    }

    /// Closes the connection, if there is one: nothing is due for a while.
    pub async fn rest(&self) {
        if let Some(Kept { open, .. }) = self.kept.lock().await.take() {
            leave(open.connection).await;
        }
    }

    /// A new connection that waits for the body of this letter.
    async fn fresh(&self, job: &Job<'_>) -> Result<Open, Outcome> {
        let (Encrypted { stream, .. }, replay) = dial(&self.settings).await?;
        let mut opened = open(stream, replay, &self.settings).await?;
        match envelope(&mut opened.connection, job).await {
            Ok(()) => Ok(opened),
            Err(outcome) => {
                leave(opened.connection).await;
                Err(outcome)
            }
        }
    }
}

/// The kept connection, if it still takes this letter.
async fn ready(kept: Option<Kept>, job: &Job<'_>) -> Option<Kept> {
    let mut kept = kept?;
    let connection = &mut kept.open.connection;
    if kept.since.elapsed() > REST_MAX {
        leave(kept.open.connection).await;
        return None;
    }
    if kept.open.pipelines {
        // Not left politely: its server may have taken the last of the three, and wait for a body.
        return envelope_at_once(connection, job).await.is_ok().then_some(kept);
    }
    if envelope(connection, job).await.is_ok() {
        return Some(kept);
    }
    leave(kept.open.connection).await;
    None
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

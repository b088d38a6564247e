//! The loop of one mailbox: look, fetch, hand over, wait; on any exit come back. It changes when that order changes.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    super::{
        arrival::{Arrival, Delivery, Filed, Place},
        cursor::{Cursor, Plan, WINDOW_UIDS, Why, Window, plan},
    },
    CursorStore, Event, IDLE_MAX, Settings, Trouble,
    commands::Listed,
    driver::{Driver, Tagged, Wire},
    fetch::{Fetched, fetch},
    pause::pause,
};
use crate::pipeline::BATCH_MESSAGES_MAX;

/// Failures after which a message is passed over for a while, so that it does not hold up the others (rules.md §4).
const TRIES_MAX: u32 = 3;
/// How long a message that could not be fetched is left alone.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(3_600);
/// Most failing messages remembered; beyond, all have their tries again.
const FAILED_MAX: usize = 10_000;
/// A connection that lasted this long after its first look was sound: the pauses begin again from the shortest. A server
/// that lets us in and throws us out at once is not hammered.
const STEADY: Duration = Duration::from_secs(60);
/// Messages handed over and not answered at most: three batches of the pipeline, of which one is decided, one examined, and one waits.
const IN_HAND_MAX: usize = 3 * BATCH_MESSAGES_MAX;
/// Shortest wait between two looks, whatever the configuration or an over-eager server says.
const LOOK_MIN: Duration = Duration::from_secs(1);

/// Makes connections; the tests put a script in its place.
pub(super) trait Dial: Sync {
    /// The transport.
    type Stream: Wire;
    /// One attempt.
    fn dial(&self) -> impl Future<Output = Result<Self::Stream, Trouble>> + Send;
}

/// Why the loop ends or begins again.
enum End {
    /// Nobody takes deliveries any more.
    NobodyListens,
    Trouble(Trouble),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What came of one listed message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// Handed over; the answer is awaited with the others in hand.
    Handed,
    /// Removed by somebody before we had it.
    Gone,
    /// Still to be had: the cursor must not pass it.
    Waiting,
}

/// A message that was handed over, and the way back.
struct InHand {
    uid: u32,
    spool: PathBuf,
    oversized: bool,
    answer: oneshot::Receiver<Filed>,
}

/// What failed of one UID.
struct Failed {
    tries: u32,
    last: Instant,
    trouble: Trouble,
    /// [`Event::Unreadable`] was reported.
    told: bool,
}

/// One mailbox and all it needs.
pub(super) struct Watcher<'a, D, C, R> {
    settings: &'a Settings,
    dial: &'a D,
    cursors: C,
    deliveries: mpsc::Sender<Delivery>,
    spool_dir: PathBuf,
    report: R,
    /// The last cursor, whether or not it is saved.
    known: Option<Cursor>,
    /// Changes of it that are not saved.
    unsaved: usize,
    /// (UIDVALIDITY, UID) → failures. In memory: after a restart each has its tries again.
    failed: HashMap<(u32, u32), Failed>,
    /// Handed over and not answered, in order: the next ones are fetched while the pipeline works on these.
    in_hand: VecDeque<InHand>,
    /// Spool files made: a name is never used twice, so nothing can be written into a file that was handed over.
    spooled: u64,
    /// Lost connections in a row, none of them steady.
    failures: u32,
    /// When the folder was first listed to its end on this connection.
    first_look: Option<Instant>,
}

impl<'a, D: Dial, C: CursorStore, R: Fn(Event)> Watcher<'a, D, C, R> {
    pub(super) fn new(
        settings: &'a Settings,
        dial: &'a D,
        mut cursors: C,
        deliveries: mpsc::Sender<Delivery>,
        spool_dir: PathBuf,
        report: R,
    ) -> Self {
        let known = cursors.load();
        Self {
            settings,
            dial,
            cursors,
            deliveries,
            spool_dir,
            report,
            known,
            unsaved: 0,
            failed: HashMap::new(),
            in_hand: VecDeque::new(),
            spooled: 0,
            failures: 0,
            first_look: None,
        }
    }

    /// Returns only when nobody listens any more; otherwise the caller drops it.
    pub(super) async fn run(&mut self) {
        let mut hasher = DefaultHasher::new();
        (&self.settings.account, &self.settings.host, &self.settings.user).hash(&mut hasher);
        let seed = hasher.finish();
        self.sweep();
        loop {
            // async-imap panics on some answers (stack.md §3): a lost connection, not a lost service.
            let ended = AssertUnwindSafe(self.session()).catch_unwind().await;
            let trouble = match ended {
                Ok(End::NobodyListens) => return,
                Ok(End::Trouble(trouble)) => trouble,
                Err(_) => Trouble::Panicked,
            };
            self.leave().await;
            if self.first_look.take().is_some_and(|look| look.elapsed() >= STEADY) {
                self.failures = 0;
            }
            self.failures = self.failures.saturating_add(1);
            let login = trouble == Trouble::LoginRefused;
            let pause = pause(self.failures, login, seed);
            (self.report)(if login { Event::LoginRefused { pause } } else { Event::Lost { trouble, pause } });
            tokio::time::sleep(pause).await;
        }
    }

    /// One connection, from greeting to loss.
    async fn session(&mut self) -> End {
        match self.looks().await {
            Err(end) => end,
        }
    }

    async fn looks(&mut self) -> Result<std::convert::Infallible, End> {
        let settings = self.settings;
        let mut driver = settings.door.enter(self.dial, settings).await?;
        let capabilities = driver.capabilities().await?;
        let can = |name: &str| capabilities.iter().any(|c| c == name);
        let (mut idle, can_move) = (can("IDLE"), can("MOVE"));
        let selected = driver.open(&settings.folder, settings.move_to.is_none()).await?;
        (self.report)(Event::Connected { exists: selected.exists, idle });

        let Plan { mut cursor, why } = plan(self.known.as_ref(), &selected).ok_or(Trouble::NoLastingUids)?;
        if !matches!(why, Why::Continue) {
            (self.report)(Event::Rescan(why));
        }
        self.save(&cursor);
        // Only for the first look: UIDNEXT is not told again while the folder is open.
        let mut uidnext = selected.uidnext;
        loop {
            self.recall(&mut cursor);
            let next_look = Instant::now() + settings.poll.min(settings.idle_max).min(IDLE_MAX).max(LOOK_MIN);
            let (kept, waiting) = self.look(&mut driver, &mut cursor, uidnext.take(), can_move).await?;
            self.first_look.get_or_insert_with(Instant::now);
            (self.report)(Event::Looked { kept, waiting });
            let eager = Instant::now() + LOOK_MIN;
            if idle {
                match driver.idle(next_look.max(eager), settings.recall.wake()).await {
                    Ok(()) => {}
                    // Offered, and refused when asked: the connection is sound, the poll finds the mail.
                    Err(Trouble::Refused(_)) => idle = false,
                    Err(trouble) => return Err(trouble.into()),
                }
            }
            if !idle {
                tokio::select! {
                    biased;
                    () = settings.recall.wake().notified() => {}
                    () = tokio::time::sleep_until(next_look) => {}
                }
            }
            tokio::time::sleep_until(eager).await;
        }
    }

    /// Lists the folder from the cursor to its end and hands over what is new. The listing is the truth (rules.md §4).
    async fn look<S: Wire>(
        &mut self,
        driver: &mut Driver<S>,
        cursor: &mut Cursor,
        uidnext: Option<u32>,
        can_move: bool,
    ) -> Result<(u64, u64), End> {
        let (mut from, mut width, mut kept, mut left) = (cursor.scan_from(), WINDOW_UIDS, 0, 0);
        let mut newest = uidnext.map_or(0, |next| next.saturating_sub(1));
        let mut waiting = None;
        driver.has_grown = false;
        loop {
            let window = Window::at(from, width, uidnext);
            let listed = driver.list(window).await?;
            let wanted = listed.iter().filter(|l| l.uid >= from && cursor.wants(l.uid)).count();
            if wanted > 0 {
                (self.report)(Event::Backlog { messages: left + wanted as u64 });
            }
            for &message in listed.iter().filter(|l| l.uid >= from) {
                if !cursor.wants(message.uid) {
                    newest = newest.max(message.uid);
                    continue;
                }
                match self.take(driver, cursor.uidvalidity(), message).await? {
                    Taken::Handed => newest = newest.max(message.uid),
                    // A number that the server lists and has nothing for is no end: all mail below it would be passed over.
                    Taken::Gone => {}
                    Taken::Waiting => {
                        left += 1;
                        waiting.get_or_insert(message.uid);
                    }
                }
                kept += self.answers(driver, cursor, can_move, IN_HAND_MAX - 1).await?;
            }
            // Between windows the pipeline goes on: what it has in hand holds the floor as what could not be had does.
            if window.to.is_none() {
                kept += self.answers(driver, cursor, can_move, 0).await?;
            }
            let in_hand = self.in_hand.front().map(|first| first.uid);
            cursor.settle(window.to.unwrap_or(newest), waiting.into_iter().chain(in_hand).min(), newest);
            match window.to {
                None => break,
                Some(to) => from = to.saturating_add(1),
            }
            // A stretch without messages is crossed faster and faster: UIDs may be sparse.
            width = if listed.is_empty() { width.saturating_mul(2) } else { WINDOW_UIDS };
        }
        self.save(cursor);
        Ok((kept, left))
    }

    /// Awaits the answers of those in hand until at most `most` are left: each is kept, then moved. How many were kept.
    ///
    /// # Errors
    /// One was not kept, or the connection ended while one was moved.
    async fn answers<S: Wire>(
        &mut self,
        driver: &mut Driver<S>,
        cursor: &mut Cursor,
        can_move: bool,
        most: usize,
    ) -> Result<u64, End> {
        let mut kept = 0;
        while self.in_hand.len() > most {
            let Some(InHand { uid, spool, oversized, answer }) = self.in_hand.pop_front() else { break };
            if !self.answered(cursor, uid, &spool, answer).await {
                self.save(cursor);
                return Err(Trouble::NotKept.into());
            }
            kept += 1;
            self.note(cursor);
            // Not after each: a crash before costs a re-fetch of these few, and no message.
            if self.in_hand.is_empty() || self.unsaved >= BATCH_MESSAGES_MAX {
                self.save(cursor);
            }
            // One that was too large stays where a person will look for it.
            if let Some(folder) = &self.settings.move_to
                && !oversized
                && let Err(trouble) = move_to(driver, uid, folder, can_move).await
            {
                (self.report)(Event::NotMoved { uid, trouble: trouble.clone() });
                if !matches!(trouble, Trouble::Refused(_) | Trouble::Name(_)) {
                    return Err(trouble.into());
                }
            }
        }
        Ok(kept)
    }

    /// What is in hand when a connection ends, by whatever fault: the pipeline keeps it all the same. It stays in its folder.
    async fn leave(&mut self) {
        let Some(mut cursor) = self.known.clone() else { return self.in_hand.clear() };
        while let Some(InHand { uid, spool, answer, .. }) = self.in_hand.pop_front() {
            self.answered(&mut cursor, uid, &spool, answer).await;
        }
        self.save(&cursor);
    }

    /// Waits for the pipeline as long as it takes: what is not answered is not kept.
    async fn answered(
        &mut self,
        cursor: &mut Cursor,
        uid: u32,
        spool: &Path,
        answer: oneshot::Receiver<Filed>,
    ) -> bool {
        let is_kept = answer.await == Ok(Filed::Kept);
        self.remove(spool);
        if is_kept {
            self.failures = 0;
            cursor.finish(uid);
            (self.report)(Event::Kept);
        }
        is_kept
    }

    /// One message: fetched and handed over.
    async fn take<S: Wire>(&mut self, driver: &mut Driver<S>, uidvalidity: u32, listed: Listed) -> Result<Taken, End> {
        let (uid, key) = (listed.uid, (uidvalidity, listed.uid));
        let tries = match self.failed.get_mut(&key) {
            Some(f) if f.tries >= TRIES_MAX && f.last.elapsed() < UNREADABLE_PAUSE => {
                // A panic left no time to say so.
                if !std::mem::replace(&mut f.told, true) {
                    let trouble = f.trouble.clone();
                    (self.report)(Event::Unreadable { uid, trouble });
                }
                return Ok(Taken::Waiting);
            }
            Some(f) if f.tries >= TRIES_MAX => 1,
            Some(f) => f.tries + 1,
            None => 1,
        };
        if self.failed.len() >= FAILED_MAX {
            self.failed.clear();
        }
        // Count first, then try (house rule 7): a panic in the try must count.
        let (last, trouble) = (Instant::now(), Trouble::Panicked);
        if tries == TRIES_MAX {
            // Whatever comes of it, it is passed over after this: several of its kind must not add up to ever longer pauses, in which
            // the first of them would be due again before what lies behind the last is reached.
            self.failures = 0;
        }
        self.failed.insert(key, Failed { tries, last, trouble, told: false });
        self.spooled += 1;
        let spool = self.spool_dir.join(format!("imap-{}-{uid}-{}.tmp", key.0, self.spooled));
        let fetched =
            fetch(driver, listed, self.settings.message_bytes_max, &*self.settings.disk, &spool, tries == 1).await;
        let fetched = match fetched {
            Ok(fetched) => fetched,
            // Our disk, not this message.
            Err(trouble @ Trouble::Spool(_)) => {
                self.remove(&spool); // it would take up the room that somebody makes
                self.failed.remove(&key);
                return Err(trouble.into());
            }
            Err(trouble) => {
                self.remove(&spool);
                let told = tries >= TRIES_MAX;
                if told {
                    (self.report)(Event::Unreadable { uid, trouble: trouble.clone() });
                }
                let failed = Failed { tries, last: Instant::now(), trouble: trouble.clone(), told };
                self.failed.insert(key, failed);
                // A refusal leaves the connection sound: go on with the next one.
                return if matches!(trouble, Trouble::Refused(_)) { Ok(Taken::Waiting) } else { Err(trouble.into()) };
            }
        };
        self.failed.remove(&key);
        let (bytes, date, oversized, size_mismatch) = match fetched {
            Fetched::Gone => {
                self.remove(&spool);
                (self.report)(Event::Vanished { uid });
                return Ok(Taken::Gone);
            }
            Fetched::Whole { bytes, date, size_mismatch } => (bytes, date, None, size_mismatch),
            Fetched::Headers { bytes, date } => (bytes, date, Some(u64::from(listed.size)), false),
        };
        if size_mismatch {
            (self.report)(Event::SizeMismatch { uid });
        }
        if let Some(size) = oversized {
            (self.report)(Event::Oversized { uid, size });
        }
        let arrival = Arrival {
            account: self.settings.account.clone(),
            place: Place::Imap { folder: self.settings.folder.clone(), uidvalidity: key.0, uid },
            received: date.as_deref().and_then(internal_date),
            spool: spool.clone(),
            bytes,
            oversized,
            size_mismatch,
        };
        let (done, answer) = oneshot::channel();
        self.deliveries.send(Delivery { arrival, done }).await.map_err(|_| End::NobodyListens)?;
        self.in_hand.push_back(InHand { uid, spool, oversized: oversized.is_some(), answer });
        Ok(Taken::Handed)
    }

    /// What an earlier run left half done; the messages are still on the server.
    fn sweep(&self) {
        for entry in self.settings.disk.list(&self.spool_dir).unwrap_or_default() {
            if entry.name.starts_with("imap-") && entry.name.ends_with(".tmp") {
                self.remove(&self.spool_dir.join(entry.name));
            }
        }
    }

    /// The receiver may have renamed it away: then there is nothing to remove.
    fn remove(&self, spool: &Path) {
        let _ = self.settings.disk.remove(spool);
    }

    /// What the reconciliation asked to be fetched again: each has its tries again too.
    fn recall(&mut self, cursor: &mut Cursor) {
        for again in self.settings.recall.take() {
            if again.uidvalidity == cursor.uidvalidity() {
                cursor.reopen(&again.uids, again.uidnext);
                self.failed.retain(|(_, uid), _| again.uids.binary_search(uid).is_err());
                self.save(cursor);
            }
        }
    }

    /// What is in hand when this connection ends is finished in it.
    fn note(&mut self, cursor: &Cursor) {
        if self.known.as_ref() != Some(cursor) {
            self.known = Some(cursor.clone());
            self.unsaved += 1;
        }
    }

    fn save(&mut self, cursor: &Cursor) {
        self.note(cursor);
        if std::mem::take(&mut self.unsaved) > 0 && self.cursors.save(cursor).is_err() {
            (self.report)(Event::CursorNotSaved);
        }
    }
}

/// UID MOVE, and proof that it happened: COPYUID, or the message no longer listed.
///
/// Without MOVE nothing is done: copy, flag and expunge is how others lost mail.
async fn move_to<S: Wire>(driver: &mut Driver<S>, uid: u32, folder: &str, can_move: bool) -> Result<(), Trouble> {
    if !can_move {
        return Err(Trouble::Refused("UID MOVE"));
    }
    let (mut tagged, mut proved) = driver.uid_move(uid, folder).await?;
    if tagged == Tagged::No {
        // Not every server says TRYCREATE. If the folder exists CREATE is refused, and the second answer is the one to tell.
        match driver.create(folder).await {
            Ok(()) | Err(Trouble::Refused(_)) => {}
            Err(trouble) => return Err(trouble),
        }
        (tagged, proved) = driver.uid_move(uid, folder).await?;
    }
    tagged.ok("UID MOVE")?;
    if proved || driver.list(Window { from: uid, to: Some(uid) }).await?.iter().all(|l| l.uid != uid) {
        return Ok(());
    }
    Err(Trouble::Refused("UID MOVE"))
}

/// `" 7-Feb-1994 21:52:25 -0800"` (RFC 3501 §9, date-time).
pub(super) fn internal_date(text: &str) -> Option<jiff::Timestamp> {
    let time = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?;
    time.to_timestamp().ok()
}

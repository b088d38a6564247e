//! The background part: keeps the lists of the certificates that were seen fresh. It changes when the order of its steps does.
//!
//! It never holds a message up. What fails is tried again later, and said in the log; meanwhile revocation is unknown.

use super::cache::{self, Held, Lists, source_name};
use super::fetch::{Fetcher, Question};
use super::recheck::Recheck;
use super::schedule::{Budget, after_answer, after_failure};
use super::signers::{Pair, Signers};
use crate::clock::Clock;
use crate::events;
use crate::store::Trouble;
use jiff::Timestamp;
use pec::revocation::{Filed, StatusLists, comes_from_issuer, ocsp_request, sources};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::{Notify, watch};

/// Longest sleep: a person's folder is looked at this often.
const SLEEP_MAX: Duration = Duration::from_secs(600);
/// Shortest sleep: the clock may be fixed, and a round is never empty of cost.
const SLEEP_MIN: Duration = Duration::from_secs(1);

/// The lists of an installation, shared.
#[derive(Debug)]
pub struct Desk {
    /// `<dati>/revoca`.
    pub folder: PathBuf,
    /// A person's folder.
    pub hand: Option<PathBuf>,
    /// Whose status is asked for.
    pub signers: Signers,
    /// The lists at hand.
    pub lists: watch::Sender<Arc<Lists>>,
    /// Told when there is somebody new to ask about.
    pub wake: Notify,
    /// A message was decided by lists that are not the latest.
    missed: AtomicBool,
}

impl Desk {
    /// Opens it below a data folder, and reads what is there.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(data: &Path, hand: Option<&Path>) -> io::Result<Self> {
        let folder = cache::folder(data);
        cache::open(&folder)?;
        let signers = Signers::open(&folder)?;
        let desk = Self {
            folder,
            hand: hand.map(Path::to_owned),
            signers,
            lists: watch::Sender::new(Arc::default()),
            wake: Notify::new(),
            missed: AtomicBool::new(false),
        };
        desk.read_again();
        Ok(desk)
    }

    /// The lists at hand.
    #[must_use]
    pub fn now(&self) -> Arc<Lists> {
        self.lists.borrow().clone()
    }

    /// Takes note of a message that is decided: its path, if one held, and the version of the lists that judged it. Other lists
    /// may have come meanwhile, and looked back before it was there.
    pub fn decided(&self, path: &[Vec<u8>], lists: [u8; 32]) {
        if lists != self.lists.borrow().status.version() {
            self.missed.store(true, Ordering::SeqCst);
            self.wake.notify_one();
        }
        match self.signers.saw(path) {
            Ok(true) => self.wake.notify_one(),
            Ok(false) => {}
            // Not the message's fault, and not worth its delay: the next message of this signer tries again.
            Err(e) => events::revocation_folder_failed(&e),
        }
    }

    /// Reads the folders again. True when other lists are at hand than before.
    fn read_again(&self) -> bool {
        let (lists, problems) = cache::read(&self.folder, self.hand.as_deref());
        for problem in &problems {
            events::list_refused(&problem.text);
        }
        let is_new = lists.status.version() != self.lists.borrow().status.version();
        if is_new {
            self.lists.send_replace(Arc::new(lists));
        }
        is_new
    }
}

/// A question, and how it went so far.
#[derive(Debug)]
struct Source {
    question: Question,
    about: Pair,
    failures: u32,
    due: Timestamp,
}

/// The part.
pub struct Refresher {
    /// The lists.
    pub desk: Arc<Desk>,
    /// How to ask; `None` = nothing is fetched.
    pub fetcher: Option<Fetcher>,
    /// Most questions an hour.
    pub per_hour: usize,
    /// Looks back when other lists are at hand.
    pub recheck: Recheck,
    /// The time.
    pub clock: Clock,
}

impl Refresher {
    /// Runs until `stopped`.
    ///
    /// # Errors
    /// The store cannot go on.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) -> Result<(), Trouble> {
        let mut sources = BTreeMap::new();
        let mut budget = Budget::new(self.per_hour);
        let mut hand = None;
        // At a start too: the last run may have ended between a list and its look back.
        let mut is_new = true;
        loop {
            let changed = self.desk.hand.as_deref().map(newest);
            if changed != hand {
                hand = changed;
                is_new |= self.desk.read_again();
            }
            is_new |= self.desk.missed.swap(false, Ordering::SeqCst);
            if is_new && !self.look_back().await? {
                is_new = false;
            }
            let (fetched, next) = tokio::select! {
                biased;
                _ = stopped.wait_for(|stop| *stop) => return Ok(()),
                round = self.round(&mut sources, &mut budget) => round,
            };
            is_new |= fetched && self.desk.read_again();
            if is_new {
                continue;
            }
            let now = self.clock.now();
            let pause = next.map_or(SLEEP_MAX, |next| next.duration_since(now).try_into().unwrap_or(SLEEP_MIN));
            tokio::select! {
                biased;
                () = tokio::time::sleep(pause.clamp(SLEEP_MIN, SLEEP_MAX)) => {}
                () = self.desk.wake.notified() => {}
                _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            }
        }
    }

    /// Looks back in a thread of its own. True when there is more to look at.
    async fn look_back(&self) -> Result<bool, Trouble> {
        let (recheck, desk) = (self.recheck.clone(), self.desk.clone());
        let work = move || recheck.look_back(&desk.now(), &desk.signers);
        let done = crate::world::apart(work).await;
        done.unwrap_or_else(|panic| Err(Trouble::Program(format!("il controllo delle revoche si è fermato: {panic}"))))
    }

    /// Asks every source that is due. Says whether a list came, and when the next is due.
    async fn round(&self, sources: &mut BTreeMap<String, Source>, budget: &mut Budget) -> (bool, Option<Timestamp>) {
        let Some(fetcher) = &self.fetcher else { return (false, None) };
        match self.desk.signers.all() {
            Ok(signers) => self.learn(&signers, sources),
            Err(e) => events::revocation_folder_failed(&e),
        }
        let mut fetched = false;
        for (name, source) in sources.iter_mut() {
            let now = self.clock.now();
            if source.due > now {
                continue;
            }
            if let Err(until) = budget.take(now) {
                return (fetched, Some(until));
            }
            let seed = u64::from_str_radix(name, 16).unwrap_or(0);
            let lists = self.desk.now();
            match self.ask(fetcher, name, source, lists.of(name)).await {
                Ok(came) => {
                    source.failures = 0;
                    source.due = after_answer(now, came.this_update, came.next_update, seed);
                    events::list_came(&source.question.url, &came.this_update, came.is_crl);
                    fetched = true;
                }
                Err(why) => {
                    source.failures = source.failures.saturating_add(1);
                    source.due = after_failure(now, source.failures, seed);
                    events::list_failed(&source.question.url, &why, source.failures);
                }
            }
        }
        (fetched, sources.values().map(|source| source.due).min())
    }

    /// The sources that these certificates name. A CRL answers for all of an authority; OCSP is asked where none is to be had.
    fn learn(&self, signers: &[(String, Pair)], sources: &mut BTreeMap<String, Source>) {
        let lists = self.desk.now();
        let now = self.clock.now();
        for (_, pair) in signers {
            let urls = sources_of(pair);
            let mut has_crl = false;
            for url in urls.crl {
                let name = source_name(&url, None);
                let source = sources.entry(name).or_insert_with_key(|name| {
                    Source::new(Question { url, ocsp: None }, pair.clone(), lists.of(name), name)
                });
                has_crl |= source.failures == 0
                    || lists.of(&source_name(&source.question.url, None)).is_some_and(|h| is_current(h, now));
            }
            if has_crl {
                continue;
            }
            let Some(request) = ocsp_request(&pair.certificate, &pair.issuer) else { continue };
            for url in urls.ocsp {
                let name = source_name(&url, Some(&pair.certificate));
                sources.entry(name).or_insert_with_key(|name| {
                    let question = Question { url, ocsp: Some(request.clone()) };
                    Source::new(question, pair.clone(), lists.of(name), name)
                });
            }
        }
    }

    /// Asks once, and keeps what came if it is what was asked for.
    async fn ask(&self, fetcher: &Fetcher, name: &str, source: &Source, held: Option<&Held>) -> Result<Filed, String> {
        let bytes = fetcher.ask(&source.question).await?;
        let filed = accepted(&bytes, source.question.ocsp.is_none(), &source.about, held, self.clock.now())?;
        cache::keep(&self.desk.folder, name, &filed).map_err(|e| format!("non riesco a conservarla: {e}"))?;
        Ok(filed)
    }
}

impl Source {
    fn new(question: Question, about: Pair, held: Option<&Held>, name: &str) -> Self {
        let seed = u64::from_str_radix(name, 16).unwrap_or(0);
        // A list that is at hand is renewed in its time, a restart or not.
        let due = held.map_or(Timestamp::MIN, |h| after_answer(h.came, h.this_update, h.next_update, seed));
        Self { question, about, failures: 0, due }
    }
}

/// Where a certificate says that its status can be asked.
#[must_use]
pub fn sources_of(pair: &Pair) -> pec::revocation::Sources {
    sources(&pair.certificate)
}

/// A list is within its time.
#[must_use]
pub fn is_current(held: &Held, now: Timestamp) -> bool {
    held.next_update.is_none_or(|next| next >= now)
}

/// What came is a list of the kind that was asked for, from whom it must be, and not older than the one at hand.
///
/// # Errors
/// Why it is not taken, in Italian.
pub fn accepted(bytes: &[u8], crl: bool, about: &Pair, held: Option<&Held>, now: Timestamp) -> Result<Filed, String> {
    let filed = StatusLists::new().add(bytes).map_err(|why| why.text)?;
    if filed.is_crl != crl {
        return Err("è arrivata una lista di un altro tipo".into());
    }
    if !comes_from_issuer(&filed.der, &about.certificate, &about.issuer) {
        return Err("non è firmata da chi ha emesso il certificato".into());
    }
    if filed.this_update > now.checked_add(CLOCKS_DIFFER_MAX).unwrap_or(now) {
        return Err(format!("è datata nel futuro ({})", filed.this_update));
    }
    if let Some(held) = held.filter(|held| filed.this_update < held.this_update) {
        return Err(format!("è più vecchia ({}) di quella che c'è ({})", filed.this_update, held.this_update));
    }
    if filed.next_update.is_some_and(|next| next < now) {
        return Err("è già scaduta".into());
    }
    Ok(filed)
}

/// A list of the future would keep all later ones out; two clocks differ by less than this.
const CLOCKS_DIFFER_MAX: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// When a folder or a file in it last changed.
fn newest(dir: &Path) -> (usize, Option<SystemTime>) {
    let times = std::fs::read_dir(dir).into_iter().flatten().filter_map(|e| e.ok()?.metadata().ok()?.modified().ok());
    let times: Vec<SystemTime> = times.take(cache::HAND_FILES_MAX * 2).collect();
    (times.len(), times.into_iter().max())
}

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod tests;

//! The life of one message: kept, examined, decided, committed. The server hears last.

mod examination;
mod waiting;

use crate::archive::{self, Archive, Named, Sealed, Shelf};
use crate::caseload::filed::{attached, filed};
use crate::caseload::held;
use crate::clock::Clock;
use crate::events;
use crate::failpoint;
use crate::intake::{self, Arrival, Delivery, Filed};
use crate::journal::record::{Decided, Findings, Inputs};
use crate::monitor::timings::Timings;
use crate::office::Office;
use crate::paths::Verdicts;
use crate::post;
use crate::revocation::refresh as revocation;
use crate::room::Room;
use crate::store::{Committed, Store, Trouble};
use crate::trial::Trial;
use crate::world::{beside, in_place};
use casework::decision::Lane;
use casework::{Change, Decision, Disposition, Interest, Known, Outgoing, Reason, courtesy, guard, letters};
pub use examination::ATTEMPTS_MAX;
use examination::{Batch, Counted, Examination, Tried, no_trial};
use jiff::{SignedDuration, Timestamp};
use pec::{Evidence, Examined, OwnMailbox, Verdict};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use waiting::Waiting;

/// Messages that are worked on together, where so many wait: one trial, one fsync of each kind.
pub const BATCH_MESSAGES_MAX: usize = 32;
/// Bytes of messages after which no other joins: they are in memory together.
pub const BATCH_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// A fault of the program: said of a message, because none may fall through.
const NOT_EXAMINED: &str = "l'esame manca: il messaggio va letto da una persona";

/// The pipeline of an installation: the only writer of decisions.
pub struct Pipeline {
    /// The archive.
    pub archive: Arc<Archive>,
    /// Shared with the outbox.
    pub store: Arc<Mutex<Store>>,
    /// The desk in force; a message in hand keeps the one it started with.
    pub office: watch::Receiver<Arc<Office>>,
    /// Our mailboxes.
    pub mailboxes: Vec<OwnMailbox>,
    /// The name of the mailbox to which offices answer.
    pub offices: Option<String>,
    /// SHA-1 is refused after this instant.
    pub sha1_until: Option<Timestamp>,
    /// Revocation lists, and whose.
    pub revocation: Arc<revocation::Desk>,
    /// Verdicts on signers' certificates.
    pub verdicts: Verdicts,
    /// What was given in dossiers of whoever writes often.
    pub given: held::Memory,
    /// How long letters to citizens wait.
    pub hold: SignedDuration,
    /// Everything is decided and written down, nothing is sent.
    pub observe: bool,
    /// How a message is tried before it is examined here.
    pub trial: Trial,
    /// The time.
    pub clock: Clock,
    /// Whether mail may be taken in.
    pub room: Room,
    /// Told after each commit.
    pub wake: Arc<Notify>,
    /// How long things take.
    pub timings: Arc<Timings>,
}

/// What the pipeline must know of a message that is not in its bytes.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// Name of the mailbox; empty where a stop lost it.
    pub account: String,
    /// Account and place.
    pub place: String,
    /// When the mail server received it.
    pub received: Option<Timestamp>,
    /// Why it is not examined, in Italian: only its headers could be kept.
    pub headers_only: Option<String>,
}

impl Circumstances {
    fn of(arrival: &Arrival) -> Self {
        let place = format!("{}/{}", arrival.account, arrival.place);
        let headers_only = arrival.oversized.map(|size| {
            let mega = size / 1_000_000;
            format!("il messaggio è di {mega} MB, più del massimo: resta sul server, qui ci sono solo le intestazioni")
        });
        Self { account: arrival.account.clone(), place, received: arrival.received, headers_only }
    }

    /// Of a message that a stop left in the archive, where its bytes are all that is known.
    fn lost(sealed: &Sealed) -> Self {
        let headers_only = intake::is_headers_only(sealed.bytes()).then(|| {
            "del messaggio ci sono solo le intestazioni: o è vuoto, o è più grande del massimo e va letto sul server".into()
        });
        Self { account: String::new(), place: "archivio".into(), received: None, headers_only }
    }
}

impl Pipeline {
    /// Takes deliveries until the last watcher is gone. The messages in hand are always finished.
    ///
    /// # Errors
    /// The store or the disk cannot go on; the messages in hand are not acknowledged.
    pub async fn run(self, deliveries: mpsc::Receiver<Delivery>) -> Result<(), Trouble> {
        let mut waiting = Waiting::of(deliveries);
        // What the last run had in hand comes first: while it waits behind others, each kill could use up another attempt of it.
        let in_hand = self.store().in_hand()?;
        let mut resumed = Some(in_place(|| self.resume(in_hand))?);
        // Then what it sealed and did not decide, a group after each batch: an archive of years is looked through while the
        // mail goes on.
        let mut groups = in_place(|| self.archive.groups(Shelf::In)).map_err(disk)?.into_iter();
        loop {
            let first = match groups.next() {
                Some(group) => {
                    let found = in_place(|| self.resume(self.archive.digests_in(Shelf::In, &group).map_err(disk)?))?;
                    resumed = resumed.map(|n| n + found);
                    waiting.next()
                }
                None => {
                    resumed.take().into_iter().for_each(events::resumed);
                    match waiting.recv().await {
                        Some(first) => Some(first),
                        None => return Ok(()),
                    }
                }
            };
            // In place: an examination may take its time, and the connections live on meanwhile.
            if let Some(first) = first {
                in_place(|| self.take(first, &mut waiting, groups.len() == 0))?;
            }
        }
    }

    /// Processes a delivery with those that wait behind it, and answers them; then, if it may go on, those that came meanwhile.
    /// While a batch is decided, the next one is examined and the one after it kept.
    fn take(&self, first: Delivery, waiting: &mut Waiting, goes_on: bool) -> Result<(), Trouble> {
        let mut kept = self.keep(waiting.batch(Some(first), 0))?;
        let mut tried: Option<Tried> = None;
        while kept.is_some() || tried.is_some() {
            let counted = kept.take().map(|batch| self.count(batch)).transpose()?;
            let in_hand = [counted.as_ref().map(Counted::bytes), tried.as_ref().map(Tried::bytes)];
            let in_hand = in_hand.into_iter().flatten().sum();
            let keep_next = |waiting: &mut Waiting| {
                if goes_on { self.keep(waiting.batch(None, in_hand)) } else { Ok(None) }
            };
            (tried, kept) = match (tried.take(), counted) {
                (Some(done), Some(counted)) => {
                    let ahead = || Ok::<_, Trouble>((self.try_together(counted)?, keep_next(waiting)?));
                    let (answered, ahead) = beside(|| self.answer(done), ahead).map_err(|e| no_trial(&e))?;
                    answered?;
                    let (next, kept) = ahead?;
                    (Some(next), kept)
                }
                (done, counted) => {
                    done.map(|done| self.answer(done)).transpose()?;
                    let next = counted.map(|counted| self.try_together(counted)).transpose()?;
                    (next, keep_next(waiting)?)
                }
            };
        }
        Ok(())
    }

    /// Makes durable what was delivered. `None`: nothing was, or there is no room for it.
    fn keep(&self, deliveries: Vec<Delivery>) -> Result<Option<Batch>, Trouble> {
        if deliveries.is_empty() {
            return Ok(None);
        }
        let (arrivals, answers): (Vec<_>, Vec<_>) = deliveries.into_iter().map(|one| (one.arrival, one.done)).unzip();
        // Where there is no room nothing is taken in: it stays on the server, and is offered again.
        if !self.room.is_enough().map_err(disk)? {
            for done in answers {
                let _ = done.send(Filed::NotKept);
            }
            return Ok(None);
        }
        Ok(Some(Batch { answers, ..self.seal(&arrivals)? }))
    }

    /// The bytes and their directory entries are on disk.
    fn seal(&self, arrivals: &[Arrival]) -> Result<Batch, Trouble> {
        let spooled: Vec<&Path> = arrivals.iter().map(|arrival| arrival.spool.as_path()).collect();
        let sealed = self.archive.keep_files(Shelf::In, &spooled).map_err(disk)?;
        Ok(Batch::of(sealed.into_iter().zip(arrivals.iter().map(Circumstances::of)).collect()))
    }

    fn answer(&self, mut tried: Tried) -> Result<(), Trouble> {
        let answers = tried.take_answers();
        self.decide(tried)?;
        failpoint::at("commit.after").map_err(disk)?;
        for done in answers {
            // The watcher may be gone; the message is kept all the same, and is recognised when it comes again.
            let _ = done.send(Filed::Kept);
        }
        Ok(())
    }

    /// The life of a message, on one screen; of several at once where several wait: each step is made durable for all of them
    /// together. Each step takes the proof which the step before it made.
    ///
    /// # Errors
    /// See [`Trouble`]: the world's faults. A message's fault is a finding, never an error.
    pub fn process(&self, arrivals: &[Arrival]) -> Result<Vec<Committed>, Trouble> {
        self.settle(self.seal(arrivals)?)
    }

    fn settle(&self, batch: Batch) -> Result<Vec<Committed>, Trouble> {
        let counted = self.count(batch)?; // each attempt, durably, before it begins
        let tried = self.try_together(counted)?; // in a child, then here
        self.decide(tried)
    }

    fn decide(&self, tried: Tried) -> Result<Vec<Committed>, Trouble> {
        let parts = tried.parts().into_iter().map(|part| self.decide_part(part));
        Ok(parts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn decide_part(&self, tried: Tried) -> Result<Vec<Committed>, Trouble> {
        let Examination { batch, office, lists, mut seen } = self.examined(tried)?; // and who stands alone, and what is known
        let mut store = self.store(); // held to the seal: nothing moves between snapshot and write
        let (mut staged, mut letters, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for (sealed, about) in &batch.messages {
            let now = self.clock.now();
            if let Some(done) = store.already(sealed, &about.place, now)? {
                events::message_seen_again(sealed.digest()); // decided before: only the server is told
                staged.push(done);
                continue;
            }
            let seen = seen.remove(sealed.digest()).unwrap_or_else(|| Err(NOT_EXAMINED.into()));
            let mut interest =
                seen.as_ref().map(|seen| casework::interest(seen, &office.desk.rules)).unwrap_or_default();
            let is_report = seen.as_ref().is_ok_and(guard::is_uncertified_report);
            interest.report = is_report.then(|| courtesy::report(sealed.bytes(), &office.desk));
            // Of what a stop left behind nobody knows the road: the word of the server and the code of the task decide.
            let is_from_offices =
                self.offices.as_ref().is_some_and(|it| *it == about.account || about.account.is_empty());
            let known =
                Known { received: about.received, is_from_offices, ..store.known(sealed.digest(), &interest, now)? };
            let known = self.with_filed(known, &interest, &store)?;
            failpoint::at("classify.eval").map_err(disk)?;
            failpoint::panic_at("classify.panic");
            let decision = match &seen {
                Ok(seen) => casework::decide(seen, &known, &office.desk),
                Err(why) => casework::set_aside(why.clone(), &known, &office.desk),
            };
            let seen = seen.as_ref().ok();
            let decided = self.write_down(sealed, about, seen, &interest, decision, &known, &office, &mut letters)?;
            staged.push(store.stage(sealed, &known, decided)?);
            paths.extend(seen.and_then(|seen| seen.seal.as_ref()).map(|seal| seal.path.clone()));
        }
        self.archive.keep_all(Shelf::Out, letters).map_err(disk)?;
        let began = Instant::now();
        let done = store.seal_all(staged)?; // the only write: state, dedup marks, outbox together
        self.timings.commit.took(began.elapsed());
        drop(store);
        // Only now: a list that comes because of this message looks back, and must find it.
        paths.iter().for_each(|path| self.revocation.decided(path, lists));
        self.wake.notify_one();
        Ok(done)
    }

    /// What citizens filed in the dossiers that an office's order may be about, and what they, or who writes, have given already.
    fn with_filed(&self, mut known: Known, interest: &Interest, store: &Store) -> Result<Known, Trouble> {
        let is_of_office = interest.is_of_office;
        if interest.own_max > 0 && !is_of_office {
            known.given = held::given(store, &known, &interest.sender, &self.given)?;
        }
        for wrote in &mut known.wrote {
            wrote.files = attached(store, &self.archive, &wrote.digest)?;
        }
        let mut people = Vec::new();
        for dossier in known.dossiers.iter().filter(|_| known.is_from_offices || is_of_office) {
            let number = &dossier.number;
            known.filed.insert(number.clone(), filed(store, &self.archive, number)?);
            if is_of_office {
                known.held.insert(number.clone(), held::held(store, dossier)?);
                people.extend(held::parties(store, dossier)?);
            }
        }
        for person in people {
            if known.people.iter().all(|other| other.id != person.id) {
                known.people.push(person);
            }
        }
        Ok(known)
    }

    /// Freezes the letters of a decision, for the archive to keep before the line is sealed, and makes that line.
    #[allow(clippy::too_many_arguments)]
    fn write_down(
        &self,
        sealed: &Sealed,
        about: &Circumstances,
        seen: Option<&Examined>,
        interest: &Interest,
        mut decision: Decision,
        known: &Known,
        office: &Office,
        letters: &mut Vec<Named>,
    ) -> Result<Decided, Trouble> {
        let mut frozen = Vec::new();
        let mut kept = Vec::new();
        let mut waiting: VecDeque<Outgoing> = decision.outgoing.drain(..).collect();
        while let Some(letter) = waiting.pop_front() {
            match post::freeze(&letter, &office.desk, &office.sigillo, &self.archive, known.now, sealed.bytes())
                .map_err(disk)?
            {
                Ok(bytes) => {
                    failpoint::at("outbox.freeze").map_err(disk)?;
                    let named = Named::of(bytes);
                    frozen.push(named.digest().to_owned());
                    letters.push(named);
                    kept.push(letter);
                }
                Err(why) => {
                    events::letter_not_composed(sealed.digest(), &letter.template, &why);
                    if letter.lane == Lane::Courtesy {
                        continue; // what it tells of went by PEC
                    }
                    let text = format!("la lettera «{}» non si è potuta scrivere: {why}", letter.template);
                    decision.changes.push(Change::Incident { code: "not-composed".into(), text });
                    // A person does what the machine cannot.
                    let number = letter.dossier.as_deref();
                    let opened = decision.changes.iter().filter_map(|change| match change {
                        Change::Opened { dossier } => Some(dossier),
                        _ => None,
                    });
                    let dossier = opened.chain(&known.dossiers).find(|one| Some(&*one.number) == number);
                    let (cause, desk) = (sealed.digest(), &office.desk);
                    waiting.extend(letters::unmade_task(&letter, &why.to_string(), dossier, cause, known.now, desk));
                    decision
                        .trail
                        .push(Reason::new("not-composed", format!("«{}» non si può scrivere: {why}", letter.template)));
                }
            }
        }
        decision.outgoing = kept;
        let mut findings = seen.map(|seen| findings(seen, interest)).unwrap_or_default();
        for der in seen.and_then(|seen| seen.seal.as_ref()).iter().flat_map(|seal| &seal.status) {
            findings.status.push(self.archive.keep_status(der).map_err(disk)?); // what a verdict rests on stays
        }
        tell(sealed.digest(), &findings, &decision);
        Ok(Decided {
            digest: sealed.digest().to_owned(),
            bytes: sealed.bytes().len() as u64,
            place: about.place.clone(),
            received: about.received,
            decided_at: known.now,
            findings,
            decision,
            frozen,
            hold_seconds: self.hold.as_secs(),
            observed: self.observe,
            after_restore: false, // the store knows
            inputs: Inputs {
                version: env!("CARGO_PKG_VERSION").into(),
                rules: office.desk.rules.digest().into(),
                templates: office.desk.templates.digest().into(),
                anchors: office.trust.digest(),
            },
        })
    }

    /// Decides those of these messages that the last run sealed and did not decide (state M1 and M2), each by itself: the server
    /// may not have them any more. How many.
    fn resume(&self, digests: Vec<String>) -> Result<usize, Trouble> {
        let mut resumed = 0;
        for digest in digests {
            if !self.store().is_decided(&digest)? {
                let sealed = match self.archive.reopen(&digest) {
                    Ok(sealed) => sealed,
                    // Not decided, so not acknowledged: the server still has it.
                    Err(e) if archive::is_of_one_copy(&e) => {
                        events::archive_damaged(&digest, &e);
                        continue;
                    }
                    Err(e) => return Err(disk(e)),
                };
                let about = Circumstances::lost(&sealed);
                self.settle(Batch::of(vec![(sealed, about)]))?;
                resumed += 1;
            }
        }
        Ok(resumed)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic while the store was locked left the index behind the journal at most; a restart catches up.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn disk(e: std::io::Error) -> Trouble {
    Trouble::Io("archive".into(), e)
}

fn tell(digest: &str, findings: &Findings, decision: &Decision) {
    let dossier = match &decision.disposition {
        Disposition::Request { dossier, .. } => dossier.as_deref(),
        _ => None,
    };
    events::message_decided(digest, &findings.grade, decision.disposition.code(), dossier, decision.outgoing.len());
    if let Disposition::Orphan { .. } = &decision.disposition {
        events::receipt_orphan(digest);
    }
    for change in &decision.changes {
        if let Change::Incident { code, .. } = change {
            events::incident(digest, code);
        }
    }
}

/// The findings that the register keeps.
fn findings(seen: &Examined, interest: &Interest) -> Findings {
    let mut findings = Findings {
        grade: seen.grade.code().into(),
        claimed: seen.claimed.clone(),
        sender: interest.sender.clone(),
        subject: seen.subject.clone(),
        message_id: seen.message_id.clone(),
        identity: interest.identity.as_ref().map(|i| (i.key.clone(), i.signed_sha256.clone())),
        words: interest.words.clone(),
        ..Findings::default()
    };
    if let Verdict::Certified(certified) = &seen.verdict {
        let signer = certified.signer();
        findings.signer = Some([
            signer.address.clone(),
            signer.organisation.clone(),
            signer.anchor.clone(),
            signer.certificate_sha256.clone(),
        ]);
        findings.signed_at = Some(signer.at);
        findings.proven = Some(match certified.evidence() {
            Evidence::Envelope { daticert, .. } | Evidence::Receipt { daticert, .. } => daticert.tipo.word().to_owned(),
            Evidence::Anomaly { .. } => "busta-anomalia".to_owned(),
        });
        if let Evidence::Envelope { message, .. } | Evidence::Anomaly { message } = certified.evidence() {
            findings.subject.clone_from(&message.subject);
        }
    }
    for entry in &seen.report.entries {
        let (word, code) = match &entry.outcome {
            pec::Outcome::Pass => ("pass", None),
            pec::Outcome::Moot => ("moot", None),
            pec::Outcome::Fail(why) => ("fail", Some(why.code.to_owned())),
        };
        findings.checks.push((entry.check.code().to_owned(), word.to_owned(), code));
    }
    findings
}

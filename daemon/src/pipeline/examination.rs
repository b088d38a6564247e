//! The examination of a batch within its guards: each attempt counted, then tried in a child, then made here. It changes when what a
//! message may do to the process that reads it is contained otherwise.

use super::{Circumstances, Pipeline, disk};
use crate::archive::{Sealed, Shelf};
use crate::events;
use crate::failpoint;
use crate::intake::Filed;
use crate::office::Office;
use crate::sent::Register;
use crate::store::Trouble;
use crate::trial::{self, Failed};
use jiff::Timestamp;
use pec::{Evidence, Examined, Policy, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Attempts at examining a message; after the last one that did not end, it goes to a person unexamined.
pub const ATTEMPTS_MAX: u32 = 3;

/// What examinations found, by digest; or why a message is set aside unexamined, in Italian.
pub(super) type Seen = BTreeMap<String, Result<Examined, String>>;

/// Messages that are worked on together, in the archive.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) messages: Vec<(Sealed, Circumstances)>,
    /// Where it is awaited that they are decided.
    pub(super) answers: Vec<oneshot::Sender<Filed>>,
}

impl Batch {
    pub(super) fn of(messages: Vec<(Sealed, Circumstances)>) -> Self {
        Self { messages, answers: Vec::new() }
    }

    fn bytes(&self) -> u64 {
        self.messages.iter().map(|(sealed, _)| sealed.bytes().len() as u64).sum()
    }
}

/// A batch that may be tried.
pub(super) struct Counted {
    batch: Batch,
    /// The desk with which they are examined and decided.
    office: Arc<Office>,
    /// Whose first attempt this is, by digest, where there are several: counted, durably.
    together: BTreeSet<String>,
    /// Which were decided before.
    decided: BTreeSet<String>,
}

impl Counted {
    pub(super) fn bytes(&self) -> u64 {
        self.batch.bytes()
    }
}

/// A batch of which those were examined that may be together.
pub(super) struct Tried {
    batch: Batch,
    office: Arc<Office>,
    lists: [u8; 32],
    decided: BTreeSet<String>,
    seen: Seen,
    took: Duration,
}

impl Tried {
    pub(super) fn bytes(&self) -> u64 {
        self.batch.bytes()
    }

    /// Who stands alone, each by itself, then the others: one is decided before the attempt at the next is counted. If the process is
    /// killed, the attempt of one is used up, and not of all that waited behind it.
    pub(super) fn parts(self) -> Vec<Self> {
        let Self { batch, office, lists, decided, seen, took } = self;
        let is_done = |digest: &str| seen.contains_key(digest) || decided.contains(digest);
        let (together, alone): (Vec<_>, Vec<_>) =
            batch.messages.into_iter().partition(|(sealed, _)| is_done(sealed.digest()));
        let part = |messages, seen, took| {
            let (batch, office, decided) = (Batch::of(messages), office.clone(), BTreeSet::new());
            Self { batch, office, lists, decided, seen, took }
        };
        let mut parts: Vec<Self> = alone.into_iter().map(|one| part(vec![one], Seen::new(), Duration::ZERO)).collect();
        if !together.is_empty() {
            parts.push(part(together, seen, took));
        }
        parts
    }

    pub(super) fn take_answers(&mut self) -> Vec<oneshot::Sender<Filed>> {
        std::mem::take(&mut self.batch.answers)
    }
}

/// A batch of which everything was examined that was not decided before.
pub(super) struct Examination {
    pub(super) batch: Batch,
    pub(super) office: Arc<Office>,
    /// Version of the revocation lists.
    pub(super) lists: [u8; 32],
    pub(super) seen: Seen,
}

impl Pipeline {
    /// Counts the first attempt at each message, durably, before it begins: what it may do to this process, a restart knows. Who
    /// has failed before, or is the only one, is counted when its turn comes: an innocent neighbour must not use up its attempts
    /// with it.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub(super) fn count(&self, batch: Batch) -> Result<Counted, Trouble> {
        let office = self.office.borrow().clone();
        let mut store = self.store();
        let (mut together, mut decided) = (BTreeSet::new(), BTreeSet::new());
        for (sealed, about) in &batch.messages {
            let digest = sealed.digest();
            if store.is_decided(digest)? {
                decided.insert(digest.to_owned());
                continue;
            }
            events::message_sealed(digest, sealed.bytes().len() as u64);
            if about.headers_only.is_none() && store.attempts(digest)? == 0 {
                together.insert(digest.to_owned());
            }
        }
        if together.len() > 1 {
            failpoint::at("verify.attempt_inc").map_err(disk)?;
            let digests: Vec<&str> = together.iter().map(String::as_str).collect();
            store.attempt(&digests, self.clock.now())?;
        } else {
            together.clear();
        }
        drop(store);
        Ok(Counted { batch, office, together, decided })
    }

    /// Examines those whose first attempt is counted, in one trial. When it fails, nobody knows which of them is to blame: each has
    /// another of its own.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub(super) fn try_together(&self, counted: Counted) -> Result<Tried, Trouble> {
        let Counted { batch, office, together, decided } = counted;
        let began = Instant::now();
        let lists = self.revocation.now();
        let mut seen = Seen::new();
        if !together.is_empty() {
            let of = |digest: &String| batch.messages.iter().find(|(sealed, _)| sealed.digest() == digest);
            let tried: Vec<_> =
                together.iter().filter_map(of).map(|(sealed, about)| self.tried(sealed, about)).collect();
            let policy = Policy { status: Some(&lists.status), ..self.policy(None, &office) };
            match self.trial.examine_all(&tried, &policy) {
                Ok(all) => seen.extend(tried.iter().map(|one| one.digest.to_owned()).zip(all.into_iter().map(Ok))),
                Err(Failed::NotHeld(e)) => return Err(no_trial(&e)),
                Err(why) => events::examinations_failed(together.len(), &why),
            }
        }
        let (lists, took) = (lists.status.version(), began.elapsed());
        Ok(Tried { batch, office, lists, decided, seen, took })
    }

    /// Examines who stands alone; then holds all against what is known.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub(super) fn examined(&self, tried: Tried) -> Result<Examination, Trouble> {
        let Tried { batch, office, lists, mut seen, took, .. } = tried;
        let began = Instant::now();
        for (sealed, about) in &batch.messages {
            let digest = sealed.digest();
            if seen.contains_key(digest) || self.store().is_decided(digest)? {
                continue;
            }
            seen.insert(digest.to_owned(), self.examine_alone(sealed, about, &office)?);
        }
        for (sealed, about) in &batch.messages {
            let one = match seen.remove(sealed.digest()) {
                Some(Ok(one)) => self.held_against_what_is_known(one, sealed, about, &office)?,
                Some(set_aside) => set_aside,
                None => continue, // decided before
            };
            seen.insert(sealed.digest().to_owned(), one);
        }
        self.timings.examination.shared(took + began.elapsed(), seen.len());
        Ok(Examination { batch, office, lists, seen })
    }

    fn examine_alone(
        &self,
        sealed: &Sealed,
        about: &Circumstances,
        office: &Office,
    ) -> Result<Result<Examined, String>, Trouble> {
        let lists = self.revocation.now();
        let tried = self.tried(sealed, about);
        let policy = Policy { status: Some(&lists.status), ..self.policy(tried.arrival, office) };
        loop {
            failpoint::at("verify.attempt_inc").map_err(disk)?;
            let counts = self.store().attempt(&[sealed.digest()], self.clock.now())?; // count first, then try
            let n = counts.first().copied().unwrap_or(u32::MAX);
            if let Some(why) = &about.headers_only {
                return Ok(Err(why.clone()));
            }
            if n > ATTEMPTS_MAX {
                return Ok(Err(format!(
                    "l'esame non è arrivato in fondo per {ATTEMPTS_MAX} volte: il messaggio va letto da una persona"
                )));
            }
            match self.trial.examine(&tried.file, sealed.bytes(), &policy) {
                Ok(seen) => return Ok(Ok(seen)),
                Err(Failed::NotHeld(e)) => return Err(no_trial(&e)),
                Err(why) => {
                    events::examination_failed(sealed.digest(), n, &why);
                    // Before a message is blamed, one that harms nobody must pass.
                    self.trial.check(&policy).map(drop).map_err(|e| no_trial(&e))?;
                }
            }
        }
    }

    /// Where the server told no arrival, or a stop lost it, the message came when we kept it: somebody who holds an old key must
    /// not gain by that (pec.md §9.15).
    fn tried<'a>(&self, sealed: &'a Sealed, about: &Circumstances) -> trial::Tried<'a> {
        let arrival = about.received.or_else(|| self.archive.kept_at(Shelf::In, sealed.digest()));
        trial::Tried {
            file: self.archive.path(Shelf::In, sealed.digest()),
            raw: sealed.bytes(),
            digest: sealed.digest(),
            arrival,
        }
    }

    /// Examines a proven message once more where more is known: a receipt, against what we sent (pec.md §9.12, §9.14); any, in
    /// the providers' directory. The only examination that asks the store, of a message that its trial has survived, and that
    /// is proven to be a provider's.
    ///
    /// # Errors
    /// See [`Trouble`]: a store that does not answer makes no orphan. Inside: why it is set aside, in Italian.
    fn held_against_what_is_known(
        &self,
        seen: Examined,
        sealed: &Sealed,
        about: &Circumstances,
        office: &Office,
    ) -> Result<Result<Examined, String>, Trouble> {
        let Verdict::Certified(certified) = &seen.verdict else { return Ok(Ok(seen)) };
        let directory = office.trust.directory.as_ref().map(|providers| &*providers.directory);
        if directory.is_none() && !matches!(certified.evidence(), Evidence::Receipt { .. }) {
            return Ok(Ok(seen));
        }
        failpoint::at("receipt.match").map_err(disk)?;
        let register = Register::new(&self.store, &self.archive);
        let lists = self.revocation.now();
        let policy = Policy {
            sent: Some(&register),
            directory,
            status: Some(&lists.status),
            ..self.policy(self.tried(sealed, about).arrival, office)
        };
        let seen = trial::once_more(sealed.bytes(), &policy);
        if let Some(trouble) = register.trouble() {
            return Err(trouble);
        }
        match seen {
            Ok(seen) => Ok(Ok(seen)),
            Err(Failed::NotHeld(e)) => Err(no_trial(&e)),
            Err(why) => {
                events::examination_failed(sealed.digest(), 1, &why);
                Ok(Err(String::from("il confronto con l'invio si è fermato per un errore del programma")))
            }
        }
    }

    fn policy<'a>(&'a self, arrival: Option<Timestamp>, office: &'a Office) -> Policy<'a> {
        Policy {
            mailboxes: &self.mailboxes,
            arrival,
            sha1_until: self.sha1_until,
            paths: Some(&self.verdicts),
            ..Policy::new(&office.trust.anchors)
        }
    }
}

/// No message is to blame. The process ends, and the next start says the same until somebody mends it.
pub(super) fn no_trial(why: &impl std::fmt::Display) -> Trouble {
    Trouble::Program(format!("nessun messaggio si può esaminare: {why}"))
}

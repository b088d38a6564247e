//! The task that talks with the back office. It changes when how patiently that is done changes.
//!
//! It holds the register only to read it, and for each row as long as any order does. Whatever is wrong on the other side is an
//! alarm and a pause, never a stop.

use super::asked::{self, NOT_ASKED};
use super::state::{Memory, State};
use super::told::Line;
use super::{Answer, BackOffice, Event, Fault, Page};
use crate::alarm::{Alarms, Code};
use crate::caseload::clerk::Clerk;
use crate::caseload::drop::{self, DONE};
use crate::caseload::rows::Mandate;
use crate::caseload::{Caseload, Deed};
use crate::digest::{flow, sha256};
use crate::disk::DiskRef;
use crate::events;
use crate::health::Health;
use crate::journal::record::Channel;
use crate::journal::{Journal, Place};
use crate::store::Trouble;
use crate::world;
use casework::dossier::Dossier;
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// First pause after something went wrong; it doubles.
pub const RETRY_FIRST: Duration = Duration::from_secs(10);
/// Longest pause.
const RETRY_MAX: Duration = Duration::from_secs(900);
/// How often one thing is offered that is refused, before it is set aside.
const REFUSALS_MAX: u32 = 3;
/// Lines of the register read in one go.
const LINES_MAX: usize = 5_000;
/// Lines that tell something, taken from them.
const TELLING_MAX: usize = 100;
/// Pages read in one round.
const PAGES_MAX: usize = 20;

/// An event that the back office will not have, and its place in the register being lost: incidents that a person sees.
pub const REFUSED: &str = "back-office-refused";
/// See [`REFUSED`].
pub const PLACE_LOST: &str = "back-office-place-lost";
/// What alarms are about.
const TELLING: &str = "eventi";
/// See [`TELLING`].
const HEARING: &str = "righe";
/// Who is written into the register, where a row names nobody.
const BY: &str = "gestionale";

/// Marks in [`Health`]: how much it was told since the start, how much of that it refused, how many of its rows were done, and how
/// old what it has not been told is, in seconds.
const MARKS: [&str; 4] =
    ["back_office_told", "back_office_set_aside", "back_office_rows_done", "back_office_waiting_seconds"];

/// What it is made of.
pub struct Liaison {
    /// Carries out its rows, and has the register.
    pub clerk: Clerk,
    /// The other side.
    pub other: Box<dyn BackOffice>,
    /// What it may order.
    pub mandate: Mandate,
    /// It brings also persons who have asked nothing.
    pub imports: bool,
    /// The procedures that it works on; empty: all.
    pub procedures: Vec<String>,
    /// How often it is looked for.
    pub every: Duration,
    /// How long something may wait before it is an alarm.
    pub late: SignedDuration,
    /// The first pause after something went wrong.
    pub pause: Duration,
    /// Where the register is.
    pub data: PathBuf,
    /// Where its own file is written.
    pub disk: DiskRef,
    /// Where its figures are shown.
    pub health: Arc<Health>,
    /// Where what is wrong is told.
    pub alarms: Arc<Alarms>,
}

/// The talk so far.
struct Talk {
    state: State,
    memory: Memory,
    /// Events of the line after the place that are told already, or set aside.
    within: usize,
    telling: Pace,
    hearing: Pace,
    /// Since when the oldest of what is not told waits.
    oldest: Option<Timestamp>,
}

/// How one of the two ways goes.
#[derive(Default)]
struct Pace {
    failures: u32,
    refusals: u32,
    not_before: Option<Instant>,
    since: Option<Timestamp>,
    why: String,
}

impl Pace {
    fn waits(&self) -> bool {
        self.not_before.is_some_and(|at| Instant::now() < at)
    }

    fn failed(&mut self, fault: &Fault, first: Duration, now: Timestamp) {
        events::back_office_failed(fault.code(), fault);
        let pause = first.saturating_mul(1 << self.failures.min(16)).min(RETRY_MAX);
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(Instant::now() + pause);
        self.since.get_or_insert(now);
        self.why = fault.to_string();
    }

    /// Whether it was refused so often that it is given up. As any failure until then.
    fn is_given_up(&mut self, fault: &Fault, first: Duration, now: Timestamp) -> bool {
        self.refusals = if matches!(fault, Fault::Refused(_)) { self.refusals + 1 } else { 0 };
        let is_over = self.refusals >= REFUSALS_MAX;
        if is_over {
            *self = Self::default()
        } else {
            self.failed(fault, first, now)
        }
        is_over
    }
}

impl Liaison {
    /// Talks until `stop`.
    ///
    /// # Errors
    /// The register cannot go on.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        let mut talk = None;
        while !*stop.borrow() {
            // A stop in the middle of a question leaves it open: it is asked again, under the same id.
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                done = self.round(&mut talk) => done?,
            }
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                () = tokio::time::sleep(self.every) => {}
            }
        }
        Ok(())
    }

    /// One round: what happened is told, what is said is carried out. `talk`: none before the first.
    ///
    /// # Errors
    /// The register cannot go on.
    pub async fn round(&self, talk: &mut Option<Conversation>) -> Result<(), Trouble> {
        let talk = match talk {
            Some(talk) => talk,
            none => match self.begin()? {
                Some(begun) => none.insert(Conversation(begun)),
                None => return Ok(()),
            },
        };
        let talk = &mut talk.0;
        if !talk.telling.waits() {
            self.tell(talk).await?;
        }
        if !talk.hearing.waits() {
            self.hear(talk).await?;
        }
        self.show(talk);
        Ok(())
    }

    /// Where it was left; a new back office is told what happens from now on. None: its file cannot be written now.
    fn begin(&self) -> Result<Option<Talk>, Trouble> {
        let memory = Memory::new(self.disk.clone(), &self.data);
        let (state, is_lost) = match memory.read() {
            Ok(state) => (state, false),
            Err(e) if e.kind() == std::io::ErrorKind::InvalidData => (None, true),
            Err(e) => {
                events::back_office_not_kept(&e);
                return Ok(None);
            }
        };
        MARKS.into_iter().for_each(|mark| self.health.mark(mark, 0));
        let is_new = state.is_none();
        let (telling, hearing) = (Pace::default(), Pace::default());
        let state = state.unwrap_or_default();
        let mut talk = Talk { state, memory, within: 0, telling, hearing, oldest: None };
        if is_lost {
            self.lost(&mut talk, "il file gestionale.json non si legge")?;
        } else if is_new {
            talk.state.told = self.end();
            if let Err(e) = talk.memory.keep(&talk.state) {
                events::back_office_not_kept(&e);
                return Ok(None);
            }
        }
        Ok(Some(talk))
    }

    async fn tell(&self, talk: &mut Talk) -> Result<(), Trouble> {
        loop {
            // The register is held while it is written: what stands in it now is durable.
            let upto = self.clerk.store.lock().unwrap_or_else(PoisonError::into_inner).seq();
            let Some(from) = talk.state.told.clone() else {
                return self.lost(talk, "manca il punto da cui riprendere");
            };
            if from.seq > upto {
                return self.lost(talk, "il registro è più corto di quanto era già stato raccontato");
            }
            if from.seq == upto {
                talk.oldest = None;
                return Ok(());
            }
            let read = world::in_place(|| self.lines(&from, upto));
            let (lines, end) = match read {
                Ok(read) => read,
                Err(crate::journal::Trouble::Broken { .. }) => {
                    return self.lost(talk, "il registro non è quello di prima");
                }
                Err(why) => {
                    let now = self.clerk.clock.now();
                    talk.telling.failed(&Fault::Unreachable(why.to_string()), self.pause, now);
                    return Ok(());
                }
            };
            if end.seq == from.seq {
                let why = "il registro non si legge oltre l'ultimo punto raccontato".to_owned();
                talk.telling.failed(&Fault::Unreachable(why), self.pause, self.clerk.clock.now());
                return Ok(());
            }
            for line in lines {
                talk.oldest = Some(line.at);
                let known = self.known(&line)?;
                for event in line.events(&known, &self.procedures).iter().skip(talk.within) {
                    if !self.offer(talk, event).await? {
                        return Ok(());
                    }
                    talk.within += 1;
                }
                talk.within = 0;
                talk.state.told = Some(line.place);
                self.keep(talk);
            }
            talk.state.told = Some(end);
            self.keep(talk);
            talk.oldest = None;
        }
    }

    /// Tells one thing. Whether it is done with: told, or refused so often that a person must look.
    async fn offer(&self, talk: &mut Talk, event: &Event) -> Result<bool, Trouble> {
        let fault = match self.other.tell(event).await {
            Ok(()) => {
                events::back_office_told(&event.id, &event.dossier);
                self.health.count("back_office_told", 1);
                talk.telling = Pace::default();
                return Ok(true);
            }
            Err(fault) => fault,
        };
        if !talk.telling.is_given_up(&fault, self.pause, self.clerk.clock.now()) {
            return Ok(false);
        }
        events::back_office_set_aside(&event.id, &fault);
        self.health.count("back_office_set_aside", 1);
        let text = format!(
            "il gestionale non vuole l'evento {} del fascicolo {}: {fault}. Gli altri vanno avanti; questo va portato a mano",
            event.id, event.dossier
        );
        self.note(REFUSED, &text, &format!("gestionale/{}/refused", event.id))?;
        Ok(true)
    }

    async fn hear(&self, talk: &mut Talk) -> Result<(), Trouble> {
        for _ in 0..PAGES_MAX {
            if let Some(answer) = talk.state.answer.clone() {
                match self.other.answer(&answer).await {
                    Ok(()) => {}
                    Err(fault) if talk.hearing.is_given_up(&fault, self.pause, self.clerk.clock.now()) => {
                        events::back_office_set_aside(&answer.id, &fault);
                    }
                    Err(_) => return Ok(()),
                }
                talk.state.answer = None;
                self.keep(talk);
            }
            match self.other.hear(&talk.state.heard).await {
                Ok(Some(page)) => {
                    talk.hearing = Pace::default();
                    let answer = self.carry(&page)?;
                    talk.state.answer = Some(answer);
                    talk.state.heard = page.next;
                    self.keep(talk);
                }
                Ok(None) => {
                    talk.hearing = Pace::default();
                    return Ok(());
                }
                Err(fault) => {
                    talk.hearing.failed(&fault, self.pause, self.clerk.clock.now());
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Carries out the rows of a page, each as any order.
    fn carry(&self, page: &Page) -> Result<Answer, Trouble> {
        let by = format!("{BY}: {}", page.name);
        let mandate = Some(&self.mandate);
        let outcome = world::in_place(|| {
            drop::work(&page.name, &page.bytes, &by, mandate, |deed, key| match self.admits(deed, key)? {
                true => self.clerk.serve(deed, Channel::BackOffice, key),
                false => Ok(crate::outbox::orders::Answer::No(NOT_ASKED.into())),
            })
        })?;
        if let Some(why) = drop::refused(&outcome) {
            let text = format!(
                "gestionale, {}: {why}. I motivi li ha il gestionale (o {DONE}, nel file .esito.txt)",
                page.name
            );
            self.clerk.at_work(|caseload| caseload.note_rows(&text, &by, Channel::BackOffice, &page.bytes))?;
        }
        let (done, refused) = outcome.as_ref().map_or((0, 1), |outcome| (outcome.done, outcome.refused.len()));
        events::back_office_read(done, refused);
        self.health.count("back_office_rows_done", i64::try_from(done).unwrap_or(i64::MAX));
        let digest = sha256(&page.bytes);
        let id = format!("esito-{}", flow(&digest));
        Ok(Answer { id, page: page.name.clone(), digest, at: self.clerk.clock.now(), outcome })
    }

    /// Whether a row may be carried out: that of a person only where the person has asked something here, or it was done before.
    fn admits(&self, deed: &Deed, key: &str) -> Result<bool, Trouble> {
        let Deed::Enter { person } = deed else { return Ok(true) };
        let is_known = |caseload: &mut Caseload<'_>| {
            Ok(caseload.store.is_done(key)? || asked::has_asked(caseload.store, person, caseload.now)?)
        };
        Ok(self.imports || self.clerk.at_work(is_known)?)
    }

    /// The next lines that tell something, and how far the register was read.
    fn lines(&self, from: &Place, upto: u64) -> Result<(Vec<Line>, Place), crate::journal::Trouble> {
        let (mut lines, mut read) = (Vec::new(), 0);
        let end = Journal::from(&self.data, from, upto, |record, place| {
            lines.extend(Line::of(record, place));
            read += 1;
            read < LINES_MAX && lines.len() < TELLING_MAX
        })?;
        Ok((lines, end))
    }

    fn known(&self, line: &Line) -> Result<Vec<Dossier>, Trouble> {
        let store = self.clerk.store.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known: Vec<Dossier> = Vec::new();
        for number in line.dossiers() {
            if known.iter().all(|dossier| dossier.number != number) {
                known.extend(store.dossier(number)?);
            }
        }
        Ok(known)
    }

    /// Where it goes on is not in this register: from now on, and a person hears of it.
    fn lost(&self, talk: &mut Talk, why: &str) -> Result<(), Trouble> {
        events::back_office_place_lost(&why);
        let end = self.end();
        let key = format!("gestionale/{}/place", end.as_ref().map_or("", |place| place.hash.as_str()));
        let text = format!(
            "gestionale: {why}. Si racconta da qui in avanti; quello che sta in mezzo va confrontato a mano (`sportello dossier list`)"
        );
        self.note(PLACE_LOST, &text, &key)?;
        talk.state.told = end;
        talk.within = 0;
        talk.oldest = None;
        self.keep(talk);
        Ok(())
    }

    fn end(&self) -> Option<Place> {
        self.clerk.store.lock().unwrap_or_else(PoisonError::into_inner).place().cloned()
    }

    fn note(&self, code: &str, text: &str, key: &str) -> Result<(), Trouble> {
        self.clerk.at_work(|caseload| caseload.note_once(code, text, BY, Channel::BackOffice, key))
    }

    /// Losing it costs a repetition under the same id; the talk goes on.
    fn keep(&self, talk: &Talk) {
        if let Err(e) = talk.memory.keep(&talk.state) {
            events::back_office_not_kept(&e);
        }
    }

    fn show(&self, talk: &Talk) {
        let now = self.clerk.clock.now();
        let waited = talk.oldest.map_or(SignedDuration::ZERO, |at| now.duration_since(at)).max(SignedDuration::ZERO);
        self.health.mark("back_office_waiting_seconds", waited.as_secs());
        let silent = talk.hearing.since.map_or(SignedDuration::ZERO, |at| now.duration_since(at));
        for (about, age, pace, what) in [
            (TELLING, waited, &talk.telling, "quello che succede nelle pratiche non gli arriva"),
            (HEARING, silent, &talk.hearing, "quello che dice non si legge"),
        ] {
            let why = if pace.why.is_empty() { String::new() } else { format!(" ({})", pace.why) };
            let text = format!(
                "gestionale: {what} da {} minuti{why}. La posta va avanti; quando torna riprende da dov'era",
                age.as_mins()
            );
            self.alarms.set(age >= self.late, Code::BackOfficeLate, about, &text, now);
        }
    }
}

/// The talk so far, as who runs the rounds holds it.
pub struct Conversation(Talk);

//! The timers of the outbox at work: what silence is written down, who is told, and what is sent again because its template
//! allows it. It changes when a person must be told otherwise; when silence counts is in [`notice`](super::notice).

use super::ages::{Ages, Look};
use super::notice::{Doubt, Evidence, Notice, Wait, doubt, silence, wait};
use super::schedule::Move;
use super::{Outbox, frozen_task};
use crate::events;
use crate::failpoint;
use crate::health::OPEN_MARK;
use crate::journal::record::Task;
use crate::office::Office;
use crate::store::rows::ItemRow;
use crate::store::{Store, Trouble};
use casework::calendar::{last_call, stamp};
use casework::decision::Lane;
use casework::receipts::{Fact, accepted_at};
use casework::{Known, letters};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Two looks of the timers are at least so far apart, however often the outbox is woken.
const LOOK_MIN: Duration = Duration::from_secs(10);
/// Letters not yet taken whose dossier's term is looked at in one look: the earliest due.
const QUEUE_MAX: usize = 1000;

/// What the timers remember between looks.
#[derive(Debug)]
pub(super) struct Timers {
    began: Instant,
    looked: Option<Instant>,
    ages: Ages,
}

impl Timers {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), looked: None, ages: Ages::default() }
    }
}

impl Outbox {
    /// Looks at everything that waits, and at the clocks themselves.
    pub(super) fn look(&self, timers: &mut Timers) -> Result<(), Trouble> {
        if timers.looked.is_some_and(|at| at.elapsed() < LOOK_MIN) {
            return Ok(());
        }
        timers.looked = Some(Instant::now());
        failpoint::at("receipt.timer").map_err(|e| Trouble::Io("outbox".into(), e))?;
        let now = self.clock.now();
        let run = SignedDuration::try_from(timers.began.elapsed()).unwrap_or(SignedDuration::MAX);
        if let Some(jump) = timers.ages.look(Look { wall: now, run }) {
            events::clock_jumped(jump.as_secs());
            self.health.count("clock_jumps", 1);
        }
        if timers.ages.is_frozen() {
            return Ok(());
        }
        let office = self.office.borrow().clone();
        let mut seen = BTreeSet::new();
        let mut overdue = 0;
        for item in self.with_store(|store| store.waiting())? {
            let Some(waits) = wait(&item) else { continue };
            let (Wait::Acceptance(since) | Wait::Delivery(since) | Wait::Evidence(since)) = waits;
            let name = format!("{waits:?}/{}", item.outgoing.id);
            let age = timers.ages.age(&name, since);
            seen.insert(name);
            if let Wait::Evidence(since) = waits {
                self.judge_doubt(&item, since, age, now, &office)?;
            } else if let Some(notice) = silence(&item, waits, age, self.acceptance_term) {
                self.tell(&item, notice, self.known_of(&item, now), now, &office)?;
                overdue += 1;
            } else {
                overdue += i64::from(item.silent().next().is_some());
            }
        }
        timers.ages.keep_only(&seen);
        self.health.mark("outbox_overdue", overdue);
        let open = self.with_store(|store| store.tally())?.open_items();
        self.health.mark(OPEN_MARK, i64::try_from(open).unwrap_or(i64::MAX));
        for item in self.with_store(|store| store.due(Lane::Pec, Timestamp::MAX, QUEUE_MAX))?.0 {
            let has_failed = item.attempts > 0 || !item.last.is_empty();
            if has_failed
                && !item.is_stopped()
                && Notice::TermNear.holds(item.shown())
                && !item.notices.contains_key(&Notice::TermNear)
                && self.last_call(&item, &office)?.is_some_and(|call| now >= call)
            {
                self.tell(&item, Notice::TermNear, vec![item.last.clone()], now, &office)?;
            }
        }
        Ok(())
    }

    /// An uncertain letter: is the evidence all in, and what then?
    fn judge_doubt(
        &self,
        item: &ItemRow,
        since: Timestamp,
        age: SignedDuration,
        now: Timestamp,
        office: &Office,
    ) -> Result<(), Trouble> {
        let accepted = self.with_store(|store| store.accepted_last())?;
        let evidence = Evidence {
            inbox_read: self.inbox_read(),
            accepted: accepted.as_ref().map(|(at, id)| (*at, id.as_str())),
            last_call: self.last_call(item, office)?,
        };
        let judged = doubt(since, age, self.acceptance_term, now, &evidence);
        if judged == Doubt::Wait {
            return Ok(());
        }
        let mut known = self.known_of(item, now);
        if let (Doubt::Overtaken, Some((at, id))) = (judged, evidence.accepted) {
            known.push(format!(
                "Una lettera partita dopo, {}, dalla stessa strada, è stata accettata: {id}.",
                stamp(at)
            ));
        }
        if judged == Doubt::Overtaken
            && self.resend_if_overtaken.contains(&item.outgoing.template)
            && !item.resent_by_rule
            && !item.restored
        {
            return self.step(item, Move::ResentByRule { due: now, why: known.join(" ") });
        }
        self.tell(item, Notice::Unresolved, known, now, office)
    }

    /// Writes the notice down, with its task where it makes one.
    fn tell(
        &self,
        item: &ItemRow,
        notice: Notice,
        known: Vec<String>,
        now: Timestamp,
        office: &Office,
    ) -> Result<(), Trouble> {
        let task = if notice.makes_a_task() { self.task_about(item, notice, &known, now, office)? } else { None };
        let text = known.join(" ");
        if self.with_store(|store| store.notice(&item.outgoing.id, notice, text, task, now))? {
            events::item_silent(&item.cause, &item.outgoing.id, notice);
        }
        Ok(())
    }

    fn task_about(
        &self,
        item: &ItemRow,
        notice: Notice,
        evidence: &[String],
        now: Timestamp,
        office: &Office,
    ) -> Result<Option<Task>, Trouble> {
        let known = self.with_store(|store| known_about(store, item, now))?;
        let awaited = Store::awaited(item.clone());
        let task = match notice {
            // Certainly not taken: straight to paper, with the task that its refusal would make.
            Notice::TermNear => {
                let why = format!(
                    "{} Il termine della pratica è vicino: il programma continua a provare; se la spedisci su carta, fai \
                     ritirare la Pec.",
                    evidence.join(" ")
                );
                letters::paper_task(&Fact::NotAccepted { at: now, why }, &awaited, &known, &office.desk)
            }
            _ => letters::doubt_task(notice.code(), evidence, &awaited, &known, &office.desk),
        };
        let Some(task) = task else { return Ok(None) };
        frozen_task(&self.archive, office, &item.cause, task, now)
    }

    /// What is known of a letter that has no answer, a line each.
    fn known_of(&self, item: &ItemRow, now: Timestamp) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(at) = item.dot_at {
            lines.push(format!("Consegnata per intero al server del gestore il {}.", stamp(at)));
        }
        match accepted_at(&item.facts) {
            Some(at) => lines.push(format!("Accettata dal gestore il {}.", stamp(at))),
            None if item.restored => lines.push(format!("{}.", item.last)),
            None if !item.last.is_empty() => {
                lines.push(format!("Che cosa ne disse il server: {}.", item.last.trim_end_matches('.')))
            }
            None => {}
        }
        if item.facts.iter().any(|fact| matches!(fact, Fact::Delayed { .. })) {
            lines.push("C'è il primo avviso di mancata consegna, e niente dopo.".into());
        }
        lines.push(format!("Nessuna altra ricevuta fino al {}.", stamp(now)));
        lines.push(match self.inbox_read() {
            Some(at) => format!("Le caselle sono state lette fino in fondo l'ultima volta il {}.", stamp(at)),
            None => "Le caselle non sono ancora state lette fino in fondo da quando il servizio è partito: la ricevuta può essere già lì.".into(),
        });
        if item.resent_by_rule {
            lines.push("È già stata rispedita una volta, identica, perché il suo modello lo permette.".into());
        }
        lines
    }

    /// When every watched folder had been read to its end; `None`: one of them not yet since the start.
    fn inbox_read(&self) -> Option<Timestamp> {
        let folders = self.health.snapshot().folders;
        let read = |folder: &crate::health::Folder| folder.looked_at.filter(|_| folder.backlog == 0);
        folders.iter().map(read).min().flatten()
    }

    /// From when a person must know of this letter's trouble: a working day before the last day of its dossier's term.
    pub(super) fn last_call(&self, item: &ItemRow, office: &Office) -> Result<Option<Timestamp>, Trouble> {
        let Some(number) = &item.outgoing.dossier else { return Ok(None) };
        let due = self.with_store(|store| store.dossier(number))?.and_then(|dossier| dossier.due);
        Ok(due.map(|due| last_call(due, office.desk.entity.patron)))
    }
}

/// The snapshot that a task about an item needs.
pub(super) fn known_about(store: &Store, item: &ItemRow, now: Timestamp) -> Result<Known, Trouble> {
    let mut known = Known { digest: item.cause.clone(), ..Known::nothing(now) };
    if let Some(number) = &item.outgoing.dossier {
        known.dossiers.extend(store.dossier(number)?);
        known.awaited_dossier = Some(number.clone());
    }
    Ok(known)
}

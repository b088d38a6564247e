//! What the machine does around a step, where the procedure's file says so (`prima`, `dopo`). It changes when it may do another
//! thing, or when something else follows a failure.
//!
//! It belongs to the step: one line of the register holds both, whatever the channel, so that neither is ever done twice.

use crate::address;
use crate::calendar::rome;
use crate::clockwork::{procedure_of, with_term};
use crate::decision::{Change, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Dossier, State};
use crate::effect::EffectKey;
use crate::letters::case::Case;
use crate::life::Entry;
use crate::notices;
use crate::person::Person;
use crate::procedure::ThirdBody;
use crate::procedure::model::{Act, Action, Clock, OnFailure, Procedure};
use crate::refused::Refused;
use crate::term::ClockFact;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Times that an action is tried, one a day: what fails for a working week needs a person.
pub const TRIES_MAX: u32 = 5;
/// Actions of one dossier that wait to be tried again. Beyond them a person is told.
pub(crate) const WAITING_MAX: usize = 32;

/// Before a step, or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Before it.
    Prima,
    /// After it.
    Dopo,
}

impl When {
    /// The key in the file.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Prima => "prima",
            Self::Dopo => "dopo",
        }
    }
}

/// Which action: of which state, before or after it, and its place there, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// The state that the step leads to.
    pub state: State,
    /// Before it or after it.
    pub when: When,
    /// Place in the file, from 1.
    pub nth: u32,
}

/// An action that failed and is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which.
    pub which: Which,
    /// Times that it was tried.
    pub tries: u32,
    /// The day of the next time.
    pub next: Date,
}

/// What came of trying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It failed; again on this day.
    Failed {
        /// The day.
        next: Date,
    },
    /// It was done.
    Done,
    /// It is not tried any more; a person was told.
    GivenUp,
}

/// Adds up what came of an action.
pub(crate) fn settle(waiting: &mut Vec<Waiting>, which: Which, outcome: Outcome) {
    let tries = waiting.iter().find(|one| one.which == which).map_or(0, |one| one.tries).saturating_add(1);
    waiting.retain(|one| one.which != which);
    if let Outcome::Failed { next } = outcome
        && waiting.len() < WAITING_MAX
    {
        waiting.push(Waiting { which, tries, next });
    }
}

/// What the actions around the steps of one act bring besides entries.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// Letters and tasks.
    pub(crate) outgoing: Vec<Outgoing>,
    /// What a person must be told.
    pub(crate) incidents: Vec<Change>,
}

/// Does what the file says around each step that is among the entries, and adds what that writes. `people`: who may have chosen
/// to hear less.
///
/// # Errors
/// An action that stops the step failed: why. Nothing of the step may be written then.
pub(crate) fn around(
    dossier: &Dossier,
    entries: &mut Vec<Entry>,
    cause: &str,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) -> Result<Around, Refused> {
    let Some(procedure) = procedure_of(dossier, desk) else { return Ok(Around::default()) };
    let mut run = Run { procedure, cause, people, desk, now, written: vec![], around: Around::default() };
    let mut before = dossier.clone();
    for entry in entries.iter() {
        let after = with_term(&before, &mut vec![entry.clone()], desk, now);
        if let Entry::Moved { to, .. } = entry {
            run.step(*to, &before, &after)?;
        }
        before = after;
    }
    entries.append(&mut run.written);
    Ok(run.around)
}

/// As [`around`], of a dossier that has just been opened. What arrives is registered, whatever fails (L. 241/1990 art. 18-bis).
pub(crate) fn opened(
    dossier: &Dossier,
    cause: &str,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) -> (Vec<Entry>, Around) {
    let Some(procedure) = procedure_of(dossier, desk) else { return <_>::default() };
    let mut run = Run { procedure, cause, people, desk, now, written: vec![], around: Around::default() };
    if let Err(why) = run.step(dossier.state, dossier, dossier) {
        run.tell(dossier, &why.text);
    }
    (run.written, run.around)
}

/// Tries again what waits and whose day has come.
pub(crate) fn again(
    dossier: &Dossier,
    cause: &str,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) -> (Vec<Entry>, Around) {
    let Some(procedure) = procedure_of(dossier, desk) else { return <_>::default() };
    let mut run = Run { procedure, cause, people, desk, now, written: vec![], around: Around::default() };
    let today = rome(now).date();
    for waiting in dossier.life.waiting.iter().filter(|waiting| waiting.next <= today) {
        let which = waiting.which;
        let tried = match action(procedure, which) {
            Some(action) => run.attempt(action, which, dossier).map_err(|why| (why, waiting.tries + 1 < TRIES_MAX)),
            None => Err((String::from("il file del procedimento non ha più questa azione"), false)),
        };
        let outcome = match tried {
            Ok(()) => Outcome::Done,
            Err((_, true)) => run.tomorrow(),
            Err((why, false)) => {
                run.tell(dossier, &format!("{}, provata {} volte: {why}", in_words(which), waiting.tries + 1));
                Outcome::GivenUp
            }
        };
        run.written.push(Entry::Action { which, outcome });
    }
    (run.written, run.around)
}

fn action(procedure: &Procedure, which: Which) -> Option<&Action> {
    let step = procedure.steps.get(&which.state)?;
    let all = if which.when == When::Prima { &step.before } else { &step.after };
    all.get(usize::try_from(which.nth).ok()?.checked_sub(1)?)
}

/// For the office.
pub(crate) fn in_words(which: Which) -> String {
    format!("azione {} di «{}», n. {}", which.when.code(), which.state.code(), which.nth)
}

struct Run<'a> {
    procedure: &'a Procedure,
    cause: &'a str,
    people: &'a [Person],
    desk: &'a Desk,
    now: Timestamp,
    written: Vec<Entry>,
    around: Around,
}

impl Run<'_> {
    fn step(&mut self, state: State, before: &Dossier, after: &Dossier) -> Result<(), Refused> {
        let Some(step) = self.procedure.steps.get(&state) else { return Ok(()) };
        for (when, actions, dossier) in [(When::Prima, &step.before, before), (When::Dopo, &step.after, after)] {
            for (nth, action) in (1..).zip(actions) {
                let which = Which { state, when, nth };
                let Err(why) = self.attempt(action, which, dossier) else { continue };
                match action.on_failure {
                    OnFailure::Stop => {
                        return Err(Refused::new("action-failed", format!("{}: {why}", in_words(which))));
                    }
                    OnFailure::Retry if dossier.life.waiting.len() < WAITING_MAX => {
                        let outcome = self.tomorrow();
                        self.written.push(Entry::Action { which, outcome });
                    }
                    OnFailure::Retry | OnFailure::Tell => {
                        self.tell(dossier, &format!("{}, non riuscita: {why}", in_words(which)));
                    }
                }
            }
        }
        Ok(())
    }

    fn tomorrow(&self) -> Outcome {
        let today = rome(self.now).date();
        Outcome::Failed { next: today.tomorrow().unwrap_or(today) }
    }

    fn tell(&mut self, dossier: &Dossier, text: &str) {
        let text = format!("fascicolo {}: {text}", dossier.number);
        self.around.incidents.push(Change::Incident { code: "action-failed".into(), text });
    }

    fn attempt(&mut self, action: &Action, which: Which, dossier: &Dossier) -> Result<(), String> {
        let case =
            Case { people: self.people, enclosed: &[], dossier, cause: self.cause, now: self.now, desk: self.desk };
        let letters = match &action.what {
            Act::Mail(template) => self.mail(&case, template, which.state).map_err(|why| why.text)?,
            Act::Task(office, text) => vec![self.task(&case, office, text, which.state)?],
            Act::Clock(clock) => return self.clock(*clock, which.state, dossier),
        };
        // The act may write a letter from the same template, and a file may do one thing twice: each is an effect of its own.
        let named = |letter: Outgoing| {
            let effect = format!("{}/{}/{}/{}", which.state.code(), which.when.code(), which.nth, letter.template);
            let id = self.desk.key.effect_id(self.cause, &effect, &letter.to, 0);
            Outgoing { message_id: EffectKey::message_id(&id, &self.desk.domain()), id, ..letter }
        };
        let letters: Vec<Outgoing> = letters.into_iter().map(named).collect();
        self.around.outgoing.extend(letters);
        Ok(())
    }

    fn mail(&self, case: &Case<'_>, template: &str, state: State) -> Result<Vec<Outgoing>, Reason> {
        let usual =
            if state.is_final() { "La pratica è conclusa." } else { "L'ufficio va avanti e ti scrive l'esito." };
        let own = self.procedure.next_steps(state);
        let next = own.as_deref().unwrap_or(usual);
        let quiet = notices::quiet(case.dossier, self.people);
        let letters = case.news(template, &format!("{}.", state.event()), next)?;
        Ok(letters.into_iter().filter(|letter| !quiet.contains(&address::key(&letter.to))).collect())
    }

    fn task(&self, case: &Case<'_>, office: &str, text: &str, state: State) -> Result<Outgoing, String> {
        if let Some(body) = self.procedure.external.iter().find(|body| body.id == office) {
            return case.body(body, text, &[String::from(text)], &self.procedure.title).map_err(|why| why.text);
        }
        if self.desk.rules.office(office).is_none() {
            return Err(format!("l'ufficio «{office}» non è più fra quelli delle regole"));
        }
        case.task(office, text, &[format!("{}.", state.event())], &[])
            .ok_or_else(|| format!("il compito per «{office}» non si può scrivere"))
    }

    /// The law stops a term, never a file: a file can only count on it, and be told where it does not happen.
    fn clock(&mut self, clock: Clock, state: State, dossier: &Dossier) -> Result<(), String> {
        if clock == Clock::Resume {
            self.written.push(Entry::Clock { clock: ClockFact::WorkResumed { at: self.now } });
            return Ok(());
        }
        if dossier.due.is_some_and(|due| due < rome(self.now).date()) {
            return Err("il termine è finito: non si ferma più".into());
        }
        let facts = &dossier.life.facts;
        let stops = match state {
            State::InAttesaIntegrazioni => !facts.iter().any(|fact| matches!(fact, ClockFact::IntegrationAsked { .. })),
            State::PreavvisoDiniego => !facts.iter().any(|fact| matches!(fact, ClockFact::RefusalAnnounced { .. })),
            State::InAttesaEnteTerzo => self.procedure.third_body == ThirdBody::Suspends,
            _ => false,
        };
        if stops {
            // When the letter is delivered, or the body asked: `clockwork`, `act`.
            return Ok(());
        }
        Err("questa volta la legge non ferma il termine (L. 241/1990 artt. 2 c. 7, 10-bis, 17)".into())
    }
}

#[cfg(test)]
mod tests;

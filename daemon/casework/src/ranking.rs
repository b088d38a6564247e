//! A place that a ranking gives: where somebody stands in it, until when whoever gets a place says whether they take it, and what they
//! say (functions S3.19: request, position, acceptance). It changes when a place is offered, taken or given up otherwise.
//!
//! The days are those that the procedure's file set when the place was given. Their end decides nothing (L. 241/1990 art. 2 c. 1): the
//! citizen is reminded before it, the office is told after it, and a person says what follows.

use crate::calendar::{days_before, in_words, last_day, rome, spoken};
use crate::clockwork::procedure_of;
use crate::decision::{Change, Outgoing};
use crate::desk::Desk;
use crate::dossier::Dossier;
use crate::letters::case::Case;
use crate::life::Entry;
use crate::person::Person;
use crate::refused::Refused;
use crate::rules::Calendar;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Days before the last one on which whoever has not answered is reminded.
const REMIND_DAYS: u32 = 3;

/// What a ranking has come to for one dossier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    /// The position that was told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// The place that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// A place that was given to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The last day to say whether it is taken.
    pub until: Date,
    /// What was said; none: nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The day on which somebody is to be told of it; none: nobody any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Date>,
}

/// What whoever got a place says of it. The slug is the wire name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is taken.
    Taken,
    /// It is given up: it may go to the next.
    GivenUp,
}

impl Answer {
    /// The word that the citizen writes.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Taken => "ACCETTO",
            Self::GivenUp => "RINUNCIO",
        }
    }
}

/// What happens to it. The tag is the wire name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// The position was told.
    Ranked {
        /// Which, from 1.
        position: u32,
    },
    /// A place was given.
    Offered {
        /// The last day to answer.
        until: Date,
        /// The day on which somebody is told of it first.
        look: Date,
    },
    /// Who has it was reminded.
    Reminded,
    /// The last day went by without an answer, and the office was told.
    Unanswered,
    /// It was taken, or given up.
    Said {
        /// Which.
        answer: Answer,
        /// By whom: the mailbox that wrote, or who of the office wrote it down and how it was said.
        by: String,
    },
}

impl Step {
    /// In Italian, for the office.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Ranked { position } => format!("posizione in graduatoria: {position}"),
            Self::Offered { until, .. } => format!("il posto si accetta entro il {until}"),
            Self::Reminded => String::from("promemoria: il posto si deve ancora accettare"),
            Self::Unanswered => String::from("nessuna risposta sul posto entro il termine: decide una persona"),
            Self::Said { answer: Answer::Taken, by } => format!("posto accettato: {by}"),
            Self::Said { answer: Answer::GivenUp, by } => format!("rinuncia al posto: {by}"),
        }
    }
}

impl Ranking {
    /// It after a step.
    pub(crate) fn apply(&mut self, step: &Step) {
        match (step, &mut self.place) {
            (Step::Ranked { position }, _) => self.position = Some(*position),
            (Step::Offered { until, look }, place) => {
                *place = Some(Place { until: *until, answer: None, look: Some(*look) });
            }
            (Step::Reminded, Some(place)) => place.look = place.until.tomorrow().ok(),
            (Step::Unanswered, Some(place)) => place.look = None,
            (Step::Said { answer, .. }, Some(place)) => {
                place.answer = Some(*answer);
                place.look = None;
            }
            (Step::Reminded | Step::Unanswered | Step::Said { .. }, None) => {}
        }
    }

    /// Nothing of it is known: what no ranking made.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The place that the dossier gives, while what it granted stands.
pub(crate) fn place(dossier: &Dossier) -> Option<&Place> {
    dossier.life.ranking.place.as_ref().filter(|_| dossier.state.is_granted())
}

/// The place was given up.
pub(crate) fn is_given_up(dossier: &Dossier) -> bool {
    place(dossier).is_some_and(|place| place.answer == Some(Answer::GivenUp))
}

/// The step that an answer is; `None`: it was said already.
///
/// # Errors
/// There is no place, or the one who gave it up wants it back: a person sees whether it is still there.
pub(crate) fn said(dossier: &Dossier, answer: Answer, by: String) -> Result<Option<Step>, Refused> {
    let Some(place) = place(dossier) else {
        return Err(Refused::new("no-place", "in questa pratica non c'è un posto da accettare"));
    };
    match (place.answer, answer) {
        (Some(before), now) if before == now => Ok(None),
        (Some(Answer::GivenUp), Answer::Taken) => {
            Err(Refused::new("given-up", "aveva rinunciato al posto: il posto può essere già di un altro"))
        }
        _ => Ok(Some(Step::Said { answer, by })),
    }
}

/// As [`said`], by the citizen at an instant. An acceptance after the last day is a person's to weigh: silence has taken nothing away,
/// but the office may have begun to look for the next.
pub(crate) fn answered(
    dossier: &Dossier,
    answer: Answer,
    sender: &str,
    at: Timestamp,
) -> Result<Option<Step>, Refused> {
    let step = said(dossier, answer, format!("{sender}, con la Pec {}", spoken(at)))?;
    match place(dossier).filter(|place| answer == Answer::Taken && rome(at).date() > place.until) {
        Some(place) if step.is_some() => {
            let text = format!("accetta il posto dopo l'ultimo giorno, {}: decide una persona", in_words(place.until));
            Err(Refused::new("late-answer", text))
        }
        _ => Ok(step),
    }
}

/// The entry of a dossier that is granted now, where its ranking's file says how long a place waits for an answer. The last day is
/// counted from that of the decision, which does not count, and is no holiday.
pub(crate) fn begin(before: &Dossier, after: &Dossier, desk: &Desk, now: Timestamp) -> Option<Entry> {
    if before.state.is_granted() || !after.state.is_granted() {
        return None;
    }
    let (days, today) = (procedure_of(after, desk)?.window?.accept_days?, rome(now).date());
    let until = last_day(today, days, Calendar::Solar, desk.entity.patron);
    let remind = days_before(until, REMIND_DAYS);
    let look = if remind > today { remind } else { until.tomorrow().ok()? };
    Some(Entry::Ranking { step: Step::Offered { until, look } })
}

/// The day on which it must be looked at for a place that waits for an answer.
pub(crate) fn look(dossier: &Dossier) -> Option<Date> {
    place(dossier)?.look
}

/// What is done on a day.
pub(crate) struct Due {
    /// That it is done.
    pub(crate) entry: Entry,
    /// The reminder, or the task.
    pub(crate) letters: Vec<Outgoing>,
    pub(crate) incident: Option<Change>,
}

/// Reminds whoever has a place and has not answered; once the last day is over, tells the office. `None`: not yet, or settled.
pub(crate) fn tell(dossier: &Dossier, people: &[Person], cause: &str, desk: &Desk, now: Timestamp) -> Option<Due> {
    let today = rome(now).date();
    look(dossier).filter(|day| *day <= today)?;
    let place = place(dossier)?;
    let step = if today > place.until { Step::Unanswered } else { Step::Reminded };
    let entry = Entry::Ranking { step };
    let mut after = dossier.clone();
    after.apply(&entry, now);
    let case = Case { people, enclosed: &[], dossier: &after, cause, now, desk };
    let day = in_words(place.until);
    if today > place.until {
        let facts = [
            format!("Chi ha avuto il posto doveva rispondere entro {day}, e non ha risposto."),
            String::from("Il silenzio non vale rinuncia: senti chi ha fatto la domanda, poi scrivi che cosa ha detto."),
            String::from(
                "Se il posto resta libero puoi darlo a chi segue: si accoglie la sua domanda, nel suo fascicolo.",
            ),
        ];
        let task = case.task(&dossier.office, "nessuna risposta sul posto in graduatoria", &facts, &[]);
        let text =
            || format!("fascicolo {}: il compito sul posto senza risposta non si è potuto scrivere", dossier.number);
        let incident = task.is_none().then(|| Change::Incident { code: "no-task".into(), text: text() });
        return Some(Due { entry, letters: task.into_iter().collect(), incident });
    }
    let words = format!(
        "Hai avuto un posto in graduatoria e non ci hai ancora detto se lo accetti: rispondi entro {day}. Scrivi ACCETTO oppure RINUNCIO, da solo su una riga."
    );
    Some(match case.reminder(&words) {
        Ok(letters) => Due { entry, letters, incident: None },
        Err(why) => Due { entry, letters: vec![], incident: Some(Change::Incident { code: why.code, text: why.text }) },
    })
}

/// The task that tells the office what was said.
pub(crate) fn task(case: &Case<'_>, answer: Answer, how: &str) -> Option<Outgoing> {
    let office = &case.dossier.office;
    match answer {
        Answer::Taken => case.task(office, "posto in graduatoria accettato", &[how.to_string()], &[]),
        Answer::GivenUp => {
            let next = "Il posto è libero: puoi darlo a chi segue. Si accoglie la sua domanda, nel suo fascicolo.";
            case.task(office, "rinuncia a un posto in graduatoria", &[how.to_string(), next.into()], &[])
        }
    }
}

#[cfg(test)]
mod tests;

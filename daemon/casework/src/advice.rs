//! Advice that was asked of an office of others, each with its own clock (functions S2.23). It changes when something else can become
//! of it.

use crate::dossier::Dossier;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Bodies asked in one dossier, each time counted.
pub const ADVICE_MAX: usize = 50;

/// One question to one body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// Which body, as people call it.
    pub body: String,
    /// When the letter was written.
    pub asked: Timestamp,
    /// Days that it has.
    pub days: u32,
    /// Last day; none until the letter is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Date>,
    /// When it answered, or the office went on without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

impl Advice {
    /// Nobody has answered, and the office has not gone on without.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.ended.is_none()
    }

    /// It is awaited, and its last day is past.
    #[must_use]
    pub fn is_overdue(&self, today: Date) -> bool {
        self.is_awaited() && self.by.is_some_and(|by| by < today)
    }
}

/// What becomes of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "advice", rename_all = "kebab-case")]
pub enum Step {
    /// The letter is on its way.
    Asked {
        /// Days that the body has.
        days: u32,
    },
    /// It was delivered.
    Delivered {
        /// Last day to answer.
        by: Date,
    },
    /// It has answered.
    Answered,
}

impl Step {
    /// In Italian.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Asked { days } => alloc::format!("parere chiesto, {days} giorni per rispondere"),
            Self::Delivered { by } => alloc::format!("richiesta consegnata, risponde entro il {by}"),
            Self::Answered => String::from("parere arrivato"),
        }
    }
}

/// Adds up one step.
pub(crate) fn apply(all: &mut Vec<Advice>, body: &str, step: &Step, at: Timestamp) {
    let has_room = all.len() < ADVICE_MAX;
    let awaited = all.iter_mut().rev().find(|one| one.body == body && one.is_awaited());
    match (step, awaited) {
        (Step::Asked { days }, None) if has_room => {
            all.push(Advice { body: String::from(body), asked: at, days: *days, by: None, ended: None });
        }
        (Step::Delivered { by }, Some(one)) => one.by = one.by.or(Some(*by)),
        (Step::Answered, Some(one)) => one.ended = Some(at),
        _ => {}
    }
}

/// Nobody waits any more: the office goes on without, or decides.
pub(crate) fn end_all(all: &mut [Advice], at: Timestamp) {
    all.iter_mut().filter(|one| one.is_awaited()).for_each(|one| one.ended = Some(at));
}

/// The days on which somebody must be told that advice is overdue.
pub(crate) fn days(dossier: &Dossier) -> impl Iterator<Item = (&Advice, Date)> {
    let awaited = dossier.life.advice.iter().filter(|one| one.is_awaited());
    awaited.filter_map(|one| Some((one, one.by?.tomorrow().ok()?)))
}

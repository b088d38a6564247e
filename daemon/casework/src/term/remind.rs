//! What must be remembered of a term, and on which day. It changes when somebody must be reminded of something else.
//!
//! A reminder asks a person to look, and nothing more: no kind of it carries an outcome, because no dossier is closed by a timer
//! (L. 241/1990 art. 2 c. 1).

use super::reckoning::{Cause, Reckoning, WindowKind};
use super::silence::{Silence, after_the_end};
use super::{earlier, later};
use alloc::vec::Vec;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Days before the end at which an office is reminded the first time (law.md §1, art. 20).
const FIRST_DAYS: u32 = 10;
/// And the last time.
const SECOND_DAYS: u32 = 3;
/// Days before the last at which a citizen is reminded of what he was asked (law.md §12).
const INTEGRATION_DAYS: u32 = 5;
/// Days before the last at which he is reminded that he may answer an announced refusal (law.md §12).
const OBSERVATIONS_DAYS: u32 = 3;

/// What a reminder is about. The slug is the wire name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReminderKind {
    /// To the citizen: five days are left to send what was asked.
    IntegrationNear,
    /// To the office: it is the last day for it; a clock that stood still runs again.
    IntegrationOver,
    /// To the citizen: three days are left to answer an announced refusal.
    ObservationsNear,
    /// To the office: the time for it is over.
    ObservationsOver,
    /// To the office: ten days are left.
    TenDays,
    /// To the office: three days are left.
    ThreeDays,
    /// To the office: by the stricter count today is the last day.
    PerhapsTheLast,
    /// To the office: the term is over, and an answer is due still.
    Overdue,
    /// To the holder of the substitute power: he may, or must, act.
    SubstituteDue,
    /// To the office: the request may be granted by silence; a person looks, and attests it.
    AssentToAttest,
    /// To the office: the request counts as refused; it may be answered still.
    RefusalToTell,
    /// To the holder of the substitute power: three days are left of his term.
    SubstituteThreeDays,
    /// To him: his term is over.
    SubstituteOverdue,
    /// To the office: nobody has taken the dossier.
    Unassigned,
    /// To the office: nobody does anything in it.
    Untouched,
    /// To the office: a body that was asked for advice has not answered in its days.
    AdviceOverdue,
    /// To the office: the citizen has not confirmed a change of data in time.
    ConfirmationOver,
}

impl ReminderKind {
    /// Whether the citizen reads it, rather than the office.
    #[must_use]
    pub fn is_for_citizen(self) -> bool {
        matches!(self, Self::IntegrationNear | Self::ObservationsNear)
    }

    /// What is asked, in words; without the name of the dossier.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::IntegrationNear => "Hai ancora 5 giorni per mandare quello che ti abbiamo chiesto.",
            Self::IntegrationOver => {
                "Oggi finisce il tempo per le integrazioni: se il termine era fermo, torna a correre."
            }
            Self::ObservationsNear => "Hai ancora 3 giorni per rispondere al preavviso di rifiuto.",
            Self::ObservationsOver => {
                "È finito il tempo per rispondere al preavviso di rifiuto. Guarda che cosa è arrivato."
            }
            Self::TenDays => "Mancano 10 giorni alla fine del termine.",
            Self::ThreeDays => "Mancano 3 giorni alla fine del termine.",
            Self::PerhapsTheLast => "Contando nel modo più stretto, oggi è l'ultimo giorno del termine.",
            Self::Overdue => "Il termine è finito: la richiesta va comunque decisa.",
            Self::SubstituteDue => {
                "Il termine è finito: avvisa chi ha il potere sostitutivo, che decide in metà del termine."
            }
            Self::AssentToAttest => {
                "Il termine è finito: controlla se la richiesta è accolta per silenzio e manda l'attestazione."
            }
            Self::RefusalToTell => {
                "Il termine è finito: per la legge la richiesta è respinta. Decidi se rispondere ancora."
            }
            Self::SubstituteThreeDays => "Mancano 3 giorni alla fine del termine di chi ha il potere sostitutivo.",
            Self::SubstituteOverdue => "È finito anche il termine di chi ha il potere sostitutivo.",
            Self::Unassigned => "Nessuno l'ha ancora presa in carico: va data a una persona.",
            Self::Untouched => "È ferma: da giorni l'ufficio non ci scrive niente.",
            Self::AdviceOverdue => {
                "Un parere non è arrivato in tempo: l'ufficio può andare avanti senza (L. 241/1990 art. 16)."
            }
            Self::ConfirmationOver => {
                "Il cittadino non ha confermato una modifica in tempo: niente è cambiato, si può chiedere un codice nuovo."
            }
        }
    }
}

/// Something to remember on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reminder {
    /// The day in Rome.
    pub on: Date,
    /// What.
    pub what: ReminderKind,
}

/// All reminders of a count, in the order of their days, each once. As things stand: whoever keeps them takes those of the newest
/// count and forgets the others. One that would lie before the start is left out. Days may be holidays.
#[must_use]
pub fn reminders(reckoning: &Reckoning, silence: Silence) -> Vec<Reminder> {
    let mut all = Vec::new();
    let mut add = |on: Date, what: ReminderKind, after: Date| {
        if on > after {
            all.push(Reminder { on, what });
        }
    };
    for window in reckoning.windows.iter().filter(|window| window.answered.is_none()) {
        let WindowKind::Integration = window.kind else {
            add(earlier(window.last_day, OBSERVATIONS_DAYS), ReminderKind::ObservationsNear, window.since);
            // The day after: on the last day the citizen is in time until midnight.
            add(later(window.last_day, 1), ReminderKind::ObservationsOver, window.since);
            continue;
        };
        add(earlier(window.last_day, INTEGRATION_DAYS), ReminderKind::IntegrationNear, window.since);
        // The clock runs again on day 30 itself, be it a holiday: the office must not learn it later.
        let stopped =
            reckoning.suspensions.iter().find(|it| it.cause == Cause::Integration && it.since == window.since);
        let over = stopped.map_or(window.last_day, |it| it.until);
        add(over, ReminderKind::IntegrationOver, window.since);
    }
    if let (Some(last_day), Some(alarm_on)) = (reckoning.last_day, reckoning.alarm_on) {
        add(earlier(alarm_on, FIRST_DAYS), ReminderKind::TenDays, reckoning.start);
        add(earlier(alarm_on, SECOND_DAYS), ReminderKind::ThreeDays, reckoning.start);
        if alarm_on < last_day {
            add(alarm_on, ReminderKind::PerhapsTheLast, reckoning.start);
        }
        let over = later(last_day, 1);
        add(
            over,
            match silence {
                Silence::Inadempimento => ReminderKind::Overdue,
                Silence::Assenso => ReminderKind::AssentToAttest,
                Silence::Rigetto => ReminderKind::RefusalToTell,
            },
            reckoning.start,
        );
        if after_the_end(silence).is_substitute_due && reckoning.substitute.is_none() {
            add(over, ReminderKind::SubstituteDue, reckoning.start);
        }
    }
    if let Some(substitute) = reckoning.substitute {
        add(earlier(substitute.last_day, SECOND_DAYS), ReminderKind::SubstituteThreeDays, substitute.since);
        add(later(substitute.last_day, 1), ReminderKind::SubstituteOverdue, substitute.since);
    }
    all.sort_unstable();
    all.dedup();
    all
}

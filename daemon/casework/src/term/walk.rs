//! The count: facts in the order of their instants move two hands. It changes when a fact does something else to a clock.
//!
//! The *late* hand counts from the day after the one on which the clock runs again; the *early* hand counts that day too, and takes
//! the citizen's ten days without looking at holidays. Which is right is open (law.md §5), so both are given: the office acts on the
//! early one, the citizen is held to the late one.

use super::reckoning::{Cause, Reckoning, Resumed, Run, Step, Substitute, Suspension, Unused, Window, WindowKind};
use super::{
    ClockFact, EXTENSION_MONTHS, FACTS_MAX, INTEGRATION_DAYS_MAX, IRREGULAR_DAYS_MAX, Length, OBSERVATION_DAYS, Plan,
    THIRD_BODY_DAYS_MAX, YEARS, days_between, earlier, end_of, is_in_time, later, months_after,
};
use crate::calendar::{days_after, is_counted, not_on_a_holiday};
use crate::rules::Calendar;
use alloc::vec::Vec;
use jiff::civil::Date;

/// Counts the term that starts with the certified arrival of the request (its day in Rome, [`crate::calendar::rome`]).
///
/// Total: facts in any order are put in the order of their instants, and of the register where these are equal; what cannot be used
/// is named in [`Reckoning::unused`] and moves nothing. No fact brings the end nearer than it is without any.
#[must_use]
pub fn reckon(start: Date, plan: &Plan, facts: &[ClockFact]) -> Reckoning {
    let mut walk = Walk::new(start, *plan);
    let mut order: Vec<(usize, &ClockFact)> = facts.iter().enumerate().take(FACTS_MAX).collect();
    order.sort_by_key(|(_, fact)| fact.at());
    for (place, &(index, fact)) in order.iter().enumerate() {
        let rest = order.get(place + 1..).unwrap_or_default();
        if let Err(why) = walk.fact(fact, rest) {
            walk.out.unused.push((index, why));
            walk.out.steps.push(Step::Unused { what: what(fact), day: fact.day(), why });
        }
    }
    walk.finish(facts.len().saturating_sub(FACTS_MAX))
}

/// Where one reading of the law stands: `left` days must run after `anchor`.
#[derive(Debug, Clone, Copy)]
struct Hand {
    anchor: Date,
    left: u32,
}

impl Hand {
    /// The day of the last of them, holiday or not.
    fn raw_end(self, plan: &Plan) -> Date {
        days_after(self.anchor, self.left, plan.length.counting(), plan.holidays)
    }
    fn end(self, plan: &Plan) -> Date {
        not_on_a_holiday(self.raw_end(plan), plan.holidays)
    }
    /// Stops with the end of a day, to run again after another. What ran.
    fn stop(&mut self, day: Date, resume: Date, plan: &Plan) -> Option<Run> {
        let last = day.min(self.raw_end(plan));
        let days = counted(self.anchor, last, plan).min(self.left);
        let run = self.anchor.tomorrow().ok().filter(|_| days > 0).map(|first| Run { first, last, days });
        self.left -= days;
        self.anchor = self.anchor.max(day).max(resume);
        run
    }
}

/// Days that a plan counts, after one day and up to another.
fn counted(after: Date, to: Date, plan: &Plan) -> u32 {
    match plan.length.counting() {
        Calendar::Solar => days_between(after, to),
        Calendar::Working => {
            let (mut day, mut days) = (after, 0);
            while day < to {
                let Ok(next) = day.tomorrow() else { break };
                day = next;
                days += u32::from(is_counted(day, Calendar::Working, plan.holidays));
            }
            days
        }
    }
}

struct Walk {
    out: Reckoning,
    late: Hand,
    early: Hand,
    /// What may move a clock once has done so.
    integration_used: bool,
    refusal_used: bool,
    irregular_used: bool,
    extended: bool,
    asked: Asked,
}

/// What was asked at all, also where it moved nothing: an answer to it is no stray.
#[derive(Default)]
struct Asked {
    integration: bool,
    refusal: bool,
    bodies: Vec<alloc::string::String>,
}

/// How a suspension ends.
struct Ending {
    late: Date,
    early: Date,
    why: Resumed,
    is_answered: bool,
}

impl Walk {
    fn new(given: Date, plan: Plan) -> Self {
        let start = plausible(given);
        let days = plan.length.days_from(start);
        let hand = Hand { anchor: start, left: days };
        let mut steps = Vec::new();
        if start != given {
            steps.push(Step::Clamped { given, start });
        }
        steps.push(Step::Start { start, days });
        let out = Reckoning {
            start,
            plan,
            days,
            runs: Vec::new(),
            suspensions: Vec::new(),
            last_day: None,
            alarm_on: None,
            perhaps_ended: None,
            interrupted: None,
            windows: Vec::new(),
            substitute: None,
            unused: Vec::new(),
            steps,
        };
        Self {
            out,
            late: hand,
            early: hand,
            integration_used: false,
            refusal_used: false,
            irregular_used: false,
            extended: false,
            asked: Asked::default(),
        }
    }

    fn fact(&mut self, fact: &ClockFact, rest: &[(usize, &ClockFact)]) -> Result<(), Unused> {
        let day = fact.day();
        if plausible(day) != day {
            return Err(Unused::Implausible);
        }
        if day < self.out.start {
            return Err(Unused::BeforeStart);
        }
        match fact {
            ClockFact::IntegrationAsked { days, .. } => self.integration(day, *days, rest),
            ClockFact::RefusalAnnounced { .. } => self.refusal(day, rest),
            ClockFact::ThirdBodyAsked { body, suspends_days, .. } => self.third_body(day, body, *suspends_days, rest),
            ClockFact::RequestIrregular { .. } => self.irregular(day),
            ClockFact::RequestRegular { .. } => self.regular(day),
            ClockFact::Extended { .. } => self.extend(day),
            ClockFact::SubstituteStarts { .. } => self.substitute(day),
            // What an answer does is done where the question is met; here only strays are told.
            ClockFact::IntegrationAnswered { .. } => asked(self.asked.integration),
            ClockFact::WorkResumed { .. } => asked(self.asked.integration || !self.asked.bodies.is_empty()),
            ClockFact::ObservationsFiled { at } => {
                asked(self.asked.refusal)?;
                let mut windows = self.out.windows.iter().filter(|it| it.kind == WindowKind::Observations);
                if windows.any(|it| is_in_time(*at, it.last_day)) { Ok(()) } else { Err(Unused::Late) }
            }
            ClockFact::ThirdBodyAnswered { body, .. } => asked(self.asked.bodies.contains(body)),
        }
    }

    fn integration(&mut self, day: Date, given: Option<u32>, rest: &[(usize, &ClockFact)]) -> Result<(), Unused> {
        self.asked.integration = true;
        let days = given.unwrap_or(INTEGRATION_DAYS_MAX).min(INTEGRATION_DAYS_MAX);
        let cap = later(day, days);
        let window = end_of(day, days, self.out.plan.holidays);
        let answer = rest
            .iter()
            .map(|(_, fact)| *fact)
            .find(|fact| matches!(fact, ClockFact::IntegrationAnswered { .. } | ClockFact::WorkResumed { .. }));
        let answered = answer.map(ClockFact::day);
        let may = if self.integration_used { Err(Unused::Again) } else { self.may_stop(day) };
        self.out.windows.push(Window {
            kind: WindowKind::Integration,
            since: day,
            last_day: window,
            answered: answered.filter(|&it| it <= window),
            stops_clock: may.is_ok(),
        });
        may?;
        self.integration_used = true;
        self.suspend(Cause::Integration, day, cap, answered_or(day, cap, days, answer));
        Ok(())
    }

    fn refusal(&mut self, day: Date, rest: &[(usize, &ClockFact)]) -> Result<(), Unused> {
        self.asked.refusal = true;
        let raw = later(day, OBSERVATION_DAYS);
        let window = end_of(day, OBSERVATION_DAYS, self.out.plan.holidays);
        let filed = rest.iter().find_map(|(_, fact)| match fact {
            ClockFact::ObservationsFiled { at } if is_in_time(*at, window) => Some(fact.day()),
            _ => None,
        });
        // The law knows one notice; a second one could lengthen the office's own term at will (L. 241/1990 art. 1 c. 2).
        let may = if self.refusal_used { Err(Unused::Again) } else { self.may_stop(day) };
        let kind = WindowKind::Observations;
        self.out.windows.push(Window { kind, since: day, last_day: window, answered: filed, stops_clock: may.is_ok() });
        may?;
        self.refusal_used = true;
        let ending = match filed {
            Some(filed) => {
                let late = later(filed, OBSERVATION_DAYS);
                Ending { late, early: earlier(late, 1), why: Resumed::Observations { filed }, is_answered: true }
            }
            None => Ending {
                late: window,
                early: earlier(raw, 1),
                why: Resumed::NoObservations { raw },
                is_answered: false,
            },
        };
        self.suspend(Cause::Refusal, day, window, ending);
        Ok(())
    }

    fn third_body(
        &mut self,
        day: Date,
        body: &str,
        suspends_days: u32,
        rest: &[(usize, &ClockFact)],
    ) -> Result<(), Unused> {
        self.asked.bodies.push(body.into());
        if suspends_days == 0 {
            return Err(Unused::NotHere);
        }
        self.may_stop(day)?;
        let days = suspends_days.min(THIRD_BODY_DAYS_MAX);
        let cap = later(day, days);
        let answered = rest.iter().map(|(_, fact)| *fact).find(|fact| match fact {
            ClockFact::ThirdBodyAnswered { body: by, .. } => by == body,
            fact => matches!(fact, ClockFact::WorkResumed { .. }),
        });
        self.suspend(Cause::ThirdBody { body: body.into() }, day, cap, answered_or(day, cap, days, answered));
        Ok(())
    }

    fn may_stop(&self, day: Date) -> Result<(), Unused> {
        if self.out.interrupted.is_some() {
            return Err(Unused::Interrupted);
        }
        // A term that ends on a holiday is open until the working day after it.
        if day > self.late.end(&self.out.plan) { Err(Unused::AfterEnd) } else { Ok(()) }
    }

    /// Both hands stop. The days left are `N - (day - start)`, or what an earlier suspension has left of them (law.md §5).
    fn suspend(&mut self, cause: Cause, day: Date, cap: Date, ending: Ending) {
        let plan = self.out.plan;
        let ended = self.early.end(&plan);
        if day > ended {
            self.out.perhaps_ended.get_or_insert(ended);
        }
        let stood_still = day < self.late.anchor;
        let _ = self.early.stop(day, ending.early, &plan);
        let run = self.late.stop(day, ending.late, &plan);
        let ran_before = run.is_some();
        if let Some(run) = run {
            self.out.runs.push(run);
            self.out.steps.push(Step::Ran { run, left: self.late.left });
        }
        if stood_still {
            self.out.steps.push(Step::StoppedAgain { cause: cause.clone(), day, until: self.late.anchor });
        } else {
            self.out.steps.push(Step::Stopped { cause: cause.clone(), day, ran_before, cap });
            self.out.steps.push(Step::Resumed { day: ending.late, why: ending.why });
        }
        let is_answered = ending.is_answered;
        self.out.suspensions.push(Suspension { cause, since: day, until: ending.late, is_answered });
    }

    fn irregular(&mut self, day: Date) -> Result<(), Unused> {
        if !self.out.plan.restarts_when_irregular {
            return Err(Unused::NotHere);
        }
        // Once: else the office could start its own term again as often as it likes.
        if self.irregular_used {
            return Err(Unused::Again);
        }
        self.may_stop(day)?;
        if day > end_of(self.out.start, IRREGULAR_DAYS_MAX, self.out.plan.holidays) {
            return Err(Unused::Late);
        }
        self.irregular_used = true;
        self.out.interrupted = Some(day);
        self.out.steps.push(Step::Interrupted { day });
        Ok(())
    }

    fn regular(&mut self, day: Date) -> Result<(), Unused> {
        self.out.interrupted.take().ok_or(Unused::Unasked)?;
        let days = self.out.plan.length.days_from(day);
        let hand = Hand { anchor: day, left: days };
        (self.late, self.early) = (hand, hand);
        self.out.start = day;
        self.out.days = days;
        self.out.perhaps_ended = None;
        self.out.runs.clear();
        self.out.suspensions.clear();
        self.out.steps.push(Step::Restarted { day });
        self.out.steps.push(Step::Start { start: day, days });
        Ok(())
    }

    fn extend(&mut self, day: Date) -> Result<(), Unused> {
        let Length::Months(months) = self.out.plan.length else { return Err(Unused::NotHere) };
        if self.extended {
            return Err(Unused::Again);
        }
        self.may_stop(day)?;
        // «Within one month of receipt», whatever has stopped the clock since.
        let first = months_after(self.out.start, months);
        if day > not_on_a_holiday(first, self.out.plan.holidays) {
            return Err(Unused::Late);
        }
        let more = days_between(first, months_after(self.out.start, months.saturating_add(EXTENSION_MONTHS)));
        self.extended = true;
        self.late.left += more;
        self.early.left += more;
        self.out.days += more;
        self.out.steps.push(Step::Extended { day, days: more });
        Ok(())
    }

    fn substitute(&mut self, day: Date) -> Result<(), Unused> {
        if self.out.substitute.is_some() {
            return Err(Unused::Again);
        }
        if self.out.interrupted.is_some() {
            return Err(Unused::Interrupted);
        }
        // By the earlier reading: who asks for it on a doubtful day is not sent away.
        if day <= self.early.end(&self.out.plan) {
            return Err(Unused::BeforeEnd);
        }
        let days = half_of(self.out.plan.length.days_from(self.out.start));
        let raw = days_after(day, days, self.out.plan.length.counting(), self.out.plan.holidays);
        let last_day = not_on_a_holiday(raw, self.out.plan.holidays);
        self.out.substitute = Some(Substitute { since: day, days, last_day });
        Ok(())
    }

    fn finish(mut self, too_many: usize) -> Reckoning {
        let plan = self.out.plan;
        if too_many > 0 {
            self.out.steps.push(Step::TooMany { count: too_many });
        }
        if self.out.interrupted.is_none() {
            let raw = self.late.raw_end(&plan);
            let (last_day, alarm_on) = (self.late.end(&plan), self.early.end(&plan));
            if let Some(run) = self.late.stop(raw, raw, &plan) {
                self.out.runs.push(run);
                self.out.steps.push(Step::Ran { run, left: self.late.left });
            }
            let runs = self.out.runs.iter().map(|run| run.days).collect();
            self.out.steps.push(Step::End { raw, last_day, runs });
            if alarm_on < last_day {
                self.out.steps.push(Step::Doubt { alarm_on });
            }
            if let Some(day) = self.out.perhaps_ended {
                self.out.steps.push(Step::PerhapsEnded { day });
            }
            (self.out.last_day, self.out.alarm_on) = (Some(last_day), Some(alarm_on));
        }
        if let Some(substitute) = self.out.substitute {
            self.out.steps.push(Step::Substitute(substitute));
        }
        self.out
    }
}

/// Half of a term, the smaller half; one day at least.
pub(super) fn half_of(days: u32) -> u32 {
    (days / 2).max(1)
}

/// A question ends with its answer, and at the latest by itself.
fn answered_or(day: Date, cap: Date, days: u32, answer: Option<&ClockFact>) -> Ending {
    match answer.map(|fact| (fact.day(), fact)).filter(|(it, _)| *it <= cap) {
        // Answered on the day on which it was asked: nothing stood still, and nothing is in doubt.
        Some((answer, fact)) => {
            let is_answered = !matches!(fact, ClockFact::WorkResumed { .. });
            let why = if is_answered { Resumed::Answered } else { Resumed::ByOffice };
            Ending { late: answer, early: earlier(answer, 1).max(day), why, is_answered }
        }
        None => {
            Ending { late: cap, early: earlier(cap, 1).max(day), why: Resumed::Capped { days }, is_answered: false }
        }
    }
}

fn asked(it_was: bool) -> Result<(), Unused> {
    if it_was { Ok(()) } else { Err(Unused::Unasked) }
}

/// The day, or the nearest one in [`YEARS`].
fn plausible(day: Date) -> Date {
    day.clamp(Date::constant(*YEARS.start(), 1, 1), Date::constant(*YEARS.end(), 12, 31))
}

/// What a fact is called in the explanation.
fn what(fact: &ClockFact) -> &'static str {
    match fact {
        ClockFact::IntegrationAsked { .. } => "la richiesta di integrazioni",
        ClockFact::IntegrationAnswered { .. } => "la risposta alla richiesta di integrazioni",
        ClockFact::WorkResumed { .. } => "la ripresa del lavoro",
        ClockFact::RefusalAnnounced { .. } => "il preavviso di rifiuto",
        ClockFact::ObservationsFiled { .. } => "le osservazioni al preavviso di rifiuto",
        ClockFact::ThirdBodyAsked { .. } => "la domanda a un altro ente",
        ClockFact::ThirdBodyAnswered { .. } => "la risposta di un altro ente",
        ClockFact::RequestIrregular { .. } => "la comunicazione che la richiesta va completata",
        ClockFact::RequestRegular { .. } => "la richiesta completata",
        ClockFact::Extended { .. } => "la proroga",
        ClockFact::SubstituteStarts { .. } => "l'avvio del potere sostitutivo",
    }
}

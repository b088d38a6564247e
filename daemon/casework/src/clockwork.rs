//! What time does to a dossier: its term counted anew, and who is told of a day that has come. It changes when time may do
//! something else. It never decides: it makes tasks and reminders (L. 241/1990 art. 2 c. 1).

use crate::act::Done;
use crate::address;
use crate::advice;
use crate::around;
use crate::calendar::{Holidays, TERM_DAYS_MAX, last_day, rome};
use crate::data_change::{self, DataChange};
use crate::decision::{Change, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Dossier, State};
use crate::follow;
use crate::known::Known;
use crate::letters::case::{Case, Told};
use crate::life::Entry;
use crate::person::Person;
use crate::procedure::{self, Actor, Procedure, ThirdBody};
use crate::ranking;
use crate::receipts::Awaited;
use crate::rules::{Calendar, Officer};
use crate::term::{
    ClockFact, Length, Plan, Reckoning, Reminder, ReminderKind, Silence, THIRD_BODY_DAYS_MAX, WindowKind, reckon,
    reminders,
};
use crate::validity;
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;

/// Reminders of one dossier carried out at once: after a long stop the older ones are told together, in one task.
const TOLD_MAX: usize = 16;

/// The procedure of a dossier: the one it began under, else the one for everything.
#[must_use]
pub fn procedure_of<'a>(dossier: &Dossier, desk: &'a Desk) -> Option<&'a Procedure> {
    desk.procedures.get(&dossier.cover.procedure).or_else(|| desk.procedures.opened_by("", dossier.kind))
}

/// The days off of this place.
#[must_use]
pub fn holidays(desk: &Desk) -> Holidays {
    Holidays { patron: desk.entity.patron, ..Holidays::default() }
}

/// The term that a procedure sets, here.
#[must_use]
pub fn plan(procedure: &Procedure, desk: &Desk) -> Plan {
    let length = length(procedure.term.length);
    // Access to documents is the procedure in which silence refuses, and there an irregular request starts the term again.
    let restarts_when_irregular = meaning(procedure) == Silence::Rigetto;
    Plan { length, restarts_when_irregular, ..Plan::days(0) }.in_place(holidays(desk))
}

fn length(written: procedure::Length) -> Length {
    match written {
        procedure::Length::Days(days) => Length::Days(days),
        procedure::Length::WorkingDays(days) => Length::WorkingDays(days),
        procedure::Length::Months(months) => Length::Months(months),
    }
}

/// Rules whose term is not the one of the procedure that they open: the procedure's holds, and the rule misleads whoever reads it.
#[must_use]
pub fn unheeded_terms(desk: &Desk) -> Vec<String> {
    let differ = |rule: &crate::rules::Rule| {
        let deadline = rule.deadline.as_ref()?;
        let procedure = desk.procedures.opened_by(&rule.id, rule.kind).filter(|procedure| !procedure.default)?;
        let (said, holds) = (Plan::of(deadline).length, length(procedure.term.length));
        // A rule may name the term of a part, and say a month in days.
        let of_part = procedure.term.stages.iter().any(|stage| length(stage.length) == said);
        let of_month =
            matches!((said, holds), (Length::Days(days), Length::Months(n)) if (28 * n..=31 * n).contains(&days));
        // A procedure that is shorter than its rule is told where it is written.
        let is_told = about_days(said) > about_days(holds);
        let same = said == holds || of_part || of_month || is_told;
        let text = format!(
            "regola `{}`: dice {}, ma il procedimento `{}` dice {}: vale il procedimento. Correggi `deadline`, o toglila",
            rule.id,
            spelt(said),
            procedure.id,
            spelt(holds)
        );
        (!same).then_some(text)
    };
    desk.rules.rules().filter_map(differ).collect()
}

fn about_days(length: Length) -> u32 {
    match length {
        Length::Days(days) => days,
        Length::WorkingDays(days) => days.saturating_mul(7).div_ceil(5),
        Length::Months(months) => months.saturating_mul(30),
    }
}

fn spelt(length: Length) -> String {
    match length {
        Length::Days(days) => format!("{days} giorni"),
        Length::WorkingDays(days) => format!("{days} giorni lavorativi"),
        Length::Months(1) => String::from("un mese"),
        Length::Months(months) => format!("{months} mesi"),
    }
}

pub(crate) fn meaning(procedure: &Procedure) -> Silence {
    match procedure.silence {
        procedure::Silence::Default => Silence::Inadempimento,
        procedure::Silence::Assent(_) => Silence::Assenso,
        procedure::Silence::Refusal => Silence::Rigetto,
    }
}

/// Whom the procedure's file makes responsible; empty: the head of the unit.
#[must_use]
pub fn responsible(procedure: &Procedure) -> String {
    match &procedure.responsible {
        procedure::Responsible::Named(name) => name.clone(),
        procedure::Responsible::HeadOfUnit => String::new(),
    }
}

/// What the end of the term will mean, told to the citizen before it (L. 241/1990 artt. 2, 20, 25).
#[must_use]
pub fn silence_in_words(dossier: &Dossier, desk: &Desk) -> &'static str {
    match silence(dossier, desk) {
        Silence::Inadempimento => {
            "Se non rispondiamo entro quel giorno, puoi chiedere una decisione a chi sostituisce l'ufficio."
        }
        Silence::Assenso => "Se non rispondiamo entro quel giorno, la richiesta è accolta (silenzio assenso).",
        Silence::Rigetto => "Se non rispondiamo entro quel giorno, la richiesta si considera respinta.",
    }
}

/// Days of the term as a letter says them, and whether only working days count.
#[must_use]
pub fn term_in_days(dossier: &Dossier) -> Option<(u32, bool)> {
    let plan = dossier.life.plan?;
    Some(match plan.length {
        Length::Days(days) => (days, false),
        Length::WorkingDays(days) => (days, true),
        // A month is said as the days that this one has.
        Length::Months(_) => (reckon(rome(dossier.opened_at).date(), &plan, &[]).days, false),
    })
}

/// Days for which the wait for another body stops the clock, at most.
#[must_use]
pub fn third_body_days(procedure: &Procedure) -> u32 {
    if procedure.third_body == ThirdBody::Suspends { THIRD_BODY_DAYS_MAX } else { 0 }
}

/// The count of a dossier's term, as it began and as the facts moved it.
#[must_use]
pub fn count(dossier: &Dossier, desk: &Desk) -> Option<Reckoning> {
    let start = rome(dossier.opened_at).date();
    let plan = dossier.life.plan.or_else(|| {
        // A register of before there were procedures kept only the last day, and the citizen was told of it: it stays.
        let told = dossier.due.and_then(|due| u32::try_from(start.until(due).ok()?.get_days()).ok());
        let told = told.filter(|days| (1..=TERM_DAYS_MAX).contains(days));
        told.map(|days| Plan::days(days).in_place(holidays(desk)))
            .or_else(|| procedure_of(dossier, desk).map(|procedure| plan(procedure, desk)))
    })?;
    Some(reckon(start, &plan, &dossier.life.facts))
}

/// What silence means in the procedure of a dossier.
#[must_use]
pub fn silence(dossier: &Dossier, desk: &Desk) -> Silence {
    procedure_of(dossier, desk).map_or(Silence::Inadempimento, meaning)
}

/// The entry that says how the term stands on a day.
#[must_use]
pub fn reckoned(dossier: &Dossier, desk: &Desk, today: Date) -> Option<Entry> {
    let counted = count(dossier, desk)?;
    let suspended_until = match counted.on(today) {
        crate::term::Clock::Suspended(suspension) => Some(suspension.until),
        _ => None,
    };
    let look = reminders(&counted, silence(dossier, desk))
        .into_iter()
        .chain(advice_reminders(dossier))
        .chain(expiries(dossier))
        .filter(|reminder| !dossier.was_told(reminder))
        .chain(crate::idle::reminder(dossier, desk))
        // A day that is long past is told once, by the first look.
        .map(|reminder| reminder.on)
        // The day on which a term runs again is looked at too: until then letters say that it stands still.
        .chain(suspended_until)
        .min();
    let (look, suspended_until) = if dossier.state.is_final() { (None, None) } else { (look, suspended_until) };
    let look = look.or_else(|| validity::look(dossier).into_iter().chain(ranking::look(dossier)).min());
    // What the machine has still to do around a step does not end with the dossier.
    let look = look.into_iter().chain(dossier.life.waiting.iter().map(|waiting| waiting.next)).min();
    let plan = dossier.life.plan.is_none().then_some(counted.plan);
    Some(Entry::Reckoned { due: counted.last_day, suspended_until, look, plan })
}

/// Adds entries to a copy of a dossier and, if its clock may have moved, how its term stands now.
pub(crate) fn with_term(dossier: &Dossier, entries: &mut Vec<Entry>, desk: &Desk, now: Timestamp) -> Dossier {
    let mut after = dossier.clone();
    entries.iter().for_each(|entry| after.apply(entry, now));
    let begun = [validity::begin(dossier, &after, entries, desk, now), ranking::begin(dossier, &after, desk, now)];
    for entry in begun.into_iter().flatten() {
        after.apply(&entry, now);
        entries.push(entry);
    }
    if let Some(entry) = reckoned(&after, desk, rome(now).date()) {
        after.apply(&entry, now);
        entries.push(entry);
    }
    after
}

/// Of advice that does not come the office is told on the day after its last: it may go on without (L. 241/1990 art. 16 c. 2).
fn advice_reminders(dossier: &Dossier) -> Vec<Reminder> {
    let mut all: Vec<Reminder> =
        advice::days(dossier).map(|(_, on)| Reminder { on, what: ReminderKind::AdviceOverdue }).collect();
    all.dedup();
    all
}

/// Codes that were not used in time: on the day after the one that the citizen was told.
fn expiries(dossier: &Dossier) -> Vec<Reminder> {
    let over = |change: &DataChange| match &change.state {
        data_change::State::AwaitingConfirmation { until, .. } => rome(*until).date().tomorrow().ok(),
        _ => None,
    };
    let mut all: Vec<Reminder> = dossier
        .life
        .changes
        .iter()
        .filter_map(over)
        .map(|on| Reminder { on, what: ReminderKind::ConfirmationOver })
        .collect();
    all.dedup();
    all
}

/// Why the request of a ranking came too early or too late, to the second (functions S3.09); `None`: in time, or no ranking.
#[must_use]
pub fn out_of_time(dossier: &Dossier, desk: &Desk) -> Option<String> {
    procedure_of(dossier, desk)?.in_time(dossier.opened_at).err().map(|why| why.why)
}

/// The request was said to be irregular, and nobody has said since that it is regular.
pub(crate) fn is_irregular(dossier: &Dossier) -> bool {
    let mut facts = dossier.life.facts.iter().rev();
    let newest =
        facts.find(|fact| matches!(fact, ClockFact::RequestIrregular { .. } | ClockFact::RequestRegular { .. }));
    matches!(newest, Some(ClockFact::RequestIrregular { .. }))
}

/// What a day that has come makes of a dossier: reminders, tasks, a term that runs again, a silence that is attested where the
/// procedure's file says that the machine does it. `None`: nothing. `people`: the persons of the dossier; `others`: their other
/// dossiers, where what was granted in this one is about to end.
#[must_use]
pub fn look(dossier: &Dossier, people: &[Person], others: &[Dossier], desk: &Desk, now: Timestamp) -> Option<Done> {
    let today = rome(now).date();
    let counted = count(dossier, desk)?;
    let procedure = procedure_of(dossier, desk)?;
    let is_open = !dossier.state.is_final();
    let mut due: Vec<_> = reminders(&counted, silence(dossier, desk))
        .into_iter()
        .chain(advice_reminders(dossier))
        .chain(expiries(dossier))
        // In a closed one nobody has anything left to do.
        .filter(|reminder| is_open && reminder.on <= today && !dossier.was_told(reminder))
        .collect();
    // First: what the law says of the day gives the task its name.
    due.splice(0..0, crate::idle::reminder(dossier, desk).filter(|reminder| is_open && reminder.on <= today));
    due.truncate(TOLD_MAX);
    let mut entries: Vec<Entry> = due.iter().map(|reminder| Entry::Reminded { reminder: *reminder }).collect();
    let has = |what: ReminderKind| due.iter().any(|reminder| reminder.what == what);
    if has(ReminderKind::IntegrationOver)
        && let Ok(to) = procedure.act(dossier.state, Verb::Riprendi, Actor::Timer, &dossier.office)
    {
        entries.push(Entry::Moved { verb: Verb::Riprendi, to, points: vec![] });
    }
    if has(ReminderKind::ConfirmationOver) {
        // Only the code ends: the request stays, and no datum moves (L. 241/1990 art. 2 c. 1).
        let expired = dossier.life.changes.iter().filter_map(|change| Some((change.id, change.expire(now).ok()?)));
        entries.extend(expired.map(|(n, step)| Entry::Change { n, step }));
    }
    let cause = crate::act::cause(dossier, desk);
    let (mut outgoing, mut changes) = (Vec::new(), Vec::new());
    if has(ReminderKind::AssentToAttest) {
        match attestation(dossier, procedure, &entries, &cause, desk, now) {
            Some(Ok((moved, letters))) => {
                entries.push(moved);
                outgoing.extend(letters);
            }
            // What cannot be told to the citizen is not done: the task below says that a person must.
            Some(Err(why)) => changes.push(Change::Incident { code: why.code, text: why.text }),
            None => {}
        }
    }
    let steps = match around::around(dossier, &mut entries, &cause, people, desk, now) {
        Ok(steps) => steps,
        Err(why) => {
            // The step is not made, and so is not told: a person is.
            entries.retain(|entry| !matches!(entry, Entry::Moved { .. }));
            outgoing.clear();
            let text = format!("fascicolo {}: {}", dossier.number, why.text);
            changes.push(Change::Incident { code: why.code.into(), text });
            around::Around::default()
        }
    };
    if let Some(ending) = validity::tell(dossier, people, others, desk, now) {
        entries.push(ending.entry);
        outgoing.extend(ending.letters);
        changes.extend(ending.incident);
    }
    if let Some(due) = ranking::tell(dossier, people, &cause, desk, now) {
        entries.push(due.entry);
        outgoing.extend(due.letters);
        changes.extend(due.incident);
    }
    let is_ending = entries.iter().any(|entry| matches!(entry, Entry::Validity { .. } | Entry::Ranking { .. }));
    let (tried, again) = around::again(dossier, &cause, people, desk, now);
    let is_tried = !tried.is_empty();
    entries.extend(tried);
    for part in [steps, again] {
        outgoing.extend(part.outgoing);
        changes.extend(part.incidents);
    }
    let after = with_term(dossier, &mut entries, desk, now);
    let is_moved = (dossier.life.look, dossier.life.suspended_until, dossier.due)
        != (after.life.look, after.life.suspended_until, after.due);
    if due.is_empty() && !is_tried && !is_ending && !is_moved {
        return None;
    }
    let case = Case { people, enclosed: &[], dossier: &after, cause: &cause, now, desk };
    tell(&case, &due, &mut outgoing, &mut changes);
    let (news, untold) = follow::news(dossier, &case);
    outgoing.extend(news);
    changes.extend(untold);
    let number = dossier.number.clone();
    changes.splice(0..0, entries.into_iter().map(|entry| Change::Entered { dossier: number.clone(), entry }));
    Some(Done { changes, outgoing, said: due.iter().map(|r| r.what.words().to_string()).collect::<Vec<_>>().join(" ") })
}

/// The silence that grants, attested by the machine (L. 241/1990 art. 20 c. 2-bis): the move, and its letters. `None`: a person does
/// it, if anybody. Nothing that was filed may be unweighed, and data that were to change are not granted by saying so.
fn attestation(
    dossier: &Dossier,
    procedure: &Procedure,
    before: &[Entry],
    cause: &str,
    desk: &Desk,
    now: Timestamp,
) -> Option<Result<(Entry, Vec<Outgoing>), Reason>> {
    let to = procedure.act(dossier.state, Verb::AttestaSilenzio, Actor::Timer, &dossier.office).ok()?;
    let life = &dossier.life;
    crate::participation::outcome_gate(&life.filings).ok()?;
    if life.changes.iter().any(|change| !change.state.is_decided()) || crate::enablement::waits(dossier) {
        return None;
    }
    let moved = Entry::Moved { verb: Verb::AttestaSilenzio, to, points: vec![] };
    let mut entries = before.to_vec();
    entries.push(moved.clone());
    let after = with_term(dossier, &mut entries, desk, now);
    let points =
        [String::from("Il termine per rispondere è finito e nessuno ha deciso: per la legge la richiesta è accolta.")];
    let told = Told {
        decision: "la tua richiesta è accolta per silenzio assenso. Questo messaggio lo attesta.",
        next: "La pratica è conclusa.",
        points: &points,
        weighed: crate::act::weighed(dossier),
        ..Told::default()
    };
    let letters = Case { people: &[], enclosed: &[], dossier: &after, cause, now, desk }.outcome(&told);
    Some(letters.map(|letters| (moved, letters)))
}

/// Who is told of what is due: the citizen of a day of theirs, the office of everything else in one task.
fn tell(case: &Case<'_>, due: &[Reminder], outgoing: &mut Vec<Outgoing>, changes: &mut Vec<Change>) {
    let Case { dossier, now, desk, .. } = *case;
    let (citizen, office): (Vec<&Reminder>, Vec<&Reminder>) =
        due.iter().partition(|reminder| reminder.what.is_for_citizen());
    // A reminder whose day is past would come too late; and nobody is reminded of what the office has given up.
    let waits = |reminder: &&&Reminder| match reminder.what {
        ReminderKind::IntegrationNear => dossier.state == State::InAttesaIntegrazioni,
        _ => dossier.state == State::PreavvisoDiniego,
    };
    let today = rome(now).date();
    match citizen.iter().rfind(|last| last.on == today && waits(last)).map(|last| case.reminder(last.what.words())) {
        Some(Ok(letters)) => outgoing.extend(letters),
        Some(Err(why)) => changes.push(Change::Incident { code: why.code, text: why.text }),
        None => {}
    }
    let Some(last) = office.last() else { return };
    let mut task = |to: Option<&Officer>, office: &str, what: &str, facts: &[String]| match case.task_for(
        to,
        office,
        what,
        facts,
        &[],
    ) {
        Some(task) => outgoing.push(task),
        None => changes.push(Change::Incident {
            code: "no-task".into(),
            text: format!("fascicolo {}: il compito «{what}» non si è potuto scrivere", dossier.number),
        }),
    };
    let mut facts: Vec<String> =
        office.iter().map(|reminder| format!("{}: {}", day(reminder.on), reminder.what.words())).collect();
    let is_late = |reminder: &&Reminder| {
        matches!(reminder.what, ReminderKind::Unassigned | ReminderKind::Untouched | ReminderKind::Overdue)
    };
    if office.iter().any(is_late) {
        facts.push(crate::idle::who_acts(dossier, desk));
    }
    if office.iter().any(|reminder| reminder.what == ReminderKind::AdviceOverdue) {
        let late = dossier.life.advice.iter().filter(|one| one.is_overdue(today));
        facts.extend(late.map(|one| format!("Non ha risposto: {}.", one.body)));
    }
    task(None, &dossier.office, title(last.what), &facts);
    if office.iter().any(is_late) {
        // Whoever shares the office's mailbox has let it lie: those who answer for it hear it themselves (functions S2.10).
        for person in crate::idle::answer_for(dossier, desk) {
            task(Some(person), &dossier.office, title(last.what), &facts);
        }
    }
    let fallback = &desk.entity.fallback_office;
    if *fallback != dossier.office && office.iter().any(|reminder| reminder.what == ReminderKind::SubstituteDue) {
        // The holder of the substitute power has no office of its own here: who gets all unplaced mail tells him.
        let facts = [facts.join(" "), format!("Potere sostitutivo: {}", desk.entity.substitute)];
        task(None, fallback, title(ReminderKind::SubstituteDue), &facts);
    }
}

/// The last day to answer the announced refusal, while one runs or has run.
#[must_use]
pub fn observations_end(dossier: &Dossier, desk: &Desk) -> Option<Date> {
    let windows = count(dossier, desk)?.windows;
    windows.into_iter().rev().find(|window| window.kind == WindowKind::Observations).map(|window| window.last_day)
}

/// What the delivery of a letter does to the clock of its dossier: what was asked, or announced, counts from then. A second
/// receipt of the same letter does nothing.
pub(crate) fn delivered(awaited: &Awaited, at: Timestamp, known: &Known, desk: &Desk) -> Vec<Change> {
    let number = known.awaited_dossier.as_deref();
    let Some(dossier) = number.and_then(|number| known.dossier(number)) else { return vec![] };
    if awaited.is_delivered() {
        return vec![];
    }
    let template = awaited.template.split('.').next().unwrap_or_default();
    if template == "richiesta-parere" {
        return body_asked(dossier, awaited, at, known, desk);
    }
    if template == "proroga" && !dossier.state.is_final() {
        return entered(dossier, Entry::Clock { clock: ClockFact::Extended { at } }, known, desk);
    }
    // A late receipt of an older letter says nothing of what was asked, or announced, since.
    if awaited.first_attempt.is_some_and(|sent| sent < dossier.state_since) {
        return vec![];
    }
    let clock = match (template, dossier.state) {
        ("richiesta-integrazione", State::InAttesaIntegrazioni) => ClockFact::IntegrationAsked { at, days: None },
        ("richiesta-regolarizzazione", State::DaRegolarizzare) => ClockFact::RequestIrregular { at },
        ("preavviso-diniego", State::PreavvisoDiniego) => ClockFact::RefusalAnnounced { at },
        _ => return vec![],
    };
    entered(dossier, Entry::Clock { clock }, known, desk)
}

/// An office of others has what it was asked: from now on its days run, and the term stands still where the file says so.
fn body_asked(dossier: &Dossier, awaited: &Awaited, at: Timestamp, known: &Known, desk: &Desk) -> Vec<Change> {
    let Some(procedure) = procedure_of(dossier, desk) else { return vec![] };
    let bodies = procedure.external.iter().filter(|body| address::same(&body.mail, &awaited.recipient));
    let asked = bodies.filter_map(|body| dossier.life.advice.iter().find(|one| one.body == body.title));
    // Asked before this letter, or not at all: a task of the procedure's file goes by the same template.
    let Some(one) = asked.into_iter().find(|one| one.is_awaited() && one.by.is_none()) else { return vec![] };
    let by = last_day(rome(at).date(), one.days, Calendar::Solar, desk.entity.patron);
    let (body, suspends_days) = (one.body.clone(), third_body_days(procedure));
    let mut entries = vec![
        Entry::Advice { body: body.clone(), step: advice::Step::Delivered { by } },
        Entry::Clock { clock: ClockFact::ThirdBodyAsked { at, body, suspends_days } },
    ];
    with_term(dossier, &mut entries, desk, known.now);
    entries.into_iter().map(|entry| Change::Entered { dossier: dossier.number.clone(), entry }).collect()
}

fn entered(dossier: &Dossier, entry: Entry, known: &Known, desk: &Desk) -> Vec<Change> {
    let mut entries = vec![entry];
    with_term(dossier, &mut entries, desk, known.now);
    entries.into_iter().map(|entry| Change::Entered { dossier: dossier.number.clone(), entry }).collect()
}

/// In words.
pub(crate) fn day(date: Date) -> String {
    format!("{} {} {}", date.day(), crate::calendar::month(date), date.year())
}

fn title(what: ReminderKind) -> &'static str {
    match what {
        ReminderKind::IntegrationNear | ReminderKind::IntegrationOver => "tempo per le integrazioni finito",
        ReminderKind::ObservationsNear | ReminderKind::ObservationsOver => "tempo per le osservazioni finito",
        ReminderKind::TenDays => "mancano 10 giorni alla fine del termine",
        ReminderKind::ThreeDays => "mancano 3 giorni alla fine del termine",
        ReminderKind::PerhapsTheLast => "oggi può essere l'ultimo giorno del termine",
        ReminderKind::Overdue => "termine scaduto: va decisa",
        ReminderKind::SubstituteDue => "termine scaduto: tocca al potere sostitutivo",
        ReminderKind::AssentToAttest => "termine scaduto: silenzio assenso da attestare",
        ReminderKind::RefusalToTell => "termine scaduto: per la legge è respinta",
        ReminderKind::AdviceOverdue => "un parere non è arrivato in tempo",
        ReminderKind::ConfirmationOver => "una modifica non è stata confermata in tempo",
        ReminderKind::SubstituteThreeDays => "mancano 3 giorni al potere sostitutivo",
        ReminderKind::SubstituteOverdue => "scaduto anche il termine del potere sostitutivo",
        ReminderKind::Unassigned => "nessuno l'ha presa in carico",
        ReminderKind::Untouched => "è ferma: nessuno ci lavora",
    }
}

#[cfg(test)]
mod tests;

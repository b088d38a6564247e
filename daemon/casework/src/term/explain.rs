//! A count in plain Italian, to be checked with a paper calendar. It changes when a sentence of it does.

use super::reckoning::{Cause, Reckoning, Resumed, Run, Step, Unused};
use super::{Length, OBSERVATION_DAYS, Plan, YEARS};
use crate::calendar::{days_after, holiday_name, in_words, month};
use crate::rules::Calendar;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::Date;

/// Holidays named within one stretch of *giorni lavorativi*: a year has a dozen.
const NAMED_MAX: usize = 30;
/// Characters shown of the name of another body.
const BODY_CHARS_MAX: usize = 80;

impl Reckoning {
    /// One sentence or two a step, in the order of the calendar: the first day, what ran, what stopped it and until when, which
    /// holiday moved the end, the last day, and what is in doubt.
    #[must_use]
    pub fn explain(&self) -> Vec<String> {
        self.steps.iter().map(|step| self.say(step)).collect()
    }

    fn say(&self, step: &Step) -> String {
        let plan = &self.plan;
        match step {
            Step::Clamped { given, start } => format!(
                "La data di inizio ({}) non può essere giusta: gli anni vanno dal {} al {}. Il conto parte da {}.",
                in_words(*given),
                YEARS.start(),
                YEARS.end(),
                in_words(*start)
            ),
            Step::Start { start, days } => format!(
                "La richiesta è arrivata {}: questo giorno non si conta. {}",
                in_words(*start),
                length(plan, *days, *start)
            ),
            Step::Ran { run, left } => {
                format!(
                    "{} {}.",
                    ran(run, plan),
                    if *left == 0 { "Non ne restano altri".into() } else { remain(*left) }
                )
            }
            Step::Stopped { cause, day, ran_before, cap } => {
                let none = if *ran_before { "" } else { "Nessun giorno del termine è passato, finora. " };
                format!("{none}{}", stopped(cause, *day, *cap))
            }
            Step::StoppedAgain { cause, day, until } => format!(
                "{} è stata consegnata {}, quando il termine era già fermo. Resta fermo fino a {}, cioè fino alla fine più lontana.",
                sentence(in_words(*day)),
                asked(cause),
                in_words(*until)
            ),
            Step::Resumed { day, why, left } => resumed(*day, *why, *left, plan),
            Step::Interrupted { day } => format!(
                "{} è stata consegnata la comunicazione che la richiesta va completata: il termine si interrompe, e ricomincia da \
                 capo quando arriva la richiesta completa (decreto del Presidente della Repubblica 184/2006, articolo 6, comma 5).",
                sentence(in_words(*day))
            ),
            Step::Restarted { day, days } => format!(
                "{} è arrivata la richiesta completa: il termine ricomincia da capo, e questo giorno non si conta. {}",
                sentence(in_words(*day)),
                length(plan, *days, *day)
            ),
            Step::Extended { day, days } => format!(
                "{} è stata consegnata la proroga: il termine si allunga di 2 mesi, cioè di {} (regolamento UE 2016/679, articolo \
                 12, paragrafo 3).",
                sentence(in_words(*day)),
                count(*days, plan)
            ),
            Step::Unused { what, day, why } => unused(what, *day, *why),
            Step::TooMany { count } => {
                format!("Gli ultimi {count} fatti del fascicolo non sono nel conto: sono troppi, e va rifatto a mano.")
            }
            Step::End { raw, last_day, runs } => ended(*raw, *last_day, runs, plan),
            Step::Doubt { alarm_on } => {
                // The second doubt exists only where the citizen's ten days were moved.
                let moved = self.steps.iter().any(
                    |step| matches!(step, Step::Resumed { day, why: Resumed::NoObservations { raw }, .. } if raw != day),
                );
                let (also, so) = if moved {
                    (", e se un giorno di festa allunga il tempo per le osservazioni", "Contando nel modo più stretto")
                } else {
                    ("", "Se si conta")
                };
                format!(
                    "Un dubbio: non è certo se il giorno in cui il termine riparte si conta{also}. {so}, il termine finisce {}. \
                     L'ufficio si regola su questo giorno; al cittadino il dubbio non toglie nulla.",
                    in_words(*alarm_on)
                )
            }
            Step::PerhapsEnded { day } => format!(
                "Attenzione: contando nel modo più stretto, il termine era già finito {}, prima di fermarsi ancora. Chi decide ne \
                 deve tenere conto.",
                in_words(*day)
            ),
            Step::Substitute(it) => format!(
                "Il potere sostitutivo è partito {}: questo giorno non si conta. Chi lo ha decide in metà del termine, cioè {}: \
                 l'ultimo giorno è {} (legge 241/1990, articolo 2, comma 9-ter).",
                in_words(it.since),
                count(it.days, plan),
                in_words(it.last_day)
            ),
        }
    }
}

fn length(plan: &Plan, days: u32, start: Date) -> String {
    let whole = count(days, plan);
    match plan.length {
        Length::Days(_) => format!("Il termine è di {whole}. Si contano tutti i giorni, anche quelli di festa."),
        Length::WorkingDays(_) => format!("Il termine è di {whole}. Non si contano sabati, domeniche e feste."),
        Length::Months(months) => {
            let end = in_words(days_after(start, days, Calendar::Solar, plan.holidays));
            let months = if months == 1 { "1 mese".into() } else { format!("{months} mesi") };
            format!("Il termine è di {months}: arriva a {end}, cioè dura {whole}. Si contano tutti i giorni.")
        }
    }
}

fn count(days: u32, plan: &Plan) -> String {
    match (plan.length.counting(), days) {
        (Calendar::Solar, 1) => "1 giorno".into(),
        (Calendar::Solar, _) => format!("{days} giorni"),
        (Calendar::Working, 1) => "1 giorno lavorativo".into(),
        (Calendar::Working, _) => format!("{days} giorni lavorativi"),
    }
}

fn remain(left: u32) -> String {
    if left == 1 { "Ne resta 1".into() } else { format!("Ne restano {left}") }
}

fn ran(run: &Run, plan: &Plan) -> String {
    let verb = if run.days == 1 { "passa" } else { "passano" };
    let (first, last) = (in_words(run.first), in_words(run.last));
    let mut text = if run.first == run.last {
        sentence(format!("{first} {verb} {}", count(run.days, plan)))
    } else {
        format!("Da {first} a {last} {verb} {}", count(run.days, plan))
    };
    match plan.length.counting() {
        Calendar::Solar => text.push_str(&by_month(run)),
        Calendar::Working => text.push_str(&left_out(run, plan)),
    }
    text.push('.');
    text
}

/// ` (29 di marzo e 1 di aprile)`: how a paper calendar, a page a month, is counted. Nothing within one month.
fn by_month(run: &Run) -> String {
    let mut pages: Vec<String> = Vec::new();
    let mut from = run.first;
    while from <= run.last {
        let to = from.last_of_month().min(run.last);
        pages.push(format!("{} di {}", i32::from(to.day() - from.day()) + 1, month(to)));
        let Ok(next) = to.tomorrow() else { break };
        from = next;
    }
    match pages.split_last() {
        Some((last, before)) if !before.is_empty() => format!(" ({} e {last})", before.join(", ")),
        _ => String::new(),
    }
}

/// Holidays in the week that a count of *giorni lavorativi* leaves out.
fn left_out(run: &Run, plan: &Plan) -> String {
    let mut named: Vec<String> = Vec::new();
    let mut day = run.first;
    while day <= run.last {
        let name = holiday_name(day, plan.holidays).filter(|name| !matches!(*name, "domenica" | "sabato"));
        if let Some(name) = name {
            if named.len() == NAMED_MAX {
                named.push("altre feste".into());
                break;
            }
            named.push(format!("{} ({name})", in_words(day)));
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    if named.is_empty() { String::new() } else { format!(", senza contare {}", named.join(", ")) }
}

fn asked(cause: &Cause) -> String {
    match cause {
        Cause::Integration => "la richiesta di integrazioni".into(),
        Cause::Refusal => "la lettera con il preavviso di rifiuto".into(),
        Cause::ThirdBody { body } => {
            let name: String = body.chars().filter(|c| !c.is_control()).take(BODY_CHARS_MAX).collect();
            if name.trim().is_empty() {
                "la domanda a un altro ente".into()
            } else {
                format!("la domanda a un altro ente ({})", name.trim())
            }
        }
    }
}

fn stopped(cause: &Cause, day: Date, cap: Date) -> String {
    let (day, what, cap) = (sentence(in_words(day)), asked(cause), in_words(cap));
    match cause {
        Cause::Integration => format!(
            "{day} è stata consegnata {what}: il termine si ferma dopo questo giorno, una volta sola e non oltre {cap} (legge \
             241/1990, articolo 2, comma 7)."
        ),
        Cause::Refusal => format!(
            "{day} è stata consegnata {what}: il termine si ferma dopo questo giorno. Il cittadino può rispondere fino a {cap}, alle \
             23:59:59 (legge 241/1990, articolo 10-bis)."
        ),
        Cause::ThirdBody { .. } => format!(
            "{day} è stata consegnata {what}: in questo procedimento il termine si ferma dopo questo giorno, non oltre {cap} (legge \
             241/1990, articoli 16, 17 e 17-bis)."
        ),
    }
}

fn resumed(day: Date, why: Resumed, left: u32, plan: &Plan) -> String {
    let again = if left == 0 {
        "non ha altri giorni: finisce quel giorno stesso".into()
    } else {
        let next = days_after(day, 1, plan.length.counting(), plan.holidays);
        format!("si conta di nuovo da {}", in_words(next))
    };
    let on = in_words(day);
    match why {
        Resumed::Answered => {
            format!("{} è arrivata la risposta: il termine riparte, e {again}.", sentence(on))
        }
        Resumed::ByOffice => format!(
            "{} l'ufficio va avanti senza aspettare la risposta: il termine riparte, e si conta di nuovo da {again}.",
            sentence(on)
        ),
        Resumed::Capped { days } => format!(
            "Senza risposta il termine riparte da solo dopo {}, {on}, e {again}.",
            if days == 1 { "1 giorno".to_string() } else { format!("{days} giorni") }
        ),
        Resumed::Observations { filed } => format!(
            "{} sono arrivate le osservazioni: il termine riparte {OBSERVATION_DAYS} giorni dopo, {on}, e {again}.",
            sentence(in_words(filed))
        ),
        Resumed::NoObservations { raw } => {
            let moved = moved(raw, day, plan).map(|why| format!("I {OBSERVATION_DAYS} giorni finiscono {why} "));
            format!(
                "{}Senza osservazioni il termine riparte alla fine del tempo per mandarle, {on}, e {again}.",
                moved.unwrap_or_default()
            )
        }
    }
}

/// `domenica 5 aprile 2026 (Pasqua), che è festa. …`: the holidays from a day to the one before another.
fn moved(raw: Date, last_day: Date, plan: &Plan) -> Option<String> {
    let mut text = String::new();
    let mut day = raw;
    while day < last_day {
        let name = match holiday_name(day, plan.holidays) {
            Some("domenica" | "sabato") | None => String::new(),
            Some(name) => format!(" ({name})"),
        };
        let (day_in_words, is_first) = (in_words(day), day == raw);
        text.push_str(&match (is_first, name.is_empty()) {
            (true, true) => format!("{day_in_words}, quando non si lavora."),
            (true, false) => format!("{day_in_words}{name}, che è festa."),
            (false, true) => format!(" Non si lavora neanche {day_in_words}."),
            (false, false) => format!(" È festa anche {day_in_words}{name}."),
        });
        day = day.tomorrow().ok()?;
    }
    (!text.is_empty()).then_some(text)
}

fn ended(raw: Date, last_day: Date, runs: &[u32], plan: &Plan) -> String {
    let sum = if runs.len() > 1 {
        let parts: Vec<String> = runs.iter().map(u32::to_string).collect();
        format!("In tutto sono {} = {}. ", parts.join(" + "), count(runs.iter().sum(), plan))
    } else {
        String::new()
    };
    match moved(raw, last_day, plan) {
        Some(why) => format!(
            "{sum}Il conto finisce {why} Per questo l'ultimo giorno è il primo giorno lavorativo che segue: {}, fino alle 23:59:59.",
            in_words(last_day)
        ),
        None => format!("{sum}L'ultimo giorno è {}, fino alle 23:59:59.", in_words(last_day)),
    }
}

fn unused(what: &str, day: Date, why: Unused) -> String {
    let why = match why {
        Unused::Implausible => "la data non può essere giusta",
        Unused::BeforeStart => "è di prima che il termine partisse",
        Unused::AfterEnd => "il termine era già finito",
        Unused::BeforeEnd => "il termine non era finito",
        Unused::Interrupted => "il termine era interrotto in attesa della richiesta completa",
        Unused::Again => "può contare una volta sola, e ha già contato",
        Unused::Unasked => "prima non era stato chiesto nulla a cui risponda",
        Unused::Late => "è arrivata dopo il tempo che la legge dà",
        Unused::NotHere => "in questo procedimento non ferma e non allunga il termine",
    };
    let what = sentence(what.into());
    format!("{what} di {} non cambia il termine: {why}. Resta nel fascicolo.", in_words(day))
}

/// With a capital letter.
fn sentence(text: String) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

//! A dossier that nobody takes, or that nobody touches any more: when its office is told. It changes when somebody must be told of
//! another kind of standstill (function S2.10).
//!
//! It only tells: the dossier stays where it is. Once for each standstill: what is done in the dossier begins another.

use crate::address;
use crate::calendar::{days_after, rome};
use crate::clockwork::holidays;
use crate::desk::Desk;
use crate::dossier::{Dossier, State};
use crate::procedure::Role;
use crate::rules::{Calendar, Officer};
use crate::term::{Reminder, ReminderKind};
use alloc::format;
use alloc::string::String;

/// After how many working days an office is told; 0: never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Idle {
    /// Of a dossier that nobody has taken.
    pub unassigned: u32,
    /// Of one in which the office has done nothing.
    pub untouched: u32,
}

/// What its office will be told of a dossier if it stays as it is.
#[must_use]
pub fn reminder(dossier: &Dossier, desk: &Desk) -> Option<Reminder> {
    let (what, since, days) = match dossier.state {
        State::Ricevuta | State::Protocollata => {
            (ReminderKind::Unassigned, dossier.state_since, desk.entity.idle.unassigned)
        }
        State::Assegnata | State::InLavorazione | State::Integrata => {
            let since = dossier.life.touched_at.unwrap_or(dossier.state_since);
            (ReminderKind::Untouched, since, desk.entity.idle.untouched)
        }
        // The others wait for somebody else, and have days of their own.
        _ => return None,
    };
    let on = days_after(rome(since).date(), days, Calendar::Working, holidays(desk));
    let reminder = Reminder { on, what };
    (days > 0 && !dossier.was_told(&reminder)).then_some(reminder)
}

/// Who must act now, in words, for the task (L. 241/1990 art. 5).
#[must_use]
pub fn who_acts(dossier: &Dossier, desk: &Desk) -> String {
    match dossier.cover.responsible.as_str() {
        "" => format!(
            "Chi deve muoversi: chi dirige l'ufficio ({}), finché non nomina un responsabile.",
            desk.entity.responsible
        ),
        name => format!("Chi deve muoversi: {name}, responsabile; se non può, chi dirige l'ufficio."),
    }
}

/// The people of its office who answer for a dossier: who is responsible for it, and who coordinates the office. Not those whose
/// mail goes to the office's own mailbox.
pub(crate) fn answer_for<'a>(dossier: &'a Dossier, desk: &'a Desk) -> impl Iterator<Item = &'a Officer> {
    let office = desk.rules.office(&dossier.office);
    let answers = |person: &&Officer| {
        Role::of(&person.role) == Some(Role::Coordinatore) || person.name == dossier.cover.responsible
    };
    let people = office
        .into_iter()
        .flat_map(move |office| office.people.iter().filter(move |person| !address::same(&person.mail, &office.mail)));
    people.filter(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::Act;
    use crate::desk::Entity;
    use crate::scene::{Scene, at, desk, later, verb_with};
    use crate::verb::Verb;
    use alloc::boxed::Box;
    use alloc::vec;
    use alloc::vec::Vec;
    use jiff::civil::{Date, date};

    /// The office is told after two working days, and after three.
    fn scene() -> Scene {
        let before = desk();
        let idle = Idle { unassigned: 2, untouched: 3 };
        let mut scene = Scene::of("richiesta", "tributi");
        scene.desk = Box::leak(Box::new(Desk { entity: Entity { idle, ..before.entity }, ..before }));
        scene
    }

    /// The days on which a task with these words goes, of so many.
    fn told(scene: &mut Scene, days: i64, words: &str) -> Vec<Date> {
        let mut told = vec![];
        for _ in 0..days {
            scene.days(1);
            let today = rome(scene.now).date();
            // As the machine does: nobody looks before the day that was said.
            if scene.dossier.life.look.is_none_or(|look| look > today) {
                continue;
            }
            told.extend(scene.look().iter().filter(|letter| letter.subject.contains(words)).map(|_| today));
        }
        told
    }

    fn note(scene: &mut Scene) {
        scene.act(Act::Note { text: "ha telefonato".into() }).unwrap();
    }

    const NOBODY: &str = "nessuno l'ha presa";
    const STILL: &str = "è ferma";

    #[test]
    fn what_nobody_takes_is_told_once_after_working_days_and_stays_where_it_is() {
        let mut scene = scene();
        note(&mut scene); // the look is counted anew with what was configured
        let since = rome(scene.dossier.state_since).date();
        let on = days_after(since, 2, Calendar::Working, holidays(scene.desk));
        assert_eq!(told(&mut scene, 20, NOBODY), [on]);
        assert_eq!(scene.dossier.state, State::Protocollata);
        assert_eq!(scene.replayed(), scene.dossier, "what was told is in the register");
    }

    #[test]
    fn what_nobody_touches_is_told_once_until_somebody_does() {
        let mut scene = scene().worked_on();
        let since = rome(scene.dossier.life.touched_at.unwrap()).date();
        let on = |since: Date| days_after(since, 3, Calendar::Working, holidays(scene.desk));
        let (first, again) = (on(since), on(later(since, 9)));
        assert_eq!(told(&mut scene, 9, STILL), [first]);
        note(&mut scene);
        assert_eq!(told(&mut scene, 9, STILL), [again]);
        scene.act(verb_with(Verb::ChiediIntegrazione, &["x"])).unwrap();
        assert_eq!(told(&mut scene, 9, STILL), [], "it waits for the citizen");
    }

    /// Easter, the two days off around it and a week-end are no working days; the night that loses an hour is a night.
    #[test]
    fn holidays_and_the_change_of_the_clock_do_not_count() {
        let friday = at(date(2026, 3, 27)); // the clock changes on the 29th
        let mut dossier = scene().dossier;
        dossier.state_since = friday;
        let desk = scene().desk;
        assert_eq!(reminder(&dossier, desk).unwrap().on, date(2026, 3, 31));
        dossier.state_since = at(date(2026, 4, 3));
        assert_eq!(reminder(&dossier, desk).unwrap().on, date(2026, 4, 8), "after Easter Monday");
        dossier.state = State::InAttesaIntegrazioni;
        assert_eq!(reminder(&dossier, desk), None);
        assert_eq!(reminder(&Scene::of("richiesta", "tributi").dossier, Scene::of("richiesta", "tributi").desk), None);
    }
}

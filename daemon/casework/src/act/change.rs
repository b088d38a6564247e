//! What an office does with a change of data that was asked. It changes when it may do something else with one.

use super::{Bench, Done, need};
use crate::confirm;
use crate::decision::Change;
use crate::life::Entry;
use crate::person::Person;
use crate::refused::Refused;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

impl<'a> Bench<'a> {
    pub(super) fn change(&self, n: u32) -> Result<&'a crate::data_change::DataChange, Refused> {
        self.of_this_office()?;
        usize::try_from(n)
            .ok()
            .and_then(|n| self.dossier.life.changes.get(n.checked_sub(1)?))
            .ok_or_else(|| Refused::new("no-change", format!("nel fascicolo non c'è una modifica numero {n}")))
    }

    pub(super) fn person(&self, id: &str) -> Result<&'a Person, Refused> {
        self.people
            .iter()
            .find(|person| person.id == id)
            .ok_or_else(|| Refused::new("no-person", format!("la persona {id} non è nel registro")))
    }

    /// The yes that is enough writes the new values in the same line of the register.
    pub(super) fn approve(&self, n: u32) -> Result<Done, Refused> {
        // What was asked in a dossier that was refused, or taken back, is not granted by the side door.
        self.is_open()?;
        let change = self.change(n)?;
        let person = self.person(&change.person)?;
        let step = change.approve(&self.order.by, person, self.people, self.now)?;
        let mut after = change.clone();
        after.apply(&step, self.now);
        let mut entries = vec![Entry::Change { n, step }];
        let mut people = Vec::new();
        let mut said = "approvata: serve il sì di un'altra persona dell'ufficio";
        if matches!(after.state, crate::data_change::State::Approved { .. }) {
            said = match after.enter(person, self.people, self.now) {
                Ok((effects, step)) => {
                    people = effects;
                    entries.push(Entry::Change { n, step });
                    "approvata: i dati nuovi sono nel registro"
                }
                Err(why) if why.code == "not-yet" => "approvata: i dati nuovi valgono dal giorno indicato",
                Err(why) => return Err(why),
            };
        }
        self.done_with(entries, &person.id, people, said)
    }

    pub(super) fn roll_back(&self, n: u32, why: &str) -> Result<Done, Refused> {
        let change = self.change(n)?;
        let person = self.person(&change.person)?;
        let step = change.roll_back(person, &self.order.by, why)?;
        let mut after = change.clone();
        after.apply(&step, self.now);
        self.done_with(
            vec![Entry::Change { n, step }],
            &person.id,
            after.undo(),
            "annullata: sono tornati i dati di prima",
        )
    }

    pub(super) fn done_with(
        &self,
        entries: Vec<Entry>,
        person: &str,
        of_person: Vec<crate::person::Entry>,
        said: &str,
    ) -> Result<Done, Refused> {
        let mut done = self.done(entries, said, |_| Ok(vec![]))?;
        done.changes.extend(of_person.into_iter().map(|entry| Change::Person { id: person.to_string(), entry }));
        Ok(done)
    }

    pub(super) fn refuse(&self, n: u32, points: &[String]) -> Result<Done, Refused> {
        need(points, "i motivi, uno per uno")?;
        let reasons: Vec<&str> = points.iter().map(String::as_str).collect();
        let step = self.change(n)?.refuse(&reasons, &self.order.by)?;
        self.done(vec![Entry::Change { n, step }], "modifica rifiutata: ora si può scrivere la decisione", |_| {
            Ok(vec![])
        })
    }

    /// A new code, to the safe domicile of the person.
    pub(super) fn ask_again(&self, n: u32) -> Result<Done, Refused> {
        self.is_open()?;
        let change = self.change(n)?;
        let person = self.person(&change.person)?;
        let asked = confirm::ask(change, person, self.dossier, &self.cause, self.desk, self.now)
            .map_err(|why| Refused::new("not-asked", why.text))?;
        let said = format!("codice nuovo in partenza per {}", asked.letter.to);
        self.done(vec![Entry::Change { n, step: asked.step }], &said, |_| Ok(vec![asked.letter]))
    }
}

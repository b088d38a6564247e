//! How an office gives a dossier to the right procedure. It changes when that is sound in other cases.

use super::{Bench, Done};
use crate::calendar::{long, rome};
use crate::clockwork;
use crate::dossier::State;
use crate::life::Entry;
use crate::procedure::Procedure;
use crate::procedure::machine::plain;
use crate::refused::{REASON_BYTES_MAX, Refused, filled};
use crate::term::{self, Silence};
use crate::verb::Verb;
use alloc::format;
use alloc::vec;

impl Bench<'_> {
    /// The dossier goes on by another procedure, from the state in which it is. The term is that one's, from the same start; who is a
    /// party reads a new notice of the start, because office, end and silence may be others (L. 241/1990 art. 8).
    pub(super) fn reclassify(&self, to: &str, why: &str) -> Result<Done, Refused> {
        self.is_open()?;
        self.in_charge()?;
        let why = filled(why, "il perché", REASON_BYTES_MAX)?;
        let Some(new) = self.desk.procedures.get(to) else {
            let near = crate::nearest::hint(to, self.desk.procedures.all().map(|one| one.id.as_str()));
            return Err(Refused::new("no-procedure", format!("il procedimento «{to}» non c'è{near}")));
        };
        if new.id == self.procedure.id {
            return Err(Refused::new("same-procedure", format!("è già il procedimento «{}»", new.title)));
        }
        self.is_sound(new)?;
        let from = self.procedure;
        let mut entries = vec![
            Entry::Reclassified { from: from.id.clone(), to: new.id.clone(), title: new.title.clone() },
            Entry::Noted { text: format!("da «{}» a «{}»: {why}", from.title, new.title) },
        ];
        let office = new.unit.as_ref().unwrap_or(&self.dossier.office);
        let is_elsewhere = *office != self.dossier.office;
        if is_elsewhere {
            let responsible = clockwork::responsible(new);
            entries.push(Entry::Assigned { office: office.clone(), responsible });
        }
        let said =
            format!("adesso è «{}»: il termine si conta dallo stesso giorno, e lo scriviamo a chi è parte", new.title);
        let told = format!(
            "Abbiamo corretto il procedimento: prima era «{}», ed era un errore. Il tempo si conta sempre dal giorno in cui è cominciata.",
            from.title
        );
        let facts = [format!("Era «{}». {why}", from.title), format!("Corretta da {}.", self.order.by.trim())];
        self.done(entries, &said, |case| {
            let mut letters = case.start_notice_saying(Some(&told))?;
            if is_elsewhere {
                letters.extend(case.task(
                    office,
                    "pratica di questo ufficio: il procedimento era un altro",
                    &facts,
                    &[],
                ));
            }
            Ok(letters)
        })
    }

    /// What was done by the rules of the old procedure must hold by those of the new one.
    fn is_sound(&self, new: &Procedure) -> Result<(), Refused> {
        let Self { dossier, .. } = self;
        let waits = match dossier.state {
            State::InAttesaIntegrazioni | State::InAttesaPagamento | State::PreavvisoDiniego => Some("RIPRENDO"),
            State::InAttesaEnteTerzo => Some("PARERE RICEVUTO, o RIPRENDO"),
            _ => None,
        };
        if let Some(first) = waits {
            let text = format!(
                "la pratica è «{}», con i tempi del procedimento di adesso: prima scrivi {first}, poi correggi il procedimento",
                self.procedure.label(dossier.state)
            );
            return Err(Refused::new("waits", text));
        }
        if !new.states.contains(&dossier.state) {
            let text = format!(
                "il procedimento «{}» non usa lo stato «{}»: prima fai «{}», poi correggi il procedimento",
                new.title,
                self.procedure.label(dossier.state),
                plain(Verb::Prendi)
            );
            return Err(Refused::new("no-such-state", text));
        }
        let is_open = dossier.life.changes.iter().any(|change| !change.state.is_decided());
        if is_open || crate::enablement::waits(dossier) {
            let text = "c'è una richiesta sui dati ancora da decidere: prima approvala o rifiutala, poi correggi il procedimento";
            return Err(Refused::new("change-open", text));
        }
        self.silence_has_not_decided(new)
    }

    /// What the end of the term has given, or would give at once, is not made by a correction.
    fn silence_has_not_decided(&self, new: &Procedure) -> Result<(), Refused> {
        let today = rome(self.now).date();
        let now_granted = clockwork::silence(self.dossier, self.desk) == Silence::Assenso;
        if now_granted && self.dossier.due.is_some_and(|due| due < today) {
            let text = "il termine è finito, e per la legge il silenzio l'ha già accolta: si attesta, o si decide, ma non si cambia procedimento";
            return Err(Refused::new("silence-decided", text));
        }
        let plan = clockwork::plan(new, self.desk);
        let end = term::reckon(rome(self.dossier.opened_at).date(), &plan, &self.dossier.life.facts).last_day;
        match end.filter(|end| *end < today && clockwork::meaning(new) == Silence::Assenso) {
            Some(end) => {
                let text = format!(
                    "con «{}» il termine sarebbe finito il {}, e il silenzio l'avrebbe già accolta: prima decide una persona. Decidi qui, o apri una pratica nuova",
                    new.title,
                    long(end)
                );
                Err(Refused::new("term-over", text))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;

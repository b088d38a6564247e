//! How an office decides: what must have happened first, and what the letter says. It changes when the law wants something else of a
//! measure.

use super::{Bench, Done, need, weighed};
use crate::calendar::{last_day, rome};
use crate::clockwork;
use crate::letters::case::Told;
use crate::life::Entry;
use crate::participation;
use crate::procedure::Notice;
use crate::refused::Refused;
use crate::rules::Calendar;
use crate::term::{ClockFact, OBSERVATION_DAYS};
use crate::validity::instalments;
use crate::verb::Verb;
use alloc::format;
use alloc::string::String;
use alloc::vec;

impl Bench<'_> {
    /// A measure. What was filed must have been weighed, and a refusal must have been announced long enough ago.
    pub(super) fn decide(&self, verb: Verb, moved: Entry, points: &[String]) -> Result<Done, Refused> {
        need(points, "i motivi della decisione (L. 241/1990 art. 3)")?;
        let life = &self.dossier.life;
        participation::outcome_gate(&life.filings)?;
        self.changes_are_decided(verb)?;
        if let (Verb::Accogli, Some(why)) = (verb, clockwork::out_of_time(self.dossier, self.desk)) {
            // Nobody enters a ranking that is closed (Cons. Stato VI 8546/2024: to the second).
            return Err(Refused::new("out-of-time", format!("la domanda è fuori tempo: {why}")));
        }
        if verb == Verb::Accogli && self.procedure.rates.is_some() {
            instalments::checked(points.iter().map(String::as_str), rome(self.now).date())?;
        }
        if verb == Verb::AttestaSilenzio {
            self.silence_has_spoken()?;
        }
        if verb == Verb::Respingi && self.procedure.notice == Notice::Due {
            self.was_heard()?;
        }
        let (decision, next) = match verb {
            Verb::Accogli => ("la tua richiesta è accolta.", "La pratica è conclusa."),
            Verb::Respingi => ("la tua richiesta è respinta.", "La pratica è conclusa."),
            Verb::DichiaraIrricevibile => {
                ("la tua richiesta non è ammessa.", "La pratica è conclusa. Puoi mandare una richiesta nuova.")
            }
            Verb::AttestaSilenzio => (
                "la tua richiesta è accolta per silenzio assenso. Questo messaggio lo attesta.",
                "La pratica è conclusa.",
            ),
            _ => ("abbiamo annullato la nostra decisione.", "Leggi i motivi: dicono che cosa succede adesso."),
        };
        let changes = life
            .changes
            .iter()
            .filter(|change| change.applied.is_some())
            .flat_map(crate::data_change::DataChange::side_by_side)
            .collect();
        let told = Told { decision, next, points, weighed: weighed(self.dossier), changes };
        self.done(vec![moved], "decisione scritta: la lettera ai cittadini è in partenza", |case| case.outcome(&told))
    }

    /// A request to change data is granted by changing them, and refused by not doing so.
    pub(super) fn changes_are_decided(&self, verb: Verb) -> Result<(), Refused> {
        if matches!(verb, Verb::Accogli | Verb::AttestaSilenzio) && crate::enablement::waits(self.dossier) {
            // Granted without being enabled, the citizen would read of something that is not so.
            let text = "qui si chiede di abilitare una casella: si accoglie con ABILITO, o con sportello person enable";
            return Err(Refused::new("enable-instead", text));
        }
        let open = self.dossier.life.changes.iter().find(|change| !change.state.is_decided());
        match open {
            Some(change) if matches!(verb, Verb::Accogli | Verb::AttestaSilenzio) => Err(Refused::new(
                "change-open",
                format!("la modifica {} è ancora {}: prima va approvata o rifiutata", change.id, change.state.words()),
            )),
            _ => Ok(()),
        }
    }

    /// Silence grants only after the last day of the term (L. 241/1990 art. 20 c. 1): before it nothing is there to be attested.
    fn silence_has_spoken(&self) -> Result<(), Refused> {
        let last = clockwork::count(self.dossier, self.desk).and_then(|counted| counted.last_day);
        let Some(last) = last else {
            return Err(Refused::new("too-early", "nessun termine è finito: non c'è un silenzio da attestare"));
        };
        if rome(self.now).date() > last {
            return Ok(());
        }
        let text = format!(
            "il termine finisce il {}: prima il silenzio non accoglie niente (L. 241/1990 art. 20)",
            crate::clockwork::day(last)
        );
        Err(Refused::new("too-early", text).until(last.tomorrow().unwrap_or(last)))
    }

    /// Art. 10-bis: announced, delivered, and ten days gone by or answered. Its breach voids the refusal (art. 21-octies c. 2).
    pub(super) fn was_heard(&self) -> Result<(), Refused> {
        let facts = self.dossier.life.facts.get(self.dossier.life.announced_after..).unwrap_or_default();
        let Some(announced) = facts.iter().find(|fact| matches!(fact, ClockFact::RefusalAnnounced { .. })) else {
            return Err(Refused::new(
                "notice-not-delivered",
                "il preavviso di rifiuto non risulta ancora consegnato al cittadino: senza, il rifiuto non vale (L. 241/1990 artt. 10-bis, 21-octies)",
            ));
        };
        let answered =
            facts.iter().any(|fact| matches!(fact, ClockFact::ObservationsFiled { .. }) && fact.at() >= announced.at());
        // Counted from this notice: a window of another one, or none at all, opens no way.
        let patron = self.desk.entity.patron;
        let last = last_day(announced.day(), OBSERVATION_DAYS, Calendar::Solar, patron);
        if answered || rome(self.now).date() > last {
            return Ok(());
        }
        let text = format!(
            "il cittadino può ancora rispondere al preavviso: tutto il {}. Poi si può respingere (L. 241/1990 art. 10-bis)",
            crate::clockwork::day(last)
        );
        Err(Refused::new("notice-running", text).until(last.tomorrow().unwrap_or(last)))
    }
}

//! What an office asks of the citizen or of another body. It changes when an office may ask for something else.

use super::{Bench, Done, NAME_BYTES_MAX, bounded, need, once};
use crate::advice;
use crate::calendar::{last_day, rome};
use crate::clockwork;
use crate::life::Entry;
use crate::refused::Refused;
use crate::rules::Calendar;
use crate::term::{ClockFact, Length, Silence, reckon};
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// What whoever asks again for what is held says before the reason, on a line of its own.
pub(crate) const AGAIN: &str = "SERVE DI NUOVO";

/// Days to pay, from the day of the letter: a design choice, no law says one.
pub const PAYMENT_DAYS: u32 = 30;

impl Bench<'_> {
    /// The body that was asked and has not answered: its clock runs again under the name under which it stopped.
    pub(super) fn body_that_answers(&self, to: &str) -> Result<String, Refused> {
        let mut waited: Vec<&str> = Vec::new();
        for fact in &self.dossier.life.facts {
            match fact {
                ClockFact::ThirdBodyAsked { body, .. } => waited.push(body),
                ClockFact::ThirdBodyAnswered { body, .. } => waited.retain(|it| it != body),
                ClockFact::WorkResumed { .. } => waited.clear(),
                _ => {}
            }
        }
        let asked = self.dossier.life.advice.iter().filter(|one| one.is_awaited()).map(|one| one.body.as_str());
        for body in asked {
            if !waited.contains(&body) {
                waited.push(body);
            }
        }
        let to = self.procedure.external.iter().find(|body| body.id == to).map_or(to, |body| body.title.as_str());
        match waited.as_slice() {
            [] => Ok(to.to_string()),
            [one] if to.is_empty() => Ok((*one).to_string()),
            several => match several.iter().find(|body| body.to_lowercase() == to.to_lowercase()) {
                Some(body) => Ok((*body).to_string()),
                None => Err(Refused::new("no-body", format!("il parere si aspetta da: {}", several.join(", ")))),
            },
        }
    }

    /// Once-only: what any public body holds is not asked (L. 241/1990 art. 18 c. 2), nor what was given before, unless who asks
    /// says why (`again`); and only the first time stops the clock.
    pub(super) fn ask(&self, moved: Entry, points: &[String], not_held: bool, again: &str) -> Result<Done, Refused> {
        need(points, "che cosa si chiede, una cosa per volta")?;
        if !not_held {
            return Err(Refused::new(
                "perhaps-held",
                "chi chiede deve dire che nessun ufficio pubblico ha già quello che si chiede (--not-held; L. 241/1990 art. 18)",
            ));
        }
        let given = once::again(points, &self.order.held, self.dossier, self.people);
        let told = once::told(&given, points);
        if !given.is_empty() && again.is_empty() {
            let text = format!(
                "è già agli atti, e non si chiede due volte (L. 241/1990 art. 18 c. 2). {told}. Guardalo lì: «sportello dossier show». Se \
                 serve lo stesso, ripeti l'ordine dicendo perché: per posta con la riga «{AGAIN}: perché», dal terminale con --again"
            );
            return Err(Refused::new("held-already", text));
        }
        let again = bounded(&[String::from(again)])?.pop().unwrap_or_default();
        let mut entries = vec![moved];
        if !given.is_empty() {
            entries.push(Entry::Noted {
                text: format!("chiesto di nuovo, benché già agli atti: {told}. Perché: {again}"),
            });
        }
        let held: Vec<usize> = given.iter().map(|one| one.point).collect();
        let is_first = !self.dossier.life.facts.iter().any(|fact| matches!(fact, ClockFact::IntegrationAsked { .. }));
        // A term that is over stands still for nothing.
        let is_over = self.dossier.due.is_some_and(|due| due < rome(self.now).date());
        let stops = (is_first && !is_over)
            .then(|| {
                rome(self.now)
                    .date()
                    .checked_add(jiff::Span::new().days(i64::from(crate::term::INTEGRATION_DAYS_MAX)))
                    .ok()
            })
            .flatten();
        let said = if is_over {
            "richiesta di integrazione in partenza. Il termine è finito: non si ferma più"
        } else if is_first {
            "richiesta di integrazione in partenza: il termine si ferma quando arriva, al massimo 30 giorni"
        } else {
            "richiesta di integrazione in partenza. Non è la prima: il termine non si ferma (L. 241/1990 art. 2 c. 7)"
        };
        self.done(entries, said, |case| case.integration(points, stops, &held, &again))
    }

    /// Another body is asked for advice or assent (L. 241/1990 artt. 16-17-bis). One of the procedure's file gets a letter, and its
    /// clock runs from the delivery; of another one the office writes by itself, and it runs from now.
    pub(super) fn advice(&self, moved: Entry, points: &[String], to: &str) -> Result<Done, Refused> {
        let bodies = &self.procedure.external;
        let same = |name: &str| name.to_lowercase() == to.to_lowercase();
        let body = match (to, bodies.as_slice()) {
            ("", [one]) => Some(one),
            _ => bodies.iter().find(|body| same(&body.id) || same(&body.title)),
        };
        if let Some(body) = body {
            need(points, "che cosa si chiede all'ente, una cosa per volta: il messaggio non dice altro")?;
            if self.dossier.life.advice.iter().any(|one| one.body == body.title && one.is_awaited()) {
                return Err(Refused::new("asked-already", format!("il parere di {} si aspetta già", body.title)));
            }
            let asked = Entry::Advice { body: body.title.clone(), step: advice::Step::Asked { days: body.days } };
            let said = format!("parere chiesto a {}: la lettera è in partenza", body.title);
            return self.done(vec![moved, asked], &said, |case| {
                Ok(vec![case.body(body, "richiesta di parere", points, &self.procedure.title)?])
            });
        }
        if to.is_empty() || to.len() > NAME_BYTES_MAX {
            let known: Vec<&str> = bodies.iter().map(|body| body.id.as_str()).collect();
            let known = if known.is_empty() { String::new() } else { format!(": {}", known.join(", ")) };
            return Err(Refused::new("no-body", format!("manca l'ente a cui si chiede il parere{known}")));
        }
        let suspends_days = clockwork::third_body_days(self.procedure);
        let clock = ClockFact::ThirdBodyAsked { at: self.now, body: to.to_string(), suspends_days };
        self.done(vec![moved, Entry::Clock { clock }], "parere chiesto", |_| Ok(vec![]))
    }

    /// It has answered.
    pub(super) fn advice_came(&self, moved: Entry, to: &str) -> Result<Done, Refused> {
        let body = self.body_that_answers(to)?;
        let mut entries = vec![moved];
        if self.dossier.life.advice.iter().any(|one| one.body == body && one.is_awaited()) {
            entries.push(Entry::Advice { body: body.clone(), step: advice::Step::Answered });
        }
        entries.push(Entry::Clock { clock: ClockFact::ThirdBodyAnswered { at: self.now, body } });
        self.done(entries, "parere arrivato", |_| Ok(vec![]))
    }

    /// What is to be paid: the procedure's fees, and how the office wants them paid. The term runs meanwhile: no law stops it.
    pub(super) fn payment(&self, moved: Entry, points: &[String]) -> Result<Done, Refused> {
        need(points, "come si paga: il numero dell'avviso, la pagina (--point, uno per volta)")?;
        let mut fees: Vec<(String, String)> =
            self.procedure.fees.iter().map(|fee| (fee.what.clone(), fee.amount.clone())).collect();
        if let (true, Some(cost)) = (fees.is_empty(), &self.procedure.card.cost) {
            fees.push((self.procedure.title.clone(), cost.clone()));
        }
        if fees.is_empty() {
            let text = "il file del procedimento non dice che cosa si paga: manca `costi`, o `costo` nella scheda";
            return Err(Refused::new("no-fees", text));
        }
        let by = last_day(rome(self.now).date(), PAYMENT_DAYS, Calendar::Solar, self.desk.entity.patron);
        self.done(vec![moved], "richiesta di pagamento in partenza", |case| case.payment(&fees, points, by))
    }

    /// What a valid request lacks, and the ways that are open (CAD art. 65; L. 241/1990 art. 6 c. 1 b).
    pub(super) fn irregular(&self, moved: Entry, points: &[String]) -> Result<Done, Refused> {
        need(points, "che cosa non è in regola, una cosa per volta")?;
        let restarts = self.dossier.life.plan.is_some_and(|plan| plan.restarts_when_irregular);
        let said = if restarts {
            "richiesta di regolarizzazione in partenza: quando arriva il termine si ferma, e poi ricomincia"
        } else {
            "richiesta di regolarizzazione in partenza: il termine corre"
        };
        self.done(vec![moved], said, |case| case.irregular(points, restarts))
    }

    /// The request was said to be irregular, and nobody has said since that it is regular.
    pub(super) fn is_irregular(&self) -> bool {
        clockwork::is_irregular(self.dossier)
    }

    /// Two months more. The letter must reach the citizen within the first month: the delivery counts (GDPR art. 12 par. 3).
    pub(super) fn extend(&self, points: &[String]) -> Result<Done, Refused> {
        self.is_open()?;
        self.in_charge()?;
        need(points, "i motivi della proroga (Gdpr art. 12 par. 3)")?;
        let counted = clockwork::count(self.dossier, self.desk);
        let Some(counted) = counted.filter(|counted| matches!(counted.plan.length, Length::Months(_))) else {
            let text = "si prorogano solo le risposte sui dati personali (Gdpr art. 12 par. 3)";
            return Err(Refused::new("not-here", text));
        };
        let was_extended = |fact: &ClockFact| matches!(fact, ClockFact::Extended { .. });
        if self.dossier.life.facts.iter().any(was_extended) {
            return Err(Refused::new("again", "è già stata prorogata: una seconda volta non si può"));
        }
        if counted.last_day.is_none_or(|last| last < rome(self.now).date()) {
            return Err(Refused::new("too-late", "il primo termine è finito: la proroga andava detta prima"));
        }
        let mut facts = self.dossier.life.facts.clone();
        facts.push(ClockFact::Extended { at: self.now });
        let later = reckon(counted.start, &counted.plan, &facts).last_day;
        let Some(until) = later.filter(|later| Some(*later) > counted.last_day) else {
            return Err(Refused::new("not-here", "questo termine non si può prorogare"));
        };
        self.done(vec![], "proroga in partenza: vale quando arriva, entro il primo termine", |case| {
            case.extension(points, until)
        })
    }

    /// Half of the term for the holder of the substitute power, once the term is over.
    pub(super) fn substitute(&self, why: &str) -> Result<Done, Refused> {
        self.is_open()?;
        if self.order.office != self.desk.entity.fallback_office {
            self.in_charge()?;
        }
        let Some(why) = bounded(&[String::from(why)])?.pop() else {
            return Err(Refused::new("empty", "manca chi lo ha chiesto, o perché comincia da solo"));
        };
        if clockwork::silence(self.dossier, self.desk) != Silence::Inadempimento {
            let text = "qui il silenzio ha già deciso: il potere sostitutivo non c'entra (L. 241/1990 art. 2 c. 9-bis)";
            return Err(Refused::new("not-here", text));
        }
        let counted = clockwork::count(self.dossier, self.desk);
        if counted.as_ref().and_then(|counted| counted.last_day).is_none_or(|last| last >= rome(self.now).date()) {
            return Err(Refused::new("too-early", "il termine non è finito: tocca ancora all'ufficio"));
        }
        if counted.is_some_and(|counted| counted.substitute.is_some()) {
            return Err(Refused::new("again", "il potere sostitutivo è già cominciato"));
        }
        let clock = ClockFact::SubstituteStarts { at: self.now };
        let to = self.desk.entity.fallback_office.clone();
        let facts = [why.clone(), format!("Potere sostitutivo: {}", self.desk.entity.substitute)];
        let entries = vec![Entry::Clock { clock }, Entry::Noted { text: format!("potere sostitutivo: {why}") }];
        self.done(entries, "comincia il potere sostitutivo: metà del termine da oggi", |case| {
            Ok(case.task(&to, "decide chi ha il potere sostitutivo", &facts, &[]).into_iter().collect())
        })
    }

    /// Who may say what the term becomes: who is responsible, of the competent office.
    pub(super) fn in_charge(&self) -> Result<(), Refused> {
        self.procedure
            .may_in(Verb::Assegna, self.actor(), &self.dossier.office)
            .map_err(|why| Refused::new("not-lawful", why.why))
    }
}

#[cfg(test)]
mod tests;

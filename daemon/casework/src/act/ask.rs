//! What an office asks of the citizen or of another body. It changes when an office may ask for something else.

use super::{Bench, Done, NAME_BYTES_MAX, need};
use crate::calendar::rome;
use crate::clockwork;
use crate::life::Entry;
use crate::refused::Refused;
use crate::term::ClockFact;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

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
        match waited.as_slice() {
            [] => Ok(to.to_string()),
            [one] if to.is_empty() => Ok((*one).to_string()),
            several => match several.iter().find(|body| body.to_lowercase() == to.to_lowercase()) {
                Some(body) => Ok((*body).to_string()),
                None => Err(Refused::new("no-body", format!("il parere si aspetta da: {}", several.join(", ")))),
            },
        }
    }

    /// Once-only: what any public body holds is not asked (L. 241/1990 art. 18 c. 2), and only the first time stops the clock.
    pub(super) fn ask(&self, moved: Entry, points: &[String], not_held: bool) -> Result<Done, Refused> {
        need(points, "che cosa si chiede, una cosa per volta")?;
        if !not_held {
            return Err(Refused::new(
                "perhaps-held",
                "chi chiede deve dire che nessun ufficio pubblico ha già quello che si chiede (--not-held; L. 241/1990 art. 18)",
            ));
        }
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
        self.done(vec![moved], said, |case| case.integration(points, stops))
    }

    /// Another body is asked for advice or assent (L. 241/1990 artt. 16-17-bis).
    pub(super) fn advice(&self, moved: Entry, to: &str) -> Result<Done, Refused> {
        if to.is_empty() || to.len() > NAME_BYTES_MAX {
            return Err(Refused::new("no-body", "manca l'ente a cui si chiede il parere"));
        }
        let suspends_days = clockwork::third_body_days(self.procedure);
        let clock = ClockFact::ThirdBodyAsked { at: self.now, body: to.to_string(), suspends_days };
        self.done(vec![moved, Entry::Clock { clock }], "parere chiesto", |_| Ok(vec![]))
    }
}

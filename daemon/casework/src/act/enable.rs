//! How an office enables an address that a citizen has asked for. It changes when more must be seen before.

use super::{Bench, Done, need};
use crate::decision::Change;
use crate::enablement::{self, Step};
use crate::letters::case::Told;
use crate::life::Entry;
use crate::participation;
use crate::person::Scope;
use crate::refused::Refused;
use crate::verb::Verb;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use jiff::civil::Date;

impl Bench<'_> {
    /// Says no: only in a dossier in which that was asked, so that a wrong number closes nobody's request.
    pub(super) fn deny(&self, points: &[String]) -> Result<Done, Refused> {
        if self.dossier.life.enablement.is_none() {
            return Err(Refused::new("not-asked", "in questo fascicolo nessuno ha chiesto di abilitare un indirizzo"));
        }
        self.verb(Verb::DichiaraIrricevibile, points, "", false, "")
    }

    /// Grants it: the address becomes the person's, and the request is granted with its letter, in one line of the register.
    pub(super) fn enable(&self, scopes: &[Scope], until: Option<Date>, points: &[String]) -> Result<Done, Refused> {
        need(points, "il motivo: che documento è stato visto (L. 241/1990 art. 3)")?;
        self.is_open()?;
        participation::outcome_gate(&self.dossier.life.filings)?;
        if let Some(Scope::DelegateOf { .. }) = scopes.iter().find(|scope| matches!(scope, Scope::DelegateOf { .. })) {
            let text = "chi agisce per un altro ha bisogno della delega: si scrive con sportello person mandate";
            return Err(Refused::new("not-here", text));
        }
        let grant = enablement::grant(self.dossier, self.people, scopes, until, &self.order.by, self.now)?;
        let mut entries = vec![Entry::Enabling { step: Step::Granted }];
        let mut state = self.dossier.state;
        // The request is taken in charge and granted by the same hand: each step as the procedure lets it be done.
        for verb in [Verb::Registra, Verb::Prendi, Verb::Accogli] {
            match self.procedure.act(state, verb, self.actor(), &self.dossier.office) {
                Ok(to) => {
                    state = to;
                    let points = if verb == Verb::Accogli { points.to_vec() } else { vec![] };
                    entries.push(Entry::Moved { verb, to, points });
                }
                Err(why) if verb == Verb::Accogli => return Err(Refused::new("not-lawful", why.why)),
                Err(_) => {}
            }
        }
        let address = self.dossier.life.enablement.as_ref().map(|asked| asked.address.as_str()).unwrap_or_default();
        let end = until.map(|until| format!(", fino a {}", crate::calendar::in_words(until))).unwrap_or_default();
        let what = match scopes {
            [Scope::OwnData] => "i tuoi dati",
            [Scope::OwnDossiers] => "l'elenco delle tue pratiche",
            _ => "i tuoi dati e le tue pratiche",
        };
        let decision = format!("la casella {address} è abilitata: da lì puoi chiedere {what}{end}.");
        let next = "La pratica è conclusa. Se non usi più questa casella, scrivi REVOCA nell'oggetto.";
        let told =
            Told { decision: &decision, next, points, weighed: super::weighed(self.dossier), changes: Vec::new() };
        let mut done = self.done(entries, "indirizzo abilitato: la lettera è in partenza", |case| {
            let warned = grant.others.iter().map(|other| case.enabled_elsewhere(other, address));
            Ok(case.outcome(&told)?.into_iter().chain(warned.collect::<Result<Vec<_>, _>>()?).collect())
        })?;
        let id = grant.person;
        done.said = format!("{} (persona {id})", done.said);
        done.changes.extend(grant.entries.into_iter().map(|entry| Change::Person { id: id.clone(), entry }));
        Ok(done)
    }
}

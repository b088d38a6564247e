//! From which state to which, and who may do it. It changes when the law does.

use super::model::{Attestation, Notice, Procedure, Role, Silence, ThirdBody, Window};
use crate::dossier::State;
use crate::verb::Verb;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use jiff::Timestamp;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor<'a> {
    /// Who asked, or a party.
    Citizen,
    /// Somebody of an office: of the rules, or an external one of the procedure.
    Office {
        /// Id of the office.
        id: &'a str,
        /// What they are in it.
        role: Role,
    },
    /// The machine by itself, at an hour or after an event.
    Timer,
}

/// Why something may not be done, in Italian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// As people read it.
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.why)
    }
}

impl core::error::Error for Refused {}

fn refused<T>(why: String) -> Result<T, Refused> {
    Err(Refused { why })
}

/// One row of the machine: what may be done in a state, and where it leads.
type Row = (State, &'static [(Verb, State)]);

/// The machine of law.md §10. Finals have no exit but self-protection (L. 241/1990 art. 21-novies), and only a measure that gave
/// something can be taken back. Whoever asked may always take it back while nothing is decided.
///
/// Not in it, and so in no file: a refusal before its notice (see [`Procedure::next`]), a silence that grants what is suspended, or
/// what lacks the elements of a request (art. 20 c. 1).
const MACHINE: [Row; 12] = {
    use State as S;
    use Verb as V;
    [
        (
            S::Ricevuta,
            &[
                (V::Registra, S::Protocollata),
                (V::ChiediRegolarizzazione, S::DaRegolarizzare),
                (V::DichiaraIrricevibile, S::Irricevibile),
                (V::Trasmetti, S::TrasmessaAltroEnte),
                (V::AttestaSilenzio, S::AccoltaPerSilenzio),
                (V::Ritira, S::Ritirata),
            ],
        ),
        (
            S::Protocollata,
            &[
                (V::Assegna, S::Assegnata),
                (V::Prendi, S::InLavorazione),
                (V::ChiediRegolarizzazione, S::DaRegolarizzare),
                (V::DichiaraIrricevibile, S::Irricevibile),
                (V::Trasmetti, S::TrasmessaAltroEnte),
                (V::AttestaSilenzio, S::AccoltaPerSilenzio),
                (V::Ritira, S::Ritirata),
            ],
        ),
        (
            S::DaRegolarizzare,
            &[
                (V::Integra, S::Protocollata),
                (V::Prendi, S::InLavorazione),
                (V::DichiaraIrricevibile, S::Irricevibile),
                (V::Trasmetti, S::TrasmessaAltroEnte),
                (V::Ritira, S::Ritirata),
            ],
        ),
        (
            S::Assegnata,
            &[
                (V::Assegna, S::Assegnata),
                (V::Prendi, S::InLavorazione),
                (V::ChiediRegolarizzazione, S::DaRegolarizzare),
                (V::DichiaraIrricevibile, S::Irricevibile),
                (V::Trasmetti, S::TrasmessaAltroEnte),
                (V::AttestaSilenzio, S::AccoltaPerSilenzio),
                (V::Ritira, S::Ritirata),
            ],
        ),
        (
            S::InLavorazione,
            &[
                (V::Assegna, S::Assegnata),
                (V::ChiediRegolarizzazione, S::DaRegolarizzare),
                (V::ChiediIntegrazione, S::InAttesaIntegrazioni),
                (V::ChiediParere, S::InAttesaEnteTerzo),
                (V::ChiediPagamento, S::InAttesaPagamento),
                (V::PreavvisoDiniego, S::PreavvisoDiniego),
                (V::Accogli, S::Accolta),
                (V::Respingi, S::Respinta),
                (V::DichiaraIrricevibile, S::Irricevibile),
                (V::Trasmetti, S::TrasmessaAltroEnte),
                (V::AttestaSilenzio, S::AccoltaPerSilenzio),
                (V::Ritira, S::Ritirata),
            ],
        ),
        (
            S::InAttesaIntegrazioni,
            &[(V::Integra, S::Integrata), (V::Riprendi, S::InLavorazione), (V::Ritira, S::Ritirata)],
        ),
        (
            S::Integrata,
            &[
                (V::Assegna, S::Assegnata),
                (V::Prendi, S::InLavorazione),
                (V::Riprendi, S::InLavorazione),
                (V::ChiediIntegrazione, S::InAttesaIntegrazioni),
                (V::PreavvisoDiniego, S::PreavvisoDiniego),
                (V::Accogli, S::Accolta),
                (V::Respingi, S::Respinta),
                (V::DichiaraIrricevibile, S::Irricevibile),
                (V::Trasmetti, S::TrasmessaAltroEnte),
                (V::AttestaSilenzio, S::AccoltaPerSilenzio),
                (V::Ritira, S::Ritirata),
            ],
        ),
        (
            S::InAttesaEnteTerzo,
            &[
                (V::RiceviParere, S::InLavorazione),
                (V::Riprendi, S::InLavorazione), // advice that does not come holds nobody up (art. 16 c. 2)
                (V::AttestaSilenzio, S::AccoltaPerSilenzio),
                (V::Ritira, S::Ritirata),
            ],
        ),
        (
            S::InAttesaPagamento,
            &[(V::RegistraPagamento, S::InLavorazione), (V::Riprendi, S::InLavorazione), (V::Ritira, S::Ritirata)],
        ),
        (
            S::PreavvisoDiniego,
            &[
                (V::Riprendi, S::InLavorazione),
                (V::Accogli, S::Accolta),
                (V::Respingi, S::Respinta),
                (V::Ritira, S::Ritirata),
            ],
        ),
        (S::Accolta, &[(V::Annulla, S::AnnullataAutotutela)]),
        (S::AccoltaPerSilenzio, &[(V::Annulla, S::AnnullataAutotutela)]),
    ]
};

/// What the law lets be done in a state, and where it leads.
#[must_use]
pub fn row(state: State) -> &'static [(Verb, State)] {
    MACHINE.iter().find(|(from, _)| *from == state).map_or(&[], |(_, row)| row)
}

/// Where the law lets a verb lead; `None`: nowhere.
#[must_use]
pub fn lawful(state: State, verb: Verb) -> Option<State> {
    row(state).iter().find(|(one, _)| *one == verb).map(|(_, to)| *to)
}

/// A slug for people: `prendi in carico`.
#[must_use]
pub fn plain(verb: Verb) -> String {
    match verb {
        Verb::PreavvisoDiniego => "manda il preavviso di diniego".into(),
        Verb::Trasmetti => "trasmetti a un altro ente".into(),
        Verb::Annulla => "annulla in autotutela".into(),
        Verb::AttestaSilenzio => "attesta il silenzio".into(),
        _ => verb.code().replace('_', " "),
    }
}

/// Verbs that decide: they end it, or announce how it will end. Of a person, and never of another body.
#[must_use]
pub fn decides(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::PreavvisoDiniego
            | Verb::Accogli
            | Verb::Respingi
            | Verb::DichiaraIrricevibile
            | Verb::Trasmetti
            | Verb::AttestaSilenzio
            | Verb::Annulla
    )
}

impl Procedure {
    /// The state that a verb leads to.
    ///
    /// # Errors
    /// The law or the file does not let it be done in this state.
    pub fn next(&self, state: State, verb: Verb) -> Result<State, Refused> {
        let Some(to) = lawful(state, verb) else {
            return self.nowhere(state, verb);
        };
        match verb {
            Verb::PreavvisoDiniego | Verb::Respingi => self.may_refuse(state, verb)?,
            Verb::AttestaSilenzio if !matches!(self.silence, Silence::Assent(_)) => {
                return refused(format!(
                    "qui il silenzio non accoglie: «{}» vuole `silenzio = \"assenso\"` (L. 241/1990 art. 20)",
                    plain(verb)
                ));
            }
            Verb::AttestaSilenzio if state == State::InAttesaEnteTerzo && self.third_body == ThirdBody::Suspends => {
                return refused("il termine è sospeso: il silenzio non si forma finché non riparte".into());
            }
            Verb::ChiediParere if self.third_body == ThirdBody::None => {
                return refused("questo procedimento non sente altri enti (`parere = \"no\"`)".into());
            }
            _ => {}
        }
        if self.steps.get(&state).is_some_and(|step| step.forbidden.contains(&verb)) {
            return refused(format!("il procedimento «{}» non ammette «{}» da qui", self.title, plain(verb)));
        }
        if let Some(unused) = [state, to].into_iter().find(|one| !self.states.contains(one)) {
            return refused(format!("il procedimento «{}» non usa lo stato `{}`", self.title, unused.code()));
        }
        Ok(to)
    }

    /// Art. 10-bis is a hard gate: a refusal that jumped it is annulled (art. 21-octies c. 2).
    fn may_refuse(&self, state: State, verb: Verb) -> Result<(), Refused> {
        match (&self.notice, verb) {
            (Notice::Due, Verb::Respingi) if state != State::PreavvisoDiniego => refused(
                "prima di respingere serve il preavviso di diniego, e il tempo per rispondere (L. 241/1990 art. 10-bis)"
                    .into(),
            ),
            (Notice::Excluded(why), Verb::PreavvisoDiniego) => {
                refused(format!("qui il preavviso di diniego non si applica ({why})"))
            }
            _ => Ok(()),
        }
    }

    fn nowhere(&self, state: State, verb: Verb) -> Result<State, Refused> {
        let can: Vec<String> = self.exits(state).into_iter().map(|(verb, _)| plain(verb)).collect();
        let can =
            if can.is_empty() { "non si può più fare niente".into() } else { format!("si può: {}", can.join(", ")) };
        let why = if state.is_final() { "la pratica è chiusa" } else { "la pratica è" };
        refused(format!("{why} ({}): non si può fare «{}»; {can}", self.label(state), plain(verb)))
    }

    /// Everything that may be done in a state, and where it leads.
    #[must_use]
    pub fn exits(&self, state: State) -> Vec<(Verb, State)> {
        row(state).iter().filter_map(|(verb, _)| Some((*verb, self.next(state, *verb).ok()?))).collect()
    }

    /// Every state that a request can come to.
    #[must_use]
    pub fn reachable(&self) -> BTreeSet<State> {
        let mut seen = BTreeSet::from([State::Ricevuta]);
        // Each round adds a state or is the last.
        for _ in 0..State::ALL.len() {
            let more: Vec<State> = seen
                .iter()
                .flat_map(|state| self.exits(*state))
                .map(|(_, to)| to)
                .filter(|to| !seen.contains(to))
                .collect();
            if more.is_empty() {
                break;
            }
            seen.extend(more);
        }
        seen
    }

    /// Every state from which the body can come to a decision of its own: that whoever asked may take it back, or that time may
    /// grant it, is not one (L. 241/1990 art. 2 c. 1).
    #[must_use]
    pub fn can_be_decided(&self) -> BTreeSet<State> {
        let express = [State::Accolta, State::Respinta, State::Irricevibile, State::TrasmessaAltroEnte];
        let mut good: BTreeSet<State> = express.into_iter().filter(|state| self.states.contains(state)).collect();
        for _ in 0..State::ALL.len() {
            let ends = |state: &State| self.exits(*state).iter().any(|(_, to)| good.contains(to));
            let more: Vec<State> = self.states.iter().copied().filter(|s| !good.contains(s)).filter(ends).collect();
            if more.is_empty() {
                break;
            }
            good.extend(more);
        }
        good
    }

    /// Whether somebody may do this at all. Where the procedure has no unit of its own (the default one), every office of the
    /// body counts as the competent one: [`act`](Self::act) asks for the dossier's.
    ///
    /// # Errors
    /// They may not.
    pub fn may(&self, verb: Verb, actor: Actor<'_>) -> Result<(), Refused> {
        self.may_for(verb, actor, self.unit.as_deref())
    }

    fn may_for(&self, verb: Verb, actor: Actor<'_>, unit: Option<&str>) -> Result<(), Refused> {
        match actor {
            Actor::Citizen if matches!(verb, Verb::Ritira | Verb::Integra) => Ok(()),
            Actor::Citizen => refused(format!(
                "chi ha fatto la richiesta può solo mandare quello che manca o ritirarla, non fare «{}»",
                plain(verb)
            )),
            Actor::Timer => self.timer_may(verb),
            Actor::Office { id, role } => self.office_may(verb, id, role, unit),
        }
    }

    /// No dossier is closed by a timer (L. 241/1990 art. 2 c. 1); what has already happened by law is attested (art. 20 c. 2-bis).
    fn timer_may(&self, verb: Verb) -> Result<(), Refused> {
        match verb {
            Verb::Registra | Verb::Riprendi => Ok(()),
            Verb::AttestaSilenzio => match self.silence {
                Silence::Assent(Attestation::Automatic) => Ok(()),
                Silence::Assent(Attestation::Person) => {
                    refused("qui il silenzio lo attesta una persona (`attestazione = \"persona\"`)".into())
                }
                Silence::Default | Silence::Refusal => {
                    refused("qui il silenzio non accoglie: decide una persona".into())
                }
            },
            _ => refused(format!(
                "una scadenza non può fare «{}»: lo fa una persona (L. 241/1990 art. 2 c. 1)",
                plain(verb)
            )),
        }
    }

    fn office_may(&self, verb: Verb, id: &str, role: Role, unit: Option<&str>) -> Result<(), Refused> {
        let external = self.external.iter().any(|office| office.id == id);
        if external && (decides(verb) || verb == Verb::Ritira) {
            return refused(format!("«{}» lo fa solo un ufficio dell'ente, non `{id}`", plain(verb)));
        }
        // Whoever asked takes it back. An office writes it down only where the file says so, for what is said at the counter.
        let is_unit = !external && unit.is_none_or(|unit| unit == id);
        let needed = match self.grants.get(&verb) {
            Some(grants) => {
                let of_office =
                    |grant: &&super::model::Grant| grant.office.as_deref().map_or(is_unit, |office| office == id);
                grants.iter().filter(of_office).map(|grant| grant.role).min()
            }
            None if verb == Verb::Ritira => None,
            None if external => (verb == Verb::RiceviParere).then_some(Role::Operatore),
            None if is_unit && (decides(verb) || verb == Verb::Assegna) => Some(Role::Responsabile),
            None if is_unit => Some(Role::Operatore),
            None if decides(verb) || verb == Verb::Assegna => None,
            None => self.other_units.iter().any(|unit| unit == id).then_some(Role::Operatore),
        };
        match needed {
            Some(needed) if role >= needed => Ok(()),
            Some(needed) => refused(format!(
                "«{}» lo può fare almeno chi è {} dell'ufficio `{id}`, non chi è {}",
                plain(verb),
                needed.code(),
                role.code()
            )),
            None => {
                refused(format!("l'ufficio `{id}` non può fare «{}» nel procedimento «{}»", plain(verb), self.title))
            }
        }
    }

    /// As [`may`](Self::may), in a dossier that belongs to an office (id).
    ///
    /// # Errors
    /// They may not.
    pub fn may_in(&self, verb: Verb, actor: Actor<'_>, owner: &str) -> Result<(), Refused> {
        self.may_for(verb, actor, Some(owner))
    }

    /// Both questions, and the state it leads to. `owner`: the office (id) of the dossier, which is competent for it: the
    /// procedure's unit is where a dossier begins that no rule places, and a dossier may be given to another office.
    ///
    /// # Errors
    /// It may not be done in this state, or not by them.
    pub fn act(&self, state: State, verb: Verb, actor: Actor<'_>, owner: &str) -> Result<State, Refused> {
        self.may_for(verb, actor, Some(owner))?;
        let to = self.next(state, verb)?;
        // After an announced refusal a person weighs what was answered; what is being paid is not given up by an hour.
        let waits = matches!(state, State::InAttesaIntegrazioni | State::InAttesaEnteTerzo);
        if actor == Actor::Timer && verb == Verb::Riprendi && !waits {
            return refused(format!("da «{}» riprende una persona, non una scadenza", self.label(state)));
        }
        Ok(to)
    }

    /// Whether a request that arrived at this instant is in time, to the second. Only rankings have such a time.
    ///
    /// # Errors
    /// Too early or too late.
    pub fn in_time(&self, arrived: Timestamp) -> Result<(), Refused> {
        match &self.window {
            Some(window) if window.is_ahead(arrived) => {
                refused(format!("le domande si mandano dal {} (ora di Roma)", spoken(window.opens)))
            }
            Some(window) if window.is_closed(arrived) => {
                refused(format!("le domande si sono chiuse il {} (ora di Roma)", spoken(window.closes)))
            }
            _ => Ok(()),
        }
    }

    /// A ranking is decided when nobody can enter it any more.
    ///
    /// # Errors
    /// It is still open.
    pub fn decidable(&self, verb: Verb, now: Timestamp) -> Result<(), Refused> {
        match &self.window {
            Some(window) if matches!(verb, Verb::Accogli | Verb::Respingi) && !window.is_closed(now) => {
                refused(self.not_decidable(*window))
            }
            _ => Ok(()),
        }
    }

    /// Why nothing is said yet of who stands where in a ranking.
    pub(crate) fn not_decidable(&self, window: Window) -> String {
        format!("la graduatoria si forma dopo la chiusura delle domande, il {}", spoken(window.closes))
    }
}

/// `31/03/2027 alle 12:00:00`.
fn spoken(at: jiff::civil::DateTime) -> String {
    format!(
        "{:02}/{:02}/{} alle {:02}:{:02}:{:02}",
        at.day(),
        at.month(),
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

//! What a person of an office may do with a dossier. It changes when an office may do something else.
//!
//! The only maker of entries that an office causes: whatever the channel (command, drop folder, mail), it comes through [`act`].

mod ask;
mod change;
mod competence;
mod decide;
mod enable;
pub(crate) mod handed;
pub mod once;
mod rank;
mod reclassify;

use crate::around::around;
use crate::clockwork::{procedure_of, with_term};
use crate::decision::{Change, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Dossier, State};
use crate::follow;
use crate::letters::case::Case;
use crate::life::Entry;
use crate::participation;
use crate::person::{Person, Scope};
use crate::procedure::{Actor, Procedure, Role};
use crate::ranking::Answer;
use crate::refused::Refused;
use crate::term::ClockFact;
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
pub(crate) use ask::AGAIN;
pub(crate) use competence::delivered;
pub use competence::{HANDED_ON_MAX, Mailed};
pub use handed::{HANDED_MAX, Handed};
use jiff::Timestamp;
pub use rank::POSITION_MAX;
use serde::{Deserialize, Serialize};

/// Reasons, or things asked, of one act.
pub const POINTS_MAX: usize = 20;
/// Longest of them, bytes: a page. The letter quotes them.
pub const POINT_BYTES_MAX: usize = 4 * 1024;
/// Longest name of somebody who acts, or of a body, bytes.
const NAME_BYTES_MAX: usize = 300;

/// What is ordered of a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its number.
    pub dossier: String,
    /// What to do.
    pub act: Act,
    /// Who: name and surname.
    pub by: String,
    /// For which office (id).
    pub office: String,
    /// As what: `operatore`, `responsabile`, `coordinatore`.
    pub role: String,
    /// The files that came with it, by mail.
    #[serde(skip)]
    pub documents: Vec<Handed>,
    /// What citizens filed in the dossier, the oldest first: what is sent on to another body.
    #[serde(skip)]
    pub filed: Vec<Mailed>,
    /// What who is asked has given already: what is asked is held against it.
    #[serde(skip)]
    pub held: Vec<once::Held>,
}

impl Order {
    /// An order that brings no files, and for which nothing was looked up yet. `by`: who; `office`: for which (id); `role`: as what.
    pub fn new(
        dossier: impl Into<String>,
        act: Act,
        by: impl Into<String>,
        office: impl Into<String>,
        role: impl Into<String>,
    ) -> Self {
        Self {
            dossier: dossier.into(),
            act,
            by: by.into(),
            office: office.into(),
            role: role.into(),
            documents: Vec::new(),
            filed: Vec::new(),
            held: Vec::new(),
        }
    }
}

/// What may be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// A verb of the procedure.
    Do {
        /// Which.
        verb: Verb,
        /// Reasons, one by one; what is asked, one by one.
        #[serde(default)]
        points: Vec<String>,
        /// The other body, where one is meant.
        #[serde(default)]
        to: String,
        /// Who acts says that what is asked is held by no public body (L. 241/1990 art. 18 c. 2).
        #[serde(default)]
        not_held: bool,
        /// Why what is asked is needed again, where the archive or the register holds it already; empty: nobody says so.
        #[serde(default)]
        again: String,
    },
    /// Gives it to an office, or makes a person responsible (art. 5).
    Assign {
        /// The office (id); empty: it stays.
        #[serde(default)]
        office: String,
        /// The person.
        #[serde(default)]
        responsible: String,
    },
    /// Writes a remark.
    Note {
        /// Its words.
        text: String,
    },
    /// Says how something that was filed was weighed (art. 10).
    Weigh {
        /// Which, from 1.
        filing: u32,
        /// The outcome: `accolta`, `accolta-in-parte`, `non-accolta`, `non-pertinente`.
        weight: participation::Weight,
        /// How.
        how: String,
    },
    /// Says yes to a change of data.
    Approve {
        /// Which, from 1.
        change: u32,
    },
    /// Says no to it.
    Refuse {
        /// Which, from 1.
        change: u32,
        /// Why, one by one.
        points: Vec<String>,
    },
    /// Asks the citizen for a new confirmation, with a new code: the old one did not come in time, or got lost.
    AskAgain {
        /// Which, from 1.
        change: u32,
    },
    /// Says no to who asked for an address to be enabled, and closes that dossier.
    Deny {
        /// Why, one by one.
        points: Vec<String>,
    },
    /// Takes two months more, and says so with the reasons (GDPR art. 12 par. 3).
    Extend {
        /// Why, one by one.
        points: Vec<String>,
    },
    /// The holder of the substitute power takes over a dossier whose term is over (L. 241/1990 art. 2 c. 9-ter).
    Substitute {
        /// Who asked him to, or why he does so by himself.
        why: String,
    },
    /// Writes down that the citizen confirmed it in person.
    ConfirmInPerson {
        /// Which, from 1.
        change: u32,
        /// SHA-256 of the document that was shown or signed.
        evidence: String,
    },
    /// Enables the address that was asked for, once its code has come back.
    Enable {
        /// What may be asked from it; none: one's own data and dossiers.
        #[serde(default)]
        scopes: Vec<Scope>,
        /// Last day; none: until it is ended.
        #[serde(default)]
        until: Option<jiff::civil::Date>,
        /// Why, one by one: which document was seen.
        points: Vec<String>,
    },
    /// Gives it to another procedure: the wrong service was chosen.
    Reclassify {
        /// The right one (id).
        procedure: String,
        /// Why.
        why: String,
    },
    /// Says where the request stands in its ranking, and tells the citizen.
    Rank {
        /// The position, from 1.
        position: u32,
        /// What else the citizen should know, one by one.
        #[serde(default)]
        points: Vec<String>,
    },
    /// Writes down what whoever got a place said of it.
    Place {
        /// What.
        answer: Answer,
        /// How it was said.
        how: String,
    },
    /// Undoes it.
    RollBack {
        /// Which, from 1.
        change: u32,
        /// Why.
        why: String,
    },
}

/// What came of it: changes and letters for one line of the register.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Done {
    /// Changes.
    pub changes: Vec<Change>,
    /// Letters.
    pub outgoing: Vec<Outgoing>,
    /// What is said to who ordered it.
    pub said: String,
}

/// The cause of the effects of the next act in a dossier: unique, because each act adds entries.
#[must_use]
pub fn cause(dossier: &Dossier, desk: &Desk) -> String {
    desk.key.effect_id(&dossier.number, "act", "", dossier.life.entries)
}

/// Does it, if it may be done. `people`: the persons whom the dossier and its changes of data concern, and
/// those who have a new address as their domicile already.
///
/// # Errors
/// Why not. Nothing changes then.
pub fn act(order: &Order, dossier: &Dossier, people: &[Person], desk: &Desk, now: Timestamp) -> Result<Done, Refused> {
    handed::over(Bench::new(order, dossier, people, desk, now)?.act()?, order)
}

/// Whether it may be done: as [`act`] judges it, up to the letters and to what the procedure's file does around a step, which
/// nothing here writes. So a task that says what can be answered asks nobody but the judge of the answer.
///
/// # Errors
/// Why not.
pub(crate) fn may(
    order: &Order,
    dossier: &Dossier,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) -> Result<(), Refused> {
    Bench { is_trial: true, ..Bench::new(order, dossier, people, desk, now)? }.act().map(drop)
}

struct Bench<'a> {
    order: &'a Order,
    dossier: &'a Dossier,
    people: &'a [Person],
    desk: &'a Desk,
    procedure: &'a Procedure,
    role: Role,
    cause: String,
    now: Timestamp,
    /// Only whether it may be done is asked: no letter is written.
    is_trial: bool,
}

impl<'a> Bench<'a> {
    fn new(
        order: &'a Order,
        dossier: &'a Dossier,
        people: &'a [Person],
        desk: &'a Desk,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        if order.by.trim().is_empty() || order.by.len() > NAME_BYTES_MAX {
            return Err(Refused::new(
                "no-name",
                "manca il nome di chi agisce (o è troppo lungo): resta scritto nel registro",
            ));
        }
        let Some(role) = Role::of(&order.role) else {
            let hint = crate::nearest::hint(&order.role, Role::ALL.iter().map(|(code, _)| *code));
            return Err(Refused::new("no-role", format!("il ruolo «{}» non si conosce{hint}", order.role)));
        };
        let Some(procedure) = procedure_of(dossier, desk) else {
            return Err(Refused::new(
                "no-procedure",
                "il procedimento del fascicolo non c'è fra i file dei procedimenti",
            ));
        };
        let is_external = procedure.external.iter().any(|office| office.id == order.office);
        if desk.rules.office(&order.office).is_none() && !is_external {
            let hint = crate::nearest::hint(&order.office, desk.rules.offices().map(|office| office.id.as_str()));
            return Err(Refused::new("no-office", format!("l'ufficio «{}» non c'è{hint}", order.office)));
        }
        let cause = cause(dossier, desk);
        Ok(Self { order, dossier, people, desk, procedure, role, cause, now, is_trial: false })
    }

    fn act(&self) -> Result<Done, Refused> {
        match &self.order.act {
            Act::Do { verb, points, to, not_held, again } => {
                self.verb(*verb, &bounded(points)?, to.trim(), *not_held, again.trim())
            }
            Act::Assign { office, responsible } => self.assign(office.trim(), responsible.trim()),
            Act::Note { text } => {
                // A blank note has no words left.
                let Some(text) = bounded(core::slice::from_ref(text))?.pop() else {
                    return Err(Refused::new("no-text", "manca il testo della nota"));
                };
                self.done(vec![Entry::Noted { text }], "nota scritta nel fascicolo", |_| Ok(vec![]))
            }
            Act::Weigh { filing, weight, how } => self.weigh(*filing, *weight, how),
            Act::Approve { change } => self.approve(*change),
            Act::Refuse { change, points } => self.refuse(*change, &bounded(points)?),
            Act::ConfirmInPerson { change, evidence } => {
                self.is_open()?;
                let step = self.change(*change)?.confirm_in_person(&self.order.by, evidence)?;
                self.done(vec![Entry::Change { n: *change, step }], "conferma scritta nel fascicolo", |_| Ok(vec![]))
            }
            Act::Enable { scopes, until, points } => self.enable(scopes, *until, &bounded(points)?),
            Act::Deny { points } => self.deny(&bounded(points)?),
            Act::RollBack { change, why } => self.roll_back(*change, why),
            Act::AskAgain { change } => self.ask_again(*change),
            Act::Reclassify { procedure, why } => self.reclassify(procedure.trim(), why),
            Act::Rank { position, points } => self.rank(*position, points),
            Act::Place { answer, how } => self.place(*answer, how),
            Act::Extend { points } => self.extend(&bounded(points)?),
            Act::Substitute { why } => self.substitute(why),
        }
    }

    fn actor(&self) -> Actor<'a> {
        Actor::Office { id: &self.order.office, role: self.role }
    }

    /// Entries, with the term counted anew, and letters written on the dossier as it is after them.
    fn done(
        &self,
        mut entries: Vec<Entry>,
        said: &str,
        letters: impl FnOnce(&Case<'_>) -> Result<Vec<Outgoing>, Reason>,
    ) -> Result<Done, Refused> {
        if self.is_trial {
            return Ok(Done::default());
        }
        let around = around(self.dossier, &mut entries, &self.cause, self.people, self.desk, self.now)?;
        let after = with_term(self.dossier, &mut entries, self.desk, self.now);
        let enclosed = handed::names(&self.order.documents);
        let case = Case {
            enclosed: &enclosed,
            people: self.people,
            dossier: &after,
            cause: &self.cause,
            now: self.now,
            desk: self.desk,
        };
        // An act whose letter cannot be written is not done: the citizen would never hear of it.
        let mut outgoing = letters(&case).map_err(|why| Refused::new("no-letter", why.text))?;
        outgoing.extend(around.outgoing);
        let (news, untold) = follow::news(self.dossier, &case);
        outgoing.extend(news);
        let number = &self.dossier.number;
        let entered = entries.into_iter().map(|entry| Change::Entered { dossier: number.clone(), entry });
        let changes = entered.chain(around.incidents).chain(untold).collect();
        Ok(Done { changes, outgoing, said: format!("fascicolo {number}: {said}") })
    }

    fn verb(&self, verb: Verb, points: &[String], to: &str, not_held: bool, again: &str) -> Result<Done, Refused> {
        let next = self.procedure.act(self.dossier.state, verb, self.actor(), &self.dossier.office);
        let next = next.map_err(|why| Refused::new("not-lawful", why.why))?;
        self.procedure.decidable(verb, self.now).map_err(|why| {
            let refused = Refused::new("too-early", why.why);
            self.procedure.window.map_or(refused.clone(), |window| refused.until(window.closed_from()))
        })?;
        let moved = Entry::Moved { verb, to: next, points: points.to_vec() };
        match verb {
            Verb::ChiediIntegrazione => return self.ask(moved, points, not_held, again),
            Verb::PreavvisoDiniego => {
                need(points, "i motivi del rifiuto, uno per uno (L. 241/1990 art. 10-bis)")?;
                return self
                    .done(vec![moved], "preavviso di rifiuto in partenza", |case| case.refusal_announced(points));
            }
            Verb::Respingi | Verb::Accogli | Verb::DichiaraIrricevibile | Verb::Annulla | Verb::AttestaSilenzio => {
                return self.decide(verb, moved, points);
            }
            Verb::Trasmetti => return self.hand_over(moved, points, to),
            Verb::ChiediParere => return self.advice(moved, points, to),
            Verb::ChiediPagamento => return self.payment(moved, points),
            Verb::ChiediRegolarizzazione => return self.irregular(moved, points),
            Verb::RiceviParere => {
                return self.advice_came(moved, to);
            }
            // The citizen learns that the request is here, and until when it is answered (art. 8, 18-bis).
            Verb::Registra => {
                return self.done(vec![moved], "registrata: la comunicazione di avvio è in partenza", |case| {
                    case.start_notice()
                });
            }
            Verb::Riprendi if self.dossier.state != State::PreavvisoDiniego => {
                // Whoever does not wait any more has a term that runs.
                let clock = ClockFact::WorkResumed { at: self.now };
                return self.done(vec![moved, Entry::Clock { clock }], "di nuovo in lavorazione", |_| Ok(vec![]));
            }
            Verb::Integra | Verb::Prendi if self.dossier.state == State::DaRegolarizzare && self.is_irregular() => {
                let clock = ClockFact::RequestRegular { at: self.now };
                return self.done(vec![moved, Entry::Clock { clock }], "la richiesta è in regola", |_| Ok(vec![]));
            }
            Verb::Integra if self.dossier.state == State::InAttesaIntegrazioni => {
                let clock = ClockFact::IntegrationAnswered { at: self.now };
                return self.done(vec![moved, Entry::Clock { clock }], "integrazione completa", |_| Ok(vec![]));
            }
            _ => {}
        }
        let beside = if verb == Verb::Prendi { once::beside(&self.order.held, &self.dossier.number) } else { None };
        let said = beside.map_or_else(|| next.event().to_string(), |held| format!("{}. {held}", next.event()));
        self.done(vec![moved], &said, |_| Ok(vec![]))
    }

    fn assign(&self, office: &str, responsible: &str) -> Result<Done, Refused> {
        if office.is_empty() && responsible.is_empty() {
            return Err(Refused::new("nobody", "a chi? Serve un ufficio o una persona"));
        }
        if responsible.len() > NAME_BYTES_MAX {
            return Err(Refused::new("name-too-long", "il nome del responsabile è troppo lungo"));
        }
        self.is_open()?;
        self.procedure
            .may_in(Verb::Assegna, self.actor(), &self.dossier.office)
            .map_err(|why| Refused::new("not-lawful", why.why))?;
        if !office.is_empty() && self.desk.rules.office(office).is_none() {
            let hint = crate::nearest::hint(office, self.desk.rules.offices().map(|office| office.id.as_str()));
            return Err(Refused::new("no-office", format!("l'ufficio «{office}» non c'è{hint}")));
        }
        let to = if office.is_empty() { &self.dossier.office } else { office };
        let mut entries = vec![Entry::Assigned { office: to.to_string(), responsible: responsible.to_string() }];
        // The state moves where the machine has a way; a dossier in work stays in work under another person.
        if let Ok(next) = self.procedure.next(self.dossier.state, Verb::Assegna) {
            entries.push(Entry::Moved { verb: Verb::Assegna, to: next, points: vec![] });
        }
        let is_elsewhere = to != self.dossier.office;
        let facts = [format!("Assegnata da {} ({}).", self.order.by.trim(), self.order.office)];
        self.done(entries, "assegnata", |case| {
            Ok(if is_elsewhere {
                case.task(to, "pratica assegnata a questo ufficio", &facts, &[]).into_iter().collect()
            } else {
                vec![]
            })
        })
    }

    fn weigh(&self, n: u32, weight: participation::Weight, how: &str) -> Result<Done, Refused> {
        let filing = usize::try_from(n).ok().and_then(|n| self.dossier.life.filings.get(n.checked_sub(1)?));
        let Some(filing) = filing else {
            return Err(Refused::new("no-filing", format!("nel fascicolo non c'è un atto di parte numero {n}")));
        };
        self.of_this_office()?;
        let step = filing.weigh(weight, how, &self.order.by)?;
        self.done(vec![Entry::Filing { n, step }], "valutazione scritta: la decisione la riporta", |_| Ok(vec![]))
    }

    fn is_open(&self) -> Result<(), Refused> {
        if self.dossier.state.is_final() { Err(Refused::new("closed", "la pratica è conclusa")) } else { Ok(()) }
    }

    fn of_this_office(&self) -> Result<(), Refused> {
        self.procedure
            .may_in(Verb::Prendi, self.actor(), &self.dossier.office)
            .map_err(|why| Refused::new("not-lawful", why.why))
    }
}

/// What was filed in a dossier, and how it was weighed: an outcome quotes it.
pub(crate) fn weighed(dossier: &Dossier) -> Vec<(String, String)> {
    participation::weighed_in_words(&dossier.life.filings)
        .into_iter()
        .map(|words| match words.split_once(": ") {
            Some((what, how)) => (what.to_string(), how.to_string()),
            None => (words, String::new()),
        })
        .collect()
}

fn need(points: &[String], what: &str) -> Result<(), Refused> {
    if points.is_empty() { Err(Refused::new("no-points", format!("mancano {what}"))) } else { Ok(()) }
}

/// Points without blank ones, each on one line of a letter.
fn bounded(points: &[String]) -> Result<Vec<String>, Refused> {
    if points.len() > POINTS_MAX || points.iter().any(|point| point.len() > POINT_BYTES_MAX) {
        let text = format!("al massimo {POINTS_MAX} punti, ciascuno di al massimo {POINT_BYTES_MAX} byte");
        return Err(Refused::new("too-long", text));
    }
    let points: Vec<String> =
        points.iter().map(|point| point.trim().to_string()).filter(|point| !point.is_empty()).collect();
    Ok(points)
}

#[cfg(test)]
pub(crate) mod random_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told_tests;

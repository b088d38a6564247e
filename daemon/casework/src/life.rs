//! The life of a dossier: what is written into it, one entry after the other. It changes when something else can be written.
//!
//! Entries are made where they are checked (`act`, `request`, `clockwork`); here they are only added up, and adding up is total:
//! a register of years must come to its state whatever this program thinks of it by then.

use crate::address;
use crate::advice;
use crate::around::{self, Outcome, Which};
use crate::calendar::stamp;
use crate::data_change::{self, DataChange};
use crate::dossier::{Document, Dossier, Party, PartyRole, State};
use crate::enablement::{self, Enablement};
use crate::follow;
use crate::participation::{self, Participation};
use crate::term::{ClockFact, FACTS_MAX, Plan, Reminder};
use crate::validity;
use crate::verb::Verb;
use crate::{ranking, rating};
use alloc::format;
use alloc::string::String;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Parties of one dossier: beyond them a person keeps the list (a petition is one applicant with a list of names).
pub const PARTIES_MAX: usize = 100;

/// Changes of data in one dossier: a message that asks more is two requests.
pub const CHANGES_MAX: usize = 20;
/// What is filed in one dossier and must be weighed, each by itself.
pub const FILINGS_MAX: usize = 100;
/// Reminders that are remembered; a term has a dozen, and older ones do not come again.
const REMINDED_MAX: usize = 64;

/// One entry of a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    /// Its state moved.
    Moved {
        /// By which verb.
        verb: Verb,
        /// To which state.
        to: State,
        /// Reasons, one by one; what was asked, one by one.
        #[serde(default, skip_serializing_if = "alloc::vec::Vec::is_empty")]
        points: alloc::vec::Vec<String>,
    },
    /// It was given to an office, or to a person.
    Assigned {
        /// The office (id).
        office: String,
        /// The person; empty = the head of the unit.
        #[serde(default)]
        responsible: String,
    },
    /// Somebody became a party.
    Joined {
        /// Who, and as what.
        party: Party,
    },
    /// A document came in, or was added.
    Deposited {
        /// Which.
        document: Document,
    },
    /// Something moved its clock.
    Clock {
        /// What.
        clock: ClockFact,
    },
    /// A change of data that was asked in it goes a step on.
    Change {
        /// Which of its changes, from 1.
        n: u32,
        /// The step.
        step: data_change::Entry,
    },
    /// Something that was filed in it goes a step on.
    Filing {
        /// Which of its filings, from 1.
        n: u32,
        /// The step.
        step: participation::Entry,
    },
    /// The enablement of an address that was asked in it goes a step on.
    Enabling {
        /// The step.
        step: enablement::Step,
    },
    /// Somebody has said how it went. What was said is not kept here.
    Rated {
        /// How far.
        step: rating::Step,
    },
    /// How the term stands now, counted with the calendar and the procedure of that day.
    Reckoned {
        /// Last day; none while nothing runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Date>,
        /// Until when it is suspended, at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suspended_until: Option<Date>,
        /// The next day on which it must be looked at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        look: Option<Date>,
        /// The plan that was counted, where the dossier had none yet: it stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<Plan>,
    },
    /// Time made somebody be told of something, once.
    Reminded {
        /// Of what, and of which day.
        reminder: Reminder,
    },
    /// The machine tried what the procedure's file wants around a step, and it did not go at once.
    Action {
        /// Which action.
        which: Which,
        /// What came of it.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Advice of an office of others goes a step on.
    Advice {
        /// Which office, as people call it.
        body: String,
        /// The step.
        step: advice::Step,
    },
    /// What was granted in it: until when it holds, and what was told of its end.
    Validity {
        /// The step.
        step: validity::Step,
    },
    /// It is worked by another procedure from now on: the one that was chosen was wrong. Its term is counted anew from the same
    /// start (L. 241/1990 art. 2 c. 6).
    Reclassified {
        /// The procedure (id) until now.
        from: String,
        /// The one from now on.
        to: String,
        /// Its name.
        title: String,
    },
    /// The ranking to which it belongs goes a step on.
    Ranking {
        /// The step.
        step: ranking::Step,
    },
    /// The body that is competent has received the request that we sent on to it (L. 241/1990 art. 18-bis c. 2).
    HandedOver {
        /// Which body, as people call it.
        body: String,
        /// When, as its provider certified.
        at: Timestamp,
    },
    /// Somebody follows it from now on, or does no more.
    Followed {
        /// From which address.
        address: String,
        /// From now on; else no more.
        follows: bool,
    },
    /// News did not reach who follows it.
    Unheard {
        /// The address.
        address: String,
        /// How many times, one after the other; 0: they reach it again.
        times: u32,
    },
    /// A remark of the office.
    Noted {
        /// Its words.
        text: String,
    },
}

impl Entry {
    /// Whether somebody of the office works on the dossier with it.
    #[must_use]
    pub fn is_work(&self) -> bool {
        match self {
            Self::Moved { .. } | Self::Assigned { .. } | Self::Noted { .. } | Self::Change { .. } => true,
            Self::Filing { step, .. } => !matches!(step, participation::Entry::Filed { .. }),
            Self::Joined { .. } | Self::Deposited { .. } | Self::Clock { .. } | Self::HandedOver { .. } => false,
            Self::Reclassified { .. } => true,
            Self::Enabling { step } => matches!(step, enablement::Step::Granted),
            Self::Ranking { step } => matches!(step, ranking::Step::Ranked { .. }),
            Self::Action { .. } | Self::Advice { .. } | Self::Rated { .. } => false,
            Self::Followed { .. } | Self::Unheard { .. } => false,
            Self::Reckoned { .. } | Self::Reminded { .. } | Self::Validity { .. } => false,
        }
    }

    /// In Italian, for the office; nothing of what only the machine needs.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        Some(match self {
            Self::Moved { to, points, .. } if points.is_empty() => format!("{} ({})", to.event(), to.code()),
            Self::Moved { to, points, .. } => format!("{} ({}): {}", to.event(), to.code(), points.join("; ")),
            Self::Assigned { office, responsible } if responsible.is_empty() => format!("assegnata a {office}"),
            Self::Assigned { office, responsible } => format!("assegnata a {office}, responsabile {responsible}"),
            Self::Joined { party } => {
                let who = if party.address.is_empty() { &party.person } else { &party.address };
                format!("{}: {who}", party.role.title())
            }
            Self::Deposited { document } => format!("documento «{}»", document.name),
            Self::Action { which, outcome } => match outcome {
                Outcome::Failed { next } => format!("{}: non riuscita, si riprova il {next}", around::in_words(*which)),
                Outcome::Done => format!("{}: riuscita", around::in_words(*which)),
                Outcome::GivenUp => format!("{}: non si riprova più, la guarda una persona", around::in_words(*which)),
            },
            Self::Advice { body, step } => format!("{body}: {}", step.words()),
            Self::HandedOver { body, at } => format!("{body} ha ricevuto la richiesta, {}", stamp(*at)),
            Self::Followed { address, follows: true } => format!("la segue {address}"),
            Self::Followed { address, follows: false } => format!("non la segue più {address}"),
            Self::Unheard { address, times: 0 } => format!("le novità arrivano di nuovo a {address}"),
            Self::Unheard { address, times } => {
                format!("una novità non è arrivata a {address}, che la segue ({times} di {})", follow::UNHEARD_MAX)
            }
            Self::Noted { text } => format!("nota: {text}"),
            Self::Reminded { reminder } => format!("avviso del {}: {}", reminder.on, reminder.what.words()),
            Self::Change { n, step } => format!("modifica {n}: {}", step.words()),
            Self::Filing { n, step } => format!("atto di parte {n}: {}", step.words()),
            Self::Enabling { step } => step.words(),
            Self::Validity { step } => step.words(),
            Self::Ranking { step } => step.words(),
            Self::Reclassified { from, to, .. } => format!("procedimento corretto: da «{from}» a «{to}»"),
            Self::Rated { .. } => String::from("chi l'ha chiesta ha detto com'è andata"),
            Self::Clock { clock } => format!("per il termine: {}, {}", clock.words(), stamp(clock.at())),
            Self::Reckoned { .. } => return None,
        })
    }
}

impl Dossier {
    /// Adds one entry.
    pub fn apply(&mut self, entry: &Entry, at: Timestamp) {
        self.life.entries = self.life.entries.saturating_add(1);
        if entry.is_work() {
            self.life.touched_at = Some(at);
        }
        match entry {
            Entry::Moved { to, .. } => {
                self.state = *to;
                self.state_since = at;
                self.life.closed_at = to.is_final().then_some(at);
                if *to != State::InAttesaEnteTerzo {
                    advice::end_all(&mut self.life.advice, at);
                }
                if *to == State::PreavvisoDiniego {
                    self.life.announced_after = self.life.facts.len();
                }
            }
            Entry::Assigned { office, responsible } => {
                self.office.clone_from(office);
                self.cover.responsible.clone_from(responsible);
            }
            Entry::Joined { party } => self.join(party),
            Entry::Deposited { .. } => self.life.documents = self.life.documents.saturating_add(1),
            Entry::Reckoned { due, suspended_until, look, plan } => {
                self.life.plan = self.life.plan.or(*plan);
                if due.is_some() {
                    self.due = *due;
                }
                self.life.suspended_until = *suspended_until;
                self.life.look = *look;
            }
            Entry::Clock { clock } => {
                if self.life.facts.len() < FACTS_MAX {
                    self.life.facts.push(clock.clone());
                }
            }
            Entry::Change { n, step } => match numbered(&mut self.life.changes, *n) {
                Some(change) => change.apply(step, at),
                None => {
                    let begun = DataChange::begin(step).filter(|_| is_next(self.life.changes.len(), *n, CHANGES_MAX));
                    self.life.changes.extend(begun);
                }
            },
            Entry::Filing { n, step } => match numbered(&mut self.life.filings, *n) {
                Some(filing) => filing.apply(step, at),
                None => {
                    let begun =
                        Participation::begin(step).filter(|_| is_next(self.life.filings.len(), *n, FILINGS_MAX));
                    self.life.filings.extend(begun);
                }
            },
            Entry::Reminded { reminder } => {
                self.life.reminded.push(*reminder);
                if self.life.reminded.len() > REMINDED_MAX {
                    let oldest = self.life.reminded.iter().enumerate().min_by_key(|(_, one)| **one).map(|(at, _)| at);
                    oldest.map(|at| self.life.reminded.remove(at));
                }
            }
            Entry::Advice { body, step } => advice::apply(&mut self.life.advice, body, step, at),
            Entry::Action { which, outcome } => around::settle(&mut self.life.waiting, *which, *outcome),
            Entry::Enabling { step } => {
                self.life.enablement = Enablement::after(self.life.enablement.take(), step);
            }
            Entry::Rated { step } => self.life.rating = self.life.rating.max(Some(*step)),
            Entry::Validity { step } => validity::apply(&mut self.life.validity, *step),
            Entry::Ranking { step } => self.life.ranking.apply(step),
            Entry::Followed { address, follows } => {
                follow::apply(&mut self.life.followers, address, *follows);
                self.life.unheard.remove(&address::key(address));
            }
            Entry::Unheard { address, times: 0 } => drop(self.life.unheard.remove(&address::key(address))),
            Entry::Unheard { address, times } => drop(self.life.unheard.insert(address::key(address), *times)),
            Entry::Reclassified { to, title, .. } => {
                self.cover.procedure.clone_from(to);
                self.title.clone_from(title);
                // Nothing of the old count stays: the next one is the new procedure's, over the same facts.
                (self.life.plan, self.due, self.life.suspended_until) = (None, None, None);
            }
            Entry::HandedOver { .. } | Entry::Noted { .. } => {}
        }
    }

    /// Whether somebody was told of it. What is older than all that is remembered counts as told: else what is forgotten would be
    /// told again every day.
    #[must_use]
    pub fn was_told(&self, reminder: &Reminder) -> bool {
        let told = &self.life.reminded;
        told.contains(reminder)
            || (told.len() >= REMINDED_MAX && told.iter().min().is_some_and(|oldest| reminder < oldest))
    }

    fn join(&mut self, party: &Party) {
        if self.cover.people.len() < PARTIES_MAX && !self.cover.people.contains(party) {
            self.cover.people.push(party.clone());
        }
        // Who may be written to about it; the first stays the domicile that was elected for it (CAD art. 3-bis c. 4-quinquies).
        let may_know = !party.address.is_empty() && self.parties.len() < PARTIES_MAX && !self.has_party(&party.address);
        if may_know && party.role != PartyRole::Beneficiary {
            self.parties.push(party.address.clone());
        }
    }
}

/// The one with this number, counted from 1.
fn numbered<T>(all: &mut [T], n: u32) -> Option<&mut T> {
    all.get_mut(usize::try_from(n).ok()?.checked_sub(1)?)
}

fn is_next(len: usize, n: u32, max: usize) -> bool {
    len < max && usize::try_from(n).is_ok_and(|n| n == len + 1)
}

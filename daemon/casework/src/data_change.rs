//! A change of data that a citizen asked for: proposed, confirmed, approved by people, and undone. It changes with those steps.
//!
//! Nothing is changed before approval: [`DataChange::effects`] is empty until then. What moves money or letters (IBAN, domicile,
//! residence) must also be confirmed by the citizen, at an address that was safe *before*, and approved by two different people
//! (function S0.09). The request itself is filed on arrival whatever comes of this: a confirmation gates the change, never the
//! filing (law.md §10).

pub mod change;
pub mod fields;
pub mod token;

use crate::calendar::rome;
use crate::decision::Reason;
use crate::person::{self, Datum, Source};
use crate::refused::same_person;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use change::{Proposal, items, propose};

/// Items of one change.
pub const ITEMS_MAX: usize = 20;
/// Documents that one change rests on.
pub const EVIDENCE_MAX: usize = 50;
/// Confirmations that may be asked for one change: after so many, a person calls.
pub const CONFIRMATIONS_MAX: usize = 5;
/// Wrong tokens after which the one that is awaited is worth nothing.
pub const WRONG_TOKENS_MAX: u32 = 5;

/// One change, of one person, in one dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataChange {
    /// The dossier.
    pub dossier: String,
    /// Ordinal in the dossier.
    pub id: u32,
    /// Whose data (id of the person).
    pub person: String,
    /// What changes.
    pub items: Vec<Item>,
    /// Digests of the documents it rests on.
    pub evidence: Vec<String>,
    /// The office (id) that decides, and that will be the source of the new values.
    pub office: String,
    /// First day of the new values.
    pub effective_from: Date,
    /// What the office must be shown.
    pub risk: Vec<Reason>,
    /// Where it stands.
    pub state: State,
    /// Whether the citizen has confirmed, and how.
    pub confirmation: Option<Confirmation>,
    /// What stood before, taken when the last approval was given.
    pub before: Vec<Before>,
    /// When the new values were entered.
    pub applied: Option<Timestamp>,
    /// Hashes of tokens that are worth nothing any more.
    pub spent: Vec<String>,
    /// Wrong tokens since the last one was sent.
    pub wrong: u32,
}

/// One value that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Field.
    pub field: String,
    /// What is held, of the deciding office.
    pub old: Option<String>,
    /// What the citizen says was held, when said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The new value.
    pub new: String,
}

/// Where a change stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// Asked for.
    Proposed,
    /// The citizen was sent a token.
    AwaitingConfirmation {
        /// [`token::hash`].
        token_hash: String,
        /// The address it went to: only from there it comes back.
        to: String,
        /// Last instant.
        until: Timestamp,
    },
    /// The citizen has confirmed.
    Confirmed,
    /// One person of the office has said yes; a second one must.
    ApprovedOnce {
        /// Who.
        by: String,
    },
    /// Approved.
    Approved {
        /// Who.
        by: String,
        /// The second, for what is risky.
        second: Option<String>,
    },
    /// Refused. Final.
    Refused {
        /// Why.
        reasons: Vec<String>,
        /// Who.
        by: String,
    },
    /// The citizen took it back. Final.
    Withdrawn,
    /// The token was not used in time; another may be asked for.
    Expired,
    /// Undone after approval. Final.
    RolledBack {
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
}

impl State {
    /// In Italian.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::Proposed => "da esaminare",
            Self::AwaitingConfirmation { .. } => "in attesa della tua conferma",
            Self::Confirmed => "confermata, da approvare",
            Self::ApprovedOnce { .. } => "approvata da una persona, ne serve un'altra",
            Self::Approved { .. } => "approvata",
            Self::Refused { .. } => "rifiutata",
            Self::Withdrawn => "ritirata",
            Self::Expired => "non confermata in tempo",
            Self::RolledBack { .. } => "annullata: sono tornati i dati di prima",
        }
    }
    /// Nothing more is done with it but a roll-back.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        matches!(self, Self::Approved { .. } | Self::Refused { .. } | Self::Withdrawn | Self::RolledBack { .. })
    }
}

/// How the citizen confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "confirmation", rename_all = "kebab-case")]
pub enum Confirmation {
    /// With the token, from the address it was sent to.
    Token {
        /// The address.
        from: String,
    },
    /// In person, before somebody of the office: who has no safe domicile is not left behind (function S1.11).
    InPerson {
        /// Who saw the person.
        by: String,
        /// Digest of the document that was shown or signed.
        evidence: String,
    },
}

/// What stood before an item, so that it can be put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// What the office held.
    pub datum: Option<Datum>,
    /// The domicile that ends with the change: its address and source.
    pub ends: Option<(String, Source)>,
}

/// What happened to a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "data-change", rename_all = "kebab-case")]
pub enum Entry {
    /// It is asked for.
    Proposed {
        /// What.
        proposal: Proposal,
    },
    /// A token was sent.
    ConfirmationAsked {
        /// [`token::hash`].
        token_hash: String,
        /// The address it goes to.
        to: String,
        /// Last instant.
        until: Timestamp,
    },
    /// The citizen has confirmed.
    Confirmed {
        /// How.
        confirmation: Confirmation,
    },
    /// A wrong token came.
    Misconfirmed {
        /// Code of the refusal.
        code: String,
    },
    /// The time to confirm is over.
    Expired,
    /// A person of the office said yes.
    Approved {
        /// Who.
        by: String,
        /// What stands now, an element an item; it counts with the last approval.
        before: Vec<Before>,
    },
    /// The new values were entered.
    Applied,
    /// A person of the office said no.
    Refused {
        /// Why.
        reasons: Vec<String>,
        /// Who.
        by: String,
    },
    /// The citizen took it back.
    Withdrawn,
    /// It is undone.
    RolledBack {
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
}

impl Entry {
    /// In Italian, for the office.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Proposed { proposal } => {
                let items: Vec<String> = proposal
                    .items
                    .iter()
                    .map(|item| format!("{} → «{}»", fields::title(&item.field), item.new))
                    .collect();
                format!("chiesta: {}", items.join(", "))
            }
            Self::ConfirmationAsked { to, until, .. } => {
                format!("conferma chiesta a {to}, entro il {}", crate::calendar::stamp(*until))
            }
            Self::Confirmed { confirmation: Confirmation::Token { from } } => {
                format!("confermata da {from} con il codice")
            }
            Self::Confirmed { confirmation: Confirmation::InPerson { by, .. } } => {
                format!("confermata di persona, davanti a {by}")
            }
            Self::Misconfirmed { code } => format!("conferma rifiutata ({code})"),
            Self::Expired => String::from("non confermata in tempo"),
            Self::Approved { by, .. } => format!("approvata da {by}"),
            Self::Applied => String::from("i dati nuovi sono nel registro"),
            Self::Refused { reasons, by } => format!("rifiutata da {by}: {}", reasons.join("; ")),
            Self::Withdrawn => String::from("ritirata da chi l'ha chiesta"),
            Self::RolledBack { by, why } => format!("annullata da {by}: {why}"),
        }
    }
}

impl DataChange {
    /// The change that an entry begins; `None` for an entry that begins none.
    #[must_use]
    pub fn begin(entry: &Entry) -> Option<Self> {
        let Entry::Proposed { proposal } = entry else { return None };
        let Proposal { dossier, id, person, items, evidence, office, effective_from, risk } = proposal.clone();
        let (state, confirmation) = (State::Proposed, None);
        let (before, applied, spent, wrong) = (vec![], None, vec![], 0);
        Some(Self {
            dossier,
            id,
            person,
            items,
            evidence,
            office,
            effective_from,
            risk,
            state,
            confirmation,
            before,
            applied,
            spent,
            wrong,
        })
    }

    /// Whether any item moves money or letters.
    #[must_use]
    pub fn is_risky(&self) -> bool {
        self.items.iter().any(|item| fields::risk(&item.field, &item.new).is_some())
    }

    /// Whether an approval could be given now: what is risky is confirmed first.
    #[must_use]
    pub(crate) fn may_be_approved(&self) -> bool {
        match self.state {
            State::Confirmed => self.confirmation.is_some(),
            State::ApprovedOnce { .. } => self.is_risky() && self.confirmation.is_some(),
            State::Proposed => !self.is_risky(),
            _ => false,
        }
    }

    /// The change after an entry. Total, and as strict as the functions that make entries: whatever a journal says, one person
    /// alone approves nothing risky.
    pub fn apply(&mut self, entry: &Entry, at: Timestamp) {
        match entry {
            Entry::Proposed { .. } => {}
            Entry::ConfirmationAsked { token_hash, to, until } => {
                if matches!(self.state, State::Proposed | State::AwaitingConfirmation { .. } | State::Expired)
                    && self.spent.len() < CONFIRMATIONS_MAX
                {
                    self.spend();
                    self.wrong = 0;
                    let (token_hash, to) = (token_hash.clone(), to.clone());
                    self.state = State::AwaitingConfirmation { token_hash, to, until: *until };
                }
            }
            Entry::Confirmed { confirmation } => {
                let fits = matches!(
                    (&self.state, confirmation),
                    (State::AwaitingConfirmation { .. }, _)
                        | (State::Proposed | State::Expired, Confirmation::InPerson { .. })
                );
                if fits {
                    self.spend();
                    self.state = State::Confirmed;
                    self.confirmation = Some(confirmation.clone());
                }
            }
            Entry::Misconfirmed { .. } => {
                if matches!(self.state, State::AwaitingConfirmation { .. }) {
                    self.wrong = self.wrong.saturating_add(1);
                    if self.wrong >= WRONG_TOKENS_MAX {
                        self.spend();
                        self.state = State::Expired;
                    }
                }
            }
            Entry::Expired => {
                if matches!(self.state, State::AwaitingConfirmation { .. }) {
                    self.spend();
                    self.state = State::Expired;
                }
            }
            Entry::Approved { by, before } => self.approve_by(by, before),
            Entry::Applied => {
                if matches!(self.state, State::Approved { .. }) && self.applied.is_none() {
                    self.applied = Some(at);
                }
            }
            Entry::Refused { reasons, by } => {
                if !self.state.is_decided() {
                    self.spend();
                    self.state = State::Refused { reasons: reasons.clone(), by: by.clone() };
                }
            }
            Entry::Withdrawn => {
                if !self.state.is_decided() {
                    self.spend();
                    self.state = State::Withdrawn;
                }
            }
            Entry::RolledBack { by, why } => {
                if matches!(self.state, State::Approved { .. }) {
                    self.state = State::RolledBack { by: by.clone(), why: why.clone() };
                }
            }
        }
    }

    fn approve_by(&mut self, by: &str, before: &[Before]) {
        if !self.may_be_approved() || by.trim().is_empty() || before.len() != self.items.len() {
            return;
        }
        let by = String::from(by);
        let next = match &self.state {
            State::ApprovedOnce { by: first } if same_person(first, &by) => return,
            State::ApprovedOnce { by: first } => State::Approved { by: first.clone(), second: Some(by) },
            _ if self.is_risky() => State::ApprovedOnce { by },
            _ => State::Approved { by, second: None },
        };
        if matches!(next, State::Approved { .. }) {
            self.before = before.to_vec();
        }
        self.state = next;
    }

    /// The awaited token is worth nothing from now on.
    fn spend(&mut self) {
        if let State::AwaitingConfirmation { token_hash, .. } = &self.state {
            self.spent.push(token_hash.clone());
        }
    }

    /// What to enter into the person's record now: nothing before approval, before the first day, or twice.
    #[must_use]
    pub fn effects(&self, now: Timestamp) -> Vec<person::Entry> {
        let State::Approved { .. } = self.state else { return vec![] };
        if self.applied.is_some() || rome(now).date() < self.effective_from {
            return vec![];
        }
        let mut entries = Vec::new();
        for (item, before) in self.items.iter().zip(&self.before) {
            if fields::is_domicile(&item.field) {
                // Confirmed from a safe domicile and seen by two people: that is what enabling is (function S0.03).
                let (address, source) = (item.new.clone(), Source::Enabled);
                entries.push(person::Entry::DomicileAdded { address, source, since: now });
                if let Some((address, source)) = &before.ends {
                    entries.push(person::Entry::DomicileEnded { address: address.clone(), source: *source });
                }
            } else {
                let datum = self.datum(item, now);
                entries.push(person::Entry::DatumRecorded { field: item.field.clone(), datum });
            }
        }
        entries
    }

    fn datum(&self, item: &Item, at: Timestamp) -> Datum {
        Datum { value: item.new.clone(), source: self.office.clone(), at, evidence: self.evidence.first().cloned() }
    }

    /// What puts back what stood before, once it is rolled back; nothing when nothing was entered.
    #[must_use]
    pub fn undo(&self) -> Vec<person::Entry> {
        let (State::RolledBack { .. }, Some(_)) = (&self.state, self.applied) else { return vec![] };
        let mut entries = Vec::new();
        for (item, before) in self.items.iter().zip(&self.before).rev() {
            if fields::is_domicile(&item.field) {
                let (address, source) = (item.new.clone(), Source::Enabled);
                entries.push(person::Entry::DomicileStruck { address, source });
                if let Some((address, source)) = &before.ends {
                    entries.push(person::Entry::DomicileReopened { address: address.clone(), source: *source });
                }
            } else {
                let (field, source, datum) = (item.field.clone(), self.office.clone(), before.datum.clone());
                entries.push(person::Entry::DatumRestored { field, source, datum });
            }
        }
        entries
    }

    /// Title, what is held, what is asked: for letters and tasks (function S0.09).
    #[must_use]
    pub fn side_by_side(&self) -> Vec<(String, String, String)> {
        let row = |item: &Item| {
            let old = item.old.clone().unwrap_or_else(|| String::from("(nessun dato)"));
            (fields::title(&item.field), old, item.new.clone())
        };
        self.items.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests;

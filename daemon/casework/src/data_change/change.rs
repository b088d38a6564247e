//! What may be done with a change of data: each function checks, and makes an entry or says why not.

use super::fields::{self, CHANGEABLE, canonical, compact};
use super::{Before, CONFIRMATIONS_MAX, Confirmation, DataChange, EVIDENCE_MAX, Entry, ITEMS_MAX, Item, State, token};
use crate::address;
use crate::calendar::rome;
use crate::decision::Reason;
use crate::person::{self, Person, Strength, VALUE_BYTES_MAX};
use crate::refused::{NAME_BYTES_MAX, REASON_BYTES_MAX, Refused, digest, filled, same_person};
use crate::rules::{Field, FieldCheck};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest time to confirm, days: as long as the law leaves for an integration (L. 241/1990 art. 2 c. 7).
pub const CONFIRM_DAYS_MAX: u32 = 30;
/// How far ahead a change may begin, days.
pub const AHEAD_DAYS_MAX: i32 = 366;
/// Reasons of one refusal.
pub const REASONS_MAX: usize = 20;

/// What is asked for, as it is entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The dossier.
    pub dossier: String,
    /// Ordinal in the dossier.
    pub id: u32,
    /// Whose data (id).
    pub person: String,
    /// What changes.
    pub items: Vec<Item>,
    /// Digests of the documents it rests on, the message first.
    pub evidence: Vec<String>,
    /// The office that decides.
    pub office: String,
    /// First day.
    pub effective_from: Date,
    /// What the office must be shown.
    #[serde(default)]
    pub risk: Vec<Reason>,
}

/// The items of a message: what the extractors found that is data about the person, and differs from what is held.
///
/// What an extractor found and its check refused is named, never passed over: the citizen believes to have said it.
pub fn items(found: &[Field], person: &Person, office: &str, at: Timestamp) -> Result<Vec<Item>, Refused> {
    let pec = found.iter().find(|field| field.name == "pec").map(|field| address::key(&field.value));
    let mut items = Vec::new();
    for field in found.iter().filter(|field| CHANGEABLE.contains(&field.name.as_str())) {
        if let FieldCheck::Failed(why) = &field.check {
            return Err(Refused::new("value-wrong", format!("{}: {why}", fields::title(&field.name))));
        }
        // One address is found by two extractors; and whoever signs with the own address changes nothing by that.
        let is_mail = field.name == "email";
        if is_mail
            && (pec.as_deref() == Some(&address::key(&field.value)) || person.strength_of(&field.value, at).is_some())
        {
            continue;
        }
        let new = canonical(&field.name, &field.value)?;
        let said = field.old.clone().filter(|old| compact(old) != compact(&field.value));
        let old = held(person, &field.name, office, said.as_deref(), at);
        let known = fields::is_domicile(&field.name) && person.strength_of(&new, at) >= Some(Strength::Enabled);
        if old.as_deref() != Some(&new) && !known {
            items.push(Item { field: field.name.clone(), old, said, new });
        }
    }
    Ok(items)
}

/// What the office holds of a field now. Of domiciles: the one that the citizen names, else the safe one.
fn held(person: &Person, field: &str, office: &str, said: Option<&str>, at: Timestamp) -> Option<String> {
    if !fields::is_domicile(field) {
        return person.datum(field, office).map(|datum| datum.value.clone());
    }
    let named = said.and_then(|said| person.domiciles_at(at).into_iter().find(|d| address::same(&d.address, said)));
    named.or_else(|| person.safe_domicile(at)).map(|d| d.address.clone())
}

/// What a proposal rests on.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The dossier that the message opened or belongs to.
    pub dossier: &'a str,
    /// Ordinal of the change in the dossier.
    pub id: u32,
    /// Whose data.
    pub person: &'a Person,
    /// The certified sender.
    pub sender: &'a str,
    /// Digests, the message first.
    pub evidence: &'a [&'a str],
    /// The office that decides.
    pub office: &'a str,
    /// First day.
    pub effective_from: Date,
    /// The other changes of this person that the register has.
    pub others: &'a [DataChange],
}

/// Proposes a change. `risk` is worked out here, so that nobody can leave it out.
pub fn propose(asked: Asked<'_>, items: Vec<Item>, at: Timestamp) -> Result<Entry, Refused> {
    if items.is_empty() {
        return Err(Refused::new("nothing-to-change", "il messaggio non dice nessun dato nuovo"));
    }
    if items.len() > ITEMS_MAX || asked.evidence.len() > EVIDENCE_MAX {
        return Err(Refused::new("too-many", "i dati o i documenti sono troppi per una sola modifica"));
    }
    let mut checked: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        let field = filled(&item.field, "il nome del dato", NAME_BYTES_MAX)?;
        let new = canonical(&field, &filled(&item.new, "il nuovo valore", VALUE_BYTES_MAX)?)?;
        if checked.iter().any(|other| other.field == field) {
            // Two requests in one mail that contradict each other: nobody guesses which is meant.
            let text =
                format!("{}: il messaggio dice due valori diversi, va chiesto quale vale", fields::title(&field));
            return Err(Refused::new("two-values", text));
        }
        let said = item.said.filter(|said| said.len() <= VALUE_BYTES_MAX);
        let old = held(asked.person, &field, asked.office, said.as_deref(), at);
        if old.as_deref() == Some(&new) {
            return Err(Refused::new("no-change", format!("{}: è già così", fields::title(&field))));
        }
        checked.push(Item { field, old, said, new });
    }
    let pending = asked.others.iter().filter(|other| other.person == asked.person.id);
    for other in pending.filter(|other| !other.state.is_decided() || is_due(other)) {
        if let Some(item) = checked.iter().find(|item| other.items.iter().any(|theirs| theirs.field == item.field)) {
            let text = format!(
                "{}: c'è già una modifica in corso nel fascicolo {}",
                fields::title(&item.field),
                other.dossier
            );
            return Err(Refused::new("already-open", text));
        }
    }
    let today = rome(at).date();
    if today.until(asked.effective_from).is_ok_and(|span| span.get_days() > AHEAD_DAYS_MAX) {
        return Err(Refused::new("too-far-ahead", "la modifica comincerebbe fra più di un anno"));
    }
    let evidence = asked.evidence.iter().map(|text| digest(text)).collect::<Result<Vec<_>, _>>()?;
    if evidence.is_empty() {
        return Err(Refused::new("no-evidence", "manca il messaggio o il documento su cui si fonda la modifica"));
    }
    let risk = fields::warnings(&checked, asked.person, asked.sender, at);
    let proposal = Proposal {
        dossier: filled(asked.dossier, "il numero del fascicolo", NAME_BYTES_MAX)?,
        id: asked.id,
        person: asked.person.id.clone(),
        items: checked,
        evidence,
        office: filled(asked.office, "l'ufficio che decide", NAME_BYTES_MAX)?,
        effective_from: asked.effective_from,
        risk,
    };
    Ok(Entry::Proposed { proposal })
}

/// Approved, and waiting for its first day.
fn is_due(change: &DataChange) -> bool {
    matches!(change.state, State::Approved { .. }) && change.applied.is_none()
}

/// The change, among several, for which a secret was made: how a foreign token is told from a wrong one.
#[must_use]
pub fn whose<'a>(changes: &'a [DataChange], secret: &str) -> Option<&'a DataChange> {
    changes.iter().find(|change| change.awaits(secret) || change.has_spent(secret))
}

impl DataChange {
    /// Asks the citizen. `secret` comes from a source of chance, goes into the letter to the address in the entry, and nowhere else.
    pub fn ask_confirmation(&self, person: &Person, secret: &str, days: u32, at: Timestamp) -> Result<Entry, Refused> {
        self.is_of(person)?;
        if !matches!(self.state, State::Proposed | State::AwaitingConfirmation { .. } | State::Expired) {
            return Err(self.not_now("non si può più chiedere la conferma"));
        }
        if !(1..=CONFIRM_DAYS_MAX).contains(&days) {
            let text = format!("i giorni per confermare vanno da 1 a {CONFIRM_DAYS_MAX}");
            return Err(Refused::new("days-out-of-range", text));
        }
        if secret.trim().chars().count() < token::SECRET_CHARS_MIN || secret.len() > token::SECRET_BYTES_MAX {
            return Err(Refused::new("weak-secret", "il codice di conferma è troppo corto o troppo lungo"));
        }
        if self.spent.len() >= CONFIRMATIONS_MAX {
            return Err(Refused::new(
                "asked-too-often",
                "la conferma è già stata chiesta troppe volte: serve una persona",
            ));
        }
        if self.awaits(secret) || self.has_spent(secret) {
            return Err(Refused::new("secret-used", "questo codice di conferma è già stato usato"));
        }
        let Some(domicile) = person.safe_domicile(at) else {
            let text =
                "la persona non ha un domicilio iscritto o abilitato: può confermare di persona, con un documento";
            return Err(Refused::new("no-safe-domicile", text));
        };
        let until = at.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX);
        let token_hash = self.hash(secret);
        Ok(Entry::ConfirmationAsked { token_hash, to: domicile.address.clone(), until })
    }

    /// The citizen's answer. `others` are changes that may be meant instead. A refusal for a wrong token should be entered with
    /// [`misconfirmed`](Self::misconfirmed), so that it counts.
    pub fn confirm(
        &self,
        secret: &str,
        from: &str,
        person: &Person,
        others: &[DataChange],
        at: Timestamp,
    ) -> Result<Entry, Refused> {
        self.is_of(person)?;
        let (awaited, spent) = (self.awaits(secret), self.has_spent(secret));
        let foreign =
            others.iter().any(|other| !self.is_same(other) && (other.awaits(secret) || other.has_spent(secret)));
        match &self.state {
            State::AwaitingConfirmation { to, until, .. } if awaited => {
                if at > *until {
                    return Err(expired());
                }
                if !address::same(from, to) {
                    let text = "il codice arriva da un indirizzo diverso da quello a cui l'abbiamo mandato";
                    return Err(Refused::new("token-foreign", text));
                }
                // The code went to it, so it had begun: a certificate's time has whole seconds and its provider's own clock,
                // and may stand before the beginning. Only an end counts.
                let is_still_safe = |d: &person::Domicile| {
                    !d.has_ended(at) && address::same(&d.address, to) && d.source.strength() >= Strength::Enabled
                };
                if !person.domiciles.iter().any(is_still_safe) {
                    let text = "l'indirizzo a cui abbiamo mandato il codice non è più un domicilio della persona";
                    return Err(Refused::new("domicile-ended", text));
                }
                Ok(Entry::Confirmed { confirmation: Confirmation::Token { from: address::key(from) } })
            }
            State::Expired if spent => Err(expired()),
            _ if spent => Err(Refused::new("token-used", "questo codice è già stato usato, o sostituito da uno nuovo")),
            _ if foreign => Err(Refused::new("token-foreign", "questo codice riguarda un'altra modifica")),
            State::AwaitingConfirmation { .. } => Err(Refused::new("token-wrong", "il codice di conferma è sbagliato")),
            _ => Err(Refused::new("not-awaited", "per questa modifica non aspettiamo nessuna conferma")),
        }
    }

    /// A confirmation that was refused, so that wrong ones are counted.
    pub fn misconfirmed(&self, refused: &Refused) -> Result<Entry, Refused> {
        if matches!(self.state, State::AwaitingConfirmation { .. }) {
            return Ok(Entry::Misconfirmed { code: refused.code.to_string() });
        }
        Err(self.not_now("non aspettiamo nessuna conferma"))
    }

    /// The citizen confirmed before somebody of the office, with a document.
    pub fn confirm_in_person(&self, by: &str, evidence: &str) -> Result<Entry, Refused> {
        if !matches!(self.state, State::Proposed | State::AwaitingConfirmation { .. } | State::Expired) {
            return Err(self.not_now("non si può più confermare"));
        }
        let by = filled(by, "chi ha visto la persona", NAME_BYTES_MAX)?;
        Ok(Entry::Confirmed { confirmation: Confirmation::InPerson { by, evidence: digest(evidence)? } })
    }

    /// The time to confirm is over. The request stays: no dossier is closed by a timer (L. 241/1990 art. 2 c. 1).
    pub fn expire(&self, at: Timestamp) -> Result<Entry, Refused> {
        match &self.state {
            State::AwaitingConfirmation { until, .. } if at > *until => Ok(Entry::Expired),
            State::AwaitingConfirmation { .. } => Err(Refused::new("not-yet", "il tempo per confermare non è finito")),
            _ => Err(self.not_now("non aspettiamo nessuna conferma")),
        }
    }

    /// A person of the office says yes. `holders` are the persons of whom a new domicile already is one.
    pub fn approve(&self, by: &str, person: &Person, holders: &[Person], at: Timestamp) -> Result<Entry, Refused> {
        self.is_of(person)?;
        let by = filled(by, "chi approva", NAME_BYTES_MAX)?;
        if self.state.is_decided() {
            return Err(self.not_now("è già decisa"));
        }
        if !self.may_be_approved() {
            let text = "prima la persona deve confermare: cambiano il conto, il domicilio o la residenza";
            return Err(Refused::new("not-confirmed", text));
        }
        if person.domiciles.iter().any(|d| address::same(&d.address, &by)) {
            // L. 241/1990 art. 6-bis.
            return Err(Refused::new("own-case", "chi approva è la persona stessa: deve farlo un'altra"));
        }
        if let State::ApprovedOnce { by: first } = &self.state
            && same_person(first, &by)
        {
            return Err(Refused::new("same-person", "la seconda approvazione la dà un'altra persona dell'ufficio"));
        }
        let before = self.before_of(person, holders, at)?;
        Ok(Entry::Approved { by, before })
    }

    /// The entries of an approved change for the person's record, and the one for the change: to be committed together.
    ///
    /// What was approved is entered only over what was seen then.
    pub fn enter(
        &self,
        person: &Person,
        holders: &[Person],
        at: Timestamp,
    ) -> Result<(Vec<person::Entry>, Entry), Refused> {
        self.is_of(person)?;
        if !is_due(self) {
            return Err(self.not_now("non c'è nulla da scrivere"));
        }
        let effects = self.effects(at);
        if effects.is_empty() {
            return Err(Refused::new("not-yet", "la modifica vale da un giorno che deve ancora venire"));
        }
        if self.before_of(person, holders, at)? != self.before {
            return Err(changed_meanwhile());
        }
        Ok((effects, Entry::Applied))
    }

    /// A person of the office says no, with reasons (L. 241/1990 art. 3).
    pub fn refuse(&self, reasons: &[&str], by: &str) -> Result<Entry, Refused> {
        if self.state.is_decided() {
            return Err(self.not_now("è già decisa"));
        }
        if reasons.is_empty() || reasons.len() > REASONS_MAX {
            return Err(Refused::new("no-reasons", format!("servono i motivi del rifiuto, al massimo {REASONS_MAX}")));
        }
        let reasons = reasons.iter().map(|why| filled(why, "il motivo", REASON_BYTES_MAX)).collect::<Result<_, _>>()?;
        Ok(Entry::Refused { reasons, by: filled(by, "chi rifiuta", NAME_BYTES_MAX)? })
    }

    /// The citizen takes it back.
    pub fn withdraw(&self) -> Result<Entry, Refused> {
        if self.state.is_decided() {
            return Err(self.not_now("è già decisa"));
        }
        Ok(Entry::Withdrawn)
    }

    /// Undoes an approved change. One person may: it only puts back what stood before, and waiting for a second costs money while a
    /// fraud is on its way. It is refused when something newer stands there, which it would destroy.
    pub fn roll_back(&self, person: &Person, by: &str, why: &str) -> Result<Entry, Refused> {
        self.is_of(person)?;
        if !matches!(self.state, State::Approved { .. }) {
            return Err(self.not_now("si annulla solo una modifica approvata"));
        }
        if self.applied.is_some() && !self.items.iter().all(|item| self.stands(item, person)) {
            let text = "dopo questa modifica ce n'è stata un'altra sugli stessi dati: va annullata prima quella";
            return Err(Refused::new("newer-value", text));
        }
        let by = filled(by, "chi annulla", NAME_BYTES_MAX)?;
        Ok(Entry::RolledBack { by, why: filled(why, "il motivo", REASON_BYTES_MAX)? })
    }

    /// The new value of an item is what stands there, entered by this change.
    fn stands(&self, item: &Item, person: &Person) -> bool {
        if fields::is_domicile(&item.field) {
            let newest = person
                .domiciles
                .iter()
                .rfind(|d| d.source == person::Source::Enabled && address::same(&d.address, &item.new));
            return newest.is_some_and(|d| d.until.is_none() && Some(d.since) == self.applied);
        }
        let held = person.datum(&item.field, &self.office);
        held.is_some_and(|datum| datum.value == item.new && Some(datum.at) == self.applied)
    }

    /// What stands before each item; refused when it is no longer what the proposal saw, or when the new value has no room.
    fn before_of(&self, person: &Person, holders: &[Person], at: Timestamp) -> Result<Vec<Before>, Refused> {
        let mut before = Vec::with_capacity(self.items.len());
        for item in &self.items {
            if held(person, &item.field, &self.office, item.said.as_deref(), at) != item.old {
                return Err(changed_meanwhile());
            }
            if fields::is_domicile(&item.field) {
                person.add_domicile(&item.new, person::Source::Enabled, at, holders)?;
                // Only the domicile that the citizen names as the old one ends; otherwise this is a second one (S0.02). What an
                // index lists ends there.
                let ours = person.domiciles.iter().find(|d| {
                    d.until.is_none()
                        && d.source.strength() < Strength::Listed
                        && item.said.as_deref().is_some_and(|said| address::same(&d.address, said))
                });
                before.push(Before { datum: None, ends: ours.map(|d| (d.address.clone(), d.source)) });
            } else {
                person.room_for(&item.field, &self.office)?;
                before.push(Before { datum: person.datum(&item.field, &self.office).cloned(), ends: None });
            }
        }
        Ok(before)
    }

    fn is_of(&self, person: &Person) -> Result<(), Refused> {
        if person.id == self.person {
            return Ok(());
        }
        Err(Refused::new("other-person", "la modifica riguarda i dati di un'altra persona"))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.dossier == other.dossier && self.id == other.id
    }

    fn hash(&self, secret: &str) -> String {
        token::hash(&self.dossier, self.id, &self.person, secret)
    }

    fn awaits(&self, secret: &str) -> bool {
        matches!(&self.state, State::AwaitingConfirmation { token_hash, .. }
            if secret.len() <= token::SECRET_BYTES_MAX && token::same(token_hash, &self.hash(secret)))
    }

    fn has_spent(&self, secret: &str) -> bool {
        let hash = self.hash(secret.get(..token::SECRET_BYTES_MAX).unwrap_or(secret));
        // Every one is compared: how many there are is no secret, which one it is might be.
        self.spent.iter().fold(false, |found, spent| token::same(spent, &hash) | found)
    }

    fn not_now(&self, what: &str) -> Refused {
        Refused::new("wrong-state", format!("{what}: la modifica è {}", self.state.words()))
    }
}

fn expired() -> Refused {
    Refused::new("token-expired", "il tempo per confermare è finito: si può chiedere un nuovo codice")
}

fn changed_meanwhile() -> Refused {
    Refused::new("changed-meanwhile", "i dati sono cambiati dopo la richiesta: va vista di nuovo")
}

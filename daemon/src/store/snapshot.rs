//! What a decision may know of the past, read from the index. It changes when a decision needs to know something else.

use super::project::day_before;
use super::register::ToldOfPerson;
use super::rows::{MessageRow, key};
use super::{Store, Trouble};
use casework::decision::Lane;
use casework::known::{Earlier, Traffic, Wrote};
use casework::person::Person;
use casework::{Disposition, Interest, Known, address, calendar};
use jiff::Timestamp;

/// How many ids a message may answer and still be looked up: a References header is at most this deep.
const ANSWERS_MAX: usize = 50;
/// How many dossiers one message may name and still be looked up.
const DOSSIERS_MAX: usize = 20;
/// Persons looked at for one message: of one address, and of the changes that its dossiers wait for.
pub(super) const PEOPLE_MAX: usize = 16;

impl Store {
    /// The snapshot that a decision on this message may use.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn known(&self, digest: &str, interest: &Interest, now: Timestamp) -> Result<Known, Trouble> {
        let mut known = Known { revision: self.journal.head().seq, digest: digest.to_owned(), ..Known::nothing(now) };
        known.began = self.index.get(key::BEGAN)?.unwrap_or(known.began);
        if let Some(identity) = &interest.identity
            && let Some((first, signed)) = self.index.get::<(String, String)>(&key::identity(&identity.key))?
        {
            known.earlier = if signed == identity.signed_sha256 {
                Earlier::Same { digest: first }
            } else {
                Earlier::Other { digest: first }
            };
        }
        for id in interest.answers.iter().take(ANSWERS_MAX) {
            known.answers_ours |= self.index.get::<String>(&key::ours(id))?.is_some();
            if known.thread.is_none() {
                known.thread = self.index.get(&key::thread(id))?;
            }
        }
        if let Some(id) = &interest.msgid
            && let Some(row) = self.ours(id)?.filter(|row| row.outgoing.lane != Lane::Courtesy)
        {
            self.add_courtesies(&mut known, &row)?;
            known.awaited_dossier.clone_from(&row.outgoing.dossier);
            known.awaited = Some(Self::awaited(row));
        }
        known.canary = self.canary(&interest.carried)?;
        for asked in interest.protocols.iter().take(DOSSIERS_MAX) {
            let number = self.dossier_registered(asked.0, asked.1, now)?;
            known.protocols.extend(number.map(|number| (*asked, number)));
        }
        let registered: Vec<String> = known.protocols.values().cloned().collect();
        let numbers = interest
            .dossiers
            .iter()
            .take(DOSSIERS_MAX)
            .chain(&registered)
            .chain(&known.thread)
            .chain(&known.awaited_dossier);
        for number in numbers.cloned().collect::<std::collections::BTreeSet<_>>() {
            known.dossiers.extend(self.dossier(&number)?);
        }
        known.people.extend(self.people_at(&interest.sender, PEOPLE_MAX)?);
        let wanted = interest.courtesy.as_ref().map(|address| self.people_at(address, PEOPLE_MAX)).transpose()?;
        for person in wanted.into_iter().flatten() {
            if known.people.iter().all(|other| other.id != person.id) {
                known.people.push(person);
            }
        }
        known.returned = interest.report.as_ref().map(|report| self.returned(report)).transpose()?.flatten();
        for code in &interest.codes {
            let person = self.person(code)?.filter(|person| known.people.iter().all(|other| other.id != person.id));
            known.people.extend(person);
        }
        known.people.extend(self.concerned(&known)?);
        self.add_own(&mut known, interest)?;
        self.add_looks(&mut known, interest)?;
        for code in &interest.tasks {
            known.spent.extend(self.index.get(&key::order(code))?.map(|spent| (code.clone(), spent)));
        }
        for prefix in &interest.messages {
            known.wrote.extend(self.wrote(prefix)?);
        }
        for wrote in &known.wrote {
            let found = self.people_at(&address::key(&wrote.sender), PEOPLE_MAX)?;
            let is_new = |person: &Person| known.people.iter().all(|other| other.id != person.id);
            known.people.extend(found.into_iter().filter(is_new).collect::<Vec<_>>());
        }
        known.next_ordinal = self.index.get(&key::ordinal(calendar::rome(now).year()))?.unwrap_or(1);
        known.traffic = self.traffic(interest, &known, now)?;
        Ok(known)
    }

    /// The decided message whose digest begins so; none where several do.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn wrote(&self, prefix: &str) -> Result<Option<Wrote>, Trouble> {
        Ok(match &self.messages_like(prefix, 2)?[..] {
            [row] => Some(wrote(row)),
            _ => None,
        })
    }

    /// Whom the changes of data concern that dossiers wait for, whoever writes; and who has a new address already.
    fn concerned(&self, known: &Known) -> Result<Vec<Person>, Trouble> {
        let changes = || known.dossiers.iter().flat_map(|of| &of.life.changes);
        let mut found = Vec::new();
        for change in changes().take(PEOPLE_MAX) {
            found.extend(self.person(&change.person)?);
        }
        let items = changes().filter(|change| !change.state.is_decided()).flat_map(|change| &change.items);
        for item in items.filter(|item| address::is_plausible(&item.new)).take(PEOPLE_MAX) {
            found.extend(self.people_at(&item.new, PEOPLE_MAX)?);
        }
        // Who asks to be enabled, and whose the address is already.
        for asked in known.dossiers.iter().filter_map(|of| of.life.enablement.as_ref()).take(PEOPLE_MAX) {
            found.extend(self.person(&asked.code)?);
            found.extend(self.people_at(&asked.address, PEOPLE_MAX)?);
        }
        // Who has chosen to hear less of a dossier: a step in it may have to be told.
        for party in known.dossiers.iter().flat_map(|of| &of.cover.people).take(PEOPLE_MAX) {
            let person = if party.person.is_empty() { None } else { self.person(&party.person)? };
            found.extend(person.filter(|person| !person.notices.are_all()));
        }
        let mut new: Vec<Person> = Vec::new();
        for person in found {
            if known.people.iter().chain(&new).all(|other| other.id != person.id) {
                new.push(person);
            }
        }
        Ok(new)
    }

    fn traffic(&self, interest: &Interest, known: &Known, now: Timestamp) -> Result<Traffic, Trouble> {
        let mut traffic = Traffic::default();
        let since = day_before(now);
        let from = key::sent_to(&interest.sender, since, "");
        for row in self.index.scan::<(String, Option<String>)>(&key::sent_to_prefix(&interest.sender), &from) {
            traffic.to_sender.push(row?.1);
        }
        for dossier in &known.dossiers {
            let from = key::touched(&dossier.number, since, "");
            let touched = self.index.scan::<String>(&key::touched_prefix(&dossier.number), &from).count();
            traffic.touched.insert(dossier.number.clone(), touched as u32);
        }
        if let Some(words) = &interest.words {
            let answered = self.index.get::<Timestamp>(&key::answered(&interest.sender, words))?;
            traffic.repeated = match answered {
                Some(at) if at >= since => {
                    !self.has_changed(&interest.sender, at)? && !self.was_seen(&interest.sender, known, at)?
                }
                _ => false,
            };
        }
        Ok(traffic)
    }

    /// Whether something was written of a person who has this address since an instant: the same words then ask for another answer.
    fn has_changed(&self, who: &str, since: Timestamp) -> Result<bool, Trouble> {
        for person in self.people_at(who, PEOPLE_MAX)? {
            let n = self.index.get::<u32>(&key::told(&person.id))?.unwrap_or(0);
            let last = self.index.get::<ToldOfPerson>(&key::person_entry(&person.id, n))?;
            if last.is_some_and(|(at, ..)| at > since) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A decided message, as an order may speak of it.
fn wrote(row: &MessageRow) -> Wrote {
    let decided = match &row.disposition {
        Disposition::Request { dossier, .. } => dossier.clone(),
        _ => None,
    };
    Wrote {
        digest: row.digest.clone(),
        at: row.received.unwrap_or(row.decided_at),
        sender: row.sender.clone(),
        proven: row.proven.clone(),
        // A person may have opened one for it, or said to which it belongs.
        dossier: row.corrected.as_ref().and_then(|(_, said)| said.dossier.clone()).or(decided),
        corrections: row.corrections,
        aside: matches!(row.disposition, Disposition::Quarantine { .. }),
        files: Vec::new(),
    }
}

//! The rows of the index: what is projected from the journal, and under which key.
//!
//! One ordered map, one prefix a kind. Every key of one kind sorts as its fields do.

use super::canary::Mark;
use crate::outbox::notice::{Notice, Wait, wait};
use crate::outbox::schedule::{Shown, State, shown};
use casework::correction::Correction;
use casework::decision::Lane;
use casework::receipts::Fact;
use casework::{Disposition, Outgoing, address};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A message that arrived.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageRow {
    /// Its digest.
    pub digest: String,
    /// Journal line of the decision.
    pub seq: u64,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// When the mail server received it, if it says so.
    #[serde(default)]
    pub received: Option<Timestamp>,
    /// Places where it was found.
    pub places: Vec<String>,
    /// Where it ended.
    pub disposition: Disposition,
    /// Grade code.
    pub grade: String,
    /// What it was proven to be.
    pub proven: Option<String>,
    /// Its sender.
    pub sender: String,
    /// Its subject.
    pub subject: String,
    /// Items that it caused.
    pub items: Vec<String>,
    /// What a person said later that it really was: when, and what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<(Timestamp, Correction)>,
    /// How often a person did.
    #[serde(default, skip_serializing_if = "is_none")]
    pub corrections: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as the serialiser calls it
fn is_none(count: &u32) -> bool {
    *count == 0
}

/// An item of the outbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ItemRow {
    /// What is sent, without its text.
    pub outgoing: Outgoing,
    /// Digest of the message that caused it.
    pub cause: String,
    /// Digest of the frozen bytes.
    pub frozen: String,
    /// When it was decided.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: State,
    /// Attempts begun.
    pub attempts: u32,
    /// When the first attempt began.
    pub first_attempt: Option<Timestamp>,
    /// When it last moved.
    pub moved_at: Timestamp,
    /// Last reply or reason.
    pub last: String,
    /// Verified facts.
    pub facts: BTreeSet<Fact>,
    /// When the last final dot was about to be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dot_at: Option<Timestamp>,
    /// What time made noticed of it, and when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notices: BTreeMap<Notice, Timestamp>,
    /// Times that it was sent again though the provider may have had it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub again: u32,
    /// It was sent again because its template allows it, which happens once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resent_by_rule: bool,
    /// An older copy of the register was put back: it may have been sent already. The machine never sends it again.
    #[serde(default)]
    pub restored: bool,
    /// It is a canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Mark>,
}

impl ItemRow {
    /// Its state as people read it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        shown(&self.state, &self.facts, self.outgoing.lane == Lane::Pec)
    }
    /// Whether a person may mean it by these first characters of its id, or by its Message-ID.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        !name.is_empty()
            && (self.outgoing.id.starts_with(name) || self.outgoing.message_id.trim_matches(['<', '>']) == name)
    }
    /// A person holds it back, and nothing but a person's release lets it go.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        is_stopped(&self.state)
    }
    /// It was written anew once an older copy of the register was back, about a message that may have been answered in the lost
    /// lines: that answer bore another hour, and perhaps other words, than these bytes.
    #[must_use]
    pub fn is_written_anew(&self) -> bool {
        self.restored && self.first_attempt.is_some_and(|at| at < self.created_at)
    }
    /// The row by which the timers find it, while they can make something of it.
    #[must_use]
    pub(super) fn waits(&self) -> Option<String> {
        Some(match wait(self)? {
            Wait::Acceptance(since) => key::waiting(key::WAITING, since, &self.outgoing.id),
            Wait::Delivery(since) => key::waiting(key::UNDELIVERED, since, &self.outgoing.id),
            Wait::Evidence(since) => key::waiting(key::DOUBTFUL, since, &self.outgoing.id),
        })
    }
    /// What time noticed of it and still holds, the gravest last.
    pub fn silent(&self) -> impl Iterator<Item = Notice> + '_ {
        let shown = self.shown();
        self.notices.keys().copied().filter(move |notice| notice.holds(shown))
    }
    /// From when it is due, if it waits for its turn.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        due(&self.state)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn due(state: &State) -> Option<Timestamp> {
    match state {
        State::Held { until } => Some(*until),
        State::Queued { due } => Some(*due),
        _ => None,
    }
}

pub(super) fn is_stopped(state: &State) -> bool {
    due(state) == Some(Timestamp::MAX)
}

/// The keys.
pub(super) mod key {
    use super::{Lane, Timestamp, address};

    /// Rows of these come and go, or change with each line, and there are never more of them than of what is in hand. What is open
    /// is not among them: a body that concludes nothing has as many as it has dossiers, and sled holds its rows in memory.
    const STAYING: [&str; 16] = [
        "meta/",
        UNREGISTERED,
        LOOKS,
        ENDS,
        CURSORS,
        OPEN,
        REFUSED,
        ATTENTION,
        WAITING,
        UNDELIVERED,
        DOUBTFUL,
        CANARIES,
        ATTEMPTS,
        "attempts-by/",
        "due/",
        "ordinal/",
    ];
    /// Whether a row, or a prefix, is of those which the index does not lay aside with the old ones.
    pub(crate) fn stays(key: &str) -> bool {
        STAYING.iter().any(|prefix| key.starts_with(prefix))
    }

    /// The last journal line that the index has seen.
    pub(crate) const WATERMARK: &str = "meta/watermark";
    /// Version of these rows. Beside the cursors, as the place: no part of the state.
    pub(crate) const FORMAT: &str = "cursor//format";
    /// Where the journal's last line stood when the index was last made durable. Beside the cursors: no part of the state.
    pub(crate) const PLACE: &str = "cursor//journal";
    /// Attempts at sending that have begun and not ended.
    pub(crate) const OPEN: &str = "open/";
    /// Attempts at messages that are not decided, by digest.
    pub(crate) const ATTEMPTS: &str = "attempts/";
    /// Letters to citizens that were refused for good.
    pub(crate) const REFUSED: &str = "refused/";
    /// When the register began.
    pub(crate) const BEGAN: &str = "meta/began";
    /// How many of everything.
    pub(crate) const TALLY: &str = "meta/tally";
    /// Items that a person must look at.
    pub(crate) const ATTENTION: &str = "attention/";
    /// That the register was restored from an older copy.
    pub(crate) const RESTORED: &str = "meta/restored";
    pub(crate) const MESSAGES: &str = "message/";
    pub(crate) const DOSSIERS: &str = "dossier/";
    pub(crate) const ITEMS: &str = "item/";
    /// Items that the provider took and has not accepted.
    pub(crate) const WAITING: &str = "waiting/";
    /// Items that it accepted and has not said to be delivered.
    pub(crate) const UNDELIVERED: &str = "undelivered/";
    /// Items that it may have taken.
    pub(crate) const DOUBTFUL: &str = "doubtful/";
    /// Of the accepted items, the one that was submitted last: (when, Message-ID).
    pub(crate) const ACCEPTED_LAST: &str = "meta/accepted-last";
    /// How the canaries of a mailbox fared.
    pub(crate) const CANARIES: &str = "canary/";
    pub(crate) fn canary(address: &str) -> String {
        format!("{CANARIES}{}", address::key(address))
    }
    pub(crate) const INCIDENTS: &str = "incident/";
    /// Messages whose certificate turned out to have been revoked, after their decision.
    pub(crate) fn revoked_later(digest: &str) -> String {
        format!("revoked-later/{digest}")
    }
    /// Messages that one certificate signed, by the instant of the signature.
    pub(crate) fn signed(certificate: &str, at: Timestamp, digest: &str) -> String {
        format!("{}{:020}/{digest}", signed_prefix(certificate), at.as_millisecond().max(0))
    }
    pub(crate) fn signed_prefix(certificate: &str) -> String {
        format!("signed/{certificate}/")
    }
    /// How the registering in the protocol stands.
    pub(crate) const PROTOCOL: &str = "meta/protocol";
    /// Documents that have no protocol number yet, by the line from which on they wait.
    pub(crate) const UNREGISTERED: &str = "unregistered/";
    pub(crate) fn unregistered(seq: u64, digest: &str) -> String {
        format!("{UNREGISTERED}{seq:020}/{digest}")
    }
    /// What is known of the registration of a document.
    pub(crate) fn registration(digest: &str) -> String {
        format!("registration/{digest}")
    }
    /// A protocol number of a year → the document that has, or had, it.
    pub(crate) fn registered(number: &casework::protocol::Number) -> String {
        registered_in(number.on.year(), number.number)
    }
    pub(crate) fn registered_in(year: i16, number: u32) -> String {
        format!("registered/{year:04}/{number:09}")
    }
    /// Times in which the emergency register was open, by the line that opened it.
    pub(crate) const EMERGENCIES: &str = "emergency/";
    pub(crate) fn emergency(seq: u64) -> String {
        format!("{EMERGENCIES}{seq:020}")
    }
    /// Documents of the emergency register, in the order of their numbers.
    pub(crate) const IN_EMERGENCY: &str = "in-emergency/";
    pub(crate) fn in_emergency(number: &casework::protocol::Number) -> String {
        format!("{IN_EMERGENCY}{:04}/{:09}", number.on.year(), number.number)
    }
    /// The set of rules that came into force last: when, and which.
    pub(crate) const RULESET: &str = "meta/ruleset";
    pub(crate) const CURSORS: &str = "cursor/";

    pub(crate) fn message(digest: &str) -> String {
        format!("{MESSAGES}{digest}")
    }
    pub(crate) fn attempts(digest: &str) -> String {
        format!("{ATTEMPTS}{digest}")
    }
    /// By digest: parts of an identity are as long as a provider made them.
    pub(crate) fn identity(identity: &str) -> String {
        format!("identity/{}", crate::digest::sha256(identity.as_bytes()))
    }
    pub(crate) fn dossier(number: &str) -> String {
        format!("{DOSSIERS}{number}")
    }
    /// Entries of one dossier, in their order.
    pub(crate) fn entry(number: &str, n: u32) -> String {
        format!("{}{n:010}", entries(number))
    }
    pub(crate) fn entries(number: &str) -> String {
        format!("entry/{number}/")
    }
    /// The code of a task → the order that was carried out under it.
    pub(crate) fn order(code: &str) -> String {
        format!("order/{code}")
    }
    pub(crate) const RATINGS: &str = "rating/";

    /// What people thought of how dossiers of a procedure went, on a day.
    pub(crate) fn rating(procedure: &str, day: jiff::civil::Date) -> String {
        format!("{RATINGS}{procedure}/{day}")
    }
    /// What must not be done twice.
    pub(crate) fn once(name: &str) -> String {
        format!("once/{name}")
    }
    pub(crate) fn person(id: &str) -> String {
        format!("person/{id}")
    }
    /// Another code of a person → the id.
    pub(crate) fn code(code: &str) -> String {
        format!("code/{code}")
    }
    /// Persons who have, or had, an address as a domicile.
    pub(crate) fn domicile(who: &str, id: &str) -> String {
        format!("domicile/{}/{id}", address::key(who))
    }
    /// How many entries a person's record has.
    pub(crate) fn told(id: &str) -> String {
        format!("told/{id}")
    }
    pub(crate) fn person_entry(id: &str, n: u32) -> String {
        format!("{}{n:010}", person_entries(id))
    }
    pub(crate) fn person_entries(id: &str) -> String {
        format!("person-entry/{id}/")
    }
    /// Who looked at what is held of a person, by journal line.
    pub(crate) fn seen_person(id: &str) -> String {
        format!("seen/person/{id}/")
    }
    /// Who looked at a dossier, by journal line.
    pub(crate) fn seen_dossier(number: &str) -> String {
        format!("seen/dossier/{number}/")
    }
    /// One reading of these.
    pub(crate) fn seen(of: &str, seq: u64) -> String {
        format!("{of}{seq:020}")
    }
    /// The number for the next person without a code.
    pub(crate) const UNCODED: &str = "meta/uncoded";
    /// Dossiers of which an address is a party.
    pub(crate) fn of_address(who: &str, number: &str) -> String {
        format!("of-address/{}/{number}", address::key(who))
    }
    /// Dossiers of a person.
    pub(crate) fn of_person(id: &str, number: &str) -> String {
        format!("of-person/{id}/{number}")
    }
    /// Dossiers whose term must be looked at, by day.
    pub(crate) const LOOKS: &str = "look/";
    pub(crate) fn look(day: jiff::civil::Date, number: &str) -> String {
        format!("{LOOKS}{day}/{number}")
    }
    /// Open dossiers whose term does not stand still, by its last day.
    pub(crate) const ENDS: &str = "ends/";
    pub(crate) fn ends(day: jiff::civil::Date, number: &str) -> String {
        format!("{ENDS}{day}/{number}")
    }
    /// Dossiers in which a code stands, of somebody who may have no record.
    pub(crate) fn of_code(code: &str, number: &str) -> String {
        format!("of-code/{code}/{number}")
    }
    /// Persons, by the words of their names.
    pub(crate) fn named(word: &str, id: &str) -> String {
        format!("{}/{id}", named_prefix(word))
    }
    pub(crate) fn named_prefix(begins: &str) -> String {
        format!("named/{begins}")
    }
    /// Dossiers that are open at an office.
    pub(crate) const OPEN_AT: &str = "open-at/";
    pub(crate) fn open_at(office: &str, number: &str) -> String {
        format!("{OPEN_AT}{office}/{number}")
    }
    /// Letters and tasks about one dossier, by time.
    pub(crate) fn letter(number: &str, at: Timestamp, id: &str) -> String {
        format!("{}{:020}/{id}", letters(number), at.as_millisecond().max(0))
    }
    pub(crate) fn letters(number: &str) -> String {
        format!("letter/{number}/")
    }
    pub(crate) fn ordinal(year: i16) -> String {
        format!("ordinal/{year:04}")
    }
    /// A Message-ID of a conversation → the dossier it belongs to.
    pub(crate) fn thread(message_id: &str) -> String {
        format!("thread/{message_id}")
    }
    /// A Message-ID of ours → the item.
    pub(crate) fn ours(message_id: &str) -> String {
        format!("ours/{message_id}")
    }
    pub(crate) fn item(id: &str) -> String {
        format!("{ITEMS}{id}")
    }
    pub(crate) fn attention(id: &str) -> String {
        format!("{ATTENTION}{id}")
    }
    /// Items that wait for their turn, each road apart: one that is closed must not hold up the other.
    pub(crate) fn due(lane: Lane, at: Timestamp, id: &str) -> String {
        format!("{}{:020}/{id}", due_prefix(lane), at.as_millisecond().max(0))
    }
    pub(crate) fn due_prefix(lane: Lane) -> String {
        format!("due/{}/", word(lane))
    }
    /// What waits for an answer, by time.
    pub(crate) fn waiting(whom: &str, since: Timestamp, id: &str) -> String {
        format!("{whom}{:020}/{id}", since.as_millisecond().max(0))
    }
    /// Attempts at one road, by time: what the provider's limits are counted from.
    pub(crate) fn sent(lane: Lane, at: Timestamp, id: &str) -> String {
        format!("{}{:020}/{id}", sent_prefix(lane), at.as_millisecond().max(0))
    }
    pub(crate) fn sent_prefix(lane: Lane) -> String {
        format!("attempts-by/{}/", word(lane))
    }
    /// The last of these that was forgotten.
    pub(crate) fn forgotten(lane: Lane) -> String {
        format!("meta/forgotten/{}", word(lane))
    }
    /// Until when a road is closed.
    pub(crate) fn closed(lane: Lane) -> String {
        format!("meta/closed/{}", word(lane))
    }
    fn word(lane: Lane) -> &'static str {
        match lane {
            Lane::Pec => "pec",
            Lane::Internal => "internal",
            Lane::Courtesy => "courtesy",
        }
    }
    /// Courtesy notices to one address, by time.
    pub(crate) fn courtesy(who: &str, at: Timestamp, id: &str) -> String {
        format!("{}{:020}/{id}", courtesy_prefix(who), at.as_millisecond().max(0))
    }
    pub(crate) fn courtesy_prefix(who: &str) -> String {
        format!("courtesy/{}/", address::key(who))
    }
    /// Automatic replies to one address, by time.
    pub(crate) fn sent_to(who: &str, at: Timestamp, id: &str) -> String {
        format!("{}{:020}/{id}", sent_to_prefix(who), at.as_millisecond().max(0))
    }
    pub(crate) fn sent_to_prefix(who: &str) -> String {
        format!("sent/{}/", address::key(who))
    }
    /// The words of a sender that were answered last at an instant.
    pub(crate) fn answered(who: &str, words: &str) -> String {
        format!("answered/{}/{words}", address::key(who))
    }
    /// Messages that touched one dossier, by time.
    pub(crate) fn touched(number: &str, at: Timestamp, digest: &str) -> String {
        format!("{}{:020}/{digest}", touched_prefix(number), at.as_millisecond().max(0))
    }
    pub(crate) fn touched_prefix(number: &str) -> String {
        format!("touched/{number}/")
    }
    pub(crate) fn open(item: &str) -> String {
        format!("{OPEN}{item}")
    }
    pub(crate) fn refused(item: &str) -> String {
        format!("{REFUSED}{item}")
    }
    pub(crate) fn incident(seq: u64, n: usize) -> String {
        format!("{INCIDENTS}{seq:020}/{n}")
    }
    pub(crate) fn note(name: &str) -> String {
        format!("{CURSORS}/{name}")
    }
    pub(crate) fn cursor(account: &str) -> String {
        format!("{CURSORS}{account}")
    }
}

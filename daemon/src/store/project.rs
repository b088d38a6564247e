//! The projection: what one journal line changes in the index. The index is nothing but the sum of these.

use super::index::{Batch, Index};
use super::register::{self, Source};
use super::rows::{ItemRow, MessageRow, key};
use super::{access, canary, courtesy, finding, protocol, restored, tally};
use crate::journal::record::{Decided, Event, FORMAT, Record, Task};
use crate::journal::{Head, Trouble as JournalTrouble};
use crate::outbox::notice::Notice;
use crate::outbox::schedule::{Illegal, Move, State};
use casework::calendar;
use casework::correction::Correction;
use casework::decision::Lane;
use casework::dossier::Dossier;
use casework::letters::ID_BYTES_MAX;
use casework::rating::Ratings;
use casework::{Change, Disposition, Outgoing, Spent, address};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Text of a citizen's letter kept in its row, bytes; the whole is in the archive. Letters are a tenth of this.
const TEXT_BYTES_MAX: usize = 32 * 1024;
/// Places of one message kept in its row: a message that is found in more is still known by its digest.
const PLACES_MAX: usize = 16;
/// Verified facts kept of one item: a sending has seven kinds of receipt; two acceptances double them.
const FACTS_MAX: usize = 64;

/// Attempts forgotten with each new one: more than come, so that none stays.
const FORGOTTEN_MAX: usize = 8;
/// Subject and sender kept in a row, bytes: they are shown in a table. The whole is in the archive.
const SHOWN_BYTES_MAX: usize = 1024;

/// Why a line cannot be projected.
#[derive(Debug)]
pub enum Fault {
    /// The disk, or a damaged index: rebuilding cures it.
    Io(io::Error),
    /// The journal holds a move that is not lawful: written by another program, or a fault of ours.
    Illegal(u64, Illegal),
    /// The journal itself.
    Journal(JournalTrouble),
    /// The journal is not the one that the index remembers: shorter, or other. Somebody restored or changed it.
    Rollback {
        /// The line that the index has seen last.
        seq: u64,
    },
    /// The journal was begun by a newer program.
    Newer(u32),
}

impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl From<JournalTrouble> for Fault {
    fn from(e: JournalTrouble) -> Self {
        Self::Journal(e)
    }
}

/// Stages what one line changes, watermark included.
///
/// # Errors
/// See [`Fault`].
pub fn project(index: &Index, record: &Record, head: &Head) -> Result<(), Fault> {
    let mut batch = Batch::default();
    match &record.event {
        Event::Begun { format, .. } if *format > FORMAT => return Err(Fault::Newer(*format)),
        Event::Begun { .. } => batch.put(key::BEGAN, &record.at),
        Event::Attempted { digest, n } => batch.put(&key::attempts(digest), n),
        Event::SeenAgain { digest, place } => seen_again(index, &mut batch, digest, place)?,
        Event::RevokedLater { digest, text, .. } => {
            batch.put(&key::revoked_later(digest), &record.at);
            batch.put(&key::incident(record.seq, 0), &(record.at, "revoked-later", text, digest));
        }
        Event::Corrected { digest, correction } => {
            let change = Change::Corrected { message: digest.clone(), correction: correction.clone() };
            let from = Source { at: record.at, seq: record.seq, by: "", message: "" };
            register::project(index, &mut batch, &[change], &from)?;
        }
        Event::Acted(acted) => register::acted(index, &mut batch, record, acted)?,
        Event::Looked(looked) => access::project(index, &mut batch, record, looked)?,
        Event::Protocol(fact) => protocol::project(index, &mut batch, record, fact)?,
        Event::Ruleset(set) => batch.put(key::RULESET, &(record.at, set)),
        Event::Restored(restored) => restored::project(index, &mut batch, record, restored)?,
        Event::Tasked { cause, outgoing, frozen } => queue(&mut batch, outgoing, frozen, cause, record.at, record.at),
        Event::Canary { mailbox, day, outgoing, frozen } => {
            canary::written(index, &mut batch, record, mailbox, *day, (outgoing, frozen))?
        }
        Event::Noticed { item, notice, task, .. } => noticed(index, &mut batch, record, item, *notice, task.as_ref())?,
        Event::Moved { item, step } => moved(index, &mut batch, record, item, step)?,
        Event::Decided(decided) => decide(index, &mut batch, record, decided)?,
    }
    tally::settle(index, &mut batch)?;
    batch.put(key::WATERMARK, &(head.seq, &head.hash));
    index.stage(batch)?;
    Ok(())
}

fn decide(index: &Index, batch: &mut Batch, record: &Record, decided: &Decided) -> Result<(), Fault> {
    let at = decided.decided_at;
    let findings = &decided.findings;
    let threads: Vec<String> = findings.message_id.iter().filter(|id| id.len() <= ID_BYTES_MAX).cloned().collect();
    let dossier = dossier_of(decided);

    register::project(
        index,
        batch,
        decided.changes(),
        &Source { at, seq: record.seq, by: by(decided), message: &decided.digest },
    )?;
    if let (Some(class), Some(number)) = (&decided.decision.classification, &dossier) {
        finding::message(batch, class, number);
    }
    for (n, change) in decided.changes().iter().enumerate() {
        match change {
            Change::Opened { dossier } => {
                batch.put(&key::touched(&dossier.number, at, &decided.digest), &decided.digest)
            }
            Change::Entered { .. } | Change::Person { .. } | Change::Corrected { .. } => {}
            Change::Ordered { by, code, said, .. } if !code.is_empty() => {
                batch.put(&key::order(code), &Spent { at, by: by.clone(), said: said.clone() });
            }
            Change::Ordered { .. } => {}
            Change::Rated { procedure, opinion } => {
                let key = key::rating(procedure, calendar::rome(at).date());
                let mut ratings = index.get::<Ratings>(&key)?.unwrap_or_default();
                ratings.add(*opinion);
                batch.put(&key, &ratings);
            }
            Change::Filed { dossier } => batch.put(&key::touched(dossier, at, &decided.digest), &decided.digest),
            Change::Learned { item, fact } => {
                if let Some(mut row) = index.get::<ItemRow>(&key::item(item))? {
                    unwait(&mut *batch, &row);
                    if row.facts.len() < FACTS_MAX {
                        row.facts.insert(fact.clone());
                    }
                    // Replies of the citizen will quote the PEC id, not our Message-ID (pec.md §6.7).
                    if let casework::receipts::Fact::Accepted { pec_id, .. } = fact {
                        let id = format!("<{pec_id}>");
                        batch.put(&key::ours(&id), item);
                        if let Some(number) = &row.outgoing.dossier {
                            batch.put(&key::thread(&id), number);
                        }
                        accepted(index, &mut *batch, &row)?;
                    }
                    mark(&mut *batch, &key::refused(item), is_refused_letter(&row), item);
                    row.moved_at = at;
                    put(&mut *batch, &row);
                    canary::settle(index, &mut *batch, &row, at)?;
                }
            }
            Change::CanaryBack { item } => canary::came_back(index, &mut *batch, item, at)?,
            Change::Incident { code, text } => {
                batch.put(&key::incident(record.seq, n), &(at, code, text, &decided.digest))
            }
        }
    }

    for (outgoing, frozen) in decided.items() {
        let hold = if outgoing.lane == Lane::Pec { decided.hold_seconds } else { 0 };
        let due = at.checked_add(SignedDuration::from_secs(hold)).unwrap_or(at);
        if decided.observed {
            only_observed(&mut *batch, outgoing, frozen, &decided.digest, at);
            continue;
        }
        if decided.after_restore {
            in_doubt(index, &mut *batch, outgoing, frozen, decided)?;
        } else {
            queue(&mut *batch, outgoing, frozen, &decided.digest, at, due);
            courtesy::queued(index, &mut *batch, outgoing, at)?;
        }
        // An answer, to a citizen or to an office: what an office orders, and what time brings, no sender can set off.
        if address::same(&outgoing.to, &findings.sender) {
            batch.put(&key::sent_to(&outgoing.to, at, &outgoing.id), &(&outgoing.template, &outgoing.dossier));
        }
        if let (Lane::Pec, Some(words)) = (outgoing.lane, &findings.words) {
            batch.put(&key::answered(&outgoing.to, words), &at);
        }
        // One message may open several dossiers: an answer to a letter belongs to the letter's own.
        if let (Lane::Pec, Some(number)) = (outgoing.lane, &outgoing.dossier) {
            batch.put(&key::thread(&outgoing.message_id), number);
        }
    }

    if let Some(number) = &dossier {
        for id in &threads {
            batch.put(&key::thread(id), number);
        }
    }
    if let Some((identity, signed)) = &findings.identity
        && !matches!(decided.decision.disposition, Disposition::Duplicate { .. })
        && index.get::<(String, String)>(&key::identity(identity))?.is_none()
    {
        batch.put(&key::identity(identity), &(&decided.digest, signed));
    }
    if let Some([_, _, _, certificate]) = &findings.signer {
        // By arrival: the instant of the signature is the signer's word, and who stole his key would date it back.
        let came = decided.received.max(findings.signed_at).unwrap_or(at);
        batch.put(&key::signed(certificate, came, &decided.digest), &decided.digest);
    }
    protocol::came(index, batch, record.seq, decided, dossier.as_deref())?;
    // They count before a decision; its row says that there is one.
    batch.remove(&key::attempts(&decided.digest));
    batch.put(
        &key::message(&decided.digest),
        &MessageRow {
            digest: decided.digest.clone(),
            seq: record.seq,
            decided_at: at,
            received: decided.received,
            places: vec![decided.place.clone()],
            disposition: bounded(decided.decision.disposition.clone()),
            grade: findings.grade.clone(),
            proven: findings.proven.clone(),
            sender: head(&findings.sender),
            subject: head(&findings.subject),
            items: decided.decision.outgoing.iter().map(|o| o.id.clone()).collect(),
            corrected: None,
            corrections: 0,
        },
    );
    Ok(())
}

/// What a person says that a decided message was.
pub(super) fn corrected(
    index: &Index,
    batch: &mut Batch,
    digest: &str,
    correction: &Correction,
    at: Timestamp,
) -> Result<(), Fault> {
    if let Some(mut row) = index.get::<MessageRow>(&key::message(digest))? {
        if row.corrected.is_none() || !correction.is_remark() {
            row.corrected = Some((at, correction.clone()));
        }
        row.corrections = row.corrections.saturating_add(1);
        batch.put(&key::message(digest), &row);
    }
    Ok(())
}

/// Who ordered by mail what a decision does; empty: nobody did.
fn by(decided: &Decided) -> &str {
    let ordered = decided.changes().iter().find_map(|change| match change {
        Change::Ordered { by, .. } => Some(by.as_str()),
        _ => None,
    });
    ordered.unwrap_or_default()
}

/// A new item of the outbox.
pub(super) fn queue(batch: &mut Batch, outgoing: &Outgoing, frozen: &str, cause: &str, at: Timestamp, due: Timestamp) {
    file(batch, outgoing, at);
    batch.put(&key::due(outgoing.lane, due, &outgoing.id), &outgoing.id);
    batch.put(&key::ours(&outgoing.message_id), &outgoing.id);
    batch.put(&key::item(&outgoing.id), &row(outgoing, frozen, cause, at, State::Held { until: due }));
}

/// The row by which an item is found from its dossier.
fn file(batch: &mut Batch, outgoing: &Outgoing, at: Timestamp) {
    if let Some(number) = &outgoing.dossier {
        batch.put(&key::letter(number, at, &outgoing.id), &outgoing.id);
    }
}

/// What may have been sent before the register was restored: a receipt of it counts from the arrival of its message on.
fn in_doubt(
    index: &Index,
    batch: &mut Batch,
    outgoing: &Outgoing,
    frozen: &str,
    decided: &Decided,
) -> Result<(), Fault> {
    let at = decided.decided_at;
    let arrived = decided.received.max(decided.findings.signed_at).or(index.get(key::BEGAN)?).unwrap_or(at);
    file(batch, outgoing, at);
    let mut row = row(outgoing, frozen, &decided.digest, at, State::Unknown);
    restored::doubt(&mut row, arrived, at);
    batch.put(&key::ours(&outgoing.message_id), &outgoing.id);
    put(batch, &row);
    Ok(())
}

/// What would have been sent had the service not only observed: shown to people, due never, counted by no brake.
pub(super) fn only_observed(batch: &mut Batch, outgoing: &Outgoing, frozen: &str, cause: &str, at: Timestamp) {
    file(batch, outgoing, at);
    let mut row = row(outgoing, frozen, cause, at, State::Withdrawn);
    row.last = "il servizio sta solo osservando: non parte".into();
    batch.put(&key::item(&outgoing.id), &row);
}

pub(super) fn row(outgoing: &Outgoing, frozen: &str, cause: &str, at: Timestamp, state: State) -> ItemRow {
    let mut kept = outgoing.clone();
    match kept.lane {
        Lane::Pec => cut(&mut kept.text, TEXT_BYTES_MAX),
        Lane::Internal | Lane::Courtesy => kept.text.clear(),
    }
    ItemRow {
        outgoing: kept,
        cause: cause.to_owned(),
        frozen: frozen.to_owned(),
        created_at: at,
        state,
        attempts: 0,
        first_attempt: None,
        moved_at: at,
        last: String::new(),
        facts: BTreeSet::new(),
        dot_at: None,
        notices: BTreeMap::new(),
        again: 0,
        resent_by_rule: false,
        restored: false,
        canary: None,
    }
}

/// The dossier that a decision ties its message to.
fn dossier_of(decided: &Decided) -> Option<String> {
    decided.changes().iter().find_map(|change| match change {
        Change::Opened { dossier: Dossier { number, .. } } | Change::Filed { dossier: number } => Some(number.clone()),
        _ => None,
    })
}

pub(super) fn ordinal_after(number: &str) -> u32 {
    number.rsplit('/').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0) + 1
}

fn seen_again(index: &Index, batch: &mut Batch, digest: &str, place: &str) -> Result<(), Fault> {
    if let Some(mut row) = index.get::<MessageRow>(&key::message(digest))?
        && row.places.len() < PLACES_MAX
    {
        row.places.push(place.to_owned());
        batch.put(&key::message(digest), &row);
    }
    Ok(())
}

fn moved(index: &Index, batch: &mut Batch, record: &Record, item: &str, step: &Move) -> Result<(), Fault> {
    let Some(mut row) = index.get::<ItemRow>(&key::item(item))? else { return Ok(()) };
    if let Some(due) = row.due() {
        batch.remove(&key::due(row.outgoing.lane, due, item));
    }
    unwait(batch, &row);
    // What was refused was not taken.
    let may_be_taken = matches!(row.state, State::Unknown | State::Submitted);
    row.state = row.state.after(step).map_err(|illegal| Fault::Illegal(record.seq, illegal))?;
    row.moved_at = record.at;
    match step {
        Move::Claimed { n } => {
            row.attempts = *n;
            row.first_attempt.get_or_insert(record.at);
            attempted(index, batch, &row, record.at)?;
        }
        Move::Postponed { due, why } => {
            row.attempts = row.attempts.saturating_sub(1);
            row.last.clone_from(why);
            batch.put(&key::closed(row.outgoing.lane), due);
        }
        Move::Submitted { reply: text }
        | Move::Requeued { why: text, .. }
        | Move::Refused { why: text }
        | Move::Unknown { why: text }
        | Move::Withdrawn { why: text, .. }
        | Move::Stopped { why: text, .. } => row.last.clone_from(text),
        // The person begins anew, with all the attempts.
        Move::Resent { why, .. } => {
            row.attempts = 0;
            row.again += u32::from(may_be_taken);
            row.last.clone_from(why);
        }
        // Once: `ItemRow::resent_by_rule` forbids a second.
        Move::ResentByRule { why, .. } => {
            row.attempts = 0;
            row.again += u32::from(may_be_taken);
            row.resent_by_rule = true;
            row.last.clone_from(why);
        }
        Move::InDot => row.dot_at = Some(record.at),
        Move::Released { .. } => {}
    }
    if matches!(step, Move::Submitted { .. }) {
        protocol::left(index, batch, record, &row)?;
    }
    mark(&mut *batch, &key::open(item), row.state.recovery(record.at).is_some(), item);
    mark(&mut *batch, &key::refused(item), is_refused_letter(&row), item);
    if let Some(due) = row.due() {
        batch.put(&key::due(row.outgoing.lane, due, item), &item);
    }
    put(batch, &row);
    Ok(())
}

/// Puts an item, and the row by which the timers find it: its receipt may have been faster than the provider's 250.
pub(super) fn put(batch: &mut Batch, row: &ItemRow) {
    if let Some(waits) = row.waits() {
        batch.put(&waits, &row.outgoing.id);
    }
    batch.put(&key::item(&row.outgoing.id), row);
}

/// Takes away the row by which the timers find an item, before it changes.
pub(super) fn unwait(batch: &mut Batch, row: &ItemRow) {
    if let Some(waits) = row.waits() {
        batch.remove(&waits);
    }
}

/// A reminder, and the task that it makes.
fn noticed(
    index: &Index,
    batch: &mut Batch,
    record: &Record,
    item: &str,
    notice: Notice,
    task: Option<&Task>,
) -> Result<(), Fault> {
    let Some(mut row) = index.get::<ItemRow>(&key::item(item))? else { return Ok(()) };
    unwait(batch, &row);
    row.notices.entry(notice).or_insert(record.at);
    put(batch, &row);
    if let Some(Task { outgoing, frozen }) = task {
        queue(batch, outgoing, frozen, &row.cause, record.at, record.at);
    }
    Ok(())
}

/// An attempt counts against the provider's limits for a day; older ones are forgotten here, a few each time.
fn attempted(index: &Index, batch: &mut Batch, row: &ItemRow, at: Timestamp) -> Result<(), Fault> {
    let lane = row.outgoing.lane;
    let (prefix, old) = (key::sent_prefix(lane), key::sent(lane, day_before(at), ""));
    // From where the last one was forgotten: what is gone already may still lie in the way.
    let from = index.get::<String>(&key::forgotten(lane))?.unwrap_or_else(|| prefix.clone());
    for sent in index.scan::<Timestamp>(&prefix, &from).take(FORGOTTEN_MAX) {
        let (sent, _) = sent?;
        if sent >= old {
            break;
        }
        batch.remove(&sent);
        batch.put(&key::forgotten(lane), &sent);
    }
    batch.put(&key::sent(lane, at, &row.outgoing.id), &at);
    Ok(())
}

/// Of the accepted items, which was submitted last: one that was uncertain before it is overtaken.
fn accepted(index: &Index, batch: &mut Batch, row: &ItemRow) -> Result<(), Fault> {
    let Some(dot) = row.dot_at.filter(|_| row.outgoing.lane == Lane::Pec) else { return Ok(()) };
    let last = index.get::<(Timestamp, String)>(key::ACCEPTED_LAST)?;
    if last.is_none_or(|(last, _)| dot > last) {
        batch.put(key::ACCEPTED_LAST, &(dot, &row.outgoing.message_id));
    }
    Ok(())
}

/// Sets or removes the row by which an item is found without looking at all of them.
fn mark(batch: &mut Batch, key: &str, is_so: bool, item: &str) {
    if is_so {
        batch.put(key, &item);
    } else {
        batch.remove(key);
    }
}

/// A letter to a citizen that our provider's server refused for good, and of which no receipt says otherwise.
fn is_refused_letter(row: &ItemRow) -> bool {
    row.outgoing.lane == Lane::Pec && row.canary.is_none() && row.state == State::Refused && row.facts.is_empty()
}

fn cut(text: &mut String, max: usize) {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
        text.push_str("\n[continua: il testo completo è nell'archivio]\n");
    }
}

/// A disposition whose reason, which may quote what somebody wrote, fits a row.
fn bounded(mut disposition: Disposition) -> Disposition {
    if let Disposition::Orphan { why }
    | Disposition::Noted { why }
    | Disposition::ToPerson { why, .. }
    | Disposition::Quarantine { why } = &mut disposition
    {
        *why = head(why);
    }
    disposition
}

/// The head of a text that somebody else wrote.
fn head(text: &str) -> String {
    text.get(..text.floor_char_boundary(SHOWN_BYTES_MAX)).unwrap_or_default().to_owned()
}

/// The last 24 hours before an instant.
pub(super) fn day_before(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now)
}

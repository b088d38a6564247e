//! The log for the operator: one function an event, past tense, typed fields. The only file that writes to tracing.
//!
//! No subject, body, address, codice fiscale or file name at INFO or above: the digest and the dossier are enough. Every
//! line about a message carries `flow`, the first 12 hex digits of its digest; what it causes carries the same.
//! ERROR: somebody must act now. WARN: it healed, look at the trend. INFO: each move, once.

use crate::digest::flow;
use crate::intake::cursor::Why;
use crate::intake::imap::Event as ImapEvent;
use crate::journal::record::Channel;
use crate::outbox::notice::Notice;
use crate::outbox::schedule::Shown;
use std::fmt::Display;
use std::path::Path;
use tracing::{debug, error, info, warn};

/// The daemon runs.
pub fn started(version: &str, seq: u64, mailboxes: usize) {
    info!(event = "started", version, seq, mailboxes, "sportello started");
}
/// Any user of the machine can read or change a password of ours. The mail does not wait for it.
pub fn password_exposed(why: &impl Display) {
    warn!(event = "password_exposed", %why, "a password file is open to every user of this machine");
}
/// The system does not let trials shut themselves in. They go on within their limits.
pub fn trial_open(why: &impl Display) {
    warn!(event = "trial_open", %why, "a trial could reach more than its messages: allow the system call seccomp");
}
/// A sheet leaves without the seal that is configured. The letter does not wait for it.
pub fn sheet_unsealed(message_id: &str, why: &impl Display) {
    warn!(event = "sheet_unsealed", message_id, %why, "a sheet leaves without its seal");
}
/// Everything runs and nothing is sent.
pub fn observing() {
    warn!(event = "observing", "observe mode: messages are read, decided and written down; nothing is sent");
}
/// Where the register ends today. The system's log is a place outside of the data folder.
pub fn register_head(seq: u64, hash: &str) {
    info!(event = "register_head", seq, hash, "the register ends here today");
}
/// The end of the register could not be noted outside.
pub fn register_head_not_noted(why: &impl Display) {
    error!(event = "register_head_not_noted", %why, "the register's end could not be noted outside; trying again");
}
/// A test made this program ready to fail.
#[cfg(feature = "faults")]
pub fn faults_armed(what: &str) {
    warn!(event = "faults_armed", what, "this program will fail on purpose: it must not serve an office");
}
/// A step failed because a test wanted it to.
#[cfg(feature = "faults")]
pub fn fault_injected(point: &str, action: &impl std::fmt::Debug) {
    warn!(event = "fault_injected", point, ?action, "a fault was injected");
}
/// The daemon ends; what was in hand is finished.
pub fn stopped() {
    info!(event = "stopped", "sportello stopped");
}
/// It cannot go on. A restart is the recovery.
pub fn gave_up(why: &impl Display) {
    error!(event = "gave_up", %why, "cannot go on");
}
/// The index was damaged, was set aside, and is built again from the journal.
pub fn index_rebuilt(aside: &Path) {
    warn!(event = "index_rebuilt", aside = %aside.display(), "index set aside and rebuilt from the journal");
}
/// The last line of the journal had no end: a write that a crash cut, never acknowledged.
pub fn journal_torn(aside: &Path) {
    warn!(event = "journal_torn", aside = %aside.display(), "unfinished last line set aside");
}
/// A fault of the program. Without the panic's words: they may quote what was being read.
pub fn panicked(place: &impl Display) {
    error!(event = "panicked", %place, "a part of the program panicked");
}
/// Metrics and health cannot be asked for; the service works on.
pub fn monitor_failed(why: &impl Display) {
    warn!(event = "monitor_failed", %why, "metrics and health cannot be served");
}
/// Nobody can give orders to the running service; it works on.
pub fn control_failed(why: &impl Display) {
    warn!(event = "control_failed", %why, "orders cannot be taken while the service runs");
}
/// A person's order was carried out; name and reason are in the journal.
pub fn order_carried_out(act: crate::outbox::orders::Act) {
    info!(event = "order_carried_out", act = ?act, "a person's order was carried out");
}
/// Files of an interrupted run were removed from the spool.
pub fn spool_swept(files: usize) {
    if files > 0 {
        info!(event = "spool_swept", files, "unsealed leftovers removed; they are fetched again");
    }
}
/// Messages were sealed and not decided by the last run.
pub fn resumed(messages: usize) {
    if messages > 0 {
        info!(event = "resumed", messages, "sealed messages of the last run are decided now");
    }
}
/// A sound copy of a message replaced one that no longer had its digest.
pub fn archive_healed(digest: &str) {
    error!(event = "archive_healed", flow = flow(digest), "a damaged copy was set aside and replaced; check the disk");
}
/// A sealed message no longer has its digest, and no sound copy is at hand.
pub fn archive_damaged(digest: &str, why: &impl Display) {
    error!(event = "archive_damaged", flow = flow(digest), %why, "archived bytes are damaged; the message must come again");
}
/// The bytes of a message that we sent no longer have their digest: a receipt's copy cannot be compared with them.
pub fn frozen_damaged(digest: &str, why: &impl Display) {
    error!(event = "frozen_damaged", flow = flow(digest), %why, "our copy of a message sent is damaged; check the disk");
}
/// A genuine receipt is about nothing that we sent. Lawful (mail written elsewhere); many of them are not.
pub fn receipt_orphan(digest: &str) {
    warn!(
        event = "receipt_orphan",
        flow = flow(digest),
        "receipt of a message not sent from here: kept, nothing changes"
    );
}
/// A message is on disk.
pub fn message_sealed(digest: &str, bytes: u64) {
    debug!(event = "message_sealed", flow = flow(digest), bytes, "message sealed");
}
/// A message came again, byte for byte.
pub fn message_seen_again(digest: &str) {
    info!(event = "message_seen_again", flow = flow(digest), "message was decided before");
}
/// A message is decided, durably.
pub fn message_decided(digest: &str, grade: &str, disposition: &str, dossier: Option<&str>, items: usize) {
    info!(event = "message_decided", flow = flow(digest), grade, disposition, dossier, items, "message decided");
}
/// An examination did not come to its end. After a few of them the message goes to a person.
pub fn examination_failed(digest: &str, attempt: u32, why: &impl Display) {
    error!(event = "examination_failed", flow = flow(digest), attempt, %why, "examination failed");
}
/// A trial of several messages did not come to its end: each is tried alone.
pub fn examinations_failed(messages: usize, why: &impl Display) {
    warn!(event = "examinations_failed", messages, %why, "examination of several messages failed; each is tried alone");
}
/// The disk of the data folder has come below the floor, or is above it again.
pub fn disk_low(is_low: bool, free: u64, floor: u64) {
    if is_low {
        error!(event = "disk_low", free, floor, "too little disk: mail stays on the server");
    } else {
        info!(event = "disk_low", free, floor, "there is room again: mail is taken in");
    }
}
/// The weekly reading of everything has ended.
pub fn scrub_ended(files: u64, damaged: u64) {
    info!(event = "scrub_ended", files, damaged, "archive and journal were read again");
}
/// The weekly reading could not go on; it is tried again.
pub fn scrub_failed(why: &impl Display) {
    error!(event = "scrub_failed", %why, "archive could not be read again");
}
/// The journal's chain does not hold any more. What is wrong is in the alarm: a line's text may be quoted in it.
pub fn journal_damaged() {
    error!(event = "journal_damaged", "the journal is damaged; verify-journal says where");
}
/// Something that a person must be shown.
pub fn incident(digest: &str, code: &str) {
    error!(event = "incident", flow = flow(digest), code, "incident");
}
/// The canary of today is written, and due.
pub fn canary_sent(mailbox: &str) {
    info!(event = "canary_sent", mailbox, "a letter to ourselves is on its way");
}
/// A canary came home: envelope and delivery.
pub fn canary_returned(mailbox: &str) {
    info!(event = "canary_returned", mailbox, "the letter to ourselves came home");
}
/// A letter of a decision could not be written as mail.
pub fn letter_not_composed(digest: &str, template: &str, why: &impl Display) {
    error!(event = "letter_not_composed", flow = flow(digest), template, %why, "letter could not be composed");
}
/// A task goes without a file that could not be made.
pub fn task_without_file(item: &str, template: &str, why: &impl Display) {
    error!(event = "task_without_file", item, template, %why, "a task goes without its file");
}
/// An item reached a state.
pub fn item_moved(cause: &str, item: &str, state: Shown, attempt: u32) {
    let state = state.title();
    info!(event = "item_moved", flow = flow(cause), item, state, attempt, "item moved");
}
/// An item may have been taken: a receipt or a person decides.
pub fn item_unknown(cause: &str, item: &str) {
    error!(
        event = "item_unknown",
        flow = flow(cause),
        item,
        "the provider may have taken the item; it is not sent again"
    );
}
/// An item was refused for good.
///
/// Without the server's words, which repeat addresses: `status` has them.
pub fn item_refused(cause: &str, item: &str) {
    error!(event = "item_refused", flow = flow(cause), item, "item refused; status says why");
}
/// A letter has had no answer for longer than it should: written down, and shown by `status`.
pub fn item_silent(cause: &str, item: &str, notice: Notice) {
    let (flow, code) = (flow(cause), notice.code());
    if notice.makes_a_task() {
        error!(
            event = "item_needs_a_person",
            flow,
            item,
            notice = code,
            "no answer about the item; a person gets a task"
        );
    } else {
        warn!(event = "item_silent", flow, item, notice = code, "no answer about the item yet");
    }
}
/// The wall clock jumped against the monotonic one: terms and deadlines are counted by it.
pub fn clock_jumped(seconds: i64) {
    error!(event = "clock_jumped", seconds, "the system's clock jumped; check its synchronisation");
}
/// The provider's limits are reached: what is due waits.
pub fn pace_reached(lane: &str, sent: usize) {
    warn!(event = "pace_reached", lane, sent, "the provider's limit is reached; what is due waits");
}
/// The credentials are refused: this road is closed until they are right.
pub fn lane_stopped(lane: &str) {
    error!(event = "lane_stopped", lane, "submission refused the credentials; the lane waits");
}
/// Too many automatic letters: they wait.
pub fn brake_on(sent: usize) {
    error!(event = "brake_on", sent, "too many automatic letters in ten minutes; the others wait");
}
/// A revocation list came and is in force.
pub fn list_came(url: &str, this_update: &impl Display, crl: bool) {
    info!(event = "list_came", url, %this_update, crl, "revocation list is in force");
}
/// A source of revocation lists did not answer, or not with what must come.
pub fn list_failed(url: &str, why: &impl Display, failures: u32) {
    warn!(event = "list_failed", url, %why, failures, "no revocation list; asked again later");
}
/// A file that a person supplied is no revocation list.
pub fn list_refused(why: &impl Display) {
    warn!(event = "list_refused", %why, "a file among the revocation lists is not one");
}
/// A decided message could not be examined again.
pub fn recheck_failed(digest: &str, why: &impl Display) {
    error!(event = "recheck_failed", flow = flow(digest), %why, "a decided message could not be examined again");
}
/// The folder of revocation lists cannot be used: revocation stays unknown.
pub fn revocation_folder_failed(why: &impl Display) {
    error!(event = "revocation_folder_failed", %why, "the folder of revocation lists cannot be used");
}
/// Rules and templates were read again and are in force.
pub fn reloaded(rules: &str, templates: &str) {
    info!(event = "reloaded", rules = flow(rules), templates = flow(templates), "rules and templates reloaded");
}
/// Rules or templates have mistakes: the old ones stay in force.
pub fn reload_refused(problems: usize, first: &impl Display) {
    error!(event = "reload_refused", problems, %first, "reload refused; the old rules stay in force");
}
/// The files of the rules in force could not be kept beside the others.
pub fn ruleset_not_kept(why: &impl Display) {
    warn!(event = "ruleset_not_kept", %why, "the rules in force could not be kept: no rollback to them");
}
/// The folder of rules was changed after a deploy: what is in it is in force only after the next one.
pub fn draft_not_in_force() {
    warn!(event = "draft_not_in_force", "the rules folder differs from the rules in force: deploy them");
}
/// A person wrote down what a message really was.
pub fn corrected() {
    info!(event = "corrected", "a decision was corrected by a person");
}
/// Something was done with a dossier from beside the mail.
pub fn acted(channel: Channel) {
    info!(event = "acted", ?channel, "something was done with a dossier");
}
/// A file of the drop folder was read.
pub fn drop_read(done: usize, refused: usize) {
    info!(event = "drop_read", done, refused, "a file of the drop folder was read; its report says what was refused");
}
/// The drop folder could not be read, or a report could not be written.
pub fn drop_failed(why: &impl Display) {
    error!(event = "drop_failed", %why, "the drop folder could not be worked; trying again");
}
/// The exchange with the protocol system could not be worked, or one document of it.
pub fn protocol_failed(why: &impl Display) {
    error!(event = "protocol_failed", %why, "a document could not be handed to the protocol; trying again");
}
/// The back office was told something.
pub fn back_office_told(id: &str, dossier: &str) {
    info!(event = "back_office_told", id, dossier, "the back office was told");
}
/// What the back office says was read.
pub fn back_office_read(done: usize, refused: usize) {
    info!(event = "back_office_read", done, refused, "rows of the back office were read; it is told what was refused");
}
/// The back office could not be told, or heard; it is tried again.
pub fn back_office_failed(code: &str, why: &impl Display) {
    warn!(event = "back_office_failed", code, %why, "the back office was not to be had; trying again");
}
/// The back office refused the same thing too often: it goes on without it, and a person must look.
pub fn back_office_set_aside(id: &str, why: &impl Display) {
    error!(event = "back_office_set_aside", id, %why, "the back office will not have this; set aside");
}
/// How far the back office was told is not known any more: from now on.
pub fn back_office_place_lost(why: &impl Display) {
    error!(event = "back_office_place_lost", %why, "what the back office was told is not known any more; from now on");
}
/// How far the back office was told could not be kept.
pub fn back_office_not_kept(why: &impl Display) {
    error!(event = "back_office_not_kept", %why, "how far the back office was told could not be kept; trying again");
}
/// A view of another office was read.
pub fn source_read(source: &str, done: usize, refused: usize) {
    info!(event = "source_read", source, done, refused, "a source of data was read");
}
/// A view of another office could not be read; it is tried again.
pub fn source_failed(source: &str, code: &str, why: &impl Display) {
    warn!(event = "source_failed", source, code, %why, "a source of data could not be read; trying again");
}
/// What was refused of a view could not be written beside.
pub fn source_not_kept(source: &str, why: &impl Display) {
    error!(event = "source_not_kept", source, %why, "the report of a source could not be written");
}
/// A Maildir round failed.
pub fn maildir_failed(account: &str, why: &impl Display) {
    error!(event = "maildir_failed", account, %why, "maildir could not be read");
}
/// Something is wrong that an administrator must know at once.
pub fn alarm_raised(code: &str, about: &str) {
    error!(event = "alarm_raised", code, about, "alarm raised");
}
/// It is over.
pub fn alarm_cleared(code: &str, about: &str) {
    warn!(event = "alarm_cleared", code, about, "alarm cleared");
}
/// Alarms were told outside.
pub fn alarm_told(road: &str, raised: usize, repeated: usize, cleared: usize) {
    info!(event = "alarm_told", road, raised, repeated, cleared, "alarms told");
}
/// A road for alarms is closed; tried again.
pub fn alarm_not_told(road: &str, why: &impl Display) {
    error!(event = "alarm_not_told", road, %why, "alarms could not be told by this road");
}
/// Server, archive and register were held against each other.
pub fn reconciled(messages: usize, read_back: usize, differences: usize, whole: bool) {
    if differences == 0 && whole {
        info!(event = "reconciled", messages, read_back, differences, whole, "server, archive and register agree");
    } else {
        error!(event = "reconciled", messages, read_back, differences, whole, "reconciliation found differences");
    }
}
/// One difference. `place`: a folder and a UID, or a digest.
pub fn difference_found(kind: &str, place: &str, healed: bool) {
    error!(event = "difference_found", kind, place, healed, "server, archive and register differ");
}
/// Something happened on an IMAP connection.
pub fn imap(account: &str, folder: &str, event: &ImapEvent) {
    match event {
        ImapEvent::Connected { exists, idle } => {
            info!(event = "imap_connected", account, folder, exists, idle, "mailbox open")
        }
        ImapEvent::Backlog { messages } => {
            debug!(event = "imap_backlog", account, folder, messages, "messages to be kept")
        }
        ImapEvent::Kept => debug!(event = "imap_kept", account, folder, "message kept"),
        ImapEvent::Looked { kept, waiting } => {
            debug!(event = "imap_looked", account, folder, kept, waiting, "mailbox listed to its end")
        }
        ImapEvent::Rescan(Why::First) => {
            info!(event = "imap_first_look", account, folder, "mailbox never seen: all its messages are fetched")
        }
        ImapEvent::Rescan(why) => {
            warn!(
                event = "imap_rescan",
                account,
                folder,
                ?why,
                "all messages are fetched again and recognised by content"
            )
        }
        ImapEvent::Vanished { uid } => {
            warn!(event = "imap_vanished", account, folder, uid, "a message was removed before we had it")
        }
        ImapEvent::SizeMismatch { uid } => {
            warn!(event = "imap_size_mismatch", account, folder, uid, "announced and sent sizes differ")
        }
        ImapEvent::Oversized { uid, size } => {
            error!(event = "imap_oversized", account, folder, uid, size, "message too large; a person is told")
        }
        ImapEvent::Unreadable { uid, trouble } => {
            error!(event = "imap_unreadable", account, folder, uid, %trouble, "message cannot be fetched; tried again later")
        }
        ImapEvent::NotMoved { uid, trouble } => {
            warn!(event = "imap_not_moved", account, folder, uid, %trouble, "message kept, not moved on the server")
        }
        ImapEvent::CursorNotSaved => {
            error!(event = "imap_cursor_not_saved", account, folder, "cursor not saved; a restart fetches again")
        }
        ImapEvent::Lost { trouble, pause } => {
            warn!(event = "imap_lost", account, folder, %trouble, pause_s = pause.as_secs(), "connection lost")
        }
        ImapEvent::LoginRefused { pause } => {
            error!(event = "imap_login_refused", account, folder, pause_s = pause.as_secs(), "login refused")
        }
    }
}

#[cfg(test)]
mod tests {
    /// What no event may be told: whose it is, what it says, what it is called. What `why` may quote, the canaries of
    /// tests/suite/privacy.rs watch.
    const FORBIDDEN: &[&str] = &[
        "subject",
        "sender",
        "recipient",
        "from",
        "to",
        "address",
        "body",
        "text",
        "name",
        "file_name",
        "title",
        "who",
        "citizen",
    ];

    #[test]
    fn no_event_takes_what_a_citizen_wrote() {
        let source = include_str!("events.rs").split("#[cfg(test)]").next().unwrap();
        let mut functions = 0;
        for function in source.split("\npub fn ").skip(1) {
            let name = function.split(['(', '<']).next().unwrap();
            functions += 1;
            let parameters = function.split_once('(').unwrap().1.split_once(") {").unwrap().0;
            for parameter in parameters.split(", ").filter_map(|p| p.split_once(':')).map(|(name, _)| name.trim()) {
                assert!(!FORBIDDEN.contains(&parameter), "{name} takes `{parameter}`");
            }
            for call in ["error!(", "warn!(", "info!("] {
                for arguments in function.split(call).skip(1).map(|rest| rest.split(");").next().unwrap_or(rest)) {
                    for field in arguments.split(',').map(|field| field.trim().trim_start_matches(['%', '?'])) {
                        let field = field.split([' ', '=', '.', '(']).next().unwrap_or_default();
                        let is_name = !field.is_empty() && field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                        assert!(!is_name || !FORBIDDEN.contains(&field), "{name}: `{field}`");
                    }
                }
            }
        }
        assert!(functions > 30, "the events are no longer written as this test reads them");
    }
}

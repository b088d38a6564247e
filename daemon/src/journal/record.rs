//! What the journal says: one event a line. The vocabulary of the legal register; old words stay readable for ever.

use crate::outbox::notice::Notice;
use crate::outbox::schedule::Move;
use casework::access::What;
use casework::correction::Correction;
use casework::{Change, Decision, Outgoing, protocol};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One line of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// From 1, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// SHA-256 of the line before (without its line end); 64 zeros for the first.
    pub prev: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Record {
    /// A line, without its end. As serde would by itself, but for lines of a message: a tagged enum within a flattened field is
    /// copied twice before it is read, and a register of years is nine tenths of these.
    ///
    /// # Errors
    /// It is none of these lines.
    pub fn parse(line: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Common<'a> {
            seq: u64,
            at: Timestamp,
            prev: String,
            #[serde(borrow)]
            event: Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct Attempted {
            digest: String,
            n: u32,
        }
        #[derive(Deserialize)]
        struct Moved {
            item: String,
            #[serde(rename = "move")]
            step: Move,
        }
        let Common { seq, at, prev, event } = serde_json::from_slice(line)?;
        let event = match &*event {
            "decided" => Event::Decided(serde_json::from_slice(line)?),
            "attempted" => {
                let Attempted { digest, n } = serde_json::from_slice(line)?;
                Event::Attempted { digest, n }
            }
            "moved" => {
                let Moved { item, step } = serde_json::from_slice(line)?;
                Event::Moved { item, step }
            }
            _ => return serde_json::from_slice(line),
        };
        Ok(Self { seq, at, prev, event })
    }
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant)]
pub enum Event {
    /// The journal begins.
    Begun {
        /// Version of this vocabulary.
        format: u32,
        /// Version of the program.
        version: String,
    },
    /// The examination of a message begins: counted before it is tried.
    Attempted {
        /// The message.
        digest: String,
        /// Which attempt, from 1.
        n: u32,
    },
    /// One message, one decision: facts, decision, changes and outbox together.
    Decided(Box<Decided>),
    /// A message that was decided came again, byte for byte, at another place.
    SeenAgain {
        /// The message.
        digest: String,
        /// Where.
        place: String,
    },
    /// A list that came after the decision says that the certificate of a message was not good any more when it signed.
    RevokedLater {
        /// The message.
        digest: String,
        /// What a person is told.
        text: String,
        /// Digests of the lists that say it.
        status: Vec<String>,
    },
    /// A person says what a decided message really was. The decision stays what it was.
    Corrected {
        /// The message.
        digest: String,
        /// What was right.
        correction: Correction,
    },
    /// Somebody did something with a dossier, or time did: what changes and what goes out together. No message is behind it.
    Acted(Box<Acted>),
    /// Somebody of the body reads what is held of a person, or of a dossier: written before it is shown.
    Looked(Looked),
    /// What happened to the registering in the protocol.
    Protocol(protocol::Fact),
    /// A set of rules came into force.
    Ruleset(Ruleset),
    /// An older copy of the register was put back, and a person says so.
    Restored(Restored),
    /// A task that no message caused: an item was refused, a person must act.
    Tasked {
        /// Digest of the message at the origin of the item.
        cause: String,
        /// The task.
        outgoing: Outgoing,
        /// Digest of its frozen bytes.
        frozen: String,
    },
    /// The canary of a day: a letter to one of our own mailboxes, whose return proves the whole way.
    Canary {
        /// Name of the mailbox.
        mailbox: String,
        /// Of which day.
        day: Date,
        /// The letter.
        outgoing: Outgoing,
        /// Digest of its frozen bytes.
        frozen: String,
    },
    /// Time passed and an item of the outbox had no answer: a reminder, once. Its state stays what it was.
    Noticed {
        /// The item.
        item: String,
        /// What.
        notice: Notice,
        /// What was known then.
        text: String,
        /// The task that it makes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<Task>,
    },
    /// An item of the outbox moved.
    Moved {
        /// The item.
        item: String,
        /// How.
        #[serde(rename = "move")]
        step: Move,
    },
}

/// What somebody did with the register, in one commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Acted {
    /// The dossier; empty where it was about a person.
    #[serde(default)]
    pub dossier: String,
    /// What is its cause in the outbox: the message that opened the dossier, else the act's own id.
    pub cause: String,
    /// Who: the name that was given.
    pub by: String,
    /// The office (id) for which; empty for the administrator and for time.
    #[serde(default)]
    pub office: String,
    /// By which way.
    pub channel: Channel,
    /// What must not be done twice: a row of a file, by its digest and line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Changes of the register.
    pub changes: Vec<Change>,
    /// Messages to send, rendered.
    pub outgoing: Vec<Outgoing>,
    /// Digests of the frozen bytes, one for each outgoing item, in its order.
    pub frozen: Vec<String>,
    /// How long letters to citizens wait before they are due, in seconds.
    pub hold_seconds: i64,
    /// Done while the service only observed: what it would have sent is written here and never leaves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
}

impl Acted {
    /// Outgoing items with the digest of their frozen bytes.
    pub fn items(&self) -> impl Iterator<Item = (&Outgoing, &str)> {
        self.outgoing.iter().zip(self.frozen.iter().map(String::as_str))
    }
}

/// Who reads what, in one line whatever the length of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Who: the name that was given, else the user of the system.
    pub by: String,
    /// For which office (id); empty: it was not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub office: String,
    /// By which way.
    pub channel: Channel,
    /// What.
    pub what: What,
    /// The persons (ids) whose data are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// The dossiers that are shown, where it was asked for them or for those of somebody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dossiers: Vec<String>,
    /// What was asked for, where that says more than these: a general list, an address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked: String,
}

/// By which way an act came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// A command.
    Command,
    /// A file of the drop folder.
    Drop,
    /// A mail of an office.
    Mail,
    /// Time.
    Clock,
    /// The body's back office.
    BackOffice,
    /// A view of another office.
    Source,
}

/// A set of rules that came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruleset {
    /// Its digest, the one that decisions name.
    pub hash: String,
    /// By which way.
    pub how: Entry,
    /// Who put it there.
    #[serde(default)]
    pub by: String,
    /// What they said of it.
    #[serde(default)]
    pub note: String,
}

/// How a set of rules came into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// By `rules deploy`.
    Deployed,
    /// By `rules rollback`: it had been in force before.
    RolledBack,
    /// The files of the folder were changed, and the service read them again, or started.
    Read,
}

/// A task and its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// The task.
    pub outgoing: Outgoing,
    /// Digest of its frozen bytes.
    pub frozen: String,
}

/// That lines were lost, and who says so.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restored {
    /// How far the lost register is known to have come: when it was noted outside, the number of its last line, its SHA-256.
    #[serde(default)]
    pub noted: Option<(Timestamp, u64, String)>,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// The record of one decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decided {
    /// The message.
    pub digest: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Account and place where it was found.
    pub place: String,
    /// When the mail server received it, if it says so.
    pub received: Option<Timestamp>,
    /// The instant with which it was decided.
    pub decided_at: Timestamp,
    /// What was found in it.
    pub findings: Findings,
    /// What was decided, and why.
    pub decision: Decision,
    /// Digests of the frozen bytes, one for each outgoing item, in its order.
    pub frozen: Vec<String>,
    /// How long letters to citizens wait before they are due, in seconds: a person may stop them meanwhile.
    pub hold_seconds: i64,
    /// Decided while the service only observed: what it would have sent is written here and never leaves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
    /// Decided again after the register was restored: it had arrived before, and what comes of it may have been sent already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_restore: bool,
    /// What the decision rests on, so that it can be repeated.
    pub inputs: Inputs,
}

/// The findings of the examination that the register keeps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Findings {
    /// Grade code.
    pub grade: String,
    /// What the outer headers claim it is.
    pub claimed: Option<String>,
    /// What it is proven to be (`tipo` of the certification data, or `busta-anomalia`).
    pub proven: Option<String>,
    /// Certified sender, else the claimed one.
    pub sender: String,
    /// Subject, as its author wrote it.
    pub subject: String,
    /// Outer Message-ID.
    pub message_id: Option<String>,
    /// Certified identity and digest of the signed bytes.
    pub identity: Option<(String, String)>,
    /// Who signed: address, organisation, anchor, SHA-256 of the certificate.
    pub signer: Option<[String; 4]>,
    /// When it was signed, if a provider did.
    #[serde(default)]
    pub signed_at: Option<Timestamp>,
    /// SHA-256 of its words, without attachments: a request that is sent again is known by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// SHA-256 of the revocation lists that answered; the archive has them.
    #[serde(default)]
    pub status: Vec<String>,
    /// Every check: code, outcome (`pass`, `fail`, `moot`), code of the failure.
    pub checks: Vec<(String, String, Option<String>)>,
}

/// Versions of everything a decision rests on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Inputs {
    /// Version of the program.
    pub version: String,
    /// Digest of the rules.
    pub rules: String,
    /// Digest of the templates.
    pub templates: String,
    /// Digest of the trust anchors.
    pub anchors: String,
}

impl Decided {
    /// Outgoing items with the digest of their frozen bytes.
    pub fn items(&self) -> impl Iterator<Item = (&Outgoing, &str)> {
        self.decision.outgoing.iter().zip(self.frozen.iter().map(String::as_str))
    }

    /// The changes of the register.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.decision.changes
    }
}

/// Version of the vocabulary.
pub const FORMAT: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// Each line of the journals of earlier programs says the same to both readers, and a line that one refuses the other does.
    #[test]
    fn the_short_way_reads_what_the_long_one_reads() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/upgrade");
        let mut lines = Vec::new();
        let mut dirs = vec![fixtures];
        while let Some(dir) = dirs.pop() {
            for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    dirs.push(path);
                } else if path.extension().is_some_and(|end| end == "jsonl") {
                    lines.extend(fs::read(&path).unwrap().split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
                }
            }
        }
        lines.retain(|line| !line.is_empty());
        for kind in ["decided", "attempted", "moved"] {
            let named = format!("\"event\":\"{kind}\"");
            assert!(lines.iter().any(|line| String::from_utf8_lossy(line).contains(&named)), "{kind}");
        }
        let said =
            |record: serde_json::Result<Record>| record.ok().map(|record| serde_json::to_string(&record).unwrap());
        for line in &lines {
            let whole = said(Record::parse(line));
            assert_eq!(whole, said(serde_json::from_slice(line)));
            assert!(whole.is_some());
            for cut in (0..line.len()).step_by(97) {
                let mut bad = line.clone();
                bad.remove(cut);
                assert_eq!(
                    said(Record::parse(&bad)),
                    said(serde_json::from_slice(&bad)),
                    "{}",
                    String::from_utf8_lossy(&bad)
                );
            }
        }
    }
}

//! What the register says of one message, as it stands there, with what ties each line to the lines around it.

use crate::journal::record::{Event, Record};
use crate::journal::{Head, Journal, Line, Tail};
use casework::Change;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Most lines taken: one message moves through a few dozen. Beyond, the extract says that there are more.
const LINES_MAX: usize = 10_000;

/// The lines about one message.
pub(super) struct Extract {
    lines: Vec<Taken>,
    is_cut: bool,
    head: Head,
    /// Digests of the revocation lists and answers that judged its signer, then or later.
    pub(super) status: BTreeSet<String>,
    /// When the mail server had received it.
    pub(super) received: Option<Timestamp>,
    /// Version of the trust with which it was decided.
    pub(super) anchors: Option<String>,
}

struct Taken {
    raw: Vec<u8>,
    head: Head,
    prev: String,
    segment: String,
    number: u64,
    /// The next line bears this one's hash.
    next: Option<Next>,
}

struct Next {
    seq: u64,
    prev: String,
}

/// Reads the whole register, verifying its chain, and takes what is about a message: what was done with it, and what became
/// of the letters that it caused (or, of a letter of ours, of that one). `None`: the register does not name it.
///
/// # Errors
/// In Italian: the register is not sound, or cannot be read.
pub(super) fn extract(data: &Path, digest: &str) -> Result<Option<Extract>, String> {
    let mut taken = Extract {
        lines: Vec::new(),
        is_cut: false,
        head: Head { seq: 0, hash: String::new() },
        status: BTreeSet::new(),
        received: None,
        anchors: None,
    };
    let mut items = BTreeSet::new();
    taken.head = Journal::lines(data, Tail::Open, |line| taken.look(line, digest, &mut items))
        .map_err(|trouble| format!("il registro non è integro, o non si può leggere: {trouble}"))?;
    Ok(if taken.lines.is_empty() { None } else { Some(taken) })
}

impl Extract {
    fn look(&mut self, line: &Line<'_>, digest: &str, items: &mut BTreeSet<String>) {
        if let Some(last) = self.lines.last_mut()
            && last.head.seq + 1 == line.record.seq
        {
            last.next = Some(Next { seq: line.record.seq, prev: line.record.prev.clone() });
        }
        if !self.is_about(line.record, digest, items) {
            return;
        }
        if self.lines.len() == LINES_MAX {
            self.is_cut = true;
            return;
        }
        let segment = line.segment.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (raw, head, prev) = (line.raw.to_vec(), line.head.clone(), line.record.prev.clone());
        self.lines.push(Taken { raw, head, prev, segment, number: line.number, next: None });
    }

    fn is_about(&mut self, record: &Record, digest: &str, items: &mut BTreeSet<String>) -> bool {
        match &record.event {
            Event::Begun { .. } | Event::Ruleset(_) | Event::Looked(_) => false,
            Event::Corrected { digest: of, .. } => of == digest,
            Event::Protocol(fact) => fact.documents().any(|of| of == digest),
            // It puts in doubt what had not ended.
            Event::Restored(_) => !items.is_empty(),
            Event::Attempted { digest: of, .. } | Event::SeenAgain { digest: of, .. } => of == digest,
            Event::RevokedLater { digest: of, status, .. } => {
                let about = of == digest;
                if about {
                    self.status.extend(status.iter().cloned());
                }
                about
            }
            Event::Decided(decided) => {
                let mut about = decided.digest == digest;
                if about {
                    self.status.extend(decided.findings.status.iter().cloned());
                    (self.received, self.anchors) = (decided.received, Some(decided.inputs.anchors.clone()));
                }
                for (letter, frozen) in decided.items() {
                    if decided.digest == digest || frozen == digest {
                        items.insert(letter.id.clone());
                        about = true;
                    }
                }
                let receipt = match &decided.decision.disposition {
                    casework::Disposition::Receipt { item } => items.contains(item),
                    casework::Disposition::Duplicate { of } => of == digest,
                    _ => false,
                };
                let back = |change: &Change| matches!(change, Change::CanaryBack { item } if items.contains(item));
                about || receipt || decided.changes().iter().any(back)
            }
            Event::Tasked { cause, outgoing, frozen } => {
                let about = cause == digest || frozen == digest;
                if about {
                    items.insert(outgoing.id.clone());
                }
                about
            }
            Event::Acted(acted) => {
                let mut about = false;
                for (letter, frozen) in acted.items() {
                    if acted.cause == digest || frozen == digest {
                        items.insert(letter.id.clone());
                        about = true;
                    }
                }
                about
            }
            Event::Canary { outgoing, frozen, .. } => {
                let about = frozen == digest;
                if about {
                    items.insert(outgoing.id.clone());
                }
                about
            }
            Event::Noticed { item, task, .. } => {
                let about = items.contains(item);
                items.extend(task.iter().filter(|_| about).map(|task| task.outgoing.id.clone()));
                about || task.as_ref().is_some_and(|task| task.frozen == digest)
            }
            Event::Moved { item, .. } => items.contains(item),
        }
    }

    /// The lines as they stand, each with a line end.
    pub(super) fn text(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| [line.raw.as_slice(), b"\n"].concat()).collect()
    }

    /// Their hashes, one a line: what `sha256sum` says of each.
    pub(super) fn hashes(&self) -> String {
        self.lines.iter().map(|line| format!("{}\n", line.head.hash)).collect()
    }

    /// Where each line stands, and how it is tied to those around it.
    pub(super) fn chain(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "seq": line.head.seq, "segment": line.segment, "line": line.number, "sha256": line.head.hash,
                    "prev": line.prev, "next": line.next.as_ref().map(|n| json!({ "seq": n.seq, "prev": n.prev })),
                })
            })
            .collect();
        json!({ "lines": lines, "more": self.is_cut, "head": { "seq": self.head.seq, "sha256": self.head.hash } })
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }
}

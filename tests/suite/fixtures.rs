//! Changes when fixtures are asked another question. Each is a saved message and what `explain` must say of it.
//!
//! `BLESS=1 cargo test -p sportello --test suite fixtures` writes what it says now into `expected.txt`; read the difference
//! before you keep it.

use jiff::Timestamp;
use pec::revocation::StatusLists;
use pec::{Check, Directory, OwnMailbox, Sending, Sent};
use serde::Deserialize;
use serde_json::Value;
use sportello::cli::explain::{Bench, Circumstances, Explained};
use sportello::trust::Trust;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::LazyLock;

/// `case.toml`: what the service knows besides the bytes, and what must come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    arrived: Timestamp,
    as_of: Timestamp,
    sha1_until: Option<Timestamp>,
    /// The golden file shows the letters in full.
    #[serde(default)]
    letters: bool,
    mailbox: Vec<Mailbox>,
    /// The one message that the register has as sent; its bytes are `inviato.eml`, if they matter.
    sent: Option<SentMail>,
    expect: Expect,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct SentMail {
    msgid: String,
    mailbox: String,
    recipients: Vec<String>,
    submitted: Timestamp,
    pec_ids: Vec<String>,
}

/// A register of one sending.
#[derive(Debug)]
struct OneSent {
    msgid: String,
    sending: Sending,
    bytes: Option<Vec<u8>>,
}

impl Sent for OneSent {
    fn sending(&self, msgid: &str) -> Option<Sending> {
        (msgid == self.msgid).then(|| self.sending.clone())
    }

    fn bytes(&self, msgid: &str) -> Option<Vec<u8>> {
        self.bytes.clone().filter(|_| msgid == self.msgid)
    }
}

/// The CRLs and OCSP answers beside a message.
fn lists(folder: &Path) -> StatusLists {
    let mut lists = StatusLists::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "crl" || kind == "ocsp") {
            lists.add(&fs::read(&path).unwrap()).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        }
    }
    lists
}

/// The providers' directory of that day, beside a message.
fn directory(folder: &Path, dated: Timestamp) -> Option<Directory> {
    let ldif = fs::read(folder.join("elenco.ldif")).ok()?;
    Some(Directory::unsigned(&ldif, Some(dated)).unwrap_or_else(|why| panic!("{}: {why}", folder.display())))
}

fn register(sent: &SentMail, folder: &Path) -> Arc<dyn Sent> {
    let SentMail { msgid, mailbox, recipients, submitted, pec_ids } = sent.clone();
    let sending = Sending { mailbox, recipients, submitted: Some(submitted), accepted: None, pec_ids, times: 1 };
    Arc::new(OneSent { msgid, sending, bytes: fs::read(folder.join("inviato.eml")).ok() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mailbox {
    address: String,
    provider: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    grade: String,
    disposition: String,
    /// Every check that fails, as `check:code`, in order.
    fails: Vec<String>,
    /// Every letter that would leave, as `template address`.
    sends: Vec<String>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// Names of the fixtures on disk.
pub(crate) fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("mail")).unwrap().map(|entry| entry.unwrap());
    entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().into_string().unwrap()).collect()
}

fn case(name: &str) -> Case {
    let path = root().join("mail").join(name).join("case.toml");
    toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Rules, templates and the trust of the fixtures: read once.
fn bench() -> &'static Bench {
    static BENCH: LazyLock<Bench> = LazyLock::new(|| {
        let trust = Trust::read(&root().join("trust/simulazione")).unwrap();
        Bench::shipped(trust).unwrap()
    });
    &BENCH
}

fn explain(bench: &Bench, name: &str, case: &Case) -> Explained {
    let folder = root().join("mail").join(name);
    let mailboxes = case.mailbox.iter();
    let about = Circumstances {
        mailboxes: mailboxes
            .map(|m| OwnMailbox { address: m.address.clone(), provider_host: m.provider.clone() })
            .collect(),
        sha1_until: case.sha1_until,
        arrived: Some(case.arrived),
        now: case.as_of,
        sent: case.sent.as_ref().map(|sent| register(sent, &folder)),
        status: lists(&folder),
        directory: directory(&folder, case.arrived),
    };
    bench.explain(&fs::read(folder.join("message.eml")).unwrap(), &about)
}

/// One fixture, explained as its case asks.
pub(crate) fn explained(name: &str) -> Explained {
    explain(bench(), name, &case(name))
}

#[test]
fn every_message_is_judged_decided_and_explained_as_written() {
    let bench = bench();
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for name in names() {
        let case = case(&name);
        let dir = root().join("mail").join(&name);
        let explained = explain(bench, &name, &case);
        let said = said(&explained.json(&name));
        let Expect { grade, disposition, fails, sends } = case.expect;
        if said != (grade.clone(), disposition.clone(), fails.clone(), sends.clone()) {
            wrong.push(format!("{name}\n  wanted {grade} {disposition} {fails:?} {sends:?}\n  got    {said:?}"));
        }
        let text = explained.text(&format!("{name}/message.eml"), case.letters);
        let golden = dir.join("expected.txt");
        if bless {
            fs::write(&golden, &text).unwrap();
        } else if let Some(difference) = first_difference(&fs::read_to_string(&golden).unwrap_or_default(), &text) {
            wrong.push(format!("{name}/expected.txt: {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

/// Grade, disposition, failed checks, letters.
fn said(json: &Value) -> (String, String, Vec<String>, Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let failed = list(&json["checks"]).into_iter().filter(|check| check["result"] == "fail");
    let fails = failed.map(|check| format!("{}:{}", text(&check["id"]), text(&check["code"]))).collect();
    let outgoing = list(&json["outgoing"]).into_iter();
    let sends = outgoing.map(|letter| format!("{} {}", text(&letter["template"]), text(&letter["to"]))).collect();
    (text(&json["grade"]), text(&json["disposition"]["disposition"]), fails, sends)
}

fn first_difference(wanted: &str, got: &str) -> Option<String> {
    if wanted == got {
        return None;
    }
    let (mut w, mut g) = (wanted.lines(), got.lines());
    for line in 1.. {
        match (w.next(), g.next()) {
            (None, None) => return Some("line ends differ".into()),
            (w, g) if w != g => {
                let shown = |line: Option<&str>| line.unwrap_or("(the end)").to_owned();
                return Some(format!("line {line}\n  - {}\n  + {}", shown(w), shown(g)));
            }
            _ => {}
        }
    }
    None
}

/// A check that no fixture fails is a check that nobody would miss.
#[test]
fn every_check_fails_alone_in_some_fixture() {
    let mut unseen: BTreeSet<&str> = Check::ALL.into_iter().map(Check::code).collect();
    for name in names() {
        if let [only] = case(&name).expect.fails.as_slice() {
            unseen.remove(only.split(':').next().unwrap());
        }
    }
    assert!(unseen.is_empty(), "no fixture fails only {unseen:?}");
}

#[test]
fn the_folders_are_those_that_gestore_makes() {
    let made: BTreeSet<String> = gestore::fixtures::cases().map(|case| case.name.to_owned()).collect();
    assert_eq!(names(), made, "after a change: cargo run -p gestore -- fixtures fixtures");
}

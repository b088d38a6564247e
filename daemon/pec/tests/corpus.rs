//! Changes when the saved messages are asked another question: each is judged as its `case.toml` says, for that reason alone.
//!
//! What the service decides of them, and what people read, is in the suite (`tests/suite/fixtures.rs`).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
mod mutation;

use jiff::Timestamp;
use mutation::{certificate, fixtures};
use pec::revocation::StatusLists;
use pec::{Anchor, Anchors, Check, Directory, OwnMailbox, Policy, Sending, Sent, examine};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;

/// The part of `case.toml` that is about the message.
#[derive(Deserialize)]
struct Case {
    arrived: Timestamp,
    sha1_until: Option<Timestamp>,
    mailbox: Vec<Mailbox>,
    sent: Option<SentMail>,
    expect: Expect,
}

#[derive(Deserialize)]
struct Mailbox {
    address: String,
    provider: Option<String>,
}

#[derive(Deserialize, Debug, Clone)]
struct SentMail {
    msgid: String,
    mailbox: String,
    recipients: Vec<String>,
    submitted: Timestamp,
    pec_ids: Vec<String>,
    #[serde(skip)]
    bytes: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct Expect {
    grade: String,
    fails: Vec<String>,
}

impl Sent for SentMail {
    fn sending(&self, msgid: &str) -> Option<Sending> {
        let SentMail { mailbox, recipients, pec_ids, .. } = self.clone();
        let sending =
            Sending { mailbox, recipients, pec_ids, submitted: Some(self.submitted), accepted: None, times: 1 };
        (msgid == self.msgid).then_some(sending)
    }

    fn bytes(&self, msgid: &str) -> Option<Vec<u8>> {
        self.bytes.clone().filter(|_| msgid == self.msgid)
    }
}

#[test]
fn every_saved_message_is_judged_for_the_intended_reason() {
    let der = certificate(&fixtures().join("trust/simulazione/SIMULAZIONE.pem"));
    let anchor = Anchor::from_certificate(&der, "SIMULAZIONE", &[common::POLICY_PEC], true).unwrap();
    let anchors = Anchors { list: vec![anchor] };
    let (mut wrong, mut alone) = (Vec::new(), BTreeSet::new());
    let mut folders: Vec<_> = fs::read_dir(fixtures().join("mail")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    for folder in &folders {
        let name = folder.file_name().unwrap().to_string_lossy();
        let case = fs::read_to_string(folder.join("case.toml")).unwrap();
        let mut case: Case = toml::from_str(&case).unwrap_or_else(|why| panic!("{name}: {why}"));
        let raw = fs::read(folder.join("message.eml")).unwrap();
        if let Some(sent) = &mut case.sent {
            sent.bytes = fs::read(folder.join("inviato.eml")).ok();
        }
        let own = |m: Mailbox| OwnMailbox { address: m.address, provider_host: m.provider };
        let mailboxes: Vec<_> = case.mailbox.into_iter().map(own).collect();
        let mut status = StatusLists::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "crl" || kind == "ocsp") {
                status.add(&fs::read(&path).unwrap()).unwrap_or_else(|why| panic!("{name}: {why}"));
            }
        }
        let ldif = fs::read(folder.join("elenco.ldif")).ok();
        let directory = ldif.map(|ldif| Directory::unsigned(&ldif, Some(case.arrived)).unwrap());
        let policy = Policy {
            status: Some(&status),
            directory: directory.as_ref(),
            mailboxes: &mailboxes,
            arrival: Some(case.arrived),
            sha1_until: case.sha1_until,
            sent: case.sent.as_ref().map(|sent| sent as &dyn Sent),
            ..Policy::new(&anchors)
        };
        let seen = examine(&raw, &policy);
        let failed = seen.report.failures();
        let fails: Vec<_> = failed.map(|(check, why)| format!("{}:{}", check.code(), why.code)).collect();
        if let [only] = case.expect.fails.as_slice() {
            alone.insert(only.split(':').next().unwrap().to_owned());
        }
        if (seen.grade.code(), &fails) != (&*case.expect.grade, &case.expect.fails) {
            let Expect { grade, fails: wanted } = case.expect;
            wrong.push(format!("{name}\n  wanted {grade} {wanted:?}\n  got    {} {fails:?}", seen.grade.code()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), folders.len(), wrong.join("\n"));
    // A check that no message fails alone is a check that nobody would miss.
    let missing: Vec<_> = Check::ALL.into_iter().map(Check::code).filter(|code| !alone.contains(*code)).collect();
    assert!(missing.is_empty(), "no message fails only {missing:?}");
}

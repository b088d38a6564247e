//! Changes when what an examination may do to the service changes: it may loop, hang, eat memory, crash, lie. Run for real.

use crate::support::{Daemon, House, Recorder, all_submitted, program, real_trial, wait, wait_or};
use casework::Disposition;
use gestore::{Authority, Circuit, Crl, Mail, Style, Submission, Timestamp};
use jiff::SignedDuration;
use pec::revocation::StatusLists;
use pec::{Anchor, Anchors, Policy};
use sportello::journal::record::{Event, Record};
use sportello::journal::{Journal, Tail};
use sportello::pipeline::ATTEMPTS_MAX;
use sportello::store::Overview;
use sportello::trial::{self, Failed, Limits, Shut, Trial};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const OFFICE: &str = "protocollo@pec.comune.test";

/// What an examination does when it meets a message with this word as its subject, as a shell does it, and how it ends.
const POISONS: &[(&str, &str, &str)] = &[
    ("GIRA", "while :; do :; done", "signal: 24 (SIGXCPU)"),
    ("MANGIA", "s=xxxxxxxx; while :; do s=$s$s; done", "finito male"), // some shells say it, some crash
    ("SPROFONDA", "f() { f; }; f", "finito male"),                     // whichever ends first, the stack or the memory
    ("ABORTISCE", "kill -ABRT $$", "signal: 6 (SIGABRT)"),
    ("TACE", "sleep 600", "non finiva"),
    ("RINUNCIA", "exit 3", "exit status: 3"),
    ("MENTE", "echo 0000000000000000000000000000000000000000000000000000000000000000; exit 0", "non concordano"),
    ("PARLA", "while :; do echo parole parole parole; done", "signal: 13 (SIGPIPE)"),
];

/// Shorter than the service's, so that the test does not take minutes.
const SHORT: Limits = Limits { memory: 256 << 20, cpu: 1, wall: Duration::from_secs(5) };

/// The real program for every message but those with a word of [`POISONS`].
fn poisoned(dir: &Path, limits: Limits) -> Trial {
    // One trial may be of several messages, in whatever order they came.
    let mut script = String::from("#!/bin/sh\n");
    for (word, does, _) in POISONS {
        script.push_str(&format!("if grep -qs '^Subject: {word}' -- \"$@\"; then\n{does}\nfi\n"));
    }
    script.push_str(&format!("exec {} \"$@\"\n", program().display()));
    let file = dir.join("prova.sh");
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    Trial::by(file, [trial::COMMAND.into()], limits)
}

/// A house, and a letter of a citizen that the machine answers.
fn house(dir: &Path) -> House {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let beta = authority.provider("Beta", "pec.beta.test", Style::legalmail_like(), now).unwrap();
    let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
    let circuit = Circuit::new(&dir.join("caselle"), domains);
    let house = House::build(dir, OFFICE, &circuit.maildir(OFFICE).unwrap(), authority.certificate_der());
    let letter = Mail::new("anna.bianchi@cittadini.test").to(OFFICE).subject("Cambio di residenza");
    let letter = letter.text("Mi sono trasferita in via Po 1. Codice fiscale BNCNNA80A41H501R\n");
    let letter = letter.compose(now).unwrap();
    circuit.send(&letter.mail_from, &letter.rcpt_to, &letter.raw).unwrap();
    house
}

fn poison(word: &str) -> Vec<u8> {
    format!("From: a@b.example\r\nTo: {OFFICE}\r\nSubject: {word}\r\n\r\nx\r\n").into_bytes()
}

fn attempts(house: &House) -> BTreeMap<String, u32> {
    let mut attempts = BTreeMap::new();
    let count = |record: &Record, _: &_| {
        if let Event::Attempted { digest, n } = &record.event {
            attempts.insert(digest.clone(), *n);
        }
    };
    Journal::verify(&house.data, Tail::Closed, count).unwrap();
    attempts
}

#[test]
fn an_examination_that_loops_hangs_eats_crashes_or_lies_harms_its_own_message_only() {
    let dir = tempfile::tempdir().unwrap();
    let house = house(dir.path());
    for (word, ..) in POISONS {
        fs::write(house.maildir.join("new").join(format!("0-{word}")), poison(word)).unwrap();
    }
    let running = house.start_with(Recorder::default().roads(), poisoned(dir.path(), SHORT));
    let all = wait_or(
        || format!("{:#?}", running.overview().messages),
        || {
            let all = running.overview();
            (all.messages.len() == POISONS.len() + 1 && all_submitted(&all)).then_some(all)
        },
    );
    running.stop();
    let attempts = attempts(&house);
    for (word, ..) in POISONS {
        let row = all.messages.iter().find(|m| m.digest == sportello::digest::sha256(&poison(word))).expect(word);
        assert_eq!(row.grade, "", "{word}: not examined");
        let Disposition::Quarantine { why } = &row.disposition else { panic!("{word}: {row:?}") };
        assert!(why.contains("non è arrivato in fondo"), "{word}: the person is told why: {why}");
        assert_eq!(row.items.len(), 1, "{word}: one task, no answer");
        assert_eq!(attempts[&row.digest], ATTEMPTS_MAX + 1, "{word}: each try was counted before it began");
    }
    assert_good(&all);
    let good = all.messages.iter().find(|m| !m.grade.is_empty()).unwrap();
    assert!(attempts[&good.digest] <= 2, "once with the others, and then alone: never their number of times");
}

/// Each ends by the limit, or the fault, that is meant.
#[test]
fn each_way_of_failing_ends_as_it_should() {
    let dir = tempfile::tempdir().unwrap();
    let anchors = Anchors::agid();
    let patient = poisoned(dir.path(), Limits { wall: Duration::from_secs(100), ..SHORT });
    let brief = poisoned(dir.path(), Limits { wall: Duration::from_millis(200), ..SHORT });
    let file = dir.path().join("messaggio.eml");
    for (word, _, ends) in POISONS {
        fs::write(&file, poison(word)).unwrap();
        let trial = if *word == "TACE" { &brief } else { &patient };
        let failed = trial.examine(&file, &poison(word), &Policy::new(&anchors)).unwrap_err().to_string();
        assert!(failed.contains(ends), "{word}: {failed}");
    }
}

fn assert_good(all: &Overview) {
    let good: Vec<_> = all.messages.iter().filter(|m| m.grade == "genuine").collect();
    assert!(good.len() == 1 && good[0].items.len() == 2, "examined, a task and a reply: {good:?}");
}

/// The limits bind the real program too: here on memory, with a message that is larger than it may have.
#[test]
fn the_real_program_ends_at_its_limit_of_memory_and_answers_below_it() {
    let dir = tempfile::tempdir().unwrap();
    let anchors = Anchors::agid();
    let policy = Policy::new(&anchors);
    let trial = Trial::by(program(), [trial::COMMAND.into()], SHORT);
    let file = dir.path().join("grande.eml");
    File::create(&file).unwrap().set_len(SHORT.memory + 1).unwrap();
    assert!(matches!(trial.examine(&file, b"", &policy), Err(Failed::Ended(_))));
    fs::write(&file, poison("x")).unwrap();
    assert_eq!(trial.examine(&file, &poison("x"), &policy).unwrap().grade, pec::Grade::NotPec);
    // Examined here and tried there must be the same bytes.
    assert!(matches!(trial.examine(&file, &poison("y"), &policy), Err(Failed::Differs)));
}

/// All of the policy travels: with lists at hand, or without, trial and examination agree.
#[test]
fn the_trial_knows_what_the_examination_knows() {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let mail = Mail::new("anna@pec.alfa.test").to(OFFICE).subject("Ciao").text("Ciao\n").compose(now).unwrap();
    let Submission::Accepted { envelope, .. } = alfa.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, now).unwrap()
    else {
        panic!("refused")
    };
    let anchor = Anchor::from_certificate(authority.certificate_der(), "SIMULAZIONE", &[], true).unwrap();
    let anchors = Anchors { list: vec![anchor] };
    let mut lists = StatusLists::new();
    let later = now.checked_add(SignedDuration::from_mins(1)).unwrap(); // only a list issued after the event speaks of it
    lists.add(&authority.crl(&Crl::issued(later)).unwrap()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &envelope.raw).unwrap();
    for status in [None, Some(&lists)] {
        let policy = Policy { status, ..Policy::new(&anchors) };
        let seen = real_trial().examine(file.path(), &envelope.raw, &policy).unwrap();
        assert_eq!(seen.grade, pec::Grade::Genuine);
    }
}

/// Without trials nothing is examined, and no message loses its attempts: the start is refused.
#[test]
fn where_trials_cannot_be_held_the_service_does_not_start() {
    let anchors = Anchors::agid();
    let policy = Policy::new(&anchors);
    for program in ["/bin/false", "/bin/true", "/nessun/programma"] {
        let trial = Trial::by(program, [], Limits::default());
        assert!(trial.check(&policy).is_err(), "{program}");
    }
    assert_eq!(real_trial().check(&policy).unwrap(), Shut::In, "and reaches nothing but its messages");
}

/// Where the system forbids the filter, the limits must do, and the log says so: mail does not wait for a unit file.
#[test]
fn a_trial_that_may_not_shut_itself_in_is_told_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let anchors = Anchors::agid();
    let script = format!("#!/bin/sh\n{} \"$@\" | sed '1s/.*/open: EPERM/'\n", program().display());
    let file = dir.path().join("prova.sh");
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let trial = Trial::by(file, [trial::COMMAND.into()], Limits::default());
    assert_eq!(trial.check(&Policy::new(&anchors)).unwrap(), Shut::Open("EPERM".into()));
    let house = house(dir.path());
    let running = house.start_with(Recorder::default().roads(), trial);
    assert_good(&wait("the letter", || {
        let all = running.overview();
        (all.messages.len() == 1 && all_submitted(&all)).then_some(all)
    }));
    running.stop();
}

/// A package upgrade replaces the file of the running service: its trials go on with the version that runs.
#[test]
fn an_upgrade_under_the_running_service_changes_nothing_for_its_trials() {
    let dir = tempfile::tempdir().unwrap();
    let house = house(dir.path());
    let letter = fs::read_dir(house.maildir.join("new")).unwrap().next().unwrap().unwrap().path();
    let aside = dir.path().join("lettera");
    fs::rename(&letter, &aside).unwrap();
    let installed = dir.path().join("sportello");
    fs::copy(program(), &installed).unwrap();
    let mut command = Command::new(&installed);
    command.args(["run", "--config"]).arg(&house.file);
    let daemon = Daemon::spawn(command, &dir.path().join("log"));
    daemon.wait_logged(1, &["event=\"started\""]);
    fs::remove_file(&installed).unwrap();
    fs::write(&installed, "#!/bin/sh\nexit 1\n").unwrap();
    fs::rename(&aside, &letter).unwrap();
    wait("the letter", || house.is_read().then_some(()));
    daemon.wait_logged(1, &["event=\"message_decided\"", "grade=\"genuine\""]);
}

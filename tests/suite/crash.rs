//! Changes when what a stop at any moment may leave, or what the next start makes of it, changes (DESIGN, state tables).

use crate::store::{Bench, at, sending};
use crate::support::{Daemon, House, Recorder, Running, all_submitted, ask, copy_folder, truncate, wait};
use casework::Disposition;
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use sportello::archive::{Archive, Shelf};
use sportello::journal::record::{Event, Record};
use sportello::journal::{Journal, Tail};
use sportello::outbox::schedule::{Move, Shown, State};
use sportello::store::{Overview, Store, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

const OFFICE: &str = "protocollo@pec.comune.test";

/// A morning's work that came to its end: every test begins from a copy of it.
struct Morning {
    dir: tempfile::TempDir,
    records: Vec<Record>,
    /// Item → Message-ID, recipient, template.
    effects: BTreeMap<String, (String, String, String)>,
}

/// Three messages: one that is answered, one that only a person may judge, and the first again, byte for byte.
fn morning() -> &'static Morning {
    static MORNING: OnceLock<Morning> = OnceLock::new();
    MORNING.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let house = house(dir.path());
        let running = house.start(Recorder::default().roads());
        wait("the morning's work", || (house.is_read() && all_submitted(&running.overview())).then_some(()));
        let effects = effects(&running.overview());
        running.stop();
        let mut records = Vec::new();
        Journal::verify(&house.data, Tail::Closed, |record, _| records.push(record.clone())).unwrap();
        assert!(records.len() > 12 && effects.len() == 3, "{} lines, {effects:?}", records.len());
        // As it was before: the server was told nothing.
        for file in fs::read_dir(house.maildir.join("cur")).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(":2,");
            fs::rename(&path, house.maildir.join("new").join(name)).unwrap();
        }
        Morning { dir, records, effects }
    })
}

/// A house with the morning's mail in its inbox.
fn house(root: &Path) -> House {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let beta = authority.provider("Beta", "pec.beta.test", Style::legalmail_like(), now).unwrap();
    let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
    let circuit = Circuit::new(&root.join("caselle"), domains);
    let house = House::build(root, OFFICE, &circuit.maildir(OFFICE).unwrap(), authority.certificate_der());
    let anna = Mail::new("anna.bianchi@cittadini.test").to(OFFICE).subject("Dichiarazione di cambio di residenza");
    let anna = anna.text("Mi sono trasferita in via delle Rose 10.\nCodice fiscale: BNCNNA80A41H501R\nAnna Bianchi\n");
    let anna = anna.attach("carta_identita.pdf", "application/pdf", b"%PDF-1.4 finta\n").compose(now).unwrap();
    circuit.send(&anna.mail_from, &anna.rcpt_to, &anna.raw).unwrap();
    let outside = Mail::new("luisa@posta.example").to(OFFICE).subject("Mensa").text("Come ci si iscrive?\n");
    let outside = outside.compose(now).unwrap();
    circuit.send(&outside.mail_from, &outside.rcpt_to, &outside.raw).unwrap();
    let mut files: Vec<_> = fs::read_dir(house.maildir.join("new")).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    circuit.drop_raw(OFFICE, &fs::read(&files[0]).unwrap()).unwrap();
    house
}

/// A copy of the morning in `root`, its configuration pointing there.
fn again(root: &Path) -> House {
    let morning = morning();
    copy_folder(morning.dir.path(), root);
    let file = root.join("sportello.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(morning.dir.path().to_str().unwrap(), root.to_str().unwrap())).unwrap();
    House { file, data: root.join("dati"), maildir: root.join("caselle").join(OFFICE).join("Maildir") }
}

fn effects(overview: &Overview) -> BTreeMap<String, (String, String, String)> {
    let effect = |o: &casework::Outgoing| (o.message_id.clone(), o.to.clone(), o.template.clone());
    overview.items.iter().map(|i| (i.outgoing.id.clone(), effect(&i.outgoing))).collect()
}

/// Cuts the journal after `lines` lines; `torn` leaves a piece of the next one, as a power cut may.
fn cut_journal(data: &Path, lines: usize, torn: bool) {
    let path = data.join("journal/000001.jsonl");
    let text = fs::read(&path).unwrap();
    let whole: usize = text.split_inclusive(|b| *b == b'\n').take(lines).map(<[u8]>::len).sum();
    let next = text[whole..].split(|b| *b == b'\n').next().unwrap().len();
    truncate(&path, (whole + if torn { next / 2 } else { 0 }) as u64);
}

/// Stopped after every single line of the register, with whatever of the rest was or was not on disk, the next start ends
/// with the same messages decided once, the same effects, and nothing sent that may have been sent before.
#[test]
fn stopped_after_any_line_the_next_start_ends_the_same() {
    let morning = morning();
    for lines in 0..=morning.records.len() {
        for is_bare in [false, true] {
            stopped_after(lines, is_bare, morning);
        }
    }
}

/// `is_bare`: what no line names is not in the archive either, and the line is torn. Otherwise the archive has everything.
/// The index of the whole morning is taken away: an honest one has never seen more lines than the register.
fn stopped_after(lines: usize, is_bare: bool, morning: &Morning) {
    let dir = tempfile::tempdir().unwrap();
    let house = again(dir.path());
    let what = format!("{lines} lines, bare: {is_bare}");
    cut_journal(&house.data, lines, is_bare);
    let kept = &morning.records[..lines];
    fs::remove_dir_all(house.data.join("index")).unwrap();
    if is_bare {
        keep_only_what_is_named(&house.data, kept);
    }
    let recorder = Recorder::default();
    let running = house.start(recorder.roads());
    wait(&what, || (house.is_read() && all_submitted(&running.overview())).then_some(()));
    let overview = running.overview();
    let digest = running.state_digest();
    running.stop();

    assert_eq!(effects(&overview), morning.effects, "{what}");
    assert_eq!(overview.messages.len(), 2, "{what}");
    assert_eq!(overview.dossiers.len(), 1, "{what}");
    let places: BTreeSet<String> = overview.messages.iter().flat_map(|m| m.places.clone()).collect();
    assert!(places.iter().filter(|p| p.contains("maildir:")).count() == 3, "{what}: {places:?}");
    let sent = recorder.0.lock().unwrap().clone();
    for item in &overview.items {
        let now = sent.iter().filter(|id| **id == item.outgoing.message_id).count();
        let last = kept.iter().rev().find_map(|r| match &r.event {
            Event::Moved { item: id, step } if *id == item.outgoing.id => Some(step),
            _ => None,
        });
        match last {
            Some(Move::Submitted { .. }) => assert_eq!((now, &item.state), (0, &State::Submitted), "{what}: {item:?}"),
            Some(Move::InDot) => assert_eq!((now, &item.state), (0, &State::Unknown), "{what}: {item:?}"),
            _ => assert_eq!((now, &item.state), (1, &State::Submitted), "{what}: {item:?}"),
        }
    }
    let mut decided = BTreeMap::<String, usize>::new();
    let head = Journal::verify(&house.data, Tail::Closed, |record, _| {
        if let Event::Decided(d) = &record.event {
            *decided.entry(d.digest.clone()).or_default() += 1;
        }
    });
    assert_eq!(head.unwrap().seq, overview.seq, "{what}");
    assert!(decided.values().all(|n| *n == 1), "{what}: decided twice: {decided:?}");
    assert_eq!(Overview::read(&house.data).unwrap().1, digest, "{what}: the index is not the sum of the register");
}

/// Removes from the archive what the kept lines do not name: it was not sealed yet.
fn keep_only_what_is_named(data: &Path, kept: &[Record]) {
    let archive = Archive::open(data).unwrap();
    let text: String = kept.iter().map(|r| serde_json::to_string(r).unwrap()).collect();
    for shelf in [Shelf::In, Shelf::Out] {
        for digest in archive.digests(shelf).unwrap() {
            if !text.contains(&digest) {
                fs::remove_file(archive.path(shelf, &digest)).unwrap();
            }
        }
    }
}

/// State M2 of the table: a message whose examination never ends must not stop the mailbox for ever.
#[test]
fn a_message_that_was_tried_three_times_goes_to_a_person_unexamined() {
    let dir = tempfile::tempdir().unwrap();
    let house = again(dir.path());
    cut_journal(&house.data, 1, false);
    fs::remove_dir_all(house.data.join("index")).unwrap();
    let now = Timestamp::now();
    let digests = Archive::open(&house.data).unwrap().digests(Shelf::In).unwrap();
    let mut store = Store::open(&house.data, now).unwrap();
    for n in 1..=3 {
        assert_eq!(store.attempt(&[&digests[0]], now).unwrap(), [n]);
    }
    drop(store);
    let running = house.start(Recorder::default().roads());
    wait("both messages", || (house.is_read() && all_submitted(&running.overview())).then_some(()));
    let overview = running.overview();
    running.stop();
    let grade = |digest: &str| overview.messages.iter().find(|m| m.digest == digest).unwrap().grade.clone();
    assert_eq!(grade(&digests[0]), "", "not examined");
    assert_ne!(grade(&digests[1]), "", "the other one is");
    let task = overview.items.iter().find(|i| i.cause == digests[0]).unwrap();
    assert_eq!((task.outgoing.template.as_str(), task.shown()), ("compito-verifica", Shown::Sent));
}

/// Every way of losing the index: the register gives it back, equal, and nothing of the damaged one is thrown away.
#[test]
fn a_lost_or_damaged_index_is_built_again_equal() {
    let morning = morning();
    let expected = Overview::read(&morning.dir.path().join("dati")).unwrap().1;
    let open = |house: &House| {
        let store = Store::open(&house.data, Timestamp::now()).unwrap();
        assert_eq!(store.seq(), morning.records.len() as u64);
        store.state_digest().unwrap()
    };
    let damaged = |damage: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        let house = again(dir.path());
        damage(&house.data.join("index"));
        open(&house)
    };
    assert_eq!(damaged(&|_| {}), expected, "untouched");
    assert_eq!(damaged(&|index| fs::remove_dir_all(index).unwrap()), expected, "deleted");
    assert_eq!(damaged(&|index| fs::remove_file(index.join("db")).unwrap()), expected, "its data deleted");
    assert_eq!(
        damaged(&|index| fs::write(index.join("conf"), b"niente").unwrap()),
        expected,
        "its settings overwritten"
    );
    let length = fs::metadata(morning.dir.path().join("dati/index/db")).unwrap().len();
    for part in 0..8 {
        let garble = |index: &Path| {
            let mut bytes = fs::read(index.join("db")).unwrap();
            let from = usize::try_from(length * part / 8).unwrap();
            let to = (from + 512).min(bytes.len());
            bytes[from..to].iter_mut().for_each(|b| *b = !*b);
            fs::write(index.join("db"), bytes).unwrap();
        };
        assert_eq!(damaged(&garble), expected, "garbled from {part}/8 on");
        assert_eq!(damaged(&|index| truncate(&index.join("db"), length * part / 8)), expected, "cut at {part}/8");
    }
}

/// A register that was restored from a copy, or is another one, would be decided and answered again: nothing starts, and
/// the administrator is told which line is missing.
#[test]
fn a_register_that_went_back_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let house = again(dir.path());
    let lines = morning().records.len();
    cut_journal(&house.data, lines - 1, false);
    let refused = Store::open(&house.data, Timestamp::now()).unwrap_err();
    assert!(matches!(refused, Trouble::Rollback(seq) if seq == lines as u64), "{refused}");
    let (code, _, said) = ask(&["run", "--config", house.file.to_str().unwrap()]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains(&format!("non arriva più alla riga {lines}")), "{said}");

    let other = tempfile::tempdir().unwrap();
    drop(Store::open(other.path(), Timestamp::now()).unwrap());
    let house = again(other.path().join("casa").as_path());
    fs::remove_dir_all(house.data.join("index")).unwrap();
    copy_folder(&other.path().join("index"), &house.data.join("index"));
    let refused = Store::open(&house.data, Timestamp::now()).unwrap_err();
    assert!(matches!(refused, Trouble::Rollback(1)), "{refused}");
}

/// An older copy of the index, as a restored backup has: the tail of the register is replayed on it.
#[test]
fn an_older_index_catches_up() {
    let morning = morning();
    let expected = Overview::read(&morning.dir.path().join("dati")).unwrap().1;
    for lines in [1, 4, 9] {
        let dir = tempfile::tempdir().unwrap();
        let house = again(dir.path());
        let whole = fs::read(house.data.join("journal/000001.jsonl")).unwrap();
        fs::remove_dir_all(house.data.join("index")).unwrap();
        cut_journal(&house.data, lines, false);
        // The register as it was then gives the index as it was then.
        let head = Journal::verify(&house.data, Tail::Closed, |_, _| {}).unwrap();
        let older = Store::open(&house.data, Timestamp::now()).unwrap();
        if older.seq() != head.seq {
            continue; // the opening itself had to write: then it is another register
        }
        drop(older);
        fs::write(house.data.join("journal/000001.jsonl"), &whole).unwrap();
        let store = Store::open(&house.data, Timestamp::now()).unwrap();
        assert_eq!(store.state_digest().unwrap(), expected, "{lines} lines");
        let aside = fs::read_dir(&house.data)
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with("index-damaged"));
        assert_eq!(aside.count(), 0, "an older index is no damage");
    }
}

/// Two services on one data folder would tear the register: the second does not start, and says why.
#[test]
fn a_second_process_is_refused_and_a_signal_ends_the_first_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let house = again(dir.path());
    let mut first = Daemon::run(&house.file, &dir.path().join("primo.log"));
    first.wait_logged(1, &["event=\"started\""]);
    let file = house.file.to_str().unwrap();
    let (code, _, said) = ask(&["run", "--config", file]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("un altro processo sta già usando questa cartella"), "{said}");
    // Looking does not disturb.
    let data = house.data.to_str().unwrap();
    let (code, out, said) = ask(&["status", "--json", data]);
    assert_eq!(code, Some(0), "{said}");
    let status: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status["dossiers"].as_array().unwrap().len(), 1);
    first.signal("TERM");
    assert_eq!(first.end().code(), Some(0), "{}", first.log());
    assert_eq!(first.logged(&["event=\"stopped\""]), 1);
    assert_eq!(ask(&["verify-journal", data]).0, Some(0));
    let running: Running = house.start(Recorder::default().roads());
    running.stop(); // the folder is free again
}

/// A life that ends in its first trial leaves an attempt at each that waited. In the next each is decided before the attempt at another
/// is counted, and who was in hand comes first: however often a life ends at the second, one has used up an attempt more, those behind
/// it none, and nobody all of them.
#[test]
fn a_kill_uses_up_the_attempt_of_one_and_not_of_those_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(dir.path());
    for n in 0..8 {
        let mail = Mail::new("anna.bianchi@cittadini.test").to(OFFICE).subject("Saluti");
        let mail = mail.text(&format!("Buon lavoro, {n}\n")).compose(Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    }
    let ends_at = |point: &str| {
        let mut life = Daemon::run_with_faults(&house.file, &format!("{point}=kill@2"), &dir.path().join("log"));
        assert!(!life.end().success());
        let (mut attempts, mut decided) = (BTreeMap::new(), BTreeSet::new());
        Journal::verify(&house.data, Tail::Open, |record, _| match &record.event {
            Event::Attempted { digest, n } => drop(attempts.insert(digest.clone(), *n)),
            Event::Decided(done) => drop(decided.insert(done.digest.clone())),
            _ => {}
        })
        .unwrap();
        attempts.retain(|digest, _| !decided.contains(digest));
        attempts.into_values().collect::<Vec<u32>>()
    };
    // The first trial of a life is the one of nothing, which shows that trials work. How many had come by then, the Maildir decides.
    let first = ends_at("verify.spawn");
    assert!(!first.is_empty() && first.iter().all(|n| *n == 1), "{first:?}");
    for life in 0..6 {
        let left = ends_at("classify.eval");
        let more = left.iter().filter(|n| **n > 1);
        assert!(more.clone().count() <= 1 && more.max().is_none_or(|n| *n == 2), "{life}: {left:?}");
    }
}

/// Of a message too large to be kept whole a crash leaves its headers in the archive, and nothing that says so: they are not taken for
/// the message.
#[test]
fn headers_that_a_crash_left_alone_are_not_examined_as_a_message() {
    let dir = tempfile::tempdir().unwrap();
    let (house, _) = House::on_a_circuit(dir.path());
    let text = fs::read_to_string(&house.file).unwrap();
    fs::write(&house.file, text.replace("[casella.maildir]", "byte_massimi = 1000000\n[casella.maildir]")).unwrap();
    let large = format!("From: anna@cittadini.test\r\nSubject: Planimetrie\r\n\r\n{}\r\n", "a".repeat(1_000_000));
    fs::write(house.maildir.join("new/grande"), large).unwrap();
    let mut life = Daemon::run_with_faults(&house.file, "verify.attempt_inc=kill", &dir.path().join("log"));
    assert!(!life.end().success());
    let sealed = Archive::open(&house.data).unwrap().groups(Shelf::In).unwrap();
    assert_eq!(sealed.len(), 1, "sealed, and no more");

    let running = house.start(Recorder::default().roads());
    wait("the message", || house.is_read().then_some(()));
    running.stop();
    let mut decided = Vec::new();
    Journal::verify(&house.data, Tail::Closed, |record, _| {
        if let Event::Decided(done) = &record.event {
            decided.push(done.decision.disposition.clone());
        }
    })
    .unwrap();
    assert!(
        matches!(&decided[..], [Disposition::Quarantine { why }] if why.contains("solo le intestazioni")),
        "{decided:?}"
    );
}

/// What the index lost with a write that failed is read from nowhere: nothing may be judged by the older rows and become a line.
#[test]
fn when_the_index_fails_the_register_takes_no_more_lines() {
    let mut bench = Bench::new();
    // Rows large enough that a run is made of them.
    let frozen = "f".repeat(30_000);
    bench.add_task("sent", &frozen);
    bench.store.sync_index().unwrap();
    bench.moves("sent", sending());
    (0..40).for_each(|n| bench.add_task(&format!("other{n}"), &frozen));
    let (runs, away) = (bench.data().join("index/runs"), bench.data().join("away"));
    fs::rename(&runs, &away).unwrap();
    assert!(bench.store.sync_index().is_err());
    fs::rename(&away, &runs).unwrap();

    assert_eq!(bench.shown("sent"), Shown::Held, "an older row is read");
    let end = bench.store.seq();
    assert!(bench.store.stage_moves(vec![("sent".into(), Move::Claimed { n: 1 })], at(1)).is_err());
    assert!(bench.store.seal_moves().is_err(), "and nothing of it waits for somebody else's fsync");
    let (store, dir) = bench.into_parts();
    drop(store);
    let again = Store::open(dir.path(), at(2)).unwrap();
    assert_eq!(again.item("sent").unwrap().unwrap().state, State::Submitted);
    assert!(again.seq() >= end && again.item("other39").unwrap().is_some());
}

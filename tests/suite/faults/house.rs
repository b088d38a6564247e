//! Changes when the houses that are faulted, or what must hold of each afterwards, change.
//!
//! Several houses work on one set of servers at the same time: what takes long is waiting, and each is the other's noise.

use crate::servers::world::{Choices, Comune, TASKS, World};
use crate::support::{Daemon, ask, sportello};
use casework::Lane;
use sportello::archive::{Archive, Shelf};
use sportello::digest::sha256;
use sportello::journal::record::{Event, Record};
use sportello::journal::{Journal, Tail};
use sportello::outbox::schedule::{Move, Shown, State};
use sportello::store::rows::ItemRow;
use sportello::store::{Overview, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for one story to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an uncertain letter that nobody received is watched, before it is believed that nobody will.
const SILENCE: Duration = Duration::from_millis(1500);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(25);

/// Mailbox of the `n`-th house.
pub fn office(n: usize) -> String {
    format!("ufficio-{n}@ente.test")
}

/// Mailbox of the `n`-th citizen.
pub fn person(n: usize) -> String {
    format!("persona-{n:04}@cittadini.test")
}

/// Servers for `houses` houses and `people` citizens; `None` where they cannot be had.
pub fn servers(houses: usize, people: usize) -> Option<World> {
    World::up_for(&(0..houses).map(office).chain((0..people).map(person)).collect::<Vec<_>>())
}

/// One house on the servers.
pub struct House<'a> {
    /// The servers.
    pub world: &'a World,
    /// Its mailbox.
    pub office: String,
    /// Configuration and data.
    pub comune: Comune,
    /// Who wrote to it.
    pub people: Vec<String>,
}

/// What a house's work came to.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sums {
    /// Messages on the server.
    pub messages: usize,
    /// Letters to citizens.
    pub letters: usize,
    /// Of these, delivered once.
    pub delivered: usize,
    /// Of these, uncertain, and nobody received them.
    pub uncertain: usize,
    /// Messages that were kept and still lie in the inbox.
    pub not_moved: usize,
}

impl std::ops::AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.letters += other.letters;
        self.delivered += other.delivered;
        self.uncertain += other.uncertain;
        self.not_moved += other.not_moved;
    }
}

impl<'a> House<'a> {
    /// The `n`-th.
    pub fn build(world: &'a World, n: usize) -> Self {
        Self::build_with(world, n, "")
    }

    /// The `n`-th, with more lines of `[dati]`.
    pub fn build_with(world: &'a World, n: usize, data: &'static str) -> Self {
        let office = office(n);
        let choices =
            Choices { data, imap: "sposta_in = \"Elaborati\"", office: Some(office.clone()), ..Choices::default() };
        Self { world, comune: Comune::build(world, &choices), office, people: Vec::new() }
    }

    /// Somebody who never wrote before writes.
    pub fn receives(&mut self, person: String, document: &[u8]) {
        self.world.writes_to(&person, &self.office, document);
        self.people.push(person);
    }

    /// Starts the service with these faults, its log in `log`.
    pub fn run(&self, faults: &str, log: &Path) -> Daemon {
        let mut command = sportello();
        command.args(["run", "--config"]).arg(&self.comune.file);
        if !faults.is_empty() {
            command.env("SPORTELLO_FAULTS", faults);
        }
        Daemon::spawn(command, log)
    }

    /// A name for a log.
    pub fn log(&self, name: &str) -> PathBuf {
        self.comune.data.parent().unwrap().join(format!("{name}.log"))
    }

    /// The items of the letters to `people`, and of the tasks that came of what they wrote.
    fn items(&self, people: &[String]) -> (Vec<ItemRow>, Vec<ItemRow>) {
        let all = Overview::read(&self.comune.data).map(|(all, _)| all.items).unwrap_or_default();
        let (letters, tasks): (Vec<_>, Vec<_>) = all.into_iter().partition(|item| item.outgoing.lane == Lane::Pec);
        let letters: Vec<_> = letters.into_iter().filter(|item| people.contains(&item.outgoing.to)).collect();
        let causes: BTreeSet<&str> = letters.iter().map(|item| item.cause.as_str()).collect();
        let tasks = tasks.into_iter().filter(|item| causes.contains(item.cause.as_str())).collect();
        (letters, tasks)
    }

    /// Waits until the letters to `people` and their tasks have come to their end. What a fault put off is released, as a
    /// person would.
    pub fn finish(&self, people: &[String], what: &str, service: &Daemon) {
        let (since, mut quiet) = (Instant::now(), Instant::now());
        let mut released = BTreeSet::new();
        loop {
            let (letters, tasks) = self.items(people);
            for item in letters.iter().chain(&tasks) {
                let is_put_off = matches!(item.state, State::Queued { .. }) && item.attempts > 0;
                if is_put_off && !released.contains(&item.outgoing.id) && self.release(&item.outgoing.id) {
                    released.insert(item.outgoing.id.clone());
                }
            }
            let delivered = letters.iter().filter(|item| item.shown() == Shown::Delivered).count();
            let uncertain = letters.iter().filter(|item| item.state == State::Unknown && item.facts.is_empty()).count();
            let is_done = |item: &ItemRow| matches!(item.shown(), Shown::Sent | Shown::Unknown);
            let all_tasks = tasks.len() >= people.len() && tasks.iter().all(is_done);
            if delivered == people.len() && all_tasks {
                return;
            }
            if !(delivered + uncertain == people.len() && all_tasks) {
                quiet = Instant::now();
            }
            if quiet.elapsed() > SILENCE {
                return;
            }
            let state =
                || letters.iter().chain(&tasks).map(|i| (i.shown(), i.attempts, i.last.clone())).collect::<Vec<_>>();
            assert!(since.elapsed() < PATIENCE, "{what}: not finished: {:?}\n{}", state(), service.log());
            thread::sleep(LOOK);
        }
    }

    /// Whether the order was taken: a service that has the register but does not yet listen takes none.
    fn release(&self, item: &str) -> bool {
        let data = self.comune.data.to_str().unwrap();
        ask(&["outbox", "release", data, item, "--by", "Ada Neri"]).0 == Some(0)
    }

    /// What was moved away on the server is in the archive now, whatever the service is doing.
    pub fn all_acknowledged_are_kept(&self) {
        let archive = Archive::at(&self.comune.data);
        for raw in self.mail(&self.office, ".Elaborati") {
            archive.read(Shelf::In, &sha256(&raw)).unwrap();
        }
    }

    /// What must hold of a house whose service has ended, whatever happened to it.
    pub fn judge(&self) -> Sums {
        let what = &self.office;
        let data = &self.comune.data;
        // Nothing is on its way any more: who was to receive has received.
        let queue = || {
            std::process::Command::new("postqueue")
                .arg("-c")
                .arg(self.world.servers.join("postfix/conf"))
                .arg("-p")
                .output()
        };
        crate::support::wait("an empty queue", || {
            String::from_utf8(queue().unwrap().stdout).unwrap().contains("is empty").then_some(())
        });
        let (code, said, _) = ask(&["verify-journal", "--archive", data.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{what}: {said}");

        let mut records: Vec<Record> = Vec::new();
        Journal::verify(data, Tail::Closed, |record, _| records.push(record.clone())).unwrap();
        let mut decided = BTreeMap::<String, usize>::new();
        for record in &records {
            if let Event::Decided(d) = &record.event {
                *decided.entry(d.digest.clone()).or_default() += 1;
            }
        }
        assert!(decided.values().all(|n| *n == 1), "{what}: decided twice: {decided:?}");

        // Every message on the server is in the archive, byte for byte, and has one disposition.
        let (inbox, moved) = (self.mail(&self.office, ""), self.mail(&self.office, ".Elaborati"));
        for raw in inbox.iter().chain(&moved) {
            let digest = sha256(raw);
            assert!(
                decided.contains_key(&digest),
                "{what}: lost: {}",
                String::from_utf8_lossy(&raw[..raw.len().min(600)])
            );
            assert!(
                data.join("archive/in").join(&digest[..2]).join(format!("{digest}.eml")).exists(),
                "{what}: {digest}"
            );
        }

        // Each effect one Message-ID, and each Message-ID received once at most.
        let (rebuilt, digest) = Overview::read(data).unwrap();
        let ids: BTreeSet<&str> = rebuilt.items.iter().map(|item| item.outgoing.message_id.as_str()).collect();
        assert_eq!(ids.len(), rebuilt.items.len(), "{what}: two effects under one Message-ID");
        let (letters, tasks) = self.items(&self.people);
        let mut sums = Sums { messages: inbox.len() + moved.len(), not_moved: inbox.len(), ..Sums::default() };
        for person in &self.people {
            let of = |item: &&ItemRow| item.outgoing.to == *person;
            assert_eq!(letters.iter().filter(of).count(), 1, "{what}: {person} asked once, and is answered once");
        }
        for item in &letters {
            let copies = self.copies(&item.outgoing.to, &item.outgoing.message_id);
            sums.letters += 1;
            match item.shown() {
                Shown::Delivered => {
                    assert_eq!(copies, 1, "{what}: {item:?}");
                    sums.delivered += 1;
                }
                Shown::Unknown => {
                    assert_eq!(copies, 0, "{what}: it was received, and its receipt says so: {item:?}");
                    sums.uncertain += 1;
                }
                other => panic!("{what}: {other:?}: {item:?}"),
            }
        }
        for item in &tasks {
            let copies = self.copies(TASKS, &item.outgoing.message_id);
            match item.shown() {
                Shown::Sent => assert_eq!(copies, 1, "{what}: {item:?}"),
                Shown::Unknown => assert!(copies <= 1, "{what}: {copies} copies: {item:?}"),
                other => panic!("{what}: {other:?}: {item:?}"),
            }
        }
        for (item, dots) in dots(&records) {
            // A second dot only after the first was proven not to have been written, or was refused, or by a person.
            assert!(dots <= 1, "{what}: {dots} dots of {item} without evidence between them");
        }
        // The index is the sum of the register.
        let store = Store::open(data, gestore::Timestamp::now()).unwrap();
        assert_eq!(store.state_digest().unwrap(), digest, "{what}: the index is not the sum of the register");
        sums
    }

    /// Copies of a letter of ours in somebody's mailbox.
    fn copies(&self, user: &str, message_id: &str) -> usize {
        let mark = format!("X-Riferimento-Message-ID: {message_id}");
        let is_letter = |raw: &&Vec<u8>| {
            let text = String::from_utf8_lossy(raw);
            let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
            head.contains("X-Trasporto: posta-certificata") && head.contains(&mark)
        };
        self.mail(user, "").iter().filter(is_letter).count()
    }

    /// The messages of a folder, as IMAP gives them: Dovecot keeps line ends bare.
    fn mail(&self, user: &str, folder: &str) -> Vec<Vec<u8>> {
        let (local, domain) = user.split_once('@').unwrap();
        let root = self.world.servers.join("mail").join(domain).join(local).join(folder);
        let mut found = Vec::new();
        for part in ["new", "cur"] {
            for file in fs::read_dir(root.join(part)).into_iter().flatten() {
                found.push(with_crlf(&fs::read(file.unwrap().path()).unwrap()));
            }
        }
        found
    }
}

fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 40);
    for (n, byte) in raw.iter().enumerate() {
        if *byte == b'\n' && (n == 0 || raw[n - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// How often each item came to the final dot since it was last proven that it had not been taken.
fn dots(records: &[Record]) -> BTreeMap<&str, usize> {
    let mut dots = BTreeMap::<&str, usize>::new();
    for record in records {
        let Event::Moved { item, step } = &record.event else { continue };
        match step {
            Move::InDot => *dots.entry(item).or_default() += 1,
            Move::Requeued { .. } | Move::Postponed { .. } | Move::Resent { .. } => drop(dots.insert(item, 0)),
            _ => {}
        }
    }
    dots
}

//! What must be true of every life, whatever happened in it. Changes when a promise does (reliability.md §5).

use super::law::{Law, Reached};
use super::pool::{self, Kind};
use super::power::Power;
use super::protocol::{self, Registry, System};
use super::provider::{Provider, Sent};
use super::server_imap::Mailbox;
use super::server_smtp::Submission;
use casework::{Change, Disposition, Lane};
use sportello::archive::{Archive, Shelf};
use sportello::digest::sha256;
use sportello::journal::record::{Decided, Event, Record};
use sportello::journal::{Head, Journal, Tail};
use sportello::outbox::schedule::{Move, State};
use sportello::store::index::Memory;
use sportello::store::{Overview, Store};
use sportello::world::{Home, World};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// What a life left behind.
pub struct Evidence {
    /// The data folder.
    pub data: PathBuf,
    /// The world, its disk among it.
    pub world: World,
    /// Which letters could come.
    pub season: usize,
    /// Digest of the state of the service, just before it stopped.
    pub digest: Option<String>,
    /// What lies on the server in the folders that are ours to keep.
    pub on_server: Vec<Arc<Vec<u8>>>,
    /// What reached the submission servers.
    pub submissions: Vec<Submission>,
    /// Receipts that reached the mailbox.
    pub receipts: Vec<Sent>,
    /// Ends of the register that were durable at some time.
    pub heads: Vec<Head>,
    /// The protocol system, where there is one, and its folder.
    pub protocol: Option<(Registry, PathBuf)>,
    /// Our clock was put forward or back.
    pub jumped: bool,
    /// Starts.
    pub lives: usize,
    /// What was wrong already.
    pub wrong: Vec<String>,
}

/// Sums over lives.
#[derive(Debug, Default, Clone)]
pub struct Sums {
    /// Messages on the server at the end, all archived.
    pub messages: usize,
    /// Decisions.
    pub decided: usize,
    /// Submissions up to the dot.
    pub submissions: usize,
    /// Receipts that reached the mailbox.
    pub receipts: usize,
    /// Starts of the service.
    pub lives: usize,
    /// Messages that are not where they must be.
    pub lost: usize,
    /// Effects that happened twice, or decisions.
    pub doubled: usize,
    /// Submissions again that a person ordered.
    pub resent: usize,
    /// Steps of dossiers, each held against the law.
    pub moves: usize,
    /// Mailboxes whose canary came home.
    pub canaries: usize,
    /// What was done, by kind.
    pub deeds: BTreeMap<&'static str, u64>,
    /// What dossiers came to.
    pub reached: Reached,
    /// Documents with a protocol number.
    pub numbered: usize,
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, u64>,
}

impl Sums {
    /// Adds another life.
    pub fn add(&mut self, other: &Sums) {
        self.messages += other.messages;
        self.decided += other.decided;
        self.submissions += other.submissions;
        self.receipts += other.receipts;
        self.lives += other.lives;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.resent += other.resent;
        self.canaries += other.canaries;
        self.moves += other.moves;
        self.numbered += other.numbered;
        for (kind, n) in &other.deeds {
            *self.deeds.entry(kind).or_default() += n;
        }
        for (what, n) in &other.reached {
            *self.reached.entry(what.clone()).or_default() += n;
        }
        for (kind, n) in &other.faults {
            *self.faults.entry(kind).or_default() += n;
        }
    }
}

/// What is to be said of a life.
#[derive(Debug)]
pub struct Verdict {
    /// Its seed.
    pub seed: u64,
    /// Everything that should not be.
    pub wrong: Vec<String>,
    /// SHA-256 of all that happened.
    pub digest: String,
    /// All that happened.
    pub trace: String,
    /// The end of it.
    pub recent: String,
    /// Figures.
    pub sums: Sums,
}

impl Verdict {
    /// Judges a life.
    pub fn of(seed: u64, evidence: &Evidence, power: &Power) -> Self {
        // Before the judge looks at the disk: that is no part of the life.
        let (digest, trace, recent, faults) = (power.digest(), power.trace(), power.recent(), power.counts());
        let mut judge = Judge { wrong: evidence.wrong.clone(), sums: Sums::default() };
        judge.judge(evidence);
        let sums = Sums { faults, deeds: power.deeds(), lives: evidence.lives, ..judge.sums };
        Self { seed, wrong: judge.wrong, digest, trace, recent, sums }
    }

    /// A life that ended in a panic.
    pub fn panicked(seed: u64, power: &Power, what: String) -> Self {
        let (digest, trace, recent) = (power.digest(), power.trace(), power.recent());
        Self { seed, wrong: vec![format!("panic: {what}")], digest, trace, recent, sums: Sums::default() }
    }
}

/// Why the world is not at rest; empty when it is.
pub fn restless(
    store: &Mutex<Store>,
    mailbox: &Mutex<Mailbox>,
    folders: &[&str],
    provider: &Provider,
    protocol: Option<&System>,
) -> Vec<String> {
    let mut why = Vec::new();
    if provider.on_their_way() > 0 {
        why.push(format!("{} receipts on their way", provider.on_their_way()));
    }
    let store = store.lock().unwrap();
    let mailbox = mailbox.lock().unwrap();
    let waiting: usize = folders.iter().map(|name| mailbox.folders[*name].waiting()).sum();
    if waiting > 0 {
        why.push(format!("{waiting} messages wait outside"));
    }
    for message in folders.iter().flat_map(|name| mailbox.folders[*name].messages.values()) {
        let digest = sha256(&message.raw);
        if store.message(&digest).unwrap().is_none() {
            why.push(format!("message {} is not decided", &digest[..12]));
        }
    }
    let waiting = store.protocol_overview().unwrap().waiting;
    if let Some(system) = protocol
        && waiting as usize + system.unread() > 0
    {
        why.push(format!("{waiting} documents have no protocol number, {} tables are not read", system.unread()));
    }
    for item in store.overview().unwrap().items {
        if item.due().is_some() || matches!(item.state, State::Submitting | State::InDot) {
            why.push(format!(
                "item {} is {:?} after {} attempts: {}",
                item.outgoing.id, item.state, item.attempts, item.last
            ));
        }
    }
    why
}

struct Judge {
    wrong: Vec<String>,
    sums: Sums,
}

impl Judge {
    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }

    fn judge(&mut self, life: &Evidence) {
        let mut lines: Vec<(Record, Head)> = Vec::new();
        let each = |line: &sportello::journal::Line<'_>| lines.push((line.record.clone(), line.head.clone()));
        if let Err(why) = Journal::lines_on(&*life.world.disk, &life.data, Tail::Closed, each) {
            return self.wrong.push(format!("the chain of the register: {why}"));
        }
        let ends: BTreeSet<(u64, &str)> = lines.iter().map(|(_, head)| (head.seq, head.hash.as_str())).collect();
        for head in life.heads.iter().filter(|head| head.seq > 0) {
            self.check(ends.contains(&(head.seq, &head.hash)), || format!("line {} was durable and is gone", head.seq));
        }
        let archive = Archive::open_on(life.world.disk.clone(), &life.data).unwrap();
        let office = pool::office();
        let law = Law::of(&lines, &office.desk);
        (self.sums.moves, self.sums.reached) = (law.moves, law.reached);
        self.wrong.extend(law.wrong);
        let decided = self.decisions(&lines, &archive);
        self.messages(life, &archive, &decided);
        let Some(overview) = self.rebuilt(life) else { return };
        self.letters(life, &decided);
        self.submissions(life, &lines, &overview);
        self.receipts(life, &decided, &overview);
        self.canaries(&lines, &decided, &overview);
        if let Some((registry, folder)) = &life.protocol {
            let (numbered, wrong) = protocol::judge(&lines, registry, folder, &overview);
            self.sums.numbered = numbered;
            self.wrong.extend(wrong);
        }
    }

    /// One a day at most; what comes of it troubles nobody, and only what we sent has come home.
    fn canaries(&mut self, lines: &[(Record, Head)], decided: &BTreeMap<&str, &Decided>, overview: &Overview) {
        let mut days = BTreeMap::new();
        for (record, _) in lines {
            if let Event::Canary { mailbox, day, outgoing, .. } = &record.event {
                let other = days.insert((mailbox, *day), &outgoing.id);
                self.check(other.is_none(), || format!("the canary of {day} was written twice"));
            }
        }
        let ours: BTreeMap<&str, &sportello::store::rows::ItemRow> = overview
            .items
            .iter()
            .filter(|item| item.canary.is_some())
            .map(|item| (item.outgoing.id.as_str(), item))
            .collect();
        self.check(ours.len() == days.len(), || {
            format!("{} canaries, of {} that were written", ours.len(), days.len())
        });
        for item in ours.values() {
            let is_quiet = item.notices.is_empty() && item.outgoing.dossier.is_none();
            self.check(is_quiet, || format!("canary {} is noticed: {:?}", item.outgoing.id, item.notices));
        }
        for decision in decided.values() {
            let about = decision.decision.changes.iter().find_map(|change| match change {
                Change::Learned { item, .. } | Change::CanaryBack { item } => ours.get(item.as_str()),
                _ => None,
            });
            let Some(canary) = about else { continue };
            let is_quiet =
                matches!(decision.decision.disposition, Disposition::Noted { .. } | Disposition::Receipt { .. });
            self.check(is_quiet && decision.decision.outgoing.is_empty(), || {
                format!("{} is about canary {} and troubles somebody", decision.digest, canary.outgoing.id)
            });
        }
        let back = overview.canaries.iter().filter_map(|row| row.returned.as_ref());
        for home in back {
            let is_proven = ours.values().any(|item| {
                let mark = item.canary.as_ref().is_some_and(|mark| mark.day == home.day && mark.seen.is_some());
                mark && item.facts.iter().any(|fact| matches!(fact, casework::receipts::Fact::Delivered { .. }))
            });
            self.check(is_proven, || format!("the canary of {} is home without proof", home.day));
            self.sums.canaries += 1;
        }
    }

    /// Each message decided once, and what was decided about is in the archive.
    fn decisions<'a>(&mut self, lines: &'a [(Record, Head)], archive: &Archive) -> BTreeMap<&'a str, &'a Decided> {
        let mut decided: BTreeMap<&str, &Decided> = BTreeMap::new();
        for (record, _) in lines {
            let Event::Decided(decision) = &record.event else { continue };
            self.sums.decided += 1;
            if decided.insert(&decision.digest, decision).is_some() {
                self.sums.doubled += 1;
                self.wrong.push(format!("{} is decided twice", decision.digest));
            }
            if let Err(why) = archive.read(Shelf::In, &decision.digest) {
                self.sums.lost += 1;
                self.wrong.push(format!("{} is decided and not in the archive: {why}", decision.digest));
            }
            for frozen in &decision.frozen {
                let is_there = archive.read(Shelf::Out, frozen).is_ok();
                self.check(is_there, || format!("a letter of {} is not in the archive", decision.digest));
            }
        }
        decided
    }

    /// P1: what is on the server is in the archive, byte for byte, with one disposition.
    fn messages(&mut self, life: &Evidence, archive: &Archive, decided: &BTreeMap<&str, &Decided>) {
        for raw in &life.on_server {
            self.sums.messages += 1;
            let digest = sha256(raw);
            let is_kept = archive.read(Shelf::In, &digest).is_ok_and(|bytes| bytes == **raw);
            if !is_kept || !decided.contains_key(digest.as_str()) {
                self.sums.lost += 1;
                self.wrong.push(format!("{digest} is on the server: archived {is_kept}, and not decided"));
            }
        }
    }

    /// P20: the state is what its register makes of it.
    fn rebuilt(&mut self, life: &Evidence) -> Option<Overview> {
        let anew = World { index: Home::Memory(Memory::default()), ..life.world.clone() };
        match Store::open_in(&anew, &life.data, life.world.clock.now()) {
            Ok(store) => {
                let digest = store.state_digest().unwrap();
                self.check(life.digest.as_ref().is_none_or(|was| *was == digest), || {
                    "the state is not what its register makes of it".into()
                });
                Some(store.overview().unwrap())
            }
            Err(why) => {
                self.wrong.push(format!("the index cannot be built again: {why}"));
                None
            }
        }
    }

    /// P6, P10: nobody outside is written to because of what is false, or of a machine.
    fn letters(&mut self, life: &Evidence, decided: &BTreeMap<&str, &Decided>) {
        for letter in pool::letters(life.season) {
            let digest = sha256(&letter.raw);
            let Some(decision) = decided.get(digest.as_str()) else { continue };
            let writes = decision.decision.outgoing.iter().any(|o| o.lane == Lane::Pec);
            self.check(letter.kind == Kind::Genuine || !writes, || format!("{digest} ({:?}) is answered", letter.kind));
            let is_believed = matches!(decision.decision.disposition, Disposition::Request { .. });
            self.check(letter.kind != Kind::Untrusted || !is_believed, || format!("{digest} is believed"));
        }
    }

    /// P4, P5: one effect, one Message-ID, the same bytes each time; never twice but by a person's order.
    fn submissions(&mut self, life: &Evidence, lines: &[(Record, Head)], overview: &Overview) {
        let mut ids: BTreeMap<&str, &str> = BTreeMap::new();
        let mut ordered: BTreeMap<&str, usize> = BTreeMap::new();
        for item in &overview.items {
            let other = ids.insert(&item.outgoing.message_id, &item.outgoing.id);
            self.check(other.is_none(), || format!("{} is the Message-ID of two items", item.outgoing.message_id));
        }
        for (record, _) in lines {
            if let Event::Moved { item, step: Move::Resent { .. } } = &record.event {
                *ordered.entry(item).or_default() += 1;
                self.sums.resent += 1;
            }
        }
        let archive = Archive::open_on(life.world.disk.clone(), &life.data).unwrap();
        for item in &overview.items {
            let of_it: Vec<&Submission> =
                life.submissions.iter().filter(|s| s.message_id == item.outgoing.message_id).collect();
            let taken = of_it.iter().filter(|s| s.is_taken).count();
            let allowed = 1 + ordered.get(item.outgoing.id.as_str()).copied().unwrap_or(0);
            if taken > allowed {
                self.sums.doubled += taken - allowed;
                self.wrong.push(format!("{} was taken {taken} times, of {allowed}", item.outgoing.id));
            }
            let frozen = archive.read(Shelf::Out, &item.frozen).unwrap_or_default();
            self.check(of_it.iter().all(|s| s.raw == frozen), || {
                format!("{} was submitted with other bytes than were frozen", item.outgoing.id)
            });
            // Silence proves nothing, and 250 and 5xx prove something.
            let lawful = match &item.state {
                State::Submitted => of_it.iter().any(|s| s.is_taken && s.said == Some(250)),
                State::Unknown => of_it.len() <= allowed + item.attempts as usize,
                State::Refused => taken == 0 || allowed > 1,
                State::Withdrawn => true,
                State::Held { .. } | State::Queued { .. } | State::Submitting | State::InDot => life.digest.is_none(),
            };
            self.check(lawful, || format!("{} ends {:?} after {of_it:?}", item.outgoing.id, item.state));
        }
        for submission in &life.submissions {
            self.sums.submissions += 1;
            let is_known = ids.contains_key(submission.message_id.as_str());
            self.check(is_known, || format!("{} was submitted and is in no register", submission.message_id));
        }
    }

    /// What the mailbox was told, the register knows; in any order, once.
    fn receipts(&mut self, life: &Evidence, decided: &BTreeMap<&str, &Decided>, overview: &Overview) {
        let items: BTreeMap<&str, &sportello::store::rows::ItemRow> =
            overview.items.iter().map(|item| (item.outgoing.message_id.as_str(), item)).collect();
        for receipt in &life.receipts {
            self.sums.receipts += 1;
            let Some(item) = items.get(receipt.about.as_str()) else {
                self.wrong.push(format!("a receipt is about {}, which is in no register", receipt.about));
                continue;
            };
            // A person may have removed it before we looked.
            let Some(decision) = decided.get(receipt.digest.as_str()) else { continue };
            let learned = decision.decision.changes.iter().find_map(|change| match change {
                Change::Learned { item, fact } => Some((item, fact)),
                _ => None,
            });
            let is_told = match (&decision.decision.disposition, learned) {
                (Disposition::Receipt { item: of }, Some((about, fact))) => {
                    *of == item.outgoing.id && *about == item.outgoing.id && item.facts.contains(fact)
                }
                // With a clock that jumped a receipt may speak of an hour before its sending: a person looks.
                (Disposition::Quarantine { .. }, None) => life.jumped,
                _ => false,
            };
            self.check(is_told, || {
                format!("receipt {} of {}: {:?}", receipt.digest, item.outgoing.id, decision.decision.disposition)
            });
        }
    }
}

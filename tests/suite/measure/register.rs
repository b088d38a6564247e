//! Changes when the register of years that the backlog is measured with is made in another way.
//!
//! It is written by the service's own store and archive, in groups as the pipeline's. Of five messages one is a request (a
//! dossier, a reply, a task), two are the receipts of its reply, one is filed with a task, one is quarantined with a task; all
//! that was to leave has left. The files of the archive are small, and what was sent has none: nothing here reads them.

use casework::decision::{Change, Decision, Disposition, Lane, Outgoing};
use casework::dossier::{Dossier, State as DossierState};
use casework::known::Identity;
use casework::receipts::Fact;
use casework::rules::Kind;
use casework::{Interest, Known, Reason, calendar};
use jiff::{SignedDuration, Timestamp};
use sportello::archive::{Archive, Named, Sealed, Shelf};
use sportello::disk::{Disk, DiskFile, DiskRef, Entry, Meta, Real};
use sportello::journal::record::{Decided, Findings, Inputs};
use sportello::outbox::schedule::Move;
use sportello::store::Store;
use sportello::world::World;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Messages that are decided together, as the pipeline does where so many wait.
const TOGETHER: usize = 32;
/// Between one group and the next: a million messages are most of a year.
pub const STEP: SignedDuration = SignedDuration::from_secs(800);

/// A disk that makes nothing durable while it is told so: what is measured is the beginning and the end, the rest is only to be there.
#[derive(Debug)]
pub struct Careless(AtomicBool);

#[derive(Debug)]
struct CarelessFile(Box<dyn DiskFile>, Arc<Careless>);

impl Write for CarelessFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl DiskFile for CarelessFile {
    fn sync(&mut self) -> io::Result<()> {
        if self.1.0.load(Ordering::Relaxed) { Ok(()) } else { self.0.sync() }
    }
}

impl Careless {
    /// That makes nothing durable.
    pub fn new() -> Self {
        Self(AtomicBool::new(true))
    }
}

/// As a trait object needs it.
#[derive(Debug)]
pub struct Shared(pub Arc<Careless>);

impl Disk for Shared {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Real.open(path)
    }
    fn open_at(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        Real.open_at(path, from)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(CarelessFile(Real.create(path)?, self.0.clone())))
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(CarelessFile(Real.append(path)?, self.0.clone())))
    }
    fn sync_file(&self, path: &Path) -> io::Result<()> {
        if self.0.0.load(Ordering::Relaxed) { Ok(()) } else { Real.sync_file(path) }
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if self.0.0.load(Ordering::Relaxed) { Ok(()) } else { Real.sync_dir(path) }
    }
    fn write_again(&self, path: &Path, from: u64) -> io::Result<()> {
        if self.0.0.load(Ordering::Relaxed) { Ok(()) } else { Real.write_again(path, from) }
    }
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        Real.truncate(path, length)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Real.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        Real.remove(path)
    }
    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        Real.make_dirs(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        Real.list(path)
    }
    fn meta(&self, path: &Path) -> io::Result<Option<Meta>> {
        Real.meta(path)
    }
    fn free(&self, path: &Path) -> io::Result<u64> {
        Real.free(path)
    }
}

/// Writes a register.
pub struct Writer {
    store: Store,
    archive: Archive,
    disk: Arc<Careless>,
    now: Timestamp,
    written: usize,
    /// Replies of which receipts are to come.
    awaiting: VecDeque<String>,
}

impl Writer {
    /// In `data`, for `messages` of them: the last is decided now.
    pub fn new(data: &Path, messages: usize) -> Self {
        let disk = Arc::new(Careless(AtomicBool::new(false)));
        let under: DiskRef = Arc::new(Shared(disk.clone()));
        let groups = i32::try_from(messages.div_ceil(TOGETHER)).unwrap();
        let now = Timestamp::now() - STEP * groups;
        let store = Store::open_in(&World { disk: under.clone(), ..World::real() }, data, now).unwrap();
        let archive = Archive::open_on(under, data).unwrap();
        Self { store, archive, disk, now, written: 0, awaiting: VecDeque::new() }
    }

    /// Whether what is written is made durable.
    pub fn is_durable(&self, is_durable: bool) {
        self.disk.0.store(!is_durable, Ordering::Relaxed);
    }

    /// Writes more messages.
    pub fn write(&mut self, messages: usize, step: SignedDuration) {
        let end = self.written + messages;
        while self.written < end {
            self.now = (self.now + step).min(Timestamp::now());
            self.group((end - self.written).min(TOGETHER));
        }
    }

    fn group(&mut self, count: usize) {
        let messages = (0..count).map(|n| Named::of(format!("messaggio {}\r\n", self.written + n).into())).collect();
        let sealed = self.archive.keep_all(Shelf::In, messages).unwrap();
        self.store.attempt(&sealed.iter().map(Sealed::digest).collect::<Vec<_>>(), self.now).unwrap();
        let (mut staged, mut leaving) = (Vec::new(), Vec::new());
        for sealed in &sealed {
            let n = self.written;
            self.written += 1;
            let awaited = if matches!(n % 5, 1 | 2) { self.awaiting.front().cloned() } else { None };
            let interest = interest(n, awaited.as_deref());
            let known = self.store.known(sealed.digest(), &interest, self.now).unwrap();
            let decided = decided(sealed, n, &interest, &known);
            for item in &decided.decision.outgoing {
                leaving.push(item.id.clone());
                if item.lane == Lane::Pec {
                    self.awaiting.push_back(item.message_id.clone());
                }
            }
            if n % 5 == 2 {
                self.awaiting.pop_front();
            }
            staged.push(self.store.stage(sealed, &known, decided).unwrap());
        }
        self.store.seal_all(staged).unwrap();
        for step in [Move::Claimed { n: 1 }, Move::InDot, Move::Submitted { reply: "250 2.0.0 Ok: queued".into() }] {
            let all = leaving.iter().map(|id| (id.clone(), step.clone())).collect();
            self.store.move_items(all, self.now).unwrap();
        }
    }
}

fn hash(n: usize, of: &str) -> String {
    sportello::digest::sha256(format!("{of} {n}").as_bytes())
}

fn citizen(n: usize) -> String {
    format!("cittadino-{:06}@cittadini.test", n % 200_000)
}

fn interest(n: usize, awaited: Option<&str>) -> Interest {
    Interest {
        sender: citizen(n / 5),
        msgid: awaited.map(str::to_owned),
        identity: Some(Identity {
            key: format!("pec.beta.test|posta-certificata|opec1.{n}@pec.beta.test|protocollo@ente.test"),
            signed_sha256: hash(n, "signed"),
        }),
        ..Interest::default()
    }
}

fn letter(n: usize, lane: Lane, dossier: Option<String>) -> Outgoing {
    let id = &hash(n, if lane == Lane::Pec { "reply" } else { "task" })[..32];
    Outgoing {
        id: id.into(),
        message_id: format!("<v1.{id}@ente.test>"),
        lane,
        from: "protocollo@ente.test".into(),
        to: if lane == Lane::Pec { citizen(n / 5) } else { "secondo@ente.test".into() },
        template: if lane == Lane::Pec { "presa-in-carico" } else { "compito" }.into(),
        dossier,
        references: vec![],
        with_original: lane == Lane::Internal,
        enclosures: vec![],
        language: Default::default(),
        subject: format!("Dichiarazione di cambio di residenza: pratica {n}"),
        text: "Gentile cittadina, gentile cittadino, abbiamo ricevuto la Sua dichiarazione.\n".repeat(12),
    }
}

fn decided(sealed: &Sealed, n: usize, interest: &Interest, known: &Known) -> Decided {
    let now = known.now;
    let number = |ordinal: u32| format!("{}/{ordinal:06}", calendar::rome(now).year());
    let office = || "anagrafe".to_owned();
    let request = |dossier| Disposition::Request { kind: Kind::NewApplication, office: office(), dossier };
    let (disposition, changes, outgoing) = match (n % 5, &known.awaited) {
        (0, _) => {
            let next = number(known.next_ordinal);
            let dossier = Dossier {
                number: next.clone(),
                kind: Kind::NewApplication,
                title: "Cambio di residenza".into(),
                office: office(),
                state: DossierState::Protocollata,
                state_since: now,
                opened_at: now,
                due: None,
                parties: vec![],
                cover: Default::default(),
                life: Default::default(),
            };
            let letters = [Lane::Pec, Lane::Internal].map(|lane| letter(n, lane, Some(next.clone())));
            (request(Some(next)), vec![Change::Opened { dossier }], letters.to_vec())
        }
        (kind @ (1 | 2), Some(awaited)) => {
            let fact = if kind == 1 {
                Fact::Accepted { at: now, pec_id: format!("opec2.{n}@pec.alfa.test"), esterno: false }
            } else {
                Fact::Delivered { at: now, pec_id: format!("opec2.{n}@pec.alfa.test") }
            };
            let item = awaited.item.clone();
            (Disposition::Receipt { item: item.clone() }, vec![Change::Learned { item, fact }], vec![])
        }
        (3, _) => {
            let filed = number(known.next_ordinal.saturating_sub(1).max(1));
            let task = letter(n, Lane::Internal, Some(filed.clone()));
            (request(Some(filed.clone())), vec![Change::Filed { dossier: filed }], vec![task])
        }
        _ => {
            let why = "la firma del gestore non corrisponde al contenuto".to_owned();
            (Disposition::Quarantine { why }, vec![], vec![letter(n, Lane::Internal, None)])
        }
    };
    let checks = (0..24).map(|n| (format!("controllo-numero-{n}"), "pass".to_owned(), None)).collect();
    let trail = (0..4).map(|n| Reason::new("regola", format!("la regola numero {n} si applica a queste parole")));
    Decided {
        digest: sealed.digest().into(),
        bytes: 20_000,
        place: format!("protocollo/uidvalidity=1 uid={}", n + 1),
        received: Some(now),
        decided_at: now,
        findings: Findings {
            grade: "certified".into(),
            claimed: Some("posta-certificata".into()),
            proven: Some("posta-certificata".into()),
            sender: interest.sender.clone(),
            subject: format!("Dichiarazione di cambio di residenza: pratica {n}"),
            message_id: Some(format!("<opec1.{n}@pec.beta.test>")),
            identity: interest.identity.as_ref().map(|i| (i.key.clone(), i.signed_sha256.clone())),
            signer: Some([
                "posta-certificata@pec.beta.test".into(),
                "Beta".into(),
                "SIMULAZIONE".into(),
                hash(0, "certificate"),
            ]),
            signed_at: Some(now),
            words: None,
            status: vec![],
            checks,
        },
        frozen: outgoing.iter().map(|o| hash(n, &o.id)).collect(),
        decision: Decision { disposition, changes, outgoing, trail: trail.collect(), classification: None },
        hold_seconds: 0,
        observed: false,
        after_restore: false,
        inputs: Inputs {
            version: env!("CARGO_PKG_VERSION").into(),
            rules: hash(0, "rules"),
            templates: hash(0, "templates"),
            anchors: hash(0, "anchors"),
        },
    }
}

//! One seed, lived from its first start to its last stop: the real service, everything around it simulated. Changes when
//! the order of a life does: start, misfortunes, end, next start, and at last the quiet in which all must come right.

use super::comune::config;
use super::deeds::Town as Deeds;
use super::oracle::{self, Evidence};
use super::plan::{Crash, Dice, Happening, Plan};
use super::pool;
use super::power::{Power, Rows};
use super::protocol::System;
use super::provider::Provider;
use super::server_imap::{self, ELSEWHERE, FILED, INBOX, Mailbox, RECEIPTS};
use super::server_smtp::{self, Ledger};
use super::wire::{Listener, SimNet};
use super::{disk::SimDisk, oracle::Verdict};
use jiff::SignedDuration;
use sportello::archive::Archive;
use sportello::clock::{Clock, Simulated};
use sportello::config::Config;
use sportello::journal::Head;
use sportello::outbox::orders::{Act, Order, carry_out};
use sportello::outbox::schedule::State;
use sportello::store::{Store, Trouble};
use sportello::supervise::Service;
use sportello::trial::Trial;
use sportello::world::{Home, World};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long a supervisor waits before it starts the service again, and at most.
const RESTART: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));
/// How long the world may take to come right once nothing goes wrong any more: the last notices come after a day, a refused
/// road is tried again within the hour.
const SETTLE: Duration = Duration::from_secs(5 * 24 * 3600);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_secs(1200);
/// Looks at which a message may lie on the server unread once nothing goes wrong: above the longest pause of a watcher, an hour, and
/// below the hours after which `reconcile` would have found it.
const UNREAD_MAX: usize = 6;
/// Things that are wrong in one life before it is given up.
const WRONG_MAX: usize = 20;
/// Copies of the index that are remembered, to be found again after a crash.
const OLD_COPIES: usize = 4;

/// Who listens where.
struct Town {
    seed: u64,
    power: Power,
    mailbox: Arc<Mutex<Mailbox>>,
    ledger: Arc<Mutex<Ledger>>,
    provider: Arc<Provider>,
    outage_until: Mutex<Option<Instant>>,
    is_mean: AtomicBool,
}

impl Listener for Town {
    fn serve(&self, host: &str, stream: DuplexStream, number: u64) -> bool {
        if self.outage_until.lock().unwrap().is_some_and(|until| until > Instant::now()) {
            return false;
        }
        let (power, dice) = (self.power.clone(), Dice::of(self.seed, 1_000_000 + number));
        match host {
            "imap.test" => {
                tokio::spawn(server_imap::Session::new(stream, self.mailbox.clone(), power, dice).run());
            }
            _ => {
                let provider = (host == "smtp.pec.test").then(|| self.provider.clone());
                tokio::spawn(server_smtp::Session::new(stream, self.ledger.clone(), provider, power, dice).run());
            }
        }
        true
    }

    fn is_mean(&self) -> bool {
        self.is_mean.load(Ordering::Relaxed)
    }
}

/// A service that lives.
struct House {
    service: Service,
    parts: JoinSet<Result<(), Trouble>>,
    stop: watch::Sender<bool>,
}

impl House {
    fn store(&self) -> Arc<Mutex<Store>> {
        self.service.store()
    }
}

/// One seed's world.
struct Life {
    plan: Plan,
    config: Config,
    power: Power,
    disk: SimDisk,
    wall: Simulated,
    /// The clock of everybody else, which is right.
    right: Simulated,
    world: World,
    town: Arc<Town>,
    /// The system that gives protocol numbers.
    protocol: Option<Arc<System>>,
    dice: Dice,
    /// Chance in what offices and citizens do.
    deeds: Dice,
    /// Letters that citizens wrote because of what they read.
    written: usize,
    /// Lives begun.
    lives: usize,
    happenings: VecDeque<(Instant, Happening)>,
    old_copies: VecDeque<Rows>,
    heads: Vec<Head>,
    restart: Duration,
    jumped: bool,
    /// The mailbox's server was restored from a backup.
    restored: bool,
    wrong: Vec<String>,
}

/// A life that was lived.
pub struct Lived {
    seed: u64,
    /// What it left behind; else the panic in which it ended.
    pub evidence: Result<Evidence, String>,
    /// What stopped it, and what it counted.
    pub power: Power,
    _root: tempfile::TempDir,
}

impl Lived {
    /// What is to be said of it.
    fn judged(&self) -> Verdict {
        match &self.evidence {
            Ok(evidence) => Verdict::of(self.seed, evidence, &self.power),
            Err(panic) => Verdict::panicked(self.seed, &self.power, panic.clone()),
        }
    }
}

/// Lives one seed.
pub fn live(seed: u64) -> Verdict {
    live_as(Plan::of(seed))
}

/// Lives as planned.
pub fn live_as(plan: Plan) -> Verdict {
    lived(plan).judged()
}

/// Lives as planned, and judges nothing.
pub fn lived(plan: Plan) -> Lived {
    let seed = plan.seed;
    let power = Power::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    // Inside, where time stands still.
    let work = || runtime.block_on(async { Life::with(plan, dir.path(), power.clone()).run().await });
    let evidence = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    drop(runtime);
    let evidence = evidence.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
    });
    Lived { seed, evidence, power, _root: dir }
}

impl Life {
    fn with(plan: Plan, root: &Path, power: Power) -> Self {
        std::fs::write(root.join("password"), "segreta\n").unwrap();
        let config = config(root, &plan);
        std::fs::create_dir_all(&config.data).unwrap();
        let beginning = pool::beginning(plan.season);
        let (wall, right) = (Simulated::starting(beginning), Simulated::starting(beginning));
        let disk = SimDisk::new(&config.data, power.clone(), Clock::Simulated(wall.clone()), plan.careless);
        let mailbox = Mailbox::new(&[INBOX, RECEIPTS, FILED, ELSEWHERE], plan.imap_lies);
        let mailbox = Arc::new(Mutex::new(mailbox));
        let ledger = Arc::new(Mutex::new(Ledger { faults: plan.smtp_faults, ..Ledger::default() }));
        let provider = Arc::new(Provider::new(&plan, mailbox.clone(), Clock::Simulated(right.clone()), power.clone()));
        let protocol = plan.protocol.then(|| System::start(&plan, root, Clock::Simulated(wall.clone()), power.clone()));
        let town = Arc::new(Town {
            seed: plan.seed,
            power: power.clone(),
            mailbox,
            ledger,
            provider,
            outage_until: Mutex::new(None),
            is_mean: AtomicBool::new(true),
        });
        let net = SimNet::new(plan.seed, plan.cuts, power.clone(), town.clone());
        let world = World {
            disk: Arc::new(disk.clone()),
            net: Arc::new(net),
            clock: Clock::Simulated(wall.clone()),
            index: Home::Memory(power.index()),
        };
        let now = Instant::now();
        let happenings = plan.happenings.iter().map(|(after, what)| (now + *after, *what)).collect();
        Self {
            dice: Dice::of(plan.seed, 4),
            deeds: Dice::of(plan.seed, 6),
            written: 0,
            protocol,
            plan,
            config,
            power,
            disk,
            wall,
            right,
            world,
            town,
            lives: 0,
            happenings,
            old_copies: VecDeque::new(),
            heads: Vec::new(),
            restart: RESTART.0,
            jumped: false,
            restored: false,
            wrong: Vec::new(),
        }
    }

    async fn run(mut self) -> Evidence {
        let end = Instant::now() + self.plan.horizon;
        loop {
            let house = self.begin();
            let next = match house {
                Some(house) => self.dwell(house, end).await,
                None => Err(()),
            };
            match next {
                // The misfortunes are over, and the service lives.
                Ok(house) => return self.settle(house).await,
                // It will not start any more: that is told, and not tried for ever.
                Err(()) if self.wrong.len() > WRONG_MAX => return self.evidence(None),
                Err(()) => {
                    self.after_the_end().await;
                    // A supervisor's patience; what falls due meanwhile happens to a house that is empty.
                    let until = Instant::now() + self.restart;
                    self.restart = (self.restart * 2).min(RESTART.1);
                    while let Some((at, _)) = self.happenings.front().filter(|(at, _)| *at <= until) {
                        tokio::time::sleep_until(*at).await;
                        self.happen(None);
                    }
                    tokio::time::sleep_until(until).await;
                }
            }
        }
    }

    /// Starts the service. `None`: it did not start, and there was a reason.
    fn begin(&mut self) -> Option<House> {
        let crash = self.plan.crashes.get(self.lives).copied();
        let of_this_life = self.plan.disk_faults.iter().filter(|(life, ..)| *life == self.lives);
        let faults = of_this_life.map(|(_, at, fault)| (*at, *fault)).collect();
        self.power.on(crash, faults);
        self.lives += 1;
        self.power.note(format!("--- life {}", self.lives));
        let started = || {
            let service =
                Service::with_office(self.config.clone(), pool::office(), Trial::skipped(), self.world.clone())?;
            let (stop, stopped) = watch::channel(false);
            let parts = service.start(service.smtp_roads()?, &stopped)?;
            Ok::<_, Vec<casework::rules::Problem>>(House { service, parts, stop })
        };
        match started() {
            Ok(house) => Some(house),
            Err(problems) => {
                let why = problems.iter().map(|p| format!("{}: {}", p.file, p.text)).collect::<Vec<_>>().join("; ");
                self.power.note(format!("did not start: {}", self.plain(&why)));
                if self.power.is_on() && !self.power.is_hurt() {
                    self.wrong.push(format!("the service does not start: {why}"));
                }
                None
            }
        }
    }

    /// Without what changes from run to run.
    fn plain(&self, text: &str) -> String {
        text.replace(self.config.data.parent().map(PathBuf::from).unwrap_or_default().to_str().unwrap_or_default(), "")
    }

    /// Lives until `end`, or until this life ends.
    async fn dwell(&mut self, mut house: House, end: Instant) -> Result<House, ()> {
        loop {
            let next = self.happenings.front().map_or(end, |(at, _)| *at);
            tokio::select! {
                biased;
                () = self.power.gone() => {
                    if !self.power.is_on() {
                        self.leave(house).await;
                        return Err(());
                    }
                }
                part = house.parts.join_next() => {
                    self.ended(part);
                    self.leave(house).await;
                    return Err(());
                }
                () = tokio::time::sleep_until(next) => {
                    if self.happenings.is_empty() {
                        return Ok(house);
                    }
                    self.restart = RESTART.0;
                    let was = self.happen(Some(&house));
                    if was == Happening::Restart {
                        let _ = house.stop.send(true);
                        let stopped = tokio::time::timeout(Duration::from_secs(60), async {
                            while house.parts.join_next().await.is_some() {}
                        });
                        let _ = stopped.await;
                        self.leave(house).await;
                        return Err(());
                    }
                }
            }
        }
    }

    /// A part that ends by itself needs a reason.
    fn ended(&mut self, part: Option<Result<Result<(), Trouble>, tokio::task::JoinError>>) {
        let why = match part {
            Some(Ok(Err(trouble))) if self.power.is_hurt() || !self.power.is_on() => {
                self.power.note(format!("stopped by itself: {}", self.plain(&trouble.to_string())));
                return;
            }
            Some(Ok(Err(trouble))) => trouble.to_string(),
            Some(Err(panic)) => format!("a part panicked: {panic}"),
            Some(Ok(Ok(()))) | None => "a part ended before its time".into(),
        };
        self.power.note("stopped by itself, without a reason");
        self.wrong.push(format!("the service stopped: {why}"));
    }

    /// The process is gone: nothing of it runs any more.
    async fn leave(&mut self, mut house: House) {
        // After a fault its last lines may be in memory alone: nobody was told of them.
        if self.power.is_on() && !self.power.is_hurt() {
            self.look_at(&house);
        }
        house.parts.abort_all();
        while house.parts.join_next().await.is_some() {}
        drop(house);
    }

    /// What was acknowledged must still be there at the end.
    fn look_at(&mut self, house: &House) {
        let store = house.store();
        let head = store.lock().unwrap_or_else(std::sync::PoisonError::into_inner).head();
        if self.heads.last() != Some(&head) {
            self.heads.push(head);
        }
    }

    /// What a life leaves behind: on the disk what was durable or what the system had, of the index this or an older copy.
    async fn after_the_end(&mut self) {
        // The servers notice that nobody is there.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let end = self.power.end();
        let index = self.power.index();
        let (rows, durable) = end.clone().map_or_else(|| (index.rows(), index.durable()), |(_, copies)| copies);
        let is_cut = match end {
            Some((how, _)) => how == Crash::PowerCut,
            // After a fault of the disk people often restart the machine.
            None => self.power.is_hurt() && self.dice.permille(400),
        };
        if is_cut {
            self.disk.cut(&mut self.dice);
        }
        let survives = match self.dice.below(20) {
            0 | 1 => {
                self.power.count("index lost");
                Rows::new()
            }
            // With a cursor of before, nobody could see that UIDNEXT went back.
            2..=4 if !self.old_copies.is_empty() && !self.restored => {
                self.power.count("index of an earlier hour");
                self.old_copies[usize::try_from(self.dice.below(self.old_copies.len() as u64)).unwrap()].clone()
            }
            // The index is made durable now and then; with a cursor of before, as above.
            5..=14 if is_cut && !self.restored => durable,
            _ => rows.clone(),
        };
        if self.old_copies.len() == OLD_COPIES {
            self.old_copies.pop_front();
        }
        self.old_copies.push_back(rows);
        index.replace(survives);
    }

    /// The next thing happens.
    fn happen(&mut self, house: Option<&House>) -> Happening {
        let (_, what) = self.happenings.pop_front().unwrap();
        self.power.note(format!("* {what:?}"));
        if let Some(house) = house {
            self.look_at(house);
        }
        let now = Instant::now();
        let letters = pool::letters(self.plan.season);
        let mut mailbox = self.town.mailbox.lock().unwrap();
        let came = self.world.clock.now();
        match what {
            Happening::Letter(n) | Happening::Again(n) => mailbox.deliver(INBOX, letters[n].raw.clone(), came),
            Happening::Redelivered(n) => {
                let again = gestore::forge::with_header(&letters[n].raw, "X-Passato-Da", "un altro server");
                mailbox.deliver(INBOX, Arc::new(again), came);
            }
            Happening::Removed => drop(mailbox.take(INBOX, &mut self.dice)),
            Happening::Moved => {
                if let Some(message) = mailbox.take(INBOX, &mut self.dice) {
                    mailbox.deliver(ELSEWHERE, message.raw, message.came);
                }
            }
            Happening::NewValidity => mailbox.renew(INBOX, &mut self.dice),
            Happening::Restored => {
                self.restored = true;
                let n = self.dice.between(1, 3);
                mailbox.restore(INBOX, n);
            }
            Happening::Outage(seconds) => {
                *self.town.outage_until.lock().unwrap() = Some(now + Duration::from_secs(seconds));
            }
            Happening::WrongPassword(seconds) => mailbox.locked_until = Some(now + Duration::from_secs(seconds)),
            Happening::ClockJump(seconds) => {
                self.jumped = true;
                self.power.count("clock jumps");
                self.wall.jump(SignedDuration::from_secs(seconds));
            }
            Happening::DiskFull(seconds) => self.disk.fill(now + Duration::from_secs(seconds)),
            Happening::Crash(how) if house.is_some() => self.power.off(how),
            Happening::Resend => {
                if let Some(house) = house {
                    resend(&house.store(), &mut self.dice, &self.world.clock, &self.power);
                }
            }
            Happening::Weeks(days) => {
                self.wall.jump(SignedDuration::from_hours(24 * days));
                self.right.jump(SignedDuration::from_hours(24 * days));
            }
            Happening::Order | Happening::Command | Happening::Emergency(_) => {
                let archive = Archive::open_on(self.world.disk.clone(), &self.config.data);
                if let (Some(house), Ok(archive)) = (house, archive) {
                    let (store, dice) = (&*house.store(), &mut self.deeds);
                    let (archive, clock) = (&archive, &self.world.clock);
                    let mut town = Deeds { store, archive, dice, clock, power: &self.power };
                    let at = Clock::Simulated(self.right.clone()).now();
                    self.written += 1;
                    match what {
                        Happening::Emergency(opens) => town.emergency(opens),
                        Happening::Order => town.order(),
                        _ => {
                            if let Some(letter) = town.write(self.plan.season, self.written, at) {
                                self.power.did("letters of citizens who knew what was asked");
                                mailbox.deliver(INBOX, letter.raw, came);
                            }
                        }
                    }
                }
            }
            Happening::Crash(_) | Happening::Restart => {}
        }
        what
    }

    /// Nothing goes wrong any more: everything must come right.
    async fn settle(mut self, mut house: House) -> Evidence {
        self.power.note("--- nothing goes wrong any more");
        self.power.heal();
        self.disk.mend();
        self.town.is_mean.store(false, Ordering::Relaxed);
        *self.town.outage_until.lock().unwrap() = None;
        self.town.ledger.lock().unwrap().faults = 0;
        self.town.provider.heal();
        if let Some(system) = &self.protocol {
            system.heal();
        }
        {
            let mut mailbox = self.town.mailbox.lock().unwrap();
            (mailbox.lies, mailbox.locked_until) = (0, None);
        }
        let end = Instant::now() + SETTLE;
        let mut unread = BTreeMap::<String, usize>::new();
        loop {
            tokio::select! {
                biased;
                part = house.parts.join_next() => {
                    self.ended(part);
                    self.leave(house).await;
                    tokio::time::sleep(RESTART.0).await;
                    match self.begin() {
                        Some(again) => house = again,
                        None => {
                            self.wrong.push("the service does not start again in a sound world".into());
                            return self.evidence(None);
                        }
                    }
                    self.power.heal();
                }
                () = tokio::time::sleep(LOOK) => {
                    let restless = oracle::restless(
                        &house.store(),
                        &self.town.mailbox,
                        &self.watched(),
                        &self.town.provider,
                        self.protocol.as_deref(),
                    );
                    let lies = |why: &&String| why.starts_with("message ");
                    unread.retain(|why, _| restless.contains(why));
                    for why in restless.iter().filter(lies) {
                        let looks = unread.entry(why.clone()).or_default();
                        *looks += 1;
                        if *looks == UNREAD_MAX + 1 {
                            self.wrong.push(format!("{why} after {UNREAD_MAX} looks at a sound mailbox"));
                        }
                    }
                    if restless.is_empty() {
                        break;
                    }
                    if Instant::now() > end {
                        self.wrong.push(format!("no peace after {SETTLE:?}: {}", restless.join("; ")));
                        break;
                    }
                }
            }
        }
        self.look_at(&house);
        let digest = house.store().lock().unwrap().state_digest().unwrap();
        let _ = house.stop.send(true);
        while let Some(part) = house.parts.join_next().await {
            if !matches!(part, Ok(Ok(()))) {
                self.wrong.push(format!("an orderly stop was none: {part:?}"));
            }
        }
        drop(house);
        self.evidence(Some(digest))
    }

    /// Folders whose messages are ours to keep.
    fn watched(&self) -> Vec<&'static str> {
        let mut names = vec![INBOX];
        names.extend(self.plan.two_folders.then_some(RECEIPTS));
        names.extend(self.plan.moves.then_some(FILED));
        names
    }

    fn evidence(self, digest: Option<String>) -> Evidence {
        let mailbox = self.town.mailbox.lock().unwrap();
        let on_server = self
            .watched()
            .into_iter()
            .flat_map(|name| mailbox.folders[name].messages.values().map(|message| message.raw.clone()))
            .collect();
        Evidence {
            data: self.config.data.clone(),
            world: self.world.clone(),
            season: self.plan.season,
            digest,
            on_server,
            submissions: self.town.ledger.lock().unwrap().submissions.clone(),
            receipts: self.town.provider.sent(),
            heads: self.heads.clone(),
            protocol: self.protocol.as_ref().map(|system| (system.registry(), system.folder().to_owned())),
            jumped: self.jumped,
            lives: self.lives,
            wrong: self.wrong.clone(),
        }
    }
}

/// A person has an uncertain letter sent again.
fn resend(store: &Mutex<Store>, dice: &mut Dice, clock: &Clock, power: &Power) {
    let Ok(mut store) = store.lock() else { return };
    let Ok(overview) = store.overview() else { return };
    let unsure: Vec<String> =
        overview.items.iter().filter(|i| i.state == State::Unknown).map(|i| i.outgoing.id.clone()).collect();
    if unsure.is_empty() {
        return;
    }
    let order = Order {
        item: dice.pick(&unsure).clone(),
        act: Act::Resend,
        by: "Ada Neri".into(),
        why: "nessuna ricevuta".into(),
    };
    let done = carry_out(&mut store, &order, clock.now());
    power.note(format!("resend {}: {}", order.item, done.is_ok()));
}

//! Changes when what the outbox does as time passes changes: silence, doubt, refused credentials, a provider's limits. The
//! outbox itself, on a clock that a test moves, against a road that answers as told (reliability.md §6, T29-T31, T33, T35).

#[path = "timers/roads.rs"]
mod roads;

use crate::store::{Bench, at, letter, sending};
use crate::support::{House, message_id};
use casework::dossier::{Dossier, State as DossierState};
use casework::receipts::Fact;
use casework::rules::Kind;
use casework::{Change, Lane, Outgoing, calendar};
use gestore::Authority;
use jiff::{SignedDuration, Timestamp};
use sportello::archive::{Archive, Shelf};
use sportello::clock::{Clock, Simulated};
use sportello::config::Config;
use sportello::health::Health;
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use sportello::office::{Office, effect_key};
use sportello::outbox::notice::Notice;
use sportello::outbox::schedule::{Move, Shown, State};
use sportello::outbox::{Answer, Courier, Gate, Outbox, Rates, Roads};
use sportello::store::rows::ItemRow;
use sportello::store::{Store, Trouble};
use sportello::submit::Outcome;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How a road answers the n-th letter that it is given.
type Script = fn(n: usize) -> Outcome;

/// A letter that a road was given, and when.
type Given = (Instant, Vec<u8>);

/// A road: what it was given.
#[derive(Clone)]
struct Road {
    script: Script,
    given: Arc<Mutex<Vec<Given>>>,
}

impl Road {
    fn new(script: Script) -> Self {
        Self { script, given: Arc::default() }
    }
    fn given(&self) -> Vec<Given> {
        self.given.lock().unwrap().clone()
    }
    /// The pauses between one letter and the next, seconds.
    fn pauses(&self) -> Vec<u64> {
        self.given().windows(2).map(|two| two[1].0.duration_since(two[0].0).as_secs()).collect()
    }
}

impl Courier for Road {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            let n = {
                let mut given = self.given.lock().unwrap();
                given.push((Instant::now(), bytes.to_vec()));
                given.len()
            };
            let outcome = (self.script)(n);
            if matches!(outcome, Outcome::Taken { .. } | Outcome::Unknown { .. })
                && let Err(why) = gate().await
            {
                return Outcome::Later { why, code: None };
            }
            outcome
        })
    }
}

fn taken(_: usize) -> Outcome {
    Outcome::Taken { reply: "250".into() }
}
fn doubtful(_: usize) -> Outcome {
    Outcome::Unknown { why: "caduta dopo il punto".into() }
}
fn busy(_: usize) -> Outcome {
    Outcome::Later { why: "451 riprova".into(), code: Some(451) }
}
fn wrong_password(_: usize) -> Outcome {
    Outcome::LaneStopped { why: "535".into() }
}

/// One house for all: its rules, its templates, whom it trusts.
static HOUSE: LazyLock<(tempfile::TempDir, Config)> = LazyLock::new(|| {
    let root = tempfile::tempdir().unwrap();
    let authority = Authority::create(gestore::Timestamp::now()).unwrap();
    let maildir = root.path().join("posta");
    let house = House::build(root.path(), "protocollo@pec.comune.test", &maildir, authority.certificate_der());
    let config = Config::read(&house.file).unwrap();
    (root, config)
});

/// An outbox and its world.
pub(crate) struct Desk {
    pub(crate) store: Arc<Mutex<Store>>,
    archive: Arc<Archive>,
    office: Arc<Office>,
    health: Arc<Health>,
    clock: Simulated,
    data: PathBuf,
    rates: Rates,
    resend: BTreeSet<String>,
    _dir: tempfile::TempDir,
}

/// A running outbox.
struct Runs {
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), Trouble>>,
}

impl Runs {
    fn of(outbox: Outbox) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, task: tokio::spawn(outbox.run(Arc::new(Notify::new()), stopped)) }
    }

    async fn stop(self) {
        let _ = self.stop.send(true);
        self.task.await.unwrap().unwrap();
    }
}

impl Desk {
    /// `fill` writes what there was before the outbox began; its letters are those with these ids.
    fn new(start: Timestamp, letters: &[(&str, Option<&str>)], fill: impl FnOnce(&mut Bench)) -> Self {
        let letters = letters.iter().map(|(id, dossier)| frozen(letter(id, Lane::Pec, *dossier)));
        Self::with(start, letters.collect(), fill)
    }

    /// With these letters, as they are frozen.
    pub(crate) fn with(start: Timestamp, letters: Vec<(Outgoing, String)>, fill: impl FnOnce(&mut Bench)) -> Self {
        let mut bench = Bench::new();
        let data = bench.data().to_owned();
        let archive = Archive::open(&data).unwrap();
        for (letter, bytes) in letters {
            let frozen = archive.keep(Shelf::Out, bytes.as_bytes()).unwrap().digest().to_owned();
            bench.store.add_task("causa", letter, &frozen, start).unwrap();
        }
        fill(&mut bench);
        let office = Arc::new(Office::read(&HOUSE.1, effect_key(&data).unwrap()).unwrap());
        let (store, dir) = bench.into_parts();
        Self {
            store: Arc::new(Mutex::new(store)),
            archive: Arc::new(archive),
            office,
            health: Health::new(),
            clock: Simulated::starting(start),
            data,
            rates: Rates::default(),
            resend: BTreeSet::new(),
            _dir: dir,
        }
    }

    fn run(&self, road: &Road) -> Runs {
        Runs::of(self.outbox(Box::new(road.clone()), Clock::Simulated(self.clock.clone())))
    }

    /// Its outbox, with this road to citizens.
    pub(crate) fn outbox(&self, pec: Box<dyn Courier>, clock: Clock) -> Outbox {
        Outbox {
            store: self.store.clone(),
            archive: self.archive.clone(),
            office: watch::channel(self.office.clone()).1,
            roads: Roads { pec, offices: Some(Box::new(Road::new(taken))), courtesy: None },
            clock,
            health: self.health.clone(),
            brake: 10_000,
            rates: self.rates,
            office_rates: Rates::default(),
            courtesy: (Rates::default(), SignedDuration::ZERO),
            acceptance_term: SignedDuration::from_mins(30),
            resend_if_overtaken: self.resend.clone(),
            observe: false,
        }
    }

    fn item(&self, id: &str) -> ItemRow {
        self.store.lock().unwrap().item(id).unwrap().unwrap()
    }

    /// Every item but the letters: the tasks that were made.
    fn tasks(&self) -> Vec<ItemRow> {
        let items = self.store.lock().unwrap().overview().unwrap().items;
        items.into_iter().filter(|item| item.outgoing.lane == Lane::Internal).collect()
    }

    /// What was noticed of an item: what, and when by the register.
    fn noticed(&self, id: &str) -> Vec<(Notice, Timestamp)> {
        let mut found = Vec::new();
        Journal::verify(&self.data, Tail::Open, |record, _| {
            if let Event::Noticed { item, notice, .. } = &record.event
                && item == id
            {
                found.push((*notice, record.at));
            }
        })
        .unwrap();
        found
    }
}

fn frozen(letter: Outgoing) -> (Outgoing, String) {
    let bytes = format!("Message-ID: {}\r\n\r\ntesto\r\n", letter.message_id);
    (letter, bytes)
}

async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

fn from(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A road whose connection stays open: what the register held on disk when its letters came, and later.
struct OpenRoad {
    data: PathBuf,
    /// How long the server keeps each letter waiting.
    pause: Duration,
    /// Steps on disk when each letter came, after the pause, and once its dot could be written.
    seen: Arc<Mutex<Vec<[usize; 3]>>>,
}

impl OpenRoad {
    fn steps(&self) -> usize {
        let mut steps = 0;
        let is_step = |event: &Event| matches!(event, Event::Moved { .. });
        Journal::verify(&self.data, Tail::Open, |record, _| steps += usize::from(is_step(&record.event))).unwrap();
        steps
    }
}

impl Courier for OpenRoad {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, _: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            let came = self.steps();
            tokio::time::sleep(self.pause).await;
            let later = self.steps();
            gate().await.unwrap();
            self.seen.lock().unwrap().push([came, later, self.steps()]);
            taken(0)
        })
    }

    fn is_open(&self) -> bool {
        !self.seen.lock().unwrap().is_empty()
    }
}

/// Of each letter three steps: claim, dot, end. On an open connection the end of one and the claim of the next wait for the fsync
/// before the next dot, and no longer than the twentieth of a second; the first claim and the last end wait for nothing.
#[tokio::test(start_paused = true)]
async fn on_an_open_connection_one_fsync_a_letter_is_enough_and_none_is_put_off_for_long() {
    for (pause, later) in [(0, [1, 2, 5]), (49, [1, 2, 5]), (51, [1, 4, 7])] {
        let desk = Desk::new(at(0), &[("a", None), ("b", None), ("c", None)], |_| {});
        let seen = Arc::default();
        let (data, pause) = (desk.data.clone(), Duration::from_millis(pause));
        let road = OpenRoad { data, pause, seen: Arc::clone(&seen) };
        let (stop, stopped) = watch::channel(false);
        let outbox = desk.outbox(Box::new(road), Clock::Simulated(desk.clock.clone()));
        let runs = Runs { stop, task: tokio::spawn(outbox.run(Arc::new(Notify::new()), stopped)) };
        minutes(1).await;
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen.iter().map(|[came, ..]| *came).collect::<Vec<_>>(), [1, 2, 5], "{pause:?}");
        assert_eq!(seen.iter().map(|[_, later, _]| *later).collect::<Vec<_>>(), later, "{pause:?}");
        assert_eq!(seen.iter().map(|[.., dot]| *dot).collect::<Vec<_>>(), [2, 5, 8], "{pause:?}");
        assert_eq!(desk.item("c").state, State::Submitted);
        runs.stop().await;
    }
}

/// No acceptance ever comes. It is noticed within a minute of its terms by the time that really passed, whatever is done to
/// the wall clock meanwhile, across both changes of Rome's clock and the new year (P11, T35).
#[tokio::test(start_paused = true)]
async fn a_missing_acceptance_is_noticed_whatever_the_clock_does() {
    const DAY: i64 = 86_400;
    let summer = "2026-07-01T10:00:00Z";
    let jumps = [0, DAY, -DAY, 3600, -3600].map(|jump| (summer, jump));
    let turns = ["2026-03-29T00:45:00Z", "2026-10-25T00:45:00Z", "2026-12-31T22:45:00Z"].map(|turn| (turn, 0));
    for (start, jump) in jumps.into_iter().chain(turns) {
        let desk = Desk::new(from(start), &[("a", None)], |_| {});
        let began = Instant::now();
        let runs = desk.run(&Road::new(taken));
        minutes(10).await;
        desk.clock.jump(SignedDuration::from_secs(jump));
        minutes(200).await;
        runs.stop().await;
        let noticed: Vec<(Notice, i64)> = desk
            .noticed("a")
            .into_iter()
            .map(|(notice, when)| (notice, when.duration_since(from(start)).as_secs() - jump))
            .collect();
        let [(Notice::AcceptanceOverdue, overdue), (Notice::AcceptanceMissing, missing)] = noticed[..] else {
            panic!("{start} {jump}: {noticed:?}")
        };
        assert!((1800..=1860).contains(&overdue), "{start} {jump}: {overdue} s");
        // A clock that was put forward and stays there for an hour is believed: the reminder may only come early.
        let latest = 3 * 3600 + 60;
        let earliest = if jump > 0 { 600 + 3600 } else { 3 * 3600 };
        assert!((earliest..=latest).contains(&missing), "{start} {jump}: {missing} s");
        assert_eq!(desk.item("a").shown(), Shown::Submitted, "a timer makes no outcome");
        let tasks = desk.tasks();
        assert_eq!(tasks.iter().map(|t| t.outgoing.template.as_str()).collect::<Vec<_>>(), ["compito-esito-ignoto"]);
        let marks = desk.health.snapshot().marks;
        assert_eq!(marks.get("clock_jumps").copied().unwrap_or(0), i64::from(jump != 0));
        assert!(began.elapsed() > Duration::from_secs(12_000));
    }
}

/// Accepted, and then silence: at 12 hours a reminder, at 25 a task; once each, after a restart too.
#[tokio::test(start_paused = true)]
async fn a_delivery_that_never_comes_is_noticed_twice_and_told_once() {
    let start = at(60);
    let desk = Desk::new(start, &[("a", None)], |bench| {
        bench.moves("a", sending());
        let fact = Fact::Accepted { at: at(60), pec_id: "p@x".into(), esterno: false };
        bench.decide("accettazione", at(60), crate::store::learned("a", fact), vec![], 0);
    });
    for _ in 0..4 {
        let runs = desk.run(&Road::new(taken));
        minutes(60 * 8).await;
        runs.stop().await;
    }
    let noticed: Vec<(Notice, i64)> =
        desk.noticed("a").into_iter().map(|(n, when)| (n, when.duration_since(start).as_secs())).collect();
    let [(Notice::DeliveryLate, late), (Notice::DeliverySilent, silent)] = noticed[..] else { panic!("{noticed:?}") };
    assert!(
        (12 * 3600..=12 * 3600 + 60).contains(&late) && (25 * 3600..=25 * 3600 + 60).contains(&silent),
        "{noticed:?}"
    );
    let tasks = desk.tasks();
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].shown(), desk.item("a").shown()), (Shown::Sent, Shown::Accepted));
    let text = String::from_utf8(desk.archive.read(Shelf::Out, &tasks[0].frozen).unwrap()).unwrap();
    assert!(text.contains("webmail"), "{text}");
}

/// What the wrong password costs: one login in five minutes, however often the service is started again; then the letter
/// goes, and nothing of it was counted against it (reliability.md §3.5).
#[tokio::test(start_paused = true)]
async fn refused_credentials_are_tried_once_in_five_minutes_across_restarts() {
    let desk = Desk::new(at(60), &[("a", None), ("b", None)], |_| {});
    let road = Road::new(wrong_password);
    for n in 0..60 {
        let runs = desk.run(&road);
        minutes(1 + n % 7).await;
        runs.stop().await;
    }
    let pauses = road.pauses();
    assert!(pauses.len() > 40 && pauses.iter().all(|pause| *pause >= 300), "{pauses:?}");
    assert_eq!((desk.item("a").attempts, desk.item("b").attempts), (0, 0));
    let good = Road::new(taken);
    let runs = desk.run(&good);
    minutes(6).await;
    runs.stop().await;
    assert_eq!(good.given().len(), 2);
    assert_eq!(desk.item("a").shown(), Shown::Submitted);
}

/// A provider that says «later» for a day: tries ever rarer, at most an hour apart, none lost, one taken in the end.
#[tokio::test(start_paused = true)]
async fn a_day_of_451_is_outlived() {
    let desk = Desk::new(at(60), &[("a", None)], |_| {});
    let road = Road::new(|n| if n < 30 { busy(n) } else { taken(n) });
    let runs = desk.run(&road);
    minutes(60 * 40).await;
    runs.stop().await;
    let pauses = road.pauses();
    assert_eq!(road.given().len(), 30);
    assert!(pauses.iter().all(|pause| (60..=4500).contains(pause)), "{pauses:?}");
    assert!(pauses.iter().sum::<u64>() > 86_400, "a day: {pauses:?}");
    assert!(road.given().iter().all(|(_, bytes)| *bytes == road.given()[0].1), "the same bytes");
    assert_eq!(desk.item("a").shown(), Shown::Submitted);
}

fn dossier(number: &str, due: &str) -> Change {
    Change::Opened {
        dossier: Dossier {
            number: number.into(),
            kind: Kind::NewApplication,
            title: "Domanda".into(),
            office: "protocollo".into(),
            state: DossierState::Protocollata,
            state_since: at(0),
            opened_at: at(0),
            due: Some(due.parse().unwrap()),
            parties: vec![],
            cover: Default::default(),
            life: Default::default(),
        },
    }
}

/// A letter that does not leave while its dossier's term comes near: a try at the last moment, then a person is told in time
/// to send it on paper; the machine tries on.
#[tokio::test(start_paused = true)]
async fn a_term_that_is_near_makes_a_paper_task_in_time() {
    let due = "2026-07-06"; // a Monday: the last working day before it is Friday the 3rd
    let call = from("2026-07-02T22:00:00Z"); // midnight in Rome
    assert_eq!(calendar::last_call(due.parse().unwrap(), None), call);
    let desk = Desk::new(from("2026-07-02T10:00:00Z"), &[("a", Some("2026/000001"))], |bench| {
        bench.decide("domanda", at(0), vec![dossier("2026/000001", due)], vec![], 0);
    });
    let began = Instant::now();
    let road = Road::new(busy);
    let runs = desk.run(&road);
    minutes(60 * 16).await;
    runs.stop().await;
    let noticed = desk.noticed("a");
    let [(Notice::TermNear, told)] = noticed[..] else { panic!("{noticed:?}") };
    assert!((0..=60).contains(&told.duration_since(call).as_secs()), "{told}");
    let tried: Vec<u64> = road.given().iter().map(|(when, _)| when.duration_since(began).as_secs()).collect();
    let last_moment = 12 * 3600;
    assert!(tried.iter().any(|s| (last_moment..last_moment + 60).contains(s)), "{tried:?}");
    assert!(tried.iter().any(|s| *s > last_moment + 600), "and on: {tried:?}");
    let tasks = desk.tasks();
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].outgoing.template, "compito-mancata-consegna");
    let text = String::from_utf8(desk.archive.read(Shelf::Out, &tasks[0].frozen).unwrap()).unwrap();
    assert!(text.contains("Oggetto") || text.contains("Subject"), "{text}");
}

/// The provider's limits hold across restarts: what was sent before one counts after it.
#[tokio::test(start_paused = true)]
async fn a_providers_limits_outlive_a_restart() {
    let ids: Vec<String> = (0..20).map(|n| format!("{n:02}")).collect();
    let letters: Vec<(&str, Option<&str>)> = ids.iter().map(|id| (id.as_str(), None)).collect();
    let mut desk = Desk::new(at(60), &letters, |_| {});
    desk.rates = Rates { minute: Some(2), hour: Some(10), day: None };
    let road = Road::new(taken);
    for _ in 0..30 {
        let runs = desk.run(&road);
        tokio::time::sleep(Duration::from_secs(41)).await;
        runs.stop().await;
    }
    assert_eq!(road.given().len(), 10, "the hour's limit");
    let runs = desk.run(&road);
    minutes(60).await;
    runs.stop().await;
    let given = road.given();
    assert_eq!(given.len(), 20);
    for (window, max) in [(60, 2), (3600, 10)] {
        let within = |begin: Instant| {
            given.iter().filter(|(t, _)| *t >= begin && t.duration_since(begin) < Duration::from_secs(window)).count()
        };
        assert!(given.iter().all(|(begin, _)| within(*begin) <= max), "{window}");
    }
}

/// An uncertain letter: nothing is done while any evidence is missing; when all is in, a person is told with it, once. The
/// machine itself never sends it again (P4).
#[tokio::test(start_paused = true)]
async fn an_uncertain_letter_goes_to_a_person_when_all_the_evidence_is_in() {
    let desk = Desk::new(at(60), &[("a", None)], |_| {});
    let road = Road::new(doubtful);
    let runs = desk.run(&road);
    minutes(60 * 6).await;
    assert!(desk.noticed("a").is_empty(), "the inbox was never read");
    let pulse = desk.health.folder("protocollo", "INBOX");
    pulse.looked(Clock::Simulated(desk.clock.clone()).now(), 0);
    minutes(5).await;
    assert!(desk.noticed("a").is_empty(), "no later letter was accepted");
    runs.stop().await;
    overtake(&desk, "b");
    let runs = desk.run(&road);
    minutes(5).await;
    runs.stop().await;
    let noticed = desk.noticed("a");
    assert!(matches!(noticed[..], [(Notice::Unresolved, _)]), "{noticed:?}");
    assert_eq!((road.given().len(), desk.item("a").shown()), (1, Shown::Unknown));
    let tasks = desk.tasks();
    assert_eq!(tasks.len(), 1);
    let text = String::from_utf8(desk.archive.read(Shelf::Out, &tasks[0].frozen).unwrap()).unwrap();
    assert!(text.contains("v1.b@pec.comune.test"), "the evidence is named:\n{text}");
}

/// Another letter left now by the same road, and was accepted.
fn overtake(desk: &Desk, id: &str) {
    let mut store = desk.store.lock().unwrap();
    let now = Clock::Simulated(desk.clock.clone()).now();
    let frozen = format!("{id:064}");
    store.add_task("causa", letter(id, Lane::Pec, None), &frozen, now).unwrap();
    for step in sending() {
        store.move_item(id, step, now).unwrap();
    }
    let fact = Fact::Accepted { at: now, pec_id: format!("{id}@x"), esterno: false };
    crate::store::decide_on(&mut store, &desk.archive, "accettazione", now, crate::store::learned(id, fact));
}

/// Where the administrator lets a template be sent again, it is: the same bytes, once; still uncertain, a person is told.
#[tokio::test(start_paused = true)]
async fn a_template_that_may_is_sent_again_once_with_the_same_bytes() {
    let mut desk = Desk::new(at(60), &[("a", None)], |_| {});
    desk.resend = BTreeSet::from(["presa-in-carico".to_owned()]);
    let pulse = desk.health.folder("protocollo", "INBOX");
    let road = Road::new(doubtful);
    for (n, id) in ["b", "c", "d"].into_iter().enumerate() {
        let runs = desk.run(&road);
        minutes(100).await;
        runs.stop().await;
        pulse.looked(Clock::Simulated(desk.clock.clone()).now(), 0);
        overtake(&desk, id);
        let runs = desk.run(&road);
        minutes(2).await;
        runs.stop().await;
        assert_eq!(road.given().len(), 2, "round {n}: once more and no more");
        assert_eq!(desk.noticed("a").len(), usize::from(n > 0), "round {n}");
    }
    let given = road.given();
    assert_eq!(given[0].1, given[1].1);
    assert_eq!(message_id(&given[0].1), "<v1.a@pec.comune.test>");
    let mut by_rule = Vec::new();
    Journal::verify(&desk.data, Tail::Open, |record, _| {
        if let Event::Moved { step: Move::ResentByRule { why, .. }, .. } = &record.event {
            by_rule.push(why.clone());
        }
    })
    .unwrap();
    assert_eq!(by_rule.len(), 1);
    assert!(by_rule[0].contains("v1.b@pec.comune.test"), "with its evidence: {by_rule:?}");
}

/// With the dossier's term at the door, a person is not made to wait for evidence.
#[tokio::test(start_paused = true)]
async fn an_uncertain_letter_near_its_term_is_told_at_once() {
    let start = from("2026-07-03T08:00:00Z");
    let desk = Desk::new(start, &[("a", Some("2026/000001"))], |bench| {
        bench.decide("domanda", at(0), vec![dossier("2026/000001", "2026-07-06")], vec![], 0);
    });
    let runs = desk.run(&Road::new(doubtful));
    minutes(32).await;
    runs.stop().await;
    let noticed = desk.noticed("a");
    let [(Notice::Unresolved, told)] = noticed[..] else { panic!("{noticed:?}") };
    assert!((1800..=1860).contains(&told.duration_since(start).as_secs()));
    assert_eq!(desk.item("a").state, State::Unknown);
}

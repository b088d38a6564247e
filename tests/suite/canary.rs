//! Changes when what becomes of the daily canary changes: sent once, home, lost, forged. The whole service over the simulated
//! circuit, on a clock that follows a runtime which a test holds still.

use crate::support::{Daemon, House, OfficeRoad, ask, wait};
use casework::{Disposition, Lane};
use gestore::{Authority, Circuit, Mail, Style};
use jiff::{SignedDuration, Timestamp};
use sportello::alarm::Code;
use sportello::clock::{Clock, Simulated};
use sportello::config::{Config, Source};
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use sportello::outbox::schedule::{Shown, State};
use sportello::outbox::{Answer, Courier, Gate, Roads};
use sportello::store::rows::ItemRow;
use sportello::store::{Overview, Store, Trouble};
use sportello::submit::Outcome;
use sportello::supervise::Service;
use sportello::trial::Trial;
use sportello::world::World;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

const OFFICE: &str = "protocollo@pec.comune.test";
const SECOND: &str = "urp@pec.comune.test";
const CITIZEN: &str = "anna.bianchi@cittadini.test";
/// Half an hour before the canary's, in Rome.
const SEVEN: &str = "2026-03-02T06:00:00Z";

/// What becomes of a letter on the road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Acceptance, envelope, delivery.
    Whole,
    /// The envelope does not reach the mailbox.
    NoEnvelope,
    /// The receipt of delivery does not.
    NoDelivery,
    /// Nothing reaches the second mailbox.
    NotToTheSecond,
    /// 250, and nothing ever again.
    Hole,
    /// The credentials are refused.
    Closed,
    /// The connection breaks after the dot.
    Broken,
    /// Refused for good.
    Refused,
}

#[derive(Clone)]
struct Road {
    circuit: Circuit,
    clock: Simulated,
    way: Arc<Mutex<Way>>,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Courier for Road {
    fn attempt<'a>(&'a self, from: &'a str, to: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            let way = *self.way.lock().unwrap();
            match way {
                Way::Closed => return Outcome::LaneStopped { why: "535".into() },
                Way::Refused => return Outcome::Never { why: "554 no".into(), code: Some(554) },
                _ => gate().await.unwrap(),
            }
            self.sent.lock().unwrap().push(bytes.to_vec());
            if way == Way::Broken {
                return Outcome::Unknown { why: "caduta dopo il punto".into() };
            }
            if way != Way::Hole {
                let now = Clock::Simulated(self.clock.clone()).now();
                let written = self.circuit.send_at(from, &[to.to_owned()], bytes, now).unwrap().written;
                for message in written {
                    let raw = fs::read(&message.path).unwrap();
                    let text = String::from_utf8_lossy(&raw);
                    let is_lost = match way {
                        Way::NoEnvelope => text.contains("X-Trasporto: posta-certificata"),
                        Way::NoDelivery => text.contains("X-Ricevuta: avvenuta-consegna"),
                        Way::NotToTheSecond => message.mailbox == SECOND,
                        _ => false,
                    };
                    if is_lost {
                        fs::remove_file(&message.path).unwrap();
                    }
                }
            }
            Outcome::Taken { reply: "250".into() }
        })
    }
}

/// A Comune with its canary at half past seven.
struct Town {
    house: House,
    config: Config,
    road: Road,
    _dir: tempfile::TempDir,
}

/// Its service, while it runs.
struct Runs {
    service: Service,
    stop: watch::Sender<bool>,
    parts: JoinSet<Result<(), Trouble>>,
}

impl Runs {
    async fn stop(mut self) {
        let _ = self.stop.send(true);
        while let Some(part) = self.parts.join_next().await {
            part.unwrap().unwrap();
        }
    }

    fn overview(&self) -> Overview {
        self.service.store().lock().unwrap().overview().unwrap()
    }

    fn canaries(&self) -> Vec<ItemRow> {
        self.overview().items.into_iter().filter(|item| item.canary.is_some()).collect()
    }

    /// What the alarm says, if it is raised.
    fn alarm(&self) -> Option<String> {
        let open = self.service.alarms().open();
        open.into_values().find(|alarm| alarm.code == Code::CanaryLost).map(|alarm| alarm.text)
    }

    async fn line(&self, now: Timestamp) -> String {
        let report = self.service.monitor().report().await.unwrap().unwrap();
        report.canaries.iter().map(|canary| canary.line(now)).collect::<Vec<_>>().join("\n")
    }
}

impl Town {
    fn new(start: &str, way: Way) -> Self {
        Self::with(start, way, "")
    }

    fn with(start: &str, way: Way, mode: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let start: Timestamp = start.parse().unwrap();
        let authority = Authority::create(start).unwrap();
        let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), start).unwrap();
        let beta = authority.provider("Beta", "pec.beta.test", Style::legalmail_like(), start).unwrap();
        let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
        let circuit = Circuit::new(&dir.path().join("caselle"), domains);
        let maildir = circuit.maildir(OFFICE).unwrap();
        let house = House::build(dir.path(), OFFICE, &maildir, authority.certificate_der());
        let text = fs::read_to_string(&house.file).unwrap().replace("[invio.pec]", &format!("{mode}[invio.pec]"));
        fs::write(&house.file, format!("{text}[allarmi]\ncanarino = \"07:30\"\n[revoca]\nattiva = false\n")).unwrap();
        let mut config = Config::read(&house.file).unwrap();
        for mailbox in &mut config.mailboxes {
            if let Source::Maildir { poll, .. } = &mut mailbox.source {
                *poll = Duration::from_secs(30);
            }
        }
        let (way, clock) = (Arc::new(Mutex::new(way)), Simulated::starting(start));
        let road = Road { circuit, clock, way, sent: Arc::default() };
        Self { house, config, road, _dir: dir }
    }

    fn start(&self) -> Runs {
        let world = World { clock: Clock::Simulated(self.road.clock.clone()), ..World::real() };
        let service = Service::open(self.config.clone(), Trial::skipped(), world).unwrap();
        let (stop, stopped) = watch::channel(false);
        let roads = Roads { pec: Box::new(self.road.clone()), offices: Some(Box::new(OfficeRoad)), courtesy: None };
        let parts = service.start(roads, &stopped).unwrap();
        Runs { service, stop, parts }
    }

    fn way(&self, way: Way) {
        *self.road.way.lock().unwrap() = way;
    }

    fn now(&self) -> Timestamp {
        Clock::Simulated(self.road.clock.clone()).now()
    }

    fn sent(&self) -> usize {
        self.road.sent.lock().unwrap().len()
    }
}

/// In the runtime's time, which nobody waits for.
async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

/// Nothing but canaries, and nobody has anything to do because of them.
#[track_caller]
fn nobody_is_troubled(all: &Overview) {
    assert!(all.items.iter().all(|item| item.canary.is_some()), "{:?}", all.items);
    assert!(all.items.iter().all(|item| item.notices.is_empty()));
    assert_eq!((all.dossiers.len(), all.incidents.len(), all.summary.items.len()), (0, 0, 0), "{:?}", all.incidents);
    let is_quiet = |d: &Disposition| matches!(d, Disposition::Noted { .. } | Disposition::Receipt { .. });
    assert!(all.messages.iter().all(|m| is_quiet(&m.disposition) && m.items.is_empty()), "{:?}", all.messages);
}

#[tokio::test(start_paused = true)]
async fn it_goes_out_once_a_day_comes_home_and_troubles_nobody() {
    let town = Town::new(SEVEN, Way::Whole);
    let runs = town.start();
    minutes(29).await;
    assert_eq!((town.sent(), runs.line(town.now()).await.as_str()), (0, ""));
    minutes(4).await;
    let [canary] = &runs.canaries()[..] else { panic!("one of today") };
    assert_eq!(canary.shown(), Shown::Delivered);
    assert_eq!((canary.outgoing.from.as_str(), canary.outgoing.to.as_str()), (OFFICE, OFFICE));
    let line = runs.line(town.now()).await;
    assert!(
        line.starts_with("Canarino protocollo: inviato oggi 07:3") && line.contains(", tornato oggi 07:3"),
        "{line}"
    );
    let all = runs.overview();
    nobody_is_troubled(&all);
    let noted = all.messages.iter().find(|m| matches!(m.disposition, Disposition::Noted { .. })).unwrap();
    assert_eq!((noted.grade.as_str(), noted.proven.as_deref()), ("genuine", Some("posta-certificata")));
    assert!(format!("{:?}", noted.disposition).contains("è tornato il canarino del 2026-03-02"), "{noted:?}");
    assert_eq!(all.messages.len(), 3, "acceptance, envelope, delivery");
    {
        let sent = town.road.sent.lock().unwrap();
        let text = String::from_utf8_lossy(&sent[0]);
        for part in
            ["Auto-Submitted: auto-generated", "X-Sportello-Istanza: pec.comune.test", &canary.outgoing.message_id]
        {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
    // Two more days.
    minutes(48 * 60).await;
    assert_eq!((town.sent(), runs.canaries().len(), runs.alarm()), (3, 3, None));
    let all = runs.overview();
    nobody_is_troubled(&all);
    let [row] = &all.canaries[..] else { panic!("one mailbox") };
    assert_eq!((row.waiting.len(), row.returned.as_ref().unwrap().day.to_string().as_str()), (0, "2026-03-04"));
    let digest = runs.service.store().lock().unwrap().state_digest().unwrap();
    assert_eq!(Overview::read(&town.house.data).unwrap().1, digest, "the register makes the same state");
    runs.stop().await;
    let rebuilt = Store::rebuild(&town.house.data, town.now()).unwrap();
    assert_eq!((&rebuilt.before, &rebuilt.after), (&digest, &digest));
    // What people are shown of it.
    let data = town.house.data.to_str().unwrap();
    let (_, said, _) = ask(&["status", data]);
    assert!(said.contains("Canarino protocollo: inviato 2026-03-04 07:3"), "{said}");
    let (_, list, _) = ask(&["outbox", "list", data]);
    assert!(list.contains("Nessuna lettera in cammino"), "{list}");
    let (_, list, _) = ask(&["outbox", "list", "--all", data]);
    assert!(list.contains("Canarino di Sportello, 4 marzo 2026") && list.contains("consegnata"), "{list}");
    let (_, shown, _) = ask(&["outbox", "show", data, &canary.outgoing.id]);
    for part in ["canarino del 2026-03-02", "la sua busta è arrivata", "ricevuta: avvenuta-consegna"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let (code, said, _) = ask(&["verify-journal", "--archive", data]);
    assert_eq!(code, Some(0), "{said}");
}

/// However far it comes: two hours, one alarm that says how far; the next day's takes it back.
#[tokio::test(start_paused = true)]
async fn one_that_does_not_come_home_is_an_alarm_after_two_hours_until_one_does() {
    for (way, says) in [
        (Way::NoEnvelope, "consegnato, la busta non si è ancora vista"),
        (Way::NoDelivery, "la busta è arrivata, la ricevuta di consegna non ancora"),
        (Way::Hole, "inviato, non ancora accettato"),
        (Way::Closed, "in coda, non ancora partito"),
        (Way::Broken, "forse inviato"),
        (Way::Refused, "rifiutato dal gestore"),
    ] {
        let town = Town::new(SEVEN, way);
        let runs = town.start();
        minutes(30 + 119).await;
        assert_eq!(runs.alarm(), None, "{way:?}: at 09:29");
        minutes(4).await;
        let text = runs.alarm().unwrap_or_else(|| panic!("{way:?}: nothing at 09:33"));
        assert!(text.contains(says) && text.contains("non ne è tornato nessuno"), "{way:?}: {text}");
        let report = runs.service.monitor().report().await.unwrap().unwrap();
        assert_eq!(
            (report.reasons().len(), report.warnings().contains(&"canary-lost protocollo".to_owned())),
            (way_stops(way), true)
        );
        minutes(22 * 60 - 10).await;
        assert!(runs.alarm().is_some(), "{way:?}: still, at 07:23 of the next day");
        nobody_is_troubled(&runs.overview());
        if way == Way::Closed {
            minutes(8).await; // until the next one waits behind it
        }
        town.way(Way::Whole);
        minutes(30).await;
        assert_eq!(runs.alarm(), None, "{way:?}: the next one is home");
        nobody_is_troubled(&runs.overview());
        let first = runs.canaries().into_iter().min_by_key(|item| item.created_at).unwrap();
        let is_withdrawn = matches!(way, Way::Closed | Way::Broken);
        assert_eq!(first.state == State::Withdrawn, is_withdrawn, "{way:?}: {:?}", first.state);
        if way == Way::Closed {
            assert_eq!(town.sent(), 1, "a road that opens carries the canary of that day alone");
        }
        runs.stop().await;
        let before = Overview::read(&town.house.data).unwrap().1;
        assert_eq!(Store::rebuild(&town.house.data, town.now()).unwrap().after, before, "{way:?}");
    }
}

/// A road that is closed stops the work by itself.
fn way_stops(way: Way) -> usize {
    usize::from(way == Way::Closed)
}

#[tokio::test(start_paused = true)]
async fn time_counts_while_the_service_runs_and_by_no_clock_that_jumps() {
    let town = Town::new(SEVEN, Way::Hole);
    let runs = town.start();
    minutes(30 + 50).await;
    assert_eq!(town.sent(), 1);
    // A whole day and more without the service, within it no canary; and a jump while it runs.
    runs.stop().await;
    minutes(20 * 60).await;
    let runs = town.start();
    minutes(30).await;
    assert_eq!(runs.alarm(), None, "80 minutes of two hours");
    town.road.clock.jump(SignedDuration::from_hours(2));
    minutes(10).await;
    assert_eq!((runs.alarm(), town.sent()), (None, 1), "90 minutes of two hours");
    runs.stop().await;
    let runs = town.start();
    minutes(28).await;
    assert_eq!(runs.alarm(), None, "118 minutes of two hours");
    minutes(4).await;
    assert!(runs.alarm().is_some(), "in three runs together it had its two hours");
    runs.stop().await;
    // It stays an alarm, whoever restarts.
    let runs = town.start();
    minutes(1).await;
    assert!(runs.alarm().is_some());
    runs.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_starts_after_the_hour_sends_at_once_and_restarts_send_no_other() {
    let town = Town::new("2026-03-02T15:00:00Z", Way::Whole);
    for _ in 0..4 {
        let runs = town.start();
        minutes(20).await;
        assert_eq!((town.sent(), runs.canaries().len()), (1, 1));
        runs.stop().await;
    }
    // Of the morning that it was not there: at once when it is, and one for all the days between.
    minutes(3 * 24 * 60).await;
    let runs = town.start();
    minutes(20).await;
    assert_eq!((town.sent(), runs.canaries().len(), runs.alarm()), (2, 2, None));
    runs.stop().await;
}

/// The lines that a restored register lost may have sent today's: it would be a second one.
#[tokio::test(start_paused = true)]
async fn on_the_day_of_a_restored_register_none_is_sent() {
    let town = Town::new("2026-03-02T15:00:00Z", Way::Whole);
    {
        let mut store = Store::open(&town.house.data, town.now()).unwrap();
        store.restored(None, "Ada Neri", "disco rotto", town.now()).unwrap();
    }
    let runs = town.start();
    minutes(15 * 60).await;
    assert_eq!(town.sent(), 0, "at seven of the next morning");
    minutes(60).await;
    assert_eq!((town.sent(), runs.alarm()), (1, None));
    runs.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_only_observes_sends_none() {
    let town = Town::with(SEVEN, Way::Whole, "[invio]\nmodo = \"osserva\"\n");
    let runs = town.start();
    minutes(30 * 60).await;
    assert_eq!((town.sent(), runs.canaries().len(), runs.alarm(), runs.overview().canaries.len()), (0, 0, None, 0));
    runs.stop().await;
}

/// Each mailbox has its own, from the first one: the envelope lands in the one, the receipts in the other.
#[tokio::test(start_paused = true)]
async fn every_mailbox_has_its_own_and_is_told_of_alone() {
    let dir = tempfile::tempdir().unwrap();
    let second = dir.path().join("urp");
    for part in ["tmp", "new", "cur"] {
        fs::create_dir_all(second.join(part)).unwrap();
    }
    let maildir = second.display();
    let more =
        format!("[[casella]]\nnome = \"urp\"\nindirizzo = \"{SECOND}\"\n[casella.maildir]\ncartella = \"{maildir}\"\n");
    let town = Town::with(SEVEN, Way::NotToTheSecond, &more);
    // The circuit delivers where the second mailbox is watched.
    let place = town.road.circuit.maildir(SECOND).unwrap();
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&second, &place).unwrap();
    let runs = town.start();
    minutes(30 + 125).await;
    assert_eq!(town.sent(), 2);
    let open: Vec<_> = runs.service.alarms().open().into_keys().collect();
    assert_eq!(open, [(Code::CanaryLost, "urp".to_owned())]);
    town.way(Way::Whole);
    minutes(24 * 60).await;
    assert_eq!((town.sent(), runs.alarm()), (4, None));
    let lines = runs.line(town.now()).await;
    assert!(lines.starts_with("Canarino protocollo: inviato") && lines.contains("\nCanarino urp: inviato"), "{lines}");
    nobody_is_troubled(&runs.overview());
    runs.stop().await;
}

/// Whoever says that he is the canary: a citizen's genuine message is worked like any other, what nobody vouches for goes to a
/// person, and a letter of our own webmail is our own letter. None of them is its return.
#[tokio::test(start_paused = true)]
async fn what_only_claims_to_be_the_canary_is_not_its_return_and_is_not_passed_over() {
    let town = Town::new(SEVEN, Way::NoEnvelope);
    let runs = town.start();
    minutes(40).await;
    let canary = runs.canaries()[0].outgoing.clone();
    let claims = |from: &str, words: &str| {
        let letter = Mail::new(from).to(OFFICE).message_id(&canary.message_id).subject(&canary.subject);
        letter.header("Auto-Submitted", "auto-generated").text(words)
    };
    let now = town.now();
    let citizen = claims(CITIZEN, "Non scartatemi.\n").compose(now).unwrap();
    town.road.circuit.send_at(CITIZEN, &[OFFICE.into()], &citizen.raw, now).unwrap();
    let webmail = claims(OFFICE, "Dalla nostra webmail.\n").compose(now).unwrap();
    town.road.circuit.send_at(OFFICE, &[OFFICE.into()], &webmail.raw, now).unwrap();
    let outside = claims(OFFICE, "Da fuori, col nostro nome.\n").compose(now).unwrap();
    town.road.circuit.drop_raw(OFFICE, &outside.raw).unwrap();
    town.road.circuit.send_at("x@posta.example", &[OFFICE.into()], &outside.raw, now).unwrap();
    minutes(10).await;
    let all = runs.overview();
    let of = |sender: &str, grade: &str| {
        let is = |m: &&sportello::store::rows::MessageRow| m.sender == sender && m.grade == grade;
        all.messages.iter().find(is).unwrap_or_else(|| panic!("{sender} {grade}: {:#?}", all.messages)).clone()
    };
    let citizen = of(CITIZEN, "genuine");
    let is_task = |id: &String| all.items.iter().any(|i| i.outgoing.id == *id && i.outgoing.lane == Lane::Internal);
    assert!(matches!(citizen.disposition, Disposition::ToPerson { .. }), "{citizen:?}");
    assert!(citizen.items.iter().any(is_task), "an office reads it");
    let ours = all.messages.iter().find(|m| m.sender == OFFICE && m.proven.as_deref() == Some("posta-certificata"));
    let ours = ours.unwrap();
    assert!(format!("{:?}", ours.disposition).contains("che è nostro"), "{ours:?}");
    assert!(
        all.messages.iter().filter(|m| m.grade == "not-pec" || m.proven.as_deref() == Some("busta-anomalia")).count()
            >= 2
    );
    assert!(runs.canaries()[0].canary.as_ref().unwrap().seen.is_none(), "none of them is its return");
    assert!(all.canaries[0].returned.is_none());
    minutes(2 * 60).await;
    assert!(runs.alarm().is_some());
    runs.stop().await;
}

/// The canaries that the register of a data folder has written, and how many of their dots were written.
fn written(data: &Path) -> (usize, usize) {
    let (mut canaries, mut dots) = (Vec::new(), 0);
    Journal::verify(data, Tail::Open, |record, _| match &record.event {
        Event::Canary { outgoing, .. } => canaries.push(outgoing.id.clone()),
        Event::Moved { step: sportello::outbox::schedule::Move::InDot, .. } => dots += 1,
        _ => {}
    })
    .unwrap();
    (canaries.len(), dots)
}

/// The real program, killed between every two steps of a canary's writing: the next start has one.
#[test]
fn killed_at_any_step_of_its_writing_there_is_one() {
    for fault in ["archive.create", "archive.rename", "outbox.freeze", "journal.write", "journal.fsync", "outbox.claim"]
    {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::create(Timestamp::now()).unwrap();
        let house = House::build(dir.path(), OFFICE, &dir.path().join("posta"), authority.certificate_der());
        let text = fs::read_to_string(&house.file).unwrap();
        fs::write(&house.file, format!("{text}[allarmi]\ncanarino = \"00:00\"\n[revoca]\nattiva = false\n")).unwrap();
        // The register's first line is written by an earlier start: the fault is the canary's.
        drop(Store::open(&house.data, Timestamp::now()).unwrap());
        let log = dir.path().join("log");
        let mut killed = Daemon::run_with_faults(&house.file, &format!("{fault}=kill"), &log);
        assert!(!killed.end().success());
        assert_eq!(killed.logged(&["fault_injected", fault]), 1, "{fault}: {}", killed.log());
        for n in 1..=2 {
            let mut daemon = Daemon::run(&house.file, &dir.path().join(format!("log-{n}")));
            daemon.wait_logged(1, &["sportello started"]);
            wait(fault, || (written(&house.data).0 == 1).then_some(()));
            daemon.signal("TERM");
            assert!(daemon.end().success());
        }
        assert_eq!(written(&house.data).0, 1, "{fault}");
        let (all, _) = Overview::read(&house.data).unwrap();
        assert!(all.items.len() == 1 && all.canaries[0].waiting.len() == 1, "{fault}: {:?}", all.canaries);
    }
}

//! An alarm is told once, by every road that is open, repeated now and then, and called off.

use super::bell::Bell;
use super::notice::{Ledger, Notice};
use super::road::{Hook, Mail, Road, Telling};
use super::*;
use crate::clock::{Clock, Simulated};
use crate::config::Entrance;
use crate::outbox::{Answer, Courier, Gate};
use crate::submit::Outcome;
use crate::{disk, net};
use jiff::SignedDuration;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::Instant;

fn alarms_of(codes: &[(Code, &str)], at: Timestamp) -> BTreeMap<Key, Alarm> {
    let alarm = |&(code, about): &(Code, &str)| {
        let alarm = Alarm { code, about: about.into(), text: format!("{about} non va"), since: at };
        ((code, about.to_owned()), alarm)
    };
    codes.iter().map(alarm).collect()
}

fn told(notice: &Notice) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
    (
        notice.raised.iter().map(|a| a.about.as_str()).collect(),
        notice.repeated.iter().map(|a| a.about.as_str()).collect(),
        notice.cleared.iter().map(|a| a.about.as_str()).collect(),
    )
}

#[test]
fn an_alarm_is_told_once_repeated_every_six_hours_and_called_off_when_it_stays_away() {
    let calm = SignedDuration::from_mins(15);
    let start: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    let at = |minutes: i64| start.checked_add(SignedDuration::from_mins(minutes)).unwrap();
    let (none, one) = (BTreeMap::new(), alarms_of(&[(Code::IntakeDead, "a")], start));
    let two = alarms_of(&[(Code::IntakeDead, "a"), (Code::DiskLow, "b")], start);
    let mut ledger = Ledger::default();
    // (minute, what is open, what is told)
    type Row<'a> = (i64, &'a BTreeMap<Key, Alarm>, (&'a [&'a str], &'a [&'a str], &'a [&'a str]));
    let rows: [Row<'_>; 9] = [
        (0, &one, (&["a"], &[], &[])),
        (1, &one, (&[], &[], &[])),
        (2, &two, (&["b"], &[], &[])),
        (361, &two, (&[], &["a"], &[])),
        (362, &two, (&[], &["b"], &[])),
        (363, &one, (&[], &[], &[])), // "b" comes and goes: one episode
        (370, &two, (&[], &[], &[])),
        (400, &none, (&[], &[], &[])),
        (415, &none, (&[], &[], &["a", "b"])),
    ];
    for (minute, open, expected) in rows {
        let notice = ledger.pending(open, calm, at(minute));
        assert_eq!(told(&notice), (expected.0.to_vec(), expected.1.to_vec(), expected.2.to_vec()), "minute {minute}");
        ledger.told(&notice, at(minute));
    }
    assert!(ledger.pending(&none, calm, at(10_000)).is_empty());
}

type Heard = Arc<Mutex<Vec<(Instant, Notice)>>>;

/// A road that a test opens and closes.
struct Wire {
    name: &'static str,
    open: Arc<Mutex<bool>>,
    heard: Heard,
}

impl Road for Wire {
    fn name(&self) -> String {
        self.name.into()
    }

    fn tell<'a>(&'a self, notice: &'a Notice, _: Timestamp) -> Telling<'a> {
        Box::pin(async move {
            if !*self.open.lock().unwrap() {
                return Err("chiusa".into());
            }
            self.heard.lock().unwrap().push((Instant::now(), notice.clone()));
            Ok(())
        })
    }
}

struct Scene {
    alarms: Arc<Alarms>,
    health: Arc<Health>,
    clock: Clock,
    data: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let health = Health::new();
        let clock = Clock::Simulated(Simulated::starting("2026-03-02T08:00:00Z".parse().unwrap()));
        Self { alarms: Alarms::new(health.clone()), health, clock, data: tempfile::tempdir().unwrap() }
    }

    /// Rings by these roads until the stop is sent.
    fn ring(&self, roads: Vec<Box<dyn Road>>) -> watch::Sender<bool> {
        let (stop, stopped) = watch::channel(false);
        let memory = (disk::real(), self.data.path().join("allarmi.json"));
        let silence = Duration::from_secs(600);
        let bell =
            Bell::new(self.alarms.clone(), self.health.clone(), roads, silence, memory, self.clock.clone(), |_| ());
        tokio::spawn(bell.run(stopped));
        stop
    }
}

fn wire(name: &'static str, open: bool) -> (Box<dyn Road>, Arc<Mutex<bool>>, Heard) {
    let (open, heard) = (Arc::new(Mutex::new(open)), Heard::default());
    (Box::new(Wire { name, open: open.clone(), heard: heard.clone() }), open, heard)
}

#[tokio::test(start_paused = true)]
async fn a_dead_intake_is_told_within_ten_minutes_by_every_road_once_and_called_off() {
    let scene = Scene::new();
    let pulse = scene.health.folder("protocollo", "INBOX");
    let start = Instant::now();
    let ((one, _, first), (two, door, second)) = (wire("posta", true), wire("webhook", false));
    let stop = scene.ring(vec![one, two]);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    {
        let first = first.lock().unwrap();
        assert_eq!(first.len(), 1, "{first:?}");
        let (at, notice) = &first[0];
        assert!(*at - start <= Duration::from_secs(620), "{:?}", *at - start);
        assert_eq!(notice.raised[0].code, Code::IntakeDead);
        assert!(notice.raised[0].text.contains("INBOX"), "{}", notice.raised[0].text);
    }
    assert_eq!(scene.health.snapshot().marks[MARK], 1);
    // The second road opens: it hears all, within its longest pause.
    *door.lock().unwrap() = true;
    tokio::time::sleep(Duration::from_secs(1900)).await;
    assert_eq!(second.lock().unwrap().len(), 1);
    // A restart, with the mailbox still dead, repeats nothing.
    stop.send(true).unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let (one, _, again) = wire("posta", true);
    let _stop = scene.ring(vec![one]);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(again.lock().unwrap().is_empty(), "{again:?}");
    // It lives again: the all-clear comes once it has stayed so.
    for _ in 0..40 {
        pulse.looked(scene.clock.now(), 0);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let again = again.lock().unwrap();
    assert_eq!(again.iter().map(|(_, n)| (n.raised.len(), n.cleared.len())).collect::<Vec<_>>(), [(0, 1)]);
}

#[tokio::test(start_paused = true)]
async fn the_last_words_of_a_service_are_told_once_however_often_it_is_restarted() {
    let scene = Scene::new();
    let (one, open, heard) = wire("posta", true);
    drop((one, open));
    for _ in 0..3 {
        let road = Box::new(Wire { name: "posta", open: Arc::new(Mutex::new(true)), heard: heard.clone() });
        let memory = (disk::real(), scene.data.path().join("allarmi.json"));
        let health = Health::new();
        let alarms = Alarms::new(health.clone());
        let silence = Duration::from_secs(600);
        let bell = Bell::new(alarms, health, vec![road], silence, memory, scene.clock.clone(), |_| ());
        bell.last_words(Code::StorageStopped, "servizio", "il disco non scrive").await;
    }
    assert_eq!(heard.lock().unwrap().len(), 1);
}

/// Keeps what it is given.
struct Post(Arc<Mutex<Vec<Vec<u8>>>>);

impl Courier for Post {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            gate().await.unwrap();
            self.0.lock().unwrap().push(bytes.to_vec());
            Outcome::Taken { reply: "250".into() }
        })
    }
}

fn notice() -> Notice {
    let open = alarms_of(&[(Code::RoadClosed, "pec")], "2026-03-02T08:00:00Z".parse().unwrap());
    Notice { raised: open.into_values().collect(), ..Notice::default() }
}

#[tokio::test]
async fn a_letter_to_an_administrator_says_that_a_machine_wrote_it() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let mail = Mail {
        courier: Box::new(Post(sent.clone())),
        from: "allarmi@comune.example".into(),
        to: "ced@comune.example".into(),
        entity: "Comune di Prova".into(),
        instance: "pec.comune.example".into(),
    };
    mail.tell(&notice(), Timestamp::UNIX_EPOCH).await.unwrap();
    let sent = sent.lock().unwrap();
    let text = String::from_utf8(sent[0].clone()).unwrap();
    for part in ["Auto-Submitted: auto-generated", "To: ced@comune.example", "ALLARME", "road-closed"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!mail.name().contains('@'), "an address does not go into the log");
}

/// Answers one request with these words, and gives back what it was asked.
async fn web(answer: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut seen, mut piece) = (Vec::new(), [0; 1024]);
        while !seen.ends_with(b"}") {
            let n = stream.read(&mut piece).await.unwrap();
            seen.extend_from_slice(&piece[..n]);
            if n == 0 {
                break;
            }
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(seen).unwrap()
    });
    (port, served)
}

#[tokio::test]
async fn a_webhook_is_told_in_json_and_only_a_success_counts() {
    for (answer, taken) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true),
        ("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", false),
        ("SSH-2.0\r\n\r\n", false),
    ] {
        let (port, served) = web(answer).await;
        let url = Entrance::read(&format!("http://127.0.0.1:{port}/allarmi")).unwrap();
        let hook = Hook { net: net::real(), url, ca_file: None, entity: "Comune di Prova".into() };
        let told = hook.tell(&notice(), Timestamp::UNIX_EPOCH).await;
        assert_eq!(told.is_ok(), taken, "{answer}: {told:?}");
        let asked = served.await.unwrap();
        let (head, body) = asked.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /allarmi HTTP/1.1") && head.contains("application/json"), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["raised"][0]["code"], "road-closed");
        assert_eq!(body["raised"][0]["about"], "pec");
    }
}

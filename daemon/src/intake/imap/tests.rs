//! The watcher against a server that lies: nothing is done that was not whole, and nothing is lost in the end.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

use super::{
    super::{
        arrival::*,
        cursor::{Cursor, Why},
    },
    *,
};
use server::{Act, Server, say};

mod faults;
mod server;
mod session;
mod silence;

/// A cursor kept in memory, shared with the test.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Option<Cursor>>>);

impl CursorStore for Memory {
    fn load(&mut self) -> Option<Cursor> {
        self.0.lock().unwrap().clone()
    }

    fn save(&mut self, cursor: &Cursor) -> std::io::Result<()> {
        *self.0.lock().unwrap() = Some(cursor.clone());
        Ok(())
    }
}

/// What the outside saw, in order.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Event(Event),
    /// (arrival, bytes in the spool file)
    Arrived(Arrival, Vec<u8>),
}

fn settings() -> Settings {
    Settings {
        account: "protocollo".into(),
        host: "imap.gestore.test".into(),
        port: 993,
        server_name: None,
        ca_file: None,
        user: "ente@ente.test".into(),
        password: Secret::new("segreta"),
        folder: "INBOX".into(),
        door: Door::default(),
        recall: Recall::default(),
        poll: Duration::from_secs(300),
        idle_max: IDLE_MAX,
        move_to: None,
        message_bytes_max: 10 << 20,
        net: crate::net::real(),
        disk: crate::disk::real(),
    }
}

/// Runs the watcher until `enough` of what was seen, answering every delivery with what `filed` says.
async fn watch_server(
    server: &Server,
    settings: &Settings,
    memory: &Memory,
    mut filed: impl FnMut(&Arrival) -> Filed,
    enough: impl Fn(&[Seen]) -> bool,
) -> Vec<Seen> {
    let spool = tempfile::tempdir().unwrap();
    let (deliveries, mut arrivals) = mpsc::channel(1);
    let (report, mut events) = mpsc::unbounded_channel();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let report = move |event| drop(report.send(event));
    let watching = watch_over(settings, server, memory.clone(), deliveries, spool.path().to_owned(), stopped, report);
    tokio::pin!(watching);
    let mut seen = Vec::new();
    let end = Instant::now() + Duration::from_secs(7 * 86_400);
    while !enough(&seen) {
        tokio::select! {
           biased;
            Some(event) = events.recv() => seen.push(Seen::Event(event)),
            Some(Delivery { arrival, done }) = arrivals.recv() => {
                let bytes = std::fs::read(&arrival.spool).unwrap();
                assert_eq!(bytes.len() as u64, arrival.bytes);
                let answer = filed(&arrival);
                seen.push(Seen::Arrived(arrival, bytes));
                done.send(answer).unwrap();
            }
            () = &mut watching => panic!("the watcher ended: {seen:?}"),
            () = tokio::time::sleep_until(end) => panic!("a week passed: {seen:?}"),
        }
    }
    seen
}

fn kept(_: &Arrival) -> Filed {
    Filed::Kept
}

fn looks(seen: &[Seen]) -> usize {
    seen.iter().filter(|s| matches!(s, Seen::Event(Event::Looked { .. }))).count()
}

/// (uid, bytes) in order of arrival.
fn arrived(seen: &[Seen]) -> Vec<(u32, Vec<u8>)> {
    let uid = |place: &Place| {
        if let Place::Imap { uid, .. } = place { *uid } else { 0 }
    };
    seen.iter()
        .filter_map(|s| if let Seen::Arrived(a, bytes) = s { Some((uid(&a.place), bytes.clone())) } else { None })
        .collect()
}

fn events(seen: &[Seen]) -> Vec<&Event> {
    seen.iter().filter_map(|s| if let Seen::Event(e) = s { Some(e) } else { None }).collect()
}

const ONE: &[u8] = b"Subject: uno\r\n\r\nprimo\r\n";
const TWO: &[u8] = b"Subject: due\r\n\r\nsecondo, 8 bit: \xe8\xff\0\r\n";
const THREE: &[u8] = b"Subject: tre\r\n\r\n* 1 FETCH (UID 9 BODY[] {3}\r\nabc)\r\n";

fn three() -> Vec<(u32, &'static [u8])> {
    vec![(3, ONE), (5, TWO), (9, THREE)]
}

fn three_arrived() -> Vec<(u32, Vec<u8>)> {
    three().into_iter().map(|(uid, bytes)| (uid, bytes.to_vec())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_folder_is_read_once_and_touched_never() {
    let server = Server::honest(&three());
    let memory = Memory::default();
    let seen = watch_server(&server, &settings(), &memory, kept, |seen| looks(seen) == 3).await;
    assert_eq!(arrived(&seen), three_arrived());
    let Seen::Arrived(arrival, _) = seen.iter().find(|s| matches!(s, Seen::Arrived(..))).unwrap() else {
        unreachable!()
    };
    assert_eq!(arrival.place, Place::Imap { folder: "INBOX".into(), uidvalidity: 7, uid: 3 });
    assert_eq!(arrival.received.unwrap().to_string(), "2026-02-07T20:52:25Z");
    assert_eq!((arrival.oversized, arrival.size_mismatch), (None, false));
    assert!(!arrival.spool.exists(), "the spool file is removed after the answer");
    let log = server.folder.lock().unwrap().log.join("\n");
    assert!(log.contains("EXAMINE") && !log.contains("SELECT") && !log.contains("BODY["), "{log}");
    assert!(!["STORE", "EXPUNGE", "SEARCH", "COPY", "CLOSE"].iter().any(|word| log.contains(word)), "{log}");

    // After a restart the cursor is enough: nothing is fetched again.
    let seen = watch_server(&server, &settings(), &memory, kept, |seen| looks(seen) == 1).await;
    assert_eq!(arrived(&seen), vec![]);
}

#[tokio::test(start_paused = true)]
async fn idle_brings_new_mail_at_once_and_the_poll_brings_it_anyway() {
    for idle in [true, false] {
        let server = Server::honest(&three());
        if !idle {
            server.folder.lock().unwrap().capabilities = "IMAP4rev1";
        }
        let (folder, news) = (server.folder.clone(), server.news.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(30)).await;
            folder.lock().unwrap().messages.insert(10, ONE.to_vec());
            news.notify_one();
        });
        let start = Instant::now();
        watch_server(&server, &settings(), &Memory::default(), kept, |seen| arrived(seen).len() == 4).await;
        assert_eq!(start.elapsed().as_secs(), if idle { 30 } else { 300 });
    }
}

/// The server says EXISTS once, in the answer to whatever is asked then; IDLE will not say it again. Seen with Dovecot:
/// receipts that came while others were being registered waited for the poll.
#[tokio::test(start_paused = true)]
async fn mail_that_comes_while_other_mail_is_fetched_does_not_wait_for_the_poll() {
    let says_it_in_passing = |_: usize, _: &str, said: &str| {
        (said.starts_with("UID FETCH 5 (")).then(|| vec![say("* 4 EXISTS\r\n"), Act::Honest])
    };
    let server = Server::with(&three(), Box::new(says_it_in_passing));
    let start = Instant::now();
    let comes_late = |_: &Arrival| {
        server.folder.lock().unwrap().messages.entry(10).or_insert_with(|| ONE.to_vec());
        Filed::Kept
    };
    watch_server(&server, &settings(), &Memory::default(), comes_late, |seen| arrived(seen).len() == 4).await;
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_message_not_kept_is_offered_again_and_the_cursor_waits() {
    let server = Server::honest(&three());
    let memory = Memory::default();
    let mut refusals = 2;
    let filed = |arrival: &Arrival| {
        let five = matches!(arrival.place, Place::Imap { uid: 5, .. });
        if five && refusals > 0 {
            refusals -= 1;
            return Filed::NotKept;
        }
        Filed::Kept
    };
    let seen = watch_server(&server, &settings(), &memory, filed, |seen| looks(seen) == 1).await;
    let order: Vec<u32> = arrived(&seen).iter().map(|(uid, _)| *uid).collect();
    assert_eq!(order, [3, 5, 9, 5, 5], "those behind it are not held up, and not fetched again");
    assert_eq!(events(&seen).iter().filter(|e| matches!(e, Event::Lost { trouble: Trouble::NotKept, .. })).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_agreed_is_announced_by_its_headers() {
    let large = [b"Subject: grande\r\n\r\n".to_vec(), b"x".repeat(2000)].concat();
    let server = Server::honest(&[(3, &large), (4, ONE)]);
    let settings = Settings { message_bytes_max: 1000, move_to: Some("Lette".into()), ..settings() };
    let seen = watch_server(&server, &settings, &Memory::default(), kept, |seen| looks(seen) == 1).await;
    assert_eq!(arrived(&seen)[0], (3, b"Subject: grande\r\n\r\n".to_vec()));
    let Seen::Arrived(arrival, _) = seen.iter().find(|s| matches!(s, Seen::Arrived(..))).unwrap() else {
        unreachable!()
    };
    assert_eq!(arrival.oversized, Some(2019));
    assert!(events(&seen).contains(&&Event::Oversized { uid: 3, size: 2019 }));
    let folder = server.folder.lock().unwrap();
    assert_eq!(folder.moved, [(4, "Lette".to_owned())], "the large one stays where a person will look for it");
}

#[tokio::test(start_paused = true)]
async fn a_large_message_comes_in_pieces() {
    let large: Vec<u8> = (0..3_500_000_u32).map(|n| (n * 31 % 251) as u8).collect();
    let exact = large[..2 << 20].to_vec();
    let server = Server::honest(&[(1, &large), (2, &exact)]);
    let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| looks(seen) == 1).await;
    assert!(arrived(&seen) == vec![(1, large), (2, exact)]);
    assert!(server.folder.lock().unwrap().log.iter().any(|c| c.contains("BODY.PEEK[]<3145728.1048576>")));
}

#[tokio::test(start_paused = true)]
async fn another_uidvalidity_and_a_falling_uidnext_read_everything_again() {
    let server = Server::honest(&three());
    let memory = Memory::default();
    watch_server(&server, &settings(), &memory, kept, |seen| looks(seen) == 1).await;
    server.folder.lock().unwrap().uidvalidity = 8;
    let seen = watch_server(&server, &settings(), &memory, kept, |seen| looks(seen) == 1).await;
    assert_eq!(arrived(&seen), three_arrived());
    assert!(events(&seen).contains(&&Event::Rescan(Why::ValidityChanged { was: 7 })));
    {
        let mut folder = server.folder.lock().unwrap();
        folder.messages.remove(&9);
        folder.uidnext = 6;
    }
    let seen = watch_server(&server, &settings(), &memory, kept, |seen| looks(seen) == 1).await;
    assert_eq!(arrived(&seen), three_arrived()[..2]);
    assert!(events(&seen).contains(&&Event::Rescan(Why::UidnextFell { was: 10 })));
}

#[tokio::test(start_paused = true)]
async fn sparse_uids_are_crossed_in_few_commands() {
    let server = Server::honest(&[(1, ONE), (4_000_000_000, TWO)]);
    let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| looks(seen) == 1).await;
    assert_eq!(arrived(&seen).len(), 2);
    assert!(server.folder.lock().unwrap().log.len() < 60);
}

#[tokio::test(start_paused = true)]
async fn kept_messages_are_moved_to_a_folder_that_is_made_for_them() {
    let server = Server::honest(&three());
    let settings = Settings { move_to: Some("Lette".into()), ..settings() };
    let seen = watch_server(&server, &settings, &Memory::default(), kept, |seen| looks(seen) == 1).await;
    assert_eq!(arrived(&seen), three_arrived());
    let folder = server.folder.lock().unwrap();
    assert_eq!(folder.moved.iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [3, 5, 9]);
    assert_eq!(folder.folders, ["INBOX", "Lette"]);
}

#[tokio::test(start_paused = true)]
async fn a_move_that_did_not_happen_is_reported_and_nothing_else() {
    let claims = |_: usize, tag: &str, command: &str| {
        command.starts_with("UID MOVE").then(|| vec![say(&format!("{tag} OK moved\r\n"))])
    };
    let lying = Server::with(&three(), Box::new(claims));
    let without = Server::honest(&three());
    without.folder.lock().unwrap().capabilities = "IMAP4rev1 IDLE";
    for server in [lying, without] {
        let settings = Settings { move_to: Some("Lette".into()), ..settings() };
        let seen = watch_server(&server, &settings, &Memory::default(), kept, |seen| looks(seen) == 2).await;
        assert_eq!(arrived(&seen), three_arrived());
        let not_moved = |e: &&&Event| matches!(e, Event::NotMoved { trouble: Trouble::Refused("UID MOVE"), .. });
        assert_eq!(events(&seen).iter().filter(not_moved).count(), 3);
        assert_eq!(server.folder.lock().unwrap().messages.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_watch_at_once() {
    let server = Server::honest(&[]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (deliveries, _arrivals) = mpsc::channel(1);
    let spool = tempfile::tempdir().unwrap();
    std::fs::write(spool.path().join("imap-7-1.tmp"), "left behind").unwrap();
    std::fs::write(spool.path().join("altro.tmp"), "not ours").unwrap();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(100)).await;
        stop.send(true).unwrap();
        std::future::pending::<()>().await;
    });
    let settings = settings();
    let start = Instant::now();
    watch_over(&settings, &server, Memory::default(), deliveries, spool.path().to_owned(), stopped, |_| ()).await;
    assert_eq!(start.elapsed().as_secs(), 100);
    let left: Vec<_> = std::fs::read_dir(spool.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["altro.tmp"]);
}

#[test]
fn dates_are_read_or_left_out() {
    assert_eq!(watcher::internal_date("17-Jul-1996 02:44:25 -0700").unwrap().to_string(), "1996-07-17T09:44:25Z");
    for bad in ["", "ieri", "31-Feb-2026 00:00:00 +0000", "17-Jul-1996 02:44:25"] {
        assert_eq!(watcher::internal_date(bad), None, "{bad:?}");
    }
}

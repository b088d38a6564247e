//! Changes when what the service promises of a mailbox with several folders, of people beside it, or of a wrong cursor changes.

use super::world::{Choices, Comune, OFFICE, World};
use crate::support::{Daemon, ask, wait, wait_or};
use serde_json::Value;
use sportello::digest::sha256;
use sportello::journal::record::Event;
use sportello::store::Store;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A folder that IMAP cannot name in ASCII.
const RECEIPTS: &str = "Attività & ricevute";
/// Messages that people move, read and delete while the service reads them.
const MANY: usize = 120;

fn message(n: usize) -> Vec<u8> {
    format!("From: x@altrove.test\r\nSubject: n {n}\r\n\r\ntesto {n}\r\n").into_bytes()
}

fn save(world: &World, folder: &str, raw: &[u8]) {
    world.doveadm(&["save", "-u", OFFICE, "-m", folder], raw);
}

/// Digest and place of every message that was decided.
fn decided(comune: &Comune) -> Vec<(String, String)> {
    let decided = comune.journal().into_iter().filter_map(|record| match record.event {
        Event::Decided(decided) => Some((decided.digest, decided.place)),
        _ => None,
    });
    decided.collect()
}

fn wait_decided(comune: &Comune, service: &Daemon, n: usize) {
    wait_or(|| service.log(), || (decided(comune).len() >= n).then_some(()));
}

/// Takes what is posted to it, and says yes.
fn webhook() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/allarmi", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut seen, mut piece) = (stream.unwrap(), Vec::new(), [0; 1024]);
            while !seen.ends_with(b"}") {
                match stream.read(&mut piece) {
                    Ok(n @ 1..) => seen.extend_from_slice(&piece[..n]),
                    _ => break,
                }
            }
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
            kept.lock().unwrap().push(String::from_utf8_lossy(&seen).into_owned());
        }
    });
    (url, heard)
}

/// Receipts that the provider sorts apart are read; a folder that is not there is told, and holds up no other.
#[test]
fn several_folders_are_read_and_a_missing_one_is_an_alarm() {
    let Some(world) = World::up() else { return };
    let (url, heard) = webhook();
    let imap = format!("cartelle = [\"INBOX\", \"{RECEIPTS}\", \"Nessuna\"]\n[allarmi]\nwebhook = \"{url}\"");
    let comune = Comune::build(&world, &Choices { imap: imap.leak(), ..Choices::default() });
    world.doveadm(&["mailbox", "create", "-u", OFFICE, RECEIPTS], b"");
    save(&world, "INBOX", &message(0));
    save(&world, RECEIPTS, &message(1));
    let (code, said) = comune.check();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Casella protocollo: NON risponde") && said.contains("«Nessuna»"), "{said}");

    let mut service = Daemon::run(&comune.file, &comune.log);
    wait_decided(&comune, &service, 2);
    wait("the alarm", || heard.lock().unwrap().iter().any(|told| told.contains("folder-missing")).then_some(()));
    let told = heard.lock().unwrap().join("\n");
    assert!(told.contains("protocollo/Nessuna") && !told.contains("altrove"), "{told}");
    // It is made: its mail comes like any other's.
    world.doveadm(&["mailbox", "create", "-u", OFFICE, "Nessuna"], b"");
    save(&world, "Nessuna", &message(2));
    save(&world, RECEIPTS, &message(3));
    wait_decided(&comune, &service, 4);
    let places: BTreeSet<String> =
        decided(&comune).into_iter().map(|(_, place)| place.split(';').next().unwrap().to_owned()).collect();
    let expected = ["INBOX", RECEIPTS, "Nessuna"].map(|folder| format!("protocollo/imap:{folder}"));
    assert_eq!(places, expected.into());
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
}

/// `sportello reconcile --json`: exit code and report.
fn reconcile(comune: &Comune) -> (Option<i32>, Value) {
    let (code, out, err) = ask(&["reconcile", "--json", "--archive", "--config", comune.file.to_str().unwrap()]);
    (code, serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}")))
}

/// Makes the cursor of the inbox say this: its text after version and UIDVALIDITY.
fn corrupt(comune: &Comune, text: &str) {
    let place = format!("protocollo|{OFFICE}@127.0.0.1|INBOX");
    let mut store = Store::open(&comune.data, jiff::Timestamp::now()).unwrap();
    let known = store.cursor(&place).unwrap();
    store.keep_cursor(&place, &format!("v1 {} {text}", known.uidvalidity()).parse().unwrap()).unwrap();
}

fn stop(mut service: Daemon) {
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
}

/// Reliability.md §6, T09: a cursor that is wrong, either way and with or without a service, is found and set right.
#[test]
fn a_wrong_cursor_is_found_and_set_right() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    for n in 0..20 {
        save(&world, "INBOX", &message(n));
    }
    let service = Daemon::run(&comune.file, &comune.log);
    wait_decided(&comune, &service, 20);
    let (code, report) = reconcile(&comune);
    assert_eq!((code, &report["found"], &report["messages"]), (Some(0), &0.into(), &20.into()), "{report}");
    assert_eq!(report["folders"][0]["listed"], 20);
    assert_eq!(report["read_back"], 20);
    stop(service);

    // Ahead: ten messages that nobody ever fetched are called finished.
    for n in 20..30 {
        save(&world, "INBOX", &message(n));
    }
    corrupt(&comune, "31 31 -");
    let service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(2, &["event=\"imap_connected\""]);
    let (code, report) = reconcile(&comune);
    assert_eq!((code, &report["found"]), (Some(1), &10.into()), "{report}");
    let differences = report["differences"].as_array().unwrap();
    assert!(differences.iter().all(|d| d["kind"] == "lost" && d["healed"] == true), "{report}");
    assert_eq!(decided(&comune).len(), 30);
    service.wait_logged(1, &["event=\"alarm_raised\"", "not-reconciled"]);
    assert_eq!(reconcile(&comune).0, Some(0));
    service.wait_logged(1, &["event=\"alarm_cleared\"", "not-reconciled"]);
    // And what comes next is read as ever.
    save(&world, "INBOX", &message(30));
    wait_decided(&comune, &service, 31);
    stop(service);

    // A thousand behind, and a thousand ahead of all there is: everything is known by its content, nothing twice.
    for (wrong, starts) in [("32 1 -", 3), ("32 1032 -", 4)] {
        corrupt(&comune, wrong);
        let service = Daemon::run(&comune.file, &comune.log);
        service.wait_logged(starts, &["event=\"started\""]);
        let (code, report) = reconcile(&comune);
        assert_eq!(code, Some(0), "{wrong}: {report}");
        assert_eq!(decided(&comune).len(), 31, "{wrong}");
        stop(service);
    }

    // Nobody runs: the command finds it, and the next start fetches it.
    save(&world, "INBOX", &message(31));
    corrupt(&comune, "33 33 -");
    let (code, report) = reconcile(&comune);
    assert_eq!((code, &report["found"]), (Some(1), &1.into()), "{report}");
    assert_eq!(report["differences"][0]["place"], "protocollo/INBOX uid 32");
    let service = Daemon::run(&comune.file, &comune.log);
    wait_decided(&comune, &service, 32);
    assert_eq!(reconcile(&comune).0, Some(0));
    stop(service);
}

/// Reliability.md §6, T05: people read, move and delete while messages come; whatever stayed is kept, byte for byte, once.
#[test]
fn people_beside_the_service_cost_it_nothing() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    world.doveadm(&["mailbox", "create", "-u", OFFICE, "Altro"], b"");
    let service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(1, &["event=\"imap_connected\""]);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..MANY).for_each(|n| save(&world, "INBOX", &message(n))));
        scope.spawn(|| {
            // By UID, whether it is there yet or not, and whether the service has it or not.
            for uid in (1..=MANY).map(|uid| uid.to_string()) {
                let of = |what: &[&str]| {
                    let args = [what, &["mailbox", "INBOX", "uid", &uid]].concat();
                    world.doveadm(&args, b"");
                };
                match uid.parse::<usize>().unwrap() % 4 {
                    0 => of(&["flags", "add", "-u", OFFICE, "\\Seen \\Flagged"]),
                    1 => of(&["move", "-u", OFFICE, "Altro"]),
                    2 => of(&["expunge", "-u", OFFICE]),
                    _ => {}
                }
            }
        });
    });
    let stayed = || {
        let text = world.doveadm(&["fetch", "-u", OFFICE, "hdr.subject", "mailbox", "INBOX"], b"");
        let number = |line: &str| line.strip_prefix("hdr.subject: n ")?.trim().parse::<usize>().ok();
        text.lines().filter_map(number).collect::<Vec<_>>()
    };
    let stayed: Vec<String> = stayed().into_iter().map(|n| sha256(&message(n))).collect();
    assert!(stayed.len() >= MANY / 2 && stayed.len() <= MANY, "{} stayed", stayed.len());
    wait_or(
        || service.log(),
        || {
            let have: BTreeSet<String> = decided(&comune).into_iter().map(|(digest, _)| digest).collect();
            stayed.iter().all(|digest| have.contains(digest)).then_some(())
        },
    );
    let all = decided(&comune);
    let once: BTreeSet<&String> = all.iter().map(|(digest, _)| digest).collect();
    assert_eq!(once.len(), all.len(), "each is decided once");
    let sent: BTreeSet<String> = (0..MANY).map(|n| sha256(&message(n))).collect();
    assert!(all.iter().all(|(digest, _)| sent.contains(digest)), "and byte for byte as it came");
    let (code, report) = reconcile(&comune);
    assert_eq!(code, Some(0), "{report}");
    println!("{MANY} messages, {} stayed, {} kept, lost 0, doubled 0", stayed.len(), all.len());
    stop(service);
}

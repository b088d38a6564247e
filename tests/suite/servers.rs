//! Changes when a journey of the whole service through real mail servers changes. Run by `tests/run`; see `tests/servers`.

#[path = "servers/canary.rs"]
mod canary;
#[path = "servers/citizens.rs"]
mod citizens;
#[path = "servers/courtesy.rs"]
mod courtesy;
#[path = "servers/folders.rs"]
mod folders;
#[path = "servers/offices.rs"]
mod offices;
#[path = "servers/pace.rs"]
pub mod pace;
#[path = "servers/sources.rs"]
mod sources;
#[path = "servers/wire.rs"]
mod wire;
#[path = "servers/world.rs"]
pub mod world;

use crate::support::{Daemon, cut_off_twice, journal_lines, wait, wait_decided, wait_or};
use sportello::journal::record::Event;
use sportello::outbox::schedule::Move;
use std::collections::BTreeMap;
use std::fs;
use world::{Choices, Comune, OFFICE, TASKS, World, citizen};

/// Citizens of the round.
const CITIZENS: usize = 20;

/// A citizen submits, the provider seals, Dovecot delivers, the service is woken, decides and replies, and its reply is
/// followed to the delivery receipt. What it took is printed.
#[test]
fn twenty_citizens_are_answered_to_the_delivery_receipt() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    let (code, said) = comune.check();
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "Casella protocollo: risponde (TLSv1_3",
        "(IDLE)",
        "Invio pec: risponde",
        "Invio uffici: risponde",
        "SIMULAZIONE",
    ] {
        assert!(said.contains(line), "«{line}» is not in:\n{said}");
    }
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(1, &["event=\"imap_connected\""]);
    for n in 0..CITIZENS {
        world.writes(&citizen(n));
        comune.wait_delivered(n + 1); // one by one: what is measured is the way of one message
    }
    let states = |lane: &str| comune.items(lane).into_iter().map(|(_, state)| state).collect::<Vec<_>>();
    wait("all tasks sent", || (states("internal") == vec!["sent"; CITIZENS]).then_some(()));
    assert_eq!(states("pec"), vec!["delivered"; CITIZENS]);
    wait("all tasks in the office's mailbox", || (world.letters(TASKS) == CITIZENS).then_some(()));
    for n in 0..CITIZENS {
        assert_eq!(world.letters(&citizen(n)), 1);
    }
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    assert_eq!(service.logged(&["ERROR"]) + service.logged(&["WARN"]), 0, "{}", service.log());
    let log = service.log();
    for private in ["cittadino-", "BNCNNA80A41H501R", "residenza", "Rose", "segreta"] {
        assert!(!log.contains(private), "«{private}» is in the log:\n{log}");
    }
    print_times(&world, &comune);
}

/// Milliseconds from Dovecot's delivery of each request to its decision, to the provider's 250 for its reply, and to the
/// reply's delivery receipt being registered.
pub fn times(world: &World, comune: &Comune) -> BTreeMap<&'static str, Vec<i64>> {
    let records = comune.journal();
    let mut times: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
    for record in &records {
        let Event::Decided(decided) = &record.event else { continue };
        let Some(reply) = decided.decision.outgoing.iter().find(|o| o.lane == casework::Lane::Pec) else { continue };
        let uid = decided.place.rsplit_once("uid=").unwrap().1;
        let delivered = world.delivered_at(OFFICE, uid);
        let submitted = records
            .iter()
            .find(|r| matches!(&r.event, Event::Moved { item, step: Move::Submitted { .. } } if *item == reply.id));
        let receipt = records.iter().rfind(|r| match &r.event {
            Event::Decided(d) => {
                d.changes().iter().any(|c| matches!(c, casework::Change::Learned { item, .. } if *item == reply.id))
            }
            _ => false,
        });
        for (what, record) in
            [("1 decided", Some(record)), ("2 reply submitted", submitted), ("3 receipt in hand", receipt)]
        {
            times.entry(what).or_default().push(record.unwrap().at.duration_since(delivered).as_millis() as i64);
        }
    }
    times
}

fn print_times(world: &World, comune: &Comune) {
    for (what, mut all) in times(world, comune) {
        all.sort_unstable();
        println!(
            "from delivery to {what}: {} messages, median {} ms, max {} ms",
            all.len(),
            all[all.len() / 2],
            all[all.len() - 1]
        );
    }
}

/// Killed again and again in the middle of ten messages: nobody is answered twice, nothing is lost.
#[test]
fn killed_in_the_middle_nobody_is_answered_twice() {
    const MANY: usize = 10;
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    for n in 0..MANY {
        world.writes(&citizen(n));
    }
    wait("all sealed and delivered", || (world.count(OFFICE, "INBOX") >= MANY).then_some(()));
    // An uncertain item is a person's, who sees it; whatever can still come for it has come when the others are delivered.
    let is_over = |lane: &str| {
        let items = comune.items(lane);
        let is_over = |state: &str| ["delivered", "sent", "unknown"].contains(&state);
        items.len() == MANY && items.iter().all(|(_, state)| is_over(state))
    };
    let mut kills = 0;
    for growth in [13, 11, 9, 8, 7, 6, 5, 3] {
        if is_over("pec") && is_over("internal") {
            break; // on a busy machine more is decided together, and sooner
        }
        let spared = cut_off_twice(&comune.data);
        let mut service = Daemon::run(&comune.file, &comune.log);
        let aim = journal_lines(&comune.data) + growth;
        wait_or(|| service.log(), || (journal_lines(&comune.data) >= aim).then_some(()));
        wait_decided(&comune.data, &spared);
        assert!(service.kill(), "it ended by itself: {}", service.log());
        kills += 1;
    }
    let started = "event=\"started\"";
    let before = fs::read_to_string(&comune.log).unwrap().matches(started).count();
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(before + 1, &[started]);
    wait_or(
        || format!("{}\n{:?}", service.log(), comune.items("pec")),
        || (is_over("pec") && is_over("internal")).then_some(()),
    );
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0));

    let status = comune.status();
    let of = |kind: &str| {
        status["messages"].as_array().unwrap().iter().filter(|m| m["disposition"]["disposition"] == kind).count()
    };
    assert_eq!(of("request"), MANY, "each request is decided once");
    assert_eq!(status["dossiers"].as_array().unwrap().len(), MANY);
    let mut uncertain = 0;
    for (citizen, state) in comune.items("pec") {
        let letters = world.letters(&citizen);
        if state == "delivered" {
            assert_eq!(letters, 1, "{citizen}");
        } else {
            assert!(letters <= 1, "{citizen} was answered {letters} times");
            uncertain += 1;
        }
    }
    let (code, out, _) = crate::support::ask(&["verify-journal", "--archive", comune.data.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}");
    println!("{kills} kills over {MANY} messages: {} replies delivered once, {uncertain} uncertain", MANY - uncertain);
}

/// SIGHUP: rules with a mistake change nothing, good ones are in force for the next message.
#[test]
fn rules_are_reloaded_whole_or_not_at_all() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    let service = Daemon::run(&comune.file, &comune.log);
    let rules_of_last = |n: usize| {
        world.writes(&citizen(n));
        comune.wait_delivered(n + 1);
        let decided = comune.journal().into_iter().rev().find_map(|r| match r.event {
            Event::Decided(d) if !d.decision.outgoing.is_empty() => Some(d.inputs.rules.clone()),
            _ => None,
        });
        decided.unwrap()
    };
    let first = rules_of_last(0);
    let file = comune.rules.join("00-comune.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace("[words]", "[wordz]")).unwrap();
    service.signal("HUP");
    service.wait_logged(1, &["event=\"reload_refused\"", "00-comune.toml"]);
    assert_eq!(rules_of_last(1), first);
    fs::write(&file, good.replace("Regione di Esempio", "Regione di Prova")).unwrap();
    service.signal("HUP");
    service.wait_logged(1, &["event=\"reloaded\""]);
    assert_ne!(rules_of_last(2), first);
}

/// The server cuts, kicks, stops and comes back: every message is taken all the same, each once.
#[test]
fn whatever_the_mail_server_does_it_catches_up() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    let mut service = Daemon::run(&comune.file, &comune.log);
    let connected = |n| service.wait_logged(n, &["event=\"imap_connected\""]);
    connected(1);
    world.writes(&citizen(0));
    comune.wait_delivered(1);

    world.cut_connections(OFFICE);
    world.writes(&citizen(1));
    connected(2);
    comune.wait_delivered(2);

    world.doveadm(&["kick", OFFICE], b"");
    world.writes(&citizen(2));
    connected(3);
    comune.wait_delivered(3);

    world.stop_dovecot();
    service.wait_logged(3, &["event=\"imap_lost\""]);
    world.start_dovecot();
    world.writes(&citizen(3));
    comune.wait_delivered(4);
    assert_eq!(comune.items("pec").len(), 4);
    assert_eq!(service.logged(&["event=\"message_seen_again\""]), 0, "nothing is fetched twice");
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "it ends in order while it waits in IDLE: {}", service.log());
}

/// What a person does with the mailbox is no business of ours: a message that was read is taken, and stays read.
#[test]
fn a_message_that_a_person_has_read_is_taken_and_left_as_it_is() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices::default());
    let flags = || {
        let flags = world.doveadm(&["fetch", "-u", OFFICE, "flags", "mailbox", "INBOX", "all"], b"");
        flags
            .lines()
            .filter(|line| line.starts_with("flags:"))
            .map(|line| line.replace(" \\Recent", ""))
            .collect::<Vec<_>>()
    };
    world.writes(&citizen(0));
    wait("the envelope", || (world.count(OFFICE, "INBOX") == 1).then_some(()));
    world.doveadm(&["flags", "add", "-u", OFFICE, "\\Seen", "mailbox", "INBOX", "all"], b"");
    assert_eq!(flags(), ["flags: \\Seen"]);
    let _service = Daemon::run(&comune.file, &comune.log);
    comune.wait_delivered(1);
    assert_eq!(flags(), ["flags: \\Seen", "flags:", "flags:"], "the two receipts are read by nobody");
}

/// With `sposta_in` the inbox is emptied as messages are registered, receipts too; nothing is lost on the way.
#[test]
fn what_is_registered_is_moved() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices { imap: "sposta_in = \"Elaborati\"", ..Choices::default() });
    assert_eq!(comune.check().0, Some(0));
    let _service = Daemon::run(&comune.file, &comune.log);
    for n in 0..3 {
        world.writes(&citizen(n));
    }
    comune.wait_delivered(3);
    let where_ = || (world.count(OFFICE, "INBOX"), world.count(OFFICE, "Elaborati"));
    wait_or(|| format!("all nine moved: {:?}", where_()), || (where_() == (0, 9)).then_some(()));
    assert_eq!(comune.status()["messages"].as_array().unwrap().len(), 9);
}

/// A wrong password is said plainly, and is not tried again and again: the provider would lock the mailbox.
#[test]
fn a_wrong_password_is_said_and_not_hammered() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices { wrong_imap: true, wrong_smtp: true, ..Choices::default() });
    let (code, said) = comune.check();
    assert_eq!(code, Some(1), "{said}");
    println!("{said}");
    assert!(said.contains("Casella protocollo: NON risponde") && said.contains("Invio pec: NON risponde"), "{said}");
    assert!(said.contains("Invio uffici: risponde"), "{said}");
    let (imap_before, smtp_before) = (refused_by_dovecot(&world), refused_by_postfix(&world));

    // The mailbox: one try, then a long pause.
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(1, &["event=\"imap_login_refused\""]);
    let pause = service.log().split("pause_s=").nth(1).unwrap().split_whitespace().next().unwrap().parse::<u64>();
    assert!(pause.unwrap() >= 60, "{}", service.log());
    assert_eq!(refused_by_dovecot(&world) - imap_before, 1);
    service.kill();

    // The road: three letters are due, one try is made; they wait, and the tasks go on by their own road.
    let comune = Comune::build(&world, &Choices { wrong_smtp: true, ..Choices::default() });
    let mut service = Daemon::run(&comune.file, &comune.log);
    for n in 0..3 {
        world.writes(&citizen(n));
        wait("the task", || {
            (comune.items("internal").iter().filter(|(_, state)| state == "sent").count() == n + 1).then_some(())
        });
    }
    service.wait_logged(1, &["event=\"lane_stopped\"", "lane=\"pec\""]);
    assert_eq!(refused_by_postfix(&world) - smtp_before, 1, "{}", service.log());
    assert!(
        comune.items("pec").iter().all(|(_, state)| ["held", "queued"].contains(&state.as_str())),
        "{:?}",
        comune.items("pec")
    );
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0));
}

fn refused_by_dovecot(world: &World) -> usize {
    world.logged("dovecot/log", "imap-login: ") - world.logged("dovecot/log", "imap-login: Login: ")
}

fn refused_by_postfix(world: &World) -> usize {
    world.logged("postfix/log/mail.log", "authentication failed")
}

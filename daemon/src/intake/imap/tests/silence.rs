//! Reliability.md §6: T08, a mailbox that cannot be read is an alarm within ten minutes, whatever the reason; T04, a folder that
//! begins again at any moment loses nothing; and the lines that no client expects (stack.md §3).

use std::collections::BTreeSet;

use super::{
    faults::once,
    server::{Act, Liar},
    *,
};
use crate::{
    alarm::{Alarms, Code, deadman},
    clock::{Clock, Simulated},
    health::Health,
    supervise::note_imap,
};

/// Nothing comes of the mailbox for this long before it is an alarm (reliability.md P22).
const SILENCE: Duration = Duration::from_secs(600);
/// How often the service looks for silence.
const LOOK: Duration = Duration::from_secs(15);

/// How long it took until the alarm was raised, and what it says.
async fn alarm_after(server: &Server, settings: &Settings, is_answered: bool) -> (Duration, String) {
    let health = Health::new();
    let alarms = Alarms::new(health.clone());
    let clock = Clock::Simulated(Simulated::starting("2026-03-02T08:00:00Z".parse().unwrap()));
    let pulse = health.folder(&settings.account, &settings.folder);
    let about = format!("{}/{}", settings.account, settings.folder);
    let spool = tempfile::tempdir().unwrap();
    let (deliveries, mut arrivals) = mpsc::channel(1);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let report = |event: Event| note_imap(&event, &pulse, &alarms, &about, &clock);
    let watching =
        watch_over(settings, server, Memory::default(), deliveries, spool.path().to_owned(), stopped, report);
    let answering = async {
        let mut held = Vec::new();
        while let Some(Delivery { arrival: _, done }) = arrivals.recv().await {
            if is_answered { done.send(Filed::Kept).unwrap() } else { held.push(done) }
        }
    };
    let start = Instant::now();
    let looking = async {
        loop {
            deadman::look(&health, &alarms, SILENCE, clock.now());
            if let Some(alarm) = alarms.open().get(&(Code::IntakeDead, about.clone())) {
                return (start.elapsed(), alarm.text.clone());
            }
            assert!(start.elapsed() < Duration::from_secs(86_400), "a day passed in silence");
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        biased;
        found = looking => found,
        () = watching => panic!("the watcher ended"),
        () = answering => panic!("nobody delivers any more"),
    }
}

fn always(command: &'static str, acts: Vec<Act>) -> Server {
    let liar: Liar = Box::new(move |_, tag, said| {
        let say = |act: &Act| match act {
            Act::Say(bytes) => Act::Say(String::from_utf8_lossy(bytes).replace('%', tag).into_bytes()),
            other => other.clone(),
        };
        said.starts_with(command).then(|| acts.iter().map(say).collect())
    });
    Server::with(&three(), liar)
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_cannot_be_read_is_an_alarm_within_ten_minutes() {
    for (name, server, is_answered) in [
        ("no greeting", always("GREETING", vec![Act::Stall]), true),
        ("wrong password", always("LOGIN", vec![say("% NO [AUTHENTICATIONFAILED] no\r\n")]), true),
        ("cut at once", always("CAPABILITY", vec![Act::Close]), true),
        ("no such folder", always("EXAMINE", vec![say("% NO no\r\n")]), true),
        ("a listing that is always refused", always("UID FETCH 1:*", vec![say("% NO no\r\n")]), true),
        ("a listing that never ends", always("UID FETCH 1:*", vec![say("* 1 FETCH (UID 3)\r\n"), Act::Stall]), true),
        ("nobody keeps what comes", Server::honest(&three()), false),
    ] {
        let (after, text) = alarm_after(&server, &settings(), is_answered).await;
        assert!(after >= SILENCE, "{name}: after {after:?}");
        assert!(after <= SILENCE + LOOK, "{name}: after {after:?}");
        assert!(text.contains("INBOX") && text.contains("minuti"), "{name}: {text}");
    }
}

/// It was read well for an hour; then the line goes dead, and nobody says so.
#[tokio::test(start_paused = true)]
async fn a_line_that_goes_dead_is_an_alarm_within_the_poll_and_ten_minutes() {
    let start = Instant::now();
    let hour = Duration::from_secs(3600);
    let liar: Liar = Box::new(move |_, _, _| (start.elapsed() > hour).then(|| vec![Act::Stall]));
    let (after, _) = alarm_after(&Server::with(&three(), liar), &settings(), true).await;
    assert!(after >= SILENCE + hour && after <= hour + settings().poll + SILENCE + LOOK, "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn lines_that_no_client_expects_cost_a_connection_at_most() {
    for line in [
        "* ESEARCH (TAG \"A1\") UID ALL 1:3\r\n",
        "* 1 FETCH (UID 3 BINARY[] ~{3}\r\nabc)\r\n",
        "* 1 FETCH (X-GM-LABELS (a (b (c))) UID 3)\r\n",
        "* 3 EXISTS\n",
        "* Goodbye\r\n",
        "* VANISHED (EARLIER) 1:2\r\n",
        "\r\n",
        "* BAD\r\n",
        "* NO\r\n",
        "* PREAUTH hi\r\n",
    ] {
        for command in ["CAPABILITY", "EXAMINE", "UID FETCH 1:*", "UID FETCH 5 (UID INTERNALDATE BODY", "IDLE"] {
            let server = once(command, vec![say(line), Act::Honest]);
            let memory = Memory::default();
            let seen = watch_server(&server, &settings(), &memory, kept, |seen| looks(seen) >= 1).await;
            let had: BTreeSet<Vec<u8>> = arrived(&seen).into_iter().map(|(_, bytes)| bytes).collect();
            assert_eq!(had, three_arrived().into_iter().map(|(_, b)| b).collect(), "{line:?} at {command}");
        }
    }
}

/// T04, 200 seeds: connections cut anywhere, another UIDVALIDITY, a UIDNEXT that falls, new mail, in any order.
#[tokio::test(start_paused = true)]
async fn a_folder_that_begins_again_at_any_moment_loses_nothing() {
    let (mut cut, mut renewed) = (0, 0);
    for seed in 0..200_u32 {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut chance = move |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let memory = Memory::default();
        let mut server = Server::honest(&three());
        let mut had = BTreeSet::new();
        let mut sent: BTreeSet<Vec<u8>> = three().iter().map(|(_, bytes)| bytes.to_vec()).collect();
        for round in 0..6 {
            {
                let mut folder = server.folder.lock().unwrap();
                match chance(3) {
                    // Another folder in its place: same messages, other UIDs.
                    0 => {
                        folder.uidvalidity += 1;
                        let all: Vec<Vec<u8>> = folder.messages.values().cloned().collect();
                        folder.messages = (1..).zip(all).collect();
                        folder.uidnext = folder.messages.len() as u32 + 1;
                        renewed += 1;
                    }
                    // Restored from a backup: the newest are gone, and their UIDs are given again. (One that is given
                    // again before UIDNEXT is seen to have fallen is beyond what a client can know: RFC 3501 §2.3.1.1.)
                    1 if folder.messages.len() > 2 => {
                        folder.messages.pop_last();
                        folder.messages.pop_last();
                        folder.uidnext = folder.messages.keys().last().map_or(1, |uid| uid + 1);
                        renewed += 1;
                    }
                    _ => {}
                }
                let new = format!("Subject: {seed}.{round}\r\n\r\n").into_bytes();
                let uid = folder.uidnext;
                folder.messages.insert(uid, new.clone());
                folder.uidnext = uid + 1;
                sent.insert(new);
            }
            // What is on the server when it is looked at is what must be had.
            let here: Vec<Vec<u8>> = server.folder.lock().unwrap().messages.values().cloned().collect();
            server.again((chance(2) == 0).then(|| u64::from(chance(1_500))));
            let seen = watch_server(&server, &settings(), &memory, kept, |seen| looks(seen) >= 1).await;
            cut += usize::from(events(&seen).iter().any(|e| matches!(e, Event::Lost { .. })));
            had.extend(arrived(&seen).into_iter().map(|(_, bytes)| bytes));
            assert!(here.iter().all(|bytes| had.contains(bytes)), "seed {seed}, round {round}");
        }
        assert!(had.is_subset(&sent), "seed {seed}: something that nobody sent");
    }
    assert!(cut > 200 && renewed > 500, "{cut} cuts, {renewed} new beginnings");
}

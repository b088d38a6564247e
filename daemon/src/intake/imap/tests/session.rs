//! The same table: greeting, login, opening the folder, IDLE; and the session cut after every byte.

use super::{
    faults::{once, survives},
    *,
};

#[tokio::test(start_paused = true)]
async fn opening_the_folder_believes_only_a_whole_answer() {
    let open = "EXAMINE";
    survives("EOF", &once(open, vec![say("* 3 EXISTS\r\n"), Act::Close]), Trouble::Cut, &[]).await;
    survives("NO", &once(open, vec![say("% NO no such folder\r\n")]), Trouble::Folder("INBOX".into()), &[]).await;
    survives("no UIDVALIDITY", &once(open, vec![say("* 3 EXISTS\r\n% OK done\r\n")]), Trouble::NoLastingUids, &[])
        .await;
    survives(
        "UIDVALIDITY beyond 32 bits",
        &once(open, vec![say("* OK [UIDVALIDITY 4294967296] x\r\n% OK done\r\n")]),
        Trouble::NoLastingUids,
        &[],
    )
    .await;
    // These are no faults.
    for extra in [
        "* NO [ALERT] quota\r\n",
        "* OK [UIDVALIDITY 7]è\r\n",
        "* OK [UNKNOWN-CODE x (y)] z\r\n",
        "* FLAGS (\\Seen $Junk)\r\n",
    ] {
        let server = once(open, vec![say(extra), Act::Honest]);
        let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| looks(seen) >= 1).await;
        assert_eq!(arrived(&seen), three_arrived(), "{extra}");
        assert!(!events(&seen).iter().any(|e| matches!(e, Event::Lost { .. })), "{extra}");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_that_ends_badly_is_a_lost_connection() {
    let all = &[3, 5, 9];
    survives("EOF before +", &once("IDLE", vec![Act::Close]), Trouble::Cut, all).await;
    survives("EOF", &once("IDLE", vec![say("+ idling\r\n"), Act::Close]), Trouble::Cut, all).await;
    survives("BYE", &once("IDLE", vec![say("+ idling\r\n* BYE shutting down\r\n"), Act::Close]), Trouble::Goodbye, all)
        .await;
    survives("silence", &once("IDLE", vec![Act::Stall]), Trouble::Silence, all).await;
    let here = || [say("* OK still here\r\n"), Act::Wait(Duration::from_secs(50))];
    let here = (0..100).flat_map(|_| here()).collect();
    survives("chatter in the place of +", &once("IDLE", here), Trouble::Silence, all).await;
    // The line is dead but nobody says so: found out when IDLE is renewed.
    survives("half open", &once("IDLE", vec![say("+ idling\r\n"), Act::Stall]), Trouble::Silence, all).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_idle_is_polled() {
    for refusal in ["% NO not now\r\n", "% BAD\r\n"] {
        let server = once("IDLE", vec![say(refusal)]);
        let start = Instant::now();
        let enough = |seen: &[Seen]| looks(seen) == 3;
        let seen = watch_server(&server, &settings(), &Memory::default(), kept, enough).await;
        assert_eq!((arrived(&seen), start.elapsed().as_secs()), (three_arrived(), 600));
        assert!(!events(&seen).iter().any(|e| matches!(e, Event::Lost { .. })));
        let log = server.folder.lock().unwrap().log.join(" ");
        assert_eq!(log.matches("IDLE").count(), 1);
    }
}

/// A server that lets us in and throws us out at once is not hammered; one that held for a while is met again soon.
#[tokio::test(start_paused = true)]
async fn pauses_grow_while_connections_are_short() {
    let pauses = |seen: &[Seen]| -> Vec<u64> {
        let pause = |e: &&Event| {
            if let Event::Lost { pause, .. } = e { Some(pause.as_secs()) } else { None }
        };
        events(seen).iter().filter_map(pause).collect()
    };
    for (hold, grows) in [(0, true), (120, false)] {
        let liar = move |_: usize, _: &str, said: &str| {
            let acts = vec![say("+ idling\r\n"), Act::Wait(Duration::from_secs(hold)), Act::Close];
            (said == "IDLE").then_some(acts)
        };
        let server = Server::with(&[], Box::new(liar));
        let enough = |seen: &[Seen]| pauses(seen).len() == 6;
        let seen = watch_server(&server, &settings(), &Memory::default(), kept, enough).await;
        assert_eq!(pauses(&seen)[5] >= 160, grows, "{:?}", pauses(&seen));
    }
}

#[tokio::test(start_paused = true)]
async fn news_before_the_server_agreed_to_idle_is_not_slept_over() {
    let server = once("IDLE", vec![say("* 4 EXISTS\r\n+ idling\r\n")]);
    let folder = server.folder.clone();
    let arrives = move |seen: &[Seen]| {
        if looks(seen) == 1 {
            folder.lock().unwrap().messages.insert(10, ONE.to_vec());
        }
        arrived(seen).len() == 4
    };
    let start = Instant::now();
    let seen = watch_server(&server, &settings(), &Memory::default(), kept, arrives).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(!events(&seen).iter().any(|e| matches!(e, Event::Lost { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_refused_password_is_tried_again_after_a_long_pause() {
    let server = Server::with(
        &three(),
        Box::new(|connection, tag, said| {
            (connection < 2 && said.starts_with("LOGIN"))
                .then(|| vec![say(&format!("{tag} NO [AUTHENTICATIONFAILED] no\r\n"))])
        }),
    );
    let start = Instant::now();
    let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| looks(seen) >= 1).await;
    assert_eq!(events(&seen).iter().filter(|e| matches!(e, Event::LoginRefused { .. })).count(), 2);
    assert!(start.elapsed() >= Duration::from_secs(900), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn trouble_before_the_password_is_not_about_the_password() {
    survives("no greeting", &once("GREETING", vec![Act::Stall]), Trouble::Silence, &[]).await;
    survives("BYE", &once("GREETING", vec![say("* BYE busy\r\n"), Act::Close]), Trouble::Unwelcome, &[]).await;
    survives("EOF", &once("GREETING", vec![Act::Close]), Trouble::Cut, &[]).await;
    survives(
        "not IMAP",
        &once("GREETING", vec![say("220 smtp ready\r\n")]),
        Trouble::Strange("risposta illeggibile"),
        &[],
    )
    .await;
    survives(
        "back end down",
        &once("LOGIN", vec![say("% NO [UNAVAILABLE] later\r\n")]),
        Trouble::Refused("LOGIN"),
        &[],
    )
    .await;
    survives("cut at login", &once("LOGIN", vec![Act::Close]), Trouble::Cut, &[]).await;
}

/// Reliability §6, T01. The first connection ends after every possible byte from the server; the second is whole.
#[tokio::test(start_paused = true)]
async fn cut_anywhere_every_message_arrives_whole_and_once() {
    let mut cuts_felt = 0;
    for cut in 0..1_100 {
        let mut server = Server::honest(&three());
        server.cut_at = Some(cut);
        let looked = |seen: &[Seen]| looks(seen) >= 1;
        let seen = watch_server(&server, &settings(), &Memory::default(), kept, looked).await;
        assert_eq!(arrived(&seen), three_arrived(), "cut at {cut}");
        cuts_felt += usize::from(events(&seen).iter().any(|e| matches!(e, Event::Lost { .. })));
    }
    assert!((600..1_100).contains(&cuts_felt), "{cuts_felt}: cuts in every part of the session, and after it");
}

/// Reliability.md §3.5: more than one login in five minutes would lock the account, however many folders are watched.
#[tokio::test(start_paused = true)]
async fn a_refused_password_closes_the_door_for_every_folder_of_the_mailbox() {
    let logins = Arc::new(Mutex::new(Vec::new()));
    let noted = logins.clone();
    let refuses = move |_: usize, tag: &str, command: &str| {
        command.starts_with("LOGIN").then(|| {
            noted.lock().unwrap().push(Instant::now());
            vec![say(&format!("{tag} NO wrong password\r\n"))]
        })
    };
    let server = Server::with(&three(), Box::new(refuses));
    let inbox = settings();
    let receipts = Settings { folder: "Ricevute".into(), ..inbox.clone() };
    let watched = |settings| watch_server_for(&server, settings, Duration::from_secs(6 * 3600));
    tokio::join!(watched(&inbox), watched(&receipts));
    let logins = logins.lock().unwrap();
    assert!(logins.len() > 5, "{}", logins.len());
    assert!(logins.windows(2).all(|two| two[1] - two[0] >= Duration::from_secs(300)), "{logins:?}");
}

async fn watch_server_for(server: &Server, settings: &Settings, time: Duration) {
    let spool = tempfile::tempdir().unwrap();
    let (deliveries, _arrivals) = mpsc::channel(1);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let watching =
        watch_over(settings, server, Memory::default(), deliveries, spool.path().to_owned(), stopped, |_| ());
    let _ = tokio::time::timeout(time, watching).await;
}

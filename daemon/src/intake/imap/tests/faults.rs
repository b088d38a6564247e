//! The table of stack.md §3, "Behaviour that loses or hides errors", row by row: listings and bodies.

use super::*;

/// On the first connection the commands that begin with `command` get these answers; afterwards the server is honest.
pub(super) fn once(command: &'static str, acts: Vec<Act>) -> Server {
    Server::with(
        &three(),
        Box::new(move |connection, tag, said| {
            let lie = connection == 0 && said.starts_with(command);
            lie.then(|| acts.iter().map(|act| tagged(act, tag)).collect())
        }),
    )
}

/// `%` in an answer stands for the tag.
fn tagged(act: &Act, tag: &str) -> Act {
    match act {
        Act::Say(bytes) => {
            Act::Say(bytes.iter().flat_map(|&b| if b == b'%' { tag.bytes().collect() } else { vec![b] }).collect())
        }
        other => other.clone(),
    }
}

/// Runs to the second look. In the end everything has arrived whole, once; until the connection was lost, nothing that the
/// lie touched.
pub(super) async fn survives(name: &str, server: &Server, trouble: Trouble, before_the_loss: &[u32]) {
    let seen = watch_server(server, &settings(), &Memory::default(), kept, |seen| looks(seen) >= 2).await;
    assert_eq!(arrived(&seen), three_arrived(), "{name}");
    let loss = seen
        .iter()
        .position(|s| matches!(s, Seen::Event(Event::Lost { .. })))
        .unwrap_or_else(|| panic!("{name}: no loss"));
    let Seen::Event(Event::Lost { trouble: first, .. }) = &seen[loss] else { unreachable!() };
    assert_eq!(*first, trouble, "{name}");
    let before: Vec<u32> = arrived(&seen[..loss]).iter().map(|(uid, _)| *uid).collect();
    assert_eq!(before, before_the_loss, "{name}");
    if before.len() < 3 {
        assert_eq!(looks(&seen[..loss]), 0, "{name}: a look was reported that did not end");
    }
}

const LIST: &str = "UID FETCH 1:*";
const BODY_5: &str = "UID FETCH 5 (UID INTERNALDATE BODY";

#[tokio::test(start_paused = true)]
async fn a_listing_that_breaks_off_is_no_listing() {
    let one = "* 1 FETCH (UID 3 RFC822.SIZE 23)\r\n";
    let lie = |end: &str, close: bool| {
        let mut acts = vec![say(&format!("{one}{end}"))];
        acts.extend(close.then_some(Act::Close));
        once(LIST, acts)
    };
    survives("EOF", &lie("", true), Trouble::Cut, &[]).await;
    survives("EOF in a line", &lie("* 2 FET", true), Trouble::Cut, &[]).await;
    survives("NO", &lie("% NO sorry\r\n", false), Trouble::Refused("UID FETCH"), &[]).await;
    survives("BAD", &lie("% BAD what\r\n", false), Trouble::Refused("UID FETCH"), &[]).await;
    survives("BYE", &lie("* BYE Mailbox was deleted under us\r\n", true), Trouble::Goodbye, &[]).await;
    survives("another tag", &lie("A9999 OK done\r\n", false), Trouble::Strange("etichetta di un altro comando"), &[])
        .await;
    survives("stall", &once(LIST, vec![say(one), Act::Stall]), Trouble::Silence, &[]).await;
    survives("not IMAP", &lie("* Goodbye!\r\n", false), Trouble::Strange("risposta illeggibile"), &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_listing_with_ok_that_kept_something_back_is_completed_by_the_next_one() {
    let server =
        once(LIST, vec![say("* 1 FETCH (UID 3 RFC822.SIZE 23)\r\n* 3 FETCH (UID 9 RFC822.SIZE 57)\r\n% OK done\r\n")]);
    server.folder.lock().unwrap().capabilities = "IMAP4rev1";
    // The same lie to every listing from UID 1: the second look asks again from there, on the same connection.
    let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| looks(seen) >= 1).await;
    assert_eq!(arrived(&seen).iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [3, 9]);
    let memory = Memory::default();
    *memory.0.lock().unwrap() = Some("v1 7 10 1 3:3,9:9".parse().unwrap());
    let seen = watch_server(&Server::honest(&three()), &settings(), &memory, kept, |seen| looks(seen) >= 1).await;
    assert_eq!(arrived(&seen), [(5, TWO.to_vec())]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_the_one_asked_for_is_not_taken() {
    let whole = |uid: u32, body: &str| format!("* 2 FETCH (UID {uid} BODY[] {{{}}}\r\n{body})\r\n", body.len());
    let strange = Trouble::Strange;
    let rows: Vec<(&str, Vec<Act>, Trouble)> = vec![
        ("EOF in the literal", vec![say("* 2 FETCH (UID 5 BODY[] {39}\r\nSubject: d"), Act::Close], Trouble::Cut),
        ("BYE", vec![say("* BYE gone\r\n"), Act::Close], Trouble::Goodbye),
        ("BYE after it", vec![say(&whole(5, "x")), say("* BYE gone\r\n"), Act::Close], Trouble::Goodbye),
        ("EOF after it", vec![say(&whole(5, "x")), Act::Close], Trouble::Cut),
        ("another UID", vec![say(&whole(6, "x")), say("% OK\r\n")], strange("il contenuto di un altro messaggio")),
        (
            "no UID",
            vec![say("* 2 FETCH (BODY[] {1}\r\nx)\r\n% OK done\r\n")],
            strange("il contenuto di un altro messaggio"),
        ),
        (
            "two bodies",
            vec![say(&whole(5, "x")), say(&whole(5, "y")), say("% OK done\r\n")],
            strange("due contenuti per lo stesso messaggio"),
        ),
        (
            "another part",
            vec![say("* 2 FETCH (UID 5 BODY[TEXT] {1}\r\nx)\r\n% OK done\r\n")],
            strange("un'altra parte del messaggio"),
        ),
        ("NIL", vec![say("* 2 FETCH (UID 5 BODY[] NIL)\r\n% OK done\r\n")], strange("un messaggio senza contenuto")),
        ("nothing", vec![say("% OK done\r\n")], strange("un messaggio elencato ma non dato")),
        (
            "short literal",
            vec![say("* 2 FETCH (UID 5 BODY[] {100}\r\nabc)\r\n% OK done\r\n"), Act::Stall],
            Trouble::Silence,
        ),
        (
            "huge literal",
            vec![say("* 2 FETCH (UID 5 BODY[] {500000000}\r\n"), Act::Stall],
            Trouble::TooMuch("un blocco più grande di quanto annunciato"),
        ),
        (
            "INTERNALDATE NIL",
            vec![say("* 2 FETCH (UID 5 INTERNALDATE NIL BODY[] {1}\r\nx)\r\n% OK done\r\n")],
            Trouble::Panicked,
        ),
        (
            "deep",
            vec![say("* 2 FETCH (UID 5 BODYSTRUCTURE "), Act::Say(b"(".repeat(100_000)), Act::Stall],
            Trouble::TooMuch("troppe parentesi annidate"),
        ),
        (
            "endless line",
            vec![say("* OK "), Act::Say(b"x".repeat(1 << 20)), Act::Stall],
            Trouble::TooMuch("una riga senza fine"),
        ),
        (
            "flood",
            vec![Act::Say(b"* 3 EXISTS\r\n".repeat(101_000)), Act::Stall],
            Trouble::TooMuch("troppe risposte a un comando"),
        ),
    ];
    for (name, acts, trouble) in rows {
        survives(name, &once(BODY_5, acts), trouble, &[3]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn refused_once_a_message_is_fetched_at_the_next_look() {
    for end in ["NO server bug", "BAD", "BAD what"] {
        let server = once(BODY_5, vec![say("* 2 FETCH (UID 5 BODY[] {1}\r\nx)\r\n"), say(&format!("% {end}\r\n"))]);
        let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| looks(seen) >= 2).await;
        let order: Vec<(u32, usize)> = arrived(&seen).iter().map(|(uid, bytes)| (*uid, bytes.len())).collect();
        assert_eq!(order, [(3, ONE.len()), (9, THREE.len()), (5, TWO.len())], "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_had_holds_up_nobody_and_is_not_forgotten() {
    let always = |acts: Vec<Act>| {
        Server::with(
            &three(),
            Box::new(move |connection, tag, said| {
                (connection < 12 && said.starts_with("UID FETCH 5 "))
                    .then(|| acts.iter().map(|act| tagged(act, tag)).collect())
            }),
        )
    };
    for acts in
        [vec![say("% NO server bug\r\n")], vec![Act::Close], vec![say("* 1 FETCH (UID 5 INTERNALDATE NIL)\r\n")]]
    {
        let server = always(acts.clone());
        let memory = Memory::default();
        let seen =
            watch_server(&server, &settings(), &memory, kept, |seen| arrived(seen).len() == 2 && looks(seen) >= 4)
                .await;
        assert_eq!(arrived(&seen).iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [3, 9], "{acts:?}");
        let cursor = memory.0.lock().unwrap().clone().unwrap();
        assert!(cursor.wants(5) && !cursor.wants(9), "{cursor}");
        let told = |e: &&&Event| matches!(e, Event::Unreadable { uid: 5, .. });
        assert!(events(&seen).iter().filter(told).count() == 1, "{acts:?}");
    }
    // In time it is asked for again.
    let server = always(vec![Act::Close]);
    let start = Instant::now();
    let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| arrived(seen).len() == 3).await;
    assert!(events(&seen).iter().any(|e| matches!(e, Event::Unreadable { uid: 5, trouble: Trouble::Cut })));
    assert!(start.elapsed() >= Duration::from_secs(3_600), "{:?}", start.elapsed());
}

/// Each of them costs three lost connections: their pauses must not add up, or the first would be due again before what is behind the
/// last one is reached.
#[tokio::test(start_paused = true)]
async fn several_that_cannot_be_had_hold_up_nobody_either() {
    const BAD: [u32; 6] = [11, 12, 13, 14, 15, 16];
    let messages: Vec<(u32, &[u8])> = [3].into_iter().chain(BAD).chain([21]).map(|uid| (uid, ONE)).collect();
    let server = Server::with(
        &messages,
        Box::new(|_, _, said| {
            BAD.iter().any(|uid| said.starts_with(&format!("UID FETCH {uid} "))).then(|| vec![Act::Close])
        }),
    );
    let start = Instant::now();
    let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| arrived(seen).len() == 2).await;
    assert_eq!(arrived(&seen).iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [3, 21]);
    assert!(start.elapsed() < Duration::from_secs(600), "{:?}", start.elapsed());
}

/// A number that the server lists once, and has nothing for: the mail that comes below it is seen all the same.
#[tokio::test(start_paused = true)]
async fn a_listed_number_without_a_message_is_no_end_of_the_folder() {
    const FAR: &str = "* 9 FETCH (UID 4294967290 RFC822.SIZE 1)\r\n";
    let server = Server::with(
        &three(),
        Box::new(|connection, _, said| {
            let is_list = said.ends_with("(UID RFC822.SIZE)") && said.contains(":*");
            (connection == 0 && is_list).then(|| vec![say(FAR), Act::Honest])
        }),
    );
    let memory = Memory::default();
    watch_server(&server, &settings(), &memory, kept, |seen| looks(seen) >= 2).await;
    let cursor = memory.0.lock().unwrap().clone().unwrap();
    assert!(cursor.wants(10), "{cursor}");
}

#[tokio::test(start_paused = true)]
async fn a_size_that_is_wrong_twice_is_kept_and_flagged() {
    for (claim, calls) in [(38, 3), (10, 3), (0, 3)] {
        let lie = move |_: usize, tag: &str, said: &str| {
            let list = format!("* 1 FETCH (UID 5 RFC822.SIZE {claim})\r\n{tag} OK done\r\n");
            said.ends_with("(UID RFC822.SIZE)").then(|| vec![say(&list)])
        };
        let server = Server::with(&[(5, TWO)], Box::new(lie));
        let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| looks(seen) >= 1).await;
        assert_eq!(arrived(&seen), [(5, TWO.to_vec())]);
        assert!(seen.iter().any(|s| matches!(s, Seen::Arrived(a, _) if a.size_mismatch)));
        assert!(events(&seen).contains(&&Event::SizeMismatch { uid: 5 }));
        let asked = server.folder.lock().unwrap().log.iter().filter(|c| c.contains("BODY.PEEK")).count();
        assert_eq!(asked, calls, "whole, then in pieces to the end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_removed_before_we_had_it_is_reported() {
    let server = Server::with(
        &three(),
        Box::new(|_, tag, said| match said {
            "UID FETCH 1:* (UID RFC822.SIZE)" => Some(vec![Act::Honest]),
            _ if said.starts_with("UID FETCH 5") => Some(vec![say(&format!("* 2 EXPUNGE\r\n{tag} OK done\r\n"))]),
            _ => None,
        }),
    );
    let seen = watch_server(&server, &settings(), &Memory::default(), kept, |seen| looks(seen) >= 1).await;
    assert_eq!(arrived(&seen).len(), 2);
    assert!(events(&seen).contains(&&Event::Vanished { uid: 5 }));
    assert!(!events(&seen).iter().any(|e| matches!(e, Event::Lost { .. })));
}

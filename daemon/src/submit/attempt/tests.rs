//! Every fault a submission server can show, and what may be concluded from it.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::Instant,
};

use super::*;
use crate::submit::Line;
use server::*;

mod server;

const LETTER: &[u8] = b"Subject: prova\r\n\r\nriga\r\n.punto\r\n.\r\n..due\r\nfine\r\n";

fn settings() -> SmtpSettings {
    SmtpSettings {
        host: "smtp.gestore.test".into(),
        port: 465,
        security: Security::Implicit,
        server_name: None,
        ca_file: None,
        user: "ente@ente.test".into(),
        password: Secret::new("segreta"),
        hello: "ente.test".into(),
        net: crate::net::real(),
    }
}

/// One letter on a connection of its own.
async fn run<G, F>(stream: DuplexStream, settings: &SmtpSettings, job: Job<'_>, gate: G) -> Outcome
where
    G: FnOnce() -> F,
    F: Future<Output = Result<(), String>>,
{
    let mut opened = match open(stream, b"", settings).await {
        Ok(opened) => opened,
        Err(outcome) => return outcome,
    };
    if let Err(outcome) = envelope(&mut opened.connection, &job).await {
        leave(opened.connection).await;
        return outcome;
    }
    let outcome = content(&mut opened, &job, gate).await;
    if matches!(outcome, Outcome::Taken { .. }) {
        leave(opened.connection).await;
    }
    outcome
}

struct Ran {
    outcome: Outcome,
    gates: usize,
    heard: Heard,
    /// What the server had received when the gate ran.
    heard_at_gate: String,
    took: Duration,
}

async fn run_gated(script: Script, letter: &[u8], buffer: usize, gate_says: Result<(), String>) -> Ran {
    let (ours, theirs) = tokio::io::duplex(buffer);
    let heard = Heard::default();
    let server = tokio::spawn(serve(theirs, script, heard.clone()));
    let ran = run_over(ours, heard, letter, gate_says).await;
    server.abort();
    ran
}

async fn run_over(ours: DuplexStream, heard: Heard, letter: &[u8], gate_says: Result<(), String>) -> Ran {
    let gates = AtomicUsize::new(0);
    let mut heard_at_gate = String::new();
    let start = Instant::now();
    let job = Job::check("ente@ente.test", "citta.dino@cittadini.test", letter).ok().unwrap();
    let outcome = run(ours, &settings(), job, || {
        gates.fetch_add(1, Ordering::SeqCst);
        async {
            // A virtual second: the server reads all there is.
            tokio::time::sleep(Duration::from_secs(1)).await;
            heard_at_gate = heard_text(&heard);
            gate_says
        }
    })
    .await;
    let took = start.elapsed();
    Ran { outcome, gates: gates.into_inner(), heard, heard_at_gate, took }
}

async fn run_script(script: Script) -> Ran {
    run_gated(script, LETTER, 1 << 16, Ok(())).await
}

#[tokio::test(start_paused = true)]
async fn a_message_is_taken_unchanged_and_the_gate_stood_before_the_dot() {
    let ran = run_script(GOOD).await;
    assert_eq!(ran.outcome, Outcome::Taken { reply: "250 2.0.0 queued as 4F".into() });
    assert_eq!(ran.gates, 1);
    assert!(ran.heard_at_gate.ends_with("\r\n...due\r\nfine"), "{}", ran.heard_at_gate);
    assert_eq!(stored(&ran.heard), LETTER);
    assert!(heard_text(&ran.heard).ends_with("QUIT\r\n"));
}

#[tokio::test(start_paused = true)]
async fn awkward_endings_arrive_unchanged() {
    for letter in [&b"\r\n"[..], b"a\r\n", b"a\r\n\r\n", b"a\r\n.\r\n", b".\r\n", b"..\r\n\r\n\r\n", b"a\r\n\r\n.\r\n"]
    {
        for buffer in [1, 3, 1 << 16] {
            let ran = run_gated(GOOD, letter, buffer, Ok(())).await;
            assert!(matches!(ran.outcome, Outcome::Taken { .. }), "{letter:?}: {:?}", ran.outcome);
            assert_eq!(stored(&ran.heard), letter);
            assert_eq!(ran.gates, 1);
        }
    }
}

/// Name, what the server does otherwise, times the gate ran, outcome (T Taken, L Later, N Never, U Unknown, S LaneStopped),
/// code.
type Row = (&'static str, fn(&mut Script), usize, char, Option<u16>);

#[rustfmt::skip]
const FAULTS: &[Row] = &[
    ("greeting 421", |s| s.greeting = "421 busy", 0, 'L', Some(421)),
    ("greeting 554", |s| s.greeting = "554 no", 0, 'L', Some(554)),
    ("greeting drop", |s| s.greeting = DROP, 0, 'L', None),
    ("greeting is no SMTP", |s| s.greeting = "HTTP/1.1 400 Bad Request", 0, 'L', None),
    ("no AUTH", |s| s.ehlo = "250 smtp.gestore.test", 0, 'S', None),
    ("auth 535", |s| s.auth = "535 5.7.8 wrong", 0, 'S', None),
    ("auth 454", |s| s.auth = "454 4.7.0 later", 0, 'L', Some(454)),
    ("auth drop", |s| s.auth = DROP, 0, 'L', None),
    ("mail 451", |s| s.mail = "451 4.3.0 later", 0, 'L', Some(451)),
    ("mail 553 not owned", |s| s.mail = "553 5.7.1 Sender address rejected", 0, 'S', None),
    ("mail 530", |s| s.mail = "530 5.7.0 authenticate", 0, 'S', None),
    ("mail 552", |s| s.mail = "552 5.3.4 too big", 0, 'N', Some(552)),
    ("rcpt 553 sender not owned", |s| s.rcpt = "553 5.7.1 <a@ente.test>: Sender address rejected: not owned by user b", 0, 'S', None),
    ("rcpt 450", |s| s.rcpt = "450 4.2.1 later", 0, 'L', Some(450)),
    ("rcpt 550", |s| s.rcpt = "550 5.1.1 unknown", 0, 'N', Some(550)),
    ("rcpt drop", |s| s.rcpt = DROP, 0, 'L', None),
    ("data 421", |s| s.data = "421 4.3.2 shutting down", 0, 'L', Some(421)),
    ("data 554", |s| s.data = "554 5.5.1 no", 0, 'N', Some(554)),
    ("data 250", |s| s.data = "250 what?", 0, 'L', None),
    ("dot 451", |s| s.dot = "451 4.3.0 later", 1, 'L', Some(451)),
    ("dot 554", |s| s.dot = "554 5.7.1 refused", 1, 'N', Some(554)),
    ("dot drop", |s| s.dot = DROP, 1, 'U', None),
    ("dot 354", |s| s.dot = "354 more?", 1, 'U', None),
    ("dot nonsense", |s| s.dot = "ok", 1, 'U', None),
    ("dot many lines", |s| s.dot = "250-a\r\n250 b", 1, 'T', None),
];

#[tokio::test(start_paused = true)]
async fn each_fault_has_its_outcome() {
    for &(name, fault, gates, letter, code) in FAULTS {
        let mut script = GOOD;
        fault(&mut script);
        let ran = run_script(script).await;
        let seen = match &ran.outcome {
            Outcome::Taken { .. } => ('T', None),
            Outcome::Later { code, .. } => ('L', *code),
            Outcome::Never { code, .. } => ('N', *code),
            Outcome::Unknown { .. } => ('U', None),
            Outcome::LaneStopped { .. } => ('S', None),
        };
        assert_eq!((seen, ran.gates), ((letter, code), gates), "{name}: {:?}", ran.outcome);
    }
}

/// The session cut after every byte, in either direction, against what the server really has (reliability §6, T28).
#[tokio::test(start_paused = true)]
async fn cut_anywhere_the_outcome_never_contradicts_the_server() {
    let (mut later, mut unknown, mut taken) = (0, 0, 0);
    for (up, down) in (0..400).map(|n| (n, u64::MAX)).chain((0..400).map(|n| (u64::MAX, n))) {
        let (ours, outer) = tokio::io::duplex(1 << 16);
        let (inner, theirs) = tokio::io::duplex(1 << 16);
        let wire = tokio::spawn(cut(outer, inner, up, down));
        let heard = Heard::default();
        let server = tokio::spawn(serve(theirs, GOOD, heard.clone()));
        let ran = run_over(ours, heard, LETTER, Ok(())).await;
        // What is on its way arrives, or has been cut.
        tokio::time::sleep(Duration::from_secs(60)).await;
        wire.abort();
        server.abort();
        let has_it = heard_text(&ran.heard).contains("\r\n.\r\n");
        match ran.outcome {
            Outcome::Later { .. } => {
                later += 1;
                assert!(!has_it, "up {up}, down {down}: the server has it");
            }
            Outcome::Unknown { .. } => {
                unknown += 1;
                assert_eq!(ran.gates, 1, "up {up}, down {down}");
            }
            Outcome::Taken { .. } => {
                taken += 1;
                assert!(has_it, "up {up}, down {down}: the server has it not");
            }
            // A cut within the first EHLO reply may leave no AUTH in sight.
            other => panic!("up {up}, down {down}: {other:?}"),
        }
    }
    assert!(later > 200 && unknown > 20 && taken > 20, "{later} {unknown} {taken}");
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_fails_keeps_the_dot_off_the_wire() {
    let ran = run_gated(GOOD, LETTER, 1 << 16, Err("disco pieno".into())).await;
    assert!(matches!(&ran.outcome, Outcome::Later { why, .. } if why.contains("disco pieno")), "{:?}", ran.outcome);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(heard_text(&ran.heard).ends_with("fine"), "nothing after the body, not even QUIT");
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_left_in_time() {
    let silent = [
        (Script { greeting: STALL, ..GOOD }, GREETING_TIMEOUT),
        (Script { ehlo: STALL, ..GOOD }, GREETING_TIMEOUT),
        (Script { auth: STALL, ..GOOD }, AUTH_TIMEOUT + QUIT_TIMEOUT),
        (Script { mail: STALL, ..GOOD }, ENVELOPE_TIMEOUT + QUIT_TIMEOUT),
        (Script { rcpt: STALL, ..GOOD }, ENVELOPE_TIMEOUT + QUIT_TIMEOUT),
        (Script { data: STALL, ..GOOD }, DATA_TIMEOUT + QUIT_TIMEOUT),
    ];
    for (script, limit) in silent {
        let ran = run_script(script).await;
        assert!(matches!(ran.outcome, Outcome::Later { code: None, .. }), "{:?}", ran.outcome);
        assert_eq!(ran.took.as_secs(), limit.as_secs());
    }
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_dot_is_unknown_after_ten_minutes() {
    let ran = run_script(Script { dot: STALL, ..GOOD }).await;
    assert!(matches!(ran.outcome, Outcome::Unknown { .. }), "{:?}", ran.outcome);
    assert_eq!((ran.gates, ran.took.as_secs()), (1, DOT_TIMEOUT.as_secs() + 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_reading_the_body_is_left_in_time() {
    let (ours, mut theirs) = tokio::io::duplex(64);
    let server = tokio::spawn(async move {
        let heard = Heard::default();
        say(&mut theirs, GOOD.greeting).await;
        for reply in [GOOD.ehlo, GOOD.auth, GOOD.mail, GOOD.rcpt, GOOD.data] {
            hear(&mut theirs, &heard, b"\r\n").await;
            say(&mut theirs, reply).await;
        }
        say(&mut theirs, STALL).await;
    });
    let start = Instant::now();
    let letter = b"riga\r\n".repeat(100);
    let job = Job::check("a@ente.test", "b@cittadini.test", &letter).ok().unwrap();
    let outcome = run(ours, &settings(), job, || async { panic!("the gate must not be reached") }).await;
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    assert_eq!(start.elapsed().as_secs(), STALL_TIMEOUT.as_secs());
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn a_reply_in_latin_1_is_still_a_reply() {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let server = tokio::spawn(async move {
        let heard = Heard::default();
        say(&mut theirs, GOOD.greeting).await;
        for reply in [GOOD.ehlo, GOOD.auth, GOOD.mail, GOOD.rcpt, GOOD.data] {
            hear(&mut theirs, &heard, b"\r\n").await;
            say(&mut theirs, reply).await;
        }
        hear(&mut theirs, &heard, b"\r\n.\r\n").await;
        theirs.write_all(b"250 accettat\xe0\r\n").await.unwrap();
    });
    let job = Job::check("a@ente.test", "b@cittadini.test", LETTER).ok().unwrap();
    let outcome = run(ours, &settings(), job, || async { Ok(()) }).await;
    assert_eq!(outcome, Outcome::Taken { reply: "250 accettat?".into() });
    server.abort();
}

#[tokio::test]
async fn bytes_that_could_smuggle_are_refused_before_connecting() {
    let line = Line::new(settings());
    let long = [b"x".repeat(999), b"\r\n".to_vec()].concat();
    let bad: [&[u8]; 8] = [b"", b"a", b"a\n", b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n", b"a\r\n\0\r\n", "è\r\n".as_bytes()];
    for bytes in bad.into_iter().chain([long.as_slice()]) {
        // The host does not exist: an answer of Never shows that nobody tried.
        let outcome = line.attempt("a@ente.test", "b@cittadini.test", bytes, || async { Ok(()) }).await;
        assert!(matches!(outcome, Outcome::Never { code: None, .. }), "{bytes:?}: {outcome:?}");
    }
    for to in [
        "",
        "b",
        "b@cittadini.test>",
        "b@cittadini.test\r\nRSET",
        "<b@cittadini.test>",
        "b b@cittadini.test",
        "è@cittadini.test",
    ] {
        let outcome = line.attempt("a@ente.test", to, LETTER, || async { Ok(()) }).await;
        assert!(matches!(outcome, Outcome::Never { code: None, .. }), "{to:?}: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn starttls_is_asked_for_or_the_server_is_left() {
    let cases = [
        ("220 a", "250-a\r\n250 STARTTLS", "220 go", true),
        ("220-a\r\n220 b", "250-a\r\n250-starttls\r\n250 SIZE", "220 go", true),
        ("220 a", "250 a", "220 go", false),
        ("220 a", "250-STARTTLSX\r\n250 HELP", "220 go", false),
        ("220 a", "250 STARTTLS", "454 not now", false),
        ("554 a", "250 STARTTLS", "220 go", false),
        ("220 a", "250 STARTTLS", DROP, false),
    ];
    for (greeting, ehlo, reply, asked) in cases {
        let (mut ours, mut theirs) = tokio::io::duplex(1 << 12);
        let server = tokio::spawn(async move {
            let heard = Heard::default();
            say(&mut theirs, greeting).await?;
            for reply in [ehlo, reply] {
                hear(&mut theirs, &heard, b"\r\n").await?;
                say(&mut theirs, reply).await?;
            }
            // Sent in clear right after 220, in the hope that it is taken for an encrypted answer.
            theirs.write_all(b"250 injected\r\n").await.ok()
        });
        assert_eq!(starttls::ask(&mut ours, "ente.test").await.is_ok(), asked, "{greeting} {ehlo} {reply}");
        if asked {
            server.await.unwrap();
            let mut left = vec![0; 14];
            ours.read_exact(&mut left).await.unwrap();
            assert_eq!(left, b"250 injected\r\n", "clear text stays in the socket, where TLS refuses it");
        }
    }
}

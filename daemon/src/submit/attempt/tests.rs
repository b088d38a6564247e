//! Every fault a submission server can show, and what may be concluded from it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::Instant,
};

use super::*;

/// What the server does where the reply is not a text.
const DROP: &str = "DROP";
const STALL: &str = "STALL";

/// A server that follows a script: one reply for each step.
#[derive(Clone, Copy)]
struct Script {
    greeting: &'static str,
    ehlo: &'static str,
    auth: &'static str,
    mail: &'static str,
    rcpt: &'static str,
    data: &'static str,
    /// Close after so many bytes of the body.
    cut_body_at: Option<usize>,
    dot: &'static str,
}

const GOOD: Script = Script {
    greeting: "220 smtp.gestore.test ESMTP",
    ehlo: "250-smtp.gestore.test\r\n250-SIZE 31457280\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
    auth: "235 2.7.0 ok",
    mail: "250 2.1.0 ok",
    rcpt: "250 2.1.5 ok",
    data: "354 go ahead",
    cut_body_at: None,
    dot: "250 2.0.0 queued as 4F",
};

/// Everything the server received, command lines and body.
type Heard = Arc<Mutex<Vec<u8>>>;

fn heard_text(heard: &Heard) -> String {
    String::from_utf8(heard.lock().unwrap().clone()).unwrap()
}

/// The body as the server would store it: what came after DATA, unstuffed, with the CRLF before the dot.
fn stored(heard: &Heard) -> Vec<u8> {
    let text = heard_text(heard);
    let (_, after) = text.split_once("DATA\r\n").unwrap();
    let (body, _) = after.split_once("\r\n.\r\n").unwrap();
    let lines: Vec<&str> = body
        .split("\r\n")
        .map(|line| line.strip_prefix('.').unwrap_or(line))
        .collect();
    (lines.join("\r\n") + "\r\n").into_bytes()
}

/// Reads until `end`; `None` when the client is gone or `limit` bytes came first.
async fn hear(
    stream: &mut DuplexStream,
    heard: &Heard,
    end: &[u8],
    limit: Option<usize>,
) -> Option<()> {
    let start = heard.lock().unwrap().len();
    loop {
        let byte = stream.read_u8().await.ok()?;
        let mut all = heard.lock().unwrap();
        all.push(byte);
        if all[start..].ends_with(end) {
            return Some(());
        }
        if limit.is_some_and(|limit| all.len() - start >= limit) {
            return None;
        }
    }
}

async fn say(stream: &mut DuplexStream, reply: &str) -> Option<()> {
    match reply {
        DROP => None,
        STALL => {
            tokio::time::sleep(Duration::from_secs(1_000_000)).await;
            None
        }
        text => stream
            .write_all(format!("{text}\r\n").as_bytes())
            .await
            .ok(),
    }
}

async fn serve(mut stream: DuplexStream, script: Script, heard: Heard) -> Option<()> {
    say(&mut stream, script.greeting).await?;
    for reply in [
        script.ehlo,
        script.auth,
        script.mail,
        script.rcpt,
        script.data,
    ] {
        hear(&mut stream, &heard, b"\r\n", None).await?;
        say(&mut stream, reply).await?;
        if reply.starts_with("354") {
            hear(&mut stream, &heard, b"\r\n.\r\n", script.cut_body_at).await?;
            say(&mut stream, script.dot).await?;
        }
    }
    hear(&mut stream, &heard, b"QUIT\r\n", None).await?;
    say(&mut stream, "221 bye").await
}

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
    }
}

struct Ran {
    outcome: Outcome,
    gates: usize,
    heard: Heard,
    /// What the server had received when the gate ran.
    heard_at_gate: String,
    took: Duration,
}

async fn run_gated(
    script: Script,
    letter: &[u8],
    buffer: usize,
    gate_says: Result<(), String>,
) -> Ran {
    let (ours, theirs) = tokio::io::duplex(buffer);
    let heard = Heard::default();
    let server = tokio::spawn(serve(theirs, script, heard.clone()));
    let gates = AtomicUsize::new(0);
    let mut heard_at_gate = String::new();
    let start = Instant::now();
    let job = Job::check("ente@ente.test", "citta.dino@cittadini.test", letter)
        .ok()
        .unwrap();
    let outcome = run(ours, b"", &settings(), job, || {
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
    server.abort();
    Ran {
        outcome,
        gates: gates.into_inner(),
        heard,
        heard_at_gate,
        took,
    }
}

async fn run_script(script: Script) -> Ran {
    run_gated(script, LETTER, 1 << 16, Ok(())).await
}

#[tokio::test(start_paused = true)]
async fn a_message_is_taken_unchanged_and_the_gate_stood_before_the_dot() {
    let ran = run_script(GOOD).await;
    assert_eq!(
        ran.outcome,
        Outcome::Taken {
            reply: "250 2.0.0 queued as 4F".into()
        }
    );
    assert_eq!(ran.gates, 1);
    assert!(
        ran.heard_at_gate.ends_with("\r\n...due\r\nfine"),
        "{}",
        ran.heard_at_gate
    );
    assert_eq!(stored(&ran.heard), LETTER);
    assert!(heard_text(&ran.heard).ends_with("QUIT\r\n"));
}

#[tokio::test(start_paused = true)]
async fn awkward_endings_arrive_unchanged() {
    for letter in [
        &b"\r\n"[..],
        b"a\r\n",
        b"a\r\n\r\n",
        b"a\r\n.\r\n",
        b".\r\n",
        b"..\r\n\r\n\r\n",
        b"a\r\n\r\n.\r\n",
    ] {
        for buffer in [1, 3, 1 << 16] {
            let ran = run_gated(GOOD, letter, buffer, Ok(())).await;
            assert!(
                matches!(ran.outcome, Outcome::Taken { .. }),
                "{letter:?}: {:?}",
                ran.outcome
            );
            assert_eq!(stored(&ran.heard), letter);
            assert_eq!(ran.gates, 1);
        }
    }
}

/// (script, gate ran, outcome: T(aken) L(ater) N(ever) U(nknown) S(topped), code)
fn faults() -> Vec<(&'static str, Script, usize, char, Option<u16>)> {
    vec![
        (
            "greeting 421",
            Script {
                greeting: "421 busy",
                ..GOOD
            },
            0,
            'L',
            Some(421),
        ),
        (
            "greeting 554",
            Script {
                greeting: "554 no",
                ..GOOD
            },
            0,
            'L',
            Some(554),
        ),
        (
            "greeting drop",
            Script {
                greeting: DROP,
                ..GOOD
            },
            0,
            'L',
            None,
        ),
        (
            "greeting is no SMTP",
            Script {
                greeting: "HTTP/1.1 400 Bad Request",
                ..GOOD
            },
            0,
            'L',
            None,
        ),
        (
            "no AUTH",
            Script {
                ehlo: "250 smtp.gestore.test",
                ..GOOD
            },
            0,
            'S',
            None,
        ),
        (
            "auth 535",
            Script {
                auth: "535 5.7.8 wrong",
                ..GOOD
            },
            0,
            'S',
            None,
        ),
        (
            "auth 454",
            Script {
                auth: "454 4.7.0 later",
                ..GOOD
            },
            0,
            'L',
            Some(454),
        ),
        ("auth drop", Script { auth: DROP, ..GOOD }, 0, 'L', None),
        (
            "mail 451",
            Script {
                mail: "451 4.3.0 later",
                ..GOOD
            },
            0,
            'L',
            Some(451),
        ),
        (
            "mail 553 not owned",
            Script {
                mail: "553 5.7.1 Sender address rejected",
                ..GOOD
            },
            0,
            'S',
            None,
        ),
        (
            "mail 530",
            Script {
                mail: "530 5.7.0 authenticate",
                ..GOOD
            },
            0,
            'S',
            None,
        ),
        (
            "mail 552",
            Script {
                mail: "552 5.3.4 too big",
                ..GOOD
            },
            0,
            'N',
            Some(552),
        ),
        (
            "rcpt 450",
            Script {
                rcpt: "450 4.2.1 later",
                ..GOOD
            },
            0,
            'L',
            Some(450),
        ),
        (
            "rcpt 550",
            Script {
                rcpt: "550 5.1.1 unknown",
                ..GOOD
            },
            0,
            'N',
            Some(550),
        ),
        ("rcpt drop", Script { rcpt: DROP, ..GOOD }, 0, 'L', None),
        (
            "data 421",
            Script {
                data: "421 4.3.2 shutting down",
                ..GOOD
            },
            0,
            'L',
            Some(421),
        ),
        (
            "data 554",
            Script {
                data: "554 5.5.1 no",
                ..GOOD
            },
            0,
            'N',
            Some(554),
        ),
        (
            "data 250",
            Script {
                data: "250 what?",
                ..GOOD
            },
            0,
            'L',
            None,
        ),
        (
            "dot 451",
            Script {
                dot: "451 4.3.0 later",
                ..GOOD
            },
            1,
            'L',
            Some(451),
        ),
        (
            "dot 554",
            Script {
                dot: "554 5.7.1 refused",
                ..GOOD
            },
            1,
            'N',
            Some(554),
        ),
        ("dot drop", Script { dot: DROP, ..GOOD }, 1, 'U', None),
        (
            "dot 354",
            Script {
                dot: "354 more?",
                ..GOOD
            },
            1,
            'U',
            None,
        ),
        ("dot nonsense", Script { dot: "ok", ..GOOD }, 1, 'U', None),
        (
            "dot many lines",
            Script {
                dot: "250-a\r\n250 b",
                ..GOOD
            },
            1,
            'T',
            None,
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_fault_has_its_outcome() {
    for (name, script, gates, letter, code) in faults() {
        let ran = run_script(script).await;
        let seen = match &ran.outcome {
            Outcome::Taken { .. } => ('T', None),
            Outcome::Later { code, .. } => ('L', *code),
            Outcome::Never { code, .. } => ('N', *code),
            Outcome::Unknown { .. } => ('U', None),
            Outcome::LaneStopped { .. } => ('S', None),
        };
        assert_eq!(
            (seen, ran.gates),
            ((letter, code), gates),
            "{name}: {:?}",
            ran.outcome
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_cut_anywhere_in_the_body_is_certainly_not_taken() {
    let mut letter = b"Subject: x\r\n\r\n".to_vec();
    letter.extend(b"riga lunga quanto basta\r\n".repeat(20));
    for at in (1..letter.len()).step_by(7) {
        // A small buffer, so that the cut is felt while writing.
        let ran = run_gated(
            Script {
                cut_body_at: Some(at),
                ..GOOD
            },
            &letter,
            16,
            Ok(()),
        )
        .await;
        match ran.outcome {
            Outcome::Later { .. } => assert_eq!(ran.gates, 0, "cut at {at}"),
            // The last bytes fit into the buffer before the cut was felt: the gate may have run, the dot may be lost.
            Outcome::Unknown { .. } => assert_eq!(ran.gates, 1, "cut at {at}"),
            other => panic!("cut at {at}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_fails_keeps_the_dot_off_the_wire() {
    let ran = run_gated(GOOD, LETTER, 1 << 16, Err("disco pieno".into())).await;
    assert!(
        matches!(&ran.outcome, Outcome::Later { why, .. } if why.contains("disco pieno")),
        "{:?}",
        ran.outcome
    );
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(
        heard_text(&ran.heard).ends_with("fine"),
        "nothing after the body, not even QUIT"
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_left_in_time() {
    let silent = [
        (
            Script {
                greeting: STALL,
                ..GOOD
            },
            GREETING_TIMEOUT,
        ),
        (
            Script {
                ehlo: STALL,
                ..GOOD
            },
            GREETING_TIMEOUT,
        ),
        (
            Script {
                auth: STALL,
                ..GOOD
            },
            AUTH_TIMEOUT + QUIT_TIMEOUT,
        ),
        (
            Script {
                mail: STALL,
                ..GOOD
            },
            ENVELOPE_TIMEOUT + QUIT_TIMEOUT,
        ),
        (
            Script {
                rcpt: STALL,
                ..GOOD
            },
            ENVELOPE_TIMEOUT + QUIT_TIMEOUT,
        ),
        (
            Script {
                data: STALL,
                ..GOOD
            },
            DATA_TIMEOUT + QUIT_TIMEOUT,
        ),
    ];
    for (script, limit) in silent {
        let ran = run_script(script).await;
        assert!(
            matches!(ran.outcome, Outcome::Later { code: None, .. }),
            "{:?}",
            ran.outcome
        );
        assert_eq!(ran.took.as_secs(), limit.as_secs());
    }
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_dot_is_unknown_after_ten_minutes() {
    let ran = run_script(Script { dot: STALL, ..GOOD }).await;
    assert!(
        matches!(ran.outcome, Outcome::Unknown { .. }),
        "{:?}",
        ran.outcome
    );
    assert_eq!(
        (ran.gates, ran.took.as_secs()),
        (1, DOT_TIMEOUT.as_secs() + 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_reading_the_body_is_left_in_time() {
    let (ours, mut theirs) = tokio::io::duplex(64);
    let server = tokio::spawn(async move {
        let heard = Heard::default();
        say(&mut theirs, GOOD.greeting).await;
        for reply in [GOOD.ehlo, GOOD.auth, GOOD.mail, GOOD.rcpt, GOOD.data] {
            hear(&mut theirs, &heard, b"\r\n", None).await;
            say(&mut theirs, reply).await;
        }
        say(&mut theirs, STALL).await;
    });
    let start = Instant::now();
    let letter = b"riga\r\n".repeat(100);
    let job = Job::check("a@ente.test", "b@cittadini.test", &letter)
        .ok()
        .unwrap();
    let outcome = run(ours, b"", &settings(), job, || async {
        panic!("the gate must not be reached")
    })
    .await;
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
            hear(&mut theirs, &heard, b"\r\n", None).await;
            say(&mut theirs, reply).await;
        }
        hear(&mut theirs, &heard, b"\r\n.\r\n", None).await;
        theirs.write_all(b"250 accettat\xe0\r\n").await.unwrap();
    });
    let job = Job::check("a@ente.test", "b@cittadini.test", LETTER)
        .ok()
        .unwrap();
    let outcome = run(ours, b"", &settings(), job, || async { Ok(()) }).await;
    assert_eq!(
        outcome,
        Outcome::Taken {
            reply: "250 accettat?".into()
        }
    );
    server.abort();
}

#[tokio::test]
async fn bytes_that_could_smuggle_are_refused_before_connecting() {
    let long = [b"x".repeat(999), b"\r\n".to_vec()].concat();
    let bad: [&[u8]; 8] = [
        b"",
        b"a",
        b"a\n",
        b"a\nb\r\n",
        b"a\rb\r\n",
        b"a\r\r\n",
        b"a\r\n\0\r\n",
        "è\r\n".as_bytes(),
    ];
    for bytes in bad.into_iter().chain([long.as_slice()]) {
        // The host does not exist: an answer of Never shows that nobody tried.
        let outcome = attempt(
            &settings(),
            "a@ente.test",
            "b@cittadini.test",
            bytes,
            || async { Ok(()) },
        )
        .await;
        assert!(
            matches!(outcome, Outcome::Never { code: None, .. }),
            "{bytes:?}: {outcome:?}"
        );
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
        let outcome = attempt(&settings(), "a@ente.test", to, LETTER, || async { Ok(()) }).await;
        assert!(
            matches!(outcome, Outcome::Never { code: None, .. }),
            "{to:?}: {outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn starttls_is_asked_for_or_the_server_is_left() {
    let cases = [
        ("220 a", "250-a\r\n250 STARTTLS", "220 go", true),
        (
            "220-a\r\n220 b",
            "250-a\r\n250-starttls\r\n250 SIZE",
            "220 go",
            true,
        ),
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
                hear(&mut theirs, &heard, b"\r\n", None).await?;
                say(&mut theirs, reply).await?;
            }
            // Sent in clear right after 220, in the hope that it is taken for an encrypted answer.
            theirs.write_all(b"250 injected\r\n").await.ok()
        });
        assert_eq!(
            starttls::ask(&mut ours, "ente.test").await.is_ok(),
            asked,
            "{greeting} {ehlo} {reply}"
        );
        if asked {
            server.await.unwrap();
            let mut left = vec![0; 14];
            ours.read_exact(&mut left).await.unwrap();
            assert_eq!(
                left, b"250 injected\r\n",
                "clear text stays in the socket, where TLS refuses it"
            );
        }
    }
}

//! Several letters on one connection: what is certain of each is what would be certain of it alone.

use super::*;
use crate::net::{Dialling, Net, Stream};
use crate::secret::Secret;
use crate::submit::Security;
use std::path::Path;
use std::sync::{Arc, Mutex as Shared};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// What a server does instead of what is asked of it; `None` where the other end is simply closed.
type Mood = fn(connection: usize, letter: usize, command: &str) -> Option<Option<&'static str>>;

/// What an outcome must be.
type Expected = fn(&Outcome) -> bool;

const WILLING: Mood = |_, _, _| None;

/// A network with one submission server, which remembers.
#[derive(Debug, Clone)]
struct Provider {
    mood: Mood,
    seen: Arc<Shared<Seen>>,
    /// Bytes that pass towards the server, and back, before the wire of the first connection is cut.
    cut: Option<(u64, u64)>,
    /// It offers to take commands in one write.
    pipelines: bool,
}

/// The two kinds of server: what is certain of a letter is the same with both.
const BOTH: [bool; 2] = [false, true];

#[derive(Debug, Default)]
struct Seen {
    logins: usize,
    quits: usize,
    letters: Vec<String>,
    /// Times that more had been written than the command that was being answered.
    ahead: usize,
}

impl Provider {
    fn new(mood: Mood, pipelines: bool) -> Self {
        Self { mood, seen: Arc::default(), cut: None, pipelines }
    }

    fn line(&self) -> Line {
        Line::new(SmtpSettings {
            host: "smtp.gestore.test".into(),
            port: 465,
            security: Security::Implicit,
            server_name: None,
            ca_file: None,
            user: "ente@ente.test".into(),
            password: Secret::new("segreta"),
            hello: "ente.test".into(),
            net: Arc::new(self.clone()),
        })
    }

    fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    async fn serve(self, stream: DuplexStream) -> std::io::Result<()> {
        let connection = {
            let mut seen = self.seen.lock().unwrap();
            seen.logins += 1;
            seen.logins
        };
        let (from, mut to) = tokio::io::split(stream);
        let mut from = BufReader::new(from);
        to.write_all(b"220 smtp.gestore.test ESMTP\r\n").await?;
        let mut letter = 1;
        loop {
            let mut line = String::new();
            if from.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let command = line.split_whitespace().next().unwrap_or_default();
            let reply = match ((self.mood)(connection, letter, command), command) {
                (Some(None), _) => return Ok(()),
                (Some(Some(said)), _) => said,
                (None, "EHLO") if self.pipelines => "250-smtp.gestore.test\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN",
                (None, "EHLO") => "250-smtp.gestore.test\r\n250 AUTH PLAIN LOGIN",
                (None, "AUTH") => "235 ok",
                (None, "DATA") => "354 go ahead",
                (None, "QUIT") => "221 bye",
                (None, _) => "250 ok",
            };
            self.seen.lock().unwrap().ahead += usize::from(!from.buffer().is_empty());
            to.write_all(format!("{reply}\r\n").as_bytes()).await?;
            if command == "QUIT" {
                self.seen.lock().unwrap().quits += 1;
                return Ok(());
            }
            if reply.starts_with("354") {
                let mut body = Vec::new();
                while !body.ends_with(b"\r\n.\r\n") {
                    body.push(from.read_u8().await?);
                }
                let said = match (self.mood)(connection, letter, ".") {
                    Some(None) => {
                        self.seen.lock().unwrap().letters.push(String::from_utf8(body).unwrap());
                        return Ok(());
                    }
                    Some(Some(said)) => said,
                    None => {
                        self.seen.lock().unwrap().letters.push(String::from_utf8(body).unwrap());
                        "250 queued"
                    }
                };
                to.write_all(format!("{said}\r\n").as_bytes()).await?;
                letter += 1;
            }
        }
    }
}

impl Net for Provider {
    fn connect<'a>(&'a self, _: &'a str, _: u16) -> Dialling<'a, Stream> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let is_first = self.seen(|seen| seen.logins == 0);
        let ours = match self.cut.filter(|_| is_first) {
            None => {
                tokio::spawn(self.clone().serve(theirs));
                ours
            }
            Some((up, down)) => {
                let (outer, inner) = tokio::io::duplex(1 << 16);
                tokio::spawn(self.clone().serve(theirs));
                tokio::spawn(cut(inner, ours, up, down));
                outer
            }
        };
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(Box::new(ours) as Stream)
        })
    }

    fn encrypt<'a>(&'a self, stream: Stream, _: &'a str, _: Option<&'a Path>) -> Dialling<'a, Encrypted> {
        Box::pin(async move { Ok(Encrypted { stream, version: "none".into() }) })
    }
}

/// Carries bytes both ways until so many have passed; then both ends close.
async fn cut(client: DuplexStream, server: DuplexStream, up: u64, down: u64) {
    let (from_client, mut to_client) = tokio::io::split(client);
    let (from_server, mut to_server) = tokio::io::split(server);
    let (mut from_client, mut from_server) = (from_client.take(up), from_server.take(down));
    tokio::select! {
        biased;
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

fn letter(n: usize) -> String {
    format!("Subject: lettera {n}\r\n\r\ntesto\r\n")
}

/// Sends letter `n`; how it ended, and how often its gate was asked.
async fn send(line: &Line, n: usize) -> (Outcome, usize) {
    let gates = Shared::new(0);
    let outcome = line
        .attempt("ente@ente.test", "anna@cittadini.test", letter(n).as_bytes(), || async {
            *gates.lock().unwrap() += 1;
            Ok(())
        })
        .await;
    (outcome, gates.into_inner().unwrap())
}

async fn is_taken(line: &Line, n: usize) {
    let (outcome, gates) = send(line, n).await;
    assert!(matches!(outcome, Outcome::Taken { .. }), "{n}: {outcome:?}");
    assert_eq!(gates, 1, "{n}");
}

#[tokio::test(start_paused = true)]
async fn letters_of_a_round_share_a_login_and_each_has_its_gate() {
    for pipelines in BOTH {
        let provider = Provider::new(WILLING, pipelines);
        let line = provider.line();
        let many = LETTERS_MAX as usize + 5;
        for n in 0..many {
            is_taken(&line, n).await;
        }
        line.rest().await;
        provider.seen(|seen| {
            assert_eq!((seen.logins, seen.quits), (2, 2), "a connection has an end, and is left politely");
            let wanted: Vec<String> = (0..many).map(|n| letter(n) + ".\r\n").collect();
            assert_eq!(seen.letters, wanted);
            // Of each letter but the first of a connection, RCPT and DATA were there when MAIL was answered.
            assert_eq!(seen.ahead, if pipelines { 2 * (many - 2) } else { 0 });
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_rested_too_long_is_left() {
    let provider = Provider::new(WILLING, true);
    let line = provider.line();
    is_taken(&line, 1).await;
    tokio::time::sleep(REST_MAX).await;
    is_taken(&line, 2).await;
    assert_eq!(provider.seen(|seen| seen.logins), 1);
    tokio::time::sleep(REST_MAX + Duration::from_secs(1)).await;
    is_taken(&line, 3).await;
    assert_eq!(provider.seen(|seen| (seen.logins, seen.quits)), (2, 1));
}

/// The server closed the connection while it rested, or is tired of it: that is not the letter's fault.
#[tokio::test(start_paused = true)]
async fn a_kept_connection_that_says_no_is_not_believed() {
    let tired: [Mood; 6] = [
        |c, l, command| (c == 1 && l == 2 && command == "MAIL").then_some(None),
        |c, l, command| (c == 1 && l == 2 && command == "MAIL").then_some(Some("421 4.4.2 idle")),
        |c, l, command| (c == 1 && l == 2 && command == "MAIL").then_some(Some("554 5.7.0 too many messages")),
        |c, l, command| (c == 1 && l == 2 && command == "RCPT").then_some(Some("452 4.5.3 too many messages")),
        |c, l, command| (c == 1 && l == 2 && command == "RCPT").then_some(None),
        |c, l, command| (c == 1 && l == 2 && command == "DATA").then_some(Some("503 5.5.1 no")),
    ];
    let both = tired.into_iter().flat_map(|mood| BOTH.map(|pipelines| (mood, pipelines)));
    for (n, (mood, pipelines)) in both.enumerate() {
        let provider = Provider::new(mood, pipelines);
        let line = provider.line();
        is_taken(&line, 1).await;
        is_taken(&line, 2).await;
        assert_eq!(provider.seen(|seen| (seen.logins, seen.letters.len())), (2, 2), "mood {n}");
    }
}

/// A fresh one is believed, and after any trouble the next letter has a fresh one too.
#[tokio::test(start_paused = true)]
async fn a_fresh_connection_is_believed() {
    let moods: [(Mood, Expected); 5] = [
        (
            |c, l, at| (c > 1 && l == 1 && at == "RCPT").then_some(Some("550 5.1.1 unknown")),
            |o| matches!(o, Outcome::Never { code: Some(550), .. }),
        ),
        (
            |c, l, at| (c > 1 && l == 1 && at == "MAIL").then_some(Some("451 4.3.0 later")),
            |o| matches!(o, Outcome::Later { code: Some(451), .. }),
        ),
        (
            |_, l, at| (l == 2 && at == ".").then_some(Some("451 4.3.0 later")),
            |o| matches!(o, Outcome::Later { code: Some(451), .. }),
        ),
        (|_, l, at| (l == 2 && at == ".").then_some(None), |o| matches!(o, Outcome::Unknown { .. })),
        (|_, l, at| (l == 2 && at == ".").then_some(Some("554 5.7.1 no")), |o| matches!(o, Outcome::Never { .. })),
    ];
    let both = BOTH.into_iter().flat_map(|pipelines| moods.iter().enumerate().map(move |mood| (mood, pipelines)));
    for ((n, (mood, expected)), pipelines) in both {
        let provider = Provider::new(*mood, pipelines);
        let line = provider.line();
        is_taken(&line, 1).await;
        if n < 2 {
            line.rest().await;
        }
        let (outcome, _) = send(&line, 2).await;
        assert!(expected(&outcome), "mood {n}: {outcome:?}");
        let before = provider.seen(|seen| seen.logins);
        let _ = send(&line, 3).await;
        assert_eq!(provider.seen(|seen| seen.logins), before + 1, "mood {n}: after trouble, a fresh connection");
    }
}

/// Two letters on a wire that is cut after every byte, either way, against what the server really has (reliability §6, T28):
/// «certainly not taken» is never said of one that was, whichever of the two it is, and nothing is delivered twice.
#[tokio::test(start_paused = true)]
async fn cut_anywhere_no_letter_of_the_two_is_told_wrongly() {
    let (mut taken, mut unknown, mut later) = (0, 0, 0);
    let cuts = (0..520).map(|n| (n, u64::MAX)).chain((0..260).map(|n| (u64::MAX, n)));
    for ((up, down), pipelines) in cuts.flat_map(|cut| BOTH.map(|pipelines| (cut, pipelines))) {
        let provider = Provider { cut: Some((up, down)), ..Provider::new(WILLING, pipelines) };
        let line = provider.line();
        for n in [1, 2] {
            let (outcome, _) = send(&line, n).await;
            tokio::time::sleep(Duration::from_secs(60)).await; // what is on its way arrives, or has been cut
            let copies = provider.seen(|seen| seen.letters.iter().filter(|l| **l == letter(n) + ".\r\n").count());
            match outcome {
                Outcome::Taken { .. } => {
                    taken += 1;
                    assert_eq!(copies, 1, "letter {n}, up {up}, down {down}");
                }
                Outcome::Later { .. } => {
                    later += 1;
                    assert_eq!(copies, 0, "letter {n}, up {up}, down {down}: the server has it");
                }
                Outcome::Unknown { .. } => {
                    unknown += 1;
                    assert!(copies <= 1, "letter {n}, up {up}, down {down}");
                }
                other => panic!("letter {n}, up {up}, down {down}: {other:?}"),
            }
        }
    }
    println!("{taken} taken, {later} later, {unknown} unknown");
    assert!(taken > 1000 && later > 200 && unknown > 20, "{taken} {later} {unknown}");
}

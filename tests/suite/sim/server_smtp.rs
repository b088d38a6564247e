//! The provider's submission server: takes letters, refuses them, or dies over them, and knows which it took. Changes when
//! a submission can go wrong in another way.

use super::plan::Dice;
use super::power::Power;
use super::provider::Provider;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// What was submitted up to its final dot.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Its Message-ID.
    pub message_id: String,
    /// Its bytes, as the server stores them.
    pub raw: Vec<u8>,
    /// The server took it.
    pub is_taken: bool,
    /// What it said to the dot; `None`: nothing.
    pub said: Option<u16>,
}

/// What the submission servers know.
#[derive(Debug, Default)]
pub struct Ledger {
    /// In order.
    pub submissions: Vec<Submission>,
    /// Of a thousand steps, so many go wrong.
    pub faults: u64,
}

/// How one transaction goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Good,
    Greeting421,
    Closed(&'static str),
    Auth535,
    Auth454,
    Mail451,
    Rcpt450,
    Rcpt550,
    Data451,
    DotSlow,
    Dot451,
    Dot554,
    /// Taken, and the wire ends before the 250.
    TakenCut,
    /// Not taken, and the wire ends.
    LostCut,
    /// Taken, and then nothing is said any more.
    TakenSilent,
    /// Not taken, and nothing is said.
    LostSilent,
    /// An answer of several lines, and words that are not ASCII.
    Wordy,
}

const TURNS: [(Turn, &str); 20] = [
    (Turn::Greeting421, "SMTP: 421 greeting"),
    (Turn::Closed("EHLO"), "SMTP: closed at EHLO"),
    (Turn::Closed("AUTH"), "SMTP: closed at AUTH"),
    (Turn::Closed("MAIL"), "SMTP: closed at MAIL"),
    (Turn::Closed("RCPT"), "SMTP: closed at RCPT"),
    (Turn::Closed("DATA"), "SMTP: closed at DATA"),
    (Turn::Auth535, "SMTP: 535"),
    (Turn::Auth454, "SMTP: 454"),
    (Turn::Mail451, "SMTP: 451 MAIL"),
    (Turn::Rcpt450, "SMTP: 450 RCPT"),
    (Turn::Rcpt550, "SMTP: 550 RCPT"),
    (Turn::Data451, "SMTP: 451 DATA"),
    (Turn::DotSlow, "SMTP: slow 250"),
    (Turn::Dot451, "SMTP: 451 to the dot"),
    (Turn::Dot554, "SMTP: 554 to the dot"),
    (Turn::TakenCut, "SMTP: taken, no answer"),
    (Turn::LostCut, "SMTP: not taken, no answer"),
    (Turn::TakenSilent, "SMTP: taken, silence"),
    (Turn::LostSilent, "SMTP: not taken, silence"),
    (Turn::Wordy, "SMTP: wordy 250"),
];

/// One connection.
pub struct Session {
    stream: BufReader<DuplexStream>,
    ledger: Arc<Mutex<Ledger>>,
    /// Where what is taken goes; `None`: to an office, and that is the end.
    provider: Option<Arc<Provider>>,
    power: Power,
    dice: Dice,
}

impl Session {
    /// A session at the server's end of a wire.
    pub fn new(
        stream: DuplexStream,
        ledger: Arc<Mutex<Ledger>>,
        provider: Option<Arc<Provider>>,
        power: Power,
        dice: Dice,
    ) -> Self {
        Self { stream: BufReader::new(stream), ledger, provider, power, dice }
    }

    /// Serves until the wire ends.
    pub async fn run(mut self) {
        let _ = self.talk().await;
    }

    fn turn(&mut self) -> Turn {
        let faults = self.ledger.lock().unwrap().faults;
        if !self.dice.permille(faults) {
            return Turn::Good;
        }
        let (turn, name) = *self.dice.pick(&TURNS);
        self.power.count(name);
        turn
    }

    async fn say(&mut self, line: &str) -> Option<()> {
        tokio::time::sleep(Duration::from_millis(self.dice.between(1, 200))).await;
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()
    }

    async fn hear(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line).await.ok()?;
        (read > 0 && line.ends_with(b"\r\n")).then_some(line)
    }

    async fn talk(&mut self) -> Option<()> {
        let mut turn = self.turn();
        if turn == Turn::Greeting421 {
            return self.say("421 4.3.2 too busy").await;
        }
        self.say("220 smtp.test ESMTP").await?;
        let mut from = String::new();
        let mut to = Vec::new();
        loop {
            let line = self.hear().await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb = line.split([' ', ':']).next()?.to_ascii_uppercase();
            if matches!(turn, Turn::Closed(at) if at == verb) {
                return None;
            }
            match (verb.as_str(), turn) {
                ("EHLO" | "HELO", _) => {
                    self.say(
                        "250-smtp.test\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN",
                    )
                    .await?;
                }
                ("AUTH", Turn::Auth535) => self.say("535 5.7.8 wrong").await?,
                ("AUTH", Turn::Auth454) => self.say("454 4.7.0 try later").await?,
                ("AUTH", _) => self.say("235 2.7.0 welcome").await?,
                ("MAIL", Turn::Mail451) => self.say("451 4.3.0 try later").await?,
                ("MAIL", _) => {
                    from = address(&line)?;
                    self.say("250 2.1.0 ok").await?;
                }
                ("RCPT", Turn::Rcpt450) => self.say("450 4.2.0 try later").await?,
                ("RCPT", Turn::Rcpt550) => self.say("550 5.1.1 unknown").await?,
                ("RCPT", _) => {
                    to.push(address(&line)?);
                    self.say("250 2.1.5 ok").await?;
                }
                ("DATA", Turn::Data451) => self.say("451 4.3.0 try later").await?,
                ("DATA", _) => {
                    self.say("354 go ahead").await?;
                    let raw = self.body().await?;
                    self.dot(turn, &from, &to, raw).await?;
                    to.clear();
                    // The next message on this connection has a turn of its own.
                    turn = self.turn();
                }
                ("RSET" | "NOOP", _) => self.say("250 2.0.0 ok").await?,
                ("QUIT", _) => return self.say("221 2.0.0 bye").await,
                _ => self.say("500 5.5.2 what").await?,
            }
        }
    }

    /// The message up to its final dot, as it is stored.
    async fn body(&mut self) -> Option<Vec<u8>> {
        let mut raw = Vec::new();
        loop {
            let line = self.hear().await?;
            match line.as_slice() {
                b".\r\n" => return Some(raw),
                [b'.', rest @ ..] => raw.extend_from_slice(rest),
                line => raw.extend_from_slice(line),
            }
        }
    }

    async fn dot(&mut self, turn: Turn, from: &str, to: &[String], raw: Vec<u8>) -> Option<()> {
        let (is_taken, said) = match turn {
            Turn::Dot451 => (false, Some(451)),
            Turn::Dot554 => (false, Some(554)),
            Turn::LostCut | Turn::LostSilent => (false, None),
            Turn::TakenCut | Turn::TakenSilent => (true, None),
            _ => (true, Some(250)),
        };
        let message_id = crate::support::message_id(&raw);
        self.power.note(format!("dot {message_id} taken {is_taken} said {said:?}"));
        self.ledger.lock().unwrap().submissions.push(Submission { message_id, raw: raw.clone(), is_taken, said });
        if is_taken && let Some(provider) = &self.provider {
            provider.take(from, to, &raw);
        }
        match turn {
            Turn::DotSlow => {
                tokio::time::sleep(self.dice.seconds(10, 590)).await;
                self.say("250 2.0.0 queued").await
            }
            Turn::Dot451 => self.say("451 4.3.0 try later").await,
            Turn::Dot554 => self.say("554 5.6.0 no").await,
            Turn::TakenCut | Turn::LostCut => None,
            Turn::TakenSilent | Turn::LostSilent => std::future::pending().await,
            Turn::Wordy => self.say("250-2.0.0 preso\r\n250 2.0.0 in carico").await,
            _ => self.say("250 2.0.0 queued").await,
        }
    }
}

/// What stands between angle brackets.
fn address(line: &str) -> Option<String> {
    Some(line.split_once('<')?.1.split_once('>')?.0.to_owned())
}

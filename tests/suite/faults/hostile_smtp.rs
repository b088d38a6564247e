//! Changes when an SMTP server lies in another way (reliability.md §3.5, T28, T30; P4).

use super::loopback::{Encrypted, Tls, listen, most_memory};
use crate::support::{Daemon, House, ask, message_id, wait_or};
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use sportello::outbox::schedule::State;
use sportello::store::Overview;
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const OFFICE: &str = "protocollo@pec.comune.test";
/// Most memory that the service may have had, KB: the messages that wait are worked on together, as from an IMAP server.
const MEMORY_KB_MAX: u64 = 256 * 1024;

/// A lie: what one transaction hears at one point of the dialogue.
#[derive(Clone, Copy)]
struct Lie {
    at: &'static str,
    say: &'static str,
    /// Afterwards the connection is closed.
    close: bool,
    /// The message is taken all the same.
    takes: bool,
}

const fn lie(at: &'static str, say: &'static str, close: bool) -> Lie {
    Lie { at, say, close, takes: false }
}
const fn taken(say: &'static str, close: bool) -> Lie {
    Lie { at: "dot", say, close, takes: true }
}
/// Stands for ten megabytes of a reply that does not end.
const FLOOD: &str = "FLOOD";

/// Every lie of reliability.md §3.5 but those about the account, which close the road (`a_refused_password…`).
const LIES: &[Lie] = &[
    lie("greeting", "", true),
    lie("greeting", "421 4.3.2 shutting down\r\n", true),
    lie("greeting", "554 5.3.2 no\r\n", true),
    lie("greeting", "* OK IMAP4 ready\r\n", false),
    lie("greeting", FLOOD, true),
    lie("ehlo", "", true),
    lie("ehlo", "421 4.3.2 later\r\n", true),
    lie("ehlo", "250-half a reply\r\n", true),
    lie("mail", "451 4.3.0 local error\r\n", false),
    lie("mail", "", true),
    lie("mail", "250", true),
    lie("rcpt", "450 4.2.1 busy\r\n", false),
    lie("rcpt", "452 4.5.3 too many\r\n", false),
    lie("rcpt", "", true),
    lie("rcpt", "550 5.1.1 no such user\r\n", false),
    lie("rcpt", "nonsense\r\n", false),
    lie("data", "451 4.3.0 not now\r\n", false),
    lie("data", "250 2.0.0 what?\r\n", false),
    lie("data", "", true),
    lie("data", "554 5.5.1 no valid recipients\r\n", false),
    lie("body", "", true),
    lie("dot", "451 4.3.0 queue file write error\r\n", false),
    lie("dot", "421 4.3.2 shutting down\r\n", true),
    lie("dot", "554 5.7.1 rejected\r\n", false),
    lie("dot", "", true),
    taken("", true),
    taken("2", true),
    taken("250-queued\r\n", true),
    taken("nonsense\r\n", false),
    taken("354 again\r\n", false),
    taken("250 2.0.0 preso: perch\u{e9} no\r\n", false),
    taken(FLOOD, true),
];

/// What the server knows to be true.
#[derive(Default)]
struct Truth {
    /// Lies still to tell.
    lies: Vec<Lie>,
    told: usize,
    /// Message-IDs that it has taken, each time.
    taken: Vec<String>,
    logins: usize,
}

struct Server {
    truth: Mutex<Truth>,
    /// What it says to every AUTH.
    auth: &'static str,
}

impl Server {
    /// The lie for this point, if its turn has come.
    fn lie(&self, at: &str) -> Option<Lie> {
        let mut truth = self.truth.lock().unwrap();
        let lie = truth.lies.first().copied().filter(|lie| lie.at == at)?;
        truth.lies.remove(0);
        truth.told += 1;
        Some(lie)
    }

    async fn say(stream: &mut BufReader<Encrypted>, text: &str) -> Option<()> {
        if text == FLOOD {
            for _ in 0..10_000 {
                stream.write_all(format!("250-{}\r\n", "x".repeat(1000)).as_bytes()).await.ok()?;
            }
            return Some(());
        }
        stream.write_all(text.as_bytes()).await.ok()?;
        stream.flush().await.ok()
    }

    /// Says the lie of this point, or `honest`.
    async fn turn(&self, stream: &mut BufReader<Encrypted>, at: &str, honest: &str) -> Option<()> {
        match self.lie(at) {
            None => Self::say(stream, honest).await,
            Some(lie) => {
                Self::say(stream, lie.say).await?;
                if lie.close { None } else { Some(()) }
            }
        }
    }

    async fn serve(&self, stream: Encrypted) -> Option<()> {
        let mut stream = BufReader::new(stream);
        self.turn(&mut stream, "greeting", "220 smtp.test ESMTP\r\n").await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let verb = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => self.turn(&mut stream, "ehlo", "250-smtp.test\r\n250 AUTH PLAIN LOGIN\r\n").await?,
                "AUTH" => {
                    self.truth.lock().unwrap().logins += 1;
                    Self::say(&mut stream, self.auth).await?;
                }
                "MAIL" => self.turn(&mut stream, "mail", "250 2.1.0 ok\r\n").await?,
                "RCPT" => self.turn(&mut stream, "rcpt", "250 2.1.5 ok\r\n").await?,
                "DATA" => match self.lie("data") {
                    Some(lie) => {
                        Self::say(&mut stream, lie.say).await?;
                        if lie.close {
                            return None;
                        }
                    }
                    None => {
                        Self::say(&mut stream, "354 go ahead\r\n").await?;
                        self.body(&mut stream).await?;
                    }
                },
                "QUIT" => return Self::say(&mut stream, "221 bye\r\n").await,
                _ => Self::say(&mut stream, "250 ok\r\n").await?,
            }
        }
    }

    async fn body(&self, stream: &mut BufReader<Encrypted>) -> Option<()> {
        let cut = self.lie("body");
        let mut raw = Vec::new();
        loop {
            let from = raw.len();
            if stream.read_until(b'\n', &mut raw).await.ok()? == 0 || cut.is_some_and(|_| raw.len() > 600) {
                return None;
            }
            if &raw[from..] == b".\r\n" {
                break;
            }
        }
        let lie = self.lie("dot");
        if lie.is_none_or(|lie| lie.takes) {
            self.truth.lock().unwrap().taken.push(message_id(&raw));
        }
        Self::say(stream, lie.map_or("250 2.0.0 queued\r\n", |lie| lie.say)).await?;
        if lie.is_some_and(|lie| lie.close) { None } else { Some(()) }
    }
}

/// A house with `letters` requests in its inbox, whose roads end at two servers.
fn house(dir: &std::path::Path, letters: usize, ports: [u16; 2]) -> House {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let beta = authority.provider("Beta", "pec.beta.test", Style::legalmail_like(), now).unwrap();
    let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
    let circuit = Circuit::new(&dir.join("caselle"), domains);
    let house = House::build(dir, OFFICE, &circuit.maildir(OFFICE).unwrap(), authority.certificate_der());
    for n in 0..letters {
        let mail = Mail::new(&format!("persona-{n}@cittadini.test"))
            .to(OFFICE)
            .subject("Dichiarazione di cambio di residenza");
        let mail =
            mail.text("Mi sono trasferita in via delle Rose 10.\nCodice fiscale: BNCNNA80A41H501R\nAnna Bianchi\n");
        let mail = mail.attach("carta_identita.pdf", "application/pdf", format!("%PDF-1.4 {n}\n").as_bytes());
        let mail = mail.compose(now).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    }
    let text = fs::read_to_string(&house.file).unwrap();
    let mut ports = ports.into_iter();
    let authority = dir.join("ca.pem");
    let lines = text.lines().map(|line| match line {
        "server = \"localhost\"" => {
            format!("{line}\nautorita_file = \"{}\"\nnome_tls = \"localhost\"", authority.display())
        }
        "porta = 1" => format!("porta = {}", ports.next().unwrap()),
        line => line.to_owned(),
    });
    fs::write(&house.file, lines.collect::<Vec<_>>().join("\n")).unwrap();
    house
}

fn start(runtime: &tokio::runtime::Runtime, tls: &Arc<Tls>, lies: &[Lie], auth: &'static str) -> (Arc<Server>, u16) {
    let (listener, port) = listen(runtime);
    let server = Arc::new(Server { truth: Mutex::new(Truth { lies: lies.to_vec(), ..Truth::default() }), auth });
    let (serving, tls) = (server.clone(), tls.clone());
    runtime.spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (tls, server) = (tls.clone(), serving.clone());
            tokio::spawn(async move { server.serve(tls.accept(tcp).await?).await });
        }
    });
    (server, port)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Both roads end at servers that lie at every point: no letter is taken twice, none is forgotten, and the same service goes on
/// with the servers when they are honest.
#[test]
fn whatever_an_smtp_server_says_no_letter_goes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, runtime) = (Arc::new(Tls::make(dir.path())), runtime());
    let ok = "235 2.7.0 ok\r\n";
    let (pec, pec_port) = start(&runtime, &tls, LIES, ok);
    let (offices, offices_port) = start(&runtime, &tls, LIES, ok);
    let letters = LIES.len() + 4;
    let house = house(dir.path(), letters, [pec_port, offices_port]);
    let since = Instant::now();
    let mut service = Daemon::run(&house.file, &dir.path().join("log"));
    let all = || Overview::read(&house.data).map(|(all, _)| all.items).unwrap_or_default();
    let told = || [&pec, &offices].map(|server| server.truth.lock().unwrap().told);
    let mut released = BTreeMap::<String, u32>::new();
    wait_or(
        || {
            format!(
                "{:?} of {} lies told\n{:#?}",
                told(),
                LIES.len(),
                all().iter().map(|i| (i.state.clone(), i.attempts)).collect::<Vec<_>>()
            )
        },
        || {
            std::thread::sleep(Duration::from_millis(200));
            let items = all();
            // A minute's pause is shortened by a person, once an attempt.
            for item in items.iter().filter(|item| matches!(item.state, State::Queued { .. }) && item.attempts > 0) {
                let id = item.outgoing.id.clone();
                let release = || ask(&["outbox", "release", house.data.to_str().unwrap(), &id, "--by", "Ada Neri"]);
                if released.get(&id) != Some(&item.attempts) && release().0 == Some(0) {
                    released.insert(id, item.attempts);
                }
            }
            let is_over = |state: &State| matches!(state, State::Submitted | State::Unknown | State::Refused);
            (items.len() >= 2 * letters && items.iter().all(|item| is_over(&item.state)) && told() == [LIES.len(); 2])
                .then_some(())
        },
    );
    assert!(!service.has_ended(), "{}", service.log());
    let memory = most_memory(service.id());
    assert!(memory <= MEMORY_KB_MAX, "{memory} KB");
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    let taken = [&pec, &offices].map(|server| server.truth.lock().unwrap().taken.clone()).concat();
    let (mut sums, mut unknown_taken) = (BTreeMap::<&str, usize>::new(), 0);
    for item in &all() {
        let times = taken.iter().filter(|id| **id == item.outgoing.message_id).count();
        let (name, allowed) = match item.state {
            State::Submitted => ("submitted", 1..=1),
            State::Unknown => ("unknown", 0..=1),
            _ => ("refused", 0..=0),
        };
        assert!(allowed.contains(&times), "taken {times} times: {item:?}");
        unknown_taken += usize::from(name == "unknown" && times == 1);
        *sums.entry(name).or_default() += 1;
    }
    assert_eq!(ask(&["verify-journal", "--archive", house.data.to_str().unwrap()]).0, Some(0));
    println!(
        "hostile SMTP: {} lies, {sums:?} (of the unknown {unknown_taken} were taken), taken twice 0, at most {} MB, {} s",
        told().iter().sum::<usize>(),
        memory / 1024,
        since.elapsed().as_secs()
    );
}

/// A password that is refused closes the road: one login, nothing lost, and the other road goes on (reliability.md §3.5).
#[test]
fn a_refused_password_closes_the_road_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, runtime) = (Arc::new(Tls::make(dir.path())), runtime());
    let (pec, pec_port) = start(&runtime, &tls, &[], "535 5.7.8 authentication failed\r\n");
    let (offices, offices_port) = start(&runtime, &tls, &[], "235 2.7.0 ok\r\n");
    let house = house(dir.path(), 3, [pec_port, offices_port]);
    let mut service = Daemon::run(&house.file, &dir.path().join("log"));
    wait_or(|| service.log(), || (offices.truth.lock().unwrap().taken.len() == 3).then_some(()));
    service.wait_logged(1, &["event=\"lane_stopped\"", "pec"]);
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    let truth = pec.truth.lock().unwrap();
    assert_eq!((truth.logins, truth.taken.len()), (1, 0), "the account is not locked by trying");
}

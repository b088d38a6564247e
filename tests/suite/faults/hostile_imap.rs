//! Changes when an IMAP server lies in another way (reliability.md §3.1, T02; stack.md §3, measured).

use super::loopback::{Encrypted, Tls, listen, most_memory};
use super::seeds;
use crate::support::{Daemon, House, wait_or};
use gestore::{Authority, Timestamp};
use sportello::digest::sha256;
use sportello::store::Overview;
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::Notify;

/// Most memory that the service may have had with all of these servers at once, KB.
const MEMORY_KB_MAX: u64 = 256 * 1024;

/// What comes after the lie.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    /// The connection is closed.
    Close,
    /// The dialogue goes on.
    Go,
    /// Nothing comes any more.
    Stall,
}
use Then::{Close, Go, Stall};

/// A lie: at the first command that begins like `at`, it says `say`: `{tag}`, `{honest}` (the whole honest answer),
/// `{half}` (its first half), `{uid}` stand in it.
struct Lie {
    at: &'static str,
    say: String,
    then: Then,
}

/// Every lie of reliability.md §3.1 and of the table in stack.md §3.
fn lies() -> Vec<Lie> {
    let lie = |at, say: &str, then| Lie { at, say: say.to_owned(), then };
    let fetch = "UID FETCH 2 (UID";
    let mut all = vec![
        lie("GREETING", "", Close),
        lie("GREETING", "* BYE overloaded\r\n", Close),
        lie("GREETING", "* PREAUTH welcome\r\n", Go),
        lie("GREETING", "220 smtp.example ESMTP\r\n", Go),
        lie("GREETING", "\0\0\0\u{fffd}\r\n", Go),
        lie("LOGIN", "", Close),
        lie("LOGIN", "{tag} NO [UNAVAILABLE] back end\r\n", Go),
        lie("LOGIN", "zzz OK of another\r\n", Close),
        lie("CAPABILITY", "{tag} BAD what\r\n", Go),
        lie("CAPABILITY", "* BYE now\r\n{tag} OK done\r\n", Close),
        lie("SELECT", "* NO [ALERT] quota\r\n{honest}", Go),
        lie("SELECT", "{half}", Close),
        lie("SELECT", "{tag} NO not today\r\n", Go),
        lie("SELECT", "* 4294967295 EXISTS\r\n{honest}", Go),
        lie("SELECT", "* 3 EXISTS\r\n* OK [UIDVALIDITY 99999999999] x\r\n{tag} OK done\r\n", Go),
        lie("SELECT", "* 3 EXISTS\r\n{tag} OK done\r\n", Go),
        lie("SELECT", "* 3 EXISTS\r\n* OK [UIDVALIDITY 9] x\r\n* OK [UIDNEXT 4] x\r\n{tag} OK done\r\n", Close),
        lie("SELECT", "* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\u{e8} x\r\n* OK [UIDNEXT 4] x\r\n{tag} OK done\r\n", Go),
        lie("SELECT", "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n{tag} OK done\r\n", Close),
        lie("LIST", "* 1 FETCH (UID 1 RFC822.SIZE 90)\r\n{tag} NO partial\r\n", Go),
        lie("LIST", "* 1 FETCH (UID 1 RFC822.SIZE 90)\r\n{tag} BAD partial\r\n", Go),
        lie("LIST", "* 1 FETCH (UID 1 RFC822.SIZE 90)\r\n", Close),
        lie("LIST", "* 1 FETCH (UID 1 RFC822.SIZE 90)\r\n* BYE\r\n", Close),
        lie("LIST", "{honest1}{honest}", Go),
        lie("LIST", "* 9 FETCH (UID 0 RFC822.SIZE 5)\r\n* 9 FETCH (UID 4294967295)\r\n{tag} OK done\r\n", Close),
        lie(
            "LIST",
            "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2 RFC822.SIZE 0)\r\n* 3 FETCH (UID 3 RFC822.SIZE 1)\r\n{tag} OK\r\n",
            Go,
        ),
        lie("LIST", "* ESEARCH (TAG \"x\") UID ALL 1:3\r\n{honest}", Go),
        lie("LIST", "* 1 FETCH (UID 1 X-VENDOR ((1 2) (3 (4))) RFC822.SIZE 90)\r\n{honest}", Go),
        lie("LIST", "* 1 FETCH (UID 1 RFC822.SIZE 90)\n{honest}", Go),
        lie(fetch, "{half}", Close),
        lie(fetch, "{half}\r\n{tag} NO half\r\n", Go),
        lie(fetch, "{untagged}{tag} NO after all\r\n", Go),
        lie(fetch, "{untagged}{tag} BAD after all\r\n", Go),
        lie(fetch, "{untagged}* BYE\r\n", Close),
        lie(fetch, "{untagged}", Close),
        lie(fetch, "{tag} OK nothing\r\n", Go),
        lie(fetch, "{untagged}zz9 OK of another\r\n", Close),
        lie(fetch, "{untagged}{untagged}{tag} OK twice\r\n", Go),
        lie(fetch, "* 3 FETCH (UID 3 BODY[] {5}\r\nfalse)\r\n{tag} OK another\r\n", Go),
        lie(fetch, "* 2 FETCH (UID 2 BODY[] {5}\r\nshort)\r\n{tag} OK short\r\n", Go),
        lie(fetch, "* 2 FETCH (UID 2 BODY[] NIL)\r\n{tag} OK nil\r\n", Go),
        lie(fetch, "* 2 FETCH (UID 2 INTERNALDATE NIL BODY[] NIL)\r\n{tag} OK nil\r\n", Go),
        lie(fetch, "* 2 FETCH (UID 2 BODY[] {500000000}\r\nx", Close),
        lie(fetch, "* 2 FETCH (UID 2 BODY[] {4294967295}\r\nx", Close),
        lie(fetch, "* 2 FETCH (UID 2 BODY[] {99999999999999999999}\r\nx", Close),
        lie(fetch, "* 2 FETCH (UID 2 BODY[] ~{5}\r\nabcde)\r\n{tag} OK literal8\r\n", Go),
        lie("IDLE", "{tag} BAD\r\n", Go),
        lie("IDLE", "{tag} NO not now\r\n", Go),
        lie("IDLE", "* 4 EXISTS\r\n+ idling\r\n", Close),
        lie("IDLE", "+ idling\r\n", Close),
        lie("IDLE", "+ idling\r\n* BYE idle too long\r\n", Close),
        lie("UID MOVE", "{tag} OK but nothing was moved\r\n", Go),
        lie("UID MOVE", "{tag} NO it is mine\r\n", Go),
        lie("UID MOVE", "* BYE\r\n", Close),
        lie("UID MOVE", "{honest1}", Close),
    ];
    let long = "x".repeat(2_000_000);
    all.push(lie("SELECT", &format!("* OK {long}"), Go));
    all.push(lie(fetch, &format!("* 2 FETCH (UID 2 X {long}"), Go));
    all.push(lie("LIST", &"(".repeat(200_000), Go));
    all.push(lie(fetch, &format!("* 2 FETCH (UID 2 X {}", "(".repeat(200_000)), Go));
    all.push(lie("LIST", &"* OK still here\r\n".repeat(150_000), Go));
    all.push(lie(fetch, &format!("* 2 FETCH (UID 2 BODY[] {{3000000}}\r\n{long}"), Close));
    // Beyond the quick tier: the service waits a minute before it gives up.
    if seeds("SPORTELLO_STALLS", 0) > 0 {
        for at in ["GREETING", "LOGIN", "SELECT", "LIST", fetch, "UID MOVE"] {
            all.push(lie(at, "", Stall));
            all.push(lie(at, "{half}", Stall));
        }
    }
    all
}

/// One mailbox: three messages, and a fourth when the lie has been told.
struct Mailbox {
    messages: BTreeMap<u32, Vec<u8>>,
    told: bool,
}

fn message(n: usize, uid: u32) -> Vec<u8> {
    format!("From: x@altrove.test\r\nSubject: n {n} {uid}\r\n\r\n{}", format!("riga {n} {uid}\r\n").repeat(20))
        .into_bytes()
}

/// The honest answer.
fn answer(mailbox: &mut Mailbox, tag: &str, command: &str) -> Vec<u8> {
    let words: Vec<&str> = command.split(' ').collect();
    let mut out = Vec::new();
    match words.as_slice() {
        ["CAPABILITY"] => out.extend(b"* CAPABILITY IMAP4rev1 IDLE MOVE\r\n"),
        ["SELECT" | "EXAMINE", _] => {
            let next = mailbox.messages.last_key_value().map_or(5, |(uid, _)| uid + 1);
            let exists = mailbox.messages.len();
            out.extend(format!("* {exists} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {next}] x\r\n").bytes());
        }
        ["UID", "SEARCH", ..] => {
            let uids: Vec<String> = mailbox.messages.keys().map(u32::to_string).collect();
            out.extend(format!("* SEARCH {}\r\n", uids.join(" ")).bytes());
        }
        ["UID", "FETCH", set, rest @ ..] => {
            let (from, to) = set.split_once(':').unwrap_or((set, set));
            let from: u32 = from.parse().unwrap_or(u32::MAX);
            let to: u32 = to.parse().unwrap_or(u32::MAX);
            let items = rest.join(" ");
            for (n, (uid, raw)) in
                mailbox.messages.iter().enumerate().filter(|(_, (uid, _))| (from..=to).contains(*uid))
            {
                out.extend(format!("* {} FETCH (UID {uid} RFC822.SIZE {}", n + 1, raw.len()).bytes());
                if let Some((_, section)) = items.split_once("BODY.PEEK[]") {
                    let (from, length) =
                        section.trim_matches(['<', '>', ')']).split_once('.').unwrap_or(("0", "9999999"));
                    let from = from.parse::<usize>().unwrap().min(raw.len());
                    let to = (from + length.parse::<usize>().unwrap()).min(raw.len());
                    let origin = if section.starts_with('<') { format!("<{from}>") } else { String::new() };
                    out.extend(format!(" BODY[]{origin} {{{}}}\r\n", to - from).bytes());
                    out.extend(&raw[from..to]);
                }
                out.extend(b")\r\n");
            }
        }
        ["UID", "MOVE", uid, _] => {
            let copied = format!("* OK [COPYUID 1 {uid} 1] moved\r\n* 1 EXPUNGE\r\n");
            out.extend(mailbox.messages.remove(&uid.parse().unwrap()).map_or(String::new(), |_| copied).bytes());
        }
        _ => {}
    }
    out.extend(format!("{tag} OK done\r\n").bytes());
    out
}

struct Server {
    number: usize,
    lie: Lie,
    mailbox: Mutex<Mailbox>,
    news: Notify,
}

impl Server {
    /// What is said to a command, and what comes then.
    fn reply(&self, tag: &str, command: &str) -> (Vec<u8>, Then) {
        let mut mailbox = self.mailbox.lock().unwrap();
        let is_list = command.starts_with("UID FETCH") && command.contains("RFC822.SIZE") && !command.contains("BODY");
        let meant = command.starts_with(self.lie.at) || (self.lie.at == "LIST" && is_list);
        if mailbox.told || !meant {
            return (
                if command == "GREETING" { b"* OK ready\r\n".to_vec() } else { answer(&mut mailbox, tag, command) },
                Go,
            );
        }
        mailbox.told = true;
        let uid = 4;
        let is_moved = self.lie.at == "UID MOVE" && !self.lie.say.contains("{honest");
        let honest = if is_moved { Vec::new() } else { answer(&mut mailbox, tag, command) };
        mailbox.messages.insert(uid, message(self.number, uid));
        self.news.notify_one();
        let honest = String::from_utf8(honest).unwrap();
        let untagged = honest.rsplit_once(&format!("{tag} OK")).map_or("", |(before, _)| before);
        let first = honest.split_inclusive("\r\n").next().unwrap_or("");
        let said = self.lie.say.replace("{tag}", tag).replace("{untagged}", untagged);
        let said = said
            .replace("{honest1}", first)
            .replace("{half}", &honest[..honest.len() / 2])
            .replace("{honest}", &honest);
        (said.into_bytes(), self.lie.then)
    }

    async fn serve(&self, stream: Encrypted) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let (said, then) = self.reply("*", "GREETING");
        self.say(&mut stream, &said, then).await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let Some((tag, command)) = line.trim_end().split_once(' ') else { continue };
            if command == "IDLE" && (self.lie.at != "IDLE" || self.mailbox.lock().unwrap().told) {
                self.idle(&mut stream, tag).await?;
                continue;
            }
            let (said, then) = self.reply(tag, command);
            self.say(&mut stream, &said, then).await?;
        }
    }

    async fn say(&self, stream: &mut BufReader<Encrypted>, said: &[u8], then: Then) -> Option<()> {
        stream.write_all(said).await.ok()?;
        stream.flush().await.ok()?;
        match then {
            Go => Some(()),
            Close => None,
            Stall => std::future::pending().await,
        }
    }

    async fn idle(&self, stream: &mut BufReader<Encrypted>, tag: &str) -> Option<()> {
        self.say(stream, b"+ idling\r\n", Go).await?;
        let mut done = String::new();
        tokio::select! {
            biased;
            () = self.news.notified() => {
                let exists = self.mailbox.lock().unwrap().messages.len();
                self.say(stream, format!("* {exists} EXISTS\r\n").as_bytes(), Go).await?;
                stream.read_line(&mut done).await.ok()?;
            }
            read = stream.read_line(&mut done) => { read.ok()?; }
        }
        self.say(stream, format!("{tag} OK done\r\n").as_bytes(), Go).await
    }
}

/// Every server lies once, all at the same time to one service: it lives, takes every message once and byte for byte, and
/// its memory stays bounded.
#[test]
fn whatever_an_imap_server_says_every_message_is_kept_once() {
    let dir = tempfile::tempdir().unwrap();
    let tls = Arc::new(Tls::make(dir.path()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let authority = Authority::create(Timestamp::now()).unwrap();
    let house =
        House::build(dir.path(), "protocollo@pec.comune.test", &dir.path().join("posta"), authority.certificate_der());
    let text = fs::read_to_string(&house.file).unwrap();
    let (before, after) = text.split_once("[[casella]]").unwrap();
    let (_, after) = after.split_once("[invio.pec]").unwrap();
    let mut mailboxes = String::new();
    let mut servers = Vec::new();
    for (number, lie) in lies().into_iter().enumerate() {
        let (listener, port) = listen(&runtime);
        let messages = (1..=3).map(|uid| (uid, message(number, uid))).collect();
        let mailbox = Mutex::new(Mailbox { messages, told: false });
        let server = Arc::new(Server { number, lie, mailbox, news: Notify::new() });
        servers.push(server.clone());
        let tls = tls.clone();
        runtime.spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (tls, server) = (tls.clone(), server.clone());
                tokio::spawn(async move { server.serve(tls.accept(tcp).await?).await });
            }
        });
        let root = dir.path().display();
        let authority = tls_path(dir.path());
        mailboxes.push_str(&format!(
            "[[casella]]\nnome = \"n{number}\"\nindirizzo = \"n{number}@pec.comune.test\"\n[casella.imap]\nserver = \"127.0.0.1\"\nporta = {port}\n\
             utente = \"n{number}\"\npassword_file = \"{root}/password\"\nautorita_file = \"{authority}\"\nnome_tls = \"localhost\"\n\
             sposta_in = \"Elaborati\"\npoll_secondi = 5\nidle_secondi = 30\n"
        ));
    }
    fs::write(&house.file, format!("{before}{mailboxes}[invio.pec]{after}")).unwrap();
    assert!(tls.authority.exists());

    let since = Instant::now();
    let mut service = Daemon::run(&house.file, &dir.path().join("log"));
    let all = || Overview::read(&house.data).map(|(all, _)| all.messages).unwrap_or_default();
    let missing = |known: &[String]| -> Vec<String> {
        let here = |s: &Arc<Server>, uid| known.contains(&sha256(&message(s.number, uid)));
        let lacks = |s: &&Arc<Server>| (1..=4).any(|uid| !here(s, uid));
        servers
            .iter()
            .filter(lacks)
            .map(|s| format!("{} {:?}", s.lie.at, &s.lie.say[..s.lie.say.len().min(80)]))
            .collect()
    };
    let digests = || all().into_iter().map(|row| row.digest).collect::<Vec<_>>();
    wait_or(
        || format!("{:#?}\n{}", missing(&digests()), tail(&service)),
        || {
            std::thread::sleep(Duration::from_millis(200));
            missing(&digests()).is_empty().then_some(())
        },
    );
    assert!(servers.iter().all(|s| s.mailbox.lock().unwrap().told), "every lie was told");
    assert!(!service.has_ended(), "{}", tail(&service));
    let memory = most_memory(service.id());
    assert!(memory <= MEMORY_KB_MAX, "{memory} KB");
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", tail(&service));
    let (sums, digest) = Overview::read(&house.data).unwrap();
    let mut times = BTreeMap::<&str, usize>::new();
    for row in &sums.messages {
        *times.entry(&row.digest).or_default() += 1;
    }
    assert!(times.values().all(|n| *n == 1), "decided once");
    let extra = sums.messages.len() - servers.len() * 4;
    println!(
        "hostile IMAP: {} lies, {} messages in, lost 0, decided twice 0, {extra} more that a lie made, at most {} MB, {} s",
        servers.len(),
        servers.len() * 4,
        memory / 1024,
        since.elapsed().as_secs()
    );
    let store = sportello::store::Store::open(&house.data, Timestamp::now()).unwrap();
    assert_eq!(store.state_digest().unwrap(), digest);
}

fn tls_path(dir: &std::path::Path) -> String {
    dir.join("ca.pem").display().to_string()
}

fn tail(service: &Daemon) -> String {
    let log = service.log();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

//! A small IMAP server in memory: honest by itself, and a liar where a test tells it to.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream},
    sync::Notify,
};

use super::super::{Trouble, watcher::Dial};

/// What a test makes the server do instead of the honest thing.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Say(Vec<u8>),
    /// The honest answer to the command.
    Honest,
    /// Waits for ever.
    Stall,
    Wait(Duration),
    Close,
}

pub(super) fn say(text: &str) -> Act {
    Act::Say(text.as_bytes().to_vec())
}

/// (number of the connection, tag, command) → what to do; `None`: the honest thing.
pub(super) type Liar = Box<dyn Fn(usize, &str, &str) -> Option<Vec<Act>> + Send + Sync>;

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) uidvalidity: u32,
    pub(super) uidnext: u32,
    pub(super) messages: BTreeMap<u32, Vec<u8>>,
    /// What was moved away, and where to.
    pub(super) moved: Vec<(u32, String)>,
    pub(super) folders: Vec<String>,
    pub(super) capabilities: &'static str,
    /// Every command received.
    pub(super) log: Vec<String>,
}

pub(super) struct Server {
    pub(super) folder: Arc<Mutex<Folder>>,
    pub(super) news: Arc<Notify>,
    connections: AtomicUsize,
    /// The first connection is cut after so many bytes from the server.
    pub(super) cut_at: Option<u64>,
    liar: Arc<Liar>,
}

impl Server {
    pub(super) fn with(messages: &[(u32, &[u8])], liar: Liar) -> Self {
        let messages: BTreeMap<u32, Vec<u8>> = messages.iter().map(|&(uid, bytes)| (uid, bytes.to_vec())).collect();
        let uidnext = messages.last_key_value().map_or(1, |(&uid, _)| uid + 1);
        let folder = Folder {
            uidvalidity: 7,
            uidnext,
            messages,
            moved: Vec::new(),
            folders: vec!["INBOX".into()],
            capabilities: "IMAP4rev1 IDLE MOVE",
            log: Vec::new(),
        };
        Self {
            folder: Arc::new(Mutex::new(folder)),
            news: Arc::default(),
            connections: AtomicUsize::new(0),
            cut_at: None,
            liar: Arc::new(liar),
        }
    }

    /// The next connection is the first again, cut there.
    pub(super) fn again(&mut self, cut_at: Option<u64>) {
        self.connections.store(0, Ordering::SeqCst);
        self.cut_at = cut_at;
    }

    pub(super) fn honest(messages: &[(u32, &[u8])]) -> Self {
        Self::with(messages, Box::new(|_, _, _| None))
    }
}

impl Dial for Server {
    type Stream = DuplexStream;

    async fn dial(&self) -> Result<DuplexStream, Trouble> {
        let (mut ours, theirs) = tokio::io::duplex(8 * 1024);
        let number = self.connections.fetch_add(1, Ordering::SeqCst);
        if let Some(cut_at) = self.cut_at.filter(|_| number == 0) {
            let (near, far) = tokio::io::duplex(8 * 1024);
            tokio::spawn(cut(far, std::mem::replace(&mut ours, near), cut_at));
        }
        tokio::spawn(serve(theirs, number, self.folder.clone(), self.news.clone(), self.liar.clone()));
        Ok(ours)
    }
}

async fn serve(
    stream: DuplexStream,
    number: usize,
    folder: Arc<Mutex<Folder>>,
    news: Arc<Notify>,
    liar: Arc<Liar>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let greeting = liar(number, "*", "GREETING").unwrap_or_else(|| vec![say("* OK ready\r\n")]);
    act(&mut stream, greeting, Vec::new).await?;
    let mut idle = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line == "DONE\r\n" {
            stream.write_all(format!("{idle} OK done\r\n").as_bytes()).await.ok()?;
            continue;
        }
        let (tag, command) = line.trim_end().split_once(' ')?;
        if command == "IDLE" {
            tag.clone_into(&mut idle);
        }
        folder.lock().unwrap().log.push(command.to_owned());
        let acts = liar(number, tag, command).unwrap_or_else(|| vec![Act::Honest]);
        if command == "IDLE" && matches!(acts.as_slice(), [Act::Honest]) {
            stream.write_all(b"+ idling\r\n").await.ok()?;
            let mut done = String::new();
            tokio::select! {
                biased;
                () = news.notified() => {
                    let exists = folder.lock().unwrap().messages.len();
                    stream.write_all(format!("* {exists} EXISTS\r\n").as_bytes()).await.ok()?;
                    stream.read_line(&mut done).await.ok()?;
                }
                read = stream.read_line(&mut done) => { read.ok()?; }
            }
            stream.write_all(format!("{tag} OK done\r\n").as_bytes()).await.ok()?;
            continue;
        }
        act(&mut stream, acts, || answer(&mut folder.lock().unwrap(), tag, command)).await?;
    }
}

async fn act(stream: &mut BufReader<DuplexStream>, acts: Vec<Act>, mut honest: impl FnMut() -> Vec<u8>) -> Option<()> {
    for act in acts {
        match act {
            Act::Say(bytes) => stream.write_all(&bytes).await.ok()?,
            Act::Honest => {
                let bytes = honest();
                stream.write_all(&bytes).await.ok()?;
            }
            Act::Stall => std::future::pending::<()>().await,
            Act::Wait(time) => tokio::time::sleep(time).await,
            Act::Close => return None,
        }
    }
    Some(())
}

/// The honest answer.
fn answer(folder: &mut Folder, tag: &str, command: &str) -> Vec<u8> {
    let words: Vec<&str> = command.split(' ').collect();
    let mut out = Vec::new();
    let mut ending = "OK done";
    match words.as_slice() {
        ["CAPABILITY"] => out.extend(format!("* CAPABILITY {}\r\n", folder.capabilities).bytes()),
        ["EXAMINE" | "SELECT", _] => out.extend(
            format!(
                "* {} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {}] ok\r\n* OK [UIDNEXT {}] ok\r\n",
                folder.messages.len(),
                folder.uidvalidity,
                folder.uidnext
            )
            .bytes(),
        ),
        ["UID", "FETCH", set, rest @ ..] => fetch(folder, set, &rest.join(" "), &mut out),
        ["CREATE", name] => folder.folders.push(name.trim_matches('"').to_owned()),
        ["UID", "MOVE", uid, name] => {
            let (uid, name): (u32, String) = (uid.parse().unwrap(), name.trim_matches('"').to_owned());
            if !folder.folders.contains(&name) {
                ending = "NO [TRYCREATE] no such folder";
            } else if folder.messages.remove(&uid).is_some() {
                out.extend(format!("* OK [COPYUID 1 {uid} 1] moved\r\n* 1 EXPUNGE\r\n").bytes());
                folder.moved.push((uid, name));
            }
        }
        _ => {}
    }
    out.extend(format!("{tag} {ending}\r\n").bytes());
    out
}

fn fetch(folder: &Folder, set: &str, items: &str, out: &mut Vec<u8>) {
    let last = folder.messages.keys().last().copied().unwrap_or(0);
    let number = |text: &str| {
        if text == "*" { last } else { text.parse().unwrap() }
    };
    let (from, to) = set.split_once(':').unwrap_or((set, set));
    let (from, to) = (number(from), number(to));
    let (from, to) = (from.min(to), from.max(to));
    for (seq, (uid, bytes)) in folder.messages.iter().enumerate().filter(|(_, (uid, _))| (from..=to).contains(*uid)) {
        out.extend(format!("* {} FETCH (UID {uid}", seq + 1).bytes());
        if items.contains("RFC822.SIZE") {
            out.extend(format!(" RFC822.SIZE {}", bytes.len()).bytes());
        }
        if items.contains("INTERNALDATE") {
            out.extend(b" INTERNALDATE \" 7-Feb-2026 21:52:25 +0100\"");
        }
        if let Some((_, section)) = items.split_once("BODY.PEEK") {
            let section = section.trim_end_matches(')');
            let header_end = bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
            let all = if section.starts_with("[HEADER]") { &bytes[..header_end] } else { &bytes[..] };
            let (name, slice) = match section.split_once('<') {
                Some((name, range)) => {
                    let (offset, length) = range.trim_end_matches('>').split_once('.').unwrap();
                    let offset: usize = offset.parse().unwrap();
                    let length: usize = length.parse().unwrap();
                    let (a, b) = (offset.min(all.len()), (offset + length).min(all.len()));
                    (format!("BODY{name}<{offset}>"), &all[a..b])
                }
                None => (format!("BODY{section}"), all),
            };
            out.extend(format!(" {name} {{{}}}\r\n", slice.len()).bytes());
            out.extend_from_slice(slice);
        }
        out.extend(b")\r\n");
    }
}

/// Carries bytes both ways until `at` have come from the server; then both ends close.
async fn cut(client: DuplexStream, server: DuplexStream, at: u64) {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (from_server, mut to_server) = tokio::io::split(server);
    let mut from_server = from_server.take(at);
    tokio::select! {
        biased;
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

//! The mailbox's server: speaks IMAP as far as the service does, honestly or not. Changes when the service asks for
//! another command, or somebody is bitten by another answer.

use super::plan::Dice;
use super::power::Power;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The inbox.
pub const INBOX: &str = "INBOX";
/// A folder of its own for receipts, as some providers keep.
pub const RECEIPTS: &str = "Ricevute";
/// Where the service moves what it has kept, when it is told to.
pub const FILED: &str = "Archiviati";
/// Where people put things: nobody watches it.
pub const ELSEWHERE: &str = "Cartella di Ada";

/// A message on the server.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its bytes.
    pub raw: Arc<Vec<u8>>,
    /// INTERNALDATE.
    pub came: Timestamp,
    /// It was given short once: nobody does that twice.
    was_short: bool,
}

/// A folder.
#[derive(Debug, Clone)]
pub struct Folder {
    /// UIDVALIDITY.
    pub validity: u32,
    /// UIDNEXT.
    pub next: u32,
    /// By UID.
    pub messages: BTreeMap<u32, Message>,
    /// UIDNEXT went back, and nobody has looked since. Until then nothing is delivered: a UID that is used again before
    /// anybody looks is seen by no cursor, only by a comparison of server and register.
    has_fallen: bool,
    waiting: Vec<Message>,
}

impl Folder {
    fn new(validity: u32) -> Self {
        Self { validity, next: 1, messages: BTreeMap::new(), has_fallen: false, waiting: Vec::new() }
    }

    fn put(&mut self, message: Message) {
        self.messages.insert(self.next, message);
        self.next += 1;
    }

    /// Messages that wait outside.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// The mailbox.
#[derive(Debug)]
pub struct Mailbox {
    /// By name.
    pub folders: BTreeMap<String, Folder>,
    /// The sessions, in order: each is told of every change, and of the end. (What tokio's own `watch` wakes first is chance
    /// that no seed repeats.)
    sessions: Vec<Arc<Bell>>,
    /// Of a thousand answers, so many are wrong.
    pub lies: u64,
    /// Logins are refused until then.
    pub locked_until: Option<Instant>,
    validities: u32,
}

/// How a session is told.
#[derive(Debug, Default)]
struct Bell {
    news: Notify,
    end: Notify,
}

impl Mailbox {
    /// A mailbox with these folders.
    pub fn new(names: &[&str], lies: u64) -> Self {
        let mut mailbox =
            Self { folders: BTreeMap::new(), sessions: Vec::new(), lies, locked_until: None, validities: 100 };
        for name in names {
            mailbox.create(name);
        }
        mailbox
    }

    fn tell(&self) {
        self.sessions.iter().for_each(|bell| bell.news.notify_one());
    }

    /// The server is started again: no connection survives.
    fn start_again(&mut self) {
        self.sessions.drain(..).for_each(|bell| bell.end.notify_one());
    }

    fn create(&mut self, name: &str) {
        self.validities += 1;
        self.folders.entry(name.to_owned()).or_insert(Folder::new(self.validities));
    }

    /// A message reaches a folder.
    pub fn deliver(&mut self, folder: &str, raw: Arc<Vec<u8>>, came: Timestamp) {
        let folder = self.folders.get_mut(folder).unwrap();
        let message = Message { raw, came, was_short: false };
        if folder.has_fallen {
            folder.waiting.push(message);
        } else {
            folder.put(message);
            self.tell();
        }
    }

    /// Takes one message out of a folder.
    pub fn take(&mut self, folder: &str, dice: &mut Dice) -> Option<Message> {
        let folder = self.folders.get_mut(folder)?;
        let uids: Vec<u32> = folder.messages.keys().copied().collect();
        if uids.is_empty() {
            return None;
        }
        let taken = folder.messages.remove(dice.pick(&uids));
        self.tell();
        taken
    }

    /// The folder is made anew.
    pub fn renew(&mut self, folder: &str, dice: &mut Dice) {
        self.validities += u32::try_from(dice.between(1, 9)).unwrap();
        let validity = self.validities;
        let folder = self.folders.get_mut(folder).unwrap();
        let messages = std::mem::take(&mut folder.messages);
        let waiting = std::mem::take(&mut folder.waiting);
        *folder = Folder::new(validity);
        for message in messages.into_values().chain(waiting) {
            folder.put(message);
            folder.next += u32::try_from(dice.below(3)).unwrap();
        }
        self.start_again();
    }

    /// The server forgets the newest `n` messages and their UIDs.
    pub fn restore(&mut self, folder: &str, n: u64) {
        let folder = self.folders.get_mut(folder).unwrap();
        for _ in 0..n {
            if let Some((uid, _)) = folder.messages.pop_last() {
                (folder.next, folder.has_fallen) = (uid, true);
            }
        }
        self.start_again();
    }

    /// Somebody has looked at a folder to its end.
    fn looked_at(&mut self, folder: &str) {
        let Some(folder) = self.folders.get_mut(folder) else { return };
        folder.has_fallen = false;
        let waiting = std::mem::take(&mut folder.waiting);
        let is_news = !waiting.is_empty();
        waiting.into_iter().for_each(|message| folder.put(message));
        if is_news {
            self.tell();
        }
    }
}

/// A wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    No,
    Bad,
    Bye,
    Close,
    Stall,
    Slow,
    WrongTag,
    Unasked,
    Partial,
    WrongSize,
    Missing,
    OtherUid,
    Twice,
    Nil,
    Short,
    NoDate,
    /// An OK without anything before it.
    Empty,
}

const LIES: [(Lie, &str); 17] = [
    (Lie::No, "IMAP: NO"),
    (Lie::Bad, "IMAP: BAD"),
    (Lie::Bye, "IMAP: BYE"),
    (Lie::Close, "IMAP: closed"),
    (Lie::Stall, "IMAP: silent"),
    (Lie::Slow, "IMAP: slow"),
    (Lie::WrongTag, "IMAP: another tag"),
    (Lie::Unasked, "IMAP: unasked responses"),
    (Lie::Partial, "IMAP: partial listing"),
    (Lie::WrongSize, "IMAP: wrong size"),
    (Lie::Missing, "IMAP: body missing"),
    (Lie::OtherUid, "IMAP: another UID"),
    (Lie::Twice, "IMAP: answer given twice"),
    (Lie::Nil, "IMAP: NIL for a body"),
    (Lie::Short, "IMAP: short body"),
    (Lie::NoDate, "IMAP: no INTERNALDATE"),
    (Lie::Empty, "IMAP: empty OK"),
];

/// One connection.
pub struct Session {
    stream: BufReader<DuplexStream>,
    mailbox: Arc<Mutex<Mailbox>>,
    power: Power,
    dice: Dice,
    folder: Option<String>,
    /// The open folder was listed to its end before.
    has_listed: bool,
    bell: Arc<Bell>,
}

impl Session {
    /// A session at the server's end of a wire.
    pub fn new(stream: DuplexStream, mailbox: Arc<Mutex<Mailbox>>, power: Power, dice: Dice) -> Self {
        let bell = Arc::new(Bell::default());
        mailbox.lock().unwrap().sessions.push(bell.clone());
        Self { stream: BufReader::new(stream), mailbox, power, dice, folder: None, has_listed: false, bell }
    }

    /// Serves until the wire ends.
    pub async fn run(mut self) {
        let bell = self.bell.clone();
        tokio::select! {
            biased;
            () = bell.end.notified() => {}
            _ = self.talk() => {}
        }
        self.mailbox.lock().unwrap().sessions.retain(|other| !Arc::ptr_eq(other, &bell));
    }

    async fn say(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).await.ok()
    }

    async fn hear(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line).await.ok()?;
        (read > 0 && line.ends_with(b"\r\n")).then(|| String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn lie(&mut self) -> Option<Lie> {
        let lies = self.mailbox.lock().unwrap().lies;
        if !self.dice.permille(lies) {
            return None;
        }
        let (lie, name) = *self.dice.pick(&LIES);
        self.power.count(name);
        Some(lie)
    }

    async fn talk(&mut self) -> Option<()> {
        if self.lie() == Some(Lie::Bye) {
            return self.say(b"* BYE not now\r\n").await;
        }
        self.say(b"* OK ready\r\n").await?;
        loop {
            let line = self.hear().await?;
            let (tag, command) = line.split_once(' ')?;
            let verb = command.split(' ').next()?.to_ascii_uppercase();
            self.power.note(format!("imap {command}"));
            tokio::time::sleep(Duration::from_millis(self.dice.between(1, 60))).await;
            let lie = self.lie();
            match lie {
                Some(Lie::No) => self.say(format!("{tag} NO not now\r\n").as_bytes()).await?,
                Some(Lie::Bad) => self.say(format!("{tag} BAD what\r\n").as_bytes()).await?,
                Some(Lie::Bye) => return self.say(b"* BYE leaving\r\n").await,
                Some(Lie::Close) => return None,
                Some(Lie::Stall) => std::future::pending::<()>().await,
                Some(Lie::Empty) => self.say(format!("{tag} OK done\r\n").as_bytes()).await?,
                Some(Lie::WrongTag) => self.say(b"zz99 OK done\r\n").await?,
                _ => {
                    if lie == Some(Lie::Slow) {
                        tokio::time::sleep(self.dice.seconds(1, 90)).await;
                    }
                    if lie == Some(Lie::Unasked) {
                        self.say(b"* 1 FETCH (FLAGS (\\Seen))\r\n* OK still here\r\n").await?;
                    }
                    match verb.as_str() {
                        "LOGIN" | "AUTHENTICATE" => self.login(tag, &verb).await?,
                        "IDLE" => self.idle(tag).await?,
                        "LOGOUT" => {
                            return self.say(format!("* BYE bye\r\n{tag} OK done\r\n").as_bytes()).await;
                        }
                        _ => {
                            let answer = self.answer(tag, command, lie);
                            self.say(&answer).await?;
                        }
                    }
                }
            }
        }
    }

    async fn login(&mut self, tag: &str, verb: &str) -> Option<()> {
        if verb == "AUTHENTICATE" {
            self.say(b"+ \r\n").await?;
            self.hear().await?;
        }
        let is_locked = self.mailbox.lock().unwrap().locked_until.is_some_and(|until| until > Instant::now());
        if is_locked {
            self.power.count("IMAP: login refused");
        }
        let word = if is_locked { "NO [AUTHENTICATIONFAILED] wrong" } else { "OK welcome" };
        self.say(format!("{tag} {word}\r\n").as_bytes()).await
    }

    async fn idle(&mut self, tag: &str) -> Option<()> {
        if let Some(folder) = &self.folder {
            self.mailbox.lock().unwrap().looked_at(folder);
        }
        self.say(b"+ idling\r\n").await?;
        let (mut line, bell) = (Vec::new(), self.bell.clone());
        loop {
            tokio::select! {
                biased;
                () = bell.news.notified() => {
                    let exists = self.exists();
                    self.say(format!("* {exists} EXISTS\r\n").as_bytes()).await?;
                }
                read = self.stream.read_until(b'\n', &mut line) => {
                    if read.ok()? == 0 || !line.starts_with(b"DONE") {
                        return None;
                    }
                    return self.say(format!("{tag} OK done\r\n").as_bytes()).await;
                }
            }
        }
    }

    fn exists(&self) -> usize {
        let mailbox = self.mailbox.lock().unwrap();
        self.folder.as_ref().and_then(|name| mailbox.folders.get(name)).map_or(0, |folder| folder.messages.len())
    }

    fn answer(&mut self, tag: &str, command: &str, lie: Option<Lie>) -> Vec<u8> {
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let verb = words[0].to_ascii_uppercase();
        let mut out = Vec::new();
        let mut ending = "OK done".to_owned();
        match (verb.as_str(), &words[1..]) {
            ("CAPABILITY", _) => out.extend(b"* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS\r\n"),
            ("EXAMINE" | "SELECT" | "STATUS", [name, ..]) => {
                let mailbox = self.mailbox.lock().unwrap();
                match mailbox.folders.get(*name) {
                    None => ending = "NO no such folder".into(),
                    Some(folder) => {
                        let (n, validity, next) = (folder.messages.len(), folder.validity, folder.next);
                        if verb == "STATUS" {
                            let line =
                                format!("* STATUS \"{name}\" (MESSAGES {n} UIDNEXT {next} UIDVALIDITY {validity})\r\n");
                            out.extend(line.bytes());
                        } else {
                            out.extend(
                                format!("* {n} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {validity}] ok\r\n").bytes(),
                            );
                            out.extend(format!("* OK [UIDNEXT {next}] ok\r\n").bytes());
                            (self.folder, self.has_listed) = (Some((*name).to_owned()), false);
                        }
                    }
                }
            }
            ("LIST", _) => {
                for name in self.mailbox.lock().unwrap().folders.keys() {
                    out.extend(format!("* LIST () \"/\" \"{name}\"\r\n").bytes());
                }
            }
            ("CREATE", [name, ..]) => self.mailbox.lock().unwrap().create(name),
            ("UID", ["SEARCH", ..]) => {
                let mut line = "* SEARCH".to_owned();
                self.in_folder(|folder, dice| {
                    for uid in folder.messages.keys() {
                        if lie != Some(Lie::Partial) || dice.permille(500) {
                            line.push_str(&format!(" {uid}"));
                        }
                    }
                });
                out.extend(line.bytes());
                out.extend(b"\r\n");
            }
            ("UID", ["FETCH", set, items @ ..]) => {
                let items = items.join(" ");
                // Who was not offered IDLE looks again and again: the look before this one has ended.
                if set.ends_with('*')
                    && std::mem::replace(&mut self.has_listed, true)
                    && let Some(folder) = &self.folder
                {
                    self.mailbox.lock().unwrap().looked_at(folder);
                }
                self.fetch(set, &items, lie, &mut out);
            }
            ("UID", ["MOVE", uid, name]) => ending = self.move_one(uid, name, &mut out),
            ("NOOP" | "CHECK" | "ENABLE" | "ID", _) => {}
            _ => ending = "BAD unknown".into(),
        }
        out.extend(format!("{tag} {ending}\r\n").bytes());
        out
    }

    /// Works on the open folder, if it is there still.
    fn in_folder<T>(&mut self, work: impl FnOnce(&mut Folder, &mut Dice) -> T) -> Option<T> {
        let mut mailbox = self.mailbox.lock().unwrap();
        let folder = mailbox.folders.get_mut(self.folder.as_ref()?)?;
        Some(work(folder, &mut self.dice))
    }

    fn move_one(&mut self, uid: &str, name: &str, out: &mut Vec<u8>) -> String {
        let uid: u32 = uid.parse().unwrap();
        if !self.mailbox.lock().unwrap().folders.contains_key(name) {
            return "NO [TRYCREATE] no such folder".into();
        }
        let Some(Some(message)) = self.in_folder(|folder, _| folder.messages.remove(&uid)) else {
            return "OK nothing".into();
        };
        let mut mailbox = self.mailbox.lock().unwrap();
        let to = mailbox.folders.get_mut(name).unwrap();
        to.put(message);
        out.extend(format!("* OK [COPYUID {} {uid} {}] moved\r\n* 1 EXPUNGE\r\n", to.validity, to.next - 1).bytes());
        "OK done".into()
    }

    fn fetch(&mut self, set: &str, items: &str, lie: Option<Lie>, out: &mut Vec<u8>) {
        self.in_folder(|folder, dice| {
            let last = folder.messages.keys().last().copied().unwrap_or(0);
            let number = |text: &str| if text == "*" { last } else { text.parse().unwrap_or(0) };
            let ranges: Vec<(u32, u32)> = set
                .split(',')
                .map(|range| {
                    let (a, b) = range.split_once(':').unwrap_or((range, range));
                    let (a, b) = (number(a), number(b));
                    (a.min(b), a.max(b))
                })
                .collect();
            let mut seq = 0;
            for (uid, message) in &mut folder.messages {
                seq += 1;
                let is_asked = ranges.iter().any(|(a, b)| (a..=b).contains(&uid));
                if !is_asked || (lie == Some(Lie::Partial) && dice.permille(500)) {
                    continue;
                }
                let line = one(seq, *uid, message, items, lie, dice);
                out.extend_from_slice(&line);
                if lie == Some(Lie::Twice) {
                    out.extend_from_slice(&line);
                }
            }
        });
    }
}

/// One FETCH response.
fn one(seq: u32, uid: u32, message: &mut Message, items: &str, lie: Option<Lie>, dice: &mut Dice) -> Vec<u8> {
    let shown = if lie == Some(Lie::OtherUid) { uid + 1 } else { uid };
    let mut out = format!("* {seq} FETCH (UID {shown}").into_bytes();
    let raw = message.raw.clone();
    if items.contains("RFC822.SIZE") {
        let size = raw.len() as u64;
        let said = if lie == Some(Lie::WrongSize) { *dice.pick(&[0, size - 1, size + 1, size * 2]) } else { size };
        out.extend(format!(" RFC822.SIZE {said}").bytes());
    }
    if items.contains("INTERNALDATE") && lie != Some(Lie::NoDate) {
        let date = message.came.to_zoned(TimeZone::UTC).strftime("%d-%b-%Y %H:%M:%S %z").to_string();
        out.extend(format!(" INTERNALDATE \"{date}\"").bytes());
    }
    if let Some((_, section)) = items.split_once("BODY.PEEK") {
        let section = section.trim_end_matches(')');
        let headers = raw.windows(4).position(|w| w == b"\r\n\r\n").map_or(raw.len(), |at| at + 4);
        let all = if section.starts_with("[HEADER]") { &raw[..headers] } else { &raw[..] };
        let (name, mut slice) = match section.split_once('<') {
            Some((name, range)) => {
                let (from, length) = range.trim_end_matches('>').split_once('.').unwrap();
                let (from, length): (usize, usize) = (from.parse().unwrap(), length.parse().unwrap());
                let a = from.min(all.len());
                (format!("BODY{name}<{from}>"), &all[a..all.len().min(a + length)])
            }
            None => (format!("BODY{section}"), all),
        };
        if lie == Some(Lie::Short) && !message.was_short && slice.len() == raw.len() {
            message.was_short = true;
            slice = &slice[..usize::try_from(dice.below(slice.len() as u64)).unwrap()];
        }
        match lie {
            Some(Lie::Missing) => {}
            Some(Lie::Nil) => out.extend(format!(" {name} NIL").bytes()),
            _ => {
                out.extend(format!(" {name} {{{}}}\r\n", slice.len()).bytes());
                out.extend_from_slice(slice);
            }
        }
    }
    out.extend(b")\r\n");
    out
}

/// The words of a command; quotes off.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in command.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    /// What waits until somebody has looked at a folder that fell back reaches who waits in IDLE, and who polls without it.
    #[tokio::test(start_paused = true)]
    async fn what_waits_outside_comes_in_once_somebody_has_looked() {
        let list = "a UID FETCH 1:* (UID RFC822.SIZE)\r\n";
        for (second, is_look) in [("a IDLE\r\n", true), (list, true), ("a UID FETCH 1 (UID BODY.PEEK[])\r\n", false)] {
            let mailbox = Arc::new(Mutex::new(Mailbox::new(&[INBOX], 0)));
            let deliver =
                |text: &str| mailbox.lock().unwrap().deliver(INBOX, Arc::new(text.into()), Timestamp::UNIX_EPOCH);
            deliver("one");
            mailbox.lock().unwrap().restore(INBOX, 1);
            deliver("two");
            let waiting = || mailbox.lock().unwrap().folders[INBOX].waiting();
            let (mut client, server) = tokio::io::duplex(1 << 16);
            tokio::spawn(Session::new(server, mailbox.clone(), Power::new(0), Dice::of(0, 0)).run());
            for line in ["a EXAMINE \"INBOX\"\r\n", list] {
                client.write_all(line.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
                assert_eq!(waiting(), 1, "nobody has looked to the end");
            }
            client.write_all(second.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(waiting(), usize::from(!is_look), "{second}");
            drop(client.read(&mut [0; 1]).await);
        }
    }
}

//! One folder held against the register: pure. It changes when what proves that a message is kept changes.

use crate::intake::cursor::Cursor;
use crate::intake::imap::Holdings;

/// A SHA-256, as bytes: a million of them are 32 MB.
pub type Digest = [u8; 32];

/// What the register says.
#[derive(Debug, Default)]
pub struct Register {
    /// Of each folder: how its places begin.
    prefixes: Vec<String>,
    /// Of each folder: the UIDs that the register names, ascending.
    uids: Vec<Vec<u32>>,
    /// Every decided message, ascending; one that was decided twice stands twice.
    decided: Vec<Digest>,
}

impl Register {
    /// Nothing read yet. An empty prefix stands for a folder that is not asked about.
    #[must_use]
    pub fn new(prefixes: Vec<String>) -> Self {
        let uids = prefixes.iter().map(|_| Vec::new()).collect();
        Self { prefixes, uids, decided: Vec::new() }
    }

    /// A decision.
    pub fn decided(&mut self, digest: &str, place: &str) {
        self.decided.extend(digest_of(digest));
        self.seen(place);
    }

    /// A place where a decided message was seen.
    pub fn seen(&mut self, place: &str) {
        let found = |prefix: &String| place.strip_prefix(prefix.as_str()).filter(|_| !prefix.is_empty())?.parse().ok();
        for (prefix, uids) in self.prefixes.iter().zip(&mut self.uids) {
            uids.extend::<Option<u32>>(found(prefix));
        }
    }

    /// All is read.
    pub fn close(&mut self) {
        self.decided.sort_unstable();
        for uids in &mut self.uids {
            uids.sort_unstable();
            uids.dedup();
        }
    }

    /// The UIDs of one folder.
    #[must_use]
    pub fn folder(&self, index: usize) -> &[u32] {
        self.uids.get(index).map_or(&[], Vec::as_slice)
    }

    /// Decisions.
    #[must_use]
    pub fn decisions(&self) -> &[Digest] {
        &self.decided
    }
}

/// A digest of hex digits, as bytes.
#[must_use]
pub fn digest_of(hex: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// One folder.
#[derive(Debug)]
pub struct Side<'a> {
    /// What the server lists.
    pub holdings: &'a Holdings,
    /// What its watcher calls finished.
    pub cursor: Option<&'a Cursor>,
    /// Its watcher has listed it to its end since.
    pub looked: bool,
}

/// What does not agree.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// On the server, unknown to the register, and called finished by the cursor: nobody would ever fetch it.
    pub lost: Vec<u32>,
    /// On the server, unknown to the register, and not to be had though the folder was just listed.
    pub stuck: Vec<u32>,
    /// On the server, unknown to the register, still to be fetched.
    pub waiting: usize,
    /// The cursor calls finished what has not come yet.
    pub ahead: bool,
}

/// Holds a folder against what the register knows of it.
#[must_use]
pub fn compare(side: &Side<'_>, registered: &[u32]) -> Found {
    let cursor = side.cursor.filter(|cursor| cursor.uidvalidity() == side.holdings.uidvalidity);
    let mut found = Found::default();
    for &uid in &side.holdings.uids {
        if registered.binary_search(&uid).is_ok() {
            continue;
        }
        match cursor {
            Some(cursor) if !cursor.wants(uid) => found.lost.push(uid),
            // A watcher that has not begun, or begins again.
            _ if !side.looked => found.waiting += 1,
            _ => found.stuck.push(uid),
        }
    }
    found.ahead = cursor.is_some_and(|cursor| cursor.scan_from() > side.holdings.uidnext);
    found
}

//! What a power cut leaves of a folder. It changes when the model of what is durable does.
//!
//! The model (reliability.md §2): bytes are durable at fsync or fdatasync of their file, entries at fsync of their
//! directory, `sync_file_range` counts for nothing. What is not durable is lost as a whole, or each page and each entry by
//! the toss of a coin: old or new, of a size between.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

type Id = usize;
type Entries = BTreeMap<String, Id>;

#[derive(Debug, Clone)]
enum Node {
    File { now: Vec<u8>, durable: Vec<u8> },
    Dir { now: Entries, durable: Entries },
}

/// A folder on a disk that may lose power.
#[derive(Clone)]
pub struct Medium {
    nodes: Vec<Node>,
    by_inode: HashMap<u64, Id>,
}

/// The dice.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `most` (SplitMix64).
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % most.max(1)
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

impl Medium {
    /// A folder as it is, all of it durable.
    pub fn of(root: &Path) -> Self {
        let mut medium = Self { nodes: Vec::new(), by_inode: HashMap::new() };
        medium.take(root);
        medium
    }

    fn take(&mut self, path: &Path) -> Id {
        let meta = fs::symlink_metadata(path).unwrap();
        let id = self.nodes.len();
        self.by_inode.insert(meta.ino(), id);
        if meta.is_dir() {
            self.nodes.push(Node::Dir { now: Entries::new(), durable: Entries::new() });
            let mut entries = Entries::new();
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() || kind.is_file() {
                    entries.insert(entry.file_name().into_string().unwrap(), self.take(&entry.path()));
                }
            }
            self.nodes[id] = Node::Dir { now: entries.clone(), durable: entries };
        } else {
            let bytes = fs::read(path).unwrap();
            self.nodes.push(Node::File { now: bytes.clone(), durable: bytes });
        }
        id
    }

    /// What a file holds for certain; nothing, if its name is not durable.
    pub fn durable(&self, path: &str) -> &[u8] {
        let mut id = 0;
        for part in path.split('/') {
            match &self.nodes[id] {
                Node::Dir { durable, .. } => match durable.get(part) {
                    Some(next) => id = *next,
                    None => return &[],
                },
                Node::File { .. } => panic!("no directory"),
            }
        }
        match &self.nodes[id] {
            Node::File { durable, .. } => durable,
            Node::Dir { .. } => panic!("no file"),
        }
    }

    /// Does all that a trace of `powercut.c` says. A last record that a kill cut short was never done by the program either,
    /// as far as anybody outside of it can know.
    pub fn replay(&mut self, trace: &[u8]) {
        for record in records(trace) {
            let (head, texts) = record.split_at(HEAD);
            let number = |from: usize| u64::from_le_bytes(head[from..from + 8].try_into().unwrap());
            let (one, two) = texts.split_at(length(head, 17));
            self.apply(head[0], number(1), number(9), one, two);
        }
    }

    fn apply(&mut self, op: u8, a: u64, b: u64, one: &[u8], two: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        match op {
            b'C' | b'M' => {
                let id = self.nodes.len();
                self.nodes.push(if op == b'C' {
                    Node::File { now: Vec::new(), durable: Vec::new() }
                } else {
                    Node::Dir { now: Entries::new(), durable: Entries::new() }
                });
                self.by_inode.insert(a, id);
                let (dir, name) = self.place(&text(one));
                self.entries(dir).insert(name, id);
            }
            b'W' => {
                let Node::File { now, .. } = self.node(a) else { panic!("a write to a directory") };
                let (from, to) = (usize::try_from(b).unwrap(), usize::try_from(b).unwrap() + one.len());
                if now.len() < to {
                    now.resize(to, 0);
                }
                now[from..to].copy_from_slice(one);
            }
            b'T' => {
                let Node::File { now, .. } = self.node(a) else { panic!("a cut of a directory") };
                now.resize(usize::try_from(b).unwrap(), 0);
            }
            b'S' => match self.node(a) {
                Node::File { now, durable } => durable.clone_from(now),
                Node::Dir { now, durable } => durable.clone_from(now),
            },
            b'R' => {
                let (from, old) = self.place(&text(one));
                let id = self.entries(from).remove(&old).expect("renamed from where something was");
                let (to, new) = self.place(&text(two));
                self.entries(to).insert(new, id);
            }
            b'U' => {
                let (dir, name) = self.place(&text(one));
                self.entries(dir).remove(&name).expect("removed where something was");
            }
            other => panic!("no such record: {other}"),
        }
    }

    fn node(&mut self, inode: u64) -> &mut Node {
        &mut self.nodes[self.by_inode[&inode]]
    }

    fn entries(&mut self, dir: Id) -> &mut Entries {
        match &mut self.nodes[dir] {
            Node::Dir { now, .. } => now,
            Node::File { .. } => panic!("no directory"),
        }
    }

    /// The directory of a path, and its name there.
    fn place(&mut self, path: &str) -> (Id, String) {
        let (dirs, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut dir = 0;
        for part in dirs.split('/').filter(|part| !part.is_empty()) {
            dir = self.entries(dir)[part];
        }
        (dir, name.to_owned())
    }

    /// Whether the folder at `root` is what the trace made of it: then the trace is whole. What differs, otherwise.
    pub fn differs_from(&self, root: &Path) -> Option<String> {
        let real = Self::of(root);
        self.differs(0, &real, 0, String::new())
    }

    fn differs(&self, id: Id, other: &Self, other_id: Id, path: String) -> Option<String> {
        match (&self.nodes[id], &other.nodes[other_id]) {
            (Node::File { now: a, .. }, Node::File { now: b, .. }) => {
                (a != b).then(|| format!("{path}: {} and {} bytes", a.len(), b.len()))
            }
            (Node::Dir { now: a, .. }, Node::Dir { now: b, .. }) => {
                if !a.keys().eq(b.keys()) {
                    return Some(format!("{path}: {:?} and {:?}", a.keys(), b.keys()));
                }
                a.iter().find_map(|(name, id)| self.differs(*id, other, b[name], format!("{path}/{name}")))
            }
            _ => Some(format!("{path}: file and directory")),
        }
    }

    /// Writes what is left after a power cut to `target`. `torn`: by the toss of a coin; otherwise all that is not durable
    /// is lost. How many files and directories lost something.
    pub fn cut(&self, target: &Path, torn: bool, dice: &mut Dice) -> usize {
        self.leave(0, target, torn, dice)
    }

    fn leave(&self, id: Id, path: &Path, torn: bool, dice: &mut Dice) -> usize {
        match &self.nodes[id] {
            Node::File { now, durable } => {
                let bytes = if now == durable || !torn { durable.clone() } else { tear(durable, now, dice) };
                fs::write(path, &bytes).unwrap();
                fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
                usize::from(bytes != *now)
            }
            Node::Dir { now, durable } => {
                fs::DirBuilder::new().mode(0o700).create(path).unwrap();
                let mut names: Vec<&String> = now.keys().chain(durable.keys()).collect();
                names.sort_unstable();
                names.dedup();
                let mut lost = usize::from(now != durable);
                for name in names {
                    let (new, old) = (now.get(name), durable.get(name));
                    let left = if new != old && torn && dice.coin() { new } else { old };
                    if let Some(id) = left {
                        lost += self.leave(*id, &path.join(name), torn, dice);
                    }
                }
                lost
            }
        }
    }
}

/// Bytes of a record before its two texts.
const HEAD: usize = 25;

fn length(head: &[u8], from: usize) -> usize {
    u32::from_le_bytes(head[from..from + 4].try_into().unwrap()) as usize
}

/// The whole records of a trace.
pub fn records(trace: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut rest) = (Vec::new(), trace);
    while let Some(head) = rest.get(..HEAD) {
        let Some((record, after)) = rest.split_at_checked(HEAD + length(head, 17) + length(head, 21)) else { break };
        found.push(record);
        rest = after;
    }
    found
}

/// Pages of the old and of the new content, and a length between.
fn tear(old: &[u8], new: &[u8], dice: &mut Dice) -> Vec<u8> {
    let page = if dice.coin() { 512 } else { 4096 };
    let (short, long) = (old.len().min(new.len()) as u64, old.len().max(new.len()) as u64);
    let length = match dice.below(3) {
        0 => old.len(),
        1 => new.len(),
        _ => usize::try_from(short + dice.below(long - short + 1)).unwrap(),
    };
    let mut left = vec![0; length];
    for (n, bytes) in left.chunks_mut(page).enumerate() {
        let source = if dice.coin() { old } else { new };
        let from = source.get(n * page..).unwrap_or_default();
        let have = from.len().min(bytes.len());
        bytes[..have].copy_from_slice(&from[..have]);
    }
    left
}

/// The model on a case that can be followed by hand.
#[test]
fn what_was_not_fsynced_is_lost_and_what_was_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("old"), b"old").unwrap();
    let inode = |name: &str| fs::metadata(root.join(name)).unwrap().ino();
    let mut medium = Medium::of(&root);
    medium.apply(b'W', inode("old"), 0, b"NEW and long", b"");
    medium.apply(b'C', 7_000_001, 0, b"kept", b"");
    medium.apply(b'W', 7_000_001, 0, b"kept", b"");
    medium.apply(b'S', 7_000_001, 0, b"", b"");
    medium.apply(b'S', inode(""), 0, b"", b"");
    medium.apply(b'C', 7_000_002, 0, b"no entry", b"");
    let left = dir.path().join("b");
    assert!(medium.cut(&left, false, &mut Dice(1)) > 0);
    assert_eq!(fs::read(left.join("old")).unwrap(), b"old");
    assert_eq!(fs::read(left.join("kept")).unwrap(), b"kept");
    assert!(!left.join("no entry").exists());
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let left = dir.path().join(format!("torn-{seed}"));
        medium.cut(&left, true, &mut Dice(seed));
        assert_eq!(fs::read(left.join("kept")).unwrap(), b"kept");
        seen.insert((fs::read(left.join("old")).unwrap().len(), left.join("no entry").exists()));
    }
    assert!(seen.len() > 6, "the coin is tossed: {seen:?}");
}

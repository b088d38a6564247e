//! Changes when mutants are drawn in another way: from a seed, always the same mutant of the same genuine messages.
//!
//! The genuine messages are the saved ones of `fixtures/mail`: every kind, every habit of provider, bytes that stay. A mutant
//! takes one of them through one to three steps; each step has a random source of its own, so that a failure can be shrunk by
//! leaving steps out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, dead_code, unreachable_pub, missing_docs)]

pub mod cms;
mod headers;
mod parts;
mod text;
mod xml;

use pec::{Anchor, Anchors, Attachment, Content, Evidence, Examined, Grade, OwnMailbox, Policy, Verdict, examine};
use std::fs;
use std::path::{Path, PathBuf};

/// The messages that are mutated, and what the verifier may know.
pub struct Pool {
    pub genuine: Vec<Genuine>,
    anchors: Anchors,
    mailboxes: Vec<OwnMailbox>,
}

/// A message that is certified as it stands.
pub struct Genuine {
    pub name: String,
    pub raw: Vec<u8>,
    pub statement: Statement,
}

/// All that a certified message says to a reader: what a mutant must not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The whole proof: certification data, inner message, returned original, signer, digest of the signed bytes.
    pub proof: String,
    /// The outer author, which the report says is the signer's address.
    pub from: String,
    /// The outer Message-ID, where the report says that it is the certified one.
    pub message_id: Option<String>,
    /// The kind that the outer marker claims.
    pub claimed: String,
}

/// `fixtures/` of the repository.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

impl Pool {
    /// The lawful messages (`0xx`) among the fixtures that are certified.
    pub fn read() -> Pool {
        let der = certificate(&fixtures().join("trust/simulazione/SIMULAZIONE.pem"));
        let anchor = Anchor::from_certificate(&der, "SIMULAZIONE", &["1.3.76.16.3.1.1"], true).unwrap();
        let ours =
            OwnMailbox { address: "protocollo@pec.comune.example".into(), provider_host: Some("pec.alfa.test".into()) };
        let mut pool = Pool { genuine: Vec::new(), anchors: Anchors { list: vec![anchor] }, mailboxes: vec![ours] };
        let mut names: Vec<_> = fs::read_dir(fixtures().join("mail")).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        for folder in names {
            let name = folder.file_name().unwrap().to_string_lossy().to_string();
            let raw = fs::read(folder.join("message.eml")).unwrap_or_default();
            if let Some(statement) = statement(&raw, &pool.examine(&raw)).filter(|_| name.starts_with('0')) {
                pool.genuine.push(Genuine { name, raw, statement });
            }
        }
        assert!(pool.genuine.len() >= 20, "only {} genuine messages", pool.genuine.len());
        pool
    }

    pub fn examine<'a>(&'a self, raw: &'a [u8]) -> Examined {
        let arrival = Some("2026-02-03T09:10:20Z".parse().unwrap());
        examine(raw, &Policy { mailboxes: &self.mailboxes, arrival, ..Policy::new(&self.anchors) })
    }

    /// The mutant of that seed, without the steps whose bit is missing in `steps`.
    pub fn draw(&self, seed: u64, steps: u8) -> Mutant {
        let mut rng = Rng::new(seed);
        let source = rng.below(self.genuine.len());
        let count = 1 + rng.below(6) / 3 + rng.below(6) / 5; // mostly one: a second step often hides what the first would show
        let mut mutant =
            Mutant { seed, donors: vec![source], steps: Vec::new(), raw: self.genuine[source].raw.clone() };
        for number in 0..count {
            let (kind, step) = STEPS[rng.below(STEPS.len())];
            let own = Rng::new(rng.next());
            if steps & (1 << number) == 0 {
                continue;
            }
            let mut draft =
                Draft { pool: self, rng: own, donors: &mut mutant.donors, raw: std::mem::take(&mut mutant.raw) };
            let said = step(&mut draft);
            mutant.raw = draft.raw;
            mutant.steps.push(format!("{kind}: {said}"));
        }
        mutant
    }

    /// What is wrong with the verdict on these bytes, made from those donors: a certified message that says something else
    /// than each of them.
    pub fn fault(&self, raw: &[u8], donors: &[usize]) -> (Grade, Option<String>) {
        let seen = self.examine(raw);
        let grade = seen.grade;
        let Some(said) = statement(raw, &seen) else {
            return (grade, (grade <= Grade::GenuineWeak).then(|| "a grade without a proof".into()));
        };
        let known = donors.iter().any(|donor| self.genuine[*donor].statement == said);
        (grade, (!known).then(|| difference(&self.genuine[donors[0]].statement, &said)))
    }
}

/// A mutant of a genuine message.
pub struct Mutant {
    pub seed: u64,
    /// The messages whose bytes are in it, the first one mutated.
    pub donors: Vec<usize>,
    /// What was done to it.
    pub steps: Vec<String>,
    pub raw: Vec<u8>,
}

/// A mutant being made.
pub struct Draft<'a> {
    pool: &'a Pool,
    rng: Rng,
    donors: &'a mut Vec<usize>,
    raw: Vec<u8>,
}

impl<'a> Draft<'a> {
    /// Another message of the pool, from which bytes will be taken.
    fn donor(&mut self) -> &'a Genuine {
        let donor = self.rng.below(self.pool.genuine.len());
        self.donors.push(donor);
        &self.pool.genuine[donor]
    }
}

/// One way to mutate; it says in words what it did.
type Step = fn(&mut Draft<'_>) -> String;

/// Weighted towards what the signature does not cover: there a mutant can hope.
const STEPS: &[(&str, Step)] = &[
    ("bytes", text::bytes),
    ("bytes near a boundary", text::bytes_near_a_boundary),
    ("lines", text::lines),
    ("line ends", text::line_ends),
    ("outer header", headers::outer),
    ("outer header", headers::outer),
    ("part header", headers::of_a_part),
    ("parts", parts::outer),
    ("parts", parts::outer),
    ("signed parts", parts::signed),
    ("delimiters", parts::delimiters),
    ("wrapping", parts::wrapped),
    ("crossing", parts::crossed),
    ("daticert", xml::daticert),
    ("signature", cms::tree),
    ("signature", cms::tree),
    ("signature", cms::tree),
    ("signature bytes", cms::bytes),
    ("signature of another", cms::transplant),
];

/// What a reader is told, if the message is certified.
pub fn statement(raw: &[u8], seen: &Examined) -> Option<Statement> {
    let Verdict::Certified(certified) = &seen.verdict else {
        return None;
    };
    let proof = match certified.evidence() {
        Evidence::Envelope { daticert, message } => format!("{daticert:#?}\n{}", told(raw, message)),
        Evidence::Anomaly { message } => format!("anomaly\n{}", told(raw, message)),
        Evidence::Receipt { daticert, returned } => {
            let returned = returned.as_ref().map(|excerpt| shown(&excerpt.of(raw)));
            format!("{daticert:#?}\nreturned {returned:?}")
        }
    };
    let receipt = matches!(certified.evidence(), Evidence::Receipt { .. });
    let bare = |id: String| id.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>')).to_owned();
    Some(Statement {
        proof: format!("{:#?}\nweak {}\n{proof}", certified.signer(), certified.weak()),
        from: seen.from.clone().unwrap_or_default().to_ascii_lowercase(),
        message_id: seen.message_id.clone().filter(|_| !receipt).map(bare),
        claimed: seen.claimed.clone().unwrap_or_default().to_ascii_lowercase(),
    })
}

/// All of a message, wherever it stands: what the places in it lead to is part of what it says.
fn told(raw: &[u8], message: &Content) -> String {
    let bytes = message.source.of(raw);
    let files = message.attachments.iter().map(|file| {
        let Attachment { name, media_type, empty, top_level, nested, .. } = file;
        format!("{name:?} {media_type} {empty} {top_level} {nested:?} {:?}\n", file.measure(&bytes))
    });
    let rest = Content { source: Default::default(), attachments: Vec::new(), ..message.clone() };
    format!("{rest:#?}\n{}\n{}", files.collect::<String>(), shown(&bytes))
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn difference(before: &Statement, after: &Statement) -> String {
    let (before, after) = (format!("{before:#?}").replace("\\n", "\n"), format!("{after:#?}").replace("\\n", "\n"));
    let differ = before.lines().zip(after.lines()).filter(|(b, a)| b != a).take(5);
    differ.map(|(b, a)| format!("    was {}\n    now {}\n", b.trim(), a.trim())).collect()
}

/// The certificate in a PEM file.
pub fn certificate(path: &Path) -> Vec<u8> {
    let pem = fs::read_to_string(path).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    from_base64(body.as_bytes())
}

/// SplitMix64: small, fast, the same everywhere.
#[derive(Clone)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`; 0 if there is nothing below it.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.next() % limit as u64) as usize }
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// A range of at most `most` bytes inside `length`.
    pub fn range(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let start = self.below(length);
        let end = (start + 1 + self.below(most)).min(length);
        start..end
    }
}

/// Finds `wanted` in `bytes`.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len().max(1)).position(|window| window == wanted)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (number, group) in bytes.chunks(3).enumerate() {
        if number > 0 && number % 16 == 0 {
            out.push_str("\r\n");
        }
        let word = group.iter().fold(0u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            out.push(if place <= group.len() {
                char::from(ALPHABET[((word >> (18 - 6 * place)) & 63) as usize])
            } else {
                '='
            });
        }
    }
    out.push_str("\r\n");
    out
}

pub fn from_base64(text: &[u8]) -> Vec<u8> {
    let (mut out, mut word, mut bits) = (Vec::new(), 0u32, 0);
    for value in text.iter().filter_map(|letter| ALPHABET.iter().position(|known| known == letter)) {
        word = (word << 6) | value as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    out
}

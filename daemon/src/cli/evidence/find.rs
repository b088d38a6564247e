//! Which message is meant: a file, or one of the archive by any of its names.

use crate::archive::{Archive, Shelf};
use crate::cli::paint::cut;
use crate::cli::status::grade;
use crate::digest::{flow, sha256};
use crate::journal::record::{Decided, Event};
use crate::journal::{Journal, Tail};
use casework::protocol::Fact;
use casework::receipts;
use casework::{Change, Disposition, Outgoing, calendar};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Largest file read: what the service would examine.
const FILE_BYTES_MAX: u64 = crate::config::MESSAGE_BYTES_DEFAULT;
/// Shortest beginning of a digest that is looked for, hex digits.
const PREFIX: usize = 4;
/// Most candidates shown when a name means several messages.
const CANDIDATES_MAX: usize = 20;
/// Longest field shown of a candidate, in characters.
const COLUMN: usize = 44;

/// The message.
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    pub(super) digest: String,
}

/// Finds a message.
///
/// # Errors
/// In Italian: there is none, there are several (each is shown), it cannot be read.
pub(super) fn message(wanted: &str, data: Option<&Path>) -> Result<Found, String> {
    let path = Path::new(wanted);
    if path.is_file() {
        let bytes = read(path).map_err(|e| format!("{wanted}: non riesco a leggerlo: {e}"))?;
        return Ok(Found { digest: sha256(&bytes), bytes });
    }
    let Some(data) = data else {
        return Err(format!("{wanted}: non è un file. Per cercarlo nell'archivio serve --config, o --data"));
    };
    let archive = Archive::at(data);
    let candidates = candidates(wanted, data, &archive)?;
    match candidates.iter().collect::<Vec<_>>().as_slice() {
        [] => Err(format!(
            "{wanted}: non c'è. Si può dare un file, l'inizio di un'impronta (almeno {PREFIX} cifre), un Message-ID, un \
             identificativo Pec, un fascicolo come 2026/000001, un protocollo come «prot. 4567/2026», o un invio"
        )),
        [(digest, (shelf, _))] => {
            let bytes = archive.read(*shelf, digest).map_err(|e| format!("{digest}: {e}"))?;
            Ok(Found { bytes, digest: (*digest).clone() })
        }
        many => {
            let lines: Vec<String> = many
                .iter()
                .take(CANDIDATES_MAX)
                .map(|(digest, (_, line))| format!("  {}  {line}", flow(digest)))
                .collect();
            let hidden = many.len().saturating_sub(CANDIDATES_MAX);
            let more = if hidden > 0 { format!("\n  … e altri {hidden}") } else { String::new() };
            Err(format!(
                "{wanted}: sono {} messaggi. Scegline uno per impronta:\n{}{more}",
                many.len(),
                lines.join("\n")
            ))
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("più di {} MB", FILE_BYTES_MAX / 1_000_000)));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Digest → shelf, and a line for people. One reading of the register.
fn candidates(wanted: &str, data: &Path, archive: &Archive) -> Result<BTreeMap<String, (Shelf, String)>, String> {
    let name = Name::of(wanted);
    let mut found = BTreeMap::new();
    Journal::lines(data, Tail::Open, |line| match &line.record.event {
        Event::Decided(decided) => {
            if name.means(decided) {
                let at = calendar::stamp(decided.decided_at);
                let findings = &decided.findings;
                let told = [&findings.sender, &findings.subject].map(|text| cut(text, COLUMN));
                let line = format!("{at}  {}  {}", grade(&findings.grade), told.join("  "));
                found.insert(decided.digest.clone(), (Shelf::In, line));
            }
            for (letter, frozen) in decided.items() {
                name.take(letter, frozen, &mut found);
            }
        }
        Event::Tasked { outgoing, frozen, .. } | Event::Canary { outgoing, frozen, .. } => {
            name.take(outgoing, frozen, &mut found)
        }
        Event::Acted(acted) => {
            for (letter, frozen) in acted.items() {
                name.take(letter, frozen, &mut found);
            }
        }
        Event::Protocol(Fact::Numbered { document, number, .. })
            if name.protocol.as_ref() == Some(&number.to_string()) =>
        {
            let shelf = if archive.path(Shelf::In, document).exists() { Shelf::In } else { Shelf::Out };
            found.insert(document.clone(), (shelf, format!("protocollo {number}")));
        }
        _ => {}
    })
    .map_err(|trouble| format!("il registro non si può leggere: {trouble}"))?;
    if found.is_empty() && name.is_digest() {
        // Sealed and not decided yet: the register does not name it.
        for shelf in [Shelf::In, Shelf::Out] {
            if archive.path(shelf, &name.bare).exists() {
                found.insert(name.bare.clone(), (shelf, String::new()));
            }
        }
    }
    Ok(found)
}

/// `prot. 4567/2026`: a number of the protocol, as it is shown.
fn protocol(wanted: &str) -> Option<String> {
    let lower = wanted.trim().to_lowercase();
    let rest = lower.strip_prefix("protocollo").or_else(|| lower.strip_prefix("prot"))?;
    let (number, year) = rest.trim_start_matches([' ', '.', ':']).split_once('/')?;
    let (number, year) = (number.parse::<u32>().ok()?, year.parse::<i16>().ok()?);
    Some(format!("{number:07}/{year}"))
}

/// What a message may be called by.
struct Name {
    /// Without angle brackets.
    bare: String,
    /// Enough of a digest to look for it.
    digest: bool,
    /// A protocol number, as it is shown.
    protocol: Option<String>,
}

impl Name {
    fn of(wanted: &str) -> Self {
        let bare = bare(wanted);
        // A dossier goes by its number in every spelling.
        let bare = casework::dossier::check::read(bare).unwrap_or_else(|_| bare.to_owned());
        let digest = bare.len() >= PREFIX && bare.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        Self { bare, digest, protocol: protocol(wanted) }
    }

    fn is_digest(&self) -> bool {
        /// Hex digits of a SHA-256.
        const WHOLE: usize = 64;
        self.digest && self.bare.len() == WHOLE
    }

    fn begins(&self, digest: &str) -> bool {
        self.digest && digest.starts_with(&self.bare)
    }

    fn means(&self, decided: &Decided) -> bool {
        let dossier = |change: &Change| match change {
            Change::Opened { dossier } => dossier.number == self.bare,
            Change::Filed { dossier } | Change::Entered { dossier, .. } | Change::Ordered { dossier, .. } => {
                *dossier == self.bare
            }
            Change::Learned { fact: receipts::Fact::Accepted { pec_id, .. }, .. } => bare(pec_id) == self.bare,
            Change::CanaryBack { item } => *item == self.bare,
            Change::Corrected { message, .. } => self.begins(message),
            Change::Learned { .. } | Change::Person { .. } | Change::Rated { .. } | Change::Incident { .. } => false,
        };
        let filed = match &decided.decision.disposition {
            Disposition::Request { dossier, .. } => dossier.as_deref() == Some(&self.bare),
            Disposition::Receipt { item } => *item == self.bare,
            _ => false,
        };
        self.begins(&decided.digest)
            || decided.findings.message_id.as_deref().map(bare) == Some(&self.bare)
            || filed
            || decided.changes().iter().any(dossier)
    }

    /// A letter of ours, if it is meant.
    fn take(&self, letter: &Outgoing, frozen: &str, found: &mut BTreeMap<String, (Shelf, String)>) {
        let is_meant = self.begins(frozen)
            || letter.id == self.bare
            || bare(&letter.message_id) == self.bare
            || letter.dossier.as_deref() == Some(&self.bare);
        if is_meant {
            let told = [&letter.to, &letter.subject].map(|text| cut(text, COLUMN));
            found.insert(frozen.to_owned(), (Shelf::Out, format!("nostra lettera a {}", told.join("  "))));
        }
    }
}

fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id)
}

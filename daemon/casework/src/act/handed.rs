//! The documents that an office hands over with an order: kept in the dossier, and sent along with the letter that tells of it. It
//! changes when another document may leave, or another letter takes one along.

use super::{Done, Order};
use crate::decision::{Change, ENCLOSED_BYTES_MAX, Enclosure, Lane};
use crate::dossier::{Document, Visibility};
use crate::life::Entry;
use crate::refused::{NAME_BYTES_MAX, Refused};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use pec::Content;

/// Files of one order that are taken: as of a citizen's message.
pub const HANDED_MAX: usize = crate::filing::DOCUMENTS_MAX;
/// Letters that say which documents are with them.
const LETTERS: [&str; 3] = ["esito", "preavviso-diniego", "richiesta-integrazione"];
/// Endings of what an office sends as a document (AgID, *Linee guida sul documento informatico*, annex 2). A picture is none: a
/// mail program attaches that of a signature by itself, and a logo is no measure.
const DOCUMENTS: [&str; 14] =
    ["pdf", "p7m", "odt", "ods", "odp", "doc", "docx", "xls", "xlsx", "rtf", "txt", "csv", "xml", "zip"];

/// A file that came with an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The message that holds it, SHA-256 in lower-case hex.
    pub message: String,
    /// Which of its attachments, from 0.
    pub nth: u32,
    /// File name, as its author gave it.
    pub name: String,
    /// `type/subtype`, as its author says.
    pub media: String,
    /// About how many bytes it measures.
    pub bytes: usize,
    /// Nothing is in it.
    pub empty: bool,
}

impl Handed {
    /// What is attached to a message.
    #[must_use]
    pub fn of(message: &str, content: &Content) -> Vec<Self> {
        let files = content.attachments.iter().take(HANDED_MAX).zip(0..);
        let handed = files.map(|(file, nth)| Self {
            message: message.to_string(),
            nth,
            name: file.name.get(..file.name.floor_char_boundary(NAME_BYTES_MAX)).unwrap_or_default().to_string(),
            media: file.media_type.clone(),
            bytes: file.encoded_bytes(),
            empty: file.empty,
        });
        handed.collect()
    }

    fn document(&self, visibility: Visibility) -> Document {
        let Self { name, media, message, .. } = self.clone();
        Document { digest: String::new(), name, media, message, visibility }
    }

    fn is_document(&self) -> bool {
        let ending = self.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        ending.is_some_and(|ending| DOCUMENTS.contains(&ending.as_str()))
    }
}

/// The names of those that a letter may take along.
pub(super) fn names(handed: &[Handed]) -> Vec<String> {
    handed.iter().filter(|file| file.is_document()).map(|file| file.name.clone()).collect()
}

/// Puts files that no letter takes along into a dossier, for the office alone.
pub(crate) fn kept(mut done: Done, dossier: &str, files: &[Handed]) -> Done {
    let entry = |file: &Handed| Entry::Deposited { document: file.document(Visibility::Reserved) };
    done.changes.extend(files.iter().map(|file| Change::Entered { dossier: dossier.to_string(), entry: entry(file) }));
    let names: Vec<String> = files.iter().map(|file| format!("«{}»", file.name)).collect();
    if !names.is_empty() {
        done.said = format!("{}; tenuti nel fascicolo: {}", done.said, names.join(", "));
    }
    done
}

/// Puts the documents of an order into its dossier, and into its letters.
///
/// # Errors
/// One is empty, or a letter could not carry them.
pub(super) fn over(mut done: Done, order: &Order) -> Result<Done, Refused> {
    let takes = |template: &str| LETTERS.contains(&template.split('.').next().unwrap_or_default());
    let mut letters: Vec<_> =
        done.outgoing.iter_mut().filter(|letter| letter.lane == Lane::Pec && takes(&letter.template)).collect();
    let sent: Vec<&Handed> = order.documents.iter().filter(|file| !letters.is_empty() && file.is_document()).collect();
    if let Some(file) = sent.iter().find(|file| file.empty) {
        return Err(Refused::new("document-empty", format!("il documento «{}» è vuoto", file.name)));
    }
    if sent.iter().map(|file| file.bytes).sum::<usize>() > ENCLOSED_BYTES_MAX {
        let most = ENCLOSED_BYTES_MAX / (1024 * 1024);
        let text = format!("i documenti di una lettera misurano insieme al massimo {most} MB: mandane meno");
        return Err(Refused::new("documents-too-large", text));
    }
    for letter in &mut letters {
        letter.enclosures.extend(sent.iter().map(|file| Enclosure::Document {
            message: file.message.clone(),
            nth: file.nth,
            name: file.name.clone(),
        }));
    }
    // All of them, in order: which attachment a document is, is counted.
    for file in &order.documents {
        let document = file.document(if sent.contains(&file) { Visibility::Parties } else { Visibility::Reserved });
        done.changes.push(Change::Entered { dossier: order.dossier.clone(), entry: Entry::Deposited { document } });
    }
    let named = |is_sent: bool| {
        let of = order.documents.iter().filter(|file| sent.contains(file) == is_sent);
        of.map(|file| format!("«{}»", file.name)).collect::<Vec<_>>().join(", ")
    };
    for (words, names) in [("mandati con la lettera", named(true)), ("tenuti nel fascicolo", named(false))] {
        if !names.is_empty() {
            done.said = format!("{}; {words}: {names}", done.said);
        }
    }
    Ok(done)
}

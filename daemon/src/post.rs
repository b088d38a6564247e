//! From a decision's letter to the frozen bytes that every attempt sends, with the files that go along.

mod cades;
mod font;
mod printable;
mod revision;
mod sheet;
mod sigillo;

use crate::archive::{Archive, Shelf};
use crate::events;
use crate::submit::{
    self, Attachment, AutoSubmitted, ComposeTrouble, HeaderText, Letter, MessageId, Party, TipoRicevuta,
};
use casework::decision::{ENCLOSED_BYTES_MAX, Enclosure, Lane};
use casework::guard::INSTANCE_HEADER;
use casework::{Desk, Outgoing};
use jiff::Timestamp;
use pec::reread;
pub use printable::{Sheet, pdf};
pub use sigillo::{ENDING, Seal, Sigillo};
use std::fmt;
use std::io::{self, ErrorKind};

/// Largest original that goes along with a task, bytes: an ordinary office mailbox takes 10 MB once base64 has grown it.
/// A larger one stays in the archive, and the task says where.
pub const ORIGINAL_BYTES_MAX: usize = 7 * 1024 * 1024;

/// Why a letter could not be made: a person must know. A letter never leaves without a file that it promises.
#[derive(Debug)]
pub enum Unmade {
    /// It cannot be a message.
    Composed(ComposeTrouble),
    /// The sheet to print cannot be written.
    Printable(String),
    /// A document is not there, or not whole: what is wrong, in Italian.
    Document {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
}

impl fmt::Display for Unmade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Composed(trouble) => trouble.fmt(f),
            Self::Printable(why) => write!(f, "manca il foglio da stampare: {why}"),
            Self::Document { name, why } => write!(f, "manca il documento «{}»: {why}", HeaderText::new(name)),
        }
    }
}

/// Renders one letter as RFC 5322 bytes: the same letter, the same bytes. Its documents come from `archive`; its sheets are sealed,
/// where a seal is configured and in order. Inside: why it cannot be made.
///
/// # Errors
/// The disk does not answer.
pub fn freeze(
    outgoing: &Outgoing,
    desk: &Desk,
    sigillo: &Sigillo,
    archive: &Archive,
    date: Timestamp,
    original: &[u8],
) -> io::Result<Result<Vec<u8>, Unmade>> {
    let mark = match outgoing.lane {
        Lane::Pec => AutoSubmitted::Replied,
        Lane::Internal | Lane::Courtesy => AutoSubmitted::Generated,
    };
    write(outgoing, desk, sigillo, archive, date, original, mark)
}

/// As [`freeze`], of a letter that answers nobody's (RFC 3834 §5).
///
/// # Errors
/// As [`freeze`].
pub fn freeze_unasked(
    outgoing: &Outgoing,
    desk: &Desk,
    sigillo: &Sigillo,
    archive: &Archive,
    date: Timestamp,
) -> io::Result<Result<Vec<u8>, Unmade>> {
    write(outgoing, desk, sigillo, archive, date, &[], AutoSubmitted::Generated)
}

fn write(
    outgoing: &Outgoing,
    desk: &Desk,
    sigillo: &Sigillo,
    archive: &Archive,
    date: Timestamp,
    original: &[u8],
    mark: AutoSubmitted,
) -> io::Result<Result<Vec<u8>, Unmade>> {
    let enclosed = match enclosed(outgoing, desk, sigillo, archive, date)? {
        Ok(enclosed) => enclosed,
        // A task says all in its text: an office must have it, with its file or without.
        Err(why) if outgoing.lane == Lane::Internal => {
            events::task_without_file(&outgoing.id, &outgoing.template, &why);
            vec![]
        }
        Err(why) => return Ok(Err(why)),
    };
    Ok(compose(outgoing, desk, date, original, enclosed, mark).map_err(Unmade::Composed))
}

fn compose(
    outgoing: &Outgoing,
    desk: &Desk,
    date: Timestamp,
    original: &[u8],
    mut attachments: Vec<Attachment>,
    mark: AutoSubmitted,
) -> Result<Vec<u8>, ComposeTrouble> {
    let ids: Vec<MessageId> = outgoing.references.iter().filter_map(|id| MessageId::new(id)).collect();
    if outgoing.with_original && original.len() <= ORIGINAL_BYTES_MAX {
        // As a plain file: message/rfc822 may not be base64-encoded, and an ordinary relay would break its lines.
        attachments.push(Attachment {
            name: HeaderText::new("messaggio-originale.eml"),
            media_type: ANY_FILE.into(),
            bytes: original.to_vec(),
        });
    }
    let letter = Letter {
        from: Party { name: Some(HeaderText::new(&desk.entity.name)), address: outgoing.from.clone() },
        to: Party { name: None, address: outgoing.to.clone() },
        subject: HeaderText::new(&outgoing.subject),
        date,
        message_id: MessageId::new(&outgoing.message_id).ok_or(ComposeTrouble::Header("Message-ID".into()))?,
        in_reply_to: ids.last().cloned(),
        references: ids,
        reply_to: None,
        auto_submitted: Some(mark),
        tipo_ricevuta: (outgoing.lane == Lane::Pec).then_some(TipoRicevuta::Completa),
        extra: vec![(INSTANCE_HEADER.into(), HeaderText::new(&desk.domain()))],
        body: outgoing.text.clone(),
        attachments,
    };
    submit::compose(&letter)
}

/// The media type of what nothing is known of.
const ANY_FILE: &str = "application/octet-stream";

/// The files that a letter promises, made now: they are part of the bytes that are frozen.
fn enclosed(
    outgoing: &Outgoing,
    desk: &Desk,
    sigillo: &Sigillo,
    archive: &Archive,
    date: Timestamp,
) -> io::Result<Result<Vec<Attachment>, Unmade>> {
    let mut made = Vec::new();
    let mut room = ENCLOSED_BYTES_MAX;
    for enclosure in &outgoing.enclosures {
        let file = match enclosure {
            Enclosure::Printable { name } => {
                let Outgoing { to, subject, text, language, message_id, .. } = outgoing;
                let from = &desk.entity.name;
                printed(
                    name,
                    sigillo,
                    &Sheet { from, to, title: subject, text, language: *language, date, id: message_id },
                )
            }
            Enclosure::Letter { name, to, subject, text, language, message_id } => {
                let from = &desk.entity.name;
                printed(
                    name,
                    sigillo,
                    &Sheet { from, to, title: subject, text, language: *language, date, id: message_id },
                )
            }
            Enclosure::Document { message, nth, name } => document(archive, message, *nth, name, room)?,
            Enclosure::Message { message, name } => whole(archive, message, name, room)?,
        };
        match file {
            Ok(file) => {
                room = room.saturating_sub(file.bytes.len());
                made.push(file);
            }
            Err(why) => return Ok(Err(why)),
        }
    }
    Ok(Ok(made))
}

fn printed(name: &str, sigillo: &Sigillo, sheet: &Sheet<'_>) -> Result<Attachment, Unmade> {
    let (bytes, unsealed) = sigillo.seal(pdf(sheet).map_err(Unmade::Printable)?, sheet.date);
    if let Some(why) = unsealed {
        events::sheet_unsealed(sheet.id, &why);
    }
    Ok(Attachment { name: HeaderText::new(name), media_type: "application/pdf".into(), bytes })
}

/// A message as it came, as a plain file: message/rfc822 may not be base64-encoded, and a relay would break its lines.
fn whole(archive: &Archive, message: &str, name: &str, room: usize) -> io::Result<Result<Attachment, Unmade>> {
    let raw = kept(archive, message)?.and_then(|raw| if raw.len() > room { Err(too_large()) } else { Ok(raw) });
    Ok(match raw {
        Ok(bytes) => Ok(Attachment { name: HeaderText::new(name), media_type: ANY_FILE.into(), bytes }),
        Err(why) => Err(Unmade::Document { name: name.to_owned(), why }),
    })
}

/// The bytes of a message of the archive. Inside: why they are not to be had, in Italian.
fn kept(archive: &Archive, message: &str) -> io::Result<Result<Vec<u8>, String>> {
    // What was handed over at the counter lies with what is ours.
    let shelf = if archive.path(Shelf::In, message).exists() { Shelf::In } else { Shelf::Out };
    match archive.read(shelf, message) {
        Ok(raw) => Ok(Ok(raw)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Err("il suo messaggio non è in archivio".into())),
        Err(e) if e.kind() == ErrorKind::InvalidData => Ok(Err("il suo messaggio in archivio è danneggiato".into())),
        Err(e) => Err(e),
    }
}

fn too_large() -> String {
    let most = ENCLOSED_BYTES_MAX / (1024 * 1024);
    format!("i documenti di una lettera sono insieme al massimo {most} MB: mandali in più volte")
}

/// The bytes that its author sent, and no others.
fn document(
    archive: &Archive,
    message: &str,
    nth: u32,
    name: &str,
    room: usize,
) -> io::Result<Result<Attachment, Unmade>> {
    let missing = |why: &str| Ok(Err(Unmade::Document { name: name.to_owned(), why: why.to_owned() }));
    let raw = match kept(archive, message)? {
        Ok(raw) => raw,
        Err(why) => return missing(&why),
    };
    let Ok(nth) = usize::try_from(nth) else { return missing("il messaggio non ha tanti allegati") };
    Ok(match reread::document(&raw, nth, room) {
        Ok(file) => {
            let shown = if name.trim().is_empty() { format!("documento-{}", nth + 1) } else { name.to_owned() };
            Ok(Attachment { name: HeaderText::new(&shown), media_type: sendable(&file.media_type), bytes: file.bytes })
        }
        Err(reread::Undone::Absent) => return missing("il messaggio non ha tanti allegati"),
        Err(reread::Undone::Broken) => return missing("la sua codifica è guasta"),
        Err(reread::Undone::TooLarge) => return missing(&too_large()),
    })
}

/// The media type, when mail carries it as a plain file; parts of messages may not be base64 (RFC 2046 §5.2.1).
fn sendable(media_type: &str) -> String {
    let known = ["application/", "image/", "text/", "audio/", "video/"].iter().any(|kind| media_type.starts_with(kind));
    let tame = |b: u8| b.is_ascii_alphanumeric() || b"/.+-_".contains(&b);
    let plain = media_type.matches('/').count() == 1 && !media_type.ends_with('/') && media_type.bytes().all(tame);
    if known && plain { media_type.to_owned() } else { ANY_FILE.to_owned() }
}

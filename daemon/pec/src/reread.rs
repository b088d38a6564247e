//! Reading again what was proven before: the signed statement and the message in it, without their proof. It changes when an
//! envelope is cut in another way.
//!
//! For who tries other rules on thousands of past messages: their verdicts are written down already, and the cryptography is
//! most of an examination. What comes from here proves nothing, so it is no [`Certified`](crate::Certified).

use crate::content::Content;
use crate::daticert::Daticert;
use crate::excerpt::Excerpt;
use crate::mime::{Dashes, Entity, Multipart};
use crate::parts::Parts;
use alloc::string::String;
use alloc::vec::Vec;

/// An envelope, as it reads.
#[derive(Debug, Clone)]
pub struct Reread {
    /// Its statement.
    pub daticert: Daticert,
    /// The message in it.
    pub message: Content,
}

/// A file attached to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// `type/subtype`, lower case.
    pub media_type: String,
    /// Its content, decoded.
    pub bytes: Vec<u8>,
}

/// Why a file cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// It has not so many files.
    Absent,
    /// Its encoding is broken: part of it would be there.
    Broken,
    /// It is larger than asked for.
    TooLarge,
}

/// The file that was the `nth` (from 0) of the attachments of a message, decoded, if it measures at most `most` bytes: of the message
/// in an envelope once proven, or of a mail that is no envelope.
///
/// # Errors
/// See [`Undone`].
pub fn document(raw: &[u8], nth: usize, most: usize) -> Result<Document, Undone> {
    let (message, bytes) = content(raw);
    let file = message.attachments.get(nth).ok_or(Undone::Absent)?;
    let (mut content, mut is_too_large) = (Vec::new(), false);
    let sound = file.each_piece(&bytes, &mut |piece| {
        is_too_large |= content.len() + piece.len() > most;
        if !is_too_large {
            content.extend_from_slice(piece);
        }
    });
    match (is_too_large, sound) {
        (true, _) => Err(Undone::TooLarge),
        (_, false) => Err(Undone::Broken),
        _ => Ok(Document { media_type: file.media_type.clone(), bytes: content }),
    }
}

/// Names and types of the attachments of a message, in the order in which [`document`] counts them.
#[must_use]
pub fn attachments(raw: &[u8]) -> Vec<(String, String)> {
    let (message, _) = content(raw);
    message.attachments.into_iter().map(|file| (file.name, file.media_type)).collect()
}

/// What somebody wrote, and its bytes: in an envelope once proven, or the mail itself.
fn content(raw: &[u8]) -> (Content, Vec<u8>) {
    let whole = || {
        let (message, _) = Content::read(raw, &Dashes::find(raw), Excerpt::whole(raw));
        (message, raw.to_vec())
    };
    cut(raw).map_or_else(whole, |(_, message, bytes)| (message, bytes))
}

/// Reads the envelope of a message that was once proven to be a *busta di trasporto*. `None` where it cannot be cut as one.
#[must_use]
pub fn reread(raw: &[u8]) -> Option<Reread> {
    let (daticert, message, _) = cut(raw)?;
    Some(Reread { daticert, message })
}

/// The statement, the message, and the message's bytes.
fn cut(raw: &[u8]) -> Option<(Daticert, Content, Vec<u8>)> {
    let head = Entity::read(raw);
    let media = head.media_type().filter(|media| media.kind == "multipart/signed")?;
    let dashes = Dashes::find(raw);
    /// The content and its signature.
    const PARTS: usize = 2;
    let multipart = Multipart::read(head.body, &dashes, media.boundary()?, PARTS);
    let parts = Parts::read(multipart.parts.first()?, &dashes).ok()?;
    let daticert = Daticert::read(&parts.daticert().ok()?).ok()?;
    let (bytes, _) = parts.original().ok()??;
    let (message, _) = Content::read(&bytes, &dashes, Excerpt::default());
    Some((daticert, message, bytes.into_owned()))
}

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

/// An envelope, as it reads.
#[derive(Debug, Clone)]
pub struct Reread {
    /// Its statement.
    pub daticert: Daticert,
    /// The message in it.
    pub message: Content,
}

/// Reads the envelope of a message that was once proven to be a *busta di trasporto*. `None` where it cannot be cut as one.
#[must_use]
pub fn reread(raw: &[u8]) -> Option<Reread> {
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
    Some(Reread { daticert, message })
}

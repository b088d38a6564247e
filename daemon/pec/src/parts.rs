//! The parts of the signed bytes: direct children of one multipart/mixed, never searched for deeper.
//!
//! A forwarded PEC within `postacert.eml` brings its own `daticert.xml`; with some providers it is met first
//! (`reference` pec.md §3).

use crate::content::file_name;
use crate::decode;
use crate::mime::{Dashes, Encoding, Entity, Multipart};
use crate::why::{self, Reason};
use crate::wire::{DATICERT_XML, POSTACERT_EML};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Most children of the signed multipart. The rules know three.
pub(crate) const SIGNED_PARTS_MAX: usize = 20;

/// The content of a part, and the part.
pub(crate) type Decoded<'a, 'p> = (Cow<'a, [u8]>, &'p Entity<'a>);

/// The children that matter.
#[derive(Debug, Default)]
pub(crate) struct Parts<'a> {
    /// Those that are, or are called, `daticert.xml`.
    pub(crate) daticert: Vec<Entity<'a>>,
    /// Those that are, or are called, the original message.
    pub(crate) original: Vec<Entity<'a>>,
}

impl<'a> Parts<'a> {
    /// Cuts the signed bytes; `dashes` are those of the message that they stand in.
    pub(crate) fn read(signed: &'a [u8], dashes: &Dashes<'_>) -> Result<Self, Reason> {
        let entity = Entity::read(signed);
        let media = entity.only("Content-Type").and_then(|_| entity.media_type());
        let media = media.filter(|m| m.kind == "multipart/mixed").ok_or(why::NOT_MIXED)?;
        let boundary = media.boundary().ok_or(why::NOT_MIXED)?;
        let multipart = Multipart::read(entity.body, dashes, boundary, SIGNED_PARTS_MAX);
        if !multipart.closed || multipart.cut || entity.cut {
            return Err(why::NOT_MIXED);
        }
        // By name, and where nothing has the name by type: names come unquoted, types come as octet-stream, and a
        // provider may add other XML.
        let (mut named, mut typed) = (Self::default(), Self::default());
        for part in multipart.parts {
            let part = Entity::read(part);
            let name = file_name(&part);
            let kind = part.media_type().map(|m| m.kind).unwrap_or_default();
            if name.eq_ignore_ascii_case(DATICERT_XML) {
                named.daticert.push(part);
            } else if name.eq_ignore_ascii_case(POSTACERT_EML) {
                named.original.push(part);
            } else if matches!(kind.as_str(), "application/xml" | "text/xml") {
                typed.daticert.push(part);
            } else if kind == "message/rfc822" {
                typed.original.push(part);
            }
        }
        let first = |a: Vec<Entity<'a>>, b| if a.is_empty() { b } else { a };
        Ok(Self { daticert: first(named.daticert, typed.daticert), original: first(named.original, typed.original) })
    }

    /// The one `daticert.xml`, decoded.
    pub(crate) fn daticert(&self) -> Result<Cow<'a, [u8]>, Reason> {
        match self.daticert.as_slice() {
            [] => Err(why::NO_DATICERT),
            [part] => body(part),
            _ => Err(why::TWO_DATICERT),
        }
    }

    /// The one original message, if any, decoded, and the part that it is.
    pub(crate) fn original(&self) -> Result<Option<Decoded<'a, '_>>, Reason> {
        match self.original.as_slice() {
            [] => Ok(None),
            [part] => body(part).map(|bytes| Some((bytes, part))),
            _ => Err(why::TWO_POSTACERT),
        }
    }
}

/// The content of a part.
fn body<'a>(part: &Entity<'a>) -> Result<Cow<'a, [u8]>, Reason> {
    match part.encoding() {
        Encoding::Identity => Ok(Cow::Borrowed(part.body)),
        encoding => match decode::whole(part.body, encoding) {
            (bytes, true) => Ok(Cow::Owned(bytes)),
            (_, false) => Err(why::PART_ENCODING),
        },
    }
}

//! The few IMAP commands we use, and what must be true of their answers. It changes when we ask something else.
//!
//! Never asked: \Seen, STORE, EXPUNGE, ENVELOPE, BODYSTRUCTURE, SEARCH (rules.md §4).

use std::cmp::Reverse;

use async_imap::imap_proto::{
    AttributeValue, Capability, MailboxDatum, MessageSection, Response, ResponseCode, SectionPath,
};

use super::{
    super::cursor::{Selected, Window},
    driver::{Driver, Tagged, Wire, body_room, small_room},
    trouble::Trouble,
    utf7,
};
use crate::failpoint;

/// What we ask of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it, if it is at most this many bytes.
    Whole { most: u64 },
    /// `length` bytes from `from`.
    Slice { from: u32, length: u32 },
    /// The first `length` bytes of its headers.
    Headers { length: u32 },
}

/// What came of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// INTERNALDATE as the server writes it.
    pub(super) date: Option<String>,
}

/// One message of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) uid: u32,
    /// RFC822.SIZE, in bytes: a claim.
    pub(super) size: u32,
}

impl<S: Wire> Driver<S> {
    /// What the server can do, as it spells it, in upper case.
    pub(super) async fn capabilities(&mut self) -> Result<Vec<String>, Trouble> {
        let mut names = Vec::new();
        let room = small_room(self.exists);
        let tagged = self.command("CAPABILITY", room, |response| {
            if let Response::Capabilities(list) = response {
                names.extend(list.iter().map(|capability| match capability {
                    Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
                    Capability::Auth(name) => format!("AUTH={}", name.to_ascii_uppercase()),
                    Capability::Atom(name) => name.to_ascii_uppercase(),
                }));
            }
            Ok(())
        });
        tagged.await?.ok("CAPABILITY")?;
        Ok(names)
    }

    /// Opens a folder: EXAMINE, unless messages are to be moved out of it.
    pub(super) async fn open(&mut self, folder: &str, read_only: bool) -> Result<Selected, Trouble> {
        failpoint::at("imap.select").map_err(|_| Trouble::Cut)?;
        let verb = if read_only { "EXAMINE" } else { "SELECT" };
        let mut selected = Selected::default();
        let text = format!("{verb} {}", quoted(folder)?);
        let tagged = self.command(&text, small_room(0), |response| {
            match response {
                Response::MailboxData(MailboxDatum::Exists(n)) => selected.exists = *n,
                Response::Data { outcome, .. } => match outcome.code {
                    Some(ResponseCode::UidValidity(n)) => selected.uidvalidity = Some(n),
                    Some(ResponseCode::UidNext(n)) => selected.uidnext = Some(n),
                    _ => {}
                },
                _ => {}
            }
            Ok(())
        });
        match tagged.await? {
            Tagged::Ok => Ok(selected),
            Tagged::No | Tagged::Bad => Err(Trouble::Folder(folder.to_owned())),
        }
    }

    /// The messages of a window, ascending. One without a size is listed with size 0 (it will be flagged).
    pub(super) async fn list(&mut self, window: Window) -> Result<Vec<Listed>, Trouble> {
        failpoint::at("imap.search").map_err(|_| Trouble::Cut)?;
        let mut listed = Vec::new();
        let room = small_room(self.exists);
        let text = format!("UID FETCH {window} (UID RFC822.SIZE)");
        let tagged = self.command(&text, room, |response| {
            if let Response::Fetch(_, attributes) = response
                && let Some(uid) = uid_of(attributes)
            {
                let size =
                    attributes.iter().find_map(|a| if let AttributeValue::Rfc822Size(n) = a { Some(*n) } else { None });
                // Flags alone: news about a message, not an answer of ours.
                let flags_only = attributes.iter().any(|a| matches!(a, AttributeValue::Flags(_))) && size.is_none();
                if !flags_only {
                    listed.push(Listed { uid, size: size.unwrap_or(0) });
                }
            }
            Ok(())
        });
        tagged.await?.ok("UID FETCH")?;
        // Of two lines about one message the one with a size counts.
        listed.sort_unstable_by_key(|l| (l.uid, Reverse(l.size)));
        listed.dedup_by_key(|l| l.uid);
        Ok(listed)
    }

    /// A part of one message, or `None` when the server knows no such message any more.
    ///
    /// Counts only if it is of the UID and of the part asked for, came once, and the server ended with OK.
    /// `with_date` asks for INTERNALDATE too: of one message at a time, because `INTERNALDATE NIL` makes the parser panic.
    pub(super) async fn part(&mut self, uid: u32, part: Part, with_date: bool) -> Result<Option<Piece>, Trouble> {
        let (item, most) = match part {
            Part::Whole { most } => ("BODY.PEEK[]".to_owned(), most),
            Part::Slice { from, length } => (format!("BODY.PEEK[]<{from}.{length}>"), u64::from(length)),
            Part::Headers { length } => (format!("BODY.PEEK[HEADER]<0.{length}>"), u64::from(length)),
        };
        let is_later = matches!(part, Part::Slice { from: 1.., .. });
        failpoint::at(if is_later { "imap.fetch_mid" } else { "imap.fetch_first" }).map_err(|_| Trouble::Cut)?;
        let date_item = if with_date { " INTERNALDATE" } else { "" };
        let (mut got, mut date) = (None, None);
        let text = format!("UID FETCH {uid} (UID{date_item} {item})");
        let tagged = self.command(&text, body_room(most), |response| {
            let Response::Fetch(_, attributes) = response else {
                return Ok(());
            };
            for attribute in attributes {
                if let AttributeValue::InternalDate(text) = attribute
                    && uid_of(attributes) == Some(uid)
                {
                    date = Some(text.to_string());
                }
                let AttributeValue::BodySection { section, index, data } = attribute else {
                    continue;
                };
                if uid_of(attributes) != Some(uid) {
                    return Err(Trouble::Strange("il contenuto di un altro messaggio"));
                }
                let asked = match part {
                    Part::Whole { .. } => section.is_none() && index.is_none(),
                    Part::Slice { from, .. } => section.is_none() && *index == Some(from),
                    Part::Headers { .. } => *section == Some(SectionPath::Full(MessageSection::Header)),
                };
                if !asked {
                    return Err(Trouble::Strange("un'altra parte del messaggio"));
                }
                if got.is_some() {
                    return Err(Trouble::Strange("due contenuti per lo stesso messaggio"));
                }
                let bytes = match (data.as_deref(), part) {
                    (Some(bytes), _) => bytes,
                    // Past the end some servers say NIL for nothing.
                    (None, Part::Slice { from: 1.., .. }) => &[],
                    (None, _) => return Err(Trouble::Strange("un messaggio senza contenuto")),
                };
                if bytes.len() as u64 > most {
                    return Err(Trouble::TooMuch("più byte di quanti chiesti"));
                }
                failpoint::at("imap.fetch_before_ok").map_err(|_| Trouble::Cut)?;
                got = Some(bytes.to_vec());
            }
            Ok(())
        });
        tagged.await?.ok("UID FETCH")?;
        failpoint::at("imap.fetch_no").map_err(|_| Trouble::Refused("UID FETCH"))?;
        Ok(got.map(|bytes| Piece { bytes, date }))
    }

    /// Creates a folder.
    pub(super) async fn create(&mut self, folder: &str) -> Result<(), Trouble> {
        let room = small_room(self.exists);
        self.command(&format!("CREATE {}", quoted(folder)?), room, |_| Ok(())).await?.ok("CREATE")
    }

    /// Moves one message (RFC 6851). An OK alone proves nothing: `UID MOVE` of a UID that is gone is OK too; `proved` says
    /// that the server named the copy (COPYUID).
    pub(super) async fn uid_move(&mut self, uid: u32, folder: &str) -> Result<(Tagged, bool), Trouble> {
        failpoint::at("mark.flag").map_err(|_| Trouble::Cut)?;
        let mut proved = false;
        let room = small_room(self.exists);
        let text = format!("UID MOVE {uid} {}", quoted(folder)?);
        let tagged = self.command(&text, room, |response| {
            if let Response::Data { outcome, .. } | Response::Done { outcome, .. } = response {
                proved |= matches!(outcome.code, Some(ResponseCode::CopyUid(..)));
            }
            Ok(())
        });
        let tagged = tagged.await?;
        Ok((tagged, proved))
    }
}

fn uid_of(attributes: &[AttributeValue<'_>]) -> Option<u32> {
    attributes.iter().find_map(|a| if let AttributeValue::Uid(n) = a { Some(*n) } else { None })
}

/// A folder name as a quoted string (RFC 3501 §4.3), in modified UTF-7 where it is not ASCII (§5.1.3).
pub(super) fn quoted(name: &str) -> Result<String, Trouble> {
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Trouble::Name("il nome di una cartella"));
    }
    Ok(format!("\"{}\"", utf7::encode(name).replace('\\', "\\\\").replace('"', "\\\"")))
}

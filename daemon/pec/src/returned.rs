//! Whether the original that a receipt returns, or the digests in its place, is what we sent (`reference` pec.md §5, §9.14).
//!
//! Two trees of parts are walked side by side, in a loop; contents are compared by digests made piece by piece. What a
//! receipt holds decides (whole parts or `.hash` parts), never the type that was asked for.

use crate::content::{DEPTH_MAX, PARTS_MAX, file_name, mailboxes, unstructured};
use crate::correlation::Sent;
use crate::crypto::Hash;
use crate::daticert::Daticert;
use crate::decode;
use crate::mime::{Dashes, Entity, Multipart, lossy};
use crate::proof::same_address;
use crate::report::{Check, Grade, Sheet, Why};
use crate::why::{self, quoted};
use crate::wire::Tipo;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Largest part that is looked at as a digest: 64 hex digits, with room for blanks.
const HASH_PART_BYTES_MAX: usize = 256;
/// Ending of the file name of a part that holds a digest (RFC 6109 §3.3.2.2).
const HASH_SUFFIX: &str = ".hash";

/// §9.14. `sent` only where the receipt is about a sending of ours.
///
/// A copy that differs leaves the grade alone: what the provider signed is that the message was delivered, and that holds in
/// law whatever copy it encloses. The check fails, and a person is told.
pub(crate) fn compare(sheet: &mut Sheet, data: &Daticert, returned: Option<&[u8]>, sent: Option<&dyn Sent>) {
    let Some(returned) = returned.filter(|_| data.tipo != Tipo::PostaCertificata) else {
        return sheet.moot(Check::Returned, "non restituisce nessuna copia");
    };
    let Some((sent, msgid)) = sent.zip(data.message_id()) else {
        return sheet.moot(Check::Returned, "non si sa che cosa è stato inviato");
    };
    let Some(ours) = sent.bytes(&msgid) else {
        return sheet.moot(Check::Returned, "il messaggio inviato non è più disponibile");
    };
    match same_message(&ours, returned) {
        Ok(Tally { whole, hashed: 0 }) => sheet.pass(Check::Returned, format!("copia completa, {whole} parti uguali")),
        Ok(Tally { whole, hashed }) => {
            sheet.pass(Check::Returned, format!("copia breve, {whole} parti uguali e {hashed} impronte giuste"));
        }
        Err(why) => sheet.fail(Check::Returned, why, Grade::Genuine),
    }
}

/// Parts that are as we sent them, whole or by their digest.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    whole: usize,
    hashed: usize,
}

/// Providers replace Message-ID and add fields (§5): of the header only who, to whom and about what is compared.
fn same_message(ours: &[u8], theirs: &[u8]) -> Result<Tally, Why> {
    let (ours, theirs) = (Entity::read(ours), Entity::read(theirs));
    let subject = |head: &Entity<'_>| {
        let text = unstructured(head.first("Subject").map(|f| f.value).unwrap_or_default());
        text.split_whitespace().collect::<Vec<_>>().join(" ") // folded anew, perhaps
    };
    if subject(&ours) != subject(&theirs) {
        return Err(why::RETURNED_DIFFERS.about(format!("l'oggetto è {}", quoted(&subject(&theirs)))));
    }
    for (name, title) in [("From", "il mittente"), ("To", "i destinatari"), ("Cc", "i destinatari in copia")] {
        let [a, b] = [&ours, &theirs].map(|head| head.first(name).map(|f| mailboxes(f.value)).unwrap_or_default());
        if a.len() != b.len() || a.iter().zip(&b).any(|(a, b)| !same_address(&a.address, &b.address)) {
            return Err(why::RETURNED_DIFFERS.about(format!("{title} ({name})")));
        }
    }
    let mut tally = Tally::default();
    let mut pairs = Vec::from([(ours, theirs, 0usize)]);
    while let Some((ours, theirs, depth)) = pairs.pop() {
        if ours.cut || theirs.cut || depth > DEPTH_MAX || tally.whole + tally.hashed + pairs.len() > PARTS_MAX {
            return Err(why::RETURNED_DIFFERS.about("non si può confrontare per intero"));
        }
        match (children(&ours), children(&theirs)) {
            (Some(a), Some(b)) if a.len() == b.len() && kind(&ours) == kind(&theirs) => {
                // The first pair comes off first: what is reported is the first difference.
                let added = a.iter().zip(&b).rev();
                pairs.extend(added.map(|(a, b)| (Entity::read(a), Entity::read(b), depth + 1)));
            }
            (None, None) if same_leaf(&ours, &theirs) => tally.whole += 1,
            (_, None) => match named_digest(&theirs) {
                Some(digest) if is_digest_of(&digest, &ours) => tally.hashed += 1,
                Some(_) => return Err(why::RETURNED_HASH_DIFFERS.about(quoted(&file_name(&ours)))),
                None => return Err(why::RETURNED_DIFFERS.about(part_title(&ours))),
            },
            (_, Some(_)) => return Err(why::RETURNED_DIFFERS.about("le parti non sono le stesse")),
        }
    }
    Ok(tally)
}

fn part_title(part: &Entity<'_>) -> String {
    match file_name(part) {
        name if name.is_empty() => "il testo".into(),
        name => format!("l'allegato {}", quoted(&name)),
    }
}

fn kind(part: &Entity<'_>) -> String {
    part.media_type().map_or_else(|| "text/plain".into(), |m| m.kind)
}

/// The parts of a multipart. A message within is a leaf: it is compared, and hashed, whole.
fn children<'a>(part: &Entity<'a>) -> Option<Vec<&'a [u8]>> {
    let media = part.media_type().filter(|m| m.is_multipart())?;
    let multipart = Multipart::read(part.body, &Dashes::default(), media.boundary()?, PARTS_MAX);
    (!multipart.parts.is_empty() && !multipart.cut).then_some(multipart.parts)
}

/// The same type, name and content, however encoded. Of a text neither the kind of line ends nor the empty lines at its end
/// count: the last line break of a message may belong to the delimiter of the part that holds it.
fn same_leaf(ours: &Entity<'_>, theirs: &Entity<'_>) -> bool {
    if kind(ours) != kind(theirs) || file_name(ours) != file_name(theirs) {
        return false;
    }
    if ours.encoding() == theirs.encoding() && ours.body == theirs.body {
        return true;
    }
    let content = |part: &Entity<'_>, lines: bool| {
        Hash::Sha256.of_pieces(|sink| {
            let mut text = Lines::default();
            decode::each_piece(part.body, part.encoding(), &mut |piece| {
                if lines { text.pass_on(piece, sink) } else { sink(piece) }
            });
        })
    };
    let lines = kind(ours).starts_with("text/") || kind(ours).starts_with("message/");
    content(ours, lines) == content(theirs, lines)
}

/// Passes text on with LF line ends, holding back those at its end.
#[derive(Default)]
struct Lines {
    ends: usize,
    after_cr: bool,
}

impl Lines {
    fn pass_on(&mut self, piece: &[u8], sink: &mut dyn FnMut(&[u8])) {
        let mut out = Vec::with_capacity(piece.len() + 1);
        for byte in piece {
            match byte {
                b'\n' => {
                    self.ends += 1;
                    self.after_cr = false;
                }
                _ => {
                    out.resize(out.len() + core::mem::take(&mut self.ends), b'\n');
                    if core::mem::take(&mut self.after_cr) {
                        out.push(b'\r');
                    }
                    if *byte == b'\r' { self.after_cr = true } else { out.push(*byte) }
                }
            }
        }
        sink(&out);
    }
}

/// The digest that a part `*.hash` holds, lower case. Its place in the tree says of what; names are mangled on the way.
fn named_digest(part: &Entity<'_>) -> Option<String> {
    let name = file_name(part);
    let ending = name.len().checked_sub(HASH_SUFFIX.len()).and_then(|at| name.get(at..))?;
    if !ending.eq_ignore_ascii_case(HASH_SUFFIX) || kind(part) != "text/plain" || part.body.len() > HASH_PART_BYTES_MAX
    {
        return None;
    }
    let (text, _) = decode::whole(part.body, part.encoding());
    let digest = lossy(text.trim_ascii()).to_ascii_lowercase();
    digest.bytes().all(|b| b.is_ascii_hexdigit()).then_some(digest)
}

/// SHA-1 (or, of 64 digits, SHA-256) over the part's encoded bytes as sent, with or without the line break at their end,
/// else over what they decode to (§5).
fn is_digest_of(digest: &str, ours: &Entity<'_>) -> bool {
    let hash = match digest.len() {
        40 => Hash::Sha1,
        64 => Hash::Sha256,
        _ => return false,
    };
    let text = ours.body.trim_ascii_end();
    let of = |pieces: &[&[u8]]| hash.of_pieces(|sink| pieces.iter().for_each(|piece| sink(piece)));
    digest == of(&[ours.body])
        || digest == of(&[text])
        || digest == of(&[text, b"\r\n"])
        || digest
            == hash.of_pieces(|sink| {
                decode::each_piece(ours.body, ours.encoding(), sink);
            })
}

#[cfg(test)]
#[path = "returned_tests.rs"]
mod tests;

//! What a person wrote: the inner message, read leniently and bounded. Everything here is untrusted text.

use crate::crypto::Hash;
use crate::decode;
use crate::excerpt::Excerpt;
use crate::file::{self, Opens};
use crate::html;
use crate::kind::Kind;
use crate::mime::{self, Dashes, Encoding, Entity, MediaType, Multipart, lossy};
use crate::why::{self, Reason, quoted};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use jiff::Timestamp;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{Address, HeaderValue};

/// Longest `text`, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// How much text of attachments is read, in bytes: a module filled in, a list; not a book.
pub const ATTACHED_TEXT_BYTES_MAX: usize = 64 * 1024;
/// Most attachments listed.
pub const ATTACHMENTS_MAX: usize = 1_000;
/// Deepest part read (Postfix: 100).
pub const DEPTH_MAX: usize = 50;
/// Deepest part read of a message with so many lines of hyphens that every level costs another look at all of it.
const DEPTH_CROWDED_MAX: usize = 8;
/// Most parts read.
pub const PARTS_MAX: usize = 1_000;
/// Longest header value decoded, in bytes: the decoder's worst case is quadratic.
const VALUE_BYTES_MAX: usize = 64 * 1024;
/// Longest Content-Type or Content-Disposition decoded for a file name, and longest machine header, in bytes.
const NAME_BYTES_MAX: usize = 8 * 1024;
/// Most encoded words decoded in one header value, for the same reason.
const ENCODED_WORDS_MAX: usize = 500;
/// Encoded bytes of an attached message decoded to see what its header claims.
const NESTED_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most machine headers kept.
const MACHINE_HEADERS_MAX: usize = 100;
/// Authentication-Results kept: a server writes one for each thing it looked at.
const AUTHENTICATION_MAX: usize = 10;
/// Most addresses, or ids, kept of one header.
const LIST_MAX: usize = 1_000;
/// The note on a text that was cut.
const TEXT_CUT: &str = "il testo è molto lungo: ne è letta solo la prima parte";
/// Longest file name kept, in bytes: four times what a file system takes.
const FILE_NAME_BYTES_MAX: usize = 1024;
/// Most notes; beyond, one says so.
const NOTES_MAX: usize = 20;

/// An address of a header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mailbox {
    /// Display name, decoded; may be empty.
    pub name: String,
    /// addr-spec as written; may be malformed.
    pub address: String,
}

/// An attached file: what it is called and where it stands. Its content is read when somebody asks for it, from the bytes of
/// its message ([`Content::source`]), and is never held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name, decoded; empty when it has none. Never used as a path.
    pub name: String,
    /// `type/subtype`, lower case.
    pub media_type: String,
    /// There is nothing in it.
    pub empty: bool,
    /// How it opens, as far as can be seen.
    pub opens: Opens,
    /// The part is a direct child of the message's top multipart (a Segnatura.xml counts only there, §14).
    pub top_level: bool,
    /// It is a message that says it is PEC: forwarded, or laid as a trap (§10.5). A claim: it is never verified here.
    pub nested: Option<Kind>,
    /// Its encoded content in the bytes of the message.
    body: Range<usize>,
    encoding: Encoding,
}

/// What the content of an attachment measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Decoded size in bytes.
    pub size: u64,
    /// SHA-256 of the decoded content, lower-case hex.
    pub sha256: String,
    /// Its encoding is right. If not, what could be read was.
    pub sound: bool,
}

impl Attachment {
    /// Decodes the content and hands it to `sink` in pieces of some KiB. `message` is the message it is attached to: `content.source.of(raw)`. False if the encoding is broken:
    /// then what could be read was handed on.
    pub fn each_piece(&self, message: &[u8], sink: &mut dyn FnMut(&[u8])) -> bool {
        decode::each_piece(message.get(self.body.clone()).unwrap_or_default(), self.encoding, sink)
    }

    /// What it measures as it is written, bytes; as a file, it is no larger.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        self.body.len()
    }

    /// Decodes and hashes the content, without keeping it. `message` as in [`Attachment::each_piece`].
    pub fn measure(&self, message: &[u8]) -> Measured {
        let (mut size, mut sound) = (0, true);
        let sha256 = Hash::Sha256.of_pieces(|digest| {
            sound = self.each_piece(message, &mut |piece| {
                size += piece.len() as u64;
                digest(piece);
            });
        });
        Measured { size, sha256, sound }
    }
}

/// A message as a person wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Where its bytes stand in the bytes examined: [`Excerpt::of`] finds them.
    pub source: Excerpt,
    /// With angle brackets, as on the wire.
    pub message_id: Option<String>,
    /// Ids with angle brackets.
    pub in_reply_to: Vec<String>,
    /// Ids with angle brackets.
    pub references: Vec<String>,
    /// Authors.
    pub from: Vec<Mailbox>,
    /// To.
    pub to: Vec<Mailbox>,
    /// Cc.
    pub cc: Vec<Mailbox>,
    /// Reply-To.
    pub reply_to: Vec<Mailbox>,
    /// Address of Return-Path; `Some("")` for `<>`.
    pub return_path: Option<String>,
    /// Decoded; control characters made spaces.
    pub subject: String,
    /// Date header.
    pub date: Option<Timestamp>,
    /// The message itself says that it is PEC (§10.8). A claim: what is verified is what arrived, not what it holds.
    pub nested: Option<Kind>,
    /// The readable text: text/plain parts, or the HTML ones turned to text. At most `TEXT_BYTES_MAX` bytes.
    pub text: String,
    /// `text` was made from HTML.
    pub text_from_html: bool,
    /// The text of the attachments that are text (`text/plain`, `text/html`, `text/csv`), one under the other: at most
    /// `ATTACHED_TEXT_BYTES_MAX` bytes, of files no larger than that. It is for the rules to look at.
    pub attached_text: String,
    /// In order of appearance; at most `ATTACHMENTS_MAX`.
    pub attachments: Vec<Attachment>,
    /// Headers that tell a machine's mail from a person's, name (lower case) and value: `auto-submitted`,
    /// `precedence`, `x-auto-response-suppress`, `x-autoreply`, `x-autorespond`, `x-loop`, every `list-*`,
    /// `x-sportello-istanza`, `x-failed-recipients`, and `content-type` when it is `multipart/report`.
    pub machine_headers: Vec<(String, String)>,
    /// What was odd and how it was read, in plain Italian: «charset "x-foo" sconosciuto: letto come Latin-1».
    pub notes: Vec<String>,
}

/// The headers by which a machine's mail is known (RFC 3834 §5, RFC 2369, RFC 3462): name (lower case) and value.
pub(crate) fn machine_headers(head: &Entity<'_>) -> Vec<(String, String)> {
    let of_machines = head.fields.iter().filter(|field| {
        let name = field.name();
        matches!(
            name.as_str(),
            "auto-submitted"
                | "precedence"
                | "x-auto-response-suppress"
                | "x-autoreply"
                | "x-autorespond"
                | "x-loop"
                | "x-sportello-istanza"
                | "x-failed-recipients"
        ) || name.starts_with("list-")
            || name == "content-type" && MediaType::read(field.value).is_some_and(|m| m.kind == "multipart/report")
    });
    of_machines
        .take(MACHINE_HEADERS_MAX)
        .map(|field| (field.name(), unstructured(bounded(field.value, NAME_BYTES_MAX))))
        .collect()
}

/// The values of Authentication-Results, topmost first (RFC 8601 §2.2).
pub(crate) fn authentication(head: &Entity<'_>) -> Vec<String> {
    let of_servers = head.fields.iter().filter(|field| field.name() == "authentication-results");
    of_servers.take(AUTHENTICATION_MAX).map(|field| unstructured(bounded(field.value, NAME_BYTES_MAX))).collect()
}

/// The address of Return-Path; empty for `<>`.
pub(crate) fn return_path(head: &Entity<'_>) -> Option<String> {
    head.first("Return-Path").map(|f| {
        let text = f.text();
        text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(&text).trim().into()
    })
}

impl Content {
    /// Reads a message: always something, and the reason if a limit left some of it unread.
    ///
    /// A message within it stays shut: it is listed as an attachment, whole. So nothing here descends but into
    /// multiparts, in a loop.
    ///
    /// `dashes` are those of the bytes that `message` stands in, at `source`.
    pub(crate) fn read(message: &[u8], dashes: &Dashes<'_>, source: Excerpt) -> (Self, Option<Reason>) {
        // A message that was encoded is no slice of what they were counted in.
        let own = (!dashes.know(message)).then(|| Dashes::find(message));
        let dashes = own.as_ref().unwrap_or(dashes);
        let deepest = if dashes.crowded() { DEPTH_CROWDED_MAX } else { DEPTH_MAX };
        let head = Entity::read(message);
        let mut content = Self { source, ..Self::heading(&head) };
        let mut bodies = Bodies::default();
        let mut limit = head.cut.then_some(why::HEADERS_TOO_LARGE);
        let mut parts = 0;
        // A part's header is read when its turn comes: a thousand of them at once would be many times their bytes.
        let mut stack = Vec::from([(message, 0usize)]);
        while let Some((bytes, depth)) = stack.pop() {
            parts += 1;
            let part = Entity::read(bytes);
            let media = part.media_type();
            if let Some(children) =
                media.as_ref().filter(|m| m.is_multipart()).and_then(|m| multipart(&part, dashes, m))
            {
                if depth >= deepest {
                    limit = limit.or(Some(why::TOO_DEEP));
                    continue;
                }
                if children.cut || parts + stack.len() + children.parts.len() > PARTS_MAX {
                    limit = limit.or(Some(why::TOO_MANY_PARTS));
                }
                let room = PARTS_MAX.saturating_sub(parts + stack.len());
                // The first part must come off the stack first.
                stack.extend(children.parts.iter().take(room).rev().map(|p| (*p, depth + 1)));
                continue;
            }
            if part.cut {
                limit = limit.or(Some(why::HEADERS_TOO_LARGE));
            }
            content.leaf(message, &part, media.as_ref(), depth, &mut bodies);
        }
        content.text_from_html = bodies.plain.trim().is_empty() && !bodies.html.is_empty();
        content.text = if content.text_from_html { html::to_text(&bodies.html, TEXT_BYTES_MAX) } else { bodies.plain };
        (content, limit)
    }

    /// The header fields of a message.
    fn heading(head: &Entity<'_>) -> Self {
        let value = |name| head.first(name).map(|f| f.value).unwrap_or_default();
        let mut content = Self {
            message_id: head.first("Message-ID").map(|f| f.text()).filter(|id| !id.is_empty()),
            in_reply_to: ids(value("In-Reply-To")),
            references: ids(value("References")),
            from: mailboxes(value("From")),
            to: mailboxes(value("To")),
            cc: mailboxes(value("Cc")),
            reply_to: mailboxes(value("Reply-To")),
            return_path: return_path(head),
            subject: unstructured(value("Subject")),
            date: head.first("Date").and_then(|f| date(f.value)),
            nested: Kind::claimed(head),
            ..Self::default()
        };
        content.machine_headers = machine_headers(head);
        for name in ["From", "Subject"] {
            if head.all(name).count() > 1 {
                content.note(format!("l'intestazione {name} c'è più di una volta: vale la prima"));
            }
        }
        if head.fields.iter().any(|f| core::str::from_utf8(f.value).is_err()) {
            content.note("intestazione con caratteri non codificati: letti come Latin-1".into());
        }
        content
    }

    /// What each attachment measures, in order. `raw` is what was examined: all of it is decoded and hashed, so only who
    /// shows it should ask.
    pub fn measure(&self, raw: &[u8]) -> Vec<Measured> {
        let message = self.source.of(raw);
        self.attachments.iter().map(|file| file.measure(&message)).collect()
    }

    fn note(&mut self, note: String) {
        match self.notes.len() {
            0..NOTES_MAX if !self.notes.contains(&note) => self.notes.push(note),
            NOTES_MAX => self.notes.push("altre stranezze non sono elencate".into()),
            _ => {}
        }
    }

    /// A part that holds no parts: text to read, or a file.
    fn leaf(
        &mut self,
        message: &[u8],
        part: &Entity<'_>,
        media: Option<&MediaType>,
        depth: usize,
        bodies: &mut Bodies,
    ) {
        // RFC 2045 §5.2: what has no type is plain text.
        let kind = media.map_or("text/plain", |m| m.kind.as_str());
        let name = file_name(part);
        let attached = part
            .first("Content-Disposition")
            .is_some_and(|f| f.text().get(..10).is_some_and(|word| word.eq_ignore_ascii_case("attachment")));
        if !attached && name.is_empty() && matches!(kind, "text/plain" | "text/html") {
            let charset = media.and_then(|m| m.parameter("charset")).map(|c| lossy(c).trim().to_string());
            let text = self.text_of(part, charset.as_deref());
            bodies.add(kind == "text/html", &text, &mut self.notes);
        } else if self.attachments.len() < ATTACHMENTS_MAX {
            let encoding = file_encoding(part, kind);
            if matches!(kind, "text/plain" | "text/html" | "text/csv") {
                self.add_attached(part, kind, media);
            }
            self.attachments.push(Attachment {
                nested: nested(part, kind, &name),
                opens: file::opens(&name, part.body, encoding),
                name,
                media_type: kind.into(),
                empty: decode::is_empty(part.body, encoding),
                top_level: depth == 1,
                body: mime::range_in(message, part.body).unwrap_or_default(),
                encoding,
            });
        }
    }

    /// Adds the text of a small attachment. Of a strange charset nothing is said: nobody has to read it.
    fn add_attached(&mut self, part: &Entity<'_>, kind: &str, media: Option<&MediaType>) {
        let room = ATTACHED_TEXT_BYTES_MAX.saturating_sub(self.attached_text.len() + 1);
        let (bytes, _, cut) = decode::at_most(part.body, part.encoding(), room);
        if cut || bytes.is_empty() {
            return;
        }
        let charset = media.and_then(|m| m.parameter("charset")).map(|c| lossy(c).trim().to_ascii_lowercase());
        let text = match (core::str::from_utf8(&bytes), charset) {
            (Ok(text), _) => text.into(),
            (Err(_), Some(known)) if charset_decoder(known.as_bytes()).is_some() => decoded(known.as_bytes(), &bytes),
            (Err(_), _) => decoded(b"windows-1252", &bytes),
        };
        let text = if kind == "text/html" { html::to_text(&text, room) } else { text };
        if !self.attached_text.is_empty() {
            self.attached_text.push('\n');
        }
        self.attached_text.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
    }

    /// The text of a part, whatever its charset says.
    fn text_of(&mut self, part: &Entity<'_>, charset: Option<&str>) -> String {
        let (bytes, sound, cut) = decode::at_most(part.body, part.encoding(), TEXT_BYTES_MAX);
        if !sound {
            self.note("la codifica del testo è guasta: letto quello che si può".into());
        }
        let mut bytes = &*bytes;
        if cut {
            self.note(TEXT_CUT.into());
            // Not in the middle of a character.
            let middle = core::str::from_utf8(bytes).err().filter(|e| e.error_len().is_none());
            bytes = middle.and_then(|e| bytes.get(..e.valid_up_to())).unwrap_or(bytes);
        }
        let utf8 = core::str::from_utf8(bytes).ok();
        match charset.map(str::to_ascii_lowercase).as_deref() {
            Some("utf-7" | "utf7" | "unicode-1-1-utf-7") => {
                self.note("il testo è in UTF-7, un charset abbandonato".into());
                decoded(b"utf-7", bytes)
            }
            // Most mail that says ASCII, or nothing, and is not, is UTF-8 or Latin-1.
            None | Some("us-ascii" | "utf-8" | "utf8") => match utf8 {
                Some(text) => text.into(),
                None => {
                    self.note("il testo non è nel charset dichiarato: letto come Latin-1".into());
                    decoded(b"windows-1252", bytes)
                }
            },
            Some(known) if charset_decoder(known.as_bytes()).is_some() => decoded(known.as_bytes(), bytes),
            Some(unknown) => {
                let read_as = if utf8.is_some() { "UTF-8" } else { "Latin-1" };
                self.note(format!("charset {} sconosciuto: letto come {read_as}", quoted(unknown)));
                utf8.map_or_else(|| decoded(b"windows-1252", bytes), String::from)
            }
        }
    }
}

/// The texts of a message, as they come.
#[derive(Default)]
struct Bodies {
    plain: String,
    html: String,
}

impl Bodies {
    fn add(&mut self, html: bool, text: &str, notes: &mut Vec<String>) {
        let body = if html { &mut self.html } else { &mut self.plain };
        let room = TEXT_BYTES_MAX.saturating_sub(body.len() + 1);
        if text.len() > room && !notes.iter().any(|n| n == TEXT_CUT) {
            notes.push(TEXT_CUT.into());
        }
        if !body.is_empty() && room > 0 {
            body.push('\n');
        }
        let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        body.push_str(text.get(..end).unwrap_or_default());
    }
}

/// The parts of a multipart, or nothing if it cannot be cut: then it is read as one text.
fn multipart<'a>(part: &Entity<'a>, dashes: &Dashes<'_>, media: &MediaType) -> Option<Multipart<'a>> {
    Some(Multipart::read(part.body, dashes, media.boundary()?, PARTS_MAX)).filter(|m| !m.parts.is_empty())
}

/// What a message in a part claims to be. Programs attach messages as any type; then the name says it.
fn nested(part: &Entity<'_>, kind: &str, name: &str) -> Option<Kind> {
    let named = name.len().checked_sub(4).and_then(|at| name.get(at..)).is_some_and(|e| e.eq_ignore_ascii_case(".eml"));
    if kind != "message/rfc822" && !named {
        return None;
    }
    let head = match part.encoding() {
        Encoding::Identity => Cow::Borrowed(part.body),
        encoding => Cow::Owned(decode::whole(bounded(part.body, NESTED_HEAD_BYTES_MAX), encoding).0),
    };
    Kind::claimed(&Entity::read(&head))
}

/// RFC 2046 §5.2.1: a message is never encoded; where it is all the same, its bytes are taken as they are.
fn file_encoding(part: &Entity<'_>, kind: &str) -> Encoding {
    if kind.starts_with("multipart/") { Encoding::Identity } else { part.encoding() }
}

fn decoded(charset: &[u8], bytes: &[u8]) -> String {
    charset_decoder(charset).map_or_else(|| lossy(bytes).into_owned(), |decode| decode(bytes))
}

fn bounded(value: &[u8], most: usize) -> &[u8] {
    value.get(..most).unwrap_or(value)
}

/// A header value for the decoder: UTF-8, ended by a line end, within the bound. `None` if it is not worth decoding.
fn decodable(value: &[u8]) -> Option<Vec<u8>> {
    let value = bounded(value, VALUE_BYTES_MAX);
    let words = memchr::memmem::find_iter(value, b"=?").take(ENCODED_WORDS_MAX + 1).count();
    (words <= ENCODED_WORDS_MAX).then(|| {
        let mut line = Vec::with_capacity(value.len() + 2);
        line.extend_from_slice(lossy(value.trim_ascii_end()).as_bytes());
        line.extend_from_slice(b"\r\n");
        line
    })
}

/// Control characters made spaces: nothing read here may break a line elsewhere.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().into()
}

/// Decodes an unstructured value (RFC 2047).
pub(crate) fn unstructured(value: &[u8]) -> String {
    let Some(line) = decodable(value) else {
        return printable(&lossy(bounded(value, VALUE_BYTES_MAX)));
    };
    match MessageStream::new(&line).parse_unstructured() {
        HeaderValue::Text(text) => printable(&text),
        _ => String::new(),
    }
}

/// The addresses of a value, groups opened (RFC 5322 §3.4).
pub(crate) fn mailboxes(value: &[u8]) -> Vec<Mailbox> {
    let Some(line) = decodable(value) else {
        return Vec::new();
    };
    let HeaderValue::Address(addresses) = MessageStream::new(&line).parse_address() else {
        return Vec::new();
    };
    let mailbox = |a: &mail_parser::Addr<'_>| Mailbox {
        name: printable(a.name.as_deref().unwrap_or_default()),
        address: printable(a.address.as_deref().unwrap_or_default()),
    };
    match &addresses {
        Address::List(list) => list.iter().take(LIST_MAX).map(mailbox).collect(),
        Address::Group(groups) => groups.iter().flat_map(|g| &g.addresses).take(LIST_MAX).map(mailbox).collect(),
    }
}

/// What stands between angle brackets, brackets included.
fn ids(value: &[u8]) -> Vec<String> {
    let text = lossy(bounded(value, VALUE_BYTES_MAX));
    let mut out = Vec::new();
    for piece in text.split('<').skip(1).take(LIST_MAX) {
        if let Some((id, _)) = piece.split_once('>') {
            out.push(format!("<{}>", id.split_whitespace().collect::<String>()));
        }
    }
    out
}

/// A date header.
pub(crate) fn date(value: &[u8]) -> Option<Timestamp> {
    match MessageStream::new(&decodable(value)?).parse_date() {
        HeaderValue::DateTime(date) if date.is_valid() => Timestamp::from_second(date.to_timestamp()).ok(),
        _ => None,
    }
}

/// The file name of a part: Content-Disposition first, then Content-Type (RFC 2183 §2.3; RFC 2231 and RFC 2047 undone).
pub(crate) fn file_name(part: &Entity<'_>) -> String {
    for (field, attribute) in [("Content-Disposition", "filename"), ("Content-Type", "name")] {
        let Some(line) = part.first(field).and_then(|f| decodable(bounded(f.value, NAME_BYTES_MAX))) else {
            continue;
        };
        if let HeaderValue::ContentType(value) = MessageStream::new(&line).parse_content_type()
            && let Some(name) = value.attribute(attribute)
            && !name.trim().is_empty()
        {
            let mut name = printable(name);
            name.truncate(name.floor_char_boundary(FILE_NAME_BYTES_MAX));
            name.shrink_to_fit();
            return name;
        }
    }
    String::new()
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;

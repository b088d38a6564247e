//! A letter made into the bytes that are frozen and sent. It changes when the form of our letters changes.

use std::{fmt, time::SystemTime};

use lettre::{
    Address,
    address::Envelope,
    message::{
        Attachment as Attached, Body, Mailbox, Message, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use super::letter::{AutoSubmitted, HeaderText, Letter, MessageId, Party};

/// Most ids written in `References`: the oldest and the newest ones are kept (RFC 5322 §3.6.4 sets no number).
const REFERENCES_MAX: usize = 20;
/// Longest line of a message without its CRLF, in bytes (RFC 5322 §2.1.1). Beyond: the letter is refused.
const LINE_BYTES_MAX: usize = 998;
/// Most attachments of one letter. Beyond: the letter is refused.
const ATTACHMENTS_MAX: usize = 50;

/// Cannot occur in a quoted-printable or base64 body: `=` is never followed by `_` there.
const BOUNDARY: &str = "=_sportello";
/// Headers made from the parts of a letter; none of them can be an extra one.
const OWN_HEADERS: [&str; 18] = [
    "from",
    "to",
    "cc",
    "bcc",
    "sender",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "x-tiporicevuta",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "return-path",
];

/// Why a letter cannot be written. An administrator's or a programmer's fault: a citizen's words never cause one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposeTrouble {
    /// An address that cannot be written: which one.
    Address(&'static str),
    /// A date before 1970 or after 9999.
    Date,
    /// An extra header with an unusable or reserved name.
    Header(String),
    /// An attachment with an unusable media type, or too many attachments.
    Attachment(String),
    /// A line beyond [`LINE_BYTES_MAX`], or a byte that may not be there.
    Form,
    /// lettre refused it.
    Builder(String),
}

impl fmt::Display for ComposeTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(which) => write!(f, "l'indirizzo nel campo {which} non è un indirizzo di posta utilizzabile"),
            Self::Date => f.write_str("la data della lettera è fuori dagli anni 1970-9999"),
            Self::Header(name) => write!(f, "l'intestazione «{name}» non può essere aggiunta a una lettera"),
            Self::Attachment(what) => write!(f, "allegato non utilizzabile: {what}"),
            Self::Form => f.write_str("la lettera ha una riga troppo lunga o un carattere non ammesso"),
            Self::Builder(why) => write!(f, "la lettera non si può comporre: {why}"),
        }
    }
}

impl std::error::Error for ComposeTrouble {}

/// Writes the letter as RFC 5322 bytes: ASCII, CRLF line ends, CRLF at the end. The same letter gives the same bytes.
///
/// # Errors
/// An unusable address, date, header name or media type. Never because of what a citizen wrote in a text.
pub fn compose(letter: &Letter) -> Result<Vec<u8>, ComposeTrouble> {
    let (from, to) = (mailbox(&letter.from, "From")?, mailbox(&letter.to, "To")?);
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.email.clone()])
        .map_err(|why| ComposeTrouble::Builder(why.to_string()))?;
    let mut builder = Message::builder()
        .envelope(envelope)
        .date(date(letter.date)?)
        .from(from)
        .to(to)
        .message_id(Some(letter.message_id.as_str().to_owned()))
        .subject(letter.subject.as_str());
    if let Some(party) = &letter.reply_to {
        builder = builder.reply_to(mailbox(party, "Reply-To")?);
    }
    if let Some(id) = &letter.in_reply_to {
        builder = builder.in_reply_to(id.as_str().to_owned());
    }
    if !letter.references.is_empty() {
        builder = builder.references(references(&letter.references));
    }
    if let Some(auto) = letter.auto_submitted {
        // RFC 3834 §5
        let word = match auto {
            AutoSubmitted::Replied => "auto-replied",
            AutoSubmitted::Generated => "auto-generated",
        };
        builder = builder.raw_header(header("Auto-Submitted", word)?);
    }
    if let Some(kind) = letter.tipo_ricevuta {
        // RFC 6109 §2.1.1.1.1
        builder = builder.raw_header(header("X-TipoRicevuta", kind.wire())?);
    }
    for (name, value) in &letter.extra {
        if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(ComposeTrouble::Header(HeaderText::new(name).to_string()));
        }
        builder = builder.raw_header(header(name, value.as_str())?);
    }

    let text = text_part(&letter.body)?;
    let message = if letter.attachments.is_empty() {
        builder.singlepart(text)
    } else {
        builder.multipart(with_attachments(text, letter)?)
    };
    let bytes = message.map_err(|why| ComposeTrouble::Builder(why.to_string()))?.formatted();
    if !bytes.is_ascii() || !well_formed(&bytes) {
        return Err(ComposeTrouble::Form);
    }
    Ok(bytes)
}

/// CRLF is the only use of CR and LF, the last line is ended, no line is too long (RFC 5321 §2.3.8, §4.5.3.1.6).
///
/// What does not pass here must not go on the wire: a bare LF or CR is what SMTP smuggling is made of.
pub(super) fn well_formed(bytes: &[u8]) -> bool {
    let Some(lines) = bytes.strip_suffix(b"\r\n") else {
        return false;
    };
    let mut rest = lines;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        if line.len() > LINE_BYTES_MAX || line.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return false;
        }
        match tail.strip_prefix(b"\r\n") {
            Some(next) => rest = next,
            None => return true,
        }
    }
}

/// An address as we agree to write it: ASCII, no quoting, no literal, nothing that could end a command or a header.
pub(super) fn address(text: &str) -> Option<Address> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>(),;:\\[]".contains(&b));
    if plain { text.parse().ok() } else { None }
}

fn mailbox(party: &Party, which: &'static str) -> Result<Mailbox, ComposeTrouble> {
    let address = address(&party.address).ok_or(ComposeTrouble::Address(which))?;
    let name = party.name.as_ref().filter(|n| !n.is_empty()).map(|n| n.as_str().to_owned());
    Ok(Mailbox::new(name, address))
}

/// lettre panics on a date outside these years.
fn date(instant: jiff::Timestamp) -> Result<SystemTime, ComposeTrouble> {
    const YEAR_10000: i64 = 253_402_300_800;
    if (0..YEAR_10000).contains(&instant.as_second()) {
        Ok(SystemTime::from(instant))
    } else {
        Err(ComposeTrouble::Date)
    }
}

/// lettre's own check of a name lets CR and LF through; RFC 5322 §2.2 wants printable ASCII without the colon.
fn header(name: &str, value: &str) -> Result<HeaderValue, ComposeTrouble> {
    let refused = || ComposeTrouble::Header(HeaderText::new(name).to_string());
    if !name.bytes().all(|b| b.is_ascii_graphic() && b != b':') {
        return Err(refused());
    }
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| refused())?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

/// The first one names the thread; of the others the newest matter.
fn references(ids: &[MessageId]) -> String {
    let newest = ids.len().saturating_sub(REFERENCES_MAX - 1).max(1);
    let kept = ids.iter().take(1).chain(ids.iter().skip(newest));
    kept.map(MessageId::as_str).collect::<Vec<_>>().join(" ")
}

/// Always quoted-printable: one path, 7-bit on the wire, trailing blanks and long lines safe.
fn text_part(text: &str) -> Result<SinglePart, ComposeTrouble> {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let safe: String = lines
        .trim_end_matches('\n')
        .chars()
        .map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c })
        .collect();
    let body =
        Body::new_with_encoding(safe, ContentTransferEncoding::QuotedPrintable).map_err(|_| ComposeTrouble::Form)?;
    Ok(SinglePart::plain(body))
}

fn with_attachments(text: SinglePart, letter: &Letter) -> Result<MultiPart, ComposeTrouble> {
    if letter.attachments.len() > ATTACHMENTS_MAX {
        return Err(ComposeTrouble::Attachment(format!("più di {ATTACHMENTS_MAX} allegati")));
    }
    let mut parts = MultiPart::mixed().boundary(BOUNDARY).singlepart(text);
    for attachment in &letter.attachments {
        let unusable = || ComposeTrouble::Attachment(format!("tipo «{}»", HeaderText::new(&attachment.media_type)));
        if !attachment.media_type.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            return Err(unusable());
        }
        let media_type = ContentType::parse(&attachment.media_type).map_err(|_| unusable())?;
        // Left to choose, lettre would send a text attachment with bare LF as 7bit.
        let body = Body::new_with_encoding(attachment.bytes.clone(), ContentTransferEncoding::Base64)
            .map_err(|_| unusable())?;
        parts = parts.singlepart(Attached::new(attachment.name.as_str().to_owned()).body(body, media_type));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests;

//! What we may write to somebody: the parts of a letter, each made safe once. It changes when a letter gains or loses a part.

use casework::reply::is_invisible;
use std::fmt;

/// Longest header text kept, in characters (reliability §3.9). Beyond: cut, with an ellipsis.
const HEADER_TEXT_CHARS: usize = 200;
/// Longest Message-ID accepted, in bytes: it must fit, unfolded, well within the 998 of RFC 5322 §2.1.1. Beyond: not quoted.
const MESSAGE_ID_BYTES: usize = 500;

/// Text that is safe inside a header, whoever wrote it: no control, no line break, no bidirectional override, bounded.
///
/// The only way for a citizen's words into a header. lettre panics on a display name with CR or LF (reliability §0.5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeaderText(String);

impl HeaderText {
    /// Makes any text safe: controls and line separators become one space, bidi controls and other invisible format
    /// characters vanish, runs of blanks become one, at most [`HEADER_TEXT_CHARS`] characters stay.
    pub fn new(text: &str) -> Self {
        let mut safe = String::with_capacity(text.len().min(4 * HEADER_TEXT_CHARS));
        let mut chars = 0;
        let mut pending_space = false;
        for c in text.chars() {
            if is_invisible(c) {
                continue;
            }
            if c.is_control() || c.is_whitespace() {
                pending_space = !safe.is_empty();
                continue;
            }
            let needed = 1 + usize::from(pending_space);
            if chars + needed > HEADER_TEXT_CHARS - 1 {
                safe.push('…');
                break;
            }
            if pending_space {
                safe.push(' ');
                pending_space = false;
            }
            // `=?` would begin an encoded-word (RFC 2047 §2) that we did not write.
            if c == '?' && safe.ends_with('=') {
                safe.push(' ');
                chars += 1;
            }
            safe.push(c);
            chars += needed;
        }
        Self(safe)
    }

    /// The safe text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing readable was left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A Message-ID that may be written in a header: `<`, printable ASCII without blanks, `>` (RFC 5322 §3.6.4, read leniently).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageId(String);

impl MessageId {
    /// Accepts an id with its angle brackets. `None`: not quotable as it is; a reply does without it.
    pub fn new(id: &str) -> Option<Self> {
        let inner = id.strip_prefix('<')?.strip_suffix('>')?;
        let quotable = !inner.is_empty()
            && id.len() <= MESSAGE_ID_BYTES
            && inner.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
        quotable.then(|| Self(id.to_owned()))
    }

    /// The id, with its angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A correspondent: an address and, if we want one shown, a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Display name.
    pub name: Option<HeaderText>,
    /// `local@domain`, ASCII. Checked by `compose`.
    pub address: String,
}

/// Why no human pressed "send" (RFC 3834 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoSubmitted {
    /// `auto-replied`: an automatic answer to a message.
    Replied,
    /// `auto-generated`: sent by the machine, answering nobody.
    Generated,
}

/// Which delivery receipt we ask of the provider (RFC 6109 §2.1.1.1.1, header `X-TipoRicevuta`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TipoRicevuta {
    /// `completa`: the receipt carries back the whole original: our proof of content.
    Completa,
    /// `breve`.
    Breve,
    /// `sintetica`.
    Sintetica,
}

impl TipoRicevuta {
    /// The wire word.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Completa => "completa",
            Self::Breve => "breve",
            Self::Sintetica => "sintetica",
        }
    }
}

/// A file that travels with the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name shown to the recipient.
    pub name: HeaderText,
    /// Media type, e.g. `application/pdf`.
    pub media_type: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// A letter to exactly one recipient: then no receipt is ever partial (reliability §4.2).
///
/// Every part is given: no clock, no chance. The same letter always gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Our mailbox.
    pub from: Party,
    /// The one recipient.
    pub to: Party,
    /// Subject.
    pub subject: HeaderText,
    /// The instant written in `Date`, in UTC; fractions of a second are dropped.
    pub date: jiff::Timestamp,
    /// Our Message-ID: the outbox's effect key (reliability §4.2).
    pub message_id: MessageId,
    /// The message answered, if any.
    pub in_reply_to: Option<MessageId>,
    /// The thread, oldest first.
    pub references: Vec<MessageId>,
    /// Where answers should go, if not to `from`.
    pub reply_to: Option<Party>,
    /// Marks an automatic message. `None`: a person wrote it.
    pub auto_submitted: Option<AutoSubmitted>,
    /// The delivery receipt asked for. `None`: the provider's default.
    pub tipo_ricevuta: Option<TipoRicevuta>,
    /// Further headers, e.g. our instance marker: (name, value). A name that is one of the parts above is refused.
    pub extra: Vec<(String, HeaderText)>,
    /// Plain text. Any kind of line end; other control characters than tab become spaces.
    pub body: String,
    /// Attachments, in order.
    pub attachments: Vec<Attachment>,
}

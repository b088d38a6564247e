//! What a person wrote: the inner message, read leniently and bounded. Everything here is untrusted text.

use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// An address of a header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mailbox {
    /// Display name, decoded; may be empty.
    pub name: String,
    /// addr-spec as written; may be malformed.
    pub address: String,
}

/// An attached file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name, decoded; empty when it has none. Never used as a path.
    pub name: String,
    /// `type/subtype`, lower case.
    pub media_type: String,
    /// Decoded size in bytes.
    pub size: u64,
    /// SHA-256 of the decoded content, lower-case hex.
    pub sha256: String,
    /// The part is a direct child of the message's top multipart (a Segnatura.xml counts only there, §14).
    pub top_level: bool,
}

/// A message as a person wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
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
    /// The readable text: text/plain parts, or the HTML ones turned to text. At most `TEXT_BYTES_MAX` bytes.
    pub text: String,
    /// `text` was made from HTML.
    pub text_from_html: bool,
    /// In order of appearance; at most `ATTACHMENTS_MAX`.
    pub attachments: Vec<Attachment>,
    /// Headers that tell a machine's mail from a person's, name (lower case) and value: `auto-submitted`,
    /// `precedence`, `x-auto-response-suppress`, `x-autoreply`, `x-autorespond`, `x-loop`, every `list-*`,
    /// `x-sportello-istanza`, `x-failed-recipients`, and `content-type` when it is `multipart/report`.
    pub machine_headers: Vec<(String, String)>,
    /// What was odd and how it was read, in plain Italian: «charset "x-foo" sconosciuto: letto come Latin-1».
    pub notes: Vec<String>,
}

//! Changes when tests need another kind of mail from a citizen's mail client.

use jiff::Timestamp;

use crate::clock::Local;
use crate::codec::{base64_lines, header_text, hex, quoted_printable};
use crate::style::Digest;
use crate::{Result, crypto};

/// A mail being written, as a mail client would submit it.
#[derive(Clone, Debug)]
pub struct Mail {
    from: String,
    display_name: Option<String>,
    to: Vec<String>,
    cc: Vec<String>,
    subject: String,
    text: String,
    html: Option<String>,
    attachments: Vec<Attachment>,
    headers: Vec<(String, String)>,
    message_id: Option<String>,
    eight_bit: bool,
}

#[derive(Clone, Debug)]
struct Attachment {
    name: String,
    kind: String,
    content: Vec<u8>,
}

/// A mail ready to submit.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The bytes, with CRLF.
    pub raw: Vec<u8>,
    /// Its Message-ID, with angle brackets: the `msgid` of every receipt.
    pub message_id: String,
    /// The sender, for SMTP MAIL FROM.
    pub mail_from: String,
    /// To and Cc, for SMTP RCPT TO.
    pub rcpt_to: Vec<String>,
}

impl Mail {
    /// A mail from `from` (an address) with nothing in it yet.
    #[must_use]
    pub fn new(from: &str) -> Mail {
        Mail {
            from: from.into(),
            display_name: None,
            to: Vec::new(),
            cc: Vec::new(),
            subject: String::new(),
            text: String::new(),
            html: None,
            attachments: Vec::new(),
            headers: Vec::new(),
            message_id: None,
            eight_bit: false,
        }
    }

    /// The sender's name.
    #[must_use]
    pub fn display_name(mut self, name: &str) -> Mail {
        self.display_name = Some(name.into());
        self
    }

    /// One more address in To.
    #[must_use]
    pub fn to(mut self, address: &str) -> Mail {
        self.to.push(address.into());
        self
    }

    /// One more address in Cc.
    #[must_use]
    pub fn cc(mut self, address: &str) -> Mail {
        self.cc.push(address.into());
        self
    }

    /// The subject; encoded words where it needs them (RFC 2047).
    #[must_use]
    pub fn subject(mut self, subject: &str) -> Mail {
        self.subject = subject.into();
        self
    }

    /// The text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Mail {
        self.text = text.into();
        self
    }

    /// The same in HTML, as an alternative.
    #[must_use]
    pub fn html(mut self, html: &str) -> Mail {
        self.html = Some(html.into());
        self
    }

    /// An attachment, in base64. A `message/rfc822` one is carried as it is.
    #[must_use]
    pub fn attach(mut self, name: &str, kind: &str, content: &[u8]) -> Mail {
        self.attachments.push(Attachment { name: name.into(), kind: kind.into(), content: content.into() });
        self
    }

    /// A further header, already encoded: `In-Reply-To`, `References`, `Auto-Submitted`, `X-TipoRicevuta`, `Reply-To`, `Bcc`…
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Mail {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A Message-ID of one's choosing, with angle brackets; empty for none at all.
    #[must_use]
    pub fn message_id(mut self, id: &str) -> Mail {
        self.message_id = Some(id.into());
        self
    }

    /// Texts travel as raw 8-bit UTF-8, as some clients send them, and not in quoted-printable.
    #[must_use]
    pub fn eight_bit(mut self) -> Mail {
        self.eight_bit = true;
        self
    }

    /// The mail as submitted at `at`.
    ///
    /// # Errors
    /// When the system gives no randomness for the Message-ID.
    pub fn compose(&self, at: Timestamp) -> Result<Composed> {
        // Boundaries repeat with the Message-ID, so that a mail with a chosen one has the same bytes every time.
        let token = match &self.message_id {
            Some(id) => hex(crypto::digest(Digest::Sha256, id.as_bytes()).get(..12).unwrap_or_default()),
            None => hex(&crypto::random::<12>()?),
        };
        let domain = crate::access::domain_of(&self.from);
        let message_id = self.message_id.clone().unwrap_or_else(|| format!("<{token}@{domain}>"));
        let mut head = String::new();
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        };
        let name = self
            .display_name
            .as_deref()
            .map(|name| if name.is_ascii() { format!("\"{name}\" ") } else { format!("{} ", header_text(name)) });
        field("Date", &Local::in_italy(at).rfc5322());
        field("From", &format!("{}<{}>", name.unwrap_or_default(), self.from));
        field("To", &self.to.join(", "));
        field("Cc", &self.cc.join(", "));
        field("Subject", &header_text(&self.subject));
        field("Message-ID", &message_id);
        for (name, value) in &self.headers {
            field(name, value);
        }
        field("MIME-Version", "1.0");
        let mut raw = head.into_bytes();
        raw.extend(self.content(&token));
        let rcpt_to = self.to.iter().chain(&self.cc).cloned().collect();
        Ok(Composed { raw, message_id, mail_from: self.from.clone(), rcpt_to })
    }

    fn content(&self, token: &str) -> Vec<u8> {
        let text = self.text_part("text/plain", &self.text);
        let body = match &self.html {
            None => text,
            Some(html) => multipart("alternative", &format!("alt_{token}"), &[text, self.text_part("text/html", html)]),
        };
        if self.attachments.is_empty() {
            return body;
        }
        let parts: Vec<Vec<u8>> = std::iter::once(body).chain(self.attachments.iter().map(Attachment::part)).collect();
        multipart("mixed", &format!("mix_{token}"), &parts)
    }

    fn text_part(&self, kind: &str, text: &str) -> Vec<u8> {
        let text = text.replace("\r\n", "\n");
        let (encoding, body) = if self.eight_bit {
            ("8bit", text.replace('\n', "\r\n"))
        } else {
            ("quoted-printable", quoted_printable(text.as_bytes()))
        };
        format!("Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n")
            .into_bytes()
    }
}

impl Attachment {
    fn part(&self) -> Vec<u8> {
        let name = header_text(&self.name);
        let head = format!(
            "Content-Type: {}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n",
            self.kind
        );
        if self.kind.eq_ignore_ascii_case("message/rfc822") {
            return [head.as_bytes(), b"\r\n", &self.content].concat();
        }
        let body = base64_lines(&self.content, 76);
        let body = body.trim_ascii_end(); // the last line break belongs to the boundary, as mail clients have it
        format!("{head}Content-Transfer-Encoding: base64\r\n\r\n{body}").into_bytes()
    }
}

fn multipart(kind: &str, boundary: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n").into_bytes();
    for part in parts {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

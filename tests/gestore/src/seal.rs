//! Changes when the signed MIME shell of system messages changes (RFC 6109 §4.3, pec.md §3).

use jiff::Timestamp;

use crate::codec::{base64_lines, hex, hex_upper, latin1, quoted_printable};
use crate::signer::{Signer, Tool};
use crate::style::{Body, DaticertTransfer, Digest, PartOrder, Shell, Style};
use crate::{Result, crypto};

/// A message of a provider before it is signed. Everything can be set, so that a genuine provider can be made to say nonsense.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Header fields taken over unchanged, each with its line breaks (RFC 6109 §3.1.5: Received, To, Cc, Return-Path).
    pub inherited: Vec<u8>,
    /// Further top-level headers in order; values already encoded. MIME headers are added.
    pub headers: Vec<(String, String)>,
    /// The human text; written in ISO-8859-1, `?` for what that cannot say.
    pub text: String,
    /// The same in HTML, used where the style has an alternative.
    pub html: String,
    /// `daticert.xml`, in every kind but the anomaly envelope.
    pub daticert: Option<Vec<u8>>,
    /// `postacert.eml`: the original message.
    pub postacert: Option<Vec<u8>>,
}

/// A finished message and the SMTP envelope it travels in.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The bytes, lines ending in CRLF (except inside an original that had others).
    pub raw: Vec<u8>,
    /// Its own Message-ID, without angle brackets.
    pub message_id: String,
    /// SMTP MAIL FROM: the real sender for envelopes, `posta-certificata@` for receipts (pec.md §2).
    pub mail_from: String,
    /// SMTP RCPT TO.
    pub rcpt_to: Vec<String>,
    /// What made the signature.
    pub tool: Tool,
}

/// The complete bytes: headers, signed part, signature.
pub(crate) fn assemble(
    draft: &Draft,
    style: &Style,
    signer: &Signer,
    unique: &str,
    at: Timestamp,
) -> Result<(Vec<u8>, Tool)> {
    // An anomaly envelope may hold a message with its own Message-ID: the content tells their boundaries apart.
    let content = hex(&crypto::digest(Digest::Sha256, draft.postacert.as_deref().unwrap_or_default()));
    let boundaries = Boundaries::of(style.shell, &format!("{unique} {content}"));
    let signed = signed_part(draft, style, &boundaries);
    let (signature, tool) = signer.sign(&signed, style.digest, style.encoding, at)?;

    let mut raw = draft.inherited.clone();
    for (name, value) in &draft.headers {
        raw.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let outer = &boundaries.outer;
    let micalg = style.micalg();
    raw.extend_from_slice(b"MIME-Version: 1.0\r\n");
    raw.extend_from_slice(match style.shell {
        Shell::OpenSsl => format!(
            "Content-Type: multipart/signed; protocol=\"application/x-pkcs7-signature\"; micalg={micalg}; boundary=\"{outer}\"\r\n\r\nThis is an S/MIME signed message\r\n\r\n"
        ),
        Shell::JavaMail => format!(
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg={micalg}; \r\n\tboundary=\"{outer}\"\r\n\r\n"
        ),
        Shell::MimeLite => format!(
            "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg={micalg}; boundary=\"{outer}\"\r\n\r\n"
        ),
    }.as_bytes());
    raw.extend_from_slice(format!("--{outer}\r\n").as_bytes());
    raw.extend_from_slice(&signed);
    raw.extend_from_slice(format!("\r\n--{outer}\r\n").as_bytes());
    raw.extend_from_slice(match style.shell {
        Shell::OpenSsl => "Content-Type: application/x-pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n",
        Shell::MimeLite => "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n",
        Shell::JavaMail => "Content-Type: application/pkcs7-signature; name=smime.p7s; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\nContent-Description: S/MIME Cryptographic Signature\r\n\r\n",
    }.as_bytes());
    let width = if style.shell == Shell::JavaMail { 76 } else { 64 };
    raw.extend_from_slice(base64_lines(&signature, width).as_bytes());
    // `openssl smime` leaves an empty line after the signature.
    let gap = if style.shell == Shell::OpenSsl { "\r\n" } else { "" };
    raw.extend_from_slice(format!("{gap}--{outer}--\r\n").as_bytes());
    Ok((raw, tool))
}

/// The bytes that the signature covers: the first body part, its headers included.
fn signed_part(draft: &Draft, style: &Style, boundaries: &Boundaries) -> Vec<u8> {
    let mixed = &boundaries.mixed;
    let mut parts = vec![human(draft, style, &boundaries.alternative)];
    let daticert = draft.daticert.as_deref().map(|xml| daticert(xml, style));
    let postacert = draft.postacert.as_deref().map(|original| postacert(original, style));
    match style.order {
        PartOrder::DaticertFirst => parts.extend(daticert.into_iter().chain(postacert)),
        PartOrder::PostacertFirst => parts.extend(postacert.into_iter().chain(daticert)),
    }
    let mut out = match style.shell {
        Shell::OpenSsl => format!("Content-Type: multipart/mixed; boundary=\"{mixed}\"\r\nContent-Transfer-Encoding: binary\r\nMIME-Version: 1.0\r\n\r\n"),
        // The blank before the fold is signed too; hooks that trim it break the signature (seen).
        Shell::JavaMail => format!("Content-Type: multipart/mixed; \r\n\tboundary=\"{mixed}\"\r\n\r\n"),
        Shell::MimeLite => format!("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{mixed}\"\r\n\r\nThis is a multi-part message in MIME format...\r\n\r\n"),
    }
    .into_bytes();
    out.extend(multipart(mixed, &parts));
    out
}

fn multipart(boundary: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

fn human(draft: &Draft, style: &Style, alternative: &str) -> Vec<u8> {
    let part = |kind: &str, text: &str| {
        let charset = if style.quoted { "charset=\"iso-8859-1\"" } else { "charset=ISO-8859-1" };
        let inline = if style.shell == Shell::JavaMail { "" } else { "Content-Disposition: inline\r\n" };
        let body = quoted_printable(&latin1(text));
        format!("Content-Type: {kind}; {charset}\r\n{inline}Content-Transfer-Encoding: quoted-printable\r\n\r\n{body}")
            .into_bytes()
    };
    match style.body {
        Body::Text => part("text/plain", &draft.text),
        Body::Alternative => {
            let header = match style.shell {
                Shell::JavaMail => {
                    format!("Content-Type: multipart/alternative; \r\n\tboundary=\"{alternative}\"\r\n\r\n")
                }
                Shell::OpenSsl | Shell::MimeLite => {
                    format!(
                        "Content-Type: multipart/alternative;\r\n boundary=\"{alternative}\"\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                    )
                }
            };
            let parts = [part("text/plain", &draft.text), part("text/html", &draft.html)];
            [header.into_bytes(), multipart(alternative, &parts)].concat()
        }
    }
}

fn daticert(xml: &[u8], style: &Style) -> Vec<u8> {
    let name = parameter("daticert.xml", style);
    let (encoding, body) = match style.daticert {
        DaticertTransfer::Base64 => ("base64", base64_lines(xml, 76).into_bytes()),
        DaticertTransfer::QuotedPrintable => ("quoted-printable", quoted_printable(xml).into_bytes()),
        DaticertTransfer::SevenBit => ("7bit", xml.to_vec()),
    };
    let charset = if style.shell == Shell::JavaMail { " charset=UTF-8;" } else { "" };
    let mut out = format!(
        "Content-Type: application/xml;{charset} name={name}\r\nContent-Disposition: {}; filename={name}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n",
        style.disposition
    )
    .into_bytes();
    out.extend(body);
    out
}

fn postacert(original: &[u8], style: &Style) -> Vec<u8> {
    let name = parameter("postacert.eml", style);
    let encoding = if style.postacert_seven_bit { "Content-Transfer-Encoding: 7bit\r\n" } else { "" };
    let mut out = format!(
        "Content-Type: message/rfc822; name={name}\r\nContent-Disposition: {}; filename={name}\r\n{encoding}\r\n",
        style.disposition
    )
    .into_bytes();
    out.extend_from_slice(original);
    out
}

fn parameter(name: &str, style: &Style) -> String {
    if style.quoted { format!("\"{name}\"") } else { name.to_string() }
}

/// Boundaries made from the message's own identifier: they cannot meet in a nested message and repeat with the fixture.
struct Boundaries {
    outer: String,
    mixed: String,
    alternative: String,
}

impl Boundaries {
    fn of(shell: Shell, unique: &str) -> Boundaries {
        let token = |level: &str| crypto::digest(Digest::Sha256, format!("{level} {unique}").as_bytes());
        let lower = |level: &str| hex(&token(level)).chars().take(24).collect::<String>();
        match shell {
            Shell::OpenSsl => Boundaries {
                outer: format!("----{}", hex_upper(&token("outer")).chars().take(32).collect::<String>()),
                mixed: format!("----------=_{}", lower("mixed")),
                alternative: format!("----------=_{}", lower("alternative")),
            },
            Shell::MimeLite => Boundaries {
                outer: format!("----------=_{}", lower("outer")),
                mixed: format!("----------=_{}", lower("mixed")),
                alternative: format!("----------=_{}", lower("alternative")),
            },
            Shell::JavaMail => Boundaries {
                outer: format!("----=_Part_{}", lower("outer")),
                mixed: format!("----=_Part_{}", lower("mixed")),
                alternative: format!("----=_Part_{}", lower("alternative")),
            },
        }
    }
}

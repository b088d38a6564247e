//! The few clear-text lines before STARTTLS (RFC 3207). It changes when that RFC does.
//!
//! Read byte by byte, so that nothing sent in clear after `220` can be taken for part of the encrypted dialogue.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// lettre begins by reading a greeting; after STARTTLS the server sends none, so this one is read instead.
pub(super) const GREETING_USED_UP: &[u8] = b"220 STARTTLS\r\n";
/// Most bytes of one reply, as in lettre (Postfix `smtp_response_limit` is 100,000; these are three short replies).
const REPLY_BYTES_MAX: usize = 10_000;

/// Greeting, EHLO, STARTTLS. On `Ok` the next byte in either direction belongs to TLS.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, hello: &str) -> Result<(), &'static str> {
    const CUT: &str = "la connessione col server SMTP si è interrotta prima di STARTTLS";
    let (greeting, _) = reply(stream).await.ok_or(CUT)?;
    if greeting != 220 {
        return Err("il server SMTP rifiuta la connessione già dal saluto");
    }
    stream.write_all(format!("EHLO {hello}\r\n").as_bytes()).await.map_err(|_| CUT)?;
    let (code, offers) = reply(stream).await.ok_or(CUT)?;
    if code != 250
        || !offers.lines().any(|line| line.get(4..).is_some_and(|w| w.trim().eq_ignore_ascii_case("STARTTLS")))
    {
        return Err("il server SMTP non offre STARTTLS: la password non viaggia in chiaro, controllare la porta");
    }
    stream.write_all(b"STARTTLS\r\n").await.map_err(|_| CUT)?;
    match reply(stream).await.ok_or(CUT)? {
        (220, _) => Ok(()),
        _ => Err("il server SMTP ha rifiutato STARTTLS"),
    }
}

/// One reply, all its lines: its code and its text. `None`: cut, too long, or no SMTP.
async fn reply<S: AsyncRead + Unpin>(stream: &mut S) -> Option<(u16, String)> {
    let mut text = String::new();
    let mut line_start = 0;
    while text.len() < REPLY_BYTES_MAX {
        let byte = stream.read_u8().await.ok()?;
        text.push(if byte.is_ascii() { char::from(byte) } else { '?' });
        if byte != b'\n' {
            continue;
        }
        let line = text.get(line_start..)?;
        let code = line.get(..3)?.parse().ok()?;
        if line.as_bytes().get(3) != Some(&b'-') {
            return Some((code, text));
        }
        line_start = text.len();
    }
    None
}

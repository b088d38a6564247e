//! Changes when the way messages are handed to a mail store over LMTP (RFC 2033) changes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::{Error, Result};

/// The server may take this long over any one answer; beyond, the delivery counts as not made and is tried again.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest reply line read (RFC 5321 §4.5.3.1.5 says 512); beyond, the server is not speaking LMTP.
const LONGEST_LINE: u64 = 4096;
/// Most lines of one reply; beyond, the server is not speaking LMTP.
const MOST_LINES: usize = 100;

/// One connection to an LMTP server.
pub struct Client {
    stream: BufReader<TcpStream>,
    eight_bit: bool,
}

impl Client {
    /// Connects to `HOST:PORT` and says LHLO.
    ///
    /// # Errors
    /// [`Error::LmtpLater`] when the server cannot be reached or is busy.
    pub fn connect(address: &str) -> Result<Client> {
        let unreachable = |why: std::io::Error| Error::LmtpLater(format!("{address}: {why}"));
        let mut last = Error::LmtpLater(format!("{address}: no such address"));
        for target in address.to_socket_addrs().map_err(unreachable)? {
            match TcpStream::connect_timeout(&target, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE)).map_err(unreachable)?;
                    stream.set_write_timeout(Some(PATIENCE)).map_err(unreachable)?;
                    let mut client = Client { stream: BufReader::new(stream), eight_bit: false };
                    client.expect_success()?;
                    let features = client.command("LHLO gestore.test")?;
                    client.eight_bit = features.iter().any(|feature| feature.eq_ignore_ascii_case("8BITMIME"));
                    return Ok(client);
                }
                Err(why) => last = unreachable(why),
            }
        }
        Err(last)
    }

    /// Delivers one message to one mailbox.
    ///
    /// # Errors
    /// [`Error::LmtpLater`] on 4xx or a broken connection, [`Error::LmtpNever`] on 5xx.
    pub fn deliver(&mut self, mail_from: &str, to: &str, raw: &[u8]) -> Result<()> {
        let attempt = self.transaction(mail_from, to, raw);
        if matches!(attempt, Err(Error::LmtpNever(_))) {
            self.command("RSET")?; // the connection serves the next message
        }
        attempt
    }

    fn transaction(&mut self, mail_from: &str, to: &str, raw: &[u8]) -> Result<()> {
        let body = if self.eight_bit { " BODY=8BITMIME" } else { "" };
        self.command(&format!("MAIL FROM:<{mail_from}>{body}"))?;
        self.command(&format!("RCPT TO:<{to}>"))?;
        self.command("DATA")?;
        let mut data = Vec::with_capacity(raw.len() + 5);
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            if line.first() == Some(&b'.') {
                data.push(b'.'); // RFC 5321 §4.5.2
            }
            data.extend_from_slice(line);
        }
        if !data.ends_with(b"\r\n") {
            data.extend_from_slice(b"\r\n");
        }
        data.extend_from_slice(b".\r\n");
        self.write(&data)?;
        self.expect_success().map(drop) // one recipient, one answer (RFC 2033 §4.2)
    }

    fn command(&mut self, line: &str) -> Result<Vec<String>> {
        if line.contains(['\r', '\n']) {
            return Err(Error::LmtpNever(format!("{line:?}: a line break in an address")));
        }
        self.write(format!("{line}\r\n").as_bytes())?;
        self.expect_success()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.get_mut().write_all(bytes).map_err(|why| Error::LmtpLater(why.to_string()))
    }

    /// The texts of a 2xx or 3xx reply.
    fn expect_success(&mut self) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for _ in 0..MOST_LINES {
            let mut line = Vec::new();
            let mut limited = Read::take(&mut self.stream, LONGEST_LINE);
            limited.read_until(b'\n', &mut line).map_err(|why| Error::LmtpLater(why.to_string()))?;
            let line = String::from_utf8_lossy(&line).trim_end().to_string();
            let (code, more) = (line.get(..3).unwrap_or_default().to_string(), line.get(3..4) == Some("-"));
            texts.push(line.get(4..).unwrap_or_default().to_string());
            match (code.as_bytes().first(), more) {
                (Some(b'2' | b'3' | b'4' | b'5'), true) => {}
                (Some(b'2' | b'3'), false) => return Ok(texts),
                (Some(b'5'), false) => return Err(Error::LmtpNever(line)),
                (Some(b'4'), false) => return Err(Error::LmtpLater(line)),
                _ => return Err(Error::LmtpLater(format!("unexpected answer {line:?}"))),
            }
        }
        Err(Error::LmtpLater("an answer without end".into()))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A courtesy: the messages are already taken.
        self.stream.get_mut().write_all(b"QUIT\r\n").ok();
    }
}

//! Whether a server takes commands in one write (RFC 2920). It changes when the crate below tells so itself: lettre reads the reply to
//! EHLO, and of its extensions keeps those that it uses.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncRead;
use tokio_util::io::InspectReader;

/// What is listened to of a server at most, bytes: its greeting and its reply to EHLO. An offer beyond is not heard.
const HEARD_BYTES_MAX: usize = 4_096;

/// What a server has said; `None` when nobody listens any more.
#[derive(Clone)]
pub(super) struct Ear(Arc<Mutex<Option<Vec<u8>>>>);

/// Listens to the first words of a stream as they pass.
pub(super) fn listen<S: AsyncRead>(stream: S) -> (InspectReader<S, impl FnMut(&[u8]) + Send + Sync + Unpin>, Ear) {
    let ear = Ear(Arc::new(Mutex::new(Some(Vec::new()))));
    let listening = ear.clone();
    (InspectReader::new(stream, move |bytes: &[u8]| listening.note(bytes)), ear)
}

impl Ear {
    fn note(&self, bytes: &[u8]) {
        if let Some(heard) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let room = HEARD_BYTES_MAX.saturating_sub(heard.len());
            heard.extend(bytes.iter().take(room));
        }
    }

    /// Whether the server offers it, by what it has said; from now on nothing is listened to.
    pub(super) fn hears_pipelining(self) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        let offers = |line: &[u8]| {
            let line = line.strip_prefix(b"250").and_then(|rest| rest.strip_prefix(b"-").or(rest.strip_prefix(b" ")));
            line.is_some_and(|word| word.trim_ascii().eq_ignore_ascii_case(b"PIPELINING"))
        };
        heard.split(|b| *b == b'\n').any(offers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    async fn hears(said: &str) -> bool {
        let (mut stream, ear) = listen(tokio::io::join(said.as_bytes(), tokio::io::sink()));
        let mut read = String::new();
        stream.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, said, "what passes is not touched");
        ear.hears_pipelining()
    }

    #[tokio::test]
    async fn an_offer_is_a_line_of_its_own() {
        for offer in
            ["250-PIPELINING\r\n250 SIZE", "220 a\r\n250-a\r\n250 pipelining\r\n", "250-Pipelining \r\n250 a\r\n"]
        {
            assert!(hears(offer).await, "{offer}");
        }
        for none in
            ["", "250 SIZE\r\n", "250-XPIPELINING\r\n250 PIPELININGS\r\n", "220 PIPELINING\r\n", "PIPELINING\r\n"]
        {
            assert!(!hears(none).await, "{none}");
        }
        let late = format!("250-{}\r\n250 PIPELINING\r\n", "x".repeat(HEARD_BYTES_MAX));
        assert!(!hears(&late).await);
    }
}

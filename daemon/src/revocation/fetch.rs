//! One question to one server that holds revocation lists. It changes when how far we trust such a server changes.
//!
//! The server is not trusted: its answer is bytes, bounded in length and in time, and what signed them decides what they are
//! worth. No redirect is followed, no cookie or cache is kept, and nothing of ours is sent but the question.

use super::gate::{Gate, Target};
use crate::http;
use crate::tls::{self, DialTrouble};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Largest answer, bytes. Lists of the PEC authority are a few KB, those of public authorities reach 10 MB.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Longest whole exchange, from the name look-up to the last byte.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(300);
/// Media type of an OCSP question (RFC 6960 App. A.1).
const OCSP_REQUEST: &str = "application/ocsp-request";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// Where: a distribution point, or an OCSP responder.
    pub url: String,
    /// A DER OCSPRequest to POST; without it, the URL is fetched.
    pub ocsp: Option<Vec<u8>>,
}

/// Asks over the network, within the gate.
#[derive(Debug, Clone)]
pub struct Fetcher {
    gate: Gate,
    bytes_max: usize,
    time_max: Duration,
}

impl Fetcher {
    /// With the bounds of the service.
    #[must_use]
    pub fn new(gate: Gate) -> Self {
        Self { gate, bytes_max: ANSWER_BYTES_MAX, time_max: EXCHANGE_TIMEOUT }
    }

    /// With other bounds: a hostile server is tried in a moment.
    #[must_use]
    pub fn within(self, bytes_max: usize, time_max: Duration) -> Self {
        Self { bytes_max, time_max, ..self }
    }

    /// Asks once.
    ///
    /// # Errors
    /// Why there is no answer, in Italian.
    pub async fn ask(&self, question: &Question) -> Result<Vec<u8>, String> {
        let target = self.gate.target(&question.url)?;
        let exchange = self.exchange(&target, question);
        let asked = tokio::time::timeout(self.time_max, exchange);
        asked.await.unwrap_or_else(|_| Err(format!("nessuna risposta intera in {} s", self.time_max.as_secs())))
    }

    async fn exchange(&self, target: &Target, question: &Question) -> Result<Vec<u8>, String> {
        let unreachable = |trouble: DialTrouble| format!("non raggiungibile: {trouble}");
        // The addresses that were checked are those that are dialled: a second look-up could answer otherwise.
        let (admitted, refused): (Vec<_>, Vec<_>) = tls::resolve(&target.host, target.port)
            .await
            .map_err(unreachable)?
            .into_iter()
            .partition(|address| self.gate.admits(address.ip()));
        if let (true, Some(address)) = (admitted.is_empty(), refused.first()) {
            return Err(format!(
                "{} è l'indirizzo {} di una rete interna: se è giusto così, scrivilo in `revoca.indirizzi_interni`",
                target.host,
                address.ip()
            ));
        }
        let tcp = tls::connect_to(&admitted).await.map_err(unreachable)?;
        if target.tls {
            let stream = tls::encrypt(tcp, &target.host, None).await.map_err(|trouble| format!("TLS: {trouble}"))?;
            self.converse(stream, target, question).await
        } else {
            self.converse(tcp, target, question).await
        }
    }

    async fn converse<S>(&self, stream: S, target: &Target, question: &Question) -> Result<Vec<u8>, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let question = http::Question {
            host: &target.host,
            port: target.port,
            usual_port: if target.tls { 443 } else { 80 },
            path: &target.path,
            post: question.ocsp.as_ref().map(|der| (OCSP_REQUEST, der.clone())),
            fields: vec![],
        };
        let answer = http::ask(stream, question, self.bytes_max).await?;
        match answer.status {
            200 => Ok(answer.bytes),
            status @ 300..400 => Err(format!("il server rinvia altrove ({status}): non si segue")),
            status => Err(format!("il server risponde {status}")),
        }
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;

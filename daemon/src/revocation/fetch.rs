//! One question to one server over HTTP. The only file naming hyper's connection; it changes when the HTTP library changes.
//!
//! The server is not trusted: its answer is bytes, bounded in length and in time, and what signed them decides what they are
//! worth. No redirect is followed, no cookie or cache is kept, and nothing of ours is sent but the question.

use super::gate::{Gate, Target};
use crate::tls::{self, DialTrouble};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

/// Largest answer, bytes. Lists of the PEC authority are a few KB, those of public authorities reach 10 MB.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Longest whole exchange, from the name look-up to the last byte.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(300);
/// Most bytes of the head of an answer.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most header fields of an answer.
const FIELDS_MAX: usize = 64;
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
        let broken = |why: hyper::Error| format!("la risposta non è HTTP, o si è interrotta: {why}");
        let mut http = http1::Builder::new();
        http.max_buf_size(HEAD_BYTES_MAX).max_headers(FIELDS_MAX);
        let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // Ends with this function, however that ends.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let request = request(target, question).map_err(|why| format!("richiesta non scrivibile: {why}"))?;
        let answer = sender.send_request(request).await.map_err(broken)?;
        self.body(admitted_answer(answer)?).await
    }

    async fn body(&self, answer: Response<Incoming>) -> Result<Vec<u8>, String> {
        let too_long = || format!("la risposta supera i {} byte", self.bytes_max);
        let announced = answer.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > self.bytes_max) {
            return Err(too_long());
        }
        let mut body = answer.into_body();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|why| format!("la risposta si è interrotta: {why}"))?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > self.bytes_max {
                return Err(too_long());
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    }
}

fn request(target: &Target, question: &Question) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let usual = if target.tls { 443 } else { 80 };
    let host = if target.port == usual { target.host.clone() } else { format!("{}:{}", target.host, target.port) };
    let request = Request::builder()
        .uri(&target.path)
        .header(HOST, host)
        .header(USER_AGENT, concat!("sportello/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close");
    match &question.ocsp {
        Some(der) => {
            request.method(Method::POST).header(CONTENT_TYPE, OCSP_REQUEST).body(Full::new(Bytes::from(der.clone())))
        }
        None => request.method(Method::GET).body(Full::default()),
    }
}

fn admitted_answer(answer: Response<Incoming>) -> Result<Response<Incoming>, String> {
    match answer.status() {
        StatusCode::OK => Ok(answer),
        status if status.is_redirection() => Err(format!("il server rinvia altrove ({status}): non si segue")),
        status => Err(format!("il server risponde {status}")),
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;

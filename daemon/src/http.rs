//! One question over HTTP/1.1 on an open connection. The only file naming hyper's connection; it changes when the HTTP
//! library changes.
//!
//! The server is not trusted: its answer is bytes, bounded in length (and in time by the caller). No redirect is followed, no
//! cookie or cache is kept, and nothing of ours is sent but the question.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

/// Most bytes of the head of an answer.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most header fields of an answer.
const FIELDS_MAX: usize = 64;

/// What is asked.
pub(crate) struct Question<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// The port that need not be said.
    pub(crate) usual_port: u16,
    /// Path and query.
    pub(crate) path: &'a str,
    /// Media type and bytes to POST; without them, a GET.
    pub(crate) post: Option<(&'static str, Vec<u8>)>,
    /// Fields of the head besides.
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// What came back.
pub(crate) struct Answer {
    /// The status, `200`.
    pub(crate) status: u16,
    /// The body.
    pub(crate) bytes: Vec<u8>,
}

/// Asks, and reads the answer; of one that is no success, the status alone.
///
/// # Errors
/// Why there is no answer, in Italian.
pub(crate) async fn ask<S>(stream: S, question: Question<'_>, bytes_max: usize) -> Result<Answer, String>
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
    let request = request(question).map_err(|why| format!("richiesta non scrivibile: {why}"))?;
    let answer = sender.send_request(request).await.map_err(broken)?;
    let status = answer.status().as_u16();
    let bytes = if answer.status().is_success() { body(answer, bytes_max).await? } else { Vec::new() };
    Ok(Answer { status, bytes })
}

async fn body(answer: Response<Incoming>, bytes_max: usize) -> Result<Vec<u8>, String> {
    let too_long = || format!("la risposta supera i {bytes_max} byte");
    let announced = answer.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(too_long());
    }
    let mut body = answer.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|why| format!("la risposta si è interrotta: {why}"))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > bytes_max {
            return Err(too_long());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn request(question: Question<'_>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let Question { host, port, usual_port, path, post, fields } = question;
    let host = if port == usual_port { host.to_owned() } else { format!("{host}:{port}") };
    let mut request = Request::builder()
        .uri(path)
        .header(HOST, host)
        .header(USER_AGENT, concat!("sportello/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    match post {
        Some((media_type, bytes)) => {
            request.method(Method::POST).header(CONTENT_TYPE, media_type).body(Full::new(Bytes::from(bytes)))
        }
        None => request.method(Method::GET).body(Full::default()),
    }
}

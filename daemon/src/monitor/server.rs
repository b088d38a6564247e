//! Metrics and health over HTTP, for programs of this machine. The only file naming hyper's server; it changes when the HTTP
//! library changes.
//!
//! It has neither password nor encryption: the configuration admits loopback addresses only. Whoever asks is bounded in
//! number, bytes and time, and nothing that is asked changes anything.

use super::report::Report;
use super::{Monitor, metrics};
use crate::events;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Connections at a time; others wait in the system's queue.
const CONNECTIONS_MAX: usize = 8;
/// How long one connection may take: one question, one answer.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of the head of a question.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most header fields of a question.
const FIELDS_MAX: usize = 64;
/// Pause after a failure to accept: out of descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Answers until `stop`.
pub async fn serve(listener: TcpListener, monitor: Arc<Monitor>, mut stop: watch::Receiver<bool>) {
    let mut open = JoinSet::new();
    while !*stop.borrow() {
        tokio::select! {
            biased;
            _ = stop.changed() => {}
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept(), if open.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => drop(open.spawn(exchange(stream, monitor.clone()))),
                Err(e) => {
                    events::monitor_failed(&e);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn exchange(stream: TcpStream, monitor: Arc<Monitor>) {
    let mut http = http1::Builder::new();
    http.keep_alive(false).max_buf_size(HEAD_BYTES_MAX).max_headers(FIELDS_MAX);
    let answer = service_fn(|question| {
        let monitor = monitor.clone();
        async move { Ok::<_, Infallible>(answer(&question, &monitor).await) }
    });
    // Whoever is slow, or speaks no HTTP, loses this connection and nothing else.
    let _ = tokio::time::timeout(EXCHANGE_TIMEOUT, http.serve_connection(TokioIo::new(stream), answer)).await;
}

async fn answer(question: &Request<Incoming>, monitor: &Monitor) -> Response<Full<Bytes>> {
    if !asks_this_machine(question) {
        return page(StatusCode::MISDIRECTED_REQUEST, "text/plain; charset=utf-8", "not the name of this machine\n");
    }
    if !matches!(*question.method(), Method::GET | Method::HEAD) {
        let mut refused = page(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "only GET\n");
        refused.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match question.uri().path() {
        "/" => page(StatusCode::OK, "text/plain; charset=utf-8", "sportello: /metrics, /health\n"),
        "/metrics" => match monitor.report().await {
            Ok(Some(report)) => page(StatusCode::OK, metrics::CONTENT_TYPE, metrics::page(&report)),
            Ok(None) | Err(_) => page(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "store-busy\n"),
        },
        "/health" => {
            let (status, said) = health(monitor.report().await.ok().flatten().as_ref());
            page(status, "application/json", format!("{said}\n"))
        }
        _ => page(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "/metrics, /health\n"),
    }
}

/// A page of a browser whose name was made to point here (DNS rebinding) names another host than this machine.
fn asks_this_machine(question: &Request<Incoming>) -> bool {
    let host = question.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let name = name.trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn health(report: Option<&Report>) -> (StatusCode, serde_json::Value) {
    let Some(report) = report else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({ "status": "trouble", "reasons": ["store-busy"], "warnings": [] }),
        );
    };
    let (reasons, warnings) = (report.reasons(), report.warnings());
    let (status, word) = match (reasons.is_empty(), warnings.is_empty()) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "trouble"),
        (true, false) => (StatusCode::OK, "warning"),
        (true, true) => (StatusCode::OK, "ok"),
    };
    (
        status,
        json!({ "status": word, "reasons": reasons, "warnings": warnings, "version": report.version, "now": report.now }),
    )
}

fn page(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::new(text.into()));
    *page.status_mut() = status;
    page.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    page.headers_mut().insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
    page
}

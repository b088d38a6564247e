//! Hostile servers: each answer is an error in bounded time and memory, and none of them leads anywhere else.

use super::*;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the server does after it has read the question.
#[derive(Clone)]
enum Does {
    Says(Vec<u8>),
    /// Says this, then the second again and again.
    Endless(&'static str, Vec<u8>),
    /// Says this and then nothing, holding the line.
    Stalls(&'static str),
}

/// A server for one question; what it was asked comes back with the answer.
async fn ask_with(
    does: Does,
    ocsp: Option<Vec<u8>>,
    gate: impl Fn(SocketAddr) -> Gate,
) -> (Result<Vec<u8>, String>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let n = stream.read(&mut asked).await.unwrap();
        asked.truncate(n);
        match does {
            Does::Says(bytes) => {
                let _ = stream.write_all(&bytes).await;
            }
            Does::Endless(head, piece) => {
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(&piece).await.is_ok() {}
            }
            Does::Stalls(head) => {
                let _ = stream.write_all(head.as_bytes()).await;
                // Until the other side hangs up.
                while stream.read(&mut [0; 64]).await.is_ok_and(|n| n > 0) {}
            }
        }
        asked
    });
    let fetcher = Fetcher::new(gate(address)).within(1000, Duration::from_millis(500));
    let answer = fetcher.ask(&Question { url: format!("http://127.0.0.1:{}/crl", address.port()), ocsp }).await;
    let asked = if answer.as_ref().is_err_and(|why| why.contains("rete interna") || why.contains("revoca.host")) {
        server.abort(); // nobody came
        Vec::new()
    } else {
        server.await.unwrap()
    };
    (answer, asked)
}

fn open(address: SocketAddr) -> Gate {
    Gate { hosts: vec![format!("127.0.0.1:{}", address.port())], inner: vec![address.ip()] }
}

fn says(head: &str, body: &[u8]) -> Does {
    Does::Says([head.as_bytes(), body].concat())
}

#[tokio::test]
async fn an_answer_comes_whole_however_it_is_framed() {
    for does in [
        says("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", b"list"),
        says("HTTP/1.0 200 OK\r\n\r\n", b"list"),
        says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nli\r\n2\r\nst\r\n0\r\n\r\n"),
    ] {
        let (answer, asked) = ask_with(does, None, open).await;
        assert_eq!(answer.unwrap(), b"list");
        assert!(asked.starts_with(b"GET /crl HTTP/1.1\r\nhost: 127.0.0.1:"), "{}", String::from_utf8_lossy(&asked));
    }
}

#[tokio::test]
async fn an_ocsp_question_is_posted() {
    let does = says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok");
    let (answer, asked) = ask_with(does, Some(vec![0x30, 0x00]), open).await;
    let asked = String::from_utf8_lossy(&asked).into_owned();
    assert_eq!(answer.unwrap(), b"ok");
    assert!(asked.starts_with("POST /crl ") && asked.contains("application/ocsp-request"), "{asked}");
    assert!(asked.ends_with("\r\n\r\n0\0"), "{asked:?}");
}

#[tokio::test]
async fn every_hostile_answer_is_an_error_in_bounded_time_and_memory() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let cases = [
        ("an endless body", Does::Endless("HTTP/1.1 200 OK\r\n\r\n", vec![b'x'; 100]), "supera i 1000 byte"),
        (
            "an endless chunked body",
            Does::Endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nlist\r\n".to_vec()),
            "supera i 1000 byte",
        ),
        ("a length too large", says(&format!("{ok}Content-Length: 1001\r\n\r\n"), b""), "supera i 1000 byte"),
        (
            "an endless head",
            Does::Endless(ok, b"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".to_vec()),
            "non è HTTP",
        ),
        ("silence", Does::Stalls(""), "nessuna risposta intera"),
        (
            "a body that stops",
            Does::Stalls("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nli"),
            "nessuna risposta intera",
        ),
        ("a body cut short", says(&format!("{ok}Content-Length: 100\r\n\r\n"), b"li"), "interrotta"),
        (
            "a redirect inside",
            says("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", b""),
            "non si segue",
        ),
        ("not found", says("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b""), "risponde 404"),
        ("another protocol", says("220 mail.example ESMTP\r\n", b""), "non è HTTP"),
        (
            "an upgrade",
            says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", b""),
            "risponde 101",
        ),
    ];
    for (name, does, expected) in cases {
        let why = ask_with(does, None, open).await.0.expect_err(name);
        assert!(why.contains(expected), "{name}: {why}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_listed_and_an_inner_address_are_not_even_dialled() {
    let ok = || says("HTTP/1.1 200 OK\r\n\r\n", b"list");
    let why = ask_with(ok(), None, |_| Gate::default()).await.0.unwrap_err();
    assert!(why.contains("non è tra gli host"), "{why}");
    let why = ask_with(ok(), None, |a| Gate { inner: Vec::new(), ..open(a) }).await.0.unwrap_err();
    assert!(why.contains("rete interna"), "{why}");
}

#[tokio::test]
async fn nobody_listening_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let question = Question { url: format!("http://127.0.0.1:{}/", address.port()), ocsp: None };
    let why = Fetcher::new(open(address)).ask(&question).await.unwrap_err();
    assert!(why.contains("non raggiungibile"), "{why}");
}

//! A submission server that follows a script, and a wire that can be cut.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// What the server does where the reply is not a text.
pub(super) const DROP: &str = "DROP";
pub(super) const STALL: &str = "STALL";

/// A server that follows a script: one reply for each step.
#[derive(Clone, Copy)]
pub(super) struct Script {
    pub(super) greeting: &'static str,
    pub(super) ehlo: &'static str,
    pub(super) auth: &'static str,
    pub(super) mail: &'static str,
    pub(super) rcpt: &'static str,
    pub(super) data: &'static str,
    pub(super) dot: &'static str,
}

pub(super) const GOOD: Script = Script {
    greeting: "220 smtp.gestore.test ESMTP",
    ehlo: "250-smtp.gestore.test\r\n250-SIZE 31457280\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
    auth: "235 2.7.0 ok",
    mail: "250 2.1.0 ok",
    rcpt: "250 2.1.5 ok",
    data: "354 go ahead",
    dot: "250 2.0.0 queued as 4F",
};

/// Everything the server received, command lines and body.
pub(super) type Heard = Arc<Mutex<Vec<u8>>>;

pub(super) fn heard_text(heard: &Heard) -> String {
    String::from_utf8(heard.lock().unwrap().clone()).unwrap()
}

/// The body as the server would store it: what came after DATA, unstuffed, with the CRLF before the dot.
pub(super) fn stored(heard: &Heard) -> Vec<u8> {
    let text = heard_text(heard);
    let (_, after) = text.split_once("DATA\r\n").unwrap();
    let (body, _) = after.split_once("\r\n.\r\n").unwrap();
    let lines: Vec<&str> = body.split("\r\n").map(|line| line.strip_prefix('.').unwrap_or(line)).collect();
    (lines.join("\r\n") + "\r\n").into_bytes()
}

/// Reads until `end`; `None` when the client is gone.
pub(super) async fn hear(stream: &mut DuplexStream, heard: &Heard, end: &[u8]) -> Option<()> {
    let start = heard.lock().unwrap().len();
    loop {
        let byte = stream.read_u8().await.ok()?;
        let mut all = heard.lock().unwrap();
        all.push(byte);
        if all[start..].ends_with(end) {
            return Some(());
        }
    }
}

pub(super) async fn say(stream: &mut DuplexStream, reply: &str) -> Option<()> {
    match reply {
        DROP => None,
        STALL => {
            tokio::time::sleep(Duration::from_secs(1_000_000)).await;
            None
        }
        text => stream.write_all(format!("{text}\r\n").as_bytes()).await.ok(),
    }
}

pub(super) async fn serve(mut stream: DuplexStream, script: Script, heard: Heard) -> Option<()> {
    say(&mut stream, script.greeting).await?;
    for reply in [script.ehlo, script.auth, script.mail, script.rcpt, script.data] {
        hear(&mut stream, &heard, b"\r\n").await?;
        say(&mut stream, reply).await?;
        if reply.starts_with("354") {
            hear(&mut stream, &heard, b"\r\n.\r\n").await?;
            say(&mut stream, script.dot).await?;
        }
    }
    hear(&mut stream, &heard, b"QUIT\r\n").await?;
    say(&mut stream, "221 bye").await
}

/// Carries bytes both ways until `up` have gone to the server or `down` to the client; then both ends close.
pub(super) async fn cut(client: DuplexStream, server: DuplexStream, up: u64, down: u64) {
    let (from_client, mut to_client) = tokio::io::split(client);
    let (from_server, mut to_server) = tokio::io::split(server);
    let (mut from_client, mut from_server) = (from_client.take(up), from_server.take(down));
    tokio::select! {
        biased;
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

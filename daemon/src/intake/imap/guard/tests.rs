//! The guard against what a server may send, in any cut of the stream.

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const ROOM: Room = Room { literal: 100, total: 1 << 20 };

/// All that comes through when the stream arrives in pieces of `step` bytes.
async fn through(sent: &[u8], step: usize, room: Room) -> Result<Vec<u8>, &'static str> {
    let (ours, mut theirs) = tokio::io::duplex(step);
    let sent = sent.to_vec();
    let sender = tokio::spawn(async move {
        let _ = theirs.write_all(&sent).await;
    });
    let mut guard = Guard::new(ours, room);
    let mut seen = Vec::new();
    let read = guard.read_to_end(&mut seen).await;
    sender.abort();
    match read {
        Ok(_) => Ok(seen),
        Err(_) => Err(guard.tripped().unwrap()),
    }
}

#[tokio::test]
async fn each_excess_ends_the_connection() {
    let endless = [b"* OK ".to_vec(), b"x".repeat(LINE_BYTES_MAX)].concat();
    let deep = [b"* 1 FETCH ".to_vec(), b"(".repeat(17)].concat();
    let flood = b"* 1 EXISTS\r\n".repeat(100_000);
    for (sent, why) in [
        (endless.as_slice(), "una riga senza fine"),
        (deep.as_slice(), "troppe parentesi annidate"),
        (b"* 1 FETCH (BODY[] {101}\r\n", "un blocco più grande di quanto annunciato"),
        (b"* 1 FETCH (BODY[] {500000000}\r\n", "un blocco più grande di quanto annunciato"),
        (b"* LIST () \"/\" {99999999999999999999999999}\r\n", "un blocco più grande di quanto annunciato"),
        (flood.as_slice(), "una risposta troppo lunga"),
    ] {
        for step in [1, 7, 1 << 16] {
            assert_eq!(through(sent, step, ROOM).await, Err(why));
        }
    }
}

#[tokio::test]
async fn eight_bit_text_becomes_harmless_and_literals_stay_as_they_are() {
    let sent = "* OK [UIDVALIDITY 7]è\r\n* 1 FETCH (UID 5 BODY[] {4}\r\nèà FLAGS (é))\r\nA1 OK {9}\r\n* OK è\r\n";
    for step in [1, 2, 5, 1000] {
        let seen = through(sent.as_bytes(), step, ROOM).await.unwrap();
        let shown =
            "* OK [UIDVALIDITY 7]??\r\n* 1 FETCH (UID 5 BODY[] {4}\r\nèà FLAGS (??))\r\nA1 OK {9}\r\n* OK ??\r\n";
        assert_eq!(String::from_utf8(seen).unwrap(), shown);
    }
}

proptest! {
    /// Whatever a message holds, its bytes come through.
    #[test]
    fn a_literal_is_never_touched(body in prop::collection::vec(any::<u8>(), 0..100), step in 1..40_usize) {
        let mut sent = format!("* 3 FETCH (UID 9 BODY[] {{{}}}\r\n", body.len()).into_bytes();
        sent.extend_from_slice(&body);
        sent.extend_from_slice(b")\r\nA0001 OK done\r\n");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert_eq!(runtime.block_on(through(&sent, step, ROOM)), Ok(sent));
    }

    #[test]
    fn any_bytes_are_followed(sent in prop::collection::vec(prop::sample::select(b"*{}19()\r\n \"\xff+A".to_vec()), 0..300)) {
        let mut scan = Scan::default();
        let mut whole = sent.clone();
        let at_once = scan.pass(&mut whole, 50);
        let mut scan = Scan::default();
        let mut parts = sent;
        let mut in_parts = Ok(());
        for byte in &mut parts {
            in_parts = in_parts.and_then(|()| scan.pass(std::slice::from_mut(byte), 50));
        }
        prop_assert_eq!(at_once, in_parts);
    }
}

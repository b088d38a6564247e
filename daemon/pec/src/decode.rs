//! Undoes base64 and quoted-printable, in pieces, so that a large attachment is hashed without a copy of it, and in linear
//! time whatever the bytes.

use crate::mime::Encoding;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Bytes handed on at a time.
const PIECE: usize = 16 * 1024;
/// Any byte that base64 does not use.
const JUNK: u8 = 0xff;
/// Blanks and line ends, which base64 ignores.
const BLANK: u8 = 0xfe;
/// The padding sign.
const PAD: u8 = 0xfd;

#[allow(clippy::indexing_slicing)] // evaluated by the compiler: a wrong index would not build
const SEXTETS: [u8; 256] = {
    let mut table = [JUNK; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut i = 0;
    while i < alphabet.len() {
        table[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    table[b' ' as usize] = BLANK;
    table[b'\t' as usize] = BLANK;
    table[b'\r' as usize] = BLANK;
    table[b'\n' as usize] = BLANK;
    table[b'=' as usize] = PAD;
    table
};

fn sextet(byte: u8) -> u8 {
    SEXTETS.get(usize::from(byte)).copied().unwrap_or(JUNK)
}

/// Decodes `body` and hands the content to `sink` in pieces. True if the encoding was sound; if not, what could be
/// read was handed on all the same.
pub(crate) fn each_piece(body: &[u8], encoding: Encoding, sink: &mut dyn FnMut(&[u8])) -> bool {
    match encoding {
        Encoding::Identity => {
            body.chunks(PIECE).for_each(sink);
            true
        }
        Encoding::Base64 => base64(body, sink),
        Encoding::QuotedPrintable => quoted_printable(body, sink),
    }
}

/// Decodes the whole of `body`: content, and whether the encoding was sound.
pub(crate) fn whole(body: &[u8], encoding: Encoding) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(match encoding {
        Encoding::Base64 => body.len() / 4 * 3,
        Encoding::Identity | Encoding::QuotedPrintable => body.len(),
    });
    let sound = each_piece(body, encoding, &mut |piece| out.extend_from_slice(piece));
    (out, sound)
}

/// Decodes no more of `body` than makes `most` bytes: them, whether the encoding was sound as far as it was looked at, and
/// whether there is more.
pub(crate) fn at_most(body: &[u8], encoding: Encoding, most: usize) -> (Cow<'_, [u8]>, bool, bool) {
    if encoding == Encoding::Identity {
        return (Cow::Borrowed(body.get(..most).unwrap_or(body)), true, body.len() > most);
    }
    // Three encoded bytes make at least one, and a line end comes with them.
    let looked_at = body.get(..most.saturating_mul(4)).unwrap_or(body);
    let mut cut = looked_at.len() < body.len();
    let mut out = Vec::with_capacity(looked_at.len().min(most));
    let sound = each_piece(looked_at, encoding, &mut |piece| {
        let room = most - out.len();
        cut |= piece.len() > room;
        out.extend_from_slice(piece.get(..room).unwrap_or(piece));
    });
    (Cow::Owned(out), sound || cut, cut)
}

fn base64(mut body: &[u8], sink: &mut dyn FnMut(&[u8])) -> bool {
    let mut piece = Vec::with_capacity(PIECE + 3);
    let mut sound = true;
    let mut held = 0u32;
    let mut count = 0u8;
    let mut padded = false;
    while !body.is_empty() {
        // Whole quartets as long as nothing else comes between: nearly always, for a line.
        if count == 0 && !padded {
            body = quartets(body, &mut piece);
            hand_on(&mut piece, sink);
        }
        let Some((byte, rest)) = body.split_first() else {
            break;
        };
        body = rest;
        match sextet(*byte) {
            BLANK => {}
            PAD => padded = true,
            JUNK => sound = false,
            _ if padded => sound = false,
            value => {
                held = held << 6 | u32::from(value);
                count += 1;
                if count == 4 {
                    piece.extend_from_slice(held.to_be_bytes().get(1..).unwrap_or_default());
                    (held, count) = (0, 0);
                }
            }
        }
    }
    match count {
        0 => {}
        2 => piece.extend_from_slice(&[(held >> 4) as u8]),
        3 => piece.extend_from_slice(&[(held >> 10) as u8, (held >> 2) as u8]),
        _ => sound = false,
    }
    sink(&piece);
    sound
}

/// Decodes the quartets that `body` begins with, until one is not plain alphabet or `piece` is full; returns the rest.
/// No byte of what it leaves was looked at but those of one quartet: so any body is decoded in linear time.
fn quartets<'b>(body: &'b [u8], piece: &mut Vec<u8>) -> &'b [u8] {
    let mut rest = body;
    while let Some(([a, b, c, d], after)) = rest.split_first_chunk::<4>() {
        let (a, b, c, d) = (sextet(*a), sextet(*b), sextet(*c), sextet(*d));
        if (a | b | c | d) & 0xc0 != 0 || piece.len() >= PIECE {
            break;
        }
        piece.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        rest = after;
    }
    rest
}

/// `body` decodes to nothing. Looks no farther than the first thing that is something.
pub(crate) fn is_empty(body: &[u8], encoding: Encoding) -> bool {
    match encoding {
        Encoding::Identity => body.is_empty(),
        Encoding::Base64 => {
            let values = body.iter().map(|b| sextet(*b)).take_while(|s| *s != PAD).filter(|s| s & 0xc0 == 0);
            values.take(2).count() < 2
        }
        Encoding::QuotedPrintable => body.split_inclusive(|b| *b == b'\n').all(|line| {
            let text = line.trim_ascii_end();
            text == b"=" || text.is_empty() && line.last() != Some(&b'\n')
        }),
    }
}

fn quoted_printable(body: &[u8], sink: &mut dyn FnMut(&[u8])) -> bool {
    let mut sound = true;
    let mut piece = Vec::with_capacity(PIECE);
    for line in body.split_inclusive(|b| *b == b'\n') {
        let (text, end): (&[u8], &[u8]) = match line {
            [text @ .., b'\r', b'\n'] => (text, b"\r\n"),
            [text @ .., b'\n'] => (text, b"\n"),
            text => (text, b""),
        };
        // Blanks at the end of a line were added on the way (RFC 2045 §6.7 rule 3).
        let text = text.trim_ascii_end();
        let (mut rest, soft) = match text {
            [text @ .., b'='] => (text, true),
            text => (text, false),
        };
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            let escaped = match after {
                [high, low, ..] if *byte == b'=' => hex(*high).zip(hex(*low)),
                _ => None,
            };
            if let Some((high, low)) = escaped {
                piece.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
            } else {
                sound &= *byte != b'=';
                piece.push(*byte);
            }
            hand_on(&mut piece, sink); // a line may be as long as the message
        }
        if !soft {
            piece.extend_from_slice(end);
        }
        hand_on(&mut piece, sink);
    }
    sink(&piece);
    sound
}

/// Hands a full piece on.
fn hand_on(piece: &mut Vec<u8>, sink: &mut dyn FnMut(&[u8])) {
    if piece.len() >= PIECE {
        sink(piece);
        piece.clear();
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base64_of(bytes: &[u8]) -> Vec<u8> {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = Vec::new();
        for (n, three) in bytes.chunks(3).enumerate() {
            let mut word = [0u8; 3];
            word[..three.len()].copy_from_slice(three);
            let bits = u32::from_be_bytes([0, word[0], word[1], word[2]]);
            for i in 0..4 {
                let sign = alphabet[(bits >> (18 - 6 * i)) as usize & 63];
                out.push(if i <= three.len() { sign } else { b'=' });
            }
            if n % 19 == 18 {
                out.extend_from_slice(b"\r\n");
            }
        }
        out
    }

    proptest! {
        #[test]
        fn base64_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert_eq!(whole(&base64_of(&bytes), Encoding::Base64), (bytes, true));
        }

        #[test]
        fn any_bytes_decode_to_something(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let (base, _) = whole(&bytes, Encoding::Base64);
            prop_assert!(base.len() <= bytes.len());
            let (quoted, _) = whole(&bytes, Encoding::QuotedPrintable);
            prop_assert!(quoted.len() <= bytes.len());
        }
    }

    proptest! {
        #[test]
        fn emptiness_is_told_without_decoding(text in "[=A\r\n ]{0,6}") {
            for encoding in [Encoding::Identity, Encoding::Base64, Encoding::QuotedPrintable] {
                prop_assert_eq!(is_empty(text.as_bytes(), encoding), whole(text.as_bytes(), encoding).0.is_empty());
            }
        }
    }

    /// Each of these took seconds a megabyte when a failed try was paid for by its length.
    #[test]
    fn junk_is_decoded_in_linear_time() {
        for unit in ["A".repeat(16_000) + "!", "A!".into(), "AAAA!".into(), "A".into(), "\r\n".into(), "=".into()] {
            let body = unit.repeat((4 << 20) / unit.len());
            for encoding in [Encoding::Base64, Encoding::QuotedPrintable] {
                let mut longest = 0;
                each_piece(body.as_bytes(), encoding, &mut |piece| longest = longest.max(piece.len()));
                assert!(longest <= 2 * PIECE, "{longest}");
            }
        }
    }

    #[test]
    fn base64_tells_junk_from_blanks() {
        assert_eq!(whole(b" YW Jj\r\n", Encoding::Base64), (b"abc".to_vec(), true));
        assert_eq!(whole(b"YWJj!!!!", Encoding::Base64), (b"abc".to_vec(), false));
        assert!(!whole(b"YWI=YWI=", Encoding::Base64).1);
        assert_eq!(whole(b"YWJjY", Encoding::Base64), (b"abc".to_vec(), false));
    }

    #[test]
    fn quoted_printable_joins_soft_lines_and_keeps_what_it_cannot_read() {
        let (out, sound) = whole(b"citt=C3=A0 =\r\nbella  \r\nfine", Encoding::QuotedPrintable);
        assert_eq!((out.as_slice(), sound), ("città bella\r\nfine".as_bytes(), true));
        assert_eq!(whole(b"a=zz", Encoding::QuotedPrintable), (b"a=zz".to_vec(), false));
    }
}

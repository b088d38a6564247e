//! Changes when a text encoding of mail (base64, quoted-printable, encoded words, PEM) is written another way.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 without line breaks (RFC 4648 §4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            if place <= group.len() {
                let index = usize::try_from((word >> (18 - 6 * place)) & 0x3f).unwrap_or(0);
                out.push(ALPHABET.get(index).map_or('A', |letter| char::from(*letter)));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// The bytes of base64 text; anything outside the alphabet is skipped, as RFC 2045 §6.8 asks.
pub(crate) fn from_base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0u32, 0u32);
    for letter in text {
        let Some(value) = ALPHABET.iter().position(|known| known == letter) else {
            continue;
        };
        word = (word << 6) | u32::try_from(value).unwrap_or(0);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.extend(u8::try_from((word >> bits) & 0xff));
        }
    }
    out
}

/// Base64 in lines of `width`, each closed by CRLF.
pub(crate) fn base64_lines(bytes: &[u8], width: usize) -> String {
    let text = base64(bytes);
    let mut out = String::with_capacity(text.len() + text.len() / width * 2 + 2);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(width.min(rest.len()));
        out.push_str(line);
        out.push_str("\r\n");
        rest = after;
    }
    out
}

/// PEM (RFC 7468).
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", base64_lines(der, 64).replace("\r\n", "\n"))
}

/// The first PEM block of that label.
pub(crate) fn from_pem(label: &str, text: &str) -> Option<Vec<u8>> {
    let (_, after) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = after.split_once(&format!("-----END {label}-----"))?;
    Some(from_base64(body.as_bytes()))
}

/// Quoted-printable (RFC 2045 §6.7) of bytes whose lines end in LF or CRLF; the result's lines end in CRLF.
pub(crate) fn quoted_printable(bytes: &[u8]) -> String {
    const LINE: usize = 76;
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if number > 0 {
            out.push_str("\r\n");
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut column = 0;
        for (place, byte) in line.iter().enumerate() {
            let last = place + 1 == line.len();
            let plain = matches!(byte, 0x21..=0x3c | 0x3e..=0x7e) || (matches!(byte, b' ' | b'\t') && !last);
            let token = if plain { char::from(*byte).to_string() } else { format!("={byte:02X}") };
            if column + token.len() > LINE - usize::from(!last) {
                out.push_str("=\r\n");
                column = 0;
            }
            column += token.len();
            out.push_str(&token);
        }
    }
    out
}

/// ISO-8859-1, with `?` for what it cannot say: what providers' human texts are written in (RFC 6109 §3).
pub(crate) fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
}

/// A header value: itself when it is printable ASCII, else RFC 2047 encoded words in UTF-8, folded.
pub(crate) fn header_text(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) && !text.contains("=?") {
        return text.to_string();
    }
    const WORD_BYTES: usize = 42; // 56 letters of base64; with its shell a word stays under the 75 of RFC 2047 §2
    let mut words: Vec<String> = Vec::new();
    let mut pending = String::new();
    for letter in text.chars() {
        if pending.len() + letter.len_utf8() > WORD_BYTES {
            words.push(std::mem::take(&mut pending));
        }
        pending.push(letter);
    }
    words.push(pending);
    let words: Vec<String> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", base64(word.as_bytes()))).collect();
    words.join("\r\n ")
}

/// Two upper-case hex digits a byte.
pub(crate) fn hex_upper(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Two lower-case hex digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_there_and_back() {
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes), text);
            assert_eq!(from_base64(text.as_bytes()), bytes);
        }
        assert_eq!(base64_lines(&[0; 6], 4), "AAAA\r\nAAAA\r\n");
    }

    #[test]
    fn quoted_printable_guards_ends_of_lines_and_long_lines() {
        assert_eq!(quoted_printable("perché \nno=\n".as_bytes()), "perch=C3=A9=20\r\nno=3D\r\n");
        let long = quoted_printable(&[b'x'; 200]);
        assert!(long.lines().all(|line| line.len() <= 76), "{long}");
        assert_eq!(long.replace("=\r\n", "").len(), 200);
    }

    #[test]
    fn encoded_words_break_between_letters() {
        assert_eq!(header_text("plain subject"), "plain subject");
        let words = header_text(&"è".repeat(60));
        for word in words.split("\r\n ") {
            assert!(word.len() <= 75, "{word}");
            let inside = word.strip_prefix("=?UTF-8?B?").and_then(|word| word.strip_suffix("?=")).unwrap();
            assert!(String::from_utf8(from_base64(inside.as_bytes())).unwrap().chars().all(|letter| letter == 'è'));
        }
    }
}

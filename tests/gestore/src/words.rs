//! Changes when headers in another charset or encoding must be read into `oggetto` or a file name.

use crate::codec::from_base64;

/// The text of an unstructured field: encoded words (RFC 2047) read, blanks between two of them dropped (§6.2).
pub(crate) fn decode(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, from) = rest.split_at(start);
        let Some((word, after)) = encoded_word(from) else {
            out.push_str(before);
            out.push_str("=?");
            rest = from.get(2..).unwrap_or_default();
            after_word = false;
            continue;
        };
        if !(after_word && before.chars().all(char::is_whitespace)) {
            out.push_str(before);
        }
        out.push_str(&word);
        rest = after;
        after_word = true;
    }
    out.push_str(rest);
    out
}

/// The word at the start of `from`, and what follows it.
fn encoded_word(from: &str) -> Option<(String, &str)> {
    let mut pieces = from.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, tail) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let (coded, after) = tail.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => from_base64(coded.as_bytes()),
        "Q" | "q" => percent(coded.replace('_', " ").as_bytes(), b'='),
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or_default(); // RFC 2231 §5: a language may follow
    Some((in_charset(charset, &bytes), after))
}

/// `charset'language'percent-encoded` (RFC 2231 §4).
pub(crate) fn decode_extended(value: &str) -> String {
    let mut pieces = value.splitn(3, '\'');
    match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(charset), Some(_), Some(coded)) => in_charset(charset, &percent(coded.as_bytes(), b'%')),
        _ => value.to_string(),
    }
}

/// Bytes with `mark` and two hex digits standing for one.
fn percent(coded: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(coded.len());
    let mut rest = coded;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == mark).and_then(|pair| std::str::from_utf8(pair).ok());
        match digits.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// UTF-8 if it is; else, whatever the charset is called, ISO-8859-1: a simulated provider need not know the others.
fn in_charset(charset: &str, bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !charset.to_ascii_lowercase().starts_with("iso-8859") => text.to_string(),
        _ => latin1(bytes),
    }
}

/// ISO-8859-1, of which every byte is a letter.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_the_blank_between_two_is_dropped() {
        assert_eq!(
            decode("Re: =?UTF-8?Q?perch=C3=A9?= =?utf-8?B?IG5v?= =?ISO-8859-1?Q?_citt=E0?= ok"),
            "Re: perché no città ok"
        );
    }

    #[test]
    fn what_only_looks_like_a_word_stays() {
        for text in ["=?", "a =?b", "=?utf-8?X?abc?=", "=?utf-8?Q?never closed"] {
            assert_eq!(decode(text), text);
        }
    }
}

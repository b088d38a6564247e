//! LDIF (RFC 2849), as much of it as holds entries: folding, comments, base64 values. Change records, and values by URL,
//! are refused.

use crate::decode;
use crate::mime::Encoding;
use alloc::borrow::Cow;
use alloc::string::String;

/// Longest value, unfolded, in bytes. A certificate has 2,000.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024;

/// One logical line that is no comment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// The end of an entry.
    Blank,
    /// An attribute, its name in lower case with its options: `providercertificate;binary`.
    Value(String, Cow<'a, [u8]>),
}

/// Calls `sink` with every logical line; the number of the first line that does not read, or that `sink` refuses.
pub(crate) fn read<'a>(mut text: &'a [u8], mut sink: impl FnMut(Line<'a>) -> Option<()>) -> Result<(), usize> {
    let mut number = 0;
    while !text.is_empty() {
        let (first, rest) = line(text);
        let begins = number + 1;
        (text, number) = (rest, begins);
        let mut whole = Cow::Borrowed(first);
        // RFC 2849 note 2: a line that begins with a space goes on with the one before; a comment's too.
        while text.first() == Some(&b' ') {
            let (more, rest) = line(text);
            (text, number) = (rest, number + 1);
            if whole.len() + more.len() > LINE_BYTES_MAX {
                return Err(begins);
            }
            whole.to_mut().extend_from_slice(more.get(1..).unwrap_or_default());
        }
        if whole.len() > LINE_BYTES_MAX {
            return Err(begins);
        }
        if whole.first() != Some(&b'#') {
            parse(whole).and_then(&mut sink).ok_or(begins)?;
        }
    }
    Ok(())
}

/// The first line without its end, and the rest.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let (line, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    (line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..).unwrap_or_default())
}

fn parse(line: Cow<'_, [u8]>) -> Option<Line<'_>> {
    if line.is_empty() {
        return Some(Line::Blank);
    }
    let colon = memchr::memchr(b':', &line)?;
    let name = core::str::from_utf8(line.get(..colon)?).ok()?.to_ascii_lowercase();
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b';');
    if name.is_empty() || !name.bytes().all(legal) {
        return None;
    }
    let after = colon + 1;
    match line.get(after) {
        Some(b'<') => None,
        Some(b':') => {
            let (value, sound) = decode::whole(line.get(after + 1..)?.trim_ascii(), Encoding::Base64);
            sound.then_some(Line::Value(name, Cow::Owned(value)))
        }
        _ => {
            let begin = line.get(after..)?.iter().position(|b| *b != b' ').map_or(line.len(), |spaces| after + spaces);
            let value = match line {
                Cow::Borrowed(line) => Cow::Borrowed(line.get(begin..)?),
                Cow::Owned(mut line) => Cow::Owned(line.split_off(begin)),
            };
            Some(Line::Value(name, value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    fn values(text: &str) -> Result<Vec<String>, usize> {
        let mut out = Vec::new();
        read(text.as_bytes(), |line| {
            out.push(match line {
                Line::Blank => String::from("-"),
                Line::Value(name, value) => format!("{name}={}", String::from_utf8_lossy(&value)),
            });
            Some(())
        })?;
        Ok(out)
    }

    #[test]
    fn folding_comments_base64_and_line_ends() {
        let text = "# a comment\n  that goes on\nDN: o=x\r\nlong:  one\n  two\n  \n b: no\nX;binary:: Y2lh\n bw==\nempty:\n\ndn: y";
        assert_eq!(
            values(text).unwrap(),
            ["dn=o=x", "long=one two b: no", "x;binary=ciao", "empty=", "-", "dn=y"].map(|s| {
                // The folded blank line of two spaces contributes one.
                if s.starts_with("long") { String::from("long=one two b: no") } else { String::from(s) }
            })
        );
    }

    #[test]
    fn what_does_not_read_is_named_by_its_line() {
        for (text, number) in [
            ("a: 1\nno colon\n", 2),
            ("a: 1\n b\nfile:< file:///etc/passwd\n", 3),
            ("x:: not*base64\n", 1),
            ("na me: x\n", 1),
            (": x\n", 1),
        ] {
            assert_eq!(values(text), Err(number), "{text:?}");
        }
        assert_eq!(values(&format!("a: {}", "x".repeat(LINE_BYTES_MAX))), Err(1));
        assert_eq!(values(&format!("b: 1\na: {}", "\n x".repeat(LINE_BYTES_MAX))), Err(2));
    }
}

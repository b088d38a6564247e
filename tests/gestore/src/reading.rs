//! Changes when the access point must understand more of what it is given.
//!
//! Just enough of RFC 5322 and RFC 2045 to check, stamp and shorten a submitted message without touching its other bytes.

use crate::words;

/// A message cut into header fields and body; every part is a slice of the bytes given.
pub(crate) struct Message<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    /// After the empty line.
    pub(crate) body: &'a [u8],
}

/// One header field.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    /// The whole field, folded lines and the final line break included.
    pub(crate) raw: &'a [u8],
    /// Before the colon.
    name: &'a [u8],
    /// After the colon.
    value: &'a [u8],
}

impl<'a> Message<'a> {
    /// Total: a line without a colon is a field without a name, a message without an empty line is all header.
    pub(crate) fn read(raw: &'a [u8]) -> Message<'a> {
        let (mut fields, mut start, mut end): (Vec<Field<'a>>, usize, usize) = (Vec::new(), 0, 0);
        let mut close = |from: usize, to: usize| {
            if let Some(field) = raw.get(from..to).filter(|field| !field.is_empty()) {
                let colon = field.iter().position(|byte| *byte == b':').unwrap_or(0);
                let (name, value) = field.split_at(colon);
                fields.push(Field { raw: field, name: name.trim_ascii(), value: value.get(1..).unwrap_or_default() });
            }
        };
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            if matches!(line, b"\r\n" | b"\n") {
                close(start, end);
                let body = raw.get(end + line.len()..).unwrap_or_default();
                return Message { fields, body };
            }
            if !matches!(line.first(), Some(b' ' | b'\t')) {
                close(start, end);
                start = end;
            }
            end += line.len();
        }
        close(start, end);
        Message { fields, body: &[] }
    }

    /// Every field of that name, in order.
    pub(crate) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = Field<'a>> + 's {
        self.fields.iter().copied().filter(move |field| field.is(name))
    }

    /// The unfolded text of the first field of that name.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.all(name).next().map(|field| field.text())
    }

    /// The same with encoded words read.
    pub(crate) fn decoded(&self, name: &str) -> Option<String> {
        self.text(name).map(|text| words::decode(&text))
    }

    /// Every address in every field of that name.
    pub(crate) fn addresses(&self, name: &str) -> Vec<String> {
        self.all(name).flat_map(|field| addresses(&field.text())).collect()
    }
}

impl Field<'_> {
    /// Names compare without case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Unfolded and trimmed; bytes that are not UTF-8 are taken for ISO-8859-1.
    pub(crate) fn text(&self) -> String {
        let unfolded: Vec<u8> = self.value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        match String::from_utf8(unfolded) {
            Ok(text) => text.trim().to_string(),
            Err(raw) => words::latin1(raw.as_bytes()).trim().to_string(),
        }
    }
}

/// The addresses of a list (RFC 5322 §3.4): inside angle brackets where there are any; quoted strings and comments are skipped.
pub(crate) fn addresses(list: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut plain, mut angle): (String, Option<String>) = (String::new(), None);
    let (mut quoted, mut comment, mut inside, mut escaped) = (false, 0u32, false, false);
    for letter in list.chars().chain([',']) {
        if escaped {
            escaped = false;
            continue;
        }
        match letter {
            '\\' if quoted || comment > 0 => escaped = true,
            '"' if comment == 0 => quoted = !quoted,
            _ if quoted => {}
            '(' => comment += 1,
            ')' => comment = comment.saturating_sub(1),
            _ if comment > 0 => {}
            '<' => (inside, angle) = (true, Some(String::new())),
            '>' => inside = false,
            ',' | ';' => {
                let address = angle.take().unwrap_or_else(|| std::mem::take(&mut plain));
                let address = address.trim();
                if address.contains('@') {
                    found.push(address.to_string());
                }
                plain.clear();
                inside = false;
            }
            ':' if !inside => plain.clear(), // the name of a group
            _ => match &mut angle {
                Some(address) if inside => address.push(letter),
                _ => plain.push(letter),
            },
        }
    }
    found
}

/// The parameter `name` of a structured field such as Content-Type, decoded (RFC 2045 §5.1, RFC 2047, RFC 2231 §3-4).
pub(crate) fn parameter(field: &str, name: &str) -> Option<String> {
    const MOST_SEGMENTS: usize = 100; // no file name is longer
    let parameters = parameters(field);
    let value = |wanted: &str| {
        parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
    };
    if let Some(plain) = value(name) {
        return Some(words::decode(&plain));
    }
    if let Some(extended) = value(&format!("{name}*")) {
        return Some(words::decode_extended(&extended));
    }
    let mut joined = String::new();
    let mut extended = false;
    for number in 0..MOST_SEGMENTS {
        match (value(&format!("{name}*{number}")), value(&format!("{name}*{number}*"))) {
            (Some(plain), _) => joined.push_str(&plain),
            (None, Some(encoded)) => (extended, joined) = (true, joined + &encoded),
            (None, None) => break,
        }
    }
    match (joined.is_empty(), extended) {
        (true, _) => None,
        (false, true) => Some(words::decode_extended(&joined)),
        (false, false) => Some(joined),
    }
}

fn parameters(field: &str) -> Vec<(String, String)> {
    let (mut found, mut current) = (Vec::new(), String::new());
    let (mut quoted, mut escaped) = (false, false);
    for letter in field.chars().chain([';']) {
        match letter {
            _ if escaped => {
                escaped = false;
                current.push(letter);
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                if let Some((name, value)) = current.split_once('=') {
                    found.push((name.trim().to_string(), value.trim().to_string()));
                }
                current.clear();
            }
            _ => current.push(letter),
        }
    }
    found
}

/// CRLF at the end of every line: what mail carries on the wire. A lone CR stays as it is.
pub(crate) fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 32);
    let mut before = 0;
    for byte in raw {
        if *byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        before = *byte;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_bytes_and_unfold_as_text() {
        let message = Message::read(b"Subject: one\r\n two\r\nto: a@b.test\r\n\r\nbody");
        assert_eq!(message.fields[0].raw, b"Subject: one\r\n two\r\n");
        assert_eq!(message.text("SUBJECT").as_deref(), Some("one two"));
        assert_eq!(message.addresses("To"), ["a@b.test"]);
        assert_eq!(message.body, b"body");
    }

    #[test]
    fn anything_can_be_read() {
        assert!(Message::read(b"").fields.is_empty());
        assert_eq!(Message::read(b"no colon at all").fields.len(), 1);
        assert_eq!(Message::read(b"\r\nonly body").body, b"only body");
    }

    #[test]
    fn addresses_survive_names_comments_and_groups() {
        let list = r#""Rossi, Mario <x@y.test>" <mario@a.test>, (ufficio, vecchio) b@b.test, uffici: c@c.test, "d" <D@d.test>;"#;
        assert_eq!(addresses(list), ["mario@a.test", "b@b.test", "c@c.test", "D@d.test"]);
        assert!(addresses("undisclosed-recipients:;").is_empty());
    }

    #[test]
    fn parameters_are_read_in_all_their_spellings() {
        for (field, name) in [
            (r#"application/pdf; name="a;b.pdf""#, "a;b.pdf"),
            ("application/pdf; name==?UTF-8?Q?perch=C3=A9.pdf?=", "perché.pdf"),
            ("application/pdf; name*=utf-8''perch%C3%A9.pdf", "perché.pdf"),
            ("application/pdf; name*0=\"lungo\"; name*1=\".pdf\"", "lungo.pdf"),
            ("application/pdf; name*0*=utf-8''perch%C3%A9; name*1=.pdf", "perché.pdf"),
        ] {
            assert_eq!(parameter(field, "name").as_deref(), Some(name), "{field}");
        }
        assert_eq!(parameter("application/pdf", "name"), None);
    }

    #[test]
    fn bare_line_feeds_become_crlf_and_crlf_stays() {
        assert_eq!(with_crlf(b"a\nb\r\nc\rd"), b"a\r\nb\r\nc\rd");
    }
}

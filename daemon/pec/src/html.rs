//! HTML mail to plain text, for reading and for rules: one pass, bounded, nothing fetched, nothing run.

use alloc::string::String;

/// Longest character reference looked for, with its `;`.
const REFERENCE_MAX: usize = 12;

/// Elements whose content is not for people.
const HIDDEN: [&str; 6] = ["head", "script", "style", "template", "title", "noscript"];
/// Elements that begin a line.
const BLOCKS: [&str; 22] = [
    "address",
    "article",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "table",
    "tr",
    "ul",
];

/// The text of `html`, at most `most` bytes of it. Runs of blanks become one; a block begins a line.
pub(crate) fn to_text(html: &str, most: usize) -> String {
    let mut out = Out { text: String::new(), blank: false, breaks: 0 };
    let mut rest = html;
    while out.text.len() < most {
        let Some((before, after)) = rest.split_once('<') else {
            out.words(rest);
            break;
        };
        out.words(before);
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, next)| next);
            continue;
        }
        // A `<` that opens no tag is text.
        if !after.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            out.words("<");
            rest = after;
            continue;
        }
        let (tag, next) = split_tag(after);
        rest = next;
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        if HIDDEN.contains(&name.as_str()) && !tag.starts_with('/') && !tag.ends_with('/') {
            rest = after_closing(rest, &name);
        } else if BLOCKS.contains(&name.as_str()) {
            out.line(if name == "p" { 2 } else { 1 });
        } else if name == "td" || name == "th" {
            out.blank = true;
        }
    }
    let mut text = out.text;
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text.truncate(text.trim_end().len());
    text
}

struct Out {
    text: String,
    blank: bool,
    breaks: usize,
}

impl Out {
    /// Adds text, its references resolved.
    fn words(&mut self, mut text: &str) {
        while let Some((before, after)) = text.split_once('&') {
            before.chars().for_each(|c| self.push(c));
            let end = after.bytes().take(REFERENCE_MAX).position(|b| b == b';');
            let found = end.and_then(|end| Some((character(after.get(..end)?)?, after.get(end + 1..)?)));
            let (c, next) = found.unwrap_or(('&', after));
            self.push(c);
            text = next;
        }
        text.chars().for_each(|c| self.push(c));
    }

    fn push(&mut self, c: char) {
        if c.is_whitespace() {
            self.blank = true;
            return;
        }
        if self.breaks > 0 {
            self.text.extend(core::iter::repeat_n('\n', self.breaks));
        } else if self.blank && !self.text.is_empty() {
            self.text.push(' ');
        }
        (self.blank, self.breaks) = (false, 0);
        self.text.push(c);
    }

    fn line(&mut self, breaks: usize) {
        if !self.text.is_empty() {
            self.breaks = self.breaks.max(breaks);
        }
    }
}

/// The inside of a tag and what follows it; a `>` within quotes does not end it.
fn split_tag(after: &str) -> (&str, &str) {
    let mut quote = None;
    let mut last = b' ';
    for (at, byte) in after.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' => {
                return (after.get(..at).unwrap_or_default(), after.get(at + 1..).unwrap_or_default());
            }
            // Only a quote that begins a value: apostrophes stand alone in sloppy mail.
            None if last == b'=' && matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
    }
    (after, "")
}

/// What follows `</name`, or nothing.
fn after_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("</") {
        rest = after;
        if after.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)) {
            return split_tag(after).1;
        }
    }
    ""
}

/// The character of a reference without `&` and `;`: numbers, and the names that Italian mail uses.
fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control());
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "agrave" => 'à',
        "egrave" => 'è',
        "eacute" => 'é',
        "igrave" => 'ì',
        "ograve" => 'ò',
        "ugrave" => 'ù',
        "Agrave" => 'À',
        "Egrave" => 'È',
        "Eacute" => 'É',
        "Igrave" => 'Ì',
        "Ograve" => 'Ò',
        "Ugrave" => 'Ù',
        "aacute" => 'á',
        "ccedil" => 'ç',
        "deg" => '°',
        "euro" => '€',
        "laquo" => '«',
        "raquo" => '»',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "bull" => '•',
        "middot" => '·',
        "ordm" => 'º',
        "ordf" => 'ª',
        "sect" => '§',
        "copy" => '©',
        "reg" => '®',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "szlig" => 'ß',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_letter_reads_as_a_person_sees_it() {
        let html = "<html><head><style>p{color:red}</style></head><body><!-- <p>no</p> --><p>Gentile ufficio,</p>\
                    <div title=\"a>b\">chiedo   l&rsquo;accesso<br>agli\natti &amp; copie: 3 < 5</div>\
                    <script>x='<p>';</script><table><tr><td>a</td><td>b</td></tr></table>&#233;&#x20AC;&bogus; &";
        assert_eq!(
            to_text(html, 10_000),
            "Gentile ufficio,\n\nchiedo l’accesso\nagli atti & copie: 3 < 5\na b\né€&bogus; &"
        );
    }

    #[test]
    fn text_is_cut_at_the_bound_between_characters() {
        assert_eq!(to_text("<p>ààà", 5), "àà");
    }

    #[test]
    fn an_unclosed_script_hides_the_rest_in_linear_time() {
        let html = "<script>".repeat(200_000);
        assert_eq!(to_text(&html, 100), "");
        assert_eq!(to_text(&"<".repeat(1_000_000), 100).len(), 100);
    }

    proptest! {
        #[test]
        fn any_text_is_answered_within_the_bound(html in "[<>/a-z&;#\"'= !-]{0,300}", most in 0usize..100) {
            prop_assert!(to_text(&html, most).len() <= most);
        }
    }
}

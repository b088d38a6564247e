//! Text from outside made safe to stand in a letter. Changes when a character proves dangerous or a length wrong.

use alloc::string::String;

/// Longest one-line value, bytes. A longer one is cut and ends with `…`.
pub(super) const LINE_MAX: usize = 400;

/// Longest quoted text, bytes. A longer one is cut and says so.
pub(super) const QUOTE_MAX: usize = 32 * 1024;

/// Most lines of a quoted text. More are cut, and the text says so.
pub(super) const QUOTE_LINES_MAX: usize = 800;

/// What a cut quotation ends with.
pub(super) const CUT_NOTE: &str = "[Testo tagliato perché troppo lungo. Il resto è nel messaggio originale.]";

/// What opens every line of a quotation, so that no line of a citizen can pass for one of ours.
pub(super) const QUOTE_MARK: &str = "> ";

/// One line: line ends and other white space become single spaces, invisible characters go, at most `max` bytes.
pub(super) fn line(text: &str, max: usize) -> String {
    // Cleaning only shortens, so there is no use in reading much more than what is kept.
    let head = cut(text, max.saturating_mul(4));
    let mut out = String::new();
    for word in head.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut clean = word.chars().filter(|c| !is_invisible(*c)).peekable();
        if clean.peek().is_some() && !out.is_empty() {
            out.push(' ');
        }
        out.extend(clean);
    }
    if out.len() <= max && head.len() == text.len() {
        return out;
    }
    let kept = cut(&out, max.saturating_sub('…'.len_utf8())).len();
    out.truncate(kept);
    out.push('…');
    out
}

/// A quotation: every line opens with [`QUOTE_MARK`], invisible characters go, long runs of empty lines become one.
pub(super) fn quote(text: &str) -> String {
    let head = cut(text, QUOTE_MAX);
    let mut out = String::new();
    let mut count = 0;
    let mut blanks = 0;
    let mut whole = head.len() == text.len();
    for raw in head.replace("\r\n", "\n").split(is_line_end) {
        let clean: String = raw
            .chars()
            .map(|c| if c == '\t' { ' ' } else { c })
            .filter(|c| !c.is_control() && !is_invisible(*c))
            .collect();
        let clean = clean.trim_end();
        if clean.is_empty() {
            blanks += 1;
            continue;
        }
        if count >= QUOTE_LINES_MAX {
            whole = false;
            break;
        }
        if blanks > 0 && !out.is_empty() {
            out.push_str(QUOTE_MARK.trim_end());
            out.push('\n');
        }
        blanks = 0;
        count += 1;
        out.push_str(QUOTE_MARK);
        out.push_str(clean);
        out.push('\n');
    }
    if !whole {
        out.push_str(CUT_NOTE);
    }
    out.truncate(out.trim_end().len());
    out
}

/// The longest beginning of `text` that is at most `max` bytes.
fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or_default()
}

/// A carriage return alone ends a line too: old Macs wrote so, and attackers still do.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters that are not seen, but change what is: direction marks (a name read backwards), zero-width ones, tags.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn a_line_cannot_open_a_header() {
        assert_eq!(line("Ciao\r\nBcc: spia@pec.example\0fine", 400), "Ciao Bcc: spia@pec.example fine");
        assert_eq!(line("a\u{2028}b\u{85}c\u{b}d", 400), "a b c d");
    }

    #[test]
    fn what_is_read_is_what_is_there() {
        assert_eq!(line("fattura\u{202e}fdp.exe", 400), "fatturafdp.exe");
        assert_eq!(line("\u{200b}\u{feff} \u{2066}", 400), "");
    }

    #[test]
    fn a_long_line_says_that_it_is_cut() {
        let cut = line(&"è".repeat(5000), 400);
        assert!(cut.ends_with("è…") && cut.len() <= 400 && cut.len() > 390, "{}", cut.len());
        assert_eq!(line("breve", 400), "breve");
    }

    #[test]
    fn every_quoted_line_is_marked() {
        assert_eq!(quote("uno\r\n\r\n\r\n\tdue\rtre\n\n"), "> uno\n>\n>  due\n> tre".to_string());
    }

    #[test]
    fn a_quotation_says_that_it_is_cut() {
        let mega = quote(&"parola ".repeat(150_000));
        assert!(mega.len() < QUOTE_MAX + 100 && mega.ends_with(CUT_NOTE));
        let rows = quote(&"riga\n".repeat(5000));
        assert_eq!(rows.lines().count(), QUOTE_LINES_MAX + 1);
        assert!(rows.ends_with(CUT_NOTE));
    }

    proptest! {
        /// Whatever comes in, a line is one line within its bound, and every line of a quotation is marked or ours.
        #[test]
        fn any_text_is_tamed(text in "\\PC{0,300}|.{0,300}|[ \r\n\u{202e}\u{200b}aè🦀]{0,2000}") {
            let one = line(&text, 40);
            prop_assert!(one.len() <= 40 && !one.contains(['\n', '\r']));
            prop_assert!(!one.chars().any(is_invisible) && one.trim() == one);
            for row in quote(&text).lines() {
                prop_assert!(row.starts_with('>') || row == CUT_NOTE);
            }
        }
    }
}

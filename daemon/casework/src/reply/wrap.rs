//! Lines short enough for every mail program. Changes when the width or the way of breaking changes.

use super::clean::QUOTE_MARK;
use alloc::string::String;

/// Widest line, characters (RFC 5322 §2.1.1). A web address or `mailto:` may be longer: broken, it would not open.
pub const WIDTH: usize = 78;
/// Longest label before a colon, characters.
const LABEL_CHARS: usize = 45;
/// Most words of a label under which the rest of its line hangs.
const LABEL_WORDS: usize = 4;

/// Breaks long lines at spaces, drops spaces at line ends and repeated empty lines, ends with one line end.
///
/// A line of the template is a line of the letter; a broken one goes on under its own text: after `- ` and after a label it is
/// indented, after `> ` it is marked again. What somebody wrote into a subject must not begin a line like one of ours.
pub(super) fn wrap(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut blank = true; // so that the letter does not begin with an empty line
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            if !blank {
                out.push('\n');
            }
            blank = true;
            continue;
        }
        blank = false;
        wrap_line(line, &mut out);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn wrap_line(line: &str, out: &mut String) {
    let body = line.trim_start_matches(' ');
    // An indentation that fills the line would leave no room for words.
    let indent = (line.len() - body.len()).min(WIDTH / 2);
    let (first, next) = match body {
        b if b.starts_with(QUOTE_MARK) => (QUOTE_MARK, QUOTE_MARK),
        b if b.starts_with("- ") => ("- ", "  "),
        b if hangs(b) => ("", "  "),
        _ => ("", ""),
    };
    let spaces = |out: &mut String| (0..indent).for_each(|_| out.push(' '));
    let words = body.get(first.len()..).unwrap_or_default();
    spaces(out);
    out.push_str(first);
    let margin = indent + first.len().max(next.len());
    let mut used = indent + first.len();
    // Inner spaces are kept (columns in a citizen's text), except where a line breaks.
    for (spaces_before, word) in Words(words) {
        let mut rest = word;
        let length = word.chars().count();
        if used > margin && used + spaces_before + length > WIDTH {
            break_line(out, indent, next);
            used = margin;
        } else {
            let room = spaces_before.min(WIDTH.saturating_sub(used));
            (0..room).for_each(|_| out.push(' '));
            used += room;
        }
        while used + rest.chars().count() > WIDTH && !is_link(word) {
            let at = rest.char_indices().nth(WIDTH.saturating_sub(used)).map_or(rest.len(), |(i, _)| i);
            let (head, tail) = rest.split_at(at);
            out.push_str(head);
            break_line(out, indent, next);
            used = margin;
            rest = tail;
        }
        out.push_str(rest);
        used += rest.chars().count();
    }
    out.push('\n');
}

/// Whether what is broken off a line belongs under its label, and not to a sentence that happens to have a colon.
fn hangs(line: &str) -> bool {
    has_label(line) && line.split(": ").next().is_some_and(|label| label.split(' ').count() <= LABEL_WORDS)
}

/// Whether a line opens with a label: `Oggetto: …`.
#[must_use]
pub fn has_label(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(label, _)| {
        label.chars().count() <= LABEL_CHARS && label.starts_with(char::is_uppercase) && !label.contains(['.', ','])
    })
}

fn break_line(out: &mut String, indent: usize, next: &str) {
    out.truncate(out.trim_end().len());
    out.push('\n');
    (0..indent).for_each(|_| out.push(' '));
    out.push_str(next);
}

/// Words, each with the number of spaces before it.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.trim_start_matches(' ');
        if text.is_empty() {
            return None;
        }
        let (word, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
        let before = self.0.len() - text.len();
        self.0 = rest;
        Some((before, word))
    }
}

/// What a mail program makes clickable, also between brackets.
fn is_link(word: &str) -> bool {
    let word = word.trim_start_matches(['<', '(', '«', '"']);
    ["https://", "http://", "mailto:"].iter().any(|scheme| word.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn a_long_line_goes_on_under_its_own_text() {
        let words = "parola ".repeat(15);
        let marks =
            [("", "parola"), ("- ", "  parola"), ("> ", "> parola"), ("   ", "   parola"), ("Oggetto: ", "  parola")];
        for (mark, under) in marks {
            let text = wrap(&format!("{mark}{words}"));
            let rows: Vec<_> = text.lines().collect();
            assert_eq!(rows.len(), 2, "{text}");
            assert!(rows[1].starts_with(under), "{text}");
        }
    }

    #[test]
    fn a_link_is_never_broken_and_another_word_is() {
        let link = format!("mailto:a@pec.example?subject={}", "x".repeat(100));
        let text = wrap(&format!("Scrivi qui: {link} oggi"));
        assert!(text.lines().any(|row| row.trim_start() == link), "{text}");
        assert!(wrap(&"y".repeat(400)).lines().all(|row| row.len() <= WIDTH));
    }

    #[test]
    fn empty_lines_separate_and_do_not_pile_up() {
        assert_eq!(wrap("\n\nuno  \n\n\n \ndue\n\n"), "uno\n\ndue\n");
    }

    proptest! {
        /// Breaking loses no character that is not a space, and no line without a link is too wide.
        #[test]
        fn nothing_is_lost(text in "[-> a-cè\n]{0,400}|[a-z]{0,300}( [a-z]{0,90}){0,20}") {
            let out = wrap(&text);
            let solid = |s: &str| s.chars().filter(|c| !c.is_whitespace() && *c != '>').collect::<String>();
            prop_assert_eq!(solid(&out), solid(&text));
            prop_assert!(out.lines().all(|row| row.chars().count() <= WIDTH), "{}", out);
        }
    }
}

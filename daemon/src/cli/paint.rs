//! Text for terminals: columns, cut and padded by what is seen.

use casework::reply::is_invisible;

/// Width of a line of prose, in characters.
pub(crate) const LINE: usize = 100;

/// Cuts to `width` characters, with `…` where something is missing; controls and every kind of blank become spaces. So do the
/// characters that hide, or turn the direction of writing: with one, an address reads backwards as another.
#[must_use]
pub(crate) fn cut(text: &str, width: usize) -> String {
    let shown = |c: char| if c.is_control() || c.is_whitespace() || is_invisible(c) { ' ' } else { c };
    let clean: String = text.chars().map(shown).collect();
    if clean.chars().count() <= width {
        return clean;
    }
    let mut short: String = clean.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Prints rows as columns, each as wide as its widest cell up to `max`.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>], max: usize) -> String {
    let columns = header.len();
    let cell = |row: &[String], i: usize| row.get(i).map(|c| cut(c, max)).unwrap_or_default();
    let width = |i: usize| {
        let widest = rows.iter().map(|row| cell(row, i).chars().count()).max().unwrap_or(0);
        widest.max(header.get(i).map_or(0, |h| h.chars().count()))
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |cells: Vec<String>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut out = line(header.iter().map(|h| (*h).to_owned()).collect());
    out.push_str(&line(widths.iter().map(|w| "─".repeat(*w)).collect()));
    for row in rows {
        out.push_str(&line((0..columns).map(|i| cell(row, i)).collect()));
    }
    out
}

/// Breaks a text into lines of at most [`LINE`] characters at its spaces: the first begins after `first` spaces, the others
/// after `rest`. Columns within the first line stay; a word longer than a line stays whole.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> String {
    let (mut out, mut line) = (String::new(), " ".repeat(first));
    let mut width = first; // in characters, of `line`
    let mut begun = false;
    for word in text.split(' ') {
        let length = word.chars().count();
        if begun && width + 1 + length > LINE && !word.is_empty() {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(rest);
            width = rest;
            begun = false;
        }
        if begun {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += length;
        begun = true;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_controls_cannot_break_a_row() {
        let shown = table(&["a", "b"], &[vec!["perché".into(), "x\ny".into()], vec!["1".into(), "z".repeat(50)]], 10);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines, ["a       b", "──────  ──────────", "perché  x y", "1       zzzzzzzzz…"]);
    }

    #[test]
    fn prose_is_broken_at_spaces_and_columns_stay() {
        let broken = wrap(&format!("sì   {} fine", "parola ".repeat(16).trim_end()), 2, 7);
        let lines: Vec<&str> = broken.lines().collect();
        assert_eq!(lines.len(), 2, "{broken}");
        assert!(lines[0].starts_with("  sì   parola") && lines[0].chars().count() <= LINE, "{broken}");
        assert!(lines[1].starts_with("       parola") && lines[1].ends_with("fine"), "{broken}");
        assert_eq!(wrap(&"x".repeat(LINE * 2), 2, 2), format!("  {}\n", "x".repeat(LINE * 2)));
    }

    #[test]
    fn no_address_reads_backwards() {
        assert_eq!(cut("a\u{202e}b\u{2066}c\u{200b}d", 10), "a b c d");
    }
}

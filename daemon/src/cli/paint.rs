//! Text for terminals: columns, cut and padded by what is seen.

/// Cuts to `width` characters, with `…` where something is missing; controls become spaces.
#[must_use]
pub(crate) fn cut(text: &str, width: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_controls_cannot_break_a_row() {
        let shown = table(&["a", "b"], &[vec!["perché".into(), "x\ny".into()], vec!["1".into(), "z".repeat(50)]], 10);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines, ["a       b", "──────  ──────────", "perché  x y", "1       zzzzzzzzz…"]);
    }
}

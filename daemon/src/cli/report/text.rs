//! The report as people read it: the sentences first, then every check with its reason, then what the message holds.

use super::{Facts, sentence};
use crate::cli::paint::{LINE, cut, wrap};
use crate::cli::status::grade;
use pec::{Content, Examined, Grade, Measured, Outcome};
use std::fmt::Write;

/// Where the words of a check begin, in characters.
const COLUMN: usize = 36;

/// The sentences, the checks, the content. `files`: what its attachments measure.
pub(crate) fn write(name: &str, digest: &str, bytes: usize, files: &[Measured], seen: &Examined) -> String {
    let mut out = format!("{}\n{}", cut(name, LINE), top(seen));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\nFILE\n  {bytes} byte, impronta SHA-256 {digest}");
    checks(&mut out, seen);
    if let Some(content) = Facts::of(seen).content {
        message(&mut out, content, files);
    }
    out
}

/// What a person reads first: what it is, how sure that is, what to do.
pub(crate) fn top(seen: &Examined) -> String {
    let mut out = String::new();
    if let Some(banner) = sentence::banner(seen.report.simulation) {
        let _ = writeln!(out, "{banner}");
    }
    // Of what nobody proved, the kind is what it says of itself.
    let claims = if seen.grade == Grade::Suspect { "dice di essere: " } else { "" };
    let _ = writeln!(out, "{}: {claims}{}", grade(seen.grade.code()).to_uppercase(), seen.kind.title());
    let said = sentence::say(&Facts::of(seen));
    let _ = write!(out, "{}{}", wrap(&said.says, 2, 2), wrap(&said.then, 2, 2));
    out
}

fn checks(out: &mut String, seen: &Examined) {
    let _ = writeln!(out, "\nVERIFICHE (con il paragrafo di RFC 6109, le regole tecniche della Pec)");
    for entry in &seen.report.entries {
        let (mark, why) = match &entry.outcome {
            Outcome::Pass => ("sì", ""),
            Outcome::Moot => ("–", ""),
            Outcome::Fail(why) => ("NO", why.text.as_str()),
        };
        let said: Vec<&str> = [why, entry.evidence.as_str()].into_iter().filter(|s| !s.is_empty()).collect();
        let line = format!("{mark:<3} {:<20} {:<7}  {}", entry.check.title(), entry.check.section(), said.join(" · "));
        out.push_str(&wrap(&line, 2, COLUMN));
    }
    for note in &seen.report.notes {
        out.push_str(&wrap(&format!("nota: {note}"), 2, 8));
    }
}

fn message(out: &mut String, content: &Content, files: &[Measured]) {
    let _ = writeln!(out, "\nMESSAGGIO (scritto da chi lo manda)");
    let from = content.from.first().map(|m| m.address.as_str()).unwrap_or_default();
    let _ = writeln!(out, "  da        {}\n  oggetto   {}", cut(from, LINE), cut(&content.subject, LINE));
    let html = if content.text_from_html { " (ricavati dall'HTML)" } else { "" };
    let _ = writeln!(out, "  testo     {} caratteri{html}", content.text.chars().count());
    for (file, measured) in content.attachments.iter().zip(files) {
        let claims = file.nested.map_or(String::new(), |kind| format!("; dice di essere: {}", kind.title()));
        let (name, size) = (cut(&file.name, 80), measured.size);
        let _ = writeln!(out, "  allegato  {name} ({}, {size} byte{claims})", file.media_type);
    }
    for note in &content.notes {
        out.push_str(&wrap(&format!("nota: {note}"), 2, 8));
    }
    for (file, _) in content.attachments.iter().zip(files).filter(|(_, measured)| !measured.sound) {
        let name = cut(&file.name, 80);
        out.push_str(&wrap(
            &format!("nota: la codifica dell'allegato «{name}» è guasta: letto quello che si può"),
            2,
            8,
        ));
    }
}

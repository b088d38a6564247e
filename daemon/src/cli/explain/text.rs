//! The explanation as an administrator reads it. It is also the golden file of every fixture: what people read is what tests pin.

use crate::cli::paint::cut;
use crate::cli::status::grade;
use casework::rules::{Classification, FieldCheck, Outcome as RuleOutcome};
use casework::{Change, Decision, Disposition, Lane, calendar};
use pec::{Content, Evidence, Examined, Outcome, Verdict};
use std::fmt::Write;

/// Rules shown with their points.
const RULES_SHOWN: usize = 5;

pub(super) fn write(
    name: &str,
    digest: &str,
    bytes: usize,
    seen: &Examined,
    decision: &Decision,
    letters: bool,
) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{name}\n  {bytes} byte, impronta SHA-256 {digest}\n");
    let _ = writeln!(out, "VERDETTO: {}{}", grade(seen.grade.code()).to_uppercase(), headline(seen));
    checks(&mut out, seen);
    if let Some(content) = content(seen) {
        message(&mut out, content);
    }
    if let Some(class) = &decision.classification {
        rules(&mut out, class);
    }
    self::decision(&mut out, decision, letters);
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What the message is proven to be, in the words of the wire.
pub(super) fn proven(seen: &Examined) -> Option<String> {
    match &seen.verdict {
        Verdict::Certified(certified) => Some(match certified.evidence() {
            Evidence::Envelope { daticert, .. } | Evidence::Receipt { daticert, .. } => daticert.tipo.word().to_owned(),
            Evidence::Anomaly { .. } => "busta-anomalia".to_owned(),
        }),
        Verdict::Unproven(_) => None,
    }
}

fn headline(seen: &Examined) -> String {
    match &seen.verdict {
        Verdict::Certified(certified) => {
            let signer = certified.signer();
            let simulated = if signer.simulation { "  [SIMULAZIONE: nessun valore]" } else { "" };
            let what = proven(seen).unwrap_or_default();
            format!(
                "\n  {what}, garantito da {} ({}), {}{simulated}",
                signer.organisation,
                signer.anchor,
                calendar::stamp(signer.at)
            )
        }
        Verdict::Unproven(_) => match &seen.claimed {
            Some(word) => format!("\n  dice di essere «{word}», ma non è dimostrato"),
            None => String::new(),
        },
    }
}

fn checks(out: &mut String, seen: &Examined) {
    let _ = writeln!(out, "\nVERIFICHE");
    for entry in &seen.report.entries {
        let (mark, why) = match &entry.outcome {
            Outcome::Pass => ("sì", String::new()),
            Outcome::Moot => ("–", String::new()),
            Outcome::Fail(why) => ("NO", why.text.clone()),
        };
        let said = [why.as_str(), entry.evidence.as_str()]
            .into_iter()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(" · ");
        let _ = writeln!(out, "  {mark:<3} {:<22} {said}", entry.check.title());
    }
    for note in &seen.report.notes {
        let _ = writeln!(out, "  nota: {note}");
    }
}

fn content(seen: &Examined) -> Option<&Content> {
    match &seen.verdict {
        Verdict::Certified(certified) => match certified.evidence() {
            Evidence::Envelope { message, .. } | Evidence::Anomaly { message } => Some(message),
            Evidence::Receipt { .. } => None,
        },
        Verdict::Unproven(unproven) => unproven.content.as_ref(),
    }
}

fn message(out: &mut String, content: &Content) {
    let _ = writeln!(out, "\nMESSAGGIO (scritto da chi lo manda)");
    let from = content.from.first().map(|m| m.address.as_str()).unwrap_or_default();
    let _ = writeln!(out, "  da        {}\n  oggetto   {}", cut(from, 100), cut(&content.subject, 100));
    let html = if content.text_from_html { " (ricavati dall'HTML)" } else { "" };
    let _ = writeln!(out, "  testo     {} caratteri{html}", content.text.chars().count());
    for file in &content.attachments {
        let _ = writeln!(out, "  allegato  {} ({}, {} byte)", cut(&file.name, 80), file.media_type, file.size);
    }
    for note in &content.notes {
        let _ = writeln!(out, "  nota: {note}");
    }
}

fn rules(out: &mut String, class: &Classification) {
    let _ = writeln!(out, "\nREGOLE");
    for score in class.scores.iter().take(RULES_SHOWN) {
        let chosen =
            if score.rule == class.rule && matches!(class.outcome, RuleOutcome::Chosen { .. }) { "→" } else { " " };
        let _ = writeln!(out, "  {chosen} {:>4}  {}", score.score, score.rule);
        for hit in &score.hits {
            let place = hit.place.map_or("messaggio", casework::rules::Place::code);
            let _ = writeln!(out, "         {:+4}  «{}» in {place}: {}", hit.points, hit.phrase, cut(&hit.matched, 60));
        }
    }
    if class.scores.len() > RULES_SHOWN {
        let _ = writeln!(out, "    … e altre {}", class.scores.len() - RULES_SHOWN);
    }
    for field in &class.fields {
        let check = match &field.check {
            FieldCheck::Ok => "verificato".to_owned(),
            FieldCheck::None => "senza controllo".to_owned(),
            FieldCheck::Failed(why) => format!("NON usabile: {why}"),
        };
        let _ = writeln!(out, "  campo {} = {} ({check})", field.name, cut(&field.value, 60));
    }
    for need in &class.missing {
        let _ = writeln!(out, "  manca {need}");
    }
}

fn decision(out: &mut String, decision: &Decision, letters: bool) {
    let _ = writeln!(out, "\nDECISIONE: {}", decision.disposition.title().to_uppercase());
    match &decision.disposition {
        Disposition::Request { kind, office, dossier } => {
            let dossier = dossier.as_deref().map_or(String::new(), |d| format!(", fascicolo {d}"));
            let _ = writeln!(out, "  {} → ufficio {office}{dossier}", kind.title());
        }
        Disposition::ToPerson { office, why } => {
            let _ = writeln!(out, "  ufficio {office}: {why}");
        }
        Disposition::Quarantine { why } | Disposition::Orphan { why } | Disposition::Noted { why } => {
            let _ = writeln!(out, "  {why}");
        }
        Disposition::Receipt { item } => {
            let _ = writeln!(out, "  riguarda l'invio {item}");
        }
        Disposition::Duplicate { of } => {
            let _ = writeln!(out, "  già trattato: {of}");
        }
    }
    for reason in &decision.trail {
        let _ = writeln!(out, "  perché: {}", reason.text);
    }
    for change in &decision.changes {
        if let Change::Opened { dossier } = change {
            let due = dossier.due.map_or(String::new(), |d| format!(", entro il {d}"));
            let _ = writeln!(
                out,
                "  apre il fascicolo {} «{}» ({}{due})",
                dossier.number,
                dossier.title,
                dossier.state.code()
            );
        }
    }
    if decision.outgoing.is_empty() {
        let _ = writeln!(out, "  non parte nessun messaggio");
    }
    for letter in &decision.outgoing {
        let road = if letter.lane == Lane::Pec { "Pec" } else { "compito" };
        let _ = writeln!(out, "  parte {road} «{}» a {}: {}", letter.template, letter.to, cut(&letter.subject, 100));
        if letters {
            let _ = writeln!(out, "{}", letter.text.lines().map(|line| format!("    │ {line}\n")).collect::<String>());
        }
    }
}

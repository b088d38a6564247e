//! What the service would do with a message, as an administrator reads it.

use crate::cli::paint::{cut, wrap};
use casework::rules::{Classification, FieldCheck, Outcome as RuleOutcome};
use casework::{Change, Decision, Disposition, Lane};
use std::fmt::Write;

/// Rules shown with their points.
const RULES_SHOWN: usize = 5;
/// Offices shown with the points of their matter.
const OFFICES_SHOWN: usize = 3;

/// What the rules said, what was decided, and what would leave.
pub(super) fn write(decision: &Decision, letters: bool) -> String {
    let mut out = String::new();
    if let Some(class) = &decision.classification {
        rules(&mut out, class, RULES_SHOWN);
    }
    self::decision(&mut out, decision, letters);
    out
}

/// What the rules said, all of them.
pub(super) fn every_rule(class: &Classification) -> String {
    let mut out = String::new();
    rules(&mut out, class, usize::MAX);
    out
}

fn rules(out: &mut String, class: &Classification, most: usize) {
    let _ = writeln!(out, "\nREGOLE");
    for score in class.scores.iter().take(most) {
        let chosen =
            if score.rule == class.rule && matches!(class.outcome, RuleOutcome::Chosen { .. }) { "→" } else { " " };
        let clues = if score.clues == 0 { String::new() } else { format!(", {:+} di indizi", score.clues) };
        let _ = writeln!(out, "  {chosen} {:>4}  {}{clues}", score.score, score.rule);
        for hit in &score.hits {
            let place = hit.place.map_or("messaggio", casework::rules::Place::code);
            let _ = writeln!(out, "         {:+4}  «{}» in {place}: {}", hit.points, hit.phrase, cut(&hit.matched, 60));
        }
    }
    if class.scores.len() > most {
        let _ = writeln!(out, "    … e altre {}", class.scores.len() - most);
    }
    for clue in &class.clues {
        let _ = writeln!(out, "  indizi {:+4}  {}", clue.points, clue.in_words());
    }
    for matter in class.matters.iter().take(OFFICES_SHOWN) {
        let clues = if matter.clues == 0 { String::new() } else { format!(", {:+} di indizi", matter.clues) };
        let words: String = matter.hits.iter().map(|hit| format!(" «{}»", cut(&hit.matched, 40))).collect();
        let said = class.office_clues.iter().find(|clue| clue.office == matter.rule);
        let said = said.map_or(String::new(), |clue| format!("; indizi: {}", clue.in_words()));
        let _ = writeln!(out, "  materia {:>3}  {}{words}{clues}{said}", matter.score, matter.rule);
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
    let _ =
        writeln!(out, "\nDECISIONE (con un registro vuoto: qui non si guardano fascicoli, messaggi e invii dell'ente)");
    let _ = writeln!(out, "  {}", decision.disposition.title().to_uppercase());
    match &decision.disposition {
        Disposition::Request { kind, office, dossier } => {
            let dossier = dossier.as_deref().map_or(String::new(), |d| format!(", fascicolo {d}"));
            let _ = writeln!(out, "  {} → ufficio {office}{dossier}", kind.title());
        }
        Disposition::Order { office, dossier } => {
            let dossier = dossier.as_deref().map_or(String::new(), |d| format!(", fascicolo {d}"));
            let _ = writeln!(out, "  ufficio {office}{dossier}");
        }
        Disposition::ToPerson { office, why } => {
            out.push_str(&wrap(&format!("ufficio {office}: {why}"), 2, 4));
        }
        Disposition::Quarantine { why } | Disposition::Orphan { why } | Disposition::Noted { why } => {
            out.push_str(&wrap(why, 2, 4));
        }
        Disposition::Answered { what, dossier } => {
            let dossier = dossier.as_deref().map_or(String::new(), |d| format!(", fascicolo {d}"));
            let _ = writeln!(out, "  {what}{dossier}");
        }
        Disposition::Receipt { item } => {
            let _ = writeln!(out, "  riguarda l'invio {item}");
        }
        Disposition::Duplicate { of } => {
            let _ = writeln!(out, "  già trattato: {of}");
        }
    }
    for reason in &decision.trail {
        out.push_str(&wrap(&format!("perché: {}", reason.text), 2, 4));
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
        let road = match letter.lane {
            Lane::Pec => "Pec",
            Lane::Internal => "compito",
            Lane::Courtesy => "avviso di cortesia",
        };
        let line = format!("parte {road} «{}» a {}: {}", letter.template, letter.to, cut(&letter.subject, 100));
        out.push_str(&wrap(&line, 2, 4));
        if letters {
            let _ = writeln!(out, "{}", letter.text.lines().map(|line| format!("    │ {line}\n")).collect::<String>());
        }
    }
}

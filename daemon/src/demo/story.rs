//! The story of the demonstration: every line of the journal that a person cares about, told as it happens.

use crate::cli::status_grade;
use crate::journal::record::{Decided, Event, Record, Task};
use crate::journal::{Head, Journal, Tail};
use crate::outbox::schedule::Move;
use casework::{Change, Disposition, Lane, Outgoing};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Tells the journal from where it stopped.
pub(super) struct Story {
    data: PathBuf,
    told: u64,
    /// Item → what it is, in words.
    items: BTreeMap<String, String>,
}

impl Story {
    pub(super) fn new(data: PathBuf) -> Self {
        Self { data, told: 0, items: BTreeMap::new() }
    }

    /// Tells what is new, up to line `seq`.
    pub(super) fn tell(&mut self, seq: u64, say: &mut impl FnMut(&str)) -> Result<(), String> {
        if seq == self.told {
            return Ok(());
        }
        let mut new = Vec::new();
        let told = self.told;
        let keep = |record: &Record, _: &Head| {
            if record.seq > told {
                new.push(record.clone());
            }
        };
        Journal::verify(&self.data, Tail::Open, keep).map_err(|e| e.to_string())?;
        for record in new {
            self.told = record.seq;
            for line in self.lines(&record.event) {
                say(&format!("      {line}"));
            }
        }
        Ok(())
    }

    fn lines(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::Begun { .. } | Event::Attempted { .. } => vec![],
            Event::Corrected { correction, .. } => vec![format!("corretto da {}: {}", correction.by, correction.why)],
            Event::Acted(acted) => {
                let who = if acted.by.is_empty() { "il tempo" } else { &acted.by };
                let mut lines = vec![format!("{who}, fascicolo {}", acted.dossier)];
                for change in &acted.changes {
                    match change {
                        Change::Entered { entry, .. } => lines.extend(entry.words()),
                        Change::Opened { dossier } => {
                            lines.push(format!("aperto il fascicolo {} «{}»", dossier.number, dossier.title))
                        }
                        _ => {}
                    }
                }
                lines.extend(self.letters(&acted.outgoing));
                lines
            }
            Event::Protocol(_) => vec![],
            Event::Ruleset(set) => vec![format!("in vigore le regole {}", crate::digest::flow(&set.hash))],
            Event::SeenAgain { .. } => vec!["già visto, identico: non si fa niente".into()],
            Event::Looked(looked) => vec![format!("{} legge: {}", looked.by, looked.what.command())],
            Event::Restored(_) => vec!["il registro è stato ripristinato".into()],
            Event::RevokedLater { text, .. } => vec![text.clone()],
            Event::Tasked { outgoing, .. } => {
                self.items.insert(outgoing.id.clone(), format!("compito «{}»", outgoing.template));
                vec![format!("compito «{}» per {}", outgoing.template, outgoing.to)]
            }
            Event::Canary { outgoing, .. } => {
                self.items.insert(outgoing.id.clone(), "canarino".into());
                vec![format!("canarino per {}", outgoing.to)]
            }
            Event::Noticed { item, notice, task, .. } => {
                let what = self.items.get(item).map_or("messaggio", String::as_str);
                let line = format!("→ {what}: {}", notice.title());
                if let Some(Task { outgoing, .. }) = task {
                    self.items.insert(outgoing.id.clone(), format!("compito «{}»", outgoing.template));
                }
                vec![line]
            }
            Event::Moved { item, step } => self.moved(item, step),
            Event::Decided(decided) => self.decided(decided),
        }
    }

    fn moved(&self, item: &str, step: &Move) -> Vec<String> {
        let what = self.items.get(item).map_or("messaggio", String::as_str);
        match step {
            Move::Claimed { .. } | Move::InDot => vec![],
            Move::Submitted { .. } => vec![format!("→ {what}: inviato")],
            Move::Requeued { why, .. } | Move::Postponed { why, .. } => vec![format!("→ {what}: si riprova ({why})")],
            Move::Refused { why } => vec![format!("→ {what}: rifiutato ({why})")],
            Move::Unknown { why } => vec![format!("→ {what}: non si sa se è partito ({why})")],
            Move::Withdrawn { why, .. } => vec![format!("→ {what}: ritirato ({why})")],
            Move::Stopped { why, by } => vec![format!("→ {what}: fermato da {by} ({why})")],
            Move::Released { by, .. } => vec![format!("→ {what}: fatto partire da {by}")],
            Move::ResentByRule { why, .. } => vec![format!("→ {what}: rispedito, come il modello permette ({why})")],
            Move::Resent { why, by, .. } => vec![format!("→ {what}: rispedito da {by} ({why})")],
        }
    }

    fn decided(&mut self, decided: &Decided) -> Vec<String> {
        let findings = &decided.findings;
        let proven = findings.proven.as_deref().or(findings.claimed.as_deref()).unwrap_or("posta ordinaria");
        let mut lines = Vec::new();
        if let Disposition::Receipt { item } = &decided.decision.disposition {
            let what = self.items.get(item).map_or("messaggio", String::as_str);
            lines.push(format!("← {what}: {proven}"));
        } else {
            lines.push(format!("{}: {proven}, da {}", status_grade(&findings.grade), findings.sender));
            lines.push(match &decided.decision.disposition {
                Disposition::Request { kind, office, dossier } => {
                    let dossier = dossier.as_deref().map_or(String::new(), |d| format!(", fascicolo {d}"));
                    format!("{} → {office}{dossier}", kind.title())
                }
                Disposition::Order { office, .. } => format!("ordine dell'ufficio {office}"),
                Disposition::ToPerson { office, why } => format!("a una persona ({office}): {why}"),
                Disposition::Quarantine { why } => format!("QUARANTENA: {why}"),
                Disposition::Duplicate { .. } => "stesso messaggio certificato: non si fa niente".into(),
                Disposition::Answered { what, .. } => format!("risposto: {what}"),
                Disposition::Noted { why } | Disposition::Orphan { why } => format!("annotato: {why}"),
                Disposition::Receipt { .. } => String::new(),
            });
        }
        if let Disposition::Order { .. } = &decided.decision.disposition {
            let not_done =
                decided.decision.trail.iter().filter(|reason| reason.text.starts_with("ordine non eseguito"));
            lines.extend(not_done.map(|reason| reason.text.clone()));
        }
        for change in &decided.decision.changes {
            match change {
                Change::Opened { dossier } => {
                    lines.push(format!("aperto il fascicolo {} «{}»", dossier.number, dossier.title))
                }
                Change::Incident { text, .. } => lines.push(format!("INCIDENTE: {text}")),
                Change::Entered { entry, .. } => lines.extend(entry.words()),
                Change::Person { entry, .. } => lines.extend(entry.words()),
                Change::Ordered { by, said, .. } => lines.push(format!("{by}: {said}")),
                Change::Corrected { correction, .. } => {
                    lines.push(format!("corretto da {}: {}", correction.by, correction.why))
                }
                Change::Filed { .. } | Change::Rated { .. } | Change::Learned { .. } | Change::CanaryBack { .. } => {}
            }
        }
        lines.extend(self.letters(&decided.decision.outgoing));
        lines
    }

    fn letters(&mut self, outgoing: &[Outgoing]) -> Vec<String> {
        let mut lines = Vec::new();
        for letter in outgoing {
            let (what, line) = match letter.lane {
                Lane::Pec => (
                    format!("risposta «{}»", letter.template),
                    format!("risposta «{}» per {}", letter.template, letter.to),
                ),
                Lane::Internal => (
                    format!("compito «{}»", letter.template),
                    format!("compito «{}» per {}", letter.template, letter.to),
                ),
                Lane::Courtesy => (
                    format!("avviso «{}»", letter.template),
                    format!("avviso di cortesia «{}» per {}", letter.template, letter.to),
                ),
            };
            self.items.insert(letter.id.clone(), what);
            lines.push(line);
        }
        lines
    }
}

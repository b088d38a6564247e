//! How well the rules do on labelled messages: changes when another figure is wanted.

use super::Answer;
use super::line::Labels;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Messages that are named behind a figure.
const NAMED_MAX: usize = 40;

#[derive(Default)]
pub(super) struct Figures {
    confusion: BTreeMap<(String, String), usize>,
    labelled: usize,
    right: usize,
    decided: usize,
    decided_right: usize,
    offices: usize,
    offices_right: usize,
    references: usize,
    references_found: usize,
    exact: usize,
    tied: usize,
    tied_wrong: usize,
    to_tie: usize,
    tied_right: usize,
    rules: BTreeMap<String, (usize, usize)>,
    wrong: Vec<String>,
    wrong_offices: Vec<String>,
    missed: Vec<String>,
}

impl Figures {
    pub(super) fn count(&mut self, id: &str, labels: &Labels, answer: &Answer) {
        self.kind(id, labels, answer);
        self.references(id, labels, answer);
        if let Some(office) = &labels.office {
            self.offices += 1;
            if *office == answer.seen.office {
                self.offices_right += 1;
            } else {
                self.wrong_offices.push(format!("{id} {office}→{}", answer.seen.office));
            }
        }
    }

    fn kind(&mut self, id: &str, labels: &Labels, answer: &Answer) {
        let Some(label) = &labels.label else { return };
        self.labelled += 1;
        let is_right = label == answer.kind;
        self.right += usize::from(is_right);
        *self.confusion.entry((label.clone(), answer.kind.into())).or_default() += 1;
        if !answer.abstained {
            self.decided += 1;
            self.decided_right += usize::from(is_right);
            let (all, good) = self.rules.entry(answer.rule.clone()).or_default();
            *all += 1;
            *good += usize::from(is_right);
        }
        if !is_right {
            let how = if answer.abstained { "" } else { " DECISO" };
            self.wrong.push(format!("{id} {label}→{}{how}", answer.kind));
        }
    }

    fn references(&mut self, id: &str, labels: &Labels, answer: &Answer) {
        let found = &answer.seen.citations;
        let distinct: BTreeSet<(&str, Option<&str>)> = match &labels.references {
            Some(all) => all.iter().map(|r| (r.raw.as_str(), r.canonical.as_deref())).collect(),
            None => labels.dossier_ref_raw.iter().map(|raw| (raw.as_str(), None)).collect(),
        };
        for (raw, canonical) in distinct {
            self.references += 1;
            let same = found.iter().find(|cited| match canonical {
                Some(canonical) => cited.reference.canonical() == canonical,
                None => overlaps(&cited.reference.raw, raw),
            });
            match same {
                Some(cited) => {
                    self.references_found += 1;
                    self.exact += usize::from(cited.reference.raw == raw);
                }
                None => {
                    let seen: Vec<String> = found.iter().map(|cited| cited.reference.canonical()).collect();
                    self.missed.push(format!(
                        "{id} «{raw}» {} (letto: {})",
                        canonical.unwrap_or_default(),
                        seen.join(", ")
                    ));
                }
            }
        }
        let Some(dossier) = &labels.dossier else { return };
        let right = dossier.as_str();
        self.to_tie += usize::from(right.is_some());
        if let Some(tied) = &answer.seen.dossier {
            self.tied += 1;
            match right == Some(tied) {
                true => self.tied_right += 1,
                false => {
                    self.tied_wrong += 1;
                    self.missed.push(format!("{id} UNITO A {tied}, era {}", right.unwrap_or("nessuno")));
                }
            }
        }
    }

    /// In words; nothing where no message has a label.
    pub(super) fn text(&self) -> Option<String> {
        if self.labelled == 0 && self.references == 0 {
            return None;
        }
        let mut text = String::from("\n");
        let mut line = |said: String| {
            let _ = writeln!(text, "{said}"); // writing to a String cannot fail
        };
        line("Tipo giusto (righe) e tipo detto dalle regole:".into());
        for ((label, said), count) in self.confusion.iter().filter(|((label, said), _)| label != said) {
            line(format!("    {label:<20} {said:<20} {count}"));
        }
        line("Precisione di ogni regola, dove ha deciso:".into());
        for (rule, (all, good)) in &self.rules {
            line(format!("    {rule:<34} {good} su {all}"));
        }
        for (what, wrong) in
            [("Tipo sbagliato", &self.wrong), ("Ufficio sbagliato", &self.wrong_offices), ("Riferimenti", &self.missed)]
        {
            for one in wrong.iter().take(NAMED_MAX) {
                line(format!("{what}: {one}"));
            }
        }
        line(format!("tipo giusto                {}", share(self.right, self.labelled)));
        line(format!("deciso senza una persona   {}", share(self.decided, self.labelled)));
        line(format!("  di questi giusti         {}", share(self.decided_right, self.decided)));
        line(format!("ufficio giusto             {}", share(self.offices_right, self.offices)));
        line(format!("riferimenti trovati        {}", share(self.references_found, self.references)));
        line(format!("  con lo stesso testo      {}", share(self.exact, self.references_found)));
        line(format!("uniti al fascicolo giusto  {}", share(self.tied_right, self.to_tie)));
        line(format!("uniti a quello sbagliato   {} su {}", self.tied_wrong, self.tied));
        Some(text)
    }
}

/// One text holds the other, blanks apart.
fn overlaps(a: &str, b: &str) -> bool {
    let plain = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let (a, b) = (plain(a), plain(b));
    a.contains(&b) || b.contains(&a)
}

fn share(part: usize, whole: usize) -> String {
    let per_cent = (part * 1000).checked_div(whole).unwrap_or_default();
    format!("{part} su {whole} ({},{} %)", per_cent / 10, per_cent % 10)
}

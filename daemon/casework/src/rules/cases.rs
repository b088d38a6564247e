//! The tests written beside the rules, run through the same engine as the mail.

use super::book::{Kind, Rulebook};
use super::classify::{classify, on_trial};
use super::outcome::{Classification, Outcome};
use super::place::{DossierBrief, Material, World};
use super::problem::Spot;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// How many rules a failed test lists with their points.
const LISTED_SCORES: usize = 3;

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Name of the test.
    pub name: String,
    /// File it is in.
    pub file: String,
    /// Line of the file, from 1.
    pub line: usize,
    /// Whether every expectation holds.
    pub ok: bool,
    /// What differs, in Italian; empty when `ok`.
    pub detail: String,
}

/// `[test."name"]`.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) at: Spot,
    pub(super) from: String,
    pub(super) from_name: String,
    pub(super) from_kind: String,
    pub(super) attached_text: String,
    pub(super) to: Vec<String>,
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) attachments: Vec<String>,
    pub(super) identity: bool,
    pub(super) thread: Option<String>,
    pub(super) pec_kind: String,
    pub(super) pec_grade: String,
    pub(super) today: Date,
    /// Number → office, for all tests of the file.
    pub(super) dossiers: BTreeMap<String, String>,
    pub(super) expect: Expect,
}

/// What must hold; what is absent is not looked at. For `reply`, `dossier` and fields the inner `None` means "none".
#[derive(Debug, Default)]
pub(super) struct Expect {
    pub(super) rule: Option<String>,
    pub(super) not_rule: Vec<String>,
    pub(super) kind: Option<Kind>,
    pub(super) office: Option<String>,
    pub(super) reply: Option<Option<String>>,
    pub(super) missing: Option<Vec<String>>,
    pub(super) tie: Option<Vec<String>>,
    pub(super) also: Option<Vec<String>>,
    pub(super) shadow: Option<Vec<String>>,
    pub(super) min_score: Option<i32>,
    pub(super) deadline: Option<u32>,
    pub(super) dossier: Option<Option<String>>,
    pub(super) fields: Vec<(String, Option<String>)>,
}

/// Runs every test of the rulebook, in the order of the files.
#[must_use]
pub fn run_tests(book: &Rulebook) -> Vec<TestResult> {
    let run = |case: &Case| {
        let detail = case.differences(book, &case.classify(book)).join("; ");
        TestResult {
            name: case.name.clone(),
            file: book.file(case.at).into(),
            line: case.at.line,
            ok: detail.is_empty(),
            detail,
        }
    };
    book.cases.iter().map(run).collect()
}

impl Case {
    pub(super) fn classify(&self, book: &Rulebook) -> Classification {
        let attachments: Vec<&str> = self.attachments.iter().map(String::as_str).collect();
        let to: Vec<&str> = self.to.iter().map(String::as_str).collect();
        let material = Material {
            subject: &self.subject,
            text: &self.body,
            attachments: &attachments,
            attached_text: &self.attached_text,
            from: &self.from,
            from_name: &self.from_name,
            from_kind: &self.from_kind,
            to: &to,
            pec_kind: &self.pec_kind,
            grade: &self.pec_grade,
            today: self.today,
        };
        classify(book, &material, self)
    }

    fn differences(&self, book: &Rulebook, seen: &Classification) -> Vec<String> {
        let want = &self.expect;
        let mut found = Vec::new();
        let mut compare = |what: &str, want: Option<&str>, seen: Option<&str>| {
            if want != seen {
                found.push(format!(
                    "{what}: atteso {}, trovato {}",
                    want.unwrap_or("nessuno"),
                    seen.unwrap_or("nessuno")
                ));
            }
        };
        if let Some(rule) = &want.rule {
            compare("regola", Some(rule), Some(&seen.rule));
        }
        if let Some(kind) = want.kind {
            compare("tipo", Some(kind.code()), Some(seen.kind.code()));
        }
        if let Some(office) = &want.office {
            compare("ufficio", Some(office), Some(&seen.office));
        }
        if let Some(reply) = &want.reply {
            compare("risposta", reply.as_deref(), seen.template());
        }
        if let Some(dossier) = &want.dossier {
            compare("fascicolo", dossier.as_deref(), seen.dossier.as_deref());
        }
        if let Some(days) = want.deadline {
            let seen = seen.deadline.as_ref().map(|d| format!("{} giorni", d.days));
            compare("termine", Some(&format!("{days} giorni")), seen.as_deref());
        }
        for (name, value) in &want.fields {
            compare(name, value.as_deref(), seen.field(name));
        }
        let tied: Vec<String> = match &seen.outcome {
            Outcome::Tie(rules) => rules.iter().map(|(rule, _)| rule.clone()).collect(),
            Outcome::Chosen { .. } | Outcome::Asked { .. } | Outcome::BelowAccept { .. } => Vec::new(),
        };
        for (what, want, seen) in [
            ("mancanti", &want.missing, &seen.missing),
            ("parità", &want.tie, &tied),
            ("anche", &want.also, &seen.also),
            ("in prova", &want.shadow, &seen.shadow),
        ] {
            if let Some(want) = want {
                compare(what, joined(want).as_deref(), joined(seen).as_deref());
            }
        }
        if want.not_rule.contains(&seen.rule) {
            found.push(format!("regola: trovata {}, che qui non deve valere", seen.rule));
        }
        // A rule on trial decides nothing: what it would have done is what its test asks.
        for rule in seen.shadow.iter().filter(|rule| want.not_rule.contains(rule)) {
            found.push(format!("regola: {rule}, in prova, arriva alla soglia, e qui non deve"));
        }
        for rule in seen.shadow.iter().filter(|rule| want.shadow.as_ref().is_some_and(|want| want.contains(rule))) {
            if !matches!(on_trial(book, seen, rule), Outcome::Chosen { .. }) {
                found.push(format!(
                    "in prova: {rule} arriva alla soglia, ma se fosse `suggest` deciderebbe una persona: non ha il distacco"
                ));
            }
        }
        let score = seen.scores.iter().find(|s| s.rule == seen.rule).map_or(0, |s| s.score);
        if let Some(least) = want.min_score.filter(|least| score < *least) {
            found.push(format!("punti: attesi almeno {least}, trovati {score}"));
        }
        if !found.is_empty() {
            let best = seen.scores.iter().take(LISTED_SCORES).map(|s| format!("{} {}", s.rule, s.score));
            let best = best.collect::<Vec<_>>().join(", ");
            found.push(format!("punteggi (soglia {}, distacco {}): {best}", book.accept, book.margin));
        }
        found
    }
}

/// Sets are compared as sets.
fn joined(names: &[String]) -> Option<String> {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| names.join(", "))
}

impl World for Case {
    fn dossier(&self, number: &str) -> Option<DossierBrief> {
        let office = self.dossiers.get(number)?;
        Some(DossierBrief { number: number.into(), office: office.clone() })
    }

    fn identity(&self) -> bool {
        self.identity
    }

    fn thread(&self) -> Option<DossierBrief> {
        self.dossier(self.thread.as_deref()?)
    }
}

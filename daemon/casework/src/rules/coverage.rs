//! What the tests of the rules do not try. It changes when a test can show something else.

use super::book::{Rule, Rulebook};
use super::outcome::Classification;
use super::problem::{Problem, Spot};
use super::words::{describe, is_of};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The signals that fire in no test, as warnings, in the order of the rules.
#[must_use]
pub fn unexercised(book: &Rulebook) -> Vec<Problem> {
    let seen = classified(book);
    let mut found = Vec::new();
    for rule in book.rules() {
        let hits: Vec<_> = seen
            .iter()
            .flat_map(|class| class.scores.iter().filter(|score| score.rule == rule.id).flat_map(|score| &score.hits))
            .collect();
        for signal in rule.signals.iter().filter(|signal| !hits.iter().any(|hit| is_of(hit, signal))) {
            let text = format!("regola `{}`: nessuna prova fa scattare il segnale {}", rule.id, describe(signal));
            found.push(warning(book, rule.at, text));
        }
    }
    found
}

/// What deserves a look and is no mistake: a need that nobody is asked for, a need that no test ever meets.
#[must_use]
pub fn advice(book: &Rulebook) -> Vec<Problem> {
    let seen = classified(book);
    let mut found = Vec::new();
    for rule in book.rules().filter(|rule| !rule.needs.is_empty()) {
        if rule.missing.is_none() && rule.reply.is_some() {
            let text = format!(
                "regola `{}`: ha `needs` e non `missing`: se manca qualcosa, al cittadino nessuno lo chiede",
                rule.id
            );
            found.push(warning(book, rule.at, text));
        }
        for need in never_met(rule, &seen) {
            let text = format!(
                "regola `{}`: `needs`: in nessuna prova di questa regola il dato `{need}` c'è: nessuno sa se qualcosa lo trova",
                rule.id
            );
            found.push(warning(book, rule.at, text));
        }
    }
    found
}

fn never_met<'r>(rule: &'r Rule, seen: &[Classification]) -> Vec<&'r str> {
    let own: Vec<&Classification> =
        seen.iter().filter(|class| class.scores.iter().any(|score| score.rule == rule.id)).collect();
    if own.is_empty() {
        return Vec::new();
    }
    let met: BTreeSet<&str> = own
        .iter()
        .filter(|class| class.rule == rule.id)
        .flat_map(|class| rule.needs.iter().filter(|need| !class.missing.contains(need)))
        .map(String::as_str)
        .collect();
    let is_chosen = own.iter().any(|class| class.rule == rule.id);
    rule.needs.iter().map(String::as_str).filter(|need| is_chosen && !met.contains(need)).collect()
}

fn classified(book: &Rulebook) -> Vec<Classification> {
    book.cases.iter().map(|case| case.classify(book)).collect()
}

fn warning(book: &Rulebook, at: Spot, text: String) -> Problem {
    Problem { file: book.file(at).into(), line: Some(at.line), text, warning: true }
}

/// The names of the tests that are about a rule: they name it, or it is what they lead to.
#[must_use]
pub fn tests_about(book: &Rulebook, id: &str) -> BTreeSet<String> {
    let about = |case: &&super::cases::Case| {
        let expect = &case.expect;
        let lists = [&expect.tie, &expect.also, &expect.shadow];
        let named = expect.rule.iter().chain(&expect.not_rule).chain(lists.into_iter().flatten().flatten());
        named.into_iter().any(|name| name == id) || case.classify(book).rule == id
    };
    book.cases.iter().filter(about).map(|case| case.name.clone()).collect()
}

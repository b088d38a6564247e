//! `rules check` and `rules test`. It changes when rules can be wrong in a way that is said elsewhere.

use super::super::{FOUND, OK, print_problems};
use super::{Ended, Which, refused, wrong};
use crate::clock::Clock;
use casework::calendar;
use casework::nearest::hint;
use casework::rules::{self, Problem, Rulebook, TestResult};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    which: Which,
}

#[derive(clap::Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    which: Which,
    /// Solo le prove che riguardano questa regola
    #[arg(long, value_name = "REGOLA")]
    rule: Option<String>,
    /// Scrive l'esito anche in formato JUnit, per chi ha un servizio di integrazione continua
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(super) fn check(args: &CheckArgs) -> Ended {
    let set = args.which.read()?.map_err(|problems| refused(&problems))?;
    let unexercised = rules::unexercised(&set.book);
    print_problems(&warnings(&set.book));
    say!(
        "Regole: {}, uffici: {}, prove: {}. Impronta {}",
        set.book.rules().count(),
        set.book.offices().count(),
        set.book.tests().count(),
        crate::digest::flow(set.book.digest())
    );
    if !unexercised.is_empty() {
        say!("Segnali che nessuna prova fa scattare: {} (quali: sportello rules test)", unexercised.len());
    }
    Ok(OK)
}

/// What deserves a look and stops nothing, as of today.
pub(in crate::cli) fn warnings(book: &Rulebook) -> Vec<Problem> {
    let today = calendar::rome(Clock::System.now()).date();
    let mut all = book.warnings().to_vec();
    all.extend(book.past_review(today));
    all.extend(rules::advice(book));
    all
}

pub(super) fn test(args: &TestArgs) -> Ended {
    let set = args.which.read()?.map_err(|problems| refused(&problems))?;
    let book = &set.book;
    let mut results = rules::run_tests(book);
    let mut unexercised = rules::unexercised(book);
    if let Some(id) = &args.rule {
        if book.rule(id).is_none() {
            return Err(wrong(format!("la regola `{id}` non esiste{}", hint(id, book.rules().map(|r| r.id.as_str())))));
        }
        let about = rules::tests_about(book, id);
        results.retain(|test| about.contains(&test.name));
        let mark = format!("regola `{id}`:");
        unexercised.retain(|problem| problem.text.starts_with(&mark));
    }
    for test in results.iter().filter(|test| !test.ok) {
        eprintln!("NON PASSA  {}:{}: «{}»: {}", test.file, test.line, test.name, test.detail);
    }
    let failed = results.iter().filter(|test| !test.ok).count();
    say!("Prove: {}, riuscite {}, non riuscite {failed}", results.len(), results.len() - failed);
    if unexercised.is_empty() {
        say!("Ogni segnale scatta almeno in una prova.");
    } else {
        say!("\nSegnali che nessuna prova fa scattare ({}):", unexercised.len());
        for problem in &unexercised {
            let at = problem.line.map_or(String::new(), |line| format!(":{line}"));
            say!("  {}{at}: {}", problem.file, problem.text.replace(": nessuna prova fa scattare il segnale", ""));
        }
    }
    if let Some(path) = &args.junit {
        write(path, &junit(&results)).map_err(|e| wrong(format!("{}: {e}", path.display())))?;
    }
    Ok(if failed == 0 { OK } else { FOUND })
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

/// The form that continuous integration reads: a suite for each file.
fn junit(results: &[TestResult]) -> String {
    let mut files: BTreeMap<&str, Vec<&TestResult>> = BTreeMap::new();
    for result in results {
        files.entry(&result.file).or_default().push(result);
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (file, tests) in files {
        let failed = tests.iter().filter(|test| !test.ok).count();
        // Writing to a string cannot fail.
        let _ =
            writeln!(out, "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\">", escaped(file), tests.len());
        for test in tests {
            let _ = write!(
                out,
                "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\"",
                escaped(file),
                escaped(&test.name),
                escaped(file),
                test.line
            );
            let _ = if test.ok {
                writeln!(out, "/>")
            } else {
                writeln!(out, "><failure message=\"{}\"/></testcase>", escaped(&test.detail))
            };
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// XML 1.0: what may not stand in an attribute, and the controls that may stand nowhere.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

//! Procedures as a whole: the shipped files, the files with one mistake each, and what no file and no actor can ever do.

extern crate std;

use super::model::{Attestation, Silence};
use super::*;
use crate::dossier::State;
use crate::rules;
use crate::verb::Verb;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::date;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::{fs, sync::LazyLock};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(dir: &Path) -> Vec<SourceFile> {
    let paths = fs::read_dir(dir).expect("the directory").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    let file = |path: PathBuf| SourceFile {
        name: path.file_name().expect("a name").to_string_lossy().into_owned(),
        text: fs::read_to_string(&path).expect("text"),
    };
    paths.into_iter().map(file).collect()
}

/// The names of the shipped templates.
static TEMPLATES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = fs::read_dir(root().join("templates/it")).expect("the directory").map(|entry| {
        let path = entry.expect("an entry").path();
        path.file_stem().expect("a name").to_string_lossy().into_owned()
    });
    names.collect()
});
static BOOK: LazyLock<Rulebook> = LazyLock::new(|| book(&root().join("rules")));
static SHIPPED: LazyLock<Procedures> =
    LazyLock::new(|| load(&files(&root().join("rules/procedures")), &BOOK).unwrap_or_else(|why| panic!("{why:#?}")));

fn book(dir: &Path) -> Rulebook {
    let templates: Vec<&str> = TEMPLATES.iter().map(String::as_str).collect();
    rules::load(&files(dir), &templates).expect("good rules")
}

fn load(files: &[SourceFile], book: &Rulebook) -> Result<Procedures, Vec<Problem>> {
    let templates: Vec<&str> = TEMPLATES.iter().map(String::as_str).collect();
    Procedures::load(files, book, &templates)
}

#[test]
fn the_shipped_procedures_are_clean() {
    assert_eq!(SHIPPED.warnings(), []);
    let ids: Vec<&str> = SHIPPED.all().map(|one| one.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "accesso-atti",
            "assegno-maternita",
            "cambio-residenza",
            "dati-personali",
            "mensa",
            "multa",
            "nido",
            "richiesta",
            "tributi",
            "ztl"
        ]
    );
}

/// Each file of `fixtures/procedures-bad` has one mistake, and says at its top how it must be reported.
#[test]
fn every_mistake_is_reported_as_expected() {
    let dir = root().join("fixtures/procedures-bad");
    let rules = book(&dir.join("base"));
    let base = files(&dir.join("base/procedures"));
    let mut wrong = Vec::new();
    for file in files(&dir) {
        let has_base = !file.text.lines().any(|line| line == "# senza base");
        let set: Vec<SourceFile> = base.iter().filter(|_| has_base).chain([&file]).cloned().collect();
        let found = match load(&set, &rules) {
            Ok(procedures) => procedures.warnings().to_vec(),
            Err(problems) => problems,
        };
        let seen: Vec<String> = found.iter().map(Problem::to_string).collect();
        let want: Vec<&str> = file.text.lines().filter_map(|line| line.strip_prefix("# atteso: ")).collect();
        if seen != want || want.is_empty() {
            wrong.push(format!("{}\n  {}", file.name, seen.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

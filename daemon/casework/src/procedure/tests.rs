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

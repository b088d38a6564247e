//! What the rules hold in memory. One test, so that nothing else allocates meanwhile.
#![allow(clippy::unwrap_used, missing_docs)]

use casework::rules::{SourceFile, load, run_tests};
use peak_alloc::PeakAlloc;
use std::fs;
use std::path::{Path, PathBuf};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// The files of a folder at the top of the project, in the order of their names.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn rules_that_wait_hold_nothing_of_the_texts_they_have_seen() {
    let toml = files("rules").into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let rules: Vec<SourceFile> =
        toml.map(|path| SourceFile { name: stem(&path), text: fs::read_to_string(&path).unwrap() }).collect();
    let templates: Vec<String> = files("templates/it").iter().map(|path| stem(path)).collect();
    let templates: Vec<&str> = templates.iter().map(String::as_str).collect();
    let book = load(&rules, &templates).unwrap();

    let read = ALLOCATED.current_usage();
    let seen = run_tests(&book);
    let used = ALLOCATED.current_usage() - read;
    let book = book.rested();
    let rested = ALLOCATED.current_usage() - read;
    assert!(rested < used / 4, "{used} bytes more after the tests, {rested} when they rested");
    assert_eq!(run_tests(&book), seen);
}

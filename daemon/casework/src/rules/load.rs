//! Files in, a rulebook or all their problems out.

use super::book::Rulebook;
use super::check::assemble;
use super::draft::Draft;
use super::problem::{Problem, Problems, Spot};
use super::read::read_file;
use super::syntax::parse;
use super::tally::Tally;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use aws_lc_rs::digest::{Context, SHA256};
use core::fmt::Write;

/// Files in one rulebook.
const FILES_MAX: usize = 200;
/// Size of one file, in bytes.
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// One rules file: its name as errors show it, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Name, without directories.
    pub name: String,
    /// Text.
    pub text: String,
}

/// Reads and checks a whole set of rules. `templates` are the names of the templates there are.
///
/// # Errors
/// Every problem of every file, warnings included, in the order of files and lines; at least one is an error. What a file that
/// cannot be read may define is missed by nobody, so that no problem is the echo of another.
pub fn load(files: &[SourceFile], templates: &[&str]) -> Result<Rulebook, Vec<Problem>> {
    let mut problems = Problems::new(files.iter().map(|file| file.name.as_str()).collect());
    if files.len() > FILES_MAX {
        problems.error(Spot { file: FILES_MAX, line: 0 }, format!("più di {FILES_MAX} file di regole"));
        return Err(problems.into_sorted());
    }
    let mut draft = Draft::default();
    let mut unread: Vec<&str> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let tree = if file.text.len() > FILE_BYTES_MAX {
            Err((0, format!("file più grande di {} KiB", FILE_BYTES_MAX / 1024)))
        } else {
            parse(&file.text)
        };
        match tree {
            Ok(entries) => {
                if !read_file(index, entries, &mut draft, &mut problems) {
                    unread.push(&file.text);
                }
            }
            Err((line, why)) => {
                problems.error(Spot { file: index, line }, why);
                unread.push(&file.text);
            }
        }
    }
    let parts = assemble(draft, templates, &unread, &mut problems);
    let errors = problems.errors();
    let found = problems.into_sorted();
    match parts {
        Some(parts) if errors == 0 => Ok(Rulebook {
            digest: digest(files),
            warnings: found,
            files: files.iter().map(|file| file.name.clone()).collect(),
            ..parts
        }),
        _ => Err(found),
    }
}

/// What the clues of a set of rules without mistakes were counted on; nothing where it has none. A rulebook keeps only what they
/// weigh.
#[must_use]
pub fn tally(files: &[SourceFile]) -> Tally {
    let mut problems = Problems::new(Vec::new());
    let mut counted = |file: &SourceFile| {
        let entries = parse(&file.text).ok()?;
        let clues = entries.iter().find(|entry| entry.key == "clues")?;
        super::tally::read(&clues.node, 0, &mut problems)
    };
    files.iter().find_map(&mut counted).unwrap_or_default()
}

/// What [`Rulebook::digest`] is of these files, whether or not they have mistakes.
#[must_use]
pub fn digest(files: &[SourceFile]) -> String {
    let mut context = Context::new(&SHA256);
    for file in files {
        context.update(file.name.as_bytes());
        context.update(&[0]);
        context.update(&(file.text.len() as u64).to_be_bytes());
        context.update(file.text.as_bytes());
    }
    context.finish().as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

//! The rules as an administrator has them in hand: read from a folder or from the shelf of those once in force, tried on past
//! mail, put in force, corrected. It changes when there is another place where rules can be.

pub mod disguise;
pub mod edit;
pub mod orders;
pub mod past;
pub mod phrases;
pub mod replay;
pub mod shelf;

use crate::config::Config;
use crate::{office, shipped};
use casework::reply;
use casework::rules::{self, Problem, Rulebook, SourceFile};
use std::path::Path;

/// A set of rules that passed every check, and its files.
#[derive(Debug)]
pub struct Set {
    /// The files of the rules.
    pub files: Vec<SourceFile>,
    /// The files of the procedures beside them; none: those of the folder, or those shipped.
    pub procedures: Vec<SourceFile>,
    /// What the rules say. Its digest is of all of the set.
    pub book: Rulebook,
}

impl Set {
    /// The rules of a folder, or those shipped; with the templates of a folder, or those shipped. Their tests are not run.
    ///
    /// # Errors
    /// Every mistake.
    pub fn read(folder: Option<&Path>, templates: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let files = folder.map_or_else(|| Ok(shipped::rules()), office::read_set)?;
        Self::of(files, templates)
    }

    /// The rules that the service of a configuration uses.
    ///
    /// # Errors
    /// Every mistake.
    pub fn in_force(config: &Config) -> Result<Self, Vec<Problem>> {
        Self::of(office::rule_files(config)?, config.templates.as_deref())
    }

    /// A set that was once in force, or that is at hand all the same ([`at_hand`]), by the first characters of its digest.
    ///
    /// # Errors
    /// It is not on the shelf, is several, or has mistakes with the templates of today.
    pub fn once_in_force(config: &Config, hash: &str) -> Result<Self, Vec<Problem>> {
        let known = |(_, files): &(String, Vec<SourceFile>)| rules::digest(files).starts_with(hash);
        let files = match shelf::read(&config.data, hash) {
            Ok(files) => files,
            Err(_) if hash.len() >= shelf::PREFIX_MIN && at_hand(config).iter().any(known) => {
                at_hand(config).into_iter().find(known).map(|(_, files)| files).unwrap_or_default()
            }
            Err(text) => return Err(vec![problem(text)]),
        };
        Self::of(files, config.templates.as_deref())
    }

    fn of(files: Vec<SourceFile>, templates: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let templates = templates.map_or_else(|| Ok(shipped::templates()), office::read_templates)?;
        let templates = reply::load(&templates)?;
        let whole = rules::digest(&files);
        let (files, procedures) = office::split(files);
        let book = rules::load(&files, &templates.names())?.of_set(whole);
        Ok(Self { files, procedures, book })
    }

    /// All of its files, in the order of its digest.
    #[must_use]
    pub fn all(&self) -> Vec<SourceFile> {
        self.files.iter().chain(&self.procedures).cloned().collect()
    }
}

/// The sets that need not be on the shelf to be found, each with what it is in Italian: the folder of the configuration, and what
/// is shipped.
#[must_use]
pub fn at_hand(config: &Config) -> Vec<(String, Vec<SourceFile>)> {
    let own = config.rules.as_ref().and_then(|folder| {
        let files = office::read_set(folder).ok()?;
        Some((format!("quelle della cartella {}", folder.display()), files))
    });
    own.into_iter().chain([("quelle fornite con il programma".to_owned(), shipped::rules())]).collect()
}

fn problem(text: String) -> Problem {
    Problem { file: String::new(), line: None, text, warning: false }
}

//! Procedures: how a dossier of one kind is worked, as an administrator writes it in `rules/procedures/*.toml`. It changes when
//! a file can say another thing, or when another file answers for a request.
//!
//! The law draws the machine ([`machine`]); a file narrows it, names its steps and says who acts. Nothing here moves a dossier:
//! who does asks [`Procedure::act`] first.
//!
//! Reading order: [`model`] (what a procedure is), [`machine`] (from which state to which, and who), [`archetype`] (what goes
//! together), `read` → `read_parts` → `check` (file to model), [`card`] and [`draw`] (as people see it).

pub mod archetype;
pub mod card;
mod check;
pub mod draw;
pub mod machine;
pub mod model;
mod read;
mod read_parts;
pub(crate) use read_parts::is_web;
mod read_state;
pub mod term;
#[cfg(test)]
mod tests;

pub use archetype::{Archetype, Module, Section};
pub use machine::{Actor, Refused, lawful};
pub use model::{Document, Notice, Participation, Procedure, Responsible, Role, Silence, ThirdBody};
pub use term::{Length, Term};

use crate::rules::problem::{Problems, Spot};
use crate::rules::syntax::parse;
use crate::rules::{Kind, Problem, Rulebook, SourceFile, digest};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use read::Draft;

/// Files in one set of procedures: a Comune has some hundred kinds of proceeding.
const FILES_MAX: usize = 500;
/// Size of one file, in bytes: a service card with all its steps is a tenth of it.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// The procedures in force, checked together with the rules that open them. Made only by [`Procedures::load`] and
/// [`Procedures::fitting`].
#[derive(Debug)]
pub struct Procedures {
    by_id: BTreeMap<String, Procedure>,
    by_rule: BTreeMap<String, String>,
    by_kind: BTreeMap<Kind, String>,
    default: String,
    digest: String,
    warnings: Vec<Problem>,
}

/// What becomes of a file that names an office or a rule which is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strangers {
    Refused,
    LeftOut,
}

impl Procedures {
    /// Reads and checks a whole set. `rules` has the offices and rules there are, `templates` the names of the templates.
    ///
    /// # Errors
    /// Every problem of every file, warnings included, in the order of files and lines; at least one is an error.
    pub fn load(files: &[SourceFile], rules: &Rulebook, templates: &[&str]) -> Result<Self, Vec<Problem>> {
        Self::read(files, rules, templates, Strangers::Refused)
    }

    /// The shipped procedures beside an administrator's own rules: those that fit them. A body that renamed its offices before
    /// there were procedures must still start; what does not fit it is not its service.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn fitting(files: &[SourceFile], rules: &Rulebook, templates: &[&str]) -> Result<Self, Vec<Problem>> {
        Self::read(files, rules, templates, Strangers::LeftOut)
    }

    fn read(
        files: &[SourceFile],
        rules: &Rulebook,
        templates: &[&str],
        strangers: Strangers,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::new(files.iter().map(|file| file.name.as_str()).collect());
        if files.len() > FILES_MAX {
            problems.error(Spot { file: FILES_MAX, line: 0 }, format!("più di {FILES_MAX} file di procedimenti"));
            return Err(problems.into_sorted());
        }
        let mut drafts: Vec<Draft> = Vec::with_capacity(files.len());
        let mut readable = true;
        for (index, file) in files.iter().enumerate() {
            let tree = if file.text.len() > FILE_BYTES_MAX {
                Err((0, format!("file più grande di {} KiB", FILE_BYTES_MAX / 1024)))
            } else {
                parse(&file.text)
            };
            match tree {
                Ok(entries) => match read::read_file(index, entries, templates, &mut problems) {
                    Some(draft) => drafts.push(draft),
                    None => readable = false,
                },
                Err((line, why)) => {
                    problems.error(Spot { file: index, line }, why);
                    readable = false;
                }
            }
        }
        if strangers == Strangers::LeftOut {
            check::leave_out(&mut drafts, rules);
        }
        for draft in &drafts {
            check::alone(draft, rules, &mut problems);
        }
        // Compared only when all could be read, so that no problem is the echo of another.
        if readable {
            check::together(&drafts, &mut problems);
        }
        let errors = problems.errors();
        let found = problems.into_sorted();
        let default = drafts.iter().find(|draft| draft.procedure.default).map(|draft| draft.procedure.id.clone());
        match default {
            Some(default) if errors == 0 && readable => Ok(Self::of(drafts, default, digest(files), found)),
            _ => Err(found),
        }
    }

    fn of(drafts: Vec<Draft>, default: String, digest: String, warnings: Vec<Problem>) -> Self {
        let (mut by_id, mut by_rule, mut by_kind) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for Draft { procedure, .. } in drafts {
            by_rule.extend(procedure.rules.iter().map(|rule| (rule.clone(), procedure.id.clone())));
            by_kind.extend(procedure.kind.map(|kind| (kind, procedure.id.clone())));
            by_id.insert(procedure.id.clone(), procedure);
        }
        Self { by_id, by_rule, by_kind, default, digest, warnings }
    }

    /// The procedure that a request opens: by its rule, else by its kind, else the default one.
    #[must_use]
    pub fn opened_by(&self, rule: &str, kind: Kind) -> Option<&Procedure> {
        let id = self.by_rule.get(rule).or_else(|| self.by_kind.get(&kind)).unwrap_or(&self.default);
        self.by_id.get(id)
    }

    /// The procedure with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Procedure> {
        self.by_id.get(id)
    }

    /// The services that a procedure's file names beside it.
    pub fn related<'a>(&'a self, procedure: &'a Procedure) -> impl Iterator<Item = &'a Procedure> {
        procedure.related.iter().filter_map(|id| self.get(id))
    }

    /// All of them, by id.
    pub fn all(&self) -> impl Iterator<Item = &Procedure> {
        self.by_id.values()
    }

    /// SHA-256 (lower-case hex) of the files, as [`Rulebook::digest`] makes it.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What deserves attention but stops nothing.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

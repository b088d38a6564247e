//! A mistake in the rules files, as the administrator reads it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// How many problems one load reports. More are cut: nobody reads them, and the first ones explain the rest.
const PROBLEMS_MAX: usize = 200;

/// One mistake (or warning) in one file. The text is Italian, names the key, and gives the known values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Name of the file, as given to [`load`](super::load).
    pub file: String,
    /// Line, from 1; `None` when the problem belongs to no line (a section is missing).
    pub line: Option<usize>,
    /// What is wrong and what would be right, in Italian.
    pub text: String,
    /// A warning does not stop the rules from being used.
    pub warning: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.warning { "avviso  " } else { "errore  " })?;
        out.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        write!(out, ": {}", self.text)
    }
}

/// Where something was written: index of the file, line from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Spot {
    pub(crate) file: usize,
    pub(crate) line: usize,
}

/// Collects problems while files are read and checked.
#[derive(Debug)]
pub(crate) struct Problems<'a> {
    names: Vec<&'a str>,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(crate) fn new(names: Vec<&'a str>) -> Self {
        Self { names, found: Vec::new() }
    }

    /// Name of the file a spot is in.
    pub(crate) fn file(&self, at: Spot) -> &'a str {
        self.names.get(at.file).copied().unwrap_or_default()
    }

    pub(crate) fn error(&mut self, at: Spot, text: String) {
        self.push(at, text, false);
    }

    pub(crate) fn warn(&mut self, at: Spot, text: String) {
        self.push(at, text, true);
    }

    fn push(&mut self, at: Spot, text: String, warning: bool) {
        if self.found.len() < PROBLEMS_MAX {
            let line = (at.line > 0).then_some(at.line);
            self.found.push(Problem { file: self.file(at).into(), line, text, warning });
        }
    }

    pub(crate) fn errors(&self) -> usize {
        self.found.iter().filter(|p| !p.warning).count()
    }

    /// Everything found, in the order of files and lines.
    pub(crate) fn into_sorted(self) -> Vec<Problem> {
        let Self { names, mut found } = self;
        let rank = |p: &Problem| names.iter().position(|n| *n == p.file);
        found.sort_by_key(|p| (rank(p), p.line));
        found.dedup();
        found
    }
}

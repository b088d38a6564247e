//! A compiled expression, and what it finds: linear time on every input, no look-around, no back-references. It changes when the
//! crate that compiles it does, which only this file names.
//!
//! An engine reads the characters of a text as bytes: as those of UTF-8, or as one each where an [`alphabet`](super::alphabet) spells
//! them. What it finds is told of the text itself.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use regex_automata::meta::{self, Builder, Config};
use regex_automata::util::syntax;
use regex_syntax::hir::Hir;

/// Memory of one compiled expression, and of what its engine keeps of the texts that it has seen, bytes.
const ENGINE_BYTES_MAX: usize = 1024 * 1024;

/// An expression, compiled.
#[derive(Debug, Clone)]
pub(super) struct Engine(meta::Regex);

impl Engine {
    /// Compiles an expression as it is written, with groups nested at most so deep. The error is one Italian line.
    pub(super) fn plain(written: &str, nest: u32) -> Result<Self, String> {
        let built = builder(true).syntax(syntax::Config::new().nest_limit(nest)).build(written);
        built.map(Self).map_err(|error| match (error.size_limit(), error.syntax_error()) {
            (Some(_), _) => {
                format!(
                    "espressione troppo grande (oltre {} KiB compilata): riduci le ripetizioni",
                    ENGINE_BYTES_MAX / 1024
                )
            }
            (_, Some(error)) => format!("espressione regolare non valida: {}", italian(&error.to_string())),
            _ => format!("espressione regolare non valida: {error}"),
        })
    }

    /// Compiles an expression that an alphabet spells. `None`: it is too large.
    pub(super) fn spelled(spelled: &Hir) -> Option<Self> {
        builder(false).build_from_hir(spelled).ok().map(Self)
    }

    /// Where it first stands in a text, given as it is and as this engine reads it.
    pub(super) fn find(&self, text: &str, read: &[u8]) -> Option<Range<usize>> {
        Some(place(text, read.len(), self.0.find(read)?.range()))
    }

    /// Everything that it finds in a text, first to last, with its named groups.
    pub(super) fn matches<'e, 't>(&'e self, text: &'t str, read: &'e [u8]) -> impl Iterator<Item = Match<'e, 't>> {
        self.0.captures_iter(read).map(|found| {
            let whole = found.get_match().map_or(0..0, |found| found.range());
            let start = place(text, read.len(), whole.clone());
            let inside = text.get(start.clone()).unwrap_or_default();
            let group = |name: &'e str| {
                let range = found.get_group_by_name(name)?.range();
                let range = range.start - whole.start..range.end - whole.start;
                Some((name, inside.get(place(inside, whole.len(), range))?))
            };
            let groups = self.0.group_info().all_names().filter_map(|(_, _, name)| group(name?)).collect();
            Match { whole: inside, start: start.start, groups }
        })
    }
}

/// One thing found.
#[derive(Debug)]
pub(super) struct Match<'e, 't> {
    pub(super) whole: &'t str,
    /// Where it begins in the text, bytes.
    pub(super) start: usize,
    groups: Vec<(&'e str, &'t str)>,
}

impl<'t> Match<'_, 't> {
    /// A named group; empty when it has no part in this.
    pub(super) fn group(&self, name: &str) -> &'t str {
        self.groups.iter().find(|(named, _)| *named == name).map_or("", |(_, found)| found)
    }
}

fn builder(is_utf8: bool) -> Builder {
    let config = Config::new().utf8_empty(is_utf8);
    let mut builder = Builder::new();
    builder.configure(config.nfa_size_limit(Some(ENGINE_BYTES_MAX)).hybrid_cache_capacity(ENGINE_BYTES_MAX));
    builder
}

/// Where in a text lies what lies there in so many bytes that an engine reads of it.
fn place(text: &str, read: usize, found: Range<usize>) -> Range<usize> {
    if read == text.len() {
        return found; // each character is as long here as there
    }
    let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]).skip(found.start);
    let start = starts.next().unwrap_or(text.len());
    let end = if found.is_empty() { start } else { starts.nth(found.len() - 1).unwrap_or(text.len()) };
    start..end
}

/// The crate's messages in the administrators' language; one not listed stays in English.
fn italian(message: &str) -> &str {
    const KNOWN: [(&str, &str); 9] = [
        ("unclosed group", "parentesi non chiusa"),
        ("unopened group", "parentesi chiusa ma mai aperta"),
        ("unclosed character class", "parentesi quadra non chiusa"),
        ("repetition operator missing", "ripetizione senza nulla da ripetere"),
        ("invalid repetition count", "ripetizione con i numeri in ordine inverso"),
        ("unclosed counted repetition", "parentesi graffa non chiusa"),
        ("unrecognized escape", "dopo `\\` c'è una lettera senza significato"),
        ("backreferences", "i richiami come `\\1` non si possono usare"),
        ("look-around", "`(?=`, `(?!`, `(?<=` e `(?<!` non si possono usare"),
    ];
    // The last line says what; those above draw the place.
    let line = message.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    KNOWN.iter().find(|(english, _)| line.starts_with(english)).map_or(line, |(_, italian)| italian)
}

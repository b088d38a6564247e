//! Regular expressions, bounded. The only file that names the `regex` crate: linear time on every input, no
//! look-around, no back-references.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use core::ops::Range;
use regex::{Regex, RegexBuilder};

/// Memory of one compiled expression, in bytes; a larger one is refused when the rules are loaded.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// Depth of nested groups; a deeper one is refused.
const PATTERN_NEST_MAX: u32 = 50;

/// A compiled expression.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Compiles; the error is one Italian line.
    pub(super) fn compile(written: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(written)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX)
            .nest_limit(PATTERN_NEST_MAX)
            .build();
        let regex = built.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!(
                    "espressione troppo grande (oltre {} KiB compilata): riduci le ripetizioni",
                    PATTERN_BYTES_MAX / 1024
                )
            }
            other => format!("espressione regolare non valida: {}", italian(&other.to_string())),
        })?;
        if regex.is_match("") {
            return Err("espressione regolare che trova anche il testo vuoto".to_owned());
        }
        Ok(Self(regex))
    }

    pub(super) fn written(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn find(&self, text: &str) -> Option<Range<usize>> {
        self.0.find(text).map(|found| found.range())
    }

    /// Whether the expression has this named group.
    pub(super) fn has_group(&self, name: &str) -> bool {
        self.0.capture_names().flatten().any(|group| group == name)
    }

    /// Every match, first to last: the whole of it, and a way to ask for its groups.
    pub(super) fn matches<'t>(&self, text: &'t str) -> impl Iterator<Item = Match<'t>> {
        self.0.captures_iter(text).map(Match)
    }
}

/// One match of an expression.
pub(super) struct Match<'t>(regex::Captures<'t>);

impl<'t> Match<'t> {
    pub(super) fn whole(&self) -> &'t str {
        self.0.get(0).map_or("", |found| found.as_str())
    }

    /// Where it begins in the text.
    pub(super) fn start(&self) -> usize {
        self.0.get(0).map_or(0, |found| found.start())
    }

    pub(super) fn group(&self, name: &str) -> &'t str {
        self.0.name(name).map_or("", |found| found.as_str())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_too_large_too_deep_or_empty() {
        let says = |written: &str| Pattern::compile(written).expect_err("refused");
        assert!(says(r"\w{1,2000}\w{1,2000}").contains("troppo grande"));
        assert!(says(&alloc::format!("{}a{}", "(".repeat(60), ")".repeat(60))).contains("non valida"));
        assert!(says("(a").contains("parentesi non chiusa"));
        assert!(says("(?=a)").contains("non si possono usare"));
        assert!(says("a*").contains("vuoto"));
    }
}

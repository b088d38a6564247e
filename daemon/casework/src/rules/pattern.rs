//! Regular expressions, bounded. The only file that names the `regex` crate, and `alphabet` the crates below it: linear time on
//! every input, no look-around, no back-references.

use super::alphabet::{Alphabet, Engine, Read};
use super::place::Place;
use super::view::View;
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use regex::{Regex, RegexBuilder};

/// Memory of one compiled expression, in bytes; a larger one is refused when the rules are loaded.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// Depth of nested groups; a deeper one is refused.
const PATTERN_NEST_MAX: u32 = 50;

/// Why an expression is refused that would find something everywhere.
const EMPTY: &str = "espressione regolare che trova anche il testo vuoto";

/// A compiled expression with groups.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

/// The expression of a signal, which passed its checks. It is compiled with those of all the others, in [`Expressions`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression(String);

impl Expression {
    /// Checks it; the error is one Italian line.
    pub(super) fn admit(written: &str) -> Result<Self, String> {
        match Read::of(written, PATTERN_NEST_MAX) {
            Some(read) if read.is_empty() => Err(EMPTY.to_owned()),
            Some(read) if read.fits() => Ok(Self(written.to_owned())),
            _ => Pattern::compile(written).map(|_| Self(written.to_owned())),
        }
    }

    pub(super) fn written(&self) -> &str {
        &self.0
    }
}

/// The expressions of all signals, compiled.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    alphabets: Vec<Alphabet>,
    /// By what is written.
    compiled: BTreeMap<String, Compiled>,
}

#[derive(Debug)]
enum Compiled {
    /// Over the alphabet with this number.
    Spelled(usize, Engine),
    /// Too large, or in need of what an alphabet has not.
    Plain(Pattern),
}

/// The texts of a message as they were spelled: alphabet, place, which value of it.
pub(super) type Spelled = BTreeMap<(usize, Place, usize), Vec<u8>>;

impl Expressions {
    /// Compiles them. The error is Italian, and of no expression that was admitted.
    pub(super) fn of<'e>(all: impl Iterator<Item = &'e Expression>) -> Result<Self, String> {
        let mut compiled = Self::default();
        let (mut fitting, mut plain) = (Vec::new(), Vec::new());
        let all: BTreeMap<&str, ()> = all.map(|expression| (expression.written(), ())).collect();
        for (written, ()) in all {
            match Read::of(written, PATTERN_NEST_MAX) {
                Some(read) if read.fits() => fitting.push((written, read)),
                _ => plain.push(written),
            }
        }
        compiled.spell(&fitting, &mut plain);
        for written in plain {
            let pattern = Pattern::compile(written).map_err(|why| format!("`{written}`: {why}"))?;
            compiled.compiled.insert(written.to_owned(), Compiled::Plain(pattern));
        }
        Ok(compiled)
    }

    /// Forgets what was kept of the texts that they have seen.
    pub(super) fn rest(&mut self) {
        for compiled in self.compiled.values_mut() {
            match compiled {
                Compiled::Spelled(_, engine) => engine.rest(),
                Compiled::Plain(pattern) => pattern.rest(),
            }
        }
    }

    /// One alphabet for all of them, or where bytes do not suffice one for each half.
    fn spell<'e>(&mut self, some: &[(&'e str, Read)], plain: &mut Vec<&'e str>) {
        if some.is_empty() {
            return;
        }
        let reads: Vec<&Read> = some.iter().map(|(_, read)| read).collect();
        match Alphabet::of(&reads) {
            Some(alphabet) => {
                for (written, read) in some {
                    match alphabet.engine(read) {
                        Some(engine) => {
                            let spelled = Compiled::Spelled(self.alphabets.len(), engine);
                            self.compiled.insert((*written).to_owned(), spelled);
                        }
                        None => plain.push(written),
                    }
                }
                self.alphabets.push(alphabet);
            }
            None if some.len() == 1 => plain.extend(some.iter().map(|(written, _)| *written)),
            None => {
                let (first, second) = some.split_at(some.len() / 2);
                self.spell(first, plain);
                self.spell(second, plain);
            }
        }
    }

    /// Where an expression first stands in a value of a message: the place, which value, and where in it.
    pub(super) fn find(
        &self,
        expression: &Expression,
        places: &[Place],
        view: &View<'_>,
        spelled: &mut Spelled,
    ) -> Option<(Place, usize, Range<usize>)> {
        let compiled = self.compiled.get(expression.written())?;
        let values = places.iter().flat_map(|place| view.texts(*place).iter().enumerate().map(|it| (*place, it)));
        for (place, (item, text)) in values {
            let found = match compiled {
                Compiled::Plain(pattern) => pattern.0.find(text).map(|found| found.range()),
                Compiled::Spelled(number, engine) => {
                    let alphabet = self.alphabets.get(*number)?;
                    engine.find(text, spelled.entry((*number, place, item)).or_insert_with(|| alphabet.spell(text)))
                }
            };
            if let Some(range) = found {
                return Some((place, item, range));
            }
        }
        None
    }
}

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
            return Err(EMPTY.to_owned());
        }
        Ok(Self(regex))
    }

    /// Forgets what was kept of the texts that it has seen: a copy shares what is compiled, and nothing else.
    pub(super) fn rest(&mut self) {
        *self = self.clone();
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
        let says = |written: &str| {
            let says = Pattern::compile(written).expect_err("refused");
            assert_eq!(Expression::admit(written).expect_err("refused"), says, "{written}");
            says
        };
        assert!(says(r"\w{1,2000}\w{1,2000}").contains("troppo grande"));
        assert!(says(&alloc::format!("{}a{}", "(".repeat(60), ")".repeat(60))).contains("non valida"));
        assert!(says("(a").contains("parentesi non chiusa"));
        assert!(says("(?=a)").contains("non si possono usare"));
        for empty in ["a*", "", r"^|\d", r"\B", "(?m)^$", r"(?:x|\b{end-half})"] {
            assert!(says(empty).contains("vuoto"));
        }
        assert!(Expression::admit(r"\b").is_ok(), "nothing to find in the empty text");
    }

    #[test]
    fn where_letters_are_too_many_for_one_alphabet_there_are_several() {
        let cyrillic: String = ('\u{430}'..='\u{457}').collect();
        let greek: String = ('\u{3b1}'..='\u{3c9}').collect();
        let both = [&cyrillic, &greek, &greek].map(|written| Expression::admit(written).expect("good"));
        let compiled = Expressions::of(both.iter()).expect("good");
        assert_eq!((compiled.alphabets.len(), compiled.compiled.len()), (2, 2));
        let plain = Expressions::of([Expression::admit(r"(?-u:\b)x").expect("good")].iter()).expect("good");
        assert!(matches!(plain.compiled.get(r"(?-u:\b)x"), Some(Compiled::Plain(_))));
    }
}

//! The expressions of the rules, bounded and compiled together. It changes when another thing is asked of them.

use super::alphabet::{Alphabet, Read};
use super::engine::{Engine, Match};
use super::place::Place;
use super::view::View;
use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Depth of nested groups; a deeper one is refused.
const PATTERN_NEST_MAX: u32 = 50;

/// Why an expression is refused that would find something everywhere.
const EMPTY: &str = "espressione regolare che trova anche il testo vuoto";

/// The expression of a signal or an extractor, which passed its checks. It is compiled with those of others, in [`Expressions`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression(String);

impl Expression {
    /// Checks it; the error is one Italian line.
    pub(super) fn admit(written: &str) -> Result<Self, String> {
        match Read::of(written, PATTERN_NEST_MAX) {
            Some(read) if read.is_empty() => Err(EMPTY.to_owned()),
            Some(read) if read.fits() => Ok(Self(written.to_owned())),
            _ => Engine::plain(written, PATTERN_NEST_MAX).map(|_| Self(written.to_owned())),
        }
    }

    /// Whether it has this named group.
    pub(super) fn has_group(&self, name: &str) -> bool {
        Read::of(&self.0, PATTERN_NEST_MAX).is_some_and(|read| read.has_group(name))
    }

    pub(super) fn written(&self) -> &str {
        &self.0
    }
}

/// Expressions, compiled.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    alphabets: Vec<Alphabet>,
    /// By what is written.
    compiled: BTreeMap<String, Compiled>,
}

#[derive(Debug, Clone)]
struct Compiled {
    /// Number of the alphabet that spells its texts. `None`: it is too large, or needs what an alphabet has not.
    alphabet: Option<usize>,
    engine: Engine,
}

/// The texts of a message as the alphabets of some [`Expressions`] spelled them: alphabet, place, which value of it.
pub(super) type Spelled = BTreeMap<(usize, Place, usize), Vec<u8>>;

impl Expressions {
    /// Compiles them. The error is Italian, and of no expression that was admitted.
    pub(super) fn of<'e>(all: impl Iterator<Item = &'e Expression>) -> Result<Self, String> {
        let mut compiled = Self::default();
        let (mut fitting, mut plain) = (Vec::new(), Vec::new());
        let all: BTreeSet<&str> = all.map(Expression::written).collect();
        for written in all {
            match Read::of(written, PATTERN_NEST_MAX) {
                Some(read) if read.fits() => fitting.push((written, read)),
                _ => plain.push(written),
            }
        }
        compiled.spell(&fitting, &mut plain);
        for written in plain {
            let engine = Engine::plain(written, PATTERN_NEST_MAX).map_err(|why| format!("`{written}`: {why}"))?;
            compiled.compiled.insert(written.to_owned(), Compiled { alphabet: None, engine });
        }
        Ok(compiled)
    }

    /// Forgets what was kept of the texts that they have seen: a copy shares what is compiled, and nothing else.
    pub(super) fn rest(&mut self) {
        self.compiled.values_mut().for_each(|compiled| *compiled = compiled.clone());
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
                            let spelled = Compiled { alphabet: Some(self.alphabets.len()), engine };
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
        view.values(places).find_map(|(place, item, text)| {
            let found = compiled.engine.find(text, self.read(compiled, place, item, text, spelled));
            found.map(|range| (place, item, range))
        })
    }

    /// Everything that an expression finds in a value of a message, first to last.
    pub(super) fn matches<'e, 't: 'e>(
        &'e self,
        expression: &Expression,
        (place, item, text): (Place, usize, &'t str),
        spelled: &'e mut Spelled,
    ) -> impl Iterator<Item = Match<'e, 't>> {
        let compiled = self.compiled.get(expression.written());
        let read = compiled.map(|compiled| (compiled, self.read(compiled, place, item, text, spelled)));
        read.into_iter().flat_map(move |(compiled, read)| compiled.engine.matches(text, read))
    }

    /// A value as the engine of an expression reads it.
    fn read<'s>(
        &self,
        compiled: &Compiled,
        place: Place,
        item: usize,
        text: &'s str,
        spelled: &'s mut Spelled,
    ) -> &'s [u8] {
        match compiled.alphabet.and_then(|number| Some((number, self.alphabets.get(number)?))) {
            Some((number, alphabet)) => spelled.entry((number, place, item)).or_insert_with(|| alphabet.spell(text)),
            None => text.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_too_large_too_deep_or_empty() {
        let says = |written: &str| Expression::admit(written).expect_err("refused");
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
        assert!(matches!(plain.compiled.get(r"(?-u:\b)x"), Some(Compiled { alphabet: None, .. })));
    }
}

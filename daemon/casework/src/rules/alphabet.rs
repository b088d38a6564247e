//! Characters as the expressions of the rules tell them apart. It changes when expressions are compiled in another way.
//!
//! All expressions together tell fewer than a hundred kinds of character from each other: `a` and `A` are one where none looks at
//! capitals, and Greek letters are one where `\w` is all that is asked of them. So each kind gets one byte, a text is *spelled*
//! once in these, and expressions are compiled over them: `\w` is a handful of bytes and not 770 ranges of UTF-8, which is most of
//! what a compiled expression weighed; and a word boundary is one of ASCII, which the fast engine can follow anywhere.
//! An expression finds in the spelled text exactly what it finds in the text: it cannot tell two characters of a kind apart, and
//! for `\b` the kinds of word characters get the bytes that ASCII calls so.

use super::engine::Engine;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, Hir, HirKind, Look, Repetition};

/// Positions of an expression that is compiled over an alphabet; one of more is compiled as it stands, or refused as too large.
const POSITIONS_MAX: u32 = 1000;

/// Characters of a set, as ranges in order.
type Set = Vec<(u32, u32)>;
/// Which sets hold a character: a bit for each.
type Kind = Vec<u64>;

/// A byte for each kind of character.
#[derive(Debug)]
pub(super) struct Alphabet {
    ascii: [u8; 128],
    /// From this character on, this byte.
    from: Vec<(u32, u8)>,
    sets: BTreeMap<Set, usize>,
    kinds: Vec<(Kind, u8)>,
}

/// An expression that was read.
#[derive(Debug)]
pub(super) struct Read(Hir);

impl Read {
    /// Reads it. `None`: it is no expression.
    pub(super) fn of(written: &str, nest: u32) -> Option<Self> {
        ParserBuilder::new().nest_limit(nest).build().parse(written).ok().map(Self)
    }

    /// Whether it can be compiled over an alphabet, and is then small.
    pub(super) fn fits(&self) -> bool {
        positions(&self.0).is_some_and(|positions| positions <= POSITIONS_MAX)
    }

    /// Whether it has this named group.
    pub(super) fn has_group(&self, name: &str) -> bool {
        has_group(&self.0, name)
    }

    /// Whether it finds the empty text.
    pub(super) fn is_empty(&self) -> bool {
        finds_nothing(&self.0)
    }
}

fn has_group(hir: &Hir, name: &str) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => false,
        HirKind::Repetition(repeated) => has_group(&repeated.sub, name),
        HirKind::Capture(group) => group.name.as_deref() == Some(name) || has_group(&group.sub, name),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(|part| has_group(part, name)),
    }
}

fn finds_nothing(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Look(look) => !matches!(
            look,
            Look::WordAscii
                | Look::WordUnicode
                | Look::WordStartAscii
                | Look::WordStartUnicode
                | Look::WordEndAscii
                | Look::WordEndUnicode
        ),
        HirKind::Repetition(repeated) => repeated.min == 0 || finds_nothing(&repeated.sub),
        HirKind::Capture(group) => finds_nothing(&group.sub),
        HirKind::Concat(all) => all.iter().all(finds_nothing),
        HirKind::Alternation(any) => any.iter().any(finds_nothing),
    }
}

/// Characters that an expression matches one after the other at most, all its branches together, with each repetition written
/// out. `None`: it asks for what an alphabet has not.
fn positions(hir: &Hir) -> Option<u32> {
    let all = |parts: &[Hir]| parts.iter().try_fold(0u32, |sum, part| Some(sum.saturating_add(positions(part)?)));
    match hir.kind() {
        HirKind::Empty => Some(0),
        HirKind::Literal(literal) => {
            let text = core::str::from_utf8(&literal.0).ok()?;
            u32::try_from(text.chars().count()).ok()
        }
        HirKind::Class(class) => set_of(class).map(|_| 1),
        HirKind::Look(look) => spelled_look(*look).map(|_| 1),
        HirKind::Repetition(repeated) => {
            let times = repeated.max.unwrap_or_else(|| repeated.min.saturating_add(1));
            Some(positions(&repeated.sub)?.max(1).saturating_mul(times))
        }
        HirKind::Capture(group) => positions(&group.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => all(parts),
    }
}

/// The same where the bytes of an alphabet stand for characters. ASCII has none left for another meaning of a word.
fn spelled_look(look: Look) -> Option<Look> {
    Some(match look {
        Look::Start | Look::End | Look::StartLF | Look::EndLF | Look::StartCRLF | Look::EndCRLF => look,
        Look::WordUnicode => Look::WordAscii,
        Look::WordUnicodeNegate => Look::WordAsciiNegate,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        _ => return None,
    })
}

impl Alphabet {
    /// What these expressions tell apart; `None` where bytes do not suffice.
    pub(super) fn of(expressions: &[&Read]) -> Option<Self> {
        let mut sets = BTreeSet::from([word()?, vec![(0x0a, 0x0a)], vec![(0x0d, 0x0d)]]);
        expressions.iter().try_for_each(|read| collect(&read.0, &mut sets))?;
        let sets: BTreeMap<Set, usize> = sets.into_iter().enumerate().map(|(id, set)| (set, id)).collect();
        let words = *sets.get(&word()?)?;

        // Where a set begins or ends, its bit turns.
        let mut turns: BTreeMap<u32, Vec<usize>> = BTreeMap::from([(0, vec![])]);
        for (set, id) in &sets {
            for (first, last) in set {
                turns.entry(*first).or_default().push(*id);
                turns.entry(last + 1).or_default().push(*id);
            }
        }
        let (mut inside, mut outside) = (word_bytes(), other_bytes());
        let mut known: BTreeMap<Kind, u8> = BTreeMap::new();
        let mut kind: Kind = vec![0; sets.len().div_ceil(64)];
        let mut from = Vec::with_capacity(turns.len());
        for (at, ids) in turns {
            ids.iter().for_each(|id| turn(&mut kind, *id));
            let byte = match (known.get(&kind), at) {
                (Some(byte), _) => *byte,
                // The ends of lines are what they are, for `^` and `$`; a set each makes them kinds of their own.
                (None, 0x0a | 0x0d) => u8::try_from(at).ok()?,
                (None, _) if has(&kind, words) => inside.next()?,
                (None, _) => outside.next()?,
            };
            known.entry(kind.clone()).or_insert(byte);
            if from.last().is_none_or(|(_, last)| *last != byte) {
                from.push((at, byte));
            }
        }
        let mut alphabet = Self { ascii: [0; 128], from, sets, kinds: known.into_iter().collect() };
        for n in 0..128u8 {
            let byte = alphabet.letter(n.into());
            *alphabet.ascii.get_mut(usize::from(n))? = byte;
        }
        Some(alphabet)
    }

    fn letter(&self, c: u32) -> u8 {
        let next = self.from.partition_point(|(first, _)| *first <= c);
        next.checked_sub(1).and_then(|at| self.from.get(at)).map_or(0, |(_, byte)| *byte)
    }

    /// A text, a byte for each of its characters.
    pub(super) fn spell(&self, text: &str) -> Vec<u8> {
        let byte = |c: char| self.ascii.get(c as usize).copied().unwrap_or_else(|| self.letter(c.into()));
        text.chars().map(byte).collect()
    }

    /// Compiles an expression that this is the alphabet of.
    pub(super) fn engine(&self, read: &Read) -> Option<Engine> {
        Engine::spelled(&self.spelled(&read.0)?)
    }

    /// The same expression over this alphabet; groups without a name only group.
    fn spelled(&self, hir: &Hir) -> Option<Hir> {
        let all = |parts: &[Hir]| parts.iter().map(|part| self.spelled(part)).collect::<Option<Vec<_>>>();
        Some(match hir.kind() {
            HirKind::Empty => Hir::empty(),
            HirKind::Literal(literal) => {
                let text = core::str::from_utf8(&literal.0).ok()?;
                Hir::literal(self.spell(text))
            }
            HirKind::Class(class) => {
                let id = *self.sets.get(&set_of(class)?)?;
                let kinds = self.kinds.iter().filter(|(kind, _)| has(kind, id));
                Hir::class(Class::Bytes(ClassBytes::new(kinds.map(|(_, byte)| ClassBytesRange::new(*byte, *byte)))))
            }
            HirKind::Look(look) => Hir::look(spelled_look(*look)?),
            HirKind::Repetition(repeated) => {
                let sub = Box::new(self.spelled(&repeated.sub)?);
                Hir::repetition(Repetition { min: repeated.min, max: repeated.max, greedy: repeated.greedy, sub })
            }
            HirKind::Capture(group) => {
                let sub = self.spelled(&group.sub)?;
                match &group.name {
                    Some(name) => {
                        let (index, name) = (group.index, Some(name.clone()));
                        Hir::capture(Capture { index, name, sub: Box::new(sub) })
                    }
                    None => sub,
                }
            }
            HirKind::Concat(parts) => Hir::concat(all(parts)?),
            HirKind::Alternation(parts) => Hir::alternation(all(parts)?),
        })
    }
}

/// The bytes that ASCII counts as of a word.
fn word_bytes() -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// All others, but those of the ends of lines.
fn other_bytes() -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'\n' | b'\r')))
}

/// What `\w` means.
fn word() -> Option<Set> {
    match regex_syntax::parse(r"\w").ok()?.kind() {
        HirKind::Class(class) => set_of(class),
        _ => None,
    }
}

/// The sets of characters that an expression names. `None`: it names bytes that are no characters.
fn collect(hir: &Hir, sets: &mut BTreeSet<Set>) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => {
            let text = core::str::from_utf8(&literal.0).ok()?;
            sets.extend(text.chars().map(|c| vec![(c.into(), c.into())]));
        }
        HirKind::Class(class) => {
            sets.insert(set_of(class)?);
        }
        HirKind::Repetition(repeated) => collect(&repeated.sub, sets)?,
        HirKind::Capture(group) => collect(&group.sub, sets)?,
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().try_for_each(|part| collect(part, sets))?;
        }
    }
    Some(())
}

fn set_of(class: &Class) -> Option<Set> {
    match class {
        Class::Unicode(class) => Some(class.iter().map(|r| (r.start().into(), r.end().into())).collect()),
        Class::Bytes(class) => {
            let ranges = class.iter().map(|r| (r.end() < 0x80).then(|| (r.start().into(), r.end().into())));
            ranges.collect()
        }
    }
}

fn turn(kind: &mut Kind, id: usize) {
    if let Some(word) = kind.get_mut(id / 64) {
        *word ^= 1 << (id % 64);
    }
}

fn has(kind: &Kind, id: usize) -> bool {
    kind.get(id / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use proptest::prelude::*;
    use regex::Regex;

    /// What the expressions of the rules are made of, and what they are not.
    const PIECES: &[&str] = &[
        "(?i)chi",
        "(?i)è",
        "(?i)STRASSE",
        "K",
        "\\w",
        "\\w+",
        "\\W",
        "\\d{2}",
        "[^.!?\\n]{0,5}",
        "\\b",
        "\\B",
        "^",
        "$",
        "(?m)^",
        "(?m)$",
        ".",
        "(?s).",
        "\\s*",
        "(?:già |non )?",
        "[àèì]",
        "\\p{Lu}",
        "[[:alpha:]]",
        "(?i)[a-f]",
        "x|y",
        "(?:a|ab)(?:c|bcd)?",
        "\\b{start}",
        "\\b{end-half}",
        "(?i)ſ",
        "[^ä-ü]",
        "\\r",
        "(?R)$",
        "'",
        "(?-u:\\d)",
    ];
    const WORDS: &[&str] = &[
        "chi",
        "CHI",
        "è",
        "È",
        "e\u{300}",
        " ",
        "\n",
        "\r\n",
        "12",
        "٣",
        ".",
        "?",
        "già ",
        "strasse",
        "straße",
        "K",
        "\u{212a}",
        "k",
        "ſ",
        "s",
        "д",
        "Ж",
        "_",
        "’",
        "'",
        "\u{200d}",
        "漢",
        "abcd",
        "xy",
        "\u{10ffff}",
        "\0",
        "ü",
        "-",
    ];

    /// Each piece is a group with a name, or none is.
    fn expression() -> impl Strategy<Value = String> {
        let pieces = proptest::collection::vec(proptest::sample::select(PIECES), 1..5);
        (pieces, proptest::bool::ANY).prop_map(|(parts, are_groups)| {
            let part = |(n, part)| if are_groups { format!("(?<g{n}>{part})") } else { String::from(part) };
            parts.into_iter().enumerate().map(part).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn an_expression_finds_in_the_spelled_text_what_it_finds_in_the_text(
            written in proptest::collection::vec(expression(), 1..4),
            words in proptest::collection::vec(proptest::sample::select(WORDS), 0..12),
        ) {
            let text = words.concat();
            let read: Vec<Read> = written.iter().map(|one| Read::of(one, 50).unwrap()).collect();
            let alphabet = Alphabet::of(&read.iter().collect::<Vec<_>>()).expect("few kinds");
            let spelled = alphabet.spell(&text);
            for (written, read) in written.iter().zip(&read) {
                let plain = Regex::new(written).unwrap();
                prop_assert_eq!(read.is_empty(), plain.is_match(""), "{}", written);
                prop_assert!(read.fits(), "{}", written);
                let engine = alphabet.engine(read).unwrap();
                let found = engine.find(&text, &spelled);
                prop_assert_eq!(found, plain.find(&text).map(|found| found.range()), "{} in {:?}", written, text);
                if read.is_empty() {
                    continue; // the rules have none, and it finds the empty text within a character too
                }
                let groups = ["g0", "g1", "g2", "g3", "g4"];
                let all: Vec<_> = engine
                    .matches(&text, &spelled)
                    .map(|found| (found.start, found.whole, groups.map(|name| found.group(name))))
                    .collect();
                let plain: Vec<_> = plain
                    .captures_iter(&text)
                    .map(|found| {
                        let whole = found.get(0).unwrap();
                        let group = |name| found.name(name).map_or("", |group| group.as_str());
                        (whole.start(), whole.as_str(), groups.map(group))
                    })
                    .collect();
                prop_assert_eq!(all, plain, "{} in {:?}", written, text);
                prop_assert_eq!(read.has_group("g0"), written.contains("g0"));
            }
        }
    }

    #[test]
    fn what_has_no_place_in_an_alphabet_is_told() {
        assert!(!Read::of(r"(?-u:\b)è", 50).unwrap().fits());
        assert!(!Read::of(r"\w{1,2000}\w{1,2000}", 50).unwrap().fits());
        // More kinds of letters than ASCII has bytes of words.
        let many: String = ('\u{430}'..='\u{47f}').collect();
        assert!(Alphabet::of(&[&Read::of(&many, 50).unwrap()]).is_none());
    }
}

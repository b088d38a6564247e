//! Words that are found by the parts they are put together of, without putting them together. It changes when they are looked up in
//! another way.
//!
//! A message is asked of each of its words whether it says something: a thousand times for one in ten that does. So neither a word
//! is written anew for that, nor a tree walked: its letters lead to a slot, which is nearly always the right one or free.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Slots for each word: with fewer, those of different words meet more often.
const SLOTS_EACH: usize = 2;

/// The words, each with its number: their order is that of the alphabet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lexicon {
    words: Vec<String>,
    /// A power of two of them, each with a word or free.
    slots: Vec<Option<Slot>>,
}

/// A word in its slot: what is drawn from its letters tells it from nearly all others without a look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    drawn: u32,
    number: u32,
}

impl Lexicon {
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w String>) -> Self {
        let words: Vec<String> = words.collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let mut lexicon = Self { slots: vec![None; (words.len() * SLOTS_EACH).next_power_of_two()], words };
        for (number, word) in (0..).zip(&lexicon.words) {
            let drawn = draw([word, "", ""]);
            let free = lexicon.way(drawn).find(|at| lexicon.slots.get(*at).is_some_and(Option::is_none));
            let slot = free.and_then(|at| lexicon.slots.get_mut(at));
            slot.into_iter().for_each(|slot| *slot = Some(Slot { drawn, number }));
        }
        lexicon
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The word with this number.
    pub(super) fn word(&self, number: usize) -> &str {
        self.words.get(number).map_or("", String::as_str)
    }

    /// The number of the word that these parts make.
    pub(super) fn find(&self, parts: [&str; 3]) -> Option<usize> {
        let drawn = draw(parts);
        // A free slot ends the way: there are always some.
        let taken = self.way(drawn).map_while(|at| *self.slots.get(at)?);
        let alike = taken.filter(|slot| slot.drawn == drawn).filter_map(|slot| usize::try_from(slot.number).ok());
        alike.into_iter().find(|number| is_made_of(self.word(*number), parts))
    }

    /// The slots in which a word may stand, first to last.
    fn way(&self, drawn: u32) -> impl Iterator<Item = usize> + use<> {
        let last = self.slots.len().saturating_sub(1);
        let first = usize::try_from(drawn).unwrap_or_default();
        (0..=last).map(move |step| first.wrapping_add(step) & last)
    }
}

/// A number drawn from letters (FNV-1a).
fn draw(parts: [&str; 3]) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    // The high bits depend on all letters.
    u32::try_from((hash ^ (hash >> 32)) & u64::from(u32::MAX)).unwrap_or_default()
}

fn is_made_of(word: &str, parts: [&str; 3]) -> bool {
    let rest = parts.into_iter().try_fold(word, |rest, part| rest.strip_prefix(part));
    rest.is_some_and(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn finds_every_word_by_its_parts_and_no_other() {
        let words: Vec<String> = (0..3000).map(|n| alloc::format!("file:{:o}*", n * 7919)).collect();
        let lexicon = Lexicon::of(words.iter().chain(&words[..10]));
        assert_eq!(lexicon.len(), 3000);
        for word in &words {
            let inner = word.strip_prefix("file:").and_then(|rest| rest.strip_suffix('*')).unwrap();
            let number = lexicon.find(["file:", inner, "*"]).unwrap();
            assert_eq!((lexicon.word(number), lexicon.find([word, "", ""])), (word.as_str(), Some(number)));
            assert_eq!(lexicon.find(["file:", inner, ""]), None);
        }
        assert_eq!(Lexicon::of([].into_iter()).find(["", "", ""]), None);
        assert_eq!(Lexicon::of([&"a".to_string()].into_iter()).find(["a", "b", ""]), None);
        assert_eq!(Lexicon::default().find(["a", "", ""]), None);
    }
}

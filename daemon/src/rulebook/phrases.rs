//! The phrases that many texts have in common: what people write of which no rule knows, and what could be taught. It changes
//! when a phrase is worth being shown for another reason.

use casework::rules::normal::Normal;
use std::collections::{BTreeSet, HashMap};

/// Words of one text that are looked at: what a letter wants stands at its beginning.
const WORDS_MAX: usize = 300;
/// Words of one phrase.
const PHRASE_WORDS_MAX: usize = 4;
/// Different phrases held at a time; beyond, those seen once are forgotten.
const HELD_MAX: usize = 400_000;

/// Words that say nothing by themselves: a phrase neither begins nor ends with one.
const EMPTY: &[&str] = &[
    "a", "ad", "agli", "ai", "al", "alla", "alle", "allo", "anche", "che", "chi", "ci", "come", "con", "cui", "da",
    "dagli", "dai", "dal", "dalla", "dalle", "dei", "degli", "del", "della", "delle", "dello", "di", "e", "ed", "gli",
    "ha", "ho", "i", "il", "in", "io", "l", "la", "le", "lo", "ma", "mi", "ne", "nei", "nel", "nella", "nelle", "no",
    "non", "o", "per", "piu", "quale", "quella", "quello", "questa", "questo", "se", "si", "sono", "su", "sul",
    "sulla", "sulle", "tra", "un", "una", "uno", "vi", "d", "dell", "all", "nell", "sull", "dall", "fra", "mio", "mia",
    "suo", "sua", "vostro", "vostra",
];
/// Words of every letter: a phrase made of these alone is left out.
const POLITE: &[&str] = &[
    "buongiorno",
    "buonasera",
    "salve",
    "gentile",
    "gentili",
    "spettabile",
    "spett",
    "cordiali",
    "cordialmente",
    "saluti",
    "distinti",
    "grazie",
    "egregio",
    "egregi",
    "oggetto",
    "comune",
    "signori",
    "signor",
    "signora",
    "ringrazio",
    "attesa",
    "riscontro",
    "sottoscritto",
    "sottoscritta",
    "presente",
    "pec",
    "allegato",
    "allega",
    "allegati",
];

/// Phrases with the number of texts that have them.
#[derive(Debug, Default)]
pub struct Phrases(HashMap<String, u32>);

impl Phrases {
    /// Counts the phrases of a text, each once.
    pub fn add(&mut self, text: &str) {
        for phrase in phrases_of(text) {
            *self.0.entry(phrase).or_default() += 1;
        }
        if self.0.len() > HELD_MAX {
            self.0.retain(|_, n| *n > 1);
        }
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: Self) {
        for (phrase, n) in other.0 {
            *self.0.entry(phrase).or_default() += n;
        }
    }

    /// In how many texts this phrase stands.
    #[must_use]
    pub fn count(&self, phrase: &str) -> u32 {
        self.0.get(phrase).copied().unwrap_or_default()
    }

    /// The phrases that stand in `least` texts or more, the most frequent first. One that always stands within a longer one is
    /// left out.
    #[must_use]
    pub fn frequent(&self, least: u32, most: usize) -> Vec<(String, u32)> {
        let mut all: Vec<(&String, u32)> = self.0.iter().filter(|(_, n)| **n >= least).map(|(p, n)| (p, *n)).collect();
        all.sort_by(|a, b| (b.1, words(b.0), a.0).cmp(&(a.1, words(a.0), b.0)));
        let mut kept: Vec<(String, u32)> = Vec::new();
        for (phrase, n) in all {
            let padded = format!(" {phrase} ");
            let is_within = kept.iter().any(|(longer, of)| *of == n && format!(" {longer} ").contains(&padded));
            if !is_within {
                kept.push((phrase.clone(), n));
            }
            if kept.len() == most {
                break;
            }
        }
        kept
    }
}

/// The phrases of two to four words of a text, in the form in which rules compare them. None goes on in the next sentence.
#[must_use]
pub fn phrases_of(text: &str) -> BTreeSet<String> {
    let mut left = WORDS_MAX;
    let mut found = BTreeSet::new();
    for sentence in sentences(text) {
        let normal = Normal::of(sentence);
        let words: Vec<&str> = normal.words().take(left).collect();
        left -= words.len();
        for length in 2..=PHRASE_WORDS_MAX {
            for phrase in words.windows(length).filter(|phrase| says_something(phrase)) {
                found.insert(phrase.join(" "));
            }
        }
    }
    found
}

/// A text cut behind each mark that ends a sentence, and where a line is blank. A full stop within a word ends none.
fn sentences(text: &str) -> Vec<&str> {
    let ends = text.char_indices().filter(|(at, c)| {
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        let line = rest.trim_start_matches([' ', '\t', '\r']);
        match c {
            '.' | '!' | '?' | ';' | ':' | '…' => {
                let after = rest.trim_start_matches(['"', '»', '”', '’', '\'', ')', ']']);
                after.is_empty() || after.starts_with(char::is_whitespace)
            }
            // «Gentile ufficio,» and what stands below it.
            ',' | '\n' => line.starts_with('\n'),
            _ => false,
        }
    });
    let mut sentences = Vec::new();
    let mut from = 0;
    for (at, c) in ends {
        sentences.extend(text.get(from..at));
        from = at + c.len_utf8();
    }
    sentences.extend(text.get(from..));
    sentences
}

fn says_something(phrase: &[&str]) -> bool {
    let is_number = |word: &str| word.bytes().any(|b| b.is_ascii_digit());
    let is_empty = |word: &&str| EMPTY.contains(word);
    let ends = [phrase.first(), phrase.last()];
    !ends.iter().flatten().any(|word| is_empty(word) || POLITE.contains(*word))
        && !phrase.iter().any(|word| is_number(word))
}

fn words(phrase: &str) -> usize {
    phrase.split(' ').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_texts_share_comes_first_and_the_longest_form_of_it() {
        let mut all = Phrases::default();
        for text in [
            "Vorrei il rilascio del passo carrabile",
            "Rilascio del passo carrabile, grazie",
            "Il passo carrabile è mio",
        ] {
            all.add(text);
        }
        let found = all.frequent(2, 9);
        assert_eq!(found, [("passo carrabile".into(), 3), ("rilascio del passo carrabile".into(), 2)]);
        assert!(phrases_of("12 34 e il la").is_empty());
    }

    #[test]
    fn no_phrase_goes_on_in_the_next_sentence() {
        let text = "Passo carrabile\n\nGentile ufficio,\nla sbarra gialla resta\nchiusa (da ieri). Domani torno: la sbarra\ns.r.l. non apre!\n\nCassetto rosso";
        let all = phrases_of(text);
        for whole in ["passo carrabile", "sbarra gialla resta chiusa", "domani torno", "cassetto rosso"] {
            assert!(all.contains(whole), "{whole}: {all:?}");
        }
        for across in ["carrabile gentile", "ieri domani", "torno la sbarra", "apre cassetto", "ufficio la sbarra"] {
            assert!(!all.contains(across), "{across}: {all:?}");
        }
    }
}

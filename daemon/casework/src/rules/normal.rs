//! How a text is made comparable: the one normalisation, for messages and for the phrases of the rules.
//!
//! Lower case; accents and other marks dropped (`è` → `e`, `ü` → `u`, `ß` → `ss`); invisible characters dropped;
//! everything that is not a letter or a digit — apostrophes, punctuation, `_`, line ends — separates words; words
//! are joined by one space. So `Dell’ISTANZA n°5` and `dell'istanza  n. 5` are both close to `dell istanza n 5`.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// How long a word is with its blank, more or less: for how many there is room at first.
const WORD_BYTES: usize = 6;

/// A normalised text that remembers where each word came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Normal {
    text: String,
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    /// In the normalised text.
    at: Range<usize>,
    /// In the original text.
    source: Range<usize>,
}

impl Normal {
    /// Normalises a text.
    #[must_use]
    pub fn of(original: &str) -> Self {
        let mut normal = Normal {
            text: String::with_capacity(original.len()),
            words: Vec::with_capacity(original.len() / WORD_BYTES),
        };
        let mut open: Option<Word> = None;
        let mut next = 0;
        while let Some(byte) = original.as_bytes().get(next).copied() {
            let at = next;
            let c = if byte.is_ascii() {
                char::from(byte)
            } else {
                original.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default()
            };
            next += c.len_utf8();
            if !c.is_ascii() && is_invisible(c) {
                continue;
            }
            if !c.is_alphanumeric() {
                if let Some(word) = open.take() {
                    normal.words.push(word);
                }
                continue;
            }
            let word = open.get_or_insert_with(|| {
                if !normal.text.is_empty() {
                    normal.text.push(' ');
                }
                Word { at: normal.text.len()..normal.text.len(), source: at..at }
            });
            if c.is_ascii() {
                // Nearly all letters are plain ones: a run of them is one step.
                let rest = original.as_bytes().get(next..).unwrap_or_default();
                next += rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
                let run = normal.text.len();
                normal.text.push_str(original.get(at..next).unwrap_or_default());
                normal.text.get_mut(run..).unwrap_or_default().make_ascii_lowercase();
            } else {
                c.to_lowercase().filter(|lower| !is_invisible(*lower)).for_each(|lower| fold(lower, &mut normal.text));
            }
            word.at.end = normal.text.len();
            word.source.end = next;
        }
        normal.words.extend(open);
        normal
    }

    /// The normalised text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words, in order.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &str> {
        self.words.iter().map(|word| self.text.get(word.at.clone()).unwrap_or_default())
    }

    /// The word at this position.
    pub(super) fn word(&self, at: usize) -> Option<&str> {
        self.text.get(self.words.get(at)?.at.clone())
    }

    /// Where the word at this position ends in the normalised text.
    pub(super) fn end(&self, at: usize) -> Option<usize> {
        self.words.get(at).map(|word| word.at.end)
    }

    /// Where the words `range` stand in the original text.
    #[must_use]
    pub fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        let words = self.words.get(range)?;
        Some(words.first()?.source.start..words.last()?.source.end)
    }
}

/// Combining marks, soft hyphen, zero-width characters, directional marks, byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

/// Writes a lower-case letter without its marks. Latin letters as used in Europe; the others stay as they are.
fn fold(c: char, out: &mut String) {
    let plain = match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' | 'ſ' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        other => return out.push(other),
    };
    out.push_str(plain);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn joins_what_people_write_differently() {
        for written in
            ["Qual è l’ESITO?", "qual e' l'esito", "  QUAL  E` —L_ESITO\r\n", "qual e\u{300} l\u{2019}esi\u{ad}to"]
        {
            assert_eq!(Normal::of(written).text(), "qual e l esito", "{written:?}");
        }
    }

    #[test]
    fn an_ordinal_sign_is_a_letter_and_a_degree_sign_is_not() {
        assert_eq!(Normal::of("n° 5, nº 5").text(), "n 5 no 5");
    }

    #[test]
    fn words_know_where_they_came_from() {
        let text = "Già: «PERCHÉ no»";
        let normal = Normal::of(text);
        assert_eq!(normal.source(1..3).and_then(|r| text.get(r)), Some("PERCHÉ no"));
        assert_eq!(normal.source(1..4), None);
        assert_eq!(normal.source(1..1), None);
    }

    proptest! {
        #[test]
        fn is_idempotent(text in any::<String>()) {
            let once = Normal::of(&text);
            let twice = Normal::of(once.text());
            prop_assert_eq!(once.text(), twice.text());
        }

        #[test]
        fn every_word_points_into_the_text(text in any::<String>()) {
            let normal = Normal::of(&text);
            let words: Vec<_> = normal.words().collect();
            prop_assert_eq!(words.join(" "), normal.text());
            for (i, word) in words.iter().enumerate() {
                let range = normal.source(i..i + 1).expect("in range");
                let source = Normal::of(text.get(range).expect("on character boundaries"));
                prop_assert_eq!(source.text(), *word);
            }
        }
    }
}

//! The phrases of a rule, and when one is found.

use super::normal::Normal;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Words in one phrase. A longer one would never be found twice.
const PHRASE_WORDS_MAX: usize = 12;
/// Letters that must stand before `*`, or it would match nearly every word.
const STEM_CHARS_MIN: usize = 3;

/// A phrase as the administrator wrote it, ready to be looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Phrase {
    pub(super) written: String,
    words: Vec<Word>,
    address: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Word {
    text: String,
    /// Ended with `*`: any ending.
    open: bool,
    /// Began with `*`: any beginning, as in German compounds.
    loose: bool,
}

impl Phrase {
    /// Reads a phrase; the error is Italian.
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let mut words = Vec::new();
        for token in written.split_whitespace() {
            let (stem, open) = token.strip_suffix('*').map_or((token, false), |stem| (stem, true));
            let (stem, loose) = stem.strip_prefix('*').map_or((stem, false), |stem| (stem, true));
            if stem.contains('*') {
                return Err(format!("`{written}`: l'asterisco può stare solo all'inizio o alla fine di una parola"));
            }
            if loose && !words.is_empty() {
                return Err(format!("`{written}`: l'asterisco all'inizio può averlo solo la prima parola"));
            }
            if (open || loose) && stem.chars().filter(|c| c.is_alphanumeric()).count() < STEM_CHARS_MIN {
                return Err(format!("`{written}`: con `*` servono almeno {STEM_CHARS_MIN} lettere"));
            }
            let first = words.len();
            words.extend(Normal::of(stem).words().map(|text| Word {
                text: text.to_owned(),
                open: false,
                loose: false,
            }));
            if let Some(word) = words.get_mut(first) {
                word.loose = loose;
            }
            if let Some(last) = words.last_mut() {
                last.open = open;
            }
        }
        if words.is_empty() {
            return Err(format!("`{written}`: non contiene parole"));
        }
        if words.len() > PHRASE_WORDS_MAX {
            return Err(format!("`{written}`: più di {PHRASE_WORDS_MAX} parole in una frase"));
        }
        Ok(Self { written: written.to_owned(), words, address: written.trim().to_ascii_lowercase() })
    }

    /// What makes two phrases the same, however they are written.
    pub(super) fn essence(&self) -> String {
        let star = |is: bool| if is { "*" } else { "" };
        let word = |w: &Word| format!("{}{}{}", star(w.loose), w.text, star(w.open));
        self.words.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// How its first word stands in normalised text between blanks. Only where this stands can the phrase stand.
    pub(super) fn beginning(&self) -> String {
        let blank = |is: bool| if is { " " } else { "" };
        self.words
            .first()
            .map_or_else(String::new, |word| format!("{}{}{}", blank(!word.loose), word.text, blank(!word.open)))
    }

    /// What its second word begins with: told apart from the words of a text without looking the phrase up.
    pub(super) fn glance(&self) -> Glance {
        self.words.get(1).map_or(Glance { of: 0, mask: 0 }, |word| {
            let mask = if word.open { !(u64::MAX.checked_shr(bits(&word.text)).unwrap_or(0)) } else { u64::MAX };
            Glance { of: beginning(&word.text), mask }
        })
    }

    /// Where it last stands in a normalised text: the number of the word after it.
    pub(super) fn last_end(&self, text: &Normal) -> Option<usize> {
        let words = text.words().len();
        let stands = |first: &usize| {
            self.words.iter().zip(*first..).all(|(word, at)| text.word(at).is_some_and(|seen| word.fits(seen)))
        };
        (0..words).rev().find(stands).map(|first| first + self.words.len())
    }

    /// If the phrase stands at this word of a text, where that is in the original text.
    pub(super) fn at(&self, text: &Normal, first: usize) -> Option<Range<usize>> {
        let stands = self.words.iter().zip(first..).all(|(word, at)| text.word(at).is_some_and(|seen| word.fits(seen)));
        stands.then(|| text.source(first..first + self.words.len()))?
    }

    /// Whether an address fits: the whole address, its domain or a parent of its domain, or with `*` its beginning.
    /// A domain is never found in the *middle* of another: `pec.comune.example.altro.test` is not `pec.comune.example`.
    pub(super) fn fits_address(&self, address: &str) -> bool {
        let address = address.trim().to_ascii_lowercase();
        if let Some(stem) = self.address.strip_suffix('*') {
            return address.starts_with(stem);
        }
        if self.address.contains('@') {
            return address == self.address;
        }
        let domain = address.rsplit_once('@').map_or(address.as_str(), |(_, domain)| domain);
        domain.strip_suffix(self.address.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// The first bytes of a word, and how many of them count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glance {
    of: u64,
    mask: u64,
}

impl Glance {
    /// Whether a phrase may go on with a word that begins so. A phrase of one word goes on with any.
    pub(super) fn fits(self, beginning: u64) -> bool {
        beginning & self.mask == self.of
    }
}

/// The first eight bytes of a word; a shorter one is filled up with zeros.
pub(super) fn beginning(word: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(word.bytes()).for_each(|(to, from)| *to = from);
    u64::from_be_bytes(bytes)
}

fn bits(word: &str) -> u32 {
    u32::try_from(word.len().saturating_mul(8)).unwrap_or(u32::MAX)
}

impl Word {
    fn fits(&self, seen: &str) -> bool {
        match (self.loose, self.open) {
            (false, false) => seen == self.text,
            (false, true) => seen.starts_with(self.text.as_str()),
            (true, false) => seen.ends_with(self.text.as_str()),
            (true, true) => seen.contains(self.text.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrase: &str, text: &str) -> Option<String> {
        let (phrase, normal) = (Phrase::parse(phrase).expect("a good phrase"), Normal::of(text));
        let range = (0..normal.words().len()).find_map(|first| phrase.at(&normal, first))?;
        text.get(range).map(str::to_owned)
    }

    #[test]
    fn a_glance_refuses_no_phrase_that_stands_there() {
        let text = Normal::of("la residenza anagrafica è già rettificata: qual è l’esito");
        for written in [
            "residenza",
            "residenz* anagrafica",
            "la residen*",
            "residenza anagraf*",
            "*denza anagrafica",
            "è già",
            "già rettificat*",
        ] {
            let phrase = Phrase::parse(written).expect("a good phrase");
            let first = (0..text.words().len()).find(|first| phrase.at(&text, *first).is_some()).expect(written);
            assert!(phrase.glance().fits(text.word(first + 1).map_or(0, beginning)), "{written}");
        }
        let fits = |written: &str, second: &str| {
            Phrase::parse(written).expect("a good phrase").glance().fits(beginning(second))
        };
        assert!(fits("qual esito", "esito") && !fits("qual esito", "esit") && !fits("qual esito", "esiti"));
        assert!(fits("qual esit*", "esiti") && !fits("qual esit*", "esi") && !fits("qual esito", ""));
    }

    #[test]
    fn finds_whole_words_only() {
        assert_eq!(found("stato dell'istanza", "Lo STATO  dell’istanza?").as_deref(), Some("STATO  dell’istanza"));
        assert_eq!(found("via", "ho inviato"), None);
        assert_eq!(found("via", "ho inviato in via Roma").as_deref(), Some("via"));
    }

    #[test]
    fn an_asterisk_is_any_ending_of_its_own_word() {
        assert_eq!(found("mi sono trasferit*", "Mi sono trasferita.").as_deref(), Some("Mi sono trasferita"));
        assert_eq!(found("invi* document*", "invio i documenti"), None);
        assert_eq!(found("dell'istanz*", "dell'istanza").as_deref(), Some("dell'istanza"));
    }

    #[test]
    fn an_asterisk_before_is_any_beginning_of_the_first_word() {
        assert_eq!(found("*gebühr*", "die Müllgebühren zahlen").as_deref(), Some("Müllgebühren"));
        assert_eq!(
            found("*bescheid erhalten", "Bußgeldbescheid erhalten").as_deref(),
            Some("Bußgeldbescheid erhalten")
        );
        assert_eq!(found("*bescheid", "die Bescheide"), None);
    }

    #[test]
    fn refuses_what_would_match_everything_or_nothing() {
        for bad in [
            "",
            " . ",
            "*",
            "a*",
            "do*mento",
            "una *parola",
            "*ab",
            "uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici",
        ] {
            assert!(Phrase::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_domain_matches_itself_and_what_is_below_it() {
        let domain = Phrase::parse("pec.comune.example").expect("good");
        assert!(domain.fits_address("Ufficio@PEC.comune.example"));
        assert!(domain.fits_address("x@uno.pec.comune.example"));
        assert!(!domain.fits_address("x@pec.comune.example.altro.test"));
        assert!(!domain.fits_address("x@finta-pec.comune.example"));
        assert!(!domain.fits_address("pec.comune.example@altro.test"));
        assert!(Phrase::parse("info@ditta.test").expect("good").fits_address("INFO@ditta.test"));
        assert!(!Phrase::parse("info@ditta.test").expect("good").fits_address("altra.info@ditta.test"));
        assert!(Phrase::parse("fatture@*").expect("good").fits_address("fatture@ditta.test"));
    }
}

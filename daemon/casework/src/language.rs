//! The languages in which the body writes, and in which of them somebody wrote. It changes when a language is added, or a text was
//! taken for another.
//!
//! In South Tyrol the body answers in the language of the applicant (DPR 574/1988 art. 7). The choice is made from the words that
//! the citizen wrote, without a model: the small words of a language are most of any text, and few of them are words of another.

use alloc::format;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// A language of letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Italian: every letter exists in it.
    #[default]
    It,
    /// German.
    De,
    /// English.
    En,
}

impl Language {
    /// Every language, the one that is always there first.
    pub const ALL: [Self; 3] = [Self::It, Self::De, Self::En];

    /// Its tag (RFC 5646), which is also the folder of its templates.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::It => "it",
            Self::De => "de",
            Self::En => "en",
        }
    }

    /// The language of a tag.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// In Italian, for administrators.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::It => "italiano",
            Self::De => "tedesco",
            Self::En => "inglese",
        }
    }

    /// Whether it is Italian, which nothing needs to say.
    #[must_use]
    pub fn is_italian(&self) -> bool {
        *self == Self::It
    }
}

/// Fewest small words that show a language: fewer stand in a signature, or in the name of a firm.
const SHOWN_BY: usize = 5;
/// How many times as many as of any other language.
const MARGIN: usize = 3;
/// Most of a text that is read, bytes: a language shows at once.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Words that are of one language only. What two of them share («in», «die», «an», «so», «per», «a», «da», «i», «come») is of none.
const SMALL_WORDS: [(Language, &[&str]); 3] = [
    (
        Language::It,
        &[
            "il",
            "lo",
            "gli",
            "le",
            "la",
            "un",
            "una",
            "uno",
            "di",
            "del",
            "della",
            "dei",
            "delle",
            "degli",
            "dello",
            "al",
            "alla",
            "allo",
            "ai",
            "alle",
            "nel",
            "nella",
            "con",
            "che",
            "chi",
            "non",
            "mi",
            "ci",
            "ho",
            "è",
            "sono",
            "questo",
            "questa",
            "mio",
            "mia",
            "miei",
            "vi",
            "si",
            "anche",
            "ma",
            "dal",
            "dalla",
            "sul",
            "sulla",
            "buongiorno",
            "grazie",
            "saluti",
            "cordiali",
            "sottoscritto",
            "sottoscritta",
            "chiedo",
            "vorrei",
            "allego",
            "presente",
            "e",
            "ed",
            "o",
            "nata",
            "nato",
            "quanto",
            "quando",
            "perché",
            "essere",
            "stato",
        ],
    ),
    (
        Language::De,
        &[
            "der",
            "das",
            "den",
            "dem",
            "des",
            "ein",
            "eine",
            "einen",
            "einem",
            "einer",
            "und",
            "oder",
            "ist",
            "sind",
            "ich",
            "wir",
            "sie",
            "mir",
            "mich",
            "uns",
            "ihr",
            "ihre",
            "ihnen",
            "mein",
            "meine",
            "meinen",
            "meiner",
            "nicht",
            "mit",
            "für",
            "fuer",
            "von",
            "vom",
            "zu",
            "zum",
            "zur",
            "auf",
            "aus",
            "bei",
            "bitte",
            "wie",
            "dass",
            "wurde",
            "habe",
            "haben",
            "kann",
            "können",
            "möchte",
            "damen",
            "herren",
            "sehr",
            "geehrte",
            "grüßen",
            "freundlichen",
            "danke",
            "im",
            "am",
            "über",
            "nach",
            "werden",
            "wann",
            "hiermit",
            "anbei",
            "noch",
            "auch",
        ],
    ),
    (
        Language::En,
        &[
            "the",
            "of",
            "and",
            "to",
            "is",
            "are",
            "was",
            "were",
            "my",
            "your",
            "our",
            "you",
            "we",
            "i'm",
            "it",
            "for",
            "with",
            "from",
            "this",
            "that",
            "have",
            "has",
            "had",
            "would",
            "could",
            "please",
            "not",
            "be",
            "been",
            "on",
            "at",
            "by",
            "about",
            "what",
            "when",
            "where",
            "which",
            "how",
            "dear",
            "regards",
            "thank",
            "thanks",
            "sir",
            "madam",
            "kind",
            "sincerely",
            "hello",
            "there",
            "will",
            "can",
            "me",
            "as",
            "or",
            "if",
            "into",
        ],
    ),
];

/// What Italian joins to the next word.
const JOINED: [&str; 10] = ["l", "d", "dell", "nell", "all", "dall", "sull", "un", "quest", "c"];

/// In which language a text is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The language; `None`: the text does not show it.
    pub language: Option<Language>,
    /// In Italian, for the trail.
    pub why: String,
}

/// The language of what somebody wrote: not of what is quoted below it. Too short, or mixed: it does not show.
#[must_use]
pub fn written(text: &str) -> Written {
    let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !(c.is_alphanumeric() || c == '\'')).map(|word| word.trim_matches('\''));
    // «l'ufficio», «dell'atto»: no other language of the three joins its articles so.
    let joined = |word: &str| word.split_once('\'').is_some_and(|(head, _)| JOINED.contains(&head));
    let mut ranked = SMALL_WORDS.map(|(language, small)| {
        let shows = |word: &&str| small.contains(word) || (language.is_italian() && joined(word));
        (words.clone().filter(shows).count(), language)
    });
    ranked.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    let [(most, language), (next, second), _] = ranked;
    let shows = most >= SHOWN_BY && most >= MARGIN * next;
    let others = if next == 0 { String::new() } else { format!(", {next} di {}", second.title()) };
    Written {
        language: shows.then_some(language),
        why: format!("il testo ha {most} parole comuni di {}{others}", language.title()),
    }
}

#[cfg(test)]
mod tests;

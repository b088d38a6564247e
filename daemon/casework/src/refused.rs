//! Why something is not done. It changes when what a refusal must say changes.

use crate::decision::Change;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use jiff::civil::Date;

/// The answer of a function that makes entries and makes none: a stable code, and the reason as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Stable English code.
    pub code: &'static str,
    /// In Italian.
    pub text: String,
    /// The first day on which this reason stands in nobody's way, where it is one that a day takes away.
    pub from: Option<Date>,
}

impl Refused {
    /// A refusal.
    #[must_use]
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), from: None }
    }

    /// A refusal that ends by itself: from this day on it is none.
    #[must_use]
    pub fn until(self, from: Date) -> Self {
        Self { from: Some(from), ..self }
    }
}

/// Of what somebody may not do: by the law, by the file of the procedure, or by what they are.
pub const NOT_LAWFUL: &str = "not-lawful";
/// The incident that such an attempt is.
pub const ATTEMPT: &str = "refused-act";

impl Refused {
    /// What the register keeps of it, where somebody tried what they may not do. A slip, a missing word is kept nowhere: it is told
    /// to whoever made it. `who`: the name that was given; `office`: for which office; `what`: the dossier or the person.
    #[must_use]
    pub fn attempt(&self, who: &str, office: &str, what: &str) -> Option<Change> {
        let is_attempt = matches!(self.code, NOT_LAWFUL | "same-person" | "own-case");
        let who = who.trim();
        let who = who.get(..who.floor_char_boundary(NAME_BYTES_MAX)).unwrap_or_default();
        let text = format!("{what}: {who} (ufficio «{office}») ha provato e non può: {}", self.text);
        is_attempt.then(|| Change::Incident { code: ATTEMPT.into(), text })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Longest text that a person of the office writes as a reason, bytes: two pages.
pub const REASON_BYTES_MAX: usize = 8 * 1024;
/// Longest name of a person, an office or a source, bytes.
pub const NAME_BYTES_MAX: usize = 300;

/// The trimmed text, if there is one and it is not too long; `what` says, with its article, what is missing.
pub(crate) fn filled(text: &str, what: &str, bytes_max: usize) -> Result<String, Refused> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refused::new("empty", format!("manca {what}")));
    }
    if text.len() > bytes_max {
        return Err(Refused::new("too-long", format!("il testo è troppo lungo: per {what} ci sono {bytes_max} byte")));
    }
    Ok(String::from(text))
}

/// The digest of a document or a message: 64 hexadecimal digits, lower case.
pub(crate) fn digest(text: &str) -> Result<String, Refused> {
    let text = text.trim().to_ascii_lowercase();
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text);
    }
    Err(Refused::new("not-a-digest", "l'impronta del documento non è di 64 cifre esadecimali"))
}

/// Whether two names are one person's, in whatever order and case and with whatever blanks: registers write surname and name either
/// way, and who does so is not a second person.
pub(crate) fn same_person(a: &str, b: &str) -> bool {
    let words = |name: &str| {
        let mut words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
        words.sort_unstable();
        words
    };
    words(a) == words(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_there_and_bounded() {
        assert_eq!(filled(" x ", "il motivo", 3), Ok("x".into()));
        assert_eq!(filled(" \n", "il motivo", 3).unwrap_err().code, "empty");
        assert_eq!(filled("xxxx", "il motivo", 3).unwrap_err().code, "too-long");
    }

    #[test]
    fn capitals_and_blanks_make_no_second_person() {
        assert!(same_person("Anna.Verdi@ente.example ", "anna.verdi@ente.example"));
        assert!(same_person("Verdi  Anna", "anna verdi"), "the surname first");
        assert!(!same_person("anna", "bruno"));
    }

    #[test]
    fn a_digest_has_sixty_four_digits() {
        assert_eq!(digest(&"AB".repeat(32)), Ok("ab".repeat(32)));
        assert_eq!(digest("ab").unwrap_err().code, "not-a-digest");
        assert!(digest(&"è".repeat(32)).is_err());
    }
}

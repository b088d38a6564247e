//! The check letters of a dossier's number (`2026/000123-MK`), so that a slip of the pen is recognised as one instead of naming
//! somebody else's dossier (function S3.21). It changes when the letters are reckoned, or read, in another way.
//!
//! The number in the register has none: they are shown with it, and read with it where somebody has copied them. A number without
//! them is a number as before: all that was given out stays good. Consonants only: no word of a letter is taken for them.
//!
//! How they are reckoned: (year × 10^10 + ordinal) mod 283, written with two digits of base 17. 283 is prime, and ten has more than
//! 14 powers that differ by it: one wrong digit, or any two that changed places, always show; of other slips, 282 in 283.

use super::number;
use crate::rules::normal::Normal;
use alloc::format;
use alloc::string::String;

/// The digits of base 17.
const ALPHABET: &[u8; 17] = b"BCDFGHKLMNPRSTVXZ";
/// The greatest prime below 17 × 17.
const MODULUS: u64 = 283;
/// Room for every ordinal beside a year.
const YEAR: u64 = 10_000_000_000;
/// Letters that follow a number in prose and mean something else.
const ABBREVIATIONS: &[&str] = &["CC", "CF", "CM", "DD", "DR", "GG", "LL", "MM", "MR", "NR", "PG", "PP", "SG", "SS"];
/// The longest text that is read as a number.
const WRITTEN_BYTES_MAX: usize = 64;

/// Why a text is no dossier's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoNumber {
    /// It does not look like one.
    Form,
    /// Its check letters belong to another: a slip of the pen, whether or not a dossier has that number.
    Slip,
}

/// What is said of a number whose letters are wrong: the same whether or not there is such a dossier.
pub const SLIP: &str = "numero non riconosciuto, forse un errore di battitura";

/// The check letters of a number.
#[must_use]
pub fn letters(year: i16, ordinal: u32) -> String {
    let value = u64::from(year.unsigned_abs()) * YEAR + u64::from(ordinal);
    let rest = value % MODULUS;
    let base = ALPHABET.len() as u64;
    let letter = |digit: u64| usize::try_from(digit).ok().and_then(|at| ALPHABET.get(at)).copied().map(char::from);
    [rest / base, rest % base].into_iter().filter_map(letter).collect()
}

/// A number as people are shown it, `2026/000123-MK`. What is no number of ours stays as it is.
#[must_use]
pub fn shown(number: &str) -> String {
    match halves(number) {
        Some((year, ordinal)) => format!("{number}-{}", letters(year, ordinal)),
        None => number.into(),
    }
}

/// Whether these are the check letters of that number, in capitals or not.
#[must_use]
pub fn are_right(written: &str, year: i16, ordinal: u32) -> bool {
    written.eq_ignore_ascii_case(&letters(year, ordinal))
}

/// Whether a word beside a number can only be meant as its check letters.
#[must_use]
pub fn may_be(word: &str) -> bool {
    let in_capitals = word.to_ascii_uppercase();
    word.len() == 2
        && in_capitals.bytes().all(|b| ALPHABET.contains(&b))
        && !ABBREVIATIONS.contains(&in_capitals.as_str())
}

/// The number that a person has written: `2026/12`, `2026/000012-CV`, `2026-12 cv`, `2026/000012CV`, `[Fascicolo 2026/000012-CV]`.
///
/// # Errors
/// Why it is none.
pub fn read(written: &str) -> Result<String, NoNumber> {
    let written = written.trim();
    let written = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(written);
    if written.len() > WRITTEN_BYTES_MAX || written.starts_with('-') {
        return Err(NoNumber::Form);
    }
    let normal = Normal::of(written);
    let mut words = normal.words().peekable();
    words.next_if_eq(&"fascicolo");
    let year = words.next().and_then(|year| year.parse::<i16>().ok()).ok_or(NoNumber::Form)?;
    let (digits, glued) = apart(words.next().ok_or(NoNumber::Form)?);
    let ordinal = digits.parse::<u32>().map_err(|_| NoNumber::Form)?;
    let check = Some(glued).filter(|glued| !glued.is_empty()).or_else(|| words.next());
    match (check, words.next()) {
        (None, _) => Ok(number(year, ordinal)),
        (Some(check), None) if are_right(check, year, ordinal) => Ok(number(year, ordinal)),
        (Some(check), None) if is_attempt(check) => Err(NoNumber::Slip),
        _ => Err(NoNumber::Form),
    }
}

/// A slip that stands in a text, as [`shown`] would write it: to be compared with numbers that are known.
#[must_use]
pub fn in_one_form(raw: &str) -> String {
    let normal = Normal::of(raw);
    let words: alloc::vec::Vec<&str> = normal.words().skip_while(|word| word.parse::<i16>().is_err()).collect();
    match words.as_slice() {
        [year, ordinal, rest @ ..] => {
            let (digits, glued) = apart(ordinal);
            let check = rest.first().copied().filter(|_| glued.is_empty()).unwrap_or(glued);
            match (year.parse(), digits.parse()) {
                (Ok(year), Ok(ordinal)) => format!("{}-{}", number(year, ordinal), check.to_ascii_uppercase()),
                _ => raw.into(),
            }
        }
        _ => raw.into(),
    }
}

/// A text without the check letters of the numbers in it, where they stand as [`shown`] writes them.
#[must_use]
pub fn without(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('-') {
        out.push_str(before);
        let number = before.rsplit(|c: char| !c.is_ascii_digit() && c != '/').next().unwrap_or_default();
        let (check, beyond) = after.split_at(after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len()));
        let is_right = halves(number).is_some_and(|(year, ordinal)| are_right(check, year, ordinal));
        if !is_right {
            out.push('-');
        }
        rest = if is_right { beyond } else { after };
    }
    out.push_str(rest);
    out
}

/// Letters where nothing but check letters is expected: one too few or too many is a slip too.
#[must_use]
pub fn is_attempt(word: &str) -> bool {
    (1..=3).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphabetic())
}

/// The digits at the head of a word, and the letters behind them.
#[must_use]
pub fn apart(word: &str) -> (&str, &str) {
    word.split_at(word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len()))
}

/// The halves of a number in our form.
fn halves(number: &str) -> Option<(i16, u32)> {
    let (year, ordinal) = number.split_once('/')?;
    let (year, ordinal) = (year.parse().ok()?, ordinal.parse().ok()?);
    (super::number(year, ordinal) == number).then_some((year, ordinal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    #[test]
    fn letters_never_change_because_they_stand_on_paper() {
        // Given out: whoever changes this makes every letter of before wrong.
        for (number, with) in [
            ("2026/000001", "2026/000001-CF"),
            ("2026/000123", "2026/000123-MK"),
            ("2031/999999", "2031/999999-VK"),
            ("2026/1000000", "2026/1000000-PP"),
        ] {
            assert_eq!(shown(number), with);
        }
        assert_eq!(shown("ERP/91"), "ERP/91");
    }

    #[test]
    fn one_wrong_digit_and_two_that_changed_places_always_show() {
        for ordinal in [0_u32, 1, 12, 123, 4_567, 98_765, 900_001, 123_456, 999_999] {
            let right = number(2026, ordinal);
            let check = letters(2026, ordinal);
            let digits: Vec<u8> = right.bytes().collect();
            let places: Vec<usize> = (0..digits.len()).filter(|at| digits[*at] != b'/').collect();
            let fails = |wrong: &[u8]| {
                let wrong = String::from_utf8(wrong.to_vec()).unwrap();
                if wrong != right {
                    assert_eq!(read(&format!("{wrong}-{check}")), Err(NoNumber::Slip), "{wrong}-{check}");
                }
            };
            for at in &places {
                for digit in b'0'..=b'9' {
                    let mut wrong = digits.clone();
                    wrong[*at] = digit;
                    fails(&wrong);
                }
                for other in &places {
                    let mut wrong = digits.clone();
                    wrong.swap(*at, *other);
                    fails(&wrong);
                }
            }
        }
    }

    #[test]
    fn a_wrong_letter_always_shows() {
        let check = letters(2026, 123);
        for (at, right) in check.bytes().enumerate() {
            for wrong in (b'A'..=b'Z').filter(|wrong| *wrong != right) {
                let mut written: Vec<u8> = check.bytes().collect();
                written[at] = wrong;
                let written = format!("2026/000123-{}", String::from_utf8(written).unwrap());
                assert_eq!(read(&written), Err(NoNumber::Slip), "{written}");
            }
        }
    }

    #[test]
    fn a_number_is_read_in_every_spelling() {
        let check = letters(2026, 123);
        let small = check.to_lowercase();
        for written in [
            "2026/000123".to_string(),
            "2026/123".to_string(),
            format!("2026/000123-{check}"),
            format!("2026/123-{small}"),
            format!(" 2026 / 000123 {check} "),
            format!("2026-000123-{small}"),
            format!("2026/000123{check}"),
            format!("2026/000123 – {small}."),
            format!("[Fascicolo 2026/000123-{check}]"),
            format!("fascicolo 2026/000123/{small}"),
        ] {
            assert_eq!(read(&written).as_deref(), Ok("2026/000123"), "{written}");
        }
        for written in ["", "12", "2026", "2026/", "abc/12", "2026/12/4", "2026/00O123", "-2026/12", "2026/12-abcd"] {
            assert_eq!(read(written), Err(NoNumber::Form), "{written}");
        }
    }

    #[test]
    fn right_letters_are_taken_out_of_a_text_and_nothing_else() {
        let check = letters(2026, 123);
        let text = format!("da-a [Fascicolo 2026/000123-{check}], 2026/000132-{check}, 2026/000123-{check}X - fine");
        assert_eq!(
            without(&text),
            format!("da-a [Fascicolo 2026/000123], 2026/000132-{check}, 2026/000123-{check}X - fine")
        );
        assert_eq!(without(""), "");
    }

    #[test]
    fn words_of_a_letter_are_no_check_letters() {
        for word in ["di", "in", "OK", "e", "DEL", "sg", "NR", "12", "àb"] {
            assert!(!may_be(word), "{word}");
        }
        assert!(may_be("kt") && may_be("BB"));
    }
}

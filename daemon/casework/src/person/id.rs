//! Under which code a person is known. It changes when the form of a codice fiscale or of a partita IVA does.

use crate::refused::Refused;
use crate::rules::checksum::{codice_fiscale_ok, partita_iva_ok};
use alloc::format;
use alloc::string::String;

/// Largest number of a person without a code: what six digits hold, a year's dossiers of a large body.
pub const UNCODED_MAX: u32 = 999_999;

/// A codice fiscale as it is compared: upper case, without blanks. Sixteen characters for a natural person, eleven digits for
/// everybody else (DPR 605/1973; DM 23 December 1976).
pub fn codice_fiscale(written: &str) -> Result<String, Refused> {
    let code = compact(written);
    if code.len() == 11 && code.bytes().all(|b| b.is_ascii_digit()) {
        return partita_iva(&code);
    }
    if !has_form(&code) {
        return Err(Refused::new("codice-fiscale-form", "il codice fiscale non ha la forma giusta"));
    }
    if !codice_fiscale_ok(&code) {
        return Err(Refused::new(
            "codice-fiscale-wrong",
            "il carattere di controllo del codice fiscale è sbagliato: va riletto sul documento",
        ));
    }
    Ok(code)
}

/// A partita IVA as it is compared: eleven digits.
pub fn partita_iva(written: &str) -> Result<String, Refused> {
    let code = compact(written);
    let code = code.strip_prefix("IT").unwrap_or(&code);
    if partita_iva_ok(code) {
        Ok(String::from(code))
    } else {
        Err(Refused::new("partita-iva-wrong", "la partita IVA è sbagliata: le cifre di controllo non tornano"))
    }
}

/// The id of a person of whom no code is known.
#[must_use]
pub fn uncoded(number: u32) -> String {
    format!("X{:06}", number.min(UNCODED_MAX))
}

fn compact(written: &str) -> String {
    // A code has 16 characters: of a longer text enough is read to see that it is none.
    written.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).take(32).collect()
}

/// Letters, month and digits in their places; where a digit stands, so may the letter that *omocodia* puts in its place.
fn has_form(code: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || b"LMNPQRSTUV".contains(&b);
    code.len() == 16
        && code.bytes().enumerate().all(|(at, b)| match at {
            6 | 7 | 9 | 10 | 12..=14 => is_digit(b),
            8 => b"ABCDEHLMPRST".contains(&b),
            _ => b.is_ascii_uppercase(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codice_fiscale_is_read_as_people_write_it() {
        assert_eq!(codice_fiscale("rss mra 80a01 h501u"), Ok("RSSMRA80A01H501U".into()));
        assert_eq!(codice_fiscale("00743110157"), Ok("00743110157".into()), "of a company");
        assert_eq!(partita_iva("IT 00743110157"), Ok("00743110157".into()));
    }

    #[test]
    fn omocodia_is_accepted() {
        assert_eq!(codice_fiscale("RSSMRA80A01H50MM"), Ok("RSSMRA80A01H50MM".into()));
    }

    #[test]
    fn a_wrong_code_is_refused_with_its_reason() {
        assert_eq!(codice_fiscale("RSSMRA80A01H501X").unwrap_err().code, "codice-fiscale-wrong");
        for wrong in ["", "RSSMRA80A01H501", "RSSMRA80Z01H501U", "0123456789012345", "RSSMRÀ80A01H501U"] {
            assert_eq!(codice_fiscale(wrong).unwrap_err().code, "codice-fiscale-form", "{wrong}");
        }
        assert_eq!(codice_fiscale("00743110158").unwrap_err().code, "partita-iva-wrong");
    }

    #[test]
    fn who_has_no_code_has_a_number() {
        assert_eq!(uncoded(7), "X000007");
    }
}

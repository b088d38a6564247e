//! Control characters: of the codice fiscale, the partita IVA and the IBAN.

/// Whether the sixteenth character of a codice fiscale is the one its first fifteen demand (DM 23 December 1976).
///
/// Upper case expected. *Omocodia* needs no special case: the letters that replace digits have, in both tables, values
/// of their own, and the control character is computed over what is written.
#[must_use]
pub fn codice_fiscale_ok(code: &str) -> bool {
    // Values of 0-9 and of A-Z in the odd positions, counted from one.
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    if code.len() != 16 || !code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return false;
    }
    let rank = |b: u8| {
        if b.is_ascii_digit() { b - b'0' } else { b - b'A' }
    };
    let value = |(i, b): (usize, u8)| match i % 2 {
        0 => ODD.get(usize::from(rank(b))).copied().unwrap_or(0),
        _ => u32::from(rank(b)),
    };
    let sum: u32 = code.bytes().take(15).enumerate().map(value).sum();
    code.bytes().last().is_some_and(|last| last.is_ascii_uppercase() && u32::from(last - b'A') == sum % 26)
}

/// Whether an IBAN (upper case, no spaces) leaves remainder 1 (ISO 13616, ISO 7064 mod 97-10).
#[must_use]
pub fn iban_ok(iban: &str) -> bool {
    if !(15..=34).contains(&iban.len()) || !iban.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return false;
    }
    let turned = iban.bytes().skip(4).chain(iban.bytes().take(4));
    let remainder = turned.fold(0_u32, |sum, b| match b {
        b'0'..=b'9' => (sum * 10 + u32::from(b - b'0')) % 97,
        _ => (sum * 100 + u32::from(b - b'A') + 10) % 97,
    });
    remainder == 1
}

/// Whether the eleventh digit of a partita IVA is the one its first ten demand (Luhn's; DM 23 December 1976 art. 10).
#[must_use]
pub fn partita_iva_ok(digits: &str) -> bool {
    if digits.len() != 11 || !digits.bytes().all(|b| b.is_ascii_digit()) || digits.bytes().all(|b| b == b'0') {
        return false;
    }
    let value = |(i, b): (usize, u8)| match (i % 2, u32::from(b - b'0')) {
        (0, digit) => digit,
        (_, digit) if digit > 4 => digit * 2 - 9,
        (_, digit) => digit * 2,
    };
    digits.bytes().enumerate().map(value).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codice_fiscale_control_character() {
        assert!(codice_fiscale_ok("RSSMRA80A01H501U"));
        assert!(!codice_fiscale_ok("RSSMRA80A01H501X"));
        assert!(!codice_fiscale_ok("RSSMRA80A01H501"));
        assert!(!codice_fiscale_ok("rssmra80a01h501u"));
        assert!(!codice_fiscale_ok("RSSMRÀ80A01H501"));
    }

    #[test]
    fn omocodia_changes_the_control_character_with_the_digits() {
        assert!(codice_fiscale_ok("RSSMRA80A01H50MM"));
        assert!(codice_fiscale_ok("RSSMRA80A01H5LMX"));
        assert!(!codice_fiscale_ok("RSSMRA80A01H50MU"));
    }

    #[test]
    fn partita_iva_control_digit() {
        assert!(partita_iva_ok("00743110157"));
        assert!(partita_iva_ok("12345670017"));
        assert!(!partita_iva_ok("00743110158"));
        assert!(!partita_iva_ok("00000000000"));
        assert!(!partita_iva_ok("0074311015"));
    }

    #[test]
    fn iban_remainder() {
        assert!(iban_ok("IT60X0542811101000000123456"));
        assert!(!iban_ok("IT60X0542811101000000123457"));
        assert!(!iban_ok("IT60"));
    }
}

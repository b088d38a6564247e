//! A citizen's text made nobody's: names, addresses, codes and numbers replaced, each always by the same, with check
//! characters that hold where they held. It changes when something else in a letter tells who wrote it.
//!
//! What the rules saw is kept, word by word, so that the test says the same as the message. A program cannot know every
//! name: a person reads the result before it is kept.

use casework::dossier::check;
use casework::rules::checksum::{codice_fiscale_ok, iban_ok};
use casework::rules::normal::Normal;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Names that are put in the place of those found.
const NAMES: [&str; 24] = [
    "Mario", "Rossi", "Anna", "Verdi", "Luca", "Bianchi", "Sara", "Neri", "Paolo", "Gialli", "Elena", "Bruni", "Carlo",
    "Viola", "Laura", "Grigi", "Marco", "Azzurri", "Giulia", "Rosati", "Pietro", "Marroni", "Chiara", "Celesti",
];
/// Shortest word taken for a name.
const NAME_CHARS_MIN: usize = 3;
/// Longest run of digits that says nothing of anybody: a day, an article, an age.
const DIGITS_KEPT_MAX: usize = 2;
/// After these a place follows, up to the next number or sign.
const STREETS: &[&str] =
    &["via", "viale", "piazza", "piazzale", "corso", "largo", "vicolo", "strada", "contrada", "frazione", "loc"];
/// After these a person follows.
const PERSONS: &[&str] = &[
    "sottoscritto",
    "sottoscritta",
    "signor",
    "signora",
    "sig",
    "dott",
    "dottor",
    "dottoressa",
    "avv",
    "avvocato",
    "ing",
    "arch",
    "geom",
    "rag",
    "prof",
    "nato",
    "nata",
    "residente",
    "coniuge",
    "figlio",
    "figlia",
    "madre",
    "padre",
];

/// What replaced what.
#[derive(Debug, Default)]
pub struct Disguise {
    kept: BTreeSet<String>,
    names: BTreeMap<String, &'static str>,
    codes: BTreeMap<String, String>,
    numbers: BTreeMap<String, String>,
}

impl Disguise {
    /// One that keeps the words of these texts: what the rules saw.
    pub fn keeping<'a>(seen: impl IntoIterator<Item = &'a str>) -> Self {
        let words = seen.into_iter().flat_map(|text| Normal::of(text).words().map(str::to_owned).collect::<Vec<_>>());
        Self { kept: words.collect(), ..Self::default() }
    }

    /// Takes the words of a name, or of the part of an address before `@`, for names wherever they stand.
    pub fn name(&mut self, name: &str) {
        for word in name.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= NAME_CHARS_MIN) {
            self.stand_in(word);
        }
    }

    fn stand_in(&mut self, word: &str) -> Option<&'static str> {
        let normal = Normal::of(word).text().to_owned();
        if self.kept.contains(&normal) {
            return None;
        }
        let next = NAMES.get(self.names.len() % NAMES.len()).copied().unwrap_or("Persona");
        Some(self.names.entry(normal).or_insert(next))
    }

    /// An address: always the same for the same one. Its domain stays if the rules looked at it.
    pub fn address(&mut self, address: &str, keep_domain: bool) -> String {
        let (local, domain) = address.split_once('@').unwrap_or((address, ""));
        let n = self.codes.len();
        let new = self.codes.entry(format!("@{}", local.to_lowercase())).or_insert_with(|| format!("persona{}", n + 1));
        let domain = if keep_domain { domain } else { "pec.test" };
        format!("{new}@{domain}")
    }

    /// A number of a dossier as its text is disguised: `2026/000123` → `2026/000847`.
    pub fn dossier(&mut self, number: &str) -> String {
        let Some((year, ordinal)) = number.split_once('/') else { return self.digits(number) };
        format!("{year}/{}", self.digits(ordinal))
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> String {
        // The check letters of a number would be wrong beside another one.
        let text = check::without(text);
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        let mut expects = 0; // words that follow a sign of a person or a place
        let mut begins = true; // of a sentence
        while let Some(first) = rest.chars().next() {
            if let Some(length) = iban_at(rest) {
                out.push_str(&self.iban(rest.get(..length).unwrap_or_default()));
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            if !first.is_alphanumeric() {
                out.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                if matches!(first, '.' | '!' | '?' | '\n' | ':') {
                    begins = true;
                }
                if matches!(first, '\n' | ',' | ';' | '(' | ')') {
                    expects = 0;
                }
                continue;
            }
            let token = token(rest);
            let word = rest.get(token.clone()).unwrap_or_default();
            rest = rest.get(token.end..).unwrap_or_default();
            let abbreviated = rest.starts_with('.') && PERSONS.contains(&word.to_lowercase().as_str());
            out.push_str(&self.word(word, begins, &mut expects));
            begins = false;
            if abbreviated {
                // The full stop of `sig.` ends no sentence.
                out.push('.');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        out
    }

    fn word(&mut self, word: &str, begins: bool, expects: &mut u32) -> String {
        if word.contains('@') {
            return self.address(word, false);
        }
        if is_codice_fiscale(word) {
            return self.codice_fiscale(word);
        }
        if word.chars().any(|c| c.is_ascii_digit()) {
            *expects = 0;
            return self.digits(word);
        }
        let normal = Normal::of(word).text().to_owned();
        if STREETS.contains(&normal.as_str()) || PERSONS.contains(&normal.as_str()) {
            *expects = 3;
            return word.to_owned();
        }
        let is_capital = word.chars().next().is_some_and(char::is_uppercase) && word.chars().count() >= NAME_CHARS_MIN;
        let is_shouted = word.chars().all(char::is_uppercase);
        let is_name = self.names.contains_key(&normal) || (is_capital && (*expects > 0 || (!begins && !is_shouted)));
        *expects = expects.saturating_sub(u32::from(is_capital));
        match is_name.then(|| self.stand_in(word)).flatten() {
            Some(name) if is_shouted => name.to_uppercase(),
            Some(name) if !is_capital => name.to_lowercase(),
            Some(name) => name.to_owned(),
            None => word.to_owned(),
        }
    }

    /// Digits for digits, zeros in front as they were, years as they are.
    fn digits(&mut self, word: &str) -> String {
        if self.kept.contains(&word.to_lowercase()) {
            return word.to_owned();
        }
        let mut out = String::with_capacity(word.len());
        let mut rest = word;
        while !rest.is_empty() {
            let run = rest.bytes().take_while(u8::is_ascii_digit).count();
            if run == 0 {
                let other = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
                out.push_str(rest.get(..other).unwrap_or_default());
                rest = rest.get(other..).unwrap_or_default();
                continue;
            }
            out.push_str(&self.run(rest.get(..run).unwrap_or_default()));
            rest = rest.get(run..).unwrap_or_default();
        }
        out
    }

    fn run(&mut self, run: &str) -> String {
        let bare = run.trim_start_matches('0');
        let is_year = run.len() == 4 && (run.starts_with("19") || run.starts_with("20"));
        if is_year || bare.is_empty() || (run.len() <= DIGITS_KEPT_MAX && bare.len() <= DIGITS_KEPT_MAX) {
            return run.to_owned();
        }
        let n = self.numbers.len() as u64 + 1;
        let new = self.numbers.entry(bare.to_owned()).or_insert_with(|| other_digits(bare.len(), n));
        format!("{}{new}", "0".repeat(run.len() - bare.len()))
    }

    fn codice_fiscale(&mut self, code: &str) -> String {
        let upper = code.to_uppercase();
        let is_good = codice_fiscale_ok(&upper);
        let n = self.codes.len();
        let new = self.codes.entry(upper).or_insert_with(|| {
            let letter = char::from(b'A' + u8::try_from(n / 100 % 20).unwrap_or_default());
            let stem = format!("RSSMR{letter}{:02}A01H501", n % 100);
            with_check(&stem, is_good)
        });
        if code.chars().any(char::is_lowercase) { new.to_lowercase() } else { new.clone() }
    }

    fn iban(&mut self, written: &str) -> String {
        let bare: String = written.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
        let is_good = iban_ok(&bare);
        let n = self.codes.len();
        let new = self.codes.entry(bare).or_insert_with(|| {
            let rest = format!("X0542811101{:012}", n + 123_456);
            let of = |check: u32| format!("IT{check:02}{rest}");
            let good = (2..=98).find(|check| iban_ok(&of(*check))).unwrap_or(2);
            of(if is_good { good } else { good % 97 + 2 })
        });
        // With the blanks where they were.
        let mut letters = new.chars();
        written.chars().filter_map(|c| if c.is_ascii_alphanumeric() { letters.next() } else { Some(c) }).collect()
    }
}

/// Letters, digits, and what holds an address together.
fn token(text: &str) -> Range<usize> {
    let plain = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    let address = text.find(|c: char| !(c.is_alphanumeric() || "._-+@".contains(c))).unwrap_or(text.len());
    let whole = text.get(..address).unwrap_or_default().trim_end_matches(['.', '-', '_', '+']);
    if whole.contains('@') { 0..whole.len() } else { 0..plain }
}

fn is_codice_fiscale(word: &str) -> bool {
    let form = b"LLLLLLDDLDDLDDDL";
    word.len() == form.len()
        && word.bytes().zip(form).all(|(b, form)| match form {
            b'L' => b.is_ascii_alphabetic(),
            _ => b.is_ascii_alphanumeric(), // letters for digits where two people would have the same
        })
}

/// The code with a check character that holds, or with one that does not.
fn with_check(stem: &str, good: bool) -> String {
    let found = (b'A'..=b'Z').map(|c| format!("{stem}{}", char::from(c))).find(|code| codice_fiscale_ok(code) == good);
    found.unwrap_or_else(|| stem.to_owned())
}

/// The length of the Italian IBAN with which a text begins, written with or without blanks.
fn iban_at(text: &str) -> Option<usize> {
    const LETTERS: usize = 27;
    if !text.get(..2)?.eq_ignore_ascii_case("IT")
        || !text.get(2..)?.trim_start().starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let mut letters = 0;
    for (at, c) in text.char_indices() {
        match c {
            ' ' => {}
            c if c.is_ascii_alphanumeric() => letters += 1,
            _ => return None,
        }
        if letters == LETTERS {
            let end = at + c.len_utf8();
            let is_end = !text.get(end..)?.starts_with(|c: char| c.is_ascii_alphanumeric());
            return is_end.then_some(end);
        }
    }
    None
}

/// As many other digits, not beginning with zero.
fn other_digits(length: usize, n: u64) -> String {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut digits = String::with_capacity(length);
    for place in 0..length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let digit = state >> 33;
        let digit = if place == 0 { digit % 9 + 1 } else { digit % 10 };
        digits.push_str(&digit.to_string());
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_left_and_what_the_rules_saw_stays() {
        let mut disguise = Disguise::keeping(["Cambio di residenza", "mi sono trasferita"]);
        disguise.name("Clotilde Zanchetta");
        let text = "Cambio di residenza CLOTILDE ZANCHETTA\nIl sottoscritto Ermenegildo Zanchetta, nato a Pordenone, mi sono trasferita in \
                    via Garibaldini 12. C.F. BNCNNA80A41H501R, conto IT60 X054 2811 1010 0000 0123 456, tel. 0434 987654, pratica 2026/004711, \
                    clotilde.zanchetta@pec.example. Clotilde Zanchetta";
        let new = disguise.text(text);
        for gone in [
            "lotilde",
            "CLOTILDE",
            "anchetta",
            "Ermenegildo",
            "Pordenone",
            "Garibaldini",
            "BNCNNA",
            "0123 456",
            "987654",
            "4711",
        ] {
            assert!(!new.contains(gone), "{gone} in {new}");
        }
        for stays in [
            "Cambio di residenza MARIO ROSSI",
            "mi sono trasferita in via",
            " 12.",
            "pratica 2026/00",
            "@pec.test",
            "Mario Rossi",
        ] {
            assert!(new.contains(stays), "{stays} not in {new}");
        }
        let code = new.split("C.F. ").nth(1).unwrap().split(',').next().unwrap();
        assert!(codice_fiscale_ok(code), "{code}");
        let iban: String = new.split("conto ").nth(1).unwrap().split(',').next().unwrap().replace(' ', "");
        assert!(iban_ok(&iban), "{iban}");
        let number = new.split("pratica ").nth(1).unwrap().split(',').next().unwrap();
        assert_eq!(disguise.dossier("2026/004711"), number, "the same wherever it stands");
        assert!(!codice_fiscale_ok(&disguise.text("BNCNNA80A41H501X")), "one that did not hold does not hold");
    }
}

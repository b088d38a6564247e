//! What who grants a sum in parts writes of them: how many, and from when. It changes when that can be written otherwise.

use crate::procedure::model::RATES_MAX;
use crate::refused::Refused;
use crate::rules::normal::Normal;
use alloc::format;
use alloc::string::{String, ToString};
use jiff::civil::Date;

/// How it is written.
const LIKE: &str = "Rate: 12, oppure Rate: 12, dal 31/03/2027";

/// How many, and the last day for the first, where it is said.
pub(crate) type Plan = (u32, Option<Date>);

/// What stands of it among the reasons of a measure.
///
/// # Errors
/// A line speaks of the parts and cannot be read, or two say different things: what the office has granted is not guessed.
pub(crate) fn read<'a>(points: impl Iterator<Item = &'a str>) -> Result<Option<Plan>, Refused> {
    let mut found: Option<Plan> = None;
    for point in points {
        let Some(plan) = line(point)? else { continue };
        if found.is_some_and(|before| before != plan) {
            let text =
                format!("le rate sono scritte due volte, e in modo diverso: serve una riga sola, per esempio {LIKE}");
            return Err(Refused::new("instalments-twice", text));
        }
        found = Some(plan);
    }
    Ok(found)
}

/// The same, of a measure that is taken on a day: parts that were to be paid before it are a slip of the pen.
pub(crate) fn checked<'a>(points: impl Iterator<Item = &'a str>, today: Date) -> Result<(), Refused> {
    match read(points)? {
        Some((_, Some(first))) if first < today => {
            let text = format!("la prima rata scade il {}, che è già passato", crate::clockwork::day(first));
            Err(Refused::new("instalments-past", text))
        }
        _ => Ok(()),
    }
}

/// «Rate: 12», «Dodici rate», «Rate: 12, dal 31 marzo 2027»; `None`: a sentence in which the word stands, or another one.
fn line(point: &str) -> Result<Option<Plan>, Refused> {
    let normal = Normal::of(point);
    let all: alloc::vec::Vec<&str> = normal.words().collect();
    let (of, rest) = match all.as_slice() {
        ["rate" | "rata", of, rest @ ..] if number(of).is_some() || is_labelled(point) => (*of, rest),
        ["rate" | "rata"] if is_labelled(point) => ("", [].as_slice()),
        [of, "rate" | "rata", rest @ ..] if number(of).is_some() && (rest.is_empty() || is_from(rest)) => (*of, rest),
        _ => return Ok(None),
    };
    let unreadable = |what: &str| {
        let text = format!("«{}» non si capisce: {what}. Si scrive per esempio {LIKE}", point.trim());
        Err(Refused::new("instalments-unreadable", text))
    };
    let Some(of) = number(of).filter(|of| (1..=RATES_MAX).contains(of)) else {
        return unreadable(&format!("il numero delle rate va da 1 a {RATES_MAX}"));
    };
    match rest {
        [] => Ok(Some((of, None))),
        ["dal" | "dall", day @ ..] => match date(day) {
            Some(first) => Ok(Some((of, Some(first)))),
            None => unreadable("il giorno della prima rata non c'è"),
        },
        _ => unreadable("dopo il numero ci va solo il giorno della prima rata"),
    }
}

fn is_from(rest: &[&str]) -> bool {
    matches!(rest, ["dal" | "dall", ..])
}

/// The word is a label: «Rate: …».
fn is_labelled(point: &str) -> bool {
    let rest = point.trim_start().get("rate".len()..).unwrap_or_default();
    rest.trim_start().starts_with([':', '='])
}

/// In digits or in words, as far as the law grants parts.
fn number(word: &str) -> Option<u32> {
    word.parse().ok().or_else(|| (1..=RATES_MAX).find(|n| in_words(*n) == word))
}

/// `settantadue`, without accents, as a text is compared.
fn in_words(n: u32) -> String {
    const UNITS: [&str; 20] = [
        "",
        "uno",
        "due",
        "tre",
        "quattro",
        "cinque",
        "sei",
        "sette",
        "otto",
        "nove",
        "dieci",
        "undici",
        "dodici",
        "tredici",
        "quattordici",
        "quindici",
        "sedici",
        "diciassette",
        "diciotto",
        "diciannove",
    ];
    const TENS: [&str; 8] = ["", "", "venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta"];
    let at =
        |all: &[&'static str], n: u32| usize::try_from(n).ok().and_then(|n| all.get(n).copied()).unwrap_or_default();
    if n < 20 {
        return at(&UNITS, n).to_string();
    }
    let (ten, unit) = (at(&TENS, n / 10), at(&UNITS, n % 10));
    // Ventuno, ventotto: the vowel falls.
    let ten = if matches!(n % 10, 1 | 8) { ten.get(..ten.len().saturating_sub(1)).unwrap_or(ten) } else { ten };
    format!("{ten}{unit}")
}

/// `31 03 2027`, `31 marzo 2027`.
fn date(words: &[&str]) -> Option<Date> {
    let [day, month, year] = words else { return None };
    let named = || (1..=12).find(|n| Date::new(2000, *n, 1).is_ok_and(|day| crate::calendar::month(day) == *month));
    let day = day.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok()?;
    Date::new(year.parse().ok()?, month.parse().ok().or_else(named)?, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as of;
    use proptest::prelude::*;

    fn plan(text: &str) -> Result<Option<Plan>, &'static str> {
        read(core::iter::once(text)).map_err(|why| why.code)
    }

    #[test]
    fn a_number_is_read_in_digits_and_in_words() {
        for (text, n) in [
            ("Rate: 12", 12),
            ("Rate: dodici", 12),
            ("rate = 12.", 12),
            ("Rate 12", 12),
            ("Dodici rate", 12),
            ("12 rate", 12),
            ("Rate: ventuno", 21),
            ("Rate: ventotto", 28),
            ("Rate: quarantatré", 43),
            ("Rate: settantadue", 72),
            ("Rata: una", 1),
        ] {
            let n = if text.ends_with("una") { Err("instalments-unreadable") } else { Ok(Some((n, None))) };
            assert_eq!(plan(text), n, "{text}");
        }
        let march = Ok(Some((12, Some(of(2027, 3, 31)))));
        for text in [
            "Rate: 12, dal 31/03/2027",
            "Rate: dodici, dal 31 marzo 2027",
            "12 rate dal 31-3-2027",
            "Rate: 12 dal 31.03.2027",
        ] {
            assert_eq!(plan(text), march, "{text}");
        }
        assert_eq!(plan("Rate: 3, dall'8 aprile 2027"), Ok(Some((3, Some(of(2027, 4, 8))))));
        assert_eq!(plan("Rate: 3, dal 1° aprile 2027"), Ok(Some((3, Some(of(2027, 4, 1))))));
    }

    #[test]
    fn what_speaks_of_the_parts_and_is_not_read_is_refused() {
        for text in [
            "Rate: tante",
            "Rate:",
            "Rate: 0",
            "Rate: 73",
            "Rate: settantatré",
            "Rate: 12,5",
            "Rate: 4, dal 31/02/2027",
            "Rate: 4, dal primo del mese",
            "Rate 4 al mese",
            "Rate: 12 da 100 euro",
        ] {
            assert_eq!(plan(text), Err("instalments-unreadable"), "{text}");
        }
        let both = ["Rate: 12", "Rate: 10"];
        assert_eq!(read(both.into_iter()).map_err(|why| why.code), Err("instalments-twice"));
        assert_eq!(read(["Rate: 12", "dodici rate"].into_iter()), Ok(Some((12, None))), "the same thing twice");
        let past = checked(core::iter::once("Rate: 3, dal 31/03/2026"), of(2026, 4, 1));
        assert_eq!(past.map_err(|why| why.code), Err("instalments-past"));
        assert!(checked(core::iter::once("Rate: 3, dal 01/04/2026"), of(2026, 4, 1)).is_ok());
    }

    #[test]
    fn a_sentence_about_them_is_a_reason() {
        for text in [
            "Le rate sono quelle chieste",
            "Rate più basse non si possono dare",
            "Hai chiesto dodici rate e te le diamo",
            "12 rate sono il massimo per questa somma",
            "",
            "Ha ragione",
        ] {
            assert_eq!(plan(text), Ok(None), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_number_that_the_law_grants_is_read_in_both_ways(n in 1..=RATES_MAX) {
            prop_assert_eq!(plan(&format!("Rate: {n}")), Ok(Some((n, None))));
            prop_assert_eq!(plan(&format!("Rate: {}", in_words(n))), Ok(Some((n, None))));
        }

        #[test]
        fn a_labelled_line_is_read_or_refused_and_never_passed_over(text in "rate:.{0,40}") {
            prop_assert!(!matches!(plan(&text), Ok(None)), "{}", text);
        }
    }
}

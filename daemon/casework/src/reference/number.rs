//! A number with its series and its year, in every order that offices use: changes when one more is met.

use super::nouns::is_marker;
use super::tokens::{Token, What, number, word, written};
use crate::dossier::check;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

/// Digits of the longest number that counts an act; a longer one is a notice code (IUV).
const DIGITS_MAX: usize = 16;
/// Letters of the longest series.
const SERIES_CHARS_MAX: usize = 8;
/// Parts of one number, joined by `/`, `-` or `.`.
const PARTS_MAX: usize = 20;

/// A number that may count a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) series: Option<String>,
    pub(super) number: String,
    pub(super) digits: usize,
    pub(super) year: Option<i16>,
    pub(super) day: Option<String>,
    pub(super) is_suap: bool,
    /// It has the form of a month and a year: `03/2026`.
    pub(super) may_be_month: bool,
    /// Check letters stand behind it, of another number.
    pub(super) slip: bool,
}

/// The tokens that a number takes, and what it is when it may count a dossier.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) tokens: Range<usize>,
    pub(super) value: Option<Numbered>,
}

struct Part<'t> {
    text: &'t str,
    is_number: bool,
    /// The mark before it; a blank where nothing is.
    joint: char,
}

/// Reads the number that begins here, with the series before it. `None`: no number begins here.
pub(super) fn read(text: &str, tokens: &[Token], at: usize) -> Option<Read> {
    let with_series = opens_series(text, tokens, at);
    if number(text, tokens, at).is_none() && !with_series {
        return None;
    }
    let (parts, end) = chain(text, tokens, at);
    let refused = |end: usize| Some(Read { tokens: at..end, value: None });
    if let Some(own) = with_check(text, tokens, at, &parts, end) {
        return Some(own);
    }
    let next = tokens.get(end);
    if next.is_some_and(|t| t.what == What::Word && !t.apart) {
        return refused(end + 1); // a plate, a version, a code of somebody else's
    }
    let is_decimal = |t: &Token| {
        t.what == What::Mark(',') && !t.apart && tokens.get(end + 1).is_some_and(|t| t.what == What::Number && !t.apart)
    };
    if next.is_some_and(|t| matches!(t.what, What::Mark('€' | '%' | '@')) || is_decimal(t)) {
        return refused(end + 1);
    }
    if let Some(code) = suap(&parts) {
        let value = Numbered {
            series: None,
            digits: code.len(),
            number: code,
            year: None,
            day: None,
            is_suap: true,
            may_be_month: false,
            slip: false,
        };
        return Some(Read { tokens: at..end, value: Some(value) });
    }
    if let Some((_, _, after)) = date(text, tokens, at).filter(|(_, _, after)| *after >= end) {
        return refused(after);
    }
    let Some(mut value) = interpret(&parts).filter(|value| value.digits <= DIGITS_MAX) else {
        return refused(end);
    };
    let mut end = end;
    if value.year.is_none()
        && let Some((year, day, after)) = said_year(text, tokens, end)
    {
        (value.year, value.day, end) = (Some(year), day, after);
    }
    Some(Read { tokens: at..end, value: Some(value) })
}

/// A number of ours with its check letters, in every spelling: `2026/000123-MK`, `2026/123 mk`, `2026-000123MK`. Letters that are
/// not its own make it a slip only where it is written as ours are: other bodies put the letters of a series there.
fn with_check(text: &str, tokens: &[Token], at: usize, parts: &[Part<'_>], end: usize) -> Option<Read> {
    let [year, ordinal, rest @ ..] = parts else { return None };
    if !(year.is_number && ordinal.is_number) {
        return None;
    }
    let (year, digits) = (year4(year.text)?, ordinal.text);
    let ordinal: u32 = digits.parse().ok()?;
    let (letters, end) = match rest {
        [] => {
            // «-», «/», «–», «.» or nothing; with blanks or without; on one line.
            let joint = matches!(tokens.get(end)?.what, What::Mark('-' | '–' | '/' | '.'));
            let last = end + usize::from(joint);
            let is_on_this_line = tokens.get(end..=last)?.iter().all(|token| token.breaks == 0);
            (word(text, tokens, last).filter(|_| is_on_this_line)?, last + 1)
        }
        [letters] if !letters.is_number => (letters.text, end),
        _ => return None,
    };
    let goes_on = tokens
        .get(end)
        .is_some_and(|next| !next.apart && matches!(next.what, What::Word | What::Number | What::Mark('@')));
    let is_right = check::are_right(letters, year, ordinal);
    let is_ours = crate::dossier::number(year, ordinal).ends_with(&format!("/{digits}"));
    if goes_on || !(is_right || (is_ours && check::may_be(letters))) {
        return None;
    }
    // Joined capitals may be a series all the same: they stay one for whoever looks the number up by it.
    let series = rest.first().filter(|_| !is_right).map(|letters| letters.text.to_uppercase());
    let value = Numbered {
        series,
        number: ordinal.to_string(),
        digits: digits.len(),
        year: Some(year),
        day: None,
        is_suap: false,
        may_be_month: false,
        slip: !is_right,
    };
    (ordinal > 0).then_some(Read { tokens: at..end, value: Some(value) })
}

/// Upper-case letters that are joined to a number: `ERP/91`, `LEG-102`, `PG.2026`, `A123`, `LP/ASS/9`.
fn opens_series(text: &str, tokens: &[Token], at: usize) -> bool {
    let Some(letters) = word(text, tokens, at) else { return false };
    let is_glued = |i: usize| tokens.get(i).is_some_and(|t| !t.apart);
    if !is_glued(at + 1) {
        return false; // nearly all words: not worth more
    }
    if letters.chars().count() > SERIES_CHARS_MAX || !letters.chars().all(char::is_uppercase) || is_marker(letters) {
        return false;
    }
    match tokens.get(at + 1).map(|t| t.what) {
        Some(What::Number) => letters.len() <= 4 || tax_code(text, tokens, at).is_some(),
        Some(What::Mark('/')) => {
            is_glued(at + 2) && (number(text, tokens, at + 2).is_some() || opens_series(text, tokens, at + 2))
        }
        Some(What::Mark('-' | '.')) => is_glued(at + 2) && number(text, tokens, at + 2).is_some(),
        Some(What::Mark(_) | What::Word) | None => false,
    }
}

/// The parts of a number, and the first token after them.
fn chain<'t>(text: &'t str, tokens: &[Token], at: usize) -> (Vec<Part<'t>>, usize) {
    let mut parts: Vec<Part<'t>> = Vec::new();
    let mut end = at;
    let mut joint = ' ';
    while parts.len() < PARTS_MAX {
        let Some(token) = tokens.get(end) else { break };
        let Some(part) = written(text, tokens, end) else { break };
        let is_number = token.what == What::Number;
        parts.push(Part { text: part, is_number, joint });
        end += 1;
        let Some(next) = tokens.get(end) else { break };
        let is_code = tax_code(text, tokens, at).is_some_and(|stop| next.at.end <= stop);
        // The digits of a series (`A123`), the letters of a tax code, the year beside a number in a file name (`123_2026`).
        let again = is_number && word(text, tokens, end).is_some_and(is_repeated);
        let is_joined = !next.apart
            && ((next.what == What::Number && !is_number) || (next.what == What::Word && is_code) || again)
            || is_named_year(text, tokens, end);
        if is_joined {
            joint = ' ';
            continue;
        }
        let What::Mark(mark @ ('/' | '-' | '–' | '.')) = next.what else { break };
        if !joins(text, tokens, end, mark) {
            break;
        }
        joint = mark;
        end += 1;
    }
    (parts, end)
}

/// Whether the mark at this token joins what stands on its two sides into one number.
fn joins(text: &str, tokens: &[Token], at: usize, mark: char) -> bool {
    let (Some(token), Some(next)) = (tokens.get(at), tokens.get(at + 1)) else { return false };
    let is_loose = token.apart || next.apart;
    if let Some(digits) = number(text, tokens, at + 1) {
        let is_year = year4(digits).is_some() || digits.len() == 2;
        // A full stop ends a sentence more often than it joins a number.
        return !is_loose
            || (mark != '.' && token.breaks == 0 && next.breaks == 0 && token.apart == next.apart && is_year);
    }
    let is_series = |w: &str| (w.chars().count() <= 4 && w.chars().all(char::is_uppercase)) || is_repeated(w);
    mark != '.' && !is_loose && word(text, tokens, at + 1).is_some_and(is_series)
}

/// `12bis`, `12/ter`: the act after the one of that number.
fn is_repeated(word: &str) -> bool {
    ["bis", "ter", "quater"].iter().any(|again| word.eq_ignore_ascii_case(again))
}

/// In the name of a file: `123_2026`, `2026_123`.
fn is_named_year(text: &str, tokens: &[Token], at: usize) -> bool {
    let is_year = |i: usize| number(text, tokens, i).is_some_and(|digits| year4(digits).is_some());
    let follows_blank_of_names =
        tokens.get(at).is_some_and(|t| text.get(..t.at.start).is_some_and(|before| before.ends_with('_')));
    let before = at.checked_sub(1);
    follows_blank_of_names
        && number(text, tokens, at).is_some()
        && before.is_some_and(|before| number(text, tokens, before).is_some() && is_year(at) != is_year(before))
}

/// Where the tax code ends that begins at this token (`RSSMRA80A01H501U`).
fn tax_code(text: &str, tokens: &[Token], at: usize) -> Option<usize> {
    let from = tokens.get(at)?.at.start;
    let run = text.get(from..)?.bytes().take_while(u8::is_ascii_alphanumeric).count();
    (run == 16).then_some(from + run)
}

/// Who (a tax code or a VAT number), day and hour: the number of a SUAP file of the national portal.
fn suap(parts: &[Part<'_>]) -> Option<String> {
    let [who @ .., day, hour] = parts else { return None };
    let who: String = who.iter().map(|part| part.text).collect();
    let is_code = day.text.len() == 8 && hour.text.len() == 4 && matches!(who.len(), 11 | 16);
    is_code.then(|| format!("{}-{}-{}", who.to_uppercase(), day.text, hour.text))
}

fn interpret(parts: &[Part<'_>]) -> Option<Numbered> {
    let mut series: Option<String> = None;
    let mut numbers: Vec<String> = Vec::new();
    for part in parts {
        if part.is_number {
            match numbers.last_mut() {
                // 12.345 is one number, 2026.0045 is two.
                Some(last) if part.joint == '.' && part.text.len() == 3 && year4(last).is_none() => {
                    last.push_str(part.text)
                }
                _ => numbers.push(part.text.to_string()),
            }
            continue;
        }
        let letters = part.text.to_uppercase();
        // The direction of a protocol (entrata, uscita, interno) after its year is no series.
        if numbers.len() > 1 && matches!(letters.as_str(), "E" | "U" | "I") {
            continue;
        }
        series = Some(series.map_or(letters.clone(), |series| format!("{series}/{letters}")));
    }
    let (number, year) = match numbers.as_slice() {
        [] => return None,
        [number] => (number, None),
        [number, .., year] if year4(year).is_some() => (number, year4(year)),
        [year, .., number] if year4(year).is_some() => (number, year4(year)),
        [number, .., year] => (number, year2(year)),
    };
    let is_month = |month: &str| month.len() <= 2 && month.parse().is_ok_and(|m: u8| (1..=12).contains(&m));
    let may_be_month =
        series.is_none() && matches!(numbers.as_slice(), [month, year] if is_month(month) && year4(year).is_some());
    let digits = number.len();
    let number = number.trim_start_matches('0').to_string();
    let value = Numbered { series, number, digits, year, day: None, is_suap: false, may_be_month, slip: false };
    (!value.number.is_empty()).then_some(value)
}

/// A year in four digits.
pub(super) fn year4(digits: &str) -> Option<i16> {
    let year: i16 = digits.parse().ok()?;
    (digits.len() == 4 && (1900..2100).contains(&year)).then_some(year)
}

/// A year in two digits.
fn year2(digits: &str) -> Option<i16> {
    let year: i16 = digits.parse().ok().filter(|_| digits.len() == 2)?;
    match year {
        0..=49 => Some(2000 + year),
        70..=99 => Some(1900 + year),
        _ => None,
    }
}

/// `del 2026`, `dell'anno 2026`, `del '26`, `del 3 febbraio 2026`, `vom 03.02.2026`: the year, the day, the token after.
fn said_year(text: &str, tokens: &[Token], at: usize) -> Option<(i16, Option<String>, usize)> {
    const PREPOSITIONS: [&str; 16] = [
        "del", "dell", "dd", "anno", "in", "data", "of", "vom", "von", "aus", "de", "du", "dated", "from", "la", "year",
    ];
    let mut at = at;
    if tokens.get(at).is_some_and(|t| t.what == What::Mark(',')) {
        at += 1;
    }
    let mut said = false;
    for _ in 0..3 {
        let is_preposition =
            word(text, tokens, at).is_some_and(|w| PREPOSITIONS.iter().any(|p| w.eq_ignore_ascii_case(p)));
        if !is_preposition {
            break;
        }
        said = true;
        at += 1;
        if tokens.get(at).is_some_and(|t| matches!(t.what, What::Mark('\'' | '’' | '.'))) {
            at += 1;
        }
    }
    if !said {
        return None;
    }
    if let Some((year, day, after)) = date(text, tokens, at) {
        return Some((year, Some(day), after));
    }
    let digits = number(text, tokens, at)?;
    let is_short =
        at.checked_sub(1).and_then(|i| tokens.get(i)).is_some_and(|t| matches!(t.what, What::Mark('\'' | '’')));
    let year = year4(digits).or_else(|| year2(digits).filter(|_| is_short))?;
    let goes_on = tokens.get(at + 1).is_some_and(|t| !t.apart && matches!(t.what, What::Mark('/' | '-') | What::Word));
    (!goes_on).then_some((year, None, at + 1))
}

/// A day: its year, its month and day as `MM-GG`, the token after it.
fn date(text: &str, tokens: &[Token], at: usize) -> Option<(i16, String, usize)> {
    let digits = |i: usize| number(text, tokens, i);
    let mark = |i: usize| {
        tokens.get(i).filter(|t| !t.apart).map(|t| t.what).filter(|w| matches!(w, What::Mark('/' | '-' | '.')))
    };
    let part = |i: usize, most: u8| -> Option<u8> {
        digits(i)?.parse().ok().filter(|n| (1..=most).contains(n)).filter(|_| digits(i).is_some_and(|d| d.len() == 2))
    };
    if let Some(year) = digits(at).and_then(year4)
        && mark(at + 1) == Some(What::Mark('-'))
        && mark(at + 3) == Some(What::Mark('-'))
    {
        return Some((year, format!("{:02}-{:02}", part(at + 2, 12)?, part(at + 4, 31)?), at + 5));
    }
    let day: u8 = digits(at)?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let mut next = at + 1;
    if tokens.get(next).is_some_and(|t| matches!(t.what, What::Mark('°' | 'º'))) {
        next += 1;
    }
    if let Some(month) = word(text, tokens, next).and_then(month) {
        let mut year = next + 1;
        if tokens.get(year).is_some_and(|t| t.what == What::Mark('.')) {
            year += 1;
        }
        return Some((year4(digits(year)?)?, format!("{month:02}-{day:02}"), year + 1));
    }
    if tokens.get(next).is_some_and(|t| t.what == What::Mark('.'))
        && word(text, tokens, next + 1).and_then(month).is_some()
    {
        let month = word(text, tokens, next + 1).and_then(month)?;
        return Some((year4(digits(next + 2)?)?, format!("{month:02}-{day:02}"), next + 3));
    }
    let first = mark(at + 1)?;
    let month: u8 = digits(at + 2)?.parse().ok().filter(|month| (1..=12).contains(month))?;
    (mark(at + 3)? == first).then_some(())?;
    let year = digits(at + 4).filter(|_| tokens.get(at + 4).is_some_and(|t| !t.apart))?;
    Some((year4(year).or_else(|| year2(year))?, format!("{month:02}-{day:02}"), at + 5))
}

/// The number of a month: Italian, German, English, French, Spanish names by their beginning.
pub(crate) fn month(name: &str) -> Option<u8> {
    const NAMES: [(&str, u8); 34] = [
        ("genn", 1),
        ("jan", 1),
        ("jän", 1),
        ("enero", 1),
        ("ene", 1),
        ("feb", 2),
        ("fév", 2),
        ("mar", 3),
        ("mär", 3),
        ("apr", 4),
        ("abr", 4),
        ("avr", 4),
        ("mag", 5),
        ("mai", 5),
        ("may", 5),
        ("giu", 6),
        ("jun", 6),
        ("juin", 6),
        ("lug", 7),
        ("jul", 7),
        ("juil", 7),
        ("ago", 8),
        ("aug", 8),
        ("aoû", 8),
        ("set", 9),
        ("sep", 9),
        ("ott", 10),
        ("okt", 10),
        ("oct", 10),
        ("nov", 11),
        ("dic", 12),
        ("dez", 12),
        ("dec", 12),
        ("déc", 12),
    ];
    let name = name.to_lowercase();
    let is_word = name.chars().count() >= 3;
    NAMES
        .iter()
        .find(|(start, _)| is_word && name.starts_with(start))
        .map(|(_, month)| *month)
        .or_else(|| (name == "gen").then_some(1))
}

//! What stands to the left of a number and says what it counts: changes when offices use another noun.

use super::RefKind;
use super::nouns::{Means, means};
use super::number::{Numbered, year4};
use super::tokens::{Token, What, word, written};
use crate::rules::normal::Normal;
use alloc::borrow::ToOwned;
use alloc::string::String;

/// Words that may stand between a noun and its number («la domanda che ho fatto porta il numero 12/2026»).
const BETWEEN_MAX: usize = 8;
/// The same where no «n.» stands before the number.
const UNMARKED_MAX: usize = 3;
/// Words before a number without a noun that may refer it to something of ours.
const NEAR_MAX: usize = 4;
/// Digits of a number that needs neither year nor «n.» after its noun.
const BARE_DIGITS: usize = 3;
/// Digits that nobody counts his children or his euros with.
const LONG_DIGITS: usize = 4;
/// More digits are an account or a telephone as a rule: the noun stands right before their «n.».
const ACCOUNT_DIGITS: usize = 11;
/// Words around `rep.` among which a notary's name says whose it is.
const NOTARY_MAX: usize = 8;

/// The noun of a number.
#[derive(Debug)]
pub(super) struct Noun {
    pub(super) kind: RefKind,
    /// The token where the reference begins.
    pub(super) start: usize,
    /// Capitals between noun and «n.»: «pratica ZTL n. 210/2026».
    pub(super) series: Option<String>,
    /// There is none.
    pub(super) bare: bool,
}

/// The noun of the number at `start`, looked for to the left.
pub(super) fn noun(text: &str, tokens: &[Token], start: usize, value: &Numbered) -> Option<Noun> {
    let (mut at, mut plain, mut words, mut marked) = (start, 0_usize, 0_usize, false);
    let (mut series, mut marker_at) = (None, None);
    if let Some(kind) = own_series(value) {
        // «PG/2026/12345»: the series is the noun.
        if !reaches_noun(text, tokens, start) {
            return Some(Noun { kind, start, series: None, bare: false });
        }
    }
    while let Some(left) = at.checked_sub(1) {
        let right = at;
        let token = tokens.get(left)?;
        if tokens.get(at).is_some_and(|t| t.breaks > 1) {
            break;
        }
        match token.what {
            What::Number => break,
            What::Mark('.') if ends_sentence(text, tokens, left) => break,
            What::Mark(')') if is_of_the_union(text, tokens, left) => return None,
            What::Mark(mark) => {
                if matches!(mark, ';' | '?' | '!' | ')' | ']' | '{' | '}' | '€' | '@' | '+' | '>' | '|') {
                    break;
                }
                if mark == '#' {
                    (marked, marker_at) = (marked || plain == 0, marker_at.or(Some(left)));
                }
            }
            What::Word => {
                let written = written(text, tokens, left)?;
                words += 1;
                let (meaning, left) = abbreviated(text, tokens, left).unwrap_or((means(written), left));
                at = left;
                match meaning {
                    Means::Marker => {
                        marked |= plain == 0;
                        marker_at = marker_at.or(Some(left));
                    }
                    Means::Noun(kind) if kind == RefKind::Segnalazione && value.year.is_none() && !marked => break,
                    Means::Noun(kind) => {
                        if is_token(text, tokens, left, kind) {
                            return Some(Noun { kind: RefKind::Token, start: left - 1, series: None, bare: false });
                        }
                        // «avviso di accertamento»: the first of the two is the noun.
                        let left = before_accertamento(text, tokens, left, kind).unwrap_or(left);
                        let near = Near { start, plain, marked };
                        if !accepts(text, tokens, left, kind, &near, value) {
                            return far(kind, start, series, value);
                        }
                        // Where all is in capitals, none of them are a series.
                        let series = series.filter(|_| takes_series(kind) && !is_acronym_or_caps(written));
                        return Some(Noun { kind, start: left, series, bare: false });
                    }
                    Means::Letter if is_ours(text, tokens, left) && (value.year.is_some() || marked) => {
                        return Some(Noun { kind: RefKind::Prot, start: left, series: None, bare: false });
                    }
                    Means::Other if is_of_an_office(text, tokens, left) => plain += 1,
                    Means::Letter | Means::Other => return None,
                    Means::Qualifier => {
                        if is_acronym(written) && (marker_at == Some(right) || right == start) {
                            series = Some(written.to_owned());
                        }
                    }
                    Means::Plain => {
                        // «pratica ZTL n. 210/2026»: the letters are of the number.
                        if is_acronym(written) && (marker_at == Some(right) || right == start) && series.is_none() {
                            series = Some(written.to_owned());
                        } else {
                            plain += 1;
                        }
                    }
                }
                if plain > BETWEEN_MAX || words > BETWEEN_MAX + NEAR_MAX {
                    break;
                }
                continue;
            }
        }
        at = left;
    }
    alone(text, tokens, start, marker_at, value)
}

/// `P.E.`, `P.d.C.`, `S.C.I.A.`: single letters with full stops are one word; what it means, and where it begins.
fn abbreviated(text: &str, tokens: &[Token], last: usize) -> Option<(Means, usize)> {
    let single = |at: usize| word(text, tokens, at).filter(|w| w.chars().count() == 1);
    let glued = |at: usize| tokens.get(at).is_some_and(|t| !t.apart);
    let dotted = |at: usize| tokens.get(at).is_some_and(|t| t.what == What::Mark('.')) && glued(at) && glued(at + 1);
    single(last)?;
    let mut first = last;
    while let Some(before) = first.checked_sub(2).filter(|before| single(*before).is_some() && dotted(first - 1)) {
        first = before;
    }
    (first < last).then_some(())?;
    let joined: String = (first..=last).step_by(2).filter_map(single).collect();
    let is_of_the_union = || {
        let before = (1..=3).filter_map(|back| first.checked_sub(back)).filter_map(|i| word(text, tokens, i));
        before.map(Normal::of).any(|w| ["reg", "direttiva"].iter().any(|law| w.text().starts_with(law)))
    };
    let meaning = match joined.as_str() {
        // A building permit of before 2001, and not the European Community.
        "CE" if !is_of_the_union() => Means::Noun(RefKind::Concessione),
        joined => means(joined),
    };
    Some((meaning, first))
}

/// The noun before «di accertamento».
fn before_accertamento(text: &str, tokens: &[Token], at: usize, kind: RefKind) -> Option<usize> {
    (kind == RefKind::Avviso).then_some(())?;
    let is_avviso = |i: &usize| word(text, tokens, *i).is_some_and(|w| means(w) == Means::Noun(RefKind::Avviso));
    (1..=3).filter_map(|back| at.checked_sub(back)).find(is_avviso)
}

fn is_acronym_or_caps(word: &str) -> bool {
    word.chars().count() > 1 && word.chars().all(char::is_uppercase)
}

/// A series that is a noun by itself.
fn own_series(value: &Numbered) -> Option<RefKind> {
    (value.series.as_deref() == Some("PG")).then_some(RefKind::Prot)
}

/// Whether a noun stands just before.
fn reaches_noun(text: &str, tokens: &[Token], start: usize) -> bool {
    (1..=4)
        .filter_map(|back| start.checked_sub(back))
        .any(|i| word(text, tokens, i).is_some_and(|w| matches!(means(w), Means::Noun(_))))
}

fn is_token(text: &str, tokens: &[Token], at: usize, kind: RefKind) -> bool {
    kind == RefKind::Fasc
        && word(text, tokens, at).is_some_and(|w| w.eq_ignore_ascii_case("fascicolo"))
        && at.checked_sub(1).and_then(|i| tokens.get(i)).is_some_and(|t| t.what == What::Mark('['))
}

fn is_acronym(word: &str) -> bool {
    (2..=5).contains(&word.chars().count()) && word.chars().all(char::is_uppercase)
}

/// Nouns that share their numbers between series.
fn takes_series(kind: RefKind) -> bool {
    matches!(kind, RefKind::Pratica | RefKind::Fasc)
}

/// How a noun stands to its number.
struct Near {
    /// The token where the number begins.
    start: usize,
    /// Words between them that say nothing.
    plain: usize,
    /// «n.» stands before the number.
    marked: bool,
}

/// A number with its year that names itself, far from its noun: «la domanda di assistenza per mia madre, SAD 2025-44», «la pratica è
/// quella del bonus luce 2025-0672».
fn far(kind: RefKind, start: usize, series: Option<String>, value: &Numbered) -> Option<Noun> {
    let is_whole = value.year.is_some_and(|_| value.series.is_none() && value.day.is_none() && !value.may_be_month);
    let is_padded = value.digits > value.number.len() && value.digits >= LONG_DIGITS;
    match series {
        Some(series) if is_whole => {
            Some(Noun { kind: RefKind::Pratica, start: start.checked_sub(1)?, series: Some(series), bare: false })
        }
        None if is_whole && is_padded => Some(Noun { kind, start, series: None, bare: false }),
        _ => None,
    }
}

/// Whether a noun that is so far from its number is the noun of it.
fn accepts(text: &str, tokens: &[Token], noun: usize, kind: RefKind, near: &Near, value: &Numbered) -> bool {
    let Near { start, plain, marked } = *near;
    if (kind == RefKind::Prot && is_the_writers(text, tokens, noun))
        || (kind == RefKind::Contratto && is_a_notarys(text, tokens, noun))
        || (!value.is_suap && value.digits >= ACCOUNT_DIGITS && (!marked || plain > 1))
    {
        return false;
    }
    if value.is_suap || (value.year.is_some() && !value.may_be_month) {
        // «il sinistro 14/08» is a day.
        return marked || (plain <= UNMARKED_MAX && (kind != RefKind::Sinistro || value.digits >= BARE_DIGITS));
    }
    let is_padded = value.digits > value.number.len();
    if value.year.is_some() {
        // «pratica 3/2026», «pratica vincolo idrogeologico 3/2026», but not «la domanda fatta a 3/2026» nor «domanda 03/2026».
        return marked
            || plain == 0
            || (plain < UNMARKED_MAX && !is_padded && !follows_small_word(text, tokens, start));
    }
    let is_year = value.series.is_none() && year4(&value.number).is_some();
    if is_year && !marked {
        return false; // «pratica 2025»
    }
    let is_strong =
        matches!(kind, RefKind::Pratica | RefKind::Prot | RefKind::Fasc | RefKind::Verbale | RefKind::Procedimento);
    match (marked, plain) {
        (true, 0..=3) => true,
        (false, 0) => value.digits >= if is_strong { 2 } else { BARE_DIGITS },
        (false, 1) => kind == RefKind::Prot && value.digits >= LONG_DIGITS, // «protocollato col 15077»
        _ => false,
    }
}

/// «a 3/2026», «in 5/2026»: the word before the number makes it a month.
fn follows_small_word(text: &str, tokens: &[Token], start: usize) -> bool {
    start.checked_sub(1).and_then(|i| word(text, tokens, i)).is_some_and(|w| w.chars().count() <= UNMARKED_MAX)
}

/// «stato civile», «delibera C.C.»: a word of laws and courts that is an office of ours here.
fn is_of_an_office(text: &str, tokens: &[Token], at: usize) -> bool {
    let before = |most: usize| (1..=most).filter_map(|back| at.checked_sub(back));
    let is = |i: usize, is: fn(&str) -> bool| word(text, tokens, i).is_some_and(|w| is(Normal::of(w).text()));
    match word(text, tokens, at).map(Normal::of).unwrap_or_default().text() {
        "civile" => before(1).any(|i| is(i, |w| w == "stato")),
        "cc" | "c" => before(3).any(|i| is(i, |w| means(w) == Means::Noun(RefKind::Delibera))),
        _ => false,
    }
}

/// «rep. n. 4567 del notaio Bianchi»: a deed of sale, none of ours.
fn is_a_notarys(text: &str, tokens: &[Token], noun: usize) -> bool {
    let all = noun.saturating_sub(NOTARY_MAX)..noun + NOTARY_MAX * 2;
    all.into_iter().any(|i| {
        word(text, tokens, i).is_some_and(|w| {
            let folded = Normal::of(w);
            folded.text().starts_with("nota") && folded.text() != "nota" || folded.text().starts_with("rogit")
        })
    })
}

/// «(CE)», «(U.E.)», «(UE)»: the bracket that ends here follows a regulation or a directive.
fn is_of_the_union(text: &str, tokens: &[Token], closing: usize) -> bool {
    let from = (1..=6).filter_map(|back| closing.checked_sub(back));
    let open = from.into_iter().find(|i| tokens.get(*i).is_some_and(|t| t.what == What::Mark('(')));
    let inside = open.map(|open| (open..closing).filter_map(|i| word(text, tokens, i)).collect::<String>());
    inside.is_some_and(|letters| matches!(letters.as_str(), "CE" | "UE" | "CEE" | "EU"))
}

/// «ns. prot.», «nostro protocollo», «our protocol», or the letterhead of the writer: their number, not ours.
fn is_the_writers(text: &str, tokens: &[Token], noun: usize) -> bool {
    let mut at = noun;
    for _ in 0..NEAR_MAX {
        let Some(left) = at.checked_sub(1) else { break };
        match tokens.get(left).map(|t| t.what) {
            Some(What::Word) => {
                let folded = word(text, tokens, left).map(Normal::of).unwrap_or_default();
                if matches!(
                    folded.text(),
                    "ns" | "nostro"
                        | "nostra"
                        | "nostri"
                        | "nostre"
                        | "our"
                        | "unser"
                        | "unsere"
                        | "unsere_"
                        | "nuestro"
                        | "notre"
                        | "mittente"
                ) {
                    return true;
                }
                if matches!(
                    folded.text(),
                    "vs" | "vostro"
                        | "vostra"
                        | "vostri"
                        | "vostre"
                        | "your"
                        | "ihr"
                        | "ihre"
                        | "votre"
                        | "vuestro"
                        | "codesto"
                ) {
                    return false;
                }
            }
            Some(What::Mark('.' | ':' | '(' | '-')) => {}
            _ => break,
        }
        at = left;
    }
    false
}

/// «vostra nota», «Vs. lettera».
fn is_ours(text: &str, tokens: &[Token], at: usize) -> bool {
    (1..=3).filter_map(|back| at.checked_sub(back)).any(|i| {
        word(text, tokens, i).is_some_and(|w| {
            let folded = Normal::of(w);
            matches!(
                folded.text(),
                "vs" | "vostra" | "vostro" | "vostre" | "your" | "ihr" | "ihre" | "votre" | "sua" | "codesta"
            )
        })
    })
}

/// A full stop after a long word that is no noun ends its sentence; `prot.` and `fasc.` do not.
fn ends_sentence(text: &str, tokens: &[Token], dot: usize) -> bool {
    let next_is_apart = tokens.get(dot + 1).is_some_and(|t| t.apart || t.breaks > 0);
    let before = dot.checked_sub(1).and_then(|i| word(text, tokens, i));
    next_is_apart && before.is_none_or(|w| w.chars().count() > 5 && matches!(means(w), Means::Plain | Means::Other))
}

/// A number without a noun: with «n.» and a year, or after words that refer to something, or with the letters of a series.
fn alone(text: &str, tokens: &[Token], start: usize, marker_at: Option<usize>, value: &Numbered) -> Option<Noun> {
    let from = marker_at.filter(|at| start - at <= 2).unwrap_or(start);
    let nothing = |bare| {
        Some(Noun {
            kind: if value.is_suap { RefKind::Suap } else { RefKind::Pratica },
            start: from,
            series: None,
            bare,
        })
    };
    if value.is_suap {
        return nothing(false);
    }
    let is_marked = from != start;
    let near = (1..=NEAR_MAX + 2).filter_map(|back| from.checked_sub(back));
    let refers = near.into_iter().any(|i| {
        word(text, tokens, i).is_some_and(|w| {
            let folded = Normal::of(w);
            matches!(
                folded.text(),
                "rif"
                    | "riferimento"
                    | "oggetto"
                    | "vs"
                    | "vostra"
                    | "vostro"
                    | "riscontro"
                    | "seguito"
                    | "re"
                    | "ref"
                    | "betreff"
                    | "stato"
                    | "sollecito"
            )
        })
    });
    match (value.year, value.series.is_some()) {
        (Some(_), true) => nothing(false),
        (Some(_), false) => nothing(value.may_be_month || !(is_marked || refers)),
        (None, _) if refers && is_marked && value.digits >= BARE_DIGITS => nothing(false),
        // «NUMERO 00231»: a sentence of its own, with the zeros of a register.
        (None, false) if is_marked && opens_sentence(tokens, from) => {
            (value.digits > value.number.len() && value.digits >= LONG_DIGITS).then(|| nothing(false)).flatten()
        }
        (None, _) => None,
    }
}

/// Whether a token stands first in its sentence or line.
fn opens_sentence(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|i| tokens.get(i));
    before.is_none_or(|t| matches!(t.what, What::Mark('.' | '?' | '!'))) || tokens.get(at).is_some_and(|t| t.breaks > 0)
}

/// «nn. 12/2026 e 13/2026», «12/2026, 13/2026»: the second counts what the first does.
pub(super) fn listed(
    text: &str,
    tokens: &[Token],
    before: (usize, RefKind),
    start: usize,
    value: &Numbered,
) -> Option<Noun> {
    let (end, kind) = before;
    let between = tokens.get(end..start)?;
    let is_list = !between.is_empty()
        && between.len() <= 3
        && (end..start).all(|i| match tokens.get(i).map(|t| t.what) {
            Some(What::Mark(',' | '.')) => true,
            Some(What::Word) => {
                word(text, tokens, i).is_some_and(|w| matches!(w, "e" | "ed" | "n" | "und" | "and" | "y" | "et"))
            }
            _ => false,
        });
    (is_list && value.year.is_some()).then_some(Noun { kind, start, series: None, bare: false })
}

//! The commands that a citizen may write, and how they are read. It changes when there is another one, or people write one otherwise.
//!
//! A command is a line by itself: the subject, or a line of what the citizen has written now. Case, accents and punctuation do
//! not count, nor a greeting before it or thanks after it. What is quoted, or stands below a signature, orders nothing.

mod courtesy;

use crate::dossier::{self, check};
use crate::person::Notices;
use crate::ranking::Answer;
use crate::rating::STARS_MAX;
use crate::rules::normal::Normal;
use crate::rules::quote;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use pec::Content;

/// Lines looked at for a command: it stands at the top of a short message.
const LINES_MAX: usize = 100;
/// Longest line that may be a command, bytes: the longest one names a service.
const LINE_BYTES_MAX: usize = 200;
/// Words of the name of a service.
const SERVICE_WORDS_MAX: usize = 8;
/// A year as it stands in a dossier's number.
const YEARS: core::ops::RangeInclusive<i16> = 1990..=2100;

/// Words of greeting and thanks, as [`Normal`] writes them: before and after a command they say nothing.
const COURTESY: &[&str] = &[
    "buongiorno",
    "buonasera",
    "salve",
    "gentile",
    "gentili",
    "spett",
    "spettabile",
    "signori",
    "grazie",
    "mille",
    "per",
    "favore",
    "cortesia",
    "cortesemente",
    "prego",
    "anticipatamente",
    "e",
    "cordiali",
    "distinti",
    "saluti",
    "saluto",
];
/// Words between a command and the number that it names.
const FILLERS: &[&str] =
    &["della", "del", "di", "la", "il", "pratica", "fascicolo", "n", "nr", "num", "numero", "documento"];

/// A dossier as the citizen has written it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cited {
    /// As it stands there, in one form.
    pub(crate) written: String,
    /// Our number, if it can be one.
    pub(crate) number: Option<String>,
    /// Its check letters are another's: a slip of the pen, whatever the register holds.
    pub(crate) slip: bool,
}

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Command {
    /// I MIEI DATI: what is held about me (GDPR art. 15).
    Data,
    /// CHI HA VISTO: who of the body looked at it.
    Seen,
    /// LE MIE PRATICHE: my dossiers.
    Dossiers,
    /// STATO n: where a dossier stands.
    Status(Cited),
    /// FASCICOLO n: the index of its documents.
    Index(Cited, Option<u32>),
    /// DOCUMENTO n/m: one of them.
    Document(Cited, u32),
    /// ABILITAMI: take this address for mine.
    Enable,
    /// REVOCA: this address is mine no more.
    Revoke,
    /// RITIRO n: I take my request back.
    Withdraw(Cited),
    /// SOLO AVVISI ESSENZIALI, TUTTI GLI AVVISI: what I want to be told of.
    Notices(Notices),
    /// AVVISAMI DELLE SCADENZE, NON AVVISARMI: whether I am told before what I was granted ends.
    Expiries(Wish),
    /// AVVISAMI ANCHE A address, NON AVVISARMI PER E-MAIL: where I am told by ordinary mail that a PEC letter has come. The address as
    /// it is written, which may be none.
    Courtesy(Option<String>),
    /// ACCETTO n, RINUNCIO n: what I say of the place that a ranking gave me; without a number, in the dossier that I answer.
    Place(Option<Cited>, Answer),
    /// SEGUI n, NON SEGUO PIÙ n: how a public dossier goes.
    Follow(Cited, Wish),
    /// VALUTAZIONE stars n, and perhaps MOTIVO m: how a dossier went.
    Rate(Cited, u8, Option<u8>),
    /// AIUTO: what may be written.
    Help,
    /// SCHEDA service.
    Card(String),
    /// CATALOGO: the services.
    Catalogue,
}

/// Whether something is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// From now on.
    Wanted,
    /// No more.
    Unwanted,
}

impl Command {
    /// As people write it, for the office and for the letter that answers.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Self::Data => "I MIEI DATI",
            Self::Seen => "CHI HA VISTO",
            Self::Dossiers => "LE MIE PRATICHE",
            Self::Status(_) => "STATO",
            Self::Index(..) => "FASCICOLO",
            Self::Document(..) => "DOCUMENTO",
            Self::Enable => "ABILITAMI",
            Self::Revoke => "REVOCA",
            Self::Withdraw(_) => "RITIRO",
            Self::Notices(Notices::Essential) => "SOLO AVVISI ESSENZIALI",
            Self::Notices(Notices::All) => "TUTTI GLI AVVISI",
            Self::Expiries(Wish::Wanted) => "AVVISAMI DELLE SCADENZE",
            Self::Expiries(Wish::Unwanted) => "NON AVVISARMI",
            Self::Courtesy(Some(_)) => "AVVISAMI ANCHE A",
            Self::Courtesy(None) => "NON AVVISARMI PER E-MAIL",
            Self::Place(_, answer) => answer.word(),
            Self::Follow(_, Wish::Wanted) => "SEGUI",
            Self::Follow(_, Wish::Unwanted) => "NON SEGUO PIÙ",
            Self::Rate(..) => "VALUTAZIONE",
            Self::Help => "AIUTO",
            Self::Card(_) => "SCHEDA",
            Self::Catalogue => "CATALOGO",
        }
    }

    /// The dossier that it names.
    pub(crate) fn cited(&self) -> Option<&Cited> {
        match self {
            Self::Status(cited)
            | Self::Index(cited, _)
            | Self::Document(cited, _)
            | Self::Withdraw(cited)
            | Self::Follow(cited, _)
            | Self::Rate(cited, ..) => Some(cited),
            Self::Place(cited, _) => cited.as_ref(),
            Self::Data
            | Self::Seen
            | Self::Dossiers
            | Self::Enable
            | Self::Revoke
            | Self::Notices(_)
            | Self::Expiries(_)
            | Self::Courtesy(_)
            | Self::Help
            | Self::Card(_)
            | Self::Catalogue => None,
        }
    }

    /// It ends something, or binds who says it: done only where the message says nothing else.
    pub(crate) fn ends(&self) -> bool {
        matches!(self, Self::Revoke | Self::Withdraw(_) | Self::Place(..))
    }
}

/// What a message orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read {
    /// Nothing.
    Nothing,
    /// One thing.
    One {
        /// Which.
        command: Command,
        /// How many words stand beside it, greetings and signature left out.
        beside: usize,
    },
    /// Several things, that differ.
    Several(Vec<Command>),
}

/// Reads a message.
pub(crate) fn read(message: &Content) -> Read {
    let own = quote::split(&message.text).new;
    // The subject of an answer is the one of the message that is answered: a quotation too.
    let subject = Some(message.subject.as_str()).filter(|subject| !answers(subject));
    let mut found: Vec<Command> = Vec::new();
    let mut beside = 0_usize;
    for line in subject.into_iter().chain(own.lines().take(LINES_MAX).take_while(|line| !signs(line))) {
        let line = line.get(..line.floor_char_boundary(LINE_BYTES_MAX)).unwrap_or(line);
        let normal = Normal::of(line);
        let mut words: Vec<&str> = normal.words().collect();
        while words.last().is_some_and(|word| COURTESY.contains(word)) {
            words.pop();
        }
        let polite = words.iter().take_while(|word| COURTESY.contains(*word)).count();
        let words = words.get(polite..).unwrap_or_default();
        // `[Fascicolo 2026/000123]` is our own tag: it says to what a message belongs, and orders nothing.
        let is_tag = line.trim_start().starts_with('[');
        let parsed = if is_tag { None } else { parse(words).or_else(|| courtesy::read(line)) };
        match parsed {
            Some(command) if found.contains(&command) => {}
            Some(command) => found.push(command),
            None => beside = beside.saturating_add(words.len()),
        }
    }
    // «ACCETTO 2027/000123» above, and «Accetto» below: the same thing twice.
    let with_number: Vec<Answer> = found
        .iter()
        .filter_map(|one| match one {
            Command::Place(Some(_), answer) => Some(*answer),
            _ => None,
        })
        .collect();
    found.retain(|one| !matches!(one, Command::Place(None, answer) if with_number.contains(answer)));
    match (found.pop(), found.is_empty()) {
        (None, _) => Read::Nothing,
        (Some(command), true) => Read::One { command, beside },
        (Some(last), false) => {
            found.push(last);
            Read::Several(found)
        }
    }
}

/// The subject is one of another message: an answer, or a forwarded one.
fn answers(subject: &str) -> bool {
    let head = subject.split_once(':').map_or("", |(head, _)| head).trim();
    quote::is_reply(subject) || ["i", "fw", "fwd", "wg", "tr"].iter().any(|mark| head.eq_ignore_ascii_case(mark))
}

/// The signature begins here: the separator of mail programs, or a closing formula.
fn signs(line: &str) -> bool {
    let trimmed = line.trim();
    let is_rule = trimmed.len() >= 2 && trimmed.chars().all(|c| matches!(c, '-' | '_' | '–' | '—'));
    let normal = Normal::of(line.get(..line.floor_char_boundary(LINE_BYTES_MAX)).unwrap_or(line));
    let words: Vec<&str> = normal.words().collect();
    let is_formula = match words.as_slice() {
        ["cordialmente"] | ["in", "fede"] => true,
        [.., last] => {
            *last == "saluti" && words.iter().all(|word| COURTESY.contains(word) || *word == "i" || *word == "piu")
        }
        [] => false,
    };
    is_rule || is_formula
}

fn parse(words: &[&str]) -> Option<Command> {
    match words {
        ["aiuto"] => Some(Command::Help),
        ["catalogo"] | ["catalogo", "servizi"] | ["catalogo", "dei", "servizi"] => Some(Command::Catalogue),
        ["solo", "avvisi", "essenziali"] | ["solo", "gli", "avvisi", "essenziali"] => {
            Some(Command::Notices(Notices::Essential))
        }
        ["tutti", "gli", "avvisi"] | ["tutti", "avvisi"] => Some(Command::Notices(Notices::All)),
        ["revoca"] | ["revoca", "domicilio" | "abilitazione"] => Some(Command::Revoke),
        ["avvisami" | "avvisatemi" | "avvertimi" | "avvertitemi", rest @ ..] if of_expiries(rest) => {
            Some(Command::Expiries(Wish::Wanted))
        }
        ["non", "avvisarmi" | "avvisatemi" | "avvertirmi" | "avvertitemi", rest @ ..]
            if is_more(rest) || of_expiries(rest) =>
        {
            Some(Command::Expiries(Wish::Unwanted))
        }
        ["basta" | "stop" | "niente" | "nessun", "avvisi" | "avviso", rest @ ..] if of_expiries(rest) => {
            Some(Command::Expiries(Wish::Unwanted))
        }
        ["i", "miei", "dati", rest @ ..] | ["miei", "dati", rest @ ..] => code_or_nothing(rest, Command::Data),
        words if who_saw(words) == Some(words.len()) => Some(Command::Seen),
        ["chi", "ha", "visto", rest @ ..] => code_or_nothing(rest, Command::Seen),
        ["le", "mie", "pratiche", rest @ ..] | ["mie", "pratiche", rest @ ..] => {
            code_or_nothing(rest, Command::Dossiers)
        }
        ["abilitami", rest @ ..] => code_or_nothing(rest, Command::Enable),
        ["stato", rest @ ..] => numbered(rest).map(|(cited, _)| Command::Status(cited)),
        ["fascicolo", rest @ ..] => numbered(rest).map(|(cited, n)| Command::Index(cited, n)),
        ["non", "accetto", rest @ ..] | ["rinuncio", rest @ ..] | ["rinuncia", rest @ ..] => {
            place(rest, Answer::GivenUp)
        }
        ["accetto", rest @ ..] | ["accettato", rest @ ..] => place(rest, Answer::Taken),
        ["confermo", "il", "posto", rest @ ..] => place(rest, Answer::Taken),
        ["ritiro" | "ritira", rest @ ..] => numbered(rest).map(|(cited, _)| Command::Withdraw(cited)),
        ["segui" | "seguo" | "seguire", rest @ ..] => follow(rest, Wish::Wanted),
        ["non", "seguo" | "seguire", "piu", rest @ ..] | ["non", "seguo" | "seguire", rest @ ..] => {
            follow(rest, Wish::Unwanted)
        }
        ["valutazione" | "voto", stars, rest @ ..] => rate(stars, rest),
        ["documento", rest @ ..] => match numbered(rest)? {
            (cited, Some(document)) => Some(Command::Document(cited, document)),
            (_, None) => None,
        },
        ["scheda", service @ ..] if (1..=SERVICE_WORDS_MAX).contains(&service.len()) => {
            Some(Command::Card(service.join(" ")))
        }
        _ => None,
    }
}

/// «Il posto», a number, both or nothing: another word makes it a sentence.
fn place(rest: &[&str], answer: Answer) -> Option<Command> {
    let rest = match rest {
        ["il" | "al", "posto", rest @ ..] => rest,
        rest => rest,
    };
    match rest {
        [] => Some(Command::Place(None, answer)),
        rest => match numbered(rest)? {
            (cited, None) => Some(Command::Place(Some(cited), answer)),
            (_, Some(_)) => None,
        },
    }
}

/// Whether a message asks, by the command or in a sentence of its own, who looked at its writer's data.
pub(crate) fn asks_who_saw(message: &Content) -> bool {
    if matches!(read(message), Read::One { command: Command::Seen, .. }) {
        return true;
    }
    let own = quote::split(&message.text).new;
    let says = |line: &str| {
        let normal = Normal::of(line.get(..line.floor_char_boundary(LINE_BYTES_MAX)).unwrap_or(line));
        let words: Vec<&str> = normal.words().collect();
        (0..words.len()).any(|at| words.get(at..).and_then(who_saw).is_some())
    };
    says(&message.subject) || own.lines().take(LINES_MAX).take_while(|line| !signs(line)).any(says)
}

/// How many words at the beginning ask who looked at the writer's data («chi ha consultato il mio fascicolo»), if they do.
fn who_saw(words: &[&str]) -> Option<usize> {
    let (before, rest) = match words {
        ["chi", "ha", "avuto", "accesso", rest @ ..] => (4, rest),
        ["chi", "ha", "visto" | "consultato" | "letto" | "guardato" | "aperto", rest @ ..] => (3, rest),
        ["accessi", rest @ ..] => (1, rest),
        _ => return None,
    };
    let what = match rest {
        ["i" | "ai", "miei", "dati" | "fascicoli", ..] | ["il" | "al", "mio", "fascicolo", ..] => 3,
        ["la" | "alla", "mia", "scheda" | "pratica", ..] | ["le" | "alle", "mie", "pratiche", ..] => 3,
        _ => return None,
    };
    Some(before + what)
}

/// «delle scadenze», «prima delle mie scadenze», «più per le scadenze»: of what ends, and of nothing else.
fn of_expiries(rest: &[&str]) -> bool {
    const BESIDE: &[&str] =
        &["piu", "prima", "quando", "per", "di", "le", "la", "delle", "della", "sulle", "mie", "mia"];
    let rest: Vec<&str> = rest.iter().copied().filter(|word| !BESIDE.contains(word)).collect();
    matches!(rest.as_slice(), ["scadenze" | "scadenza"])
}

/// «più», and nothing else.
fn is_more(rest: &[&str]) -> bool {
    matches!(rest, [] | ["piu"])
}

/// A dossier alone: no document of it.
fn follow(rest: &[&str], wish: Wish) -> Option<Command> {
    numbered(rest).and_then(|(cited, document)| document.is_none().then_some(Command::Follow(cited, wish)))
}

/// One to five, a number, and perhaps the answer to the second question.
fn rate(stars: &str, rest: &[&str]) -> Option<Command> {
    let of_five = |word: &str| word.parse::<u8>().ok().filter(|n| word.len() == 1 && (1..=STARS_MAX).contains(n));
    let stars = of_five(stars)?;
    let (rest, why) = match rest {
        [rest @ .., "motivo", why] => (rest, Some(of_five(why)?)),
        rest => (rest, None),
    };
    match numbered(rest)? {
        (cited, None) => Some(Command::Rate(cited, stars, why)),
        (_, Some(_)) => None,
    }
}

/// After a command that names nobody there may be a codice fiscale: of whoever writes, or of whom a mandate is held.
fn code_or_nothing(rest: &[&str], command: Command) -> Option<Command> {
    let is_code = |word: &&str| matches!(word.len(), 11 | 16) && word.bytes().any(|b| b.is_ascii_digit());
    let rest = match rest {
        ["codice", "fiscale", rest @ ..] | ["cf", rest @ ..] | ["c", "f", rest @ ..] => rest,
        rest => rest,
    };
    match rest {
        [] => Some(command),
        [code] if is_code(code) => Some(command),
        _ => None,
    }
}

/// A dossier's number, and what follows it. People write its two halves in either order, with or without the zeros.
fn numbered(rest: &[&str]) -> Option<(Cited, Option<u32>)> {
    let mut digits = 0_usize;
    let says = |word: &&str| {
        // «nr» just behind a number may be its check letters.
        let says = !FILLERS.contains(word) || (*word == "nr" && digits == 2);
        digits += usize::from(says);
        says
    };
    let written: Vec<&str> = rest.iter().copied().filter(says).collect();
    // «000123MK», copied without the hyphen.
    let mut written: Vec<&str> = written.into_iter().flat_map(glued).collect();
    let year = |word: &str| word.parse::<i16>().ok().filter(|year| word.len() == 4 && YEARS.contains(year));
    let ordinal = |word: &str| word.parse::<u32>().ok();
    let halves = match written.as_slice() {
        [a, b, ..] => match (year(a), ordinal(b), ordinal(a), year(b)) {
            (Some(year), Some(ordinal), ..) | (.., Some(ordinal), Some(year)) => Some((year, ordinal)),
            _ => None,
        },
        _ => None,
    };
    // Behind a number: letters may be its check letters and nothing else.
    let check = written.get(2).copied().filter(|word| halves.is_some() && check::is_attempt(word));
    if check.is_some() {
        written.remove(2);
    }
    // A slip of the pen has a digit in it («00O123»); another word is another sentence.
    if written.is_empty() || written.len() > 3 || !written.iter().all(|word| word.bytes().any(|b| b.is_ascii_digit())) {
        return None;
    }
    let document = match written.get(2..) {
        Some([m]) => Some(m.parse().ok()?),
        _ => None,
    };
    let slip = halves.zip(check).is_some_and(|((year, ordinal), check)| !check::are_right(check, year, ordinal));
    let number = halves.filter(|_| !slip).map(|(year, ordinal)| dossier::number(year, ordinal));
    let as_written = || {
        let check = check.map(|check| format!("-{}", check.to_ascii_uppercase())).unwrap_or_default();
        format!("{}{check}", written.get(..written.len().min(2)).unwrap_or_default().join("/"))
    };
    Some((Cited { written: number.clone().unwrap_or_else(as_written), number, slip }, document))
}

/// The digits and the letters of one word, where it ends with as many letters as a number has check letters.
fn glued(word: &str) -> impl Iterator<Item = &str> {
    let (digits, letters) = check::apart(word);
    let are_two = !digits.is_empty() && letters.len() == 2 && check::is_attempt(letters);
    let (first, second) = if are_two { (digits, Some(letters)) } else { (word, None) };
    core::iter::once(first).chain(second)
}

impl Cited {
    /// As the register has it.
    pub(crate) fn of(number: &str) -> Self {
        Self { written: number.into(), number: Some(number.into()), slip: false }
    }

    /// What the citizen is told to have written.
    pub(crate) fn shown(&self) -> String {
        match &self.number {
            Some(number) => number.clone(),
            None if self.slip => format!("{} ({})", self.written, check::SLIP),
            None => self.written.clone(),
        }
    }
}

#[cfg(test)]
mod tests;

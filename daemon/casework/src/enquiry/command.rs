//! The commands that a citizen may write, and how they are read. It changes when there is another one, or people write one otherwise.
//!
//! A command is a line by itself: the subject, or a line of what the citizen has written now. Case, accents and punctuation do
//! not count, nor a greeting before it or thanks after it. What is quoted, or stands below a signature, orders nothing.

use crate::dossier::{self, check};
use crate::person::Notices;
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
    Index(Cited),
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
            Self::Index(_) => "FASCICOLO",
            Self::Document(..) => "DOCUMENTO",
            Self::Enable => "ABILITAMI",
            Self::Revoke => "REVOCA",
            Self::Withdraw(_) => "RITIRO",
            Self::Notices(Notices::Essential) => "SOLO AVVISI ESSENZIALI",
            Self::Notices(Notices::All) => "TUTTI GLI AVVISI",
            Self::Expiries(Wish::Wanted) => "AVVISAMI DELLE SCADENZE",
            Self::Expiries(Wish::Unwanted) => "NON AVVISARMI",
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
            | Self::Index(cited)
            | Self::Document(cited, _)
            | Self::Withdraw(cited)
            | Self::Follow(cited, _)
            | Self::Rate(cited, ..) => Some(cited),
            Self::Data
            | Self::Seen
            | Self::Dossiers
            | Self::Enable
            | Self::Revoke
            | Self::Notices(_)
            | Self::Expiries(_)
            | Self::Help
            | Self::Card(_)
            | Self::Catalogue => None,
        }
    }

    /// It ends something: done only where the message says nothing else.
    pub(crate) fn ends(&self) -> bool {
        matches!(self, Self::Revoke | Self::Withdraw(_))
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
        let parsed = if line.trim_start().starts_with('[') { None } else { parse(words) };
        match parsed {
            Some(command) if found.contains(&command) => {}
            Some(command) => found.push(command),
            None => beside = beside.saturating_add(words.len()),
        }
    }
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
        ["fascicolo", rest @ ..] => numbered(rest).map(|(cited, _)| Command::Index(cited)),
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
mod tests {
    use super::*;

    fn of(subject: &str, text: &str) -> Read {
        read(&Content { subject: subject.into(), text: text.into(), ..Content::default() })
    }

    fn one(subject: &str, text: &str) -> Option<Command> {
        match of(subject, text) {
            Read::One { command, .. } => Some(command),
            Read::Nothing | Read::Several(_) => None,
        }
    }

    fn cited(number: &str) -> Cited {
        let mut halves = number.split('/');
        let (year, ordinal) = (halves.next().unwrap(), halves.next().unwrap());
        let number = Some(dossier::number(year.parse().unwrap(), ordinal.parse().unwrap()));
        Cited { written: number.clone().unwrap_or_default(), number, slip: false }
    }

    #[test]
    fn a_command_is_read_however_it_is_written() {
        for (subject, text) in [
            ("I MIEI DATI", ""),
            ("i miei dati", "\n"),
            ("", "Buongiorno,\n\ni miei dati, grazie.\n\nAnna Bianchi\n"),
            ("Richiesta", "I MIEI DATI!\n-- \nAnna\n"),
            ("miei dati", "grazie mille"),
            ("I MIEI DATI BNCNNA80A41H501R", ""),
            ("I miei dati", "I MIEI DATI"),
        ] {
            assert_eq!(one(subject, text), Some(Command::Data), "{subject} / {text}");
        }
        for number in [
            "STATO 2026/000123",
            "Stato della pratica n. 2026/123",
            "stato 123/2026.",
            "per favore STATO fascicolo 2026-000123",
        ] {
            let Some(Command::Status(status)) = one(number, "") else { panic!("{number}") };
            assert_eq!(status.number.as_deref(), Some("2026/000123"), "{number}");
        }
        assert_eq!(one("Documento 2026/000123/4", ""), Some(Command::Document(cited("2026/000123"), 4)));
        assert_eq!(one("FASCICOLO 2026/000123", ""), Some(Command::Index(cited("2026/000123"))));
        assert_eq!(one("VALUTAZIONE 4 2026/000123", ""), Some(Command::Rate(cited("2026/000123"), 4, None)));
        let Some(Command::Rate(of, 2, Some(5))) = one("", "Valutazione 2 pratica n. 2026/123 motivo 5\n") else {
            panic!("a rating")
        };
        assert_eq!(of.number.as_deref(), Some("2026/000123"));
        assert_eq!(one("ritiro 2026/000123", "grazie"), Some(Command::Withdraw(cited("2026/000123"))));
        assert_eq!(one("Scheda cambio di residenza", ""), Some(Command::Card("cambio di residenza".into())));
        assert_eq!(one("Catalogo dei servizi", ""), Some(Command::Catalogue));
        assert_eq!(one("Aiuto!", ""), Some(Command::Help));
        for subject in
            ["CHI HA VISTO?", "chi ha visto i miei dati", "Accessi ai miei dati", "CHI HA VISTO BNCNNA80A41H501R"]
        {
            assert_eq!(one(subject, ""), Some(Command::Seen), "{subject}");
        }
        assert_eq!(one("", "Buongiorno, chi ha consultato il mio fascicolo? Grazie\n"), Some(Command::Seen));
        assert_eq!(one("Solo gli avvisi essenziali, grazie", ""), Some(Command::Notices(Notices::Essential)));
        assert_eq!(one("", "TUTTI GLI AVVISI\n"), Some(Command::Notices(Notices::All)));
        for text in
            ["AVVISAMI DELLE SCADENZE", "avvisami prima delle mie scadenze, grazie", "Avvisatemi delle scadenze!"]
        {
            assert_eq!(one(text, ""), Some(Command::Expiries(Wish::Wanted)), "{text}");
        }
        for text in [
            "NON AVVISARMI",
            "Non avvisarmi più",
            "non avvisatemi delle scadenze",
            "Buongiorno, non avvisarmi più delle scadenze. Grazie",
            "Basta avvisi sulle scadenze",
        ] {
            assert_eq!(one("", text), Some(Command::Expiries(Wish::Unwanted)), "{text}");
        }
        for (text, wish) in [
            ("SEGUI 2026/000123", Wish::Wanted),
            ("Seguo la pratica n. 2026/123, grazie", Wish::Wanted),
            ("NON SEGUO PIÙ 2026/000123", Wish::Unwanted),
            ("Non seguo più la pratica 123/2026", Wish::Unwanted),
        ] {
            assert_eq!(one("", text), Some(Command::Follow(cited("2026/000123"), wish)), "{text}");
        }
        assert_eq!(one("ABILITAMI cf BNCNNA80A41H501R", ""), Some(Command::Enable));
    }

    #[test]
    fn check_letters_are_read_however_they_are_written_and_a_wrong_one_names_nothing() {
        let check = check::letters(2026, 123);
        let wrong = check::letters(2026, 132);
        for (before, after) in [("2026/000123-", ""), ("2026/123 ", "."), ("2026/000123", ""), ("n. 123/2026 - ", "")] {
            for check in [check.clone(), check.to_lowercase()] {
                let text = format!("STATO {before}{check}{after}");
                assert_eq!(one(&text, ""), Some(Command::Status(cited("2026/000123"))), "{text}");
            }
            for wrong in [wrong.clone(), wrong.to_lowercase(), "NR".into(), "K".into(), "OOO".into()] {
                let text = format!("STATO {before}{wrong}{after}");
                // Three letters glued to the digits are another slip: the number itself is not read then.
                let Some(Command::Status(status)) = one(&text, "") else { panic!("{text}") };
                assert_eq!(status.number, None, "{text}");
                assert!(status.slip || before == "2026/000123", "{text}");
            }
        }
        let document = one(&format!("DOCUMENTO 2026/000123-{check}/4"), "");
        assert_eq!(document, Some(Command::Document(cited("2026/000123"), 4)));
        let both = of(&format!("STATO 2026/000123-{check}"), "stato 2026/123\n");
        assert!(matches!(both, Read::One { .. }), "{both:?}");
    }

    #[test]
    fn what_is_quoted_or_signed_orders_nothing() {
        for (subject, text) in [
            ("Re: LE MIE PRATICHE", "Grazie della risposta.\n"),
            ("I: STATO 2026/000123", "Inoltro.\n"),
            ("Domanda", "Che cosa vuol dire?\n> LE MIE PRATICHE\n"),
            ("Domanda", "Ho capito.\n-----Messaggio originale-----\nAIUTO\n"),
            ("Domanda", "Ho capito.\n-- \nI MIEI DATI\n"),
            ("Domanda", "Ho capito.\nDistinti saluti\nREVOCA\n"),
            ("[Fascicolo 2026/000123]", "Allego quello che manca.\n"),
        ] {
            assert_eq!(of(subject, text), Read::Nothing, "{subject} / {text}");
        }
    }

    #[test]
    fn a_sentence_is_no_command() {
        for subject in [
            "Stato di agitazione",
            "I miei dati sono sbagliati",
            "Documento d'identità",
            "Ritiro rifiuti ingombranti",
            "Revoca dell'ordinanza n. 5",
            "Aiuto per la mensa",
            "Seguo con interesse la vicenda",
            "Non seguo più la strada vecchia",
            "Valutazione 6 2026/000123",
            "Valutazione 4 2026/000123 motivo 9",
            "Valutazione di impatto 2026/000123",
            "Tutti gli avvisi di pagamento ricevuti",
            "Avvisami della scadenza della mia pratica",
            "Avvisami",
            "Non avvisarmi per posta",
            "Basta avvisi di pagamento",
            "Le mie pratiche non avanzano",
            "Chi ha visto il mio cane",
            "Chi ha visto i miei dati deve dirmelo",
            "DOCUMENTO 2026/000123",
        ] {
            assert_eq!(of(subject, ""), Read::Nothing, "{subject}");
        }
    }

    #[test]
    fn who_looked_is_asked_in_a_sentence_too_and_not_in_a_quotation() {
        let asks = |subject: &str, text: &str| {
            asks_who_saw(&Content { subject: subject.into(), text: text.into(), ..Content::default() })
        };
        assert!(asks("Richiesta", "Vorrei sapere chi ha avuto accesso ai miei dati negli ultimi mesi.\n"));
        assert!(asks("CHI HA VISTO", ""));
        assert!(!asks("Domanda", "Grazie.\n> chi ha visto i miei dati\n"));
        assert!(!asks("I MIEI DATI", "Chi ha visto la mia bicicletta?\n"));
    }

    #[test]
    fn two_that_differ_are_several_and_words_beside_are_counted() {
        let Read::Several(both) = of("LE MIE PRATICHE", "I MIEI DATI\n") else { panic!("two") };
        assert_eq!(both.len(), 2);
        assert_eq!(
            of("REVOCA", "Buongiorno,\nnon uso più questo indirizzo.\nGrazie"),
            Read::One { command: Command::Revoke, beside: 5 }
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_kept_as_it_was_written() {
        let Some(Command::Status(status)) = one("STATO 2026/00O123", "") else { panic!("a status") };
        assert_eq!((status.number.as_deref(), status.written.as_str()), (None, "2026/00o123"));
    }
}

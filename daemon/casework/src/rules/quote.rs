//! Which lines of a message are new, and which quote an earlier one.
//!
//! One pass over the lines, each looked at with a bounded look-ahead. Italian, German and English styles: `>` lines,
//! the sentence before them (`Il giorno … ha scritto:`, `Am … schrieb …:`, `On … wrote:`), the separators of mail
//! programs (`-----Messaggio originale-----`) and the headers Outlook writes (`Da: / Inviato: / A: / Oggetto:`).

use super::normal::Normal;
use alloc::string::String;
use alloc::vec::Vec;

/// How much of a line is looked at, in bytes: a separator is short.
pub const LINE_BYTES_MAX: usize = 400;
/// Over how many lines a mail program may wrap the sentence before a quotation.
pub const ATTRIBUTION_LINES_MAX: usize = 3;
/// How many lines after `Da:` may hold the rest of a header block (long recipient lists are wrapped).
pub const BLOCK_LINES_MAX: usize = 8;

/// How many lines with words a signature has at most: what is longer is a letter that goes on, or a page of warnings.
pub const SIGNATURE_LINES_MAX: usize = 12;
/// How long a line with a greeting is at most, in bytes.
pub const GREETING_BYTES_MAX: usize = 80;

/// How a letter is closed, as rules read it.
const GREETINGS: [&str; 22] = [
    "cordiali saluti",
    "cordialmente",
    "distinti saluti",
    "con osservanza",
    "un cordiale saluto",
    "cordialita",
    "i migliori saluti",
    "saluti",
    "grazie e saluti",
    "in fede",
    "grazie e cordiali saluti",
    "ringraziando",
    "mit freundlichen",
    "freundliche grusse",
    "hochachtungsvoll",
    "kind regards",
    "best regards",
    "yours",
    "cordialement",
    "salutations",
    "un saludo",
    "atentamente",
];

/// The two halves of a text. Every line is in exactly one of them, whole and in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// What was written now.
    pub new: String,
    /// What is quoted.
    pub quoted: String,
    /// Where in the new text something quoted stood: before the byte at each of these. What is written there does not go on.
    pub breaks: Vec<usize>,
}

/// Separates new from quoted text. Total and linear.
#[must_use]
pub fn split(text: &str) -> Split {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut halves = Split { new: String::with_capacity(text.len()), ..Split::default() };
    let mut rest = lines.as_slice();
    while let Some((line, after)) = rest.split_first() {
        let first = head(line);
        if is_separator(first) || is_header_block(first, after) {
            halves.quoted.extend(rest.iter().copied());
            break;
        }
        let quotes = attribution(first, rest);
        if (quotes.is_some() || is_marked(line)) && halves.breaks.last() != Some(&halves.new.len()) {
            halves.breaks.push(halves.new.len());
        }
        match quotes {
            Some(Attribution { lines, marked: true }) => {
                let (sentence, after) = rest.split_at(lines);
                halves.quoted.extend(sentence.iter().copied());
                rest = after;
            }
            Some(Attribution { marked: false, .. }) => {
                halves.quoted.extend(rest.iter().copied());
                break;
            }
            None => {
                let half = if is_marked(line) { &mut halves.quoted } else { &mut halves.new };
                half.push_str(line);
                rest = after;
            }
        }
    }
    halves
}

/// The block with which a new text ends: under `-- `, or under the last line that is a greeting («Cordiali saluti»). Empty where
/// there is none, or where more follows than a signature is long.
#[must_use]
pub fn signature(new: &str) -> &str {
    let mut under = "";
    let mut at = 0;
    let mut since = SIGNATURE_LINES_MAX + 1;
    for line in new.split_inclusive('\n') {
        at += line.len();
        since += usize::from(!line.trim().is_empty());
        if line.trim_end_matches(['\r', '\n']) == "-- " || is_greeting(line) {
            under = new.get(at..).unwrap_or_default();
            since = 0;
        }
    }
    if since > SIGNATURE_LINES_MAX { "" } else { under }
}

/// A line that begins with words by which a letter is closed, and holds little else.
fn is_greeting(line: &str) -> bool {
    let line = head(line);
    if line.len() > GREETING_BYTES_MAX || !line.starts_with(char::is_alphabetic) || !may_be_greeting(line) {
        return false;
    }
    let words = Normal::of(line);
    let begins =
        |greeting: &str| words.text().strip_prefix(greeting).is_some_and(|rest| !rest.starts_with(char::is_alphabetic));
    GREETINGS.iter().any(|greeting| begins(greeting))
}

/// Nearly no line is one, and the plain letters that it begins with show it: they are read as they stand.
fn may_be_greeting(line: &str) -> bool {
    let letters = line.bytes().take_while(u8::is_ascii_alphabetic).count();
    let first = line.bytes().next().filter(|_| letters > 0).map(|first| first.to_ascii_lowercase());
    let agree = |greeting: &&str| {
        if first.is_some_and(|first| !greeting.starts_with(char::from(first))) {
            return false; // most of them
        }
        let common = letters.min(greeting.len());
        let halves = line.get(..common).zip(greeting.get(..common));
        halves.is_some_and(|(line, greeting)| line.eq_ignore_ascii_case(greeting))
    };
    GREETINGS.iter().any(agree)
}

/// Whether a subject says that the message answers another (`R:`, `Re:`, `RIF:`, `AW:` …), not that it forwards one.
#[must_use]
pub fn is_reply(subject: &str) -> bool {
    let head = subject.split_once(':').map_or("", |(head, _)| head).trim();
    ["r", "re", "rif", "ris", "aw", "antw"].iter().any(|mark| head.eq_ignore_ascii_case(mark))
}

fn is_marked(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// The beginning of a line, without spaces and the asterisks of bold text.
fn head(line: &str) -> &str {
    let cut = line.floor_char_boundary(LINE_BYTES_MAX);
    line.get(..cut).unwrap_or(line).trim().trim_matches('*').trim()
}

/// `-----Messaggio originale-----` and its relatives: the words between at least two hyphens on each side. Here and below, a
/// line is given by its [`head`].
fn is_separator(line: &str) -> bool {
    if !line.starts_with("--") && !line.ends_with(':') {
        return false; // nearly all lines: not worth more
    }
    let inner = line.trim_matches('-');
    let words = Normal::of(inner);
    let known = [
        "messaggio originale",
        "messaggio inoltrato",
        "original message",
        "forwarded message",
        "forwarded by",
        "ursprungliche nachricht",
        "weitergeleitete nachricht",
        "originalnachricht",
    ];
    let hyphens = line.len().saturating_sub(inner.len()) >= 4 && line.starts_with("--");
    (hyphens && known.contains(&words.text())) || words.text() == "inizio messaggio inoltrato" && line.ends_with(':')
}

/// `Da:` and, soon after, a date and another header: what Outlook and web mail write above a quotation.
/// A date is demanded because a citizen's own letter may well begin with `Da:`, `A:`, `Oggetto:`.
fn is_header_block(first: &str, after: &[&str]) -> bool {
    let names = |line: &str, known: &[&str]| {
        let name = line.split_once(':').map_or("", |(name, _)| name);
        let name = name.trim_matches(|c: char| c == '*' || c.is_whitespace());
        known.iter().any(|k| name.eq_ignore_ascii_case(k))
    };
    let block = || after.iter().take(BLOCK_LINES_MAX).map(|line| head(line));
    names(first, &["da", "from", "von"])
        && block().any(|l| names(l, &["inviato", "data", "sent", "date", "gesendet", "datum"]))
        && block().any(|l| names(l, &["a", "to", "an", "per", "oggetto", "subject", "betreff"]))
}

struct Attribution {
    lines: usize,
    /// The quotation that follows is marked with `>`.
    marked: bool,
}

/// `Il giorno 3 mar 2026 alle 10:12 Ufficio <…> ha scritto:`, perhaps wrapped.
///
/// When no `>` line follows, everything to the end would be taken as quoted, so the sentence must then also hold an
/// address or a time: *"Il 3 marzo il vicino mi ha scritto:"* is a citizen's own sentence.
fn attribution(first: &str, rest: &[&str]) -> Option<Attribution> {
    let opening = first.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
    let opens = opening.is_some_and(|w| ["il", "in", "on", "am", "le"].iter().any(|open| w.eq_ignore_ascii_case(open)));
    if !opens {
        return None;
    }
    let mut sentence = String::new();
    for (i, line) in rest.iter().take(ATTRIBUTION_LINES_MAX).enumerate() {
        let line = head(line);
        if line.is_empty() || is_marked(line) {
            return None;
        }
        sentence.push_str(line);
        sentence.push(' ');
        if !line.ends_with(':') {
            continue;
        }
        let normal = Normal::of(&sentence);
        let words: Vec<&str> = normal.words().collect();
        let says = words.windows(2).any(|w| w == ["ha", "scritto"])
            || words.iter().any(|w| ["wrote", "schrieb", "scriveva"].contains(w));
        let dated = words.iter().any(|w| w.bytes().all(|b| b.is_ascii_digit()));
        let next = rest.iter().skip(i + 1).find(|l| !l.trim().is_empty());
        let marked = next.is_some_and(|l| is_marked(l));
        let sure = marked || sentence.contains('@') || has_time(&sentence);
        // "In attesa di risposta.\nIl giorno …": the sentence begins at the second line.
        let from = |k| rest.get(k..).and_then(|rest| attribution(head(rest.first()?), rest));
        let later = (1..=i).any(|k| from(k).is_some());
        return (says && dated && sure && !later).then_some(Attribution { lines: i + 1, marked });
    }
    None
}

/// `10:12` or `9.05` somewhere in the sentence.
fn has_time(sentence: &str) -> bool {
    sentence
        .as_bytes()
        .windows(4)
        .any(|w| matches!(w, [a, b':' | b'.', c, d] if a.is_ascii_digit() && c.is_ascii_digit() && d.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use proptest::prelude::*;

    fn new(text: &str) -> String {
        split(text).new
    }

    #[test]
    fn marked_lines_are_quoted_and_answers_between_them_are_new() {
        let text =
            "Il giorno 3 marzo 2026 l'ufficio ha scritto:\n> domanda uno\nrisposta uno\n> domanda due\nrisposta due\n";
        assert_eq!(new(text), "risposta uno\nrisposta due\n");
        assert_eq!(split(text).breaks, [0, "risposta uno\n".len()]);
    }

    #[test]
    fn the_sentence_before_a_quotation_begins_where_it_begins() {
        let text = "In attesa di risposta, entro il 3.\nIl giorno 3 mag 2026 alle 10:12 Comune <urp@comune.example> ha scritto:\n> testo\n";
        assert_eq!(new(text), "In attesa di risposta, entro il 3.\n");
    }

    #[test]
    fn knows_the_styles_of_mail_programs() {
        for below in [
            "-----Messaggio originale-----\nDa: x\ntesto",
            "---------- Forwarded message ---------\nFrom: x\n",
            "-------- Ursprüngliche Nachricht --------\nVon: x\n",
            "Inizio messaggio inoltrato:\n\nDa: x\n",
            "Il giorno mar 3 mar 2026 alle ore 10:12 Comune <urp@comune.example> ha scritto:\n\ntesto senza segni\n",
            "Il giorno mar 3 mar 2026 alle ore 10:12 Comune\r\n<urp@comune.example> ha\r\nscritto:\r\n\r\ntesto\r\n",
            "On Tue, Mar 3, 2026 at 10:12 AM Comune <urp@comune.example> wrote:\ntesto\n",
            "Am 03.03.2026 um 10:12 schrieb Comune <urp@comune.example>:\ntesto\n",
            "Da: Comune\nInviato: martedì 3 marzo 2026 10:12\nA: Mario\nOggetto: risposta\n\ntesto\n",
            "*Da:* Comune\n*Data:* 3 marzo\n*A:* Mario\n",
            "Von: Comune\nGesendet: Dienstag\nAn: Mario\nBetreff: x\n",
            "From : Comune\nSent : Tuesday\nTo : Mario\n",
        ] {
            let text = alloc::format!("Buongiorno, allego.\n\n{below}");
            assert_eq!(new(&text), "Buongiorno, allego.\n\n", "{below}");
        }
    }

    #[test]
    fn a_citizens_own_sentences_stay_new() {
        for text in [
            "Il 3 marzo il vicino mi ha scritto:\nnon parcheggiare qui\n",
            "Da: Mario Rossi\nA: Comune\nOggetto: richiesta\n\ntesto\n",
            "Da: lunedì\nsono in ferie\n",
            "--\nMario\n",
            "Vedi il messaggio originale allegato\n",
        ] {
            assert_eq!(new(text), text);
        }
    }

    #[test]
    fn a_signature_is_what_stands_under_the_greeting() {
        assert_eq!(signature("Chiedo copia.\nCordiali saluti\nAvv. Rossi\nvia Roma 1\n"), "Avv. Rossi\nvia Roma 1\n");
        assert_eq!(signature("Testo\r\n-- \r\nUfficio tributi\r\n"), "Ufficio tributi\r\n");
        assert_eq!(signature("Best regards,\nJohn"), "John");
        // A greeting in a sentence, and a letter that goes on, are no signature.
        assert_eq!(
            signature(
                "saluti a tutti gli uffici che in questi mesi hanno avuto la pazienza di rispondermi ogni volta.\nora veniamo a noi"
            ),
            ""
        );
        assert_eq!(signature(&("Distinti saluti\n".to_owned() + &"riga\n".repeat(13))), "");
        assert_eq!((signature(""), signature("salutiamoci\nx")), ("", ""));
    }

    #[test]
    fn replies_and_forwards_are_told_apart() {
        assert!(is_reply("R: pratica") && is_reply(" RE: x") && is_reply("AW: x"));
        assert!(!is_reply("I: pratica") && !is_reply("Fwd: x") && !is_reply("Residenza: x") && !is_reply("pratica"));
    }

    proptest! {
        /// Text made of the pieces the splitter cares about, so that every branch is taken.
        #[test]
        fn loses_no_line(lines in proptest::collection::vec(prop_oneof![
            Just("> citato\n"), Just("Da: x\n"), Just("Inviato: y\r\n"), Just("A: z\n"), Just("\n"),
            Just("-----Original Message-----\n"), Just("Il 3 marzo 10:12 x ha scritto:\n"), Just("On 3\n"), Just("testo\n"),
        ], 0..30), tail in any::<String>()) {
            let text = alloc::format!("{}{tail}", lines.concat());
            let halves = split(&text);
            prop_assert_eq!(halves.new.len() + halves.quoted.len(), text.len());
            let lines = |half: &str| half.split_inclusive('\n').map(String::from).collect::<Vec<_>>();
            for half in [&halves.new, &halves.quoted] {
                // In order: each half is what remains of the text after taking some lines away.
                let mut rest = text.split_inclusive('\n');
                prop_assert!(lines(half).iter().all(|line| rest.any(|other| other == line)));
            }
            let (mut together, mut all) = (lines(&halves.new), lines(&text));
            together.extend(lines(&halves.quoted));
            together.sort();
            all.sort();
            prop_assert_eq!(together, all);
        }
    }
}

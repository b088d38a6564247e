//! AVVISAMI ANCHE A, NON AVVISARMI PER E-MAIL: the commands that may name a mail address. It changes when people write them otherwise.

use super::{COURTESY, Command};
use crate::rules::normal::Normal;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Words between the command and the address, or around «e-mail».
const BESIDE: &[&str] = &[
    "anche",
    "a",
    "all",
    "alla",
    "al",
    "mio",
    "mia",
    "indirizzo",
    "casella",
    "piu",
    "per",
    "via",
    "con",
    "su",
    "di",
    "l",
];

/// The command of a line. Read from the line itself: an address is no word.
pub(super) fn read(line: &str) -> Option<Command> {
    let (addresses, rest): (Vec<&str>, Vec<&str>) =
        line.split_whitespace().partition(|word| bare(word).contains(['@', '.']));
    let normal = Normal::of(&rest.join(" "));
    let words: Vec<&str> = normal.words().collect();
    let polite = words.iter().take_while(|word| COURTESY.contains(*word)).count();
    let mut words = words.get(polite..).unwrap_or_default();
    // «e» and «per» are of the command too: only what cannot be is taken from its end.
    while let [head @ .., last] = words
        && COURTESY.contains(last)
        && !matches!(*last, "e" | "per")
    {
        words = head;
    }
    let address = match addresses.as_slice() {
        [] => None,
        [one] => Some(bare(one).to_string()),
        _ => return None,
    };
    match words {
        ["avvisami" | "avvisatemi" | "avvertimi" | "avvertitemi", rest @ ..] => {
            let also = rest.first() == Some(&"anche");
            match (around(rest), address) {
                (Around::Nothing | Around::Mail, Some(address)) => Some(Command::Courtesy(Some(address))),
                (Around::Mail, None) => Some(Command::Courtesy(Some(String::new()))),
                (Around::Nothing, None) if also => Some(Command::Courtesy(Some(String::new()))),
                _ => None,
            }
        }
        ["non", "avvisarmi" | "avvisatemi" | "avvertirmi" | "avvertitemi", rest @ ..]
        | ["basta" | "stop" | "niente" | "nessun", "avvisi" | "avviso", rest @ ..] => {
            let ends = match around(rest) {
                Around::Mail => true,
                Around::Nothing => address.is_some(),
                Around::Words => false,
            };
            ends.then_some(Command::Courtesy(None))
        }
        _ => None,
    }
}

/// What stands behind the verb, the little words left out.
enum Around {
    Nothing,
    /// «e-mail», «posta elettronica», «posta ordinaria».
    Mail,
    /// Something else.
    Words,
}

fn around(rest: &[&str]) -> Around {
    let rest: Vec<&str> = rest.iter().copied().filter(|word| !BESIDE.contains(word)).collect();
    match rest.as_slice() {
        [] => Around::Nothing,
        ["mail" | "email"] | ["e", "mail"] | ["posta", "elettronica" | "ordinaria"] => Around::Mail,
        _ => Around::Words,
    }
}

/// Without what people put around an address. What is meant as one has a point in it, if it has not even an `@`.
fn bare(word: &str) -> &str {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    bare.rsplit_once("mailto:").map_or(bare, |(_, address)| address)
}

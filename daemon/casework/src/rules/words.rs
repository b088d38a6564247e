//! A signal as people read it, and which signal a hit is of. It changes when a signal can look for something else.

use super::book::{Look, Signal};
use super::outcome::Hit;
use super::place::Place;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Phrases of one signal that are written out; the others are counted.
const PHRASES_SHOWN: usize = 4;

/// The signal in one line of Italian.
pub(super) fn describe(signal: &Signal) -> String {
    match &signal.look {
        Look::Words(places, phrases) => {
            let written: Vec<&str> = phrases.iter().map(|phrase| phrase.written.as_str()).collect();
            format!("{:+} in {}: {}", signal.score, places_in_words(places), some_of(&written))
        }
        Look::Regex(places, pattern) => {
            format!("{:+} in {}: espressione {}", signal.score, places_in_words(places), pattern.written())
        }
        Look::Has(fact) => format!("{:+} se c'è {fact}", signal.score),
    }
}

/// Places as a rules file writes them.
pub(super) fn places_in_words(places: &[Place]) -> String {
    places.iter().map(|place| place.code()).collect::<Vec<_>>().join(" o ")
}

/// The first phrases, and how many there are.
pub(super) fn some_of(phrases: &[&str]) -> String {
    let shown: Vec<String> = phrases.iter().take(PHRASES_SHOWN).map(|phrase| format!("«{phrase}»")).collect();
    let more = phrases.len().saturating_sub(PHRASES_SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} … e altre {more}", shown.join(", ")) }
}

/// Whether a hit is of this signal: a decision keeps hits without a number, so that a rule may be written in another order.
pub(super) fn is_of(hit: &Hit, signal: &Signal) -> bool {
    if hit.points != signal.score {
        return false;
    }
    match &signal.look {
        Look::Words(places, phrases) => {
            hit.place.is_some_and(|place| places.contains(&place)) && phrases.iter().any(|p| p.written == hit.phrase)
        }
        Look::Regex(places, pattern) => {
            hit.place.is_some_and(|place| places.contains(&place)) && pattern.written() == hit.phrase
        }
        Look::Has(fact) => hit.place.is_none() && *fact == hit.phrase,
    }
}

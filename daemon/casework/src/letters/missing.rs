//! What a request lacks, in words. It changes when something missing is told otherwise.

use super::words;
use crate::language::Language;
use crate::rules::Classification;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::{Value, json};

/// For the citizen: what, and why nobody else has it; what is held is asked for only to be confirmed.
pub(super) fn gap(need: &str, class: &Classification, language: Language) -> Value {
    let held: Vec<String> =
        class.held.iter().filter(|at| at.need == need).map(|at| words::at_hand(at, language)).collect();
    match words::gap(need) {
        of if !held.is_empty() => {
            let what = of.map_or_else(
                || words::italian(&need.replace('_', " "), language),
                |(what, _)| what.in_language(language).to_string(),
            );
            json!({ "cosa": what, "perche": words::still_right(&held.join("; "), language) })
        }
        Some((what, why)) => json!({ "cosa": what.in_language(language), "perche": why.in_language(language) }),
        None => {
            let what = words::italian(&need.replace('_', " "), language);
            json!({ "cosa": what, "perche": words::NEEDED.in_language(language) })
        }
    }
}

/// For the office.
pub(super) fn missing_in_words(need: &str) -> String {
    match need {
        "dossier" => String::from("un fascicolo di cui il mittente sia parte"),
        "identity" => String::from("una prova di chi scrive"),
        "attachment" => String::from("gli allegati"),
        other => other.replace('_', " "),
    }
}

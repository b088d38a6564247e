//! DOCUMENTO: a party asks for one document of its dossier. It changes when another document may be sent, or is kept back.

use super::Told;
use crate::decision::{Outgoing, Reason};
use crate::dossier::{Dossier, Visibility};
use crate::known::History;
use crate::letters::case::Case;
use crate::letters::{About, enquiry as letter};
use crate::life::Entry;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Reserved documents named in a task: the office knows its dossier.
const RESERVED_SHOWN_MAX: usize = 10;

/// The document goes along; one that is not there, or is kept from the parties, is not told apart from the other.
pub(super) fn request(about: &About<'_>, dossier: &Dossier, history: &History, wanted: u32) -> Result<Told, Reason> {
    let shown = letter::documents(history);
    let is_it = |shown: &&letter::Shown<'_>| u32::try_from(shown.n).is_ok_and(|n| n == wanted);
    Ok(match shown.iter().find(is_it) {
        Some(shown) if shown.document.message.is_empty() => {
            let text = "il documento non è fra quelli che il servizio prende da una Pec: lo manda una persona";
            Told::person(dossier, "paper-of-the-office", text)
        }
        Some(shown) => Told::letters(letter::document(about, dossier, shown)?, Some(dossier)),
        // The story is longer than what was read of it: that one may well be there.
        None if history.left_out > 0 && usize::try_from(wanted).is_ok_and(|n| n > shown.len()) => {
            let text = "il fascicolo è più lungo di quello che il servizio legge: il documento lo cerca una persona";
            Told::person(dossier, "index-not-whole", text)
        }
        None => {
            let mut told = Told::letters(letter::no_document(about, dossier, wanted)?, Some(dossier));
            if let Told::Machine { tasks, .. } = &mut told {
                tasks.extend(reserved(about, dossier, history, wanted));
            }
            told
        }
    })
}

/// Where something of the dossier is reserved, an office weighs whether this asks to see it (L. 241/1990 art. 25; functions S1.04).
fn reserved(about: &About<'_>, dossier: &Dossier, history: &History, wanted: u32) -> Option<Outgoing> {
    let names = history.events.iter().filter_map(|event| match &event.entry {
        Entry::Deposited { document } if document.visibility == Visibility::Reserved => Some(&*document.name),
        _ => None,
    });
    let names: Vec<&str> = names.take(RESERVED_SHOWN_MAX).collect();
    if names.is_empty() {
        return None;
    }
    let who = &about.daticert.mittente;
    let facts = [
        format!("Una parte ({who}) ha chiesto il documento {wanted}, che non è fra quelli che può vedere."),
        format!("I documenti riservati del fascicolo: {}.", names.join(", ")),
        String::from(
            "Le abbiamo scritto solo che quel documento non si manda per Pec. Valuta se chiede l'accesso agli atti.",
        ),
    ];
    let case = Case::of(about.known, dossier, about.desk);
    case.task(&dossier.office, "chiesto un documento riservato", &facts, &[])
}

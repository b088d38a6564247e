//! The other requests of one message: each its own dossier, linked to the first, and its own task. It changes when they are worked
//! otherwise.

use super::{Tie, opened_around, tie};
use crate::decision::{Change, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Dossier, Linked, State};
use crate::effect::EffectKey;
use crate::filing::{self, Paper};
use crate::known::Known;
use crate::letters::{self, About, Answer};
use crate::rules::Classification;
use crate::standing::Standing;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use pec::{Content, Daticert, Examined};

/// One of them.
pub(super) struct Other {
    class: Classification,
    dossier: Dossier,
    standing: Standing,
    known: Known,
    trail: Vec<Reason>,
}

impl Other {
    /// As others name it.
    pub(super) fn linked(&self) -> Linked {
        Linked { number: self.dossier.number.clone(), title: self.dossier.title.clone() }
    }
}

/// Opens a dossier for each, with the numbers after that of the first, and files the message in it.
pub(super) fn open(
    classes: Vec<Classification>,
    first: &Dossier,
    daticert: &Daticert,
    message: &Content,
    known: &Known,
    desk: &Desk,
) -> Vec<Other> {
    let mut others = Vec::new();
    for (class, n) in classes.into_iter().zip(1u32..) {
        // What it causes is another effect than what the first does, and no conversation is its own.
        let known = Known { next_ordinal: known.next_ordinal.saturating_add(n), thread: None, ..known.clone() };
        let mut trail = vec![Reason::new(
            "apart",
            format!(
                "lo stesso messaggio chiede anche altro: qui «{}», il resto nel fascicolo {}",
                class.title, first.number
            ),
        )];
        let Tie::Open(dossier) = tie(&class, None, daticert, &known, desk, true, &mut trail) else {
            continue;
        };
        let mut dossier = *dossier;
        dossier.cover.language = first.cover.language;
        dossier.cover.linked = vec![Linked { number: first.number.clone(), title: first.title.clone() }];
        let standing = filing::standing(&class, daticert, message, Some(&dossier), &known);
        others.push(Other { class, dossier, standing, known, trail });
    }
    others
}

/// What they write and send, once it is known whether the one receipt that names all of them goes.
pub(super) fn work(
    others: Vec<Other>,
    seen: &Examined,
    daticert: &Daticert,
    message: &Content,
    receipt: Option<&Outgoing>,
    desk: &Desk,
) -> (Vec<Change>, Vec<Outgoing>) {
    let (mut changes, mut outgoing) = (Vec::new(), Vec::new());
    for mut other in others {
        let Other { class, dossier, standing, known, trail } = &mut other;
        // «Protocollata» means that a receipt is on its way (law.md §10).
        dossier.state = if receipt.is_some() { State::Protocollata } else { State::Ricevuta };
        let mut own = vec![Change::Opened { dossier: dossier.clone() }];
        let paper = Paper { class, daticert, message, known, desk, is_first: true, is_placed: true, standing };
        let mut filed = filing::file(&paper, dossier, trail);
        own.append(&mut filed.changes);
        let around = opened_around(&mut own, Some(dossier), known, desk);
        let about = About { class, seen, daticert, message, case: Some(dossier), wrote: None, known, desk };
        let answer = receipt.map_or(Answer::None, Answer::Goes);
        let task = letters::task(&about, answer, trail, &filed.facts, &filed.data);
        let number = dossier.number.to_string();
        // Two offices may share a mailbox: each letter is an effect of its own.
        let named = |letter: Outgoing| {
            let id = desk.key.effect_id(&known.digest, &format!("{number}/{}", letter.id), &letter.to, 0);
            Outgoing { message_id: EffectKey::message_id(&id, &desk.domain()), id, ..letter }
        };
        changes.append(&mut own);
        outgoing.extend(task.into_iter().chain(filed.outgoing).chain(around).map(named));
    }
    (changes, outgoing)
}

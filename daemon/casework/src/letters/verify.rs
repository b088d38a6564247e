//! The task to a person who must look at a message. It changes when such a task shows another fact.

use super::{about_us, files, given, order, original, put, reference, to_office};
use crate::command::{Author, Object, answers};
use crate::decision::{Outgoing, Reason};
use crate::desk::Desk;
use crate::known::{Known, Wrote};
use crate::language::Language;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use pec::{Content, Examined};
use serde_json::json;

/// What is left to say of a message that a person must look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lot {
    /// It was decided: no answer to the task changes that.
    #[default]
    Decided,
    /// Ordinary mail: nothing in it is proven.
    Ordinary,
    /// In quarantine: nothing in it is to be believed.
    Quarantine,
}

/// What a message claims about itself: shown to the person who checks it, believed by nobody.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Claim<'a> {
    from: Option<&'a str>,
    subject: &'a str,
    content: Option<&'a Content>,
    lot: Lot,
}

impl<'a> Claim<'a> {
    /// Of an examined message, with its content as far as it could be read.
    pub(crate) fn of(seen: &'a Examined, content: Option<&'a Content>) -> Self {
        let author = content.and_then(|c| c.from.first()).map(|m| m.address.as_str());
        Self {
            from: author.or(seen.from.as_deref()),
            subject: content.map_or(seen.subject.as_str(), |c| &c.subject),
            content,
            lot: Lot::Decided,
        }
    }

    /// Of a message of which the office may say by mail what becomes of it.
    pub(crate) fn left(self, lot: Lot) -> Self {
        Self { lot, ..self }
    }
}

/// The task to a person who must look at a message.
pub(crate) fn check_task(
    claim: Claim<'_>,
    why: &str,
    trail: &[Reason],
    known: &Known,
    desk: &Desk,
) -> Option<Outgoing> {
    let office = desk.entity.fallback_office.as_str();
    let mut values = about_us(desk, office);
    let wrote = Wrote {
        digest: known.digest.clone(),
        at: known.received.unwrap_or(known.now),
        sender: claim.from.unwrap_or_default().to_string(),
        proven: None,
        dossier: None,
        corrections: 0,
        aside: claim.lot == Lot::Quarantine,
        files: vec![],
    };
    if claim.lot == Lot::Decided {
        put(&mut values, "riferimento", json!(reference(known)));
    } else {
        let (object, reader) = (Object::Message(&wrote), Author::shared(office, desk));
        put(&mut values, "riferimento", json!(answers::reference(object, office, desk)));
        order::offered(&mut values, object, &known.digest, reader, &known.people, desk, known.now);
    }
    put(&mut values, "motivo", json!(why));
    put(&mut values, "anomalie", json!(trail.iter().map(|r| r.text.as_str()).collect::<Vec<_>>()));
    put(&mut values, "ricevuto_il", json!(known.received.unwrap_or(known.now)));
    put(&mut values, "originale", json!(original(known)));
    put(
        &mut values,
        "come_rispondere",
        json!([
            "Guarda l'originale prima di fidarti di quello che dice.",
            "A chi scrive non è partita nessuna risposta automatica."
        ]),
    );
    given(&mut values, "mittente_dichiarato", claim.from.unwrap_or_default());
    given(&mut values, "oggetto_messaggio", claim.subject);
    if let Some(content) = claim.content {
        let files = files(content, Language::It);
        if !files.is_empty() {
            put(&mut values, "allegati", json!(files));
        }
    }
    to_office("compito-verifica", values, office, None, true, known, desk)
}

//! The letters about a message that is in no dossier, which an office has ordered. It changes when such a letter shows another fact.

use super::{about_us, given, order, put, to_office, write};
use crate::command::{Author, Object, answers};
use crate::decision::{Enclosure, Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::known::{Known, Wrote};
use crate::language::Language;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use serde_json::json;

/// The task to another office about a message that is in no dossier: with the message, and the answers that it may give.
pub(crate) fn passed_on(office: &str, why: &str, wrote: &Wrote, known: &Known, desk: &Desk) -> Option<Outgoing> {
    let mut values = about_us(desk, office);
    let object = Object::Message(wrote);
    let is_proven = if wrote.is_certified() { "la Pec è verificata" } else { "chi scrive non è verificato" };
    let name = format!("messaggio-{}.eml", crate::decide::short(&wrote.digest));
    put(&mut values, "riferimento", json!(answers::reference(object, office, desk)));
    order::offered(&mut values, object, &wrote.digest, Author::shared(office, desk), &known.people, desk, known.now);
    put(&mut values, "motivo", json!(why));
    put(&mut values, "anomalie", json!([is_proven]));
    put(&mut values, "ricevuto_il", json!(wrote.at));
    put(&mut values, "originale", json!(format!("in allegato ({name}); impronta {}", wrote.digest)));
    let warned = "Guarda l'originale prima di fidarti di quello che dice.";
    put(&mut values, "come_rispondere", json!([warned]));
    given(&mut values, "mittente_dichiarato", &wrote.sender);
    let task = to_office("compito-verifica", values, office, None, false, known, desk)?;
    let enclosed = Enclosure::Message { message: wrote.digest.clone(), name };
    Some(Outgoing { enclosures: vec![enclosed], ..task })
}

/// How to write so that a request counts (CAD art. 65), to who wrote by ordinary mail: a person has decided that it goes.
pub(crate) fn ways_of_asking(wrote: &Wrote, office: &str, known: &Known, desk: &Desk) -> Result<Outgoing, Reason> {
    let mut values = about_us(desk, office);
    put(&mut values, "ricevuto_il", json!(wrote.at));
    put(
        &mut values,
        "prossimo_passo",
        json!("Quando la richiesta arriva in uno di questi modi, l'ufficio la esamina."),
    );
    let to = wrote.sender.trim().to_string();
    write("pec-non-certificata", Language::It, values, Lane::Pec, to, None, None, vec![], known, desk)
}

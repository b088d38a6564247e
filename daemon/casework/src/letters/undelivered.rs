//! The tasks about a letter that did not leave, did not arrive, or of which nobody knows. It changes when such a task shows another
//! fact.

use super::case::Case;
use super::order::shown;
use super::{Claim, about_us, check_task, given, original, put, reference, to_office};
use crate::command::{Author, Object, answers};
use crate::decision::{Enclosure, Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{self, Dossier, check};
use crate::effect::EffectKey;
use crate::follow;
use crate::known::Known;
use crate::receipts::{Awaited, Fact};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use serde_json::json;

/// The sheet that goes into the envelope.
const PAPER: &str = "lettera-da-spedire.pdf";

/// The task to send on paper what could not be delivered, or even submitted (CAD art. 3-bis c. 4-bis).
#[must_use]
pub fn paper_task(fact: &Fact, awaited: &Awaited, known: &Known, desk: &Desk) -> Option<Outgoing> {
    // A task that fails makes no task about itself: that road has no end. `status` shows it. Of a canary the alarms tell.
    // Who only follows a dossier is owed nothing: `follow::heard` says what becomes of that.
    if awaited.is_task || awaited.is_canary || follow::is_news(&awaited.template) {
        return None;
    }
    let case = known.awaited_dossier.as_deref().and_then(|number| known.dossier(number));
    let office = case.map_or(desk.entity.fallback_office.as_str(), |d| d.office.as_str());
    let mut values = about_us(desk, office);
    let object = case.map(Object::Dossier);
    let referred = object.map_or_else(|| reference(known), |object| answers::reference(object, office, desk));
    put(&mut values, "riferimento", json!(referred));
    put(&mut values, "oggetto", json!(case.map_or("messaggio non consegnato", |d| d.title.as_str())));
    if let Some(case) = case {
        put(&mut values, "fascicolo", json!(check::shown(&case.number)));
    }
    put(&mut values, "destinatario", json!(awaited.recipient));
    put(&mut values, "messaggio", json!(awaited.subject));
    put(&mut values, "inviato_il", json!(awaited.first_attempt.unwrap_or(known.now)));
    put(&mut values, "esito", json!(format!("{} del {}", fact.tipo().word(), crate::calendar::stamp(fact.at()))));
    if let Fact::NotDelivered { why, .. } | Fact::NotAccepted { why, .. } = fact {
        given(&mut values, "errore", why);
    }
    put(&mut values, "testo", json!(awaited.text));
    put(&mut values, "originale", json!(original(known)));
    put(&mut values, "in_allegato", json!(PAPER));
    let note = "Quando la raccomandata è partita, annota nel fascicolo il giorno e il numero.";
    put(&mut values, "come_rispondere", json!([note]));
    let reader = Author::shared(office, desk);
    let all = object.map(|object| answers::of(object, "", reader, &known.people, desk, known.now)).unwrap_or_default();
    let notes = all.answers.into_iter().filter(|answer| answer.words == answers::NOTE);
    put(&mut values, "risposte", json!(notes.map(shown).collect::<Vec<_>>()));
    let number = case.map(|dossier| dossier.number.clone());
    let task = to_office("compito-mancata-consegna", values, office, number, false, known, desk)?;
    let Awaited { recipient, subject, text, language, message_id, .. } = awaited.clone();
    let sheet = Enclosure::Letter { name: PAPER.into(), to: recipient, subject, text, language, message_id };
    // One effect for each letter: the message that opened a dossier is the cause of all that are written in it.
    let id = desk.key.effect_id(&known.digest, &format!("{}/{}", task.template, awaited.item), &task.to, 0);
    Some(Outgoing { message_id: EffectKey::message_id(&id, &desk.domain()), id, enclosures: vec![sheet], ..task })
}

/// The task to send by hand what could not even be written as a message, a document too large, say. `dossier`: the one it is about;
/// `cause`: the message, or the act, that wanted the letter.
#[must_use]
pub fn unmade_task(
    letter: &Outgoing,
    why: &str,
    dossier: Option<&Dossier>,
    cause: &str,
    now: Timestamp,
    desk: &Desk,
) -> Option<Outgoing> {
    // Of a task that cannot be written no other task is made: as above. Of a courtesy notice nobody has to do anything.
    if letter.lane != Lane::Pec || follow::is_news(&letter.template) {
        return None;
    }
    let facts = [
        format!("La lettera «{}» a {} non è partita: {why}.", letter.subject, letter.to),
        String::from("Chi la aspetta non ha ricevuto niente: rispondi tu, dalla Pec dell'ente o per un'altra strada."),
    ];
    match dossier {
        Some(dossier) => {
            let case = Case { people: &[], dossier, cause, now, desk, enclosed: &[] };
            case.task(&dossier.office, "una lettera non è partita", &facts, &[])
        }
        None => {
            let known = Known { digest: cause.to_string(), ..Known::nothing(now) };
            let [fact, what] = facts.map(|fact| Reason::new("not-composed", fact));
            check_task(Claim::default(), "una risposta non si è potuta preparare", &[fact, what], &known, desk)
        }
    }
}

/// The task to find out, and if need be to send on paper, what nobody knows the fate of. `effect` tells apart the reasons for
/// which one item may need it; `evidence` is what is known, a line each.
#[must_use]
pub fn doubt_task(
    effect: &str,
    evidence: &[String],
    awaited: &Awaited,
    known: &Known,
    desk: &Desk,
) -> Option<Outgoing> {
    if awaited.is_task || awaited.is_canary || follow::is_news(&awaited.template) {
        return None; // as above
    }
    let case = known.awaited_dossier.as_deref().and_then(|number| known.dossier(number));
    let office = case.map_or(desk.entity.fallback_office.as_str(), |d| d.office.as_str());
    let mut values = about_us(desk, office);
    put(&mut values, "riferimento", json!(case.map_or_else(|| reference(known), |d| dossier::tag(&d.number))));
    if let Some(case) = case {
        put(&mut values, "fascicolo", json!(check::shown(&case.number)));
        if let Some(due) = case.due {
            put(&mut values, "data_fine", json!(due));
        }
    }
    put(&mut values, "destinatario", json!(awaited.recipient));
    put(&mut values, "messaggio", json!(awaited.subject));
    put(&mut values, "inviato_il", json!(awaited.first_attempt.unwrap_or(known.now)));
    put(&mut values, "message_id", json!(awaited.message_id));
    put(&mut values, "prove", json!(evidence));
    put(&mut values, "testo", json!(awaited.text));
    put(&mut values, "originale", json!(original(known)));
    put(
        &mut values,
        "come_rispondere",
        json!([
            "Se serve rispedirla identica, o chiuderla, lo fa chi gestisce Sportello: digli che cosa hai trovato.",
            "Se più tardi arriva la ricevuta di consegna, resta scritta e si vede: la prova è quella."
        ]),
    );
    let task = to_office("compito-esito-ignoto", values, office, case.map(|d| d.number.clone()), false, known, desk)?;
    // One effect for each reason and each item: a message may have caused two letters, and a letter may be doubtful twice.
    let id = desk.key.effect_id(&known.digest, &format!("{}/{effect}/{}", task.template, awaited.item), &task.to, 0);
    Some(Outgoing { message_id: EffectKey::message_id(&id, &desk.domain()), id, ..task })
}

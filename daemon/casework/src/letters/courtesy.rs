//! The letters about courtesy notices, and the notices. It changes when one of them shows another fact.

use super::enquiry::{letter, values};
use super::{About, about_us, given, put, write};
use crate::courtesy::Became;
use crate::decision::{Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::effect::EffectKey;
use crate::known::Known;
use crate::language::Language;
use crate::receipts::{Awaited, accepted_at};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use serde_json::json;

/// How a choice ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Chosen<'a> {
    /// They go to this address.
    On(&'a str),
    /// They go nowhere.
    Off,
    /// Nothing changes: why.
    Refused(&'a str),
    /// This body sends none.
    NotHere,
}

/// AVVISAMI ANCHE A, NON AVVISARMI PER E-MAIL.
pub(crate) fn chosen(about: &About<'_>, chosen: Chosen<'_>) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "Puoi cambiare quando vuoi.");
    match chosen {
        Chosen::On(address) => {
            put(&mut values, "indirizzo", json!(address));
            let a_day = about.desk.entity.courtesy.as_ref().map_or(0, |road| road.a_day);
            put(&mut values, "al_giorno", json!(a_day));
        }
        Chosen::Off => put(&mut values, "tolto", json!(true)),
        Chosen::Refused(why) => given(&mut values, "rifiuto", why),
        Chosen::NotHere => put(&mut values, "non_attivo", json!(true)),
    }
    Ok(vec![letter(about, "avvisi-cortesia", values, 0)?])
}

/// The template of the notice, which is also the name of its effect.
pub(crate) fn template(became: Became) -> &'static str {
    match became {
        Became::Delivered(_) => "avviso-cortesia",
        Became::Failed(_) => "avviso-cortesia-mancata",
    }
}

/// The notice about a letter.
pub(crate) fn notice(
    became: Became,
    awaited: &Awaited,
    to: &str,
    known: &Known,
    desk: &Desk,
) -> Result<Outgoing, Reason> {
    let template = template(became);
    // Of no office: which one writes may say what about.
    let mut values = about_us(desk, &desk.entity.fallback_office);
    let at = match became {
        Became::Delivered(at) => at,
        Became::Failed(at) => accepted_at(&awaited.facts).or(awaited.first_attempt).unwrap_or(at),
    };
    put(&mut values, "mandata_il", json!(at));
    let a_day = desk.entity.courtesy.as_ref().map_or(0, |road| road.a_day);
    put(&mut values, "al_giorno", json!(a_day));
    let notice =
        write(template, Language::It, values, Lane::Courtesy, to.to_string(), None, None, vec![], known, desk)?;
    // Of the letter, whichever receipt says it.
    let id = desk.key.effect_id(&awaited.item, template, to, 0);
    Ok(Outgoing { message_id: EffectKey::message_id(&id, &desk.domain()), id, ..notice })
}

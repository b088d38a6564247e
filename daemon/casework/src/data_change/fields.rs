//! The fields that a citizen may ask to change: their titles, which are risky, what makes one suspect. It changes with them.

use crate::address;
use crate::decision::Reason;
use crate::person::{Person, Source, Strength};
use crate::refused::Refused;
use crate::rules::checksum::iban_ok;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::Timestamp;

use super::Item;

/// The extractors whose findings are data about a person; others (a date, an amount) are about the request.
pub const CHANGEABLE: &[&str] = &["iban", "telefono", "email", "pec", "indirizzo", "cap"];

/// Days during which a domicile is new: whoever took a mailbox over asks for the money soon after.
const NEW_DOMICILE_DAYS: i64 = 60;

/// What people read for a field.
#[must_use]
pub fn title(field: &str) -> String {
    match field {
        "iban" => "IBAN".to_string(),
        "telefono" => "Telefono".to_string(),
        "email" => "Indirizzo e-mail".to_string(),
        "pec" => "Domicilio digitale (PEC)".to_string(),
        "indirizzo" => "Indirizzo di residenza".to_string(),
        "cap" => "CAP".to_string(),
        other => {
            let mut words = other.replace(['_', '-'], " ");
            if let Some(first) = words.get(..1).map(str::to_uppercase) {
                words.replace_range(..1, &first);
            }
            words
        }
    }
}

/// Whether a change of this field is the address at which the person is reached by law.
pub(super) fn is_domicile(field: &str) -> bool {
    matches!(field, "pec" | "domicilio_digitale")
}

/// Why a change is risky: money, or letters, would go elsewhere (function S0.09). `None` = it is not.
///
/// By the name *and* by the value: an administrator may call an extractor `conto_rimborsi`.
#[must_use]
pub fn risk(field: &str, new: &str) -> Option<Reason> {
    let named = |parts: &[&str]| parts.iter().any(|part| field.to_ascii_lowercase().contains(part));
    if named(&["iban", "conto"]) || iban_ok(&compact(new)) {
        return Some(Reason::new("risk-iban", "cambia il conto su cui arrivano i soldi".to_string()));
    }
    if named(&["pec", "mail", "domicilio_digitale"]) || address::is_plausible(new) {
        return Some(Reason::new("risk-domicile", "cambia l'indirizzo a cui arrivano le nostre lettere".to_string()));
    }
    if named(&["residenza", "indirizzo", "domicilio"]) || field == "cap" {
        return Some(Reason::new("risk-residence", "cambia la residenza".to_string()));
    }
    None
}

/// The value in the form in which it is held, or why it cannot be.
pub(super) fn canonical(field: &str, value: &str) -> Result<String, Refused> {
    if field.to_ascii_lowercase().contains("iban") {
        let iban = compact(value);
        if !iban_ok(&iban) {
            return Err(Refused::new("iban-wrong", "l'IBAN è sbagliato: le cifre di controllo non tornano"));
        }
        return Ok(iban);
    }
    if is_domicile(field) || field == "email" {
        if !address::is_plausible(value) || address::is_machine(value) {
            return Err(Refused::new("not-an-address", "non è un indirizzo a cui si può scrivere"));
        }
        return Ok(address::key(value));
    }
    Ok(value.trim().to_string())
}

pub(crate) fn compact(value: &str) -> String {
    value.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

/// What the office must be shown before it says yes: the pattern of «le nostre coordinate bancarie sono cambiate».
#[must_use]
pub fn warnings(items: &[Item], person: &Person, sender: &str, at: Timestamp) -> Vec<Reason> {
    let mut found: Vec<Reason> = Vec::new();
    let mut say = |code, text: String| found.push(Reason::new(code, text));
    let has = |code: &str| items.iter().any(|item| risk(&item.field, &item.new).is_some_and(|risk| risk.code == code));
    let own = person.strength_of(sender, at);
    for item in items {
        if let Some(risk) = risk(&item.field, &item.new) {
            say("risky", format!("{}: {}", title(&item.field), risk.text));
        }
        if let (Some(said), Some(old)) = (&item.said, &item.old)
            && compact(said) != compact(old)
        {
            say(
                "old-differs",
                format!("{}: dice che quello di prima è «{said}», ma noi abbiamo «{old}»", title(&item.field)),
            );
        }
    }
    if has("risk-iban") {
        let held = items
            .iter()
            .any(|item| item.old.is_some() && risk(&item.field, &item.new).is_some_and(|r| r.code == "risk-iban"));
        if held {
            say("iban-already-held", "un IBAN c'era già: chi scrive vuole sostituirlo".to_string());
        }
        let abroad = items.iter().any(|item| {
            iban_ok(&compact(&item.new)) && !["IT", "SM", "VA"].iter().any(|home| compact(&item.new).starts_with(home))
        });
        if abroad {
            say("iban-abroad", "il nuovo conto è all'estero".to_string());
        }
        if has("risk-domicile") {
            say("iban-with-domicile", "con lo stesso messaggio cambiano il conto e l'indirizzo".to_string());
        }
        let is_new = |d: &&crate::person::Domicile| {
            d.source == Source::Enabled && at.duration_since(d.since).as_hours() < NEW_DOMICILE_DAYS * 24
        };
        if person.domiciles_at(at).iter().find(|d| address::same(&d.address, sender)).is_some_and(is_new) {
            say("domicile-new", format!("l'indirizzo da cui scrive è abilitato da meno di {NEW_DOMICILE_DAYS} giorni"));
        }
    }
    let listed = person.domiciles_at(at).into_iter().find(|d| d.source.strength() == Strength::Listed);
    match (own, listed) {
        (Some(Strength::Listed | Strength::Enabled), _) => {}
        (_, Some(listed)) => say(
            "not-from-listed-domicile",
            format!("scrive da {sender}, ma il domicilio iscritto è {}", listed.address),
        ),
        (_, None) => say("not-from-known-domicile", format!("scrive da {sender}, che non è un domicilio abilitato")),
    }
    found
}

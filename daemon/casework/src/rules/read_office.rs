//! An office in the rules files: its mailbox, its people, its matter. It changes when something else is said of an office.

use super::book::{Office, Officer};
use super::draft::DraftSignal;
use super::form::Form;
use super::problem::{Problems, Spot};
use super::read_rule::signals;
use super::syntax::{Node, Value};
use crate::nearest::hint;
use crate::procedure::{Role, is_web};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// As what an order counts where nothing is said: who shares a mailbox decides nothing.
const OPERATORE: &str = "operatore";
/// Persons of one office who may give orders by mail.
const PEOPLE_MAX: usize = 100;

pub(super) fn office(
    id: &str,
    what: String,
    node: &Node,
    at: Spot,
    problems: &mut Problems<'_>,
) -> Option<(Office, Vec<DraftSignal>)> {
    let form = Form::open(what, node, at.file, &["title", "mail", "role", "people", "portal", "signals"], problems)?;
    form.require("title", problems);
    form.require("mail", problems);
    let title = form.line("title", problems);
    let mail = mail(&form, "mail", problems);
    let matter = form.get("signals").map_or(Vec::new(), |(node, at)| signals(&form, node, at, problems));
    let role = form.get("role").map_or(Some(OPERATORE.into()), |_| role(&form, problems));
    let people = form.get("people").map_or(Vec::new(), |(node, at)| people(&form, node, at, problems));
    let portal = form.get("portal").and_then(|_| form.line("portal", problems));
    if let Some(portal) = portal.as_ref().filter(|portal| !is_web(&portal.value)) {
        problems.error(portal.at, format!("{}: `portal`: serve un indirizzo che inizia con https://", form.what));
    }
    let portal = portal.map_or(String::new(), |portal| portal.value);
    // One with mistakes too: what its signals mention is looked up all the same.
    let title = title.map_or_else(String::new, |title| title.value);
    let (mail, role) = (mail.unwrap_or_default(), role.unwrap_or_default());
    Some((Office { id: id.into(), title, mail, role, people, portal }, matter))
}

/// A key that holds an address.
pub(super) fn mail(form: &Form<'_>, key: &str, problems: &mut Problems<'_>) -> Option<String> {
    let written = form.line(key, problems)?;
    if !is_mail(&written.value) {
        problems.error(written.at, format!("{}: `{key}`: `{}` non è un indirizzo di posta", form.what, written.value));
        return None;
    }
    Some(written.value)
}

fn role(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<String> {
    let written = form.line("role", problems)?;
    if Role::of(&written.value).is_some() {
        return Some(written.value);
    }
    let near = hint(&written.value, Role::ALL.map(|(code, _)| code));
    problems.error(written.at, format!("{}: `role`: il ruolo `{}` non si conosce{near}", form.what, written.value));
    None
}

fn people(office: &Form<'_>, node: &Node, at: Spot, problems: &mut Problems<'_>) -> Vec<Officer> {
    let Value::List(items) = &node.value else {
        problems.error(at, format!("{}: `people`: serve una lista, c'è {}", office.what, node.value.name()));
        return Vec::new();
    };
    if items.len() > PEOPLE_MAX {
        problems.error(at, format!("{}: `people`: al massimo {PEOPLE_MAX} persone", office.what));
    }
    items.iter().take(PEOPLE_MAX).filter_map(|item| officer(office, item, problems)).collect()
}

fn officer(office: &Form<'_>, node: &Node, problems: &mut Problems<'_>) -> Option<Officer> {
    let what = format!("{}: persona", office.what);
    let form = Form::open(what, node, office.at.file, &["name", "mail", "role"], problems)?;
    for key in ["name", "mail", "role"] {
        form.require(key, problems);
    }
    let (name, mail, role) = (form.line("name", problems), mail(&form, "mail", problems), role(&form, problems));
    Some(Officer { name: name?.value, mail: mail?, role: role? })
}

/// Plain `name@domain`: nothing that could add a recipient or a header to a mail.
pub(crate) fn is_mail(address: &str) -> bool {
    let good = |part: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || b".-_+".contains(&b);
        !part.is_empty() && part.bytes().all(known) && !part.starts_with('.') && !part.ends_with('.')
    };
    address.split_once('@').is_some_and(|(name, domain)| good(name) && good(domain) && domain.contains('.'))
}

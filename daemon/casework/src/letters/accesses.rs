//! The letter that tells a person who of the body looked at what is held of them (function S4.06). It changes when it shows another
//! fact.

use super::enquiry::{printable, split, values};
use super::{About, put};
use crate::access::{Access, What};
use crate::address;
use crate::calendar::{in_words, rome};
use crate::decision::{Outgoing, Reason};
use crate::dossier::{Dossier, check};
use crate::person::Person;
use crate::rules::Office;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;
use jiff::Timestamp;
use serde_json::{Value, json};

/// CHI HA VISTO. `own`: the dossiers that the person is told of; `dossiers_left_out`: how many more there are, which nobody read.
/// Dates and purposes, no name of an employee (Court of Justice of the EU, 22 June 2023, C-579/21).
pub(crate) fn letters(
    about: &About<'_>,
    person: &Person,
    own: &[&Dossier],
    dossiers_left_out: usize,
) -> Result<Vec<Outgoing>, Reason> {
    let looks = &about.known.looks;
    let of_dossiers = || own.iter().map(|dossier| dossier.number.as_str());
    let all = looks.of_person.get(&person.id).into_iter();
    let all: Vec<_> = all.chain(of_dossiers().filter_map(|number| looks.of_dossier.get(number))).collect();
    // A line that names the person and the dossier is one reading.
    let read: BTreeMap<u64, &Access> = all.iter().flat_map(|of| &of.rows).map(|access| (access.seq, access)).collect();
    let more: BTreeSet<u64> = all.iter().flat_map(|of| of.left_out.iter().copied()).collect();
    let more = more.iter().filter(|seq| !read.contains_key(seq)).count();

    let mut rows: Vec<(Timestamp, Value)> = Vec::new();
    for access in read.values() {
        let Some(what) = what(access, own) else { continue };
        let there = rome(access.at);
        let office = about.desk.rules.office(&access.office).map(|office| office.title.as_str());
        rows.push((
            access.at,
            json!({
                "quando": format!("{}, ore {:02}:{:02}", in_words(there.date()), there.hour(), there.minute()),
                "chi": office.unwrap_or("una persona dell'ente, ufficio non indicato"),
                "cosa": what,
                "perche": "lettura a mano, il motivo non è annotato",
            }),
        ));
    }
    for (number, mailed) in of_dossiers().filter_map(|number| Some((number, looks.mailed.get(number)?))) {
        for mails in mailed {
            let has = |office: &&Office| {
                let own = office.people.iter().map(|officer| &officer.mail);
                own.chain([&office.mail]).any(|mail| address::same(mail, &mails.to))
            };
            let office = about.desk.rules.offices().into_iter().find(has);
            let several = if mails.mails == 1 { String::from("una mail") } else { format!("{} mail", mails.mails) };
            rows.push((
                mails.last,
                json!({
                    "quando": in_words(mails.day),
                    "chi": office.map_or("un ufficio dell'ente", |office| office.title.as_str()),
                    "cosa": format!("{}, in {several}", of_own(number, own).unwrap_or_default()),
                    "perche": "ci deve lavorare",
                }),
            ));
        }
    }
    rows.sort_by_key(|(at, _)| Reverse(*at));
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();

    let mut values =
        values(about, "Se una lettura non ti convince, scrivici quale: l'ufficio controlla e ti risponde.");
    put(&mut values, "nome", json!(person.names.first().map_or(person.id.as_str(), String::as_str)));
    if dossiers_left_out > 0 {
        put(&mut values, "pratiche_non_viste", json!(dossiers_left_out));
    }
    Ok(printable(split(about, "accessi", &values, "letture", &rows, more)?, "chi-ha-visto"))
}

/// What was looked at, in words. `None`: of that dossier the person is not told. It is reserved, and no list of theirs has it.
fn what(access: &Access, own: &[&Dossier]) -> Option<String> {
    let of_one = || match of_own(&access.dossier, own) {
        Some(named) => Some(named),
        None if access.reserved => None,
        None => Some("una pratica in cui ci sono i tuoi dati".to_string()),
    };
    Some(match access.what {
        What::Person => "la scheda con i tuoi dati".to_string(),
        What::People => "di chi è una tua casella Pec".to_string(),
        What::Dossiers => "un elenco di pratiche con le tue".to_string(),
        What::Accesses => "chi ha visto i tuoi dati".to_string(),
        What::Dossier => of_one()?,
        What::Letter if access.dossier.is_empty() => "una lettera per te".to_string(),
        What::Letter => format!("{}, in una lettera o in un compito", of_one()?),
        What::Export => format!("{}, per farne una copia", of_one()?),
    })
}

/// One of the person's own, as LE MIE PRATICHE names it.
fn of_own(number: &str, own: &[&Dossier]) -> Option<String> {
    let dossier = own.iter().find(|dossier| dossier.number == number)?;
    let kind = if dossier.cover.reserved { "pratica riservata" } else { "pratica" };
    Some(format!("la {kind} {}", check::shown(number)))
}

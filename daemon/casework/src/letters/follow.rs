//! The letters to who follows a dossier, or wants to. It changes when such a letter shows another fact.
//!
//! What they show of a dossier is its number, the title of its procedure and its state: its own title may name somebody.

use super::{About, about_us, put, references, write};
use crate::clockwork;
use crate::decision::{Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Dossier, check};
use crate::known::Known;
use crate::language::Language;
use crate::letters::case::Case;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use serde_json::json;

/// How the letter about a choice ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Chosen<'a> {
    /// From now on.
    Follows(&'a Dossier),
    /// No more, or never did.
    Left(&'a Dossier),
    /// There is no public dossier of this number: nobody learns whether there is one at all.
    None(&'a str),
}

/// SEGUI, NON SEGUO PIÙ.
pub(crate) fn chosen(about: &About<'_>, chosen: Chosen<'_>) -> Result<Vec<Outgoing>, Reason> {
    let About { daticert, known, desk, class, .. } = *about;
    let mut values = about_us(desk, &class.office);
    let (name, value) = match chosen {
        Chosen::Follows(dossier) => ("seguita", named(dossier, desk)),
        Chosen::Left(dossier) => ("lasciata", named(dossier, desk)),
        Chosen::None(written) => ("non_pubblica", written.to_string()),
    };
    put(&mut values, name, json!(value));
    let to = daticert.mittente.trim().to_string();
    Ok(vec![write("segui", Language::It, values, Lane::Pec, to, None, None, references(about), known, desk)?])
}

/// A step of a dossier, to one who follows it.
pub(crate) fn news(case: &Case<'_>, to: &str) -> Result<Outgoing, Reason> {
    let Case { dossier, cause, now, desk, .. } = *case;
    let mut values = about_us(desk, &dossier.office);
    put(&mut values, "fascicolo", json!(check::shown(&dossier.number)));
    put(&mut values, "servizio", json!(title(dossier, desk)));
    put(&mut values, "novita", json!(dossier.state.event()));
    let known = Known { digest: cause.to_string(), ..Known::nothing(now) };
    let number = Some(dossier.number.clone());
    write("segui-novita", Language::It, values, Lane::Pec, to.to_string(), number, None, vec![], &known, desk)
}

fn named(dossier: &Dossier, desk: &Desk) -> String {
    format!("{} ({})", check::shown(&dossier.number), title(dossier, desk))
}

fn title(dossier: &Dossier, desk: &Desk) -> String {
    clockwork::procedure_of(dossier, desk).map(|procedure| procedure.title.clone()).unwrap_or_default()
}

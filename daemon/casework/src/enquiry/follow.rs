//! SEGUI and NON SEGUO PIÙ. It changes when following is asked for in another way.

use super::command::{Cited, Wish};
use super::{Told, braked};
use crate::decision::{Change, Reason};
use crate::dossier::Dossier;
use crate::follow::{FOLLOWERS_MAX, is_followed_by, is_public};
use crate::letters::About;
use crate::letters::follow::{Chosen, chosen};
use crate::life::Entry;
use alloc::string::ToString;
use alloc::vec;

/// What is answered. `named`: the dossier of the number that was written, whosever it is.
pub(super) fn request(cited: &Cited, wish: Wish, named: Option<&Dossier>, about: &About<'_>) -> Result<Told, Reason> {
    let who = about.daticert.mittente.trim();
    let followed = named.filter(|dossier| is_followed_by(dossier, who));
    let is_heard = match (braked(about, None), wish, followed) {
        // Whoever wants no more letters is heard also on a day on which no more answers go.
        (Err(_), Wish::Unwanted, Some(_)) => false,
        (brake, ..) => brake.map(|()| true)?,
    };
    // Who follows one that is public no more may still leave it.
    let Some(dossier) = named.filter(|dossier| is_public(dossier, about.desk)).or(followed) else {
        return Ok(Told::letters(chosen(about, Chosen::None(&cited.shown()))?, None));
    };
    let (follows, told) = match wish {
        Wish::Wanted => (true, Chosen::Follows(dossier)),
        Wish::Unwanted => (false, Chosen::Left(dossier)),
    };
    let is_new = follows != followed.is_some();
    if is_new && follows && dossier.life.followers.len() >= FOLLOWERS_MAX {
        let why = "sono già in tanti a seguire questa pratica: decide una persona";
        return Ok(Told::person(dossier, "too-many-followers", why));
    }
    let entry = Entry::Followed { address: who.to_string(), follows };
    let change = Change::Entered { dossier: dossier.number.clone(), entry };
    let changes = if is_new { vec![change] } else { vec![] };
    let letters = if is_heard { chosen(about, told)? } else { vec![] };
    Ok(Told::Machine { letters, changes, tasks: vec![], dossier: None })
}

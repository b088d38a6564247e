//! Who follows a dossier that concerns everybody (functions S4.05). It changes when somebody else may follow one, or is told of
//! another step.
//!
//! Only where the procedure's file says `partecipazione = "pubblica"`, and never of a reserved dossier. Who follows hears in which
//! state it is: nothing of its parties, nor of what they wrote.

use crate::address;
use crate::clockwork::procedure_of;
use crate::decision::{Change, Outgoing};
use crate::desk::Desk;
use crate::dossier::Dossier;
use crate::letters::case::Case;
use crate::letters::follow as letter;
use crate::procedure::Participation;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Who may follow one dossier: each step is a letter to each of them, and letters of the law must not wait behind them.
pub(crate) const FOLLOWERS_MAX: usize = 100;

/// Whoever wants may follow it.
pub(crate) fn is_public(dossier: &Dossier, desk: &Desk) -> bool {
    !dossier.cover.reserved
        && procedure_of(dossier, desk).is_some_and(|procedure| procedure.participation == Participation::Public)
}

/// Whether somebody follows it.
pub(crate) fn is_followed_by(dossier: &Dossier, who: &str) -> bool {
    dossier.life.followers.iter().any(|one| address::same(one, who))
}

/// One more, or one less.
pub(crate) fn apply(followers: &mut Vec<String>, who: &str, follows: bool) {
    followers.retain(|one| !address::same(one, who));
    if follows && followers.len() < FOLLOWERS_MAX {
        followers.push(who.to_string());
    }
}

/// What who follows it is told of a step; the parties have letters of their own. What cannot be written is an incident: the step
/// itself stands.
pub(crate) fn news(before: &Dossier, case: &Case<'_>) -> (Vec<Outgoing>, Option<Change>) {
    let after = case.dossier;
    if before.state == after.state || after.life.followers.is_empty() || !is_public(after, case.desk) {
        return (Vec::new(), None);
    }
    let others = after.life.followers.iter().filter(|who| !after.has_party(who));
    match others.map(|who| letter::news(case, who)).collect() {
        Ok(letters) => (letters, None),
        Err(why) => {
            let text = format!("fascicolo {}: chi lo segue non è avvisato, {}", after.number, why.text);
            (Vec::new(), Some(Change::Incident { code: "followers-not-told".into(), text }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_follows_once_leaves_however_it_is_written_and_the_list_ends() {
        let mut all: Vec<String> = Vec::new();
        for who in ["Carla@pec.example", "carla@PEC.example", "ugo@pec.example"] {
            apply(&mut all, who, true);
        }
        assert_eq!(all, ["carla@PEC.example", "ugo@pec.example"]);
        apply(&mut all, "UGO@pec.example", false);
        assert_eq!(all, ["carla@PEC.example"]);
        (0..2 * FOLLOWERS_MAX).for_each(|n| apply(&mut all, &format!("n{n}@pec.example"), true));
        assert_eq!(all.len(), FOLLOWERS_MAX);
    }
}

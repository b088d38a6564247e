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
use crate::known::Known;
use crate::letters::case::Case;
use crate::letters::follow as letter;
use crate::life::Entry;
use crate::procedure::Participation;
use crate::receipts::Awaited;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Who may follow one dossier: each step is a letter to each of them, and letters of the law must not wait behind them.
pub(crate) const FOLLOWERS_MAX: usize = 100;

/// News that did not arrive, one after the other: then the following ends, since nobody reads there.
pub(crate) const UNHEARD_MAX: u32 = 3;

/// A letter to who only follows a dossier, or wants to: nobody is owed it, and it never goes on paper.
pub(crate) fn is_news(template: &str) -> bool {
    matches!(template.split('.').next(), Some("segui" | "segui-novita"))
}

/// What it means for the following that news arrived, or finally did not.
pub(crate) fn heard(arrived: bool, awaited: &Awaited, known: &Known) -> Vec<Change> {
    let case = known.awaited_dossier.as_deref().and_then(|number| known.dossier(number));
    let Some(case) = case.filter(|_| is_news(&awaited.template)) else { return Vec::new() };
    let who = &awaited.recipient;
    let before = case.life.unheard.get(&address::key(who)).copied().unwrap_or(0);
    if !is_followed_by(case, who) || (arrived && before == 0) {
        return Vec::new();
    }
    let times = if arrived { 0 } else { before.saturating_add(1) };
    let unheard = Entry::Unheard { address: who.clone(), times };
    let ends = Entry::Followed { address: who.clone(), follows: false };
    let entries = core::iter::once(unheard).chain((times >= UNHEARD_MAX).then_some(ends));
    entries.map(|entry| Change::Entered { dossier: case.number.clone(), entry }).collect()
}

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
    use crate::decision::Lane;
    use crate::letters;
    use crate::receipts::Fact;
    use crate::scene::{Scene, the, verb_with};
    use crate::verb::Verb;

    /// News that do not arrive end the following at the third, in a row, and are nobody's to print; what the parties are owed is.
    #[test]
    fn a_mailbox_that_takes_no_news_follows_no_more_and_nothing_goes_on_paper() {
        let mut scene = Scene::of("richiesta", "tributi").worked_on();
        let letters = scene.act(verb_with(Verb::ChiediIntegrazione, &["la piantina"])).unwrap();
        let sent = the(&letters, "richiesta-integrazione").clone();
        let (who, other) = ("carla@pec.example", "ugo@pec.example");
        for one in [who, other] {
            scene.dossier.apply(&Entry::Followed { address: one.into(), follows: true }, scene.now);
        }
        let letter = |scene: &Scene, template: &str| Outgoing {
            template: template.into(),
            to: who.into(),
            lane: Lane::Pec,
            dossier: Some(scene.dossier.number.clone()),
            ..sent.clone()
        };
        let fails = |scene: &mut Scene, arrived: bool| {
            let (awaited, known) = scene.awaits(&letter(scene, "segui-novita"), scene.now, Default::default());
            let why = Fact::NotDelivered { at: scene.now, why: "casella piena".into() };
            assert_eq!(letters::paper_task(&why, &awaited, &known, scene.desk), None);
            assert_eq!(letters::doubt_task("silent", &[], &awaited, &known, scene.desk), None);
            let changes = heard(arrived, &awaited, &known);
            for change in &changes {
                let Change::Entered { entry, .. } = change else { panic!("{change:?}") };
                scene.dossier.apply(entry, scene.now);
            }
            changes.len()
        };
        assert_eq!([fails(&mut scene, false), fails(&mut scene, false)], [1, 1]);
        assert_eq!(
            (fails(&mut scene, true), fails(&mut scene, true)),
            (1, 0),
            "in a row, and nothing is written of what arrives"
        );
        assert_eq!([fails(&mut scene, false), fails(&mut scene, false)], [1, 1]);
        assert_eq!(scene.dossier.life.followers, [who, other]);
        assert_eq!(fails(&mut scene, false), 2);
        assert_eq!(scene.dossier.life.followers, [other]);
        assert!(scene.dossier.life.unheard.is_empty());
        assert_eq!(fails(&mut scene, false), 0, "who follows no more");
        let (awaited, known) = scene.awaits(&letter(&scene, "esito"), scene.now, Default::default());
        let why = Fact::NotDelivered { at: scene.now, why: "casella piena".into() };
        assert!(letters::paper_task(&why, &awaited, &known, scene.desk).is_some(), "the law's letters go on paper");
        assert!(heard(false, &awaited, &known).is_empty());
    }

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

//! Every action with every policy, whatever the channel. It changes when an action may do another thing, or fail in another way.

use super::*;
use crate::rules::Kind;
use crate::scene::{Mail, SAFE, Scene, desk_with, flat, later, new, the, verb_with};
use crate::verb::Verb;

/// A ZTL permit whose file says this too.
fn scene(more: &str) -> Scene {
    Scene::opened_on(desk_with("ztl", more), &new("ztl", "mobilita"))
}

/// Being worked on, with this action around an announced refusal.
fn around_a_refusal(action: &str, when: &str) -> Scene {
    scene(&format!("[stato.preavviso_diniego]\n{when} = [{action}]\n")).worked_on()
}

fn refuse(scene: &mut Scene) -> Result<Vec<Outgoing>, &'static str> {
    scene.act(verb_with(Verb::PreavvisoDiniego, &["manca il posto auto"]))
}

const MAIL: &str = r#"{ fa = "mail", modello = "avviso-pratica", se_fallisce = "POLICY" }"#;
const TASK: &str =
    r#"{ fa = "compito", ufficio = "polizia_locale", testo = "guardare i varchi", se_fallisce = "POLICY" }"#;
const STOP: &str = r#"{ fa = "orologio", orologio = "sospendi", se_fallisce = "POLICY" }"#;
const RESUME: &str = r#"{ fa = "orologio", orologio = "riprendi", se_fallisce = "POLICY" }"#;

fn with(action: &str, policy: &str) -> String {
    action.replace("POLICY", policy)
}

#[test]
fn an_action_that_goes_well_is_in_the_same_act_whatever_its_policy() {
    for (when, policy) in
        [("prima", "ferma"), ("prima", "riprova"), ("prima", "avvisa"), ("dopo", "riprova"), ("dopo", "avvisa")]
    {
        let mut scene = around_a_refusal(&with(MAIL, policy), when);
        let letters = refuse(&mut scene).unwrap();
        let news = the(&letters, "avviso-pratica");
        assert!(flat(news).contains("Mandato il preavviso di rifiuto."), "{}", news.text);
        assert_eq!(news.to, SAFE);
        the(&letters, "preavviso-diniego");

        let mut scene = around_a_refusal(&with(TASK, policy), when);
        let letters = refuse(&mut scene).unwrap();
        let task = the(&letters, "compito-pratica");
        assert!(task.subject.contains("guardare i varchi") && task.to == "polizia.locale@comune.example", "{task:?}");

        let mut scene = around_a_refusal(&with(STOP, policy), when);
        refuse(&mut scene).unwrap();
        assert_eq!(scene.incidents, Vec::<String>::new(), "the first notice stops the term");

        let mut scene = around_a_refusal(&with(RESUME, policy), when);
        refuse(&mut scene).unwrap();
        assert!(scene.entries().any(|entry| matches!(entry, Entry::Clock { clock: ClockFact::WorkResumed { .. } })));
        assert_eq!(scene.dossier.life.waiting, vec![]);
    }
}

/// Each of the three fails for a reason of its own: nobody to write to, an office that is gone, a term that cannot stop.
fn failing(action: &str, policy: &str, when: &str) -> Scene {
    let mut scene = around_a_refusal(&with(action, policy), when);
    match action {
        MAIL => scene.dossier.parties.clear(),
        // The term is over.
        STOP => scene.days(60),
        _ => {}
    }
    scene
}

#[test]
fn what_fails_before_a_step_stops_it_and_says_why() {
    for (action, why) in [(MAIL, "nessuno a cui scrivere"), (STOP, "non si ferma")] {
        let scene = failing(action, "ferma", "prima");
        let order = verb_with(Verb::PreavvisoDiniego, &["manca il posto auto"]);
        let refused = scene.try_as("mobilita", "coordinatore", "Anna", order).unwrap_err();
        assert!(refused.code == "action-failed" && refused.text.contains(why), "{}", refused.text);
        assert!(refused.text.contains("azione prima di «preavviso_diniego», n. 1"), "{}", refused.text);
        assert_eq!(scene.dossier.state, State::InLavorazione);
    }
}

#[test]
fn what_fails_and_is_told_is_an_incident_and_the_step_is_made() {
    for (action, when) in [(MAIL, "prima"), (MAIL, "dopo"), (STOP, "prima"), (STOP, "dopo")] {
        let scene = failing(action, "avvisa", when);
        let order = verb_with(Verb::PreavvisoDiniego, &["manca il posto auto"]);
        let done = scene.try_as("mobilita", "coordinatore", "Anna", order).unwrap();
        let told = done
            .changes
            .iter()
            .filter(|change| matches!(change, Change::Incident { code, .. } if code == "action-failed"));
        assert_eq!(told.count(), 1, "{action} {when}");
        assert!(done.changes.iter().any(|change| matches!(change, Change::Entered { entry: Entry::Moved { .. }, .. })));
    }
}

#[test]
fn what_fails_and_is_tried_again_goes_the_next_day_even_when_the_dossier_is_closed() {
    let more = with(MAIL, "riprova");
    let mut scene = Scene::opened_on(
        desk_with("richiesta", &format!("[stato.accolta]\ndopo = [{more}]\n")),
        &new("richiesta", "urp"),
    )
    .worked_on();
    let parties = core::mem::take(&mut scene.dossier.parties);
    scene.verb(Verb::Accogli).unwrap();
    let today = scene.dossier.life.closed_at.map(|at| rome(at).date()).unwrap();
    let which = Which { state: State::Accolta, when: When::Dopo, nth: 1 };
    assert_eq!(scene.dossier.life.waiting, [Waiting { which, tries: 1, next: later(today, 1) }]);
    assert_eq!(scene.dossier.life.look, Some(later(today, 1)), "the clock looks at it");
    assert_eq!(scene.look(), [], "not today");
    scene.dossier.parties = parties;
    scene.days(1);
    let letters = scene.look();
    assert_eq!(the(&letters, "avviso-pratica").to, SAFE);
    assert_eq!((scene.dossier.life.waiting.len(), scene.dossier.life.look), (0, None));
    scene.days(1);
    assert_eq!(scene.look(), [], "once");
}

/// The same file, and rules that the office of a task is no more in: who tidies up the rules does not know what files name it.
fn without_the_office(more: &str) -> &'static crate::desk::Desk {
    let change = |name: &str, text: String| match name {
        "ztl.toml" => format!("{text}\n{more}"),
        _ => text,
    };
    let mut desk = crate::scene::desk_where(change);
    desk.rules.drop_office("polizia_locale");
    alloc::boxed::Box::leak(alloc::boxed::Box::new(desk))
}

#[test]
fn a_task_that_cannot_be_written_does_what_its_policy_says() {
    let refusal = || verb_with(Verb::PreavvisoDiniego, &["manca il posto auto"]);
    for (when, policy) in
        [("prima", "ferma"), ("prima", "avvisa"), ("dopo", "avvisa"), ("prima", "riprova"), ("dopo", "riprova")]
    {
        let desk = without_the_office(&format!("[stato.preavviso_diniego]\n{when} = [{}]\n", with(TASK, policy)));
        let mut scene = Scene::opened_on(desk, &new("ztl", "mobilita")).worked_on();
        let tried = scene.try_as("mobilita", "coordinatore", "Anna", refusal());
        if policy == "ferma" {
            let refused = tried.unwrap_err();
            assert!(
                refused.code == "action-failed" && refused.text.contains("non è più fra quelli"),
                "{}",
                refused.text
            );
            assert_eq!(scene.dossier.state, State::InLavorazione, "nothing was done");
            continue;
        }
        let done = tried.unwrap();
        scene.take(done.changes, done.outgoing);
        assert_eq!(scene.dossier.state, State::PreavvisoDiniego, "{when} {policy}");
        match policy {
            "avvisa" => {
                assert_eq!((&scene.incidents[..], scene.dossier.life.waiting.len()), (&["action-failed".into()][..], 0))
            }
            _ => {
                assert_eq!((scene.incidents.len(), scene.dossier.life.waiting.len()), (0, 1), "{when}");
                for _ in 2..=TRIES_MAX {
                    scene.days(1);
                    scene.look();
                }
                assert_eq!(
                    (&scene.incidents[..], scene.dossier.life.waiting.len()),
                    (&["action-failed".into()][..], 0)
                );
            }
        }
    }
}

#[test]
fn what_fails_for_five_days_goes_to_a_person() {
    let more = with(MAIL, "riprova");
    let mut scene = Scene::opened_on(
        desk_with("richiesta", &format!("[stato.accolta]\ndopo = [{more}]\n")),
        &new("richiesta", "urp"),
    )
    .worked_on();
    scene.dossier.parties.clear();
    scene.verb(Verb::Accogli).unwrap();
    for tried in 2..=TRIES_MAX {
        assert_eq!(scene.incidents, Vec::<String>::new(), "{tried}");
        scene.days(1);
        scene.look();
    }
    assert_eq!(scene.incidents, ["action-failed"]);
    assert_eq!((scene.dossier.life.waiting.len(), scene.dossier.life.look), (0, None));
}

/// The clock and a citizen's message make steps too.
#[test]
fn a_step_of_the_clock_and_of_a_citizen_has_its_actions() {
    let more = r#"[stato.integrata]
dopo = [{ fa = "compito", ufficio = "tributi", testo = "guardare che cosa è arrivato", se_fallisce = "avvisa" }]
"#;
    let mut scene = Scene::opened_on(desk_with("richiesta", more), &new("richiesta", "urp")).worked_on();
    let letters = scene.act(verb_with(Verb::ChiediIntegrazione, &["La planimetria"])).unwrap();
    scene.deliver(the(&letters, "richiesta-integrazione"));
    let mut timed = scene.clone();
    scene.days(2);
    let (letters, _) = scene.write(&Mail { files: true, ..Mail::of(SAFE, Kind::IntegrationReply) });
    assert_eq!(scene.dossier.state, State::Integrata);
    assert_eq!(the(&letters, "compito-pratica").to, "tributi@comune.example");
    assert_eq!(scene.replayed(), scene.dossier);
    // The clock resumes the work: nothing stands there, so nothing more goes.
    timed.days(31);
    let letters = timed.look();
    assert_eq!(timed.dossier.state, State::InLavorazione);
    assert!(letters.iter().all(|letter| !letter.subject.contains("guardare che cosa")));
}

#[test]
fn what_is_opened_has_the_actions_of_its_first_state() {
    let more = format!("[stato.protocollata]\ndopo = [{}, {}]\n", with(TASK, "riprova"), with(MAIL, "avvisa"));
    let scene = scene(&more);
    assert_eq!(the(&scene.letters, "compito-pratica").to, "polizia.locale@comune.example");
    assert_eq!(the(&scene.letters, "avviso-pratica").to, SAFE);
}

/// The company that runs the canteen learns what it has to do, and nothing of the child.
#[test]
fn a_task_to_an_office_of_others_has_no_other_data() {
    let more = r#"[stato.in_lavorazione]
dopo = [{ fa = "compito", ufficio = "gestore_mensa", testo = "preparare il posto", se_fallisce = "avvisa" }]
"#;
    let mut scene = Scene::opened_on(desk_with("mensa", more), &new("mensa", "istruzione"));
    let letters = scene.verb(Verb::Prendi).unwrap();
    let letter = the(&letters, "richiesta-parere");
    assert_eq!(letter.to, "diete@mensa.example");
    let text = flat(letter);
    assert!(text.contains("preparare il posto") && text.contains("entro 5 giorni"), "{text}");
    for secret in ["Rossi", SAFE, crate::scene::MARIO] {
        assert!(!text.contains(secret) && !letter.subject.contains(secret), "{secret}");
    }
    // Its delivery starts no clock: nobody was asked for advice.
    let letter = letter.clone();
    scene.deliver(&letter);
    assert_eq!(scene.dossier.life.facts, []);
}

#[test]
fn two_actions_of_one_template_are_two_letters() {
    let twice = format!("{}, {}", with(MAIL, "avvisa"), with(MAIL, "avvisa"));
    let mut scene = around_a_refusal(&twice, "dopo");
    let letters = refuse(&mut scene).unwrap();
    let mut ids: Vec<&str> = letters.iter().map(|letter| letter.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "{letters:?}");
}

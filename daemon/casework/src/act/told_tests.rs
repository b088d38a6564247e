//! What people are told of each step: the law's letters whatever they chose, the file's unless they chose otherwise (functions
//! S2.09). It changes when a step is told in another way.

use super::random_tests::{a_deed, happen};
use super::*;
use crate::decision::Lane;
use crate::dossier::PartyRole;
use crate::person::{Entry as Of, Notices};
use crate::procedure::model::{Act as Does, NEWS};
use crate::scene::{self, MARIO, SAFE, Scene, desk_where, flat, new, party, the, verb_with};
use alloc::collections::BTreeMap;
use proptest::prelude::*;
use std::sync::LazyLock;

extern crate std;

/// Another party, of whom the register has nobody: no choice was ever made there.
const NEIGHBOUR: &str = "vicina@pec.example";

/// Files that want every step told after it, and work begun also before it.
static DESK: LazyLock<Desk> = LazyLock::new(|| {
    desk_where(|name, text| {
        if name != "richiesta.toml" {
            return text;
        }
        let mail = "{ fa = \"mail\", modello = \"avviso-pratica\", se_fallisce = \"avvisa\" }";
        let mut text = text;
        for (code, before) in [("in_lavorazione", true), ("protocollata", false), ("preavviso_diniego", false)] {
            let both = if before { format!("prima = [{mail}]\n") } else { String::new() };
            let head = format!("[stato.{code}]\n");
            assert!(text.contains(&head), "{code}");
            text = text.replace(&head, &format!("{head}{both}dopo = [{mail}]\n"));
        }
        for code in ["in_attesa_integrazioni", "integrata", "accolta", "ritirata", "trasmessa_altro_ente"] {
            let head = format!("[stato.{code}]");
            assert!(!text.contains(&head), "{code}");
            text.push_str(&format!("\n{head}\ndopo = [{mail}]\n"));
        }
        text
    })
});

fn scene(notices: Notices) -> Scene {
    let mut new = scene::new("richiesta", "tributi");
    new.parties.push(scene::party("", NEIGHBOUR, PartyRole::Addressee));
    let mut scene = Scene::opened_on(&DESK, &new);
    let chosen = Change::Person { id: MARIO.into(), entry: Of::NoticesChosen { notices } };
    scene.take(vec![chosen], vec![]);
    scene
}

/// The letter that the law wants of a step, and whether every party gets it or the first one alone.
fn due(verb: Verb, from: State) -> Option<(&'static str, bool)> {
    match verb {
        Verb::Registra => Some(("avvio-procedimento", true)),
        Verb::ChiediIntegrazione => Some(("richiesta-integrazione", false)),
        Verb::ChiediRegolarizzazione => Some(("richiesta-regolarizzazione", false)),
        Verb::ChiediPagamento => Some(("richiesta-pagamento", false)),
        Verb::PreavvisoDiniego => Some(("preavviso-diniego", false)),
        Verb::Accogli
        | Verb::Respingi
        | Verb::DichiaraIrricevibile
        | Verb::Trasmetti
        | Verb::AttestaSilenzio
        | Verb::Annulla => Some(("esito", true)),
        _ => {
            assert!(!from.is_final(), "{verb:?} from an end");
            None
        }
    }
}

/// What the law and the file want of these steps, and how often: by template and address.
fn wanted(before: &Scene, after: &Scene) -> BTreeMap<(String, String), usize> {
    let procedure = procedure_of(&after.dossier, after.desk).expect("a procedure");
    let (mut state, mut wanted) = (before.dossier.state, BTreeMap::new());
    let parties = &after.dossier.parties;
    for entry in after.entries().skip(before.entries().count()) {
        let Entry::Moved { verb, to, .. } = entry else { continue };
        if let Some((template, all)) = due(*verb, state) {
            for to in parties.iter().take(if all { usize::MAX } else { 1 }) {
                *wanted.entry((template.to_string(), to.clone())).or_insert(0) += 1;
            }
        }
        let step = procedure.steps.get(to);
        let mails = step.iter().flat_map(|step| step.before.iter().chain(&step.after));
        for _ in mails.filter(|action| matches!(action.what, Does::Mail(_))) {
            for to in parties {
                *wanted.entry((NEWS.to_string(), to.clone())).or_insert(0) += 1;
            }
        }
        state = *to;
    }
    wanted
}

/// What went out to citizens: what asks for a confirmation, tells of more time or reminds of a day is no step.
fn went(before: &Scene, after: &Scene) -> BTreeMap<(String, String), usize> {
    let mut went = BTreeMap::new();
    for letter in after.letters.iter().skip(before.letters.len()).filter(|letter| letter.lane == Lane::Pec) {
        if !["conferma-modifica", "proroga", "promemoria", "richiesta-parere"].contains(&letter.template.as_str()) {
            *went.entry((letter.template.clone(), letter.to.clone())).or_insert(0) += 1;
        }
    }
    went
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, ..ProptestConfig::default() })]

    /// The same life, lived by somebody who wants everything and by somebody who wants what is essential.
    #[test]
    fn each_step_is_told_exactly_as_the_law_and_the_file_say_and_no_choice_silences_the_law(
        deeds in prop::collection::vec(a_deed(), 1..50),
    ) {
        let (mut all, mut essential) = (scene(Notices::All), scene(Notices::Essential));
        for deed in &deeds {
            let before = (all.clone(), essential.clone());
            happen(&mut all, deed);
            happen(&mut essential, deed);
            prop_assert_eq!(&all.dossier, &essential.dossier, "a choice moves nothing: {:?}", deed);
            let wanted = wanted(&before.0, &all);
            prop_assert_eq!(&went(&before.0, &all), &wanted, "{:?}", deed);
            let mut less = wanted;
            less.remove(&(NEWS.to_string(), SAFE.to_string()));
            prop_assert_eq!(&went(&before.1, &essential), &less, "{:?}", deed);
            // Beside the steps too: reminders of one's own days and codes go to both.
            let beside = |scene: &Scene| -> Vec<String> {
                let others = scene.letters.iter().filter(|letter| letter.template != NEWS);
                others.map(|letter| letter.id.clone()).collect()
            };
            prop_assert_eq!(beside(&all), beside(&essential), "{:?}", deed);
        }
    }
}

/// Who joined, or was written to by the office, asked for nothing: the measure is told to each as it concerns them.
#[test]
fn who_asked_for_nothing_reads_no_request_of_theirs_and_rates_none() {
    let mut opened = new("richiesta", "urp");
    opened.parties.push(party("", "vicina@pec.example", PartyRole::Intervener));
    let mut scene = Scene::opened(&opened).worked_on();
    let letters = scene.act(verb_with(Verb::Accogli, &["va bene"])).unwrap();
    let [own, other] = letters.iter().filter(|it| it.template == "esito").collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(other.to, "vicina@pec.example");
    assert!(own.subject.starts_with("La decisione sulla tua richiesta"), "{}", own.subject);
    assert!(flat(own).contains("la tua richiesta è accolta.") && own.text.contains("VALUTAZIONE"));
    assert!(other.subject.starts_with("La decisione sulla pratica"), "{}", other.subject);
    let text = flat(other);
    assert!(
        text.contains("abbiamo deciso nella pratica che ti riguarda. L'esito: accolta.") && text.contains("va bene"),
        "{text}"
    );
    assert!(
        !text.contains("tua richiesta") && !text.contains("tua pratica") && !text.contains("VALUTAZIONE"),
        "{text}"
    );
}

/// Each matter has its own judge and its own days: the procedure's file says them (L. 241/1990 art. 3 c. 4).
#[test]
fn the_ways_to_contest_are_those_of_the_procedure() {
    for (procedure, office, own) in [
        ("tributi", "tributi", "Corte di giustizia tributaria entro 60 giorni"),
        ("accesso-atti", "urp", "entro 30 giorni da oggi"),
        ("richiesta", "urp", "ricorso straordinario al Presidente della Repubblica"),
    ] {
        let mut scene = Scene::of(procedure, office).worked_on();
        let letters = scene.act(verb_with(Verb::DichiaraIrricevibile, &["manca tutto"])).unwrap();
        let text = flat(the(&letters, "esito"));
        assert!(text.contains(own), "{procedure}: {text}");
        assert_eq!(text.contains("Presidente della Repubblica"), procedure == "richiesta", "{procedure}");
    }
}

#[test]
fn a_choice_silences_the_file_for_who_made_it_and_can_be_taken_back() {
    let told =
        |scene: &Scene| -> Vec<String> { scene.of_template(NEWS).iter().map(|letter| letter.to.clone()).collect() };
    // Whoever had chosen nothing when it was opened was told of that.
    let opened = scene(Notices::Essential);
    let before = told(&opened).len();
    let mut scene = opened.worked_on();
    assert_eq!(told(&scene)[before..], [NEIGHBOUR, NEIGHBOUR]);
    let before = told(&scene).len();
    let all = Change::Person { id: MARIO.into(), entry: Of::NoticesChosen { notices: Notices::All } };
    scene.take(vec![all], vec![]);
    scene.verb(Verb::Accogli).expect("granted");
    assert_eq!(told(&scene)[before..], [SAFE, NEIGHBOUR]);
}

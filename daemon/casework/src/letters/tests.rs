//! What the letters take from a procedure's file, and what becomes of one that cannot be sent.

use super::*;
use crate::act::Act;
use crate::decision::Enclosure;
use crate::receipts::Fact;
use crate::scene::{Scene, desk_where, flat, the, verb_with};
use crate::verb::Verb;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;

fn residence() -> Scene {
    Scene::of("cambio-residenza", "anagrafe").worked_on()
}

#[test]
fn where_a_dossier_stands_and_what_comes_next_is_said_as_its_file_says_it() {
    let Scene { dossier, desk, .. } = residence();
    let procedure = clockwork::procedure_of(&dossier, desk).unwrap();
    let next = next_in_case(&dossier, words::CASE_EXAMINED, Language::It, desk);
    assert_eq!(Some(&next), procedure.next_steps(dossier.state).as_ref());
    assert!(next.ends_with('.') && !next.ends_with(".."), "{next}");
    assert_eq!(state(&dossier, Language::It, desk), procedure.label(dossier.state));
    // It changes with the state; and in another language the file's words are not lost, and called Italian.
    let before = dossier::Dossier { state: dossier::State::Protocollata, ..dossier.clone() };
    assert_ne!(next_in_case(&before, words::CASE_EXAMINED, Language::It, desk), next);
    let english = next_in_case(&dossier, words::CASE_EXAMINED, Language::En, desk);
    let usual = words::CASE_EXAMINED.in_language(Language::En);
    assert_eq!(english, format!("{usual} (in Italian) {}", procedure.next_steps(dossier.state).unwrap()));
    let german = words::state(dossier.state, Language::De);
    let own = procedure.label(dossier.state);
    let wanted =
        if own == dossier.state.words() { german.into() } else { format!("{german} (auf Italienisch: «{own}»)") };
    assert_eq!(state(&dossier, Language::De, desk), wanted);
}

/// A title is said in the letter's language where its file has it, with the Italian one beside; any other is called Italian.
#[test]
fn a_title_is_translated_where_a_file_does_and_italian_otherwise() {
    let desk = &crate::scene::desk();
    let title = |text: &str, language| words::title(text, language, desk);
    let of_rule = "Dichiarazione di cambio di residenza";
    assert_eq!(
        title(of_rule, Language::De),
        "Erklärung über die Änderung des Wohnsitzes (auf Italienisch: «Dichiarazione di cambio di residenza»)"
    );
    assert_eq!(
        title("Iscrizione al nido", Language::En),
        "Enrolment in the nursery (in Italian: «Iscrizione al nido»)"
    );
    assert_eq!(title("Fossi da pulire", Language::De), "(auf Italienisch) Fossi da pulire");
    for text in [of_rule, "Iscrizione al nido", "Fossi da pulire"] {
        assert_eq!(title(text, Language::It), text);
    }
    assert_eq!(words::datum("Targa", Language::De), "Kennzeichen");
    assert_eq!(words::datum("Note dell'ufficio", Language::De), "(auf Italienisch) Note dell'ufficio");
}

/// What the program itself says, it says in every language. The compiler wants three texts; that none is empty, or the Italian one
/// again, is held here.
#[test]
fn every_phrase_of_the_program_has_its_translation() {
    type Said = fn(dossier::State, Language) -> &'static str;
    for state in dossier::State::ALL {
        for of in [words::state as Said, words::event as Said] {
            let all: BTreeSet<&str> = Language::ALL.map(|language| of(state, language)).into();
            assert!(all.len() == 3 && all.iter().all(|text| !text.trim().is_empty()), "{state:?}: {all:?}");
        }
    }
    // Names and codes are the same everywhere.
    let same = ["IBAN", "iban", "{modulo}", "Italian: {}"];
    let mut phrases = 0;
    for source in [include_str!("words.rs"), include_str!("../reply/catalogue/words.rs")] {
        let source = source.split("#[cfg(test)]").next().unwrap();
        for after in source.split("Words::new(").skip(1) {
            // Up to three literals, one after the other; those that name an Italian text elsewhere have two.
            let texts: Vec<&str> = after.split(");").next().unwrap().split('"').skip(1).step_by(2).take(3).collect();
            if texts.len() < 3 || after.starts_with("state.") || after.starts_with("italian") {
                continue;
            }
            phrases += 1;
            assert!(texts.iter().all(|text| !text.trim().is_empty()), "{texts:?}");
            let told_apart = texts[0] != texts[1] && texts[0] != texts[2];
            assert!(told_apart || same.contains(&texts[0]), "not translated: {texts:?}");
        }
    }
    assert!(phrases > 30, "the phrases are no longer written as this test reads them: {phrases}");
}

#[test]
fn related_services_stand_in_what_grants_and_never_in_a_refusal() {
    let letters = residence().verb(Verb::Accogli).unwrap();
    let text = flat(the(&letters, "esito"));
    for id in &residence().desk.procedures.get("cambio-residenza").unwrap().related {
        assert!(text.contains(&format!("SCHEDA {id}")), "{id}: {text}");
    }
    let letters = residence().verb(Verb::DichiaraIrricevibile).unwrap();
    let text = flat(the(&letters, "esito"));
    assert!(!text.contains("SCHEDA") && !text.contains("Può servirti"), "{text}");
}

/// An office with people of every role, and a mailbox for its orders.
fn staffed() -> Scene {
    let people = "people = [{ name = \"Ada Rossi\", mail = \"ada@comune.example\", role = \"operatore\" }, \
                  { name = \"Bruno Neri\", mail = \"bruno@comune.example\", role = \"coordinatore\" }]";
    let add = |name: &str, text: String| match name {
        "00-comune.toml" => {
            let begin = text.find("[office.tributi]").unwrap();
            let end = begin + text[begin..].find("\nmail").unwrap() + 1;
            format!("{}{people}\n{}", &text[..end], &text[end..])
        }
        _ => text,
    };
    let mut desk = desk_where(add);
    desk.entity.idle = crate::idle::Idle { unassigned: 2, untouched: 3 };
    let address = "sportello@comune.example".into();
    desk.entity.office_box = Some(crate::desk::OfficeBox { address, server: "mx.comune.example".into() });
    Scene::opened_on(Box::leak(Box::new(desk)), &crate::scene::new("richiesta", "tributi"))
}

#[test]
fn who_may_not_decide_reads_to_whom_the_task_goes_on() {
    let scene = staffed().worked_on();
    let object = Object::Dossier(&scene.dossier);
    let reader = |role: &'static str| Author { office: "tributi", name: "tributi@comune.example", role };
    let who = |role| answers::who_decides(object, reader(role), &scene.people, scene.desk, scene.now);
    let said = who("operatore").unwrap();
    assert!(said.contains("Bruno Neri (bruno@comune.example)") && !said.contains("Ada"), "{said}");
    assert_eq!(who("coordinatore"), None, "who may is told nothing");
    let without = Scene::of("richiesta", "tributi").worked_on();
    assert_eq!(
        answers::who_decides(Object::Dossier(&without.dossier), reader("operatore"), &[], without.desk, without.now),
        None
    );
    // Before anybody works on it nobody decides: nothing to say.
    let fresh = staffed();
    assert_eq!(
        answers::who_decides(Object::Dossier(&fresh.dossier), reader("operatore"), &[], fresh.desk, fresh.now),
        None
    );
}

#[test]
fn what_lies_still_reaches_those_who_answer_for_it_in_their_own_mailboxes() {
    let mut scene = staffed().worked_on();
    scene.act(Act::Note { text: "ha telefonato".into() }).unwrap();
    let mut told = Vec::new();
    for _ in 0..8 {
        scene.days(1);
        told.extend(scene.look().into_iter().filter(|letter| letter.subject.contains("è ferma")));
    }
    let mut to: Vec<&str> = told.iter().map(|letter| letter.to.as_str()).collect();
    to.sort_unstable();
    let shared = scene.desk.rules.office("tributi").unwrap().mail.as_str();
    assert_eq!(to, ["bruno@comune.example", shared], "once each: the office, and who coordinates it");
    let (own, theirs) =
        (told.iter().find(|it| it.to == shared).unwrap(), told.iter().find(|it| it.to != shared).unwrap());
    assert_ne!(own.id, theirs.id);
    assert!(
        theirs.text.contains("- ACCOLGO, e sotto") && !own.text.contains("- ACCOLGO, e sotto"),
        "each reads what is theirs to do"
    );
}

#[test]
fn a_letter_that_cannot_be_made_becomes_a_task_with_its_reason() {
    let mut scene = residence();
    let letters = scene.act(verb_with(Verb::ChiediIntegrazione, &["la piantina"])).unwrap();
    let letter = the(&letters, "richiesta-integrazione");
    let task =
        unmade_task(letter, "il file è troppo grande", Some(&scene.dossier), "c", scene.now, scene.desk).unwrap();
    let text = flat(&task);
    assert_eq!((task.template.as_str(), task.lane), ("compito-pratica", Lane::Internal));
    assert!(text.contains("troppo grande") && text.contains(&letter.to), "{text}");
    let task = unmade_task(letter, "il file è troppo grande", None, "c", scene.now, scene.desk).unwrap();
    assert!(task.template == "compito-verifica" && flat(&task).contains("troppo grande"), "{}", task.text);
}

/// What must go on paper comes as a sheet to print, and the office says by mail that it left.
#[test]
fn what_goes_on_paper_comes_ready_to_print_and_is_noted_by_answering() {
    let mut scene = staffed().worked_on();
    let letters = scene.act(verb_with(Verb::ChiediIntegrazione, &["la piantina"])).unwrap();
    let letter = the(&letters, "richiesta-integrazione");
    let (awaited, known) = scene.awaits(letter, scene.now, BTreeSet::new());
    let fact = Fact::NotAccepted { at: scene.now, why: "indirizzo inesistente".into() };
    let task = paper_task(&fact, &awaited, &known, scene.desk).unwrap();
    let [Enclosure::Letter { to, subject, text, .. }] = task.enclosures.as_slice() else { panic!("{task:?}") };
    assert_eq!((to, subject, text), (&letter.to, &letter.subject, &letter.text));
    let orders = task.text.lines().filter(|line| line.starts_with("mailto:")).collect::<Vec<_>>();
    assert!(matches!(orders.as_slice(), [one] if one.contains("body=NOTA")), "only the note: {orders:?}");
    assert!(task.subject.contains("[Codice "), "{}", task.subject);
}

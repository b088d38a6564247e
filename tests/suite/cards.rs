//! Changes when a shipped service is asked about, or explained, otherwise (function S2.06): each file of `fixtures/cards` is a question
//! in a citizen's words about one of them, and the whole mail that answers it.
//!
//! `BLESS=1 cargo test -p sportello --test suite -- cards::` writes the answers of now; read the difference before you keep it.

use crate::decide::{ANNA, bench, decide, mail, nothing};
use crate::enquiry::{letter, letters};
use casework::{Change, Disposition};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ANSWER: &str = "\n--- risposta ---\n";
/// Lines that a card has, with what they must say.
const SAID: [&str; 6] = ["A chi serve: ", "Come si chiede: ", "Requisiti: ", "Costo: ", "Tempi: ", "Ufficio: "];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/cards")
}

/// The services that people may ask about.
fn services() -> impl Iterator<Item = &'static casework::procedure::Procedure> {
    bench().desk.procedures.all().filter(|procedure| !procedure.default)
}

#[test]
fn each_service_has_a_question_and_is_answered_with_its_whole_card() {
    let bless = std::env::var_os("BLESS").is_some();
    let asked: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "README")
        .collect();
    let all: BTreeSet<String> = services().map(|procedure| procedure.id.clone()).collect();
    assert!(all.len() >= 20 && asked == all, "a question for each service: {asked:?}\n{all:?}");
    let mut wrong = Vec::new();
    for procedure in services() {
        let path = folder().join(format!("{}.txt", procedure.id));
        let text = fs::read_to_string(&path).unwrap();
        let (question, golden) = text.split_once(ANSWER).unwrap_or_else(|| panic!("{}: no answer", path.display()));
        let (subject, words) = question.strip_prefix("Oggetto: ").unwrap().split_once("\n\n").unwrap();
        let decision = decide(mail(ANNA, subject, words), nothing());
        match letters(&decision).as_slice() {
            [card] if card.template == "scheda" => {
                let got = format!("\nOggetto: {}\n\n{}", card.subject, card.text);
                if bless {
                    fs::write(&path, format!("{question}{ANSWER}{got}")).unwrap();
                } else if got != golden {
                    wrong.push(format!("{}\n{got}", path.display()));
                }
                assert!(card.text.contains(&procedure.title), "{}: {}", procedure.id, card.text);
            }
            others => wrong.push(format!("{}: {others:?}\n{:?}", procedure.id, decision.trail)),
        }
        let opens = decision.changes.iter().any(|change| matches!(change, Change::Opened { .. }));
        assert!(!opens && matches!(decision.disposition, Disposition::Answered { .. }), "{}", procedure.id);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_card_says_who_what_it_takes_how_long_how_much_how_and_where() {
    for procedure in services() {
        let decision = decide(mail(ANNA, &format!("SCHEDA {}", procedure.id), ""), nothing());
        let card = letter(&decision, "scheda");
        for start in SAID {
            let mut lines = card.text.lines().map(|line| line.trim_start_matches("- "));
            let rest = lines.find_map(|line| line.strip_prefix(start));
            assert!(rest.is_some_and(|rest| !rest.trim().is_empty()), "{}: «{start}»\n{}", procedure.id, card.text);
        }
        assert!(card.text.contains(&procedure.term.length.words()), "{}: its term\n{}", procedure.id, card.text);
    }
}

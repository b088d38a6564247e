//! Changes when what is asked of the shipped rules does. `rules eval` is run as an administrator runs it, on the labelled corpus
//! (`fixtures/corpus/README.md`): the sealed half must keep what the rules were accepted with.

use crate::support::ask;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Of a hundred messages of the sealed half: the kind is right in as many at least (the aim is 85) …
const RIGHT_MIN: usize = 85;
/// … of those decided without a person, as many at most are wrong (the aim is 2) …
const WRONG_MAX: usize = 1;
/// … as many at least are decided without one …
const DECIDED_MIN: usize = 46;
/// … and of a hundred references as many at least are found.
const FOUND_MIN: usize = 95;

fn corpus(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/corpus").join(name).display().to_string()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn eval(messages: &str, world: &str) -> Vec<Value> {
    let (code, out, err) = ask(&["rules", "eval", "--messages", messages, "--world", world, "--json"]);
    assert_eq!(code, Some(0), "{err}");
    lines(&out)
}

#[test]
fn the_sealed_half_keeps_its_figures() {
    let labelled = lines(&fs::read_to_string(corpus("sealed.jsonl")).unwrap());
    let answers = eval(&corpus("sealed.jsonl"), &corpus("world.toml"));
    assert_eq!(labelled.len(), answers.len());
    let (mut right, mut decided, mut wrong, mut cited, mut found, mut tied_wrong) = (0, 0, 0, 0, 0, Vec::new());
    for (label, answer) in labelled.iter().zip(&answers) {
        assert_eq!(label["id"], answer["id"]);
        let is_right = label["label"] == answer["kind"];
        right += usize::from(is_right);
        if answer["abstained"] == false {
            decided += 1;
            wrong += usize::from(!is_right);
        }
        let references = answer["references"].as_array().unwrap();
        let canonical = |r: &Value| r["canonical"].as_str().unwrap().to_owned();
        let seen: BTreeSet<String> = references.iter().map(canonical).collect();
        let labels: BTreeSet<String> = label["references"].as_array().unwrap().iter().map(canonical).collect();
        cited += labels.len();
        found += labels.intersection(&seen).count();
        let tied = references.iter().filter(|r| !r["resolved"].is_null());
        // A message may cite a second dossier of the same sender; never one where the label says that there is none.
        tied_wrong.extend(tied.filter(|_| label["dossier"].is_null()).map(|_| label["id"].clone()));
        let text = ["subject", "body"].map(|key| label[key].as_str().unwrap()).join("\n");
        for reference in references {
            let raw = reference["raw"].as_str().unwrap();
            let named = label["attachments"].as_array().unwrap().iter().any(|n| n.as_str().unwrap().contains(raw));
            assert!(text.contains(raw) || named, "{}: {raw} is not in it", label["id"]);
        }
    }
    let all = labelled.len();
    println!("sealed: right {right} of {all}; decided {decided}, wrong {wrong}; references {found} of {cited}");
    assert!(right * 100 >= RIGHT_MIN * all, "kinds: {right} of {all}");
    assert!(decided * 100 >= DECIDED_MIN * all, "decided: {decided} of {all}");
    assert!(wrong * 100 <= WRONG_MAX * decided, "decided wrongly: {wrong} of {decided}");
    assert!(found * 100 >= FOUND_MIN * cited, "references: {found} of {cited}");
    assert_eq!(tied_wrong, Vec::<Value>::new(), "tied to a dossier that is not theirs");
}

/// The clues are no file that somebody wrote: who adds messages, or teaches the rules to see another fact, counts again.
#[test]
fn the_shipped_clues_are_those_of_the_tuning_files() {
    let files = ["tuning", "tuning-2", "tuning-3", "tuning-4", "tuning-5", "tuning-6", "tuning-7"]
        .map(|name| corpus(&format!("{name}.jsonl")));
    let world = corpus("world.toml");
    let mut args = vec!["rules", "learn", "--world", &world, "--messages"];
    args.extend(files.iter().map(String::as_str));
    let (code, counted, err) = ask(&args);
    assert_eq!(code, Some(0), "{err}");
    let shipped = corpus("../../rules/06-indizi.toml");
    assert!(fs::read_to_string(&shipped).unwrap() == counted, "count again, as fixtures/corpus/README.md says");
}

/// Which half a message is in was not chosen: it follows from its name.
#[test]
fn the_halves_are_drawn_by_the_seed() {
    for (name, half) in [("tuning.jsonl", 0), ("sealed.jsonl", 1)] {
        for line in lines(&fs::read_to_string(corpus(name)).unwrap()) {
            let id = line["id"].as_str().unwrap();
            if id.starts_with(['C', 'D']) {
                assert_eq!(name, "tuning.jsonl", "written for tuning");
                continue;
            }
            assert_eq!(digest(&SHA256, format!("sportello-2026|{id}").as_bytes()).as_ref()[0] % 2, half, "{id}");
        }
    }
}

#[test]
fn a_line_that_is_no_message_is_named_and_the_others_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let (file, world) = (dir.path().join("m.jsonl"), dir.path().join("w.toml"));
    let message =
        r#"{"id":"1","subject":"A che punto è la pratica n. 7/2026?","body":"","from_pec":"ROSSI@pec.example"}"#;
    fs::write(
        &file,
        format!("{message}\nnot a message\n\n{}\n", message.replace("\"1\"", "\"2\"").replace("ROSSI", "altri")),
    )
    .unwrap();
    fs::write(&world, "[[dossier]]\nid = \"D\"\noffice = \"suap\"\nreferences = [\"pratica:7/2026\"]\nparties = [\"rossi@pec.example\"]\n").unwrap();
    let (file, world) = (file.display().to_string(), world.display().to_string());
    let (code, out, err) = ask(&["rules", "eval", "--messages", &file, "--world", &world, "--json"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("m.jsonl:2"), "{err}");
    let answers = lines(&out);
    assert_eq!(answers.iter().map(|a| a["id"].as_str().unwrap()).collect::<Vec<_>>(), ["1", "2"]);
    let reference = |n: usize| &answers[n]["references"][0];
    assert_eq!((&reference(0)["raw"], &reference(0)["resolved"]), (&"pratica n. 7/2026".into(), &"D".into()));
    assert_eq!((&answers[0]["kind"], &answers[0]["office"]), (&"status_enquiry".into(), &"suap".into()));
    // A stranger names the same number: nothing is tied, and the reason is said.
    assert!(
        reference(1)["resolved"].is_null() && reference(1)["why"].as_str().unwrap().contains("parte"),
        "{}",
        answers[1]
    );

    fs::write(dir.path().join("w.toml"), "[[dossier]]\nid = \"D\"\noffice = \"suap\"\nreferences = [\"7/2026\"]\n")
        .unwrap();
    let (code, _, err) = ask(&["rules", "eval", "--messages", &file, "--world", &world]);
    assert!(code == Some(3) && err.contains("7/2026"), "{err}");
}

//! Changes when people are asked otherwise how a dossier went (function S3.24).

use crate::decide::{ANNA, bench, decide, mail, nothing};
use crate::enquiry::{CODE, STRANGER, flat, letter, letters, tasks, world};
use crate::support::{House, OWN, Recorder, ask, wait};
use casework::act::{Act, Order};
use casework::dossier::{Dossier, State};
use casework::life::Entry;
use casework::rating::{Opinion, Step};
use casework::verb::Verb;
use casework::{Change, Decision, Known};
use gestore::Mail;

const MINE: &str = "2026/000007";

fn dossier(state: State, rating: Option<Step>) -> Dossier {
    let mut dossier = crate::enquiry::dossier(MINE, ANNA);
    dossier.state = state;
    dossier.life.rating = rating;
    dossier
}

fn rate(words: &str, text: &str, of: Dossier) -> Decision {
    decide(mail(ANNA, words, text), world(vec![of]))
}

fn counted(decision: &Decision) -> Option<Opinion> {
    decision.changes.iter().find_map(|change| match change {
        Change::Rated { opinion, procedure } => {
            assert_eq!(procedure, "richiesta");
            Some(*opinion)
        }
        _ => None,
    })
}

#[test]
fn the_outcome_asks_with_a_link_for_each_vote_and_each_link_is_a_vote() {
    let taken = dossier(State::InLavorazione, None);
    let order = Order::new(
        MINE,
        Act::Do {
            verb: Verb::Accogli,
            points: vec!["Sì.".into()],
            to: String::new(),
            not_held: false,
            again: String::new(),
        },
        "Ada Neri",
        "anagrafe",
        "responsabile",
    );
    let done = casework::act::act(&order, &taken, &[], &bench().desk, bench().now).unwrap();
    let [outcome] = done.outgoing.as_slice() else { panic!("{:?}", done.outgoing) };
    assert!(flat(outcome).contains("Quanto è stato facile usare questo servizio?"), "{}", outcome.text);
    let links: Vec<&str> =
        outcome.text.lines().filter_map(|line| line.split_once("subject=VALUTAZIONE")).map(|(_, rest)| rest).collect();
    assert_eq!(links.len(), 5, "{}", outcome.text);
    for (n, link) in (1_u8..).zip(links) {
        let words = format!("VALUTAZIONE{}", link.replace("%20", " ").replace("%2F", "/"));
        let given = rate(&words, "", dossier(State::Accolta, None));
        assert_eq!(counted(&given), Some(Opinion { stars: n, why: None, first: true }), "{words}");
    }
}

#[test]
fn one_is_counted_for_each_dossier_and_then_why_in_the_fixed_answers() {
    let first = rate(&format!("VALUTAZIONE 2 {MINE}"), "Grazie\n", dossier(State::Respinta, None));
    assert_eq!(counted(&first), Some(Opinion { stars: 2, why: None, first: true }));
    let told = letter(&first, "valutazione");
    assert!(flat(told).contains("Dove hai incontrato le maggiori difficoltà?"), "{}", told.text);
    assert!(
        flat(told).contains("Ho avuto problemi tecnici. Scrivi: VALUTAZIONE 2 2026/000007-CN MOTIVO 4"),
        "{}",
        told.text
    );
    assert_eq!(tasks(&first), 0, "nobody of the office is told");
    let entered: Vec<&Entry> = first
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Entered { entry, .. } => Some(entry),
            _ => None,
        })
        .collect();
    assert!(
        matches!(entered.as_slice(), [Entry::Rated { step: Step::Rated }]),
        "the dossier knows no vote: {entered:?}"
    );

    let why = rate(&format!("VALUTAZIONE 2 {MINE} MOTIVO 4"), "", dossier(State::Respinta, Some(Step::Rated)));
    assert_eq!(counted(&why), Some(Opinion { stars: 2, why: Some(4), first: false }));
    let both = rate(&format!("VALUTAZIONE 5 {MINE} MOTIVO 1"), "", dossier(State::Accolta, None));
    assert_eq!(counted(&both), Some(Opinion { stars: 5, why: Some(1), first: true }));
    for (words, step) in [
        (format!("VALUTAZIONE 5 {MINE}"), Step::Rated),
        (format!("VALUTAZIONE 5 {MINE}"), Step::Told),
        (format!("VALUTAZIONE 2 {MINE} MOTIVO 1"), Step::Told),
    ] {
        let again = rate(&words, "", dossier(State::Respinta, Some(step)));
        assert_eq!(counted(&again), None, "{words} after {step:?}");
        assert!(flat(letter(&again, "valutazione")).contains("una valutazione sola"));
    }
    let early = rate(&format!("VALUTAZIONE 5 {MINE}"), "", dossier(State::InLavorazione, None));
    assert!(counted(&early).is_none() && flat(letter(&early, "valutazione")).contains("non è ancora conclusa"));
    // A comment is read by the office; a whole letter is a letter.
    let comment = "Il modulo non si apriva dal telefono e ho dovuto rifare tutto da capo, peccato davvero.\n";
    let noted = rate(&format!("VALUTAZIONE 3 {MINE}"), comment, dossier(State::Accolta, None));
    assert!(counted(&noted).is_some() && tasks(&noted) == 1);
    let task = noted.outgoing.iter().find(|letter| letter.template == "compito-pratica").unwrap();
    assert!(flat(task).contains("Il modulo non si apriva") && !flat(task).contains("VALUTAZIONE"), "{}", task.text);
}

#[test]
fn nobody_votes_on_the_dossier_of_another_or_learns_of_it() {
    let of = dossier(State::Accolta, None);
    let known = Known { dossiers: vec![of], ..nothing() };
    let there = decide(mail(STRANGER, &format!("VALUTAZIONE 1 {MINE}"), ""), known);
    let nowhere = decide(mail(STRANGER, &format!("VALUTAZIONE 1 {MINE}"), ""), nothing());
    assert!(counted(&there).is_none());
    assert_eq!(letter(&there, "fascicolo-non-trovato").text, letter(&nowhere, "fascicolo-non-trovato").text);
    let machine = mail(ANNA, &format!("VALUTAZIONE 1 {MINE}"), "").header("Auto-Submitted", "auto-replied");
    let machine = decide(machine, world(vec![dossier(State::Accolta, None)]));
    assert!(counted(&machine).is_none() && letters(&machine).is_empty());
}

/// From the link in the outcome to the figures of the office, in which nobody is named.
#[test]
fn a_vote_goes_from_the_outcome_into_the_figures_through_the_whole_service() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let running = house.start(Recorder::default().roads());
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", house.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let party = format!("{CODE},Anna Bianchi,{ANNA}");
    let open = ["dossier", "open", "--procedure", "richiesta", "--subject", "Verifica", "--office", "tributi"];
    let out = say(&[&open[..], &["--party", &party, "--by", "Ada Neri", "--told"]].concat());
    let number = out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned();
    let by = ["--by", "Ada Neri", "--office", "tributi", "--role", "responsabile"];
    say(&[&["dossier", "do", &number, "prendi_in_carico"][..], &by].concat());
    say(&[&["dossier", "do", &number, "accogli", "--point", "Va bene"][..], &by].concat());
    let sent = |template: &str, n: usize| {
        wait(template, || {
            let items = running.overview().items;
            (items.iter().filter(|item| item.outgoing.template == template).count() == n).then_some(())
        });
    };
    sent("esito", 1);
    let words = [
        format!("VALUTAZIONE 4 {number}"),
        format!("VALUTAZIONE 4 {number} MOTIVO 2"),
        format!("VALUTAZIONE 1 {number}"),
    ];
    for (n, words) in words.iter().enumerate() {
        let mail = Mail::new(ANNA).to(OWN).subject(words).text("Grazie\n").compose(gestore::Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
        sent("valutazione", n + 1);
    }
    let figures = say(&["stats"]);
    assert!(figures.contains("Le indicazioni erano complete"), "{figures}");
    assert!(!figures.contains(ANNA) && !figures.contains(&number) && !figures.contains("Anna"), "{figures}");
    let figures: serde_json::Value = serde_json::from_str(&say(&["stats", "--json"])).unwrap();
    let ratings = &figures["ratings"]["richiesta"];
    assert_eq!(ratings["stars"], serde_json::json!([0, 0, 0, 1, 0]), "one for each dossier");
    assert_eq!(ratings["good"], serde_json::json!([0, 1, 0, 0, 0]));
    let sheet = say(&["stats", "--csv"]);
    let row = |line: &str| line.split(';').map(str::to_owned).collect::<Vec<_>>();
    let (head, of) = (row(sheet.lines().next().unwrap()), sheet.lines().find(|line| line.starts_with("richiesta;")));
    let at = |name: &str| row(of.unwrap())[head.iter().position(|cell| cell == name).unwrap()].clone();
    assert_eq!((at("valutazioni").as_str(), at("valutazione_media").as_str()), ("1", "4,0"), "{sheet}");
    running.stop();
}

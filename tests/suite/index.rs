//! FASCICOLO of a dossier with very many documents: what a citizen gets at the bounds and beyond them. Nothing is lost without a
//! word: what does not fit is counted, and the letter says how to have it. Changes when a bound of the index does.

use crate::decide::{ANNA, bench, decide, mail};
use crate::enquiry::{dossier, flat, letter, letters, tasks, world};
use casework::decision::Lane;
use casework::dossier::{Document, Visibility};
use casework::known::{Event, History};
use casework::life::Entry;
use casework::{Change, Known, Outgoing};

const MINE: &str = "2026/000007";
/// Documents that the letters of one answer hold: 5 letters of 40.
const AT_ONCE: usize = 200;

/// A register with one dossier of Anna's, in which these documents are, and `left_out` steps that were not read.
fn known(documents: usize, left_out: usize) -> Known {
    let at = bench().now;
    let entry = |n: usize| Entry::Deposited {
        document: Document {
            digest: String::new(),
            name: format!("foto-{n:04}.pdf"),
            media: "image/png".into(),
            message: "m".into(),
            visibility: Visibility::Parties,
        },
    };
    let events = (1..=documents).map(|n| Event { at, by: ANNA.into(), entry: entry(n) }).collect();
    let history = History { dossier: MINE.into(), events, left_out };
    Known { history: Some(history), ..world(vec![dossier(MINE, ANNA)]) }
}

/// The answer to one subject, and the numbers of the documents that it shows, in order.
fn answer(subject: &str, known: Known) -> (Vec<Outgoing>, Vec<usize>) {
    let decision = decide(mail(ANNA, subject, ""), known);
    let told: Vec<Outgoing> = letters(&decision).into_iter().cloned().collect();
    assert!(told.iter().all(|letter| letter.template == "indice-fascicolo"), "{subject}: {:?}", decision.trail);
    let shown = told.iter().flat_map(|letter| letter.text.lines()).filter_map(|line| {
        let (number, name) = line.strip_prefix("- 2026/000007-CN/")?.split_once(": foto-")?;
        assert_eq!(number.parse::<usize>().ok(), name.get(..4)?.parse().ok(), "{line}");
        number.parse().ok()
    });
    let shown = shown.collect();
    (told, shown)
}

/// The subject that a letter says to write for what follows.
fn what_follows(letter: &Outgoing) -> Option<String> {
    let mut lines = letter.text.lines().skip_while(|line| !line.starts_with("Documenti che qui non ci stanno: "));
    lines.find(|line| line.starts_with("FASCICOLO ")).map(str::to_owned)
}

#[test]
fn as_many_as_the_letters_hold_are_all_there_and_one_more_is_counted_and_had() {
    let (told, shown) = answer(&format!("FASCICOLO {MINE}"), known(AT_ONCE, 0));
    assert_eq!(shown, (1..=AT_ONCE).collect::<Vec<_>>());
    assert_eq!(told.len(), 5);
    assert!(told.iter().all(|letter| what_follows(letter).is_none() && !letter.text.contains("non ci stanno")));

    let (told, shown) = answer(&format!("FASCICOLO {MINE}"), known(AT_ONCE + 1, 0));
    assert_eq!(shown, (1..=AT_ONCE).collect::<Vec<_>>());
    let (last, others) = told.split_last().unwrap();
    assert!(others.iter().all(|letter| !letter.text.contains("non ci stanno")), "said once, at the end");
    assert!(flat(last).contains("Documenti che qui non ci stanno: 1."), "{}", last.text);
    let next = what_follows(last).unwrap();
    assert_eq!(next, "FASCICOLO 2026/000007-CN/201");
    let (told, shown) = answer(&next, known(AT_ONCE + 1, 0));
    assert_eq!((told.len(), shown), (1, vec![AT_ONCE + 1]));
}

/// Who follows the words of the letters sees every document once, in order, however many there are.
#[test]
fn following_the_letters_leads_through_all_of_them() {
    let many = 2 * AT_ONCE + 37;
    let (mut subject, mut all) = (format!("FASCICOLO {MINE}"), Vec::new());
    for asked in 1.. {
        let (told, shown) = answer(&subject, known(many, 0));
        all.extend(shown);
        match what_follows(told.last().unwrap()) {
            Some(next) => subject = next,
            None => {
                assert_eq!(asked, 3);
                break;
            }
        }
    }
    assert_eq!(all, (1..=many).collect::<Vec<_>>());
    // A number that is not there is a slip: the whole index, and not «there is nothing».
    assert_eq!(answer(&format!("FASCICOLO {MINE}/999"), known(3, 0)).1, [1, 2, 3]);
}

/// A story longer than what is read of it: how much is missing is said, and a document that may be in it is looked for by a person,
/// not denied.
#[test]
fn what_was_not_read_is_said_and_never_denied() {
    let (told, shown) = answer(&format!("FASCICOLO {MINE}"), known(3, 7));
    assert_eq!(shown, [1, 2, 3]);
    let text = flat(&told[0]);
    assert!(
        text.contains("Gli ultimi passaggi, 7, qui non si vedono") && text.contains("chiedili all'ufficio"),
        "{text}"
    );
    let status = decide(mail(ANNA, &format!("STATO {MINE}"), ""), known(3, 7));
    let text = flat(letter(&status, "stato-pratica"));
    assert!(text.contains("Altri 7 passi, fino a questo"), "{text}");

    let beyond = decide(mail(ANNA, &format!("DOCUMENTO {MINE}/4"), ""), known(3, 7));
    assert!(letters(&beyond).iter().all(|letter| letter.template != "documento-non-visibile"), "{:?}", beyond.trail);
    assert!(tasks(&beyond) == 1 && beyond.trail.iter().any(|why| why.code == "index-not-whole"), "{:?}", beyond.trail);
    let none = decide(mail(ANNA, &format!("DOCUMENTO {MINE}/4"), ""), known(3, 0));
    assert_eq!(letter(&none, "documento-non-visibile").lane, Lane::Pec);
}

/// Of one message fifty files are documents of their own; the others are one more, which says how many they are.
#[test]
fn the_files_of_a_message_beyond_the_bound_are_counted_in_the_dossier() {
    for (files, others) in [(50, None), (53, Some("altri 3 file dello stesso messaggio"))] {
        let subject = format!("Documenti per la pratica {MINE}");
        let text = "Buongiorno, mando i documenti che mi avete chiesto. Grazie\n";
        let letter = (0..files).fold(mail(ANNA, &subject, text), |mail, n| {
            mail.attach(&format!("f{n}.pdf"), "application/pdf", b"%PDF-1.4")
        });
        let decision = decide(letter, world(vec![dossier(MINE, ANNA)]));
        let entered: Vec<&Document> = decision
            .changes
            .iter()
            .filter_map(|change| match change {
                Change::Entered { entry: Entry::Deposited { document }, .. } => Some(document),
                _ => None,
            })
            .collect();
        let own = entered.iter().filter(|document| !document.message.is_empty()).count();
        assert_eq!(own, 50, "{files}: {:?}", decision.trail);
        let rest: Vec<&str> =
            entered.iter().filter(|document| document.message.is_empty()).map(|one| one.name.as_str()).collect();
        assert_eq!(rest, others.into_iter().collect::<Vec<_>>());
    }
}

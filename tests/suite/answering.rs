//! Changes when a citizen may answer our letters, or write to an office, in another way.

use crate::decide::{ANNA, ENTITY, bench, decide, has_reason, mail, nothing};
use crate::enquiry::{CODE, STRANGER, dossier, flat, letter, letters, tasks, world};
use casework::decision::Lane;
use casework::dossier::Dossier;
use casework::language::Language;
use casework::life::Entry;
use casework::{Change, Decision, Known, Outgoing};

const LAWYER: &str = "avvocato@imprese.test";
const MINE: &str = "2026/000007";

/// The one dossier that a decision opens, as it is after the decision.
#[track_caller]
fn opened(decision: &Decision) -> Dossier {
    let first = decision.changes.iter().find_map(|change| match change {
        Change::Opened { dossier } => Some(dossier.clone()),
        _ => None,
    });
    let mut dossier = first.unwrap_or_else(|| panic!("nothing opened: {:?}", decision.trail));
    for change in &decision.changes {
        if let Change::Entered { entry, .. } = change {
            dossier.apply(entry, bench().now);
        }
    }
    dossier
}

fn opens(decision: &Decision) -> bool {
    decision.changes.iter().any(|change| matches!(change, Change::Opened { .. }))
}

/// As mail programs forward: a few words, and our letter below.
fn forwarded(ours: &Outgoing, words: &str) -> String {
    format!(
        "{words}\n\n-----Messaggio inoltrato-----\nDa: {ENTITY}\nData: martedì 3 febbraio 2026 11:00\nA: {ANNA}\nOggetto: {}\n\n{}",
        ours.subject, ours.text
    )
}

/// «I: Manca qualcosa … [Fascicolo n]», with the file above our letter: from a party it is the answer; from anybody else it reaches a
/// person, who knows what it cites, and nothing of the dossier is told.
#[test]
fn a_party_who_answers_by_forwarding_joins_the_dossier_and_another_is_told_nothing() {
    let first =
        decide(mail(ANNA, "cambio residenza", "ciao, ho cambiato casa, adesso sto in via Po 4. Anna\n"), nothing());
    let ours = letter(&first, "richiesta-integrazione").clone();
    let dossier = opened(&first);
    let (number, subject) = (dossier.number.clone(), format!("I: {}", ours.subject));
    assert!(subject.contains("Manca qualcosa") && subject.contains("[Fascicolo 2026/000001-CF]"), "{subject}");
    // Some programs say what they forward, and then we know that our letter is in that hand.
    for answers_ours in [false, true] {
        let known = || Known {
            dossiers: vec![dossier.clone()],
            thread: answers_ours.then(|| number.clone()),
            answers_ours,
            next_ordinal: 2,
            ..nothing()
        };
        for words in ["Ecco quello che mancava.", "Invio la documentazione integrativa richiesta, in allegato.", ""] {
            let forward = |from: &str, known: Known| {
                let mail = mail(from, &subject, &forwarded(&ours, words));
                decide(mail.attach("documento.pdf", "application/pdf", b"%PDF-1.4 finto"), known)
            };
            let mine = forward(ANNA, known());
            let told = format!("{answers_ours} {words}: {:#?}", mine.trail);
            assert!(!opens(&mine) && tasks(&mine) == 1, "{told}");
            assert!(matches!(mine.changes.first(), Some(Change::Filed { dossier }) if *dossier == number), "{told}");
            let has_file = |change: &Change| match change {
                Change::Entered { dossier, entry: Entry::Deposited { document } } => {
                    *dossier == number && document.name == "documento.pdf"
                }
                _ => false,
            };
            assert!(mine.changes.iter().any(has_file), "{told}");
            let task = mine.outgoing.iter().find(|letter| letter.lane == Lane::Internal).unwrap();
            assert_eq!((task.to.as_str(), task.dossier.as_ref()), ("anagrafe@comune.example", Some(&number)));

            let other = forward(LAWYER, known());
            let told = format!("{answers_ours} {words}: {:#?}", other.trail);
            assert!(!opens(&other) && tasks(&other) == 1, "{told}");
            let joins = |change: &Change| {
                matches!(
                    change,
                    Change::Entered { entry: Entry::Joined { .. } | Entry::Moved { .. } | Entry::Clock { .. }, .. }
                )
            };
            assert!(!other.changes.iter().any(joins), "{told}");
            if answers_ours {
                assert!(letters(&other).is_empty(), "{told}");
                continue;
            }
            // A number alone opens nothing, and what is answered is what is answered of a number that is nowhere.
            assert!(other.changes.is_empty(), "{told}");
            let nowhere = forward(LAWYER, Known { dossiers: vec![], ..known() });
            let words = |decision: &Decision| {
                let of = |letter: &&Outgoing| (letter.template.clone(), letter.subject.clone(), letter.text.clone());
                letters(decision).iter().map(of).collect::<Vec<_>>()
            };
            assert_eq!(words(&other), words(&nowhere), "{told}");
            assert!(letters(&other).iter().all(|letter| letter.template == "fascicolo-non-trovato"), "{told}");
        }
    }
}

/// Functions S2.07: what comes by PEC to an office that has a portal is worked on, and the portal is told for the next time.
#[test]
fn a_request_to_an_office_with_a_portal_is_opened_tasked_and_told_of_it() {
    let text = "Il sottoscritto chiede la concessione per un dehors davanti al bar.\nC.F. BNCNNA80A41H501R\n";
    let request = mail("bar@imprese.test", "Istanza di occupazione di suolo pubblico per dehors", text);
    let decision = decide(request.attach("planimetria.pdf", "application/pdf", b"%PDF-1.4 finta"), nothing());
    assert_eq!(opened(&decision).office, "suap");
    let to: Vec<&str> =
        decision.outgoing.iter().filter(|letter| letter.lane == Lane::Internal).map(|task| task.to.as_str()).collect();
    assert_eq!(to, ["suap@comune.example"]);
    let [told] = letters(&decision)[..] else { panic!("{:?}", decision.outgoing) };
    assert!(["presa-in-carico", "avvio-procedimento"].contains(&told.template.as_str()), "{}", told.template);
    let text = flat(told);
    assert!(text.contains("https://suap.comune.example") && text.contains("non devi rifarla"), "{text}");
    // Another office has none.
    let other = decide(
        mail(ANNA, "Cambio di residenza", "Mi sono trasferita in via Roma 1. Codice fiscale BNCNNA80A41H501R\n"),
        nothing(),
    );
    assert!(!flat(letter(&other, "presa-in-carico")).contains("portale"));
}

/// Functions S0.01: in the words of people, from a PEC of which nothing is known.
#[test]
fn a_stranger_who_asks_what_we_have_on_them_is_told_how_to_be_known() {
    for text in ["Buongiorno, cosa avete su di me nei vostri archivi? Grazie\n", "Vorrei sapere cosa avete su di me.\n"]
    {
        let ask = |known: Known| decide(mail(STRANGER, "domanda", text), known);
        let (with, without) = (ask(world(vec![dossier(MINE, ANNA)])), ask(nothing()));
        let told = letter(&with, "come-farti-riconoscere");
        assert!(told.to == STRANGER && told.enclosures.is_empty(), "{told:?}");
        for private in ["Anna", "Bianchi", "055", CODE, MINE] {
            assert!(!told.text.contains(private) && !told.subject.contains(private), "{private}: {}", told.text);
        }
        let without = letter(&without, "come-farti-riconoscere");
        assert_eq!((&told.subject, &told.text), (&without.subject, &without.text), "byte for byte");
    }
}

/// A language in which there is no letter: it is registered, and answered in Italian.
#[test]
fn who_writes_in_french_is_answered_in_italian() {
    let text = "Madame, Monsieur,\n\nj'ai déménagé et je vous demande le changement de ma résidence. Ma nouvelle adresse est via \
                Roma 1. Mon code fiscal est BNCNNA80A41H501R. Veuillez me dire s'il manque encore quelque chose.\n\nCordialement\n\
                Anna Bianchi\n";
    let decision = decide(mail(ANNA, "Changement de résidence - cambio di residenza", text), nothing());
    let receipt = letter(&decision, "presa-in-carico");
    assert_eq!(receipt.language, Language::It);
    assert!(receipt.subject.starts_with("Ricevuta della tua richiesta"), "{}", receipt.subject);
    assert!(
        !has_reason(&decision, "language") && opened(&decision).cover.language == Language::It,
        "{:?}",
        decision.trail
    );
    let asks = decide(
        mail(ANNA, &format!("STATO {MINE}"), "Merci beaucoup pour votre réponse\n"),
        world(vec![dossier(MINE, ANNA)]),
    );
    assert_eq!(letter(&asks, "stato-pratica").language, Language::It);
}

/// Forty lines of ours, with other commands among them, above or below the one that the citizen writes.
#[test]
fn a_command_stands_above_or_below_a_long_quotation() {
    let known = || world(vec![dossier(MINE, ANNA)]);
    let ours = decide(mail(ANNA, "AIUTO", ""), known());
    let lines: Vec<String> = letter(&ours, "aiuto").text.lines().map(str::to_owned).collect();
    let lines: Vec<String> =
        lines.iter().cycle().take(40).cloned().chain([format!("RITIRO {MINE}"), "REVOCA".into()]).collect();
    let marked: String = lines.iter().map(|line| format!("> {line}\n")).collect();
    let plain: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let head = "Il giorno 3 febbraio 2026 alle 11:00 Comune di Prova ha scritto:\n";
    for text in [
        format!("STATO {MINE}\n\n{head}{marked}"),
        format!("{head}{marked}\nSTATO {MINE}\n"),
        format!("STATO {MINE}\n\n-----Messaggio originale-----\nDa: {ENTITY}\n{plain}"),
    ] {
        let decision = decide(mail(ANNA, "R: una vostra lettera", &text), known());
        letter(&decision, "stato-pratica");
        assert!(matches!(decision.changes.as_slice(), [Change::Filed { .. }]), "{:?}", decision.changes);
    }
    let quoted = decide(mail(ANNA, "R: una vostra lettera", &format!("Non capisco.\n\n{head}{marked}")), known());
    assert!(!has_reason(&quoted, "command"), "{:?}", quoted.trail);
}

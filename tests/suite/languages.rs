//! Citizens who write in another language, and mails that our letters make ready: whole decisions, with the shipped rules.

use crate::decide::{ANNA, NUMBER, decide, mail, nothing, with_dossier};
use casework::decision::{Enclosure, Lane};
use casework::language::Language;
use casework::rules::Kind;
use casework::{Change, Decision, Disposition, Outgoing};

fn flat(letter: &Outgoing) -> String {
    letter.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn answer(decision: &Decision) -> &Outgoing {
    let letter = decision.outgoing.iter().find(|letter| letter.lane == Lane::Pec);
    letter.unwrap_or_else(|| panic!("no answer: {:#?}", decision.trail))
}

const GERMAN: &str = "Sehr geehrte Damen und Herren,\n\nich bin umgezogen und ersuche um die Änderung meines Wohnsitzes. Meine neue \
                      Adresse ist Via Roma 1. Meine Steuernummer ist BNCNNA80A41H501R. Bitte teilen Sie mir mit, ob noch etwas \
                      fehlt.\n\nMit freundlichen Grüßen\nAnna Bianchi\n";

#[test]
fn a_request_in_german_is_answered_in_german_and_its_dossier_remembers() {
    let decision = decide(mail(ANNA, "Wohnsitzwechsel - cambio di residenza", GERMAN), nothing());
    let receipt = answer(&decision);
    assert_eq!((receipt.template.as_str(), receipt.language), ("presa-in-carico", Language::De));
    // The dossier's title in the letter's language, and as everything else calls it; the data that were read, by German names.
    assert!(
        flat(receipt).contains(
            "Gegenstand: Erklärung über die Änderung des Wohnsitzes (auf Italienisch: «Dichiarazione di cambio di residenza»)"
        ),
        "{}",
        receipt.text
    );
    assert!(receipt.text.contains("- Steuernummer (codice fiscale): BNCNNA80A41H501R"), "{}", receipt.text);
    assert!(receipt.subject.starts_with("Bestätigung Ihres Antrags [Fascicolo 2026/000001-CF]"), "{}", receipt.subject);
    assert!(
        receipt.text.contains("Februar 2026") && receipt.text.contains("eingegangen und dem Amt zugewiesen"),
        "{}",
        receipt.text
    );
    let sheet = Enclosure::Printable { name: "empfangsbestaetigung-2026-000001.pdf".into() };
    assert_eq!(receipt.enclosures, [sheet]);
    let why = decision.trail.iter().find(|reason| reason.code == "language").unwrap();
    assert!(
        why.text.starts_with("lingua della risposta: tedesco, se la lettera c'è in quella lingua; il testo ha "),
        "{why:?}"
    );
    let Some(Change::Opened { dossier }) = decision.changes.first() else { panic!("{:?}", decision.changes) };
    assert_eq!(dossier.cover.language, Language::De);
    // The task is for an office of the body, whose language is Italian here.
    let task = decision.outgoing.iter().find(|letter| letter.lane == Lane::Internal).unwrap();
    assert!(task.language.is_italian() && task.subject.contains("[Fascicolo 2026/000001-CF]"));

    // A bare question shows no language: that of the dossier holds. Another party may well write in Italian.
    let mut known = with_dossier();
    known.dossiers[0].cover.language = Language::De;
    let bare = decide(mail(ANNA, &format!("Stato della pratica {NUMBER}"), "\n"), known.clone());
    assert_eq!((answer(&bare).template.as_str(), answer(&bare).language), ("stato-pratica", Language::De));
    let text = "Buongiorno, vorrei sapere a che punto è la mia pratica. Grazie, cordiali saluti\n";
    let italian = decide(mail(ANNA, &format!("Stato della pratica {NUMBER}"), text), known);
    assert_eq!(answer(&italian).language, Language::It);
    assert!(!italian.trail.iter().any(|reason| reason.code == "language"));
}

#[test]
fn a_question_in_english_is_answered_in_english_and_a_letter_that_is_only_italian_in_italian() {
    let text = "Dear Sir or Madam, I would like to know about the status of my application. Kind regards\n";
    let status = decide(mail(ANNA, &format!("Stato della pratica {NUMBER}"), text), with_dossier());
    assert_eq!((answer(&status).template.as_str(), answer(&status).language), ("stato-pratica", Language::En));
    assert!(answer(&status).text.contains("received and assigned to the office"), "{}", answer(&status).text);
    let text =
        "Dear Sir or Madam, please find attached my comments and the documents. I have sent them with this message.\n";
    let comments =
        mail(ANNA, &format!("Memoria e osservazioni {NUMBER}"), text).attach("a.pdf", "application/pdf", b"x");
    let filed = decide(comments, with_dossier());
    assert_eq!((answer(&filed).template.as_str(), answer(&filed).language), ("documenti-acquisiti", Language::It));
}

/// The words of an Italian letter below an empty answer are ours, not the citizen's.
#[test]
fn what_is_quoted_shows_no_language() {
    let quoted = format!(
        "Danke\n\nIl giorno 3 febbraio 2026 comune ha scritto:\n{}",
        "> Buongiorno, la tua pratica è in lavorazione e ti scrive l'ufficio\n".repeat(5)
    );
    let mut known = with_dossier();
    known.dossiers[0].cover.language = Language::De;
    let status = decide(mail(ANNA, &format!("Stato della pratica {NUMBER}"), &quoted), known);
    assert_eq!(answer(&status).language, Language::De);
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        if b == b'%' {
            let pair = [bytes.next().unwrap(), bytes.next().unwrap()];
            out.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
        } else {
            out.push(b);
        }
    }
    String::from_utf8(out).unwrap()
}

/// A citizen opens a link, completes the lines and sends (functions S0.10): the message is what the link said it was, in its dossier.
#[test]
fn a_ready_mail_is_understood_when_it_comes_back() {
    for language in Language::ALL {
        let mut known = with_dossier();
        known.dossiers[0].cover.language = language;
        let status = decide(mail(ANNA, &format!("Stato della pratica {NUMBER}"), "\n"), known.clone());
        let letter = answer(&status);
        assert_eq!(letter.language, language);
        let ready = letter
            .text
            .lines()
            .filter_map(|row| row.strip_prefix("mailto:")?.split_once("?subject=")?.1.split_once("&body="));
        let mut kinds = Vec::new();
        for (subject, body) in ready {
            let subject = decoded(subject);
            let values = ["", " BNCNNA80A41H501R", " IBAN", " IT60X0542811101000000123456"];
            let body: String =
                decoded(body).split("\r\n").zip(values).map(|(line, value)| format!("{line}{value}\n")).collect();
            let decision = decide(mail(ANNA, &subject, &body), known.clone());
            let Disposition::Request { kind, dossier, .. } = &decision.disposition else {
                panic!("{subject}\n{body}\n{:?}\n{:#?}", decision.disposition, decision.trail)
            };
            assert_eq!(dossier.as_deref(), Some(NUMBER), "{subject}");
            if *kind == Kind::DataChange {
                let fields = &decision.classification.as_ref().unwrap().fields;
                let held =
                    |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.value.as_str());
                assert_eq!(held("iban"), Some("IT60X0542811101000000123456"), "{body}");
                assert_eq!(held("codice_fiscale"), Some("BNCNNA80A41H501R"), "{body}");
            }
            kinds.push(*kind);
        }
        assert_eq!(kinds, [Kind::Participation, Kind::DataChange], "{}", language.tag());
    }
}

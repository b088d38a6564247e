//! Citizens who write in another language, and mails that our letters make ready: whole decisions, with the shipped rules.

use crate::decide::{ANNA, NUMBER, decide, mail, nothing, with_dossier};
use crate::enquiry::{CODE, before, flat};
use casework::decision::{Enclosure, Lane};
use casework::language::Language;
use casework::person::change::{NewPerson, register};
use casework::person::{Kind as PersonKind, Over, Person, Source};
use casework::rules::Kind;
use casework::{Change, Decision, Disposition, Known, Outgoing};

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

const BODY: &str = "protocollo@pec.comune.vicino.test";
const LAWYER: &str = "l.verdi@ordineavvocati.test";

/// The same receipt in the words for whoever reads it (functions S4.07), with the same facts and under the same name.
#[test]
fn a_receipt_speaks_to_its_reader() {
    let form = "Nome e cognome: Anna Bianchi\nTarga: AB123CD\nHo i requisiti: sì\n";
    let receipt = |from: &str, known: Known| {
        let text = format!("{form}Codice fiscale: {CODE}\n");
        let mail = mail(from, "NUOVA ztl", &text).attach("domanda.pdf", "application/pdf", b"%PDF-1.4 prova");
        let decision = decide(mail, known);
        decision.outgoing.into_iter().find(|letter| letter.template == "presa-in-carico").unwrap()
    };
    let [body, lawyer, citizen] = [BODY, LAWYER, ANNA].map(|from| receipt(from, nothing()));
    let said = flat(&body);
    assert!(said.contains("Spettabile ente,") && said.contains("Cad, articolo 47"), "{said}");
    assert!(said.contains("L'ufficio esamina la richiesta e ne comunica l'esito."), "{said}");
    for word in [" tua ", " tuo ", " ti ", " puoi ", "Buongiorno"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    assert!(flat(&lawyer).contains("Se è per conto di un cliente serve la sua delega"), "{}", lawyer.text);
    assert!(flat(&citizen).contains("la tua richiesta è arrivata"), "{}", citizen.text);
    for letter in [&body, &lawyer, &citizen] {
        assert!(
            letter.text.contains("Decisione entro: ") && letter.text.contains("Responsabile: Ada Neri"),
            "{}",
            letter.text
        );
        assert!(!letter.text.contains("Cliente:"), "nobody's mandate is known");
    }

    // With a mandate in the register the client is named.
    let person = |code: &str, name: &str, address: &str| {
        let new = NewPerson { codice_fiscale: Some(code), partita_iva: None, name, kind: PersonKind::PersonaFisica };
        let mut person = Person::begin(&register(new, &[], 0).unwrap()).unwrap();
        let entry = person.add_domicile(address, Source::Enabled, before(), &[]).unwrap();
        person.apply(&entry, before());
        person
    };
    let (mut anna, verdi) = (person(CODE, "Anna Bianchi", ANNA), person("RSSMRA80A01H501U", "Mario Rossi", LAWYER));
    let (from, until) = ("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
    let mandate = anna.mandate(&verdi, Over::All, &"a".repeat(64), from, until).unwrap();
    anna.apply(&mandate, before());
    let named = receipt(LAWYER, Known { people: vec![anna.clone(), verdi.clone()], ..nothing() });
    assert!(flat(&named).contains("È per conto di Anna Bianchi: la delega è agli atti"), "{}", named.text);
    assert!(named.text.contains("Cliente: Anna Bianchi\n"), "{}", named.text);
    anna.mandates.clear();
    let unnamed = receipt(LAWYER, Known { people: vec![anna, verdi], ..nothing() });
    assert!(!unnamed.text.contains("Cliente:") && !unnamed.text.contains("per conto di Anna"), "{}", unnamed.text);
}

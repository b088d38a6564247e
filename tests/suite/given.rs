//! Changes when what a citizen has given once is asked again, or told, otherwise (L. 241/1990 art. 18 c. 2; functions S2.13).

use crate::decide::{ANNA, decide, has_reason, mail, nothing};
use crate::enquiry::{CODE, STRANGER, before, flat, letter};
use crate::support::{House, OWN, Recorder, ask, wait};
use casework::act::once::Held;
use casework::dossier::State;
use casework::person::change::{NewPerson, register};
use casework::person::{Kind as PersonKind, Person, Source};
use casework::{Change, Decision, Known, Outgoing};
use gestore::Mail;
use jiff::Timestamp;

const FIRST: &str = "2025/000012";
const IBAN: &str = "IT60X0542811101000000123456";

fn anna(source: Source) -> Person {
    let name = "Anna Bianchi";
    let new = NewPerson { codice_fiscale: Some(CODE), partita_iva: None, name, kind: PersonKind::PersonaFisica };
    let mut person = Person::begin(&register(new, &[], 0).unwrap()).unwrap();
    let entries = [
        person.add_domicile(ANNA, source, before(), &[]).unwrap(),
        person.record("iban", IBAN, "tributi", before(), None).unwrap(),
    ];
    entries.iter().for_each(|entry| person.apply(entry, before()));
    person
}

/// Anna has given these files, in a dossier of the year before.
fn world(files: &[(&str, &str)]) -> Known {
    let held =
        |(name, at): &(&str, &str)| Held { name: (*name).into(), dossier: FIRST.into(), at: at.parse().unwrap() };
    let given = [(CODE.to_owned(), files.iter().map(held).collect())].into();
    Known { people: vec![anna(Source::Inad)], given, ..nothing() }
}

const CARD: (&str, &str) = ("carta-identita.pdf", "2025-06-01T10:00:00Z");
const OLD_CARD: (&str, &str) = ("carta-identita.pdf", "2024-06-01T10:00:00Z");
const DECLARATION: (&str, &str) = ("dichiarazione-di-residenza.pdf", "2025-06-01T10:00:00Z");

fn missing(decision: &Decision) -> Vec<&str> {
    decision.classification.as_ref().unwrap().missing.iter().map(String::as_str).collect()
}

/// One letter among others: a datum that would change is confirmed by another.
#[track_caller]
fn one<'a>(decision: &'a Decision, template: &str) -> &'a Outgoing {
    decision.outgoing.iter().find(|letter| letter.template == template).unwrap()
}

fn task(decision: &Decision) -> String {
    flat(decision.outgoing.iter().find(|letter| letter.template == "compito").unwrap())
}

fn opens(decision: &Decision) -> bool {
    decision.changes.iter().any(|change| matches!(change, Change::Opened { .. }))
}

/// The form, and the card, name what is held to the person alone who gave it, and say what need not be sent.
#[test]
fn the_form_says_what_is_held_to_whom_it_belongs_and_to_nobody_else() {
    let told = |known: Known, from: &str, subject: &str, template: &str| {
        let decision = decide(mail(from, subject, ""), known);
        flat(letter(&decision, template))
    };
    let shown = casework::dossier::check::shown(FIRST);
    let form = told(world(&[CARD]), ANNA, "NUOVA cambio-residenza", "modulo");
    let line = format!(
        "- Copia del documento d'identità: «carta-identita.pdf», fascicolo {shown}, 1° giugno 2025. Non serve mandarlo."
    );
    assert!(form.contains(&line), "{form}");
    assert!(!form.contains("- Copia del documento d'identità "), "it stands once, as held: {form}");
    assert!(form.contains("- Dichiarazione di residenza firmata"), "what is not held is asked: {form}");
    // Beyond the time that the file sets it counts no more, and is only to be confirmed.
    let old = told(world(&[OLD_CARD]), ANNA, "NUOVA cambio-residenza", "modulo");
    assert!(old.contains("1° giugno 2024. Se va ancora bene scrivi nel messaggio «già agli atti»."), "{old}");
    let account = told(world(&[]), ANNA, "NUOVA contributo-economico", "modulo");
    assert!(account.contains("- Iban: nel registro dal 12 gennaio 2026. Se non è cambiato lascia"), "{account}");
    assert!(!account.contains(IBAN), "the number itself is not needed there");
    let card = told(world(&[CARD]), ANNA, "SCHEDA cambio-residenza", "scheda");
    assert!(card.contains("già agli atti: «carta-identita.pdf»"), "{card}");

    // A stranger, somebody who writes from another mailbox, and one whose mailbox was enabled for something else.
    let enabled = Known { people: vec![anna(Source::Enabled)], ..world(&[CARD]) };
    for (who, known, from) in [
        ("a stranger", world(&[CARD]), STRANGER),
        ("her other mailbox", world(&[CARD]), "anna.altra@cittadini.test"),
        ("enabled, without own data", enabled, ANNA),
    ] {
        for (subject, template) in [("NUOVA cambio-residenza", "modulo"), ("SCHEDA cambio-residenza", "scheda")] {
            let said = told(known.clone(), from, subject, template);
            assert!(!said.contains("carta-identita") && !said.contains(&shown), "{who}: {said}");
            assert!(!said.contains("agli atti"), "{who}: not even that something is held: {said}");
        }
    }
}

/// What is asked of an incomplete request leaves out what is held and counts, and asks only a confirmation of the rest.
#[test]
fn a_request_is_complete_with_what_is_held() {
    let form = "Indirizzo: via Po 1\nHo i requisiti: sì\n";
    let asked = |files: &[(&str, &str)], text: &str| decide(mail(ANNA, "NUOVA cambio-residenza", text), world(files));
    // Neither the name nor the code of who is known by the mailbox.
    let nothing_held = asked(&[], form);
    assert_eq!(missing(&nothing_held).len(), 2, "{:?}", missing(&nothing_held));
    assert!(has_reason(&nothing_held, "held-already"));
    assert!(flat(one(&nothing_held, "richiesta-integrazione")).contains("- Copia del documento d'identità. "));

    let card = asked(&[CARD], form);
    assert_eq!(missing(&card), ["Dichiarazione di residenza firmata, sul modello del Ministero"]);
    let told = flat(one(&card, "richiesta-integrazione"));
    assert!(!told.contains("- Copia del documento"), "{told}");
    assert!(told.contains("non devi mandare") && told.contains("«carta-identita.pdf», fascicolo"), "{told}");
    let told = task(&card);
    assert!(told.contains("Già agli atti, Copia del documento d'identità: «carta-identita.pdf»"), "{told}");
    assert!(told.contains("conta come presente") && told.contains("da non chiedere di nuovo: «carta-identita.pdf»"));

    let both = asked(&[OLD_CARD, DECLARATION], form);
    assert_eq!(missing(&both).len(), 2, "names may deceive: their author says whether they are the right ones");
    let told = flat(one(&both, "richiesta-integrazione"));
    assert!(told.contains("- Copia del documento d'identità. Lo abbiamo già: «carta-identita.pdf»"), "{told}");
    assert!(told.contains("rispondi «già agli atti»"), "{told}");
    let said = asked(&[OLD_CARD, DECLARATION], &format!("{form}I documenti sono già agli atti.\n"));
    assert_eq!(missing(&said), Vec::<&str>::new());
    let told = flat(one(&said, "presa-in-carico"));
    assert!(told.contains("Che cosa avevamo già") && told.contains("«dichiarazione-di-residenza.pdf»"), "{told}");
    // Who only claims it has given nothing.
    let claimed = asked(&[], &format!("{form}I documenti sono già agli atti.\n"));
    assert_eq!(missing(&claimed).len(), 2);
}

/// The same for a request that the rules recognise: the code of who is known by the mailbox is not asked; one that is written wrong
/// is, and so is the account that shall change.
#[test]
fn a_request_in_free_words_needs_no_code_of_whom_the_mailbox_proves() {
    let text = "Mi sono trasferita in via Roma 1.\n";
    let known = decide(mail(ANNA, "Cambio di residenza", text), world(&[]));
    assert!(opens(&known) && missing(&known).is_empty(), "{:?}", missing(&known));
    assert!(known.outgoing.iter().any(|letter| letter.template == "presa-in-carico"), "{:?}", known.trail);
    let stranger = decide(mail(STRANGER, "Cambio di residenza", text), world(&[]));
    assert_eq!(missing(&stranger), ["codice_fiscale"]);
    let wrong = format!("{text}Codice fiscale {}{}\n", &CODE[..15], if CODE.ends_with('A') { 'B' } else { 'A' });
    let wrong = decide(mail(ANNA, "Cambio di residenza", &wrong), world(&[]));
    assert_eq!(missing(&wrong), ["codice_fiscale"]);
    let account = "Chiedo di aggiornare le mie coordinate bancarie per l'accredito dei rimborsi.\n";
    let account = decide(mail(ANNA, "Aggiornamento IBAN", account), world(&[]));
    assert!(
        missing(&account).contains(&"iban"),
        "{:?} {:?}",
        account.classification.as_ref().unwrap().rule,
        account.trail
    );
}

/// The whole way: a document that came with one request is named in the form of another, to the person it is of and to no other.
#[test]
fn what_came_in_one_dossier_is_known_when_another_is_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let config = ["--config", house.file.to_str().unwrap()];
    let add = ["person", "add", "--cf", CODE, "--name", "Anna Bianchi", "--address", ANNA, "--source", "inad"];
    house.start(Recorder::default().roads()).stop();
    let (code, _, err) = ask(&[&add[..], &["--by", "Ada Neri", "--office", "anagrafe"], &config].concat());
    assert_eq!(code, Some(0), "{err}");
    let running = house.start(Recorder::default().roads());
    let send = |from: &str, subject: &str, text: &str, file: Option<&str>| {
        let mut letter = Mail::new(from).to(OWN).subject(subject).text(text);
        if let Some(name) = file {
            letter = letter.attach(name, "application/pdf", b"%PDF-1.4 prova");
        }
        let letter = letter.compose(Timestamp::now()).unwrap();
        circuit.send(&letter.mail_from, &letter.rcpt_to, &letter.raw).unwrap();
    };
    let of = |template: &str, to: &str| {
        let items = running.overview().items.into_iter().map(|item| item.outgoing);
        items.filter(|letter| letter.template == template && letter.to == to).collect::<Vec<_>>()
    };
    send(ANNA, "NUOVA ztl", "Targa: AB123CD\nHo i requisiti: sì\n", Some("carta-identita.pdf"));
    let receipt = wait("the receipt", || of("presa-in-carico", ANNA).into_iter().next());
    let number = receipt.dossier.unwrap();
    let state = running.overview().dossiers.iter().find(|one| one.number == number).unwrap().state;
    assert_eq!(state, State::Protocollata, "neither the name nor the code was asked for");
    let other = "altro@cittadini.test";
    send(ANNA, "NUOVA cambio-residenza", "", None);
    send(other, "NUOVA cambio-residenza", "", None);
    let own = flat(&wait("her form", || of("modulo", ANNA).into_iter().next()));
    let shown = casework::dossier::check::shown(&number);
    assert!(own.contains(&format!("«carta-identita.pdf», fascicolo {shown}")), "{own}");
    let theirs = flat(&wait("another's form", || of("modulo", other).into_iter().next()));
    assert!(!theirs.contains("carta-identita") && !theirs.contains(&shown), "{theirs}");
    running.stop();
}

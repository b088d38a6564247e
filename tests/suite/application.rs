//! Changes when a service may be asked for otherwise by its name, or its form is read otherwise.

use crate::decide::{ANNA, bench, decide, decide_at, mail, nothing};
use crate::enquiry::{CODE, flat, letter, letters};
use crate::support::{House, Recorder, ask, wait};
use casework::act::{Act, Handed, Order, act};
use casework::decision::Enclosure;
use casework::dossier::{Dossier, State};
use casework::rules::Outcome;
use casework::verb::Verb;
use casework::{Change, Decision, Disposition, Known};
use gestore::Mail;
use jiff::{SignedDuration, Timestamp};

/// A daughter's codice fiscale, synthetic.
const CHILD: &str = "BNCGLI20A41H501O";

fn opened(decision: &Decision) -> Vec<&Dossier> {
    let changes = decision.changes.iter();
    changes.filter_map(|change| if let Change::Opened { dossier } = change { Some(dossier) } else { None }).collect()
}

/// The one dossier that opens.
#[track_caller]
fn one(decision: &Decision) -> &Dossier {
    let opened = opened(decision);
    assert_eq!(opened.len(), 1, "{:?}\n{:?}", decision.disposition, decision.trail);
    opened[0]
}

fn missing(decision: &Decision) -> Vec<String> {
    decision.classification.as_ref().unwrap().missing.clone()
}

fn field(decision: &Decision, name: &str) -> String {
    let fields = &decision.classification.as_ref().unwrap().fields;
    fields.iter().find(|field| field.name == name).map(|field| field.value.clone()).unwrap_or_default()
}

/// Percent-decoded, of a link.
fn body_of(link: &str) -> String {
    let body = link.split_once("&body=").unwrap().1;
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The form comes for whoever names a service and says no more, whatever name they know it by; nothing opens.
#[test]
fn a_service_is_named_and_its_form_comes() {
    for (subject, text) in [
        ("NUOVA ztl", ""),
        ("nuova ZTL", "Grazie, Anna Bianchi\n"),
        ("NUOVA Permesso per la zona a traffico limitato", "Buongiorno,\ngrazie.\n"),
        ("Nuova richiesta di permesso ztl", ""),
        ("", "NUOVA ztl\n"),
        ("NUOVA ztl", "Nome e cognome:\nCodice fiscale: ______\nTarga: ....\n"),
    ] {
        let decision = decide(mail(ANNA, subject, text), nothing());
        let told = letter(&decision, "modulo");
        assert!(opened(&decision).is_empty(), "{subject}: {text}");
        assert!(matches!(decision.disposition, Disposition::Answered { .. }), "{:?}", decision.disposition);
        assert!(told.text.contains("Targa:\n") && told.text.contains("Non abbiamo ancora aperto"), "{}", told.text);
        let link = told.text.lines().find(|line| line.starts_with("mailto:")).unwrap();
        assert!(link.contains("subject=NUOVA%20ztl&body=Nome"), "{link}");
        // Some programs cut a link of 2,000 characters.
        assert!(link.len() < 1_900, "{}", link.len());
        for line in body_of(link).split("\r\n") {
            assert!(told.text.contains(line), "the link and the text to copy differ: {line}");
        }
    }
}

/// What the link of the form opens, filled in, opens the dossier of that service, and only of that one; the receipt shows what was
/// read, warns of false declarations and says how to correct it (function S3.16).
#[test]
fn a_form_that_comes_back_opens_its_dossier_and_the_receipt_shows_what_was_read() {
    let text = format!(
        "Nome e cognome: Anna Bianchi\nCodice fiscale: {CODE}\nTelefono (se vuoi): 055 123456\nSe chiedi per un'altra persona, il suo \
         nome:\nImpresa e partita Iva (se chiedi per un'impresa):\nTarga: AB123CD\nHo quello che serve per chiederlo (sì o no): sì\nChe cosa \
         chiedi (con i dati che servono): abito in centro\n"
    );
    let decision = decide(with_file("NUOVA ztl", &text), nothing());
    let dossier = one(&decision);
    assert_eq!((dossier.cover.procedure.as_str(), dossier.state), ("ztl", State::Protocollata));
    assert_eq!(missing(&decision), Vec::<String>::new());
    assert!(
        matches!(&decision.classification.as_ref().unwrap().outcome, Outcome::Asked { service } if service == "ztl"),
        "no rule was asked"
    );
    assert_eq!(field(&decision, "targa"), "AB123CD");
    let receipt = letter(&decision, "presa-in-carico");
    for told in ["- Targa: AB123CD", &format!("- Codice fiscale: {CODE}"), "- Che cosa chiedi: abito in centro"] {
        assert!(receipt.text.contains(told), "{told}\n{}", receipt.text);
    }
    let told = flat(receipt);
    assert!(told.contains("vale comunque dal giorno in cui è arrivata") && told.contains("articolo 76"), "{told}");
    assert!(!told.contains("Impresa"), "an empty line is not shown");
    let task = decision.outgoing.iter().find(|letter| letter.template == "compito").unwrap();
    assert!(task.text.contains("NUOVA"), "{}", task.text);
}

fn with_file(subject: &str, text: &str) -> Mail {
    mail(ANNA, subject, text).attach("documento.pdf", "application/pdf", b"%PDF-1.4 prova")
}

/// Thirty forms as they come back: read, or asked back line by line. Wherever a value stands it is the same; what is not there is
/// never guessed.
#[test]
fn damaged_forms_are_read_or_asked_back_line_by_line() {
    let ok = format!("Nome e cognome: Anna Bianchi\nCodice fiscale: {CODE}\nTarga: AB123CD\nHo i requisiti: sì\n");
    let spaced = format!("{} {} {} {}", &CODE[..6], &CODE[6..11], &CODE[11..15], &CODE[15..]);
    let wrong = format!("{}{}", &CODE[..15], if CODE.ends_with('A') { 'B' } else { 'A' });
    let whole: Vec<(&str, String)> = vec![
        ("as it is", ok.clone()),
        ("lower case, no accents", ok.to_lowercase().replace('ì', "i")),
        ("upper case", ok.to_uppercase()),
        ("quoted", ok.lines().map(|line| format!("> {line}\n")).collect()),
        ("quoted twice", ok.lines().map(|line| format!(">> {line}\n")).collect()),
        ("a list", ok.lines().map(|line| format!("- {line}\n")).collect()),
        ("numbered", ok.lines().enumerate().map(|(n, line)| format!("{}. {line}\n", n + 1)).collect()),
        ("bullets", ok.lines().map(|line| format!("• {line}\n")).collect()),
        ("bold", ok.lines().map(|line| format!("*{}*\n", line.replace(": ", ":* "))).collect()),
        ("on one line", ok.replace('\n', " ")),
        ("two a line", ok.replacen('\n', " ", 1)),
        ("values below", ok.replace(": ", ":\n")),
        ("values below, after a blank line", ok.replace(": ", ":\n\n")),
        ("equal signs", ok.replace(": ", " = ")),
        ("blanks before the colon", ok.replace(": ", "   :   ")),
        ("crlf", ok.replace('\n', "\r\n")),
        ("no break spaces", ok.replace(": ", ":\u{a0}")),
        ("placeholders left", ok.replace(": ", ": ____")),
        ("code with blanks", ok.replace(CODE, &spaced)),
        ("code in lower case", ok.replace(CODE, &CODE.to_lowercase())),
        ("short labels", format!("Nome: Anna Bianchi\nCF: {CODE}\nTarga AB123CD\nRequisiti: si\n")),
        (
            "own labels",
            format!("La sottoscritta: Anna Bianchi\nCod. fiscale: {CODE}\nNumero di targa: AB123CD\nDichiaro: sì\n"),
        ),
        (
            "slips of the pen",
            format!("Nome e congome: Anna Bianchi\nCodice fisclae: {CODE}\nTarga: AB123CD\nHo i requistii: sì\n"),
        ),
        (
            "another order",
            format!("Targa: AB123CD\nHo i requisiti: sì\nCodice fiscale: {CODE}\nNome e cognome: Anna Bianchi\n"),
        ),
        (
            "a greeting and a signature",
            format!("Buongiorno,\nmando il modulo.\n\n{ok}\nCordiali saluti\nAnna Bianchi\ntel. 055 1\n"),
        ),
        (
            "the code without its label",
            format!("Nome e cognome: Anna Bianchi\n{CODE}\nTarga: AB123CD\nHo i requisiti: sì\n"),
        ),
        (
            "no colon at the code",
            format!("Nome e cognome: Anna Bianchi\nCodice fiscale {CODE}\nTarga: AB123CD\nHo i requisiti: sì\n"),
        ),
    ];
    for (what, text) in &whole {
        let decision = decide(with_file("NUOVA ztl", text), nothing());
        assert_eq!(one(&decision).cover.procedure, "ztl", "{what}");
        assert_eq!(missing(&decision), Vec::<String>::new(), "{what}\n{text}");
        assert_eq!(field(&decision, "codice_fiscale"), CODE, "{what}");
        assert_eq!(field(&decision, "nome").to_lowercase(), "anna bianchi", "{what}");
    }
    let broken: Vec<(&str, String, Vec<&str>)> = vec![
        ("no plate", ok.replace("AB123CD", ""), vec!["Targa"]),
        ("no name", ok.replace("Nome e cognome: Anna Bianchi\n", ""), vec!["Nome e cognome"]),
        (
            "only the plate",
            "Targa: AB123CD\n".into(),
            vec!["Nome e cognome", "Codice fiscale", "Ho quello che serve per chiederlo"],
        ),
        ("a wrong code", ok.replace(CODE, &wrong), vec!["Codice fiscale: quello scritto non va bene"]),
        ("the next label is no value", ok.replace("Anna Bianchi", ""), vec!["Nome e cognome"]),
    ];
    for (what, text, wanted) in &broken {
        let decision = decide(with_file("NUOVA ztl", text), nothing());
        let dossier = one(&decision);
        assert_eq!((dossier.cover.procedure.as_str(), dossier.state), ("ztl", State::DaRegolarizzare), "{what}");
        let missing = missing(&decision);
        assert_eq!(missing.len(), wanted.len(), "{what}: {missing:?}");
        let asked = letter(&decision, "richiesta-integrazione");
        for (missing, wanted) in missing.iter().zip(wanted) {
            assert!(missing.starts_with(wanted), "{what}: {missing}");
            assert!(flat(asked).contains(&format!("- {wanted}")), "{what}: {}", asked.text);
        }
    }
    assert!(whole.len() + broken.len() >= 30);
}

/// Functions S3.16: the term counts from the certified arrival of the form, be it whole or not, read at once or days later; what is
/// sent in answer moves nothing.
#[test]
fn the_term_runs_from_the_arrival_of_the_form_whatever_was_missing() {
    let arrived = bench().now;
    let (read, answered) = (arrived + SignedDuration::from_hours(30), arrived + SignedDuration::from_hours(80));
    let apply = |dossier: &mut Dossier, decision: &Decision, at: Timestamp| {
        for change in &decision.changes {
            if let Change::Entered { entry, .. } = change {
                dossier.apply(entry, at);
            }
        }
    };
    let form = format!("Nome e cognome: Anna Bianchi\nCodice fiscale: {CODE}\nTarga: AB123CD\nHo i requisiti: sì\n");
    let open = |text: &str| {
        let decision = decide(with_file("NUOVA ztl", text), Known { now: read, ..nothing() });
        let mut dossier = one(&decision).clone();
        apply(&mut dossier, &decision, read);
        (dossier, decision)
    };
    let (whole, _) = open(&form);
    let (mut part, asked) = open(&form.replace("Targa: AB123CD\n", ""));
    assert_eq!((whole.state, part.state), (State::Protocollata, State::DaRegolarizzare));
    let end = |dossier: &Dossier| dossier.due.map(|due| due.to_string());
    for dossier in [&whole, &part] {
        assert_eq!((dossier.opened_at, end(dossier).as_deref()), (arrived, Some("2026-03-05")));
    }
    let ours = letter(&asked, "richiesta-integrazione");
    let known = |dossier: &Dossier| Known {
        now: answered,
        digest: "e".repeat(64),
        dossiers: vec![dossier.clone()],
        thread: Some(dossier.number.clone()),
        answers_ours: true,
        ..nothing()
    };
    let subject = format!("R: {}", ours.subject);
    let back = decide_at(with_file(&subject, "Targa: AB123CD\n"), known(&part), answered);
    assert!(opened(&back).is_empty(), "{:?}", back.trail);
    apply(&mut part, &back, answered);
    assert_eq!(part.state, State::Protocollata, "{:?}", back.trail);
    assert_eq!((part.opened_at, end(&part).as_deref()), (arrived, Some("2026-03-05")));

    // A correction of what was whole.
    let mut whole = whole;
    let subject = format!("R: Ricevuta della tua richiesta {}", casework::dossier::tag(&whole.number));
    let text = "Correggo: la targa giusta è AB123CE.\n";
    let corrected = decide_at(mail(ANNA, &subject, text), known(&whole), answered);
    assert!(opened(&corrected).is_empty(), "{:?}", corrected.trail);
    apply(&mut whole, &corrected, answered);
    assert_eq!((whole.opened_at, end(&whole).as_deref()), (arrived, Some("2026-03-05")));
}

/// Who answers our letter fills in the form where it stands, quoted; who only asks about it opens nothing.
#[test]
fn the_form_is_filled_in_by_answering_it() {
    let form = decide(mail(ANNA, "NUOVA ztl", ""), nothing());
    let form = letter(&form, "modulo").clone();
    let subject = format!("R: {}", form.subject);
    let answered = form.text.replace("Nome e cognome:", "Nome e cognome: Anna Bianchi");
    let answered =
        answered.replace("Codice fiscale:", &format!("Codice fiscale: {CODE}")).replace("Targa:", "Targa: AB123CD");
    let answered = answered.replace("(sì o no):", "(sì o no): sì");
    let quoted: String = answered.lines().map(|line| format!("> {line}\n")).collect();
    let text = format!("Ecco il modulo.\n\nIl giorno 27/11/2026 10:00, Comune di Prova ha scritto:\n{quoted}");
    let decision = decide(with_file(&subject, &text), nothing());
    assert_eq!((one(&decision).cover.procedure.as_str(), missing(&decision).len()), ("ztl", 0));
    assert_eq!(field(&decision, "nome"), "Anna Bianchi");

    let empty: String = form.text.lines().map(|line| format!("> {line}\n")).collect();
    let text = format!(
        "Non capisco una riga del modulo: che cosa devo scrivere dove chiede l'impresa, se io non ne ho una e chiedo solo per me?\n\n{empty}"
    );
    let decision = decide(mail(ANNA, &subject, &text), nothing());
    let of_form = |dossier: &&Dossier| dossier.cover.procedure == "ztl";
    assert!(!opened(&decision).iter().any(of_form), "{:?}", decision.trail);
    assert!(letters(&decision).iter().all(|letter| letter.template != "modulo"), "the form does not come again");
}

/// Free words after the name of the service are a request too (function S3.01): it opens, and what is missing is asked for.
#[test]
fn free_words_open_the_same_dossier() {
    let text = format!(
        "Buongiorno, sono Anna Bianchi, abito in centro e vorrei il permesso per la mia auto targata AB123CD. Il mio codice fiscale è \
         {CODE}. Grazie\n"
    );
    let decision = decide(mail(ANNA, "NUOVA ztl", &text), nothing());
    assert_eq!(one(&decision).cover.procedure, "ztl");
    let missing = missing(&decision);
    assert!(!missing.iter().any(|line| line == "Codice fiscale" || line == "Targa"), "they stand there: {missing:?}");
    assert!(missing.iter().any(|line| line == "Nome e cognome"), "{missing:?}");
    letter(&decision, "richiesta-integrazione");
}

#[test]
fn a_form_for_a_child_keeps_the_two_codes_apart() {
    let text = format!(
        "Nome e cognome: Anna Bianchi\nCodice fiscale: {CODE}\nNome di chi riceve il servizio: Giulia Bianchi\nCodice fiscale del bambino: \
         {CHILD}\nHo i requisiti: sì\n"
    );
    let decision = decide(with_file("NUOVA mensa", &text), nothing());
    assert_eq!(one(&decision).cover.procedure, "mensa");
    assert_eq!(
        (field(&decision, "codice_fiscale").as_str(), field(&decision, "beneficiario").as_str()),
        (CODE, "Giulia Bianchi")
    );
    assert_eq!(field(&decision, "beneficiario_codice_fiscale"), CHILD);
}

/// What only begins like it is read by the rules.
#[test]
fn a_sentence_is_no_service() {
    for (subject, text) in [
        ("Nuova residenza", "Comunico che dal primo marzo abito in via Po 1.\n"),
        ("Nuova ordinanza sul traffico", "Quando entra in vigore?\n"),
        ("Nuovo indirizzo", "Da ieri abito in via Po 1.\n"),
        ("Domanda", "Buongiorno,\nNUOVA ztl mi sembra il nome di un gruppo musicale.\n"),
    ] {
        let decision = decide(mail(ANNA, subject, text), nothing());
        assert!(letters(&decision).iter().all(|letter| letter.template != "modulo"), "{subject}");
        let outcome = &decision.classification.as_ref().unwrap().outcome;
        assert!(!matches!(outcome, Outcome::Asked { .. }), "{subject}: {:?}", decision.trail);
    }
    let text = "Si trasmette per competenza l'istanza allegata.\n";
    let body = mail("protocollo@pec.comune.vicino.test", "Nuova pratica Ztl", text);
    let decision = decide(body.attach("Segnatura.xml", "application/xml", b"<Segnatura/>"), nothing());
    let outcome = &decision.classification.as_ref().unwrap().outcome;
    assert!(!matches!(outcome, Outcome::Asked { .. }), "{:?}", decision.trail);
    let unknown = decide(mail(ANNA, "NUOVA mensaa", ""), nothing());
    let told = flat(letter(&unknown, "catalogo"));
    assert!(told.contains("Non troviamo il servizio «mensaa»") && told.contains("NUOVA mensa"), "{told}");
}

/// Functions S4.01: who wants a certificate writes twice, to have the form and to send it, and gets the certificate with the outcome.
#[test]
fn a_certificate_takes_two_mails_of_the_citizen() {
    let first = decide(mail(ANNA, "NUOVA certificato-anagrafe", ""), nothing());
    let form = letter(&first, "modulo");
    let link = form.text.lines().find(|line| line.starts_with("mailto:")).unwrap();
    let given = [("Nome e cognome:", "Anna Bianchi"), ("Codice fiscale:", CODE)];
    let filled = given.iter().fold(body_of(link), |form, (line, value)| form.replace(line, &format!("{line} {value}")));
    let asks = format!(
        "{filled}\nHo quello che serve per chiederlo (sì o no): sì\nChe cosa chiedi: un certificato di residenza\n"
    );
    let second = decide(mail(ANNA, "NUOVA certificato-anagrafe", &asks), nothing());
    let mut dossier = one(&second).clone();
    assert_eq!((dossier.cover.procedure.as_str(), dossier.office.as_str()), ("certificato-anagrafe", "anagrafe"));
    let (desk, now) = (&bench().desk, bench().now);
    let take = |dossier: &mut Dossier, changes: &[Change]| {
        for change in changes {
            if let Change::Entered { entry, .. } = change {
                dossier.apply(entry, now);
            }
        }
    };
    take(&mut dossier, &second.changes);
    let order = |dossier: &Dossier, verb: Verb, documents: Vec<Handed>| {
        let points = vec!["Il certificato è in allegato".to_owned()];
        let act = Act::Do { verb, points, to: String::new(), not_held: false, again: String::new() };
        Order { documents, ..Order::new(dossier.number.as_str(), act, "Ada Neri", "anagrafe", "responsabile") }
    };
    let begun = act(&order(&dossier, Verb::Prendi, vec![]), &dossier, &[], desk, now).unwrap();
    take(&mut dossier, &begun.changes);
    let (message, name) = ("c".repeat(64), "certificato.pdf".to_owned());
    let certificate = Handed { message, nth: 0, name, media: "application/pdf".into(), bytes: 40_000, empty: false };
    let granted = act(&order(&dossier, Verb::Accogli, vec![certificate]), &dossier, &[], desk, now).unwrap();
    let outcome = granted.outgoing.iter().find(|letter| letter.template == "esito").unwrap();
    let is_it = |file: &Enclosure| matches!(file, Enclosure::Document { name, .. } if name == "certificato.pdf");
    assert!(outcome.to == ANNA && outcome.enclosures.iter().any(is_it), "{:?}", outcome.enclosures);
}

/// The whole way: the citizen names the service, fills in what comes, and the register has the dossier, whose term runs.
#[test]
fn a_service_is_asked_for_by_its_form_from_the_first_mail_to_the_register() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let running = house.start(Recorder::default().roads());
    let send = |subject: &str, text: &str| {
        let letter = Mail::new("anna.bianchi@cittadini.test").to(crate::support::OWN).subject(subject).text(text);
        let letter = letter.compose(Timestamp::now()).unwrap();
        circuit.send(&letter.mail_from, &letter.rcpt_to, &letter.raw).unwrap();
    };
    let of = |template: &str| {
        let items = running.overview().items.into_iter();
        items.filter(|item| item.outgoing.template == template).map(|item| item.outgoing).collect::<Vec<_>>()
    };
    send("NUOVA ztl", "");
    let form = wait("the form", || of("modulo").into_iter().next());
    let link = form.text.lines().find(|line| line.starts_with("mailto:")).unwrap();
    let filled = body_of(link).replace("\r\n", "\n").replace("Nome e cognome:", "Nome e cognome: Anna Bianchi");
    let filled =
        filled.replace("Codice fiscale:", &format!("Codice fiscale: {CODE}")).replace("Targa:", "Targa: AB123CD");
    send("NUOVA ztl", &filled);
    let asked = wait("what is missing", || of("richiesta-integrazione").into_iter().next());
    assert!(flat(&asked).contains("- Ho quello che serve per chiederlo."), "{}", asked.text);
    let number = asked.dossier.unwrap();
    running.stop();
    let (code, shown, wrong) = ask(&["dossier", "show", &number, "--config", house.file.to_str().unwrap()]);
    assert!(code == Some(0) && shown.contains("Permesso per la zona a traffico limitato"), "{shown}{wrong}");
}

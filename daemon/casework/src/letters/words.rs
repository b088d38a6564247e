//! The words about a case that the program itself puts into a letter, in each language. It changes when such a word proves wrong
//! or a language is added. The Italian ones stand where the thing itself is.

use super::put;
use crate::calendar::in_words;
use crate::desk::Desk;
use crate::dossier::{State, check};
use crate::language::Language;
use crate::reply::{self, catalogue::words::Words};
use crate::rules::AtHand;
use crate::term::Silence;
use alloc::format;
use alloc::string::{String, ToString};
use jiff::civil::Date;
use serde_json::Value;

/// Which language a text is in that nobody has translated.
const IN_ITALIAN: Words = Words::new("in italiano", "auf Italienisch", "in Italian");

/// A text that is not the program's own (an office wrote it, or a file of the administrator has it) in a letter of this language:
/// as it is, and called Italian.
pub(super) fn italian(text: &str, language: Language) -> String {
    if language.is_italian() { text.to_string() } else { format!("({}) {text}", IN_ITALIAN.in_language(language)) }
}

/// A text with its translation, where there is one. The Italian words stay beside it: all else that the body writes has them.
pub(super) fn both(text: &str, translated: Option<&str>, language: Language) -> String {
    match translated.filter(|other| !language.is_italian() && *other != text) {
        Some(other) => format!("{other} ({}: «{text}»)", IN_ITALIAN.in_language(language)),
        None => italian(text, language),
    }
}

/// What a request is called: as the rule or the procedure that gave it its name says it in this language.
pub(super) fn title(title: &str, language: Language, desk: &Desk) -> String {
    let rules = desk.rules.rules().filter(|rule| rule.title == title).map(|rule| &rule.titles);
    let procedures = desk.procedures.all().filter(|one| one.title == title).map(|one| &one.titles);
    let mut translated = rules.chain(procedures).filter_map(|titles| titles.get(&language));
    both(title, translated.next().map(String::as_str), language)
}

/// What was read in a request.
pub(super) fn datum(title: &str, language: Language) -> String {
    let known = DATA.iter().find(|words| words.in_language(Language::It) == title);
    known.map_or_else(|| italian(title, language), |words| words.in_language(language).to_string())
}

/// The data that every form has.
const DATA: [Words; 9] = [
    Words::new("IBAN", "IBAN", "IBAN"),
    Words::new("Telefono", "Telefon", "Telephone"),
    Words::new("Indirizzo e-mail", "E-Mail-Adresse", "E-mail address"),
    Words::new("Domicilio digitale (PEC)", "Digitales Domizil (PEC)", "Digital domicile (PEC)"),
    Words::new("Indirizzo di residenza", "Wohnsitzadresse", "Address of residence"),
    Words::new("CAP", "Postleitzahl", "Postal code"),
    Words::new("Codice fiscale", "Steuernummer (codice fiscale)", "Tax code (codice fiscale)"),
    Words::new("Nome e cognome", "Vor- und Zuname", "Name and surname"),
    Words::new("Targa", "Kennzeichen", "Number plate"),
];

/// Where a dossier stands whose place was given up.
pub(super) const GIVEN_UP: Words = Words::new(
    "accolta, con rinuncia al posto",
    "angenommen, auf den Platz wurde verzichtet",
    "granted, and the place was given up",
);

/// Where a dossier stands.
pub(super) fn state(state: State, language: Language) -> &'static str {
    let words = match state {
        State::Ricevuta => ("eingegangen, noch nicht zugewiesen", "received, not assigned yet"),
        State::Protocollata => ("eingegangen und dem Amt zugewiesen", "received and assigned to the office"),
        State::DaRegolarizzare => (
            "zu vervollständigen: falls Sie die Angaben schon geschickt haben, prüft sie das Amt",
            "to be completed: if you have already sent the data, the office checks them",
        ),
        State::Assegnata => ("einer Person des Amtes zugewiesen", "assigned to a person of the office"),
        State::InLavorazione => ("in Bearbeitung", "being worked on"),
        State::InAttesaIntegrazioni => (
            "ausgesetzt: wir warten auf die Unterlagen oder Angaben, um die wir Sie gebeten haben",
            "on hold: we are waiting for the documents or data that we asked you for",
        ),
        State::Integrata => (
            "wieder in Bearbeitung: Sie haben geschickt, was fehlte",
            "being worked on again: you have sent what was missing",
        ),
        State::InAttesaEnteTerzo => {
            ("wartet auf die Antwort einer anderen Körperschaft", "waiting for the answer of another public body")
        }
        State::InAttesaPagamento => ("wartet auf die Zahlung", "waiting for the payment"),
        State::PreavvisoDiniego => (
            "wir werden ablehnen: Sie können innerhalb der mitgeteilten Frist antworten",
            "we are about to refuse: you can answer within the time that we wrote to you",
        ),
        State::Accolta => ("angenommen", "granted"),
        State::AccoltaPerSilenzio => (
            "angenommen, weil die Frist für die Antwort abgelaufen ist",
            "granted, because the time for an answer has run out",
        ),
        State::Respinta => ("abgelehnt", "refused"),
        State::Irricevibile => ("unzulässig", "not admissible"),
        State::Ritirata => ("von Ihnen zurückgezogen", "withdrawn by you"),
        State::TrasmessaAltroEnte => {
            ("an die zuständige Körperschaft weitergeleitet", "passed on to the competent public body")
        }
        State::AnnullataAutotutela => {
            ("nach der Entscheidung vom Amt aufgehoben", "annulled by the office after the decision")
        }
    };
    Words::new(state.words(), words.0, words.1).in_language(language)
}

/// What happened when a dossier came to a state.
pub(super) fn event(state: State, language: Language) -> &'static str {
    let words = match state {
        State::Ricevuta => ("Antrag eingetragen", "Request registered"),
        State::Protocollata => ("Antrag dem Amt zugewiesen", "Request assigned to the office"),
        State::DaRegolarizzare => ("Antrag zu vervollständigen", "Request to be completed"),
        State::Assegnata => ("Einer Person des Amtes zugewiesen", "Assigned to a person of the office"),
        State::InLavorazione => ("Bearbeitung begonnen", "Work begun"),
        State::InAttesaIntegrazioni => {
            ("Fehlende Unterlagen oder Angaben angefordert", "Missing documents or data asked for")
        }
        State::Integrata => ("Fehlendes eingegangen", "What was missing has arrived"),
        State::InAttesaEnteTerzo => ("Andere Körperschaft befragt", "Another public body asked"),
        State::InAttesaPagamento => ("Zahlung angefordert", "Payment asked for"),
        State::PreavvisoDiniego => ("Ablehnung angekündigt", "Refusal announced"),
        State::Accolta => ("Antrag angenommen", "Request granted"),
        State::AccoltaPerSilenzio => ("Wegen Fristablaufs angenommen", "Granted because the time ran out"),
        State::Respinta => ("Antrag abgelehnt", "Request refused"),
        State::Irricevibile => ("Antrag unzulässig", "Request not admissible"),
        State::Ritirata => ("Antrag zurückgezogen", "Request withdrawn"),
        State::TrasmessaAltroEnte => {
            ("An die zuständige Körperschaft weitergeleitet", "Passed on to the competent public body")
        }
        State::AnnullataAutotutela => ("Entscheidung vom Amt aufgehoben", "Decision annulled by the office"),
    };
    Words::new(state.event(), words.0, words.1).in_language(language)
}

/// The first event of every dossier.
pub(super) const ARRIVED: Words = Words::new("Richiesta ricevuta", "Antrag eingegangen", "Request received");

/// What holds if the body does not answer in time; `italian` is the same in Italian.
pub(super) fn silence(silence: Silence, italian: &'static str, language: Language) -> &'static str {
    let words = match silence {
        Silence::Inadempimento => (
            "Wenn wir bis zu diesem Tag nicht antworten, können Sie die Entscheidung von der Person verlangen, die das Amt ersetzt.",
            "If we do not answer by that day, you can ask the person who replaces the office for a decision.",
        ),
        Silence::Assenso => (
            "Wenn wir bis zu diesem Tag nicht antworten, gilt Ihr Antrag als angenommen (stillschweigende Zustimmung).",
            "If we do not answer by that day, your request is granted (tacit consent).",
        ),
        Silence::Rigetto => (
            "Wenn wir bis zu diesem Tag nicht antworten, gilt der Antrag als abgelehnt.",
            "If we do not answer by that day, the request counts as refused.",
        ),
    };
    Words::new(italian, words.0, words.1).in_language(language)
}

/// The same with the day in it, where it is known: it stands far from the one above. Other languages keep «that day».
pub(super) fn dated(silence: &str, due: Option<Date>, language: Language) -> String {
    match due.filter(|_| language == Language::It) {
        Some(due) => silence.replace("quel giorno", &in_words(due)),
        None => String::from(silence),
    }
}

/// What happens next.
pub(super) const READ_BY_A_PERSON: Words = Words::new(
    "Una persona dell'ufficio legge il tuo messaggio e ti risponde.",
    "Eine Person des Amtes liest Ihre Nachricht und antwortet Ihnen.",
    "A person of the office reads your message and answers you.",
);
pub(super) const SEND_WHAT_IS_MISSING: Words = Words::new(
    "Rispondi a questo messaggio con quello che manca.",
    "Antworten Sie auf diese Nachricht mit dem, was fehlt.",
    "Answer this message with what is missing.",
);
pub(super) const WEIGHED: Words = Words::new(
    "L'ufficio valuta quello che hai mandato e ne tiene conto nella decisione.",
    "Das Amt prüft, was Sie geschickt haben, und berücksichtigt es bei der Entscheidung.",
    "The office weighs what you have sent and takes it into account in its decision.",
);
pub(super) const CASE_EXAMINED: Words = Words::new(
    "L'ufficio esamina la pratica e ti scrive l'esito.",
    "Das Amt prüft den Vorgang und teilt Ihnen das Ergebnis mit.",
    "The office examines the case and writes to you about the outcome.",
);
pub(super) const CODE_AWAITED: Words = Words::new(
    "Rimanda il codice che ti abbiamo mandato: poi decide una persona dell'ufficio.",
    "Senden Sie uns den Code, den Sie erhalten haben: dann entscheidet eine Person des Amtes.",
    "Send back the code that we sent you: then a person of the office decides.",
);
pub(super) const GRANT_AWAITED: Words = Words::new(
    "Hai confermato la casella: è in attesa di approvazione. Poi ti scriviamo l'esito.",
    "Sie haben das Postfach bestätigt: die Genehmigung steht aus. Dann teilen wir Ihnen das Ergebnis mit.",
    "You have confirmed the mailbox: it awaits approval. Then we write to you about the outcome.",
);
pub(super) const CASE_CLOSED: Words =
    Words::new("La pratica è conclusa.", "Das Verfahren ist abgeschlossen.", "The case is closed.");
pub(super) const REQUEST_EXAMINED: Words = Words::new(
    "L'ufficio esamina la richiesta e ti scrive l'esito.",
    "Das Amt prüft den Antrag und teilt Ihnen das Ergebnis mit.",
    "The office examines the request and writes to you about the outcome.",
);
pub(super) const RESUMED_WHEN_SENT: Words = Words::new(
    "Quando ci mandi quello che manca, l'ufficio riprende a lavorare alla tua richiesta.",
    "Sobald Sie schicken, was fehlt, arbeitet das Amt an Ihrem Antrag weiter.",
    "When you send what is missing, the office goes on with your request.",
);
pub(super) const NOBODY_ELSE_HAS_IT: Words = Words::new(
    "Non lo possiamo avere da un altro ufficio pubblico.",
    "Wir können es von keinem anderen öffentlichen Amt bekommen.",
    "We cannot have it from another public office.",
);

/// For the citizen: what was given once is asked again. `why`: in the office's words, which are Italian.
pub(super) fn held_already(why: &str, language: Language) -> String {
    const WORDS: Words = Words::new(
        "Lo abbiamo già, ma ci serve di nuovo: {}.",
        "Wir haben es schon, brauchen es aber noch einmal: {}.",
        "We have it already, but we need it again: {}.",
    );
    WORDS.in_language(language).replacen("{}", &italian(why.trim_end_matches('.'), language), 1)
}

/// As one body says it to another: the words of this file call by «tu». What a procedure's file says stays as it is.
pub(super) fn make_formal(values: &mut Value) {
    let text = |values: &Value, name: &str| values.get(name).and_then(Value::as_str).map(String::from);
    if let Some(next) = text(values, "prossimo_passo").and_then(|next| formal(&next)) {
        put(values, "prossimo_passo", next.into());
    }
    if let Some(silence) = text(values, "effetto_silenzio") {
        put(values, "effetto_silenzio", silence.replace("puoi chiedere", "si può chiedere").into());
    }
}

fn formal(next: &str) -> Option<&'static str> {
    const EXAMINED: &str = "L'ufficio esamina la richiesta e ne comunica l'esito.";
    let said = [
        (REQUEST_EXAMINED, EXAMINED),
        (CASE_EXAMINED, EXAMINED),
        (SEND_WHAT_IS_MISSING, "Si attende quanto richiesto."),
        (RESUMED_WHEN_SENT, "Ricevuto quanto richiesto, l'ufficio riprende l'esame."),
        (WEIGHED, "L'ufficio valuta quanto trasmesso e ne tiene conto nella decisione."),
    ];
    said.into_iter().find(|(usual, _)| usual.in_language(Language::It) == next).map(|(_, formal)| formal)
}

/// Something that is held already, and where: for who gave it.
pub(super) fn at_hand(at: &AtHand, language: Language) -> String {
    const DOCUMENT: Words = Words::new("«{}», fascicolo {n}, {day}", "«{}», Akt {n}, {day}", "«{}», file {n}, {day}");
    const DATUM: Words =
        Words::new("{}, nel registro dal {day}", "{}, im Register seit: {day}", "{}, in the register since {day}");
    let words = if at.dossier.is_some() { DOCUMENT } else { DATUM };
    let number = at.dossier.as_deref().map(check::shown).unwrap_or_default();
    let day = reply::day_in(at.since, language);
    words.in_language(language).replace("{n}", &number).replace("{day}", &day).replacen("{}", &at.what, 1)
}

/// What is held is asked for only to be confirmed.
pub(super) fn still_right(held: &str, language: Language) -> String {
    const WORDS: Words = Words::new(
        "Lo abbiamo già: {}. Se va ancora bene non mandarlo: rispondi «già agli atti».",
        "Wir haben es schon: {}. Wenn es noch gilt, schicken Sie es nicht: antworten Sie «già agli atti».",
        "We have it already: {}. If it is still right do not send it: answer «già agli atti».",
    );
    WORDS.in_language(language).replacen("{}", held, 1)
}

/// For the citizen: a request of a ranking that came too early or too late is answered too (L. 241/1990 art. 2 c. 1). `why`: with
/// the day, in Italian.
pub(super) fn out_of_time(why: &str, language: Language) -> String {
    const WORDS: Words = Words::new(
        "La domanda è fuori tempo: {}. Non entra in graduatoria; l'ufficio la guarda e ti scrive.",
        "Ihr Antrag ist nicht in der vorgesehenen Zeit gekommen: {}. Er kommt nicht in die Rangliste; das Amt prüft ihn und schreibt Ihnen.",
        "Your request did not come within the set time: {}. It does not enter the ranking; the office looks at it and writes to you.",
    );
    WORDS.in_language(language).replacen("{}", &italian(why, language), 1)
}

/// A document came into the dossier: its name at `{}`.
pub(super) const DOCUMENT_CAME: Words =
    Words::new("Arrivato il documento «{}»", "Dokument «{}» eingegangen", "The document «{}» has arrived");

pub(super) const MORE_EVENTS: Words =
    Words::new("Altri {} passi, fino a questo", "Weitere {} Schritte, bis zu diesem", "{} more steps, up to this one");

/// The name of the file that the receipt takes along.
pub(super) const RECEIPT_FILE: Words = Words::new("ricevuta", "empfangsbestaetigung", "receipt");
/// What becomes of a file that arrived.
pub(super) const FILE_RECEIVED: Words = Words::new("ricevuto", "erhalten", "received");
pub(super) const FILE_EMPTY: Words =
    Words::new("ricevuto, ma è vuoto", "erhalten, aber leer", "received, but it is empty");
pub(super) const FILE_PROGRAM: Words = Words::new(
    "ricevuto, ma è un programma e non lo apriamo: manda il documento in Pdf",
    "erhalten, aber es ist ein Programm und wird nicht geöffnet: schicken Sie das Dokument als Pdf",
    "received, but it is a program and we do not open it: send the document as a Pdf",
);
pub(super) const FILE_LOCKED: Words = Words::new(
    "ricevuto, ma ha una password e non lo possiamo leggere: mandalo senza",
    "erhalten, aber mit einem Passwort gesperrt und nicht lesbar: schicken Sie es ohne",
    "received, but it has a password and we cannot read it: send it without one",
);
/// No number was written.
pub(super) const NO_NUMBER: Words = Words::new("nessuno", "keine", "none");

/// Its check letters are another number's.
pub(super) const SLIP: Words = Words::new(
    crate::dossier::check::SLIP,
    "Nummer nicht erkannt, vielleicht ein Tippfehler",
    "number not recognised, perhaps a typing error",
);

/// What is missing, and why it is needed. `None`: a need that only the rules know, shown by its name.
pub(super) fn gap(need: &str) -> Option<(Words, Words)> {
    Some(match need {
        "codice_fiscale" => (
            Words::new("Il tuo codice fiscale", "Ihre Steuernummer (codice fiscale)", "Your tax code (codice fiscale)"),
            Words::new(
                "Nel messaggio manca o non è corretto. Serve per trovarti nei nostri archivi senza errori.",
                "In der Nachricht fehlt sie oder ist nicht richtig. Wir brauchen sie, um Sie ohne Fehler in unseren Archiven zu finden.",
                "It is missing in the message, or not right. We need it to find you in our archives without mistakes.",
            ),
        ),
        "identity" => (
            Words::new("Una prova di chi sei", "Ein Nachweis, wer Sie sind", "A proof of who you are"),
            Words::new(
                "Serve per essere sicuri che la richiesta sia tua.",
                "Damit wir sicher sind, dass der Antrag von Ihnen ist.",
                "We need it to be sure that the request is yours.",
            ),
        ),
        "dossier" => (
            Words::new("Il numero del fascicolo", "Die Nummer des Akts", "The number of the file"),
            Words::new(
                "Serve per unire il messaggio alla pratica giusta.",
                "Damit die Nachricht zum richtigen Akt kommt.",
                "We need it to put the message into the right file.",
            ),
        ),
        "attachment" => (
            Words::new("I documenti in allegato", "Die Unterlagen als Anhang", "The documents, attached"),
            Words::new(
                "Nel messaggio non ci sono allegati. La legge li chiede per questa richiesta.",
                "Die Nachricht hat keine Anhänge. Das Gesetz verlangt sie für diesen Antrag.",
                "The message has no attachments. The law wants them for this request.",
            ),
        ),
        _ => return None,
    })
}

/// Why another need is asked for.
pub(super) const NEEDED: Words = Words::new(
    "Serve per trattare la richiesta.",
    "Wir brauchen es, um den Antrag zu bearbeiten.",
    "We need it to work on the request.",
);

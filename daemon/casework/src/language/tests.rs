//! Which language a text shows.

use super::{Language, written};

const ITALIAN: [&str; 10] = [
    "Buongiorno, vorrei sapere a che punto è la mia pratica di residenza. Grazie, cordiali saluti",
    "Il sottoscritto Mario Rossi chiede il rilascio di una copia degli atti del procedimento",
    "Mi sono trasferita in via delle Rose 10, allego il modulo compilato e la carta d'identità.",
    "Con la presente chiedo l'iscrizione di mia figlia al nido comunale per il prossimo anno",
    "Non ho ancora ricevuto la risposta alla domanda che ho mandato il 3 febbraio.",
    "Si comunica che la società ha cambiato sede legale; si allega la visura della camera di commercio",
    "Spett.le ufficio, ho ricevuto la multa ma l'auto non era la mia. Chiedo l'annullamento del verbale.",
    "Vi mando i documenti che mi avete chiesto nella lettera del 4 marzo. Distinti saluti",
    // Names of people, streets and firms of another language.
    "Il sottoscritto Hans Müller, nato a Bolzano, residente in Dr.-Streiter-Gasse 12, socio della Kofler und Söhne GmbH & Co. KG, chiede il rinnovo del permesso di sosta",
    "Lavoro per la The House of Design and Living Ltd: vorrei una copia del contratto che è stato firmato con il Comune",
];

const GERMAN: [&str; 10] = [
    "Sehr geehrte Damen und Herren, ich möchte wissen, wie der Stand meiner Akte ist. Mit freundlichen Grüßen",
    "Hiermit ersuche ich um die Eintragung der neuen Adresse. Die Unterlagen sind im Anhang. Danke für Ihre Hilfe, ich bin bei Fragen erreichbar",
    "Ich bin nach Meran gezogen und habe eine neue Adresse. Was muss ich noch schicken? Anbei mein Ausweis.",
    "Bitte teilen Sie mir mit, wann das Verfahren abgeschlossen ist und ob noch etwas fehlt.",
    "Wir haben den Bescheid nicht erhalten. Können Sie ihn uns noch einmal an diese Adresse schicken?",
    "Guten Tag, ich habe die Gebühr für den Kindergarten bezahlt und schicke Ihnen die Bestätigung der Bank.",
    "Mein Mann und ich möchten das Kind im Kindergarten von Brixen einschreiben. Wie ist die Frist?",
    "Der Unterfertigte ersucht um Einsicht in die Akten des Verfahrens Nr. 12 und um eine Kopie des Gutachtens, das auf der Seite 4 ist.",
    // Names and places in Italian.
    "Ich wohne in der Via della Mendola 3 in Bolzano, mein Name ist Giovanni Della Torre, und ich habe eine Frage zu dem Bescheid.",
    "Wie ist der Stand der Pratica 2026/000123 und wer ist für das Procedimento zuständig? Bitte um eine Antwort an mich.",
];

const ENGLISH: [&str; 10] = [
    "Dear Sir or Madam, I would like to know about the status of my application. Kind regards",
    "Please find attached the documents that you asked for in your letter. Thank you for your help.",
    "Hello, I have moved to a new house and would like to register my address. What should I send to you?",
    "We were fined on the 3rd of March but the car was not in the city that day.",
    "Could you please send me a copy of the contract that was signed with the company?",
    "My daughter will be three in May and we would like to enrol her at the nursery.",
    "I am writing to you about the residence permit of my wife. When can we have an answer?",
    "The fee has been paid by bank transfer and the receipt is attached to this message. Thanks.",
    // Names and places in Italian.
    "I live in Via della Spiga 3 and my landlord is Giovanni Della Torre; please tell me if the contract is with you.",
    "To whom it may concern: the Comune di Esempio has sent me this notice, but I have not been there for years.",
];

/// Short, mixed, or no prose at all: a person reads Italian, the language that every letter has.
const NONE: [&str; 10] = [
    "",
    "Stato della pratica 2026/000123",
    "Danke",
    "Thank you very much",
    "Bitte um Info",
    "IT60X0542811101000000123456",
    "Buongiorno, Guten Tag, Hello",
    "Chiedo il certificato di residenza. Ich ersuche um den Wohnsitznachweis für mich und meine Frau. Grazie, danke, cordiali saluti, freundliche Grüße",
    "李小龙 мой адрес изменился",
    "Bonjour, je voudrais connaître l'état de mon dossier, s'il vous plaît. Merci de votre réponse.",
];

#[test]
fn the_small_words_show_the_language() {
    for (texts, language) in [(ITALIAN, Language::It), (GERMAN, Language::De), (ENGLISH, Language::En)] {
        for text in texts {
            let found = written(text);
            assert_eq!(found.language, Some(language), "{text}: {}", found.why);
        }
    }
}

#[test]
fn what_does_not_show_it_is_not_guessed() {
    for text in NONE {
        let found = written(text);
        assert!(found.language.is_none_or(|language| language.is_italian()), "{text}: {found:?}");
    }
}

#[test]
fn a_long_text_is_not_read_to_its_end() {
    let text = alloc::format!("{}{}", "è ".repeat(10_000), "the and of ".repeat(100_000));
    assert_eq!(written(&text).language, Some(Language::It));
}

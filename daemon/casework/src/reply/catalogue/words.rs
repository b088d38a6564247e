//! Words that do not stand in a template and that a letter needs in each language: what the law wants said, what a list says of
//! itself, samples. It changes when a message gains a language, or a word proves wrong.
//!
//! German as the public bodies of South Tyrol write it (law.md §7; DPR 574/1988).

use super::{Message, Phrase, RECEIPT};
use crate::language::Language;

/// The same words in each language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    it: &'static str,
    de: &'static str,
    en: &'static str,
}

impl Words {
    pub(crate) const fn new(it: &'static str, de: &'static str, en: &'static str) -> Self {
        Self { it, de, en }
    }

    pub(crate) fn in_language(&self, language: Language) -> &'static str {
        match language {
            Language::It => self.it,
            Language::De => self.de,
            Language::En => self.en,
        }
    }
}

/// The mail by which data are corrected (GDPR art. 16; functions S0.10).
pub(super) const DATA_FORM: Words = Words::new(
    "Chiedo di aggiornare questo dato.\nCodice fiscale:\nDato da correggere:\nNuovo valore:\n",
    "Ich ersuche um die Aktualisierung dieser Angabe.\nCodice fiscale:\nZu ändernde Angabe:\nNeuer Wert:\n",
    "Please update this entry.\nCodice fiscale:\nWhat to change:\nNew value:\n",
);
/// The lines of the form of a service: those that the letter shows in its field `modulo`.
pub(super) const SERVICE_FORM: Words = Words::new("{modulo}", "{modulo}", "{modulo}");
/// The mail by which somebody takes part in a procedure (L. 241/1990 art. 10 c. 1 b).
pub(super) const PARTICIPATION_FORM: Words = Words::new(
    "Partecipo al procedimento con questa memoria.\nLe mie osservazioni:\nDocumenti in allegato:\n",
    "Ich beteilige mich am Verfahren mit dieser Stellungnahme.\nMeine Bemerkungen:\nUnterlagen im Anhang:\n",
    "I take part in the procedure with these written comments.\nMy comments:\nAttached documents:\n",
);

/// How many entries a list does not show, at `{}`.
pub(crate) const MORE: Words = Words::new(
    "… e altri {}: l'elenco completo è nel fascicolo",
    "… und {} weitere: die vollständige Liste ist im Akt",
    "… and {} more: the full list is in the file",
);
/// A value of which nothing can be shown.
pub(crate) const EMPTY: Words = Words::new("(vuoto)", "(leer)", "(empty)");

/// The letters of which the program can say every word in each language: of the others a translation would be half Italian.
const LETTERS: [&str; 5] =
    [RECEIPT, "documenti-acquisiti", "stato-pratica", "richiesta-integrazione", "fatture-solo-sdi"];

/// Whether a message can be written in this language.
pub(crate) fn can_be_in(message: &Message, language: Language) -> bool {
    language.is_italian() || LETTERS.contains(&message.name)
}

/// What a template must say ([`Phrase::words`]).
const MUST_SAY: &[Words] = &[
    Words::new("vedere il fascicolo", "akt einsehen", "see the file"),
    Words::new("su carta", "auf papier", "on paper"),
    Words::new("ricorso al tar", "verwaltungsgericht", "administrative court"),
    Words::new("memorie", "stellungnahmen", "written comments"),
];

/// What a template of this language must say, lower case. `None`: nobody has said it in this language yet, so no template can.
pub(crate) fn must_say(phrase: &Phrase, language: Language) -> Option<&'static str> {
    if language.is_italian() {
        return Some(phrase.words);
    }
    MUST_SAY.iter().find(|words| words.it == phrase.words).map(|words| words.in_language(language))
}

/// Samples that a preview shows in the language of the letter. The others are names, numbers, addresses.
const SAMPLES: &[Words] = &[
    Words::new("Ufficio Anagrafe", "Meldeamt", "Registry Office"),
    Words::new(
        "tel. 055 000 000, anagrafe@comune.example, lunedì-venerdì ore 9-12",
        "Tel. 055 000 000, anagrafe@comune.example, Montag-Freitag 9-12 Uhr",
        "tel. 055 000 000, anagrafe@comune.example, Monday-Friday 9-12",
    ),
    Words::new(
        "L'ufficio controlla i dati e ti scrive l'esito.",
        "Das Amt prüft die Daten und teilt Ihnen das Ergebnis mit.",
        "The office checks the data and writes to you.",
    ),
    Words::new(
        "Dichiarazione di cambio di residenza",
        "Erklärung über die Änderung des Wohnsitzes",
        "Declaration of a change of residence",
    ),
    Words::new("in lavorazione", "in Bearbeitung", "being worked on"),
    Words::new(
        "Se non rispondiamo entro quel giorno, la richiesta è accolta (silenzio assenso).",
        "Wenn wir bis zu diesem Tag nicht antworten, gilt Ihr Antrag als angenommen (stillschweigende Zustimmung).",
        "If we do not answer by that day, your request is granted (tacit consent).",
    ),
    Words::new(
        "Segretario generale, segretario@pec.comune.example",
        "Generalsekretär, segretario@pec.comune.example",
        "Secretary general, segretario@pec.comune.example",
    ),
    Words::new("acquisito", "erhalten", "received"),
    Words::new(
        "non leggibile: è protetto da password",
        "nicht lesbar: mit Passwort geschützt",
        "cannot be read: it has a password",
    ),
    Words::new("Richiesta ricevuta", "Antrag eingegangen", "Request received"),
    Words::new("Richiesta assegnata all'ufficio", "Antrag dem Amt zugeteilt", "Request assigned to the office"),
    Words::new("Il tuo codice fiscale", "Ihre Steuernummer", "Your tax code"),
    Words::new("Copia del documento di identità", "Kopie des Personalausweises", "A copy of your identity document"),
    Words::new(
        "Serve per trovarti in anagrafe.",
        "Wir brauchen sie, um Sie im Melderegister zu finden.",
        "We need it to find you in the registry.",
    ),
    Words::new(
        "La richiesta non ha la firma digitale.",
        "Der Antrag ist nicht digital unterschrieben.",
        "The request has no digital signature.",
    ),
];

/// A sample in the language of the letter.
pub(crate) fn sample(text: &'static str, language: Language) -> &'static str {
    SAMPLES.iter().find(|words| words.it == text).map_or(text, |words| words.in_language(language))
}

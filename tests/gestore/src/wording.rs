//! Changes when the Italian sentences of providers change.
//!
//! The texts follow the models of RFC 6109 §3; like the real ones they say nothing that `daticert.xml` does not, and must never be parsed.

use jiff::Timestamp;

use crate::clock::Local;

/// The human part of a message of the provider.
pub(crate) struct Wording {
    pub(crate) title: &'static str,
    pub(crate) lines: Vec<String>,
}

/// What every sentence speaks of.
pub(crate) struct About<'a> {
    pub(crate) at: Timestamp,
    pub(crate) oggetto: &'a str,
    pub(crate) mittente: &'a str,
    pub(crate) identificativo: &'a str,
}

impl About<'_> {
    fn opening(&self) -> String {
        let local = Local::in_italy(self.at);
        format!(
            "Il giorno {} alle ore {} ({}) il messaggio \"{}\" proveniente da \"{}\"",
            local.giorno(),
            local.ora(),
            local.zona(),
            self.oggetto,
            self.mittente
        )
    }

    fn say(&self, title: &'static str, middle: Vec<String>) -> Wording {
        let mut lines = vec![self.opening()];
        lines.extend(middle);
        lines.push(format!("Identificativo messaggio: {}", self.identificativo));
        Wording { title, lines }
    }

    pub(crate) fn accettazione(&self, destinatari: &[(&str, bool)]) -> Wording {
        let mut middle = vec!["ed indirizzato a:".to_string()];
        middle.extend(destinatari.iter().map(|(address, certified)| {
            format!("{address} (\"{}\")", if *certified { "posta certificata" } else { "posta ordinaria" })
        }));
        middle.push("è stato accettato dal sistema ed inoltrato.".into());
        self.say("Ricevuta di accettazione", middle)
    }

    pub(crate) fn non_accettazione(&self, why: &str) -> Wording {
        let middle =
            vec!["non è stato accettato.".into(), format!("Errore: {why}."), "Il messaggio non sarà inoltrato.".into()];
        self.say("Avviso di non accettazione", middle)
    }

    pub(crate) fn busta(&self, destinatari: &[(&str, bool)]) -> Wording {
        let mut middle = vec!["è stato inviato, indirizzato a:".to_string()];
        middle.extend(destinatari.iter().map(|(address, _)| (*address).to_string()));
        middle.push("Il messaggio originale è incluso in allegato.".into());
        self.say("Messaggio di posta certificata", middle)
    }

    pub(crate) fn consegna(&self, recipient: &str, with_original: bool) -> Wording {
        let mut middle = vec![
            format!("ed indirizzato a \"{recipient}\""),
            "è stato consegnato nella casella di destinazione.".into(),
        ];
        if with_original {
            middle.push("Il messaggio originale è incluso in allegato.".into());
        }
        self.say("Ricevuta di avvenuta consegna", middle)
    }

    pub(crate) fn mancata_consegna(&self, recipient: &str, why: &str) -> Wording {
        let middle = vec![
            format!("e destinato all'utente \"{recipient}\""),
            format!("è stato rilevato un errore: {why}."),
            "Il messaggio è stato rifiutato dal sistema.".into(),
        ];
        self.say("Avviso di mancata consegna", middle)
    }

    pub(crate) fn ritardo(&self, recipient: &str, why: &str) -> Wording {
        let middle = vec![format!("e destinato all'utente \"{recipient}\""), format!("{why}.")];
        self.say("Avviso di mancata consegna per superamento dei limiti di tempo", middle)
    }

    pub(crate) fn presa_in_carico(&self, recipients: &[&str]) -> Wording {
        let mut middle = vec!["ed indirizzato a:".to_string()];
        middle.extend(recipients.iter().map(|address| (*address).to_string()));
        middle.push("è stato accettato dal sistema.".into());
        self.say("Ricevuta di presa in carico", middle)
    }

    pub(crate) fn virus(&self) -> Wording {
        self.say(
            "Avviso di rilevazione virus informatico",
            vec!["contiene un virus informatico: non sarà consegnato.".into()],
        )
    }

    pub(crate) fn anomalia(&self, recipient: &str) -> Wording {
        let local = Local::in_italy(self.at);
        Wording {
            title: "Anomalia nel messaggio",
            lines: vec![
                format!(
                    "Il giorno {} alle ore {} ({}) è stato ricevuto il messaggio \"{}\" proveniente da \"{}\"",
                    local.giorno(),
                    local.ora(),
                    local.zona(),
                    self.oggetto,
                    self.mittente
                ),
                format!("ed indirizzato a \"{recipient}\"."),
                "Tali dati non sono stati certificati per il seguente errore: il messaggio non proviene dalla posta certificata.".into(),
                "Il messaggio originale è incluso in allegato.".into(),
            ],
        }
    }
}

impl Wording {
    pub(crate) fn text(&self) -> String {
        format!("{}\n\n{}\n", self.title, self.lines.join("\n"))
    }

    /// No images, scripts or links (RFC 6109 §4.3.1).
    pub(crate) fn html(&self) -> String {
        let escaped =
            |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let lines: Vec<String> = self.lines.iter().map(|line| escaped(line)).collect();
        format!(
            "<html>\n<head><title>{0}</title></head>\n<body>\n<h3>{0}</h3>\n<hr><br>\n{1}<br>\n</body>\n</html>\n",
            escaped(self.title),
            lines.join("<br>\n")
        )
    }
}

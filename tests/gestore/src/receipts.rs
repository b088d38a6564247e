//! Changes when what follows acceptance changes: delivery, failure, delay, virus, taking in charge, anomaly (RFC 6109 §3.1.6, §3.2, §3.3).

use jiff::Timestamp;

use crate::Result;
use crate::access::{inherit, same_address};
use crate::breve;
use crate::carriage::Carriage;
use crate::clock::Local;
use crate::provider::{Certification, Provider, named, subject};
use crate::reading::{Message, with_crlf};
use crate::seal::{Draft, Sealed};
use crate::wording::About;

/// Why a message was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `errore="no-dest"`: no such mailbox.
    NoDest,
    /// `errore="no-dominio"`: no such domain.
    NoDominio,
    /// `errore="altro"`: anything else; some providers say it of unknown mailboxes too (pec.md §4).
    Altro,
}

/// Which of the two notices of delay (both are `preavviso-errore-consegna`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// After 12 hours: not yet.
    TwelveHours,
    /// After 24 hours: it counts as not delivered.
    TwentyFourHours,
}

impl Provider {
    /// *Ricevuta di avvenuta consegna* by the recipient's provider: `completa`, `breve` or `sintetica` as the sender asked,
    /// and `sintetica` for who stands in Cc (RFC 6109 §3.3.2).
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn delivery(&self, carriage: &Carriage, recipient: &str, at: Timestamp) -> Result<Sealed> {
        let only_copy = carriage.destinatari.iter().any(|known| known.copy && same_address(&known.address, recipient));
        let postacert = match carriage.ricevuta {
            "completa" if !only_copy => Some(carriage.original.clone()),
            "breve" if !only_copy => Some(breve::shorten(&carriage.original)),
            _ => None,
        };
        let words = self.about(carriage, at).consegna(recipient, postacert.is_some());
        let certification =
            Certification { ricevuta: true, consegna: Some(recipient), postacert, ..Certification::default() };
        self.receipt(carriage, "avvenuta-consegna", "CONSEGNA: ", words, certification, at)
    }

    /// *Avviso di mancata consegna* by the recipient's provider (§3.3.3).
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn non_delivery(
        &self,
        carriage: &Carriage,
        recipient: &str,
        failure: Failure,
        at: Timestamp,
    ) -> Result<Sealed> {
        let (errore, status, why) = match failure {
            Failure::NoDest => ("no-dest", "5.1.1", "indirizzo non valido"),
            Failure::NoDominio => ("no-dominio", "5.1.2", "dominio inesistente"),
            Failure::Altro => ("altro", "5.2.0", "casella non disponibile"),
        };
        let words = self.about(carriage, at).mancata_consegna(recipient, why);
        let certification = Certification {
            errore,
            consegna: Some(recipient),
            errore_esteso: Some(self.extended(status, why)),
            ..Certification::default()
        };
        self.receipt(carriage, "errore-consegna", "AVVISO DI MANCATA CONSEGNA: ", words, certification, at)
    }

    /// *Avviso di mancata consegna per superamento dei tempi massimi* by the sender's provider (§3.1.6); call it with the right `at`.
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn delay_notice(&self, carriage: &Carriage, recipient: &str, delay: Delay, at: Timestamp) -> Result<Sealed> {
        let (status, why) = match delay {
            Delay::TwelveHours => (
                "4.4.7",
                "il messaggio non è stato consegnato nelle prime dodici ore dal suo invio; si prosegue nei tentativi per altre dodici ore",
            ),
            // "5.4.1" is how readers tell the final one (pec.md §7).
            Delay::TwentyFourHours => {
                ("5.4.1", "il messaggio non è stato consegnato nelle prime ventiquattro ore dal suo invio")
            }
        };
        let words = self.about(carriage, at).ritardo(recipient, why);
        let certification = Certification {
            errore: "altro",
            consegna: Some(recipient),
            errore_esteso: Some(self.extended(status, why)),
            ..Certification::default()
        };
        let prefix = "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO: ";
        self.receipt(carriage, "preavviso-errore-consegna", prefix, words, certification, at)
    }

    /// *Avviso di non accettazione per virus* by the sender's provider (§3.1.3). The carriage is that of a message which
    /// [`Provider::submit`] would have taken.
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn non_acceptance_virus(&self, carriage: &Carriage, at: Timestamp) -> Result<Sealed> {
        let certification = Certification { extra_header: SECURITY_ERROR, ..self.virus() };
        let words = self.about(carriage, at).virus();
        self.receipt(carriage, "non-accettazione", "AVVISO DI NON ACCETTAZIONE PER VIRUS: ", words, certification, at)
    }

    /// *Avviso di mancata consegna per virus* by the sender's provider (§3.2.4).
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn non_delivery_virus(&self, carriage: &Carriage, recipient: &str, at: Timestamp) -> Result<Sealed> {
        let certification = Certification { extra_header: SECURITY_ERROR, consegna: Some(recipient), ..self.virus() };
        let words = self.about(carriage, at).virus();
        self.receipt(carriage, "errore-consegna", "AVVISO DI MANCATA CONSEGNA PER VIRUS: ", words, certification, at)
    }

    /// *Avviso di rilevazione virus* from the recipient's provider to the sender's, `to` (§3.2.3). Users never see one.
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn virus_found(&self, carriage: &Carriage, recipient: &str, to: &Provider, at: Timestamp) -> Result<Sealed> {
        let service = to.service_mailbox();
        let certification = Certification {
            extra_header: Some(("X-Mittente", &carriage.mittente)),
            consegna: Some(recipient),
            to: Some(&service),
            ..self.virus()
        };
        let words = self.about(carriage, at).virus();
        self.receipt(carriage, "rilevazione-virus", "PROBLEMA DI SICUREZZA: ", words, certification, at)
    }

    /// *Ricevuta di presa in carico* from the recipients' provider to the sender's, `to` (§3.2.1). Users never see one.
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn presa_in_carico(
        &self,
        carriage: &Carriage,
        recipients: &[&str],
        to: &Provider,
        at: Timestamp,
    ) -> Result<Sealed> {
        let service = to.service_mailbox();
        let words = self.about(carriage, at).presa_in_carico(recipients);
        let certification =
            Certification { ricezione: recipients.to_vec(), to: Some(&service), ..Certification::default() };
        self.receipt(carriage, "presa-in-carico", "PRESA IN CARICO: ", words, certification, at)
    }

    /// *Busta di anomalia* by the recipient's provider around an ordinary mail, or around anything else that failed its checks
    /// (§3.2.2). It keeps the mail's Message-ID and has no `daticert.xml`.
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn anomaly(&self, raw: &[u8], mail_from: &str, rcpt_to: &[String], at: Timestamp) -> Result<Sealed> {
        let raw = with_crlf(raw);
        let message = Message::read(&raw);
        let sender = message.addresses("From").into_iter().next().unwrap_or_else(|| mail_from.to_string());
        let oggetto = message.decoded("Subject").unwrap_or_default();
        let kept =
            message.text("Message-ID").map(|id| id.trim_matches(['<', '>']).to_string()).filter(|id| !id.is_empty());
        let message_id = match kept {
            Some(kept) => kept,
            None => self.identifier(at)?,
        };
        let recipient = rcpt_to.join(", ");
        let words =
            About { at, oggetto: &oggetto, mittente: &sender, identificativo: &message_id }.anomalia(&recipient);
        let headers = vec![
            ("Subject", subject("ANOMALIA MESSAGGIO: ", &oggetto)),
            ("Date", Local::in_italy(at).rfc5322()),
            ("From", format!("\"Per conto di: {sender}\" <{}>", self.address())),
            ("Reply-To", message.text("Reply-To").unwrap_or(sender.clone())),
            ("X-Trasporto", "errore".to_string()),
        ];
        let draft = Draft {
            inherited: inherit(&message),
            headers: named(headers),
            text: words.text(),
            html: words.html(),
            daticert: None,
            postacert: Some(raw.clone()),
        };
        self.seal_as(draft, &message_id, mail_from, rcpt_to.to_vec(), at)
    }

    /// Where other providers send receipts of taking in charge and virus notices.
    #[must_use]
    pub fn service_mailbox(&self) -> String {
        format!("ricevute@{}", self.host)
    }

    fn virus(&self) -> Certification<'static> {
        let errore_esteso = Some(self.extended("5.5.1", "presenza di un virus nel messaggio"));
        Certification { errore: "virus", errore_esteso, ..Certification::default() }
    }
}

/// Marks the two virus notices that reach users (pec.md §2).
const SECURITY_ERROR: Option<(&str, &str)> = Some(("X-VerificaSicurezza", "errore"));

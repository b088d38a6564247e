//! Changes when the access point changes: formal checks, acceptance, the transport envelope (RFC 6109 §3.1).

use jiff::Timestamp;

use crate::access::{formal_fault, inherit, requested, same_address, stamp};
use crate::authority::simulated;
use crate::carriage::{Carriage, Directory, Recipient};
use crate::clock::Local;
use crate::codec::header_text;
use crate::daticert::Daticert;
use crate::identifier::Mint;
use crate::reading::{Message, with_crlf};
use crate::seal::{self, Draft, Sealed};
use crate::style::Style;
use crate::wording::{About, Wording};
use crate::{Result, Signer};

/// A certified-mail provider. Cloning is cheap and shares the source of identifiers.
#[derive(Clone, Debug)]
pub struct Provider {
    /// *gestore-emittente*; always begins with `SIMULAZIONE`.
    pub name: String,
    /// The host of its service address and of its identifiers.
    pub host: String,
    /// How it writes.
    pub style: Style,
    pub(crate) signer: Signer,
    directory: Directory,
    identifiers: Mint,
}

/// What the access point answers to a submitted message.
#[derive(Clone, Debug)]
pub enum Submission {
    /// *Avviso di non accettazione*: nothing was sent to anybody.
    Refused(Sealed),
    /// Taken: the receipt for the sender and the envelope for the recipients.
    Accepted {
        /// What every later receipt speaks of.
        carriage: Box<Carriage>,
        /// *Ricevuta di accettazione*.
        acceptance: Sealed,
        /// *Busta di trasporto*: the same bytes for every recipient.
        envelope: Sealed,
    },
}

impl Provider {
    /// A provider that signs with `signer`. [`crate::Authority::provider`] makes one with a right certificate.
    #[must_use]
    pub fn new(name: &str, host: &str, style: Style, signer: Signer) -> Provider {
        Provider {
            name: simulated(name),
            host: host.to_string(),
            style,
            signer,
            directory: Directory::Everybody,
            identifiers: Mint::unpredictable(),
        }
    }

    /// The same provider, knowing which domains are certified.
    #[must_use]
    pub fn with_directory(mut self, directory: Directory) -> Provider {
        self.directory = directory;
        self
    }

    /// The same provider with identifiers that repeat from run to run and the embedded signer: a message sealed at a given time
    /// then has the same bytes every time.
    #[must_use]
    pub fn repeatable(mut self, seed: u64) -> Provider {
        self.identifiers = Mint::repeatable(seed);
        self.signer = self.signer.embedded();
        self
    }

    /// The same provider with other habits.
    #[must_use]
    pub fn with_style(mut self, style: Style) -> Provider {
        self.style = style;
        self
    }

    /// The same provider signing with another key and certificate.
    #[must_use]
    pub fn with_signer(mut self, signer: Signer) -> Provider {
        self.signer = signer;
        self
    }

    /// `posta-certificata@<host>`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("posta-certificata@{}", self.host)
    }

    /// What signs, and its certificate.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The access point: checks a submitted message and seals it (RFC 6109 §3.1).
    ///
    /// # Errors
    /// Only when no signature can be made; a message's own fault is a [`Submission::Refused`].
    pub fn submit(&self, raw: &[u8], mail_from: &str, rcpt_to: &[String], at: Timestamp) -> Result<Submission> {
        let raw = with_crlf(raw);
        let message = Message::read(&raw);
        let carriage = self.carriage(&message, mail_from, rcpt_to, at)?;
        if let Some(why) = formal_fault(&message, raw.len(), mail_from, rcpt_to) {
            return Ok(Submission::Refused(self.non_acceptance(&carriage, why, at)?));
        }
        let acceptance = self.acceptance(&carriage, at)?;
        let envelope = self.envelope(&carriage, &message, mail_from, rcpt_to, at)?;
        Ok(Submission::Accepted { carriage: Box::new(carriage), acceptance, envelope })
    }

    fn carriage(&self, message: &Message<'_>, mail_from: &str, rcpt_to: &[String], at: Timestamp) -> Result<Carriage> {
        let identificativo = self.identifier(at)?;
        let to = message.addresses("To");
        let mut destinatari: Vec<Recipient> = Vec::new();
        let copies = message.addresses("Cc").into_iter().map(|address| (address, true));
        for (address, copy) in to.into_iter().map(|address| (address, false)).chain(copies) {
            if !destinatari.iter().any(|known| same_address(&known.address, &address)) {
                let certified = self.directory.certifies(&address);
                destinatari.push(Recipient { address, certified, copy });
            }
        }
        if destinatari.is_empty() {
            let unnamed = |address: &String| Recipient {
                certified: self.directory.certifies(address),
                address: address.clone(),
                copy: false,
            };
            destinatari = rcpt_to.iter().map(unnamed).collect();
        }
        let msgid = message.text("Message-ID").filter(|msgid| !msgid.is_empty());
        let original = stamp(message, &identificativo, msgid.as_deref(), &self.received(mail_from, at));
        Ok(Carriage {
            mittente: mail_from.to_string(),
            destinatari,
            risposte: message.addresses("Reply-To").into_iter().next().unwrap_or_else(|| mail_from.to_string()),
            oggetto: message.decoded("Subject").unwrap_or_default(),
            identificativo,
            msgid,
            ricevuta: requested(message),
            original,
        })
    }

    fn acceptance(&self, carriage: &Carriage, at: Timestamp) -> Result<Sealed> {
        let words = self.about(carriage, at).accettazione(&carriage.recipients());
        self.receipt(carriage, "accettazione", "ACCETTAZIONE: ", words, Certification::default(), at)
    }

    fn non_acceptance(&self, carriage: &Carriage, why: &str, at: Timestamp) -> Result<Sealed> {
        let words = self.about(carriage, at).non_accettazione(why);
        let certification = Certification {
            errore: "altro",
            errore_esteso: Some(self.extended("5.7.1", why)),
            ..Certification::default()
        };
        self.receipt(carriage, "non-accettazione", "AVVISO DI NON ACCETTAZIONE: ", words, certification, at)
    }

    /// §3.1.5: Received, To, Cc, Return-Path inherited unchanged; Reply-To the original's or the sender.
    fn envelope(
        &self,
        carriage: &Carriage,
        message: &Message<'_>,
        mail_from: &str,
        rcpt_to: &[String],
        at: Timestamp,
    ) -> Result<Sealed> {
        let mut headers = vec![
            ("Subject", subject("POSTA CERTIFICATA: ", &carriage.oggetto)),
            ("Date", Local::in_italy(at).rfc5322()),
            ("From", format!("\"Per conto di: {mail_from}\" <{}>", self.address())),
            ("Reply-To", message.text("Reply-To").unwrap_or_else(|| mail_from.to_string())),
            ("X-Trasporto", "posta-certificata".to_string()),
        ];
        headers.extend(carriage.msgid.clone().map(|msgid| ("X-Riferimento-Message-ID", msgid)));
        if self.style.tipo_ricevuta_always || message.all("X-TipoRicevuta").next().is_some() {
            headers.push(("X-TipoRicevuta", carriage.ricevuta.to_string()));
        }
        let words = self.about(carriage, at).busta(&carriage.recipients());
        let certification = Certification { ricevuta: true, ..Certification::default() };
        let mut inherited = self.received(mail_from, at).into_bytes();
        inherited.extend(inherit(message));
        let draft = Draft {
            inherited,
            headers: named(headers),
            text: words.text(),
            html: words.html(),
            daticert: Some(self.daticert(carriage, "posta-certificata", &certification, at)),
            postacert: Some(carriage.original.clone()),
        };
        self.seal_as(draft, &carriage.identificativo, mail_from, rcpt_to.to_vec(), at)
    }

    /// Signs a draft of any content as a message of this provider, adding its Message-ID. For messages that obey no rule.
    ///
    /// # Errors
    /// When no signature can be made.
    pub fn seal(&self, draft: Draft, mail_from: &str, rcpt_to: &[String], at: Timestamp) -> Result<Sealed> {
        let id = self.identifier(at)?;
        self.seal_as(draft, &id, mail_from, rcpt_to.to_vec(), at)
    }

    pub(crate) fn seal_as(
        &self,
        mut draft: Draft,
        id: &str,
        mail_from: &str,
        rcpt_to: Vec<String>,
        at: Timestamp,
    ) -> Result<Sealed> {
        draft.headers.push(("Message-ID".into(), format!("<{id}>")));
        let (raw, tool) = seal::assemble(&draft, &self.style, &self.signer, id, at)?;
        Ok(Sealed { raw, message_id: id.to_string(), mail_from: mail_from.to_string(), rcpt_to, tool })
    }

    /// A receipt or notice to the sender: text and `daticert.xml` (RFC 6109 §3.1.4 and like it).
    pub(crate) fn receipt(
        &self,
        carriage: &Carriage,
        ricevuta: &'static str,
        prefix: &str,
        words: Wording,
        certification: Certification<'_>,
        at: Timestamp,
    ) -> Result<Sealed> {
        let from = if self.style.receipt_display_name {
            format!("\"Posta Certificata {}\" <{}>", self.name, self.address())
        } else {
            self.address()
        };
        let to = certification.to.unwrap_or(&carriage.mittente).to_string();
        let mut headers = vec![("Subject", subject(prefix, &carriage.oggetto)), ("X-Ricevuta", ricevuta.to_string())];
        headers.extend(certification.extra_header.map(|(name, value)| (name, value.to_string())));
        headers.extend(carriage.msgid.clone().map(|msgid| ("X-Riferimento-Message-ID", msgid)));
        headers.extend([("Date", Local::in_italy(at).rfc5322()), ("From", from), ("To", to.clone())]);
        let draft = Draft {
            headers: named(headers),
            text: words.text(),
            html: words.html(),
            daticert: Some(self.daticert(carriage, ricevuta, &certification, at)),
            postacert: certification.postacert,
            ..Draft::default()
        };
        self.seal(draft, &self.address(), &[to], at)
    }

    fn daticert(&self, carriage: &Carriage, tipo: &str, certification: &Certification<'_>, at: Timestamp) -> Vec<u8> {
        Daticert {
            tipo,
            errore: certification.errore,
            mittente: &carriage.mittente,
            destinatari: carriage.recipients(),
            risposte: &carriage.risposte,
            oggetto: &carriage.oggetto,
            gestore_emittente: &self.name,
            at,
            identificativo: &carriage.identificativo,
            msgid: carriage.msgid.as_deref(),
            ricevuta: certification.ricevuta.then_some(carriage.ricevuta),
            consegna: certification.consegna,
            ricezione: certification.ricezione.clone(),
            errore_esteso: certification.errore_esteso.clone(),
        }
        .xml(&self.style)
    }

    pub(crate) fn about<'a>(&self, carriage: &'a Carriage, at: Timestamp) -> About<'a> {
        About { at, oggetto: &carriage.oggetto, mittente: &carriage.mittente, identificativo: &carriage.identificativo }
    }

    /// `errore-esteso` as providers write it by habit (pec.md §4): `<status> - <provider> - <text>`.
    pub(crate) fn extended(&self, status: &str, why: &str) -> String {
        format!("{status} - {} - {why}", self.name)
    }

    pub(crate) fn received(&self, from: &str, at: Timestamp) -> String {
        let host = &self.host;
        format!(
            "Received: from client.test (client.test [192.0.2.1])\r\n\tby smtps.{host} with ESMTPSA\r\n\t(envelope-from <{from}>); {}\r\n",
            Local::in_italy(at).rfc5322()
        )
    }

    /// A new identifier in this provider's shape.
    pub(crate) fn identifier(&self, at: Timestamp) -> Result<String> {
        self.identifiers.next(self.style.identifiers, &self.host, at)
    }
}

/// What differs between receipts.
pub(crate) struct Certification<'a> {
    pub(crate) errore: &'a str,
    /// Whether `daticert.xml` says which receipt the sender asked for: envelope and delivery receipts do.
    pub(crate) ricevuta: bool,
    pub(crate) consegna: Option<&'a str>,
    pub(crate) ricezione: Vec<&'a str>,
    pub(crate) errore_esteso: Option<String>,
    pub(crate) extra_header: Option<(&'a str, &'a str)>,
    /// Where it goes, if not to the sender.
    pub(crate) to: Option<&'a str>,
    pub(crate) postacert: Option<Vec<u8>>,
}

impl Default for Certification<'_> {
    fn default() -> Self {
        Certification {
            errore: "nessuno",
            ricevuta: false,
            consegna: None,
            ricezione: Vec::new(),
            errore_esteso: None,
            extra_header: None,
            to: None,
            postacert: None,
        }
    }
}

/// Prefix and original subject; the prefix is always readable, the rest encoded where it must be.
pub(crate) fn subject(prefix: &str, oggetto: &str) -> String {
    let oggetto: String =
        oggetto.chars().map(|letter| if matches!(letter, '\r' | '\n') { ' ' } else { letter }).collect();
    format!("{prefix}{}", header_text(&oggetto))
}

pub(crate) fn named(headers: Vec<(&str, String)>) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

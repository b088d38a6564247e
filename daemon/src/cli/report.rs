//! The report of one examination, for people and for programs. It changes when what is said of a message changes; what is
//! found in it is crate `pec`'s.

pub(crate) mod json;
mod sentence;
pub(crate) mod text;

use jiff::Timestamp;
use pec::wire::PER_CONTO_DI;
use pec::{Content, Daticert, Evidence, Examined, Signer, Verdict};

/// What a report tells of a message: from the signed data where a provider signed some, else as the headers claim.
pub(crate) struct Facts<'a> {
    pub(crate) seen: &'a Examined,
    /// What a provider certified. Of a message that is not certified (it contradicts itself, or is about nothing that we
    /// sent) these are still the words which the provider signed.
    pub(crate) daticert: Option<&'a Daticert>,
    /// The message that a person wrote.
    pub(crate) content: Option<&'a Content>,
    /// Who signed, of a certified message.
    pub(crate) signer: Option<&'a Signer>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(seen: &'a Examined) -> Self {
        let (daticert, content, signer) = match &seen.verdict {
            Verdict::Unproven(unproven) => (unproven.daticert.as_ref(), unproven.content.as_ref(), None),
            Verdict::Certified(certified) => {
                let (daticert, content) = match certified.evidence() {
                    Evidence::Envelope { daticert, message } => (Some(daticert), Some(message)),
                    Evidence::Receipt { daticert, .. } => (Some(daticert), None),
                    Evidence::Anomaly { message } => (None, Some(message)),
                };
                (daticert, content, Some(certified.signer()))
            }
        };
        Self { seen, daticert, content, signer }
    }

    /// Where sender, recipients, date and PEC id come from.
    pub(crate) fn source(&self) -> &'static str {
        if self.daticert.is_some() { "signed" } else { "claimed" }
    }

    /// Who sent the message: of a receipt, the message that it is about.
    pub(crate) fn sender(&self) -> Option<&'a str> {
        if let Some(daticert) = self.daticert {
            return Some(&daticert.mittente);
        }
        let author = self.content?.from.first()?;
        let behalf = author.name.get(..PER_CONTO_DI.len()).filter(|p| p.eq_ignore_ascii_case(PER_CONTO_DI));
        let on_behalf_of = behalf.and_then(|prefix| author.name.get(prefix.len()..)).map(str::trim);
        Some(on_behalf_of.filter(|name| !name.is_empty()).unwrap_or(&author.address))
    }

    /// To whom.
    pub(crate) fn recipients(&self) -> Vec<&'a str> {
        match (self.daticert, self.content) {
            (Some(daticert), _) => daticert.destinatari.iter().map(|d| d.address.as_str()).collect(),
            (None, Some(content)) => content.to.iter().chain(&content.cc).map(|m| m.address.as_str()).collect(),
            (None, None) => Vec::new(),
        }
    }

    /// The certified instant; of an anomaly envelope, which certifies none, that of its signature; else the Date header.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        let signed = self.daticert.map(|d| d.data).or(self.signer.map(|s| s.at));
        signed.or_else(|| self.content?.date)
    }

    /// The provider: as its certificate says; where the signature certifies nothing, as the signed data say.
    pub(crate) fn provider(&self) -> Option<&'a str> {
        self.signer.map(|s| s.organisation.as_str()).or(self.daticert.map(|d| d.gestore_emittente.as_str()))
    }

    /// The provider's id of the message: of a receipt, of the message that it is about.
    pub(crate) fn pec_id(&self) -> Option<&'a str> {
        self.daticert.map(|d| d.identificativo.as_str())
    }

    /// What the message is proven to be, in the words of the wire.
    pub(crate) fn proven(&self) -> Option<&'a str> {
        match (self.signer, self.daticert) {
            (Some(_), Some(daticert)) => Some(daticert.tipo.word()),
            (Some(_), None) => Some("busta-anomalia"),
            (None, _) => None,
        }
    }
}

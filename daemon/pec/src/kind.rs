//! What a message is, of all the kinds there are (`reference` pec.md §2): as certified where it is, else as it claims.

use crate::content::mailboxes;
use crate::daticert::Daticert;
use crate::examine::OwnMailbox;
use crate::mime::Entity;
use crate::wire::{Errore, Tipo, Trasporto, X_RICEVUTA, X_TRASPORTO, X_VERIFICA_SICUREZZA};
use jiff::{SignedDuration, Timestamp};

/// A second notice of delay comes between 22 h and 24 h after acceptance, the first at 12 h (RFC 6109 §3.1.6).
pub const LAST_NOTICE_AFTER: SignedDuration = SignedDuration::from_hours(22);
/// Status by which providers mark the second notice of delay (`reference` pec.md §7).
const LAST_NOTICE_STATUS: &str = "5.4.1";

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $title:literal;)+) => {
        /// The kinds of message that a PEC mailbox holds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($(#[$meta])* $name,)+ }
        impl Kind {
            /// Every kind.
            pub const ALL: &[Kind] = &[$(Kind::$name),+];
            /// Stable English code, used in `--json`. Not a word of the wire: that is [`Tipo`].
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
            /// In Italian, as the decree calls it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

kinds! {
    /// RFC 6109 §3.1.5.
    TransportEnvelope = "transport-envelope", "busta di trasporto";
    /// RFC 6109 §3.2.2.
    AnomalyEnvelope = "anomaly-envelope", "busta di anomalia";
    /// RFC 6109 §3.1.4.
    Acceptance = "acceptance", "ricevuta di accettazione";
    /// For formal reasons, RFC 6109 §3.1.2.
    NonAcceptance = "non-acceptance", "avviso di non accettazione";
    /// RFC 6109 §3.1.3.
    NonAcceptanceVirus = "non-acceptance-virus", "avviso di non accettazione per virus";
    /// Between providers, RFC 6109 §3.2.1.
    TakenInCharge = "taken-in-charge", "ricevuta di presa in carico";
    /// RFC 6109 §3.3.2.
    Delivery = "delivery", "ricevuta di avvenuta consegna";
    /// RFC 6109 §3.3.3.
    NonDelivery = "non-delivery", "avviso di mancata consegna";
    /// RFC 6109 §3.2.4.
    NonDeliveryVirus = "non-delivery-virus", "avviso di mancata consegna per virus";
    /// RFC 6109 §3.1.6, of which nothing says whether it is the first or the second.
    DelayNotice = "delay-notice", "avviso di mancata consegna per superamento dei tempi massimi";
    /// RFC 6109 §3.1.6, the first.
    DelayNotice12 = "delay-notice-12h", "avviso di mancata consegna nelle prime 12 ore";
    /// RFC 6109 §3.1.6, the second and last.
    DelayNotice24 = "delay-notice-24h", "avviso di mancata consegna entro 24 ore";
    /// Between providers, RFC 6109 §3.2.3.
    VirusFound = "virus-found", "avviso di rilevazione di virus";
    /// It says that it is PEC, and not what, or two things at once.
    Unclear = "unclear", "messaggio di tipo non chiaro";
    /// Ordinary mail that says it is from our own provider: quota, renewals (`reference` pec.md §1). A claim.
    ServiceMail = "service-mail", "comunicazione di servizio del gestore";
    /// All else.
    Ordinary = "ordinary", "posta ordinaria";
}

impl Kind {
    /// What the provider certified. `accepted`: when our provider accepted the message that it is about, if known.
    pub(crate) fn certified(data: &Daticert, accepted: Option<Timestamp>) -> Self {
        match (&data.tipo, is_last_notice(data, accepted)) {
            (Tipo::PreavvisoErroreConsegna, Some(true)) => Self::DelayNotice24,
            (Tipo::PreavvisoErroreConsegna, Some(false)) => Self::DelayNotice12,
            (tipo, _) => Self::of(tipo, data.errore == Errore::Virus),
        }
    }

    /// What the fields of `head` claim; `None` if they claim nothing. Not one known marker = `Unclear` (§9.2).
    pub(crate) fn claimed(head: &Entity<'_>) -> Option<Self> {
        let mut markers = head.fields.iter().filter(|f| f.is(X_TRASPORTO) || f.is(X_RICEVUTA));
        let (marker, other) = (markers.next()?, markers.next());
        if other.is_some() || head.cut {
            return Some(Self::Unclear);
        }
        Some(if marker.is(X_TRASPORTO) {
            match Trasporto::read(&marker.text()) {
                Trasporto::PostaCertificata => Self::TransportEnvelope,
                Trasporto::Errore => Self::AnomalyEnvelope,
                Trasporto::Other(_) => Self::Unclear,
            }
        } else {
            match Tipo::read(&marker.text()) {
                // An envelope is never said by X-Ricevuta.
                Tipo::PostaCertificata => Self::Unclear,
                tipo => Self::of(&tipo, says_virus(head)),
            }
        })
    }

    /// Mail that claims nothing: is it at least from the house of one of our providers?
    pub(crate) fn unclaimed(head: &Entity<'_>, ours: &[OwnMailbox]) -> Self {
        let from = head.first("From").map(|f| mailboxes(f.value)).unwrap_or_default();
        let hosts = || ours.iter().filter_map(|own| own.provider_host.as_deref());
        match from.as_slice() {
            [author] if hosts().any(|host| is_of_house(&author.address, host)) => Self::ServiceMail,
            _ => Self::Ordinary,
        }
    }

    fn of(tipo: &Tipo, virus: bool) -> Self {
        match tipo {
            Tipo::PostaCertificata => Self::TransportEnvelope,
            Tipo::Accettazione => Self::Acceptance,
            Tipo::NonAccettazione if virus => Self::NonAcceptanceVirus,
            Tipo::NonAccettazione => Self::NonAcceptance,
            Tipo::PresaInCarico => Self::TakenInCharge,
            Tipo::AvvenutaConsegna => Self::Delivery,
            Tipo::ErroreConsegna if virus => Self::NonDeliveryVirus,
            Tipo::ErroreConsegna => Self::NonDelivery,
            Tipo::PreavvisoErroreConsegna => Self::DelayNotice,
            Tipo::RilevazioneVirus => Self::VirusFound,
            Tipo::Other(_) => Self::Unclear,
        }
    }
}

/// `X-VerificaSicurezza: errore`, by which the notices on viruses are marked (RFC 6109 §3.1.3, §3.2.4).
pub(crate) fn says_virus(head: &Entity<'_>) -> bool {
    head.all(X_VERIFICA_SICUREZZA).any(|f| f.text().eq_ignore_ascii_case("errore"))
}

/// Whether a notice of delay is the second, final one. Both have one `tipo`: the status in `errore-esteso` tells them
/// apart, else the time since acceptance (`reference` pec.md §7). `None`: neither is known.
pub fn is_last_notice(data: &Daticert, accepted: Option<Timestamp>) -> Option<bool> {
    let status = data.errore_esteso.as_deref().and_then(|text| text.trim_start().strip_prefix(LAST_NOTICE_STATUS));
    if status.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())) {
        return Some(true);
    }
    Some(data.data.duration_since(accepted?) >= LAST_NOTICE_AFTER)
}

/// The address is in the domain of which `host` is a part: `pec.gestore.it` and `info@staff.gestore.it` are.
fn is_of_house(address: &str, host: &str) -> bool {
    /// Labels of a domain that somebody registers under `.it`.
    const LABELS: usize = 2;
    let house = |host: &str| -> Option<[alloc::string::String; LABELS]> {
        let mut labels = host.rsplit('.').map(|label| label.trim().to_ascii_lowercase());
        Some([labels.next()?, labels.next()?])
    };
    address.rsplit_once('@').is_some_and(|(_, domain)| house(domain).is_some() && house(domain) == house(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::format;

    #[test]
    fn codes_are_unique_and_stable_in_form() {
        let codes: BTreeSet<_> = Kind::ALL.iter().map(|k| k.code()).collect();
        assert_eq!(codes.len(), Kind::ALL.len());
        assert!(codes.iter().all(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')));
    }

    #[test]
    fn a_header_claims_one_kind_or_is_unclear() {
        let claim = |head: &str| Kind::claimed(&Entity::read(format!("{head}\r\n\r\n").as_bytes())).map(Kind::code);
        for (head, wanted) in [
            ("Subject: POSTA CERTIFICATA: x", None),
            ("X-Riferimento-Message-ID: <m>", None),
            ("X-TRASPORTO: Posta-Certificata", Some("transport-envelope")),
            ("X-Trasporto:\r\n errore", Some("anomaly-envelope")),
            ("X-Ricevuta: errore-consegna", Some("non-delivery")),
            ("X-Ricevuta: errore-consegna\r\nX-VerificaSicurezza: errore", Some("non-delivery-virus")),
            ("X-Ricevuta: non-accettazione\r\nX-VerificaSicurezza: Errore", Some("non-acceptance-virus")),
            ("X-Ricevuta: preavviso-errore-consegna", Some("delay-notice")),
            ("X-Ricevuta: posta-certificata", Some("unclear")),
            ("X-Ricevuta: mancata-consegna", Some("unclear")),
            ("X-Ricevuta: =?utf-8?q?accettazione?=", Some("unclear")),
            ("X-Ricevuta: accettazione\r\nX-Ricevuta: accettazione", Some("unclear")),
            ("X-Trasporto: errore\r\nX-Ricevuta: accettazione", Some("unclear")),
        ] {
            assert_eq!(claim(head), wanted, "{head}");
        }
    }

    #[test]
    fn the_house_of_a_provider_is_its_domain() {
        for (address, wanted) in [
            ("assistenza@pec.gestore.test", true),
            ("info@Staff.GESTORE.test", true),
            ("info@gestore.test", true),
            ("info@evilgestore.test", false),
            ("info@gestore.test.evil.example", false),
            ("info@test", false),
            ("nobody", false),
        ] {
            assert_eq!(is_of_house(address, "pec.gestore.test"), wanted, "{address}");
        }
    }
}

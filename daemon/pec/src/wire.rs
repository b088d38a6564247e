//! The words of the wire, each written once, verbatim (RFC 6109 §3, §4.4, App. A; DM 2 Nov 2005 annex §7).
//!
//! A Rust variant is derived mechanically from its wire value: `avvenuta-consegna` → `AvvenutaConsegna`.

use alloc::string::String;

/// Header that marks an envelope, and its two values (RFC 6109 §3.1.5, §3.2.2).
pub const X_TRASPORTO: &str = "X-Trasporto";
/// Header that marks a receipt or notice (RFC 6109 App. A).
pub const X_RICEVUTA: &str = "X-Ricevuta";
/// Header by which the sender asks for a type of delivery receipt.
pub const X_TIPO_RICEVUTA: &str = "X-TipoRicevuta";
/// Header that carries the Message-ID which the sender's client had set (RFC 6109 §2.2.1).
pub const X_RIFERIMENTO: &str = "X-Riferimento-Message-ID";
/// Header of the virus notices.
pub const X_VERIFICA_SICUREZZA: &str = "X-VerificaSicurezza";
/// Header by which a notice between providers names the sender (RFC 6109 §3.2.3).
pub const X_MITTENTE: &str = "X-Mittente";
/// File name of the certification data (the RFC's `certdata.xml` does not exist on the wire).
pub const DATICERT_XML: &str = "daticert.xml";
/// File name of the certified original.
pub const POSTACERT_EML: &str = "postacert.eml";
/// Local part of every provider's service address.
pub const POSTA_CERTIFICATA: &str = "posta-certificata";
/// Display-name prefix of an envelope's From.
pub const PER_CONTO_DI: &str = "Per conto di: ";

macro_rules! wire_words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A word the rules do not know, kept as it stood.
            Other(String),
        }
        impl $name {
            /// Reads a word; white space around it and letter case do not matter.
            pub fn read(word: &str) -> Self {
                let word = word.trim();
                $(if word.eq_ignore_ascii_case($word) { return Self::$variant; })+
                Self::Other(String::from(word))
            }
            /// The word as it stands on the wire.
            pub fn word(&self) -> &str {
                match self { $(Self::$variant => $word,)+ Self::Other(word) => word }
            }
        }
    };
}

wire_words! {
    /// Value of `X-Trasporto`.
    Trasporto {
        /// Transport envelope (*busta di trasporto*), RFC 6109 §3.1.5.
        PostaCertificata = "posta-certificata",
        /// Anomaly envelope (*busta di anomalia*), RFC 6109 §3.2.2.
        Errore = "errore",
    }
}
wire_words! {
    /// `@tipo` of `daticert.xml`; its receipt values are also those of `X-Ricevuta`.
    Tipo {
        /// Server-user acceptance, §3.1.4.
        Accettazione = "accettazione",
        /// Non-acceptance, §3.1.2 (formal) and §3.1.3 (virus).
        NonAccettazione = "non-accettazione",
        /// Server-server acceptance, between providers, §3.2.1.
        PresaInCarico = "presa-in-carico",
        /// Delivery, §3.3.2.
        AvvenutaConsegna = "avvenuta-consegna",
        /// Transport envelope, §3.1.5.
        PostaCertificata = "posta-certificata",
        /// Non-delivery, §3.3.3, and for virus §3.2.4.
        ErroreConsegna = "errore-consegna",
        /// The 12 h and the 24 h notice, §3.1.6: one word for both.
        PreavvisoErroreConsegna = "preavviso-errore-consegna",
        /// Virus found, between providers, §3.2.3.
        RilevazioneVirus = "rilevazione-virus",
    }
}
wire_words! {
    /// Kind of delivery receipt that the sender asked for, §3.3.2.
    TipoRicevuta {
        /// With the whole original.
        Completa = "completa",
        /// With hashes in place of attachments.
        Breve = "breve",
        /// Without the original.
        Sintetica = "sintetica",
    }
}
wire_words! {
    /// `@errore` of `daticert.xml`.
    Errore {
        /// No error.
        Nessuno = "nessuno",
        /// The recipient does not exist.
        NoDest = "no-dest",
        /// The recipient's domain does not exist.
        NoDominio = "no-dominio",
        /// A virus was found.
        Virus = "virus",
        /// Any other error; see `errore-esteso`.
        Altro = "altro",
    }
}

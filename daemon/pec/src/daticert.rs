//! `daticert.xml`: the signed statement of the provider (RFC 6109 §4.4; DTD in the annex §7.4).

use crate::wire::{Errore, Tipo, TipoRicevuta};
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// The certification data. Texts are as signed; nothing in them is trusted beyond that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daticert {
    /// `postacert/@tipo`.
    pub tipo: Tipo,
    /// `postacert/@errore`.
    pub errore: Errore,
    /// Sender of the original.
    pub mittente: String,
    /// All recipients of the original.
    pub destinatari: Vec<Destinatario>,
    /// Reply-To of the original; may be empty.
    pub risposte: String,
    /// Subject of the original, decoded.
    pub oggetto: String,
    /// Free text: the provider that certifies.
    pub gestore_emittente: String,
    /// `data`, with its zone applied. Precision one second.
    pub data: Timestamp,
    /// The PEC id: Message-ID of the envelope, without angle brackets.
    pub identificativo: String,
    /// Message-ID which the sender's client had set, with angle brackets.
    pub msgid: Option<String>,
    /// The type of receipt asked for.
    pub ricevuta: Option<TipoRicevuta>,
    /// The one recipient this receipt is about.
    pub consegna: Option<String>,
    /// Recipients taken in charge (`presa-in-carico`).
    pub ricezione: Vec<String>,
    /// Text of the error.
    pub errore_esteso: Option<String>,
    /// The XML held characters that XML 1.0 forbids; it was read without them (2 of 22 real envelopes).
    pub repaired: bool,
}

/// One recipient of the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destinatario {
    /// As signed; compare case-insensitively.
    pub address: String,
    /// `certificato`, or `esterno`: never a delivery receipt.
    pub esterno: bool,
}

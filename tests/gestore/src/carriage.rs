//! Changes when the facts that receipts are made from change.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::domain_of;
use crate::scene::Fault;

/// Which addresses are certified, as the index of providers says (RFC 6109 §4.5).
#[derive(Clone, Debug, Default)]
pub enum Directory {
    /// Every address.
    #[default]
    Everybody,
    /// Those in these domains, in lower case; the others are `esterno`.
    Domains(Arc<BTreeSet<String>>),
}

impl Directory {
    /// Whether mail to that address is certified; `esterna@` never is.
    #[must_use]
    pub fn certifies(&self, address: &str) -> bool {
        Fault::of(address) != Some(Fault::Esterna)
            && match self {
                Directory::Everybody => true,
                Directory::Domains(domains) => domains.contains(&domain_of(address)),
            }
    }
}

/// The facts of one accepted message, from which all its receipts are made.
#[derive(Clone, Debug)]
pub struct Carriage {
    /// The sender's address.
    pub mittente: String,
    /// To and Cc, in order, each once.
    pub destinatari: Vec<Recipient>,
    /// Reply-To of the original, else the sender.
    pub risposte: String,
    /// The decoded Subject.
    pub oggetto: String,
    /// The PEC identifier P, without angle brackets.
    pub identificativo: String,
    /// The Message-ID M that the sender's client gave, with angle brackets.
    pub msgid: Option<String>,
    /// `completa`, `breve` or `sintetica`: what the sender asked for.
    pub ricevuta: &'static str,
    /// The original with P as its Message-ID and M as X-Riferimento-Message-ID.
    pub original: Vec<u8>,
}

/// One recipient of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// As written in the header.
    pub address: String,
    /// `certificato`, else `esterno`.
    pub certified: bool,
    /// Named in Cc and not in To: gets a `sintetica` receipt.
    pub copy: bool,
}

impl Carriage {
    /// Address and certification of every recipient.
    pub(crate) fn recipients(&self) -> Vec<(&str, bool)> {
        self.destinatari.iter().map(|recipient| (recipient.address.as_str(), recipient.certified)).collect()
    }
}

//! `daticert.xml`: the signed statement of the provider (RFC 6109 §4.4; DTD in the annex §7.4).

use crate::report::Why;
use crate::why::{self, quoted};
use crate::wire::{Errore, Tipo, TipoRicevuta};
use crate::xml;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Largest `daticert.xml`, in bytes: about 4,000 recipients.
pub const DATICERT_BYTES_MAX: usize = 256 * 1024;

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

impl Daticert {
    /// The Message-ID of the original, with angle brackets whether or not the provider wrote them: the key by which a sender
    /// knows what a receipt is about (`reference` pec.md §6.4).
    pub fn message_id(&self) -> Option<String> {
        let id = self.msgid.as_deref()?.trim();
        Some(if id.starts_with('<') { id.into() } else { format!("<{id}>") })
    }

    /// Reads the XML: strictly, and if that fails once more without the characters that XML 1.0 forbids.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Why> {
        if bytes.len() > DATICERT_BYTES_MAX {
            return Err(why::DATICERT_TOO_LARGE.about(bytes.len()));
        }
        let text = xml::text(bytes).ok_or_else(|| why::DATICERT_CHARSET.why())?;
        if !xml::is_simple(&text) {
            return Err(why::DATICERT_TOO_COMPLEX.why());
        }
        match xml::parse(&text) {
            Ok(document) => Self::from_root(document.root(), false),
            Err(error) => {
                let repaired = xml::without_forbidden_characters(&text);
                // Without them a comment may end sooner, and what it hid was not counted.
                if !xml::is_simple(&repaired) {
                    return Err(why::DATICERT_TOO_COMPLEX.why());
                }
                match xml::parse(&repaired) {
                    Ok(document) if repaired != text => Self::from_root(document.root(), true),
                    _ => Err(why::DATICERT_XML.about(error)),
                }
            }
        }
    }

    /// The cardinalities of the DTD (annex §7.4; RFC 6109 §4.4). Elements that it does not know are left out.
    fn from_root(root: xml::Element<'_>, repaired: bool) -> Result<Self, Why> {
        let content = |what: &str| why::DATICERT_CONTENT.about(quoted(what));
        if root.name() != "postacert" {
            return Err(content(root.name()));
        }
        let one = |parent: xml::Element<'_>, name: &str| -> Result<String, Why> {
            parent.only(name).and_then(|e| e.text()).ok_or_else(|| content(name))
        };
        let at_most_one = |parent: xml::Element<'_>, name: &str| -> Result<Option<String>, Why> {
            match parent.all(name).count() {
                0 => Ok(None),
                _ => one(parent, name).map(Some),
            }
        };
        let heading = root.only("intestazione").ok_or_else(|| content("intestazione"))?;
        let data = root.only("dati").ok_or_else(|| content("dati"))?;
        let destinatari = heading
            .all("destinatari")
            .map(|e| {
                Some(Destinatario {
                    address: e.text()?,
                    esterno: e.attribute("tipo").is_some_and(|t| t.trim().eq_ignore_ascii_case("esterno")),
                })
            })
            .collect::<Option<Vec<_>>>()
            .filter(|all| !all.is_empty())
            .ok_or_else(|| content("destinatari"))?;
        let ricevuta = match data.all("ricevuta").count() {
            0 => None,
            _ => {
                let ricevuta = data.only("ricevuta").and_then(|e| e.attribute("tipo"));
                Some(TipoRicevuta::read(ricevuta.ok_or_else(|| content("ricevuta"))?))
            }
        };
        Ok(Self {
            tipo: Tipo::read(root.attribute("tipo").ok_or_else(|| content("postacert/@tipo"))?),
            errore: Errore::read(root.attribute("errore").unwrap_or("nessuno")),
            mittente: one(heading, "mittente")?,
            destinatari,
            risposte: one(heading, "risposte")?,
            oggetto: at_most_one(heading, "oggetto")?.unwrap_or_default(),
            gestore_emittente: one(data, "gestore-emittente")?,
            data: data.only("data").and_then(instant).ok_or_else(|| content("data"))?,
            identificativo: one(data, "identificativo")?,
            msgid: at_most_one(data, "msgid")?.filter(|id| !id.is_empty()),
            ricevuta,
            consegna: at_most_one(data, "consegna")?,
            ricezione: data
                .all("ricezione")
                .map(|e| e.text())
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| content("ricezione"))?,
            errore_esteso: at_most_one(data, "errore-esteso")?,
            repaired,
        })
    }
}

/// `<data zona="+hhmm"><giorno>dd/mm/yyyy</giorno><ora>hh:mm:ss</ora></data>` (RFC 6109 §4.4).
fn instant(data: xml::Element<'_>) -> Option<Timestamp> {
    let giorno = data.only("giorno")?.text()?;
    let ora = data.only("ora")?.text()?;
    let numbers = |text: &str, sign: char| -> Option<[i16; 3]> {
        let mut pieces = text.split(sign).map(|piece| piece.parse::<i16>().ok());
        let three = [pieces.next()??, pieces.next()??, pieces.next()??];
        pieces.next().is_none().then_some(three)
    };
    let [day, month, year] = numbers(&giorno, '/')?;
    let [hour, minute, second] = numbers(&ora, ':')?;
    let small = |n: i16| i8::try_from(n).ok();
    // A leap second is read as the one before it.
    let civil =
        DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?.min(59), 0)
            .ok()?;
    let offset = offset(data.attribute("zona")?)?;
    offset.to_timestamp(civil).ok()
}

/// `+hhmm` or `-hhmm`; a colon is let pass.
fn offset(zona: &str) -> Option<Offset> {
    let zona = zona.trim();
    let (sign, digits) = match zona.split_at_checked(1)? {
        ("+", digits) => (1, digits.replace(':', "")),
        ("-", digits) => (-1, digits.replace(':', "")),
        _ => return None,
    };
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
#[path = "daticert_tests.rs"]
mod tests;

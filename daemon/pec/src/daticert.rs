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

/// Most unknown elements, attributes and words kept.
pub const OTHERS_MAX: usize = 100;
/// Longest path of one, in bytes.
pub const OTHER_PATH_BYTES_MAX: usize = 256;

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
    /// What the DTD does not know, kept as it stood; at most [`OTHERS_MAX`].
    pub others: Vec<Other>,
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

/// An element, an attribute or a word that the DTD does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Where it stood: `dati/nuovo`, `intestazione/destinatari/@tipo`. Cut at [`OTHER_PATH_BYTES_MAX`].
    pub path: String,
    /// Its text, or its value.
    pub value: String,
}

/// The elements of the DTD, each with its attributes.
const ELEMENTS: &[(&[&str], &[&str])] = &[
    (&[], &["tipo", "errore"]),
    (&["intestazione"], &[]),
    (&["intestazione", "mittente"], &[]),
    (&["intestazione", "destinatari"], &["tipo"]),
    (&["intestazione", "risposte"], &[]),
    (&["intestazione", "oggetto"], &[]),
    (&["dati"], &[]),
    (&["dati", "gestore-emittente"], &[]),
    (&["dati", "data"], &["zona"]),
    (&["dati", "data", "giorno"], &[]),
    (&["dati", "data", "ora"], &[]),
    (&["dati", "identificativo"], &[]),
    (&["dati", "msgid"], &[]),
    (&["dati", "ricevuta"], &["tipo"]),
    (&["dati", "consegna"], &[]),
    (&["dati", "ricezione"], &[]),
    (&["dati", "errore-esteso"], &[]),
];

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

    /// The cardinalities of the DTD (annex §7.4; RFC 6109 §4.4). What it does not know is kept apart.
    fn from_root(root: xml::Element<'_>, repaired: bool) -> Result<Self, Why> {
        let content = |what: &str| why::DATICERT_CONTENT.about(quoted(what));
        if root.name() != "postacert" {
            return Err(content(root.name()));
        }
        let one = |parent: xml::Element<'_>, name: &str| -> Result<String, Why> {
            parent.only(name).and_then(|e| e.text()).ok_or_else(|| content(name))
        };
        let full = |parent: xml::Element<'_>, name: &str| -> Result<String, Why> {
            one(parent, name)?.into_nonempty().ok_or_else(|| content(name))
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
                    address: e.text()?.into_nonempty()?,
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
            mittente: full(heading, "mittente")?,
            destinatari,
            risposte: one(heading, "risposte")?,
            oggetto: at_most_one(heading, "oggetto")?.unwrap_or_default(),
            gestore_emittente: one(data, "gestore-emittente")?,
            data: data.only("data").and_then(instant).ok_or_else(|| content("data"))?,
            identificativo: full(data, "identificativo")?,
            msgid: at_most_one(data, "msgid")?.and_then(Text::into_nonempty),
            ricevuta,
            consegna: at_most_one(data, "consegna")?.and_then(Text::into_nonempty),
            ricezione: data
                .all("ricezione")
                .map(|e| e.text()?.into_nonempty())
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| content("ricezione"))?,
            errore_esteso: at_most_one(data, "errore-esteso")?.and_then(Text::into_nonempty),
            others: others(root),
            repaired,
        })
    }
}

/// Text that may be missing.
trait Text: Sized {
    fn into_nonempty(self) -> Option<Self>;
}

impl Text for String {
    fn into_nonempty(self) -> Option<Self> {
        Some(self).filter(|text| !text.is_empty())
    }
}

/// What the DTD does not know.
fn others(root: xml::Element<'_>) -> Vec<Other> {
    let unknown = root.descendants().flat_map(|element| {
        let path = element.path();
        let known = ELEMENTS.iter().find(|(names, _)| *names == path.as_slice());
        let at = path.join("/");
        let attributes: Vec<Other> = element
            .attributes()
            .filter(|(name, value)| match known {
                // The one attribute of which a word that nobody knows would be lost: the others keep theirs.
                Some(_) if path.ends_with(&["destinatari"]) && *name == "tipo" => {
                    !["certificato", "esterno"].iter().any(|word| value.trim().eq_ignore_ascii_case(word))
                }
                Some((_, attributes)) => !attributes.contains(name),
                None => true,
            })
            .map(|(name, value)| other(format!("{at}/@{name}"), value.trim().into()))
            .collect();
        let itself = known.is_none().then(|| other(at, element.own_text()));
        itself.into_iter().chain(attributes)
    });
    unknown.take(OTHERS_MAX).collect()
}

fn other(path: String, value: String) -> Other {
    let path = path.strip_prefix('/').map_or(path.as_str(), |path| path);
    let end = path.floor_char_boundary(OTHER_PATH_BYTES_MAX);
    Other { path: path.get(..end).unwrap_or_default().into(), value }
}

/// `<data zona="+hhmm"><giorno>dd/mm/yyyy</giorno><ora>hh:mm:ss</ora></data>` (RFC 6109 §4.4).
fn instant(data: xml::Element<'_>) -> Option<Timestamp> {
    let giorno = data.only("giorno")?.text()?;
    let ora = data.only("ora")?.text()?;
    let numbers = |text: &str, sign: char, most: [usize; 3]| -> Option<[i16; 3]> {
        let mut pieces = text.split(sign).zip(most).map(|(piece, most)| digits(piece, most));
        let three = [pieces.next()??, pieces.next()??, pieces.next()??];
        (text.split(sign).count() == 3).then_some(three)
    };
    let [day, month, year] = numbers(&giorno, '/', [2, 2, 4])?;
    let [hour, minute, second] = numbers(&ora, ':', [2, 2, 2])?;
    let small = |n: i16| i8::try_from(n).ok();
    // A leap second is read as the one before it.
    let second = if second == 60 { 59 } else { second };
    let civil =
        DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    // Of the Common Era as people write it: `26` is a slip, not an antiquity.
    let offset = offset(data.attribute("zona")?).filter(|_| year >= 1000)?;
    offset.to_timestamp(civil).ok()
}

/// A number of one to `most` digits, and nothing else: a sign is no digit.
fn digits(text: &str, most: usize) -> Option<i16> {
    let sound = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    sound.then(|| text.parse().ok()).flatten()
}

/// `+hhmm` or `-hhmm`; a colon is let pass. The zone is written out, so the change to summer time is no riddle.
fn offset(zona: &str) -> Option<Offset> {
    /// Farthest zone there is, in minutes: Line Islands.
    const ZONE_MINUTES_MAX: i32 = 14 * 60;
    let zona = zona.trim();
    let (sign, hhmm) = match zona.split_at_checked(1)? {
        ("+", hhmm) => (1, hhmm.replace(':', "")),
        ("-", hhmm) => (-1, hhmm.replace(':', "")),
        _ => return None,
    };
    let (hours, minutes) = hhmm.split_at_checked(2).filter(|_| hhmm.len() == 4)?;
    let (hours, minutes) = (i32::from(digits(hours, 2)?), i32::from(digits(minutes, 2)?));
    let minutes = Some(hours * 60 + minutes).filter(|all| minutes < 60 && *all <= ZONE_MINUTES_MAX)?;
    Offset::from_seconds(sign * minutes * 60).ok()
}

#[cfg(test)]
#[path = "daticert_tests.rs"]
mod tests;

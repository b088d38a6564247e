//! Changes when the certification data change (the DTD of annex 7.4, RFC 6109 §4.4).

use jiff::Timestamp;

use crate::clock::Local;
use crate::style::{Controls, DaticertTransfer, Style};

/// The content of `daticert.xml`, in the order of the DTD.
pub(crate) struct Daticert<'a> {
    pub(crate) tipo: &'a str,
    pub(crate) errore: &'a str,
    pub(crate) mittente: &'a str,
    /// Address and whether it is certified.
    pub(crate) destinatari: Vec<(&'a str, bool)>,
    pub(crate) risposte: &'a str,
    pub(crate) oggetto: &'a str,
    pub(crate) gestore_emittente: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) identificativo: &'a str,
    /// With its angle brackets.
    pub(crate) msgid: Option<&'a str>,
    pub(crate) ricevuta: Option<&'a str>,
    pub(crate) consegna: Option<&'a str>,
    pub(crate) ricezione: Vec<&'a str>,
    pub(crate) errore_esteso: Option<String>,
}

impl Daticert<'_> {
    /// The XML in UTF-8, lines ending in CRLF, laid out as `style` has it.
    pub(crate) fn xml(&self, style: &Style) -> Vec<u8> {
        let step = if style.daticert == DaticertTransfer::SevenBit { "  " } else { "    " };
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
        let mut line = |depth: usize, text: String| {
            xml.push_str(&step.repeat(depth));
            xml.push_str(&text);
            xml.push_str("\r\n");
        };
        let escaped = |text: &str| escape(text, style);
        let leaf = |name: &str, text: &str| format!("<{name}>{}</{name}>", escaped(text));

        line(0, format!("<postacert tipo=\"{}\" errore=\"{}\">", self.tipo, self.errore));
        line(1, "<intestazione>".into());
        line(2, leaf("mittente", self.mittente));
        for (address, certified) in &self.destinatari {
            let tipo = if *certified { "certificato" } else { "esterno" };
            line(2, format!("<destinatari tipo=\"{tipo}\">{}</destinatari>", escaped(address)));
        }
        line(2, leaf("risposte", self.risposte));
        line(2, leaf("oggetto", self.oggetto));
        line(1, "</intestazione>".into());
        line(1, "<dati>".into());
        line(2, leaf("gestore-emittente", self.gestore_emittente));
        let local = Local::in_italy(self.at);
        line(2, format!("<data zona=\"{}\">", local.zona()));
        line(3, leaf("giorno", &local.giorno()));
        line(3, leaf("ora", &local.ora()));
        line(2, "</data>".into());
        line(2, leaf("identificativo", self.identificativo));
        if let Some(msgid) = self.msgid {
            line(2, leaf("msgid", msgid));
        }
        if let Some(tipo) = self.ricevuta {
            line(2, format!("<ricevuta tipo=\"{tipo}\" />"));
        }
        if let Some(address) = self.consegna {
            line(2, leaf("consegna", address));
        }
        for address in &self.ricezione {
            line(2, leaf("ricezione", address));
        }
        if let Some(text) = &self.errore_esteso {
            line(2, leaf("errore-esteso", text));
        }
        line(1, "</dati>".into());
        line(0, "</postacert>".into());
        xml.into_bytes()
    }
}

/// XML text, as any program writes it.
pub(crate) fn plain_escape(text: &str) -> String {
    escape(text, &Style::aruba_like())
}

fn escape(text: &str, style: &Style) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' => out.push('\t'),
            '\r' | '\n' => out.push(' '),
            // Not characters of XML 1.0 (§2.2); what becomes of them is a provider's habit (pec.md §4).
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => match style.controls {
                Controls::Dropped => {}
                Controls::Raw => out.push(letter),
                Controls::Reference => out.push_str(&format!("&#{};", u32::from(letter))),
            },
            _ if !letter.is_ascii() && style.daticert == DaticertTransfer::SevenBit => {
                out.push_str(&format!("&#{};", u32::from(letter)));
            }
            _ => out.push(letter),
        }
    }
    out
}

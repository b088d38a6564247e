//! The tree of Annex 5 of the AgID guidelines on electronic documents (2020): what is said of one document, written as XML and as
//! JSON. It changes when that annex does, or more of it is held.

use casework::calendar::rome;
use casework::protocol::{Flow, Number, Registration};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::fmt::Write;

/// A name with a text, or with others under it.
pub struct Node {
    name: &'static str,
    value: Value_,
}

enum Value_ {
    Text(String),
    Under(Vec<Node>),
}

/// A name with a text.
pub fn text(name: &'static str, value: impl Into<String>) -> Node {
    Node { name, value: Value_::Text(value.into()) }
}

/// A name with others under it; those without content are left out.
pub fn under(name: &'static str, nodes: impl IntoIterator<Item = Node>) -> Node {
    Node { name, value: Value_::Under(nodes.into_iter().filter(|node| !node.is_empty()).collect()) }
}

impl Node {
    fn is_empty(&self) -> bool {
        match &self.value {
            Value_::Text(text) => text.is_empty(),
            Value_::Under(nodes) => nodes.is_empty(),
        }
    }

    /// As XML, with its declaration.
    #[must_use]
    pub fn xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut out, 0);
        out
    }

    /// Writing to a string cannot fail.
    fn write(&self, out: &mut String, depth: usize) {
        let (name, indent) = (self.name, "  ".repeat(depth));
        match &self.value {
            Value_::Text(text) => {
                let _ = writeln!(out, "{indent}<{name}>{}</{name}>", escaped(text));
            }
            Value_::Under(nodes) => {
                let _ = writeln!(out, "{indent}<{name}>");
                nodes.iter().for_each(|node| node.write(out, depth + 1));
                let _ = writeln!(out, "{indent}</{name}>");
            }
        }
    }

    /// As JSON: what comes more than once is a list.
    #[must_use]
    pub fn json(&self) -> Value {
        match &self.value {
            Value_::Text(text) => Value::String(text.clone()),
            Value_::Under(nodes) => {
                let mut map = Map::new();
                for node in nodes {
                    match map.get_mut(node.name) {
                        Some(Value::Array(list)) => list.push(node.json()),
                        Some(one) => *one = Value::Array(vec![one.take(), node.json()]),
                        None => {
                            map.insert(node.name.to_owned(), node.json());
                        }
                    }
                }
                Value::Object(map)
            }
        }
    }
}

/// A text of somebody else within an element: what XML 1.0 cannot hold becomes a replacement character.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// What all documents have.
pub struct About<'a> {
    /// SHA-256 of its bytes.
    pub digest: &'a str,
    /// Name of its file.
    pub file: &'a str,
    /// Which way it went.
    pub flow: Flow,
    /// What it is, in Italian.
    pub kind: &'a str,
    /// When it came, or left.
    pub at: Timestamp,
    /// What is known of its registration.
    pub registered: Option<&'a Registration>,
}

/// A document, with what else is said of it.
#[must_use]
pub fn document(about: &About<'_>, rest: Vec<Node>) -> Node {
    let formed = match about.flow {
        Flow::U => "a) creazione con strumenti software",
        Flow::E => "b) acquisizione per via telematica",
    };
    let flow = match about.flow {
        Flow::U => "U",
        Flow::E => "E",
    };
    let hash =
        under("ImprontaCrittograficaDelDocumento", [text("Impronta", about.digest), text("Algoritmo", "SHA-256")]);
    let mut nodes = vec![
        under("IdDoc", [hash, text("Identificativo", about.digest)]),
        text("NomeDelDocumento", about.file),
        text("ModalitaDiFormazione", formed),
        text("TipologiaDocumentale", about.kind),
        under("DatiDiRegistrazione", [text("TipologiaDiFlusso", flow), under("TipoRegistro", [register(about)])]),
        under("IdentificativoDelFormato", [text("Formato", "message/rfc822")]),
    ];
    nodes.extend(rest);
    under("DocumentoInformatico", nodes)
}

/// In which register it stands: its number in the protocol, else in the emergency register, else none.
fn register(about: &About<'_>) -> Node {
    let held = |of: fn(&Registration) -> Option<Number>| about.registered.and_then(of);
    let of = |number: Number, code: &str| {
        under(
            "ProtocolloOrdinario_ProtocolloEmergenza",
            [
                text("TipoRegistro", "ProtocolloOrdinario\\ProtocolloEmergenza"),
                text("DataProtocollazioneDocumento", number.on.to_string()),
                text("NumeroProtocolloDocumento", format!("{:07}", number.number)),
                text("CodiceRegistro", code),
            ],
        )
    };
    match (held(|of| of.number), held(|of| of.emergency)) {
        (Some(number), _) => of(number, ""),
        (None, Some(number)) => of(number, EMERGENCY),
        (None, None) => {
            let there = rome(about.at);
            let (day, hour) = (there.date().to_string(), there.time().to_string());
            under("Nessuno", [text("DataDocumento", day), text("OraDocumento", hour)])
        }
    }
}

/// Code of the emergency register, told apart from the body's own.
const EMERGENCY: &str = "EMERGENZA";

/// Who wrote it, and to whom.
#[must_use]
pub fn between(from: &str, to: &str) -> Node {
    let role =
        |kind: &str, who: &str| under("Ruolo", [text("TipoRuolo", kind), text("IndirizziDigitaliDiRiferimento", who)]);
    let both = [(from, "Mittente"), (to, "Destinatario")];
    under("Soggetti", both.into_iter().filter(|(who, _)| !who.is_empty()).map(|(who, kind)| role(kind, who)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_cannot_leave_its_element() {
        let node = under("A", [text("B", "</B><C>&\u{1}\u{fffe}"), text("B", "due"), text("D", ""), under("E", [])]);
        assert_eq!(
            node.xml(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A>\n  <B>&lt;/B&gt;&lt;C&gt;&amp;\u{fffd}\u{fffd}</B>\n  <B>due</B>\n</A>\n"
        );
        assert_eq!(node.json(), serde_json::json!({ "B": ["</B><C>&\u{1}\u{fffe}", "due"] }));
    }
}

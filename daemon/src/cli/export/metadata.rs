//! `metadati.xml` and `metadati.json`: what stands on the cover of a dossier (CAD art. 41 c. 2-ter) and of each of its documents, by
//! the names of Annex 5 of the AgID guidelines. It changes when more of that is held.
//!
//! One tree, written twice. What the law wants and we do not hold is named in it, with who holds it: an empty field would be taken
//! for an answer.

use super::gather::{Gathered, Letter, Message};
use casework::calendar::{rome, stamp};
use casework::dossier::{Document, Party, Visibility};
use casework::receipts::Fact;
use serde_json::{Map, Value};
use std::fmt::Write;

/// What we do not hold: the field, and why.
const ABSENT: [(&str, &str); 7] = [
    (
        "DatiDiRegistrazione.TipoRegistro.ProtocolloOrdinario",
        "la segnatura di protocollo la dà il sistema di protocollo",
    ),
    ("TempoDiConservazione", "lo stabilisce il piano di conservazione dell'ente"),
    ("Verifica.FirmatoDigitalmente", "le firme dei singoli allegati non sono verificate qui"),
    ("Verifica.MarcaturaTemporale", "le marche dei singoli allegati non sono verificate qui"),
    ("Verifica.ConformitaCopie", "non si fanno copie: ci sono gli originali"),
    ("VersioneDelDocumento, TracciatureModifiche", "messaggi e lettere non cambiano: ce n'è una versione sola"),
    (
        "ProcedimentoAmministrativo.CatalogoProcedimenti, PosizioneFisicaAggregazioneDocumentale",
        "non sono nel registro",
    ),
];

/// A name with a text, or with others under it.
pub(super) struct Node {
    name: &'static str,
    value: Value_,
}

enum Value_ {
    Text(String),
    Under(Vec<Node>),
}

fn text(name: &'static str, value: impl Into<String>) -> Node {
    Node { name, value: Value_::Text(value.into()) }
}

fn under(name: &'static str, nodes: impl IntoIterator<Item = Node>) -> Node {
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
    pub(super) fn xml(&self) -> String {
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
    pub(super) fn json(&self) -> Value {
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

/// Of a file of the export: its name, its digest.
pub(super) type Filed = (String, String);

/// All of it. `entity`: the name of the public body, empty where nobody told it. `files`: where each digest was written.
pub(super) fn tree(gathered: &Gathered, entity: &str, files: &[Filed]) -> Node {
    let dossier = &gathered.dossier;
    let cover = &dossier.cover;
    let path = |digest: &str| files.iter().find(|(_, of)| of == digest).map_or("", |(name, _)| name);
    let responsible =
        if cover.responsible.is_empty() { "il capo dell'unità (L. 241/1990 art. 5 c. 3)" } else { &cover.responsible };
    let role = |kind: &str, name: &str| under("Ruolo", [text("TipoRuolo", kind), text("Denominazione", name)]);
    let mut subjects =
        vec![under("Ruolo", [text("TipoRuolo", "Amministrazione titolare"), text("Denominazione", entity)])];
    subjects.retain(|_| !entity.is_empty());
    subjects.extend(cover.others.iter().map(|other| role("Amministrazione partecipante", other)));
    subjects.push(role("Responsabile del procedimento", responsible));
    subjects.extend(cover.people.iter().map(|party| subject(party, gathered)));
    let subject = if cover.subject.is_empty() { &dossier.title } else { &cover.subject };
    let phase = |(at, state): &(jiff::Timestamp, &'static str)| {
        under("Fase", [text("TipoFase", *state), text("DataInizioFase", stamp(*at))])
    };
    let mut index: Vec<Node> =
        gathered.messages.iter().map(|message| incoming(message, gathered, path(&message.digest))).collect();
    for letter in &gathered.letters {
        index.push(outgoing(letter, path(&letter.frozen)));
        index.extend(
            letter
                .receipts
                .iter()
                .map(|receipt| received(letter, &receipt.digest, &receipt.fact, path(&receipt.digest))),
        );
    }
    let mut absent: Vec<Node> = ABSENT.iter().map(|(field, why)| missing(field, why)).collect();
    if entity.is_empty() {
        absent.push(missing("Soggetti.AmministrazioneTitolare", "l'esportazione è stata fatta senza configurazione"));
    }
    if cover.classification.is_empty() {
        absent.push(missing("Classificazione", "nessuno l'ha scritta"));
    }
    under(
        "AggregazioneDocumentaliInformatiche",
        [
            under("IdAgg", [text("TipoAggregazione", "Fascicolo"), text("IdAggregazione", &dossier.number)]),
            text("TipologiaFascicolo", "procedimento amministrativo"),
            under("Soggetti", subjects),
            under(
                "Assegnazione",
                [text("TipoAssegnazione", "Per competenza"), text("SoggettoAssegnatario", &dossier.office)],
            ),
            text("DataApertura", rome(dossier.opened_at).date().to_string()),
            text("DataChiusura", dossier.life.closed_at.map(|at| rome(at).date().to_string()).unwrap_or_default()),
            under("Classificazione", [text("IndiceDiClassificazione", &cover.classification)]),
            text("Progressivo", dossier.number.rsplit('/').next().unwrap_or_default()),
            under("ChiaveDescrittiva", [text("Oggetto", subject)]),
            under(
                "ProcedimentoAmministrativo",
                [text("Procedimento", &cover.procedure), under("Fasi", gathered.states.iter().map(phase))],
            ),
            text("UltimoGiornoDelTermine", dossier.due.map(|due| due.to_string()).unwrap_or_default()),
            text("Riservato", cover.reserved.to_string()),
            under("IndiceDocumenti", index),
            under("NonPresenti", absent),
        ],
    )
}

fn missing(field: &str, why: &str) -> Node {
    under("Campo", [text("Nome", field), text("Motivo", why)])
}

fn subject(party: &Party, gathered: &Gathered) -> Node {
    let person = gathered.people.get(&party.person);
    let code = person.and_then(|person| person.codice_fiscale.as_deref().or(person.partita_iva.as_deref()));
    under(
        "Ruolo",
        [
            text("TipoRuolo", party.role.title()),
            text(
                "Denominazione",
                person.and_then(|person| person.names.first()).map(String::as_str).unwrap_or_default(),
            ),
            text("Codice", code.unwrap_or_default()),
            text("IndirizziDigitaliDiRiferimento", &party.address),
        ],
    )
}

/// What all documents have. `flow`: in or out.
fn document(digest: &str, path: &str, flow: &str, kind: &str, at: jiff::Timestamp, rest: Vec<Node>) -> Node {
    let formed = match flow {
        "U" => "a) creazione con strumenti software",
        _ => "b) acquisizione per via telematica",
    };
    let hash = under("ImprontaCrittograficaDelDocumento", [text("Impronta", digest), text("Algoritmo", "SHA-256")]);
    let none = under(
        "Nessuno",
        [text("DataDocumento", rome(at).date().to_string()), text("OraDocumento", rome(at).time().to_string())],
    );
    let mut nodes = vec![
        under("IdDoc", [hash, text("Identificativo", digest)]),
        text("NomeDelDocumento", path),
        text("ModalitaDiFormazione", formed),
        text("TipologiaDocumentale", kind),
        under("DatiDiRegistrazione", [text("TipologiaDiFlusso", flow), under("TipoRegistro", [none])]),
        under("IdentificativoDelFormato", [text("Formato", "message/rfc822")]),
    ];
    nodes.extend(rest);
    under("DocumentoInformatico", nodes)
}

fn between(from: &str, to: &str) -> Node {
    let role =
        |kind: &str, who: &str| under("Ruolo", [text("TipoRuolo", kind), text("IndirizziDigitaliDiRiferimento", who)]);
    let both = [(from, "Mittente"), (to, "Destinatario")];
    under("Soggetti", both.into_iter().filter(|(who, _)| !who.is_empty()).map(|(who, kind)| role(kind, who)))
}

fn incoming(message: &Message, gathered: &Gathered, path: &str) -> Node {
    let own: Vec<&Document> = gathered.documents.iter().filter(|document| document.message == message.digest).collect();
    let mut enclosed = vec![text("NumeroAllegati", own.len().to_string())];
    enclosed.extend(own.iter().map(|document| {
        let is_reserved = document.visibility == Visibility::Reserved;
        let reserved = if is_reserved { "true" } else { "" };
        under(
            "Indice",
            [text("Descrizione", &document.name), text("Formato", &document.media), text("Riservato", reserved)],
        )
    }));
    let sealed = matches!(message.grade.as_str(), "genuine" | "genuine-weak");
    let rest = vec![
        between(&message.sender, ""),
        under("ChiaveDescrittiva", [text("Oggetto", &message.subject)]),
        under("Allegati", enclosed),
        under("Verifica", [text("SigillatoElettronicamente", sealed.to_string()), text("Esito", &message.grade)]),
    ];
    document(&message.digest, path, "E", "messaggio ricevuto", message.received.unwrap_or(message.at), rest)
}

fn outgoing(letter: &Letter, path: &str) -> Node {
    let of = &letter.outgoing;
    let rest = vec![
        between(&of.from, &of.to),
        under("ChiaveDescrittiva", [text("Oggetto", &of.subject)]),
        text("IdentificativoMessaggio", of.message_id.trim_matches(['<', '>'])),
        text("Note", if letter.is_observed { "il servizio osservava soltanto: non è partita" } else { "" }),
    ];
    document(&letter.frozen, path, "U", "lettera Pec", letter.at, rest)
}

fn received(letter: &Letter, digest: &str, fact: &Fact, path: &str) -> Node {
    let kind = format!("ricevuta Pec: {}", fact.tipo().word());
    let of = text("IdDocPrimario", &letter.frozen);
    document(digest, path, "E", &kind, fact.at(), vec![of])
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

//! `metadati.xml` and `metadati.json`: what stands on the cover of a dossier (CAD art. 41 c. 2-ter) and of each of its documents, by
//! the names of Annex 5 of the AgID guidelines. It changes when more of that is held.
//!
//! One tree, written twice. What the law wants and we do not hold is named in it, with who holds it: an empty field would be taken
//! for an answer.

use super::gather::{Gathered, Letter, Message};
use crate::annex::{About, Node, between, document, text, under};
use casework::calendar::{rome, stamp};
use casework::dossier::{Document, Party, Visibility};
use casework::protocol::{Flow, Registration};
use casework::receipts::Fact;

/// What we do not hold: the field, and why.
const ABSENT: [(&str, &str); 6] = [
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
        index.push(outgoing(letter, gathered, path(&letter.frozen)));
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
    let is_unnumbered = |of: &Registration| of.shown().is_empty();
    if gathered.messages.iter().any(|of| gathered.registered.get(&of.digest).is_none_or(is_unnumbered)) {
        let why = "il numero lo dà il sistema di protocollo: dove manca, qui non è arrivato";
        absent.push(missing("DatiDiRegistrazione.TipoRegistro.ProtocolloOrdinario_ProtocolloEmergenza", why));
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
    let about = About {
        digest: &message.digest,
        file: path,
        flow: Flow::E,
        kind: "messaggio ricevuto",
        at: message.received.unwrap_or(message.at),
        registered: gathered.registered.get(&message.digest),
    };
    document(&about, rest)
}

fn outgoing(letter: &Letter, gathered: &Gathered, path: &str) -> Node {
    let of = &letter.outgoing;
    let rest = vec![
        between(&of.from, &of.to),
        under("ChiaveDescrittiva", [text("Oggetto", &of.subject)]),
        text("IdentificativoMessaggio", of.message_id.trim_matches(['<', '>'])),
        text("Note", if letter.is_observed { "il servizio osservava soltanto: non è partita" } else { "" }),
    ];
    let about = About {
        digest: &letter.frozen,
        file: path,
        flow: Flow::U,
        kind: "lettera Pec",
        at: letter.at,
        registered: gathered.registered.get(&letter.frozen),
    };
    document(&about, rest)
}

fn received(letter: &Letter, digest: &str, fact: &Fact, path: &str) -> Node {
    let kind = format!("ricevuta Pec: {}", fact.tipo().word());
    let of = text("IdDocPrimario", &letter.frozen);
    document(&About { digest, file: path, flow: Flow::E, kind: &kind, at: fact.at(), registered: None }, vec![of])
}

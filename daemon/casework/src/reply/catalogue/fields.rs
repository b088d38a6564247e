//! The facts that messages show, in the groups that they share. Changes when a fact gets a name, a meaning or a sample.

use super::notices::PLACE_WORDS;
use super::words::{DATA_FORM, PARTICIPATION_FORM};
use super::{Field, Kind, Need, Phrase};
use Kind::{Date, Flag, Instant, Items, Line, Lines, Link, Number, Quote};
use Need::{Always, Free, IfGiven, OneOf, Subject};

pub(super) const fn field(
    name: &'static str,
    kind: Kind,
    need: Need,
    meaning: &'static str,
    sample: &'static [&'static str],
) -> Field {
    Field { name, kind, need, meaning, sample }
}

/// Who writes, and where to reach them: L. 241/1990 art. 8 c. 2 a) and c).
pub(super) const SENDER: &[Field] = &[
    field("ente", Line, Always, "nome dell'ente", &["Comune di Esempio"]),
    field("pec_ente", Line, Always, "indirizzo Pec dell'ente", &["protocollo@pec.comune.example"]),
    field("ufficio", Line, Always, "ufficio che segue la pratica", &["Ufficio Anagrafe"]),
    field(
        "contatto",
        Line,
        Always,
        "telefono, email e orari dell'ufficio",
        &["tel. 055 000 000, anagrafe@comune.example, lunedì-venerdì ore 9-12"],
    ),
    field(
        "informativa_privacy",
        Line,
        Always,
        "indirizzo web dell'informativa privacy",
        &["https://www.comune.example/privacy"],
    ),
    PROSSIMO_PASSO,
];

const PROSSIMO_PASSO: Field = field(
    "prossimo_passo",
    Line,
    Always,
    "che cosa succede adesso, in una frase",
    &["L'ufficio controlla i dati e ti scrive l'esito."],
);

/// The dossier and where it stands: the fixed block of every message about one (art. 8 c. 2 b), c), c-ter); CAD art. 41).
pub(super) const DOSSIER: &[Field] = &[
    // Art. 5 c. 3: until one is named, the head of the unit is the person responsible.
    field(
        "responsabile",
        Line,
        Always,
        "responsabile del procedimento; finché non c'è, chi dirige l'ufficio",
        &["Ada Neri"],
    ),
    field(
        "oggetto",
        Line,
        Always,
        "oggetto del procedimento, in parole neutre",
        &["Dichiarazione di cambio di residenza"],
    ),
    field("fascicolo", Line, Always, "numero del fascicolo", &["2026/000123-MK"]),
    RIFERIMENTO,
    PROTOCOLLO,
    field("stato", Line, Always, "a che punto è la pratica, in parole", &["in lavorazione"]),
    field("stato_dal", Instant, Always, "da quando è in questo stato", &["2026-07-02T07:00:00Z"]),
];

pub(super) const RIFERIMENTO: Field = field(
    "riferimento",
    Line,
    Subject,
    "riferimento che riporta la risposta nel fascicolo: deve stare nell'oggetto",
    &["[Fascicolo 2026/000123-MK]"],
);

pub(super) const PROTOCOLLO: Field =
    field("protocollo", Line, IfGiven, "numero di protocollo della richiesta", &["0004567/2026"]);

/// What a start notice adds: duration, end date, silence, remedies (art. 8 c. 2 c-bis); arts 2, 18-bis, 20).
pub(super) const START: &[Field] = &[
    field("termine_giorni", Number, Always, "durata massima del procedimento, in giorni", &["30"]),
    field("giorni_lavorativi", Flag, Free, "vero se il termine conta solo i giorni lavorativi", &["false"]),
    field("data_fine", Date, Always, "giorno entro cui l'ente deve concludere", &["2026-07-31"]),
    field(
        "effetto_silenzio",
        Line,
        Always,
        "che cosa vale se l'ente non risponde in tempo, in una frase",
        &["Se non rispondiamo entro quel giorno, la richiesta è accolta (silenzio assenso)."],
    ),
    field(
        "potere_sostitutivo",
        Line,
        Always,
        "a chi chiedere di decidere se l'ufficio è in ritardo (L. 241/1990 art. 2 c. 9-bis)",
        &["Segretario generale, segretario@pec.comune.example"],
    ),
    PARTECIPAZIONE_ESCLUSA,
    LINK_STATO,
    LINK_RISPOSTA,
];

/// What the law wants a start notice to say in words.
pub(super) const START_WORDS: &[Phrase] = &[
    Phrase { words: "vedere il fascicolo", why: "L. 241/1990 art. 8 c. 2 d): come vedere gli atti" },
    Phrase { words: "su carta", why: "L. 241/1990 art. 8 c. 2 d-bis): dove sono gli atti non digitali" },
    Phrase { words: "ricorso al tar", why: "L. 241/1990 art. 8 c. 2 c-bis): i rimedi contro il ritardo" },
    Phrase { words: "memorie", why: "L. 241/1990 art. 10: il diritto di presentare memorie e documenti" },
];

/// Until when: a running term, a suspended one, or a closed dossier.
pub(super) const END: &[Field] = &[
    field("data_fine", Date, OneOf("fine"), "giorno entro cui l'ente deve concludere", &["2026-07-31"]),
    field(
        "sospesa_fino_al",
        Date,
        OneOf("fine"),
        "il termine è sospeso, al più tardi fino a questo giorno",
        &["2026-08-12"],
    ),
    field("conclusa_il", Date, OneOf("fine"), "giorno in cui la pratica si è conclusa", &["2026-07-20"]),
];

pub(super) const LINK_STATO: Field = field(
    "link_stato",
    // «stato della pratica» and a number: what the shipped rules recognise as a status request.
    Link { subject: "Stato della pratica {}", from: "fascicolo", body: None },
    Always,
    "collegamento che prepara la Pec per chiedere a che punto è la pratica",
    &[],
);

pub(super) const LINK_RISPOSTA: Field = field(
    "link_risposta",
    Link { subject: "{}", from: "riferimento", body: None },
    Always,
    "collegamento che prepara la Pec di risposta",
    &[],
);

/// What can be done by a mail that is ready (functions S0.10, S2.17). The subjects are Italian in every language: the rules know them.
pub(super) const READY_MAILS: &[Field] = &[
    field(
        "link_aggiorna",
        Link { subject: "Aggiornamento dati {}", from: "riferimento", body: Some(DATA_FORM) },
        Free,
        "collegamento che prepara la Pec per aggiornare i propri dati",
        &[],
    ),
    field(
        "link_partecipa",
        Link { subject: "Memoria e osservazioni {}", from: "riferimento", body: Some(PARTICIPATION_FORM) },
        Free,
        "collegamento che prepara la Pec con memorie e osservazioni",
        &[],
    ),
];

pub(super) const PORTALE: Field = field(
    "portale",
    Line,
    Free,
    "pagina dove le richieste a questo ufficio si fanno anche, se le regole la dicono",
    &["https://suap.comune.example"],
);

pub(super) const PARTECIPAZIONE_ESCLUSA: Field = field(
    "partecipazione_esclusa",
    Flag,
    Free,
    "vero se le norme escludono memorie e documenti (L. 241/1990 art. 13)",
    &["false"],
);

pub(super) const PRESENTATA_IL: Field = field(
    "presentata_il",
    Instant,
    Always,
    "data e ora di consegna certificata della richiesta",
    &["2026-07-01T22:30:00Z"],
);

pub(super) const RICEVUTO_IL: Field =
    field("ricevuto_il", Instant, Always, "data e ora in cui è arrivato il messaggio", &["2026-07-13T08:05:10Z"]);

pub(super) const ALLEGATI: Field =
    field("allegati", Items(FILE), IfGiven, "file ricevuti, ciascuno con il suo esito", &[]);

const FILE: &[Field] = &[
    field("nome", Line, Always, "nome del file", &["memoria.pdf", "planimetria.zip"]),
    field(
        "esito",
        Line,
        Always,
        "che cosa ne è del file, in parole",
        &["acquisito", "non leggibile: è protetto da password"],
    ),
];

pub(super) const EVENTI: Field = field("eventi", Items(EVENT), IfGiven, "i passi già fatti, dal primo all'ultimo", &[]);

const EVENT: &[Field] = &[
    field("quando", Instant, Always, "data e ora", &["2026-07-01T22:30:00Z", "2026-07-02T07:00:00Z"]),
    field("cosa", Line, Always, "che cosa è successo", &["Richiesta ricevuta", "Richiesta assegnata all'ufficio"]),
];

pub(super) const MANCANZE: Field = field("mancanze", Items(GAP), Always, "che cosa manca, e perché serve", &[]);

/// DPR 445/2000 art. 38 c. 3-bis.
pub(super) const PER_CONTO_DI: Field =
    field("per_conto_di", Line, Free, "per chi agisce chi legge, se la delega è agli atti", &["Mario Rossi"]);

const GAP: &[Field] = &[
    field("cosa", Line, Always, "che cosa manca", &["Il tuo codice fiscale", "Copia del documento di identità"]),
    // L. 241/1990 art. 18 c. 2: only what the body cannot obtain by itself may be asked.
    field(
        "perche",
        Line,
        Always,
        "perché serve e perché l'ente non può averlo da solo",
        &["Serve per trovarti in anagrafe.", "La richiesta non ha la firma digitale."],
    ),
];

/// What every task for a person carries.
pub(super) const TASK: &[Field] = &[
    field("ente", Line, Free, "nome dell'ente", &["Comune di Esempio"]),
    field("ufficio", Line, Always, "ufficio che riceve il compito", &["Ufficio Anagrafe"]),
    RIFERIMENTO,
    field("fascicolo", Line, IfGiven, "numero del fascicolo", &["2026/000123-MK"]),
    field("originale", Line, Always, "dove si trova il messaggio originale", &["archivio, impronta 9f86d081884c7d65"]),
    field(
        "come_rispondere",
        Lines,
        Always,
        "che cosa può fare chi riceve il compito, e come",
        &["Rispondi senza cambiare l'oggetto: la risposta entra nel fascicolo."],
    ),
];

/// What an office may answer by mail, where it can.
pub(super) const ANSWERS: &[Field] = &[
    field(
        "risposte",
        Items(ANSWER),
        IfGiven,
        "le risposte che valgono come ordini, se arrivano adesso; ci sono solo se c'è una casella per gli uffici",
        &[],
    ),
    field(
        "non_ora",
        Lines,
        Free,
        "le decisioni che adesso non si possono prendere: da quale giorno, e perché",
        &["RESPINGO, dal 13 marzo 2026: il cittadino può ancora rispondere al preavviso."],
    ),
];

const ANSWER: &[Field] = &[
    field(
        "scrivi",
        Line,
        Always,
        "le parole da scrivere da sole su una riga, e che cosa ci va insieme",
        &["PRENDO IN CARICO", "RESPINGO, e sotto, dopo un trattino, ogni motivo"],
    ),
    field(
        "collegamento",
        Line,
        Always,
        "collegamento che prepara il messaggio",
        &["mailto:sportello@comune.example?subject=%5BFascicolo%202026%2F000123-MK%5D&body=PRENDO%20IN%20CARICO"],
    ),
];

/// What came of an order that an office gave by mail.
pub(super) const ORDERED: &[Field] = &[
    field("ente", Line, Free, "nome dell'ente", &["Comune di Esempio"]),
    field("ufficio", Line, Always, "ufficio che ha dato l'ordine", &["Ufficio Anagrafe"]),
    RIFERIMENTO,
    field(
        "esito",
        Line,
        Always,
        "che cosa è stato fatto, o perché non è stato fatto niente",
        &["fascicolo 2026/000123-MK: presa in lavorazione"],
    ),
    field("fascicolo", Line, IfGiven, "numero del fascicolo", &["2026/000123-MK"]),
    field("oggetto", Line, IfGiven, "di che cosa si tratta", &["Dichiarazione di cambio di residenza"]),
    field("stato", Line, IfGiven, "a che punto è la pratica, in parole", &["in lavorazione"]),
    field("data_fine", Date, IfGiven, "giorno entro cui concludere", &["2026-07-31"]),
];

/// The message a task is about.
pub(super) const INCOMING: &[Field] = &[
    RICEVUTO_IL,
    field("oggetto_messaggio", Line, IfGiven, "oggetto scritto dal mittente", &["Cambio di residenza"]),
    ALLEGATI,
];

/// What an office needs to act on a request without opening another program.
pub(super) const REQUEST: &[Field] = &[
    field("oggetto", Line, Always, "di che cosa si tratta", &["Dichiarazione di cambio di residenza"]),
    field("mittente", Line, Always, "indirizzo Pec verificato di chi scrive", &["anna.bianchi@pec.example"]),
    PROTOCOLLO,
    field("data_fine", Date, IfGiven, "giorno entro cui concludere", &["2026-07-31"]),
    field(
        "termine",
        Line,
        IfGiven,
        "come è calcolato il termine",
        &["30 giorni dal 2 luglio 2026, L. 241/1990 art. 2"],
    ),
    field(
        "verifica",
        Line,
        Always,
        "esito della verifica della Pec, in una riga",
        &["Pec autentica: firma del gestore valida, busta e dati concordi."],
    ),
    field("mancanze", Lines, IfGiven, "che cosa manca alla richiesta", &["codice fiscale"]),
    field(
        "testo",
        Quote,
        IfGiven,
        "testo del messaggio",
        &["Buongiorno,\nmi sono trasferita in via delle Rose 10.\n\nCordiali saluti\nAnna Bianchi"],
    ),
    field(
        "perche",
        Lines,
        Always,
        "perché il messaggio arriva a questo ufficio",
        &["Regola variazione-residenza: 95 punti, ne bastano 60.", "Trovato «cambio di residenza» nell'oggetto."],
    ),
    field(
        "risposta",
        Line,
        IfGiven,
        "che cosa riceve il cittadino in automatico",
        &["La ricevuta parte alle 10:40: fino ad allora si può fermare."],
    ),
    field("bozza", Quote, IfGiven, "risposta preparata, da confermare", &["La tua pratica è in lavorazione."]),
];

/// What did not hold when a message was verified.
pub(super) const DOUBT: &[Field] = &[
    field("motivo", Line, Always, "perché il messaggio è fermo, in una riga", &["La firma del gestore non è valida."]),
    field(
        "anomalie",
        Lines,
        Always,
        "le verifiche non superate",
        &["firma: il contenuto è cambiato dopo la firma", "mittente: non concorda con i dati di certificazione"],
    ),
    field(
        "mittente_dichiarato",
        Line,
        IfGiven,
        "mittente scritto nel messaggio: non è verificato",
        &["anna.bianchi@pec.example"],
    ),
];

/// A message of ours that did not arrive (CAD art. 3-bis c. 4-bis).
pub(super) const UNDELIVERED: &[Field] = &[
    field("oggetto", Line, Free, "oggetto del procedimento", &["Dichiarazione di cambio di residenza"]),
    field("destinatario", Line, Always, "indirizzo che non ha ricevuto", &["anna.bianchi@pec.example"]),
    field("messaggio", Line, Always, "oggetto del messaggio non consegnato", &["Richiesta ricevuta"]),
    field("inviato_il", Instant, Always, "quando è stato inviato", &["2026-07-02T08:40:00Z"]),
    field("esito", Line, Always, "che cosa dicono le ricevute", &["avviso di mancata consegna del 3 luglio 2026"]),
    field("errore", Line, IfGiven, "errore riportato dal gestore", &["casella piena"]),
    field("in_allegato", Line, Always, "nome del file da stampare e spedire", &["lettera-da-spedire.pdf"]),
    field("testo", Quote, Always, "testo che non è arrivato", &["Buongiorno,\nabbiamo ricevuto la tua richiesta."]),
];

/// A message of ours of which nobody knows whether it arrived.
pub(super) const DOUBTFUL: &[Field] = &[
    field("data_fine", Date, IfGiven, "giorno entro cui concludere", &["2026-07-31"]),
    field("destinatario", Line, Always, "indirizzo a cui è diretto", &["anna.bianchi@pec.example"]),
    field("messaggio", Line, Always, "oggetto del messaggio", &["Richiesta ricevuta"]),
    field("inviato_il", Instant, Always, "quando è partito la prima volta", &["2026-07-02T08:40:00Z"]),
    field("message_id", Line, Always, "Message-ID, per cercarlo dal gestore", &["<v1.abc@pec.comune.example>"]),
    field(
        "prove",
        Lines,
        Always,
        "che cosa si sa, e che cosa manca",
        &["Il gestore l'ha presa in carico alle 10:40.", "Nessuna ricevuta dopo 3 ore."],
    ),
    field("testo", Quote, Always, "testo del messaggio", &["Buongiorno,\nabbiamo ricevuto la tua richiesta."]),
];

/// Why: one by one, because each must be answered (L. 241/1990 artt. 3, 10-bis).
pub(super) const MOTIVI: Field = field(
    "motivi",
    Lines,
    Always,
    "i motivi, uno per uno",
    &["La casa indicata non risulta abitata.", "Manca il titolo per occupare l'alloggio."],
);

/// The files that an office sends with a letter.
pub(super) const IN_ALLEGATO: Field = field(
    "in_allegato",
    Lines,
    IfGiven,
    "documenti dell'ufficio in allegato, per nome",
    &["provvedimento.pdf", "planimetria.pdf"],
);

/// What a final measure says (L. 241/1990 artt. 2, 3, 10, 10-bis).
pub(super) const OUTCOME: &[Field] = &[
    field("decisione", Line, Always, "che cosa si è deciso, in una frase", &["la tua richiesta è accolta."]),
    MOTIVI,
    field(
        "valutazioni",
        Items(WEIGHED),
        IfGiven,
        "memorie, osservazioni e documenti di chi partecipa: come l'ufficio ne ha tenuto conto",
        &[],
    ),
    field("modifiche", Items(CHANGED), IfGiven, "dati cambiati: com'erano e come sono", &[]),
    IN_ALLEGATO,
    field(
        "rimedi",
        Lines,
        Always,
        "a chi e entro quando si può ricorrere (L. 241/1990 art. 3 c. 4)",
        &["Ricorso al Tar (Tribunale amministrativo regionale) entro 60 giorni."],
    ),
    field(
        "ritardo",
        Line,
        IfGiven,
        "se si è deciso dopo il termine: termine e tempo impiegato (L. 241/1990 art. 2 c. 9-quinquies)",
        &["Il termine era il 31 luglio 2026: abbiamo deciso 4 giorni dopo."],
    ),
    field(
        "collegati",
        Lines,
        IfGiven,
        "servizi che possono servire a chi ha avuto questo, al massimo tre, ciascuno con le parole che lo chiedono (S3.25)",
        &["Mensa scolastica: per sapere come si chiede scrivi nell'oggetto SCHEDA mensa"],
    ),
    field("vale_fino_al", Date, IfGiven, "ultimo giorno di quello che si dà, dove ne ha uno", &["2027-07-20"]),
    field(
        "accetta_entro",
        Date,
        IfGiven,
        "ultimo giorno per dire se si accetta il posto in graduatoria, dove il file lo chiede (S3.19)",
        &["2027-04-20"],
    ),
    field(
        "parole_posto",
        Items(PLACE_WORDS),
        IfGiven,
        "le parole per accettare il posto e per rinunciare, ognuna con il suo collegamento",
        &[],
    ),
    field(
        "rate",
        Line,
        IfGiven,
        "le rate, se si paga a rate",
        &["12 rate, una al mese; la prima entro venerdì 31 luglio 2026"],
    ),
    field(
        "interessato",
        Flag,
        Free,
        "vero per chi non ha chiesto niente: chi interviene, chi è destinatario",
        &["true"],
    ),
    field("voti", Items(VOTES), IfGiven, "i voti possibili, ognuno con il suo collegamento (C.SE.1.7)", &[]),
];

const VOTES: &[Field] = &[
    field("voto", Line, Always, "da 1 a 5", &["1", "5"]),
    field(
        "collegamento",
        Line,
        Always,
        "collegamento che prepara la Pec",
        &[
            "mailto:protocollo@pec.comune.example?subject=VALUTAZIONE%201%202026%2F000123",
            "mailto:protocollo@pec.comune.example?subject=VALUTAZIONE%205%202026%2F000123",
        ],
    ),
];

const WEIGHED: &[Field] = &[
    field("cosa", Line, Always, "che cosa è stato mandato", &["Osservazioni del 4 agosto 2026"]),
    field(
        "come",
        Line,
        Always,
        "come l'ufficio ne ha tenuto conto",
        &["Accolte: la casa risulta abitata dal 1° luglio."],
    ),
];

/// A datum before and after.
pub(super) const CHANGED: &[Field] = &[
    field("dato", Line, Always, "quale dato", &["indirizzo"]),
    field("prima", Line, Always, "com'era", &["via Roma 1"]),
    field("dopo", Line, Always, "com'è, o come sarebbe", &["via delle Rose 10"]),
];

/// The morning mail of an office.
pub(super) const MORNING: &[Field] = &[
    field("ente", Line, Free, "nome dell'ente", &["Comune di Esempio"]),
    field("ufficio", Line, Always, "ufficio che riceve il riepilogo", &["Ufficio Anagrafe"]),
    field("conto", Line, Subject, "quante pratiche, in poche parole", &["nuove 2, scadute 1"]),
    field(
        "nuove",
        Lines,
        IfGiven,
        "le pratiche arrivate dopo l'ultimo riepilogo",
        &["2026/000123-MK: cambio di residenza"],
    ),
    field("in_scadenza", Lines, IfGiven, "le pratiche che scadono presto", &["2026/000101: accesso agli atti"]),
    field("scadute", Lines, IfGiven, "le pratiche scadute", &["2026/000012: autorizzazione"]),
    field("come_rispondere", Lines, Always, "che cosa può fare chi legge", &["Apri il fascicolo."]),
];
/// What is paid.
pub(super) const FEES: &[Field] = &[
    field("voce", Line, Always, "per che cosa", &["permesso per un anno"]),
    field("quanto", Line, Always, "quanto", &["30 euro"]),
];

/// What an office of others may know: nothing about who asked.
pub(super) const BODY: &[Field] = &[
    field("ente", Line, Always, "nome dell'ente", &["Comune di Esempio"]),
    field("pec_ente", Line, Always, "indirizzo Pec dell'ente", &["protocollo@pec.comune.example"]),
    field("ufficio", Line, Always, "ufficio che segue la pratica", &["Ufficio istruzione"]),
    field("contatto", Line, Always, "telefono, email e orari dell'ufficio", &["tel. 055 000 000"]),
    field("riferimento", Line, Subject, "riferimento da non togliere dall'oggetto", &["[Fascicolo 2026/000123-MK]"]),
    field("cosa", Line, Subject, "che cosa si chiede, in poche parole", &["richiesta di parere"]),
    field("destinatario", Line, Always, "nome di chi riceve", &["Gestore della mensa"]),
    field("procedimento", Line, Always, "titolo del procedimento", &["Iscrizione alla mensa scolastica"]),
    field(
        "richieste",
        Lines,
        Always,
        "che cosa si chiede, una cosa per riga",
        &["La dieta senza glutine si può fare?"],
    ),
    field("giorni", Number, Always, "giorni per rispondere, da quando il messaggio arriva", &["5"]),
];

/// A request that goes on to the body that is competent.
pub(super) const HANDED_ON: &[Field] = &[
    field("ente", Line, Always, "nome dell'ente", &["Comune di Esempio"]),
    field("pec_ente", Line, Always, "indirizzo Pec dell'ente", &["protocollo@pec.comune.example"]),
    field("ufficio", Line, Always, "ufficio che ha ricevuto la richiesta", &["Ufficio ambiente"]),
    field("contatto", Line, Always, "telefono, email e orari dell'ufficio", &["tel. 055 000 000"]),
    field("riferimento", Line, Subject, "riferimento da non togliere dall'oggetto", &["[Fascicolo 2026/000123]"]),
    field("destinatario", Line, Always, "nome dell'ente competente", &["Regione di Esempio"]),
    field("oggetto", Line, Always, "di che cosa si tratta", &["Segnalazione su un corso d'acqua"]),
    field("presentata_il", Instant, Always, "quando la richiesta è arrivata a noi", &["2026-03-02T09:30:00Z"]),
    field("scrivi_a", Lines, Always, "a chi rispondere: le Pec di chi l'ha fatta", &["mario.rossi@pec.example"]),
    field("motivi", Lines, Free, "perché non è nostra, una cosa per riga", &["Il corso d'acqua è della Regione."]),
    field("in_allegato", Lines, Always, "i messaggi del cittadino, come file", &["richiesta-2026-000123-1.eml"]),
];

/// What was asked, as it was read: whoever wrote it checks it (function S3.16).
pub(super) const RIEPILOGO: Field = field(
    "riepilogo",
    Items(&[
        field("voce", Line, Always, "quale dato", &["Codice fiscale"]),
        field("testo", Line, Always, "che cosa c'è scritto", &["BNCNNA80A41H501R"]),
    ]),
    Free,
    "i dati scritti nella richiesta, come li abbiamo letti",
    &[],
);

/// One message, several requests: one receipt names all.
pub(super) const ALTRE_RICHIESTE: Field = field(
    "altre_richieste",
    Items(&[
        field("cosa", Line, Always, "che cosa si chiede", &["Accesso agli atti"]),
        field("numero", Line, Always, "numero del suo fascicolo", &["2026/000124"]),
    ]),
    Free,
    "le altre richieste dello stesso messaggio, ciascuna con il suo fascicolo",
    &[],
);

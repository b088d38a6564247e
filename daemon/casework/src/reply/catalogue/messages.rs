//! The messages of the service, in the order of the administrator's guide. Changes when a message is added.

use super::enquiries;
use super::fields::{
    ALLEGATI, ALTRE_RICHIESTE, ANSWERS, BODY, CHANGED, DOSSIER, DOUBT, DOUBTFUL, END, EVENTI, FEES, INCOMING,
    LINK_RISPOSTA, LINK_STATO, MANCANZE, MORNING, MOTIVI, ORDERED, OUTCOME, PRESENTATA_IL, REQUEST, RICEVUTO_IL,
    SENDER, START, START_WORDS, TASK, UNDELIVERED, field,
};
use super::{Field, Kind, Message, Need, Phrase, Reader};

/// The receipt of a request: people print it and keep it.
pub const RECEIPT: &str = "presa-in-carico";

/// Every message that the service can write.
pub const MESSAGES: &[Message] = &[
    Message {
        name: RECEIPT,
        purpose: "al cittadino: ricevuta che è anche comunicazione di avvio (L. 241/1990 artt. 8, 18-bis)",
        reader: Reader::Citizen,
        fields: &[SENDER, DOSSIER, START, &[PRESENTATA_IL, ALLEGATI, ALTRE_RICHIESTE]],
        must_say: START_WORDS,
    },
    Message {
        name: "avvio-procedimento",
        purpose: "a chi è interessato: comunicazione di avvio, anche d'ufficio (L. 241/1990 artt. 7 e 8)",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            START,
            &[
                Field { need: Need::OneOf("inizio"), ..PRESENTATA_IL },
                field(
                    "avviato_il",
                    Kind::Date,
                    Need::OneOf("inizio"),
                    "giorno in cui l'ufficio ha avviato il procedimento",
                    &["2026-07-02"],
                ),
            ],
        ],
        must_say: START_WORDS,
    },
    Message {
        name: "documenti-acquisiti",
        purpose: "al cittadino: memorie e documenti sono nel fascicolo e saranno valutati (L. 241/1990 art. 10)",
        reader: Reader::Citizen,
        fields: &[SENDER, DOSSIER, END, &[RICEVUTO_IL, ALLEGATI, LINK_STATO]],
        must_say: &[Phrase { words: "valut", why: "L. 241/1990 art. 10: l'ente deve valutare memorie e documenti" }],
    },
    Message {
        name: "stato-pratica",
        purpose: "al cittadino: a che punto è la sua pratica (CAD art. 41)",
        reader: Reader::Citizen,
        fields: &[SENDER, DOSSIER, END, &[EVENTI, LINK_RISPOSTA]],
        must_say: &[],
    },
    Message {
        name: "richiesta-integrazione",
        purpose: "al cittadino: che cosa manca e come mandarlo (L. 241/1990 artt. 2 c. 7 e 6)",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            END,
            &[
                PRESENTATA_IL,
                MANCANZE,
                field(
                    "rispondi_entro",
                    Kind::Date,
                    Need::Always,
                    "giorno entro cui mandare quello che manca",
                    &["2026-07-12"],
                ),
                LINK_RISPOSTA,
            ],
        ],
        must_say: &[],
    },
    Message {
        name: "preavviso-diniego",
        purpose: "al cittadino: i motivi per cui l'ufficio sta per rifiutare, e come rispondere (L. 241/1990 art. 10-bis)",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            END,
            &[
                MOTIVI,
                field(
                    "giorni_osservazioni",
                    Kind::Number,
                    Need::Always,
                    "giorni per rispondere, da quando il messaggio arriva nella casella",
                    &["10"],
                ),
                LINK_RISPOSTA,
            ],
        ],
        must_say: &[
            Phrase { words: "osservazioni", why: "L. 241/1990 art. 10-bis: il diritto di presentare osservazioni" },
            Phrase { words: "documenti", why: "L. 241/1990 art. 10-bis: con i documenti che le provano" },
        ],
    },
    Message {
        name: "conferma-modifica",
        purpose: "al cittadino: dati delicati cambiano solo se chi li ha chiesti lo conferma con il codice",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            &[
                field(
                    "modifiche",
                    Kind::Items(CHANGED),
                    Need::Always,
                    "dati da cambiare: come sono e come sarebbero",
                    &[],
                ),
                field("codice", Kind::Line, Need::Always, "codice da rimandare, che scade", &["CONFERMO 7KQ2-M4TX"]),
                field("conferma_entro", Kind::Date, Need::Always, "ultimo giorno per confermare", &["2026-07-12"]),
                LINK_RISPOSTA,
            ],
        ],
        must_say: &[Phrase {
            words: "non hai chiesto",
            why: "chi non ha chiesto la modifica deve sapere che cosa fare: può essere una frode",
        }],
    },
    Message {
        name: "promemoria",
        purpose: "al cittadino: una sua scadenza è vicina (L. 241/1990 artt. 2 c. 7 e 10-bis)",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            END,
            &[
                field(
                    "avviso",
                    Kind::Line,
                    Need::Always,
                    "che cosa scade, in una frase",
                    &["Hai ancora 5 giorni per mandare quello che ti abbiamo chiesto."],
                ),
                LINK_RISPOSTA,
            ],
        ],
        must_say: &[],
    },
    Message {
        name: "avviso-pratica",
        purpose: "a chi è parte: un passo del procedimento, dove il suo file lo chiede",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            END,
            &[
                field(
                    "avviso",
                    Kind::Line,
                    Need::Always,
                    "che cosa è successo, in una frase",
                    &["Chiesto un parere a un altro ente."],
                ),
                LINK_RISPOSTA,
            ],
        ],
        must_say: &[],
    },
    Message {
        name: "richiesta-pagamento",
        purpose: "al cittadino: quanto si paga, come, entro quando",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            END,
            &[
                field("voci", Kind::Items(FEES), Need::Always, "che cosa si paga", &[]),
                field(
                    "come_pagare",
                    Kind::Lines,
                    Need::Always,
                    "come si paga, uno per riga",
                    &["Avviso pagoPA 301000000000000012, dal sito o dall'app della tua banca."],
                ),
                field("paga_entro", Kind::Date, Need::Always, "giorno entro cui pagare", &["2026-08-01"]),
                LINK_RISPOSTA,
            ],
        ],
        must_say: &[Phrase {
            words: "non ti chiediamo mai",
            why: "chi riceve una richiesta di soldi deve poter riconoscere una truffa",
        }],
    },
    Message {
        name: "richiesta-regolarizzazione",
        purpose: "al cittadino: perché la richiesta non è in regola, e come sistemarla (CAD art. 65; L. 241/1990 art. 6)",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            END,
            &[
                PRESENTATA_IL,
                MOTIVI,
                field(
                    "strade",
                    Kind::Lines,
                    Need::Always,
                    "le strade aperte per una richiesta valida, una per riga",
                    &["Firma il documento a mano e mandalo con la copia di un documento di identità."],
                ),
                field(
                    "ricomincia",
                    Kind::Flag,
                    Need::Free,
                    "il termine ricomincia da capo con la richiesta in regola (accesso agli atti)",
                    &["true"],
                ),
                LINK_RISPOSTA,
            ],
        ],
        must_say: &[],
    },
    Message {
        name: "proroga",
        purpose: "al cittadino: servono altri due mesi, e perché (Gdpr art. 12 par. 3)",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            DOSSIER,
            END,
            &[
                PRESENTATA_IL,
                MOTIVI,
                field("nuova_fine", Kind::Date, Need::Always, "il nuovo ultimo giorno", &["2026-10-02"]),
                LINK_RISPOSTA,
            ],
        ],
        must_say: &[Phrase {
            words: "reclamo al garante",
            why: "Gdpr art. 12 par. 4: chi aspetta sa a chi rivolgersi",
        }],
    },
    Message {
        name: "richiesta-parere",
        purpose: "a un ente o a un'azienda fuori: che cosa si chiede ed entro quando, senza dati di chi ha scritto",
        reader: Reader::Office,
        fields: &[BODY],
        must_say: &[],
    },
    Message {
        name: "esito",
        purpose: "al cittadino: la decisione, con motivi, valutazioni e rimedi (L. 241/1990 artt. 2, 3, 10, 10-bis)",
        reader: Reader::Citizen,
        fields: &[SENDER, DOSSIER, OUTCOME, &[LINK_STATO]],
        must_say: &[],
    },
    Message {
        name: "fascicolo-non-trovato",
        purpose: "a chi cita un fascicolo che non c'è o non è suo: lo stesso testo nei due casi",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            &[
                RICEVUTO_IL,
                field("numero_indicato", Kind::Line, Need::Always, "numero scritto dal mittente", &["2026/000999"]),
                field(
                    "forse",
                    Kind::Line,
                    Need::IfGiven,
                    "una pratica del mittente con un numero quasi uguale",
                    &["2026/000998, «Cambio di residenza»"],
                ),
            ],
        ],
        must_say: &[],
    },
    enquiries::HELP,
    enquiries::CATALOGUE,
    enquiries::CARD,
    enquiries::DATA,
    enquiries::DOSSIERS,
    enquiries::INDEX,
    enquiries::DOCUMENT,
    enquiries::NO_DOCUMENT,
    enquiries::PERSON_ANSWERS,
    enquiries::WAYS,
    enquiries::REVOKED,
    enquiries::WITHDRAWN,
    Message {
        name: "fatture-solo-sdi",
        purpose: "a chi manda una fattura per Pec: la strada è il Sistema di interscambio",
        reader: Reader::Citizen,
        fields: &[
            SENDER,
            &[
                RICEVUTO_IL,
                field(
                    "codice_univoco",
                    Kind::Line,
                    Need::IfGiven,
                    "codice univoco dell'ufficio per le fatture",
                    &["UFABC1"],
                ),
            ],
        ],
        must_say: &[Phrase { words: "sistema di interscambio", why: "d.m. 55/2013: le fatture passano di lì" }],
    },
    Message {
        name: "pec-non-certificata",
        purpose: "a chi scrive con email normale: le strade aperte (CAD art. 65); parte solo se lo decide una persona",
        reader: Reader::Citizen,
        fields: &[SENDER, &[RICEVUTO_IL]],
        must_say: &[
            Phrase { words: "firma digitale", why: "CAD art. 65 c. 1 a)" },
            Phrase { words: "documento di identità", why: "CAD art. 65 c. 1 c)" },
        ],
    },
    Message {
        name: "compito",
        purpose: "all'ufficio: una richiesta da trattare",
        reader: Reader::Office,
        fields: &[TASK, INCOMING, REQUEST, ANSWERS],
        must_say: &[],
    },
    Message {
        name: "compito-verifica",
        purpose: "a una persona: un messaggio in quarantena, che cosa non torna e dove si trova",
        reader: Reader::Office,
        fields: &[TASK, INCOMING, DOUBT],
        must_say: &[],
    },
    Message {
        name: "compito-mancata-consegna",
        purpose: "all'ufficio: una Pec non è arrivata, va spedita su carta (CAD art. 3-bis c. 4-bis)",
        reader: Reader::Office,
        fields: &[TASK, UNDELIVERED],
        must_say: &[Phrase { words: "raccomandata", why: "CAD art. 3-bis c. 4-bis: la strada di carta" }],
    },
    Message {
        name: "compito-esito-ignoto",
        purpose: "all'ufficio: di una Pec non si sa se è arrivata, va cercata dal gestore prima di spedirla su carta",
        reader: Reader::Office,
        fields: &[TASK, DOUBTFUL],
        must_say: &[
            Phrase { words: "webmail", why: "prima di un secondo invio si guarda dove il gestore mostra le ricevute" },
            Phrase { words: "raccomandata", why: "CAD art. 3-bis c. 4-bis: la strada di carta" },
        ],
    },
    Message {
        name: "compito-pratica",
        purpose: "all'ufficio: una pratica aspetta qualcosa (termine vicino o scaduto, conferma arrivata, memoria da valutare)",
        reader: Reader::Office,
        fields: &[
            TASK,
            ANSWERS,
            &[
                field(
                    "oggetto",
                    Kind::Line,
                    Need::Always,
                    "di che cosa si tratta",
                    &["Dichiarazione di cambio di residenza"],
                ),
                field(
                    "cosa",
                    Kind::Line,
                    Need::Subject,
                    "che cosa c'è da fare, in poche parole",
                    &["mancano 3 giorni alla fine del termine"],
                ),
                field("stato", Kind::Line, Need::Always, "a che punto è la pratica, in parole", &["in lavorazione"]),
                field("responsabile", Kind::Line, Need::Always, "responsabile del procedimento", &["Ada Neri"]),
                field("data_fine", Kind::Date, Need::IfGiven, "giorno entro cui concludere", &["2026-07-31"]),
                field(
                    "modifiche",
                    Kind::Items(CHANGED),
                    Need::IfGiven,
                    "dati da cambiare: come sono e come sarebbero",
                    &[],
                ),
                field(
                    "perche",
                    Kind::Lines,
                    Need::Always,
                    "i fatti, uno per riga",
                    &["Il termine finisce il 31 luglio 2026."],
                ),
            ],
        ],
        must_say: &[],
    },
    Message {
        name: "ordine-eseguito",
        purpose: "all'ufficio: l'ordine dato per posta è stato eseguito, e che cosa si può fare adesso",
        reader: Reader::Office,
        fields: &[ORDERED, ANSWERS],
        must_say: &[],
    },
    Message {
        name: "ordine-non-eseguito",
        purpose: "all'ufficio: l'ordine dato per posta non è stato eseguito, e perché",
        reader: Reader::Office,
        fields: &[ORDERED, ANSWERS],
        must_say: &[],
    },
    Message {
        name: "riepilogo-ufficio",
        purpose: "all'ufficio, ogni mattina di lavoro in cui c'è qualcosa: pratiche nuove, in scadenza, scadute",
        reader: Reader::Office,
        fields: &[MORNING],
        must_say: &[],
    },
];

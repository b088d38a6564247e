//! The letters that answer a command, with their facts. Changes when such a letter is added, or shows another fact.

use super::fields::{DOSSIER, END, LINK_STATO, RICEVUTO_IL, SENDER, field};
use super::words::SERVICE_FORM;
use super::{Field, Kind, Message, Need, Phrase, Reader};
use Kind::{Date, Items, Line, Lines, Link, Number};
use Need::{Always, Free, IfGiven, Subject};

/// L. 241/1990 art. 18 c. 2.
pub(super) const AGLI_ATTI: Field = field(
    "agli_atti",
    Lines,
    Free,
    "che cosa serve e c'è già, e dove: non si chiede",
    &["«carta-identita.pdf», fascicolo 2026/000007-BC, martedì 3 febbraio 2026"],
);

/// Who writes, in a letter about no case: one screen must hold it.
pub(super) const US: &[Field] = &[
    field("ente", Line, Always, "nome dell'ente", &["Comune di Esempio"]),
    field("pec_ente", Line, Always, "indirizzo Pec dell'ente", &["protocollo@pec.comune.example"]),
    field("contatto", Line, Always, "telefono, email e orari dell'ufficio", &["tel. 055 000 000"]),
    field(
        "informativa_privacy",
        Line,
        Always,
        "indirizzo web dell'informativa privacy",
        &["https://www.comune.example/privacy"],
    ),
];

const AVVISO: Field = field(
    "avviso",
    Line,
    IfGiven,
    "che cosa non è andato, in una frase",
    &["Non troviamo il servizio «residensa». Forse volevi: SCHEDA cambio-residenza."],
);

const PARTE: Field = field("parte", Line, IfGiven, "quale lettera è, se l'elenco non sta in una sola", &["1 di 2"]);

const ALTRE: Field = field("altre", Number, IfGiven, "quante voci mancano, se sono troppe", &["12"]);

const LINK_PRATICHE: Field = field(
    "link_pratiche",
    Link { subject: "LE MIE PRATICHE", from: "pec_ente", body: None },
    Always,
    "collegamento che prepara la Pec per avere l'elenco delle pratiche",
    &[],
);

const LINK_DATI: Field = field(
    "link_dati",
    Link { subject: "I MIEI DATI", from: "pec_ente", body: None },
    Always,
    "collegamento che prepara la Pec per avere i propri dati",
    &[],
);

const LINK_AIUTO: Field = field(
    "link_aiuto",
    Link { subject: "AIUTO", from: "pec_ente", body: None },
    Always,
    "collegamento che prepara la Pec per sapere che cosa si può chiedere",
    &[],
);

const LINK_CATALOGO: Field = field(
    "link_catalogo",
    Link { subject: "CATALOGO", from: "pec_ente", body: None },
    Always,
    "collegamento che prepara la Pec per avere l'elenco dei servizi",
    &[],
);

const LINK_FASCICOLO: Field = field(
    "link_fascicolo",
    Link { subject: "FASCICOLO {}", from: "fascicolo", body: None },
    Always,
    "collegamento che prepara la Pec per avere l'indice dei documenti",
    &[],
);

const SERVIZI: &[Field] = &[
    field("titolo", Line, Always, "nome del servizio", &["Cambio di residenza", "Iscrizione al nido"]),
    field("codice", Line, Always, "nome breve, da scrivere dopo SCHEDA", &["cambio-residenza", "nido"]),
];

const RIGHE: &[Field] = &[
    field("voce", Line, Always, "che cosa dice la riga", &["A chi serve", "Costo"]),
    field("testo", Line, Always, "il testo della riga", &["Chi cambia casa", "niente"]),
];

const DOMICILI: &[Field] = &[
    field("indirizzo", Line, Always, "indirizzo Pec", &["anna.bianchi@pec.example"]),
    field("fonte", Line, Always, "chi dice che è il domicilio", &["iscritto in INAD"]),
    field("dal", Date, Always, "da quando", &["2026-01-12"]),
];

const DATI: &[Field] = &[
    field("dato", Line, Always, "quale dato", &["Telefono", "Indirizzo di residenza"]),
    field("valore", Line, Always, "che cosa c'è scritto", &["055 000001", "via Roma 1"]),
    field("fonte", Line, Always, "chi lo dice", &["Ufficio Tributi", "Ufficio Anagrafe"]),
    field("dal", Date, Always, "da quando lo dice", &["2026-01-12"]),
];

const LETTURE: &[Field] = &[
    field("quando", Line, Always, "quando", &["martedì 3 febbraio 2026, ore 10:15", "lunedì 2 febbraio 2026"]),
    field(
        "chi",
        Line,
        Always,
        "quale ufficio, mai il nome di chi ci lavora",
        &["una persona dell'ente, ufficio non indicato", "Ufficio Tributi"],
    ),
    field(
        "cosa",
        Line,
        Always,
        "che cosa ha visto",
        &["la scheda con i tuoi dati", "la pratica 2026/000123-MK, in 2 mail"],
    ),
    field("perche", Line, Always, "perché", &["lettura a mano, il motivo non è annotato", "ci deve lavorare"]),
];

const PRATICHE: &[Field] = &[
    field("numero", Line, Always, "numero del fascicolo", &["2026/000123-MK", "2025/000007-BT"]),
    field("oggetto", Line, Always, "di che cosa si tratta", &["Cambio di residenza", "Accesso agli atti"]),
    field("stato", Line, Always, "a che punto è, in parole", &["in lavorazione", "accolta"]),
    field("dal", Date, Always, "da quando", &["2026-07-02", "2025-03-03"]),
    field(
        "fine",
        Line,
        Always,
        "quando finisce, o è finita",
        &["entro venerdì 31 luglio 2026", "conclusa lunedì 3 marzo 2025"],
    ),
];

const DOCUMENTI: &[Field] = &[
    field(
        "numero",
        Line,
        Always,
        "numero del documento, da scrivere dopo DOCUMENTO",
        &["2026/000123-MK/1", "2026/000123-MK/2"],
    ),
    field("nome", Line, Always, "nome del file", &["planimetria.pdf", "delega.pdf"]),
    field("giorno", Date, Always, "quando è entrato nel fascicolo", &["2026-07-02", "2026-07-04"]),
    field("da", Line, Always, "chi lo ha mandato", &["anna.bianchi@pec.example", "Ada Neri"]),
    field(
        "protocollo",
        Line,
        IfGiven,
        "numero di protocollo del messaggio che lo ha portato",
        &["0004567/2026", "0004571/2026"],
    ),
];

const DOCUMENTO: Field = field("documento", Line, Always, "numero del documento nell'indice", &["2026/000123-MK/1"]);

/// AIUTO.
pub(super) const HELP: Message = Message {
    name: "aiuto",
    purpose: "a chi scrive AIUTO: che cosa si può chiedere, una riga per ogni cosa",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[AVVISO, field("avvisi_email", Kind::Flag, Need::Free, "l'ente avvisa anche per e-mail", &["true"])],
    ],
    must_say: &[],
};

/// CATALOGO.
pub(super) const CATALOGUE: Message = Message {
    name: "catalogo",
    purpose: "a chi scrive CATALOGO, o SCHEDA con un nome che non c'è: l'elenco dei servizi",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[AVVISO, PARTE, ALTRE, LINK_AIUTO, field("servizi", Items(SERVIZI), IfGiven, "i servizi dell'ente", &[])],
    ],
    must_say: &[],
};

/// SCHEDA.
pub(super) const CARD: Message = Message {
    name: "scheda",
    purpose: "a chi scrive SCHEDA e un servizio: a chi serve, che cosa occorre, costo, tempi, ufficio",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[
            field("titolo", Line, Always, "nome del servizio", &["Cambio di residenza"]),
            field(
                "avviso",
                Line,
                IfGiven,
                "che cosa è meglio dire prima",
                &["Hai fatto una domanda su questo servizio: ecco la risposta, e non abbiamo aperto nessuna pratica."],
            ),
            field("righe", Items(RIGHE), Always, "la scheda, voce per voce", &[]),
            field(
                "link_chiedi",
                Link { subject: "NUOVA {}", from: "titolo", body: None },
                Always,
                "collegamento che prepara la Pec con cui si chiede il servizio",
                &[],
            ),
            LINK_CATALOGO,
        ],
    ],
    must_say: &[],
};

/// NUOVA.
pub(super) const FORM: Message = Message {
    name: "modulo",
    purpose: "a chi scrive NUOVA e un servizio: il modulo da compilare per Pec",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[
            field("titolo", Line, Always, "nome del servizio", &["Cambio di residenza"]),
            field("codice", Line, Subject, "nome breve del servizio", &["cambio-residenza"]),
            field("requisiti", Lines, IfGiven, "che cosa occorre", &["Abitare davvero al nuovo indirizzo"]),
            field("documenti", Lines, IfGiven, "che cosa si deve allegare", &["Copia del documento d'identità"]),
            field("facoltativi", Lines, IfGiven, "che cosa si può allegare", &["Stato di famiglia"]),
            AGLI_ATTI,
            field("come", Line, IfGiven, "come si chiede, dalla scheda", &["Manda la copia del documento di tutti"]),
            field(
                "modulo",
                Lines,
                Always,
                "le righe da compilare",
                &["Nome e cognome:", "Codice fiscale:", "Telefono (se vuoi):"],
            ),
            field(
                "link_modulo",
                Link { subject: "NUOVA {}", from: "codice", body: Some(SERVICE_FORM) },
                Always,
                "collegamento che prepara la Pec con le righe da compilare",
                &[],
            ),
        ],
    ],
    must_say: &[Phrase { words: "articolo 76", why: "DPR 445/2000 art. 76: chi dichiara il falso è punito" }],
};

/// I MIEI DATI.
pub(super) const DATA: Message = Message {
    name: "dati-personali",
    purpose: "alla persona, a un domicilio sicuro: i dati che abbiamo, con fonte e data (GDPR art. 15)",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        &[
            RICEVUTO_IL,
            field("nome", Line, Always, "nome della persona", &["Anna Bianchi"]),
            field("codice_fiscale", Line, IfGiven, "codice fiscale", &["BNCNNA80A41H501R"]),
            field("partita_iva", Line, IfGiven, "partita IVA", &["00743110157"]),
            field("domicili", Items(DOMICILI), IfGiven, "domicili digitali che valgono", &[]),
            field("dati", Items(DATI), IfGiven, "i dati, ciascuno con chi lo dice e da quando", &[]),
            field(
                "abilitazioni",
                Lines,
                IfGiven,
                "abilitazioni e deleghe che valgono",
                &["Puoi chiedere i tuoi dati per Pec."],
            ),
            field("informativa_data", Line, IfGiven, "quale informativa privacy è stata data", &["versione 2026-1"]),
            field(
                "mancano",
                Line,
                IfGiven,
                "uffici di cui qui non c'è nessun dato sulla persona",
                &["Ufficio Tributi"],
            ),
            field(
                "riferimento",
                Line,
                IfGiven,
                "riferimento della richiesta, se ha un fascicolo",
                &["[Fascicolo 2026/000123-MK]"],
            ),
            field("stato", Line, IfGiven, "a che punto è la richiesta", &["ricevuta"]),
            field("responsabile", Line, IfGiven, "responsabile", &["Ada Neri"]),
            field("data_fine", Date, IfGiven, "giorno entro cui l'ente risponde", &["2026-07-31"]),
            PARTE,
            ALTRE,
            LINK_PRATICHE,
        ],
    ],
    must_say: &[Phrase { words: "correggere", why: "GDPR art. 15 par. 1 e): il diritto di correggere i dati" }],
};

/// CHI HA VISTO.
pub(super) const ACCESSES: Message = Message {
    name: "accessi",
    purpose: "alla persona, a un domicilio sicuro: chi ha letto i suoi dati e le sue pratiche (GDPR art. 15)",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        &[
            RICEVUTO_IL,
            field("nome", Line, Always, "nome della persona", &["Anna Bianchi"]),
            field("letture", Items(LETTURE), IfGiven, "le letture, dalla più recente", &[]),
            field("pratiche_non_viste", Number, IfGiven, "quante pratiche meno recenti qui non si contano", &["3"]),
            field(
                "riferimento",
                Line,
                IfGiven,
                "riferimento della richiesta, se ha un fascicolo",
                &["[Fascicolo 2026/000123-MK]"],
            ),
            PARTE,
            ALTRE,
            LINK_DATI,
        ],
    ],
    must_say: &[Phrase { words: "reclamo al garante", why: "GDPR art. 15 par. 1 f): il diritto di reclamo" }],
};

/// LE MIE PRATICHE.
pub(super) const DOSSIERS: Message = Message {
    name: "elenco-pratiche",
    purpose: "alla persona, a un domicilio sicuro: le sue pratiche, aperte e concluse",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        &[
            RICEVUTO_IL,
            field("pratiche", Items(PRATICHE), IfGiven, "le pratiche, dalla più recente", &[]),
            PARTE,
            ALTRE,
            LINK_DATI,
        ],
    ],
    must_say: &[],
};

/// FASCICOLO.
pub(super) const INDEX: Message = Message {
    name: "indice-fascicolo",
    purpose: "a una parte: l'indice dei documenti del fascicolo (L. 241/1990 art. 10)",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        DOSSIER,
        END,
        &[
            field("documenti", Items(DOCUMENTI), IfGiven, "i documenti, in ordine di arrivo", &[]),
            PARTE,
            ALTRE,
            field(
                "altri_da",
                Line,
                IfGiven,
                "da che numero sono i documenti che mancano, da scrivere dopo FASCICOLO",
                &["2026/000123-MK/201"],
            ),
            field(
                "passaggi",
                Number,
                IfGiven,
                "passaggi del fascicolo che il servizio non legge, se è lunghissimo",
                &["12"],
            ),
            LINK_STATO,
        ],
    ],
    must_say: &[Phrase {
        words: "su carta",
        why: "L. 241/1990 art. 8 c. 2 d-bis): dove sono gli atti che qui mancano",
    }],
};

/// DOCUMENTO.
pub(super) const DOCUMENT: Message = Message {
    name: "documento",
    purpose: "a una parte: un documento del fascicolo, in allegato",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        DOSSIER,
        END,
        &[
            DOCUMENTO,
            field("nome", Line, Always, "nome del file", &["planimetria.pdf"]),
            field("giorno", Date, Always, "quando è entrato nel fascicolo", &["2026-07-02"]),
            LINK_FASCICOLO,
        ],
    ],
    must_say: &[],
};

/// DOCUMENTO, of one that is not there or may not be seen.
pub(super) const NO_DOCUMENT: Message = Message {
    name: "documento-non-visibile",
    purpose: "a una parte che chiede un documento che nell'indice non c'è: lo stesso testo se è riservato",
    reader: Reader::Citizen,
    fields: &[SENDER, DOSSIER, END, &[DOCUMENTO, LINK_FASCICOLO]],
    must_say: &[Phrase {
        words: "accesso agli atti",
        why: "L. 241/1990 art. 22: la strada per i documenti non visibili",
    }],
};

/// A person answers.
pub(super) const PERSON_ANSWERS: Message = Message {
    name: "risponde-una-persona",
    purpose: "a una parte di un fascicolo riservato: risponde una persona, e non si dice altro",
    reader: Reader::Citizen,
    fields: &[SENDER, &[RICEVUTO_IL, super::fields::RIFERIMENTO]],
    must_say: &[],
};

/// Which ways are open.
pub(super) const WAYS: Message = Message {
    name: "come-farti-riconoscere",
    purpose: "a chi chiede dati personali da un indirizzo che non prova chi è: le strade aperte, che i dati ci siano o no",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        &[
            RICEVUTO_IL,
            field(
                "riferimento",
                Line,
                IfGiven,
                "riferimento della richiesta, se ha un fascicolo",
                &["[Fascicolo 2026/000123-MK]"],
            ),
            field("stato", Line, IfGiven, "a che punto è la richiesta", &["ricevuta"]),
            field("responsabile", Line, IfGiven, "responsabile", &["Ada Neri"]),
            field("data_fine", Date, IfGiven, "giorno entro cui l'ente risponde", &["2026-07-31"]),
            LINK_AIUTO,
        ],
    ],
    must_say: &[
        Phrase { words: "firma digitale", why: "CAD art. 65 c. 1 a)" },
        Phrase { words: "documento di identità", why: "CAD art. 65 c. 1 c)" },
        Phrase { words: "inad", why: "CAD art. 65 c. 1 c-bis)" },
    ],
};

/// ABILITAMI.
pub(super) const ENABLING: Message = Message {
    name: "conferma-abilitazione",
    purpose: "a chi chiede di abilitare la sua Pec: il codice da rimandare da lì",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        DOSSIER,
        END,
        &[
            field("casella", Line, Always, "la casella da abilitare", &["anna.bianchi@pec.example"]),
            field("persona", Line, Always, "codice fiscale o partita IVA di chi chiede", &["BNCNNA80A41H501R"]),
            field("codice", Line, Always, "codice da rimandare, che scade", &["CONFERMO 7KQ2-M4TX"]),
            field("conferma_entro", Date, Always, "ultimo giorno per confermare", &["2026-07-12"]),
            super::fields::LINK_RISPOSTA,
        ],
    ],
    must_say: &[Phrase {
        words: "non hai chiesto",
        why: "chi non l'ha chiesto deve sapere che cosa fare: può essere una frode",
    }],
};

/// CONFERMO, too late.
pub(super) const EXPIRED: Message = Message {
    name: "conferma-scaduta",
    purpose: "a chi manda il codice di abilitazione dopo la scadenza: che cosa è successo, e un codice nuovo",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        DOSSIER,
        END,
        &[
            field("scaduto_il", Date, Always, "ultimo giorno che c'era per confermare", &["2026-07-12"]),
            field("casella", Line, Always, "la casella da abilitare", &["anna.bianchi@pec.example"]),
            field("persona", Line, Always, "codice fiscale o partita IVA di chi chiede", &["BNCNNA80A41H501R"]),
            field("codice", Line, Always, "codice nuovo da rimandare", &["CONFERMO 7KQ2-M4TX"]),
            field("conferma_entro", Date, Always, "ultimo giorno per confermare", &["2026-07-20"]),
            super::fields::LINK_RISPOSTA,
        ],
    ],
    must_say: &[Phrase {
        words: "non hai chiesto",
        why: "chi non l'ha chiesto deve sapere che cosa fare: può essere una frode",
    }],
};

/// CONFERMO, in time.
pub(super) const CONFIRMED: Message = Message {
    name: "abilitazione-confermata",
    purpose: "a chi ha rimandato in tempo il codice di abilitazione: adesso decide una persona",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        DOSSIER,
        END,
        &[
            field("casella", Line, Always, "la casella da abilitare", &["anna.bianchi@pec.example"]),
            field("persona", Line, Always, "codice fiscale o partita IVA di chi chiede", &["BNCNNA80A41H501R"]),
            super::fields::LINK_RISPOSTA,
        ],
    ],
    must_say: &[Phrase {
        words: "in attesa di approvazione",
        why: "il codice da solo non abilita: decide una persona",
    }],
};

const RISPOSTE: &[Field] = &[
    field("testo", Line, Always, "la risposta", &["Le indicazioni erano chiare", "Altro"]),
    field(
        "scrivi",
        Line,
        Always,
        "le parole che la danno",
        &["VALUTAZIONE 5 2026/000123-MK MOTIVO 1", "VALUTAZIONE 5 2026/000123-MK MOTIVO 5"],
    ),
    field(
        "collegamento",
        Line,
        Always,
        "collegamento che prepara la Pec",
        &[
            "mailto:protocollo@pec.comune.example?subject=VALUTAZIONE%205%202026%2F000123-MK%20MOTIVO%201",
            "mailto:protocollo@pec.comune.example?subject=VALUTAZIONE%205%202026%2F000123-MK%20MOTIVO%205",
        ],
    ),
];

/// VALUTAZIONE.
pub(super) const RATED: Message = Message {
    name: "valutazione",
    purpose: "a chi dice com'è andata la sua pratica: grazie, e la seconda domanda con le sue risposte",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        DOSSIER,
        END,
        &[
            field("avviso", Line, Always, "che cosa è successo", &["Grazie: abbiamo contato la tua valutazione."]),
            field("domanda", Line, IfGiven, "la seconda domanda", &["Quali sono stati gli aspetti che hai preferito?"]),
            field("risposte", Items(RISPOSTE), IfGiven, "le risposte possibili", &[]),
        ],
    ],
    must_say: &[],
};

/// REVOCA.
pub(super) const REVOKED: Message = Message {
    name: "revoca",
    purpose: "a chi scrive REVOCA: che cosa è finito, e che cosa qui non si può togliere",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        &[
            RICEVUTO_IL,
            field(
                "finite",
                Lines,
                IfGiven,
                "che cosa non vale più da adesso",
                &["Il domicilio anna.bianchi@pec.example"],
            ),
            field(
                "resta",
                Line,
                IfGiven,
                "che cosa resta, e dove si cambia",
                &["Questo indirizzo è iscritto in INAD: si cambia lì."],
            ),
        ],
    ],
    must_say: &[Phrase { words: "non hai scritto tu", why: "chi non l'ha chiesto deve sapere che cosa fare" }],
};

/// RITIRO.
pub(super) const WITHDRAWN: Message = Message {
    name: "ritiro",
    purpose: "a ogni parte: chi ha fatto la richiesta l'ha ritirata, e la pratica è conclusa",
    reader: Reader::Citizen,
    fields: &[SENDER, DOSSIER, END, &[super::fields::LINK_RISPOSTA]],
    must_say: &[],
};

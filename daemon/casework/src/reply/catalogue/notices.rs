//! The letters about what somebody wants to be told, that what was granted ends, and about a ranking. Changes when another notice may
//! be chosen, or a ranking has another letter.

use super::Kind::{Date, Flag, Instant, Items, Line, Lines, Link, Number};
use super::Need::{Always, Free, IfGiven, OneOf, Subject};
use super::enquiries::US;
use super::fields::{DOSSIER, END, LINK_RISPOSTA, SENDER, field};
use super::{Field, Message, Phrase, Reader};

/// SOLO AVVISI ESSENZIALI, TUTTI GLI AVVISI.
pub(super) const NOTICES: Message = Message {
    name: "avvisi-scelti",
    purpose: "a chi sceglie quali avvisi vuole: che cosa ha scelto, e che cosa parte sempre",
    reader: Reader::Citizen,
    fields: &[US, &[field("essenziali", Flag, Free, "vuole solo gli avvisi essenziali", &["true"])]],
    must_say: &[
        Phrase { words: "ti scriviamo sempre", why: "quello che la legge vuole non si spegne" },
        Phrase { words: "non hai scritto tu", why: "chi non l'ha chiesto deve sapere che cosa fare" },
    ],
};

/// SEGUI, NON SEGUO PIÙ.
pub(super) const FOLLOW: Message = Message {
    name: "segui",
    purpose: "a chi vuole seguire una pratica pubblica, o non vuole più: che cosa ha scelto; lo stesso testo per quella che non c'è e quella che non è pubblica",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[
            field("seguita", Line, OneOf("scelta"), "la pratica che segue", &["2026/000123-MK (Consultazione)"]),
            field("lasciata", Line, OneOf("scelta"), "quella che non segue più", &["2026/000123-MK (Consultazione)"]),
            field(
                "non_pubblica",
                Line,
                OneOf("scelta"),
                "il numero scritto, se non è di una pratica pubblica",
                &["2026/000999"],
            ),
        ],
    ],
    must_say: &[
        Phrase { words: "allo stesso modo", why: "nessuno deve sapere se un'altra persona ha una pratica" },
        Phrase { words: "non seguo più", why: "chi segue deve sapere come smettere" },
        Phrase { words: "non hai scritto tu", why: "chi non l'ha chiesto deve sapere che cosa fare" },
    ],
};

/// A step of a dossier that somebody follows.
pub(super) const FOLLOWED: Message = Message {
    name: "segui-novita",
    purpose: "a chi segue una pratica pubblica: è andata avanti, e come smettere",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[
            field("fascicolo", Line, Subject, "numero del fascicolo", &["2026/000123-MK"]),
            field("servizio", Line, Always, "nome del procedimento", &["Consultazione pubblica"]),
            field("novita", Line, Always, "che cosa è successo", &["Richiesta accolta"]),
            field(
                "link_basta",
                Link { subject: "NON SEGUO PIÙ {}", from: "fascicolo", body: None },
                Always,
                "collegamento che prepara la Pec per non seguirla più",
                &[],
            ),
        ],
    ],
    must_say: &[
        Phrase { words: "ricevi questo avviso perché", why: "chi legge deve sapere perché gli si scrive" },
        Phrase { words: "non seguo più", why: "e come smettere" },
    ],
};

const CHIESTO_IL: Field = field(
    "chiesto_il",
    Date,
    Always,
    "giorno in cui ha scritto AVVISAMI DELLE SCADENZE: è il perché di questa lettera",
    &["2026-03-02"],
);

const LINK_BASTA: Field = field(
    "link_basta",
    Link { subject: "NON AVVISARMI", from: "pec_ente", body: None },
    Always,
    "collegamento che prepara la Pec per non avere più avvisi",
    &[],
);

/// What a notice of S2.21 always says.
const WHY: &[Phrase] = &[
    Phrase { words: "ricevi questo avviso perché", why: "chi legge deve sapere perché gli si scrive (S2.21)" },
    Phrase { words: "non avvisarmi", why: "e come smettere" },
    Phrase { words: "anche se un avviso non ti arriva", why: "nessun termine dipende dall'avviso" },
];

const ENDING: &[Field] = &[
    field("cosa", Line, Always, "che cosa scade, o quale rata", &["Permesso per la zona a traffico limitato"]),
    field("fascicolo", Line, Always, "numero del fascicolo in cui è stato dato", &["2026/000123-MK"]),
    field("scade_il", Date, Always, "ultimo giorno in cui vale, o per pagare la rata", &["2027-07-20"]),
];

/// AVVISAMI DELLE SCADENZE, NON AVVISARMI.
pub(super) const EXPIRIES: Message = Message {
    name: "avvisi-scadenze",
    purpose: "a chi vuole un avviso prima delle scadenze, o non lo vuole più: che cosa ha scelto, e come cambia",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[
            Field { need: IfGiven, ..CHIESTO_IL },
            field("cose", Items(ENDING), IfGiven, "quello che ha adesso e scade, dal giorno più vicino", &[]),
        ],
    ],
    must_say: &[Phrase { words: "non hai scritto tu", why: "chi non l'ha chiesto deve sapere che cosa fare" }],
};

/// AVVISAMI ANCHE A, NON AVVISARMI PER E-MAIL.
pub(super) const COURTESY_CHOSEN: Message = Message {
    name: "avvisi-cortesia",
    purpose: "a chi vuole sapere anche per e-mail che gli è arrivata una Pec, o non lo vuole più: che cosa ha scelto, o perché non si può",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[
            field("indirizzo", Line, IfGiven, "l'indirizzo a cui vanno gli avvisi", &["anna@posta.example"]),
            field("tolto", Flag, Free, "non ne vuole più", &["true"]),
            field(
                "rifiuto",
                Line,
                IfGiven,
                "perché quell'indirizzo non va bene, in una frase senza il punto",
                &["manca l'indirizzo: scrivilo sulla stessa riga"],
            ),
            field("non_attivo", Flag, Free, "questo ente non manda avvisi", &["true"]),
            Field { need: Free, ..AL_GIORNO },
        ],
    ],
    must_say: &[
        Phrase { words: "solo la pec ha valore legale", why: "CAD art. 3-bis c. 4: nessuno deve contare sull'avviso" },
        Phrase { words: "non avvisarmi per e-mail", why: "e come si smette" },
        Phrase { words: "non hai scritto tu", why: "chi non l'ha chiesto deve sapere che cosa fare" },
    ],
};

const AL_GIORNO: Field = field("al_giorno", Number, Always, "quanti avvisi al giorno, al massimo", &["3"]);

/// What a courtesy notice shows. It goes by ordinary mail, which anybody may read: whose PEC it is, of whom and about what are no
/// fields of it, nor is anything to be opened.
const COURTESY: &[Field] = &[
    field("ente", Line, Subject, "nome dell'ente", &["Comune di Esempio"]),
    field("contatto", Line, Always, "telefono, email e orari dell'ufficio", &["tel. 055 000 000"]),
    AL_GIORNO,
];

/// What a courtesy notice always says.
const COURTESY_WORDS: &[Phrase] = &[
    Phrase { words: "non ha valore legale", why: "CAD art. 3-bis c. 4: conta solo la Pec" },
    Phrase { words: "non rispondere", why: "a questo indirizzo nessuno legge" },
    Phrase { words: "non avvisarmi per e-mail", why: "e come si smette" },
];

/// A PEC letter has come.
pub(super) const COURTESY_DELIVERED: Message = Message {
    name: "avviso-cortesia",
    purpose: "per posta ordinaria, a chi ha scritto AVVISAMI ANCHE A: gli è arrivata una Pec. Niente dati, niente di che cosa dice",
    reader: Reader::Citizen,
    fields: &[
        COURTESY,
        &[field(
            "mandata_il",
            Instant,
            Always,
            "quando è arrivata nella casella Pec, secondo la ricevuta",
            &["2026-07-01T22:30:00Z"],
        )],
    ],
    must_say: COURTESY_WORDS,
};

/// A PEC letter could not be delivered.
pub(super) const COURTESY_FAILED: Message = Message {
    name: "avviso-cortesia-mancata",
    purpose: "per posta ordinaria, a chi ha scritto AVVISAMI ANCHE A: una Pec non si è potuta consegnare. La spedizione su carta resta",
    reader: Reader::Citizen,
    fields: &[COURTESY, &[field("mandata_il", Instant, Always, "quando la Pec è partita", &["2026-07-01T22:30:00Z"])]],
    must_say: COURTESY_WORDS,
};

/// What was granted ends.
pub(super) const EXPIRY: Message = Message {
    name: "avviso-scadenza",
    purpose: "a chi ha scritto AVVISAMI DELLE SCADENZE: quello che ha avuto sta per scadere, e come si rinnova",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[
            field("cosa", Line, Subject, "che cosa scade", &["Permesso per la zona a traffico limitato"]),
            field("scade_il", Date, Always, "ultimo giorno in cui vale", &["2027-07-20"]),
            field("fascicolo", Line, Always, "numero del fascicolo in cui è stato dato", &["2026/000123-MK"]),
            field("accolta_il", Date, Always, "giorno della decisione", &["2026-07-20"]),
            field(
                "rinnovo",
                Line,
                Always,
                "con quale procedimento si rinnova",
                &["Permesso per la zona a traffico limitato"],
            ),
            field(
                "link_rinnovo",
                Link { subject: "NUOVA {}", from: "rinnovo", body: None },
                Always,
                "collegamento che prepara la Pec per rinnovare",
                &[],
            ),
            CHIESTO_IL,
            LINK_BASTA,
        ],
    ],
    must_say: WHY,
};

/// A part of a sum is to be paid.
pub(super) const RATE: Message = Message {
    name: "avviso-rata",
    purpose: "a chi ha scritto AVVISAMI DELLE SCADENZE e paga a rate: il giorno della prossima, e dove si paga",
    reader: Reader::Citizen,
    fields: &[
        US,
        &[
            field("cosa", Line, Subject, "che cosa si paga a rate", &["Pagare un tributo a rate"]),
            field("rata", Line, Always, "quale rata", &["3 di 12"]),
            field("scade_il", Date, Always, "ultimo giorno per pagarla", &["2027-07-31"]),
            field("fascicolo", Line, Always, "numero del fascicolo in cui è stato deciso", &["2026/000123-MK"]),
            field("accolta_il", Date, Always, "giorno della decisione", &["2026-07-20"]),
            field(
                "come_si_paga",
                Line,
                Always,
                "come e dove si paga, dal file del procedimento",
                &["Paga con gli avvisi pagoPA che hai avuto con la decisione"],
            ),
            CHIESTO_IL,
            LINK_BASTA,
        ],
    ],
    must_say: WHY,
};

/// Where a request stands in its ranking.
pub(super) const POSITION: Message = Message {
    name: "posizione-graduatoria",
    purpose: "a chi è in una graduatoria: la sua posizione (S3.19); non è la decisione",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        DOSSIER,
        END,
        &[
            field("posizione", Number, Always, "la posizione in graduatoria", &["12"]),
            field(
                "note",
                Lines,
                IfGiven,
                "quello che l'ufficio aggiunge",
                &["Davanti a te ci sono 11 domande per il nido Arcobaleno."],
            ),
            LINK_RISPOSTA,
        ],
    ],
    must_say: &[Phrase {
        words: "non è la decisione",
        why: "la posizione non accoglie e non respinge (L. 241/1990 art. 2)",
    }],
};

/// The words for a place that was given.
pub(super) const PLACE_WORDS: &[Field] = &[
    field("scrivi", Line, Always, "le parole", &["ACCETTO 2026/000123-MK", "RINUNCIO 2026/000123-MK"]),
    field(
        "collegamento",
        Line,
        Always,
        "collegamento che prepara la Pec",
        &[
            "mailto:protocollo@pec.comune.example?subject=ACCETTO%202026%2F000123-MK",
            "mailto:protocollo@pec.comune.example?subject=RINUNCIO%202026%2F000123-MK",
        ],
    ),
];

/// ACCETTO, RINUNCIO.
pub(super) const PLACE: Message = Message {
    name: "posto-graduatoria",
    purpose: "a ogni parte: il posto avuto in graduatoria è accettato, o c'è la rinuncia (S3.19)",
    reader: Reader::Citizen,
    fields: &[
        SENDER,
        DOSSIER,
        END,
        &[
            field(
                "avviso",
                Line,
                Always,
                "che cosa è stato registrato",
                &["Abbiamo registrato che il posto è accettato."],
            ),
            LINK_RISPOSTA,
        ],
    ],
    must_say: &[Phrase { words: "non hai scritto tu", why: "chi non l'ha detto deve sapere che cosa fare" }],
};

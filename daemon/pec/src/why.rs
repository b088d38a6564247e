//! Every sentence that a report can say, with its stable code, in one place: for programs the code, for people the words.
//!
//! Each sentence says what is wrong with *this* message, in plain Italian, so that an administrator can repeat it
//! on the telephone.

use crate::report::{Outcome, Why};
use alloc::format;
use alloc::string::String;

/// A reason for failure: code and sentence (without the final full stop).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reason(&'static str, &'static str);

impl Reason {
    /// The sentence alone.
    pub(crate) fn why(self) -> Why {
        Why { code: self.0, text: format!("{}.", self.1) }
    }

    /// The sentence, then what was found.
    pub(crate) fn about(self, found: impl core::fmt::Display) -> Why {
        Why { code: self.0, text: format!("{}: {found}.", self.1) }
    }
}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        reason.why()
    }
}

impl From<Reason> for Outcome {
    fn from(reason: Reason) -> Self {
        Outcome::Fail(reason.why())
    }
}

/// Makes text from outside safe to stand in a sentence: one line, bounded.
pub(crate) fn quoted(text: &str) -> String {
    /// Longest piece of a message repeated in a sentence, in characters.
    const QUOTED_MAX: usize = 200;
    let mut out: String = text.chars().take(QUOTED_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(QUOTED_MAX).is_some() {
        out.push('…');
    }
    format!("«{}»", out.trim())
}

macro_rules! reasons {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $text:literal;)+) => {
        $($(#[$meta])* pub(crate) const $name: Reason = Reason($code, $text);)+
        /// All of them, so that a test can look for a code used twice.
        #[cfg(test)]
        const ALL: &[Reason] = &[$($name),+];
    };
}

reasons! {
    // §9.1 Bytes
    EMPTY = "empty", "Il messaggio è vuoto";
    TOO_LARGE = "too-large", "Il messaggio supera la dimensione massima che viene esaminata";
    HEADERS_TOO_LARGE = "headers-too-large", "L'intestazione del messaggio è troppo lunga o ha troppi campi";
    TOO_DEEP = "too-deep", "Il messaggio ha troppe parti una dentro l'altra: è stato letto solo in parte";
    TOO_MANY_PARTS = "too-many-parts", "Il messaggio ha troppe parti: è stato letto solo in parte";
    // §9.2 Marker
    NO_MARKER = "no-marker", "Mancano X-Trasporto e X-Ricevuta: il messaggio è posta ordinaria";
    TWO_MARKERS = "two-markers", "X-Trasporto e X-Ricevuta ci sono insieme, o più di una volta";
    UNKNOWN_MARKER = "unknown-marker", "X-Trasporto o X-Ricevuta ha un valore che le regole non prevedono";
    // §9.3 Structure
    DUPLICATE_CONTENT_TYPE = "duplicate-content-type", "Content-Type manca, è scritto male o c'è più di una volta";
    NOT_SIGNED = "not-signed", "Il messaggio non è firmato: il suo tipo non è multipart/signed";
    BAD_BOUNDARY = "bad-boundary", "Il delimitatore delle parti manca, è ripetuto o è scritto in un modo non ammesso";
    NOT_CLOSED = "not-closed", "Il delimitatore di chiusura manca: il messaggio è troncato";
    NOT_TWO_PARTS = "not-two-parts", "Un messaggio firmato deve avere due parti, questo ne ha un altro numero";
    NOT_PKCS7 = "not-pkcs7", "La seconda parte non è una firma PKCS#7";
    ENCODED_MULTIPART = "encoded-multipart", "Il messaggio firmato è codificato in un modo che le regole non ammettono";
    // §9.4 Cms
    P7S_TOO_LARGE = "p7s-too-large", "La firma è troppo grande per essere una firma";
    P7S_ENCODING = "p7s-encoding", "La codifica base64 della firma è guasta";
    CMS_UNREADABLE = "cms-unreadable", "La firma non si legge: non è un oggetto CMS SignedData";
    READERS_DIFFER = "readers-differ", "Due lettori indipendenti non vi leggono la stessa cosa";
    CMS_ATTACHED = "cms-attached", "La firma porta con sé un contenuto: nella PEC deve esserne separata";
    CMS_SIGNERS = "cms-signers", "La firma deve avere un solo firmatario";
    CMS_CONTENT = "cms-content", "La firma non porta il contenuto firmato, e non si sa quale sia";
    CMS_LAYERS = "cms-layers", "Troppe firme una dentro l'altra";
    CMS_DIGEST_SET = "cms-digest-set", "La firma non annuncia l'algoritmo di impronta che il firmatario usa";
    CMS_FORGED_ATTRIBUTES = "cms-forged-attributes", "Il contenuto è fatto come gli attributi di una firma: può essere una firma altrui spacciata per questa";
    CMS_PROTECTION = "cms-protection", "Gli algoritmi della firma non sono quelli che il firmatario ha firmato";
    CMS_SIGNING_CERTIFICATE = "cms-signing-certificate", "Il certificato del firmatario non è quello che il firmatario ha firmato";
    CMS_SIGNERS_MANY = "cms-signers-many", "La firma ha più firmatari di quanti se ne leggano";
    CMS_NO_ATTRIBUTES = "cms-no-attributes", "La firma non ha gli attributi firmati che dovrebbe avere";
    CMS_ATTRIBUTES = "cms-attributes", "Gli attributi firmati mancano, sono ripetuti o si contraddicono";
    CMS_CERTIFICATES = "cms-certificates", "La firma porta troppi certificati";
    CMS_NO_CERTIFICATE = "cms-no-certificate", "Il certificato del firmatario non è nella firma";
    CERTIFICATE_UNREADABLE = "certificate-unreadable", "Il certificato non si legge";
    // §9.4 Signature
    DIGEST_DIFFERS = "digest-differs", "Il contenuto non è quello che fu firmato: è stato cambiato dopo la firma";
    SIGNATURE_WRONG = "signature-wrong", "La firma non corrisponde alla chiave del certificato";
    // §9.4 Algorithm
    ALGORITHM_UNKNOWN = "algorithm-unknown", "La firma usa un algoritmo che non è ammesso";
    MD5 = "md5", "La firma usa MD5 o un'impronta ancora più vecchia: oggi chiunque può falsificarla";
    KEY_WEAK = "key-weak", "Una chiave ha una lunghezza che non è ammessa";
    SHA1_LATE = "sha1-late", "La firma usa SHA-1 in una data in cui non è più ammesso";
    // §9.5 Chain
    NO_ANCHOR = "no-anchor", "La firma è valida ma non è di un gestore PEC: il certificato non risale a nessuna autorità fidata";
    ISSUER_MISSING = "issuer-missing", "Il certificato dell'autorità che ha emesso quello del firmatario non è disponibile";
    NO_TIME = "no-time", "Non si sa quando il messaggio fu firmato: il certificato non può essere giudicato";
    NOT_YET_VALID = "not-yet-valid", "Alla data della firma il certificato non era ancora valido";
    EXPIRED = "expired", "Alla data della firma il certificato era scaduto";
    ANCHOR_WINDOW = "anchor-window", "Alla data della firma l'autorità non era, o non era più, tra quelle fidate";
    ANCHOR_HOST = "anchor-host", "Quest'autorità non è fidata per il dominio dell'indirizzo del firmatario";
    NOT_A_CA = "not-a-ca", "Il certificato dell'emittente non è quello di un'autorità di certificazione";
    PATH_LENGTH = "path-length", "La catena dei certificati è più lunga di quanto l'autorità consente";
    LEAF_IS_CA = "leaf-is-ca", "Il certificato del firmatario è quello di un'autorità, non di un gestore";
    KEY_USAGE = "key-usage", "Il certificato del firmatario non è fatto per firmare";
    EXTENDED_KEY_USAGE = "extended-key-usage", "Il certificato del firmatario non è fatto per la posta";
    POLICY_MISSING = "policy-missing", "Il certificato del firmatario non è di quelli per i gestori PEC";
    POLICY_MAPPING = "policy-mapping", "Il certificato di un'autorità traduce una politica in un modo non ammesso";
    NAME_CONSTRAINT = "name-constraint", "L'autorità non può emettere certificati per questo nome";
    CRITICAL_EXTENSION = "critical-extension", "Un certificato ha un'estensione critica sconosciuta";
    CERTIFICATE_SIGNATURE = "certificate-signature", "Il certificato non è firmato dall'autorità di cui porta il nome";
    // §9.5, §9.13 Directory
    NOT_LISTED = "not-listed", "Il certificato del firmatario non è nell'elenco dei gestori PEC";
    DOMAIN_NOT_MANAGED = "domain-not-managed", "Per l'elenco dei gestori il dominio di questo indirizzo non è del gestore che ha firmato";
    DIRECTORY_TOO_LARGE = "directory-too-large", "L'elenco dei gestori è troppo grande";
    DIRECTORY_UNSIGNED = "directory-unsigned", "L'elenco dei gestori non è firmato";
    DIRECTORY_SIGNATURE = "directory-signature", "La firma dell'elenco dei gestori non vale";
    DIRECTORY_FUTURE = "directory-future", "L'elenco dei gestori è firmato con una data futura";
    DIRECTORY_UNREADABLE = "directory-unreadable", "L'elenco dei gestori non si legge come LDIF";
    DIRECTORY_EMPTY = "directory-empty", "Nell'elenco dei gestori non c'è nessun certificato";
    // §9.6 Revocation
    REVOKED = "revoked", "Alla data del messaggio il certificato era revocato";
    LIST_UNREADABLE = "list-unreadable", "Il file non è una lista di revoca (CRL) né una risposta OCSP";
    LIST_TOO_LARGE = "list-too-large", "La lista di revoca è troppo grande";
    LISTS_TOO_MANY = "lists-too-many", "Le liste di revoca sono troppe";
    // §9.7 Signer
    FROM_NOT_ONE = "from-not-one", "Il mittente (From) manca o non è uno solo";
    SIGNER_NO_ADDRESS = "signer-no-address", "Il certificato del firmatario non contiene un indirizzo";
    SIGNER_DIFFERS = "signer-differs", "L'indirizzo From non è quello del certificato che ha firmato";
    SIGNER_LOCAL_PART = "signer-local-part", "L'indirizzo del firmatario non comincia con «posta-certificata@»";
    // §9.8 Parts, Daticert, Kind
    NOT_MIXED = "not-mixed", "La parte firmata non è multipart/mixed, o non è intera";
    NO_DATICERT = "no-daticert", "Manca daticert.xml tra le parti firmate";
    TWO_DATICERT = "two-daticert", "daticert.xml c'è più di una volta tra le parti firmate";
    NO_POSTACERT = "no-postacert", "Manca il messaggio originale (postacert.eml) tra le parti firmate";
    TWO_POSTACERT = "two-postacert", "Il messaggio originale c'è più di una volta tra le parti firmate";
    PART_ENCODING = "part-encoding", "La codifica di una parte firmata è guasta";
    ANOMALY_WITH_DATICERT = "anomaly-with-daticert", "X-Trasporto dice anomalia, ma la parte firmata contiene daticert.xml";
    DATICERT_TOO_LARGE = "daticert-too-large", "daticert.xml è troppo grande";
    DATICERT_TOO_COMPLEX = "daticert-too-complex", "daticert.xml ha troppi elementi, attributi o livelli";
    DATICERT_CHARSET = "daticert-charset", "daticert.xml non è UTF-8";
    DATICERT_XML = "daticert-xml", "daticert.xml non è XML ben formato";
    DATICERT_CONTENT = "daticert-content", "daticert.xml non ha il contenuto previsto";
    KIND_DIFFERS = "kind-differs", "L'intestazione dice una cosa e i dati firmati un'altra";
    VIRUS_DIFFERS = "virus-differs", "X-VerificaSicurezza parla di un virus e i dati firmati no";
    RECEIPT_TYPE_DIFFERS = "receipt-type-differs", "X-TipoRicevuta non è il tipo di ricevuta scritto nei dati firmati";
    NO_CONSEGNA = "no-consegna", "La ricevuta di consegna non dice a chi è stata fatta la consegna";
    CONSEGNA_NOT_LISTED = "consegna-not-listed", "La ricevuta riguarda un indirizzo che non è tra i destinatari scritti nei dati firmati";
    DELIVERED_WITH_ERROR = "delivered-with-error", "I dati firmati dicono insieme che il messaggio è consegnato e che c'è un errore";
    // §9.9 Identifiers, Sender
    MESSAGE_ID_DIFFERS = "message-id-differs", "Message-ID non è l'identificativo scritto nei dati firmati";
    INNER_ID_DIFFERS = "inner-id-differs", "Il Message-ID del messaggio originale non è quello della busta";
    REFERENCE_DIFFERS = "reference-differs", "X-Riferimento-Message-ID non è il msgid scritto nei dati firmati";
    SENDER_DIFFERS = "sender-differs", "Il mittente mostrato non è quello scritto nei dati firmati";
    INNER_SENDER_DIFFERS = "inner-sender-differs", "Il mittente del messaggio originale non è quello scritto nei dati firmati";
    SENDER_FIELD_DIFFERS = "sender-field-differs", "L'intestazione Sender non è l'indirizzo From";
    ORIGINAL_SENDER_DIFFERS = "original-sender-differs", "X-Mittente non è il mittente scritto nei dati firmati";
    REPLY_TO_DIFFERS = "reply-to-differs", "L'indirizzo per le risposte (Reply-To) non è quello scritto nei dati firmati";
    // §9.10, §9.11, §9.13
    NOT_FOR_US = "not-for-us", "Nessuna delle nostre caselle è tra i destinatari";
    NOT_OWN_PROVIDER = "not-own-provider", "Questo avviso deve firmarlo il gestore della nostra casella, e l'ha firmato un altro";
    // §9.12
    NO_MSGID = "receipt-no-msgid", "La ricevuta non dice a quale messaggio si riferisce";
    NOT_SENT = "not-sent", "La ricevuta non riguarda un messaggio inviato da questo sistema";
    RECEIPT_SENDER_DIFFERS = "receipt-sender-differs", "Il mittente certificato non è la casella da cui il messaggio è partito";
    RECIPIENTS_DIFFER = "recipients-differ", "I destinatari certificati non sono quelli a cui il messaggio è stato inviato";
    CONSEGNA_DIFFERS = "consegna-differs", "La ricevuta riguarda un destinatario a cui il messaggio non è stato inviato";
    NOT_SUBMITTED = "not-submitted", "Il messaggio di cui parla la ricevuta non era ancora stato inviato";
    OLDER_THAN_SUBMISSION = "older-than-submission", "La ricevuta è più vecchia dell'invio";
    PEC_ID_DIFFERS = "pec-id-differs", "L'identificativo non è quello che il nostro gestore ha dato al messaggio";
    // §9.14
    RETURNED_DIFFERS = "returned-differs", "La copia restituita non è il messaggio che abbiamo inviato";
    RETURNED_HASH_DIFFERS = "returned-hash-differs", "L'impronta restituita non è quella dell'allegato che abbiamo inviato";
    // §9.15
    TIMES_DIFFER = "times-differ", "L'ora della firma e quella dei dati firmati sono troppo lontane";
    DATE_DIFFERS = "date-differs", "La data mostrata (Date) è troppo lontana da quella firmata";
    ARRIVAL_DIFFERS = "arrival-differs", "L'ora di arrivo nella casella è troppo lontana da quella della firma";
    ARRIVAL_AFTER_KEY = "arrival-after-key", "Il messaggio è arrivato quando la chiave che lo firma non valeva più: nessuno può dire che sia stato firmato prima";
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_stable_in_form() {
        let codes: BTreeSet<_> = ALL.iter().map(|r| r.0).collect();
        assert_eq!(codes.len(), ALL.len());
        assert!(codes.iter().all(|c| { c.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') }));
    }

    #[test]
    fn a_quote_stays_on_one_line_and_short() {
        let said = quoted(&"a\r\nb".repeat(1000));
        assert!(said.chars().count() < 210 && !said.contains('\n'), "{said}");
    }
}

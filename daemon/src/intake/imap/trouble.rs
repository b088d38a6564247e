//! What can go wrong with an IMAP mailbox, in words for the person who must act. It changes with the advice we can give.

use std::fmt;

/// Why a connection, or one message, failed.
///
/// Holds no server text and no parser error: both may carry a citizen's words (stack.md §3, "parse error").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The host cannot be reached; the text is the operating system's.
    Unreachable(String),
    /// TLS failed: certificate, name, authority file; the text is the TLS library's.
    Tls(String),
    /// The server's greeting was not OK.
    Unwelcome,
    /// User name or password refused.
    LoginRefused,
    /// The server said NO or BAD to a command.
    Refused(&'static str),
    /// The server said BYE.
    Goodbye,
    /// The connection ended in the middle of something.
    Cut,
    /// No answer in time.
    Silence,
    /// The answer was not IMAP, or not what was asked.
    Strange(&'static str),
    /// More than we agree to hold: an endless line, a huge literal, a flood.
    TooMuch(&'static str),
    /// The IMAP library panicked.
    Panicked,
    /// The folder cannot be opened.
    Folder(String),
    /// Messages are to be moved, and the server cannot (RFC 6851).
    NoMove,
    /// The server gives no UIDVALIDITY.
    NoLastingUids,
    /// A folder or user name that IMAP cannot carry as it is configured.
    Name(&'static str),
    /// The pipeline could not keep the message.
    NotKept,
    /// The spool file cannot be written; the text is the operating system's.
    Spool(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "il server IMAP non è raggiungibile ({why}): controllare nome, porta e rete"),
            Self::Tls(why) => write!(f, "la connessione cifrata col server IMAP non riesce ({why}): controllare il nome del server e le autorità di certificazione"),
            Self::Unwelcome => f.write_str("il server IMAP rifiuta la connessione già dal saluto: riprovare più tardi o sentire il gestore"),
            Self::LoginRefused => f.write_str("il server IMAP rifiuta utente o password: controllare le credenziali della casella (una password cambiata o scaduta?)"),
            Self::Refused(command) => write!(f, "il server IMAP ha rifiutato il comando {command}: si riprova"),
            Self::Goodbye => f.write_str("il server IMAP ha chiuso la sessione (BYE): ci si ricollega"),
            Self::Cut => f.write_str("la connessione col server IMAP si è interrotta: ci si ricollega"),
            Self::Silence => f.write_str("il server IMAP non risponde in tempo: ci si ricollega"),
            Self::Strange(what) => write!(f, "il server IMAP ha dato una risposta inattesa ({what}): ci si ricollega; se si ripete, sentire il gestore"),
            Self::TooMuch(what) => write!(f, "il server IMAP ha mandato più di quanto si accetta ({what}): ci si ricollega; se si ripete, sentire il gestore"),
            Self::Panicked => f.write_str("la libreria IMAP si è guastata leggendo una risposta: ci si ricollega; se si ripete, segnalarlo a chi sviluppa"),
            Self::Folder(name) => write!(f, "la cartella «{name}» non si apre: controllare che esista e che il nome sia scritto come sul server"),
            Self::NoMove => f.write_str("il server IMAP non sa spostare i messaggi (MOVE): togliere `sposta_in`"),
            Self::NoLastingUids => f.write_str("il server IMAP non dà UIDVALIDITY: questa casella non si può seguire in modo sicuro, sentire il gestore"),
            Self::Name(what) => write!(f, "{what} contiene caratteri che il protocollo non ammette: toglierli dalla configurazione"),
            Self::NotKept => f.write_str("il messaggio non è stato archiviato (disco o archivio in difficoltà): resta sul server e si riprova"),
            Self::Spool(why) => write!(f, "il file di appoggio non si può scrivere ({why}): controllare spazio e permessi della cartella di lavoro"),
        }
    }
}

impl std::error::Error for Trouble {}

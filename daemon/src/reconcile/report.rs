//! What a reconciliation found, and what a clerk reads of it. It changes when there is another kind of difference.

use crate::digest::flow;
use casework::calendar;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Differences that are named one by one. Beyond: counted.
pub const DIFFERENCES_MAX: usize = 50;

/// What does not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// On the server, taken for finished, unknown to the register.
    Lost,
    /// On the server, and not to be fetched.
    Stuck,
    /// A cursor that is ahead of its folder.
    CursorAhead,
    /// Decided, and its bytes are gone.
    NoBytes,
    /// Decided, and its bytes are not what they were.
    BadBytes,
    /// Kept, and never decided.
    Undecided,
    /// Decided twice.
    DecidedTwice,
}

impl Kind {
    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Stuck => "stuck",
            Self::CursorAhead => "cursor-ahead",
            Self::NoBytes => "no-bytes",
            Self::BadBytes => "bad-bytes",
            Self::Undecided => "undecided",
            Self::DecidedTwice => "decided-twice",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What does not agree.
    pub kind: Kind,
    /// Where: `protocollo/INBOX uid 12`, a folder, or a digest.
    pub place: String,
    /// It has been healed, or will be by the next look.
    pub healed: bool,
}

impl Difference {
    /// Not healed yet.
    #[must_use]
    pub fn new(kind: Kind, place: String) -> Self {
        Self { kind, place, healed: false }
    }

    /// What a clerk reads: what, and what to do.
    #[must_use]
    pub fn text(&self) -> String {
        let place = if self.place.len() == 64 { flow(&self.place) } else { &self.place };
        let what = match (self.kind, self.healed) {
            (Kind::Lost, true) => "era sul server e non a registro: è stato ripreso, non c'è altro da fare",
            (Kind::Lost, false) => {
                "è sul server e non a registro: viene ripreso al prossimo giro; se domani è ancora qui, leggerlo dalla webmail e protocollarlo a mano"
            }
            (Kind::Stuck, _) => {
                "è sul server ma non si riesce a scaricarlo: leggerlo dalla webmail, protocollarlo a mano e segnalarlo al gestore"
            }
            (Kind::CursorAhead, _) => {
                "il segno di lettura era più avanti della posta: è stato rimesso a posto e i messaggi si riprendono da soli"
            }
            (Kind::NoBytes, _) => {
                "è a registro ma il suo file manca dall'archivio: rimetterlo dalla copia di sicurezza, o dal server se c'è ancora"
            }
            (Kind::BadBytes, _) => {
                "il suo file nell'archivio è danneggiato: rimetterlo dalla copia di sicurezza e controllare il disco"
            }
            (Kind::Undecided, _) => {
                "è nell'archivio ma non è stato deciso: riavviare il servizio, che alla partenza lo riprende"
            }
            (Kind::DecidedTwice, _) => {
                "è stato deciso due volte: controllare che il cittadino non abbia avuto due risposte, e segnalarlo a chi sviluppa"
            }
        };
        format!("{place}: {what}")
    }
}

/// One folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderReport {
    /// `protocollo/INBOX`.
    pub name: String,
    /// Messages on the server.
    pub listed: usize,
    /// Of them, still on their way.
    pub waiting: usize,
    /// Why it could not be listed, in Italian.
    pub trouble: Option<String>,
}

/// A whole reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When it began.
    pub at: Timestamp,
    /// Journal lines that were read.
    pub lines: u64,
    /// Decided messages.
    pub messages: usize,
    /// Of them, how many were read back from the archive and hashed.
    pub read_back: usize,
    /// The folders.
    pub folders: Vec<FolderReport>,
    /// The first [`DIFFERENCES_MAX`].
    pub differences: Vec<Difference>,
    /// How many there are in all.
    pub found: usize,
    /// Why it did not come to its end, in Italian.
    pub trouble: Option<String>,
}

impl Report {
    /// Nothing found yet.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self {
            at,
            lines: 0,
            messages: 0,
            read_back: 0,
            folders: Vec::new(),
            differences: Vec::new(),
            found: 0,
            trouble: None,
        }
    }

    /// Adds a difference.
    pub fn add(&mut self, difference: Difference) {
        self.found += 1;
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(difference);
        }
    }

    /// Everything was looked at, and agrees.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.found == 0 && self.is_whole()
    }

    /// Everything was looked at.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.trouble.is_none() && self.folders.iter().all(|folder| folder.trouble.is_none())
    }

    /// What a clerk reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("Riconciliazione del {}\n", calendar::stamp(self.at));
        for folder in &self.folders {
            let _ = match (&folder.trouble, folder.waiting) {
                (Some(why), _) => writeln!(text, "Cartella {}: NON controllata: {why}", folder.name),
                (None, 0) => writeln!(text, "Cartella {}: {} messaggi sul server", folder.name, folder.listed),
                (None, n) => {
                    writeln!(text, "Cartella {}: {} messaggi sul server, {n} in arrivo", folder.name, folder.listed)
                }
            };
        }
        let _ = writeln!(
            text,
            "Registro: {} righe, {} messaggi decisi; riletti dall'archivio: {}",
            self.lines, self.messages, self.read_back
        );
        if let Some(why) = &self.trouble {
            let _ = writeln!(text, "NON è arrivata in fondo: {why}");
        }
        if self.is_clean() {
            text.push_str("Server, archivio, registro e decisioni coincidono.\n");
        } else if self.found > 0 {
            let _ = writeln!(text, "Differenze: {}", self.found);
            for difference in &self.differences {
                let _ = writeln!(text, "- {}", difference.text());
            }
            if let Some(more @ 1..) = self.found.checked_sub(self.differences.len()) {
                let _ = writeln!(text, "- e altre {more}");
            }
        }
        text
    }
}

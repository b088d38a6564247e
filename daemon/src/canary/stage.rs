//! How far a canary came, pure, and what that tells whoever has to look for it. It changes when what is known of a letter does.

use crate::outbox::schedule::Shown;
use crate::store::rows::ItemRow;
use serde::{Deserialize, Serialize};

/// How far a canary came. The words of `status --json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It has not left.
    Queued,
    /// It is leaving.
    Sending,
    /// It may have left.
    Doubtful,
    /// Our provider does not take it.
    Refused,
    /// A person stopped it, or the next one took its place.
    Withdrawn,
    /// Our provider took it, and says no more.
    Sent,
    /// Accepted; neither delivered nor seen.
    Accepted,
    /// The provider says that it cannot be delivered, or not in time.
    NotDelivered,
    /// Delivered, and its envelope was not seen.
    Delivered,
    /// Its envelope was seen, and its delivery was not certified.
    Seen,
    /// It came home.
    Returned,
}

impl Stage {
    /// Of an item that is a canary.
    #[must_use]
    pub fn of(item: &ItemRow) -> Self {
        let is_seen = item.canary.as_ref().is_some_and(|mark| mark.seen.is_some());
        match item.shown() {
            Shown::Delivered if is_seen => Self::Returned,
            Shown::Delivered => Self::Delivered,
            _ if is_seen => Self::Seen,
            Shown::Held | Shown::Queued => Self::Queued,
            Shown::Submitting => Self::Sending,
            Shown::Unknown => Self::Doubtful,
            Shown::Refused => Self::Refused,
            Shown::Withdrawn => Self::Withdrawn,
            Shown::Submitted | Shown::Sent => Self::Sent,
            Shown::Accepted => Self::Accepted,
            Shown::NotPec | Shown::Delayed | Shown::Failed => Self::NotDelivered,
        }
    }

    /// In Italian, after «il canarino di oggi: ».
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Queued => "in coda, non ancora partito",
            Self::Sending => "in invio",
            Self::Doubtful => "forse inviato: il gestore non ha risposto fino in fondo",
            Self::Refused => "rifiutato dal gestore",
            Self::Withdrawn => "ritirato",
            Self::Sent => "inviato, non ancora accettato",
            Self::Accepted => "accettato, non ancora consegnato",
            Self::NotDelivered => "il gestore non riesce a consegnarlo",
            Self::Delivered => "consegnato, la busta non si è ancora vista",
            Self::Seen => "la busta è arrivata, la ricevuta di consegna non ancora",
            Self::Returned => "tornato",
        }
    }

    /// What to do if it goes no further, in Italian.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Queued | Self::Sending => {
                "Non parte posta: `sportello outbox list` dice perché (credenziali, freno, limiti del gestore, lettere ferme)"
            }
            Self::Doubtful => "Cercarlo nella webmail fra gli inviati; provare i collegamenti con `check --connect`",
            Self::Refused => "`sportello outbox show` dice con quali parole; sentire il gestore",
            Self::Withdrawn => "Il prossimo parte domani",
            Self::Sent | Self::Accepted | Self::NotDelivered => {
                "Guardare nella webmail le ricevute: se ci sono, in una cartella che non si segue (`cartelle`); se no, sentire il \
                 gestore"
            }
            Self::Delivered => {
                "Cercare la busta nella webmail: in un'altra cartella, fra lo spam, tolta da qualcuno; o è arrivata e non è \
                 risultata autentica (`sportello status`, `trust show`)"
            }
            Self::Seen => "Guardare nella webmail in quale cartella il gestore mette le ricevute (`cartelle`)",
            Self::Returned => "Niente",
        }
    }
}

//! What a writer obtains, and what is told to whom obtains nothing. It changes when an answer must hide, or say, something else.

use super::{Acting, Allowed, Entitlements, Grade, Party, Right, Standing};
use crate::person::{Over, Scope};

/// The answer to one wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permit {
    /// Yes.
    Yes,
    /// After a confirmation that goes to a safe domicile of the person concerned, or after a person has looked.
    Confirm,
    /// No.
    No(Denied),
}

/// Why not. For the office; what the writer is told is [`Permit::told`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The address proves nobody.
    Stranger,
    /// Not a party of the dossier, or there is no such dossier.
    NotParty,
    /// For another, without a mandate that reaches so far.
    NoMandate,
    /// The table of this body says no.
    Table,
}

impl Denied {
    /// Stable English code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::NotParty => "not-a-party",
            Self::NoMandate => "no-mandate",
            Self::Table => "table",
        }
    }
}

/// Told about a dossier, whether or not there is one.
const ABOUT_DOSSIER: &str = "Da questo indirizzo non possiamo darti notizie di questo fascicolo. Se ne sei parte, scrivici \
    dall'indirizzo con cui hai fatto la richiesta.";
/// Told about personal data, whether or not there are any.
const ABOUT_DATA: &str = "I dati personali li mandiamo solo al domicilio digitale iscritto o abilitato. Se ne hai uno, ti \
    scriviamo lì; se non ne hai, puoi chiedere l'abilitazione con un documento d'identità.";
/// Told to whoever acts for another, whether or not we know the other.
const ABOUT_MANDATE: &str = "Scrivi per un'altra persona: per risponderti ci serve la sua delega, con la copia del documento \
    d'identità.";
/// Told of what is filed.
const ABOUT_FILING: &str = "Abbiamo ricevuto il messaggio. L'ufficio controlla chi scrive e ti dice se manca qualcosa.";

impl Permit {
    /// What the writer is told when it is not a plain yes. It hangs on the wish and on what the writer has said alone, never on
    /// what the register holds: a stranger learns nothing from the difference between two answers.
    #[must_use]
    pub fn told(self, right: Right) -> Option<&'static str> {
        match self {
            Self::Yes => None,
            Self::No(Denied::NoMandate) => Some(ABOUT_MANDATE),
            Self::Confirm | Self::No(_) => Some(match right {
                Right::StatoFascicolo | Right::Documenti => ABOUT_DOSSIER,
                Right::DatiPropri | Right::ElencoFascicoli | Right::ModificaDati => ABOUT_DATA,
                Right::Partecipazione | Right::Deposito => ABOUT_FILING,
            }),
        }
    }
}

impl Standing {
    /// What the writer obtains of one right.
    #[must_use]
    pub fn permit(&self, table: &Entitlements, right: Right) -> Permit {
        let allowed = table.of(self.grade, right);
        let by_table = match allowed {
            Allowed::Si => Permit::Yes,
            Allowed::Conferma => Permit::Confirm,
            Allowed::No if self.writer.is_none() => Permit::No(Denied::Stranger),
            Allowed::No => Permit::No(Denied::Table),
        };
        if right.is_filing() {
            // What is filed is filed: a missing mandate is asked for afterwards (L. 241/1990 art. 2 c. 1; CAD art. 65 c. 1-ter).
            return if self.facets.acting.is_unauthorised() { by_table.max(Permit::Confirm) } else { by_table };
        }
        if self.facets.acting.is_unauthorised() {
            return Permit::No(Denied::NoMandate);
        }
        let is_delegate = matches!(self.facets.acting, Acting::Delegate { .. });
        if right.is_of_dossier() {
            return if self.facets.party == Party::Party { by_table } else { Permit::No(Denied::NotParty) };
        }
        if let Acting::Delegate { over: Over::Dossier { .. }, .. } = self.facets.acting {
            return Permit::No(Denied::NoMandate);
        }
        if right.is_personal() && self.about.is_none() {
            // Nobody is known to whom a confirmation could go. What is told is the same.
            return Permit::No(Denied::Stranger);
        }
        // What this office has enabled reaches as far as it was enabled for.
        let scope = match right {
            Right::DatiPropri => Some(Scope::OwnData),
            Right::ElencoFascicoli => Some(Scope::OwnDossiers),
            _ => None,
        };
        let is_granted = is_delegate || scope.is_none_or(|scope| self.has_grant(&scope));
        if self.grade == Grade::EnabledPec && !is_granted { by_table.max(Permit::Confirm) } else { by_table }
    }
}

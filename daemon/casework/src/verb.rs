//! The verbs of a dossier: what may be done with it. It changes when something else can be done with one.

use serde::{Deserialize, Serialize};

/// What somebody does with a dossier, so that its state moves. The slug is the wire name, in the journal and in procedure files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// The receipt has gone out: the request is registered.
    Registra,
    /// Something that a valid request must have is missing: it is said.
    ChiediRegolarizzazione,
    /// A person is made responsible (L. 241/1990 art. 5).
    Assegna,
    /// The office begins to work on it.
    #[serde(rename = "prendi_in_carico")]
    Prendi,
    /// Facts or documents that no public body holds are asked of the citizen (art. 2 c. 7).
    ChiediIntegrazione,
    /// What was asked has come.
    Integra,
    /// Another body is asked for advice or assent (art. 16-17-bis).
    ChiediParere,
    /// It has answered.
    RiceviParere,
    /// A payment is asked.
    ChiediPagamento,
    /// It was paid.
    RegistraPagamento,
    /// A refusal is announced, with its reasons (art. 10-bis).
    PreavvisoDiniego,
    /// Work goes on after an announced refusal, a wait or a suspension.
    Riprendi,
    /// Granted.
    Accogli,
    /// Refused, with reasons.
    Respingi,
    /// Manifestly inadmissible, with reasons (art. 2 c. 1).
    DichiaraIrricevibile,
    /// The applicant takes it back.
    Ritira,
    /// It goes to the body that is competent.
    #[serde(rename = "trasmetti_altro_ente")]
    Trasmetti,
    /// The end of the term has granted it: that is attested (art. 20 c. 2-bis).
    AttestaSilenzio,
    /// A decision is taken back (art. 21-novies).
    #[serde(rename = "annulla_autotutela")]
    Annulla,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Registra,
        Self::ChiediRegolarizzazione,
        Self::Assegna,
        Self::Prendi,
        Self::ChiediIntegrazione,
        Self::Integra,
        Self::ChiediParere,
        Self::RiceviParere,
        Self::ChiediPagamento,
        Self::RegistraPagamento,
        Self::PreavvisoDiniego,
        Self::Riprendi,
        Self::Accogli,
        Self::Respingi,
        Self::DichiaraIrricevibile,
        Self::Ritira,
        Self::Trasmetti,
        Self::AttestaSilenzio,
        Self::Annulla,
    ];

    /// Slug.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Registra => "registra",
            Self::ChiediRegolarizzazione => "chiedi_regolarizzazione",
            Self::Assegna => "assegna",
            Self::Prendi => "prendi_in_carico",
            Self::ChiediIntegrazione => "chiedi_integrazione",
            Self::Integra => "integra",
            Self::ChiediParere => "chiedi_parere",
            Self::RiceviParere => "ricevi_parere",
            Self::ChiediPagamento => "chiedi_pagamento",
            Self::RegistraPagamento => "registra_pagamento",
            Self::PreavvisoDiniego => "preavviso_diniego",
            Self::Riprendi => "riprendi",
            Self::Accogli => "accogli",
            Self::Respingi => "respingi",
            Self::DichiaraIrricevibile => "dichiara_irricevibile",
            Self::Ritira => "ritira",
            Self::Trasmetti => "trasmetti_altro_ente",
            Self::AttestaSilenzio => "attesta_silenzio",
            Self::Annulla => "annulla_autotutela",
        }
    }
}

impl core::str::FromStr for Verb {
    type Err = ();
    fn from_str(code: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|verb| verb.code() == code).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::Verb;

    #[test]
    fn the_journal_and_the_files_write_a_verb_alike() {
        for verb in Verb::ALL {
            assert_eq!(serde_json::to_value(verb).unwrap(), verb.code());
            assert_eq!(verb.code().parse(), Ok(verb));
        }
        for state in crate::dossier::State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.code());
        }
    }
}

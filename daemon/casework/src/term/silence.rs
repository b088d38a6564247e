//! What the end of a term means when nobody answered. It changes when the law attaches something else to silence.

use serde::{Deserialize, Serialize};

/// What silence means in a procedure; its file says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Silence {
    /// The office is late, and must answer still (L. 241/1990 art. 2 c. 9-bis). What holds where no norm says otherwise.
    Inadempimento,
    /// The request is granted (art. 20).
    Assenso,
    /// The request counts as refused: access to documents after thirty days (art. 25 c. 4).
    Rigetto,
}

impl Silence {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Inadempimento, Self::Assenso, Self::Rigetto];

    /// Slug, in procedure files.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Inadempimento => "inadempimento",
            Self::Assenso => "assenso",
            Self::Rigetto => "rigetto",
        }
    }
}

impl core::str::FromStr for Silence {
    type Err = ();
    fn from_str(code: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|silence| silence.code() == code).ok_or(())
    }
}

/// What holds from the day after the last one. A person acts on it: none of it moves the state of a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AfterTheEnd {
    /// For the office, with the article at the end.
    pub office: &'static str,
    /// For the citizen.
    pub citizen: &'static str,
    /// The holder of the substitute power must be told, and concludes in half of the original term (art. 2 c. 9-bis, 9-ter).
    pub is_substitute_due: bool,
    /// The effect must be attested to the citizen, also without being asked (art. 20 c. 2-bis).
    pub is_attestation_due: bool,
    /// A later refusal has no effect (art. 2 c. 8-bis); only self-protection remains (art. 20 c. 3).
    pub is_refusal_void: bool,
}

/// What silence does when the term has ended.
#[must_use]
pub fn after_the_end(silence: Silence) -> AfterTheEnd {
    match silence {
        Silence::Inadempimento => AfterTheEnd {
            office: "Il termine è finito senza risposta: la richiesta va comunque decisa. Va avvisato chi ha il potere \
                     sostitutivo, che decide in metà del termine (legge 241/1990, articolo 2, commi 9-bis e 9-ter).",
            citizen: "Il termine è finito e non ti abbiamo risposto. Puoi chiedere la risposta a chi ha il potere sostitutivo, \
                      oppure fare ricorso al Tar.",
            is_substitute_due: true,
            is_attestation_due: false,
            is_refusal_void: false,
        },
        Silence::Assenso => AfterTheEnd {
            office: "Il termine è finito senza risposta: la richiesta è accolta per silenzio, se l'ufficio competente l'ha \
                     ricevuta e se dice che cosa si chiede e perché. Una persona lo controlla e manda l'attestazione; un \
                     rifiuto dopo questo giorno non ha effetto (legge 241/1990, articolo 20 e articolo 2, comma 8-bis).",
            citizen: "Il termine è finito e non ti abbiamo risposto: la tua richiesta è accolta (silenzio assenso). Hai diritto \
                      a un'attestazione.",
            is_substitute_due: false,
            is_attestation_due: true,
            is_refusal_void: true,
        },
        Silence::Rigetto => AfterTheEnd {
            office: "Il termine è finito senza risposta: per la legge la richiesta è respinta. L'ufficio può ancora rispondere, \
                     e il cittadino può fare ricorso (legge 241/1990, articolo 25, commi 4 e 5).",
            citizen: "Il termine è finito e non ti abbiamo risposto: per la legge la tua richiesta è respinta. Puoi fare ricorso \
                      al Tar entro 30 giorni o rivolgerti al difensore civico.",
            is_substitute_due: false,
            is_attestation_due: false,
            is_refusal_void: false,
        },
    }
}

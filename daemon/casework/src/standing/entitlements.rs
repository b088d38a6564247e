//! What each grade of a writer may obtain: the default table, and the administrator's `[identita.GRADO]`. It changes with the rights.

use super::Grade;
use crate::nearest::hint;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What somebody may want. The code is the key in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Where a dossier stands.
    StatoFascicolo,
    /// The data held about oneself (GDPR art. 15).
    DatiPropri,
    /// The list of one's dossiers.
    ElencoFascicoli,
    /// Documents of a dossier (L. 241/1990 art. 10).
    Documenti,
    /// To have a change of data examined.
    ModificaDati,
    /// To take part in a procedure (art. 9, 10, 10-bis).
    Partecipazione,
    /// To file a request or documents.
    Deposito,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::StatoFascicolo,
        Self::DatiPropri,
        Self::ElencoFascicoli,
        Self::Documenti,
        Self::ModificaDati,
        Self::Partecipazione,
        Self::Deposito,
    ];

    /// Key.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::StatoFascicolo => "stato_fascicolo",
            Self::DatiPropri => "dati_propri",
            Self::ElencoFascicoli => "elenco_fascicoli",
            Self::Documenti => "documenti",
            Self::ModificaDati => "modifica_dati",
            Self::Partecipazione => "partecipazione",
            Self::Deposito => "deposito",
        }
    }
    /// It brings something in, and gives nothing out.
    #[must_use]
    pub fn is_filing(self) -> bool {
        matches!(self, Self::Partecipazione | Self::Deposito)
    }
    /// It is about one dossier, and its parties have it.
    #[must_use]
    pub fn is_of_dossier(self) -> bool {
        matches!(self, Self::StatoFascicolo | Self::Documenti)
    }
    /// It gives out what is held about a person.
    #[must_use]
    pub fn is_personal(self) -> bool {
        matches!(self, Self::DatiPropri | Self::ElencoFascicoli)
    }
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Allowed {
    /// Yes.
    Si,
    /// After a confirmation.
    Conferma,
    /// No.
    No,
}

impl Allowed {
    const ALL: [Self; 3] = [Self::Si, Self::Conferma, Self::No];

    /// Value.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Si => "si",
            Self::Conferma => "conferma",
            Self::No => "no",
        }
    }
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlements(BTreeMap<(Grade, Right), Allowed>);

impl Default for Entitlements {
    fn default() -> Self {
        let cell = |grade, right| ((grade, right), by_default(grade, right));
        Self(Grade::ALL.into_iter().flat_map(|grade| Right::ALL.map(|right| cell(grade, right))).collect())
    }
}

/// Without a line of the administrator's.
fn by_default(grade: Grade, right: Right) -> Allowed {
    use Allowed::{Conferma, No, Si};
    match (grade, right) {
        (Grade::ListedDomicile | Grade::EnabledPec, _) => Si,
        // Ordinary mail with a copy of the identity document may be valid (CAD art. 65 c. 1 c): a person looks.
        (Grade::OrdinaryMail, right) if right.is_filing() => Conferma,
        (Grade::OrdinaryMail, _) => No,
        (_, Right::Partecipazione | Right::Deposito) => Si,
        // The special domicile is one for the acts of its dossier, which its parties alone obtain; and for nothing else.
        (Grade::UnknownPecElectingSpecial, Right::StatoFascicolo | Right::Documenti) => Si,
        (Grade::UnknownPecElectingSpecial | Grade::ListedElsewhere, _) => Conferma,
    }
}

impl Entitlements {
    /// What a grade obtains of a right.
    #[must_use]
    pub fn of(&self, grade: Grade, right: Right) -> Allowed {
        self.0.get(&(grade, right)).copied().unwrap_or(Allowed::No)
    }

    /// Reads the table under `identita`: one table a grade, one key a right; what is not said is as by default. All mistakes at
    /// once, each with its key and the nearest one that exists.
    pub fn read(identita: &toml::Table) -> Result<Self, Vec<String>> {
        let (mut table, mut wrong) = (Self::default(), Vec::new());
        for (name, rights) in identita {
            let Some(grade) = Grade::ALL.into_iter().find(|grade| grade.code() == name) else {
                let known = hint(name, Grade::ALL.map(Grade::code));
                wrong.push(format!("[identita.{}]: non c'è questo grado{known}", shown(name)));
                continue;
            };
            let Some(rights) = rights.as_table() else {
                wrong.push(format!("identita.{name}: ci vuole una tabella, [identita.{name}]"));
                continue;
            };
            for (key, value) in rights {
                match cell(grade, key, value) {
                    Ok((right, allowed)) => {
                        table.0.insert((grade, right), allowed);
                    }
                    Err(why) => wrong.push(format!("[identita.{name}] {}: {why}", shown(key))),
                }
            }
        }
        if wrong.is_empty() { Ok(table) } else { Err(wrong) }
    }
}

fn cell(grade: Grade, key: &str, value: &toml::Value) -> Result<(Right, Allowed), String> {
    let right = Right::ALL.into_iter().find(|right| right.code() == key);
    let right = right.ok_or_else(|| format!("non c'è questa voce{}", hint(key, Right::ALL.map(Right::code))))?;
    let word = value.as_str().ok_or_else(|| String::from("ci vuole \"si\", \"conferma\" o \"no\", tra virgolette"))?;
    let allowed = Allowed::ALL
        .into_iter()
        .find(|allowed| allowed.code() == word)
        .ok_or_else(|| format!("«{}» non va bene{}", shown(word), hint(word, Allowed::ALL.map(Allowed::code))))?;
    lawful(grade, right, allowed)?;
    Ok((right, allowed))
}

/// What no table may say.
fn lawful(grade: Grade, right: Right, allowed: Allowed) -> Result<(), String> {
    if right.is_personal() && allowed == Allowed::Si && !grade.is_safe() {
        return Err(String::from(
            "non può essere «si»: i dati personali vanno solo a un domicilio iscritto o abilitato (GDPR art. 5 e 32, CAD art. \
             3-bis c. 4); scrivi «conferma» o «no»",
        ));
    }
    if right.is_of_dossier() && allowed == Allowed::Si && grade == Grade::OrdinaryMail {
        return Err(String::from(
            "non può essere «si»: la posta ordinaria non prova chi scrive (CAD art. 65); scrivi «conferma» o «no»",
        ));
    }
    let law = match right {
        Right::Deposito => "CAD art. 65 c. 1",
        Right::Partecipazione => "L. 241/1990 art. 9 e 10",
        _ => return Ok(()),
    };
    let is_shrunk = match grade {
        Grade::OrdinaryMail => allowed == Allowed::No,
        _ => allowed != Allowed::Si,
    };
    if is_shrunk {
        return Err(format!("non si può restringere: quello che arriva si registra sempre ({law})"));
    }
    Ok(())
}

/// A key of somebody's file in an error: a line.
fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(60).collect()
}

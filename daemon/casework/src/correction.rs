//! What a person says that a decided message really was. It changes when something else of a decision can be corrected. The
//! decision stays what it was; those who write rules learn from it.

use crate::nearest::hint;
use crate::refused::Refused;
use crate::rules::Kind;
use crate::rules::normal::Normal;
use alloc::format;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// What was right, as far as it was not what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The kind of request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The office (id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// The dossier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<String>,
    /// The procedure (id) by which its dossier is worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<String>,
    /// Who says so.
    pub by: String,
    /// Why.
    pub why: String,
}

impl Correction {
    /// It says something of the message, and corrects nothing of what was decided: what was corrected before stays so.
    #[must_use]
    pub fn is_remark(&self) -> bool {
        self.kind.is_none() && self.office.is_none() && self.dossier.is_none() && self.procedure.is_none()
    }
}

/// The kind of request that is meant by its code or by its Italian name.
///
/// # Errors
/// There is none, with the nearest.
pub fn kind(said: &str) -> Result<Kind, Refused> {
    let same = |name: &str| Normal::of(name).text() == Normal::of(said).text();
    let found = Kind::ALL.iter().find(|(_, code, title)| *code == said || same(title)).map(|(kind, ..)| *kind);
    found.ok_or_else(|| {
        let names = Kind::ALL.iter().flat_map(|(_, code, title)| [*code, *title]);
        Refused::new("no-kind", format!("il tipo «{said}» non si conosce{}", hint(said, names)))
    })
}

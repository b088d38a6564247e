//! The languages in which the body writes. It changes when a language is added.

use serde::{Deserialize, Serialize};

/// A language of letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Italian: every letter exists in it.
    #[default]
    It,
    /// German.
    De,
    /// English.
    En,
}

impl Language {
    /// Every language, the one that is always there first.
    pub const ALL: [Self; 3] = [Self::It, Self::De, Self::En];

    /// Its tag (RFC 5646), which is also the folder of its templates.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::It => "it",
            Self::De => "de",
            Self::En => "en",
        }
    }

    /// In Italian, for administrators.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::It => "italiano",
            Self::De => "tedesco",
            Self::En => "inglese",
        }
    }

    /// Whether it is Italian, which nothing needs to say.
    #[must_use]
    pub fn is_italian(&self) -> bool {
        *self == Self::It
    }
}

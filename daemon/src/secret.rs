//! A password in memory: it changes when the way we hold secrets changes.

use std::fmt;

/// A secret that never prints itself, neither with `{:?}` nor with `{}` (reliability §3.9, P16).
///
/// The bytes are readable only through [`Secret::expose`], so one search finds every place that does.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret as it was read from its file or credential, without its line end.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one line that hands it to the server.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_does_not_print() {
        let shown = format!("{:?}", Secret::new("parola-di-prova"));
        assert!(!shown.contains("parola"), "{shown}");
    }
}

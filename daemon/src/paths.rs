//! Verdicts on signers' certificates, kept between messages: a provider signs thousands with one certificate.
//!
//! What a verdict depends on is its key, and the instants for which it stands are in it (`pec::verdict`): keeping one too
//! long is impossible, forgetting one costs a few signature checks.

use pec::verdict::{PathVerdict, Paths};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most verdicts kept: some twenty providers, each with a few certificates and several sets of lists. Then all are forgotten.
const VERDICTS_MAX: usize = 256;

/// The verdicts of a running service.
#[derive(Debug, Default)]
pub struct Verdicts(Mutex<HashMap<[u8; 32], PathVerdict>>);

impl Paths for Verdicts {
    fn recall(&self, key: &[u8; 32]) -> Option<PathVerdict> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: [u8; 32], verdict: PathVerdict) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= VERDICTS_MAX {
            kept.clear();
        }
        kept.insert(key, verdict);
    }
}

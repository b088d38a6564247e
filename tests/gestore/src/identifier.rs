//! Changes when the identifiers that providers give to messages look different.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use crate::clock::Local;
use crate::codec::hex_upper;
use crate::style::{Digest, Identifiers};
use crate::{Result, crypto};

/// Where a provider's identifiers come from.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    seed: Option<u64>,
    count: Arc<AtomicU64>,
}

impl Mint {
    /// From the system's randomness: unique between processes.
    pub(crate) fn unpredictable() -> Mint {
        Mint { seed: None, count: Arc::new(AtomicU64::new(0)) }
    }

    /// From a seed and a count: the same in every run.
    pub(crate) fn repeatable(seed: u64) -> Mint {
        Mint { seed: Some(seed), ..Mint::unpredictable() }
    }

    /// The next one, `<letters and digits>@<host>` (RFC 6109 §2.2.1), in the shape asked for.
    pub(crate) fn next(&self, shape: Identifiers, host: &str, at: Timestamp) -> Result<String> {
        let entropy: [u8; 16] = match self.seed {
            None => crypto::random()?,
            Some(seed) => {
                let count = self.count.fetch_add(1, Ordering::Relaxed);
                let digest = crypto::digest(Digest::Sha256, format!("{seed} {host} {count}").as_bytes());
                digest.get(..16).and_then(|first| first.try_into().ok()).unwrap_or_default()
            }
        };
        let groups = |sizes: &[usize], separator: &str| {
            let mut digits = entropy.iter().flat_map(|byte| hex_upper(&[*byte]).chars().collect::<Vec<_>>());
            let groups: Vec<String> = sizes.iter().map(|size| digits.by_ref().take(*size).collect()).collect();
            groups.join(separator)
        };
        Ok(match shape {
            Identifiers::Opec => {
                let number = u128::from_be_bytes(entropy);
                let (process, serial) = (number % 100_000, (number >> 20) % 1_000_000_000_000_000_000);
                format!("opec210.{}.{process:05}.{serial:018}.1.63@{host}", Local::in_italy(at).compact())
            }
            Identifiers::HexGroups => {
                format!("{}.posta-certificata@{host}", groups(&[8, 8, 8, 8], "."))
            }
            Identifiers::Uuid => format!("{}@{host}", groups(&[8, 4, 4, 4, 12], "-")),
        })
    }
}

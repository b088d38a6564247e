//! What several of these tests look at.

use super::*;

/// A certified message of Mario's of the day before, which no dossier has.
pub(super) fn wrote(scene: &Scene) -> Wrote {
    Wrote {
        digest: "e".repeat(64),
        at: scene.now - jiff::SignedDuration::from_hours(24),
        sender: SAFE.into(),
        proven: Some(pec::wire::POSTA_CERTIFICATA.into()),
        dossier: None,
        corrections: 0,
        aside: false,
        files: vec![("planimetria.pdf".into(), "application/pdf".into())],
    }
}

/// The documents that changes put into a dossier.
pub(super) fn documents(changes: &[Change], number: &str) -> Vec<Document> {
    let documents = changes.iter().filter_map(|change| match change {
        Change::Entered { dossier, entry: Entry::Deposited { document } } if dossier == number => {
            Some(document.clone())
        }
        _ => None,
    });
    documents.collect()
}

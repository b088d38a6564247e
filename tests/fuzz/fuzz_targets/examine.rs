//! Fuzzes a whole message under an authority that really vouched for the fixtures; what must hold is in `pec::fuzzing`.
#![no_main]

use pec::Anchors;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// The simulated authority, and the digests of all that was ever signed under it.
static SIGNED: LazyLock<(Anchors, BTreeSet<String>)> = LazyLock::new(|| {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let pem = fs::read_to_string(fixtures.join("trust/simulazione/SIMULAZIONE.pem")).expect("fixtures/trust");
    let anchors = pec::fuzzing::authority(&pem);
    let messages: Vec<Vec<u8>> = fs::read_dir(fixtures.join("mail"))
        .expect("fixtures/mail")
        .filter_map(|folder| fs::read(folder.expect("fixtures/mail").path().join("message.eml")).ok())
        .collect();
    let signed = pec::fuzzing::signed(messages.iter().map(Vec::as_slice), &anchors);
    assert!(!signed.is_empty(), "no fixture is genuine: the target would prove nothing");
    (anchors, signed)
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    pec::fuzzing::examine(data, &SIGNED.0, |digest| SIGNED.1.contains(digest));
});

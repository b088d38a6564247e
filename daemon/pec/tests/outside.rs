//! Only what was signed is evidence (`reference` pec.md §8, §9): whatever is done to a message, what it certifies is what it
//! certified, or it certifies nothing.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{Accepted, OFFICE, accepted, at, mail, policy, provider};
use gestore::forge;
use pec::{Certified, Evidence, Policy, Verdict, examine};
use proptest::prelude::*;
use std::sync::OnceLock;

/// What a message certifies, if anything: evidence, and by whom.
fn certified(raw: &[u8]) -> Option<String> {
    match examine(raw, &Policy { arrival: None, ..policy() }).verdict {
        Verdict::Certified(certified) => Some(told(raw, &certified)),
        Verdict::Unproven(_) => None,
    }
}

/// All of it, and the bytes of the message in it; not where in the file these stand.
fn told(raw: &[u8], certified: &Certified) -> String {
    let place = match certified.evidence() {
        Evidence::Envelope { message, .. } | Evidence::Anomaly { message } => Some(&message.source),
        Evidence::Receipt { returned, .. } => returned.as_ref(),
    };
    let all = format!("{:?} {:?}", certified.evidence(), certified.signer());
    let all = place.map_or(all.clone(), |place| all.replace(&format!("{place:?}"), ""));
    format!("{all} {:?}", place.map(|place| place.of(raw)))
}

struct Genuine {
    raw: Vec<u8>,
    certifies: String,
    /// Where the signed part is.
    signed: std::ops::Range<usize>,
}

/// An envelope, a receipt and an anomaly.
fn genuine() -> &'static [Genuine] {
    static GENUINE: OnceLock<Vec<Genuine>> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let Accepted { carriage, envelope, .. } = accepted(provider(), mail());
        let delivery = provider().delivery(&carriage, OFFICE, at()).unwrap();
        let anomaly = provider().anomaly(&mail().compose(at()).unwrap().raw, "x@altro.test", &[OFFICE.into()], at());
        let raws = [envelope.raw, delivery.raw, anomaly.unwrap().raw];
        let genuine = raws.into_iter().map(|raw| {
            let (before, inside, _) = forge::signed_part(&raw).unwrap();
            let signed = before.len()..before.len() + inside.len();
            Genuine { certifies: certified(&raw).unwrap(), signed, raw }
        });
        genuine.collect()
    })
}

/// Bytes that mean something here, and any.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "\r\n",
        "\r\n\r\n",
        "\n",
        " ",
        "--",
        ":",
        ";",
        "=",
        "\"",
        "(",
        "X-Ricevuta: avvenuta-consegna\r\n",
        "From: a@b.test\r\n",
        "Content-Type: text/plain\r\n",
        "; boundary=x",
        "posta-certificata",
        "Reply-To: ladro@altro.test\r\n",
        "Message-ID: <x@y>\r\n",
        "<postacert>",
        "\0",
    ];
    prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(|w| w.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ]
}

fn mutate(raw: &mut Vec<u8>, at: usize, cut: usize, put: Vec<u8>) {
    let at = at.min(raw.len());
    let end = (at + cut).min(raw.len());
    raw.splice(at..end, put);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Outer headers, preamble, the signature and its headers, epilogue.
    #[test]
    fn what_is_outside_the_signed_part_changes_no_evidence(
        which in 0usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..30, piece()), 1..4),
    ) {
        let genuine = &genuine()[which];
        let mut raw = genuine.raw.clone();
        let mut signed = genuine.signed.clone();
        for (at, cut, put) in changes {
            let outside = raw.len() - signed.len();
            let at = at.index(outside + 1);
            if at <= signed.start {
                let cut = cut.min(signed.start - at);
                let grown = put.len();
                mutate(&mut raw, at, cut, put);
                signed = signed.start + grown - cut..signed.end + grown - cut;
            } else {
                mutate(&mut raw, at + signed.len(), cut, put);
            }
        }
        if let Some(certifies) = certified(&raw) {
            prop_assert_eq!(certifies, &*genuine.certifies);
        }
    }

    /// The signed part too: a line end may become another, and nothing else.
    #[test]
    fn what_is_inside_the_signed_part_cannot_change(
        which in 0usize..3,
        at in any::<prop::sample::Index>(),
        cut in 0usize..30,
        put in piece(),
    ) {
        let genuine = &genuine()[which];
        let mut raw = genuine.raw.clone();
        let at = genuine.signed.start + at.index(genuine.signed.len());
        mutate(&mut raw, at, cut.min(genuine.signed.end - at), put);
        if let Some(certifies) = certified(&raw) {
            prop_assert_eq!(certifies, &*genuine.certifies);
        }
    }
}

//! NIST PKITS as S/MIME (`testdata/pkits`): path and revocation of messages that are not PEC, with the initial policies of
//! each test. The chains and the lists are in the messages.

use crate::cert::Cert;
use crate::chain::{Demand, World};
use crate::moment::Moment;
use crate::policy::Rules;
use crate::revocation::StatusLists;
use crate::status::{Standing, Witness};
use crate::{Anchor, Anchors, Outcome, decode, mime, signature};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;
use std::{fs, path::Path};

/// While the certificates of the suite are valid.
const AT: i64 = 1_795_000_000;

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pkits").join(name)).unwrap()
}

fn rules(words: &str) -> Rules {
    let (policies, flags) = words.split_once(' ').unwrap_or((words, ""));
    let has = |flag| flags.split(' ').any(|f| f == flag);
    Rules {
        wanted: policies.split(',').filter_map(|p| ObjectIdentifier::new(p).ok()).collect(),
        explicit: has("explicit-policy"),
        inhibit_mapping: has("inhibit-map"),
        inhibit_any: has("inhibit-any"),
    }
}

/// «valid», or what is wrong.
fn verdict(message: &[u8], rules: &Rules, anchors: &Anchors) -> String {
    let head = mime::Entity::read(message);
    let media = head.media_type().unwrap();
    let parts = mime::Multipart::read(head.body, &mime::Dashes::find(message), media.boundary().unwrap(), 3).parts;
    let signature = mime::Entity::read(parts[1]);
    let (p7s, _) = decode::whole(signature.body, signature.encoding());
    let content = mime::with_crlf(parts[0]);
    let signed = match signature::read(&p7s, Some(&content)) {
        Ok(signed) => signed,
        Err(why) => return why.code.to_string(),
    };
    let [signer] = signed.signers.as_slice() else { return "signers".into() };
    if let Outcome::Fail(why) = &signer.outcome {
        return format!("signature: {}", why.code);
    }
    let mut lists = StatusLists::new();
    for list in &signed.revocation {
        let _ = lists.add(list);
    }
    let embedded: Vec<Cert<'_>> = signed.certificates.iter().filter_map(|der| Cert::read(der).ok()).collect();
    let known: Vec<Cert<'_>> =
        anchors.list.iter().flat_map(|a| &a.certificates).map(|der| Cert::read(der).unwrap()).collect();
    let Ok(leaf) = signer.certificate.as_deref().map_or(Err(()), |der| Cert::read(der).map_err(drop)) else {
        return "certificate".into();
    };
    let world = World::new(crate::anchors::Purpose::FirmaPec, &embedded, &known, anchors, None);
    let moment = Moment::new(AT);
    match world.path(&leaf, &moment, Demand::Rules(rules.clone())) {
        Err(why) => why.code.to_string(),
        Ok(trusted) => match Witness::new(&world, &lists).standing(&trusted, &moment).0 {
            Standing::Good(_) => "valid".into(),
            Standing::Revoked(_) => "revoked".into(),
            Standing::Unknown(_) => "unknown".into(),
        },
    }
}

#[test]
fn every_case_of_pkits_has_its_verdict() {
    let anchor = Anchor::from_certificate(&file("TrustAnchorRootCertificate.crt"), "PKITS", &[], false).unwrap();
    let anchors = Anchors { list: Vec::from([anchor]) };
    // DSA is not admitted at all: no provider ever used it (DIVERGENCES.md).
    let missed = ["4.1.4 valid, found signature: algorithm-unknown", "4.1.5 valid, found signature: algorithm-unknown"];
    let (mut right, mut wrong) = (0, Vec::new());
    let cases = String::from_utf8(file("cases.tsv")).unwrap();
    for case in cases.lines().filter(|line| !line.starts_with('#')) {
        let [id, name, words, wanted] = case.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let found = verdict(&file(name), &rules(words), &anchors);
        if (found == "valid") == (wanted == "valid") {
            right += 1;
        } else {
            wrong.push(format!("{id} {wanted}, found {found}"));
        }
    }
    assert_eq!((right, wrong), (245, missed.map(String::from).to_vec()));
}

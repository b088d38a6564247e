//! Tests of the second reader: that it agrees with ours on every vector, and that it sees each misreading.

use super::*;
use crate::cms::SignedData;
use std::path::Path;
use std::vec::Vec;
use std::{fs, println};

fn files(folder: &str) -> Vec<(std::string::String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(folder);
    let mut all: Vec<_> = fs::read_dir(dir).unwrap().map(|f| f.unwrap().path()).collect();
    all.sort();
    all.iter().map(|p| (p.file_name().unwrap().to_str().unwrap().into(), fs::read(p).unwrap())).collect()
}

/// Every certificate that ours reads, but one whose number is longer than RFC 5280 §4.1.2.2 allows.
#[test]
fn both_read_the_same_in_certificates() {
    let mut read = 0;
    for (name, der) in files("ca") {
        let Some(ours) = name.ends_with(".der").then(|| Cert::read(&der).ok()).flatten() else { continue };
        assert_eq!(agrees_on_certificate(&ours), name != "v_serial25.der", "{name}");
        read += 1;
    }
    assert!(read > 30, "{read}");
}

/// Had one of the two misread, they would not agree.
#[test]
fn a_difference_in_any_field_is_seen() {
    let der = files("ca").into_iter().find(|(name, _)| name == "v_std.der").unwrap().1;
    let other = files("ca").into_iter().find(|(name, _)| name == "v_p256.der").unwrap().1;
    let (ours, other) = (Cert::read(&der).unwrap(), Cert::read(&other).unwrap());
    assert!(agrees_on_certificate(&ours));
    type Misreading<'a> = fn(&mut Cert<'a>, &Cert<'a>);
    let misreadings: [(&str, Misreading<'_>); 9] = [
        ("serial", |cert, _| cert.serial = &[1, 2, 3]),
        ("issuer", |cert, _| cert.issuer = cert.subject),
        ("subject", |cert, _| cert.subject = cert.issuer),
        ("not before", |cert, _| cert.not_before -= 1),
        ("not after", |cert, _| cert.not_after += 1),
        ("key", |cert, other| cert.spki_sha256 = other.spki_sha256),
        ("authority", |cert, _| cert.ca = true),
        ("usage", |cert, _| cert.key_usage = None),
        ("names", |cert, _| cert.alt_names.clear()),
    ];
    for (what, misread) in misreadings {
        let mut cert = ours.clone();
        misread(&mut cert, &other);
        assert!(!agrees_on_certificate(&cert), "{what}");
    }
}

#[test]
fn both_read_the_same_in_signatures() {
    let mut read = 0;
    for (name, bytes) in files("cms") {
        let Some((der, _)) = name.ends_with(".p7m").then(|| ber::normalise(&bytes)).flatten() else { continue };
        let Ok(signed) = SignedData::read(&der) else { continue };
        for info in &signed.signers {
            let Ok(ours) = signed.signer(*info) else { continue };
            println!("{name}");
            assert_eq!(agrees_on_signer(&ours, info.whole), ours.attributes.is_some(), "{name}");
            read += 1;
        }
    }
    assert!(read >= 5, "{read}");
}

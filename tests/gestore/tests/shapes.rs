//! Changes when the simulated provider can make another odd signature: `openssl` says what it is worth.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{openssl, past, world, write_trust};
use gestore::{Authority, Digest, Encoding, KeyKind, LeafProfile, Shape, Signer};

const CONTENT: &[u8] = b"content\r\n";

fn profile() -> LeafProfile {
    LeafProfile::of_provider("Forma S.p.A.", "pec.forma.test", "2026-01-01T00:00:00Z".parse().unwrap())
}

fn leaf(change: impl FnOnce(&mut LeafProfile)) -> Signer {
    let mut profile = profile();
    change(&mut profile);
    world().authority.leaf(&profile).unwrap()
}

/// What `openssl cms -verify` says of a signature over [`CONTENT`]; `None` without OpenSSL.
fn verified(signer: &Signer, digest: Digest, more: &[&str]) -> Option<(bool, String)> {
    let folder = tempfile::tempdir().unwrap();
    write_trust(folder.path());
    let (cms, _) = signer.clone().embedded().sign(CONTENT, digest, Encoding::Der, past()).unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("content"), CONTENT).unwrap();
    std::fs::write(file("cms"), cms).unwrap();
    let at = past().as_second().to_string();
    let (content, cms, root) = (file("content"), file("cms"), file("root.pem"));
    let arguments =
        ["cms", "-verify", "-binary", "-inform", "DER", "-in", &cms, "-content", &content, "-CAfile", &root];
    let arguments = [&arguments[..], &["-attime", &at, "-purpose", "any"], more].concat();
    openssl(&arguments, b"").map(|(success, _, why)| (success, why))
}

#[test]
fn every_key_and_digest_verifies() {
    for key in [KeyKind::Rsa2048, KeyKind::Rsa1024, KeyKind::P256, KeyKind::P384] {
        let signer = leaf(|profile| profile.key = key);
        let digests = match key {
            KeyKind::P256 => &[Digest::Sha256][..],
            KeyKind::P384 => &[Digest::Sha384],
            KeyKind::Rsa1024 | KeyKind::Rsa2048 => {
                &[Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512]
            }
        };
        for digest in digests {
            let Some((success, why)) = verified(&signer, *digest, &[]) else {
                return;
            };
            assert!(success, "{key:?} with {digest:?}: {why}");
        }
    }
    let pss = leaf(|_| ()).shaped(Shape { pss: true, ..Shape::default() });
    assert!(verified(&pss, Digest::Sha256, &[]).unwrap().0 && verified(&pss, Digest::Sha512, &[]).unwrap().0);
}

#[test]
fn every_digest_in_a_certificate_verifies() {
    for digest in [Digest::Sha1, Digest::Md5] {
        let signer = leaf(|profile| profile.signed_with = digest);
        // What is too weak by default is right by the arithmetic.
        let Some((success, why)) = verified(&signer, Digest::Sha256, &["-auth_level", "0"]) else {
            return;
        };
        assert!(success, "{digest:?}: {why}");
    }
}

#[test]
fn each_shape_is_what_it_says() {
    let right = leaf(|_| ());
    let impostor = Authority::create("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let cosigner = |signer: Signer| Some(Box::new(signer));
    let shapes = [
        (Shape::default(), true),
        (Shape { without_attributes: true, ..Shape::default() }, true),
        (Shape { without_time: true, ..Shape::default() }, true),
        (Shape { twice: true, ..Shape::default() }, true),
        (Shape { cosigner: cosigner(world().providers[0].signer().clone()), ..Shape::default() }, true),
        (Shape { cosigner: cosigner(impostor.leaf(&profile()).unwrap()), ..Shape::default() }, false),
        (Shape { without_certificates: true, ..Shape::default() }, false),
        (Shape { unsigned: true, ..Shape::default() }, false),
    ];
    for (shape, wanted) in shapes {
        let said = format!("{shape:?}").chars().take(200).collect::<String>();
        let Some((success, why)) = verified(&right.clone().shaped(shape), Digest::Sha256, &[]) else {
            return;
        };
        assert_eq!(success, wanted, "{said}: {why}");
    }
}

#[test]
fn a_cross_certificate_is_of_the_same_key_and_permits_less() {
    let cross = world().authority.cross_certified("pec.altro.test", past()).unwrap();
    assert_eq!(cross.spki_sha256(), world().authority.spki_sha256());
    assert_ne!(cross.certificate_der(), world().authority.certificate_der());
    let folder = tempfile::tempdir().unwrap();
    cross.save(folder.path()).unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let leaf = cross.leaf(&profile()).unwrap();
    let Some((_, pem, _)) = openssl(&["x509", "-inform", "DER"], leaf.certificate_der()) else {
        return;
    };
    std::fs::write(file("leaf.pem"), pem).unwrap();
    let (root, authority, leaf) = (file("root.pem"), file("authority.pem"), file("leaf.pem"));
    let at = past().as_second().to_string();
    let (success, _, why) =
        openssl(&["verify", "-attime", &at, "-CAfile", &root, "-untrusted", &authority, &leaf], b"").unwrap();
    assert!(!success && why.contains("permitted subtree violation"), "{why}");
}

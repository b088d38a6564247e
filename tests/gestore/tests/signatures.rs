//! Changes when what makes a simulated message pass for genuine changes: judged by the `openssl` command, which shares nothing with us.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{OFFICE, accepted, every_kind, mail, openssl, past, verify, world, write_trust};
use gestore::{Authority, Digest, Encoding, LeafProfile, Sealed, Style, Timestamp, Tool, forge};

fn each_kind_verifies(at: Timestamp, signed_by: Tool) {
    let trust = tempfile::tempdir().unwrap();
    write_trust(trust.path());
    let root = trust.path().join("root.pem").display().to_string();
    for provider in &world().providers {
        for (kind, Sealed { raw, tool, .. }) in every_kind(provider, at) {
            let Some((success, why)) = verify(&raw, &root, at) else {
                return;
            };
            assert!(success, "{kind} by {}: {why}", provider.name);
            assert_eq!(tool, signed_by, "{kind} by {}", provider.name);

            let damaged = forge::with_bytes(&raw, b"multipart/mixed", b"multipart/Mixed");
            let (success, why) = verify(&damaged, &root, at).unwrap();
            assert!(!success, "{kind} by {} still verifies with a signed byte changed: {why}", provider.name);
        }
    }
}

#[test]
fn each_kind_in_each_style_verifies_when_openssl_signs() {
    if openssl(&["version"], b"").is_some() {
        each_kind_verifies(Timestamp::now(), Tool::OpenSsl);
    }
}

#[test]
fn each_kind_in_each_style_verifies_when_the_embedded_signer_signs() {
    each_kind_verifies(past(), Tool::Embedded);
}

#[test]
fn the_two_tools_write_the_same_structure() {
    if openssl(&["version"], b"").is_none() {
        return;
    }
    let signer = world().providers[0].signer();
    for digest in [Digest::Sha1, Digest::Sha256] {
        let shapes: Vec<String> = [Timestamp::now(), past()]
            .into_iter()
            .map(|at| {
                let (cms, _) = signer.sign(b"content\r\n", digest, Encoding::Der, at).unwrap();
                let (success, text, why) =
                    openssl(&["cms", "-cmsout", "-print", "-inform", "DER", "-noout"], &cms).unwrap();
                assert!(success, "{why}");
                let text = String::from_utf8(text).unwrap();
                let signer_infos = text.split("signerInfos:").nth(1).unwrap().to_string();
                let wanted = [
                    "version:",
                    "algorithm:",
                    "d.issuerAndSerialNumber",
                    "object: contentType",
                    "object: signingTime",
                    "object: messageDigest",
                ];
                let all = |text: &str| {
                    wanted
                        .iter()
                        .flat_map(|word| {
                            text.lines()
                                .filter(|line| line.contains(word))
                                .map(|line| line.trim().to_string())
                                .collect::<Vec<_>>()
                        })
                        .collect::<Vec<_>>()
                };
                let capabilities = |line: &String| {
                    !line.contains("algorithm: des")
                        && !line.contains("algorithm: rc2")
                        && !line.contains("algorithm: aes")
                };
                let lines: Vec<String> = all(&signer_infos).into_iter().filter(capabilities).collect();
                format!("{} certificates, {lines:?}", text.matches("d.certificate:").count())
            })
            .collect();
        assert!(shapes[0].starts_with("2 certificates"), "{}", shapes[0]);
        assert_eq!(shapes[0], shapes[1]);
    }
}

#[test]
fn ber_says_the_same_as_der() {
    let signer = world().providers[0].signer().clone().embedded();
    for digest in [Digest::Sha1, Digest::Sha256] {
        let (der, _) = signer.sign(b"content\r\n", digest, Encoding::Der, past()).unwrap();
        let (ber, _) = signer.sign(b"content\r\n", digest, Encoding::BerIndefinite, past()).unwrap();
        assert!(ber.starts_with(&[0x30, 0x80]) && der.starts_with(&[0x30, 0x82]));
        let normal = |bytes: &[u8]| openssl(&["cms", "-cmsout", "-inform", "DER", "-outform", "DER"], bytes);
        let (Some((_, from_ber, why)), Some((_, from_der, _))) = (normal(&ber), normal(&der)) else {
            return;
        };
        assert_eq!(from_der, der, "what the embedded signer writes is already DER: {why}");
        assert_eq!(from_ber, der, "{why}");
    }
}

#[test]
fn the_chain_has_the_profile_of_the_real_circuit() {
    let directory = tempfile::tempdir().unwrap();
    write_trust(directory.path());
    let file = |name: &str| directory.path().join(name).display().to_string();
    let pem = |der: &[u8]| openssl(&["x509", "-inform", "DER"], der).map(|(_, pem, _)| pem);
    let Some(leaf) = pem(world().providers[0].signer().certificate_der()) else {
        return;
    };
    std::fs::write(file("leaf.pem"), &leaf).unwrap();

    let (root, issuing, leaf_file, at) =
        (file("root.pem"), file("authority.pem"), file("leaf.pem"), past().as_second().to_string());
    let chain = [
        "verify",
        "-x509_strict",
        "-purpose",
        "smimesign",
        "-attime",
        &at,
        "-CAfile",
        &root,
        "-untrusted",
        &issuing,
        &leaf_file,
    ];
    let (success, _, why) = openssl(&chain, b"").unwrap();
    assert!(success, "{why}");

    let text = |pem: &[u8]| String::from_utf8(openssl(&["x509", "-noout", "-text"], pem).unwrap().1).unwrap();
    let leaf = text(&leaf);
    for wanted in [
        "SIMULAZIONE",
        "email:posta-certificata@pec.aruba.test",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "E-mail Protection",
        "Policy: 1.3.76.16.3.1.1",
        "X509v3 Subject Key Identifier",
        "X509v3 Authority Key Identifier",
    ] {
        assert!(leaf.contains(wanted), "{wanted:?} missing in {leaf}");
    }
    assert!(!leaf.contains("Basic Constraints"), "{leaf}");
    let issuing = text(world().authority.certificate_pem().as_bytes());
    for wanted in [
        "CA:TRUE, pathlen:0",
        "email:.test",
        "DirName:C = IT, L = SIMULAZIONE",
        "IP:0.0.0.0/0.0.0.0",
        "Certificate Sign",
        "SIMULAZIONE NON VALIDA",
    ] {
        assert!(issuing.contains(wanted), "{wanted:?} missing in {issuing}");
    }
}

#[test]
fn name_constraints_bind() {
    let trust = tempfile::tempdir().unwrap();
    write_trust(trust.path());
    let root = trust.path().join("root.pem").display().to_string();
    let stranger = LeafProfile {
        address: Some("posta-certificata@pec.evil.example".into()),
        ..LeafProfile::of_provider("Alfa", "pec.alfa.test", past())
    };
    let provider = world().providers[0].clone().with_signer(world().authority.leaf(&stranger).unwrap());
    let envelope = accepted(&provider, &mail().compose(past()).unwrap(), past()).envelope;
    if let Some((success, why)) = verify(&envelope.raw, &root, past()) {
        assert!(!success && why.contains("permitted subtree violation"), "{why}");
    }
}

#[test]
fn a_second_authority_has_the_same_name_and_is_not_believed() {
    let trust = tempfile::tempdir().unwrap();
    write_trust(trust.path());
    let root = trust.path().join("root.pem").display().to_string();
    let impostor = Authority::create(past()).unwrap();
    assert_ne!(impostor.spki_sha256(), world().authority.spki_sha256());
    let provider = impostor.provider("Alfa", "pec.alfa.test", Style::aruba_like(), past()).unwrap();
    let envelope = accepted(&provider, &mail().compose(past()).unwrap(), past()).envelope;
    if let Some((success, why)) = verify(&envelope.raw, &root, past()) {
        assert!(!success, "{why}");
    }
}

#[test]
fn wrong_profiles_are_wrong_in_that_point_alone() {
    let right = LeafProfile::of_provider("Alfa", "pec.alfa.test", past());
    let text = |profile: &LeafProfile| {
        let signer = world().authority.leaf(profile).unwrap();
        openssl(&["x509", "-inform", "DER", "-noout", "-text"], signer.certificate_der())
            .map(|(_, text, _)| String::from_utf8(text).unwrap())
    };
    let Some(no_policy) = text(&LeafProfile { policy: None, ..right.clone() }) else {
        return;
    };
    assert!(!no_policy.contains("Policies") && no_policy.contains("E-mail Protection"), "{no_policy}");
    let authority = text(&LeafProfile { is_ca: true, ..right.clone() }).unwrap();
    assert!(authority.contains("CA:TRUE") && authority.matches("Subject Key Identifier").count() == 1, "{authority}");
    let cipher =
        text(&LeafProfile { digital_signature: false, email_protection: false, address: None, ..right }).unwrap();
    assert!(
        cipher.contains("Key Encipherment")
            && !cipher.contains("E-mail Protection")
            && !cipher.contains("Alternative Name"),
        "{cipher}"
    );
}

#[test]
fn edited_headers_leave_the_signature_right_and_edited_content_does_not() {
    let trust = tempfile::tempdir().unwrap();
    write_trust(trust.path());
    let root = trust.path().join("root.pem").display().to_string();
    let java = &world().providers[1];
    let one = accepted(java, &mail().compose(past()).unwrap(), past()).envelope.raw;
    let two = accepted(java, &mail().compose(past()).unwrap(), past()).envelope.raw;
    let judged = |raw: &[u8]| verify(raw, &root, past()).map(|(success, _)| success);
    if judged(&one).is_none() {
        return;
    }
    for still_right in [
        forge::with_header(&one, "Subject", "POSTA CERTIFICATA: altro"),
        forge::with_header(&one, "X-Nuovo", "sì"),
        forge::without_header(&one, "X-Trasporto"),
        forge::with_second_header(&one, "X-Ricevuta", "accettazione"),
    ] {
        assert_eq!(judged(&still_right), Some(true), "{}", String::from_utf8_lossy(&still_right));
    }
    for wrong in [
        forge::with_bytes(&one, OFFICE.as_bytes(), b"ufficio@ente.test"),
        forge::truncated(&one, 700),
        forge::with_signed_part_of(&one, &two).unwrap(),
        forge::unsigned(&one).unwrap(),
        forge::without_trailing_blanks(&one),
    ] {
        assert_eq!(judged(&wrong), Some(false), "{}", String::from_utf8_lossy(&wrong));
    }
}

//! The second reader: `cms` and `x509-cert` read again what our walkers read, and must have found the same.
//!
//! Our walkers keep the signed bytes as they came and read what the field writes; a reader of one's own can err alone. Two
//! that were written apart, and must agree before anything is certified, do not err together so easily.

use crate::ber;
use crate::cert::Cert;
use crate::cms::{SignerId, SignerInfo};
use crate::crypto::sha256;
use crate::names::General;
use alloc::string::ToString;
use alloc::vec::Vec;
use cms::signed_data::SignerIdentifier;
use der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, CertificatePolicies, ExtendedKeyUsage, KeyUsage, SubjectAltName};

/// `ours` is what `cms` reads in the same SignerInfo: who, with which algorithms, which signature.
pub(crate) fn agrees_on_signer(ours: &SignerInfo<'_>, der: &[u8]) -> bool {
    let Ok(theirs) = cms::signed_data::SignerInfo::from_der(der) else { return false };
    let id = match (&ours.id, &theirs.sid) {
        (SignerId::Issuer(issuer, serial), SignerIdentifier::IssuerAndSerialNumber(id)) => {
            is(&id.issuer, issuer) && is(&id.serial_number, &ber::element(ber::INTEGER, serial))
        }
        (SignerId::Key(ours), SignerIdentifier::SubjectKeyIdentifier(id)) => id.0.as_bytes() == *ours,
        _ => false,
    };
    id && theirs.digest_alg.oid.to_string() == ours.digest_oid
        && theirs.signature_algorithm.oid.to_string() == ours.scheme_oid
        && theirs.signature.as_bytes() == ours.value()
        && theirs.signed_attrs.is_some()
}

/// `ours` is what `x509-cert` reads in the same certificate: names, number, validity, key, and every extension on which a
/// verdict rests.
pub(crate) fn agrees_on_certificate(ours: &Cert<'_>) -> bool {
    let Ok(theirs) = x509_cert::Certificate::from_der(ours.der) else { return false };
    let tbs = &theirs.tbs_certificate;
    let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).ok();
    let fields = is(&tbs.serial_number, &ber::element(ber::INTEGER, ours.serial))
        && is(&tbs.issuer, ours.issuer.der)
        && is(&tbs.subject, ours.subject.der)
        && seconds(tbs.validity.not_before) == Some(ours.not_before)
        && seconds(tbs.validity.not_after) == Some(ours.not_after)
        && tbs.subject_public_key_info.to_der().is_ok_and(|spki| sha256(&spki) == ours.spki_sha256);
    fields && extensions(tbs, ours).unwrap_or(false)
}

fn extensions(tbs: &x509_cert::TbsCertificate, ours: &Cert<'_>) -> der::Result<bool> {
    let basic = tbs.get::<BasicConstraints>()?.map(|(_, basic)| basic);
    let authority = basic.as_ref().is_some_and(|basic| basic.ca);
    let length = basic.as_ref().and_then(|basic| basic.path_len_constraint).map(u32::from);
    let usage = tbs.get::<KeyUsage>()?.map(|(_, usage)| (usage.digital_signature(), usage.key_cert_sign()));
    let purposes: Option<Vec<Vec<u8>>> =
        tbs.get::<ExtendedKeyUsage>()?.map(|(_, all)| all.0.iter().map(|oid| oid.as_bytes().to_vec()).collect());
    let policies: Option<Vec<Vec<u8>>> = tbs
        .get::<CertificatePolicies>()?
        .map(|(_, all)| all.0.iter().map(|p| p.policy_identifier.as_bytes().to_vec()).collect());
    let names = tbs.get::<SubjectAltName>()?.map(|(_, names)| names.0).unwrap_or_default();
    let emails = names.iter().filter_map(|name| match name {
        GeneralName::Rfc822Name(email) => Some(email.as_str()),
        _ => None,
    });
    let ours_emails = ours.alt_names.iter().filter_map(|name| match name {
        General::Email(email) => Some(*email),
        _ => None,
    });
    let same = |theirs: &Option<Vec<Vec<u8>>>, ours: &Option<Vec<&[u8]>>| match (theirs, ours) {
        (None, None) => true,
        (Some(theirs), Some(ours)) => theirs.iter().map(Vec::as_slice).eq(ours.iter().copied()),
        _ => false,
    };
    Ok(authority == ours.ca
        && length == ours.path_length
        && basic.is_some() == ours.basic_constraints
        && usage == ours.key_usage.map(|usage| (usage.signs(), usage.signs_certificates()))
        && same(&purposes, &ours.extended_key_usage)
        && same(&policies, &ours.policies.asserted)
        && emails.eq(ours_emails))
}

/// What a typed crate read is, written again, these bytes.
fn is(theirs: &impl Encode, ours: &[u8]) -> bool {
    theirs.to_der().is_ok_and(|der| der == ours)
}

#[cfg(test)]
#[path = "second_tests.rs"]
mod tests;

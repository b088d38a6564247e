//! Whether a list comes from whom it must, before it takes the place of another (RFC 5280 §6.3.3 (f, g), RFC 6960 §4.2.2.2).
//!
//! Judging a certificate by a list asks for more, and asks this again.

use crate::cert::Cert;
use crate::crl::Crl;
use crate::ocsp::Answer;

/// id-kp-OCSPSigning, contents of the OID (1.3.6.1.5.5.7.3.9).
const OCSP_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];

/// A CRL or OCSP answer (DER) is signed by the issuer of a certificate; an answer may be by a responder that the issuer
/// delegated, and must be about this certificate. Without regard to time.
pub fn comes_from_issuer(list_der: &[u8], certificate_der: &[u8], issuer_der: &[u8]) -> bool {
    let (Ok(cert), Ok(issuer)) = (Cert::read(certificate_der), Cert::read(issuer_der)) else {
        return false;
    };
    if !cert.issuer.same(&issuer.subject) {
        return false;
    }
    if let Some(crl) = Crl::read(list_der) {
        return crl.issuer.same(&issuer.subject) && crl.is_signed_by(&issuer.key);
    }
    let Some(answer) = Answer::read(list_der) else {
        return false;
    };
    if answer.about(&cert, &issuer).is_none() {
        return false;
    }
    let is_delegate = |responder: &Cert<'_>| {
        let for_ocsp = responder.extended_key_usage.iter().flatten().any(|usage| *usage == OCSP_SIGNING);
        for_ocsp && responder.issuer.same(&issuer.subject) && responder.is_signed_by(&issuer)
    };
    answer.is_signed_by(&issuer.key)
        || answer
            .certificates
            .iter()
            .filter_map(|der| Cert::read(der).ok())
            .any(|responder| is_delegate(&responder) && answer.is_by(&responder) && answer.is_signed_by(&responder.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gestore::authority::LeafProfile;
    use gestore::revocation::{Crl as Made, Ocsp, Status};
    use gestore::{Authority, Timestamp};

    #[test]
    fn only_the_issuer_and_its_delegate_speak_for_a_certificate() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let (authority, impostor) = (Authority::create(now).unwrap(), Authority::create(now).unwrap());
        let profile = LeafProfile::of_provider("Alfa", "pec.alfa.test", now);
        let leaf = |profile: &LeafProfile| authority.leaf(profile).unwrap();
        let (signer, other) = (leaf(&profile), leaf(&profile));
        let comes = |list: &[u8]| comes_from_issuer(list, signer.certificate_der(), authority.certificate_der());

        let list = Made::issued(now);
        assert!(comes(&authority.crl(&list).unwrap()));
        assert!(!comes(&impostor.crl(&list).unwrap()), "the same names, another key");
        let about = |certificate: &[u8]| Ocsp::about(certificate, Status::Good, now);
        assert!(comes(&authority.ocsp(&about(signer.certificate_der())).unwrap()));
        assert!(!comes(&authority.ocsp(&about(other.certificate_der())).unwrap()), "about another certificate");
        assert!(!comes(&impostor.ocsp(&about(signer.certificate_der())).unwrap()));
        let delegate = leaf(&LeafProfile { ocsp_signing: true, ..profile.clone() });
        assert!(comes(&authority.ocsp_by(&about(signer.certificate_der()), &delegate).unwrap()));
        assert!(!comes(&authority.ocsp_by(&about(signer.certificate_der()), &other).unwrap()), "nobody delegated it");
        for bytes in [&b""[..], b"<html>", signer.certificate_der()] {
            assert!(!comes(bytes));
        }
    }
}

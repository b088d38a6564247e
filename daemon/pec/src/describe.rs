//! What a certificate says of itself, for people. Proof of nothing: it changes when they want to read more of it.

use crate::asn1;
use crate::cert::Cert;
use crate::names::General;
use crate::report::Why;
use crate::why;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use jiff::Timestamp;

/// A certificate, as shown to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Subject, as RFC 4514 writes it.
    pub subject: String,
    /// Issuer, likewise.
    pub issuer: String,
    /// Serial number, lower-case hex.
    pub serial: String,
    /// First instant of its validity.
    pub from: Timestamp,
    /// Last instant of its validity.
    pub until: Timestamp,
    /// Kind and size of its key: `RSA-2048`.
    pub key: String,
    /// SHA-256 of its DER SubjectPublicKeyInfo: what an anchor pins.
    pub spki_sha256: [u8; 32],
    /// It may sign certificates: basicConstraints CA, and keyCertSign.
    pub is_authority: bool,
    /// Its certificate policies, dotted.
    pub policies: Vec<String>,
    /// Its rfc822Names.
    pub addresses: Vec<String>,
    /// Mail hosts and domains for which it may vouch, where it says (nameConstraints).
    pub permitted_mail: Vec<String>,
    /// How many names its nameConstraints permit, of every form.
    pub permitted: usize,
    /// How many they exclude.
    pub excluded: usize,
}

impl Description {
    /// Reads a certificate (DER).
    ///
    /// # Errors
    /// It does not read.
    pub fn read(der: &[u8]) -> Result<Self, Why> {
        let cert = Cert::read(der)?;
        let (subject, issuer) = cert.subject.rfc4514().zip(cert.issuer.rfc4514()).ok_or(why::CERTIFICATE_UNREADABLE)?;
        let instant = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        let (permitted, excluded) =
            cert.constraints.as_ref().map_or((&[][..], &[][..]), |c| (&c.permitted[..], &c.excluded[..]));
        let mail = |name: &General<'_>| match name {
            General::Email(host) => Some(String::from(*host)),
            _ => None,
        };
        Ok(Self {
            subject,
            issuer,
            serial: cert.serial.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }),
            from: instant(cert.not_before),
            until: instant(cert.not_after),
            key: cert.key.name(),
            spki_sha256: cert.spki_sha256,
            is_authority: cert.is_authority(),
            policies: cert.policies.asserted.iter().flatten().map(|oid| asn1::dotted(oid)).collect(),
            addresses: cert.emails().map(String::from).collect(),
            permitted_mail: permitted.iter().filter_map(mail).collect(),
            permitted: permitted.len(),
            excluded: excluded.len(),
        })
    }
}

/// A certificate (DER) as OpenSSL and people's programs read it: PEM (RFC 7468). `None`: too long to be one.
pub fn pem(certificate: &[u8]) -> Option<String> {
    der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, certificate).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(name: &str) -> Description {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ca").join(name);
        Description::read(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn an_authority_and_a_signer_are_told_apart() {
        let authority = read("subnc.der");
        assert!(authority.is_authority && authority.permitted > 0, "{authority:?}");
        let signer = read("v_std.der");
        assert!(!signer.is_authority && signer.from < signer.until && !signer.serial.is_empty(), "{signer:?}");
        assert_eq!(signer.permitted_mail, [""; 0]);
        assert!(Description::read(b"no certificate").is_err());
    }
}

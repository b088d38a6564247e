//! CMS signatures in general: files `.p7m` and `.p7s`. **Promises nothing about PEC**, and nothing about who the signers are.
//!
//! [`read`] opens a SignedData, DER or BER, with its content or apart from it, and judges each signer by the certificate
//! that it names: are digest and signature right? Whether that certificate deserves trust, and at which time, is another
//! question. A message of certified mail is judged by [`examine`](crate::examine()) alone.

use crate::attributes::looks_like_attributes;
use crate::ber::{self, Tlv};
use crate::cert::Cert;
use crate::cms::{DATA, Order, SIGNERS_MAX, SignedData, SignerInfo, looks_signed};
use crate::crypto::{self, Hash, RSA_BITS_MIN};
use crate::report::{Outcome, Why};
use crate::why;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// Most signatures opened one inside the other: `deed.pdf.p7m.p7m` has two.
pub const LAYERS_MAX: usize = 5;

/// A SignedData that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    /// Type of the content, dotted: `1.2.840.113549.1.7.1` for plain bytes.
    pub content_type: String,
    /// What was signed. Worth something only if a signer's [`outcome`](Signatory::outcome) is `Pass`.
    pub content: Cow<'a, [u8]>,
    /// The certificates that it carries (DER).
    pub certificates: Vec<Vec<u8>>,
    /// Revocation lists and OCSP responses that it carries (DER).
    pub revocation: Vec<Vec<u8>>,
    /// One entry a signer, in order. May be empty: then nobody signed.
    pub signers: Vec<Signatory>,
    /// Bytes after the object. They belong to nothing that was signed.
    pub trailing: usize,
    /// How many signatures this one lies in.
    layer: usize,
}

/// One signer, and what came of judging it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatory {
    /// Digest and signature are right, and made with the certificate's key; or why not. Nothing about trust.
    pub outcome: Outcome,
    /// The certificate that the signer names (DER), if it is there and reads.
    pub certificate: Option<Vec<u8>>,
    /// Its organisation, else its name.
    pub name: String,
    /// Digest: `SHA-256`; the OID of one that is not admitted.
    pub digest_algorithm: String,
    /// The time that the signer claims, in UTC.
    pub signing_time: Option<Timestamp>,
    /// What is odd, or weak today, in plain Italian.
    pub notes: Vec<String>,
}

/// Opens a CMS object. `detached` is the content where the object does not carry it; a content in both places is refused,
/// for then two readers may believe two different ones.
///
/// # Errors
/// It is no SignedData, its content is missing, given twice or not bytes, or it goes beyond a bound. What is wrong with a
/// signer is in that signer's [`outcome`](Signatory::outcome).
pub fn read<'a>(object: &'a [u8], detached: Option<&'a [u8]>) -> Result<Signed<'a>, Why> {
    read_layer(object, detached, 1)
}

fn read_layer<'a>(object: &'a [u8], detached: Option<&'a [u8]>, layer: usize) -> Result<Signed<'a>, Why> {
    let (der, taken) = ber::normalise(object).ok_or(why::CMS_UNREADABLE)?;
    let trailing = object.len() - taken;
    match der {
        Cow::Borrowed(der) => judge(der, detached, trailing, layer),
        Cow::Owned(der) => {
            let signed = judge(&der, detached, trailing, layer)?;
            let content = detached.map_or_else(|| Cow::Owned(signed.content.into_owned()), Cow::Borrowed);
            Ok(Signed { content, ..signed })
        }
    }
}

fn judge<'a>(der: &'a [u8], detached: Option<&'a [u8]>, trailing: usize, layer: usize) -> Result<Signed<'a>, Why> {
    let signed = SignedData::read(der)?;
    let content = match (signed.content, detached) {
        (Some(_), Some(_)) => return Err(why::CMS_ATTACHED.why()),
        (None, None) => return Err(why::CMS_CONTENT.why()),
        (Some(content), None) | (None, Some(content)) => content,
    };
    if signed.signers.len() > SIGNERS_MAX {
        return Err(why::CMS_SIGNERS_MANY.about(signed.signers.len()));
    }
    let certificates: Vec<Cert<'_>> = signed.certificates.iter().filter_map(|der| Cert::read(der).ok()).collect();
    let mut case = Case { signed: &signed, content, certificates: &certificates, digests: Vec::new() };
    let signers = signed.signers.iter().map(|info| case.signatory(*info)).collect();
    let owned = |all: &[&[u8]]| all.iter().map(|der| der.to_vec()).collect();
    Ok(Signed {
        content: Cow::Borrowed(content),
        certificates: owned(&signed.certificates),
        revocation: owned(&signed.revocation),
        signers,
        trailing,
        layer,
        content_type: signed.content_type,
    })
}

impl Signed<'_> {
    /// The same, independent of the bytes that it was read from.
    pub fn into_owned(self) -> Signed<'static> {
        Signed { content: Cow::Owned(self.content.into_owned()), ..self }
    }

    /// The signature that the content is in its turn: `None` if it is none.
    ///
    /// # Errors
    /// As [`read`]; or [`LAYERS_MAX`] signatures lie one inside the other.
    pub fn inner(&self) -> Option<Result<Signed<'_>, Why>> {
        if !looks_signed(&self.content) {
            return None;
        }
        if self.layer >= LAYERS_MAX {
            return Some(Err(why::CMS_LAYERS.why()));
        }
        Some(read_layer(&self.content, None, self.layer + 1))
    }
}

/// A SignedData with its content.
struct Case<'c, 'a> {
    signed: &'c SignedData<'a>,
    content: &'a [u8],
    certificates: &'c [Cert<'c>],
    /// Digests of the content that were made: each is made once, however many the signers.
    digests: Vec<(Hash, Vec<u8>)>,
}

impl<'a> Case<'_, 'a> {
    fn signatory(&mut self, info: Tlv<'a>) -> Signatory {
        let mut signatory = Signatory {
            outcome: Outcome::Moot,
            certificate: None,
            name: String::new(),
            digest_algorithm: String::new(),
            signing_time: None,
            notes: Vec::new(),
        };
        signatory.outcome = match self.weigh(info, &mut signatory) {
            Ok(()) => Outcome::Pass,
            Err(why) => Outcome::Fail(why),
        };
        signatory
    }

    /// Fills in what is known of a signer, and says what is wrong with it.
    fn weigh(&mut self, info: Tlv<'a>, signatory: &mut Signatory) -> Result<(), Why> {
        let signer = self.signed.signer(info)?;
        signatory.digest_algorithm = signer.hash.map_or_else(|| signer.digest_oid.clone(), |hash| hash.name().into());
        signatory.signing_time = signer.attributes.as_ref().and_then(|a| a.signing_time);
        let leaf = signer.id.find(self.certificates).ok_or(why::CMS_NO_CERTIFICATE)?;
        signatory.certificate = Some(leaf.der.to_vec());
        signatory.name.clone_from(&leaf.organisation);
        let (Some(hash), Some(scheme)) = (signer.hash, signer.scheme) else {
            return Err(crypto::refusal(&signer.digest_oid, &signer.scheme_oid));
        };
        if let Some(why) = leaf.key.refusal() {
            return Err(why);
        }
        if hash == Hash::Sha1 {
            signatory.notes.push("SHA-1, oggi debole".into());
        }
        if leaf.key.rsa_bits().is_some_and(|bits| bits < RSA_BITS_MIN) {
            signatory.notes.push(format!("{}, oggi debole", leaf.key.name()));
        }
        let Some(attributes) = &signer.attributes else {
            return self.plain(&signer, leaf, scheme);
        };
        if !attributes.name(leaf) {
            return Err(why::CMS_SIGNING_CERTIFICATE.why());
        }
        if self.digest(hash) != attributes.message_digest {
            return Err(why::DIGEST_DIFFERS.about(hash.name()));
        }
        match signer.is_by(&leaf.key, scheme, attributes) {
            None => return Err(why::SIGNATURE_WRONG.why()),
            Some(Order::AsSent) => {}
            Some(Order::Sorted) => signatory.notes.push("gli attributi firmati non sono nell'ordine DER".into()),
        }
        Ok(())
    }

    /// A signature over the content itself. RFC 5652 §5.3 allows it for id-data only; and content that reads as signed
    /// attributes may be somebody's attributes (draft-ietf-lamps-cms-euf-cma-signeddata).
    fn plain(&self, signer: &SignerInfo<'_>, leaf: &Cert<'_>, scheme: crypto::Scheme) -> Result<(), Why> {
        if self.signed.content_type != DATA {
            return Err(why::CMS_NO_ATTRIBUTES.why());
        }
        if looks_like_attributes(self.content) {
            return Err(why::CMS_FORGED_ATTRIBUTES.why());
        }
        if signer.is_plainly_by(&leaf.key, scheme, self.content) { Ok(()) } else { Err(why::SIGNATURE_WRONG.why()) }
    }

    fn digest(&mut self, hash: Hash) -> &[u8] {
        let at = self.digests.iter().position(|(known, _)| *known == hash).unwrap_or_else(|| {
            self.digests.push((hash, hash.of(self.content)));
            self.digests.len() - 1
        });
        self.digests.get(at).map_or(&[], |(_, digest)| digest)
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;

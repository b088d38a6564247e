//! Who signed which bytes: from the outer structure to a trusted signer (`reference` pec.md §9.3 to §9.7).

use crate::attributes::Attributes;
use crate::ber;
use crate::cert::Cert;
use crate::chain::Day;
use crate::cms::{DATA, Order, SignedData, SignerInfo};
use crate::content::mailboxes;
use crate::crypto::{self, Hash, hex};
use crate::decode;
use crate::examine::{Policy, Seal, Signer};
use crate::mime::{self, Dashes, Entity, Multipart};
use crate::report::{Check, Grade, Sheet, Why};
use crate::second;
use crate::status::Standing;
use crate::verdict::{self, Path, PathVerdict};
use crate::why::{self, quoted};
use crate::wire::POSTA_CERTIFICATA;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// Largest signature object, in bytes. Those of providers are below 10 KB.
pub(crate) const P7S_BYTES_MAX: usize = 1024 * 1024;

/// Bytes that a trusted provider signed.
#[derive(Debug)]
pub(crate) struct Proof<'a> {
    /// The signed part, as it stands in the message.
    pub(crate) part: &'a [u8],
    /// The signed bytes, as signed: all that is read from here on is read from these.
    pub(crate) bytes: Cow<'a, [u8]>,
    /// Who signed them.
    pub(crate) signer: Signer,
    /// signingTime, if the signature has it.
    pub(crate) signing_time: Option<Timestamp>,
    /// Until when its keys were to be believed.
    pub(crate) until: Timestamp,
}

/// Proves a message, writing each check into `sheet`; `None` = not proven, and the sheet says why.
/// `seal` becomes what the signature carries, as far as it reads. `event_time` reads the time of the event from the signed
/// bytes, for signatures without signingTime.
pub(crate) fn prove<'a>(
    head: &Entity<'a>,
    dashes: &Dashes<'_>,
    policy: &Policy<'_>,
    sheet: &mut Sheet,
    seal: &mut Option<Seal>,
    event_time: impl Fn(&[u8]) -> Option<Timestamp>,
) -> Option<Proof<'a>> {
    let mut prover = Prover { sheet };
    let (signed, p7s) = structure(head, dashes).map_err(|why| prover.fails(Check::Structure, why)).ok()?;
    prover.sheet.pass(Check::Structure, format!("multipart/signed, {} byte firmati", signed.len()));

    let p7s = p7s.map_err(|why| prover.fails(Check::Cms, why)).ok()?;
    let (der, taken) =
        ber::normalise(&p7s).ok_or(why::CMS_UNREADABLE).map_err(|why| prover.fails(Check::Cms, why)).ok()?;
    let signature = detached(&der).map_err(|why| prover.fails(Check::Cms, why)).ok()?;
    let (signer, attributes) = (&signature.signer, &signature.attributes);
    let certificates: Vec<Cert<'_>> = signature.certificates.iter().filter_map(|der| Cert::read(der).ok()).collect();
    // RFC 6109 §2.1: the certificate must be there.
    let leaf = signer.id.find(&certificates).ok_or(why::CMS_NO_CERTIFICATE);
    *seal = Some(sealed(&signature, leaf.ok().map(|leaf| leaf.der)));
    let leaf = leaf.map_err(|why| prover.fails(Check::Cms, why)).ok()?;
    if !attributes.name(leaf) {
        prover.fails(Check::Cms, why::CMS_SIGNING_CERTIFICATE);
        return None;
    }
    let encoding = if matches!(der, Cow::Borrowed(_)) { "DER" } else { "BER" };
    let mut evidence = format!("{encoding}, un firmatario, {} certificati", signature.certificates.len());
    if !signature.revocation.is_empty() {
        evidence += &format!(", {} prove di revoca", signature.revocation.len());
    }
    prover.sheet.pass(Check::Cms, evidence);
    let after = p7s.get(taken..).unwrap_or_default();
    if after.iter().any(|byte| *byte != 0) {
        prover.sheet.note(format!("dopo la firma ci sono {} byte che non ne fanno parte", after.len()));
    }

    let Some((hash, scheme)) = signer.hash.zip(signer.scheme) else {
        prover.fails(Check::Algorithm, crypto::refusal(&signer.digest_oid, &signer.scheme_oid));
        return None;
    };
    if let Some(why) = leaf.key.refusal() {
        prover.fails(Check::Algorithm, why);
        return None;
    }
    let (bytes, signed_sha256) = prover.signed_bytes(signed, hash, attributes)?;
    let Some(order) = signer.is_by(&leaf.key, scheme, attributes) else {
        prover.fails(Check::Signature, why::SIGNATURE_WRONG);
        return None;
    };
    prover.sheet.pass(Check::Signature, format!("{} e firma corrispondono", hash.name()));
    if order == Order::Sorted {
        prover.sheet.note("gli attributi firmati non sono nell'ordine DER: la firma vale per quelli ordinati");
    }

    let Some(at) = attributes.signing_time.or_else(|| event_time(&bytes)) else {
        prover.fails(Check::Chain, why::NO_TIME);
        return None;
    };
    let day = Day { at, sha1_until: policy.sha1_until };
    let strong = day.strength(hash, leaf).map(|weak| {
        let evidence = format!("{}, {}{}", leaf.key.name(), hash.name(), if weak { " (oggi debole)" } else { "" });
        prover.sheet.pass(Check::Algorithm, evidence);
        if weak {
            prover.sheet.lower(Grade::GenuineWeak);
        }
    });
    let strong = strong.map_err(|why| prover.fails(Check::Algorithm, why)).is_ok();
    let verdict = verdict::judge(leaf, &certificates, policy, at);
    let trusted = prover.chain(leaf, &verdict);
    let standing = prover.revocation(trusted);
    if let (Some(seal), Some(trusted)) = (seal, trusted) {
        (seal.path, seal.status) = (trusted.path.clone(), trusted.status.clone());
    }
    let address = prover.signer(head, leaf)?;
    let trusted = trusted?;
    let (anchor, simulation) = (trusted.anchor.clone(), trusted.simulation);
    let until = Timestamp::from_second(trusted.until).unwrap_or(Timestamp::MAX);
    (strong && standing).then(|| {
        let signer = Signer {
            address,
            organisation: leaf.organisation.clone(),
            anchor,
            simulation,
            certificate_sha256: hex(&crate::crypto::sha256(leaf.der)),
            at,
            signed_sha256,
        };
        Proof { signing_time: attributes.signing_time, until, part: signed, bytes, signer }
    })
}

/// What the signature carries; `leaf` goes first.
fn sealed(signature: &Detached<'_>, leaf: Option<&[u8]>) -> Seal {
    let mut certificates: Vec<Vec<u8>> = signature.certificates.iter().map(|der| der.to_vec()).collect();
    certificates.sort_by_key(|der| Some(der.as_slice()) != leaf);
    let signer = &signature.signer;
    Seal {
        digest_algorithm: signer.hash.map_or_else(|| signer.digest_oid.clone(), |hash| hash.name().into()),
        signing_time: signature.attributes.signing_time,
        certificates,
        path: Vec::new(),
        status: Vec::new(),
    }
}

/// The two parts: the signed one as it stands, and the decoded signature (or what is wrong with it).
type Opened<'a> = (&'a [u8], Result<Vec<u8>, Why>);

/// §9.3: `multipart/signed` of exactly two parts, cut in the one way it can be (RFC 1847 §2.1).
fn structure<'a>(head: &Entity<'a>, dashes: &Dashes<'_>) -> Result<Opened<'a>, Why> {
    let media = head.only("Content-Type").and_then(|_| head.media_type()).ok_or(why::DUPLICATE_CONTENT_TYPE)?;
    if media.kind != "multipart/signed" {
        return Err(why::NOT_SIGNED.about(quoted(&media.kind)));
    }
    if head.encoding() != mime::Encoding::Identity {
        return Err(why::ENCODED_MULTIPART.why());
    }
    let boundary = media.boundary().ok_or(why::BAD_BOUNDARY)?;
    /// The content and its signature.
    const PARTS: usize = 2;
    let multipart = Multipart::read(head.body, dashes, boundary, PARTS + 1);
    let [signed, signature] = multipart.parts.as_slice() else {
        return Err(why::NOT_TWO_PARTS.about(multipart.parts.len()));
    };
    if !multipart.closed {
        return Err(why::NOT_CLOSED.why());
    }
    let part = Entity::read(signature);
    let kind = part.only("Content-Type").and_then(|_| part.media_type()).map(|m| m.kind).unwrap_or_default();
    if !matches!(kind.as_str(), "application/pkcs7-signature" | "application/x-pkcs7-signature") {
        return Err(why::NOT_PKCS7.about(quoted(&kind)));
    }
    let p7s = if part.body.len() > P7S_BYTES_MAX {
        Err(why::P7S_TOO_LARGE.about(part.body.len()))
    } else {
        let (bytes, sound) = decode::whole(part.body, part.encoding());
        if sound { Ok(bytes) } else { Err(why::P7S_ENCODING.why()) }
    };
    Ok((signed, p7s))
}

/// What a PEC signature must be: detached, of one signer, with signed attributes.
struct Detached<'a> {
    certificates: Vec<&'a [u8]>,
    /// Revocation lists and answers that came with it (DER).
    revocation: Vec<&'a [u8]>,
    signer: SignerInfo<'a>,
    attributes: Attributes<'a>,
}

/// §9.4: reads a normalised signature object.
fn detached(der: &[u8]) -> Result<Detached<'_>, Why> {
    let signed = SignedData::read(der)?;
    if signed.content.is_some() {
        return Err(why::CMS_ATTACHED.why());
    }
    if signed.content_type != DATA {
        return Err(why::CMS_ATTRIBUTES.about(&signed.content_type));
    }
    let [info] = signed.signers.as_slice() else {
        return Err(why::CMS_SIGNERS.about(format!("ne ha {}", signed.signers.len())));
    };
    let mut signer = signed.signer(*info)?;
    // Without attributes a forger may pass off attributes as content (`reference` signatures.md §6).
    let attributes = signer.attributes.take().ok_or(why::CMS_NO_ATTRIBUTES)?;
    if !second::agrees_on_signer(&signer, info.whole) {
        return Err(why::READERS_DIFFER.about("firmatario"));
    }
    Ok(Detached { certificates: signed.certificates, revocation: signed.revocation, signer, attributes })
}

/// Bytes looked at and hashed at a time: they stay in the processor's cache, so that looking costs little beside hashing.
const PIECE: usize = 32 * 1024;

/// The digests of the signed bytes, taken in one pass.
struct Digests {
    /// By the algorithm of the signature.
    signed: Vec<u8>,
    /// By SHA-256, in hex: the same one, unless the signature's is another.
    sha256: String,
}

impl Digests {
    /// `None` as soon as a bare LF is met, if `stop_at_lf`.
    fn of(bytes: &[u8], hash: Hash, stop_at_lf: bool) -> Option<Self> {
        let mut running = hash.running();
        let mut sha256 = (hash != Hash::Sha256).then(|| Hash::Sha256.running());
        let mut last = None;
        for piece in bytes.chunks(PIECE) {
            if stop_at_lf && mime::has_bare_lf(last, piece) {
                return None;
            }
            last = piece.last().copied();
            running.add(piece);
            if let Some(sha256) = &mut sha256 {
                sha256.add(piece);
            }
        }
        let signed = running.finish();
        let sha256 = sha256.map_or_else(|| hex(&signed), |sha256| hex(&sha256.finish()));
        Some(Self { signed, sha256 })
    }
}

struct Prover<'s> {
    sheet: &'s mut Sheet,
}

impl Prover<'_> {
    fn fails(&mut self, check: Check, why: impl Into<Why>) {
        self.sheet.fail(check, why, Grade::Suspect);
    }

    /// The bytes whose digest was signed, and their SHA-256 in hex. A file with bare LF is tried as CRLF, which is what
    /// S/MIME signs, and then as it stands, which is what some signers hash.
    fn signed_bytes<'a>(
        &mut self,
        signed: &'a [u8],
        hash: Hash,
        attributes: &Attributes<'_>,
    ) -> Option<(Cow<'a, [u8]>, String)> {
        let right = |digests: &Digests| digests.signed == attributes.message_digest;
        match Digests::of(signed, hash, true) {
            Some(digests) if right(&digests) => return Some((Cow::Borrowed(signed), digests.sha256)),
            Some(_) => {}
            None => {
                let canonical = mime::with_crlf(signed);
                if let Some(digests) = Digests::of(&canonical, hash, false).filter(right) {
                    self.sheet.note("il file ha fine riga LF: letto come CRLF");
                    return Some((Cow::Owned(canonical), digests.sha256));
                }
                drop(canonical);
                if let Some(digests) = Digests::of(signed, hash, false).filter(right) {
                    return Some((Cow::Borrowed(signed), digests.sha256));
                }
            }
        }
        self.sheet.moot(Check::Signature, hash.name()); // what was looked at stays as evidence
        self.fails(Check::Signature, why::DIGEST_DIFFERS);
        None
    }

    /// §9.5.
    fn chain<'v>(&mut self, leaf: &Cert<'_>, verdict: &'v PathVerdict) -> Option<&'v Path> {
        match verdict.outcome() {
            Ok(trusted) => {
                let evidence = format!("{} ← {}", quoted(&leaf.organisation), quoted(&trusted.anchor));
                self.sheet.pass(Check::Chain, evidence);
                if trusted.weak {
                    self.sheet.lower(Grade::GenuineWeak);
                    self.sheet
                        .note("un certificato della catena è firmato con un algoritmo, o una chiave, oggi debole");
                }
                if leaf.basic_constraints {
                    self.sheet.note("il certificato ha basicConstraints, che RFC 6109 §5.5 non vuole: non dice CA");
                }
                if trusted.simulation {
                    self.sheet.simulated(&trusted.anchor);
                }
                Some(trusted)
            }
            Err(why) => {
                self.fails(Check::Chain, why.clone());
                None
            }
        }
    }

    /// §9.6: false = revoked. What is not known blocks nothing.
    fn revocation(&mut self, trusted: Option<&Path>) -> bool {
        match trusted.map(|trusted| &trusted.standing) {
            Some(Standing::Good(by)) => self.sheet.pass(Check::Revocation, by.as_str()),
            Some(Standing::Unknown(why)) => self.sheet.moot(Check::Revocation, why.as_str()),
            Some(Standing::Revoked(why)) => {
                self.fails(Check::Revocation, why.clone());
                return false;
            }
            None => self.sheet.moot(Check::Revocation, "la catena dei certificati non regge"),
        }
        true
    }

    /// §9.7: the one author is the address in the certificate, and it is a service address (RFC 6109 §2.1).
    fn signer(&mut self, head: &Entity<'_>, leaf: &Cert<'_>) -> Option<String> {
        let from = head.only("From").map(|f| mailboxes(f.value)).unwrap_or_default();
        let [from] = from.as_slice() else {
            self.fails(Check::Signer, why::FROM_NOT_ONE);
            return None;
        };
        if leaf.emails().next().is_none() {
            self.fails(Check::Signer, why::SIGNER_NO_ADDRESS);
            return None;
        }
        let Some(address) = leaf.emails().find(|address| same_address(address, &from.address)) else {
            let certified = leaf.emails().next().unwrap_or_default();
            let both = format!("From {}, certificato {}", quoted(&from.address), quoted(certified));
            self.fails(Check::Signer, why::SIGNER_DIFFERS.about(both));
            return None;
        };
        if !address.rsplit_once('@').is_some_and(|(local, _)| local.eq_ignore_ascii_case(POSTA_CERTIFICATA)) {
            self.fails(Check::Signer, why::SIGNER_LOCAL_PART.about(quoted(address)));
            return None;
        }
        self.sheet.pass(Check::Signer, address);
        Some(address.into())
    }
}

/// Addresses of mailboxes compare without regard to case: providers write them in either.
pub(crate) fn same_address(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;

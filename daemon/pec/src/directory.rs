//! The providers' directory (IGPEC; RFC 6109 §4.5, §5.6): which certificates are providers', and whose domains they keep.
//!
//! Access to it is for licensed providers; a public body that is given the file can hand it in. It is an LDIF, signed as a
//! `.p7m`, and only as good as the authority that an anchor of purpose [`Purpose::Elenco`] names for it.

use crate::anchors::{Anchors, Purpose};
use crate::cert::Cert;
use crate::chain::{self, Demand, World};
use crate::crypto::{Hash, hex};
use crate::daticert::Daticert;
use crate::ldif::{self, Line};
use crate::moment::Moment;
use crate::report::{Check, Grade, Outcome, Sheet, Why};
use crate::signature::{self, Signatory};
use crate::why::{self, quoted};
use crate::wire::Tipo;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::{SignedDuration, Timestamp};

/// Largest directory, in bytes: a million domains.
pub const DIRECTORY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most entries. There are some twenty providers.
pub(crate) const ENTRIES_MAX: usize = 10_000;
/// Farthest that an event may be from the directory's date for a missing certificate to mean anything: certificates of
/// other years are not in today's list.
pub(crate) const DIRECTORY_AGE_MAX: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The directory, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its providers, in order. A provider with several environments has an entry for each.
    pub providers: Vec<Provider>,
    /// Who vouches for it.
    pub voucher: Voucher,
    /// Its date: when it was signed, or what the administrator says.
    pub dated: Option<Timestamp>,
    /// What is odd in it, in plain Italian.
    pub notes: Vec<String>,
    /// SHA-1 of a certificate, lower-case hex → positions in `providers`.
    by_certificate: BTreeMap<String, Vec<usize>>,
}

/// Who vouches for a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voucher {
    /// A signer whom an anchor trusts for it.
    Signed {
        /// Organisation of the signer's certificate.
        by: String,
        /// Name of the anchor.
        anchor: String,
        /// The anchor is a simulation.
        simulation: bool,
    },
    /// Nobody but the administrator, who handed it in unsigned.
    Administrator,
}

/// One entry (RFC 6109 §4.5.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// `providerName`.
    pub name: String,
    /// `providerUnit`: a secondary environment.
    pub unit: Option<String>,
    /// `providerCertificateHash`: SHA-1 of each certificate, lower-case hex.
    pub certificate_sha1: Vec<String>,
    /// `providerCertificate` (DER). The digests above decide, not these.
    pub certificates: Vec<Vec<u8>>,
    /// `mailReceipt`: the mailbox for *presa in carico*.
    pub mail_receipt: Option<String>,
    /// `managedDomains`, lower case.
    pub managed_domains: BTreeSet<String>,
    /// `LDIFLocationURL`.
    pub ldif_url: Option<String>,
}

impl Directory {
    /// Reads a signed directory (`.p7m`). Each of its signers must have signed rightly; the first must be trusted under an
    /// anchor of purpose [`Purpose::Elenco`], itself or by its issuer, at its signing time, or at `now` if it names none.
    ///
    /// # Errors
    /// It is not signed, not rightly, not by whom it should be, from the future, too large, or the LDIF within does not read.
    pub fn read(p7m: &[u8], anchors: &Anchors, now: Timestamp) -> Result<Self, Why> {
        bounded(p7m)?;
        if p7m.first() != Some(&crate::ber::SEQUENCE) {
            return Err(why::DIRECTORY_UNSIGNED.why());
        }
        let signed = signature::read(p7m, None)?;
        for signer in &signed.signers {
            if let Outcome::Fail(why) = &signer.outcome {
                return Err(why::DIRECTORY_SIGNATURE.about(why));
            }
        }
        let signer = signed.signers.first().ok_or_else(|| why::DIRECTORY_UNSIGNED.why())?;
        let at = signer.signing_time.unwrap_or(now);
        if at > now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(now) {
            return Err(why::DIRECTORY_FUTURE.about(at));
        }
        let voucher = vouch(signer, &signed.certificates, anchors, at)?;
        Self::list(&signed.content, voucher, signer.signing_time)
    }

    /// Reads a bare LDIF, for an administrator who has it from a source that he trusts: nobody else vouches for it.
    /// `dated` is the day it was made, if he knows.
    ///
    /// # Errors
    /// It is too large, or does not read.
    pub fn unsigned(ldif: &[u8], dated: Option<Timestamp>) -> Result<Self, Why> {
        bounded(ldif)?;
        Self::list(ldif, Voucher::Administrator, dated)
    }

    fn list(ldif: &[u8], voucher: Voucher, dated: Option<Timestamp>) -> Result<Self, Why> {
        let mut reader = Reader::default();
        ldif::read(ldif, |line| reader.line(line))
            .map_err(|line| why::DIRECTORY_UNREADABLE.about(format!("riga {line}")))?;
        reader.close().ok_or_else(|| why::DIRECTORY_UNREADABLE.about("ultima voce"))?;
        let Reader { providers, mut notes, .. } = reader;
        let mut by_certificate: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, provider) in providers.iter().enumerate() {
            for sha1 in &provider.certificate_sha1 {
                by_certificate.entry(sha1.clone()).or_default().push(at);
            }
        }
        if by_certificate.is_empty() {
            return Err(why::DIRECTORY_EMPTY.why());
        }
        notes.dedup();
        Ok(Self { providers, voucher, dated, notes, by_certificate })
    }

    /// The entries that list a certificate, by the SHA-1 of its DER in lower-case hex.
    pub fn listing(&self, certificate_sha1: &str) -> impl Iterator<Item = &Provider> {
        let at = self.by_certificate.get(certificate_sha1);
        at.into_iter().flatten().filter_map(|at| self.providers.get(*at))
    }
}

fn bounded(file: &[u8]) -> Result<(), Why> {
    if file.len() > DIRECTORY_BYTES_MAX { Err(why::DIRECTORY_TOO_LARGE.about(file.len())) } else { Ok(()) }
}

/// The anchor that vouches for the signer: its own key is pinned, or that of an authority above it.
fn vouch(signer: &Signatory, certificates: &[Vec<u8>], anchors: &Anchors, at: Timestamp) -> Result<Voucher, Why> {
    let der = signer.certificate.as_deref().unwrap_or_default();
    let leaf = Cert::read(der)?;
    let voucher = |anchor: &crate::Anchor| Voucher::Signed {
        by: leaf.organisation.clone(),
        anchor: anchor.name.clone(),
        simulation: anchor.simulation,
    };
    if let Some(anchor) = anchors.of(Purpose::Elenco).find(|anchor| anchor.spki_sha256 == leaf.spki_sha256) {
        anchor.admits(&leaf, at)?;
        return Ok(voucher(anchor));
    }
    let embedded: Vec<Cert<'_>> = certificates.iter().filter_map(|der| Cert::read(der).ok()).collect();
    let known = chain::known(anchors, Purpose::Elenco);
    let world = World::new(Purpose::Elenco, &embedded, &known, anchors, None);
    let moment = Moment::new(at.as_second());
    world.path(&leaf, &moment, Demand::Anchors).map(|trusted| voucher(trusted.anchor))
}

/// Puts entries together.
#[derive(Default)]
struct Reader {
    providers: Vec<Provider>,
    notes: Vec<String>,
    entry: Provider,
}

impl Reader {
    fn line(&mut self, line: Line<'_>) -> Option<()> {
        let (name, value) = match line {
            Line::Blank => return self.close(),
            Line::Value(name, value) => (name, value),
        };
        let text = || core::str::from_utf8(&value).ok().map(|text| text.trim().to_string());
        match name.as_str() {
            // The RFC's own example leaves out empty lines between entries.
            "dn" => self.close()?,
            "changetype" => return None,
            "providername" => self.entry.name = text()?,
            "providerunit" => self.entry.unit = Some(text()?),
            "mailreceipt" => self.entry.mail_receipt = Some(text()?),
            "ldiflocationurl" => self.entry.ldif_url = Some(text()?),
            "manageddomains" => _ = self.entry.managed_domains.insert(text()?.to_ascii_lowercase()),
            "providercertificatehash" => self.entry.certificate_sha1.push(sha1(&text()?)?),
            "providercertificate;binary" | "providercertificate" => self.entry.certificates.push(value.into_owned()),
            _ => {}
        }
        Some(())
    }

    /// The end of an entry. The root and other objects have no certificate: they are not kept.
    fn close(&mut self) -> Option<()> {
        let entry = core::mem::take(&mut self.entry);
        if entry.certificate_sha1.is_empty() {
            return Some(());
        }
        let listed = |der: &Vec<u8>| entry.certificate_sha1.contains(&hex(&Hash::Sha1.of(der)));
        if !entry.certificates.iter().all(listed) {
            self.notes.push(format!("{}: un certificato non è tra le impronte elencate", quoted(&entry.name)));
        }
        self.providers.push(entry);
        (self.providers.len() <= ENTRIES_MAX).then_some(())
    }
}

/// SHA-1 as the directory writes it: hex in either case, perhaps with colons or blanks.
fn sha1(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    let right = digits.len() == 40 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    right.then(|| digits.to_ascii_lowercase())
}

/// §9.5: the signer's certificate is in the directory. Absence means something near the directory's date only.
pub(crate) fn listed(sheet: &mut Sheet, directory: Option<&Directory>, certificate: &[u8], at: Timestamp) {
    let Some(directory) = directory else {
        return sheet.moot(Check::Directory, "l'elenco dei gestori (IGPEC) non è stato fornito");
    };
    let vouched = match &directory.voucher {
        Voucher::Signed { by, .. } => format!("elenco firmato da {}", quoted(by)),
        Voucher::Administrator => "elenco non firmato, fornito dall'amministratore".into(),
    };
    let dated = directory.dated.map(|dated| format!(" ({})", dated.strftime("%Y-%m-%d"))).unwrap_or_default();
    if let Some(provider) = directory.listing(&hex(&Hash::Sha1.of(certificate))).next() {
        sheet.pass(Check::Directory, format!("{}, {vouched}{dated}", quoted(&provider.name)));
    } else if directory.dated.is_some_and(|dated| dated.duration_since(at).abs() > DIRECTORY_AGE_MAX) {
        sheet.moot(Check::Directory, format!("{vouched}{dated}: è di un'altra data, e non dice chi firmava allora"));
    } else {
        sheet.fail(Check::Directory, why::NOT_LISTED.about(format!("{vouched}{dated}")), Grade::Suspect);
    }
}

/// §9.13, RFC 6109 §7: the signer keeps the domain of an address that its statement is about: the recipient's for what
/// happened at delivery, the sender's for what happened at acceptance. Says nothing where [`listed`] did not pass.
pub(crate) fn manages(sheet: &mut Sheet, directory: Option<&Directory>, certificate: &[u8], data: &Daticert) {
    let sha1 = hex(&Hash::Sha1.of(certificate));
    let Some(directory) = directory.filter(|directory| directory.listing(&sha1).next().is_some()) else {
        return;
    };
    let sender = Some(data.mittente.as_str());
    let recipient = data.consegna.as_deref();
    let mut about = match data.tipo {
        Tipo::AvvenutaConsegna => [recipient, None],
        // The provider of an address that does not exist is the sender's own.
        Tipo::ErroreConsegna => [recipient, sender],
        Tipo::PostaCertificata | Tipo::Accettazione | Tipo::NonAccettazione | Tipo::PreavvisoErroreConsegna => {
            [sender, None]
        }
        // Between providers: neither address is the signer's business alone.
        Tipo::PresaInCarico | Tipo::RilevazioneVirus | Tipo::Other(_) => return,
    }
    .into_iter()
    .flatten();
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.trim().to_ascii_lowercase());
    let kept = |address: &str| {
        domain(address).is_some_and(|d| directory.listing(&sha1).any(|provider| provider.managed_domains.contains(&d)))
    };
    if !about.clone().any(kept) {
        let address = quoted(about.next().unwrap_or_default());
        sheet.fail(Check::Directory, why::DOMAIN_NOT_MANAGED.about(address), Grade::Mismatch);
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;

//! The one door: bytes in, findings out.

use crate::consistency::{self, Times};
use crate::content::{authentication, date, machine_headers, mailboxes, return_path, unstructured};
use crate::correlation::{self, Sent};
use crate::directory::{self, Directory};
use crate::excerpt::Excerpt;
use crate::issuer_name;
use crate::kind::Kind;
use crate::mime::{self, Dashes, Entity};
use crate::parts::Parts;
use crate::proof::{self, Proof};
use crate::report::Sheet;
use crate::returned;
use crate::revocation::StatusLists;
use crate::verdict::Paths;
use crate::why::{self, Reason, quoted};
use crate::wire::{Tipo, Trasporto, X_RICEVUTA, X_TRASPORTO};
use crate::{Anchors, Check, Content, Daticert, Grade, Report};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// Largest message examined, in bytes: the common market limit is 100 MB, base64 adds 37 %.
pub const MESSAGE_BYTES_MAX: usize = 160 * 1024 * 1024;

/// One of the entity's own mailboxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMailbox {
    /// Its PEC address.
    pub address: String,
    /// Host of our provider's service address (`pec.aruba.it`), if the administrator named it.
    pub provider_host: Option<String>,
}

/// What an examination may know besides the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// Trusted authorities.
    pub anchors: &'a Anchors,
    /// The entity's mailboxes; empty = the checks on them are moot (`explain` without configuration).
    pub mailboxes: &'a [OwnMailbox],
    /// When the message reached the mailbox; `None` when not known (a file). Then §9.15 compares the others only.
    pub arrival: Option<Timestamp>,
    /// SHA-1 is refused for events after this instant; `None` = accepted, and graded weak.
    pub sha1_until: Option<Timestamp>,
    /// What we sent; `None` = not known (a file): then §9.12 and §9.14 are moot, and a receipt proves its event to nobody
    /// in particular.
    pub sent: Option<&'a dyn Sent>,
    /// CRLs and OCSP answers at hand. Where none answers, §9.6 is moot: that blocks nothing.
    pub status: Option<&'a StatusLists>,
    /// The providers' directory, for a body that has it; `None` = [`Check::Directory`] is moot.
    pub directory: Option<&'a Directory>,
    /// Remembers verdicts on paths, to save their cost; `None` = each is judged anew.
    pub paths: Option<&'a dyn Paths>,
}

impl<'a> Policy<'a> {
    /// These anchors, and nothing else known: every check that needs more is moot.
    pub fn new(anchors: &'a Anchors) -> Self {
        Self {
            anchors,
            mailboxes: &[],
            arrival: None,
            sha1_until: None,
            sent: None,
            status: None,
            directory: None,
            paths: None,
        }
    }
}

/// The findings on one message.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What it is: as certified where a provider vouches for it (and where its signed data contradict its headers, as these
    /// data say), else as it claims.
    pub kind: Kind,
    /// The grade.
    pub grade: Grade,
    /// Every check.
    pub report: Report,
    /// Message-ID of the outer header, with angle brackets. A claim.
    pub message_id: Option<String>,
    /// From address of the outer header. A claim.
    pub from: Option<String>,
    /// Subject of the outer header, decoded. A claim.
    pub subject: String,
    /// The word of X-Trasporto / X-Ricevuta at the top. A claim.
    pub claimed: Option<String>,
    /// Address of the outer Return-Path; `Some("")` for `<>`. A claim.
    pub return_path: Option<String>,
    /// Outer headers by which a machine's mail is known; see [`Content::machine_headers`]. A claim.
    pub machine_headers: Vec<(String, String)>,
    /// Authentication-Results of the outer header, topmost first. A claim: who believes one must know by which server the
    /// message came, and that this server takes away what others wrote under its name (RFC 8601 §5).
    pub authentication: Vec<String>,
    /// The signature, as far as it reads: a fact about the bytes, whatever the grade. `None` where none was reached.
    pub seal: Option<Seal>,
    /// What is proven.
    pub verdict: Verdict,
}

/// What a signature carries. Proof of nothing: [`Certified`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Name of the digest that its signer names: `SHA-256`; the OID of one that is not admitted.
    pub digest_algorithm: String,
    /// signingTime, if it has it.
    pub signing_time: Option<Timestamp>,
    /// The certificates it carries (DER), as sent; that of the signer first, where it is there.
    pub certificates: Vec<Vec<u8>>,
    /// The path that held, signer first, issuer that an anchor pins last (DER); empty when none did.
    pub path: Vec<Vec<u8>>,
    /// The CRLs and OCSP answers (DER) by which revocation was judged.
    pub status: Vec<Vec<u8>>,
}

/// What is proven.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)]
pub enum Verdict {
    /// A provider vouches for it.
    Certified(Certified),
    /// Nobody does.
    Unproven(Unproven),
}

/// Content that nobody vouches for, read for people and for routing to a person only.
#[derive(Debug, Clone, Default)]
pub struct Unproven {
    /// The message as far as it could be read. For a `Mismatch` envelope this is the signed inner message.
    pub content: Option<Content>,
    /// For `Mismatch`: the data that the provider signed.
    pub daticert: Option<Daticert>,
}

/// Proof that an accredited provider signed this evidence. Private fields: only [`examine`] makes one.
///
/// ```compile_fail
/// let forged = pec::Certified { evidence: todo!(), signer: todo!(), weak: false };
/// ```
#[derive(Debug, Clone)]
pub struct Certified {
    evidence: Evidence,
    signer: Signer,
    weak: bool,
}

/// What the provider states.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)]
pub enum Evidence {
    /// *Busta di trasporto*: `message` came from `daticert.mittente`.
    Envelope {
        /// The signed statement.
        daticert: Daticert,
        /// The inner message.
        message: Content,
    },
    /// *Ricevuta* or *avviso*: an event of a message that we sent.
    Receipt {
        /// The signed statement.
        daticert: Daticert,
        /// The returned `postacert.eml`, when the receipt carries one.
        returned: Option<Excerpt>,
    },
    /// *Busta di anomalia*: our provider states that **this came from outside the PEC circuit**.
    /// `message` is ordinary mail: its author is not proven.
    Anomaly {
        /// The wrapped ordinary mail.
        message: Content,
    },
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Service address in the certificate.
    pub address: String,
    /// Organisation (O, else CN) of the certificate.
    pub organisation: String,
    /// Name of the anchor.
    pub anchor: String,
    /// The anchor is a simulation.
    pub simulation: bool,
    /// SHA-256 of the certificate, lower-case hex.
    pub certificate_sha256: String,
    /// signingTime, else the time of the certification data.
    pub at: Timestamp,
    /// SHA-256 of the signed bytes, lower-case hex: equal in re-deliveries whose outer headers differ.
    pub signed_sha256: String,
}

impl Certified {
    /// What is stated.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
    /// By whom.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }
    /// With SHA-1, lawful then, weak today.
    pub fn weak(&self) -> bool {
        self.weak
    }
}

/// Examines one message. Total: any bytes give an answer, and every check is in its report.
///
/// Nothing is read from the outer headers but what they claim; nothing of the content before its signature is proven.
pub fn examine(raw: &[u8], policy: &Policy<'_>) -> Examined {
    let head = Entity::read(raw);
    let mut sheet = Sheet::new();
    let mut seal = None;
    let verdict = weigh(raw, &head, policy, &mut sheet, &mut seal);
    let (grade, report) = sheet.close();
    let text = |name: &str| head.first(name).map(|f| f.text()).filter(|t| !t.is_empty());
    Examined {
        kind: kind(&head, policy, &verdict),
        grade,
        report,
        message_id: text("Message-ID"),
        from: head.first("From").and_then(|f| mailboxes(f.value).into_iter().next()).map(|m| m.address),
        subject: head.first("Subject").map(|f| unstructured(f.value)).unwrap_or_default(),
        claimed: text(X_TRASPORTO).or_else(|| text(X_RICEVUTA)),
        return_path: return_path(&head),
        machine_headers: machine_headers(&head),
        authentication: authentication(&head),
        seal,
        verdict,
    }
}

/// The signed data decide; without them the header claims.
fn kind(head: &Entity<'_>, policy: &Policy<'_>, verdict: &Verdict) -> Kind {
    let data = match verdict {
        Verdict::Certified(Certified { evidence: Evidence::Anomaly { .. }, .. }) => return Kind::AnomalyEnvelope,
        Verdict::Certified(Certified { evidence: Evidence::Envelope { daticert, .. }, .. })
        | Verdict::Certified(Certified { evidence: Evidence::Receipt { daticert, .. }, .. }) => Some(daticert),
        Verdict::Unproven(unproven) => unproven.daticert.as_ref(),
    };
    match data {
        Some(data) => {
            let sending = policy.sent.zip(data.message_id()).and_then(|(sent, id)| sent.sending(&id));
            Kind::certified(data, sending.and_then(|s| s.accepted))
        }
        None => Kind::claimed(head).unwrap_or_else(|| Kind::unclaimed(head, policy.mailboxes)),
    }
}

/// What the top header says the message is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Claim {
    /// `X-Trasporto: posta-certificata`.
    Envelope,
    /// `X-Trasporto: errore`.
    Anomaly,
    /// `X-Ricevuta`.
    Receipt(Tipo),
    /// Something, but not one thing.
    Unclear,
    /// Nothing.
    Nothing,
}

fn weigh(raw: &[u8], head: &Entity<'_>, policy: &Policy<'_>, sheet: &mut Sheet, seal: &mut Option<Seal>) -> Verdict {
    // Of a header that was not read to its end, nobody knows what it claims.
    let claim = if head.cut { Claim::Unclear } else { marker(head, sheet) };
    if !legible(raw, head, sheet) {
        return Verdict::Unproven(Unproven::default());
    }
    let dashes = &Dashes::find(raw);
    let event = |signed: &[u8]| Some(signed_data(&Parts::read(signed, dashes).ok()?)?.data);
    let proof = match claim {
        Claim::Nothing => None,
        _ => proof::prove(head, dashes, policy, sheet, seal, event),
    };
    let Some(proof) = proof.filter(|_| claim != Claim::Unclear) else {
        return whole(raw, dashes, sheet);
    };
    let certificate = seal.as_ref().and_then(|seal| seal.certificates.first()).map_or(&[][..], Vec::as_slice);
    directory::listed(sheet, policy.directory, certificate, proof.signer.at);
    let parts = match Parts::read(&proof.bytes, dashes) {
        Ok(parts) => parts,
        Err(reason) => {
            sheet.fail(Check::Parts, reason, Grade::Suspect);
            return whole(raw, dashes, sheet);
        }
    };
    let case = Case { raw, dashes, head, policy, proof: &proof, certificate, parts: &parts };
    if claim == Claim::Anomaly { case.anomaly(sheet) } else { case.statement(&claim, sheet) }
}

/// §9.1, and the line ends.
fn legible(raw: &[u8], head: &Entity<'_>, sheet: &mut Sheet) -> bool {
    let reason = if raw.is_empty() {
        why::EMPTY.why()
    } else if raw.len() > MESSAGE_BYTES_MAX {
        why::TOO_LARGE.about(format!("{} byte", raw.len()))
    } else if head.cut {
        why::HEADERS_TOO_LARGE.why()
    } else {
        sheet.pass(Check::Bytes, format!("{} byte", raw.len()));
        if mime::has_bare_lf(None, raw.get(..raw.len() - head.body.len()).unwrap_or_default()) {
            sheet.note("l'intestazione ha fine riga LF: letta come CRLF");
        }
        if head.odd_lines > 0 {
            sheet.note("l'intestazione ha righe che non sono campi: non sono state lette");
        }
        return true;
    };
    // What cannot be read may claim anything; an empty file claims nothing.
    sheet.fail(Check::Bytes, reason, if raw.is_empty() { Grade::NotPec } else { Grade::Suspect });
    false
}

/// §9.2: one of X-Trasporto and X-Ricevuta, once, at the top, with a value of the rules (RFC 6109 App. A).
fn marker(head: &Entity<'_>, sheet: &mut Sheet) -> Claim {
    let fields: Vec<_> = head.fields.iter().filter(|f| f.is(X_TRASPORTO) || f.is(X_RICEVUTA)).collect();
    let field = match fields.as_slice() {
        [] => {
            sheet.fail(Check::Marker, why::NO_MARKER, Grade::NotPec);
            if consistency::imitates_a_provider(head) {
                sheet.note(
                    "il mittente mostrato imita quello di un gestore Pec: questo messaggio non viene da un gestore",
                );
            }
            return Claim::Nothing;
        }
        [field] => field,
        _ => {
            sheet.fail(Check::Marker, why::TWO_MARKERS, Grade::Suspect);
            return Claim::Unclear;
        }
    };
    let (text, trasporto) = (field.text(), field.is(X_TRASPORTO));
    let claim = if trasporto {
        match Trasporto::read(&text) {
            Trasporto::PostaCertificata => Claim::Envelope,
            Trasporto::Errore => Claim::Anomaly,
            Trasporto::Other(_) => Claim::Unclear,
        }
    } else {
        match Tipo::read(&text) {
            Tipo::PostaCertificata | Tipo::Other(_) => Claim::Unclear,
            tipo => Claim::Receipt(tipo),
        }
    };
    let line = format!("{}: {}", if trasporto { X_TRASPORTO } else { X_RICEVUTA }, quoted(&text));
    if claim == Claim::Unclear {
        sheet.fail(Check::Marker, why::UNKNOWN_MARKER.about(line), Grade::Suspect);
    } else {
        sheet.pass(Check::Marker, line);
    }
    claim
}

/// A message that is not proven, read as it stands.
fn whole(raw: &[u8], dashes: &Dashes<'_>, sheet: &mut Sheet) -> Verdict {
    let content = read_content((raw, Excerpt::whole(raw)), dashes, sheet, Grade::Genuine);
    Verdict::Unproven(Unproven { content: Some(content), daticert: None })
}

/// Reads a message; what a limit left unread is a failure of §9.1 that lowers the grade to `at_best`.
fn read_content(
    (message, source): (&[u8], Excerpt),
    dashes: &Dashes<'_>,
    sheet: &mut Sheet,
    at_best: Grade,
) -> Content {
    let (content, limit) = Content::read(message, dashes, source);
    if let Some(reason) = limit {
        sheet.fail(Check::Bytes, reason, at_best);
    }
    content
}

/// The signed data, if they are there and read.
fn signed_data(parts: &Parts<'_>) -> Option<Daticert> {
    Daticert::read(&parts.daticert().ok()?).ok()
}

/// A message whose signature is a provider's.
struct Case<'c, 'a> {
    raw: &'c [u8],
    dashes: &'c Dashes<'c>,
    head: &'c Entity<'a>,
    policy: &'c Policy<'c>,
    proof: &'c Proof<'a>,
    /// Of the signer (DER).
    certificate: &'c [u8],
    parts: &'c Parts<'c>,
}

impl<'c> Case<'c, '_> {
    /// An envelope, a receipt or a notice: `daticert.xml` says which, whatever the header says.
    fn statement(&self, claim: &Claim, sheet: &mut Sheet) -> Verdict {
        let bytes = match self.parts.daticert() {
            Ok(bytes) => bytes,
            Err(reason) => {
                sheet.fail(Check::Parts, reason, Grade::Suspect);
                return whole(self.raw, self.dashes, sheet);
            }
        };
        let data = match Daticert::read(&bytes) {
            Ok(data) => data,
            Err(why) => {
                sheet.fail(Check::Daticert, why, Grade::Suspect);
                return whole(self.raw, self.dashes, sheet);
            }
        };
        sheet.pass(Check::Daticert, format!("{}, certificato da {}", data.data, quoted(&data.gestore_emittente)));
        if data.repaired {
            sheet.note("daticert.xml contiene caratteri che XML non ammette: letto senza di essi");
        }
        if let Some(other) = data.others.first() {
            let (path, all) = (quoted(&other.path), data.others.len());
            sheet.note(format!("daticert.xml contiene dati che le regole non prevedono ({all}, il primo in {path})"));
        }
        let claimed = match claim {
            Claim::Receipt(tipo) => tipo,
            _ => &Tipo::PostaCertificata,
        };
        consistency::kind(sheet, self.head, claimed, &data);
        let organisation = &self.proof.signer.organisation;
        if !consistency::is_same_provider(&data.gestore_emittente, organisation) {
            let both = format!("{}, il certificato è di {}", quoted(&data.gestore_emittente), quoted(organisation));
            sheet.note(format!("daticert.xml si dice certificato da {both}"));
        }
        let envelope = data.tipo == Tipo::PostaCertificata;
        let original = self.original(envelope, sheet);
        let wrapped = original.as_ref().filter(|_| envelope);
        let message = wrapped.map(|found| self.content(found, sheet));
        let inner = wrapped.map(|(bytes, _)| Entity::read(bytes));
        consistency::identifiers(sheet, self.head, &data, inner.as_ref());
        consistency::sender(sheet, self.head, &data, inner.as_ref());
        consistency::recipient(sheet, &data, self.policy.mailboxes);
        consistency::own_provider(sheet, &data, &self.proof.signer, self.policy.mailboxes);
        directory::manages(sheet, self.policy.directory, self.certificate, &data);
        issuer_name::note(sheet, &data.gestore_emittente, &self.proof.signer);
        let sending = correlation::correlate(sheet, &data, self.policy);
        let returned = original.as_ref().map(|(bytes, _)| &**bytes);
        returned::compare(sheet, &data, returned, self.policy.sent.filter(|_| sending.is_some()));
        consistency::times(sheet, self.times(Some(data.data)));
        match (sheet.grade(), message) {
            (Grade::Genuine | Grade::GenuineWeak, Some(message)) => {
                self.certified(Evidence::Envelope { daticert: data, message }, sheet)
            }
            (Grade::Genuine | Grade::GenuineWeak, None) => self
                .certified(Evidence::Receipt { daticert: data, returned: original.map(|(_, source)| source) }, sheet),
            (Grade::Mismatch | Grade::Orphan, message) => {
                let content = message.unwrap_or_else(|| {
                    let whole = (self.raw, Excerpt::whole(self.raw));
                    read_content(whole, self.dashes, sheet, Grade::Mismatch)
                });
                Verdict::Unproven(Unproven { content: Some(content), daticert: Some(data) })
            }
            (Grade::Suspect | Grade::NotPec, _) => whole(self.raw, self.dashes, sheet),
        }
    }

    /// §3.2.2: an anomaly envelope holds the message and nothing signed about it.
    fn anomaly(&self, sheet: &mut Sheet) -> Verdict {
        let original = self.original(true, sheet);
        let daticert = signed_data(self.parts);
        if !self.parts.daticert.is_empty() {
            sheet.fail(Check::Parts, why::ANOMALY_WITH_DATICERT, Grade::Mismatch);
        }
        let message = original.as_ref().map(|found| self.content(found, sheet));
        for check in
            [Check::Daticert, Check::Kind, Check::Sender, Check::Recipient, Check::Correlation, Check::Returned]
        {
            sheet.moot(check, "una busta di anomalia non certifica il messaggio che contiene");
        }
        if let Some(message) = &message {
            consistency::anomaly_identifiers(sheet, self.head, message);
            consistency::anomaly_sender(sheet, self.head, message);
        }
        consistency::anomaly_provider(sheet, &self.proof.signer, self.policy.mailboxes);
        consistency::times(sheet, self.times(None));
        match (sheet.grade(), message) {
            (Grade::Genuine | Grade::GenuineWeak, Some(message)) => {
                self.certified(Evidence::Anomaly { message }, sheet)
            }
            (Grade::Suspect | Grade::NotPec, _) => whole(self.raw, self.dashes, sheet),
            (_, content) => Verdict::Unproven(Unproven { content, daticert }),
        }
    }

    fn times(&self, data: Option<Timestamp>) -> Times {
        let date = self.head.first("Date").and_then(|f| date(f.value));
        Times { signing: self.proof.signing_time, data, date, arrival: self.policy.arrival, until: self.proof.until }
    }

    /// §9.8: the original message, which must be there if `wanted`.
    fn original(&self, wanted: bool, sheet: &mut Sheet) -> Option<(Cow<'c, [u8]>, Excerpt)> {
        let failed: Option<Reason> = match self.parts.original() {
            Ok(Some((bytes, part))) => {
                sheet.pass(Check::Parts, format!("messaggio originale di {} byte", bytes.len()));
                let Proof { part: signed, bytes: verified, .. } = self.proof;
                let crlf = matches!(verified, Cow::Owned(_));
                return Some((bytes, Excerpt::new(self.raw, signed, crlf, verified, part.body, part.encoding())));
            }
            Ok(None) => wanted.then_some(why::NO_POSTACERT),
            Err(reason) => Some(reason),
        };
        match failed {
            Some(reason) => sheet.fail(Check::Parts, reason, Grade::Mismatch),
            None => sheet.pass(Check::Parts, "senza messaggio originale"),
        }
        None
    }

    /// Reads the original message.
    fn content(&self, (bytes, source): &(Cow<'c, [u8]>, Excerpt), sheet: &mut Sheet) -> Content {
        read_content((bytes, source.clone()), self.dashes, sheet, Grade::Mismatch)
    }

    fn certified(&self, evidence: Evidence, sheet: &Sheet) -> Verdict {
        let weak = sheet.grade() == Grade::GenuineWeak;
        Verdict::Certified(Certified { evidence, signer: self.proof.signer.clone(), weak })
    }
}

#[cfg(test)]
#[path = "examine_tests.rs"]
mod tests;

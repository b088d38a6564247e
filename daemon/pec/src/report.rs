//! What was checked, and what came of it: every check has a name and answers Pass, Fail(why) or Moot.

use crate::why::quoted;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The grade of a message. Only the first two can make a [`Certified`](crate::Certified).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// All that must hold holds.
    Genuine,
    /// As `Genuine`, with an algorithm that was lawful at its time and is weak today (SHA-1).
    GenuineWeak,
    /// All holds, of a receipt for a message that we did not send, or not from here (§9.12): kept, it changes nothing.
    Orphan,
    /// The signature is a provider's, but the message contradicts itself. A person looks.
    Mismatch,
    /// It claims to be certified and is not proven.
    Suspect,
    /// Ordinary mail: it claims nothing.
    NotPec,
}

impl Grade {
    /// Stable English word, used in `--json` and in the journal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::GenuineWeak => "genuine-weak",
            Self::Orphan => "orphan",
            Self::Mismatch => "mismatch",
            Self::Suspect => "suspect",
            Self::NotPec => "not-pec",
        }
    }
}

/// The checks. A report holds each exactly once, in this order, which is that of [`examine`](crate::examine()).
///
/// Every variant says what is checked, who asks for it (`§` = RFC 6109, the technical rules of PEC; `V` = the row of this
/// project's table of verifications, see `DIVERGENCES.md` for where we differ), and what a failure makes of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// **The bytes can be read**: not empty, within the size, depth and number of parts that are examined (V1; §5.3).
    ///
    /// Fails: what was not read may say anything, so [`Suspect`](Grade::Suspect); [`NotPec`](Grade::NotPec) when empty;
    /// [`Mismatch`](Grade::Mismatch) when only the certified original goes beyond a limit.
    Bytes,
    /// **One marker at the top**: exactly one of `X-Trasporto` and `X-Ricevuta`, once, with a value of the rules (V2; §3,
    /// App. A). It is the *claim* that everything after it must bear out.
    ///
    /// Fails: none at all is ordinary mail, [`NotPec`](Grade::NotPec); two, or an unknown value, is [`Suspect`](Grade::Suspect).
    Marker,
    /// **Signed structure**: the top is `multipart/signed` of exactly two parts, closed, the second a PKCS#7 signature
    /// (V3; §2.1, §2.2.2 «existence»; RFC 1847 §2.1). Never searched for deeper: a forwarded PEC verifies inside an
    /// unsigned mail.
    ///
    /// Fails: nothing is proven, [`Suspect`](Grade::Suspect).
    Structure,
    /// **The signature reads**: a detached CMS SignedData in DER or BER, one signer with signed attributes, its certificate
    /// within (V4; §2.1; RFC 5652 §5).
    ///
    /// Fails: nothing is proven, [`Suspect`](Grade::Suspect).
    Cms,
    /// **The signature is right** over the exact bytes of the first part: their digest, and the value made with the
    /// signer's key (V4; §2.2.2 «validity»; RFC 5652 §5.4, §5.6).
    ///
    /// Fails: changed after signing, damaged on the way, or never signed by that key; [`Suspect`](Grade::Suspect).
    Signature,
    /// **Digest and key are strong enough** for the day of the event (V4; §2.1 fixes SHA-1, practice and AgID moved on).
    ///
    /// Fails: anybody may have made it, [`Suspect`](Grade::Suspect). Lawful then and weak today (SHA-1, RSA-1024 before
    /// 2018) passes, and makes the message [`GenuineWeak`](Grade::GenuineWeak).
    Algorithm,
    /// **The signer is an accredited provider**: its certificate chains to a configured [`Anchor`](crate::Anchor) at the
    /// time of the event, with the policy, the usages and the names that the anchor and the chain demand (V5; §2.2.2
    /// «origin», §5.5; RFC 5280 §6).
    ///
    /// Fails: signed, and not by a PEC provider; [`Suspect`](Grade::Suspect).
    Chain,
    /// **The certificate was not revoked** at the time of the event (V6; §2.2.2; RFC 5280 §6.3, RFC 6960). Moot when no list
    /// and no answer was given that can tell.
    ///
    /// Fails: revoked by then, [`Suspect`](Grade::Suspect).
    Revocation,
    /// **The signer is the author**: the one From address is in the certificate, and its local part is `posta-certificata`
    /// (V7; §2.1, §5.5).
    ///
    /// Fails: a provider's signature under another's name, [`Suspect`](Grade::Suspect).
    Signer,
    /// **The signer is in the providers' directory** near the day of the event, and keeps the domain of the address that it
    /// speaks of (V5, V13; §4.5, §7). Moot without the directory, which is closed to most, or with one of another year.
    ///
    /// Fails: not a provider by the list, [`Suspect`](Grade::Suspect); another provider's domain,
    /// [`Mismatch`](Grade::Mismatch).
    Directory,
    /// **The parts of its kind are there**, once each, direct children of the signed part (V8; §4.3).
    ///
    /// Fails: [`Suspect`](Grade::Suspect) when the signed part itself is not as it must be, else
    /// [`Mismatch`](Grade::Mismatch).
    Parts,
    /// **`daticert.xml` reads**: XML without DTD and entities, with the elements of the rules (V8; §4.4).
    ///
    /// Fails: the provider's statement is missing, [`Suspect`](Grade::Suspect). (Moot for an anomaly envelope: it has none.)
    Daticert,
    /// **The data say what the header says**: `postacert/@tipo` is the kind of the marker (V8; §3). The data decide.
    ///
    /// Fails: somebody relabelled it, [`Mismatch`](Grade::Mismatch).
    Kind,
    /// **Identifiers agree**: `identificativo`, Message-ID inside and outside, `msgid`, `X-Riferimento-Message-ID` (V9;
    /// §2.2.1, §3.1.5).
    ///
    /// Fails: [`Mismatch`](Grade::Mismatch).
    Identifiers,
    /// **Senders agree**: `mittente`, «Per conto di», From of the original, Reply-To and `risposte` (V9; §3.1.5).
    ///
    /// Fails: the sender shown is not the certified one, [`Mismatch`](Grade::Mismatch).
    Sender,
    /// **It is for us**: one of our mailboxes is among `destinatari` (V10; §2.1). Moot without configured mailboxes.
    ///
    /// Fails: forwarded or an alias, [`Mismatch`](Grade::Mismatch).
    Recipient,
    /// **Our own provider signed what only it may sign**: anomaly envelopes, acceptances, refusals, time-out and virus
    /// notices (V11, V13; §3.2.2, §3.1). Moot unless the provider's host is configured.
    ///
    /// Fails: [`Suspect`](Grade::Suspect).
    OwnProvider,
    /// **A receipt is about a message that we sent**: its Message-ID, its PEC id, its recipients (V12; §2.2.1). Moot when
    /// what we sent was not told.
    ///
    /// Fails: kept, it changes nothing, [`Orphan`](Grade::Orphan).
    Correlation,
    /// **What a receipt returns is what we sent**: the original of a *completa*, the digests of a *breve* (V14; §3.3.2).
    ///
    /// Fails: the delivery still holds in law, [`Mismatch`](Grade::Mismatch).
    Returned,
    /// **The times agree**: signing, certification data, arrival (V15; §4.1).
    ///
    /// Fails: signing far from the data is [`Mismatch`](Grade::Mismatch); a late arrival is said and lowers nothing (a
    /// mailbox that was moved to another server arrives anew), unless it came when the signer's key had ended, which anybody
    /// may have broken or found since: [`Mismatch`](Grade::Mismatch).
    Time,
}

/// Outcome of one check. Never a `bool`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not hold, and why.
    Fail(Why),
    /// It does not apply, or an earlier failure left nothing to check.
    Moot,
}

/// Why a check failed: a stable code for programs, and a plain Italian sentence for the administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Stable English code, lower case and hyphens.
    pub code: &'static str,
    /// Plain Italian sentence.
    pub text: String,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was checked.
    pub check: Check,
    /// What came of it.
    pub outcome: Outcome,
    /// What the check looked at, in plain Italian (may be empty): `RSA-2048, SHA-256`, `posta-certificata@…`.
    pub evidence: String,
}

/// All checks on one message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// One entry a check, in the order of [`Check`].
    pub entries: Vec<Entry>,
    /// What a reader should know and no check is about: «il file ha fine riga LF: letto come CRLF».
    pub notes: Vec<String>,
    /// The authority that vouched for the signer is a simulated one: whatever the grade, the message is worth nothing.
    pub simulation: bool,
}

impl Check {
    /// Every check, in order.
    pub const ALL: [Check; 20] = [
        Check::Bytes,
        Check::Marker,
        Check::Structure,
        Check::Cms,
        Check::Signature,
        Check::Algorithm,
        Check::Chain,
        Check::Revocation,
        Check::Signer,
        Check::Directory,
        Check::Parts,
        Check::Daticert,
        Check::Kind,
        Check::Identifiers,
        Check::Sender,
        Check::Recipient,
        Check::OwnProvider,
        Check::Correlation,
        Check::Returned,
        Check::Time,
    ];

    /// What is checked, in plain Italian.
    pub fn title(self) -> &'static str {
        match self {
            Self::Bytes => "si può leggere",
            Self::Marker => "tipo dichiarato",
            Self::Structure => "struttura firmata",
            Self::Cms => "busta di firma",
            Self::Signature => "firma",
            Self::Algorithm => "algoritmi",
            Self::Chain => "autorità",
            Self::Revocation => "revoca",
            Self::Signer => "gestore firmatario",
            Self::Directory => "elenco dei gestori",
            Self::Parts => "parti",
            Self::Daticert => "daticert.xml",
            Self::Kind => "tipo certificato",
            Self::Identifiers => "identificativi",
            Self::Sender => "mittente",
            Self::Recipient => "destinatario",
            Self::OwnProvider => "il nostro gestore",
            Self::Correlation => "nostro invio",
            Self::Returned => "copia restituita",
            Self::Time => "orari",
        }
    }

    /// Stable English code, used in `--json` and in the journal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Marker => "marker",
            Self::Structure => "structure",
            Self::Cms => "cms",
            Self::Signature => "signature",
            Self::Algorithm => "algorithm",
            Self::Chain => "chain",
            Self::Revocation => "revocation",
            Self::Signer => "signer",
            Self::Directory => "directory",
            Self::Parts => "parts",
            Self::Daticert => "daticert",
            Self::Kind => "kind",
            Self::Identifiers => "identifiers",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::OwnProvider => "own-provider",
            Self::Correlation => "correlation",
            Self::Returned => "returned",
            Self::Time => "time",
        }
    }

    /// Where RFC 6109 (the technical rules of PEC) asks for it, for people who want to read it there.
    pub fn section(self) -> &'static str {
        match self {
            Self::Bytes => "§5.3",
            Self::Marker => "App. A",
            Self::Structure | Self::Cms | Self::Algorithm | Self::Signer | Self::Recipient => "§2.1",
            Self::Signature | Self::Revocation => "§2.2.2",
            Self::Chain => "§5.5",
            Self::Parts => "§4.3",
            Self::Daticert => "§4.4",
            Self::Kind | Self::OwnProvider => "§3",
            Self::Identifiers | Self::Correlation => "§2.2.1",
            Self::Sender => "§3.1.5",
            Self::Returned => "§3.3.2",
            Self::Directory => "§4.5",
            Self::Time => "§4.1",
        }
    }
}

impl Report {
    /// The outcome of one check, if it was reached.
    pub fn outcome(&self, check: Check) -> Option<&Outcome> {
        self.entries.iter().find(|e| e.check == check).map(|e| &e.outcome)
    }

    /// The failures, in order.
    pub fn failures(&self) -> impl Iterator<Item = (Check, &Why)> {
        self.entries.iter().filter_map(|e| match &e.outcome {
            Outcome::Fail(why) => Some((e.check, why)),
            Outcome::Pass | Outcome::Moot => None,
        })
    }
}

/// A report being written, and the grade that follows from it.
#[derive(Debug)]
pub(crate) struct Sheet {
    report: Report,
    grade: Grade,
}

impl Sheet {
    /// Every check moot, nothing against the message.
    pub(crate) fn new() -> Self {
        let entries = Check::ALL
            .into_iter()
            .map(|check| Entry { check, outcome: Outcome::Moot, evidence: String::new() })
            .collect();
        Self { report: Report { entries, ..Report::default() }, grade: Grade::Genuine }
    }

    fn set(&mut self, check: Check, outcome: Outcome, evidence: String) {
        if let Some(entry) = self.report.entries.iter_mut().find(|e| e.check == check) {
            (entry.outcome, entry.evidence) = (outcome, evidence);
        }
    }

    /// It holds.
    pub(crate) fn pass(&mut self, check: Check, evidence: impl Into<String>) {
        self.set(check, Outcome::Pass, evidence.into());
    }

    /// It does not apply.
    pub(crate) fn moot(&mut self, check: Check, evidence: impl Into<String>) {
        self.set(check, Outcome::Moot, evidence.into());
    }

    /// It does not hold, and so the message is at best of this grade. What the check had looked at stays.
    pub(crate) fn fail(&mut self, check: Check, why: impl Into<Why>, at_best: Grade) {
        self.lower(at_best);
        let kept = self.report.entries.iter_mut().find(|e| e.check == check).map(|e| core::mem::take(&mut e.evidence));
        self.set(check, Outcome::Fail(why.into()), kept.unwrap_or_default());
    }

    /// The message is at best of this grade.
    pub(crate) fn lower(&mut self, at_best: Grade) {
        self.grade = self.grade.max(at_best);
    }

    /// Something a reader should know.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.report.notes.push(note.into());
    }

    /// A simulated authority vouched.
    pub(crate) fn simulated(&mut self, authority: &str) {
        self.report.simulation = true;
        self.note(format!("SIMULAZIONE: l'autorità {} non è vera", quoted(authority)));
    }

    /// The grade so far.
    pub(crate) fn grade(&self) -> Grade {
        self.grade
    }

    /// The end.
    pub(crate) fn close(self) -> (Grade, Report) {
        (self.grade, self.report)
    }
}

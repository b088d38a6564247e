//! What was checked, and what came of it: every check has a name and answers Pass, Fail(why) or Moot.

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

/// The checks, in the order of `reference` §9. A report holds each exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// §9.1 The bytes can be read: size, line ends, depth, number of parts.
    Bytes,
    /// §9.2 Exactly one known marker header at the top.
    Marker,
    /// §9.3 `multipart/signed` of two parts, the second a PKCS#7 signature.
    Structure,
    /// §9.4 The CMS object reads (DER or BER) and has one signer.
    Cms,
    /// §9.4 Digest and signature are right over the exact bytes of the first part.
    Signature,
    /// §9.4 Digest and key are strong enough for the day.
    Algorithm,
    /// §9.5 The signer's certificate chains to a configured anchor at the event's time.
    Chain,
    /// §9.6 Revocation. Moot until CRLs are supplied.
    Revocation,
    /// §9.7 The certificate's address is the From address, local part `posta-certificata`.
    Signer,
    /// §9.8 The parts this kind must have are direct children of the signed part, once each.
    Parts,
    /// §9.8 `daticert.xml` reads.
    Daticert,
    /// §9.8 `tipo` of the data is the kind that the header claims.
    Kind,
    /// §9.9 The headers say what the signed data say: identifiers.
    Identifiers,
    /// §9.9 The headers say what the signed data say: sender.
    Sender,
    /// §9.10 One of our mailboxes is among the recipients.
    Recipient,
    /// §9.11, §9.13 Where the rules want our own provider's signature, it is that.
    OwnProvider,
    /// §9.12 A receipt is about a message that we sent: its Message-ID, its PEC id, its recipients.
    Correlation,
    /// §9.14 The original that a receipt returns, or the digests of it, is what we sent.
    Returned,
    /// §9.15 The times agree: signing, certification data, arrival.
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
}

impl Check {
    /// Every check, in order.
    pub const ALL: [Check; 19] = [
        Check::Bytes,
        Check::Marker,
        Check::Structure,
        Check::Cms,
        Check::Signature,
        Check::Algorithm,
        Check::Chain,
        Check::Revocation,
        Check::Signer,
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
        Self { report: Report { entries, notes: Vec::new() }, grade: Grade::Genuine }
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

    /// The grade so far.
    pub(crate) fn grade(&self) -> Grade {
        self.grade
    }

    /// The end.
    pub(crate) fn close(self) -> (Grade, Report) {
        (self.grade, self.report)
    }
}

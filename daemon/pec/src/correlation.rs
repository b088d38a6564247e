//! Whether a receipt is about a message that we sent (`reference` pec.md §6, §9.12). The one place with this rule.

use crate::daticert::Daticert;
use crate::examine::Policy;
use crate::proof::same_address;
use crate::report::{Check, Grade, Sheet, Why};
use crate::why::{self, quoted};
use crate::wire::Tipo;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use jiff::{SignedDuration, Timestamp};

/// How much older than the submission a receipt may be: two clocks never agree to the second.
pub const SUBMISSION_SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// The register of what we sent, asked while a receipt is examined. `Sync`, so that an examination may have its thread.
pub trait Sent: fmt::Debug + Sync {
    /// The sending which bears this Message-ID (with angle brackets); `None` = not ours, or not sent from here.
    fn sending(&self, msgid: &str) -> Option<Sending>;
    /// Its bytes, exactly as submitted; asked only for a receipt that returns something to compare with them.
    fn bytes(&self, msgid: &str) -> Option<Vec<u8>>;
}

/// One message that we sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sending {
    /// The mailbox it was sent from.
    pub mailbox: String,
    /// Everybody it was sent to (To and Cc).
    pub recipients: Vec<String>,
    /// When its first submission began; `None` = not yet.
    pub submitted: Option<Timestamp>,
    /// When our provider accepted it, if its acceptance is known.
    pub accepted: Option<Timestamp>,
    /// PEC ids learnt so far, without angle brackets: one, but for a message that was accepted twice.
    pub pec_ids: Vec<String>,
    /// How often it may have been accepted: once (0 and 1 say the same), and more if it was sent again.
    pub times: u32,
}

impl Sending {
    /// Whether this can be the PEC id of the message, by what is known of it. The acceptance teaches the id, every other receipt must
    /// bear it (§6.4). A message that was sent again has one for each time, and the delivery of the one may come before its
    /// acceptance, and after that of the other.
    #[must_use]
    pub fn may_bear(&self, pec_id: &str) -> bool {
        let times = usize::try_from(self.times.max(1)).unwrap_or(usize::MAX);
        self.pec_ids.len() < times || self.pec_ids.iter().any(|known| known == pec_id)
    }
}

/// §9.12. The sending, if the receipt is about one and contradicts it in nothing.
///
/// A receipt of what we did not send is an orphan: lawful (mail written in the provider's web page), and it changes nothing.
/// One of ours that contradicts what we know is a mismatch: a person looks.
pub(crate) fn correlate(sheet: &mut Sheet, data: &Daticert, policy: &Policy<'_>) -> Option<Sending> {
    if data.tipo == Tipo::PostaCertificata {
        sheet.moot(Check::Correlation, "non è la ricevuta di un invio");
        return None;
    }
    let Some(sent) = policy.sent else {
        sheet.moot(Check::Correlation, "non si sa che cosa è stato inviato");
        return None;
    };
    let Some(msgid) = data.message_id() else {
        sheet.fail(Check::Correlation, why::NO_MSGID, Grade::Orphan);
        return None;
    };
    let Some(sending) = sent.sending(&msgid) else {
        sheet.fail(Check::Correlation, why::NOT_SENT.about(quoted(&msgid)), Grade::Orphan);
        return None;
    };
    match contradiction(data, &sending) {
        Some(why) => {
            sheet.fail(Check::Correlation, why, Grade::Mismatch);
            None
        }
        None => {
            sheet.pass(Check::Correlation, quoted(&msgid));
            Some(sending)
        }
    }
}

/// What the receipt says of the message and is not so.
fn contradiction(data: &Daticert, sending: &Sending) -> Option<Why> {
    if !same_address(&data.mittente, &sending.mailbox) {
        let both = format!("{} invece di {}", quoted(&data.mittente), quoted(&sending.mailbox));
        return Some(why::RECEIPT_SENDER_DIFFERS.about(both));
    }
    let is_ours = |address: &str| sending.recipients.iter().any(|ours| same_address(ours, address));
    if let Some(consegna) = data.consegna.as_deref().filter(|c| !is_ours(c)) {
        return Some(why::CONSEGNA_DIFFERS.about(quoted(consegna)));
    }
    // The complete list stands in every receipt (RFC 6109 §4.4): one more, or one less, is another message.
    if let Some(other) = data.destinatari.iter().find(|d| !is_ours(&d.address)) {
        return Some(why::RECIPIENTS_DIFFER.about(quoted(&other.address)));
    }
    let is_listed = |ours: &String| data.destinatari.iter().any(|d| same_address(&d.address, ours));
    if let Some(missing) = sending.recipients.iter().find(|ours| !is_listed(ours)) {
        return Some(why::RECIPIENTS_DIFFER.about(format!("manca {}", quoted(missing))));
    }
    let Some(submitted) = sending.submitted else {
        return Some(why::NOT_SUBMITTED.why());
    };
    if submitted.duration_since(data.data) > SUBMISSION_SKEW_MAX {
        return Some(why::OLDER_THAN_SUBMISSION.about(format!("{} e {submitted}", data.data)));
    }
    // A second acceptance with another id is no contradiction but an incident: we were sent twice.
    if data.tipo != Tipo::Accettazione && !sending.may_bear(&data.identificativo) {
        return Some(why::PEC_ID_DIFFERS.about(quoted(&data.identificativo)));
    }
    None
}

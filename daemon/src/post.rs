//! From a decision's letter to the frozen bytes that every attempt sends.

use crate::submit::{self, Attachment, AutoSubmitted, HeaderText, Letter, MessageId, Party, TipoRicevuta};
use casework::decision::Lane;
use casework::guard::INSTANCE_HEADER;
use casework::{Desk, Outgoing};
use jiff::Timestamp;

/// Largest original that goes along with a task, bytes: an ordinary office mailbox takes 10 MB once base64 has grown it.
/// A larger one stays in the archive, and the task says where.
pub const ORIGINAL_BYTES_MAX: usize = 7 * 1024 * 1024;

/// Renders one letter as RFC 5322 bytes: the same letter, the same bytes.
///
/// # Errors
/// Why it cannot be a message: an address that mail cannot carry.
pub fn freeze(
    outgoing: &Outgoing,
    desk: &Desk,
    date: Timestamp,
    original: &[u8],
) -> Result<Vec<u8>, submit::ComposeTrouble> {
    let mark = match outgoing.lane {
        Lane::Pec => AutoSubmitted::Replied,
        Lane::Internal => AutoSubmitted::Generated,
    };
    write(outgoing, desk, date, original, mark)
}

/// As [`freeze`], of a letter that answers nobody's (RFC 3834 §5).
///
/// # Errors
/// As [`freeze`].
pub fn freeze_unasked(outgoing: &Outgoing, desk: &Desk, date: Timestamp) -> Result<Vec<u8>, submit::ComposeTrouble> {
    write(outgoing, desk, date, &[], AutoSubmitted::Generated)
}

fn write(
    outgoing: &Outgoing,
    desk: &Desk,
    date: Timestamp,
    original: &[u8],
    mark: AutoSubmitted,
) -> Result<Vec<u8>, submit::ComposeTrouble> {
    let ids: Vec<MessageId> = outgoing.references.iter().filter_map(|id| MessageId::new(id)).collect();
    let attachments = if outgoing.with_original && original.len() <= ORIGINAL_BYTES_MAX {
        // As a plain file: message/rfc822 may not be base64-encoded, and an ordinary relay would break its lines.
        vec![Attachment {
            name: HeaderText::new("messaggio-originale.eml"),
            media_type: "application/octet-stream".into(),
            bytes: original.to_vec(),
        }]
    } else {
        Vec::new()
    };
    let letter = Letter {
        from: Party { name: Some(HeaderText::new(&desk.entity.name)), address: outgoing.from.clone() },
        to: Party { name: None, address: outgoing.to.clone() },
        subject: HeaderText::new(&outgoing.subject),
        date,
        message_id: MessageId::new(&outgoing.message_id).ok_or(submit::ComposeTrouble::Header("Message-ID".into()))?,
        in_reply_to: ids.last().cloned(),
        references: ids,
        reply_to: None,
        auto_submitted: Some(mark),
        tipo_ricevuta: (outgoing.lane == Lane::Pec).then_some(TipoRicevuta::Completa),
        extra: vec![(INSTANCE_HEADER.into(), HeaderText::new(&desk.domain()))],
        body: outgoing.text.clone(),
        attachments,
    };
    submit::compose(&letter)
}

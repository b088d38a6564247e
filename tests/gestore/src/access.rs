//! Changes when what the access point demands of a submitted message, or changes in it, changes (RFC 6109 §2.2.1, §3.1.1).

use std::collections::BTreeSet;

use crate::reading::{Field, Message};
use crate::scene::Fault;

/// Size times recipients that a provider takes (RFC 6109 §3.1.1; 100 MB is the common limit of the market).
/// Beyond: non-acceptance.
pub const MOST_BYTES_CARRIED: usize = 100_000_000;

/// The formal checks of RFC 6109 §3.1.1, in its order; the answer is what the notice tells the sender.
pub(crate) fn formal_fault(
    message: &Message<'_>,
    size: usize,
    mail_from: &str,
    rcpt_to: &[String],
) -> Option<&'static str> {
    let from = message.addresses("From");
    let (to, cc) = (message.addresses("To"), message.addresses("Cc"));
    let lower =
        |addresses: &[String]| addresses.iter().map(|address| address.to_ascii_lowercase()).collect::<BTreeSet<_>>();
    let named: BTreeSet<String> = lower(&to).into_iter().chain(lower(&cc)).collect();
    if from.len() != 1 || !from.iter().all(|address| same_address(address, mail_from)) {
        Some("il campo From non corrisponde al mittente autenticato")
    } else if to.is_empty() {
        Some("manca il campo To")
    } else if message.all("Bcc").next().is_some() {
        Some("i destinatari in copia nascosta non sono ammessi")
    } else if named != lower(rcpt_to) {
        Some("i destinatari della busta SMTP non corrispondono ai campi To e Cc")
    } else if size.saturating_mul(rcpt_to.len()) > MOST_BYTES_CARRIED {
        Some("il messaggio supera la dimensione massima")
    } else if rcpt_to.iter().any(|address| Fault::of(address) == Some(Fault::NonAccettata)) {
        Some("destinatario non ammesso (guasto simulato)")
    } else {
        None
    }
}

/// The original as it travels: Message-ID replaced, the client's one kept aside (RFC 6109 §2.2.1). All other bytes stay.
pub(crate) fn stamp(message: &Message<'_>, identificativo: &str, msgid: Option<&str>, received: &str) -> Vec<u8> {
    let mut out = received.as_bytes().to_vec();
    let kept = message.fields.iter().filter(|field| !field.is("Message-ID") && !field.is("X-Riferimento-Message-ID"));
    out.extend(kept.flat_map(|field| field.raw.iter().copied()));
    if !out.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("Message-ID: <{identificativo}>\r\n").as_bytes());
    if let Some(msgid) = msgid {
        out.extend_from_slice(format!("X-Riferimento-Message-ID: {msgid}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(message.body);
    out
}

/// Received, To, Cc and Return-Path, byte for byte.
pub(crate) fn inherit(message: &Message<'_>) -> Vec<u8> {
    let inherits = |field: &&Field<'_>| ["Received", "To", "Cc", "Return-Path"].iter().any(|name| field.is(name));
    message.fields.iter().filter(inherits).flat_map(|field| field.raw.iter().copied()).collect()
}

pub(crate) fn requested(message: &Message<'_>) -> &'static str {
    match message.text("X-TipoRicevuta").unwrap_or_default().to_ascii_lowercase().as_str() {
        "breve" => "breve",
        "sintetica" => "sintetica",
        _ => "completa", // absent means completa (§3.3.2)
    }
}

/// Addresses are compared without case: traffic shows the same mailbox in both (pec.md §6).
pub(crate) fn same_address(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// What follows the last `@`, in lower case.
pub(crate) fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase()).unwrap_or_default()
}

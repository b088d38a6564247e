//! Whether the headers, which nobody signed, say what the provider signed (`reference` pec.md §9.9 to §9.15).

use crate::content::{Content, Mailbox, mailboxes};
use crate::daticert::Daticert;
use crate::examine::{OwnMailbox, Signer};
use crate::mime::Entity;
use crate::proof::same_address;
use crate::report::{Check, Grade, Sheet};
use crate::why::{self, quoted};
use crate::wire::{Errore, PER_CONTO_DI, Tipo, X_RIFERIMENTO};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::{SignedDuration, Timestamp};

/// Farthest that the signing may be from the time in the signed data. Real ones differ by 9 s; a provider under load
/// signs late (`reference` pec.md §16).
pub(crate) const SIGNING_SKEW_MAX: SignedDuration = SignedDuration::from_hours(1);
/// Farthest that the arrival may be from the signing: providers try for 24 h (`reference` pec.md §8).
pub(crate) const ARRIVAL_SKEW_MAX: SignedDuration = SignedDuration::from_hours(48);

/// An id without white space and angle brackets.
fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|i| i.strip_suffix('>')).unwrap_or(id).trim()
}

/// §9.9, identifiers: of an envelope (`inner` given) or of a receipt (RFC 6109 §2.2.1).
pub(crate) fn identifiers(sheet: &mut Sheet, head: &Entity<'_>, data: &Daticert, inner: Option<&[u8]>) {
    let inner = inner.map(Entity::read);
    let text = |entity: &Entity<'_>, name: &str| entity.first(name).map(|f| f.text()).filter(|t| !t.is_empty());
    let pec_id = bare(&data.identificativo);
    if let Some(inner) = &inner {
        // A receipt has an id of its own; an envelope bears the one that the provider gave to the message.
        let outer_id = text(head, "Message-ID").unwrap_or_default();
        if bare(&outer_id) != pec_id {
            let both = format!("{} invece di {}", quoted(&outer_id), quoted(pec_id));
            return sheet.fail(Check::Identifiers, why::MESSAGE_ID_DIFFERS.about(both), Grade::Mismatch);
        }
        if let Some(id) = text(inner, "Message-ID").filter(|id| bare(id) != pec_id) {
            return sheet.fail(Check::Identifiers, why::INNER_ID_DIFFERS.about(quoted(&id)), Grade::Mismatch);
        }
    }
    for entity in [Some(head), inner.as_ref()].into_iter().flatten() {
        // One that is missing contradicts nothing; one that is there and not in the data does.
        if let Some(reference) = text(entity, X_RIFERIMENTO)
            && bare(&reference) != data.msgid.as_deref().map(bare).unwrap_or_default()
        {
            let why = why::REFERENCE_DIFFERS.about(quoted(&reference));
            return sheet.fail(Check::Identifiers, why, Grade::Mismatch);
        }
    }
    sheet.pass(Check::Identifiers, format!("identificativo {}", quoted(pec_id)));
}

/// §3.2.2: an anomaly envelope keeps the Message-ID of what it wraps.
pub(crate) fn anomaly_identifiers(sheet: &mut Sheet, head: &Entity<'_>, inner: &Content) {
    let outer = head.first("Message-ID").map(|f| f.text()).unwrap_or_default();
    match &inner.message_id {
        None => sheet.moot(Check::Identifiers, "il messaggio contenuto non ha Message-ID"),
        Some(id) if bare(id) == bare(&outer) => sheet.pass(Check::Identifiers, quoted(id)),
        Some(id) => {
            let both = format!("{} e {}", quoted(&outer), quoted(id));
            sheet.fail(Check::Identifiers, why::INNER_ID_DIFFERS.about(both), Grade::Mismatch);
        }
    }
}

/// §9.9, sender of an envelope: «Per conto di», Reply-To and the original's From are what was signed (RFC 6109 §3.1.5).
pub(crate) fn sender(sheet: &mut Sheet, head: &Entity<'_>, data: &Daticert, inner: &Content) {
    let fail = |sheet: &mut Sheet, why| sheet.fail(Check::Sender, why, Grade::Mismatch);
    let outer = |name| head.first(name).map(|f| mailboxes(f.value)).unwrap_or_default();
    let prefix = PER_CONTO_DI.trim_end();
    for mailbox in outer("From") {
        let shown = mailbox.name.get(..prefix.len()).filter(|p| p.eq_ignore_ascii_case(prefix));
        let shown = shown.and_then(|_| mailbox.name.get(prefix.len()..)).map(str::trim);
        if let Some(shown) = shown.filter(|s| !same_address(s, &data.mittente)) {
            let both = format!("{} invece di {}", quoted(shown), quoted(&data.mittente));
            return fail(sheet, why::SENDER_DIFFERS.about(both));
        }
    }
    // Two authors would hide which one the provider knew (§3.1.1: From is the sender's address).
    if inner.from.len() != 1 || !inner.from.iter().all(|m| same_address(&m.address, &data.mittente)) {
        let both = format!("{} invece di {}", quoted(&addresses(&inner.from)), quoted(&data.mittente));
        return fail(sheet, why::INNER_SENDER_DIFFERS.about(both));
    }
    // Reply-To of the original or, if it had none, the sender; `risposte` is empty with some providers.
    let reply_to = outer("Reply-To");
    let signed = mailboxes(data.risposte.as_bytes());
    let expected = |address: &str| {
        same_address(address, &data.mittente) || signed.iter().any(|s| same_address(&s.address, address))
    };
    if let Some(other) = reply_to.iter().find(|m| !expected(&m.address)) {
        return fail(sheet, why::REPLY_TO_DIFFERS.about(quoted(&other.address)));
    }
    sheet.pass(Check::Sender, &*data.mittente);
}

fn addresses(list: &[Mailbox]) -> String {
    list.iter().map(|m| m.address.as_str()).collect::<Vec<_>>().join(", ")
}

/// §9.10: an envelope is for us. Which of our messages a receipt is about is the office's question, not the standard's.
pub(crate) fn recipient(sheet: &mut Sheet, data: &Daticert, ours: &[OwnMailbox]) {
    if data.tipo != Tipo::PostaCertificata {
        return sheet.moot(Check::Recipient, "una ricevuta riguarda un messaggio inviato, non uno ricevuto");
    }
    if ours.is_empty() {
        return sheet.moot(Check::Recipient, "nessuna casella è configurata");
    }
    let found = ours.iter().find(|own| data.destinatari.iter().any(|d| same_address(&d.address, &own.address)));
    match found {
        Some(own) => sheet.pass(Check::Recipient, &*own.address),
        None => sheet.fail(Check::Recipient, why::NOT_FOR_US, Grade::Mismatch),
    }
}

/// §9.13: acceptances, refusals, the 12 h and 24 h notices and those on viruses come from the sender's own provider.
/// (A delivery is signed by the recipient's, which nobody can check without the providers' directory.)
pub(crate) fn own_provider(sheet: &mut Sheet, data: &Daticert, signer: &Signer, ours: &[OwnMailbox]) {
    let applies = match data.tipo {
        Tipo::Accettazione | Tipo::NonAccettazione | Tipo::PreavvisoErroreConsegna => true,
        Tipo::ErroreConsegna => data.errore == Errore::Virus,
        _ => false,
    };
    if !applies {
        return sheet.moot(Check::OwnProvider, "non è un avviso che spetta al nostro gestore");
    }
    let Some(own) = ours.iter().find(|own| same_address(&own.address, &data.mittente)) else {
        return sheet.moot(Check::OwnProvider, format!("{} non è una casella configurata", quoted(&data.mittente)));
    };
    let Some(host) = &own.provider_host else {
        return sheet.moot(Check::OwnProvider, format!("il gestore di {} non è configurato", quoted(&own.address)));
    };
    judge_provider(sheet, signer, core::slice::from_ref(host));
}

/// §9.11: an anomaly envelope is signed by the provider of the mailbox that received it; which one that was is not in
/// it, so any of ours will do.
pub(crate) fn anomaly_provider(sheet: &mut Sheet, signer: &Signer, ours: &[OwnMailbox]) {
    let hosts: Vec<String> = ours.iter().filter_map(|own| own.provider_host.clone()).collect();
    if hosts.is_empty() || (hosts.len() < ours.len() && !hosts.iter().any(|h| is_host_of(h, signer))) {
        return sheet.moot(Check::OwnProvider, "il gestore di una nostra casella non è configurato");
    }
    judge_provider(sheet, signer, &hosts);
}

fn is_host_of(host: &str, signer: &Signer) -> bool {
    signer.address.rsplit_once('@').is_some_and(|(_, h)| same_address(h, host))
}

fn judge_provider(sheet: &mut Sheet, signer: &Signer, hosts: &[String]) {
    if hosts.iter().any(|host| is_host_of(host, signer)) {
        sheet.pass(Check::OwnProvider, &*signer.address);
    } else {
        sheet.fail(Check::OwnProvider, why::NOT_OWN_PROVIDER.about(quoted(&signer.address)), Grade::Suspect);
    }
}

/// §9.15: signing, certification data and arrival agree.
pub(crate) fn times(
    sheet: &mut Sheet,
    signing: Option<Timestamp>,
    data: Option<Timestamp>,
    arrival: Option<Timestamp>,
) {
    let apart = |a: Timestamp, b: Timestamp| a.duration_since(b).abs();
    let Some(event) = signing.or(data) else {
        return sheet.moot(Check::Time, "non c'è nessuna ora firmata");
    };
    if let Some((signing, data)) = signing.zip(data)
        && apart(signing, data) > SIGNING_SKEW_MAX
    {
        let both = format!("firma {signing}, dati {data}");
        return sheet.fail(Check::Time, why::TIMES_DIFFER.about(both), Grade::Mismatch);
    }
    if let Some(arrival) = arrival
        && apart(event, arrival) > ARRIVAL_SKEW_MAX
    {
        let both = format!("firma {event}, arrivo {arrival}");
        // A flag, not a verdict (§9.15): a mailbox that was moved to another server arrives anew, whole. What comes twice is
        // known by its certified identity.
        return sheet.fail(Check::Time, why::ARRIVAL_DIFFERS.about(both), Grade::Genuine);
    }
    let named = [("firma", signing), ("dati", data), ("arrivo", arrival)];
    let known: Vec<String> = named.into_iter().filter_map(|(name, t)| Some(format!("{name} {}", t?))).collect();
    sheet.pass(Check::Time, known.join(", "));
}

//! Whether the headers, which nobody signed, say what the provider signed (`reference` pec.md §9.9 to §9.15).

use crate::content::{Content, Mailbox, mailboxes, return_path};
use crate::daticert::Daticert;
use crate::examine::{OwnMailbox, Signer};
use crate::kind::says_virus;
use crate::mime::Entity;
use crate::proof::same_address;
use crate::report::{Check, Grade, Sheet, Why};
use crate::why::{self, quoted};
use crate::wire::{
    Errore, PER_CONTO_DI, POSTA_CERTIFICATA, Tipo, TipoRicevuta, X_MITTENTE, X_RIFERIMENTO, X_TIPO_RICEVUTA,
};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::{SignedDuration, Timestamp};

/// Farthest that the signing may be from the time in the signed data. Real ones differ by 9 s; a provider under load
/// signs late (`reference` pec.md §16), and one that forgets the change of the hour writes a zone that is 1 h off.
pub(crate) const SIGNING_SKEW_MAX: SignedDuration = SignedDuration::from_hours(2);
/// Farthest that the arrival may be from the signing: providers try for 24 h (`reference` pec.md §8).
pub(crate) const ARRIVAL_SKEW_MAX: SignedDuration = SignedDuration::from_hours(48);

/// Farthest that the Date header may be from the signed times: more than a provider's clock on the wrong summer time.
pub(crate) const DATE_SKEW_MAX: SignedDuration = SignedDuration::from_hours(3);

/// The values of every field of a name: a program may show any of them, so each must hold.
fn texts(entity: &Entity<'_>, name: &str) -> Vec<String> {
    entity.all(name).map(|f| f.text()).filter(|t| !t.is_empty()).collect()
}

/// The addresses of every field of a name.
fn addressed(entity: &Entity<'_>, name: &str) -> Vec<Mailbox> {
    entity.all(name).flat_map(|f| mailboxes(f.value)).collect()
}

/// §9.8: the signed data are of the kind that the headers claim (`claimed`), and of one kind in themselves.
pub(crate) fn kind(sheet: &mut Sheet, head: &Entity<'_>, claimed: &Tipo, data: &Daticert) {
    match contradicted_kind(head, claimed, data) {
        Some(why) => sheet.fail(Check::Kind, why, Grade::Mismatch),
        None => sheet.pass(Check::Kind, data.tipo.word()),
    }
}

fn contradicted_kind(head: &Entity<'_>, claimed: &Tipo, data: &Daticert) -> Option<Why> {
    let both = |a: &str, b: &str| format!("{} e {}", quoted(a), quoted(b));
    if *claimed != data.tipo {
        return Some(why::KIND_DIFFERS.about(both(claimed.word(), data.tipo.word())));
    }
    // The header may be missing, it may not invent a virus (RFC 6109 §3.1.3, §3.2.4).
    if says_virus(head) && data.errore != Errore::Virus {
        return Some(why::VIRUS_DIFFERS.about(format!("errore {}", quoted(data.errore.word()))));
    }
    if data.tipo == Tipo::PostaCertificata {
        // Absent in 8 of 22 real envelopes; a word that nobody knows asks for nothing (§5).
        let asked = texts(head, X_TIPO_RICEVUTA).into_iter().map(|word| TipoRicevuta::read(&word));
        let mut known = asked.filter(|asked| !matches!(asked, TipoRicevuta::Other(_)));
        return known.find(|asked| data.ricevuta.as_ref().is_some_and(|signed| signed != asked)).map(|asked| {
            let signed = data.ricevuta.as_ref().map(TipoRicevuta::word).unwrap_or_default();
            why::RECEIPT_TYPE_DIFFERS.about(both(asked.word(), signed))
        });
    }
    let delivered = data.tipo == Tipo::AvvenutaConsegna;
    match &data.consegna {
        None => delivered.then(|| why::NO_CONSEGNA.why()),
        Some(consegna) if !data.destinatari.iter().any(|d| same_address(&d.address, consegna)) => {
            Some(why::CONSEGNA_NOT_LISTED.about(quoted(consegna)))
        }
        Some(_) if delivered && data.errore != Errore::Nessuno => {
            Some(why::DELIVERED_WITH_ERROR.about(quoted(data.errore.word())))
        }
        Some(_) => None,
    }
}

/// An id without white space and angle brackets.
fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|i| i.strip_suffix('>')).unwrap_or(id).trim()
}

/// §9.9, identifiers: of an envelope (`inner` given) or of a receipt (RFC 6109 §2.2.1).
pub(crate) fn identifiers(sheet: &mut Sheet, head: &Entity<'_>, data: &Daticert, inner: Option<&Entity<'_>>) {
    let pec_id = bare(&data.identificativo);
    if let Some(inner) = inner {
        // A receipt has an id of its own; an envelope bears the one that the provider gave to the message.
        let outer_ids = texts(head, "Message-ID");
        if outer_ids.is_empty() || outer_ids.iter().any(|id| bare(id) != pec_id) {
            let both = format!("{} invece di {}", quoted(&outer_ids.join(", ")), quoted(pec_id));
            return sheet.fail(Check::Identifiers, why::MESSAGE_ID_DIFFERS.about(both), Grade::Mismatch);
        }
        if let Some(id) = texts(inner, "Message-ID").into_iter().find(|id| bare(id) != pec_id) {
            return sheet.fail(Check::Identifiers, why::INNER_ID_DIFFERS.about(quoted(&id)), Grade::Mismatch);
        }
    }
    for entity in [Some(head), inner].into_iter().flatten() {
        // One that is missing contradicts nothing; one that is there and not in the data does.
        let msgid = data.msgid.as_deref().map(bare).unwrap_or_default();
        if let Some(reference) = texts(entity, X_RIFERIMENTO).into_iter().find(|reference| bare(reference) != msgid) {
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

/// §9.9, who wrote: of an envelope (`inner` given) or of a receipt.
pub(crate) fn sender(sheet: &mut Sheet, head: &Entity<'_>, data: &Daticert, inner: Option<&Entity<'_>>) {
    let contradiction = wrong_sender_field(head).or_else(|| match inner {
        Some(inner) => wrong_sender(head, data, inner),
        None => wrong_original_sender(head, data),
    });
    match (contradiction, inner) {
        (Some(why), _) => sheet.fail(Check::Sender, why, Grade::Mismatch),
        (None, Some(_)) => sheet.pass(Check::Sender, &*data.mittente),
        (None, None) => sheet.moot(Check::Sender, &*data.mittente),
    }
}

/// From and Sender are one address where both stand (RFC 6109 §2.1).
fn wrong_sender_field(head: &Entity<'_>) -> Option<Why> {
    let from = addressed(head, "From");
    let sender = addressed(head, "Sender").into_iter();
    let mut others = sender.filter(|s| !from.iter().any(|f| same_address(&f.address, &s.address)));
    others.next().map(|other| why::SENDER_FIELD_DIFFERS.about(quoted(&other.address)))
}

/// Notices between providers name the sender in the header too (RFC 6109 §3.2.3).
fn wrong_original_sender(head: &Entity<'_>, data: &Daticert) -> Option<Why> {
    let mut named = addressed(head, X_MITTENTE).into_iter();
    let other = named.find(|m| !same_address(&m.address, &data.mittente))?;
    Some(why::ORIGINAL_SENDER_DIFFERS.about(quoted(&other.address)))
}

/// Whom a From names besides its address: what follows «Per conto di:», or anything else that looks like an address (the
/// prefix may be imitated with letters of another alphabet).
fn named_in(mailbox: &Mailbox) -> Option<&str> {
    let prefix = PER_CONTO_DI.trim_end();
    let name = mailbox.name.trim();
    match name.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)) {
        Some(_) => name.get(prefix.len()..).map(str::trim),
        None => Some(name).filter(|name| name.contains('@')),
    }
}

/// «Per conto di», Reply-To and the original's From are what was signed (RFC 6109 §3.1.5).
fn wrong_sender(head: &Entity<'_>, data: &Daticert, inner: &Entity<'_>) -> Option<Why> {
    let from = addressed(head, "From");
    if let Some(shown) = from.iter().filter_map(named_in).find(|shown| !same_address(shown, &data.mittente)) {
        let both = format!("{} invece di {}", quoted(shown), quoted(&data.mittente));
        return Some(why::SENDER_DIFFERS.about(both));
    }
    // Two authors would hide which one the provider knew (§3.1.1: From is the sender's address).
    // «Rossi, Mario <…>» without quotes reads as two, of which one is no address.
    let authors: Vec<Mailbox> = addressed(inner, "From").into_iter().filter(|m| m.address.contains('@')).collect();
    if !matches!(authors.as_slice(), [author] if same_address(&author.address, &data.mittente)) {
        let both = format!("{} invece di {}", quoted(&addresses(&authors)), quoted(&data.mittente));
        return Some(why::INNER_SENDER_DIFFERS.about(both));
    }
    // Reply-To of the original or, if it had none, the sender; `risposte` is empty with some providers.
    let signed = mailboxes(data.risposte.as_bytes());
    let expected = |address: &str| {
        same_address(address, &data.mittente) || signed.iter().any(|s| same_address(&s.address, address))
    };
    let reply_to = addressed(head, "Reply-To");
    reply_to.iter().find(|m| !expected(&m.address)).map(|other| why::REPLY_TO_DIFFERS.about(quoted(&other.address)))
}

/// §3.2.2: an anomaly envelope names the sender of what it wraps, and proves nothing of him.
pub(crate) fn anomaly_sender(sheet: &mut Sheet, head: &Entity<'_>, inner: &Content) {
    if let Some(why) = wrong_sender_field(head) {
        return sheet.fail(Check::Sender, why, Grade::Mismatch);
    }
    // The one in the header of the mail, or the one of its transport: they may differ, and either may be named.
    let known = |shown: &str| {
        let authors = inner.from.iter().chain(&inner.reply_to).map(|m| m.address.as_str());
        let paths = [&inner.return_path, &return_path(head)];
        authors.chain(paths.into_iter().flatten().map(String::as_str)).any(|a| same_address(a, shown))
    };
    let from = addressed(head, "From");
    match from.iter().filter_map(named_in).find(|shown| !inner.from.is_empty() && !known(shown)) {
        Some(shown) => {
            let both = format!("{} invece di {}", quoted(shown), quoted(&addresses(&inner.from)));
            sheet.fail(Check::Sender, why::SENDER_DIFFERS.about(both), Grade::Mismatch);
        }
        None => sheet.moot(Check::Sender, "una busta di anomalia non certifica il messaggio che contiene"),
    }
}

/// Ordinary mail whose author is dressed as a provider (§10.12).
pub(crate) fn imitates_a_provider(head: &Entity<'_>) -> bool {
    let prefix = PER_CONTO_DI.trim_end();
    addressed(head, "From").iter().any(|m| {
        let local = m.address.rsplit_once('@').map(|(local, _)| local).unwrap_or_default();
        m.name.trim().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            || local.eq_ignore_ascii_case(POSTA_CERTIFICATA)
    })
}

/// §9.9: `gestore-emittente` is free text («Sogei SpA», «Sogei S.p.A.», «ARUBA PEC S.p.A.»): one word of the organisation in
/// the certificate is enough. A name for people; who signed is what the certificate says.
pub(crate) fn is_same_provider(gestore: &str, organisation: &str) -> bool {
    /// Shorter words are «S», «p», «A», «Srl», «Pec».
    const WORD_CHARS: usize = 4;
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
        words.filter(|word| word.chars().count() >= WORD_CHARS).collect()
    };
    let joined = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let (a, b) = (joined(gestore), joined(organisation));
    words(gestore).iter().any(|word| b.contains(word.as_str()))
        || words(organisation).iter().any(|w| a.contains(w.as_str()))
        || a == b
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

/// §9.13: acceptances, refusals, the 12 h and 24 h notices and those on viruses come from the sender's own provider; a
/// delivery from the recipient's, a failure from either. Whose provider that is we know of our own mailboxes only (the
/// others' stand in the providers' directory).
pub(crate) fn own_provider(sheet: &mut Sheet, data: &Daticert, signer: &Signer, ours: &[OwnMailbox]) {
    let consegna = data.consegna.as_deref();
    let by: &[Option<&str>] = match data.tipo {
        Tipo::Accettazione | Tipo::NonAccettazione | Tipo::PreavvisoErroreConsegna => &[Some(&data.mittente)],
        Tipo::ErroreConsegna if data.errore == Errore::Virus => &[Some(&data.mittente)],
        Tipo::ErroreConsegna => &[consegna, Some(&data.mittente)],
        Tipo::AvvenutaConsegna => &[consegna],
        _ => return sheet.moot(Check::OwnProvider, "non è un avviso che spetta al nostro gestore"),
    };
    let mut hosts = Vec::new();
    // A failure that names no recipient may come from anybody's provider.
    for address in by.iter().flatten().filter(|_| !by.contains(&None)) {
        let Some(own) = ours.iter().find(|own| same_address(&own.address, address)) else {
            return sheet.moot(Check::OwnProvider, format!("{} non è una casella configurata", quoted(address)));
        };
        let Some(host) = &own.provider_host else {
            return sheet.moot(Check::OwnProvider, format!("il gestore di {} non è configurato", quoted(&own.address)));
        };
        hosts.push(host.clone());
    }
    if hosts.is_empty() {
        return sheet.moot(Check::OwnProvider, "non dice di quale destinatario parla");
    }
    judge_provider(sheet, signer, &hosts);
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

/// The four times of a message (§9.15). Two are signed; Date is a claim; the arrival is the mail server's word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) signing: Option<Timestamp>,
    pub(crate) data: Option<Timestamp>,
    pub(crate) date: Option<Timestamp>,
    pub(crate) arrival: Option<Timestamp>,
    /// Until when the signer's keys were to be believed.
    pub(crate) until: Timestamp,
}

/// §9.15: the four times agree.
pub(crate) fn times(sheet: &mut Sheet, times: Times) {
    let Times { signing, data, date, arrival, until } = times;
    let beyond = |a: Timestamp, b: Timestamp, most: SignedDuration| a.duration_since(b).abs() > most;
    let Some(event) = signing.or(data) else {
        return sheet.moot(Check::Time, "non c'è nessuna ora firmata");
    };
    if let Some((signing, data)) = signing.zip(data)
        && beyond(signing, data, SIGNING_SKEW_MAX)
    {
        let both = format!("firma {signing}, dati {data}");
        return sheet.fail(Check::Time, why::TIMES_DIFFER.about(both), Grade::Mismatch);
    }
    // Who finds, or breaks, a key of years ago dates his signature back to those years: only that it was there then is
    // proof. A file, of which nobody says when it arrived, is left as it is.
    if let Some(arrival) = arrival
        && arrival > until
        && beyond(event, arrival, ARRIVAL_SKEW_MAX)
    {
        let all = format!("firma {event}, chiave fino a {until}, arrivo {arrival}");
        return sheet.fail(Check::Time, why::ARRIVAL_AFTER_KEY.about(all), Grade::Mismatch);
    }
    // What follows is a flag, not a verdict (§9.15): nobody signed these times.
    if let Some(date) = date
        && beyond(data.unwrap_or(event), date, DATE_SKEW_MAX)
    {
        let both = format!("{date} invece di {}", data.unwrap_or(event));
        return sheet.fail(Check::Time, why::DATE_DIFFERS.about(both), Grade::Genuine);
    }
    if let Some(arrival) = arrival
        && beyond(event, arrival, ARRIVAL_SKEW_MAX)
    {
        let both = format!("firma {event}, arrivo {arrival}");
        // A mailbox that was moved to another server arrives anew, whole. What comes twice is known by its certified
        // identity.
        return sheet.fail(Check::Time, why::ARRIVAL_DIFFERS.about(both), Grade::Genuine);
    }
    let named = [("firma", signing), ("dati", data), ("Date", date), ("arrivo", arrival)];
    let known: Vec<String> = named.into_iter().filter_map(|(name, t)| Some(format!("{name} {}", t?))).collect();
    sheet.pass(Check::Time, known.join(", "));
}

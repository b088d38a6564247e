//! The first lines of a report: what a person who knows nothing of signatures must understand. It changes when these
//! sentences do.

use super::Facts;
use crate::cli::paint::cut;
use casework::calendar::spoken;
use pec::wire::{Errore, Tipo};
use pec::{Check, Daticert, Examined, Grade, Kind, Outcome};

/// Longest address or name of an organisation shown, in characters.
const NAME: usize = 80;
/// Longest subject shown, in characters.
const SUBJECT: usize = 70;
/// Most recipients named; the others are counted.
const NAMED: usize = 3;

/// What is said of a message.
pub(super) struct Said {
    /// What it is, and how sure that is.
    pub(super) says: String,
    /// What that means, or what to do.
    pub(super) then: String,
}

pub(super) fn say(facts: &Facts<'_>) -> Said {
    let Said { says, mut then } = match facts.seen.grade {
        Grade::Genuine | Grade::GenuineWeak => certified(facts),
        Grade::Orphan => orphan(facts),
        Grade::Mismatch => mismatch(facts),
        Grade::Suspect => suspect(facts),
        Grade::NotPec => ordinary(facts),
    };
    // What lowers no grade is still to be known.
    if facts.signer.is_some() && facts.seen.report.failures().next().is_some() {
        then = format!("{then} Attenzione: {}", reasons(facts.seen));
    }
    if let Some(more) = nested(facts) {
        then = format!("{then} {more}");
    }
    Said { says, then }
}

fn certified(facts: &Facts<'_>) -> Said {
    let seal = seal(facts);
    let Some(daticert) = facts.daticert else {
        let when = facts.date().map(spoken).unwrap_or_default();
        let claims = author(facts);
        return Said {
            says: format!(
                "Busta di anomalia autentica: {when} il gestore ha consegnato posta che NON viene dalla Pec. {claims} Documento {seal}."
            ),
            then: "Trattala come posta ordinaria: nessuno garantisce chi l'ha scritta.".into(),
        };
    };
    if daticert.tipo == Tipo::PostaCertificata {
        let (who, when) = (cut(&daticert.mittente, NAME), spoken(daticert.data));
        return Said {
            says: format!("Messaggio autentico, spedito da {who} {when}, {seal}."),
            then: "Il gestore garantisce la casella, l'ora e il contenuto. Non garantisce quale persona abbia scritto, né che \
                   gli allegati siano sicuri."
                .into(),
        };
    }
    let (event, then) = event(daticert, facts.seen.kind);
    let what = if is_receipt(facts.seen.kind) { "Ricevuta autentica" } else { "Avviso autentico" };
    Said { says: format!("{what}: {event}. Documento {seal}."), then: then.into() }
}

/// Who signed, and whether the certificate was good.
fn seal(facts: &Facts<'_>) -> String {
    let who = cut(facts.provider().unwrap_or("un gestore senza nome"), NAME);
    let revocation = match facts.seen.report.outcome(Check::Revocation) {
        Some(Outcome::Pass) => " e non revocato",
        _ => " (revoca non controllata)",
    };
    let weak = match facts.seen.grade {
        Grade::GenuineWeak => ". La firma usa una tecnica ammessa allora e oggi debole",
        _ => "",
    };
    format!("firmato da {who}, certificato valido a quella data{revocation}{weak}")
}

fn is_receipt(kind: Kind) -> bool {
    matches!(kind, Kind::Acceptance | Kind::TakenInCharge | Kind::Delivery)
}

/// What a receipt or notice tells, and what that means for whoever sent the message.
fn event(daticert: &Daticert, kind: Kind) -> (String, &'static str) {
    let subject = match daticert.oggetto.trim() {
        "" => "senza oggetto".to_owned(),
        subject => format!("«{}»", cut(subject, SUBJECT)),
    };
    let (message, when) = (format!("il messaggio {subject}"), spoken(daticert.data));
    let sent_by = cut(&daticert.mittente, NAME);
    let to = daticert.consegna.as_deref().map_or("a un destinatario che non è nominato".into(), to);
    let why = reason(daticert);
    match kind {
        Kind::Acceptance => {
            let outside = daticert.destinatari.iter().filter(|d| d.esterno).count();
            let then = match outside {
                0 => {
                    "Prova che il messaggio è stato spedito, non che sia arrivato: per questo serve la ricevuta di consegna."
                }
                _ => "Prova che il messaggio è stato spedito. Chi non ha la Pec non darà nessuna ricevuta di consegna.",
            };
            (format!("{message} di {sent_by}, per {}, è stato accettato dal gestore {when}", list(daticert)), then)
        }
        Kind::NonAcceptance | Kind::NonAcceptanceVirus => (
            format!("{message} di {sent_by} NON è stato accettato dal gestore {when}{why}"),
            "Il messaggio non è partito: va corretto e spedito di nuovo.",
        ),
        Kind::Delivery => (
            format!("{message} di {sent_by} è stato consegnato {to} {when}"),
            "Vale come prova di consegna per questo destinatario, e solo per lui.",
        ),
        Kind::NonDelivery | Kind::NonDeliveryVirus => (
            format!("{message} di {sent_by} NON è stato consegnato {to}{why}. Avviso dato {when}"),
            "A questo destinatario il messaggio non è arrivato: serve un'altra strada.",
        ),
        Kind::DelayNotice12 => (
            format!("nelle prime 12 ore {message} di {sent_by} non è stato consegnato {to}{why}. Avviso dato {when}"),
            "Può ancora arrivare: entro 24 ore dalla spedizione si saprà.",
        ),
        Kind::DelayNotice24 => (
            format!("in 24 ore {message} di {sent_by} NON è stato consegnato {to}{why}. Avviso dato {when}"),
            "A questo destinatario il messaggio non è arrivato: serve un'altra strada.",
        ),
        Kind::DelayNotice => (
            format!("{message} di {sent_by} è in ritardo: non è ancora stato consegnato {to}{why}. Avviso dato {when}"),
            "Può essere l'avviso delle 12 ore o quello delle 24: dopo il secondo il messaggio non arriva più.",
        ),
        Kind::TakenInCharge => (
            format!("{message} di {sent_by} è passato da un gestore all'altro {when}"),
            "È una ricevuta fra gestori: non prova la consegna, e di solito nelle caselle non si vede.",
        ),
        Kind::VirusFound => (
            format!("un gestore ha trovato un virus: {message} di {sent_by} non prosegue{why}. Avviso dato {when}"),
            "È un avviso fra gestori: di solito nelle caselle non si vede.",
        ),
        _ => (
            format!(
                "il gestore certifica «{}» per {message} di {sent_by}{why}, {when}",
                cut(daticert.tipo.word(), NAME)
            ),
            "Questo programma non conosce questo tipo di avviso: va letto da una persona.",
        ),
    }
}

/// `a mario@…`, `ad anna@…`.
fn to(address: &str) -> String {
    let d = if address.starts_with(['a', 'A']) { "d" } else { "" };
    format!("a{d} {}", cut(address, NAME))
}

/// The error that the provider gives, with the sign that begins it.
fn reason(daticert: &Daticert) -> String {
    let known = match &daticert.errore {
        Errore::Nessuno => "",
        Errore::NoDest => "la casella non esiste",
        Errore::NoDominio => "il dominio non esiste o non è Pec",
        Errore::Virus => "contiene un virus",
        Errore::Altro if daticert.errore_esteso.is_some() => "",
        Errore::Altro => "altro errore",
        Errore::Other(word) => word,
    };
    let text = daticert.errore_esteso.as_deref().map(str::trim).unwrap_or_default();
    match (known, text) {
        ("", "") => String::new(),
        (known, "") => format!(" ({})", cut(known, NAME)),
        ("", text) => format!(" (il gestore scrive: «{}»)", cut(text, NAME * 2)),
        (known, text) => format!(" ({}; il gestore scrive: «{}»)", cut(known, NAME), cut(text, NAME * 2)),
    }
}

/// The recipients, the first by name.
fn list(daticert: &Daticert) -> String {
    let all = &daticert.destinatari;
    let named = |d: &pec::Destinatario| {
        let outside = if d.esterno { " (senza Pec)" } else { "" };
        format!("{}{outside}", cut(&d.address, NAME))
    };
    let mut text = all.iter().take(NAMED).map(named).collect::<Vec<_>>().join(", ");
    if all.len() > NAMED {
        text.push_str(&format!(" e altri {}", all.len() - NAMED));
    }
    text
}

fn orphan(facts: &Facts<'_>) -> Said {
    let provider = cut(facts.provider().unwrap_or("un gestore"), NAME);
    let event = facts.daticert.map(|d| event(d, facts.seen.kind).0).unwrap_or_default();
    Said {
        says: format!("Ricevuta vera, ma di un messaggio che da qui non risulta spedito: {event}. L'ha firmata {provider}. {}", first_reason(facts.seen)),
        then: "Che cosa fare: niente, non cambia nessuna pratica. È normale se il messaggio fu spedito da un altro programma o dalla pagina web del \
               gestore; altrimenti chiedi chi lo ha spedito."
            .into(),
    }
}

fn mismatch(facts: &Facts<'_>) -> Said {
    let provider = cut(facts.provider().unwrap_or("un gestore Pec"), NAME);
    let signed = facts.daticert.map_or(String::new(), |d| {
        format!(" I dati firmati dicono: mittente {}, {}, per {}.", cut(&d.mittente, NAME), spoken(d.data), list(d))
    });
    Said {
        says: format!(
            "Messaggio firmato da {provider}, ma qualcosa non torna. Motivo: {}{signed}",
            reasons(facts.seen)
        ),
        then:
            "Che cosa fare: non rispondere e non decidere sulla base di ciò che si vede: fallo guardare a una persona. Contano i dati \
               firmati, non l'intestazione."
                .into(),
    }
}

fn suspect(facts: &Facts<'_>) -> Said {
    let failed = facts.seen.report.failures().next().map(|(check, _)| check);
    Said {
        says: format!(
            "Messaggio SOSPETTO: non fidarti del mittente né del contenuto. Si presenta come Pec, e non è dimostrato \
                 che lo sia. Motivo: {}",
            reasons(facts.seen)
        ),
        then: format!("Che cosa fare: {}", advice(failed)),
    }
}

/// What to do about the first check that failed.
fn advice(failed: Option<Check>) -> &'static str {
    match failed {
        Some(Check::Bytes | Check::Structure | Check::Cms | Check::Signature) => {
            "può essersi guastato per strada: salva di nuovo il messaggio dalla casella, intero, come file .eml, e ripeti la \
             verifica. Se il risultato è lo stesso, chiedi conferma al mittente per un'altra strada."
        }
        Some(Check::Algorithm) => {
            "chiedi al mittente di spedire di nuovo: il suo gestore oggi deve firmare con una tecnica sicura."
        }
        Some(Check::Chain | Check::Revocation | Check::Signer | Check::Directory | Check::OwnProvider) => {
            "non l'ha firmato chi doveva. Non rispondere, non aprire gli allegati: chiedi conferma al mittente per una strada che \
             conosci già, per esempio il telefono."
        }
        _ => "non rispondere e non aprire gli allegati finché una persona non lo ha guardato.",
    }
}

fn ordinary(facts: &Facts<'_>) -> Said {
    let why = match facts.seen.report.failures().find(|(check, _)| *check == Check::Bytes) {
        Some((_, why)) => {
            return Said { says: why.text.clone(), then: "Salva di nuovo il messaggio e ripeti la verifica.".into() };
        }
        None if facts.seen.kind == Kind::ServiceMail => {
            "Posta ordinaria, che dice di venire dal nostro gestore: non è Pec."
        }
        None => "Posta ordinaria: non è Pec.",
    };
    Said {
        says: format!("{why} {}", author(facts)),
        then: "Nessuno garantisce chi l'ha spedita, quando, e che sia intatta.".into(),
    }
}

/// Who says to have written ordinary mail.
fn author(facts: &Facts<'_>) -> String {
    match facts.sender().filter(|s| !s.is_empty()) {
        Some(sender) => format!("Dice di venire da {}.", cut(sender, NAME)),
        None => "Non dice da chi viene.".into(),
    }
}

/// A PEC within a message is a claim, wherever it lies.
fn nested(facts: &Facts<'_>) -> Option<String> {
    let content = facts.content?;
    let inside = content.attachments.iter().filter_map(|a| a.nested).collect::<Vec<_>>();
    // The content of an anomaly is itself a message; that of anything else has been judged above.
    let itself = content.nested.filter(|_| facts.seen.kind == Kind::AnomalyEnvelope);
    let named = match (itself, inside.as_slice()) {
        (Some(kind), _) => format!("Quel che contiene si presenta come «{}»", kind.title()),
        (None, []) => return None,
        (None, [one]) => format!("Contiene un allegato che si presenta come «{}»", one.title()),
        (None, many) => format!("Contiene {} allegati che si presentano come Pec", many.len()),
    };
    Some(format!("{named}: non è verificato. Se serve, salvalo a parte e verifica quel file."))
}

fn first_reason(seen: &Examined) -> String {
    seen.report.failures().next().map(|(_, why)| why.text.clone()).unwrap_or_default()
}

/// The first reason, and how many more there are.
fn reasons(seen: &Examined) -> String {
    match seen.report.failures().count() {
        0 | 1 => first_reason(seen),
        2 => format!("{} C'è anche un altro motivo, qui sotto.", first_reason(seen)),
        n => format!("{} Ci sono anche altri {} motivi, qui sotto.", first_reason(seen), n - 1),
    }
}

/// What nobody may miss: the message of a simulation.
pub(super) fn banner(simulation: bool) -> Option<&'static str> {
    simulation.then_some("*** SIMULAZIONE: l'autorità che garantisce questo messaggio è finta. Non vale niente. ***")
}

/// The whole in one line, for programs that show it to people.
pub(super) fn one_line(facts: &Facts<'_>) -> String {
    let said = say(facts);
    let banner = banner(facts.seen.report.simulation).map_or(String::new(), |b| format!("{b} "));
    format!("{banner}{} {}", said.says, said.then)
}

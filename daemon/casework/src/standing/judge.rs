//! From what is seen to a standing: each sign is read once, and says why.

use super::{Acting, Channel, Enclosed, Facets, Grade, Named, Party, Seen, Standing, Written};
use crate::address;
use crate::calendar::{long, rome};
use crate::decision::Reason;
use crate::person::{Domicile, Over, Person, Scope, Strength, id};
use crate::rules::normal::Normal;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Words in the name of a file by which an identity document is recognised, as [`Normal`] writes them.
const ID_WORDS: &[&str] = &[
    "carta identita",
    "carta d identita",
    "carta di identita",
    "documento identita",
    "documento d identita",
    "documento di identita",
    "documento riconoscimento",
    "documento di riconoscimento",
    "doc identita",
    "cie",
    "passaporto",
    "patente",
    "personalausweis",
    "reisepass",
    "passport",
    "identity card",
];

/// Words in the name of a PDF by which a signature inside is guessed.
const SIGNED_WORDS: &[&str] = &["firmato", "firmata", "firma digitale", "signed", "pades"];

/// Says who writes. Total: whatever is handed in, there is a grade, and the weakest that fits.
#[must_use]
pub fn judge(seen: &Seen<'_>) -> Standing {
    let mut reasons = Vec::new();
    let code = seen.written.map(id::codice_fiscale);
    let code = code.as_ref().map(|code| code.as_deref());
    let writer = writer(seen, code.and_then(Result::ok), &mut reasons);
    let written = written(code, writer, &mut reasons);
    // Whoever writes under a code that is not the writer's own writes for somebody else, whatever the text says.
    let for_other = seen.on_behalf || (writer.is_some() && written == Written::Another);
    let subject = seen.subject.filter(|subject| writer.is_none_or(|writer| writer.id != subject.id));
    let acting = if for_other { mandate(seen, writer, subject, &mut reasons) } else { Acting::ForSelf };
    let grade = grade(seen, writer, &mut reasons);
    let about = if for_other { subject } else { writer.or(subject) };
    let represented = subject.filter(|_| matches!(acting, Acting::Delegate { .. }));
    let party = party(seen, writer.into_iter().chain(represented), &acting, &mut reasons);
    let grants = writer.map(|writer| writer.scopes(rome(seen.at).date())).unwrap_or_default();
    let dossier = if let Named::Known(dossier) = seen.named { Some(dossier.number.clone()) } else { None };
    let facets = Facets {
        signature: enclosed(seen, is_signed, "signature", "una firma", &mut reasons),
        id_copy: enclosed(seen, is_id, "id-copy", "la copia di un documento d'identità", &mut reasons),
        acting,
        party,
        written,
        grants: grants.into_iter().cloned().collect(),
    };
    let (writer, about) = (writer.map(|person| person.id.clone()), about.map(|person| person.id.clone()));
    Standing { grade, writer, about, dossier, facets, reasons }
}

/// Whom the address proves.
fn writer<'a>(seen: &Seen<'a>, code: Option<&str>, reasons: &mut Vec<Reason>) -> Option<&'a Person> {
    if seen.channel == Channel::Ordinary {
        return None;
    }
    let safe = |person: &&Person| person.strength_of(seen.sender, seen.at) >= Some(Strength::Enabled);
    let holders: Vec<&Person> = seen.holders.iter().filter(safe).collect();
    match holders.as_slice() {
        [] => None,
        [one] => Some(one),
        // An index may give one address to a person and to the person's company: the code that is written tells which writes.
        several => {
            let named = several.iter().find(|person| code.is_some_and(|code| person.has_code(code))).copied();
            if named.is_none() {
                let text = format!(
                    "l'indirizzo è il domicilio di {} persone e il messaggio non dice quale scrive",
                    several.len()
                );
                reasons.push(Reason::new("shared-address", text));
            }
            named
        }
    }
}

fn grade(seen: &Seen<'_>, writer: Option<&Person>, reasons: &mut Vec<Reason>) -> Grade {
    let mut say = |grade: Grade, code, text: String| {
        reasons.push(Reason::new(code, text));
        grade
    };
    if seen.channel == Channel::Ordinary {
        return say(
            Grade::OrdinaryMail,
            "ordinary-mail",
            "il messaggio non è una Pec: chi scrive non è provato".into(),
        );
    }
    if let Some(writer) = writer {
        let domiciles = writer.domiciles_at(seen.at);
        let held = domiciles.iter().find(|d| address::same(&d.address, seen.sender));
        if let Some(d) = held {
            let text = format!("{} è il domicilio di {} ({})", seen.sender, shown(writer), d.source.words());
            return match d.source.strength() {
                Strength::Listed => say(Grade::ListedDomicile, "listed-domicile", text),
                _ => say(Grade::EnabledPec, "enabled-pec", text),
            };
        }
    }
    // For somebody else a special domicile is elected by whoever writes; only one's own listed domicile stands in its way.
    let own = seen.subject.filter(|_| !seen.on_behalf).into_iter().chain(seen.holders);
    let listed = own.flat_map(|person| person.domiciles_at(seen.at)).find(|d| d.source.strength() == Strength::Listed);
    match listed {
        Some(d) if !address::same(&d.address, seen.sender) => {
            let text = format!("chi dice di scrivere ha un domicilio {}, e questa Pec è un'altra", d.source.words());
            say(Grade::ListedElsewhere, "listed-elsewhere", text)
        }
        _ => {
            let text =
                "Pec che non conosciamo: scrivendo elegge un domicilio speciale per questo fascicolo".to_string();
            say(Grade::UnknownPecElectingSpecial, "special-domicile", text)
        }
    }
}

fn written(
    code: Option<Result<&str, &crate::refused::Refused>>,
    writer: Option<&Person>,
    reasons: &mut Vec<Reason>,
) -> Written {
    match (code, writer) {
        (None, _) => Written::Absent,
        (Some(Err(why)), _) => {
            reasons.push(Reason::new("code-not-valid", why.text.clone()));
            Written::NotValid
        }
        (Some(Ok(code)), Some(writer)) if writer.has_code(code) => Written::Matches,
        (Some(Ok(_)), Some(writer)) => {
            let text = format!("il codice fiscale nel testo non è quello di {}", shown(writer));
            reasons.push(Reason::new("code-of-another", text));
            Written::Another
        }
        (Some(Ok(_)), None) => {
            reasons.push(Reason::new(
                "code-not-proven",
                "il codice fiscale è solo scritto: nessun indirizzo lo prova".into(),
            ));
            Written::Another
        }
    }
}

/// DPR 445/2000 art. 38 c. 3-bis.
fn mandate(seen: &Seen<'_>, writer: Option<&Person>, subject: Option<&Person>, reasons: &mut Vec<Reason>) -> Acting {
    let today = rome(seen.at).date();
    let number = if let Named::Known(dossier) = seen.named { Some(dossier.number.as_str()) } else { None };
    let given = match (writer, subject) {
        (Some(writer), Some(subject)) => subject.mandates_of(&writer.id),
        _ => Vec::new(),
    };
    let reaches = |over: &Over| match over {
        Over::All => true,
        Over::Dossier { number: of } => number == Some(of.as_str()),
    };
    let here = given.iter().filter(|m| reaches(&m.over));
    if let Some(m) = here.clone().find(|m| m.holds(today)) {
        reasons.push(Reason::new(
            "mandate",
            format!("scrive per un'altra persona con una delega; ultimo giorno: {}", long(m.until)),
        ));
        return Acting::Delegate { over: m.over.clone(), until: m.until };
    }
    if let Some(m) = here.max_by_key(|m| m.until) {
        reasons.push(Reason::new(
            "mandate-ended",
            format!("oggi la delega non vale; primo giorno: {}, ultimo: {}", long(m.from), long(m.until)),
        ));
        return Acting::MandateEnded { until: m.until };
    }
    if given.iter().any(|m| m.holds(today)) {
        reasons.push(Reason::new("mandate-elsewhere", "la delega è per un altro fascicolo".into()));
        return Acting::MandateElsewhere;
    }
    reasons.push(Reason::new("no-mandate", "scrive per un'altra persona e non abbiamo la sua delega".into()));
    Acting::NoMandate
}

/// `persons` are the proven writer, and the one for whom a mandate is held: what is open to that one is open to the delegate.
fn party<'a>(
    seen: &Seen<'_>,
    mut persons: impl Iterator<Item = &'a Person>,
    acting: &Acting,
    reasons: &mut Vec<Reason>,
) -> Party {
    let dossier = match seen.named {
        Named::Nothing => return Party::NotNamed,
        Named::Unknown => {
            reasons.push(Reason::new("no-such-dossier", "cita un fascicolo che nel registro non c'è".into()));
            return Party::NotParty;
        }
        Named::Known(dossier) => dossier,
    };
    // A claimed sender is party to nothing. A proven one is so also through the person's other safe domiciles.
    let is_safe = |d: &Domicile| d.source.strength() >= Strength::Enabled && dossier.has_party(&d.address);
    let by_person = persons.any(|person| person.domiciles_at(seen.at).into_iter().any(is_safe));
    // Whoever took the mandate for this dossier into the register has seen whose it is.
    let by_mandate = matches!(acting, Acting::Delegate { over: Over::Dossier { .. }, .. });
    if seen.channel == Channel::Pec && (dossier.has_party(seen.sender) || by_person || by_mandate) {
        return Party::Party;
    }
    reasons.push(Reason::new("not-a-party", format!("cita il fascicolo {}, di cui non è parte", dossier.number)));
    Party::NotParty
}

fn enclosed(
    seen: &Seen<'_>,
    is: fn(&str) -> bool,
    code: &'static str,
    what: &str,
    reasons: &mut Vec<Reason>,
) -> Enclosed {
    let Some(name) = seen.attachments.iter().find(|name| is(name)) else { return Enclosed::Absent };
    reasons.push(Reason::new(code, format!("«{name}» sembra {what}: c'è, ma nessuno l'ha verificata")));
    Enclosed::Present { name: (*name).to_string() }
}

fn is_signed(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".p7m") || (lower.ends_with(".pdf") && has_words(name, SIGNED_WORDS))
}

fn is_id(name: &str) -> bool {
    has_words(name, ID_WORDS)
}

/// Whole words: `cie` is no part of `specie`.
fn has_words(name: &str, phrases: &[&str]) -> bool {
    let words = format!(" {} ", Normal::of(name).text());
    phrases.iter().any(|phrase| words.contains(&format!(" {phrase} ")))
}

fn shown(person: &Person) -> &str {
    person.names.first().map_or(person.id.as_str(), String::as_str)
}

impl Standing {
    /// Whether the writer acts for somebody else, and nothing in the register says that they may.
    #[must_use]
    pub fn lacks_mandate(&self) -> bool {
        !matches!(self.facets.acting, Acting::ForSelf | Acting::Delegate { .. })
    }

    /// Whether the writer has been granted a scope that holds.
    #[must_use]
    pub fn has_grant(&self, scope: &Scope) -> bool {
        self.facets.grants.contains(scope)
    }
}

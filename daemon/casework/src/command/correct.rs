//! CORREGGI and APRI PRATICA: an office says what a message really was, or gives a dossier to one that has none. It changes when an
//! office can say something else of a message.

use super::words::office;
use super::{Author, Object};
use crate::act::{self, Act, Done};
use crate::address;
use crate::calendar::{long, rome};
use crate::correction::{self, Correction};
use crate::decide::short;
use crate::decision::Change;
use crate::desk::Desk;
use crate::dossier::check::{self, NoNumber};
use crate::dossier::{Document, Dossier, PartyRole, Visibility};
use crate::known::{Known, Wrote};
use crate::letters;
use crate::life::Entry;
use crate::nearest::hint;
use crate::open::{self, NewDossier, NewParty};
use crate::person::Person;
use crate::procedure::Procedure;
use crate::refused::{REASON_BYTES_MAX, Refused, filled};
use crate::rules::normal::Normal;
use crate::rules::{Kind, Rulebook};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// How a correction is written.
const LIKE: &str =
    "CORREGGI: perché, e sotto, ciascuno dopo un trattino, «tipo: …», «ufficio: …», «procedimento: …» o «pratica: …»";

/// What an office says of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    kind: Option<Kind>,
    office: Option<String>,
    dossier: Option<String>,
    /// The procedure by which its dossier is to be worked, as it was written.
    procedure: Option<String>,
    /// First characters of the message's digest; empty: the one that the task is about.
    message: String,
    why: String,
}

impl Said {
    /// That it belongs to the dossier whose number is written.
    ///
    /// # Errors
    /// No number is.
    pub(super) fn in_dossier(number: &str) -> Result<Self, Refused> {
        let number = number.trim().trim_start_matches(':').trim().trim_end_matches('.');
        if number.is_empty() {
            return Err(Refused::new("no-number", "quale? Si scrive per esempio: METTI NEL FASCICOLO 2026/000123"));
        }
        let dossier = Some(in_words_of(number)?);
        Ok(Self { dossier, why: String::from("messo nel fascicolo da una persona"), ..Self::default() })
    }

    /// Reads what stands behind the order and below it.
    ///
    /// # Errors
    /// Something cannot be understood, or nothing is corrected.
    pub(super) fn read(why: &str, points: &[String], book: &Rulebook) -> Result<Self, Refused> {
        let mut said = Self { why: why.trim().to_string(), ..Self::default() };
        for point in points {
            let (name, value) = point.split_once(':').unwrap_or((point, ""));
            let (name, value) = (Normal::of(name), value.trim().trim_end_matches('.'));
            match name.text() {
                // As the link left it.
                "tipo" | "ufficio" | "procedimento" | "servizio" | "pratica" | "fascicolo" | "messaggio" | "perche"
                    if value.is_empty() => {}
                "procedimento" | "servizio" => said.procedure = Some(value.to_string()),
                "tipo" => said.kind = Some(correction::kind(value)?),
                "ufficio" => {
                    let found = office(value, book).ok_or_else(|| {
                        let near = hint(value, book.offices().map(|office| office.title.as_str()));
                        Refused::new("no-office", format!("l'ufficio «{value}» non c'è{near}"))
                    })?;
                    said.office = Some(found.id.clone());
                }
                "pratica" | "fascicolo" => {
                    said.dossier = Some(in_words_of(value)?);
                }
                "messaggio" => said.message = value.to_ascii_lowercase(),
                "perche" => said.why = value.to_string(),
                _ => return Err(Refused::new("not-understood", format!("«{point}» non si capisce. Si scrive {LIKE}"))),
            }
        }
        said.why = filled(&said.why, "il perché: chi scrive le regole impara da lì", REASON_BYTES_MAX)?;
        if said.kind.is_none() && said.office.is_none() && said.dossier.is_none() && said.procedure.is_none() {
            return Err(Refused::new("nothing-corrected", format!("che cosa era sbagliato? Si scrive {LIKE}")));
        }
        Ok(said)
    }
}

/// A dossier's number as it was written.
fn in_words_of(value: &str) -> Result<String, Refused> {
    match check::read(value) {
        Ok(number) => Ok(number),
        Err(NoNumber::Slip) => Err(Refused::new("slip", format!("«{value}»: {}", check::SLIP))),
        Err(NoNumber::Form) => Ok(value.to_string()),
    }
}

/// What a person says of a message that is in no dossier, and that corrects nothing: it stands with the message.
pub(super) fn remark(text: &str, said: &str, wrote: &Wrote, author: Author<'_>) -> Result<Done, Refused> {
    let why = filled(text, "il testo", REASON_BYTES_MAX)?;
    // To which dossier it belongs stays said.
    let dossier = wrote.dossier.clone();
    let by = author.name.to_string();
    let correction = Correction { kind: None, office: None, dossier, procedure: None, by, why };
    let changes = vec![Change::Corrected { message: wrote.digest.clone(), correction }];
    Ok(Done { changes, said: format!("messaggio {}: {said}", short(&wrote.digest)), ..Done::default() })
}

/// It is another office's: that one gets the task, with the message as it came.
pub(super) fn pass_on(
    office: &str,
    wrote: &Wrote,
    author: Author<'_>,
    known: &Known,
    desk: &Desk,
) -> Result<Done, Refused> {
    if office == author.office {
        return Err(Refused::new(
            "same-office",
            "è già del tuo ufficio: di quale altro è? Scrivi NON COMPETENZA: l'ufficio",
        ));
    }
    let text = format!("non competenza: passa all'ufficio «{office}»");
    let mut done = remark(&text, &text, wrote, author)?;
    if let Some(Change::Corrected { correction, .. }) = done.changes.first_mut() {
        correction.office = Some(office.to_string());
    }
    let mut after = wrote.clone();
    after.corrections = after.corrections.saturating_add(1);
    let why = format!("passato da {} ({})", author.name, author.office);
    let task = letters::passed_on(office, &why, &after, known, desk);
    done.outgoing
        .push(task.ok_or_else(|| Refused::new("no-letter", "il compito per quell'ufficio non si può scrivere"))?);
    Ok(done)
}

/// Who wrote by ordinary mail is told how to write so that it counts (CAD art. 65): a person has looked at it and wants that.
pub(super) fn ask_pec(wrote: &Wrote, author: Author<'_>, known: &Known, desk: &Desk) -> Result<Done, Refused> {
    may_ask_pec(wrote, desk)?;
    let to = wrote.sender.trim();
    let text = format!("scritto a {to} come mandare una richiesta valida");
    let mut done = remark(&text, &text, wrote, author)?;
    let letter = letters::ways_of_asking(wrote, author.office, known, desk);
    done.outgoing.push(letter.map_err(|why| Refused::new("no-letter", why.text))?);
    Ok(done)
}

/// Whether that letter may go to who wrote a message.
pub(super) fn may_ask_pec(wrote: &Wrote, desk: &Desk) -> Result<(), Refused> {
    if wrote.aside {
        let text = "il messaggio è in quarantena: chi l'ha scritto può essere un altro, e non gli si risponde";
        return Err(Refused::new("aside", text));
    }
    if wrote.proven.is_some() {
        return Err(Refused::new("certified", "il messaggio è certificato: chi scrive ha già una Pec"));
    }
    let to = wrote.sender.trim();
    if !address::is_plausible(to) || address::is_machine(to) || crate::decide::is_ours(to, desk) {
        let text =
            "il mittente che il messaggio dichiara non è una persona a cui scrivere: rispondi per un'altra strada";
        return Err(Refused::new("no-address", text));
    }
    Ok(())
}

/// Writes down what a message really was; where the office was wrong, its dossier goes to the right one in the same line.
///
/// # Errors
/// Why not. Nothing changes then.
pub(super) fn correct(
    said: Said,
    object: Object<'_>,
    author: Author<'_>,
    known: &Known,
    desk: &Desk,
) -> Result<Done, Refused> {
    let message = meant(&said.message, object, known)?;
    if let Some(number) = said.dossier.as_ref().filter(|number| known.dossier(number).is_none()) {
        return Err(Refused::new("no-dossier", format!("il fascicolo {number} non c'è")));
    }
    let right =
        said.procedure.as_deref().map(|named| procedure(named, "CORREGGI: perché, e sotto «- procedimento: ", desk));
    let right = right.transpose()?;
    if let (Some(_), Object::Message(_)) = (right, object) {
        let text =
            "per questo messaggio non c'è ancora una pratica: aprila con il procedimento giusto, con APRI PRATICA";
        return Err(Refused::new("no-dossier", text));
    }
    let by = author.name.to_string();
    let (kind, office, dossier, why) = (said.kind, said.office, said.dossier, said.why);
    let correction = Correction { kind, office, dossier, procedure: right.map(|right| right.id.clone()), by, why };
    let what = in_words(&correction, desk);
    let mut done = Done { said: format!("messaggio {}: corretto, era {what}", short(&message)), ..Done::default() };
    if let Object::Dossier(dossier) = object {
        let elsewhere = correction.office.as_ref().filter(|office| **office != dossier.office);
        let assign = elsewhere.map(|office| Act::Assign { office: office.clone(), responsible: String::new() });
        let note = Act::Note { text: format!("Messaggio {}: era {what}. {}", short(&message), correction.why) };
        let other = correction.procedure.clone();
        let other = other.map(|procedure| Act::Reclassify { procedure, why: correction.why.clone() });
        done = acted(done, dossier, core::iter::once(note).chain(other).chain(assign), author, known, desk)?;
    }
    // The other dossier shows that it concerns it.
    let other = correction.dossier.as_deref().filter(|number| *number != object.name());
    if let Some(other) = other.and_then(|number| known.dossier(number)) {
        let text = format!("Riguarda questa pratica il messaggio {}. {}", short(&message), correction.why);
        done = acted(done, other, core::iter::once(Act::Note { text }), author, known, desk)?;
        let wrote = match object {
            Object::Message(wrote) => Some(wrote),
            Object::Dossier(_) => known.wrote(&message),
        };
        done = filed(done, other, wrote.filter(|wrote| wrote.digest == message));
    }
    done.changes.insert(0, Change::Corrected { message, correction });
    Ok(done)
}

/// The message and its attachments, as documents of the dossier that it belongs to. Its parties see what a party sent by PEC; of
/// what somebody else wrote the office says first whether they may.
fn filed(mut done: Done, dossier: &Dossier, wrote: Option<&Wrote>) -> Done {
    let Some(wrote) = wrote.filter(|wrote| wrote.dossier.as_deref() != Some(&*dossier.number)) else { return done };
    let is_partys = wrote.is_certified() && dossier.has_party(&wrote.sender);
    let visibility = if is_partys { Visibility::Parties } else { Visibility::Reserved };
    let of = |digest: &str, name: String, media: &str, message: &str| Entry::Deposited {
        document: Document { digest: digest.into(), name, media: media.into(), message: message.into(), visibility },
    };
    // By its own digest: which attachment a document is, is counted among those of its message.
    let name = format!("messaggio di {}, {}.eml", wrote.sender, long(rome(wrote.at).date()));
    let whole = of(&wrote.digest, name, "message/rfc822", "");
    let files = wrote.files.iter().map(|(name, media)| of("", name.clone(), media, &wrote.digest));
    let entries: Vec<Entry> = core::iter::once(whole).chain(files).collect();
    done.said = format!("{}; documenti messi nel fascicolo: {}", done.said, entries.len());
    let entered = |entry| Change::Entered { dossier: dossier.number.clone(), entry };
    done.changes.extend(entries.into_iter().map(entered));
    done
}

/// Does one thing after the other with a dossier.
fn acted(
    mut done: Done,
    dossier: &Dossier,
    acts: impl Iterator<Item = Act>,
    author: Author<'_>,
    known: &Known,
    desk: &Desk,
) -> Result<Done, Refused> {
    let mut dossier = dossier.clone();
    for what in acts {
        let more = act::act(&author.order(&dossier, what), &dossier, &known.people, desk, known.now)?;
        for change in &more.changes {
            if let Change::Entered { entry, .. } = change {
                dossier.apply(entry, known.now);
            }
        }
        done.said = format!("{}; {}", done.said, more.said);
        done.changes.extend(more.changes);
        done.outgoing.extend(more.outgoing);
    }
    Ok(done)
}

/// The digest of the message that is corrected: one of the dossier, or that without a dossier.
fn meant(named: &str, object: Object<'_>, known: &Known) -> Result<String, Refused> {
    let own = match object {
        Object::Dossier(dossier) => dossier.cover.origin.as_str(),
        Object::Message(wrote) => wrote.digest.as_str(),
    };
    if named.is_empty() && own.is_empty() {
        let text = "il fascicolo non nasce da un messaggio: scrivi «messaggio: …», come nel compito";
        return Err(Refused::new("no-message", text));
    }
    if named.is_empty() || own.starts_with(named) {
        return Ok(own.to_string());
    }
    // Of another message only where it is of the same dossier: a code is good for one.
    match known.wrote(named).filter(|wrote| wrote.dossier.as_deref() == Some(object.name())) {
        Some(wrote) => Ok(wrote.digest.clone()),
        None => Err(Refused::new("no-message", format!("il messaggio «{named}» non è di questa pratica"))),
    }
}

fn in_words(correction: &Correction, desk: &Desk) -> String {
    let title = |id: &String| desk.rules.office(id).map_or(id.clone(), |office| office.title.clone());
    let parts = [
        correction.kind.map(|kind| format!("«{}»", kind.title())),
        correction.office.as_ref().map(|id| format!("per l'ufficio «{}»", title(id))),
        correction.procedure.as_ref().map(|id| format!("del procedimento «{id}»")),
        correction.dossier.as_ref().map(|number| format!("della pratica {number}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Opens a dossier for a certified message that has none, as if its request had been understood when it came: its author is the
/// applicant, the term runs since it came (L. 241/1990 art. 2 c. 6), the start notice leaves in the same line, and the rules learn.
///
/// # Errors
/// Why not. Nothing changes then.
pub(super) fn open(
    named: &str,
    wrote: &Wrote,
    author: Author<'_>,
    known: &Known,
    desk: &Desk,
) -> Result<Done, Refused> {
    if !wrote.is_certified() {
        let text = "chi ha scritto il messaggio non è certificato: verifica chi è, poi apri la pratica con «sportello \
                    dossier open»";
        return Err(Refused::new("not-certified", text));
    }
    let procedure = procedure(named, "APRI PRATICA: ", desk)?;
    let new = NewDossier {
        procedure: procedure.id.clone(),
        subject: procedure.title.clone(),
        office: procedure.unit.clone().unwrap_or_else(|| author.office.to_string()),
        responsible: String::new(),
        classification: String::new(),
        parties: vec![applicant(&wrote.sender, known)],
        since: None,
        told: false,
        reserved: false,
        by: author.name.to_string(),
        origin: wrote.digest.clone(),
    };
    open::dossier(&new, known.next_ordinal, &known.people, Some(wrote), desk, known.now)
}

/// Who wrote, under the code of the one person whose domicile it is.
fn applicant(mail: &str, known: &Known) -> NewParty {
    let is_at = |person: &&Person| person.domiciles.iter().any(|domicile| address::same(&domicile.address, mail));
    let mut holders = known.people.iter().filter(is_at);
    let person = holders.next().filter(|_| holders.next().is_none());
    let code = person.and_then(|person| person.codice_fiscale.clone().or_else(|| person.partita_iva.clone()));
    NewParty {
        code: code.unwrap_or_default(),
        name: person.and_then(|person| person.names.first().cloned()).unwrap_or_default(),
        address: mail.trim().to_string(),
        role: PartyRole::Applicant,
    }
}

/// A procedure by its id or its name; `like`: what is written before it.
pub(super) fn procedure<'a>(said: &str, like: &str, desk: &'a Desk) -> Result<&'a Procedure, Refused> {
    let said = said.trim();
    let same = |name: &str| Normal::of(name).text() == Normal::of(said).text();
    let found = desk.procedures.all().find(|procedure| same(&procedure.id) || same(&procedure.title));
    found.ok_or_else(|| {
        let all: Vec<&str> = desk.procedures.all().map(|procedure| procedure.id.as_str()).collect();
        let near = crate::nearest::nearest(said, &all).map_or(String::new(), |near| format!(" Forse «{near}»?"));
        let what = if said.is_empty() {
            "manca il procedimento".into()
        } else {
            format!("il procedimento «{said}» non c'è")
        };
        Refused::new(
            "no-procedure",
            format!(
                "{what}.{near} Si scrive per esempio: {like}{}. Ci sono: {}",
                all.first().unwrap_or(&""),
                all.join(", ")
            ),
        )
    })
}

//! APRI PRATICA without a message: an office opens a dossier by itself, with the start notice in the same line (L. 241/1990 artt. 7
//! and 8; functions S0.05). It changes when an office can say something else of such a dossier.
//!
//! Only from the office's own PEC: over the mailbox of the offices an order gives back the code of a task, and here there is none.

use super::Author;
use super::correct::procedure;
use crate::act::{Done, Handed, handed};
use crate::decision::Change;
use crate::desk::Desk;
use crate::dossier::PartyRole;
use crate::known::{Known, codes_of};
use crate::open::{self, NewDossier, NewParty};
use crate::refused::Refused;
use crate::rules::normal::Normal;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use pec::Content;

/// How it is written.
const LIKE: &str = "APRI PRATICA: procedimento, e sotto, ciascuno dopo un trattino, «oggetto: …» e «persona: codice fiscale, nome, \
                    Pec», una riga per persona; se servono «responsabile: …», «classificazione: …», «riservata: sì»";

/// Opens it.
///
/// # Errors
/// Why not. Nothing changes then.
pub(super) fn open(
    named: &str,
    points: &[String],
    author: Author<'_>,
    content: &Content,
    known: &Known,
    desk: &Desk,
) -> Result<Done, Refused> {
    let procedure = procedure(named, "APRI PRATICA: ", desk)?;
    let office = procedure.unit.clone().unwrap_or_else(|| author.office.to_string());
    if office != author.office && !procedure.other_units.iter().any(|unit| unit == author.office) {
        let title = desk.rules.office(&office).map_or(office.as_str(), |office| &office.title);
        let text = format!("il procedimento «{}» è dell'ufficio «{title}»: la pratica la apre lui", procedure.title);
        return Err(Refused::new("not-lawful", text));
    }
    let mut new = NewDossier {
        procedure: procedure.id.clone(),
        subject: procedure.title.clone(),
        office,
        responsible: String::new(),
        classification: String::new(),
        parties: vec![],
        since: None,
        told: false,
        reserved: false,
        by: author.name.to_string(),
        origin: String::new(),
    };
    for point in points {
        let (name, value) = point.split_once(':').unwrap_or((point, ""));
        let value = value.trim();
        match Normal::of(name).text() {
            "oggetto" if !value.is_empty() => new.subject = value.to_string(),
            "persona" => new.parties.push(person(value, content)?),
            "responsabile" => new.responsible = value.to_string(),
            "classificazione" => new.classification = value.to_string(),
            "riservata" | "riservato" => {
                new.reserved = match Normal::of(value).text() {
                    "si" => true,
                    "no" => false,
                    _ => return Err(not_understood(point)),
                }
            }
            _ => return Err(not_understood(point)),
        }
    }
    if new.parties.is_empty() {
        return Err(Refused::new("no-parties", format!("manca a chi scrivere. Si scrive {LIKE}")));
    }
    let done = open::dossier(&new, known.next_ordinal, &known.people, None, desk, known.now)?;
    let opened = done.changes.iter().find_map(|change| match change {
        Change::Opened { dossier } => Some(dossier.number.clone()),
        _ => None,
    });
    // The start notice takes none of them along: what is attached is why the office begins, and stays with it.
    Ok(match opened {
        Some(number) => handed::kept(done, &number, &Handed::of(&known.digest, content)),
        None => done,
    })
}

fn not_understood(point: &str) -> Refused {
    Refused::new("not-understood", format!("«{point}» non si capisce. Si scrive {LIKE}"))
}

/// «CF, nome, Pec»: the address may be left out of who has a safe domicile.
fn person(said: &str, content: &Content) -> Result<NewParty, Refused> {
    let mut parts = said.split(',').map(str::trim);
    let code = parts.next().unwrap_or_default().to_ascii_uppercase();
    let name = parts.next().unwrap_or_default().to_string();
    let address = parts.next().unwrap_or_default().to_string();
    if code.is_empty() || name.is_empty() || parts.next().is_some() {
        return Err(not_understood(&format!("persona: {said}")));
    }
    // Whom the register has under a code that was not looked up would be entered a second time.
    if !codes_of(content).contains(&code) {
        let text = format!(
            "«{code}» non è un codice giusto, o il messaggio nomina troppe persone: aprila al banco (dossier open)"
        );
        return Err(Refused::new("bad-code", text));
    }
    Ok(NewParty { code, name, address, role: PartyRole::Addressee })
}

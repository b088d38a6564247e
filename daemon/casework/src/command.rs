//! A mail of an office that answers a task: who gives the order, what it is, and what came of it. It changes when an office can
//! order by mail in another way.
//!
//! An order counts only from a mailbox that the rules give to an office, over a road on which nobody else can use that address: its
//! own PEC, or the mailbox of the offices where the body's server vouches for who wrote ([`vouched`]) and the answer gives back the
//! code of the task ([`code`]). It is carried out by [`act`](crate::act::act), as any other. Who gave it is always answered.

pub(crate) mod answers;
mod code;
mod vouched;
mod words;

use crate::act::{self, Order};
use crate::address;
use crate::calendar::spoken;
use crate::decide::only;
use crate::decision::{Change, Decision, Disposition, Reason};
use crate::desk::Desk;
use crate::dossier::{self, Dossier};
use crate::guard;
use crate::known::{Known, Spent};
use crate::letters::{self, order::Told};
use crate::procedure::Role;
use crate::refused::Refused;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
pub(crate) use code::all as codes;
use pec::{Content, Examined};

/// Orders of one mailbox that are answered in a day: a person gives some, a machine that answers ours as many as it likes.
const ANSWERS_A_DAY_MAX: usize = 200;

/// Whose mailbox wrote: for which office, under which name, as what.
#[derive(Debug, Clone, Copy)]
struct Author<'a> {
    office: &'a str,
    name: &'a str,
    role: &'a str,
}

/// The road on which the mail came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Road {
    /// The author's own PEC: its provider vouches.
    Pec,
    /// The mailbox of the offices: the body's server vouches, and the code of the task proves that it was read.
    OfficeBox,
}

/// The decision on an uncertified mail, if it came into the mailbox of the offices and says that it is from one.
pub(crate) fn by_mail(seen: &Examined, content: &Content, known: &Known, desk: &Desk) -> Option<Decision> {
    let server = &desk.entity.office_box.as_ref().filter(|_| known.is_from_offices)?.server;
    let [from] = content.from.as_slice() else { return None };
    let authors = authors(&from.address, desk);
    if authors.is_empty() || !guard::machine_marks(&from.address, seen, content).is_empty() {
        return None; // as any other mail of somebody, or of a machine
    }
    match vouched::by(&seen.authentication, server, &from.address) {
        Ok(why) => Some(obey(Road::OfficeBox, &from.address, &authors, why, seen, content, known, desk)),
        Err(why) => {
            // It may be somebody who writes under the office's address: no order, and no answer to that address either.
            let why = format!("sembra di un ufficio ({}), ma {why}", from.address);
            let trail = vec![Reason::new("not-vouched", why.clone())];
            let task = letters::check_task(letters::Claim::of(seen, Some(content)), &why, &trail, known, desk);
            let office = desk.entity.fallback_office.clone();
            Some(Decision {
                outgoing: task.into_iter().collect(),
                ..only(Disposition::ToPerson { office, why }, trail)
            })
        }
    }
}

/// The decision on the content of a proven envelope whose sender is an office, if it orders something.
pub(crate) fn by_pec(sender: &str, seen: &Examined, content: &Content, known: &Known, desk: &Desk) -> Option<Decision> {
    let authors = authors(sender, desk);
    let is_order = match words::read(&content.text, &desk.rules, &desk.entity.fallback_office) {
        Ok(_) => true,
        Err(why) => why.code != "no-order",
    };
    if authors.is_empty() || !is_order || !guard::machine_marks(sender, seen, content).is_empty() {
        return None;
    }
    let why = format!("viene dalla Pec {sender}");
    Some(obey(Road::Pec, sender, &authors, why, seen, content, known, desk))
}

/// As whom somebody may give orders from a mailbox.
fn authors<'a>(mail: &str, desk: &'a Desk) -> Vec<Author<'a>> {
    let mut authors = Vec::new();
    for office in desk.rules.offices() {
        let people = office.people.iter().filter(|person| address::same(&person.mail, mail));
        authors.extend(people.map(|person| Author { office: &office.id, name: &person.name, role: &person.role }));
        if address::same(&office.mail, mail) {
            // Several people may share it, so it is one for the four eyes.
            authors.push(Author { office: &office.id, name: &office.mail, role: &office.role });
        }
    }
    authors
}

/// What an order stands on: who gives it, about which dossier, under which code.
struct Standing<'a> {
    author: Author<'a>,
    dossier: &'a Dossier,
    code: String,
    /// What was done under this code already.
    spent: Option<&'a Spent>,
}

#[allow(clippy::too_many_arguments)]
fn obey(
    road: Road,
    mail: &str,
    authors: &[Author<'_>],
    vouched: String,
    seen: &Examined,
    content: &Content,
    known: &Known,
    desk: &Desk,
) -> Decision {
    let mut trail = vec![Reason::new("office", vouched)];
    let standing = stand(road, authors, content, known, desk);
    let office =
        standing.as_ref().map_or_else(|_| authors.first().map_or("", |author| author.office), |s| s.author.office);
    let number = standing.as_ref().ok().map(|standing| standing.dossier.number.clone());
    let disposition = Disposition::Order { office: office.to_string(), dossier: number.clone() };
    let mut decision = only(disposition, vec![]);
    let done = standing.as_ref().map_err(Refused::clone).and_then(|standing| {
        if let Some(Spent { at, by, said }) = standing.spent {
            let text = format!(
                "a questo compito ha già risposto {by}, {} («{said}»). Niente è stato fatto due volte",
                spoken(*at)
            );
            return Err(Refused::new("code-spent", text));
        }
        let order = Order {
            dossier: standing.dossier.number.clone(),
            act: words::read(&content.text, &desk.rules, &desk.entity.fallback_office)?,
            by: standing.author.name.to_string(),
            office: standing.author.office.to_string(),
            role: standing.author.role.to_string(),
        };
        act::act(&order, standing.dossier, &known.people, desk, known.now)
    });
    let mut after = standing.as_ref().ok().map(|standing| standing.dossier.clone());
    let told = match (done, &standing) {
        (Ok(done), Ok(standing)) => {
            trail.push(Reason::new("order-done", done.said.clone()));
            for change in &done.changes {
                if let (Some(dossier), Change::Entered { entry, .. }) = (&mut after, change) {
                    dossier.apply(entry, known.now);
                }
            }
            decision.changes.push(Change::Filed { dossier: standing.dossier.number.clone() });
            decision.changes.push(Change::Ordered {
                dossier: standing.dossier.number.clone(),
                office: standing.author.office.to_string(),
                by: standing.author.name.to_string(),
                code: standing.code.clone(),
                said: done.said.clone(),
            });
            decision.changes.extend(done.changes);
            decision.outgoing.extend(done.outgoing);
            Told::Done(done.said)
        }
        (Err(why), _) => {
            trail.push(Reason::new(why.code, format!("ordine non eseguito: {}", why.text)));
            Told::Refused(why.text)
        }
        (Ok(_), Err(_)) => Told::Refused(String::from("l'ordine non si può eseguire")), // there is no order without a standing
    };
    if known.traffic.to_sender.len() < ANSWERS_A_DAY_MAX {
        let about =
            after.as_ref().zip(standing.as_ref().ok()).map(|(dossier, standing)| (dossier, standing.author.role));
        let ids = (seen.message_id.as_deref(), content);
        match letters::order::answer(&told, office, mail, about, ids, known, desk) {
            Ok(letter) => decision.outgoing.insert(0, letter),
            Err(why) => decision.changes.push(Change::Incident { code: why.code, text: why.text }),
        }
    } else {
        let text = format!("{mail} manda troppi ordini in un giorno: non riceve più risposte fino a domani");
        decision.changes.push(Change::Incident { code: "too-many-orders".into(), text });
    }
    Decision { trail, ..decision }
}

/// Who gives it about what, if that holds together.
fn stand<'a>(
    road: Road,
    authors: &[Author<'a>],
    content: &Content,
    known: &'a Known,
    desk: &Desk,
) -> Result<Standing<'a>, Refused> {
    let codes: Vec<String> = codes(&content.subject).chain(codes(&content.text)).collect();
    let named = dossier::tagged(&content.subject).or_else(|| dossier::tagged(&content.text));
    let dossier = named.as_deref().and_then(|number| known.dossier(number));
    // Before anything is said of a dossier: whoever has no code for it learns nothing of it.
    let keyed = dossier.and_then(|dossier| {
        let pairs = codes.iter().flat_map(|code| authors.iter().map(move |author| (code, author)));
        let mut good = pairs.filter(|(code, author)| code::is_for(code, dossier, author.office, desk));
        // A person of an office counts as such, also where the office's mailbox is the same.
        good.next().map(|(code, author)| (dossier, code.clone(), *author))
    });
    match (keyed, road) {
        (Some((dossier, code, author)), _) => Ok(Standing { author, dossier, spent: known.spent.get(&code), code }),
        (None, Road::Pec) => {
            let Some(dossier) = dossier else {
                let text = "non si capisce di quale pratica: l'oggetto deve avere [Fascicolo …], come nel compito";
                return Err(Refused::new("no-dossier", text));
            };
            let author = authors.iter().find(|author| author.office == dossier.office).or(authors.first());
            let author = author.copied().ok_or_else(|| Refused::new("no-office", "chi scrive non è di un ufficio"))?;
            Ok(Standing { author, dossier, code: String::new(), spent: None })
        }
        (None, Road::OfficeBox) if codes.is_empty() => Err(Refused::new(
            "no-code",
            "manca il codice del compito: rispondi al messaggio del compito senza cambiare l'oggetto",
        )),
        (None, Road::OfficeBox) => Err(Refused::new(
            "wrong-code",
            "il codice non vale per questa pratica e per il tuo ufficio: rispondi all'ultimo messaggio che hai ricevuto su questa pratica",
        )),
    }
}

/// Roles from the weakest, for the answers that are offered.
fn role(code: &str) -> Role {
    Role::of(code).unwrap_or(Role::Operatore)
}

#[cfg(test)]
mod tests;

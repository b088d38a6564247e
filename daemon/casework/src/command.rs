//! A mail of an office that answers a task: who gives the order, what it is, and what came of it. It changes when an office can
//! order by mail in another way.
//!
//! An order counts only from a mailbox that the rules give to an office, over a road on which nobody else can use that address: its
//! own PEC, or the mailbox of the offices where the body's server vouches for who wrote ([`vouched`]) and the answer gives back the
//! code of the task ([`code`]). It is carried out by [`act`](crate::act::act), as any other. Who gave it is always answered.

pub(crate) mod answers;
mod code;
mod correct;
mod exofficio;
mod vouched;
mod words;

use crate::act::{self, Act, Done, Handed, Order};
use crate::address;
use crate::calendar::spoken;
use crate::decide::{only, short};
use crate::decision::{Change, Decision, Disposition, Reason};
use crate::desk::Desk;
use crate::dossier::check::{self, NoNumber};
use crate::dossier::{self, Dossier};
use crate::guard;
use crate::known::{Known, Spent, Wrote};
use crate::letters::{self, order::Told};
use crate::refused::Refused;
use crate::rules::Rulebook;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
pub(crate) use code::all as codes;
use pec::{Content, Examined};
use words::Wanted;

/// Orders of one mailbox that are answered in a day: a person gives some, a machine that answers ours as many as it likes.
const ANSWERS_A_DAY_MAX: usize = 200;

/// Whose mailbox wrote: for which office, under which name, as what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author<'a> {
    /// The office (id).
    pub(crate) office: &'a str,
    /// Name and surname; of a mailbox that several share, its address.
    pub(crate) name: &'a str,
    /// Slug of the role.
    pub(crate) role: &'a str,
}

impl<'a> Author<'a> {
    /// Whoever reads what goes to the mailbox of an office: several people may share it, so it is one for the four eyes.
    pub(crate) fn shared(office: &'a str, desk: &'a Desk) -> Self {
        let (name, role) = desk.rules.office(office).map_or(("", ""), |office| (&office.mail, &office.role));
        Self { office, name, role }
    }

    /// The order to do something with a dossier.
    fn order(&self, dossier: &Dossier, act: Act) -> Order {
        Order::new(dossier.number.as_str(), act, self.name, self.office, self.role)
    }
}

/// What an order is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Object<'a> {
    /// A dossier.
    Dossier(&'a Dossier),
    /// A message that is in none.
    Message(&'a Wrote),
}

impl<'a> Object<'a> {
    /// Under which its codes are made.
    fn name(self) -> &'a str {
        match self {
            Self::Dossier(dossier) => &dossier.number,
            Self::Message(wrote) => &wrote.digest,
        }
    }

    /// How often something was done with it: so many codes of it were good.
    fn count(self) -> u32 {
        match self {
            Self::Dossier(dossier) => dossier.life.entries,
            Self::Message(wrote) => wrote.corrections,
        }
    }

    /// The message that can be corrected.
    pub(crate) fn message(self) -> &'a str {
        match self {
            Self::Dossier(dossier) => &dossier.cover.origin,
            Self::Message(wrote) => &wrote.digest,
        }
    }
}

/// Digits of a message's digest, at least, that name it.
const NAMED_DIGITS_MIN: usize = 12;
/// Digits of a whole digest.
const DIGEST_DIGITS: usize = 64;

/// What is told to who names no dossier.
const NO_DOSSIER: &str = "non si capisce di quale pratica: l'oggetto deve avere [Fascicolo …], come nel compito";

/// The mark of a message in the subject of a task.
pub(crate) fn tag(digest: &str) -> String {
    format!("[Messaggio {}]", short(digest))
}

/// Whether a mailbox is one from which an office may order.
pub(crate) fn is_of_office(mail: &str, book: &Rulebook) -> bool {
    !authors(mail, book).is_empty()
}

/// The decided messages that an office's mail names: of nobody else's is that looked up.
pub(crate) fn messages<'a>(mail: &str, content: &'a Content, book: &Rulebook) -> impl Iterator<Item = String> + 'a {
    let is_office = is_of_office(mail, book);
    [&content.subject, &content.text].into_iter().filter(move |_| is_office).flat_map(|text| named(text))
}

/// The decided messages that a text names, each by the beginning of its digest, lower case: as [`tag`] and CORREGGI do.
fn named(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    core::iter::from_fn(move || {
        words.by_ref().find(|word| word.eq_ignore_ascii_case("messaggio"))?;
        Some(words.next().unwrap_or_default().to_ascii_lowercase())
    })
    .filter(|word| {
        (NAMED_DIGITS_MIN..=DIGEST_DIGITS).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit())
    })
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
    let authors = authors(&from.address, &desk.rules);
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
    let authors = authors(sender, &desk.rules);
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
fn authors<'a>(mail: &str, book: &'a Rulebook) -> Vec<Author<'a>> {
    let mut authors = Vec::new();
    for office in book.offices() {
        let people = office.people.iter().filter(|person| address::same(&person.mail, mail));
        authors.extend(people.map(|person| Author { office: &office.id, name: &person.name, role: &person.role }));
        if address::same(&office.mail, mail) {
            authors.push(Author { office: &office.id, name: &office.mail, role: &office.role });
        }
    }
    authors
}

/// What an order stands on: who gives it, about what, under which code.
struct Standing<'a> {
    author: Author<'a>,
    /// None: the office opens a dossier by itself, and writes from its own PEC.
    object: Option<Object<'a>>,
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
    let done = standing.as_ref().map_err(Refused::clone).and_then(|standing| {
        if let Some(Spent { at, by, said }) = standing.spent {
            let text = format!(
                "a questo compito ha già risposto {by}, {} («{said}»). Niente è stato fatto due volte",
                spoken(*at)
            );
            return Err(Refused::new("code-spent", text));
        }
        let wanted = words::read(&content.text, &desk.rules, &desk.entity.fallback_office)?;
        carry_out(wanted, content, standing, known, desk)
    });
    let mut after = standing.as_ref().ok().map(|standing| After::of(standing.object));
    if let (Ok(done), Some(after)) = (&done, &mut after) {
        after.take(&done.changes, known);
    }
    let number = after.as_ref().and_then(|after| after.dossier.as_ref()).map(|dossier| dossier.number.clone());
    let mut decision = only(Disposition::Order { office: office.to_string(), dossier: number.clone() }, vec![]);
    let told = match (done, &standing) {
        (Ok(done), Ok(standing)) => {
            trail.push(Reason::new("order-done", done.said.clone()));
            let opened = done.changes.iter().any(|change| matches!(change, Change::Opened { .. }));
            let ordered = Change::Ordered {
                dossier: number.clone().unwrap_or_default(),
                office: standing.author.office.to_string(),
                by: standing.author.name.to_string(),
                code: standing.code.clone(),
                said: done.said.clone(),
            };
            // What opens a dossier stands before what is written into it.
            decision.changes.extend(number.filter(|_| !opened).map(|dossier| Change::Filed { dossier }));
            decision.changes.push(ordered);
            decision.changes.extend(done.changes);
            decision.outgoing.extend(done.outgoing);
            Told::Done(done.said)
        }
        (Err(why), standing) => {
            if let Ok(standing) = standing {
                let what = match standing.object {
                    Some(Object::Dossier(dossier)) => format!("fascicolo {}", dossier.number),
                    Some(Object::Message(wrote)) => format!("messaggio {}", short(&wrote.digest)),
                    None => String::from("un fascicolo da aprire"),
                };
                decision.changes.extend(why.attempt(standing.author.name, standing.author.office, &what));
            }
            trail.push(Reason::new(why.code, format!("ordine non eseguito: {}", why.text)));
            Told::Refused(why.text)
        }
        (Ok(_), Err(_)) => Told::Refused(String::from("l'ordine non si può eseguire")), // there is no order without a standing
    };
    if known.traffic.to_sender.len() < ANSWERS_A_DAY_MAX {
        let about = after.as_ref().zip(standing.as_ref().ok());
        let about = about.and_then(|(after, standing)| Some((after.object()?, standing.author)));
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

/// Does what is wanted, if it may be done.
fn carry_out(
    wanted: Wanted,
    content: &Content,
    standing: &Standing<'_>,
    known: &Known,
    desk: &Desk,
) -> Result<Done, Refused> {
    let author = standing.author;
    let Some(object) = standing.object else {
        return match wanted {
            Wanted::Open(named, points) => exofficio::open(&named, &points, author, content, known, desk),
            Wanted::Act(_) | Wanted::AskPec | Wanted::Correct(_) => Err(Refused::new("no-dossier", NO_DOSSIER)),
        };
    };
    match (wanted, object) {
        (Wanted::Act(act), Object::Dossier(dossier)) => {
            let filed = known.filed.get(&dossier.number).cloned().unwrap_or_default();
            let held = known.held.get(&dossier.number).cloned().unwrap_or_default();
            let documents = Handed::of(&known.digest, content);
            let order = Order { documents, filed, held, ..author.order(dossier, act) };
            act::act(&order, dossier, &known.people, desk, known.now)
        }
        (Wanted::Act(Act::Note { text }), Object::Message(wrote)) => {
            correct::remark(&text, "nota scritta", wrote, author)
        }
        (Wanted::Act(Act::Assign { office, .. }), Object::Message(wrote)) if !office.is_empty() => {
            correct::pass_on(&office, wrote, author, known, desk)
        }
        (Wanted::Act(_), Object::Message(_)) => {
            let text =
                "per questo messaggio non c'è ancora una pratica: si può fare solo quello che è scritto qui sotto";
            Err(Refused::new("no-dossier", text))
        }
        (Wanted::AskPec, Object::Message(wrote)) => correct::ask_pec(wrote, author, known, desk),
        (Wanted::AskPec, Object::Dossier(_)) => {
            let text =
                "il messaggio ha già una pratica: per quello che non è in regola si scrive CHIEDO REGOLARIZZAZIONE";
            Err(Refused::new("has-dossier", text))
        }
        (Wanted::Open(..), Object::Dossier(dossier)) => {
            Err(Refused::new("has-dossier", format!("il messaggio è già nel fascicolo {}", dossier.number)))
        }
        (Wanted::Open(named, _), Object::Message(wrote)) => correct::open(&named, wrote, author, known, desk),
        (Wanted::Correct(said), object) => correct::correct(said, object, author, known, desk),
    }
}

/// What an order is about, as it is once the order is carried out.
struct After {
    dossier: Option<Dossier>,
    message: Option<Wrote>,
}

impl After {
    fn of(object: Option<Object<'_>>) -> Self {
        match object {
            Some(Object::Dossier(dossier)) => Self { dossier: Some(dossier.clone()), message: None },
            Some(Object::Message(wrote)) => Self { dossier: None, message: Some(wrote.clone()) },
            None => Self { dossier: None, message: None },
        }
    }

    fn take(&mut self, changes: &[Change], known: &Known) {
        for change in changes {
            match (change, &mut self.dossier, &mut self.message) {
                (Change::Opened { dossier }, none, _) => *none = Some(dossier.clone()),
                (Change::Entered { dossier, entry }, Some(own), _) if own.number == *dossier => {
                    own.apply(entry, known.now);
                }
                (Change::Corrected { message, .. }, _, Some(wrote)) if wrote.digest == *message => {
                    wrote.corrections += 1
                }
                _ => {}
            }
        }
    }

    fn object(&self) -> Option<Object<'_>> {
        let dossier = self.dossier.as_ref().map(Object::Dossier);
        dossier.or_else(|| self.message.as_ref().map(Object::Message))
    }
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
    let object = object(content, known);
    // Before anything is said of it: whoever has no code for it learns nothing of it.
    let keyed = object.and_then(|object| {
        let pairs = codes.iter().flat_map(|code| authors.iter().map(move |author| (code, author)));
        let mut good = pairs.filter(|(code, author)| code::is_for(code, object, author.office, desk));
        // A person of an office counts as such, also where the office's mailbox is the same.
        good.next().map(|(code, author)| (object, code.clone(), *author))
    });
    match (keyed, road) {
        (Some((object, code, author)), _) => {
            Ok(Standing { author, object: Some(object), spent: known.spent.get(&code), code })
        }
        (None, Road::Pec) => {
            let opens = || words::read(&content.text, &desk.rules, &desk.entity.fallback_office);
            if object.is_none() && is_slip(content) {
                return Err(Refused::new("slip", check::SLIP));
            }
            if object.is_none() && !matches!(opens(), Ok(Wanted::Open(..))) {
                return Err(Refused::new("no-dossier", NO_DOSSIER));
            }
            let is_its =
                |author: &&Author<'_>| matches!(object, Some(Object::Dossier(it)) if it.office == author.office);
            let author = authors.iter().find(is_its).or(authors.first());
            let author = author.copied().ok_or_else(|| Refused::new("no-office", "chi scrive non è di un ufficio"))?;
            Ok(Standing { author, object, code: String::new(), spent: None })
        }
        (None, Road::OfficeBox) if is_slip(content) => Err(Refused::new("slip", check::SLIP)),
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

/// What a mail is about: the subject says it, else the text, which quotes the task.
fn object<'a>(content: &Content, known: &'a Known) -> Option<Object<'a>> {
    [&content.subject, &content.text].into_iter().find_map(|text| {
        let dossier = dossier::tagged(text).and_then(|number| known.dossier(&number.ok()?));
        let message = || named(text).find_map(|digest| known.wrote(&digest));
        dossier.map(Object::Dossier).or_else(|| message().map(Object::Message))
    })
}

/// The number in the tag has check letters that are another's: said before anything else, and of nothing that the register holds.
fn is_slip(content: &Content) -> bool {
    [&content.subject, &content.text].into_iter().find_map(|text| dossier::tagged(text)) == Some(Err(NoNumber::Slip))
}

#[cfg(test)]
mod tests;

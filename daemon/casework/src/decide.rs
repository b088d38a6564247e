//! The decision: what a message is for the office, and what now. One path for each thing that `pec` can prove.

use crate::calendar::stamp;
use crate::decision::{Change, Decision, Disposition, Lane, Reason};
use crate::desk::Desk;
use crate::known::{Earlier, Known};
use crate::letters::{Claim, Lot};
use crate::receipts::{self, Fact, Outcome};
use crate::{act, address, clockwork, command, courtesy, follow, guard, letters, person, request};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::{Span, Timestamp};
use pec::{Certified, Check, Content, Daticert, Evidence, Examined, Grade, Outcome as Checked, Unproven, Verdict};

/// Decides. Pure: the same findings, snapshot and desk give the same decision, next year too.
#[must_use]
pub fn decide(seen: &Examined, known: &Known, desk: &Desk) -> Decision {
    let mut decision = by_proof(seen, known, desk);
    let reaches_a_person = decision.outgoing.iter().any(|letter| letter.lane == Lane::Internal);
    if !reaches_a_person
        && let Disposition::Request { .. } | Disposition::ToPerson { .. } | Disposition::Quarantine { .. } =
            decision.disposition
    {
        // Its template or its office failed. Nothing falls through: `status` shows it until somebody mends it.
        let text = String::from("il compito all'ufficio non si è potuto scrivere: il messaggio va guardato qui");
        decision.trail.push(Reason::new("no-task", text.clone()));
        decision.changes.push(Change::Incident { code: "no-task".into(), text });
    }
    decision
}

fn by_proof(seen: &Examined, known: &Known, desk: &Desk) -> Decision {
    if let Some(why) = predates(seen, known, desk) {
        return only(Disposition::Noted { why: why.clone() }, vec![Reason::new("before-service", why)]);
    }
    match &seen.verdict {
        Verdict::Unproven(unproven) => uncertified(seen, unproven, known, desk),
        Verdict::Certified(certified) => match &known.earlier {
            Earlier::Same { digest } => again(digest),
            Earlier::Other { digest } => two_contents(seen, certified, digest, known, desk),
            Earlier::No => match certified.evidence() {
                Evidence::Envelope { daticert, message } => request::decide(seen, daticert, message, known, desk),
                Evidence::Receipt { daticert, .. } => receipt(seen, daticert, known, desk),
                Evidence::Anomaly { message } => anomaly(seen, message, known, desk),
            },
        },
    }
}

/// How far two clocks may differ, minutes, before a message counts as older than the service.
const SERVICE_MARGIN_MINUTES: i64 = 10;
/// Mail of the last hours before the service began is worked on, and not answered by the machine: it may have been on its
/// way, or unread since Friday.
const SERVICE_BACKLOG_HOURS: i64 = 72;

/// Older than the service, by more than two clocks differ.
pub(crate) fn is_from_before(dated: Timestamp, known: &Known, desk: &Desk) -> bool {
    let since = desk.entity.in_service_since.unwrap_or(known.began);
    dated < since.checked_sub(Span::new().minutes(SERVICE_MARGIN_MINUTES)).unwrap_or(since)
}

/// A mailbox that is handed to the service may hold years of mail which people have answered: it is kept and examined, and
/// nothing else. Receipts are not asked: of what others sent they are orphans anyway.
fn predates(seen: &Examined, known: &Known, desk: &Desk) -> Option<String> {
    let dated = match &seen.verdict {
        Verdict::Certified(certified) => match certified.evidence() {
            Evidence::Envelope { daticert, .. } => Some(daticert.data),
            Evidence::Receipt { .. } => None,
            Evidence::Anomaly { .. } => known.received,
        },
        Verdict::Unproven(_) if seen.grade == Grade::Orphan => None,
        Verdict::Unproven(_) => known.received,
    };
    let since = desk.entity.in_service_since.unwrap_or(known.began);
    let since = since.checked_sub(Span::new().hours(SERVICE_BACKLOG_HOURS)).unwrap_or(since);
    let dated = dated.filter(|dated| *dated < since)?;
    Some(format!("è del {}, prima che il servizio cominciasse", stamp(dated)))
}

/// A decision that changes and sends nothing.
pub(crate) fn only(disposition: Disposition, trail: Vec<Reason>) -> Decision {
    Decision { disposition, changes: vec![], outgoing: vec![], trail, classification: None }
}

/// The same certified message again (reliability.md §4.1): kept, no effect.
fn again(first: &str) -> Decision {
    let text = format!("stesso messaggio certificato già trattato ({})", short(first));
    only(Disposition::Duplicate { of: first.to_string() }, vec![Reason::new("duplicate", text)])
}

/// Two contents under one certified identity: cannot happen honestly.
fn two_contents(seen: &Examined, certified: &Certified, first: &str, known: &Known, desk: &Desk) -> Decision {
    let why = format!(
        "{} ha firmato due contenuti diversi con lo stesso identificativo; il primo è {}",
        certified.signer().address,
        short(first)
    );
    let content = match certified.evidence() {
        Evidence::Envelope { message, .. } | Evidence::Anomaly { message } => Some(message),
        Evidence::Receipt { .. } => None,
    };
    let mut decision = quarantine(seen, content, why.clone(), known, desk);
    decision.changes.push(Change::Incident { code: "two-contents-one-id".into(), text: why });
    decision
}

/// Mail that nobody vouches for. A claim to be certified is worse than no claim: that one is quarantined.
fn uncertified(seen: &Examined, unproven: &Unproven, known: &Known, desk: &Desk) -> Decision {
    let content = unproven.content.as_ref();
    match seen.grade {
        Grade::NotPec => {
            if let Some(decision) = content.and_then(|content| command::by_mail(seen, content, known, desk)) {
                return decision;
            }
            let why = String::from("posta non certificata: nessun gestore garantisce il mittente");
            ordinary(seen, content, why, known, desk)
        }
        Grade::Orphan => orphan(first_failure(seen)),
        Grade::Genuine | Grade::GenuineWeak | Grade::Mismatch | Grade::Suspect => {
            quarantine(seen, content, first_failure(seen), known, desk)
        }
    }
}

fn first_failure(seen: &Examined) -> String {
    seen.report.failures().next().map_or_else(|| "la verifica non è riuscita".into(), |(_, why)| why.text.clone())
}

/// A genuine receipt of what we did not send: lawful, kept, and it changes nothing (pec.md §9.12).
fn orphan(why: String) -> Decision {
    only(Disposition::Orphan { why: why.clone() }, vec![Reason::new("orphan", why)])
}

/// *Busta di anomalia*: our provider says that this came from outside the circuit. Its author is not proven, and what it
/// holds may be a perfect forgery of a PEC message: it is ordinary mail (RFC 6109 §3.2.2).
fn anomaly(seen: &Examined, message: &Content, known: &Known, desk: &Desk) -> Decision {
    let why = String::from("busta di anomalia: il messaggio viene da fuori del circuito Pec");
    ordinary(seen, Some(message), why, known, desk)
}

/// Ordinary mail goes to a person and is never answered by the machine; a machine's mail that answers ours, or comes
/// from one of our own addresses, is only noted: a task for each would let two automata feed each other.
fn ordinary(seen: &Examined, content: Option<&Content>, why: String, known: &Known, desk: &Desk) -> Decision {
    let sender =
        content.and_then(|c| c.from.first()).map(|m| m.address.as_str()).or(seen.from.as_deref()).unwrap_or_default();
    let mut trail = vec![Reason::new("not-certified", why.clone())];
    let marks = content.map(|c| guard::machine_marks(sender, seen, c)).unwrap_or_default();
    if let Some(returned) = known.returned.as_ref().filter(|_| !marks.is_empty()) {
        // Nobody has to do anything: what it told of went by PEC.
        trail.extend(marks);
        let entry = person::Entry::CourtesyReturned { address: returned.address.clone() };
        let change = |id: &String| Change::Person { id: id.clone(), entry: entry.clone() };
        let changes = returned.person.iter().filter(|_| returned.failed).map(change).collect();
        let why = String::from("è tornato indietro un avviso di cortesia");
        return Decision { changes, ..only(Disposition::Noted { why }, trail) };
    }
    if guard::is_delivery_report(&marks) {
        // A task about it could bounce too, and so on for ever: shown by `status` instead.
        trail.extend(marks);
        let why = String::from("avviso di mancata consegna di posta ordinaria");
        let text = format!(
            "è tornato indietro un messaggio di posta ordinaria: {}",
            seen.subject.chars().take(100).collect::<String>()
        );
        let changes = vec![Change::Incident { code: "bounce".into(), text }];
        return Decision { changes, ..only(Disposition::Noted { why }, trail) };
    }
    if !marks.is_empty() && (known.answers_ours || is_ours(sender, desk)) {
        trail.extend(marks);
        let why = String::from("messaggio automatico in risposta a uno nostro");
        return only(Disposition::Noted { why }, trail);
    }
    trail.extend(marks);
    let office = desk.entity.fallback_office.clone();
    let claim = Claim::of(seen, content).left(Lot::Ordinary);
    let task = letters::check_task(claim, &why, &trail, known, desk);
    Decision {
        disposition: Disposition::ToPerson { office, why },
        changes: vec![],
        outgoing: task.into_iter().collect(),
        trail,
        classification: None,
    }
}

/// To a person, with what is odd. Never answered.
pub(crate) fn quarantine(
    seen: &Examined,
    content: Option<&Content>,
    why: String,
    known: &Known,
    desk: &Desk,
) -> Decision {
    let mut trail: Vec<Reason> = seen
        .report
        .failures()
        .map(|(check, why)| Reason { code: why.code.into(), text: format!("{}: {}", check.title(), why.text) })
        .collect();
    if trail.is_empty() {
        trail.push(Reason::new("quarantine", why.clone()));
    }
    put_aside(Claim::of(seen, content), why, trail, known, desk)
}

/// A message that could not be examined at all (too large, or its examination failed `n` times): to a person, unread.
#[must_use]
pub fn set_aside(why: String, known: &Known, desk: &Desk) -> Decision {
    let trail = vec![Reason::new("not-examined", why.clone())];
    put_aside(Claim::default(), why, trail, known, desk)
}

fn put_aside(claim: Claim<'_>, why: String, trail: Vec<Reason>, known: &Known, desk: &Desk) -> Decision {
    let outgoing = letters::check_task(claim.left(Lot::Quarantine), &why, &trail, known, desk).into_iter().collect();
    Decision { outgoing, ..only(Disposition::Quarantine { why }, trail) }
}

/// A genuine receipt: a fact about one item, or an orphan. That it is about the item `pec` has judged (§9.12): where it could
/// not (nothing is known of what was sent), the receipt changes nothing.
fn receipt(seen: &Examined, daticert: &Daticert, known: &Known, desk: &Desk) -> Decision {
    let is_correlated = seen.report.outcome(Check::Correlation) == Some(&Checked::Pass);
    let Some(awaited) = known.awaited.as_ref().filter(|_| is_correlated) else {
        return orphan(match &daticert.msgid {
            Some(_) => String::from("non riguarda un messaggio inviato da questo sistema"),
            None => String::from("non dice a quale messaggio si riferisce"),
        });
    };
    let fact = match receipts::fact(daticert, awaited) {
        Ok(fact) => fact,
        Err(why) => return orphan(why),
    };
    let before = receipts::outcome(&awaited.facts);
    let mut facts = awaited.facts.clone();
    facts.insert(fact.clone());
    let after = receipts::outcome(&facts);

    let mut trail = vec![Reason::new("receipt", format!("{} per {}", fact.tipo().word(), awaited.recipient))];
    let mut changes = vec![Change::Learned { item: awaited.item.clone(), fact: fact.clone() }];
    if receipts::sent_twice(&facts) && !receipts::sent_twice(&awaited.facts) {
        let text = format!("il messaggio per {} risulta preso in carico due volte dal gestore", awaited.recipient);
        trail.push(Reason::new("sent-twice", text.clone()));
        changes.push(Change::Incident { code: "sent-twice".into(), text });
    }
    let is_final_failure = matches!(after, Outcome::Failed | Outcome::Refused) && before != after;
    // A message that could not reach the citizen goes by paper: a person does that (CAD art. 3-bis c. 4-bis).
    let failed_by = receipts::failure(&facts).filter(|_| is_final_failure);
    let mut outgoing: Vec<_> =
        failed_by.and_then(|by| letters::paper_task(by, awaited, known, desk)).into_iter().collect();
    if awaited.is_canary {
        trail.push(Reason::new("canary", String::from("è del canarino, che va alla nostra stessa casella")));
    } else if is_final_failure && follow::is_news(&awaited.template) {
        let text = "non consegnata a chi soltanto segue una pratica: non è dovuta a nessuno, non va su carta";
        trail.push(Reason::new("news-not-delivered", String::from(text)));
        changes.extend(follow::heard(false, awaited, known));
    } else if is_final_failure {
        trail.push(Reason::new("not-delivered", String::from("non consegnata: la spedizione va fatta su carta")));
    }
    if is_final_failure && awaited.is_task {
        let text = format!("un compito a {} non è arrivato: va consegnato a mano", awaited.recipient);
        changes.push(Change::Incident { code: "task-not-delivered".into(), text });
    }
    if let Fact::Delivered { at, .. } = &fact {
        changes.extend(follow::heard(true, awaited, known));
        changes.extend(clockwork::delivered(awaited, *at, known, desk));
        let (handed, letters) = act::delivered(awaited, *at, known, desk);
        changes.extend(handed);
        outgoing.extend(letters);
    }
    // Last, and beside all that the law wants: whatever becomes of it, the letter is what the receipt says.
    if let Some(became) = courtesy::Became::of(&fact, before, after) {
        match courtesy::notice(became, awaited, known, desk) {
            Ok(notice) => outgoing.extend(notice),
            Err(why) => trail.push(why),
        }
    }
    if let (Fact::Delivered { .. }, Outcome::Failed) = (&fact, before) {
        trail.push(Reason::new("late-delivery", String::from("consegna arrivata dopo l'avviso di mancata consegna")));
    }
    // The delivery holds in law whatever copy it encloses; that the copy is another is told to a person (§9.14).
    if let Some(Checked::Fail(why)) = seen.report.outcome(Check::Returned) {
        let text = format!("la ricevuta per {} non combacia con l'invio: {}", awaited.recipient, why.text);
        trail.push(Reason::new("returned-differs", text.clone()));
        if !awaited.is_canary {
            outgoing.extend(letters::check_task(Claim::of(seen, None), &text, &trail, known, desk));
        }
        changes.push(Change::Incident { code: "returned-differs".into(), text });
    }
    Decision {
        disposition: Disposition::Receipt { item: awaited.item.clone() },
        changes,
        outgoing,
        trail,
        classification: None,
    }
}

/// Whether the address is one of the body's own.
pub(crate) fn is_ours(who: &str, desk: &Desk) -> bool {
    let entity = &desk.entity;
    address::same(who, &entity.pec)
        || entity.own_addresses.iter().any(|own| address::same(own, who))
        || desk.rules.offices().any(|office| {
            address::same(&office.mail, who) || office.people.iter().any(|person| address::same(&person.mail, who))
        })
}

/// The first 12 hex digits of a digest: the `flow` of logs and of what people read.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

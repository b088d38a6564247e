//! What the words of an office's mail order. It changes when an office can say something else, or in other words.
//!
//! An order is a line of the office's own: not one that it quotes, nor one below its signature. Reasons, and what is asked of a
//! citizen, end up in a letter: they stand behind a colon on the line of the order, or below it behind a hyphen, so that no
//! greeting and no signature is ever taken for one.

use super::correct::Said;
use crate::act::AGAIN;
use crate::act::Act;
use crate::participation::Weight;
use crate::ranking::Answer;
use crate::refused::Refused;
use crate::rules::normal::Normal;
use crate::rules::{Office, Rulebook, quote};
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::civil::Date;

/// Lines of one mail in which an order is looked for: whoever writes more has written a letter.
const LINES_MAX: usize = 500;
/// What whoever asks for documents says of them (L. 241/1990 art. 18 c. 2), before the answer.
pub(super) const NOT_HELD: &str = "NESSUN ENTE PUBBLICO LO HA GIÀ";

/// One thing that an office can order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A verb of the procedure.
    Do(Verb),
    /// Gives it to an office or to a person.
    Assign,
    /// Where the request stands in its ranking.
    Rank,
    /// What was said of the place that it got.
    Place(Answer),
    /// A remark.
    Note,
    /// It is another office's, or another body's.
    NotOurs,
    /// How something that was filed was weighed.
    Weigh,
    /// Yes to a change of data.
    Approve,
    /// No to it.
    Refuse,
    /// The address that was asked for is the citizen's.
    Enable,
    /// Opens a dossier for a message that has none.
    Open,
    /// Says what a message really was.
    Correct,
    /// Tells who wrote an uncertified message how to write so that it counts.
    AskPec,
    /// A message belongs to a dossier.
    FileIn,
}

/// What a mail wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// That something is done with a dossier.
    Act(Act),
    /// A dossier of the procedure that is so called: for the message, else of the office's own, with what stands below.
    Open(String, Vec<String>),
    /// That it is written down what a message really was.
    Correct(Said),
    /// That who wrote it is told the ways that count.
    AskPec,
}

/// An order and the words that give it, the longest first where one begins with another.
pub(super) const ORDERS: &[(&str, What)] = &[
    ("MANDO LA RICEVUTA", What::Do(Verb::Registra)),
    ("PRENDO IN CARICO", What::Do(Verb::Prendi)),
    ("ASSEGNO A", What::Assign),
    ("CHIEDO INTEGRAZIONE", What::Do(Verb::ChiediIntegrazione)),
    ("INTEGRAZIONE COMPLETA", What::Do(Verb::Integra)),
    ("CHIEDO REGOLARIZZAZIONE", What::Do(Verb::ChiediRegolarizzazione)),
    ("CHIEDO PARERE A", What::Do(Verb::ChiediParere)),
    ("PARERE RICEVUTO", What::Do(Verb::RiceviParere)),
    ("CHIEDO PAGAMENTO", What::Do(Verb::ChiediPagamento)),
    ("PAGAMENTO RICEVUTO", What::Do(Verb::RegistraPagamento)),
    ("PREAVVISO DI RIGETTO", What::Do(Verb::PreavvisoDiniego)),
    ("PREAVVISO DI RIFIUTO", What::Do(Verb::PreavvisoDiniego)),
    ("PREAVVISO DI DINIEGO", What::Do(Verb::PreavvisoDiniego)),
    ("RIPRENDO", What::Do(Verb::Riprendi)),
    ("ACCOLGO", What::Do(Verb::Accogli)),
    ("RESPINGO", What::Do(Verb::Respingi)),
    ("NON AMMETTO", What::Do(Verb::DichiaraIrricevibile)),
    ("NON COMPETENZA", What::NotOurs),
    ("VALUTO", What::Weigh),
    ("APPROVO MODIFICA", What::Approve),
    ("RIFIUTO MODIFICA", What::Refuse),
    ("ABILITO", What::Enable),
    ("POSIZIONE", What::Rank),
    ("POSTO ACCETTATO", What::Place(Answer::Taken)),
    ("POSTO RINUNCIATO", What::Place(Answer::GivenUp)),
    ("NOTA", What::Note),
    ("APRI PRATICA", What::Open),
    ("CORREGGI", What::Correct),
    ("CHIEDO PEC", What::AskPec),
    ("METTI NEL FASCICOLO", What::FileIn),
];

/// Weights as an office says them, the longest first where one begins with another.
const WEIGHTS: [(&str, Weight); 4] = [
    ("non accolta", Weight::NonAccolta),
    ("non pertinente", Weight::NonPertinente),
    ("accolta in parte", Weight::AccoltaInParte),
    ("accolta", Weight::Accolta),
];

/// Lines with which people take their leave: nothing below is part of an order.
const LEAVE: [&str; 8] = [
    "saluti",
    "cordiali saluti",
    "distinti saluti",
    "un saluto",
    "un cordiale saluto",
    "grazie",
    "grazie e saluti",
    "buona giornata",
];

/// An order as it was written: what, its line behind the words, what stands below it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    words: &'static str,
    what: What,
    rest: String,
    points: Vec<String>,
}

/// What a mail orders.
///
/// # Errors
/// It orders nothing, several things, or something that cannot be understood: in words for who wrote it.
pub(super) fn read(text: &str, book: &Rulebook, fallback: &str) -> Result<Wanted, Refused> {
    let Read { orders, is_not_held, again } = written(&quote::split(text).new);
    let one = match orders.as_slice() {
        [] => {
            return Err(Refused::new(
                "no-order",
                "nel messaggio non c'è nessun ordine: scrivilo da solo su una riga, con le parole qui sotto",
            ));
        }
        [one, others @ ..] if others.iter().all(|other| other == one) => one,
        several => {
            let mut words: Vec<&str> = several.iter().map(|order| order.words).collect();
            words.dedup();
            let text = format!("nel messaggio ci sono più ordini ({}): mandane uno per messaggio", words.join(", "));
            return Err(Refused::new("several-orders", text));
        }
    };
    match one.what {
        What::Open => Ok(Wanted::Open(one.rest.trim_end_matches('.').to_string(), one.points.clone())),
        What::Correct => Said::read(&one.rest, &one.points, book).map(Wanted::Correct),
        What::AskPec => Ok(Wanted::AskPec),
        What::FileIn => Said::in_dossier(&one.rest).map(Wanted::Correct),
        _ => act(one, is_not_held, &again, book, fallback).map(Wanted::Act),
    }
}

/// What stands in a text of an office's own.
#[derive(Debug, Default)]
struct Read {
    /// Its orders.
    orders: Vec<Written>,
    /// It says that what is asked is held by no public body.
    is_not_held: bool,
    /// Why it asks again for what is held.
    again: String,
}

fn written(own: &str) -> Read {
    let (mut orders, mut is_not_held, mut is_open): (Vec<Written>, bool, bool) = (vec![], false, false);
    let (mut again, mut is_again) = (String::new(), false);
    for line in own.lines().take(LINES_MAX) {
        if line.trim_end() == "--" {
            break; // the signature (RFC 3676 §4.3)
        }
        let normal = Normal::of(line);
        if LEAVE.contains(&normal.text()) {
            break;
        }
        if let Some(answer) = normal.text().strip_prefix(Normal::of(NOT_HELD).text()) {
            is_not_held |= answer.split_whitespace().any(|word| word == "si");
            is_open = false;
            continue;
        }
        if normal.text().starts_with(Normal::of(AGAIN).text()) {
            again = line.split_once(':').map_or("", |(_, why)| why).trim().to_string();
            (is_open, is_again) = (false, true);
            continue;
        }
        if is_again && !line.trim().is_empty() && order(line, &normal).is_none() {
            again = format!("{again} {}", line.trim()); // a mail program broke the line
            continue;
        }
        is_again = false;
        if let Some((words, what, rest)) = order(line, &normal) {
            is_open = !rest.is_empty();
            orders.push(Written { words, what, rest, points: vec![] });
            continue;
        }
        let Some(last) = orders.last_mut() else { continue };
        let text = line.trim();
        if let Some(point) = text.strip_prefix(['-', '*', '•', '–']) {
            let point = point.trim();
            is_open = !point.is_empty();
            last.points.extend((!point.is_empty()).then(|| point.to_string()));
        } else if text.is_empty() {
            is_open = false;
        } else if is_open {
            // A mail program broke the line.
            let whole = last.points.last_mut().unwrap_or(&mut last.rest);
            whole.push(' ');
            whole.push_str(text);
        }
    }
    Read { orders, is_not_held, again }
}

/// The order at the head of a line, and what follows its words: nothing, something behind a colon, or its object.
fn order(line: &str, normal: &Normal) -> Option<(&'static str, What, String)> {
    for (words, what) in ORDERS {
        let phrase = Normal::of(words);
        let n = phrase.words().len();
        if normal.words().len() < n || !normal.words().zip(phrase.words()).all(|(a, b)| a == b) {
            continue;
        }
        let end = normal.source(0..n)?.end;
        let rest = line.get(end..).unwrap_or_default().trim_start();
        let behind = rest.strip_prefix([':', '.']).map(str::trim);
        let takes_object = matches!(
            what,
            What::Assign
                | What::Weigh
                | What::Approve
                | What::Refuse
                | What::NotOurs
                | What::Open
                | What::Enable
                | What::Rank
                | What::FileIn
        ) || matches!(what, What::Do(Verb::ChiediParere | Verb::RiceviParere));
        // «Accolgo con piacere» is a sentence, not an order.
        return match behind {
            // The colon tells what was seen from until when.
            Some(behind) if *what == What::Enable => Some((words, *what, format!(":{behind}"))),
            Some(behind) => Some((words, *what, behind.to_string())),
            None if rest.is_empty() || takes_object => Some((words, *what, rest.to_string())),
            None => None,
        };
    }
    None
}

fn act(order: &Written, is_not_held: bool, again: &str, book: &Rulebook, fallback: &str) -> Result<Act, Refused> {
    let all = || -> Vec<String> {
        let first = (!order.rest.is_empty()).then(|| order.rest.clone());
        first.into_iter().chain(order.points.iter().cloned()).collect()
    };
    Ok(match order.what {
        What::Do(verb @ (Verb::ChiediParere | Verb::RiceviParere)) => {
            let (to, first) = split(&order.rest);
            let points = first.into_iter().chain(order.points.iter().cloned()).collect();
            Act::Do { verb, points, to: to.to_string(), not_held: false, again: String::new() }
        }
        What::Do(verb) => {
            Act::Do { verb, points: all(), to: String::new(), not_held: is_not_held, again: again.to_string() }
        }
        What::Assign => assign(&order.rest, book)?,
        What::Note => Act::Note { text: all().join("\n") },
        What::Rank => {
            let (position, rest) = number(&order.rest, "POSIZIONE 12")?;
            let first = rest.trim_start_matches([':', '.']).trim();
            let first = (!first.is_empty()).then(|| first.to_string());
            Act::Rank { position, points: first.into_iter().chain(order.points.iter().cloned()).collect() }
        }
        What::Place(answer) => Act::Place { answer, how: all().join("\n") },
        What::NotOurs => {
            let (to, first) = split(&order.rest);
            let points: Vec<String> = first.into_iter().chain(order.points.iter().cloned()).collect();
            if to.is_empty() {
                // Nobody knows yet whose it is: who sorts the mail finds out.
                Act::Assign { office: fallback.to_string(), responsible: String::new() }
            } else if let Some(office) = office(to, book) {
                Act::Assign { office: office.id.clone(), responsible: String::new() }
            } else {
                Act::Do { verb: Verb::Trasmetti, points, to: to.to_string(), not_held: false, again: String::new() }
            }
        }
        What::Weigh => weigh(order)?,
        What::Enable => {
            let behind = order.rest.strip_prefix(':');
            let says_end = |text: &str| Normal::of(text).words().next() == Some("fino");
            let (end, first) = match behind.filter(|seen| !says_end(seen)) {
                Some(seen) => ("", Some(seen.to_string()).filter(|seen| !seen.is_empty())),
                // «Fino al» may stand behind the colon that the link has set.
                None => split(behind.unwrap_or(&order.rest)),
            };
            let points = first.into_iter().chain(order.points.iter().cloned()).collect();
            Act::Enable { scopes: vec![], until: until(end)?, points }
        }
        What::Approve => Act::Approve { change: number(&order.rest, "APPROVO MODIFICA 1")?.0 },
        What::Refuse => {
            let (change, rest) = number(&order.rest, "RIFIUTO MODIFICA 1: il motivo")?;
            let first = rest.trim_start_matches(':').trim();
            let first = (!first.is_empty()).then(|| first.to_string());
            Act::Refuse { change, points: first.into_iter().chain(order.points.iter().cloned()).collect() }
        }
        What::Open | What::Correct | What::AskPec | What::FileIn => {
            return Err(Refused::new("no-act", "non riguarda un fascicolo"));
        }
    })
}

/// Until when something is granted: «fino al 31/12/2027», or nothing.
fn until(words: &str) -> Result<Option<Date>, Refused> {
    let normal = Normal::of(words);
    let numbers: Vec<&str> = match normal.words().collect::<Vec<_>>().as_slice() {
        [] => return Ok(None),
        ["fino", "al" | "a", day @ ..] => day.to_vec(),
        _ => vec![],
    };
    let date = match numbers.as_slice() {
        [day, month, year] => match (day.parse(), month.parse(), year.parse()) {
            (Ok(day), Ok(month), Ok(year)) => Date::new(year, month, day).ok(),
            _ => None,
        },
        _ => None,
    };
    date.map(Some).ok_or_else(|| {
        Refused::new(
            "no-day",
            format!(
                "«{words}» non si capisce. Scrivi per esempio: ABILITO FINO AL 31/12/2027: il documento che hai visto"
            ),
        )
    })
}

/// Whom, and what is said behind a colon.
fn split(rest: &str) -> (&str, Option<String>) {
    match rest.split_once(':') {
        Some((to, said)) => (to.trim(), Some(said.trim().to_string()).filter(|said| !said.is_empty())),
        None => (rest.trim(), None),
    }
}

fn assign(to: &str, book: &Rulebook) -> Result<Act, Refused> {
    let to = to.trim().trim_end_matches('.');
    if to.is_empty() {
        return Err(Refused::new("nobody", "a chi? Scrivi per esempio: ASSEGNO A Maria Bianchi"));
    }
    if let Some(office) = office(to, book) {
        return Ok(Act::Assign { office: office.id.clone(), responsible: String::new() });
    }
    let first = Normal::of(to).words().next().unwrap_or_default().to_string();
    if ["ufficio", "settore", "area", "servizio"].contains(&first.as_str()) {
        let near = crate::nearest::hint(to, book.offices().map(|office| office.title.as_str()));
        return Err(Refused::new("no-office", format!("l'ufficio «{to}» non c'è{near}")));
    }
    Ok(Act::Assign { office: String::new(), responsible: to.to_string() })
}

/// An office by its id or its name.
pub(super) fn office<'a>(said: &str, book: &'a Rulebook) -> Option<&'a Office> {
    let said = Normal::of(said);
    let same = |name: &str| Normal::of(name).text() == said.text();
    book.offices().find(|office| {
        same(&office.id) || same(&office.title) || same(office.title.strip_prefix("Ufficio ").unwrap_or(&office.title))
    })
}

fn weigh(order: &Written) -> Result<Act, Refused> {
    const LIKE: &str = "VALUTO 1 NON ACCOLTA: perché";
    let (filing, rest) = number(&order.rest, LIKE)?;
    let (weight, how) = split(rest);
    let said = Normal::of(weight);
    let Some((_, weight)) = WEIGHTS.iter().find(|(words, _)| *words == said.text()) else {
        let text = format!(
            "come è valutata? Si dice ACCOLTA, ACCOLTA IN PARTE, NON ACCOLTA o NON PERTINENTE, per esempio: {LIKE}"
        );
        return Err(Refused::new("no-weight", text));
    };
    let how: Vec<String> = how.into_iter().chain(order.points.iter().cloned()).collect();
    Ok(Act::Weigh { filing, weight: *weight, how: how.join("\n") })
}

/// The number at the head, and what follows.
fn number<'a>(rest: &'a str, like: &str) -> Result<(u32, &'a str), Refused> {
    let rest = rest.trim();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    match digits.parse() {
        Ok(number) => Ok((number, after.trim_start())),
        Err(_) => Err(Refused::new("no-number", format!("quale? Serve il numero, per esempio: {like}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;
    use crate::act::Act;
    use crate::participation::Weight;
    use crate::scene::DESK;
    use crate::verb::Verb;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn read(text: &str) -> Result<Wanted, &'static str> {
        super::read(text, &DESK.rules, "urp").map_err(|why| why.code)
    }

    fn of(text: &str) -> Result<Act, &'static str> {
        read(text).map(|wanted| match wanted {
            Wanted::Act(act) => act,
            other => panic!("{other:?}"),
        })
    }

    fn does(verb: Verb, points: &[&str]) -> Result<Act, &'static str> {
        let points: Vec<_> = points.iter().map(ToString::to_string).collect();
        Ok(Act::Do { verb, points, to: "".into(), not_held: false, again: "".into() })
    }

    #[test]
    fn an_order_stands_alone_on_its_line_in_any_case() {
        for text in [
            "PRENDO IN CARICO",
            "prendo in carico.",
            "Buongiorno,\n\nPrendo in carico\n\nCordiali saluti\nMaria Bianchi",
            "Il 3 marzo 2026 alle 10:12 Sportello <sportello@comune.example> ha scritto:\n> ACCOLGO\n> testo\n\nPRENDO IN CARICO\n",
            "PRENDO IN CARICO\n-- \nRESPINGO: no",
            "PRENDO IN CARICO\n\n-----Messaggio originale-----\nDa: x\nRESPINGO\n",
            "PRENDO IN CARICO\n\nPRENDO IN CARICO\n",
        ] {
            assert_eq!(of(text), does(Verb::Prendi, &[]), "{text}");
        }
        for text in [
            "",
            "ok, ci penso io",
            "Accolgo con piacere la tua idea",
            "> PRENDO IN CARICO",
            "-- \nPRENDO IN CARICO",
            "Cordiali saluti\nACCOLGO",
            "lo prendo in carico io",
        ] {
            assert_eq!(of(text), Err("no-order"), "{text}");
        }
    }

    #[test]
    fn two_orders_are_none() {
        assert_eq!(of("ACCOLGO: va bene\nRESPINGO: no"), Err("several-orders"));
        assert_eq!(of("RESPINGO: uno\n\nRESPINGO: due"), Err("several-orders"));
    }

    #[test]
    fn reasons_are_marked_and_a_signature_is_none() {
        let text = "RESPINGO: manca il titolo\nper l'area indicata\n\n- la strada è\n  chiusa\n- non c'è spazio\n\nMaria Bianchi\nUfficio edilizia\ntel. 055";
        let points = ["manca il titolo per l'area indicata", "la strada è chiusa", "non c'è spazio"];
        assert_eq!(of(text), does(Verb::Respingi, &points));
        assert_eq!(of("RESPINGO\n- \n-\n\nMaria Bianchi"), does(Verb::Respingi, &[]));
        assert_eq!(of("RESPINGO\nMaria Bianchi\nUfficio"), does(Verb::Respingi, &[]), "nobody's name is a reason");
    }

    #[test]
    fn who_asks_says_that_nobody_holds_it() {
        let asked = |not_held| {
            Ok(Act::Do {
                verb: Verb::ChiediIntegrazione,
                points: ["la pianta".to_string()].into(),
                to: "".into(),
                not_held,
                again: "".into(),
            })
        };
        assert_eq!(of("CHIEDO INTEGRAZIONE\n- la pianta\n\nNessun ente pubblico lo ha già: sì"), asked(true));
        assert_eq!(of("CHIEDO INTEGRAZIONE\n- la pianta\n\nNESSUN ENTE PUBBLICO LO HA GIÀ:\n"), asked(false));
        assert_eq!(of("CHIEDO INTEGRAZIONE\n- la pianta"), asked(false));
    }

    #[test]
    fn it_goes_to_an_office_a_person_or_another_body() {
        let assigned = |office: &str, responsible: &str| {
            Ok(Act::Assign { office: office.into(), responsible: responsible.into() })
        };
        assert_eq!(of("ASSEGNO A Ufficio tributi"), assigned("tributi", ""));
        assert_eq!(of("ASSEGNO A: tributi"), assigned("tributi", ""));
        assert_eq!(of("assegno a Maria Bianchi."), assigned("", "Maria Bianchi"));
        assert_eq!(of("ASSEGNO A ufficio tribbuti"), Err("no-office"));
        assert_eq!(of("ASSEGNO A"), Err("nobody"));
        assert_eq!(of("NON COMPETENZA"), assigned("urp", ""));
        assert_eq!(of("NON COMPETENZA: tributi"), assigned("tributi", ""));
        let Ok(Act::Do { verb: Verb::Trasmetti, to, points, .. }) =
            of("NON COMPETENZA: Provincia di Esempio: la strada è provinciale")
        else {
            panic!()
        };
        assert_eq!((to.as_str(), points.as_slice()), ("Provincia di Esempio", &["la strada è provinciale".into()][..]));
    }

    #[test]
    fn filings_and_changes_are_named_by_number() {
        let weighed = Act::Weigh { filing: 2, weight: Weight::AccoltaInParte, how: "solo il primo punto".into() };
        assert_eq!(of("VALUTO 2 ACCOLTA IN PARTE: solo il primo punto"), Ok(weighed));
        assert_eq!(of("VALUTO 2 forse: mah"), Err("no-weight"));
        assert_eq!(of("VALUTO NON ACCOLTA: no"), Err("no-number"));
        assert_eq!(of("APPROVO MODIFICA 1"), Ok(Act::Approve { change: 1 }));
        let refused = Act::Refuse { change: 1, points: ["il conto è di altri".to_string()].into() };
        assert_eq!(of("RIFIUTO MODIFICA 1: il conto è di altri"), Ok(refused));
        let enabled =
            |until, seen: &str| Ok(Act::Enable { scopes: Vec::new(), until, points: [seen.to_string()].into() });
        let end = Some(jiff::civil::date(2027, 12, 31));
        for (text, until, seen) in [
            ("ABILITO: vista la carta d'identità", None, "vista la carta d'identità"),
            ("ABILITO: visto il documento: carta 12", None, "visto il documento: carta 12"),
            ("ABILITO\n- vista la carta", None, "vista la carta"),
            ("ABILITO FINO AL 31/12/2027: visto", end, "visto"),
            ("ABILITO: fino al 31/12/2027: visto", end, "visto"),
        ] {
            assert_eq!(of(text), enabled(until, seen), "{text}");
        }
        for text in ["ABILITO 31/12/2027: visto", "ABILITO al 31/12/2027: visto", "ABILITO: fino a marzo: visto"] {
            assert_eq!(of(text), Err("no-day"), "nobody is enabled for ever where an end was meant: {text}");
        }
        assert_eq!(
            of("NOTA: sentito il vigile\n- domani torna"),
            Ok(Act::Note { text: "sentito il vigile\ndomani torna".into() })
        );
    }
}

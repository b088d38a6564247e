//! The tables of a procedure file: term, people, documents, money, texts. It changes when one of them can say another thing.

use super::model::{Card, Document, External, Fee, Grant, RATES_MAX, Rates, Role, Validity, Window};
use super::read::Reader;
use super::term::{Length, Stage, TERM_DAYS_MAX, TERM_DAYS_USUAL, Term};
use crate::nearest::hint;
use crate::rules::form::{Form, Written};
use crate::rules::problem::{Problems, Spot};
use crate::rules::read::is_id;
use crate::rules::read_office::is_mail;
use crate::rules::syntax::{Node, Value};
use crate::verb::Verb;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::DateTime;

/// Tables in one list: documents, fees, stages, activities, actions.
const TABLES_MAX: usize = 50;
/// Longest number of days or months a file may name before the law is asked.
const LENGTH_MAX: i32 = 3650;
/// Longest validity of what is granted, months: the ten years of an identity card.
const VALIDITY_MONTHS_MAX: i32 = 120;
/// Longest notice of its end, days: half a year.
const NOTICE_DAYS_MAX: i32 = 180;
/// Longest time to say whether a place is taken, days: somebody else waits for it.
const ACCEPT_DAYS_MAX: i32 = 60;
/// Longest time between two parts of a sum, months.
const RATE_MONTHS_MAX: i32 = 12;
/// Longest time after which a document given elsewhere counts: an identity card holds ten years.
const AGAIN_MONTHS_MAX: i32 = 120;
/// Days of the shortest month: a notice is shorter than the validity whatever the months are.
const MONTH_DAYS_MIN: u32 = 28;
/// What may be longer than the law's most (art. 2 c. 4, last sentence).
const EXCEPTIONS: [(&str, &str); 2] = [("cittadinanza", "cittadinanza"), ("immigrazione", "immigrazione")];

/// The tables of a list; each is read and the good ones are kept.
pub(super) fn tables<T>(
    form: &Form<'_>,
    key: &str,
    problems: &mut Problems<'_>,
    mut read: impl FnMut(&Node, &mut Problems<'_>) -> Option<T>,
) -> Vec<T> {
    let Some((node, at)) = form.get(key) else {
        return Vec::new();
    };
    match &node.value {
        Value::List(items) if items.len() <= TABLES_MAX => {
            items.iter().filter_map(|item| read(item, problems)).collect()
        }
        Value::List(items) => {
            problems.error(
                at,
                format!("{}: `{key}`: {} voci sono troppe, il massimo è {TABLES_MAX}", form.what, items.len()),
            );
            Vec::new()
        }
        other => {
            problems.error(at, format!("{}: `{key}`: serve una lista di tabelle, c'è {}", form.what, other.name()));
            Vec::new()
        }
    }
}

/// `[termine]`.
pub(super) fn term(what: &str, node: &Node, at: Spot, problems: &mut Problems<'_>) -> Option<Term> {
    const KEYS: [&str; 6] = ["giorni", "giorni_lavorativi", "mesi", "norma", "eccezione", "tappe"];
    let form = Form::open(format!("{what}: termine"), node, at.file, &KEYS, problems)?;
    form.require("norma", problems);
    let law = form.line("norma", problems);
    let length = length(&form, at, problems);
    let exception = form.choice("eccezione", &EXCEPTIONS, problems);
    let stages = tables(&form, "tappe", problems, |node, problems| {
        let known = ["nome", "giorni", "giorni_lavorativi", "mesi", "norma"];
        let stage = Form::open(format!("{what}: tappa"), node, at.file, &known, problems)?;
        stage.require("nome", problems);
        stage.require("norma", problems);
        let (name, law) = (stage.line("nome", problems), stage.line("norma", problems));
        let (length, _) = self::length(&stage, stage.at, problems)?;
        Some(Stage { name: name?.value, length, law: law?.value })
    });
    let (length, at) = length?;
    let days = length.about_days();
    if days > TERM_DAYS_MAX && exception.is_none() {
        problems.error(
            at,
            format!(
                "{}: {} sono troppi: un termine non supera {TERM_DAYS_MAX} giorni (L. 241/1990 art. 2 c. 4); solo cittadinanza e immigrazione possono: `eccezione = \"…\"`",
                form.what,
                length.words()
            ),
        );
    } else if days > TERM_DAYS_USUAL {
        problems.warn(
            at,
            format!(
                "{}: {}: oltre {TERM_DAYS_USUAL} giorni serve una motivazione (L. 241/1990 art. 2 c. 4){}",
                form.what,
                length.words(),
                exception.map_or(String::new(), |why| format!("; eccezione dichiarata: {why}"))
            ),
        );
    } else if exception.is_some() {
        let at = form.get("eccezione").map_or(at, |(_, at)| at);
        problems.error(at, format!("{}: `eccezione` serve solo oltre {TERM_DAYS_MAX} giorni: toglila", form.what));
    }
    Some(Term { length, law: law?.value, exception: exception.map(Into::into), stages })
}

/// One of the three ways of writing a length of time.
fn length(form: &Form<'_>, at: Spot, problems: &mut Problems<'_>) -> Option<(Length, Spot)> {
    const WAYS: [&str; 3] = ["giorni", "giorni_lavorativi", "mesi"];
    let written: Vec<&str> = WAYS.into_iter().filter(|key| form.get(key).is_some()).collect();
    let [key] = written[..] else {
        problems.error(at, format!("{}: serve una sola chiave fra `giorni`, `giorni_lavorativi` e `mesi`", form.what));
        return None;
    };
    let number = form.number(key, 1, LENGTH_MAX, problems)?;
    let value = number.value.unsigned_abs();
    let length = match key {
        "giorni" => Length::Days(value),
        "mesi" => Length::Months(value),
        _ => Length::WorkingDays(value),
    };
    Some((length, number.at))
}

/// `[ente.ID]`: offices of others, with their own mailbox (functions.md S4.11).
pub(super) fn externals(reader: &mut Reader<'_>, problems: &mut Problems<'_>) -> Vec<External> {
    let what = reader.form.what.clone();
    let Some((node, at)) = reader.form.get("ente") else {
        return Vec::new();
    };
    let Value::Table(entries) = &node.value else {
        problems.error(at, format!("{what}: `ente`: serve `[ente.nome]`, c'è {}", node.value.name()));
        return Vec::new();
    };
    let mut read = Vec::with_capacity(entries.len());
    for entry in entries {
        let here = Spot { file: at.file, line: entry.line };
        reader.spots.insert(format!("ente:{}", entry.key), here);
        let name = format!("{what}: ente `{}`", entry.key);
        if !is_id(&entry.key) {
            problems.error(
                here,
                format!("{name}: il nome ha lettere minuscole, cifre, `-` e `_`, e inizia con una lettera"),
            );
        }
        let Some(form) = Form::open(name, &entry.node, at.file, &["titolo", "mail", "giorni"], problems) else {
            continue;
        };
        for key in ["titolo", "mail", "giorni"] {
            form.require(key, problems);
        }
        let title = form.line("titolo", problems);
        let mail = form.line("mail", problems);
        if let Some(bad) = mail.as_ref().filter(|mail| !is_mail(&mail.value)) {
            problems.error(bad.at, format!("{}: `mail`: `{}` non è un indirizzo di posta", form.what, bad.value));
        }
        let days = form.number("giorni", 1, TERM_DAYS_MAX.cast_signed(), problems);
        if let (Some(title), Some(mail), Some(days)) = (title, mail, days) {
            let (title, mail, days) = (title.value, mail.value, days.value.unsigned_abs());
            read.push(External { id: entry.key.clone(), title, mail, days });
        }
    }
    read
}

/// `[chi]`: for a verb, offices with a role.
pub(super) fn grants(reader: &mut Reader<'_>, problems: &mut Problems<'_>) -> BTreeMap<Verb, Vec<Grant>> {
    let verbs = Verb::ALL.map(Verb::code);
    let mut read = BTreeMap::new();
    let Some((node, at)) = reader.form.get("chi") else {
        return read;
    };
    let Some(form) = Form::open(format!("{}: chi", reader.form.what), node, at.file, &verbs, problems) else {
        return read;
    };
    for entry in form.entries() {
        let Ok(verb) = entry.key.parse::<Verb>() else {
            continue; // reported by `open`
        };
        reader.spots.insert(format!("chi:{}", entry.key), Spot { file: at.file, line: entry.line });
        let words = form.lines(&entry.key, problems).unwrap_or_default();
        let grants = words.iter().filter_map(|word| grant(&form, &entry.key, word, problems)).collect();
        read.insert(verb, grants);
    }
    read
}

/// `operatore`, `tributi`, `tributi:responsabile`.
pub(super) fn grant(form: &Form<'_>, key: &str, word: &Written<String>, problems: &mut Problems<'_>) -> Option<Grant> {
    let role = |code: &str| Role::ALL.iter().find(|(known, _)| *known == code).map(|(_, role)| *role);
    if let Some(role) = role(&word.value) {
        return Some(Grant { office: None, role });
    }
    let Some((office, code)) = word.value.split_once(':') else {
        return Some(Grant { office: Some(word.value.clone()), role: Role::Operatore });
    };
    let found = role(code);
    if found.is_none() {
        let near = hint(code, Role::ALL.iter().map(|(code, _)| *code));
        problems.error(word.at, format!("{}: `{key}`: ruolo sconosciuto `{code}`{near}", form.what));
    }
    Some(Grant { office: Some(office.into()), role: found? })
}

/// `documenti`: asked, or held by a public body and therefore never asked (L. 241/1990 art. 18 c. 2; DPR 445/2000 art. 40, 43).
pub(super) fn documents(reader: &mut Reader<'_>, problems: &mut Problems<'_>) -> Vec<Document> {
    let what = format!("{}: documento", reader.form.what);
    let file = reader.form.at.file;
    let mut names = BTreeSet::new();
    tables(&reader.form, "documenti", problems, |node, problems| {
        let known = ["nome", "gia_in_possesso", "obbligatorio", "agli_atti_mesi"];
        let form = Form::open(what.clone(), node, file, &known, problems)?;
        form.require("nome", problems);
        form.require("gia_in_possesso", problems);
        let name = form.line("nome", problems)?;
        let held = form.flag("gia_in_possesso", problems);
        let required = form.get("obbligatorio").and_then(|_| form.flag("obbligatorio", problems));
        if let (Some(true), Some((_, at))) = (held, form.get("obbligatorio")) {
            problems.error(
                at,
                format!(
                    "{}: «{}» è già in possesso di un ente pubblico: non si chiede, si acquisisce d'ufficio (L. 241/1990 art. 18 c. 2). Togli `obbligatorio`",
                    form.what, name.value
                ),
            );
        }
        let again = form.number("agli_atti_mesi", 1, AGAIN_MONTHS_MAX, problems);
        if let (Some(true), Some(again)) = (held, &again) {
            let text = "quello che è già in possesso di un ente pubblico non si chiede mai: togli `agli_atti_mesi`";
            problems.error(again.at, format!("{}: «{}»: {text}", form.what, name.value));
        }
        if held == Some(false) && is_certificate(&name.value) {
            problems.error(
                name.at,
                format!(
                    "{}: «{}» lo rilascia un ente pubblico: a chi fa la richiesta si chiede una dichiarazione, mai il certificato (DPR 445/2000 art. 40). Scrivi `gia_in_possesso = true`",
                    form.what, name.value
                ),
            );
        }
        if !names.insert(name.value.clone()) {
            problems.error(
                name.at,
                format!("{}: «{}» c'è due volte: o si chiede, o è già in possesso", form.what, name.value),
            );
        }
        let again_months = again.and_then(|again| u8::try_from(again.value).ok());
        Some(Document { name: name.value, held: held?, required: required.unwrap_or(false), again_months })
    })
}

/// Certificates of the registers of a Comune (DPR 445/2000 art. 46): what a body may never ask of a citizen.
fn is_certificate(name: &str) -> bool {
    const ISSUED: [&str; 7] = [
        "certificato di residenza",
        "certificato di nascita",
        "certificato di cittadinanza",
        "certificato di matrimonio",
        "certificato di stato",
        "stato di famiglia",
        "certificato penale",
    ];
    let name = name.to_lowercase();
    ISSUED.iter().any(|issued| name.contains(issued))
}

/// `costi`.
pub(super) fn fees(root: &Form<'_>, problems: &mut Problems<'_>) -> Vec<Fee> {
    tables(root, "costi", problems, |node, problems| {
        let form = Form::open(format!("{}: costo", root.what), node, root.at.file, &["voce", "quanto"], problems)?;
        form.require("voce", problems);
        form.require("quanto", problems);
        let (what, amount) = (form.line("voce", problems), form.line("quanto", problems));
        Some(Fee { what: what?.value, amount: amount?.value })
    })
}

/// `[scheda]`.
pub(super) fn card(root: &Form<'_>, node: &Node, problems: &mut Problems<'_>) -> Option<Card> {
    const KEYS: [&str; 8] = ["chi", "cosa", "come", "costo", "tempi", "ufficio", "link", "parole"];
    let form = Form::open(format!("{}: scheda", root.what), node, root.at.file, &KEYS, problems)?;
    for key in ["chi", "cosa", "come"] {
        form.require(key, problems);
    }
    let mut optional = |key: &str| form.line(key, problems).map(|text| text.value);
    let (cost, term, office, link) = (optional("costo"), optional("tempi"), optional("ufficio"), optional("link"));
    let (who, what, how) = (form.line("chi", problems), form.line("cosa", problems), form.line("come", problems));
    if let (Some(link), Some((_, at))) = (&link, form.get("link"))
        && !is_web(link)
    {
        problems.error(at, format!("{}: `link`: serve un indirizzo che inizia con https://", form.what));
    }
    let names = form.lines("parole", problems).unwrap_or_default().into_iter().map(|name| name.value).collect();
    Some(Card { names, who: who?.value, what: what?.value, how: how?.value, cost, term, office, link })
}

/// `https://` and something: what is shown to citizens, or called, never goes in clear.
pub(crate) fn is_web(link: &str) -> bool {
    link.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.contains([' ', '@', '"', '<', '>']))
}

/// `[graduatoria]`: from when to when, to the second, by the clock of Rome; and how long a place waits for an answer.
pub(super) fn window(root: &Form<'_>, node: &Node, problems: &mut Problems<'_>) -> Option<Window> {
    let form = Form::open(
        format!("{}: graduatoria", root.what),
        node,
        root.at.file,
        &["dal", "al", "accetta_giorni"],
        problems,
    )?;
    form.require("dal", problems);
    form.require("al", problems);
    let (opens, closes) = (moment(&form, "dal", problems), moment(&form, "al", problems));
    let accept = form.number("accetta_giorni", 1, ACCEPT_DAYS_MAX, problems);
    let (opens, (closes, at)) = (opens?.0, closes?);
    if opens >= closes {
        problems.error(at, format!("{}: `al` viene prima di `dal`: nessuno può chiedere", form.what));
        return None;
    }
    Some(Window { opens, closes, accept_days: accept.map(|days| days.value.unsigned_abs()) })
}

/// `[validita]`: how long what is granted holds, and who is told before it ends (functions.md S2.21).
pub(super) fn validity(reader: &mut Reader<'_>, own: &str, problems: &mut Problems<'_>) -> Option<Validity> {
    let (node, at) = reader.form.get("validita")?;
    let known = ["mesi", "avviso_giorni", "rinnovo"];
    let form = Form::open(format!("{}: validita", reader.form.what), node, at.file, &known, problems)?;
    form.require("mesi", problems);
    form.require("avviso_giorni", problems);
    let months = form.number("mesi", 1, VALIDITY_MONTHS_MAX, problems);
    let notice = form.number("avviso_giorni", 1, NOTICE_DAYS_MAX, problems);
    let renewal = form.line("rinnovo", problems);
    if let Some(renewal) = &renewal {
        reader.spots.insert("validita:rinnovo".into(), renewal.at);
    }
    let (months, notice) = (months?.value.unsigned_abs(), notice?);
    let (notice, at) = (notice.value.unsigned_abs(), notice.at);
    if notice >= months.saturating_mul(MONTH_DAYS_MIN) {
        problems.error(
            at,
            format!(
                "{}: `avviso_giorni`: {notice} giorni prima della fine sono tutta la validità, o di più: scrivine meno",
                form.what
            ),
        );
        return None;
    }
    let renewal = renewal.map_or_else(|| own.into(), |renewal| renewal.value);
    Some(Validity { months, notice_days: notice, renewal })
}

/// `[rate]`: the parts in which what is granted is paid, and who is told before each (functions.md S2.21).
pub(super) fn rates(root: &Form<'_>, problems: &mut Problems<'_>) -> Option<Rates> {
    let (node, at) = root.get("rate")?;
    let known = ["numero", "ogni_mesi", "prima_giorni", "fine_mese", "avviso_giorni", "paga"];
    let form = Form::open(format!("{}: rate", root.what), node, at.file, &known, problems)?;
    for key in ["ogni_mesi", "prima_giorni", "avviso_giorni", "paga"] {
        form.require(key, problems);
    }
    let number = form.number("numero", 1, RATES_MAX.cast_signed(), problems);
    let every = form.number("ogni_mesi", 1, RATE_MONTHS_MAX, problems);
    let first = form.number("prima_giorni", 1, NOTICE_DAYS_MAX, problems);
    let month_end = form.get("fine_mese").and_then(|_| form.flag("fine_mese", problems)).unwrap_or(false);
    let notice = form.number("avviso_giorni", 1, NOTICE_DAYS_MAX, problems);
    let pay = form.line("paga", problems);
    let (every, notice) = (every?.value.unsigned_abs(), notice?);
    let (notice, at) = (notice.value.unsigned_abs(), notice.at);
    if notice >= every.saturating_mul(MONTH_DAYS_MIN) {
        problems.error(
            at,
            format!(
                "{}: `avviso_giorni`: {notice} giorni prima di una rata sono tutto il tempo dalla rata di prima, o di più: scrivine meno",
                form.what
            ),
        );
        return None;
    }
    let number = number.map(|number| number.value.unsigned_abs());
    let (first_days, pay) = (first?.value.unsigned_abs(), pay?.value);
    Some(Rates { number, every, first_days, month_end, notice_days: notice, pay })
}

/// `"2027-03-31 12:00:00"`.
fn moment(form: &Form<'_>, key: &str, problems: &mut Problems<'_>) -> Option<(DateTime, Spot)> {
    let written = form.line(key, problems)?;
    let whole = written.value.len() == "2027-03-31 12:00:00".len() && !written.value.contains('T');
    let read = whole.then(|| written.value.parse::<DateTime>().ok()).flatten();
    if read.is_none() {
        problems.error(
            written.at,
            format!("{}: `{key}`: serve data e ora fra virgolette, per esempio \"2027-03-31 12:00:00\"", form.what),
        );
    }
    read.map(|moment| (moment, written.at))
}

//! What differs between two sets of rules, in words. It changes when a rule has another key.

use super::book::{Calendar, Deadline, Look, Mode, Rule, Rulebook, Signal};
use super::check::essence;
use super::words::{describe, places_in_words, some_of};
use crate::language::Language;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::Serialize;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about: `regola x`, `ufficio y`, `soglie`.
    pub about: String,
    /// What is different, in Italian.
    pub text: String,
}

/// Everything that differs from `old` to `new`, in the order of the names.
#[must_use]
pub fn diff(old: &Rulebook, new: &Rulebook) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut say = |about: &str, text: String| found.push(Difference { about: about.into(), text });
    for (key, was, is) in [
        ("accept", old.accept, new.accept),
        ("margin", old.margin, new.margin),
        ("accept_office", old.accept_office, new.accept_office),
        ("margin_office", old.margin_office, new.margin_office),
    ] {
        if was != is {
            say("soglie", format!("`{key}` da {was} a {is}"));
        }
    }
    if old.fallback.id != new.fallback.id {
        say("soglie", format!("`otherwise` da {} a {}", old.fallback.id, new.fallback.id));
    }
    if old.clues != new.clues {
        let text = match (old.clues.is_empty(), new.clues.is_empty()) {
            (true, _) => "nuovi: le parole dei messaggi pesano da sole",
            (_, true) => "tolti",
            _ => "contati su altri messaggi",
        };
        say("indizi", text.into());
    }
    for id in both(old.offices.keys(), new.offices.keys()) {
        let about = format!("ufficio {id}");
        match (old.offices.get(id), new.offices.get(id)) {
            (None, Some(office)) => say(&about, format!("nuovo: «{}», {}", office.title, office.mail)),
            (Some(_), None) => say(&about, "tolto".into()),
            (Some(was), Some(is)) => {
                let keys = [
                    ("title", &was.title, &is.title),
                    ("mail", &was.mail, &is.mail),
                    ("role", &was.role, &is.role),
                    ("people", &people(was), &people(is)),
                    ("portal", &was.portal, &is.portal),
                ];
                for (key, was, is) in keys {
                    if was != is {
                        say(&about, format!("`{key}` da «{was}» a «{is}»"));
                    }
                }
                let (was, is) = (matter(old, id), matter(new, id));
                of_signals(was, is).into_iter().for_each(|text| say(&about, text));
            }
            (None, None) => {}
        }
    }
    for id in both(old.bodies.keys(), new.bodies.keys()) {
        let about = format!("ente {id}");
        match (old.bodies.get(id), new.bodies.get(id)) {
            (None, Some(body)) => say(&about, format!("nuovo: «{}», {}", body.title, body.pec)),
            (Some(_), None) => say(&about, "tolto".into()),
            (Some(was), Some(is)) => {
                for (key, was, is) in
                    [("title", &was.title, &is.title), ("pec", &was.pec, &is.pec), ("ipa", &was.ipa, &is.ipa)]
                {
                    if was != is {
                        say(&about, format!("`{key}` da «{was}» a «{is}»"));
                    }
                }
            }
            (None, None) => {}
        }
    }
    for id in both(old.extractors.keys(), new.extractors.keys()) {
        let about = format!("dato {id}");
        match (old.extractors.get(id), new.extractors.get(id)) {
            (None, Some(_)) => say(&about, "nuovo".into()),
            (Some(_), None) => say(&about, "tolto".into()),
            (Some(was), Some(is)) if format!("{was:?}") != format!("{is:?}") => {
                say(&about, "si riconosce in un altro modo".into());
            }
            _ => {}
        }
    }
    let ids = both(old.rules().map(|rule| &rule.id), new.rules().map(|rule| &rule.id));
    for id in ids {
        let about = format!("regola {id}");
        match (old.rule(id), new.rule(id)) {
            (None, Some(rule)) => {
                say(&about, format!("nuova: «{}», ufficio {}, {}", rule.title, rule.office.written(), mode(rule.mode)));
                rule.signals.iter().for_each(|signal| say(&about, format!("segnale {}", describe(signal))));
            }
            (Some(rule), None) => say(&about, format!("tolta: «{}»", rule.title)),
            (Some(was), Some(is)) => of_rule(was, is).into_iter().for_each(|text| say(&about, text)),
            (None, None) => {}
        }
    }
    found
}

fn matter<'b>(book: &'b Rulebook, office: &str) -> &'b [Signal] {
    book.matters.get(office).map_or(&[], Vec::as_slice)
}

fn both<'a>(a: impl Iterator<Item = &'a String>, b: impl Iterator<Item = &'a String>) -> BTreeSet<&'a str> {
    a.chain(b).map(String::as_str).collect()
}

fn of_rule(was: &Rule, is: &Rule) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "niente".into());
    let title = |rule: &Rule, language| text(&rule.titles.get(&language).cloned());
    let date = |day: &Option<jiff::civil::Date>| day.map_or_else(|| "niente".into(), |day| day.to_string());
    let keys: [(&str, String, String); 14] = [
        ("title", was.title.clone(), is.title.clone()),
        ("title_de", title(was, Language::De), title(is, Language::De)),
        ("title_en", title(was, Language::En), title(is, Language::En)),
        ("kind", was.kind.code().into(), is.kind.code().into()),
        ("office", was.office.written(), is.office.written()),
        ("mode", mode(was.mode).into(), mode(is.mode).into()),
        ("reply", text(&was.reply), text(&is.reply)),
        ("missing", text(&was.missing), text(&is.missing)),
        ("needs", was.needs.join(", "), is.needs.join(", ")),
        ("deadline", deadline(was.deadline.as_ref()), deadline(is.deadline.as_ref())),
        ("valid_from", date(&was.valid_from), date(&is.valid_from)),
        ("valid_to", date(&was.valid_to), date(&is.valid_to)),
        ("owner", text(&was.owner), text(&is.owner)),
        ("review_by", date(&was.review_by), date(&is.review_by)),
    ];
    let changed = keys.iter().filter(|(_, was, is)| was != is);
    let mut found: Vec<String> = changed.map(|(key, was, is)| format!("`{key}` da {was} a {is}")).collect();
    found.extend(of_signals(&was.signals, &is.signals));
    found
}

/// Signal by signal. Two that look for words in the same places with the same points are one, whose words changed.
fn of_signals(was: &[Signal], is: &[Signal]) -> Vec<String> {
    let same: BTreeSet<String> = was.iter().map(essence).collect();
    let new: BTreeSet<String> = is.iter().map(essence).collect();
    let mut gone: Vec<&Signal> = was.iter().filter(|signal| !new.contains(&essence(signal))).collect();
    let mut found = Vec::new();
    for signal in is.iter().filter(|signal| !same.contains(&essence(signal))) {
        let twin = gone.iter().position(|old| is_twin(old, signal)).map(|at| gone.remove(at));
        match twin {
            Some(old) => found.extend(of_words(old, signal)),
            None => found.push(format!("segnale nuovo: {}", describe(signal))),
        }
    }
    found.extend(gone.iter().map(|signal| format!("segnale tolto: {}", describe(signal))));
    found
}

fn is_twin(old: &Signal, new: &Signal) -> bool {
    match (&old.look, &new.look) {
        (Look::Words(a, _), Look::Words(b, _)) => a == b && (old.score == new.score || essence_of_words(old, new)),
        (Look::Regex(a, x), Look::Regex(b, y)) => a == b && x.written() == y.written(),
        (Look::Has(a), Look::Has(b)) => a == b,
        _ => false,
    }
}

/// The same words with other points.
fn essence_of_words(old: &Signal, new: &Signal) -> bool {
    let bare = |signal: &Signal| essence(signal).split_once(' ').map(|(_, rest)| rest.to_string());
    bare(old) == bare(new)
}

fn of_words(old: &Signal, new: &Signal) -> Vec<String> {
    let mut found = Vec::new();
    if old.score != new.score {
        found.push(format!("segnale {}: da {:+} a {:+} punti", describe(new), old.score, new.score));
    }
    if let (Look::Words(places, was), Look::Words(_, is)) = (&old.look, &new.look) {
        let by_essence = |phrases: &'_ [alloc::sync::Arc<super::phrase::Phrase>]| -> BTreeMap<String, String> {
            phrases.iter().map(|phrase| (phrase.essence(), phrase.written.clone())).collect()
        };
        let (was, is) = (by_essence(was), by_essence(is));
        for (what, from, to) in [("in più", &is, &was), ("in meno", &was, &is)] {
            let only: Vec<&str> =
                from.iter().filter(|(key, _)| !to.contains_key(*key)).map(|(_, text)| text.as_str()).collect();
            if !only.is_empty() {
                let where_ = places_in_words(places);
                found.push(format!("segnale {:+} in {where_}: parole {what}: {}", new.score, some_of(&only)));
            }
        }
    }
    found
}

fn people(office: &super::book::Office) -> String {
    let one = |person: &super::book::Officer| format!("{} ({}, {})", person.name, person.mail, person.role);
    office.people.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Shadow => "shadow",
        Mode::Suggest => "suggest",
        Mode::Auto => "auto",
    }
}

fn deadline(term: Option<&Deadline>) -> String {
    term.map_or_else(
        || "niente".into(),
        |term| {
            let days = if term.calendar == Calendar::Working { "giorni lavorativi" } else { "giorni" };
            format!("{} {days} ({})", term.days, term.law)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::{SourceFile, load};
    use super::*;
    use alloc::vec;

    const TEMPLATES: [&str; 3] = ["ricevuta", "altra", "manca"];
    const WAS: &str = r#"format   = 1
dossiers = { "2026/000001" = "urp" }

[defaults]
accept        = 60
margin        = 15
accept_office = 8
margin_office = 1
otherwise     = "da-smistare"

[office.urp]
title   = "Relazioni con il pubblico"
mail    = "urp@comune.example"
people  = [{ name = "Anna Prova", mail = "a.prova@comune.example", role = "responsabile" }]
signals = [{ score = 9, in = "body", words = ["sportello"] }]

[office.anagrafe]
title = "Anagrafe"
mail  = "anagrafe@comune.example"

[body.regione]
title = "Regione Esempio"
pec   = "regione@pec.example"
ipa   = "r_esempio"

[extract.pratica]
in      = "subject"
pattern = '(?<numero>20\d{2}/\d{6})'
value   = "{numero}"

[extract.codice]
in      = "body"
pattern = '(?<codice>[A-Z]{16})'
value   = "{codice}"

[rule.saluto]
title    = "Un saluto"
kind     = "other"
office   = "urp"
mode     = "suggest"
reply    = "ricevuta"
missing  = "manca"
needs    = ["pratica"]
deadline = { days = 30, calendar = "solar", law = "L. 241/1990 art. 2 c. 2" }
owner    = "URP"
signals  = [
    { score = 60, in = "subject", words = ["buongiorno", "buonasera"] },
    { score = 5, in = "body", regex = 'ciao+' },
    { score = 7, has = "pratica" },
]

[rule.da-smistare]
title  = "Da smistare a mano"
kind   = "other"
office = "urp"
mode   = "suggest"

[test.saluto]
subject = "Buongiorno"
expect  = { rule = "saluto" }

[test.nulla]
subject = ""
expect  = { rule = "da-smistare" }
"#;

    fn book(text: &str) -> Rulebook {
        let file = SourceFile { name: "regole.toml".into(), text: text.into() };
        load(&[file], &TEMPLATES).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// A key that an admin changes is told, by its name, with what stood there; and nothing else is.
    #[test]
    fn every_change_is_told_and_only_what_changed() {
        let keys = [
            ("accept        = 60", "accept        = 61", "soglie", "`accept` da 60 a 61"),
            ("margin        = 15", "margin        = 16", "soglie", "`margin` da 15 a 16"),
            ("accept_office = 8", "accept_office = 9", "soglie", "`accept_office` da 8 a 9"),
            ("margin_office = 1", "margin_office = 2", "soglie", "`margin_office` da 1 a 2"),
            (
                "\"Anagrafe\"",
                "\"Servizi demografici\"",
                "ufficio anagrafe",
                "`title` da «Anagrafe» a «Servizi demografici»",
            ),
            (
                "anagrafe@",
                "demografici@",
                "ufficio anagrafe",
                "`mail` da «anagrafe@comune.example» a «demografici@comune.example»",
            ),
            (
                "[body.regione]",
                "portal = \"https://suap.example/\"\n\n[body.regione]",
                "ufficio anagrafe",
                "`portal` da «» a «https://suap.example/»",
            ),
            (
                "[body.regione]",
                "role = \"responsabile\"\n\n[body.regione]",
                "ufficio anagrafe",
                "`role` da «operatore» a «responsabile»",
            ),
            (
                "role = \"responsabile\" }]",
                "role = \"coordinatore\" }]",
                "ufficio urp",
                "`people` da «Anna Prova (a.prova@comune.example, responsabile)» a «Anna Prova (a.prova@comune.example, coordinatore)»",
            ),
            ("[\"sportello\"]", "[\"banco\"]", "ufficio urp", "segnale +9 in body: parole in più: «banco»"),
            (
                "\"Regione Esempio\"",
                "\"Regione Prova\"",
                "ente regione",
                "`title` da «Regione Esempio» a «Regione Prova»",
            ),
            ("regione@", "giunta@", "ente regione", "`pec` da «regione@pec.example» a «giunta@pec.example»"),
            ("r_esempio", "r_prova", "ente regione", "`ipa` da «r_esempio» a «r_prova»"),
            (r"20\d{2}", r"2\d{3}", "dato pratica", "si riconosce in un altro modo"),
            ("\"Un saluto\"", "\"Saluti\"", "regola saluto", "`title` da Un saluto a Saluti"),
            ("\"other\"\noffice   =", "\"complaint\"\noffice   =", "regola saluto", "`kind` da other a complaint"),
            ("office   = \"urp\"", "office   = \"anagrafe\"", "regola saluto", "`office` da urp a anagrafe"),
            ("mode     = \"suggest\"", "mode     = \"shadow\"", "regola saluto", "`mode` da suggest a shadow"),
            (
                "needs    = [\"pratica\"]",
                "needs    = [\"pratica\", \"codice\"]",
                "regola saluto",
                "`needs` da pratica a pratica, codice",
            ),
            ("ciao+", "salve+", "regola saluto", "segnale nuovo: "),
            ("owner    =", "title_de = \"Gruß\"\nowner    =", "regola saluto", "`title_de` da niente a Gruß"),
            ("owner    =", "title_en = \"Greeting\"\nowner    =", "regola saluto", "`title_en` da niente a Greeting"),
            ("owner    = \"URP\"", "", "regola saluto", "`owner` da URP a niente"),
            ("owner    =", "review_by = 2027-01-31\nowner    =", "regola saluto", "`review_by` da niente a 2027-01-31"),
            (
                "owner    =",
                "valid_from = 2026-01-01\nowner    =",
                "regola saluto",
                "`valid_from` da niente a 2026-01-01",
            ),
            ("owner    =", "valid_to = 2028-12-31\nowner    =", "regola saluto", "`valid_to` da niente a 2028-12-31"),
            ("reply    = \"ricevuta\"", "reply    = \"altra\"", "regola saluto", "`reply` da ricevuta a altra"),
            ("missing  = \"manca\"", "missing  = \"altra\"", "regola saluto", "`missing` da manca a altra"),
            (
                "days = 30, calendar = \"solar\"",
                "days = 20, calendar = \"working\"",
                "regola saluto",
                "`deadline` da 30 giorni (L. 241/1990 art. 2 c. 2) a 20 giorni lavorativi (L. 241/1990 art. 2 c. 2)",
            ),
            ("\"buonasera\"]", "\"salve\"]", "regola saluto", "segnale +60 in subject: parole in meno: «buonasera»"),
            ("score = 5,", "score = 6,", "regola saluto", "da +5 a +6 punti"),
            ("score = 7,", "score = 8,", "regola saluto", "da +7 a +8 punti"),
            ("    { score = 7, has = \"pratica\" },\n", "", "regola saluto", "segnale tolto: "),
        ];
        let was = book(WAS);
        assert_eq!(diff(&was, &book(WAS)), vec![]);
        for (from, to, about, text) in keys {
            let is = book(&WAS.replacen(from, to, 1));
            let found = diff(&was, &is);
            assert!(found.iter().any(|one| one.text.contains(text)), "{from} → {to}: no «{text}» in {found:?}");
            assert!(found.iter().all(|one| one.about == about), "{from} → {to}: {found:?}");
        }
    }

    #[test]
    fn what_words_say_by_themselves_and_what_no_rule_takes_is_told() {
        const COUNTED: &str =
            "[clues]\nmessages = { complaint = 50, spam = 50 }\nwords = { rotto = { complaint = 40 } }\n";
        let (without, with) = (book(WAS), book(&format!("{WAS}\n{COUNTED}")));
        let other = book(&format!("{WAS}\n{}", COUNTED.replace("rotto = { complaint", "rotto = { spam")));
        let told = |about: &str, text: &str| vec![Difference { about: about.into(), text: text.into() }];
        assert_eq!(diff(&without, &with), told("indizi", "nuovi: le parole dei messaggi pesano da sole"));
        assert_eq!(diff(&with, &without), told("indizi", "tolti"));
        assert_eq!(diff(&with, &other), told("indizi", "contati su altri messaggi"));
        let renamed = diff(&without, &book(&WAS.replace("da-smistare", "a-mano")));
        assert_eq!(renamed.first(), told("soglie", "`otherwise` da da-smistare a a-mano").first());
    }

    #[test]
    fn what_is_new_or_gone_is_told() {
        let parts = [
            (
                "[office.suap]\ntitle = \"SUAP\"\nmail = \"suap@comune.example\"",
                "ufficio suap",
                "nuovo: «SUAP», suap@comune.example",
                "tolto",
            ),
            (
                "[body.stato]\ntitle = \"Stato\"\npec = \"stato@pec.example\"",
                "ente stato",
                "nuovo: «Stato», stato@pec.example",
                "tolto",
            ),
            ("[extract.altro]\nin = \"body\"\npattern = '(?<n>x\\d)'\nvalue = \"{n}\"", "dato altro", "nuovo", "tolto"),
            (
                "[rule.altra]\ntitle = \"Altra\"\nkind = \"other\"\noffice = \"urp\"\nmode = \"shadow\"\n\
                 signals = [{ score = 70, in = \"subject\", words = [\"altro\"] }]\n\
                 [test.altra]\nsubject = \"Altro\"\nexpect = { rule = \"altra\" }",
                "regola altra",
                "nuova: «Altra», ufficio urp, shadow",
                "tolta: «Altra»",
            ),
        ];
        let without = book(WAS);
        for (part, about, new, gone) in parts {
            let with = book(&format!("{WAS}\n{part}\n"));
            let first = |found: Vec<Difference>| found.into_iter().next().map(|one| (one.about, one.text));
            assert_eq!(first(diff(&without, &with)), Some((about.into(), new.into())));
            assert_eq!(first(diff(&with, &without)), Some((about.into(), gone.into())));
        }
    }
}

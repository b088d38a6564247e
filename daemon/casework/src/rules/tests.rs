//! The engine as a whole: the shipped rules, their tests, the files with one mistake each, and what must always hold.

extern crate std;

use super::*;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::date;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::{fs, sync::LazyLock};

/// The templates the shipped rules answer with.
const TEMPLATES: [&str; 7] = [
    "presa-in-carico",
    "documenti-acquisiti",
    "stato-pratica",
    "richiesta-integrazione",
    "fascicolo-non-trovato",
    "avvio-procedimento",
    "fatture-solo-sdi",
];

static SHIPPED: LazyLock<Vec<SourceFile>> = LazyLock::new(|| files(&root().join("rules")));
static BOOK: LazyLock<Rulebook> = LazyLock::new(|| load(&SHIPPED, &TEMPLATES).expect("the shipped rules are good"));

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(dir: &Path) -> Vec<SourceFile> {
    let paths = fs::read_dir(dir).expect("the directory").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    let file = |path: PathBuf| SourceFile {
        name: path.file_name().expect("a name").to_string_lossy().into_owned(),
        text: fs::read_to_string(&path).expect("text"),
    };
    paths.into_iter().map(file).collect()
}

struct Nobody;

impl World for Nobody {
    fn dossier(&self, _: &str) -> Option<DossierBrief> {
        None
    }
    fn identity(&self) -> bool {
        false
    }
    fn thread(&self) -> Option<DossierBrief> {
        None
    }
}

fn material<'a>(subject: &'a str, text: &'a str, attachments: &'a [&'a str]) -> Material<'a> {
    Material {
        subject,
        text,
        attachments,
        attached_text: "",
        from: "mario.rossi@pec.test",
        from_name: "",
        from_kind: "",
        to: &[],
        pec_kind: "posta-certificata",
        grade: "genuine",
        today: date(2026, 6, 1),
    }
}

#[test]
fn the_shipped_rules_pass_their_tests() {
    let results = run_tests(&BOOK);
    let failed: Vec<String> =
        results.iter().filter(|r| !r.ok).map(|r| format!("{}:{} «{}»: {}", r.file, r.line, r.name, r.detail)).collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), results.len(), failed.join("\n"));
    assert!(results.len() >= 40);
}

/// Each file of `fixtures/rules-bad` has one mistake, and says at its top how it must be reported.
#[test]
fn every_mistake_is_reported_as_expected() {
    let dir = root().join("fixtures/rules-bad");
    let base = files(&dir.join("base"));
    let mut wrong = Vec::new();
    for file in files(&dir) {
        let has_base = !file.text.lines().any(|line| line == "# senza base");
        let set: Vec<SourceFile> = base.iter().filter(|_| has_base).chain([&file]).cloned().collect();
        let seen: Vec<String> = match load(&set, &TEMPLATES) {
            Ok(book) => {
                book.warnings().iter().chain(&book.past_review(date(2026, 6, 1))).map(Problem::to_string).collect()
            }
            Err(problems) => problems.iter().map(Problem::to_string).collect(),
        };
        let want: Vec<&str> = file.text.lines().filter_map(|line| line.strip_prefix("# atteso: ")).collect();
        if seen != want || want.is_empty() {
            wrong.push(format!("{}\n  {}", file.name, seen.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The smallest rulebook, to which tests add what they are about.
const SMALL: &str = r#"format = 1
[defaults]
accept = 60
margin = 15
otherwise = "resto"
[office.urp]
title = "URP"
mail = "urp@comune.example"
[rule.resto]
title = "Resto"
kind = "other"
office = "urp"
mode = "suggest"
[test.resto]
expect = { rule = "resto" }
"#;

fn file(name: &str, text: &str) -> SourceFile {
    SourceFile { name: name.to_string(), text: text.to_string() }
}

fn small(more: &str) -> Rulebook {
    load(&[file("a.toml", &format!("{SMALL}{more}"))], &TEMPLATES).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn says(files: &[SourceFile]) -> Vec<String> {
    load(files, &TEMPLATES).expect_err("mistakes").iter().map(Problem::to_string).collect()
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_files() {
    let wrong = "format = 1\n[office.x]\ntitel = 'X'\nmail = 'x'\n[words]\na = []\n[rule.y]\nkind = 'nothing'\n";
    let seen = says(&[file("a.toml", SMALL), file("b.toml", wrong)]);
    let at: Vec<&str> = seen.iter().filter_map(|text| text.split(' ').nth(2)).collect();
    assert_eq!(
        at,
        [
            "b.toml:2:",
            "b.toml:3:",
            "b.toml:4:",
            "b.toml:6:",
            "b.toml:7:",
            "b.toml:7:",
            "b.toml:7:",
            "b.toml:7:",
            "b.toml:8:"
        ],
        "{seen:#?}"
    );
}

#[test]
fn a_file_that_cannot_be_read_has_no_echo_in_the_others() {
    let offices = file("offices.toml", "format = 1\n[office.suap\n");
    let rules =
        file("rules.toml", "format = 1\n[rule.x]\ntitle = 'X'\nkind = 'other'\noffice = 'suap'\nmode = 'auto'\n");
    let seen = says(&[file("a.toml", SMALL), offices, rules]);
    assert_eq!(seen.len(), 1, "{seen:#?}");
    assert!(seen[0].starts_with("errore  offices.toml:2: TOML non valido"), "{seen:#?}");
}

/// What stands in a file that is no TOML may be anything: only names that it does not hold are missed.
#[test]
fn a_file_that_cannot_be_read_hides_no_mistake_of_the_others() {
    let broken = file("broken.toml", "format = 1\n[office.suap]\n[words]\nstato = ['a'\n");
    let rules = "format = 1\n[rule.x]\ntitle = 'X'\nkind = 'other'\noffice = 'suap'\nmode = 'auto'\nreply = 'presa'\nsignals = [\n\
        { score = 60, in = 'subject', words = '@stato' },\n{ score = 60, in = 'subject', words = '@statto' }]\n\
        [rule.y]\ntitle = 'Y'\nkind = 'other'\noffice = 'upr'\nmode = 'auto'\n";
    let seen = says(&[file("a.toml", SMALL), broken, file("rules.toml", rules)]);
    let said = |n: usize, line: &str, what: &str| {
        assert!(seen.get(n).is_some_and(|text| text.contains(line) && text.contains(what)), "{n} {what}: {seen:#?}");
    };
    said(0, "broken.toml:", "TOML non valido");
    said(1, "rules.toml:7:", "il modello `presa` non esiste");
    said(2, "rules.toml:10:", "la lista `@statto` non esiste");
    said(3, "rules.toml:14:", "l'ufficio `upr` non esiste (forse intendevi `urp`?");
    assert_eq!(seen.len(), 4, "{seen:#?}");
}

#[test]
fn a_thing_with_mistakes_does_not_blame_who_mentions_it() {
    let more = "[office.suap]\ntitle = 'Suap'\nmail = 'suap'\n[words]\nw = ['*']\n[rule.x]\ntitle = 'X'\nkind = 'other'\noffice = 'suap'\n\
        mode = 'auto'\nsignals = [{ score = 60, in = 'subject', words = '@w' }]\n[test.x]\nexpect = { rule = 'x', office = 'suap' }\n";
    let seen = says(&[file("a.toml", &format!("{SMALL}{more}"))]);
    assert_eq!(seen.len(), 2, "{seen:#?}");
}

#[test]
fn the_digest_is_of_names_and_texts() {
    // Computed apart, from the definition in `Rulebook::digest`.
    assert_eq!(small("").digest(), "eaac9de0e31a1cc0f6016476a30b834a0cba5d4fcca5e0ec10ead9e9c9d46d36");
    let other = load(&[file("b.toml", SMALL)], &TEMPLATES).expect("good");
    assert_ne!(other.digest(), small("").digest());
}

#[test]
fn a_rule_applies_from_its_first_to_its_last_day() {
    let book = small(
        "[rule.x]\ntitle = 'X'\nkind = 'other'\noffice = 'urp'\nmode = 'auto'\nvalid_from = 2026-03-01\nvalid_to = 2026-03-31\n\
         signals = [{ score = 60, in = 'subject', words = 'ciao' }]\n\
         [test.x]\nsubject = 'ciao'\ntoday = 2026-03-31\nexpect = { rule = 'x' }\n[test.y]\nsubject = 'ciao'\nexpect = { rule = 'resto' }\n",
    );
    assert!(run_tests(&book).iter().all(|result| result.ok));
    let on = |today| classify(&book, &Material { today, ..material("ciao", "", &[]) }, &Nobody).rule;
    assert_eq!(on(date(2026, 2, 28)), "resto");
    assert_eq!(on(date(2026, 3, 1)), "x");
    assert_eq!(on(date(2026, 4, 1)), "resto");
}

#[test]
fn a_rule_on_trial_changes_nothing_and_is_recorded() {
    let rule = |id: &str, mode: &str, score: i32| {
        format!(
            "[rule.{id}]\ntitle = 'X'\nkind = 'other'\noffice = 'urp'\nmode = '{mode}'\n\
             signals = [{{ score = {score}, in = 'subject', words = 'ciao' }}]\n"
        )
    };
    let live = rule("viva", "auto", 60) + "[test.viva]\nsubject = 'ciao'\nexpect = { rule = 'viva' }\n";
    let trial =
        rule("prova", "shadow", 70) + "[test.prova]\nsubject = 'ciao'\nexpect = { rule = 'viva', shadow = 'prova' }\n";
    let book = small(&(live.clone() + &trial));
    assert!(run_tests(&book).iter().all(|result| result.ok), "{:?}", run_tests(&book));
    let ask = |book: &Rulebook| classify(book, &material("ciao", "", &[]), &Nobody);
    assert_eq!(ask(&book).outcome, ask(&small(&live)).outcome);
    assert_eq!(
        (ask(&book).rule.as_str(), ask(&book).shadow, ask(&book).scores.len()),
        ("viva", ["prova".to_string()].into(), 2)
    );
}

#[test]
fn clues_order_the_candidates_and_choose_none() {
    let rule = |id: &str, kind: &str, words: &str, score: i32| {
        format!(
            "[rule.{id}]\ntitle = 'X'\nkind = '{kind}'\noffice = 'urp'\nmode = 'auto'\nsignals = [{{ score = {score}, in = 'subject', words = '{words}' }}, {{ score = 30, in = 'to', words = 'x.test' }}]\n[test.{id}]\nto = ['x.test']\nsubject = '{words}'\nexpect = {{ rule = '{id}' }}\n"
        )
    };
    let rules = rule("guasti", "complaint", "lampione", 60) + &rule("conti", "payment_query", "bolletta", 40);
    let clues = "[clues]\nmost = 90\nmessages = { complaint = 50, payment_query = 50, spam = 900 }\n[clues.words]\n'rotto' = { complaint = 40 }\n'spento' = { complaint = 40 }\n'buio' = { complaint = 40 }\n'pagare' = { payment_query = 40 }\n'importo' = { payment_query = 40 }\n'doppia' = { payment_query = 40 }\n'versare' = { payment_query = 40 }\n";
    let wide = |more: &str| {
        let text = SMALL.replace("margin = 15", "margin = 50");
        load(&[file("a.toml", &format!("{text}{rules}{more}"))], &TEMPLATES)
            .unwrap_or_else(|problems| panic!("{problems:#?}"))
    };
    let (without, with) = (wide(""), wide(clues));
    let ask = |book: &Rulebook, subject: &str, text: &str| classify(book, &material(subject, text, &[]), &Nobody);
    // Words alone choose nothing, however clear they are.
    let alone = ask(&with, "bolletta", "pagare versare importo doppia");
    assert!(matches!(&alone.outcome, Outcome::BelowAccept { best: Some((rule, _)) } if rule == "conti"), "{alone:?}");
    assert_eq!(alone.clues.first().map(|clue| clue.kind), Some(Kind::PaymentQuery));
    assert!(alone.clues_in_words().is_some_and(|said| said.contains("«doppia»")), "{:?}", alone.clues_in_words());
    // They put another candidate first …
    let [plain, moved] = [&without, &with].map(|book| ask(book, "lampione bolletta", "pagare versare importo doppia"));
    assert_eq!((plain.scores[0].rule.as_str(), moved.scores[0].rule.as_str()), ("guasti", "conti"));
    // … and give at most half of the lead: 60 against 40 is too near for a margin of 50, whatever the words say.
    let (near, far) =
        (ask(&with, "lampione bolletta", "rotto spento buio"), ask(&with, "lampione", "rotto spento buio"));
    assert!(matches!(&near.outcome, Outcome::Tie(close) if close[0].1 - close[1].1 >= 50), "{:?}", near.outcome);
    assert!(matches!(far.outcome, Outcome::Chosen { .. }) && far.clues_in_words().is_none());
    assert_eq!((far.scores[0].score, far.scores[0].clues > 0), (60, true), "`accept` asks for the rule's own points");
    assert!(plain.clues.is_empty() && !serde_json::to_string(&plain).is_ok_and(|json| json.contains("clues")));
}

#[test]
fn a_rule_that_the_words_speak_against_is_a_persons_choice() {
    let rule = |id: &str, kind: &str, words: &str| {
        format!(
            "[rule.{id}]\ntitle = 'X'\nkind = '{kind}'\noffice = 'urp'\nmode = 'auto'\nsignals = [{{ score = 70, in = 'subject', words = '{words}' }}, {{ score = 40, in = 'body', words = '{words}' }}]\n[test.{id}]\nsubject = '{words}'\nexpect = {{ rule = '{id}' }}\n"
        )
    };
    let rules = rule("guasti", "complaint", "fontana") + &rule("copie", "access_to_records", "copia");
    let clues = "[clues]\nmost = 90\nmessages = { complaint = 50, access_to_records = 50, spam = 900 }\n[clues.words]\n'risult*' = { access_to_records = 40 }\n'analis*' = { access_to_records = 40 }\n'esito' = { access_to_records = 40 }\n'acqua' = { access_to_records = 40 }\n'esame' = { access_to_records = 40 }\n";
    let book = load(&[file("a.toml", &format!("{SMALL}{rules}{clues}"))], &TEMPLATES).expect("good");
    let ask = |subject: &str, text: &str| classify(&book, &material(subject, text, &[]), &Nobody);
    // No rule for copies has a point: it is named, since the words speak for it.
    let doubted = ask("fontana", "risultati analisi esito esame acqua");
    assert!(matches!(&doubted.outcome, Outcome::Tie(close) if close[1].0 == "copie"), "{:?}", doubted.outcome);
    let why = why_not(&book, &doubted, "guasti", date(2026, 6, 1)).map(|why| why.verdict);
    assert!(matches!(why, Some(Verdict::Doubted { .. } | Verdict::Behind { .. })), "{why:?}");
    // With words enough of its own the rule is chosen all the same, and where the others say little.
    let (clear, short) = (ask("fontana", "fontana: risultati analisi esito esame acqua"), ask("fontana", ""));
    assert!([clear, short].iter().all(|seen| matches!(seen.outcome, Outcome::Chosen { .. })));
}

#[test]
fn the_text_of_a_file_and_the_signature_are_places_of_their_own() {
    let rule = "[rule.moduli]\ntitle = 'X'\nkind = 'other'\noffice = 'urp'\nmode = 'suggest'\nsignals = [{ score = 60, in = 'attachment.text', words = 'abbonamento' }, { score = -50, in = 'signature', words = 'agenzia viaggi' }]\n[test.moduli]\nattached_text = 'abbonamento'\nexpect = { rule = 'moduli' }\n";
    let book = load(&[file("a.toml", &format!("{SMALL}{rule}"))], &TEMPLATES).expect("good");
    let ask = |attached_text: &str, text: &str| {
        classify(&book, &Material { attached_text, ..material("", text, &[]) }, &Nobody).rule
    };
    assert_eq!(ask("chiedo un abbonamento", "agenzia viaggi\nCordiali saluti"), "moduli");
    assert_ne!(ask("chiedo un abbonamento", "in allegato\nCordiali saluti\nAgenzia viaggi"), "moduli");
    assert_ne!(ask("", "abbonamento"), "moduli");
}

/// The test of a rule on trial asks what it would do: what it says then is what will hold when it decides.
#[test]
fn a_rule_on_trial_is_tried_as_if_it_decided() {
    const RULES: &str = "[rule.nuova]\ntitle = 'X'\nkind = 'complaint'\noffice = 'urp'\nmode = 'shadow'\nsignals = [{ score = 70, in = 'body', words = 'zufolo' }]\n\
        [test.nuova]\nbody = 'zufolo'\nexpect = { shadow = 'nuova' }\n\
        [rule.altra]\ntitle = 'Y'\nkind = 'data_change'\noffice = 'urp'\nmode = 'suggest'\nsignals = [{ score = 60, in = 'body', words = 'piffero' }]\n\
        [test.altra]\nbody = 'piffero'\nexpect = { rule = 'altra' }\n";
    let failed = |body: &str, expect: &str| -> Vec<String> {
        let text = format!("{SMALL}{RULES}[test.prova]\nbody = '{body}'\nexpect = {expect}\n");
        let book = load(&[file("a.toml", &text)], &TEMPLATES).unwrap_or_else(|problems| panic!("{problems:?}"));
        run_tests(&book).into_iter().filter(|test| !test.ok).map(|test| test.detail).collect()
    };
    assert_eq!(failed("uno zufolo", "{ shadow = 'nuova' }"), Vec::<String>::new());
    let close = failed("uno zufolo e un piffero", "{ shadow = 'nuova' }");
    assert!(close.len() == 1 && close[0].contains("non ha il distacco"), "{close:?}");
    let reached = failed("uno zufolo", "{ not_rule = ['nuova'] }");
    assert!(reached.len() == 1 && reached[0].contains("nuova, in prova, arriva alla soglia"), "{reached:?}");
    assert_eq!(failed("uno zufolo", "{ shadow = 'none' }").len(), 1);
    assert_eq!(failed("niente", "{ shadow = 'none' }"), Vec::<String>::new());
    assert_eq!(failed("niente", "{ not_rule = ['nuova'] }"), Vec::<String>::new());
}

#[test]
fn clues_that_cannot_have_been_counted_are_refused() {
    let with = |clues: &str| says(&[file("a.toml", SMALL), file("b.toml", &format!("format = 1\n{clues}"))]).join("\n");
    assert!(with("[clues]\nmessages = { spam = 1 }\n[clues.words]\n'x' = { spam = 2 }\n").contains("b.toml:5"));
    assert!(with("[clues]\nmessages = { spm = 1 }\nwords = {}\n").contains("spam"), "the nearest name");
    assert!(with("[clues]\nmessages = { spam = 1 }\n").contains("manca `words`"));
    let one = "[clues]\nmessages = { spam = 3 }\n[clues.words]\n'sconto' = { spam = 3 }\n";
    let twice = says(&[file("a.toml", &format!("{SMALL}{one}")), file("b.toml", &format!("format = 1\n{one}"))]);
    assert!(twice.join("\n").contains("è già in a.toml"), "{twice:?}");
}

/// A register with one dossier, whose office the rules may not know, and perhaps a thread.
struct Register {
    office: &'static str,
    thread: bool,
}

impl World for Register {
    fn dossier(&self, number: &str) -> Option<DossierBrief> {
        (number == "2026/000001").then(|| DossierBrief { number: number.into(), office: self.office.into() })
    }
    fn identity(&self) -> bool {
        true
    }
    fn thread(&self) -> Option<DossierBrief> {
        self.thread.then(|| DossierBrief { number: "2026/000009".into(), office: self.office.into() })
    }
}

#[test]
fn the_office_is_always_one_of_the_table() {
    let asked = material("Memoria fascicolo 1/2026", "preavviso di rigetto", &[]);
    let known = classify(&BOOK, &asked, &Register { office: "suap", thread: false });
    assert_eq!((known.rule.as_str(), known.office.as_str()), ("documenti-procedimento", "suap"));
    let unknown = classify(&BOOK, &asked, &Register { office: "soppresso", thread: false });
    assert_eq!(unknown.rule, "documenti-procedimento");
    assert!(unknown.office != "soppresso" && BOOK.office(&unknown.office).is_some(), "{}", unknown.office);
}

#[test]
fn a_number_that_exists_wins_over_the_thread_and_one_that_does_not_leaves_it() {
    let world = Register { office: "suap", thread: true };
    let dossier = |subject| classify(&BOOK, &material(subject, "", &[]), &world).dossier;
    assert_eq!(dossier("R: fascicolo 2026/000001").as_deref(), Some("2026/000001"));
    assert_eq!(dossier("R: fascicolo 2020/000777").as_deref(), Some("2026/000009"));
    // The first number is another body's: the one that exists is found behind it.
    let behind = classify(
        &BOOK,
        &material("pratica 55/2019", "per voi è la pratica n. 1/2026", &[]),
        &Register { office: "suap", thread: false },
    );
    assert_eq!(behind.dossier.as_deref(), Some("2026/000001"));
    let failed = classify(&BOOK, &material("pratica 55/2019", "", &[]), &Register { office: "suap", thread: false });
    assert_eq!(failed.dossier, None);
    let cited = failed.citations.first().expect("cited");
    assert_eq!((cited.reference.canonical().as_str(), cited.dossier.as_ref()), ("pratica:55/2019", None));
    assert!(cited.why.is_some());
}

#[test]
fn dossier_numbers_are_found_however_they_are_written() {
    for written in [
        "[Fascicolo 2026/000001]",
        "fascicolo n. 1/2026",
        "PRATICA N° 1 DEL 2026",
        "Prat. nr. 2026-1",
        "fasc. 0000001/2026",
        "procedimento: 2026/1",
        "rif. 2026/000001",
        "Pratica numero 1 / 2026",
    ] {
        let seen = classify(&BOOK, &material(written, "", &[]), &Register { office: "suap", thread: false });
        assert_eq!(seen.dossier.as_deref(), Some("2026/000001"), "{written}");
    }
    for other in ["prot. 1/2026", "delibera n. 1 del 2026", "pratica 1/20261"] {
        let seen = classify(&BOOK, &material(other, "", &[]), &Register { office: "suap", thread: false });
        assert_eq!(seen.dossier, None, "{other}");
    }
}

#[test]
fn the_old_value_is_kept_beside_the_new_one() {
    let field = |text: &str, name: &str| {
        let seen = classify(&BOOK, &material("", text, &[]), &Nobody);
        seen.fields.into_iter().find(|f| f.name == name).map(|f| (f.value, f.old))
    };
    let (a, b) = ("IT60X0542811101000000123456", "IT40S0542811101000000123456");
    let moved = |text: &str, old: Option<&str>| {
        assert_eq!(field(text, "iban"), Some((b.into(), old.map(Into::into))), "{text}");
    };
    moved(&format!("Dal vecchio IBAN {a} al nuovo {b}"), Some(a));
    moved(&format!("nuovo IBAN: {b}; il precedente era {a}"), Some(a));
    moved(&format!("il mio iban è {b}"), None);
    // Only the old one is said: it is not taken for the new one.
    assert_eq!(field(&format!("il vecchio IBAN {a} è chiuso"), "iban"), None);
}

#[test]
fn a_hit_shows_what_the_citizen_wrote_and_where() {
    let subject = "Urgente: CAMBIO  DI RESIDENZA";
    let seen = classify(&BOOK, &material(subject, "", &["a.pdf", "Modulo-Residenza.pdf"]), &Nobody);
    let rule = seen.scores.iter().find(|s| s.rule == "variazione-residenza").expect("scored");
    let hit = |place| rule.hits.iter().find(|h| h.place == Some(place)).expect("a hit");
    let first = hit(Place::Subject);
    assert_eq!(
        (first.points, first.phrase.as_str(), first.matched.as_str()),
        (50, "cambio di residenza", "CAMBIO  DI RESIDENZA")
    );
    assert_eq!(subject.get(first.start..first.end), Some(first.matched.as_str()));
    assert_eq!((hit(Place::AttachmentName).item, hit(Place::AttachmentName).matched.as_str()), (1, "Modulo-Residenza"));
}

#[test]
fn what_lies_beyond_the_bound_is_not_read_and_it_says_so() {
    let far = format!("{}à reclamo buche", "x ".repeat(place::PLACE_BYTES_MAX / 2));
    let seen = classify(&BOOK, &material("", &far, &[]), &Nobody);
    assert!(seen.reading.cut && seen.scores.is_empty(), "{:?}", seen.scores);
    let near = format!("{}reclamo buche", "x ".repeat(place::PLACE_BYTES_MAX / 2 - 20));
    assert!(!classify(&BOOK, &material("", &near, &[]), &Nobody).scores.is_empty());
}

#[test]
fn a_decision_never_stores_a_page_for_a_match() {
    let wide = format!("cambio{}di residenza", " ".repeat(100_000));
    let seen = classify(&BOOK, &material(&wide, "", &[]), &Nobody);
    let hit = &seen.scores.iter().find(|s| s.rule == "variazione-residenza").expect("scored").hits[0];
    assert_eq!((hit.end - hit.start, hit.matched.len()), (wide.len(), 200));
}

#[test]
fn codes_are_the_same_in_rules_and_in_the_journal() {
    for (kind, code, _) in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).expect("a word"), code);
        assert_eq!(kind.code(), code);
    }
    for (code, place) in Place::ALL {
        assert_eq!(serde_json::to_value(place).expect("a word"), code);
        assert_eq!(place.code(), code);
    }
}

#[test]
fn a_stored_explanation_can_be_read_back() {
    let seen = classify(
        &BOOK,
        &material("Sollecito pratica 1/2026", "CF RSSMRA80A01H501X", &[]),
        &Register { office: "suap", thread: false },
    );
    let stored = serde_json::to_string(&seen).expect("text");
    assert_eq!(serde_json::from_str::<Classification>(&stored).expect("the same"), seen);
}

/// Text that hits many signals: the rules' own phrases between anything else.
fn letter() -> impl Strategy<Value = String> {
    static PHRASES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let quoted = SHIPPED.iter().flat_map(|file| file.text.split('"').skip(1).step_by(2));
        quoted.map(|text| text.replace('*', "o")).collect()
    });
    let piece = prop_oneof![
        3 => proptest::sample::select(PHRASES.as_slice()),
        1 => any::<String>(),
        1 => Just("\n> citato\n".to_string()),
        1 => Just("RSSMRA80A01H501U pratica 1/2026".to_string()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

const TURNS: usize = 3;

/// The shipped rules with files, signals and phrases in other orders.
static TURNED: LazyLock<Vec<Rulebook>> = LazyLock::new(|| (0..TURNS).map(turned).collect());

fn turned(turn: usize) -> Rulebook {
    let mut files = SHIPPED.clone();
    files.reverse();
    let mut book = load(&files, &TEMPLATES).expect("the same rules");
    for rule in book.rules.values_mut() {
        let signals = rule.signals.len();
        rule.signals.rotate_left((turn + 1) % signals);
        for signal in &mut rule.signals {
            if let book::Look::Words(_, phrases) = &mut signal.look {
                phrases.reverse();
            }
        }
    }
    book.index = super::check::index(&book.rules, &book.matters).expect("as before");
    book
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn classify_answers_everything_and_keeps_its_promises(subject in letter(), text in letter(), name in letter(), thread in any::<bool>()) {
        let names = [name.as_str()];
        let seen = classify(&BOOK, &material(&subject, &text, &names), &Register { office: "suap", thread });
        prop_assert!(BOOK.office(&seen.office).is_some() && BOOK.rule(&seen.rule).is_some());
        for score in &seen.scores {
            prop_assert_eq!(score.score, score.hits.iter().map(|hit| hit.points).sum::<i32>());
        }
        match &seen.outcome {
            Outcome::Chosen { score, lead } => {
                // Over rules of another kind by the margin, half of it without the clues; over those of its own by a point.
                let needed = |rule: &str| if BOOK.rule(rule).is_some_and(|rule| rule.kind == seen.kind) { 1 } else { BOOK.margin() };
                prop_assert!(*score >= BOOK.accept() && lead.is_none_or(|lead| lead >= 1) && seen.shadow.is_empty());
                let best = &seen.scores[0];
                prop_assert!(best.rule == seen.rule && best.score == *score);
                for other in seen.scores[1..].iter().filter(|other| other.weight() > 0) {
                    prop_assert!(other.weight() <= best.weight() - needed(&other.rule), "{:?} {:?}", best, other);
                    prop_assert!(other.score <= score - needed(&other.rule) / 2, "{:?} {:?}", best, other);
                }
            }
            Outcome::Tie(rules) => prop_assert!(rules.len() > 1 && seen.rule == BOOK.otherwise().id),
            Outcome::BelowAccept { .. } => prop_assert_eq!(&seen.rule, &BOOK.otherwise().id),
            Outcome::Asked { .. } => prop_assert!(false, "the rules answer nobody's form"),
        }
        prop_assert!(!matches!(seen.kind, Kind::OtherPa | Kind::Spam) || seen.template().is_none());
    }

    #[test]
    fn no_order_has_any_influence(subject in letter(), text in letter(), turn in 0..TURNS) {
        let asked = material(&subject, &text, &["segnatura.xml"]);
        prop_assert_eq!(classify(&BOOK, &asked, &Nobody), classify(&TURNED[turn], &asked, &Nobody));
    }
}

/// What the README shows must work: an administrator will paste it.
#[test]
fn the_examples_of_the_readme_load_and_pass() {
    let readme = fs::read_to_string(root().join("rules/README.md")).expect("the README");
    let examples = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut set = SHIPPED.clone();
    set.extend(examples.enumerate().map(|(n, text)| file(&format!("example-{n}.toml"), text)));
    assert!(set.len() > SHIPPED.len());
    let book = load(&set, &TEMPLATES).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let failed: Vec<TestResult> = run_tests(&book).into_iter().filter(|result| !result.ok).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

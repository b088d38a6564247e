//! Changes when a house rule that can be checked changes (DESIGN: a rule that can be checked is a test, the rest is taste).

use super::fixtures;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, lines.
const FILE_LINES_MAX: usize = 600;
/// The kinds of reader in the names of templates.
const READERS: [&str; 4] = ["ente", "professionista", "delegato", "impresa"];
/// Longest README.md at the root, lines: what must be read before trying.
const README_LINES_MAX: usize = 200;
/// Largest file of the tree, bytes: whoever clones pays for it for ever.
const BLOB_BYTES_MAX: u64 = 256 * 1024;
/// The same, for the counted words of the rules.
const CLUES_BYTES_MAX: u64 = 1024 * 1024;
/// Largest message of a fixture, bytes.
const MESSAGE_BYTES_MAX: u64 = 40 * 1024;

/// Where each outside crate may be named, so that replacing it is one file or one folder. Tests may name any.
const ONE_PLACE: &[(&str, &[&str])] = &[
    ("sled", &["daemon/src/store/index.rs"]),
    ("lettre", &["daemon/src/submit.rs", "daemon/src/submit/"]),
    ("async_imap", &["daemon/src/intake/imap.rs", "daemon/src/intake/imap/"]),
    ("imap_proto", &["daemon/src/intake/imap/"]),
    ("mail_parser", &["daemon/pec/src/content.rs"]),
    ("cms", &["daemon/pec/src/second.rs", "daemon/src/post/cades.rs", "tests/gestore/src/"]), // the last has a module of this name
    ("x509_cert", &["daemon/pec/src/second.rs", "daemon/pec/src/dn.rs", "daemon/src/post/cades.rs"]),
    ("roxmltree", &["daemon/pec/src/xml.rs"]),
    ("handlebars", &["daemon/casework/src/reply/engine.rs"]),
    ("regex_automata", &["daemon/casework/src/rules/engine.rs"]),
    ("regex_syntax", &["daemon/casework/src/rules/alphabet.rs", "daemon/casework/src/rules/engine.rs"]),
    ("aho_corasick", &["daemon/casework/src/rules/score.rs"]),
    ("toml_edit", &["daemon/src/rulebook/edit.rs"]),
    ("tracing", &["daemon/src/events.rs"]),
    ("tracing_subscriber", &["daemon/src/cli.rs"]),
    ("rustls_native_certs", &["daemon/src/tls.rs"]),
    ("hyper", &["daemon/src/http.rs", "daemon/src/revocation/", "daemon/src/monitor/server.rs"]),
    ("hyper_util", &["daemon/src/http.rs", "daemon/src/monitor/server.rs"]),
    ("http_body_util", &["daemon/src/http.rs", "daemon/src/monitor/server.rs"]),
    ("tokio_postgres", &["daemon/src/sources/sql.rs"]),
    ("sd_notify", &["daemon/src/supervise.rs"]),
    ("krilla", &["daemon/src/post/printable.rs"]),
    ("skrifa", &["daemon/src/post/printable.rs"]),
    ("dejavu", &["daemon/src/post/printable.rs"]),
    ("zip", &["daemon/src/cli/zipped.rs"]),
    ("rcgen", &["tests/gestore/src/authority.rs"]),
    ("num_bigint", &["tests/gestore/src/crypto.rs"]),
];

/// What each crate may depend on. A pure crate depends on nothing that has a clock, a disk or a socket.
const MAY_DEPEND: &[(&str, &[&str])] = &[
    ("daemon/pec", &["aws-lc-rs", "cms", "der", "jiff", "mail-parser", "memchr", "roxmltree", "x509-cert"]),
    (
        "daemon/casework",
        &[
            "aho-corasick",
            "aws-lc-rs",
            "handlebars",
            "jiff",
            "pec",
            "regex-automata",
            "regex-syntax",
            "serde",
            "serde_json",
            "toml",
        ],
    ),
    ("tests/gestore", &["aws-lc-rs", "clap", "jiff", "num-bigint", "rcgen", "tempfile"]),
];

/// Templates that only a person decides to send.
const SENT_BY_A_PERSON: &[&str] = &["pec-non-certificata"];

/// Words of the wire that stand outside `wire.rs`, and why.
const WIRE_WORDS_ELSEWHERE: &[(&str, &str)] = &[
    ("daemon/pec/src/report.rs", "daticert.xml"), // the title of a check, for people
    ("daemon/casework/src/reply/catalogue/messages.rs", "presa-in-carico"), // the name of a template
    ("daemon/casework/src/rules/read_case.rs", "posta-certificata"), // the default of a key in rules files
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Every file of the tree but what tools make, with `/` between folders.
fn tree() -> Vec<String> {
    let root = root();
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | ".git" | "private") {
                    folders.push(path);
                }
            } else if !name.ends_with(".tmp") {
                files.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The Rust sources: path and text.
fn sources() -> Vec<(String, String)> {
    tree().into_iter().filter(|path| path.ends_with(".rs")).map(|path| (path.clone(), read(&path))).collect()
}

/// Files that people write, and not messages, certificates or what cargo makes.
fn written() -> Vec<(String, String)> {
    let endings = [".rs", ".toml", ".md", ".hbs", ".yml", ".service", "/run"];
    let is_written = |path: &String| path != "Cargo.lock" && endings.iter().any(|ending| path.ends_with(ending));
    tree().into_iter().filter(is_written).map(|path| (path.clone(), read(&path))).collect()
}

/// Its lines, without those that are comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// The part of a source that is not its tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.contains("/benches/")
        || path.contains("tests.rs")
        || path.starts_with("tests/suite")
}

/// `word` stands in `text` between characters that belong to no name.
fn has_word(text: &str, word: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(of_name) && !text[at + word.len()..].starts_with(of_name))
}

#[track_caller]
fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn every_source_says_why_it_changes_and_is_short() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if !text.starts_with("//!") {
            wrong.push(format!("{path}: does not begin with `//!`"));
        }
        if lines > FILE_LINES_MAX {
            wrong.push(format!("{path}: {lines} lines, of {FILE_LINES_MAX}"));
        }
    }
    none("sources", &wrong);
}

#[test]
fn an_outside_crate_is_named_in_one_place() {
    let sources = sources();
    for (name, places) in ONE_PLACE {
        let used = format!("{name}::");
        let names =
            |text: &str| code(text).any(|line| line.match_indices(&used).any(|(at, _)| starts_a_path(line, at)));
        let strays: Vec<String> = sources
            .iter()
            .filter(|(path, text)| {
                !is_test(path) && !places.iter().any(|p| path.starts_with(p)) && names(without_tests(text))
            })
            .map(|(path, _)| path.clone())
            .collect();
        none(&format!("{name} is named outside of {places:?}"), &strays);
        let used = sources.iter().any(|(path, text)| places.iter().any(|p| path.starts_with(p)) && names(text));
        assert!(used, "nobody names {name} any more: take it off the list");
    }
}

/// The name at `at` is the first of its path: a module of ours may have the name of a crate.
fn starts_a_path(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '"' | '`'))
}

#[test]
fn the_pure_crates_stay_pure() {
    for lib in ["daemon/pec/src/lib.rs", "daemon/casework/src/lib.rs"] {
        assert!(read(lib).lines().any(|line| line == "#![no_std]"), "{lib}: no_std forbids the clock and the disk");
    }
    let is_pure = |path: &str| path.starts_with("daemon/pec/src") || path.starts_with("daemon/casework/src");
    let waits: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| {
            is_pure(path) && code(text).any(|line| has_word(line, "async") || has_word(line, "await"))
        })
        .map(|(path, _)| path)
        .collect();
    none("async in a pure crate", &waits);
}

#[test]
fn each_crate_depends_on_what_it_may() {
    for (folder, allowed) in MAY_DEPEND {
        let manifest: toml::Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
        let named = |table: &str| -> BTreeSet<String> {
            let table = manifest.get(table).and_then(toml::Value::as_table);
            table.map(|t| t.keys().cloned().collect()).unwrap_or_default()
        };
        let allowed: BTreeSet<String> = allowed.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(named("dependencies"), allowed, "{folder}: a new one needs a reason");
        assert!(named("build-dependencies").is_empty(), "{folder}");
        if *folder == "tests/gestore" {
            let ours: BTreeSet<String> = ["pec", "casework", "sportello"].map(str::to_owned).into();
            let dev = named("dev-dependencies");
            assert!(dev.is_disjoint(&ours), "gestore shares no code with what reads its messages: {dev:?}");
        }
    }
}

#[test]
fn every_fixture_is_complete_and_small() {
    let wanted: BTreeSet<String> = ["README.md", "case.toml", "expected.txt", "message.eml"].map(str::to_owned).into();
    // What else was at hand that day: lists, answers, what we had sent, the providers' directory.
    let beside = ["lista.crl", "risposta.ocsp", "inviato.eml", "elenco.ldif"];
    let mut wrong = Vec::new();
    for name in fixtures::names() {
        let dir = fixtures::root().join("mail").join(&name);
        let files = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        if files.filter(|file| !beside.contains(&file.as_str())).collect::<BTreeSet<_>>() != wanted {
            wrong.push(format!("{name}: must hold {wanted:?}, and beside them at most {beside:?}"));
            continue;
        }
        let length = fs::metadata(dir.join("message.eml")).unwrap().len();
        if length > MESSAGE_BYTES_MAX {
            wrong.push(format!("{name}: a message of {length} bytes, of {MESSAGE_BYTES_MAX}"));
        }
        let says = fs::read_to_string(dir.join("README.md")).unwrap();
        if !(1..=3).contains(&says.lines().count()) || !says.trim_end().ends_with(')') {
            wrong.push(format!(
                "{name}: README.md says in one to three lines what it shows, and cites (in brackets) who says so"
            ));
        }
    }
    none("fixtures", &wrong);
}

/// A template which nothing sends is text that nobody maintains.
#[test]
fn every_template_is_sent_by_a_rule_or_by_the_code() {
    let tree = tree();
    let rules: String =
        tree.iter().filter(|p| p.starts_with("rules/") && p.ends_with(".toml")).map(|p| read(p)).collect();
    let letters = [
        "letters.rs",
        "letters/accesses.rs",
        "letters/case.rs",
        "letters/courtesy.rs",
        "letters/enquiry.rs",
        "letters/follow.rs",
        "letters/order.rs",
        "letters/undelivered.rs",
        "letters/verify.rs",
        "decide.rs",
        "request.rs",
        "procedure/model.rs",
    ]
    .map(|file| read(&format!("daemon/casework/src/{file}")))
    .concat();
    let unsent: Vec<String> = tree
        .iter()
        .filter_map(|path| path.strip_prefix("templates/it/")?.strip_suffix(".hbs"))
        // A variant for a kind of reader is sent where its letter is.
        .map(|name| name.rsplit_once('.').filter(|(_, last)| READERS.contains(last)).map_or(name, |(letter, _)| letter))
        .filter(|name| {
            let quoted = format!("\"{name}\"");
            let by_rule =
                rules.lines().any(|l| (l.starts_with("reply") || l.starts_with("missing")) && l.contains(&quoted));
            !by_rule && !letters.contains(&quoted) && !SENT_BY_A_PERSON.contains(name)
        })
        .map(str::to_owned)
        .collect();
    none("templates that nothing sends", &unsent);
}

#[test]
fn every_event_has_a_name_of_its_own() {
    let text = read("daemon/src/events.rs");
    let mut functions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut function = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("pub fn ") {
            function = rest.split(['(', '<']).next().unwrap();
        }
        for after in line.split("event = \"").skip(1) {
            functions.entry(after.split('"').next().unwrap()).or_default().insert(function);
        }
    }
    assert!(functions.len() > 20, "the events are no longer written as this test reads them");
    let shared = functions.iter().filter(|(_, of)| of.len() > 1).map(|(event, of)| format!("{event}: {of:?}"));
    none("events with one name", &shared.collect::<Vec<_>>());
}

/// What an administrator may read in the log, and every alarm, stands in his guide with what to do.
#[test]
fn the_guide_names_every_alarm_every_event_that_warns_and_every_exit_code() {
    let guide = read("daemon/OPERATIONS.md");
    let rows: BTreeSet<&str> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
        .map(|cell| cell.trim_matches('`'))
        .collect();
    let events = read("daemon/src/events.rs");
    let mut wanted = BTreeSet::new();
    for call in ["error!(", "warn!("] {
        for after in without_tests(&events).split(call).skip(1) {
            let (_, rest) = after.split_once("event = \"").expect("an event has a name");
            let level = if call == "error!(" { "ERROR" } else { "WARN" };
            wanted.insert((rest.split('"').next().unwrap(), level));
        }
    }
    assert!(wanted.len() > 30, "the events are no longer written as this test reads them");
    let mut wrong = Vec::new();
    for (event, level) in wanted {
        if !guide.contains(&format!("| `{event}` | {level} |")) {
            wrong.push(format!("event {event}, {level}"));
        }
    }
    let alarms = read("daemon/src/alarm.rs");
    let words = alarms.split("pub fn word(self)").nth(1).and_then(|rest| rest.split("\n    }").next()).unwrap();
    let codes: Vec<&str> = words.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(codes.len() > 5, "the alarms are no longer written as this test reads them");
    wrong.extend(codes.iter().filter(|code| !rows.contains(*code)).map(|code| format!("alarm {code}")));
    let exits = read("daemon/src/cli.rs");
    let exits = exits.lines().filter_map(|line| line.split_once(": u8 = ")).map(|(_, code)| code.trim_end_matches(';'));
    wrong.extend(exits.chain(["2"]).filter(|code| !rows.contains(code)).map(|code| format!("exit code {code}")));
    none("not in daemon/OPERATIONS.md", &wrong);
}

#[test]
fn nothing_large_nothing_unfinished_nothing_of_this_machine() {
    let root = root();
    let mut wrong = Vec::new();
    for path in tree() {
        let length = fs::metadata(root.join(&path)).unwrap().len();
        // What `rules learn` counted: a line for each word. A rules file may be as large.
        let most = if path == "rules/06-indizi.toml" { CLUES_BYTES_MAX } else { BLOB_BYTES_MAX };
        if length > most {
            wrong.push(format!("{path}: {length} bytes, of {most}"));
        }
    }
    // In pieces, so that this file does not hold them.
    let unfinished = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let registries =
        [concat!("crates", ".io"), concat!("npmjs", ".com"), concat!("pypi", ".org"), concat!("proxy.golang", ".org")];
    let machine = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/t", "mp/"),
    ];
    for (path, text) in written() {
        for (n, line) in text.lines().enumerate() {
            let found = unfinished.iter().find(|word| has_word(line, word));
            let found = found.or_else(|| registries.iter().chain(&machine).find(|word| line.contains(**word)));
            if let Some(found) = found {
                wrong.push(format!("{path}:{}: {found}", n + 1));
            }
        }
        let stub = concat!("to", "do!");
        if path.ends_with(".rs") && code(&text).any(|line| has_word(line, stub)) {
            wrong.push(format!("{path}: {stub}"));
        }
    }
    none("in the tree", &wrong);
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!((1..README_LINES_MAX).contains(&lines), "{lines} lines, of {README_LINES_MAX}");
}

/// A bound that the table does not name is a bound that an administrator meets unwarned.
#[test]
fn every_bound_stands_in_limits() {
    let rows: Vec<String> =
        read("daemon/LIMITS.md").lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect();
    let mut missing = Vec::new();
    for (path, text) in sources() {
        let Some(inside) = path.strip_prefix("daemon/").filter(|_| !is_test(&path)) else { continue };
        let file = inside.rsplit('/').next().unwrap();
        for name in bounds(without_tests(&text)) {
            let quoted = format!("`{name}`");
            if !rows.iter().any(|row| row.contains(&quoted) && row.contains(&format!("/{file}"))) {
                missing.push(format!("{path}: {name}"));
            }
        }
    }
    none("bounds that daemon/LIMITS.md does not name with their file", &missing);
}

/// A bound that nothing reaches may not be there: the second table of LIMITS.md names, for each, a test that exists, and the
/// constant in its file.
#[test]
fn every_bound_of_hostile_mail_has_its_test() {
    let text = read("daemon/LIMITS.md");
    let (_, table) = text.split_once("## What hostile mail meets").expect("the second table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() > 15, "the table is no longer written as this test reads it");
    let sources = sources();
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut wrong = Vec::new();
    for row in rows {
        let [bound, _, file, test] = row[..] else { panic!("four columns: {row:?}") };
        for name in quoted(test) {
            let function = format!("fn {name}()");
            if !sources.iter().any(|(path, text)| is_test(path) && text.contains(&function)) {
                wrong.push(format!("{name}: no such test"));
            }
        }
        for (name, file) in quoted(bound).iter().flat_map(|name| quoted(file).into_iter().map(move |file| (name, file)))
        {
            let path = format!("daemon/{}", file.replacen("pec/", "pec/src/", 1));
            if !read(&path).contains(&format!("const {name}: ")) {
                wrong.push(format!("{name}: not in {path}"));
            }
        }
    }
    none("bounds without their test", &wrong);
}

/// Names of the constants that bound something: `*_MAX`, time-outs, and every length of time.
fn bounds(text: &str) -> Vec<&str> {
    let constants = text.lines().filter_map(|line| line.trim_start().trim_start_matches("pub").split_once("const "));
    constants
        .filter(|(before, _)| before.trim().is_empty() || before.starts_with('('))
        .filter_map(|(_, rest)| rest.split_once(": "))
        .filter(|(name, kind)| {
            name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
                && (name.ends_with("_MAX") || name.contains("TIMEOUT") || kind.contains("Duration ="))
        })
        .map(|(name, _)| name)
        .collect()
}

/// The reading above, on its own.
#[test]
fn bounds_are_recognised() {
    let text = "pub const A_MAX: u8 = 1;\n    pub(crate) const B_TIMEOUT: u64 = 2;\nconst C: Duration = D;\nconst E: u8 = 3;\nconst fn f_max: u8 {}\n";
    assert_eq!(bounds(text), ["A_MAX", "B_TIMEOUT", "C"]);
    assert!(has_word("a mod x;", "mod") && !has_word("model", "mod") && !has_word("_mod", "mod"));
}

/// DESIGN rule 8. Short common words (`virus`, `errore`) mean other things elsewhere and are not looked for.
#[test]
fn a_wire_word_is_written_once() {
    let wire = read("daemon/pec/src/wire.rs");
    let words: BTreeSet<&str> = code(&wire)
        .filter_map(|line| line.split_once("= \"")?.1.split('"').next())
        .filter(|word| word.len() >= 8)
        .collect();
    assert!(words.contains("preavviso-errore-consegna") && words.contains("X-Trasporto"), "{words:?}");
    let mut found = BTreeSet::new();
    for (path, text) in sources() {
        let is_ours = path.starts_with("daemon/pec/src") || path.starts_with("daemon/casework/src");
        if !is_ours || is_test(&path) || path.ends_with("/wire.rs") {
            continue;
        }
        for line in code(without_tests(&text)) {
            let repeated = words.iter().filter(|word| line.contains(&format!("\"{word}\"")));
            found.extend(repeated.map(|word| (path.clone(), (*word).to_owned())));
        }
    }
    let allowed: BTreeSet<(String, String)> =
        WIRE_WORDS_ELSEWHERE.iter().map(|&(path, word)| (path.to_owned(), word.to_owned())).collect();
    assert_eq!(found, allowed, "use pec::wire, or say above why not");
}

/// A promise is what a test would break with: each that is named stands in the sources.
#[test]
fn every_promise_names_tests_that_there_are() {
    let table = read("tests/PROMISES.md");
    let tests: String = sources().into_iter().map(|(_, text)| text).collect();
    let named =
        table.split('`').skip(1).step_by(2).filter(|name| !name.contains(['/', ' ', '.']) && name.contains('_'));
    let names: Vec<&str> = named.map(|name| name.rsplit("::").next().unwrap()).collect();
    assert!(names.len() > 40, "the promises are no longer written as this test reads them");
    let missing = names.iter().filter(|name| !tests.contains(&format!("fn {name}(")));
    none("tests that are nowhere", &missing.map(|name| (*name).to_owned()).collect::<Vec<_>>());
}

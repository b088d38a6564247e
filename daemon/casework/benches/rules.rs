//! What rules cost: `cargo bench -p casework`. 1,000 rules of 10 signals on a letter of 5 KB; asked: 200 µs to decide, linear in
//! the text and not in rules × words, 1 s to load and check.

use casework::reference;
use casework::rules::{DossierBrief, Material, Place, Rulebook, SourceFile, World, classify, load};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::fmt::Write;
use std::hint::black_box;

struct Nobody;

impl World for Nobody {
    fn dossier(&self, _: &str) -> Option<DossierBrief> {
        None
    }
    fn identity(&self) -> bool {
        true
    }
    fn thread(&self) -> Option<DossierBrief> {
        None
    }
}

/// Syllables make words that look like Italian ones, and that begin alike as those do.
fn word(n: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["ca", "re", "si", "do", "mu", "ta", "pra", "ti", "con", "ri", "de", "zio", "ne", "lo", "ve", "gra"];
    [n, n / 16, n / 256].iter().map(|n| SYLLABLES[n % 16]).collect()
}

/// A word of a trade: rules look for them, and a letter has one in thirty.
fn term(n: usize) -> String {
    format!("{}{}", word(n), word(n / 4096))
}

/// Rules of ten signals; each signal has three phrases of one to three words, one with any ending, and a term in each.
fn rules(count: usize) -> Vec<SourceFile> {
    // A file may hold 1 MiB.
    const TOGETHER: usize = 250;
    let rest = (0..count).step_by(TOGETHER).map(|from| part(from, count.min(from + TOGETHER)));
    rest.enumerate().map(|(n, text)| SourceFile { name: format!("{n}.toml"), text }).collect()
}

fn part(from: usize, to: usize) -> String {
    const SETTINGS: &str = r#"
[defaults]
accept = 60
margin = 15
otherwise = "altro"
[office.urp]
title = "Urp"
mail = "urp@comune.example"
[rule.altro]
title = "Altro"
kind = "other"
office = "urp"
mode = "suggest"
[test.altro]
subject = "x"
expect = { rule = "altro" }
"#;
    let mut text = String::from("format = 1\n");
    if from == 0 {
        text.push_str(SETTINGS);
    }
    let mut tests = String::new();
    for rule in from..to {
        let _ = write!(
            text,
            "[rule.r{rule}]\ntitle = \"R\"\nkind = \"complaint\"\noffice = \"urp\"\nmode = \"suggest\"\nsignals = [\n"
        );
        for signal in 0..10 {
            let n = rule * 10 + signal;
            let _ = writeln!(
                text,
                "{{ score = {}, in = [\"subject\", \"body\"], words = [\"{}\", \"{} {}\", \"{}* {} {}\"] }},",
                10 + signal,
                term(n * 7 + 1),
                word(n * 11 + 5),
                term(n * 3),
                word(n * 5),
                word(n + 1),
                term(n + 2)
            );
        }
        text.push_str("]\n");
        let _ = writeln!(tests, "[test.r{rule}]\nsubject = \"x\"\nexpect = {{ not_rule = [\"r{rule}\"] }}");
        // Every rule needs a test that expects it; the trial of a rule counts as one.
        let _ = writeln!(tests, "[test.s{rule}]\nsubject = \"x\"\nexpect = {{ rule = \"r{rule}\" }}");
    }
    text + &tests
}

/// The shipped clues of kinds, as a file of the set.
fn clues() -> SourceFile {
    const SHIPPED: &str = include_str!("../../../rules/06-indizi.toml");
    let kinds = SHIPPED.split("[clues.offices]").next().unwrap_or_default(); // the offices of the bench are others
    SourceFile { name: "indizi.toml".into(), text: kinds.into() }
}

/// A letter of so many bytes in which every word is a clue: no citizen's letter asks more of them.
fn telling(bytes: usize) -> String {
    let clues = clues().text;
    let words = clues.lines().filter_map(|line| line.strip_prefix('"')?.split(['"', '*']).next());
    let plain: Vec<&str> = words.filter(|word| !word.contains(':')).collect();
    let mut text = String::new();
    for n in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(plain.get(n * 40_503 % plain.len().max(1)).unwrap_or(&"x"));
        text.push_str(if n % 9 == 8 { ".\n" } else { " " });
    }
    text
}

/// A letter of so many bytes, with a few numbers of dossiers in it.
fn letter(bytes: usize) -> String {
    let mut text = String::new();
    for n in 0.. {
        if text.len() >= bytes {
            break;
        }
        let drawn = n * 40_503 % 65_521;
        text.push_str(&if n % 30 == 29 { term(drawn) } else { word(drawn) });
        text.push_str(if n % 9 == 8 { ".\n" } else { " " });
        if n % 90 == 89 {
            let _ = write!(text, "pratica n. {n}/2026 ");
        }
    }
    text
}

fn material(text: &str) -> Material<'_> {
    Material {
        subject: "Richiesta di informazioni sulla pratica n. 123/2026",
        text,
        attachments: &["modulo.pdf", "carta_identita.pdf"],
        attached_text: "",
        from: "mario.rossi@pec.example",
        from_name: "Mario Rossi",
        from_kind: "",
        to: &["comune@pec.example"],
        pec_kind: "posta-certificata",
        grade: "genuine",
        today: jiff::civil::date(2026, 11, 27),
    }
}

#[allow(clippy::unwrap_used)] // without rules there is nothing to measure
fn book(count: usize) -> Rulebook {
    load(&rules(count), &[]).unwrap()
}

fn measure(criterion: &mut Criterion) {
    let thousand = rules(1000);
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("1000 rules of 10 signals", |b| b.iter(|| load(black_box(&thousand), &[]).is_ok()));
    group.finish();

    let mut group = criterion.benchmark_group("classify");
    for (count, kilobytes) in [(10, 5), (100, 5), (1000, 5), (1000, 10), (1000, 50)] {
        let (book, text) = (book(count), letter(kilobytes * 1000));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("{count} rules, {kilobytes} KB"), |b| {
            b.iter(|| classify(&book, black_box(&material(&text)), &Nobody).scores.len())
        });
    }
    let mut files = rules(1000);
    files.push(clues());
    #[allow(clippy::unwrap_used)] // as above
    let (book, text) = (load(&files, &[]).unwrap(), telling(5000));
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("1000 rules and the shipped clues, 5 KB of clues", |b| {
        b.iter(|| classify(&book, black_box(&material(&text)), &Nobody).scores.len())
    });
    group.finish();

    let text = letter(5000);
    criterion
        .bench_function("references, 5 KB", |b| b.iter(|| reference::find(black_box(&text), Place::Body, 0).len()));
}

criterion_group!(benches, measure);
criterion_main!(benches);

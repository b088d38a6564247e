//! The files that go along with letters: what other programs read in the sheet to print, and the bytes of documents.

use crate::decide::{ANNA, bench};
use crate::support::{House, OWN, Recorder, wait};
use casework::Outgoing;
use casework::decision::{Enclosure, Lane};
use casework::language::Language;
use casework::reply::{self, Extent};
use gestore::{Mail, Submission};
use jiff::Timestamp;
use sportello::archive::{Archive, Shelf};
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use sportello::post::{self, Sheet, Sigillo, Unmade};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Most that the sheet of a letter with ordinary facts may measure, bytes.
const SHEET_BYTES: usize = 60 * 1024;

fn sheet<'a>(title: &'a str, text: &'a str, language: Language) -> Sheet<'a> {
    Sheet {
        from: "Comune di Prova",
        to: "anna.bianchi@cittadini.test",
        title,
        text,
        language,
        date: "2026-03-01T07:05:00Z".parse().unwrap(),
        id: "<v1.prova@pec.comune.test>",
    }
}

/// What another program says of a file. `None`: it is not on this machine; where everything is tested it must be.
pub(crate) fn said(program: &str, args: &[&str], file: &Path) -> Option<String> {
    let mut command = Command::new(program);
    let run = command.args(args).arg(file);
    let run = if program == "pdftotext" { run.arg("-") } else { run };
    match run.output() {
        Ok(out) => {
            assert!(out.status.success(), "{program}: {}", String::from_utf8_lossy(&out.stderr));
            Some(String::from_utf8_lossy(&out.stdout).into_owned())
        }
        Err(e) => {
            assert!(std::env::var_os("CI").is_none(), "{program}: {e}; install poppler-utils and qpdf");
            println!("skipped: no {program}, so the file was not read with it");
            None
        }
    }
}

/// Every template with its sample values, in every language.
fn letters() -> Vec<(String, Language, reply::Rendered)> {
    let templates = reply::load(&sportello::shipped::templates()).unwrap();
    let write = |(language, name): (Language, &str)| {
        let sample = templates.sample(name, language, Extent::Full).unwrap();
        (name.to_owned(), language, templates.render(name, language, &sample).unwrap())
    };
    templates.letters().map(write).collect()
}

/// The letter's words as they must stand on the sheet, without blanks: entries have a sign, links read as words.
fn expected(title: &str, text: &str, language: Language) -> String {
    let (head, about) = match language {
        Language::It => ("A: anna.bianchi@cittadini.test Data: domenica 1° marzo 2026, ore 08:05", "oggetto"),
        Language::De => ("An: anna.bianchi@cittadini.test Datum: Sonntag, 1. März 2026, 08:05 Uhr", "Betreff"),
        Language::En => ("To: anna.bianchi@cittadini.test Date: Sunday 1 March 2026, 08:05", "subject"),
    };
    let mut out = format!("Comune di Prova {head} {title}");
    for line in text.lines() {
        let line = line.strip_prefix("- ").map(|entry| format!("• {entry}")).unwrap_or_else(|| line.to_owned());
        let line = line.strip_prefix('>').unwrap_or(&line);
        match line.split_once("mailto:") {
            Some((before, link)) => {
                let (to, fields) = link.split_once("?subject=").unwrap();
                let subject = fields.split('&').next().unwrap();
                let signs = [("%20", " "), ("%5B", "["), ("%5D", "]"), ("%2F", "/"), ("%3A", ":"), ("%C3%99", "Ù")];
                let plain = signs.iter().fold(subject.to_owned(), |text, (code, sign)| text.replace(code, sign));
                assert!(!plain.contains('%'), "{plain}");
                out += &format!("{before}{to}, {about}: {plain}");
            }
            None => out += line,
        }
        out.push(' ');
    }
    solid(&out)
}

fn solid(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The text of the pages, without their numbers.
fn without_numbers(text: &str) -> String {
    let is_short = |number: &str| number.len() < 3 && number.parse::<u32>().is_ok();
    let number = |line: &str| solid(line).split_once('/').is_some_and(|(one, all)| is_short(one) && is_short(all));
    solid(&text.replace('\u{c}', "\n").lines().filter(|line| !number(line)).collect::<Vec<_>>().join("\n"))
}

#[test]
fn every_letter_prints_its_own_words_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("foglio.pdf");
    for (name, language, letter) in letters() {
        let pdf = post::pdf(&sheet(&letter.subject, &letter.text, language)).unwrap();
        println!("{name}: {} bytes", pdf.len());
        assert!(pdf.len() < SHEET_BYTES, "{name}: {} bytes", pdf.len());
        fs::write(&file, &pdf).unwrap();
        let Some(text) = said("pdftotext", &["-raw", "-enc", "UTF-8"], &file) else { return };
        assert_eq!(without_numbers(&text), expected(&letter.subject, &letter.text, language), "{name}");
    }
}

#[test]
fn the_sheet_is_an_accessible_archive_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("foglio.pdf");
    let (_, language, letter) = letters().into_iter().find(|(name, ..)| name == "presa-in-carico").unwrap();
    let pdf = post::pdf(&sheet(&letter.subject, &letter.text, language)).unwrap();
    fs::write(&file, &pdf).unwrap();
    let Some(info) = said("pdfinfo", &[], &file) else { return };
    let fact = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("{name}\n{info}"))
            .trim()
            .to_owned()
    };
    assert_eq!(fact("Title:"), letter.subject);
    assert_eq!(fact("Author:"), "Comune di Prova");
    assert_eq!(
        (fact("Tagged:").as_str(), fact("JavaScript:").as_str(), fact("Encrypted:").as_str()),
        ("yes", "no", "no")
    );
    assert_eq!(fact("Page size:"), "595.28 x 841.89 pts (A4)");
    let meta = said("pdfinfo", &["-meta"], &file).unwrap();
    for claim in ["<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", "<rdf:li>it<"] {
        assert!(meta.contains(claim), "{claim}\n{meta}");
    }
    let heard = said("pdfinfo", &["-struct-text"], &file).unwrap();
    let of = |tag: &str| heard.lines().filter(|line| line.trim_start().starts_with(tag)).count();
    assert_eq!(of("H1 \""), 1, "{heard}");
    let headings = ["La tua pratica", "I file che abbiamo ricevuto", "Come rispondere"];
    assert!(of("H2 \"") >= headings.len() && headings.iter().all(|h| heard.contains(h)), "{heard}");
    assert_eq!((of("L (block):"), of("LI (block)"), of("Lbl (block)"), of("LBody (block)")), (4, 5, 5, 5), "{heard}");
    assert!(of("Link (inline)") >= 3, "{heard}");
    let fonts = Command::new("pdffonts").arg(&file).output().unwrap();
    let fonts = String::from_utf8(fonts.stdout).unwrap();
    let inside =
        fonts.lines().skip(2).filter(|font| font.contains("DejaVuSans") && font.contains(" yes yes yes ")).count();
    assert_eq!(inside, fonts.lines().count() - 2, "{fonts}");
    if let Some(json) = said("qpdf", &["--json=2", "--json-key=qpdf"], &file) {
        assert!(json.contains(r#""/Lang": "u:it""#), "the catalogue names no language");
        let checked = said("qpdf", &["--check"], &file).unwrap();
        assert!(checked.contains("No syntax or stream encoding errors found"), "{checked}");
    }
}

/// A screen reader speaks the language that the sheet names.
#[test]
fn the_sheet_names_the_language_of_its_letter() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("foglio.pdf");
    for wanted in Language::ALL {
        let of = |(name, language, _): &(String, Language, reply::Rendered)| {
            name == "presa-in-carico" && *language == wanted
        };
        let (_, language, letter) = letters().into_iter().find(of).unwrap();
        fs::write(&file, post::pdf(&sheet(&letter.subject, &letter.text, language)).unwrap()).unwrap();
        let Some(json) = said("qpdf", &["--json=2", "--json-key=qpdf"], &file) else { return };
        let lang = format!("\"/Lang\": \"u:{}\"", wanted.tag());
        assert!(json.contains(&lang), "the catalogue does not say {lang}");
        for other in Language::ALL.into_iter().filter(|other| *other != wanted) {
            assert!(!json.contains(&format!("\"/Lang\": \"u:{}\"", other.tag())), "nor another: {}", other.tag());
        }
        if let Some(meta) = said("pdfinfo", &["-meta"], &file) {
            assert!(meta.contains(&format!("<rdf:li>{}<", wanted.tag())), "{meta}");
        }
    }
}

/// Anna asks for something, and her receipt is written.
pub(crate) fn receipt_leaves(house: &House, circuit: &gestore::Circuit) {
    let running = house.start(Recorder::default().roads());
    let text = "Mi sono trasferita in via Po 1. Codice fiscale BNCNNA80A41H501R\n";
    let mail = Mail::new(ANNA).to(OWN).subject("Cambio di residenza").text(text).compose(Timestamp::now()).unwrap();
    circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    wait("the receipt", || {
        let items = running.overview().items;
        items.iter().any(|item| item.outgoing.template == "presa-in-carico").then_some(())
    });
    running.stop();
}

/// Functions S3.22: what the journal says has left is in the archive under that digest, and the sheet is in it.
#[test]
fn the_receipt_that_left_is_found_by_its_digest_with_its_sheet() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    receipt_leaves(&house, &circuit);
    let mut left = Vec::new();
    Journal::verify(&house.data, Tail::Closed, |record, _| {
        if let Event::Decided(decided) = &record.event {
            left.extend(decided.items().map(|(letter, digest)| (letter.clone(), digest.to_owned())));
        }
    })
    .unwrap();
    let (letter, digest) = left.iter().find(|(letter, _)| letter.template == "presa-in-carico").unwrap();
    let archive = Archive::at(&house.data);
    archive.verify(Shelf::Out, digest).unwrap();
    let frozen = archive.read(Shelf::Out, digest).unwrap();
    let files = files_in(&frozen);
    let [(head, kind, pdf)] = files.as_slice() else { panic!("{} files", files.len()) };
    let number = letter.dossier.clone().unwrap();
    assert!(
        head.contains(&format!("ricevuta-{}.pdf", number.replace('/', "-"))) && kind == "application/pdf",
        "{head}"
    );
    let file = root.path().join("ricevuta.pdf");
    fs::write(&file, pdf).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    if let Some(text) = said("pdftotext", &["-raw", "-enc", "UTF-8"], &file) {
        assert!(text.contains(&number) && solid(&text).contains(&solid(&letter.subject)), "{text}");
    }
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    let one = sheet("Oggetto", "Buongiorno,\n\nciao.\n", Language::It);
    let bytes = post::pdf(&one).unwrap();
    assert_eq!(bytes, post::pdf(&one).unwrap());
    assert_ne!(bytes, post::pdf(&Sheet { date: "2026-03-01T07:05:01Z".parse().unwrap(), ..one }).unwrap());
    assert_ne!(bytes, post::pdf(&Sheet { id: "<v1.altra@pec.comune.test>", ..one }).unwrap());
}

/// Names, subjects and files of strangers are in our letters: whatever they hold, there is a sheet.
#[test]
fn no_letter_of_a_stranger_stops_the_sheet() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("foglio.pdf");
    let long = "parola ".repeat(reply::LETTER_MAX / 7 - 1);
    for text in [
        "Łódź Čapek Müllerstraße Ελένη Юлия ș ț ẞ € «» – …",
        "李小龙 🦀 مرحبا שלום ไทย e\u{301}",
        "\u{e000}\u{feff}\u{fffe}\u{ffff}\u{10ffff}\0\u{1b}[31m\u{85}\t\u{ad}\u{200b}",
        "",
        " ",
        "- ",
        ">",
        "mailto:?subject=%",
        "https://",
        &"x".repeat(5000),
        &format!("https://www.example.org/{}", "y".repeat(3000)),
        &"- voce\n".repeat(3000),
        &long,
    ] {
        let began = Instant::now();
        let title: String = text.chars().take(reply::SUBJECT_MAX).collect();
        let pdf = post::pdf(&sheet(&title, text, Language::De)).unwrap_or_else(|why| panic!("{text:.40}: {why}"));
        println!("{} bytes of text: {} bytes, {:?}", text.len(), pdf.len(), began.elapsed());
        fs::write(&file, &pdf).unwrap();
        let _ = said("qpdf", &["--check"], &file);
    }
    // What the font cannot draw is still there for who copies or listens.
    fs::write(&file, post::pdf(&sheet("李", "Da: 李小龙 Юлия", Language::It)).unwrap()).unwrap();
    if let Some(text) = said("pdftotext", &["-raw", "-enc", "UTF-8"], &file) {
        assert!(text.contains("李小龙 Юлия"), "{text}");
    }
}

pub(crate) fn outgoing(enclosures: Vec<Enclosure>) -> Outgoing {
    Outgoing {
        id: "v1.prova".into(),
        message_id: "<v1.prova@pec.comune.test>".into(),
        lane: Lane::Pec,
        from: bench().desk.entity.pec.clone(),
        to: ANNA.into(),
        template: "presa-in-carico".into(),
        dossier: None,
        references: vec![],
        with_original: false,
        enclosures,
        language: Language::It,
        subject: "I tuoi documenti".into(),
        text: "Buongiorno,\n\necco i documenti.\n".into(),
    }
}

fn of(message: &str, nth: u32) -> Enclosure {
    Enclosure::Document { message: message.into(), nth, name: "planimetria è.pdf".into() }
}

/// A message with these files, proven and kept.
fn kept(archive: &Archive, files: &[(&str, &[u8])]) -> String {
    let mail =
        files.iter().fold(Mail::new(ANNA).to(&bench().desk.entity.pec).subject("Documenti"), |mail, (name, bytes)| {
            mail.attach(name, "application/pdf", bytes)
        });
    let mail = mail.compose(bench().now).unwrap();
    let sent = bench().provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, bench().now).unwrap();
    let Submission::Accepted { envelope, .. } = sent else { panic!("refused") };
    archive.keep(Shelf::In, &envelope.raw).unwrap().digest().to_owned()
}

fn frozen(archive: &Archive, letter: &Outgoing) -> Result<Vec<u8>, Unmade> {
    let at: Timestamp = bench().now;
    post::freeze(letter, &bench().desk, &Sigillo::Off, archive, at, &[]).unwrap()
}

/// The files in a frozen letter: name, media type, bytes.
pub(crate) fn files_in(raw: &[u8]) -> Vec<(String, String, Vec<u8>)> {
    let text = String::from_utf8(raw.to_vec()).unwrap();
    let parts = text.split("--=_sportello").skip(2).filter(|part| part.contains("Content-Disposition: attachment"));
    parts
        .map(|part| {
            let (head, body) = part.split_once("\r\n\r\n").unwrap();
            let kind = head.split("Content-Type: ").nth(1).unwrap().split(['\r', ';']).next().unwrap();
            let mut sextets = Vec::new();
            for b in body.bytes() {
                let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
                sextets.extend(alphabet.iter().position(|a| *a == b).map(|v| v as u32));
            }
            let bytes = sextets.chunks(4).flat_map(|four| {
                let word = four.iter().fold(0, |word, v| word << 6 | v) << (6 * (4 - four.len()));
                word.to_be_bytes()[1..four.len()].to_vec()
            });
            (head.to_owned(), kind.to_owned(), bytes.collect())
        })
        .collect()
}

#[test]
fn a_letter_takes_along_what_it_promises_and_those_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let every: Vec<u8> = (0..=255).cycle().take(70_001).collect();
    let digest = kept(&archive, &[("a.pdf", b"%PDF-1 uno"), ("b.pdf", &every)]);
    let letter = outgoing(vec![Enclosure::Printable { name: "lettera.pdf".into() }, of(&digest, 1), of(&digest, 0)]);
    let bytes = frozen(&archive, &letter).unwrap();
    assert_eq!(bytes, frozen(&archive, &letter).unwrap());
    let files = files_in(&bytes);
    assert_eq!(files.iter().map(|(_, kind, _)| kind.as_str()).collect::<Vec<_>>(), ["application/pdf"; 3]);
    assert!(files[0].0.contains("lettera.pdf") && files[0].2.starts_with(b"%PDF-1.7"));
    assert_eq!(files[1].2, every);
    assert_eq!(files[2].2, b"%PDF-1 uno");
    assert!(files_in(&frozen(&archive, &outgoing(vec![])).unwrap()).is_empty());
}

#[test]
fn a_letter_without_its_promised_file_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let digest = kept(&archive, &[("a.pdf", b"%PDF-1 uno")]);
    let plain = archive.keep(Shelf::In, b"From: a@b.example\r\n\r\nciao\r\n").unwrap().digest().to_owned();
    let why = |enclosures| frozen(&archive, &outgoing(enclosures)).unwrap_err().to_string();
    assert_eq!(why(vec![of(&digest, 1)]), "manca il documento «planimetria è.pdf»: il messaggio non ha tanti allegati");
    assert!(why(vec![of(&"0".repeat(64), 0)]).ends_with("il suo messaggio non è in archivio"));
    assert!(why(vec![of(&plain, 0)]).ends_with("il messaggio non ha tanti allegati"));
    let path = archive.path(Shelf::In, &digest);
    let mut damaged = fs::read(&path).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, damaged).unwrap();
    assert!(why(vec![of(&digest, 0)]).ends_with("il suo messaggio in archivio è danneggiato"));
    // Two that fit alone and not together.
    let half = vec![7; casework::decision::ENCLOSED_BYTES_MAX / 2 + 1];
    let large = kept(&archive, &[("a.pdf", &half), ("b.pdf", &half)]);
    assert!(frozen(&archive, &outgoing(vec![of(&large, 0)])).is_ok());
    assert!(why(vec![of(&large, 0), of(&large, 1)]).contains("al massimo 20 MB"));
}

/// `sportello templates preview`: all letters, in a folder that was free, with nothing from elsewhere.
#[test]
fn the_gallery_shows_every_letter_and_touches_nothing_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("anteprima");
    let run = |out: &Path| crate::support::ask(&["templates", "preview", "--out", out.to_str().unwrap()]);
    let (code, said, wrong) = run(&out);
    assert_eq!(code, Some(0), "{said}{wrong}");
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    let all = letters();
    assert!(said.starts_with(&format!("{} lettere: apri ", all.len())), "{said}");
    for (name, language, letter) in &all {
        let tag = language.tag();
        assert!(page.contains(&format!("<article id=\"{tag}-{name}\">")), "{tag} {name}");
        assert!(page.contains(letter.text.lines().next().unwrap()) && page.contains(&letter.subject), "{tag} {name}");
        for suffix in ["", "-minimo"] {
            let file = format!("{tag}/{name}{suffix}.pdf");
            assert!(page.contains(&format!("href=\"{file}\"")), "{file}");
            assert!(fs::read(out.join(&file)).unwrap().starts_with(b"%PDF-1.7"), "{file}");
        }
    }
    for elsewhere in ["<script", "src=\"http", "href=\"http", "url(", "@import", "<link", "<iframe"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    // What the page shows is there, and has words for who does not see it.
    for shown in page.split("<img src=\"").skip(1) {
        let (file, rest) = shown.split_once('"').unwrap();
        assert!(out.join(file).is_file() && rest.starts_with(" alt=\"Pagina "), "{file}");
    }
    let (code, said, wrong) = run(&out);
    assert_eq!((code, said.as_str()), (Some(3), ""));
    assert!(wrong.contains("la cartella non è vuota: non scrivo niente"), "{wrong}");
}

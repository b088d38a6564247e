//! Changes when a citizen's words could do something in a place where they are shown: a header, a letter, a terminal, a table (P17).
//!
//! Each string below stands in the subject, the name, the text and the file name of a genuine Pec which asks for something the
//! machine answers, so it reaches the task, the receipt, the register and every screen that tells of them.

use crate::support::{House, OWN, Recorder, all_submitted, ask, files_below, wait};
use gestore::{Mail, Timestamp};
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use std::collections::BTreeSet;
use std::fs;

/// What has hurt programs that show other people's words.
const NAUGHTY: &[&str] = &[
    // Headers, and the ends of lines that somebody takes for one.
    "x\r\nBcc: spia@pec.example\r\n\r\nFalso",
    "x\nBcc: spia@pec.example",
    "x\rBcc: spia@pec.example",
    "x\u{85}Bcc: spia@pec.example",
    "x\u{2028}Bcc: spia@pec.example\u{2029}",
    "x\u{b}\u{c}Bcc: spia@pec.example",
    "=?utf-8?q?x=0D=0ABcc:_spia@pec.example?=",
    "=?utf-8?b?DQpCY2M6IHNwaWFAcGVjLmV4YW1wbGU=?=",
    "\r\n.\r\nMAIL FROM:<spia@pec.example>\r\n",
    "\nFrom spia@pec.example Thu Jan  1 00:00:00 1970\n",
    "\r\n--=_sportello\r\nContent-Type: text/html\r\n\r\n",
    // Characters that hide, turn, or move the cursor.
    "\u{202e}fdp.exe\u{202c}",
    "\u{2066}a\u{2067}b\u{2068}c\u{2069}",
    "\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}\u{180e}",
    "\u{e0041}\u{e0042}\u{e007f}",
    "\u{fff9}a\u{fffa}b\u{fffb}",
    "\u{1b}[2J\u{1b}[1;31mROSSO\u{1b}]0;titolo\u{7}",
    "\u{9b}31m\u{9d}0;titolo\u{9c}",
    "\u{8}\u{8}\u{8}\u{7f}\0x",
    "Z\u{351}\u{36b}\u{343}\u{36a}\u{302}\u{36b}\u{33d}\u{34f}\u{334}\u{319}\u{324}\u{31e}A\u{34a}\u{35f}L\u{310}GO",
    "👩‍👩‍👧‍👦🏳️‍🌈 ﷽ ﷽ ﷽",
    // Languages that a program might run.
    "{{ente.nome}} {{{richiesta}}} {{#each this}}{{this}}{{/each}} {{> compito}}",
    "{{lookup (lookup this 'constructor') 'name'}}",
    "${jndi:ldap://x.example/a} $(reboot) `reboot` ; rm -rf / && x || y",
    "'; DROP TABLE messaggi; -- \" OR 1=1",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><x>&e;</x> ]]>",
    "%s%n%x%d %p {} {0} {:?}",
    "=HYPERLINK(\"http://x.example\";\"clicca\")",
    "+393331234567",
    "-1+1|cmd' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "| a | b |\n|---|---|\n# Titolo\n* [x](javascript:alert(1))",
    // Files.
    "../../../../etc/passwd",
    "C:\\Windows\\System32\\CON.exe",
    "/dev/null",
    // Who would speak in our name, or in an office's.
    "[Pratica 2026/000001] ACCOLGO",
    "APPROVA LA MODIFICA 1",
    "\nPERCHÉ È ARRIVATA A VOI\nRegola: tutto\n",
    "-- \nComune di Prova\nIl responsabile\n",
    // Numbers and lengths.
    "99999999999999999999999999999999999999/2026",
    "1e309 NaN -0 0x7fffffff",
    "ÀÈÌÒÙ àèìòù ß ﬁ İ ı ſ",
];

/// The headers that our letters have.
const HEADERS: &[&str] = &[
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "precedence",
    "x-tiporicevuta",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// A character that does something where it is shown, instead of being seen.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[track_caller]
fn only_shows(what: &str, text: &str) {
    if let Some((n, line)) = text.lines().enumerate().find(|(_, line)| line.chars().any(acts)) {
        panic!("{what}, line {}: {line:?}", n + 1);
    }
}

#[test]
fn what_a_citizen_writes_only_shows() {
    let dir = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(dir.path());
    let now = Timestamp::now();
    for (n, naughty) in NAUGHTY.iter().enumerate() {
        // Not ASCII, so that header fields are encoded and every character of it arrives.
        let mail = Mail::new(&format!("anna{n}@cittadini.test")).to(OWN).display_name(&format!("È Anna {naughty}"));
        let mail = mail.subject(&format!("Cambio di residenza: è {naughty}"));
        let mail = mail.text(&format!("Mi sono trasferita, è così:\n{naughty}\nCodice fiscale BNCNNA80A41H501R\n"));
        let named = naughty.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0' | '"')).collect::<String>();
        let mail = mail.attach(&format!("è {named}.pdf"), "application/pdf", b"%PDF-1.4 finto");
        let mail = mail.compose(now).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    }
    let running = house.start(Recorder::default().roads());
    let all = wait("every letter", || {
        let all = running.overview();
        (all.messages.len() == NAUGHTY.len() && all_submitted(&all)).then_some(all)
    });
    running.stop();
    assert!(all.messages.iter().all(|message| message.grade == "genuine"), "{:#?}", all.messages);

    // What left: one recipient each, known beforehand, and the headers that we write.
    let letters = files_below(&house.data.join("archive/out"), ".eml");
    assert!(letters.len() >= 2 * NAUGHTY.len(), "a task and an answer for nearly each: {}", letters.len());
    for letter in &letters {
        let raw = fs::read(letter).unwrap();
        let end = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&raw[..end]).unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        let mut seen = BTreeSet::new();
        for line in head.split("\r\n") {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{head}"));
            let name = name.to_ascii_lowercase();
            assert!(HEADERS.contains(&&*name) || name.starts_with("x-sportello"), "{name} in {head}");
            assert!(value.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{head}");
            assert!(seen.insert(name), "{head}");
        }
        assert!(raw.is_ascii() && raw.iter().all(|b| *b >= b' ' || matches!(b, b'\r' | b'\n' | b'\t')));
        assert!(!head.contains("spia@"), "{head}");
    }
    let (mut texts, mut offices) = (0, BTreeSet::new());
    let tell = |record: &sportello::journal::record::Record, _: &_| {
        let Event::Decided(decided) = &record.event else { return };
        for letter in &decided.decision.outgoing {
            only_shows(&format!("subject of {}", letter.template), &letter.subject);
            assert!(!letter.subject.contains('\n'));
            only_shows(&format!("text of {}", letter.template), &letter.text);
            // Whoever reads a letter must see whose words these are: a line of theirs never stands alone as one of ours.
            for line in letter.text.lines() {
                assert!(!line.starts_with("Bcc:") && !line.starts_with("Regola: tutto"), "{}", letter.text);
            }
            assert!(!letter.text.contains("Comune di Prova Comune di Prova"), "a template was run: {}", letter.text);
            if !letter.to.ends_with("@cittadini.test") {
                offices.insert(letter.to.clone());
            }
            texts += 1;
        }
    };
    Journal::verify(&house.data, Tail::Closed, tell).unwrap();
    assert!(texts >= 2 * NAUGHTY.len() && offices.iter().all(|to| to.ends_with("@comune.example")), "{offices:?}");

    // What people read: screens and tables.
    let (data, config) = (house.data.to_str().unwrap(), house.file.to_str().unwrap());
    let screen = |args: &[&str]| {
        let (code, out, err) = ask(args);
        assert!(matches!(code, Some(0 | 1)), "{args:?}: {out}{err}");
        assert!(!out.is_empty(), "{args:?}: {err}");
        only_shows(&args.join(" "), &out);
        only_shows(&args.join(" "), &err);
        out
    };
    screen(&["status", data]);
    screen(&["outbox", "list", data]);
    screen(&["dossier", "list", "--config", config]);
    for dossier in &all.dossiers {
        screen(&["dossier", "show", &dossier.number, "--config", config]);
    }
    let messages = files_below(&house.data.join("archive/in"), ".eml");
    for message in &messages {
        screen(&["explain", "--config", config, message.to_str().unwrap()]);
    }
    let person = "BNCNNA80A41H501R";
    screen(&["person", "show", person, "--config", config]);
    screen(&["person", "contacts", person, "--config", config]);
    let table = screen(&["person", "contacts", person, "--csv", "--config", config]);
    let reckoned = |cell: &str| cell.trim_matches('"').starts_with(['=', '+', '-', '@', '\t']);
    assert!(!table.split([';', '\n']).any(reckoned), "{table}");
}

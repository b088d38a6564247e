//! What an examination allocates, and that its work is linear, on large and on hostile messages. One test, so that nothing
//! else allocates meanwhile.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::{accepted, evidence, policy, provider, world};
use gestore::{Mail, Style};
use peak_alloc::PeakAlloc;
use pec::{Evidence, Examined, Grade, examine};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What an examination may allocate beside the message.
const ROOM: usize = 8 << 20;

/// The findings, the most bytes allocated beside `raw` while they were made, and the time it took.
fn measured(raw: &[u8]) -> (Examined, usize, Duration) {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let start = Instant::now();
    let seen = examine(raw, &policy());
    (seen, ALLOCATED.peak_usage() - before, start.elapsed())
}

fn letter(attachment: usize) -> Mail {
    let content: Vec<u8> = (0..attachment).map(|i| (i * 31 % 251) as u8).collect();
    common::mail().attach("scansione.pdf", "application/pdf", &content)
}

fn with_lf(raw: &[u8]) -> Vec<u8> {
    String::from_utf8(raw.to_vec()).unwrap().replace("\r\n", "\n").into_bytes()
}

/// A multipart message of `part` again and again, up to `bytes`.
fn multipart(part: &str, bytes: usize) -> Vec<u8> {
    let many = format!("--b\r\n{part}\r\n").repeat(bytes / (part.len() + 7));
    format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{many}--b--\r\n").into_bytes()
}

/// Shapes that cost the reader more than they cost who sends them.
fn hostile(bytes: usize) -> Vec<(&'static str, Vec<u8>)> {
    let fields = |n: usize| "A: x\r\n".repeat(n);
    let text = |head: &str, unit: &str| format!("{head}\r\n\r\n{}", unit.repeat(bytes / unit.len())).into_bytes();
    let nested = |boundary: fn(usize) -> String| {
        let levels = (0..bytes / 64)
            .map(|n| format!("Content-Type: multipart/mixed; boundary={b}\r\n\r\n--{b}\r\n", b = boundary(n)));
        levels.collect::<String>().into_bytes()
    };
    let line = |field: &str, unit: &str| {
        let value = unit.repeat((1 << 20) / unit.len() - 40);
        format!("{field}: {value}\r\n\r\n{}", "x\r\n".repeat(bytes / 3)).into_bytes()
    };
    let heads = |value: &str| format!("{value}\r\n{}\r\nx", fields(900));
    vec![
        ("parts", multipart("\r\nx", bytes)),
        (
            "parts with names",
            multipart(&heads(&format!("Content-Disposition: attachment; filename={}", "a".repeat(8000))), bytes),
        ),
        ("parts with long types", multipart(&heads(&format!("Content-Type: a/{}", "a".repeat(9000))), bytes)),
        (
            "parts with encoded names",
            multipart(&heads(&format!("Content-Type: a/b; name=\"{}\"", "=?utf-8?Q?=C3=A0?= ".repeat(400))), bytes),
        ),
        ("fields", fields(bytes / 6).into_bytes()),
        (
            "machine fields",
            format!("{}\r\nx", format!("List-X: {}\r\n", "\u{e0}".repeat(500)).repeat(900)).into_bytes(),
        ),
        ("nested", nested(|n| format!("b{n}"))),
        ("nested alike", nested(|_| "b".into())),
        ("lines of hyphens", text("Content-Type: multipart/mixed; boundary=b", "--\r\n")),
        ("almost delimiters", text("Content-Type: multipart/mixed; boundary=b", "--b-\r\n")),
        ("blanks after a delimiter", text("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b", " ")),
        ("a subject", line("Subject", "a ")),
        ("words in a subject", line("Subject", "=?utf-8?Q?=C3=A0?= ")),
        ("half words in a subject", line("Subject", "=?")),
        ("brackets in a From", line("From", "(")),
        ("groups in a To", line("To", "a:b@c.test;,")),
        ("quotes in a To", line("To", "\"")),
        ("parameters", line("Content-Type", "a/b;a=\"\\\"\";")),
        ("comments in a type", line("Content-Type", "((\\)")),
        ("ids", line("References", "<a>")),
        ("base64 with junk", text("Content-Transfer-Encoding: base64", &("A".repeat(15_999) + "!"))),
        ("base64 of one line", text("Content-Transfer-Encoding: base64", "AAAA")),
        ("quoted-printable of one line", text("Content-Transfer-Encoding: quoted-printable", "=41")),
        (
            "Latin-1",
            text("Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable", "=E0"),
        ),
        ("UTF-16", text("Content-Type: text/plain; charset=utf-16", "\u{1}\u{2}")),
        ("HTML tags", text("Content-Type: text/html", "<a <b ")),
        ("HTML comments", text("Content-Type: text/html", "<!-- ")),
        ("HTML scripts", text("Content-Type: text/html", "<script></x")),
        ("HTML references", text("Content-Type: text/html", "&amp;&#")),
        ("one line", vec![b'x'; bytes]),
        ("line ends", text("A: b", "\n")),
    ]
}

#[test]
fn an_examination_allocates_little_and_its_work_is_linear() {
    world(); // keys first
    let accepted = accepted(provider(), letter(22_000_000));
    let raw = &accepted.envelope.raw;
    let (seen, peak, _) = measured(raw);
    assert_eq!(seen.grade, Grade::Genuine, "{:#?}", seen.report);
    println!("envelope of {} bytes: {peak} bytes", raw.len());
    assert!(peak < ROOM / 4, "{peak}");

    // The attachment is found again, with a buffer only.
    let Evidence::Envelope { message, .. } = evidence(&seen) else { panic!("no envelope") };
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage();
    assert_eq!(message.measure(raw)[1].size, 22_000_000);
    assert!(ALLOCATED.peak_usage() - before < ROOM / 4);

    // With bare LF the signed bytes must be made again before they can be verified: one copy, no more.
    let lf = with_lf(raw);
    let (seen, peak, _) = measured(&lf);
    assert_eq!(seen.grade, Grade::Genuine);
    println!("with LF: {peak} bytes beside {}", lf.len());
    assert!(peak < raw.len() + ROOM, "{peak}");
    drop(lf);

    // A delivery receipt that returns the whole message.
    let delivery = provider().delivery(&accepted.carriage, common::OFFICE, common::at()).unwrap().raw;
    let (seen, peak, _) = measured(&delivery);
    let Evidence::Receipt { returned: Some(returned), .. } = evidence(&seen) else { panic!("no returned message") };
    assert!(returned.of(&delivery).len() > 22_000_000 && delivery.len() > raw.len() - 100_000);
    println!("delivery of {} bytes: {peak} bytes", delivery.len());
    assert!(peak < ROOM / 4, "{peak}");
    assert_eq!(provider().style, Style::aruba_like(), "one that returns the message in 7bit");
    drop((delivery, accepted));

    // Twice the bytes, at most twice the memory and about twice the time: no shape makes it more.
    let (small, large) = (hostile(2 << 20), hostile(16 << 20));
    for ((name, small), (_, large)) in small.into_iter().zip(large) {
        let (_, peak_small, time_small) = measured(&small);
        let (seen, peak, time) = measured(&large);
        println!(
            "{name:<30} {:>9} bytes: {peak_small:>9} bytes, {time_small:>10.1?}; {:>9}: {peak:>9}, {time:>10.1?}",
            small.len(),
            large.len()
        );
        assert!(matches!(seen.verdict, pec::Verdict::Unproven(_)), "{name}");
        assert!(peak < ROOM, "{name}: {peak}");
        // Eight times the bytes. Quadratic work would take 64 times as long; the floor is for what is over in no time.
        let floor = Duration::from_millis(100);
        assert!(time < 24 * time_small.max(floor), "{name}: {time_small:?}, then {time:?}");
    }
}

//! The bytes of our letters, pinned, and the hostile words they must survive.

use proptest::prelude::*;

use super::{super::letter::*, *};

fn letter() -> Letter {
    Letter {
        from: Party { name: Some(HeaderText::new("Comune di Ente")), address: "ente@ente.test".into() },
        to: Party { name: None, address: "anna.verdi@cittadini.test".into() },
        subject: HeaderText::new("Città: ricevuta n. 7"),
        date: jiff::Timestamp::from_second(1_782_000_000).unwrap(),
        message_id: MessageId::new("<v1.abc@ente.test>").unwrap(),
        in_reply_to: MessageId::new("<uno@cittadini.test>"),
        references: vec![
            MessageId::new("<zero@cittadini.test>").unwrap(),
            MessageId::new("<uno@cittadini.test>").unwrap(),
        ],
        reply_to: None,
        auto_submitted: Some(AutoSubmitted::Replied),
        tipo_ricevuta: Some(TipoRicevuta::Completa),
        extra: vec![("X-Sportello-Istanza".into(), HeaderText::new("ente"))],
        body: "Gentile Anna,\nperché no?\n\n. \n".into(),
        attachments: Vec::new(),
    }
}

fn text(letter: &Letter) -> String {
    String::from_utf8(compose(letter).unwrap()).unwrap()
}

#[test]
fn the_bytes_of_a_plain_letter() {
    insta(
        &text(&letter()),
        &[
            "Date: Sun, 21 Jun 2026 00:00:00 +0000",
            "From: \"Comune di Ente\" <ente@ente.test>",
            "To: anna.verdi@cittadini.test",
            "Message-ID: <v1.abc@ente.test>",
            "Subject: =?utf-8?b?Q2l0dMOgOg==?= ricevuta n. 7",
            "In-Reply-To: <uno@cittadini.test>",
            "References: <zero@cittadini.test> <uno@cittadini.test>",
            "Auto-Submitted: auto-replied",
            "X-TipoRicevuta: completa",
            "X-Sportello-Istanza: ente",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "Gentile Anna,",
            "perch=C3=A9 no?",
            "",
            ".=20",
        ],
    );
}

#[test]
fn the_bytes_of_a_letter_with_an_attachment() {
    let mut letter = letter();
    letter.attachments.push(Attachment {
        name: HeaderText::new("atto \"n. 7\".pdf"),
        media_type: "application/pdf".into(),
        bytes: b"%PDF\n\r\0.".to_vec(),
    });
    let all = text(&letter);
    let (_, body) = all.split_once("Content-Type: multipart/mixed;").unwrap();
    insta(
        body,
        &[
            " boundary=\"=_sportello\"",
            "",
            "--=_sportello",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "Gentile Anna,",
            "perch=C3=A9 no?",
            "",
            ".=20",
            "--=_sportello",
            "Content-Disposition: attachment; filename=\"atto \\\"n. 7\\\".pdf\"",
            "Content-Type: application/pdf",
            "Content-Transfer-Encoding: base64",
            "",
            "JVBERgoNAC4=",
            "--=_sportello--",
        ],
    );
}

/// Compares line by line, so that a difference is readable.
fn insta(seen: &str, expected: &[&str]) {
    assert!(seen.ends_with("\r\n"));
    let lines: Vec<&str> = seen.trim_end_matches("\r\n").split("\r\n").collect();
    assert_eq!(lines, expected);
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    let mut letter = letter();
    letter.attachments.push(Attachment {
        name: HeaderText::new("a"),
        media_type: "text/plain".into(),
        bytes: vec![7; 9000],
    });
    assert_eq!(compose(&letter), compose(&letter.clone()));
}

#[test]
fn what_an_administrator_can_get_wrong_is_refused() {
    let with = |change: &dyn Fn(&mut Letter)| {
        let mut letter = letter();
        change(&mut letter);
        compose(&letter)
    };
    let extra = |name: &str| with(&|l| l.extra = vec![(name.to_owned(), HeaderText::new("x"))]);
    assert_eq!(with(&|l| l.to.address = "a@b.test\r\nBcc: c@d.test".into()), Err(ComposeTrouble::Address("To")));
    assert_eq!(with(&|l| l.from.address = "ente".into()), Err(ComposeTrouble::Address("From")));
    assert_eq!(with(&|l| l.date = jiff::Timestamp::from_second(-1).unwrap()), Err(ComposeTrouble::Date));
    for name in ["", "A B", "A:", "A\r\nB", "Subject", "bcc", "Content-Type", "Àb"] {
        assert!(matches!(extra(name), Err(ComposeTrouble::Header(_))), "{name:?}");
    }
    let attached = |kind: &str| {
        with(&|l| {
            l.attachments.push(Attachment { name: HeaderText::new("a"), media_type: kind.into(), bytes: Vec::new() })
        })
    };
    for kind in ["", "pdf", "text/plain\r\nX: y"] {
        assert!(matches!(attached(kind), Err(ComposeTrouble::Attachment(_))), "{kind:?}");
    }
}

#[test]
fn a_long_thread_keeps_its_first_and_its_newest_ids() {
    let mut letter = letter();
    letter.references = (0..100).filter_map(|n| MessageId::new(&format!("<{n}@cittadini.test>"))).collect();
    let all = text(&letter).replace("\r\n ", " ");
    let line = all.lines().find(|l| l.starts_with("References: ")).unwrap();
    assert!(
        line.starts_with("References: <0@cittadini.test> <81@") && line.trim_end().ends_with("<99@cittadini.test>"),
        "{line}"
    );
    assert_eq!(line.matches('<').count(), REFERENCES_MAX);
}

#[test]
fn line_ends_and_controls_of_a_body_become_harmless() {
    let mut letter = letter();
    letter.body = "a\rb\r\nc\n\0d\u{1b}[31m\te\r\n\r\n\n".into();
    let all = text(&letter);
    let (_, body) = all.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "a\r\nb\r\nc\r\n d [31m\te\r\n");
}

#[test]
fn header_text_is_one_safe_line() {
    let cases = [
        ("Mario\r\nBcc: tutti@ente.test", "Mario Bcc: tutti@ente.test"),
        ("  a \t\u{2028}\u{2029}\u{85} b  ", "a b"),
        ("a\u{202e}fdp.exe\u{200b}\u{feff}", "afdp.exe"),
        ("a\0b\u{7f}c", "a b c"),
        ("=?utf-8?b?QQ==?=", "= ?utf-8?b?QQ== ?="),
        ("perché no", "perché no"),
        ("", ""),
    ];
    for (given, safe) in cases {
        assert_eq!(HeaderText::new(given).as_str(), safe, "{given:?}");
    }
    let long = HeaderText::new(&"é ".repeat(500));
    assert_eq!(long.as_str().chars().count(), 200);
    assert!(long.as_str().ends_with('…'));
}

#[test]
fn a_message_id_is_quoted_only_if_it_can_be() {
    for good in ["<a@b>", "<opec21008.20260101.00001.1.1.1@pec.gestore.test>", "<senza-chiocciola>"] {
        assert_eq!(MessageId::new(good).unwrap().as_str(), good);
    }
    let long = format!("<{}@b>", "a".repeat(500));
    for bad in
        ["", "a@b", "<>", "<a b@c>", "<a@b>\r\nX: y", "<a\r\n@b>", "<a@b><c@d>", "<è@b>", "<a\0@b>", long.as_str()]
    {
        assert_eq!(MessageId::new(bad), None, "{bad:?}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "\r\n",
        "\n.\n",
        "\r",
        "\0",
        "\"",
        "\\",
        "<",
        ">",
        ",",
        ";",
        ":",
        "=?",
        "?=",
        "(",
        ")",
        "@",
        "\u{202e}",
        "\u{2028}",
        "…",
        "é",
        "漢",
        "🙂",
        "\u{301}",
        " ",
        "\t",
        "a",
        "Bcc: x@y.test",
        "=\r\n",
        "--=_sportello",
        "\r\n\r\n",
    ]);
    prop_oneof![prop::collection::vec(nasty, 0..60).prop_map(|parts| parts.concat()), any::<String>(), "[ -~]{0,400}",]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No citizen's words make composing fail, panic, or add a header.
    #[test]
    fn hostile_words_stay_words(name in hostile(), subject in hostile(), body in hostile(), file in hostile(), value in hostile()) {
        let mut letter = letter();
        letter.from.name = Some(HeaderText::new(&name));
        letter.to.name = Some(HeaderText::new(&name));
        letter.reply_to = Some(Party { name: Some(HeaderText::new(&name)), address: "ente@ente.test".into() });
        letter.subject = HeaderText::new(&subject);
        letter.extra = vec![("X-Sportello-Prova".into(), HeaderText::new(&value))];
        letter.body = body;
        letter.attachments = vec![Attachment { name: HeaderText::new(&file), media_type: "text/plain".into(), bytes: value.into_bytes() }];
        let bytes = compose(&letter);
        prop_assert!(bytes.is_ok(), "{:?}", bytes);
        let all = String::from_utf8(bytes.unwrap()).unwrap();
        prop_assert!(well_formed(all.as_bytes()));
        let (head, parts) = all.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head.split("\r\n").filter(|l| !l.starts_with(' ')).map(|l| l.split(':').next().unwrap()).collect();
        prop_assert_eq!(names, vec!["Date", "From", "To", "Message-ID", "Subject", "Reply-To", "In-Reply-To", "References",
            "Auto-Submitted", "X-TipoRicevuta", "X-Sportello-Prova", "MIME-Version", "Content-Type"]);
        prop_assert_eq!(parts.split("\r\n").filter(|line| line.starts_with("--=_sportello")).count(), 3);
    }
}

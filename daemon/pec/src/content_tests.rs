//! What citizens' mail clients write, and what nobody should.

use super::*;
use alloc::vec;

fn read_bytes(message: &[u8]) -> (Content, Option<Reason>) {
    Content::read(message, &Dashes::find(message), Excerpt::whole(message))
}

fn read(message: &str) -> Content {
    let (content, limit) = read_bytes(message.replace('\n', "\r\n").as_bytes());
    assert_eq!(limit, None);
    content
}

#[test]
fn a_letter_with_a_file() {
    let message = "From: =?UTF-8?Q?Mario_R=C3=B2ssi?= <mario@cittadini.test>\nTo: a@ente.test, \"B, C\" <b@ente.test>\n\
         Subject: =?iso-8859-1?Q?Citt=E0?=\n =?iso-8859-1?Q?_bella?=\nMessage-ID: <m@x.test>\nReferences: <a@x.test>\n\t<b@x.test>\n\
         Date: Mon, 2 Mar 2026 10:10:11 +0100\nReturn-Path: <>\nAuto-Submitted: auto-replied\nList-Id: elenco <l.x.test>\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=c\n\n\
         --c\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nQ2l0dMOg\n\
         --c\nContent-Type: text/html\n\n<p>no</p>\n--c--\n\
         --b\nContent-Type: Application/PDF; name=\"x\"\nContent-Disposition: attachment;\n filename*0*=utf-8''citt%C3%A0; filename*1=.pdf\n\
         Content-Transfer-Encoding: base64\n\nYWJj\n--b--\n"
        .replace('\n', "\r\n");
    let content = read(&message.replace("\r\n", "\n"));
    assert_eq!(content.from, vec![Mailbox { name: "Mario Ròssi".into(), address: "mario@cittadini.test".into() }]);
    assert_eq!(content.to[1], Mailbox { name: "B, C".into(), address: "b@ente.test".into() });
    assert_eq!(content.subject, "Città bella");
    assert_eq!(content.references, ["<a@x.test>", "<b@x.test>"]);
    assert_eq!(content.return_path.as_deref(), Some(""));
    assert_eq!(content.date, Some("2026-03-02T09:10:11Z".parse().unwrap()));
    assert_eq!((content.text.as_str(), content.text_from_html), ("Città", false));
    let names: Vec<&str> = content.machine_headers.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["auto-submitted", "list-id"]);
    let file = &content.attachments[0];
    assert_eq!(
        (file.name.as_str(), file.media_type.as_str(), file.empty, file.top_level),
        ("città.pdf", "application/pdf", false, true)
    );
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into();
    assert_eq!(content.measure(message.as_bytes()), [Measured { size: 3, sha256, sound: true }]);
    assert_eq!(content.measure(b"others")[0].size, 0, "bytes that were not examined are no crime");
    assert!(content.notes.is_empty(), "{:?}", content.notes);
}

#[test]
fn odd_charsets_are_read_and_noted() {
    for (charset, body, text, note) in [
        ("x-foo", "citt\u{e0}", "città", "x-foo"),
        ("utf-7", "citt+AOA-", "città", "UTF-7"),
        ("us-ascii", "citt\u{e0}", "città", ""),
    ] {
        let content = read(&format!("Content-Type: text/plain; charset={charset}\n\n{body}"));
        assert_eq!(content.text, text, "{charset}");
        assert!(content.notes.iter().any(|n| n.contains(note)) || note.is_empty(), "{:?}", content.notes);
    }
    let (latin1, _) = read_bytes(b"Subject: citt\xe0\r\nContent-Type: text/plain\r\n\r\ncitt\xe0");
    assert_eq!((latin1.subject.as_str(), latin1.text.as_str()), ("città", "città"));
    assert_eq!(latin1.notes.len(), 2, "{:?}", latin1.notes);
}

#[test]
fn a_message_within_stays_shut() {
    let content = read(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nciao\n--b\nContent-Type: message/rfc822\n\
         Content-Disposition: attachment; filename=busta.eml\n\nSubject: x\n\ntesto interno\n--b--\n",
    );
    assert_eq!(content.text, "ciao");
    assert_eq!(content.attachments[0].media_type, "message/rfc822");
}

#[test]
fn control_characters_reach_nobody() {
    let content = read("Subject: =?utf-8?Q?a=0D=0ABcc:_x?=\nContent-Type: application/pdf; name=\"a\u{7}b/../c\"\n\nx");
    assert!(!content.subject.contains(['\r', '\n']) && content.subject.starts_with('a'), "{:?}", content.subject);
    assert!(!content.attachments[0].name.contains('\u{7}'));
}

#[test]
fn files_that_are_text_can_be_read_small_ones_whole() {
    let part = |kind: &str, text: &str| {
        format!("--b\r\nContent-Type: {kind}; name=\"a\"\r\nContent-Disposition: attachment\r\n\r\n{text}\r\n")
    };
    let book = "x".repeat(ATTACHED_TEXT_BYTES_MAX);
    let parts = [
        part("text/plain", "modulo"),
        part("text/html", "<p>due</p>"),
        part("text/plain", &book),
        part("application/pdf", "no"),
    ];
    let (content, _) = read_bytes(
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntesto\r\n{}--b--", parts.concat())
            .as_bytes(),
    );
    assert_eq!((content.text.trim(), content.attached_text.trim_end()), ("testo", "modulo\ndue"));
}

#[test]
fn limits_leave_something_and_say_so() {
    let wide = "--b\r\n\r\nx\r\n".repeat(PARTS_MAX + 5);
    let (content, limit) =
        read_bytes(format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{wide}--b--").as_bytes());
    assert_eq!(limit, Some(why::TOO_MANY_PARTS));
    assert!(content.text.starts_with('x'));
    let (content, limit) = read_bytes("x".repeat(TEXT_BYTES_MAX * 2).as_bytes());
    assert_eq!((limit, content.text.len()), (Some(why::HEADERS_TOO_LARGE), 0));
    let (content, _) = read_bytes(format!("\r\n{}", "à".repeat(TEXT_BYTES_MAX)).as_bytes());
    assert!(
        content.text.len() <= TEXT_BYTES_MAX && content.text.len() > TEXT_BYTES_MAX - 10 && !content.notes.is_empty()
    );
}

#[test]
fn too_many_encoded_words_are_shown_as_they_stand() {
    let words = "=?xx?Q?a?b".repeat(20_000);
    let content = read(&format!("Subject: {words}\nFrom: {words}\nTo: {}\n\nx", "(".repeat(60_000)));
    assert!(content.subject.starts_with("=?xx?Q?a?b=?xx"));
}

//! The loop guard: when a message must not be answered by a machine (RFC 3834; rules.md §3, reliability.md §3.8).
//!
//! Every automatic PEC reply can itself be answered, because a PEC access point refuses the null sender that RFC 3834
//! wants: the marks below are the first line, the brakes the last.

use crate::address;
use crate::decision::Reason;
use crate::known::Known;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use pec::{Content, Examined, Verdict};

/// Header by which one instance of this program recognises another.
pub const INSTANCE_HEADER: &str = "X-Sportello-Istanza";
/// Automatic replies of one kind about one dossier (or about none) to one sender in a day.
pub const SAME_REPLY_A_DAY_MAX: u32 = 1;
/// Automatic replies of any kind to one sender in a day.
pub const SENDER_A_DAY_MAX: u32 = 5;
/// Messages in one dossier in a day that are answered: the one that opened it and three more.
pub const DOSSIER_A_DAY_MAX: u32 = 4;

/// The marks of a machine on a message; empty = a person seems to have written it.
///
/// The inner message is looked at, where an automaton of another body leaves its mark, and the envelope too: a provider
/// copies some headers there and adds its own (rules.md §3).
#[must_use]
pub fn machine_marks(sender: &str, seen: &Examined, message: &Content) -> Vec<Reason> {
    let mut marks = Vec::new();
    if !sender.is_empty() && address::is_machine(sender) {
        marks.push(Reason::new("sender-machine", format!("il mittente {sender} è un programma")));
    }
    header_marks(&message.machine_headers, message.return_path.as_deref(), &mut marks);
    header_marks(&seen.machine_headers, seen.return_path.as_deref(), &mut marks);
    let mut seen_marks: Vec<Reason> = Vec::new();
    for mark in marks {
        if !seen_marks.contains(&mark) {
            seen_marks.push(mark);
        }
    }
    seen_marks
}

/// Code of the marks that only a machine's *answer* bears: other marks may stand on a letter that somebody wrote.
const AUTORESPONSE: &str = "autoresponse";

/// The marks are those of an answer that no person wrote.
#[must_use]
pub fn is_autoresponse(marks: &[Reason]) -> bool {
    marks.iter().any(|mark| matches!(mark.code.as_str(), AUTORESPONSE | "null-return-path" | "sender-machine"))
}

/// The marks are those of a delivery report: the null sender that RFC 3464 §2 asks of it.
#[must_use]
pub fn is_delivery_report(marks: &[Reason]) -> bool {
    marks.iter().any(|mark| mark.code == "null-return-path")
}

/// A delivery report that nobody certifies, by its null sender or by its form (RFC 3464 §2): an ordinary mail of ours may have come
/// back with it.
#[must_use]
pub fn is_uncertified_report(seen: &Examined) -> bool {
    let Verdict::Unproven(unproven) = &seen.verdict else { return false };
    let inner = unproven.content.as_ref();
    let is_null = |path: Option<&String>| path.is_some_and(|path| address::key(path).is_empty());
    let is_report = |headers: &[(String, String)]| headers.iter().any(|(name, _)| name == "content-type");
    is_null(seen.return_path.as_ref())
        || is_null(inner.and_then(|content| content.return_path.as_ref()))
        || is_report(&seen.machine_headers)
        || inner.is_some_and(|content| is_report(&content.machine_headers))
}

fn header_marks(headers: &[(String, String)], return_path: Option<&str>, marks: &mut Vec<Reason>) {
    if return_path.is_some_and(|p| address::key(p).is_empty()) {
        let text = String::from("il Return-Path è vuoto: è un avviso automatico");
        marks.push(Reason::new("null-return-path", text));
    }
    for (name, value) in headers {
        let token = value.split(|c: char| c == ';' || c.is_whitespace()).find(|t| !t.is_empty()).unwrap_or_default();
        let token = token.to_ascii_lowercase();
        let is_answer = name == "auto-submitted" && matches!(token.as_str(), "auto-replied" | "auto-notified")
            || name.eq_ignore_ascii_case(INSTANCE_HEADER)
            || name == "content-type";
        let is_mark = match name.as_str() {
            // The token decides, its parameters do not (RFC 3834 §5.2). FreeScout took `no` for a mark.
            "auto-submitted" => token != "no",
            "precedence" => matches!(token.as_str(), "bulk" | "junk" | "list" | "auto_reply"),
            "x-auto-response-suppress" => {
                matches!(token.trim_end_matches(','), "all" | "oof" | "autoreply" | "dr" | "rn" | "nrn")
            }
            "content-type" => token.starts_with("multipart/report"),
            "x-autoreply" | "x-autorespond" | "x-loop" | "x-failed-recipients" => true,
            other => other.starts_with("list-") || other.eq_ignore_ascii_case(INSTANCE_HEADER),
        };
        if is_mark {
            let text = format!("l'intestazione {name}: {} dice che è un messaggio automatico", short(value));
            marks.push(Reason::new(if is_answer { AUTORESPONSE } else { "automatic-header" }, text));
        }
    }
}

/// The brakes: how much has been sent already. Empty = an answer of this kind may go.
///
/// Per dossier, and not only per sender: a professional may send several requests on one day, and each has a right to its
/// receipt (L. 241/1990 art. 18-bis); an automaton that opens a dossier with every message is stopped by the sender's brake.
#[must_use]
pub fn brakes(template: &str, dossier: Option<&str>, known: &Known) -> Vec<Reason> {
    let traffic = &known.traffic;
    let mut reasons = Vec::new();
    let same = traffic.to_sender.iter().filter(|(t, d)| t == template && d.as_deref() == dossier).count();
    if same >= SAME_REPLY_A_DAY_MAX as usize {
        let text = format!("oggi a questo mittente è già partita la stessa risposta «{template}»");
        reasons.push(Reason::new("brake-reply", text));
    }
    reasons.extend(enquiry_brakes(dossier, known));
    reasons
}

/// The brakes of an answer to a command. Two documents, or two cards, may be asked for on one day, each in words of its own: that
/// the words differ, and all the others, is looked at.
#[must_use]
pub fn enquiry_brakes(dossier: Option<&str>, known: &Known) -> Vec<Reason> {
    let traffic = &known.traffic;
    let mut reasons = Vec::new();
    let all = traffic.to_sender.len();
    if all >= SENDER_A_DAY_MAX as usize {
        reasons.push(Reason::new(
            "brake-sender",
            format!("oggi a questo mittente sono già partite {all} risposte automatiche"),
        ));
    }
    // Two legal messages, both registered; one answer, and a person sees that they say the same (reliability.md §4.1). An
    // automaton that says one thing over and over is answered once.
    if traffic.repeated {
        let text = String::from("oggi a questo mittente è già stata data risposta a un messaggio con le stesse parole");
        reasons.push(Reason::new("brake-repeated", text));
    }
    let touched = dossier.and_then(|number| traffic.touched.get(number)).copied().unwrap_or(0);
    if touched >= DOSSIER_A_DAY_MAX {
        reasons.push(Reason::new("brake-dossier", format!("oggi questo fascicolo ha già avuto {touched} messaggi")));
    }
    reasons
}

fn short(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(name: &str, value: &str) -> usize {
        let mut marks = Vec::new();
        header_marks(&[(name.into(), value.into())], None, &mut marks);
        marks.len()
    }

    #[test]
    fn every_mark_of_the_table_is_seen() {
        let marked = [
            ("auto-submitted", "auto-replied"),
            ("auto-submitted", "auto-generated; owner-email=\"x@y.example\""),
            ("auto-submitted", "AUTO-NOTIFIED"),
            ("precedence", "bulk"),
            ("precedence", "List"),
            ("precedence", "junk"),
            ("list-id", "<x.example>"),
            ("list-unsubscribe", "<mailto:x@y.example>"),
            ("x-autoreply", "yes"),
            ("x-auto-response-suppress", "All"),
            ("x-loop", "x"),
            ("content-type", "multipart/report; report-type=delivery-status"),
            ("x-sportello-istanza", "comune"),
        ];
        for (name, value) in marked {
            assert_eq!(marks(name, value), 1, "{name}: {value}");
        }
    }

    #[test]
    fn a_person_is_not_taken_for_a_machine() {
        for (name, value) in [("auto-submitted", "no"), ("auto-submitted", " No ; x=y"), ("precedence", "first-class")]
        {
            assert_eq!(marks(name, value), 0, "{name}: {value}");
        }
    }

    /// The same ordinary mail with a mark inside, outside, and nowhere.
    #[test]
    fn marks_are_seen_inside_the_message_and_on_its_envelope() {
        let anchors = pec::Anchors::default();
        let policy = pec::Policy::new(&anchors);
        let seen = |head: &str| pec::examine(format!("{head}From: a@b.example\r\n\r\nciao\r\n").as_bytes(), &policy);
        let (plain, bounce) = (seen(""), seen("Return-Path: <>\r\n"));
        let quiet = Content::default();
        let vacation =
            Content { machine_headers: seen("Auto-Submitted: auto-replied\r\n").machine_headers, ..Content::default() };
        assert!(machine_marks("a@b.example", &plain, &quiet).is_empty());
        assert_eq!(machine_marks("a@b.example", &plain, &vacation).len(), 1);
        assert_eq!(machine_marks("a@b.example", &bounce, &quiet).len(), 1);
        assert_eq!(machine_marks("mailer-daemon@b.example", &plain, &quiet).len(), 1);
    }

    #[test]
    fn brakes_hold_at_their_bound() {
        let mut known = Known::nothing(jiff::Timestamp::UNIX_EPOCH);
        assert!(brakes("x", Some("1"), &known).is_empty());
        known.traffic.to_sender.push(("x".into(), Some("1".into())));
        assert_eq!(brakes("x", Some("1"), &known).len(), 1, "the same reply about the same dossier");
        assert!(brakes("x", Some("2"), &known).is_empty(), "another request has a right to its receipt");
        assert!(brakes("y", Some("1"), &known).is_empty());
        for n in 1..SENDER_A_DAY_MAX {
            known.traffic.to_sender.push(("z".into(), Some(format!("{n}"))));
        }
        assert_eq!(brakes("y", Some("9"), &known).len(), 1, "the sender's brake");
        let mut again = Known::nothing(jiff::Timestamp::UNIX_EPOCH);
        again.traffic.repeated = true;
        assert_eq!(brakes("x", Some("1"), &again).len(), 1, "the same words");
        let mut busy = Known::nothing(jiff::Timestamp::UNIX_EPOCH);
        busy.traffic.touched.insert("1".into(), DOSSIER_A_DAY_MAX);
        assert_eq!(brakes("y", Some("1"), &busy).len(), 1, "the dossier's brake");
        assert!(brakes("y", None, &busy).is_empty(), "whoever only names a dossier is not braked by it");
    }
}

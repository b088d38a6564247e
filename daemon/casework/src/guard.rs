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
use pec::Content;

/// Header by which one instance of this program recognises another.
pub const INSTANCE_HEADER: &str = "X-Sportello-Istanza";
/// One automatic reply of one kind to one sender in a day.
pub const SAME_TEMPLATE_A_DAY_MAX: u32 = 1;
/// Automatic replies of any kind to one sender in a day.
pub const SENDER_A_DAY_MAX: u32 = 5;
/// Requests by mail that may touch one dossier again in a day and be answered.
pub const DOSSIER_A_DAY_MAX: u32 = 3;

/// The marks of a machine on a message; empty = a person seems to have written it.
#[must_use]
pub fn machine_marks(sender: &str, message: &Content) -> Vec<Reason> {
    let mut marks = Vec::new();
    let mut mark = |code: &'static str, text: String| marks.push(Reason::new(code, text));
    if address::is_machine(sender) {
        mark("sender-machine", format!("il mittente {sender} è un programma"));
    }
    if message.return_path.as_deref().is_some_and(|p| address::key(p).is_empty()) {
        mark("null-return-path", String::from("il Return-Path è vuoto: è un avviso automatico"));
    }
    for (name, value) in &message.machine_headers {
        let token = value.split(|c: char| c == ';' || c.is_whitespace()).find(|t| !t.is_empty()).unwrap_or_default();
        let token = token.to_ascii_lowercase();
        let is_mark = match name.as_str() {
            // The token decides, its parameters do not (RFC 3834 §5.2). FreeScout took `no` for a mark.
            "auto-submitted" => token != "no",
            "precedence" => matches!(token.as_str(), "bulk" | "junk" | "list" | "auto_reply"),
            "x-auto-response-suppress" => matches!(token.trim_end_matches(','), "all" | "oof" | "autoreply" | "dr" | "rn" | "nrn"),
            "content-type" => token.starts_with("multipart/report"),
            "x-autoreply" | "x-autorespond" | "x-loop" | "x-failed-recipients" => true,
            other => other.starts_with("list-") || other.eq_ignore_ascii_case(INSTANCE_HEADER),
        };
        if is_mark {
            mark("automatic-header", format!("l'intestazione {name}: {} dice che è un messaggio automatico", short(value)));
        }
    }
    marks
}

/// The brakes: how much has been sent already. Empty = an answer of this kind may go.
#[must_use]
pub fn brakes(template: &str, known: &Known) -> Vec<Reason> {
    let traffic = &known.traffic;
    let mut reasons = Vec::new();
    if traffic.to_sender_by_template.get(template).copied().unwrap_or(0) >= SAME_TEMPLATE_A_DAY_MAX {
        reasons.push(Reason::new("brake-template", format!("oggi a questo mittente è già partita una risposta «{template}»")));
    }
    let to_sender: u32 = traffic.to_sender_by_template.values().sum();
    if to_sender >= SENDER_A_DAY_MAX {
        reasons.push(Reason::new("brake-sender", format!("oggi a questo mittente sono già partite {to_sender} risposte automatiche")));
    }
    if traffic.dossier_touched >= DOSSIER_A_DAY_MAX {
        reasons.push(Reason::new("brake-dossier", format!("oggi questo fascicolo ha già avuto {} messaggi", traffic.dossier_touched)));
    }
    reasons
}

fn short(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Content {
        Content { machine_headers: alloc::vec![(name.into(), value.into())], ..Content::default() }
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
            assert_eq!(machine_marks("a@b.example", &with(name, value)).len(), 1, "{name}: {value}");
        }
    }

    #[test]
    fn a_person_is_not_taken_for_a_machine() {
        for (name, value) in [("auto-submitted", "no"), ("auto-submitted", " No ; x=y"), ("precedence", "first-class")] {
            assert!(machine_marks("a@b.example", &with(name, value)).is_empty(), "{name}: {value}");
        }
    }

    #[test]
    fn null_return_path_and_program_senders_are_marks() {
        let bounce = Content { return_path: Some("".into()), ..Content::default() };
        assert!(!machine_marks("a@b.example", &bounce).is_empty());
        assert!(!machine_marks("mailer-daemon@b.example", &Content::default()).is_empty());
    }

    #[test]
    fn brakes_hold_at_their_bound() {
        let mut known = Known::nothing(jiff::Timestamp::UNIX_EPOCH);
        assert!(brakes("x", &known).is_empty());
        known.traffic.to_sender_by_template.insert("x".into(), SAME_TEMPLATE_A_DAY_MAX);
        assert!(!brakes("x", &known).is_empty());
        assert!(brakes("y", &known).is_empty());
        known.traffic.to_sender_by_template.insert("x".into(), SENDER_A_DAY_MAX);
        assert!(!brakes("y", &known).is_empty());
    }
}

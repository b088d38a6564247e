//! Changes when how far two automata may drive each other changes (reliability.md §3.8, P10).

use crate::support::{House, OfficeRoad, Running, wait};
use casework::Lane;
use casework::guard::SENDER_A_DAY_MAX;
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use sportello::outbox::schedule::State;
use sportello::outbox::{Answer, Courier, Gate, Roads};
use sportello::submit::Outcome;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const A: &str = "protocollo@pec.comune-a.test";
const B: &str = "protocollo@pec.comune-b.test";

/// What the road between the two does to a letter before it is sealed.
type Strip = fn(&[u8]) -> Vec<u8>;

/// The road to citizens of one house: the simulated circuit, whose receipts come back through the inbox.
struct Road {
    circuit: Circuit,
    strip: Strip,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Courier for Road {
    fn attempt<'a>(&'a self, from: &'a str, to: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            gate().await.unwrap();
            let subject = header(bytes, "subject").unwrap_or_default();
            self.sent.lock().unwrap().push(format!("{from} → {to}: {subject}"));
            self.circuit.send(from, &[to.to_owned()], &(self.strip)(bytes)).unwrap();
            Outcome::Taken { reply: "250".into() }
        })
    }
}

fn header(raw: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(raw);
    let line = text.lines().find(|l| l.to_ascii_lowercase().starts_with(&format!("{name}: ")))?;
    Some(line.split_once(": ")?.1.to_owned())
}

/// Removes whole headers, folded lines too.
fn without(raw: &[u8], names: &[&str]) -> Vec<u8> {
    let text = std::str::from_utf8(raw).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut kept = String::new();
    let mut is_kept = true;
    for line in head.split("\r\n") {
        if !line.starts_with([' ', '\t']) {
            let name = line.split(':').next().unwrap().to_ascii_lowercase();
            is_kept = !names.contains(&name.as_str());
        }
        if is_kept {
            kept.push_str(line);
            kept.push_str("\r\n");
        }
    }
    format!("{kept}\r\n{body}").into_bytes()
}

/// Two bodies, both with our rules; somebody at B writes to A once. Returns every automatic letter that left, in order.
fn conversation(strip: Strip, subject: &str, text: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let beta = authority.provider("Beta", "pec.beta.test", Style::legalmail_like(), now).unwrap();
    let domains = [("pec.comune-a.test".to_owned(), alfa), ("pec.comune-b.test".to_owned(), beta)];
    let circuit = Circuit::new(&dir.path().join("caselle"), domains);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let houses: Vec<(House, Running)> = [("a", A), ("b", B)]
        .map(|(name, address)| {
            let root = dir.path().join(name);
            std::fs::create_dir_all(&root).unwrap();
            let house = House::build(&root, address, &circuit.maildir(address).unwrap(), authority.certificate_der());
            let road = Road { circuit: circuit.clone(), strip, sent: sent.clone() };
            let running =
                house.start(Roads { pec: Box::new(road), offices: Some(Box::new(OfficeRoad)), courtesy: None });
            (house, running)
        })
        .into();
    let mail = Mail::new(B).to(A).subject(subject).text(text).compose(now).unwrap();
    circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    wait("silence", || {
        let lines = || houses.iter().map(|(_, running)| running.seq()).collect::<Vec<_>>();
        let before = lines();
        let is_silent = houses.iter().all(|(house, running)| {
            house.is_read()
                && running.overview().items.iter().all(|i| i.state == State::Submitted && i.shown().is_final())
        });
        // Between two equal readings of both registers nothing moved.
        (is_silent && before == lines()).then_some(())
    });
    let items: usize =
        houses.iter().map(|(_, r)| r.overview().items.iter().filter(|i| i.outgoing.lane == Lane::Pec).count()).sum();
    for (_, running) in houses {
        // The receipts of the first mail, which a person wrote elsewhere, are orphans.
        let is_real = |grade: &str| matches!(grade, "genuine" | "genuine-weak" | "orphan");
        assert!(running.overview().messages.iter().all(|m| is_real(&m.grade)), "the conversation is real");
        running.stop();
    }
    let sent = sent.lock().unwrap().clone();
    assert_eq!(sent.len(), items);
    sent
}

const REQUEST: (&str, &str) = (
    "Dichiarazione di cambio di residenza",
    "Mi sono trasferita in via delle Rose 10.\nCodice fiscale: BNCNNA80A41H501R\n",
);

#[test]
fn two_services_stop_at_once() {
    for (subject, text) in
        [REQUEST, ("A che punto è la pratica?", "Vorrei sapere a che punto è la pratica 2026/000001.\n")]
    {
        let sent = conversation(<[u8]>::to_vec, subject, text);
        assert!((1..=2).contains(&sent.len()), "{sent:#?}");
    }
}

/// A provider may take our marks away (rules.md §3): the brakes must hold by themselves.
#[test]
fn without_our_marks_the_brakes_stop_them() {
    let marks: Strip = |raw| without(raw, &["auto-submitted", "x-sportello-istanza"]);
    let everything: Strip =
        |raw| without(raw, &["auto-submitted", "x-sportello-istanza", "in-reply-to", "references", "x-tiporicevuta"]);
    for strip in [marks, everything] {
        for (subject, text) in [REQUEST, ("cambio residenza", "ciao, ho cambiato casa, adesso sto in via Po 4\n")] {
            let sent = conversation(strip, subject, text);
            println!("{sent:#?}");
            assert!((1..=6).contains(&sent.len()), "{sent:#?}");
        }
    }
}

/// Whatever is written to him comes back as a new request, in nobody's thread and without a mark.
fn echo(raw: &[u8], text: &str) -> Vec<u8> {
    let head = without(raw, &["auto-submitted", "x-sportello-istanza", "in-reply-to", "references", "subject"]);
    let head = String::from_utf8(head).unwrap();
    let head = head.split_once("\r\n\r\n").unwrap().0;
    let plain: Vec<&str> = head.split("\r\n").filter(|l| !l.to_ascii_lowercase().starts_with("content-")).collect();
    format!("{}\r\nSubject: {}\r\n\r\n{}", plain.join("\r\n"), REQUEST.0, text.replace('\n', "\r\n")).into_bytes()
}

/// An automaton that says one thing: each body answers it once (P10: six at most in all).
#[test]
fn an_automaton_that_repeats_itself_is_answered_once() {
    let sent = conversation(|raw| echo(raw, REQUEST.1), REQUEST.0, REQUEST.1);
    println!("{sent:#?}");
    assert!((1..=2).contains(&sent.len()), "{sent:#?}");
}

/// The worst correspondent, who finds other words each time: each body answers him as often in a day as it answers any
/// sender, and then a person reads.
#[test]
fn an_automaton_that_asks_anew_is_stopped_by_the_brake_of_the_sender() {
    let other_words: Strip = |raw| {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        echo(raw, &format!("{}Scritto per la volta numero {n}.\n", REQUEST.1))
    };
    let sent = conversation(other_words, REQUEST.0, REQUEST.1);
    println!("{sent:#?}");
    assert!(sent.len() > 2, "the echo is answered at first, or this proves nothing: {sent:#?}");
    assert!(sent.len() <= 2 * SENDER_A_DAY_MAX as usize, "{sent:#?}");
}

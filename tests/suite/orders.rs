//! Changes when what a person may order of a letter, or what evidence forbids it, changes (reliability.md §4.4, P4).

use crate::store::{Bench, accepted, at, learned, letter, sending};
use crate::support::{House, Recorder, Running, ask, copy_folder, message_id, real_trial, wait};
use casework::Lane;
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use sportello::config::Config;
use sportello::outbox::orders::{Act, Answer, Order, carry_out};
use sportello::outbox::schedule::{Move, Shown};
use sportello::outbox::{Courier, Gate, Roads};
use sportello::submit::Outcome;
use sportello::supervise::Service;
use sportello::world::World;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

const OFFICE: &str = "protocollo@pec.comune.test";

fn order(item: &str, act: Act) -> Order {
    Order { item: item.into(), act, by: "Ada Neri".into(), why: "prova".into() }
}

/// One letter that waits, and what comes of an order about it.
struct Letter(Bench);

impl Letter {
    fn new(steps: impl IntoIterator<Item = Move>) -> Self {
        let mut bench = Bench::new();
        bench.decide("uno", at(0), vec![], vec![letter("abc1", Lane::Pec, None)], 600);
        bench.moves("abc1", steps);
        Self(bench)
    }

    fn ask(&mut self, act: Act, second: i64) -> Result<String, String> {
        let lines = self.0.store.seq();
        match carry_out(&mut self.0.store, &order("abc", act), at(second)).unwrap() {
            Answer::Done(said) => {
                assert_eq!(self.0.store.seq(), lines + 1, "an order carried out is one line");
                Ok(said)
            }
            Answer::No(why) => {
                assert_eq!(self.0.store.seq(), lines, "one refused is none");
                Err(why)
            }
        }
    }
}

#[test]
fn a_held_letter_waits_for_its_release_and_no_longer() {
    let mut letter = Letter::new([]);
    letter.ask(Act::Hold, 1).unwrap();
    let due = |letter: &Letter, second| letter.0.store.due(Lane::Pec, at(second), 9).unwrap().0.len();
    assert_eq!(due(&letter, 100_000_000), 0);
    letter.ask(Act::Release, 2).unwrap();
    assert_eq!(due(&letter, 2), 1);
    letter.ask(Act::Withdraw, 3).unwrap();
    assert_eq!(letter.0.shown("abc1"), Shown::Withdrawn);
    for act in [Act::Hold, Act::Release, Act::Withdraw, Act::Resend] {
        assert!(letter.ask(act, 4).unwrap_err().contains("già stata ritirata"));
    }
}

/// Sending again is a second legal message: only where nothing says that the first was taken.
#[test]
fn only_what_left_no_evidence_is_sent_again() {
    let unknown = || vec![Move::Claimed { n: 1 }, Move::InDot, Move::Unknown { why: "silenzio".into() }];
    let mut doubtful = Letter::new(unknown());
    doubtful.ask(Act::Resend, 1).unwrap();
    assert_eq!(doubtful.0.shown("abc1"), Shown::Queued);
    assert!(doubtful.ask(Act::Resend, 1).unwrap_err().contains("non è ancora partita"));

    let mut proven = Letter::new(unknown());
    proven.0.decide("ricevuta", at(2), learned("abc1", accepted(2)), vec![], 0);
    assert!(proven.ask(Act::Resend, 3).unwrap_err().contains("il gestore l'ha avuta"));

    let mut taken = Letter::new(sending());
    assert!(taken.ask(Act::Resend, 29 * 60).unwrap_err().contains("l'accettazione si aspetta fino a 30"));
    taken.ask(Act::Resend, 31 * 60).unwrap();
    let tries = |letter: &Letter| letter.0.store.item("abc1").unwrap().unwrap().attempts;
    assert_eq!(tries(&taken), 0, "a person's word begins the attempts anew");

    let mut under_way = Letter::new([Move::Claimed { n: 1 }, Move::InDot]);
    for act in [Act::Hold, Act::Release, Act::Withdraw, Act::Resend] {
        assert!(under_way.ask(act, 1).unwrap_err().contains("è in invio proprio adesso"), "{act:?}");
    }
}

#[test]
fn an_order_names_one_letter_a_person_and_a_reason() {
    let mut bench = Bench::new();
    bench.decide("uno", at(0), vec![], vec![letter("abc1", Lane::Pec, None), letter("abc2", Lane::Pec, None)], 600);
    let no = |bench: &mut Bench, order: &Order| match carry_out(&mut bench.store, order, at(1)).unwrap() {
        Answer::No(why) => why,
        Answer::Done(said) => panic!("{said}"),
    };
    assert!(no(&mut bench, &order("abc", Act::Hold)).contains("indica più lettere: abc1, abc2"));
    assert!(no(&mut bench, &order("x", Act::Hold)).contains("nessuna lettera"));
    assert!(no(&mut bench, &order("", Act::Hold)).contains("manca l'identificativo"));
    assert!(no(&mut bench, &Order { by: " ".into(), ..order("abc1", Act::Hold) }).contains("manca il nome"));
    assert!(no(&mut bench, &Order { why: " ".into(), ..order("abc1", Act::Hold) }).contains("manca il motivo"));
    assert!(no(&mut bench, &Order { why: "x".repeat(1001), ..order("abc1", Act::Hold) }).contains("al massimo 1000"));
    let by_message_id = order("v1.abc2@pec.comune.test", Act::Hold);
    assert!(matches!(carry_out(&mut bench.store, &by_message_id, at(1)).unwrap(), Answer::Done(_)));
}

/// A house to which Anna wrote; its letters wait out `hold` seconds.
fn house(root: &Path, hold: u32) -> House {
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
    let domains = [("pec.comune.test".to_owned(), alfa.clone()), ("cittadini.test".to_owned(), alfa)];
    let circuit = Circuit::new(&root.join("caselle"), domains);
    let house = House::build(root, OFFICE, &circuit.maildir(OFFICE).unwrap(), authority.certificate_der());
    let text = fs::read_to_string(&house.file).unwrap();
    fs::write(&house.file, text.replace("attesa_secondi = 0", &format!("attesa_secondi = {hold}"))).unwrap();
    let anna = Mail::new("anna.bianchi@cittadini.test").to(OFFICE).subject("Dichiarazione di cambio di residenza");
    let anna = anna.text("Mi sono trasferita in via delle Rose 10.\nCodice fiscale: BNCNNA80A41H501R\nAnna Bianchi\n");
    let anna = anna.compose(now).unwrap();
    circuit.send(&anna.mail_from, &anna.rcpt_to, &anna.raw).unwrap();
    house
}

fn letter_of(running: &Running) -> Option<(String, Shown)> {
    let overview = running.overview();
    let item = overview.items.iter().find(|i| i.outgoing.lane == Lane::Pec)?;
    Some((item.outgoing.id.clone(), item.shown()))
}

#[test]
fn orders_reach_a_service_that_runs() {
    let dir = tempfile::tempdir().unwrap();
    let house = house(dir.path(), 600);
    let roads = Recorder::default();
    let running = house.start(roads.roads());
    let (id, _) = wait("the letter", || letter_of(&running));
    let data = house.data.to_str().unwrap();
    let short = &id[..6];
    let sent = || roads.0.lock().unwrap().iter().filter(|m| m.contains(&id)).count();

    let (code, list, _) = ask(&["outbox", "list", data]);
    assert_eq!(code, Some(0));
    assert!(list.contains(short) && list.contains("in attesa fino alle"), "{list}");
    let (code, _, why) = ask(&["outbox", "hold", data, short, "--by", "Ada Neri"]);
    assert_eq!((code, why.contains("manca il motivo")), (Some(1), true), "{why}");
    let (code, said, _) = ask(&["outbox", "hold", data, short, "--by", "Ada Neri", "--why", "importo da rivedere"]);
    assert_eq!((code, said.contains("fermata")), (Some(0), true), "{said}");
    assert!(ask(&["outbox", "list", data]).1.contains("fermata"));
    let (code, status, _) = ask(&["status", data]);
    assert_eq!((code, status.contains("fermata da una persona")), (Some(1), true), "{status}");
    assert_eq!(sent(), 0);
    let (code, said, _) = ask(&["outbox", "release", data, short, "--by", "Ada Neri"]);
    assert_eq!((code, said.contains("parte adesso")), (Some(0), true), "{said}");
    wait("the letter to leave", || (sent() == 1).then_some(()));
    wait("its new state", || (letter_of(&running)?.1 == Shown::Submitted).then_some(()));
    let (code, _, why) = ask(&["outbox", "resend", data, short, "--by", "Ada Neri", "--why", "fretta"]);
    assert_eq!((code, why.contains("l'accettazione si aspetta")), (Some(1), true), "{why}");

    let (code, shown, _) = ask(&["outbox", "show", data, short]);
    assert_eq!(code, Some(0));
    for part in
        ["fermata da Ada Neri (utente ", "importo da rivedere", "fatta partire da Ada Neri", "presa in carico: 250"]
    {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    running.stop();
}

/// A register restored from an old copy, index and all, is betrayed by what was noted of it outside.
#[test]
fn a_register_that_went_back_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let house = house(dir.path(), 0);
    let notes = dir.path().join("impronte.txt");
    let text = fs::read_to_string(&house.file).unwrap();
    let setting = format!("[dati]\nimpronte_file = \"{}\"\n", notes.display());
    fs::write(&house.file, text.replace("[dati]\n", &setting)).unwrap();
    let (old, data) = (dir.path().join("copia"), house.data.to_str().unwrap());
    let roads = Recorder::default();
    drop(Service::open(Config::read(&house.file).unwrap(), real_trial(), World::real()).unwrap());
    copy_folder(&house.data, &old);
    let running = house.start(roads.roads());
    wait("a letter", || letter_of(&running).and(fs::metadata(&notes).ok()).map(drop));
    running.stop();
    fs::remove_file(&notes).unwrap(); // the note of the morning: this is the evening's
    let running = house.start(roads.roads());
    wait("the note", || fs::metadata(&notes).ok().filter(|file| file.len() > 0).map(drop));
    running.stop();
    let noted = notes.to_str().unwrap();
    let (code, said, _) = ask(&["verify-journal", data, "--against", noted]);
    assert_eq!((code, said.contains("Annotazioni esterne: 1, tutte corrispondono")), (Some(0), true), "{said}");

    let empty = dir.path().join("vuoto.txt");
    fs::write(&empty, "").unwrap();
    let (code, _, why) = ask(&["verify-journal", data, "--against", empty.to_str().unwrap()]);
    assert_eq!((code, why.contains("nessuna annotazione")), (Some(1), true), "{why}");
    fs::remove_dir_all(&house.data).unwrap();
    copy_folder(&old, &house.data);
    let (code, _, why) = ask(&["verify-journal", data, "--against", noted]);
    assert_eq!((code, why.contains("ora manca o è un'altra")), (Some(1), true), "{why}");
    let problems = Service::open(Config::read(&house.file).unwrap(), real_trial(), World::real()).err().unwrap();
    assert!(problems[0].text.contains("ripristinato da una copia vecchia"), "{}", problems[0]);
}

/// In observe mode the day is decided as any other, and nothing leaves: not then, and not when the mode ends.
#[test]
fn what_was_only_observed_never_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let house = house(dir.path(), 0);
    let text = fs::read_to_string(&house.file).unwrap();
    fs::write(&house.file, text.replace("[invio.pec]", "[invio]\nmodo = \"osserva\"\n[invio.pec]")).unwrap();
    let roads = Recorder::default();
    let running = house.start(roads.roads());
    wait("the decision", || (house.is_read() && letter_of(&running).is_some()).then_some(()));
    let overview = running.overview();
    assert_eq!(overview.dossiers.len(), 1);
    assert!(overview.items.len() > 1 && overview.items.iter().all(|i| i.shown() == Shown::Withdrawn));
    running.stop();
    fs::write(&house.file, text).unwrap();
    let running = house.start(roads.roads());
    // A second message, which a person must see, shows that the outbox has looked.
    let second =
        "From: luisa@posta.example\r\nTo: protocollo@pec.comune.test\r\nSubject: Mensa\r\n\r\nCome ci si iscrive?\r\n";
    gestore::maildir::deliver(&house.maildir, second.as_bytes()).unwrap();
    wait("something to leave", || (!roads.0.lock().unwrap().is_empty()).then_some(()));
    let observed: Vec<_> = overview.items.iter().map(|i| i.outgoing.message_id.clone()).collect();
    running.stop();
    assert!(roads.0.lock().unwrap().iter().all(|sent| !observed.contains(sent)));
}

/// A road on which nobody knows whether the letter was taken; it keeps what it carried.
#[derive(Clone, Default)]
struct Silence(Arc<Mutex<Vec<Vec<u8>>>>);

impl Courier for Silence {
    fn attempt<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        bytes: &'a [u8],
        gate: Gate<'a>,
    ) -> sportello::outbox::Answer<'a, Outcome> {
        Box::pin(async move {
            gate().await.unwrap();
            self.0.lock().unwrap().push(bytes.to_vec());
            Outcome::Unknown { why: "caduta dopo il punto".into() }
        })
    }
}

/// An uncertain letter is sent again on a person's word alone: the same bytes, under the same Message-ID.
#[test]
fn a_person_has_an_uncertain_letter_sent_again_where_no_service_runs() {
    let dir = tempfile::tempdir().unwrap();
    let house = house(dir.path(), 0);
    let silence = Silence::default();
    let offices = Recorder::default();
    let running =
        house.start(Roads { pec: Box::new(silence.clone()), offices: Some(Box::new(offices.clone())), courtesy: None });
    let id = wait("the doubt", || letter_of(&running).filter(|(_, shown)| *shown == Shown::Unknown)).0;
    running.stop();
    let data = house.data.to_str().unwrap();
    let (code, said, why) =
        ask(&["outbox", "resend", data, &id, "--by", "Ada Neri", "--why", "nessuna ricevuta in tre ore"]);
    assert_eq!(code, Some(0), "{said}{why}");
    assert!(said.contains("il servizio è fermo"), "{said}");
    let running =
        house.start(Roads { pec: Box::new(silence.clone()), offices: Some(Box::new(offices)), courtesy: None });
    wait("the second sending", || (silence.0.lock().unwrap().len() == 2).then_some(()));
    running.stop();
    let sent = silence.0.lock().unwrap();
    assert_eq!(sent[0], sent[1]);
    assert!(message_id(&sent[0]).contains(&id));
    let (code, raw, _) = ask(&["outbox", "show", data, &id, "--raw"]);
    assert_eq!((code, raw.as_bytes() == &sent[0][..]), (Some(0), true));
}

//! Changes when what an old copy of the data folder may cost changes: it costs work for a person, and no second letter (T16).

use crate::support::{House, Recorder, Running, ask, copy_folder, message_id, real_trial, wait, wait_or};
use casework::Lane;
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use sportello::archive::{Archive, Shelf};
use sportello::config::Config;
use sportello::outbox::schedule::{Shown, State};
use sportello::store::rows::ItemRow;
use sportello::supervise::Service;
use sportello::world::World;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const OFFICE: &str = "protocollo@pec.comune.test";

struct Town {
    house: House,
    circuit: Circuit,
    notes: PathBuf,
}

impl Town {
    fn build(root: &Path) -> Self {
        let now = Timestamp::now();
        let authority = Authority::create(now).unwrap();
        let alfa = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap();
        let domains = [("pec.comune.test".to_owned(), alfa.clone()), ("cittadini.test".to_owned(), alfa)];
        let circuit = Circuit::new(&root.join("caselle"), domains);
        let house = House::build(root, OFFICE, &circuit.maildir(OFFICE).unwrap(), authority.certificate_der());
        let notes = root.join("impronte.txt");
        let text = fs::read_to_string(&house.file).unwrap().replace("attesa_secondi = 0", "attesa_secondi = 600");
        let noted = format!("prova = true\nimpronte_file = \"{}\"", notes.display());
        fs::write(&house.file, text.replace("prova = true", &noted)).unwrap();
        Self { house, circuit, notes }
    }

    fn writes(&self, who: &str) {
        let letter =
            Mail::new(&format!("{who}@cittadini.test")).to(OFFICE).subject("Dichiarazione di cambio di residenza");
        let letter = letter.text("Mi sono trasferita in via Po 1. Codice fiscale BNCNNA80A41H501R\n");
        let letter = letter.compose(Timestamp::now()).unwrap();
        self.circuit.send(&letter.mail_from, &letter.rcpt_to, &letter.raw).unwrap();
    }

    fn data(&self) -> &str {
        self.house.data.to_str().unwrap()
    }

    fn release(&self, item: &str) {
        let (code, _, said) = ask(&["outbox", "release", self.data(), item, "--by", "Ada Neri"]);
        assert_eq!(code, Some(0), "{said}");
    }

    /// What the daily note says.
    fn note(&self, running: &Running) {
        let all = running.overview();
        let line = format!("{} {} {}\n", Timestamp::now(), all.seq, all.head);
        fs::write(&self.notes, fs::read_to_string(&self.notes).unwrap_or_default() + &line).unwrap();
    }

    /// Why the service does not start; `None`: it would.
    fn refusal(&self) -> Option<String> {
        let config = Config::read(&self.house.file).unwrap();
        let opened = Service::open(config, real_trial(), World::real());
        opened.err().map(|problems| problems.iter().map(|p| p.text.clone()).collect())
    }
}

/// The reply to a citizen.
fn reply(running: &Running, who: &str) -> Option<ItemRow> {
    let to = format!("{who}@cittadini.test");
    running.overview().items.into_iter().find(|i| i.outgoing.lane == Lane::Pec && i.outgoing.to == to)
}

fn sent(road: &Recorder) -> BTreeSet<String> {
    let sent = road.0.lock().unwrap();
    let all: BTreeSet<String> = sent.iter().cloned().collect();
    assert_eq!(all.len(), sent.len(), "twice: {sent:?}");
    all
}

#[test]
fn after_an_old_copy_nothing_is_sent_twice_and_receipts_tell_what_had_left() {
    let root = tempfile::tempdir().unwrap();
    let town = Town::build(root.path());
    let copy = root.path().join("copia");

    // Until the copy: Anna's reply waits out its hold, her task has left.
    town.writes("anna.bianchi");
    let before = Recorder::default();
    let running = town.house.start(before.roads());
    let anna = wait("Anna's reply", || reply(&running, "anna.bianchi"));
    wait("her task", || (sent(&before).len() == 1).then_some(()));
    running.stop();
    copy_folder(&town.house.data, &copy);

    // After it, and lost: Anna's reply leaves; Bruno writes, and is answered.
    let lost = Recorder::default();
    let running = town.house.start(lost.roads());
    town.release(&anna.outgoing.id);
    town.writes("bruno.verdi");
    let bruno = wait("Bruno's reply", || reply(&running, "bruno.verdi"));
    town.release(&bruno.outgoing.id);
    wait("what leaves", || (sent(&lost).len() == 3).then_some(()));
    town.note(&running);
    let bytes = Archive::at(&town.house.data).read(Shelf::Out, &bruno.frozen).unwrap();
    running.stop();

    // The disk breaks, and the copy is put back. The mailbox still has everything.
    fs::remove_dir_all(&town.house.data).unwrap();
    copy_folder(&copy, &town.house.data);
    for file in fs::read_dir(town.house.maildir.join("cur")).unwrap() {
        let file = file.unwrap();
        fs::rename(file.path(), town.house.maildir.join("new").join(file.file_name())).unwrap();
    }
    let why = town.refusal().expect("an old register must not start by itself");
    assert!(why.contains("ripristinato da una copia vecchia") && why.contains("sportello restored"), "{why}");
    let file = town.house.file.to_str().unwrap();
    assert_eq!(ask(&["restored", "--config", file, "--by", " ", "--why", "x"]).0, Some(1));
    let (code, said, wrong) =
        ask(&["restored", "--config", file, "--by", "Ada Neri", "--why", "disco rotto, copia di ieri"]);
    assert_eq!(code, Some(0), "{wrong}");
    assert!(said.contains("ora incerti: 1") && said.contains("arrivava almeno alla riga"), "{said}");

    // What had arrived is decided again, and nothing of it leaves; what arrives now is worked as always.
    let after = Recorder::default();
    let running = town.house.start(after.roads());
    town.writes("carla.neri");
    let carla = wait_or(|| format!("{:#?}", running.overview().items), || reply(&running, "carla.neri"));
    let again = wait("Bruno's reply, decided again", || reply(&running, "bruno.verdi"));
    assert_eq!(again.outgoing.message_id, bruno.outgoing.message_id, "the same effect is the same message");
    for who in ["anna.bianchi", "bruno.verdi"] {
        let item = reply(&running, who).unwrap();
        assert_eq!((&item.state, item.shown()), (&State::Unknown, Shown::Unknown), "{who}");
    }
    assert!(matches!(carla.state, State::Held { .. }), "{:?}", carla.state);
    town.release(&carla.outgoing.id);
    wait("Carla's reply and task", || (sent(&after).len() == 2).then_some(()));
    let before_or_lost: BTreeSet<String> = sent(&before).union(&sent(&lost)).cloned().collect();
    assert!(before_or_lost.is_disjoint(&sent(&after)), "sent twice");

    // The receipts of what had left are in the mailbox: they settle it.
    assert_eq!(message_id(&bytes), bruno.outgoing.message_id);
    town.circuit.send(OFFICE, &["bruno.verdi@cittadini.test".to_owned()], &bytes).unwrap();
    wait_or(
        || format!("{:#?}", running.overview().messages),
        || reply(&running, "bruno.verdi").filter(|item| item.shown() == Shown::Delivered),
    );
    // They return the letter that left. The one written anew bears another hour: that it differs is nobody's fault.
    let tasks = |template: &str| running.overview().items.iter().filter(|i| i.outgoing.template == template).count();
    assert_eq!(tasks("compito-verifica"), 0);
    // Of Anna's there is none: a person decides.
    let (code, _, wrong) =
        ask(&["outbox", "resend", town.data(), &anna.outgoing.id, "--by", "Ada Neri", "--why", "nessuna ricevuta"]);
    assert_eq!(code, Some(0), "{wrong}");
    wait("Anna's reply", || (sent(&after).len() == 3).then_some(()));
    let (code, _, wrong) =
        ask(&["outbox", "resend", town.data(), &bruno.outgoing.id, "--by", "Ada Neri", "--why", "per scrupolo"]);
    assert!(code == Some(1) && wrong.contains("il gestore l'ha avuta"), "{wrong}");
    running.stop();

    // The gap stays written, and stops nothing any more.
    assert_eq!(town.refusal(), None);
    let (code, out, wrong) = ask(&["verify-journal", town.data(), "--against", town.notes.to_str().unwrap()]);
    assert!(code == Some(0) && out.contains("ripristinato"), "{out}{wrong}");
    let (_, out, _) = ask(&["status", town.data()]);
    assert!(out.contains("Ada Neri: disco rotto, copia di ieri"), "{out}");
    let (_, out, _) = ask(&["outbox", "show", town.data(), &anna.outgoing.id]);
    assert!(out.contains("ripristinato"), "{out}");
    // A rebuilt index says the same.
    let digest = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["state_digest"].clone();
    let (_, first, _) = ask(&["status", "--json", town.data()]);
    fs::remove_dir_all(town.house.data.join("index")).unwrap();
    let running = town.house.start(Recorder::default().roads());
    assert_eq!(digest(&first), running.state_digest());
    running.stop();
}

#[test]
fn a_running_service_is_not_told_that_it_was_restored() {
    let root = tempfile::tempdir().unwrap();
    let town = Town::build(root.path());
    let running = town.house.start(Recorder::default().roads());
    let file = town.house.file.to_str().unwrap();
    let (code, _, said) = ask(&["restored", "--config", file, "--by", "Ada Neri", "--why", "prova"]);
    assert!(code == Some(3) && said.contains("un altro processo"), "{said}");
    assert!(town.house.data.join("index").is_dir(), "its index is still in its place");
    running.stop();
}

//! Changes when an office can do something else by mail alone. A whole service, with the mailbox of the offices beside its PEC.

use crate::support::{House, OWN, Recorder, Running, all_submitted, ask, wait};
use casework::{Interest, Outgoing};
use gestore::{Circuit, Mail};
use sportello::archive::{Archive, Shelf};
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use sportello::store::Store;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "office_mail/bounced.rs"]
mod bounced;
#[path = "office_mail/files.rs"]
mod files;
#[path = "office_mail/handed_on.rs"]
mod handed_on;
#[path = "office_mail/once.rs"]
mod once;

const SERVER: &str = "mx.comune.example";
/// Who decides for the office of taxes, from a mailbox of her own.
const MARIA: &str = "m.bianchi@comune.example";
const SHARED: &str = "tributi@comune.example";
const ANNA: &str = "anna.bianchi@cittadini.test";
/// The other body of the rules, on the circuit.
const REGION: &str = "regione@cittadini.test";

struct Town {
    _root: tempfile::TempDir,
    house: House,
    offices: PathBuf,
    circuit: Circuit,
}

impl Town {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (house, circuit) = House::on_a_circuit(root.path());
        let (offices, rules) = (root.path().join("uffici"), root.path().join("regole"));
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(offices.join(part)).unwrap();
        }
        fs::create_dir_all(&rules).unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
        for entry in fs::read_dir(shipped).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            let people =
                format!("\npeople = [{{ name = \"Maria Bianchi\", mail = \"{MARIA}\", role = \"responsabile\" }}]");
            let text = fs::read_to_string(entry.path()).unwrap();
            let mail = format!("mail    = \"{SHARED}\"");
            let text =
                text.replace(&mail, &format!("{mail}{people}")).replace("protocollo@pec.regione.example", REGION);
            fs::write(rules.join(entry.file_name()), text).unwrap();
        }
        let text = fs::read_to_string(&house.file).unwrap();
        let text = text.replace("[dati]\n", &format!("[dati]\nregole = \"{}\"\n", rules.display()));
        let more = format!(
            "[[casella]]\nnome = \"uffici\"\nindirizzo = \"sportello@comune.example\"\nuffici = \"{SERVER}\"\n\
             [casella.maildir]\ncartella = \"{}\"\npoll_secondi = 1\n",
            offices.display()
        );
        fs::write(&house.file, format!("{text}{more}")).unwrap();
        Self { _root: root, house, offices, circuit }
    }

    fn run(&self) -> Running {
        self.house.start(Recorder::default().roads())
    }

    #[track_caller]
    fn says(&self, args: &[&str]) -> String {
        let (code, out, err) = ask(&[args, &["--config", self.house.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    }

    /// A mail as the body's server lays it into the mailbox of the offices.
    fn deliver(&self, name: &str, from: &str, vouched: &str, subject: &str, text: &str) {
        let mail = format!(
            "Authentication-Results: {SERVER}; {vouched}\r\nFrom: <{from}>\r\nTo: <sportello@comune.example>\r\n\
             Message-ID: <{name}@comune.example>\r\nDate: Thu, 26 Nov 2026 10:00:00 +0100\r\nSubject: {subject}\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
        );
        let tmp = self.offices.join("tmp").join(name);
        fs::write(&tmp, mail).unwrap();
        fs::rename(tmp, self.offices.join("new").join(name)).unwrap();
    }

    fn is_read(&self) -> bool {
        fs::read_dir(self.offices.join("new")).unwrap().next().is_none()
    }

    /// What was delivered is worked on, and what it caused has left.
    fn settled(&self, running: &Running) {
        wait("the order", || (self.is_read() && all_submitted(&running.overview())).then_some(()));
    }

    /// Every letter of the register, in order.
    fn letters(&self) -> Vec<Outgoing> {
        let mut letters = Vec::new();
        Journal::verify(&self.house.data, Tail::Open, |record, _| match &record.event {
            Event::Acted(acted) => letters.extend(acted.outgoing.iter().cloned()),
            Event::Decided(decided) => letters.extend(decided.decision.outgoing.iter().cloned()),
            _ => {}
        })
        .unwrap();
        letters
    }

    /// The newest letter of a template.
    fn newest(&self, template: &str) -> Outgoing {
        let letters = self.letters();
        letters.into_iter().rfind(|letter| letter.template == template).unwrap_or_else(|| panic!("no {template}"))
    }

    /// Opens a dossier and gives it to the office of taxes: its number, and the subject of the task.
    fn opened(&self) -> (String, String) {
        let party = format!("BNCNNA80A41H501R,Anna Bianchi,{ANNA}");
        let args = ["dossier", "open", "--procedure", "richiesta", "--subject", "Verifica della superficie"];
        let out = self.says(&[&args[..], &["--party", &party, "--office", "urp", "--by", "Ada Neri"]].concat());
        let number =
            out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned();
        let by = ["--by", "Ada Neri", "--office", "urp", "--role", "responsabile"];
        self.says(&[&["dossier", "assign", &number, "--to-office", "tributi"], &by[..]].concat());
        (number, self.newest("compito-pratica").subject)
    }
}

const VOUCHED: &str = "dmarc=pass header.from=comune.example";

#[test]
fn an_office_works_by_mail_alone_and_nothing_is_done_twice() {
    let town = Town::new();
    town.run().stop();
    let (number, subject) = town.opened();
    assert!(subject.contains("[Codice "), "{subject}");
    let reply = format!("Re: {subject}");
    let running = town.run();
    town.deliver("uno", SHARED, VOUCHED, &reply, "PRENDO IN CARICO");
    town.settled(&running);
    let done = town.newest("ordine-eseguito");
    assert_eq!(done.to, SHARED);
    let state = || running.overview().dossiers.iter().find(|d| d.number == number).unwrap().state.code();
    assert_eq!(state(), "in_lavorazione");

    // The same order again, as another mail: a colleague answered the same task.
    town.deliver("due", MARIA, VOUCHED, &reply, "ACCOLGO: va bene");
    town.settled(&running);
    let refused = town.newest("ordine-non-eseguito");
    assert!(
        refused.text.split_whitespace().collect::<Vec<_>>().join(" ").contains("ha già risposto"),
        "{}",
        refused.text
    );
    assert_eq!(state(), "in_lavorazione");

    // Her answer to that answer has a code of its own.
    town.deliver("tre", MARIA, VOUCHED, &format!("R: {}", refused.subject), "ACCOLGO: la superficie è giusta");
    town.settled(&running);
    assert_eq!(state(), "accolta");
    assert!(town.newest("esito").text.contains("la superficie è giusta"));
    running.stop();
    let shown = town.says(&["dossier", "show", &number]);
    assert!(shown.contains("Maria Bianchi") && shown.contains(SHARED), "who ordered it stands beside it: {shown}");

    // Its answers are counted, so that a machine which answers them comes to an end; the citizen's letters are not answers.
    let store = Store::open(&town.house.data, gestore::Timestamp::now()).unwrap();
    let answers = |sender: &str| {
        let asked = Interest { sender: sender.into(), ..Interest::default() };
        store.known("", &asked, gestore::Timestamp::now()).unwrap().traffic.to_sender.len()
    };
    assert_eq!((answers(SHARED), answers(MARIA), answers(ANNA)), (1, 2, 0));
    drop(store);

    // Nothing of it is lost with the index.
    let digest = || {
        let running = town.run();
        let digest = running.state_digest();
        running.stop();
        digest
    };
    let before = digest();
    let (code, out, err) = ask(&["rebuild", town.house.data.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert_eq!(digest(), before);
}

#[test]
fn a_forged_order_reaches_a_person_and_changes_nothing() {
    let town = Town::new();
    town.run().stop();
    let (number, subject) = town.opened();
    let running = town.run();
    town.deliver("finto", MARIA, "spf=pass smtp.mailfrom=ladro.example", &format!("Re: {subject}"), "RESPINGO: no");
    town.settled(&running);
    let overview = running.overview();
    assert_eq!(overview.dossiers.iter().find(|d| d.number == number).unwrap().state.code(), "assegnata");
    let task = town.newest("compito-verifica");
    assert!(task.text.contains(MARIA), "{}", task.text);
    assert!(town.letters().iter().all(|letter| letter.to != MARIA), "who was impersonated is not written to");
    running.stop();
}

#[test]
fn a_message_that_no_rule_knows_gets_its_dossier_by_mail_and_teaches_the_rules() {
    const DESK: &str = "protocollo@comune.example";
    let town = Town::new();
    let running = town.run();
    let says = |subject: &str, text: &str| {
        let mail = Mail::new(ANNA).to(OWN).subject(subject).text(text).compose(gestore::Timestamp::now()).unwrap();
        town.circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
        wait("the task", || {
            town.letters().into_iter().find(|letter| letter.template == "compito" && letter.text.contains(subject))
        })
    };
    let task = says("Il merlo", "Buongiorno, il merlo canta prima dell alba.\n");
    assert_eq!(task.to, DESK, "{}", task.text);
    assert!(task.text.contains("- APRI PRATICA") && task.text.contains("- CORREGGI"), "{}", task.text);
    town.deliver("apri", DESK, VOUCHED, &format!("Re: {}", task.subject), "APRI PRATICA: richiesta");
    town.settled(&running);
    let start = town.newest("avvio-procedimento");
    assert_eq!(start.to, ANNA);
    let number = start.dossier.clone().unwrap();
    let message = task.subject.split(['[', ']']).find_map(|tag| tag.strip_prefix("Messaggio ")).unwrap().to_owned();
    let row = || running.overview().messages.into_iter().find(|row| row.digest.starts_with(&message)).unwrap();
    let (_, said) = row().corrected.expect("the rules learn of it");
    assert_eq!(said.dossier.as_ref(), Some(&number));

    // Sent again, the order opens nothing a second time.
    town.deliver("ancora", DESK, VOUCHED, &format!("Re: {}", task.subject), "APRI PRATICA: richiesta");
    town.settled(&running);
    assert_eq!(running.overview().dossiers.len(), 1);

    // The same by hand: whoever opens it at the command line names the message.
    let other = says("La gazza", "Buongiorno, la gazza ride.\n");
    let message = other.subject.split(['[', ']']).find_map(|tag| tag.strip_prefix("Messaggio ")).unwrap().to_owned();
    let open = ["dossier", "open", "--procedure", "richiesta", "--subject", "Una gazza", "--office", "urp"];
    let party = format!(",Anna Bianchi,{ANNA},richiedente");
    let by = ["--party", &party, "--message", &message, "--by", "Ada Neri"];
    let (code, _, err) = ask(&[&open[..], &by, &["--config", town.house.file.to_str().unwrap()]].concat());
    assert_eq!(code, Some(0), "{err}");
    let (code, _, err) = ask(&[&open[..], &by, &["--config", town.house.file.to_str().unwrap()]].concat());
    assert!(code != Some(0) && err.contains("è già nel fascicolo"), "{err}");

    running.stop();
    let shown = town.says(&["dossier", "show", &number]);
    assert!(shown.contains("dal messaggio"), "{shown}");
    let file = town.house.data.join("fuori.zip");
    town.says(&["export", &number, "--out", file.to_str().unwrap()]);
    let listed = std::process::Command::new("unzip").args(["-l", file.to_str().unwrap()]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.lines().any(|line| line.contains(&message[..8]) || line.contains(".eml")), "{listed}");
    let (_, learnt, err) = ask(&["rules", "suggest", "--config", town.house.file.to_str().unwrap()]);
    assert!(learnt.contains("sbagliano ancora: 2."), "{learnt}{err}");
}

#[test]
fn a_measure_sent_with_the_order_reaches_the_citizen_byte_for_byte() {
    let town = Town::new();
    town.run().stop();
    let (number, subject) = town.opened();
    let running = town.run();
    let order = |name: &str, subject: &str, text: &str, file: &str| {
        let mail = format!(
            "Authentication-Results: {SERVER}; {VOUCHED}\r\nFrom: <{MARIA}>\r\nMessage-ID: <{name}@comune.example>\r\n\
             Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--x\r\nContent-Type: application/pdf\r\n\
             Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{name}.pdf\"\r\n\r\n{file}\r\n--x--\r\n"
        );
        // As a server lays it down: never half of it in `new`.
        fs::write(town.offices.join("tmp").join(name), mail).unwrap();
        fs::rename(town.offices.join("tmp").join(name), town.offices.join("new").join(name)).unwrap();
        town.settled(&running);
    };
    order("rilievo", &format!("Re: {subject}"), "NOTA: visto sul posto", "JVBERi1yaWxpZXZv");
    let next = town.newest("ordine-eseguito").subject;
    order("presa", &format!("Re: {next}"), "PRENDO IN CARICO", "JVBERi1wcmVzYQ==");
    let next = town.newest("ordine-eseguito").subject;
    order("provvedimento", &format!("Re: {next}"), "ACCOLGO: va bene", "JVBERi1wcm92dmVkaW1lbnRv");
    let outcome = town.newest("esito");
    assert!(outcome.text.contains("- provvedimento.pdf"), "{}", outcome.text);
    let frozen = running
        .overview()
        .items
        .into_iter()
        .find(|item| item.outgoing.id == outcome.id)
        .map(|item| item.frozen)
        .unwrap();
    running.stop();
    let letter = Archive::at(&town.house.data).read(Shelf::Out, &frozen).unwrap();
    let letter = String::from_utf8(letter).unwrap();
    assert!(letter.contains("JVBERi1wcm92dmVkaW1lbnRv"), "the very bytes that the office sent: {letter}");

    // Of the other two the citizen is told nothing.
    let shown = town.says(&["dossier", "show", &number]);
    assert!(shown.contains("rilievo.pdf"), "{shown}");
}

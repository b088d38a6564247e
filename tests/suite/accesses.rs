//! Changes when something else is a reading of somebody's data, or the person is told otherwise of it (function S4.06).

use crate::decide::{ANNA, bench, decide, has_reason, mail, nothing};
use crate::enquiry::{CODE, STRANGER, dossier, flat, letter, letters, tasks, world};
use crate::support::{Daemon, House, OWN, Recorder, ask, sportello, wait};
use casework::access::{Access, Accesses, Looks, Mailed, What};
use casework::decision::Enclosure;
use casework::{Change, Disposition, Known, Lane};
use gestore::Mail;
use jiff::Timestamp;
use sportello::store::Store;
use sportello::store::rows::ItemRow;
use std::fs;

const MINE: &str = "2026/000007";
const OTHERS: &str = "2026/000555";
const MARIO: &str = "RSSMRA80A01H501U";

fn access(seq: u64, what: What, dossier: &str, office: &str) -> Access {
    let at = bench().now.checked_sub(jiff::SignedDuration::from_hours(100 - i64::try_from(seq).unwrap())).unwrap();
    Access { at, seq, by: "Ada Neri".into(), office: office.into(), what, dossier: dossier.into(), reserved: false }
}

fn seen(known: Known, of_person: Vec<Access>, of_mine: Vec<Access>) -> Known {
    let of = |rows| Accesses { rows, left_out: vec![] };
    let looks = Looks {
        of_person: [(CODE.to_owned(), of(of_person))].into(),
        of_dossier: [(MINE.to_owned(), of(of_mine))].into(),
        mailed: [].into(),
    };
    Known { looks, ..known }
}

#[test]
fn the_person_reads_when_what_and_why_and_no_name_of_an_employee() {
    let both = access(3, What::Dossier, MINE, "");
    let hidden = Access { reserved: true, ..access(5, What::Dossier, OTHERS, "") };
    let of_person =
        vec![hidden, access(4, What::Export, OTHERS, "anagrafe"), both.clone(), access(1, What::Person, "", "")];
    let mut known = seen(world(vec![dossier(MINE, ANNA)]), of_person, vec![both]);
    let office = bench().desk.rules.office("anagrafe").unwrap().clone();
    let (day, last) = ("2026-01-20".parse().unwrap(), "2026-01-20T09:00:00Z".parse().unwrap());
    known.looks.mailed.insert(MINE.into(), vec![Mailed { day, last, to: office.mail.clone(), mails: 2 }]);
    known.looks.of_person.get_mut(CODE).unwrap().left_out = vec![101, 102];
    known.looks.of_dossier.get_mut(MINE).unwrap().left_out = vec![3, 102, 103];

    let decision = decide(mail(ANNA, "CHI HA VISTO", "grazie\n"), known);
    assert!(matches!(decision.disposition, Disposition::Answered { .. }) && tasks(&decision) == 0);
    assert!(!decision.changes.iter().any(|change| matches!(change, Change::Opened { .. })));
    let told = letter(&decision, "accessi");
    assert_eq!(told.to, ANNA);
    assert_eq!(told.enclosures, [Enclosure::Printable { name: "chi-ha-visto.pdf".into() }]);
    let text = flat(told);
    let rows: Vec<&str> = text.split("Chi: ").skip(1).map(|row| row.split(" - ").next().unwrap()).collect();
    assert_eq!(rows.len(), 4, "a line that names both is one reading, a reserved one of others is none: {text}");
    assert!(rows[0].starts_with(&format!("{}. Che cosa ha visto: una pratica in cui ci sono i tuoi dati, per farne una copia. Perché: lettura a mano", office.title)), "{text}");
    assert!(rows[1].starts_with("una persona dell'ente, ufficio non indicato. Che cosa ha visto: la pratica 2026/000007-CN. Perché: lettura a mano, il motivo non è annotato"), "{text}");
    assert!(
        rows[2]
            .starts_with("una persona dell'ente, ufficio non indicato. Che cosa ha visto: la scheda con i tuoi dati."),
        "{text}"
    );
    assert!(
        rows[3].starts_with(&format!(
            "{}. Che cosa ha visto: la pratica 2026/000007-CN, in 2 mail. Perché: ci deve lavorare",
            office.title
        )),
        "{text}"
    );
    assert!(text.contains("meno recenti: 3."), "each line once: {text}");
    assert!(text.contains("martedì 20 gennaio 2026. Chi") && text.contains(", ore "), "{text}");
    assert!(!text.contains("Ada Neri") && !text.contains(OTHERS), "{text}");

    let nobody = decide(mail(ANNA, "Chi ha consultato il mio fascicolo?", ""), world(vec![]));
    assert!(flat(letter(&nobody, "accessi")).contains("Non risulta nessuna lettura"));
    let many = (1..=90).rev().map(|seq| access(seq, What::Person, "", "")).collect();
    let decision = decide(mail(ANNA, "CHI HA VISTO", ""), seen(world(vec![]), many, vec![]));
    assert_eq!(letters(&decision).len(), 3, "forty a letter");
}

#[test]
fn a_stranger_learns_nothing_of_who_looked_or_of_whether_there_is_a_record() {
    let text = format!("Il mio codice fiscale è {CODE}\n");
    let rows = vec![access(1, What::Person, "", "")];
    let there = Known { own: [].into(), ..seen(world(vec![]), rows, vec![]) };
    for subject in ["CHI HA VISTO", "chi ha visto i miei dati"] {
        let with = decide(mail(STRANGER, subject, &text), there.clone());
        let without = decide(mail(STRANGER, subject, &text), nothing());
        let (with, without) = (letter(&with, "come-farti-riconoscere"), letter(&without, "come-farti-riconoscere"));
        assert_eq!((&with.subject, &with.text), (&without.subject, &without.text), "byte for byte");
        assert!(with.enclosures.is_empty());
    }
    let mut braked = there;
    braked.traffic.to_sender = vec![("aiuto".into(), None); casework::guard::SENDER_A_DAY_MAX as usize];
    let decision = decide(mail(ANNA, "CHI HA VISTO", ""), braked);
    assert!(letters(&decision).is_empty() && has_reason(&decision, "brake-sender"), "{:?}", decision.trail);
}

#[test]
fn in_a_letter_of_ones_own_the_answer_comes_beside_the_data() {
    let known = seen(world(vec![]), vec![access(1, What::Person, "", "")], vec![]);
    let text = "Buongiorno, chiedo copia dei miei dati e vorrei sapere chi ha avuto accesso ai miei dati.\n";
    let decision = decide(mail(ANNA, "Accesso ai miei dati personali, art. 15 GDPR", text), known);
    let told: Vec<&str> = letters(&decision).iter().map(|letter| letter.template.as_str()).collect();
    assert_eq!(told, ["dati-personali", "accessi"], "{:?}", decision.trail);
}

/// An office with Anna and Mario in the register, and a dossier of Anna's.
struct Desk {
    _root: tempfile::TempDir,
    house: House,
    circuit: gestore::Circuit,
    number: String,
}

impl Desk {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (house, circuit) = House::on_a_circuit(root.path());
        house.start(Recorder::default().roads()).stop();
        let mut desk = Self { _root: root, house, circuit, number: String::new() };
        for (code, name, pec) in [(CODE, "Anna Bianchi", ANNA), (MARIO, "Mario Rossi", STRANGER)] {
            let add = ["person", "add", "--cf", code, "--name", name, "--address", pec, "--source", "inad"];
            desk.say(&[&add[..], &["--by", "Ada Neri"]].concat());
        }
        let party = format!("{CODE},Anna Bianchi,{ANNA}");
        let open = ["dossier", "open", "--procedure", "richiesta", "--subject", "Verifica", "--party", &party];
        let out = desk.say(&[&open[..], &["--office", "tributi", "--by", "Ada Neri", "--told"]].concat());
        desk.number = out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').into();
        desk
    }

    fn config(&self) -> &str {
        self.house.file.to_str().unwrap()
    }

    fn say(&self, args: &[&str]) -> String {
        let (code, out, err) = ask(&[args, &["--config", self.config()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    }

    fn looked(&self) -> Vec<serde_json::Value> {
        let mut lines = Vec::new();
        let mut files: Vec<_> =
            fs::read_dir(self.house.data.join("journal")).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "jsonl")) {
            let text = fs::read_to_string(file).unwrap();
            lines.extend(text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()));
        }
        lines.retain(|line| line["event"] == "looked");
        lines
    }
}

/// The whole way: clerks read by the command line, with the service and without it, and the citizen asks by PEC.
#[test]
fn every_office_read_of_a_person_is_listed() {
    let desk = Desk::new();
    let number = desk.number.clone();
    let by = |name: &'static str, office: &'static str| ["--by", name, "--office", office];
    desk.say(&[&["person", "show", CODE][..], &by("Ada Neri", "tributi")].concat());
    desk.say(&["dossier", "show", &number]);
    let running = desk.house.start(Recorder::default().roads());
    desk.say(&[&["dossier", "show", &number][..], &by("Ugo Verdi", "anagrafe")].concat());
    desk.say(&["person", "list", "--address", ANNA, "--by", "Ugo Verdi"]);
    desk.say(&["dossier", "list", "--person", CODE, "--by", "Ugo Verdi"]);
    desk.say(&["deadline", "explain", &number, "--by", "Ugo Verdi"]);
    // Of nobody, of somebody else, and of nobody who is there: not hers.
    desk.say(&["dossier", "list", "--by", "Ugo Verdi"]);
    desk.say(&["person", "show", MARIO, "--by", "Ugo Verdi"]);
    assert_eq!(ask(&["person", "show", "VRDLCU80A01H501X", "--config", desk.config()]).0, Some(1));
    let (code, out, err) = ask(&["person", "show", CODE, "--office", "tributo", "--config", desk.config()]);
    assert!(code == Some(1) && out.is_empty() && err.contains("«tributo»"), "{out}{err}");
    let zip = desk.house.data.with_extension("zip");
    desk.say(&["export", &number, "--out", zip.to_str().unwrap(), "--by", "Ugo Verdi"]);
    let lines = desk.looked();
    let what: Vec<&str> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(
        what,
        ["person", "dossier", "dossier", "people", "dossiers", "dossier", "dossiers", "person", "export"],
        "a line each, the general list too"
    );
    assert_eq!(lines[0]["by"], "Ada Neri");
    assert!(!lines[1]["by"].as_str().unwrap().is_empty(), "the user of the system");
    assert!(lines[2]["by"].as_str().unwrap().starts_with("Ugo Verdi (utente "), "{}", lines[2]);

    let write = |subject: &str| {
        let mail = Mail::new(ANNA).to(OWN).subject(subject).text("Grazie\n");
        let mail = mail.compose(gestore::Timestamp::now()).unwrap();
        desk.circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    };
    write(&format!("[Fascicolo {number}] Una nota per l'ufficio"));
    let is_task = |item: &ItemRow| item.outgoing.lane == Lane::Internal && item.outgoing.dossier.is_some();
    let task = wait("the task", || running.overview().items.into_iter().find(is_task));
    let data = desk.house.data.to_str().unwrap();
    let show = |item: &ItemRow| {
        let (code, out, err) = ask(&["outbox", "show", data, &item.outgoing.id, "--by", "Ugo Verdi"]);
        assert_eq!(code, Some(0), "{out}{err}");
    };
    show(&task);
    write("CHI HA VISTO");
    let told =
        wait("the letter", || running.overview().items.into_iter().find(|item| item.outgoing.template == "accessi"));
    let text = flat(&told.outgoing);
    let rows = text.split("Che cosa ha visto: ").skip(1).filter_map(|row| row.split_once(". Perché: "));
    let read: Vec<&str> = rows.filter(|(_, why)| why.starts_with("lettura a mano")).map(|(what, _)| what).collect();
    let dossier = format!("la pratica {}", casework::dossier::check::shown(&number));
    let hers = [
        &format!("{dossier}, in una lettera o in un compito"),
        &format!("{dossier}, per farne una copia"),
        &dossier,
        "un elenco di pratiche con le tue",
        "di chi è una tua casella Pec",
        &dossier,
        &dossier,
        "la scheda con i tuoi dati",
    ];
    assert_eq!(read, hers, "exactly those reads, the newest first: {text}");
    assert_eq!(told.outgoing.to, ANNA);
    assert!(text.contains("Ufficio anagrafe. Che cosa ha visto: la pratica"), "{text}");
    for name in ["Ada Neri", "Ugo Verdi", "Mario Rossi", "utente"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
    assert!(text.contains("in una mail. Perché: ci deve lavorare"), "the task of the office is a read too: {text}");

    // The administrator sees the names; that is a reading too, as that of the letter itself, which belongs to no dossier.
    show(&told);
    write("CHI HA VISTO");
    wait("a second letter: the same words, and somebody has looked since", || {
        let items = running.overview().items.into_iter();
        (items.filter(|item| item.outgoing.template == "accessi").count() == 2).then_some(())
    });
    let shown = desk.say(&["person", "accesses", CODE]);
    assert!(shown.contains("Ada Neri") && shown.contains("Ugo Verdi") && shown.contains("export"), "{shown}");
    let lines = desk.looked();
    assert_eq!(lines.last().unwrap()["what"], "accesses");
    let letters: Vec<_> = lines.iter().filter(|line| line["what"] == "letter").map(|line| &line["people"]).collect();
    assert_eq!(
        letters,
        [&serde_json::json!([CODE]); 2],
        "a task names its dossier's persons, a letter whom it goes to"
    );
    running.stop();

    // A register that is read anew says the same.
    let read = || {
        let store = Store::open(&desk.house.data, Timestamp::now()).unwrap();
        let rows = store.accesses(CODE, std::slice::from_ref(&number), 100).unwrap();
        (store.state_digest().unwrap(), rows)
    };
    let before = read();
    assert_eq!(before.1.0.len(), hers.len() + 2);
    fs::remove_dir_all(desk.house.data.join("index")).unwrap();
    assert_eq!(read(), before);
    let (code, out, err) = ask(&["verify-journal", data]);
    assert!(code == Some(0) && out.contains("Letture di dati annotate: 12"), "{out}{err}");
}

#[test]
fn what_cannot_be_written_down_is_not_shown() {
    let desk = Desk::new();
    let out_of = |args: &[&str]| {
        let output = sportello()
            .args([args, &["--config", desk.config()]].concat())
            .env("SPORTELLO_FAULTS", "journal.write=error")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(!output.status.success(), "{args:?}");
        (text(&output.stdout), text(&output.stderr))
    };
    let zip = desk.house.data.with_extension("zip");
    let export = ["export", &desk.number, "--out", zip.to_str().unwrap()];
    let reads: [&[&str]; 4] =
        [&["person", "show", CODE], &["dossier", "show", &desk.number], &["dossier", "list"], &export];
    for read in reads {
        let (out, err) = out_of(read);
        assert!(
            out.is_empty() && err.contains("non si mostra niente") && err.contains("registro"),
            "{read:?}: {out}{err}"
        );
    }
    assert!(!zip.exists() && desk.looked().is_empty());

    // At the counter of a service whose disk fails: who asked is told why, and the service ends as for any line.
    let log = desk.house.data.with_extension("log");
    let mut service = Daemon::run_with_faults(&desk.house.file, "journal.write=error", &log);
    let socket = desk.house.data.join("control.sock");
    wait("the counter", || std::os::unix::net::UnixStream::connect(&socket).ok());
    let (code, out, err) = ask(&["person", "show", CODE, "--config", desk.config()]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("non si mostra niente"), "{err}");
    wait("the end of the service", || service.has_ended().then_some(()));
    assert!(desk.looked().is_empty());
}

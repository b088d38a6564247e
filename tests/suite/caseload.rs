//! Changes when an office does something else with dossiers and persons, or sees something else of them.

use crate::support::{House, Recorder, ask, wait};
use casework::Change;
use sportello::journal::record::{Acted, Event};
use sportello::journal::{Journal, Tail};
use sportello::store::Overview;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const ANNA: &str = "BNCNNA80A41H501R";
const PARTY: &str = "BNCNNA80A41H501R,Anna Bianchi,anna.bianchi@cittadini.test";

/// An office whose service has run once, and stands still.
pub(crate) struct Counter {
    pub(crate) root: tempfile::TempDir,
    pub(crate) house: House,
}

impl Counter {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let now = gestore::Timestamp::now();
        let authority = gestore::Authority::create(now).unwrap();
        let maildir = root.path().join("posta");
        let house = House::build(root.path(), "protocollo@pec.comune.test", &maildir, authority.certificate_der());
        house.start(Recorder::default().roads()).stop();
        Self { root, house }
    }

    /// A command with the configuration of the house.
    pub(crate) fn say(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let config = self.house.file.to_str().unwrap();
        ask(&[args, &["--config", config]].concat())
    }

    #[track_caller]
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let (code, out, err) = self.say(args);
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    }

    #[track_caller]
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let (code, out, err) = self.say(args);
        assert_eq!(code, Some(1), "{args:?}\n{out}{err}");
        assert_eq!(out, "");
        err
    }

    pub(crate) fn open(&self, more: &[&str]) -> String {
        let args = ["dossier", "open", "--procedure", "richiesta", "--subject", "Verifica della superficie"];
        let out =
            self.done(&[&args[..], &["--party", PARTY, "--office", "tributi", "--by", "Ada Neri"], more].concat());
        let number = out.split_whitespace().find(|word| word.starts_with("20")).unwrap();
        number.trim_end_matches(':').to_owned()
    }

    fn act(&self, number: &str, verb: &str, more: &[&str]) -> (Option<i32>, String, String) {
        let who = ["--by", "Ugo Verdi", "--office", "tributi", "--role", "responsabile"];
        self.say(&[&["dossier", "do", number, verb], &who[..], more].concat())
    }

    #[track_caller]
    pub(crate) fn does(&self, number: &str, verb: &str, more: &[&str]) {
        let (code, out, err) = self.act(number, verb, more);
        assert_eq!(code, Some(0), "{verb}: {out}{err}");
    }

    /// The acts of the journal.
    fn acts(&self) -> Vec<Acted> {
        let mut acts = Vec::new();
        Journal::verify(&self.house.data, Tail::Closed, |record, _| {
            if let Event::Acted(acted) = &record.event {
                acts.push((**acted).clone());
            }
        })
        .unwrap();
        acts
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn a_dossier_opens_with_its_start_notice_in_one_line() {
    let counter = Counter::new();
    let number = counter.open(&[]);
    let acts = counter.acts();
    let [act] = &acts[..] else { panic!("{acts:?}") };
    assert!(act.changes.iter().any(|change| matches!(change, Change::Opened { dossier } if dossier.number == number)));
    assert_eq!(act.outgoing.len(), act.frozen.len());
    let letter = act.outgoing.iter().find(|letter| letter.to == "anna.bianchi@cittadini.test").unwrap();
    assert_eq!(letter.dossier.as_deref(), Some(number.as_str()));
    assert!(letter.template.starts_with("avvio"), "{}", letter.template);
    let (overview, _) = Overview::read(&counter.house.data).unwrap();
    assert!(overview.items.iter().any(|item| item.outgoing.id == letter.id), "it is in the outbox");

    let told = counter.open(&["--told"]);
    assert_ne!(told, number);
    assert!(counter.acts()[1].outgoing.is_empty(), "who was told is not told again");
    let list = counter.done(&["dossier", "list"]);
    assert!(list.contains(&number) && list.contains(&told), "{list}");
    for which in [["--person", ANNA], ["--address", "anna.bianchi@cittadini.test"], ["--due", "2199-01-01"]] {
        let list = counter.done(&[&["dossier", "list"], &which[..]].concat());
        assert!(list.contains(&number), "{which:?}: {list}");
    }
    assert_eq!(counter.done(&["dossier", "list", "--due", "2020-01-01"]), "Nessun fascicolo.\n");
    let one = counter.done(&["dossier", "list", "--max", "1"]);
    assert!(one.contains(&told) && one.contains("Ce ne sono altri"), "the newest first: {one}");
    let json: serde_json::Value = serde_json::from_str(&counter.done(&["dossier", "list", "--json"])).unwrap();
    assert_eq!(json["dossiers"][1]["number"], number.as_str());
    assert_eq!(json["more"], false);
}

#[test]
fn what_the_law_forbids_is_refused_with_its_article() {
    let counter = Counter::new();
    let number = counter.open(&[]);
    counter.does(&number, "prendi_in_carico", &[]);
    let (code, _, err) = counter.act(&number, "chiedi_integrazione", &["--point", "La planimetria"]);
    assert!(code == Some(1) && err.contains("--not-held") && err.contains("art. 18"), "{err}");
    let (code, _, err) = counter.act(&number, "respingi", &["--point", "Manca il requisito"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("10-bis") || err.contains("preavviso"), "{err}");
    // What may not be done is in the register, and seen by a person (function S3.38).
    let attempt = counter.acts().pop().unwrap();
    let [Change::Incident { code, text }] = &attempt.changes[..] else { panic!("{attempt:?}") };
    assert!(code == casework::refused::ATTEMPT && text.contains("Ugo Verdi (ufficio «tributi»)"), "{text}");
    assert_eq!((attempt.dossier.as_str(), attempt.by.as_str(), attempt.outgoing.len()), (&*number, "Ugo Verdi", 0));
    let acts = counter.acts().len();
    let (code, _, _) = counter.act(&number, "chiedi_integrazione", &["--point", "La planimetria"]);
    assert_eq!(code, Some(1));
    counter.does(&number, "chiedi_integrazione", &["--point", "La planimetria", "--not-held"]);
    assert_eq!(counter.acts().len(), acts + 1, "a slip is told to who made it, and leaves no line");

    let (code, _, err) = counter.act(&number, "respngi", &[]);
    assert!(code == Some(2) && err.contains("`respingi`"), "{err}");
    let who = ["--by", "Ugo", "--office", "tributo"];
    let err = counter.refused(&[&["dossier", "note", &number, "Ha telefonato"], &who[..]].concat());
    assert!(err.contains("l'ufficio «tributo» non c'è") && err.contains("`tributi`"), "{err}");
    let err = counter.refused(&["dossier", "show", "2020/1"]);
    assert!(err.contains("2020/000001 non c'è"), "{err}");
}

#[test]
fn a_person_is_one_under_one_code() {
    let counter = Counter::new();
    let add = ["person", "add", "--cf", ANNA, "--by", "Ada Neri", "--name"];
    let first = counter.done(&[&add[..], &["Anna Bianchi", "--address", "anna.bianchi@cittadini.test"]].concat());
    assert!(first.contains("nel registro"), "{first}");
    let again = counter.done(&[&add[..], &["BIANCHI Anna", "--address", "anna.bianchi@cittadini.test"]].concat());
    assert!(again.contains("c'era già, uguale"), "{again}");
    assert_eq!(counter.acts().len(), 1);
    let err = counter.refused(&[&add[..], &["Carla Bianchi"]].concat());
    assert!(err.contains("c'è già una persona con questo codice"), "{err}");
    let err = counter.refused(&["person", "add", "--cf", "BNCNNA80A41H501X", "--name", "Anna", "--by", "Ada"]);
    assert!(err.contains("carattere di controllo"), "{err}");

    // Two offices that disagree: both stay, and nobody is believed.
    for (office, telephone) in [("anagrafe", "telefono=055 1"), ("tributi", "telefono=055 2")] {
        counter.done(&[&add[..], &["Anna Bianchi", "--office", office, "--data", telephone]].concat());
    }
    let shown = counter.done(&["person", "show", &ANNA.to_lowercase()]);
    for said in [
        "Anna Bianchi (BNCNNA80A41H501R)",
        "Telefono  ⚠ CONFLITTO",
        "«055 1» secondo anagrafe",
        "«055 2» secondo tributi",
        "debole: nessun dato personale",
        "Ada Neri: domicilio digitale anna.bianchi@cittadini.test (dichiarato)",
    ] {
        assert!(shown.contains(said), "{said}:\n{shown}");
    }
    let json: serde_json::Value = serde_json::from_str(&counter.done(&["person", "show", ANNA, "--json"])).unwrap();
    assert_eq!(json["conflicts"], serde_json::json!(["telefono"]));
    let list = counter.done(&["person", "list", "--address", "Anna.Bianchi@cittadini.test"]);
    assert!(list.contains(ANNA) && list.contains("Anna Bianchi"), "{list}");
}

#[test]
fn a_table_is_read_row_by_row_and_once() {
    let counter = Counter::new();
    let text = "codice_fiscale;nome;pec;fonte\n\
                BNCNNA80A41H501R;Anna Bianchi;anna.bianchi@cittadini.test;inad\n\
                BNCNNA80A41H501X;Carla Rossi;carla@cittadini.test;inad\n\
                ;Ugo Verdi;ugo@cittadini.test;amico\n";
    let file = counter.file("persone.csv", text);
    let import = ["register", "import", file.to_str().unwrap(), "--by", "Ada Neri"];
    let (code, out, err) = counter.say(&import);
    assert_eq!((code, err.as_str()), (Some(1), ""), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "persone.csv: righe fatte 1, righe rifiutate 2.");
    assert!(lines[1].starts_with("RIFIUTATA  persone.csv:3  ") && lines[1].contains("carattere di controllo"), "{out}");
    assert!(lines[2].starts_with("RIFIUTATA  persone.csv:4  `fonte`: «amico»"), "{out}");
    let before = counter.acts().len();
    let (code, out, _) = counter.say(&import);
    assert!(code == Some(1) && out.contains("fatta      persone.csv:2  già fatta"), "{out}");
    assert_eq!(counter.acts().len(), before, "the same file does nothing twice");

    let template = |of: &str| ask(&["register", "template", of]).1;
    let file = counter.file("fascicoli.csv", &template("fascicoli"));
    let import = ["register", "import", file.to_str().unwrap(), "--by", "Ada Neri"];
    let out = counter.done(&import);
    assert!(out.contains("righe fatte 1, righe rifiutate 0"), "the example is a good one: {out}");
    let out = counter.done(&import);
    assert!(out.contains("già fatta"), "{out}");
    let file = counter.file("esempio.csv", &template("persone"));
    counter.done(&["register", "import", file.to_str().unwrap(), "--by", "Ada Neri"]);
    let file = counter.file("rotto.csv", "nome;codicefiscale\n");
    let (code, out, _) = counter.say(&["register", "import", file.to_str().unwrap(), "--by", "Ada Neri"]);
    assert!(code == Some(1) && out.contains("forse"), "{out}");
}

#[test]
fn commands_work_beside_a_service_and_its_drop_folder_is_worked() {
    let counter = Counter::new();
    let drop = counter.root.path().join("deposito");
    fs::create_dir_all(&drop).unwrap();
    let text = fs::read_to_string(&counter.house.file).unwrap();
    let with_drop = format!("cartella = \"{}\"\ndeposito = \"{}\"\n", counter.house.data.display(), drop.display());
    let plain = format!("cartella = \"{}\"\n", counter.house.data.display());
    fs::write(&counter.house.file, text.replacen(&plain, &with_drop, 1)).unwrap();
    let table = "codice_fiscale;nome;pec\nBNCNNA80A41H501R;Anna Bianchi;anna.bianchi@cittadini.test\n;;\nX;Y;z\n";
    leave(&drop, "persone.csv", table);
    let running = counter.house.start(Recorder::default().roads());
    let report = wait("the report of the drop folder", || {
        let done = fs::read_dir(drop.join("fatti")).ok()?;
        let mut files = done.map(|entry| entry.unwrap().path());
        files.find(|path| path.to_string_lossy().ends_with(".esito.txt"))
    });
    let report = fs::read_to_string(report).unwrap();
    assert!(report.contains("righe fatte 1, righe rifiutate 1"), "{report}");
    assert!(report.contains("RIFIUTATA  persone.csv:4"), "{report}");
    let refused = |(_, code, text, _): &(_, String, String, _)| {
        code == sportello::caseload::ROWS_REFUSED && text.contains("persone.csv") && !text.contains("cittadini.test")
    };
    assert_eq!(running.overview().incidents.iter().filter(|incident| refused(incident)).count(), 1);

    let number = counter.open(&[]);
    let shown = counter.done(&["dossier", "show", &number]);
    assert!(shown.contains("Anna Bianchi") && shown.contains("(utente "), "beside it the user is known: {shown}");
    assert!(counter.done(&["deadline", "explain", &number]).contains("Come si conta"));
    assert!(counter.done(&["person", "show", ANNA]).contains("Anna Bianchi"));
    assert!(counter.done(&["deadline", "due", "--by", "31/12/2198"]).contains(&number));
    let file = counter.file("fascicoli.csv", &ask(&["register", "template", "fascicoli"]).1);
    let import = ["register", "import", file.to_str().unwrap(), "--by", "Ada Neri"];
    assert!(counter.done(&import).contains("aperto il fascicolo"));
    assert!(counter.done(&import).contains("già fatta"));
    running.stop();
}

/// A table that nobody writes any more.
fn leave(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
}

#[test]
fn a_term_is_explained_day_by_day() {
    let counter = Counter::new();
    let number = counter.open(&["--told", "--since", "25/11/2025"]);
    let text = counter.done(&["deadline", "explain", &number]);
    assert_eq!(text.replace(&number, "NUMERO"), EXPLAINED);
    let json: serde_json::Value =
        serde_json::from_str(&counter.done(&["deadline", "explain", &number, "--json"])).unwrap();
    assert_eq!(json["term"]["last_day"], "2025-12-27");
    assert_eq!(json["term"]["silence"], "inadempimento");
    assert_eq!(json["term"]["reminders"][0]["on"], "2025-12-17");
}

const EXPLAINED: &str = "\
Fascicolo NUMERO: Richiesta all'ente
Il termine oggi: è FINITO sabato 27 dicembre 2025.

Come si conta
   1. La richiesta è arrivata martedì 25 novembre 2025: questo giorno non si conta. Il termine è di
      30 giorni. Si contano tutti i giorni, anche quelli di festa.
   2. Da mercoledì 26 novembre 2025 a giovedì 25 dicembre 2025 passano 30 giorni (5 di novembre e 25
      di dicembre). Non ne restano altri.
   3. Il conto finisce giovedì 25 dicembre 2025 (Natale), che è festa. È festa anche venerdì 26
      dicembre 2025 (Santo Stefano). Per questo l'ultimo giorno è il primo giorno lavorativo che
      segue: sabato 27 dicembre 2025, fino alle 23:59:59.

Se finisce senza risposta
  la richiesta va comunque decisa, e tocca a chi ha il potere sostitutivo (L. 241/1990 art. 2)

Chi è avvisato, e quando
  2025-12-17  all'ufficio: Mancano 10 giorni alla fine del termine.
  2025-12-24  all'ufficio: Mancano 3 giorni alla fine del termine.
  2025-12-28  all'ufficio: Il termine è finito: la richiesta va comunque decisa.
  2025-12-28  per il potere sostitutivo: Il termine è finito: avvisa chi ha il potere sostitutivo,
              che decide in metà del termine.
";

#[test]
fn a_dossier_fits_one_screen() {
    let counter = Counter::new();
    let number = counter.open(&["--told", "--since", "25/11/2025", "--classification", "IV.3", "--reserved"]);
    let who = ["--by", "Ada Neri", "--office", "tributi", "--role", "responsabile"];
    counter.done(&[&["dossier", "assign", &number, "--responsible", "Ugo Verdi"], &who[..]].concat());
    counter.does(&number, "prendi_in_carico", &[]);
    counter.done(&[&["dossier", "note", &number, "Ha telefonato"], &who[..]].concat());
    let text = counter.done(&["dossier", "show", &number]);
    assert_eq!(undated(&text).replace(&number, "NUMERO"), SHOWN.trim_end(), "{text}");
    let json: serde_json::Value = serde_json::from_str(&counter.done(&["dossier", "show", &number, "--json"])).unwrap();
    assert_eq!(json["dossier"]["state"], "in_lavorazione");
    assert_eq!(json["names"][ANNA], "Anna Bianchi");
    let noted = json["entries"].as_array().unwrap().iter().find(|entry| entry["entry"]["entry"] == "noted").unwrap();
    assert_eq!((&noted["by"], &noted["entry"]["text"]), (&"Ada Neri".into(), &"Ha telefonato".into()));
}

/// The days of the test itself are any day.
fn undated(text: &str) -> String {
    let now = casework::calendar::stamp(jiff::Timestamp::now());
    let today = now.get(..10).unwrap();
    let line = |line: &str| match line.find(today) {
        Some(at) => {
            let rest = &line[at + today.len()..];
            let time = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | ':'));
            format!("{}OGGI {time}", &line[..at]).trim_end().to_owned()
        }
        None => line.to_owned(),
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

const SHOWN: &str = "\
Fascicolo NUMERO: Verifica della superficie · RISERVATO
  procedimento     Richiesta all'ente (richiesta)
  classificazione  IV.3
  ufficio          Ufficio tributi (tributi)
  responsabile     Ugo Verdi
  avviato          2025-11-25 00:00:00, d'ufficio
  informativa      2026-1

Stato: Presa in lavorazione (in_lavorazione), da OGGI
Termine: è FINITO sabato 27 dicembre 2025.

Chi riguarda
  parte         nome          codice            dove si scrive
  ────────────  ────────────  ────────────────  ───────────────────────────
  destinatario  Anna Bianchi  BNCNNA80A41H501R  anna.bianchi@cittadini.test

Che cosa è successo
  OGGI Ada Neri: destinatario: anna.bianchi@cittadini.test
  OGGI Ada Neri: assegnata a tributi, responsabile Ugo Verdi
  OGGI Ada Neri: Assegnata a una persona dell'ufficio (assegnata)
  OGGI Ugo Verdi: Presa in lavorazione (in_lavorazione)
  OGGI Ada Neri: nota: Ha telefonato
";

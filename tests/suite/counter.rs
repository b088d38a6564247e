//! Changes when an office finds dossiers and persons by another thing, or may order something else at its counter.

use crate::caseload::Counter;
use crate::support::{House, OWN, Recorder, ask, wait};
use casework::Change;
use gestore::Mail;
use sportello::store::rows::ItemRow;
use std::fs;

const ANNA: &str = "BNCNNA80A41H501R";
const MARIO: &str = "RSSMRA80A01H501U";
const WHO: [&str; 6] = ["--by", "Ada Neri", "--office", "tributi", "--role", "coordinatore"];

fn journal(counter: &Counter) -> String {
    fs::read_to_string(counter.house.data.join("journal/000001.jsonl")).unwrap()
}

#[test]
fn persons_and_dossiers_are_found_by_surname_and_who_looked_is_written_down() {
    let counter = Counter::new();
    let number = counter.open(&[]);
    counter.done(&["person", "add", "--cf", MARIO, "--name", "Mario D'Angelò Rossi", "--by", "Ada Neri"]);
    for name in ["bianchi", "BIANCHI Anna", "bìan"] {
        let list = counter.done(&["dossier", "list", "--name", name, "--by", "Ugo Verdi"]);
        assert!(list.contains(&number), "{name}: {list}");
        let people = counter.done(&["person", "list", "--name", name, "--by", "Ugo Verdi"]);
        assert!(people.contains(ANNA) && !people.contains(MARIO), "{name}: {people}");
    }
    for name in ["d'angelo", "rossi mario", "D'ANGELÒ"] {
        let people = counter.done(&["person", "list", "--name", name]);
        assert!(people.contains(MARIO) && !people.contains(ANNA), "{name}: {people}");
    }
    assert!(counter.done(&["person", "list", "--name", "verdi"]).contains("Nessuna persona"));
    assert_eq!(counter.done(&["dossier", "list", "--name", "rossi"]), "Nessun fascicolo.\n");
    let err = counter.refused(&["person", "list", "--name", "b"]);
    assert!(err.contains("almeno 2 lettere"), "{err}");
    let journal = journal(&counter);
    let looked = journal.lines().find(|line| line.contains("di nome bìan")).unwrap();
    assert!(looked.contains(ANNA) && looked.contains("Ugo Verdi"), "{looked}");
    let seen = counter.done(&["person", "accesses", ANNA]);
    assert!(seen.contains("Ugo Verdi"), "{seen}");
}

#[test]
fn what_is_past_its_term_stays_on_the_list_with_its_days() {
    let counter = Counter::new();
    let late = counter.open(&["--told", "--since", "2025-01-07"]);
    let due = counter.done(&["deadline", "due"]);
    assert!(due.contains(&late) && due.contains("scaduto da "), "{due}");
    let json: serde_json::Value = serde_json::from_str(&counter.done(&["deadline", "due", "--json"])).unwrap();
    assert!(json["dossiers"][0]["late"].as_i64().unwrap() > 100, "{json}");
    let fresh = counter.open(&["--told"]);
    for by in ["90", "90 giorni", "31/12/2198"] {
        let due = counter.done(&["deadline", "due", "--by", by]);
        assert!(due.contains(&fresh) && due.find(&late) < due.find(&fresh), "{by}: {due}");
    }
    assert_eq!(counter.say(&["deadline", "due", "--by", "presto"]).0, Some(2));
    // Decided: it is late no more.
    counter.does(&late, "prendi_in_carico", &[]);
    counter.does(&late, "accogli", &["--point", "Tutto in ordine"]);
    let due = counter.done(&["deadline", "due"]);
    assert!(!due.contains(&late), "{due}");
}

#[test]
fn a_number_is_taken_with_its_check_letters_and_a_slip_is_told() {
    let counter = Counter::new();
    let number = counter.open(&[]);
    let shown = casework::dossier::check::shown(&number);
    let (_, letters) = shown.split_once('-').unwrap();
    let half = number.replace("/00000", "/");
    for written in [shown.clone(), shown.to_lowercase(), format!("{half} {letters}"), format!("[Fascicolo {shown}]")] {
        assert!(counter.done(&["dossier", "show", &written]).contains(&number), "{written}");
    }
    let mut said = Vec::new();
    for written in [format!("{number}-BB"), "2020/000777-BB".to_owned()] {
        let (code, _, err) = counter.say(&["dossier", "show", &written]);
        assert_eq!(code, Some(2));
        said.push(err.replace(&written, "N"));
    }
    assert!(said[0].contains("numero non riconosciuto, forse un errore di battitura"), "{}", said[0]);
    assert_eq!(said[0], said[1], "whether there is such a dossier or not");
}

/// Every order of the counter that nothing else gives: what it does, or why it is not done.
#[test]
fn every_order_answers_and_what_is_not_done_changes_nothing() {
    let counter = Counter::new();
    let number = counter.open(&[]);
    let entries = |counter: &Counter| journal(counter).matches("\"entry\"").count();
    let before = entries(&counter);
    let nothing = "0".repeat(64);
    for (order, why) in [
        (&["weigh", &number, "1", "--weight", "accolta", "--how", "va bene"][..], "1"),
        (&["approve", &number, "1"], "modifica"),
        (&["refuse", &number, "1", "--point", "no"], "modifica"),
        (&["confirm", &number, "1", "--evidence", &nothing], "modifica"),
        (&["askagain", &number, "1"], "modifica"),
        (&["rollback", &number, "1", "--why", "sbagliata"], "modifica"),
        (&["extend", &number, "--point", "è complessa"], "Gdpr"),
        (&["substitute", &number, "--why", "chiesto da Anna"], "il termine non è finito"),
    ] {
        let err = counter.refused(&[&["dossier"], order, &WHO].concat());
        assert!(err.contains(why), "{order:?}: {err}");
    }
    let err = counter.refused(&[&["person", "deny", &number, "--point", "no"][..], &WHO].concat());
    assert!(err.contains("nessuno ha chiesto"), "a wrong number closes nobody's request: {err}");
    assert_eq!(entries(&counter), before);

    // What can be done is done, once.
    let late = counter.open(&["--told", "--since", "2025-01-07"]);
    counter.done(&[&["dossier", "substitute", &late, "--why", "chiesto da Anna"][..], &WHO].concat());
    let again = counter.refused(&[&["dossier", "substitute", &late, "--why", "di nuovo"][..], &WHO].concat());
    assert!(again.contains("già cominciato"), "{again}");
    counter.done(&["person", "add", "--cf", MARIO, "--name", "Mario Rossi", "--by", "Ada Neri"]);
    let mandate = ["person", "mandate", ANNA, "--to", MARIO, "--evidence", &nothing, "--until", "2027-12-31"];
    counter.done(&[&mandate[..], &WHO].concat());
    counter.done(&[&["person", "grant", ANNA, "dati"][..], &WHO].concat());
    let shown = counter.done(&["person", "show", ANNA]);
    assert!(shown.contains(MARIO), "{shown}");
    counter.done(&[&["person", "mandate", ANNA, "--to", MARIO, "--end"][..], &WHO].concat());
    counter.done(&[&["person", "grant", ANNA, "dati", "--end"][..], &WHO].concat());

    // Who may not is refused, and that is written down.
    let operator = ["--by", "Ugo Verdi", "--office", "tributi", "--role", "operatore"];
    let err = counter.refused(&[&mandate[..], &operator].concat());
    assert!(err.contains("almeno chi è responsabile"), "{err}");
    let last: serde_json::Value = serde_json::from_str(journal(&counter).lines().last().unwrap()).unwrap();
    let change: Change = serde_json::from_value(last["changes"][0].clone()).unwrap();
    assert!(matches!(change, Change::Incident { code, .. } if code == casework::refused::ATTEMPT), "{last}");
    assert_eq!(last["by"], "Ugo Verdi");
}

/// What a new administrator reads: one thing to do at a time.
#[test]
fn after_init_check_says_one_thing_and_then_the_next() {
    let root = tempfile::tempdir().unwrap();
    let (bare, full) = (root.path().join("a.toml"), root.path().join("b.toml"));
    let rules = root.path().join("le regole");
    let (bare, full, dir) = (bare.to_str().unwrap(), full.to_str().unwrap(), rules.to_str().unwrap());
    let (code, out, err) = ask(&["init", bare]);
    assert!(code == Some(0) && out.contains("--rules CARTELLA"), "{out}{err}");
    let (code, _, err) = ask(&["check", "--config", bare]);
    assert_eq!(code, Some(1));
    assert!(err.contains("uffici d'esempio") && err.lines().count() <= 3 && !err.contains("anagrafe@"), "{err}");

    assert_eq!(ask(&["init", full, "--rules", dir]).0, Some(0));
    assert!(fs::read_to_string(rules.join("README.md")).unwrap().contains("# "));
    let config = fs::read_to_string(full).unwrap();
    assert!(config.contains(&format!("\nregole = \"{dir}\"")), "{config}");
    let (code, _, err) = ask(&["check", "--config", full]);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = err.lines().filter(|line| line.contains("regole:")).collect();
    assert!(lines.len() == 3 && lines[0].contains("26 uffici") && lines[0].contains("tributi"), "{err}");
    assert!(lines[1].contains("[body.regione]") && lines[2].contains("il portale dell'ufficio `suap`"), "{err}");

    // The real addresses: nothing is said of the rules any more.
    for file in ["00-comune.toml", "procedures/mensa.toml", "procedures/assegno-maternita.toml"] {
        let path = rules.join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace(".example", ".vero.it")).unwrap();
    }
    let (_, out, err) = ask(&["check", "--config", full]);
    assert!(
        out.contains("uffici: 26") && !err.contains("d'esempio") && !err.contains("vale il procedimento"),
        "{out}{err}"
    );

    // A term that does not hold, and that its own tests believe.
    for (file, old, new) in [
        (
            "10-cittadini.toml",
            "days = 30, calendar = \"solar\", law = \"L. 241/1990 art. 25 c. 4\"",
            "days = 20, calendar = \"solar\", law = \"x\"",
        ),
        (
            "80-prove-cittadini.toml",
            "kind = \"access_to_records\", deadline = 30",
            "kind = \"access_to_records\", deadline = 20",
        ),
    ] {
        let path = rules.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file}");
        fs::write(&path, text.replacen(old, new, 1)).unwrap();
    }
    let (code, out, err) = ask(&["check", "--files", "--rules", dir]);
    let warned = "`accesso-atti`: dice 20 giorni, ma il procedimento `accesso-atti` dice 30 giorni";
    assert!(code == Some(0) && err.contains(warned), "{out}{err}");
}

/// Whoever asks by certified mail need not be in the register: the office has the tax code on the telephone, and nothing else.
#[test]
fn a_dossier_is_found_by_the_code_of_who_has_no_record() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let running = house.start(Recorder::default().roads());
    let text = format!(
        "Buongiorno, sono Mario Rossi, codice fiscale {MARIO}. Chiedo il cambio di residenza: il mio nuovo indirizzo è via Verdi 5.\n"
    );
    let mail = Mail::new("mario.rossi@cittadini.test").to(OWN).subject("Cambio di residenza").text(&text);
    let mail = mail.compose(gestore::Timestamp::now()).unwrap();
    circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    let is_of_dossier = |item: &ItemRow| item.outgoing.dossier.clone();
    let number = wait("its dossier", || running.overview().items.iter().find_map(is_of_dossier));
    let config = house.file.to_str().unwrap();
    let list = ["dossier", "list", "--person", &MARIO.to_lowercase(), "--by", "Ugo Verdi", "--config", config];
    let (code, out, err) = ask(&list);
    assert!(code == Some(0) && out.contains(&number), "{out}{err}");
    let (_, none, _) = ask(&["dossier", "list", "--person", ANNA, "--config", config]);
    assert_eq!(none, "Nessun fascicolo.\n");
    running.stop();
    let journal = fs::read_to_string(house.data.join("journal/000001.jsonl")).unwrap();
    let looked = journal.lines().find(|line| line.contains("\"looked\"")).unwrap();
    assert!(looked.contains(&number) && looked.contains("Ugo Verdi"), "{looked}");
    // An index that is built anew finds it too.
    let (code, out, err) = ask(&["rebuild", house.data.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(ask(&list).1.contains(&number));
}

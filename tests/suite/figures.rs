//! Changes when the office must show another figure of its work.

use crate::caseload::Counter;
use crate::support::{House, Recorder, ask, wait};
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use serde_json::{Value, json};

const ALL: [&str; 5] = ["stats", "--dal", "2025-01-01", "--al", "2198-12-31"];

impl Counter {
    /// All figures, as each command prints them.
    fn figures(&self) -> Vec<String> {
        let forms: [&[&str]; 3] = [&[], &["--json"], &["--ritardi", "--csv"]];
        forms.iter().map(|more| self.done(&[&ALL[..], more].concat())).collect()
    }

    fn figures_of(&self, more: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[&ALL[..], &["--json"], more].concat())).unwrap()
    }
}

/// One accepted long after its term, one in time, one sent to another body, one still open.
fn worked() -> (Counter, [String; 4]) {
    let counter = Counter::new();
    let running = counter.house.start(Recorder::default().roads());
    let late = counter.open(&["--told", "--since", "25/11/2025"]);
    let quick = counter.open(&["--told"]);
    let back = counter.open(&["--told"]);
    let open = counter.open(&["--told", "--since", "25/11/2025"]);
    for number in [&late, &quick, &back] {
        counter.does(number, "prendi_in_carico", &[]);
    }
    for number in [&late, &quick] {
        counter.does(number, "accogli", &["--point", "I requisiti ci sono"]);
    }
    counter.does(&back, "trasmetti_altro_ente", &["--point", "È competente la Provincia", "--to", "Provincia"]);
    running.stop();
    (counter, [late, quick, back, open])
}

#[test]
fn times_are_measured_against_the_law_and_late_measures_told_one_by_one() {
    let (counter, [late, quick, _, open]) = worked();
    let running = counter.house.start(Recorder::default().roads());
    let figures = counter.figures_of(&[]);
    let row = &figures["procedures"][0];
    assert_eq!(figures["procedures"].as_array().unwrap().len(), 1);
    for (name, value) in [
        ("procedure", json!("richiesta")),
        ("terms", json!(["30 giorni"])),
        ("opened", json!(4)),
        ("closed", json!(3)),
        ("in_time", json!(1)),
        ("late", json!(1)),
        ("open", json!(1)),
        ("overdue", json!(1)),
        ("outcomes", json!({ "accolta": 2, "trasmessa_altro_ente": 1 })),
    ] {
        assert_eq!(row[name], value, "{name}: {row}");
    }
    let longest = row["longest_days"].as_f64().unwrap();
    assert!(longest > 300.0, "{row}");
    assert_eq!(row["median_days"].as_f64().unwrap(), longest / 2.0, "between that of the late one and none");

    let told = counter.figures_of(&["--ritardi"]);
    let told = told["late"].as_array().unwrap();
    assert_eq!(told.iter().map(|row| &row["dossier"]).collect::<Vec<_>>(), [&json!(late), &json!(open)]);
    assert_eq!((&told[0]["due"], &told[0]["outcome"]), (&json!("2025-12-27"), &json!("accolta")));
    assert!(told[0]["decided"].is_string() && told[1]["decided"].is_null());
    assert!(!told.iter().any(|row| row["dossier"] == json!(quick)));
    let board = counter.figures_of(&["--uffici"]);
    let offices = board["offices"].as_object().unwrap();
    assert_eq!((offices.len(), &offices["tributi"]["late"]), (1, &json!(1)), "{board}");
    assert!(offices["tributi"]["latest_days"].as_u64() > Some(0), "{board}");
    let csv = counter.done(&[&ALL[..], &["--uffici", "--csv"]].concat());
    assert!(csv.starts_with("ufficio;aperte;in_scadenza;scadute;giorni_di_ritardo;senza_termine\ntributi;"), "{csv}");
    let csv = counter.done(&[&ALL[..], &["--ritardi", "--csv"]].concat());
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "fascicolo;procedimento;ufficio;avviata;ultimo_giorno;decisa;giorni_di_ritardo;esito");
    assert!(lines[1].starts_with(&format!("{late};richiesta;tributi;2025-11-25;2025-12-27;")), "{csv}");
    let none = counter.done(&["stats", "--dal", "2020-01-01", "--al", "2020-12-31"]);
    assert!(none.contains("Nessuna pratica."), "{none}");
    let (code, _, err) = counter.say(&["stats", "--dal", "2026-02-01", "--al", "2026-01-01"]);
    assert!(code == Some(1) && err.contains("--dal viene dopo --al"), "{err}");
    running.stop();
}

/// The same beside a service and without one, and from an index that was made again from the register.
#[test]
fn the_same_register_gives_the_same_figures_to_the_byte() {
    let (counter, _) = worked();
    let before = counter.figures();
    let running = counter.house.start(Recorder::default().roads());
    assert_eq!(counter.figures(), before, "beside the service");
    running.stop();
    let (code, said, err) = ask(&["rebuild", counter.house.data.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}{err}");
    assert_eq!(counter.figures(), before, "rebuilt from the register");
}

/// Letters with where each stands, and all contacts with a person in one line of time; of others nothing.
#[test]
fn a_dossier_shows_its_letters_and_a_person_its_contacts() {
    let counter = Counter::new();
    let running = counter.house.start(Recorder::default().roads());
    let number = counter.open(&["--party", "RSSMRA80A01H501U,Mario Rossi,mario@cittadini.test"]);
    let who = ["--by", "Ada Neri", "--office", "tributi"];
    counter.done(&[&["dossier", "note", &number, "Ha telefonato"], &who[..]].concat());
    let shown = wait("the letters to leave", || {
        let shown = counter.done(&["dossier", "show", &number]);
        (shown.matches("  inviata, ").count() == 2).then_some(shown)
    });
    let letters = shown.split("\nLettere\n").nth(1).unwrap().split("\n\n").next().unwrap();
    assert!(letters.contains("anna.bianchi@cittadini.test") && letters.contains("mario@cittadini.test"), "{shown}");
    let json: Value = serde_json::from_str(&counter.done(&["dossier", "show", &number, "--json"])).unwrap();
    assert_eq!(json["letters"].as_array().unwrap().len(), 2);
    assert_eq!(json["letters"][0]["state"], "submitted");

    let shown = counter.done(&["person", "show", "BNCNNA80A41H501R"]);
    let contacts = shown.split("\nContatti\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let lines: Vec<&str> = contacts.lines().collect();
    assert!(lines[0].contains(&number) && lines[0].contains("lettera (inviata)"), "{shown}");
    assert!(contacts.contains("nota di Ada Neri") && contacts.contains("Ha telefonato"), "{shown}");
    assert_eq!(contacts.matches("lettera (").count(), 1, "the letter to Mario is Mario's: {shown}");

    // The same for another program, in one row a contact; that it was read is written down.
    let contacts = |more: &[&str]| {
        counter
            .done(&[&["person", "contacts", "BNCNNA80A41H501R", "--by", "Carla Blu", "--office", "urp"], more].concat())
    };
    let csv = contacts(&["--csv"]);
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows[0], "quando;persona;nome;fascicolo;tipo;con_chi;esito;testo;riferimento");
    assert_eq!(rows.len(), 3, "one of each, and the columns: {csv}");
    let of = |kind: &str| rows.iter().filter(|row| row.split(';').nth(4) == Some(kind)).count();
    assert_eq!((of("lettera"), of("nota")), (1, 1), "{csv}");
    let note = rows.iter().find(|row| row.contains(";nota;")).unwrap();
    assert!(note.contains(&format!(";BNCNNA80A41H501R;Anna Bianchi;{number};nota;Ada Neri")), "{note}");
    assert!(note.ends_with(";;Ha telefonato;"), "{note}");
    let json: Value = serde_json::from_str(&contacts(&["--json"])).unwrap();
    assert_eq!((json["contacts"].as_array().unwrap().len(), &json["more"]), (2, &Value::Bool(false)));
    let seen = counter.done(&["person", "accesses", "BNCNNA80A41H501R"]);
    assert_eq!(seen.matches("Carla Blu").count(), 2, "{seen}");
    running.stop();
}

/// What a person wrote stands in the same line of time, whoever else has the dossier.
#[test]
fn what_a_person_wrote_is_a_contact() {
    let root = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let authority = Authority::create(now).unwrap();
    let provider = |name, host| authority.provider(name, host, Style::aruba_like(), now).unwrap();
    let domains = [
        ("pec.comune.test".to_owned(), provider("Alfa", "pec.alfa.test")),
        ("cittadini.test".to_owned(), provider("Beta", "pec.beta.test")),
    ];
    let circuit = Circuit::new(&root.path().join("caselle"), domains);
    let office = "protocollo@pec.comune.test";
    let house = House::build(root.path(), office, &circuit.maildir(office).unwrap(), authority.certificate_der());
    let running = house.start(Recorder::default().roads());
    let config = house.file.to_str().unwrap();
    let anna = ["--cf", "BNCNNA80A41H501R", "--name", "Anna Bianchi", "--address", "anna.bianchi@cittadini.test"];
    let add = [&["person", "add", "--source", "inad", "--by", "Ada Neri", "--config", config][..], &anna[..]].concat();
    assert_eq!(ask(&add).0, Some(0));
    let text = "Chiedo il cambio di residenza in via Roma 1. Codice fiscale BNCNNA80A41H501R.";
    let mail = Mail::new("anna.bianchi@cittadini.test").to(office).subject("Cambio di residenza").text(text);
    let mail = mail.compose(now).unwrap();
    circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    let shown = wait("her message and the answer", || {
        let shown = ask(&["person", "show", "BNCNNA80A41H501R", "--config", config]).1;
        (shown.contains("scrive (messaggio ") && shown.contains("lettera (inviata)")).then_some(shown)
    });
    let contacts = shown.split("\nContatti\n").nth(1).unwrap().split("\n\n").next().unwrap();
    assert!(contacts.contains(": Cambio di residenza") && contacts.contains("compito a "), "{shown}");
    running.stop();
}

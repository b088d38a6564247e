//! Changes when an administrator checks, reads or draws procedures in another way. What each mistake says is pinned in `casework`
//! (`fixtures/procedures-bad`); here, that the program says it, and that no other procedures come into force.

use crate::support::{Daemon, House, OWN, ask, copy_folder, wait_or};
use gestore::{Authority, Circuit, Mail, Style, Timestamp};
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The small good rules and procedures, with one bad file among them.
fn with_mistake(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("fixtures/procedures-bad");
    copy_folder(&from.join("base"), folder.path());
    fs::copy(from.join(name), folder.path().join("procedures").join(name)).unwrap();
    folder
}

/// What the head of the file says must be read; here the folder stands before the name.
fn wanted(name: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("fixtures/procedures-bad").join(name)).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("# atteso: "));
    lines.map(|line| line.replacen("  ", "  procedures/", 1)).collect()
}

#[test]
fn the_shipped_procedures_are_listed() {
    let (code, out, err) = ask(&["procedures", "check"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert_eq!(err, "");
    assert!(out.contains("Procedimenti: 25. Impronta "), "{out}");
    let named = |line: &str| line.starts_with("cambio-residenza ") && line.contains(" Cambio di residenza ");
    assert!(out.lines().any(named), "{out}");
    let (code, out, _) = ask(&["check", "--files"]);
    assert!(code == Some(0) && out.contains("\nProcedimenti: 25\n"), "{out}");
}

#[test]
fn show_is_a_service_card_on_one_screen() {
    let (code, out, err) = ask(&["procedures", "show", "cambio-residenza"]);
    assert_eq!(code, Some(0), "{out}{err}");
    for said in [
        "Cambio di residenza (cambio-residenza, versione 1) · Permessi e documenti",
        "A chi           Chi viene ad abitare nel Comune",
        "45 giorni dall'arrivo (D.L. 5/2012 art. 5",
        "registrazione: 2 giorni lavorativi",
        "Se tace         la richiesta è accolta, e l'attestazione parte da sola",
        "Ufficio anagrafe, anagrafe@comune.example",
        "Non si chiede   Stato di famiglia",
        "in_attesa_integrazioni",
        "controllare la dimora abituale (polizia_locale, operatore)",
    ] {
        assert!(out.contains(said), "{said}:\n{out}");
    }
    assert!(out.lines().count() <= 60, "one screen:\n{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 115), "{out}");
}

#[test]
fn graph_draws_the_states() {
    let (code, out, err) = ask(&["procedures", "graph", "multa"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.starts_with("Pagamento di una multa (multa)\n\n○ ricevuta\n├─ registra "), "{out}");
    assert!(
        out.contains("─▶ ◉ accolta\n") && out.contains("○ da ogni stato aperto\n╰─ ritira ─▶ ◉ ritirata\n"),
        "{out}"
    );
    let (code, out, _) = ask(&["procedures", "graph", "multa", "--dot"]);
    assert!(code == Some(0) && out.starts_with("digraph \"multa\" {") && out.ends_with("}\n"), "{out}");
    let (code, _, err) = ask(&["procedures", "graph", "mlta"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("il procedimento `mlta` non esiste (forse intendevi `multa`?"), "{err}");
}

#[test]
fn every_mistake_is_said_and_nothing_is_shown() {
    for name in [
        "25-modulo-non-ammesso.toml",
        "42-stato-senza-uscita.toml",
        "46-termine-oltre-la-legge.toml",
        "50-ufficio-sconosciuto.toml",
        "55-virgoletta-non-chiusa.toml",
        "56-tutto-insieme.toml",
    ] {
        let folder = with_mistake(name);
        let (code, out, err) = ask(&["procedures", "check", "--dir", folder.path().to_str().unwrap()]);
        assert_eq!(code, Some(1), "{name}: {out}{err}");
        let mut said: Vec<&str> = err.lines().collect();
        assert!(said.pop().is_some_and(|last| last.ends_with("errore") || last.ends_with("errori")), "{name}: {err}");
        assert_eq!(said, wanted(name), "{name}");
        assert_eq!(out, "", "{name}");
        // The folder of the procedures itself is understood too; and the whole check says the same.
        let inner = folder.path().join("procedures");
        assert_eq!(ask(&["procedures", "show", "prova", "--dir", inner.to_str().unwrap()]).0, Some(1), "{name}");
        let (code, _, all) = ask(&["check", "--files", "--rules", folder.path().to_str().unwrap()]);
        assert_eq!((code, all), (Some(1), err), "{name}");
    }
}

/// The guide, as an administrator follows it: a copy, a change, a check, a look.
#[test]
fn a_new_service_is_a_copy_and_a_few_words() {
    let root = tempfile::tempdir().unwrap();
    let rules = root.path().join("regole");
    let (config, dir) = (root.path().join("sportello.toml"), rules.to_str().unwrap());
    let (code, out, err) = ask(&["init", config.to_str().unwrap(), "--rules", dir]);
    assert_eq!(code, Some(0), "{out}{err}");
    let procedures = rules.join("procedures");
    let text = fs::read_to_string(procedures.join("ztl.toml")).unwrap();
    fs::write(procedures.join("bici.toml"), &text).unwrap();
    let (code, _, err) = ask(&["procedures", "check", "--dir", dir]);
    assert!(code == Some(1) && err.contains("`ztl`: esiste già in procedures/bici.toml:"), "{err}");
    let text =
        text.replace("= \"ztl\"", "= \"bici\"").replace("a_mano       = true", "apre = [\"richiesta-certificato\"]");
    fs::write(procedures.join("bici.toml"), text).unwrap();
    let (code, out, err) = ask(&["procedures", "check", "--dir", dir]);
    assert!(code == Some(0) && out.contains("Procedimenti: 26."), "{out}{err}");
    let (code, out, _) = ask(&["procedures", "show", "bici", "--dir", dir]);
    assert!(code == Some(0) && out.contains("con la regola richiesta-certificato"), "{out}");
}

/// A service whose procedures have a mistake does not start, as with its rules; nor one that would write to an example.
#[test]
fn a_mistake_stops_the_start() {
    let root = tempfile::tempdir().unwrap();
    let office = "protocollo@pec.comune.test";
    let authority = Authority::create(Timestamp::now()).unwrap();
    let provider = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), Timestamp::now()).unwrap();
    let circuit = Circuit::new(&root.path().join("caselle"), [("pec.comune.test".to_owned(), provider)]);
    let house = House::build(root.path(), office, &circuit.maildir(office).unwrap(), authority.certificate_der());
    let rules = root.path().join("regole");
    copy_folder(&self::root().join("rules"), &rules);
    let text = fs::read_to_string(&house.file).unwrap();
    let own = text.replace("prova = true", &format!("prova = true\nregole = \"{}\"", rules.display()));
    fs::write(&house.file, &own).unwrap();
    let config = house.file.to_str().unwrap();
    let (code, out, err) = ask(&["check", "--config", config]);
    assert!(code == Some(0) && out.contains("Procedimenti: 25"), "{out}{err}");
    assert_eq!(ask(&["procedures", "graph", "nido", "--config", config]).0, Some(0));

    let file = rules.join("procedures/nido.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace("\"preferenze\"", "\"conto\"")).unwrap();
    let (_, check, said) = ask(&["check", "--config", config]);
    assert!(said.contains("procedures/nido.toml:") && said.contains("`conto` non è ammessa"), "{check}{said}");
    let (code, _, err) = ask(&["run", "--config", config]);
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("`conto` non è ammessa"), "{err}");

    fs::write(&file, good).unwrap();
    fs::write(&house.file, own.replace("prova = true\n", "")).unwrap();
    let (code, _, err) = ask(&["check", "--config", config]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("procedimento `mensa`: l'ente `gestore_mensa` ha l'indirizzo d'esempio"), "{err}");
}

/// Functions S2.04: the next citizen reads the card as it was edited; a mistake changes nothing and is named with its line.
#[test]
fn an_edited_card_is_read_by_the_next_citizen_and_a_broken_file_by_nobody() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let rules = root.path().join("regole");
    copy_folder(&self::root().join("rules"), &rules);
    let text = fs::read_to_string(&house.file).unwrap();
    fs::write(&house.file, text.replace("prova = true", &format!("prova = true\nregole = \"{}\"", rules.display())))
        .unwrap();
    let service = Daemon::run(&house.file, &root.path().join("log.txt"));
    let cards = || {
        let mut cards = Vec::new();
        // While the service begins there is no register yet.
        let _ = Journal::verify(&house.data, Tail::Open, |record, _| {
            if let Event::Decided(decided) = &record.event {
                let outgoing = decided.decision.outgoing.iter().filter(|letter| letter.template == "scheda");
                cards.extend(outgoing.map(|letter| letter.text.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
        });
        cards
    };
    // Each in words of its own: the same twice is answered once.
    let card = |n: usize, words: &str| {
        let mail = Mail::new("anna.bianchi@cittadini.test").to(OWN).subject("SCHEDA ztl").text(words);
        let mail = mail.compose(Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
        wait_or(|| format!("card {n}:\n{}", service.log()), || cards().into_iter().nth(n))
    };
    let (old, new) = ("Il permesso per la targa che indichi", "Il permesso per due targhe, se abiti nella zona");
    assert!(card(0, "Grazie\n").contains(old));
    let file = rules.join("procedures/ztl.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace(old, new)).unwrap();
    service.signal("HUP");
    service.wait_logged(1, &["event=\"reloaded\""]);
    let read = card(1, "Grazie mille\n");
    assert!(read.contains(new) && !read.contains(old), "{read}");

    let broken = good
        .replace(old, "Un'altra cosa")
        .replace("silenzio     = \"inadempimento\"", "silenzio     = \"inadempimeno\"");
    let line = broken.lines().position(|line| line.contains("inadempimeno")).unwrap() + 1;
    fs::write(&file, broken).unwrap();
    service.signal("HUP");
    service.wait_logged(1, &["event=\"reload_refused\"", &format!("procedures/ztl.toml:{line}")]);
    assert_eq!(card(2, "Di nuovo grazie\n"), read, "as before");
    assert_eq!(service.logged(&["event=\"reloaded\""]), 1);
}

/// Rules of before there were procedures, with offices of their own: what does not fit them is left out, and they still load.
#[test]
fn own_rules_without_procedures_have_the_shipped_ones_that_fit() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("fixtures/procedures-bad/base"), folder.path());
    fs::remove_dir_all(folder.path().join("procedures")).unwrap();
    let dir = folder.path().to_str().unwrap();
    let (code, out, err) = ask(&["procedures", "check", "--dir", dir]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("Procedimenti: 1.") && out.contains("richiesta"), "{out}");
}

#[test]
fn help_teaches_with_an_example() {
    let (code, out, _) = ask(&["procedures", "--help"]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("sportello procedures check --dir regole") && out.contains("cp regole/procedures/ztl.toml"),
        "{out}"
    );
}

//! Changes when documents get their protocol numbers in another way, or what happens while nobody gives any.
//!
//! The protocol system of these scenes is simulated: it takes what lies in the folder, and leaves tables, as a connector would.

use crate::support::{Daemon, House, OWN, Recorder, all_submitted, ask, wait};
use casework::Disposition;
use gestore::{Circuit, Mail};
use jiff::civil::Date;
use serde_json::Value;
use sportello::caseload::ask::{Ask, Documents, Told};
use sportello::caseload::looked::Reader;
use sportello::clock::Clock;
use sportello::config::Config;
use sportello::digest::sha256;
use sportello::store::{Overview, Store};
use sportello::supervise::Service;
use sportello::trial::Trial;
use sportello::world::World;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

const ANNA: &str = "anna.bianchi@cittadini.test";
const MOVES: &str = "Mi sono trasferita in via Verdi 5. Codice fiscale BNCNNA80A41H501R\nAnna Bianchi\n";

/// A Comune whose documents go through a folder.
struct Town {
    root: tempfile::TempDir,
    house: House,
    circuit: Circuit,
}

impl Town {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (house, circuit) = House::on_a_circuit(root.path());
        let mut text = fs::read_to_string(&house.file).unwrap();
        text.push_str(&format!("[protocollo]\ncartella = \"{}\"\n", root.path().join("scambio").display()));
        fs::write(&house.file, text).unwrap();
        Self { root, house, circuit }
    }

    fn out(&self) -> PathBuf {
        self.root.path().join("scambio/da-protocollare")
    }

    /// A mail comes, is worked, and what is written to citizens and offices leaves.
    fn write(&self, subject: &str, text: &str) -> Overview {
        let running = self.house.start(Recorder::default().roads());
        let before = running.overview().messages.len();
        let mail = Mail::new(ANNA).to(OWN).subject(subject).text(text).compose(gestore::Timestamp::now()).unwrap();
        self.circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
        let done = wait("the mail to be worked", || {
            let seen = running.overview();
            (seen.messages.len() > before && all_submitted(&seen)).then_some(seen)
        });
        running.stop();
        done
    }

    /// Looks of a service that does nothing else.
    fn look(&self) {
        let service = Service::open(Config::read(&self.house.file).unwrap(), Trial::skipped(), World::real()).unwrap();
        service.clerk().round().unwrap();
    }

    /// The real program meets this fault, and is stopped.
    fn fails(&self, fault: &str) {
        let log = self.root.path().join(format!("{fault}.log"));
        let service = &mut Daemon::run_with_faults(&self.house.file, fault, &log);
        let fired = |service: &Daemon| service.logged(&["event=\"fault_injected\""]) > 0;
        wait(fault, || (fired(service) || service.has_ended()).then_some(()));
        assert!(fired(service), "{fault}: it ended for another reason:\n{}", service.log());
        service.kill();
    }

    /// What lies in the folder: by digest, what is said of it.
    fn lying(&self) -> Vec<(String, Value)> {
        let mut found: Vec<(String, Value)> = fs::read_dir(self.out())
            .unwrap()
            .map(|entry| {
                let dir = entry.unwrap().path();
                let digest = dir.file_name().unwrap().to_str().unwrap().to_owned();
                assert_eq!(sha256(&fs::read(dir.join("messaggio.eml")).unwrap()), digest, "the bytes themselves");
                let may = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o070;
                assert_eq!(
                    (may(&dir), may(&dir.join("messaggio.eml"))),
                    (0o070, 0o060),
                    "whoever registers may take it"
                );
                let json = serde_json::from_slice(&fs::read(dir.join("documento.json")).unwrap()).unwrap();
                assert!(fs::read_to_string(dir.join("documento.xml")).unwrap().contains(&digest));
                (digest, json)
            })
            .collect();
        found.sort_by_key(|(_, json)| json["DatiDiRegistrazione"]["TipologiaDiFlusso"].to_string());
        found
    }

    /// The simulated protocol system leaves a table.
    fn answers(&self, name: &str, rows: &[String]) {
        self.leave(name, &format!("documento;numero;data;annullato\n{}\n", rows.join("\n")));
    }

    /// A file that nobody writes any more.
    fn leave(&self, name: &str, text: &str) {
        let path = self.root.path().join("scambio/protocollati").join(name);
        fs::write(&path, text).unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    }

    /// What was said of the table that was left last under this name.
    fn report(&self, name: &str) -> String {
        let done = fs::read_dir(self.root.path().join("scambio/protocollati/fatti")).unwrap();
        let mut files: Vec<PathBuf> = done.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.to_string_lossy().ends_with(&format!("{name}.esito.txt")));
        files.sort();
        fs::read_to_string(files.last().unwrap()).unwrap()
    }

    fn say(&self, args: &[&str]) -> (Option<i32>, String) {
        let (code, out, err) = ask(&[args, &["--config", self.house.file.to_str().unwrap()]].concat());
        (code, out + &err)
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let (code, said) = self.say(args);
        assert_eq!(code, Some(0), "{args:?}: {said}");
        said
    }

    fn registrations(&self, which: Documents) -> Vec<(String, casework::protocol::Registration)> {
        let service = Service::open(Config::read(&self.house.file).unwrap(), Trial::skipped(), World::real()).unwrap();
        match service.clerk().tell(&Ask::Protocol { which }, &Reader::default()).unwrap() {
            Told::Protocol { rows, .. } => rows,
            told => panic!("{told:?}"),
        }
    }
}

fn today() -> Date {
    casework::calendar::rome(Clock::System.now()).date()
}

fn row(document: &str, number: u32) -> String {
    format!("{document};{number:07}/{};{};", today().year(), today())
}

/// Functions S3.33: what came and what left are handed over, each once; their numbers come back, and people read and cite them.
#[test]
fn what_comes_and_what_leaves_gets_its_number_once_and_people_cite_it() {
    let town = Town::new();
    let first = town.write("Cambio di residenza", MOVES);
    town.look();
    let [(came, about_came), (left, about_left)] = &town.lying()[..] else { panic!("{:?}", town.lying()) };
    let receipt = first.items.iter().find(|item| item.outgoing.to == ANNA).unwrap();
    assert_eq!((came, left), (&first.messages[0].digest, &receipt.frozen), "tasks to offices are not registered");
    let number = receipt.outgoing.dossier.clone().unwrap();
    let subject = about_came["ChiaveDescrittiva"]["Oggetto"].as_str().unwrap();
    assert!(subject.ends_with(&casework::dossier::tag(&number)) && !subject.contains("via Verdi"), "{subject}");
    assert_eq!(about_came["Agg"]["IdAggregazione"], number.as_str());
    assert_eq!(about_came["Soggetti"]["Ruolo"]["IndirizziDigitaliDiRiferimento"], ANNA);
    assert_eq!(about_left["DatiDiRegistrazione"]["TipologiaDiFlusso"], "U");
    assert!(about_came["DatiDiRegistrazione"]["TipoRegistro"]["Nessuno"].is_object());
    assert!(town.done(&["protocol", "status"]).contains("2 documenti aspettano un numero"));

    // A service that starts again, and one that was stopped while it wrote, hand nothing over twice.
    fs::rename(town.out().join(left), town.root.path().join("preso")).unwrap();
    fs::create_dir_all(town.out().join(format!(".in-scrittura-{left}"))).unwrap();
    town.look();
    assert_eq!(town.lying().len(), 1);
    assert!(!town.out().join(format!(".in-scrittura-{left}")).exists());

    town.answers("oggi.csv", &[row(came, 4567), row(left, 4568)]);
    town.look();
    let said = town.report("oggi.csv");
    assert!(said.contains("righe fatte 2, righe rifiutate 0"), "{said}");
    assert!(town.lying().is_empty(), "what has its number is taken away");
    assert!(town.done(&["protocol", "list"]).contains("Nessun documento aspetta"));
    town.answers("oggi.csv", &[row(came, 4567)]);
    town.look();
    assert!(town.report("oggi.csv").contains("ha già il protocollo 0004567"), "{}", town.report("oggi.csv"));

    // The number that the citizen cites is the dossier's, for its party.
    let year = today().year();
    let after = town.write(&format!("A che punto è il vostro prot. n. 4567/{year}?"), "Grazie\n");
    let status = after.items.iter().find(|item| item.outgoing.template == "stato-pratica").expect("a status");
    assert_eq!(status.outgoing.dossier.as_deref(), Some(number.as_str()));
    assert!(status.outgoing.text.contains(&format!("Protocollo: 0004567/{year}")), "{}", status.outgoing.text);
    let index = town.write(&format!("FASCICOLO {number}"), "Grazie\n");
    assert!(index.items.iter().any(|item| item.outgoing.template == "indice-fascicolo"));

    let shown = town.done(&["dossier", "show", &number]);
    assert!(shown.contains("0004567") && shown.contains("0004568"), "{shown}");

    let bundle = town.root.path().join("prove.zip");
    town.done(&["evidence", &format!("prot. 4567/{year}"), "--out", bundle.to_str().unwrap()]);
    assert!(bundle.exists());

    // The register alone says all of it: an index that is built anew, the replay of past mail, the export of the dossier.
    let rebuilt = Store::rebuild(&town.house.data, Clock::System.now()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
    town.done(&["rules", "replay", "--fail-on", "changed=0"]);
    let zip = town.root.path().join("fascicolo.zip");
    town.done(&["export", &number, "--out", zip.to_str().unwrap()]);
    let dir = town.root.path().join("fascicolo");
    fs::create_dir(&dir).unwrap();
    let unzip = Command::new("unzip").args(["-q", zip.to_str().unwrap()]).current_dir(&dir).status().unwrap();
    assert!(unzip.success());
    let xml = fs::read_to_string(dir.join("metadati.xml")).unwrap();
    for number in ["0004567", "0004568"] {
        assert!(xml.contains(&format!("<NumeroProtocolloDocumento>{number}</NumeroProtocolloDocumento>")), "{xml}");
    }
}

/// The real program dies, or meets an error, at every step of the exchange: nothing is lost, nothing has two numbers.
#[test]
fn every_step_of_the_exchange_may_fail() {
    let steps = ["copy", "whole", "asked", "number", "away", "take"];
    for action in ["kill", "error"] {
        let town = Town::new();
        let first = town.write("Cambio di residenza", MOVES);
        let receipt = first.items.iter().find(|item| item.outgoing.to == ANNA).unwrap();
        let documents = [first.messages[0].digest.clone(), receipt.frozen.clone()];
        let mut numbers: [Option<u32>; 2] = [None, None];
        for (n, step) in (0..).zip(steps) {
            let what = format!("exchange.{step}={action}");
            // What has a number loses it, and waits again.
            let of = |number: &Option<u32>, document| number.map(|number| row(document, number) + "si");
            let annulled: Vec<String> = numbers.iter().zip(&documents).filter_map(|(n, of_it)| of(n, of_it)).collect();
            if !annulled.is_empty() {
                town.answers(&format!("annulla-{step}.csv"), &annulled);
            }
            let next = [100 + 2 * n, 101 + 2 * n];
            let rows: Vec<String> = next.iter().zip(&documents).map(|(number, of)| row(of, *number)).collect();
            let is_handing = matches!(step, "copy" | "whole" | "asked");
            if !is_handing {
                town.look();
                town.answers(&format!("numeri-{step}.csv"), &rows);
            }
            town.fails(&what);
            town.look();
            if is_handing {
                let lying: Vec<String> = town.lying().into_iter().map(|(digest, _)| digest).collect();
                assert_eq!(lying.len(), 2, "{what}: {lying:?}");
                town.answers(&format!("numeri-{step}.csv"), &rows);
                town.look();
            }
            assert!(town.lying().is_empty(), "{what}: {:?}", town.lying());
            assert!(town.report(&format!("numeri-{step}.csv")).contains("righe fatte 2, righe rifiutate 0"), "{what}");
            assert!(town.registrations(Documents::Waiting).is_empty(), "{what}");
            numbers = next.map(Some);
        }
        let rebuilt = Store::rebuild(&town.house.data, Clock::System.now()).unwrap();
        assert_eq!(rebuilt.before, rebuilt.after);
    }
}

/// DPR 445/2000 art. 63: two interruptions, one sequence of numbers; each document then gets its lasting number beside the other.
#[test]
fn an_interruption_is_numbered_by_us_and_settled_afterwards() {
    let town = Town::new();
    town.write("Cambio di residenza", MOVES);
    town.look();
    let open = ["protocol", "emergency", "open", "--by", "Ada Neri", "--why"];
    assert!(town.done(&[&open[..], &["guasto del server"]].concat()).contains("il primo numero è 0000001"));
    assert_eq!(town.say(&[&open[..], &["ancora"]].concat()).0, Some(1), "it is open");
    town.look();
    let documents = town.registrations(Documents::Waiting);
    let numbers: Vec<u32> = documents.iter().map(|(_, of)| of.emergency.unwrap().number).collect();
    assert_eq!(numbers, [1, 2]);
    // What lies in the folder says so by now.
    for (digest, about) in town.lying() {
        let of = &about["DatiDiRegistrazione"]["TipoRegistro"]["ProtocolloOrdinario_ProtocolloEmergenza"];
        assert_eq!(of["CodiceRegistro"], "EMERGENZA");
        let own = documents.iter().find(|(of, _)| *of == digest).unwrap().1.emergency.unwrap();
        assert_eq!(of["NumeroProtocolloDocumento"], format!("{:07}", own.number));
    }
    let number = documents[0].1.dossier.clone().unwrap();
    let asked = town.write(&format!("STATO {number}"), "Grazie\n");
    let status = asked.items.iter().find(|item| item.outgoing.template == "stato-pratica").unwrap();
    assert!(status.outgoing.text.contains("0000001/") && status.outgoing.text.contains("registro di emergenza"));
    assert!(town.done(&["protocol", "status"]).contains("REGISTRO DI EMERGENZA aperto"));
    town.done(&["protocol", "emergency", "close", "--by", "Ada Neri"]);
    // What the interruption left without a number has none of that register.
    town.look();
    let open_ones = town.registrations(Documents::Waiting);
    assert_eq!(open_ones.iter().filter(|(_, of)| of.emergency.is_none()).count(), 2, "the question and its answer");

    town.done(&[&open[..], &["rete interrotta"]].concat());
    town.look();
    town.done(&["protocol", "emergency", "close", "--by", "Ada Neri"]);
    let all = town.registrations(Documents::InEmergency);
    assert_eq!(all.iter().map(|(_, of)| of.emergency.unwrap().number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let rows: Vec<String> = (500..).zip(&all).map(|(n, (document, _))| row(document, n)).collect();
    town.answers("dopo.csv", &rows);
    town.answers("dopo-ancora.csv", &rows);
    town.look();
    assert!(town.report("dopo.csv").contains("righe fatte 4, righe rifiutate 0"), "{}", town.report("dopo.csv"));
    assert!(town.registrations(Documents::Waiting).is_empty() && town.lying().is_empty());
    let settled = town.registrations(Documents::InEmergency);
    let both: Vec<(u32, u32)> =
        settled.iter().map(|(_, of)| (of.emergency.unwrap().number, of.number.unwrap().number)).collect();
    assert_eq!(both, [(1, 500), (2, 501), (3, 502), (4, 503)], "none lost, none doubled");
    let register = town.done(&["protocol", "emergency", "list"]);
    for part in ["guasto del server", "rete interrotta", &format!("{}: 4", today()), "chiuso"] {
        assert!(register.contains(part), "{part}: {register}");
    }
    let rebuilt = Store::rebuild(&town.house.data, Clock::System.now()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

/// An answer that cannot be true is refused with its line, and changes nothing.
#[test]
fn an_answer_that_cannot_be_true_is_refused_with_its_line() {
    let town = Town::new();
    town.write("Cambio di residenza", MOVES);
    town.look();
    let documents: Vec<String> = town.lying().into_iter().map(|(digest, _)| digest).collect();
    let [came, left] = &documents[..] else { panic!("{documents:?}") };
    let tomorrow = today().tomorrow().unwrap();
    let year = today().year();
    town.answers(
        "strani.csv",
        &[
            row(came, 10),
            row(left, 10),
            format!("{};11;{};", "0".repeat(64), today()),
            format!("{left};12;{tomorrow};"),
            format!("{left};13;01/01/2020;"),
            format!("{left};14/{};{};", year - 1, today()),
            format!("{left};quindici;{};", today()),
            format!("{came};16;{};", today()),
            format!("{};17;{};", &left[..6], today()),
        ],
    );
    town.leave(
        "persone.json",
        r#"[{"codice_fiscale":"RSSMRA80A01H501U","nome":"Mario Rossi","pec":"mario@pec.example"}]"#,
    );
    town.look();
    let said = town.report("strani.csv");
    assert!(said.contains("righe fatte 1, righe rifiutate 8"), "{said}");
    for (line, why) in [
        (3, "è già del documento"),
        (4, "nessun documento"),
        (5, "deve ancora venire"),
        (6, "viene prima del documento"),
        (7, "non è dell'anno"),
        (8, "non è un numero di protocollo"),
        (9, "prima va annullato"),
        (10, "almeno 8 cifre"),
    ] {
        let refused = said.lines().find(|row| row.contains(&format!("strani.csv:{line} "))).unwrap_or_default();
        assert!(refused.starts_with("RIFIUTATA") && refused.contains(why), "{line} {why}: {said}");
    }
    assert!(town.report("persone.json").contains("in questa cartella questo non si può lasciare"));
    assert_eq!(town.say(&["person", "show", "RSSMRA80A01H501U"]).0, Some(1), "nobody came in by this folder");

    // A wrong number is annulled where it was given: it is no other's, and the document gets a new one.
    let by = ["--date", &today().to_string(), "--by", "Ada Neri"];
    town.done(&[&["protocol", "annul", &came[..12], "10"], &by[..]].concat());
    town.look();
    assert_eq!(town.lying().len(), 2, "it is asked for again");
    let (code, said) = town.say(&[&["protocol", "set", &left[..12], "10"], &by[..]].concat());
    assert!(code == Some(1) && said.contains("è già del documento"), "{said}");
    town.done(&[&["protocol", "set", &came[..12], "20"], &by[..]].concat());
    town.done(&[&["protocol", "set", &left[..12], &format!("0000021/{year}")], &by[..]].concat());
    assert!(town.registrations(Documents::Waiting).is_empty());
}

/// Receipts belong to their letter, advertising and our own offices are exceptions (art. 53 c. 5); nothing is handed over, nor counted,
/// where no protocol is configured.
#[test]
fn only_what_the_law_wants_is_registered_and_nothing_where_nobody_asked() {
    let town = Town::new();
    let with = fs::read_to_string(&town.house.file).unwrap();
    fs::write(&town.house.file, with.split("[protocollo]").next().unwrap()).unwrap();
    town.write("Cambio di residenza", MOVES);
    assert!(town.done(&["protocol", "status"]).contains("non configurato"));
    assert!(town.say(&["protocol", "emergency", "open", "--by", "A", "--why", "b"]).1.contains("[protocollo]"));
    // Nor while the service only observes: the office registers its mail as it did before.
    fs::write(&town.house.file, with.replacen("[invio.pec]", "[invio]\nmodo = \"osserva\"\n[invio.pec]", 1)).unwrap();
    town.look();
    assert!(!town.out().exists());
    // From the day on which it is configured, and what is older is not asked for.
    fs::write(&town.house.file, with).unwrap();
    town.look();
    assert!(town.lying().is_empty());
    let offer = "Offerta imperdibile: scopri il nostro catalogo, sconto del 50% su tutti i prodotti, clicca qui per disiscriverti\n";
    let seen = town.write("Promozione: sconto 50% sulle stampanti, offerta commerciale", offer);
    let kind = |message: &sportello::store::rows::MessageRow| match &message.disposition {
        Disposition::Request { kind, .. } => kind.code(),
        _ => "",
    };
    assert_eq!(kind(seen.messages.last().unwrap()), "spam");
    town.look();
    assert!(town.lying().is_empty(), "{:?}", town.lying());
}

//! Changes when a citizen's data change in another way (functions S2.17, S4.01). The whole service.

use crate::decide::ANNA;
use crate::enquiry::{CODE, flat};
use crate::support::{House, OWN, Recorder, ask, wait};
use casework::Disposition;
use gestore::Mail;

const OLD: &str = "IT60X0542811101000000123456";
const NEW: &str = "IT41W8000000292100645211151";

/// Two mails of the citizen, a request and a code; the rest is the office's.
#[test]
fn a_new_account_takes_two_mails_of_the_citizen_and_the_word_of_two_people() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    house.start(Recorder::default().roads()).stop();
    let say = |args: &[&str]| ask(&[args, &["--config", house.file.to_str().unwrap()]].concat());
    let done = |args: &[&str]| {
        let (code, out, err) = say(args);
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let person = ["person", "add", "--cf", CODE, "--name", "Anna Bianchi", "--address", ANNA, "--source", "inad"];
    let datum = format!("iban={OLD}");
    done(&[&person[..], &["--data", &datum, "--office", "ragioneria", "--by", "Ada Neri"]].concat());
    let running = house.start(Recorder::default().roads());
    let send = |subject: &str, text: &str| {
        let mail = Mail::new(ANNA).display_name("Anna Bianchi").to(OWN).subject(subject).text(text);
        let mail = mail.compose(gestore::Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    };
    let sent = |template: &str| {
        wait(template, || {
            let items = running.overview().items;
            items.into_iter().find(|item| item.outgoing.template == template).map(|item| item.outgoing)
        })
    };
    let held = || done(&["person", "show", CODE]);

    send(
        "Nuovo IBAN",
        &format!("Comunico il nuovo iban per i miei rimborsi: {NEW}\nCodice fiscale {CODE}\nAnna Bianchi\n"),
    );
    let asked = sent("conferma-modifica");
    assert_eq!(asked.to, ANNA);
    let number = asked.dossier.clone().unwrap();
    let office = running.overview().dossiers.iter().find(|of| of.number == number).unwrap().office.clone();
    let by = |who: &'static str| ["--by", who, "--office", &office, "--role", "responsabile"].map(str::to_owned);
    let order = |words: &[&str], who: &'static str| {
        let by = by(who);
        let by: Vec<&str> = by.iter().map(String::as_str).collect();
        say(&[&["dossier"], words, &by].concat())
    };
    let (code, _, err) = order(&["approve", &number, "1"], "Ada Neri");
    assert!(code != Some(0), "nobody approves what the citizen has not confirmed: {err}");

    let secret = asked.text.lines().find(|line| line.starts_with("CONFERMO ")).unwrap();
    send(&format!("Re: {}", asked.subject), &format!("{secret}\n"));
    let change = || {
        let dossiers = running.overview().dossiers;
        dossiers.into_iter().find(|of| of.number == number).unwrap().life.changes.remove(0)
    };
    wait("the confirmation", || (change().state == casework::data_change::State::Confirmed).then_some(()));
    let (code, out, err) = order(&["approve", &number, "1"], "Ada Neri");
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(held().contains(OLD) && !held().contains(NEW), "one alone changes nothing");
    let (code, _, err) = order(&["approve", &number, "1"], "Ada Neri");
    assert!(code != Some(0), "nor one twice: {err}");
    let (code, out, err) = order(&["approve", &number, "1"], "Bruno Conti");
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(held().contains(NEW), "{}", held());
    for words in [&["do", &number, "registra"][..], &["do", &number, "prendi_in_carico"]] {
        order(words, "Ada Neri"); // where the receipt has gone already, the first of them is not lawful
    }
    let (code, out, err) = order(&["do", &number, "accogli", "--point", "Il conto è di Anna Bianchi."], "Ada Neri");
    assert_eq!(code, Some(0), "{out}{err}");
    let outcome = sent("esito");
    assert!(outcome.to == ANNA && flat(&outcome).contains(NEW), "{}", outcome.text);

    let overview = running.overview();
    let is_hers = |disposition: &Disposition| !matches!(disposition, Disposition::Receipt { .. });
    assert_eq!(overview.messages.iter().filter(|message| is_hers(&message.disposition)).count(), 2);
    assert_eq!(overview.dossiers.len(), 1);
    running.stop();
}

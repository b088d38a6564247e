//! Changes when a citizen may choose to hear of something else, or less (function S2.09).

use crate::decide::{ANNA, decide, mail, nothing};
use crate::enquiry::{STRANGER, flat, letter, letters};
use crate::support::{House, OWN, Recorder, ask, wait};
use casework::Change;
use casework::person::{Entry, Notices};
use gestore::Mail;

/// A party of whom the register has nothing but the address.
const NEIGHBOUR: &str = "vicina@cittadini.test";
const MAIL: &str = "dopo = [{ fa = \"mail\", modello = \"avviso-pratica\", se_fallisce = \"avvisa\" }]\n";

#[test]
fn a_choice_is_written_of_who_is_known_and_the_letter_says_what_goes_in_any_case() {
    for (subject, wanted) in [("SOLO AVVISI ESSENZIALI", Notices::Essential), ("Tutti gli avvisi", Notices::All)] {
        let mut known = crate::enquiry::world(vec![]);
        let before = if wanted == Notices::All { Notices::Essential } else { Notices::All };
        known.people[0].notices = before;
        let chosen = decide(mail(ANNA, subject, "Grazie\n"), known.clone());
        let told = flat(letter(&chosen, "avvisi-scelti"));
        assert!(
            told.contains("ti scriviamo sempre") && told.contains("Il preavviso, se stiamo per dirti di no"),
            "{told}"
        );
        assert_eq!(
            told.contains("solo gli avvisi essenziali. Non ti scriviamo più"),
            wanted == Notices::Essential,
            "{told}"
        );
        let [Change::Person { entry: Entry::NoticesChosen { notices }, .. }] = chosen.changes.as_slice() else {
            panic!("{:?}", chosen.changes)
        };
        assert_eq!(*notices, wanted);
        // Chosen already: it is said again, and nothing is written.
        known.people[0].notices = wanted;
        let again = decide(mail(ANNA, subject, "Grazie\n"), known);
        assert!(again.changes.is_empty() && letters(&again).len() == 1);
    }
    let stranger = decide(mail(STRANGER, "SOLO AVVISI ESSENZIALI", ""), nothing());
    letter(&stranger, "come-farti-riconoscere");
    assert!(stranger.changes.is_empty());
    let machine = mail(ANNA, "SOLO AVVISI ESSENZIALI", "").header("Auto-Submitted", "auto-replied");
    assert!(decide(machine, crate::enquiry::world(vec![])).changes.is_empty(), "a machine chooses nothing");
}

/// The whole way: the choice by mail, a step that only the file tells, one that the law tells, and the choice taken back.
#[test]
fn a_choice_silences_what_only_the_file_wants_told_through_the_whole_service() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    house.rules(root.path(), |file, text| match file {
        "richiesta.toml" => text.replace("[stato.in_lavorazione]\n", &format!("[stato.in_lavorazione]\n{MAIL}")),
        _ => text,
    });

    let running = house.start(Recorder::default().roads());
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", house.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let code = crate::enquiry::CODE;
    let who = ["person", "add", "--cf", code, "--name", "Anna Bianchi", "--by", "Ada Neri"];
    say(&[&who[..], &["--address", ANNA, "--source", "inad"]].concat());
    let parties = [format!("{code},Anna Bianchi,{ANNA}"), format!(",Vicina,{NEIGHBOUR}")];
    let open = ["dossier", "open", "--procedure", "richiesta", "--subject", "Verifica", "--office", "tributi"];
    let of = ["--party", &parties[0], "--party", &parties[1], "--by", "Ada Neri", "--told"];
    let out = say(&[&open[..], &of].concat());
    let number = out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned();
    let send = |subject: &str| {
        let mail =
            Mail::new(ANNA).to(OWN).subject(subject).text("Grazie\n").compose(gestore::Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    };
    let to = |who: &str, template: &str| {
        let items = running.overview().items;
        items.iter().filter(|item| item.outgoing.template == template && item.outgoing.to == who).count()
    };
    let by = ["--by", "Ada Neri", "--office", "tributi", "--role", "responsabile"];
    let act = |more: &[&str]| say(&[&["dossier", "do", &number][..], more, &by].concat());

    send("SOLO AVVISI ESSENZIALI");
    wait("the choice", || (to(ANNA, "avvisi-scelti") == 1).then_some(()));
    assert!(say(&["person", "show", code]).contains("solo gli avvisi essenziali"));
    act(&["prendi_in_carico"]);
    assert_eq!((to(ANNA, "avviso-pratica"), to(NEIGHBOUR, "avviso-pratica")), (0, 1));
    act(&["chiedi_integrazione", "--point", "la planimetria", "--not-held"]);
    assert_eq!(to(ANNA, "richiesta-integrazione"), 1, "what the law wants goes");
    send("TUTTI GLI AVVISI");
    wait("the choice taken back", || (to(ANNA, "avvisi-scelti") == 2).then_some(()));
    act(&["riprendi"]);
    assert_eq!((to(ANNA, "avviso-pratica"), to(NEIGHBOUR, "avviso-pratica")), (1, 2));
    running.stop();
}

//! Changes when a citizen may be told of another thing that ends (function S2.21).

use crate::decide::{ANNA, decide, mail, nothing};
use crate::enquiry::{CODE, STRANGER, flat, letter, letters};
use crate::support::{House, OWN, Recorder, Running, ask, wait};
use casework::Change;
use casework::dossier::State;
use casework::guard::SENDER_A_DAY_MAX;
use casework::person::{Asked, Entry, Notices};
use casework::validity::Validity;
use gestore::{Mail, Timestamp};
use jiff::SignedDuration;

const ON: &str = "AVVISAMI DELLE SCADENZE";
const OFF: &str = "NON AVVISARMI";
/// Another, who renews in time.
const MARIO: &str = "RSSMRA80A01H501U";
const HIS: &str = "mario.rossi@cittadini.test";

/// What a message chooses; it does nothing else.
fn chosen(changes: &[Change]) -> Option<Option<Asked>> {
    match changes {
        [] => None,
        [Change::Person { entry: Entry::ExpiriesChosen { asked }, .. }] => Some(asked.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_choice_is_kept_with_its_message_and_day_and_the_letter_says_how_to_undo_it() {
    let mut known = crate::enquiry::world(vec![]);
    let on = decide(mail(ANNA, ON, "Grazie\n"), known.clone());
    let told = flat(letter(&on, "avvisi-scadenze"));
    assert!(told.contains("Per smettere, scrivi nell'oggetto: NON AVVISARMI"), "{told}");
    let asked = chosen(&on.changes).unwrap().unwrap();
    assert_eq!(asked.message, known.digest);
    assert!(told.contains(&casework::calendar::in_words(asked.day())), "{told}");
    // Wanted already: it is said again, with the day of the first message, and nothing is written.
    known.people[0].expiries = Some(Asked { at: crate::enquiry::before(), message: "f".repeat(64) });
    let again = decide(mail(ANNA, ON, "Grazie\n"), known.clone());
    assert_eq!(chosen(&again.changes), None);
    assert!(flat(letter(&again, "avvisi-scadenze")).contains("lunedì 12 gennaio 2026"));
    let off = decide(mail(ANNA, "", "Non avvisarmi più\n"), known.clone());
    assert_eq!(chosen(&off.changes), Some(None));
    assert!(flat(letter(&off, "avvisi-scadenze")).contains("scrivi nell'oggetto: AVVISAMI DELLE SCADENZE"));
    // Whoever wants no more letters is heard also when no more answers go that day.
    known.traffic.to_sender = vec![("aiuto".into(), None); SENDER_A_DAY_MAX as usize];
    let quiet = decide(mail(ANNA, OFF, ""), known.clone());
    assert_eq!((chosen(&quiet.changes), letters(&quiet).len()), (Some(None), 0));
    known.people[0].expiries = None;
    assert_eq!(chosen(&decide(mail(ANNA, ON, ""), known.clone()).changes), None, "a person answers");
    // Who wants essential notices alone is silenced whatever came first; so is who takes the address back.
    known.people[0].notices = Notices::Essential;
    known.people[0].expiries = Some(Asked { at: crate::enquiry::before(), message: "f".repeat(64) });
    known.traffic.to_sender.clear();
    let essential = decide(mail(ANNA, "SOLO AVVISI ESSENZIALI", ""), known.clone());
    let [Change::Person { entry, .. }] = &essential.changes[..] else { panic!("{:?}", essential.changes) };
    let mut she = known.people[0].clone();
    she.apply(entry, known.now);
    assert_eq!(she.expiries, None);
    let revoked = decide(mail(ANNA, "REVOCA", ""), known.clone());
    assert_eq!(chosen(&revoked.changes), Some(None), "listed, so the address itself stays");
    assert!(flat(letter(&revoked, "revoca")).contains("Gli avvisi prima delle scadenze"));
    // What she has already, and ends, stands in the answer; what is another's, or over, does not.
    let granted = |number: &str, until: &str, who: &str| {
        let mut dossier = crate::enquiry::dossier(number, ANNA);
        dossier.state = State::Accolta;
        dossier.cover.people[0].person = who.into();
        dossier.life.validity = Some(Validity { until: until.parse().unwrap(), tell_on: None, rate: None });
        dossier
    };
    let own = vec![
        granted("2026/000011", "2027-03-01", CODE),
        granted("2026/000012", "2026-01-01", CODE),
        granted("2026/000013", "2027-03-01", "RSSMRA80A01H501U"),
    ];
    let told = flat(letter(&decide(mail(ANNA, ON, ""), crate::enquiry::world(own)), "avvisi-scadenze"));
    assert!(told.contains("fascicolo 2026/000011-CT: ultimo giorno lunedì 1° marzo 2027"), "{told}");
    assert!(!told.contains("2026/000012") && !told.contains("2026/000013"), "{told}");
    // Nobody chooses for another, and no machine chooses.
    let stranger = decide(mail(STRANGER, ON, ""), nothing());
    letter(&stranger, "come-farti-riconoscere");
    assert!(stranger.changes.is_empty());
    let machine = mail(ANNA, ON, "").header("Auto-Submitted", "auto-replied");
    assert!(decide(machine, crate::enquiry::world(vec![])).changes.is_empty());
}

/// What the letter offers to write for a renewal is a request, and no question about the service.
#[test]
fn the_mail_that_renews_is_a_request() {
    let subject = "NUOVA Permesso per la zona a traffico limitato";
    let empty = decide(mail(ANNA, subject, ""), crate::enquiry::world(vec![]));
    assert!(letters(&empty).iter().any(|letter| letter.template == "modulo"), "{:?}", empty.disposition);
    let renewal =
        decide(mail(ANNA, subject, "Chiedo il rinnovo per la targa AB123CD.\n"), crate::enquiry::world(vec![]));
    let opens = |change: &casework::Change| matches!(change, casework::Change::Opened { dossier } if dossier.cover.procedure == "ztl");
    assert!(renewal.changes.iter().any(opens), "{:?}", renewal.disposition);
    assert!(renewal.outgoing.iter().any(|letter| letter.lane == casework::Lane::Internal), "an office hears of it");
}

/// The whole way, with the real register and outbox: she asks, has a permit, and eleven months later one notice; she stops it, and
/// of the next permit she hears nothing.
#[test]
fn a_permit_that_ends_is_told_once_to_who_asked_and_never_after_she_stopped_it() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", house.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let by = ["--by", "Ada Neri", "--office", "mobilita", "--role", "responsabile"];
    let permit = |subject: &str, party: &str, acts: &[&[&str]]| {
        let open = ["dossier", "open", "--procedure", "ztl", "--subject", subject, "--office", "mobilita"];
        let out = say(&[&open[..], &["--party", party, "--by", "Ada Neri", "--told"]].concat());
        let number =
            out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned();
        for act in acts {
            say(&[&["dossier", "do", &number][..], act, &by].concat());
        }
        number
    };
    let granted: &[&[&str]] = &[&["prendi_in_carico"], &["accogli", "--point", "La targa è in regola."]];
    let hers = format!("{CODE},Anna Bianchi,{ANNA},richiedente");
    let his = format!("{MARIO},Mario Rossi,{HIS},richiedente");
    let send = |from: &str, subject: &str, at: Timestamp| {
        let mail = Mail::new(from).to(OWN).subject(subject).text("Grazie\n").compose(at).unwrap();
        circuit.send_at(&mail.mail_from, &mail.rcpt_to, &mail.raw, at).unwrap();
    };
    let to = |running: &Running, who: &str, template: &str| {
        let items = running.overview().items;
        items.iter().filter(|it| it.outgoing.template == template && it.outgoing.to == who).count()
    };
    let to_her = |running: &Running, template: &str| to(running, ANNA, template);
    let days = |at: Timestamp, days: i64| at.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
    let history = |number: &str| say(&["dossier", "show", number]).split_whitespace().collect::<Vec<_>>().join(" ");

    let began = Timestamp::now();
    let running = house.start(Recorder::default().roads());
    for (code, name, address) in [(CODE, "Anna Bianchi", ANNA), (MARIO, "Mario Rossi", HIS)] {
        let who = ["person", "add", "--cf", code, "--name", name, "--by", "Ada Neri"];
        say(&[&who[..], &["--address", address, "--source", "inad"]].concat());
        send(address, ON, began);
        wait("the choice", || (to(&running, address, "avvisi-scadenze") == 1).then_some(()));
    }
    assert!(say(&["person", "show", CODE]).contains("vuole un avviso prima, chiesto il"));
    let first = permit("Permesso per AB123CD", &hers, granted);
    let renewed = permit("Permesso per GH789IL", &his, granted);
    permit("Rinnovo per GH789IL", &his, &[]);
    assert!(history(&first).contains("quello che è stato dato vale fino al"), "{}", history(&first));
    running.stop();

    // The notice is due 335 or 336 days later; the service stands still for some weeks, and tells while it holds.
    let later = days(began, 345);
    let running = house.start_at(Recorder::default().roads(), later);
    wait("the notice", || (to_her(&running, "avviso-scadenza") == 1).then_some(()));
    assert!(history(&first).contains("avvisato chi ha chiesto"), "{}", history(&first));
    wait("his day", || history(&renewed).contains("ha già una pratica aperta per il rinnovo").then_some(()));
    assert_eq!(to(&running, HIS, "avviso-scadenza"), 0, "he renews it already");
    say(&[&["person", "quiet", MARIO][..], &by].concat());
    assert!(!say(&["person", "show", MARIO]).contains("vuole un avviso prima, chiesto il"), "his office has heard him");
    let second = permit("Permesso per EF456GH", &hers, granted);
    send(ANNA, OFF, later);
    wait("the choice taken back", || (to_her(&running, "avvisi-scadenze") == 2).then_some(()));
    assert!(!say(&["person", "show", CODE]).contains("vuole un avviso prima, chiesto il"), "it is off");
    running.stop();

    for n in [690, 1_100] {
        let running = house.start_at(Recorder::default().roads(), days(began, n));
        wait("the day", || history(&second).contains("chi ha chiesto non vuole avvisi").then_some(()));
        assert_eq!(to_her(&running, "avviso-scadenza"), 1, "of the first one alone, and once");
        running.stop();
    }
}

/// The whole way, with restarts: she pays in two parts, hears of each once and where it is paid; what she stops before the second one of
/// another plan is stopped.
#[test]
fn a_part_to_be_paid_is_told_once_also_after_restarts() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", house.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let send = |subject: &str, at: Timestamp| {
        let mail = Mail::new(ANNA).to(OWN).subject(subject).text("Grazie\n").compose(at).unwrap();
        circuit.send_at(&mail.mail_from, &mail.rcpt_to, &mail.raw, at).unwrap();
    };
    let told = |running: &Running, template: &str| {
        let items = running.overview().items;
        items.iter().filter(|it| it.outgoing.template == template && it.outgoing.to == ANNA).count()
    };
    let began = Timestamp::now();
    let days = |days: i64| began.checked_add(SignedDuration::from_hours(24 * days)).unwrap();
    // The last day of the first part: of the month in which this one falls.
    let first = casework::calendar::rome(days(60)).date().last_of_month();
    let after = |day: jiff::civil::Date| casework::calendar::rome(began).date().until(day).unwrap().get_days();

    let running = house.start(Recorder::default().roads());
    say(&[
        "person",
        "add",
        "--cf",
        CODE,
        "--name",
        "Anna Bianchi",
        "--by",
        "Ada Neri",
        "--address",
        ANNA,
        "--source",
        "inad",
    ]);
    send(ON, began);
    wait("the choice", || (told(&running, "avvisi-scadenze") == 1).then_some(()));
    let party = format!("{CODE},Anna Bianchi,{ANNA},richiedente");
    let open = ["dossier", "open", "--procedure", "rateizzazione", "--subject", "Tari 2025", "--office", "tributi"];
    let out = say(&[&open[..], &["--party", &party, "--by", "Ada Neri", "--told"]].concat());
    let number = out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned();
    let by = ["--by", "Ada Neri", "--office", "tributi", "--role", "responsabile"];
    say(&[&["dossier", "do", &number, "prendi_in_carico"], &by[..]].concat());
    let plan = format!("Rate: 3, dal {:02}/{:02}/{}", first.day(), first.month(), first.year());
    say(&[&["dossier", "do", &number, "accogli", "--point", &plan], &by[..]].concat());
    let history = || say(&["dossier", "show", &number]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(history().contains("3 rate, una al mese; la prima entro"), "{}", history());
    running.stop();

    for (on, letters) in [(after(first) - 9, 1), (after(first) - 9, 1), (after(first) - 2, 1), (after(first) + 25, 2)] {
        let running = house.start_at(Recorder::default().roads(), days(on.into()));
        wait("the notice", || (told(&running, "avviso-rata") == letters).then_some(()));
        running.stop();
    }
    assert!(history().contains("avvisato chi ha chiesto: la rata 2 sta per scadere"), "{}", history());
    let running = house.start_at(Recorder::default().roads(), days((after(first) + 26).into()));
    send(OFF, days((after(first) + 26).into()));
    wait("the choice taken back", || (told(&running, "avvisi-scadenze") == 2).then_some(()));
    running.stop();
    let running = house.start_at(Recorder::default().roads(), days((after(first) + 55).into()));
    wait("the day", || history().contains("nessun avviso della rata 3: chi ha chiesto non vuole avvisi").then_some(()));
    assert_eq!(told(&running, "avviso-rata"), 2);
    running.stop();
}

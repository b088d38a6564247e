//! Changes when an address comes to be a citizen's in another way (functions S0.06, S0.07).

use crate::decide::{ANNA, bench, decide, decide_at, has_reason, mail, nothing};
use crate::enquiry::{CODE, STRANGER, before, flat, letter, letters, tasks};
use crate::support::{House, OWN, Recorder, ask, wait};
use casework::act::{Act, Done, Order};
use casework::decision::Lane;
use casework::dossier::{Dossier, State};
use casework::known::Own;
use casework::life::Entry;
use casework::person::change::{NewPerson, register};
use casework::person::{Kind as PersonKind, Person, Scope, Source};
use casework::refused::Refused;
use casework::verb::Verb;
use casework::{Change, Decision, Disposition, Known};
use gestore::Mail;

/// The address that Anna wants to use.
const NEW: &str = "anna.nuova@cittadini.test";

/// A dossier that a decision has opened, as the register holds it after the decision.
fn opened(decision: &Decision) -> Dossier {
    let first = decision.changes.iter().find_map(|change| match change {
        Change::Opened { dossier } => Some(dossier.clone()),
        _ => None,
    });
    let mut dossier = first.unwrap_or_else(|| panic!("nothing opened: {:?}", decision.trail));
    applied(&mut dossier, &decision.changes);
    dossier
}

fn applied(dossier: &mut Dossier, changes: &[Change]) {
    for change in changes {
        if let Change::Entered { entry, .. } = change {
            dossier.apply(entry, bench().now);
        }
    }
}

fn steps(decision: &Decision) -> usize {
    let is_step = |change: &&Change| matches!(change, Change::Entered { entry: Entry::Enabling { .. }, .. });
    decision.changes.iter().filter(is_step).count()
}

/// A request and its code, in a dossier that is open.
struct Asked {
    dossier: Dossier,
    secret: String,
    subject: String,
}

fn asked() -> Asked {
    let decision = decide(mail(NEW, &format!("ABILITAMI {CODE}"), "Grazie\n"), nothing());
    let told = letter(&decision, "conferma-abilitazione");
    assert!(told.to == NEW && tasks(&decision) == 1, "the office hears of it at once");
    let secret = told.text.lines().find(|line| line.starts_with("CONFERMO ")).unwrap().to_owned();
    let journal = serde_json::to_string(&decision.changes).unwrap();
    assert!(!journal.contains(secret.trim_start_matches("CONFERMO ")), "the register keeps no secret");
    Asked { dossier: opened(&decision), secret, subject: format!("Re: {}", told.subject) }
}

impl Asked {
    fn known(&self) -> Known {
        Known {
            dossiers: vec![self.dossier.clone()],
            thread: Some(self.dossier.number.clone()),
            answers_ours: true,
            ..nothing()
        }
    }

    fn back(&self, from: &str, text: &str) -> Decision {
        decide(mail(from, &self.subject, &format!("{text}\n")), self.known())
    }

    /// It has come back in time.
    fn confirmed(mut self) -> Self {
        let decision = self.back(NEW, &self.secret);
        assert_eq!(steps(&decision), 1, "{:?}", decision.trail);
        applied(&mut self.dossier, &decision.changes);
        self
    }

    fn act(&self, act: Act, people: &[Person]) -> Result<Done, Refused> {
        let (dossier, office) = (self.dossier.number.clone(), self.dossier.office.clone());
        let order = Order::new(dossier, act, "Ada Neri", office, "responsabile");
        casework::act::act(&order, &self.dossier, people, &bench().desk, bench().now)
    }

    fn grant(&self, people: &[Person]) -> Result<Done, Refused> {
        let points = vec!["Vista la carta d'identità.".into()];
        self.act(Act::Enable { scopes: vec![], until: Some("2027-12-31".parse().unwrap()), points }, people)
    }
}

fn of_person(done: &Done) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for change in &done.changes {
        if let Change::Person { entry, .. } = change {
            match people.first_mut() {
                Some(person) => person.apply(entry, bench().now),
                None => people.extend(Person::begin(entry)),
            }
        }
    }
    people
}

#[test]
fn an_address_is_enabled_by_a_code_that_went_there_and_by_a_person_who_looked() {
    let asked = asked();
    assert_eq!(asked.grant(&[]).unwrap_err().code, "not-confirmed");
    let accepted = |asked: &Asked| {
        let points = vec!["Va bene.".to_owned()];
        asked
            .act(Act::Do { verb: Verb::Accogli, points, to: String::new(), not_held: false, again: String::new() }, &[])
    };

    let confirmed = asked.back(NEW, &asked.secret);
    let told = flat(letter(&confirmed, "abilitazione-confermata"));
    assert!(told.contains("in attesa di approvazione"), "{told}");
    let task = confirmed.outgoing.iter().find(|letter| letter.lane == Lane::Internal).unwrap();
    let number = asked.dossier.number.clone();
    for said in [
        &format!("sportello person enable {number}") as &str,
        &format!("sportello person deny {number}"),
        "Guarda il documento d'identità",
        &format!("Nel registro non c'è ancora nessuno con {CODE}"),
    ] {
        assert!(flat(task).contains(said), "{said}: {}", task.text);
    }
    let mut asked = asked.confirmed();
    // Whoever asks meanwhile is told where it stands.
    let known = Known { traffic: Default::default(), ..asked.known() };
    let status = decide(mail(NEW, &format!("STATO {number}"), ""), known);
    assert!(flat(letter(&status, "stato-pratica")).contains("è in attesa di approvazione"));
    if asked.dossier.state == State::Ricevuta {
        let took = asked.act(
            Act::Do { verb: Verb::Registra, points: vec![], to: String::new(), not_held: false, again: String::new() },
            &[],
        );
        applied(&mut asked.dossier, &took.unwrap().changes);
        let took = asked.act(
            Act::Do { verb: Verb::Prendi, points: vec![], to: String::new(), not_held: false, again: String::new() },
            &[],
        );
        applied(&mut asked.dossier, &took.unwrap().changes);
    }
    assert_eq!(accepted(&asked).unwrap_err().code, "enable-instead", "granted is what was enabled");

    let done = asked.grant(&[]).unwrap();
    let [outcome] = done.outgoing.as_slice() else { panic!("{:?}", done.outgoing) };
    assert!(outcome.to == NEW && flat(outcome).contains("Vista la carta d'identità."), "{}", outcome.text);
    assert!(flat(outcome).contains("fino a venerdì 31 dicembre 2027"), "{}", outcome.text);
    let people = of_person(&done);
    let until: Vec<_> = people[0].grants.iter().map(|grant| (grant.until, grant.by.as_str())).collect();
    assert_eq!(until, [(Some("2027-12-31".parse().unwrap()), "Ada Neri"); 2], "each grant has its end and who gave it");
    letter(&decide(mail(NEW, "LE MIE PRATICHE", ""), Known { people: people.clone(), ..nothing() }), "elenco-pratiche");

    // REVOCA acts at once, and the register says so of the domicile and of each grant.
    let revoked = decide(mail(NEW, "REVOCA", ""), Known { people: people.clone(), ..nothing() });
    letter(&revoked, "revoca");
    let mut after = people[0].clone();
    let ended = revoked.changes.iter().filter_map(|change| match change {
        Change::Person { entry, .. } => Some(entry),
        _ => None,
    });
    let ended: Vec<_> = ended.inspect(|entry| after.apply(entry, bench().now)).collect();
    assert_eq!(ended.len(), 3, "{ended:?}");
    let list = decide(mail(NEW, "LE MIE PRATICHE", ""), Known { people: vec![after], ..nothing() });
    letter(&list, "come-farti-riconoscere");

    applied(&mut asked.dossier, &done.changes);
    assert_eq!(asked.dossier.state, State::Accolta);
    assert_eq!(asked.grant(&[]).unwrap_err().code, "closed");
}

#[test]
fn a_code_counts_once_in_time_and_from_the_address_to_which_it_went() {
    let asked = asked();
    let wrong = asked.back(NEW, "CONFERMO abcdefghijklmnopqrstuvwxyz");
    assert!(steps(&wrong) == 0 && has_reason(&wrong, "token-wrong"), "{:?}", wrong.trail);
    let stranger = asked.back(STRANGER, &asked.secret);
    assert!(steps(&stranger) == 0 && letters(&stranger).is_empty(), "from another address it confirms nothing");
    // An absence note that quotes our letter is a machine's, and so is none that hides it.
    let note = || mail(NEW, &asked.subject, &format!("Sono in ferie.\n{}\n", asked.secret));
    let machine = decide(note().header("Auto-Submitted", "auto-replied"), asked.known());
    assert!(steps(&machine) == 0 && machine.outgoing.is_empty(), "{:?}", machine.trail);
    let quoted = decide(mail(NEW, &asked.subject, &format!("Che cos'è?\n> {}\n", asked.secret)), asked.known());
    assert_eq!(steps(&quoted), 0, "what is quoted confirms nothing");

    let mut late =
        Asked { dossier: asked.dossier.clone(), secret: asked.secret.clone(), subject: asked.subject.clone() };
    late.dossier.life.enablement.as_mut().unwrap().until = before();
    let known = Known { digest: "e".repeat(64), ..late.known() };
    let told = decide(mail(NEW, &late.subject, &format!("{}\n", late.secret)), known);
    let fresh = letter(&told, "conferma-scaduta");
    assert!(flat(fresh).contains("non vale più") && has_reason(&told, "token-expired"), "{}", fresh.text);
    let new = fresh.text.lines().find(|line| line.starts_with("CONFERMO ")).unwrap();
    assert_ne!(new, late.secret);
    applied(&mut late.dossier, &told.changes);
    assert!(has_reason(&late.back(NEW, &late.secret), "token-wrong"), "the old one is no good any more");
    let new = new.to_owned();
    assert_eq!(steps(&late.back(NEW, &new)), 1, "the new one is");

    let confirmed = asked.confirmed();
    let again = confirmed.back(NEW, &confirmed.secret);
    assert!(steps(&again) == 0 && letters(&again).is_empty() && has_reason(&again, "token-used"), "{:?}", again.trail);
}

/// Functions S0.06: five days, to the second, as the citizen's provider certified the answer, however late it is read.
#[test]
fn a_code_is_good_for_five_days_to_the_second() {
    let asked = asked();
    let until = bench().now + jiff::SignedDuration::from_hours(5 * 24);
    assert_eq!(asked.dossier.life.enablement.as_ref().unwrap().until, until);
    let first = decide(mail(NEW, &format!("ABILITAMI {CODE}"), "Grazie\n"), nothing());
    let told = flat(letter(&first, "conferma-abilitazione"));
    assert!(told.contains("domenica 8 febbraio 2026"), "the fifth day after the third: {told}");
    let answered = |at: jiff::Timestamp| {
        let read = Known { now: until + jiff::SignedDuration::from_hours(30), digest: "e".repeat(64), ..asked.known() };
        decide_at(mail(NEW, &asked.subject, &format!("{}\n", asked.secret)), read, at)
    };
    let last = answered(until);
    assert_eq!(steps(&last), 1, "{:?}", last.trail);
    assert!(!has_reason(&last, "token-expired") && has_reason(&last, "enabling-confirmed"), "{:?}", last.trail);
    let late = answered(until + jiff::SignedDuration::from_secs(1));
    assert!(has_reason(&late, "token-expired"), "{:?}", late.trail);
    letter(&late, "conferma-scaduta");
}

#[test]
fn asked_ten_times_one_code_goes_out() {
    let asked = asked();
    let own = Own { dossiers: vec![asked.dossier.clone()], left_out: 0 };
    for n in 0..9 {
        let text = format!("Per la {n}a volta\n");
        let known = Known { own: [(NEW.to_owned(), own.clone())].into(), next_ordinal: 2 + n, ..nothing() };
        let again = decide(mail(NEW, &format!("ABILITAMI {CODE}"), &text), known);
        assert!(letters(&again).is_empty() && steps(&again) == 0, "{:?}", again.trail);
        assert!(has_reason(&again, "already-asked") && tasks(&again) == 1, "it is registered, and a person reads it");
    }
}

/// Whoever writes the code of somebody else gets a code, and no further: the office sees whose it is, and that one is told.
#[test]
fn under_the_code_of_another_the_office_is_warned_and_so_is_whose_it_is() {
    let new = NewPerson {
        codice_fiscale: Some(CODE),
        partita_iva: None,
        name: "Anna Bianchi",
        kind: PersonKind::PersonaFisica,
    };
    let mut anna = Person::begin(&register(new, &[], 0).unwrap()).unwrap();
    let listed = anna.add_domicile(ANNA, Source::Inad, before(), &[]).unwrap();
    anna.apply(&listed, before());
    let thief = asked();
    let known = Known { people: vec![anna.clone()], ..thief.known() };
    let back = decide(mail(NEW, &thief.subject, &format!("{}\n", thief.secret)), known);
    let task = back.outgoing.iter().find(|letter| letter.lane == Lane::Internal).unwrap();
    assert!(flat(task).contains(&format!("Attenzione: ha già il domicilio {ANNA}")), "{}", task.text);
    let thief = thief.confirmed();
    assert_eq!(
        decide(mail(NEW, "I MIEI DATI", ""), Known { people: vec![anna.clone()], ..nothing() })
            .outgoing
            .iter()
            .filter(|letter| letter.template == "dati-personali")
            .count(),
        0,
        "a code opens nothing"
    );
    // Should a person be deceived all the same, the listed domicile hears of it.
    let done = thief.grant(&[anna]).unwrap();
    let warned: Vec<_> = done.outgoing.iter().filter(|letter| letter.to == ANNA).collect();
    let [warned] = warned.as_slice() else { panic!("{:?}", done.outgoing) };
    assert!(flat(warned).contains(NEW) && flat(warned).contains("può essere una truffa"), "{}", warned.text);
    // The address of one person is never enabled for another.
    let new = NewPerson {
        codice_fiscale: Some("RSSMRA80A01H501U"),
        partita_iva: None,
        name: "Mario Rossi",
        kind: PersonKind::PersonaFisica,
    };
    let mut mario = Person::begin(&register(new, &[], 0).unwrap()).unwrap();
    let his = mario.add_domicile(NEW, Source::Enabled, before(), &[]).unwrap();
    mario.apply(&his, before());
    assert!(thief.grant(&[mario]).is_err());
}

#[test]
fn it_is_refused_with_a_reason_that_is_mailed_and_enables_nobody() {
    let asked = asked().confirmed();
    let deny = |points: Vec<String>| {
        asked.act(
            Act::Do {
                verb: Verb::DichiaraIrricevibile,
                points,
                to: String::new(),
                not_held: false,
                again: String::new(),
            },
            &[],
        )
    };
    assert_eq!(deny(vec![]).unwrap_err().code, "no-points");
    let done = deny(vec!["Il documento è scaduto.".into()]).unwrap();
    let [outcome] = done.outgoing.as_slice() else { panic!("{:?}", done.outgoing) };
    assert!(outcome.to == NEW && flat(outcome).contains("Il documento è scaduto."), "{}", outcome.text);
    assert!(of_person(&done).is_empty());
    let by = |scopes| {
        let points = vec!["Visto.".to_owned()];
        asked.act(Act::Enable { scopes, until: None, points }, &[])
    };
    let one = by(vec![Scope::OwnData]).unwrap();
    let list = Known { people: of_person(&one), ..nothing() };
    letter(&decide(mail(NEW, "LE MIE PRATICHE", ""), list), "come-farti-riconoscere");
    assert_eq!(by(vec![Scope::DelegateOf { person: CODE.into() }]).unwrap_err().code, "not-here");
}

/// Functions S1.10: what one office saw is good for all of them, until its day.
#[test]
fn one_enablement_holds_for_every_office() {
    let asked = asked().confirmed();
    let people = of_person(&asked.grant(&[]).unwrap());
    let enabled = || Known { people: people.clone(), ..nothing() };
    let asks_who_you_are = |decision: &Decision| {
        let ways = ["come-farti-riconoscere", "richiesta-regolarizzazione"];
        letters(decision).iter().any(|letter| ways.contains(&letter.template.as_str()))
    };
    for command in ["I MIEI DATI", "LE MIE PRATICHE"] {
        assert!(
            asks_who_you_are(&decide(mail(NEW, command, "Grazie\n"), nothing())),
            "{command}: nobody knows this one"
        );
        assert!(!asks_who_you_are(&decide(mail(NEW, command, "Grazie\n"), enabled())), "{command}");
    }
    let requests = [
        ("Cambio di residenza", "Mi sono trasferita in via Roma 1. Codice fiscale BNCNNA80A41H501R\n", "anagrafe"),
        (
            "Rimborso TARI",
            "Chiedo il rimborso della TARI pagata due volte. Codice fiscale BNCNNA80A41H501R\n",
            "tributi",
        ),
    ];
    for (subject, text, office) in requests {
        let decision = decide(mail(NEW, subject, text), enabled());
        let has_it = |of: &Disposition| matches!(of, Disposition::Request { office: own, .. } if own == office);
        assert!(has_it(&decision.disposition), "{subject}: {:?}", decision.trail);
        assert!(has_reason(&decision, "enabled-pec"), "{subject}: {:?}", decision.trail);
        assert!(!asks_who_you_are(&decision), "{subject}: {:?}", letters(&decision));
    }
}

/// The whole way, as it is lived: a stranger's mailbox asks, confirms, is enabled by a person, and asks the same words again.
#[test]
fn an_address_is_enabled_through_the_whole_service_and_then_answered_with_data() {
    let root = tempfile::tempdir().unwrap();
    let (house, circuit) = House::on_a_circuit(root.path());
    let running = house.start(Recorder::default().roads());
    let say = |args: &[&str]| {
        let (code, out, err) = ask(&[args, &["--config", house.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    };
    let send = |subject: &str, text: &str| {
        let mail = Mail::new(NEW).display_name("Anna Bianchi").to(OWN).subject(subject).text(text);
        let mail = mail.compose(gestore::Timestamp::now()).unwrap();
        circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    };
    let sent = |template: &str| {
        wait(template, || {
            let items = running.overview().items;
            items.iter().find(|item| item.outgoing.template == template).map(|item| item.outgoing.clone())
        })
    };
    send("I MIEI DATI", "Grazie\n");
    sent("come-farti-riconoscere");
    send(&format!("ABILITAMI {CODE}"), "Grazie\n");
    let code = sent("conferma-abilitazione");
    assert_eq!(code.to, NEW);
    let secret = code.text.lines().find(|line| line.starts_with("CONFERMO ")).unwrap().to_owned();
    let number = code.dossier.unwrap();
    send(&format!("Re: {}", code.subject), &format!("{secret}\n"));
    sent("abilitazione-confermata");
    let who = ["--by", "Ada Neri", "--office", "servizi_digitali", "--role", "responsabile"];
    let enable = ["person", "enable", &number, "--point", "Vista la carta d'identità", "--until", "2030-12-31"];
    say(&[&enable[..], &who].concat());
    assert!(sent("esito").text.contains("abilitata"));
    send("I MIEI DATI", "Grazie\n");
    let data = sent("dati-personali");
    assert!(data.to == NEW && data.text.contains(CODE), "{}", data.text);
    let shown = say(&["person", "show", CODE]);
    assert!(shown.contains(NEW) && shown.contains("Anna Bianchi"), "{shown}");
    let answered =
        running.overview().messages.iter().filter(|m| matches!(m.disposition, Disposition::Answered { .. })).count();
    assert_eq!(answered, 1);
    running.stop();
}

//! Changes when somebody is told by ordinary mail of another thing, or otherwise (functions S2.19, S3.34).

use crate::decide::{ANNA, bench, decide_at_desk, mail, nothing};
use crate::enquiry::{CODE, STRANGER, flat, letter, letters};
use crate::support::{House, OWN, OfficeRoad, Round, Running, ask, wait};
use casework::decision::Lane;
use casework::desk::CourtesyRoad;
use casework::effect::EffectKey;
use casework::guard::SENDER_A_DAY_MAX;
use casework::person::{Entry, Source};
use casework::{Change, Decision, Desk, Disposition, Entity, Known, Outgoing};
use gestore::{Circuit, Mail, Timestamp};
use jiff::SignedDuration;
use sportello::net;
use sportello::outbox::schedule::{Shown, State};
use sportello::outbox::{Answer, Courier, Gate, Roads};
use sportello::secret::Secret;
use sportello::store::rows::ItemRow;
use sportello::submit::{Line, Outcome, Security, SmtpSettings};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

const ON: &str = "AVVISAMI ANCHE A anna@posta.example";
const OFF: &str = "NON AVVISARMI PER E-MAIL";
const HERS: &str = "anna@posta.example";
/// Another, whose PEC takes nothing any more.
const MARIO: &str = "RSSMRA80A01H501U";
const HIS: &str = "mancata-consegna@cittadini.test";
const A_DAY: usize = 3;

/// The desk of the bench, where this body sends such notices.
fn desk() -> &'static Desk {
    static DESK: OnceLock<Desk> = OnceLock::new();
    DESK.get_or_init(|| {
        let courtesy = Some(CourtesyRoad { from: "avvisi@comune.example".into(), a_day: 3 });
        let entity = Entity { courtesy, ..bench().desk.entity.clone() };
        sportello::office::desk(entity, None, None, EffectKey::new(&[3; 32])).unwrap()
    })
}

fn decide(mail: Mail, known: Known) -> Decision {
    decide_at_desk(mail, known, desk())
}

/// What a message writes into her record; it does nothing else.
fn chosen(decision: &Decision) -> Option<Option<String>> {
    match &decision.changes[..] {
        [] => None,
        [Change::Person { entry: Entry::CourtesyChosen { address, asked: Some(_) }, .. }] => Some(address.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_writes_from_a_safe_address_chooses_and_everybody_else_reads_what_any_command_says() {
    let mut known = crate::enquiry::world(vec![]);
    let on = decide(mail(ANNA, ON, "Grazie\n"), known.clone());
    assert_eq!(chosen(&on), Some(Some(HERS.into())));
    let told = flat(letter(&on, "avvisi-cortesia"));
    for words in [HERS, "Solo la Pec ha valore legale", "Al massimo 3 avvisi al giorno", OFF] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let [Change::Person { entry, .. }] = &on.changes[..] else { panic!("{:?}", on.changes) };
    known.people[0].apply(entry, known.now);
    // Again: said again, and nothing is written. Another address is.
    assert_eq!(chosen(&decide(mail(ANNA, ON, ""), known.clone())), None);
    let other = decide(mail(ANNA, "", "Avvisami anche a anna2@posta.example\n"), known.clone());
    assert_eq!(chosen(&other), Some(Some("anna2@posta.example".into())));
    let data = decide(mail(ANNA, "I MIEI DATI", ""), known.clone());
    assert!(flat(letter(&data, "dati-personali")).contains("ti avvisiamo anche a anna@posta.example"));
    // Taken back, also on a day on which no more answers go, where the road is gone, and with the address itself.
    let off = decide(mail(ANNA, OFF, ""), known.clone());
    assert_eq!(chosen(&off), Some(None));
    assert!(flat(letter(&off, "avvisi-cortesia")).contains("non ti mandiamo avvisi per e-mail"));
    let busy = vec![("aiuto".into(), None); SENDER_A_DAY_MAX as usize];
    let mut late = known.clone();
    late.traffic.to_sender = busy.clone();
    let quiet = decide(mail(ANNA, OFF, ""), late.clone());
    assert_eq!((chosen(&quiet), letters(&quiet).len()), (Some(None), 0));
    late.people[0].courtesy = None;
    assert_eq!(chosen(&decide(mail(ANNA, ON, ""), late)), None, "a person answers");
    assert_eq!(chosen(&decide_at_desk(mail(ANNA, OFF, ""), known.clone(), &bench().desk)), Some(None));
    let revoked = decide(mail(ANNA, "REVOCA", ""), known);
    assert!(flat(letter(&revoked, "revoca")).contains("Gli avvisi di cortesia a anna@posta.example"));

    // Not here yet; whose address nobody vouches for; a machine; whom we do not know.
    let here = decide_at_desk(mail(ANNA, ON, ""), crate::enquiry::world(vec![]), &bench().desk);
    assert_eq!(chosen(&here), None);
    assert!(flat(letter(&here, "avvisi-cortesia")).contains("non manda ancora avvisi per e-mail"));
    let mut declared = crate::enquiry::world(vec![]);
    declared.people[0].domiciles.iter_mut().for_each(|domicile| domicile.source = Source::Declared);
    for (who, known) in [(ANNA, declared), (STRANGER, nothing())] {
        let decision = decide(mail(who, ON, ""), known);
        letter(&decision, "come-farti-riconoscere");
        assert_eq!(chosen(&decision), None, "{who}");
    }
    let machine = mail(ANNA, ON, "").header("Auto-Submitted", "auto-replied");
    assert!(decide(machine, crate::enquiry::world(vec![])).changes.is_empty());
    assert!(
        flat(letter(&decide(mail(ANNA, "AIUTO", ""), crate::enquiry::world(vec![])), "aiuto"))
            .contains("AVVISAMI ANCHE A")
    );
}

#[test]
fn an_address_that_will_not_do_is_refused_and_of_others_nothing_is_learnt() {
    let refused = |subject: &str, known: Known| {
        let decision = decide(mail(ANNA, subject, ""), known);
        assert_eq!(chosen(&decision), None, "{subject}");
        flat(letter(&decision, "avvisi-cortesia"))
    };
    let world = || crate::enquiry::world(vec![]);
    for (address, says) in [
        ("", "manca l'indirizzo"),
        ("anna@posta", "«anna@posta» non è un indirizzo"),
        ("anna.posta.example", "«anna.posta.example» non è un indirizzo"),
        ("no-reply@posta.example", "non è un indirizzo di posta elettronica di una persona"),
        (ANNA, "è già una Pec"),
    ] {
        let told = refused(&format!("AVVISAMI ANCHE A {address}"), world());
        assert!(told.contains(says) && told.contains("non abbiamo cambiato niente"), "{address}: {told}");
    }
    // One of ours, and the domicile of somebody else, whom the snapshot brings along.
    let ours = refused("AVVISAMI ANCHE A sportello@comune.example", world());
    let mut known = world();
    let mut other = known.people[0].clone();
    other.id = MARIO.into();
    other.domiciles[0].address = HIS.into();
    known.people.push(other);
    assert_eq!(refused(&format!("AVVISAMI ANCHE A {HIS}"), known), ours);
}

/// A road of courtesy notices that takes all: recipient and bytes.
#[derive(Clone, Default)]
struct Post(Arc<Mutex<Vec<(String, String)>>>);

impl Courier for Post {
    fn attempt<'a>(&'a self, _: &'a str, to: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            gate().await.unwrap();
            self.0.lock().unwrap().push((to.to_owned(), String::from_utf8(bytes.to_vec()).unwrap()));
            Outcome::Taken { reply: "250".into() }
        })
    }
}

/// A Comune that sends notices, and reads the mailbox of its offices.
struct Town {
    house: House,
    circuit: Circuit,
    offices: std::path::PathBuf,
}

impl Town {
    fn new(root: &Path) -> Self {
        let (house, circuit) = House::on_a_circuit(root);
        let offices = root.join("uffici");
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(offices.join(part)).unwrap();
        }
        let text = fs::read_to_string(&house.file).unwrap();
        let more = format!(
            "[[casella]]\nnome = \"uffici\"\nindirizzo = \"sportello@comune.example\"\nuffici = \"mx.comune.example\"\n\
             [casella.maildir]\ncartella = \"{}\"\npoll_secondi = 1\n\
             [invio.cortesia]\nserver = \"localhost\"\nporta = 1\nutente = \"avvisi\"\npassword_file = \"{}\"\n\
             mittente = \"avvisi@comune.example\"\nattesa_minuti = 0\n",
            offices.display(),
            root.join("password").display()
        );
        fs::write(&house.file, format!("{text}{more}")).unwrap();
        Self { house, circuit, offices }
    }

    fn roads(&self, courtesy: impl Courier + 'static) -> Roads {
        let pec = Box::new(Round(self.circuit.clone()));
        Roads { pec, offices: Some(Box::new(OfficeRoad)), courtesy: Some(Box::new(courtesy)) }
    }

    #[track_caller]
    fn says(&self, args: &[&str]) -> String {
        let (code, out, err) = ask(&[args, &["--config", self.house.file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{args:?}\n{out}{err}");
        out
    }

    fn knows(&self, code: &str, name: &str, address: &str) {
        let who = ["person", "add", "--cf", code, "--name", name, "--by", "Ada Neri"];
        self.says(&[&who[..], &["--address", address, "--source", "inad"]].concat());
    }

    /// She writes, and the answer is in her mailbox.
    fn answered(&self, running: &Running, subject: &str, template: &str) -> ItemRow {
        let mail = Mail::new(ANNA).to(OWN).subject(subject).text("Grazie\n").compose(Timestamp::now()).unwrap();
        let before = items(running, template).len();
        self.circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
        wait(subject, || {
            let found = items(running, template);
            found.into_iter().nth(before).filter(|item| item.shown() == Shown::Delivered)
        })
    }

    /// The server of the body reports that a notice could not be delivered.
    fn bounces(&self, name: &str, notice: &str) {
        let head: String = notice.split("\r\n\r\n").next().unwrap().to_owned();
        let report = format!(
            "Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.comune.example>\r\nTo: <avvisi@comune.example>\r\n\
             Subject: Undelivered Mail Returned to Sender\r\nDate: Thu, 26 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{name}@mx.comune.example>\r\n\
             Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\n\r\nunknown user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.comune.example\r\n\r\n\
             Final-Recipient: rfc822; {HERS}\r\nAction: failed\r\nStatus: 5.1.1\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{head}\r\n\r\n--b--\r\n"
        );
        let tmp = self.offices.join("tmp").join(name);
        fs::write(&tmp, report).unwrap();
        fs::rename(tmp, self.offices.join("new").join(name)).unwrap();
    }
}

fn items(running: &Running, template: &str) -> Vec<ItemRow> {
    running.overview().items.into_iter().filter(|item| item.outgoing.template == template).collect()
}

fn courtesies(running: &Running) -> Vec<ItemRow> {
    running.overview().items.into_iter().filter(|item| item.outgoing.lane == Lane::Courtesy).collect()
}

/// The whole way: she asks, each PEC that is in her mailbox is told once and no more than the bound of a day, what comes back stops it,
/// she stops it; and who can get no PEC is told of that, while the paper goes its way.
#[test]
fn a_pec_that_has_come_is_told_by_ordinary_mail_once_and_within_bounds() {
    let root = tempfile::tempdir().unwrap();
    let town = Town::new(root.path());
    let post = Post::default();
    let taken = || post.0.lock().unwrap().clone();
    let running = town.house.start(town.roads(post.clone()));
    town.knows(CODE, "Anna Bianchi", ANNA);
    let shown = || town.says(&["person", "show", CODE]).split_whitespace().collect::<Vec<_>>().join(" ");

    // The answer that confirms it is the first that is told.
    town.answered(&running, ON, "avvisi-cortesia");
    let (to, first) = wait("the first notice", || taken().first().cloned());
    assert_eq!(to, HERS);
    assert!(
        first.contains("From: \"Comune di Prova\" <avvisi@comune.example>") || first.contains("avvisi@comune.example"),
        "{first}"
    );
    assert!(first.contains("Auto-Submitted: auto-generated") && !first.contains("X-TipoRicevuta"), "{first}");
    for secret in ["Bianchi", "BNCNNA", "cittadini.test", "avvisi per e-mail", "mailto:", "In-Reply-To"] {
        assert!(!first.contains(secret), "{secret}: {first}");
    }
    assert!(shown().contains("avvisi e-mail anna@posta.example, chiesto il"), "{}", shown());
    running.stop();

    // A restart tells nothing twice; the bound of the day holds across it.
    let running = town.house.start(town.roads(post.clone()));
    for (n, (subject, template)) in [("AIUTO", "aiuto"), ("CATALOGO", "catalogo")].into_iter().enumerate() {
        town.answered(&running, subject, template);
        wait("the next notice", || (taken().len() == n + 2).then_some(()));
    }
    town.answered(&running, "I MIEI DATI", "dati-personali");
    let ids = |notices: &[ItemRow]| notices.iter().map(|it| it.outgoing.message_id.clone()).collect::<Vec<_>>();
    let notices = courtesies(&running);
    assert_eq!((notices.len(), taken().len()), (A_DAY, A_DAY), "the fourth of a day is not told");
    assert!(notices.iter().all(|it| it.shown() == Shown::Sent), "{notices:?}");
    assert_eq!(ids(&notices).iter().collect::<std::collections::BTreeSet<_>>().len(), A_DAY);
    assert!(notices.iter().all(|it| it.outgoing.text.is_empty() && it.outgoing.dossier.is_none()));
    let told = taken().iter().map(|(_, raw)| crate::support::message_id(raw.as_bytes())).collect::<Vec<_>>();
    assert_eq!(told, ids(&notices));

    // All three come back: nobody is answered or called, and the address is written to no more.
    for (n, (_, notice)) in taken().iter().enumerate() {
        town.bounces(&format!("rapporto{n}"), notice);
    }
    wait("the reports", || {
        let noted = |why: &str| why == "è tornato indietro un avviso di cortesia";
        let all = running.overview().messages;
        let n = all.iter().filter(|it| matches!(&it.disposition, Disposition::Noted { why } if noted(why))).count();
        (n == A_DAY).then_some(())
    });
    assert!(shown().contains("fermi, perché sono tornati indietro"), "{}", shown());
    let (all, tasks) = (running.overview(), |items: &[ItemRow]| {
        items
            .iter()
            .filter(|it| it.outgoing.lane == Lane::Internal)
            .map(|it| it.outgoing.clone())
            .collect::<Vec<Outgoing>>()
    });
    assert_eq!((all.incidents.len(), all.summary.tally.attention, tasks(&all.items)), (0, 0, vec![]));
    let status = ask(&["status", town.house.data.to_str().unwrap()]).1;
    assert!(status.contains("Avvisi di cortesia (posta ordinaria): 3 inviata (senza ricevute)"), "{status}");

    town.answered(&running, OFF, "avvisi-cortesia");
    assert!(!shown().contains("avvisi e-mail anna@posta.example"), "{}", shown());

    // Whose PEC takes nothing is told of that; the letter goes on paper all the same.
    town.knows(MARIO, "Mario Rossi", HIS);
    let by = ["--by", "Ada Neri", "--office", "mobilita", "--role", "responsabile"];
    town.says(&[&["person", "courtesy", MARIO, "--address", "mario@posta.example"][..], &by].concat());
    let party = format!("{MARIO},Mario Rossi,{HIS},richiedente");
    let open = ["dossier", "open", "--procedure", "ztl", "--subject", "Permesso", "--office", "mobilita", "--told"];
    let out = town.says(&[&open[..], &["--party", &party, "--by", "Ada Neri"]].concat());
    let number = out.split_whitespace().find(|word| word.starts_with("20")).unwrap().trim_end_matches(':').to_owned();
    for act in [&["prendi_in_carico"][..], &["accogli", "--point", "La targa è in regola."]] {
        town.says(&[&["dossier", "do", &number][..], act, &by].concat());
    }
    let told = wait("his notice", || taken().into_iter().find(|(to, _)| to == "mario@posta.example")).1;
    assert!(told.contains("non =C3=A8 riuscito") || told.contains("=?UTF-8?") || told.contains("consegn"), "{told}");
    assert_eq!(items(&running, "avviso-cortesia-mancata").len(), 1);
    assert!(!items(&running, "compito-mancata-consegna").is_empty(), "the paper goes its way");
    running.stop();
}

/// A road that answers this.
struct Says(Outcome);

impl Courier for Says {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, _: &'a [u8], _: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(std::future::ready(self.0.clone()))
    }
}

/// A server that stops talking: before the final dot, or after it.
struct Hangs {
    in_dot: bool,
}

impl Courier for Hangs {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, _: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            if self.in_dot {
                gate().await.unwrap();
            }
            std::future::pending().await
        })
    }
}

/// The real road, to a port at which nobody listens.
fn nowhere() -> Line {
    Line::new(SmtpSettings {
        host: "127.0.0.1".into(),
        port: 1,
        security: Security::Implicit,
        server_name: None,
        ca_file: None,
        user: "avvisi".into(),
        password: Secret::new("segreta"),
        hello: "comune.example".into(),
        net: net::real(),
    })
}

/// Whatever the second channel does, PEC letters leave and arrive, nobody is called, and after a day the notice is dropped.
#[test]
fn a_road_of_notices_that_fails_in_any_way_keeps_no_pec_waiting() {
    fn waits(state: &State) -> bool {
        matches!(state, State::Queued { .. })
    }
    type Bad = (&'static str, fn() -> Box<dyn Courier>, fn(&State) -> bool);
    let roads: [Bad; 6] = [
        ("hangs", || Box::new(Hangs { in_dot: false }), |it| *it == State::Submitting),
        ("hangs in the dot", || Box::new(Hangs { in_dot: true }), |it| *it == State::InDot),
        ("unreachable", || Box::new(nowhere()), waits),
        (
            "refused",
            || Box::new(Says(Outcome::Never { why: "no".into(), code: Some(550) })),
            |it| *it == State::Refused,
        ),
        ("later", || Box::new(Says(Outcome::Later { why: "poi".into(), code: Some(451) })), waits),
        ("locked out", || Box::new(Says(Outcome::LaneStopped { why: "chiuso".into() })), waits),
    ];
    for (name, road, stands) in roads {
        let root = tempfile::tempdir().unwrap();
        let town = Town::new(root.path());
        let with = || {
            let pec = Box::new(Round(town.circuit.clone()));
            Roads { pec, offices: Some(Box::new(OfficeRoad)), courtesy: Some(road()) }
        };
        let began = Timestamp::now();
        let running = town.house.start(with());
        town.knows(CODE, "Anna Bianchi", ANNA);
        town.answered(&running, ON, "avvisi-cortesia");
        wait(name, || courtesies(&running).first().is_some_and(|it| stands(&it.state)).then_some(()));
        town.answered(&running, "AIUTO", "aiuto");
        town.answered(&running, "CATALOGO", "catalogo");
        let all = running.overview();
        assert_eq!((all.incidents.len(), all.summary.tally.attention), (0, 0), "{name}");
        assert!(all.items.iter().all(|it| it.outgoing.lane != Lane::Internal), "{name}: no task");
        assert!(stands(&courtesies(&running)[0].state), "{name}");
        running.stop();

        let after = |hours: i64| began.checked_add(SignedDuration::from_hours(hours)).unwrap();
        let tried = |running: &Running| courtesies(running).iter().map(|it| it.attempts).max().unwrap_or(0);
        for tries in (2..=5).filter(|_| name == "later") {
            let running = town.house.start_at(with(), after(2 * i64::from(tries)));
            wait(name, || (tried(&running) == tries).then_some(()));
            running.stop();
        }
        let running = town.house.start_at(with(), after(25));
        wait(name, || {
            let over = |it: &ItemRow| matches!(it.state, State::Withdrawn | State::Refused | State::Unknown);
            courtesies(&running).iter().all(over).then_some(())
        });
        assert_eq!(running.overview().summary.tally.attention, 0, "{name}");
        let end = courtesies(&running)[0].state.clone();
        match name {
            // What may have been taken is never sent again; a few tries, and no more.
            "hangs in the dot" => assert_eq!((end, tried(&running)), (State::Unknown, 1)),
            "later" => assert_eq!((end, tried(&running)), (State::Refused, 5)),
            "refused" => assert_eq!(end, State::Refused),
            _ => assert_eq!(end, State::Withdrawn, "{name}"),
        }
        running.stop();
    }
}

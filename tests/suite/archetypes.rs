//! The five archetypes from the citizen's message to the outcome (functions S3.06-10). Changes when an archetype is worked otherwise.
//!
//! Each is the shipped procedure, opened by a rule as an administrator would write it: the message is a genuine one, the office's
//! acts, the clock and the letters are the service's own.

use casework::act::{Act, Order, act};
use casework::dossier::{Dossier, PartyRole, State};
use casework::effect::EffectKey;
use casework::verb::Verb;
use casework::{Change, Decision, Desk, Entity, Known, Outgoing, calendar, clockwork};
use gestore::{Authority, Mail, Provider, Style, Submission};
use jiff::{SignedDuration, Timestamp};
use pec::{Anchor, Anchors, Policy};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

const ENTITY: &str = "protocollo@pec.comune.test";
const ANNA: &str = "anna.bianchi@cittadini.test";
/// The ranking of the shipped nursery closes at noon of this day.
const NOON: &str = "2027-03-31T10:00:00Z";

/// What happens to a dossier.
enum Step {
    /// The office does it: verb, what it says, to whom. The templates that leave, with the start of each recipient.
    Does(Verb, &'static [&'static str], &'static str, &'static [(&'static str, &'static str)]),
    /// It may not, for this reason.
    MayNot(Verb, &'static str),
    /// Days go by, and the clock looks.
    Days(i64),
}
use Step::{Days, Does, MayNot};

const OUTCOME: (&str, &str) = ("esito", ANNA);

/// One archetype: its procedure, the office, the subject of the message, and its life.
struct Way {
    procedure: &'static str,
    office: &'static str,
    subject: &'static str,
    steps: &'static [Step],
    end: State,
    /// Words of the last letter.
    says: &'static [&'static str],
}

const WAYS: &[Way] = &[
    Way {
        procedure: "ztl",
        office: "mobilita",
        subject: "Domanda archetipo permesso transito",
        steps: &[
            Does(Verb::Prendi, &[], "", &[]),
            Does(Verb::ChiediPagamento, &["Avviso pagoPA 301000000000000012"], "", &[("richiesta-pagamento", ANNA)]),
            MayNot(Verb::Accogli, "not-lawful"),
            Days(3),
            Does(Verb::RegistraPagamento, &[], "", &[]),
            Does(
                Verb::Accogli,
                &["Abiti nella zona"],
                "",
                &[OUTCOME, ("compito-pratica", "polizia.locale@comune.example")],
            ),
        ],
        end: State::Accolta,
        says: &["è accolta", "Abiti nella zona"],
    },
    Way {
        procedure: "multa",
        office: "polizia_locale",
        subject: "Domanda archetipo verbale da saldare",
        steps: &[
            Does(Verb::Prendi, &[], "", &[]),
            MayNot(Verb::PreavvisoDiniego, "not-lawful"),
            MayNot(Verb::ChiediIntegrazione, "not-lawful"),
            Does(Verb::ChiediPagamento, &["Avviso pagoPA 301000000000000013"], "", &[("richiesta-pagamento", ANNA)]),
            Does(Verb::RegistraPagamento, &[], "", &[]),
            Does(Verb::Accogli, &["Il pagamento è arrivato"], "", &[OUTCOME]),
        ],
        end: State::Accolta,
        says: &["è accolta", "Il pagamento è arrivato"],
    },
    Way {
        procedure: "assegno-maternita",
        office: "servizi_sociali",
        subject: "Domanda archetipo sostegno neomamme",
        steps: &[
            Does(Verb::Prendi, &[], "", &[]),
            MayNot(Verb::Respingi, "not-lawful"),
            Does(Verb::ChiediIntegrazione, &["Il permesso di soggiorno"], "", &[("richiesta-integrazione", ANNA)]),
            Days(31),
            Does(Verb::Riprendi, &[], "", &[]),
            Does(Verb::Accogli, &["Hai i requisiti"], "", &[OUTCOME]),
        ],
        end: State::Accolta,
        says: &["è accolta", "Hai i requisiti"],
    },
    Way {
        procedure: "mensa",
        office: "istruzione",
        subject: "Domanda archetipo refezione scuola",
        steps: &[
            Does(Verb::Prendi, &[], "", &[]),
            Does(
                Verb::ChiediParere,
                &["La dieta senza glutine si può fare?"],
                "gestore_mensa",
                &[("richiesta-parere", "diete@mensa.example")],
            ),
            Days(4),
            Does(Verb::RiceviParere, &[], "gestore_mensa", &[]),
            Does(Verb::Accogli, &["La cucina conferma la dieta"], "", &[OUTCOME]),
        ],
        end: State::Accolta,
        says: &["è accolta", "La cucina conferma la dieta"],
    },
    Way {
        procedure: "nido",
        office: "istruzione",
        subject: "Domanda archetipo graduatoria piccoli",
        steps: &[
            Does(Verb::Prendi, &[], "", &[]),
            // Certified and taken at noon to the second: the ranking is still open.
            MayNot(Verb::Accogli, "too-early"),
            MayNot(Verb::Respingi, "too-early"),
            Days(1),
            Does(Verb::Accogli, &["Punti 42, posto 7"], "", &[OUTCOME]),
        ],
        end: State::Accolta,
        says: &["è accolta", "Punti 42, posto 7"],
    },
];

struct Bench {
    provider: Provider,
    anchors: Anchors,
    desk: Desk,
}

/// The shipped files, each archetype opened by a rule of its own.
fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let now: Timestamp = NOON.parse().unwrap();
        let authority = Authority::create(now).unwrap();
        let provider = authority.provider("Alfa", "pec.alfa.test", Style::aruba_like(), now).unwrap().repeatable(1);
        let anchor = Anchor::from_certificate(authority.certificate_der(), "SIMULAZIONE", &[], true).unwrap();
        let folder = tempfile::tempdir().unwrap();
        crate::support::copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"), folder.path());
        let mut rules = String::from("format = 1\n");
        for way in WAYS {
            let Way { procedure, office, subject, .. } = way;
            rules += &format!(
                "[rule.apre-{procedure}]\ntitle = \"Domanda: {procedure}\"\nkind = \"new_application\"\noffice = \"{office}\"\n\
                 reply = \"presa-in-carico\"\nmode = \"auto\"\nsignals = [{{ score = 300, in = \"subject\", words = \"{}\" }}]\n\
                 [test.\"apre {procedure}\"]\nsubject = \"{subject}\"\nbody = \"Buongiorno\"\nexpect = {{ rule = \"apre-{procedure}\" }}\n",
                subject.to_lowercase()
            );
            let file = folder.path().join(format!("procedures/{procedure}.toml"));
            let text = fs::read_to_string(&file).unwrap();
            let by_hand = text.lines().find(|line| line.starts_with("a_mano")).unwrap();
            fs::write(&file, text.replace(by_hand, &format!("apre = [\"apre-{procedure}\"]"))).unwrap();
        }
        fs::write(folder.path().join("70-archetipi.toml"), rules).unwrap();
        let entity = Entity {
            name: "Comune di Prova".into(),
            pec: ENTITY.into(),
            task_sender: "sportello@comune.example".into(),
            contact: "tel. 0".into(),
            responsible: "Ada Neri".into(),
            substitute: "Segretario".into(),
            privacy_url: "https://www.comune.example/privacy".into(),
            fallback_office: "protocollo".into(),
            ..Entity::default()
        };
        let desk = sportello::office::desk(entity, Some(folder.path()), None, EffectKey::new(&[3; 32]))
            .unwrap_or_else(|problems| panic!("{problems:#?}"));
        Bench { provider, anchors: Anchors { list: vec![anchor] }, desk }
    })
}

/// A genuine message, certified at an instant, and what is decided on it.
fn message(way: &Way, certified: Timestamp) -> Decision {
    let known = Known { digest: "d".repeat(64), ..Known::nothing(certified) };
    sent(way, "Buongiorno, allego quello che serve.\n", certified, known)
}

fn sent(way: &Way, text: &str, certified: Timestamp, known: Known) -> Decision {
    let Bench { provider, anchors, desk } = bench();
    let mail = Mail::new(ANNA).to(ENTITY).subject(way.subject).text(text);
    let mail = mail.compose(certified).unwrap();
    let sealed = match provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, certified).unwrap() {
        Submission::Accepted { envelope, .. } => envelope.raw,
        Submission::Refused(_) => panic!("refused"),
    };
    let seen = pec::examine(&sealed, &Policy::new(anchors));
    assert_eq!(seen.grade, pec::Grade::Genuine, "{:?}", seen.report.failures().collect::<Vec<_>>());
    casework::decide(&seen, &known, desk)
}

/// The dossier that a message opened, as the register adds it up.
fn opened(decision: &Decision, at: Timestamp) -> Dossier {
    let Some(Change::Opened { dossier }) = decision.changes.first() else { panic!("{decision:?}") };
    let mut dossier = dossier.clone();
    add(&mut dossier, &decision.changes, at);
    dossier
}

fn add(dossier: &mut Dossier, changes: &[Change], at: Timestamp) {
    for change in changes {
        match change {
            Change::Entered { entry, .. } => dossier.apply(entry, at),
            Change::Incident { code, text } => panic!("{code}: {text}"),
            _ => {}
        }
    }
}

fn words(letter: &Outgoing) -> String {
    letter.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn order(way: &Way, dossier: &Dossier, verb: Verb, points: &[&str], to: &str) -> Order {
    let points = points.iter().map(|point| (*point).to_owned()).collect();
    Order::new(
        dossier.number.as_str(),
        Act::Do { verb, points, to: to.to_owned(), not_held: true, again: String::new() },
        "Ada Neri",
        way.office,
        "responsabile",
    )
}

#[test]
fn each_archetype_goes_from_the_message_to_its_outcome() {
    let desk = &bench().desk;
    for way in WAYS {
        let name = way.procedure;
        let mut now: Timestamp = NOON.parse().unwrap();
        let decision = message(way, now);
        let mut dossier = opened(&decision, now);
        assert_eq!((dossier.cover.procedure.as_str(), dossier.office.as_str()), (name, way.office));
        assert_eq!((dossier.state, dossier.cover.privacy.as_str()), (State::Protocollata, "2026-1"), "{name}");
        assert!(
            decision.outgoing.iter().any(|letter| letter.template == "presa-in-carico" && letter.to == ANNA),
            "{name}"
        );
        let mut last = String::new();
        for (n, step) in way.steps.iter().enumerate() {
            match step {
                Does(verb, points, to, letters) => {
                    let done = act(&order(way, &dossier, *verb, points, to), &dossier, &[], desk, now)
                        .unwrap_or_else(|why| panic!("{name}, step {n}: {} {}", why.code, why.text));
                    let mut sent: Vec<(&str, &str)> =
                        done.outgoing.iter().map(|letter| (letter.template.as_str(), letter.to.as_str())).collect();
                    let mut wanted = letters.to_vec();
                    sent.sort_unstable();
                    wanted.sort_unstable();
                    assert_eq!(sent, wanted, "{name}, step {n}");
                    add(&mut dossier, &done.changes, now);
                    last = done.outgoing.iter().find(|letter| letter.to == ANNA).map_or(last, words);
                }
                MayNot(verb, why) => {
                    let points = ["un motivo chiaro"];
                    let refused = act(&order(way, &dossier, *verb, &points, ""), &dossier, &[], desk, now);
                    assert_eq!(refused.map(|done| done.said).map_err(|no| no.code), Err(*why), "{name}, step {n}");
                }
                Days(days) => {
                    for _ in 0..*days {
                        now = now.checked_add(SignedDuration::from_hours(24)).unwrap();
                        while let Some(done) = clockwork::look(&dossier, &[], &[], desk, now) {
                            add(&mut dossier, &done.changes, now);
                        }
                    }
                }
            }
        }
        assert_eq!(dossier.state, way.end, "{name}");
        for said in way.says {
            assert!(last.contains(said), "{name}: {said}: {last}");
        }
    }
}

/// Cons. Stato VI 8546/2024: whoever is a second late is late, and is told so at once; it is answered all the same.
#[test]
fn the_ranking_freezes_at_noon_to_the_second() {
    let way = WAYS.iter().find(|way| way.procedure == "nido").unwrap();
    let desk = &bench().desk;
    let noon: Timestamp = NOON.parse().unwrap();
    let receipt = |decision: &Decision| {
        let letter = decision.outgoing.iter().find(|letter| letter.to == ANNA).unwrap();
        assert_eq!(letter.template, "presa-in-carico");
        words(letter)
    };
    let is_told = |decision: &Decision| {
        receipt(decision).contains("fuori tempo: le domande si sono chiuse il 31/03/2027 alle 12:00:00")
    };
    let in_time = message(way, noon);
    assert!(!is_told(&in_time) && !in_time.trail.iter().any(|why| why.code == "out-of-time"));
    let a_second_later = noon.checked_add(SignedDuration::from_secs(1)).unwrap();
    let late = message(way, a_second_later);
    assert!(is_told(&late), "{}", receipt(&late));
    assert!(late.trail.iter().any(|why| why.code == "out-of-time"), "{:?}", late.trail);
    // The office reads it too, and cannot let it in; it can say no, with the reason.
    let task = late.outgoing.iter().find(|letter| letter.template == "compito").unwrap();
    assert!(words(task).contains("la domanda è fuori tempo"), "{}", task.text);
    let mut dossier = opened(&late, a_second_later);
    let tomorrow = noon.checked_add(SignedDuration::from_hours(24)).unwrap();
    let taken = act(&order(way, &dossier, Verb::Prendi, &[], ""), &dossier, &[], desk, tomorrow).unwrap();
    add(&mut dossier, &taken.changes, tomorrow);
    let granted = act(&order(way, &dossier, Verb::Accogli, &["Punti 42"], ""), &dossier, &[], desk, tomorrow);
    assert_eq!(granted.map(|done| done.said).map_err(|no| no.code), Err("out-of-time"));
    let refused =
        act(&order(way, &dossier, Verb::Respingi, &["Fuori tempo"], ""), &dossier, &[], desk, tomorrow).unwrap();
    assert!(words(&refused.outgoing[0]).contains("Fuori tempo"));
}

/// A person whom the register has under a code, with a listed domicile.
fn person(code: &str, name: &str, address: &str, since: Timestamp) -> casework::person::Person {
    use casework::person::{Kind, Person, Source, change};
    let new = change::NewPerson { codice_fiscale: Some(code), partita_iva: None, name, kind: Kind::PersonaFisica };
    let mut person = Person::begin(&change::register(new, &[], 0).unwrap()).unwrap();
    let entry = person.add_domicile(address, Source::Inad, since, &[]).unwrap();
    person.apply(&entry, since);
    person
}

/// Functions S3.14: registered and answered, told how to cure it, and nothing of the other person leaves.
#[test]
fn a_delegate_without_a_mandate_is_told_how_to_cure_it_and_learns_nothing() {
    const MARIO: &str = "RSSMRA80A01H501U";
    let way = WAYS.iter().find(|way| way.procedure == "ztl").unwrap();
    let noon: Timestamp = NOON.parse().unwrap();
    let since: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let anna = person("BNCNNA80A41H501R", "Anna Bianchi", ANNA, since);
    let mut mario = person(MARIO, "Mario Rossi", "mario.rossi@cittadini.test", since);
    let text = format!("Chiedo il permesso per mio padre, codice fiscale {MARIO}.\n");
    let known = |people| Known { people, digest: "d".repeat(64), ..Known::nothing(noon) };

    let decision = sent(way, &text, noon, known(vec![anna.clone(), mario.clone()]));
    let dossier = opened(&decision, noon);
    assert_eq!(dossier.state, State::DaRegolarizzare);
    let roles: Vec<(&str, &str, PartyRole)> =
        dossier.cover.people.iter().map(|party| (party.person.as_str(), party.address.as_str(), party.role)).collect();
    assert_eq!(roles, [(MARIO, "", PartyRole::Applicant), ("BNCNNA80A41H501R", ANNA, PartyRole::Delegate)]);
    let letters: Vec<&Outgoing> =
        decision.outgoing.iter().filter(|letter| letter.lane == casework::Lane::Pec).collect();
    assert_eq!(letters.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), [ANNA, ANNA]);
    let cure = letters.iter().find(|letter| letter.template == "richiesta-regolarizzazione").unwrap();
    assert!(
        words(cure).contains("non abbiamo la sua delega") && words(cure).contains("copia del documento di identità")
    );
    for letter in letters {
        for secret in ["Rossi", "mario.rossi@cittadini.test", MARIO] {
            assert!(!letter.text.contains(secret), "{secret}: {}", letter.text);
        }
    }

    // With the mandate in the register nothing has to be cured, and the roles stay apart.
    let today = calendar::rome(noon).date();
    let until = today.checked_add(jiff::Span::new().days(90)).unwrap();
    let entry = mario.mandate(&anna, casework::person::Over::All, &"ab".repeat(32), today, until).unwrap();
    mario.apply(&entry, noon);
    let decision = sent(way, &text, noon, known(vec![anna, mario]));
    let dossier = opened(&decision, noon);
    assert_eq!((dossier.state, dossier.cover.people.len()), (State::Protocollata, 2));
    assert!(decision.outgoing.iter().all(|letter| letter.template != "richiesta-regolarizzazione"));
}

//! A desk as it is shipped and one dossier on it, for tests: orders, mail, receipts and days go by. It changes when something else
//! can happen to a dossier.

extern crate std;

use crate::act::once::Held;
use crate::act::{self, Act, Done, Mailed, Order};
use crate::calendar::rome;
use crate::decision::{Change, Lane, Outgoing};
use crate::desk::{Desk, Entity};
use crate::dossier::{Dossier, PartyRole, State};
use crate::effect::EffectKey;
use crate::filing::{self, Paper};
use crate::known::{Known, material};
use crate::language::Language;
use crate::life::Entry;
use crate::open::{self, NewDossier, NewParty};
use crate::person::{self, Person, Source};
use crate::procedure::Procedures;
use crate::receipts::{Awaited, Fact};
use crate::refused::Refused;
use crate::reply::{self, TemplateFile};
use crate::rules::{self, DossierBrief, Field, FieldCheck, Kind, Outcome, Place, SourceFile};
use crate::verb::Verb;
use crate::{clockwork, participation};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use pec::wire::{Errore, Tipo};
use pec::{Anchors, Content, Daticert, Policy, Verdict};
use std::path::{Path, PathBuf};
use std::{fs, sync::LazyLock};

pub(crate) const MARIO: &str = "RSSMRA80A01H501U";
/// Mario's listed domicile.
pub(crate) const SAFE: &str = "mario.rossi@pec.example";
/// Another mailbox from which he writes.
pub(crate) const OTHER: &str = "mario.altra@pec.example";
pub(crate) const STRANGER: &str = "sconosciuto@pec.example";
pub(crate) const OLD_IBAN: &str = "IT60X0542811101000000123456";
pub(crate) const NEW_IBAN: &str = "IT41W8000000292100645211151";

pub(crate) static DESK: LazyLock<Desk> = LazyLock::new(desk);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(dir: &str, end: &str) -> Vec<(String, String)> {
    let paths = fs::read_dir(root().join(dir)).expect("the directory").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|it| it == end)).collect();
    paths.sort();
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("text"))).collect()
}

/// A desk of shipped files.
pub(crate) fn desk() -> Desk {
    desk_where(|_, text| text)
}

/// The same, where the file of a procedure says more at its end.
pub(crate) fn desk_with(procedure: &str, more: &str) -> &'static Desk {
    let file = format!("{procedure}.toml");
    let add = |name: &str, text: String| if name == file { format!("{text}\n{more}") } else { text };
    std::boxed::Box::leak(std::boxed::Box::new(desk_where(add)))
}

/// The same, with the files of rules and procedures changed.
pub(crate) fn desk_where(change: impl Fn(&str, String) -> String) -> Desk {
    let of = |tag: &'static str| {
        let files = read(&format!("templates/{tag}"), "hbs").into_iter();
        files.map(move |(name, text)| TemplateFile { name: format!("{tag}/{name}"), text })
    };
    let files: Vec<TemplateFile> = Language::ALL.map(Language::tag).into_iter().flat_map(of).collect();
    let templates = reply::load(&files).expect("good templates");
    let source = |(name, text)| SourceFile { name, text };
    let names = templates.names();
    let changed = |(name, text): (String, String)| (name.clone(), change(&name, text));
    let rule_files: Vec<SourceFile> = read("rules", "toml").into_iter().map(changed).map(source).collect();
    let book = rules::load(&rule_files, &names).expect("good rules");
    let changed = |(name, text): (String, String)| (name.clone(), change(&name, text));
    let procedure_files: Vec<SourceFile> =
        read("rules/procedures", "toml").into_iter().map(changed).map(source).collect();
    let procedures = Procedures::load(&procedure_files, &book, &names).expect("good procedures");
    let entity = Entity {
        name: "Comune di Esempio".into(),
        pec: "comune@pec.example".into(),
        task_sender: "sportello@comune.example".into(),
        contact: "telefono 06 000000, dal lunedì al venerdì".into(),
        responsible: "Carla Neri".into(),
        substitute: "il segretario generale".into(),
        privacy_url: "https://comune.example/privacy".into(),
        fallback_office: "urp".into(),
        ..Entity::default()
    };
    drop(names);
    Desk { entity, rules: book, procedures, templates, key: EffectKey::new(&[7; EffectKey::BYTES]) }
}

/// Ten o'clock in Rome (winter) of a day.
pub(crate) fn at(day: Date) -> Timestamp {
    jiff::tz::Offset::UTC.to_timestamp(day.at(9, 0, 0, 0)).expect("an instant")
}

/// The 2nd of March 2026, a Monday: where the vectors of the law begin.
pub(crate) const START: Date = Date::constant(2026, 3, 2);

pub(crate) fn new(procedure: &str, office: &str) -> NewDossier {
    NewDossier {
        procedure: procedure.into(),
        subject: "Richiesta di prova".into(),
        office: office.into(),
        responsible: String::new(),
        classification: String::new(),
        parties: vec![party(MARIO, "", PartyRole::Applicant)],
        since: None,
        told: true,
        reserved: false,
        by: "Anna Verdi".into(),
        origin: String::new(),
    }
}

pub(crate) fn party(code: &str, address: &str, role: PartyRole) -> NewParty {
    NewParty { code: code.into(), name: "Mario Rossi".into(), address: address.into(), role }
}

/// Mario, whose IBAN the office of taxes and the registry hold.
pub(crate) fn mario() -> Person {
    let entry = person::change::register(
        person::change::NewPerson {
            codice_fiscale: Some(MARIO),
            partita_iva: None,
            name: "Mario Rossi",
            kind: person::Kind::PersonaFisica,
        },
        &[],
        0,
    );
    let mut mario = Person::begin(&entry.expect("a good code")).expect("a person");
    let before = at(Date::constant(2025, 1, 1));
    for entry in [
        mario.add_domicile(SAFE, Source::Inad, before, &[]),
        mario.record("iban", OLD_IBAN, "tributi", before, None),
        mario.record("iban", OLD_IBAN, "anagrafe", before, None),
    ] {
        mario.apply(&entry.expect("it fits"), before);
    }
    mario
}

/// A message of somebody.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) files: bool,
    pub(crate) answers: bool,
    pub(crate) placed: bool,
    /// Certified so long before it is read.
    pub(crate) late: SignedDuration,
}

impl Mail {
    pub(crate) fn of(from: &str, kind: Kind) -> Self {
        Self {
            from: from.into(),
            kind,
            text: "Buongiorno".into(),
            fields: vec![],
            files: false,
            answers: true,
            placed: true,
            late: SignedDuration::ZERO,
        }
    }

    /// With a code, at the top.
    pub(crate) fn confirming(from: &str, code: &str) -> Self {
        Self { text: format!("CONFERMO {code}\n"), placed: false, ..Self::of(from, Kind::Other) }
    }
}

/// A new IBAN, asked from the mailbox that is a party.
pub(crate) fn iban(from: &str) -> Mail {
    Mail { fields: vec![("iban", NEW_IBAN.into())], ..Mail::of(from, Kind::DataChange) }
}

/// One dossier, and what has come of it.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) desk: &'static Desk,
    pub(crate) now: Timestamp,
    pub(crate) dossier: Dossier,
    pub(crate) people: Vec<Person>,
    /// Other dossiers of theirs.
    pub(crate) others: Vec<Dossier>,
    /// The dossier as it was opened.
    first: Dossier,
    log: Vec<(Entry, Timestamp)>,
    pub(crate) letters: Vec<Outgoing>,
    pub(crate) incidents: Vec<String>,
    delivered: BTreeMap<String, (Timestamp, BTreeSet<Fact>)>,
    /// What citizens filed in it, as the machine would find it.
    pub(crate) filed: Vec<Mailed>,
    /// What they have given already, likewise.
    pub(crate) held: Vec<Held>,
    mails: u32,
}

impl Scene {
    /// A dossier that Mario asked for, told already.
    pub(crate) fn of(procedure: &str, office: &str) -> Self {
        Self::opened(&new(procedure, office))
    }

    pub(crate) fn opened(new: &NewDossier) -> Self {
        Self::opened_on(&DESK, new)
    }

    /// On another desk.
    pub(crate) fn opened_on(desk: &'static Desk, new: &NewDossier) -> Self {
        Self::opened_at(desk, new, at(START))
    }

    /// At another time.
    pub(crate) fn opened_at(desk: &'static Desk, new: &NewDossier, now: Timestamp) -> Self {
        let people = vec![mario()];
        let done = open::dossier(new, 1, &people, None, desk, now).expect("it is opened");
        let Some(Change::Opened { dossier }) = done.changes.first() else { panic!("{done:?}") };
        let mut scene = Self {
            desk,
            now,
            first: dossier.clone(),
            dossier: dossier.clone(),
            people,
            others: vec![],
            log: vec![],
            letters: vec![],
            incidents: vec![],
            delivered: BTreeMap::new(),
            filed: vec![],
            held: vec![],
            mails: 0,
        };
        scene.take(done.changes, done.outgoing);
        scene
    }

    /// Writes what came of something, as the register does.
    pub(crate) fn take(&mut self, changes: Vec<Change>, outgoing: Vec<Outgoing>) {
        for change in changes {
            match change {
                Change::Entered { dossier, entry } => {
                    assert_eq!(dossier, self.dossier.number);
                    self.dossier.apply(&entry, self.now);
                    self.log.push((entry, self.now));
                }
                Change::Person { id, entry } => match self.people.iter_mut().find(|person| person.id == id) {
                    Some(person) => person.apply(&entry, self.now),
                    None => self.people.extend(Person::begin(&entry)),
                },
                Change::Incident { code, .. } => self.incidents.push(code),
                Change::Opened { .. }
                | Change::Filed { .. }
                | Change::Ordered { .. }
                | Change::Rated { .. }
                | Change::Corrected { .. }
                | Change::Learned { .. }
                | Change::CanaryBack { .. } => {}
            }
        }
        self.letters.extend(outgoing);
    }

    pub(crate) fn try_as(&self, office: &str, role: &str, by: &str, act: Act) -> Result<Done, Refused> {
        let order = Order::new(self.dossier.number.as_str(), act, by, office, role);
        let order = Order { filed: self.filed.clone(), held: self.held.clone(), ..order };
        act::act(&order, &self.dossier, &self.people, self.desk, self.now)
    }

    /// By whoever is in charge of its office; the code of the refusal, else the letters.
    pub(crate) fn act(&mut self, act: Act) -> Result<Vec<Outgoing>, &'static str> {
        self.act_by("Anna Verdi", act)
    }

    pub(crate) fn act_by(&mut self, by: &str, act: Act) -> Result<Vec<Outgoing>, &'static str> {
        let office = self.office();
        let done = self.try_as(&office, "coordinatore", by, act).map_err(|why| why.code)?;
        self.take(done.changes, done.outgoing.clone());
        Ok(done.outgoing)
    }

    /// The office that is competent.
    pub(crate) fn office(&self) -> String {
        let procedure = clockwork::procedure_of(&self.dossier, self.desk).expect("a procedure");
        procedure.unit.clone().unwrap_or_else(|| self.dossier.office.clone())
    }

    pub(crate) fn verb(&mut self, verb: Verb) -> Result<Vec<Outgoing>, &'static str> {
        self.act(verb_with(verb, &["un motivo chiaro"]))
    }

    pub(crate) fn weigh(&mut self, filing: u32) {
        let how = "i fatti non cambiano".to_string();
        self.act(Act::Weigh { filing, weight: participation::Weight::NonAccolta, how }).expect("it is weighed");
    }

    /// Days go by.
    pub(crate) fn days(&mut self, days: i64) {
        self.now = self.now.checked_add(SignedDuration::from_hours(24 * days)).expect("an instant");
    }

    /// Days go by until one, and the clock looks only on those that it was told to: what it writes, with the day.
    pub(crate) fn live(&mut self, last: Date) -> Vec<(Date, Outgoing)> {
        let mut told = vec![];
        while rome(self.now).date() < last {
            self.days(1);
            let today = rome(self.now).date();
            if self.dossier.life.look.is_some_and(|look| look <= today) {
                told.extend(self.look().into_iter().map(|letter| (today, letter)));
            }
        }
        told
    }

    /// The clock looks, as often as it wants to today.
    pub(crate) fn look(&mut self) -> Vec<Outgoing> {
        let mut letters = vec![];
        for _ in 0..64 {
            let Some(done) = clockwork::look(&self.dossier, &self.people, &self.others, self.desk, self.now) else {
                return letters;
            };
            assert!(
                done.changes.iter().any(|change| matches!(change, Change::Entered { .. })),
                "it writes what it did"
            );
            letters.extend(done.outgoing.iter().cloned());
            self.take(done.changes, done.outgoing);
        }
        panic!("the clock never comes to rest: {:?}", self.dossier.life);
    }

    /// The delivery receipt of a letter comes, certified now.
    pub(crate) fn deliver(&mut self, letter: &Outgoing) {
        self.deliver_at(letter, self.now);
    }

    /// What a receipt of a letter, sent then, is held against.
    pub(crate) fn awaits(&self, letter: &Outgoing, sent: Timestamp, facts: BTreeSet<Fact>) -> (Awaited, Known) {
        let awaited = Awaited {
            item: letter.id.clone(),
            recipient: letter.to.clone(),
            sender: letter.from.clone(),
            first_attempt: Some(sent),
            times: 1,
            message_id: letter.message_id.clone(),
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            language: letter.language,
            template: letter.template.clone(),
            is_task: letter.lane != Lane::Pec,
            is_canary: false,
            facts,
        };
        let known = Known {
            dossiers: vec![self.dossier.clone()],
            awaited_dossier: letter.dossier.clone(),
            ..Known::nothing(self.now)
        };
        (awaited, known)
    }

    /// As [`deliver`](Self::deliver), of an instant before now.
    pub(crate) fn deliver_at(&mut self, letter: &Outgoing, at: Timestamp) {
        let (sent, facts) = self.delivered.entry(letter.id.clone()).or_insert((at, BTreeSet::new())).clone();
        let (awaited, known) = self.awaits(letter, sent, facts);
        let changes = clockwork::delivered(&awaited, at, &known, self.desk);
        self.take(changes, vec![]);
        let (changes, letters) = act::delivered(&awaited, at, &known, self.desk);
        self.take(changes, letters);
        let fact = Fact::Delivered { at, pec_id: format!("{}@gestore.example", letter.id) };
        self.delivered.entry(letter.id.clone()).and_modify(|(_, facts)| {
            facts.insert(fact);
        });
    }

    /// A certified message reaches the dossier.
    pub(crate) fn write(&mut self, mail: &Mail) -> (Vec<Outgoing>, Vec<String>) {
        self.mails += 1;
        let (class, message) = (classified(self.desk, mail, &self.dossier.number), content(mail));
        let sender = crate::address::key(&mail.from);
        let people = self.people.iter().filter(|person| {
            person.strength_of(&sender, self.now).is_some()
                || mail.fields.iter().any(|(name, value)| *name == "codice_fiscale" && person.has_code(value))
        });
        let known = Known {
            digest: format!("{:064x}", self.mails),
            people: people.cloned().collect(),
            dossiers: vec![self.dossier.clone()],
            answers_ours: mail.answers,
            ..Known::nothing(self.now)
        };
        let certified = self.now.checked_sub(mail.late).expect("an instant");
        let daticert = envelope(&mail.from, certified);
        let standing = filing::standing(&class, &daticert, &message, Some(&self.dossier), &known);
        let paper = Paper {
            standing: &standing,
            class: &class,
            daticert: &daticert,
            message: &message,
            known: &known,
            desk: self.desk,
            is_first: false,
            is_placed: mail.placed,
        };
        let (mut after, mut trail) = (self.dossier.clone(), vec![]);
        let filed = filing::file(&paper, &mut after, &mut trail);
        let letters = filed.outgoing.clone();
        self.take(filed.changes, filed.outgoing);
        assert_eq!(after, self.dossier, "what is handed on is what the register holds");
        (letters, trail.into_iter().map(|reason| reason.code).collect())
    }

    /// The same entries from the beginning give the same dossier.
    pub(crate) fn replayed(&self) -> Dossier {
        let mut dossier = self.first.clone();
        for (entry, at) in &self.log {
            let kept = serde_json::to_string(entry).expect("it is written");
            let entry: Entry = serde_json::from_str(&kept).expect("it is read");
            dossier.apply(&entry, *at);
        }
        dossier
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.log.iter().map(|(entry, _)| entry)
    }

    /// Letters of a template so far.
    pub(crate) fn of_template(&self, template: &str) -> Vec<&Outgoing> {
        self.letters.iter().filter(|letter| letter.template == template).collect()
    }

    /// Taken in charge.
    pub(crate) fn worked_on(mut self) -> Self {
        self.verb(Verb::Prendi).expect("it is taken in charge");
        assert_eq!(self.dossier.state, State::InLavorazione);
        self
    }

    pub(crate) fn mario(&self) -> &Person {
        self.people.iter().find(|person| person.id == MARIO).expect("he is there")
    }

    pub(crate) fn iban(&self, office: &str) -> &str {
        self.mario().datum("iban", office).map_or("", |datum| datum.value.as_str())
    }
}

pub(crate) fn verb_with(verb: Verb, points: &[&str]) -> Act {
    let points = points.iter().map(|point| point.to_string()).collect();
    Act::Do { verb, points, to: String::new(), not_held: true, again: String::new() }
}

/// The one letter of a template.
pub(crate) fn the<'a>(letters: &'a [Outgoing], template: &str) -> &'a Outgoing {
    let mut of = letters.iter().filter(|letter| letter.template == template);
    let one = of.next().unwrap_or_else(|| panic!("no {template} in {letters:?}"));
    assert!(of.next().is_none(), "one {template}");
    one
}

/// The code in the letter that asks for a confirmation.
pub(crate) fn code_of(letter: &Outgoing) -> String {
    let code = letter.text.split("CONFERMO ").nth(1).and_then(|rest| rest.split_whitespace().next());
    code.expect("a code").to_string()
}

fn envelope(from: &str, data: Timestamp) -> Daticert {
    Daticert {
        tipo: Tipo::PostaCertificata,
        errore: Errore::Nessuno,
        mittente: from.into(),
        destinatari: vec![],
        risposte: String::new(),
        oggetto: String::new(),
        gestore_emittente: "X".into(),
        data,
        identificativo: "p1@gestore.example".into(),
        msgid: None,
        ricevuta: None,
        consegna: None,
        ricezione: vec![],
        errore_esteso: None,
        others: vec![],
        repaired: false,
    }
}

fn content(mail: &Mail) -> Content {
    let raw = if mail.files {
        format!(
            "From: {}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{}\r\n\
             --b\r\nContent-Type: application/pdf; name=\"modulo.pdf\"\r\nContent-Disposition: attachment; \
             filename=\"modulo.pdf\"\r\n\r\nx\r\n--b--\r\n",
            mail.from, mail.text
        )
    } else {
        format!("From: {}\r\nContent-Type: text/plain\r\n\r\n{}\r\n", mail.from, mail.text)
    };
    let anchors = Anchors::default();
    match pec::examine(raw.as_bytes(), &Policy::new(&anchors)).verdict {
        Verdict::Unproven(unproven) => unproven.content.expect("it is read"),
        Verdict::Certified(_) => panic!("nobody signed it"),
    }
}

struct Nothing;

impl rules::World for Nothing {
    fn dossier(&self, _: &str) -> Option<DossierBrief> {
        None
    }
    fn identity(&self) -> bool {
        true
    }
    fn thread(&self) -> Option<DossierBrief> {
        None
    }
}

/// What the rules would say: the kind and the fields are the test's.
fn classified(desk: &Desk, mail: &Mail, number: &str) -> rules::Classification {
    let empty = Content::default();
    let material = material(&empty, &mail.from, &[], &[], "", "", Timestamp::UNIX_EPOCH);
    let mut class = rules::classify(&desk.rules, &material, &Nothing);
    class.kind = mail.kind;
    class.dossier = Some(number.to_string());
    class.outcome =
        if mail.placed { Outcome::Chosen { score: 9, lead: None } } else { Outcome::BelowAccept { best: None } };
    let field = |(name, value): &(&'static str, String)| Field {
        name: (*name).into(),
        value: value.clone(),
        place: Place::Body,
        matched: value.clone(),
        check: FieldCheck::Ok,
        old: None,
    };
    class.fields = mail.fields.iter().map(field).collect();
    class
}

/// The words of a letter, however its lines are broken.
pub(crate) fn flat(letter: &Outgoing) -> String {
    letter.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// So many common days later, and no holiday: where a term may end.
pub(crate) fn end(day: Date, days: u32) -> Date {
    crate::calendar::not_on_a_holiday(later(day, days), crate::calendar::Holidays::default())
}

/// So many common days later.
pub(crate) fn later(day: Date, days: u32) -> Date {
    day.checked_add(jiff::Span::new().days(i64::from(days))).expect("a day")
}

//! What offices order and citizens write in some lives, each knowing what the dossier before them would take. Changes when they can do
//! something else.

use super::plan::Dice;
use super::pool::{self, Letter};
use super::power::Power;
use casework::act::{self, Act, Order};
use casework::address;
use casework::dossier::{self, Dossier, State};
use casework::open::{NewDossier, NewParty, NewPerson};
use casework::participation::{self, Weight};
use casework::person::{Person, Source};
use casework::procedure::Procedure;
use casework::verb::Verb;
use casework::{data_change, protocol};
use gestore::{Mail, Submission};
use jiff::{SignedDuration, Timestamp};
use sportello::archive::Archive;
use sportello::caseload::{Caseload, Deed};
use sportello::clock::Clock;
use sportello::journal::record::Channel;
use sportello::outbox::orders::Answer;
use sportello::store::{Overview, Store};
use std::sync::{Arc, Mutex};

/// Of a thousand orders, so many are given without a look at what the dossier would take.
const BLIND: u64 = 150;
/// Of a thousand letters about a dossier, so many are of somebody who is no party of it.
const STRANGE: u64 = 250;
/// Acts that a clerk looks at before giving up.
const LOOKS: usize = 6;
/// Dossiers that are worked before the others: a few that go far show more than many that begin.
const IN_HAND: usize = 6;
/// Persons under one address.
const HOLDERS: usize = 8;
/// Whose account is known, and who asks for another.
const ANNA: (&str, &str) = ("anna.bianchi@cittadini.test", "BNCNNA80A41H501R");
const IBANS: [&str; 2] = ["IT60X0542811101000000123456", "IT41W8000000292100645211151"];
/// Two of an office: what is risky takes both.
const PEOPLE: [&str; 2] = ["Ada Neri", "Bruno Conti"];

/// Who acts, on what.
pub struct Town<'a> {
    /// The register.
    pub store: &'a Mutex<Store>,
    /// The letters.
    pub archive: &'a Archive,
    /// Chance.
    pub dice: &'a mut Dice,
    /// The time, as our machine has it.
    pub clock: &'a Clock,
    /// What is told of it.
    pub power: &'a Power,
}

impl Town<'_> {
    fn carry_out(&mut self, deed: &Deed, what: &str) {
        let Ok(mut store) = self.store.lock() else { return };
        let office = pool::office();
        let channel = if self.dice.permille(500) { Channel::Command } else { Channel::Drop };
        let (now, hold) = (self.clock.now(), SignedDuration::ZERO);
        let mut caseload =
            Caseload { store: &mut store, archive: self.archive, office: &office, hold, observe: false, now };
        let (said, counted) = match caseload.carry_out(deed, channel) {
            Ok(Answer::Done(_)) => ("done".to_owned(), "orders carried out"),
            Ok(Answer::No(why)) => (format!("refused: {why}"), "orders refused"),
            Err(_) => ("the service cannot go on".to_owned(), "orders that met a fault"),
        };
        self.power.did(counted);
        self.power.note(format!("{what}: {said}"));
    }

    /// Somebody of an office does something, as the command line, a row of a table or a mail would.
    pub fn order(&mut self) {
        let Some((overview, knows_anna)) = self.look() else { return };
        if !knows_anna && self.dice.permille(300) {
            return self.carry_out(&Deed::Enter { person: anna() }, "a person is entered");
        }
        if overview.dossiers.is_empty() || self.dice.permille(40) {
            let dossier = of_the_office(self.dice);
            return self.carry_out(&Deed::Open { dossier }, "a dossier is opened");
        }
        let dossier = self.pick(&overview);
        let office = pool::office();
        let Some(procedure) = casework::clockwork::procedure_of(&dossier, &office.desk) else { return };
        let unit = procedure.unit.clone().unwrap_or_else(|| dossier.office.clone());
        let mut order = Order::new(&dossier.number, note(), *self.dice.pick(&PEOPLE), unit, "responsabile");
        if self.dice.permille(BLIND) {
            order.act = any_act(self.dice);
            order.role = (*self.dice.pick(&["operatore", "responsabile", "coordinatore"])).into();
            if self.dice.permille(300) {
                order.office = "urp".into();
            }
        } else if let Some(act) = self.read(&order, &dossier, procedure) {
            order.act = act;
        }
        let what = format!("order {:?} in {}", order.act, order.dossier);
        self.carry_out(&Deed::Act { order }, &what);
    }

    /// What the register shows; none while it cannot be read.
    fn look(&self) -> Option<(Overview, bool)> {
        let store = self.store.lock().ok()?;
        Some((store.overview().ok()?, store.person(ANNA.1).ok()?.is_some()))
    }

    /// Mostly one of those that are open.
    fn pick(&mut self, overview: &Overview) -> Dossier {
        let open: Vec<&Dossier> = overview.dossiers.iter().filter(|of| !of.state.is_final()).take(IN_HAND).collect();
        match open.is_empty() || self.dice.permille(100) {
            true => self.dice.pick(&overview.dossiers).clone(),
            false => (*self.dice.pick(&open)).clone(),
        }
    }

    /// What a clerk does who reads what the dossier would take: the judge of the answers that a task offers (`command/answers`) is
    /// asked, and chance chooses; what is rare, and what leads on, before what ends.
    fn read(&mut self, order: &Order, dossier: &Dossier, procedure: &Procedure) -> Option<Act> {
        let people = self.people(dossier)?;
        let (desk, now) = (&pool::office().desk, self.clock.now());
        let mut choices = choices(dossier, procedure);
        for _ in 0..LOOKS.min(choices.len()) {
            let all: u64 = choices.iter().map(|(weight, _)| weight).sum();
            let mut at = self.dice.below(all);
            let n = choices.iter().position(|(weight, _)| {
                let is_here = at < *weight;
                at = at.saturating_sub(*weight);
                is_here
            })?;
            let (_, act) = choices.swap_remove(n);
            let order = Order { act, ..order.clone() };
            if act::act(&order, dossier, &people, desk, now).is_ok() {
                return Some(order.act);
            }
        }
        None
    }

    /// Whom the dossier and what is asked in it concern.
    fn people(&self, dossier: &Dossier) -> Option<Vec<Person>> {
        let store = self.store.lock().ok()?;
        let life = &dossier.life;
        let parties = dossier.cover.people.iter().map(|party| party.person.as_str());
        let codes = life.changes.iter().map(|change| change.person.as_str()).chain(parties);
        let asked = life.enablement.as_ref();
        let codes = codes.chain(asked.map(|asked| asked.code.as_str()));
        let mut people: Vec<Person> = Vec::new();
        for code in codes.filter(|code| !code.is_empty()) {
            let found = store.person(&code.to_ascii_uppercase()).ok()?;
            people.extend(found.filter(|one| people.iter().all(|other| other.id != one.id)));
        }
        if let Some(asked) = asked {
            people.extend(store.people_at(&asked.address, HOLDERS).ok()?);
        }
        Some(people)
    }

    /// The emergency register is opened, or closed.
    pub fn emergency(&mut self, opens: bool) {
        let by = PEOPLE[0].to_owned();
        let order = match opens {
            true => protocol::Order::OpenEmergency { by, why: "il protocollo non risponde".into() },
            false => protocol::Order::CloseEmergency { by },
        };
        self.carry_out(&Deed::Protocol { order }, "the emergency register");
    }

    /// What some citizen writes now, `at` of the provider's clock: what was asked of whom, what they may say, or what they may not.
    pub fn write(&mut self, season: usize, nth: usize, at: Timestamp) -> Option<Letter> {
        let (overview, knows_anna) = self.look()?;
        if knows_anna && self.dice.permille(150) {
            let text = format!("Comunico il nuovo iban per i miei rimborsi: {}\nCodice fiscale {}\n", IBANS[1], ANNA.1);
            return Some(seal(season, nth, at, ANNA.0, "Nuovo IBAN", &text, false));
        }
        if overview.dossiers.is_empty() || self.dice.permille(60) {
            let (address, code) = pool::writer(usize::try_from(self.dice.below(pool::LETTERS as u64)).unwrap());
            let subject = format!("ABILITAMI {code}");
            return Some(seal(season, nth, at, &address, &subject, "Grazie\n", false));
        }
        let dossier = self.pick(&overview);
        let mut of_it = overview.items.iter().filter(|item| item.outgoing.dossier.as_deref() == Some(&dossier.number));
        let code = of_it.rfind(|item| item.outgoing.template.starts_with("conferma-"));
        let party = dossier.cover.people.iter().map(|party| party.address.as_str()).find(|at| !at.is_empty());
        let stranger = pool::writer(7).0;
        let from = party.filter(|_| !self.dice.permille(STRANGE)).unwrap_or(&stranger).to_owned();
        let (tag, number) = (dossier::tag(&dossier.number), &dossier.number);
        let secret = code.and_then(|item| item.outgoing.text.lines().find(|line| line.starts_with("CONFERMO ")));
        if let (Some(item), Some(secret)) = (code, secret)
            && self.dice.permille(700)
        {
            let secret = if self.dice.permille(200) { "CONFERMO abcdefghijklmnopqrstuvwxyz234567" } else { secret };
            let subject = format!("Re: {}", item.outgoing.subject);
            return Some(seal(season, nth, at, &item.outgoing.to, &subject, &format!("{secret}\n"), false));
        }
        let answers = matches!(dossier.state, State::InAttesaIntegrazioni | State::DaRegolarizzare);
        let (subject, text, files) = match self.dice.below(10) {
            _ if answers && self.dice.permille(700) => {
                (format!("Re: {tag} integrazione"), "Mando i documenti richiesti.\n".to_owned(), true)
            }
            _ if dossier.state == State::PreavvisoDiniego && self.dice.permille(700) => (
                format!("Osservazioni {tag}"),
                "Queste sono le mie osservazioni al preavviso di rigetto, art. 10-bis.\n".to_owned(),
                false,
            ),
            0 | 1 => (format!("RITIRO {number}"), format!("RITIRO {number}\n"), false),
            2 => ("LE MIE PRATICHE".to_owned(), "LE MIE PRATICHE\n".to_owned(), false),
            3 => (format!("Re: {tag} integrazione"), "Mando i documenti richiesti.\n".to_owned(), true),
            4 | 5 => (format!("STATO {number}"), format!("STATO {number}\n"), false),
            _ => (
                format!("Memoria {tag}"),
                "Presento una memoria: osservo che la strada è larga, e chiedo di tenerne conto.\n".to_owned(),
                false,
            ),
        };
        Some(seal(season, nth, at, &from, &subject, &text, files))
    }
}

/// What may be done with a dossier as it stands, each with its weight.
fn choices(dossier: &Dossier, procedure: &Procedure) -> Vec<(u64, Act)> {
    let mut all: Vec<(u64, Act)> =
        procedure.exits(dossier.state).into_iter().map(|(verb, _)| (weight(verb), verb_act(verb))).collect();
    if dossier.state == State::PreavvisoDiniego {
        // Mostly the answer is waited for.
        all.retain(|(_, act)| !matches!(act, Act::Do { verb: Verb::Riprendi, .. }));
        all.push((3, verb_act(Verb::Riprendi)));
        all.push((12, note()));
    }
    let life = &dossier.life;
    for filing in life.filings.iter().filter(|filing| filing.state == participation::State::Filed) {
        all.push((10, weigh(filing.id)));
    }
    for change in &life.changes {
        let change = change.id;
        all.push((20, Act::Approve { change }));
        all.push((1, Act::Refuse { change, points: points() }));
        all.push((1, Act::ConfirmInPerson { change, evidence: "ab".repeat(32) }));
        all.push((1, Act::AskAgain { change }));
    }
    for change in life.changes.iter().filter(|change| matches!(change.state, data_change::State::Approved { .. })) {
        all.push((1, Act::RollBack { change: change.id, why: "era uno sbaglio".into() }));
    }
    if life.enablement.is_some() {
        all.push((20, Act::Enable { scopes: vec![], until: None, points: points() }));
        all.push((1, Act::Deny { points: points() }));
    }
    all.push((2, Act::Reclassify { procedure: "richiesta".into(), why: "il servizio era un altro".into() }));
    all.push((1, Act::Extend { points: points() }));
    all.push((1, Act::Substitute { why: "lo chiede chi ha scritto".into() }));
    all.push((1, note()));
    all
}

/// How often a verb is chosen where it may be done.
fn weight(verb: Verb) -> u64 {
    match verb {
        Verb::Respingi | Verb::AttestaSilenzio => 20,
        Verb::PreavvisoDiniego | Verb::ChiediParere | Verb::ChiediPagamento => 8,
        Verb::Registra | Verb::Prendi => 6,
        Verb::ChiediIntegrazione | Verb::RiceviParere | Verb::RegistraPagamento | Verb::Riprendi => 4,
        Verb::ChiediRegolarizzazione | Verb::Assegna | Verb::Integra | Verb::Annulla => 3,
        Verb::Accogli => 2,
        Verb::DichiaraIrricevibile | Verb::Trasmetti | Verb::Ritira => 1,
    }
}

fn points() -> Vec<String> {
    vec!["un motivo chiaro".to_owned()]
}

fn note() -> Act {
    Act::Note { text: "una nota".into() }
}

fn weigh(filing: u32) -> Act {
    Act::Weigh { filing, weight: Weight::NonAccolta, how: "i fatti non cambiano".into() }
}

fn verb_act(verb: Verb) -> Act {
    let to = if verb == Verb::RiceviParere { String::new() } else { "Regione".into() };
    Act::Do { verb, points: points(), to, not_held: true, again: "serve di nuovo".into() }
}

/// Anything, so that what must be refused is tried.
fn any_act(dice: &mut Dice) -> Act {
    match dice.below(10) {
        0 | 1 => weigh(1),
        2 => Act::Approve { change: 1 },
        3 => Act::Enable { scopes: vec![], until: None, points: points() },
        _ => verb_act(*dice.pick(&Verb::ALL)),
    }
}

fn anna() -> NewPerson {
    NewPerson {
        codice_fiscale: ANNA.1.into(),
        partita_iva: String::new(),
        name: "Anna Bianchi".into(),
        address: ANNA.0.into(),
        source: Some(Source::Inad),
        data: [("iban".to_owned(), IBANS[0].to_owned())].into(),
        office: "ragioneria".into(),
        by: PEOPLE[0].into(),
    }
}

fn of_the_office(dice: &mut Dice) -> NewDossier {
    let (address, code) = pool::writer(usize::try_from(dice.below(pool::LETTERS as u64)).unwrap());
    let role = casework::dossier::PartyRole::Addressee;
    NewDossier {
        procedure: "richiesta".into(),
        subject: "Controllo di un'autorizzazione".into(),
        office: String::new(),
        responsible: String::new(),
        classification: String::new(),
        parties: vec![NewParty { code: code.into(), name: "Persona di Prova".into(), address, role }],
        since: None,
        told: false,
        reserved: false,
        by: PEOPLE[0].into(),
        origin: String::new(),
    }
}

/// A letter, sealed by a provider of its own: what it is depends on nothing that was sealed before.
fn seal(season: usize, nth: usize, at: Timestamp, from: &str, subject: &str, text: &str, files: bool) -> Letter {
    let id = format!("<{season}.{nth}.{}@client.test>", at.as_second());
    let mail = Mail::new(from).display_name("Persona di Prova").to(pool::ENTITY).message_id(&id);
    let mail = mail.subject(subject).text(text);
    let pdf = b"%PDF-1.4 finto\n";
    let mail = if files { mail.attach("contratto.pdf", "application/pdf", pdf) } else { mail };
    let mail = mail.compose(at).unwrap();
    let seed = 1_000_000
        + ((season * 1_000 + nth) as u64) * 1_000_000_000_000
        + u64::try_from(at.as_millisecond()).unwrap_or(0);
    let raw = match pool::provider(from, seed).submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at).unwrap() {
        Submission::Accepted { envelope, .. } => envelope.raw,
        Submission::Refused(notice) => notice.raw,
    };
    let mut whole = format!("Return-Path: <{}>\r\nDelivered-To: {}\r\n", address::key(from), pool::ENTITY).into_bytes();
    whole.extend(raw);
    Letter { raw: Arc::new(whole), kind: pool::Kind::Genuine }
}

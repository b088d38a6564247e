//! Changes when what it costs to know what a writer has given already is measured in another way (function S2.13).
//!
//! One person, reached at the address that writes, with twenty dossiers of ten entries and three documents each, among others. The
//! rest of a message's work is its two examinations, what the store knows of it, and its decision; neither the disk nor the trial's
//! process, which would only make the part smaller.

use super::register::{Careless, Shared};
use super::{Asked, figure, is_wanted};
use crate::decide::{ANNA, ENTITY, bench};
use casework::dossier::{Cover, Document, Dossier, Life, Party, PartyRole, State, number};
use casework::life::Entry;
use casework::person::{self, Kind, Source};
use casework::rules;
use casework::{Change, Known};
use gestore::{Mail, Submission};
use jiff::SignedDuration;
use pec::Policy;
use sportello::caseload::held;
use sportello::journal::record::{Acted, Channel};
use sportello::store::Store;
use sportello::world::World;
use std::sync::Arc;
use std::time::Instant;

/// Messages.
const ROUNDS: usize = 200;
/// Dossiers of the person who writes.
const OWN: u32 = 20;
/// Dossiers of others.
const OTHERS: u32 = 2_000;
const CODE: &str = "BNCNNA80A41H501R";

fn acted(n: u32, changes: Vec<Change>) -> Acted {
    Acted {
        dossier: number(2025, n),
        cause: format!("{n:032x}"),
        by: "Ada Neri".into(),
        office: String::new(),
        channel: Channel::Drop,
        key: String::new(),
        changes,
        outgoing: vec![],
        frozen: vec![],
        hold_seconds: 0,
        observed: false,
    }
}

#[test]
fn what_a_writer_has_given_is_a_small_part_of_a_message() {
    if !is_wanted() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = bench().now - SignedDuration::from_hours(24 * 30);
    let disk = Arc::new(Careless::new());
    let world = World { disk: Arc::new(Shared(disk)), ..World::real() };
    let mut store = Store::open_in(&world, dir.path(), at).unwrap();
    for n in 1..=OTHERS + OWN {
        let is_own = n % (OTHERS / OWN) == 0 && n <= OTHERS;
        let (id, address) = match is_own {
            true => (CODE.to_owned(), ANNA.to_owned()),
            false => (format!("P{n:015}"), format!("cittadino-{n}@cittadini.test")),
        };
        let dossier = Dossier {
            number: number(2025, n),
            kind: rules::Kind::NewApplication,
            title: "Permesso".into(),
            office: "mobilita".into(),
            state: State::InLavorazione,
            state_since: at,
            opened_at: at,
            due: None,
            parties: vec![address.clone()],
            cover: Cover {
                procedure: "ztl".into(),
                people: vec![Party { person: id.clone(), address, role: PartyRole::Applicant }],
                ..Cover::default()
            },
            life: Life::default(),
        };
        let mut changes = vec![Change::Opened { dossier }];
        if is_own && n == OTHERS / OWN {
            let registered = person::Entry::Registered {
                id: id.clone(),
                codice_fiscale: Some(id.clone()),
                partita_iva: None,
                name: "Anna Bianchi".into(),
                kind: Kind::PersonaFisica,
            };
            let listed = person::Entry::DomicileAdded { address: ANNA.into(), source: Source::Inad, since: at };
            changes.extend([registered, listed].map(|entry| Change::Person { id: id.clone(), entry }));
        }
        let named = |k: u32| Entry::Deposited {
            document: Document {
                digest: format!("{k:064x}"),
                name: format!("documento {k}.pdf"),
                media: "application/pdf".into(),
                message: String::new(),
                visibility: Default::default(),
            },
        };
        let note = |k: u32| Entry::Noted { text: format!("nota {k}") };
        let entries = (0..10).map(|k| if k % 4 == 0 { named(k) } else { note(k) });
        changes.extend(entries.map(|entry| Change::Entered { dossier: number(2025, n), entry }));
        store.act(0, acted(n, changes), at).unwrap();
    }
    drop(store);
    let store = Store::open(dir.path(), bench().now).unwrap();

    let mail = Mail::new(ANNA).to(ENTITY).subject("Permesso per la zona a traffico limitato");
    let mail = mail.text("Chiedo il permesso per la mia auto AB123CD. Codice fiscale BNCNNA80A41H501R\n");
    let mail = mail.compose(bench().now).unwrap();
    let raw = match bench().provider.submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, bench().now).unwrap() {
        Submission::Accepted { envelope, .. } => envelope.raw,
        Submission::Refused(_) => panic!("refused"),
    };
    let policy = Policy::new(&bench().anchors);
    let memory = held::Memory::default();
    let (mut first_ms, mut given_ms, mut rest_ms) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..ROUNDS {
        let since = Instant::now();
        let _trial = pec::examine(&raw, &policy);
        let seen = pec::examine(&raw, &policy);
        let interest = casework::interest(&seen, &bench().desk.rules);
        let known = store.known(&format!("{n:064x}"), &interest, bench().now).unwrap();
        let before = since.elapsed();
        let since = Instant::now();
        let given = held::given(&store, &known, &interest.sender, &memory).unwrap();
        given_ms.push(since.elapsed().as_secs_f64() * 1e3);
        let since = Instant::now();
        let first = held::given(&store, &known, &interest.sender, &held::Memory::default()).unwrap();
        first_ms.push(since.elapsed().as_secs_f64() * 1e3);
        assert_eq!(first, given, "what is remembered is what stands there");
        assert_eq!(given.values().map(Vec::len).sum::<usize>(), OWN as usize * 3, "all of them are looked through");
        let since = Instant::now();
        let decision = casework::decide(&seen, &Known { given, ..known }, &bench().desk);
        assert!(!decision.changes.is_empty());
        rest_ms.push((before + since.elapsed()).as_secs_f64() * 1e3);
    }
    let median = |took: &mut Vec<f64>| {
        took.sort_by(f64::total_cmp);
        took[took.len() / 2]
    };
    let (first, given, rest) = (median(&mut first_ms), median(&mut given_ms), median(&mut rest_ms));
    println!(
        "given: {given:.3} ms, the first time {first:.3}, beside {rest:.3} of a message's other work; medians of {ROUNDS}"
    );
    figure("given: of a message's other work", 100.0 * given / rest, "%", &Asked::AtMost(5.0));
    figure("given: the first time since a start, or since an entry", 100.0 * first / rest, "%", &Asked::Nothing);
}

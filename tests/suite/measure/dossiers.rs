//! Changes when how fast a dossier is found is measured in another way.
//!
//! A register of dossiers, written by the service's own store: for two of them one person, for each an applicant with an address of
//! their own, and a day to look at. The same number is due whatever the size, so what is asked of the day must cost the same.

use super::register::{Careless, Shared};
use super::{Asked, figure, is_wanted, size};
use casework::dossier::{Cover, Dossier, Life, Party, PartyRole, State, number};
use casework::person::{self, Kind};
use casework::rules;
use casework::{Change, dossier};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span, Timestamp};
use sportello::caseload::ask::{Ask, Told, Which, answer};
use sportello::journal::record::{Acted, Channel};
use sportello::store::Store;
use sportello::world::World;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Lookups of one kind.
const LOOKUPS: usize = 5_000;
/// Dossiers that are due, at every size.
const DUE: usize = 100;
/// The day of that.
const TODAY: Date = date(2026, 11, 27);

fn cf(n: usize) -> String {
    // The shape of a codice fiscale; nobody here checks its last letter.
    format!("P{:015}", n / 2)
}

fn address_of(n: usize) -> String {
    format!("cittadino-{n:07}@cittadini.test")
}

fn number_of(n: usize) -> String {
    // A year has a million numbers at most.
    number(2020 + i16::try_from(n / 900_000).unwrap(), u32::try_from(n % 900_000 + 1).unwrap())
}

fn changes(n: usize, all: usize, at: Timestamp) -> Vec<Change> {
    let id = cf(n);
    let registered = person::Entry::Registered {
        id: id.clone(),
        codice_fiscale: Some(id.clone()),
        partita_iva: None,
        name: "Anna Bianchi".into(),
        kind: Kind::PersonaFisica,
    };
    // Spread over the register, not at its end.
    let is_due = n.is_multiple_of(all / DUE);
    let look = if is_due { TODAY } else { TODAY.saturating_add(Span::new().days(1 + (n % 300) as i64)) };
    let dossier = Dossier {
        number: number_of(n),
        kind: rules::Kind::NewApplication,
        title: "Cambio di residenza".into(),
        office: format!("ufficio-{}", n % 20),
        state: if n.is_multiple_of(10) || is_due { State::InLavorazione } else { State::Accolta },
        state_since: at,
        opened_at: at,
        due: Some(look),
        parties: vec![address_of(n)],
        cover: Cover {
            procedure: "cambio-residenza".into(),
            subject: "Dichiarazione di cambio di residenza".into(),
            people: vec![Party { person: id.clone(), address: address_of(n), role: PartyRole::Applicant }],
            ..Cover::default()
        },
        life: Life { look: Some(look), ..Life::default() },
    };
    let mut changes = vec![Change::Opened { dossier }];
    if n.is_multiple_of(2) {
        changes.push(Change::Person { id, entry: registered });
    }
    changes
}

fn make(data: &Path, all: usize) {
    let disk = Arc::new(Careless::new());
    let began = Timestamp::now() - SignedDuration::from_hours(24 * 365);
    let world = World { disk: Arc::new(Shared(disk)), ..World::real() };
    let mut store = Store::open_in(&world, data, began).unwrap();
    let since = Instant::now();
    for n in 0..all {
        let at = began + SignedDuration::from_secs(n as i64);
        let acted = Acted {
            dossier: number_of(n),
            cause: format!("{n:032x}"),
            by: "Ada Neri".into(),
            office: String::new(),
            channel: Channel::Drop,
            key: String::new(),
            changes: changes(n, all, at),
            outgoing: vec![],
            frozen: vec![],
            hold_seconds: 0,
            observed: false,
        };
        store.act(0, acted, at).unwrap();
        if (n + 1).is_multiple_of(all / 10) {
            println!("{} dossiers after {:.0} s", n + 1, since.elapsed().as_secs_f64());
        }
    }
}

/// Milliseconds of many lookups, in order of length.
fn times(all: usize, mut look: impl FnMut(usize)) -> Vec<f64> {
    let mut at = 7;
    let mut took: Vec<f64> = (0..LOOKUPS)
        .map(|_| {
            at = (at * 48_271 + 11) % all.max(2);
            let since = Instant::now();
            look(at);
            since.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took
}

fn part(took: &[f64], of: f64) -> f64 {
    took[((took.len() - 1) as f64 * of) as usize]
}

/// Medians: by number, person, address, and what is due.
fn measure(data: &Path, all: usize) -> [f64; 4] {
    let since = Instant::now();
    let store = Store::open(data, Timestamp::now()).unwrap();
    println!("{all} dossiers: opened after {:.2} s", since.elapsed().as_secs_f64());
    let count = |which: Which| {
        let ask = Ask::Dossiers { which, max: 50 };
        match answer(&store, &crate::decide::bench().desk, &ask, Timestamp::now()).unwrap() {
            Told::Dossiers { rows, .. } => rows.len(),
            other => panic!("{other:?}"),
        }
    };
    let by_number = times(all, |n| assert!(store.dossier(&number_of(n)).unwrap().is_some()));
    let by_person = times(all, |n| assert!((1..=2).contains(&count(Which::Person { code: cf(n) }))));
    let by_address = times(all, |n| assert_eq!(count(Which::Address { address: address_of(n) }), 1));
    let due = times(all, |_| assert_eq!(store.due_dossiers(TODAY, 1_000).unwrap().len(), DUE));
    let kinds = [("number", by_number), ("person", by_person), ("address", by_address), ("what is due", due)];
    kinds.map(|(what, took)| {
        let (median, slow) = (part(&took, 0.5), part(&took, 0.99));
        println!("{all} dossiers: by {what}: median {median:.3} ms, of 100 the slowest {slow:.3} ms");
        figure(&format!("dossiers: by {what}, of {all}, 99 of 100"), slow, "ms", &Asked::AtMost(1.0));
        median
    })
}

#[test]
fn a_dossier_is_found_as_fast_among_many_as_among_few() {
    if !is_wanted() {
        return;
    }
    let many = size("SPORTELLO_MEASURE_DOSSIERS", 1_000_000);
    let few = many / 10;
    let dir = tempfile::tempdir().unwrap();
    let [small, large] = [("pochi", few), ("molti", many)].map(|(name, all)| {
        let data = dir.path().join(name);
        make(&data, all);
        measure(&data, all)
    });
    for (n, what) in ["number", "person", "address", "what is due"].into_iter().enumerate() {
        let ratio = large[n] / small[n];
        figure(&format!("dossiers: by {what}, of {many} to {few}"), ratio, "times the median", &Asked::AtMost(2.0));
    }
    assert_eq!(dossier::number(2020, 1), number_of(0));
}

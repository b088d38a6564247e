//! Changes when an office is told something in the morning, or of a standstill, on another day.

use crate::support::House;
use jiff::Timestamp;
use sportello::caseload::Deed;
use sportello::clock::Clock;
use sportello::config::Config;
use sportello::journal::record::Channel;
use sportello::outbox::orders::Answer;
use sportello::store::rows::ItemRow;
use sportello::supervise::Service;
use sportello::trial::Trial;
use sportello::world::World;

/// An office whose service starts, looks once and ends, at instants that a test chooses.
struct Office {
    _root: tempfile::TempDir,
    house: House,
    hour: &'static str,
}

impl Office {
    fn new(hour: &'static str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let authority = gestore::Authority::create(gestore::Timestamp::now()).unwrap();
        let maildir = root.path().join("posta");
        let house = House::build(root.path(), "protocollo@pec.comune.test", &maildir, authority.certificate_der());
        Self { _root: root, house, hour }
    }

    /// Starts a service at an instant.
    fn at<T>(&self, instant: &str, work: impl FnOnce(&Service) -> T) -> T {
        let mut config = Config::read(&self.house.file).unwrap();
        config.morning = Some(self.hour.parse().unwrap());
        let now: Timestamp = instant.parse().unwrap();
        let service =
            Service::open(config, Trial::skipped(), World { clock: Clock::At(now), ..World::real() }).unwrap();
        work(&service)
    }

    fn open(&self, instant: &str, subject: &str) {
        let deed = serde_json::json!({ "deed": "open", "dossier": {
            "procedure": "richiesta", "subject": subject, "office": "tributi", "responsible": "", "classification": "",
            "parties": [{ "code": "BNCNNA80A41H501R", "name": "Anna Bianchi", "address": "anna@cittadini.test", "role": "addressee" }],
            "since": null, "told": true, "reserved": false, "by": "Ada Neri",
        } });
        let deed: Deed = serde_json::from_value(deed).unwrap();
        let answer = self.at(instant, |service| service.clerk().serve(&deed, Channel::Command, "").unwrap());
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }

    /// What a service that starts at an instant writes to offices by its first looks.
    fn morning(&self, instant: &str) -> Vec<String> {
        self.at(instant, |service| {
            let before = items(service).len();
            let clerk = service.clerk();
            let mut told = None;
            let went = clerk.mornings(&mut told).unwrap();
            assert_eq!(clerk.mornings(&mut told).unwrap(), 0, "the next look of the same run");
            let letters: Vec<String> =
                items(service).into_iter().skip(before).map(|item| item.outgoing.subject).collect();
            assert_eq!(letters.len(), went);
            letters
        })
    }
}

fn items(service: &Service) -> Vec<ItemRow> {
    service.store().lock().unwrap().overview().unwrap().items
}

/// Monday 2 March 2026, in winter: half past seven is 06:30 UTC.
#[test]
fn one_mail_a_working_morning_whatever_stops_starts_and_clocks_that_jump() {
    let office = Office::new("07:30");
    assert_eq!(office.morning("2026-03-02T08:00:00Z"), [""; 0], "nothing to tell");
    office.open("2026-03-02T09:00:00Z", "Verifica della superficie");
    assert_eq!(office.morning("2026-03-03T06:29:59Z"), [""; 0], "before its hour");
    assert_eq!(office.morning("2026-03-03T06:30:00Z"), ["Pratiche da guardare: nuove 1"]);
    for again in ["2026-03-03T06:30:01Z", "2026-03-03T22:00:00Z", "2026-03-03T06:30:00Z"] {
        assert_eq!(office.morning(again), [""; 0], "a restart, and a clock put back: {again}");
    }
    assert_eq!(office.morning("2026-03-04T06:30:00Z"), [""; 0], "the next day it is not new any more");
    // The term ends on 1 April. The clock has changed on 29 March: half past seven is 05:30 UTC.
    assert_eq!(office.morning("2026-03-29T12:00:00Z"), [""; 0], "Sunday");
    assert_eq!(office.morning("2026-03-30T05:29:00Z"), [""; 0]);
    assert_eq!(office.morning("2026-03-30T05:30:00Z"), ["Pratiche da guardare: in scadenza 1"]);
    assert_eq!(office.morning("2026-04-02T05:30:00Z"), ["Pratiche da guardare: scadute 1"]);
    assert_eq!(office.morning("2026-04-06T12:00:00Z"), [""; 0], "Easter Monday");
    assert_eq!(office.morning("2026-04-02T05:30:00Z"), [""; 0], "put back by days, and told before");
}

#[test]
fn a_standstill_is_told_once_though_the_service_starts_again() {
    let office = Office::new("07:30");
    office.open("2026-03-02T09:00:00Z", "Verifica della superficie");
    let round = |instant: &str| {
        office.at(instant, |service| {
            let before = items(service).len();
            service.clerk().round().unwrap();
            items(service).into_iter().skip(before).map(|item| item.outgoing).collect::<Vec<_>>()
        })
    };
    assert_eq!(round("2026-03-03T10:00:00Z"), [], "one working day");
    let told = round("2026-03-04T10:00:00Z");
    let [task] = &told[..] else { panic!("{told:?}") };
    assert!(task.subject.contains("nessuno l'ha presa in carico"), "{}", task.subject);
    assert!(task.to.starts_with("tributi"), "{}", task.to);
    for again in ["2026-03-04T10:00:30Z", "2026-03-03T10:00:00Z", "2026-03-09T10:00:00Z"] {
        assert_eq!(round(again), [], "{again}");
    }
}

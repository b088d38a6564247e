//! Changes when the hour of a canary, the count of its wait, or what people read of it does.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn it_is_due_from_its_hour_in_rome_to_midnight() {
    let hour = Time::constant(7, 30, 0, 0);
    for (now, day) in [
        ("2026-02-03T06:29:59Z", None),
        ("2026-02-03T06:30:00Z", Some("2026-02-03")),
        ("2026-02-03T22:59:59Z", Some("2026-02-03")),
        ("2026-02-03T23:00:00Z", None), // the next day, before its hour
        ("2026-07-03T05:29:59Z", None),
        ("2026-07-03T05:30:00Z", Some("2026-07-03")),
        ("2026-12-31T23:30:00Z", None),
    ] {
        assert_eq!(due(at(now), hour).map(|day| day.to_string()).as_deref(), day, "{now}");
    }
    assert!(due(at("2026-02-02T23:00:00Z"), Time::midnight()).is_some(), "at midnight the day begins");
}

/// An hour that one night skips and another has twice: each day has one canary, whatever the clock on the wall does.
#[test]
fn the_nights_on_which_the_clock_changes_have_one_each() {
    let hour = Time::constant(2, 30, 0, 0);
    for (from, days) in [
        ("2026-03-28T22:00:00Z", ["2026-03-28", "2026-03-29", "2026-03-30"]), // 02:30 is not there on the 29th
        ("2026-10-24T21:00:00Z", ["2026-10-24", "2026-10-25", "2026-10-26"]), // 02:30 comes twice on the 25th
    ] {
        let mut found: Vec<String> = Vec::new();
        for minute in 0..48 * 60 {
            let now = at(from) + SignedDuration::from_mins(minute);
            found.extend(due(now, hour).map(|day| day.to_string()));
        }
        found.dedup();
        assert_eq!(found, days, "{from}");
    }
    assert_eq!(due(at("2026-03-29T00:59:00Z"), hour), None, "01:59");
    assert!(due(at("2026-03-29T01:00:00Z"), hour).is_some(), "03:00, an hour early by the sun, and the same day");
    assert!(due(at("2026-10-25T00:30:00Z"), hour).is_some(), "02:30 in summer time");
}

fn row(waiting: &[&str]) -> CanaryRow {
    let sent =
        |item: &&str| Sent { item: (*item).into(), day: Date::constant(2026, 2, 3), at: at("2026-02-03T06:30:00Z") };
    let waiting: Vec<Sent> = waiting.iter().map(sent).collect();
    let last = waiting.last().cloned().unwrap();
    CanaryRow { mailbox: "protocollo".into(), address: "a@b.example".into(), last, returned: None, waiting }
}

#[test]
fn a_wait_is_counted_while_the_service_runs_and_goes_on_where_the_last_run_left_it() {
    let watch = |waited| Watch {
        began: Instant::now(),
        run: Duration::ZERO,
        ages: Ages::default(),
        waited,
        returned: BTreeMap::new(),
    };
    let mut first = watch(BTreeMap::new());
    let row = row(&["ieri", "oggi"]);
    assert!(first.wait(&row, RETURN_MAX - Duration::from_millis(1)).is_none());
    // What the store keeps between runs.
    let kept: BTreeMap<String, Duration> = serde_json::from_slice(&serde_json::to_vec(&first.waited).unwrap()).unwrap();
    let mut second = watch(kept);
    assert!(second.wait(&row, Duration::ZERO).is_none());
    assert_eq!(second.wait(&row, Duration::from_millis(1)).unwrap().item, "oggi", "the last is told of");
}

#[test]
fn a_line_says_when_it_left_and_when_it_was_home() {
    let now = at("2026-02-03T07:00:00Z");
    let mut fared = Fared {
        mailbox: "protocollo".into(),
        day: Date::constant(2026, 2, 3),
        written_at: at("2026-02-03T06:30:00Z"),
        stage: Stage::Returned,
        returned_sent_at: Some(at("2026-02-03T06:30:02Z")),
        returned_at: Some(at("2026-02-03T06:31:00Z")),
    };
    assert_eq!(fared.line(now), "Canarino protocollo: inviato oggi 07:30, tornato oggi 07:31");
    assert_eq!(fared.line(at("2026-02-04T07:00:00Z")), "Canarino protocollo: inviato ieri 07:30, tornato ieri 07:31");
    fared.stage = Stage::Queued;
    fared.written_at = at("2026-02-10T06:30:00Z");
    assert_eq!(
        fared.line(at("2026-02-10T07:00:00Z")),
        "Canarino protocollo: scritto oggi 07:30, in coda, non ancora partito; l'ultimo tornato: inviato 2026-02-03 07:30, \
         tornato 2026-02-03 07:31"
    );
    (fared.returned_at, fared.returned_sent_at) = (None, None);
    assert!(fared.line(at("2026-02-10T07:00:00Z")).ends_with("non ne è ancora tornato nessuno"));
}

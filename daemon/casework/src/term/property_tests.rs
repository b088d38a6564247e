//! What holds of every term, whatever happened to it. Changes when a law of counting does.

use super::*;
use alloc::string::ToString;
use alloc::vec::Vec;
use jiff::civil::date;
use proptest::prelude::*;

/// Five years, with both changes of the clock, a leap year, San Francesco before and after its law.
fn a_day() -> impl Strategy<Value = Date> {
    (0i64..1826).prop_map(|days| date(2024, 1, 1).checked_add(Span::new().days(days)).unwrap())
}

fn holidays() -> impl Strategy<Value = Holidays> {
    (proptest::option::of((1i8..=12, 1i8..=28)), any::<bool>(), any::<bool>())
        .prop_map(|(patron, saturday, bolzano)| Holidays { patron, saturday, bolzano })
}

fn length() -> impl Strategy<Value = Length> {
    prop_oneof![
        (0u32..200).prop_map(Length::Days),
        (0u32..90).prop_map(Length::WorkingDays),
        (0u32..7).prop_map(Length::Months),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    (length(), holidays(), any::<bool>()).prop_map(|(length, holidays, restarts_when_irregular)| Plan {
        length,
        holidays,
        restarts_when_irregular,
    })
}

/// A fact at an instant.
fn fact(at: impl Strategy<Value = Timestamp>) -> impl Strategy<Value = ClockFact> {
    let body = prop_oneof![Just(""), Just("Asl"), Just("Arpa")].prop_map(ToString::to_string);
    (at, 0u8..12, body, proptest::option::of(0u32..60), 0u32..120).prop_map(|(at, kind, body, days, suspends_days)| {
        match kind {
            0 | 1 => ClockFact::IntegrationAsked { at, days },
            2 => ClockFact::IntegrationAnswered { at },
            3 | 4 => ClockFact::RefusalAnnounced { at },
            5 => ClockFact::ObservationsFiled { at },
            6 => ClockFact::ThirdBodyAsked { at, body, suspends_days },
            7 => ClockFact::ThirdBodyAnswered { at, body },
            8 => ClockFact::RequestIrregular { at },
            9 => ClockFact::RequestRegular { at },
            10 => ClockFact::Extended { at },
            _ => ClockFact::SubstituteStarts { at },
        }
    })
}

/// Within half a year of a start, some before it.
fn facts(start: Date) -> impl Strategy<Value = Vec<ClockFact>> {
    let noon = jiff::tz::Offset::UTC.to_timestamp(start.at(12, 0, 0, 0)).unwrap().as_second();
    let second = (-10 * 86_400..180 * 86_400i64).prop_map(move |after| Timestamp::from_second(noon + after).unwrap());
    proptest::collection::vec(fact(second), 0..9)
}

fn a_case() -> impl Strategy<Value = (Date, Plan, Vec<ClockFact>)> {
    a_day().prop_flat_map(|start| (Just(start), plan(), facts(start)))
}

/// The words of an explanation that count days: the sum that it states, if any, and the days of each stretch.
fn days_in(words: &[String]) -> (Option<u32>, Vec<u32>) {
    let number = |text: &str| text.split(' ').next().unwrap().parse::<u32>().unwrap();
    let mut runs = Vec::new();
    let mut total = None;
    for line in words {
        for verb in [" passano ", " passa "] {
            if let Some((_, after)) = line.split_once(verb) {
                runs.push(number(after));
            }
        }
        if line.starts_with("In tutto sono ") {
            total = line.split_once(" = ").map(|(_, after)| number(after));
        }
        if line.contains("il termine ricomincia da capo, e") {
            runs.clear();
        }
    }
    (total, runs)
}

proptest! {
    #[test]
    fn no_end_is_before_its_days(start in a_day(), days in 0u32..400, holidays in holidays()) {
        let raw = start.checked_add(Span::new().days(i64::from(days))).unwrap();
        let end = reckon(start, &Plan::days(days).in_place(holidays), &[]).last_day.unwrap();
        prop_assert!(end >= raw);
        // And not more than a long week-end after them.
        prop_assert!(days_between(raw, end) <= 6);
        let working = reckon(start, &Plan::working_days(days).in_place(holidays), &[]).last_day.unwrap();
        prop_assert!(working >= raw);
    }

    /// Also over the two nights on which the clock changes, and where the facts stay the same.
    #[test]
    fn a_longer_term_ends_no_sooner((start, plan, facts) in a_case(), days in 0u32..200) {
        let with = |days| {
            let length = match plan.length {
                Length::Days(_) => Length::Days(days),
                Length::WorkingDays(_) => Length::WorkingDays(days),
                Length::Months(_) => Length::Months(days / 28),
            };
            reckon(start, &Plan { length, restarts_when_irregular: false, ..plan }, &facts)
        };
        let (shorter, longer) = (with(days), with(days + 1));
        prop_assert!(shorter.last_day <= longer.last_day);
    }

    #[test]
    fn nothing_that_happens_shortens_a_term((start, plan, facts) in a_case()) {
        let plain = reckon(start, &plan, &[]);
        let reckoning = reckon(start, &plan, &facts);
        if let (Some(last_day), Some(alarm_on)) = (reckoning.last_day, reckoning.alarm_on) {
            prop_assert!(last_day >= plain.last_day.unwrap());
            prop_assert!(alarm_on >= plain.last_day.unwrap());
            prop_assert!(alarm_on <= last_day, "the alarm rings first");
        } else {
            prop_assert!(plan.restarts_when_irregular && reckoning.interrupted.is_some());
        }
    }

    /// One more suspension, be it the only one or the last, never brings the end nearer.
    #[test]
    fn a_suspension_never_shortens(start in a_day(), plan in plan(), after in 0i64..200, kind in 0u8..3) {
        let at = jiff::tz::Offset::UTC.to_timestamp(start.at(12, 0, 0, 0)).unwrap();
        let at = at.checked_add(jiff::SignedDuration::from_hours(24 * after)).unwrap();
        let first = ClockFact::ThirdBodyAsked { at, body: "Asl".into(), suspends_days: 20 };
        let more = match kind {
            0 => ClockFact::IntegrationAsked { at, days: None },
            1 => ClockFact::RefusalAnnounced { at },
            _ => ClockFact::ThirdBodyAsked { at, body: "Arpa".into(), suspends_days: 30 },
        };
        let one = reckon(start, &plan, core::slice::from_ref(&first)).last_day;
        let two = reckon(start, &plan, &[first, more]).last_day;
        prop_assert!(two >= one);
    }

    #[test]
    fn no_term_ends_on_a_holiday((start, plan, facts) in a_case()) {
        let reckoning = reckon(start, &plan, &facts);
        let windows = reckoning.windows.iter().map(|window| window.last_day);
        let substitute = reckoning.substitute.map(|it| it.last_day);
        let ends = reckoning.last_day.into_iter().chain(reckoning.alarm_on).chain(substitute).chain(windows);
        for end in ends {
            prop_assert_eq!(calendar::holiday_name(end, plan.holidays), None, "{}", end);
        }
    }

    /// A clerk who adds what he reads has the days of the term.
    #[test]
    fn the_days_in_words_sum_to_the_term((start, plan, facts) in a_case()) {
        let reckoning = reckon(start, &plan, &facts);
        if reckoning.last_day.is_some() {
            let (total, runs) = days_in(&reckoning.explain());
            prop_assert_eq!(runs.iter().sum::<u32>(), reckoning.days);
            prop_assert_eq!(total.unwrap_or(reckoning.days), reckoning.days);
            prop_assert_eq!(runs.len() > 1, total.is_some());
        }
    }

    /// The state of each day agrees with the count: a day that runs takes one away, one that stands still takes none.
    #[test]
    fn the_days_left_fall_one_by_one((start, plan, facts) in a_case()) {
        let reckoning = reckon(start, &plan, &facts);
        let Some(last_day) = reckoning.last_day else { return Ok(()) };
        let mut day = reckoning.start;
        let (mut before, mut stopped) = (reckoning.days, false);
        while day <= last_day {
            match reckoning.on(day) {
                Clock::Running { left } => {
                    // The day that stopped it is not seen running: its day may be missing from one step to the next.
                    let most = 1 + u32::from(stopped);
                    prop_assert!(left <= before && before - left <= most, "{}: {} after {}", day, left, before);
                    (before, stopped) = (left, false);
                }
                Clock::Suspended(it) => {
                    // The day that stopped it has run itself, and no other does.
                    prop_assert!(it.since <= day && day < it.until);
                    if it.since == day {
                        stopped = true;
                    }
                }
                other => prop_assert!(false, "{}: {:?}", day, other),
            }
            day = day.tomorrow().unwrap();
        }
        prop_assert_eq!(before, 0);
    }

    /// Where no two instants are equal the order in which facts were written down means nothing.
    #[test]
    fn the_order_of_writing_does_not_matter((start, plan, facts) in a_case(), seed in any::<prop::sample::Index>()) {
        let mut instants: Vec<Timestamp> = facts.iter().map(ClockFact::at).collect();
        instants.sort();
        instants.dedup();
        prop_assume!(instants.len() == facts.len());
        let mut other = facts.clone();
        other.reverse();
        if !other.is_empty() {
            let by = seed.index(other.len());
            other.rotate_left(by);
        }
        let (one, two) = (reckon(start, &plan, &facts), reckon(start, &plan, &other));
        prop_assert_eq!(one.explain(), two.explain());
        prop_assert_eq!((one.last_day, one.alarm_on, one.windows), (two.last_day, two.alarm_on, two.windows));
    }

    /// A register that names a fact twice says nothing new.
    #[test]
    fn a_fact_written_twice_counts_once((start, plan, facts) in a_case()) {
        let twice: Vec<ClockFact> = facts.iter().flat_map(|fact| [fact.clone(), fact.clone()]).collect();
        let (one, two) = (reckon(start, &plan, &facts), reckon(start, &plan, &twice));
        prop_assert_eq!((one.last_day, one.alarm_on, one.runs), (two.last_day, two.alarm_on, two.runs));
    }

    /// Any instants at all, any lengths, any number of facts: a count, and words for it.
    #[test]
    fn nothing_absurd_stops_the_count(
        start in (-9999i16..=9999, 1i8..=12, 1i8..=28).prop_map(|(year, month, day)| date(year, month, day)),
        length in prop_oneof![any::<u32>().prop_map(Length::Days), any::<u32>().prop_map(Length::WorkingDays), any::<u32>().prop_map(Length::Months)],
        patron in proptest::option::of(any::<(i8, i8)>()),
        facts in proptest::collection::vec(
            fact((Timestamp::MIN.as_second()..=Timestamp::MAX.as_second()).prop_map(|it| Timestamp::from_second(it).unwrap())),
            0..40,
        ),
    ) {
        let plan = Plan { length, holidays: Holidays { patron, saturday: true, bolzano: true }, restarts_when_irregular: true };
        let reckoning = reckon(start, &plan, &facts);
        prop_assert!(!reckoning.explain().is_empty());
        let _ = reminders(&reckoning, Silence::Inadempimento);
        prop_assert_eq!(reckoning.last_day.is_none(), reckoning.interrupted.is_some());
    }

    /// Midnight in Rome is where a day ends, in winter and in summer, for every second of five years.
    #[test]
    fn in_time_ends_with_the_day(day in a_day(), second in 0i64..86_400) {
        // 22:00 or 23:00 UTC, by the season.
        let summer = rome(jiff::tz::Offset::UTC.to_timestamp(day.at(21, 30, 0, 0)).unwrap()).hour() == 23;
        let end = jiff::tz::Offset::constant(if summer { 2 } else { 1 })
            .to_timestamp(day.at(23, 59, 59, 0)).unwrap().as_second();
        let instant = |at| Timestamp::from_second(at).unwrap();
        prop_assert!(is_in_time(instant(end), day));
        prop_assert!(!is_in_time(instant(end + 1), day));
        prop_assert!(is_in_time(instant(end - second), day));
        prop_assert!(!is_in_time(instant(end + 1 + second), day));
    }
}

#[test]
fn a_flood_of_facts_is_counted_up_to_the_bound() {
    let at = "2026-03-12T10:30:00Z".parse::<Timestamp>().unwrap();
    let asked = |n: usize| ClockFact::ThirdBodyAsked { at, body: n.to_string(), suspends_days: u32::MAX };
    let facts: Vec<ClockFact> = (0..FACTS_MAX + 7).map(asked).collect();
    let reckoning = reckon(date(2026, 3, 2), &Plan::days(u32::MAX), &facts);
    assert_eq!(reckoning.suspensions.len(), FACTS_MAX);
    assert_eq!(reckoning.days, TERM_DAYS_MAX);
    assert!(reckoning.explain().iter().any(|line| line.starts_with("Gli ultimi 7 fatti")));
}

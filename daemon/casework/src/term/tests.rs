//! The vectors of law.md §5, and what their numbers do not show. Changes when the law counts otherwise.

use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use jiff::civil::date;

/// Noon in Rome of a day of 2026, winter or summer: no test here depends on the hour unless it says so.
fn on(month: i8, day: i8) -> Timestamp {
    at(&alloc::format!("2026-{month:02}-{day:02}T10:30:00Z"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn last(start: Date, plan: Plan, facts: &[ClockFact]) -> Date {
    reckon(start, &plan, facts).last_day.unwrap()
}

fn asked(month: i8, day: i8) -> ClockFact {
    ClockFact::IntegrationAsked { at: on(month, day), days: None }
}
fn answered(month: i8, day: i8) -> ClockFact {
    ClockFact::IntegrationAnswered { at: on(month, day) }
}
fn refusal(month: i8, day: i8) -> ClockFact {
    ClockFact::RefusalAnnounced { at: on(month, day) }
}
fn filed(month: i8, day: i8) -> ClockFact {
    ClockFact::ObservationsFiled { at: on(month, day) }
}
fn body(month: i8, day: i8, name: &str, suspends_days: u32) -> ClockFact {
    ClockFact::ThirdBodyAsked { at: on(month, day), body: name.into(), suspends_days }
}
fn body_answered(month: i8, day: i8, name: &str) -> ClockFact {
    ClockFact::ThirdBodyAnswered { at: on(month, day), body: name.into() }
}

const MARCH_2: Date = Date::constant(2026, 3, 2);

#[test]
fn v1_thirty_days() {
    assert_eq!(last(MARCH_2, Plan::days(30), &[]), date(2026, 4, 1));
}

#[test]
fn v2_easter_and_its_monday() {
    assert_eq!(last(date(2026, 3, 6), Plan::days(30), &[]), date(2026, 4, 7));
}

#[test]
fn v3_the_window_of_an_announced_refusal_ends_on_no_holiday() {
    let reckoning = reckon(MARCH_2, &Plan::days(90), &[refusal(3, 26)]);
    assert_eq!(reckoning.windows[0].last_day, date(2026, 4, 7));
    // Filed on the Tuesday after Easter it is in time, and holds: a second after midnight it does not.
    let with = |instant| {
        let facts = [refusal(3, 26), ClockFact::ObservationsFiled { at: at(instant) }];
        let reckoning = reckon(MARCH_2, &Plan::days(90), &facts);
        (reckoning.windows[0].answered, reckoning.unused)
    };
    assert_eq!(with("2026-04-07T21:59:59Z"), (Some(date(2026, 4, 7)), vec![]));
    assert_eq!(with("2026-04-07T22:00:00Z"), (None, vec![(1, Unused::Late)]));
}

#[test]
fn v4_san_francesco_2026() {
    assert_eq!(last(date(2026, 9, 4), Plan::days(30), &[]), date(2026, 10, 5));
}

#[test]
fn v4b_san_francesco_2027_on_a_monday() {
    assert_eq!(last(date(2027, 9, 4), Plan::days(30), &[]), date(2027, 10, 5));
    assert_eq!(last(date(2021, 9, 4), Plan::days(30), &[]), date(2021, 10, 4), "before the law: a Monday like others");
}

#[test]
fn v5_immacolata() {
    assert_eq!(last(date(2026, 11, 8), Plan::days(30), &[]), date(2026, 12, 9));
}

#[test]
fn v6_residence() {
    assert_eq!(last(date(2026, 4, 17), Plan::days(45), &[]), date(2026, 6, 1));
}

#[test]
fn v7_integration_answered() {
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12), answered(4, 1)]);
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 21)));
    assert_eq!(reckoning.alarm_on, Some(date(2026, 4, 20)), "if the first of April counts itself");
}

#[test]
fn v8_integration_unanswered_runs_again_at_day_thirty() {
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12)]);
    assert_eq!(reckoning.last_day, Some(date(2026, 5, 2)));
    assert_eq!(reckoning.suspensions[0].until, date(2026, 4, 11));
    assert!(!reckoning.suspensions[0].is_answered);
    let on_that_day = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12), answered(4, 11)]);
    assert!(on_that_day.suspensions[0].is_answered);
    // What comes later than that changes nothing.
    assert_eq!(last(MARCH_2, Plan::days(30), &[asked(3, 12), answered(4, 20)]), date(2026, 5, 2));
}

#[test]
fn v9_observations_filed() {
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[refusal(3, 20), filed(3, 27)]);
    assert_eq!(reckoning.suspensions[0].until, date(2026, 4, 6));
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 18)));
    assert_eq!(reckoning.alarm_on, Some(date(2026, 4, 17)));
}

#[test]
fn v10_no_observations() {
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[refusal(3, 20)]);
    assert_eq!(reckoning.windows[0].last_day, date(2026, 3, 30));
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 11)));
    assert_eq!(reckoning.alarm_on, Some(date(2026, 4, 10)), "if 30 March counts itself");
}

#[test]
fn v11_access_at_ferragosto() {
    assert_eq!(last(date(2026, 7, 16), Plan::access(), &[]), date(2026, 8, 17));
}

#[test]
fn v12_half_of_the_term() {
    let facts = [ClockFact::SubstituteStarts { at: on(5, 4) }];
    let substitute = reckon(MARCH_2, &Plan::days(30), &facts).substitute.unwrap();
    assert_eq!((substitute.days, substitute.last_day), (15, date(2026, 5, 19)));
    // On the day of the doubt (V7) whoever asks for it is not sent away; on the day before he is.
    let on_day = |day| {
        let facts = [asked(3, 12), answered(4, 1), ClockFact::SubstituteStarts { at: on(4, day) }];
        reckon(MARCH_2, &Plan::days(30), &facts).substitute.map(|it| it.last_day)
    };
    assert_eq!((on_day(21), on_day(20)), (Some(date(2026, 5, 6)), None));
    // Seven of fifteen: nobody is told a day too many.
    assert_eq!(reckon(MARCH_2, &Plan::days(15), &facts).substitute.map(|it| it.days), Some(7));
}

#[test]
fn v13_two_working_days() {
    assert_eq!(last(date(2026, 4, 24), Plan::working_days(2), &[]), date(2026, 4, 28));
}

/// Ten days run, twenty stand still, five run, the window stands still, and the fifteen that are left run: 10 + 5 + 15.
#[test]
fn suspensions_in_sequence_use_the_days_already_run() {
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12), answered(4, 1), refusal(4, 6), filed(4, 8)]);
    let days: Vec<u32> = reckoning.runs.iter().map(|run| run.days).collect();
    assert_eq!(days, [10, 5, 15]);
    assert_eq!(reckoning.suspensions[1].until, date(2026, 4, 18));
    // 3 May is a Sunday. By the other reading 17 April counts, and 1 April did: 1 May less the two days is 30 April.
    assert_eq!(reckoning.last_day, Some(date(2026, 5, 4)));
    assert_eq!(reckoning.alarm_on, Some(date(2026, 5, 2)), "30 April plus one: 1 May is a holiday");
}

#[test]
fn a_second_integration_is_kept_and_stops_nothing() {
    let facts = [asked(3, 12), answered(3, 14), asked(3, 20)];
    let reckoning = reckon(MARCH_2, &Plan::days(30), &facts);
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 3)), "two days, for the first");
    assert_eq!(reckoning.unused, [(2, Unused::Again)]);
    let second = reckoning.windows[1];
    assert_eq!((second.last_day, second.stops_clock), (date(2026, 4, 20), false), "19 April is a Sunday");
}

#[test]
fn a_second_notice_of_refusal_gives_days_to_the_citizen_and_none_to_the_office() {
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[refusal(3, 10), filed(3, 12), refusal(3, 24)]);
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 13)), "twelve days more, for the first alone");
    assert_eq!(reckoning.unused, [(2, Unused::Again)]);
    let second = reckoning.windows[1];
    assert_eq!((second.last_day, second.stops_clock), (date(2026, 4, 3), false));
}

#[test]
fn an_answer_after_its_days_is_no_answer_in_time() {
    // The thirtieth day is Easter Sunday: his last day is the Tuesday, the clock runs again on the Sunday.
    let with = |day| reckon(MARCH_2, &Plan::days(60), &[asked(3, 6), answered(4, day)]);
    assert_eq!((with(7).windows[0].answered, with(8).windows[0].answered), (Some(date(2026, 4, 7)), None));
    assert_eq!(with(7).suspensions[0].until, date(2026, 4, 5));
    let over = (date(2026, 4, 5), ReminderKind::IntegrationOver);
    assert!(kinds(&with(8), Silence::Assenso).contains(&over), "the office is told on the day itself");
}

#[test]
fn a_request_that_gives_less_than_thirty_days_stops_for_as_long() {
    let asked = |days| ClockFact::IntegrationAsked { at: on(3, 12), days: Some(days) };
    assert_eq!(last(MARCH_2, Plan::days(30), &[asked(10)]), date(2026, 4, 11));
    assert_eq!(last(MARCH_2, Plan::days(30), &[asked(300)]), date(2026, 5, 2), "never longer than thirty");
}

#[test]
fn what_is_asked_on_the_first_day_or_answered_on_the_same_costs_nothing_else() {
    assert_eq!(last(MARCH_2, Plan::days(30), &[asked(3, 2), answered(3, 3)]), date(2026, 4, 2));
    let at_once = [asked(3, 12), ClockFact::IntegrationAnswered { at: at("2026-03-12T11:00:00Z") }];
    let reckoning = reckon(MARCH_2, &Plan::days(30), &at_once);
    assert_eq!((reckoning.last_day, reckoning.alarm_on), (Some(date(2026, 4, 1)), Some(date(2026, 4, 1))));
}

#[test]
fn a_suspension_of_working_days_counts_those_that_ran() {
    // Monday 2 March; two working days by Wednesday; a reply on Monday 9; three more: Thursday 12.
    let reckoning = reckon(MARCH_2, &Plan::working_days(5), &[asked(3, 4), answered(3, 9)]);
    assert_eq!(reckoning.last_day, Some(date(2026, 3, 12)));
    assert_eq!(reckoning.alarm_on, Some(date(2026, 3, 11)));
    // Asked on a Saturday: Friday was the fourth, and one is left.
    assert_eq!(last(MARCH_2, Plan::working_days(5), &[asked(3, 7), answered(3, 8)]), date(2026, 3, 9));
}

#[test]
fn a_notice_on_the_last_day_stops_a_term_with_nothing_left() {
    // The thirtieth day is Easter Sunday: the term is open until Tuesday, and a notice that Tuesday is in time.
    let start = date(2026, 3, 6);
    let reckoning = reckon(start, &Plan::days(30), &[refusal(4, 7)]);
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 17)), "the end of the window, with no day left");
    assert_eq!(reckoning.runs[0].last, date(2026, 4, 5), "the thirty days ran, and no more");
    let words = reckoning.explain().join("\n");
    assert!(words.contains("venerdì 17 aprile 2026, e non ha altri giorni: finisce quel giorno stesso."), "{words}");
    let reckoning = reckon(start, &Plan::days(30), &[refusal(4, 8)]);
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 7)));
    assert_eq!(reckoning.unused, [(0, Unused::AfterEnd)]);
}

#[test]
fn the_office_is_told_where_the_stricter_count_had_ended() {
    // By the stricter count the term ended on 20 April; the refusal is announced on the 21st, the last day of the other.
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12), answered(4, 1), refusal(4, 21)]);
    assert_eq!(reckoning.perhaps_ended, Some(date(2026, 4, 20)));
    assert_eq!(reckoning.last_day, Some(date(2026, 5, 2)), "its window: 1 May is a holiday");
}

#[test]
fn other_bodies_stop_the_clock_only_where_the_procedure_says() {
    let plan = Plan::days(30);
    let reckoning = reckon(MARCH_2, &plan, &[body(3, 12, "Asl", 0), body_answered(3, 20, "Asl")]);
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 1)));
    assert_eq!(reckoning.unused, [(0, Unused::NotHere)], "and its answer is no stray");
    // Two at once: the clock runs again when the second has answered.
    let two =
        [body(3, 12, "Asl", 20), body(3, 14, "Arpa", 20), body_answered(3, 16, "Asl"), body_answered(3, 22, "Arpa")];
    assert_eq!(last(MARCH_2, plan, &two), date(2026, 4, 11));
    let Clock::Suspended(it) = reckon(MARCH_2, &plan, &two).on(date(2026, 3, 15)) else { panic!() };
    assert_eq!(it.until, date(2026, 3, 22), "of two that stand, the longer");
    // Asked again, it does not give more time.
    let again = [body(3, 12, "Asl", 20), body_answered(3, 16, "Asl"), body(3, 18, "Asl", 20)];
    let reckoning = reckon(MARCH_2, &plan, &again);
    assert_eq!((reckoning.last_day, reckoning.unused), (Some(date(2026, 4, 7)), vec![(2, Unused::Again)]));
    // It does not answer: twenty days, and it goes on (art. 16 c. 2).
    assert_eq!(last(MARCH_2, plan, &[body(3, 12, "Asl", 20)]), date(2026, 4, 21));
}

#[test]
fn an_irregular_request_for_access_starts_again() {
    let start = date(2026, 7, 6);
    let irregular = ClockFact::RequestIrregular { at: on(7, 14) };
    let reckoning = reckon(start, &Plan::access(), core::slice::from_ref(&irregular));
    assert_eq!((reckoning.last_day, reckoning.interrupted), (None, Some(date(2026, 7, 14))));
    assert_eq!(reckoning.on(date(2026, 9, 1)), Clock::Interrupted { since: date(2026, 7, 14) });
    // While it waits, nothing else stops it; and it may wait once.
    let regular = ClockFact::RequestRegular { at: on(7, 16) };
    let more = [irregular.clone(), asked(7, 15), regular.clone(), ClockFact::RequestIrregular { at: on(7, 20) }];
    let reckoning = reckon(start, &Plan::access(), &more);
    assert_eq!(reckoning.unused, [(1, Unused::Interrupted), (3, Unused::Again)]);
    assert_eq!(reckoning.last_day, Some(date(2026, 8, 17)));
    let facts = [irregular.clone(), regular];
    let reckoning = reckon(start, &Plan::access(), &facts);
    assert_eq!((reckoning.start, reckoning.last_day), (date(2026, 7, 16), Some(date(2026, 8, 17))));
    // What stopped the first term, and what was in doubt of it, is not in the new one.
    let short = Plan { length: Length::Days(3), ..Plan::access() };
    let first = [asked(3, 3), answered(3, 5), refusal(3, 7), ClockFact::RequestIrregular { at: on(3, 8) }];
    assert_eq!(reckon(MARCH_2, &short, &first).perhaps_ended, Some(date(2026, 3, 6)));
    let again = reckon(MARCH_2, &short, &[&first[..], &[ClockFact::RequestRegular { at: on(3, 9) }]].concat());
    assert_eq!((again.perhaps_ended, again.suspensions, again.last_day), (None, vec![], Some(date(2026, 3, 12))));
    // Said too late, or of a procedure that knows no such thing: the term goes on.
    let late = [ClockFact::RequestIrregular { at: on(7, 17) }];
    assert_eq!(reckon(start, &Plan::access(), &late).unused, [(0, Unused::Late)]);
    assert_eq!(last(start, Plan::access(), &late), date(2026, 8, 5));
    assert_eq!(reckon(start, &Plan::days(30), &[irregular]).unused, [(0, Unused::NotHere)]);
}

#[test]
fn a_month_ends_on_the_day_of_its_number_and_may_become_three() {
    assert_eq!(last(date(2026, 3, 10), Plan::gdpr(), &[]), date(2026, 4, 10));
    assert_eq!(last(date(2026, 1, 31), Plan::gdpr(), &[]), date(2026, 2, 28));
    assert_eq!(last(date(2028, 1, 31), Plan::gdpr(), &[]), date(2028, 2, 29));
    let extended = |month, day| ClockFact::Extended { at: on(month, day) };
    assert_eq!(last(date(2026, 3, 10), Plan::gdpr(), &[extended(4, 10)]), date(2026, 6, 10));
    assert_eq!(reckon(date(2026, 3, 10), &Plan::gdpr(), &[extended(4, 11)]).unused, [(0, Unused::AfterEnd)]);
    assert_eq!(reckon(MARCH_2, &Plan::days(30), &[extended(3, 10)]).unused, [(0, Unused::NotHere)]);
    let twice = [extended(3, 20), extended(3, 21)];
    assert_eq!(last(date(2026, 3, 10), Plan::gdpr(), &twice), date(2026, 6, 10));
    let reckoning = reckon(date(2026, 3, 10), &Plan::gdpr(), &[extended(4, 10)]);
    assert_eq!(reckoning.alarm_on, reckoning.last_day, "nothing stood still: nothing is in doubt");
    // The month for it runs from the receipt, also where the clock stood still meanwhile.
    let stood_still = [asked(3, 20), answered(4, 5), extended(4, 15)];
    assert_eq!(reckon(date(2026, 3, 10), &Plan::gdpr(), &stood_still).unused, [(2, Unused::Late)]);
}

#[test]
fn a_place_has_its_own_holidays() {
    let place = Holidays { patron: Some((4, 1)), ..Holidays::default() };
    assert_eq!(last(MARCH_2, Plan::days(30).in_place(place), &[]), date(2026, 4, 2));
    let saturday = Holidays { saturday: true, ..Holidays::default() };
    assert_eq!(last(MARCH_2, Plan::days(33), &[]), date(2026, 4, 4), "a Saturday is a working day");
    assert_eq!(last(MARCH_2, Plan::days(33).in_place(saturday), &[]), date(2026, 4, 7), "and may be made none");
    let bolzano = Holidays { bolzano: true, ..Holidays::default() };
    assert_eq!(last(date(2026, 4, 25), Plan::days(30).in_place(bolzano), &[]), date(2026, 5, 26));
}

#[test]
fn how_it_stands_on_a_day() {
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12), answered(4, 1)]);
    assert_eq!(reckoning.on(date(2026, 3, 2)), Clock::Running { left: 30 });
    assert_eq!(reckoning.on(date(2026, 3, 11)), Clock::Running { left: 21 });
    for day in [date(2026, 3, 12), date(2026, 3, 31)] {
        let Clock::Suspended(suspension) = reckoning.on(day) else { panic!("{day}") };
        assert_eq!((suspension.since, suspension.until), (date(2026, 3, 12), date(2026, 4, 1)));
    }
    assert_eq!(reckoning.on(date(2026, 4, 1)), Clock::Running { left: 20 });
    assert_eq!(reckoning.on(date(2026, 4, 21)), Clock::Running { left: 0 });
    assert_eq!(reckoning.on(date(2026, 4, 22)), Clock::Ended { on: date(2026, 4, 21) });
}

/// Cons. Stato VI 8546/2024: a message half a minute late is late.
#[test]
fn in_time_to_the_second() {
    let holds = |text, day| is_in_time(at(text), day);
    // Winter, UTC+1; summer, UTC+2.
    assert!(holds("2026-02-10T22:59:59Z", date(2026, 2, 10)) && !holds("2026-02-10T23:00:00Z", date(2026, 2, 10)));
    assert!(holds("2026-07-10T21:59:59Z", date(2026, 7, 10)) && !holds("2026-07-10T22:00:00Z", date(2026, 7, 10)));
    // The day on which the clock goes forward begins in winter and ends in summer: it has 23 hours.
    assert!(holds("2026-03-28T22:59:59Z", date(2026, 3, 28)) && !holds("2026-03-28T23:00:00Z", date(2026, 3, 28)));
    assert!(holds("2026-03-29T21:59:59Z", date(2026, 3, 29)) && !holds("2026-03-29T22:00:00Z", date(2026, 3, 29)));
    // The day on which it goes back has 25.
    assert!(holds("2026-10-24T21:59:59Z", date(2026, 10, 24)) && !holds("2026-10-24T22:00:00Z", date(2026, 10, 24)));
    assert!(holds("2026-10-25T22:59:59Z", date(2026, 10, 25)) && !holds("2026-10-25T23:00:00Z", date(2026, 10, 25)));
}

#[test]
fn a_fact_of_the_night_belongs_to_the_day_of_rome() {
    // 00:30 of 13 March in Rome is still the 12th in UTC: one more day has run.
    let night = ClockFact::IntegrationAsked { at: at("2026-03-12T23:30:00Z"), days: None };
    assert_eq!(reckon(MARCH_2, &Plan::days(30), &[night]).runs[0].days, 11);
}

#[test]
fn facts_that_cannot_be_are_named_and_move_nothing() {
    let facts = [
        ClockFact::IntegrationAnswered { at: on(3, 5) },
        filed(3, 6),
        body_answered(3, 7, "Arpa"),
        asked(2, 20),
        ClockFact::RequestRegular { at: on(3, 9) },
        ClockFact::SubstituteStarts { at: on(3, 10) },
        ClockFact::RefusalAnnounced { at: Timestamp::MAX },
    ];
    let reckoning = reckon(MARCH_2, &Plan::days(30), &facts);
    assert_eq!(reckoning.last_day, Some(date(2026, 4, 1)));
    let why: Vec<Unused> = reckoning.unused.iter().map(|(_, why)| *why).collect();
    let unasked = Unused::Unasked;
    assert_eq!(why, [Unused::BeforeStart, unasked, unasked, unasked, unasked, Unused::BeforeEnd, Unused::Implausible]);
    assert_eq!(reckoning.explain().len(), 3 + facts.len(), "each has its sentence");
}

#[test]
fn the_reckoning_of_v7_in_words() {
    let words = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12), answered(4, 1)]).explain();
    assert_eq!(
        words,
        [
            "La richiesta è arrivata lunedì 2 marzo 2026: questo giorno non si conta. Il termine è di 30 giorni. Si contano tutti i \
             giorni, anche quelli di festa.",
            "Da martedì 3 marzo 2026 a giovedì 12 marzo 2026 passano 10 giorni. Ne restano 20.",
            "Giovedì 12 marzo 2026 è stata consegnata la richiesta di integrazioni: il termine si ferma dopo questo giorno, una volta \
             sola e non oltre sabato 11 aprile 2026 (legge 241/1990, articolo 2, comma 7).",
            "Mercoledì 1° aprile 2026 è arrivata la risposta: il termine riparte, e si conta di nuovo da giovedì 2 aprile 2026.",
            "Da giovedì 2 aprile 2026 a martedì 21 aprile 2026 passano 20 giorni. Non ne restano altri.",
            "In tutto sono 10 + 20 = 30 giorni. L'ultimo giorno è martedì 21 aprile 2026, fino alle 23:59:59.",
            "Un dubbio: non è certo se il giorno in cui il termine riparte si conta. Se si conta, il termine finisce lunedì 20 \
             aprile 2026. L'ufficio si regola su questo giorno; al cittadino il dubbio non toglie nulla.",
        ]
    );
}

#[test]
fn holidays_are_named_where_they_move_the_end() {
    let words = reckon(date(2026, 3, 6), &Plan::days(30), &[]).explain();
    assert_eq!(
        words[1..],
        [
            "Da sabato 7 marzo 2026 a domenica 5 aprile 2026 passano 30 giorni (25 di marzo e 5 di aprile). Non ne restano altri.",
            "Il conto finisce domenica 5 aprile 2026 (Pasqua), che è festa. È festa anche lunedì 6 aprile 2026 (lunedì \
             dell'Angelo). Per questo l'ultimo giorno è il primo giorno lavorativo che segue: martedì 7 aprile 2026, fino alle \
             23:59:59.",
        ]
    );
    let words = reckon(date(2026, 4, 24), &Plan::working_days(2), &[]).explain();
    assert_eq!(
        words[1],
        "Da sabato 25 aprile 2026 a martedì 28 aprile 2026 passano 2 giorni lavorativi, senza contare sabato 25 aprile 2026 (festa \
         della Liberazione). Non ne restano altri."
    );
}

#[test]
fn an_announced_refusal_in_words() {
    let words = reckon(MARCH_2, &Plan::days(60), &[refusal(3, 26)]).explain().join("\n");
    for part in [
        "Il cittadino può rispondere fino a martedì 7 aprile 2026, alle 23:59:59 (legge 241/1990, articolo 10-bis).",
        "I 10 giorni finiscono domenica 5 aprile 2026 (Pasqua), che è festa.",
        "si conta di nuovo da mercoledì 8 aprile 2026",
        "e se un giorno di festa allunga il tempo per le osservazioni",
    ] {
        assert!(words.contains(part), "{part}\n{words}");
    }
}

fn kinds(reckoning: &Reckoning, silence: Silence) -> Vec<(Date, ReminderKind)> {
    reminders(reckoning, silence).into_iter().map(|reminder| (reminder.on, reminder.what)).collect()
}

#[test]
fn reminders_of_a_term_that_stood_still() {
    let reckoning = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12)]);
    assert_eq!(
        kinds(&reckoning, Silence::Inadempimento),
        [
            (date(2026, 4, 6), ReminderKind::IntegrationNear),
            (date(2026, 4, 11), ReminderKind::IntegrationOver),
            (date(2026, 4, 20), ReminderKind::TenDays),
            (date(2026, 4, 27), ReminderKind::ThreeDays),
            (date(2026, 4, 30), ReminderKind::PerhapsTheLast),
            (date(2026, 5, 3), ReminderKind::Overdue),
            (date(2026, 5, 3), ReminderKind::SubstituteDue),
        ]
    );
    let answered = reckon(MARCH_2, &Plan::days(30), &[asked(3, 12), answered(3, 16)]);
    let short: Vec<Date> =
        reminders(&reckon(MARCH_2, &Plan::days(5), &[]), Silence::Assenso).iter().map(|r| r.on).collect();
    assert_eq!(short, [date(2026, 3, 4), date(2026, 3, 8)], "ten days before is before the start");
    assert!(kinds(&answered, Silence::Assenso).iter().all(|(_, kind)| !kind.is_for_citizen()), "he has answered");
}

#[test]
fn reminders_of_an_announced_refusal_and_of_the_substitute() {
    let facts = [refusal(3, 20), ClockFact::SubstituteStarts { at: on(5, 4) }];
    let kinds = kinds(&reckon(MARCH_2, &Plan::days(30), &facts), Silence::Inadempimento);
    for wanted in [
        (date(2026, 3, 27), ReminderKind::ObservationsNear),
        (date(2026, 3, 31), ReminderKind::ObservationsOver),
        (date(2026, 5, 16), ReminderKind::SubstituteThreeDays),
        (date(2026, 5, 20), ReminderKind::SubstituteOverdue),
    ] {
        assert!(kinds.contains(&wanted), "{wanted:?} in {kinds:?}");
    }
    assert!(kinds.iter().all(|(_, kind)| *kind != ReminderKind::SubstituteDue), "he acts already");
}

#[test]
fn silence_has_its_own_meaning_the_day_after() {
    let reckoning = reckon(date(2026, 7, 16), &Plan::access(), &[]);
    let day = date(2026, 8, 18);
    let on_that_day = |silence| -> Vec<ReminderKind> {
        kinds(&reckoning, silence).into_iter().filter(|(on, _)| *on == day).map(|(_, kind)| kind).collect()
    };
    assert_eq!(on_that_day(Silence::Rigetto), [ReminderKind::RefusalToTell]);
    assert_eq!(on_that_day(Silence::Assenso), [ReminderKind::AssentToAttest]);
    assert_eq!(on_that_day(Silence::Inadempimento), [ReminderKind::Overdue, ReminderKind::SubstituteDue]);
    // An irregular request has no end: nothing is remembered of it as if it had.
    let facts = [ClockFact::RequestIrregular { at: on(7, 20) }];
    assert_eq!(kinds(&reckon(date(2026, 7, 16), &Plan::access(), &facts), Silence::Rigetto), []);
}

#[test]
fn slugs_are_what_files_write() {
    for silence in Silence::ALL {
        assert_eq!(serde_json::to_value(silence).unwrap(), silence.code());
        assert_eq!(silence.code().parse(), Ok(silence));
    }
    assert_eq!("assent".parse::<Silence>(), Err(()));
    let fact: ClockFact = serde_json::from_str(r#"{"fact":"integration-asked","at":"2026-03-12T10:30:00Z"}"#).unwrap();
    assert_eq!(fact, asked(3, 12));
    assert_eq!(serde_json::to_value(filed(3, 27)).unwrap()["fact"], "observations-filed");
    let plan: Plan = serde_json::from_str(r#"{"length":{"working-days":2}}"#).unwrap();
    assert_eq!(plan, Plan::working_days(2));
    assert_eq!(serde_json::to_value(ReminderKind::PerhapsTheLast).unwrap().to_string(), "\"perhaps-the-last\"");
}

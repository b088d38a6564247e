//! A folder that lies, hides and restarts, against the one promise: no UID is passed over.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn selected(uidvalidity: u32, uidnext: u32) -> Selected {
    Selected { uidvalidity: Some(uidvalidity), uidnext: Some(uidnext), exists: 0 }
}

fn cursor(text: &str) -> Cursor {
    text.parse().unwrap()
}

#[test]
fn a_new_folder_is_read_from_its_first_uid() {
    let plan = plan(None, &selected(7, 900)).unwrap();
    assert_eq!((plan.cursor.scan_from(), plan.why), (1, Why::First));
    assert!(plan.cursor.wants(1) && plan.cursor.wants(u32::MAX));
}

#[test]
fn the_same_folder_is_continued() {
    let known = cursor("v1 7 900 5 6:899");
    let plan = plan(Some(&known), &selected(7, 900)).unwrap();
    assert_eq!((plan.cursor, plan.why), (known, Why::Continue));
}

#[test]
fn another_uidvalidity_or_a_falling_uidnext_begins_again() {
    let known = cursor("v1 7 900 890 890:899");
    for (selected, why) in [
        (selected(8, 900), Why::ValidityChanged { was: 7 }),
        (selected(7, 899), Why::UidnextFell { was: 900 }),
        (selected(7, 1), Why::UidnextFell { was: 900 }),
    ] {
        let plan = plan(Some(&known), &selected).unwrap();
        assert_eq!((plan.why, plan.cursor.scan_from()), (why, 1));
        assert!((1..=900).all(|uid| plan.cursor.wants(uid)));
    }
}

#[test]
fn no_uidnext_is_no_reason_to_begin_again_and_no_uidvalidity_no_ground_to_stand_on() {
    let known = cursor("v1 7 900 890 890:899");
    let silent = Selected { uidvalidity: Some(7), uidnext: None, exists: 3 };
    assert_eq!(plan(Some(&known), &silent).unwrap().why, Why::Continue);
    assert_eq!(plan(Some(&known), &Selected { uidvalidity: None, ..silent }), None);
    assert_eq!(plan(None, &Selected { uidvalidity: Some(0), ..silent }), None);
}

#[test]
fn a_message_not_kept_holds_the_floor() {
    let mut cursor = Cursor::new(7);
    (1..=5000).filter(|&uid| uid != 17).for_each(|uid| cursor.finish(uid));
    cursor.settle(5000, Some(17), 5000);
    assert_eq!(cursor.scan_from(), 17);
    assert!(cursor.wants(17) && !cursor.wants(18) && !cursor.wants(16));
    cursor.finish(17);
    cursor.settle(5000, None, 5000);
    assert_eq!(cursor.scan_from(), 5000 - LATE_UIDS);
    assert_eq!(cursor.to_string(), "v1 7 5001 4000 4000:5000");
}

#[test]
fn a_gap_is_asked_for_until_it_is_old() {
    let mut cursor = Cursor::new(7);
    (1..=10).filter(|&uid| uid != 4).for_each(|uid| cursor.finish(uid));
    cursor.settle(10, None, 10);
    assert!(cursor.wants(4) && cursor.scan_from() <= 4, "it may still appear");
    cursor.finish(2000);
    cursor.settle(2000, None, 2000);
    assert!(!cursor.wants(4), "a thousand newer ones came: somebody removed it");
}

#[test]
fn too_many_ranges_cost_a_second_fetch_and_nothing_else() {
    let mut cursor = Cursor::new(7);
    let last = u32::try_from(RANGES_MAX).unwrap() * 2 + 20;
    (1..=last).step_by(2).for_each(|uid| cursor.finish(uid));
    assert!(cursor.wants(1) && !cursor.wants(last - 1));
    assert!(cursor.to_string().parse::<Cursor>().is_ok());
}

#[test]
fn what_is_not_a_cursor_is_refused() {
    for text in [
        "",
        "v1",
        "v2 1 1 1 -",
        "v1 1 1 1",
        "v1 1 1 1 x",
        "v1 1 1 1 5",
        "v1 1 9 1 5:4",
        "v1 1 9 1 1:2,3:4",
        "v1 1 9 5 4:6",
        "v1 1 9 1 4:5,1:2",
        "v1 -1 1 1 -",
        "v1 4294967296 1 1 -",
        "v1 1 1 1 - -",
    ] {
        assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text:?}");
    }
}

#[test]
fn windows_end_open() {
    assert_eq!(Window::at(1, 500, Some(10_000)).to_string(), "1:500");
    assert_eq!(Window::at(501, 500, Some(1001)).to_string(), "501:1000");
    assert_eq!(Window::at(501, 500, Some(1000)).to_string(), "501:*");
    assert_eq!(Window::at(1, 500, None).to_string(), "1:*");
    assert_eq!(Window::at(u32::MAX, 500, Some(u32::MAX)).to_string(), "4294967295:*");
}

/// What happens to the folder between two looks.
#[derive(Debug, Clone)]
enum Step {
    /// A message arrives after a gap of so many UIDs; hidden: the listing does not show it for now.
    Arrive { gap: u32, hidden: bool },
    /// Somebody removes the n-th message.
    Remove(usize),
    /// Hidden messages appear.
    Reveal,
    /// We look; every n-th fetch fails.
    Look { fails: u32 },
    /// The process restarts: the cursor goes through its text.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..400_u32, any::<bool>()).prop_map(|(gap, hidden)| Step::Arrive { gap, hidden }),
        1 => (0..50_usize).prop_map(Step::Remove),
        1 => Just(Step::Reveal),
        3 => (0..4_u32).prop_map(|fails| Step::Look { fails }),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..120)
}

proptest! {
    #[test]
    fn no_message_is_passed_over_and_none_fetched_twice(steps in steps()) {
        let mut cursor = Cursor::new(7);
        let (mut visible, mut hidden, mut kept) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut uidnext = 1_u32;
        let mut steps = steps;
        steps.extend([Step::Reveal, Step::Look { fails: 0 }]);
        for step in steps {
            match step {
                Step::Arrive { gap, hidden: hide } => {
                    let uid = uidnext + gap;
                    uidnext = uid + 1;
                    // A message may come to light late, not later than LATE_UIDS newer ones.
                    hidden.retain(|&h| if uid - h < LATE_UIDS { true } else { visible.insert(h); false });
                    if hide { hidden.insert(uid); } else { visible.insert(uid); }
                }
                Step::Remove(n) => {
                    if let Some(&uid) = visible.iter().nth(n) { visible.remove(&uid); }
                }
                Step::Reveal => visible.append(&mut hidden),
                Step::Restart => cursor = cursor.to_string().parse().unwrap(),
                Step::Look { fails } => {
                    let plan = plan(Some(&cursor), &selected(7, uidnext)).unwrap();
                    prop_assert_eq!(plan.why, Why::Continue);
                    cursor = plan.cursor;
                    let (mut from, mut waiting, mut tried) = (cursor.scan_from(), None, 0);
                    loop {
                        let window = Window::at(from, 100, Some(uidnext));
                        for &uid in visible.range(from..=window.to.unwrap_or(u32::MAX)).filter(|&&uid| cursor.wants(uid)).collect::<Vec<_>>() {
                            tried += 1;
                            if fails > 0 && tried % fails == 0 {
                                waiting.get_or_insert(uid);
                            } else {
                                prop_assert!(kept.insert(uid), "fetched twice: {}", uid);
                                cursor.finish(uid);
                            }
                        }
                        let newest = uidnext - 1;
                        cursor.settle(window.to.unwrap_or(newest), waiting, newest);
                        match window.to { Some(to) => from = to + 1, None => break }
                    }
                }
            }
        }
        prop_assert!(visible.is_subset(&kept), "never fetched: {:?}", visible.difference(&kept).collect::<Vec<_>>());
    }

    #[test]
    fn any_text_is_a_cursor_or_is_not(text in ".{0,60}", numbers in prop::collection::vec(any::<u32>(), 5)) {
        let _ = text.parse::<Cursor>();
        let made = format!("v1 {} {} {} {}:{}", numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
        if let Ok(cursor) = made.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
        }
    }
}

/// Against a set of finished UIDs, which is all that a cursor stands for.
#[test]
fn what_is_reopened_is_wanted_again_and_nothing_else() {
    let mut seed = 7_u32;
    let mut chance = move |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    for _ in 0..2_000 {
        let (top, settled) = (40 + chance(40), 1 + chance(40));
        let mut cursor: Cursor = format!("v1 7 {top} {settled} -").parse().unwrap();
        let mut done: BTreeSet<u32> = (1..settled).collect();
        for uid in 1..top {
            if chance(2) == 0 {
                cursor.finish(uid);
                done.insert(uid);
            }
        }
        let again: Vec<u32> = (1..top).filter(|_| chance(8) == 0).collect();
        let uidnext = 1 + chance(top + 5);
        let again: Vec<u32> = again.into_iter().filter(|&uid| uid < uidnext).collect();
        cursor.reopen(&again, uidnext);
        done.retain(|uid| !again.contains(uid) && *uid < uidnext);
        for uid in 1..top + 10 {
            assert_eq!(cursor.wants(uid), !done.contains(&uid), "{uid} of {cursor}, again {again:?} below {uidnext}");
        }
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor, "it can be kept");
    }
}

#[test]
fn a_floor_above_uidnext_is_believed_by_nobody() {
    let known: Cursor = "v1 7 10 1010 -".parse().unwrap();
    let plan = plan(Some(&known), &Selected { uidvalidity: Some(7), uidnext: Some(10), exists: 9 }).unwrap();
    assert_eq!((plan.why, plan.cursor.scan_from()), (Why::UidnextFell { was: 1010 }, 1));
}

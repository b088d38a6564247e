//! Who is told that a part of a sum is to be paid: who asked, once before each, while it can be paid. It changes when others may be
//! told, or the days are reckoned otherwise.

use super::*;
use crate::act::Act;
use crate::person::{Entry as Of, Source};
use crate::scene::{MARIO, SAFE, START, Scene, at, desk_where, flat, later, new, verb_with};
use crate::verb::Verb;
use jiff::civil::date;
use proptest::prelude::*;

extern crate std;

const LETTER: &str = "avviso-rata";

fn asked() -> Of {
    Of::ExpiriesChosen { asked: Some(Asked { at: at(START), message: "ab".repeat(32) }) }
}

fn choose(scene: &mut Scene, entry: Of) {
    scene.take(vec![Change::Person { id: MARIO.into(), entry }], vec![]);
}

/// Granted on a day, in the words of who grants it.
fn granted(day: Date, points: &[&str]) -> Scene {
    let mut scene = Scene::opened_at(&crate::scene::DESK, &new("rateizzazione", "tributi"), at(day)).worked_on();
    scene.act(verb_with(Verb::Accogli, points)).expect("it is granted");
    scene
}

fn look(scene: &mut Scene) -> Vec<Outgoing> {
    let today = rome(scene.now).date();
    let is_due = scene.dossier.life.look.is_some_and(|look| look <= today);
    if is_due { scene.look() } else { vec![] }
}

fn untold(scene: &Scene) -> Vec<(Untold, Option<u32>)> {
    let why = |entry: &Entry| match entry {
        Entry::Validity { step: Step::Untold { why, rate } } => Some((*why, *rate)),
        _ => None,
    };
    scene.entries().filter_map(why).collect()
}

#[test]
fn who_asked_is_told_once_before_each_why_and_how_to_stop_and_that_it_is_not_paid_here() {
    let mut scene = granted(START, &["Hai una difficoltà", "Rate: 3"]);
    choose(&mut scene, asked());
    let outcome = flat(scene.of_template("esito")[0]);
    let plan =
        "Paghi in 3 rate, una al mese; la prima entro giovedì 30 aprile 2026. Se vuoi un avviso prima di ogni rata";
    assert!(outcome.contains(plan) && !outcome.contains("vale fino"), "{outcome}");
    let told = scene.live(date(2027, 6, 1));
    let days: Vec<Date> = told.iter().map(|(day, _)| *day).collect();
    assert_eq!(days, [date(2026, 4, 20), date(2026, 5, 21), date(2026, 6, 20)], "ten days before each end of month");
    assert!(told.iter().all(|(_, letter)| letter.template == LETTER && letter.to == SAFE));
    let ids: std::collections::BTreeSet<&str> = told.iter().map(|(_, letter)| letter.id.as_str()).collect();
    assert_eq!(ids.len(), 3, "three letters, not one thrice");
    let text = flat(&told[1].1);
    for part in [
        "sta per scadere una rata: Pagare un tributo a rate.",
        "Rata: 2 di 3",
        "Da pagare entro: domenica 31 maggio 2026",
        &format!("Fascicolo: {}", scene.dossier.number),
        "Con questa Pec non si paga, e qui non vediamo se hai già pagato. Paga con gli avvisi pagoPA",
        "Ricevi questo avviso perché lunedì 2 marzo 2026 hai scritto AVVISAMI DELLE SCADENZE.",
        "mailto:comune@pec.example?subject=NON%20AVVISARMI",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!told[1].1.subject.contains("[Fascicolo"));
    assert_eq!(scene.dossier.life.look, None);
    assert_eq!(scene.replayed(), scene.dossier, "what was told is in the register");
}

#[test]
fn the_days_are_those_of_the_calendar_and_of_who_grants_them() {
    let days = |day, points: &[&str]| {
        let scene = granted(day, points);
        let plan = scene.dossier.life.validity.and_then(|validity| validity.rate);
        plan.map(|rate| (1..=rate.of).map(|n| rate.day(n)).collect::<Vec<Date>>())
    };
    let months = |of: [(i16, i8, i8); 4]| Some(of.map(|(year, month, day)| date(year, month, day)).to_vec());
    let four = months([(2027, 12, 31), (2028, 1, 31), (2028, 2, 29), (2028, 3, 31)]);
    assert_eq!(days(date(2027, 11, 15), &["Rate: 4"]), four, "a leap year");
    assert_eq!(days(date(2027, 11, 15), &["Ha ragione", "rate: 4, dal 10/12/2027."]), four);
    assert_eq!(days(START, &["Rate: 1, dal 31/01/2027"]), Some(vec![date(2027, 1, 31)]));
    assert_eq!(days(date(2027, 11, 15), &["Rate: quattro"]), four, "in words");
    // Its file says no number: where nothing is written of them nobody is told, and what cannot be read is not granted.
    assert_eq!(days(START, &["Le rate sono quelle chieste"]), None);
    for point in ["Rate: 0", "Rate: 73", "Rate: tante", "Rate: 4, dal 31/02/2027", "Rate 4 al mese"] {
        let mut scene = Scene::opened_at(&crate::scene::DESK, &new("rateizzazione", "tributi"), at(START)).worked_on();
        let why = scene.act(verb_with(Verb::Accogli, &["Ha ragione", point]));
        assert_eq!(why.expect_err("it is not read"), "instalments-unreadable", "{point}");
        assert_eq!(scene.dossier.life.validity, None);
    }
    let text = "[rate]\nnumero = 2\nogni_mesi = 3\nprima_giorni = 29\navviso_giorni = 5\npaga = \"Paga in Comune\"\n";
    let desk = std::boxed::Box::leak(std::boxed::Box::new(desk_where(|name, file| match name {
        "rateizzazione.toml" => {
            let (before, after) = file.split_once("[rate]").expect("it has some");
            let (_, after) = after.split_once("[scheda]").expect("and a card");
            std::format!("{before}{text}\n[scheda]{after}")
        }
        _ => file,
    })));
    let mut scene = Scene::opened_at(desk, &new("rateizzazione", "tributi"), at(date(2026, 10, 31))).worked_on();
    scene.verb(Verb::Accogli).expect("it is granted");
    let Some(Validity { rate: Some(rate), .. }) = scene.dossier.life.validity else { panic!("a plan") };
    assert_eq!([rate.day(1), rate.day(2)], [date(2026, 11, 29), date(2027, 2, 28)], "and no ends of months");
    assert!(flat(scene.of_template("esito")[0]).contains("2 rate, una ogni 3 mesi; la prima entro domenica 29"));
}

#[test]
fn whoever_stops_it_hears_of_no_other_and_of_what_is_past_nobody_is_told() {
    let stops: [(&str, Untold, Of); 3] = [
        ("stopped", Untold::Unasked, Of::ExpiriesChosen { asked: None }),
        ("essential alone", Untold::Unasked, Of::NoticesChosen { notices: crate::person::Notices::Essential }),
        ("taken back", Untold::NoAddress, Of::DomicileEnded { address: SAFE.into(), source: Source::Inad }),
    ];
    for (name, why, stop) in stops {
        let mut scene = granted(START, &["Rate: 3"]);
        choose(&mut scene, asked());
        assert_eq!(scene.live(date(2026, 5, 1)).len(), 1, "{name}");
        choose(&mut scene, stop);
        assert_eq!(scene.live(date(2027, 1, 1)), [], "{name}");
        assert_eq!(untold(&scene), [(why, Some(2)), (why, Some(3))], "{name}");
        assert!(scene.entries().filter_map(Entry::words).any(|said| said.starts_with("nessun avviso della rata 3: ")));
    }
    // He asks in the middle: of the next one. The service stands still over one: of that nobody.
    let mut scene = granted(START, &["Rate: 4"]);
    assert_eq!(scene.live(date(2026, 5, 1)), []);
    choose(&mut scene, asked());
    scene.days(45); // the 15th of June
    assert_eq!(look(&mut scene), []);
    let told = scene.live(date(2027, 1, 1));
    assert_eq!(told.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [date(2026, 6, 20), date(2026, 7, 21)]);
    assert_eq!(untold(&scene), [(Untold::Unasked, Some(1)), (Untold::Over, Some(2))]);
    let mut annulled = granted(START, &["Rate: 4"]);
    choose(&mut annulled, asked());
    annulled.verb(Verb::Annulla).expect("it is annulled");
    assert_eq!(annulled.live(date(2027, 1, 1)), [], "nothing is owed by a plan that is no more");
}

/// What the answer to AVVISAMI lists: the next one that can be paid, whatever was told of it.
#[test]
fn the_next_one_is_read_by_whoever_asks_when_its_notice_has_gone() {
    let mut scene = granted(START, &["Rate: 2"]);
    let ahead = |scene: &Scene, today| {
        let held = held([&scene.dossier].into_iter(), MARIO, today);
        held.first().map(|(_, next)| (next.rate.map(|rate| rate.n), next.until))
    };
    assert_eq!(scene.live(date(2026, 4, 25)), []);
    assert_eq!(scene.dossier.life.validity.and_then(|next| next.rate).map(|rate| rate.n), Some(2), "nobody asked");
    assert_eq!(ahead(&scene, date(2026, 4, 25)), Some((Some(1), date(2026, 4, 30))));
    assert_eq!(ahead(&scene, date(2026, 5, 1)), Some((Some(2), date(2026, 5, 31))));
    assert_eq!(ahead(&scene, date(2026, 6, 1)), None);
}

#[derive(Debug, Clone)]
enum Happens {
    Asks,
    Stops,
    Leaves,
    Notes,
    /// Days with the service.
    Lives(u32),
    /// Days without it.
    Sleeps(u32),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => Just(Happens::Asks),
        1 => Just(Happens::Stops),
        1 => Just(Happens::Leaves),
        1 => Just(Happens::Notes),
        4 => (0_u32..120).prop_map(Happens::Lives),
        1 => (0_u32..60).prop_map(Happens::Sleeps),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Of each, once, on the first day on which the service looks from the tenth before it on, if he wants it then, if it can be paid
    /// still, and the mailbox is his.
    #[test]
    fn no_life_tells_of_one_twice_nor_late_nor_to_who_did_not_ask(
        day in 0_u32..1_500,
        of in 1_u32..6,
        life in prop::collection::vec(happens(), 1..20),
    ) {
        let day = later(START, day);
        let mut scene = granted(day, &[&std::format!("Rate: {of}")]);
        let month = later(day, 30);
        let days: Vec<Date> = (0..of).map(|n| months_after(month.first_of_month(), n).last_of_month()).collect();
        let mut settled = vec![false; days.len()];
        let (mut wants, mut his) = (false, true);
        for event in life {
            match event {
                Happens::Asks => { choose(&mut scene, asked()); wants = true; }
                Happens::Stops => { choose(&mut scene, Of::ExpiriesChosen { asked: None }); wants = false; }
                Happens::Leaves => {
                    choose(&mut scene, Of::DomicileEnded { address: SAFE.into(), source: Source::Inad });
                    his = false;
                }
                Happens::Notes => { scene.act(Act::Note { text: "ha telefonato".into() }).expect("a note"); }
                Happens::Sleeps(days) => scene.days(days.into()),
                Happens::Lives(count) => for _ in 0..=count {
                    scene.days(1);
                    let today = rome(scene.now).date();
                    let mut wanted = 0;
                    for (until, settled) in days.iter().zip(&mut settled) {
                        if !*settled && days_before(*until, 10) <= today {
                            *settled = true;
                            wanted += usize::from(today <= *until && wants && his);
                        }
                    }
                    let told = look(&mut scene);
                    prop_assert!(told.iter().all(|it| it.template == LETTER && it.to == SAFE));
                    prop_assert_eq!(told.len(), wanted, "{}", today);
                },
            }
        }
        prop_assert_eq!(scene.replayed(), scene.dossier);
    }
}

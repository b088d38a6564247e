//! Who is told by ordinary mail, of what, how often. It changes with what may be told.

use super::*;
use crate::decision::Lane;
use crate::desk::{CourtesyRoad, Entity};
use crate::dossier::{Party, PartyRole};
use crate::effect::EffectKey;
use crate::person::{Entry, Source};
use crate::scene::{MARIO, START, at, desk, flat, mario};
use alloc::collections::BTreeSet;
use alloc::vec;

const HIS: &str = "mario@posta.example";
const A_DAY: u32 = 3;

fn road() -> Desk {
    let desk = desk();
    let courtesy = Some(CourtesyRoad { from: "avvisi@comune.example".into(), a_day: A_DAY });
    Desk { entity: Entity { courtesy, ..desk.entity }, ..desk }
}

/// Who has this PEC by this source.
fn holder(id: &str, pec: &str, source: Source) -> Person {
    let mut person = Person { id: id.into(), domiciles: vec![], ..mario() };
    person.apply(&Entry::DomicileAdded { address: pec.into(), source, since: at(START) }, at(START));
    person
}

fn wants(person: &mut Person, address: &str) {
    person.apply(&Entry::CourtesyChosen { address: Some(address.into()), asked: None }, at(START));
}

fn letter(to: &str) -> Awaited {
    Awaited {
        item: "lettera".into(),
        recipient: to.into(),
        sender: "comune@pec.example".into(),
        first_attempt: Some(at(START)),
        times: 1,
        message_id: "<v1.lettera@pec.example>".into(),
        subject: "Il tuo contributo per la malattia".into(),
        text: "Gentile Mario Rossi".into(),
        language: crate::language::Language::It,
        template: "esito".into(),
        is_task: false,
        is_canary: false,
        facts: BTreeSet::new(),
    }
}

fn world(people: Vec<Person>) -> Known {
    Known { people, ..Known::nothing(at(START)) }
}

const DELIVERED: fn() -> Became = || Became::Delivered(at(START));

#[test]
fn a_notice_goes_to_who_wants_it_and_says_nothing_of_the_letter() {
    let desk = road();
    let mut he = holder(MARIO, "mario@pec.example", Source::Inad);
    let pec = letter("Mario@PEC.example");
    assert_eq!(notice(DELIVERED(), &pec, &world(vec![he.clone()]), &desk), Ok(None), "he never asked");
    wants(&mut he, HIS);
    let known = world(vec![he.clone()]);
    for (became, template) in [(DELIVERED(), "avviso-cortesia"), (Became::Failed(at(START)), "avviso-cortesia-mancata")]
    {
        let told = notice(became, &pec, &known, &desk).unwrap().unwrap();
        assert_eq!((told.lane, told.to.as_str(), told.from.as_str()), (Lane::Courtesy, HIS, "avvisi@comune.example"));
        assert_eq!((told.template.as_str(), &told.dossier), (template, &None));
        let whole = format!("{} {}", told.subject, flat(&told)).to_lowercase();
        for secret in ["rossi", "mario", "rssmra", "malattia", "contributo", "pec.example", "mailto:", "http"] {
            assert!(!whole.contains(secret), "{secret}: {whole}");
        }
        assert!(whole.contains("lunedì 2 marzo 2026, ore 10:00") && whole.contains("non ha valore legale"), "{whole}");
        // One effect of one letter, whichever receipt says it.
        let again = Known { digest: "f".repeat(64), ..known.clone() };
        assert_eq!(notice(became, &pec, &again, &desk).unwrap().unwrap().id, told.id);
    }
    // No road, no safe address, no letter to a citizen, stopped: nobody is told.
    assert_eq!(notice(DELIVERED(), &pec, &known, &self::desk()), Ok(None));
    assert_eq!(notice(DELIVERED(), &Awaited { is_task: true, ..pec.clone() }, &known, &desk), Ok(None));
    assert_eq!(notice(DELIVERED(), &Awaited { is_canary: true, ..pec.clone() }, &known, &desk), Ok(None));
    assert_eq!(notice(DELIVERED(), &letter("altra@pec.example"), &known, &desk), Ok(None));
    let mut declared = holder(MARIO, "mario@pec.example", Source::Declared);
    wants(&mut declared, HIS);
    assert_eq!(notice(DELIVERED(), &pec, &world(vec![declared]), &desk), Ok(None));
}

#[test]
fn where_two_have_one_address_only_the_party_of_the_dossier_is_told() {
    let desk = road();
    let (mut he, mut she) =
        (holder(MARIO, "studio@pec.example", Source::IniPec), holder("X1", "studio@pec.example", Source::IniPec));
    wants(&mut he, HIS);
    wants(&mut she, "lei@posta.example");
    let mut known = world(vec![he, she]);
    let pec = letter("studio@pec.example");
    assert_eq!(notice(DELIVERED(), &pec, &known, &desk), Ok(None), "nobody knows which of them");
    let mut case = crate::person::tests::dossier("2026/000001", "studio@pec.example");
    let party =
        |id: &str| Party { person: id.into(), address: "studio@pec.example".into(), role: PartyRole::Applicant };
    case.cover.people = vec![party("X1")];
    known.awaited_dossier = Some(case.number.clone());
    known.dossiers = vec![case.clone()];
    let to = |known: &Known| notice(DELIVERED(), &pec, known, &desk).unwrap().map(|told| told.to);
    assert_eq!(to(&known).as_deref(), Some("lei@posta.example"));
    case.cover.people.push(party(MARIO));
    known.dossiers = vec![case];
    assert_eq!(to(&known), None);
}

#[test]
fn a_notice_that_waits_serves_for_the_next_and_a_day_has_its_bound() {
    let desk = road();
    let mut he = holder(MARIO, "mario@pec.example", Source::Enabled);
    wants(&mut he, HIS);
    let with = |made: usize, waiting: &[&str]| {
        let lately = Lately { made, waiting: waiting.iter().map(|it| (*it).into()).collect() };
        let known = Known { courtesies: [(HIS.into(), lately)].into(), ..world(vec![he.clone()]) };
        notice(DELIVERED(), &letter("mario@pec.example"), &known, &desk).is_ok()
    };
    assert!(with(0, &[]) && with(A_DAY as usize - 1, &[]));
    assert!(!with(A_DAY as usize, &[]));
    assert!(!with(1, &["avviso-cortesia"]), "it says the same");
    assert!(with(1, &["avviso-cortesia-mancata"]), "it says another thing");
}

#[test]
fn what_comes_back_often_stops_the_address_until_it_is_given_again() {
    let mut he = holder(MARIO, "mario@pec.example", Source::Inad);
    wants(&mut he, HIS);
    let back = |he: &mut Person, address: &str, days: i64| {
        let on = at(START).checked_add(SignedDuration::from_hours(24 * days)).unwrap();
        he.apply(&Entry::CourtesyReturned { address: address.into() }, on);
        he.courtesy.as_ref().unwrap().stopped.is_some()
    };
    assert!(!back(&mut he, "vecchia@posta.example", 0), "of an address that he had before");
    assert!(!back(&mut he, HIS, 1) && !back(&mut he, HIS, 2) && !back(&mut he, HIS, 100), "long ago is forgotten");
    assert!(!back(&mut he, HIS, 101) && back(&mut he, HIS, 102));
    let pec = letter("mario@pec.example");
    assert_eq!(notice(DELIVERED(), &pec, &world(vec![he.clone()]), &road()).unwrap_err().code, "no-courtesy");
    assert!(back(&mut he, HIS, 500), "time alone starts nothing");
    wants(&mut he, HIS);
    assert!(notice(DELIVERED(), &pec, &world(vec![he]), &road()).unwrap().is_some());
}

#[test]
fn only_an_ordinary_address_of_ones_own_is_taken_and_of_others_nothing_is_learnt() {
    let desk = road();
    let he = holder(MARIO, "mario@pec.example", Source::Inad);
    let she = holder("X1", "lei@pec.example", Source::Declared);
    let people = [he.clone(), she];
    let check = |written: &str| check(written, &he, &people, &desk, at(START)).map_err(|why| (why.code, why.text));
    assert_eq!(check(" Mario@Posta.Example "), Ok("mario@posta.example".into()));
    for (written, code) in [
        ("", "no-address"),
        ("mario@posta", "not-an-address"),
        ("mario.posta.example", "not-an-address"),
        ("mario@posta.example,x@y.example", "not-an-address"),
        ("no-reply@posta.example", "not-an-address"),
        ("mario@PEC.example", "own-domicile"),
    ] {
        assert_eq!(check(written).unwrap_err().0, code, "{written}");
    }
    let same = ["lei@pec.example", "comune@pec.example", "sportello@comune.example", "avvisi@comune.example"];
    let told: BTreeSet<_> = same.iter().map(|written| check(written).unwrap_err()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_report_is_read_and_what_it_claims_of_others_is_not_ours() {
    let desk = road();
    let id = EffectKey::message_id("abc", &desk.domain());
    let dsn = |action: &str, id: &str| {
        format!(
            "Return-Path: <>\r\n\r\nReporting-MTA: dns; mx\r\n\r\nAction:  {action}\r\nStatus: 5.1.1\r\n\r\nMessage-ID: {id}\r\n"
        )
    };
    assert_eq!(report(dsn("Failed", &id).as_bytes(), &desk), Report { ids: vec![id.clone()], failed: true });
    assert_eq!(report(dsn("delayed", &id).as_bytes(), &desk), Report { ids: vec![id.clone()], failed: false });
    for other in ["<v1.abc@altrove.example>", "<abc@pec.example>", "<v1.abc@pec.example", ""] {
        assert_eq!(report(dsn("failed", other).as_bytes(), &desk).ids, Vec::<String>::new(), "{other}");
    }
    let long = format!("{}{}", "x".repeat(2 * REPORT_BYTES_MAX), dsn("failed", &id));
    assert_eq!(report(long.as_bytes(), &desk).ids, [id]);
}

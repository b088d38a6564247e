//! Changes of data: frauds, tokens, four eyes, and that no order of entries applies a value too early.

use super::change::{Asked, whose};
use super::*;
use crate::person::tests::{EVIDENCE, LISTED, MARIO, bare, date, day, mario, person};
use crate::person::{Person, Scope, Strength};
use crate::refused::Refused;
use crate::rules::{Field, FieldCheck, Place};
use alloc::format;
use alloc::string::ToString;
use proptest::prelude::*;

const OLD: &str = "IT60X0542811101000000123456";
const NEW: &str = "IT41W8000000292100645211151";
const SECRET: &str = "abcdefghijklmnopqrstuvwxyz";
const OTHER_SECRET: &str = "zyxwvutsrqponmlkjihgfedcba";

fn field(name: &str, value: &str, old: Option<&str>) -> Field {
    Field {
        name: name.into(),
        value: value.into(),
        place: Place::Body,
        matched: value.into(),
        check: FieldCheck::Ok,
        old: old.map(Into::into),
    }
}

fn item(field: &str, new: &str) -> Item {
    Item { field: field.into(), old: None, said: None, new: new.into() }
}

fn asked<'a>(person: &'a Person, sender: &'a str) -> Asked<'a> {
    Asked {
        dossier: "2026/000001",
        id: 1,
        person,
        sender,
        evidence: &[EVIDENCE],
        office: "tributi",
        effective_from: date(1),
        others: &[],
    }
}

fn proposed(person: &Person, sender: &str, items: Vec<Item>) -> DataChange {
    DataChange::begin(&propose(asked(person, sender), items, day(1)).unwrap()).unwrap()
}

/// Mario, of whom the office of taxes holds an IBAN.
fn with_iban() -> Person {
    let mut mario = mario();
    let entry = mario.record("iban", OLD, "tributi", day(0), None).unwrap();
    mario.apply(&entry, day(0));
    mario
}

fn iban_change(person: &Person) -> DataChange {
    proposed(person, LISTED, vec![item("iban", NEW)])
}

fn step(change: &mut DataChange, make: impl Fn(&DataChange) -> Result<Entry, Refused>, at: Timestamp) {
    let entry = make(change).unwrap();
    change.apply(&entry, at);
}

fn awaiting(person: &Person) -> DataChange {
    let mut change = iban_change(person);
    step(&mut change, |c| c.ask_confirmation(person, SECRET, 10, day(1)), day(1));
    change
}

fn confirmed(person: &Person) -> DataChange {
    let mut change = awaiting(person);
    step(&mut change, |c| c.confirm(SECRET, LISTED, person, &[], day(2)), day(2));
    change
}

/// Enters an approved change.
fn enter(change: &mut DataChange, person: &mut Person, at: Timestamp) {
    let (effects, entry) = change.enter(person, &[], at).unwrap();
    effects.iter().for_each(|effect| person.apply(effect, at));
    change.apply(&entry, at);
}

fn code<T: core::fmt::Debug>(refused: Result<T, Refused>) -> &'static str {
    refused.unwrap_err().code
}

fn risks(change: &DataChange) -> Vec<&str> {
    change.risk.iter().map(|reason| reason.code.as_str()).collect()
}

#[test]
fn an_iban_changes_after_confirmation_and_two_people() {
    let mut mario = with_iban();
    let mut change = confirmed(&mario);
    assert_eq!(change.side_by_side(), [("IBAN".to_string(), OLD.to_string(), NEW.to_string())]);
    step(&mut change, |c| c.approve("anna", &mario, &[], day(3)), day(3));
    assert!(change.effects(day(3)).is_empty());
    assert_eq!(code(change.approve(" ANNA ", &mario, &[], day(3))), "same-person");
    step(&mut change, |c| c.approve("bruno", &mario, &[], day(3)), day(3));
    assert_eq!(change.state, State::Approved { by: "anna".into(), second: Some("bruno".into()) });
    enter(&mut change, &mut mario, day(4));
    assert_eq!(mario.datum("iban", "tributi").unwrap().value, NEW);
    assert!(change.effects(day(5)).is_empty(), "once");
    assert_eq!(code(change.enter(&mario, &[], day(5))), "wrong-state");
}

#[test]
fn what_is_not_risky_needs_one_person() {
    let mario = mario();
    let mut change = proposed(&mario, LISTED, vec![item("telefono", "0612345678")]);
    assert!(change.effects(day(1)).is_empty());
    step(&mut change, |c| c.approve("anna", &mario, &[], day(1)), day(1));
    assert_eq!(change.effects(day(1)).len(), 1);
    assert_eq!(code(change.approve("bruno", &mario, &[], day(1))), "wrong-state");
}

#[test]
fn what_is_risky_is_not_approved_before_it_is_confirmed() {
    let mario = with_iban();
    for change in [iban_change(&mario), awaiting(&mario)] {
        assert_eq!(code(change.approve("anna", &mario, &[], day(2))), "not-confirmed");
    }
    let mut late = awaiting(&mario);
    assert_eq!(code(late.expire(day(11))), "not-yet");
    step(&mut late, |c| c.expire(day(12)), day(12));
    assert_eq!(code(late.approve("anna", &mario, &[], day(12))), "not-confirmed");
    // Nothing is lost: another token may be asked for.
    step(&mut late, |c| c.ask_confirmation(&mario, OTHER_SECRET, 10, day(12)), day(12));
    step(&mut late, |c| c.confirm(OTHER_SECRET, LISTED, &mario, &[], day(13)), day(13));
    assert_eq!(late.state, State::Confirmed);
}

#[test]
fn a_bad_token_is_refused_under_its_name() {
    let mario = with_iban();
    let change = awaiting(&mario);
    let confirm = |change: &DataChange, secret, from, at| change.confirm(secret, from, &mario, &[], day(at));
    assert_eq!(code(confirm(&change, OTHER_SECRET, LISTED, 2)), "token-wrong");
    assert_eq!(code(confirm(&change, "", LISTED, 2)), "token-wrong");
    assert_eq!(code(change.confirm(&"è".repeat(150), LISTED, &mario, &[], day(2))), "token-wrong");
    assert_eq!(code(confirm(&change, SECRET, LISTED, 12)), "token-expired");
    assert_eq!(code(confirm(&change, SECRET, "ladro@pec.example", 2)), "token-foreign");
    assert!(confirm(&change, SECRET, "MARIO.ROSSI@pec.example", 2).is_ok());
    assert!(change.confirm(SECRET, LISTED, &mario, &[], day(11)).is_ok(), "to the last instant");

    let used = confirmed(&mario);
    assert_eq!(code(confirm(&used, SECRET, LISTED, 3)), "token-used");
    assert_eq!(code(confirm(&used, OTHER_SECRET, LISTED, 3)), "not-awaited");
    let mut replaced = change.clone();
    step(&mut replaced, |_| change.ask_confirmation(&mario, OTHER_SECRET, 10, day(2)), day(2));
    assert_eq!(code(confirm(&replaced, SECRET, LISTED, 3)), "token-used");
    let mut expired = change.clone();
    step(&mut expired, |_| change.expire(day(20)), day(20));
    assert_eq!(code(confirm(&expired, SECRET, LISTED, 21)), "token-expired");

    // Of another change, of the same person or of another.
    let mut other = DataChange { id: 2, ..iban_change(&mario) };
    step(&mut other, |c| c.ask_confirmation(&mario, OTHER_SECRET, 10, day(1)), day(1));
    let others = [change.clone(), other];
    assert_eq!(code(change.confirm(OTHER_SECRET, LISTED, &mario, &others, day(2))), "token-foreign");
    assert_eq!(whose(&others, OTHER_SECRET).map(|change| change.id), Some(2));
    assert!(whose(&others, "x").is_none());
    assert_eq!(code(change.confirm(SECRET, LISTED, &bare("RSSMRA80A01H50MM"), &[], day(2))), "other-person");
}

#[test]
fn a_domicile_that_has_ended_confirms_nothing() {
    let mut mario = with_iban();
    let change = awaiting(&mario);
    let entry = mario.unlist_domicile(LISTED, crate::person::Source::Inad).unwrap();
    mario.apply(&entry, day(2));
    assert_eq!(code(change.confirm(SECRET, LISTED, &mario, &[], day(3))), "domicile-ended");
}

/// A certificate has whole seconds and another clock than ours: it may stand before the domicile that answered began.
#[test]
fn a_certificate_of_the_second_before_confirms() {
    let mario = with_iban();
    let change = awaiting(&mario);
    let began = mario.domiciles.iter().find(|d| d.address == LISTED).unwrap().since;
    let confirmed = change.confirm(SECRET, LISTED, &mario, &[], began - jiff::SignedDuration::from_millis(1));
    assert!(matches!(confirmed, Ok(Entry::Confirmed { .. })), "{confirmed:?}");
}

#[test]
fn tokens_are_not_guessed() {
    let mario = with_iban();
    let mut change = awaiting(&mario);
    for _ in 0..WRONG_TOKENS_MAX {
        let refused = change.confirm("x", LISTED, &mario, &[], day(2)).unwrap_err();
        step(&mut change, |c| c.misconfirmed(&refused), day(2));
    }
    assert_eq!(change.state, State::Expired);
    assert_eq!(code(change.confirm(SECRET, LISTED, &mario, &[], day(2))), "token-expired");
    assert_eq!(code(change.ask_confirmation(&mario, SECRET, 10, day(2))), "secret-used");
    assert_eq!(code(change.ask_confirmation(&mario, "short", 10, day(2))), "weak-secret");
    for days in [0, change::CONFIRM_DAYS_MAX + 1] {
        assert_eq!(code(change.ask_confirmation(&mario, OTHER_SECRET, days, day(2))), "days-out-of-range");
    }
}

#[test]
fn confirmations_are_not_asked_without_end() {
    let mario = with_iban();
    let mut change = iban_change(&mario);
    let mut asked = 0;
    while let Ok(entry) = change.ask_confirmation(&mario, &format!("{SECRET}{asked}"), 10, day(2)) {
        change.apply(&entry, day(2));
        asked += 1;
        step(&mut change, |c| c.expire(day(30)), day(30));
    }
    assert_eq!(asked, CONFIRMATIONS_MAX);
    assert_eq!(code(change.ask_confirmation(&mario, OTHER_SECRET, 10, day(2))), "asked-too-often");
    assert!(change.confirm_in_person("anna", EVIDENCE).is_ok());
}

#[test]
fn who_has_no_safe_domicile_confirms_in_person() {
    let stranger = bare(MARIO);
    let mut change = proposed(&stranger, "nuova@pec.example", vec![item("iban", NEW)]);
    assert_eq!(code(change.ask_confirmation(&stranger, SECRET, 10, day(1))), "no-safe-domicile");
    assert_eq!(code(change.confirm_in_person("", EVIDENCE)), "empty");
    step(&mut change, |c| c.confirm_in_person("anna", EVIDENCE), day(1));
    step(&mut change, |c| c.approve("anna", &stranger, &[], day(1)), day(1));
    assert_eq!(code(change.approve("anna", &stranger, &[], day(1))), "same-person");
}

/// «Le nostre coordinate bancarie sono cambiate», from an address that is not the listed one.
#[test]
fn the_pattern_of_an_iban_fraud_is_shown_and_the_owner_is_asked() {
    let mario = with_iban();
    let fraud = proposed(&mario, "mario.rossi@pec-nuova.example", vec![item("iban", "DE89370400440532013000")]);
    assert_eq!(risks(&fraud), ["risky", "iban-already-held", "iban-abroad", "not-from-listed-domicile"]);
    let Entry::ConfirmationAsked { to, .. } = fraud.ask_confirmation(&mario, SECRET, 10, day(1)).unwrap() else {
        panic!("another entry")
    };
    assert_eq!(to, LISTED, "the listed domicile is asked, never the one that wrote");
    assert_eq!(risks(&iban_change(&mario)), ["risky", "iban-already-held"]);
    let first = proposed(&self::mario(), LISTED, vec![item("iban", NEW)]);
    assert_eq!(risks(&first), ["risky"]);

    let both = proposed(&mario, "x@pec.example", vec![item("iban", NEW), item("pec", "x@pec.example")]);
    assert!(risks(&both).contains(&"iban-with-domicile"));
    let fresh = person(MARIO, "abilitata@pec.example", crate::person::Source::Enabled);
    let soon = proposed(&fresh, "abilitata@pec.example", vec![item("iban", NEW)]);
    assert!(risks(&soon).contains(&"domicile-new"));
    let said = Item { said: Some(NEW.into()), ..item("iban", "IT13S0542811101000000123457") };
    assert!(risks(&proposed(&mario, LISTED, vec![said])).contains(&"old-differs"));
    // A hidden IBAN is risky under any name.
    assert!(fields::risk("conto_rimborsi", NEW).is_some() && fields::risk("nota", OLD).is_some());
    assert!(fields::risk("telefono", "0612345678").is_none());
}

#[test]
fn items_come_from_what_the_rules_found() {
    let mario = with_iban();
    let found = [
        field("iban", NEW, Some(OLD)),
        field("email", LISTED, None),
        field("data", "2026-03-01", None),
        field("indirizzo", "Via Po 2", Some("Via Roma 1")),
    ];
    let found = items(&found, &mario, "tributi", day(1)).unwrap();
    let shown: Vec<_> = found.iter().map(|i| (i.field.as_str(), i.old.as_deref(), i.said.as_deref())).collect();
    assert_eq!(shown, [("iban", Some(OLD), Some(OLD)), ("indirizzo", None, Some("Via Roma 1"))]);
    assert_eq!(items(&[field("iban", OLD, None)], &mario, "tributi", day(1)), Ok(vec![]), "it is so already");
    let wrong = Field { check: FieldCheck::Failed("cifre sbagliate".into()), ..field("iban", "IT00", None) };
    assert_eq!(code(items(&[wrong], &mario, "tributi", day(1))), "value-wrong");
    let pec = [field("pec", "nuova@pec.example", None), field("email", "nuova@pec.example", None)];
    assert_eq!(items(&pec, &mario, "tributi", day(1)).unwrap().len(), 1, "one address, once");
}

#[test]
fn a_mail_with_two_requests_changes_neither_by_the_other() {
    let mario = with_iban();
    let two = vec![item("iban", NEW), item("iban", "DE89370400440532013000")];
    assert_eq!(code(propose(asked(&mario, LISTED), two, day(1))), "two-values");
    // A second change of the same field waits for the first; of another field it is its own, with its own approval.
    let open = [confirmed(&mario)];
    let second = Asked { id: 2, others: &open, ..asked(&mario, LISTED) };
    assert_eq!(code(propose(second, vec![item("iban", NEW)], day(2))), "already-open");
    let phone = DataChange::begin(&propose(second, vec![item("telefono", "06123456")], day(2)).unwrap()).unwrap();
    assert_eq!(phone.state, State::Proposed);
}

#[test]
fn what_cannot_be_a_change_is_refused() {
    let mario = with_iban();
    let refused = |items| code(propose(asked(&mario, LISTED), items, day(1)));
    assert_eq!(refused(vec![]), "nothing-to-change");
    assert_eq!(refused(vec![item("iban", "IT60X0542811101000000123457")]), "iban-wrong");
    assert_eq!(refused(vec![item("pec", "non un indirizzo")]), "not-an-address");
    assert_eq!(refused(vec![item("iban", OLD)]), "no-change");
    assert_eq!(refused((0..=ITEMS_MAX).map(|n| item(&format!("f{n}"), "x")).collect()), "too-many");
    assert_eq!(refused(vec![item("nota", &"x".repeat(crate::person::VALUE_BYTES_MAX + 1))]), "too-long");
    let bare = Asked { evidence: &[], ..asked(&mario, LISTED) };
    assert_eq!(code(propose(bare, vec![item("iban", NEW)], day(1))), "no-evidence");
    let far = Asked { effective_from: date(500), ..asked(&mario, LISTED) };
    assert_eq!(code(propose(far, vec![item("iban", NEW)], day(1))), "too-far-ahead");
}

#[test]
fn nobody_decides_the_own_case() {
    let mario = with_iban();
    assert_eq!(code(confirmed(&mario).approve(LISTED, &mario, &[], day(3))), "own-case");
}

#[test]
fn a_change_over_something_newer_is_refused() {
    let mut mario = with_iban();
    let mut change = confirmed(&mario);
    step(&mut change, |c| c.approve("anna", &mario, &[], day(3)), day(3));
    let entry = mario.record("iban", "IT13S0542811101000000123457", "tributi", day(3), None).unwrap();
    mario.apply(&entry, day(3));
    assert_eq!(code(change.approve("bruno", &mario, &[], day(3))), "changed-meanwhile");
}

#[test]
fn it_begins_on_its_day_and_not_before() {
    let mario = with_iban();
    let later = Asked { effective_from: date(30), ..asked(&mario, LISTED) };
    let mut change = DataChange::begin(&propose(later, vec![item("telefono", "06123456")], day(1)).unwrap()).unwrap();
    step(&mut change, |c| c.approve("anna", &mario, &[], day(2)), day(2));
    assert!(change.effects(day(29)).is_empty());
    assert_eq!(code(change.enter(&mario, &[], day(29))), "not-yet");
    assert_eq!(change.effects(day(30)).len(), 1);
    // Meanwhile the field is not free for another change.
    let open = [change];
    let second = Asked { id: 2, others: &open, ..asked(&mario, LISTED) };
    assert_eq!(code(propose(second, vec![item("telefono", "06654321")], day(3))), "already-open");
}

/// A new domicile: the old one of ours ends when the citizen says so, the listed one never.
#[test]
fn a_new_domicile_takes_the_place_of_the_one_that_is_named() {
    let mut mario = mario();
    let entry = mario.add_domicile("vecchia@pec.example", crate::person::Source::Enabled, day(0), &[]).unwrap();
    mario.apply(&entry, day(0));
    let before = mario.clone();
    let said = Item { said: Some("vecchia@pec.example".into()), ..item("pec", "nuova@pec.example") };
    let mut change = proposed(&mario, "vecchia@pec.example", vec![said]);
    step(&mut change, |c| c.ask_confirmation(&mario, SECRET, 10, day(1)), day(1));
    step(&mut change, |c| c.confirm(SECRET, LISTED, &mario, &[], day(2)), day(2));
    for by in ["anna", "bruno"] {
        step(&mut change, |c| c.approve(by, &mario, &[], day(3)), day(3));
    }
    enter(&mut change, &mut mario, day(3));
    assert_eq!(mario.strength_of("nuova@pec.example", day(3)), Some(Strength::Enabled));
    assert_eq!(mario.strength_of("vecchia@pec.example", day(4)), None);
    assert_eq!(mario.strength_of(LISTED, day(4)), Some(Strength::Listed));
    step(&mut change, |c| c.roll_back(&mario, "carla", "la casella era stata rubata"), day(5));
    change.undo().iter().for_each(|entry| mario.apply(entry, day(5)));
    assert_eq!(mario, before);
}

#[test]
fn a_roll_back_destroys_nothing_newer() {
    let mut mario = with_iban();
    let mut change = confirmed(&mario);
    for by in ["anna", "bruno"] {
        step(&mut change, |c| c.approve(by, &mario, &[], day(3)), day(3));
    }
    assert_eq!(code(iban_change(&mario).roll_back(&mario, "carla", "frode")), "wrong-state");
    enter(&mut change, &mut mario, day(3));
    assert_eq!(code(change.roll_back(&mario, "carla", " ")), "empty");
    let entry = mario.record("iban", NEW, "tributi", day(4), None).unwrap();
    mario.apply(&entry, day(4));
    assert_eq!(code(change.roll_back(&mario, "carla", "frode")), "newer-value");
}

#[test]
fn refused_and_withdrawn_are_final() {
    let mario = with_iban();
    let mut refused = iban_change(&mario);
    assert_eq!(code(refused.refuse(&[], "anna")), "no-reasons");
    assert_eq!(code(refused.refuse(&[" "], "anna")), "empty");
    step(&mut refused, |c| c.refuse(&["l'IBAN è di un altro"], "anna"), day(2));
    let mut withdrawn = awaiting(&mario);
    step(&mut withdrawn, |c| c.withdraw(), day(2));
    for change in [refused, withdrawn] {
        assert!(change.state.is_decided() && change.effects(day(9)).is_empty());
        assert_eq!(code(change.approve("bruno", &mario, &[], day(3))), "wrong-state");
        assert!(change.confirm(SECRET, LISTED, &mario, &[], day(3)).is_err());
        assert_eq!(code(change.withdraw()), "wrong-state");
    }
}

#[test]
fn an_entry_reads_back_as_it_was_written() {
    let mario = with_iban();
    for entry in [
        propose(asked(&mario, LISTED), vec![item("iban", NEW)], day(1)).unwrap(),
        confirmed(&mario).approve("anna", &mario, &[], day(3)).unwrap(),
        Entry::Misconfirmed { code: "token-wrong".into() },
    ] {
        let text = serde_json::to_string(&entry).unwrap();
        assert!(text.starts_with(r#"{"data-change":""#) && !text.contains(SECRET), "{text}");
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    }
    let state = serde_json::to_string(&awaiting(&mario)).unwrap();
    assert!(!state.contains(SECRET), "the register holds no secret");
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let by = prop_oneof![Just("anna"), Just("Anna "), Just("bruno"), Just("")].prop_map(String::from);
    let before = proptest::collection::vec(Just(Before { datum: None, ends: None }), 0..3);
    let token = Confirmation::Token { from: LISTED.into() };
    let seen = Confirmation::InPerson { by: "anna".into(), evidence: EVIDENCE.into() };
    prop_oneof![
        Just(Entry::ConfirmationAsked { token_hash: "h".into(), to: LISTED.into(), until: day(9) }),
        prop_oneof![Just(token), Just(seen)].prop_map(|confirmation| Entry::Confirmed { confirmation }),
        Just(Entry::Misconfirmed { code: "token-wrong".into() }),
        Just(Entry::Expired),
        (by.clone(), before).prop_map(|(by, before)| Entry::Approved { by, before }),
        Just(Entry::Applied),
        by.clone().prop_map(|by| Entry::Refused { reasons: vec!["no".into()], by }),
        Just(Entry::Withdrawn),
        by.prop_map(|by| Entry::RolledBack { by, why: "frode".into() }),
    ]
}

proptest! {
    /// Whatever a journal says, also what no function would have made: a risky value takes effect only after a confirmation and
    /// two people, and a change that is not approved has no effect.
    #[test]
    fn no_order_of_entries_applies_a_value_too_early(
        entries in proptest::collection::vec(any_entry(), 0..40),
        risky in any::<bool>(),
    ) {
        let mario = with_iban();
        let what = if risky { item("iban", NEW) } else { item("telefono", "06123456") };
        let mut change = proposed(&mario, LISTED, vec![what]);
        let (mut confirmed, mut approvers) = (false, Vec::new());
        for (n, entry) in entries.iter().enumerate() {
            match entry {
                Entry::Confirmed { .. } => confirmed = true,
                Entry::Approved { by, .. } if !by.is_empty() => approvers.push(by.trim().to_lowercase()),
                _ => {}
            }
            change.apply(entry, day(n as i64 + 1));
            approvers.sort();
            approvers.dedup();
            if !change.effects(day(100)).is_empty() {
                let is_approved = matches!(change.state, State::Approved { .. });
                prop_assert!(is_approved && !approvers.is_empty());
                prop_assert!(!risky || (confirmed && approvers.len() >= 2), "{:?}", entries);
            }
            prop_assert!(change.spent.len() <= CONFIRMATIONS_MAX + 1);
            let _ = change.undo();
        }
    }

    /// The whole way with any old values: what is rolled back is exactly what stood before.
    #[test]
    fn a_roll_back_restores_exactly(
        entries in proptest::collection::vec(crate::person::tests::any_entry(), 0..30),
        phone in "[0-9]{6,9}",
        with_pec in any::<bool>(),
    ) {
        let mut person = mario();
        entries.iter().for_each(|entry| person.apply(entry, day(0)));
        let mut wanted = vec![item("telefono", &phone), item("iban", NEW)];
        if with_pec {
            wanted.push(Item { said: Some("a@x.example".into()), ..item("pec", "nuova@pec.example") });
        }
        let Ok(entry) = propose(asked(&person, LISTED), wanted, day(1)) else { return Ok(()) };
        let mut change = DataChange::begin(&entry).unwrap();
        step(&mut change, |c| c.confirm_in_person("anna", EVIDENCE), day(1));
        for by in ["anna", "bruno"] {
            let entry = change.approve(by, &person, &[], day(2));
            prop_assume!(entry.is_ok());
            change.apply(&entry.unwrap(), day(2));
        }
        let before = person.clone();
        enter(&mut change, &mut person, day(2));
        prop_assert_ne!(&person, &before);
        step(&mut change, |c| c.roll_back(&person, "carla", "frode"), day(3));
        change.undo().iter().for_each(|entry| person.apply(entry, day(3)));
        prop_assert_eq!(person, before);
        prop_assert!(change.effects(day(9)).is_empty());
    }
}

/// A grant to act for somebody is no way around the confirmation.
#[test]
fn a_delegate_does_not_confirm_for_the_person() {
    let mut mario = with_iban();
    let entry = mario.grant(Scope::OwnData, date(0), None, "anna").unwrap();
    mario.apply(&entry, day(0));
    let change = awaiting(&mario);
    assert_eq!(code(change.confirm(SECRET, "avvocato@pec.example", &mario, &[], day(2))), "token-foreign");
}

#[test]
fn the_domicile_of_another_does_not_become_a_persons_own() {
    let (mario, other) = (mario(), [person("RSSMRA80A01H50MM", "altro@pec.example", crate::person::Source::Enabled)]);
    let mut change = proposed(&mario, LISTED, vec![item("pec", "altro@pec.example")]);
    step(&mut change, |c| c.confirm_in_person("anna", EVIDENCE), day(1));
    assert_eq!(code(change.approve("anna", &mario, &other, day(2))), "address-of-another");
    step(&mut change, |c| c.approve("anna", &mario, &[], day(2)), day(2));
    step(&mut change, |c| c.approve("bruno", &mario, &[], day(2)), day(2));
    assert_eq!(code(change.enter(&mario, &other, day(2))), "address-of-another", "it became another's meanwhile");
}

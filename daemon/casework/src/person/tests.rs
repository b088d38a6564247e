//! Persons: what is refused, what is kept, and that no order of entries breaks a record.

use super::change::{NewPerson, register};
use super::*;
use crate::dossier::{Cover, Dossier, Life, State};
use proptest::prelude::*;

pub(crate) const MARIO: &str = "RSSMRA80A01H501U";
pub(crate) const LISTED: &str = "mario.rossi@pec.example";
pub(crate) const EVIDENCE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// An instant, so many days after the beginning.
pub(crate) fn day(days: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + days * 86_400).unwrap()
}

/// The day of that instant.
pub(crate) fn date(days: i64) -> Date {
    crate::calendar::rome(day(days)).date()
}

pub(crate) fn new(codice_fiscale: Option<&str>) -> NewPerson<'_> {
    NewPerson { codice_fiscale, partita_iva: None, name: "Mario Rossi", kind: Kind::PersonaFisica }
}

/// A person without anything else.
pub(crate) fn bare(codice_fiscale: &str) -> Person {
    Person::begin(&register(new(Some(codice_fiscale)), &[], 1).unwrap()).unwrap()
}

/// A person with one domicile since day 0.
pub(crate) fn person(codice_fiscale: &str, address: &str, source: Source) -> Person {
    let mut person = bare(codice_fiscale);
    let entry = person.add_domicile(address, source, day(0), &[]).unwrap();
    person.apply(&entry, day(0));
    person
}

pub(crate) fn mario() -> Person {
    person(MARIO, LISTED, Source::Inad)
}

pub(crate) fn dossier(number: &str, party: &str) -> Dossier {
    Dossier {
        number: number.into(),
        kind: crate::rules::Kind::DataChange,
        title: "Cambio di dati".into(),
        office: "anagrafe".into(),
        state: State::Protocollata,
        state_since: day(0),
        opened_at: day(0),
        due: None,
        parties: vec![party.into()],
        cover: Cover::default(),
        life: Life::default(),
    }
}

fn code(refused: Result<Entry, crate::refused::Refused>) -> &'static str {
    refused.unwrap_err().code
}

#[test]
fn the_id_is_the_strongest_code_that_is_known() {
    let id = |new| Person::begin(&register(new, &[], 7).unwrap()).unwrap().id;
    assert_eq!(id(new(Some(" rssmra80a01h501u "))), MARIO);
    assert_eq!(id(NewPerson { partita_iva: Some("00743110157"), ..new(None) }), "00743110157");
    assert_eq!(id(new(None)), "X000007");
}

#[test]
fn a_second_person_under_one_codice_fiscale_is_refused() {
    assert_eq!(code(register(new(Some("rssmra80a01h501u")), &[mario()], 2)), "codice-fiscale-taken");
    let company = NewPerson { partita_iva: Some("00743110157"), ..new(None) };
    let known = Person::begin(&register(company, &[], 1).unwrap()).unwrap();
    // One code in two columns is still one person.
    assert_eq!(code(register(new(Some("00743110157")), core::slice::from_ref(&known), 2)), "codice-fiscale-taken");
    assert_eq!(code(register(company, &[known], 2)), "partita-iva-taken");
    let nobody = Person::begin(&register(new(None), &[], 3).unwrap()).unwrap();
    assert_eq!(code(register(new(None), core::slice::from_ref(&nobody), 3)), "number-taken");
    assert!(register(new(None), &[nobody], 4).is_ok());
}

#[test]
fn a_wrong_check_character_begins_no_record_and_omocodia_does() {
    assert_eq!(code(register(new(Some("RSSMRA80A01H501X")), &[], 1)), "codice-fiscale-wrong");
    assert!(register(new(Some("RSSMRA80A01H50MM")), &[mario()], 1).is_ok(), "another person, told apart by omocodia");
    assert_eq!(code(register(NewPerson { name: " ", ..new(None) }, &[], 1)), "empty");
}

#[test]
fn a_second_domicile_is_added_and_revoked() {
    let mut mario = mario();
    let entry = mario.add_domicile("Mario@Altra.example", Source::Enabled, day(3), &[]).unwrap();
    mario.apply(&entry, day(3));
    assert_eq!(mario.strength_of("mario@altra.example", day(4)), Some(Strength::Enabled));
    assert_eq!(mario.strength_of("mario@altra.example", day(2)), None, "not before its time");
    assert_eq!(code(mario.add_domicile("mario@altra.example", Source::Enabled, day(4), &[])), "domicile-known");
    let entry = mario.revoke_domicile("MARIO@altra.example").unwrap();
    mario.apply(&entry, day(5));
    assert_eq!(mario.strength_of("mario@altra.example", day(5)), None);
    assert_eq!(mario.domiciles.len(), 2, "what ended stays to be seen");
    assert_eq!(code(mario.revoke_domicile("mario@altra.example")), "no-such-domicile");
    assert_eq!(code(mario.revoke_domicile(LISTED)), "domicile-listed");
    let entry = mario.unlist_domicile(LISTED, Source::Inad).unwrap();
    mario.apply(&entry, day(6));
    assert!(mario.safe_domicile(day(6)).is_none());
}

#[test]
fn an_address_of_another_is_not_enabled() {
    let other = bare("RSSMRA80A01H50MM");
    assert_eq!(code(other.add_domicile(LISTED, Source::Enabled, day(1), &[mario()])), "address-of-another");
    assert!(other.add_domicile(LISTED, Source::Inad, day(1), &[mario()]).is_ok(), "what an index lists is a fact");
    assert_eq!(code(other.add_domicile("a b@c.example", Source::Enabled, day(1), &[])), "not-an-address");
    assert_eq!(code(other.add_domicile("noreply@c.example", Source::Enabled, day(1), &[])), "not-an-address");
}

/// CAD art. 3-bis c. 4-quinquies, 65 c. 1 c-bis.
#[test]
fn a_special_domicile_is_of_its_dossier_and_never_of_the_person() {
    let without = bare(MARIO);
    let case = dossier("2026/000001", "speciale@pec.example");
    assert_eq!(without.write_to(&case, day(1)), Some("speciale@pec.example"));
    assert!(without.domiciles.is_empty() && without.safe_domicile(day(1)).is_none());
    // Whoever has a listed domicile elects none by writing from elsewhere.
    assert_eq!(mario().write_to(&case, day(1)), Some(LISTED));
    let enabled = person(MARIO, "abilitata@pec.example", Source::Enabled);
    assert_eq!(enabled.write_to(&case, day(1)), Some("speciale@pec.example"));
    assert_eq!(
        enabled.write_to(&dossier("2026/000002", "ABILITATA@pec.example"), day(1)),
        Some("abilitata@pec.example")
    );
}

#[test]
fn two_sources_that_disagree_are_both_shown() {
    let mut mario = mario();
    for (value, source, at) in [("Via Roma 1", "tributi", 1), ("Via Po 2", "anagrafe", 5), ("Via Po 2", "scuola", 9)] {
        let entry = mario.record("indirizzo", value, source, day(at), None).unwrap();
        mario.apply(&entry, day(at));
    }
    let held = mario.held("indirizzo", &["anagrafe", "tributi"], day(10)).unwrap();
    assert!(held.conflict);
    let shown: Vec<_> = held.by.iter().map(|h| (h.datum.source.as_str(), h.rank, h.days)).collect();
    assert_eq!(shown, [("anagrafe", Some(0), 5), ("tributi", Some(1), 9), ("scuola", None, 1)]);
    assert_eq!(mario.conflicts(&[], day(10)).len(), 1);
    let entry = mario.record("indirizzo", "Via Po 2", "tributi", day(11), None).unwrap();
    mario.apply(&entry, day(11));
    assert!(mario.conflicts(&[], day(11)).is_empty(), "a source corrects itself and nobody else");
    assert_eq!(mario.data["indirizzo"].len(), 3);
}

#[test]
fn grants_and_mandates_have_their_time() {
    let mut mario = mario();
    let lawyer = bare("RSSMRA80A01H50MM");
    assert_eq!(code(mario.mandate(&mario, Over::All, EVIDENCE, date(0), date(9))), "own-delegate");
    assert_eq!(code(mario.mandate(&lawyer, Over::All, "x", date(0), date(9))), "not-a-digest");
    assert_eq!(code(mario.mandate(&lawyer, Over::All, EVIDENCE, date(9), date(0))), "ends-before-it-begins");
    assert_eq!(code(mario.mandate(&lawyer, Over::All, EVIDENCE, date(0), date(5_000))), "too-long-a-time");
    let entry = mario.mandate(&lawyer, Over::All, EVIDENCE, date(0), date(9)).unwrap();
    mario.apply(&entry, day(0));
    let holds = |mario: &Person, days| mario.mandates_of(&lawyer.id).iter().any(|m| m.holds(date(days)));
    assert!(holds(&mario, 9) && !holds(&mario, 10));
    let entry = mario.end_mandate(&lawyer.id, Over::All, date(4)).unwrap();
    mario.apply(&entry, day(4));
    assert!(holds(&mario, 4) && !holds(&mario, 5));
    assert_eq!(code(mario.end_mandate(&lawyer.id, Over::All, date(4))), "no-such-mandate");

    let entry = mario.grant(Scope::OwnData, date(1), None, "anna").unwrap();
    mario.apply(&entry, day(1));
    assert_eq!(mario.scopes(date(0)), [] as [&Scope; 0]);
    assert_eq!(mario.scopes(date(100)), [&Scope::OwnData]);
    let entry = mario.end_grant(Scope::OwnData, date(50)).unwrap();
    mario.apply(&entry, day(50));
    assert!(mario.scopes(date(51)).is_empty());
    assert_eq!(code(mario.grant(Scope::OwnData, date(1), None, "")), "empty");
}

#[test]
fn the_notice_that_was_shown_is_known() {
    let mut mario = mario();
    let entry = mario.give_notice("2026-1").unwrap();
    mario.apply(&entry, day(2));
    assert_eq!(mario.notice, Some(Notice { version: "2026-1".into(), at: day(2) }));
}

#[test]
fn an_entry_reads_back_as_it_was_written() {
    let entry = register(new(Some(MARIO)), &[], 1).unwrap();
    let text = serde_json::to_string(&entry).unwrap();
    assert!(text.starts_with(r#"{"person":"registered","id":"RSSMRA80A01H501U""#), "{text}");
    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
    let scope = Entry::GrantEnded { scope: Scope::DelegateOf { person: "X1".into() }, until: date(0) };
    assert_eq!(serde_json::from_str::<Entry>(&serde_json::to_string(&scope).unwrap()).unwrap(), scope);
}

/// Any entry, also one that no function would make.
pub(crate) fn any_entry() -> impl Strategy<Value = Entry> {
    let address = prop_oneof![Just("a@x.example"), Just("b@x.example"), Just("")].prop_map(String::from);
    let source = prop_oneof![Just(Source::Inad), Just(Source::Enabled), Just(Source::Declared)];
    let name = prop_oneof![Just("iban"), Just("pec"), Just("telefono")].prop_map(String::from);
    let office = prop_oneof![Just("anagrafe"), Just("tributi")].prop_map(String::from);
    let value = "[a-c]{0,2}";
    let datum = (value, office.clone()).prop_map(|(value, source)| Datum { value, source, at: day(0), evidence: None });
    let domicile = (address, source);
    prop_oneof![
        domicile.clone().prop_map(|(address, source)| Entry::DomicileAdded { address, source, since: day(0) }),
        domicile.clone().prop_map(|(address, source)| Entry::DomicileEnded { address, source }),
        domicile.clone().prop_map(|(address, source)| Entry::DomicileStruck { address, source }),
        domicile.prop_map(|(address, source)| Entry::DomicileReopened { address, source }),
        (name.clone(), datum.clone()).prop_map(|(field, datum)| Entry::DatumRecorded { field, datum }),
        (name, office, proptest::option::of(datum)).prop_map(|(field, source, datum)| Entry::DatumRestored {
            field,
            source,
            datum
        }),
        (value, any::<bool>()).prop_map(|(name, official)| Entry::Named { name, official }),
        proptest::option::of(value).prop_map(|address| Entry::CourtesyChosen { address, asked: None }),
        value.prop_map(|address| Entry::CourtesyReturned { address }),
        Just(Entry::Registered {
            id: "X".into(),
            codice_fiscale: None,
            partita_iva: None,
            name: String::new(),
            kind: Kind::Impresa
        }),
    ]
}

proptest! {
    /// No order of entries breaks a record, outgrows a bound or takes away its id; and one source has one value of a field.
    #[test]
    fn any_entries_leave_a_record(entries in proptest::collection::vec(any_entry(), 0..120)) {
        let mut person = mario();
        for (n, entry) in entries.iter().enumerate() {
            person.apply(entry, day(n as i64));
        }
        prop_assert_eq!(&person.id, MARIO);
        prop_assert!(person.domiciles.len() <= DOMICILES_MAX && person.names.len() <= NAMES_MAX);
        prop_assert!(person.courtesy.iter().all(|own| own.returned.len() <= crate::courtesy::RETURNED_MAX));
        for data in person.data.values() {
            prop_assert!(!data.is_empty() && data.is_sorted_by(|a, b| a.source < b.source));
        }
    }

    /// What a source said comes back exactly as it was.
    #[test]
    fn restoring_restores_exactly(entries in proptest::collection::vec(any_entry(), 0..40), value in "[a-z]{1,4}") {
        let mut person = mario();
        entries.iter().for_each(|entry| person.apply(entry, day(1)));
        let before = person.clone();
        let entry = person.record("iban", &value, "anagrafe", day(2), None).unwrap();
        person.apply(&entry, day(2));
        prop_assert_eq!(&person.datum("iban", "anagrafe").unwrap().value, &value);
        let datum = before.datum("iban", "anagrafe").cloned();
        person.apply(&Entry::DatumRestored { field: "iban".into(), source: "anagrafe".into(), datum }, day(3));
        prop_assert_eq!(person, before);
    }
}

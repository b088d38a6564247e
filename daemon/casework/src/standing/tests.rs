//! Who writes, what each obtains, and that two answers never tell what the register holds.

use super::*;
use crate::person::tests::{EVIDENCE, LISTED, MARIO, bare, date, day, dossier, mario, person};
use crate::person::{Source, Strength};
use alloc::format;
use alloc::string::ToString;
use proptest::prelude::*;

const LAWYER: &str = "avvocato@pec.example";
const LAWYER_CODE: &str = "RSSMRA80A01H50MM";
const UNKNOWN_CODE: &str = "RSSMRA80A01H5LMX";

fn seen(sender: &str) -> Seen<'_> {
    Seen {
        channel: Channel::Pec,
        sender,
        holders: &[],
        subject: None,
        written: None,
        on_behalf: false,
        named: Named::Nothing,
        attachments: &[],
        at: day(10),
    }
}

fn codes(standing: &Standing) -> Vec<&str> {
    standing.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn permit(standing: &Standing, right: Right) -> Permit {
    standing.permit(&Entitlements::default(), right)
}

/// What the writer is told of every right.
fn told(standing: &Standing) -> Vec<Option<&'static str>> {
    Right::ALL.iter().map(|right| permit(standing, *right).told(*right)).collect()
}

/// Mario, and a lawyer with his mandate.
fn with_mandate(over: Over, until: i64) -> (Person, Person) {
    let (mut mario, lawyer) = (mario(), person(LAWYER_CODE, LAWYER, Source::IniPec));
    let entry = mario.mandate(&lawyer, over, EVIDENCE, date(0), date(until)).unwrap();
    mario.apply(&entry, day(0));
    (mario, lawyer)
}

#[test]
fn every_grade_is_met() {
    let mario = [mario()];
    let enabled = [person(MARIO, "abilitata@pec.example", Source::Enabled)];
    let declared = [person(MARIO, "detta@pec.example", Source::Declared)];
    let grade = |seen| judge(&seen).grade;
    assert_eq!(grade(Seen { holders: &mario, ..seen(LISTED) }), Grade::ListedDomicile);
    assert_eq!(grade(Seen { holders: &enabled, ..seen("abilitata@pec.example") }), Grade::EnabledPec);
    assert_eq!(grade(seen("x@pec.example")), Grade::UnknownPecElectingSpecial);
    assert_eq!(
        grade(Seen { holders: &declared, ..seen("detta@pec.example") }),
        Grade::UnknownPecElectingSpecial,
        "a declared domicile proves nothing"
    );
    let elsewhere = Seen { subject: Some(&mario[0]), written: Some(MARIO), ..seen("x@pec.example") };
    assert_eq!(grade(elsewhere), Grade::ListedElsewhere);
    let ordinary = Seen { channel: Channel::Ordinary, holders: &mario, ..seen(LISTED) };
    let standing = judge(&ordinary);
    assert_eq!((standing.grade, standing.writer), (Grade::OrdinaryMail, None), "headers prove nobody");
}

#[test]
fn what_is_said_has_its_reason() {
    let mario = [mario()];
    let mine = dossier("2026/000001", LISTED);
    let standing = judge(&Seen {
        holders: &mario,
        written: Some("rss mra 80a01 h501u"),
        named: Named::Known(&mine),
        attachments: &["specie.pdf", "istanza.pdf.p7m", "Carta_d'identità.jpg"],
        ..seen("MARIO.ROSSI@pec.example")
    });
    assert_eq!(codes(&standing), ["listed-domicile", "signature", "id-copy"]);
    assert_eq!(standing.facets.written, Written::Matches);
    assert_eq!(standing.facets.party, Party::Party);
    assert_eq!(standing.facets.signature, Enclosed::Present { name: "istanza.pdf.p7m".into() });
    assert_eq!(standing.facets.id_copy, Enclosed::Present { name: "Carta_d'identità.jpg".into() });
    assert!(standing.reasons[1].text.contains("nessuno l'ha verificata"), "present, not proven");
    let wrong = judge(&Seen { holders: &mario, written: Some("RSSMRA80A01H501X"), ..seen(LISTED) });
    assert_eq!(wrong.facets.written, Written::NotValid);
    assert_eq!(judge(&Seen { attachments: &["specie.pdf"], ..seen("x@y.example") }).facets.id_copy, Enclosed::Absent);
}

#[test]
fn personal_data_go_to_a_listed_or_enabled_domicile_only() {
    let mut mario = person(MARIO, "abilitata@pec.example", Source::Enabled);
    let right = Right::DatiPropri;
    let ask = |mario: &Person| {
        permit(&judge(&Seen { holders: core::slice::from_ref(mario), ..seen("abilitata@pec.example") }), right)
    };
    assert_eq!(ask(&mario), Permit::Confirm, "enabled, but not for this");
    let entry = mario.grant(Scope::OwnData, date(0), Some(date(20)), "anna").unwrap();
    mario.apply(&entry, day(0));
    assert_eq!(ask(&mario), Permit::Yes);
    let stranger = judge(&Seen { subject: Some(&mario), written: Some(MARIO), ..seen("x@pec.example") });
    assert_eq!(permit(&stranger, right), Permit::Confirm);
    assert_eq!(permit(&judge(&seen("x@pec.example")), right), Permit::No(Denied::Stranger));
    let ordinary =
        Seen { channel: Channel::Ordinary, holders: core::slice::from_ref(&mario), ..seen("abilitata@pec.example") };
    assert_eq!(permit(&judge(&ordinary), right), Permit::No(Denied::Stranger));
}

/// A stranger who writes somebody's codice fiscale is told the same whether we know that person or not.
#[test]
fn a_stranger_learns_nothing_of_persons() {
    let known = mario();
    let of = |subject, written| told(&judge(&Seen { subject, written: Some(written), ..seen("x@pec.example") }));
    let (listed, enabled) = (of(Some(&known), MARIO), person(LAWYER_CODE, LAWYER, Source::Enabled));
    assert_eq!(listed, of(None, UNKNOWN_CODE));
    assert_eq!(of(Some(&enabled), LAWYER_CODE), of(None, UNKNOWN_CODE));
    assert!(listed.iter().flatten().all(|text| !text.contains("Rossi")));
}

/// Another's dossier answers like one that does not exist.
#[test]
fn a_citizen_who_names_anothers_dossier_learns_nothing() {
    let (mario, other) = ([mario()], dossier("2026/000009", "altro@pec.example"));
    let ask = |named| judge(&Seen { holders: &mario, named, ..seen(LISTED) });
    let (foreign, missing) = (ask(Named::Known(&other)), ask(Named::Unknown));
    assert_eq!(told(&foreign), told(&missing));
    assert_eq!(foreign.facets, missing.facets);
    for right in [Right::StatoFascicolo, Right::Documenti] {
        assert_eq!(permit(&foreign, right), Permit::No(Denied::NotParty));
        assert_eq!(permit(&missing, right), Permit::No(Denied::NotParty));
    }
    // The office is told which it was; the writer may still file.
    assert!(codes(&foreign).contains(&"not-a-party") && codes(&missing).contains(&"no-such-dossier"));
    assert_eq!(permit(&foreign, Right::Deposito), Permit::Yes);
    assert_eq!(permit(&foreign, Right::DatiPropri), permit(&missing, Right::DatiPropri));
}

#[test]
fn a_special_domicile_opens_its_dossier_and_no_other() {
    let (own, other) = (dossier("2026/000001", "x@pec.example"), dossier("2026/000002", "y@pec.example"));
    let ask = |named| permit(&judge(&Seen { named, ..seen("X@pec.example") }), Right::StatoFascicolo);
    assert_eq!(ask(Named::Known(&own)), Permit::Yes);
    assert_eq!(ask(Named::Known(&other)), Permit::No(Denied::NotParty));
    let faked = Seen { channel: Channel::Ordinary, named: Named::Known(&own), ..seen("x@pec.example") };
    assert_eq!(judge(&faked).facets.party, Party::NotParty, "a claimed sender is party to nothing");
}

#[test]
fn a_delegate_without_mandate_learns_nothing_and_files() {
    let (mario, lawyer) = (mario(), [person(LAWYER_CODE, LAWYER, Source::IniPec)]);
    let case = dossier("2026/000001", LISTED);
    let ask = |subject, written, named| {
        judge(&Seen { holders: &lawyer, subject, written, on_behalf: true, named, ..seen(LAWYER) })
    };
    let known = ask(Some(&mario), Some(MARIO), Named::Known(&case));
    let unknown = ask(None, Some(UNKNOWN_CODE), Named::Unknown);
    assert_eq!(known.facets.acting, Acting::NoMandate);
    assert_eq!(told(&known), told(&unknown));
    for right in
        [Right::StatoFascicolo, Right::DatiPropri, Right::ElencoFascicoli, Right::Documenti, Right::ModificaDati]
    {
        assert_eq!(permit(&known, right), Permit::No(Denied::NoMandate), "{right:?}");
    }
    assert_eq!(permit(&known, Right::Deposito), Permit::Confirm, "filed, and the mandate asked for");
    // The code of another in the text says as much as «per conto di».
    let silent = judge(&Seen { holders: &lawyer, subject: Some(&mario), written: Some(MARIO), ..seen(LAWYER) });
    assert_eq!(permit(&silent, Right::DatiPropri), Permit::No(Denied::NoMandate));
}

#[test]
fn a_mandate_reaches_as_far_as_it_goes() {
    let case = dossier("2026/000001", LISTED);
    let other = dossier("2026/000002", "altro@pec.example");
    let ask = |(mario, lawyer): &(Person, Person), named| {
        let holders = core::slice::from_ref(lawyer);
        judge(&Seen { holders, subject: Some(mario), on_behalf: true, named, ..seen(LAWYER) })
    };
    let all = with_mandate(Over::All, 20);
    let standing = ask(&all, Named::Known(&case));
    assert_eq!(standing.facets.acting, Acting::Delegate { over: Over::All, until: date(20) });
    assert_eq!((standing.writer.as_deref(), standing.about.as_deref()), (Some(LAWYER_CODE), Some(MARIO)));
    assert_eq!(permit(&standing, Right::StatoFascicolo), Permit::Yes);
    assert_eq!(permit(&standing, Right::DatiPropri), Permit::Yes);
    assert_eq!(permit(&ask(&all, Named::Known(&other)), Right::Documenti), Permit::No(Denied::NotParty));

    let one = with_mandate(Over::Dossier { number: "2026/000001".into() }, 20);
    let standing = ask(&one, Named::Known(&case));
    assert_eq!(permit(&standing, Right::Documenti), Permit::Yes);
    assert_eq!(permit(&standing, Right::DatiPropri), Permit::No(Denied::NoMandate));
    assert_eq!(ask(&one, Named::Known(&other)).facets.acting, Acting::MandateElsewhere);

    let ended = with_mandate(Over::All, 5);
    assert_eq!(ask(&ended, Named::Known(&case)).facets.acting, Acting::MandateEnded { until: date(5) });
}

#[test]
fn an_address_of_two_persons_proves_neither_until_one_is_named() {
    let two = [mario(), person(LAWYER_CODE, LISTED, Source::IniPec)];
    let unclear = judge(&Seen { holders: &two, ..seen(LISTED) });
    assert_eq!((unclear.grade, &unclear.writer), (Grade::UnknownPecElectingSpecial, &None));
    assert!(codes(&unclear).contains(&"shared-address"));
    let clear = judge(&Seen { holders: &two, written: Some(LAWYER_CODE), ..seen(LISTED) });
    assert_eq!((clear.grade, clear.writer.as_deref()), (Grade::ListedDomicile, Some(LAWYER_CODE)));
}

fn read(text: &str) -> Result<Entitlements, Vec<String>> {
    let table: toml::Table = text.parse().unwrap();
    Entitlements::read(table["identita"].as_table().unwrap())
}

#[test]
fn an_administrators_table_changes_what_it_names() {
    let table = read("[identita.pec_elezione_speciale]\ndocumenti = \"no\"\n").unwrap();
    assert_eq!(table.of(Grade::UnknownPecElectingSpecial, Right::Documenti), Allowed::No);
    assert_eq!(table.of(Grade::UnknownPecElectingSpecial, Right::StatoFascicolo), Allowed::Si);
    assert_eq!(read("[identita]\n"), Ok(Entitlements::default()));
}

#[test]
fn every_mistake_is_named_with_what_was_meant() {
    let wrong = read(
        "[identita.pec_abilitatta]\ndeposito = \"si\"\n[identita.pec_abilitata]\ndocumentii = \"si\"\ndeposito = true\n\
         stato_fascicolo = \"sì\"\n",
    )
    .unwrap_err();
    let all = wrong.join("\n");
    assert_eq!(wrong.len(), 4, "{all}");
    for part in [
        "forse intendevi `pec_abilitata`",
        "[identita.pec_abilitata] documentii",
        "forse intendevi `documenti`",
        "«sì»",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
}

#[test]
fn no_table_gives_personal_data_to_a_weak_grade_nor_refuses_what_is_filed() {
    for grade in Grade::ALL.into_iter().filter(|grade| !grade.is_safe()) {
        for right in ["dati_propri", "elenco_fascicoli"] {
            let wrong = read(&format!("[identita.{}]\n{right} = \"si\"\n", grade.code())).unwrap_err();
            assert!(wrong[0].contains("GDPR art. 5"), "{wrong:?}");
        }
        assert!(read(&format!("[identita.{}]\ndati_propri = \"conferma\"\n", grade.code())).is_ok());
    }
    let shrunk = read("[identita.pec_elezione_speciale]\ndeposito = \"no\"\n").unwrap_err();
    assert!(shrunk[0].contains("CAD art. 65"), "{shrunk:?}");
    assert!(
        read("[identita.posta_ordinaria]\npartecipazione = \"no\"\n").unwrap_err()[0].contains("L. 241/1990 art. 9")
    );
    assert!(read("[identita.posta_ordinaria]\nstato_fascicolo = \"si\"\n").is_err());
}

#[test]
fn a_standing_reads_back() {
    let standing = judge(&Seen { holders: &[mario()], written: Some(MARIO), ..seen(LISTED) });
    let text = serde_json::to_string(&standing).unwrap();
    assert!(text.contains(r#""grade":"listed-domicile""#), "{text}");
    assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), standing);
}

proptest! {
    /// Whatever is seen: no personal data without a proven address, and nothing for who acts without a mandate.
    #[test]
    fn nothing_personal_without_a_proven_address(
        sender in prop_oneof![Just(LISTED), Just(LAWYER), Just("x@pec.example"), Just("")],
        written in proptest::option::of(prop_oneof![Just(MARIO), Just(LAWYER_CODE), Just("rubbish"), Just("")]),
        is_pec in any::<bool>(),
        with_subject in any::<bool>(),
        on_behalf in any::<bool>(),
        which in 0..3_usize,
        strength in prop_oneof![Just(Source::Inad), Just(Source::Enabled), Just(Source::Declared)],
        name in "\\PC{0,20}",
    ) {
        let holders = [person(MARIO, LISTED, strength), person(LAWYER_CODE, LAWYER, Source::IniPec), bare(UNKNOWN_CODE)];
        let case = dossier("2026/000001", LISTED);
        let named = [Named::Nothing, Named::Unknown, Named::Known(&case)][which];
        let channel = if is_pec { Channel::Pec } else { Channel::Ordinary };
        let subject = with_subject.then_some(&holders[0]);
        let attachments = [name.as_str()];
        let seen = Seen { channel, sender, holders: &holders, subject, written, on_behalf, named, attachments: &attachments, at: day(10) };
        let standing = judge(&seen);
        prop_assert!(!standing.reasons.is_empty());
        let proven = is_pec && holders.iter().any(|p| p.strength_of(sender, day(10)) >= Some(Strength::Enabled));
        for right in Right::ALL {
            let permit = permit(&standing, right);
            if right.is_personal() && permit == Permit::Yes {
                prop_assert!(proven && standing.writer == standing.about, "{right:?} {}", standing.grade.words());
            }
            if !right.is_filing() && standing.facets.acting == Acting::NoMandate {
                prop_assert_eq!(permit, Permit::No(Denied::NoMandate));
            }
            if right == Right::Deposito && is_pec {
                prop_assert!(!matches!(permit, Permit::No(_)), "filing is never refused");
            }
            prop_assert_eq!(permit == Permit::Yes, permit.told(right).is_none(), "{}", right.code().to_string());
        }
    }
}

//! What an office enters by itself. It changes when an office may enter something else.

use super::*;
use crate::decision::Lane;
use crate::scene::{DESK, MARIO, SAFE, START, Scene, at, mario, new as ready, party, the};

const WRONG: &str = "RSSMRA80A01H501X";
const IVA: &str = "00743110157";

fn opened(new: &NewDossier) -> Result<Done, &'static str> {
    dossier(new, 7, &[mario()], None, &DESK, at(START)).map_err(|why| why.code)
}

fn notice() -> NewDossier {
    NewDossier {
        told: false,
        parties: vec![
            party(MARIO, "", PartyRole::Addressee),
            party("", "vicina@pec.example", PartyRole::Intervener),
            party("", "figlia@pec.example", PartyRole::Beneficiary),
        ],
        ..ready("richiesta", "tributi")
    }
}

#[test]
fn a_procedure_that_an_office_begins_is_told_to_every_party() {
    let done = opened(&notice()).unwrap();
    let mut to: Vec<&str> = done.outgoing.iter().map(|letter| letter.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(
        to,
        [SAFE, "vicina@pec.example"],
        "at the safe domicile; of a beneficiary nobody knows an address to use"
    );
    for letter in &done.outgoing {
        assert!(letter.lane == Lane::Pec && letter.template == "avvio-procedimento");
        // L. 241/1990 art. 8 c. 2: a, b, c, c-bis, c-ter, d, d-bis.
        for wanted in [
            "Comune di Esempio",
            "Richiesta di prova",
            "2026/000007",
            "comune@pec.example",
            "Ufficio: ",
            "Responsabile: Carla Neri",
            "mercoledì 1° aprile 2026",
            "lunedì 2 marzo 2026",
            "il segretario generale",
            "Tar",
            "mailto:",
            "memorie e documenti",
            "si vedono in ufficio",
        ] {
            assert!(letter.text.contains(wanted), "«{wanted}» in {}", letter.text);
        }
    }
    assert_ne!(done.outgoing[0].id, done.outgoing[1].id);
    assert!(opened(&NewDossier { told: true, ..notice() }).unwrap().outgoing.is_empty());
}

#[test]
fn the_register_gets_the_dossier_the_persons_and_the_term_in_one_act() {
    let mut new = notice();
    new.parties.push(party(IVA, "ditta@pec.example", PartyRole::Addressee));
    new.parties.push(party(IVA, "ditta@pec.example", PartyRole::Applicant));
    let done = opened(&new).unwrap();
    let persons = done.changes.iter().filter(|change| matches!(change, Change::Person { .. })).count();
    assert_eq!(persons, 1, "one record for one code");
    let scene = Scene::opened(&ready("dati-personali", ""));
    assert_eq!((scene.dossier.office.as_str(), scene.dossier.state), ("servizi_digitali", State::Protocollata));
    assert_eq!(scene.dossier.cover.people.len(), 1);
    assert_eq!(scene.dossier.due.unwrap().to_string(), "2026-04-02");
    assert!(scene.dossier.life.look.is_some());
    assert_eq!(scene.replayed(), scene.dossier);
}

#[test]
fn what_a_dossier_must_have_is_asked_for() {
    let ok = notice();
    for (new, wanted) in [
        (NewDossier { procedure: "richiest".into(), ..ok.clone() }, "no-procedure"),
        (NewDossier { subject: " \n ".into(), ..ok.clone() }, "no-subject"),
        (NewDossier { subject: "x".repeat(SUBJECT_BYTES_MAX + 1), ..ok.clone() }, "no-subject"),
        (NewDossier { by: " ".into(), ..ok.clone() }, "no-name"),
        (NewDossier { office: "tributu".into(), ..ok.clone() }, "no-office"),
        (NewDossier { office: String::new(), ..ok.clone() }, "no-office"),
        (NewDossier { parties: vec![], ..ok.clone() }, "no-parties"),
        (NewDossier { parties: vec![party("", "x@pec.example", PartyRole::Beneficiary)], ..ok.clone() }, "no-parties"),
        (NewDossier { parties: vec![party("", "", PartyRole::Addressee)], ..ok.clone() }, "no-address"),
        (
            NewDossier { parties: vec![party("", "non un indirizzo", PartyRole::Addressee)], ..ok.clone() },
            "bad-address",
        ),
        (
            NewDossier { parties: vec![party(WRONG, "x@pec.example", PartyRole::Addressee)], ..ok.clone() },
            "codice-fiscale-wrong",
        ),
        (NewDossier { since: Some(at(START.tomorrow().unwrap())), ..ok.clone() }, "in-the-future"),
    ] {
        assert_eq!(opened(&new).unwrap_err(), wanted, "{new:?}");
    }
    let why = dossier(&NewDossier { office: "tributu".into(), ..ok }, 1, &[], None, &DESK, at(START)).unwrap_err();
    assert!(why.text.contains("tributi"), "the nearest one: {}", why.text);
}

/// One that runs since long ago: its days are past, and the clock says so once.
#[test]
fn an_old_one_is_counted_from_its_own_day() {
    let since = Some(at(jiff::civil::Date::constant(2025, 6, 3)));
    let mut scene = Scene::opened(&NewDossier { since, ..ready("richiesta", "urp") });
    assert_eq!(scene.dossier.due.unwrap().to_string(), "2025-07-03");
    the(&scene.look(), "compito-pratica");
    assert_eq!(scene.look(), []);
}

fn entered(new: &NewPerson, known: &[Person]) -> Result<Vec<Change>, &'static str> {
    person(new, known, 1, at(START)).map(|done| done.changes).map_err(|why| why.code)
}

fn someone(codice_fiscale: &str, name: &str) -> NewPerson {
    NewPerson {
        codice_fiscale: codice_fiscale.into(),
        partita_iva: String::new(),
        name: name.into(),
        address: String::new(),
        source: None,
        data: [("telefono".into(), "06 1".into())].into(),
        office: "tributi".into(),
        by: "Anna Verdi".into(),
    }
}

#[test]
fn one_code_is_one_person() {
    let known = [mario()];
    assert_eq!(entered(&someone("RSSMRA80A01H501U", "Maria Russo"), &known).unwrap_err(), "second-person");
    assert_eq!(entered(&someone("rssmra80a01h501u", "ROSSI Mario"), &known).unwrap().len(), 1, "the datum alone");
    assert_eq!(entered(&someone(WRONG, "Mario Rossi"), &known).unwrap_err(), "codice-fiscale-wrong");
    assert_eq!(entered(&someone("ABC", "Mario Rossi"), &known).unwrap_err(), "codice-fiscale-form");
    assert_eq!(entered(&NewPerson { by: " ".into(), ..someone(MARIO, "Mario Rossi") }, &known).unwrap_err(), "no-name");
    let changes = entered(&someone(MARIO, "Mario Rossi"), &[]).unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(entered(&NewPerson { data: [].into(), ..someone(MARIO, "Mario Rossi") }, &known).unwrap(), []);
}

/// A second code is never passed over: it may be of somebody else, or wrong.
#[test]
fn both_codes_count() {
    let known = [mario()];
    let with = |iva: &str| NewPerson { partita_iva: iva.into(), ..someone(MARIO, "Mario Rossi") };
    assert_eq!(entered(&with("00743110158"), &known).unwrap_err(), "partita-iva-wrong");
    assert_eq!(entered(&with(IVA), &known).unwrap_err(), "other-code");
    let registered = entered(&with(IVA), &[]).unwrap();
    assert!(matches!(&registered[0], Change::Person { id, .. } if id == MARIO));
}

#[test]
fn a_domicile_is_entered_once_and_is_an_address() {
    let known = [mario()];
    let at = |address: &str| NewPerson { address: address.into(), data: [].into(), ..someone(MARIO, "Mario Rossi") };
    assert_eq!(entered(&at(SAFE), &known).unwrap(), []);
    assert_eq!(entered(&at("Nuova@pec.example"), &known).unwrap().len(), 1);
    assert_eq!(entered(&at("niente"), &known).unwrap_err(), "not-an-address");
}

/// A parent for a child, an heir, the representative of a company: who asks, for whom, and who is written to (functions S3.14).
#[test]
fn who_asks_and_for_whom_are_told_apart_and_only_who_asks_is_written_to() {
    const CHILD: &str = "BNCNNA80A41H501R";
    const COMPANY: &str = "00743110157";
    let whole = |parties: Vec<NewParty>| NewDossier { parties, told: false, ..ready("nido", "istruzione") };
    let of = |code: &str, name: &str, address: &str, role| NewParty { name: name.into(), ..party(code, address, role) };
    let cases = [
        vec![party(MARIO, "", PartyRole::Applicant), of(CHILD, "Anna Bianchi", "", PartyRole::Beneficiary)],
        vec![party(MARIO, "", PartyRole::Applicant), of("", "Defunto Rossi", "", PartyRole::Beneficiary)],
        vec![
            of(COMPANY, "Mense Srl", "mense@pec.example", PartyRole::Applicant),
            party(MARIO, "", PartyRole::Delegate),
        ],
    ];
    for parties in cases {
        let scene = Scene::opened(&whole(parties.clone()));
        let dossier = &scene.dossier;
        let roles: Vec<PartyRole> = dossier.cover.people.iter().map(|party| party.role).collect();
        assert_eq!(roles, parties.iter().map(|party| party.role).collect::<Vec<_>>());
        let to: Vec<&str> = scene.letters.iter().map(|letter| letter.to.as_str()).collect();
        assert!(to.contains(&SAFE), "{to:?}");
        let written = parties.iter().filter(|party| party.role != PartyRole::Beneficiary).count();
        assert_eq!((to.len(), dossier.parties.len()), (written, written), "{to:?}");
    }
}

//! An office opens a dossier by itself, by mail: who may, whom it concerns, who is told.

use super::*;
use crate::dossier::PartyRole;
use crate::person;

const ANNA: &str = "BNCNNA80A41H501R";

/// What comes of a mail from the office's own PEC, its subject naming nothing.
fn opened(text: &str, files: &[(&str, &str)]) -> Decision {
    let scene = scene();
    let sent = Sent { subject: "nuova pratica".into(), files, ..Sent::to(&scene, SHARED, text) };
    let (seen, content) = sent.seen();
    by_pec(SHARED, &seen, &content, &known(&scene), &DESK).expect("it orders something")
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.trail.iter().map(|reason| reason.code.as_str()).collect()
}

#[test]
fn a_dossier_opens_with_its_start_notice_in_the_same_decision() {
    let mario = scene().mario().id.clone();
    let text = format!(
        "APRI PRATICA: richiesta\n- oggetto: Verifica della superficie\n- persona: {ANNA}, Anna Bianchi, anna@pec.example\n\
         - persona: {mario}, Mario Rossi\n- responsabile: Ada Neri\n\nCordiali saluti\nUfficio edilizia\n"
    );
    let decision = opened(&text, &[("pianta.pdf", "x")]);
    assert_eq!(codes(&decision), ["office", "order-done"], "{:?}", decision.trail);
    let dossier = decision.changes.iter().find_map(|change| match change {
        Change::Opened { dossier } => Some(dossier),
        _ => None,
    });
    let dossier = dossier.expect("it is opened");
    assert_eq!(
        (&*dossier.office, &*dossier.cover.subject, &*dossier.cover.responsible, &*dossier.cover.origin),
        ("edilizia", "Verifica della superficie", "Ada Neri", "")
    );
    let joined: Vec<(&str, PartyRole)> = decision
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Entered { entry: Entry::Joined { party }, .. } => Some((party.person.as_str(), party.role)),
            _ => None,
        })
        .collect();
    assert_eq!(joined, [(ANNA, PartyRole::Addressee), (&*mario, PartyRole::Addressee)]);
    // Whom the register has is not entered again.
    let entered: Vec<&str> = decision
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Person { id, entry: person::Entry::Registered { .. } } => Some(id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(entered, [ANNA]);
    let notices: Vec<&Outgoing> =
        decision.outgoing.iter().filter(|letter| letter.template == "avvio-procedimento").collect();
    assert_eq!(notices.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["anna@pec.example", SAFE]);
    assert!(notices.iter().all(|letter| letter.dossier.as_ref() == Some(&dossier.number) && letter.lane == Lane::Pec));
    assert!(
        matches!(&decision.disposition, Disposition::Order { office, dossier: Some(number) } if office == "edilizia" && *number == dossier.number)
    );
    let answer = decision.outgoing.iter().find(|letter| letter.template == "ordine-eseguito").expect("it is answered");
    assert!(
        answer.to == SHARED && answer.text.contains(&crate::dossier::check::shown(&dossier.number)),
        "{}",
        answer.text
    );
    // What is attached is in the dossier, for the office: the start notice took none of it along.
    let kept = documents(&decision.changes, &dossier.number);
    let is_kept = |one: &Document| one.message == known(&scene()).digest && one.visibility == Visibility::Reserved;
    assert!(kept.len() == 1 && kept.iter().all(is_kept), "{kept:?}");
    assert!(scene::flat(answer).contains(&format!("tenuti nel fascicolo: «{}»", kept[0].name)), "{}", answer.text);
    assert!(notices.iter().all(|letter| !letter.enclosures.iter().any(|it| matches!(it, Enclosure::Document { .. }))));
}

#[test]
fn what_cannot_be_opened_says_why_and_nothing_is() {
    let anna = format!("- persona: {ANNA}, Anna Bianchi, anna@pec.example");
    for (text, code) in [
        ("APRI PRATICA: richiesta".to_string(), "no-parties"),
        (format!("APRI PRATICA: richesta\n{anna}"), "no-procedure"),
        (format!("APRI PRATICA: ztl\n{anna}"), "not-lawful"),
        (format!("APRI PRATICA: richiesta\n{anna}\n- colore: rosso"), "not-understood"),
        (format!("APRI PRATICA: richiesta\n- persona: {ANNA}"), "not-understood"),
        (
            "APRI PRATICA: richiesta\n- persona: BNCNNA80A41H501X, Anna Bianchi, anna@pec.example".to_string(),
            "bad-code",
        ),
        (format!("APRI PRATICA: richiesta\n- persona: {ANNA}, Anna Bianchi"), "no-address"),
        ("PRENDO IN CARICO".to_string(), "no-dossier"),
    ] {
        let decision = opened(&text, &[]);
        assert_eq!(codes(&decision).last(), Some(&code), "{text}: {:?}", decision.trail);
        let is_write = |change: &Change| !matches!(change, Change::Incident { .. });
        assert!(!decision.changes.iter().any(is_write), "{text}: {:?}", decision.changes);
        assert!(decision.outgoing.iter().all(|letter| letter.template == "ordine-non-eseguito"), "{text}");
    }
}

/// Over the mailbox of the offices there is no code to give back; and who is of no office opens nothing.
#[test]
fn only_an_office_s_own_pec_opens_one() {
    let text = format!("APRI PRATICA: richiesta\n- persona: {ANNA}, Anna Bianchi, anna@pec.example");
    let mut scene = scene();
    let sent = Sent { subject: "nuova pratica".into(), ..Sent::to(&scene, SHARED, &text) };
    let (_, trail) = send(&mut scene, &sent, &[]);
    assert_eq!(trail, ["office", "no-code"]);
    let (seen, content) = sent.seen();
    assert!(by_pec("ladro@pec.example", &seen, &content, &known(&scene), &DESK).is_none());
}

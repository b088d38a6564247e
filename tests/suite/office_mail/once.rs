//! Changes when an office that asks for what was given already is told otherwise (L. 241/1990 art. 18 c. 2; functions S2.13).

use super::{ANNA, MARIA, Town, VOUCHED};
use crate::support::{OWN, ask, wait};
use casework::dossier::tag;
use gestore::Mail;

const NOT_HELD: &str = "NESSUN ENTE PUBBLICO LO HA GIÀ: sì";

/// From a document that came by PEC in one dossier, to an order in another of the same person, by mail and by hand.
#[test]
fn what_a_citizen_gave_in_one_dossier_is_not_asked_again_in_another_without_a_reason() {
    let town = Town::new();
    town.run().stop();
    let (first, _) = town.opened();
    let (second, subject) = town.opened();
    let running = town.run();
    let mail = Mail::new(ANNA).to(OWN).subject(&format!("Documenti {}", tag(&first))).text("Ecco il contratto.\n");
    let mail = mail.attach("contratto-affitto.pdf", "application/pdf", b"%PDF-1.4 contratto\n");
    let mail = mail.compose(gestore::Timestamp::now()).unwrap();
    town.circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    wait("the document", || {
        let overview = running.overview();
        overview.dossiers.iter().find(|d| d.number == first && d.life.documents == 1).map(|_| ())
    });
    let state = || {
        let overview = running.overview();
        overview.dossiers.iter().find(|d| d.number == second).unwrap().state.code().to_owned()
    };

    // Whoever takes the other one in hand reads what need not be asked.
    town.deliver("presa", MARIA, VOUCHED, &format!("Re: {subject}"), "PRENDO IN CARICO");
    town.settled(&running);
    let done = town.newest("ordine-eseguito");
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(&done.text).contains("da non chiedere di nuovo: «contratto-affitto.pdf», fascicolo"), "{}", done.text);

    // An order that asks for it stays here, and says where it is.
    let asked = format!("CHIEDO INTEGRAZIONE\n- Copia del contratto di affitto\n\n{NOT_HELD}\n");
    town.deliver("chiede", MARIA, VOUCHED, &format!("Re: {}", done.subject), &asked);
    town.settled(&running);
    let refused = town.newest("ordine-non-eseguito");
    let text = flat(&refused.text);
    let shown = casework::dossier::check::shown(&first);
    for part in ["«Copia del contratto di affitto»: «contratto-affitto.pdf»", &shown, "SERVE DI NUOVO: perché"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(state(), "in_lavorazione");
    assert!(town.letters().iter().all(|letter| letter.template != "richiesta-integrazione"), "nothing has left");

    // By hand it is the same; and who insists says why, which the citizen reads and the dossier keeps.
    let by = ["--by", "Maria Bianchi", "--office", "tributi", "--role", "responsabile"];
    let config = ["--config", town.house.file.to_str().unwrap()];
    let order = ["dossier", "do", &second, "chiedi_integrazione", "--point", "Il contratto di affitto", "--not-held"];
    let (code, _, err) = ask(&[&order[..], &by, &config].concat());
    assert!(code == Some(1) && err.contains("--again"), "{code:?} {err}");
    let again = format!("{asked}SERVE DI NUOVO: nella copia manca\nla registrazione\n");
    town.deliver("insiste", MARIA, VOUCHED, &format!("Re: {}", refused.subject), &again);
    town.settled(&running);
    assert_eq!(state(), "in_attesa_integrazioni");
    let letter = town.newest("richiesta-integrazione");
    let text = flat(&letter.text);
    assert!(letter.to == ANNA && text.contains("ci serve di nuovo: nella copia manca la registrazione."), "{text}");
    running.stop();
    let shown = flat(&town.says(&["dossier", "show", &second]));
    assert!(shown.contains("chiesto di nuovo, benché già agli atti"), "{shown}");
}

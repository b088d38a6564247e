//! Changes when offices answer by another road. Their mail is ordinary: Postfix takes it, writes who entered, Dovecot keeps it.

use super::citizens::mails;
use super::world::{BY_MAIL, Choices, Comune, OFFICE, World, citizen, runtime};
use crate::support::{Daemon, ask, wait_or};
use casework::Outgoing;
use gestore::{Mail, Timestamp};
use pec::reread;
use sportello::archive::{Archive, Shelf};
use sportello::journal::record::Event;
use sportello::submit::{self, Outcome, Security};
use std::fs;

/// The newest letter of a template that a message or an order caused.
fn newest(comune: &Comune, template: &str) -> Option<Outgoing> {
    let records = comune.journal();
    let letters = records.iter().rev().filter_map(|record| match &record.event {
        Event::Decided(decided) => Some(&decided.decision.outgoing),
        _ => None,
    });
    letters.flatten().find(|letter| letter.template == template).cloned()
}

/// Somebody, who enters as `user`, writes under the address `from`.
fn send(world: &World, user: &str, from: &str, to: &str, subject: &str, text: &str) {
    let mail = Mail::new(from).to(to).subject(subject).text(text).compose(Timestamp::now()).unwrap();
    let line = submit::Line::new(world.smtp(user, Security::Implicit));
    let outcome = runtime().block_on(line.attempt(user, to, &mail.raw, || async { Ok(()) }));
    assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
}

/// To the mailbox of the offices.
fn write(world: &World, user: &str, from: &str, subject: &str, text: &str) {
    send(world, user, from, BY_MAIL[1], subject, text);
}

/// A citizen asks by PEC; the office takes it in charge and grants it by ordinary mail, and the citizen has the outcome by PEC.
/// Who only writes under the office's address moves nothing.
#[test]
fn an_office_decides_by_ordinary_mail_and_nobody_in_its_name() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices { by_mail: true, ..Choices::default() });
    let (code, said) = comune.check();
    assert_eq!(code, Some(0), "{said}");
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(2, &["event=\"imap_connected\""]);
    let asked = "Chiedo di vedere gli atti della pratica edilizia di via Roma 1. Codice fiscale: BNCNNA80A41H501R";
    send(&world, &citizen(0), &citizen(0), OFFICE, "Richiesta di accesso agli atti", asked);
    let letter = |template: &str| wait_or(|| service.log(), || newest(&comune, template));
    let task = letter("compito");
    assert_eq!(task.to, BY_MAIL[0]);

    write(&world, &citizen(1), BY_MAIL[0], &format!("Re: {}", task.subject), "RESPINGO: no");
    let check = letter("compito-verifica");
    assert!(check.text.contains("non garantisce"), "{}", check.text);

    write(
        &world,
        BY_MAIL[0],
        BY_MAIL[0],
        &format!("Re: {}", task.subject),
        "MANDO LA RICEVUTA\n\nSaluti\nMaria Bianchi",
    );
    let registered = letter("ordine-eseguito");
    assert_eq!(registered.to, BY_MAIL[0]);
    comune.wait_delivered(1);
    write(&world, BY_MAIL[0], BY_MAIL[0], &format!("Re: {}", registered.subject), "PRENDO IN CARICO");
    let newer = || newest(&comune, "ordine-eseguito").filter(|letter| letter.id != registered.id);
    let done = wait_or(|| service.log(), newer);
    let number = done.dossier.clone().unwrap();
    write(&world, BY_MAIL[0], BY_MAIL[0], &format!("Re: {}", done.subject), "ACCOLGO: i documenti sono completi");
    let outcome = letter("esito");
    assert_eq!(outcome.to, citizen(0));
    comune.wait_delivered(2);
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    let (_, shown, _) = ask(&["dossier", "show", &number, "--config", comune.file.to_str().unwrap()]);
    assert!(shown.contains("accolta") && shown.contains(BY_MAIL[0]), "{shown}");
    assert_eq!(service.logged(&["ERROR"]), 0, "{}", service.log());
}

/// What another body must answer goes there by PEC as it came; when its provider has delivered it, the citizen learns the day.
#[test]
fn a_request_goes_on_to_the_competent_body_and_the_citizen_reads_when_it_arrived() {
    let Some(world) = World::up() else { return };
    let comune = Comune::build(&world, &Choices { by_mail: true, ..Choices::default() });
    let region = citizen(1);
    let bodies = comune.rules.join("00-comune.toml");
    let text = fs::read_to_string(&bodies).unwrap().replace("protocollo@pec.regione.example", &region);
    fs::write(&bodies, text).unwrap();
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(2, &["event=\"imap_connected\""]);
    let asked = "Chiedo di vedere gli atti del contributo per la frana sul torrente. Codice fiscale: BNCNNA80A41H501R";
    send(&world, &citizen(0), &citizen(0), OFFICE, "Richiesta di accesso agli atti", asked);
    let letter = |template: &str| wait_or(|| service.log(), || newest(&comune, template));
    let answer =
        |to: &Outgoing, text: &str| write(&world, BY_MAIL[0], BY_MAIL[0], &format!("Re: {}", to.subject), text);
    answer(&letter("compito"), "MANDO LA RICEVUTA");
    answer(&letter("ordine-eseguito"), "NON COMPETENZA: regione\n- Il contributo lo dà la Regione.");
    let inbox = |who: &str, subject: &str| wait_or(|| service.log(), || mails(&world, who, subject).pop());
    let (_, raw) = inbox(&region, &letter("trasmissione-ente").subject);
    let (text, _) = inbox(&citizen(0), &letter("avviso-pratica").subject);
    assert!(text.contains("ha ricevuto la richiesta"), "{text}");
    comune.wait_delivered(4); // the receipt, the outcome, the news, and the body's own
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    assert_eq!(service.logged(&["ERROR"]), 0, "{}", service.log());

    let origin = comune.journal().iter().find_map(|record| match &record.event {
        Event::Decided(it) if it.decision.outgoing.iter().any(|one| one.template == "compito") => {
            Some(it.digest.clone())
        }
        _ => None,
    });
    let came = Archive::at(&comune.data).read(Shelf::In, &origin.unwrap()).unwrap();
    assert_eq!(reread::document(&raw, 0, 1 << 20).unwrap().bytes, came);
}

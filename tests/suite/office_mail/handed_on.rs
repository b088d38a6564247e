//! A request goes on to the body that is competent, and the citizen learns when it has it: by PEC, with its receipts (S2.12).

use super::{ANNA, MARIA, OWN, REGION, SHARED, Town, VOUCHED};
use crate::printable::files_in;
use crate::support::{OfficeRoad, Round, wait};
use gestore::{Mail, Timestamp};
use sportello::archive::{Archive, Shelf};
use sportello::outbox::Roads;
use sportello::store::Store;

#[test]
fn a_request_of_another_bodys_reaches_it_as_it_came_and_the_citizen_learns_the_day() {
    let town = Town::new();
    let circuit = town.circuit.clone();
    circuit.maildir(REGION).unwrap();
    circuit.maildir(ANNA).unwrap();
    let roads = Roads { pec: Box::new(Round(circuit)), offices: Some(Box::new(OfficeRoad)), courtesy: None };
    let running = town.house.start(roads);
    let said = "Comunico che ho venduto l'appartamento di via Roma 3: la TARI va intestata ai nuovi proprietari.\n\
                Codice fiscale BNCNNA80A41H501R\n";
    let mail = Mail::new(ANNA).to(OWN).subject("Voltura utenza rifiuti").text(said).compose(Timestamp::now()).unwrap();
    town.circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    let task = wait("the task", || town.letters().into_iter().find(|letter| letter.template == "compito"));
    assert_eq!(task.to, SHARED, "{}", task.text);
    let number = task.dossier.clone().unwrap();

    // Who shares the mailbox sends the receipt; who decides hands it on.
    town.deliver("ricevuta", SHARED, VOUCHED, &format!("Re: {}", task.subject), "MANDO LA RICEVUTA");
    town.settled(&running);
    let next = town.newest("ordine-eseguito").subject;
    let order = "NON COMPETENZA: regione\n- La tassa è della Regione.";
    town.deliver("altrove", MARIA, VOUCHED, &format!("Re: {next}"), order);
    let news = wait("the news", || town.letters().into_iter().find(|letter| letter.template == "avviso-pratica"));
    town.settled(&running);
    assert_eq!(news.to, ANNA);
    let said = news.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Regione di Esempio ha ricevuto la richiesta il"), "{said}");
    let letter = town.newest("trasmissione-ente");
    assert_eq!(letter.to, REGION);
    let items = running.overview().items;
    let frozen = items.iter().find(|item| item.outgoing.id == letter.id).map(|item| item.frozen.clone()).unwrap();
    running.stop();

    // What left carries the message that came, whole: the proof of who sent it and when goes along.
    let archive = Archive::at(&town.house.data);
    let bytes = archive.read(Shelf::Out, &frozen).unwrap();
    let [(head, _, file)] = files_in(&bytes).try_into().expect("one file");
    assert!(head.contains(&format!("richiesta-{}-1.eml", number.replace('/', "-"))), "{head}");
    let store = Store::open(&town.house.data, Timestamp::now()).unwrap();
    let origin = store.dossier(&number).unwrap().unwrap().cover.origin;
    assert_eq!(file, archive.read(Shelf::In, &origin).unwrap());
    drop(store);

    let shown = town.says(&["dossier", "show", &number]);
    assert!(shown.contains("Regione di Esempio ha ricevuto la richiesta"), "{shown}");
}

/// A document that cannot be had any more is not sent, and nobody is left without a word: its office answers by hand.
#[test]
fn a_letter_that_cannot_be_made_reaches_a_person() {
    let town = Town::new();
    let running = town.run();
    let said = "Comunico che ho venduto l'appartamento di via Roma 3: la TARI va intestata ai nuovi proprietari.\n\
                Codice fiscale BNCNNA80A41H501R\n";
    let mail = Mail::new(ANNA).to(OWN).subject("Voltura utenza rifiuti").text(said);
    let mail = mail.attach("rogito.pdf", "application/pdf", b"%PDF-1.4 finta\n").compose(Timestamp::now()).unwrap();
    town.circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    let task = wait("the task", || town.letters().into_iter().find(|letter| letter.template == "compito"));
    town.settled(&running);
    let number = task.dossier.clone().unwrap();
    let origin = running.overview().dossiers.iter().find(|it| it.number == number).unwrap().cover.origin.clone();
    std::fs::remove_file(Archive::at(&town.house.data).path(Shelf::In, &origin)).unwrap();

    let asked =
        Mail::new(ANNA).to(OWN).subject(&format!("DOCUMENTO {number}/1")).text("").compose(Timestamp::now()).unwrap();
    town.circuit.send(&asked.mail_from, &asked.rcpt_to, &asked.raw).unwrap();
    let task = wait("the task", || {
        town.letters().into_iter().find(|letter| letter.subject.contains("una lettera non è partita"))
    });
    running.stop();
    assert!(task.to == SHARED && task.text.contains("rogito.pdf"), "{}", task.text);
    assert!(town.letters().iter().all(|letter| letter.template != "documento"));
}

//! Changes when files come into a dossier by another way than a party's message: with an order at the counter, or because an office
//! puts a message into it.

use super::{ANNA, Town, VOUCHED};
use crate::support::{OWN, ask, wait};
use gestore::Mail;
use sportello::archive::{Archive, Shelf};
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use std::fs;

const BY: [&str; 6] = ["--by", "Maria Bianchi", "--office", "tributi", "--role", "responsabile"];

/// A measure handed over with the order reaches the citizen, byte for byte, and is a document of the dossier; with a service that
/// runs and without one. What a refused order brings leaves nothing.
#[test]
fn a_file_goes_with_an_order_at_the_counter() {
    let town = Town::new();
    town.run().stop();
    let (number, _) = town.opened();
    let path = |name: &str, bytes: &[u8]| {
        let path = town.house.data.parent().unwrap().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let survey = path("rilievo.txt", b"visto sul posto\n");
    let said = town.says(&[&["dossier", "note", &number, "Sopralluogo", "--file", &survey], &BY[..]].concat());
    assert!(said.contains("tenuti nel fascicolo: «rilievo.txt»"), "{said}");

    let running = town.run();
    town.says(&[&["dossier", "do", &number, "prendi_in_carico"], &BY[..]].concat());
    let measure = path("provvedimento.pdf", b"%PDF-1.4 provvedimento\r\n\x00\xff");
    let grant = ["dossier", "do", &number, "accogli", "--point", "Va bene", "--file", &measure];
    let out = || Archive::at(&town.house.data).digests(Shelf::Out).unwrap().len();
    let before = out();
    let empty = path("vuoto.pdf", b"");
    let refused = ["dossier", "do", &number, "accogli", "--point", "Va bene", "--file", &empty];
    let config = ["--config", town.house.file.to_str().unwrap()];
    let (code, _, err) = ask(&[&refused[..], &BY, &config].concat());
    assert!(code == Some(1) && err.contains("«vuoto.pdf» è vuoto"), "{code:?} {err}");
    assert_eq!(out(), before, "nothing is kept of what was not done");
    let said = town.says(&[&grant[..], &BY].concat());
    assert!(said.contains("mandati con la lettera: «provvedimento.pdf»"), "{said}");
    let outcome = town.newest("esito");
    assert!(outcome.to == ANNA && outcome.text.contains("- provvedimento.pdf"), "{}", outcome.text);
    let items = running.overview().items;
    let frozen = items.into_iter().find(|item| item.outgoing.id == outcome.id).unwrap().frozen;
    running.stop();
    let letter = Archive::at(&town.house.data).read(Shelf::Out, &frozen).unwrap();
    let all = pec::reread::attachments(&letter);
    let nth = all.iter().position(|(name, _)| name == "provvedimento.pdf").unwrap();
    assert_eq!(pec::reread::document(&letter, nth, 1_000).unwrap().bytes, fs::read(&measure).unwrap());
    let shown = town.says(&["dossier", "show", &number]);
    assert!(shown.contains("provvedimento.pdf") && shown.contains("rilievo.txt"), "{shown}");

    // What was handed over stands in the archive as long as the register names it, and leaves with the dossier.
    let verified = ask(&["verify-journal", town.house.data.to_str().unwrap(), "--archive"]);
    assert_eq!(verified.0, Some(0), "{}{}", verified.1, verified.2);
    let export = town.house.data.parent().unwrap().join("uscita");
    let data = town.house.data.to_str().unwrap();
    let (code, told, err) = ask(&["export", &number, "--out", export.to_str().unwrap(), "--data", data]);
    assert_eq!(code, Some(0), "{told}{err}");
    assert_eq!(fs::read_dir(export.join("documenti")).unwrap().count(), 2, "one message an order");
    let mut handed = Vec::new();
    Journal::verify(&town.house.data, Tail::Closed, |record, _| {
        if let Event::Acted(acted) = &record.event {
            handed.extend(acted.changes.iter().filter_map(|change| match change {
                casework::Change::Entered { entry: casework::life::Entry::Deposited { document }, .. } => {
                    Some(document.message.clone())
                }
                _ => None,
            }));
        }
    })
    .unwrap();
    fs::remove_file(Archive::at(&town.house.data).path(Shelf::Out, handed.last().unwrap())).unwrap();
    assert_eq!(ask(&["verify-journal", town.house.data.to_str().unwrap(), "--archive"]).0, Some(1));
}

/// METTI NEL FASCICOLO: the message and what came with it are documents of the dossier.
#[test]
fn a_message_that_is_put_into_a_dossier_brings_its_files() {
    let town = Town::new();
    town.run().stop();
    let (number, _) = town.opened();
    let running = town.run();
    let mail = Mail::new(ANNA).to(OWN).subject("Il merlo").text("Buongiorno, il merlo canta prima dell alba.\n");
    let mail = mail.attach("planimetria.pdf", "application/pdf", b"%PDF-1.4 planimetria\n");
    let mail = mail.compose(gestore::Timestamp::now()).unwrap();
    town.circuit.send(&mail.mail_from, &mail.rcpt_to, &mail.raw).unwrap();
    let task = || {
        town.letters().into_iter().rfind(|letter| letter.template == "compito" && letter.subject.contains("[Messaggio"))
    };
    let task = wait("the task", task);
    let office = task.to.clone();
    town.deliver("metti", &office, VOUCHED, &format!("Re: {}", task.subject), &format!("METTI NEL FASCICOLO {number}"));
    town.settled(&running);
    let done = town.newest("ordine-eseguito");
    let flat = done.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("documenti messi nel fascicolo: 2"), "{flat}");
    running.stop();
    let shown = town.says(&["dossier", "show", &number]);
    assert!(shown.contains("planimetria.pdf") && shown.contains(&format!("messaggio di {ANNA}")), "{shown}");
}

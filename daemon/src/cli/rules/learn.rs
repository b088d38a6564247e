//! `rules learn`: what single words say of the kind and of the office, counted on labelled mail. It changes when it can be counted on other mail.

use super::super::{FOUND, OK};
use super::eval::{each, world::World};
use super::{Ended, Which, config, refused, wrong};
use crate::archive::{Archive, Shelf};
use crate::rulebook::{Set, past::Past};
use casework::rules::{self, Rulebook, Tally, clues_in};
use std::path::PathBuf;

/// What stands over the section.
const HEAD: &str = "\
# Gli indizi: in quanti messaggi di ogni tipo, e di ogni ufficio, sta ogni parola (README, «Gli indizi»). Non si scrive a mano: lo fa
# `sportello rules learn`. `parola*`: le parole che cominciano così. `subject:` è nell'oggetto, `file:` nel nome di un allegato, `has:` è
# un fatto, `kind:` quello che si chiede.
format = 1
";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Messaggi etichettati, uno per riga in JSON come per `rules eval`; se manca, si parte dagli indizi forniti con il programma
    #[arg(long, value_name = "FILE.jsonl", num_args = 1..)]
    messages: Vec<PathBuf>,
    /// I fascicoli che quei messaggi citano
    #[arg(long, value_name = "FILE.toml", requires = "messages")]
    world: Option<PathBuf>,
    /// La configurazione: si contano anche i messaggi corretti dalle persone
    #[arg(long, short, value_name = "FILE", required_unless_present = "messages")]
    config: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> Ended {
    let shipped =
        Which { folder: None, config: None, templates: None }.read()?.map_err(|problems| refused(&problems))?;
    let (mut tally, mut bad) = (Tally::default(), 0);
    if args.messages.is_empty() {
        tally = rules::tally(&shipped.files);
    }
    let world = World::read(args.world.as_deref()).map_err(wrong)?;
    for path in &args.messages {
        bad += each(path, |message| {
            let names: Vec<&str> = message.attachments.iter().map(String::as_str).collect();
            let clues = || clues_in(&shipped.book, &message.material(&names), &world.seen_by(&message.from_pec));
            let kind = message.kind();
            kind.into_iter().for_each(|kind| tally.count(kind, clues()));
            message.office().into_iter().for_each(|office| tally.count_office(office, kind, clues()));
        })
        .map_err(wrong)?;
    }
    let before = tally.messages();
    let before_of_offices = tally.messages_of_offices();
    if let Some(path) = &args.config {
        corrected(path, &mut tally)?;
    }
    say!("{HEAD}\n{}", tally.to_toml().trim_end());
    eprintln!("{} messaggi contati, di cui {} corretti dalle persone", tally.messages(), tally.messages() - before);
    let offices = tally.messages_of_offices();
    eprintln!("{offices} contati per l'ufficio, di cui {} corretti dalle persone", offices - before_of_offices);
    Ok(if bad == 0 { OK } else { FOUND })
}

/// Counts what persons said that a message really was.
fn corrected(path: &std::path::Path, tally: &mut Tally) -> Result<(), u8> {
    let config = config(path)?;
    let book: Rulebook = Set::in_force(&config).map_err(|problems| refused(&problems))?.book;
    let past: Past = super::replay::read(&config)?;
    for message in &past.messages {
        let Some(said) = message.correction.as_ref().filter(|said| said.kind.is_some() || said.office.is_some()) else {
            continue;
        };
        let bytes = Archive::at(&config.data).read(Shelf::In, &message.digest);
        let bytes = bytes.map_err(|e| wrong(format!("{}: {e}", message.digest)))?;
        let read = pec::reread(&bytes);
        if let Some(read) = &read {
            let clues = past.clues(message, read, &book);
            // Who corrects the office alone has found the kind right.
            let kind = said.kind.or(message.was.is_chosen().then_some(message.was.kind));
            said.kind.into_iter().for_each(|kind| tally.count(kind, clues.clone()));
            said.office.iter().for_each(|office| tally.count_office(office, kind, clues.clone()));
        }
    }
    Ok(())
}

//! The third act: an office that works by mail alone, and days that come. It changes when that act shows something else.

use super::circuit::{OFFICES, World};
use super::scene::from;
use crate::caseload::Deed;
use crate::store::Overview;
use casework::dossier::PartyRole;
use casework::open::{NewDossier, NewParty, NewPerson};
use casework::person::Source;
use gestore::{Error, Mail};
use jiff::{SignedDuration, Timestamp};

/// The mailbox that the office shares.
const SHARED: &str = "edilizia@comune.example";
/// The mailbox of who decides there.
const PAOLO: &str = "p.gialli@comune.example";
/// Who sorts the mail that no rule knows.
const SORTING: &str = "protocollo@comune.example";
const SARA: &str = "sara.blu@cittadini.test";
const CF_SARA: &str = "BLUSRA85A41H501Y";

pub(super) fn asks(world: &World, _: &Overview) -> Result<(), Error> {
    let text = "Chiedo di vedere ed estrarre copia degli atti del permesso di costruire di via Adige 7.\n\
                Il motivo: sono la vicina, il muro è sul confine.\nCodice fiscale: BLUSRA85A41H501Y\nSara Blu\n";
    let mail = from(SARA, "Sara Blu").subject("Richiesta di accesso agli atti").text(text);
    world.send(&mail).map(drop)
}

/// The subject of the newest letter of one of these templates to the office.
fn subject(so_far: &Overview, templates: &[&str]) -> String {
    let is_meant = |to: &str, template: &str| [SHARED, PAOLO].contains(&to) && templates.contains(&template);
    let letters = so_far.items.iter().map(|item| (&item.outgoing, item.created_at));
    let newest = letters.filter(|(letter, _)| is_meant(&letter.to, &letter.template) && letter.dossier.is_some());
    newest.max_by_key(|(_, at)| *at).map(|(letter, _)| format!("R: {}", letter.subject)).unwrap_or_default()
}

fn answers(world: &World, entered: &str, mailbox: &str, subject: &str, text: &str) -> Result<(), Error> {
    world.answer(entered, &Mail::new(mailbox).to(OFFICES).subject(subject).text(text))
}

pub(super) fn registers(world: &World, so_far: &Overview) -> Result<(), Error> {
    let text = "MANDO LA RICEVUTA\n\nCordiali saluti\nLucia Viola\nSportello unico per l'edilizia\n";
    answers(world, SHARED, SHARED, &subject(so_far, &["compito"]), text)
}

pub(super) fn takes(world: &World, so_far: &Overview) -> Result<(), Error> {
    answers(world, SHARED, SHARED, &subject(so_far, &["ordine-eseguito"]), "Prendo in carico.\n")
}

pub(super) fn comes_second(world: &World, so_far: &Overview) -> Result<(), Error> {
    answers(world, SHARED, SHARED, &subject(so_far, &["compito"]), "PRENDO IN CARICO\n")
}

pub(super) fn is_forged(world: &World, so_far: &Overview) -> Result<(), Error> {
    answers(world, "ladro@altrove.example", PAOLO, &subject(so_far, &["ordine-eseguito"]), "RESPINGO: no\n")
}

pub(super) fn may_not(world: &World, so_far: &Overview) -> Result<(), Error> {
    let text = "ACCOLGO: gli atti si possono vedere\n";
    answers(world, SHARED, SHARED, &subject(so_far, &["ordine-eseguito"]), text)
}

pub(super) fn grants(world: &World, so_far: &Overview) -> Result<(), Error> {
    let text =
        "ACCOLGO\n- La richiesta ha un motivo concreto.\n- Gli atti sono pronti allo sportello.\n\nPaolo Gialli\n";
    answers(world, PAOLO, PAOLO, &subject(so_far, &["ordine-eseguito", "ordine-non-eseguito"]), text)
}

pub(super) fn writes_of_a_magpie(world: &World, _: &Overview) -> Result<(), Error> {
    let text = "Buongiorno,\nla gazza del cortile ride tutta la notte.\nSara Blu\n";
    world.send(&from(SARA, "Sara Blu").subject("La gazza").text(text)).map(drop)
}

pub(super) fn opens(world: &World, so_far: &Overview) -> Result<(), Error> {
    let tasks = so_far.items.iter().filter(|item| item.outgoing.template == "compito" && item.outgoing.to == SORTING);
    let newest = tasks.max_by_key(|item| item.created_at);
    let subject = newest.map(|item| format!("R: {}", item.outgoing.subject)).unwrap_or_default();
    answers(world, SORTING, SORTING, &subject, "APRI PRATICA: richiesta\n\nSaluti\nAda Neri\n")
}

/// A dossier that the office began so many days ago, and of which everybody knows.
fn begun(days: i64, subject: &str) -> Vec<Deed> {
    let since = Timestamp::now().checked_sub(SignedDuration::from_hours(24 * days)).ok();
    opened(since, subject, SARA, true)
}

pub(super) fn not_delivered(_: &Overview) -> Vec<Deed> {
    opened(None, "Verifica della tettoia in via Adige 11", "mancata-consegna@cittadini.test", false)
}

fn opened(since: Option<Timestamp>, subject: &str, address: &str, told: bool) -> Vec<Deed> {
    let sara =
        NewParty { code: CF_SARA.into(), name: "Sara Blu".into(), address: address.into(), role: PartyRole::Addressee };
    let dossier = NewDossier {
        procedure: "richiesta".into(),
        subject: subject.into(),
        office: "edilizia".into(),
        responsible: "Paolo Gialli".into(),
        classification: String::new(),
        parties: vec![sara],
        since,
        told,
        reserved: false,
        by: "Paolo Gialli".into(),
        origin: String::new(),
    };
    vec![Deed::Open { dossier }]
}

pub(super) fn nearly_due(_: &Overview) -> Vec<Deed> {
    begun(27, "Verifica del confine in via Adige 7")
}

pub(super) fn overdue(_: &Overview) -> Vec<Deed> {
    begun(50, "Verifica della recinzione in via Adige 9")
}

pub(super) fn asks_for_data(world: &World, _: &Overview) -> Result<(), Error> {
    world.send(&from(SARA, "Sara Blu").subject("I MIEI DATI").text("Buongiorno,\nI MIEI DATI\nSara Blu\n")).map(drop)
}

pub(super) fn asks_again(world: &World, _: &Overview) -> Result<(), Error> {
    let text = "Buongiorno, la mia Pec è il mio domicilio digitale.\nI MIEI DATI\nSara Blu\n";
    world.send(&from(SARA, "Sara Blu").subject("I MIEI DATI").text(text)).map(drop)
}

pub(super) fn asks_for_list(world: &World, _: &Overview) -> Result<(), Error> {
    world.send(&from(SARA, "Sara Blu").subject("Le mie pratiche").text("LE MIE PRATICHE\n")).map(drop)
}

pub(super) fn enables(_: &Overview) -> Vec<Deed> {
    let person = NewPerson {
        codice_fiscale: CF_SARA.into(),
        partita_iva: String::new(),
        name: "Sara Blu".into(),
        address: SARA.into(),
        source: Some(Source::Inad),
        data: [("indirizzo", "via Adige 5")].map(|(field, value)| (field.into(), value.into())).into(),
        office: "anagrafe".into(),
        by: "Ada Neri".into(),
    };
    vec![Deed::Enter { person }]
}

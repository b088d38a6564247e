//! What offices order and citizens command in some lives, and what the law says of it. Changes when they can do something else.

use super::plan::Dice;
use super::pool::{self, Letter};
use super::power::Power;
use casework::act::{Act, Order};
use casework::dossier::{self, Dossier, State};
use casework::life::Entry;
use casework::participation::{self, Weight};
use casework::verb::Verb;
use casework::{Change, Desk, clockwork};
use gestore::{Mail, Submission};
use jiff::SignedDuration;
use sportello::archive::Archive;
use sportello::caseload::{Caseload, Deed};
use sportello::clock::Clock;
use sportello::journal::Head;
use sportello::journal::record::{Channel, Event, Record};
use sportello::outbox::orders::Answer;
use sportello::store::Store;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Things that a citizen commands, or files.
pub const COMMANDS: usize = 6;
/// Dossiers of a life that citizens name.
pub const NAMED: u32 = 4;

/// Somebody of an office does something with some dossier, as the command line or a row of a table would.
pub fn order(store: &Mutex<Store>, archive: &Archive, dice: &mut Dice, clock: &Clock, power: &Power) {
    let Ok(mut store) = store.lock() else { return };
    let Ok(overview) = store.overview() else { return };
    if overview.dossiers.is_empty() {
        return;
    }
    let office = pool::office();
    let dossier = dice.pick(&overview.dossiers).clone();
    let Some(procedure) = clockwork::procedure_of(&dossier, &office.desk) else { return };
    let lawful: Vec<Verb> = Verb::ALL.into_iter().filter(|verb| procedure.next(dossier.state, *verb).is_ok()).collect();
    // Mostly what can be done; else anything, so that what must be refused is tried.
    let verb = if !lawful.is_empty() && dice.permille(700) { *dice.pick(&lawful) } else { *dice.pick(&Verb::ALL) };
    let points = vec!["un motivo chiaro".to_owned()];
    let act = match dice.below(10) {
        0 => Act::Note { text: "una nota".into() },
        1 | 2 => Act::Weigh { filing: 1, weight: Weight::NonAccolta, how: "i fatti non cambiano".into() },
        _ => Act::Do { verb, points, to: "Regione".into(), not_held: true, again: "serve di nuovo".into() },
    };
    let unit = procedure.unit.clone().unwrap_or_else(|| dossier.office.clone());
    let number = dossier.number.clone();
    let order = Order::new(
        dossier.number,
        act,
        "Ada Neri",
        if dice.permille(900) { unit } else { "urp".into() },
        *dice.pick(&["operatore", "responsabile", "coordinatore"]),
    );
    let channel = if dice.permille(500) { Channel::Command } else { Channel::Drop };
    let (now, hold) = (clock.now(), SignedDuration::ZERO);
    let mut caseload = Caseload { store: &mut store, archive, office: &office, hold, observe: false, now };
    let done = match caseload.carry_out(&Deed::Act { order }, channel) {
        Ok(Answer::Done(_)) => "done",
        Ok(Answer::No(_)) => "refused",
        Err(_) => "the service cannot go on",
    };
    power.note(format!("order {verb:?} in {number}: {done}"));
}

/// What somebody who wrote the letter `writer` of a season sends next, about one of the first dossiers of its year. Each is sealed by
/// a provider of its own: what it is depends on nothing that was sealed before.
pub fn command(season: usize, writer: usize, what: usize, named: u32) -> Letter {
    let (address, _) = pool::writer(writer);
    let beginning = pool::beginning(season);
    let at = beginning + SignedDuration::from_secs(i64::try_from(pool::sealed_after(writer)).unwrap() + 60);
    let number = dossier::number(casework::calendar::rome(beginning).year(), named);
    let tag = dossier::tag(&number);
    let id = format!("<{season}.{writer}.{what}.{named}@client.test>");
    let mail = Mail::new(&address).display_name("Persona di Prova").to(pool::ENTITY).message_id(&id);
    let mail = match what {
        0 => mail.subject(&format!("RITIRO {number}")).text(&format!("RITIRO {number}\n")),
        1 => mail.subject(&format!("STATO {number}")).text(&format!("STATO {number}\n")),
        2 => mail.subject("LE MIE PRATICHE").text("LE MIE PRATICHE\n"),
        3 => mail
            .subject(&format!("Memoria {tag}"))
            .text("Presento una memoria: osservo che la strada è larga, e chiedo di tenerne conto.\n"),
        4 => mail.subject(&format!("Re: {tag} integrazione")).text("Mando i documenti richiesti.\n").attach(
            "contratto.pdf",
            "application/pdf",
            b"%PDF-1.4 finto\n",
        ),
        _ => mail
            .subject(&format!("Osservazioni {tag}"))
            .text("Queste sono le mie osservazioni al preavviso di rigetto, art. 10-bis.\n"),
    };
    let mail = mail.compose(at).unwrap();
    let seed = ((season * 1_000 + writer) * 100 + what * 10) as u64 + u64::from(named) + 1_000_000;
    let raw = match pool::provider(&address, seed).submit(&mail.raw, &mail.mail_from, &mail.rcpt_to, at).unwrap() {
        Submission::Accepted { envelope, .. } => envelope.raw,
        Submission::Refused(notice) => notice.raw,
    };
    let mut whole = format!("Return-Path: <{address}>\r\nDelivered-To: {}\r\n", pool::ENTITY).into_bytes();
    whole.extend(raw);
    Letter { raw: Arc::new(whole), kind: pool::Kind::Genuine }
}

/// How often something was moved in a dossier, and what the law forbids and happened: a step that is none, an end by a day that
/// came, an outcome over what nobody has weighed.
pub fn judge(lines: &[(Record, Head)], desk: &Desk) -> (usize, Vec<String>) {
    let mut dossiers: BTreeMap<&str, Dossier> = BTreeMap::new();
    let (mut moves, mut wrong) = (0, Vec::new());
    for (record, _) in lines {
        let (changes, outgoing, by_time) = match &record.event {
            Event::Decided(decided) => (&decided.decision.changes, &decided.decision.outgoing, false),
            Event::Acted(acted) => (&acted.changes, &acted.outgoing, acted.channel == Channel::Clock),
            _ => continue,
        };
        for letter in outgoing.iter().filter(|letter| letter.template == "esito") {
            let of = letter.dossier.as_deref().and_then(|number| dossiers.get(number));
            if of.is_none_or(|dossier| participation::outcome_gate(&dossier.life.filings).is_err()) {
                wrong.push(format!("line {}: an outcome over what nobody has weighed", record.seq));
            }
        }
        for change in changes {
            match change {
                Change::Opened { dossier } => {
                    dossiers.insert(&dossier.number, dossier.clone());
                }
                Change::Entered { dossier: number, entry } => {
                    let Some(dossier) = dossiers.get_mut(number.as_str()) else {
                        wrong.push(format!("line {}: {number} was never opened", record.seq));
                        continue;
                    };
                    if let Entry::Moved { verb, to, .. } = entry {
                        moves += 1;
                        let next = clockwork::procedure_of(dossier, desk).map(|of| of.next(dossier.state, *verb));
                        if !matches!(&next, Some(Ok(next)) if next == to) {
                            let text = format!("{number} went from {:?} to {to:?} by {verb:?}", dossier.state);
                            wrong.push(format!("line {}: {text}", record.seq));
                        }
                        if by_time && to.is_final() && *to != State::AccoltaPerSilenzio {
                            wrong.push(format!("line {}: a day has closed {number}", record.seq));
                        }
                    }
                    dossier.apply(entry, record.at);
                }
                _ => {}
            }
        }
    }
    (moves, wrong)
}

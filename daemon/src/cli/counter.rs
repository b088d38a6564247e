//! How a command reaches dossiers and persons: through the service that runs, or in its place. It changes when that does.
//!
//! There is one writer of the register at a time. Beside a running service a command only talks to it; where none runs, it takes
//! the service's place for a moment, with the same office and the same key of effects.

use super::{CANNOT_START, FOUND, OK, print_problems};
use crate::archive::Archive;
use crate::caseload::ask::{Ask, Told};
use crate::caseload::looked::{self, Reader, tell};
use crate::caseload::{Caseload, Deed};
use crate::clock::Clock;
use crate::config::Config;
use crate::control;
use crate::failpoint;
use crate::journal::record::{Channel, Looked};
use crate::office::{Office, effect_key};
use crate::outbox::orders::Answer;
use crate::store::{Store, Trouble};
use casework::dossier::check::{self, NoNumber};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use std::fmt::Display;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Says what is wrong, and ends.
pub(super) fn wrong(why: impl Display) -> u8 {
    eprintln!("{why}");
    CANNOT_START
}

/// What root wrote here the service could not write any more.
fn is_ours(data: &Path) -> Result<(), String> {
    let owner = std::fs::metadata(data.join("journal")).map_err(|e| format!("{}: {e}", data.display()))?.uid();
    if owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(format!(
        "{}: i dati sono di un altro utente (numero {owner}). A servizio fermo il comando va dato con il suo: \
         sudo -u sportello sportello …",
        data.display()
    ))
}

/// Who reads what is shown of somebody.
#[derive(clap::Args)]
pub(super) struct ReadBy {
    /// Chi legge: nome e cognome. Se manca, il tuo utente. Resta scritto nel registro
    #[arg(long, value_name = "NOME")]
    by: Option<String>,
    /// Per quale ufficio legge (il suo nome nelle regole): il cittadino può chiedere chi ha visto i suoi dati
    #[arg(long, value_name = "UFFICIO", default_value = "")]
    office: String,
}

impl ReadBy {
    pub(super) fn reader(&self) -> Reader {
        let by = self.by.as_deref().filter(|by| !by.trim().is_empty());
        Reader { by: super::rules::by(by), office: self.office.clone() }
    }
}

/// Nobody in particular: the user of this process.
pub(super) fn user() -> Reader {
    Reader { by: super::rules::by(None), office: String::new() }
}

/// Writes down what is about to be read of the register or the archive, by the service that runs or in its place.
pub(super) fn look(data: &Path, looked: Looked) -> Result<(), String> {
    let no = |why: &dyn Display| unwritten(why);
    match control::look(data, &looked) {
        Ok(Some(Answer::Done(_))) => Ok(()),
        Ok(Some(Answer::No(why))) => Err(no(&why)),
        Ok(None) => {
            is_ours(data).map_err(|why| no(&why))?;
            failpoint::arm().map_err(|why| no(&why))?;
            let now = Clock::System.now();
            let written = Store::open(data, now).and_then(|mut store| looked::write(&mut store, looked, now));
            written.map_err(|trouble| no(&trouble))
        }
        Err(e) => Err(no(&e)),
    }
}

/// What cannot be written down is not shown.
fn unwritten(why: &dyn Display) -> String {
    format!("la lettura non si può scrivere nel registro, e non si mostra niente: {why}")
}

/// The register in the hand of this command.
struct Own<'c> {
    config: &'c Config,
    office: Office,
    archive: Archive,
    store: Store,
    now: Timestamp,
}

impl<'c> Own<'c> {
    fn open(config: &'c Config) -> Result<Self, u8> {
        let data = &config.data;
        let here = |e: std::io::Error| wrong(format!("{}: {e}", data.display()));
        if !data.join("journal").is_dir() {
            return Err(wrong(format!(
                "{}: non è una cartella dei dati di Sportello (il primo «sportello run» la prepara)",
                data.display()
            )));
        }
        is_ours(data).map_err(wrong)?;
        failpoint::arm().map_err(wrong)?;
        let office = effect_key(data).map_err(here).and_then(|key| {
            Office::read(config, key).map_err(|problems| {
                print_problems(&problems);
                CANNOT_START
            })
        })?;
        let now = Clock::System.now();
        let store = Store::open(data, now).map_err(wrong)?;
        Ok(Self { config, office, archive: Archive::open(data).map_err(here)?, store, now })
    }

    fn carry_out(&mut self, deed: &Deed, key: &str) -> Result<Answer, Trouble> {
        let mut caseload = Caseload {
            store: &mut self.store,
            archive: &self.archive,
            office: &self.office,
            hold: self.config.hold,
            observe: self.config.observe,
            now: self.now,
        };
        caseload.carry_out_once(deed, Channel::Command, key)
    }
}

/// Whoever carries out: the running service, else this command.
pub(super) struct Hand<'c> {
    config: &'c Config,
    own: Option<Own<'c>>,
}

impl<'c> Hand<'c> {
    pub(super) fn of(config: &'c Config) -> Self {
        Self { config, own: None }
    }

    /// One deed; `key` names one that must not be done twice, and is empty for others. In error, what is wrong was said, and this
    /// is the exit code.
    pub(super) fn carry_out(&mut self, deed: &Deed, key: &str) -> Result<Answer, u8> {
        if let Some(own) = &mut self.own {
            return own.carry_out(deed, key).map_err(wrong);
        }
        match control::deed_once(&self.config.data, deed, key) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => {
                let answer = self.own.insert(Own::open(self.config)?).carry_out(deed, key).map_err(wrong)?;
                Ok(match answer {
                    Answer::Done(text) if key.is_empty() => Answer::Done(format!(
                        "{text}\n(il servizio è fermo: è scritto; se c'è una lettera, parte quando riparte)"
                    )),
                    other => other,
                })
            }
            Err(e) => {
                eprintln!(
                    "il servizio non ha risposto: {e}. L'atto può essere stato scritto: guarda con «sportello dossier show»"
                );
                Err(FOUND)
            }
        }
    }
}

impl Hand<'_> {
    /// The answer to a question; in error, what is wrong was said, and this is the exit code.
    pub(super) fn ask(&mut self, ask: &Ask, reader: &Reader) -> Result<Told, u8> {
        match self.put(ask, reader)? {
            Told::No { why } => {
                eprintln!("{why}");
                Err(FOUND)
            }
            told => Ok(told),
        }
    }

    fn put(&mut self, ask: &Ask, reader: &Reader) -> Result<Told, u8> {
        if self.own.is_none() {
            match control::register(&self.config.data, ask, reader) {
                Ok(Some(told)) => return Ok(told),
                Ok(None) => self.own = Some(Own::open(self.config)?),
                Err(e) => {
                    eprintln!("il servizio non ha risposto: {e}");
                    return Err(FOUND);
                }
            }
        }
        let Some(own) = &mut self.own else { return Err(FOUND) };
        let told = tell(&mut own.store, &own.office.desk, ask, reader, own.now);
        told.map_err(|trouble| wrong(unwritten(&trouble)))
    }
}

/// Has a deed done, and says what came of it.
pub(super) fn give(config: &Config, deed: &Deed) -> u8 {
    match Hand::of(config).carry_out(deed, "") {
        Ok(Answer::Done(text)) => {
            say!("{text}");
            OK
        }
        Ok(Answer::No(why)) => {
            eprintln!("{why}");
            FOUND
        }
        Err(code) => code,
    }
}

/// The answer to a question; in error, what is wrong was said, and this is the exit code.
pub(super) fn ask(config: &Config, ask: &Ask, reader: &Reader) -> Result<Told, u8> {
    Hand::of(config).ask(ask, reader)
}

/// The number of a dossier as a person writes it: `2026/12` is `2026/000012`, with its check letters or without.
pub(super) fn number(text: &str) -> Result<String, String> {
    check::read(text).map_err(|why| match why {
        NoNumber::Form => format!("«{text}» non è un numero di fascicolo: si scrive 2026/000012"),
        NoNumber::Slip => format!("«{text}»: {}", check::SLIP),
    })
}

/// A day as a person writes it.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let written = text.trim().parse::<Date>().or_else(|_| Date::strptime("%d/%m/%Y", text.trim()));
    written.map_err(|_| format!("«{text}» non è un giorno: si scrive 2026-07-31 o 31/07/2026"))
}

/// A day by which something must be looked at: a day, or in how many days («7», «7 giorni»).
pub(super) fn by_day(text: &str) -> Result<Date, String> {
    let today = casework::calendar::rome(Clock::System.now()).date();
    let in_days = text.trim().trim_end_matches(|c: char| c.is_alphabetic());
    let rest = text.trim().get(in_days.len()..).unwrap_or_default().to_lowercase();
    match in_days.trim_end().parse::<u16>() {
        Ok(days) if matches!(rest.as_str(), "" | "giorni" | "giorno" | "gg" | "g") => {
            today.checked_add(Span::new().days(days)).map_err(|_| format!("«{text}» è troppo lontano"))
        }
        _ => day(text).map_err(|_| format!("«{text}» non è un giorno: si scrive 2026-07-31, 31/07/2026 o 7 giorni")),
    }
}

/// Prints something for programs.
pub(super) fn json(what: &impl serde::Serialize) -> u8 {
    match serde_json::to_string_pretty(what) {
        Ok(text) => {
            say!("{text}");
            OK
        }
        Err(e) => wrong(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_read_as_people_write_them() {
        assert_eq!(number("2026/12").unwrap(), "2026/000012");
        assert_eq!(number(" 2026/000012 ").unwrap(), "2026/000012");
        let in_days = |text: &str| by_day(text).unwrap().since(by_day("0").unwrap()).unwrap().get_days();
        assert_eq!((in_days("7"), in_days("7 giorni"), in_days(" 1 giorno "), in_days("30gg")), (7, 7, 1, 30));
        assert_eq!(by_day("31/07/2026").unwrap(), by_day("2026-07-31").unwrap());
        assert!(by_day("presto").unwrap_err().contains("7 giorni") && by_day("7 mesi").is_err());
        assert_eq!(number("2026/12-cv").unwrap(), "2026/000012");
        assert_eq!(
            number("2026/21-cv").unwrap_err(),
            "«2026/21-cv»: numero non riconosciuto, forse un errore di battitura"
        );
        assert!(number("12").unwrap_err().contains("2026/000012"));
        assert_eq!(day("31/07/2026").unwrap(), day("2026-07-31").unwrap());
        assert!(day("luglio").is_err());
    }
}

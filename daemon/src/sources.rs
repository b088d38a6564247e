//! Data of persons that other offices hold, read from views of their databases (function S1.01). It changes when how patiently
//! that is done, or what is told of it, changes.
//!
//! Each view is one office's, and what it says stands beside what others say: a conflict is shown, nothing is overwritten. Rows are
//! carried out as those of the drop folder are; what a view says again writes nothing. The mail waits for none of it.

mod sql;
mod wanted;

use crate::alarm::{Alarms, Code};
use crate::backoffice::Fault;
use crate::backoffice::asked::{self, NOT_ASKED};
use crate::caseload::clerk::Clerk;
use crate::caseload::drop::{self, Outcome};
use crate::caseload::rows::{self, Mandate};
use crate::caseload::{Deed, ROWS_REFUSED};
use crate::config::SqlSource;
use crate::digest::sha256;
use crate::disk::DiskRef;
use crate::events;
use crate::health::Health;
use crate::journal::record::Channel;
use crate::net::NetRef;
use crate::outbox::orders::Answer;
use crate::secret::Secret;
use crate::store::Trouble;
use crate::world;
use casework::calendar;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sql::{ROW_BYTES_MAX, View};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use wanted::{WANTED_MAX, Wanted, wanted};

/// First pause after something went wrong; it doubles.
const RETRY_FIRST: Duration = Duration::from_secs(30);
/// Longest pause.
const RETRY_MAX: Duration = Duration::from_secs(900);
/// Where the reports are, within the data folder.
const REPORTS: &str = "fonti";

/// Marks in [`Health`]: how many views there are, how many of them cannot be read now, how many rows were read since the start, how
/// many of them were refused.
const MARKS: [&str; 4] = ["sources", "sources_failing", "sources_rows_read", "sources_rows_refused"];

/// One view, and who reads it.
pub struct Source {
    /// Which.
    pub config: SqlSource,
    /// By what the server knows us.
    pub password: Option<Secret>,
    /// Carries out its rows, and has the register.
    pub clerk: Clerk,
    /// The network.
    pub net: NetRef,
    /// Where the report is written.
    pub disk: DiskRef,
    /// The data folder.
    pub data: PathBuf,
    /// Where its figures are shown.
    pub health: Arc<Health>,
    /// Where what is wrong is told.
    pub alarms: Arc<Alarms>,
}

/// How it went so far.
#[derive(Debug, Default)]
pub struct Pace {
    failures: u32,
    since: Option<Timestamp>,
}

impl Source {
    /// Reads, until `stop`.
    ///
    /// # Errors
    /// The register cannot go on.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        MARKS.into_iter().for_each(|mark| self.health.count(mark, 0));
        self.health.count("sources", 1);
        let mut pace = Pace::default();
        while !*stop.borrow() {
            // A stop in the middle of a look loses nothing: the next one begins again.
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                done = self.look(&mut pace) => done?,
            }
            let pause = match pace.failures {
                0 => self.config.every,
                n => RETRY_FIRST.saturating_mul(1 << (n - 1).min(16)).min(RETRY_MAX).min(self.config.every),
            };
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    /// One look: the rows of those who have asked something are read and carried out.
    ///
    /// # Errors
    /// The register cannot go on.
    pub async fn look(&self, pace: &mut Pace) -> Result<(), Trouble> {
        let wanted = if self.config.imports { Some(Wanted::Everybody) } else { wanted(&self.clerk).await? };
        let read = match &wanted {
            Some(wanted) => self.view().rows(wanted).await,
            None => Err(Fault::Nonsense(format!("qui hanno chiesto qualcosa più di {WANTED_MAX} persone"))),
        };
        let now = self.clerk.clock.now();
        let rows = match read {
            Ok(rows) => rows,
            Err(fault) => {
                self.failed(pace, &fault, now);
                return Ok(());
            }
        };
        // All rows are here, or none is carried out: half of a view would look like one that lost its other half.
        let outcome = match world::in_place(|| self.carry(rows))? {
            Ok(outcome) => outcome,
            Err(why) => {
                self.failed(pace, &Fault::Nonsense(why), now);
                return Ok(());
            }
        };
        events::source_read(&self.config.name, outcome.done, outcome.refused.len());
        self.health.count("sources_rows_read", count(outcome.done));
        self.health.count("sources_rows_refused", count(outcome.refused.len()));
        if pace.failures > 0 {
            self.health.count("sources_failing", -1);
        }
        *pace = Pace::default();
        self.alarms.set(false, Code::SourceLate, &self.config.name, "", now);
        self.report(outcome, now)
    }

    /// Whether the view can be read, in a few words: for `check`.
    ///
    /// # Errors
    /// Why not, in Italian.
    pub async fn probe(config: &SqlSource, net: &NetRef) -> Result<String, String> {
        let password = config.password()?;
        let view = View { source: config, password: password.as_ref(), net };
        view.probe().await.map_err(|fault| fault.to_string())
    }

    fn view(&self) -> View<'_> {
        View { source: &self.config, password: self.password.as_ref(), net: &self.net }
    }

    fn failed(&self, pace: &mut Pace, fault: &Fault, now: Timestamp) {
        events::source_failed(&self.config.name, fault.code(), fault);
        if pace.failures == 0 {
            self.health.count("sources_failing", 1);
        }
        pace.failures = pace.failures.saturating_add(1);
        let since = *pace.since.get_or_insert(now);
        // What only a person can mend is told at once; what may come back by itself has its time.
        let is_late = now.duration_since(since) >= self.config.late;
        let is_on = is_late || matches!(fault, Fault::Closed(_) | Fault::Nonsense(_) | Fault::Refused(_));
        let since = calendar::stamp(since);
        let text = format!(
            "fonte «{}»: non si legge dal {since} ({fault}). I dati già letti restano, la posta va avanti; si riprova da sé. \
             `sportello check --connect` dice se ora va",
            self.config.name
        );
        self.alarms.set(is_on, Code::SourceLate, &self.config.name, &text, now);
    }

    /// Carries out the rows, each as any other. Inside: they cannot be read as a table.
    fn carry(&self, rows: sql::Rows) -> Result<Result<Outcome, String>, Trouble> {
        let mut outcome = Outcome { done: 0, refused: Vec::new(), said: Vec::new(), named: Vec::new() };
        let mandate = Mandate { offices: vec![self.config.office.clone()], role: "operatore".into() };
        let by = format!("fonte {}", self.config.name);
        let mut table = Vec::new();
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows {
            match row.as_deref().map(read) {
                None => refuse(&mut outcome, format!("una riga supera {ROW_BYTES_MAX} byte: non si legge")),
                Some(Err(why)) => refuse(&mut outcome, why),
                Some(Ok((code, row))) => found.entry(code).or_default().push(row),
            }
        }
        for (code, mut rows) in found {
            rows.sort_unstable();
            rows.dedup();
            match rows.as_slice() {
                // Two would each take the other's place, at every look again.
                [_, _, ..] if !code.is_empty() => {
                    refuse(&mut outcome, format!("{code}: {} righe diverse per la stessa persona", rows.len()));
                }
                _ => table.extend(rows),
            }
        }
        for some in table.chunks(rows::ROWS_MAX) {
            let bytes = format!("[{}]", some.join(",")).into_bytes();
            let name = format!("{}.json", self.config.name);
            // By no name: what it says again writes nothing, and what it says anew after something else must be written.
            let worked = drop::work(&name, &bytes, &by, Some(&mandate), |deed, _| match self.admits(deed)? {
                true => self.clerk.serve(deed, Channel::Source, ""),
                false => Ok(Answer::No(NOT_ASKED.into())),
            })?;
            match worked {
                Ok(worked) => {
                    outcome.done += worked.done;
                    for (line, why) in worked.refused {
                        // Whose row it is, by its code: a view has no lines.
                        let place = usize::try_from(line).unwrap_or(0).saturating_sub(1);
                        let code = some.get(place).map(|row| read(row)).and_then(Result::ok).map(|(code, _)| code);
                        let code = code.filter(|code| !code.is_empty() && why != NOT_ASKED);
                        refuse(&mut outcome, code.map_or_else(|| why.clone(), |code| format!("{code}: {why}")));
                    }
                }
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(outcome))
    }

    /// Whether a row may be carried out: that of a person who has asked something here, and nothing else at all.
    fn admits(&self, deed: &Deed) -> Result<bool, Trouble> {
        let Deed::Enter { person } = deed else { return Ok(false) };
        let has_asked = || self.clerk.at_work(|caseload| asked::has_asked(caseload.store, person, caseload.now));
        Ok(self.config.imports || has_asked()?)
    }

    /// What came of a look, in the data folder; and once for each set of refused rows an incident, so that nobody must look there
    /// to hear of it.
    fn report(&self, outcome: Outcome, now: Timestamp) -> Result<(), Trouble> {
        let name = &self.config.name;
        let refused: Vec<&str> = outcome.refused.iter().map(|(_, why)| why.as_str()).collect();
        let digest = sha256(refused.join("\n").as_bytes());
        let n = refused.len();
        let file = self.data.join(REPORTS).join(format!("{name}.esito.txt"));
        let text = format!("Letta il {}\n{}", calendar::stamp(now), drop::report(name, &Ok(outcome)));
        if let Err(why) = self.keep(&file, text.as_bytes()) {
            events::source_not_kept(name, &why);
        }
        if n == 0 {
            return Ok(());
        }
        let text = format!("fonte «{name}»: righe rifiutate {n}. I motivi sono in {}", file.display());
        let key = format!("fonte/{name}/{digest}");
        let by = format!("fonte {name}");
        self.clerk.at_work(|caseload| caseload.note_once(ROWS_REFUSED, &text, &by, Channel::Source, &key))
    }

    fn keep(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let dir = file.parent().unwrap_or(Path::new("."));
        self.disk.make_dirs(dir)?;
        let fresh = file.with_extension("tmp");
        let mut out = self.disk.create(&fresh)?;
        out.write_all(bytes)?;
        out.sync()?;
        self.disk.rename(&fresh, file)?;
        self.disk.sync_dir(dir)
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn refuse(outcome: &mut Outcome, why: String) {
    let place = outcome.refused.len() as u64 + 1;
    outcome.refused.push((place, why));
}

/// The name of a column as tables have it: a database has `dato_telefono` where a table has `dato.telefono`.
fn column(name: &str) -> String {
    match name.strip_prefix("dato_") {
        Some(field) => format!("dato.{field}"),
        None => name.to_owned(),
    }
}

/// A row with the columns of tables, and under which code it is.
fn read(row: &str) -> Result<(String, String), String> {
    let row: Map<String, Value> = serde_json::from_str(row).map_err(|e| format!("una riga non si legge ({e})"))?;
    let row: Map<String, Value> = row.into_iter().map(|(name, value)| (column(&name), value)).collect();
    let code = |name: &str| {
        let text = row.get(name).and_then(Value::as_str).unwrap_or_default();
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).take(16).collect::<String>()
    };
    let code = [code("codice_fiscale"), code("partita_iva")].into_iter().find(|code| !code.is_empty());
    Ok((code.unwrap_or_default(), Value::Object(row).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_columns_of_tables_and_its_code() {
        let (code, row) = read(r#"{"codice_fiscale":" bncnna80a41h501r","nome":"Anna","dato_telefono":55}"#).unwrap();
        assert_eq!(code, "BNCNNA80A41H501R");
        assert_eq!(row, r#"{"codice_fiscale":" bncnna80a41h501r","dato.telefono":55,"nome":"Anna"}"#);
        assert_eq!(read(r#"{"partita_iva":"01114601006"}"#).unwrap().0, "01114601006");
        assert!(read("[]").is_err());
    }
}

//! The first screen of `sportello status`: what an administrator must know, one line a thing. It changes when that does.

use super::super::protocol::line as registering;
use crate::canary::Fared;
use crate::health::Folder;
use crate::monitor::report::{InForce, Report};
use crate::outbox::schedule::Shown;
use crate::store::Overview;
use crate::store::canary::CanaryRow;
use crate::store::tally::Tally;
use casework::calendar;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// What it is drawn from: at least one of the two is there.
pub(super) struct Screen<'a> {
    /// What the running service says.
    pub(super) service: Option<&'a Report>,
    /// What the register says.
    pub(super) register: Option<&'a Overview>,
    /// Now.
    pub(super) now: Timestamp,
}

impl Screen<'_> {
    /// The lines, without the last line end.
    pub(super) fn text(&self, data: &Path) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", self.alive(data));
        if let Some(report) = self.service {
            for alarm in &report.alarms {
                let since = calendar::stamp(alarm.since);
                let _ = writeln!(out, "  ALLARME {} {}, dalle {since}: {}", alarm.code.word(), alarm.about, alarm.text);
            }
            for folder in &report.folders {
                let _ = writeln!(out, "  {}", self.folder(folder));
            }
        }
        if let Some(tally) = self.tally() {
            let _ = writeln!(out, "{}", counts(tally));
            if !tally.courtesies.is_empty() {
                let _ = writeln!(out, "Avvisi di cortesia (posta ordinaria): {}", states(&tally.courtesies).join(", "));
            }
            if let Some(report) = self.service.filter(|report| report.overdue > 0) {
                let _ = writeln!(
                    out,
                    "Accettazioni in ritardo: {} (il gestore ha preso la lettera e poi ha taciuto)",
                    report.overdue
                );
            }
            let (quarantine, orphans) = (tally.disposed("quarantine"), tally.disposed("orphan"));
            if quarantine > 0 {
                let _ = writeln!(out, "In quarantena: {quarantine} (un ufficio ha avuto il compito di guardarli)");
            }
            if orphans > 0 {
                // Mail written in the provider's web page has them; nobody else should.
                let _ =
                    writeln!(out, "Ricevute di messaggi non inviati da qui: {orphans} (tenute, non cambiano nulla)");
            }
        }
        for canary in self.canaries() {
            let _ = writeln!(out, "{}", canary.line(self.now));
        }
        if let Some(seen) = self.service.and_then(|report| report.protocol.as_ref()) {
            let _ = writeln!(out, "{}", registering(seen, self.now));
        }
        let _ = writeln!(out, "{}", self.journal());
        if let Some(report) = self.service {
            let _ = writeln!(out, "{}", in_force(&report.in_force));
            if let Some(line) = &report.sigillo {
                let _ = writeln!(out, "{line}");
            }
            if let Some(line) = sources(report) {
                let _ = writeln!(out, "{line}");
            }
            if let Some(line) = back_office(report) {
                let _ = writeln!(out, "{line}");
            }
            if let Some(line) = reconciled(report) {
                let _ = writeln!(out, "{line}");
            }
            if let Some(free) = report.disk_free_bytes {
                let _ = writeln!(out, "Disco: {} liberi", size(free));
            }
        }
        out.trim_end().to_owned()
    }

    fn alive(&self, data: &Path) -> String {
        let Some(report) = self.service else {
            return format!(
                "Il servizio NON è in funzione su {}: nessuno legge la posta. Quello che segue lo dice il registro.",
                data.display()
            );
        };
        let mode = if report.observe { " e SOLO OSSERVA: non invia niente" } else { "" };
        let since = calendar::stamp(report.started_at);
        format!("Sportello {}: in funzione dal {since} ({}){mode}", report.version, span(report.uptime_seconds))
    }

    fn folder(&self, folder: &Folder) -> String {
        let name = format!("{}/{}", folder.mailbox, folder.folder);
        let looked = match folder.looked_at {
            Some(at) => format!("letta fino in fondo {} ({} fa)", calendar::stamp(at), self.ago(at)),
            None => format!("MAI letta fino in fondo da {}", span(folder.quiet_seconds)),
        };
        let backlog = match folder.backlog {
            0 => String::new(),
            n => format!("; {n} messaggi da prendere"),
        };
        let trouble = match &folder.trouble {
            Some((at, what)) => format!("; dalle {}: {what}", calendar::stamp(*at)),
            None => String::new(),
        };
        format!("{name}: {looked}{backlog}{trouble}")
    }

    fn ago(&self, at: Timestamp) -> String {
        span(u64::try_from(self.now.duration_since(at).max(SignedDuration::ZERO).as_secs()).unwrap_or(0))
    }

    fn tally(&self) -> Option<&Tally> {
        // The register was read after the service was asked: where both are there, it is the newer.
        self.register.map(|all| &all.summary.tally).or(self.service.map(|report| &report.tally))
    }

    fn canaries(&self) -> Vec<Fared> {
        match (self.register, self.service) {
            // Of a mailbox that has none any more the register still speaks.
            (Some(all), None) => {
                let of =
                    |row: &CanaryRow| Fared::of(row, all.items.iter().find(|item| item.outgoing.id == row.last.item));
                all.canaries.iter().map(of).collect()
            }
            (_, Some(report)) => report.canaries.clone(),
            (None, None) => Vec::new(),
        }
    }

    fn journal(&self) -> String {
        let (lines, head) = match (self.register, self.service) {
            (Some(all), _) => (all.seq, all.head.as_str()),
            (None, Some(report)) => (report.journal.lines, report.journal.head.as_str()),
            (None, None) => (0, ""),
        };
        let noted = match self.service.map(|report| &report.journal) {
            Some(end) if !end.is_noted => {
                "\n  attenzione: la fine del registro non viene annotata fuori ([dati] impronte_file)".to_owned()
            }
            Some(end) => match end.noted {
                Some((at, line)) => format!("\n  annotata fuori {} (riga {line})", calendar::stamp(at)),
                None => "\n  attenzione: la fine del registro non è mai stata annotata fuori".to_owned(),
            },
            None => String::new(),
        };
        format!("Registro: {lines} righe, ultima impronta {head}{noted}")
    }
}

/// How the talk with the back office goes, where there is one.
fn back_office(report: &Report) -> Option<String> {
    let mark = |name: &str| report.marks.get(name).copied();
    let waiting = match u64::try_from(mark("back_office_waiting_seconds")?).unwrap_or(0) {
        0 => "niente in attesa".to_owned(),
        seconds => format!("il più vecchio in attesa da {}", span(seconds)),
    };
    let aside = match mark("back_office_set_aside").unwrap_or(0) {
        0 => String::new(),
        n => format!(", {n} rifiutati e messi da parte"),
    };
    let (told, rows) = (mark("back_office_told").unwrap_or(0), mark("back_office_rows_done").unwrap_or(0));
    Some(format!("Gestionale: eventi consegnati dall'avvio {told}, {waiting}{aside}; righe eseguite {rows}"))
}

/// How reading the views of other offices goes, where there is one.
fn sources(report: &Report) -> Option<String> {
    let mark = |name: &str| report.marks.get(name).copied().unwrap_or(0);
    let all = Some(mark("sources")).filter(|n| *n > 0)?;
    let failing = match mark("sources_failing") {
        0 => "si leggono".to_owned(),
        n => format!("{n} non si leggono ora (gli allarmi dicono quali)"),
    };
    let (read, refused) = (mark("sources_rows_read"), mark("sources_rows_refused"));
    Some(format!("Fonti di dati: {all}, {failing}; righe lette dall'avvio {read}, rifiutate {refused}"))
}

/// When server, archive and register were last held against each other.
fn reconciled(report: &Report) -> Option<String> {
    let at = Timestamp::from_second(*report.marks.get("reconciled_at")?).ok()?;
    let found = match report.marks.get("reconcile_differences").copied().unwrap_or(0) {
        0 if report.marks.get("reconcile_not_whole").is_some_and(|n| *n > 0) => {
            "confronto incompleto, non dice niente: sportello reconcile dice che cosa manca".to_owned()
        }
        0 => "tutto concorda".to_owned(),
        n => format!("{n} differenze: sportello reconcile le elenca"),
    };
    Some(format!("Server, archivio e registro confrontati {}: {found}", calendar::stamp(at)))
}

fn states(items: &BTreeMap<Shown, u64>) -> Vec<String> {
    items.iter().map(|(state, n)| format!("{n} {}", state.title())).collect()
}

fn counts(tally: &Tally) -> String {
    let mut states = states(&tally.items);
    if states.is_empty() {
        states.push("niente".into());
    }
    format!("Messaggi: {}   Fascicoli: {}   In uscita: {}", tally.all_messages(), tally.dossiers, states.join(", "))
}

fn in_force(in_force: &InForce) -> String {
    let refused = match in_force.refused {
        Some((at, 1)) => format!(
            "\n  attenzione: la rilettura del {} è stata rifiutata (1 errore): valgono ancora queste",
            calendar::stamp(at)
        ),
        Some((at, n)) => format!(
            "\n  attenzione: la rilettura del {} è stata rifiutata ({n} errori): valgono ancora queste",
            calendar::stamp(at)
        ),
        None => String::new(),
    };
    format!(
        "In vigore dal {}: regole {}, modelli {}, fiducia {}{refused}",
        calendar::stamp(in_force.since),
        in_force.rules,
        in_force.templates,
        in_force.anchors
    )
}

/// `3 g 4 h`, `4 h 10 min`, `10 min`, `12 s`.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} g {hours} h"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_its_two_largest_units() {
        let said = [0, 59, 60, 3599, 3600, 86_399, 86_400, 900_000].map(span);
        assert_eq!(said, ["0 s", "59 s", "1 min", "59 min", "1 h 0 min", "23 h 59 min", "1 g 0 h", "10 g 10 h"]);
        assert_eq!([size(999_999_999), size(1_500_000_000)], ["999 MB", "1 GB"]);
    }
}

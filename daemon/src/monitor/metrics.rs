//! The figures in Prometheus' text format 0.0.4. It changes when a figure is added; a name is never changed.
//!
//! Without a crate: the counts live in the register and are read when they are asked for, so a registry of a library would be
//! a second place for each of them. Labels hold codes, and names that the administrator gave; never anything of a citizen.

use super::report::Report;
use super::timings::{CLASSES_MS, Durations};
use crate::alarm::{Alarm, Code};
use crate::canary::Fared;
use std::fmt::Write;

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut page = Page(String::new());
    let tally = &report.tally;
    page.one("build_info", "gauge", "Version of the program.", &[("version", &report.version)], 1);
    page.one("start_time_seconds", "gauge", "When the service started.", &[], report.started_at.as_second());
    page.one("uptime_seconds", "gauge", "Seconds since, on the monotonic clock.", &[], report.uptime_seconds);
    page.one("observing", "gauge", "1: everything runs and nothing is sent.", &[], u8::from(report.observe));

    page.head("messages_total", "counter", "Messages decided, by grade and disposition.");
    for (grade, of) in &tally.messages {
        let grade = if grade.is_empty() { "not-examined" } else { grade };
        for (disposition, n) in of {
            page.sample("messages_total", &[("grade", grade), ("disposition", disposition)], n);
        }
    }
    let kinds = [
        ("quarantined_total", "quarantine", "Messages in quarantine."),
        ("orphan_receipts_total", "orphan", "Genuine receipts of nothing that was sent from here."),
        ("to_person_total", "to-person", "Messages handed to a person."),
    ];
    for (name, code, help) in kinds {
        page.one(name, "counter", help, &[], tally.disposed(code));
    }
    page.one("dossiers_total", "counter", "Dossiers opened.", &[], tally.dossiers);
    page.head("incidents_total", "counter", "Incidents shown to a person, by code.");
    for (code, n) in &tally.incidents {
        page.sample("incidents_total", &[("code", code)], n);
    }
    let twice = tally.incidents.get("sent-twice").copied().unwrap_or_default();
    page.one("double_submission_total", "counter", "Letters of which two acceptances came: must be 0.", &[], twice);
    page.one("attention", "gauge", "Things that a person must look at.", &[], report.attention_count);

    page.head("alarms", "gauge", "Alarms that are open, by code.");
    let mut open = std::collections::BTreeMap::<&str, u64>::new();
    for alarm in &report.alarms {
        *open.entry(alarm.code.word()).or_default() += 1;
    }
    for (code, n) in open {
        page.sample("alarms", &[("code", code)], n);
    }

    let items = [
        ("outbox_items", "Letters and tasks, by state.", &tally.items),
        ("courtesy_items", "Courtesy notices by ordinary mail, by state.", &tally.courtesies),
    ];
    for (name, help, items) in items {
        page.head(name, "gauge", help);
        for (state, n) in items {
            // Its stable word, as in the journal's JSON.
            let state =
                serde_json::to_value(state).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default();
            page.sample(name, &[("state", &state)], n);
        }
    }
    page.one("outbox_acceptance_overdue", "gauge", "Letters whose acceptance is overdue.", &[], report.overdue);

    canaries(&mut page, report);
    page.one("journal_lines", "gauge", "Number of the register's last line.", &[], report.journal.lines);
    if let Some((at, _)) = report.journal.noted {
        page.one(
            "journal_noted_timestamp_seconds",
            "gauge",
            "When its end was last noted outside.",
            &[],
            at.as_second(),
        );
    }
    if let Some(free) = report.disk_free_bytes {
        page.one("disk_free_bytes", "gauge", "Bytes that may still be written in the data folder.", &[], free);
    }
    let loaded = report.in_force.since.as_second();
    page.one("rules_loaded_timestamp_seconds", "gauge", "When rules, templates and trust were read.", &[], loaded);
    let ok = u8::from(report.in_force.refused.is_none());
    page.one("rules_reload_ok", "gauge", "0: the last reload was refused, older rules are in force.", &[], ok);

    folders(&mut page, report);
    page.histogram("examination_seconds", "One examination, its trial included.", &report.examination);
    page.histogram("commit_seconds", "What was decided together written down, to its fsync.", &report.commit);
    for (name, value) in &report.marks {
        page.one(name, "gauge", "A mark of one part of the service.", &[], value);
    }
    page.0
}

fn canaries(page: &mut Page, report: &Report) {
    type Figure = fn(&Fared) -> Option<i64>;
    let figures: [(&str, &str, Figure); 2] = [
        ("canary_written_timestamp_seconds", "When the last letter to ourselves was written.", |c| {
            Some(c.written_at.as_second())
        }),
        ("canary_returned_timestamp_seconds", "When one was last home.", |c| c.returned_at.map(|at| at.as_second())),
    ];
    for (name, help, figure) in figures {
        page.head(name, "gauge", help);
        for canary in &report.canaries {
            if let Some(value) = figure(canary) {
                page.sample(name, &[("mailbox", &canary.mailbox)], value);
            }
        }
    }
    page.head("canary_lost", "gauge", "1: the last letter to ourselves did not come home in time.");
    for canary in &report.canaries {
        let is_lost = |alarm: &Alarm| alarm.code == Code::CanaryLost && alarm.about == canary.mailbox;
        page.sample("canary_lost", &[("mailbox", &canary.mailbox)], u8::from(report.alarms.iter().any(is_lost)));
    }
}

fn folders(page: &mut Page, report: &Report) {
    type Figure = fn(&crate::health::Folder) -> Option<i64>;
    let figures: [(&str, &str, &str, Figure); 7] = [
        ("folder_connected", "gauge", "1: connected, and the folder open.", |f| Some(i64::from(f.connected))),
        ("folder_looked_timestamp_seconds", "gauge", "When it was last listed to its end.", |f| {
            f.looked_at.map(|at| at.as_second())
        }),
        ("folder_quiet_seconds", "gauge", "Seconds since its last sign of life.", |f| {
            i64::try_from(f.quiet_seconds).ok()
        }),
        ("folder_backlog", "gauge", "Messages that were listed and are not kept yet.", |f| {
            i64::try_from(f.backlog).ok()
        }),
        ("folder_looks_total", "counter", "Times it was listed to its end.", |f| i64::try_from(f.looks).ok()),
        ("folder_kept_total", "counter", "Messages kept.", |f| i64::try_from(f.kept).ok()),
        ("folder_troubles_total", "counter", "Troubles: each is followed by a new connection.", |f| {
            i64::try_from(f.troubles).ok()
        }),
    ];
    for (name, kind, help, figure) in figures {
        page.head(name, kind, help);
        for folder in &report.folders {
            if let Some(value) = figure(folder) {
                page.sample(name, &[("mailbox", &folder.mailbox), ("folder", &folder.folder)], value);
            }
        }
    }
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP sportello_{name} {help}\n# TYPE sportello_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "sportello_{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.sample(name, labels, value);
    }

    fn histogram(&mut self, name: &str, help: &str, durations: &Durations) {
        self.head(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        let mut all = 0;
        for (n, end) in durations.counts.iter().zip(CLASSES_MS) {
            all += n;
            self.sample(&bucket, &[("le", &seconds(end * 1000))], all);
        }
        let all: u64 = durations.counts.iter().sum();
        self.sample(&bucket, &[("le", "+Inf")], all);
        self.sample(&format!("{name}_sum"), &[], seconds(durations.micros));
        self.sample(&format!("{name}_count"), &[], all);
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// As the format wants label values.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_end_its_quotes_and_a_histogram_adds_up() {
        let mut page = Page(String::new());
        page.sample("x", &[("folder", "a\"b\\c\nd")], 1);
        assert_eq!(page.0, "sportello_x{folder=\"a\\\"b\\\\c\\nd\"} 1\n");
        let mut page = Page(String::new());
        let mut counts = vec![0; CLASSES_MS.len() + 1];
        (counts[0], counts[3], counts[12]) = (2, 1, 1);
        page.histogram("t", "h", &Durations { counts, micros: 40_012_000 });
        for line in [
            "sportello_t_bucket{le=\"0.001000\"} 2",
            "sportello_t_bucket{le=\"0.010000\"} 3",
            "sportello_t_bucket{le=\"+Inf\"} 4",
        ] {
            assert!(page.0.lines().any(|l| l == line), "{line} is not in:\n{}", page.0);
        }
        assert!(page.0.contains("sportello_t_sum 40.012000\nsportello_t_count 4\n"), "{}", page.0);
    }
}

//! What one road still has to be told, and its words: pure. It changes when how often we repeat ourselves changes.

use super::{Alarm, Key};
use casework::calendar;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// An alarm that lasts is told again this often.
const REPEAT: SignedDuration = SignedDuration::from_hours(6);
/// Alarms written out in one notice. Beyond: counted.
const SHOWN_MAX: usize = 20;

/// What one road was told, and is not over yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    alarm: Alarm,
    at: Timestamp,
    /// Not open any more since then.
    #[serde(default)]
    gone: Option<Timestamp>,
}

/// All that one road was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger(Vec<Told>);

/// What is told at once, by one road.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// New.
    pub raised: Vec<Alarm>,
    /// Told before, and still so.
    pub repeated: Vec<Alarm>,
    /// Over.
    pub cleared: Vec<Alarm>,
}

impl Ledger {
    /// What is to be told now. An alarm is over when it has not been open for `calm`: one that comes and goes is one episode.
    pub fn pending(&mut self, open: &BTreeMap<Key, Alarm>, calm: SignedDuration, now: Timestamp) -> Notice {
        let mut notice = Notice::default();
        for told in &mut self.0 {
            match open.get(&(told.alarm.code, told.alarm.about.clone())) {
                Some(alarm) => {
                    told.gone = None;
                    if now.duration_since(told.at) >= REPEAT {
                        notice.repeated.push(alarm.clone());
                    }
                }
                None => {
                    let gone = *told.gone.get_or_insert(now);
                    if now.duration_since(gone) >= calm {
                        notice.cleared.push(told.alarm.clone());
                    }
                }
            }
        }
        let known = |alarm: &Alarm| self.0.iter().any(|told| is_same(&told.alarm, alarm));
        notice.raised = open.values().filter(|alarm| !known(alarm)).cloned().collect();
        notice
    }

    /// It was told.
    pub fn told(&mut self, notice: &Notice, now: Timestamp) {
        self.0.retain(|told| !notice.cleared.iter().any(|alarm| is_same(&told.alarm, alarm)));
        for alarm in &notice.repeated {
            if let Some(told) = self.0.iter_mut().find(|told| is_same(&told.alarm, alarm)) {
                told.at = now;
            }
        }
        self.0.extend(notice.raised.iter().map(|alarm| Told { alarm: alarm.clone(), at: now, gone: None }));
    }
}

fn is_same(one: &Alarm, other: &Alarm) -> bool {
    (one.code, &one.about) == (other.code, &other.about)
}

impl Notice {
    /// Nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raised.is_empty() && self.repeated.is_empty() && self.cleared.is_empty()
    }

    /// One line.
    #[must_use]
    pub fn subject(&self, entity: &str) -> String {
        let what = match (self.raised.len() + self.repeated.len(), self.cleared.len()) {
            (0, 1) => "allarme rientrato".to_owned(),
            (0, n) => format!("{n} allarmi rientrati"),
            (1, _) => "ALLARME".to_owned(),
            (n, _) => format!("{n} ALLARMI"),
        };
        format!("Sportello, {entity}: {what}")
    }

    /// A page for an administrator.
    #[must_use]
    pub fn text(&self, entity: &str, now: Timestamp) -> String {
        let mut text = format!("Sportello di {entity}, {}\n", calendar::stamp(now));
        for (title, alarms) in
            [("Da guardare adesso", &self.raised), ("Ancora in corso", &self.repeated), ("Rientrati", &self.cleared)]
        {
            if alarms.is_empty() {
                continue;
            }
            let _ = write!(text, "\n{title}:\n");
            for alarm in alarms.iter().take(SHOWN_MAX) {
                let (word, since) = (alarm.code.word(), calendar::stamp(alarm.since));
                let _ = writeln!(text, "- {} [{word}, dal {since}]", alarm.text);
            }
            if let Some(more @ 1..) = alarms.len().checked_sub(SHOWN_MAX) {
                let _ = writeln!(text, "- e altri {more}");
            }
        }
        text.push_str(
            "\nChe cosa vuol dire ogni allarme e che cosa fare: OPERATIONS.md. Lo stato: sportello status.\n",
        );
        text
    }

    /// For a machine. Keys are stable.
    #[must_use]
    pub fn json(&self, entity: &str, now: Timestamp) -> Vec<u8> {
        let shown = |alarms: &[Alarm]| alarms.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>();
        let value = serde_json::json!({
            "service": "sportello", "entity": entity, "at": now,
            "raised": shown(&self.raised), "repeated": shown(&self.repeated), "cleared": shown(&self.cleared),
        });
        value.to_string().into_bytes()
    }
}

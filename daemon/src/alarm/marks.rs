//! Alarms about what other parts only mark: a closed road, letters that nobody answers, a clock that jumped. It changes when
//! another mark is worth an alarm.

use super::{Alarms, Code};
use crate::caseload::protocol::{OVERDUE, WAITING};
use crate::health::Health;
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// How long a jump of the clock stays an alarm: somebody looks within it.
const JUMP_SHOWN: Duration = Duration::from_secs(3600);

/// Each mark that closes a road, and which road it is.
const ROADS: [(&str, &str); 2] = [("road_pec_closed", "pec"), ("road_internal_closed", "uffici")];

/// What was seen of the marks that count.
#[derive(Debug, Default)]
pub struct Marks {
    jumps: i64,
    jumped: Option<Instant>,
}

impl Marks {
    /// Raises and clears.
    pub fn look(&mut self, health: &Health, alarms: &Alarms, now: Timestamp) {
        let marks = health.snapshot().marks;
        let mark = |name: &str| marks.get(name).copied().unwrap_or(0);
        for (name, road) in ROADS {
            let text = format!(
                "il server d'invio della strada «{road}» rifiuta le credenziali: da lì non parte niente. Controllare utente, \
                 password e contratto; le lettere aspettano"
            );
            alarms.set(mark(name) > 0, Code::RoadClosed, road, &text, now);
        }
        let overdue = mark("outbox_overdue");
        let text = format!(
            "{overdue} lettere aspettano una ricevuta da più del dovuto: guardare `sportello outbox list` e la casella dal sito \
             del gestore"
        );
        alarms.set(overdue > 0, Code::LetterOverdue, "lettere", &text, now);
        let text = format!(
            "{} documenti aspettano il numero di protocollo, e il più vecchio da troppo: guardare `sportello protocol status` e il \
             sistema di protocollo. Se è fermo: `sportello protocol emergency open` (DPR 445/2000 art. 63)",
            mark(WAITING)
        );
        alarms.set(mark(OVERDUE) > 0, Code::ProtocolSilent, "protocollo", &text, now);
        if mark("clock_jumps") > self.jumps {
            self.jumps = mark("clock_jumps");
            self.jumped = Some(Instant::now());
        }
        let is_recent = self.jumped.is_some_and(|at| at.elapsed() < JUMP_SHOWN);
        let text = "l'orologio di questa macchina è saltato: i termini si contano con lui. Controllare la sincronizzazione (NTP)";
        alarms.set(is_recent, Code::ClockJumped, "orologio", text, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_mark_is_an_alarm_while_it_lasts_and_a_jump_for_an_hour() {
        let health = Health::new();
        let alarms = Alarms::new(health.clone());
        let mut marks = Marks::default();
        let mut open = |health: &Health| {
            marks.look(health, &alarms, Timestamp::UNIX_EPOCH);
            alarms.open().into_keys().map(|(code, about)| format!("{} {about}", code.word())).collect::<Vec<_>>()
        };
        assert!(open(&health).is_empty());
        health.mark("road_pec_closed", 1);
        health.mark("outbox_overdue", 2);
        health.mark(OVERDUE, 1);
        health.count("clock_jumps", 1);
        let all = ["road-closed pec", "letter-overdue lettere", "clock-jumped orologio", "protocol-silent protocollo"];
        assert_eq!(open(&health), all);
        health.mark("road_pec_closed", 0);
        health.mark(OVERDUE, 0);
        health.mark("outbox_overdue", 0);
        assert_eq!(open(&health), ["clock-jumped orologio"]);
        tokio::time::advance(JUMP_SHOWN).await;
        assert!(open(&health).is_empty());
    }
}

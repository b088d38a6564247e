//! What an office writes of a ranking: where somebody stands in it, what was said of a place. It changes when it may write something
//! else of one.

use super::{Bench, Done, bounded};
use crate::life::Entry;
use crate::ranking::{self, Answer, Step};
use crate::refused::{REASON_BYTES_MAX, Refused, filled};
use alloc::format;
use alloc::string::String;
use alloc::vec;

/// Most positions of one ranking: the families of a large town, and no slip of the pen with a digit too many.
pub const POSITION_MAX: u32 = 100_000;

impl Bench<'_> {
    /// The position, told to the citizen. It decides nothing: who stands below the last place waits, and may still get one.
    pub(super) fn rank(&self, position: u32, points: &[String]) -> Result<Done, Refused> {
        self.is_open()?;
        self.of_this_office()?;
        let Some(window) = self.procedure.window else {
            return Err(Refused::new("no-ranking", "questo procedimento non ha una graduatoria"));
        };
        if !window.is_closed(self.now) {
            let refused = Refused::new("too-early", self.procedure.not_decidable(window));
            return Err(refused.until(window.closed_from()));
        }
        if !(1..=POSITION_MAX).contains(&position) {
            let text = format!("la posizione è un numero da 1 a {POSITION_MAX}");
            return Err(Refused::new("bad-position", text));
        }
        let points = bounded(points)?;
        let said = format!("posizione {position} scritta: la lettera è in partenza");
        let entry = Entry::Ranking { step: Step::Ranked { position } };
        self.done(vec![entry], &said, |case| case.ranked(position, &points))
    }

    /// What was said of the place in another way than by the word that a machine reads: on the telephone, in a letter of many words.
    pub(super) fn place(&self, answer: Answer, how: &str) -> Result<Done, Refused> {
        self.of_this_office()?;
        let how = filled(how, "come lo ha detto: è la prova della sua risposta", REASON_BYTES_MAX)?;
        let by = format!("scritto da {}: {how}", self.order.by.trim());
        let Some(step) = ranking::said(self.dossier, answer, by)? else {
            return Err(Refused::new("said-already", "è già scritto nel fascicolo"));
        };
        let said = match answer {
            Answer::Taken => "posto accettato: la lettera di conferma è in partenza",
            Answer::GivenUp => {
                "rinuncia scritta: la lettera di conferma è in partenza. Il posto si può dare a chi segue"
            }
        };
        self.done(vec![Entry::Ranking { step }], said, |case| case.placed(answer))
    }
}

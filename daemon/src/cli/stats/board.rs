//! What each office has, what of it is due and what is late: the board of an office's head (function S4.13). It changes when such a
//! board shows another figure.

use super::{COLUMN, line};
use crate::cli::counter::json;
use crate::cli::paint::table;
use casework::times::{Kept, Time};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;

/// Days ahead in which a term that ends is near.
const NEAR_DAYS: i32 = 7;

/// One office, on one day.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Standing {
    /// Open dossiers.
    open: u64,
    /// Of these: their term ends within a week.
    near: u64,
    /// Of these: it has ended.
    late: u64,
    /// The one that is latest, by days.
    latest_days: u32,
    /// Of these: they have no term that runs.
    without_term: u64,
}

/// All offices.
#[derive(Debug, Default)]
pub(super) struct Board(BTreeMap<String, Standing>);

impl Board {
    /// One more dossier, as it was on that day.
    pub(super) fn add(&mut self, time: &Time, on: Date) {
        if time.opened > on || time.outcome.is_some_and(|outcome| outcome.on <= on) {
            return;
        }
        let office = self.0.entry(time.office.clone()).or_default();
        office.open += 1;
        let then = Time { outcome: None, ..time.clone() };
        match (then.kept(on), time.due) {
            (Kept::Late(days), _) => {
                office.late += 1;
                office.latest_days = office.latest_days.max(days);
            }
            (_, None) | (Kept::Untold, _) => office.without_term += 1,
            (Kept::InTime, Some(due)) => {
                let days = on.until(due).map(|span| span.get_days()).unwrap_or(i32::MAX);
                office.near += u64::from(days <= NEAR_DAYS);
            }
        }
    }

    /// Shows it.
    pub(super) fn show(&self, on: Date, as_json: bool, as_csv: bool) -> u8 {
        if as_json {
            return json(&serde_json::json!({ "on": on, "near_days": NEAR_DAYS, "offices": self.0 }));
        }
        let cells = |(office, of): (&String, &Standing)| {
            let counts = [of.open, of.near, of.late, u64::from(of.latest_days), of.without_term];
            let office = if office.is_empty() { "(nessuno)".to_owned() } else { office.clone() };
            core::iter::once(office).chain(counts.map(|n| n.to_string())).collect::<Vec<String>>()
        };
        let rows: Vec<Vec<String>> = self.0.iter().map(cells).collect();
        if as_csv {
            say!("{}", line(["ufficio", "aperte", "in_scadenza", "scadute", "giorni_di_ritardo", "senza_termine"]));
            rows.iter().for_each(|row| say!("{}", line(row)));
            return super::OK;
        }
        say!("Al {on}, per ufficio (in scadenza: entro {NEAR_DAYS} giorni)");
        say!(
            "{}",
            table(
                &["ufficio", "aperte", "in scadenza", "scadute", "ritardo più lungo, giorni", "senza termine"],
                &rows,
                COLUMN
            )
        );
        super::OK
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casework::dossier::State;
    use casework::times::Outcome;
    use jiff::civil::date;

    #[test]
    fn each_office_has_what_is_open_on_the_day_near_late_or_without_a_term() {
        let on = date(2026, 3, 10);
        let time = |office: &str, due: Option<Date>, ended: Option<Date>| Time {
            number: String::new(),
            procedure: String::new(),
            office: office.into(),
            opened: date(2026, 1, 10),
            term: None,
            due,
            outcome: ended.map(|on| Outcome { state: State::Accolta, on }),
            suspended: 0,
        };
        let mut board = Board::default();
        for one in [
            time("tributi", Some(date(2026, 3, 17)), None),
            time("tributi", Some(date(2026, 3, 18)), None),
            time("tributi", Some(date(2026, 3, 9)), None),
            time("tributi", Some(date(2026, 3, 1)), None),
            time("tributi", None, None),
            time("tributi", Some(date(2026, 3, 1)), Some(date(2026, 3, 10))),
            time("suap", Some(date(2026, 3, 10)), Some(date(2026, 3, 11))),
        ] {
            board.add(&one, on);
        }
        let tributi = Standing { open: 5, near: 1, late: 2, latest_days: 9, without_term: 1 };
        let suap = Standing { open: 1, near: 1, ..Standing::default() };
        assert_eq!(board.0, BTreeMap::from([("suap".into(), suap), ("tributi".into(), tributi)]));
    }
}

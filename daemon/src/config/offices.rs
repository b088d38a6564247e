//! `[uffici]`: what an office is told without asking, and whose data go before. It changes when it can be told something else.

use super::reader::{Mistakes, Table};
use casework::idle::Idle;
use jiff::civil::Time;

/// Working days after which somebody should have taken a dossier.
const UNASSIGNED_DAYS: u64 = 2;
/// Working days after which an office should have done something in one.
const UNTOUCHED_DAYS: u64 = 10;
/// Most of them.
const DAYS_MAX: u64 = 60;

/// Reads the table: the hour of the morning mail, if it is sent, when a standstill is told, and whose data go before.
pub(super) fn read(root: &mut Table<'_, '_>, m: &mut Mistakes) -> (Option<Time>, Idle, Vec<String>) {
    let mut table = root.table("uffici", m);
    let hour = table.located("riepilogo", m).and_then(|(text, at)| {
        let read = Time::strptime("%H:%M", &text).ok();
        if read.is_none() {
            m.add(Some(at), format!("`uffici.riepilogo` è un'ora, come \"07:30\": «{text}» non lo è"));
        }
        read
    });
    let mut days = |key, otherwise| table.number(key, otherwise, 0..=DAYS_MAX, m) as u32;
    let unassigned = days("da_assegnare_giorni", UNASSIGNED_DAYS);
    let untouched = days("ferme_giorni", UNTOUCHED_DAYS);
    let precedence = table.texts("precedenza_dati", m).unwrap_or_default();
    table.finish(m);
    (hour, Idle { unassigned, untouched }, precedence)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use casework::idle::Idle;
    use jiff::civil::time;

    #[test]
    fn the_morning_mail_is_off_until_it_has_an_hour_and_a_standstill_is_told() {
        let with = |text: &str| {
            let file = include_str!("../../sportello.toml");
            assert!(file.contains("\n[uffici]\n"));
            Config::parse("s.toml", &file.replace("\n[uffici]\n", &format!("\n[uffici]\n{text}\n")))
        };
        let read = with("").unwrap();
        assert_eq!((read.morning, read.entity.idle), (None, Idle { unassigned: 2, untouched: 10 }));
        let read = with("riepilogo = \"07:30\"\nferme_giorni = 0").unwrap();
        assert_eq!((read.morning, read.entity.idle.untouched), (Some(time(7, 30, 0, 0)), 0));
        assert_eq!(with("precedenza_dati = [\"anagrafe\"]").unwrap().entity.order(), ["anagrafe"]);
        for bad in ["riepilogo = \"7 e mezza\"", "riepilogo = \"25:00\"", "ferme_giorni = 61"] {
            assert_eq!(with(bad).unwrap_err().len(), 1, "{bad}");
        }
    }
}

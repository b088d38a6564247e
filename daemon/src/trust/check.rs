//! What an administrator should know of the anchors before they are relied on. It changes when a new way to get them wrong is met.

use super::Trust;
use casework::rules::Problem;
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use pec::{Anchor, Purpose};

/// An authority that ends within this is announced: its successor must be obtained, compared and added by people.
pub const ENDING_MONTHS: i32 = 12;

/// Errors and warnings on what is trusted, now. Simulated authorities are an error in service; `trial` allows them.
#[must_use]
pub fn look(trust: &Trust, now: Timestamp, trial: bool) -> Vec<Problem> {
    let mut found = simulated(trust, trial);
    let soon = now.to_zoned(TimeZone::UTC).checked_add(ENDING_MONTHS.months()).map_or(now, |z| z.timestamp());
    for (anchor, entry) in trust.each() {
        let mut warn = |text: String| {
            found.push(problem(trust, entry.line, format!("ancora «{}»: {text}", anchor.name), true));
        };
        if !matches!(anchor.purpose, Purpose::FirmaPec | Purpose::Elenco) {
            warn(format!("`uso = \"{}\"` {}", anchor.purpose.word(), super::manifest::meaning(anchor.purpose)));
        }
        if anchor.purpose == Purpose::FirmaPec && anchor.policies.is_empty() {
            warn(
                "`politiche` è vuota: è autentico quello che firma chiunque abbia un certificato di questa autorità"
                    .into(),
            );
        }
        let ends = entry.certificates.iter().map(|(_, said)| said.until).max();
        let begins = entry.certificates.iter().map(|(_, said)| said.from).min();
        let (Some(begins), Some(ends)) = (begins, ends) else { continue };
        if anchor.from.is_some_and(|from| from < start_of_day(begins)) {
            warn(format!("`dal` è prima dell'inizio dei suoi certificati ({}): non serve a nulla", day(begins)));
        }
        if anchor.until.is_some_and(|until| until > ends.saturating_add(SignedDuration::from_hours(24)).unwrap_or(ends))
        {
            warn(format!("`al` è dopo la fine dei suoi certificati ({}): non serve a nulla", day(ends)));
        }
        if is_over(anchor, now) {
            continue; // for archives only: that its certificates have ended is as it should be
        }
        if ends < now {
            warn(format!(
                "i suoi certificati sono scaduti, l'ultimo il {}: vale per la posta fino a quel giorno. Se non serve più, scrivi `al`",
                day(ends)
            ));
        } else if ends < soon {
            warn(format!(
                "finisce il {}: procurati il certificato che lo sostituisce e aggiungilo prima di allora",
                day(ends)
            ));
        }
    }
    found
}

/// Simulated authorities that are trusted in service: whoever runs the simulation could write to the office as anybody.
#[must_use]
pub fn simulated(trust: &Trust, trial: bool) -> Vec<Problem> {
    let found = trust.each().filter(|(anchor, _)| anchor.simulation && !trial);
    found
        .map(|(anchor, entry)| {
            let text = format!(
                "ancora «{}»: è una SIMULAZIONE: in servizio non si può usare. Toglila; per una prova: `[dati] prova = true`",
                anchor.name
            );
            problem(trust, entry.line, text, false)
        })
        .collect()
}

/// Nothing signed now can be genuine by it.
#[must_use]
pub fn is_over(anchor: &Anchor, now: Timestamp) -> bool {
    anchor.until.is_some_and(|until| until < now)
}

fn problem(trust: &Trust, line: usize, text: String, warning: bool) -> Problem {
    Problem { file: trust.source(), line: (line > 0).then_some(line), text, warning }
}

fn start_of_day(at: Timestamp) -> Timestamp {
    at.to_zoned(TimeZone::UTC).start_of_day().map_or(at, |z| z.timestamp())
}

/// A day, as people write it.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%d/%m/%Y").to_string()
}

//! Which dossier a reference means: changes when other evidence than number and party ties a message to a dossier.

use super::{RefKind, Reference};
use crate::address;
use crate::dossier::check;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The known dossiers, by the numbers that they go by.
#[derive(Debug, Default)]
pub struct Register {
    dossiers: Vec<Entry>,
    by_number: BTreeMap<String, Vec<(usize, Canonical)>>,
}

#[derive(Debug)]
struct Entry {
    id: String,
    office: String,
    parties: BTreeSet<String>,
}

/// A number that a dossier goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Canonical {
    kind: String,
    series: Option<String>,
    year: Option<i16>,
    day: Option<String>,
}

impl Register {
    /// Adds a dossier. `references` are in canonical form, `kind:[SERIES/]NUMBER[/YEAR[-MM-DD]]`.
    ///
    /// # Errors
    /// The reference that is not in that form.
    pub fn add(&mut self, id: &str, office: &str, references: &[String], parties: &[String]) -> Result<(), String> {
        let read = references.iter().map(|written| canonical(written).ok_or_else(|| written.clone()));
        for (number, canonical) in read.collect::<Result<Vec<_>, _>>()? {
            self.by_number.entry(number).or_default().push((self.dossiers.len(), canonical));
        }
        let parties = parties.iter().map(|party| address::key(party)).collect();
        self.dossiers.push(Entry { id: id.to_string(), office: office.to_string(), parties });
        Ok(())
    }

    /// The dossier that the sender means: id and office. A number alone opens nothing: the sender must be a party.
    ///
    /// # Errors
    /// Why there is none, in Italian.
    pub fn resolve(&self, reference: &Reference, sender: &str) -> Result<(&str, &str), &'static str> {
        let same = self.by_number.get(&reference.number).map_or(&[][..], Vec::as_slice);
        // Letters that are not the check letters of this number may be a series; then it is that series or none.
        let may_mean =
            |known: &Canonical| !reference.slip || (known.series.is_some() && known.series == reference.series);
        let meant = same.iter().filter(|(_, canonical)| may_mean(canonical));
        let fits: Vec<(u8, usize)> =
            meant.filter_map(|(at, canonical)| Some((fit(reference, canonical)?, *at))).collect();
        if reference.slip && fits.is_empty() {
            return Err(check::SLIP);
        }
        let sender = address::key(sender);
        let is_party = |at: usize| self.dossiers.get(at).is_some_and(|dossier| dossier.parties.contains(&sender));
        let theirs = fits.iter().filter(|(_, at)| is_party(*at));
        let Some(best) = theirs.clone().map(|(strength, _)| *strength).max() else {
            return Err(if fits.is_empty() {
                "nel registro non c'è"
            } else {
                "chi scrive non è parte del fascicolo con questo numero"
            });
        };
        let at: BTreeSet<usize> = theirs.filter(|(strength, _)| *strength == best).map(|(_, at)| *at).collect();
        match (at.len(), at.first().and_then(|at| self.dossiers.get(*at))) {
            (1, Some(dossier)) => Ok((&dossier.id, &dossier.office)),
            _ => Err("più fascicoli di chi scrive hanno questo numero"),
        }
    }
}

/// How well a reference fits a number; `None`: it means another.
fn fit(reference: &Reference, known: &Canonical) -> Option<u8> {
    let differ = |a: Option<&String>, b: Option<&String>| matches!((a, b), (Some(a), Some(b)) if a != b);
    let other_year = matches!((reference.year, known.year), (Some(a), Some(b)) if a != b);
    if other_year
        || differ(reference.series.as_ref(), known.series.as_ref())
        || differ(reference.day.as_ref(), known.day.as_ref())
    {
        return None;
    }
    let exact = reference.year == known.year && reference.series == known.series;
    if reference.kind.code() == known.kind {
        return Some(if exact { 3 } else { 2 });
    }
    // People call a dossier by many names; an order, a notice, a protocol have numbers of their own.
    (is_dossier(reference.kind.code()) && is_dossier(&known.kind)).then_some(1)
}

fn is_dossier(kind: &str) -> bool {
    use RefKind as K;
    [K::Pratica, K::Fasc, K::Procedimento, K::Istanza, K::Domanda, K::Token, K::Scia, K::Cila, K::Permesso, K::Suap]
        .iter()
        .any(|known| known.code() == kind)
}

/// Reads the canonical form: the number, and the rest.
fn canonical(written: &str) -> Option<(String, Canonical)> {
    let (kind, rest) = written.split_once(':')?;
    let mut parts: Vec<&str> = rest.split('/').collect();
    let last = parts.last().copied().unwrap_or_default();
    let (year, day) = last.split_once('-').map_or((last, None), |(year, day)| (year, Some(day)));
    let year = super::number::year4(year).filter(|_| parts.len() > 1);
    if year.is_some() {
        parts.pop();
    }
    let number = parts.pop().filter(|number| !number.is_empty())?;
    let series = (!parts.is_empty()).then(|| parts.join("/").to_uppercase());
    let day = day.filter(|_| year.is_some()).map(ToString::to_string);
    Some((number.to_string(), Canonical { kind: kind.to_string(), series, year, day }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::find;
    use crate::rules::Place;
    use alloc::format;

    fn means(text: &str, sender: &str) -> Result<String, &'static str> {
        let mut register = Register::default();
        let own = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        register
            .add("A", "suap", &own(&["pratica:123/2026", "prot:77/2026-02-03"]), &own(&["Rossi@pec.example"]))
            .unwrap();
        register.add("B", "casa", &own(&["pratica:ERP/91/2026"]), &own(&["rossi@pec.example"])).unwrap();
        register.add("C", "casa", &own(&["pratica:123/2025"]), &own(&["verdi@pec.example"])).unwrap();
        register.add("D", "tributi", &own(&["avviso:91/2026"]), &own(&["rossi@pec.example"])).unwrap();
        let found = find(text, Place::Body, 0);
        let reference = found.first().ok_or("none read")?;
        register.resolve(reference, sender).map(|(id, _)| id.to_string())
    }

    #[test]
    fn a_number_opens_only_the_dossier_of_a_party() {
        assert_eq!(means("pratica n. 123/2026", "rossi@PEC.example"), Ok("A".into()));
        assert!(means("pratica n. 123/2026", "verdi@pec.example").is_err());
        assert!(means("pratica n. 123/2026", "").is_err());
    }

    #[test]
    fn what_is_not_said_is_completed_only_without_doubt() {
        assert_eq!(means("pratica n. 123", "rossi@pec.example"), Ok("A".into()));
        assert_eq!(means("prot. 77/2026", "rossi@pec.example"), Ok("A".into()));
        assert!(means("prot. 77 del 04/02/2026", "rossi@pec.example").is_err());
        assert_eq!(means("fascicolo n. 123/2026", "rossi@pec.example"), Ok("A".into()));
        assert_eq!(means("pratica n. 91/2026", "rossi@pec.example"), Ok("B".into()));
        assert!(means("ordinanza n. 123/2026", "rossi@pec.example").is_err());
        assert!(means("pratica n. 123/2024", "rossi@pec.example").is_err());
    }

    #[test]
    fn check_letters_are_read_and_a_wrong_one_means_nothing() {
        let (right, wrong) = (check::letters(2026, 123), check::letters(2026, 132));
        for joint in ["-", " ", "", " - ", "/"] {
            for letters in [&right, &right.to_lowercase()] {
                let text = format!("pratica n. 2026/000123{joint}{letters}, grazie");
                assert_eq!(means(&text, "rossi@pec.example"), Ok("A".into()), "{text}");
            }
            for letters in [&wrong, &wrong.to_lowercase()] {
                for ordinal in ["000123", "000777"] {
                    let text = format!("pratica n. 2026/{ordinal}{joint}{letters}, grazie");
                    assert_eq!(means(&text, "rossi@pec.example"), Err(check::SLIP), "{text}");
                }
            }
        }
        // Letters of a series are one still.
        let mut register = Register::default();
        register.add("E", "casa", &["pratica:BS/123/2026".to_string()], &["rossi@pec.example".to_string()]).unwrap();
        let found = find("pratica 2026/000123-BS", Place::Body, 0);
        assert_eq!(found[0].canonical(), "pratica:BS/123/2026");
        assert_eq!(register.resolve(&found[0], "rossi@pec.example"), Ok(("E", "casa")));
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        let mut register = Register::default();
        assert_eq!(register.add("A", "x", &["12345".to_string()], &[]), Err("12345".to_string()));
        assert!(register.add("A", "x", &["suap:01234567890-12032026-1015".to_string()], &[]).is_ok());
    }
}

//! The state of the lists, for people: `status`, `trust show`, `check`. Read from the files, beside a running service too.

use super::cache::{self, Held, Lists, source_name};
use super::refresh::{is_current, sources_of};
use super::signers;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What is at hand, and what is missing.
#[derive(Debug, Default)]
pub struct Survey {
    /// The lists.
    pub lists: Lists,
    /// CRL addresses of the certificates that were seen, and for how many of them each answers.
    pub crl_urls: BTreeMap<String, usize>,
    /// Certificates that were seen.
    pub signers: usize,
}

impl Survey {
    /// Looks at a data folder, and at a person's folder of lists.
    #[must_use]
    pub fn of(data: &Path, hand: Option<&Path>) -> Self {
        let revoca = cache::folder(data);
        let signers = signers::read(&revoca);
        let mut crl_urls: BTreeMap<String, usize> = BTreeMap::new();
        for (_, pair) in &signers {
            for url in sources_of(pair).crl {
                *crl_urls.entry(url).or_default() += 1;
            }
        }
        Self { lists: cache::read(&revoca, hand).0, crl_urls, signers: signers.len() }
    }

    /// The newest list.
    #[must_use]
    pub fn newest(&self) -> Option<&Held> {
        self.lists.held.iter().max_by_key(|held| held.this_update)
    }

    /// What a person should know, in Italian: lists past their time, lists that never came.
    #[must_use]
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        let past = self.lists.held.iter().filter(|held| held.is_crl && !is_current(held, now)).map(|held| {
            let since = held.next_update.map(crate::trust::check::day).unwrap_or_default();
            format!(
                "la lista di revoca di {} è scaduta il {since}: delle revoche di dopo non si sa niente",
                held.issuer
            )
        });
        let by_hand = self.lists.held.iter().any(|held| held.source.is_none() && held.is_crl);
        let missing =
            self.crl_urls.iter().filter(|(url, _)| !by_hand && self.lists.of(&source_name(url, None)).is_none());
        let missing = missing.map(|(url, n)| {
            format!("la lista di revoca {url} non è mai arrivata: di {n} certificati non si sa se siano revocati")
        });
        past.chain(missing).collect()
    }

    /// For programs: stable keys.
    #[must_use]
    pub fn json(&self, now: Timestamp) -> Value {
        let lists: Vec<Value> = self
            .lists
            .held
            .iter()
            .map(|held| {
                json!({
                    "kind": if held.is_crl { "crl" } else { "ocsp" }, "issuer": held.issuer, "this_update": held.this_update,
                    "next_update": held.next_update, "current": is_current(held, now), "by_hand": held.source.is_none(),
                    "sha256": held.sha256,
                })
            })
            .collect();
        json!({ "signers": self.signers, "lists": lists, "warnings": self.warnings(now) })
    }

    /// One line, in Italian.
    #[must_use]
    pub fn line(&self, now: Timestamp) -> String {
        let Some(newest) = self.newest() else { return "nessuna".into() };
        let crls = self.lists.held.iter().filter(|held| held.is_crl).count();
        let hours = now.duration_since(newest.this_update).as_hours();
        let next = newest.next_update.map(|next| format!(", la prossima entro il {}", casework::calendar::stamp(next)));
        format!(
            "{crls} CRL, {} risposte OCSP; la più recente è di {hours} ore fa ({}){}",
            self.lists.held.len() - crls,
            newest.issuer,
            next.unwrap_or_default()
        )
    }
}

//! Demands on every letter, in every language, with all that it may say and with the least. It changes with these demands.

extern crate std;

use super::catalogue::{self, Reader};
use super::tests::templates;
use super::{Extent, Rendered, readable, wrap};
use crate::language::Language;
use crate::mailto;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// Longest link: some mail programs and browsers cut one of 2,000 characters.
const LINK_MAX: usize = 1_900;

/// Calls `look` with every letter.
fn each(mut look: impl FnMut(&str, Language, Extent, &Rendered)) {
    let templates = templates();
    for (language, name) in templates.letters() {
        for extent in [Extent::Full, Extent::Least] {
            let sample = templates.sample(name, language, extent).unwrap();
            let letter = templates.render(name, language, &sample).unwrap();
            look(name, language, extent, &letter);
        }
    }
}

fn reader(name: &str) -> Reader {
    catalogue::message(name).unwrap().reader
}

/// Functions S0.10: what a letter offers to open, a mail program opens as it is meant.
#[test]
fn every_link_of_every_letter_opens_one_mail_to_one_address() {
    let (mut count, mut with_body) = (0, 0);
    let mut linked: BTreeSet<String> = BTreeSet::new();
    each(|name, language, _, letter| {
        assert!(!letter.subject.contains("mailto:"), "{name}");
        let links = mailto::all(&letter.text);
        assert_eq!(links.len(), letter.text.matches("mailto:").count(), "{name}: each stands alone");
        let longest = letter.text.split_whitespace().filter(|word| word.starts_with("mailto:")).map(str::len).max();
        assert!(longest.is_none_or(|length| length <= LINK_MAX), "{name}: {longest:?}");
        for (to, fields) in &links {
            let own = if reader(name) == Reader::Office {
                "sportello@comune.example"
            } else {
                "protocollo@pec.comune.example"
            };
            assert_eq!(to, own, "{name}");
            with_body += usize::from(fields.len() == 2);
        }
        count += links.len();
        if !links.is_empty() {
            linked.insert(std::format!("{}/{name}", language.tag()));
        }
    });
    std::println!("{count} links, {with_body} with a text, in {} letters", linked.len());
    for name in
        ["esito", "presa-in-carico", "modulo", "dati-personali", "conferma-modifica", "compito", "ordine-eseguito"]
    {
        assert!(linked.contains(&std::format!("it/{name}")), "{name}: {linked:?}");
    }
    assert!(count > 100 && with_body > 10, "{count} {with_body}");
}

#[test]
fn every_letter_is_narrow_in_every_language() {
    each(|name, language, extent, letter| {
        for row in letter.text.lines() {
            let is_link = row.split_whitespace().last().is_some_and(|word| word.starts_with("mailto:"));
            assert!(row.chars().count() <= wrap::WIDTH || is_link, "{} {name} {extent:?}: {row}", language.tag());
        }
    });
}

/// Functions S0.18. A letter that the measure finds no sentence in would pass unread: there is none.
#[test]
fn every_italian_letter_to_a_citizen_is_measured_and_is_easy() {
    let mut hard: Vec<String> = Vec::new();
    let mut measured = 0;
    each(|name, language, extent, letter| {
        if !language.is_italian() || reader(name) != Reader::Citizen {
            return;
        }
        measured += 1;
        let index = readable::gulpease(&letter.text);
        if index.is_none_or(|index| index < readable::GULPEASE_MIN) {
            hard.push(std::format!("{name} {extent:?}: {index:?}"));
        }
    });
    assert!(hard.is_empty(), "{hard:#?}");
    assert!(measured > 60, "{measured}");
}

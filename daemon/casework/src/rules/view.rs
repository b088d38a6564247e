//! A message laid out by place: cut to size, separated into new and quoted text.

use super::book::Rulebook;
use super::normal::Normal;
use super::outcome::{Hit, Reading};
use super::phrase::Phrase;
use super::place::{Material, PLACE_BYTES_MAX, Place, VALUES_MAX, World};
use super::quote::{Split, is_reply, signature, split};
use super::sender;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::ops::Range;

/// How much of a match a decision stores, in bytes: a phrase may stand with a page of blanks between two of its words.
const MATCHED_BYTES_MAX: usize = 200;

/// New and quoted text.
///
/// When nothing new was written and the message answers nothing, the "quotation" is the message: a forwarded request,
/// or a letter that looks like one. An empty answer (only attachments) stays empty: it quotes our own letter.
pub(super) fn halves(material: &Material<'_>, world: &dyn World) -> Split {
    let text = cut(material.text, PLACE_BYTES_MAX);
    let halves = split(text);
    if halves.new.trim().is_empty() && !is_reply(material.subject) && world.thread().is_none() {
        return Split { new: text.into(), ..Split::default() };
    }
    halves
}

/// What signals and extractors look at.
pub(super) struct View<'a> {
    texts: BTreeMap<Place, Vec<&'a str>>,
    /// Made when the first asks for them.
    normals: OnceCell<Vec<(Place, usize, Normal)>>,
    pub(super) reading: Reading,
}

impl<'a> View<'a> {
    pub(super) fn of(book: &Rulebook, material: &Material<'a>, halves: &'a Split) -> Self {
        let from_kind =
            if material.from_kind.is_empty() { sender::kind(book, material.from) } else { material.from_kind };
        let signed = signature(&halves.new);
        let domain = material.from.rsplit_once('@').map_or("", |(_, domain)| domain);
        let mut shortened = material.text.len() > PLACE_BYTES_MAX;
        let mut texts: BTreeMap<Place, Vec<&'a str>> = BTreeMap::new();
        for (_, place) in Place::ALL {
            let values: &[&'a str] = match place {
                Place::Subject => &[material.subject],
                Place::Body => &[halves.new.as_str()],
                Place::BodyQuoted => &[halves.quoted.as_str()],
                Place::Signature => &[signed],
                Place::AttachmentName => material.attachments,
                Place::AttachmentText => &[material.attached_text],
                Place::FromAddress => &[material.from],
                Place::FromDomain => &[domain],
                Place::FromName => &[material.from_name],
                Place::FromKind => &[from_kind],
                Place::To => material.to,
                Place::PecKind => &[material.pec_kind],
                Place::PecGrade => &[material.grade],
            };
            shortened |= values.len() > VALUES_MAX || values.iter().any(|value| value.len() > PLACE_BYTES_MAX);
            texts.insert(place, values.iter().take(VALUES_MAX).map(|value| cut(value, PLACE_BYTES_MAX)).collect());
        }
        let reading = Reading { new_bytes: halves.new.len(), quoted_bytes: halves.quoted.len(), cut: shortened };
        Self { texts, normals: OnceCell::new(), reading }
    }

    /// The values of a place.
    pub(super) fn texts(&self, place: Place) -> &[&'a str] {
        self.texts.get(&place).map_or(&[], Vec::as_slice)
    }

    /// The values of some places: the place, which value of it, and the text.
    pub(super) fn values(&self, places: &[Place]) -> impl Iterator<Item = (Place, usize, &'a str)> {
        let texts = places.iter().map(|place| (*place, self.texts(*place)));
        texts.flat_map(|(place, texts)| texts.iter().enumerate().map(move |(item, text)| (place, item, *text)))
    }

    /// The running texts, normalised: by place, then as they stand in the message.
    pub(super) fn normals(&self) -> &[(Place, usize, Normal)] {
        self.normals.get_or_init(|| {
            let running = self.texts.iter().filter(|(place, _)| !place.holds_addresses());
            let each = running.flat_map(|(place, values)| {
                values.iter().enumerate().map(|(item, value)| (*place, item, Normal::of(value)))
            });
            each.collect()
        })
    }

    /// The first address that one of the phrases fits.
    pub(super) fn find_address(&self, places: &[Place], phrases: &[Arc<Phrase>]) -> Option<Hit> {
        self.values(places).filter(|(place, ..)| place.holds_addresses()).find_map(|(place, item, text)| {
            let fits = phrases.iter().filter(|phrase| phrase.fits_address(text));
            self.hit(place, item, 0..text.len(), &fits.min_by_key(|phrase| &phrase.written)?.written)
        })
    }

    /// A hit, with the words of the citizen.
    pub(super) fn hit(&self, place: Place, item: usize, range: Range<usize>, phrase: &str) -> Option<Hit> {
        hit(place, item, self.texts(place).get(item)?, range, phrase)
    }
}

fn hit(place: Place, item: usize, text: &str, range: Range<usize>, phrase: &str) -> Option<Hit> {
    let matched = cut(text.get(range.clone())?, MATCHED_BYTES_MAX).into();
    Some(Hit {
        points: 0,
        place: Some(place),
        item,
        phrase: phrase.into(),
        matched,
        start: range.start,
        end: range.end,
    })
}

/// The beginning of a text, on a character boundary.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

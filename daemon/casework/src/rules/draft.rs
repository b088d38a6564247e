//! What one file says, read and well formed, but not yet compared with the other files.

use super::book::{Body, Deadline, Kind, Mode, Office};
use super::cases::Case;
use super::extract::Extractor;
use super::form::Written;
use super::pattern::Expression;
use super::phrase::Phrase;
use super::place::Place;
use super::problem::Spot;
use super::tally::Tally;
use crate::language::Language;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use jiff::civil::Date;

/// A named thing. `item` is `None` when it has mistakes, already reported: its name is known all the same, so that
/// those who refer to it are not blamed too.
#[derive(Debug)]
pub(super) struct Declared<T> {
    pub(super) id: String,
    pub(super) at: Spot,
    pub(super) item: Option<T>,
}

/// Everything of all files.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) defaults: Vec<(Spot, DraftDefaults)>,
    pub(super) offices: Vec<Declared<(Office, Vec<DraftSignal>)>>,
    pub(super) bodies: Vec<Declared<Body>>,
    pub(super) lists: Vec<Declared<Vec<Arc<Phrase>>>>,
    pub(super) extractors: Vec<Declared<Extractor>>,
    pub(super) rules: Vec<Declared<DraftRule>>,
    pub(super) cases: Vec<Declared<DraftCase>>,
    pub(super) clues: Vec<(Spot, Option<Tally>)>,
    /// Sections that are none: each with the names in it, which would be known were it called rightly.
    pub(super) stray: Vec<Vec<String>>,
}

/// `[defaults]`: the name that it mentions, and what it says, if it has no mistakes.
pub(super) type DraftDefaults = (Option<Written<String>>, Option<Defaults>);

/// What `[defaults]` says.
#[derive(Debug)]
pub(super) struct Defaults {
    pub(super) accept: i32,
    pub(super) margin: i32,
    pub(super) accept_office: i32,
    pub(super) margin_office: i32,
    pub(super) otherwise: Written<String>,
}

/// `[rule.ID]`, with names not yet looked up. What has mistakes is left out, or is anything: `is_whole` says that nothing is.
#[derive(Debug)]
pub(super) struct DraftRule {
    pub(super) is_whole: bool,
    pub(super) title: String,
    pub(super) titles: BTreeMap<Language, String>,
    pub(super) kind: Kind,
    pub(super) office: Option<Written<String>>,
    pub(super) deadline: Option<Deadline>,
    pub(super) needs: Vec<Written<String>>,
    pub(super) missing: Option<Written<String>>,
    pub(super) reply: Option<Written<String>>,
    pub(super) mode: Mode,
    pub(super) owner: Option<String>,
    pub(super) review_by: Option<Date>,
    pub(super) why: Option<String>,
    pub(super) valid_from: Option<Date>,
    pub(super) valid_to: Option<Date>,
    pub(super) signals: Vec<DraftSignal>,
}

/// One signal, with names not yet looked up.
#[derive(Debug)]
pub(super) struct DraftSignal {
    pub(super) score: i32,
    pub(super) look: DraftLook,
}

#[derive(Debug)]
pub(super) enum DraftLook {
    Words(Vec<Place>, Vec<Arc<Phrase>>, Vec<Written<String>>),
    Regex(Vec<Place>, Expression),
    Has(Written<String>),
}

/// `[test."name"]`, and the names it mentions: each with what it must be. `is_whole`: as of a rule.
#[derive(Debug)]
pub(super) struct DraftCase {
    pub(super) is_whole: bool,
    pub(super) case: Case,
    pub(super) mentions: Mentions,
}

/// Names, each with what it must be the name of.
pub(super) type Mentions = Vec<(Mention, Written<String>)>;

/// What a name in a test must be the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mention {
    Rule,
    Office,
    Template,
    Need,
    Extractor,
}

//! The rules engine: what administrators write in `rules/*.toml`, and what it says about one message.
//!
//! There is no order. Every rule has *signals* that add or subtract points; a rule is chosen when it reaches
//! `accept` and leads the runner-up by `margin`, otherwise the message goes to the `otherwise` rule with the
//! candidates named. [`load`] turns files into a [`Rulebook`] or into all their mistakes at once; [`classify`]
//! is pure and total, and is the one function behind the daemon, `explain` and the tests of the rules.
//!
//! Reading order: [`book`] (the model), `syntax` → `form` → `read` → `check` (file to model; `called` for what people write instead), `normal`, `phrase`,
//! `quote`, `pattern` over `alphabet` and `engine`, `extract` (how a text is looked at), [`outcome`] and `classify` (the answer), `cases` (tests);
//! for who tunes them: `words` (a signal as people read it), `why_not`, `coverage`, `diff`.

mod alphabet;
mod apart;
pub mod book;
mod called;
mod cases;
mod check;
pub mod checksum;
mod classify;
mod clues;
mod coverage;
mod diff;
mod draft;
mod engine;
mod extract;
pub(crate) mod form;
mod lexicon;
mod load;
pub mod normal;
pub mod outcome;
mod pattern;
mod phrase;
pub mod place;
pub(crate) mod problem;
pub mod quote;
pub(crate) mod read;
mod read_body;
mod read_case;
pub(crate) mod read_office;
mod read_rule;
mod score;
mod sender;
pub(crate) mod syntax;
mod tally;
#[cfg(test)]
mod tests;
mod view;
mod why_not;
mod words;

pub(crate) use apart::of_rule;
pub use apart::{apart, untied};
pub use book::{Body, Calendar, Deadline, Kind, Mode, Office, OfficeChoice, Officer, Rule, Rulebook};
pub use cases::{TestResult, run_tests};
pub use classify::{classify, clues_in, look_up, on_trial};
pub use coverage::{advice, tests_about, unexercised};
pub use diff::{Difference, diff};
pub use load::{SourceFile, digest, load, tally};
pub use outcome::{
    AtHand, Citation, Classification, Clue, Field, FieldCheck, Hit, OfficeClue, Outcome, Reading, RuleScore,
};
pub use place::{DossierBrief, Material, Place, World};
pub use problem::Problem;
pub(crate) use sender::kind as kind_of_sender;
pub use tally::Tally;
pub use why_not::{Verdict, Weighed, WhyNot, why_not};

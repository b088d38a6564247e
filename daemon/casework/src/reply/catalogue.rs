//! Which messages exist and which facts each of them must, or may, show. Changes when a message or a field is added.
//!
//! The fields that the law wants in a message are [`Need::Always`], [`Need::OneOf`] or [`Need::IfGiven`]: a template that
//! leaves one out does not load. Names, meanings and samples are Italian because administrators read them.

mod enquiries;
mod fields;
mod messages;
mod notices;
pub mod words;

pub use messages::{MESSAGES, RECEIPT};
use words::Words;

/// One kind of message: the base name of its template file and the facts it carries.
#[derive(Debug)]
pub struct Message {
    /// `presa-in-carico`; the file is `it/presa-in-carico.hbs`, a variant of it `it/presa-in-carico.<variante>.hbs`.
    pub name: &'static str,
    /// Who receives it, and when: one line for the administrator.
    pub purpose: &'static str,
    /// Who reads it: decides whether readability is measured.
    pub reader: Reader,
    /// Every field a template of this message may name, in groups that messages share.
    pub fields: &'static [&'static [Field]],
    /// Words that the fixed text must contain (any case): what the law wants said, but which is not a fact of the case.
    pub must_say: &'static [Phrase],
}

/// Who reads a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A citizen, business or delegate: plain words, readability measured.
    Citizen,
    /// An office or a person of the body.
    Office,
}

/// Words that the fixed text of a template must contain.
#[derive(Debug)]
pub struct Phrase {
    /// The words, lower case; capitals in the template do not matter.
    pub words: &'static str,
    /// Why: shown to the administrator who removed them.
    pub why: &'static str,
}

/// One fact that a template may name.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name in the template and in the values given to `render`.
    pub name: &'static str,
    /// What it holds, hence how it is given and how it is written out.
    pub kind: Kind,
    /// Whether it must be given, and shown.
    pub need: Need,
    /// Its meaning, in Italian.
    pub meaning: &'static str,
    /// Sample values: the first for a single value, all of them for a list.
    pub sample: &'static [&'static str],
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Given as a JSON string; shown on one line, whatever it contained.
    Line,
    /// Given as a JSON number.
    Number,
    /// Given as `"2026-07-31"`; shown as `venerdì 31 luglio 2026`.
    Date,
    /// Given as an RFC 3339 instant; shown as `giovedì 2 luglio 2026, ore 00:30`, Italian time.
    Instant,
    /// Given as a JSON boolean; only a condition, shows nothing itself.
    Flag,
    /// Given as a JSON string of many lines; shown with `> ` before each.
    Quote,
    /// Given as a JSON array of strings; shown by `{{#each}}` and `{{this}}`.
    Lines,
    /// Given as a JSON array of objects with these fields; shown by `{{#each}}`.
    Items(&'static [Field]),
    /// Never given: a `mailto:` link made from `pec_ente` and, as its subject, this text with `{}` replaced by the other field's value.
    Link {
        /// Subject of the mail that the link opens.
        subject: &'static str,
        /// The field that fills `{}`.
        from: &'static str,
        /// Its text, ready to be completed: lines divided by `\n`. `None`: an empty mail.
        body: Option<Words>,
    },
}

/// Whether a field must be given by the program and shown by the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Given always; shown outside every condition.
    Always,
    /// As `Always`, and shown in the subject.
    Subject,
    /// At least one field of the group is given; each is shown inside `{{#if}}` of the group's own fields.
    OneOf(&'static str),
    /// Given when there is one; then shown, inside its own `{{#if}}` or `{{#each}}`.
    IfGiven,
    /// Given when there is one; the template may show it, inside its own `{{#if}}` or `{{#each}}`.
    Free,
}

/// The message called `name`, or whose variant is called `name` (`presa-in-carico.tributi`).
#[must_use]
pub fn message(name: &str) -> Option<&'static Message> {
    let base = name.split('.').next().unwrap_or(name);
    MESSAGES.iter().find(|message| message.name == base)
}

impl Message {
    /// Every field of the message.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.fields.iter().copied().flatten()
    }
}

impl Field {
    /// Shown entry by entry, with `{{#each}}`.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.kind, Kind::Lines | Kind::Items(_))
    }

    /// There are cases without it.
    pub(super) fn may_be_absent(&self) -> bool {
        matches!(self.need, Need::OneOf(_) | Need::IfGiven | Need::Free)
    }
}

#[cfg(test)]
mod tests {
    use super::fields::END;
    use super::*;
    use alloc::vec::Vec;

    /// Functions S0.12: where it stands, since when, who is responsible and whom to ask, until when, what comes next.
    #[test]
    fn every_letter_about_a_dossier_has_the_fixed_block() {
        let of_citizens = MESSAGES.iter().filter(|message| message.reader == Reader::Citizen);
        let has = |message: &Message, name: &str| {
            message.fields.iter().flat_map(|group| *group).any(|field| field.name == name)
        };
        let about: Vec<&Message> = of_citizens.filter(|message| has(message, "stato_dal")).collect();
        assert!(about.len() > 15, "{}", about.len());
        for message in about {
            let has = |name: &str| has(message, name);
            let ends = END.iter().all(|field| has(field.name)) || has("termine_giorni") && has("data_fine");
            assert!(ends && has("prossimo_passo") && has("contatto") && has("responsabile"), "{}", message.name);
        }
    }
}

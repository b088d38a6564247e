//! What the service writes: templates checked at load, and letters that hold all the law wants or are not written.
//!
//! [`load`] reads `templates/<language>/*.hbs` and refuses, with file and line, a template that names an unknown field, leaves
//! out a mandatory one (`catalogue`) or could ever fail: each is rendered with the fewest values and with values at
//! every bound. After that [`Templates::render`] fails only if the program gives too few facts. What citizens wrote
//! comes in as values only: it is cleaned, bounded, and never read as a template.
//!
//! Reading order: [`catalogue`] (the messages and their facts), `lint` (what a template must show), `values` and
//! `clean` (facts to strings), `wrap`, `readable`; `engine` alone names handlebars.

pub mod catalogue;
mod clean;
mod dates;
mod engine;
#[cfg(test)]
mod letter_tests;
mod lint;
mod readable;
pub mod reader;
#[cfg(test)]
mod tests;
mod values;
mod wrap;

pub(crate) use values::{mailto, percent};

use crate::language::Language;
use crate::rules::Problem;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use aws_lc_rs::digest;
use catalogue::{MESSAGES, Message, Reader};
pub use clean::is_invisible;
use core::fmt;
pub(crate) use dates::day_in;
pub use dates::instant_in as instant;
use engine::{Engine, Fault};
use serde_json::Value;
pub use wrap::{WIDTH, has_label};

/// Largest template file, bytes.
pub const TEMPLATE_MAX: usize = 16 * 1024;

/// Longest letter, bytes.
pub const LETTER_MAX: usize = 256 * 1024;

/// Longest subject, characters. Longer ones are hidden by mail programs, and the reference must be seen.
pub const SUBJECT_MAX: usize = 250;

/// Most template files.
pub const TEMPLATES_MAX: usize = 200;

/// A template file as read from disk.
#[derive(Debug, Clone)]
pub struct TemplateFile {
    /// Path under `templates/`: `it/presa-in-carico.hbs`.
    pub name: String,
    /// The whole file.
    pub text: String,
}

/// A letter, ready to be sent: plain text, line ends are `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, not encoded.
    pub subject: String,
    /// Lines of at most [`wrap::WIDTH`] characters, but for web addresses.
    pub text: String,
}

/// Why a letter could not be written: always the program's or the configuration's fault, never the message's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenderTrouble {
    /// No template has this name.
    Unknown {
        /// The name asked for.
        template: String,
    },
    /// Facts that are absent, empty, or of the wrong form; `a | b` when one of several was needed.
    Missing {
        /// The message.
        template: String,
        /// The fields.
        fields: Vec<String>,
    },
    /// The engine refused what [`load`] had accepted.
    Engine {
        /// The message.
        template: String,
        /// Its words.
        detail: String,
    },
}

impl fmt::Display for RenderTrouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { template } => write!(out, "modello `{template}` sconosciuto"),
            Self::Missing { template, fields } => {
                write!(out, "modello `{template}`: mancano o sono scritti male: {}", fields.join(", "))
            }
            Self::Engine { template, detail } => write!(out, "modello `{template}`: {detail}"),
        }
    }
}

impl core::error::Error for RenderTrouble {}

/// The templates in force.
#[derive(Debug)]
pub struct Templates {
    engine: Engine,
    messages: BTreeMap<(Language, String), &'static Message>,
    digest: String,
}

/// Compiles and checks every template, or gives all the mistakes at once. Every message of the catalogue needs its file.
///
/// # Errors
/// The mistakes, in the order of files and lines; none of them is a warning ([`Templates::check`] gives those).
pub fn load(files: &[TemplateFile]) -> Result<Templates, Vec<Problem>> {
    let mut files: Vec<&TemplateFile> = files.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut problems = Vec::new();
    if files.len() > TEMPLATES_MAX {
        let text = format!("più di {TEMPLATES_MAX} modelli");
        return Err([Problem { file: "templates".into(), line: None, text, warning: false }].into());
    }
    let mut templates = Templates::none(digest_of(&files));
    for file in &files {
        problems.extend(templates.add(file));
    }
    for message in MESSAGES {
        let name = format!("it/{}.hbs", message.name);
        if !files.iter().any(|file| file.name == name) {
            let text = format!("manca il modello {}", message.purpose);
            problems.push(Problem { file: name, line: None, text, warning: false });
        }
    }
    if problems.is_empty() { Ok(templates) } else { Err(problems) }
}

impl Templates {
    fn none(digest: String) -> Self {
        Self { engine: Engine::new(), messages: BTreeMap::new(), digest }
    }

    /// The names that `render` knows: `presa-in-carico`, and variants such as `presa-in-carico.tributi`. They are those of the
    /// Italian templates: every letter exists in Italian.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.letters().filter(|(language, _)| language.is_italian()).map(|(_, name)| name).collect()
    }

    /// Every template: its language, its name.
    pub fn letters(&self) -> impl Iterator<Item = (Language, &str)> {
        self.messages.keys().map(|(language, name)| (*language, name.as_str()))
    }

    /// The language in which a letter can be written: this one, or Italian.
    #[must_use]
    pub fn language(&self, name: &str, wanted: Language) -> Language {
        if self.messages.contains_key(&(wanted, name.to_string())) { wanted } else { Language::It }
    }

    /// The template of a letter for this reader: the variant that is written for such readers, in this language, or the letter's own.
    #[must_use]
    pub fn for_reader(&self, name: &str, language: Language, reader: Option<reader::Kind>) -> String {
        let variant = reader.map(|kind| format!("{name}.{}", kind.word()));
        variant.filter(|name| self.messages.contains_key(&(language, name.clone()))).unwrap_or_else(|| name.to_string())
    }

    /// SHA-256 of all the files, hex: it names this set of templates in the journal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Values that fill the fields of a message, as the administrator's preview shows it: all of them, or the fewest.
    #[must_use]
    pub fn sample(&self, name: &str, language: Language, extent: Extent) -> Option<Value> {
        let message = self.messages.get(&(language, name.to_string()))?;
        Some(values::sample(message, language, extent))
    }

    /// Writes one letter. Values that the message does not know are ignored, so one set of facts serves several messages.
    ///
    /// # Errors
    /// A mandatory fact is absent or of the wrong form: the letter is not written at all.
    pub fn render(&self, name: &str, language: Language, given: &Value) -> Result<Rendered, RenderTrouble> {
        let message = self.messages.get(&(language, name.to_string()));
        let message = message.ok_or_else(|| RenderTrouble::Unknown { template: name.to_string() })?;
        let prepared = values::prepare(message, language, given)?;
        self.write(name, language, &prepared)
            .map_err(|detail| RenderTrouble::Engine { template: name.to_string(), detail })
    }

    /// What deserves a second look but does not stop the service: letters to citizens that are hard to read. Only Italian has an
    /// index that was made for it.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let hard = |((language, name), message): (&(Language, String), &&'static Message)| {
            if message.reader != Reader::Citizen || !language.is_italian() {
                return None;
            }
            let letter = self.render(name, *language, &values::sample(message, *language, Extent::Full)).ok()?;
            let index = readable::gulpease(&letter.text).filter(|index| *index < readable::GULPEASE_MIN)?;
            let text = format!(
                "testo difficile: indice Gulpease {index}, ne servono {}: frasi più brevi, parole più comuni",
                readable::GULPEASE_MIN
            );
            Some(Problem { file: format!("it/{name}.hbs"), line: None, text, warning: true })
        };
        self.messages.iter().filter_map(hard).collect()
    }

    fn write(&self, name: &str, language: Language, prepared: &Value) -> Result<Rendered, String> {
        let key = body_key(name, language);
        let subject = self.engine.render(&subject_key(name, language), &values::for_subject(prepared))?;
        let text = wrap::wrap(&self.engine.render(&key, prepared)?);
        // Cleaned again, because fixed text may hold a line end between two parts of a condition.
        let subject = clean::line(&subject, usize::MAX);
        if text.len() > LETTER_MAX {
            return Err(format!("la lettera supera {} KiB", LETTER_MAX / 1024));
        }
        if subject.chars().count() > SUBJECT_MAX {
            return Err(format!("l'oggetto supera {SUBJECT_MAX} caratteri"));
        }
        Ok(Rendered { subject, text })
    }

    /// Takes in one file; what it gives back is wrong with it.
    fn add(&mut self, file: &TemplateFile) -> Vec<Problem> {
        let problem = |Fault { line, text }| {
            let line = (line > 0).then_some(line);
            Problem { file: file.name.clone(), line, text, warning: false }
        };
        self.read(file).into_iter().map(problem).collect()
    }

    fn read(&mut self, file: &TemplateFile) -> Vec<Fault> {
        let refuse = |line: usize, text: String| Vec::from([Fault { line, text }]);
        let place = file.name.strip_suffix(".hbs").and_then(|name| name.split_once('/'));
        let place = place.and_then(|(folder, name)| Some((Language::of_tag(folder)?, name)));
        let Some((language, name)) = place.filter(|(_, name)| !name.contains(['/', '\\'])) else {
            return refuse(0, "un modello sta in templates/it/, de/ o en/ e finisce con .hbs".to_string());
        };
        let Some(message) = catalogue::message(name) else {
            let known: Vec<&str> = MESSAGES.iter().map(|message| message.name).collect();
            let near = crate::nearest::nearest(name, &known).map_or(String::new(), |near| format!("forse `{near}`? "));
            return refuse(0, format!("modello `{name}` sconosciuto: {near}i modelli sono {}", known.join(", ")));
        };
        if let Some(text) = reader::slip(name) {
            return refuse(0, text);
        }
        if reader::Kind::of_template(name).is_some() && message.reader == Reader::Office {
            return refuse(0, "questa lettera va a un ufficio dell'ente: non ha varianti per chi scrive".to_string());
        }
        if !catalogue::words::can_be_in(message, language) {
            let title = language.title();
            return refuse(
                0,
                format!(
                    "in {title} questa lettera non si può ancora scrivere: molte sue parole ci sono solo in italiano"
                ),
            );
        }
        if file.text.len() > TEMPLATE_MAX {
            return refuse(0, format!("il modello supera {} KiB", TEMPLATE_MAX / 1024));
        }
        // Windows editors open a file with an invisible mark.
        let source = file.text.trim_start_matches('\u{feff}');
        let Some((subject, body, body_line)) = parts(source, language) else {
            let first = subject_word(language);
            return refuse(1, format!("la prima riga è `{first} …`, la seconda è vuota, poi il testo"));
        };
        let (subject_key, body_key) = (subject_key(name, language), body_key(name, language));
        let compiled = (self.engine.add(&subject_key, subject), self.engine.add(&body_key, body));
        let (subject, body) = match compiled {
            (Ok(subject), Ok(body)) => (subject, body),
            (subject, body) => {
                let mut faults: Vec<Fault> = subject.err().into_iter().collect();
                faults.extend(body.err().map(|fault| Fault { line: fault.line + body_line - 1, ..fault }));
                return faults;
            }
        };
        let faults = lint::lint(message, language, &subject, &body, body_line);
        if !faults.is_empty() {
            return faults;
        }
        // The proof that no case can stop this letter: the fewest values, and all of them at their bounds.
        for least in [true, false] {
            let written = values::prepare(message, language, &values::extreme(message, least))
                .map_err(|trouble| trouble.to_string())
                .and_then(|prepared| self.write(name, language, &prepared));
            if let Err(text) = written {
                return refuse(body_line, text);
            }
        }
        self.messages.insert((language, name.to_string()), message);
        Vec::new()
    }
}

/// How much of what a message may carry is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every fact, but one of those that exclude one another.
    Full,
    /// Only what is never absent.
    Least,
}

fn body_key(name: &str, language: Language) -> String {
    format!("{}/{name}", language.tag())
}

fn subject_key(name: &str, language: Language) -> String {
    format!("{}#oggetto", body_key(name, language))
}

/// What opens the first line of a template.
fn subject_word(language: Language) -> &'static str {
    match language {
        Language::It => "Oggetto:",
        Language::De => "Betreff:",
        Language::En => "Subject:",
    }
}

/// Subject, text, and the line where the text begins.
fn parts(file: &str, language: Language) -> Option<(&str, &str, usize)> {
    let (first, rest) = file.split_once('\n')?;
    let subject = first.trim_end().strip_prefix(subject_word(language))?.trim_start();
    let (second, body) = rest.split_once('\n')?;
    (!subject.is_empty() && second.trim().is_empty() && !body.trim().is_empty()).then_some((subject, body, 3))
}

fn digest_of(files: &[&TemplateFile]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for file in files {
        // Lengths first: moving a letter from one file to the next changes the digest.
        for part in [&file.name, &file.text] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

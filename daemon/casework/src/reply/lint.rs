//! Does a template show what its message must, and only what its message has? Changes when a demand on templates does.

use super::catalogue::words;
use super::catalogue::{Field, Kind, Message, Need};
use super::engine::{Block, Fault, Node};
use crate::language::Language;
use crate::nearest;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Every fault of one template, with the line of the file where it is, or where the text begins.
pub(super) fn lint(
    message: &'static Message,
    language: Language,
    subject: &[Node],
    body: &[Node],
    body_line: usize,
) -> Vec<Fault> {
    let mut in_subject = Reading::new(message, 1, true);
    in_subject.walk(subject, &mut Vec::new());
    let mut in_body = Reading::new(message, body_line, false);
    in_body.walk(body, &mut Vec::new());

    let mut faults = core::mem::take(&mut in_subject.faults);
    faults.append(&mut in_body.faults);
    for field in message.fields() {
        let name = field.name;
        let missing = match field.need {
            Need::Subject if !in_subject.always(name) => {
                format!("l'oggetto deve contenere {{{{{name}}}}}: {}", field.meaning)
            }
            Need::Always if !in_body.always(name) && !in_subject.always(name) => {
                format!("manca {{{{{name}}}}} ({}): deve comparire sempre, fuori da ogni {{{{#if}}}}", field.meaning)
            }
            Need::OneOf(_) | Need::IfGiven if !in_body.when_given(name) => format!(
                "manca {{{{{name}}}}} ({}): va dentro {{{{#{} {name}}}}}, senza altre condizioni",
                field.meaning,
                if field.is_list() { "each" } else { "if" }
            ),
            _ => continue,
        };
        faults.push(Fault { line: if field.need == Need::Subject { 1 } else { body_line }, text: missing });
    }
    let said = in_body.said.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    for phrase in message.must_say {
        let text = match words::must_say(phrase, language) {
            Some(wanted) if said.contains(wanted) => continue,
            Some(wanted) => format!("manca «{wanted}» nel testo ({})", phrase.why),
            None => format!("in {} questa lettera non si può ancora scrivere: {}", language.title(), phrase.why),
        };
        faults.push(Fault { line: body_line, text });
    }
    faults
}

/// One pass over the subject or the body.
struct Reading {
    message: &'static Message,
    /// Added to a node's line, less one.
    first_line: usize,
    is_subject: bool,
    faults: Vec<Fault>,
    /// The fields of the case that are shown, each with the conditions it stands under.
    shown: Vec<(&'static str, Vec<Guard>)>,
    /// All fixed text.
    said: String,
}

/// A condition on the way to a field: the field it asks about, and whether it must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Guard {
    field: &'static str,
    depth: usize,
    given: bool,
}

/// Where the reading stands: the lists it is inside, and the conditions it is under.
type Path = Vec<Step>;

#[derive(Debug, Clone, Copy)]
enum Step {
    Condition(Guard),
    List(&'static Field),
}

/// What a name between braces stands for.
enum Meaning {
    /// A field, and how many lists it is inside.
    Field(&'static Field, usize),
    /// `{{this}}` in a list of lines.
    Entry,
    /// `{{@first}}`, `{{@last}}`, `{{@index}}`.
    Position,
    Unknown,
}

impl Reading {
    fn new(message: &'static Message, first_line: usize, is_subject: bool) -> Self {
        Self { message, first_line, is_subject, faults: Vec::new(), shown: Vec::new(), said: String::new() }
    }

    fn walk(&mut self, nodes: &[Node], path: &mut Path) {
        for node in nodes {
            match node {
                Node::Text(text) => {
                    self.said.push_str(text);
                    self.said.push(' ');
                }
                Node::Show { path: name, line } => self.show(name, *line, path),
                Node::Block { kind, path: name, line, body, otherwise } => {
                    self.block(*kind, name, *line, body, otherwise, path);
                }
            }
        }
    }

    fn show(&mut self, name: &str, line: usize, path: &mut Path) {
        match self.resolve(name, path) {
            Meaning::Unknown => self.unknown(name, line, path),
            Meaning::Position => {}
            Meaning::Entry => self.note_list(path),
            Meaning::Field(field, depth) => {
                let name = field.name;
                if field.is_list() {
                    self.fault(line, format!("`{name}` è un elenco: usa {{{{#each {name}}}}}"));
                } else if matches!(field.kind, Kind::Flag) {
                    self.fault(line, format!("`{name}` è una condizione: usa {{{{#if {name}}}}}"));
                } else if self.is_subject
                    && !matches!(field.kind, Kind::Line | Kind::Number | Kind::Date | Kind::Instant)
                {
                    self.fault(line, format!("`{name}` non può stare nell'oggetto"));
                } else if field.may_be_absent() && !guards(path).any(|g| g.given && g.field == name && g.depth == depth)
                {
                    self.fault(line, format!("`{name}` può mancare: va dentro {{{{#if {name}}}}}"));
                }
                if depth == 0 {
                    self.shown.push((name, guards(path).collect()));
                } else {
                    self.note_list(path);
                }
            }
        }
    }

    /// Showing an entry shows its list.
    fn note_list(&mut self, path: &Path) {
        let Some(at) = path.iter().position(|step| matches!(step, Step::List(_))) else {
            return;
        };
        if let (Some(Step::List(list)), Some(before)) = (path.get(at), path.get(..at)) {
            self.shown.push((list.name, guards(before).collect()));
        }
    }

    fn block(&mut self, kind: Block, name: &str, line: usize, body: &[Node], otherwise: &[Node], path: &mut Path) {
        let meaning = self.resolve(name, path);
        let (body_step, else_step) = match (kind, meaning) {
            (_, Meaning::Unknown) => return self.unknown(name, line, path),
            (Block::Each, Meaning::Field(list, 0)) if list.is_list() => {
                // A list has no condition of its own: when it is empty, nothing is shown.
                let absent = Guard { field: list.name, depth: 0, given: false };
                (Step::List(list), Step::Condition(absent))
            }
            (Block::Each, _) => {
                return self.fault(line, format!("`{name}` non è un elenco: {{{{#each}}}} non serve"));
            }
            (_, Meaning::Field(field, depth)) => {
                let given = kind == Block::If;
                let guard = Guard { field: field.name, depth, given };
                (Step::Condition(guard), Step::Condition(Guard { given: !given, ..guard }))
            }
            // `{{#unless @last}}, {{/unless}}`: what depends on the position is not about the case.
            (_, Meaning::Position | Meaning::Entry) => {
                self.walk(body, path);
                return self.walk(otherwise, path);
            }
        };
        path.push(body_step);
        self.walk(body, path);
        path.pop();
        if let Step::List(list) = body_step {
            self.whole_entry(list, body, line);
        }
        path.push(else_step);
        self.walk(otherwise, path);
        path.pop();
    }

    /// An entry must be shown with all that belongs to it: a file's name without what became of it says too little.
    fn whole_entry(&mut self, list: &'static Field, body: &[Node], line: usize) {
        let missing = match list.kind {
            Kind::Items(fields) => fields.iter().map(|f| f.name).find(|name| !shows(body, name)),
            _ => (!shows(body, "this")).then_some("this"),
        };
        if let Some(name) = missing {
            self.fault(line, format!("dentro {{{{#each {}}}}} manca {{{{{name}}}}}", list.name));
        }
    }

    fn resolve(&self, name: &str, path: &Path) -> Meaning {
        let lists: Vec<&'static Field> = path
            .iter()
            .filter_map(|step| match step {
                Step::List(list) => Some(*list),
                Step::Condition(_) => None,
            })
            .collect();
        let Some(list) = lists.last() else {
            return self.of_case(name);
        };
        if let Some(outer) = name.strip_prefix("../") {
            return if lists.len() == 1 { self.of_case(outer) } else { Meaning::Unknown };
        }
        match (name, list.kind) {
            ("@first" | "@last" | "@index", _) => Meaning::Position,
            ("this", Kind::Lines) => Meaning::Entry,
            (_, Kind::Items(fields)) => {
                let name = name.strip_prefix("this.").unwrap_or(name);
                fields.iter().find(|f| f.name == name).map_or(Meaning::Unknown, |f| Meaning::Field(f, lists.len()))
            }
            _ => Meaning::Unknown,
        }
    }

    fn of_case(&self, name: &str) -> Meaning {
        self.message.fields().find(|f| f.name == name).map_or(Meaning::Unknown, |f| Meaning::Field(f, 0))
    }

    fn unknown(&mut self, name: &str, line: usize, path: &Path) {
        let in_list = path.iter().rev().find_map(|step| match step {
            Step::List(list) => Some(*list),
            Step::Condition(_) => None,
        });
        let known: Vec<&str> = match in_list.map(|list| list.kind) {
            Some(Kind::Items(fields)) => fields.iter().map(|f| f.name).collect(),
            Some(_) => ["this"].to_vec(),
            None => self.message.fields().map(|f| f.name).collect(),
        };
        let advice = nearest::nearest(name, &known)
            .map_or_else(|| format!("i campi sono: {}", known.join(", ")), |near| format!("forse `{near}`?"));
        let place = in_list.map_or(String::new(), |list| format!(" nell'elenco `{}`", list.name));
        self.fault(line, format!("campo `{name}` sconosciuto{place}: {advice}"));
    }

    fn fault(&mut self, line: usize, text: String) {
        self.faults.push(Fault { line: (self.first_line + line).saturating_sub(1), text });
    }

    /// Shown under no condition.
    fn always(&self, name: &str) -> bool {
        self.shown.iter().any(|(shown, guards)| *shown == name && guards.is_empty())
    }

    /// Shown whenever it is given: under no condition but that one.
    fn when_given(&self, name: &str) -> bool {
        let own = |g: &Guard| g.given && g.field == name && g.depth == 0;
        self.shown.iter().any(|(shown, guards)| *shown == name && guards.iter().all(own))
    }
}

/// Whether a part of a template shows a field; what may be missing is shown within its own condition.
fn shows(body: &[Node], wanted: &str) -> bool {
    let is_it = |path: &str| path.strip_prefix("this.").unwrap_or(path) == wanted;
    body.iter().any(|node| match node {
        Node::Show { path, .. } => is_it(path),
        Node::Block { path, body, .. } => is_it(path) && shows(body, wanted),
        _ => false,
    })
}

fn guards(path: &[Step]) -> impl Iterator<Item = Guard> {
    path.iter().filter_map(|step| match step {
        Step::Condition(guard) => Some(*guard),
        Step::List(_) => None,
    })
}

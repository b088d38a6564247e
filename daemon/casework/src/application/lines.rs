//! The lines of a form that is filled in by mail: what each asks, and how a line that somebody has written is read (functions
//! S3.04). It changes when a section asks something else, or people fill a form in otherwise.
//!
//! A mail client breaks lines, joins them, quotes them and drops accents; people leave labels out, or write them their own way. What
//! can be read is read; what cannot is asked for by its label, and nothing is guessed.

use crate::data_change::fields::compact;
use crate::nearest::nearest;
use crate::person::id;
use crate::procedure::{Procedure, Section};
use crate::rules::checksum::iban_ok;
use crate::rules::normal::Normal;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Lines looked at: a form has some twenty, and a long signature follows.
const READ_LINES_MAX: usize = 300;
/// Longest line that is read, bytes; its rest is not.
pub(super) const READ_BYTES_MAX: usize = 2_000;
/// Longest value, bytes.
const VALUE_BYTES_MAX: usize = 400;
/// Fewest letters of a label that may be written with a mistake.
const FUZZY_CHARS_MIN: usize = 5;

/// Whether a form may come back without a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The office cannot work without it.
    Must,
    /// Who has it writes it.
    May,
}

/// What is right for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Anything.
    Text,
    /// A codice fiscale, or the partita IVA of who has none.
    Code,
    /// An IBAN.
    Iban,
}

/// One line of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// Its name: the extractor's, where the rules read the same datum.
    pub(super) name: &'static str,
    /// What stands before the colon.
    pub(super) label: &'static str,
    /// How else people write the label, as [`Normal`] writes it.
    also: &'static [&'static str],
    pub(super) need: Need,
    check: Check,
}

const fn line(name: &'static str, label: &'static str, also: &'static [&'static str], need: Need) -> Line {
    Line { name, label, also, need, check: Check::Text }
}

/// The line for the name of who asks.
pub(crate) const NAME: &str = "nome";
/// The line for the code of who asks.
pub(crate) const CODE: &str = "codice_fiscale";

const WHO: Line = line(
    NAME,
    "Nome e cognome",
    &[
        "nome",
        "cognome e nome",
        "nominativo",
        "io sottoscritto",
        "io sottoscritta",
        "il sottoscritto",
        "la sottoscritta",
        "richiedente",
    ],
    Need::Must,
);
const WHOSE: Line = Line {
    check: Check::Code,
    ..line(
        CODE,
        "Codice fiscale",
        &["cf", "c f", "cod fisc", "cod fiscale", "codice fiscale del richiedente", "codice fiscale richiedente"],
        Need::Must,
    )
};
const PHONE: Line =
    line("telefono", "Telefono (se vuoi)", &["tel", "cell", "cellulare", "recapito", "numero di telefono"], Need::May);
const FOR_WHOM: Line = line(
    "delega",
    "Se chiedi per un'altra persona, il suo nome",
    &["per conto di", "delegante", "delega di", "chiedo per"],
    Need::May,
);
const BENEFICIARY: Line = line(
    "beneficiario",
    "Nome di chi riceve il servizio",
    &[
        "beneficiario",
        "bambino",
        "bambina",
        "figlio",
        "figlia",
        "minore",
        "alunno",
        "alunna",
        "nome del bambino",
        "nome della bambina",
        "nome del figlio",
        "nome della figlia",
        "nome del beneficiario",
    ],
    Need::Must,
);
const BENEFICIARY_CODE: Line = Line {
    check: Check::Code,
    ..line(
        "beneficiario_codice_fiscale",
        "Codice fiscale di chi riceve il servizio",
        &[
            "codice fiscale del bambino",
            "codice fiscale della bambina",
            "codice fiscale del figlio",
            "codice fiscale della figlia",
            "codice fiscale del minore",
            "codice fiscale del beneficiario",
            "codice fiscale beneficiario",
            "cf del bambino",
            "cf beneficiario",
        ],
        Need::Must,
    )
};
const OTHERS: Line =
    line("altre_persone", "Altre persone interessate (se ci sono)", &["altre persone", "familiari"], Need::May);
const BUSINESS: Line = line(
    "impresa",
    "Impresa e partita Iva (se chiedi per un'impresa)",
    &["impresa", "ditta", "societa", "azienda"],
    Need::May,
);
const MEANS: Line =
    line("isee", "Isee, valore e data (se lo hai)", &["isee", "valore isee", "attestazione isee"], Need::May);
const ACCOUNT: Line = Line {
    check: Check::Iban,
    ..line("iban", "Iban", &["codice iban", "conto corrente", "conto", "coordinate bancarie"], Need::Must)
};
const PLATE: Line = line("targa", "Targa", &["targa del veicolo", "numero di targa", "veicolo", "auto"], Need::Must);
const PLACE: Line = line(
    "indirizzo",
    "Indirizzo (della casa o dell'immobile)",
    &[
        "indirizzo",
        "nuovo indirizzo",
        "indirizzo nuovo",
        "abitazione",
        "immobile",
        "via",
        "residenza",
        "nuova residenza",
    ],
    Need::Must,
);
const WISHES: Line = line("preferenze", "Preferenze (se ne hai)", &["preferenza", "scelte"], Need::May);
const DECLARED: Line = line(
    "dichiarazione",
    "Ho quello che serve per chiederlo (sì o no)",
    &[
        "ho i requisiti",
        "ho i requisiti del servizio",
        "ho quello che serve",
        "requisiti",
        "dichiaro di avere i requisiti",
        "dichiaro",
    ],
    Need::Must,
);
const MORE: Line = line(
    "richiesta",
    "Che cosa chiedi (con i dati che servono)",
    &["altro", "note", "richiesta", "che cosa chiedi", "messaggio"],
    Need::May,
);

/// The lines of the form of a service: of who asks, then of its sections, in the order of its file.
pub(super) fn of(procedure: &Procedure) -> Vec<Line> {
    let own: &[Line] = &[WHO, WHOSE, PHONE];
    let asked = procedure.sections.iter().filter(|section| **section != Section::Richiedente);
    let asked = asked.flat_map(|section| of_section(*section).iter());
    own.iter().chain(asked).chain([&MORE]).copied().collect()
}

fn of_section(section: Section) -> &'static [Line] {
    match section {
        Section::Richiedente => &[],
        Section::Delega => &[FOR_WHOM],
        Section::Beneficiario => &[BENEFICIARY, BENEFICIARY_CODE],
        Section::AltraPersona => &[OTHERS],
        Section::Impresa => &[BUSINESS],
        Section::Isee => &[MEANS],
        Section::Conto => &[ACCOUNT],
        Section::Veicolo => &[PLATE],
        Section::Immobile => &[PLACE],
        Section::Preferenze => &[WISHES],
        Section::Dichiarazioni => &[DECLARED],
    }
}

/// What people read for a line of this name; `None`: no form has one.
pub(super) fn label(name: &str) -> Option<&'static str> {
    all().find(|line| line.name == name).map(|line| bare(line.label))
}

/// The name of the line of which people read this label.
pub(super) fn name(label: &str) -> Option<&'static str> {
    all().find(|line| bare(line.label) == label).map(|line| line.name)
}

/// The lines of every form.
fn all() -> impl Iterator<Item = &'static Line> {
    let sections = Section::ALL.iter().flat_map(|(_, section)| of_section(*section));
    sections.chain([&WHO, &WHOSE, &PHONE, &MORE])
}

/// A label without what stands in brackets.
pub(super) fn bare(label: &str) -> &str {
    label.split_once('(').map_or(label, |(label, _)| label).trim_end()
}

impl Line {
    /// The value as it is kept, or what is wrong with it.
    pub(super) fn judge(&self, value: &str) -> Result<String, String> {
        match self.check {
            Check::Text => Ok(value.to_string()),
            Check::Code => id::codice_fiscale(value).map_err(|why| why.text),
            Check::Iban => {
                let iban = compact(value);
                if iban_ok(&iban) { Ok(iban) } else { Err("le cifre di controllo non tornano".to_string()) }
            }
        }
    }
}

/// What a text says, line by line of the form; and how many words of it belong to no line.
pub(super) struct Filled {
    /// As many as the form has: the value of each, empty where none is written.
    pub(super) values: Vec<String>,
    /// Words beside.
    pub(super) beside: usize,
}

/// Whose text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// The writer's.
    Own,
    /// Quoted: the words of our own letter stand around the form.
    Quoted,
}

/// Reads a text. A line may be marked as quoted, be an item of a list, stand on one line with others, or have its value below it.
pub(super) fn read(text: &str, whose: Text, form: &[Line]) -> Filled {
    let mut filled = Filled { values: form.iter().map(|_| String::new()).collect(), beside: 0 };
    // The label whose value may stand on the next line.
    let mut open: Option<usize> = None;
    for line in text.lines().take(READ_LINES_MAX) {
        let line = unmarked(line.get(..line.floor_char_boundary(READ_BYTES_MAX)).unwrap_or(line));
        if line.is_empty() {
            continue;
        }
        let parts = parts(line, form);
        if parts.is_empty() {
            match open.take() {
                Some(at) => keep(&mut filled.values, at, line),
                None => filled.beside = filled.beside.saturating_add(Normal::of(line).words().len()),
            }
            continue;
        }
        open = None;
        for (at, value) in parts {
            open = (whose == Text::Own && is_blank(value)).then_some(at);
            keep(&mut filled.values, at, value);
        }
    }
    filled
}

/// The first value that is written counts.
fn keep(values: &mut [String], at: usize, value: &str) {
    let Some(kept) = values.get_mut(at).filter(|kept| kept.is_empty()) else { return };
    if !is_blank(value) {
        let value = value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_'));
        *kept = value.get(..value.floor_char_boundary(VALUE_BYTES_MAX)).unwrap_or(value).to_string();
    }
}

/// Nothing but what marks a place to write in.
fn is_blank(value: &str) -> bool {
    value.chars().all(|c| c.is_whitespace() || matches!(c, '_' | '.' | '…' | '-' | '–' | '*' | '[' | ']' | '|'))
}

/// A line without the marks of quotations and of lists.
fn unmarked(line: &str) -> &str {
    let line =
        line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '|' | '-' | '–' | '*' | '•' | '·'));
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let after = number.strip_prefix(['.', ')']).filter(|_| number.len() < line.len());
    after.unwrap_or(line).trim()
}

/// The labels on one line, each with what follows it up to the next.
fn parts<'t>(line: &'t str, form: &[Line]) -> Vec<(usize, &'t str)> {
    let mut found: Vec<(usize, usize, usize)> = Vec::new(); // of the form; where its label begins; where its value does
    let mut from = 0;
    for (at, _) in line.match_indices([':', '=']) {
        let left = line.get(from..at).unwrap_or_default();
        if let Some((of, begins)) = ends_with_label(left, form, found.is_empty()) {
            found.push((of, from + begins, at + 1));
        }
        from = at + 1;
    }
    if found.is_empty() {
        return without_colon(line, form).into_iter().collect();
    }
    let ends: Vec<usize> = found.iter().skip(1).map(|(_, begins, _)| *begins).chain([line.len()]).collect();
    found.iter().zip(ends).map(|((of, _, value), end)| (*of, line.get(*value..end).unwrap_or_default())).collect()
}

/// The label that stands right before a colon, and where it begins. Where it is the whole of a line, mistakes are forgiven.
fn ends_with_label(left: &str, form: &[Line], is_first: bool) -> Option<(usize, usize)> {
    let normal = Normal::of(bare_brackets(left));
    let words: Vec<&str> = normal.words().collect();
    let whole = words.join(" ");
    let names = names(form);
    if let Some((of, _)) = names.iter().find(|(_, name)| *name == whole) {
        return Some((*of, 0));
    }
    if is_first && whole.chars().count() >= FUZZY_CHARS_MIN {
        let known: Vec<&str> = names
            .iter()
            .map(|(_, name)| name.as_str())
            .filter(|name| name.chars().count() >= FUZZY_CHARS_MIN)
            .collect();
        let near = nearest(&whole, &known);
        if let Some((of, _)) = near.and_then(|near| names.iter().find(|(_, name)| name == near)) {
            return Some((*of, 0));
        }
    }
    let mut best: Option<(usize, usize, usize)> = None; // words; of the form; where
    for (of, name) in &names {
        let wanted: Vec<&str> = name.split(' ').collect();
        let fits = words.len() > wanted.len() && words.ends_with(&wanted);
        if fits && best.is_none_or(|(most, ..)| wanted.len() > most) {
            let begins = normal.source(words.len() - wanted.len()..words.len())?.start;
            best = Some((wanted.len(), *of, begins));
        }
    }
    best.map(|(_, of, begins)| (of, begins))
}

/// A label at the beginning of a line, whose colon was forgotten.
fn without_colon<'t>(line: &'t str, form: &[Line]) -> Option<(usize, &'t str)> {
    let normal = Normal::of(line);
    let words: Vec<&str> = normal.words().collect();
    let mut best: Option<(usize, usize)> = None;
    for (of, name) in names(form) {
        let wanted: Vec<&str> = name.split(' ').collect();
        if words.starts_with(&wanted) && best.is_none_or(|(most, _)| wanted.len() > most) {
            best = Some((wanted.len(), of));
        }
    }
    let (length, of) = best?;
    let end = normal.source(0..length)?.end;
    let value = line.get(end..).unwrap_or_default().trim_start_matches([')', ' ', '\t', '-', '–']);
    // «Via Po 1» is a value by itself, and «richiesta di …» a sentence: a label of one common word wants its colon.
    let is_sure = length > 1 || matches!(form.get(of)?.name, "codice_fiscale" | "iban" | "targa" | "telefono");
    (is_sure || is_blank(value)).then_some((of, value))
}

/// Every way in which a label of this form is written, as [`Normal`] writes it.
fn names(form: &[Line]) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for (of, line) in form.iter().enumerate() {
        names.push((of, Normal::of(bare(line.label)).text().to_string()));
        names.extend(line.also.iter().map(|also| (of, (*also).to_string())));
    }
    names
}

/// The words of a label, without what stands in brackets after it.
fn bare_brackets(left: &str) -> &str {
    match left.rsplit_once('(') {
        Some((before, inside)) if inside.trim_end().ends_with(')') => before,
        _ => left,
    }
}

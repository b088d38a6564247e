//! A procedure file: from the tree to a draft. Mistakes that show without looking at anything else are reported here. It changes
//! when a file can say another thing.

use super::archetype::{Archetype, Module, Section};
use super::model::{Applicant, Attestation, Notice, Participation, Procedure, Responsible, Silence, Stamp, ThirdBody};
use super::read_parts::{card, documents, externals, fees, grants, rates, term, validity, window};
use super::read_state::{default_states, steps};
use crate::dossier::State;
use crate::rules::Kind;
use crate::rules::form::{Form, Written};
use crate::rules::problem::{Problems, Spot};
use crate::rules::read::{ID_BYTES_MAX, is_id};
use crate::rules::syntax::{Entry, Node, Value};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The only format there is.
const FORMAT: i64 = 1;
/// Related services on a card: more are a menu (functions.md S3.39, design of the services of a Comune).
const RELATED_MAX: usize = 3;
/// Exemptions of ANPR's table, besides 99 (law.md §8).
const EXEMPTION_MAX: u32 = 10;

const KEYS: [&str; 39] = [
    "format",
    "id",
    "titolo",
    "titolo_de",
    "titolo_en",
    "versione",
    "archetipo",
    "predefinito",
    "apre",
    "tipo",
    "a_mano",
    "termine",
    "silenzio",
    "attestazione",
    "partecipazione",
    "preavviso",
    "preavviso_norma",
    "parere",
    "unita",
    "responsabile",
    "altre_unita",
    "ente",
    "chi",
    "stati",
    "stato",
    "richiedenti",
    "requisiti",
    "documenti",
    "bollo",
    "costi",
    "collegati",
    "scheda",
    "moduli",
    "sezioni",
    "informativa",
    "graduatoria",
    "validita",
    "rate",
    "ricorsi",
];

/// A procedure, well formed but not yet compared with anything, and where its parts were written.
pub(super) struct Draft {
    pub(super) procedure: Procedure,
    pub(super) file: usize,
    spots: BTreeMap<String, Spot>,
}

impl Draft {
    /// Where a part was written, or else the file.
    pub(super) fn at(&self, part: &str) -> Spot {
        self.spots.get(part).copied().unwrap_or(Spot { file: self.file, line: 0 })
    }

    /// Where one entry of a part was written.
    pub(super) fn at_entry(&self, part: &str, entry: &str) -> Spot {
        self.spots.get(&format!("{part}:{entry}")).copied().unwrap_or_else(|| self.at(part))
    }

    pub(super) fn what(&self) -> String {
        format!("procedimento `{}`", self.procedure.id)
    }
}

/// Reading one file: the form at its root, and where things are.
pub(super) struct Reader<'n> {
    pub(super) form: Form<'n>,
    pub(super) spots: BTreeMap<String, Spot>,
}

impl Reader<'_> {
    /// One of a closed list, or what holds where the key is not there.
    fn choice_or<T: Copy>(&self, key: &str, known: &[(&str, T)], usual: T, problems: &mut Problems<'_>) -> Option<T> {
        match self.form.get(key) {
            Some(_) => self.form.choice(key, known, problems),
            None => Some(usual),
        }
    }

    fn flag(&self, key: &str, problems: &mut Problems<'_>) -> bool {
        self.form.get(key).is_some() && self.form.flag(key, problems) == Some(true)
    }

    /// Texts of a list, none where the key is not there; where each stands is kept.
    pub(super) fn list(&mut self, key: &str, problems: &mut Problems<'_>) -> Vec<String> {
        let written = self.form.get(key).and_then(|_| self.form.lines(key, problems)).unwrap_or_default();
        self.kept(key, written, problems).into_iter().map(|one| one.value).collect()
    }

    fn kept(&mut self, key: &str, written: Vec<Written<String>>, problems: &mut Problems<'_>) -> Vec<Written<String>> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::with_capacity(written.len());
        for one in written {
            if !seen.insert(one.value.clone()) {
                problems.error(one.at, format!("{}: `{key}`: `{}` c'è due volte", self.form.what, one.value));
                continue;
            }
            self.spots.insert(format!("{key}:{}", one.value), one.at);
            kept.push(one);
        }
        kept
    }

    /// Words of a closed list.
    pub(super) fn choices<T: Copy>(&mut self, key: &str, known: &[(&str, T)], problems: &mut Problems<'_>) -> Vec<T> {
        let written = self.form.get(key).and_then(|_| self.form.lines(key, problems)).unwrap_or_default();
        let written = self.kept(key, written, problems);
        written.iter().filter_map(|word| self.form.chosen(key, word, known, problems)).collect()
    }
}

/// Reads one file; `None` when it has mistakes, all reported.
pub(super) fn read_file(
    file: usize,
    entries: Vec<Entry>,
    templates: &[&str],
    problems: &mut Problems<'_>,
) -> Option<Draft> {
    let before = problems.errors();
    let format = entries.iter().find(|entry| entry.key == "format");
    if let Some(entry) = format.filter(|entry| !matches!(entry.node.value, Value::Number(FORMAT))) {
        // Another format means other keys too: reading on would only produce false errors.
        problems.error(
            Spot { file, line: entry.line },
            format!("formato sconosciuto: questo programma legge `format = {FORMAT}`"),
        );
        return None;
    }
    let id = entries.iter().find_map(|entry| match (&entry.node.value, entry.key.as_str()) {
        (Value::Text(id), "id") => Some((id.clone(), entry.line)),
        _ => None,
    });
    let spots = entries.iter().map(|entry| (entry.key.clone(), Spot { file, line: entry.line })).collect();
    let what = id.as_ref().map_or_else(|| "procedimento".into(), |(id, _)| format!("procedimento `{id}`"));
    let root = Node { line: id.as_ref().map_or(1, |(_, line)| *line), value: Value::Table(entries) };
    let mut reader = Reader { form: Form::open(what, &root, file, &KEYS, problems)?, spots };
    for key in
        ["format", "id", "titolo", "versione", "termine", "silenzio", "richiedenti", "bollo", "scheda", "informativa"]
    {
        reader.form.require(key, problems);
    }
    if let Some((id, line)) = id.filter(|(id, _)| !is_id(id)) {
        problems.error(
            Spot { file, line },
            format!("procedimento `{id}`: `id` ha lettere minuscole, cifre, `-` e `_`, inizia con una lettera, al massimo {ID_BYTES_MAX} caratteri"),
        );
    }
    let procedure = procedure(&mut reader, templates, problems);
    if problems.errors() > before {
        return None;
    }
    Some(Draft { procedure: procedure?, file, spots: reader.spots })
}

fn procedure(reader: &mut Reader<'_>, templates: &[&str], problems: &mut Problems<'_>) -> Option<Procedure> {
    // All first, then `?`: every mistake at once.
    let id = reader.form.line("id", problems);
    let title = reader.form.line("titolo", problems);
    let titles = reader.form.translations("titolo", problems);
    let version = reader.form.line("versione", problems);
    let archetype = reader.form.choice("archetipo", &Archetype::ALL, problems);
    let default = reader.flag("predefinito", problems);
    let rules = reader.list("apre", problems);
    let kinds = Kind::ALL.map(|(kind, code, _)| (code, kind));
    let kind = reader.form.choice("tipo", &kinds, problems);
    let by_hand = reader.flag("a_mano", problems);
    opened(&reader.form, default, by_hand, problems);
    let term = reader.form.get("termine").and_then(|(node, at)| term(&reader.form.what, node, at, problems));
    let silence = silence(&reader.form, problems);
    let participation = reader.choice_or("partecipazione", &PARTICIPATION, Participation::Admitted, problems);
    let notice = notice(&reader.form, problems);
    let third_body = reader.choice_or("parere", &THIRD_BODY, ThirdBody::None, problems);
    let unit = reader.form.line("unita", problems).map(|unit| unit.value);
    if !default {
        reader.form.require("unita", problems);
        reader.form.require("responsabile", problems);
    }
    let responsible = responsible(&reader.form, problems);
    let other_units = reader.list("altre_unita", problems);
    let external = externals(reader, problems);
    let grants = grants(reader, problems);
    let applicants = reader.choices("richiedenti", &APPLICANTS, problems);
    let requirements = reader.list("requisiti", problems);
    let documents = documents(reader, problems);
    let stamp = stamp(&reader.form, problems);
    let fees = fees(&reader.form, problems);
    let related = reader.list("collegati", problems);
    if related.len() > RELATED_MAX {
        let at = reader.spots.get("collegati").copied().unwrap_or_default();
        problems.error(
            at,
            format!(
                "{}: `collegati`: {} servizi sono troppi, il massimo è {RELATED_MAX}",
                reader.form.what,
                related.len()
            ),
        );
    }
    let card = reader.form.get("scheda").and_then(|(node, _)| card(&reader.form, node, problems));
    let modules = reader.choices("moduli", &Module::ALL, problems);
    let sections = reader.choices("sezioni", &Section::ALL, problems);
    let remedies = reader.list("ricorsi", problems);
    let privacy = reader.form.line("informativa", problems);
    let window = reader.form.get("graduatoria").map(|(node, _)| window(&reader.form, node, problems));
    let validity = validity(reader, id.as_ref().map_or("", |id| &id.value), problems);
    let rates = rates(&reader.form, problems);
    let steps = steps(reader, templates, problems);
    let named = State::ALL.map(|state| (state.code(), state));
    let mut states: BTreeSet<State> = reader.choices("stati", &named, problems).into_iter().collect();
    let window = match window {
        Some(read) => Some(read?),
        None => None,
    };
    let (silence, notice, third_body) = (silence?, notice?, third_body?);
    if reader.form.get("stati").is_none() {
        states = default_states(silence, &notice, third_body, modules.contains(&Module::Pagamento));
    }
    Some(Procedure {
        id: id?.value,
        title: title?.value,
        titles,
        version: version?.value,
        archetype,
        default,
        rules,
        kind,
        by_hand,
        term: term?,
        silence,
        participation: participation?,
        notice,
        third_body,
        unit,
        responsible,
        other_units,
        external,
        grants,
        states,
        steps,
        applicants,
        requirements,
        documents,
        stamp: stamp?,
        fees,
        related,
        card: card?,
        modules,
        sections,
        remedies,
        privacy: privacy?.value,
        window,
        validity,
        rates,
    })
}

const PARTICIPATION: [(&str, Participation); 3] =
    [("ammessa", Participation::Admitted), ("esclusa", Participation::Excluded), ("pubblica", Participation::Public)];
const THIRD_BODY: [(&str, ThirdBody); 3] =
    [("no", ThirdBody::None), ("senza-sospensione", ThirdBody::Runs), ("con-sospensione", ThirdBody::Suspends)];
const APPLICANTS: [(&str, Applicant); 3] =
    [("persona", Applicant::Persona), ("impresa", Applicant::Impresa), ("delegato", Applicant::Delegato)];

/// Something must open it; the default one is opened by what is left.
fn opened(form: &Form<'_>, default: bool, by_hand: bool, problems: &mut Problems<'_>) {
    let named = form.get("apre").or_else(|| form.get("tipo"));
    if let (true, Some((_, at))) = (default, named) {
        problems.error(at, format!("{}: quello predefinito prende ciò che resta: togli `apre` e `tipo`", form.what));
    }
    if !default && !by_hand && named.is_none() {
        problems.error(
            form.at,
            format!(
                "{}: niente lo apre: scrivi `apre = [\"regola\"]`, `tipo = \"…\"`, oppure `a_mano = true` se lo sceglie una persona",
                form.what
            ),
        );
    }
}

fn silence(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<Silence> {
    const MEANINGS: [(&str, u8); 3] = [("inadempimento", 0), ("assenso", 1), ("rigetto", 2)];
    const WHO: [(&str, Attestation); 2] = [("automatica", Attestation::Automatic), ("persona", Attestation::Person)];
    let meaning = form.choice("silenzio", &MEANINGS, problems);
    let attestation = form.get("attestazione").map(|(_, at)| (at, form.choice("attestazione", &WHO, problems)));
    match (meaning?, attestation) {
        (1, Some((_, who))) => Some(Silence::Assent(who?)),
        (1, None) => {
            let at = form.get("silenzio").map_or(form.at, |(_, at)| at);
            problems.error(
                at,
                format!(
                    "{}: con `silenzio = \"assenso\"` scrivi chi lo attesta: `attestazione = \"automatica\"` o `\"persona\"` (L. 241/1990 art. 20 c. 2-bis)",
                    form.what
                ),
            );
            None
        }
        (_, Some((at, _))) => {
            problems
                .error(at, format!("{}: `attestazione` vale solo con `silenzio = \"assenso\"`: togliila", form.what));
            None
        }
        (2, None) => Some(Silence::Refusal),
        (_, None) => Some(Silence::Default),
    }
}

/// Out of art. 10-bis are competitions, social security, and what art. 13 excludes; another norm must be named.
fn notice(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<Notice> {
    let excluded = match form.get("preavviso") {
        Some(_) => form.choice("preavviso", &[("dovuto", false), ("escluso", true)], problems)?,
        None => false,
    };
    let why = form.line("preavviso_norma", problems);
    let at = form.get("preavviso").map_or(form.at, |(_, at)| at);
    match (excluded, why) {
        (true, Some(why)) => Some(Notice::Excluded(why.value)),
        (true, None) => {
            problems.error(
                at,
                format!(
                    "{}: il preavviso si esclude solo per legge (concorsi, previdenza, tributi): scrivi quale in `preavviso_norma` (L. 241/1990 art. 10-bis)",
                    form.what
                ),
            );
            None
        }
        (false, Some(why)) => {
            problems
                .error(why.at, format!("{}: `preavviso_norma` serve solo con `preavviso = \"escluso\"`", form.what));
            None
        }
        (false, None) => Some(Notice::Due),
    }
}

fn responsible(form: &Form<'_>, problems: &mut Problems<'_>) -> Responsible {
    match form.line("responsabile", problems) {
        Some(name) if name.value != "capo-unita" => Responsible::Named(name.value),
        _ => Responsible::HeadOfUnit,
    }
}

fn stamp(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<Stamp> {
    let written = form.line("bollo", problems)?;
    match written.value.as_str() {
        "si" => return Some(Stamp::Due),
        "no" => return Some(Stamp::No),
        _ => {}
    }
    let code = written.value.strip_prefix("esenzione:").and_then(|code| code.parse::<u32>().ok());
    let code = code.filter(|code| (1..=EXEMPTION_MAX).contains(code) || *code == 99);
    if code.is_none() {
        problems.error(
            written.at,
            format!(
                "{}: `bollo = \"{}\"`: serve `si`, `no` o `esenzione:CODICE`, con un codice da 1 a {EXEMPTION_MAX}, o 99",
                form.what,
                written.value
            ),
        );
    }
    code.map(Stamp::Exempt)
}

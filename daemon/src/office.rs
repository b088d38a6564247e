//! The desk as it stands in the files: rules, procedures and templates read, checked and put in force together, or not at all.

use crate::config::Config;
use crate::post::Sigillo;
use crate::rulebook::shelf;
use crate::shipped;
use crate::trust::{Trust, check};
use casework::effect::EffectKey;
use casework::language::Language;
use casework::procedure::Procedures;
use casework::reply::{self, TemplateFile};
use casework::rules::{self, Problem, Rulebook, SourceFile};
use casework::{Desk, Entity, address};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest rules or templates file, bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Files in one folder of rules or templates.
const FILES_MAX: usize = 500;
/// Folder of the procedures, in that of the rules.
pub(crate) const PROCEDURES: &str = "procedures";
/// Name of the file with the secret that mints Message-IDs.
const KEY_FILE: &str = "effect.key";

/// Rules, templates and trust in force, and the seal of what leaves.
#[derive(Debug)]
pub struct Office {
    /// The desk.
    pub desk: Desk,
    /// Trusted authorities.
    pub trust: Trust,
    /// What seals the sheets that leave.
    pub sigillo: Arc<Sigillo>,
}

impl Office {
    /// Reads everything that the configuration points to.
    ///
    /// # Errors
    /// Every mistake in every file.
    pub fn read(config: &Config, key: EffectKey) -> Result<Self, Vec<Problem>> {
        Self::read_with(config, key, rule_files(config))
    }

    /// As [`read`](Self::read), with these rules instead of those in force.
    ///
    /// # Errors
    /// Every mistake in every file.
    pub fn read_with(
        config: &Config,
        key: EffectKey,
        rules: Result<Vec<SourceFile>, Vec<Problem>>,
    ) -> Result<Self, Vec<Problem>> {
        let trust = config.anchors.as_deref().map_or_else(|| Ok(Trust::shipped()), Trust::read);
        let desk = desk_of(config.entity.clone(), rules, config.rules.as_deref(), config.templates.as_deref(), key);
        match (desk, trust) {
            (Ok(desk), Ok(trust)) => {
                let mut refused = if config.trial {
                    Vec::new()
                } else {
                    examples(&desk, own_rules(config), own_procedures(config.rules.as_deref()).is_some())
                };
                refused.extend(check::simulated(&trust, config.trial));
                refused.extend(resent_unknown(config, &desk));
                let sigillo = Arc::new(Sigillo::read(config.sigillo.as_ref()));
                if refused.is_empty() { Ok(Self { desk, trust, sigillo }) } else { Err(refused) }
            }
            (desk, trust) => Err(desk.err().into_iter().chain(trust.err()).flatten().collect()),
        }
    }

    /// What deserves attention and stops nothing.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.desk.rules.warnings().iter().chain(self.desk.procedures.warnings())
    }
}

/// Templates that may be sent again and do not exist: a slip of the pen would go unnoticed until the day it matters.
fn resent_unknown(config: &Config, desk: &Desk) -> Vec<Problem> {
    let known = desk.templates.names();
    let unknown = config.resend_if_overtaken.iter().filter(|name| !known.contains(&name.as_str()));
    unknown
        .map(|name| {
            let hint = casework::nearest::hint(name, known.iter().copied());
            let text = format!("`invio.pec.rispedisci_se_superata`: il modello «{name}» non c'è{hint}");
            Problem { file: String::new(), line: None, text, warning: false }
        })
        .collect()
}

/// Addresses of an example that are named one by one: more are said in one line.
const EXAMPLES_NAMED_MAX: usize = 3;

/// Offices whose address is of an example: the shipped rules have nobody's, and citizens' letters must not go there. Those of
/// other bodies count once the procedures are the administrator's own. `own`: the rules are the administrator's.
fn examples(desk: &Desk, own: bool, own_procedures: bool) -> Vec<Problem> {
    let problem = |file: &str, text: String| Problem { file: file.into(), line: None, text, warning: false };
    if !own {
        let offices = desk.rules.offices().count();
        let text = format!(
            "sono quelle fornite, con {offices} uffici d'esempio: fanne una copia con i tuoi. `sportello init NUOVO.toml --rules \
             CARTELLA` la scrive; poi `regole = \"CARTELLA\"` sotto `[dati]`. Solo per una prova: `prova = true` sotto `[dati]`"
        );
        return if offices == 0 { vec![] } else { vec![problem("regole", text)] };
    }
    let external: Vec<(String, &str)> = desk
        .procedures
        .all()
        .filter(|_| own_procedures)
        .flat_map(|procedure| procedure.external.iter().map(move |office| (procedure, office)))
        .filter(|(_, office)| address::is_example(&office.mail))
        .map(|(procedure, office)| (format!("procedimento `{}`: l'ente `{}`", procedure.id, office.id), &*office.mail))
        .chain(bodies(desk))
        .collect();
    let people: Vec<(String, &str)> = desk
        .rules
        .offices()
        .flat_map(|office| office.people.iter().map(move |person| (office, person)))
        .filter(|(_, person)| address::is_example(&person.mail))
        .map(|(office, person)| {
            (format!("l'ufficio `{}` ha fra le sue persone {}, che", office.id, person.name), &*person.mail)
        })
        .collect();
    let offices: Vec<(String, &str)> = desk
        .rules
        .offices()
        .filter(|office| address::is_example(&office.mail))
        .map(|office| (format!("l'ufficio `{}`", office.id), &*office.mail))
        .collect();
    if offices.len() > EXAMPLES_NAMED_MAX {
        let ids = desk.rules.offices().filter(|office| address::is_example(&office.mail));
        let ids: Vec<&str> = ids.map(|office| office.id.as_str()).collect();
        let text = format!(
            "{} uffici hanno ancora l'indirizzo d'esempio: scrivi quello vero, o togli l'ufficio ({}){}",
            ids.len(),
            ids.join(", "),
            if people.is_empty() { "" } else { ". Anche le persone (`people`) sono d'esempio" },
        );
        let first = problem("regole", text);
        return core::iter::once(first).chain(one_by_one(&external, "scrivi quello vero, o togli la riga")).collect();
    }
    one_by_one(&offices, "scrivi quello vero")
        .into_iter()
        .chain(one_by_one(&people, "scrivi chi c'è davvero, o togli `people`"))
        .chain(one_by_one(&external, "scrivi quello vero, o togli la riga"))
        .collect()
}

/// Other bodies, and portals of offices, at addresses of an example: a citizen's request must not go there, nor a citizen.
fn bodies(desk: &Desk) -> impl Iterator<Item = (String, &str)> {
    let is_example =
        |portal: &str| portal.split('/').nth(2).is_some_and(|host| address::is_example(&format!("x@{host}")));
    let bodies = desk.rules.bodies().filter(|body| address::is_example(&body.pec));
    let portals = desk.rules.offices().filter(move |office| is_example(&office.portal));
    bodies
        .map(|body| (format!("l'ente `{}` (`[body.{}]`)", body.title, body.id), &*body.pec))
        .chain(portals.map(|office| (format!("il portale dell'ufficio `{}`", office.id), &*office.portal)))
}

fn one_by_one(whose: &[(String, &str)], cure: &str) -> Vec<Problem> {
    let one = |(whose, mail): &(String, &str)| Problem {
        file: if whose.starts_with("procedimento") { PROCEDURES.into() } else { "regole".into() },
        line: None,
        text: format!("{whose} ha l'indirizzo d'esempio {mail}: {cure}"),
        warning: false,
    };
    whose.iter().map(one).collect()
}

/// Whether the rules in force are the administrator's, not those that come with the program.
pub fn own_rules(config: &Config) -> bool {
    config.rules.is_some() || shelf::current(&config.data).is_ok_and(|pointer| pointer.is_some())
}

/// The files of the rules in force, and of the administrator's own procedures: since the first `rules deploy` the set that was
/// deployed last; before, the files of the folder of the configuration, or those shipped.
///
/// # Errors
/// They cannot be read.
pub fn rule_files(config: &Config) -> Result<Vec<SourceFile>, Vec<Problem>> {
    let pointer = shelf::current(&config.data);
    let unreadable = |text: String| {
        vec![Problem { file: shelf::folder(&config.data).display().to_string(), line: None, text, warning: false }]
    };
    match pointer.map_err(|e| unreadable(e.to_string()))? {
        Some(pointer) => shelf::read(&config.data, &pointer.hash).map_err(unreadable),
        None => draft_files(config),
    }
}

/// The files of the folder of the configuration, or those shipped: in force or not yet.
///
/// # Errors
/// They cannot be read.
pub fn draft_files(config: &Config) -> Result<Vec<SourceFile>, Vec<Problem>> {
    config.rules.as_deref().map_or_else(|| Ok(shipped::rules()), read_set)
}

/// Reads rules, procedures and templates from folders, or takes those shipped, and runs the rules' own tests.
///
/// # Errors
/// Every mistake.
pub fn desk(
    entity: Entity,
    rules: Option<&Path>,
    templates: Option<&Path>,
    key: EffectKey,
) -> Result<Desk, Vec<Problem>> {
    desk_of(entity, rules.map_or_else(|| Ok(shipped::rules()), read_set), rules, templates, key)
}

fn desk_of(
    entity: Entity,
    rule_files: Result<Vec<SourceFile>, Vec<Problem>>,
    rules_folder: Option<&Path>,
    templates: Option<&Path>,
    key: EffectKey,
) -> Result<Desk, Vec<Problem>> {
    let template_files = templates.map_or_else(|| Ok(shipped::templates()), read_templates);
    let (rule_files, template_files) = match (rule_files, template_files) {
        (Ok(rules), Ok(templates)) => (rules, templates),
        (rules, templates) => return Err(rules.err().into_iter().chain(templates.err()).flatten().collect()),
    };
    let templates = reply::load(&template_files)?;
    let whole = rules::digest(&rule_files);
    let (rule_files, procedure_files) = split(rule_files);
    let rules = rules::load(&rule_files, &templates.names())?.of_set(whole);
    let procedures = procedures_of(&procedure_files, rules_folder, &rules, &templates.names())?;
    let failed = failed_tests(&rules);
    if !failed.is_empty() {
        return Err(failed);
    }
    if rules.office(&entity.fallback_office).is_none() {
        let known: Vec<&str> = rules.offices().map(|o| o.id.as_str()).collect();
        let hint = casework::nearest::hint(&entity.fallback_office, known.iter().copied());
        let text = format!(
            "`dati.ufficio_smistamento`: l'ufficio «{}» non è fra quelli delle regole{hint}",
            entity.fallback_office
        );
        return Err(vec![Problem { file: "sportello.toml".into(), line: None, text, warning: false }]);
    }
    Ok(Desk { entity, rules: rules.rested(), procedures, templates, key })
}

/// The procedures that stand beside the rules of a folder; where it has none, or there is no folder, those shipped that fit the
/// rules.
///
/// # Errors
/// Every mistake.
pub fn procedures(
    rules_folder: Option<&Path>,
    rules: &Rulebook,
    templates: &[&str],
) -> Result<Procedures, Vec<Problem>> {
    match own_procedures(rules_folder) {
        Some(folder) => Procedures::load(&read_procedures(&folder)?, rules, templates),
        None => Procedures::fitting(&shipped::procedures(), rules, templates),
    }
}

/// Those of a set of files; a set that has none, as one of before they were kept with the rules, has those of the folder.
///
/// # Errors
/// Every mistake.
pub fn procedures_of(
    files: &[SourceFile],
    rules_folder: Option<&Path>,
    rules: &Rulebook,
    templates: &[&str],
) -> Result<Procedures, Vec<Problem>> {
    if files.is_empty() {
        procedures(rules_folder, rules, templates)
    } else {
        Procedures::load(files, rules, templates)
    }
}

fn read_procedures(folder: &Path) -> Result<Vec<SourceFile>, Vec<Problem>> {
    let files = read_folder(folder, "toml")?.into_iter();
    Ok(files.map(|(name, text)| SourceFile { name: format!("{PROCEDURES}/{name}"), text }).collect())
}

/// The rules of a set, and its procedures: by where each file is.
pub(crate) fn split(files: Vec<SourceFile>) -> (Vec<SourceFile>, Vec<SourceFile>) {
    files.into_iter().partition(|file| !is_procedure(&file.name))
}

/// Whether a file of a set is of a procedure.
pub(crate) fn is_procedure(name: &str) -> bool {
    name.strip_prefix(PROCEDURES).is_some_and(|rest| rest.starts_with('/'))
}

/// The administrator's own procedures.
fn own_procedures(rules_folder: Option<&Path>) -> Option<PathBuf> {
    rules_folder.map(|folder| folder.join(PROCEDURES)).filter(|folder| folder.is_dir())
}

/// The tests that do not pass, as mistakes.
#[must_use]
pub fn failed_tests(rules: &Rulebook) -> Vec<Problem> {
    rules::run_tests(rules)
        .into_iter()
        .filter(|test| !test.ok)
        .map(|test| Problem {
            file: test.file,
            line: Some(test.line),
            text: format!("la prova «{}» non passa: {}", test.name, test.detail),
            warning: false,
        })
        .collect()
}

/// The names of the templates of a folder, or of those shipped.
///
/// # Errors
/// Every mistake in them.
pub(crate) fn template_names(templates: Option<&Path>) -> Result<Vec<String>, Vec<Problem>> {
    let files = templates.map_or_else(|| Ok(shipped::templates()), read_templates)?;
    Ok(reply::load(&files)?.names().into_iter().map(str::to_owned).collect())
}

pub(crate) fn read_rules(dir: &Path) -> Result<Vec<SourceFile>, Vec<Problem>> {
    Ok(read_folder(dir, "toml")?.into_iter().map(|(name, text)| SourceFile { name, text }).collect())
}

/// The rules of a folder, and then the procedures beside them, if it has its own.
pub(crate) fn read_set(dir: &Path) -> Result<Vec<SourceFile>, Vec<Problem>> {
    let mut files = read_rules(dir)?;
    if let Some(folder) = own_procedures(Some(dir)) {
        files.extend(read_procedures(&folder)?);
    }
    Ok(files)
}

pub(crate) fn read_templates(dir: &Path) -> Result<Vec<TemplateFile>, Vec<Problem>> {
    let mut all = Vec::new();
    for tag in Language::ALL.map(Language::tag) {
        let folder = dir.join(tag);
        // Italian must be there; the others are a body's choice.
        if tag == Language::It.tag() || folder.is_dir() {
            let files = read_folder(&folder, "hbs")?;
            all.extend(files.into_iter().map(|(name, text)| TemplateFile { name: format!("{tag}/{name}"), text }));
        }
    }
    Ok(all)
}

/// Files with one ending, by name.
fn read_folder(dir: &Path, ending: &str) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let problem =
        |path: &Path, text: String| Problem { file: path.display().to_string(), line: None, text, warning: false };
    let mut paths: Vec<_> = fs::read_dir(dir)
        .map_err(|e| vec![problem(dir, format!("non riesco a leggere la cartella: {e}"))])?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect();
    paths.sort();
    if paths.is_empty() || paths.len() > FILES_MAX {
        return Err(vec![problem(
            dir,
            format!("ci sono {} file .{ending}: ne serve almeno uno, al più {FILES_MAX}", paths.len()),
        )]);
    }
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match fs::metadata(&path).map(|m| m.len()) {
            Ok(length) if length > FILE_BYTES_MAX => {
                problems.push(problem(&path, format!("{length} byte: il massimo è {FILE_BYTES_MAX}")))
            }
            Ok(_) | Err(_) => match fs::read_to_string(&path) {
                Ok(text) => files.push((name, text)),
                Err(e) => problems.push(problem(&path, format!("non riesco a leggerlo: {e}"))),
            },
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

/// The secret of this installation, made at the first start. With another one, receipts of what was sent before would
/// still match (the outbox knows its ids), but a re-decision would mint new ids: keep it with the backups.
///
/// # Errors
/// Those of the disk; a file of the wrong length.
pub fn effect_key(data: &Path) -> io::Result<EffectKey> {
    let path = data.join(KEY_FILE);
    let secret = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let mut secret = [0u8; EffectKey::BYTES];
            aws_lc_rs::rand::fill(&mut secret).map_err(|_| io::Error::other("il sistema non dà numeri casuali"))?;
            // Whole or not at all: half a key would stop every later start.
            let new = data.join(format!("{KEY_FILE}.tmp"));
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(&secret)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            crate::archive::sync_dir(data)?;
            secret.to_vec()
        }
        Err(e) => return Err(e),
    };
    let secret: [u8; EffectKey::BYTES] = secret.try_into().map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: la chiave deve essere di {} byte", path.display(), EffectKey::BYTES),
        )
    })?;
    Ok(EffectKey::new(&secret))
}

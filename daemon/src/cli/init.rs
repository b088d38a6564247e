//! `sportello init`.

use super::{CANNOT_START, OK};
use crate::shipped;
use crate::trust::{MANIFEST, SHIPPED};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The reference configuration: the manual, parsed by a test.
const REFERENCE: &str = include_str!("../../sportello.toml");

#[derive(clap::Args)]
pub(super) struct Args {
    /// Il file da scrivere; non sovrascrive mai
    #[arg(default_value = "sportello.toml")]
    file: PathBuf,
    /// Copia qui anche le regole e i procedimenti forniti, da adattare: uffici, indirizzi, modi
    #[arg(long, value_name = "CARTELLA")]
    rules: Option<PathBuf>,
    /// Copia qui anche i modelli forniti
    #[arg(long, value_name = "CARTELLA")]
    templates: Option<PathBuf>,
    /// Scrive qui anche l'elenco delle autorità fidate, spiegato, per chi lo deve cambiare
    #[arg(long, value_name = "CARTELLA")]
    trust: Option<PathBuf>,
}

/// Every file to write, with its text.
fn files(args: &Args) -> Vec<(PathBuf, String)> {
    let below = |dir: &Option<PathBuf>, files: Vec<(String, String)>| -> Vec<(PathBuf, String)> {
        dir.iter().flat_map(|dir| files.iter().map(|(name, text)| (dir.join(name), text.clone()))).collect()
    };
    let rules = shipped::rules().into_iter().chain(shipped::procedures()).map(|file| (file.name, file.text));
    let rules = rules.chain([("README.md".to_owned(), shipped::GUIDE.to_owned())]).collect();
    let templates = shipped::templates().into_iter().map(|file| (file.name, file.text)).collect();
    let mut all = vec![(args.file.clone(), configuration(args))];
    all.extend(below(&args.rules, rules));
    all.extend(below(&args.templates, templates));
    all.extend(below(&args.trust, vec![(MANIFEST.into(), SHIPPED.into())]));
    all
}

/// The reference configuration, with the folders that are written beside it in force: a copy that nothing reads would be worked on
/// in vain.
fn configuration(args: &Args) -> String {
    let mut text = REFERENCE.to_owned();
    for (key, dir) in [("regole", &args.rules), ("modelli", &args.templates), ("ancore", &args.trust)] {
        let Some(dir) = dir else { continue };
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
        let mark = format!("# {key} = \"");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if let Some(line) = lines.iter_mut().find(|line| line.starts_with(&mark)) {
            let comment = line.split_once("\" ").and_then(|(_, rest)| rest.split_once('#')).map(|(_, comment)| comment);
            let comment = comment.map(|comment| format!("  #{comment}")).unwrap_or_default();
            *line = format!("{key} = {}{comment}", quoted(&dir));
        }
        text = lines.join("\n") + "\n";
    }
    text
}

/// A path as a string of a TOML file.
fn quoted(path: &Path) -> String {
    let mut out = String::from("\"");
    for c in path.display().to_string().chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

/// Writes a file that must not be there yet.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

pub(super) fn main(args: &Args) -> u8 {
    let files = files(args);
    // All or none: half of a set is worse than none, and a second try would stumble over it.
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists()) {
        eprintln!("{}: c'è già: non scrivo niente. Scegli un altro nome, o spostalo", there.display());
        return CANNOT_START;
    }
    for (path, text) in &files {
        if let Err(e) = write(path, text) {
            eprintln!("{}: non riesco a scriverlo: {e}", path.display());
            return CANNOT_START;
        }
    }
    let file = args.file.display();
    say!("Ho scritto {file}. Completalo: l'ente, la casella, l'invio.");
    match &args.rules {
        Some(dir) => say!(
            "Le regole sono in {}, con la guida (README.md). Scrivi gli uffici veri al posto di quelli d'esempio.",
            dir.display()
        ),
        None => say!("Per avere le regole da adattare, con i tuoi uffici: sportello init NUOVO.toml --rules CARTELLA"),
    }
    say!("Poi:\n  sportello check --config {file} --connect\n  sportello run --config {file}");
    OK
}

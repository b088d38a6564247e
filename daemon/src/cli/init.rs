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
    /// Copia qui anche le regole fornite, da adattare: uffici, indirizzi, modi
    #[arg(long, value_name = "CARTELLA")]
    rules: Option<PathBuf>,
    /// Copia qui anche i modelli forniti
    #[arg(long, value_name = "CARTELLA")]
    templates: Option<PathBuf>,
    /// Scrive qui anche l'elenco delle autorità fidate, spiegato, per chi lo deve cambiare
    #[arg(long, value_name = "CARTELLA")]
    trust: Option<PathBuf>,
}

/// Writes files that must not be there yet.
fn write_all(dir: Option<&Path>, files: impl Iterator<Item = (String, String)>) -> std::io::Result<()> {
    let Some(dir) = dir else { return Ok(()) };
    for (name, text) in files {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(text.as_bytes())?;
    }
    Ok(())
}

pub(super) fn main(args: &Args) -> u8 {
    let rules = shipped::rules().into_iter().map(|file| (file.name, file.text));
    let templates = shipped::templates().into_iter().map(|file| (file.name, file.text));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file)
        .and_then(|mut file| file.write_all(REFERENCE.as_bytes()))
        .and_then(|()| write_all(args.rules.as_deref(), rules))
        .and_then(|()| write_all(args.templates.as_deref(), templates))
        .and_then(|()| write_all(args.trust.as_deref(), [(MANIFEST.into(), SHIPPED.into())].into_iter()));
    match written {
        Ok(()) => {
            let file = args.file.display();
            say!(
                "Ho scritto {file}. Completalo, poi:\n  sportello check --config {file} --connect\n  sportello run --config {file}"
            );
            OK
        }
        Err(e) => {
            eprintln!("{}: non riesco a scrivere: {e}", args.file.display());
            CANNOT_START
        }
    }
}

//! `sportello templates`: the letters as people will see them. It changes when an administrator can do another thing with them.

mod gallery;

use super::{CANNOT_START, FOUND, OK, config, print_problems};
use crate::office::read_templates;
use crate::post::{self, Sheet};
use crate::shipped;
use casework::language::Language;
use casework::reply::{self, Extent, Templates, reader};
use gallery::{Picture, Shown, Variant};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

const AFTER_HELP: &str = "\
Una parola da cambiare, dall'inizio alla fine:
  sportello init mio.toml --templates modelli             una copia dei modelli forniti
  (cambia modelli/it/presa-in-carico.hbs con un editor di testo)
  sportello check --files --templates modelli             errori con file e riga
  sportello templates preview --templates modelli --out anteprima
  (apri anteprima/index.html)

La guida è in templates/README.md.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Scrive in una cartella tutte le lettere, con dati d'esempio: pagina da sfogliare, testo, PDF da stampare
    Preview(PreviewArgs),
}

#[derive(clap::Args)]
struct PreviewArgs {
    /// La cartella da riempire: nuova, o vuota
    #[arg(long, value_name = "CARTELLA")]
    out: PathBuf,
    /// La cartella dei modelli; se manca: quella della configurazione, o i modelli forniti
    #[arg(long, value_name = "CARTELLA")]
    templates: Option<PathBuf>,
    /// La configurazione, che dice dove sono i modelli
    #[arg(long, short, value_name = "FILE", conflicts_with = "templates")]
    config: Option<PathBuf>,
}

/// To whom the letters of the gallery are written, and when.
const READER: &str = "anna.bianchi@pec.example";
const WRITTEN: i64 = 1_782_975_600; // 2 July 2026, 09:00 in Rome, as in the samples
/// Points an inch of the pictures: enough to read, small enough to keep.
const PICTURE_DPI: &str = "80";

pub(super) fn main(args: &Args) -> u8 {
    let Action::Preview(args) = &args.action;
    preview(args).unwrap_or_else(|code| code)
}

fn preview(args: &PreviewArgs) -> Result<u8, u8> {
    let config = args.config.as_deref().map(config).transpose()?;
    let folder = args.templates.as_deref().or_else(|| config.as_ref()?.templates.as_deref());
    let files = folder.map_or_else(|| Ok(shipped::templates()), read_templates);
    let templates = files.and_then(|files| reply::load(&files)).map_err(|problems| {
        print_problems(&problems);
        FOUND
    })?;
    let out = &args.out;
    is_free(out).map_err(|why| {
        eprintln!("{}: {why}", out.display());
        CANNOT_START
    })?;
    let stopped = |why: String| {
        eprintln!("{why}");
        CANNOT_START
    };
    let draws = Command::new("pdftoppm").arg("-v").output().is_ok();
    let mut shown = Vec::new();
    for (language, name) in templates.letters() {
        shown.push(letter(&templates, language, name, out, draws).map_err(stopped)?);
    }
    let index = out.join("index.html");
    write(&index, gallery::page(&shown, draws).as_bytes()).map_err(stopped)?;
    say!("{} lettere: apri {}", shown.len(), index.display());
    if !draws {
        say!("Senza le immagini dei PDF: su questa macchina manca pdftoppm (pacchetto poppler-utils).");
    }
    Ok(OK)
}

/// Nothing that is there is ever touched.
fn is_free(out: &Path) -> Result<(), String> {
    match fs::read_dir(out) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err("la cartella non è vuota: non scrivo niente. Scegline una nuova, o svuotala".into()),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(format!("non posso usarla come cartella: {e}")),
    }
}

fn letter(templates: &Templates, language: Language, name: &str, out: &Path, draws: bool) -> Result<Shown, String> {
    let mut variants = Vec::new();
    for (extent, suffix) in [(Extent::Full, ""), (Extent::Least, "-minimo")] {
        let sample = templates.sample(name, language, extent).unwrap_or_default();
        let letter = templates.render(name, language, &sample).map_err(|e| e.to_string())?;
        let from = sample["ente"].as_str().unwrap_or("Comune di Esempio");
        let pdf = post::pdf(&Sheet {
            from,
            to: READER,
            title: &letter.subject,
            text: &letter.text,
            language,
            date: jiff::Timestamp::from_second(WRITTEN).unwrap_or_default(),
            id: &format!("<anteprima.{}.{name}{suffix}@example>", language.tag()),
        })?;
        let file = format!("{}/{name}{suffix}.pdf", language.tag());
        write(&out.join(&file), &pdf)?;
        let pictures = if draws { pictures(out, &file)? } else { Vec::new() };
        variants.push(Variant { extent, subject: letter.subject, text: letter.text, pdf: file, pictures });
    }
    let message = reply::catalogue::message(name);
    Ok(Shown {
        language,
        name: name.to_owned(),
        purpose: message.map(|message| message.purpose).unwrap_or_default(),
        of: reader::Kind::of_template(name).map(reader::Kind::title),
        reader: message.map(|message| message.reader),
        variants,
    })
}

/// The pages of a PDF as pictures, in order.
fn pictures(out: &Path, pdf: &str) -> Result<Vec<Picture>, String> {
    let stem = pdf.trim_end_matches(".pdf");
    let drawn = Command::new("pdftoppm")
        .args(["-r", PICTURE_DPI, "-gray", "-png"])
        .args([out.join(pdf), out.join(stem)])
        .output()
        .map_err(|e| format!("pdftoppm: {e}"))?;
    if !drawn.status.success() {
        return Err(format!("pdftoppm: {}", String::from_utf8_lossy(&drawn.stderr).trim()));
    }
    let (folder, base) = stem.rsplit_once('/').unwrap_or(("", stem));
    let entries = fs::read_dir(out.join(folder)).map_err(|e| e.to_string())?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let of_this = |name: &String| {
        let number = name.strip_prefix(base).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".png"));
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let mut files: Vec<String> = names.filter(of_this).collect();
    files.sort();
    Ok(files.into_iter().map(|name| Picture { file: format!("{folder}/{name}") }).collect())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, bytes));
    written.map_err(|e| format!("{}: non riesco a scriverlo: {e}", path.display()))
}

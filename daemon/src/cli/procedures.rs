//! `sportello procedures`: the procedures checked, shown as service cards, drawn. It changes when an administrator can do another
//! thing with them.

use super::paint::{table, wrap};
use super::{FOUND, OK, config, print_problems};
use crate::office;
use crate::rulebook::Set;
use casework::nearest::hint;
use casework::procedure::{Procedure, Procedures, card, draw};
use casework::rules::{Problem, Rulebook};
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Un servizio nuovo, dall'inizio alla fine:
  sportello init mio.toml --rules regole                  una copia di regole e procedimenti
  cp regole/procedures/ztl.toml regole/procedures/suolo.toml
                                                          cambia id, titolo, unita, termine
  sportello procedures check --dir regole                 errori con file e riga, tutti insieme
  sportello procedures show suolo --dir regole            la scheda, come la vede chi la manda
  sportello procedures graph suolo --dir regole           i passi; con --dot, per Graphviz
  sportello check --config sportello.toml                 poi il servizio li rilegge con SIGHUP

La guida è in rules/procedures/README.md.";

/// Name of the folder of procedures, within that of the rules.
const FOLDER: &str = "procedures";
/// Widest cell of a table, in characters.
const CELL: usize = 80;
/// Where the texts of a card begin.
const INDENT: usize = 18;

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Controlla i procedimenti: ogni errore con file, riga e che cosa scrivere; poi l'elenco
    Check(CheckArgs),
    /// Un procedimento come scheda del servizio, con i suoi stati
    Show(ShowArgs),
    /// I passi di un procedimento: da quale stato a quale, e che cosa li fa fare
    Graph(GraphArgs),
}

#[derive(clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    which: Which,
}

#[derive(clap::Args)]
struct ShowArgs {
    /// Il nome del procedimento
    #[arg(value_name = "PROCEDIMENTO")]
    id: String,
    #[command(flatten)]
    which: Which,
}

#[derive(clap::Args)]
struct GraphArgs {
    /// Il nome del procedimento
    #[arg(value_name = "PROCEDIMENTO")]
    id: String,
    /// Nel linguaggio di Graphviz: … --dot | dot -Tsvg > passi.svg
    #[arg(long)]
    dot: bool,
    #[command(flatten)]
    which: Which,
}

/// Which procedures are meant.
#[derive(clap::Args)]
struct Which {
    /// La cartella delle regole, che contiene `procedures`; se manca: quella della configurazione, o i procedimenti forniti
    #[arg(long, value_name = "CARTELLA")]
    dir: Option<PathBuf>,
    /// La configurazione, che dice dove sono regole e modelli
    #[arg(long, short, value_name = "FILE", conflicts_with = "dir")]
    config: Option<PathBuf>,
}

impl Which {
    /// The rules and the procedures; in error, what is wrong was said, and this is the exit code.
    fn read(&self) -> Result<(Rulebook, Procedures), u8> {
        let config = self.config.as_deref().map(config).transpose()?;
        let folder = self.dir.as_deref().map(rules_of).or_else(|| config.as_ref()?.rules.as_deref());
        let templates = config.as_ref().and_then(|config| config.templates.as_deref());
        // Of a configuration those in force, which since the first deploy are not those of its folder.
        let set = config.as_ref().map_or_else(|| Set::read(folder, templates), Set::in_force);
        set.and_then(|set| read(set, folder, templates)).map_err(|problems| {
            print_problems(&problems);
            FOUND
        })
    }
}

/// Who names the folder of the procedures itself means that of the rules around it.
fn rules_of(folder: &Path) -> &Path {
    match folder.parent() {
        Some(parent) if folder.ends_with(FOLDER) && !folder.join(FOLDER).is_dir() => {
            if parent.as_os_str().is_empty() {
                Path::new(".")
            } else {
                parent
            }
        }
        _ => folder,
    }
}

fn read(set: Set, folder: Option<&Path>, templates: Option<&Path>) -> Result<(Rulebook, Procedures), Vec<Problem>> {
    let Set { book, procedures, .. } = set;
    let templates = office::template_names(templates)?;
    let names: Vec<&str> = templates.iter().map(String::as_str).collect();
    let procedures = office::procedures_of(&procedures, folder, &book, &names)?;
    Ok((book, procedures))
}

pub(super) fn main(args: &Args) -> u8 {
    let ended = match &args.action {
        Action::Check(args) => check(args),
        Action::Show(args) => show(args),
        Action::Graph(args) => graph(args),
    };
    ended.unwrap_or_else(|code| code)
}

fn check(args: &CheckArgs) -> Result<u8, u8> {
    let (_, procedures) = args.which.read()?;
    print_problems(procedures.warnings());
    let row = |one: &Procedure| {
        vec![
            one.id.clone(),
            one.title.clone(),
            one.archetype.map_or("–", |archetype| archetype.code()).to_owned(),
            one.term.length.words(),
            one.unit.clone().unwrap_or_else(|| "(della pratica)".into()),
        ]
    };
    let rows: Vec<Vec<String>> = procedures.all().map(row).collect();
    say!("{}", table(&["nome", "titolo", "archetipo", "termine", "unità"], &rows, CELL));
    say!("Procedimenti: {}. Impronta {}", rows.len(), crate::digest::flow(procedures.digest()));
    Ok(OK)
}

/// The procedure with this name, or the nearest is named.
fn find<'p>(procedures: &'p Procedures, id: &str) -> Result<&'p Procedure, u8> {
    procedures.get(id).ok_or_else(|| {
        eprintln!("il procedimento `{id}` non esiste{}", hint(id, procedures.all().map(|one| one.id.as_str())));
        FOUND
    })
}

fn show(args: &ShowArgs) -> Result<u8, u8> {
    let (book, procedures) = args.which.read()?;
    let procedure = find(&procedures, &args.id)?;
    let archetype = procedure.archetype.map_or(String::new(), |archetype| format!(" · {}", archetype.title()));
    let mut out = format!("{} ({}, versione {}){archetype}\n", procedure.title, procedure.id, procedure.version);
    for (name, text) in card::lines(procedure, &book) {
        out.push_str(&wrap(&format!("{name:<width$}{text}", width = INDENT - 2), 2, INDENT));
    }
    let rows: Vec<Vec<String>> = card::states(procedure).into_iter().map(Vec::from).collect();
    say!("{out}\n{}", table(&["stato", "come lo legge chi ha scritto", "termine"], &rows, CELL));
    let activities = card::activities(procedure);
    if !activities.is_empty() {
        let lines: String = activities.iter().map(|line| wrap(line, 2, 4)).collect();
        say!("Da fare\n{lines}");
    }
    say!("I passi: sportello procedures graph {}", procedure.id);
    Ok(OK)
}

fn graph(args: &GraphArgs) -> Result<u8, u8> {
    let (_, procedures) = args.which.read()?;
    let procedure = find(&procedures, &args.id)?;
    if args.dot {
        say!("{}", draw::dot(procedure).trim_end());
        return Ok(OK);
    }
    say!("{} ({})\n\n{}\n◉ fine   ↺ torna indietro", procedure.title, procedure.id, draw::tree(procedure));
    Ok(OK)
}

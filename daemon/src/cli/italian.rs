//! What the command line says by itself, in Italian: headings, defaults, what was written wrong. It changes when the argument parser can
//! say something else.

use clap::builder::{PossibleValue, StyledStr};
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, ArgAction, Command};
use std::error::Error as _;
use std::io::{IsTerminal, Write};
use std::num::{ParseFloatError, ParseIntError};

/// As the parser's own, with its one English word replaced.
const TEMPLATE: &str = "{before-help}{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}";

/// A command, and all below it, that speak Italian.
pub(super) fn spoken(command: Command) -> Command {
    let has_version = command.get_version().is_some();
    let below: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("Mostra questo aiuto");
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version).help("Mostra la versione");
    let command = command
        .help_template(TEMPLATE)
        .subcommand_help_heading("Comandi")
        .subcommand_value_name("COMANDO")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .arg(help)
        .mut_args(argument);
    let command = if has_version { command.arg(version.help_heading("Opzioni")) } else { command };
    below.into_iter().fold(command, |command, name| command.mut_subcommand(name, spoken))
}

fn argument(arg: Arg) -> Arg {
    let heading = if arg.is_positional() { "Argomenti" } else { "Opzioni" };
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let takes = arg.get_action().takes_values();
    let values: Vec<String> = arg.get_possible_values().iter().map(PossibleValue::get_name).map(String::from).collect();
    let mut said = arg.get_help().map(StyledStr::to_string).unwrap_or_default();
    if takes && !values.is_empty() {
        said = format!("{said} [si può scrivere: {}]", values.join(", "));
    }
    let default = defaults.join(", ");
    if takes && !default.is_empty() {
        said = format!("{said} [se manca: {default}]");
    }
    let arg = arg.help_heading(heading).help(said);
    if takes { arg.hide_default_value(true).hide_possible_values(true) } else { arg }
}

/// Prints what the parser has to say instead of running a command; the exit code.
pub(super) fn told(error: &Error) -> u8 {
    let (code, is_asked) = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (super::OK, true),
        _ => (MISTAKEN, false),
    };
    let rendered = error.render();
    let plain = rendered.to_string();
    let is_page = is_asked || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let is_shown = if is_asked { std::io::stdout().is_terminal() } else { std::io::stderr().is_terminal() };
    let is_coloured = is_shown && std::env::var_os("NO_COLOR").is_none();
    let text = match (is_page, is_coloured) {
        (true, true) => translated(&rendered.ansi().to_string()),
        (true, false) => translated(&plain),
        (false, _) => mistake(error),
    };
    // A reader that went away is no mistake of the command.
    let _ = if is_asked { write!(std::io::stdout(), "{text}") } else { write!(std::io::stderr(), "{text}") };
    code
}

/// The exit code of a command that was not understood.
const MISTAKEN: u8 = 2;

/// The words that a usage line has from the parser.
fn translated(text: &str) -> String {
    text.replace("[OPTIONS]", "[OPZIONI]").replace("Usage:", "Uso:")
}

/// What was written wrong, and how it is written.
fn mistake(error: &Error) -> String {
    let of = |kind| error.get(kind).map(value).unwrap_or_default();
    let (arg, written) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
    let what = match error.kind() {
        ErrorKind::UnknownArgument => format!("«{arg}» non si conosce{}", near(error, ContextKind::SuggestedArg)),
        ErrorKind::InvalidSubcommand => {
            let near = near(error, ContextKind::SuggestedSubcommand);
            format!("il comando «{}» non c'è{near}", of(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("manca {arg}"),
        ErrorKind::MissingSubcommand => format!("manca il comando: {}", of(ContextKind::ValidSubcommand)),
        ErrorKind::InvalidValue if written.is_empty() => format!("dopo {arg} manca il valore"),
        ErrorKind::InvalidValue => {
            let can = of(ContextKind::ValidValue);
            format!("«{written}» non va bene per {arg}: si può scrivere {can}")
        }
        ErrorKind::ValueValidation => format!("«{written}» non va bene per {arg}{}", reason(error)),
        ErrorKind::ArgumentConflict if ["", arg.as_str()].contains(&of(ContextKind::PriorArg).as_str()) => {
            format!("{arg} si scrive una volta sola")
        }
        ErrorKind::ArgumentConflict => format!("{arg} non sta insieme a {}", of(ContextKind::PriorArg)),
        ErrorKind::TooManyValues => format!("«{written}» è di troppo per {arg}"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("per {arg} il numero dei valori non va bene")
        }
        ErrorKind::NoEquals => format!("dopo {arg} serve «=»"),
        ErrorKind::InvalidUtf8 => String::from("un argomento non è scritto in Utf-8"),
        _ => String::from("il comando non si capisce"),
    };
    let usage = of(ContextKind::Usage);
    let usage = if usage.is_empty() { String::new() } else { format!("\n{}\n", translated(usage.trim_end())) };
    format!("errore: {what}\n{usage}\nPer saperne di più: aggiungi --help\n")
}

/// A value of the context, as people read it: several ones in a row.
fn value(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(all) => all.join(", "),
        ContextValue::String(one) => one.clone(),
        ContextValue::StyledStr(one) => one.to_string(),
        ContextValue::StyledStrs(all) => all.iter().map(StyledStr::to_string).collect::<Vec<_>>().join(", "),
        ContextValue::Number(number) => number.to_string(),
        ContextValue::Bool(it) => it.to_string(),
        _ => String::new(),
    }
}

fn near(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(it @ (ContextValue::String(_) | ContextValue::Strings(_))) => format!(": forse {}?", value(it)),
        _ => String::new(),
    }
}

/// Why a value is none: in the words of our own readers; those of the language are English.
fn reason(error: &Error) -> String {
    match error.source() {
        Some(why) if why.is::<ParseIntError>() || why.is::<ParseFloatError>() => String::from(": serve un numero"),
        Some(why) => {
            let why = why.to_string();
            // The parser's own range of numbers.
            match why.split_once(" is not in ") {
                Some((_, range)) => format!(": serve un numero in {range}"),
                None => format!(": {why}"),
            }
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    const ENGLISH: [&str; 14] = [
        "Usage",
        "Options",
        "Commands",
        "Arguments",
        "Print ",
        "[default",
        "[possible",
        "error:",
        "unexpected",
        "required",
        "found",
        "OPTIONS",
        "invalid",
        "help of the",
    ];

    fn italian(text: &str) {
        for word in ENGLISH {
            assert!(!text.contains(word), "{word} in\n{text}");
        }
    }

    fn ours() -> Command {
        spoken(crate::cli::Cli::command())
    }

    fn pages(command: &Command, at: &[String]) {
        let args: Vec<String> = at.iter().cloned().chain(["--help".into()]).collect();
        let error = ours().try_get_matches_from(&args).expect_err("it shows the help");
        assert_eq!(error.kind(), ErrorKind::DisplayHelp, "{args:?}");
        let text = translated(&error.render().to_string());
        italian(&text);
        assert!(text.contains("\nUso: sportello") && text.contains("Opzioni:"), "{args:?}\n{text}");
        for below in command.get_subcommands() {
            pages(below, &[at, &[below.get_name().to_owned()]].concat());
        }
    }

    #[test]
    fn the_help_of_every_command_is_italian() {
        ours().debug_assert();
        pages(&ours(), &["sportello".into()]);
    }

    #[test]
    fn what_was_written_wrong_is_said_in_italian_and_ends_with_two() {
        for (args, part) in [
            (&["sportello", "stato"][..], "il comando «stato» non c'è"),
            (&["sportello", "statu"], "status?"),
            (&["sportello", "check", "--configg", "x"], "«--configg» non si conosce: forse --config?"),
            (&["sportello", "check", "--config"], "dopo --config <FILE> manca il valore"),
            (&["sportello", "dossier", "do"], "manca "),
            (
                &["sportello", "dossier", "do", "2026/1", "ballare", "--by", "x", "--office", "y"],
                "«ballare» non va bene",
            ),
            (&["sportello", "dossier", "list", "--max", "tanti"], "serve un numero"),
            (&["sportello", "dossier", "list", "--max", "1", "--max", "2"], "si scrive una volta sola"),
            (&["sportello", "dossier", "list", "--name", "a", "--address", "b"], "non sta insieme a"),
            (&["sportello", "register", "template", "gatti"], "si può scrivere persone, fascicoli"),
        ] {
            let error = ours().try_get_matches_from(args).expect_err("it is wrong");
            let text = mistake(&error);
            italian(&text);
            assert!(text.contains(part), "{args:?}\n{text}");
            assert_eq!(error.exit_code(), i32::from(MISTAKEN));
        }
        let none = ours().try_get_matches_from(["sportello", "dossier"]).expect_err("what?");
        italian(&translated(&none.render().to_string()));
        italian(&mistake(&none));
    }
}

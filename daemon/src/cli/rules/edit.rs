//! `rules promote` and `rules fmt`: the rules files written by the program. It changes when it may write something else.

use super::super::{FOUND, OK};
use super::record::replace;
use super::replay::{again, read};
use super::{Ended, config, from, refused, span, wrong};
use crate::office::read_rules;
use crate::rulebook::Set;
use crate::rulebook::edit::{canonical, with_mode, word};
use casework::nearest::hint;
use casework::reply;
use casework::rules::{Kind, Mode, SourceFile};
use jiff::SignedDuration;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct PromoteArgs {
    /// La regola
    #[arg(value_name = "REGOLA")]
    rule: String,
    /// La configurazione: con la sua cartella di regole, che viene cambiata
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// La posta su cui la si misura
    #[arg(long, value_name = "TEMPO", default_value = "180d", value_parser = span)]
    since: SignedDuration,
    /// Le decisioni che deve avere, almeno
    #[arg(long, value_name = "NUMERO", default_value_t = 20)]
    min: u64,
    /// Quante ne possono aver corrette le persone, al massimo, in percento
    #[arg(long, value_name = "PERCENTO", default_value_t = 5)]
    max_overturned: u64,
}

#[derive(clap::Args)]
pub(super) struct FmtArgs {
    /// La cartella delle regole
    #[arg(value_name = "CARTELLA")]
    folder: PathBuf,
    /// Non scrive: dice quali file cambierebbero, e fallisce (1) se ce ne sono
    #[arg(long)]
    check: bool,
}

pub(super) fn promote(args: &PromoteArgs) -> Ended {
    let config = config(&args.config)?;
    let Some(folder) = config.rules.clone() else {
        return Err(wrong("le regole sono quelle fornite con il programma: per cambiarle serve `[dati] regole`"));
    };
    let set = Set::read(Some(&folder), config.templates.as_deref()).map_err(|problems| refused(&problems))?;
    let Some(rule) = set.book.rule(&args.rule) else {
        let near = hint(&args.rule, set.book.rules().map(|rule| rule.id.as_str()));
        return Err(wrong(format!("la regola `{}` non esiste{near}", args.rule)));
    };
    let next = match (rule.mode, rule.kind) {
        (Mode::Shadow, _) => Mode::Suggest,
        (Mode::Suggest, Kind::Invoice) => {
            return Err(wrong("a una fattura non si risponde mai da soli: resta «suggest»"));
        }
        (Mode::Suggest, _) => Mode::Auto,
        (Mode::Auto, _) => {
            say!("`{}` è già «auto»", args.rule);
            return Ok(OK);
        }
    };
    let (file, text) = written(&set.files, &args.rule, next)?;
    // Measured as it would be: a rule on trial has decided nothing yet.
    let mut files = set.files.clone();
    for one in files.iter_mut().filter(|one| one.name == file) {
        one.text.clone_from(&text);
    }
    let templates = match &config.templates {
        Some(folder) => crate::office::read_templates(folder).map_err(|problems| refused(&problems))?,
        None => crate::shipped::templates(),
    };
    let templates = reply::load(&templates).map_err(|problems| refused(&problems))?;
    let book = casework::rules::load(&files, &templates.names()).map_err(|problems| refused(&problems))?;
    let past = read(&config)?;
    let figures = again(&past, from(args.since), &config, &book).figures(&past);
    let of = figures.rules.get(&args.rule).cloned().unwrap_or_default();
    let told = format!(
        "`{}` da «{}» a «{}»: {} decisioni, {} contro quello che le persone hanno corretto",
        args.rule,
        word(rule.mode),
        word(next),
        of.now,
        of.overturned_now
    );
    if of.now < args.min {
        return Err(wrong(format!("{told}. Troppo poche: ne servono {} (--min)", args.min)));
    }
    if of.overturned_now * 100 > of.now * args.max_overturned {
        return Err(wrong(format!("{told}. Troppe: al massimo {} % (--max-overturned)", args.max_overturned)));
    }
    replace(&folder.join(&file), &text)?;
    say!(
        "{told}\n{file}: cambiato. In vigore con: sportello rules deploy (le prove di questa regola vanno aggiornate)"
    );
    Ok(OK)
}

/// The file of a rule, with its new mode.
fn written(files: &[SourceFile], rule: &str, mode: Mode) -> Result<(String, String), u8> {
    for file in files {
        if let Some(text) = with_mode(&file.text, rule, mode).map_err(wrong)? {
            return Ok((file.name.clone(), text));
        }
    }
    Err(wrong(format!("la regola `{rule}` non è in nessun file con una riga `mode`")))
}

pub(super) fn fmt(args: &FmtArgs) -> Ended {
    let files = read_rules(&args.folder).map_err(|problems| refused(&problems))?;
    let mut changed = 0;
    for file in files {
        let new = canonical(&file.text).map_err(|why| wrong(format!("{}: {why}", file.name)))?;
        if new == file.text {
            continue;
        }
        changed += 1;
        say!("{}{}", file.name, if args.check { ": non è nella forma canonica" } else { ": riscritto" });
        if !args.check {
            replace(&args.folder.join(&file.name), &new)?;
        }
    }
    if changed == 0 {
        say!("Tutti i file sono nella forma canonica.");
    }
    Ok(if args.check && changed > 0 { FOUND } else { OK })
}

//! `rules explain`: what each rule saw in one message, and why one was not chosen. It changes when people must see more of it.

use super::super::{OK, explain as whole};
use super::{Ended, config, refused, wrong};
use crate::archive::{Archive, Shelf};
use crate::cli::paint::{cut, wrap};
use crate::digest::flow;
use crate::rulebook::Set;
use crate::rulebook::past::{Message, Past};
use casework::calendar;
use casework::nearest::hint;
use casework::rules::normal::Normal;
use casework::rules::quote::split;
use casework::rules::{Classification, Rulebook, Verdict, WhyNot, why_not};
use jiff::civil::Date;
use pec::Content;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Characters of one normalised text that are shown.
const TEXT_SHOWN: usize = 600;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Un messaggio salvato (.eml), «-» per lo standard input, o (con --config) l'impronta di uno in archivio
    #[arg(value_name = "MESSAGGIO")]
    message: String,
    /// La configurazione: con le sue regole in vigore, la sua fiducia, il suo archivio
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Una cartella di regole, al posto di quelle in vigore
    #[arg(long, value_name = "CARTELLA")]
    rules: Option<PathBuf>,
    /// Una versione passata delle regole (vedi rules history)
    #[arg(long, value_name = "IMPRONTA", requires = "config", conflicts_with = "rules")]
    ruleset: Option<String>,
    /// Perché non questa regola: ogni suo segnale, scattato o no, e quanti punti le mancano
    #[arg(long, value_name = "REGOLA")]
    why_not: Option<String>,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

/// What there is to tell of a message.
struct Seen {
    name: String,
    /// Which rules speak.
    book: Rulebook,
    today: Date,
    class: Option<Classification>,
    /// What was decided when it came.
    then: Option<String>,
    /// What was decided without the rules.
    instead: String,
    normal: Vec<(&'static str, String)>,
}

pub(super) fn main(args: &Args) -> Ended {
    let is_file = args.message == "-" || Path::new(&args.message).exists();
    let seen = if is_file { of_file(args)? } else { of_archive(args)? };
    let why = match &args.why_not {
        Some(id) => {
            let Some(_) = seen.book.rule(id) else {
                let near = hint(id, seen.book.rules().map(|rule| rule.id.as_str()));
                return Err(wrong(format!("la regola `{id}` non esiste{near}")));
            };
            seen.class.as_ref().and_then(|class| why_not(&seen.book, class, id, seen.today))
        }
        None => None,
    };
    if args.json {
        say!("{}", seen.json(why.as_ref()));
    } else {
        say!("{}", seen.text(why.as_ref()).trim_end());
    }
    Ok(OK)
}

/// The rules that are asked for, if not those in force.
fn asked(args: &Args) -> Result<Option<Set>, u8> {
    let read = match (&args.rules, &args.ruleset, &args.config) {
        (Some(folder), _, with) => {
            let config = with.as_deref().map(config).transpose()?;
            Set::read(Some(folder), config.as_ref().and_then(|config| config.templates.as_deref()))
        }
        (None, Some(hash), Some(path)) => Set::once_in_force(&config(path)?, hash),
        _ => return Ok(None),
    };
    read.map(Some).map_err(|problems| refused(&problems))
}

fn of_file(args: &Args) -> Result<Seen, u8> {
    let name = &args.message;
    let bytes = whole::read(Path::new(name)).map_err(|e| wrong(format!("{name}: non riesco a leggerlo: {e}")))?;
    let (mut bench, about) = whole::Bench::with(args.config.as_deref()).map_err(|problems| refused(&problems))?;
    if let Some(set) = asked(args)? {
        bench = bench.with_rules(set.book);
    }
    let explained = bench.explain(&bytes, &about);
    let decision = explained.decision();
    let mut seen = Seen {
        name: name.clone(),
        today: calendar::rome(about.now).date(),
        instead: format!("{}: le regole non vengono interrogate", decision.disposition.title()),
        normal: explained.content().map(normalised).unwrap_or_default(),
        class: decision.classification.clone(),
        then: None,
        book: bench.into_rules(),
    };
    // Who tunes rules may have no trust at hand: what they would say is shown, and that it is not proven.
    if seen.class.is_none()
        && let Some(read) = pec::reread(&bytes).filter(|read| read.daticert.tipo.word() == pec::wire::POSTA_CERTIFICATA)
    {
        seen.then = Some(format!("{}: così direbbero le regole, se fosse autentica", decision.disposition.title()));
        seen.normal = normalised(&read.message);
        seen.class = Some(Past::default().classify(&Message::unproven(about.now), &read, &seen.book));
    }
    // A message that somebody made up to try a rule is no PEC.
    if seen.class.is_none()
        && let Some(content) = explained.content()
    {
        seen.then =
            Some(format!("{}: così direbbero le regole, se fosse una PEC autentica", decision.disposition.title()));
        let sender = content.from.first().map_or("", |from| from.address.as_str());
        let message = Message::unproven(about.now);
        seen.class = Some(Past::default().letter(&message, content, sender, &[], &seen.book));
    }
    Ok(seen)
}

fn of_archive(args: &Args) -> Result<Seen, u8> {
    let Some(path) = &args.config else {
        return Err(wrong(format!("{}: non c'è. Per un messaggio in archivio serve --config", args.message)));
    };
    let config = config(path)?;
    let set = match asked(args)? {
        Some(set) => set,
        None => Set::in_force(&config).map_err(|problems| refused(&problems))?,
    };
    let past = Past::read(&config.data, |_| {}).map_err(|e| wrong(format!("registro: {e}")))?;
    let message = past.find(&args.message).map_err(wrong)?;
    let bytes = Archive::at(&config.data)
        .read(Shelf::In, &message.digest)
        .map_err(|e| wrong(format!("{}: {e}", message.digest)))?;
    let Some((class, read)) = past.again(message, &bytes, &set.book) else {
        return Err(wrong(format!("{}: non si legge più come una busta", message.digest)));
    };
    let mut then = format!(
        "allora ({}, regole {}): {}",
        calendar::stamp(message.at),
        flow(&message.rules),
        crate::rulebook::replay::name(&message.was)
    );
    if let Some(correction) = &message.correction {
        let _ = write!(then, "\ncorretto da {}: {} ({})", correction.by, corrected(correction), correction.why);
    }
    Ok(Seen {
        name: message.digest.clone(),
        today: calendar::rome(message.at).date(),
        instead: String::new(),
        normal: normalised(&read.message),
        class: Some(class),
        then: Some(then),
        book: set.book,
    })
}

/// What a person said was right.
pub(in super::super) fn corrected(correction: &casework::correction::Correction) -> String {
    let parts = [
        correction.kind.map(|kind| format!("tipo {}", kind.code())),
        correction.office.as_ref().map(|office| format!("ufficio {office}")),
        correction.dossier.as_ref().map(|dossier| format!("fascicolo {dossier}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The texts as the rules compare them.
fn normalised(message: &Content) -> Vec<(&'static str, String)> {
    let halves = split(&message.text);
    let mut all = vec![
        ("subject", Normal::of(&message.subject)),
        ("body", Normal::of(&halves.new)),
        ("body.quoted", Normal::of(&halves.quoted)),
    ];
    all.extend(message.attachments.iter().map(|file| ("attachment.name", Normal::of(&file.name))));
    all.into_iter().map(|(place, text)| (place, text.text().to_owned())).filter(|(_, text)| !text.is_empty()).collect()
}

impl Seen {
    fn text(&self, why: Option<&WhyNot>) -> String {
        let mut out = format!("{}\nregole {}\n", self.name, flow(self.book.digest()));
        // Writing to a string cannot fail.
        if let Some(then) = &self.then {
            let _ = writeln!(out, "{then}");
        }
        match &self.class {
            Some(class) => {
                let chosen = crate::rulebook::replay::name(&crate::rulebook::past::Outcomes::of(class));
                let _ = writeln!(out, "ora: {chosen}");
                out.push_str(&whole::rules_text(class));
            }
            None => {
                let _ = writeln!(out, "{}", self.instead);
            }
        }
        out.push_str("\nIL TESTO COME LO LEGGONO LE REGOLE\n");
        for (place, text) in &self.normal {
            out.push_str(&wrap(&format!("{place}: {}", cut(text, TEXT_SHOWN)), 2, 4));
        }
        if let Some(why) = why {
            let _ = write!(out, "\nPERCHÉ NON {}\n{}", why.rule, told(why));
        }
        out
    }

    fn json(&self, why: Option<&WhyNot>) -> Value {
        let normal: Vec<Value> =
            self.normal.iter().map(|(place, text)| json!({"place": place, "text": text})).collect();
        json!({
            "message": self.name, "ruleset": self.book.digest(), "classification": self.class, "then": self.then,
            "normalised": normal, "why_not": why,
        })
    }
}

/// What the signals give, and what the clues give beside; the sum where there are both.
fn points(signals: i32, clues: i32) -> String {
    if clues == 0 {
        format!("{signals} punti")
    } else {
        format!("{signals} punti dei segnali e {clues:+} degli indizi (in tutto {})", signals + clues)
    }
}

fn told(why: &WhyNot) -> String {
    let mut out = String::new();
    let verdict = match &why.verdict {
        Verdict::Chosen if why.on_trial => format!("sarebbe stata scelta, con {}", points(why.score, why.clues)),
        Verdict::Chosen => format!("è stata scelta, con {}", points(why.score, why.clues)),
        Verdict::Otherwise => "è la regola di `otherwise`: vale quando nessun'altra è scelta, e qui una lo è".into(),
        Verdict::NotValid => "quel giorno non valeva (`valid_from`, `valid_to`)".into(),
        Verdict::Short { by } => {
            let clues = if why.clues == 0 { "" } else { ", e gli indizi qui non contano" };
            format!("i suoi segnali danno {} punti: ne servono {}, gliene mancano {by}{clues}", why.score, why.accept)
        }
        Verdict::Behind { rule, score, clues, by } => format!(
            "ha {}, ma {rule} ha {}: per superarla di {} gliene mancano {by}",
            points(why.score, why.clues),
            points(*score, *clues),
            why.margin
        ),
        Verdict::Doubted { rule, score, clues } => format!(
            "ha {}, e il distacco: ma {rule} ha {}, e {}: decide una persona",
            points(why.score, why.clues),
            points(*score, *clues),
            if why.clues > *clues {
                "con i punti dei segnali da soli il distacco non basta"
            } else {
                "gli indizi fanno pensare a quella"
            }
        ),
    };
    let _ = writeln!(out, "  {verdict}");
    if why.on_trial {
        let _ =
            writeln!(out, "  è in prova (`mode = \"shadow\"`): i suoi punti si vedono, ma non partecipa alla scelta");
    }
    for weighed in &why.signals {
        let line = match &weighed.hit {
            Some(hit) => {
                let place = hit.place.map_or("messaggio", casework::rules::Place::code);
                format!("scattato  {} → «{}» in {place}", weighed.signal, cut(&hit.matched, 60))
            }
            None => format!("no        {}", weighed.signal),
        };
        out.push_str(&wrap(&line, 2, 14));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(score: i32, clues: i32, verdict: Verdict) -> String {
        told(&WhyNot {
            rule: "passo".into(),
            on_trial: false,
            score,
            clues,
            accept: 60,
            margin: 15,
            signals: vec![],
            verdict,
        })
    }

    #[test]
    fn points_of_signals_and_of_clues_are_told_apart() {
        let other = |score, clues| Verdict::Behind { rule: "tari".into(), score, clues, by: 18 };
        assert_eq!(
            of(60, 12, other(70, 5)).trim(),
            "ha 60 punti dei segnali e +12 degli indizi (in tutto 72), ma tari ha 70 punti dei segnali e +5 degli indizi (in tutto \
             75): per superarla di 15 gliene mancano 18"
        );
        assert_eq!(
            of(60, 0, other(63, 0)).trim(),
            "ha 60 punti, ma tari ha 63 punti: per superarla di 15 gliene mancano 18",
            "without clues nothing is said of them"
        );
        assert!(of(40, 30, Verdict::Short { by: 20 }).contains("i suoi segnali danno 40 punti: ne servono 60"));
        let doubted = |score, clues| Verdict::Doubted { rule: "tari".into(), score, clues };
        assert!(of(70, 20, doubted(65, -5)).contains("con i punti dei segnali da soli il distacco non basta"));
        assert!(
            of(70, -5, doubted(0, 31)).contains("+31 degli indizi (in tutto 31), e gli indizi fanno pensare a quella")
        );
    }
}

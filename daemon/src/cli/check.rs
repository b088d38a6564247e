//! `sportello check`: everything that can be wrong before the service starts, all at once.

use super::{ConfigArg, FOUND, OK, print_problems};
use crate::clock::Clock;
use crate::config::{self, Config, Mailbox};
use crate::intake::imap::{self, Trouble};
use crate::office::{Office, desk, own_rules};
use crate::post::Sigillo;
use crate::revocation::fetch::{Fetcher, Question};
use crate::revocation::survey::Survey;
use crate::sources::Source;
use crate::submit;
use crate::supervise::{imap_settings, smtp};
use casework::effect::EffectKey;
use casework::reply::reader;
use casework::rules::{self, Problem};
use casework::{Desk, Entity, calendar};
use pec::revocation::StatusLists;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Prova anche i collegamenti: entra nelle caselle e nei server di invio, senza leggere e senza inviare
    #[arg(long)]
    connect: bool,
    /// Senza configurazione: controlla solo queste regole e questi modelli (o quelli forniti)
    #[arg(long)]
    files: bool,
    /// Con --files: la cartella delle regole
    #[arg(long, value_name = "CARTELLA", requires = "files")]
    rules: Option<PathBuf>,
    /// Con --files: la cartella dei modelli
    #[arg(long, value_name = "CARTELLA", requires = "files")]
    templates: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> u8 {
    // No letter leaves a check: any key will do.
    let key = EffectKey::new(&[0; EffectKey::BYTES]);
    if args.files {
        let entity = Entity { fallback_office: "protocollo".into(), ..Entity::default() };
        return match desk(entity, args.rules.as_deref(), args.templates.as_deref(), key) {
            Ok(desk) => files_are_fine(&desk, args.rules.is_some()),
            Err(problems) => fail(&problems),
        };
    }
    let config = match args.config.read() {
        Ok(config) => config,
        Err(code) => return code,
    };
    match config.mailboxes.len() {
        1 => say!("Configurazione: va bene (una casella)"),
        n => say!("Configurazione: va bene ({n} caselle)"),
    }
    let office = match Office::read(&config, key) {
        Ok(office) => office,
        Err(problems) => return fail(&problems),
    };
    let mut code = files_are_fine(&office.desk, own_rules(&config));
    code = code.max(super::trust::judge(&office.trust, Some(&config)));
    for problem in config.unreadable_files().into_iter().chain(config.exposed_passwords()) {
        eprintln!("{problem}");
        code = FOUND;
    }
    code = code.max(seal(&office.sigillo));
    if let Err(why) = super::log_filter(&config.log.filter) {
        eprintln!("{why}");
        code = FOUND;
    }
    if args.connect && !connections(&config) {
        code = FOUND;
    }
    code
}

/// What is said of the seal; a letter leaves without one, and yet somebody meant it to have one.
fn seal(sigillo: &Sigillo) -> u8 {
    let now = Clock::System.now();
    match (sigillo.fault(now), sigillo.line(now)) {
        (Some(why), _) => {
            eprintln!("Sigillo: {why}");
            FOUND
        }
        (None, line) => {
            line.iter().for_each(|line| say!("{line}"));
            OK
        }
    }
}

fn fail(problems: &[Problem]) -> u8 {
    print_problems(problems);
    FOUND
}

/// What is in force, and what deserves a look: of rules that come with the program nothing does, nobody here can change them.
fn files_are_fine(desk: &Desk, own: bool) -> u8 {
    let tests = rules::run_tests(&desk.rules).len();
    say!(
        "Regole: {}, con {tests} prove riuscite; uffici: {}",
        desk.rules.rules().count(),
        desk.rules.offices().count()
    );
    say!("Procedimenti: {}", desk.procedures.all().count());
    let names = desk.templates.names();
    say!("Modelli: {}", names.len());
    let variants: Vec<&str> = names.iter().copied().filter(|name| reader::Kind::of_template(name).is_some()).collect();
    if !variants.is_empty() {
        say!("Varianti per chi legge: {}", variants.join(", "));
    }
    if own {
        print_problems(&super::rules::check::warnings(&desk.rules));
        print_problems(desk.procedures.warnings());
        let unheeded = casework::clockwork::unheeded_terms(desk).into_iter();
        let warning = |text| Problem { file: "regole".into(), line: None, text, warning: true };
        print_problems(&unheeded.map(warning).collect::<Vec<_>>());
    }
    OK
}

/// Tries every server. Returns whether all answered.
fn connections(config: &Config) -> bool {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return false };
    let mut all = true;
    for mailbox in &config.mailboxes {
        all &= said(&format!("Casella {}", mailbox.name), runtime.block_on(mailbox_answers(mailbox)));
    }
    let alarms = config.alarms.mail.as_ref().map(|(road, _)| road);
    let courtesy = config.courtesy.as_ref().map(|courtesy| &courtesy.road);
    let roads = [("uffici", config.offices.as_ref()), ("cortesia", courtesy), ("allarmi", alarms)];
    for (name, road) in std::iter::once(("pec", Some(&config.pec))).chain(roads) {
        let Some(road) = road else { continue };
        let answer = match smtp(road, crate::net::real()) {
            Ok(settings) => runtime.block_on(submit::probe(&settings)).map(|report| {
                let size =
                    report.size_max.map_or(String::new(), |max| format!(", messaggi fino a {} MB", max / 1_000_000));
                format!("{}{size}", report.tls)
            }),
            Err(problems) => Err(problems.iter().map(|p| p.text.clone()).collect()),
        };
        all &= said(&format!("Invio {name}"), answer);
    }
    for source in &config.sources {
        let answer = runtime.block_on(Source::probe(source, &crate::net::real()));
        all &= said(&format!("Fonte {}", source.name), answer);
    }
    if config.revocation.fetch {
        for question in crl_questions(config) {
            let answer = runtime.block_on(crl_answers(config, &question));
            all &= said(&format!("Liste di revoca {}", question.url), answer);
        }
    }
    all
}

/// The lists of the certificates that were seen; before any was, nobody knows where to ask.
fn crl_questions(config: &Config) -> Vec<Question> {
    let urls = Survey::of(&config.data, None).crl_urls;
    urls.into_keys().map(|url| Question { url, ocsp: None }).collect()
}

async fn crl_answers(config: &Config, question: &Question) -> Result<String, String> {
    let bytes = Fetcher::new(config.revocation.gate.clone()).ask(question).await?;
    let filed = StatusLists::new().add(&bytes).map_err(|why| why.text)?;
    let next =
        filed.next_update.map_or(String::new(), |next| format!(", la prossima entro il {}", calendar::stamp(next)));
    Ok(format!("CRL di {}, del {}{next}", filed.issuer, calendar::stamp(filed.this_update)))
}

async fn mailbox_answers(mailbox: &Mailbox) -> Result<String, String> {
    if let config::Source::Maildir { dir, .. } = &mailbox.source {
        let new = dir.join("new");
        return match std::fs::read_dir(&new) {
            Ok(files) => Ok(format!("{} messaggi da leggere", files.count())),
            Err(e) => Err(format!("{}: {e}", new.display())),
        };
    }
    let folders = imap_settings(mailbox, &crate::world::World::real())
        .map_err(|problems| problems.iter().map(|p| p.text.clone()).collect::<String>())?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let is_one = folders.len() == 1;
    for settings in folders {
        // Each apart: a folder that is not there must not hide how the others are. A password is tried once.
        match folder_answers(&settings).await {
            Ok(text) if is_one => good.push(text),
            Ok(text) => good.push(format!("«{}»: {text}", settings.folder)),
            Err(Trouble::LoginRefused) => return Err(Trouble::LoginRefused.to_string()),
            Err(why) => bad.push(why.to_string()),
        }
    }
    if bad.is_empty() { Ok(good.join("; ")) } else { Err(bad.join("; ")) }
}

async fn folder_answers(settings: &imap::Settings) -> Result<String, Trouble> {
    let report = imap::probe(settings).await?;
    if settings.move_to.is_some() && !report.can_move {
        return Err(Trouble::NoMove);
    }
    let idle = if report.idle {
        "avvisa dei nuovi messaggi (IDLE)"
    } else {
        "non ha IDLE: i messaggi si vedono al giro successivo"
    };
    Ok(format!("{}, {} messaggi, {idle}", report.tls, report.exists))
}

fn said(what: &str, answer: Result<String, String>) -> bool {
    match answer {
        Ok(text) => {
            say!("{what}: risponde ({text})");
            true
        }
        Err(why) => {
            eprintln!("{what}: NON risponde: {why}");
            false
        }
    }
}

//! `sportello reconcile`: the proof, now. Beside a running service the service makes it; without one the command does.

use super::{CANNOT_START, ConfigArg, FOUND, OK, print_problems};
use crate::config::Config;
use crate::control::{self, Wish};
use crate::reconcile::report::Report;
use crate::supervise::Service;
use crate::trial::Trial;
use crate::world::World;
use casework::rules::Problem;
use std::io;
use std::time::{Duration, Instant};

/// How long the command waits for the service: a million messages take a few minutes.
const WAIT_MAX: Duration = Duration::from_secs(3_600);
/// Pause between two questions.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Rilegge dall'archivio ogni messaggio, non solo un campione
    #[arg(long)]
    archive: bool,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    let config = match args.config.read() {
        Ok(config) => config,
        Err(code) => return code,
    };
    let report = match by_the_service(&config, args.archive) {
        Ok(Some(report)) => report,
        Ok(None) => match by_ourselves(config, args.archive) {
            Ok(report) => report,
            Err(problems) => {
                print_problems(&problems);
                return CANNOT_START;
            }
        },
        Err(e) => {
            eprintln!("il servizio non ha risposto: {e}");
            return CANNOT_START;
        }
    };
    if args.json {
        say!("{}", serde_json::json!(report));
    } else {
        say!("{}", report.text().trim_end());
    }
    if report.is_clean() { OK } else { FOUND }
}

fn by_the_service(config: &Config, all: bool) -> io::Result<Option<Report>> {
    let begin = if all { Wish::BeginWhole } else { Wish::Begin };
    if control::reconcile(&config.data, begin)?.is_none() {
        return Ok(None);
    }
    let since = Instant::now();
    while since.elapsed() < WAIT_MAX {
        std::thread::sleep(PAUSE);
        match control::reconcile(&config.data, Wish::Result)? {
            Some(Some(report)) => return Ok(Some(*report)),
            Some(None) => {}
            None => return Err(io::Error::other("si è fermato nel frattempo")),
        }
    }
    Err(io::Error::other("la riconciliazione non è finita in un'ora"))
}

fn by_ourselves(config: Config, all: bool) -> Result<Report, Vec<Problem>> {
    let failed = |e: io::Error| vec![Problem { file: String::new(), line: None, text: e.to_string(), warning: false }];
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(failed)?;
    let service = Service::open(config, Trial::by_ourselves(), World::real())?;
    runtime.block_on(service.reconcile_once(all))
}

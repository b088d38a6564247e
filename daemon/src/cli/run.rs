//! `sportello run`.

use super::{CANNOT_START, ConfigArg, FOUND, OK, print_problems, start_log};
use crate::config::Config;
use crate::events;
use crate::failpoint;
use crate::supervise::{Service, tell_that_it_does_not_start};
use crate::trial::Trial;
use crate::world::World;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
}

pub(super) fn main(args: &Args) -> u8 {
    let config = match Config::read(&args.config.config) {
        Ok(config) => config,
        Err(problems) => {
            print_problems(&problems);
            return CANNOT_START;
        }
    };
    if let Err(why) = start_log(&config.log).and_then(|()| failpoint::arm()) {
        eprintln!("{why}");
        return CANNOT_START;
    }
    for file in config.exposed_passwords() {
        events::password_exposed(&file);
    }
    // Two workers at least: the pipeline blocks on the disk while the connections must be kept alive.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("non riesco a partire: {e}");
            return CANNOT_START;
        }
    };
    let opened = Service::open(config.clone(), Trial::by_ourselves(), World::real());
    let ready = opened.and_then(|service| service.smtp_roads().map(|roads| (service, roads)));
    let (service, roads) = match ready {
        Ok(ready) => ready,
        Err(problems) => {
            print_problems(&problems);
            runtime.block_on(tell_that_it_does_not_start(&config, &World::real(), &problems));
            return CANNOT_START;
        }
    };
    match runtime.block_on(service.run(roads)) {
        Ok(()) => OK,
        Err(problems) => {
            print_problems(&problems);
            FOUND
        }
    }
}

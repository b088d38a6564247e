//! `sportello run`.

use super::{CANNOT_START, ConfigArg, FOUND, OK, print_problems, start_log};
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
    let config = match args.config.read() {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Err(why) = start_log(&config.log).and_then(|()| failpoint::arm()) {
        eprintln!("{why}");
        return CANNOT_START;
    }
    std::panic::set_hook(Box::new(tell_where));
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

/// Rust's own hook would print the panic's words to the log; they may quote a message (a slice off a character's boundary does).
fn tell_where(panic: &std::panic::PanicHookInfo<'_>) {
    match panic.location() {
        Some(place) => events::panicked(place),
        None => events::panicked(&"?"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<u8>>>);

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_tells_its_place_and_not_its_words() {
        let said = Said::default();
        let writer = said.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let theirs = std::panic::take_hook();
        std::panic::set_hook(Box::new(super::tell_where));
        let ended = tracing::subscriber::with_default(log, || std::panic::catch_unwind(|| panic!("una canarina")));
        std::panic::set_hook(theirs);
        assert!(ended.is_err());
        let said = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
        assert!(said.contains("panicked") && said.contains("run.rs:") && !said.contains("canarina"), "{said}");
    }
}

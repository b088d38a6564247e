//! THE MACHINE: sockets, files, clock, tasks, command line. It knows everything; `pec` and `casework` know nothing of it.
//!
//! Reading order: [`pipeline`] (the life of one message, on one screen) → [`intake`] (where messages come from) →
//! [`archive`], [`journal`], [`store`] (what is durable, and in which order) → [`outbox`] and [`submit`] (how answers
//! leave, and come back as receipts) → [`supervise`] (the process) → [`cli`] (the commands).

pub mod alarm;
pub mod anchor;
pub mod annex;
pub mod archive;
pub mod backoffice;
pub mod canary;
pub mod caseload;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
#[cfg(feature = "demo")]
pub mod demo;
pub mod digest;
pub mod disk;
pub mod events;
pub mod exchange;
pub mod failpoint;
pub mod health;
mod http;
pub mod intake;
pub mod journal;
pub mod monitor;
pub mod net;
pub mod office;
pub mod outbox;
pub mod paths;
pub mod pipeline;
pub mod post;
pub mod reconcile;
pub mod revocation;
pub mod room;
pub mod rulebook;
pub mod scrub;
pub mod secret;
pub mod sent;
pub mod shared;
pub mod shipped;
pub mod sources;
pub mod store;
pub mod submit;
pub mod supervise;
mod tls;
pub mod trial;
pub mod trust;
pub mod world;

/// A fault of the disk or of the store, as an administrator reads it.
fn trouble_to_problem(path: &std::path::Path, why: &dyn std::fmt::Display) -> casework::rules::Problem {
    casework::rules::Problem { file: path.display().to_string(), line: None, text: why.to_string(), warning: false }
}

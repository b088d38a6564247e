//! The suite: the whole service, from outside. One binary, run by plain `cargo test`; `tests/run` adds the real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "suite/crash.rs"]
mod crash;
#[path = "suite/demo.rs"]
mod demo;
#[path = "suite/loops.rs"]
mod loops;
#[path = "suite/servers.rs"]
mod servers;
#[path = "suite/store.rs"]
mod store;
#[path = "suite/support.rs"]
mod support;

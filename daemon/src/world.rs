//! Everything that the service meets outside of itself: disk, network, time, and the home of its index. It changes when
//! there is another thing to meet.
//!
//! One value, handed down from the start: with another one the whole service runs in a simulation (tests/suite/sim).

use crate::clock::Clock;
use crate::disk::{self, DiskRef};
use crate::failpoint;
use crate::net::{self, NetRef};
pub use crate::store::index::Home;
use std::io;

/// The world of one service.
#[derive(Debug, Clone)]
pub struct World {
    /// Under archive, journal and spool.
    pub disk: DiskRef,
    /// Under IMAP and SMTP.
    pub net: NetRef,
    /// The time.
    pub clock: Clock,
    /// Where the index lives.
    pub index: Home,
}

impl World {
    /// The machine as it is.
    #[must_use]
    pub fn real() -> Self {
        Self { disk: failpoint::over(disk::real()), net: net::real(), clock: Clock::System, index: Home::Disk }
    }
}

/// Work that keeps its thread for a while. On a runtime with one thread, which is a simulation's, there is nobody to make
/// room for.
pub fn in_place<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Two works at once, the second on a thread of its own; in a simulation, which has one thread, one after the other.
///
/// # Errors
/// There is no thread to be had: then only the second is not done.
pub fn beside<A, B: Send>(here: impl FnOnce() -> A, there: impl FnOnce() -> B + Send) -> io::Result<(A, B)> {
    use tokio::runtime::{Handle, RuntimeFlavor};
    if Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() != RuntimeFlavor::MultiThread) {
        return Ok((here(), there()));
    }
    std::thread::scope(|scope| {
        let there = std::thread::Builder::new().spawn_scoped(scope, there);
        let here = here();
        let there = there?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((here, there))
    })
}

/// Work that has a thread of its own; in a simulation, which has one thread and repeats itself, it is done at once.
///
/// # Errors
/// It panicked.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, tokio::task::JoinError> {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::spawn_blocking(work).await,
        _ => Ok(work()),
    }
}

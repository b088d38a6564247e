//! Failpoints: named steps at which a test makes the real program fail. They change when a step of the state tables does.
//!
//! Present only with feature `faults`, which an office's build does not have: there [`at`] is nothing. The crate `fail`
//! (tikv; last change 2024) was weighed: its global registry, thread names and callbacks are more than these lines, and
//! it is a dependency of what runs in the office.

#[cfg(feature = "faults")]
mod armed;
#[cfg(feature = "faults")]
mod disk;

#[cfg(feature = "faults")]
pub use armed::{POINTS, WRITING, arm, at, panic_at};
#[cfg(feature = "faults")]
pub use disk::over;

/// A step: fails, waits or kills the process if a test has armed it.
///
/// # Errors
/// What a test wants; none in an office's build.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn at(_point: &'static str) -> std::io::Result<()> {
    Ok(())
}

/// A step whose fault is a panic.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn panic_at(_point: &'static str) {}

/// Reads what a test has armed.
///
/// # Errors
/// None in an office's build.
#[cfg(not(feature = "faults"))]
pub fn arm() -> Result<(), String> {
    Ok(())
}

/// The disk under the failpoints of archive and journal.
#[cfg(not(feature = "faults"))]
#[must_use]
pub fn over(disk: crate::disk::DiskRef) -> crate::disk::DiskRef {
    disk
}

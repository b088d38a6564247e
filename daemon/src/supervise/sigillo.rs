//! Looks at the seal of the sheets, and tells when it cannot be used or is about to end. It changes when that is told in another way.

use crate::alarm::{Alarms, Code};
use crate::clock::Clock;
use crate::office::Office;
use crate::store::Trouble;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the days of its certificate are looked at.
const LOOK: Duration = Duration::from_secs(900);
/// What the alarm is about.
const ABOUT: &str = "sigillo";

/// Until `stop`.
pub(super) async fn watch(
    mut office: watch::Receiver<Arc<Office>>,
    alarms: Arc<Alarms>,
    clock: Clock,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Trouble> {
    while !*stop.borrow() {
        let now = clock.now();
        let text = office.borrow_and_update().sigillo.alarm(now);
        alarms.set(text.is_some(), Code::SealUnfit, ABOUT, text.as_deref().unwrap_or_default(), now);
        tokio::select! {
            biased;
            _ = stop.changed() => {}
            _ = office.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    Ok(())
}

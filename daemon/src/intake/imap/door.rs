//! The way into one mailbox, shared by the watchers of its folders. It changes when our manners at the login change.
//!
//! One login at a time, and after a refused password none at all until the pause is over: five folders that each try their
//! own luck would lock the account (reliability.md §3.5: at most one login in five minutes).

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use tokio::{sync::Mutex, time::Instant};

use super::{Settings, Trouble, driver::Driver, pause::pause, watcher::Dial};

/// The door of one mailbox. Its clones are the same door.
#[derive(Debug, Clone, Default)]
pub struct Door(Arc<Mutex<Refusals>>);

#[derive(Debug, Default)]
struct Refusals {
    /// In a row.
    count: u32,
    /// Closed until then.
    until: Option<Instant>,
}

impl Door {
    /// Connects and logs in, when it is this caller's turn.
    pub(super) async fn enter<D: Dial>(&self, dial: &D, settings: &Settings) -> Result<Driver<D::Stream>, Trouble> {
        let mut refusals = self.0.lock().await;
        if let Some(until) = refusals.until {
            tokio::time::sleep_until(until).await;
        }
        let stream = dial.dial().await?;
        let entered = Driver::login(stream, &settings.user, &settings.password).await;
        match &entered {
            Ok(_) => *refusals = Refusals::default(),
            Err(Trouble::LoginRefused) => {
                refusals.count = refusals.count.saturating_add(1);
                let mut hasher = DefaultHasher::new();
                (&settings.host, &settings.user).hash(&mut hasher);
                refusals.until = Some(Instant::now() + pause(refusals.count, true, hasher.finish()));
            }
            // The line, not the password.
            Err(_) => {}
        }
        entered
    }
}

//! Every UID of a folder, as the server lists them now, in a session of its own that touches nothing: one side of the
//! reconciliation. It changes when what must be known of the server's side changes.

use super::{
    super::cursor::{WINDOW_UIDS, Window},
    Settings, TlsDial, Trouble,
    watcher::Dial,
};

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdings {
    /// UIDVALIDITY of the folder.
    pub uidvalidity: u32,
    /// The UID the next message will get: above all that are listed.
    pub uidnext: u32,
    /// Every UID, ascending.
    pub uids: Vec<u32>,
}

/// Lists a folder from its first message to its last.
///
/// # Errors
/// What is wrong and what to do.
pub async fn survey(settings: &Settings) -> Result<Holdings, Trouble> {
    survey_by(settings, &TlsDial { settings }).await
}

pub(super) async fn survey_by<D: Dial>(settings: &Settings, dial: &D) -> Result<Holdings, Trouble> {
    let mut driver = settings.door.enter(dial, settings).await?;
    let selected = driver.open(&settings.folder, true).await?;
    let uidvalidity = selected.uidvalidity.filter(|&v| v != 0).ok_or(Trouble::NoLastingUids)?;
    let (mut uids, mut from, mut width) = (Vec::new(), 1, WINDOW_UIDS);
    loop {
        let window = Window::at(from, width, selected.uidnext);
        let listed = driver.list(window).await?;
        // `*` is the newest message, whatever its UID.
        uids.extend(listed.iter().map(|l| l.uid).filter(|&uid| uid >= from));
        match window.to {
            None => break,
            Some(to) => from = to.saturating_add(1),
        }
        width = if listed.is_empty() { width.saturating_mul(2) } else { WINDOW_UIDS };
    }
    driver.logout().await;
    let above = uids.last().map_or(1, |&last| last.saturating_add(1));
    Ok(Holdings { uidvalidity, uidnext: selected.uidnext.unwrap_or(1).max(above), uids })
}

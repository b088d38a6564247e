//! The morning mail of each office: gathered when its hour has come, written down once. It changes when it is gathered otherwise.

use super::{Caseload, Of};
use crate::journal::record::Channel;
use crate::store::Trouble;
use casework::act::Done;
use casework::summary::{Summary, key};
use jiff::civil::{Date, Time};

/// Open dossiers of one office that are read for its mail: an office has some hundred, and the register waits meanwhile.
const READ_MAX: usize = 20_000;

impl Caseload<'_> {
    /// Writes the mail of an office and a day, if there is something to tell and none was written: whatever stops, starts and
    /// clocks that jump, the register holds one for each day.
    ///
    /// # Errors
    /// The store, or the disk, cannot go on.
    pub fn morning(&mut self, office: &str, day: Date, hour: Time) -> Result<bool, Trouble> {
        let key = key(office, day);
        if self.store.is_done(&key)? {
            return Ok(false);
        }
        let mut summary = Summary::new(day, hour, &self.office.desk);
        for number in self.store.open_at(office, READ_MAX)? {
            if let Some(dossier) = self.store.dossier(&number)? {
                summary.add(&dossier);
            }
        }
        let Some(mail) = summary.mail(office, &self.office.desk, self.now) else { return Ok(false) };
        let of = Of { dossier: "", cause: key.clone(), by: "", office, channel: Channel::Clock, key: &key };
        self.write(0, Done { changes: vec![], outgoing: vec![mail], said: String::new() }, &of)?;
        Ok(true)
    }
}

//! The talk with the back office of a service, and what reads other offices' data, made from its configuration. It changes when
//! there is another way to do either.

use super::Service;
use crate::backoffice::liaison::{Liaison, RETRY_FIRST};
use crate::backoffice::{BackOffice, Folder, Web};
use crate::config::{Side, SqlSource};
use crate::sources::Source;
use casework::rules::Problem;

impl Service {
    /// Talks with the back office; none: there is none, or the service only observes, and then nothing leaves and nothing is ordered.
    ///
    /// # Errors
    /// A token that cannot be read.
    pub fn liaison(&self) -> Result<Option<Liaison>, Vec<Problem>> {
        let Some(config) = self.config.back_office.as_ref().filter(|_| !self.config.observe) else { return Ok(None) };
        let unread = |text| vec![Problem { file: String::new(), line: None, text, warning: false }];
        let other: Box<dyn BackOffice> = match &config.side {
            Side::Folder(dir) => Box::new(Folder { dir: dir.clone() }),
            Side::Web { url, ca_file, .. } => Box::new(Web {
                net: self.world.net.clone(),
                url: url.clone(),
                ca_file: ca_file.clone(),
                token: config.token().map_err(unread)?,
                patience: crate::backoffice::PATIENCE,
            }),
        };
        Ok(Some(Liaison {
            clerk: self.clerk(),
            other,
            imports: config.imports,
            mandate: config.mandate.clone(),
            procedures: config.procedures.clone(),
            every: config.every,
            late: config.late,
            pause: RETRY_FIRST,
            data: self.config.data.clone(),
            disk: self.world.disk.clone(),
            health: self.health.clone(),
            alarms: self.alarms.clone(),
        }))
    }

    /// Who reads the views of other offices; nobody where the service only observes.
    ///
    /// # Errors
    /// A password that cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>, Vec<Problem>> {
        let unread = |text| vec![Problem { file: String::new(), line: None, text, warning: false }];
        let configs = self.config.sources.iter().filter(|_| !self.config.observe);
        let source = |config: &SqlSource| {
            Ok(Source {
                password: config.password().map_err(unread)?,
                config: config.clone(),
                clerk: self.clerk(),
                net: self.world.net.clone(),
                disk: self.world.disk.clone(),
                data: self.config.data.clone(),
                health: self.health.clone(),
                alarms: self.alarms.clone(),
            })
        };
        configs.map(source).collect()
    }
}

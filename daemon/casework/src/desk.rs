//! The desk at which messages are decided: the entity, its rules, procedures and templates, its key. Fixed while one message is decided.

use crate::effect::EffectKey;
use crate::idle::Idle;
use crate::procedure::Procedures;
use crate::reply::Templates;
use crate::rules::Rulebook;
use crate::standing::Entitlements;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// The public body.
#[derive(Debug, Clone, Default)]
pub struct Entity {
    /// Name, as citizens read it: `Comune di Esempio`.
    pub name: String,
    /// The PEC address that answers.
    pub pec: String,
    /// The address that sends tasks to offices.
    pub task_sender: String,
    /// How courtesy notices go; `None` = this body sends none.
    pub courtesy: Option<CourtesyRoad>,
    /// The mailbox to which offices answer their tasks, if there is one.
    pub office_box: Option<OfficeBox>,
    /// Every address of the body: never answered automatically.
    pub own_addresses: Vec<String>,
    /// Telephone, hours: one line shown to citizens.
    pub contact: String,
    /// Who answers while nobody is assigned: the head of the unit (L. 241/1990 art. 5 c.3).
    pub responsible: String,
    /// Who takes over when a term runs out (L. 241/1990 art. 2 c.9-bis).
    pub substitute: String,
    /// Address of the privacy notice.
    pub privacy_url: String,
    /// Messages from this instant on are worked on; `None` = from the beginning of the register.
    pub in_service_since: Option<Timestamp>,
    /// (month, day) of the patron's day, a local holiday.
    pub patron: Option<(i8, i8)>,
    /// Office (id) that gets what no rule places, and quarantine.
    pub fallback_office: String,
    /// After how long an office is told of a dossier that stands still.
    pub idle: Idle,
    /// The sources (offices, by id) whose data go before those of others, the first one first. They are shown first; what another
    /// says stays beside it.
    pub precedence: Vec<String>,
    /// What each grade of identity obtains.
    pub entitlements: Entitlements,
}

impl Entity {
    /// The order of the sources, as [`crate::person::Person::held`] asks for it.
    #[must_use]
    pub fn order(&self) -> Vec<&str> {
        self.precedence.iter().map(String::as_str).collect()
    }
}

/// How courtesy notices go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourtesyRoad {
    /// The address that sends them: ordinary mail.
    pub from: String,
    /// Most to one address in a day.
    pub a_day: u32,
}

/// The mailbox to which offices answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeBox {
    /// Its address.
    pub address: String,
    /// The name under which the body's own mail server says who wrote (*authserv-id*, RFC 8601 §2.5).
    pub server: String,
}

/// Everything a decision uses besides the message and the snapshot.
#[derive(Debug)]
pub struct Desk {
    /// The public body.
    pub entity: Entity,
    /// The rules in force.
    pub rules: Rulebook,
    /// The procedures in force: loaded beside these rules.
    pub procedures: Procedures,
    /// The templates in force.
    pub templates: Templates,
    /// Mints Message-IDs.
    pub key: EffectKey,
}

impl Desk {
    /// The domain of our Message-IDs: that of the PEC address.
    #[must_use]
    pub fn domain(&self) -> String {
        crate::address::domain(&self.entity.pec)
    }
}

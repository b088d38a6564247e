//! The bell of a service, made from its configuration. It changes when there is another road for alarms.

use super::{show_status as status, smtp};
use crate::alarm::bell::Bell;
use crate::alarm::road::{Hook, Mail, Road};
use crate::alarm::{Alarms, Code};
use crate::config::Config;
use crate::health::Health;
use crate::submit::Line;
use crate::world::World;
use casework::address;
use casework::rules::Problem;
use std::sync::Arc;

/// Who tells alarms outside, by the roads that the configuration names.
pub(super) fn bell(
    config: &Config,
    world: &World,
    alarms: &Arc<Alarms>,
    health: &Arc<Health>,
) -> Result<Bell, Vec<Problem>> {
    let mut roads: Vec<Box<dyn Road>> = Vec::new();
    let entity = &config.entity.name;
    if let Some((road, recipients)) = &config.alarms.mail {
        for to in recipients {
            roads.push(Box::new(Mail {
                courier: Box::new(Line::new(smtp(road, world.net.clone())?)),
                from: road.from.clone(),
                to: to.clone(),
                entity: entity.clone(),
                instance: address::domain(&config.entity.pec),
            }));
        }
    }
    if let Some(hook) = &config.alarms.hook {
        let (url, ca_file) = (hook.url.clone(), hook.ca_file.clone());
        roads.push(Box::new(Hook { net: world.net.clone(), url, ca_file, entity: entity.clone() }));
    }
    let memory = (world.disk.clone(), config.data.join("allarmi.json"));
    Ok(Bell::new(alarms.clone(), health.clone(), roads, config.alarms.silence, memory, world.clock.clone(), status))
}

pub(super) fn stopped_text(why: &dyn std::fmt::Display) -> String {
    format!(
        "il servizio si è fermato e non può continuare: {why}. I messaggi restano sul server e niente parte, finché non riparte"
    )
}

/// The service does not even start: says so by the roads for alarms. Once in a while, however often it is tried.
pub async fn tell_that_it_does_not_start(config: &Config, world: &World, problems: &[Problem]) {
    let health = Health::new();
    let alarms = Alarms::new(health.clone());
    let Ok(bell) = bell(config, world, &alarms, &health) else { return };
    let first = problems.first().map(|p| p.text.clone()).unwrap_or_default();
    bell.last_words(Code::StorageStopped, "servizio", &stopped_text(&first)).await;
}

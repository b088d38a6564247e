//! Changes when what is measured of a citizen's waiting changes.

use super::{Asked, figure, is_wanted};
use crate::servers::times;
use crate::servers::world::{Choices, Comune, World, citizen};
use crate::support::Daemon;

#[test]
fn a_citizen_is_answered() {
    if !is_wanted() {
        return;
    }
    let world = World::up().expect("SPORTELLO_SERVERS=1");
    let comune = Comune::build(&world, &Choices::default());
    let mut service = Daemon::run(&comune.file, &comune.log);
    service.wait_logged(1, &["event=\"imap_connected\""]);
    for n in 0..20 {
        world.writes(&citizen(n));
        comune.wait_delivered(n + 1);
    }
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    for (what, mut all) in times(&world, &comune) {
        all.sort_unstable();
        let asked = if what.contains("reply submitted") { Asked::AtMost(1000.0) } else { Asked::Nothing };
        figure(&format!("latency, delivery to {what}: median"), all[all.len() / 2] as f64, "ms", &asked);
        figure(&format!("latency, delivery to {what}: longest"), all[all.len() - 1] as f64, "ms", &Asked::Nothing);
    }
}

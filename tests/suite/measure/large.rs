//! Changes when what the largest message costs is measured in another way.

use super::gauge::{self, Trials};
use super::post::{self, Kind};
use super::{Asked, figure, is_wanted, patiently, size};
use crate::servers::world::{Choices, Comune, OFFICE, World};
use crate::support::Daemon;
use std::time::Instant;

/// Its sender, who has a mailbox: the first that [`post::lay_up`] writes as.
const SENDER: &str = "cittadino-000000@cittadini.test";

#[test]
fn the_largest_message_goes_through_the_whole_line() {
    if !is_wanted() {
        return;
    }
    let world = World::up_for(&[SENDER.to_owned()]).expect("SPORTELLO_SERVERS=1");
    // The task carries the original: larger than what Postfix takes unless told otherwise.
    world.set_postfix("message_size_limit=0");
    let bytes = size("SPORTELLO_MEASURE_LARGE", 100_000_000);
    let total = post::lay_up(&world, OFFICE, Kind::Requests, 1, bytes);
    let comune = Comune::build(&world, &Choices::default());
    let began = Instant::now();
    let mut service = Daemon::run(&comune.file, &comune.log);
    let trials = Trials::of(service.id());
    let stands = |lane: &str| comune.items(lane).into_iter().map(|(_, state)| state).collect::<Vec<_>>();
    patiently("the reply is delivered, the task is sent", || {
        assert!(!service.has_ended(), "{}", service.log());
        (stands("pec") == ["delivered"] && stands("internal") == ["sent"]).then_some(())
    });
    let (peak, trial) = (gauge::peak(service.id()), trials.peak());
    println!("{total} bytes through the line in {:.1} s", began.elapsed().as_secs_f64());
    figure("large: memory of the service", peak, "MB", &Asked::AtMost(160.0));
    figure("large: memory of the trial", trial, "MB", &Asked::AtMost(160.0));
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
}

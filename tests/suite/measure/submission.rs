//! Changes when what is measured of submission changes: the outbox and `smtp-source`, one connection each.

use super::{Asked, figure, is_wanted, size};
use crate::servers::pace;
use crate::servers::world::World;

#[test]
fn letters_leave() {
    if !is_wanted() {
        return;
    }
    let world = World::up().expect("SPORTELLO_SERVERS=1");
    let letters = size("SPORTELLO_MEASURE_LETTERS", 1000);
    let [plain, door] = world.open_bare_doors();
    let (mut ours, mut bare, mut theirs) = (0f64, 0f64, 0f64);
    for round in 1..=3 {
        let this = (
            pace::theirs(&world, plain, letters),
            pace::bare(&world, door, letters),
            pace::ours(&world, door, letters),
        );
        println!(
            "submission, round {round}: smtp-source {:.0}/s, our connection alone {:.0}/s, outbox {:.0}/s",
            this.0, this.1, this.2
        );
        (theirs, bare, ours) = (theirs.max(this.0), bare.max(this.1), ours.max(this.2));
    }
    figure("submission: the outbox", ours / theirs, "of smtp-source's rate", &Asked::AtLeast(0.7));
    figure("submission: our connection without an outbox", bare / theirs, "of smtp-source's rate", &Asked::Nothing);
}

//! The oracles themselves: a life in which nothing was wrong is bent afterwards, or lived on a disk that forgets, and the oracle that is
//! there for it must say so. Changes when there is another oracle.

use super::oracle::{Evidence, Verdict};
use super::plan::{Careless, Plan};
use super::world;
use sportello::archive::{Archive, Shelf};
use sportello::digest::sha256;
use sportello::journal::Head;

/// Seeds in which a fault must be seen.
const SEEDS: u64 = 40;

/// Bends what a life left behind; false: there was nothing to bend.
type Bend = fn(&mut Evidence) -> bool;

/// What is bent, and what must be said of it.
const BENDS: [(&str, Bend, &str); 8] = [
    ("a letter was taken twice", taken_twice, "was taken 2 times"),
    ("a letter went with other bytes", other_bytes, "with other bytes"),
    ("a letter went under another Message-ID", other_id, "is in no register"),
    ("a receipt is about a letter that is none", other_receipt, "a receipt is about"),
    ("a message on the server was never kept", never_kept, "is on the server"),
    ("a kept message is not in the archive", rotten, "not in the archive"),
    ("a line that was durable is gone", gone, "was durable and is gone"),
    ("the state is another one than the register's", another_state, "the state is not what its register makes of it"),
];

fn taken_twice(life: &mut Evidence) -> bool {
    let taken = life.submissions.iter().find(|one| one.is_taken && one.said == Some(250)).cloned();
    life.submissions.extend(taken.clone());
    taken.is_some()
}

fn other_bytes(life: &mut Evidence) -> bool {
    let first = life.submissions.first_mut();
    first.map(|one| one.raw.push(b' ')).is_some()
}

fn other_id(life: &mut Evidence) -> bool {
    let first = life.submissions.first_mut();
    first.map(|one| one.message_id.insert(1, 'x')).is_some()
}

fn other_receipt(life: &mut Evidence) -> bool {
    let first = life.receipts.first_mut();
    first.map(|one| one.about.insert(1, 'x')).is_some()
}

fn never_kept(life: &mut Evidence) -> bool {
    life.on_server.push(b"From: a@b.test\r\n\r\nciao\r\n".to_vec().into());
    true
}

fn rotten(life: &mut Evidence) -> bool {
    let archive = Archive::open_on(life.world.disk.clone(), &life.data).unwrap();
    let Some(raw) = life.on_server.first() else { return false };
    let file = archive.path(Shelf::In, &sha256(raw));
    life.world.disk.remove(&file).is_ok()
}

fn gone(life: &mut Evidence) -> bool {
    life.heads.push(Head { seq: 7, hash: "0".repeat(64) });
    true
}

fn another_state(life: &mut Evidence) -> bool {
    let digest = life.digest.as_mut();
    digest.map(|digest| *digest = "0".repeat(64)).is_some()
}

#[test]
fn every_oracle_says_what_it_is_there_for() {
    for (what, bend, wanted) in BENDS {
        let seen = (0..SEEDS).any(|seed| {
            let mut lived = world::lived(Plan::of(seed));
            let evidence = lived.evidence.as_mut().unwrap();
            assert!(Verdict::of(seed, evidence, &lived.power).wrong.is_empty(), "seed {seed}");
            bend(evidence) && {
                let wrong = Verdict::of(seed, evidence, &lived.power).wrong;
                assert!(wrong.iter().any(|said| said.contains(wanted)), "{what}: {wrong:?}");
                true
            }
        });
        assert!(seen, "{what}: in no seed");
    }
}

/// What the service must have made durable is lost where it did not: the same as if it had not asked for it.
#[test]
fn a_disk_that_does_not_keep_what_it_says_is_found_out() {
    for careless in [Careless::Names, Careless::Journal] {
        let found = (0..SEEDS).find(|seed| {
            let plan = Plan { careless: Some(careless), ..Plan::of(*seed) };
            !world::live_as(plan).wrong.is_empty()
        });
        println!("{careless:?}: found out in seed {found:?}");
        assert!(found.is_some(), "{careless:?} is seen by nobody");
    }
}

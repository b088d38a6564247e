//! Changes when the service is killed at random moments in another way (reliability.md §3, P1, P4).

use super::house::{House, Sums, person, servers};
use super::{number, seeds, spread};
use crate::support::{cut_off_twice, wait_decided};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Houses at work at once.
const HOUSES: usize = 4;
/// Kills of the quick tier.
const KILLS: u64 = 200;
/// One more message every so many kills.
const KILLS_A_MESSAGE: u64 = 3;
/// Longest life of a service, milliseconds: about three times what a message needs from its arrival to its receipts.
const LIFE_MS: u64 = 2700;

/// Killed at any moment, over a stream of messages: one outcome each.
#[test]
fn killed_at_any_moment_each_message_has_one_outcome() {
    let kills = seeds("SPORTELLO_KILLS", KILLS).div_ceil(HOUSES as u64);
    let seed = seeds("SPORTELLO_FAULT_SEED", 0);
    let messages = usize::try_from(kills.div_ceil(KILLS_A_MESSAGE)).unwrap();
    let Some(world) = servers(HOUSES, HOUSES * messages) else { return };
    let sums = Mutex::new((Sums::default(), 0, Vec::new()));
    let since = Instant::now();
    thread::scope(|scope| {
        for n in 0..HOUSES {
            let (world, sums) = (&world, &sums);
            scope.spawn(move || {
                let mut house = House::build(world, n);
                let (mut killed, mut starts) = (0, Vec::new());
                for kill in 0..kills {
                    if kill % KILLS_A_MESSAGE == 0 {
                        let n = n * messages + house.people.len();
                        house.receives(person(n), &number(n));
                    }
                    let life = Duration::from_millis(spread(seed, &house.office, &kill.to_string()) % LIFE_MS);
                    let log = house.log("vite");
                    let _ = std::fs::remove_file(&log);
                    let spared = cut_off_twice(&house.comune.data);
                    let began = Instant::now();
                    let mut service = house.run("", &log);
                    let mut is_up = false;
                    while began.elapsed() < life {
                        if !is_up && service.logged(&["event=\"started\""]) > 0 {
                            is_up = true;
                            starts.push(began.elapsed());
                        }
                        thread::sleep(Duration::from_millis(5).min(life.saturating_sub(began.elapsed())));
                    }
                    wait_decided(&house.comune.data, &spared);
                    assert!(service.kill(), "it ended by itself: {}", service.log());
                    killed += 1;
                }
                let service = house.run("", &house.log("fine"));
                house.finish(&house.people, "after the last kill", &service);
                drop(service);
                let mut sums = sums.lock().unwrap();
                sums.0 += house.judge();
                sums.1 += killed;
                sums.2.extend(starts);
            });
        }
    });
    let (sums, killed, mut starts) = sums.into_inner().unwrap();
    starts.sort_unstable();
    println!(
        "SIGKILL: {killed} at random moments, {} messages in, lost 0, {} letters, {} delivered once, {} uncertain and received by nobody, doubled 0; {} kept messages left in the inbox; start median {} ms; {} s",
        sums.messages,
        sums.letters,
        sums.delivered,
        sums.uncertain,
        sums.not_moved,
        starts.get(starts.len() / 2).map_or(0, Duration::as_millis),
        since.elapsed().as_secs()
    );
    assert_eq!(sums.letters, HOUSES * messages);
}

//! Changes when the power is cut in another way (reliability.md §6, T11; P2).

use super::house::{House, Sums, person, servers};
use super::medium::{Dice, Medium, records};
use super::{number, seeds, spread};
use crate::support::{Daemon, sportello};
use sportello::archive::{Archive, Shelf};
use sportello::journal::record::Event;
use sportello::journal::{Journal, Tail};
use sportello::store::Store;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Houses at work at once.
const HOUSES: usize = 4;
/// Cuts of the quick tier.
const CUTS: u64 = 24;
/// Of the life before each cut, so many other moments are tried too: not with the servers, which have gone on.
const MOMENTS: u64 = 12;
/// One more message every so many cuts.
const CUTS_A_MESSAGE: u64 = 2;
/// Longest life of a service, milliseconds.
const LIFE_MS: u64 = 1400;

/// Builds the shim.
fn shim(dir: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/suite/faults/powercut.c");
    let shim = dir.join("powercut.so");
    let built = Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&shim).arg(source).arg("-ldl").status();
    assert!(built.unwrap().success(), "cc");
    shim
}

/// The power goes; what was not fsynced is lost or torn; the next start goes on: nothing that a server was told is lost.
#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let cuts = seeds("SPORTELLO_CUTS", CUTS).div_ceil(HOUSES as u64);
    let seed = seeds("SPORTELLO_FAULT_SEED", 0);
    let messages = usize::try_from(cuts.div_ceil(CUTS_A_MESSAGE)).unwrap();
    let Some(world) = servers(HOUSES, HOUSES * messages) else { return };
    let shim = shim(world.dir());
    let sums = Mutex::new((Sums::default(), 0, 0, 0));
    let since = Instant::now();
    thread::scope(|scope| {
        for n in 0..HOUSES {
            let (world, sums, shim) = (&world, &sums, &shim);
            scope.spawn(move || {
                let mut house = House::build(world, n);
                fs::create_dir_all(&house.comune.data).unwrap();
                let (mut lossy, mut rebuilt) = (0, 0);
                for cut in 0..cuts {
                    if cut % CUTS_A_MESSAGE == 0 {
                        let n = n * messages + house.people.len();
                        house.receives(person(n), &number(n));
                    }
                    let dice = &mut Dice(spread(seed, &house.office, &cut.to_string()));
                    // The first one ends in order, so that the trace can be held against the folder.
                    let life = (cut > 0).then(|| Duration::from_millis(dice.below(LIFE_MS)));
                    lossy += usize::from(one(&house, shim, life, dice));
                }
                let log = house.log("fine");
                let service = house.run("", &log);
                house.finish(&house.people, "after the last cut", &service);
                drop(service);
                for entry in fs::read_dir(&house.comune.data).unwrap() {
                    rebuilt += usize::from(entry.unwrap().file_name().to_string_lossy().starts_with("index-damaged"));
                }
                let mut sums = sums.lock().unwrap();
                sums.0 += house.judge();
                sums.1 += cuts;
                sums.2 += lossy;
                sums.3 += rebuilt;
            });
        }
    });
    let (sums, cuts, lossy, rebuilt) = sums.into_inner().unwrap();
    println!(
        "power cuts: {cuts} of a life with servers, of which {lossy} lost or tore something not fsynced, and {} at other moments of these lives: 0 could not be opened, 0 durable lines lost; {rebuilt} indexes built again; {} messages in, lost 0, {} letters, {} delivered once, {} uncertain and received by nobody, doubled 0; {} s",
        cuts * MOMENTS,
        sums.messages,
        sums.letters,
        sums.delivered,
        sums.uncertain,
        since.elapsed().as_secs()
    );
    assert_eq!(sums.letters, HOUSES * messages);
    assert!(lossy > 0, "no cut lost anything: this proves nothing");
}

/// One life that ends by a cut, after so long or in order; the data folder is then what is left. Whether it lost something.
fn one(house: &House<'_>, shim: &Path, life: Option<Duration>, dice: &mut Dice) -> bool {
    let data = &house.comune.data;
    let trace = data.with_extension("traccia");
    let _ = fs::remove_file(&trace);
    let before = Medium::of(data);
    let log = house.log("vite");
    let _ = fs::remove_file(&log);
    let mut command = sportello();
    command.args(["run", "--config"]).arg(&house.comune.file);
    command.env("LD_PRELOAD", shim).env("POWERCUT_ROOT", data).env("POWERCUT_TRACE", &trace);
    let mut service = Daemon::spawn(command, &log);
    let mut medium = before.clone();
    if let Some(life) = life {
        thread::sleep(life);
        assert!(service.kill(), "it ended by itself: {}", service.log());
        medium.replay(&fs::read(&trace).unwrap_or_default());
    } else {
        service.wait_logged(1, &["event=\"started\""]);
        house.finish(&house.people, "under the shim", &service);
        service.signal("TERM");
        assert_eq!(service.end().code(), Some(0), "{}", service.log());
        medium.replay(&fs::read(&trace).unwrap());
        assert_eq!(
            medium.differs_from(data),
            None,
            "the trace is not whole: the program writes by a call that the shim does not know"
        );
    }
    let left = data.with_extension("resto");
    for _ in 0..MOMENTS {
        any_moment(before.clone(), &trace, &left, dice);
    }
    let lost = medium.cut(&left, dice.below(4) > 0, dice);
    fs::remove_dir_all(data).unwrap();
    fs::rename(&left, data).unwrap();
    lost > 0
}

/// The power goes at any operation of a life: what is left opens, has every line that was durable, and what they name.
fn any_moment(mut medium: Medium, trace: &Path, left: &Path, dice: &mut Dice) {
    let trace = fs::read(trace).unwrap_or_default();
    let all = records(&trace);
    // Every other time right after a write: then there is something to lose.
    let writes: Vec<usize> = (0..all.len()).filter(|n| all[*n][0] == b'W').map(|n| n + 1).collect();
    let end = match dice.below(2) {
        1 if !writes.is_empty() => writes[usize::try_from(dice.below(writes.len() as u64)).unwrap()],
        _ => usize::try_from(dice.below(all.len() as u64 + 1)).unwrap(),
    };
    medium.replay(&all[..end].concat());
    medium.cut(left, true, dice);
    let lines = medium.durable("journal/000001.jsonl").iter().filter(|byte| **byte == b'\n').count() as u64;
    let store = Store::open(left, gestore::Timestamp::now());
    let store = store.unwrap_or_else(|trouble| panic!("after {end} of {} operations: {trouble}", all.len()));
    assert!(store.seq() >= lines, "after {end} operations: {} of {lines} durable lines", store.seq());
    drop(store);
    let archive = Archive::at(left);
    Journal::verify(left, Tail::Closed, |record, _| {
        if let Event::Decided(decided) = &record.event {
            archive.read(Shelf::In, &decided.digest).unwrap();
            decided.frozen.iter().for_each(|digest| drop(archive.read(Shelf::Out, digest).unwrap()));
        }
    })
    .unwrap();
    fs::remove_dir_all(left).unwrap();
}

//! Changes when what a full disk does to the service changes (reliability.md §3.2, T10; P12).

use super::house::{House, person, servers};
use super::seeds;
use crate::support::{Daemon, wait_or};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Size of the disk, MB: so much, and what a round leaves in the archive.
const DISK_MB: (usize, usize) = (24, 8);
/// What is left of it in each round, KB: too little for the index, for a line, for a piece of the message, for its copy.
const LEFT_KB: &[u64] = &[0, 4, 40, 200, 700, 1100, 1400];
/// A document that is more than any of these.
const DOCUMENT_BYTES: usize = 1_500_000;

/// A disk of its own under a folder, as long as it lives.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, size_mb: usize) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size_mb}m,mode=700"), "tmpfs"]).arg(at);
        mount.status().is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }

    /// Fills it to the last page, then gives so much back.
    fn fill(&self, left_kb: u64) {
        let path = self.0.join("zavorra");
        let mut file = File::create(&path).unwrap();
        let mut length = 0;
        while let Ok(written) = file.write(&[1; 64 * 1024]) {
            length += written as u64;
        }
        file.set_len(length.saturating_sub(left_kb * 1024)).unwrap();
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("zavorra")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// No room in the middle of intake, at every step of it: nothing is acknowledged, nothing is lost, and when there is room
/// again the work goes on by itself. systemd's part, starting again what has ended, is played here.
#[test]
fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    let rounds = usize::try_from(seeds("SPORTELLO_FULL_ROUNDS", LEFT_KB.len() as u64)).unwrap();
    let Some(world) = servers(1, rounds) else { return };
    let mut house = House::build_with(&world, 0, "spazio_minimo_mb = 0");
    let Some(disk) = Disk::mount(&house.comune.data, DISK_MB.0 + DISK_MB.1 * rounds) else {
        println!("SKIPPED: a small disk of its own cannot be mounted here");
        return;
    };
    let (since, log) = (Instant::now(), house.log("pieno"));
    let (mut starts, mut full) = (0, 0);
    for (round, left) in LEFT_KB.iter().cycle().take(rounds).enumerate() {
        let kept = world.count(&house.office, "Elaborati");
        disk.fill(*left);
        house.receives(person(round), &vec![b'x'; DOCUMENT_BYTES]);
        let mut service = house.run("", &log);
        starts += 1;
        let seen = |service: &Daemon| service.logged(&["os error 28"]) + service.logged(&["pieno"]);
        let before = seen(&service);
        wait_or(
            || format!("round {round}: no word about the disk:\n{}", fs::read_to_string(&log).unwrap()),
            || {
                if service.has_ended() {
                    service = house.run("", &log);
                    starts += 1;
                }
                (seen(&service) > before).then_some(())
            },
        );
        full += 1;
        house.all_acknowledged_are_kept();
        disk.empty();
        // It may have ended just before there was room; if it lives it goes on by itself.
        if service.has_ended() {
            service = house.run("", &log);
            starts += 1;
        }
        let last = house.people[round..].to_vec();
        wait_or(
            || format!("round {round}: it does not go on:\n{}", service_log(&log)),
            || {
                if service.has_ended() {
                    service = house.run("", &log);
                    starts += 1;
                }
                (world.count(&house.office, "Elaborati") > kept).then_some(())
            },
        );
        house.finish(&last, &format!("round {round}"), &service);
        service.kill();
    }
    assert!(service_log(&log).contains("pieno"), "an administrator is told in his language");
    let sums = house.judge();
    println!(
        "full disk: {full} times, {} messages in, acknowledged while full 0, lost 0, {} letters delivered once, doubled 0; {starts} starts; {} s",
        sums.messages,
        sums.delivered,
        since.elapsed().as_secs()
    );
    drop(disk);
}

fn service_log(log: &Path) -> String {
    fs::read_to_string(log).unwrap()
}

//! Changes when how fast a full mailbox must be taken in is measured in another way: the service and `mbsync`, on the same
//! Dovecot, each from nothing to the last message on disk.

use super::gauge::{self, Log, Trials};
use super::post::{self, Kind};
use super::{Asked, figure, is_wanted, size};
use crate::servers::world::{Choices, Comune, OFFICE, World};
use crate::support::Daemon;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// The mailbox of the tampered messages.
const OTHER: &str = "secondo@ente.test";

/// Whether `mbsync` is here, which the bench has looked at too.
fn has_mbsync() -> bool {
    Command::new("mbsync").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// `mbsync` into an empty Maildir: messages in a second. It writes each to the disk before the next step, as it does unless told
/// otherwise.
pub fn mbsync(world: &World, office: &str, count: usize, at: &Path) -> f64 {
    fs::create_dir_all(at.join("inbox")).unwrap();
    let (port, password, ca) = (world.value("IMAPS"), world.value("PASSWORD"), world.value("TLS_CA"));
    let dir = at.display();
    let text = format!(
        "IMAPAccount misura\nHost localhost\nPort {port}\nUser {office}\nPass {password}\nSSLType IMAPS\n\
         CertificateFile {ca}\n\nIMAPStore lontano\nAccount misura\n\nMaildirStore vicino\nPath {dir}/\nInbox {dir}/inbox\n\n\
         Channel misura\nFar :lontano:\nNear :vicino:\nSync Pull\nCreate Near\nSyncState *\n"
    );
    let file = at.join("mbsyncrc");
    fs::write(&file, text).unwrap();
    let (began, used) = (Instant::now(), gauge::processor_of_ended());
    let output = Command::new("mbsync").arg("-c").arg(&file).arg("-q").arg("misura").output().unwrap();
    let took = began.elapsed().as_secs_f64();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let used = gauge::processor_of_ended() - used;
    let got: usize = ["cur", "new"].map(|part| fs::read_dir(at.join("inbox").join(part)).unwrap().count()).iter().sum();
    assert_eq!(got, count, "mbsync has not taken all");
    put_away(at);
    let rate = count as f64 / took;
    println!(
        "mbsync: {count} messages in {took:.1} s, {rate:.0}/s, processor {:.2} ms each",
        used * 1e3 / count as f64
    );
    rate
}

/// What a run of the service came to.
pub struct Taken {
    /// Messages in a second, from the start of the program to the last decision.
    pub rate: f64,
    /// Processor time for each, milliseconds, trials included.
    pub processor: f64,
    /// Most memory of the service, megabytes.
    pub peak: f64,
    /// Most memory of a trial, megabytes.
    pub trial: f64,
}

/// The service, from its start to the last decision. Its roads are down: what it would send waits.
pub fn service(comune: &Comune, what: &str, count: usize) -> Taken {
    let began = Instant::now();
    let mut service = Daemon::run(&comune.file, &comune.log);
    let trials = Trials::of(service.id());
    Log::of(&comune.log).wait(&mut service, count, "event=\"message_decided\"");
    let took = began.elapsed().as_secs_f64();
    let used = gauge::processor(&service.id().to_string());
    let taken = Taken {
        rate: count as f64 / took,
        processor: used * 1e3 / count as f64,
        peak: gauge::peak(service.id()),
        trial: trials.peak(),
    };
    println!(
        "sportello, {what}: {count} messages in {took:.1} s, {:.0}/s, processor {:.2} ms each, peak {:.0} MB, trial {:.0} MB",
        taken.rate, taken.processor, taken.peak, taken.trial
    );
    service.signal("TERM");
    assert_eq!(service.end().code(), Some(0), "{}", service.log());
    taken
}

/// A Comune whose letters stay where they are: nobody listens on its roads, and replies are held for a day.
pub fn house(world: &World, office: &str, observes: bool) -> Comune {
    let comune = Comune::build(world, &Choices { office: Some(office.into()), ..Choices::default() });
    let mut text = fs::read_to_string(&comune.file).unwrap();
    for road in ["SMTPS", "SUBMISSION"] {
        text = text.replace(&format!("porta = {}\n", world.value(road)), "porta = 1\n");
    }
    text = text.replace("attesa_secondi = 0", "attesa_secondi = 86400");
    if observes {
        text = text.replace("[invio.pec]", "[invio]\nmodo = \"osserva\"\n[invio.pec]");
    }
    text.push_str("[revoca]\nattiva = false\n");
    fs::write(&comune.file, text).unwrap();
    comune
}

/// Takes away what a run has left, so that the next begins from nothing. It is deleted with its world: whoever makes files after
/// thousands were deleted pays for that (ext4 without a journal goes over the inodes that were free only lately).
fn put_away(at: &Path) {
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    let n = ENDED.fetch_add(1, Ordering::Relaxed);
    fs::rename(at, at.with_extension(format!("finito-{n}"))).unwrap();
}

#[test]
fn a_full_mailbox_is_taken_in() {
    if !is_wanted() {
        return;
    }
    assert!(has_mbsync(), "mbsync is missing: apt-get install isync");
    let world = World::up_for(&[]).expect("SPORTELLO_SERVERS=1");
    let (count, bytes) = (size("SPORTELLO_MEASURE_INTAKE", 10_000), size("SPORTELLO_MEASURE_BYTES", 20_000));
    let mirror = world.dir().join("specchio");
    let kinds = [
        ("requests: a task and a reply", OFFICE, Kind::Requests, false),
        ("requests, only observed", OFFICE, Kind::Requests, true),
        ("tampered: a task", OTHER, Kind::Tampered, false),
    ];
    let mut before = None;
    for (what, office, kind, observes) in kinds {
        if before != Some(office) {
            let began = Instant::now();
            let total = post::lay_up(&world, office, kind, count, bytes);
            let each = total / count as u64;
            println!("{count} messages of {each} bytes sealed in {:.0} s", began.elapsed().as_secs_f64());
            // The first reading warms the server's caches: it is nobody's.
            mbsync(&world, office, count, &mirror);
        }
        before = Some(office);
        let theirs = mbsync(&world, office, count, &mirror);
        let comune = house(&world, office, observes);
        let ours = service(&comune, what, count);
        let items = crate::support::ask(&["verify-journal", comune.data.to_str().unwrap()]);
        assert_eq!(items.0, Some(0), "{}", items.1);
        put_away(&comune.data);
        put_away(&comune.log);
        figure(&format!("intake, {what}"), ours.rate / theirs, "of mbsync's rate", &Asked::AtLeast(0.7));
        figure(&format!("intake, {what}: memory"), ours.peak.max(ours.trial), "MB", &Asked::Nothing);
        figure(&format!("intake, {what}: processor"), ours.processor, "ms a message", &Asked::Nothing);
    }
}

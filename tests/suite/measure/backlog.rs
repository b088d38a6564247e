//! Changes when what a register of years must not make slow is measured in another way.

use super::gauge::{self, Log, Run};
use super::post::{self, Kind};
use super::register::{self, Writer};
use super::{Asked, figure, intake, is_wanted, size};
use crate::servers::world::{OFFICE, World};
use crate::support::Daemon;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Messages at the beginning and at the end of which the cost of one is taken.
const WINDOW: usize = 10_000;

/// Makes the register, or finds it made: messages in it. What a message costs at its end is held against its beginning.
fn make(data: &Path, stored: usize) {
    if data.join("journal").is_dir() {
        println!("the store in {} is there already", data.display());
        return;
    }
    let mut writer = Writer::new(data, stored);
    let timed = |writer: &mut Writer, messages: usize| {
        writer.is_durable(true);
        let began = Instant::now();
        writer.write(messages, register::STEP);
        writer.is_durable(false);
        began.elapsed().as_secs_f64() * 1e3 / messages as f64
    };
    let window = WINDOW.min(stored / 2);
    let first = timed(&mut writer, window);
    let between = stored - 2 * window;
    let began = Instant::now();
    for part in 0..10 {
        writer.write(between * (part + 1) / 10 - between * part / 10, register::STEP);
        println!("{} messages stored after {:.0} s", window + between * (part + 1) / 10, began.elapsed().as_secs_f64());
    }
    let last = timed(&mut writer, window);
    println!("store: the first {window} messages {first:.2} ms each, the last {last:.2} ms");
    figure("backlog: a message more, in the store", last / first, "of the first ones' cost", &Asked::AtMost(1.3));
}

/// A command of the program to its end.
fn told(what: &str, stored: usize, asked: Option<&Asked>, args: &[&str]) {
    let run = Run::of(args);
    println!("{what}: {:.2} s, peak {:.0} MB, exit {:?}, {} bytes", run.seconds, run.peak, run.code, run.said);
    let rate = stored as f64 / run.seconds;
    match asked {
        Some(asked) => figure(&format!("backlog: {what}"), rate, "messages a second", asked),
        None => figure(&format!("backlog: {what}"), run.seconds, "s", &Asked::Nothing),
    }
    figure(&format!("backlog: {what}, memory"), run.peak, "MB", &Asked::Nothing);
}

#[test]
fn a_register_of_years_is_no_burden() {
    if !is_wanted() {
        return;
    }
    let world = World::up_for(&[]).expect("SPORTELLO_SERVERS=1");
    let stored = size("SPORTELLO_MEASURE_STORED", 1_000_000);
    let kept = std::env::var_os("SPORTELLO_MEASURE_STORE").map(Into::into);
    let data = kept.unwrap_or_else(|| world.dir().join("anni"));
    make(&data, stored);
    let comune = intake::house(&world, OFFICE, false);
    let on_empty = comune.data.clone();
    let text = fs::read_to_string(&comune.file).unwrap();
    fs::write(&comune.file, text.replace(&on_empty.display().to_string(), &data.display().to_string())).unwrap();

    // Twice: the first start replays what the writer above left unsynced, and reads a cold disk.
    for what in ["the first start", "a start"] {
        let began = Instant::now();
        let _ = fs::remove_file(&comune.log);
        let mut service = Daemon::run(&comune.file, &comune.log);
        let mut log = Log::of(&comune.log);
        log.wait(&mut service, 1, "event=\"started\"");
        let started = began.elapsed().as_secs_f64();
        let held = gauge::held(service.id());
        println!("{what}: {started:.2} s, then holds {held:.0} MB");
        figure(&format!("backlog: {what}"), started, "s", &Asked::AtMost(3.0));
        if what == "a start" {
            let busy = gauge::wait_idle(service.id());
            let (held, peak) = (gauge::held(service.id()), gauge::peak(service.id()));
            println!("busy with what it found for {busy:.1} s more; idle {held:.0} MB, peak {peak:.0} MB");
            figure("backlog: busy after a start", busy, "s", &Asked::Nothing);
            figure("backlog: memory, idle", held, "MB", &Asked::AtMost(60.0));
            let path = data.to_str().unwrap();
            told("status beside the service", stored, None, &["status", path]);
            told("status --json beside the service", stored, None, &["status", "--json", path]);
        }
        service.signal("TERM");
        assert_eq!(service.end().code(), Some(0), "{}", service.log());
    }
    let path = data.to_str().unwrap();
    told("status, no service", stored, None, &["status", path]);
    told("status --json, no service", stored, None, &["status", "--json", path]);
    told("verify-journal", stored, Some(&Asked::Nothing), &["verify-journal", path]);
    told("rebuild", stored, Some(&Asked::AtLeast(5000.0)), &["rebuild", path]);
    for entry in fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.file_name().unwrap().to_string_lossy().starts_with("index-damaged-") {
            fs::remove_dir_all(entry).unwrap();
        }
    }

    let (count, bytes) = (size("SPORTELLO_MEASURE_INTAKE", 10_000), size("SPORTELLO_MEASURE_BYTES", 20_000));
    post::lay_up(&world, OFFICE, Kind::Requests, count, bytes);
    intake::mbsync(&world, OFFICE, count, &world.dir().join("specchio"));
    let _ = fs::remove_file(&comune.log);
    let upon = intake::service(&comune, "upon the backlog", count);
    let empty = intake::house(&world, OFFICE, false);
    let _ = fs::remove_file(&empty.log);
    let from_nothing = intake::service(&empty, "upon nothing", count);
    figure("backlog: intake upon it", from_nothing.rate / upon.rate, "of an empty store's cost", &Asked::AtMost(1.3));
    let processor = upon.processor / from_nothing.processor;
    figure("backlog: intake upon it, processor", processor, "of an empty store's", &Asked::Nothing);
    figure("backlog: intake upon it, memory", upon.peak, "MB", &Asked::Nothing);
}

//! Changes when another size or another competitor is measured. `cargo bench` here; a table of ratios ends the run.

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput};
use measure::{Floor, SIZES, World, cpu, signed_part};
use pec::{Grade, examine};
use std::hint::black_box;
use std::time::Duration;

/// Criterion's clock: the CPU time of the thread.
struct ThreadCpu(WallTime);

impl Measurement for ThreadCpu {
    type Intermediate = Duration;
    type Value = Duration;
    fn start(&self) -> Duration {
        cpu()
    }
    fn end(&self, start: Duration) -> Duration {
        cpu() - start
    }
    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }
    fn zero(&self) -> Duration {
        Duration::ZERO
    }
    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        self.0.formatter()
    }
}

/// One competitor: its name and what it does with a message.
type Competitor<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn competitors<'a>(world: &'a World, raw: &'a [u8]) -> Vec<Competitor<'a>> {
    let signed = signed_part(raw);
    let floor = Floor::new();
    vec![
        (
            "floor",
            Box::new(move || {
                black_box(floor.run(raw));
            }),
        ),
        ("examine", Box::new(|| drop(black_box(examine(raw, &world.policy()))))),
        ("path kept", Box::new(|| drop(black_box(examine(raw, &world.policy_with_kept_paths()))))),
        ("openssl", Box::new(move || world.openssl(raw, signed))),
    ]
}

fn main() {
    let world = World::new();
    let messages: Vec<_> = SIZES.into_iter().map(|(name, attachment)| (name, world.envelope(attachment))).collect();
    for (name, raw) in &messages {
        let seen = examine(raw, &world.policy());
        assert_eq!(seen.grade, Grade::Genuine, "{name}: {:#?}", seen.report);
    }
    // `-- --table` goes straight to the table.
    if !std::env::args().any(|arg| arg == "--table") {
        let mut criterion = Criterion::default().with_measurement(ThreadCpu(WallTime)).configure_from_args();
        for (size, raw) in &messages {
            let mut group = criterion.benchmark_group(*size);
            group.throughput(Throughput::Bytes(raw.len() as u64));
            group.sample_size(if raw.len() > 10_000_000 { 10 } else { 50 });
            for (name, run) in competitors(&world, raw) {
                group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(&run));
            }
            group.finish();
        }
        criterion.final_summary();
    }
    table(&world, &messages);
}

/// Rounds of the table: in each, all of them one after the other on the same bytes.
const ROUNDS: usize = 25;

/// Prints the least CPU time of each competitor, and its ratio to the floor.
fn table(world: &World, messages: &[(&str, Vec<u8>)]) {
    println!("\nleast thread CPU time of {ROUNDS} interleaved rounds; in brackets the ratio to the floor");
    print!("{:>8} {:>11}", "", "bytes");
    competitors(world, &messages[0].1).iter().for_each(|(name, _)| print!(" {name:>24}"));
    println!();
    for (size, raw) in messages {
        let competitors = competitors(world, raw);
        // A round lasts some milliseconds, whatever the size.
        let times = (2_000_000 / raw.len()).clamp(1, 50) as u32;
        let mut least = vec![Duration::MAX; competitors.len()];
        for _ in 0..ROUNDS {
            for ((_, run), least) in competitors.iter().zip(&mut least) {
                let start = cpu();
                (0..times).for_each(|_| run());
                *least = (*least).min((cpu() - start) / times);
            }
        }
        print!("{size:>8} {:>11}", raw.len());
        for time in &least {
            print!(" {:>14.1} µs ({:>4.2})", time.as_nanos() as f64 / 1e3, time.as_secs_f64() / least[0].as_secs_f64());
        }
        println!();
    }
}

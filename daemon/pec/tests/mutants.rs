//! Changes when what no mutant may achieve changes: to be certified and say something else than a genuine message.
//!
//! `SPORTELLO_MUTANTS=1000000` draws that many (`tests/nightly` does), `SPORTELLO_MUTANT_SEED=N` starts at that seed: the first
//! mutant drawn is then the one that a failure named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod mutation;

use mutation::{Mutant, Pool, find};
use pec::Grade;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Drawn by plain `cargo test`.
const ORDINARY: u64 = 10_000;
/// Seeds drawn by one worker at a time.
const BATCH: u64 = 250;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} must be a number: {value:?}")))
}

#[test]
fn no_mutant_is_certified_and_says_something_else() {
    let pool = Pool::read();
    let first = number("SPORTELLO_MUTANT_SEED").unwrap_or(0);
    let count = number("SPORTELLO_MUTANTS").unwrap_or(ORDINARY);
    let next = AtomicU64::new(first);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut grades: BTreeMap<&str, u64> = BTreeMap::new();
    std::thread::scope(|scope| {
        let work = || {
            let mut grades: BTreeMap<&str, u64> = BTreeMap::new();
            loop {
                let start = next.fetch_add(BATCH, Ordering::Relaxed);
                if start >= first + count {
                    return grades;
                }
                for seed in start..(start + BATCH).min(first + count) {
                    let mutant = pool.draw(seed, u8::MAX);
                    match judged(&pool, &mutant.raw, &mutant.donors) {
                        Ok(grade) => *grades.entry(grade.code()).or_default() += 1,
                        Err(why) => {
                            let mutant = shrunk(&pool, mutant);
                            let path = std::env::temp_dir().join(format!("mutant-{seed}.eml"));
                            std::fs::write(&path, &mutant.raw).unwrap();
                            panic!("{}\n  kept as {}", told(&pool, &mutant, &why), path.display());
                        }
                    }
                }
            }
        };
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for worker in running {
            match worker.join() {
                Ok(found) => found.into_iter().for_each(|(grade, more)| *grades.entry(grade).or_default() += more),
                Err(why) => std::panic::resume_unwind(why),
            }
        }
    });
    println!("{count} mutants of {} messages from seed {first}: {grades:?}", pool.genuine.len());
    if count >= ORDINARY {
        // A generator that only breaks things proves nothing: harmless mutants must still be certified, and each grade met.
        for grade in ["genuine", "genuine-weak", "mismatch", "suspect", "not-pec"] {
            assert!(grades.get(grade).is_some_and(|found| *found >= 10), "hardly any mutant is {grade}: {grades:?}");
        }
    }
}

/// The grade of the bytes, unless they are a false accept or a panic.
fn judged(pool: &Pool, raw: &[u8], donors: &[usize]) -> Result<Grade, String> {
    match catch_unwind(AssertUnwindSafe(|| pool.fault(raw, donors))) {
        Ok((grade, None)) => Ok(grade),
        Ok((grade, Some(difference))) => Err(format!("FALSE ACCEPT ({}): it says\n{difference}", grade.code())),
        Err(_) => Err("PANIC".into()),
    }
}

/// The same failure with as few steps, and as few changed lines, as will do.
fn shrunk(pool: &Pool, mutant: Mutant) -> Mutant {
    let fewer = (1..=7u8)
        .map(|steps| pool.draw(mutant.seed, steps))
        .find(|less| judged(pool, &less.raw, &less.donors).is_err());
    restored(pool, fewer.unwrap_or(mutant))
}

/// Bytes of the original put back from either end of the changed stretch, in smaller and smaller helpings.
fn restored(pool: &Pool, mut mutant: Mutant) -> Mutant {
    let fails = |raw: &[u8], donors: &[usize]| judged(pool, raw, donors).is_err();
    let before = &pool.genuine[mutant.donors[0]].raw;
    let mut helping = mutant.raw.len();
    while helping > 0 {
        let (start, old_end, new_end) = changed(before, &mutant.raw);
        let (old, new) = (&before[start..old_end], &mutant.raw[start..new_end]);
        let less = helping.min(old.len()).min(new.len());
        let front = [&mutant.raw[..start], &old[..less], &new[less..], &mutant.raw[new_end..]].concat();
        let tail = &old[old.len() - less..];
        let back = [&mutant.raw[..start], &new[..new.len() - less], tail, &mutant.raw[new_end..]].concat();
        let smaller = [front, back].into_iter().find(|raw| *raw != mutant.raw && fails(raw, &mutant.donors));
        match smaller {
            Some(raw) => mutant.raw = raw,
            None => helping /= 2,
        }
    }
    mutant
}

/// Start of the changed stretch, and its end in either.
fn changed(before: &[u8], after: &[u8]) -> (usize, usize, usize) {
    let start = before.iter().zip(after).take_while(|(b, a)| b == a).count();
    let shared = before[start..].iter().rev().zip(after[start..].iter().rev()).take_while(|(b, a)| b == a).count();
    (start, before.len() - shared, after.len() - shared)
}

/// A failure as a person wants to read it.
fn told(pool: &Pool, mutant: &Mutant, why: &str) -> String {
    let genuine = &pool.genuine[mutant.donors[0]];
    let (start, old_end, new_end) = changed(&genuine.raw, &mutant.raw);
    let line = 1 + genuine.raw[..start].iter().filter(|byte| **byte == b'\n').count();
    let shown = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(600)]).escape_debug().to_string();
        text.replace("\\r\\n", "\n      ").replace("\\\"", "\"")
    };
    format!(
        "\n{why}\n  seed {} (SPORTELLO_MUTANT_SEED), a mutant of {}\n  steps: {}\n  byte {start}, line {line}: was\n      {}\n    is\n      {}\n",
        mutant.seed,
        genuine.name,
        mutant.steps.join("; "),
        shown(&genuine.raw[start..old_end]),
        shown(&mutant.raw[start..new_end]),
    )
}

/// The proof must be able to fail: a message that a provider really signed, and that says something else, is caught.
#[test]
fn another_genuine_message_would_be_caught() {
    let pool = Pool::read();
    let (mut caught, count) = (0, pool.genuine.len());
    for donor in 1..count {
        let raw = pool.genuine[donor].raw.clone();
        caught += usize::from(judged(&pool, &raw, &[0]).is_err());
    }
    assert_eq!(caught, count - 1);
}

/// What did not matter to a failure is put back, so that a person reads only what did.
#[test]
fn a_failure_is_shrunk() {
    let mut pool = Pool::read();
    // Now whatever is certified is a failure.
    pool.genuine[0].statement.proof.push_str(" di un altro");
    let mut raw = pool.genuine[0].raw.clone();
    let at = find(&raw, b"Subject: POSTA").unwrap();
    raw.splice(at..at + 14, *b"Subject: ALTRA");
    let mutant = Mutant { seed: u64::MAX, donors: vec![0], steps: vec!["by hand".into()], raw };
    let why = judged(&pool, &mutant.raw, &mutant.donors).unwrap_err();
    assert!(told(&pool, &mutant, &why).contains("ALTR"));
    let restored = restored(&pool, mutant);
    assert_eq!(String::from_utf8_lossy(&restored.raw), String::from_utf8_lossy(&pool.genuine[0].raw));
}

/// The same seed is the same mutant, on every machine and in every run.
#[test]
fn a_seed_is_one_mutant() {
    let pool = Pool::read();
    for seed in 0..50 {
        let (one, two) = (pool.draw(seed, u8::MAX), pool.draw(seed, u8::MAX));
        assert_eq!((one.raw, one.steps), (two.raw, two.steps));
    }
}

//! What happens in one simulated life, drawn from its seed. Changes when the world learns another misfortune.

use super::pool;
use std::time::Duration;

/// Chance that can be repeated: SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of one seed for one purpose: what one part draws does not move what another draws.
    pub fn of(seed: u64, purpose: u64) -> Self {
        let mut dice = Self(seed ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        dice.next();
        dice
    }

    /// 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// From `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// True so often in a thousand.
    pub fn permille(&mut self, n: u64) -> bool {
        self.below(1000) < n
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// Up to `max`, small ones as often as large ones: the first bytes of a dialogue and its last are both worth a cut.
    pub fn spread(&mut self, max: u64) -> u64 {
        let bits = self.between(1, u64::from(64 - max.leading_zeros()));
        self.below(1 << bits).min(max)
    }

    /// A length of time.
    pub fn seconds(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_secs(self.between(from, to))
    }
}

/// How a life ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process dies; what it gave to the system reaches the disk.
    Kill,
    /// The power goes: what was not fsynced is lost, or torn, or not.
    PowerCut,
}

/// What a disk does at one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// EIO. Of an fsync: the pages are dropped and called clean, as Linux does.
    Eio,
    /// ENOSPC.
    Enospc,
    /// A write takes some bytes, then ENOSPC.
    Short,
}

/// What a disk says is durable, and is not: as if the service had not asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Careless {
    /// The names in a directory.
    Names,
    /// What was written to the register.
    Journal,
}

/// What happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// A letter of the pool reaches the inbox.
    Letter(usize),
    /// It comes a second time, as it is.
    Again(usize),
    /// It comes a second time, by another way: other outer headers.
    Redelivered(usize),
    /// A person removes a message from the server.
    Removed,
    /// A person moves a message to another folder.
    Moved,
    /// The folder is made anew: same messages, new UIDVALIDITY, new UIDs.
    NewValidity,
    /// The server is restored from a backup: the newest messages are gone and UIDNEXT is lower.
    Restored,
    /// All connections are refused for so many seconds.
    Outage(u64),
    /// Logins are refused for so many seconds.
    WrongPassword(u64),
    /// Our clock is put forward or back, seconds.
    ClockJump(i64),
    /// The disk is full for so many seconds.
    DiskFull(u64),
    /// The process, or the machine, stops now.
    Crash(Crash),
    /// An orderly stop and start: an upgrade.
    Restart,
    /// A person has one uncertain letter sent again.
    Resend,
    /// Somebody of an office does something with a dossier.
    Order,
    /// Some citizen writes what fits a dossier, or what does not.
    Command,
    /// So many days go by, for everybody, in which nothing happens.
    Weeks(i64),
    /// The emergency register is opened, or closed.
    Emergency(bool),
}

/// One life.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its seed.
    pub seed: u64,
    /// When it begins, an index of [`pool::SEASONS`].
    pub season: usize,
    /// How long the misfortunes last.
    pub horizon: Duration,
    /// A letter to ourselves goes each day: in one life of four, and in none of the others does it change anything.
    pub canary: bool,
    /// Kept messages are moved away on the server.
    pub moves: bool,
    /// Another folder is watched, where some receipts land.
    pub two_folders: bool,
    /// Documents get numbers of a protocol system, through a folder.
    pub protocol: bool,
    /// How long letters to citizens wait, seconds.
    pub hold: u64,
    /// Of a thousand answers of the mailbox's server, so many are wrong.
    pub imap_lies: u64,
    /// Of a thousand submissions, so many go wrong.
    pub smtp_faults: u64,
    /// Of a thousand connections, so many are cut at some byte.
    pub cuts: u64,
    /// Some letters are not delivered for a day, and their notices come.
    pub is_slow: bool,
    /// Of a thousand receipts, so many never come.
    pub receipts_lost: u64,
    /// In order.
    pub happenings: Vec<(Duration, Happening)>,
    /// For each life in turn: the operation at which it crashes, and how.
    pub crashes: Vec<(u64, Crash)>,
    /// What its disk does not keep, where an oracle is to find it out.
    pub careless: Option<Careless>,
    /// For some lives: the disk operation at which the disk fails, and how.
    pub disk_faults: Vec<(usize, u64, DiskFault)>,
}

const HOUR: u64 = 3600;

impl Plan {
    /// The life of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, 1);
        // A night mostly, with the change of the hour in it; now and then a week.
        let horizon = if dice.permille(10) { 7 * 24 * HOUR } else { 10 * HOUR };
        let season = usize::try_from(dice.below(pool::SEASONS.len() as u64)).unwrap();
        let mut happenings = Vec::new();
        let at = |dice: &mut Dice| Duration::from_secs(dice.below(horizon));
        for _ in 0..dice.between(4, 12) {
            let letter = usize::try_from(dice.below(pool::LETTERS as u64)).unwrap();
            // Never before it was sealed; mostly soon after.
            let sealed = pool::sealed_after(letter);
            let came = sealed + dice.spread(horizon.saturating_sub(sealed).max(60));
            happenings.push((Duration::from_secs(came), Happening::Letter(letter)));
            if dice.permille(150) {
                let again = if dice.permille(500) { Happening::Again(letter) } else { Happening::Redelivered(letter) };
                happenings.push((Duration::from_secs(came + dice.spread(6 * HOUR)), again));
            }
        }
        let mut some = |n: u64, permille: u64, make: &mut dyn FnMut(&mut Dice) -> Happening| {
            for _ in 0..n {
                if dice.permille(permille) {
                    let happening = make(&mut dice);
                    happenings.push((at(&mut dice), happening));
                }
            }
        };
        some(2, 200, &mut |_| Happening::Removed);
        some(2, 200, &mut |_| Happening::Moved);
        some(1, 150, &mut |_| Happening::NewValidity);
        some(1, 100, &mut |_| Happening::Restored);
        some(2, 250, &mut |dice| Happening::Outage(dice.spread(4 * HOUR)));
        some(1, 100, &mut |dice| Happening::WrongPassword(dice.spread(2 * HOUR)));
        some(1, 250, &mut |dice| Happening::ClockJump(*dice.pick(&[-3600, 3600, -7200, 7200, -30, 30])));
        some(1, 120, &mut |dice| Happening::DiskFull(dice.spread(HOUR)));
        some(2, 250, &mut |dice| Happening::Crash(crash(dice)));
        some(1, 250, &mut |_| Happening::Restart);
        some(2, 300, &mut |_| Happening::Resend);
        // Offices and citizens act in one life of seven, and in none of the others does that change anything.
        if seed % 7 == 6 {
            let mut dice = Dice::of(seed, 5);
            for _ in 0..dice.between(30, 70) {
                happenings.push((Duration::from_secs(dice.between(HOUR / 2, horizon)), Happening::Order));
            }
            for _ in 0..dice.between(8, 25) {
                happenings.push((Duration::from_secs(dice.between(HOUR / 2, horizon)), Happening::Command));
            }
            // Terms end, notices run out.
            if dice.permille(700) {
                let at = dice.between(horizon / 3, horizon * 3 / 4);
                happenings.push((Duration::from_secs(at), Happening::Weeks(*dice.pick(&[12, 50, 50, 95]))));
            }
        }
        // Documents get protocol numbers in one life of five, and in none of the others does that change anything.
        let protocol = seed % 5 == 3;
        if protocol {
            let mut dice = Dice::of(seed, 7);
            if dice.permille(400) {
                let at = dice.between(0, horizon);
                happenings.push((Duration::from_secs(at), Happening::Emergency(true)));
                happenings.push((Duration::from_secs(at + dice.spread(horizon)), Happening::Emergency(false)));
            }
        }
        happenings.sort_by_key(|(at, _)| *at);
        let crashes = (0..dice.below(7)).map(|_| (1 + dice.spread(4000), crash(&mut dice))).collect();
        let kinds = [DiskFault::Eio, DiskFault::Eio, DiskFault::Enospc, DiskFault::Short];
        let disk_faults = (0..dice.below(4))
            .map(|_| (usize::try_from(dice.below(4)).unwrap(), 1 + dice.spread(600), *dice.pick(&kinds)))
            .collect();
        Self {
            seed,
            season,
            horizon: Duration::from_secs(horizon),
            canary: seed % 4 == 2,
            moves: dice.permille(300),
            two_folders: dice.permille(400),
            protocol,
            hold: *dice.pick(&[0, 0, 60, 600]),
            imap_lies: *dice.pick(&[0, 5, 30, 100]),
            smtp_faults: *dice.pick(&[0, 50, 200, 500]),
            cuts: *dice.pick(&[0, 100, 300]),
            is_slow: dice.permille(200),
            receipts_lost: *dice.pick(&[0, 50, 300]),
            happenings,
            crashes,
            careless: None,
            disk_faults,
        }
    }
}

fn crash(dice: &mut Dice) -> Crash {
    if dice.permille(500) { Crash::PowerCut } else { Crash::Kill }
}

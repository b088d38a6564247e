//! The provider behind the submission server: accepts, delivers or not, and answers with receipts that take their time, come
//! in any order, twice, or never. Changes when receipts can go another way.

use super::plan::{Dice, Plan};
use super::pool;
use super::power::Power;
use super::server_imap::{INBOX, Mailbox, RECEIPTS};
use gestore::{Delay, Failure, Submission};
use sportello::clock::Clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const HOUR: u64 = 3600;

/// A receipt that reached the mailbox.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Digest of its bytes, as they lie on the server.
    pub digest: String,
    /// The Message-ID that it is about.
    pub about: String,
}

/// Our provider and that of the citizens.
pub struct Provider {
    ours: gestore::Provider,
    theirs: gestore::Provider,
    mailbox: Arc<Mutex<Mailbox>>,
    clock: Clock,
    power: Power,
    dice: Mutex<Dice>,
    two_folders: bool,
    is_slow: bool,
    lost: AtomicU64,
    /// Receipts on their way.
    on_their_way: Arc<AtomicU64>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Provider {
    /// A provider whose clock is right.
    pub fn new(plan: &Plan, mailbox: Arc<Mutex<Mailbox>>, clock: Clock, power: Power) -> Self {
        Self {
            ours: pool::provider(pool::ENTITY, plan.seed),
            theirs: pool::provider("a@cittadini.test", plan.seed),
            mailbox,
            clock,
            power,
            dice: Mutex::new(Dice::of(plan.seed, 3)),
            two_folders: plan.two_folders,
            is_slow: plan.is_slow,
            lost: AtomicU64::new(plan.receipts_lost),
            on_their_way: Arc::default(),
            sent: Arc::default(),
        }
    }

    /// Receipts that have not arrived yet.
    pub fn on_their_way(&self) -> u64 {
        self.on_their_way.load(Ordering::Relaxed)
    }

    /// Receipts that reached the mailbox, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// From now on every receipt comes.
    pub fn heal(&self) {
        self.lost.store(0, Ordering::Relaxed);
    }

    /// Takes a letter: what follows is decided now, and happens in its time.
    pub fn take(self: &Arc<Self>, from: &str, to: &[String], raw: &[u8]) {
        let now = self.clock.now();
        let mut dice = self.dice.lock().unwrap().clone();
        let (carriage, acceptance, envelope) = match self.ours.submit(raw, from, to, now).unwrap() {
            Submission::Accepted { carriage, acceptance, envelope } => (carriage, acceptance, envelope),
            Submission::Refused(notice) => {
                self.post(&mut dice, 0, 60, about(raw), now, move |_, _| notice.raw);
                *self.dice.lock().unwrap() = dice;
                return;
            }
        };
        let to = to[0].clone();
        let id = about(raw);
        if dice.permille(30) {
            self.power.count("provider: refused for a virus");
            self.post(&mut dice, 1, 600, id, now, move |me, at| {
                me.ours.non_acceptance_virus(&carriage, at).unwrap().raw
            });
            *self.dice.lock().unwrap() = dice;
            return;
        }
        let late = if dice.permille(200) { 3 * HOUR } else { 60 };
        self.post(&mut dice, 0, late, id.clone(), now, move |_, _| acceptance.raw);
        let notice = |me: &Arc<Self>, dice: &mut Dice, hours: u64, delay: Delay| {
            let (carriage, to) = (carriage.clone(), to.clone());
            me.post(dice, hours * HOUR, hours * HOUR + 600, id.clone(), now, move |me, at| {
                me.ours.delay_notice(&carriage, &to, delay, at).unwrap().raw
            });
        };
        match dice.below(10) {
            0 => {
                let (carriage, to) = (carriage.clone(), to.clone());
                self.post(&mut dice, 1, HOUR, id.clone(), now, move |me, at| {
                    me.provider_of(&to).non_delivery(&carriage, &to, Failure::NoDest, at).unwrap().raw
                });
            }
            1 if self.is_slow => {
                notice(self, &mut dice, 12, Delay::TwelveHours);
                notice(self, &mut dice, 24, Delay::TwentyFourHours);
            }
            what => {
                let late = if what == 2 && self.is_slow {
                    notice(self, &mut dice, 12, Delay::TwelveHours);
                    (13 * HOUR, 22 * HOUR)
                } else {
                    (1, 120)
                };
                if to == pool::ENTITY {
                    self.carry_home(&mut dice, envelope.raw);
                }
                let (carriage, to) = (carriage.clone(), to.clone());
                self.post(&mut dice, late.0, late.1, id.clone(), now, move |me, at| {
                    me.provider_of(&to).delivery(&carriage, &to, at).unwrap().raw
                });
            }
        }
        *self.dice.lock().unwrap() = dice;
    }

    /// Of a recipient: of our own mailbox it is ours.
    fn provider_of(&self, to: &str) -> &gestore::Provider {
        if to == pool::ENTITY { &self.ours } else { &self.theirs }
    }

    /// What went to the mailbox itself arrives there, after a while.
    fn carry_home(self: &Arc<Self>, dice: &mut Dice, envelope: Vec<u8>) {
        let way = Duration::from_secs(dice.spread(2 * HOUR));
        let mut raw = format!("Return-Path: <{0}>\r\nDelivered-To: {0}\r\n", pool::ENTITY).into_bytes();
        raw.extend(envelope);
        let me = self.clone();
        self.on_their_way.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            tokio::time::sleep(way).await;
            me.power.note("a letter to ourselves is home");
            me.power.count("letters to ourselves that came home");
            me.mailbox.lock().unwrap().deliver(INBOX, Arc::new(raw), me.clock.now());
            me.on_their_way.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Sends one receipt to the mailbox, after a while; perhaps twice, perhaps never.
    fn post(
        self: &Arc<Self>,
        dice: &mut Dice,
        from: u64,
        to: u64,
        about: String,
        now: jiff::Timestamp,
        make: impl FnOnce(&Self, jiff::Timestamp) -> Vec<u8> + Send + 'static,
    ) {
        if dice.permille(self.lost.load(Ordering::Relaxed)) {
            self.power.count("receipts that never come");
            return;
        }
        let event = dice.seconds(from, to);
        let slowest = if dice.permille(100) { 2 * HOUR } else { 20 };
        let way = Duration::from_secs(dice.spread(slowest));
        let again = dice.permille(100).then(|| dice.seconds(1, 4 * HOUR));
        let folder = if self.two_folders && dice.permille(500) { RECEIPTS } else { INBOX };
        let me = self.clone();
        let at = now.checked_add(event).unwrap();
        self.on_their_way.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            tokio::time::sleep(event + way).await;
            let mut raw = format!("Return-Path: <>\r\nDelivered-To: {}\r\n", pool::ENTITY).into_bytes();
            raw.extend(make(&me, at));
            let raw = Arc::new(raw);
            me.arrive(folder, &raw, &about);
            if let Some(pause) = again {
                tokio::time::sleep(pause).await;
                me.power.count("receipts that come twice");
                me.arrive(folder, &raw, &about);
            }
            me.on_their_way.fetch_sub(1, Ordering::Relaxed);
        });
    }

    fn arrive(&self, folder: &str, raw: &Arc<Vec<u8>>, about: &str) {
        let digest = sportello::digest::sha256(raw);
        self.power.note(format!("receipt {} about {about} to {folder}", &digest[..12]));
        self.sent.lock().unwrap().push(Sent { digest, about: about.to_owned() });
        self.mailbox.lock().unwrap().deliver(folder, raw.clone(), self.clock.now());
    }
}

fn about(raw: &[u8]) -> String {
    crate::support::message_id(raw)
}

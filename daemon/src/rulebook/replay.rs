//! Past mail through a set of rules, without any effect: what would be decided otherwise. It changes when something else is
//! to be seen of that.

use super::past::{Message, Outcomes, Past};
use super::phrases::Phrases;
use crate::archive::{Archive, Shelf};
use casework::rules::quote::{Split, signature, split};
use casework::rules::{Outcome, Rulebook, on_trial};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Bands of points in which overturned decisions are counted apart: points are no probability, this is.
const BANDS: [(i32, i32, &str); 3] = [(0, 79, "fino a 79"), (80, 99, "80–99"), (100, i32::MAX, "da 100")];
/// Bytes of a letter that are looked at for phrases.
const TEXT_BYTES_SEEN: usize = 16 * 1024;

/// What is said of one past message now.
#[derive(Debug, Clone)]
pub struct Again {
    /// Its place among the messages.
    pub place: usize,
    /// What the rules would say; `None` = its bytes do not read any more.
    pub now: Option<Outcomes>,
    /// Rules on trial that reach `accept`, each with whether it would have been chosen.
    pub trial: Vec<(String, bool)>,
}

/// Everything that came of it.
#[derive(Debug, Default)]
pub struct Replay {
    /// One for each message, in order.
    pub results: Vec<Again>,
    /// Phrases of those that no rule recognised now.
    pub unmatched: Phrases,
    /// How long it took.
    pub took: Duration,
}

/// Runs these messages (places in `past.messages`) through a book, on as many threads as the machine has processors; `done`
/// is told now and then how many are.
pub fn run(past: &Past, places: &[usize], archive: &Archive, book: &Rulebook, done: impl Fn(usize) + Sync) -> Replay {
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(places.len().max(1));
    let work = || {
        let mut own = Replay::default();
        while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(message) = past.messages.get(*place) else { continue };
            own.results.push(one(*place, past, message, archive, book, &mut own.unmatched));
            done(next.load(Ordering::Relaxed).min(places.len()));
        }
        own
    };
    let mut all = Replay::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            if let Ok(own) = thread.join() {
                all.results.extend(own.results);
                all.unmatched.merge(own.unmatched);
            }
        }
    });
    all.results.sort_by_key(|again| again.place);
    all.took = began.elapsed();
    all
}

fn one(
    place: usize,
    past: &Past,
    message: &Message,
    archive: &Archive,
    book: &Rulebook,
    unmatched: &mut Phrases,
) -> Again {
    let bytes = archive.read(Shelf::In, &message.digest).ok();
    let Some((class, read)) = bytes.and_then(|bytes| past.again(message, &bytes, book)) else {
        return Again { place, now: None, trial: Vec::new() };
    };
    let now = Outcomes::of(&class);
    if !now.is_chosen() {
        unmatched.add(&words(&read));
    }
    let is_chosen = |rule: &String| matches!(on_trial(book, &class, rule), Outcome::Chosen { .. });
    let trial = class.shadow.iter().map(|rule| (rule.clone(), is_chosen(rule))).collect();
    Again { place, now: Some(now), trial }
}

/// What its author wrote, subject first, without the signature; a blank line where one thing does not go on in the next.
#[must_use]
pub fn words(read: &pec::Reread) -> String {
    written(&read.message.subject, &read.message.text)
}

fn written(subject: &str, text: &str) -> String {
    let Split { new, breaks, .. } = split(text);
    let end = new.floor_char_boundary(TEXT_BYTES_SEEN.min(new.len() - signature(&new).len()));
    let mut parts = vec![subject];
    let mut from = 0;
    for at in breaks.into_iter().map(|at| at.min(end)).chain([end]) {
        parts.extend(new.get(from..at));
        from = at;
    }
    parts.join("\n\n")
}

/// How many, of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Messages.
    pub messages: u64,
    /// Whose bytes do not read any more.
    pub unread: u64,
    /// Decided otherwise.
    pub changed: u64,
    /// Decided otherwise, where the machine acted or would act without a person.
    pub auto_changed: u64,
    /// No rule recognises them.
    pub unmatched: u64,
    /// Two rules are too close.
    pub tied: u64,
    /// Corrected by a person.
    pub corrected: u64,
    /// Of these: right then, right now.
    pub right_then: u64,
    /// See above.
    pub right_now: u64,
    /// Right then, or never corrected away, and wrong now.
    pub worse: u64,
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct OfRule {
    /// Messages that it decided then.
    pub then: u64,
    /// Messages that it would decide.
    pub now: u64,
    /// Of those then, how many people overturned.
    pub overturned_then: u64,
    /// Of those now, how many contradict what people said.
    pub overturned_now: u64,
    /// Then, by band of points: decided, overturned.
    pub bands: BTreeMap<&'static str, (u64, u64)>,
}

/// The figures of a replay.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Figures {
    /// In all.
    pub counts: Counts,
    /// (then, now) → how many, of those that changed.
    pub moves: Vec<(String, String, u64)>,
    /// By rule.
    pub rules: BTreeMap<String, OfRule>,
    /// By rule on trial: messages in which it reaches `accept`, and of these those that it would decide.
    pub trial: BTreeMap<String, (u64, u64)>,
}

impl Replay {
    /// The figures.
    #[must_use]
    pub fn figures(&self, past: &Past) -> Figures {
        let mut all = Figures::default();
        let mut moves: BTreeMap<(String, String), u64> = BTreeMap::new();
        for again in &self.results {
            let Some(message) = past.messages.get(again.place) else { continue };
            all.counts.messages += 1;
            let Some(now) = &again.now else {
                all.counts.unread += 1;
                continue;
            };
            all.message(message, now);
            for (rule, is_chosen) in &again.trial {
                let (reached, chosen) = all.trial.entry(rule.clone()).or_default();
                *reached += 1;
                *chosen += u64::from(*is_chosen);
            }
            if !message.was.same_effect(now) {
                *moves.entry((name(&message.was), name(now))).or_default() += 1;
            }
        }
        all.moves = moves.into_iter().map(|((then, now), n)| (then, now, n)).collect();
        all.moves.sort_by(|a, b| (b.2, &a.0, &a.1).cmp(&(a.2, &b.0, &b.1)));
        all
    }

    /// Those that would be decided otherwise.
    pub fn changed<'a>(&'a self, past: &'a Past) -> impl Iterator<Item = (&'a Message, &'a Outcomes)> {
        let pair = |again: &'a Again| Some((past.messages.get(again.place)?, again.now.as_ref()?));
        self.results.iter().filter_map(pair).filter(|(message, now)| !message.was.same_effect(now))
    }
}

impl Figures {
    fn message(&mut self, message: &Message, now: &Outcomes) {
        let was = &message.was;
        let counts = &mut self.counts;
        let is_changed = !was.same_effect(now);
        counts.changed += u64::from(is_changed);
        counts.auto_changed += u64::from(is_changed && (was.is_auto() || now.is_auto()));
        counts.unmatched += u64::from(matches!(now.outcome, Outcome::BelowAccept { .. }));
        counts.tied += u64::from(matches!(now.outcome, Outcome::Tie(_)));
        let (mut bad_then, mut bad_now) = (false, false);
        if let Some(correction) = &message.correction {
            (bad_then, bad_now) = (!was.agrees(correction), !now.agrees(correction));
            counts.corrected += 1;
            counts.right_then += u64::from(!bad_then);
            counts.right_now += u64::from(!bad_now);
            counts.worse += u64::from(bad_now && !bad_then);
        }
        let then = self.rules.entry(was.rule.clone()).or_default();
        then.then += 1;
        then.overturned_then += u64::from(bad_then);
        if let Outcome::Chosen { score, .. } = was.outcome
            && let Some((_, _, band)) = BANDS.iter().find(|(from, to, _)| (*from..=*to).contains(&score))
        {
            let band = then.bands.entry(band).or_default();
            band.0 += 1;
            band.1 += u64::from(bad_then);
        }
        let today = self.rules.entry(now.rule.clone()).or_default();
        today.now += 1;
        today.overturned_now += u64::from(bad_now);
    }
}

/// The rule, and what is done with it.
#[must_use]
pub fn name(of: &Outcomes) -> String {
    let mut text = of.rule.clone();
    let _ = match (&of.outcome, of.mode) {
        (Outcome::Tie(_), _) => write!(text, " (parità)"),
        (Outcome::BelowAccept { .. }, _) => Ok(()),
        (Outcome::Chosen { .. } | Outcome::Asked { .. }, _) => write!(text, " → {}", of.office),
    };
    text
}

/// A condition that makes a replay fail: `auto-changed=0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    what: String,
    most: u64,
}

impl Gate {
    const KNOWN: [&'static str; 5] = ["changed", "auto-changed", "unmatched", "worse", "unread"];

    /// Why the figures do not pass, in Italian.
    #[must_use]
    pub fn refuses(&self, counts: &Counts) -> Option<String> {
        let n = match self.what.as_str() {
            "changed" => counts.changed,
            "auto-changed" => counts.auto_changed,
            "unmatched" => counts.unmatched,
            "worse" => counts.worse,
            _ => counts.unread,
        };
        (n > self.most).then(|| format!("{}: {n}, al massimo {}", self.what, self.most))
    }
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, most) = text.split_once('=').ok_or("serve NOME=NUMERO, per esempio auto-changed=0")?;
        if !Self::KNOWN.contains(&what) {
            return Err(format!("«{what}» non si conosce: {}", Self::KNOWN.join(", ")));
        }
        let most = most.parse().map_err(|_| format!("«{most}» non è un numero"))?;
        Ok(Self { what: what.into(), most })
    }
}

//! The demonstration: the whole service on a scene of simulated mail, in a folder that can be browsed afterwards.
//!
//! Everything is the real thing — archive, journal, store, pipeline, outbox, rules, templates — except the two ends: the
//! mailbox is a Maildir and the provider is `gestore`, whose certificates say SIMULAZIONE. An office builds the program
//! without this module (`--no-default-features`).

mod circuit;
mod office;
mod scene;
mod story;

use crate::caseload::clerk::Clerk;
use crate::config::{Config, Log, Mailbox, Revocation, Road, Server, Source};
use crate::journal::record::Channel;
use crate::office::{Office, desk, effect_key};
use crate::outbox::orders::Answer;
use crate::outbox::schedule::{ACCEPTANCE_OVERDUE, State};
use crate::outbox::{Rates, Roads};
use crate::store::rows::ItemRow;
use crate::store::{Overview, Store};
use crate::supervise::Service;
use crate::trial::Trial;
use crate::trust::Trust;
use casework::Entity;
use casework::desk::OfficeBox;
use circuit::{Offices, Provider, World};
use jiff::SignedDuration;
use pec::{Anchor, Anchors};
use scene::{Play, STEPS, Step};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use story::Story;
use tokio::sync::watch;

/// How long one step of the scene may take before the demonstration says that something is wrong.
const STEP_MAX: Duration = Duration::from_secs(60);
/// How often the demonstration looks at what the service has done.
const LOOK: Duration = Duration::from_millis(15);

/// What the demonstration leaves behind.
pub struct Shown {
    /// Everything the register holds.
    pub overview: Overview,
    /// Steps of the scene, all told.
    pub steps: usize,
    /// Steps played now; the others were played by an earlier run on the same folder.
    pub played: usize,
}

/// Plays the scene in `root`, which may hold an earlier run that was interrupted. `say` is given one line at a time.
///
/// # Errors
/// What went wrong, in Italian.
pub fn play(root: &Path, trial: Trial, mut say: impl FnMut(&str)) -> Result<Shown, String> {
    let world = Arc::new(World::open(root)?);
    say(&format!("Gestore simulato: {} (nessun certificato qui dentro ha valore).", world.signer()));
    let config = config(root, &world)?;
    let key = effect_key_in(&config.data)?;
    let trust = Trust::of(Anchors { list: vec![anchor(&world)?] });
    let desk = desk(config.entity.clone(), None, None, key).map_err(|p| first(&p))?;
    let service = Service::with_office(
        config,
        Office { desk, trust, sigillo: Arc::default() },
        trial,
        crate::world::World::real(),
    )
    .map_err(|p| first(&p))?;
    let roads = Roads {
        pec: Box::new(Provider { world: world.clone(), copies: root.join("risposte") }),
        offices: Some(Box::new(Offices { dir: root.join("compiti") })),
        courtesy: None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    let (stop, stopped) = watch::channel(false);
    let store = service.store();
    let clerk = service.clerk();
    runtime.block_on(async {
        let mut parts = service.start(roads, &stopped).map_err(|p| first(&p))?;
        let mut story = Story::new(root.join("servizio"));
        let mut progress = Progress::read(root);
        let played = STEPS.len() - progress.done.len();
        // An interrupted run left messages in hand: they are finished before the scene goes on.
        quiet(&store, &world, &mut story, &mut say).await?;
        for (n, step) in STEPS.iter().enumerate() {
            if progress.done.contains(step.name) {
                continue;
            }
            say(&format!("\n{:>2}. {}", n + 1, step.title));
            let arrived = world.arrived()?;
            // A run that was killed in the middle of this step may have sent its message: nobody sends it twice.
            if !progress.has_arrived(step.name, arrived) {
                progress.begin(root, step.name, arrived)?;
                play_step(step, &world, &store, &clerk, &mut say)?;
            }
            quiet(&store, &world, &mut story, &mut say).await?;
            progress.end(root, step.name)?;
        }
        let _ = stop.send(true);
        while parts.join_next().await.is_some() {}
        let overview = store.lock().unwrap_or_else(PoisonError::into_inner).overview().map_err(|e| e.to_string())?;
        Ok(Shown { overview, steps: STEPS.len(), played })
    })
}

fn play_step(
    step: &Step,
    world: &World,
    store: &Mutex<Store>,
    clerk: &Clerk,
    say: &mut impl FnMut(&str),
) -> Result<(), String> {
    let overview = store.lock().unwrap_or_else(PoisonError::into_inner).overview().map_err(|e| e.to_string())?;
    match step.play {
        Play::Mail(play) => {
            play(world, &overview).map_err(|e| format!("la scena «{}» non si può preparare: {e}", step.name))
        }
        Play::Office(deeds) => {
            for (n, deed) in deeds(&overview).iter().enumerate() {
                // A run that was killed here plays the step again: what was done is not done twice.
                let key = format!("scena/{}/{n}", step.name);
                match clerk.serve(deed, Channel::Command, &key).map_err(|e| e.to_string())? {
                    Answer::Done(said) => say(&format!("      ufficio: {said}")),
                    Answer::No(why) => say(&format!("      ufficio: NON FATTO, {why}")),
                }
            }
            // What is due by the calendar is told now, not half a minute later.
            clerk.round().map(drop).map_err(|e| e.to_string())
        }
    }
}

/// Waits until every message is decided and every answer has come to its end, telling each move.
async fn quiet(
    store: &Mutex<Store>,
    world: &World,
    story: &mut Story,
    say: &mut impl FnMut(&str),
) -> Result<(), String> {
    let since = Instant::now();
    loop {
        // First the inbox, then the register: what is no longer in the one is surely in the other.
        let is_read = world.inbox_is_empty()?;
        let (seq, overview) = {
            let store = store.lock().unwrap_or_else(PoisonError::into_inner);
            (store.seq(), store.overview().map_err(|e| e.to_string())?)
        };
        story.tell(seq, say)?;
        // An uncertain item was in hand when an earlier run was killed, and its provider with it: nothing more will come.
        let is_settled = |i: &ItemRow| i.shown().is_final() || i.state == State::Unknown;
        if is_read && overview.items.iter().all(is_settled) {
            return Ok(());
        }
        if since.elapsed() > STEP_MAX {
            return Err(format!("la scena è ferma da {} secondi: il servizio non ha finito", STEP_MAX.as_secs()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How far the scene has come, kept in the folder: a line a step that was played, and one for the step in hand with the
/// number of messages that had reached the entity before it.
#[derive(Default)]
struct Progress {
    done: BTreeSet<String>,
    begun: Option<(String, usize)>,
}

impl Progress {
    fn file(root: &Path) -> PathBuf {
        root.join("scena.txt")
    }

    fn read(root: &Path) -> Self {
        let mut progress = Self::default();
        for line in fs::read_to_string(Self::file(root)).unwrap_or_default().lines() {
            match line.split_once(' ') {
                Some((name, before)) => progress.begun = before.parse().ok().map(|before| (name.to_owned(), before)),
                None if STEPS.iter().any(|s| s.name == line) => drop(progress.done.insert(line.to_owned())),
                None => {}
            }
        }
        progress
    }

    /// Whether the step was begun, and its message has reached the entity since.
    fn has_arrived(&self, name: &str, arrived: usize) -> bool {
        self.begun.as_ref().is_some_and(|(begun, before)| begun == name && arrived > *before)
    }

    fn begin(&mut self, root: &Path, name: &str, arrived: usize) -> Result<(), String> {
        self.begun = Some((name.to_owned(), arrived));
        self.write(root)
    }

    fn end(&mut self, root: &Path, name: &str) -> Result<(), String> {
        self.begun = None;
        self.done.insert(name.to_owned());
        self.write(root)
    }

    fn write(&self, root: &Path) -> Result<(), String> {
        let mut text: String = self.done.iter().map(|name| format!("{name}\n")).collect();
        text.extend(self.begun.iter().map(|(name, before)| format!("{name} {before}\n")));
        let new = root.join("scena.tmp");
        fs::write(&new, text).and_then(|()| fs::rename(&new, Self::file(root))).map_err(|e| e.to_string())
    }
}

fn config(root: &Path, world: &World) -> Result<Config, String> {
    let server = || Server {
        host: "gestore simulato".into(),
        port: 0,
        starttls: false,
        user: String::new(),
        password_file: PathBuf::new(),
        ca_file: None,
        tls_name: None,
    };
    let pec = circuit::ENTITY.to_owned();
    Ok(Config {
        floor: 0,
        entity: Entity {
            name: "Comune di Prova".into(),
            pec: pec.clone(),
            task_sender: circuit::OFFICES.into(),
            courtesy: None,
            office_box: Some(OfficeBox { address: circuit::OFFICES.into(), server: circuit::OFFICE_SERVER.into() }),
            own_addresses: vec![pec.clone()],
            contact: "tel. 000 000 000, lunedì-venerdì ore 9-12".into(),
            responsible: "Ada Neri".into(),
            substitute: "Segretario generale, segretario@pec.comune.test".into(),
            privacy_url: "https://www.comune.example/privacy".into(),
            in_service_since: None,
            patron: None,
            fallback_office: "protocollo".into(),
            idle: casework::idle::Idle::default(),
            precedence: vec![],
            entitlements: casework::standing::Entitlements::default(),
        },
        data: root.join("servizio"),
        notes: None,
        rules: None,
        deposit: None,
        protocol: None,
        back_office: None,
        sources: Vec::new(),
        sigillo: None,
        trial: true,
        templates: None,
        anchors: None,
        sha1_until: None,
        revocation: Revocation::default(),
        alarms: crate::config::Alarms::default(),
        mailboxes: vec![
            Mailbox {
                name: "protocollo".into(),
                address: pec.clone(),
                provider_host: Some(circuit::ENTITY_PROVIDER.into()),
                message_bytes_max: crate::config::MESSAGE_BYTES_DEFAULT,
                offices: None,
                source: Source::Maildir { dir: world.maildir(&pec)?, poll: LOOK },
            },
            Mailbox {
                name: "uffici".into(),
                address: circuit::OFFICES.into(),
                provider_host: None,
                message_bytes_max: crate::config::MESSAGE_BYTES_DEFAULT,
                offices: Some(circuit::OFFICE_SERVER.into()),
                source: Source::Maildir { dir: world.offices(), poll: LOOK },
            },
        ],
        pec: Road { server: server(), from: pec, rates: Rates::default() },
        offices: Some(Road { server: server(), from: circuit::OFFICES.into(), rates: Rates::default() }),
        courtesy: None,
        hold: SignedDuration::ZERO,
        acceptance_term: ACCEPTANCE_OVERDUE,
        resend_if_overtaken: BTreeSet::new(),
        observe: false,
        listen: None,
        brake: 1000,
        morning: None,
        log: Log { json: false, filter: "off".into() },
    })
}

fn anchor(world: &World) -> Result<Anchor, String> {
    let policies = [pec::anchors::POLICY_FIRMA_PEC];
    Anchor::from_certificate(world.authority_der(), "SIMULAZIONE", &policies, true).map_err(|why| why.text)
}

fn effect_key_in(data: &Path) -> Result<casework::effect::EffectKey, String> {
    fs::create_dir_all(data).and_then(|()| effect_key(data)).map_err(|e| format!("{}: {e}", data.display()))
}

fn first(problems: &[casework::rules::Problem]) -> String {
    problems.first().map(ToString::to_string).unwrap_or_default()
}

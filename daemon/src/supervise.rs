//! The process: starts the watchers, the pipeline and the outbox, listens to signals, ends in order.
//!
//! SIGTERM and SIGINT finish the message and the item in hand; SIGHUP reads rules and templates again.

mod backoffice;
mod bell;
mod intake;
pub mod reload;
mod sigillo;

use crate::alarm::{Alarms, Code};
use crate::anchor;
use crate::archive::Archive;
use crate::canary::Canaries;
use crate::caseload::clerk::Clerk;
use crate::caseload::protocol::Registering;
use crate::config::{Config, Road, Server};
use crate::control::Counter;
use crate::health::Health;
use crate::monitor::{Monitor, Place, server};
use crate::net::NetRef;
use crate::office::{Office, effect_key};
use crate::outbox::{Courier, Outbox, Roads};
use crate::paths::Verdicts;
use crate::pipeline::Pipeline;
use crate::reconcile::task::Bench;
use crate::revocation::fetch::Fetcher;
use crate::revocation::recheck::Recheck;
use crate::revocation::refresh::{Desk as Revocation, Refresher};
use crate::room::Room;
use crate::scrub::Scrub;
use crate::store::restored::is_acknowledged;
use crate::store::{Store, Trouble};
use crate::submit::{Line, Security, SmtpSettings};
use crate::trial::{Shut, Trial};
use crate::world::World;
use crate::{events, trouble_to_problem};
pub use bell::tell_that_it_does_not_start;
use bell::{bell, stopped_text};
use casework::address;
use casework::rules::Problem;
#[cfg(test)]
pub(crate) use intake::note_imap;
pub use intake::{cursor_place, imap_settings};
use pec::{OwnMailbox, Policy};
use reload::Reloader;
use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

/// Messages on their way from the watchers to the pipeline: as many as it takes at once.
const DELIVERIES_WAITING: usize = crate::pipeline::BATCH_MESSAGES_MAX;
/// How long the parts may take to end after a signal, before the process ends without them: a submission that waits at the
/// final dot would take ten minutes; the next start finds it `InDot` and treats it as such.
const STOP_MAX: Duration = Duration::from_secs(60);

/// The parts of a running service, before they run.
pub struct Service {
    config: Config,
    office: watch::Sender<Arc<Office>>,
    store: Arc<Mutex<Store>>,
    archive: Arc<Archive>,
    trial: Trial,
    registering: Option<Registering>,
    revocation: Arc<Revocation>,
    world: World,
    wake: Arc<Notify>,
    health: Arc<Health>,
    alarms: Arc<Alarms>,
    monitor: Arc<Monitor>,
    bench: Arc<Bench>,
}

impl Service {
    /// Opens the data folder and reads rules, templates and trust.
    ///
    /// # Errors
    /// Everything that an administrator must mend before it can start.
    pub fn open(config: Config, trial: Trial, world: World) -> Result<Self, Vec<Problem>> {
        let data = config.data.clone();
        let disk = |e: io::Error| vec![trouble_to_problem(&data, &e)];
        // Other people's letters: for the service alone, whatever its umask.
        DirBuilder::new().recursive(true).mode(0o700).create(&data).map_err(disk)?;
        let office = Office::read(&config, effect_key(&data).map_err(disk)?)?;
        let service = Self::with_office(config, office, trial, world)?;
        service.reloader().begin().map_err(|e| vec![trouble_to_problem(&data, &e)])?;
        Ok(service)
    }

    /// Works on dossiers and persons.
    #[must_use]
    pub fn clerk(&self) -> Clerk {
        Clerk {
            store: self.store.clone(),
            archive: self.archive.clone(),
            office: self.office.subscribe(),
            hold: self.config.hold,
            observe: self.config.observe,
            clock: self.world.clock.clone(),
            wake: self.wake.clone(),
            deposit: self.config.deposit.clone(),
            registering: self.registering.clone(),
            morning: self.config.morning,
        }
    }

    /// What puts other rules in force.
    fn reloader(&self) -> Reloader {
        Reloader {
            config: self.config.clone(),
            office: self.office.clone(),
            store: self.store.clone(),
            monitor: self.monitor.clone(),
            alarms: self.alarms.clone(),
            clock: self.world.clock.clone(),
        }
    }

    /// As [`open`](Self::open), with an office that is already at hand, perhaps another service's too.
    ///
    /// # Errors
    /// Everything that an administrator must mend before it can start.
    pub fn with_office(
        config: Config,
        office: impl Into<Arc<Office>>,
        trial: Trial,
        world: World,
    ) -> Result<Self, Vec<Problem>> {
        let data = config.data.clone();
        let mut store =
            Store::open_in(&world, &data, world.clock.now()).map_err(|e| vec![trouble_to_problem(&data, &e)])?;
        not_before_its_notes(&config, &store)?;
        let health = Health::new();
        // Who only watches asks nobody for a number: the office registers its mail as it did before.
        let registering = config.protocol.as_ref().filter(|_| !config.observe).map(|protocol| {
            let opened = Registering::open(protocol, health.clone());
            opened.map_err(|e| vec![trouble_to_problem(&protocol.folder, &e)])
        });
        let registering = registering.transpose()?;
        let kept = store.keep_protocol(registering.is_some(), world.clock.now());
        kept.map_err(|e| vec![trouble_to_problem(&data, &e)])?;
        let archive = Archive::open_on(world.disk.clone(), &data).map_err(|e| vec![trouble_to_problem(&data, &e)])?;
        let hand = config.revocation.folder.as_deref();
        let revocation = Revocation::open(&data, hand).map_err(|e| vec![trouble_to_problem(&data, &e)])?;
        events::spool_swept(archive.sweep().map_err(|e| vec![trouble_to_problem(&data, &e)])?);
        let (office, store) = (watch::Sender::new(office.into()), Arc::new(Mutex::new(store)));
        let alarms = Alarms::new(health.clone());
        let canaries = canaries_to(&config).into_iter().map(|(_, address)| address).collect();
        let place = Place { data, notes: config.notes.clone(), observe: config.observe, canaries };
        let monitor =
            Monitor::new(store.clone(), office.subscribe(), (health.clone(), alarms.clone()), world.clone(), place);
        Ok(Self {
            config,
            registering,
            office,
            store,
            archive: Arc::new(archive),
            revocation: Arc::new(revocation),
            trial,
            world,
            wake: Arc::new(Notify::new()),
            alarms,
            health,
            monitor,
            bench: Arc::default(),
        })
    }

    /// The store, for a look from outside.
    #[must_use]
    pub fn store(&self) -> Arc<Mutex<Store>> {
        self.store.clone()
    }

    /// The roads that the configuration names.
    ///
    /// # Errors
    /// A password that cannot be read.
    pub fn smtp_roads(&self) -> Result<Roads, Vec<Problem>> {
        let config = &self.config;
        let pec: Box<dyn Courier> = Box::new(Line::new(smtp(&config.pec, self.world.net.clone())?));
        let offices = match &config.offices {
            Some(road) => Some(Box::new(Line::new(smtp(road, self.world.net.clone())?)) as Box<dyn Courier>),
            None => None,
        };
        let courtesy = match &config.courtesy {
            Some(it) => Some(Box::new(Line::new(smtp(&it.road, self.world.net.clone())?)) as Box<dyn Courier>),
            None => None,
        };
        Ok(Roads { pec, offices, courtesy })
    }

    /// Runs until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// What an administrator must mend; the process then ends, and a restart is the recovery.
    pub async fn run(self, roads: Roads) -> Result<(), Vec<Problem>> {
        let (stop, stopped) = watch::channel(false);
        let data = self.config.data.clone();
        let fault = |e: &dyn std::fmt::Display| vec![trouble_to_problem(&data, e)];
        let mut terminate = signal(SignalKind::terminate()).map_err(|e| fault(&e))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| fault(&e))?;
        let mut hangup = signal(SignalKind::hangup()).map_err(|e| fault(&e))?;
        let reloader = self.reloader();
        let mut parts = self.start(roads, &stopped)?;
        let seq = self.store.lock().unwrap_or_else(PoisonError::into_inner).seq();
        events::started(env!("CARGO_PKG_VERSION"), seq, self.config.mailboxes.len());
        if self.config.observe {
            events::observing();
        }
        notify(sd_notify::NotifyState::Ready);
        let mut watchdog = tokio::time::interval(watchdog_period());
        let ended = loop {
            tokio::select! {
                biased;
                _ = terminate.recv() => break Ok(()),
                _ = interrupt.recv() => break Ok(()),
                _ = hangup.recv() => {
                    if let Err(trouble) = reloader.reload() {
                        break Err(trouble);
                    }
                }
                _ = watchdog.tick() => self.beat(),
                part = parts.join_next() => break part_ended(part),
            }
        };
        notify(sd_notify::NotifyState::Stopping);
        let _ = stop.send(true);
        let _ = tokio::time::timeout(STOP_MAX, async { while parts.join_next().await.is_some() {} }).await;
        match ended {
            Ok(()) => {
                events::stopped();
                Ok(())
            }
            Err(trouble) => {
                events::gave_up(&trouble);
                if let Ok(bell) = bell(&self.config, &self.world, &self.alarms, &self.health) {
                    bell.last_words(Code::StorageStopped, "servizio", &stopped_text(&trouble)).await;
                }
                Err(fault(&trouble))
            }
        }
    }

    /// Starts every part; each ends when `stopped` turns true.
    ///
    /// # Errors
    /// A password that cannot be read; trials that cannot be held.
    pub fn start(
        &self,
        roads: Roads,
        stopped: &watch::Receiver<bool>,
    ) -> Result<JoinSet<Result<(), Trouble>>, Vec<Problem>> {
        // Before any message comes: without trials each would use up its attempts, and go to a person unexamined.
        let no_trial = |e| vec![Problem { file: String::new(), line: None, text: format!("{e}"), warning: false }];
        let tried = self.trial.check(&Policy::new(&self.office.borrow().trust.anchors)).map_err(no_trial)?;
        if let Shut::Open(why) = tried {
            events::trial_open(&why);
        }
        let mut parts = JoinSet::new();
        let (deliveries, arriving) = mpsc::channel(DELIVERIES_WAITING);
        let mut folders = Vec::new();
        for mailbox in &self.config.mailboxes {
            folders.extend(self.watch(mailbox, deliveries.clone(), stopped.clone(), &mut parts)?);
        }
        let reconciling = self.reconciler(folders).run(stopped.clone());
        parts.spawn(async {
            reconciling.await;
            Ok(())
        });
        let pipeline = Pipeline {
            archive: self.archive.clone(),
            store: self.store.clone(),
            office: self.office.subscribe(),
            mailboxes: own_mailboxes(&self.config),
            offices: self.config.mailboxes.iter().find(|m| m.offices.is_some()).map(|m| m.name.clone()),
            sha1_until: self.config.sha1_until,
            revocation: self.revocation.clone(),
            verdicts: Verdicts::default(),
            given: Default::default(),
            hold: self.config.hold,
            observe: self.config.observe,
            trial: self.trial.clone(),
            clock: self.world.clock.clone(),
            room: Room::new(
                self.world.disk.clone(),
                self.config.data.clone(),
                self.config.floor,
                self.alarms.clone(),
                self.world.clock.clone(),
            ),
            wake: self.wake.clone(),
            timings: self.monitor.timings(),
        };
        parts.spawn(pipeline.run(arriving));
        let bell = bell(&self.config, &self.world, &self.alarms, &self.health)?.run(stopped.clone());
        parts.spawn(async {
            bell.await;
            Ok(())
        });
        parts.spawn(self.refresher().run(stopped.clone()));
        if self.config.sigillo.is_some() {
            let (office, alarms, clock) = (self.office.subscribe(), self.alarms.clone(), self.world.clock.clone());
            parts.spawn(sigillo::watch(office, alarms, clock, stopped.clone()));
        }
        let scrub = Scrub {
            disk: self.world.disk.clone(),
            data: self.config.data.clone(),
            archive: self.archive.clone(),
            store: self.store.clone(),
            alarms: self.alarms.clone(),
            clock: self.world.clock.clone(),
        };
        parts.spawn(scrub.run(stopped.clone()));
        let outbox = Outbox {
            store: self.store.clone(),
            archive: self.archive.clone(),
            office: self.office.subscribe(),
            roads,
            clock: self.world.clock.clone(),
            health: self.health.clone(),
            brake: self.config.brake,
            rates: self.config.pec.rates,
            office_rates: self.config.offices.as_ref().map(|road| road.rates).unwrap_or_default(),
            courtesy: self.config.courtesy.as_ref().map(|it| (it.road.rates, it.hold)).unwrap_or_default(),
            acceptance_term: self.config.acceptance_term,
            resend_if_overtaken: self.config.resend_if_overtaken.clone(),
            observe: self.config.observe,
        };
        parts.spawn(outbox.run(self.wake.clone(), stopped.clone()));
        parts.spawn(self.clerk().run(stopped.clone()));
        if let Some(liaison) = self.liaison()? {
            parts.spawn(liaison.run(stopped.clone()));
        }
        for source in self.sources()? {
            parts.spawn(source.run(stopped.clone()));
        }
        if let (Some(at), mailboxes @ [_, ..]) = (self.config.alarms.canary, &canaries_to(&self.config)[..]) {
            let canaries = Canaries {
                store: self.store.clone(),
                archive: self.archive.clone(),
                office: self.office.subscribe(),
                clock: self.world.clock.clone(),
                alarms: self.alarms.clone(),
                wake: self.wake.clone(),
                mailboxes: mailboxes.to_vec(),
                at,
            };
            parts.spawn(canaries.run(stopped.clone()));
        }
        let noting =
            anchor::keep(self.store.clone(), self.config.notes.clone(), self.world.clock.clone(), stopped.clone());
        parts.spawn(async {
            noting.await;
            Ok(())
        });
        let counter = Counter {
            store: self.store.clone(),
            wake: self.wake.clone(),
            clock: self.world.clock.clone(),
            monitor: self.monitor.clone(),
            bench: self.bench.clone(),
            reloader: self.reloader(),
            clerk: self.clerk(),
        };
        match Counter::listen(&self.config.data) {
            Ok(listener) => drop(parts.spawn(counter.run(listener, stopped.clone()))),
            // A path too long for a socket must not keep the mail from being read.
            Err(e) => events::control_failed(&e),
        }
        if let Some(address) = self.config.listen {
            self.show(address, stopped.clone(), &mut parts);
        }
        Ok(parts)
    }

    /// Serves metrics and health. Without them the mail goes on.
    fn show(&self, at: SocketAddr, stopped: watch::Receiver<bool>, parts: &mut JoinSet<Result<(), Trouble>>) {
        let bound = std::net::TcpListener::bind(at).and_then(|listener| {
            listener.set_nonblocking(true)?;
            tokio::net::TcpListener::from_std(listener)
        });
        match bound {
            Ok(listener) => {
                let serving = server::serve(listener, self.monitor.clone(), stopped);
                parts.spawn(async {
                    serving.await;
                    Ok(())
                });
            }
            Err(e) => events::monitor_failed(&e),
        }
    }

    /// What keeps the revocation lists fresh.
    fn refresher(&self) -> Refresher {
        let settings = &self.config.revocation;
        Refresher {
            desk: self.revocation.clone(),
            fetcher: settings.fetch.then(|| Fetcher::new(settings.gate.clone())),
            per_hour: settings.per_hour,
            recheck: Recheck {
                archive: self.archive.clone(),
                store: self.store.clone(),
                office: self.office.subscribe(),
                sha1_until: self.config.sha1_until,
                trial: self.trial.clone(),
                clock: self.world.clock.clone(),
            },
            clock: self.world.clock.clone(),
        }
    }

    /// Where alarms are raised.
    #[must_use]
    pub fn alarms(&self) -> Arc<Alarms> {
        self.alarms.clone()
    }

    /// What looks at the whole.
    #[must_use]
    pub fn monitor(&self) -> Arc<Monitor> {
        self.monitor.clone()
    }

    /// How the service is, for whoever shows it.
    #[must_use]
    pub fn health(&self) -> Arc<Health> {
        self.health.clone()
    }

    /// A sign of life, given as soon as the store can be had: it waits its turn behind a busy pipeline, and never comes from
    /// behind one that is stuck with the lock in hand.
    fn beat(&self) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || {
            drop(store.lock());
            notify(sd_notify::NotifyState::Watchdog);
        });
    }
}

/// A register that ends before what was noted of it outside was restored from an old copy: with it, messages would be decided
/// and answered twice, and nothing in the data folder could tell.
fn not_before_its_notes(config: &Config, store: &Store) -> Result<(), Vec<Problem>> {
    let Some(file) = config.notes.as_ref().filter(|file| file.exists()) else { return Ok(()) };
    let notes = anchor::read(file).map_err(|e| vec![trouble_to_problem(file, &e)])?;
    let restored = store.restored_at().map_err(|e| vec![trouble_to_problem(&config.data, &e)])?;
    let head = store.head();
    let ahead = notes.iter().find(|note| note.seq > head.seq && !is_acknowledged(restored, note));
    let Some(note) = ahead else { return Ok(()) };
    let why = format!(
        "il registro finisce alla riga {}, ma il {} arrivava alla {}: è stato ripristinato da una copia vecchia. Con questo si \
         deciderebbe e risponderebbe due volte. Rimetti la copia più recente; se non c'è: `sportello restored` (daemon/OPERATIONS.md, \
         «Ripristinare»)",
        head.seq,
        casework::calendar::stamp(note.at),
        note.seq
    );
    Err(vec![trouble_to_problem(file, &why)])
}

/// How a part ended that should not have.
fn part_ended(part: Option<Result<Result<(), Trouble>, tokio::task::JoinError>>) -> Result<(), Trouble> {
    match part {
        Some(Ok(Err(trouble))) => Err(trouble),
        // Without its words, which may quote a message: where it was stands in the log.
        Some(Err(_)) => Err(Trouble::Program("una parte si è fermata all'improvviso".into())),
        Some(Ok(Ok(()))) | None => Err(Trouble::Program("una parte è finita prima del tempo".into())),
    }
}

/// What `pec` must know of our mailboxes.
#[must_use]
pub fn own_mailboxes(config: &Config) -> Vec<OwnMailbox> {
    config
        .mailboxes
        .iter()
        .filter(|m| m.offices.is_none())
        .map(|m| OwnMailbox { address: m.address.clone(), provider_host: m.provider_host.clone() })
        .collect()
}

/// The mailboxes to which canaries go, name and address: every PEC, unless nothing is sent at all.
fn canaries_to(config: &Config) -> Vec<(String, String)> {
    let is_on = config.alarms.canary.is_some() && !config.observe;
    config
        .mailboxes
        .iter()
        .filter(|m| is_on && m.offices.is_none())
        .map(|m| (m.name.clone(), m.address.clone()))
        .collect()
}

fn password(server: &Server) -> Result<crate::secret::Secret, Vec<Problem>> {
    server.password().map_err(|text| vec![Problem { file: String::new(), line: None, text, warning: false }])
}

/// The submission settings of a road.
///
/// # Errors
/// A password that cannot be read.
pub fn smtp(road: &Road, net: NetRef) -> Result<SmtpSettings, Vec<Problem>> {
    let server = &road.server;
    Ok(SmtpSettings {
        host: server.host.clone(),
        port: server.port,
        security: if server.starttls { Security::StartTls } else { Security::Implicit },
        server_name: server.tls_name.clone(),
        ca_file: server.ca_file.clone(),
        user: server.user.clone(),
        password: password(server)?,
        hello: address::domain(&road.from),
        net,
    })
}

fn notify(state: sd_notify::NotifyState<'_>) {
    // Without systemd there is nobody to notify.
    let _ = sd_notify::notify(&[state]);
}

/// The state in one line, for `systemctl status`.
fn show_status(line: &str) {
    notify(sd_notify::NotifyState::Status(line));
}

/// Half of what systemd allows, or a minute without systemd.
fn watchdog_period() -> Duration {
    sd_notify::watchdog_enabled().map_or(Duration::from_secs(60), |allowed| allowed / 2)
}

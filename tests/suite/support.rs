//! Changes when the journeys need another common tool: the program, a house for the service, waiting with a deadline.

use casework::decision::Lane;
use sportello::clock::{Clock, Simulated};
use sportello::config::{Config, Source};
use sportello::outbox::schedule::State;
use sportello::outbox::{Answer, Courier, Gate, Roads};
use sportello::store::tally::{Tally, needs_a_person};
use sportello::store::{Overview, Store, Trouble};
use sportello::submit::Outcome;
use sportello::supervise::Service;
use sportello::trial::{self, Limits, Trial};
use sportello::world::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Longest wait for anything: a busy machine with two cores needs a tenth of it.
pub const DEADLINE: Duration = Duration::from_secs(120);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Looks until there is something to see.
pub fn wait<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait_or(|| what.to_owned(), look)
}

/// As [`wait`]; what is said of a vain wait is asked for at its end.
pub fn wait_or<T>(what: impl Fn() -> String, mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < DEADLINE, "waited {DEADLINE:?} in vain: {}", what());
        std::thread::sleep(LOOK);
    }
}

/// The file of the real program, held open: a build beside this run replaces it, and two versions would not agree.
/// `SPORTELLO_PROGRAM` names another build of it: where it is started hundreds of times, the one with optimisation.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<(File, PathBuf)> = OnceLock::new();
    let (_, path) = PROGRAM.get_or_init(|| {
        let built = std::env::var_os("SPORTELLO_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_sportello").into());
        let file = File::open(built).unwrap();
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        (file, path.into())
    });
    path
}

/// The real program.
pub fn sportello() -> Command {
    let mut command = Command::new(program());
    command.stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

/// The real program to its end: exit code, standard output, standard error.
pub fn ask(args: &[&str]) -> (Option<i32>, String, String) {
    let output = sportello().args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The real program as a service. It is killed when the test ends, however it ends.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// `sportello run`, its log added to `log`.
    pub fn run(config: &Path, log: &Path) -> Self {
        let mut command = sportello();
        command.args(["run", "--config"]).arg(config);
        Self::spawn(command, log)
    }

    /// As [`run`](Self::run), with these faults: `point=action`, at the n-th time with `@n`.
    pub fn run_with_faults(config: &Path, faults: &str, log: &Path) -> Self {
        let mut command = sportello();
        command.args(["run", "--config"]).arg(config).env("SPORTELLO_FAULTS", faults);
        Self::spawn(command, log)
    }

    /// Any command of the program.
    pub fn spawn(mut command: Command, log: &Path) -> Self {
        let out = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let child = command.stdout(Stdio::null()).stderr(out).spawn().unwrap();
        Self { child, log: log.to_owned() }
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// How many lines of the log hold all of `marks`.
    pub fn logged(&self, marks: &[&str]) -> usize {
        self.log().lines().filter(|line| marks.iter().all(|mark| line.contains(mark))).count()
    }

    /// Waits until `n` lines of the log hold all of `marks`.
    pub fn wait_logged(&self, n: usize, marks: &[&str]) {
        wait_or(|| format!("{n} × {marks:?} in the log:\n{}", self.log()), || (self.logged(marks) >= n).then_some(()));
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    /// SIGKILL, and its end. `false`: it had ended by itself.
    pub fn kill(&mut self) -> bool {
        let was_running = self.child.try_wait().unwrap().is_none();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        was_running
    }

    /// Waits for its own end.
    pub fn end(&mut self) -> ExitStatus {
        wait("the end of the process", || self.child.try_wait().unwrap())
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            says_nothing_of_a_citizen(&fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// What citizens write in the scenes of this suite, and the passwords of its houses.
const CITIZENS_WORDS: &[&str] = &[
    "anna.bianchi",
    "anna bianchi",
    "cittadini.test",
    "bncnna80a41h501r",
    "cambio di residenza",
    "trasferita in via",
    "segreta",
];

/// No line at INFO or above, of any daemon in any test, holds a word of a citizen or a password (P16).
fn says_nothing_of_a_citizen(log: &str) {
    let is_detail =
        |line: &&str| [" DEBUG ", " TRACE ", "\"DEBUG\"", "\"TRACE\""].iter().any(|level| line.contains(level));
    for line in log.lines().filter(|line| !is_detail(line)) {
        let lower = line.to_lowercase();
        let found = CITIZENS_WORDS.iter().find(|word| lower.contains(*word));
        assert!(found.is_none(), "the log holds «{}»: {line}", found.unwrap());
    }
}

/// Whole lines of the journal of a data folder; 0 while there is none.
pub fn journal_lines(data: &Path) -> usize {
    let text = fs::read(data.join("journal/000001.jsonl")).unwrap_or_default();
    text.iter().filter(|b| **b == b'\n').count()
}

/// Messages, by digest, whose examination was cut off twice: once more, and they go to a person. Who kills a service again lets it
/// decide these before.
pub fn cut_off_twice(data: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in fs::read_to_string(data.join("journal/000001.jsonl")).unwrap_or_default().lines() {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { continue }; // being written
        let digest = line["digest"].as_str().unwrap_or_default();
        match line["event"].as_str() {
            Some("attempted") if line["n"].as_u64() == Some(2) => found.insert(digest.to_owned()),
            Some("decided") => found.remove(digest),
            _ => continue,
        };
    }
    found
}

/// Waits until none of these messages is cut off a third time by a kill.
pub fn wait_decided(data: &Path, spared: &BTreeSet<String>) {
    wait("what was cut off twice is decided", || cut_off_twice(data).is_disjoint(spared).then_some(()));
}

/// The Message-ID of a message of ours.
pub fn message_id(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let line = text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Message-ID: "));
    line.unwrap_or_default().trim().to_owned()
}

/// How often each Message-ID occurs in the `.eml` files below `dir`, which have one folder each recipient.
pub fn copies(dir: &Path) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for recipient in fs::read_dir(dir).into_iter().flatten() {
        for file in fs::read_dir(recipient.unwrap().path()).unwrap() {
            *found.entry(message_id(&fs::read(file.unwrap().path()).unwrap())).or_default() += 1;
        }
    }
    found
}

/// The files below a folder whose names end so, in order of path.
pub fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Copies a folder and everything in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), target).unwrap(); // a service that was killed leaves a socket
        }
    }
}

/// Writes a file that its owner alone may read.
pub fn secret_file(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// A Comune with a Maildir, its configuration written as an administrator would.
pub struct House {
    /// The configuration file.
    pub file: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The inbox.
    pub maildir: PathBuf,
}

/// The mailbox of the Comune that stands on a circuit.
pub const OWN: &str = "protocollo@pec.comune.test";

impl House {
    /// Builds it in `root`, as [`OWN`], on a circuit of two providers: its own, and that of `cittadini.test`.
    pub fn on_a_circuit(root: &Path) -> (Self, gestore::Circuit) {
        let now = gestore::Timestamp::now();
        let authority = gestore::Authority::create(now).unwrap();
        let alfa = authority.provider("Alfa", "pec.comune.test", gestore::Style::aruba_like(), now).unwrap();
        let beta = authority.provider("Beta", "cittadini.test", gestore::Style::legalmail_like(), now).unwrap();
        let domains = [("pec.comune.test".to_owned(), alfa), ("cittadini.test".to_owned(), beta)];
        let circuit = gestore::Circuit::new(&root.join("caselle"), domains);
        let house = Self::build(root, OWN, &circuit.maildir(OWN).unwrap(), authority.certificate_der());
        (house, circuit)
    }

    /// Builds it in `root`: `address` is its mailbox, `authority` (a certificate in DER) the one it trusts.
    pub fn build(root: &Path, address: &str, maildir: &Path, authority: &[u8]) -> Self {
        let (data, trust) = (root.join("dati"), root.join("ancore"));
        fs::create_dir_all(&trust).unwrap();
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(part)).unwrap();
        }
        fs::write(trust.join("autorita.der"), authority).unwrap();
        fs::write(trust.join("ancore.toml"), anchor_file("autorita.der")).unwrap();
        secret_file(&root.join("password"), "segreta\n");
        let [root_, data_, trust_, maildir_] = [root, &data, &trust, maildir].map(|path| path.display().to_string());
        // Nobody listens on port 1: a house whose roads are replaced, or that has nothing to send.
        let text = format!(
            r#"
[ente]
nome = "Comune di Prova"
contatto = "tel. 000 000 000"
responsabile = "Ada Neri"
potere_sostitutivo = "Segretario generale, segretario@pec.comune.test"
informativa_privacy = "https://www.comune.example/privacy"
[dati]
prova = true
cartella = "{data_}"
[[casella]]
nome = "protocollo"
indirizzo = "{address}"
[casella.maildir]
cartella = "{maildir_}"
poll_secondi = 1
[invio.pec]
server = "localhost"
porta = 1
utente = "{address}"
password_file = "{root_}/password"
attesa_secondi = 0
automatici_in_10_minuti = 1000
[invio.uffici]
server = "localhost"
porta = 1
utente = "sportello"
password_file = "{root_}/password"
mittente = "sportello@comune.example"
[fiducia]
ancore = "{trust_}"
"#
        );
        let file = root.join("sportello.toml");
        fs::write(&file, text).unwrap();
        Self { file, data, maildir: maildir.to_owned() }
    }

    /// Gives it rules of its own in `root`: the shipped ones, each file as `edit` leaves it.
    pub fn rules(&self, root: &Path, edit: impl Fn(&str, String) -> String) {
        let (rules, shipped) = (root.join("regole"), Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"));
        fs::create_dir_all(rules.join("procedures")).unwrap();
        for folder in ["", "procedures"] {
            let files = fs::read_dir(shipped.join(folder)).unwrap().map(Result::unwrap);
            for entry in files.filter(|entry| entry.path().is_file()) {
                let text = edit(entry.file_name().to_str().unwrap(), fs::read_to_string(entry.path()).unwrap());
                fs::write(rules.join(folder).join(entry.file_name()), text).unwrap();
            }
        }
        let text = fs::read_to_string(&self.file).unwrap();
        fs::write(&self.file, text.replace("[dati]\n", &format!("[dati]\nregole = \"{}\"\n", rules.display())))
            .unwrap();
    }

    /// Nothing waits in the inbox.
    pub fn is_read(&self) -> bool {
        fs::read_dir(self.maildir.join("new")).unwrap().next().is_none()
    }

    /// Starts the service in this process, with these roads.
    pub fn start(&self, roads: Roads) -> Running {
        self.start_with(roads, real_trial())
    }

    /// As [`start`](Self::start), at another time, which goes on from there.
    pub fn start_at(&self, roads: Roads, at: gestore::Timestamp) -> Running {
        self.start_in(roads, real_trial(), |world| World { clock: Clock::Simulated(Simulated::starting(at)), ..world })
    }

    /// As [`start`](Self::start), with trials of this kind.
    pub fn start_with(&self, roads: Roads, trial: Trial) -> Running {
        self.start_in(roads, trial, |world| world)
    }

    fn start_in(&self, roads: Roads, trial: Trial, world: impl FnOnce(World) -> World) -> Running {
        let mut config = Config::read(&self.file).unwrap();
        for mailbox in &mut config.mailboxes {
            if let Source::Maildir { poll, .. } = &mut mailbox.source {
                *poll = LOOK; // below what an administrator may set
            }
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (stop, stopped) = watch::channel(false);
        let world = runtime.block_on(async { world(World::real()) });
        let service = Service::open(config, trial, world).unwrap();
        let store = service.store();
        let parts = runtime.block_on(async { service.start(roads, &stopped).unwrap() });
        Running { parts, stop, store, runtime, _service: service }
    }
}

/// Trials held by the real program, as the service holds them.
pub fn real_trial() -> Trial {
    Trial::by(program(), [trial::COMMAND.into()], Limits::default())
}

/// The manifest of the anchors: one simulated authority.
pub fn anchor_file(certificate: &str) -> String {
    let policy = pec::anchors::POLICY_FIRMA_PEC;
    format!(
        "[[ancora]]\nnome = \"SIMULAZIONE\"\ncertificato = \"{certificate}\"\npolitiche = [\"{policy}\"]\nsimulazione = true\n"
    )
}

/// A service that runs in this process.
pub struct Running {
    parts: JoinSet<Result<(), Trouble>>,
    stop: watch::Sender<bool>,
    store: Arc<Mutex<Store>>,
    runtime: tokio::runtime::Runtime,
    _service: Service,
}

impl Running {
    /// Everything its register holds. What it counts as it goes is held against the rows, whatever the test.
    pub fn overview(&self) -> Overview {
        let overview = self.store.lock().unwrap().overview().unwrap();
        assert_eq!(overview.summary.tally, counted(&overview));
        overview
    }

    /// Its last journal line.
    pub fn seq(&self) -> u64 {
        self.store.lock().unwrap().seq()
    }

    /// Digest of its state.
    pub fn state_digest(&self) -> String {
        self.store.lock().unwrap().state_digest().unwrap()
    }

    /// Ends it in order.
    pub fn stop(mut self) {
        let _ = self.stop.send(true);
        self.runtime.block_on(async {
            while let Some(part) = self.parts.join_next().await {
                part.unwrap().unwrap();
            }
        });
    }
}

/// The counts of a register, from its rows.
fn counted(overview: &Overview) -> Tally {
    let mut tally = Tally { dossiers: overview.dossiers.len() as u64, ..Tally::default() };
    for message in &overview.messages {
        let of_grade = tally.messages.entry(message.grade.clone()).or_default();
        *of_grade.entry(message.disposition.code().to_owned()).or_default() += 1;
    }
    for item in &overview.items {
        let of = if item.outgoing.lane == Lane::Courtesy { &mut tally.courtesies } else { &mut tally.items };
        *of.entry(item.shown()).or_default() += 1;
        tally.attention += u64::from(needs_a_person(item));
    }
    for (_, code, ..) in &overview.incidents {
        *tally.incidents.entry(code.clone()).or_default() += 1;
    }
    assert_eq!(overview.summary.items.len() as u64, tally.attention);
    tally
}

/// Whether the machine has nothing more to do with any item: receipts apart, which may still come.
pub fn all_submitted(overview: &Overview) -> bool {
    overview.items.iter().all(|i| matches!(i.state, State::Submitted | State::Unknown | State::Refused))
}

/// The road to offices: a task ends there.
pub struct OfficeRoad;

impl Courier for OfficeRoad {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, _: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            gate().await.unwrap();
            Outcome::Taken { reply: "250".into() }
        })
    }
}

/// Our provider: what is submitted goes round the circuit, and its receipts come back to the mailbox.
pub struct Round(pub gestore::Circuit);

impl Courier for Round {
    fn attempt<'a>(&'a self, from: &'a str, to: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            gate().await.unwrap();
            self.0.send(from, &[to.to_owned()], bytes).unwrap();
            Outcome::Taken { reply: "250".into() }
        })
    }
}

/// A road that takes everything and remembers what it took, in order.
#[derive(Clone, Default)]
pub struct Recorder(pub Arc<Mutex<Vec<String>>>);

impl Recorder {
    /// Both roads recorded together.
    pub fn roads(&self) -> Roads {
        Roads { pec: Box::new(self.clone()), offices: Some(Box::new(self.clone())), courtesy: None }
    }
}

impl Courier for Recorder {
    fn attempt<'a>(&'a self, _: &'a str, _: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            if let Err(why) = gate().await {
                return Outcome::Later { why, code: None };
            }
            self.0.lock().unwrap().push(message_id(bytes));
            Outcome::Taken { reply: "250".into() }
        })
    }
}

/// Cuts a file.
pub fn truncate(path: &Path, length: u64) {
    File::options().write(true).open(path).unwrap().set_len(length).unwrap();
}

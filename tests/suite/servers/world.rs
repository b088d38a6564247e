//! Changes when the real servers are started, spoken to or faulted in another way.

use crate::support::{DEADLINE, anchor_file, ask, copy_folder, secret_file, sportello, wait};
use gestore::{Mail, Timestamp};
use serde_json::Value;
use sportello::intake::imap;
use sportello::journal::record::Record;
use sportello::journal::{Journal, Tail};
use sportello::secret::Secret;
use sportello::submit::{self, Outcome, Security, SmtpSettings};
use std::collections::HashMap;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The entity's mailbox.
pub const OFFICE: &str = "protocollo@ente.test";
/// Where its tasks go, and from where.
pub const TASKS: &str = "secondo@ente.test";
/// The same where offices have ordinary mail: their mailbox, and the one to which they answer.
pub const BY_MAIL: [&str; 2] = ["ufficio@interno.test", "sportello@interno.test"];

/// Citizens with a mailbox.
const CITIZENS: usize = 20;

/// A citizen with a mailbox of his own: the brakes allow each only a few answers a day.
pub fn citizen(n: usize) -> String {
    assert!(n < CITIZENS);
    format!("cittadino-{n:02}@cittadini.test")
}

/// One set of servers at a time: the machine has two cores.
static TURN: Mutex<()> = Mutex::new(());

/// Dovecot, Postfix and the simulated provider, in a folder of their own; they stop when the test ends.
pub struct World {
    /// The folder of the servers.
    pub servers: PathBuf,
    env: HashMap<String, String>,
    dir: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/servers")
}

impl World {
    /// Starts them. `None`, and a word about it, unless `SPORTELLO_SERVERS=1`: they need root and packages.
    pub fn up() -> Option<Self> {
        Self::up_for(&(0..CITIZENS).map(citizen).collect::<Vec<_>>())
    }

    /// As [`up`](Self::up), with these mailboxes besides those of the office.
    pub fn up_for(mailboxes: &[String]) -> Option<Self> {
        if std::env::var("SPORTELLO_SERVERS").is_ok_and(|on| on == "1") {
            return Some(Self::start(mailboxes));
        }
        println!("skipped: SPORTELLO_SERVERS=1 asks for the real servers (tests/servers/README.md)");
        None
    }

    fn start(mailboxes: &[String]) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        // The servers' own users must be able to walk in.
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let servers = dir.path().join("server");
        // Not a pipe: the servers keep it open.
        let said = dir.path().join("up.txt");
        let out = File::create(&said).unwrap();
        let mut up = Command::new(scripts().join("up"));
        up.env("MAILBOXES", mailboxes.join(" "));
        up.arg(&servers).arg(free_base().to_string()).stdin(Stdio::null()).stderr(out.try_clone().unwrap()).stdout(out);
        let started = up.status().unwrap().success();
        let said = fs::read_to_string(&said).unwrap();
        assert!(started, "{said}");
        let env = fs::read_to_string(servers.join("env")).unwrap();
        let env = env.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
        Self { servers, env, dir, _turn: turn }
    }

    /// A value of the servers' `env` file.
    pub fn value(&self, name: &str) -> &str {
        &self.env[name]
    }

    /// A folder for the test.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// How `user` submits.
    pub fn smtp(&self, user: &str, security: Security) -> SmtpSettings {
        let port = if security == Security::Implicit { "SMTPS" } else { "SUBMISSION" };
        SmtpSettings {
            host: "127.0.0.1".into(),
            port: self.value(port).parse().unwrap(),
            security,
            server_name: Some("localhost".into()),
            ca_file: Some(self.value("TLS_CA").into()),
            user: user.into(),
            password: Secret::new(self.value("PASSWORD")),
            hello: "cittadini.test".into(),
            net: sportello::net::real(),
        }
    }

    /// How `user`'s mailbox is watched.
    pub fn imap(&self, user: &str) -> imap::Settings {
        imap::Settings {
            account: "prova".into(),
            host: "127.0.0.1".into(),
            port: self.value("IMAPS").parse().unwrap(),
            server_name: Some("localhost".into()),
            ca_file: Some(self.value("TLS_CA").into()),
            user: user.into(),
            password: Secret::new(self.value("PASSWORD")),
            folder: "INBOX".into(),
            door: imap::Door::default(),
            recall: imap::Recall::default(),
            poll: Duration::from_secs(300),
            idle_max: Duration::from_secs(500),
            move_to: None,
            message_bytes_max: 100 << 20,
            net: sportello::net::real(),
            disk: sportello::disk::real(),
        }
    }

    /// A citizen declares a change of residence, over TLS: the request that is answered at once.
    pub fn writes(&self, citizen: &str) {
        self.writes_to(citizen, OFFICE, b"%PDF-1.4 finta\n");
    }

    /// As [`writes`](Self::writes), to another office, with this document.
    pub fn writes_to(&self, citizen: &str, office: &str, document: &[u8]) {
        let mail = Mail::new(citizen).to(office).subject("Dichiarazione di cambio di residenza");
        let mail = mail.text("Mi sono trasferita in via delle Rose 10.\nCodice fiscale: BNCNNA80A41H501R\n");
        let mail = mail.attach("carta_identita.pdf", "application/pdf", document);
        let mail = mail.compose(Timestamp::now()).unwrap();
        let line = submit::Line::new(self.smtp(citizen, Security::Implicit));
        let outcome = runtime().block_on(line.attempt(citizen, office, &mail.raw, || async { Ok(()) }));
        assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
    }

    /// Two more doors of the same Postfix, which ask nothing of a sender or a recipient: in clear and without a password, for its own
    /// tools, and with TLS and a password, for us. And nothing is delivered any more: what is measured is the taking. Their ports.
    pub fn open_bare_doors(&self) -> [u16; 2] {
        let conf = self.servers.join("postfix/conf");
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        let door = |port: u16, who: &str, how: &str| {
            format!(
                "127.0.0.1:{port} inet n - n - - smtpd\n  -o smtpd_relay_restrictions={who},reject\n  \
                 -o smtpd_recipient_restrictions={who},reject\n  -o smtpd_sender_restrictions=\n{how}"
            )
        };
        let in_clear =
            "  -o smtpd_sasl_auth_enable=no\n  -o smtpd_tls_security_level=none\n  -o mynetworks=127.0.0.1/32\n";
        let doors = door(ports[0], "permit_mynetworks", in_clear)
            + &door(
                ports[1],
                "permit_sasl_authenticated",
                "  -o syslog_name=postfix/bare\n  -o smtpd_tls_wrappermode=yes\n",
            );
        File::options().append(true).open(conf.join("master.cf")).unwrap().write_all(doors.as_bytes()).unwrap();
        self.set_postfix("defer_transports=gestore");
        for port in ports {
            wait("a bare door", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        }
        ports
    }

    /// Waits until Postfix has nothing in hand: what it does with a thousand letters of before is nobody's who comes after.
    pub fn wait_at_rest(&self) {
        let queue = self.servers.join("postfix/queue");
        let is_empty = |part: &str| {
            Command::new("find").arg(queue.join(part)).args(["-type", "f"]).output().unwrap().stdout.is_empty()
        };
        wait("Postfix at rest", || ["maildrop", "incoming", "active"].iter().all(|part| is_empty(part)).then_some(()));
    }

    /// Changes a setting of Postfix.
    pub fn set_postfix(&self, setting: &str) {
        let conf = self.servers.join("postfix/conf");
        for (program, args) in [("postconf", ["-e", setting].as_slice()), ("postfix", &["reload"])] {
            let mut command = Command::new(program);
            let status = command.arg("-c").arg(&conf).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert!(status.unwrap().success(), "{program} {args:?}");
        }
    }

    /// `doveadm` on these servers.
    pub fn doveadm(&self, args: &[&str], input: &[u8]) -> String {
        let mut command = Command::new("doveadm");
        command.args(["-c", self.value("DOVECOT")]).args(args).stderr(Stdio::null());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
    }

    /// Messages in a folder.
    pub fn count(&self, user: &str, folder: &str) -> usize {
        let status = self.doveadm(&["mailbox", "status", "-u", user, "messages", folder], b"");
        status.trim().rsplit_once('=').map_or(0, |(_, n)| n.parse().unwrap())
    }

    /// Certified messages, receipts apart, in the inbox of `user`: what somebody wrote to him.
    pub fn letters(&self, user: &str) -> usize {
        let mark = "posta-certificata";
        let fetch = ["fetch", "-u", user, "hdr.x-trasporto", "mailbox", "INBOX", "header", "x-trasporto", mark];
        self.doveadm(&fetch, b"").lines().filter(|line| line.ends_with(mark)).count()
    }

    /// Kills the IMAP processes that serve `user`: the connection is cut in the middle.
    pub fn cut_connections(&self, user: &str) {
        let who = self.doveadm(&["who", "-1", user], b"");
        let pids: Vec<&str> = who.lines().skip(1).filter_map(|l| l.split_whitespace().find(|w| is_pid(w))).collect();
        assert!(!pids.is_empty(), "{who}");
        assert!(Command::new("sh").args(["-c", &format!("kill -9 {}", pids.join(" "))]).status().unwrap().success());
    }

    /// Stops Dovecot to its last process.
    pub fn stop_dovecot(&self) {
        self.doveadm(&["stop"], b"");
        let port = self.value("IMAPS").to_owned();
        wait("Dovecot is gone", || std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err().then_some(()));
        wait("its master is gone", || (!self.servers.join("dovecot/run/master.pid").exists()).then_some(()));
    }

    /// Starts Dovecot again.
    pub fn start_dovecot(&self) {
        let mut dovecot = Command::new("dovecot");
        dovecot.args(["-c", self.value("DOVECOT")]).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(dovecot.status().unwrap().success());
    }

    /// When Dovecot wrote the message with this UID into the INBOX of `user`: the name of its file says so, to the
    /// microsecond (INTERNALDATE has whole seconds).
    pub fn delivered_at(&self, user: &str, uid: &str) -> Timestamp {
        let (local, domain) = user.split_once('@').unwrap();
        let list = self.servers.join("mail").join(domain).join(local).join("dovecot-uidlist");
        let list = fs::read_to_string(list).unwrap();
        let line = list.lines().find(|line| line.split(' ').next() == Some(uid)).unwrap();
        let name = line.rsplit_once(':').unwrap().1;
        let (seconds, rest) = name.split_once(".M").unwrap();
        let micros: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let micros = seconds.parse::<i64>().unwrap() * 1_000_000 + micros.parse::<i64>().unwrap();
        Timestamp::from_microsecond(micros).unwrap()
    }

    /// Lines of a server's log that hold `mark`.
    pub fn logged(&self, log: &str, mark: &str) -> usize {
        fs::read_to_string(self.servers.join(log)).unwrap_or_default().lines().filter(|l| l.contains(mark)).count()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let mut down = Command::new(scripts().join("down"));
        let _ = down.arg(&self.servers).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn is_pid(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|b| b.is_ascii_digit())
}

/// A base whose four ports are free, below the ports which the system gives to clients.
fn free_base() -> u16 {
    let from = (std::process::id() % 20) as u16;
    let free =
        |base: &u16| [24, 465, 587, 993].iter().all(|port| TcpListener::bind(("127.0.0.1", base + port)).is_ok());
    (0..20).map(|n| 10_000 + (from + n) % 20 * 1000).find(free).unwrap()
}

/// A runtime for one call.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A Comune on these servers: its configuration as an administrator writes it, with its own copy of the rules.
pub struct Comune {
    /// The configuration file.
    pub file: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The rules.
    pub rules: PathBuf,
    /// The log of its service.
    pub log: PathBuf,
}

/// What differs from one Comune to the other.
#[derive(Default)]
pub struct Choices {
    /// More lines of `[dati]`.
    pub data: &'static str,
    /// More lines of `[casella.imap]`.
    pub imap: &'static str,
    /// The password for IMAP is wrong.
    pub wrong_imap: bool,
    /// The password for sending to citizens is wrong.
    pub wrong_smtp: bool,
    /// Its offices have ordinary mail, and answer by it.
    pub by_mail: bool,
    /// Its mailbox; [`OFFICE`] unless given. Its files are then in a folder of this name.
    pub office: Option<String>,
}

impl Comune {
    /// Builds it.
    pub fn build(world: &World, choices: &Choices) -> Self {
        let root = &world.dir().join(choices.office.as_deref().unwrap_or_default());
        fs::create_dir_all(root).unwrap();
        let office = choices.office.as_deref().unwrap_or(OFFICE);
        let path = |name: &str| root.join(name).display().to_string();
        secret_file(&root.join("password"), world.value("PASSWORD"));
        secret_file(&root.join("sbagliata"), "sbagliata");
        let password = |wrong: bool| path(if wrong { "sbagliata" } else { "password" });
        fs::create_dir_all(root.join("ancore")).unwrap();
        fs::copy(world.value("PEC_AUTHORITY"), root.join("ancore/autorita.pem")).unwrap();
        fs::write(root.join("ancore/ancore.toml"), anchor_file("autorita.pem")).unwrap();
        let rules = root.join("rules");
        copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"), &rules);
        let offices = rules.join("00-comune.toml");
        let text = fs::read_to_string(&offices).unwrap();
        let moved: Vec<String> = text
            .lines()
            .map(|l| match (l.starts_with("mail "), choices.by_mail) {
                (true, false) => format!("mail = \"{TASKS}\""),
                (true, true) => format!("mail = \"{}\"\nrole = \"responsabile\"", BY_MAIL[0]),
                (false, _) => l.into(),
            })
            .collect();
        fs::write(&offices, moved.join("\n")).unwrap();
        let [data, rules_, anchors, ca] =
            [path("dati"), path("rules"), path("ancore"), world.value("TLS_CA").to_owned()];
        let [imaps, smtps, submission] = ["IMAPS", "SMTPS", "SUBMISSION"].map(|name| world.value(name));
        let [imap_password, smtp_password, office_password] =
            [password(choices.wrong_imap), password(choices.wrong_smtp), password(false)];
        let (more, more_data) = (choices.imap, choices.data);
        let tasks = if choices.by_mail { BY_MAIL[1] } else { TASKS };
        let text = format!(
            r#"
[ente]
nome = "Comune di Ente"
contatto = "tel. 000 000 000"
responsabile = "Ada Neri"
potere_sostitutivo = "Segretario generale, segretario@ente.test"
informativa_privacy = "https://www.comune.example/privacy"
[dati]
prova = true
cartella = "{data}"
{more_data}
regole = "{rules_}"
[[casella]]
nome = "protocollo"
indirizzo = "{office}"
dominio_gestore = "pec.alfa.test"
[casella.imap]
server = "127.0.0.1"
porta = {imaps}
utente = "{office}"
password_file = "{imap_password}"
autorita_file = "{ca}"
nome_tls = "localhost"
{more}
[invio.pec]
server = "127.0.0.1"
porta = {smtps}
utente = "{office}"
password_file = "{smtp_password}"
autorita_file = "{ca}"
nome_tls = "localhost"
attesa_secondi = 0
automatici_in_10_minuti = 1000
[invio.uffici]
server = "127.0.0.1"
porta = {submission}
sicurezza = "starttls"
utente = "{tasks}"
password_file = "{office_password}"
autorita_file = "{ca}"
nome_tls = "localhost"
mittente = "{tasks}"
[fiducia]
ancore = "{anchors}"
[registro_tecnico]
filtro = "info"
"#
        );
        let offices = format!(
            r#"
[[casella]]
nome = "uffici"
indirizzo = "{tasks}"
uffici = "mx.interno.test"
[casella.imap]
server = "127.0.0.1"
porta = {imaps}
utente = "{tasks}"
password_file = "{office_password}"
autorita_file = "{ca}"
nome_tls = "localhost"
"#
        );
        let text = if choices.by_mail { format!("{text}{offices}") } else { text };
        let file = root.join("sportello.toml");
        fs::write(&file, text).unwrap();
        Self { file, data: data.into(), rules, log: root.join("sportello.log") }
    }

    /// What `sportello status --json` says; an empty object before the first line.
    pub fn status(&self) -> Value {
        let (_, out, _) = ask(&["status", "--json", self.data.to_str().unwrap()]);
        serde_json::from_str(&out).unwrap_or_default()
    }

    /// Items of the outbox on one road, by recipient: their states.
    pub fn items(&self, lane: &str) -> Vec<(String, String)> {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let status = self.status();
        let items = status["outbox"].as_array().into_iter().flatten().filter(|i| i["lane"] == lane);
        items.map(|i| (word(&i["to"]), word(&i["state"]))).collect()
    }

    /// The lines of the register, which a running service may be adding to.
    pub fn journal(&self) -> Vec<Record> {
        let mut records = Vec::new();
        if self.data.join("journal").is_dir() {
            let _ = Journal::verify(&self.data, Tail::Open, |record, _| records.push(record.clone()));
        }
        records
    }

    /// Waits until `n` letters to citizens are delivered: every receipt is in.
    pub fn wait_delivered(&self, n: usize) {
        wait(&format!("{n} replies delivered within {DEADLINE:?}"), || {
            let items = self.items("pec");
            (items.iter().filter(|(_, state)| state == "delivered").count() >= n).then_some(())
        });
    }

    /// `sportello check --connect`: exit code, and all that it says.
    pub fn check(&self) -> (Option<i32>, String) {
        let output = sportello().args(["check", "--connect", "--config"]).arg(&self.file).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }
}

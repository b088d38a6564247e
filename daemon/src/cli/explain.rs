//! `sportello explain`: everything about one message, by the same functions that the service calls.

mod text;

use super::{CANNOT_START, FOUND, OK, print_problems, report};
use crate::clock::Clock;
use crate::config::Config;
use crate::office::Office;
use crate::revocation::cache;
use crate::supervise::own_mailboxes;
use crate::trust::Trust;
use casework::effect::EffectKey;
use casework::{Decision, Entity, Known};
use jiff::Timestamp;
use pec::revocation::StatusLists;
use pec::{Directory, Examined, Measured, OwnMailbox, Policy, Sent};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest file read.
const FILE_BYTES_MAX: u64 = crate::config::MESSAGE_BYTES_DEFAULT;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Messaggi salvati (.eml); «-» per lo standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// La configurazione da usare; se manca: regole, modelli e fiducia forniti con il programma
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Cartella di regole, al posto di quelle fornite
    #[arg(long, value_name = "CARTELLA", conflicts_with = "config")]
    rules: Option<PathBuf>,
    /// Cartella con ancore.toml, al posto della fiducia fornita
    #[arg(long, value_name = "CARTELLA", conflicts_with = "config")]
    trust: Option<PathBuf>,
    /// L'istante in cui il messaggio è arrivato (2026-02-03T10:00:00Z); se manca, non si confronta
    #[arg(long, value_name = "ISTANTE")]
    arrived: Option<Timestamp>,
    /// L'istante della decisione; se manca, adesso
    #[arg(long, value_name = "ISTANTE")]
    as_of: Option<Timestamp>,
    /// Mostra per intero il testo di ogni lettera che partirebbe
    #[arg(long)]
    letters: bool,
    /// Risposta in JSON: un oggetto per riga
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    let (bench, about) = match Bench::open(args) {
        Ok(open) => open,
        Err(problems) => {
            print_problems(&problems);
            return CANNOT_START;
        }
    };
    let mut code = OK;
    for file in &args.files {
        match read(file) {
            Ok(bytes) => {
                let explained = bench.explain(&bytes, &about);
                if args.json {
                    say!("{}", explained.json(&file.display().to_string()));
                } else {
                    say!("{}", explained.text(&file.display().to_string(), args.letters));
                }
            }
            Err(e) => {
                eprintln!("{}: non riesco a leggerlo: {e}", file.display());
                code = FOUND;
            }
        }
    }
    code
}

pub(super) fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let mut open = std::fs::File::open(file)?;
    if open.metadata()?.len() > FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!(
            "più di {} MB: il servizio non lo esaminerebbe",
            FILE_BYTES_MAX / 1_000_000
        )));
    }
    open.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What explaining needs: a desk, trust, and an empty register.
pub struct Bench {
    office: Office,
}

/// What the service would know of a message besides its bytes.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// Our mailboxes; empty = the checks on them are moot.
    pub mailboxes: Vec<OwnMailbox>,
    /// SHA-1 is refused for events after this instant.
    pub sha1_until: Option<Timestamp>,
    /// When the message reached the mailbox; `None` when not known.
    pub arrived: Option<Timestamp>,
    /// The instant of the decision.
    pub now: Timestamp,
    /// What we sent; `None` when not known.
    pub sent: Option<Arc<dyn Sent>>,
    /// CRLs and OCSP answers at hand.
    pub status: StatusLists,
    /// The providers' directory, for a body that has it.
    pub directory: Option<Directory>,
}

impl Bench {
    fn open(args: &Args) -> Result<(Self, Circumstances), Vec<casework::rules::Problem>> {
        // Nothing is sent from here: the ids shown are those of no installation.
        let key = EffectKey::new(&[0; EffectKey::BYTES]);
        let now = args.as_of.unwrap_or_else(|| Clock::System.now());
        let unknown = Circumstances {
            mailboxes: Vec::new(),
            sha1_until: None,
            arrived: args.arrived,
            now,
            sent: None,
            status: StatusLists::new(),
            directory: None,
        };
        if let Some(path) = &args.config {
            let config = Config::read(path)?;
            let office = Office::read(&config, key)?;
            let mailboxes = own_mailboxes(&config);
            // The lists that the service would judge with, those that do not read left out as there.
            let (lists, _) = cache::read(&cache::folder(&config.data), config.revocation.folder.as_deref());
            let known = Circumstances { mailboxes, sha1_until: config.sha1_until, status: lists.status, ..unknown };
            return Ok((Self { office }, known));
        }
        let desk = crate::office::desk(sample_entity(), args.rules.as_deref(), None, key)?;
        let trust = args.trust.as_deref().map_or_else(|| Ok(Trust::shipped()), Trust::read)?;
        Ok((Self { office: Office { desk, trust, sigillo: Arc::default() } }, unknown))
    }

    /// A bench of a configuration, or of what is shipped.
    ///
    /// # Errors
    /// Mistakes in any of it.
    pub(super) fn with(config: Option<&Path>) -> Result<(Self, Circumstances), Vec<casework::rules::Problem>> {
        Self::open(&Args {
            files: Vec::new(),
            config: config.map(Path::to_owned),
            rules: None,
            trust: None,
            arrived: None,
            as_of: None,
            letters: false,
            json: false,
        })
    }

    /// The same with other rules.
    pub(super) fn with_rules(mut self, rules: casework::rules::Rulebook) -> Self {
        self.office.desk.rules = rules;
        self
    }

    /// Its rules.
    pub(super) fn into_rules(self) -> casework::rules::Rulebook {
        self.office.desk.rules
    }

    /// A bench with the shipped rules and templates, for tests of fixtures.
    ///
    /// # Errors
    /// Mistakes in what is shipped.
    pub fn shipped(trust: Trust) -> Result<Self, Vec<casework::rules::Problem>> {
        let desk = crate::office::desk(sample_entity(), None, None, EffectKey::new(&[0; EffectKey::BYTES]))?;
        Ok(Self { office: Office { desk, trust, sigillo: Arc::default() } })
    }

    /// Examines and decides, as the service would with an empty register.
    #[must_use]
    pub fn explain(&self, bytes: &[u8], about: &Circumstances) -> Explained {
        let known = self.office.trust.directory.as_ref().map(|providers| providers.directory.clone());
        let policy = Policy {
            mailboxes: &about.mailboxes,
            arrival: about.arrived,
            sha1_until: about.sha1_until,
            sent: about.sent.as_deref(),
            status: Some(&about.status).filter(|lists| !lists.is_empty()),
            directory: about.directory.as_ref().or(known.as_deref()),
            ..Policy::new(&self.office.trust.anchors)
        };
        let seen = pec::examine(bytes, &policy);
        let known = Known { digest: crate::digest::sha256(bytes), ..Known::nothing(about.now) };
        let decision = casework::decide(&seen, &known, &self.office.desk);
        let files = report::Facts::of(&seen).content.map(|content| content.measure(bytes)).unwrap_or_default();
        Explained { digest: known.digest, bytes: bytes.len(), files, seen, decision }
    }
}

/// The points of every rule.
pub(super) fn rules_text(class: &casework::rules::Classification) -> String {
    text::every_rule(class)
}

/// The entity of an explanation without configuration: it must be clear that it is nobody's.
fn sample_entity() -> Entity {
    Entity {
        name: "Comune di Esempio".into(),
        pec: "protocollo@pec.comune.example".into(),
        task_sender: "sportello@comune.example".into(),
        contact: "tel. 055 000 000".into(),
        responsible: "Segretario generale".into(),
        substitute: "Segretario generale, segretario@pec.comune.example".into(),
        privacy_url: "https://www.comune.example/privacy".into(),
        fallback_office: "protocollo".into(),
        ..Entity::default()
    }
}

/// One message, explained.
pub struct Explained {
    digest: String,
    bytes: usize,
    /// What its attachments measure, in order.
    files: Vec<Measured>,
    seen: Examined,
    decision: Decision,
}

impl Explained {
    /// As people read it. It is also the golden file of every fixture: what people read is what tests pin.
    #[must_use]
    pub fn text(&self, name: &str, letters: bool) -> String {
        let report = report::text::write(name, &self.digest, self.bytes, &self.files, &self.seen);
        let whole = format!("{report}{}", text::write(&self.decision, letters));
        whole.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// What was decided.
    pub(super) fn decision(&self) -> &Decision {
        &self.decision
    }

    /// What its author wrote, as far as it reads.
    pub(super) fn content(&self) -> Option<&pec::Content> {
        report::Facts::of(&self.seen).content
    }

    /// As a program reads it: the keys of `REPORT.md`.
    #[must_use]
    pub fn json(&self, name: &str) -> Value {
        let mut all = report::json::write(name, &self.digest, self.bytes, &self.seen);
        let decided = [
            ("disposition", json!(self.decision.disposition)),
            ("classification", json!(self.decision.classification)),
            ("changes", json!(self.decision.changes)),
            ("outgoing", json!(self.decision.outgoing)),
            ("trail", json!(self.decision.trail)),
        ];
        all.extend(decided.map(|(key, value)| (key.to_owned(), value)));
        Value::Object(all)
    }
}

//! The two simulated ends of the demonstration: the certified circuit, and the offices' mailboxes.

use crate::outbox::{Answer, Courier, Gate};
use crate::submit::Outcome;
use gestore::{Authority, Circuit, Composed, Error, Mail, Style, Timestamp};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The entity's mailbox.
pub(super) const ENTITY: &str = "protocollo@pec.comune.test";
/// The mailbox to which its offices answer, and the mail server that takes it in.
pub(super) const OFFICES: &str = "sportello@comune.example";
pub(super) const OFFICE_SERVER: &str = "mx.comune.example";
/// Host of its provider's service address.
pub(super) const ENTITY_PROVIDER: &str = "pec.alfa.test";

/// The circuit and its authority.
pub(super) struct World {
    pub(super) circuit: Circuit,
    authority: Authority,
    signer: String,
    /// The mailbox to which offices answer: ordinary mail.
    offices: PathBuf,
}

impl World {
    /// The circuit in `root`, with the authority of an earlier run if there is one: what that run received must stay genuine.
    pub(super) fn open(root: &Path) -> Result<Self, String> {
        let dir = root.join("gestore");
        let open = || -> Result<Self, Error> {
            let now = Timestamp::now();
            let authority = if dir.is_dir() {
                Authority::load(&dir)?
            } else {
                let authority = Authority::create(now)?;
                // Whole or not at all: a run may be killed here too.
                let new = root.join("gestore.tmp");
                authority.save(&new)?;
                fs::rename(&new, &dir).map_err(disk)?;
                authority
            };
            // One way of sealing for each habit of real providers: DER and BER, parts in either order, SHA-256 and SHA-1.
            let alfa = authority.provider("Alfa PEC S.p.A.", ENTITY_PROVIDER, Style::aruba_like(), now)?;
            let beta = authority.provider("Beta Mail S.r.l.", "pec.beta.test", Style::legalmail_like(), now)?;
            let gamma =
                authority.provider("Gamma Certificata S.p.A.", "pec.gamma.test", Style::register_like(), now)?;
            let delta = authority.provider("Delta Posta S.p.A.", "pec.delta.test", Style::trust_like(), now)?;
            let signer = alfa.signer().describe();
            let domains = [
                ("pec.comune.test", alfa),
                ("cittadini.test", beta),
                ("imprese.test", gamma),
                ("amministrazioni.test", delta),
            ];
            let circuit =
                Circuit::new(&root.join("caselle"), domains.map(|(domain, provider)| (domain.to_owned(), provider)));
            let inbox = circuit.maildir(ENTITY)?;
            let offices = root.join("risposte-uffici");
            for part in ["tmp", "new", "cur"] {
                fs::create_dir_all(inbox.join(part)).map_err(disk)?;
                fs::create_dir_all(offices.join(part)).map_err(disk)?;
            }
            Ok(Self { circuit, authority, signer, offices })
        };
        open().map_err(|e| format!("il gestore simulato non parte: {e}"))
    }

    pub(super) fn signer(&self) -> &str {
        &self.signer
    }

    pub(super) fn authority_der(&self) -> &[u8] {
        self.authority.certificate_der()
    }

    pub(super) fn maildir(&self, address: &str) -> Result<PathBuf, String> {
        self.circuit.maildir(address).map_err(|e| e.to_string())
    }

    /// Where offices answer.
    pub(super) fn offices(&self) -> PathBuf {
        self.offices.clone()
    }

    /// Messages in this part of both mailboxes of the entity.
    fn count(&self, part: &str) -> Result<usize, String> {
        let count = |folder: PathBuf| fs::read_dir(folder).map(Iterator::count).map_err(|e| e.to_string());
        Ok(count(self.maildir(ENTITY)?.join(part))? + count(self.offices.join(part))?)
    }

    /// Nothing waits in the entity's mailboxes.
    pub(super) fn inbox_is_empty(&self) -> Result<bool, String> {
        Ok(self.count("new")? == 0)
    }

    /// Messages that have reached the entity.
    pub(super) fn arrived(&self) -> Result<usize, String> {
        Ok(self.count("new")? + self.count("cur")?)
    }

    /// Somebody of an office writes to Sportello: the body's mail server, simulated, says at the top who entered with a password.
    pub(super) fn answer(&self, entered: &str, mail: &Mail) -> Result<(), Error> {
        let composed = mail.compose(Timestamp::now())?;
        let vouched = format!("Authentication-Results: {OFFICE_SERVER}; auth=pass smtp.auth={entered}\r\n");
        let name =
            format!("{:04}.eml", self.count("new").map_err(Error::State)? + self.count("cur").map_err(Error::State)?);
        let tmp = self.offices.join("tmp").join(&name);
        fs::write(&tmp, [vouched.as_bytes(), &composed.raw].concat()).map_err(disk)?;
        fs::rename(tmp, self.offices.join("new").join(name)).map_err(disk)
    }

    /// Sends as a citizen's mail program does.
    pub(super) fn send(&self, mail: &Mail) -> Result<Composed, Error> {
        let composed = mail.compose(Timestamp::now())?;
        self.circuit.send(&composed.mail_from, &composed.rcpt_to, &composed.raw)?;
        Ok(composed)
    }

    /// The messages that reached the entity, as they are on disk, oldest name first.
    pub(super) fn received(&self) -> Result<Vec<Vec<u8>>, Error> {
        let inbox = self.circuit.maildir(ENTITY)?;
        let mut paths: Vec<PathBuf> =
            fs::read_dir(inbox.join("cur")).map_err(disk)?.filter_map(|e| e.ok().map(|e| e.path())).collect();
        paths.sort();
        paths.iter().map(fs::read).collect::<Result<_, _>>().map_err(disk)
    }
}

/// The road to citizens: the simulated provider takes the message and its receipts come back through the inbox.
pub(super) struct Provider {
    pub(super) world: Arc<World>,
    pub(super) copies: PathBuf,
}

impl Courier for Provider {
    fn attempt<'a>(&'a self, from: &'a str, to: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            if let Err(why) = gate().await {
                return Outcome::Later { why, code: None };
            }
            if let Err(e) = copy(&self.copies, to, bytes) {
                return Outcome::Unknown { why: e.to_string() };
            }
            match self.world.circuit.send(from, &[to.to_owned()], bytes) {
                Ok(_) => Outcome::Taken { reply: "250 preso in carico dal gestore SIMULATO".into() },
                // It may have been delivered before it failed: never again.
                Err(e) => Outcome::Unknown { why: e.to_string() },
            }
        })
    }
}

/// The road to offices: a folder each.
pub(super) struct Offices {
    pub(super) dir: PathBuf,
}

impl Courier for Offices {
    fn attempt<'a>(&'a self, _from: &'a str, to: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(async move {
            if let Err(why) = gate().await {
                return Outcome::Later { why, code: None };
            }
            match copy(&self.dir, to, bytes) {
                Ok(()) => Outcome::Taken { reply: "250 consegnato all'ufficio (cartella)".into() },
                Err(e) => Outcome::Unknown { why: e.to_string() },
            }
        })
    }
}

fn disk(e: std::io::Error) -> Error {
    Error::State(e.to_string())
}

/// Leaves a message where a person can open it: `<dir>/<address>/<n>.eml`.
fn copy(dir: &Path, to: &str, bytes: &[u8]) -> std::io::Result<()> {
    let dir = dir.join(to);
    fs::create_dir_all(&dir)?;
    let n = fs::read_dir(&dir)?.count() + 1;
    fs::write(dir.join(format!("{n:02}.eml")), bytes)
}

//! Changes when the in-process circuit over a folder of Maildirs changes.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::scene::{Letter, Network};
use crate::{Error, Provider, Result, maildir};

/// Several providers and a folder of Maildirs, `<root>/<address in lower case>/Maildir/{tmp,new,cur}`. Nothing runs in the
/// background: when [`Circuit::send`] returns, envelopes and receipts are all on disk.
#[derive(Clone, Debug)]
pub struct Circuit {
    network: Network,
    root: PathBuf,
}

/// What one sending did.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The PEC identifier; `None` if the message was not accepted or came from outside the circuit.
    pub identificativo: Option<String>,
    /// Every message written, in order.
    pub written: Vec<Written>,
}

/// One message in one mailbox.
#[derive(Clone, Debug)]
pub struct Written {
    /// Whose mailbox.
    pub mailbox: String,
    /// The file.
    pub path: PathBuf,
}

impl Circuit {
    /// A circuit of `(domain, provider)` pairs over `root`.
    #[must_use]
    pub fn new(root: &Path, domains: impl IntoIterator<Item = (String, Provider)>) -> Circuit {
        Circuit { network: Network::new(domains), root: root.to_path_buf() }
    }

    /// The providers.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Sends as `from`: from inside the circuit the message is checked, sealed, delivered and answered with receipts; from
    /// outside each recipient in the circuit gets it in an anomaly envelope of its own provider.
    ///
    /// # Errors
    /// When a signature cannot be made or the disk refuses.
    pub fn send(&self, from: &str, recipients: &[String], raw: &[u8]) -> Result<Dispatch> {
        self.send_at(from, recipients, raw, Timestamp::now())
    }

    /// The same at a time of one's choosing.
    ///
    /// # Errors
    /// When a signature cannot be made or the disk refuses.
    pub fn send_at(&self, from: &str, recipients: &[String], raw: &[u8], at: Timestamp) -> Result<Dispatch> {
        let plot = self.network.carry(from, recipients, raw, at)?;
        let mut written = Vec::new();
        for leg in &plot.legs {
            written.push(self.write(&leg.letter)?);
            if let Some(answer) = &leg.then {
                written.push(self.write(answer)?);
            }
        }
        Ok(Dispatch { identificativo: plot.identificativo, written })
    }

    /// Puts bytes into a mailbox as they are: replays, forgeries, service mail.
    ///
    /// # Errors
    /// When the address cannot name a directory or the disk refuses.
    pub fn drop_raw(&self, mailbox: &str, raw: &[u8]) -> Result<Written> {
        let path = maildir::deliver(&self.maildir(mailbox)?, raw)?;
        Ok(Written { mailbox: mailbox.to_string(), path })
    }

    /// The Maildir of an address.
    ///
    /// # Errors
    /// When the address cannot name a directory.
    pub fn maildir(&self, address: &str) -> Result<PathBuf> {
        let name = address.to_ascii_lowercase();
        let safe = |letter: char| letter.is_alphanumeric() || "@.-_+='".contains(letter);
        if name.contains('@') && !name.starts_with('.') && name.chars().all(safe) {
            Ok(self.root.join(name).join("Maildir"))
        } else {
            Err(Error::State(format!("{address:?} cannot name a mailbox")))
        }
    }

    /// The last hop adds what local delivery adds.
    fn write(&self, letter: &Letter) -> Result<Written> {
        let mut raw = format!("Return-Path: <{}>\r\nDelivered-To: {}\r\n", letter.mail_from, letter.to).into_bytes();
        raw.extend_from_slice(&letter.raw);
        self.drop_raw(&letter.to, &raw)
    }
}

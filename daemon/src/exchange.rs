//! The folder through which documents reach whoever keeps the register of protocol, and numbers come back. It changes when another
//! form is agreed on.
//!
//! ```text
//! da-protocollare/SHA-256/   messaggio.eml  documento.xml  documento.json     one folder a document, there whole or not at all
//! protocollati/*.csv|*.json  documento;numero;data                            read like the tables of the drop folder
//! ```
//! There is no national interface of protocol systems: each maker has its own. What every one of them can do is read and write files.

use crate::annex::{About, Node, between, document, text, under};
use crate::archive::{Archive, Shelf};
use crate::digest::sha256_of;
use crate::failpoint;
use crate::shared;
use casework::protocol::{Flow, Registration};
use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where documents wait.
const OUT: &str = "da-protocollare";
/// Where numbers come back.
const BACK: &str = "protocollati";
/// Of a folder that is not whole yet.
const UNFINISHED: &str = ".in-scrittura-";
/// The document itself.
const LETTER: &str = "messaggio.eml";

/// What is said of a document to whoever gives it its number.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// SHA-256 of its bytes.
    pub digest: String,
    /// What is known of its registration.
    pub registration: Registration,
    /// Who wrote it.
    pub from: String,
    /// To whom it went; empty for what came.
    pub to: String,
    /// What it is about: of a dossier's document, the dossier's neutral words (DPR 445/2000 art. 53 c. 1 d: it never changes).
    pub subject: String,
    /// The office that has it (id); empty: nobody yet.
    pub office: String,
    /// Entry of the classification plan; empty: nobody wrote it.
    pub classification: String,
    /// Of what came: how sure it is that it is what it says (code of the grade).
    pub grade: String,
}

impl Sheet {
    fn tree(&self) -> Node {
        let of = &self.registration;
        let (kind, own) = match of.flow {
            Flow::E => ("messaggio ricevuto", text("Esito", &self.grade)),
            Flow::U => ("lettera Pec", text("Esito", "")),
        };
        let number = |number: &casework::protocol::Number| text("NumeroAnnullato", number.to_string());
        let about = About { digest: &self.digest, file: LETTER, flow: of.flow, kind, at: of.at, registered: Some(of) };
        let rest = vec![
            between(&self.from, &self.to),
            under("ChiaveDescrittiva", [text("Oggetto", &self.subject)]),
            under("Classificazione", [text("IndiceDiClassificazione", &self.classification)]),
            under(
                "Agg",
                [
                    text("TipoAggregazione", of.dossier.as_ref().map_or("", |_| "Fascicolo")),
                    text("IdAggregazione", of.dossier.as_deref().unwrap_or_default()),
                ],
            ),
            under("Assegnazione", [text("SoggettoAssegnatario", &self.office)]),
            under("Verifica", [own]),
            under("Annullati", of.annulled.iter().map(number)),
        ];
        document(&about, rest)
    }
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Exchange {
    root: PathBuf,
}

impl Exchange {
    /// Prepares it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        for part in [OUT, BACK] {
            shared::dir(&root.join(part))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    /// Where numbers come back.
    #[must_use]
    pub fn answers(&self) -> PathBuf {
        self.root.join(BACK)
    }

    /// The documents that lie there. What was not whole when we stopped is taken away: it is written anew.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn lying(&self) -> io::Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(self.root.join(OUT))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(UNFINISHED) {
                fs::remove_dir_all(entry.path())?;
            } else if name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
                found.insert(name);
            }
        }
        Ok(found)
    }

    /// Lays a document there, in place of what lay there of it. Durable when it returns.
    ///
    /// # Errors
    /// Those of the disk; `InvalidData` where the archive's bytes are not what they were.
    pub fn hand_over(&self, sheet: &Sheet, archive: &Archive) -> io::Result<()> {
        let out = self.root.join(OUT);
        let (unfinished, whole) = (out.join(format!("{UNFINISHED}{}", sheet.digest)), out.join(&sheet.digest));
        let shelf = match sheet.registration.flow {
            Flow::E => Shelf::In,
            Flow::U => Shelf::Out,
        };
        // Ours alone until it is whole: nobody may lay anything into it meanwhile.
        fs::create_dir(&unfinished)?;
        fs::set_permissions(&unfinished, Permissions::from_mode(0o700))?;
        failpoint::at("exchange.copy")?;
        let letter = unfinished.join(LETTER);
        let mut copy = File::options().write(true).create_new(true).mode(0o600).open(&letter)?;
        io::copy(&mut archive.stream(shelf, &sheet.digest)?, &mut copy)?;
        if sha256_of(File::open(&letter)?)?.0 != sheet.digest {
            let what = format!("{}: il contenuto è cambiato", archive.path(shelf, &sheet.digest).display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        copy.sync_all()?;
        shared::admit(&letter, 0o060)?;
        let tree = sheet.tree();
        let json = serde_json::to_string_pretty(&tree.json())?;
        for (name, text) in [("documento.xml", tree.xml()), ("documento.json", json)] {
            shared::file(&unfinished.join(name), text.as_bytes())?;
        }
        File::open(&unfinished)?.sync_all()?;
        if whole.exists() {
            fs::remove_dir_all(&whole)?;
        }
        shared::admit(&unfinished, 0o070)?;
        failpoint::at("exchange.whole")?;
        fs::rename(&unfinished, &whole)?;
        File::open(&out)?.sync_all()
    }

    /// Takes away what lies there of a document that has its number; our bytes stay in the archive.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn take_away(&self, digest: &str) -> io::Result<()> {
        failpoint::at("exchange.take")?;
        fs::remove_dir_all(self.root.join(OUT).join(digest))
    }
}

//! Changes when the state directory of the command line changes.
//!
//! ```text
//! DIR/authority.pem root.pem authority.key      the authority (authority.pem is what a verifier pins)
//! DIR/domains                                   one line each: domain host style name
//! DIR/hosts/<host>/leaf.pem leaf.key            the providers
//! DIR/jobs/                                     messages on their way (see `pipe`)
//! ```

use std::fs;
use std::path::Path;

use jiff::Timestamp;

use crate::authority::read_pem;
use crate::codec::pem;
use crate::scene::Network;
use crate::{Authority, Error, Provider, Result, Signer, Style};

/// One domain and the provider that manages it, as written in the `domains` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The mail domain, such as `ente.test`.
    pub domain: String,
    /// The provider's host, such as `pec.alfa.test`.
    pub host: String,
    /// How the provider writes.
    pub style: Style,
    /// Its name, without the word SIMULAZIONE.
    pub name: String,
}

impl Domain {
    /// Reads `ente.test=pec.alfa.test[:style[:name]]`, as the command line has it.
    ///
    /// # Errors
    /// When it does not look so or there is no such style.
    pub fn parse(argument: &str) -> Result<Domain> {
        let wrong =
            || Error::State(format!("{argument:?}: expected DOMAIN=HOST[:STYLE[:NAME]], with HOST under .test"));
        let (domain, provider) = argument.split_once('=').ok_or_else(wrong)?;
        let mut pieces = provider.splitn(3, ':');
        let host = pieces.next().filter(|host| host.ends_with(".test")).ok_or_else(wrong)?;
        let style = pieces.next().unwrap_or(Style::aruba_like().name);
        let style = Style::named(style).ok_or_else(|| Error::State(format!("{style:?}: no such style")))?;
        let name = pieces.next().unwrap_or(host);
        Ok(Domain { domain: domain.to_ascii_lowercase(), host: host.into(), style, name: name.into() })
    }
}

/// Makes the state directory once: the authority if there is none, then every provider and domain not there yet.
///
/// # Errors
/// When keys cannot be made or the directory cannot be written.
pub fn prepare(directory: &Path, domains: &[Domain], now: Timestamp) -> Result<()> {
    if !directory.join("authority.pem").exists() {
        Authority::create(now)?.save(directory)?;
    }
    let authority = Authority::load(directory)?;
    let mut lines = known_domains(directory)?;
    for wanted in domains {
        let place = directory.join("hosts").join(&wanted.host);
        if !place.join("leaf.pem").exists() {
            let signer = authority.provider(&wanted.name, &wanted.host, wanted.style, now)?.signer;
            write_files(
                &place,
                &[("leaf.key", pem("PRIVATE KEY", &signer.pkcs8)), ("leaf.pem", pem("CERTIFICATE", &signer.leaf))],
            )?;
        }
        lines.retain(|known| known.domain != wanted.domain);
        lines.push(wanted.clone());
    }
    let text: String =
        lines.iter().map(|line| format!("{} {} {} {}\n", line.domain, line.host, line.style.name, line.name)).collect();
    write_files(directory, &[("domains", text)])
}

/// The network that the directory describes.
///
/// # Errors
/// When something in it is missing or unreadable.
pub fn network(directory: &Path) -> Result<Network> {
    let authority = Authority::load(directory)?;
    let mut domains = Vec::new();
    for line in known_domains(directory)? {
        let place = directory.join("hosts").join(&line.host);
        let leaf = read_pem(&place.join("leaf.pem"), "CERTIFICATE")?;
        let signer =
            Signer::new(leaf, authority.certificate_der().to_vec(), read_pem(&place.join("leaf.key"), "PRIVATE KEY")?);
        domains.push((line.domain, Provider::new(&line.name, &line.host, line.style, signer)));
    }
    Ok(Network::new(domains))
}

/// What the `domains` file lists; nothing if there is none.
///
/// # Errors
/// When it cannot be read.
pub fn known_domains(directory: &Path) -> Result<Vec<Domain>> {
    let path = directory.join("domains");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
    text.lines()
        .map(|line| {
            let mut words = line.splitn(4, ' ');
            let mut word = || words.next().map(str::to_string);
            match (word(), word(), word().as_deref().and_then(Style::named), word()) {
                (Some(domain), Some(host), Some(style), Some(name)) => Ok(Domain { domain, host, style, name }),
                _ => Err(Error::State(format!("{}: cannot read line {line:?}", path.display()))),
            }
        })
        .collect()
}

/// Writes each file whole: to a temporary name, then renamed. Keys are readable by their owner alone.
pub(crate) fn write_files(directory: &Path, files: &[(&str, String)]) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::io(directory))?;
    for (name, text) in files {
        let path = directory.join(name);
        let failed = |cause: std::io::Error| Error::Io(path.clone(), cause);
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(failed)?; // mode 0600
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
        #[cfg(unix)]
        if !name.ends_with(".key") {
            use std::os::unix::fs::PermissionsExt;
            file.as_file().set_permissions(fs::Permissions::from_mode(0o644)).map_err(failed)?;
        }
        file.persist(&path).map_err(|why| failed(why.error))?;
    }
    Ok(())
}

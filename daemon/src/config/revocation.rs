//! `[revoca]`: where revocation lists come from. It changes when they can be had in another way.

use super::reader::{Mistakes, Table};
use crate::revocation::gate::Gate;
use std::net::IpAddr;
use std::path::PathBuf;

/// Where revocation lists come from.
#[derive(Debug, Clone, Default)]
pub struct Revocation {
    /// They are fetched over the network.
    pub fetch: bool,
    /// From where.
    pub gate: Gate,
    /// Folder of lists that a person supplies.
    pub folder: Option<PathBuf>,
    /// Most questions in an hour.
    pub per_hour: usize,
}

/// Reads the table.
pub(super) fn read(root: &mut Table<'_, '_>, m: &mut Mistakes) -> Revocation {
    let mut revoca = root.table("revoca", m);
    let at = revoca.at();
    let hosts = revoca.texts("host", m).unwrap_or_else(|| vec![crate::trust::STATUS_HOST.into()]);
    if let Some(bad) = hosts.iter().find(|host| host.contains(['/', ' ', '@', '*']) || host.is_empty()) {
        m.add(at, format!("`revoca.host` elenca nomi come \"ca1.agid.gov.it\" o \"nome:porta\": «{bad}» non lo è"));
    }
    let inner = revoca.texts("indirizzi_interni", m).unwrap_or_default();
    if let Some(bad) = inner.iter().find(|text| text.parse::<IpAddr>().is_err()) {
        m.add(at, format!("`revoca.indirizzi_interni` elenca indirizzi IP: «{bad}» non lo è"));
    }
    let read = Revocation {
        fetch: revoca.flag("attiva", true, m),
        gate: Gate {
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            inner: inner.iter().filter_map(|text| text.parse().ok()).collect(),
        },
        folder: revoca.text("cartella", m).map(PathBuf::from),
        per_hour: revoca.number("richieste_all_ora", 20, 1..=1000, m) as usize,
    };
    revoca.finish(m);
    read
}

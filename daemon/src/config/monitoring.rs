//! `[sorveglianza]`: where the figures of the running service can be read.

use super::reader::{Mistakes, Table};
use std::net::SocketAddr;

/// Reads the table.
pub(super) fn listen(root: &mut Table<'_, '_>, m: &mut Mistakes) -> Option<SocketAddr> {
    let mut table = root.table("sorveglianza", m);
    let written = table.located("ascolto", m);
    table.finish(m);
    let (text, at) = written?;
    let address = text.parse::<SocketAddr>().ok();
    match address {
        None => m.add(Some(at), format!("`sorveglianza.ascolto` è un indirizzo e una porta, come \"127.0.0.1:9464\": «{text}» non lo è")),
        // It has neither a password nor encryption.
        Some(address) if !address.ip().is_loopback() => m.add(
            Some(at),
            format!("`sorveglianza.ascolto` può essere solo di questa macchina (127.0.0.1 o [::1]), non {}: da fuori si passa per un proxy", address.ip()),
        ),
        Some(_) => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn only_this_machine_may_read_the_figures() {
        let with = |value: &str| {
            let text = include_str!("../../sportello.toml").replace("# ascolto = \"127.0.0.1:9464\"", value);
            Config::parse("s.toml", &text)
        };
        assert_eq!(with("").unwrap().listen, None);
        for good in ["127.0.0.1:9464", "[::1]:9464", "127.0.0.2:1"] {
            assert_eq!(with(&format!("ascolto = \"{good}\"")).unwrap().listen, Some(good.parse().unwrap()));
        }
        for bad in ["0.0.0.0:9464", "[::]:9464", "10.1.2.3:9464", "localhost:9464", "9464", "127.0.0.1"] {
            let told = with(&format!("ascolto = \"{bad}\"")).unwrap_err();
            assert!(
                told.iter().any(|p| p.text.contains("sorveglianza.ascolto") && p.line.is_some()),
                "{bad}: {told:?}"
            );
        }
    }
}

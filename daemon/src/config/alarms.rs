//! `[allarmi]`: who is told when something is wrong, and by which road. It changes when there is another road.

use super::reader::{Mistakes, Table};
use super::{Road, address_of, server};
use crate::outbox::Rates;
use casework::address;
use jiff::civil::Time;
use std::path::PathBuf;
use std::time::Duration;

/// Most administrators who are written to.
pub const RECIPIENTS_MAX: usize = 10;
/// Longest address of a webhook, bytes.
const URL_BYTES_MAX: usize = 1024;
/// Silence of a folder that is an alarm, minutes (reliability.md P22).
const SILENCE_MINUTES: u64 = 10;
/// Hours between two reconciliations (reliability.md P1).
const RECONCILE_HOURS: u64 = 6;
/// Shortest silence of a folder that is an alarm, minutes: under it a slow night of a provider would be one.
const SILENCE_MINUTES_MIN: u64 = 2;

/// Who is told, and when.
#[derive(Debug, Clone)]
pub struct Alarms {
    /// How long a folder may go without a full look.
    pub silence: Duration,
    /// A mail account that is not the PEC one, and who is written to.
    pub mail: Option<(Road, Vec<String>)>,
    /// A webhook.
    pub hook: Option<Hook>,
    /// How often server, archive and register are held against each other.
    pub reconcile: Duration,
    /// From when on each day, in Rome, a letter goes to each of our own mailboxes; `None`: none does.
    pub canary: Option<Time>,
}

impl Default for Alarms {
    /// Nobody is told; the log, systemd and the metrics show it all the same.
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(60 * SILENCE_MINUTES),
            mail: None,
            hook: None,
            reconcile: Duration::from_secs(3600 * RECONCILE_HOURS),
            canary: None,
        }
    }
}

/// A webhook.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Where.
    pub url: Entrance,
    /// More authorities for TLS.
    pub ca_file: Option<PathBuf>,
}

/// An address on the web: https, or http on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrance {
    /// Encrypted.
    pub tls: bool,
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

impl Entrance {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, in Italian.
    pub fn read(url: &str) -> Result<Self, String> {
        let bad = || "deve essere un indirizzo come \"https://allarmi.comune.example/pec\"".to_owned();
        if url.len() > URL_BYTES_MAX || !url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(bad());
        }
        let (tls, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(bad()),
        };
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let path = path.split('#').next().unwrap_or("/").to_owned();
        let usual = if tls { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| bad())?),
            _ => (authority, usual),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() || host.contains(['@', '[', ']', '\\', '#']) || port == 0 {
            return Err(bad());
        }
        if !tls && !matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1") {
            return Err("in chiaro (http) si può solo verso questa macchina: altrove serve https".into());
        }
        Ok(Self { tls, host, port, path })
    }
}

/// Reads the table.
pub(super) fn read(root: &mut Table<'_, '_>, m: &mut Mistakes) -> Alarms {
    let mut table = root.table("allarmi", m);
    let silence =
        Duration::from_secs(60 * table.number("silenzio_minuti", SILENCE_MINUTES, SILENCE_MINUTES_MIN..=1_440, m));
    let reconcile = Duration::from_secs(3600 * table.number("riconciliazione_ore", RECONCILE_HOURS, 1..=168, m));
    let canary = table.located("canarino", m).and_then(|(text, at)| {
        let hour = hour(&text);
        if hour.is_none() {
            m.add(Some(at), format!("`allarmi.canarino` deve essere un'ora, per esempio \"07:30\": «{text}» non lo è"));
        }
        hour
    });
    let ca_file = table.text("webhook_autorita_file", m).map(PathBuf::from);
    let hook = table.located("webhook", m).and_then(|(url, at)| match Entrance::read(&url) {
        Ok(url) => Some(Hook { url, ca_file }),
        Err(why) => {
            m.add(Some(at), format!("`allarmi.webhook` {why}"));
            None
        }
    });
    let mut posta = table.table("posta", m);
    let mail = posta.is_there().then(|| {
        let rates = Rates::default(); // an alarm paces itself
        let road = Road { server: server(&mut posta, true, m), from: address_of(&mut posta, "mittente", m), rates };
        let at = posta.at();
        let to = posta.texts_or_one("destinatari", m).unwrap_or_default();
        if to.is_empty() || to.len() > RECIPIENTS_MAX {
            m.add(at, format!("`allarmi.posta.destinatari` elenca da 1 a {RECIPIENTS_MAX} indirizzi"));
        }
        if let Some(bad) = to.iter().find(|to| !address::is_plausible(to)) {
            m.add(at, format!("`allarmi.posta.destinatari` elenca indirizzi di posta: «{bad}» non lo è"));
        }
        (road, to)
    });
    posta.finish(m);
    table.finish(m);
    Alarms { silence, mail, hook, reconcile, canary }
}

/// `HH:MM`, and nothing else: `7:30` may be a slip of the pen for `17:30`.
fn hour(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| {
        let is_whole = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i8>().ok().filter(|_| is_whole)
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_two_digits_twice() {
        assert_eq!(hour("07:30"), Some(Time::constant(7, 30, 0, 0)));
        assert_eq!(hour("00:00"), Some(Time::midnight()));
        assert_eq!(hour("23:59"), Some(Time::constant(23, 59, 0, 0)));
        for bad in ["7:30", "24:00", "07:60", "07.30", "0730", "07:30:00", "-1:00", "+1:00", "", "mattina"] {
            assert_eq!(hour(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_webhook_is_encrypted_or_on_this_machine() {
        let read = |url| Entrance::read(url).map(|e| (e.tls, e.host, e.port, e.path));
        let entrance = |tls, host: &str, port, path: &str| Ok((tls, host.to_owned(), port, path.to_owned()));
        assert_eq!(read("https://Allarmi.example/pec?a=1"), entrance(true, "allarmi.example", 443, "/pec?a=1"));
        assert_eq!(read("https://allarmi.example:8443"), entrance(true, "allarmi.example", 8443, "/"));
        assert_eq!(read("http://127.0.0.1:9000/x"), entrance(false, "127.0.0.1", 9000, "/x"));
        assert_eq!(read("http://[::1]:9000/x"), entrance(false, "::1", 9000, "/x"));
        for bad in [
            "http://allarmi.example/",
            "http://127.0.0.1.example/",
            "http://127.0.0.1@allarmi.example/",
            "ftp://allarmi.example/",
            "https://",
            "https://a b/",
            "https://a:0/",
            "https://u:p@h/",
            "https://h/\r\nX: y",
        ] {
            assert!(Entrance::read(bad).is_err(), "{bad}");
        }
    }
}

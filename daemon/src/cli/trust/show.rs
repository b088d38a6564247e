//! `sportello trust show`: the anchors as people and as programs read them.

use crate::cli::paint::cut;
use crate::config::Config;
use crate::digest::hex;
use crate::revocation::survey::Survey;
use crate::trust::check::{day, is_over};
use crate::trust::{Entry, Providers, Trust, manifest};
use jiff::Timestamp;
use pec::directory::Voucher;
use pec::{Anchor, Description};
use serde_json::{Value, json};
use std::fmt::Write;

/// Widest text of somebody else on a line, characters.
const COLUMN: usize = 160;

/// For people.
pub(super) fn text(trust: &Trust, config: Option<&Config>, long: bool, now: Timestamp) -> String {
    let mut out = format!("Di chi ci si fida: {}\nVersione: {}\n", trust.source(), trust.digest());
    for (anchor, entry) in trust.each() {
        let _ = write!(out, "\n{}", of_anchor(anchor, entry, long, now));
    }
    if let Some(providers) = &trust.directory {
        out.push_str(&directory(providers));
    }
    if let Some(config) = config {
        out.push_str(&lists(config, now));
    }
    out.trim_end().to_owned()
}

/// The providers' directory.
fn directory(providers: &Providers) -> String {
    let directory = &providers.directory;
    let domains: usize = directory.providers.iter().map(|p| p.managed_domains.len()).sum();
    let voucher = match &directory.voucher {
        Voucher::Signed { by, anchor, simulation } => {
            let simulated = if *simulation { " (SIMULAZIONE)" } else { "" };
            format!("firmato da {}, garantito da «{anchor}»{simulated}", cut(by, COLUMN))
        }
        Voucher::Administrator => "non firmato: lo garantisce chi l'ha messo qui".to_owned(),
    };
    let dated = directory.dated.map_or_else(|| "senza data".to_owned(), |at| format!("del {}", day(at)));
    let mut out = format!(
        "\nElenco dei gestori: {}, {dated}\n  {voucher}\n  {} gestori, {domains} domini\n",
        providers.file,
        directory.providers.len()
    );
    for note in &directory.notes {
        let _ = writeln!(out, "  attenzione: {}", cut(note, COLUMN));
    }
    out
}

/// The revocation lists of an installation.
fn lists(config: &Config, now: Timestamp) -> String {
    let settings = &config.revocation;
    let survey = Survey::of(&config.data, settings.folder.as_deref());
    let from = match (settings.fetch, settings.gate.hosts.as_slice()) {
        (false, _) | (true, []) => "non si scaricano (`revoca.attiva`, `revoca.host`)".to_owned(),
        (true, hosts) => format!("da {}", hosts.join(", ")),
    };
    let mut out = format!("\nListe di revoca: {}\n  si prendono {from}\n", survey.line(now));
    for held in &survey.lists.held {
        let kind = if held.is_crl { "CRL" } else { "OCSP" };
        let until = held.next_update.map(|next| format!(", la prossima entro il {}", day(next))).unwrap_or_default();
        let _ = writeln!(out, "  {kind:<5}{} del {}{until}", cut(&held.issuer, COLUMN), day(held.this_update));
    }
    for warning in survey.warnings(now) {
        let _ = writeln!(out, "  attenzione: {}", cut(&warning, COLUMN));
    }
    out
}

fn of_anchor(anchor: &Anchor, entry: &Entry, long: bool, now: Timestamp) -> String {
    let mut lines = Vec::new();
    let mut line = |what: &str, text: String| lines.push(format!("  {what:<12}{text}"));
    line("uso", format!("{}: {}", anchor.purpose.word(), manifest::meaning(anchor.purpose)));
    line("vale", window(anchor, now));
    line("chiave", format!("SHA-256 {}", hex(&anchor.spki_sha256)));
    let asked = match anchor.policies.as_slice() {
        [] => "nessuna: vale ogni certificato di questa autorità".to_owned(),
        [one] if one == pec::anchors::POLICY_FIRMA_PEC => {
            format!("{one} (certificati con cui i gestori firmano la PEC)")
        }
        some => some.join(", "),
    };
    line("politiche", asked);
    line("host", if anchor.hosts.is_empty() { "tutti".into() } else { anchor.hosts.join(", ") });
    if entry.certificates.is_empty() {
        line("certificati", "nessuno: basta la chiave, i messaggi portano il certificato dell'autorità".into());
    }
    for (file, said) in &entry.certificates {
        line("certificato", format!("{file}: {}", cut(&said.subject, COLUMN)));
        line("", format!("emesso da {}", cut(&said.issuer, COLUMN)));
        line("", format!("dal {} al {}, {}{}", day(said.from), day(said.until), said.key, names(said)));
        if long {
            for host in &said.permitted_mail {
                line("", format!("  {}", cut(host, COLUMN)));
            }
        }
    }
    if let Some(note) = &entry.note {
        line("perché", note.clone());
    }
    let simulation = if anchor.simulation { "   SIMULAZIONE: non vale in servizio" } else { "" };
    let place = if entry.line > 0 { format!("   (riga {})", entry.line) } else { String::new() };
    format!("{}{place}{simulation}\n{}\n", anchor.name, lines.join("\n"))
}

fn window(anchor: &Anchor, now: Timestamp) -> String {
    let ended = if is_over(anchor, now) { ": solo per la posta di allora" } else { "" };
    match (anchor.from, anchor.until) {
        (None, None) => "finché valgono i suoi certificati".to_owned(),
        (Some(from), None) => format!("dal {}", day(from)),
        (None, Some(until)) => format!("fino al {}{ended}", day(until)),
        (Some(from), Some(until)) => format!("dal {} al {}{ended}", day(from), day(until)),
    }
}

fn names(said: &Description) -> String {
    match (said.permitted, said.permitted_mail.len()) {
        (0, _) => "; può garantire qualunque nome".to_owned(),
        (_, mail) => format!("; può garantire {mail} domini di posta"),
    }
}

/// For programs: stable keys.
pub(super) fn json(trust: &Trust, config: Option<&Config>, now: Timestamp) -> Value {
    let anchors: Vec<Value> = trust
        .each()
        .map(|(anchor, entry)| {
            let certificates: Vec<Value> = entry
                .certificates
                .iter()
                .map(|(file, said)| {
                    json!({
                        "file": file, "subject": said.subject, "issuer": said.issuer, "serial": said.serial, "from": said.from,
                        "until": said.until, "key": said.key, "permitted": said.permitted, "permitted_mail": said.permitted_mail,
                    })
                })
                .collect();
            json!({
                "name": anchor.name, "purpose": anchor.purpose.word(), "line": entry.line, "key_sha256": hex(&anchor.spki_sha256),
                "from": anchor.from, "until": anchor.until, "over": is_over(anchor, now), "policies": anchor.policies,
                "hosts": anchor.hosts, "simulation": anchor.simulation, "note": entry.note, "certificates": certificates,
            })
        })
        .collect();
    let revocation = config.map(|c| Survey::of(&c.data, c.revocation.folder.as_deref()).json(now));
    let directory = trust.directory.as_ref().map(|providers| {
        json!({
            "file": providers.file, "sha256": providers.digest, "dated": providers.directory.dated,
            "providers": providers.directory.providers.len(),
            "signed": matches!(providers.directory.voucher, Voucher::Signed { .. }),
        })
    });
    json!({
        "source": trust.source(), "version": trust.digest(), "anchors": anchors, "directory": directory,
        "revocation": revocation,
    })
}

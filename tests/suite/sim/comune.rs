//! What the administrator of a life has configured. Changes when a life is configured in another way.

use super::plan::Plan;
use super::pool;
use super::server_imap::{FILED, INBOX, RECEIPTS};
use sportello::config::Config;
use std::path::Path;

/// The administrator's configuration.
pub fn config(root: &Path, plan: &Plan) -> Config {
    let dir = root.display();
    let entity = pool::ENTITY;
    let filed = if plan.moves { format!("sposta_in = \"{FILED}\"") } else { String::new() };
    let folders = if plan.two_folders {
        format!("cartelle = [\"{INBOX}\", \"{RECEIPTS}\"]")
    } else {
        format!("cartella = \"{INBOX}\"")
    };
    let protocol = if plan.protocol { format!("[protocollo]\ncartella = \"{dir}/scambio\"\n") } else { String::new() };
    // At an hour that one night skips and another has twice.
    let canary = if plan.canary { "[allarmi]\ncanarino = \"02:30\"\n" } else { "" };
    let text = format!(
        r#"
[ente]
nome = "Comune di Prova"
contatto = "tel. 000 000 000"
responsabile = "Ada Neri"
potere_sostitutivo = "Segretario generale, segretario@pec.comune.test"
informativa_privacy = "https://www.comune.example/privacy"
[dati]
prova = true
cartella = "{dir}/dati"
[[casella]]
nome = "protocollo"
indirizzo = "{entity}"
dominio_gestore = "{provider}"
[casella.imap]
server = "imap.test"
utente = "{entity}"
password_file = "{dir}/password"
{folders}
poll_secondi = 3600
{filed}
[invio.pec]
server = "smtp.pec.test"
utente = "{entity}"
password_file = "{dir}/password"
attesa_secondi = {hold}
automatici_in_10_minuti = 30
[invio.uffici]
server = "smtp.uffici.test"
utente = "sportello"
password_file = "{dir}/password"
mittente = "sportello@comune.example"
{canary}{protocol}"#,
        provider = pool::ENTITY_PROVIDER,
        hold = plan.hold
    );
    let mut config = Config::parse("sportello.toml", &text).unwrap();
    config.revocation.fetch = false;
    config
}

//! `sportello trust add`: an authority enters the folder only with its fingerprint in a person's hand.

use super::super::{CANNOT_START, FOUND};
use super::Which;
use crate::archive::sync_dir;
use crate::config::Config;
use crate::digest::sha256;
use crate::trust::check::day;
use crate::trust::{MANIFEST, Trust, manifest, read_certificates, read_text};
use pec::{Description, Purpose};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Il certificato dell'autorità, PEM o DER
    #[arg(value_name = "CERTIFICATO")]
    certificate: PathBuf,
    #[command(flatten)]
    pub(super) which: Which,
    /// L'impronta SHA-256 del certificato, avuta per un'altra strada: 64 cifre esadecimali, con o senza i due punti
    #[arg(long, value_name = "SHA256")]
    impronta: Option<String>,
    /// Come la leggeranno le persone; se manca, il nome nel certificato
    #[arg(long, value_name = "NOME")]
    nome: Option<String>,
    /// A che serve: firma-pec, elenco, ricevute-rem, firma-documenti
    #[arg(long, value_name = "USO", default_value = "firma-pec")]
    uso: String,
    /// Politica che il certificato di chi firma deve portare (si può ripetere); per i gestori PEC è 1.3.76.16.3.1.1
    #[arg(long, value_name = "OID")]
    politica: Vec<String>,
    /// Nessuna politica: vale chiunque abbia un certificato di questa autorità
    #[arg(long, conflicts_with = "politica")]
    senza_politica: bool,
    /// Dominio del servizio di un gestore per cui vale (si può ripetere); se manca, tutti
    #[arg(long, value_name = "DOMINIO")]
    host: Vec<String>,
    /// Primo giorno per cui vale (2030-01-01)
    #[arg(long, value_name = "GIORNO")]
    dal: Option<String>,
    /// Ultimo giorno per cui vale
    #[arg(long, value_name = "GIORNO")]
    al: Option<String>,
    /// Perché la si aggiunge, per chi verrà dopo
    #[arg(long, value_name = "TESTO")]
    nota: Option<String>,
    /// È un'autorità finta, per le prove
    #[arg(long)]
    simulazione: bool,
}

pub(super) fn main(args: &Args, folder: Option<&Path>, config: Option<&Config>) -> u8 {
    let Some(folder) = folder else {
        eprintln!(
            "Non c'è una cartella in cui aggiungere: la fiducia è quella fornita con il programma. Falla con\n  sportello init --trust \
             CARTELLA\npoi scrivi `[fiducia] ancore = \"CARTELLA\"` nella configurazione, o ripeti con --trust CARTELLA"
        );
        return CANNOT_START;
    };
    let said = candidate(args).and_then(|(der, said)| {
        say!("{}", explained(&said, args));
        confirmed(&der, args)?;
        let name = args.nome.clone().unwrap_or_else(|| said.subject.clone());
        write(folder, &der, &entry(&name, &file_name(&der, args), args))
    });
    match said {
        Ok(trust) => {
            say!("Aggiunta a {}. Il servizio la usa dal prossimo SIGHUP o riavvio.", trust.source());
            super::judge(&trust, config)
        }
        Err(why) => {
            eprintln!("{why}");
            FOUND
        }
    }
}

/// The certificate, if it can be an anchor at all.
fn candidate(args: &Args) -> Result<(Vec<u8>, Description), String> {
    let shown = args.certificate.display();
    let mut all = read_certificates(&args.certificate)?;
    if all.len() > 1 {
        return Err(format!("{shown}: contiene {} certificati: se ne aggiunge uno alla volta", all.len()));
    }
    let der = all.pop().ok_or_else(|| format!("{shown}: non contiene nessun certificato"))?;
    let said = Description::read(&der).map_err(|why| format!("{shown}: {why}"))?;
    if !said.is_authority {
        return Err(format!(
            "{shown}: è il certificato di «{}», non di un'autorità (servono basicConstraints CA:TRUE e keyUsage keyCertSign): non può garantire per nessuno",
            said.subject
        ));
    }
    if manifest::purpose(&args.uso)? == Purpose::FirmaPec && args.politica.is_empty() && !args.senza_politica {
        return Err(format!(
            "{shown}: manca --politica. Da un'autorità discendono molti certificati: le radici pubbliche ne danno di personali a chiunque, \
             e con uno di quelli si firmerebbe una ricevuta falsa che sembra vera. Quelli dei gestori PEC si riconoscono da una politica: \
             --politica {}. Se davvero vuoi fidarti di tutti: --senza-politica",
            pec::anchors::POLICY_FIRMA_PEC
        ));
    }
    Ok((der, said))
}

/// What the certificate is, and what adding it would mean.
fn explained(said: &Description, args: &Args) -> String {
    let mut text = format!(
        "Autorità:  {}\nEmessa da: {}\nVale:      dal {} al {}, {}\n",
        said.subject,
        said.issuer,
        day(said.from),
        day(said.until),
        said.key
    );
    text.push_str(&match said.permitted {
        0 if said.subject == said.issuer => {
            "Nomi:      tutti. È una radice senza vincoli, come quelle pubbliche: può garantire chiunque\n".to_owned()
        }
        0 => "Nomi:      tutti: può garantire chiunque\n".to_owned(),
        _ => format!("Nomi:      {} domini di posta\n", said.permitted_mail.len()),
    });
    let who = match args.politica.as_slice() {
        [] => "chiunque abbia un suo certificato".to_owned(),
        some => format!("chi ha un suo certificato con la politica {}", some.join(" o ")),
    };
    text.push_str(&match args.uso.as_str() {
        "firma-pec" => format!("Aggiungerla vuol dire: è autentico ogni messaggio PEC firmato da {who}.\n"),
        "elenco" => format!("Aggiungerla vuol dire: vale l'elenco dei gestori firmato da {who}.\n"),
        _ => "Questo uso è riservato: per ora aggiungerla non cambia niente.\n".to_owned(),
    });
    text
}

/// The person has its fingerprint, from elsewhere. It is not shown here: what the file says of itself proves nothing.
fn confirmed(der: &[u8], args: &Args) -> Result<(), String> {
    let Some(given) = &args.impronta else {
        return Err("Non ho aggiunto niente: manca --impronta. Chiedi all'autorità l'impronta SHA-256 del suo certificato, per una strada \
                    diversa da quella del file, e ripeti con --impronta"
            .into());
    };
    let given = manifest::fingerprint(given).ok_or("--impronta deve essere di 64 cifre esadecimali")?;
    if crate::digest::hex(&given) == sha256(der) {
        return Ok(());
    }
    Err("NON è il certificato che dovrebbe essere: la sua impronta SHA-256 non è quella data. Non ho aggiunto niente"
        .into())
}

/// Name of its file in the folder: who it is, and which of its certificates.
fn file_name(der: &[u8], args: &Args) -> String {
    let stem = args.certificate.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    format!("{plain}-{}.der", crate::digest::flow(&sha256(der)))
}

/// The lines of the manifest.
fn entry(name: &str, file: &str, args: &Args) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let list = |texts: &[String]| format!("[{}]", texts.iter().map(|t| quoted(t)).collect::<Vec<_>>().join(", "));
    let mut lines = vec![("nome", quoted(name)), ("certificato", quoted(file)), ("uso", quoted(&args.uso))];
    if args.uso == Purpose::FirmaPec.word() || !args.politica.is_empty() {
        lines.push(("politiche", list(&args.politica)));
    }
    if !args.host.is_empty() {
        lines.push(("host", list(&args.host)));
    }
    for (key, value) in [("dal", &args.dal), ("al", &args.al), ("nota", &args.nota)] {
        lines.extend(value.as_deref().map(|text| (key, quoted(text))));
    }
    if args.simulazione {
        lines.push(("simulazione", "true".into()));
    }
    lines.iter().fold("\n[[ancora]]\n".to_owned(), |text, (key, value)| format!("{text}{key:<13} = {value}\n"))
}

/// Writes the certificate, then the manifest, whole or not at all; a folder that would not read is left as it was.
fn write(folder: &Path, der: &[u8], entry: &str) -> Result<Trust, String> {
    let path = folder.join(MANIFEST);
    let fault = |at: &Path, e: &dyn std::fmt::Display| format!("{}: {e}. Non ho aggiunto niente", at.display());
    let mut text = read_text(&path).map_err(|e| fault(&path, &e))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(entry);
    let file = entry.lines().find_map(|l| l.strip_prefix("certificato")?.split('"').nth(1)).unwrap_or_default();
    let certificate = folder.join(file);
    let was_there = certificate.exists();
    put(&certificate, der).map_err(|e| fault(&certificate, &e))?;
    match Trust::parse(folder, &text) {
        Ok(trust) => {
            put(&path, text.as_bytes()).map_err(|e| fault(&path, &e))?;
            Ok(trust)
        }
        Err(problems) => {
            if !was_there {
                let _ = fs::remove_file(&certificate); // nobody refers to it
            }
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(format!("{}\nNon ho aggiunto niente", all.join("\n")))
        }
    }
}

/// Puts a file in place in one move, with the rights of the one that it replaces.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("tmp");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&new)?;
    if let Ok(old) = fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), sync_dir)
}

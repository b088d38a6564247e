//! `sportello person mandate`, `grant`, `quiet`, `courtesy`: who may act for whom, what by mail, and who wants which notices. It changes
//! when an office may write down another such thing.

use super::super::ConfigArg;
use super::super::counter::{day, give, number};
use crate::caseload::Deed;
use casework::entrust::{Entrust, Entrusting};
use casework::person::Scope;
use jiff::civil::Date;

/// Who writes it.
#[derive(clap::Args)]
struct Who {
    #[command(flatten)]
    config: ConfigArg,
    /// La persona di cui si scrive: codice fiscale, partita IVA, o il suo numero nel registro
    #[arg(value_name = "CODICE")]
    person: String,
    /// Chi scrive: nome e cognome
    #[arg(long, value_name = "NOME")]
    by: String,
    /// Per quale ufficio (il suo nome nelle regole)
    #[arg(long, value_name = "UFFICIO")]
    office: String,
    /// Come: responsabile o coordinatore, perché chi apre i dati di una persona ne risponde. Per quiet e courtesy --end basta operatore
    #[arg(long, value_name = "RUOLO")]
    role: String,
}

#[derive(clap::Args)]
pub(super) struct MandateArgs {
    #[command(flatten)]
    who: Who,
    /// Chi può agire per lei: codice fiscale, partita IVA, o il suo numero nel registro
    #[arg(long, value_name = "CODICE")]
    to: String,
    /// Solo in questo fascicolo; senza, in tutti
    #[arg(long, value_name = "NUMERO", value_parser = number)]
    dossier: Option<String>,
    /// SHA-256 della delega che l'ufficio ha visto (`sha256sum FILE`)
    #[arg(long, value_name = "SHA256", required_unless_present = "end", default_value = "")]
    evidence: String,
    /// Ultimo giorno: ogni delega ne ha uno
    #[arg(long, value_name = "GIORNO", value_parser = day, required_unless_present = "end")]
    until: Option<Date>,
    /// La delega finisce oggi
    #[arg(long, conflicts_with_all = ["evidence", "until"])]
    end: bool,
}

#[derive(clap::Args)]
pub(super) struct GrantArgs {
    #[command(flatten)]
    who: Who,
    /// Che cosa può chiedere per Pec: dati (i suoi), fascicoli (l'elenco dei suoi)
    #[arg(value_name = "COSA", value_parser = scope)]
    scope: Scope,
    /// Ultimo giorno; senza, finché non la si toglie
    #[arg(long, value_name = "GIORNO", value_parser = day)]
    until: Option<Date>,
    /// L'abilitazione finisce oggi
    #[arg(long, conflicts_with = "until")]
    end: bool,
}

#[derive(clap::Args)]
pub(super) struct QuietArgs {
    #[command(flatten)]
    who: Who,
}

#[derive(clap::Args)]
pub(super) struct CourtesyArgs {
    #[command(flatten)]
    who: Who,
    /// L'indirizzo di posta ordinaria
    #[arg(long, value_name = "INDIRIZZO", required_unless_present = "end", conflicts_with = "end")]
    address: Option<String>,
    /// Niente più avvisi
    #[arg(long)]
    end: bool,
}

pub(super) fn scope(text: &str) -> Result<Scope, String> {
    match text {
        "dati" => Ok(Scope::OwnData),
        "fascicoli" => Ok(Scope::OwnDossiers),
        other => Err(format!("«{other}» non si conosce: dati, fascicoli")),
    }
}

fn order(who: &Who, what: Entrust) -> Result<u8, u8> {
    let config = who.config.read()?;
    let order = Entrusting {
        person: who.person.clone(),
        what,
        by: who.by.clone(),
        office: who.office.clone(),
        role: who.role.clone(),
    };
    Ok(give(&config, &Deed::Entrust { order }))
}

pub(super) fn mandate(args: &MandateArgs) -> Result<u8, u8> {
    let (delegate, dossier) = (args.to.clone(), args.dossier.clone().unwrap_or_default());
    let what = match args.until {
        Some(until) => {
            let evidence = args.evidence.trim().to_ascii_lowercase();
            Entrust::Mandate { delegate, dossier, evidence, until }
        }
        None => Entrust::EndMandate { delegate, dossier },
    };
    order(&args.who, what)
}

pub(super) fn grant(args: &GrantArgs) -> Result<u8, u8> {
    let scope = args.scope.clone();
    let what = if args.end { Entrust::EndGrant { scope } } else { Entrust::Grant { scope, until: args.until } };
    order(&args.who, what)
}

pub(super) fn quiet(args: &QuietArgs) -> Result<u8, u8> {
    order(&args.who, Entrust::Quiet)
}

pub(super) fn courtesy(args: &CourtesyArgs) -> Result<u8, u8> {
    let address = args.address.as_deref().unwrap_or_default().trim().to_owned();
    order(&args.who, Entrust::Courtesy { address })
}

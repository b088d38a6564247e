//! `sportello dossier open`: a dossier that the office opens by itself. It changes when its opening asks for something else.

use super::super::ConfigArg;
use super::super::counter::{day, give};
use crate::caseload::{Deed, rows};
use casework::calendar::midnight;
use casework::open::{NewDossier, NewParty};
use jiff::civil::Date;

const AFTER_HELP: &str = "\
  sportello dossier open --procedure richiesta --subject \"Verifica della superficie dichiarata\" \\
      --party \"BNCNNA80A41H501R,Anna Bianchi,anna.bianchi@pec.example\" --by \"Ada Neri\"
  sportello dossier open --procedure richiesta --subject \"Pratica di prima del servizio\" --since 02/03/2026 --told \\
      --party \"01114601006,Rossi S.r.l.,rossi@pec.example,richiedente\" --by \"Ada Neri\"

--party: codice fiscale o partita IVA, nome, Pec, e se serve il ruolo (destinatario, richiedente, beneficiario, delegato,
interveniente), separati da virgole. Senza Pec si scrive al domicilio digitale che il registro conosce.
Molti insieme: sportello register import FILE";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Il procedimento (il suo nome: `sportello procedures check` li elenca)
    #[arg(long, value_name = "PROCEDIMENTO")]
    procedure: String,
    /// L'oggetto, con parole neutre: va nelle lettere e non cambia più
    #[arg(long, value_name = "TESTO")]
    subject: String,
    /// Una persona interessata: CF,NOME,PEC[,RUOLO]. Si può ripetere; alla prima si scrive per prima
    #[arg(long, value_name = "CF,NOME,PEC[,RUOLO]", required = true, value_parser = party)]
    party: Vec<NewParty>,
    /// L'ufficio; se manca, quello del procedimento
    #[arg(long, value_name = "UFFICIO", default_value = "")]
    office: String,
    /// Il responsabile; se manca, quello del procedimento, o il capo dell'unità
    #[arg(long, value_name = "NOME", default_value = "")]
    responsible: String,
    /// La voce del titolario
    #[arg(long, value_name = "VOCE", default_value = "")]
    classification: String,
    /// Da quando corre; se manca, da adesso
    #[arg(long, value_name = "GIORNO", value_parser = day)]
    since: Option<Date>,
    /// Il messaggio che la chiede, con i primi caratteri della sua impronta (sono nel compito): il termine corre da quando è arrivato
    #[arg(long, value_name = "IMPRONTA", default_value = "")]
    message: String,
    /// Le persone sono già state avvisate: nessuna comunicazione di avvio
    #[arg(long)]
    told: bool,
    /// Riservato: di questo fascicolo nessuna macchina dice niente
    #[arg(long)]
    reserved: bool,
    /// Chi lo apre: nome e cognome
    #[arg(long, value_name = "NOME")]
    by: String,
}

fn party(text: &str) -> Result<NewParty, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let (code, name, address, role) = match parts[..] {
        [code, name, address] => (code, name, address, ""),
        [code, name, address, role] => (code, name, address, role),
        _ => return Err(format!("«{text}» ha {} parti: si scrive CF,NOME,PEC oppure CF,NOME,PEC,RUOLO", parts.len())),
    };
    Ok(NewParty { code: code.into(), name: name.into(), address: address.into(), role: rows::role(role)? })
}

pub(super) fn main(args: &Args) -> Result<u8, u8> {
    let config = args.config.read()?;
    let dossier = NewDossier {
        procedure: args.procedure.clone(),
        subject: args.subject.clone(),
        office: args.office.clone(),
        responsible: args.responsible.clone(),
        classification: args.classification.clone(),
        parties: args.party.clone(),
        since: args.since.map(midnight),
        told: args.told,
        reserved: args.reserved,
        by: args.by.clone(),
        origin: args.message.clone(),
    };
    Ok(give(&config, &Deed::Open { dossier }))
}

//! Changes when the protocol messages that other offices attach to their PEC change (pec.md §14).
//!
//! The generation that traffic shows: Circolare AIPA 28/2001, without namespace. Attach the text with
//! [`crate::Mail::attach`] under the name given by the function's documentation.

use crate::daticert::plain_escape;

/// A registration in another office's register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// CodiceAmministrazione.
    pub amministrazione: String,
    /// CodiceAOO.
    pub aoo: String,
    /// CodiceRegistro, which Circolare 60/2013 added; `None` writes what 28/2001 says.
    pub registro: Option<String>,
    /// NumeroRegistrazione; written with at least seven digits.
    pub numero: u64,
    /// DataRegistrazione, `aaaa-mm-gg`.
    pub data: String,
}

/// What a `Segnatura.xml` says.
#[derive(Clone, Debug)]
pub struct Segnatura {
    /// The sender's registration.
    pub registration: Registration,
    /// Origine/IndirizzoTelematico: must be the PEC address of the sender to be believed.
    pub origine: String,
    /// Denominazione of the sending administration.
    pub denominazione: String,
    /// Destinazione/IndirizzoTelematico.
    pub destinazione: String,
    /// Whether the sender asks for a ConfermaRicezione.
    pub conferma_ricezione: bool,
    /// Oggetto.
    pub oggetto: String,
    /// The file name of the primary document, attached beside it.
    pub documento: String,
}

impl Segnatura {
    /// `Segnatura.xml`.
    #[must_use]
    pub fn xml(&self) -> Vec<u8> {
        let text = plain_escape;
        let conferma = if self.conferma_ricezione { "si" } else { "no" };
        document(
            "Segnatura",
            &format!(
                "<Intestazione>\n{}<Origine><IndirizzoTelematico tipo=\"smtp\">{}</IndirizzoTelematico>\n\
                 <Mittente><Amministrazione><Denominazione>{name}</Denominazione>\
                 <UnitaOrganizzativa><Denominazione>Protocollo</Denominazione>\
                 <IndirizzoPostale><Denominazione>Via Finta 1</Denominazione></IndirizzoPostale>\
                 </UnitaOrganizzativa></Amministrazione>\
                 <AOO><Denominazione>{name}</Denominazione></AOO></Mittente></Origine>\n\
                 <Destinazione confermaRicezione=\"{conferma}\">\
                 <IndirizzoTelematico tipo=\"smtp\">{}</IndirizzoTelematico></Destinazione>\n\
                 <Oggetto>{}</Oggetto>\n</Intestazione>\n\
                 <Descrizione><Documento nome=\"{}\" tipoRiferimento=\"MIME\"/></Descrizione>\n",
                self.registration.xml(),
                text(&self.origine),
                text(&self.destinazione),
                text(&self.oggetto),
                text(&self.documento).replace('"', "&quot;"),
                name = text(&self.denominazione),
            ),
        )
    }
}

impl Registration {
    fn xml(&self) -> String {
        let registro = self.registro.as_deref().map(plain_escape);
        let registro = registro.map(|registro| format!("<CodiceRegistro>{registro}</CodiceRegistro>"));
        format!(
            "<Identificatore><CodiceAmministrazione>{}</CodiceAmministrazione><CodiceAOO>{}</CodiceAOO>{}\
             <NumeroRegistrazione>{:07}</NumeroRegistrazione><DataRegistrazione>{}</DataRegistrazione></Identificatore>\n",
            plain_escape(&self.amministrazione),
            plain_escape(&self.aoo),
            registro.unwrap_or_default(),
            self.numero,
            plain_escape(&self.data),
        )
    }
}

/// `Conferma.xml`: the office registered as `own` what we sent under `ours`.
#[must_use]
pub fn conferma_ricezione(own: &Registration, ours: &Registration) -> Vec<u8> {
    document("ConfermaRicezione", &format!("{}{}", own.xml(), received(Some(ours), "")))
}

/// `Aggiornamento.xml`: the office updates its confirmation.
#[must_use]
pub fn aggiornamento_conferma(own: &Registration, ours: &Registration) -> Vec<u8> {
    document("AggiornamentoConferma", &format!("{}{}", own.xml(), received(Some(ours), "")))
}

/// `Eccezione.xml`: the office could not take what we sent. Without our registration the message is only described by its
/// subject.
#[must_use]
pub fn notifica_eccezione(ours: Option<&Registration>, subject: &str, motivo: &str) -> Vec<u8> {
    let motivo = plain_escape(motivo);
    document("NotificaEccezione", &format!("{}<Motivo>{motivo}</Motivo>\n", received(ours, subject)))
}

/// `Annullamento.xml`: the office cancelled its registration `own`.
#[must_use]
pub fn annullamento(own: &Registration, motivo: &str, provvedimento: &str) -> Vec<u8> {
    document(
        "AnnullamentoProtocollazione",
        &format!(
            "{}<Motivo>{}</Motivo>\n<Provvedimento>{}</Provvedimento>\n",
            own.xml(),
            plain_escape(motivo),
            plain_escape(provvedimento)
        ),
    )
}

fn received(ours: Option<&Registration>, subject: &str) -> String {
    let content = match ours {
        Some(registration) => registration.xml(),
        None => {
            format!("<DescrizioneMessaggio>{}</DescrizioneMessaggio>", plain_escape(subject))
        }
    };
    format!("<MessaggioRicevuto>{content}</MessaggioRicevuto>\n")
}

fn document(root: &str, content: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} versione=\"2001-05-07\" xml:lang=\"it\">\n{content}</{root}>\n"
    )
    .into_bytes()
}

//! What may be entered into a person's record: each function checks, and makes an entry or says why not.

use super::{
    DOMICILES_MAX, Datum, Entry, FIELDS_MAX, GRANTS_MAX, Grant, Kind, MANDATES_MAX, Mandate, Over, Person, SOURCES_MAX,
    Scope, Source, Strength, VALUE_BYTES_MAX, id,
};
use crate::address;
use crate::refused::{NAME_BYTES_MAX, Refused, digest, filled};
use alloc::format;
use alloc::string::String;
use jiff::Timestamp;
use jiff::civil::Date;

/// Longest grant or mandate, days: ten years. What should last longer is looked at again.
pub const GRANT_DAYS_MAX: i32 = 3_660;

/// Who a new record is about, as written.
#[derive(Debug, Clone, Copy)]
pub struct NewPerson<'a> {
    /// Codice fiscale, if known.
    pub codice_fiscale: Option<&'a str>,
    /// Partita IVA, if known.
    pub partita_iva: Option<&'a str>,
    /// Name.
    pub name: &'a str,
    /// Kind.
    pub kind: Kind,
}

/// Begins a record. `known` are the persons whom the register has under either code; `next` numbers who has none.
pub fn register(new: NewPerson<'_>, known: &[Person], next: u32) -> Result<Entry, Refused> {
    let codice_fiscale = new.codice_fiscale.map(id::codice_fiscale).transpose()?;
    let partita_iva = new.partita_iva.map(id::partita_iva).transpose()?;
    let name = filled(new.name, "il nome", NAME_BYTES_MAX)?;
    let id = codice_fiscale.clone().or_else(|| partita_iva.clone()).unwrap_or_else(|| id::uncoded(next));
    for person in known {
        // A company's codice fiscale is often its partita IVA: one code names one person, in whichever column it stands.
        let has = |code: &Option<String>| {
            code.is_some()
                && (person.codice_fiscale == *code || person.partita_iva == *code || Some(&person.id) == code.as_ref())
        };
        if has(&codice_fiscale) {
            return Err(Refused::new("codice-fiscale-taken", "c'è già una persona con questo codice fiscale"));
        }
        if has(&partita_iva) {
            return Err(Refused::new("partita-iva-taken", "c'è già una persona con questa partita IVA"));
        }
        if person.id == id {
            return Err(Refused::new("number-taken", "c'è già una persona con questo numero"));
        }
    }
    Ok(Entry::Registered { id, codice_fiscale, partita_iva, name, kind: new.kind })
}

impl Person {
    /// Another name.
    pub fn named(&self, name: &str, official: bool) -> Result<Entry, Refused> {
        let name = filled(name, "il nome", NAME_BYTES_MAX)?;
        if !official && self.names.len() >= super::NAMES_MAX {
            return Err(full("nomi"));
        }
        Ok(Entry::Named { name, official })
    }

    /// A domicile. `holders` are the other persons of whom this address is a domicile.
    ///
    /// What an index lists is a fact, and two persons may share it there. What this office enables sends personal data there,
    /// so an address that is already another's is not enabled.
    pub fn add_domicile(
        &self,
        address: &str,
        source: Source,
        since: Timestamp,
        holders: &[Person],
    ) -> Result<Entry, Refused> {
        if !address::is_plausible(address) || address::is_machine(address) {
            return Err(Refused::new("not-an-address", "non è un indirizzo a cui si può scrivere"));
        }
        let address = address::key(address);
        if self.domiciles.iter().any(|d| d.until.is_none() && d.source == source && d.address == address) {
            return Err(Refused::new("domicile-known", format!("questo domicilio è già {}", source.words())));
        }
        if self.domiciles.len() >= DOMICILES_MAX {
            return Err(full("domicili"));
        }
        let others = holders.iter().filter(|other| other.id != self.id);
        if source.strength() == Strength::Enabled
            && others
                .flat_map(|other| &other.domiciles)
                .any(|d| d.until.is_none() && d.address == address && d.source.strength() >= Strength::Enabled)
        {
            let text = "questo indirizzo è già il domicilio di un'altra persona: i dati di una andrebbero all'altra";
            return Err(Refused::new("address-of-another", text));
        }
        Ok(Entry::DomicileAdded { address, source, since })
    }

    /// The person takes a domicile back. What an index lists is changed there and not by us (CAD art. 6-bis, 6-quater).
    pub fn revoke_domicile(&self, address: &str) -> Result<Entry, Refused> {
        let open = self.domiciles.iter().filter(|d| d.until.is_none() && address::same(&d.address, address));
        let strongest_ours =
            open.clone().filter(|d| d.source.strength() < Strength::Listed).max_by_key(|d| d.source.strength());
        match (strongest_ours, open.map(|d| d.source).next()) {
            (Some(d), _) => Ok(Entry::DomicileEnded { address: d.address.clone(), source: d.source }),
            (None, Some(source)) => Err(Refused::new(
                "domicile-listed",
                format!("questo domicilio è {}: si cambia lì, non da noi", source.words()),
            )),
            (None, None) => Err(Refused::new("no-such-domicile", "questo indirizzo non è un domicilio della persona")),
        }
    }

    /// An index no longer lists a domicile.
    pub fn unlist_domicile(&self, address: &str, source: Source) -> Result<Entry, Refused> {
        let open = |d: &&super::Domicile| d.until.is_none() && d.source == source && address::same(&d.address, address);
        match self.domiciles.iter().find(open) {
            Some(d) if source.strength() == Strength::Listed => {
                Ok(Entry::DomicileEnded { address: d.address.clone(), source })
            }
            _ => Err(Refused::new("no-such-domicile", "questo indirizzo non risulta iscritto per la persona")),
        }
    }

    /// A grant.
    pub fn grant(&self, scope: Scope, from: Date, until: Option<Date>, by: &str) -> Result<Entry, Refused> {
        let by = filled(by, "chi dà l'abilitazione", NAME_BYTES_MAX)?;
        if let Some(until) = until {
            period(from, until)?;
        }
        if matches!(&scope, Scope::DelegateOf { person } if *person == self.id) {
            return Err(Refused::new("own-delegate", "una persona non è delegata di se stessa"));
        }
        if self.grants.len() >= GRANTS_MAX {
            return Err(full("abilitazioni"));
        }
        Ok(Entry::Granted { grant: Grant { scope, from, until, by } })
    }

    /// The end of what a grant gave.
    pub fn end_grant(&self, scope: Scope, until: Date) -> Result<Entry, Refused> {
        if self.grants.iter().any(|grant| grant.scope == scope && grant.until.is_none_or(|end| end > until)) {
            return Ok(Entry::GrantEnded { scope, until });
        }
        Err(Refused::new("no-such-grant", "la persona non ha questa abilitazione, o è già finita"))
    }

    /// What a source says.
    pub fn record(
        &self,
        field: &str,
        value: &str,
        source: &str,
        at: Timestamp,
        evidence: Option<&str>,
    ) -> Result<Entry, Refused> {
        let field = filled(field, "il nome del dato", NAME_BYTES_MAX)?;
        let value = filled(value, "il valore del dato", VALUE_BYTES_MAX)?;
        let source = filled(source, "l'ufficio o l'ente che ha il dato", NAME_BYTES_MAX)?;
        let evidence = evidence.map(digest).transpose()?;
        self.room_for(&field, &source)?;
        Ok(Entry::DatumRecorded { field, datum: Datum { value, source, at, evidence } })
    }

    /// Whether a value of this source fits.
    pub(crate) fn room_for(&self, field: &str, source: &str) -> Result<(), Refused> {
        match self.data.get(field) {
            None if self.data.len() >= FIELDS_MAX => Err(full("dati")),
            Some(held) if held.len() >= SOURCES_MAX && !held.iter().any(|datum| datum.source == source) => {
                Err(full("fonti per questo dato"))
            }
            _ => Ok(()),
        }
    }

    /// A mandate to another person.
    pub fn mandate(
        &self,
        delegate: &Person,
        over: Over,
        evidence: &str,
        from: Date,
        until: Date,
    ) -> Result<Entry, Refused> {
        if delegate.id == self.id {
            return Err(Refused::new("own-delegate", "una persona non è delegata di se stessa"));
        }
        if let Over::Dossier { number } = &over {
            filled(number, "il numero del fascicolo", NAME_BYTES_MAX)?;
        }
        let evidence = digest(evidence)?;
        period(from, until)?;
        if self.mandates.len() >= MANDATES_MAX {
            return Err(full("deleghe"));
        }
        Ok(Entry::Mandated { mandate: Mandate { delegate: delegate.id.clone(), over, evidence, from, until } })
    }

    /// A mandate is taken back.
    pub fn end_mandate(&self, delegate: &str, over: Over, until: Date) -> Result<Entry, Refused> {
        if self.mandates.iter().any(|m| m.delegate == delegate && m.over == over && m.until > until) {
            return Ok(Entry::MandateEnded { delegate: String::from(delegate), over, until });
        }
        Err(Refused::new("no-such-mandate", "questa delega non c'è, o è già finita"))
    }

    /// A privacy notice was given (GDPR art. 13).
    pub fn give_notice(&self, version: &str) -> Result<Entry, Refused> {
        Ok(Entry::NoticeGiven { version: filled(version, "la versione dell'informativa", NAME_BYTES_MAX)? })
    }
}

fn full(what: &str) -> Refused {
    Refused::new("too-many", format!("è stato raggiunto il numero massimo di {what}"))
}

fn period(from: Date, until: Date) -> Result<(), Refused> {
    if until < from {
        return Err(Refused::new("ends-before-it-begins", "la data di fine viene prima di quella di inizio"));
    }
    match from.until(until) {
        Ok(span) if span.get_days() <= GRANT_DAYS_MAX => Ok(()),
        _ => Err(Refused::new("too-long-a-time", "dura troppo: al massimo dieci anni, poi si rinnova")),
    }
}

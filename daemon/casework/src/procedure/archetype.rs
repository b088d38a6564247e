//! The archetypes of digital services, and what each may ask and show (law.md §9: design of the services of a Comune). It changes
//! when an archetype admits another module or section.

/// What kind of service it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Archetype {
    /// Permits and documents.
    Permessi,
    /// Payments that are due.
    Pagamenti,
    /// Economic benefits.
    VantaggiEconomici,
    /// Entry in a ranking.
    Graduatoria,
    /// Services that are paid for.
    ServiziAPagamento,
}

impl Archetype {
    /// All of them, with the slug.
    pub const ALL: [(&'static str, Self); 5] = [
        ("permessi", Self::Permessi),
        ("pagamenti", Self::Pagamenti),
        ("vantaggi-economici", Self::VantaggiEconomici),
        ("graduatoria", Self::Graduatoria),
        ("servizi-a-pagamento", Self::ServiziAPagamento),
    ];

    /// Slug.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(code, _)| code)
    }

    /// In words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Permessi => "Permessi e documenti",
            Self::Pagamenti => "Pagamenti dovuti",
            Self::VantaggiEconomici => "Vantaggi economici",
            Self::Graduatoria => "Iscrizione a graduatoria",
            Self::ServiziAPagamento => "Servizi a pagamento",
        }
    }

    /// Modules that it admits, beside those that every archetype has (information, access, notice, data).
    #[must_use]
    pub fn modules(self) -> &'static [Module] {
        use Module::{Appuntamento, AreaPersonale, Conferma, Pagamento, Perfezionamento, Riepilogo};
        match self {
            Self::Permessi => &[Riepilogo, Pagamento, Conferma, AreaPersonale, Appuntamento],
            Self::Pagamenti => &[Riepilogo, Pagamento, Conferma, AreaPersonale],
            Self::VantaggiEconomici => &[Riepilogo, Conferma, AreaPersonale, Appuntamento],
            Self::Graduatoria => &[Riepilogo, Conferma, AreaPersonale, Perfezionamento],
            Self::ServiziAPagamento => &[Riepilogo, Pagamento, Conferma, AreaPersonale, Appuntamento],
        }
    }

    /// Modules without which it would not be one.
    #[must_use]
    pub fn needs(self) -> Option<Module> {
        matches!(self, Self::Pagamenti | Self::ServiziAPagamento).then_some(Module::Pagamento)
    }

    /// Sections that it admits.
    #[must_use]
    pub fn sections(self) -> &'static [Section] {
        use Section::*;
        match self {
            Self::Permessi => &[
                Richiedente,
                Delega,
                Beneficiario,
                AltraPersona,
                Impresa,
                Veicolo,
                Immobile,
                Preferenze,
                Dichiarazioni,
            ],
            Self::Pagamenti => &[Richiedente, Delega, Impresa, Veicolo, Immobile],
            Self::VantaggiEconomici => {
                &[Richiedente, Delega, Beneficiario, AltraPersona, Impresa, Isee, Conto, Immobile, Dichiarazioni]
            }
            Self::Graduatoria => {
                &[Richiedente, Delega, Beneficiario, AltraPersona, Isee, Immobile, Preferenze, Dichiarazioni]
            }
            Self::ServiziAPagamento => &[
                Richiedente,
                Delega,
                Beneficiario,
                AltraPersona,
                Impresa,
                Isee,
                Veicolo,
                Immobile,
                Preferenze,
                Dichiarazioni,
            ],
        }
    }
}

/// A step of the citizen's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Module {
    /// What was asked is shown again, in words (C.SE.1.4).
    Riepilogo,
    /// Something is paid.
    Pagamento,
    /// It is said that all went well, with number and term (C.SE.1.10).
    Conferma,
    /// The citizen can look where it stands.
    AreaPersonale,
    /// More is asked from who was chosen.
    Perfezionamento,
    /// A meeting is fixed (C.SE.2.2).
    Appuntamento,
}

impl Module {
    /// All of them, with the slug.
    pub const ALL: [(&'static str, Self); 6] = [
        ("riepilogo", Self::Riepilogo),
        ("pagamento", Self::Pagamento),
        ("conferma", Self::Conferma),
        ("area-personale", Self::AreaPersonale),
        ("perfezionamento", Self::Perfezionamento),
        ("appuntamento", Self::Appuntamento),
    ];

    /// Slug.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(code, _)| code)
    }
}

/// What is asked, about whom or what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Who asks.
    Richiedente,
    /// On whose behalf.
    Delega,
    /// For whom.
    Beneficiario,
    /// A third person.
    AltraPersona,
    /// A business.
    Impresa,
    /// Means of the household.
    Isee,
    /// Where money is sent.
    Conto,
    /// A vehicle.
    Veicolo,
    /// A building.
    Immobile,
    /// What is preferred.
    Preferenze,
    /// What is declared (DPR 445/2000 art. 46, 47).
    Dichiarazioni,
}

impl Section {
    /// All of them, with the slug.
    pub const ALL: [(&'static str, Self); 11] = [
        ("richiedente", Self::Richiedente),
        ("delega", Self::Delega),
        ("beneficiario", Self::Beneficiario),
        ("altra-persona", Self::AltraPersona),
        ("impresa", Self::Impresa),
        ("isee", Self::Isee),
        ("conto", Self::Conto),
        ("veicolo", Self::Veicolo),
        ("immobile", Self::Immobile),
        ("preferenze", Self::Preferenze),
        ("dichiarazioni", Self::Dichiarazioni),
    ];

    /// Slug.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(code, _)| code)
    }
}

//! A person (citizen, company, professional, public body) as the office knows one: what is held, and how it comes to change.
//!
//! An *account* is this record, one or more verified domiciles, and grants; there is no password. It exists only after a request
//! (functions S0.02, S0.16). It changes by [`Person::apply`] alone; the functions of [`change`] make the entries, and check.

pub mod change;
pub mod id;
mod view;
mod wishes;

use crate::address;
use crate::courtesy::Courtesy;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use view::{Held, Holding};
pub use wishes::{Asked, Notices};

/// Names of one person: as registered, and as others write it.
pub const NAMES_MAX: usize = 8;
/// Domiciles of one person, ended ones among them.
pub const DOMICILES_MAX: usize = 20;
/// Grants of one person, past ones among them.
pub const GRANTS_MAX: usize = 50;
/// Fields held about one person.
pub const FIELDS_MAX: usize = 100;
/// Sources that may hold a value of one field.
pub const SOURCES_MAX: usize = 12;
/// Mandates that one person has given, past ones among them.
pub const MANDATES_MAX: usize = 50;
/// Longest value of a field, bytes.
pub const VALUE_BYTES_MAX: usize = 2_000;

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable: the codice fiscale, else the partita IVA, else `X` and a number. It stays when a code becomes known later.
    pub id: String,
    /// Codice fiscale, upper case.
    pub codice_fiscale: Option<String>,
    /// Partita IVA.
    pub partita_iva: Option<String>,
    /// Names, the official one first.
    pub names: Vec<String>,
    /// What kind of person.
    pub kind: Kind,
    /// Where the person is reached. Ended ones stay, with their end.
    pub domiciles: Vec<Domicile>,
    /// What the person may do by mail.
    pub grants: Vec<Grant>,
    /// What is held, by field and, within a field, by source: two sources that disagree both stay (function S1.01).
    pub data: BTreeMap<String, Vec<Datum>>,
    /// Who may act for this person.
    pub mandates: Vec<Mandate>,
    /// The privacy notice that was last given (GDPR art. 13; function S3.13).
    pub notice: Option<Notice>,
    /// Which notices the person wants (function S2.09).
    #[serde(default, skip_serializing_if = "Notices::are_all")]
    pub notices: Notices,
    /// The person has asked to be told before what was granted ends (function S2.21). None: has not, or not any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiries: Option<Asked>,
    /// Where the person wants to hear by ordinary mail that a PEC letter has come (function S2.19).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub courtesy: Option<Courtesy>,
}

/// The audiences (functions S2.01, S4.07): each has its rules and its tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A natural person.
    PersonaFisica,
    /// A company.
    Impresa,
    /// A professional, a CAF or another intermediary.
    Professionista,
    /// A public body.
    PubblicaAmministrazione,
}

impl Kind {
    /// In Italian.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::PersonaFisica => "persona fisica",
            Self::Impresa => "impresa",
            Self::Professionista => "professionista o CAF",
            Self::PubblicaAmministrazione => "pubblica amministrazione",
        }
    }
}

/// A digital domicile. A special one, elected for one dossier, is no domicile of the person: it stays in the dossier
/// (CAD art. 3-bis c. 4-quinquies).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domicile {
    /// As [`address::key`].
    pub address: String,
    /// Who says so.
    pub source: Source,
    /// Since when.
    pub since: Timestamp,
    /// Until when, once it has ended.
    pub until: Option<Timestamp>,
}

impl Domicile {
    /// Whether it holds at an instant.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.since <= at && !self.has_ended(at)
    }

    /// Whether it holds no more at an instant.
    #[must_use]
    pub fn has_ended(&self, at: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= at)
    }
}

/// Who says that an address is somebody's domicile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The index of citizens (CAD art. 6-quater).
    Inad,
    /// The index of companies and professionals (art. 6-bis).
    IniPec,
    /// The index of public bodies (art. 6-ter).
    Ipa,
    /// This office, after it saw an identity document or a signature.
    Enabled,
    /// The person, and nobody has checked it.
    Declared,
}

impl Source {
    /// How much it is worth.
    #[must_use]
    pub fn strength(self) -> Strength {
        match self {
            Self::Inad | Self::IniPec | Self::Ipa => Strength::Listed,
            Self::Enabled => Strength::Enabled,
            Self::Declared => Strength::Declared,
        }
    }
    /// In Italian.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Inad => "iscritto in INAD",
            Self::IniPec => "iscritto in INI-PEC",
            Self::Ipa => "iscritto in IPA",
            Self::Enabled => "abilitato dall'ufficio",
            Self::Declared => "dichiarato",
        }
    }
}

/// The ladder of function S0.03, weakest first. Personal data go to the two upper steps only (law.md §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Only declared.
    Declared,
    /// Enabled here.
    Enabled,
    /// In a public index.
    Listed,
}

/// What a person may do by mail, and since whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What.
    pub scope: Scope,
    /// First day.
    pub from: Date,
    /// Last day; `None` = until it is ended.
    pub until: Option<Date>,
    /// Who of the office gave it.
    pub by: String,
}

impl Grant {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds(&self, today: Date) -> bool {
        self.from <= today && self.until.is_none_or(|until| today <= until)
    }
}

/// What a grant is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "kebab-case")]
pub enum Scope {
    /// The data held about oneself.
    OwnData,
    /// The list of one's dossiers.
    OwnDossiers,
    /// To act for another, within the mandate that the other has given.
    DelegateOf {
        /// The other's id.
        person: String,
    },
}

/// One value, from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datum {
    /// The value.
    pub value: String,
    /// The office or body that holds it.
    pub source: String,
    /// Since when that source says so.
    pub at: Timestamp,
    /// Digest of the document or message that it rests on.
    pub evidence: Option<String>,
}

/// A mandate (DPR 445/2000 art. 38 c. 3-bis): who may act for this person, where, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// Id of the person who acts.
    pub delegate: String,
    /// Where.
    pub over: Over,
    /// SHA-256 of the document that gives it.
    pub evidence: String,
    /// First day.
    pub from: Date,
    /// Last day. Every mandate has one: a forgotten one must not open a person's data for ever.
    pub until: Date,
}

impl Mandate {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds(&self, today: Date) -> bool {
        self.from <= today && today <= self.until
    }
}

/// How far a mandate goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "over", rename_all = "kebab-case")]
pub enum Over {
    /// Everything that the person has here.
    All,
    /// One dossier.
    Dossier {
        /// Its number.
        number: String,
    },
}

/// A privacy notice that was given. A record of what was shown, never a consent: the legal ground is the law (law.md §6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Version of the text.
    pub version: String,
    /// When.
    pub at: Timestamp,
}

/// What happened to a person's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "person", rename_all = "kebab-case")]
pub enum Entry {
    /// The record begins.
    Registered {
        /// The stable id.
        id: String,
        /// Codice fiscale.
        codice_fiscale: Option<String>,
        /// Partita IVA.
        partita_iva: Option<String>,
        /// The official name.
        name: String,
        /// Kind.
        kind: Kind,
    },
    /// A name is known: put first when it is the `official` one.
    Named {
        /// The name.
        name: String,
        /// It takes the place of the official one, which stays among the others.
        official: bool,
    },
    /// A domicile begins.
    DomicileAdded {
        /// Address.
        address: String,
        /// Who says so.
        source: Source,
        /// Since when.
        since: Timestamp,
    },
    /// A domicile ends.
    DomicileEnded {
        /// Address.
        address: String,
        /// Of which source.
        source: Source,
    },
    /// A domicile should never have begun: a roll-back.
    DomicileStruck {
        /// Address.
        address: String,
        /// Of which source.
        source: Source,
    },
    /// A domicile should never have ended: a roll-back.
    DomicileReopened {
        /// Address.
        address: String,
        /// Of which source.
        source: Source,
    },
    /// A grant is given.
    Granted {
        /// The grant.
        grant: Grant,
    },
    /// Every grant of this scope ends.
    GrantEnded {
        /// The scope.
        scope: Scope,
        /// Last day on which it holds.
        until: Date,
    },
    /// A source says a value; it takes the place of what the same source said before, and of nothing else.
    DatumRecorded {
        /// Field.
        field: String,
        /// The value.
        datum: Datum,
    },
    /// A source says again what it said before a change, or again nothing: a roll-back.
    DatumRestored {
        /// Field.
        field: String,
        /// The source.
        source: String,
        /// What it said before.
        datum: Option<Datum>,
    },
    /// A mandate is given.
    Mandated {
        /// The mandate.
        mandate: Mandate,
    },
    /// A mandate is taken back.
    MandateEnded {
        /// The delegate's id.
        delegate: String,
        /// How far it went.
        over: Over,
        /// Last day on which it holds.
        until: Date,
    },
    /// Which notices the person wants from now on.
    NoticesChosen {
        /// Which.
        notices: Notices,
    },
    /// Whether the person wants to be told before what was granted ends, from now on.
    ExpiriesChosen {
        /// The message that asks for it; none: no more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Asked>,
    },
    /// Where the person wants courtesy notices from now on.
    CourtesyChosen {
        /// The ordinary address; none: nowhere.
        address: Option<String>,
        /// The message that says so; none: an office wrote it down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Asked>,
    },
    /// A courtesy notice came back from there.
    CourtesyReturned {
        /// The ordinary address.
        address: String,
    },
    /// A privacy notice was given.
    NoticeGiven {
        /// Version of the text.
        version: String,
    },
}

impl Entry {
    /// In Italian, for the office; nothing of what only the machine needs.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        Some(match self {
            Self::Registered { id, name, kind, .. } => format!("persona {id} nel registro: {name} ({})", kind.words()),
            Self::Named { name, .. } => format!("nome: {name}"),
            Self::DomicileAdded { address, source, .. } => format!("domicilio digitale {address} ({})", source.words()),
            Self::DomicileEnded { address, .. } => format!("finisce il domicilio digitale {address}"),
            Self::DomicileStruck { address, .. } => format!("tolto il domicilio digitale {address}"),
            Self::DomicileReopened { address, .. } => format!("torna il domicilio digitale {address}"),
            Self::DatumRecorded { field, datum } => format!("{field}: «{}» (da {})", datum.value, datum.source),
            Self::DatumRestored { field, source, datum } => match datum {
                Some(datum) => format!("{field}: torna «{}» (da {source})", datum.value),
                None => format!("{field}: {source} non lo ha più"),
            },
            Self::Granted { .. } => String::from("abilitazione data"),
            Self::GrantEnded { .. } => String::from("abilitazione finita"),
            Self::Mandated { mandate } => format!("delega a {}", mandate.delegate),
            Self::MandateEnded { delegate, .. } => format!("finita la delega a {delegate}"),
            Self::NoticesChosen { notices } => format!("vuole {}", notices.words()),
            Self::ExpiriesChosen { asked: Some(_) } => String::from("vuole un avviso prima delle scadenze"),
            Self::ExpiriesChosen { asked: None } => String::from("non vuole avvisi prima delle scadenze"),
            Self::CourtesyChosen { address: Some(address), .. } => format!("avvisi di cortesia a {address}"),
            Self::CourtesyChosen { address: None, .. } => String::from("niente più avvisi di cortesia"),
            Self::CourtesyReturned { address } => format!("un avviso di cortesia a {address} è tornato indietro"),
            Self::NoticeGiven { version } => format!("informativa privacy {version} data"),
        })
    }
}

impl Person {
    /// The record that an entry begins; `None` for an entry that begins none.
    #[must_use]
    pub fn begin(entry: &Entry) -> Option<Self> {
        let Entry::Registered { id, codice_fiscale, partita_iva, name, kind } = entry else { return None };
        Some(Self {
            id: id.clone(),
            codice_fiscale: codice_fiscale.clone(),
            partita_iva: partita_iva.clone(),
            names: vec![name.clone()],
            kind: *kind,
            domiciles: Vec::new(),
            grants: Vec::new(),
            data: BTreeMap::new(),
            mandates: Vec::new(),
            notice: None,
            notices: Notices::All,
            expiries: None,
            courtesy: None,
        })
    }

    /// The record after an entry. Total: an entry that does not fit (it was not made by [`change`]) changes nothing, and no list
    /// outgrows its bound.
    pub fn apply(&mut self, entry: &Entry, at: Timestamp) {
        match entry {
            Entry::Registered { .. } => {}
            Entry::Named { name, official } => self.name(name, *official),
            Entry::DomicileAdded { address, source, since } => {
                let address = address::key(address);
                if self.domiciles.len() < DOMICILES_MAX && self.open(&address, *source).is_none() {
                    self.domiciles.push(Domicile { address, source: *source, since: *since, until: None });
                }
            }
            Entry::DomicileEnded { address, source } => {
                if let Some(domicile) = self.open(address, *source) {
                    domicile.until = Some(at);
                }
            }
            Entry::DomicileStruck { address, source } => {
                if let Some(index) = self.last(address, *source) {
                    self.domiciles.remove(index);
                }
            }
            Entry::DomicileReopened { address, source } => {
                if let Some(domicile) = self.last(address, *source).and_then(|index| self.domiciles.get_mut(index)) {
                    domicile.until = None;
                }
            }
            Entry::Granted { grant } => {
                if self.grants.len() < GRANTS_MAX {
                    self.grants.push(grant.clone());
                }
            }
            Entry::GrantEnded { scope, until } => {
                let open = |grant: &&mut Grant| grant.scope == *scope && grant.until.is_none_or(|end| end > *until);
                self.grants.iter_mut().filter(open).for_each(|grant| grant.until = Some(*until));
            }
            Entry::DatumRecorded { field, datum } => self.hold(field, &datum.source, Some(datum)),
            Entry::DatumRestored { field, source, datum } => self.hold(field, source, datum.as_ref()),
            Entry::Mandated { mandate } => {
                if self.mandates.len() < MANDATES_MAX {
                    self.mandates.push(mandate.clone());
                }
            }
            Entry::MandateEnded { delegate, over, until } => {
                let open = |m: &&mut Mandate| m.delegate == *delegate && m.over == *over && m.until > *until;
                self.mandates.iter_mut().filter(open).for_each(|mandate| mandate.until = *until);
            }
            Entry::NoticesChosen { notices } => {
                self.notices = *notices;
                if *notices == Notices::Essential {
                    // Nobody must write twice to be left in peace.
                    self.expiries = None;
                }
            }
            Entry::ExpiriesChosen { asked } => self.expiries.clone_from(asked),
            Entry::CourtesyChosen { address, asked } => {
                self.courtesy = address.as_ref().map(|address| Courtesy::new(address, asked.clone()));
            }
            Entry::CourtesyReturned { address } => {
                let own = self.courtesy.as_mut().filter(|own| address::same(&own.address, address));
                own.into_iter().for_each(|own| own.came_back(at));
            }
            Entry::NoticeGiven { version } => self.notice = Some(Notice { version: version.clone(), at }),
        }
    }

    fn name(&mut self, name: &str, official: bool) {
        if official {
            self.names.retain(|known| known != name);
            self.names.insert(0, String::from(name));
        } else if !self.names.iter().any(|known| known == name) {
            self.names.push(String::from(name));
        }
        self.names.truncate(NAMES_MAX);
    }

    /// What a source says about a field from now on. Kept in the order of the sources, so that restoring restores exactly.
    fn hold(&mut self, field: &str, source: &str, datum: Option<&Datum>) {
        if datum.is_some_and(|datum| datum.source != source) {
            return;
        }
        if datum.is_some() && self.data.len() >= FIELDS_MAX && !self.data.contains_key(field) {
            return;
        }
        let held = self.data.entry(String::from(field)).or_default();
        match (held.binary_search_by(|known| known.source.as_str().cmp(source)), datum) {
            (Ok(index), Some(datum)) => {
                if let Some(known) = held.get_mut(index) {
                    known.clone_from(datum);
                }
            }
            (Ok(index), None) => {
                held.remove(index);
            }
            (Err(index), Some(datum)) if held.len() < SOURCES_MAX => held.insert(index, datum.clone()),
            (Err(_), _) => {}
        }
        if held.is_empty() {
            self.data.remove(field);
        }
    }

    fn last(&self, address: &str, source: Source) -> Option<usize> {
        self.domiciles.iter().rposition(|d| d.source == source && address::same(&d.address, address))
    }

    fn open(&mut self, address: &str, source: Source) -> Option<&mut Domicile> {
        self.last(address, source).and_then(|index| self.domiciles.get_mut(index)).filter(|d| d.until.is_none())
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! What a procedure is, after every check. It changes when a file can say another thing.

use super::archetype::{Archetype, Module, Section};
use super::term::Term;
use crate::dossier::State;
use crate::language::Language;
use crate::rules::Kind;
use crate::verb::Verb;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// One procedure.
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Unique id: lower case, digits, hyphens.
    pub id: String,
    /// As citizens read it.
    pub title: String,
    /// The same for those who write in another language.
    pub titles: BTreeMap<Language, String>,
    /// Version of the file, as its author numbers it.
    pub version: String,
    /// Its archetype, if it has one.
    pub archetype: Option<Archetype>,
    /// Takes what no other is opened by.
    pub default: bool,
    /// Rules (id) that open it.
    pub rules: Vec<String>,
    /// Every request of this kind opens it.
    pub kind: Option<Kind>,
    /// A person may choose it for a dossier.
    pub by_hand: bool,
    /// The term, counted from receipt (L. 241/1990 art. 2).
    pub term: Term,
    /// What the end of the term means.
    pub silence: Silence,
    /// Whether chapter III applies (art. 13).
    pub participation: Participation,
    /// Whether a refusal is announced first (art. 10-bis).
    pub notice: Notice,
    /// Whether another body is heard (art. 16-17-bis).
    pub third_body: ThirdBody,
    /// Competent unit: an office (id) of the rules. `None`: the office of the dossier (the default procedure only).
    pub unit: Option<String>,
    /// Who is responsible (art. 5).
    pub responsible: Responsible,
    /// Other offices (id) that work on it.
    pub other_units: Vec<String>,
    /// Offices of others, with their own mailbox.
    pub external: Vec<External>,
    /// Who may act, for the verbs of which the file says it.
    pub grants: BTreeMap<Verb, Vec<Grant>>,
    /// States in use.
    pub states: BTreeSet<State>,
    /// What the file says of a state.
    pub steps: BTreeMap<State, Step>,
    /// Who may apply.
    pub applicants: Vec<Applicant>,
    /// What one must have.
    pub requirements: Vec<String>,
    /// Documents: asked for, or acquired by the body itself.
    pub documents: Vec<Document>,
    /// Stamp duty.
    pub stamp: Stamp,
    /// What it costs besides.
    pub fees: Vec<Fee>,
    /// Related services (id).
    pub related: Vec<String>,
    /// Texts of the service card.
    pub card: Card,
    /// Steps of the citizen's way, beside those of every archetype.
    pub modules: Vec<Module>,
    /// What is asked about whom and what.
    pub sections: Vec<Section>,
    /// Before whom a measure is contested, and within when (L. 241/1990 art. 3 c. 4); empty: as every measure, before the Tar.
    pub remedies: Vec<String>,
    /// Version of the privacy notice.
    pub privacy: String,
    /// Between which instants requests are taken: rankings only.
    pub window: Option<Window>,
    /// How long what it grants holds, where it ends.
    pub validity: Option<Validity>,
    /// In which parts what it grants is paid, where it is.
    pub rates: Option<Rates>,
}

impl Procedure {
    /// Name of a state: the file's, or the usual one.
    #[must_use]
    pub fn label(&self, state: State) -> &str {
        self.steps.get(&state).and_then(|step| step.label.as_deref()).unwrap_or_else(|| state.words())
    }

    /// What comes next, for citizens, while it is in a state: as the file says it, a whole sentence.
    #[must_use]
    pub fn next_steps(&self, state: State) -> Option<String> {
        let next = self.steps.get(&state)?.next.as_deref()?;
        Some(format!("{}.", next.trim_end_matches('.')))
    }

    /// Documents that a citizen may be asked for. What a public body holds is never asked (L. 241/1990 art. 18 c. 2).
    pub fn asked(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter().filter(|document| !document.held)
    }
}

/// What the end of the term means (L. 241/1990 art. 2, 20, 25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The body is late, and the substitute is called (art. 2 c. 9-bis).
    Default,
    /// It is granted (art. 20); a machine or a person attests it (c. 2-bis).
    Assent(Attestation),
    /// It counts as refused (art. 25 c. 4).
    Refusal,
}

/// Who attests a silence that grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attestation {
    /// The machine, at the end of the term.
    Automatic,
    /// A person.
    Person,
}

/// Chapter III of L. 241/1990.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Participation {
    /// It applies.
    Admitted,
    /// It does not: taxes, general acts (art. 13).
    Excluded,
    /// It applies, and what is decided concerns everybody: whoever wants follows how it goes (SEGUI).
    Public,
}

/// The notice of a refusal (art. 10-bis).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It must come first.
    Due,
    /// It does not apply, for this reason.
    Excluded(String),
}

/// Advice or assent of another body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThirdBody {
    /// Nobody is heard.
    None,
    /// The term runs meanwhile.
    Runs,
    /// The term is suspended meanwhile.
    Suspends,
}

/// Who is responsible for the proceeding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Responsible {
    /// This person.
    Named(String),
    /// Whoever heads the unit, until somebody is assigned (art. 5 c. 2).
    HeadOfUnit,
}

/// What a person is in an office. Each may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Works on it.
    Operatore,
    /// Is responsible for it (L. 241/1990 art. 5, 6).
    Responsabile,
    /// Coordinates the office.
    Coordinatore,
}

impl Role {
    /// All of them, with the slug.
    pub const ALL: [(&'static str, Self); 3] =
        [("operatore", Self::Operatore), ("responsabile", Self::Responsabile), ("coordinatore", Self::Coordinatore)];

    /// The role of a slug.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == code).map(|(_, role)| *role)
    }

    /// Slug.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Operatore => "operatore",
            Self::Responsabile => "responsabile",
            Self::Coordinatore => "coordinatore",
        }
    }
}

/// An office with a role that may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Which office; `None`: the competent unit.
    pub office: Option<String>,
    /// At least this role.
    pub role: Role,
}

/// An office of another body or of a company of the Comune, with its own mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// Id within the procedure.
    pub id: String,
    /// Name.
    pub title: String,
    /// Mailbox.
    pub mail: String,
    /// Days it has to answer.
    pub days: u32,
}

/// What a file says of a state.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Its name for citizens.
    pub label: Option<String>,
    /// What comes next.
    pub next: Option<String>,
    /// Verbs that are not done from here.
    pub forbidden: BTreeSet<Verb>,
    /// What is to be done in it.
    pub activities: Vec<Activity>,
    /// Before it begins.
    pub before: Vec<Action>,
    /// After it has begun.
    pub after: Vec<Action>,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// What.
    pub text: String,
    /// Who.
    pub who: Grant,
}

/// What the machine does around a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What.
    pub what: Act,
    /// And if it fails.
    pub on_failure: OnFailure,
}

/// The template of letters that a file sends: it needs no fact that only an act has.
pub const NEWS: &str = "avviso-pratica";

/// What the machine may do around a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A letter to the parties, from this template: [`NEWS`] or a variant of it.
    Mail(String),
    /// A task to this office, with this text.
    Task(String, String),
    /// The term is expected to stop, as the law wants; or runs again.
    Clock(Clock),
}

/// What happens to the term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// It stops.
    Suspend,
    /// It runs again.
    Resume,
}

/// When an action fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The step is not made.
    Stop,
    /// The step is made; the action is tried again.
    Retry,
    /// The step is made; a person is told.
    Tell,
}

/// Who may apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicant {
    /// A natural person.
    Persona,
    /// A business.
    Impresa,
    /// Somebody on behalf of another (DPR 445/2000 art. 38 c. 3-bis).
    Delegato,
}

/// A document of the proceeding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// A public body holds it: it is acquired, never asked.
    pub held: bool,
    /// Without it the request is not complete.
    pub required: bool,
    /// Given in another dossier within so many months, it counts here too.
    pub again_months: Option<u8>,
}

/// Stamp duty (DPR 642/1972).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// Due.
    Due,
    /// Not due.
    No,
    /// Exempt, by a code of ANPR's table.
    Exempt(u32),
}

/// Something to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// For what.
    pub what: String,
    /// How much, in words or in euro.
    pub amount: String,
}

/// Texts of the service card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Card {
    /// Whom it is for.
    pub who: String,
    /// What it gives.
    pub what: String,
    /// How to ask.
    pub how: String,
    /// What it costs, in words; else stamp and fees are listed.
    pub cost: Option<String>,
    /// How long it takes, in words; else the term is.
    pub term: Option<String>,
    /// Where to ask; else the unit is named.
    pub office: Option<String>,
    /// Page with more.
    pub link: Option<String>,
    /// What people call the service, besides its title: a question that says so is answered with the card.
    pub names: Vec<String>,
}

/// How long what is granted holds, and who is told before it ends (functions S2.21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// Months from the day of the decision.
    pub months: u32,
    /// Days before the last one on which whoever has asked for it is told.
    pub notice_days: u32,
    /// The procedure (id) by which it is renewed.
    pub renewal: String,
}

/// Most parts of a sum: as many as the law grants (L. 160/2019 art. 1 c. 796).
pub const RATES_MAX: u32 = 72;

/// The parts in which a sum is paid, and who is told before each (functions S2.21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// How many, where who grants them does not say; `None`: then nobody is told.
    pub number: Option<u32>,
    /// Months from one to the next.
    pub every: u32,
    /// Days from the decision to the last one for the first, where who grants them does not say.
    pub first_days: u32,
    /// Each ends with its month.
    pub month_end: bool,
    /// Days before each on which whoever has asked for it is told.
    pub notice_days: u32,
    /// How and where one pays, in a sentence.
    pub pay: String,
}

/// From when to when a ranking takes requests, by the clock of Rome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First second.
    pub opens: DateTime,
    /// Last second.
    pub closes: DateTime,
    /// Days within which whoever gets a place says whether they take it; `None`: nobody is asked.
    pub accept_days: Option<u32>,
}

impl Window {
    /// Whether the clock of Rome has passed the last second.
    #[must_use]
    pub fn is_closed(&self, at: Timestamp) -> bool {
        second(at) > self.closes
    }

    /// The day on which the clock of Rome passes the last second.
    #[must_use]
    pub fn closed_from(&self) -> Date {
        self.closes.checked_add(jiff::Span::new().seconds(1)).map_or(self.closes.date(), DateTime::date)
    }

    /// Whether the first second has not come yet.
    #[must_use]
    pub fn is_ahead(&self, at: Timestamp) -> bool {
        second(at) < self.opens
    }
}

/// The second, in Rome: providers certify whole seconds, and no fraction of one closes a ranking.
fn second(at: Timestamp) -> DateTime {
    let wall = crate::calendar::rome(at);
    wall.with().subsec_nanosecond(0).build().unwrap_or(wall)
}

//! What a decision may know of the past: a snapshot with its revision, and the questions that fill it.

use crate::access::Looks;
use crate::act::Mailed;
use crate::act::once::Held;
use crate::canary::Canary;
use crate::courtesy::{Lately, Report, Returned};
use crate::dossier::Dossier;
use crate::enquiry;
use crate::life::Entry;
use crate::person::{self, Person};
use crate::receipts::Awaited;
use crate::{access, address, command, rules};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use aws_lc_rs::digest::{Context, SHA256};
use core::cell::RefCell;
use jiff::Timestamp;
use pec::{Certified, Content, Evidence, Examined, Verdict};
use serde::{Deserialize, Serialize};

/// The snapshot handed to [`decide`](crate::decide::decide).
#[derive(Debug, Clone)]
pub struct Known {
    /// Revision of the store; a commit on another revision is refused.
    pub revision: u64,
    /// The instant of the decision.
    pub now: Timestamp,
    /// SHA-256 of the message, lower-case hex.
    pub digest: String,
    /// When the mail server received the message, if it says so.
    pub received: Option<Timestamp>,
    /// When this register began: what is older was somebody else's to answer.
    pub began: Timestamp,
    /// Whether this certified identity was seen before.
    pub earlier: Earlier,
    /// The dossiers that were asked for and exist.
    pub dossiers: Vec<Dossier>,
    /// The numbers of the dossiers whose documents have the protocol numbers that it names.
    pub protocols: BTreeMap<(u32, Option<i16>), String>,
    /// The dossier of the conversation that this message answers.
    pub thread: Option<String>,
    /// The message answers one that we sent.
    pub answers_ours: bool,
    /// The item which the receipt names.
    pub awaited: Option<Awaited>,
    /// The dossier of that item.
    pub awaited_dossier: Option<String>,
    /// The canary of ours whose ids the envelope bears.
    pub canary: Option<Canary>,
    /// The persons who have the sender's address as a domicile, and those whom the text names by their code.
    pub people: Vec<Person>,
    /// The dossiers of which the sender's address, and each safe domicile of these persons, is a party: by address key.
    pub own: BTreeMap<String, Own>,
    /// What happened in the one dossier that the message is about.
    pub history: Option<History>,
    /// Who looked at these persons and dossiers, where the message asks it.
    pub looks: Looks,
    /// Ordinal of the next dossier of this year.
    pub next_ordinal: u32,
    /// What has been sent lately.
    pub traffic: Traffic,
    /// It came into the mailbox of the offices.
    pub is_from_offices: bool,
    /// What was ordered under codes of tasks that the message gives back.
    pub spent: BTreeMap<String, Spent>,
    /// The decided messages that it names, as tasks do.
    pub wrote: Vec<Wrote>,
    /// What citizens filed in these dossiers, the oldest first, where an office orders something: by number.
    pub filed: BTreeMap<String, Vec<Mailed>>,
    /// What whoever they are of has given already, likewise.
    pub held: BTreeMap<String, Vec<Held>>,
    /// What was sent lately to the addresses at which who has the letter of a receipt wants courtesy notices.
    pub courtesies: BTreeMap<String, Lately>,
    /// The courtesy notice that it returns.
    pub returned: Option<Returned>,
    /// What a certified sender has given in dossiers that are not reserved, the newest first: by person who is reached there.
    pub given: BTreeMap<String, Vec<Held>>,
}

/// A message that was decided before, as an order may speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrote {
    /// Its digest.
    pub digest: String,
    /// When it was received, as far as that is known; else when it was decided.
    pub at: Timestamp,
    /// Who wrote it.
    pub sender: String,
    /// What its envelope was proven to be (`tipo` of the certification data); none: nothing was.
    pub proven: Option<String>,
    /// The dossier that it belongs to.
    pub dossier: Option<String>,
    /// How often a person corrected what was decided of it.
    pub corrections: u32,
    /// It is in quarantine: what it says of its author is not believed, whatever was signed.
    pub aside: bool,
    /// Names and types of its attachments, where an office's mail names it and it could be examined.
    pub files: Vec<(String, String)>,
}

impl Wrote {
    /// Its sender is certified.
    #[must_use]
    pub fn is_certified(&self) -> bool {
        !self.aside && self.proven.as_deref() == Some(pec::wire::POSTA_CERTIFICATA)
    }
}

/// An order that was carried out: its code is no good a second time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// When.
    pub at: Timestamp,
    /// Who ordered it.
    pub by: String,
    /// What was done, in Italian.
    pub said: String,
}

/// The dossiers of which one address is a party.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// The newest first, at most [`OWN_MAX`].
    pub dossiers: Vec<Dossier>,
    /// How many more there are.
    pub left_out: usize,
}

/// What happened in one dossier.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Its number.
    pub dossier: String,
    /// In order, at most [`HISTORY_MAX`].
    pub events: Vec<Event>,
    /// How many more there are.
    pub left_out: usize,
}

/// One entry of a dossier, as it was written.
#[derive(Debug, Clone)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who: the address that a message came from, else the name that was given; empty for time.
    pub by: String,
    /// What.
    pub entry: Entry,
}

/// Dossiers of one address that are read for one message; more are counted.
pub const OWN_MAX: usize = 200;
/// Entries of a dossier that are read for one message: a dossier of years has some hundred.
pub const HISTORY_MAX: usize = 2_000;

/// Whether the same certified message was seen before (reliability.md §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// No.
    No,
    /// Yes, with the same signed bytes: delivered again.
    Same {
        /// Digest of the first.
        digest: String,
    },
    /// Yes, with other signed bytes: two contents under one PEC id. A person looks.
    Other {
        /// Digest of the first.
        digest: String,
    },
}

/// What the brakes look at: the last 24 hours.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Automatic replies to this sender: template and dossier of each.
    pub to_sender: Vec<(String, Option<String>)>,
    /// Messages in each dossier that this message may touch.
    pub touched: BTreeMap<String, u32>,
    /// A message of the same sender with the same words was answered.
    pub repeated: bool,
}

impl Known {
    /// A snapshot of an empty store: what `explain` uses when it has none.
    #[must_use]
    pub fn nothing(now: Timestamp) -> Self {
        Self {
            revision: 0,
            now,
            digest: String::new(),
            received: None,
            began: Timestamp::MIN,
            earlier: Earlier::No,
            dossiers: Vec::new(),
            protocols: BTreeMap::new(),
            thread: None,
            answers_ours: false,
            awaited: None,
            awaited_dossier: None,
            canary: None,
            people: Vec::new(),
            own: BTreeMap::new(),
            history: None,
            looks: Looks::default(),
            next_ordinal: 1,
            traffic: Traffic::default(),
            is_from_offices: false,
            spent: BTreeMap::new(),
            wrote: Vec::new(),
            filed: BTreeMap::new(),
            held: BTreeMap::new(),
            courtesies: BTreeMap::new(),
            returned: None,
            given: BTreeMap::new(),
        }
    }

    /// A dossier by number.
    #[must_use]
    pub fn dossier(&self, number: &str) -> Option<&Dossier> {
        self.dossiers.iter().find(|d| d.number == number)
    }

    /// A decided message that the digest names, whole or by its beginning.
    #[must_use]
    pub fn wrote(&self, digest: &str) -> Option<&Wrote> {
        self.wrote.iter().find(|wrote| !digest.is_empty() && wrote.digest.starts_with(digest))
    }
}

/// What a decision on this message will want to know. Pure, so the snapshot can be taken before deciding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    /// The certified sender, or the claimed one.
    pub sender: String,
    /// Dossier numbers that the text may name.
    pub dossiers: BTreeSet<String>,
    /// Protocol numbers that the text may name, with the year where it says one.
    pub protocols: BTreeSet<(u32, Option<i16>)>,
    /// Codes of persons that the text holds.
    pub codes: BTreeSet<String>,
    /// Codes of tasks that it gives back.
    pub tasks: BTreeSet<String>,
    /// First characters of the digests of decided messages that it names: only an office's mail names any.
    pub messages: BTreeSet<String>,
    /// Its sender's is a mailbox from which an office may order.
    pub is_of_office: bool,
    /// Of how many dossiers the sender is a party, and which: at most so many of each address are read; 0 asks for none.
    pub own_max: usize,
    /// The dossier whose whole history is wanted.
    pub history: Option<String>,
    /// How many readings of each person and dossier are wanted; 0 asks for none.
    pub looks_max: usize,
    /// Message-IDs that it answers.
    pub answers: Vec<String>,
    /// For a receipt: the Message-ID of ours which it names.
    pub msgid: Option<String>,
    /// For an envelope: the ids of what it carries, its author's and the provider's. One of ours may have come home in it.
    pub carried: Vec<String>,
    /// Certified identity (K2 of reliability.md §4.1), if it has one.
    pub identity: Option<Identity>,
    /// SHA-256 of its words, by which a request that is sent again is known. None where files are attached: the same few words
    /// may go with each of several files.
    pub words: Option<String>,
    /// The ordinary address at which it wants courtesy notices: it must be no domicile of somebody else.
    pub courtesy: Option<String>,
    /// For a delivery report: what of ours it may return. Read from the whole message, by whoever has it.
    pub report: Option<Report>,
}

/// Certified identity of a message and of its signed bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Provider, kind, PEC id, recipient.
    pub key: String,
    /// SHA-256 of the signed bytes: equal in deliveries that differ in outer headers only.
    pub signed_sha256: String,
}

/// The questions which a message raises.
#[must_use]
pub fn interest(seen: &Examined, book: &rules::Rulebook) -> Interest {
    let mut interest = Interest::default();
    match &seen.verdict {
        Verdict::Certified(certified) => {
            interest.identity = identity(certified);
            match certified.evidence() {
                Evidence::Envelope { daticert, message } => {
                    interest.sender.clone_from(&daticert.mittente);
                    let by_provider = format!("<{}>", daticert.identificativo);
                    interest.carried = daticert.message_id().into_iter().chain([by_provider]).collect();
                    of_content(&mut interest, message, book);
                    // Only a certified sender is told of dossiers.
                    interest.own_max = OWN_MAX;
                    let ordered = enquiry::names(message);
                    let alone = interest.dossiers.first().filter(|_| interest.dossiers.len() == 1);
                    interest.courtesy = enquiry::courtesy_address(message);
                    if enquiry::asks_who_saw(message) {
                        interest.looks_max = access::READ_MAX;
                    }
                    interest.history = ordered.clone().or_else(|| alone.cloned());
                    interest.dossiers.extend(ordered);
                }
                Evidence::Receipt { daticert, .. } => interest.msgid = daticert.message_id(),
                Evidence::Anomaly { message } => of_content(&mut interest, message, book),
            }
        }
        Verdict::Unproven(unproven) => {
            if let Some(message) = &unproven.content {
                of_content(&mut interest, message, book);
            }
        }
    }
    interest.sender = address::key(&interest.sender);
    interest
}

fn of_content(interest: &mut Interest, message: &Content, book: &rules::Rulebook) {
    if interest.sender.is_empty() {
        interest.sender = message.from.first().map(|m| m.address.clone()).unwrap_or_default();
    }
    interest.words = message.attachments.is_empty().then(|| words(message));
    interest.answers = message.in_reply_to.iter().chain(&message.references).cloned().collect();
    let asked = Asked::default();
    let names: Vec<&str> = message.attachments.iter().map(|a| a.name.as_str()).collect();
    rules::look_up(book, &material(message, &interest.sender, &names, &[], "", "", Timestamp::UNIX_EPOCH), &asked);
    interest.dossiers = asked.dossiers.into_inner();
    interest.protocols = asked.protocols.into_inner();
    interest.tasks = command::codes(&message.subject).chain(command::codes(&message.text)).take(TASKS_MAX).collect();
    interest.is_of_office = command::is_of_office(&interest.sender, book);
    interest.messages = command::messages(&interest.sender, message, book).take(MESSAGES_MAX).collect();
    interest.codes = codes_of(message);
}

/// The codes of persons that are looked up for a message.
pub(crate) fn codes_of(message: &Content) -> BTreeSet<String> {
    codes(&message.subject).chain(codes(&message.text)).take(CODES_MAX).collect()
}

/// Codes of tasks looked up for one message: a thread quotes a few.
const TASKS_MAX: usize = 8;
/// Decided messages looked up for one message.
const MESSAGES_MAX: usize = 4;
/// Codes of persons looked up for one message.
const CODES_MAX: usize = 8;

/// The words of a text that are the code of a person, check characters and all.
fn codes(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| match word.len() {
        11 => person::id::partita_iva(word).ok(),
        16 => person::id::codice_fiscale(word).ok(),
        _ => None,
    })
}

/// Subject and text, without regard to how they are broken into lines.
fn words(message: &Content) -> String {
    let mut context = Context::new(&SHA256);
    for part in [&message.subject, &message.text] {
        for word in part.split_whitespace() {
            context.update(word.as_bytes());
            context.update(b" ");
        }
        context.update(b"\n");
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A world that knows nothing and remembers what it was asked.
#[derive(Default)]
struct Asked {
    dossiers: RefCell<BTreeSet<String>>,
    protocols: RefCell<BTreeSet<(u32, Option<i16>)>>,
}

impl rules::World for Asked {
    fn dossier(&self, number: &str) -> Option<rules::DossierBrief> {
        self.dossiers.borrow_mut().insert(number.to_string());
        None
    }
    fn protocol(&self, number: u32, year: Option<i16>) -> Option<String> {
        self.protocols.borrow_mut().insert((number, year));
        None
    }
    fn identity(&self) -> bool {
        false
    }
    fn thread(&self) -> Option<rules::DossierBrief> {
        None
    }
}

/// What the rules see of a message.
#[must_use]
pub fn material<'a>(
    message: &'a Content,
    sender: &'a str,
    attachments: &'a [&'a str],
    to: &'a [&'a str],
    pec_kind: &'a str,
    grade: &'a str,
    now: Timestamp,
) -> rules::Material<'a> {
    rules::Material {
        subject: &message.subject,
        text: &message.text,
        attachments,
        attached_text: &message.attached_text,
        from: sender,
        from_kind: "",
        from_name: message.from.first().map(|m| m.name.as_str()).unwrap_or_default(),
        to,
        pec_kind,
        grade,
        today: crate::calendar::rome(now).date(),
    }
}

/// Provider, kind, PEC id and recipient name one certified event; anomaly envelopes have no such name.
fn identity(certified: &Certified) -> Option<Identity> {
    let (Evidence::Envelope { daticert, .. } | Evidence::Receipt { daticert, .. }) = certified.evidence() else {
        return None;
    };
    let signer = certified.signer();
    Some(Identity {
        key: format!(
            "{}|{}|{}|{}|{}",
            address::key(&signer.address),
            daticert.tipo.word(),
            daticert.identificativo,
            daticert.consegna.as_deref().map(address::key).unwrap_or_default(),
            // Both delay notices have one name: their instant tells them apart.
            daticert.data
        ),
        signed_sha256: signer.signed_sha256.clone(),
    })
}

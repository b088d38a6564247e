//! What a citizen asks of the register, by a command or in free words, and what a machine may answer. It changes when something
//! else may be asked.
//!
//! Who obtains what is the administrator's table ([`standing::Permit`](crate::standing::Permit)). Of what is somebody else's, or is
//! not there, the answer is one: nobody learns from a letter whether a dossier, or a record, exists.

mod command;
mod document;
mod follow;
mod place;
mod question;
mod rate;
mod wishes;
mod withdraw;

use crate::address;
use crate::application::{self, Named};
use crate::calendar::rome;
use crate::decide::is_from_before;
use crate::decision::{Change, Decision, Disposition, Outgoing, Reason};
use crate::dossier::{Dossier, check};
use crate::filing;
use crate::guard;
use crate::letters::{self, About, Answer, accesses, enquiry as letter};
use crate::nearest::nearest;
use crate::person::{Over, Person, Strength};
use crate::procedure::Procedure;
use crate::rules::Kind;
use crate::standing::{Acting, Denied, Permit, Right, Standing};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use command::{Cited, Command, Read};
use pec::Content;

/// Words that may stand beside a command: a name, a line of courtesy that no list knows. Beyond them it is a letter, and the rules
/// read it.
const BESIDE_MAX: usize = 12;
/// As many beside a command that ends something: a name. Whoever writes a sentence may mean another thing.
const BESIDE_ENDING_MAX: usize = 4;
/// As many beside a rating: a comment.
const BESIDE_RATING_MAX: usize = 150;

/// The dossier that a command names: its history is wanted.
pub(crate) fn names(message: &Content) -> Option<String> {
    match command::read(message) {
        Read::One { command, .. } => command.cited().and_then(|cited| cited.number.clone()),
        Read::Nothing | Read::Several(_) => None,
    }
}

/// Whether a message asks who looked at its writer's data: that is wanted then.
pub(crate) fn asks_who_saw(message: &Content) -> bool {
    command::asks_who_saw(message)
}

/// The ordinary address at which a message wants courtesy notices: whose domicile it is must be known then.
pub(crate) fn courtesy_address(message: &Content) -> Option<String> {
    match command::read(message) {
        Read::One { command: Command::Courtesy(address), .. } => address,
        _ => None,
    }
}

/// What is answered.
enum Told {
    /// By the machine alone.
    Machine {
        letters: Vec<Outgoing>,
        changes: Vec<Change>,
        /// Tasks: what an office must know.
        tasks: Vec<Outgoing>,
        dossier: Option<String>,
    },
    /// By a person. The letter says no more than that.
    Person { letter: Option<Box<Outgoing>>, dossier: Option<String>, why: Reason },
    /// As any request: the rules open its dossier.
    AsRequest,
}

impl Told {
    fn letters(letters: Vec<Outgoing>, dossier: Option<&Dossier>) -> Self {
        let dossier = dossier.map(|dossier| dossier.number.clone());
        let changes = dossier.iter().map(|number| Change::Filed { dossier: number.clone() }).collect();
        Self::Machine { letters, changes, tasks: vec![], dossier }
    }
    fn person(dossier: &Dossier, code: &'static str, why: &str) -> Self {
        let why = Reason::new(code, why.to_string());
        Self::Person { letter: None, dossier: Some(dossier.number.clone()), why }
    }
}

/// The decision on a command; `None`: it is none, or a person must read it, and the rules decide. `asked`: what is asked by naming a
/// service; `marks`: those of a machine.
pub(crate) fn decide(
    about: &About<'_>,
    asked: Option<&Named<'_>>,
    marks: &[Reason],
    trail: &mut Vec<Reason>,
) -> Option<Decision> {
    let read = match asked {
        Some(Named::Service(_)) => return None,
        Some(_) => may_be_answered(about).map(|()| Read::Nothing),
        None => ordered(about, marks),
    };
    let read = match read {
        Ok(read) => read,
        Err(why) => {
            trail.push(why);
            return None;
        }
    };
    let (what, told) = match read {
        Read::Nothing if asked.is_some() => {
            let letters = braked(about, None).and_then(|()| match asked {
                Some(Named::Form(procedure)) => letter::form(about, procedure, writer(about)),
                Some(Named::Unknown(name, near)) => letter::catalogue(about, &unknown(name, *near, "NUOVA")),
                Some(Named::Service(_)) | None => Ok(vec![]),
            });
            (String::from("NUOVA"), letters.map(|letters| Told::letters(letters, None)))
        }
        Read::Nothing => {
            let asked = question::about(about).filter(|_| marks.is_empty())?;
            let note =
                "Hai fatto una domanda su questo servizio: ecco la risposta, e non abbiamo aperto nessuna pratica.";
            let card = braked(about, None).and_then(|()| letter::service(about, asked, note));
            (format!("una domanda su «{}»", asked.title), card.map(|letters| Told::letters(letters, None)))
        }
        Read::Several(several) => {
            let all: Vec<&str> = several.iter().map(Command::words).collect();
            let note = format!("Hai scritto più comandi insieme ({}): non ne abbiamo fatto nessuno.", all.join(", "));
            (all.join(", "), braked(about, None).and_then(|()| Ok(Told::letters(letter::help(about, &note)?, None))))
        }
        Read::One { command, beside } => (command.words().to_string(), obey(&command, beside, about, trail)),
    };
    let told = match told {
        Ok(Told::AsRequest) => return None,
        Ok(told) => told,
        Err(why) => Told::Person { letter: None, dossier: None, why },
    };
    trail.push(Reason::new("command", format!("chiede: {what}")));
    let class = Some(about.class.clone());
    Some(match told {
        Told::AsRequest => return None,
        Told::Machine { letters, changes, tasks, dossier } => {
            let outgoing = letters.into_iter().chain(tasks).collect();
            let disposition = Disposition::Answered { what, dossier };
            Decision { disposition, changes, outgoing, trail: core::mem::take(trail), classification: class }
        }
        Told::Person { letter, dossier, why } => {
            let case = dossier.as_deref().and_then(|number| about.known.dossier(number));
            let about = About { case, ..*about };
            trail.push(why.clone());
            let letter = letter.map(|letter| *letter);
            let answer = letter.as_ref().map_or(Answer::None, Answer::Goes);
            let task = letters::task(&about, answer, trail, &[], &[]);
            let office = case.map_or(&about.class.office, |case| &case.office).clone();
            let changes = dossier.into_iter().map(|dossier| Change::Filed { dossier }).collect();
            Decision {
                disposition: Disposition::ToPerson { office, why: why.text },
                changes,
                outgoing: task.into_iter().chain(letter).collect(),
                trail: core::mem::take(trail),
                classification: class,
            }
        }
    })
}

/// What is ordered, if a machine may obey at all.
fn ordered(about: &About<'_>, marks: &[Reason]) -> Result<Read, Reason> {
    let read = command::read(about.message);
    let (beside, beside_max, brings) = match &read {
        Read::Nothing => return Ok(read),
        Read::One { command, beside } => {
            let most = match command {
                Command::Rate(..) => BESIDE_RATING_MAX,
                command if command.ends() => BESIDE_ENDING_MAX,
                _ => BESIDE_MAX,
            };
            (*beside, most, matches!(command, Command::Enable | Command::Withdraw(_)))
        }
        Read::Several(_) => (0, BESIDE_MAX, false),
    };
    let no = |code, text: &str| Err(Reason::new(code, text.to_string()));
    if !marks.is_empty() {
        return no("command-of-a-machine", "il comando viene da un programma: non si esegue");
    }
    if !about.message.attachments.is_empty() && !brings {
        return no("command-with-files", "ci sono un comando e degli allegati: li legge una persona");
    }
    if beside > beside_max {
        return no("command-among-words", "c'è un comando in mezzo ad altre parole: non si esegue da solo");
    }
    may_be_answered(about).map(|()| read)
}

/// Whether a machine may answer this writer now.
fn may_be_answered(about: &About<'_>) -> Result<(), Reason> {
    let no = |code, text: &str| Err(Reason::new(code, text.to_string()));
    if !address::is_plausible(&about.daticert.mittente) {
        return no("no-address", "il mittente certificato non è un indirizzo a cui scrivere");
    }
    if is_from_before(about.daticert.data, about.known, about.desk) {
        return no("before-service", "è di prima che il servizio cominciasse: risponde una persona");
    }
    Ok(())
}

fn braked(about: &About<'_>, dossier: Option<&str>) -> Result<(), Reason> {
    guard::enquiry_brakes(dossier, about.known).into_iter().next().map_or(Ok(()), Err)
}

fn obey(command: &Command, beside: usize, about: &About<'_>, trail: &mut Vec<Reason>) -> Result<Told, Reason> {
    // «Accetto», in answer to the letter that gave the place. Of anything else it is a word as any other.
    let numbered = match command {
        Command::Place(None, answer) => match place::answered(about) {
            Some(dossier) => Some(Command::Place(Some(Cited::of(&dossier.number)), *answer)),
            None => return Ok(Told::AsRequest),
        },
        _ => None,
    };
    let command = numbered.as_ref().unwrap_or(command);
    let named = command.cited().and_then(|cited| about.known.dossier(cited.number.as_deref()?));
    let standing = filing::standing(about.class, about.daticert, about.message, named, about.known);
    trail.extend(standing.reasons.iter().cloned());
    let table = &about.desk.entity.entitlements;
    match command {
        // It opens its dossier: what is confirmed, and who grants it, is written there.
        Command::Enable => return Ok(Told::AsRequest),
        // Whosever it is: what is public is everybody's, and of what is not the answer is one.
        Command::Follow(cited, wish) => return follow::request(cited, *wish, named, about),
        Command::Data | Command::Seen if standing.permit(table, Right::DatiPropri) != Permit::Yes => {
            return Ok(Told::AsRequest);
        }
        _ => {}
    }
    let own = |right| match (named, standing.permit(table, right)) {
        (Some(dossier), Permit::Yes) => Whose::Own(dossier),
        (Some(dossier), Permit::Confirm | Permit::No(Denied::Table)) => Whose::Doubtful(dossier),
        _ => Whose::Nobody,
    };
    let right = match command {
        Command::Index(..) | Command::Document(..) => Right::Documenti,
        _ => Right::StatoFascicolo,
    };
    let Some(cited) = command.cited() else {
        match command {
            Command::Expiries(wish) => return wishes::expiries(*wish, about, &standing, trail),
            Command::Courtesy(wanted) => return wishes::courtesy(wanted.as_deref(), about, &standing, trail),
            _ => {}
        }
        braked(about, None)?;
        return general(command, about, &standing);
    };
    let dossier = match own(right) {
        Whose::Own(dossier) => dossier,
        Whose::Doubtful(dossier) => {
            let text = "chi scrive non può avere notizie da una macchina: risponde una persona";
            return Ok(Told::person(dossier, "standing", text));
        }
        Whose::Nobody => {
            braked(about, None)?;
            let near = near(cited.number.as_ref().unwrap_or(&cited.written), about).unwrap_or_default();
            return Ok(Told::letters(letter::not_found(about, &cited.shown(), &near)?, None));
        }
    };
    braked(about, Some(&dossier.number))?;
    if dossier.cover.reserved {
        let why = Reason::new("reserved", String::from("il fascicolo è riservato: risponde una persona"));
        let letter = letter::a_person_answers(about, dossier)?;
        return Ok(Told::Person { letter: Some(letter.into()), dossier: Some(dossier.number.clone()), why });
    }
    of_dossier(command, beside, about, dossier, cited)
}

/// Whose a dossier is.
enum Whose<'a> {
    /// The writer's, who may be told of it.
    Own(&'a Dossier),
    /// The writer's, of which the table lets a person tell.
    Doubtful(&'a Dossier),
    /// Another's, or nobody's: one thing, so that nothing that follows can tell the two apart.
    Nobody,
}

/// What is asked of one dossier of the writer's.
fn of_dossier(
    command: &Command,
    beside: usize,
    about: &About<'_>,
    dossier: &Dossier,
    cited: &Cited,
) -> Result<Told, Reason> {
    let history = about.known.history.as_ref().filter(|history| history.dossier == dossier.number);
    let unread = || Reason::new("no-history", format!("la storia del fascicolo {} non è stata letta", dossier.number));
    match command {
        Command::Status(_) => {
            let today = rome(about.known.now).date();
            if !dossier.state.is_final() && dossier.due.is_some_and(|due| due < today) {
                let text = "il termine del fascicolo è passato: risponde una persona";
                return Ok(Told::person(dossier, "past-due", text));
            }
            Ok(Told::letters(letter::status(about, dossier)?, Some(dossier)))
        }
        Command::Index(_, from) => {
            let letters = letter::index(about, dossier, history.ok_or_else(unread)?, from.unwrap_or_default())?;
            Ok(Told::letters(letters, Some(dossier)))
        }
        Command::Document(_, wanted) => document::request(about, dossier, history.ok_or_else(unread)?, *wanted),
        Command::Withdraw(_) => withdraw::request(about, dossier, &cited.shown()),
        Command::Rate(_, stars, why) => rate::request(about, dossier, *stars, *why, beside),
        Command::Place(_, answer) => place::request(about, dossier, *answer),
        Command::Data
        | Command::Seen
        | Command::Dossiers
        | Command::Enable
        | Command::Revoke
        | Command::Notices(_)
        | Command::Expiries(_)
        | Command::Courtesy(_)
        | Command::Follow(..)
        | Command::Help
        | Command::Card(_)
        | Command::Catalogue => Ok(Told::AsRequest),
    }
}

/// What is asked of no dossier.
fn general(command: &Command, about: &About<'_>, standing: &Standing) -> Result<Told, Reason> {
    let letters = match command {
        Command::Help => letter::help(about, "")?,
        Command::Catalogue => letter::catalogue(about, "")?,
        Command::Card(service) => card(service, about)?,
        Command::Data => own_data(about, standing)?,
        Command::Seen => match about_whom(about, standing) {
            Some(person) => who_saw(about, person, standing)?,
            None => letter::which_ways(about)?,
        },
        Command::Dossiers => match own_dossiers(about, standing)? {
            Some(letters) => letters,
            None => letter::which_ways(about)?,
        },
        Command::Revoke => return withdraw::domicile(about, standing),
        Command::Notices(wanted) => return wishes::notices(*wanted, about, standing),
        Command::Enable
        | Command::Expiries(_)
        | Command::Courtesy(_)
        | Command::Follow(..)
        | Command::Status(_)
        | Command::Index(..)
        | Command::Document(..)
        | Command::Withdraw(_)
        | Command::Place(..)
        | Command::Rate(..) => return Ok(Told::AsRequest),
    };
    Ok(Told::letters(letters, None))
}

/// The letters that answer what the rules have understood in free words; none: the rules' own template answers.
pub(crate) fn in_free_words(about: &About<'_>, standing: &Standing, trail: &mut Vec<Reason>) -> Vec<Outgoing> {
    let letters = match answerable(about, standing) {
        Ok(letters) => letters,
        Err(why) => {
            trail.push(why);
            vec![]
        }
    };
    for letter in &letters {
        trail.push(Reason::new(
            "answered-from-the-register",
            format!("risponde dal registro con «{}»", letter.template),
        ));
    }
    letters
}

fn answerable(about: &About<'_>, standing: &Standing) -> Result<Vec<Outgoing>, Reason> {
    let About { class, case, known, .. } = *about;
    let of_register = match class.kind {
        Kind::OwnDataRequest => true,
        // «A che punto sono le mie pratiche?» names none: they are listed.
        Kind::StatusEnquiry => case.is_none() && class.citations.is_empty(),
        _ => false,
    };
    // What joins a dossier that is there is read by a person, as all that is said again.
    let is_again = case.is_some_and(|case| known.dossier(&case.number).is_some());
    if !of_register || is_again {
        return Ok(vec![]);
    }
    if !address::is_plausible(&about.daticert.mittente) || is_from_before(about.daticert.data, known, about.desk) {
        return Ok(vec![]);
    }
    braked(about, case.map(|case| case.number.as_str()))?;
    match class.kind {
        Kind::OwnDataRequest => {
            let mut letters = own_data(about, standing)?;
            if let Some(person) = about_whom(about, standing).filter(|_| command::asks_who_saw(about.message)) {
                letters.extend(who_saw(about, person, standing)?);
            }
            Ok(letters)
        }
        _ => Ok(own_dossiers(about, standing)?.unwrap_or_default()),
    }
}

/// What is held of the writer, or of whom the writer holds a mandate; else which ways are open.
fn own_data(about: &About<'_>, standing: &Standing) -> Result<Vec<Outgoing>, Reason> {
    match about_whom(about, standing) {
        Some(person) => letter::data(about, person),
        None => letter::which_ways(about),
    }
}

/// Whose data the writer may obtain.
fn about_whom<'a>(about: &About<'a>, standing: &Standing) -> Option<&'a Person> {
    let permit = standing.permit(&about.desk.entity.entitlements, Right::DatiPropri);
    let id = standing.about.as_deref().filter(|_| permit == Permit::Yes)?;
    about.known.people.iter().find(|person| person.id == id)
}

/// Who writes, where it may be told to that mailbox.
fn writer<'a>(about: &About<'a>) -> Option<&'a Person> {
    let standing = filing::standing(about.class, about.daticert, about.message, None, about.known);
    about_whom(about, &standing).filter(|person| standing.writer.as_ref() == Some(&person.id))
}

/// Who looked at what is held of a person (GDPR art. 15, function S4.06).
fn who_saw(about: &About<'_>, person: &Person, standing: &Standing) -> Result<Vec<Outgoing>, Reason> {
    let own = addresses(person, about, standing.writer.as_ref() == Some(&person.id));
    let read: Vec<_> = own.iter().filter_map(|address| about.known.own.get(address)).collect();
    let dossiers: Vec<&Dossier> = read.iter().flat_map(|own| &own.dossiers).collect();
    accesses::letters(about, person, &dossiers, read.iter().map(|own| own.left_out).sum())
}

/// The dossiers of the writer, or those for which the writer holds a mandate. `None`: the table grants no list.
fn own_dossiers(about: &About<'_>, standing: &Standing) -> Result<Option<Vec<Outgoing>>, Reason> {
    let known = about.known;
    let permit = standing.permit(&about.desk.entity.entitlements, Right::ElencoFascicoli);
    let find = |id: &Option<String>| known.people.iter().find(|person| Some(&person.id) == id.as_ref());
    let (Some(writer), Some(subject)) = (find(&standing.writer), find(&standing.about)) else { return Ok(None) };
    let is_for_other = writer.id != subject.id;
    let mut listed: Vec<&Dossier> = Vec::new();
    let mut rest = 0;
    match (permit, &standing.facets.acting) {
        (Permit::Yes, _) => {
            let own = addresses(subject, about, !is_for_other);
            let read: Vec<_> = own.iter().filter_map(|address| known.own.get(address)).collect();
            rest = read.iter().map(|own| own.left_out).sum();
            listed.extend(read.iter().flat_map(|own| &own.dossiers));
        }
        // A mandate for single dossiers opens the list of those.
        (Permit::No(Denied::NoMandate), Acting::MandateElsewhere) => {
            let today = rome(known.now).date();
            let mandates = subject.mandates_of(&writer.id).into_iter().filter(|mandate| mandate.holds(today));
            for mandate in mandates {
                if let Over::Dossier { number } = &mandate.over {
                    listed.extend(known.dossier(number));
                }
            }
        }
        _ => return Ok(None),
    }
    listed.sort_by(|a, b| b.number.cmp(&a.number));
    listed.dedup_by(|a, b| a.number == b.number);
    letter::dossiers(about, &listed, rest).map(Some)
}

/// The addresses under which somebody is a party: those to which personal data may go, and the one that wrote.
fn addresses(person: &Person, about: &About<'_>, with_sender: bool) -> Vec<String> {
    let safe = person.domiciles_at(about.known.now).into_iter().filter(|d| d.source.strength() >= Strength::Enabled);
    let mut addresses: Vec<String> = safe.map(|d| address::key(&d.address)).collect();
    if with_sender {
        addresses.push(address::key(&about.daticert.mittente));
    }
    addresses.sort();
    addresses.dedup();
    addresses
}

/// The writer's own dossier whose number is nearest to what was written: proposed, never taken for it (function S3.21).
pub(crate) fn near(written: &str, about: &About<'_>) -> Option<String> {
    let own = about.known.own.get(&address::key(&about.daticert.mittente))?;
    let told: Vec<&Dossier> = own.dossiers.iter().filter(|dossier| !dossier.cover.reserved).collect();
    // What has check letters is compared with what has them.
    let is_whole = written.contains('-');
    let as_written = |dossier: &&Dossier| if is_whole { check::shown(&dossier.number) } else { dossier.number.clone() };
    let numbers: Vec<String> = told.iter().map(as_written).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    // Without its year it is nearest to the one that has this ordinal, if that is one alone.
    let ordinal: Option<u32> = written.parse().ok();
    let mut same = numbers.iter().filter(|number| {
        let of = number.split_once('/').and_then(|(_, rest)| rest.parse().ok());
        ordinal.is_some() && of == ordinal
    });
    let by_ordinal = same.next().copied().filter(|_| same.next().is_none());
    let number = by_ordinal.or_else(|| {
        let near = one_slip(written, &numbers)?;
        (near != written).then_some(near)
    })?;
    let at = numbers.iter().position(|known| *known == number)?;
    let dossier = told.get(at)?;
    Some(format!("{}, «{}»", check::shown(&dossier.number), dossier.title))
}

/// The one number that differs by a slip of the pen. In ours a third of the letters are zeros: [`nearest`] alone would propose
/// whatever there is.
fn one_slip<'a>(written: &str, numbers: &[&'a str]) -> Option<&'a str> {
    let near = nearest(written, numbers)?;
    let differ =
        |a: &str, b: &str| a.chars().zip(b.chars()).filter(|(a, b)| a != b).count() + a.len().abs_diff(b.len());
    (differ(written, near) <= 2).then_some(near)
}

/// SCHEDA: the service that is named, else the catalogue with the nearest one.
fn card(service: &str, about: &About<'_>) -> Result<Vec<Outgoing>, Reason> {
    let known: Vec<(String, &Procedure)> = application::services(about.desk)
        .flat_map(|(one, names)| names.into_iter().map(move |name| (name, one)))
        .collect();
    let wanted: Vec<&str> = service.split_whitespace().collect();
    let exact = known.iter().find(|(name, _)| name == service);
    let within = || {
        let has = |name: &str| wanted.iter().all(|word| name.split_whitespace().any(|of| of == *word));
        let mut ids: Vec<&Procedure> = known.iter().filter(|(name, _)| has(name)).map(|(_, one)| *one).collect();
        ids.dedup_by(|a, b| a.id == b.id);
        match ids.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    };
    if let Some(procedure) = exact.map(|(_, one)| *one).or_else(within) {
        return letter::service(about, procedure, "");
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
    let near = nearest(service, &names).and_then(|near| known.iter().find(|(name, _)| name == near));
    letter::catalogue(about, &unknown(service, near.map(|(_, one)| *one), "SCHEDA"))
}

/// What is told of a service that is not there.
fn unknown(service: &str, near: Option<&Procedure>, command: &str) -> String {
    let hint = near.map(|one| format!(" Forse volevi: {command} {}.", one.id)).unwrap_or_default();
    format!("Non troviamo il servizio «{service}».{hint}")
}

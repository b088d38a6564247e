//! A certified message of somebody: classify it, tie it to a dossier, task an office, answer if that is safe.

mod several;

use crate::application::{self, Named};
use crate::calendar::rome;
use crate::decide::{is_from_before, is_ours, only};
use crate::decision::{Change, Decision, Disposition, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{self, Cover, Dossier, Life, State};
use crate::filing::{self, Filed, Paper};
use crate::given::Given;
use crate::known::{Known, material};
use crate::language::{self, Written};
use crate::letters::case::Case;
use crate::letters::{About, Answer};
use crate::procedure::Procedure;
use crate::rules::{self, Calendar, Classification, Deadline, DossierBrief, Kind, Mode};
use crate::standing::{Permit, Right, Standing};
use crate::term::{self, Plan};
use crate::{around, canary, clockwork, command, enquiry, guard, letters};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use pec::{Content, Daticert, Examined};

/// The term where no rule sets one (L. 241/1990 art. 2 c. 2).
const DEFAULT_TERM_DAYS: u32 = 30;

/// Decides on the content of a proven *busta di trasporto*.
pub(crate) fn decide(seen: &Examined, daticert: &Daticert, message: &Content, known: &Known, desk: &Desk) -> Decision {
    let sender = daticert.mittente.as_str();
    if is_ours(sender, desk) {
        if let Some(decision) = canary::came_back(daticert, message, known.canary.as_ref()) {
            return decision;
        }
        if let Some(decision) = command::by_pec(sender, seen, message, known, desk) {
            return decision;
        }
        let why = format!("viene da {sender}, che è nostro");
        return only(Disposition::Noted { why: why.clone() }, vec![Reason::new("own-address", why)]);
    }
    let class = classify(seen, sender, daticert, message, known, desk);
    let marks = guard::machine_marks(sender, seen, message);
    // A public body may head its own mail with the same word.
    let asked = if marks.is_empty() && !is_no_citizens(&class, desk) {
        application::asked(message, &class, desk)
    } else {
        None
    };
    let application = match &asked {
        Some(Named::Service(application)) => Some(application),
        _ => None,
    };
    let class = match application {
        Some(application) => application.classification(&class, desk),
        None => class,
    };
    let service = application.map(|application| application.procedure);
    let mut class = class;
    let procedure = service.or_else(|| desk.procedures.opened_by(&class.rule, class.kind));
    let writer = filing::standing(&class, daticert, message, None, known);
    let given = if marks.is_empty() { Given::of(&writer, known, desk) } else { None };
    // Of what joins a dossier that is there, its office asks.
    let is_held =
        given.as_ref().filter(|_| opens(class.kind)).and_then(|it| it.relieve(&mut class, procedure, message));
    let mut trail = vec![Reason::new("rule", outcome_in_words(&class, desk))];
    trail.extend(is_held);
    if known.answers_ours && guard::is_autoresponse(&marks) && message.attachments.is_empty() {
        // An autoresponder met one of our messages: a task for each would feed it. Documents are never passed over.
        trail.extend(marks);
        let why = String::from("risposta automatica a un nostro messaggio");
        let changes = known.thread.iter().map(|number| Change::Filed { dossier: number.clone() }).collect();
        return Decision { changes, classification: Some(class), ..only(Disposition::Noted { why }, trail) };
    }

    let tongue = language::written(&format!("{}\n{}", message.subject, rules::quote::split(&message.text).new));
    let about = About { class: &class, seen, daticert, message, case: None, wrote: tongue.language, known, desk };
    if let Some(decision) = enquiry::decide(&about, asked.as_ref(), &marks, &mut trail) {
        return decision;
    }

    // A machine's mail opens nothing: each holiday notice would cost a number and a legal term. Its office reads it.
    let is_placed = class.outcome.is_sure() && class.mode != Mode::Shadow && marks.is_empty();
    let mut dossier = tie(&class, service, daticert, known, desk, is_placed, &mut trail);
    if let (Tie::Open(dossier), Some(language)) = (&mut dossier, tongue.language) {
        dossier.cover.language = language;
    }
    let mut changes: Vec<Change> = match &dossier {
        Tie::Open(dossier) => vec![Change::Opened { dossier: (**dossier).clone() }],
        Tie::Existing(dossier) => vec![Change::Filed { dossier: dossier.number.clone() }],
        Tie::None => vec![],
    };
    let is_first = matches!(dossier, Tie::Open(_));
    let others = match &dossier {
        Tie::Open(first) if marks.is_empty() && application.is_none() => {
            let classes = apart(seen, sender, daticert, message, &class, known, desk);
            several::open(classes, first, daticert, message, known, desk)
        }
        _ => vec![],
    };
    if let (Tie::Open(opened), Some(Change::Opened { dossier })) = (&mut dossier, changes.first_mut()) {
        opened.cover.linked = others.iter().map(several::Other::linked).collect();
        dossier.cover.linked.clone_from(&opened.cover.linked);
        trail.extend(opened.cover.linked.iter().map(|other| {
            Reason::new("apart", format!("chiede anche «{}»: aperto il fascicolo {}", other.title, other.number))
        }));
    }
    let standing = filing::standing(&class, daticert, message, dossier.dossier(), known);
    // Whoever writes for somebody else without a mandate is registered and told how to cure it (DPR 445/2000 art. 38 c. 3-bis).
    let lacks_mandate = marks.is_empty() && standing.lacks_mandate();
    if let (true, Tie::Open(opened), Some(Change::Opened { dossier })) =
        (lacks_mandate, &mut dossier, changes.first_mut())
    {
        opened.state = State::DaRegolarizzare;
        dossier.state = State::DaRegolarizzare;
    }
    let paper = Paper { class: &class, daticert, message, known, desk, is_first, is_placed, standing: &standing };
    let mut filed = match &mut dossier {
        // A machine's mail is kept with the case, and answers nothing.
        Tie::Open(dossier) | Tie::Existing(dossier) if marks.is_empty() => filing::file(&paper, dossier, &mut trail),
        _ => Filed::default(),
    };
    changes.append(&mut filed.changes);
    let case = dossier.dossier();
    trail.extend(standing.reasons.iter().cloned());
    let may_be_told = may_be_told(&class, case, &standing, desk, &mut trail);
    let about = About { case, ..about };
    trail.extend(language_in_words(&about, &tongue));
    let told = if is_placed { enquiry::in_free_words(&about, &standing, &mut trail) } else { vec![] };
    let is_to_answer = is_placed && may_be_told && told.is_empty();
    let reply = if is_to_answer { answer(&class, daticert, case, known, desk, &mut trail) } else { None };
    let may_know = case.is_none_or(|case| case.has_party(sender));
    let suggested = is_placed && class.mode == Mode::Suggest && may_know;
    // The mark of a machine says more than the rule that it happened to meet.
    let why = marks.first().or(trail.first()).map(|r| r.text.clone()).unwrap_or_default();
    trail.extend(marks);
    let reply = reply
        .and_then(|template| letters::reply(&template, &about).inspect_err(|reason| trail.push(reason.clone())).ok());
    let cure = match (&reply, case) {
        (Some(_), Some(case)) if is_first && lacks_mandate => {
            let case = Case::of(known, case, desk);
            case.mandate_missing().inspect_err(|reason| trail.push(reason.clone())).unwrap_or_default()
        }
        _ => vec![],
    };
    let draft = class.template().filter(|_| suggested).and_then(|template| letters::reply(template, &about).ok());
    // «Protocollata» means that the receipt is on its way (law.md §10): without it the dossier is only received.
    if let (Some(Change::Opened { dossier }), None) = (changes.first_mut(), &reply)
        && dossier.state == State::Protocollata
    {
        dossier.state = State::Ricevuta;
    }
    let around = opened_around(&mut changes, case, known, desk);
    let answer = match (reply.as_ref().or(told.first()), &draft) {
        (Some(reply), _) => Answer::Goes(reply),
        (None, Some(draft)) => Answer::Draft(draft),
        (None, None) => Answer::None,
    };
    filed.facts.extend(given.filter(|_| is_first).into_iter().flat_map(|given| given.facts(&class)));
    let task = letters::task(&about, answer, &trail, &filed.facts, &filed.data);
    let (more, letters) = several::work(others, seen, daticert, message, reply.as_ref(), desk);
    changes.extend(more);
    let disposition = if is_placed {
        Disposition::Request { kind: class.kind, office: class.office.clone(), dossier: case.map(|d| d.number.clone()) }
    } else {
        Disposition::ToPerson { office: class.office.clone(), why }
    };
    let outgoing = task
        .into_iter()
        .chain(reply)
        .chain(told)
        .chain(cure)
        .chain(filed.outgoing)
        .chain(around)
        .chain(letters)
        .collect();
    Decision { disposition, changes, outgoing, trail, classification: Some(class) }
}

/// A rule for what no citizen writes has its points, be it the one that is chosen or not.
fn is_no_citizens(class: &Classification, desk: &Desk) -> bool {
    let reached = class.scores.iter().filter(|score| score.score >= desk.rules.accept());
    let mut kinds = reached.filter_map(|score| desk.rules.rule(&score.rule)).map(|rule| rule.kind);
    kinds.any(|kind| matches!(kind, Kind::OtherPa | Kind::Invoice | Kind::Spam))
}

/// What the procedure's file wants when a dossier begins, in the state in which it does.
fn opened_around(changes: &mut Vec<Change>, case: Option<&Dossier>, known: &Known, desk: &Desk) -> Vec<Outgoing> {
    let (Some(Change::Opened { dossier: first }), Some(case)) = (changes.first(), case) else { return vec![] };
    let mut opened = Dossier { state: first.state, ..case.clone() };
    let (mut written, around) = around::opened(&opened, &known.digest, &known.people, desk, known.now);
    if !written.is_empty() {
        opened = clockwork::with_term(&opened, &mut written, desk, known.now);
    }
    let number = opened.number;
    changes.extend(written.into_iter().map(|entry| Change::Entered { dossier: number.clone(), entry }));
    changes.extend(around.incidents);
    around.outgoing
}

/// Why the answer is in another language than Italian, if it is.
fn language_in_words(about: &About<'_>, tongue: &Written) -> Option<Reason> {
    let language = about.language();
    let why = if tongue.language.is_some() { tongue.why.as_str() } else { "è quella del fascicolo" };
    let text = format!("lingua della risposta: {}, se la lettera c'è in quella lingua; {why}", language.title());
    (!language.is_italian()).then(|| Reason::new("language", text))
}

/// What the rules may know of the register: of the dossiers of others, nothing.
struct Register<'a> {
    sender: &'a str,
    known: &'a Known,
}

impl rules::World for Register<'_> {
    /// A dossier of which the sender is not a party answers like one that does not exist: a number alone opens nothing,
    /// and nobody learns whether it exists (rules.md §7 C6).
    fn dossier(&self, number: &str) -> Option<DossierBrief> {
        let dossier = self.known.dossier(number)?;
        (dossier.has_party(self.sender) || self.known.thread.as_deref() == Some(number)).then(|| brief(dossier))
    }
    fn protocol(&self, number: u32, year: Option<i16>) -> Option<String> {
        self.known.protocols.get(&(number, year)).cloned()
    }
    /// A certified message from one's own PEC identifies its author (CAD art. 65 c. 1 c-bis).
    fn identity(&self) -> bool {
        true
    }
    fn thread(&self) -> Option<DossierBrief> {
        self.known.thread.as_deref().and_then(|number| self.known.dossier(number)).map(brief)
    }
}

fn brief(dossier: &Dossier) -> DossierBrief {
    DossierBrief { number: dossier.number.clone(), office: dossier.office.clone() }
}

fn classify(
    seen: &Examined,
    sender: &str,
    daticert: &Daticert,
    message: &Content,
    known: &Known,
    desk: &Desk,
) -> Classification {
    let names: Vec<&str> = message.attachments.iter().map(|a| a.name.as_str()).collect();
    let to: Vec<&str> = daticert.destinatari.iter().map(|d| d.address.as_str()).collect();
    let material = material(message, sender, &names, &to, daticert.tipo.word(), seen.grade.code(), known.now);
    let world = Register { sender, known };
    let class = rules::classify(&desk.rules, &material, &world);
    let begins = |id: &String| desk.rules.rule(id).is_some_and(|rule| opens(rule.kind));
    let untied = || rules::untied(&desk.rules, &material, &world, &class);
    let untied = (known.thread.is_none() && class.also.iter().all(begins)).then(untied).flatten();
    untied.unwrap_or(class)
}

/// The other requests in it that open a dossier of their own, if the rules are sure of all of them.
fn apart(
    seen: &Examined,
    sender: &str,
    daticert: &Daticert,
    message: &Content,
    class: &Classification,
    known: &Known,
    desk: &Desk,
) -> Vec<Classification> {
    let names: Vec<&str> = message.attachments.iter().map(|a| a.name.as_str()).collect();
    let to: Vec<&str> = daticert.destinatari.iter().map(|d| d.address.as_str()).collect();
    let material = material(message, sender, &names, &to, daticert.tipo.word(), seen.grade.code(), known.now);
    let all = rules::apart(&desk.rules, &material, &Register { sender, known }, class);
    if all.iter().all(|other| opens(other.kind)) { all } else { vec![] }
}

/// How the message is tied to a dossier.
enum Tie {
    Open(alloc::boxed::Box<Dossier>),
    Existing(alloc::boxed::Box<Dossier>),
    None,
}

impl Tie {
    fn dossier(&self) -> Option<&Dossier> {
        match self {
            Self::Open(d) | Self::Existing(d) => Some(d),
            Self::None => None,
        }
    }
}

/// `service`: the one that the message names, which is always a new request.
fn tie(
    class: &Classification,
    service: Option<&Procedure>,
    daticert: &Daticert,
    known: &Known,
    desk: &Desk,
    is_placed: bool,
    trail: &mut Vec<Reason>,
) -> Tie {
    let sender = daticert.mittente.as_str();
    let linked = class.dossier.as_deref().or(known.thread.as_deref()).and_then(|number| known.dossier(number));
    // A new request written as a reply to an old letter is a new request: only one of the same kind may be the same.
    let linked = linked.filter(|_| service.is_none());
    let linked = linked.filter(|dossier| !(is_placed && opens(class.kind)) || dossier.kind == class.kind);
    if let Some(dossier) = linked {
        let by = if dossier.has_party(sender) {
            "il mittente ne è parte"
        } else {
            "risponde a un nostro messaggio; il mittente non ne è parte"
        };
        trail.push(Reason::new("dossier", format!("fascicolo {}: {by}", dossier.number)));
        return Tie::Existing(dossier.clone().into());
    }
    for reference in class.citations.iter().filter(|cited| cited.dossier.is_none()).map(|cited| &cited.reference) {
        // The office may know whether it exists; the citizen is told the same in both cases.
        let number = reference.dossier_number();
        let text = if number.as_ref().is_some_and(|number| known.dossier(number).is_some()) {
            format!("cita «{}», un fascicolo di cui il mittente non è parte: da verificare", reference.raw)
        } else {
            format!("cita «{}», che nel registro non c'è", reference.raw)
        };
        trail.push(Reason::new("dossier-not-linked", text));
    }
    if !(is_placed && opens(class.kind)) {
        return Tie::None;
    }
    let number = dossier::number(rome(known.now).year(), known.next_ordinal);
    let procedure = service.or_else(|| desk.procedures.opened_by(&class.rule, class.kind));
    let plan = plan(class, procedure, desk);
    let due = term::reckon(rome(daticert.data).date(), &plan, &[]).last_day;
    let state = match (class.missing.is_empty(), class.mode) {
        (false, _) => State::DaRegolarizzare,
        (true, Mode::Auto) if class.reply.is_some() => State::Protocollata,
        (true, _) => State::Ricevuta,
    };
    trail.push(Reason::new("dossier-opened", format!("aperto il fascicolo {number}")));
    if let Some(Err(why)) = procedure.map(|procedure| procedure.in_time(daticert.data)) {
        trail.push(Reason::new("out-of-time", format!("la domanda è fuori tempo: {why}")));
    }
    Tie::Open(
        Dossier {
            number,
            kind: class.kind,
            title: class.title.clone(),
            office: class.office.clone(),
            state,
            state_since: known.now,
            // The term runs from the receipt of the request (art. 2 c. 6). The certified instant which the envelope carries
            // is that of acceptance by the sender's provider: never later than ours, so never to the citizen's harm.
            opened_at: daticert.data,
            due,
            parties: vec![sender.to_string()],
            cover: Cover {
                procedure: procedure.map(|procedure| procedure.id.clone()).unwrap_or_default(),
                subject: class.title.clone(),
                responsible: procedure.map(clockwork::responsible).unwrap_or_default(),
                others: procedure.map(|procedure| procedure.other_units.clone()).unwrap_or_default(),
                privacy: procedure.map(|procedure| procedure.privacy.clone()).unwrap_or_default(),
                origin: known.digest.clone(),
                ..Cover::default()
            },
            life: Life { plan: Some(plan), ..Life::default() },
        }
        .into(),
    )
}

/// Whether a machine may tell this writer of the dossier: never of a reserved one, and of where one stands only to whom the table
/// of identities grants it.
fn may_be_told(
    class: &Classification,
    case: Option<&Dossier>,
    standing: &Standing,
    desk: &Desk,
    trail: &mut Vec<Reason>,
) -> bool {
    let Some(case) = case else { return true };
    if case.cover.reserved {
        trail.push(Reason::new("reserved", String::from("il fascicolo è riservato: risponde una persona")));
        return false;
    }
    let permit = standing.permit(&desk.entity.entitlements, Right::StatoFascicolo);
    if class.kind == Kind::StatusEnquiry && permit != Permit::Yes {
        trail.push(Reason::new(
            "standing",
            String::from("chi scrive non può avere notizie da una macchina: risponde una persona"),
        ));
        return false;
    }
    true
}

/// The term of a request: that of the procedure which is made for it, whose silence means something at its end; else the rule's,
/// where it sets one.
fn plan(class: &Classification, procedure: Option<&Procedure>, desk: &Desk) -> Plan {
    match (&class.deadline, procedure) {
        (_, Some(procedure)) if !procedure.default => clockwork::plan(procedure, desk),
        (None, Some(procedure)) => clockwork::plan(procedure, desk),
        _ => Plan::of(&term(class)).in_place(clockwork::holidays(desk)),
    }
}

/// The kinds that start a procedure of their own.
fn opens(kind: Kind) -> bool {
    match kind {
        Kind::DataChange
        | Kind::OwnDataRequest
        | Kind::Enablement
        | Kind::NewApplication
        | Kind::AccessToRecords
        | Kind::Complaint => true,
        Kind::Participation
        | Kind::StatusEnquiry
        | Kind::IntegrationReply
        | Kind::PaymentQuery
        | Kind::OtherPa
        | Kind::Invoice
        | Kind::Spam
        | Kind::Other => false,
    }
}

/// The term of the procedure: the rule's, else the law's default.
pub(crate) fn term(class: &Classification) -> Deadline {
    class.deadline.clone().unwrap_or_else(|| Deadline {
        days: DEFAULT_TERM_DAYS,
        calendar: Calendar::Solar,
        law: String::from("L. 241/1990 art. 2"),
    })
}

/// The template that answers, if a machine may answer at all.
fn answer(
    class: &Classification,
    daticert: &Daticert,
    case: Option<&Dossier>,
    known: &Known,
    desk: &Desk,
    trail: &mut Vec<Reason>,
) -> Option<String> {
    let (sender, opened_at) = (daticert.mittente.as_str(), daticert.data);
    let template = class.template()?;
    let refuse = |trail: &mut Vec<Reason>, code: &'static str, text: &str| {
        trail.push(Reason::new(code, String::from(text)));
        None
    };
    if class.mode != Mode::Auto {
        return refuse(trail, "mode-suggest", "la regola vuole che la risposta la mandi una persona");
    }
    if !crate::address::is_plausible(sender) {
        return refuse(trail, "no-address", "il mittente certificato non è un indirizzo a cui scrivere");
    }
    let today = rome(known.now).date();
    if case.is_some_and(|case| !case.state.is_final() && case.due.is_some_and(|due| due < today)) {
        // The office is late, and a machine has no words for that.
        return refuse(trail, "past-due", "il termine del fascicolo è passato: risponde una persona");
    }
    if opens(class.kind) && case.is_some_and(|case| known.dossier(&case.number).is_some()) {
        return refuse(
            trail,
            "again",
            "riguarda un fascicolo già aperto per la stessa richiesta: risponde una persona",
        );
    }
    if is_from_before(opened_at, known, desk) {
        return refuse(trail, "before-service", "è di prima che il servizio cominciasse: risponde una persona");
    }
    // Whoever holds one of our letters may answer it; only a party is told about the dossier.
    if case.is_some_and(|case| !case.has_party(sender)) {
        return refuse(trail, "not-a-party", "il mittente non è parte del fascicolo: risponde una persona");
    }
    let brakes = guard::brakes(template, case.map(|c| c.number.as_str()), known);
    if !brakes.is_empty() {
        trail.extend(brakes);
        return None;
    }
    Some(template.to_string())
}

/// Why this rule, in one line.
fn outcome_in_words(class: &Classification, desk: &Desk) -> String {
    let accept = desk.rules.accept();
    match &class.outcome {
        rules::Outcome::Chosen { score, lead: Some(lead) } => {
            format!("regola {}: {score} punti (ne bastano {accept}), {lead} più della seconda", class.rule)
        }
        rules::Outcome::Chosen { score, lead: None } => {
            format!("regola {}: {score} punti (ne bastano {accept})", class.rule)
        }
        rules::Outcome::Asked { service } => format!("il messaggio chiede il servizio {service} con la parola NUOVA"),
        rules::Outcome::BelowAccept { best: Some((rule, score)) } => {
            format!("nessuna regola arriva a {accept} punti; la più vicina è {rule} con {score}")
        }
        rules::Outcome::BelowAccept { best: None } => String::from("nessuna regola riconosce il messaggio"),
        rules::Outcome::Tie(tied) => {
            let names: Vec<String> = tied.iter().map(|(rule, score)| format!("{rule} ({score})")).collect();
            format!("più regole troppo vicine fra loro: {}", names.join(", "))
        }
    }
}
